"""The detector: hours against us as in none of the week; promotions and quiet weeks raise none, midnight hides none."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import present_incidents
from herald.measure import alarm
from herald.measure.alarm import Seen

NOON = datetime(2026, 11, 18, 12, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 18, 0, 10, tzinfo=UTC)

Hours = dict[datetime, tuple[int, int]]
"""Beginning of an hour -> (judged, against us)."""
hours_said = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: (max(pair), min(pair)))


def days_of(hours: Hours) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for at, (judged, against) in hours.items():
        found.setdefault(at.date().isoformat(), {}).update({f"h{at:%H}": judged, f"x{at:%H}": against})
    return found


def week(now: datetime, judged: int = 3, against: int = 0) -> Hours:
    """So many each hour until an hour ago, for eight days."""
    hour = now.replace(minute=0)
    return {hour - timedelta(hours=back): (judged, against) for back in range(1, 24 * 8)}


def look(hours: Hours, now: datetime) -> Seen:
    return alarm.look({"a": days_of(hours)}, {"a": now})


def said(now: datetime, judged: int, against: int) -> Hours:
    return {now.replace(minute=0): (judged, against)}


@pytest.mark.parametrize("now", [NOON, MIDNIGHT])
def test_a_wave_is_seen_as_soon_at_midnight_as_at_noon(now: datetime) -> None:
    busy = week(now, judged=20, against=1)
    seen = look(busy | said(now, 30, 25), now)
    assert (seen.alarm, seen.hours) == (True, 2)
    assert not look(busy | said(now, 30, 6), now).alarm


def test_a_wave_across_midnight_is_one_wave() -> None:
    before = MIDNIGHT.replace(minute=0) - timedelta(hours=1)
    there = week(MIDNIGHT)
    assert not look(there | {before: (5, 5)}, MIDNIGHT).alarm
    assert not look(there | said(MIDNIGHT, 5, 5), MIDNIGHT).alarm
    assert look(there | {before: (5, 5)} | said(MIDNIGHT, 5, 5), MIDNIGHT).alarm


def test_a_slow_wave_is_seen_over_a_day() -> None:
    slow = week(NOON, judged=2) | {NOON.replace(minute=0) - timedelta(hours=back): (2, 2) for back in range(24)}
    seen = look(slow, NOON)
    assert (seen.alarm, seen.hours, seen.signals) == (True, 24, 48)


def test_the_worst_day_is_left_out_so_that_it_does_not_hide_the_next() -> None:
    bad = week(NOON, judged=20, against=1) | {NOON.replace(minute=0) - timedelta(days=3): (60, 60)}
    assert look(bad | said(NOON, 40, 40), NOON).alarm


def test_a_promotion_with_many_messages_and_few_against_us_raises_nothing() -> None:
    assert not look(week(NOON) | said(NOON, 200, 40), NOON).alarm


def test_a_quiet_week_does_not_make_a_handful_an_incident() -> None:
    quiet = week(NOON, judged=1)
    assert not look(quiet | said(NOON, 7, 7), NOON).alarm
    assert look(quiet | said(NOON, 9, 9), NOON).alarm


@pytest.mark.parametrize("against", range(6, 30))
def test_the_page_names_the_number_from_which_it_raises_an_incident(against: int) -> None:
    for there in (week(NOON, judged=1), week(NOON, judged=1) | week(NOON, judged=9, against=4)):
        seen = look(there | said(NOON, against, against), NOON)
        told = alarm.Seen(seen.hours, seen.messages, seen.signals, seen.mean, seen.deviation, seen.limit, alarm=False)
        named = re.search(r"raises an incident from (\d+) on", present_incidents.seen_words(told))
        assert named
        assert seen.alarm == (seen.signals >= int(named[1]) and seen.signals >= alarm.SHARE * seen.messages)


def test_with_too_few_days_before_it_nothing_is_judged() -> None:
    hour = NOON.replace(minute=0)
    seen = look({hour - timedelta(days=back): (9, 1) for back in (1, 2)} | said(NOON, 99, 99), NOON)
    assert (seen.alarm, seen.limit) == (False, None)


def test_days_counted_before_hours_were_kept_are_days_too_few() -> None:
    old = {f"2026-11-{day}": {"messages": 40, "label.complaint": 2} for day in range(10, 18)}
    seen = alarm.look({"a": old | days_of(said(NOON, 99, 99))}, {"a": NOON})
    assert (seen.alarm, seen.limit) == (False, None)


def test_each_account_goes_by_its_own_clock_also_when_clocks_change() -> None:
    here = datetime(2026, 10, 4, 16, 10, tzinfo=UTC).astimezone(ZoneInfo("Australia/Sydney"))  # sprang forward at 2
    naive = here.replace(minute=0, tzinfo=None)
    usual = {naive - timedelta(hours=back): (4, 0) for back in range(1, 24 * 8)}
    seen = alarm.look(
        {"syd": days_of(usual | {naive: (6, 6)}), "utc": days_of(said(NOON, 4, 4))}, {"syd": here, "utc": NOON}
    )
    assert (seen.alarm, seen.signals, seen.messages) == (True, 10, 14)


def test_the_first_day_read_is_the_first_that_is_judged() -> None:
    every_hour = {NOON.replace(minute=0) - timedelta(hours=back): (1, 1) for back in range(24 * 12)}
    days = days_of(every_hour)
    needed = {day: of for day, of in days.items() if day >= alarm.first_day(NOON)}
    assert alarm.look({"a": needed}, {"a": NOON}) == alarm.look({"a": days}, {"a": NOON})


@given(st.dictionaries(st.integers(0, 24 * 8 - 1), hours_said, max_size=60), st.sampled_from([NOON, MIDNIGHT]))
def test_signals_never_exceed_messages_and_more_of_them_never_quiet_it(
    given_: dict[int, tuple[int, int]], now: datetime
) -> None:
    hour = now.replace(minute=0)
    hours = {hour - timedelta(hours=back): pair for back, pair in given_.items()}
    seen = look(hours, now)
    assert 0 <= seen.signals <= seen.messages
    if seen.alarm:
        judged, against = hours.get(hour, (0, 0))
        assert look(hours | {hour: (judged + 1, against + 1)}, now).alarm
