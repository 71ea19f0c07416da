"""The same rows as iCalendar (RFC 5545), by the library `icalendar`, which only pages and the command line have.

A variant is an event at its wall-clock time in its zone (DTSTART with TZID and the zone's own VTIMEZONE, so that
clocks put forward or back change nothing); a day mark is an event of whole days. X-HERALD-FIELDS holds the row as it
was; what another program changed since (time, title, text, link) is taken from where that program writes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import Calendar, Event
from icalendar.parser import unescape_backslash
from icalendar.prop import vText

from herald.errors import BadPayload, TooLarge
from herald.model import DayKind
from herald.publish.calendar_csv import FIELDS, MOST_BYTES, MOST_ROWS, Entry, FileRows, RowProblem

_DOMAIN: Final = "herald"
_ISO: Final = "%Y-%m-%dT%H:%M"
_VISIBLE: Final = {"title": "SUMMARY", "text": "DESCRIPTION", "link": "URL"}


def write(entries: Iterable[Entry], now: datetime) -> bytes:
    """The file. `now` is when it was written, as each event must say."""
    calendar = Calendar()
    calendar.add("prodid", "-//Herald//calendar//EN")
    calendar.add("version", "2.0")
    days: list[date] = []
    for entry in entries:
        event = _event(entry, now)
        start: Any = event.decoded("DTSTART")
        days.append(start.date() if isinstance(start, datetime) else start)
        calendar.add_component(event)
    if days:
        first, last = min(days), max(days)
        calendar.add_missing_timezones(date(first.year - 1, 1, 1), date(last.year + 2, 1, 1))
    found: bytes = calendar.to_ical()
    return found


def _event(entry: Entry, now: datetime) -> Event:
    event = Event()
    post = entry.kind == "post"
    variant = sha256(entry.account.encode()).hexdigest()[:8]
    event.add("uid", f"{entry.uid}.{variant}@{_DOMAIN}" if post else f"{entry.uid}@{_DOMAIN}")
    event.add("dtstamp", now.astimezone(UTC))
    for name, prop in _VISIBLE.items():
        said = getattr(entry, name) if post or name != "text" else entry.note
        if said := _written(said, prop):
            event.add(prop, said)
    if post or entry.local_time:
        wall = entry.local_time if post else f"{entry.first_day}T{entry.local_time}"
        event.add("dtstart", datetime.strptime(wall, _ISO).replace(tzinfo=ZoneInfo(entry.zone)))
    else:
        event.add("dtstart", date.fromisoformat(entry.first_day))
        event.add("dtend", date.fromisoformat(entry.last_day) + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
    event.add("categories", [entry.kind])
    if post and entry.state in ("draft", "in_review"):
        event.add("status", "TENTATIVE")
    kept = {name: cell for name, cell in asdict(entry).items() if cell and name != "state"}
    event.add("x-herald-fields", json.dumps(kept).replace("\x7f", "\\u007f"))
    return event


def read(data: bytes, zone: str) -> FileRows:
    """Rows of a file; events of other programs become day marks, of the kind their category names, else `event`.

    Args:
        zone: for times that name none.
    Raises BadPayload (in words) for what is no iCalendar file, TooLarge.
    """
    if len(data) > MOST_BYTES:
        raise TooLarge(f"The file has {len(data) / 1e6:.1f} MB; {MOST_BYTES / 1e6:.0f} MB is the limit. Split it.")
    try:
        calendars = Calendar.from_ical(data.decode("utf-8-sig"), multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except UnicodeDecodeError as error:
        raise BadPayload(f"Not UTF-8 at byte {error.start}: export it again as iCalendar.") from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise BadPayload(f"This is no iCalendar file ({' '.join(str(error).split())[:120]}); export it anew.") from None
    if not calendars:
        raise BadPayload("This is no iCalendar file. Export the calendar again as .ics.")
    if len(events) > MOST_ROWS:
        raise TooLarge(f"{len(events)} events; {MOST_ROWS} is the limit. Split the file.")
    rows: list[tuple[int, Entry]] = []
    problems: list[RowProblem] = []
    for number, event in enumerate(events, 1):
        try:
            rows.append((number, _entry(event, zone)))
        except _Unreadable as wrong:
            problems.append(RowProblem(number, wrong.field, str(wrong)))
    return FileRows(tuple(rows), tuple(problems))


class _Unreadable(Exception):
    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def _entry(event: Any, zone: str) -> Entry:
    for name, why in event.errors:
        raise _Unreadable(str(name).lower(), f"{' '.join(str(why).split())[:120]}. Correct it and import again.")
    for repeats in ("RRULE", "RDATE"):
        if repeats in event:
            raise _Unreadable("rrule", "It repeats. Export each time as an event of its own.")
    for once in ("DTSTART", "DTEND", "DURATION", "SUMMARY", "DESCRIPTION", "URL", "UID", "X-HERALD-FIELDS"):
        if isinstance(event.get(once), list):
            raise _Unreadable(once.lower(), "It stands there twice; keep one.")
    if "DTSTART" not in event:
        raise _Unreadable("dtstart", "An event needs a day. Give it a DTSTART.")
    kept = _kept(event)
    uid = str(event.get("UID", ""))
    entry = kept or Entry(kind=_kind(event), uid=uid.removesuffix(f"@{_DOMAIN}"))
    note = "text" if entry.kind == "post" else "note"
    for name, prop in (("title", "SUMMARY"), (note, "DESCRIPTION"), ("link", "URL")):
        said = str(event.get(prop, ""))
        if said != _read_back(getattr(entry, name), prop):
            entry = replace(entry, **{name: _text(said)})
    return _timed(entry, event, zone)


def _kept(event: Any) -> Entry | None:
    """The row as Herald wrote it; None where another program made the event."""
    if "X-HERALD-FIELDS" not in event:
        return None
    try:
        found = json.loads(str(event["X-HERALD-FIELDS"]))
        if not isinstance(found, dict) or not all(isinstance(cell, str) for cell in found.values()):
            raise ValueError
        return Entry(**{name: cell for name, cell in found.items() if name in FIELDS and name != "state"})
    except (ValueError, RecursionError):
        raise _Unreadable("x-herald-fields", "It was changed by hand and cannot be read. Take the line out.") from None


def _kind(event: Any) -> str:
    listed = event.get("CATEGORIES")
    names = [str(name) for each in (listed if isinstance(listed, list) else [listed]) for name in getattr(each, "cats", ())]  # noqa: E501
    known = [name.strip().lower().replace(" ", "_") for name in names]
    return next((name for name in known if name in list(DayKind)), str(DayKind.EVENT))


def _timed(entry: Entry, event: Any, zone: str) -> Entry:
    start, kept_zone = event["DTSTART"].dt, entry.zone
    if not isinstance(start, datetime):
        if entry.kind == "post":
            raise _Unreadable("dtstart", "A post needs a time of day, not a whole day.")
        last = event["DTEND"].dt - timedelta(days=1) if "DTEND" in event and _is_day(event["DTEND"].dt) else start
        begins, ends = start.isoformat(), max(start, last).isoformat()
        return replace(entry, first_day=begins, last_day=ends, local_time="", zone="")
    wall, there = start.replace(tzinfo=None, second=0, microsecond=0), _zone(event["DTSTART"], zone)
    if kept_zone and _same_wall(wall, there, kept_zone):
        there = kept_zone  # another name of the same clock, as Etc/UTC for UTC
    if entry.kind == "post":
        return replace(entry, local_time=f"{wall:%Y-%m-%dT%H:%M}", zone=there)
    first = wall.date()
    days = date.fromisoformat(entry.last_day) - date.fromisoformat(entry.first_day) if entry.last_day else timedelta()
    if not entry.last_day and "DTEND" in event and isinstance(event["DTEND"].dt, datetime):
        days = max(timedelta(), event["DTEND"].dt.date() - first)
    return replace(
        entry, first_day=first.isoformat(), last_day=(first + days).isoformat(), local_time=f"{wall:%H:%M}", zone=there
    )


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _zone(start: Any, default: str) -> str:
    """IANA name of the zone a time is in. Raises _Unreadable."""
    named = str(start.params.get("TZID", ""))
    if not named:
        return "UTC" if start.dt.tzinfo is not None else default
    for name in (named, str(getattr(start.dt.tzinfo, "key", ""))):
        try:
            if name:
                ZoneInfo(name)
                return name
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    raise _Unreadable("dtstart", f"Nobody knows the time zone {named[:40]!r}; write it like Australia/Sydney.")


def _same_wall(wall: datetime, zone: str, other: str) -> bool:
    try:
        return wall.replace(tzinfo=ZoneInfo(zone)).utcoffset() == wall.replace(tzinfo=ZoneInfo(other)).utcoffset() and (
            zone == other or {zone, other} <= _UTC
        )
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


_UTC: Final = frozenset({"UTC", "Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal", "GMT",
                         "Etc/GMT", "Etc/GMT0", "Etc/GMT+0", "Etc/GMT-0", "Etc/Greenwich", "Greenwich", "GMT0", "GMT+0",
                         "GMT-0"})  # fmt: skip


def _written(said: str, prop: str) -> str:
    """What of a text may stand in a file (RFC 5545, 3.3.11, 3.3.13); the row itself is in X-HERALD-FIELDS, escaped."""
    if prop == "URL":  # a draft may hold anything as its link, and one of them must not keep the others out
        return "" if _NO_ADDRESS.search(said) else said
    return _CONTROLS.sub("", said)


_NO_ADDRESS: Final = re.compile(r"[\s\x00-\x1f\x7f\\\"<>]")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f]")


def _read_back(said: str, prop: str) -> str:
    """A text as this library reads what it wrote of it."""
    said = _written(said, prop)
    if prop == "URL" or not said:
        return said
    found: str = unescape_backslash(vText(said).to_ical().decode())
    return found


def _text(said: str) -> str:
    return re.sub(r"\r\n?", "\n", said).strip()


