"""The detector: a day against us as none of the week was; promotions and quiet weeks raise nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from herald.measure import alarm

counts = st.fixed_dictionaries(
    {"messages": st.integers(0, 300)},
    optional={
        "label.complaint": st.integers(0, 100),
        "action.hide": st.integers(0, 60),
        "action.queue": st.integers(0, 60),
    },
)
ORDINARY = [{"messages": 30, "label.complaint": n} for n in (6, 8, 7, 9, 6, 8, 7)]


def day(messages: int, complaints: int) -> dict[str, int]:
    return {"messages": messages, "label.complaint": complaints}


def test_far_more_against_us_than_in_the_week_raises_it() -> None:
    assert alarm.look(day(50, 30), ORDINARY).alarm
    seen = alarm.look(day(30, 9), ORDINARY)
    assert not seen.alarm
    assert seen.limit is not None
    assert seen.mean == (6 + 8 + 7 + 6 + 8 + 7) / 6  # without the 9, the greatest


def test_a_promotion_with_many_messages_and_few_against_us_raises_nothing() -> None:
    assert not alarm.look(day(200, 40), ORDINARY).alarm


def test_a_quiet_week_does_not_make_a_handful_an_incident() -> None:
    quiet = [{"messages": 2} for _ in range(7)]
    assert not alarm.look(day(7, 7), quiet).alarm
    assert alarm.look(day(9, 9), quiet).alarm


def test_with_too_few_days_before_it_nothing_is_judged() -> None:
    seen = alarm.look(day(99, 99), [*ORDINARY[:2], {}, {}, {}, {}, {}])
    assert (seen.alarm, seen.limit) == (False, None)


@given(counts, st.lists(counts, min_size=7, max_size=7))
def test_signals_never_exceed_messages_and_more_of_them_never_quiets_it(
    today: dict[str, int], week: list[dict[str, int]]
) -> None:
    assert 0 <= alarm.signals(today) <= today["messages"]
    if alarm.look(today, week).alarm:
        worse = today | {"messages": today["messages"] + 1, "label.complaint": today.get("label.complaint", 0) + 1}
        assert alarm.look(worse, week).alarm
