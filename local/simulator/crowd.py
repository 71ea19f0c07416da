"""Figures that nobody makes by hand: followers, and how far a post spreads, as pure functions of ids and times.

Nothing is kept and nothing is random: the same account, post and moment give the same figures in every process. Most of
a post's reach comes within hours and nearly all within three days; evenings reach more than nights; followers grow by a
few a day, less at weekends, and some leave.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Los_Angeles")
"""Days of figures end at midnight there, for every page of the platform."""

FIRST_AFTER = 120
"""Seconds until a new post has figures at all."""

GROWS_FOR = 72 * 3600
_ORIGIN = date(2025, 1, 1)
_POST_WEEKDAY = (0.95, 1.0, 1.12, 1.08, 0.9, 0.85, 1.15)  # Monday first
_FOLLOW_WEEKDAY = (1.15, 1.2, 1.25, 1.1, 0.95, 0.6, 0.7)


def followers(page: str, at: float) -> int:
    """People who follow the page at a moment (Unix seconds)."""
    today = day_of(at)
    came, left = follows(page, today)
    passed = (at - start_of(today)) / 86_400
    return _followers_before(page, today) + int((came - left) * min(passed, 1.0))


def day_of(at: float) -> date:
    """The day of ZONE that a moment (Unix seconds) lies in."""
    return datetime.fromtimestamp(at, ZONE).date()


def start_of(day: date) -> int:
    """The moment (Unix seconds) at which a day of ZONE begins, and the one before it ends."""
    return int(datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp())


@cache
def _followers_before(page: str, day: date) -> int:
    """At the beginning of a day: what the page had at first, and what each day since brought."""
    month = day.replace(day=1)
    begin = month if day != month else (month - timedelta(days=1)).replace(day=1)
    if begin < _ORIGIN:
        return _at_first(page)
    days = (begin + timedelta(days=n) for n in range((day - begin).days))
    return _followers_before(page, begin) + sum(came - left for came, left in (follows(page, one) for one in days))


def _at_first(page: str) -> int:
    return 1800 + int(5200 * chance(page, "followers"))


def follows(page: str, day: date) -> tuple[int, int]:
    """(people who began to follow, people who ceased) that day."""
    usual = _at_first(page) * 0.0011
    came = usual * _FOLLOW_WEEKDAY[day.weekday()] * (0.5 + chance(page, day, "came"))
    return round(came), round(usual * 0.45 * 2 * chance(page, day, "left"))


def moment(created: float) -> float:
    """How well a time of day and week does: an Australian page's evening best, its small hours worst."""
    at = datetime.fromtimestamp(created, UTC)
    hour = at.hour + at.minute / 60
    evening = math.exp(-((_apart(hour, 9.5) / 3.0) ** 2))  # 19:30 to 20:30 in Sydney
    morning = math.exp(-((_apart(hour, 21.5) / 2.0) ** 2))
    weekday = _POST_WEEKDAY[(at + timedelta(hours=10)).weekday()]
    return (0.72 + 0.55 * evening + 0.3 * morning) * weekday


def _apart(hour: float, other: float) -> float:
    return min(abs(hour - other), 24 - abs(hour - other))


def grown(seconds: float, pace: float) -> float:
    """Share of the final figure after so long: 1 after GROWS_FOR."""
    return (1 - math.exp(-min(seconds, GROWS_FOR) / pace)) / (1 - math.exp(-GROWS_FOR / pace))


def chance(*key: object) -> float:
    """A number in [0, 1) that belongs to this key for ever."""
    return int.from_bytes(sha256("|".join(map(str, key)).encode()).digest()[:8], "big") / 2**64
