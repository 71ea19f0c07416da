"""Authors who keep at it: limited or blocked by a person, with a reason and an end; and how a channel is moderated.

A limit is Herald's own: what such an author writes in public waits for a person, hidden where the platform can hide. A
block is the platform's. The schedule comes back for what ends; whoever decided may be overruled by any who may lift.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from herald.care import cases
from herald.errors import Conflict, Refused, Stale
from herald.flows.chain import commit_audited
from herald.flows.commands import Command, Escalate, LiftRestriction, LockThread, RestrictAuthor, SetMode
from herald.flows.context import Herald
from herald.flows.notices import notice
from herald.flows.planning import (
    REASON_LIMIT,
    Done,
    Plan,
    Planner,
    authorise,
    clause_named,
    hashed,
    same_version,
    their_message,
    theirs,
    words,
)
from herald.model import (
    SPOKEN,
    Act,
    Action,
    AuditEntry,
    Case,
    CaseState,
    Delivery,
    DeliveryState,
    Message,
    New,
    Person,
    Revised,
    Role,
    Severity,
    StateChange,
    Work,
    case_id,
    thread_of,
)
from herald.model.govern import platform_name
from herald.model.notices import about
from herald.model.record import stamp
from herald.model.restrictions import (
    AuthorTally,
    ChannelMode,
    Measure,
    Mode,
    Restriction,
    ThreadLock,
    restrictions_list,
)
from herald.moderate import ladder

CHAIN = "moderation"  # of the function on whose schedule what ends is ended
EXPIRY = "expiry"
SOON = timedelta(minutes=30)
"""Within which what was handed up is to be decided, by the wall clock."""
DECIDE = frozenset({Role.COMMUNITY_MANAGER, Role.COMPLIANCE, Role.OWNER})
"""Who decides about messages, and so may be handed one."""


# ---------------------------------------------------------------- what is known


def of_author(message: Message, herald: Herald) -> Restriction | None:
    """What stands, or stood last, against the author of a message on its account."""
    if not message.author_id:
        return None
    return herald.store.find(Restriction, _account(message), message.author_id)


def proposed(message: Message, herald: Herald) -> ladder.Proposal:
    """What the ladder proposes for the author of this message: a measure that came after it was not tried in vain."""
    kept = of_author(message, herald)
    tried = 0 if kept is None else kept.times - (message.created_at <= kept.at)
    tally = herald.store.find(AuthorTally, _account(message), message.author_id) if message.author_id else None
    return ladder.proposal(
        hidden=max(0, tally.hidden) if tally else 0,
        measures=tried,
        severity=message.decision.severity if message.decision else Severity.NONE,
        wrong=message.decision is not None and message.decision.action in (Action.HIDE, Action.DELETE),
    )


def standing(brand: str, herald: Herald) -> list[Restriction]:
    """What is in force for a brand, the nearest end first."""
    return herald.store.listed(Restriction, "work", restrictions_list(brand), limit=200)


def lock_of(message: Message, herald: Herald) -> ThreadLock | None:
    """What a person last said of the thread a message stands in; None where nobody closed it."""
    thread = thread_of(message)
    return herald.store.find(ThreadLock, _account(message), thread) if thread else None


def mode_of(account: str, herald: Herald) -> tuple[Mode, int]:
    """How an account is moderated, and the number of that version; after publication where nobody said."""
    saved = herald.store.shelf(ChannelMode, account, newest=True, limit=1)
    return (saved[0].mode, saved[0].number) if saved else (Mode.AFTER, 0)


def obstacle(mode: Mode, platform: str, herald: Herald) -> str:
    """Why a platform cannot be moderated this way; nothing where it can."""
    outlet, name = herald.outlets.get(platform), platform_name(platform)
    if mode is Mode.HOLD and (outlet is None or Act.HIDE not in outlet.capabilities.acts):
        return f"{name} lets nobody hide a message, so nothing can be held back there until it was seen."
    if mode is Mode.WATCH and platform not in herald.pollers:
        return f"{name} cannot be asked for messages; it only tells of them by itself."
    return ""


def _account(message: Message) -> str:
    return f"{message.platform}:{message.account_id}"


# ---------------------------------------------------------------- a person's commands


def _restrict(command: RestrictAuthor, person: Person, herald: Herald, now: datetime) -> Plan:
    message = their_message(command.message_id, person, herald)
    authorise(command, person, message.brand, herald, now)
    if message.outbound or message.kind not in SPOKEN:
        raise Refused("state", "This is not a customer's message.")
    if not message.author_id:
        raise Refused("state", "The platform does not say who wrote this, so nobody can be limited or blocked for it.")
    try:
        measure = Measure(command.measure)
    except ValueError:
        raise Refused("input", "Choose to limit or to block.") from None
    if command.days not in ladder.DAYS:
        raise Refused("input", f"Choose an end: {', '.join(map(str, ladder.DAYS))} days. Nothing stands for ever.")
    reason = words(command.reason, "Give a reason: whoever asks later must be able to read why.", REASON_LIMIT)
    clause = clause_named(command.clause, herald)
    kept = of_author(message, herald)
    same_version(kept.version if kept else 0, command.expected)
    asked = proposed(message, herald)
    made = Restriction(
        account=_account(message), author_id=message.author_id, brand=message.brand, measure=measure, at=now,
        until=now + timedelta(days=command.days), by=person.id, reason=reason, clause=str(clause),
        message_id=message.id, proposed=f"{asked.rung} {asked.days}", times=(kept.times if kept else 0) + 1,
    )  # fmt: skip
    was_blocked = kept is not None and kept.measure is Measure.BLOCK and kept.stands(now)
    act = {(True, False): Act.BLOCK, (False, True): Act.UNBLOCK}.get((measure is Measure.BLOCK, was_blocked))
    order = _ordered(made, act, person.id, herald, now) if act else _Order(made)
    write = Revised(order.after, kept.version) if kept else New(order.after)
    until = f"{made.until:%Y-%m-%d %H:%M} UTC"  # whose day would another's be
    sentence = f"Limited until {until}: what they write in public waits for a person."
    if measure is Measure.BLOCK:
        sentence = f"Blocked until {until}." if order.delivery else f"Noted until {until}. {order.told}"
    facts: dict[str, str | int | bool | None] = {
        "measure": str(measure), "days": command.days, "clause": str(clause), "reason": hashed(reason),
        "proposed": str(asked.rung), "as_proposed": str(asked.rung) == str(measure), "author": hashed(made.author_id),
        "n": made.times,
    }  # fmt: skip
    return Plan((write, *order.changes), Done(sentence, message.id), facts, order.delivery)


def _lift(command: LiftRestriction, person: Person, herald: Herald, now: datetime) -> Plan:
    found = herald.store.find(Restriction, command.account, command.author_id)
    kept = theirs(found, person, "Nothing stands against this author.")
    authorise(command, person, kept.brand, herald, now)
    same_version(kept.version, command.expected)
    if not kept.stands(now):
        raise Refused("state", "This has ended already.")
    reason = words(command.reason, "Give a reason: whoever asks later must be able to read why.", REASON_LIMIT)
    order = _ended(kept, person.id, reason, herald, now)
    facts: dict[str, str | int | bool | None] = {
        "measure": str(kept.measure), "n": kept.times, "reason": hashed(reason), "author": hashed(kept.author_id),
    }  # fmt: skip
    done = Done(f"Over: they may speak again. {order.told}".strip(), kept.message_id)
    return Plan((Revised(order.after, kept.version), *order.changes), done, facts, order.delivery)


def _lock(command: LockThread, person: Person, herald: Herald, now: datetime) -> Plan:
    """Close or open a thread by the platform. What a rule asked for is settled by it; no rule undoes it."""
    message = their_message(command.message_id, person, herald)
    authorise(command, person, message.brand, herald, now)
    thread, act = thread_of(message), Act.LOCK if command.closed else Act.UNLOCK
    if not thread:
        raise Refused("state", "The platform does not say which post this stands under, so there is nothing to close.")
    outlet = herald.outlets.get(message.platform)
    if outlet is None or act not in outlet.capabilities.acts:
        raise Refused(
            "state", f"{message.platform} lets no program do it. Do it there by hand; then resolve the task, if any."
        )
    reason = words(command.reason, "Give a reason: whoever asks later must be able to read why.", REASON_LIMIT)
    clause = clause_named(command.clause, herald)
    kept = lock_of(message, herald)
    same_version(kept.version if kept else 0, command.expected)
    if (kept is not None and kept.closed) is command.closed and not _failed(kept, herald):
        raise Refused("state", f"This thread is {'closed' if command.closed else 'open'} already.")
    task = herald.store.case(cases.lock_id(message))
    waits = task is not None and task.state is not CaseState.RESOLVED
    asked = message.decision.lock if message.decision else None
    times = (kept.times if kept else 0) + 1
    delivery = Delivery(
        id=f"{act}~{message.id}~{times}", act=act, platform=message.platform, account_id=message.account_id,
        brand=message.brand, message_id=message.id, target=thread, text="", state=DeliveryState.DUE,
        ordered_by=person.id, ordered_at=now, due_at=now,
    )  # fmt: skip
    made = ThreadLock(
        account=_account(message), thread_id=thread, brand=message.brand, closed=command.closed, at=now, by=person.id,
        reason=reason, clause=str(clause), message_id=message.id, rule=asked.rule if asked and not asked.shadow else "",
        times=times, act=delivery.id, version=kept.version if kept else 0,
    )  # fmt: skip
    changes: list[StateChange] = [Revised(made, kept.version) if kept else New(made), New(delivery)]
    if task is not None and waits and command.closed:
        cases.mine(task, person.id, now)
        changes.append(Revised(cases.resolve(task, person.id, "closed to new comments", clause, now), task.version))
    facts: dict[str, str | int | bool | None] = {
        "closed": command.closed, "thread": hashed(thread), "clause": str(clause), "reason": hashed(reason),
        "asked_by": made.rule or None, "n": times,
    }  # fmt: skip
    sentence = "The thread is being closed to new comments." if command.closed else "The thread is being opened again."
    return Plan(tuple(changes), Done(sentence, message.id, delivery.id), facts, delivery)


def _failed(kept: ThreadLock | None, herald: Herald) -> bool:
    """Whether the platform did not do what was last ordered, so that the same may be ordered again."""
    ordered = herald.store.delivery(kept.act) if kept and kept.act else None
    return ordered is not None and ordered.state in (DeliveryState.FAILED, DeliveryState.UNCLEAR)


def _escalate(command: Escalate, person: Person, herald: Herald, now: datetime) -> Plan:
    message = their_message(command.message_id, person, herald)
    authorise(command, person, message.brand, herald, now)
    same_version(message.version, command.expected)
    if message.deleted or message.outbound or message.kind not in SPOKEN or message.decision is None:
        raise Refused("state", "There is nothing to decide on this message.")
    if command.to not in DECIDE:
        raise Refused("input", f"Choose whom to hand it to: {', '.join(sorted(DECIDE))}.")
    reason = words(command.reason, "Say why: whoever takes it on reads this first.", REASON_LIMIT)
    review = case_id(message.id, Work.REVIEW, message.decision.content_hash)
    kept = herald.store.case(review)
    if kept is not None and kept.state is not CaseState.RESOLVED:
        cases.mine(kept, person.id, now)
    role = command.to.replace("_", " ")
    handed = Case(
        id=review, message_id=message.id, account_id=message.account_id, platform=message.platform,
        brand=message.brand, work=Work.REVIEW, type=cases.DECIDE,
        severity=max(message.decision.severity, Severity.HIGH), state=CaseState.OPEN,
        opened_at=kept.opened_at if kept and kept.state is not CaseState.RESOLVED else now, due_at=now + SOON,
        note=f"Handed to {role} by {person.name}: {reason}"[:REASON_LIMIT],
    )  # fmt: skip
    told = notice(
        message.brand, about("decision", message.id), (kept.version if kept else 0) + 1, "A decision was handed to you",
        now, "moderation", {"message": message.id}, roles=(Role(command.to),), but=person.id, urgent=True,
    )  # fmt: skip
    facts: dict[str, str | int | bool | None] = {"to": command.to, "reason": hashed(reason)}
    write = Revised(handed, kept.version) if kept else New(handed)
    return Plan((write, told), Done(f"Handed to {role}; they are told.", message.id), facts)


def _set_mode(command: SetMode, person: Person, herald: Herald, now: datetime) -> Plan:
    found = next((one for one in herald.store.accounts() if one.id == command.account), None)
    account = theirs(found, person, "There is no such account.")
    authorise(command, person, account.brand, herald, now)
    try:
        mode = Mode(command.mode)
    except ValueError:
        raise Refused("input", f"Choose one of {', '.join(Mode)}.") from None
    cannot = obstacle(mode, account.platform, herald)
    if cannot:
        raise Refused("state", cannot)
    reason = words(command.reason, "Give a reason: whoever asks later must be able to read why.", REASON_LIMIT)
    before, number = mode_of(account.id, herald)
    same_version(number, command.expected)
    saved = ChannelMode(account.id, number + 1, mode, reason, person.id, now)
    facts: dict[str, str | int | bool | None] = {"from": str(before), "to": str(mode), "reason": hashed(reason)}
    return Plan((New(saved),), Done("Saved. It holds for what comes from now on.", account.id), facts)


# ---------------------------------------------------------------- what ends


def expire(herald: Herald, now: datetime) -> list[Restriction]:
    """The schedule: end what is past its time, once, with one audit line each. What is lifted meanwhile is left."""
    over: list[Restriction] = []
    for brand in sorted({account.brand for account in herald.store.accounts()}):
        due = herald.store.listed(Restriction, "work", restrictions_list(brand), last=stamp(now), limit=50)
        for kept in due:
            if kept.ended_by or kept.until > now:
                continue
            order = _ended(kept, EXPIRY, "", herald, now)
            facts: dict[str, str | int | bool | None] = {
                "measure": str(kept.measure), "n": kept.times, "author": hashed(kept.author_id),
            }  # fmt: skip
            line = AuditEntry(CHAIN, 0, now, "herald", "restriction.expired", kept.message_id, facts)
            try:
                commit_audited([Revised(order.after, kept.version), *order.changes], [line], CHAIN, herald)
            except (Stale, Conflict):
                continue
            if order.delivery:
                herald.wake(order.delivery)
            over.append(order.after)
    return over


class _Order:
    """A restriction after an order, with what the order needs: a delivery, or a task where the platform has none."""

    def __init__(
        self, after: Restriction, delivery: Delivery | None = None, changes: Iterable[StateChange] = (), told: str = ""
    ) -> None:
        self.after, self.delivery, self.changes, self.told = after, delivery, tuple(changes), told


def _ended(kept: Restriction, by: str, why: str, herald: Herald, now: datetime) -> _Order:
    after = replace(kept, ended_at=now, ended_by=by, ended_why=why)
    return _ordered(after, Act.UNBLOCK, by, herald, now) if kept.measure is Measure.BLOCK else _Order(after)


def _ordered(made: Restriction, act: Act, by: str, herald: Herald, now: datetime) -> _Order:
    platform, _, account_id = made.account.partition(":")
    outlet = herald.outlets.get(platform)
    if outlet is None or act not in outlet.capabilities.acts:
        task = _task(made, act, platform, account_id, now)
        return _Order(made, None, [New(task, once=True)], f"{platform} does not let Herald do it: do it by hand.")
    delivery = Delivery(
        id=f"{act}~{made.message_id}~{made.times}", act=act, platform=platform, account_id=account_id,
        brand=made.brand, message_id=made.message_id, target=made.author_id, text="", state=DeliveryState.DUE,
        ordered_by="herald" if by == EXPIRY else by, ordered_at=now, due_at=now,
    )  # fmt: skip
    return _Order(replace(made, act=delivery.id), delivery, [New(delivery, once=True)])


def _task(made: Restriction, act: Act, platform: str, account_id: str, now: datetime) -> Case:
    verb = "Block the author of this message" if act is Act.BLOCK else "Let the author of this message speak again"
    return Case(
        id=case_id(made.message_id, Work.TASK, f"{act}~{made.times}"), message_id=made.message_id,
        account_id=account_id, platform=platform, brand=made.brand, work=Work.TASK, type=str(act),
        severity=Severity.MEDIUM, state=CaseState.OPEN, opened_at=now, due_at=now,
        note=f"{verb} by hand: {platform} does not let Herald do it. Then resolve this task.",
    )  # fmt: skip


PLANS: Mapping[type[Command], Planner] = MappingProxyType(
    {RestrictAuthor: _restrict, LiftRestriction: _lift, LockThread: _lock, SetMode: _set_mode, Escalate: _escalate}
)
