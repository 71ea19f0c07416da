"""Wall-clock times and the instants they mean. Stored together: a zone's rules may change before the day comes."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def due_at(local_time: str, zone: str) -> datetime:
    """The instant, UTC, of a wall-clock time like "2026-11-24T09:30" in an IANA zone.

    Of a time that comes twice in autumn the first is meant. Raises ValueError, in words, for a time that the clocks
    skip in spring, for a zone nobody knows, and for what is no minute of a day.
    """
    try:
        wall = datetime.strptime(local_time, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - the zone comes next
    except ValueError:
        raise ValueError(f"{local_time[:40]!r} is no time; write it like 2026-11-24T09:30") from None
    try:
        here = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"nobody knows the time zone {zone[:40]!r}; write it like Australia/Sydney") from None
    instant = wall.replace(tzinfo=here).astimezone(UTC)
    if instant.astimezone(here).replace(tzinfo=None) != wall:
        raise ValueError(f"{local_time} does not exist in {zone}: the clocks are put forward over it")
    return instant


def comes_twice(local_time: str, zone: str) -> bool:
    """Whether the clocks are put back over this time, so that the page can say which of the two is meant."""
    wall = datetime.strptime(local_time, "%Y-%m-%dT%H:%M")  # noqa: DTZ007
    here = ZoneInfo(zone)
    return wall.replace(tzinfo=here, fold=0).utcoffset() != wall.replace(tzinfo=here, fold=1).utcoffset()
