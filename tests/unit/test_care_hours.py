"""Deadlines in business time, exact to the second, over weekends, holidays and both clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from herald.care.hours import Hours, business_elapsed, deadline, parse_hours

OFFICE = parse_hours("Mon-Fri 09:00-17:00")
ALWAYS = parse_hours("24/7")
SYDNEY = "Australia/Sydney"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def at(text: str, zone: str = SYDNEY) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def wall(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ")


# ---------------------------------------------------------------- reading hours


def test_hours_are_read_as_written():
    hours = parse_hours("Mon-Fri 09:00-17:00, Sat 10:00-14:00")
    assert hours.week == (((540, 1020),),) * 5 + (((600, 840),), ())


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("Mon,Wed,Fri 09:00-17:00", "Mon 09:00-17:00, Wed 09:00-17:00, Fri 09:00-17:00"),
        ("Mon-Fri 09:00-12:00 13:00-17:00", "Mon-Fri 09:00-12:00, Mon-Fri 13:00-17:00"),
        ("Mon-Fri 09:00-12:00, 13:00-17:00", "Mon-Fri 09:00-12:00, Mon-Fri 13:00-17:00"),
        ("Sat-Mon 10:00-14:00", "Sat,Sun,Mon 10:00-14:00"),
        ("monday \u2013 friday 9:00 - 17:00", "Mon-Fri 09:00-17:00"),
        ("Mon-Fri 9-17", "Mon-Fri 09:00-17:00"),
        ("Mon 09:00-13:00 12:00-17:00", "Mon 09:00-17:00"),
        ("Mon-Sun 00:00-24:00", "24/7"),
        ("Mon-Fri 09:00-17:00; Wed closed", "Mon,Tue,Thu,Fri 09:00-17:00"),
    ],
)
def test_other_ways_to_write_the_same_hours(text: str, same_as: str):
    assert parse_hours(text) == parse_hours(same_as)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("Mon-Fri", '"Mon-Fri" has no times'),
        ("09:00-17:00", '"09:00-17:00" has no day'),
        ("Mon-Foo 09:00-17:00", '"Foo"'),
        ("M 09:00-17:00", '"M"'),
        ("Mon-Tue-Wed 09:00-17:00", "range of days"),
        ("Mon 09:00", '"09:00" is no time'),
        ("Mon 09:00-25:00", "no clock shows"),
        ("Mon 09:60-17:00", "no clock shows"),
        ("Mon 24:00-24:01", "no clock shows"),
        ("Mon 24:00-02:00", "opens at 24:00"),
        ("Mon 09:00-09:00", "00:00-24:00"),
        ("Mon 9am-5pm", '"9am-5pm" is no time'),
        ("Mon \u0669:00-17:00", "is no time"),
        ("closed", "has no day"),
        ("Mon 09:00-17:00 " * 60, "too long"),
    ],
)
def test_hours_that_cannot_be_read_name_the_part_that_is_wrong(text: str, named: str):
    with pytest.raises(ValueError) as refused:
        parse_hours(text)
    assert named in str(refused.value)


# ---------------------------------------------------------------- deadlines


@pytest.mark.parametrize(
    ("start", "target", "due"),
    [
        ("2026-11-20 16:45:00", 30 * MINUTE, "2026-11-23 09:15:00"),  # Friday -> Monday
        ("2026-11-20 16:30:00", HOUR, "2026-11-23 09:30:00"),
        ("2026-11-20 16:30:07", HOUR, "2026-11-23 09:30:07"),
        ("2026-11-20 16:30:00", 30 * MINUTE, "2026-11-20 17:00:00"),  # used up at closing: at closing
        ("2026-11-20 17:00:00", 30 * MINUTE, "2026-11-23 09:30:00"),
        ("2026-11-23 07:12:00", 30 * MINUTE, "2026-11-23 09:30:00"),  # before opening
        ("2026-11-21 12:00:00", 30 * MINUTE, "2026-11-23 09:30:00"),  # Saturday
        ("2026-11-23 10:00:00", 8 * HOUR, "2026-11-24 10:00:00"),
        ("2026-11-23 09:00:00", 40 * HOUR, "2026-11-27 17:00:00"),
        ("2026-11-23 10:00:00", timedelta(0), "2026-11-23 10:00:00"),
        ("2026-11-22 10:00:00", timedelta(0), "2026-11-23 09:00:00"),
    ],
)
def test_a_deadline_counts_open_seconds_only(start: str, target: timedelta, due: str):
    assert wall(deadline(at(start), target, OFFICE, SYDNEY)) == due


def test_a_start_in_another_zone_is_the_same_instant():
    start = at("2026-11-20 16:45:00")
    assert deadline(start.astimezone(UTC), 30 * MINUTE, OFFICE, SYDNEY) == deadline(start, 30 * MINUTE, OFFICE, SYDNEY)


def test_a_holiday_is_closed_and_the_next_open_day_goes_on():
    easter = frozenset({date(2026, 4, 3), date(2026, 4, 6)})
    assert wall(deadline(at("2026-04-02 16:45:00"), 30 * MINUTE, OFFICE, SYDNEY, easter)) == "2026-04-07 09:15:00"


def test_a_night_counts_past_midnight_and_a_holiday_does_not_cut_the_night_before_it():
    bar = parse_hours("Fri-Sat 22:00-02:00")
    assert wall(deadline(at("2026-11-20 23:30:00"), 2 * HOUR, bar, SYDNEY)) == "2026-11-21 01:30:00"
    assert wall(deadline(at("2026-11-21 01:30:00"), HOUR, bar, SYDNEY)) == "2026-11-21 22:30:00"
    closed = frozenset({date(2026, 11, 21)})
    assert wall(deadline(at("2026-11-20 23:30:00"), 2 * HOUR, bar, SYDNEY, closed)) == "2026-11-21 01:30:00"
    assert wall(deadline(at("2026-11-21 01:30:00"), HOUR, bar, SYDNEY, closed)) == "2026-11-27 22:30:00"


def test_a_lunch_break_does_not_count():
    hours = parse_hours("Mon-Fri 09:00-12:00 13:00-17:00")
    assert wall(deadline(at("2026-11-23 11:45:00"), 30 * MINUTE, hours, SYDNEY)) == "2026-11-23 13:15:00"


@pytest.mark.parametrize(
    ("zone", "start", "hours_later", "due"),
    [
        # clocks forward: the night has 23 hours (Lord Howe 23.5)
        ("Australia/Sydney", "2026-10-04 00:00:00", 6, "2026-10-04 07:00:00"),
        ("Australia/Lord_Howe", "2026-10-04 00:00:00", 6, "2026-10-04 06:30:00"),
        ("Europe/London", "2026-03-29 00:00:00", 6, "2026-03-29 07:00:00"),
        ("America/New_York", "2026-03-08 00:00:00", 6, "2026-03-08 07:00:00"),
        # clocks back: 25 hours (Lord Howe 24.5)
        ("Australia/Sydney", "2026-04-05 00:00:00", 6, "2026-04-05 05:00:00"),
        ("Australia/Lord_Howe", "2026-04-05 00:00:00", 6, "2026-04-05 05:30:00"),
        ("Europe/London", "2026-10-25 00:00:00", 6, "2026-10-25 05:00:00"),
        ("America/New_York", "2026-11-01 00:00:00", 6, "2026-11-01 05:00:00"),
        # no change at all
        ("Australia/Brisbane", "2026-10-04 00:00:00", 6, "2026-10-04 06:00:00"),
        ("Australia/Perth", "2026-04-05 00:00:00", 6, "2026-04-05 06:00:00"),
    ],
)
@pytest.mark.parametrize("hours", ["24/7", "Sun 00:00-12:00", "Sat 23:00-12:00", "Mon-Sun 18:00-17:00"])
def test_real_seconds_count_through_a_clock_change(zone: str, start: str, hours_later: int, due: str, hours: str):
    assert wall(deadline(at(start, zone), hours_later * HOUR, parse_hours(hours), zone)) == due


def test_a_working_day_after_the_clock_change_starts_at_nine_on_the_wall():
    assert wall(deadline(at("2026-10-02 16:45:00"), 30 * MINUTE, OFFICE, SYDNEY)) == "2026-10-05 09:15:00"
    assert wall(deadline(at("2026-04-03 16:45:00"), 30 * MINUTE, OFFICE, SYDNEY)) == "2026-04-06 09:15:00"


def test_the_repeated_hour_is_two_hours_of_work():
    night = parse_hours("Sun 01:00-04:00")
    passed = business_elapsed(at("2026-04-05 00:00:00"), at("2026-04-06 00:00:00"), night, SYDNEY)
    assert passed == 4 * HOUR
    assert business_elapsed(at("2026-10-04 00:00:00"), at("2026-10-05 00:00:00"), night, SYDNEY) == 2 * HOUR


def test_a_message_in_the_second_of_the_two_equal_hours_is_an_hour_later():
    first = at("2026-04-05 02:30:00")
    second = first.replace(fold=1)
    assert wall(deadline(first, HOUR, ALWAYS, SYDNEY)) == "2026-04-05 02:30:00"  # the second time the clock shows it
    assert wall(deadline(second, HOUR, ALWAYS, SYDNEY)) == "2026-04-05 03:30:00"


@pytest.mark.parametrize(
    ("hours", "holidays"),
    [
        (Hours(((),) * 7), frozenset()),
        (parse_hours("Mon-Sun closed"), frozenset()),
        (OFFICE, frozenset(date(2026, 11, 20) + timedelta(days=n) for n in range(3700))),
    ],
)
def test_hours_that_never_open_are_refused_and_not_searched_for_ever(hours: Hours, holidays: frozenset[date]):
    with pytest.raises(ValueError, match="never add up"):
        deadline(at("2026-11-20 16:45:00"), HOUR, hours, SYDNEY, holidays)


def test_a_target_beyond_ten_years_is_refused():
    with pytest.raises(ValueError, match="never add up"):
        deadline(at("2026-11-20 16:45:00"), timedelta.max, ALWAYS, SYDNEY)


@pytest.mark.parametrize(
    ("start", "target", "zone", "named"),
    [
        (datetime(2026, 11, 20, 9), HOUR, SYDNEY, "has no time zone"),  # noqa: DTZ001
        (datetime(2026, 11, 20, 9, tzinfo=UTC), -HOUR, SYDNEY, "negative"),
        (datetime(2026, 11, 20, 9, tzinfo=UTC), HOUR, "Australia/Atlantis", "Australia/Atlantis"),
        (datetime(2026, 11, 20, 9, tzinfo=UTC), HOUR, "../../etc/passwd", "no time zone"),
        (datetime(2026, 11, 20, 9, tzinfo=UTC), HOUR, "", "no time zone"),
        (datetime(9999, 12, 31, 23, tzinfo=UTC), HOUR, SYDNEY, "year 9999"),
        (datetime(1, 1, 1, tzinfo=UTC), HOUR, SYDNEY, "year 1"),
    ],
)
def test_what_cannot_be_counted_is_refused_in_words(start: datetime, target: timedelta, zone: str, named: str):
    with pytest.raises(ValueError) as refused:
        deadline(start, target, OFFICE, zone)
    assert named in str(refused.value)


# ---------------------------------------------------------------- what holds for all

ZONES = ("Australia/Sydney", "Australia/Brisbane", "Australia/Perth", "Australia/Lord_Howe", "Europe/London",
         "America/New_York", "America/Santiago", "Africa/Cairo", "Pacific/Chatham", "UTC")  # fmt: skip
WEEKS = (
    "Mon-Fri 09:00-17:00", "Mon-Fri 09:00-17:00, Sat 10:00-14:00", "24/7", "Mon-Sun 22:00-02:00",
    "Mon-Fri 08:30-12:15 13:00-17:45", "Sun 00:00-24:00", "Sat 23:00-05:30, Sun 02:30-02:45", "Mon-Sun 02:30-09:00",
)  # fmt: skip
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
targets = st.timedeltas(timedelta(0), timedelta(hours=60))
holidays = st.frozensets(st.dates(date(2026, 1, 1), date(2027, 3, 1)), max_size=8)
weeks, zones = st.sampled_from([parse_hours(week) for week in WEEKS]), st.sampled_from(ZONES)


@settings(max_examples=200, deadline=None)
@given(moments, targets, weeks, zones, holidays)
def test_the_business_time_to_the_deadline_is_the_target(start, target, hours, zone, closed):
    due = deadline(start, target, hours, zone, closed)
    assert due >= start
    assert business_elapsed(start, due, hours, zone, closed) == target


@settings(max_examples=150, deadline=None)
@given(moments, targets, st.timedeltas(timedelta(0), timedelta(days=9)), weeks, zones)
def test_a_later_start_or_a_longer_target_is_never_due_sooner(start, target, more, hours, zone):
    due = deadline(start, target, hours, zone).astimezone(UTC)
    assert due <= deadline(start + more, target, hours, zone).astimezone(UTC)
    assert due <= deadline(start, target + more / 5, hours, zone).astimezone(UTC)


@settings(max_examples=200, deadline=None)
@given(moments, targets, st.sampled_from(WEEKS[:5]), st.sampled_from(ZONES[:6]), holidays)
def test_a_deadline_falls_in_open_time_or_at_closing(start, target, week, zone, closed):
    """Checked on the wall clock, by a plain reading of the hours (these have no edge inside a clock change)."""
    due = deadline(start, target, parse_hours(week), zone, closed)
    minute = due.hour * 60 + due.minute + (due.second + due.microsecond / 1e6) / 60
    intervals = [
        (opens - back * 1440, closes - back * 1440)
        for back in (0, 1)
        for day in [due.date() - timedelta(days=back)]
        if day not in closed
        for opens, closes in parse_hours(week).week[day.weekday()]
    ]
    assert any(opens <= minute <= closes for opens, closes in intervals), (due, intervals)


@settings(max_examples=100, deadline=None)
@given(moments, st.timedeltas(timedelta(0), timedelta(days=20)), st.timedeltas(timedelta(0), timedelta(days=20)),
       weeks, zones, holidays)  # fmt: skip
def test_business_time_adds_up_over_any_split(start, first, second, hours, zone, closed):
    middle, end = start + first, start + first + second
    whole = business_elapsed(start, end, hours, zone, closed)
    parts = business_elapsed(start, middle, hours, zone, closed) + business_elapsed(middle, end, hours, zone, closed)
    assert parts == whole
    assert timedelta(0) <= whole <= end - start


def test_around_the_clock_business_time_is_time_in_every_zone_with_a_clock_change():
    seen = 0
    for zone in sorted(available_timezones()):
        offsets = {datetime(2026, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() for month in range(1, 13)}
        if len(offsets) < 2:
            continue
        seen += 1
        start = datetime(2026, 1, 1, tzinfo=UTC)
        assert business_elapsed(start, start + timedelta(days=365), ALWAYS, zone) == timedelta(days=365), zone
        due = deadline(start, timedelta(days=300, seconds=1), ALWAYS, zone)
        assert due.astimezone(UTC) == start + timedelta(days=300, seconds=1), zone
    assert seen > 50
