"""How a case is handled -> blocks of the sheet. Pure: time and names are arguments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from dashboard import present
from dashboard.present import Block, Name, Row
from dashboard.text import one_line, safe_text
from herald.care import limits
from herald.care.playbooks import OFFERS, Leg, Play
from herald.model import (
    Account,
    Case,
    CaseState,
    Drafted,
    Handling,
    Kind,
    Message,
    Persona,
    PostKind,
    Remedy,
    RemedyState,
    Stage,
)

KINDS: Final = {
    PostKind.REVIEW: "Review",
    PostKind.USER_CONTENT: "User content",
    PostKind.QUESTION: "Question",
    PostKind.COMPLAINT: "Complaint",
    PostKind.TROLL: "Troll",
}
PEOPLE: Final = {
    Persona.TROLL: "Troll",
    Persona.ANGRY: "Angry",
    Persona.MISGUIDED: "Misguided",
    Persona.UNHAPPY: "Unhappy",
    Persona.COMPLIMENTARY: "Complimentary",
    Persona.ADVOCATE: "Advocate",
}
REMEDIES: Final = {
    RemedyState.GIVEN: ("Given", "green"),
    RemedyState.WAITS: ("Waits for approval", "orange"),
    RemedyState.REFUSED: ("Not approved", "red"),
    RemedyState.LAPSED: ("Lapsed", "gray"),
}


def clocks(case: Case, handling: Handling, now: datetime) -> Block:
    """First answer, next step and resolution, each with its own clock."""
    rows = [_clock("First answer", case.due_at, case.answered_at, case.resolved_at, now)]
    stage = handling.current
    if stage is not None and handling.stages.index(stage) > 0:
        rows.append(_clock("Next step", stage.due_at, None, case.resolved_at, now))
    if handling.stages:
        rows.append(_clock("Resolution", handling.stages[-1].due_at, case.resolved_at, None, now))
    return {"t": "facts", "rows": rows}


def _clock(what: str, due: datetime, done: datetime | None, ended: datetime | None, now: datetime) -> Row:
    if done is not None:
        words = ["In time", "green"] if done <= due else ["Too late", "gray"]
        off = present.span_words(due - done)
        return {"k": what, "pill": words, "v": f"{off} {'before' if done <= due else 'after'} it was due"}
    if ended is not None:
        return {"k": what, "v": "Not needed: the case is resolved", "mute": True}
    if due < now:
        return {"k": what, "pill": ["Overdue", "red"], "v": f"since {present.span_words(now - due)}"}
    soon = due - now <= present.SOON
    return {"k": what, "pill": ["Due soon", "orange"] if soon else ["On track", "green"],
            "v": present.left(due, now)}  # fmt: skip


def stages_block(
    handling: Handling, legs: Sequence[Leg], account: Account | None, *, name: Name, now: datetime
) -> list[Block]:
    """The way of this complaint, a line a step."""
    zone = account.timezone if account else "UTC"
    texts = {leg.id: leg.text for leg in legs}
    rows = []
    for stage in handling.stages:
        text = one_line(texts.get(stage.id, stage.id), 200)
        if stage.done_at:
            late = " · late" if stage.done_at > stage.due_at else ""
            text = f"{text} · {one_line(name(stage.done_by), 60)}{late}"
            rows.append({"when": present.clock(stage.done_at, zone, now), "text": text, "tone": "green"})
        elif handling.ended:
            rows.append({"when": "—", "text": f"{text} · not needed", "tone": ""})
        else:
            over = stage is handling.current and stage.due_at < now
            told = f" · with the {stage.to.replace('_', ' ')} now" if stage.told_at and over else ""
            when = present.clock(stage.due_at, zone, now)
            text = f"{text} · {'overdue' if over else 'due'}{told}"
            rows.append({"when": when, "text": text, "tone": "red" if over else ""})
    return [{"t": "label", "text": "Complaint procedure"}, {"t": "events", "rows": rows}] if rows else []


def play_facts(play: Play, number: int) -> Block:
    """What the playbook gives beside its steps."""
    rows: list[Row] = []
    if play.clause:
        rows.append({"k": "Rests on", "v": one_line(play.clause, 60)})
    if play.offers:
        rows.append({"k": "You may offer", "v": one_line(" · ".join(OFFERS[each] for each in play.offers), 300)})
    if play.avoid:
        rows.append({"k": "Avoid", "v": one_line(", ".join(f"“{each}”" for each in play.avoid), 300)})
    if play.link_needed:
        rows.append({"k": "Link", "v": "Lead to the page that helps; a saved answer has it."})
    rows.append({"k": "Playbook", "v": f"Version {number}" if number else "As shipped with Herald", "mute": True})
    return {"t": "facts", "rows": rows}


def room_left(limit: int, given: int, currency: str) -> str:
    """What somebody may still give this customer by themselves."""
    left = limits.words(max(0, limit - given), currency)
    had = f"; {limits.words(given, currency)} was given to them" if given else ""
    if not limit:
        return "You may give nothing by yourself: an amount waits for a person whose limit covers it."
    return f"You may give this customer {left} more this month (your limit is {limits.words(limit, currency)}{had})."


def remedy_blocks(remedy: Remedy | None, *, name: Name) -> list[Block]:
    """The newest outcome that costs money."""
    if remedy is None:
        return []
    by = one_line(name(remedy.by), 60)
    rows: list[Row] = [
        {"k": "Amount", "pill": list(REMEDIES[remedy.state]), "v": limits.words(remedy.amount, remedy.currency)},
        {"k": "Outcome", "v": safe_text(remedy.outcome, 500)},
        {"k": "Rests on", "v": one_line(remedy.clause, 60)},
        {"k": "Proposed by", "v": by},
    ]
    if remedy.decided_by:
        rows.append({"k": "Decided by", "v": one_line(name(remedy.decided_by), 60)})
    if remedy.reason:
        rows.append({"k": "Reason", "v": safe_text(remedy.reason, 500)})
    return [{"t": "label", "text": "Outcome"}, {"t": "facts", "rows": rows}]


def sendable(message: Message) -> list[Drafted]:
    """The drafts that may stand in the answer box: what was drafted for the author alone is never said in public."""
    offered = message.decision.offered if message.decision else ()
    private = message.kind is Kind.DM
    return sorted((d for d in offered if private or not d.private), key=lambda draft: draft.private != private)


def draft_text(draft: Drafted, limit: int) -> str:
    """A draft as the answer box takes it: the platform's limit holds for it too."""
    return draft.text if len(draft.text) <= limit else draft.text[: limit - 1].rstrip() + "…"


def draft_blocks(message: Message, limit: int | None) -> list[Block]:
    """What rules drafted for this message: who drafted it and that nobody has sent it; words that go by hand in full.

    Args:
        limit: characters of an answer; None where the platform takes none from Herald.
    """
    offered = message.decision.offered if message.decision else ()
    boxed = sendable(message) if limit is not None else []
    blocks: list[Block] = []
    if boxed:
        by = " and ".join(present.drafted_by(draft) for draft in boxed)
        more = "" if len(boxed) == 1 else " The others are in the list."
        text = f"Drafted by {by}. Nobody has sent it: read it, change it, send it yourself.{more}"
        blocks.append({"t": "note", "tone": "violet", "text": safe_text(text, 500)})
    for draft in offered:
        if draft not in boxed:
            how = "for a private message" if draft.private else "to be answered by hand"
            text = f"Drafted {how} by {present.drafted_by(draft)}: {draft.text}"
            blocks.append({"t": "note", "tone": "violet", "text": safe_text(text, 3_400)})
    return blocks


def may_take_stage(case: Case, handling: Handling, me: str) -> Stage | None:
    """The stage this person can mark as done: the current one, unless it is the outcome or somebody else's case."""
    stage = handling.current
    if stage is None or stage is handling.stages[-1] or case.owner not in ("", me):
        return None
    return None if case.state is CaseState.ANSWERING else stage
