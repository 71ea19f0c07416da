"""Broken at every call, before and after it took effect: nothing lost, nothing doubled, counts exact."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from herald.flows.commands import Reply
from herald.flows.deliver import deliver, release
from herald.flows.gate import perform
from herald.flows.moderate import moderate
from herald.flows.receive import receive
from herald.flows.redrive import undecided
from herald.govern import audit
from herald.measure import counts
from herald.model import Act, CaseState, DeliveryState, Message
from herald.store import rows
from local.memory import MemoryDb
from tests.support.faults import BreakingDb, Crash, Outage
from tests.support.world import ACCOUNT, BRAND, MIA, NOON, PAGE, SECRET, World, a_comment, a_world, furnish

BREAKS = [(after, error) for after in (False, True) for error in (Crash, Outage)]


def webhook(changes: list[dict[str, Any]]) -> tuple[bytes, dict[str, str]]:
    """A signed Page webhook with these `value`s, in our own words."""
    entry = {"id": PAGE, "time": int(NOON.timestamp()), "changes": [{"field": "feed", "value": v} for v in changes]}
    body = json.dumps({"object": "page", "entry": [entry]}).encode()
    return body, {"x-hub-signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}


def comment(n: int, text: str, verb: str = "add", second: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "item": "comment", "verb": verb, "comment_id": f"{PAGE}_{n}", "post_id": f"{PAGE}_p", "parent_id": f"{PAGE}_p",
        "created_time": int(NOON.timestamp()) + second, "message": text, "from": {"id": f"u{n}", "name": f"Person {n}"},
    } | more  # fmt: skip


DOZEN = [
    comment(1, "lovely chairs"),
    comment(2, "you utter muppet"),
    comment(3, "my lamp is broken"),
    comment(4, "when do you open?"),
    comment(5, "this looks dodgy"),
    comment(6, "nice"),
    comment(6, "you utter muppet", verb="edited", second=20),
    comment(3, "", verb="remove", second=30),
    comment(7, "great shop"),
    comment(8, "clown shoes, and my order is broken"),
    comment(9, "thanks"),
    comment(9, "", verb="hide", second=5),
]


def facts(world: World) -> dict[str, Any]:
    """What must be the same however often it broke: rows, cases, deliveries, counts, audit subjects."""
    everything = world.db.everything()  # type: ignore[attr-defined]
    messages = [rows.message(item) for item in everything["Messages"] if item["sk"] == "M"]
    chain = world.store.audit_of("moderation", limit=1000)
    assert audit.verify(chain) == []
    return {
        "messages": {
            m.id: (m.text, m.deleted, m.pending, m.decision and m.decision.action, m.counted) for m in messages
        },
        "cases": {item["pk"]: item["state"] for item in everything["Messages"] if item["sk"] == "C"},
        "deliveries": {item["pk"] for item in everything["Posts"] if item["sk"] == "V"},
        "counts": world.store.counts(ACCOUNT.id, "2026-01-01", "2026-12-31"),
        "acts": sorted(entry.subject for entry in chain if entry.what != "moderate.allow"),
        "allowed": sum(int(e.facts["n"] or 0) for e in chain if e.what == "moderate.allow"),
        "recomputed": counts.rollup(messages, {ACCOUNT.id: ACCOUNT.timezone}).get(ACCOUNT.id, {}),
    }


def ingest_and_moderate(world: World) -> None:
    body, headers = webhook(DOZEN)
    receipt = receive("fb", body, headers, world.herald, NOON)
    assert receipt.status == 200
    moderate([f"facebook_page:{PAGE}_{n}" for n in range(1, 10)], world.herald, NOON)


def everyone(db: MemoryDb) -> None:
    furnish(a_world(db, found=False).store)


def until_whole(run: Callable[[int], bool], limit: int = 400) -> int:
    """Run with a break at call 1, 2, 3 ... until a run needs no rescue; returns how many were broken."""
    for n in range(1, limit):
        if run(n):
            return n - 1
    raise AssertionError(f"still breaking after {limit} calls")


@pytest.mark.parametrize(("after", "error"), BREAKS)
def test_ingest_and_moderate_survive_a_break_at_every_call(
    after: bool, error: type[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    straight = a_world()
    ingest_and_moderate(straight)
    expected = facts(straight)
    assert expected["counts"] == expected["recomputed"]

    def run(n: int) -> bool:
        db = MemoryDb()
        everyone(db)
        broken = BreakingDb(db, n, after, error)
        with suppress(Crash, Outage):
            ingest_and_moderate(a_world(broken, found=False))
        fresh = a_world(db, found=False)  # a fresh runtime: the platform and the stream come again
        fresh.clock.pass_(minutes=2)
        ingest_and_moderate(fresh)
        list(undecided(fresh.herald, ["2026-11-18"], fresh.clock()))
        got = facts(fresh)
        # the allows may stand in more than one digest entry, but each is in exactly one
        assert got == expected, f"broken {'after' if after else 'before'} call {n}"
        return broken.calls < n

    covered = until_whole(run)
    with capsys.disabled():
        print(f"\n  ingest and moderate: {error.__name__} {'after' if after else 'before'}: {covered} calls broken")
    assert covered > 20


def a_thousand(seed: int) -> list[dict[str, Any]]:
    """1,000 comments with edits and deletions, each told three times, shuffled."""
    chance = random.Random(seed)
    texts = ["lovely", "you utter muppet", "broken again", "when?", "dodgy", "fine", "clown shoes"]
    told = []
    for n in range(1000):
        told.append(comment(n, chance.choice(texts)))
        if chance.random() < 0.2:
            told.append(comment(n, chance.choice(texts), verb="edited", second=60 + n % 7))
        if chance.random() < 0.1:
            told.append(comment(n, "", verb="remove", second=120))
    told *= 3
    chance.shuffle(told)
    return told


def test_a_thousand_messages_told_three_times_in_any_order_are_each_there_once() -> None:
    world = a_world()
    told = a_thousand(7)
    chance = random.Random(8)
    while told:
        size = chance.randint(1, 200)
        batch, told = told[:size], told[size:]
        body, headers = webhook(batch)
        assert receive("fb", body, headers, world.herald, NOON).status == 200
        ids = [f"facebook_page:{value['comment_id']}" for value in batch]
        moderate(ids, world.herald, world.clock.pass_(seconds=1))
        moderate(ids[: size // 2], world.herald, world.clock())  # a redelivered half
    got = facts(world)
    assert len(got["messages"]) == 1000
    assert all(pending == "" for _, _, pending, _, _ in got["messages"].values())
    assert got["counts"] == got["recomputed"]
    assert sum(day["messages"] for day in got["counts"].values()) == 1000
    # and the same rows as when told once, in order
    straight = a_world()
    for value in sorted({json.dumps(v): v for v in a_thousand(7)}.values(), key=lambda v: v["created_time"]):
        body, headers = webhook([value])
        receive("fb", body, headers, straight.herald, NOON)
    moderate(list(got["messages"]), straight.herald, NOON)
    once = facts(straight)
    assert {i: (m[0], m[1]) for i, m in got["messages"].items()} == {
        i: (m[0], m[1]) for i, m in once["messages"].items()
    }
    # what is decided on an edit depends on whether the words before it were hidden; nothing else depends on order
    assert without_actions(got["counts"]) == without_actions(once["counts"])


def without_actions(days: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Nor what is against us by the hour, x<hour>: what was hidden or left to a person is, and that is an action."""
    return {day: {m: n for m, n in of.items() if not re.match(r"action\.|x\d\d$", m)} for day, of in days.items()}


# ---------------------------------------------------------------- one reply's delivery


REPLY = Reply(
    id="0123456789abcdef", message_id=f"facebook_page:{PAGE}_1", text="Sorry! A new one is on its way.", expected=1
)


def a_case(world: World) -> Message:
    world.store.apply(a_comment("my lamp is broken"), BRAND, NOON)
    moderate([REPLY.message_id], world.herald, NOON)
    message = world.store.message(REPLY.message_id)
    assert message is not None
    return message


def settle(world: World, minutes: int = 30) -> None:
    """The schedule ticks each minute and the queue delivers each wake-up."""
    for _ in range(minutes):
        for delivery in release(world.herald, world.clock()):
            deliver(delivery.id, world.herald, world.clock())
        world.clock.pass_(minutes=1)


@pytest.mark.parametrize(("after", "error"), BREAKS)
@pytest.mark.parametrize("behaviour", ["ok", "drop", "late"])
def test_a_reply_is_on_the_wall_once_whatever_breaks(
    behaviour: str, after: bool, error: type[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    def run(n: int) -> bool:
        db = MemoryDb()
        everyone(db)
        world = a_world(db, found=False)
        a_case(world)
        world.wall.script = [behaviour]
        broken = BreakingDb(db, n, after, error)
        breaking = a_world(broken, wall=world.wall, clock=world.clock, found=False)
        with suppress(Crash, Outage):
            done = perform(REPLY, by=MIA.id, herald=breaking.herald, now=NOON)
            deliver(done.delivery_id, breaking.herald, world.clock())
        perform(REPLY, by=MIA.id, herald=world.herald, now=world.clock())  # the person's page sends it again
        world.clock.pass_(seconds=20)
        world.wall.arrive_late()  # accepted after we gave up, before settling
        settle(world)
        assert [text for _, _, text in world.wall.replies] == [REPLY.text], f"broken at call {n}"
        (delivery,) = [i for i in db.everything()["Posts"] if i["sk"] == "V"]
        assert delivery["state"] == DeliveryState.DONE
        case = world.store.case(f"answer~{REPLY.message_id}")
        assert case is not None
        assert case.state is CaseState.ANSWERED
        assert case.answered_at is not None
        for chain in ("people", "delivery"):
            assert audit.verify(world.store.audit_of(chain)) == []
        assert [e.what for e in world.store.audit_of("people")] == ["Reply"]
        return broken.calls < n

    covered = until_whole(run)
    with capsys.disabled():
        print(f"\n  one reply ({behaviour}): {error.__name__} {'after' if after else 'before'}: {covered} calls broken")
    assert covered > 10


def test_two_equal_replies_to_one_message_are_both_published_once() -> None:
    world = a_world()
    a_case(world)
    for number, behaviour in enumerate(["drop", "drop"]):
        case = world.store.case(f"answer~{REPLY.message_id}")
        assert case is not None
        again = replace(REPLY, id=f"0123456789abcde{number}", expected=case.version)
        world.wall.script = [behaviour]
        done = perform(again, by=MIA.id, herald=world.herald, now=world.clock())
        deliver(done.delivery_id, world.herald, world.clock())
        settle(world, 5)
    assert [text for _, _, text in world.wall.replies] == [REPLY.text] * 2
    states = [item["state"] for item in world.db.everything()["Posts"] if item["sk"] == "V"]  # type: ignore[attr-defined]
    assert states == [DeliveryState.DONE, DeliveryState.DONE]


def test_a_hide_happens_once_and_is_told_to_the_row() -> None:
    world = a_world()
    world.store.apply(a_comment("you utter muppet"), BRAND, NOON)
    moderate([REPLY.message_id], world.herald, NOON)
    for delivery_id in world.woken * 3:  # the queue repeats itself
        deliver(delivery_id, world.herald, world.clock())
    assert world.wall.acts == [(Act.HIDE, f"{PAGE}_1")]
    message = world.store.message(REPLY.message_id)
    assert message is not None
    assert message.hidden
    settle(world, 3)
    assert world.wall.acts == [(Act.HIDE, f"{PAGE}_1")]


def test_a_crash_between_the_lease_and_the_answer_is_looked_up_not_repeated() -> None:
    world = a_world()
    a_case(world)
    done = perform(REPLY, by=MIA.id, herald=world.herald, now=NOON)
    real = world.wall.act

    def dies(*args: Any) -> Any:
        real(*args)
        raise Crash("the process died after the platform accepted")

    world.wall.act = dies  # type: ignore[method-assign]
    with pytest.raises(Crash):
        deliver(done.delivery_id, world.herald, NOON)
    world.wall.act = real  # type: ignore[method-assign]
    deliver(done.delivery_id, world.herald, NOON + timedelta(seconds=10))  # the lease is still on: nothing
    settle(world, 5)
    assert len(world.wall.replies) == 1
