"""One suite for what acts on a wall: the real adapter against the simulator over HTTP, and the tests' twin."""

from __future__ import annotations

import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from herald.errors import OutcomeUnknown, Retryable
from herald.model import Account, Act, Delivery, DeliveryState, Media
from herald.platforms import sheet
from herald.platforms.facebook_page import FacebookPage
from herald.platforms.wire.http import Http
from herald.ports import Outlet
from local.facebook import client, config, server
from local.ports import ROOT
from tests.support.world import Wall

PAGE, TOKEN = "5001", "page-token"
ACCOUNT = Account(platform="facebook_page", account_id=PAGE, name="Quince & Thimble", brand="quince", connection="fb")


@dataclass
class Place:
    """An outlet, a message of a customer to act on, and the ways the platform can misbehave next.

    `impatient` is the same outlet, which gives up before a late acceptance; `arrive` waits for that. `posts` are what
    the public sees: (words, link, alt texts of the images).
    """

    outlet: Outlet
    impatient: Outlet
    account: Account
    target: str
    drop: Callable[[], None]
    busy: Callable[[], None]
    late: Callable[[], None]
    arrive: Callable[[], None]
    hidden: Callable[[], bool]
    replies: Callable[[], list[str]]
    posts: Callable[[], list[tuple[str, str, list[str]]]]

    def delivery(self, act: Act, text: str = "") -> Delivery:
        now = datetime.now(UTC)
        return Delivery(
            id=f"{act}-1", act=act, platform="facebook_page", account_id=PAGE, brand="quince",
            message_id=f"facebook_page:{self.target}", target=self.target, text=text, state=DeliveryState.SENDING,
            ordered_by="mia", ordered_at=now, due_at=now, attempt=1, first_sent_at=now - timedelta(seconds=1),
        )  # fmt: skip

    def post(self, text: str, *, link: str = "", media: Sequence[Media] = (), sent: float = 1) -> Delivery:
        """A publication that first left `sent` seconds ago."""
        now = datetime.now(UTC)
        return replace(
            self.delivery(Act.PUBLISH, text), message_id="", target="", post_id="post-1", content_hash="c" * 32,
            link=link, media=tuple(media), first_sent_at=now - timedelta(seconds=sent),
        )  # fmt: skip

    def take_down(self, post: str) -> Delivery:
        return replace(self.delivery(Act.TAKE_DOWN), message_id="", target=post, post_id="post-1")

    def found(self, delivery: Delivery) -> list[str]:
        return [proof.external_id for proof in self.outlet.find(delivery, self.account, TOKEN)]


def _png(width: int = 8, height: int = 6) -> bytes:
    """A real image, one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x5d\x83\x6a" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PICTURE = _png()
IMAGE = Media(
    key="a", sha256=sha256(PICTURE).hexdigest(), mime="image/png", size=len(PICTURE), alt="A green linen cushion",
    width=8, height=6,
)  # fmt: skip


def _twin() -> Place:
    wall = Wall()
    return Place(
        wall, wall, ACCOUNT, "5001_1",
        drop=lambda: wall.script.append("drop"),
        busy=lambda: wall.script.append(Retryable("busy", "4", after=60)),
        late=lambda: wall.script.append("late"),
        arrive=wall.arrive_late,
        hidden=lambda: "5001_1" in wall.hidden,
        replies=lambda: [text for _, _, text in wall.replies],
        posts=lambda: [(text, link, wall.pictures[p]) for p, text, link in wall.posts if p not in wall.gone],
    )  # fmt: skip


@pytest.fixture(params=["simulator", "twin"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "twin":
        yield _twin()
        return
    config.write(
        tmp_path, callback="http://127.0.0.1:9/webhooks/fb", connection="fb", app_secret="s" * 8, verify_token="v",
        pages=[{"id": PAGE, "name": ACCOUNT.name, "token": TOKEN}],
    )  # fmt: skip
    opened = server.listen("127.0.0.1", 0)
    base = f"http://127.0.0.1:{opened.getsockname()[1]}"
    running = server.server(server.build(tmp_path, base=base, seed=1))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [opened]})
    thread.start()
    while not running.started:
        time.sleep(0.02)
    target = client.say("my lamp is broken", "Lee Lark", base=base).removeprefix("facebook_page:")

    def comment() -> Any:
        return next(c for c in client.control("state", base=base)["comments"] if c["id"] == target)

    def posts() -> list[tuple[str, str, list[str]]]:
        state = client.control("state", base=base)
        alts = [(photo["post"], photo["alt"]) for photo in state["photos"]]
        return [
            (post["message"], post["link"], [alt for under, alt in alts if under == post["id"]])
            for post in state["posts"]
            if not post["message"].startswith("Good morning")  # the one that the customer's words stand under
        ]

    def arrive() -> None:
        for _ in range(200):
            if client.control("state", base=base)["late"] == 0:
                return
            time.sleep(0.05)
        pytest.fail("it was never accepted")

    yield Place(
        FacebookPage(Http(connect_seconds=2, read_seconds=3)), FacebookPage(Http(connect_seconds=2, read_seconds=0.3)),
        replace(ACCOUNT, api_base=base), target,
        drop=lambda: client.control("faults", {"kind": "drop_after_accept", "count": 1}, base=base),
        busy=lambda: client.control("faults", {"kind": "429", "count": 1}, base=base),
        late=lambda: client.control("faults", {"kind": "late", "count": 1, "seconds": 1.5}, base=base),
        arrive=arrive,
        hidden=lambda: bool(comment()["hidden"]),
        replies=lambda: [c["message"] for c in client.control("state", base=base)["comments"] if c["parent"] == target],
        posts=posts,
    )  # fmt: skip
    running.should_exit = True
    thread.join(15)


def test_what_was_done_is_found_and_what_was_not_is_not(place: Place) -> None:
    for act, text in ((Act.HIDE, ""), (Act.REPLY, "Sorry! A new one is on its way.")):
        delivery = place.delivery(act, text)
        assert place.outlet.find(delivery, place.account, TOKEN) == []
        proof = place.outlet.act(delivery, place.account, TOKEN)
        assert proof.external_id
        assert [one.external_id for one in place.outlet.find(delivery, place.account, TOKEN)] == [proof.external_id]
    assert place.hidden()
    assert place.replies() == ["Sorry! A new one is on its way."]


def test_showing_again_undoes_hiding(place: Place) -> None:
    place.outlet.act(place.delivery(Act.HIDE), place.account, TOKEN)
    assert place.outlet.find(place.delivery(Act.UNHIDE), place.account, TOKEN) == []
    place.outlet.act(place.delivery(Act.UNHIDE), place.account, TOKEN)
    assert not place.hidden()
    assert len(place.outlet.find(place.delivery(Act.UNHIDE), place.account, TOKEN)) == 1


def test_a_dropped_line_is_an_unknown_outcome_that_can_be_looked_up(place: Place) -> None:
    place.drop()
    delivery = place.delivery(Act.REPLY, "Sorry!")
    with pytest.raises(OutcomeUnknown):
        place.outlet.act(delivery, place.account, TOKEN)
    assert len(place.outlet.find(delivery, place.account, TOKEN)) == 1
    assert place.replies() == ["Sorry!"]


def test_a_busy_platform_asks_to_come_again_and_did_nothing(place: Place) -> None:
    place.busy()
    delivery = place.delivery(Act.REPLY, "Sorry!")
    with pytest.raises(Retryable):
        place.outlet.act(delivery, place.account, TOKEN)
    assert place.outlet.find(delivery, place.account, TOKEN) == []
    place.outlet.act(delivery, place.account, TOKEN)
    assert place.replies() == ["Sorry!"]


def test_equal_words_twice_are_two_candidates(place: Place) -> None:
    delivery = place.delivery(Act.REPLY, "Sorry!")
    place.outlet.act(delivery, place.account, TOKEN)
    place.outlet.act(delivery, place.account, TOKEN)
    assert len(place.outlet.find(delivery, place.account, TOKEN)) == 2


# ---------------------------------------------------------------- posts of ours


@pytest.mark.parametrize(
    ("link", "media", "files"),
    [("", [], []), ("https://shop.example/cushions", [], []), ("", [IMAGE], [PICTURE])],
    ids=["words", "link", "image"],
)
def test_a_post_stands_as_it_was_approved_and_is_found(
    place: Place, link: str, media: list[Media], files: list[bytes]
) -> None:
    delivery = place.post("New cushions.\n\nIn four colours ☀️", link=link, media=media)
    assert place.found(delivery) == []
    proof = place.outlet.act(delivery, place.account, TOKEN, files)
    assert place.found(delivery) == [proof.external_id]
    assert place.posts() == [("New cushions.\n\nIn four colours ☀️", link, [image.alt for image in media])]


def test_where_a_post_stands_is_told_when_it_is_found(place: Place) -> None:
    delivery = place.post("Open on Sunday.")
    place.outlet.act(delivery, place.account, TOKEN)
    (proof,) = place.outlet.find(delivery, place.account, TOKEN)
    assert proof.url.startswith(("http://127.0.0.1:", "https://wall.example/"))


def test_the_same_words_with_another_kind_of_attachment_are_another_post(place: Place) -> None:
    plain, pictured = place.post("New cushions."), place.post("New cushions.", media=[IMAGE])
    linked = place.post("New cushions.", link="https://shop.example/cushions")
    ids = {
        "plain": place.outlet.act(plain, place.account, TOKEN).external_id,
        "pictured": place.outlet.act(pictured, place.account, TOKEN, [PICTURE]).external_id,
        "linked": place.outlet.act(linked, place.account, TOKEN).external_id,
    }
    found = {"plain": place.found(plain), "pictured": place.found(pictured), "linked": place.found(linked)}
    assert found == {name: [one] for name, one in ids.items()}


def test_a_post_that_is_taken_down_is_gone_and_that_is_found(place: Place) -> None:
    delivery = place.post("Sold out by noon.", media=[IMAGE])
    post = place.outlet.act(delivery, place.account, TOKEN, [PICTURE]).external_id
    assert place.found(place.take_down(post)) == []
    place.outlet.act(place.take_down(post), place.account, TOKEN)
    assert place.posts() == []
    assert place.found(place.take_down(post)) == [post]
    assert place.found(delivery) == []


def test_taking_down_what_is_gone_already_is_done(place: Place) -> None:
    post = place.outlet.act(place.post("Sold out by noon."), place.account, TOKEN).external_id
    for _ in range(2):
        assert place.outlet.act(place.take_down(post), place.account, TOKEN).external_id == post


@pytest.mark.parametrize(("media", "files"), [([], []), ([IMAGE], [PICTURE])], ids=["words", "image"])
def test_a_post_whose_answer_was_lost_is_found_once(place: Place, media: list[Media], files: list[bytes]) -> None:
    place.drop()
    delivery = place.post("New cushions.", media=media)
    with pytest.raises(OutcomeUnknown):
        place.outlet.act(delivery, place.account, TOKEN, files)
    assert len(place.found(delivery)) == 1
    assert len(place.posts()) == 1


def test_a_lost_answer_to_a_take_down_is_looked_up(place: Place) -> None:
    post = place.outlet.act(place.post("New cushions."), place.account, TOKEN).external_id
    place.drop()
    with pytest.raises(OutcomeUnknown):
        place.outlet.act(place.take_down(post), place.account, TOKEN)
    assert place.found(place.take_down(post)) == [post]


@pytest.mark.parametrize(("media", "files"), [([], []), ([IMAGE], [PICTURE])], ids=["words", "image"])
def test_a_post_accepted_after_we_gave_up_is_found_only_then(
    place: Place, media: list[Media], files: list[bytes]
) -> None:
    place.late()
    delivery = place.post("New cushions.", media=media)
    with pytest.raises(OutcomeUnknown):
        place.impatient.act(delivery, place.account, TOKEN, files)
    assert place.found(delivery) == []
    place.arrive()
    assert len(place.found(delivery)) == 1


def test_a_busy_platform_published_nothing(place: Place) -> None:
    place.busy()
    delivery = place.post("New cushions.")
    with pytest.raises(Retryable):
        place.outlet.act(delivery, place.account, TOKEN)
    assert place.posts() == []
    assert place.found(delivery) == []


def test_two_equal_posts_an_hour_apart_are_two_candidates_with_ids_of_their_own(place: Place) -> None:
    """Which of them is already known to be another's result is for the flow to tell."""
    earlier, later = place.post("Good morning!", sent=3600), place.post("Good morning!")
    ids = [place.outlet.act(one, place.account, TOKEN).external_id for one in (earlier, later)]
    assert sorted(place.found(earlier)) == sorted(place.found(later)) == sorted(ids)
    assert len(set(ids)) == 2


def test_the_limits_in_the_documents_are_those_of_the_code() -> None:
    assert sheet.post_table() in (ROOT / "docs/platforms.md").read_text(encoding="utf-8"), (
        "run `python -m herald.platforms.sheet` and put its tables into docs/platforms.md"
    )
