"""When to try again. Pure arithmetic; the jitter is in the schedule's own minute."""

from __future__ import annotations

from datetime import timedelta

LEASE = timedelta(seconds=90)
"""Longer than an attempt can take: the call itself and the read that verifies it, 25 s each, and the function's end."""
FIRST_LOOK = timedelta(seconds=5)
"""Pause before an unanswered call is looked up for the first time."""
ATTEMPTS = 8
_LONGEST = timedelta(hours=1)


def backoff(attempt: int, after: float | None) -> timedelta | None:
    """Pause after attempt number `attempt` (1-based): 15 s doubling to an hour; None: no further attempt.

    Args:
        after: seconds the platform asked us to wait; never undercut, up to six hours.
    """
    if attempt >= ATTEMPTS:
        return None
    own = min(timedelta(seconds=15 * (1 << max(0, attempt - 1))), _LONGEST)
    asked = timedelta(seconds=min(after or 0, 6 * 3600))
    return max(own, asked)
