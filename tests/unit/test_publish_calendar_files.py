"""Calendar files: what goes out comes back the same, in both formats; what is wrong is named row by row."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from herald.errors import BadPayload, TooLarge
from herald.publish import calendar_csv, calendar_ics
from herald.publish.calendar_csv import Entry

NOW = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)
ZONES = ("Australia/Sydney", "Europe/London", "America/New_York")
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=60)
said = words.map(str.strip).filter(bool)
lines = st.lists(said, min_size=1, max_size=4).map("\n".join)
ids = st.from_regex(r"[a-z][a-z0-9-]{7,30}", fullmatch=True)
clocks = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map("{:%Y-%m-%dT%H:%M}".format)  # noqa: DTZ001


@st.composite
def posts(draw: st.DrawFn) -> Entry:
    return Entry(
        "post",
        draw(ids),
        draw(said),
        draw(lines),
        draw(st.sampled_from(["", "https://shop.example/a?b=c,d"])),
        draw(st.sampled_from(["mastodon:1", "facebook_page:22", "bluesky:did:plc:x"])),
        draw(clocks),
        draw(st.sampled_from(ZONES)),
        draw(st.one_of(st.just(""), lines)),
        "",
        draw(st.sampled_from(["", "offer:spring"])),
        draw(st.sampled_from(["", "yes"])),
        state="draft",
    )


@st.composite
def days(draw: st.DrawFn) -> Entry:
    first = draw(st.dates(date(2020, 1, 1), date(2034, 1, 1)))
    last = first + timedelta(days=draw(st.integers(0, 30)))
    timed = draw(st.booleans())
    return Entry(
        draw(st.sampled_from(["event", "promotion", "milestone", "holiday", "key_date"])),
        draw(ids),
        draw(said),
        local_time=draw(st.times()).strftime("%H:%M") if timed else "",
        zone=draw(st.sampled_from(ZONES)) if timed else "",
        first_day=first.isoformat(),
        last_day=last.isoformat(),
        owner=draw(st.sampled_from(["", "ana"])),
        lead_days=draw(st.sampled_from(["", "14"])),
        note=draw(st.one_of(st.just(""), lines)),
        done=draw(st.sampled_from(["", "yes"])),
    )


rows = st.lists(st.one_of(posts(), days()), max_size=6)


def read_back(file: calendar_csv.FileRows) -> list[Entry]:
    assert file.problems == ()
    return [dataclasses.replace(entry, state="") for _, entry in file.rows]


def without_state(entries: list[Entry]) -> list[Entry]:
    return [dataclasses.replace(entry, state="") for entry in entries]


@given(rows)
def test_a_csv_file_comes_back_the_same(entries: list[Entry]) -> None:
    assert read_back(calendar_csv.read(calendar_csv.write(entries))) == without_state(entries)


@given(rows)
def test_an_icalendar_file_comes_back_the_same_and_the_library_takes_it(entries: list[Entry]) -> None:
    made = calendar_ics.write(entries, NOW)
    assert len(Calendar.from_ical(made).walk("VEVENT")) == len(entries)
    assert read_back(calendar_ics.read(made, "UTC")) == without_state(entries)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("month", [3, 4, 9, 10, 11])
def test_wall_clocks_are_right_on_both_sides_of_every_change_of_the_clocks(zone: str, month: int) -> None:
    """The instants that another calendar programme reads are those of the zone, hour by hour through the month."""
    from zoneinfo import ZoneInfo

    start = datetime(2026, month, 1, 0, 30)  # noqa: DTZ001 - a wall clock
    hours = [start + timedelta(hours=n) for n in range(24 * 30)]
    there = ZoneInfo(zone)
    real = [at for at in hours if at.replace(tzinfo=there).astimezone(UTC).astimezone(there).replace(tzinfo=None) == at]
    entries = [
        Entry("post", f"post-{n:04d}", "T", "W", "", "mastodon:1", f"{at:%Y-%m-%dT%H:%M}", zone)
        for n, at in enumerate(real)
    ]
    made = calendar_ics.write(entries, NOW)
    seen = [event["DTSTART"].dt.astimezone(UTC) for event in Calendar.from_ical(made).walk("VEVENT")]
    assert seen == [at.replace(tzinfo=there).astimezone(UTC) for at in real]
    assert len(real) >= len(hours) - 1


def test_an_event_of_another_calendar_becomes_a_day_or_a_time() -> None:
    file = (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:a@b\r\nDTSTAMP:20261101T000000Z\r\n"
        b"DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227\r\nSUMMARY:Shop closed\r\n"
        b"END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    (row,) = calendar_ics.read(file, "Australia/Sydney").rows
    assert (row[1].title, row[1].first_day, row[1].last_day, row[1].local_time) == (
        "Shop closed",
        "2026-12-25",
        "2026-12-26",
        "",
    )


@pytest.mark.parametrize(
    ("read", "data"),
    [
        (calendar_csv.read, b"\xff\xfe"),
        (calendar_csv.read, b""),
        (calendar_csv.read, b"a,b\n1,2"),
        (calendar_csv.read, b'title\n"never closed'),
        (lambda d: calendar_ics.read(d, "UTC"), b"BEGIN:VCALENDAR"),
        (lambda d: calendar_ics.read(d, "UTC"), b"hello"),
        (lambda d: calendar_ics.read(d, "UTC"), b"\xff\x00"),
    ],
)
def test_what_is_no_such_file_is_refused_in_words(read, data: bytes) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadPayload, match=r"."):
        read(data)


ODD = [
    "a\r\nATTENDEE:mailto:eve@example.com", "a\rATTENDEE:x", "a\nEND:VEVENT\nBEGIN:VALARM", "=1+1", "\u202edlog",
    "\u200b", 'a;b,c\\n\\,d:e"f', "x" * 500, "é" * 300, "👩\u200d👧" * 80, "a\u2028BEGIN:VALARM", "a\x0bb", "a\0b",
    "a\x7fb", "a\x1eb", "a\x85b", "tab\tb", " lead", "https://example.com/\r\nATTENDEE:x", "https://example.com/a\\nb",
]  # fmt: skip


@pytest.mark.parametrize("field", ["title", "text", "link", "note", "owner"])
@pytest.mark.parametrize("kind", ["post", "event"])
def test_no_words_add_a_line_to_an_icalendar_file_or_keep_others_out(field: str, kind: str) -> None:
    moment = {"account": "facebook_page:1", "local_time": "2026-11-24T09:30", "zone": "UTC"}
    whole = moment if kind == "post" else {"first_day": "2026-12-01", "last_day": "2026-12-02"}
    rows = [{"kind": kind, "uid": f"day-{n:06}", "title": "T", **whole} | {field: odd} for n, odd in enumerate(ODD)]
    data = calendar_ics.write([Entry(**row) for row in rows], NOW)
    assert re.sub(rb"\r\n", b"", data).translate(None, b"\t") == re.sub(rb"[\x00-\x1f\x7f]", b"", data)
    lines = data.split(b"\r\n")
    assert max(map(len, lines)) <= 75  # RFC 5545, 3.1
    for line in lines:
        line.decode()  # folded between characters
    names = {re.split(rb"[:;]", line)[0] for line in data.replace(b"\r\n ", b"").split(b"\r\n")[:-1]}
    assert names <= {
        b"BEGIN", b"END", b"VERSION", b"PRODID", b"UID", b"DTSTAMP", b"SUMMARY", b"DESCRIPTION", b"URL", b"DTSTART",
        b"DTEND", b"TRANSP", b"CATEGORIES", b"X-HERALD-FIELDS", b"TZID", b"TZNAME", b"TZOFFSETFROM",
        b"TZOFFSETTO", b"RDATE",
    }  # fmt: skip
    read = calendar_ics.read(data, "UTC")
    assert not read.problems
    assert [getattr(entry, field) for _, entry in read.rows] == ODD


@pytest.mark.filterwarnings("error::DeprecationWarning")
@pytest.mark.parametrize("words", [" C:\\new, \\\\N; ", "two\nlines\\n ", "\\\\,\\;"])
def test_words_with_backslashes_in_them_are_not_taken_for_changed_by_another_program(words: str) -> None:
    moment = {"account": "facebook_page:1", "local_time": "2026-11-24T09:30", "zone": "UTC"}
    row = {"kind": "post", "uid": "day-1", "title": words, "text": words, **moment}
    ((_, read),) = calendar_ics.read(calendar_ics.write([Entry(**row)], NOW), "UTC").rows
    assert (read.title, read.text) == (words, words), "what another program changed is stripped, what is ours is not"


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(TooLarge):
        calendar_csv.read(b"title\n" + b"x" * calendar_csv.MOST_BYTES)
    with pytest.raises(TooLarge):
        calendar_csv.read(b"title\n" + b"x\n" * (calendar_csv.MOST_ROWS + 2))


@pytest.mark.parametrize("cell", ["=1+1", "+61", "-5", "@all", "'=quoted", "＝x", "\u200b=1", "\u202e@x", "'\ufeff=1"])
def test_no_spreadsheet_takes_a_cell_for_a_formula(cell: str) -> None:
    row = calendar_csv.write([Entry("event", "day-000001", cell)]).decode("utf-8-sig").splitlines()[1]
    assert row.split(",")[2].startswith("'")
    assert read_back(calendar_csv.read(calendar_csv.write([Entry("event", "day-000001", cell)])))[0].title == cell
