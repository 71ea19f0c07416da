"""Does a rule suddenly fire far more or far less than it used to? Pure.

Firings are counts by day. With m the median of the days before and s the greater of sqrt(m + 1) and 1.4826 times the
median absolute deviation from it (which is the standard deviation where counts are normally distributed),

    more:  fired - m > 4 s   and   fired >= 2 m   and   fired >= 5
    less:  m - fired > 3 s   and   fired <= m / 3

sqrt(m + 1) is the deviation of a count that comes by chance alone (Poisson); days that happen to be alike must not make
it smaller. The ratios keep a busy rule's small drift quiet. Days before the rule first fired are no days of it; with
fewer than FEWEST days nothing is said: missing is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import median

from herald.model.record import record

DAYS = 14
FEWEST = 7
LEAST = 5
MORE, LESS = "more", "less"


@record
class Unusual:
    """way: MORE or LESS. usual: the median of the days before."""

    way: str
    fired: int
    usual: float


def unusual(fired: int | None, before: Sequence[int | None], *, over: bool = True) -> Unusual | None:
    """What is to be told of one rule on one day.

    Args:
        fired: firings on that day; None: nothing was counted.
        before: of the days before it, newest first; None: a day on which nothing at all was counted.
        over: the day is over; while it runs, little says nothing yet.
    """
    known = [count for count in before[:DAYS] if count is not None]
    while known and known[-1] == 0:
        known.pop()
    if fired is None or len(known) < FEWEST:
        return None
    usual = float(median(known))
    spread = max(sqrt(usual + 1), 1.4826 * float(median(abs(count - usual) for count in known)))
    if fired - usual > 4 * spread and fired >= max(2 * usual, LEAST):
        return Unusual(MORE, fired, usual)
    if over and usual - fired > 3 * spread and fired <= usual / 3:
        return Unusual(LESS, fired, usual)
    return None
