"""Policies, law and breaches -> what tables and sheets show. Pure: time and names are arguments."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from dashboard import theme
from dashboard.present import Block, Name, Row, clock, left
from dashboard.text import LONG, SHORT, one_line, open_address, safe_text
from herald.flows.policies import Enforced
from herald.govern.escalation import OnDuty, Watch
from herald.govern.law import Entry
from herald.govern.policies import ClauseChange
from herald.model import (
    Acknowledgement,
    Breach,
    BreachKind,
    BreachState,
    Clause,
    EscalationPath,
    Person,
    Policy,
    Role,
)

# ---------------------------------------------------------------- policies

DEEDS = {
    "Reply": "answer customers",
    "Hide": "hide messages",
    "Unhide": "show hidden messages again",
    "Claim": "claim cases",
    "Resolve": "resolve cases",
    "Overrule": "overrule decisions",
    "DecideAppeal": "decide appeals",
    "Draft": "write posts",
    "Submit": "submit posts",
    "Approve": "approve posts",
    "Hold": "hold posts",
    "Release": "release a hold",
    "TakeDown": "take posts down",
}
POLICY_COLUMNS = (
    {"id": "title", "label": "Policy", "width": 0, "card": "name"},
    {"id": "facts", "label": "", "width": 0, "card": "foot"},
    {"id": "state", "label": "", "width": 130, "card": "top"},
)
CHANGES = {"added": ["Added", "green"], "removed": ["Removed", "red"], "changed": ["Changed", "blue"]}
TEMPLATE = """---
id: NEW
title: New policy
version: 1
effective_from: {day}
gates: []
---

# New policy

## 1 Purpose

### 1.1 Purpose

Say here what it is for.
"""


def day_words(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def policy_row(policy: Policy, given: bool, coming: tuple[int, date] | None, *, in_force: bool = True) -> Row:
    """One policy in the list: its version in force, and the one to come."""
    state = ["For reading", "gray"]
    if policy.gates:
        state = ["Acknowledged", "green"] if given else ["To acknowledge", "orange"]
    if not in_force:
        state = ["Not yet in force", "blue"]
    clauses = f"{len(policy.clauses)} clauses" if len(policy.clauses) != 1 else "1 clause"
    more = f"version {coming[0]} from {day_words(coming[1])}" if coming else clauses
    facts = f"{one_line(policy.id, 20)} · version {policy.version} · {more}"
    return {"title": {"strong": one_line(policy.title, 80)}, "facts": {"muted": facts}, "state": {"pill": state}}


def version_words(version: int, dates: Mapping[int, date], now: int) -> str:
    """ "Version 2, in force since 1 Jul 2026"."""
    since = day_words(dates[version])
    if version == now:
        return f"Version {version}, in force since {since}"
    return f"Version {version}, from {since}" if version > now else f"Version {version}, from {since} (superseded)"


def clause_blocks(policy: Policy, held: Mapping[str, Sequence[Enforced]]) -> list[Block]:
    """Every clause with what enforces it."""
    return [
        {
            "t": "policy",
            "number": one_line(clause.number, 12),
            "title": one_line(clause.title, SHORT),
            "text": safe_text(clause.text, LONG * 2),
            "by": [[one.kind.title(), one_line(one.words, 300)] for one in held.get(clause.number, ())],
        }
        for clause in policy.clauses
    ]


def change_blocks(changes: Iterable[ClauseChange]) -> list[Block]:
    """Clause by clause, word by word."""
    return [
        {
            "t": "change",
            "number": one_line(change.number, 12),
            "title": one_line(_title(change.before, change.after), SHORT),
            "pill": CHANGES[change.kind],
            "pieces": _pieces(change.before.text if change.before else "", change.after.text if change.after else ""),
        }
        for change in changes
    ]


SAME_WORDS = 3
"""So many words must have stayed between two changes for them to be shown as two."""


def _title(before: Clause | None, after: Clause | None) -> str:
    if before and after and before.title != after.title:
        return f"{before.title} → {after.title}"
    return (after or before).title if after or before else ""  # type: ignore[union-attr]


def _pieces(before: str, after: str) -> list[dict[str, str]]:
    old, new = re.findall(r"\s+|\S+", safe_text(before, LONG * 2)), re.findall(r"\s+|\S+", safe_text(after, LONG * 2))
    pieces: list[dict[str, str]] = []
    gone, added = "", ""
    for what, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        same = "".join(old[a:b])
        if what != "equal" or ((gone or added) and len(same.split()) < SAME_WORDS and b < len(old)):
            gone, added = gone + same, added + "".join(new[c:d])  # a word that stayed by chance is read with its phrase
            continue
        pieces += [*_change(gone, added), {"text": same}]
        gone, added = "", ""
    return pieces + _change(gone, added)


def _change(gone: str, added: str) -> list[dict[str, str]]:
    """Blank ends that stayed are no change."""
    told = [{"text": gone, "was": "gone"}] if gone else []
    told += [{"text": " "}] if gone and added and not gone.endswith(" ") else []
    return told + ([{"text": added, "was": "added"}] if added else [])


def gate_facts(policy: Policy) -> list[dict[str, str]]:
    """What must be acknowledged before which work."""
    if not policy.gates:
        return []
    return [{"k": "Read it before you", "v": ", ".join(DEEDS.get(gate, gate) for gate in policy.gates)}]


ACKNOWLEDGED_COLUMNS = (
    {"id": "name", "label": "Person", "width": 0},
    {"id": "roles", "label": "Roles", "width": 0, "from": 620},
)


def acknowledged_table(
    people: Iterable[Person], versions: Sequence[int], given: Mapping[tuple[str, int], Acknowledgement], now: datetime
) -> tuple[list[Row], list[Row]]:
    """Columns and rows: a person a row, a version a column."""
    columns: list[Row] = [*ACKNOWLEDGED_COLUMNS]
    columns += [{"id": f"v{version}", "label": f"Version {version}", "width": 150} for version in versions]
    rows: list[Row] = []
    for person in sorted(people, key=lambda each: each.name):
        cells: Row = {"name": {"strong": one_line(person.name, 60)}, "roles": roles_of(person.roles)}
        for version in versions:
            one = given.get((person.id, version))
            cells[f"v{version}"] = day_words(one.at.date()) if one else {"pill": ["Not yet", "orange"]}
        rows.append({"id": "", "cells": cells})
    return columns, rows


def roles_of(roles: Iterable[Role]) -> str:
    return ", ".join(theme.ROLES[role] for role in sorted(roles)) or "No role"


# ---------------------------------------------------------------- law

TOPICS = {
    "privacy": "Privacy", "spam": "Spam", "copyright": "Copyright", "promotions": "Promotions", "consumer": "Consumers",
    "defamation": "Defamation", "safety": "Safety", "discrimination": "Discrimination", "accessibility": "Access",
    "children": "Children",
}  # fmt: skip
LANDS = {"AU": "Australia", "UK": "United Kingdom", "EU": "European Union", "US": "United States"}
LAW_COLUMNS = (
    {"id": "title", "label": "Law or term", "width": 0, "wraps": True},
    {"id": "where", "label": "Where", "width": 120},
    {"id": "topic", "label": "Topic", "width": 124, "from": 760},
    {"id": "check", "label": "Kept by", "width": 250, "wraps": True, "from": 620},
    {"id": "review", "label": "Read again", "width": 110},
)


BY_CODE = {"herald.publish.checks:check": "Check before publishing"}


def place_words(where: str) -> str:
    return LANDS.get(where) or theme.platform_name(where)


def check_words(entry: Entry) -> str:
    kind, name = entry.check
    if kind == "code":
        return BY_CODE.get(name, f"Check: {name.rpartition('.')[2]}")
    deed = DEEDS.get(name, name)
    return {"rule": f"Rule: {name}", "gate": f"Gate: {deed}", "manual": "Manual"}[kind]


def law_row(entry: Entry, day: date) -> Row:
    due = {"due": day_words(entry.review), "tone": "red" if entry.stale(day) else ""}
    return {
        "id": entry.id,
        "cells": {
            "title": {"strong": entry.title, "sub": entry.provision},
            "where": place_words(entry.where),
            "topic": TOPICS[entry.topic],
            "check": {"pill": ["Manual", "gray"]} if entry.manual else {"pill": [check_words(entry), "green"]},
            "review": due,
        },
    }


def law_blocks(entry: Entry, day: date) -> list[Block]:
    kind, name = entry.check
    basis = "its source" if entry.basis == "source" else "what others say of it; compare it with the text"
    again = f"{day_words(entry.review)}{', due' if entry.stale(day) else ''}"
    facts = [
        {"k": "Where", "v": place_words(entry.where)},
        {"k": "Topic", "v": TOPICS[entry.topic]},
        {"k": "Kept by", "v": name[:1].upper() + name[1:] if kind == "manual" else check_words(entry)},
        {"k": "Clauses", "v": ", ".join(entry.clauses) or "None"},
        {"k": "Written from", "v": f"{basis}, {day_words(entry.read)}"},
        {"k": "Read again", "v": again},
    ]
    title = f"{entry.title}, {entry.provision}" if entry.provision else entry.title
    clause: Block = {"t": "clause", "title": title, "text": entry.asks}
    clause["link"] = {"href": open_address(entry.source), "text": "Open the source"}
    notes: list[Block] = []
    if entry.stale(day):
        notes = [{"t": "note", "tone": "orange", "text": "The day to read this again has come."}]
    return [*notes, clause, {"t": "facts", "rows": facts}]


# ---------------------------------------------------------------- breaches

STATES = {
    BreachState.OPEN: ["Waits", "orange"],
    BreachState.ACKNOWLEDGED: ["Taken on", "blue"],
    BreachState.CLOSED: ["Closed", "gray"],
}
KINDS = {BreachKind.STAFF: "Staff", BreachKind.CUSTOMER: "Customer"}
BREACH_COLUMNS = (
    {"id": "state", "label": "State", "width": 96, "card": "top"},
    {"id": "next", "label": "Climbs", "width": 110, "card": "top"},
    {"id": "about", "label": "About", "width": 220, "card": "name"},
    {"id": "words", "label": "What happened", "width": 0, "card": "text"},
    {"id": "clause", "label": "Clause", "width": 150, "card": "foot"},
    {"id": "at", "label": "Recorded", "width": 110, "card": "foot"},
)
WHY = {"role": "", "delegate": ", as delegate", "after hours": ", after hours"}


def about_words(breach: Breach, name: Name) -> str:
    return f"{KINDS[breach.kind]} · {one_line(name(breach.about), 60)}"


def breach_row(breach: Breach, *, name: Name, now: datetime) -> Row:
    climbs: object = ""
    if breach.climbs_at:
        late = breach.climbs_at <= now
        climbs = {"due": "now" if late else left(breach.climbs_at, now), "tone": "red" if late else ""}
    elif breach.state is BreachState.OPEN:
        climbs = {"due": "at the top", "tone": "red"}
    return {
        "id": breach.id,
        "cells": {
            "state": {"pill": STATES[breach.state]}, "next": climbs,
            "about": {"strong": about_words(breach, name)}, "words": one_line(breach.words, SHORT),
            "clause": {"muted": str(breach.clause)}, "at": {"muted": clock(breach.at, "UTC", now)},
        },
    }  # fmt: skip


def on_duty_words(on: OnDuty, name: Name) -> str:
    """ "Amara Nwosu (compliance, as delegate)"."""
    people = " or ".join(one_line(name(one), 60) for one in on.people) or "Nobody is there"
    return f"{people} ({theme.ROLES[on.role].lower()}{WHY[on.why]})"


def breach_blocks(
    breach: Breach, watch: Watch | None, policy: Policy | None, *, name: Name, now: datetime
) -> list[Block]:
    """One breach: what happened, the clause as it stood, where it is, and how it came there."""
    facts = [
        {"k": "Step", "v": f"{breach.step + 1} of its path"},
    ]
    if watch and breach.state is BreachState.OPEN:
        facts.append({"k": "Asked now", "v": on_duty_words(watch.on, name)})
        ends = f"{left(watch.climbs_at, now)} ({clock(watch.climbs_at, 'UTC', now)} UTC)" if watch.climbs_at else ""
        facts.append({"k": "Climbs", "v": ends or "no further: this is the top"})
    if breach.ref:
        facts.append({"k": "Shows in", "v": one_line(breach.ref, 120)})
    if breach.outcome:
        facts.append({"k": "Outcome", "v": one_line(breach.outcome, 500)})
    clause = policy.clause(breach.clause.clause) if policy else None
    cited = f"{one_line(policy.title, 80)}, {breach.clause}" if policy else str(breach.clause)
    return [
        {"t": "title", "text": about_words(breach, name)},
        {"t": "said", "pieces": [{"text": safe_text(breach.words, LONG)}]},
        {"t": "facts", "rows": facts},
        {"t": "label", "text": "The clause"},
        {"t": "clause", "title": cited, "text": safe_text(clause.text, LONG) if clause else "", "note": ""},
        {"t": "label", "text": "What was done"},
        {"t": "events", "rows": _events(breach, name, now)},
    ]


def _events(breach: Breach, name: Name, now: datetime) -> list[dict[str, str]]:
    rows = [(breach.at, f"Recorded by {one_line(name(breach.by), 60)}", "")]
    rows += [(one.at, f"Nobody took it on: climbed to step {one.to + 1}", "orange") for one in breach.climbs]
    if breach.acknowledged_at:
        rows.append((breach.acknowledged_at, f"Taken on by {one_line(name(breach.acknowledged_by), 60)}", "blue"))
    if breach.closed_at:
        rows.append((breach.closed_at, f"Closed by {one_line(name(breach.closed_by), 60)}", "green"))
    return [{"when": clock(at, "UTC", now), "text": text, "tone": tone} for at, text, tone in rows]


def path_blocks(path: EscalationPath, watch: Watch, *, name: Name) -> list[Block]:
    """A path in words, and who is on now."""
    steps = []
    for number, step in enumerate(path.steps, start=1):
        last = number == len(path.steps)
        text = theme.ROLES[step.role] + ("" if last else f", {minutes_words(step.minutes)}, then it climbs")
        if step.delegate:
            until = f" through {day_words(step.delegate_until)}" if step.delegate_until else ""
            text += f"; {one_line(name(step.delegate), 60)} stands in{until}"
        if step.after_hours:
            text += f"; after hours {theme.ROLES[step.after_hours].lower()}"
        steps.append({"when": f"Step {number}", "text": text})
    version = f"Version {path.number}, saved by {one_line(name(path.by), 60)}" if path.number else "As shipped"
    return [
        {"t": "title", "text": f"Breaches by {'staff' if path.kind is BreachKind.STAFF else 'customers'}"},
        {"t": "facts", "rows": [
            {"k": "On now", "v": on_duty_words(watch.on, name)},
            {"k": "Hours", "v": f"{one_line(path.hours, 120)}, {one_line(path.zone, 60)}"},
            {"k": "Path", "v": version},
        ]},
        {"t": "events", "rows": steps},
    ]  # fmt: skip


def minutes_words(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest or not hours else [])])
