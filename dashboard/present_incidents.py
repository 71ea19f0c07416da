"""Incidents in words: rows of the list, the blocks of one, what the detector sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from dashboard import present_notices, theme
from dashboard.present import clock
from dashboard.text import SHORT, one_line, safe_text
from herald.govern.crisis import Level
from herald.measure import alarm
from herald.model import Message
from herald.model.incidents import Gravity, Incident, IncidentState, Scope
from herald.model.notices import Notice

Row = dict[str, Any]
Name = Callable[[str], str]
COLUMNS: Final = (
    {"id": "state", "label": "State", "width": 110, "card": "top"},
    {"id": "level", "label": "Level", "width": 150, "card": "top"},
    {"id": "cause", "label": "What happens", "width": 0, "card": "name"},
    {"id": "steps", "label": "Steps", "width": 70, "card": "foot"},
    {"id": "at", "label": "Raised", "width": 110, "card": "foot"},
)
STATES: Final = {
    IncidentState.RAISED: ["To be judged", "red"], IncidentState.ASSESSED: ["Under way", "orange"],
    IncidentState.CLOSED: ["Closed", "green"],
}  # fmt: skip
GRAVITIES: Final = {Gravity.MINOR: "Minor", Gravity.SERIOUS: "Serious", Gravity.GRAVE: "Grave"}
SCOPES: Final = {Scope.LOCAL: "Local", Scope.NATIONAL: "National", Scope.INTERNATIONAL: "International"}


def row(incident: Incident, level: Level | None, *, now: datetime) -> Row:
    """One incident of the list."""
    return {
        "id": incident.id,
        "cells": {
            "state": {"pill": STATES[incident.state]}, "level": level.name if level else "",
            "cause": {"strong": one_line(incident.cause, SHORT)},
            "steps": f"{len(incident.taken)} of {len(level.steps)}" if level else "",
            "at": {"muted": clock(incident.at, "UTC", now)},
        },
    }  # fmt: skip


def seen_words(seen: alarm.Seen) -> str:
    """The last hours in one sentence."""
    so_far = f"The last {seen.hours} hours: {seen.signals} of {seen.messages} messages judged are against us."
    if seen.limit is None:
        return f"{so_far} Too few days before them to judge by."
    return (
        f"{so_far} The detector raises an incident from {alarm.least(seen.limit)} on (more than {seen.limit:.1f}: the "
        f"mean of {seen.mean:.1f} in the same hours of the week before without its worst day, and three deviations; "
        f"and at least {alarm.LEAST}), if they are at least {alarm.SHARE:.0%} of all; it looks at the last "
        f"{min(alarm.SPANS)} hours alike."
    )


def blocks(
    incident: Incident, level: Level | None, samples: Sequence[Message], *, name: Name, now: datetime,
    told: Sequence[Notice] = (),
) -> list[Row]:  # fmt: skip
    """One incident, whole."""
    by = "the detector" if incident.by == "detector" else one_line(name(incident.by), 60)
    facts = [{"k": "Raised", "v": f"{clock(incident.at, 'UTC', now)} by {by}"}]
    if incident.gravity and incident.scope and level:
        who = one_line(name(incident.assessed_by), 60)
        facts.append({"k": "Judged", "v": f"{GRAVITIES[incident.gravity]}, {SCOPES[incident.scope].lower()}, by {who}"})
        know = ", ".join(theme.ROLES[role].lower() for role in level.told)
        facts += [{"k": "Level", "v": f"{incident.level} · {level.name}"}, {"k": "Must know", "v": know}]
    if incident.figures:
        f = incident.figures
        facts.append({
            "k": "Seen", "v": f"{f['signals']} of {f['messages']} messages of {_span(f)} against us; "
            f"the limit was {f['limit_x100'] / 100:.1f}, the mean of the week before without its worst day "
            f"{f['mean_x100'] / 100:.1f}",
        })  # fmt: skip
    found: list[Row] = [{"t": "title", "text": one_line(incident.cause, 300)}, {"t": "facts", "rows": facts}]
    found += present_notices.blocks(told, name=name, now=now)
    if samples:
        found.append({"t": "title", "text": "Messages that show it"})
        found.append({"t": "events", "rows": [
            {"when": clock(each.created_at, "UTC", now), "text": safe_text(each.text or "(no words any more)", 300)}
            for each in samples
        ]})  # fmt: skip
    if level:
        by_step = {taken.step: taken for taken in incident.taken}
        found.append({"t": "title", "text": "Checklist"})
        found.append({"t": "events", "rows": [_step(step.text, step.clause, by_step.get(step.id), name, now)
                                              for step in level.steps]})  # fmt: skip
    if incident.review:
        review = incident.review
        found.append({"t": "title", "text": "Review"})
        found.append({"t": "facts", "rows": [
            {"k": "Cause", "v": safe_text(review.cause, 1_000)}, {"k": "Done", "v": safe_text(review.done, 1_000)},
            {"k": "Learned", "v": safe_text(review.lessons, 1_000)},
            {"k": "Changes", "v": safe_text(review.follow_up, 1_000)},
            {"k": "Agreed by", "v": one_line(name(review.agreed_by), 60)},
        ]})  # fmt: skip
    return found


def _span(figures: Mapping[str, int]) -> str:
    return f"{figures['hours']} hours" if "hours" in figures else "the day"


def _step(text: str, clause: str, taken: Any, name: Name, now: datetime) -> Row:
    when = clock(taken.at, "UTC", now) if taken else "To do"
    by = f" · {one_line(name(taken.by), 60)}" if taken else ""
    return {"when": when, "text": f"{text} ({clause}){by}"}
