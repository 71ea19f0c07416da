"""Time in talking to platforms: how long one asks us to wait, and how long one act of ours may take in all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic

from herald.errors import Retryable
from herald.platforms.wire.http import Http

LONGEST = 86_400.0
_SECONDS = re.compile(r"\s*([0-9]{1,11})(?:\.[0-9]*)?\s*(?:,|$)")
_EPOCH_FROM = 1_000_000_000  # a number this large is Unix time, not a pause


def wait_seconds(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds (at most a day) until the platform wants to hear from us again; None where it does not say.

    Retry-After is seconds or an HTTP date (some servers send both). X-RateLimit-Reset is an ISO time on Mastodon,
    RateLimit-Reset Unix seconds on Bluesky. Times are held against the answer's own Date, so our clock is of no matter.

    Args:
        headers: names in lower case.
        now: used where the answer has no Date; the machine's clock by default.
    """
    sent = _http_date(headers.get("date", "")) or now or datetime.now(UTC)
    for name in ("retry-after", "x-ratelimit-reset", "ratelimit-reset"):
        found = _seconds(headers.get(name, ""), sent)
        if found is not None:
            return min(max(found, 0.0), LONGEST)
    return None


def _seconds(value: str, sent: datetime) -> float | None:
    number = _SECONDS.match(value)
    if number:
        given = float(number.group(1))
        return given - sent.timestamp() if given >= _EPOCH_FROM else given
    at = _http_date(value) or _iso(value)
    return (at - sent).total_seconds() if at else None


def _http_date(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return _utc(at)


def _iso(value: str) -> datetime | None:
    try:
        return _utc(datetime.fromisoformat(value.strip()))
    except (ValueError, OverflowError):
        return None


def _utc(at: datetime) -> datetime | None:
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


class Budget:
    """The time that one act of several calls may take, so that it ends before its lease does."""

    def __init__(self, seconds: float) -> None:
        self._until = monotonic() + seconds

    def left(self) -> float:
        """Seconds."""
        return self._until - monotonic()

    def spend(self, http: Http, *, keep: float = 0.0) -> Http:
        """The same client, bounded so that `keep` seconds stay for later calls. Raises Retryable when none are left.

        To be asked before each call, while nothing has happened yet that could not be repeated.
        """
        usable = self.left() - keep
        if usable < 1.0:
            raise Retryable("the platform was too slow: there was no time left to finish", "time")
        connect = min(http.connect_seconds, usable / 2)
        return replace(http, connect_seconds=connect, read_seconds=min(http.read_seconds, usable - connect))
