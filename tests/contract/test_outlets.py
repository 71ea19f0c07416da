"""One suite for what acts on a wall: the real adapter against the simulator over HTTP, and the tests' twin."""

from __future__ import annotations

import itertools
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from herald.errors import OutcomeUnknown, Rejected, Retryable
from herald.model import Account, Act, Delivery, DeliveryState, Media
from herald.platforms import sheet
from herald.platforms.bluesky import Bluesky
from herald.platforms.facebook_page import FacebookPage
from herald.platforms.google_business import GoogleBusiness
from herald.platforms.instagram import Instagram
from herald.platforms.mastodon import Mastodon
from herald.platforms.wire.atproto import Sessions
from herald.platforms.wire.http import Http
from herald.ports import Outlet, Proof
from local.facebook import client, config, server
from local.facebook.config import Page
from local.microblogs import client as microblogs
from local.microblogs.config import Ours
from local.ports import ROOT
from local.simulator import client as simulator
from local.simulator import http
from tests.servers import google_reviews, running
from tests.servers.scripted import Says, scripted
from tests.support.world import Wall

PAGE, TOKEN = "5001", "page-token"
OURS = {
    "mastodon": Ours("1001", "quince", "Quince & Thimble", "token-of-quince"),
    "bluesky": Ours("did:plc:quinceandthimble234567ab", "quince.test", "Quince & Thimble", "quin-ceth-imbl-e234"),
}
_numbers = itertools.count(1)
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
    author: str = "u1"  # who wrote the target
    speaks_again: Callable[[], bool] | None = None  # whether its author can answer us
    thread: Callable[[], str] = lambda: "p1"  # a post of ours that its author can answer
    token: str = TOKEN
    keyed: bool = False  # what is found is told by its own key, not by its words
    pictured: bool = False  # every post carries an image
    answers: int = 2  # how many of ours one message may have

    def delivery(self, act: Act, text: str = "") -> Delivery:
        now = datetime.now(UTC)
        return Delivery(
            id=f"{act}-{next(_numbers)}", act=act, platform=self.account.platform, account_id=self.account.account_id,
            brand="quince", message_id=f"{self.account.platform}:{self.target}", target=self.target, text=text,
            state=DeliveryState.SENDING,
            ordered_by="mia", ordered_at=now, due_at=now, attempt=1, first_sent_at=now - timedelta(seconds=1),
        )  # fmt: skip

    def post(self, text: str, *, link: str = "", media: Sequence[Media] = (), sent: float = 1) -> Delivery:
        """A publication that first left `sent` seconds ago."""
        now = datetime.now(UTC)
        _unless(self, Act.PUBLISH)
        media = [PHOTO] if self.pictured else media
        return replace(
            self.delivery(Act.PUBLISH, text), message_id="", target="", post_id="post-1", content_hash="c" * 32,
            link=link, media=tuple(media), first_sent_at=now - timedelta(seconds=sent),
        )  # fmt: skip

    def take_down(self, post: str) -> Delivery:
        return replace(self.delivery(Act.TAKE_DOWN), message_id="", target=post, post_id="post-1")

    def against(self, act: Act) -> Delivery:
        return replace(self.delivery(act), target=self.author)

    def found(self, delivery: Delivery) -> list[str]:
        return [proof.external_id for proof in self.outlet.find(delivery, self.account, self.token)]


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


JPEG = b"\xff\xd8\xff\xe0" + b"a green linen cushion"


class Pictured:
    """Instagram as the flow speaks to it: the bytes of a post's image at hand, and an address they are fetched from."""

    name, capabilities = Instagram.name, Instagram.capabilities

    def __init__(self, inner: Instagram, address: str) -> None:
        self._inner, self._address = inner, address

    def act(self, delivery: Delivery, account: Account, token: str, files: Sequence[bytes] = ()) -> Proof:
        media = tuple(replace(one, address=self._address) for one in delivery.media)
        return self._inner.act(replace(delivery, media=media), account, token, [JPEG] * len(media))

    def find(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        return self._inner.find(delivery, account, token)


PHOTO = replace(IMAGE, mime="image/jpeg", size=len(JPEG), width=8, height=8)


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


@pytest.fixture(params=["facebook", "instagram", "google_business", "mastodon", "bluesky", "twin"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "twin":
        yield _twin()
    elif request.param == "facebook":
        yield from _page(tmp_path)
    elif request.param == "instagram":
        with _photograph() as address:
            yield from _page(tmp_path, address)
    elif request.param == "google_business":
        yield from _reviews(tmp_path)
    else:
        yield from _microblog(request.param, tmp_path)


def _unless(place: Place, *acts: Act) -> None:
    """Skip where the platform cannot do it, as its capabilities say."""
    missing = set(acts) - place.outlet.capabilities.acts
    if missing:
        pytest.skip(f"not there: {', '.join(sorted(missing))}")


def _arrived(state: Callable[[], Any]) -> None:
    for _ in range(200):
        if state()["late"] == 0:
            return
        time.sleep(0.05)
    pytest.fail("it was never accepted")


def _microblog(network: str, folder: Path) -> Iterator[Place]:
    ours = OURS[network]
    with running.simulator(network, folder, [ours]) as base:
        control = partial(microblogs.control, network, base=base)
        target = control("comment", {"as": "Lee Lark", "text": "my lamp is broken"})["comment_id"]

        def replies() -> list[str]:
            """The words without the address that an answer on Mastodon begins with."""
            found = [post["text"] for post in control("state")["posts"] if post["parent"] == target]
            return [text.removeprefix("@lee_lark ") for text in found]

        def posts() -> list[tuple[str, str, list[str]]]:
            own = [post for post in control("state")["posts"] if post["author"] == ours.id and not post["parent"]]
            split = [(post["text"].partition("\n\nhttps://"), post["images"]) for post in own]
            return [(words, f"https://{rest}" if link else "", alts) for (words, link, rest), alts in split]

        author = next(post["author"] for post in control("state")["posts"] if post["id"] == target)

        def thread() -> str:
            (first, *_) = [post["id"] for post in control("state")["posts"] if post["author"] == ours.id] or [
                control("post", {"text": "Good morning"})["post_id"]
            ]
            return str(first)

        def speaks_again() -> bool:
            try:
                control("comment", {"as": "Lee Lark", "text": "and another thing", "parent": thread()})
            except simulator.SimulatorError:
                return False
            return True

        sessions = Sessions()  # shared: the impatient one is signed in before anything is late

        def outlet(seconds: float) -> Mastodon | Bluesky:
            http = Http(connect_seconds=2, read_seconds=seconds)
            return Mastodon(http) if network == "mastodon" else Bluesky(http, sessions)

        arm = partial(control, "faults")
        yield Place(
            outlet(3), outlet(1), Account(network, ours.id, ours.name, "quince", api_base=base), target,
            drop=lambda: arm({"kind": "drop_after_accept"}),
            busy=lambda: arm({"kind": "429"}),
            late=lambda: arm({"kind": "late", "seconds": 3}),
            arrive=lambda: _arrived(lambda: control("state")),
            hidden=lambda: False,
            replies=replies,
            posts=posts,
            author=author,
            speaks_again=speaks_again,
            thread=thread,
            token=ours.secret if network == "mastodon" else f"{ours.handle}:{ours.secret}",
            keyed=network == "bluesky",
        )  # fmt: skip


def _reviews(tmp_path: Path) -> Iterator[Place]:
    with google_reviews.running(tmp_path) as base:
        control = partial(simulator.control, "Google", base)
        target = control("review", {"as": "Lee Lark", "text": "my lamp is broken"})["name"]
        arm = partial(control, "faults")
        yield Place(
            GoogleBusiness(Http(connect_seconds=2, read_seconds=3)),
            GoogleBusiness(Http(connect_seconds=2, read_seconds=0.3)),
            Account("google_business", google_reviews.PLACE, "Quince & Thimble", "quince", api_base=base), target,
            drop=lambda: arm({"kind": "drop_after_accept"}),
            busy=lambda: arm({"kind": "429"}),
            late=lambda: arm({"kind": "late", "seconds": 1.5}),
            arrive=lambda: _arrived(lambda: control("state", None)),
            hidden=lambda: False,
            replies=lambda: [one["reply"] for one in control("state", None)["reviews"] if one["reply"]],
            posts=list,
            token=google_reviews.TOKEN,
            answers=1,
        )  # fmt: skip


@contextmanager
def _photograph() -> Iterator[str]:
    """The address of an image on this machine, as a presigned one would be."""
    with scripted() as place:
        place.on("GET", "/a.jpg", Says(JPEG))
        yield f"{place.base}/a.jpg"


def _page(tmp_path: Path, photograph: str = "") -> Iterator[Place]:
    """A Page; with the address of a photograph, an Instagram account on the same simulator."""
    pictured = bool(photograph)
    config.write(
        tmp_path, callback="http://127.0.0.1:9/webhooks/fb", connection="fb", app_secret="s" * 8, verify_token="v",
        pages=[Page(PAGE, ACCOUNT.name, TOKEN, "instagram" if pictured else "facebook_page")],
    )  # fmt: skip
    opened = http.listen("127.0.0.1", 0)
    base = f"http://127.0.0.1:{opened.getsockname()[1]}"
    running = http.server(server.build(tmp_path, base=base, seed=1).app())
    thread = threading.Thread(target=running.run, kwargs={"sockets": [opened]})
    thread.start()
    while not running.started:
        time.sleep(0.02)
    network = "instagram" if pictured else "facebook_page"
    said = client.say("my lamp is broken", "Lee Lark", network=network, base=base)
    target = said.removeprefix(f"{network}:")

    def comment() -> Any:
        return next(c for c in client.control("state", base=base)["comments"] if c["id"] == target)

    def speaks_again() -> bool:
        try:
            client.say("and another thing", "Lee Lark", network=network, base=base)
        except simulator.SimulatorError:
            return False
        return True

    def posts() -> list[tuple[str, str, list[str]]]:
        state = client.control("state", base=base)
        alts = [(photo["post"], photo["alt"]) for photo in state["photos"]]
        return [
            (post["message"], post["link"], [alt for under, alt in alts if under == post["id"]])
            for post in state["posts"]
            if not post["message"].startswith("Good morning")  # the one that the customer's words stand under
        ]

    def outlet(seconds: float) -> Outlet:
        http = Http(connect_seconds=2, read_seconds=seconds)
        return Pictured(Instagram(http, status_seconds=0.05), photograph) if pictured else FacebookPage(http)

    platform = "instagram" if pictured else "facebook_page"
    yield Place(
        outlet(3), outlet(0.3), replace(ACCOUNT, platform=platform, api_base=base), target,
        author=comment()["author_id"],
        speaks_again=speaks_again,
        drop=lambda: client.control("faults", {"kind": "drop_after_accept", "count": 1}, base=base),
        busy=lambda: client.control("faults", {"kind": "429", "count": 1}, base=base),
        late=lambda: client.control("faults", {"kind": "late", "count": 1, "seconds": 1.5}, base=base),
        arrive=lambda: _arrived(lambda: client.control("state", base=base)),
        hidden=lambda: bool(comment()["hidden"]),
        replies=lambda: [c["message"] for c in client.control("state", base=base)["comments"] if c["parent"] == target],
        posts=posts,
        pictured=pictured,
    )  # fmt: skip
    running.should_exit = True
    thread.join(15)


def test_what_was_done_is_found_and_what_was_not_is_not(place: Place) -> None:
    for act, text in ((Act.HIDE, ""), (Act.REPLY, "Sorry! A new one is on its way.")):
        if act not in place.outlet.capabilities.acts:
            continue
        delivery = place.delivery(act, text)
        assert place.outlet.find(delivery, place.account, place.token) == []
        proof = place.outlet.act(delivery, place.account, place.token)
        assert proof.external_id
        assert place.found(delivery) == [proof.external_id]
    assert place.hidden() is (Act.HIDE in place.outlet.capabilities.acts)
    assert place.replies() == ["Sorry! A new one is on its way."]


def test_showing_again_undoes_hiding(place: Place) -> None:
    _unless(place, Act.HIDE, Act.UNHIDE)
    place.outlet.act(place.delivery(Act.HIDE), place.account, place.token)
    assert place.outlet.find(place.delivery(Act.UNHIDE), place.account, place.token) == []
    place.outlet.act(place.delivery(Act.UNHIDE), place.account, place.token)
    assert not place.hidden()
    assert len(place.outlet.find(place.delivery(Act.UNHIDE), place.account, place.token)) == 1


def test_what_somebody_wrote_is_deleted_and_that_is_found(place: Place) -> None:
    _unless(place, Act.DELETE)
    delivery = place.delivery(Act.DELETE)
    assert place.found(delivery) == []
    assert place.outlet.act(delivery, place.account, place.token).external_id == place.target
    assert place.found(delivery) == [place.target]
    place.outlet.act(place.delivery(Act.DELETE), place.account, place.token)  # what is gone already is done


def test_who_is_blocked_is_found_so_and_an_end_lets_them_speak_again(place: Place) -> None:
    _unless(place, Act.BLOCK, Act.UNBLOCK)
    for act, other in ((Act.BLOCK, Act.UNBLOCK), (Act.UNBLOCK, Act.BLOCK)):
        assert place.found(place.against(act)) == []
        for _ in range(2):  # a repeat changes nothing
            place.outlet.act(place.against(act), place.account, place.token)
        assert place.found(place.against(act)) == [place.author]
        assert place.found(place.against(other)) == []
        if place.speaks_again:
            assert place.speaks_again() is (act is Act.UNBLOCK)


def test_a_lost_answer_to_a_block_is_looked_up(place: Place) -> None:
    _unless(place, Act.BLOCK)
    place.drop()
    with pytest.raises((OutcomeUnknown, Retryable)):
        place.outlet.act(place.against(Act.BLOCK), place.account, place.token)
    assert place.found(place.against(Act.BLOCK)) == [place.author]


def test_a_thread_of_ours_is_closed_to_new_comments_and_opened_again(place: Place) -> None:
    _unless(place, Act.LOCK, Act.UNLOCK)
    thread = place.thread()

    def order(act: Act) -> Delivery:
        return replace(place.delivery(act), target=thread)

    for act, other in ((Act.LOCK, Act.UNLOCK), (Act.UNLOCK, Act.LOCK)):
        assert place.found(order(act)) == []
        for _ in range(2):  # a repeat changes nothing
            place.outlet.act(order(act), place.account, place.token)
        assert place.found(order(act)) == [thread]
        assert place.found(order(other)) == []
        if place.speaks_again:
            assert place.speaks_again() is (act is Act.UNLOCK)


def test_a_lost_answer_to_a_lock_is_looked_up(place: Place) -> None:
    _unless(place, Act.LOCK)
    order = replace(place.delivery(Act.LOCK), target=place.thread())
    place.drop()
    with pytest.raises((OutcomeUnknown, Retryable)):
        place.outlet.act(order, place.account, place.token)
    assert place.found(order) == [order.target]


def test_a_thread_that_is_not_ours_is_not_closed(place: Place) -> None:
    _unless(place, Act.LOCK)
    if place.speaks_again is None:
        pytest.skip("the twin reads no ids")
    for odd in (place.target, "", "../9", "at://did:plc:other/app.bsky.feed.post/3kaaaaaaaaaaa"):
        with pytest.raises(Rejected, match="no thread of this account"):
            place.outlet.act(replace(place.delivery(Act.LOCK), target=odd), place.account, place.token)


def test_nobody_is_blocked_by_an_id_that_is_none(place: Place) -> None:
    _unless(place, Act.BLOCK)
    if place.speaks_again is None:
        pytest.skip("the twin reads no ids")
    for odd in ("", "../9", "1?x=2", "did:", "a/b"):
        with pytest.raises(Rejected):
            place.outlet.act(replace(place.against(Act.BLOCK), target=odd), place.account, place.token)


def test_a_dropped_line_is_an_unknown_outcome_that_can_be_looked_up(place: Place) -> None:
    place.drop()
    delivery = place.delivery(Act.REPLY, "Sorry!")
    with pytest.raises(OutcomeUnknown):
        place.outlet.act(delivery, place.account, place.token)
    assert len(place.outlet.find(delivery, place.account, place.token)) == 1
    assert place.replies() == ["Sorry!"]


def test_a_busy_platform_asks_to_come_again_and_did_nothing(place: Place) -> None:
    place.busy()
    delivery = place.delivery(Act.REPLY, "Sorry!")
    with pytest.raises(Retryable):
        place.outlet.act(delivery, place.account, place.token)
    assert place.outlet.find(delivery, place.account, place.token) == []
    place.outlet.act(delivery, place.account, place.token)
    assert place.replies() == ["Sorry!"]


def test_equal_words_twice_are_two_candidates(place: Place) -> None:
    if place.answers == 1:
        pytest.skip("one answer a message is all there can be")
    orders = [place.delivery(Act.REPLY, "Sorry!") for _ in range(2)]
    ids = [place.outlet.act(order, place.account, place.token).external_id for order in orders]
    assert len(set(ids)) == 2
    for order, own in zip(orders, ids, strict=True):
        assert sorted(place.found(order)) == sorted([own] if place.keyed else ids)


# ---------------------------------------------------------------- posts of ours


@pytest.mark.parametrize(
    ("link", "media", "files"),
    [("", [], []), ("https://shop.example/cushions", [], []), ("", [IMAGE], [PICTURE])],
    ids=["words", "link", "image"],
)
def test_a_post_stands_as_it_was_approved_and_is_found(
    place: Place, link: str, media: list[Media], files: list[bytes]
) -> None:
    if place.pictured and not media:
        pytest.skip("every post there has an image")
    delivery = place.post("New cushions.\n\nIn four colours ☀️", link=link, media=media)
    assert place.found(delivery) == []
    proof = place.outlet.act(delivery, place.account, place.token, files)
    assert place.found(delivery) == [proof.external_id]
    assert place.posts() == [("New cushions.\n\nIn four colours ☀️", link, [image.alt for image in media])]


def test_where_a_post_stands_is_told_when_it_is_found(place: Place) -> None:
    delivery = place.post("Open on Sunday.")
    place.outlet.act(delivery, place.account, place.token)
    (proof,) = place.outlet.find(delivery, place.account, place.token)
    assert proof.url.startswith(("http://127.0.0.1:", "https://wall.example/", "https://bsky.app/profile/"))


def test_the_same_words_with_another_kind_of_attachment_are_another_post(place: Place) -> None:
    if place.pictured:
        pytest.skip("every post there has an image, and a link stands among its words")
    plain, pictured = place.post("New cushions."), place.post("New cushions.", media=[IMAGE])
    linked = place.post("New cushions.", link="https://shop.example/cushions")
    ids = {
        "plain": place.outlet.act(plain, place.account, place.token).external_id,
        "pictured": place.outlet.act(pictured, place.account, place.token, [PICTURE]).external_id,
        "linked": place.outlet.act(linked, place.account, place.token).external_id,
    }
    found = {"plain": place.found(plain), "pictured": place.found(pictured), "linked": place.found(linked)}
    assert found == {name: [one] for name, one in ids.items()}


def test_a_post_that_is_taken_down_is_gone_and_that_is_found(place: Place) -> None:
    delivery = place.post("Sold out by noon.", media=[IMAGE])
    post = place.outlet.act(delivery, place.account, place.token, [PICTURE]).external_id
    assert place.found(place.take_down(post)) == []
    place.outlet.act(place.take_down(post), place.account, place.token)
    assert place.posts() == []
    assert place.found(place.take_down(post)) == [post]
    assert place.found(delivery) == []


def test_taking_down_what_is_gone_already_is_done(place: Place) -> None:
    post = place.outlet.act(place.post("Sold out by noon."), place.account, place.token).external_id
    for _ in range(2):
        assert place.outlet.act(place.take_down(post), place.account, place.token).external_id == post


@pytest.mark.parametrize(("media", "files"), [([], []), ([IMAGE], [PICTURE])], ids=["words", "image"])
def test_a_post_whose_answer_was_lost_is_found_once(place: Place, media: list[Media], files: list[bytes]) -> None:
    place.drop()
    delivery = place.post("New cushions.", media=media)
    with pytest.raises(OutcomeUnknown):
        place.outlet.act(delivery, place.account, place.token, files)
    assert len(place.found(delivery)) == 1
    assert len(place.posts()) == 1


def test_a_lost_answer_to_a_take_down_is_looked_up(place: Place) -> None:
    post = place.outlet.act(place.post("New cushions."), place.account, place.token).external_id
    place.drop()
    with pytest.raises(OutcomeUnknown):
        place.outlet.act(place.take_down(post), place.account, place.token)
    assert place.found(place.take_down(post)) == [post]


@pytest.mark.parametrize(("media", "files"), [([], []), ([IMAGE], [PICTURE])], ids=["words", "image"])
def test_a_post_accepted_after_we_gave_up_is_found_only_then(
    place: Place, media: list[Media], files: list[bytes]
) -> None:
    delivery = place.post("New cushions.", media=media)
    assert place.found(delivery) == []
    place.late()
    with pytest.raises(OutcomeUnknown):
        place.impatient.act(delivery, place.account, place.token, files)
    assert place.found(delivery) == []
    place.arrive()
    assert len(place.found(delivery)) == 1


def test_a_busy_platform_published_nothing(place: Place) -> None:
    place.busy()
    delivery = place.post("New cushions.")
    with pytest.raises(Retryable):
        place.outlet.act(delivery, place.account, place.token)
    assert place.posts() == []
    assert place.found(delivery) == []


def test_two_equal_posts_an_hour_apart_are_two_candidates_with_ids_of_their_own(place: Place) -> None:
    """Which of them is already known to be another's result is for the flow to tell."""
    earlier, later = place.post("Good morning!", sent=3600), place.post("Good morning!")
    ids = [place.outlet.act(one, place.account, place.token).external_id for one in (earlier, later)]
    assert len(set(ids)) == 2
    for order, own in zip((earlier, later), ids, strict=True):
        assert sorted(place.found(order)) == sorted([own] if place.keyed else ids)


def test_the_limits_in_the_documents_are_those_of_the_code() -> None:
    assert sheet.post_table() in (ROOT / "docs/platforms.md").read_text(encoding="utf-8"), (
        "run `python -m herald.platforms.sheet` and put its tables into docs/platforms.md"
    )
