"""Counts are exact: the sum of differences along any path is what the last states say."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from herald.measure.counts import contribution, delta, rollup
from herald.model import Action, Decision, Kind, Message, Severity

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SYDNEY = "Australia/Sydney"


def a_decision(action: Action = Action.ALLOW, by: str = "rules", labels: tuple[str, ...] = ()) -> Decision:
    return Decision("0" * 16, action, Severity.NONE, NOON, by, "r1", labels=labels)


def a_message(**more: object) -> Message:
    row = Message(
        platform="facebook_page", account_id="1", external_id="1_2", kind=Kind.COMMENT, author_id="9",
        author_name="Ada Example", text="Is it in stock?", parent_id="1_1", created_at=NOON, changed_at=NOON,
        received_at=NOON, stamp="s", decision=a_decision(),
    )  # fmt: skip
    return replace(row, **more)  # type: ignore[arg-type]


def counted(message: Message, zone: str = SYDNEY) -> dict[str, int]:
    return {m: n for c in delta("a", "", contribution(message, zone)) for m, n in c.add.items()}


def test_a_judged_comment_counts_its_kind_its_decision_and_its_labels():
    message = a_message(edited=True, decision=a_decision(Action.HIDE, "priya", ("insult", "question", "complaint")))
    assert contribution(message, SYDNEY) == "2026-11-22|comment|hide|person|edited|complaint,question|23"
    assert counted(message) == {
        "messages": 1, "kind.comment": 1, "action.hide": 1, "by.person": 1, "edited": 1, "label.complaint": 1,
        "label.question": 1, "h23": 1, "x23": 1,
    }  # fmt: skip


def test_what_is_not_judged_and_what_we_said_ourselves_counts_nothing():
    assert contribution(a_message(decision=None), SYDNEY) == ""
    assert contribution(a_message(outbound=True), SYDNEY) == ""
    assert contribution(a_message(outbound=True, deleted=True), SYDNEY) == ""


def test_a_deleted_message_counts_the_same_whether_it_was_judged_before_or_not():
    judged = a_message(deleted=True, edited=True, decision=a_decision(Action.HIDE, labels=("complaint",)))
    never = a_message(deleted=True, decision=None)
    assert contribution(judged, SYDNEY) == contribution(never, SYDNEY)
    assert counted(never) == {"messages": 1, "kind.comment": 1, "deleted": 1}


def test_a_reaction_counts_as_its_kind_only_until_it_is_taken_back():
    reaction = a_message(kind=Kind.REACTION, text="love", decision=None)
    assert counted(reaction) == {"kind.reaction": 1}
    assert counted(replace(reaction, deleted=True)) == {}


@pytest.mark.parametrize(
    ("zone", "day"), [("Australia/Sydney", "2026-11-23"), ("Australia/Perth", "2026-11-22"), ("UTC", "2026-11-22")]
)
def test_the_day_is_that_of_the_accounts_own_clock(zone: str, day: str):
    late = a_message(created_at=datetime(2026, 11, 22, 14, 30, tzinfo=UTC))
    assert contribution(late, zone).startswith(day + "|")


def test_a_change_of_decision_moves_one_count_and_touches_nothing_else():
    old = contribution(a_message(), SYDNEY)
    new = contribution(a_message(decision=a_decision(Action.HIDE)), SYDNEY)
    [change] = delta("facebook_page:1", old, new)
    assert (change.account, change.day) == ("facebook_page:1", "2026-11-22")
    assert change.add == {"action.allow": -1, "action.hide": 1, "x23": 1}
    assert delta("facebook_page:1", new, new) == []


def test_a_row_counted_before_hours_were_gets_its_hour_when_something_changes_it():
    [change] = delta("facebook_page:1", "2026-11-22|comment|allow|rules||", contribution(a_message(), SYDNEY))
    assert change.add == {"h23": 1}


def test_what_is_against_us_counts_once_an_hour_however_many_reasons_there_are():
    complaint = a_message(decision=a_decision(Action.QUEUE, labels=("complaint",)))
    assert {m: n for m, n in counted(complaint).items() if m[0] in "hx"} == {"h23": 1, "x23": 1}
    praise = a_message(decision=a_decision(labels=("praise",)))
    assert {m: n for m, n in counted(praise).items() if m[0] in "hx"} == {"h23": 1}


def test_a_message_whose_day_becomes_known_later_leaves_the_old_day():
    old = contribution(a_message(), SYDNEY)
    new = contribution(a_message(created_at=NOON - timedelta(days=1)), SYDNEY)
    assert [(c.day, c.add["messages"]) for c in delta("a", old, new)] == [("2026-11-21", 1), ("2026-11-22", -1)]


@pytest.mark.parametrize("text", [
    "rubbish", "2026-11-22|comment|banish|rules||", "x|comment|hide|rules||", "||||||",
    "2026-11-22|comment|hide|rules|||24", "2026-11-22|comment|hide|rules|||", "2026-11-22|comment|hide|rules|||07|",
])  # fmt: skip
def test_a_contribution_that_nobody_made_is_refused(text: str):
    with pytest.raises(ValueError, match="no contribution"):
        delta("a", "", text)


def test_a_message_of_an_unknown_account_is_not_silently_left_out():
    with pytest.raises(KeyError):
        rollup([a_message()], {"facebook_page:2": SYDNEY})


decisions = st.none() | st.builds(
    a_decision,
    st.sampled_from(Action),
    st.sampled_from(["rules", "priya"]),
    st.lists(st.sampled_from(["complaint", "praise", "question", "review", "insult"]), unique=True).map(tuple),
)
states = st.builds(
    a_message,
    external_id=st.sampled_from(["1_2", "1_3", "1_4"]),
    account_id=st.just("1"),
    kind=st.sampled_from(Kind),
    created_at=st.datetimes(datetime(2026, 3, 30), datetime(2026, 4, 10), timezones=st.just(UTC)),  # noqa: DTZ001
    edited=st.booleans(),
    deleted=st.booleans(),
    outbound=st.booleans(),
    decision=decisions,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(states, max_size=12))
def test_the_differences_along_any_path_add_up_to_the_rollup_of_the_last_states(path: list[Message]):
    rows: dict[str, Message] = {}
    sums: dict[str, Counter[str]] = {}
    for state in path:
        before = rows.get(state.id)
        old = contribution(before, SYDNEY) if before else ""
        for change in delta("facebook_page:1", old, contribution(state, SYDNEY)):
            sums.setdefault(change.day, Counter()).update(change.add)
        rows[state.id] = state
    standing = {day: {m: n for m, n in of.items() if n} for day, of in sums.items()}
    standing = {day: of for day, of in standing.items() if of}
    assert standing == rollup(rows.values(), {"facebook_page:1": SYDNEY}).get("facebook_page:1", {})


@settings(max_examples=100, deadline=None)
@given(st.lists(states, max_size=12))
def test_messages_is_the_sum_of_what_stands_and_what_is_gone(rows: list[Message]):
    for days in rollup(rows, {"facebook_page:1": SYDNEY}).values():
        for of in days.values():
            standing = sum(of.get(f"action.{action}", 0) for action in Action)
            assert of.get("messages", 0) == standing + of.get("deleted", 0)
            assert standing == of.get("by.rules", 0) + of.get("by.person", 0)
