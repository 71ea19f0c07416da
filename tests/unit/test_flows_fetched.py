"""What a webhook only named is asked for; what a platform fetches itself is given an address; bounds of both."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from herald.errors import PlatformError, Refused, Rejected, Retryable
from herald.flows import commands as c
from herald.flows.deliver import deliver
from herald.flows.gate import perform
from herald.flows.poll import Fetched, poll
from herald.model import Account, Act, Delivery, Event, Kind, Media, Message, Post, Target
from herald.ports import Capabilities, Polled, PostLimits, Proof
from herald.publish.checks import check
from herald.publish.lengths import hashtags
from local.demo.library import shelved
from local.memory_media import MemoryMedia
from tests.support.world import ACCOUNT, ANA, BRAND, MIA, NOON, PAGE, Wall, World, a_comment, a_world
from tests.unit.test_flows_posts import approved, minute

NAMED = f"{PAGE}_77"


# ---------------------------------------------------------------- hints


@dataclass
class Tells:
    """A platform whose webhooks only name things. `says` is what the next questions are answered with."""

    name: str = "facebook_page"
    says: list[PlatformError] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def poll(self, account: Account, token: str, cursor: str) -> Polled:
        return Polled((), cursor)

    def complete(self, hint: Message, account: Account, token: str) -> Event:
        self.asked.append(str(hint.more["names"]))
        if self.says:
            raise self.says.pop(0)
        return a_comment("@talltimber look", id="77", kind=Kind.MENTION)


def hinted(*, at: timedelta = timedelta(0)) -> tuple[World, Tells]:
    world, tells = a_world(), Tells()
    herald = replace(world.herald, pollers={tells.name: tells}, completers={tells.name: tells})
    hint = a_comment("", id="told", kind=Kind.STATUS, more={"names": NAMED})
    assert world.store.apply(hint, BRAND, NOON + at)
    return replace(world, herald=herald), tells


def ticks(world: World, minutes: int = 2) -> Fetched:
    (one,) = poll(world.herald, world.clock.pass_(minutes=minutes))
    return one


def test_the_words_of_what_was_only_named_are_asked_for_once_and_then_judged() -> None:
    world, tells = hinted()
    assert ticks(world).stored == 1
    found = world.store.message(f"facebook_page:{NAMED}")
    assert found is not None
    assert (found.kind, found.text) == (Kind.MENTION, "@talltimber look")
    assert found.pending, "it waits to be judged"
    assert (ticks(world).stored, tells.asked) == (0, [NAMED])


def test_a_hint_itself_is_no_message_to_judge() -> None:
    world, _ = hinted()
    hint = world.store.message(f"facebook_page:{PAGE}_told")
    assert hint is not None
    assert hint.kind is Kind.STATUS


def test_while_the_platform_is_busy_it_is_asked_again_at_each_tick() -> None:
    world, tells = hinted()
    tells.says = [Retryable("busy"), Retryable("busy")]
    assert [ticks(world).stored for _ in range(4)] == [0, 0, 1, 0]
    assert len(tells.asked) == 3


@pytest.mark.parametrize(("error", "minutes"), [(Rejected("gone"), 2), (Retryable("busy"), 31)])
def test_what_can_never_be_read_is_shown_without_words_rather_than_not_at_all(
    error: PlatformError, minutes: int
) -> None:
    world, tells = hinted()
    tells.says = [error]
    assert ticks(world, minutes).stored == 1
    found = world.store.message(f"facebook_page:{NAMED}")
    assert found is not None
    assert (found.kind, found.text, found.more["unread"]) == (Kind.MENTION, "", str(error))


def test_hints_are_looked_for_over_midnight_and_not_for_ever() -> None:
    world, tells = hinted()
    world.clock.now = NOON.replace(hour=0, minute=10) + timedelta(days=1)
    assert world.store.apply(
        a_comment("", id="late", kind=Kind.STATUS, more={"names": f"{PAGE}_78"}), BRAND, world.clock.now
    )
    world.clock.now = NOON.replace(hour=0, minute=10) + timedelta(days=1)
    poll(world.herald, world.clock())
    assert tells.asked == [f"{PAGE}_78"], "the one of yesterday noon is a day old"


# ---------------------------------------------------------------- images that a platform fetches


class Fetches(Wall):
    """A wall that notes the addresses it was given."""

    def act(self, delivery: Delivery, account: Account, token: str, files: object = ()) -> Proof:
        self.given = [media.address for media in delivery.media]
        return super().act(delivery, account, token)


class Addressed(MemoryMedia):
    def address(self, key: str, name: str, mime: str) -> str:
        return f"https://s3.example/{key}?as={name}&{mime}"


def pictured(*, by_address: bool, place: MemoryMedia | None) -> tuple[World, Fetches]:
    limits = PostLimits(500, image_by_address=by_address)
    wall = Fetches(capabilities=Capabilities(frozenset(Act), 8000, 60, post=limits))
    world = a_world(wall=wall)
    shelf = MemoryMedia()
    key = shelf.put(b"\xff\xd8\xffpicture", "image/jpeg")
    world = replace(world, herald=replace(world.herald, media=shelf, uploads=place))
    image = Media(key, key.removeprefix("media/"), "image/jpeg", 10, "A table", 10, 10)
    approved(world, media=(shelved(world.store, BRAND, image, world.clock()),))
    world.clock.pass_(hours=1)
    minute(world)
    return world, wall


def test_a_platform_that_fetches_images_is_given_an_address_that_no_row_keeps() -> None:
    world, wall = pictured(by_address=True, place=Addressed())
    (address,) = wall.given
    assert address.startswith("https://s3.example/media/")
    assert len(wall.posts) == 1
    (target,) = world.store.targets_of("post-0001")
    kept = world.store.delivery(target.delivery_id)
    assert kept is not None
    assert [media.address for media in kept.media] == [""]


def test_other_platforms_are_given_bytes_alone() -> None:
    _, wall = pictured(by_address=False, place=Addressed())
    assert wall.given == [""]


def test_without_a_place_to_fetch_from_a_person_is_told() -> None:
    world, wall = pictured(by_address=True, place=None)
    (target,) = world.store.targets_of("post-0001")
    assert (wall.posts, "no place it could fetch them from" in target.reason) == ([], True)
    assert deliver(target.delivery_id, world.herald, world.clock()).result == "nothing"


# ---------------------------------------------------------------- bounds


LIMITS = PostLimits(
    2_200, image_types=frozenset({"image/jpeg"}), image_required=True, image_ratio=(0.8, 1.91), hashtags=3
)
WIDE = Media("media/1", "ab" * 32, "image/jpeg", 1000, "A table", 1000, 1000)


def problems(text: str = "New chairs.", media: tuple[Media, ...] = (WIDE,)) -> list[str]:
    post = Post("p", BRAND, ANA.id, "Chairs", text, NOON, media=media)
    target = Target("p", ACCOUNT.id, BRAND, "2026-11-18T13:00", "Australia/Sydney", NOON)
    return [problem.rule for problem in check(post, target, LIMITS)]


@pytest.mark.parametrize(("text", "media", "rules"), [
    ("New chairs.", (WIDE,), []), ("New chairs.", (), ["required"]), ("", (), ["empty"]),
    ("#one #two #three", (WIDE,), []), ("#one #two #three #four", (WIDE,), ["hashtags"]),
    ("x", (replace(WIDE, width=799),), ["shape"]), ("x", (replace(WIDE, width=800),), []),
    ("x", (replace(WIDE, width=1_911),), ["shape"]), ("x", (replace(WIDE, width=0, height=0),), []),
    ("x", (replace(WIDE, mime="image/png"),), ["type"]),
])  # fmt: skip
def test_what_a_platform_of_pictures_would_refuse_is_said_before(
    text: str, media: tuple[Media, ...], rules: list[str]
) -> None:
    assert problems(text, media) == rules


@pytest.mark.parametrize(("text", "count"), [
    ("", 0), ("#sale", 1), ("#sale#today", 1), ("we're #1", 0), ("#1st", 1), ("a#b", 0), ("# no", 0),
    ("#été #夏", 2), ("https://shop.example/#top", 0), ("C# and &#39;", 0),
])  # fmt: skip
def test_hashtags_are_counted_as_people_write_them(text: str, count: int) -> None:
    assert hashtags(text) == count


def test_a_reply_that_is_too_long_in_bytes_is_refused_at_the_gate() -> None:
    wall = Wall(capabilities=Capabilities(frozenset(Act), 20, 60, reply_bytes=20))
    world = a_world(wall=wall)
    comment = a_comment("Is it open?")
    world.store.apply(comment, BRAND, NOON)

    def reply(text: str) -> None:
        perform(c.Reply("r-0000001", comment.message_id, text, 0), by=MIA.id, herald=world.herald, now=NOON)

    with pytest.raises(Refused, match="22 bytes"):
        reply("é" * 11)
    with pytest.raises(Refused, match="21 characters"):
        reply("x" * 21)
    reply("é" * 10)
