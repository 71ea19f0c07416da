"""A post from draft to the wall: approved by another, released on time, once, and never against a hold."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from herald.errors import NeedsLogin, Refused, Rejected, Retryable
from herald.flows import commands as c
from herald.flows.deliver import deliver, release
from herald.flows.gate import perform
from herald.flows.publish import release_posts
from herald.govern import audit
from herald.model import Media, TargetState, post_hash
from local.demo.library import shelved
from local.memory import MemoryDb
from tests.support.faults import BreakingDb, Crash, Outage
from tests.support.world import ACCOUNT, ANA, BRAND, MIA, TED, Clock, Wall, World, a_world

HOUR = "2026-11-18T13:00"  # an hour after NOON in Sydney
ZONE = "Australia/Sydney"
IMAGE = Media("media/1", "ab" * 32, "image/png", 1000, "A table", 10, 10)


def run(world: World, command: Any, by: str) -> Any:
    return perform(command, by=by, herald=world.herald, now=world.clock())


def version(world: World, post: str) -> int:
    found = world.store.post(post)
    assert found is not None
    return found.version


def drafted(
    world: World, text: str = "New chairs are in.", *, id: str = "post-0001", at: str = HOUR, **more: Any
) -> str:
    accounts = more.pop("accounts", (ACCOUNT.id,))
    variants = tuple(c.Variant(account, at, ZONE) for account in accounts)
    run(world, c.Draft(id, BRAND, "Chairs", text, variants, 0, **more), ANA.id)
    return id


def approved(world: World, text: str = "New chairs are in.", **more: Any) -> str:
    post = drafted(world, text, **more)
    world.clock.pass_(milliseconds=5)
    run(world, c.Submit(post, version(world, post)), ANA.id)
    world.clock.pass_(milliseconds=5)
    run(world, c.Approve(post, version(world, post)), MIA.id)
    return post


def minute(world: World) -> None:
    """The schedule ticks: what is due is released and every wake-up is delivered."""
    release_posts(world.herald, world.clock())
    release(world.herald, world.clock())
    queue = list(world.woken)
    world.woken.clear()
    for delivery_id in queue:
        deliver(delivery_id, world.herald, world.clock())


def hours(world: World, n: float = 2) -> None:
    for _ in range(int(n * 60)):
        minute(world)
        world.clock.pass_(minutes=1)


def state(world: World, post: str, account: str = ACCOUNT.id) -> TargetState:
    target = world.store.target(post, account)
    assert target is not None
    return target.state


def test_an_approved_post_goes_out_at_its_minute_with_proof() -> None:
    world = a_world()
    post = approved(world)
    hours(world, 0.9)
    assert world.wall.live() == []
    hours(world, 0.3)
    target = world.store.target(post, ACCOUNT.id)
    assert target is not None
    assert world.wall.live() == ["New chairs are in."]
    assert (target.state, bool(target.external_id), target.url.startswith("https://")) == (
        TargetState.PUBLISHED,
        True,
        True,
    )
    whole_story = [note.what for note in world.store.notes(post)]
    assert whole_story == ["drafted", "submitted", "approved", "published"]
    assert audit.verify(world.store.audit_of("people")) == []


@pytest.mark.parametrize("who", [ANA.id], ids=["the author"])
def test_nobody_approves_their_own(who: str) -> None:
    world = a_world()
    post = drafted(world)
    run(world, c.Submit(post, version(world, post)), who)
    with pytest.raises(Refused) as refused:
        run(world, c.Approve(post, version(world, post)), who)
    assert refused.value.missing == "second_person"


def test_who_submits_does_not_approve_either() -> None:
    world = a_world()
    post = drafted(world)
    run(world, c.Submit(post, version(world, post)), MIA.id)
    with pytest.raises(Refused, match="Someone else"):
        run(world, c.Approve(post, version(world, post)), MIA.id)
    run(world, c.Approve(post, version(world, post)), TED.id)


def rewritten(world: World, post: str, by: str) -> None:
    variants = (c.Variant(ACCOUNT.id, HOUR, ZONE),)
    run(world, c.Draft(post, BRAND, "Chairs", "Quite other words.", variants, version(world, post)), by)
    world.clock.pass_(milliseconds=5)


def test_who_rewrote_and_submitted_a_colleagues_post_does_not_approve_it_after_a_third_moved_it() -> None:
    world = a_world()
    post = drafted(world)
    world.clock.pass_(milliseconds=5)
    rewritten(world, post, MIA.id)
    run(world, c.Submit(post, version(world, post)), MIA.id)
    world.clock.pass_(milliseconds=5)
    run(world, c.MovePost(post, "2026-11-18T14:00", version(world, post)), TED.id)
    world.clock.pass_(milliseconds=5)
    with pytest.raises(Refused, match="You submitted") as refused:
        run(world, c.Approve(post, version(world, post)), MIA.id)
    assert refused.value.missing == "second_person"
    assert state(world, post) is TargetState.IN_REVIEW


def test_who_corrected_a_post_may_approve_it_once_its_author_submitted_the_correction() -> None:
    world = a_world()
    post = drafted(world)
    world.clock.pass_(milliseconds=5)
    rewritten(world, post, MIA.id)
    run(world, c.Submit(post, version(world, post)), ANA.id)
    world.clock.pass_(milliseconds=5)
    run(world, c.Approve(post, version(world, post)), MIA.id)
    assert state(world, post) is TargetState.APPROVED


def test_an_edit_voids_the_approval_and_an_edit_of_the_title_does_not() -> None:
    world = a_world()
    post = approved(world)
    variants = (c.Variant(ACCOUNT.id, HOUR, ZONE),)
    run(world, c.Draft(post, BRAND, "Another title", "New chairs are in.", variants, version(world, post)), ANA.id)
    assert state(world, post) is TargetState.APPROVED
    run(world, c.Draft(post, BRAND, "Another title", "New chairs are out.", variants, version(world, post)), ANA.id)
    assert state(world, post) is TargetState.DRAFT
    hours(world)
    assert world.wall.live() == []


def test_moving_an_approved_post_sends_it_back_to_review() -> None:
    world = a_world()
    post = approved(world)
    run(world, c.MovePost(post, "2026-11-18T14:30", version(world, post)), ANA.id)
    assert state(world, post) is TargetState.IN_REVIEW
    hours(world, 4)
    assert world.wall.live() == []


@pytest.mark.parametrize("moment", ["before release", "between release and sending"])
def test_a_hold_stops_the_very_next_release_on_every_account(moment: str) -> None:
    mastodon = Wall("mastodon")
    world = a_world(walls=[mastodon])
    post = approved(world, accounts=(ACCOUNT.id, "mastodon:page"))
    world.clock.pass_(minutes=60)
    if moment == "between release and sending":
        assert {r.result for r in release_posts(world.herald, world.clock())} == {"released"}
    run(world, c.Hold("hold-0001", BRAND, "A product recall."), MIA.id)
    hours(world, 1)
    assert world.wall.live() == mastodon.live() == []
    assert {t.state for t in world.store.targets_of(post)} == {TargetState.HELD}
    run(world, c.Release("hold-0001", BRAND), MIA.id)
    hours(world, 1)
    assert world.wall.live() == mastodon.live() == []  # what is past its time waits for a person
    assert len(world.store.attention(BRAND)) == 2


def test_a_hold_stops_neither_answers_nor_hides() -> None:
    from tests.unit.test_exactly_once import REPLY, a_case

    world = a_world()
    a_case(world)
    run(world, c.Hold("hold-0001", BRAND, "A product recall."), MIA.id)
    run(world, REPLY, MIA.id)
    minute(world)
    assert len(world.wall.replies) == 1


def test_why_a_post_is_held_stands_on_its_row_and_in_no_log() -> None:
    world = a_world()
    post = approved(world)
    run(world, c.Hold("hold-0001", BRAND, "Lee Lark was hurt."), MIA.id)
    world.clock.pass_(minutes=60)
    (held,) = release_posts(world.herald, world.clock())
    assert (held.for_log()["result"], "Lark" in str(held.for_log())) == ("held", False)
    assert [target.reason for target in world.store.targets_of(post)] == ["A hold is in force: Lee Lark was hurt."]


def test_two_holds_need_two_releases() -> None:
    world = a_world()
    for name in ("hold-0001", "hold-0002"):
        run(world, c.Hold(name, BRAND, "Storm."), MIA.id)
        run(world, c.Hold(name, BRAND, "Storm."), MIA.id)  # said twice, held once
    run(world, c.Release("hold-0001", BRAND), MIA.id)
    run(world, c.Release("hold-0001", BRAND), MIA.id)
    approved(world)
    hours(world)
    assert world.wall.live() == []


def test_a_post_found_long_after_its_time_is_not_sent_but_shown() -> None:
    world = a_world()
    post = approved(world)
    world.clock.pass_(hours=3)  # the schedule stood still
    minute(world)
    assert world.wall.live() == []
    target = world.store.target(post, ACCOUNT.id)
    assert target is not None
    assert target.state is TargetState.HELD
    assert "Move it" in target.reason


def test_cancelled_between_release_and_sending_it_never_goes_out() -> None:
    world = a_world()
    post = approved(world)
    world.clock.pass_(minutes=60)
    release_posts(world.herald, world.clock())
    run(world, c.Cancel(post, "Sold out.", version(world, post)), ANA.id)
    hours(world, 1)
    assert world.wall.live() == []
    assert state(world, post) is TargetState.CANCELLED


def test_what_is_published_can_be_taken_down_once() -> None:
    world = a_world()
    post = approved(world)
    hours(world, 1.2)
    run(world, c.TakeDown(post, ACCOUNT.id, "Wrong price.", version(world, post)), MIA.id)
    hours(world, 0.1)
    assert world.wall.live() == []
    assert state(world, post) is TargetState.REMOVED


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (Rejected("no such page", "100"), TargetState.FAILED),
        (NeedsLogin("token expired", "190"), TargetState.FAILED),
        (Retryable("busy", "4", after=60), TargetState.PUBLISHED),
    ],
)
def test_each_answer_ends_in_its_true_state(error: Any, ends: TargetState) -> None:
    world = a_world()
    post = approved(world)
    world.wall.script = [error]
    hours(world, 1.3)
    assert state(world, post) is ends
    assert len(world.wall.live()) == (1 if ends is TargetState.PUBLISHED else 0)


def test_the_gate_names_account_field_and_rule_of_what_a_platform_would_refuse() -> None:
    world = a_world()
    post = drafted(world, "x" * 501, media=(shelved(world.store, BRAND, replace(IMAGE, alt=""), world.clock()),))
    with pytest.raises(Refused) as refused:
        run(world, c.Submit(post, version(world, post)), ANA.id)
    told = str(refused.value)
    assert refused.value.missing == "input"
    assert f"{ACCOUNT.id}, text: 501 characters" in told
    assert f"{ACCOUNT.id}, alt: Describe the image" in told


@pytest.mark.parametrize(
    ("local", "zone", "words"),
    [
        ("2026-10-04T02:30", "Australia/Sydney", "does not exist"),
        ("2026-13-01T09:00", "Australia/Sydney", "no time"),
        ("2026-11-24T09:30", "Mars/Olympus", "nobody knows"),
    ],
)
def test_times_that_do_not_exist_are_refused_in_words(local: str, zone: str, words: str) -> None:
    world = a_world()
    with pytest.raises(Refused, match=words):
        run(world, c.Draft("post-0001", BRAND, "t", "x", (c.Variant(ACCOUNT.id, local, zone),), 0), ANA.id)


# ---------------------------------------------------------------- the bars


PLATFORMS = ("facebook_page", "mastodon", "bluesky")


def test_fifty_posts_over_three_platforms_that_misbehave_are_each_out_once(capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(50)
    walls = [Wall(name) for name in PLATFORMS[1:]]
    world = a_world(walls=walls)
    accounts = (ACCOUNT.id, "mastodon:page", "bluesky:page")
    wanted: dict[str, list[str]] = {account: [] for account in accounts}
    for n in range(50):
        text = f"Post number {n}" if n % 10 else "The same words, an hour apart"
        chosen = tuple(a for a in accounts if chance.random() < 0.7) or (accounts[0],)
        hour = 13 + (n % 10 or n // 10)
        approved(world, text, id=f"post-{n:04d}", at=f"2026-11-18T{hour}:{n % 6 if n % 10 else 0}0", accounts=chosen)
        for account in chosen:
            wanted[account].append(text)
    everyone = [world.wall, *walls]
    faults = ["drop", "late", Retryable("busy", "4", after=30), Retryable("down", "2")]
    for _ in range(60 * 12):
        for wall in everyone:
            if chance.random() < 0.05:
                wall.script.append(chance.choice(faults))
            wall.arrive_late()  # late, but within the settling time
        minute(world)
        if chance.random() < 0.2:
            minute(world)  # a duplicate tick
        world.clock.pass_(minutes=1 if chance.random() < 0.9 else 2)
    hours(world, 2)
    states = {t.state for n in range(50) for t in world.store.targets_of(f"post-{n:04d}")}
    for account, wall in zip(accounts, everyone, strict=True):
        assert sorted(wall.live()) == sorted(wanted[account]), wall.name
    assert states == {TargetState.PUBLISHED}
    with capsys.disabled():
        print(f"\n  50 posts, {sum(map(len, wanted.values()))} variants over three walls: 0 lost, 0 twice")


@pytest.mark.parametrize("error", [Crash, Outage])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("behaviour", ["ok", "drop", "late"])
def test_one_publication_broken_at_every_call_is_out_once(
    behaviour: str, after: bool, error: type[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    from contextlib import suppress

    covered = 0
    for n in range(1, 200):
        db = MemoryDb()
        world = a_world(db)
        post = approved(world)
        world.clock.pass_(minutes=60)
        world.wall.script = [behaviour]
        broken = BreakingDb(db, n, after, error)
        breaking = a_world(broken, wall=world.wall, clock=world.clock, found=False)
        with suppress(Crash, Outage):
            minute(breaking)
        world.clock.pass_(seconds=30)
        world.wall.arrive_late()
        hours(world, 0.3)
        assert world.wall.live() == ["New chairs are in."], f"broken at call {n}"
        assert state(world, post) is TargetState.PUBLISHED
        if broken.calls < n:
            break
        covered = n
    with capsys.disabled():
        print(f"\n  one post ({behaviour}): {error.__name__} {'after' if after else 'before'}: {covered} calls broken")
    assert covered > 8


# ---------------------------------------------------------------- any order of anything


class Life(RuleBasedStateMachine):
    """Whatever people, platforms, crashes and time do: never two live copies, never unapproved content live, never a
    due post forgotten without a reason."""

    posts = Bundle("posts")

    def __init__(self) -> None:
        super().__init__()
        self.db = MemoryDb()
        self.clock = Clock()
        self.world = a_world(self.db, clock=self.clock)
        self.wall = self.world.wall
        self.approved_texts: set[str] = set()
        self.held: set[str] = set()
        self.ticked = False  # whether the schedule has just run undisturbed
        self.n = 0

    def _try(self, command: Any, by: str) -> bool:
        try:
            run(self.world, command, by)
        except Refused:
            return False
        return True

    def _time(self, minutes: int) -> str:
        return (self.clock.now + timedelta(hours=11, minutes=minutes)).strftime("%Y-%m-%dT%H:%M")

    @rule(target=posts, minutes=st.integers(1, 20))
    def draft(self, minutes: int) -> str:
        self.n += 1
        post = f"post-{self.n:04d}"
        variants = (c.Variant(ACCOUNT.id, self._time(minutes), ZONE),)
        self._try(c.Draft(post, BRAND, "t", f"words {self.n}", variants, 0), ANA.id)
        return post

    @rule(post=posts, minutes=st.integers(1, 20))
    def edit(self, post: str, minutes: int) -> None:
        self.n += 1
        variants = (c.Variant(ACCOUNT.id, self._time(minutes), ZONE),)
        command = c.Draft(post, BRAND, "t", f"words {self.n}", variants, version(self.world, post))
        self._try(command, ANA.id)

    @rule(post=posts)
    def submit(self, post: str) -> None:
        self._try(c.Submit(post, version(self.world, post)), ANA.id)

    @rule(post=posts, who=st.sampled_from([ANA.id, MIA.id]))
    def approve(self, post: str, who: str) -> None:
        if self._try(c.Approve(post, version(self.world, post)), who):
            assert who == MIA.id
            found, target = self.world.store.post(post), self.world.store.target(post, ACCOUNT.id)
            assert found is not None
            assert target is not None
            self.approved_texts.add(f"{found.text}|{post_hash(found, target)}")

    @rule(post=posts)
    def cancel(self, post: str) -> None:
        self._try(c.Cancel(post, "no", version(self.world, post)), ANA.id)

    @rule(post=posts, minutes=st.integers(1, 20))
    def move(self, post: str, minutes: int) -> None:
        self._try(c.MovePost(post, self._time(minutes), version(self.world, post)), ANA.id)

    @rule(n=st.integers(1, 3))
    def hold(self, n: int) -> None:
        if self._try(c.Hold(f"hold-000{n}", BRAND, "Storm."), MIA.id):
            hold = self.world.store.hold(BRAND, f"hold-000{n}")
            if hold and not hold.released_at:
                self.held.add(hold.id)

    @precondition(lambda self: self.held)
    @rule()
    def lift(self) -> None:
        hold = sorted(self.held)[0]
        self._try(c.Release(hold, BRAND), MIA.id)
        self.held.discard(hold)

    @rule(step=st.sampled_from(["drop", "late", Retryable("busy", "4", after=5), NeedsLogin("expired", "190")]))
    def fault(self, step: Any) -> None:
        self.wall.script = [step]

    @rule()
    def late_answer(self) -> None:
        self.wall.arrive_late()

    @rule(minutes=st.integers(1, 6))
    def time(self, minutes: int) -> None:
        for _ in range(minutes):
            live = len(self.wall.posts)
            minute(self.world)
            if self.held:
                assert len(self.wall.posts) == live, "something was published against a hold"
            self.wall.arrive_late()  # always within the settling time
            self.clock.pass_(minutes=1)
            self.ticked = True

    @rule(at=st.integers(1, 14), after=st.booleans())
    def crash(self, at: int, after: bool) -> None:
        self.ticked = False
        breaking = a_world(BreakingDb(self.db, at, after, Crash), wall=self.wall, clock=self.clock, found=False)
        try:
            minute(breaking)
        except Crash:
            return  # its wake-ups are lost with it

    @rule()
    def duplicate_wake_ups(self) -> None:
        for item in self.db.everything()["Posts"]:
            if item["sk"] == "V":
                deliver(item["id"], self.world.herald, self.clock())

    @invariant()
    def never_two_live_copies(self) -> None:
        live = self.wall.live()
        assert len(live) == len(set(live)), "two live copies"

    @invariant()
    def never_unapproved_content_live(self) -> None:
        known = {text.split("|")[0] for text in self.approved_texts}
        assert set(self.wall.live()) <= known

    @invariant()
    def never_forgotten_without_a_reason(self) -> None:
        for item in self.db.everything()["Posts"]:
            if not item["sk"].startswith("T#"):
                continue
            target = self.world.store.target(item["post_id"], item["account"])
            assert target is not None
            if target.state in (TargetState.HELD, TargetState.FAILED, TargetState.UNCLEAR):
                assert target.reason
            if target.state is TargetState.APPROVED and self.clock() - target.due_at > timedelta(minutes=20):
                assert not self.ticked, "an approved post was forgotten"
            if target.state is TargetState.RELEASING:
                delivery = self.world.store.delivery(target.delivery_id)
                assert delivery is not None
                assert not delivery.state.final, "a variant waits for a delivery that has ended"


def test_whatever_happens_in_whatever_order() -> None:
    """40 lives of 50 steps: 2,000 steps."""
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=40, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )  # fmt: skip
