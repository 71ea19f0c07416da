"""perform(): the only way a person's command becomes state. Checked, then written with its audit in one transaction.

Checked in this order: the person and their role, the brand, the acknowledgement of what gates the command, the version
the person saw, then what the subject itself refuses. A refusal names what is missing and leaves state untouched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from importlib import import_module
from types import MappingProxyType
from typing import NamedTuple

from herald.care import cases as care
from herald.errors import Refused, Stale
from herald.flows import casebook
from herald.flows.casebook import hide_delivery
from herald.flows.chain import commit_audited
from herald.flows.commands import (
    ROOMS,
    AcknowledgePolicy,
    Claim,
    Command,
    DecideAppeal,
    Delete,
    Hide,
    Overrule,
    Reply,
    Resolve,
    Submit,
    Unhide,
)
from herald.flows.context import Herald
from herald.flows.planning import (
    REASON_LIMIT,
    Done,
    Plan,
    Planner,
    authorise,
    clause_named,
    hashed,
    proper_id,
    same_version,
    their_message,
    theirs,
    words,
)
from herald.measure import counts
from herald.model import (
    SPOKEN,
    Account,
    Acknowledgement,
    Act,
    Acted,
    Action,
    AuditEntry,
    Case,
    CaseState,
    ClauseRef,
    Decision,
    Delivery,
    DeliveryState,
    Message,
    New,
    Person,
    Revised,
    Role,
    Severity,
    StateChange,
    Used,
    Work,
    case_id,
)

CHAIN = "people"
_RACES = 5


def perform(
    command: Command, *, by: str, within: frozenset[Role] | None = None, herald: Herald, now: datetime,
    link: Used | None = None,
) -> Done:  # fmt: skip
    """Carry out one command of one person.

    Args:
        by: id of the person; who they are is proven by the edge, what they may is decided here.
        link: the use of the link it came by, written with it: a link that was used is refused as a lost race is.
        within: the roles their sign-in vouches for; only a role that their row has too counts. None: all of the row's.
    Raises:
        Refused: with `missing` in role, account, acknowledgement, version, owner, state, input.
    """
    known = herald.store.person(by)
    if known is None:
        raise Refused("role", "Herald does not know this person. Ask the owner to add them.")
    person = known if within is None else replace(known, roles=known.roles & within)
    plan_of = planner(type(command))
    for _ in range(_RACES):
        try:
            plan = plan_of(command, person, herald, now)
        except Refused as refused:
            raise _with_names(refused, herald) from None
        if not plan.changes and not plan.told:
            return plan.done
        facts = plan.facts | ({"link": link.nonce} if link else {})
        line = AuditEntry(CHAIN, 0, now, person.id, type(command).__name__, plan.done.subject, facts)
        try:
            commit_audited([*plan.changes, *([New(link)] if link else [])], [line], CHAIN, herald)
        except Stale:
            continue  # planned again from fresh rows; a version the person did not see is refused there
        if plan.wake:
            herald.wake(plan.wake)
        if isinstance(command, Submit):
            from herald.flows import invite  # noqa: PLC0415  few commands need it

            told = invite.approvers(command.post_id, herald, now)
            return replace(plan.done, sentence=f"{plan.done.sentence} {told}".strip())
        return plan.then() if plan.then else plan.done
    raise Refused("version", "This kept changing while it was saved. Look at it again and repeat what you want.")


# ---------------------------------------------------------------- one plan a command


def _reply(command: Reply, person: Person, herald: Herald, now: datetime) -> Plan:
    message = their_message(command.message_id, person, herald)
    authorise(command, person, message.brand, herald, now)
    earlier = herald.store.delivery(_reply_id(command))
    if earlier:
        return Plan((), Done("This reply was sent already.", message.id, earlier.id), {})
    if message.deleted:
        raise Refused("state", "The author deleted this message. There is nothing left to answer.")
    text = words(command.text, "Write the reply first.", 20_000)
    from herald.flows import care as room  # noqa: PLC0415  a room is read when it is needed
    from herald.flows import checks  # noqa: PLC0415

    checks.refuse_reply(text, message.brand, herald)
    case = herald.store.case(case_id(message.id, Work.ANSWER))
    same_version(case.version if case else 0, command.expected)
    clause = clause_named(command.clause, herald) if command.clause or command.outcome else None
    outlet = herald.outlets.get(message.platform)
    if outlet is None or Act.REPLY not in outlet.capabilities.acts:
        raise Refused(
            "state", "Herald cannot reply on this platform. Answer there or by e-mail, then resolve the case."
        )
    problem = outlet.capabilities.reply_problem(text, message.platform)
    if problem:
        raise Refused("input", f"The reply {problem}")
    delivery = Delivery(
        id=_reply_id(command), act=Act.REPLY, platform=message.platform, account_id=message.account_id,
        brand=message.brand, message_id=message.id, target=message.external_id, text=text, state=DeliveryState.DUE,
        ordered_by=person.id, ordered_at=now, due_at=now, case_id=case.id if case else "",
    )  # fmt: skip
    changes: list[StateChange] = [New(delivery)]
    if case:
        after = care.answering(case, person.id, delivery.id, outcome=command.outcome, clause=clause)
        changes.append(Revised(after, case.version))
    facts: dict[str, str | int | bool | None] = {"text": hashed(text), "clause": str(clause) if clause else None}
    facts |= _drafted(text, message)
    handled = room.replying(message, case, delivery, clause, person, herald, now)
    changes += handled.changes
    sentence = " ".join(("The reply is on its way.", *handled.advice))
    return Plan(tuple(changes), Done(sentence, message.id, delivery.id), facts | handled.facts, delivery)


def _drafted(text: str, message: Message) -> dict[str, str | int | bool | None]:
    """Whether a reply is what a rule had drafted, word for word; nothing where no rule had drafted any."""
    drafts = message.decision.offered if message.decision else ()
    if not drafts:
        return {}
    same = next((draft for draft in drafts if draft.text.strip() == text), None)
    return {"draft_rule": (same or drafts[0]).rule, "draft_changed": same is None}


def _show_or_hide(command: Hide | Unhide, person: Person, herald: Herald, now: datetime) -> Plan:
    """A person's own decision on a message: it stands until the words change, and no rule undoes it."""
    hide = isinstance(command, Hide)
    message = _judgeable(command.message_id, person, herald)
    authorise(command, person, message.brand, herald, now)
    same_version(message.version, command.expected)
    reason = words(command.reason, "Give a reason: whoever asks later must be able to read why.", REASON_LIMIT)
    clause = clause_named(command.clause, herald) if isinstance(command, Hide) else _standing_clause(message)
    if bool(message.hidden) is hide and not _on_its_way(message, herald):
        raise Refused("state", f"This message is {'hidden' if hide else 'visible'} already.")
    action = Action.HIDE if hide else Action.ALLOW
    return _decide(message, action, clause, reason, person, herald, now)


def _delete(command: Delete, person: Person, herald: Herald, now: datetime) -> Plan:
    """A person's own decision, never a rule's: it cannot be taken back. The words stay here as evidence."""
    message = _judgeable(command.message_id, person, herald)
    authorise(command, person, message.brand, herald, now)
    same_version(message.version, command.expected)
    reason = words(command.reason, "Give a reason: whoever asks later must be able to read why.", REASON_LIMIT)
    clause = clause_named(command.clause, herald)
    outlet = herald.outlets.get(message.platform)
    if outlet is None or Act.DELETE not in outlet.capabilities.acts:
        raise Refused(
            "state", f"{message.platform} lets nobody delete what others wrote. Hide it, or act on its author."
        )
    return _decide(message, Action.DELETE, clause, reason, person, herald, now)


def _overrule(command: Overrule, person: Person, herald: Herald, now: datetime) -> Plan:
    message = _judgeable(command.message_id, person, herald)
    authorise(command, person, message.brand, herald, now)
    same_version(message.version, command.expected)
    reason = words(command.reason, "Give a reason: an overruled decision without one teaches nobody.", REASON_LIMIT)
    if message.decision is None:
        raise Refused("state", "Nothing was decided on this message yet. Wait a moment and look again.")
    if command.action not in (Action.ALLOW, Action.HIDE):
        raise Refused("input", "Overrule to allow or to hide; queueing would leave it undecided.")
    return _decide(message, command.action, clause_named(command.clause, herald), reason, person, herald, now)


def _decide(
    message: Message, action: Action, clause: ClauseRef | None, reason: str, person: Person, herald: Herald,
    now: datetime,
) -> Plan:  # fmt: skip
    before = message.decision
    decision = Decision(
        content_hash=message.content_hash,
        action=action,
        severity=before.severity if before else Severity.NONE,
        decided_at=now,
        decided_by=person.id,
        rules_hash=before.rules_hash if before else "",
        policy=clause,
        rationale=reason,
        labels=before.labels if before else (),
        drafts=before.offered if before and action is not Action.DELETE else (),
        evidence=before.evidence if before and action is not Action.ALLOW else (),
    )
    after = casebook.decided_anew(message, decision)
    after = replace(after, pending="", attempts=0, parked_until=None, error="")
    changes: list[StateChange] = [Acted(message.id, message.brand, message.text, decision)]
    wake: Delivery | None = None
    sentence = "Your decision stands."
    wanted = action is not Action.ALLOW
    if action is Action.DELETE or bool(message.hidden) is not wanted or _on_its_way(message, herald):
        act = _ACTS[action]
        outlet = herald.outlets.get(message.platform)
        if outlet and act in outlet.capabilities.acts:
            wake = hide_delivery(
                message, message.brand, act, ordered_by=person.id, now=now, order=f"{person.id}~{message.version}"
            )
            after = replace(after, act=wake.id)
            changes.append(New(wake))
            sentence = f"Your decision stands; the message is being {_BEING[action]}."
        elif bool(message.hidden) is not wanted:
            changes.append(New(_task(message, decision, act, now), once=True))
            sentence = "Your decision stands. The platform does not let Herald do it: a task was made to do it by hand."
    closed = _close_review(message, before, person, decision, herald, now)
    asked = next((one.thing for one in closed if isinstance(one, Revised) and isinstance(one.thing, Case)), None)
    from herald.flows import verdicts  # noqa: PLC0415  a room is read when it is needed

    changes += [*closed, *verdicts.verdict(message, before, decision, asked=asked)]
    unseen = message.hidden and not (before and before.action is Action.HIDE)  # by a platform, or held back
    if wanted and unseen and (wake is None or action is Action.DELETE):
        changes += verdicts.held_back(message, decision, now)
    changes += casebook.tallied(message, after)
    account = herald.store.account(message.platform, message.account_id)
    answer = _who_waits(message, after, before, decision, account, herald, now)
    changes += answer.changes
    sentence += answer.told
    after = replace(after, case_id=message.case_id or answer.opened)
    if account:
        after = replace(after, counted=counts.contribution(after, account.timezone))
        changes += counts.delta(account.id, message.counted, after.counted)
    changes.insert(0, Revised(after, message.version))
    facts: dict[str, str | int | bool | None] = {
        "from": str(before.action) if before else None,
        "to": str(action),
        "clause": str(clause) if clause else None,
        "content": message.content_hash,
        "reason": hashed(reason),
        "case": answer.case,
    }
    return Plan(tuple(changes), Done(sentence, message.id, wake.id if wake else ""), facts, wake)


class _Answer(NamedTuple):
    """What a decision means for its message's case (closed | reopened), what the person is told, the case it opens."""

    changes: list[StateChange]
    told: str = ""
    case: str | None = None
    opened: str = ""


def _who_waits(
    message: Message, after: Message, before: Decision | None, decision: Decision, account: Account | None,
    herald: Herald, now: datetime,
) -> _Answer:  # fmt: skip
    """With what is hidden or deleted nobody waits any more; let stand, its customer waits for an answer again, whatever
    was decided in between. `after`: the message as it is once decided."""
    waited = herald.store.case(message.case_id) if message.case_id else None
    if decision.action is not Action.ALLOW:
        if waited is None or waited.state not in (CaseState.OPEN, CaseState.CLAIMED):
            return _Answer([])
        closes = casebook.away(waited, decision, herald, now)
        if not closes:
            return _Answer([], _STILL_WAITS)
        return _Answer(closes, " Nobody waits for an answer to it any more.", "closed")
    asked_for: list[Case] = []
    changes: list[StateChange] = []
    if account and before and before.action in (Action.HIDE, Action.DELETE):
        asked_for = _waits_after_all(message, decision, account, herald, now)
        changes += [change for case in asked_for for change in casebook.asked_anew(case, after, account, herald)]
    opened = next((case.id for case in asked_for), "")
    if waited is None or not care.decided_away(waited):
        return _Answer(changes, opened=opened)
    if all(case.id != waited.id for case in asked_for):
        changes += casebook.waits_again(waited, herald)
    told = " It was answered meanwhile." if waited.answered_at else " It waits for an answer again."
    return _Answer(changes, told, "reopened", opened)


def _waits_after_all(
    message: Message, decision: Decision, account: Account, herald: Herald, now: datetime
) -> list[Case]:
    """What was hidden asked for no answer; shown again, a question does, since its customer wrote it."""
    found = care.cases_for(message, decision, account, herald.store.targets(), can=frozenset(), now=now)
    return [case for case in found if case.work is Work.ANSWER]


def _close_review(
    message: Message, before: Decision | None, person: Person, decision: Decision, herald: Herald, now: datetime
) -> list[StateChange]:
    """Deciding the message is what its review case waited for."""
    if before is None:
        return []
    review = herald.store.case(case_id(message.id, Work.REVIEW, before.content_hash))
    if review is None or review.state is CaseState.RESOLVED:
        return []
    care.mine(review, person.id, now)
    closed = replace(
        review, state=CaseState.RESOLVED, owner=person.id, resolved_at=now, resolved_by=person.id,
        outcome=f"decided: {decision.action}", clause=decision.policy,
    )  # fmt: skip
    return [Revised(closed, review.version)]


def _claim(command: Claim, person: Person, herald: Herald, now: datetime) -> Plan:
    case = _case(command.case_id, person, herald)
    authorise(command, person, case.brand, herald, now)
    after = care.claim(case, person.id, now)  # says who has it, before saying that it changed
    same_version(case.version, command.expected)
    if after == case:
        return Plan((), Done("This is yours already.", case.id), {})
    return Plan((Revised(after, case.version),), Done("It is yours.", case.id), {"message": case.message_id})


def _resolve(command: Resolve, person: Person, herald: Herald, now: datetime) -> Plan:
    case = _case(command.case_id, person, herald)
    authorise(command, person, case.brand, herald, now)
    same_version(case.version, command.expected)
    clause = clause_named(command.clause, herald)
    after = care.resolve(case, person.id, words(command.outcome, "Say what came of it.", REASON_LIMIT), clause, now)
    facts: dict[str, str | int | bool | None] = {
        "message": case.message_id,
        "outcome": hashed(after.outcome),
        "clause": str(clause),
    }
    from herald.flows import care as room  # noqa: PLC0415  a room is read when it is needed

    return room.resolving(case, after, command.amount, command.currency, person, facts, herald, now)


def _decide_appeal(command: DecideAppeal, person: Person, herald: Herald, now: datetime) -> Plan:
    """Upheld, nothing moves; overturned, the message is shown again as by Overrule. A decision that was replaced
    meanwhile (by an edit, by a person) is not undone: only the appeal ends."""
    case = _case(command.case_id, person, herald)
    authorise(command, person, case.brand, herald, now)
    message = their_message(case.message_id, person, herald)
    overrule = Overrule(message.id, Action.ALLOW, command.reason, command.clause, message.version)
    authorise(overrule, person, case.brand, herald, now)  # whoever decides again has read what gates deciding
    if case.work is not Work.APPEAL:
        raise Refused("state", "This is no appeal.")
    same_version(case.version, command.expected)
    reason = words(command.reason, "Give a reason: the customer reads it.", REASON_LIMIT - 20)
    clause = clause_named(command.clause, herald)
    made = {d.key: d for d, _ in herald.store.history(message.id)}
    decision = made.get(case.id.rpartition("~")[2])
    if decision and decision.decided_by == person.id:
        raise Refused("second_person", "You made this decision. Someone else must decide the appeal.")
    care.mine(case, person.id, now)
    verdict = care.OVERTURNED if command.overturn else care.UPHELD
    closed = Revised(care.appeal_decided(case, person.id, f"{verdict}: {reason}", clause, now), case.version)
    facts: dict[str, str | int | bool | None] = {
        "message": message.id, "appeal": verdict, "clause": str(clause), "reason": hashed(reason),
    }  # fmt: skip
    ended: list[StateChange] = [closed]
    if decision:
        from herald.flows import verdicts  # noqa: PLC0415  a room is read when it is needed

        ended.append(verdicts.appealed(message, decision, verdict, case, now))
    standing = message.decision and decision and message.decision.key == decision.key
    if not command.overturn or not standing or message.deleted:
        replaced = "The appeal is closed; the decision was replaced meanwhile."
        if standing and decision and decision.action is Action.DELETE:
            replaced = "Overturned; but it was deleted, and cannot be shown again. The customer reads that."
        sentence = replaced if command.overturn else "The decision stands."
        return Plan(tuple(ended), Done(sentence, case.id), facts)
    shown = _decide(message, Action.ALLOW, clause, reason, person, herald, now)
    return replace(shown, changes=(*shown.changes, *ended), facts=shown.facts | facts)


def _acknowledge(command: AcknowledgePolicy, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, None, herald, now)
    policy = herald.store.policy(command.policy_id, command.version)
    if policy is None:
        raise Refused("input", f"There is no {command.policy_id} version {command.version}. Open the policy again.")
    subject = f"{policy.id} v{policy.version}"
    if herald.store.acknowledgement(person.id, policy.id, policy.version):
        return Plan((), Done(f"You acknowledged {subject} already.", subject), {})
    acknowledged = Acknowledgement(person.id, policy.id, policy.version, now)
    return Plan((New(acknowledged),), Done(f"You acknowledged {subject}.", subject), {"version": policy.version})


# ---------------------------------------------------------------- what every plan asks


def _judgeable(message_id: str, person: Person, herald: Herald) -> Message:
    message = their_message(message_id, person, herald)
    if message.deleted:
        raise Refused("state", "The author deleted this message.")
    if message.outbound or message.kind not in SPOKEN:
        raise Refused("state", "This is not a customer's message.")
    return message


def _case(wanted: str, person: Person, herald: Herald) -> Case:
    return theirs(herald.store.case(wanted), person, "There is no such case.")


def _standing_clause(message: Message) -> ClauseRef | None:
    return message.decision.policy if message.decision else None


def _on_its_way(message: Message, herald: Herald) -> bool:
    """Whether an earlier order to hide or show has not ended: then visibility says nothing about what is wanted."""
    if not message.act:
        return False
    delivery = herald.store.delivery(message.act)
    return delivery is not None and not delivery.state.final


def _task(message: Message, decision: Decision, act: Act, now: datetime) -> Case:
    verb = "Hide" if act is Act.HIDE else "Show"
    return Case(
        id=care.by_hand_id(message.id, decision, act), message_id=message.id,
        account_id=message.account_id, platform=message.platform, brand=message.brand, work=Work.TASK, type=str(act),
        severity=max(decision.severity, Severity.MEDIUM), state=CaseState.OPEN, opened_at=now, due_at=now,
        note=f"{verb} this message by hand: {message.platform} does not let Herald do it. Then resolve this task.",
    )  # fmt: skip


def _reply_id(command: Reply) -> str:
    return f"reply~{command.message_id}~{proper_id(command.id, 'reply')}"


def _with_names(refused: Refused, herald: Herald) -> Refused:
    """Subjects know people by id; whoever is refused wants to know whom to ask."""
    if refused.missing != "owner":
        return refused
    first, _, rest = str(refused).partition(" ")
    person = herald.store.person(first)
    return Refused(refused.missing, f"{person.name} {rest}") if person else refused


_STILL_WAITS = " It still waits for an answer in the Inbox: resolve it there if it needs none."
_ACTS = {Action.ALLOW: Act.UNHIDE, Action.HIDE: Act.HIDE, Action.DELETE: Act.DELETE}
_BEING = {Action.ALLOW: "shown again", Action.HIDE: "hidden", Action.DELETE: "deleted"}
_OWN: Mapping[type[Command], Planner] = MappingProxyType(
    {
        Reply: _reply,
        Hide: _show_or_hide,
        Delete: _delete,
        Unhide: _show_or_hide,
        Claim: _claim,
        Resolve: _resolve,
        Overrule: _overrule,
        DecideAppeal: _decide_appeal,
        AcknowledgePolicy: _acknowledge,
    }
)
"""The plans of the commands on messages and cases."""


def planner(kind: type[Command]) -> Planner:
    """The plan of a command. Its room is read when the first of its commands is given: a start gives one or none."""
    if kind in _OWN:
        return _OWN[kind]
    plans: Mapping[type[Command], Planner] = import_module(f"herald.flows.{ROOMS[kind]}").PLANS
    return plans[kind]
