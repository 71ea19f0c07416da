"""Words that people wrote, where they must be nothing but words: a line of ours, a mail's subject, a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

Cell = str | int | float | None

SUBJECT_LIMIT = 200
"""Characters of a mail's subject."""

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Control characters, lone surrogates, and those that turn the direction of what follows."""
FORMULA = r"(?:[\t\r\n\0]|[\s\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*[=+\-@＝＋－＠])"
"""What a spreadsheet may take for the beginning of a formula (CWE-1236; OWASP, CSV injection; ASVS 5, 1.2.10), also
behind what nobody sees."""
_FORMULA = re.compile(FORMULA)


def clean(text: str) -> str:
    """Without characters that cannot be seen but change what is; line ends become spaces."""
    return _UNSEEN.sub("", text.replace("\n", " ").replace("\t", " "))


def subject_line(text: str) -> str:
    """As the subject of a mail: one line of visible characters, cut where it is too long.

    Joined emoji fall apart and soft hyphens go: better than a mail that is refused for the name of a brand.
    """
    line = "".join(" " if char.isspace() else char for char in text if char.isspace() or char.isprintable())
    return " ".join(line.split())[:SUBJECT_LIMIT].rstrip()


def sheet(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Rows as CSV: RFC 4180, UTF-8 with a byte order mark. None is an empty cell.

    Text that a spreadsheet would take for a formula gets a leading apostrophe; true numbers stay numbers, below zero
    too.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue().encode("utf-8-sig")


def _cell(value: Cell) -> Cell:
    if not isinstance(value, str):
        return value
    shown_as = clean(value)  # first: what is dropped may have stood before the sign
    return f"'{shown_as}" if _FORMULA.match(value) or _FORMULA.match(shown_as) else shown_as
