"""The simulated Mastodon and Bluesky: what stands there, what their APIs answer, how they misbehave.

That the real adapters work with them as with real servers is shown in tests/platforms and tests/contract.
"""

from __future__ import annotations

import json
import random
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.microblogs import client, config, pages, server
from local.microblogs.ask import ask
from local.microblogs.bluesky import Bluesky
from local.microblogs.config import BadConfig, Config, Ours
from local.microblogs.mastodon import Mastodon
from local.microblogs.network import Network, spread
from local.microblogs.reading import CALLS
from local.simulator import crowd, faults, http
from local.simulator.calls import Answer, Call
from local.up import say
from tests.servers import running

OURS = {
    "mastodon": Ours("1001", "quince", "Quince & Thimble", "token-of-quince", crowd=False),
    "bluesky": Ours("did:plc:quinceandthimble234567ab", "quince.test", "Quince & Thimble", "quin-ceth", crowd=False),
}
POST = "app.bsky.feed.post"
KEY = "3kaaaaaaaaa2a"


@dataclass
class Place:
    """A network of one kind under a clock that stands still, its API, and how Herald would call it."""

    name: str
    network: Network
    api: Mastodon | Bluesky
    now: float = 1_800_000_000.0
    session: str = ""

    def call(
        self, method: str, path: str, body: bytes = b"", *, kind: str = "application/json", **headers: str
    ) -> Answer:
        token = headers.pop("token", self.session or OURS[self.name].secret)
        sent = {"content-type": kind, "authorization": f"Bearer {token}" if token else ""}
        path, _, query = path.partition("?")
        return self.api.answer(CALLS[self.name](method, path, query, sent | headers, body))

    def json(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        return self.call(method, path, b"" if body is None else json.dumps(body).encode(), **headers)

    def login(self) -> None:
        ours = OURS["bluesky"]
        wanted = {"identifier": ours.handle, "password": ours.secret}
        self.session = self.json("POST", "/xrpc/com.atproto.server.createSession", wanted, token="").body["accessJwt"]

    def put(self, text: str, rkey: str = KEY, **more: Any) -> Answer:
        record = {"$type": POST, "text": text, "createdAt": "2027-01-15T08:00:00.000Z"} | more.pop("record", {})
        body = {"repo": OURS["bluesky"].id, "collection": POST, "rkey": rkey, "record": record}
        return self.json("POST", "/xrpc/com.atproto.repo.putRecord", {**body, **more})


def _place(name: str) -> Iterator[Place]:
    made: list[Place] = []
    network = server.open_network(
        name, ":memory:", Config((OURS[name],)), base="http://127.0.0.1:1",
        clock=lambda: made[0].now if made else 1_800_000_000.0,
    )  # fmt: skip
    made.append(Place(name, network, server.APIS[name](network)))
    if name == "bluesky":
        made[0].login()
    yield made[0]
    network.close()


@pytest.fixture
def mastodon() -> Iterator[Place]:
    yield from _place("mastodon")


@pytest.fixture
def bluesky() -> Iterator[Place]:
    yield from _place("bluesky")


@pytest.fixture(params=["mastodon", "bluesky"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    yield from _place(request.param)


# ---------------------------------------------------------------- both


def test_who_is_mentioned_or_answered_is_told_once_and_nobody_is_told_of_themselves(place: Place) -> None:
    ours = OURS[place.name]
    nina = place.network.named("Nina Harrow")["id"]
    mine = place.api.speak(ours.id, f"Hello from @{ours.handle}")
    place.api.speak(nina, f"@{ours.handle} and again @{ours.handle}", mine)
    place.api.speak(nina, "nothing to do with anybody")
    assert [(row["kind"] in ("mention", "reply"), row["who"]) for row in place.network.notices(ours.id)] == [
        (True, nina)
    ]
    assert place.network.notices(nina) == []


def test_a_like_taken_back_is_neither_counted_nor_told(place: Place) -> None:
    mine = place.api.speak(OURS[place.name].id, "New mugs.")
    nina = place.network.named("Nina Harrow")["id"]
    assert [place.network.mark("like", mine, nina) for _ in range(3)] == [True, False, True]
    assert place.network.figures(place.network.post_row(mine)) == {"like": 1, "boost": 0, "reply": 0}
    place.network.mark("like", mine, nina)
    assert place.network.notices(OURS[place.name].id) == []


def test_what_is_taken_down_takes_its_marks_along_and_leaves_the_answers(place: Place) -> None:
    nina = place.network.named("Nina Harrow")["id"]
    mine = place.api.speak(OURS[place.name].id, "New mugs.")
    answer = place.api.speak(nina, "Which glaze?", mine)
    place.network.mark("boost", mine, nina)
    place.network.delete(mine, by=OURS[place.name].id)
    assert place.network.rows("select * from marks") == []
    assert place.network.root(place.network.post_row(answer))["id"] == answer
    assert [row["post"] for row in place.network.notices(OURS[place.name].id)] == [answer]


@given(post=st.text("0123456789", min_size=1, max_size=9), ages=st.lists(st.integers(0, 9 * 86_400), min_size=2))
def test_what_a_crowd_does_begins_after_a_while_and_never_falls(post: str, ages: list[int]) -> None:
    created = 1_795_000_000
    told = [spread("1001", post, created, created + age) for age in sorted(ages)]
    for age, figures in zip(sorted(ages), told, strict=True):
        assert bool(figures) == (age >= crowd.FIRST_AFTER)
    grown = [figures for figures in told if figures]
    assert grown == sorted(grown, key=lambda figures: (figures["like"], figures["boost"]))
    assert all(figures["boost"] <= figures["like"] for figures in grown)


@pytest.mark.parametrize(
    ("kind", "status"), [("429", 429), ("rate_limit", 429), ("outage", 500), ("bad_token", 401), ("permission", 403)]
)
def test_a_refusal_has_the_platforms_own_shape(place: Place, kind: str, status: int) -> None:
    answer = place.api.refusal(kind)
    assert answer is not None
    assert answer.status == (503 if (place.name, kind) == ("mastodon", "outage") else status)
    assert isinstance(answer.body["error"], str)
    assert (set(answer.body) == {"error"}) is (place.name == "mastodon")
    assert place.api.refusal("late") is None


def test_a_write_that_shows_nothing_does_not_use_up_the_fault_that_waits_for_an_act(place: Place) -> None:
    acts = {
        "mastodon": {"/api/v1/statuses": True, "/api/v2/media": False},
        "bluesky": {
            "/xrpc/com.atproto.repo.putRecord": True, "/xrpc/com.atproto.repo.uploadBlob": False,
            "/xrpc/com.atproto.server.createSession": False,
        },
    }[place.name]  # fmt: skip
    assert {path: place.api.acts(Call("POST", path)) for path in acts} == acts


def test_the_wall_shows_what_the_public_sees_and_nothing_as_markup(place: Place) -> None:
    ours, nina = OURS[place.name], place.network.named("<Nina> Harrow")["id"]
    mine = place.api.speak(ours.id, "Mugs: https://shop.example/mugs?a=1&b=2.")
    place.api.speak(nina, '<script>alert(1)</script> "onclick"', mine)
    place.network.say(nina, f"@{ours.handle} between us", visibility="direct", record="{}")
    shown = pages.page(place.network, place.name, ours.id, settings={"trickle": False})
    assert '<a href="https://shop.example/mugs?a=1&amp;b=2" rel=' in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert" not in shown
    assert "between us" not in shown
    assert "By itself: a mention of us" in shown


def test_customers_of_the_shop_speak_by_themselves_about_its_posts_or_to_it(tmp_path: Path, place: Place) -> None:
    simulator = server.Simulator(
        place.name, Config((OURS[place.name],)), place.network, rng=random.Random(1), folder=tmp_path
    )
    place.api.speak(OURS[place.name].id, "New mugs.")
    for _ in range(6):
        simulator.speak(random.Random(7))
        place.now += 60
    assert len(place.network.notices(OURS[place.name].id)) == 6


def test_a_configuration_that_cannot_be_used_says_what_to_change(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="is a DID"):
        config.write(tmp_path, "bluesky", [OURS["mastodon"]])
    with pytest.raises(BadConfig, match="is digits"):
        config.write(tmp_path, "mastodon", [OURS["bluesky"]])
    (tmp_path / "mastodon.json").write_text("{")
    with pytest.raises(BadConfig, match="correct it or delete it"):
        config.read_or_create(tmp_path, "mastodon")
    assert config.read_or_create(tmp_path, "bluesky") == config.read_or_create(tmp_path, "bluesky")
    assert (tmp_path / "bluesky.json").stat().st_mode & 0o077 == 0


# ---------------------------------------------------------------- Mastodon


def test_the_same_key_is_the_same_status_for_an_hour_and_another_after_it(mastodon: Place) -> None:
    form = {"kind": "application/x-www-form-urlencoded", "idempotency-key": "k1"}
    ids = []
    for later in (0, 3599, 3601):
        mastodon.now = 1_800_000_000.0 + later
        ids.append(mastodon.call("POST", "/api/v1/statuses", b"status=Once", **form).body["id"])
    assert ids[0] == ids[1] != ids[2]


def test_refusals_have_the_status_that_a_server_gives(mastodon: Place) -> None:
    nina = mastodon.network.named("Nina Harrow")["id"]
    theirs = mastodon.api.speak(nina, "Mine.")
    mine = mastodon.json("POST", "/api/v1/statuses", {"status": "x"}).body["id"]
    long = "a" * 477 + " https://shop.example/" + "b" * 300
    got = [
        mastodon.json("POST", "/api/v1/statuses", {"status": " "}).status,
        mastodon.json("POST", "/api/v1/statuses", {"status": "a" * 501}).status,
        mastodon.json("POST", "/api/v1/statuses", {"status": long}).status,
        mastodon.json("POST", "/api/v1/statuses", {"status": "x", "in_reply_to_id": "404"}).status,
        mastodon.json("POST", "/api/v1/statuses", {"status": "x"}, token="wrong").status,
        mastodon.json("GET", "/api/v1/notifications", token="").status,
        mastodon.json("DELETE", f"/api/v1/statuses/{theirs}").status,
        mastodon.json("DELETE", f"/api/v1/statuses/{mine}").status,
        mastodon.json("DELETE", f"/api/v1/statuses/{mine}").status,
        mastodon.json("GET", "/api/v1/nothing").status,
    ]
    assert got == [422, 422, 422, 404, 401, 401, 403, 200, 404, 404]
    fitting = mastodon.json("POST", "/api/v1/statuses", {"status": long[1:]})
    assert fitting.status == 200, "a link counts 23, however long it is"


def test_what_is_between_two_is_shown_to_those_two(mastodon: Place) -> None:
    nina = mastodon.network.named("Nina Harrow")["id"]
    row = mastodon.network.say(nina, "@quince my number is 0491 570 156", visibility="direct")
    assert mastodon.json("GET", f"/api/v1/statuses/{row['id']}").status == 200
    assert mastodon.json("GET", f"/api/v1/statuses/{row['id']}", token="").status == 404
    assert mastodon.json("GET", f"/api/v1/accounts/{nina}/statuses", token="").body == []


def test_min_id_walks_forward_without_a_gap_and_since_id_leaves_one(mastodon: Place) -> None:
    nina = mastodon.network.named("Nina Harrow")["id"]
    for number in range(9):
        mastodon.api.speak(nina, f"@quince {number}")
    seen, cursor = [], "1"
    while page := mastodon.json("GET", f"/api/v1/notifications?limit=3&min_id={cursor}").body:
        seen += [int(one["id"]) for one in reversed(page)]
        cursor = page[0]["id"]
    assert seen == list(range(2, 10))
    newest = mastodon.json("GET", "/api/v1/notifications?limit=3&since_id=1").body
    assert [int(one["id"]) for one in newest] == [9, 8, 7]


def test_our_own_statuses_are_listed_to_us_in_whole_and_to_others_as_far_as_they_may_see(mastodon: Place) -> None:
    ours = OURS["mastodon"].id
    nina = mastodon.network.named("Nina Harrow")["id"]
    asked = mastodon.network.say(nina, "@quince my number is 0491 570 156", visibility="direct")["id"]
    first, second = mastodon.api.speak(ours, "New mugs."), mastodon.api.speak(ours, "Sold out.")
    private = mastodon.network.say(ours, "@nina_harrow thank you", parent=asked, visibility="direct")["id"]
    path = f"/api/v1/accounts/{ours}/statuses?exclude_reblogs=true&min_id={first}"
    assert [one["id"] for one in mastodon.json("GET", path).body] == [private, second]
    assert [one["id"] for one in mastodon.json("GET", path, token="").body] == [second]
    (answer, _) = mastodon.json("GET", path).body
    assert (answer["in_reply_to_id"], answer["in_reply_to_account_id"]) == (asked, nina)


def test_words_are_shown_as_servers_show_them(mastodon: Place) -> None:
    mastodon.network.named("Nina Harrow")
    said = mastodon.json("POST", "/api/v1/statuses", {"status": "@nina_harrow <3\n\nhttps://a.example/x?b=1&c=2\nend"})
    content = said.body["content"]
    assert content.startswith('<p><span class="h-card" translate="no"><a href="http://127.0.0.1:1/@nina_harrow"')
    assert " &lt;3</p><p><a href=" in content
    assert "https://a.example/x?b=1&amp;c=2" in content
    assert content.endswith("<br />end</p>")


# ---------------------------------------------------------------- Bluesky


def test_a_record_is_put_once_where_none_may_stand(bluesky: Place) -> None:
    first = bluesky.put("Once.", swapRecord=None)
    again = bluesky.put("Once.", swapRecord=None)
    assert (first.status, again.status, again.body["error"]) == (200, 400, "InvalidSwap")
    taken = {"repo": OURS["bluesky"].id, "collection": POST, "rkey": KEY,
             "record": {"$type": POST, "text": "Twice.", "createdAt": "2027-01-15T08:00:00Z"}}  # fmt: skip
    assert bluesky.json("POST", "/xrpc/com.atproto.repo.createRecord", taken).status == 500
    assert bluesky.put("Changed.").body["cid"] != first.body["cid"], "without a guard it is an upsert"
    query = f"repo={OURS['bluesky'].id}&collection={POST}&rkey="
    assert bluesky.json("GET", f"/xrpc/com.atproto.repo.getRecord?{query}{KEY}").body["value"]["text"] == "Changed."
    missing = bluesky.json("GET", f"/xrpc/com.atproto.repo.getRecord?{query}3kaaaaaaaaa3a", token="")
    assert (missing.status, missing.body["error"]) == (400, "RecordNotFound")


def test_what_is_deleted_twice_is_deleted(bluesky: Place) -> None:
    bluesky.put("Soon gone.")
    target = {"repo": OURS["bluesky"].id, "collection": POST, "rkey": KEY}
    got = [bluesky.json("POST", "/xrpc/com.atproto.repo.deleteRecord", target).status for _ in range(2)]
    assert got == [200, 200]
    uris = f"uris=at://{target['repo']}/{POST}/{KEY}&uris=at://{target['repo']}/{POST}/{KEY}"
    assert bluesky.json("GET", f"/xrpc/app.bsky.feed.getPosts?{uris}").body == {"posts": []}


@pytest.mark.parametrize("record", [
    {"text": "a" * 301},
    {"text": "é" * 1501},
    {"createdAt": "yesterday"},
    {"facets": [{"index": {"byteStart": -1, "byteEnd": 2}, "features": []}]},
    {"reply": {"root": {"uri": "at://x"}}},
    {"embed": {"$type": "app.bsky.embed.images", "images": [{"alt": "a", "image": {"size": 2_000_001}}]}},
])  # fmt: skip
def test_a_record_that_the_lexicon_forbids_is_refused(bluesky: Place, record: dict[str, Any]) -> None:
    answer = bluesky.put("Hello", record=record)
    assert (answer.status, answer.body["error"]) == (400, "InvalidRequest")
    assert bluesky.network.rows("select * from posts") == []


def test_what_a_reader_sees_as_one_sign_counts_as_one(bluesky: Place) -> None:
    assert bluesky.put("👩‍👩‍👧🇦🇺👍🏽é" * 60).status == 200  # 240 signs, 2,640 bytes
    assert bluesky.put("🇦🇺" * 301, "3kaaaaaaaaa3a").status == 400


def test_an_image_that_was_never_uploaded_is_not_found_and_one_may_hang_on_two_posts(bluesky: Place) -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(64)
    blob = bluesky.call("POST", "/xrpc/com.atproto.repo.uploadBlob", png, kind="image/png").body["blob"]

    def embed(ref: dict[str, Any]) -> dict[str, Any]:
        return {"record": {"embed": {"$type": "app.bsky.embed.images", "images": [{"alt": "A mug", "image": ref}]}}}

    for key in (KEY, "3kaaaaaaaaa3a"):
        uri = bluesky.put("", key, **embed(blob)).body["uri"]
        assert [image["alt"] for image in bluesky.network.images_of(uri)] == ["A mug"]
    lost = bluesky.put("Lost", "3kaaaaaaaaa4a", **embed({**blob, "ref": {"$link": "bafkreinothing"}}))
    assert lost.body["error"] == "BlobNotFound"


def test_a_session_ends_is_renewed_and_logins_are_counted(bluesky: Place) -> None:
    ours = OURS["bluesky"]
    wanted = {"identifier": ours.handle, "password": ours.secret}
    login = "/xrpc/com.atproto.server.createSession"
    made = bluesky.json("POST", login, wanted, token="").body
    bluesky.now += 2 * 3600 + 1
    spent = bluesky.json("GET", "/xrpc/app.bsky.notification.listNotifications", token=made["accessJwt"])
    assert (spent.status, spent.body["error"]) == (400, "ExpiredToken")
    fresh = bluesky.json("POST", "/xrpc/com.atproto.server.refreshSession", token=made["refreshJwt"]).body
    assert bluesky.json("GET", "/xrpc/app.bsky.notification.listNotifications", token=fresh["accessJwt"]).status == 200
    wrong = bluesky.json("POST", login, {**wanted, "password": "x"}, token="")
    assert (wrong.status, wrong.body["error"]) == (401, "AuthenticationRequired")
    answers = [bluesky.json("POST", login, wanted, token="") for _ in range(30)]
    assert [answer.status for answer in answers] == [200] * 29 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 300


def test_notifications_are_read_page_by_page_newest_first(bluesky: Place) -> None:
    nina = bluesky.network.named("Nina Harrow")["id"]
    said = []
    for number in range(7):
        bluesky.now += 1
        said.append(bluesky.api.speak(nina, f"@quince.test {number}"))
    seen: list[str] = []
    query = "limit=3"
    while True:
        page = bluesky.json("GET", f"/xrpc/app.bsky.notification.listNotifications?{query}").body
        seen += [one["uri"] for one in page["notifications"]]
        if "cursor" not in page:
            break
        query = f"limit=3&cursor={page['cursor']}"
    assert seen == said[::-1]


def test_our_own_posts_are_listed_by_key_either_way_from_a_key_on(bluesky: Place) -> None:
    ours, said = OURS["bluesky"].id, []
    for number in range(7):
        bluesky.now += 1
        said.append(bluesky.api.speak(ours, f"{number}").rpartition("/")[2])

    def listed(query: str) -> list[str]:
        """Page by page, until one is empty: a cursor comes with every record."""
        seen, at = list[str](), ""
        while True:
            path = f"/xrpc/com.atproto.repo.listRecords?repo={ours}&collection={POST}&limit=3{query}{at}"
            page = bluesky.json("GET", path, token="").body
            if not page["records"]:
                assert "cursor" not in page
                return seen
            seen += [one["uri"].rpartition("/")[2] for one in page["records"]]
            at = f"&cursor={page['cursor']}"

    assert (listed(""), listed("&reverse=true")) == (said[::-1], said)


# ---------------------------------------------------------------- over real sockets


@pytest.mark.parametrize("network", ["mastodon", "bluesky"])
def test_a_late_act_happens_though_the_caller_left_and_is_not_lost_by_a_restart(network: str, tmp_path: Path) -> None:
    ours = OURS[network]
    with running.simulator(network, tmp_path, [ours]) as base:
        target = client.control(network, "comment", {"as": "Lee Lark", "text": "hello"}, base=base)["comment_id"]
        client.control(network, "faults", {"kind": "late", "seconds": 1.5}, base=base)
        token, path, body = ours.secret, "/api/v1/statuses", {"status": "@lee_lark hi", "in_reply_to_id": target}
        if network == "bluesky":
            wanted = {"identifier": ours.handle, "password": ours.secret}
            token = running.call("POST", f"{base}/xrpc/com.atproto.server.createSession", wanted)["accessJwt"]
            path = "/xrpc/com.atproto.repo.putRecord"
            body = {"repo": ours.id, "collection": POST, "rkey": KEY,
                    "record": {"$type": POST, "text": "hi", "createdAt": "2027-01-15T08:00:00Z"}}  # fmt: skip
        sent = json.dumps(body).encode()
        with socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2]))) as line:
            line.sendall(
                f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n"
                f"content-type: application/json\r\ncontent-length: {len(sent)}\r\n\r\n".encode() + sent
            )
            time.sleep(0.3)
        state = client.control(network, "state", base=base)
        assert (len(state["posts"]), state["late"]) == (1, 1)
    with running.simulator(network, tmp_path, [ours]) as base:
        for _ in range(100):
            state = client.control(network, "state", base=base)
            if state["late"] == 0:
                break
            time.sleep(0.05)
        assert [post["author"] == ours.id for post in state["posts"]] == [False, True]


@pytest.mark.parametrize("network", ["mastodon", "bluesky"])
def test_our_desk_answers_there_past_herald(network: str, tmp_path: Path) -> None:
    with running.simulator(network, tmp_path, [OURS[network]]) as base:
        asked = client.control(network, "comment", {"as": "Lee Lark", "text": "hello"}, base=base)["comment_id"]
        said = client.control(network, "post", {"text": "Hello Lee!", "parent": asked}, base=base)["post_id"]
        (answer,) = [one for one in client.control(network, "state", base=base)["posts"] if one["id"] == said]
        assert (answer["author"], answer["parent"]) == (OURS[network].id, asked)


@pytest.mark.parametrize("network", ["mastodon", "bluesky"])
def test_it_listens_on_the_loopback_only_and_says_why_it_cannot_start(
    network: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert server.main([network, "--host", "0.0.0.0", "--port", "1", "--dir", str(tmp_path)]) == 2  # noqa: S104
    assert "refused to listen" in capsys.readouterr().err
    with http.listen("127.0.0.1", 0) as taken:
        assert server.main([network, "--port", str(taken.getsockname()[1]), "--dir", str(tmp_path)]) == 2
    assert f"HERALD_PORT_{network.upper()}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_herald_is_asked_to_look_only_where_it_is_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nobody looks" in ask(tmp_path)
    assert say("friendster", "hello") == 2
    assert "there are: facebook, instagram, mastodon, bluesky" in capsys.readouterr().err


def test_the_faults_of_the_buttons_are_all_known_here(place: Place) -> None:
    for kind in faults.KINDS:
        faults.arm(place.network, kind)
    assert [fault.kind for fault in faults.armed(place.network)] == list(faults.KINDS)
