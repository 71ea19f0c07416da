"""Business time: opening hours as text, deadlines in them, exact to the second.

A second counts when the shop is open. Opening and closing are read on the wall clock of the account's time zone and
turned into instants; between them real seconds are counted, so the hour that a change to daylight saving skips or
repeats is worth what it really lasted. A wall time that the change skips is read with the offset before the change,
one that it shows twice means the first (RFC 5545, section 3.3.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from herald.model.record import record

_DAY = 24 * 60
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EXAMPLE = 'write for example "Mon-Fri 09:00-17:00, Sat 10:00-14:00" or "24/7"'
_TIMES = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))?-([0-9]{1,2})(?::([0-9]{2}))?")
_LONGEST = 500  # characters; a week of seven different days with three intervals each fits

CLOSED_DAYS = 400  # the search ends after so many days in a row without opening
SEARCH_DAYS = 3660  # and after so many days in all: a target of more than ten years is no promise

Interval = tuple[int, int]
"""[open, close) in minutes after the day's local midnight; close may lie on the next day (up to 2 * 1440)."""

_Window = tuple[datetime, datetime]


@record
class Hours:
    """Opening hours of a week: `week[0]` is Monday; each day's intervals sorted, none touching the next."""

    week: tuple[tuple[Interval, ...], ...]

    def __post_init__(self) -> None:
        if len(self.week) != len(_NAMES):
            raise ValueError("hours need seven days, Monday first")


@lru_cache(maxsize=256)
def parse_hours(text: str) -> Hours:
    """Read opening hours.

    A list of days and times, separated by commas or spaces: `Mon-Fri 09:00-12:00 13:00-17:00, Sat 10:00-14:00`.
    Days are names or ranges (`Sat-Mon` wraps), times `H:MM`, `24:00` is the end of the day. An interval that ends
    before it starts runs over midnight (`Fri 22:00-02:00`). Overlapping intervals are merged. `Wed closed` takes back
    what stood before it; `24/7` is always.

    Raises:
        ValueError: names the part that cannot be read and says what to write.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"hours of {len(text)} characters are too long, the limit is {_LONGEST}")
    tidy = re.sub(r"\s*[-\u2013]\s*", "-", text.strip())
    if not tidy:
        raise ValueError(f"the hours are empty: {_EXAMPLE}")
    if tidy == "24/7":
        return Hours((((0, _DAY),),) * 7)
    week: list[list[Interval]] = [[] for _ in _NAMES]
    days: list[int] = []
    listing = False  # True while day names are being collected
    for part in re.split(r"[,;\s]+", tidy):
        if not part:
            continue
        if part[0].isalpha() and part.lower() != "closed":
            days = [*(days if listing else []), *_days(part)]
            listing = True
            continue
        if not days:
            raise ValueError(f'"{part}" has no day before it: {_EXAMPLE}')
        listing = False
        interval = None if part.lower() == "closed" else _interval(part)
        for day in days:
            week[day] = [*week[day], interval] if interval else []
    if listing:
        raise ValueError(f'"{part}" has no times after it: {_EXAMPLE}')
    return Hours(tuple(tuple(_merged(day)) for day in week))


def deadline(
    start: datetime, target: timedelta, hours: Hours, tz: str, holidays: frozenset[date] = frozenset()
) -> datetime:
    """When `target` of business time after `start` is used up.

    Time outside the hours does not count: a message after closing starts its clock at the next opening. A target
    used up exactly at closing falls at closing time, not at the next opening. A target of zero falls at `start` when
    open, else at the next opening. A holiday closes what opens on that date; a night that began the evening before
    runs out.

    Args:
        start: with time zone.
        holidays: local dates on which nothing opens.
    Returns:
        The deadline in `tz`.
    Raises:
        ValueError: `start` has no zone, `target` is negative, no such zone, or the hours never add up to the target.
    """
    if target < timedelta(0):
        raise ValueError("a target cannot be negative")
    zone, left, begin = _zone(tz), target, _instant(start)
    for opens, closes in _windows(begin, hours, zone, holidays):
        since = max(opens, begin)
        if left <= closes - since:
            return (since + left).astimezone(zone)
        left -= closes - since
    raise ValueError(f"these hours never add up to {target} after {start.isoformat()}: open more, or promise less")


def business_elapsed(
    start: datetime, end: datetime, hours: Hours, tz: str, holidays: frozenset[date] = frozenset()
) -> timedelta:
    """Business time between two instants; zero when `end` is not after `start`.

    Raises:
        ValueError: a time without zone, no such zone, or more than ten years between the two.
    """
    begin, stop = _instant(start), _instant(end)
    if stop - begin > timedelta(days=SEARCH_DAYS - 5):
        raise ValueError("business time is counted over at most ten years")
    passed = timedelta(0)
    for opens, closes in _windows(begin, hours, _zone(tz), holidays):
        if opens >= stop:
            break
        passed += max(timedelta(0), min(closes, stop) - max(opens, begin))
    return passed


def _windows(begin: datetime, hours: Hours, zone: ZoneInfo, holidays: frozenset[date]) -> Iterator[_Window]:
    """Open time that ends after `begin`, as instants (UTC) in order, touching windows joined into one."""
    first = begin.astimezone(zone).date() - timedelta(days=2)  # a night may have begun the day before
    held: _Window | None = None
    for opens, closes in _daily(first, hours, zone, holidays):
        if closes <= begin or closes <= opens or (held and closes <= held[1]):
            continue
        if held and opens <= held[1] and held[1] - held[0] < timedelta(days=7):
            held = (held[0], closes)  # joined, but bounded: "24/7" would never end
            continue
        if held:
            yield held
        held = (max(opens, held[1]) if held else opens, closes)
    if held:
        yield held


def _daily(first: date, hours: Hours, zone: ZoneInfo, holidays: frozenset[date]) -> Iterator[_Window]:
    """Each day's windows from `first` on, until the search is given up."""
    closed = 0
    for offset in range(SEARCH_DAYS):
        day = first + timedelta(days=offset)
        intervals = () if day in holidays else hours.week[day.weekday()]
        closed = 0 if intervals else closed + 1
        if closed >= CLOSED_DAYS:
            return
        for opens, closes in intervals:
            yield _at(day, opens, zone), _at(day, closes, zone)


def _at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The instant when the wall clock of `zone` shows `minute` of `day`, in UTC."""
    days, minutes = divmod(minute, _DAY)
    wall = datetime.combine(day + timedelta(days=days), time(*divmod(minutes, 60)), tzinfo=zone)
    return wall.astimezone(UTC)


def _zone(tz: str) -> ZoneInfo:
    try:
        return ZoneInfo(tz)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f'there is no time zone "{tz}": write an IANA name such as Australia/Sydney') from error


def _instant(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone: add Z or an offset such as +10:00")
    if not 1900 <= moment.year <= 9900:
        raise ValueError(f"the year {moment.year} is no year to count business time in")
    return moment.astimezone(UTC)


def _days(part: str) -> list[int]:
    """`Mon` or `Mon-Fri` -> weekday numbers."""
    ends = [_day(name, part) for name in part.split("-")]
    if len(ends) > 2:
        raise ValueError(f'"{part}" is no range of days: write for example Mon-Fri')
    span = (ends[-1] - ends[0]) % 7
    return [(ends[0] + step) % 7 for step in range(span + 1)]


def _day(name: str, part: str) -> int:
    for number, full in enumerate(_NAMES):
        if len(name) >= 3 and full.startswith(name.lower()):
            return number
    raise ValueError(f'"{name}" in "{part}" is no day: use Mon Tue Wed Thu Fri Sat Sun')


def _interval(part: str) -> Interval:
    found = _TIMES.fullmatch(part)
    if not found:
        raise ValueError(f'"{part}" is no time of day: write for example 09:00-17:00')
    opens, closes = (_minute(found[n], found[n + 1], part) for n in (1, 3))
    if opens == _DAY:
        raise ValueError(f'"{part}" opens at 24:00: write 00:00 and the next day')
    if opens == closes:
        raise ValueError(f'"{part}" is empty: for a whole day write 00:00-24:00')
    return opens, closes if closes > opens else closes + _DAY


def _minute(hour: str, minute: str | None, part: str) -> int:
    minutes = int(hour) * 60 + int(minute or 0)
    if minutes > _DAY or int(minute or 0) > 59:
        raise ValueError(f'"{part}" has a time that no clock shows: 00:00 to 24:00')
    return minutes


def _merged(intervals: list[Interval]) -> Iterator[Interval]:
    held: Interval | None = None
    for opens, closes in sorted(intervals):
        if held and opens <= held[1]:
            held = (held[0], max(held[1], closes))
            continue
        if held:
            yield held
        held = (opens, closes)
    if held:
        yield held
