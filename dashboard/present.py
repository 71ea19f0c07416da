"""Messages, cases and decisions -> what the list and the sheet show. Pure: time and names are arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dashboard import theme
from dashboard.text import LONG, SHORT, one_line, open_address, safe_text, segments
from herald.care import cases
from herald.care.hours import business_elapsed, parse_hours
from herald.model import (
    Account,
    Action,
    Case,
    CaseState,
    ClauseRef,
    Decision,
    Delivery,
    DeliveryState,
    Drafted,
    Message,
    Policy,
    Work,
)
from herald.moderate import persona
from herald.moderate.decide import REVERSED

SOON = timedelta(minutes=30)
WHY = "Why it was decided so"
Row = dict[str, Any]
Block = dict[str, Any]
Name = Callable[[str], str]

# ---------------------------------------------------------------- time


def span_words(length: timedelta) -> str:
    """A length of time in at most two units, the small one only where it matters: "40 s", "6 min", "2 h 05", "3 d"."""
    seconds = int(abs(length).total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02d}" if minutes and hours < 10 else f"{hours} h"
    return f"{hours // 24} d"


def ago(then: datetime, now: datetime) -> str:
    return "just now" if now - then < timedelta(seconds=10) else f"{span_words(now - then)} ago"


def left(due: datetime, now: datetime) -> str:
    """Time to a deadline as people say it: "in 6 min", "14 min ago"."""
    return f"in {span_words(due - now)}" if due > now else f"{span_words(now - due)} ago"


def clock(at: datetime, zone: str, now: datetime) -> str:
    """The time on the wall of `zone`: "10:02" today, else "21 Nov 10:02", with the year when it is another."""
    there, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    if there.date() == today.date():
        return f"{there:%H:%M}"
    return f"{there.day} {there:%b %H:%M}" if there.year == today.year else f"{there.day} {there:%b %Y %H:%M}"


def zone_words(zones: Iterable[str]) -> str:
    """Time zones for a caption, by their cities."""
    return "times in " + (", ".join(sorted({city(zone) for zone in zones})) or "UTC")


def city(zone: str) -> str:
    """Australia/Sydney -> Sydney: how people name a time zone."""
    return one_line(zone.rpartition("/")[2].replace("_", " "), 40)


# ---------------------------------------------------------------- deadlines


def standing(case: Case, now: datetime) -> str:
    """overdue, soon (within 30 minutes) or on_track; once answered: met or late, by when the answer stood."""
    if case.answered_at is not None and case.work is Work.ANSWER:
        return "met" if case.answered_at <= case.due_at else "late"
    if case.due_at <= now:
        return "overdue"
    return "soon" if case.due_at - now <= SOON else "on_track"


SLA = {
    "overdue": ("Overdue", "red"),
    "soon": ("Due soon", "orange"),
    "on_track": ("On track", "green"),
    "met": ("In time", "gray"),
    "late": ("Too late", "gray"),
}
ANSWERED = ("met", "late")


def used(case: Case, said_at: datetime, account: Account | None, now: datetime) -> int | None:
    """Per cent of the promised business time that is used up, 0 to 100; None if the account's hours cannot be read."""
    if case.due_at <= now:
        return 100
    if account is None:
        return None
    try:
        hours = parse_hours(account.hours)
        gone = business_elapsed(said_at, now, hours, account.timezone, account.holidays)
        whole = business_elapsed(said_at, case.due_at, hours, account.timezone, account.holidays)
    except ValueError:
        return None
    return min(100, int(100 * gone / whole)) if whole else 100


# ---------------------------------------------------------------- rows of lists

INBOX_COLUMNS = (
    {"id": "sla", "label": "SLA", "width": 98, "card": "top"},
    {"id": "due", "label": "Reply due", "width": 90, "card": "top"},
    {"id": "used", "label": "Time used", "width": 100},
    {"id": "platform", "label": "Platform", "width": 100, "card": "foot"},
    {"id": "from", "label": "From", "width": 114, "card": "name"},
    {"id": "message", "label": "Message", "width": 0, "card": "text"},
    {"id": "type", "label": "Kind", "width": 102, "card": "foot"},
    {"id": "state", "label": "State", "width": 98, "card": "foot"},
    {"id": "owner", "label": "Owner", "width": 100, "card": "aside"},
)

REVIEW_COLUMNS = (
    {"id": "sla", "label": "SLA", "width": 98, "card": "top"},
    {"id": "due", "label": "Decide by", "width": 90, "card": "top"},
    {"id": "stakes", "label": "At stake", "width": 160, "card": "top"},  # holds "Critical · not public" whole
    {"id": "work", "label": "Work", "width": 92, "card": "foot", "from": 900},
    {"id": "platform", "label": "Platform", "width": 100, "card": "foot", "from": 900},
    {"id": "from", "label": "From", "width": 118, "card": "name"},
    {"id": "message", "label": "Message", "width": 0, "card": "text"},
    {"id": "rule", "label": "Rule", "width": 140, "from": 1040},
    {"id": "owner", "label": "Owner", "width": 100, "card": "aside"},
)

DECIDED_COLUMNS = (
    {"id": "when", "label": "Decided", "width": 96, "card": "aside"},
    {"id": "action", "label": "Decision", "width": 88, "card": "top"},
    {"id": "platform", "label": "Platform", "width": 100, "card": "foot"},
    {"id": "from", "label": "From", "width": 114, "card": "name"},
    {"id": "message", "label": "Message", "width": 0, "card": "text"},
    {"id": "rule", "label": "Rule", "width": 132, "from": 1040},
    {"id": "clause", "label": "Clause", "width": 92, "card": "foot"},
    {"id": "by", "label": "By", "width": 100},
    {"id": "seen", "label": "On platform", "width": 124, "card": "top"},
)


def author(message: Message) -> str:
    """Who said it, as plain text; what is withheld is said to be."""
    return one_line(message.author_name or message.author_id or "", 80) or "Name withheld"


def words(message: Message) -> str:
    """What was said, on one line."""
    if message.deleted:
        return "(deleted by its author)"
    return one_line(message.text, SHORT) or "(no words)"


def _platform(platform: str) -> Row:
    return {"dot": theme.platform_colour(platform), "text": theme.platform_name(platform)}


def _owner(owner: str, me: str, name: Name) -> Any:
    if not owner:
        return {"muted": "Unassigned"}
    return {"strong": "You"} if owner == me else one_line(name(owner), 60)


def type_pill(kind: str) -> list[str]:
    return [one_line(kind.replace("_", " "), 40).capitalize() or "Other", theme.TYPES.get(kind, "gray")]


def inbox_row(case: Case, message: Message, account: Account | None, *, me: str, name: Name, now: datetime) -> Row:
    """One line of the Inbox."""
    state, tone = theme.CASE_STATES[case.state]
    stands = standing(case, now)
    share = used(case, cases.said_at(message, case), account, now) if stands not in ANSWERED else None
    due = {"muted": "—"} if stands in ANSWERED else {"due": left(case.due_at, now), "tone": SLA[stands][1]}
    return {
        "id": case.id,
        "cells": {
            "sla": {"pill": SLA[stands]},
            "due": due,
            "used": {"muted": "n/a"} if share is None else {"bar": share},
            "platform": _platform(case.platform),
            "from": author(message),
            "message": words(message),
            "type": {"pill": type_pill(case.type)},
            "state": {"pill": [state, tone]},
            "owner": _owner(case.owner, me, name),
        },
    }


def stakes(case: Case, message: Message, now: datetime) -> list[str]:
    """Why it stands where it does in the queue: how grave it is, and for how long the public has seen it."""
    grave, tone = theme.SEVERITIES[case.severity]
    if not cases.exposed(message):
        return [f"{grave} · not public", tone]
    return [f"{grave} · {span_words(now - message.created_at)}", tone]


def review_row(case: Case, message: Message, *, me: str, name: Name, now: datetime) -> Row:
    """One line of the review queue."""
    stands = standing(case, now)
    rule = message.decision.rule if message.decision else None
    return {
        "id": case.id,
        "cells": {
            "sla": {"pill": SLA[stands]},
            "due": {"due": left(case.due_at, now), "tone": SLA[stands][1]},
            "stakes": {"pill": stakes(case, message, now)},
            "work": {"pill": [theme.WORKS[case.work], "violet" if case.work is Work.TASK else "blue"]},
            "platform": _platform(case.platform),
            "from": author(message),
            "message": words(message),
            "rule": one_line(rule, 80) if rule else {"muted": "n/a"},
            "owner": _owner(cases.holder(case, now), me, name),
        },
    }


def visibility(message: Message, task: Case | None = None) -> list[str]:
    """How the message stands on the platform, from what the platform told us last.

    Args:
        task: to hide it by hand, where its platform lets no program do that.
    """
    if message.deleted:
        return ["Deleted", "gray"]
    wanted = message.decision is not None and message.decision.action is Action.HIDE
    if message.hidden:
        # an order of ours stands behind it also when the words were edited since and wait for a person
        ours = wanted or message.act.startswith("hide~")
        return ["Hidden", "gray"] if ours else ["Hidden, not by us", "orange"]
    if wanted and task is not None:
        return ["Done by hand", "gray"] if task.state is CaseState.RESOLVED else ["To hide by hand", "orange"]
    return ["Not hidden yet", "orange"] if wanted else ["Visible", "green"]


def why_visible(
    message: Message, act: Delivery | None, task: Case | None, account: Account | None, *, name: Name, now: datetime
) -> list[Block]:
    """Why a message that was decided to be hidden is not: whoever reads the decision asks that first.

    Empty where it is hidden, or the open task or the delivery under way says so by itself.
    """
    wanted = message.decision is not None and message.decision.action is Action.HIDE
    if not wanted or message.hidden or message.deleted:
        return []
    if task is None:
        if act is None:
            text = "Nothing is on its way to hide this, and no task asks for it. Decide again to have it hidden."
        elif act.state is DeliveryState.DONE and message.hidden is False:
            text = "It was hidden, and stands there again: somebody showed it on the platform itself."
        else:
            return []
        return [{"t": "note", "tone": "orange", "text": text}]
    if task.state is not CaseState.RESOLVED or task.resolved_at is None:
        return []
    by, zone = one_line(name(task.resolved_by), 60), account.timezone if account else "UTC"
    told = f"{theme.platform_name(task.platform)} lets no program hide this. {by}, {clock(task.resolved_at, zone, now)}"
    return [{"t": "note", "tone": "", "text": safe_text(f"{told}: {task.outcome}", 500)}]


def decided_row(message: Message, task: Case | None = None, *, name: Name, now: datetime) -> Row:
    """One line of what was decided; `task` as for visibility."""
    decision = message.decision
    if decision is None:  # judged anew at this moment
        return {"id": message.id, "cells": {"action": {"pill": ["Being judged", "violet"]}, "platform": _platform(
            message.platform), "from": author(message), "message": words(message)}}  # fmt: skip
    by = {"muted": "Rules"} if decision.decided_by == "rules" else one_line(name(decision.decided_by), 60)
    clause = f"{decision.policy.policy} {decision.policy.clause}" if decision.policy else ""
    return {
        "id": message.id,
        "cells": {
            "when": {"muted": ago(decision.decided_at, now)},
            "action": {"pill": theme.ACTIONS[decision.action]},
            "platform": _platform(message.platform),
            "from": author(message),
            "message": words(message),
            "rule": one_line(decision.rule, 80) if decision.rule else {"muted": "by hand"},
            "clause": one_line(clause, 40) or {"muted": "n/a"},
            "by": by,
            "seen": {"pill": visibility(message, task)},
        },
    }


# ---------------------------------------------------------------- blocks of the sheet


def initials(name: str) -> str:
    letters = [part[0] for part in name.split() if part[:1].isalnum()]
    return "".join(letters[:1] + letters[1:][-1:]).upper() or "?"


def head(
    message: Message, account: Account | None, now: datetime, chips: Sequence[Sequence[str]] = (),
    task: Case | None = None,
) -> Block:  # fmt: skip
    """Who said it, what it is, where and when, in the account's time; `task` as for visibility."""
    zone = account.timezone if account else "UTC"
    kind = theme.KINDS.get(message.kind, str(message.kind).replace("_", " ").capitalize())
    where = f"{kind} on {theme.platform_name(message.platform)}"
    to = f" · {one_line(account.name, 60)}" if account else ""
    marks = [list(chip) for chip in chips]
    if message.edited and not message.deleted:
        marks.append(["Edited", "gray"])
    seen, tone = visibility(message, task)
    there = f" on {theme.platform_name(message.platform)}" if seen in ("Hidden", "Visible") else ""
    marks.append([seen + there, tone])
    named = author(message)
    return {
        "t": "head",
        "name": named,
        "initials": initials(named),
        "colour": theme.platform_colour(message.platform),
        "sub": f"{where}{to} · {clock(message.created_at, zone, now)} ({city(zone)} time)",
        "chips": marks,
    }


def said(message: Message) -> Block:
    """The words, with the evidence of the decision that stands on these very words."""
    if message.deleted:
        return {"t": "said", "gone": True, "pieces": [{"text": "The author deleted this message. Its words are gone."}]}
    decision = message.decision
    fits = decision is not None and decision.content_hash == message.content_hash
    pieces = segments(message.text, decision.evidence if decision and fits else ())
    empty = not "".join(piece["text"] for piece in pieces).strip()
    if empty:
        nothing = "No words: an image, a sticker or something we cannot read."
        return {"t": "said", "gone": True, "pieces": [{"text": nothing}]}
    return {"t": "said", "pieces": pieces}


def pictures(message: Message) -> list[str]:
    """Where the pictures are that came with a message."""
    if message.deleted:
        return []
    several = message.more.get("photos")
    told = [message.more.get("photo"), *(several if isinstance(several, list | tuple) else ())]
    return list(dict.fromkeys(each for one in told if isinstance(one, str) and (each := open_address(one))))


def media_blocks(message: Message, small: Mapping[str, str] | None = None) -> list[Block]:
    """Pictures somebody sent: covered, for the sake of who decides; then, when asked for, blurred and grey; then clear.

    A browser never fetches them, so nobody sees one by accident and no stranger's server learns who looked.

    Args:
        small: address -> a small copy as a data: address, empty where there is none; None: nobody asked yet.
    """
    found = pictures(message)
    if not found:
        return []
    links = [{"href": each, "text": f"Open picture {n} in a new tab"} for n, each in enumerate(found, 1)]
    many = f"{len(links)} pictures" if len(links) > 1 else "A picture"
    if small is None:
        text = f"{many}, covered. It may be disturbing."
        return [{"t": "media", "text": text, "ask": "Show blurred", "covered": True, "links": links, "pictures": []}]
    shown = [each for address in found if (each := small.get(address, ""))]
    lost = len(found) - len(shown)
    text = "Blurred and grey: press a picture to see it clearly, and again to blur it." if shown else ""
    if lost:
        text += f" {many} cannot be shown here." if lost == len(found) else f" {lost} of them cannot be shown here."
    ask = "On the platform"
    return [{"t": "media", "text": text.strip(), "ask": ask, "covered": False, "links": links, "pictures": shown}]


def clause_block(ref: ClauseRef | None, policy: Policy | None) -> list[Block]:
    """The clause a decision rests on, as it read in that version."""
    if ref is None:
        return []
    clause = policy.clause(ref.clause) if policy else None
    title = f"{ref.policy} {ref.clause} · {clause.title}" if clause else f"{ref.policy} {ref.clause}"
    return [
        {
            "t": "clause",
            "title": one_line(title, SHORT),
            "text": safe_text(clause.text, LONG) if clause else "The text of this clause is not on record.",
            "note": f"Version {ref.version}" + (f" of {one_line(policy.title, 80)}" if policy else ""),
        }
    ]


def decision_blocks(
    message: Message, policy: Policy | None, account: Account | None, *, name: Name, now: datetime
) -> list[Block]:
    """Rule, clause, reason, evidence: why it was decided so."""
    decision = message.decision
    if decision is None:
        waits = "Judging failed and is tried again." if message.attempts else "Being judged."
        return [{"t": "label", "text": WHY}, {"t": "note", "text": waits, "tone": "violet"}]
    zone = account.timezone if account else "UTC"
    action, tone = theme.ACTIONS[decision.action]
    by = "the rules" if decision.decided_by == "rules" else one_line(name(decision.decided_by), 60)
    rows: list[Row] = [
        {"k": "Decision", "pill": [action, tone], "v": f"by {by}, {clock(decision.decided_at, zone, now)}"},
        {"k": "Rule", "v": one_line(decision.rule, 120)} if decision.rule else {"k": "Rule", "v": "none", "mute": True},
        {"k": "Severity", "pill": list(theme.SEVERITIES[decision.severity])},
    ]
    if decision.escalate:
        length = span_words(timedelta(minutes=decision.escalate.within_minutes))
        rows.append({"k": "Tell", "v": f"{one_line(decision.escalate.to, 80)}, within {length}"})
    if decision.labels:
        rows.append({"k": "Labels", "v": one_line(", ".join(decision.labels), SHORT)})
    if decision.persona:
        rows.append({"k": "Persona", "v": one_line(persona.explained(decision.persona), 300)})
    if decision.rationale:
        rows.append({"k": "Reason", "v": safe_text(decision.rationale, 600)})
    rows += [draft_row(draft) for draft in decision.drafts]
    found = [one_line(span.found, 60) for span in decision.evidence if span.found]
    if found:
        rows.append({"k": "Evidence", "v": ", ".join(f"“{each}”" for each in dict.fromkeys(found))})
    if message.pending:
        rows.append({"k": "Note", "v": "The words changed since; they are being judged again.", "mute": True})
    return [{"t": "label", "text": WHY}, {"t": "facts", "rows": rows}, *clause_block(decision.policy, policy)]


def drafted_by(draft: Drafted) -> str:
    """Which rule drafted an answer, and by which clause."""
    rests = f" ({one_line(str(draft.clause), 60)})" if draft.clause else ""
    return f"rule “{one_line(draft.rule, 80)}”{rests}"


def draft_row(draft: Drafted) -> Row:
    """An answer that a rule drafted, beside the decision: offered to who answers, or only recorded."""
    whose = "Private draft" if draft.private else "Draft"
    offered = "in shadow, offered to nobody" if draft.shadow else "sent only by a person"
    return {"k": whose, "v": safe_text(f"{draft.text} · by {drafted_by(draft)}, {offered}", 700), "mute": draft.shadow}


def reply_block(delivery: Delivery, account: Account | None, *, name: Name, now: datetime) -> Block:
    """Our reply and how it stands on the platform."""
    zone = account.timezone if account else "UTC"
    state, tone = theme.DELIVERIES[delivery.state]
    block: Block = {
        "t": "bubble",
        "who": one_line(name(delivery.ordered_by), 60) or "Us",
        "when": clock(delivery.done_at or delivery.ordered_at, zone, now),
        "text": safe_text(delivery.text, 8_000),
        "chip": [state, tone],
    }
    if delivery.reason and delivery.state is not DeliveryState.DONE:
        block["why"] = safe_text(delivery.reason, 300)
    address = open_address(delivery.url) if delivery.state is DeliveryState.DONE else ""
    if address:
        block["link"] = {"href": address, "text": f"See it on {theme.platform_name(delivery.platform)}"}
    return block


def act_note(delivery: Delivery | None) -> list[Block]:
    """How the newest hide or unhide ordered on a message stands, when that is worth saying."""
    if delivery is None or delivery.state in (DeliveryState.DONE, DeliveryState.SUPERSEDED):
        return []
    verb = {"hide": "Hiding", "unhide": "Unhiding"}.get(str(delivery.act), "The act")
    ends = {
        DeliveryState.UNCONFIRMED: " may have happened; Herald is looking on the platform.",
        DeliveryState.FAILED: " failed.",
        DeliveryState.UNCLEAR: " may or may not have happened: somebody looks on the platform, and says.",
    }
    text = verb + ends.get(delivery.state, " is on its way.")
    tones = {DeliveryState.FAILED: "red", DeliveryState.UNCONFIRMED: "orange", DeliveryState.UNCLEAR: "orange"}
    tone = tones.get(delivery.state, "violet")
    why = f" {safe_text(delivery.reason, 300)}" if delivery.reason else ""
    return [{"t": "note", "tone": tone, "text": text + why}]


def history_blocks(
    message: Message, past: Sequence[tuple[Decision, str]], act: Delivery | None, case: Case | None,
    account: Account | None, *, name: Name, now: datetime,
) -> list[Block]:  # fmt: skip
    """What happened, in order, and what the deciding rule observed."""
    zone = account.timezone if account else "UTC"
    events: list[tuple[datetime, str, str]] = [(message.created_at, "Written", "")]
    if message.edited:
        events.append((message.changed_at, "Edited by its author", ""))
    if message.deleted:
        events.append((message.changed_at, "Deleted by its author", ""))
    decisions = [decision for decision, _ in past]
    if message.decision and message.decision not in decisions and all(
        message.decision.decided_at != each.decided_at for each in decisions
    ):
        decisions.append(message.decision)
    for decision in decisions:
        by = "the rules" if decision.decided_by == "rules" else one_line(name(decision.decided_by), 60)
        why = f" · {one_line(decision.rule, 80)}" if decision.rule else ""
        text = f"{theme.DECIDED[decision.action]} by {by}{why}"
        events.append((decision.decided_at, text, theme.ACTIONS[decision.action][1]))
    if act is not None and act.done_at and act.state is DeliveryState.DONE:
        events.append((act.done_at, f"{str(act.act).capitalize()} stands on the platform", "green"))
    if case is not None:
        if case.answered_at:
            events.append((case.answered_at, "Answered", "green"))
        if case.resolved_at:
            by = one_line(name(case.resolved_by), 60)
            events.append((case.resolved_at, f"Resolved by {by}: {one_line(case.outcome, SHORT)}", "green"))
    events.sort(key=lambda event: event[0])
    rows = [{"when": clock(at, zone, now), "text": text, "tone": tone} for at, text, tone in events]
    blocks: list[Block] = [{"t": "label", "text": "History"}, {"t": "events", "rows": rows}]
    trace = next((lines for each in reversed(decisions) if (lines := trace_lines(each))), [])
    if decisions:
        kept = "What the rules observed, and the record" if trace else "The record"
        blocks.append({"t": "trace", "title": kept, "lines": [*trace, *record_lines(decisions[-1])]})
    return blocks


def trace_lines(decision: Decision) -> list[Row]:
    """What was observed: the scores, the highest first, then each rule with its checks. Empty if nothing was kept."""
    highest = sorted(decision.scores.items(), key=lambda score: (-abs(score[1]), score[0]))[:8]
    told = ", ".join(f"{name} {value / 1000:.2f}" for name, value in highest)
    scores = [{"text": one_line(f"Scores of model {decision.model_version or 'unnamed'}: {told}", 400)}]
    return (scores if highest else []) + [_trace_line(entry) for entry in decision.trace[:40]]


def _trace_line(entry: Mapping[str, object]) -> Row:
    """A rule: what it did, and each check as {k: what was looked at, v: what was seen there, wanted}; or a note."""
    if "rule" not in entry:
        return {"text": one_line(f"Note: {entry.get('note', '')}", 400)}
    does = " · ".join(str(entry[key]) for key in ("outcome", "action") if entry.get(key))
    priority = f" · priority {entry['priority']}" if "priority" in entry else ""
    checks = entry.get("checks")
    return {
        "text": one_line(f"Rule “{entry['rule']}”: {does or 'held'}{priority}", 200),
        "rows": [
            _check_row(str(check.get("check", "")), check.get("observed"), check.get("wanted", ""))
            for check in (checks if isinstance(checks, list | tuple) else ())[:20]
            if isinstance(check, Mapping)
        ],
    }


def _check_row(check: str, observed: object, wanted: object) -> Row:
    return {"k": one_line(check, 80), "v": one_line(seen_words(observed, check), 160), "wanted": one_line(wanted, 300)}


def seen_words(observed: object, check: str = "") -> str:
    """What a check of a rule saw: the words it found, in quotation marks, a value, or how many of a group held."""
    if observed is None:
        return "nothing"
    if check in ("any_of", "none_of"):
        return "none of them holds" if observed == 0 else f"{observed} of them held"
    return ", ".join(f"“{each}”" for each in observed) if isinstance(observed, list | tuple) else str(observed)


def record_lines(decision: Decision) -> list[Row]:
    """By what an auditor finds and repeats the decision, and how it is taken back."""
    by = f"rules {decision.rules_hash}" if decision.decided_by == "rules" else "a person"
    told = f"On record: decision {decision.key}, by {by}, of the words with hash {decision.content_hash}"
    return [{"text": one_line(told, 300)}, {"text": REVERSED[decision.action]}]


def case_lock(case: Case, me: str, *, name: Name) -> str:
    """Why this person cannot answer just now, in words; empty if they can."""
    if case.state is CaseState.RESOLVED:
        return f"Resolved by {one_line(name(case.resolved_by), 60)}: {one_line(case.outcome, SHORT)}"
    if case.owner and case.owner != me:
        return f"{one_line(name(case.owner), 60)} is answering this."
    if case.state is CaseState.ANSWERING:
        return "You can write again when this answer stands on the platform."
    return ""
