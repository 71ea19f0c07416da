"""The register of law and of platforms' terms: what must be kept, where it was read and when, and what enforces it.

    - id: au-spam-commercial
      where: AU                     # AU UK EU US, or the name of a platform
      topic: spam                   # one of TOPICS
      title: Spam Act 2003 (Cth)
      provision: s 16-18
      asks: In our own words, what it asks of us.
      source: https://…
      read: 2026-11-20              # the day it was written down
      review: 2027-05-20            # the day to read it again
      basis: source                 # source: read there; account: from what others say of it, to be compared
      check: rule Spam              # what enforces it, or: manual, and who does what
      clauses: [MOD 4.1]            # clauses of the shipped policies that carry it

It is a register to work by, not legal advice. Checks are named so that a test can find each of them (CHECKS).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from herald.documents import Node, document, fields
from herald.errors import BadRules
from herald.model.record import record

LAND = ("AU", "UK", "EU", "US")
TOPICS = (
    "privacy", "spam", "copyright", "promotions", "consumer", "defamation", "safety", "discrimination", "accessibility",
    "children",
)  # fmt: skip
CHECKS = ("rule", "gate", "code", "manual")
"""Kinds of check: `rule NAME` of the shipped rules, `gate COMMAND`, `code MODULE:FUNCTION` of ours, `manual HOW`."""

LONGEST_REVIEW = timedelta(days=366)
"""An entry is read again within a year."""

LIMIT = 200_000  # characters
TEXT = 600  # characters of one field
_FIELDS = (
    "id", "where", "topic", "title", "provision", "asks", "source", "read", "review", "basis", "check", "clauses",
)  # fmt: skip
_OPTIONAL = ("provision", "clauses")
_ID = re.compile(r"[a-z][a-z0-9-]{2,59}")
_CLAUSE = re.compile(r"[A-Z][A-Z0-9_]{0,31} [0-9]+(?:\.[0-9]+)*")
_CODE = re.compile(r"herald(?:\.[a-z_]+)+:[A-Za-z_]+")


class BadLaw(BadRules):
    """The register is wrong at `line` (1-based)."""


@record
class Entry:
    """One provision.

    Attributes:
        basis: source (it was read there) or account (written from what others say of it: compare before relying on it).
        check: its kind and what it names: ("rule", "Spam"); ("manual", "who does what").
    """

    id: str
    where: str
    topic: str
    title: str
    provision: str
    asks: str
    source: str
    read: date
    review: date
    basis: str
    check: tuple[str, str]
    clauses: tuple[str, ...] = ()

    @property
    def manual(self) -> bool:
        return self.check[0] == "manual"

    @property
    def platform(self) -> bool:
        """Whether it is a platform's term, not a law."""
        return self.where not in LAND

    def stale(self, day: date) -> bool:
        """Whether the day to read it again has come."""
        return day >= self.review


@lru_cache(maxsize=1)
def register() -> tuple[Entry, ...]:
    """The shipped register, in its order."""
    return parse(Path(__file__).with_name("law.yaml").read_text(encoding="utf-8"))


def parse(text: str) -> tuple[Entry, ...]:
    """Read a register, strictly.

    Raises:
        BadLaw: with its line: no YAML, an unknown or missing field, an id twice, a date that is none, a review later
            than a year after reading, a source that is no https address, a check of no known kind.
    """
    root = document(text, LIMIT, "the register", BadLaw)
    if root is None or root.kind != "list":
        raise BadLaw(root.line if root else 1, "the register is a list of entries, each beginning with - id:")
    entries: list[Entry] = []
    for node in root.items():
        entry = _entry(node)
        if any(entry.id == other.id for other in entries):
            raise BadLaw(node.line, f"{entry.id} stands twice")
        entries.append(entry)
    return tuple(entries)


def chosen(
    entries: Iterable[Entry], *, where: str = "", topic: str = "", manual: bool | None = None, stale: date | None = None
) -> list[Entry]:
    """Those of a place, of a topic, with or without a check, to be read again by a day; what is empty asks nothing."""
    return [
        one
        for one in entries
        if (not where or one.where == where)
        and (not topic or one.topic == topic)
        and (manual is None or one.manual is manual)
        and (stale is None or one.stale(stale))
    ]


def _entry(node: Node) -> Entry:
    parts = fields(node, "an entry", [name for name in _FIELDS if name not in _OPTIONAL], _OPTIONAL, BadLaw)
    found = {name: _text(name, parts[name]) for name in _FIELDS if name in parts and name != "clauses"}
    entry = Entry(
        id=_like(_ID, found["id"], parts["id"], "small letters, digits and dashes"),
        where=found["where"],
        topic=_one_of(TOPICS, found["topic"], parts["topic"]),
        title=found["title"],
        provision=found.get("provision", ""),
        asks=found["asks"],
        source=_address(found["source"], parts["source"]),
        read=_date(found["read"], parts["read"]),
        review=_date(found["review"], parts["review"]),
        basis=_one_of(("source", "account"), found["basis"], parts["basis"]),
        check=_check(found["check"], parts["check"]),
        clauses=_clauses(parts.get("clauses")),
    )
    if not entry.read < entry.review <= entry.read + LONGEST_REVIEW:
        raise BadLaw(parts["review"].line, "the review is due after the reading and within a year of it")
    return entry


def _text(name: str, node: Node) -> str:
    if node.kind != "text" or not node.text.strip():
        raise BadLaw(node.line, f"{name} must be a text")
    if len(node.text) > TEXT:
        raise BadLaw(node.line, f"{name} has {len(node.text)} characters, the limit is {TEXT}")
    return " ".join(node.text.split())


def _like(pattern: re.Pattern[str], text: str, node: Node, form: str) -> str:
    if not pattern.fullmatch(text):
        raise BadLaw(node.line, f'"{text[:40]}" must be {form}')
    return text


def _one_of(allowed: tuple[str, ...], text: str, node: Node) -> str:
    if text not in allowed:
        raise BadLaw(node.line, f'"{text[:40]}" is none of {", ".join(allowed)}')
    return text


def _address(text: str, node: Node) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "https" or "." not in (parts.hostname or "") or any(c.isspace() for c in text):
        raise BadLaw(node.line, "the source must be a whole address that begins with https://")
    return text


def _date(text: str, node: Node) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadLaw(node.line, f'"{text[:40]}" is no date: write for example 2026-11-20') from None


def _check(text: str, node: Node) -> tuple[str, str]:
    kind, _, what = text.partition(" ")
    if kind not in CHECKS or not what.strip():
        told = f'"{text[:40]}" names no check: write rule, gate or code and its name, or manual and how'
        raise BadLaw(node.line, told)
    if kind == "code":
        _like(_CODE, what.strip(), node, "a function of this package, e.g. herald.publish.checks:check")
    return kind, what.strip()


def _clauses(node: Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    if node.kind != "list":
        raise BadLaw(node.line, "clauses is a list: write for example [MOD 4.1]")
    return tuple(_like(_CLAUSE, _text("a clause", one), one, "a clause, e.g. MOD 4.1") for one in node.items())
