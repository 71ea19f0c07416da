"""The one detector of brand damage: far more against us than in the same hours of the week before. Pure.

It reads counts by hour (`h<hour>`, `x<hour>` of docs/metrics.md), each account by its own clock, and looks at two spans
that end with the hour that runs: the last 24 hours, which see a slow wave, and the last 2, which see a sudden one
wherever midnight lies. Of a span, `messages` is how many were judged and `signals` how many of them were against us.
With m and s the mean and the standard deviation (of the population) of the signals in the same hours, whole, of the
seven days before, the greatest of them left out so that one bad day does not hide the next, the alarm is given when

    signals > m + K * max(s, sqrt(m), 1)    and    signals >= LEAST    and    signals / messages >= SHARE

sqrt(m) is the deviation of a count that comes by chance alone (Poisson); seven quiet days must not make it smaller. The
share keeps promotions out: they bring many messages, few of them against us. With fewer than FEWEST days of the week on
which anything was judged nothing is said: missing is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import floor, sqrt

from herald.model.record import record

K = 3.0
LEAST = 8
SHARE = 0.4
FEWEST = 3
DAYS = 7
SPANS = (24, 2)
"""Hours, the one that runs among them."""

_ALL = 24 * (DAYS + 1)
_JUDGED, _AGAINST = tuple(f"h{hour:02d}" for hour in range(24)), tuple(f"x{hour:02d}" for hour in range(24))

Days = Mapping[str, Mapping[str, int]]
"""Day ("2026-11-18") -> metric -> count, as ports.Store.counts gives them."""


@record
class Seen:
    """One span as the detector sees it. `limit` is None where too few days came before."""

    hours: int
    messages: int
    signals: int
    mean: float
    deviation: float
    limit: float | None
    alarm: bool


def least(limit: float) -> int:
    """So many against us, at least, raise it: more than `limit`, and no fewer than LEAST."""
    return max(LEAST, floor(limit) + 1)


def first_day(clock: datetime) -> str:
    """The first day whose counts are needed to judge at `clock`, the time on the account's own clock."""
    return (clock - timedelta(days=DAYS, hours=max(SPANS) - 1)).date().isoformat()


def look(accounts: Mapping[str, Days], clocks: Mapping[str, datetime]) -> Seen:
    """The span that alarms, else the longest.

    Args:
        accounts: account -> its counts from `first_day` to today, by the days of its own zone.
        clocks: account -> the time on its own clock.
    """
    hours = _hours(accounts, clocks)
    known = [_sum(hours, day, max(SPANS))[0] > 0 for day in range(1, DAYS + 1)]
    spans = [_look(hours, length, known) for length in SPANS]
    return next((seen for seen in spans if seen.alarm), spans[0])


def _look(hours: Sequence[tuple[int, int]], length: int, known: Sequence[bool]) -> Seen:
    messages, signals = _sum(hours, 0, length)
    week = [_sum(hours, day, length)[1] for day, there in enumerate(known, start=1) if there]
    if len(week) < FEWEST:
        return Seen(length, messages, signals, 0.0, 0.0, None, alarm=False)
    week.remove(max(week))
    mean = sum(week) / len(week)
    deviation = sqrt(sum((each - mean) ** 2 for each in week) / len(week))
    limit = mean + K * max(deviation, sqrt(mean), 1.0)
    alarm = signals >= least(limit) and signals >= SHARE * messages
    return Seen(length, messages, signals, mean, deviation, limit, alarm)


def _hours(accounts: Mapping[str, Days], clocks: Mapping[str, datetime]) -> list[tuple[int, int]]:
    """(judged, against us) of every hour, the one that runs first. Hours are as clocks call them: a day has 24."""
    judged, against = [0] * _ALL, [0] * _ALL
    for account, days in accounts.items():
        clock = clocks[account]
        dates = [(clock.date() - timedelta(days=back)).isoformat() for back in range(DAYS + 2)]
        for back in range(_ALL):
            day, hour = divmod(clock.hour - back, 24)
            if of_day := days.get(dates[-day]):
                judged[back] += of_day.get(_JUDGED[hour], 0)
                against[back] += of_day.get(_AGAINST[hour], 0)
    return list(zip(judged, against, strict=True))


def _sum(hours: Sequence[tuple[int, int]], back: int, length: int) -> tuple[int, int]:
    """(judged, against us) in the span that ended so many days ago."""
    span = hours[24 * back : 24 * back + length]
    return sum(judged for judged, _ in span), sum(against for _, against in span)
