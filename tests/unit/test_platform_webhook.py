"""The generic signed webhook: a strict format with errors that say where."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import BadPayload
from herald.model import Change, Event, Kind
from herald.platforms.webhook import MAX_EVENTS, Webhook

source = Webhook()


def event(**other: Any) -> dict[str, Any]:
    value = {"id": "77", "kind": "comment", "text": "Is it back?", "created_at": "2026-10-01T11:00:00+02:00"} | other
    return {key: given for key, given in value.items() if given != "-"}


def parse(*events: Any, account_id: Any = "shop-1", **other: Any) -> list[Event]:
    return source.parse(json.dumps({"account_id": account_id, "events": list(events)} | other).encode())


def test_an_event_says_what_it_was_given() -> None:
    (read,) = parse(event(author_id=5, author_name="Kim", parent_id="70"))
    assert read == Event(
        platform="webhook", account_id="shop-1", external_id="shop-1:77", author_id="5", text="Is it back?",
        kind=Kind.COMMENT, change=Change.CREATED, parent_id="70", created_at=datetime(2026, 10, 1, 9, tzinfo=UTC),
        author_name="Kim",
    )  # fmt: skip


def test_a_deletion_carries_no_words_and_seconds_are_a_time() -> None:
    (read,) = parse(event(change="deleted", created_at=1790845200))
    assert (read.change, read.text, read.created_at) == (Change.DELETED, "", datetime(2026, 10, 1, 9, tzinfo=UTC))


def test_no_events_are_no_events() -> None:
    assert parse() == []


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([event(), event(id="-")], "events[1].id"),
        ([event(kind="sonnet")], "events[0].kind: one of comment, mention"),
        ([event(kind="-")], "events[0].kind"),
        ([event(kind=["comment"])], "events[0].kind"),
        ([event(change="CREATED")], "events[0].change"),
        ([event(created_at="-")], "events[0].created_at"),
        ([event(created_at="2026-10-01T11:00:00")], "no offset from UTC"),
        ([event(text=5)], "events[0].text: a string"),
        ([event(text="x" * 10_001)], "events[0].text: 10001 characters"),
        ([event(txet="typo")], "events[0]: unknown key 'txet'; known are author_id"),
        (["x"], "events[0]: an object"),
        ([event()] * (MAX_EVENTS + 1), "at most 1000"),
    ],
)
def test_one_wrong_event_refuses_the_body_and_names_the_place(events: list[Any], words: str) -> None:
    with pytest.raises(BadPayload) as refused:
        parse(*events)
    assert words in str(refused.value)


def test_the_envelope_is_strict_too() -> None:
    for bad, words in (({"account_id": None}, "account_id"), ({"version": 2}, "unknown key 'version'")):
        with pytest.raises(BadPayload, match=words):
            parse(event(), **bad)
    with pytest.raises(BadPayload, match="events: a list expected, found missing"):
        source.parse(b'{"account_id":"a"}')


@given(st.binary(max_size=120) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["account_id", "events", "id", "kind", "text", "created_at"]), inner),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_any_bytes_are_events_or_bad_payload(raw: bytes) -> None:
    try:
        assert all(isinstance(found, Event) for found in source.parse(raw))
    except BadPayload as refused:
        str(refused).encode()  # printable, whatever was sent
