"""One row a message: whatever the order and however often its changes arrive, the row ends the same."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from herald.model import Change, Event, Kind, Message
from herald.store import keys, rows
from herald.store.db import Put
from herald.store.tables import TableStore
from local.memory import MemoryDb
from tests.support.world import BRAND, NOON, a_comment, deleted, edited

LATER = NOON + timedelta(minutes=1)


def end(events: list[Event]) -> Message | None:
    """The row after these events in this order, less what tells of the order (versions, marks to work)."""
    store = TableStore(MemoryDb())
    for event in events:
        store.apply(event, BRAND, NOON)
    message = store.message(events[0].message_id)
    return replace(message, version=0, pending="") if message else None


FIRST = a_comment("my lamp is broken")
STORY = [
    FIRST,
    edited(FIRST, "my lamp is broken, again", at=NOON + timedelta(seconds=10)),
    edited(FIRST, "never mind", at=NOON + timedelta(seconds=20)),
    replace(FIRST, change=Change.HIDDEN, text="", created_at=NOON + timedelta(seconds=30)),
    replace(FIRST, change=Change.UNHIDDEN, text="", created_at=NOON + timedelta(seconds=40)),
]


def test_every_order_of_a_story_ends_in_the_same_row() -> None:
    straight = end(STORY)
    assert straight is not None
    assert (straight.text, straight.edited, straight.hidden) == ("never mind", True, False)
    for order in itertools.permutations(STORY):
        assert end(list(order)) == straight


def test_every_order_with_a_deletion_ends_in_the_same_tombstone() -> None:
    story = [*STORY[:3], deleted(FIRST, at=NOON + timedelta(seconds=50))]
    straight = end(story)
    assert straight is not None
    assert (straight.text, straight.deleted, straight.author_id) == ("", True, "u1")
    for order in itertools.permutations(story):
        assert end(list(order)) == straight


@settings(max_examples=200, deadline=None)
@given(
    changes=st.lists(
        st.tuples(
            st.sampled_from([Change.CREATED, Change.EDITED, Change.DELETED, Change.HIDDEN, Change.UNHIDDEN]),
            st.integers(0, 3),
            st.sampled_from(["a", "b"]),
        ),
        min_size=1,
        max_size=7,
    ),
    seed=st.integers(0, 2**16),
)
def test_shuffled_and_repeated_changes_end_as_the_straight_story(
    changes: list[tuple[Change, int, str]], seed: int
) -> None:
    events = [
        replace(
            FIRST,
            change=change,
            text="" if change in (Change.DELETED, Change.HIDDEN, Change.UNHIDDEN) else text,
            created_at=NOON + timedelta(seconds=0 if change is Change.CREATED else second),
        )
        for change, second, text in changes
    ]
    told = [*events, *events]
    random.Random(seed).shuffle(told)
    assert end(told) == end(sorted(events, key=lambda e: (e.created_at, e.change, e.text)))


def test_a_repeated_delivery_is_ordinary_and_changes_nothing() -> None:
    store = TableStore(MemoryDb())
    assert store.apply(FIRST, BRAND, NOON)
    before = store.message(FIRST.message_id)
    assert not store.apply(FIRST, BRAND, LATER)
    assert store.message(FIRST.message_id) == before


def test_a_deletion_wins_over_everything_older_or_equal_and_clears_the_words() -> None:
    gone = deleted(FIRST, at=NOON)
    for order in ([FIRST, gone], [gone, FIRST]):
        message = end(order)
        assert message is not None
        assert message.deleted
        assert message.text == ""


def test_a_hide_that_comes_before_its_comment_keeps_the_words_it_carries() -> None:
    hidden = replace(FIRST, change=Change.HIDDEN, created_at=LATER)
    glimpsed = end([hidden])
    assert glimpsed is not None
    assert (glimpsed.text, glimpsed.hidden) == (FIRST.text, True)
    whole = end([hidden, FIRST])
    assert whole is not None
    assert (whole.created_at, whole.hidden, whole.stamp != glimpsed.stamp) == (NOON, True, True)


def test_our_own_echo_is_kept_but_never_waits_for_judgement() -> None:
    store = TableStore(MemoryDb())
    store.apply(a_comment("thanks for telling us", change=Change.OUTBOUND), BRAND, NOON)
    message = store.message(FIRST.message_id)
    assert message is not None
    assert message.outbound
    assert message.pending == ""


def test_an_unknown_verb_is_kept_beside_the_row_and_never_overwrites_it() -> None:
    store = TableStore(MemoryDb())
    store.apply(FIRST, BRAND, NOON)
    before = store.message(FIRST.message_id)
    strange = replace(FIRST, change=Change.UNKNOWN, more={"raw": {"verb": "mute"}})
    assert store.apply(strange, BRAND, LATER)
    assert not store.apply(strange, BRAND, LATER)
    assert store.message(FIRST.message_id) == before


def test_a_row_with_280_characters_and_an_allow_stays_within_one_write_unit() -> None:
    db = MemoryDb()
    store = TableStore(db)
    event = a_comment("x" * 280, id="1234567890123456_9876543210987654", author_id="12345678901234567")
    store.apply(replace(event, more={"thread_id": "1234567890123_1234567890123"}), BRAND, NOON)
    from tests.unit.test_flows_moderate import judged_by_rules

    message = judged_by_rules(db, event.message_id)
    size = _bytes(db.get(keys.message(message.id)))
    assert size <= 1024, f"{size} bytes"


def _bytes(value: object) -> int:
    """Item size as DynamoDB counts it (names and UTF-8 values; numbers about half their digits)."""
    from local.memory import _size

    return _size(value) - 3


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_survives_the_row(kind: Kind) -> None:
    message = replace(end([FIRST]), kind=kind, more={"rating": 4, "nested": {"list": [1, "two", None]}})  # type: ignore[type-var]
    item = rows.message_item(message) | {"pk": f"M#{message.id}", "sk": "M"}
    assert rows.message(item).kind is kind


def test_the_words_of_every_decision_are_forgotten_however_many_there_are() -> None:
    store = TableStore(MemoryDb())
    store.apply(FIRST, BRAND, NOON)
    for number in range(205):
        place = keys.decision(FIRST.message_id, NOON + timedelta(seconds=number), "hash", "rules")
        store.db.write(Put(place, {"text": "my lamp is broken", "decided_by": "rules"}))
    store.forget(FIRST.message_id)
    left: list[dict[str, object]] = []
    more: str | None = None
    while True:
        rows_of = f"M#{FIRST.message_id}"
        items, more = store.db.query(keys.MESSAGES, rows_of, first="D#", last="D#~", limit=200, after=more)
        left += items
        if more is None:
            break
    assert len(left) == 205
    assert not [item for item in left if "text" in item]
