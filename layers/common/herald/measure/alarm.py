"""The one detector of brand damage: a day so far that is against us as no day of the week before was.

`signals` of a day = min(messages, label.complaint + action.hide + action.queue), over the brand's accounts, each by the
days of its own zone. With m and s the mean and the standard deviation (of the population) of the signals of the seven
days before, the greatest of them left out so that one bad day does not hide the next, the alarm is given when

    signals > m + K * max(s, sqrt(m), 1)    and    signals >= LEAST    and    signals / messages >= SHARE

sqrt(m) is the deviation of a count that comes by chance alone (Poisson); seven quiet days must not make it smaller. The
share keeps promotions out: they bring many messages, few of them against us. With fewer than FEWEST days that have any
message nothing is judged: missing is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt

from herald.model.record import record

K = 3.0
LEAST = 8
SHARE = 0.4
FEWEST = 3
DAYS = 7


@record
class Seen:
    """One day as the detector sees it. `limit` is None where too few days came before."""

    messages: int
    signals: int
    mean: float
    deviation: float
    limit: float | None
    alarm: bool


def signals(counts: Mapping[str, int]) -> int:
    """What of a day's messages is against us; by the metrics of docs/metrics.md."""
    against = sum(counts.get(name, 0) for name in ("label.complaint", "action.hide", "action.queue"))
    return min(counts.get("messages", 0), against)


def look(today: Mapping[str, int], before: Sequence[Mapping[str, int]]) -> Seen:
    """Judge a day so far against the days before it.

    Args:
        today: metric -> count.
        before: the same of each of the DAYS days before; empty for a day without any message.
    """
    known = [signals(day) for day in before if day.get("messages")]
    messages, against = today.get("messages", 0), signals(today)
    if len(known) < FEWEST:
        return Seen(messages, against, 0.0, 0.0, None, alarm=False)
    known.remove(max(known))
    mean = sum(known) / len(known)
    deviation = sqrt(sum((each - mean) ** 2 for each in known) / len(known))
    limit = mean + K * max(deviation, sqrt(mean), 1.0)
    alarm = against > limit and against >= LEAST and against >= SHARE * messages
    return Seen(messages, against, mean, deviation, limit, alarm)
