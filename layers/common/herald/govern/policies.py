"""Policies: written documents, broken into numbered clauses that decisions cite.

A document is Markdown with front matter:

    ---
    id: MOD
    title: Moderation guideline
    version: 2
    effective_from: 2026-07-01
    gates: [Hide 1.1, Unhide]
    limits: [appeal 6.2]
    ---
    ## 3 Conduct

    ### 3.1 Insults and abuse

    Its text, to the next heading.

Every numbered heading with text below it is a clause; one without is a section and only groups. A number, once given,
keeps its meaning: a clause that falls away leaves a gap, its number is not used again. A gate is a command nobody may
give before acknowledging this version; the number behind it is the clause that asks for it. A limit is a number
Herald holds people to (LIMITS), with the clause that states it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from herald.errors import BadRules, Unknown
from herald.govern.authority import MATRIX
from herald.model import Clause, ClauseRef, Policy

DOCUMENT_LIMIT = 100_000  # characters
CLAUSE_LIMIT = 4_000  # characters: longer than anyone applies while a customer waits
_FIELDS = ("id", "title", "version", "effective_from", "gates", "limits")
LIMITS: Mapping[str, str] = {
    "response": "Time to a first answer",
    "appeal": "Time to decide an appeal",
    "escalation": "Who is told of a breach, and when it climbs",
    "remedy": "What each role may give away to one customer in a month",
    "rules": "Who makes a rule live: another person than wrote it",
}
"""What Herald holds people to and a clause may state, by name."""
_ID = re.compile(r"[A-Z][A-Z0-9_]{0,31}")
_HEADING = re.compile(r"(#{1,6})\s+(.*\S)\s*")
_NUMBERED = re.compile(r"([0-9]++(?:\.[0-9]+)*+)\.?\s+(\S.*)")
_REFERENCE = re.compile(r"([A-Za-z][A-Za-z0-9_]*+)[\s-]++([0-9]++(?:\.[0-9]+)*+)(?:\s+v([0-9]+))?")

_Heading = tuple[int, str, str, list[str]]  # line, number, title, text


class BadPolicy(BadRules):
    """A policy document is wrong at `line` (1-based)."""


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """What happened to one clause between two versions; None where it was not there."""

    number: str
    before: Clause | None
    after: Clause | None

    @property
    def kind(self) -> str:
        """added, removed or changed."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


# ---------------------------------------------------------------- reading and writing


def parse(text: str) -> Policy:
    """Read a document; the Markdown itself is kept as `source`.

    Raises:
        BadPolicy: with its line: front matter missing or wrong, a heading without number, a number twice or not in
            ascending order, a clause under another section, a clause too long, no clause at all, a gate that is no
            command.
    """
    if len(text) > DOCUMENT_LIMIT:
        raise BadPolicy(1, f"the document has {len(text)} characters, the limit is {DOCUMENT_LIMIT}")
    lines = text.removeprefix("\ufeff").splitlines()
    front, body_from = _front_matter(lines)
    values = {name: value for name, (_, value) in front.items()}
    clauses = tuple(
        Clause(id=f"{values['id']}-{number}", number=number, title=title, text=_joined(content))
        for line, number, title, content in _checked(_headings(lines, body_from))
        if _has_text(content, line)
    )
    if not clauses:
        raise BadPolicy(
            len(lines) or 1, "the document has no clause: write a heading such as ### 3.1 Insults and its text"
        )
    gates, limits = _named(values["gates"]), _named(values["limits"])
    numbers = {clause.number for clause in clauses}
    for field, named in (("gates", gates), ("limits", limits)):
        for name, number in named.items():
            if number and number not in numbers:
                raise BadPolicy(front[field][0], f"{name} names clause {number}, which this document has not")
    return Policy(
        id=values["id"],
        title=values["title"],
        version=int(values["version"]),
        effective_from=date.fromisoformat(values["effective_from"]),
        clauses=clauses,
        gates=tuple(gates),
        source=text,
        asked_by={gate: number for gate, number in gates.items() if number},
        limits=limits,
    )


def render(policy: Policy) -> str:
    """The document as Markdown: what `parse` reads back to the same policy. Section titles come from its source."""
    gates = [f"{gate} {policy.asked_by.get(gate, '')}".strip() for gate in policy.gates]
    limits = [f"{name} {number}" for name, number in policy.limits.items()]
    front = [
        f"id: {policy.id}", f"title: {policy.title}", f"version: {policy.version}",
        f"effective_from: {policy.effective_from.isoformat()}", f"gates: [{', '.join(gates)}]",
        *([f"limits: [{', '.join(limits)}]"] if limits else []),
    ]  # fmt: skip
    parts = ["\n".join(["---", *front, "---"])]
    sections = _sections(policy)
    for clause in policy.clauses:
        for number in _parents(clause.number):
            if number in sections:
                parts.append(_heading_line(number, sections.pop(number)))
        parts.append(_heading_line(clause.number, clause.title))
        parts.append(clause.text)
    return "\n\n".join(parts) + "\n"


# ---------------------------------------------------------------- asking


def as_of(policies: Iterable[Policy], policy_id: str, day: date) -> Policy | None:
    """The version in force on `day`: the highest that was effective by then; None before the first."""
    in_force = [p for p in policies if p.id == policy_id and p.effective_from <= day]
    return max(in_force, key=lambda p: p.version, default=None)


def clause_ref(text: str, policies: Iterable[Policy]) -> ClauseRef:
    """Read "MOD 3.1", "MOD-3.1" or "MOD 3.1 v2" against these policies; without version the highest is meant.

    Raises:
        Unknown: names what cannot be found.
    """
    found = _REFERENCE.fullmatch(text.strip())
    if not found:
        raise Unknown(f'"{text[:80]}" names no clause: write for example MOD 3.1')
    name, number, version = found[1].upper(), found[2], found[3]
    versions = [p for p in policies if p.id == name and (version is None or p.version == int(version))]
    policy = max(versions, key=lambda p: p.version, default=None)
    if policy is None:
        raise Unknown(f"there is no policy {name}" + (f" version {version}" if version else ""))
    if policy.clause(number) is None:
        raise Unknown(f"{policy.title} ({name} version {policy.version}) has no clause {number}")
    return ClauseRef(name, number, policy.version)


def clause_of(ref: ClauseRef, policies: Iterable[Policy]) -> tuple[Policy, Clause]:
    """The clause as it stood in the version cited. Raises Unknown."""
    for policy in policies:
        if (policy.id, policy.version) == (ref.policy, ref.version):
            clause = policy.clause(ref.clause)
            if clause:
                return policy, clause
    raise Unknown(f"{ref} is not among the policies kept here")


def cite(ref: ClauseRef, policies: Iterable[Policy]) -> str:
    """For people: document, clause and version, e.g. "Moderation guideline, 3.1 Insults and abuse (MOD version 2)".

    Raises:
        Unknown: that version or clause is not among `policies`.
    """
    policy, clause = clause_of(ref, policies)
    return f"{policy.title}, {clause.number} {clause.title} ({policy.id} version {policy.version})"


def diff(old: Policy, new: Policy) -> list[ClauseChange]:
    """What changed clause by clause (title or text), in the order of their numbers."""
    before = {clause.number: clause for clause in old.clauses}
    after = {clause.number: clause for clause in new.clauses}
    changes = [ClauseChange(n, before.get(n), after.get(n)) for n in sorted(before | after, key=_order)]
    return [c for c in changes if not (c.before and c.after and _words(c.before) == _words(c.after))]


def draft_after(policy: Policy, day: date) -> str:
    """The document to begin the next version from: the same words, the next number, in force from `day`."""
    lines = (policy.source or render(policy)).splitlines()
    _, body_from = _front_matter(lines)
    values = {"version": str(policy.version + 1), "effective_from": day.isoformat()}
    for index, line in enumerate(lines[:body_from]):
        name = line.partition(":")[0].strip()
        if name in values:
            lines[index] = f"{name}: {values[name]}"
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------- parts of reading


def _front_matter(lines: list[str]) -> tuple[Mapping[str, tuple[int, str]], int]:
    """Field -> (line, value), and the index of the first line of the body."""
    if not lines or lines[0].strip() != "---":
        raise BadPolicy(1, "the document must begin with a line --- and its front matter")
    front: dict[str, tuple[int, str]] = {"gates": (1, "[]"), "limits": (1, "[]")}
    seen: set[str] = set()
    for index, line in enumerate(lines[1:], start=1):
        if line.strip() == "---":
            _check_front(front, index + 1)
            return front, index + 1
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        name = name.strip()
        if not colon or name not in _FIELDS:
            raise BadPolicy(index + 1, f'"{name[:40]}" is no field of the front matter: {", ".join(_FIELDS)}')
        if name in seen:
            raise BadPolicy(index + 1, f"{name} stands twice")
        seen.add(name)
        front[name] = (index + 1, _unquoted(value.strip()))
    raise BadPolicy(len(lines), "the front matter does not end: write a line ---")


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _check_front(front: Mapping[str, tuple[int, str]], end: int) -> None:
    for name in _FIELDS:
        if not front.get(name, (0, ""))[1]:
            raise BadPolicy(end, f"the front matter has no {name}")
    line, value = front["id"]
    if not _ID.fullmatch(value):
        raise BadPolicy(line, f'"{value[:40]}" is no id: capital letters and digits, e.g. MOD')
    line, value = front["version"]
    if not re.fullmatch(r"[1-9][0-9]{0,5}", value):
        raise BadPolicy(line, f'"{value[:40]}" is no version: a whole number from 1')
    line, value = front["effective_from"]
    try:
        date.fromisoformat(value)
    except ValueError:
        raise BadPolicy(line, f'"{value[:40]}" is no date: write for example 2026-07-01') from None
    for name, example in (("gates", "[Hide 1.2, Unhide]"), ("limits", "[response 2.1]")):
        line, value = front[name]
        if not (value.startswith("[") and value.endswith("]")):
            raise BadPolicy(line, f"{name} is a list: write for example {example}")
    line, value = front["gates"]
    _check_gates(_named(value), line)
    line, value = front["limits"]
    for limit, number in _named(value).items():
        if limit not in LIMITS:
            raise BadPolicy(line, f'"{limit[:40]}" is no limit: {", ".join(LIMITS)}')
        if not number:
            raise BadPolicy(line, f"name the clause that states the limit: write for example {limit} 2.1")


def _check_gates(gates: Iterable[str], line: int) -> None:
    for gate in gates:
        if gate not in MATRIX:
            raise BadPolicy(line, f'"{gate[:40]}" is no command: {", ".join(MATRIX)}')
        if gate == "AcknowledgePolicy":
            raise BadPolicy(line, "AcknowledgePolicy cannot be gated: nobody could acknowledge anything any more")


def _named(value: str) -> dict[str, str]:
    """Each name of a list -> the clause named behind it, or empty."""
    named = (gate.split(maxsplit=1) for gate in value.strip("[]").split(",") if gate.strip())
    return {gate[0]: gate[1].strip() if len(gate) > 1 else "" for gate in named}


def _headings(lines: list[str], body_from: int) -> list[_Heading]:
    found: list[_Heading] = []
    for index, line in enumerate(lines[body_from:], start=body_from):
        heading = _HEADING.fullmatch(line)
        if heading is None and not re.match(r"#{1,6}(\s|$)", line):
            if found:
                found[-1][3].append(line)
            elif line.strip():
                raise BadPolicy(index + 1, "text before the first heading belongs to no clause")
            continue
        if heading and len(heading[1]) == 1 and not found:
            continue  # the document's title
        numbered = heading and _NUMBERED.fullmatch(heading[2])
        if not numbered:
            raise BadPolicy(index + 1, "a heading needs a number and a title: write for example ### 3.1 Insults")
        found.append((index + 1, numbered[1], numbered[2], []))
    return found


def _checked(headings: list[_Heading]) -> list[_Heading]:
    lines: dict[str, int] = {}
    last = ""
    for line, number, _, _ in headings:
        if number in lines:
            raise BadPolicy(line, f"clause {number} stands twice, first on line {lines[number]}")
        if last and _order(number) < _order(last):
            raise BadPolicy(line, f"clause {number} comes after {last}: numbers must ascend")
        missing = [parent for parent in _parents(number) if parent not in lines]
        if missing and any("." not in seen for seen in lines):
            raise BadPolicy(line, f"clause {number} has no section {missing[0]} above it")
        lines[number] = line
        last = number
    return headings


def _has_text(content: list[str], line: int) -> bool:
    text = _joined(content)
    if len(text) > CLAUSE_LIMIT:
        raise BadPolicy(line, f"this clause has {len(text)} characters, the limit is {CLAUSE_LIMIT}: split it")
    return bool(text)


def _joined(content: list[str]) -> str:
    """Paragraphs as written, less blank ends; a wrapped paragraph becomes one line."""
    paragraphs = re.split(r"\n\s*\n", "\n".join(content).strip())
    return "\n\n".join(" ".join(part.split()) for part in paragraphs if part.strip())


def _sections(policy: Policy) -> dict[str, str]:
    lines = policy.source.splitlines()
    if not lines:
        return {}
    _, body_from = _front_matter(lines)
    clauses = {clause.number for clause in policy.clauses}
    return {number: title for _, number, title, _ in _headings(lines, body_from) if number not in clauses}


def _heading_line(number: str, title: str) -> str:
    return f"{'#' * (number.count('.') + 2)} {number} {title}"


def _parents(number: str) -> list[str]:
    parts = number.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


def _order(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split("."))


def _words(clause: Clause) -> tuple[str, str]:
    return clause.title, clause.text
