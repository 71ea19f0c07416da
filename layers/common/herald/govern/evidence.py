"""The unit's own numbers -> what shows them (evidence.yaml); an evidence pack from lines of the audit. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from herald.model import AuditEntry
from herald.model.record import record

_FILE = Path(__file__).with_name("evidence.yaml")


@record
class Item:
    """One criterion: its number, our words for it, the commands that show it, how many at least, where it is done."""

    number: str
    words: str
    commands: tuple[str, ...]
    least: int
    page: str


@record
class Shown:
    """What shows an item; `lacks` says what is missing, empty where nothing is."""

    item: Item
    lines: tuple[AuditEntry, ...]
    lacks: str


@lru_cache(maxsize=1)
def items() -> tuple[Item, ...]:
    """Every item in the order of the unit."""
    import yaml  # noqa: PLC0415  only where somebody asks

    read = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["items"]
    return tuple(
        Item(str(number), told["words"], tuple(told["commands"]), told.get("least", 1), told["page"])
        for number, told in read.items()
    )


@lru_cache(maxsize=1)
def awaited() -> frozenset[str]:
    """Commands that items name and Herald does not have yet."""
    import yaml  # noqa: PLC0415

    return frozenset(yaml.safe_load(_FILE.read_text(encoding="utf-8"))["awaited"])


def pack(lines: Iterable[AuditEntry], wanted: Sequence[Item] | None = None) -> list[Shown]:
    """Each item with the lines that show it, in the order they were written."""
    by_command: dict[str, list[AuditEntry]] = {}
    for line in lines:
        by_command.setdefault(line.what, []).append(line)
    found = []
    for item in items() if wanted is None else wanted:
        mine = sorted((line for name in item.commands for line in by_command.get(name, ())), key=lambda line: line.seq)
        there = len(mine)
        lacks = "" if there >= item.least else f"{item.least - there} more, on the page {item.page}"
        found.append(Shown(item, tuple(mine), lacks))
    return found


def told(shown: Sequence[Shown], about: Mapping[str, str]) -> dict[str, object]:
    """The pack as JSON: ids, hashes and instants, no words of customers and no names.

    Args:
        about: who, from when, to when, and where the chain ended: put in front as it is.
    """
    return {
        **about,
        "items": [
            {
                "number": each.item.number, "words": each.item.words, "page": each.item.page, "least": each.item.least,
                "lacks": each.lacks,
                "shown_by": [
                    {"seq": line.seq, "at": line.at.isoformat(), "by": line.actor, "what": line.what,
                     "subject": line.subject, "digest": line.digest} for line in each.lines
                ],
            }
            for each in shown
        ],
    }  # fmt: skip
