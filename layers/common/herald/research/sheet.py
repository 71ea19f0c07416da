"""The platform sheet: dated cells with title and address of their sources, what the adapters know, what is too old.

    - id: mastodon
      name: Mastodon
      cells:
        - field: moderation             # one of FIELDS that a person may write
          text: In our own words, what is known.
          title: accounts API methods   # of the page where it was read
          source: https://…
          read: 2026-11-21              # the day it was read
          basis: source                 # source: read there; account: from what others say, to be compared

A cell that is not there is not known. `herald` and, where there is an adapter, `limits` are read from the adapters, so
they cannot drift.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from herald.documents import Node, document, fields
from herald.errors import BadRules
from herald.model.record import record
from herald.model.research import PlatformNote
from herald.ports import Capabilities

STALE = timedelta(days=180)
LIMIT = 200_000  # characters of a file
TEXT = 500  # characters of one part of a cell

FIELDS: Mapping[str, str] = {
    "herald": "What Herald can do there",
    "limits": "Limits",
    "audience": "Audience",
    "posts": "What can be posted",
    "messages": "How messages reach us",
    "moderation": "Means of moderation",
    "cost": "Cost",
    "access": "What the interface asks of us",
    "terms": "Terms",
    "data": "Data protection",
}
"""Field -> what it says, in the order they are shown."""

BY_HERALD, SHIPPED = "herald", "shipped"
_PARTS = ("field", "text", "title", "source", "read", "basis")
_ID = re.compile(r"[a-z][a-z0-9_]{0,31}")


class BadSheet(BadRules):
    """The sheet is wrong at `line` (1-based)."""


@record
class Cell:
    """One fact.

    Attributes:
        title, source: of where it was read: a page and its address; of an adapter, what it was made from.
        by: shipped, herald (an adapter), or the id of who noted it.
        basis: source (it was read there) or account (from what others say of it: compare before relying on it).
    """

    text: str
    source: str
    as_of: date
    by: str
    title: str = ""
    basis: str = "source"

    def stale(self, today: date) -> bool:
        """Older than half a year: to be read again before anybody relies on it. Never of what an adapter enforces."""
        return self.by != BY_HERALD and today - self.as_of > STALE


@record
class Platform:
    """What is shipped of one platform."""

    id: str
    name: str
    cells: Mapping[str, Cell]


def names() -> dict[str, str]:
    """Platform -> its name, in the order of the file."""
    return {one.id: one.name for one in shipped()}


def writable(adapters: Iterable[str], platform: str) -> dict[str, str]:
    """The fields a person may note of a platform: all that no adapter knows."""
    known = {"herald", "limits"} if platform in adapters else {"herald"}
    return {field: words for field, words in FIELDS.items() if field not in known}


def sheet(
    notes: Iterable[PlatformNote], adapters: Mapping[str, Capabilities], today: date
) -> dict[str, dict[str, Cell]]:
    """Platform -> field -> cell: what is shipped, over it what people noted, over that what the adapters know."""
    found = {one.id: dict(one.cells) for one in shipped()}
    for note in notes:
        if note.platform in found and note.field in FIELDS:
            cell = Cell(note.text, note.source, note.as_of, note.by, note.title)
            found[note.platform][note.field] = cell
    for platform, cells in found.items():
        can = adapters.get(platform)
        told = acts_of(can)
        cells["herald"] = Cell(told, _made_from(can, "acts"), today, BY_HERALD, "Herald's adapter" if can else "Herald")
        if can and (limits := limits_of(can)):
            cells["limits"] = Cell(limits, _made_from(can), today, BY_HERALD, "Herald's adapter")
    return found


def acts_of(can: Capabilities | None) -> str:
    """What Herald does on a platform, in words; read from its adapter's own data."""
    acts = [str(act).replace("_", " ") for act in sorted(can.acts)] if can else []
    return f"{', '.join(acts).capitalize()}." if acts else "Nothing: people work there by hand."


def limits_of(can: Capabilities) -> str:
    """What an adapter enforces, in words; read from its own data. Empty where it enforces nothing."""
    told = []
    if post := can.post:
        told.append(f"a post of {post.text:,} {post.unit}")
        if post.text_bytes is not None:
            told.append(f"at most {post.text_bytes:,} bytes")
        if post.images:
            told.append(f"{post.images} image{'s' if post.images != 1 else ''} of {post.image_bytes / 1e6:.0f} MB")
            told.append(f"image descriptions of {post.alt_length:,} characters")
        else:
            told.append("no images")
    if can.reply_limit is not None:
        told.append(f"an answer of {can.reply_limit:,} characters")
    words = ", ".join(told)
    return f"{words[:1].upper()}{words[1:]}." if told else ""


def digest(made: Mapping[str, Mapping[str, Cell]]) -> str:
    """SHA-256 of what the sheet says, in hex. The day on which an adapter was asked is not part of it."""
    told = [
        [platform, field, cell.text, cell.title, cell.source, cell.by, cell.basis]
        + ([] if cell.by == BY_HERALD else [cell.as_of.isoformat()])
        for platform, cells in sorted(made.items())
        for field, cell in sorted(cells.items())
    ]
    return sha256(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def csv_rows(made: Mapping[str, Mapping[str, Cell]], today: date) -> list[list[str]]:
    """The rows of the sheet for plain.sheet: one row a cell, missing cells named as missing."""
    rows = [["platform", "field", "text", "title", "source", "basis", "as of", "by", "stale"]]
    for platform, name in names().items():
        for field, words in FIELDS.items():
            cell = made[platform].get(field)
            if cell is None:
                rows.append([name, words, "missing", "", "", "", "", "", ""])
            else:
                stale, day = "yes" if cell.stale(today) else "", cell.as_of.isoformat()
                told = [name, words, cell.text, cell.title, cell.source, cell.basis, day, cell.by, stale]
                rows.append(told)
    return rows


def _made_from(can: Capabilities | None, *facts: str) -> str:
    if can is None:
        return "no adapter"
    told = [f"{fact}: {source}" for fact, source in can.sources.items() if not facts or fact in facts]
    return "; ".join(told) or "its own data"


# ---------------------------------------------------------------- the file


@lru_cache(maxsize=1)
def shipped() -> tuple[Platform, ...]:
    """The shipped sheet, in its order."""
    return parse(Path(__file__).with_name("platforms.yaml").read_text(encoding="utf-8"))


def parse(text: str) -> tuple[Platform, ...]:
    """Read a sheet, strictly.

    Raises:
        BadSheet: with its line: no YAML, an unknown, missing or repeated part, a platform twice, a date that is none,
            a source that is no https address, a field that only an adapter may fill.
    """
    root = document(text, LIMIT, "the sheet", BadSheet)
    if root is None or root.kind != "list":
        raise BadSheet(root.line if root else 1, "the sheet is a list of platforms, each beginning with - id:")
    found: dict[str, Platform] = {}
    for node in root.items():
        one = _platform(node)
        if one.id in found:
            raise BadSheet(node.line, f"{one.id} stands twice")
        found[one.id] = one
    return tuple(found.values())


def _platform(node: Node) -> Platform:
    parts = fields(node, "a platform", ("id", "name", "cells"), (), BadSheet)
    name = _text(parts["id"])
    if not _ID.fullmatch(name):
        raise BadSheet(parts["id"].line, f'"{name[:40]}" must be small letters, digits and _')
    if parts["cells"].kind != "list":
        raise BadSheet(parts["cells"].line, "cells is a list, each beginning with - field:")
    cells: dict[str, Cell] = {}
    for each in parts["cells"].items():
        field, cell = _cell(each)
        if field in cells:
            raise BadSheet(each.line, f"{field} stands twice")
        cells[field] = cell
    return Platform(name, _text(parts["name"]), cells)


def _cell(node: Node) -> tuple[str, Cell]:
    parts = fields(node, "a cell", _PARTS, (), BadSheet)
    field, basis = _text(parts["field"]), _text(parts["basis"])
    if field not in FIELDS or field == "herald":
        allowed = ", ".join(each for each in FIELDS if each != "herald")
        raise BadSheet(parts["field"].line, f'"{field[:40]}" is no field that is written here: {allowed}')
    if basis not in ("source", "account"):
        raise BadSheet(parts["basis"].line, f'"{basis[:40]}" is neither source nor account')
    try:
        as_of = date.fromisoformat(_text(parts["read"]))
    except ValueError:
        raise BadSheet(parts["read"].line, "read must be a day: write for example 2026-11-20") from None
    source = _text(parts["source"])
    if not address(source):
        raise BadSheet(parts["source"].line, "the source must be a whole address that begins with https://")
    return field, Cell(_text(parts["text"]), source, as_of, SHIPPED, _text(parts["title"]), basis)


def address(text: str) -> bool:
    """Whether this is a whole https address, without a user's name, of at most 2,000 characters."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    plain = len(text) <= 2_000 and not any(letter.isspace() or ord(letter) < 32 for letter in text)
    return plain and parts.scheme == "https" and "." in (parts.hostname or "") and parts.username is None


def _text(node: Node) -> str:
    text = " ".join(node.text.split())
    if node.kind != "text" or not text or len(text) > TEXT:
        raise BadSheet(node.line, f"this must be a text of 1 to {TEXT} characters")
    return text
