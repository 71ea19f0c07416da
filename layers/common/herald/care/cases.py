"""Cases: which message needs a person, by when, and what may happen to a case. All pure; time is an argument."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from herald.care.hours import deadline, parse_hours
from herald.errors import Refused
from herald.model import (
    SPOKEN,
    Account,
    Act,
    Action,
    Case,
    CaseState,
    ClauseRef,
    Decision,
    Kind,
    LockAsked,
    Message,
    Severity,
    Targets,
    Work,
    case_id,
    thread_of,
)
from herald.model.govern import platform_name

ANSWERED_LABELS = ("complaint", "question", "review")
"""Labels that ask for an answer, by weight: the first one present is the case's type. Praise alone asks for none."""

PROTECTIVE = "personal_data"
"""Label of a hide that protects its author (a telephone number in a question): what was asked still gets an answer."""

DECIDE = "decide"  # the type of a review case
DRAFTED = "reply"  # the type of a case that only a rule's drafted answer opens
_TO_ANSWER = (*ANSWERED_LABELS, DRAFTED)
_GRAVEST = ANSWERED_LABELS[0]
LEASED = (Work.REVIEW, Work.APPEAL)
CLAIMED_FOR = timedelta(minutes=15)
"""How long a claim on a decision lasts. Whoever went home holds nothing back: the next person may take it."""

_MOST_LATE = 6
_LATE_STEP = timedelta(hours=8)
OUTCOME_LIMIT = 500  # characters of an outcome
OVERTURNED, UPHELD = "overturned", "upheld"  # how the outcome of an appeal begins
_DECIDED = {Action.HIDE: "hidden by decision", Action.DELETE: "deleted by decision"}  # how such a case ends
_THERE = "Answered on {platform} itself{by}, not from here."
_BY_HAND = {
    Act.HIDE: "Hide this message by hand: {platform} does not let Herald do it. Then resolve this task.",
    Act.UNHIDE: "Show this message again by hand: {platform} does not let Herald do it. Then resolve this task.",
    Act.REPLY: "Answer this customer by hand: {platform} does not let Herald do it. Then resolve this task.",
}


# ---------------------------------------------------------------- opening


def cases_for(
    message: Message, decision: Decision, account: Account, targets: Targets, *, can: frozenset[Act], now: datetime
) -> list[Case]:
    """The cases that a decision opens, answer first; none for our own words, the deleted, and what nobody said.

    - A complaint, question or review waits for an answer. What was hidden gets one only if it is a complaint, or was
      hidden to protect its author: an insult around a real complaint does not make the complaint go away, but spam
      that asks is no question.
    - Where a rule drafts an answer, somebody must see the draft, for nothing else ever sends it. To what was hidden,
      only the rule that hides speaks.
    - `queue` asks a person to decide.
    - `hide` where the platform offers no hiding becomes a task.
    - A rule that asks to close the thread makes a task for a person, one a thread.

    The clock starts when the customer wrote the words we hold, and runs in the account's business hours; for what is of
    high severity it runs by the wall clock (due_at).

    Args:
        can: what the platform's API lets us do.
    Raises:
        ValueError: the account's hours or time zone cannot be read, or never open.
    """
    if message.deleted or message.outbound or message.kind not in SPOKEN:
        return []
    found = []
    drafted = _drafted(decision)
    kind = next((label for label in ANSWERED_LABELS if label in decision.labels), DRAFTED if drafted else "")
    answered_though_hidden = drafted or answered_anyway(kind, decision)
    if kind and (decision.action is not Action.HIDE or answered_though_hidden):
        found.append(_case(message, decision, account, targets, work=Work.ANSWER, kind=kind, now=now))
    if decision.action is Action.QUEUE:
        found.append(_case(message, decision, account, targets, work=Work.REVIEW, kind=DECIDE, now=now))
    if decision.action is Action.HIDE and Act.HIDE not in can:
        found.append(by_hand(message, decision, account, targets, act=Act.HIDE, now=now))
    if decision.lock and not decision.lock.shadow and thread_of(message):
        found.append(_lock_asked(message, decision, decision.lock, account, targets, can=can, now=now))
    return found


def answered_anyway(kind: str, decision: Decision) -> bool:
    """Whether what is hidden still gets an answer: a complaint, and what was hidden to protect its author."""
    return kind == _GRAVEST or PROTECTIVE in decision.labels


def lock_id(message: Message) -> str:
    """Of the task to close its thread: one a thread, so that people are asked once, however many comments ask."""
    return case_id(f"{message.platform}:{thread_of(message)}", Work.TASK, str(Act.LOCK))


def _lock_asked(
    message: Message, decision: Decision, asked: LockAsked, account: Account, targets: Targets, *,
    can: frozenset[Act], now: datetime,
) -> Case:  # fmt: skip
    task = _case(message, decision, account, targets, work=Work.TASK, kind=str(Act.LOCK), now=now)
    rests = f" ({asked.clause})" if asked.clause else ""
    does = (
        "Close it here, or resolve this task if it stays open."
        if Act.LOCK in can
        else f"{message.platform} does not let Herald do it: close the post to new comments there by hand, or let it "
        "stay open. Then resolve this task."
    )
    note = f"Rule “{asked.rule}”{rests} asks to close this thread to new comments. {does}"
    return replace(task, id=lock_id(message), note=note)


def _drafted(decision: Decision) -> bool:
    """Whether a person is offered an answer that a rule drafts."""
    return any(decision.action is not Action.HIDE or draft.rule == decision.rule for draft in decision.offered)


def by_hand(
    message: Message, decision: Decision, account: Account, targets: Targets, *, act: Act, now: datetime
) -> Case:
    """The task for a person to do `act` where the platform's API cannot; one for each act and content."""
    task = _case(message, decision, account, targets, work=Work.TASK, kind=str(act), now=now)
    return replace(task, note=_BY_HAND[act].format(platform=platform_name(message.platform)))


def by_hand_id(message_id: str, decision: Decision, act: Act) -> str:
    """Of the task to do by hand what a decision asks: one for each content the rules judged, one for each decision of
    a person."""
    own = f"{act}~{decision.key}"
    return case_id(message_id, Work.TASK, f"{decision.content_hash}~{act}" if decision.decided_by == "rules" else own)


def appeal(
    message: Message, decision: Decision, account: Account, targets: Targets, *, text: str, now: datetime
) -> Case:
    """What a customer says against `decision`; one for each decision. Business time runs from the appeal itself."""
    promise = timedelta(minutes=targets.of("appeal"))
    due = deadline(now, promise, parse_hours(account.hours), account.timezone, account.holidays).astimezone(UTC)
    return Case(
        id=case_id(message.id, Work.APPEAL, decision.key), message_id=message.id, account_id=message.account_id,
        platform=message.platform, brand=account.brand, work=Work.APPEAL, type="appeal", severity=decision.severity,
        state=CaseState.OPEN, opened_at=now, due_at=due, note=text,
    )  # fmt: skip


def due_at(
    message: Message, decision: Decision, account: Account, targets: Targets, *, kind: str, now: datetime
) -> datetime:
    """Deadline of a case of type `kind`, UTC: business time from the customer's words, or sooner where it is grave.

    Of high severity or above, the minutes in which a rule wants somebody told run by the wall clock. Where no rule
    names any, what a person has to decide or do is due by the wall clock too: danger keeps no office hours.
    """
    wrote = min(wrote_at(message), now)
    promise = timedelta(minutes=targets.of(kind))
    due = deadline(wrote, promise, parse_hours(account.hours), account.timezone, account.holidays).astimezone(UTC)
    if not _grave(decision):
        return due
    by_the_clock = now.astimezone(UTC)
    if decision.escalate:
        return min(due, by_the_clock + timedelta(minutes=decision.escalate.within_minutes))
    return due if kind in _TO_ANSWER else min(due, by_the_clock + promise)


def wrote_at(message: Message) -> datetime:
    """When the customer wrote the words that we hold."""
    return message.changed_at if message.edited else message.created_at


def said_at(message: Message, case: Case) -> datetime:
    """Since when the customer waits: when they wrote the words that opened the case. An edit while it waits does not
    begin the waiting anew."""
    return min(wrote_at(message), case.opened_at)


def _grave(decision: Decision) -> bool:
    climb = decision.escalate
    return max(decision.severity, climb.severity if climb else decision.severity) >= Severity.HIGH


def _case(
    message: Message, decision: Decision, account: Account, targets: Targets, *, work: Work, kind: str, now: datetime
) -> Case:
    judged = "" if work is Work.ANSWER else message.content_hash
    if work is Work.TASK:
        judged = f"{judged}~{kind}"  # hiding and showing the same words again are two tasks
    return Case(
        id=case_id(message.id, work, judged),
        message_id=message.id,
        account_id=message.account_id,
        platform=message.platform,
        brand=account.brand,
        work=work,
        type=kind,
        severity=decision.severity,
        state=CaseState.OPEN,
        opened_at=now,
        due_at=due_at(message, decision, account, targets, kind=kind, now=now),
    )


# ---------------------------------------------------------------- what may happen to a case


def asked_anew(case: Case, new: Case) -> Case:
    """The case after an edit, or a decision taken back, whose words alone would open `new`; itself where that asks for
    nothing more.

    While nobody answered, the graver of both stands, by the nearer deadline. What was answered or resolved and is a
    complaint only now waits again, and whoever is free takes it: it was other words that were dealt with. What was
    closed because its message was hidden waits again as it did before.
    """
    case = waits_again(case)
    if case.state in (CaseState.ANSWERED, CaseState.RESOLVED):
        comes_back = new.type == _GRAVEST and case.type != _GRAVEST
        return replace(new, version=case.version) if comes_back else case
    kind = min(case.type, new.type, key=_TO_ANSWER.index)
    return replace(case, type=kind, severity=max(case.severity, new.severity), due_at=min(case.due_at, new.due_at))


def holder(case: Case, now: datetime) -> str:
    """Whose the case is at this moment; nobody's once a claim on a decision has run out."""
    if case.claimed_until is not None and case.state is CaseState.CLAIMED and case.claimed_until <= now:
        return ""
    return case.owner


def claim(case: Case, by: str, now: datetime) -> Case:
    """`by` takes the case; claiming one's own again changes nothing. Raises Refused (owner, state).

    A decision is held for CLAIMED_FOR, so that two never do the same and nothing is stuck with who went home.
    """
    _not_resolved(case)
    mine(case, by, now)
    if holder(case, now) == by:
        return case
    until = now + CLAIMED_FOR if case.work in LEASED else None
    return replace(case, state=CaseState.CLAIMED, owner=by, claimed_until=until)


def mine(case: Case, by: str, now: datetime) -> None:
    """Raises Refused (owner) while somebody else holds the case."""
    if holder(case, now) not in ("", by):
        raise _taken(case)


def urgency(case: Case, *, exposed: bool, now: datetime) -> int:
    """How much there is to lose by waiting: the more, the sooner a person should see it.

    Two points a step of severity (0 to 8), one where the public sees the message meanwhile, one for each eight hours
    past the deadline, six at most: so nothing slight waits for ever behind what is grave.

    Args:
        exposed: it stands in public; a direct message and what is hidden do not.
    """
    late = min(_MOST_LATE, 1 + (now - case.due_at) // _LATE_STEP) if case.due_at <= now else 0
    return 2 * int(case.severity) + int(exposed) + late


def due_in_minutes(case: Case, message: Message) -> bool:
    """Whether a life may hang on it: critical, or of high severity with minutes in which somebody must be told."""
    told = message.decision is not None and message.decision.escalate is not None
    return case.severity >= (Severity.HIGH if told else Severity.CRITICAL)


def exposed(message: Message) -> bool:
    """Whether the public sees it now, as far as the platform has told."""
    return message.kind is not Kind.DM and not message.hidden and not message.deleted


def in_turn(waiting: Iterable[tuple[Case, Message]], now: datetime) -> list[tuple[Case, Message]]:
    """Cases with their messages. What is due in minutes comes first, however late the rest is; then the most urgent.
    Of equals, those by the same clause stand together, so that like is decided like; then the nearer deadline."""

    def place(pair: tuple[Case, Message]) -> tuple[bool, int, str, datetime, str]:
        case, message = pair
        cited = message.decision.policy if message.decision else None
        urgent = urgency(case, exposed=exposed(message), now=now)
        return not due_in_minutes(case, message), -urgent, str(cited or ""), case.due_at, case.id

    return sorted(waiting, key=place)


def next_for(waiting: Iterable[tuple[Case, Message]], by: str, now: datetime) -> Case | None:
    """What `by` should decide now: what they hold already, else the most urgent that nobody holds."""
    open_ = [case for case, _ in in_turn(waiting, now) if case.state is not CaseState.RESOLVED]
    held = [case for case in open_ if holder(case, now) == by]
    return next(iter((*held, *(case for case in open_ if not holder(case, now)))), None)


def answering(case: Case, by: str, reply_id: str, *, outcome: str = "", clause: ClauseRef | None = None) -> Case:
    """A reply by `by` is on its way; a free case becomes theirs. The same reply again changes nothing.

    With `outcome` and `clause` the case is resolved by them as soon as the reply stands on the platform. After a first
    answer another may follow. Raises Refused (owner, state, input).
    """
    _not_resolved(case)
    if case.work is not Work.ANSWER:
        raise Refused("state", f"This is a {case.work}, not a message that waits for an answer.")
    if case.owner not in ("", by):
        raise _taken(case)
    if case.state is CaseState.ANSWERING:
        if case.reply_id == reply_id:
            return case
        raise Refused("state", "A reply is already on its way. Wait until it stands on the platform or has failed.")
    if outcome or clause:
        outcome, clause = _conclusion(outcome, clause)
    return replace(case, state=CaseState.ANSWERING, owner=by, reply_id=reply_id, outcome=outcome, clause=clause)


def answered(case: Case, at: datetime) -> Case:
    """The reply stands on the platform since `at`; the first such time is kept. Told twice, nothing changes.

    Resolves the case if the reply was sent with an outcome. Raises Refused (state).
    """
    _not_resolved(case)
    if case.state is CaseState.ANSWERED:
        return case
    if case.state is not CaseState.ANSWERING:
        raise Refused("state", "No reply is on its way for this case.")
    now_answered = replace(case, state=CaseState.ANSWERED, answered_at=case.answered_at or at)
    if not case.outcome:
        return now_answered
    return replace(now_answered, state=CaseState.RESOLVED, resolved_at=at, resolved_by=case.owner)


def answered_there(case: Case, at: datetime, by: str = "", where: str = "") -> Case:
    """Somebody of ours answered on the platform itself at `at`; itself where a reply of Herald's answers or answered it
    or nobody waits. Whose it is stays so; `note` says in whose name and at what address, where that is told.

    What a decision closed (`away`) stays closed, and is answered if that is taken back.
    """
    away_unanswered = decided_away(case) and case.answered_at is None
    waits = case.state in (CaseState.OPEN, CaseState.CLAIMED)
    if case.work is not Work.ANSWER or not (waits or away_unanswered):
        return case
    state = CaseState.ANSWERED if waits else case.state
    note = _THERE.format(platform=platform_name(case.platform), by=f" by {by}" if by else "")
    told = f"{note} {where}".strip()
    return replace(case, state=state, answered_at=case.answered_at or at, note=told)


def away(case: Case, decision: Decision, now: datetime) -> Case:
    """`decision` hid or deleted what the customer said, and so nobody waits; itself where an answer stands or is on its
    way, or the case is closed already. Whoever holds it: it is the decision that counts."""
    if case.work is not Work.ANSWER or case.state not in (CaseState.OPEN, CaseState.CLAIMED):
        return case
    return replace(
        case, state=CaseState.RESOLVED, outcome=_DECIDED[decision.action], clause=decision.policy, resolved_at=now,
        resolved_by=decision.decided_by,
    )  # fmt: skip


def decided_away(case: Case) -> bool:
    """Whether it was closed by `away`: it waits again as soon as that decision is taken back."""
    return case.state is CaseState.RESOLVED and case.outcome in _DECIDED.values()


def waits_again(case: Case) -> Case:
    """The decision that closed it (`away`) is taken back: by its old deadline, in its old hands, or answered
    if it was meanwhile; itself where no decision closed it."""
    if not decided_away(case):
        return case
    state = CaseState.ANSWERED if case.answered_at else CaseState.CLAIMED if case.owner else CaseState.OPEN
    return replace(case, state=state, outcome="", clause=None, resolved_at=None, resolved_by="")


def reopened(case: Case, reason: str) -> Case:
    """The reply failed for good: back to its owner, or to answered if an earlier reply stands. `note` says why.

    Raises Refused (state).
    """
    _not_resolved(case)
    if case.state is not CaseState.ANSWERING:
        raise Refused("state", "No reply is on its way for this case.")
    back = CaseState.ANSWERED if case.answered_at else CaseState.CLAIMED
    return replace(case, state=back, reply_id="", outcome="", clause=None, note=reason)


def resolve(case: Case, by: str, outcome: str, clause: ClauseRef | None, now: datetime) -> Case:
    """Close the case with what came of it and the clause it rests on. Raises Refused (owner, state, input)."""
    _not_resolved(case)
    if case.work is Work.APPEAL:
        raise Refused("state", "An appeal is upheld or overturned, not merely closed. Decide it.")
    mine(case, by, now)
    if case.state is CaseState.ANSWERING:
        raise Refused("state", "A reply is on its way. Resolve when it stands on the platform.")
    said, ground = _conclusion(outcome, clause)
    return replace(
        case, state=CaseState.RESOLVED, owner=case.owner or by, outcome=said, clause=ground, resolved_at=now,
        resolved_by=by,
    )  # fmt: skip


def appeal_decided(case: Case, by: str, outcome: str, clause: ClauseRef, now: datetime) -> Case:
    """`outcome` begins with what was decided and says why; the customer reads it. Raises Refused (state, input)."""
    _not_resolved(case)
    said, ground = _conclusion(outcome, clause)
    return replace(
        case, state=CaseState.RESOLVED, owner=by, outcome=said, clause=ground, resolved_at=now, resolved_by=by
    )


def withdrawn(case: Case, now: datetime) -> Case:
    """The author deleted the message: nothing is left to do, whoever owns the case. Raises Refused (state)."""
    _not_resolved(case)
    note = "" if case.work is Work.APPEAL else case.note  # what they said about their own words goes with these
    return replace(
        case, state=CaseState.RESOLVED, outcome="withdrawn", resolved_at=now, resolved_by="author", note=note
    )


def _not_resolved(case: Case) -> None:
    if case.state is CaseState.RESOLVED:
        when = f" at {case.resolved_at:%Y-%m-%d %H:%M} UTC" if case.resolved_at else ""
        raise Refused("state", f"This case was resolved by {case.resolved_by or 'someone'}{when}: {case.outcome}.")


def _taken(case: Case) -> Refused:
    doing = "deciding" if case.work in LEASED else "answering"
    return Refused("owner", f"{case.owner} is {doing} this. Ask them before you act; nothing was changed.")


def _conclusion(outcome: str, clause: ClauseRef | None) -> tuple[str, ClauseRef]:
    said = outcome.strip()
    if not said:
        raise Refused("input", "Say what came of it: a case cannot be closed without an outcome.")
    if len(said) > OUTCOME_LIMIT:
        raise Refused("input", f"The outcome has {len(said)} characters, the limit is {OUTCOME_LIMIT}.")
    if said in _DECIDED.values():  # `decided_away` knows by these words that it waits again with the decision
        raise Refused("input", f"“{said}” is what Herald writes where a decision closes a case. Say it in other words.")
    if clause is None:
        raise Refused("input", "Name the clause it rests on: a case cannot be closed without one.")
    return said, clause
