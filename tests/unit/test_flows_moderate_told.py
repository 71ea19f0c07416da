"""Judging what the stream told: no row is read that has not changed since, and what has changed is found out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from hypothesis import given, settings
from hypothesis import strategies as st

from herald.flows import moderate as flow
from herald.flows.moderate import moderate
from herald.model import Action, Message
from herald.store import keys
from herald.store.db import Item, Key, Write
from local.memory import MemoryDb
from tests.support.world import ACCOUNT, BRAND, TODAY, World, a_comment, a_world, deleted, edited

DAY = TODAY.isoformat()
STEPS = ("say", "edit", "delete", "judge", "again")


class Watched(MemoryDb):
    """Counts rows of messages read in batches, and writes of each transaction."""

    def __init__(self) -> None:
        super().__init__()
        self.read = 0
        self.transactions: list[int] = []

    def get_many(self, wanted: Any, *, settled: bool = True) -> dict[Key, Item]:
        found = super().get_many(wanted, settled=settled)
        self.read += sum(key[0] == keys.MESSAGES for key in found)
        return found

    def transact(self, writes: Sequence[Write]) -> None:
        self.transactions.append(len(writes))
        super().transact(writes)


def told(world: World, *events: object) -> list[Message]:
    """These events written, and their rows as the stream tells them."""
    serialize = TypeSerializer().serialize
    rows = []
    for event in events:
        world.store.apply(event, BRAND, world.clock())  # type: ignore[arg-type]
        item = world.db.get(keys.message(event.message_id))  # type: ignore[attr-defined]
        rows.append(world.store.told({name: serialize(value) for name, value in item.items()}))
    return rows


def rows(world: World, messages: list[Message]) -> dict[str, tuple[str, Action | None]]:
    found = world.store.messages([message.id for message in messages])
    return {i: (m.pending, m.decision.action if m.decision else None) for i, m in sorted(found.items())}


def test_what_the_stream_told_is_judged_without_reading_it_again() -> None:
    db = Watched()
    world = a_world(db)
    messages = told(world, *(a_comment(f"lovely {n}", id=str(n)) for n in range(50)))
    db.read, db.transactions = 0, []
    outcomes = moderate([], world.herald, world.clock(), told=messages)
    assert {outcome.result for outcome in outcomes} == {"decided"}
    assert db.read == 0
    assert db.transactions == [52]  # fifty rows, one day's counts, one digest


def test_a_full_batch_of_allowed_messages_is_one_transaction_and_none_is_larger_than_dynamodb_takes() -> None:
    db = Watched()
    world = a_world(db)
    allowed = told(world, *(a_comment(f"lovely {n}", id=str(n)) for n in range(90)))
    db.transactions = []
    moderate([], world.herald, world.clock(), told=allowed)
    assert db.transactions == [92]
    mixed = [a_comment("you utter muppet" if n % 2 else "my lamp is broken?", id=f"m{n}") for n in range(90)]
    messages = told(world, *mixed)
    db.transactions = []
    outcomes = moderate([], world.herald, world.clock(), told=messages)
    assert len(outcomes) == 90
    assert max(db.transactions) <= flow.WRITES


def test_one_that_changed_since_is_read_again_and_its_neighbours_still_share_one_commit() -> None:
    db = Watched()
    world = a_world(db)
    events = [a_comment(f"lovely {n}", id=str(n)) for n in range(20)]
    messages = told(world, *events)
    change = edited(events[3], "you utter muppet", at=world.clock.pass_(seconds=1))
    world.store.apply(change, BRAND, world.clock())
    db.transactions = []
    moderate([], world.herald, world.clock(), told=messages)
    found = rows(world, messages)
    assert found[messages[3].id] == ("", Action.HIDE)
    assert [action for _, action in found.values()].count(Action.ALLOW) == 19
    assert len(db.transactions) == 2  # refused once, then all together


def test_a_batch_told_twice_changes_nothing() -> None:
    db = Watched()
    world = a_world(db)
    messages = told(world, a_comment("lovely", id="1"), a_comment("you utter muppet", id="2"))
    moderate([], world.herald, world.clock(), told=messages)
    before, audit = world.db.everything(), len(world.store.audit_of("moderation"))  # type: ignore[attr-defined]
    outcomes = moderate([], world.herald, world.clock(), told=messages)
    assert {outcome.result for outcome in outcomes} == {"unchanged"}
    assert world.db.everything() == before  # type: ignore[attr-defined]
    assert len(world.store.audit_of("moderation")) == audit


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["say", "edit", "delete", "judge", "again"])), max_size=25)
)
def test_old_images_in_any_order_end_where_fresh_rows_do(steps: list[tuple[int, str]]) -> None:
    world = a_world()
    images: list[Message] = []
    said: dict[int, Any] = {}
    for number, what in steps:
        world.clock.pass_(seconds=1)
        if what == "say" and number not in said:
            said[number] = a_comment("lovely", id=str(number))
            images += told(world, said[number])
        elif what == "edit" and number in said:
            images += told(world, edited(said[number], "you utter muppet", at=world.clock()))
        elif what == "delete" and number in said:
            images += told(world, deleted(said[number], at=world.clock()))
        elif what == "judge":
            moderate([], world.herald, world.clock(), told=images)
            images = []
        elif what == "again":
            moderate([], world.herald, world.clock(), told=list(images))
    moderate([], world.herald, world.clock(), told=images)
    ids = [event.message_id for event in said.values()]
    for message in world.store.messages(ids).values():
        assert not message.pending
        if not message.deleted:
            assert message.decision is not None
            assert message.decision.content_hash == message.content_hash
    from herald.measure import counts

    recomputed = counts.rollup(world.store.messages(ids).values(), {ACCOUNT.id: ACCOUNT.timezone})
    assert world.store.counts(ACCOUNT.id, DAY, DAY) == recomputed.get(ACCOUNT.id, {})
