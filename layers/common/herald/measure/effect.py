"""What recommendations a report tells, what a month's report lacks without one, and what came of those carried out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from herald.measure import figures as f
from herald.measure.scorecard import Facts
from herald.model.recommendations import Effect, Recommendation, Towards

MONTH = 28
"""Days from which a report is a month's, by whatever days it is named."""

BACK = 3
"""Months before its own whose recommendations a report tells: until then an effect is measured."""

USUAL: Mapping[str, Towards] = MappingProxyType(
    {
        **dict.fromkeys(
            ("reach", "views", "posts", "engagements", "engagement_rate", "reactions", "comments", "shares", "saves",
             "clicks", "followers", "answers", "in_time", "judged"), Towards.UP
        ),
        **dict.fromkeys(("response_time", "response_time_p90", "hidden", "queued", "overruled"), Towards.DOWN),
    }
)  # fmt: skip
"""Numbers that may judge a recommendation, each with the way it usually ought to move; all stand in a scorecard."""


def told_in(first_day: str, last_day: str) -> list[str]:
    """Months whose recommendations a report of the period tells: that of its last day, and BACK before its first."""
    year, month = map(int, last_day[:7].split("-"))
    first_year, first_month = map(int, first_day[:7].split("-"))
    count = (year - first_year) * 12 + month - first_month + 1 + BACK
    at = year * 12 + month - 1
    return [f"{(at - back) // 12}-{(at - back) % 12 + 1:02d}" for back in range(count)]


def month_of(one: Recommendation) -> str:
    """The month whose report it belongs to; of one recorded before that was asked, the month it was recorded in."""
    return one.month or f"{one.at:%Y-%m}"


def ordered(those: Iterable[Recommendation]) -> tuple[Recommendation, ...]:
    """As a report tells them: the newest month first, in it by when they were made."""
    return tuple(sorted(those, key=lambda one: (month_of(one), one.at, one.id), reverse=True))


def own(facts: Facts) -> list[Recommendation]:
    """Those that belong to a month of the period."""
    return [one for one in facts.recommendations if facts.first_day[:7] <= month_of(one) <= facts.last_day[:7]]


def lacking(facts: Facts) -> str:
    """What a month's report lacks before it may leave, as a sentence that says what to do; empty where nothing."""
    if len(f.days_of(facts.first_day, facts.last_day)) < MONTH or own(facts):
        return ""
    return (
        f"The report of {facts.last_day[:7]} has no recommendation yet. Open Recommendations, take what the figures "
        "suggest or write your own, name who does it, and send the report then."
    )


def number(text: str) -> float | None:
    """The value of Effect.before or after; None: no such number."""
    return float(text) if text else None


def decimal(value: float | None) -> str:
    """A value as an Effect keeps it, to the last digit."""
    return "" if value is None else repr(float(value))


def verdict(found: Recommendation, effect: Effect) -> str:
    """Whether its number moved as expected, in words; said only where two can be compared. No proof of a cause."""
    change = f.compare(number(effect.after), number(effect.before), rate=f.BY_ID[found.measure].unit == "ratio")
    if change.absolute is None or effect.why:
        return "whether it helped cannot be told"
    if change.immaterial or change.absolute == 0:
        return "no change that matters"
    return "as expected" if (change.absolute > 0) is (found.towards is Towards.UP) else "the other way"
