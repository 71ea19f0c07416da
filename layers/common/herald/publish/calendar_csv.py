"""A calendar as a file of rows: what stands in one, and CSV (RFC 4180, UTF-8 with a mark, as spreadsheets write it).

A row is one variant of a post, or one day mark; rows with the same `uid` are one post. A cell that a spreadsheet would
take for a formula begins with an apostrophe, which reading takes off again (OWASP, CSV injection).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Final

from herald.errors import BadPayload, TooLarge
from herald.model.record import record
from herald.plain import FORMULA

MOST_BYTES: Final = 8_000_000
MOST_ROWS: Final = 5_000
_LONGEST_CELL: Final = 200_000
_FORMULA: Final = re.compile(rf"'*{FORMULA}")


@record
class Entry:
    """One row, every cell as text. Of a day: kind, uid, title and what follows `first_day`; `kind` says which it is."""

    kind: str = ""  # post, or one of model.DayKind
    uid: str = ""
    title: str = ""
    text: str = ""
    link: str = ""
    account: str = ""  # "platform:id"
    local_time: str = ""  # of a post "2026-11-24T09:30", of a day "09:30"
    zone: str = ""
    own_text: str = ""
    images: str = ""  # JSON, as model.Media
    needs: str = ""  # separated by spaces
    paid: str = ""  # yes or empty
    first_day: str = ""
    last_day: str = ""
    owner: str = ""
    lead_days: str = ""
    note: str = ""
    done: str = ""  # yes or empty
    state: str = ""  # written for people to read; never read back


FIELDS: Final = tuple(field.name for field in fields(Entry))


@record
class RowProblem:
    """What keeps one row out. `row` is its number as a spreadsheet shows it (1 is the header), or an event's place."""

    row: int
    field: str
    words: str


@record
class FileRows:
    """What a file holds: rows by number, and what could not be read as one."""

    rows: tuple[tuple[int, Entry], ...]
    problems: tuple[RowProblem, ...] = ()


def write(entries: Iterable[Entry]) -> bytes:
    """The file."""
    out = io.StringIO(newline="")
    made = csv.writer(out)
    made.writerow(FIELDS)
    for entry in entries:
        made.writerow([escape(cell) for cell in asdict(entry).values()])
    return out.getvalue().encode("utf-8-sig")


def read(data: bytes) -> FileRows:
    """Rows of a file. Columns may stand in any order; those that are absent are empty; commas or semicolons.

    Raises BadPayload (in words) for what is no such file, TooLarge.
    """
    if len(data) > MOST_BYTES:
        raise TooLarge(f"The file has {len(data) / 1e6:.1f} MB; {MOST_BYTES / 1e6:.0f} MB is the limit. Split it.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadPayload(f"Not UTF-8 at byte {error.start}: save it as CSV UTF-8.") from None
    first = text.partition("\n")[0]
    csv.field_size_limit(_LONGEST_CELL)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",",
                       strict=True)  # fmt: skip
    rows: list[tuple[int, Entry]] = []
    problems: list[RowProblem] = []
    number = 1
    try:
        names = _header(next(lines, []))
        for number, cells in enumerate(lines, 2):
            if not any(cell.strip() for cell in cells):
                continue
            if number > MOST_ROWS + 1:
                raise TooLarge(f"More than {MOST_ROWS} rows. Split the file.")
            if len(cells) > len(names):
                words = f"It has {len(cells)} cells, the header {len(names)}: put text with commas in quotation marks."
                problems.append(RowProblem(number, "row", words))
                continue
            named = {name: unescape(cell) for name, cell in zip(names, cells, strict=False) if name}
            rows.append((number, Entry(**{name: _unified(cell) for name, cell in named.items()})))
    except csv.Error as error:
        raise BadPayload(f"Row {number + 1} cannot be read ({error}). Save the file as CSV again.") from None
    return FileRows(tuple(rows), tuple(problems))


def _header(cells: list[str]) -> list[str]:
    """Names of the columns; "" for one that is not ours and is left out."""
    names = [cell.strip().lower().replace(" ", "_") for cell in cells]
    ours = [name for name in names if name in FIELDS]
    if "title" not in ours or len(set(ours)) != len(ours):
        raise BadPayload(f"The first row must name the columns, each once: {', '.join(FIELDS)}. `title` is needed.")
    return [name if name in FIELDS else "" for name in names]


def escape(cell: str) -> str:
    """The cell as no spreadsheet takes it for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unescape(cell: str) -> str:
    """The cell as it was before `escape`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def _unified(cell: str) -> str:
    """Line ends as Herald writes them, no room around."""
    return cell.replace("\r\n", "\n").replace("\r", "\n").strip()
