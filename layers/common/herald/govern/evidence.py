"""Evidence: which records show that one person did what the unit of competency asks for, by the unit's own numbers.

The map from an item to what shows it is data (evidence.yaml). What lacks is told as lacking. A pack names people who
work here by id; of customers it holds nothing: subjects and facts leave only where the map says that they are ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from herald.documents import Node, document, fields
from herald.errors import BadRules
from herald.model import AuditEntry
from herald.model.record import record

LIMIT = 200_000  # characters of a map
MOST_SHOWN = 20
"""Records of one ask that a pack lists, the newest; how many there are is always told."""

_NAME = re.compile(r"[A-Z][A-Za-z]{2,60}")
_ID = re.compile(r"[1-9]\.[1-9][0-9]?|(?:PE|KE)[1-9][0-9]?(?:\.[1-9][0-9]?)?")
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,40}")
_PLACE = re.compile(r"[a-z-]{2,30}(?:\?[a-z]{2,20}=\{subject\})?")


class BadMap(BadRules):
    """The map is wrong at `line` (1-based)."""


class Part(StrEnum):
    CRITERION = "criterion"
    PERFORMANCE = "performance"
    KNOWLEDGE = "knowledge"


@record
class Ask:
    """One thing an item asks to be shown.

    Attributes:
        any_of: any of these commands (class names), or the one record of this name (`record`).
        where: fact or attribute -> its values that count; what has others does not.
        least: how many; with `distinct`, how many different values of that fact or attribute.
    """

    any_of: tuple[str, ...] = ()
    record: str = ""
    where: Mapping[str, frozenset[str]] = field(default_factory=dict)
    least: int = 1
    distinct: str = ""


@record
class Item:
    """One item of the unit. number: its own, e.g. "1.4", or its place in a list that has none: "PE2", "KE6.1"."""

    number: str
    part: Part
    says: str
    page: str
    asks: tuple[Ask, ...]


@record
class Map:
    """Attributes:
    awaited: commands that the map names before they exist.
    ours: command whose subject is a thing of ours, so that it may leave -> the page where it opens, perhaps with a
        query in which {subject} stands for it. All other subjects leave as a hash.
    facts: names of facts that may leave.
    """

    unit: str
    title: str
    items: tuple[Item, ...]
    awaited: frozenset[str]
    ours: Mapping[str, str]
    facts: frozenset[str]

    def commands(self) -> set[str]:
        """Every command that the map names."""
        return {name for item in self.items for ask in item.asks for name in ask.any_of}


@record
class Line:
    """One record, as a pack tells it.

    Attributes:
        what: a command, or the name of a record. subject: an id of ours, or `sha256:` and 16 hex digits.
        facts: those that may leave. chain, seq, digest: its place in the audit; empty for a record.
        page: the page where it opens; query: opens it there. Both empty where that would name somebody's message.
        link: where a publication stands, public.
    """

    at: datetime
    what: str
    subject: str
    facts: Mapping[str, str]
    chain: str = ""
    seq: int = 0
    digest: str = ""
    page: str = ""
    query: str = ""
    link: str = ""


def spoken(command: str) -> str:
    """`take incident step`, as people say a command's name."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", command).lower()


@record
class Answer:
    """What shows one ask. found: how many records, or how many different values; lines: the newest of them."""

    ask: Ask
    found: int
    records: int
    lines: tuple[Line, ...]

    @property
    def shown(self) -> bool:
        return self.found >= self.ask.least

    @property
    def lacks(self) -> str:
        """What is missing, in words: `1 more "draft"`, `1 more platform of "published"`; empty where nothing is."""
        if self.shown:
            return ""
        ask = self.ask
        name = ask.record or " or ".join(map(spoken, ask.any_of))
        of = f"{ask.distinct} of " if ask.distinct else ""
        where = ", ".join(f"{key} {' or '.join(sorted(values))}" for key, values in ask.where.items())
        return f"{ask.least - self.found} more {of}“{name}”{f' with {where}' if where else ''}"


@record
class Shown:
    """One item with what shows it."""

    item: Item
    answers: tuple[Answer, ...]

    @property
    def complete(self) -> bool:
        """Whether every ask is shown."""
        return all(answer.shown for answer in self.answers)

    @property
    def newest(self) -> datetime | None:
        return max((line.at for answer in self.answers for line in answer.lines), default=None)


def judge(wanted: Map, lines: Sequence[Line]) -> list[Shown]:
    """Every item of the unit, in its order, with the records among `lines` that show it. Pure."""
    by_name: dict[str, list[Line]] = {}
    for line in sorted(lines, key=lambda one: (one.at, one.seq), reverse=True):
        by_name.setdefault(line.what, []).append(line)
    return [Shown(item, tuple(_answer(ask, by_name) for ask in item.asks)) for item in wanted.items]


def _answer(ask: Ask, by_name: Mapping[str, Sequence[Line]]) -> Answer:
    names = (ask.record,) if ask.record else ask.any_of
    fitting = [line for name in names for line in by_name.get(name, ()) if _fits(line, ask)]
    fitting.sort(key=lambda one: (one.at, one.seq), reverse=True)
    if not ask.distinct:
        return Answer(ask, len(fitting), len(fitting), tuple(fitting[:MOST_SHOWN]))
    firsts: dict[str, Line] = {}
    for line in fitting:
        if value := line.facts.get(ask.distinct):
            firsts.setdefault(value, line)
    told = list(firsts.values()) + [line for line in fitting if line not in firsts.values()]
    return Answer(ask, len(firsts), len(fitting), tuple(told[:MOST_SHOWN]))


def _fits(line: Line, ask: Ask) -> bool:
    return all(line.facts.get(name, "") in values for name, values in ask.where.items())


def told(entry: AuditEntry, wanted: Map) -> Line:
    """An entry of the audit as it may leave: facts by name, the subject only where it is ours. Fails closed."""
    facts = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in sorted(entry.facts.items())
        if name in wanted.facts and value is not None
    }
    if "period" in facts and _a_month(facts["period"]):
        facts["span"] = "month"
    ours = entry.what in wanted.ours
    page, _, query = wanted.ours.get(entry.what, "").partition("?")
    return Line(
        entry.at, entry.what, entry.subject if ours else veiled(entry.subject), facts, entry.chain, entry.seq,
        entry.digest, page, query.replace("{subject}", quote(entry.subject, safe="")),
    )  # fmt: skip


def _a_month(period: str) -> bool:
    """Whether "2026-10-01..2026-10-31" is a whole month."""
    try:
        first, last = map(date.fromisoformat, period.split(".."))
    except ValueError:
        return False
    return first.day == 1 and (first.year, first.month) == (last.year, last.month) and (last + timedelta(1)).day == 1


def veiled(subject: str) -> str:
    """A subject that may name a customer's message or account, as a hash: it can be compared, not read."""
    return f"sha256:{sha256(subject.encode()).hexdigest()[:16]}"


# ---------------------------------------------------------------- the map


@lru_cache(maxsize=1)
def shipped() -> Map:
    """The map that Herald ships."""
    return parse(Path(__file__).with_name("evidence.yaml").read_text(encoding="utf-8"))


def parse(text: str) -> Map:
    """Read a map, strictly.

    Raises:
        BadMap: with its line: no YAML, an unknown or missing field, a number twice, an ask of nothing.
    """
    root = document(text, LIMIT, "the map", BadMap) or Node(1, "")
    parts = fields(root, "the map", ("unit", "title", "awaited", "ours", "facts", "items"), (), BadMap)
    items: list[Item] = []
    for node in parts["items"].items():
        item = _item(node)
        if any(item.number == other.number for other in items):
            raise BadMap(node.line, f"{item.number} stands twice")
        items.append(item)
    return Map(
        parts["unit"].text, parts["title"].text, tuple(items),
        frozenset(_words(parts["awaited"], _NAME)),
        {key.text: _place(key, value) for key, value in parts["ours"].pairs()},
        frozenset(_words(parts["facts"], _WORD)),
    )  # fmt: skip


def _item(node: Node) -> Item:
    parts = fields(node, "an item", ("number", "says", "page", "shown_by"), (), BadMap)
    number = parts["number"].text
    if not _ID.fullmatch(number):
        raise BadMap(parts["number"].line, f'"{number[:20]}" is no number of the unit: 1.4, PE2 or KE6.1')
    if not parts["says"].text:
        raise BadMap(node.line, f"{number} says nothing")
    part = {"P": Part.PERFORMANCE, "K": Part.KNOWLEDGE}.get(number[0], Part.CRITERION)
    asks = tuple(_ask(one) for one in parts["shown_by"].items())
    if not asks:
        raise BadMap(node.line, f"{number} asks for nothing, so anything would show it")
    (page,) = _words(parts["page"], _WORD)
    return Item(number, part, parts["says"].text, page, asks)


def _ask(node: Node) -> Ask:
    parts = fields(node, "an ask", (), ("any", "record", "where", "least", "distinct"), BadMap)
    if ("any" in parts) is ("record" in parts):
        raise BadMap(node.line, "an ask names commands (any) or a record, one of them")
    least = parts["least"].text if "least" in parts else "1"
    if not least.isdecimal() or not 1 <= int(least) <= 99:
        raise BadMap(parts["least"].line, "least is a number from 1 to 99")
    return Ask(
        tuple(_words(parts["any"], _NAME)) if "any" in parts else (),
        _words(parts["record"], _WORD)[0] if "record" in parts else "",
        {key.text: frozenset(_words(value, _WORD)) for key, value in parts["where"].pairs()} if "where" in parts
        else {},
        int(least), _words(parts["distinct"], _WORD)[0] if "distinct" in parts else "",
    )  # fmt: skip


def _place(command: Node, page: Node) -> str:
    if not _NAME.fullmatch(command.text) or not _PLACE.fullmatch(page.text):
        raise BadMap(command.line, f'"{command.text[:40]}: {page.text[:60]}" cannot stand here: write Draft: page')
    return page.text


def _words(node: Node, pattern: re.Pattern[str]) -> list[str]:
    for one in node.items():
        if not pattern.fullmatch(one.text):
            raise BadMap(one.line, f'"{one.text[:40]}" cannot stand here')
    return [one.text for one in node.items()]
