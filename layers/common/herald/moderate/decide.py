"""What is to be done with a message, by which rule and clause, and why: pure, so that it can be replayed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from herald.model import (
    Action,
    Assessment,
    ClauseRef,
    Decision,
    Drafted,
    Escalation,
    Kind,
    LockAsked,
    Message,
    Severity,
    Span,
)
from herald.model.record import later
from herald.moderate.language import PolicyRef, Rule
from herald.moderate.normalise import SCANNED, printable
from herald.moderate.rules import Match, RuleSet, Subject, Verdict, distinct

SCORES = (
    "toxic", "hate", "harassment", "threat", "sexual", "self_harm", "violence", "profanity", "spam", "scam",
    "complaint", "question", "praise", "urgency", "legal", "sentiment",
)  # fmt: skip
"""Names of all scores; each is 0..1, sentiment -1..1."""

LABELS = ("type", "persona")
MAX_TEXT = 65_536
"""Bytes of UTF-8 a text may have on the command line."""

_QUOTED = 80  # characters of a match inside a rationale
_SPANS = 20
_PLACEHOLDER = re.compile(r"\{\{\s*(match|rule|clause|score-[a-z_]+)\s*\}\}")


def assess(text: str) -> Assessment:
    """What is known of a text before any rule (understand.py); the models are loaded by the first text."""
    from herald.moderate.understand import understand  # noqa: PLC0415  a start that people wait for needs no model

    return understand(text)


def decide(
    message: Message,
    assessment: Assessment,
    rules: RuleSet,
    *,
    policy_versions: Mapping[str, int],
    now: datetime,
    seen: Callable[[Verdict], object] | None = None,
) -> Decision:
    """Judge one message. Same arguments, same decision; never raises for any text.

    Args:
        message: not deleted and not our own; the caller leaves those out.
        policy_versions: policy id -> version in force, for rules that name none. A policy that is not there gets
            version 0, which means "no such policy is in force".
        now: time zone aware; becomes `decided_at` and nothing else.
        seen: is handed the verdict of all rules, for whoever counts them.
    Returns:
        The action of the first deciding rule that holds (priority, then hide before queue before allow, then the
        order of the file), else allow; queue where that is not certain, because the patterns of a rule had used up
        what one message may cost. Labels of it and of all label-only rules that hold, in the order of the file.
        When only label-only rules hold, the first of them is the rule that is named.
    """
    verdict = rules.judge(subject_of(message, assessment, rules.asked))
    if seen:
        seen(verdict)
    matches = _matches(verdict)
    leading = matches[0] if matches else None
    matches.sort(key=_order)
    rule = leading.rule if leading else None
    clause = clause_of(rule.policy, policy_versions) if rule else None
    action = verdict.action
    severity = rule.severity if rule else Severity.NONE
    rationale = _rationale(leading, clause, assessment.scores) if leading else ""
    if not verdict.certain:
        severity = max([severity, *(each.severity for each in verdict.stalled)])
        rationale = f"{_stalled(verdict)} {rationale}" if rationale else _stalled(verdict)
    proposing = [match for match in (*matches, *verdict.shadow) if match.rule.proposes]
    return Decision(
        content_hash=message.content_hash,
        action=action,
        severity=severity,
        decided_at=now,
        decided_by="rules",
        rules_hash=rules.hash,
        rule=rule.name if rule else None,
        policy=clause,
        rationale=rationale,
        labels=tuple(dict.fromkeys(label for match in matches for label in match.rule.labels)) if matches else (),
        evidence=_evidence(leading, matches) if leading else (),
        escalate=_escalation(rule, matches) if matches else None,
        model_version=assessment.model_version,
        scores=later(lambda: _thousandths(assessment)),
        trace=_trace(verdict, action, len(message.text)),
        drafts=_drafts(message, verdict, policy_versions) if proposing else (),
        lock=_lock(proposing, policy_versions) if proposing else None,
    )


def subject_of(message: Message, assessment: Assessment, asked: frozenset[str] | None = None) -> Subject:
    """What rules may look at of this message; of its signals those that are asked for, None: all."""
    return Subject(
        message.text, message.author_name or "", message.kind, message.platform, message.brand,
        title=str(message.more.get("title") or ""), signals=signals(message, assessment, asked), at=message.created_at,
    )  # fmt: skip


def signals(message: Message, assessment: Assessment, asked: frozenset[str] | None = None) -> dict[str, object]:
    """What is known of a message besides its words, name -> value; a name that is not there is unknown.

    score.NAME (0..1, sentiment -1..1), type, persona, language, contains (kinds of personal data, `pii.phone`),
    edited, author.ours (always no: our own words are not judged), what the platform tells (told.py), and what was
    counted or given (`more.signals`).

    Args:
        asked: names that somebody will look for: scores and labels that are not among them may be left out, for
            labels are dear to work out. None: all.
    """
    told, scores = message.more.get("signals"), assessment.scores
    found: dict[str, object] = _of_platform(message) if asked is None or _asks_platform(asked) else {}
    found |= told if told and isinstance(told, Mapping) else {}
    wanted = {f"score.{name}": name for name in scores} if asked is None else _scores_among(asked)
    found |= {signal: value for signal, name in wanted.items() if (value := scores.get(name)) is not None}
    if asked is None or not asked.isdisjoint(LABELS):
        found |= {name: value for name, value in assessment.labels.items() if value is not None}
    if assessment.language is not None:
        found["language"] = assessment.language
    if assessment.pii is not None:
        found["contains"] = tuple(f"pii.{getattr(span, 'kind', span.field)}" for span in assessment.pii)
    found["edited"] = message.edited
    found["author.ours"] = message.outbound
    return found


def _of_platform(message: Message) -> dict[str, object]:
    from herald.moderate import told  # noqa: PLC0415  few rules ask

    return told.of(message)


@lru_cache(8)
def _asks_platform(asked: frozenset[str]) -> bool:
    from herald.moderate import told  # noqa: PLC0415  once for a set of rules

    return not asked.isdisjoint(told.OF_PLATFORMS)


@lru_cache(8)
def _scores_among(asked: frozenset[str]) -> Mapping[str, str]:
    """Signal -> score, of the signals that are scores."""
    return {signal: signal.removeprefix("score.") for signal in asked if signal.startswith("score.")}


def _thousandths(assessment: Assessment) -> dict[str, int]:
    return {name: round(1000 * value) for name, value in assessment.scores.items() if value is not None}


def _matches(verdict: Verdict) -> list[Match]:
    """What holds and acts, the leading one first."""
    return ([verdict.deciding] if verdict.deciding else []) + list(verdict.labelling)


def _order(match: Match) -> int:
    return match.rule.order


def _drafts(message: Message, verdict: Verdict, policy_versions: Mapping[str, int]) -> tuple[Drafted, ...]:
    if not any(match.rule.drafts for match in (*_matches(verdict), *verdict.shadow)):
        return ()
    from herald.moderate.drafting import drafts  # noqa: PLC0415  only rules that draft an answer need it

    return drafts(message, _matches(verdict), verdict.shadow, policy_versions)


def _lock(proposing: Sequence[Match], policy_versions: Mapping[str, int]) -> LockAsked | None:
    rules = (match.rule for match in proposing if "lock" in match.rule.proposes)
    rule = next(rules, None)
    return LockAsked(rule.name, clause_of(rule.policy, policy_versions), rule.shadow) if rule else None


def _stalled(verdict: Verdict) -> str:
    """Why a person has to look, where the patterns of some rules were not run to their end."""
    names = ", ".join(printable(rule.name, 60) for rule in verdict.stalled[:3])
    more = len(verdict.stalled) - 3
    return (
        f"This text takes the patterns of {names}{f' and {more} more rules' if more > 0 else ''} longer than one "
        "message may take, so whether they hold is not known; a person decides."
    )


def clause_of(policy: PolicyRef | None, versions: Mapping[str, int]) -> ClauseRef | None:
    """The clause in the version a rule names, else in the one in force; None where the rule rests on none."""
    return ClauseRef(policy.id, policy.clause, policy.version or versions.get(policy.id, 0)) if policy else None


def _escalation(rule: Rule | None, matches: Sequence[Match]) -> Escalation | None:
    """Who must hear of it: whom the leading rule names, else the first of all that hold to name anybody."""
    return (rule and rule.escalate) or next((match.rule.escalate for match in matches if match.rule.escalate), None)


def _rationale(match: Match, clause: ClauseRef | None, scores: Mapping[str, float | None]) -> str:
    """The rule's own words with the placeholders filled; quotations are short and cannot turn the line around."""
    found = next((span.found for span in match.evidence), "")
    values = {
        "match": printable(found, _QUOTED),
        "rule": match.rule.name,
        "clause": clause_words(clause) if clause else "no clause",
    }
    template = match.rule.rationale or ("Matched “{{match}}”." if found else "The rule “{{rule}}” holds.")
    parts = _parts(template)
    return "".join([
        part if not place % 2 else values[part] if part in values else _score_words(part, scores)
        for place, part in enumerate(parts)
    ])  # fmt: skip


def _score_words(place: str, scores: Mapping[str, float | None]) -> str:
    value = scores.get(place.removeprefix("score-"))
    return "unknown" if value is None else f"{value:.2f}"


@lru_cache(1_000)
def _parts(template: str) -> list[str]:
    """Words and names of placeholders in turn, words first and last."""
    return _PLACEHOLDER.split(template)


def clause_words(clause: ClauseRef) -> str:
    """As people read it: without a version where none is in force."""
    return str(clause) if clause.version else f"{clause.policy} {clause.clause}"


def _evidence(leading: Match, matches: list[Match]) -> tuple[Span, ...]:
    """What the decision rests on: the spans of the deciding rule; of all labels, the leading first, when none decides.

    A word that only labels is no reason to hide, so it never stands beside those that are.
    """
    if leading.rule.action is not None:
        return distinct(leading.evidence)[:_SPANS]
    return distinct([span for match in (leading, *matches) for span in match.evidence])[:_SPANS]


def _trace(verdict: Verdict, action: Action, length: int) -> tuple[Mapping[str, object], ...]:
    """Rules in the order considered, kept when something was done, a rule was set aside, or the text was cut."""
    lines: list[Mapping[str, object]] = []
    if verdict.cut:
        lines.append({"note": f"only the first {SCANNED} of {length} characters were read"})
    if verdict.unknown:
        missing = "; ".join(f"{rule} ({signal})" for rule, signal in verdict.unknown[:3])
        lines.append({"note": f"not asked, because something it needs is unknown: {missing}"[:300]})
    if verdict.stalled and verdict.certain:
        lines.append({"note": f"not run to its end, which changes nothing here: {verdict.stalled[0].name}"[:300]})
    for match in verdict.shadow[:3]:
        would = str(match.rule.action) if match.rule.action else f"label {', '.join(match.rule.labels)}"
        lines.append({"note": f"in shadow, not acted on: {match.rule.name} would {would}", "shadow": match.rule.name})
    if action is Action.ALLOW and verdict.exempted is None:
        lines.extend([_line(match, "labelled") for match in verdict.labelling if match.rule.proposes])
        return tuple(lines)
    if verdict.deciding:
        lines.append(_line(verdict.deciding, "decided"))
    if verdict.exempted:
        lines.append(_line(verdict.exempted, "set aside by the rule above"))
    lines.extend(_line(match, "labelled") for match in verdict.labelling)
    return tuple(lines)


def _line(match: Match, outcome: str) -> Mapping[str, object]:
    rule = match.rule
    return {
        "rule": rule.name,
        "outcome": outcome,
        "action": str(rule.action) if rule.action else "label",
        "priority": rule.priority,
        "checks": [dict(check) for check in match.checks],
        **({"proposes": dict(rule.proposes)} if rule.proposes else {}),
    }


# ---------------------------------------------------------------- in words

_DONE = {
    Action.ALLOW: "Allowed: the message stays visible.",
    Action.QUEUE: "Queued: the message stays visible until a person decides.",
    Action.HIDE: "Hidden: only its author and their friends may still see it, as the platform defines it.",
    Action.DELETE: "Deleted: nobody sees it any more.",
}
_QUEUED_HIDDEN = "Queued: the message was hidden before and stays hidden until a person decides."
REVERSED = {
    Action.ALLOW: "To change it: hide the message, with a reason and a clause.",
    Action.QUEUE: "To close it: allow or hide the message, with a reason and a clause.",
    Action.HIDE: "To reverse it: show the message again, with a reason. The author may appeal.",
    Action.DELETE: "It cannot be shown again; its words are kept here, as evidence, with the decision.",
}


def explain(message: Message, decision: Decision, policy_text: str | None, judged: str = "") -> str:
    """A decision in plain words, for a person at a terminal: seen, ruled, cited, quoted, by whom, how to reverse.

    Args:
        policy_text: the words of the clause in the version cited; None when it cannot be found.
        judged: the words this decision was about, where they are kept; empty: what the message holds now.
    """
    from herald.moderate import persona  # noqa: PLC0415  no start needs it

    lines = [
        f"{message.id}  ({message.kind} on {message.platform}, written {_when(message.created_at)})",
        _QUEUED_HIDDEN if decision.action is Action.QUEUE and message.hidden else _DONE[decision.action],
        _seen(message, decision, judged),
    ]
    if decision.content_hash != message.content_hash and not message.deleted:
        lines.append("           The text has changed since; this decision is about the earlier one.")
    if decision.decided_by == "rules":
        lines.append(f"Rule:      {decision.rule or 'none held'}")
    lines.append(f"Severity:  {decision.severity.name.lower()}")
    if decision.policy:
        lines.append(f"Clause:    {clause_words(decision.policy)}")
        lines.append(
            f"           {printable(policy_text, 600)}" if policy_text else "           (its text is not here)"
        )
    if decision.rationale:
        lines.append(f"Because:   {printable(decision.rationale, 600)}")
    for span in decision.evidence:
        lines.append(f"Evidence:  “{printable(span.found, 120)}” ({span.field}, characters {span.start} to {span.end})")
    if decision.labels:
        lines.append(f"Labels:    {', '.join(decision.labels)}")
    if decision.persona:
        lines.append(f"Persona:   {persona.explained(decision.persona)}")
    if decision.escalate:
        lines.append(f"Tell:      {decision.escalate.to}, within {decision.escalate.within_minutes} minutes")
    if decision.lock:
        rests = f", {clause_words(decision.lock.clause)}" if decision.lock.clause else ""
        stands = "in shadow, asked of nobody" if decision.lock.shadow else "a person decides"
        lines.append(f"Lock:      rule {decision.lock.rule}{rests} asks to close the thread to new comments; {stands}")
    for draft in decision.drafts:
        rests = f", {clause_words(draft.clause)}" if draft.clause else ""
        stands = "in shadow, offered to nobody" if draft.shadow else "sent by nobody but a person"
        whose = "private answer" if draft.private else "answer"
        lines.append(f"Draft:     “{printable(draft.text, 300)}” ({whose} by rule {draft.rule}{rests}; {stands})")
    if decision.scores:
        told = sorted(decision.scores.items(), key=lambda score: (-abs(score[1]), score[0]))[:6]
        model = f" (model {decision.model_version})" if decision.model_version else ""
        lines.append(f"Scores:    {', '.join(f'{name} {value / 1000:.2f}' for name, value in told)}{model}")
    lines.extend(f"Note:      {note}" for entry in decision.trace if (note := entry.get("note")))
    who = f"rules {decision.rules_hash}" if decision.decided_by == "rules" else decision.decided_by
    lines.append(f"Decided:   by {who}, {_when(decision.decided_at)}")
    lines.append(f"Now:       {_now(message)}")
    if not message.deleted or decision.action is Action.DELETE:
        lines.append(REVERSED[decision.action])
    return "\n".join(lines)


def _seen(message: Message, decision: Decision, judged: str) -> str:
    same = decision.content_hash == message.content_hash
    text = message.text if same else judged or message.text
    if text:
        return f"Seen:      “{printable(text, 300)}”"
    return "Seen:      its words are erased" if message.deleted else "Seen:      no words (a picture or nothing)"


def _now(message: Message) -> str:
    """How the message stands on the platform, from what the platform told last."""
    if message.deleted:
        return "deleted by its author or the platform; nothing can be shown again"
    if message.hidden is None:
        return "the platform has not said whether it is visible"
    return "hidden on the platform" if message.hidden else "visible on the platform"


def _when(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


# ---------------------------------------------------------------- JSON lines


def assess_line(obj: object) -> dict[str, object]:
    """One line of `herald assess`: {id, text} -> {id, language, scores, flags, labels, pii, spans}.

    `flags` names the scores at or above their operating threshold; `field` of a span is the score it speaks for.
    `models` is the version of the weights, "lexicon" where no model knows the language. A line that cannot be read
    gives {id, error}.
    """
    text = _text_of(obj)
    if isinstance(text, _Bad):
        return text.line
    found = assess(text.text)
    return {
        "id": text.id,
        "language": found.language,
        "scores": dict(found.scores),
        "flags": None if found.flags is None else list(found.flags),
        "labels": dict(found.labels),
        "pii": [{"kind": span.field, "start": span.start, "end": span.end} for span in found.pii or ()],
        "spans": [_span(span) for span in found.spans],
        "models": found.model_version,
    }


def decide_line(
    obj: object, rules: RuleSet, *, now: datetime, policy_versions: Mapping[str, int] | None = None
) -> dict[str, object]:
    """One line of `herald decide`: {id, text, …} -> the decision as JSON values.

    May also hold: kind, platform, brand, author_name, title, at (when it was written, ISO 8601; UTC where it names no
    offset, now where it is left out), and signals, an object of names and values.

    A line that cannot be read gives {id, error}; the command then ends with 1.
    """
    read = _message_of(obj, now)
    if isinstance(read, _Bad):
        return read.line
    text, message = read
    decision = decide(message, assess(text.text), rules, policy_versions=policy_versions or {}, now=now)
    clause, escalate = decision.policy, decision.escalate
    return {
        "id": text.id,
        "action": str(decision.action),
        "rule": decision.rule,
        "policy": clause and {"id": clause.policy, "clause": clause.clause, "version": clause.version or None},
        "rationale": decision.rationale,
        "severity": decision.severity.name.lower(),
        "labels": list(decision.labels),
        "evidence": [_span(span) for span in decision.evidence],
        "escalate": escalate
        and {
            "to": escalate.to,
            "within_minutes": escalate.within_minutes,
            "severity": escalate.severity.name.lower(),
        },
        "drafts": [
            {"rule": draft.rule, "text": draft.text, "private": draft.private, "shadow": draft.shadow}
            for draft in decision.drafts
        ],
        "lock": decision.lock and {"rule": decision.lock.rule, "shadow": decision.lock.shadow},
        "rules_hash": decision.rules_hash,
        "model_version": decision.model_version,
        "trace": [dict(entry) for entry in decision.trace],
    }


def subject_line(obj: object, now: datetime) -> tuple[str, Subject] | dict[str, object]:
    """A line as of `herald decide` -> (id, what rules look at), or {id, error}."""
    read = _message_of(obj, now)
    if isinstance(read, _Bad):
        return read.line
    text, message = read
    return str(text.id), subject_of(message, assess(text.text))


def _message_of(obj: object, now: datetime) -> tuple[_Given, Message] | _Bad:
    text = _text_of(obj)
    if isinstance(text, _Bad):
        return text
    words: dict[str, str] = {}
    for name in ("kind", "platform", "brand", "author_name", "title"):
        value = text.obj.get(name)
        if value is not None and not isinstance(value, str):
            return _Bad(text.id, f"`{name}` must be a text")
        words[name] = value or ""
    given = text.obj.get("signals")
    if given is not None and not isinstance(given, dict):
        return _Bad(text.id, "`signals` must be an object of names and values")
    try:
        kind = Kind(words["kind"] or "comment")
    except ValueError:
        return _Bad(text.id, f"`kind` must be one of {', '.join(Kind)}")
    written = now if text.obj.get("at") is None else _time(text.obj["at"])
    if written is None:
        return _Bad(text.id, "`at` must be a time such as 2026-10-03T23:30+10:00")
    return text, Message(
        platform=words["platform"], account_id="", external_id=str(text.id), kind=kind, author_id=None,
        author_name=words["author_name"] or None, text=text.text, parent_id=None, created_at=written,
        changed_at=written, received_at=now, brand=words["brand"],
        more={"title": words["title"], "signals": given or {}},
    )  # fmt: skip


def _time(given: object) -> datetime | None:
    try:
        said = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        return None
    if said is None or not 1 < said.year < 9999:  # every zone can tell it
        return None
    return said if said.tzinfo else said.replace(tzinfo=UTC)


def _span(span: Span) -> dict[str, object]:
    return {"start": span.start, "end": span.end, "field": span.field, "found": span.found}


class _Bad:
    def __init__(self, id: object, sentence: str) -> None:
        self.line: dict[str, object] = {"id": id, "error": sentence}


class _Given:
    def __init__(self, obj: Mapping[str, object], text: str) -> None:
        self.obj = obj
        self.id = obj.get("id")
        self.text = text


def _text_of(obj: object) -> _Given | _Bad:
    if not isinstance(obj, dict):
        return _Bad(None, "a line must be a JSON object with `id` and `text`")
    id = obj.get("id")
    if isinstance(id, dict | list):
        return _Bad(None, "`id` must be a text or a number")
    text = obj.get("text")
    if text is None:
        return _Bad(id, "there is no `text`")
    if not isinstance(text, str):
        return _Bad(id, "`text` must be a text")
    if len(text) > MAX_TEXT // 4 and (size := len(text.encode("utf-8", "surrogatepass"))) > MAX_TEXT:
        return _Bad(id, f"`text` has {size} bytes; the limit is {MAX_TEXT}")
    return _Given(obj, text)
