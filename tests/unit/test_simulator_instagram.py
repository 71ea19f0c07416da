"""The simulated Instagram account beside a Page of the same app: what it tells, what it takes, what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from herald.model import Account, Change, Kind
from herald.platforms.instagram import Instagram
from herald.platforms.wire.http import Http
from local.facebook import client, config, webhooks
from local.facebook.config import BadConfig, Page
from local.facebook.instagram import App
from local.facebook.wall import Person, Wall
from local.simulator.calls import Answer, Call
from tests.servers.scripted import Says, Scripted, scripted

PAGE, PICTURES, TOKEN = "5001", "5002", "pictures-token"
LEE = Person("88", "Lee Lark")
JPEG = b"\xff\xd8\xff\xe0picture"
NOW = 1_793_610_000.0
ACCOUNTS = [Page(PAGE, "Quince & Thimble", "page-token"), Page(PICTURES, "Quince & Thimble", TOKEN, "instagram")]


@pytest.fixture
def wall() -> Iterator[Wall]:
    made = Wall(":memory:", ACCOUNTS, clock=lambda: NOW)
    yield made
    made.close()


def call(wall: Wall, method: str, path: str, files: dict[str, bytes] | None = None, **params: str) -> Answer:
    return App(wall, "http://127.0.0.1:1").answer(Call(method, path, params, TOKEN, files or {}))


def published(wall: Wall, caption: str = "New cushions.") -> str:
    made = call(wall, "POST", f"{PICTURES}/media", {"source": JPEG}, caption=caption)
    return str(call(wall, "POST", f"{PICTURES}/media_publish", creation_id=made.body["id"]).body["id"])


def told(wall: Wall) -> list[tuple[str, dict[str, Any]]]:
    return [(row["field"], json.loads(row["value"])) for row in wall.rows("select * from outbox order by id")]


def test_it_tells_new_comments_and_nothing_else(wall: Wall) -> None:
    post = published(wall)
    comment = wall.comment(PICTURES, "Lovely", LEE, post=post)
    answer = wall.comment(PICTURES, "Thank you!", Person(PICTURES, "Quince & Thimble"), parent=comment)
    wall.hide(comment, True)
    wall.react(comment, LEE, "love")
    wall.delete(comment)
    media = {"id": post, "media_product_type": "FEED"}
    assert told(wall) == [
        ("comments", {"id": comment, "from": {"id": "88", "username": "lee.lark"}, "text": "Lovely", "media": media}),
        ("comments", {"id": answer, "from": {"id": PICTURES, "username": "quince.thimble"}, "text": "Thank you!",
                      "media": media, "parent_id": comment}),
    ]  # fmt: skip


def test_what_it_tells_the_adapter_reads(wall: Wall) -> None:
    post = published(wall)
    wall.comment(PICTURES, "Grüße 😀", LEE, post=post)
    body = webhooks.body_of(wall.rows("select * from outbox"), "instagram")
    (event,) = Instagram().parse(body)
    assert (event.account_id, event.kind, event.text, event.parent_id) == (PICTURES, Kind.COMMENT, "Grüße 😀", post)
    assert (event.author_name, event.created_at) == ("lee.lark", datetime.fromtimestamp(NOW, tz=UTC))


def test_webhooks_of_the_two_products_go_to_addresses_of_their_own(tmp_path: Path) -> None:
    file = config.write(
        tmp_path, callback="http://127.0.0.1:9/webhooks/{connection}", connection="fb", app_secret="s" * 8,
        verify_token="v", pages=ACCOUNTS,
    )  # fmt: skip
    known = config.parse(json.loads(file.read_text()))
    assert known.callbacks == ("http://127.0.0.1:9/webhooks/fb",)
    assert known.instagram == ("http://127.0.0.1:9/webhooks/instagram",)
    assert known.pages == tuple(ACCOUNTS)
    with pytest.raises(BadConfig, match="network"):
        config.parse(json.loads(file.read_text()) | {"pages": [{"id": "1", "name": "x", "token": "y", "network": "z"}]})


def test_a_container_is_no_post_until_it_is_published_and_is_published_once(wall: Wall) -> None:
    made = call(wall, "POST", f"{PICTURES}/media", {"source": JPEG}, caption="New cushions.", alt_text="A cushion").body
    assert call(wall, "GET", f"{PICTURES}/media").body["data"] == []
    assert call(wall, "GET", made["id"], fields="status_code").body["status_code"] == "FINISHED"
    (post,) = [call(wall, "POST", f"{PICTURES}/media_publish", creation_id=made["id"]).body["id"]]
    assert call(wall, "GET", made["id"], fields="status_code").body["status_code"] == "PUBLISHED"
    assert call(wall, "POST", f"{PICTURES}/media_publish", creation_id=made["id"]).status == 400
    assert [one["id"] for one in call(wall, "GET", f"{PICTURES}/media").body["data"]] == [post]


def test_containers_die_after_a_day(wall: Wall) -> None:
    made = call(wall, "POST", f"{PICTURES}/media", {"source": JPEG}).body
    wall.clock = lambda: NOW + 86_401
    refused = call(wall, "POST", f"{PICTURES}/media_publish", creation_id=made["id"])
    assert refused.body["error"]["error_subcode"] == 2207020


def test_fifty_posts_a_day_are_all(wall: Wall) -> None:
    for n in range(50):
        published(wall, f"Number {n}")
    assert call(wall, "GET", f"{PICTURES}/content_publishing_limit").body["data"][0]["quota_usage"] == 50
    made = call(wall, "POST", f"{PICTURES}/media", {"source": JPEG}).body
    refused = call(wall, "POST", f"{PICTURES}/media_publish", creation_id=made["id"])
    assert refused.body["error"]["error_subcode"] == 2207042
    assert len(wall.rows("select 1 from posts")) == 50


@pytest.mark.parametrize(("files", "params"), [
    ({}, {}), ({"source": b"\x89PNG\r\n\x1a\n"}, {}), ({"source": JPEG}, {"caption": "x" * 2_201}),
    ({"source": JPEG}, {"caption": "#a " * 31}),
])  # fmt: skip
def test_it_takes_a_jpeg_with_a_caption_within_bounds(
    wall: Wall, files: dict[str, bytes], params: dict[str, str]
) -> None:
    assert call(wall, "POST", f"{PICTURES}/media", files, **params).status == 400


def test_an_answer_to_an_answer_hangs_under_the_first_comment(wall: Wall) -> None:
    first = wall.comment(PICTURES, "Lovely", LEE, post=published(wall))
    second = wall.comment(PICTURES, "Indeed", LEE, parent=first)
    reply = call(wall, "POST", f"{second}/replies", message="Thank you!").body["id"]
    assert call(wall, "GET", reply, fields="parent_id").body["parent_id"] == first


def test_one_token_speaks_for_one_account_only(wall: Wall) -> None:
    theirs = wall.comment(PAGE, "Hello", LEE)
    assert call(wall, "GET", theirs).status == 400
    assert call(wall, "POST", theirs, hide="true").status == 400
    assert call(wall, "GET", f"{PAGE}/feed").status == 400


def test_making_a_container_is_no_act_that_a_fault_could_prove_anything_by(wall: Wall) -> None:
    app = App(wall, "")
    assert not app.acts(Call("POST", f"{PICTURES}/media"))
    assert app.acts(Call("POST", f"{PICTURES}/media_publish"))


def test_what_stands_there_is_fetched_by_the_adapters_poll(wall: Wall) -> None:
    post = published(wall)
    comment = wall.comment(PICTURES, "Lovely", LEE, post=post)
    answer = call(wall, "POST", f"{comment}/replies", message="Thank you!").body["id"]
    with scripted() as line:
        _serve(line, wall)
        account = Account("instagram", PICTURES, "Quince & Thimble", "quince", api_base=line.base)
        events = Instagram(Http()).poll(account, TOKEN, "").events
        facts = Instagram(Http()).profile(account, TOKEN, datetime.fromtimestamp(NOW, tz=UTC))
    assert [(e.external_id, e.change, e.parent_id) for e in events] == [
        (comment, Change.CREATED, post), (answer, Change.OUTBOUND, comment),
    ]  # fmt: skip
    assert len(facts) == 5, "followers, and reach of four days"


def _serve(line: Scripted, wall: Wall) -> None:
    """The wall's API over a socket, without the rest of the simulator."""

    def answer(asked: Any) -> Says:
        path = asked.path.removeprefix("/v25.0/")
        given = App(wall, "").answer(Call(asked.method, path, asked.query, TOKEN))
        return Says(given.body, given.status)

    line.on("GET", "/v25.0/.*", answer)


def test_a_customer_speaks_to_the_account_of_the_network_asked_for() -> None:
    with scripted() as line:
        line.on("POST", "/_sim/comment", Says({"comment_id": "7_8"}))
        assert client.say("Hello", network="instagram", base=line.base) == "instagram:7_8"
        assert line.asked[0].json["network"] == "instagram"
