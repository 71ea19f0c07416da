"""The platform sheet: dated cells with their sources, limits read from the adapters, what is too old. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from herald.model.record import record
from herald.model.research import PlatformNote
from herald.ports import Capabilities

_FILE = Path(__file__).with_name("platforms.yaml")
READ = date(2026, 11, 21)
"""When the shipped cells were read."""
STALE = timedelta(days=180)


@record
class Cell:
    """One fact. `source` is an address, or says that an adapter enforces it; `by`: shipped, herald or who."""

    text: str
    source: str
    as_of: date
    by: str

    def stale(self, today: date) -> bool:
        """Older than half a year: to be read again before anybody relies on it. Never of what an adapter enforces."""
        return self.by != "herald" and today - self.as_of > STALE


Sheet = Mapping[str, Mapping[str, Cell]]


def names() -> dict[str, str]:
    """Platform -> its name, in the order of the file."""
    return {platform: told["name"] for platform, told in _shipped()["platforms"].items()}


def fields() -> dict[str, str]:
    """Field -> what it says, in the order they are shown; `limits` are the adapters'."""
    return {"limits": "Limits that Herald enforces", **_shipped()["fields"], "cost": "Cost", "audience": "Audience"}


def sheet(
    notes: Iterable[PlatformNote], adapters: Mapping[str, Capabilities], today: date
) -> dict[str, dict[str, Cell]]:
    """Platform -> field -> cell: what is shipped, over it what people noted, and the adapters' limits."""
    found = {
        platform: {field: Cell(one["text"], one["source"], READ, "shipped") for field, one in told["cells"].items()}
        for platform, told in _shipped()["platforms"].items()
    }
    for note in notes:
        if note.platform in found:
            found[note.platform][note.field] = Cell(note.text, note.source, note.as_of, note.by)
    for platform, can in adapters.items():
        if platform in found and (text := limits_of(can)):
            found[platform]["limits"] = Cell(text, "Herald's adapter", today, "herald")
    return found


def limits_of(can: Capabilities) -> str:
    """What an adapter enforces, in words; read from its own data, so it cannot drift."""
    told = []
    if post := can.post:
        told.append(f"a post of {post.text:,} {post.unit}")
        told.append(f"{post.images} image{'s' if post.images != 1 else ''} of {post.image_bytes / 1e6:.0f} MB")
        told.append(f"image descriptions of {post.alt_length:,} characters")
    if can.reply_limit is not None:
        told.append(f"an answer of {can.reply_limit:,} characters")
    acts = ", ".join(sorted(str(act).replace("_", " ") for act in can.acts))
    words = ", ".join(told)
    return f"{words[:1].upper()}{words[1:]}. Herald can: {acts}." if told or acts else ""


def csv_rows(made: Mapping[str, Mapping[str, Cell]], today: date) -> list[list[str]]:
    """The sheet for a spreadsheet: one row a cell, missing cells named as missing."""
    rows = [["platform", "field", "text", "source", "as of", "by", "stale"]]
    for platform, name in names().items():
        for field, words in fields().items():
            cell = made[platform].get(field)
            if cell is None:
                rows.append([name, words, "missing", "", "", "", ""])
            else:
                stale = "yes" if cell.stale(today) else ""
                rows.append([name, words, cell.text, cell.source, cell.as_of.isoformat(), cell.by, stale])
    return rows


@lru_cache(maxsize=1)
def _shipped() -> Any:
    import yaml  # noqa: PLC0415  only where somebody asks

    return yaml.safe_load(_FILE.read_text(encoding="utf-8"))
