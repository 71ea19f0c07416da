"""What we listen for: saved streams of keywords, and their alerts."""

from __future__ import annotations

from datetime import datetime

from herald.model.record import Record, record


@record
class Monitor(Record):
    """A stream of keywords.

    Attributes:
        words: any of them, whole and in any case. without: none of these. platforms: none means all.
        alert: messages in an hour that raise an alert; 0: none.
    """

    brand: str
    id: str
    title: str
    words: tuple[str, ...]
    without: tuple[str, ...]
    platforms: tuple[str, ...]
    alert: int
    active: bool
    by: str
    at: datetime
    version: int = 0


@record
class Alert(Record):
    """A monitor found as many as it was to tell of in an hour. `at` is the hour's beginning: told once."""

    brand: str
    at: datetime
    monitor: str
    found: int
    samples: tuple[str, ...]
