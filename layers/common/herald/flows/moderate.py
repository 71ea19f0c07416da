"""Moderate: a changed message -> assessment -> decision -> case, delivery, counts and audit, all or nothing.

Replays change nothing: what waits is marked `pending` on the message's own row, and the commit that clears the mark
expects the very version that was judged. A record that fails is parked on its row; its neighbours go on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from herald.care import cases as care
from herald.errors import Conflict, Refused, Stale
from herald.flows import casebook
from herald.flows.chain import commit_audited
from herald.flows.context import Herald
from herald.library import rights
from herald.measure import counts
from herald.model import (
    SPOKEN,
    WORDS_GONE,
    Account,
    Act,
    Acted,
    Action,
    Assessment,
    AuditEntry,
    Case,
    CaseState,
    ClauseRef,
    Counted,
    Decision,
    Delivery,
    Kind,
    Message,
    New,
    Revised,
    Severity,
    StateChange,
    Tallied,
    Targets,
    Work,
    case_id,
    thread_of,
)
from herald.model.record import record
from herald.moderate.decide import assess, decide
from herald.moderate.rules import RuleSet, Verdict, default_rules, fired, in_force

if TYPE_CHECKING:
    from herald.flows.rates import Lately
    from herald.model.restrictions import AuthorTally, Mode, Restriction

WRITES = 100
"""What a transaction of DynamoDB takes. A slice fills it: its messages share the cost of counts and audit."""
CHAIN = "moderation"
TELL_AFTER = 3
"""Failed tries of one message after which someone is told."""
_WAITED_WITH = timedelta(days=1)
"""How long an answer of ours waits for the question that it names, or for what becomes of a reply from here."""
_MOST_PAUSE = timedelta(minutes=60)


@record
class Outcome:
    """What happened to one message; ids, action and rule only, so that it can be logged."""

    message_id: str
    result: str  # decided | unchanged | parked | unheard: an answer of ours whose case moved under every try
    action: str = ""
    rule: str = ""
    error: str = ""
    attempts: int = 0

    @property
    def allowed(self) -> bool:
        """Decided, and nothing to do: what becomes of most messages."""
        return self.result == "decided" and self.action == Action.ALLOW

    def for_log(self) -> dict[str, str | int]:
        told: dict[str, str | int] = {
            "message_id": self.message_id, "result": self.result, "action": self.action, "rule": self.rule,
            "error": self.error, "attempts": self.attempts,
        }  # fmt: skip
        return {name: value for name, value in told.items() if value}


@record
class _Facts:
    """What judging reads from settings, once a batch."""

    rules: RuleSet
    policy_versions: dict[str, int]
    accounts: dict[str, Account]
    targets: Targets
    can: dict[str, frozenset[Act]]
    limited: Mapping[tuple[str, str], Restriction]  # account, author -> what stands against them
    modes: Mapping[str, Mode]  # account -> how it is moderated
    authors: Callable[[], Mapping[tuple[str, str], AuthorTally]]  # account, author -> what is known; read when asked
    rated: Callable[[Message, Iterable[str]], Message]  # with these rates of its author, its post, its account


@record
class _Judged:
    before: Message
    after: Message
    changes: tuple[StateChange, ...]
    counted: tuple[Counted, ...]
    delivery: Delivery | None = None
    decision: Decision | None = None  # set when decided now
    fired: tuple[str, ...] = ()  # what is counted of the rules that held
    case: str = ""  # closed | reopened: what the decision means for who waits for an answer

    @property
    def acted(self) -> bool:
        return self.decision is not None and self.decision.action is not Action.ALLOW

    @property
    def lined(self) -> bool:
        """Whether it has a line of its own in the audit."""
        decision = self.decision
        return self.acted or (decision is not None and bool(decision.offered or self.case or _asks_to_lock(decision)))


def moderate(
    message_ids: Iterable[str], herald: Herald, now: datetime, *, told: Iterable[Message] = (),
    even_parked: bool = False,
) -> list[Outcome]:  # fmt: skip
    """Judge those of these messages that wait for it; `even_parked`: also those parked for later.

    Args:
        message_ids: read afresh.
        told: rows as the stream told them, oldest first, our own words too; not read again. What has changed since is
            found out when its decision is refused, for that expects the very version that was judged.

    Returns one outcome a message that was waiting, and one an answer of ours that could not be heard. Raises only when
    nothing can be read, or when a failure cannot even be parked: then the stream must come back with the whole batch.
    """
    rows = {message.id: message for message in told}
    rows |= herald.store.messages(dict.fromkeys(message_ids))
    waiting = _waiting(rows.values(), None if even_parked else now)
    outcomes: list[Outcome] = []
    if waiting:
        facts = _facts(waiting, herald, now)
        judged, outcomes = _judge_all(waiting, facts, herald, now)
        for slice_ in _slices(judged):
            outcomes += _slice(slice_, facts, herald, now)
    # last: what is answered may have come beside it
    return outcomes + _hear_ourselves(rows.values(), herald, now, even_parked=even_parked)


def _hear_ourselves(rows: Iterable[Message], herald: Herald, now: datetime, *, even_parked: bool) -> list[Outcome]:
    """What our people answered on the platform itself ends the waiting, as a reply from here does. Safe to repeat.

    Returns those that could not be heard, to be logged: the case stays open until somebody resolves it.
    """
    unheard: list[Outcome] = []
    for echo in rows:
        later = echo.parked_until is not None and echo.parked_until > now
        if not casebook.may_answer(echo) or (later and not even_parked):
            continue
        asked = casebook.asked_of_us(echo, herald)  # before its case: what is judged between the two has one by then
        if asked is not None and not _heard(echo, asked, herald, now):
            unheard.append(Outcome(echo.id, "unheard", error="Stale"))
        _wait_for(echo, asked, herald, now)
    return unheard


def _heard(echo: Message, asked: Message, herald: Herald, now: datetime) -> bool:
    """False where the case moved under every try."""
    for _ in range(4):
        found = casebook.answered_there(echo, asked, herald, now)
        if found is None:
            return True
        case, changes = found
        line = AuditEntry(CHAIN, 0, now, "platform", "care.answered_there", case.id, {"reply": echo.id})
        try:
            commit_audited(changes, [line], CHAIN, herald)
        except (Stale, Conflict):
            continue  # claimed or answered from here meanwhile
        return True
    return False


def _wait_for(echo: Message, asked: Message | None, herald: Herald, now: datetime) -> None:
    """An answer that finds no case to end waits on its own row, and is heard again, where one may come: its question
    is not told yet, or not judged, or a reply from here is on its way, which may fail. Beyond what is only late
    (_WAITED_WITH), words that we do not hold never come: they are older than Herald, or were not said to us."""
    until = _heard_again(echo, asked, herald, now)
    with suppress(Stale):  # it changed: its new record is on the stream already
        if until is not None:
            herald.store.park(echo, "it finds no case to end yet", until)
        elif echo.parked_until is not None:
            herald.store.commit([Revised(replace(echo, attempts=0, parked_until=None, error=""), echo.version)])


def _heard_again(echo: Message, asked: Message | None, herald: Herald, now: datetime) -> datetime | None:
    """When to hear it again: at first by the minute, then ever less often. The time counts, not the tries, for whoever
    redrives tries as often as they like."""
    waited = now - echo.received_at
    then = now + min(max(waited, timedelta(minutes=1)), _MOST_PAUSE)
    if asked is None:
        return then if waited < _WAITED_WITH and _names_a_question(echo, herald) else None
    if asked.pending and not asked.deleted:
        return max(now + timedelta(minutes=1), asked.parked_until or now)
    case = herald.store.case(asked.case_id) if asked.case_id and waited < _WAITED_WITH else None
    return then if case is not None and case.state is CaseState.ANSWERING else None


def _names_a_question(echo: Message, herald: Herald) -> bool:
    """Whether what it stands under may be a customer's that is not told yet. A direct message names whom it goes to.
    A comment under the post itself is said to everybody, except where we are asked in posts: there an Echoer tells
    only what answers somebody."""
    if echo.kind is Kind.DM:
        return False
    return thread_of(echo) != echo.parent_id or echo.platform in herald.echoers


def retry_parked(herald: Herald, now: datetime) -> list[Outcome]:
    """The schedule's part: judge again what was parked and is due."""
    return moderate([message.id for message in herald.store.parked(now)], herald, now)


def _waiting(messages: Iterable[Message], now: datetime | None) -> list[Message]:
    """Those marked, less those parked for later: parking writes the row, and the stream tells of that write too."""
    return [m for m in messages if m.pending and (now is None or m.parked_until is None or m.parked_until <= now)]


def _facts(waiting: Sequence[Message], herald: Herald, now: datetime) -> _Facts:
    stand = [one for brand in sorted({m.brand for m in waiting}) for one in herald.store.restrictions(brand)]
    told = {f"{m.platform}:{m.account_id}" for m in waiting}
    modes = {account: mode for account in sorted(told) if (mode := herald.store.mode(account))}
    rules, accounts = herald.store.rules(), herald.store.accounts()
    return _Facts(
        rules=in_force(rules.text, rules.acting) if rules else in_force(default_rules()),
        policy_versions={policy.id: policy.version for policy in herald.store.policies(now.date())},
        accounts={account.id: account for account in accounts},
        targets=herald.store.targets(),
        can={
            platform: outlet.capabilities.acts
            for platform in {account.platform for account in accounts}
            if (outlet := herald.outlets.get(platform)) is not None
        },
        limited={(one.account, one.author_id): one for one in stand if one.stands(now)},
        modes=modes,
        authors=_authors(waiting, herald),
        rated=_rated(herald),
    )


def _rated(herald: Herald) -> Callable[[Message, Iterable[str]], Message]:
    """Counts as rules ask for it, each page of an account's messages read once."""

    @cache
    def recent() -> Lately:
        from herald.flows.rates import lately  # noqa: PLC0415  few messages need it

        return lately(herald)

    def rated(message: Message, wanted: Iterable[str]) -> Message:
        from herald.flows.rates import with_rates  # noqa: PLC0415  likewise

        return with_rates(message, wanted, recent())

    return rated


def _authors(waiting: Sequence[Message], herald: Herald) -> Callable[[], Mapping[tuple[str, str], AuthorTally]]:
    """Reads what is known of the writers of a batch: at once, and only when a message says something of its writer."""

    @cache
    def read() -> Mapping[tuple[str, str], AuthorTally]:
        from herald.model.restrictions import AuthorTally  # noqa: PLC0415  not part of a start

        judged = [m for m in waiting if m.kind in SPOKEN and not m.outbound and not m.deleted]
        places = dict.fromkeys((f"{m.platform}:{m.account_id}", m.author_id) for m in judged if m.author_id)
        return {(one.account, one.author_id): one for one in herald.store.find_all(AuthorTally, places, settled=False)}

    return read


def _judge_all(
    messages: Iterable[Message], facts: _Facts, herald: Herald, now: datetime
) -> tuple[list[_Judged], list[Outcome]]:
    judged: list[_Judged] = []
    parked: list[Outcome] = []
    for message in messages:
        try:
            judged.append(_judge(message, facts, herald, now))
        except Exception as error:
            parked.append(_park(message, error, herald, now))
    return judged, parked


def _slices(judged: Iterable[_Judged]) -> Iterator[list[_Judged]]:
    """As many together as one transaction takes."""
    together: list[_Judged] = []
    for one in judged:
        if together and _writes([*together, one]) > WRITES:
            yield together
            together = []
        together.append(one)
    if together:
        yield together


def _writes(judged: Sequence[_Judged]) -> int:
    """At most so many writes in one commit: rows and what hangs on them, counts of a day, audit, its digest."""
    days = {place for one in judged for place in _places(one)}
    return sum(1 + 2 * len(one.changes) + one.lined for one in judged) + len(days) + 1


def _places(judged: _Judged) -> set[tuple[str, str]]:
    """The rollup rows it counts in: (account, day)."""
    counted = {(each.account, each.day) for each in judged.counted}
    return counted | ({_day_of(judged.after)} if judged.fired else set())


def _day_of(message: Message) -> tuple[str, str]:
    """The rollup row of the day it was written, by its account's clock."""
    return f"{message.platform}:{message.account_id}", message.counted[:10]


def _slice(
    judged: Sequence[_Judged], facts: _Facts, herald: Herald, now: datetime, *, again: bool = True
) -> list[Outcome]:
    try:
        _commit(judged, herald, now)
    except Stale:
        if not again:
            return [_alone(one.before, facts, herald, now) for one in judged]
        return _afresh(judged, facts, herald, now)
    except Exception:
        return [_alone(one.before, facts, herald, now) for one in judged]
    return [_done(one, herald) for one in judged]


def _afresh(judged: Sequence[_Judged], facts: _Facts, herald: Herald, now: datetime) -> list[Outcome]:
    """One of them has changed since: read all again, and commit once more what still waits."""
    fresh = herald.store.messages(one.before.id for one in judged)
    waiting = {message.id: message for message in _waiting(fresh.values(), now)}
    outcomes = [Outcome(one.before.id, "unchanged") for one in judged if one.before.id not in waiting]
    again, parked = _judge_all(waiting.values(), facts, herald, now)
    outcomes += parked
    for slice_ in _slices(again):
        outcomes += _slice(slice_, facts, herald, now, again=False)
    return outcomes


def _alone(message: Message, facts: _Facts, herald: Herald, now: datetime) -> Outcome:
    """Something moved under the slice: read this one again and commit it by itself, a few times."""
    error: Exception = Stale("kept changing while it was judged")
    for _ in range(4):
        fresh = herald.store.message(message.id)
        if fresh is None or not fresh.pending:
            return Outcome(message.id, "unchanged")
        message = fresh
        try:
            judged = _judge(fresh, facts, herald, now)
            _commit([judged], herald, now)
        except (Stale, Conflict) as again:
            error = again
            continue
        except Exception as failed:
            return _park(fresh, failed, herald, now)
        return _done(judged, herald)
    return _park(message, error, herald, now)


def _done(judged: _Judged, herald: Herald) -> Outcome:
    if judged.delivery:
        herald.wake(judged.delivery)  # lost wake-ups cost a minute: the schedule finds the row
    decision = judged.decision
    if decision is None:
        return Outcome(judged.before.id, "unchanged")
    return Outcome(judged.before.id, "decided", str(decision.action), decision.rule or "")


def _park(message: Message, error: Exception, herald: Herald, now: datetime) -> Outcome:
    """Failures wait 1, 2, 4 ... 60 minutes on the message's own row."""
    wait = timedelta(minutes=min(60, 2**message.attempts))
    reason = f"{type(error).__name__}"
    try:
        herald.store.park(message, reason, now + wait)
    except Stale:
        return Outcome(message.id, "unchanged")  # it changed: its new record is on the stream already
    return Outcome(message.id, "parked", error=reason, attempts=message.attempts + 1)


# ---------------------------------------------------------------- judging one message


def _judge(message: Message, facts: _Facts, herald: Herald, now: datetime) -> _Judged:
    account = facts.accounts.get(f"{message.platform}:{message.account_id}")
    if account is None:
        raise LookupError("no such account")
    settled = replace(message, pending="", attempts=0, parked_until=None, error="")
    if message.deleted and message.decision and message.decision.action is Action.DELETE:
        # ours: the words are kept beside the decision, as evidence, and an appeal can still be heard
        return _counted(message, settled, _withdraw(message, herald, now, ours=True), account)
    if message.deleted:
        herald.store.forget(message.id)  # before the commit that clears the mark: a crash comes back here
        bare = _wordless(settled)
        return _counted(message, bare, (*_withdraw(message, herald, now), *casebook.tallied(message, bare)), account)
    if message.kind not in SPOKEN or message.outbound:
        return _counted(message, settled, (), account)
    if message.decision and message.decision.content_hash == message.content_hash:
        return _counted(message, settled, (), account)
    message, writer, decision, held = _decision(message, facts, now)
    settled = replace(settled, more=message.more)
    return replace(_carry_out(message, settled, decision, writer, account, facts, herald, now), fired=held)


@record
class _Writer:
    """Who the words alone clearly show, and whether their author's numbers are kept already."""

    persona: str = ""
    known: bool = False


def _decision(message: Message, facts: _Facts, now: datetime) -> tuple[Message, _Writer, Decision, tuple[str, ...]]:
    """The message with the rates that rules asked for, who wrote it, what is decided, and what is counted of rules."""
    from herald.moderate import persona  # noqa: PLC0415  not part of a start

    seen, writer, changed = assess(message.text), _Writer(), None
    if message.author_id and persona.leans(seen):
        place = (f"{message.platform}:{message.account_id}", message.author_id)
        tally, restricted = facts.authors().get(place), place in facts.limited
        writer = _Writer(persona.tells(seen), tally is not None)
        seen, changed = persona.with_history(seen, persona.history(tally, restricted, now, apart=message))
    message, decision, verdict = _judged_by_rules(message, seen, facts, now)
    decision = _by_state(message, replace(decision, persona=changed) if changed else decision, facts)
    return message, writer, decision, tuple(fired(verdict))


def _judged_by_rules(
    message: Message, seen: Assessment, facts: _Facts, now: datetime
) -> tuple[Message, Decision, Verdict]:
    """Rates are counted only where all else of a rule holds: of most messages, none; what was counted is kept."""
    tried = frozenset[str]()
    while True:
        verdicts: list[Verdict] = []
        decision = decide(
            message, seen, facts.rules, policy_versions=facts.policy_versions, now=now, seen=verdicts.append
        )  # fmt: skip
        (verdict,) = verdicts
        if not verdict.uncounted - tried:
            return message, decision, verdict
        message = facts.rated(message, sorted(verdict.uncounted - tried))
        tried |= verdict.uncounted


def _by_state(message: Message, decision: Decision, facts: _Facts) -> Decision:
    """What rules cannot know of: words that were cut, an earlier hide, what people said beforehand."""
    if decision.action is Action.ALLOW and message.more.get("cut"):
        return replace(
            decision,
            action=Action.QUEUE,
            severity=Severity.LOW,
            rationale="Longer than Herald keeps: the rest was not judged. Read it on the platform before you decide.",
        )
    before = message.decision
    hidden = before is not None and (
        (before.action is Action.HIDE and message.hidden is not False)
        or (before.action is Action.QUEUE and message.hidden is True)
    )
    if hidden and before is not None and decision.action is Action.ALLOW:
        # what was hidden for its old words is not shown again by a machine: an abuser could edit it back
        return replace(
            decision,
            action=Action.QUEUE,
            severity=Severity.LOW,
            policy=before.policy,
            rationale="Edited after it was hidden; no rule matches the new words. A person decides whether to show it.",
        )
    return _by_standing_order(message, decision, facts)


def _by_standing_order(message: Message, decision: Decision, facts: _Facts) -> Decision:
    """What people have said of this author and this channel beforehand; what a rule hides, stays hidden.

    - Of an author who is limited or blocked, what the public could read waits for a person.
    - In a reactive channel no rule hides: a person does.
    """
    limit = _limit(message, facts)
    if limit is not None and decision.action is Action.ALLOW:
        until = f"{limit.until:%Y-%m-%d %H:%M} UTC"
        return replace(
            decision, action=Action.QUEUE, severity=max(decision.severity, Severity.LOW), rule=None, evidence=(),
            policy=ClauseRef.read(limit.clause),  # a label's own ("thank praise") is no reason to hold it back
            rationale=f"Its author is {_STANDS[limit.measure]} until {until}: a person sees it before the public does.",
        )  # fmt: skip
    mode = facts.modes.get(f"{message.platform}:{message.account_id}", "")
    if mode == "reactive" and decision.action is Action.HIDE:
        return replace(decision, action=Action.QUEUE, rationale=f"{decision.rationale} Here a person decides.".strip())
    return decision


_STANDS = {"limit": "limited", "block": "blocked"}
_PUBLIC = frozenset({Kind.COMMENT, Kind.MENTION, Kind.POST})


def _limit(message: Message, facts: _Facts) -> Restriction | None:
    """What stands against the author of public words; a direct message or a review is judged as anybody's."""
    if message.kind not in _PUBLIC:
        return None
    return facts.limited.get((f"{message.platform}:{message.account_id}", message.author_id or ""))


def _held_back(message: Message, decision: Decision, facts: _Facts) -> bool:
    """Whether what waits for a person is hidden meanwhile: its author is limited, or the channel holds back."""
    if decision.action is not Action.QUEUE or message.kind not in _PUBLIC:
        return False
    mode = facts.modes.get(f"{message.platform}:{message.account_id}", "")
    return mode == "hold" or _limit(message, facts) is not None


def _carry_out(
    message: Message, settled: Message, decision: Decision, writer: _Writer, account: Account, facts: _Facts,
    herald: Herald, now: datetime,
) -> _Judged:  # fmt: skip
    can = facts.can.get(message.platform, frozenset())
    changes: list[StateChange] = []
    cases = care.cases_for(message, decision, account, facts.targets, can=can, now=now)
    judged = replace(message, decision=decision)
    for case in cases:
        if case.id == message.case_id:
            changes += casebook.asked_anew(case, judged, account, herald)
        else:
            changes += [New(case, once=True), *casebook.opening(case, judged, account, herald)]
    changes += _close_overtaken(message, herald, now)
    answer = next((case.id for case in cases if case.work is Work.ANSWER), "")
    waits = [] if answer else _who_waits(message, decision, herald, now)
    changes += waits
    if rights.LABEL in decision.labels and decision.action is Action.ALLOW and message.kind is not Kind.DM:
        found = rights.captured(replace(message, brand=account.brand), decision.rule or "a rule", "rules", now)
        changes.append(New(found, once=True))
    telling = writer.known or cases or decision.action is not Action.ALLOW or writer.persona == "advocate"
    tally = casebook.tally_of(writer.persona if telling else "", decision)
    after = replace(settled, decision=decision, case_id=settled.case_id or answer, tallied=tally)
    if decision.action is not Action.ALLOW:
        changes.append(Acted(message.id, account.brand, message.text, decision))
    delivery = None
    changes += casebook.tallied(message, after)
    if decision.action is not Action.ALLOW:
        from herald.flows import verdicts  # noqa: PLC0415  not part of a start

        changes += verdicts.verdict(replace(message, brand=account.brand), message.decision, decision)
    hides = decision.action is Action.HIDE or _held_back(message, decision, facts)
    if hides and Act.HIDE in can and message.hidden is not True:
        delivery = casebook.hide_delivery(message, account.brand, Act.HIDE, ordered_by="rules", now=now)
        changes.append(New(delivery, once=True))
        after = replace(after, act=delivery.id)
    judged_now = _counted(message, after, tuple(changes), account, delivery, decision)
    return replace(judged_now, case=_CASE[decision.action]) if waits else judged_now


def _who_waits(message: Message, decision: Decision, herald: Herald, now: datetime) -> list[StateChange]:
    """What an edit to words that ask for nothing means for the case there is: with what is hidden it closes; what a
    decision had closed waits again once its message is let stand."""
    removed = message.decision is not None and message.decision.action in (Action.HIDE, Action.DELETE)
    lets_stand = removed and decision.action is Action.ALLOW
    if not message.case_id or not (lets_stand or decision.action is Action.HIDE):
        return []
    waited = herald.store.case(message.case_id)
    if waited is None:
        return []
    return casebook.waits_again(waited, herald) if lets_stand else casebook.away(waited, decision, herald, now)


_CASE = {Action.HIDE: "closed", Action.ALLOW: "reopened"}


def _wordless(message: Message) -> Message:
    """The decision stays as a fact, with rule and clause; what it quoted goes with the words."""
    decision = message.decision
    if decision is None:
        return replace(message, tallied="")
    rationale = decision.rationale if decision.decided_by != "rules" else WORDS_GONE
    gone = replace(decision, evidence=(), rationale=rationale, trace=(), persona=None, drafts=())
    return replace(message, decision=gone, tallied="")


def _withdraw(message: Message, herald: Herald, now: datetime, *, ours: bool = False) -> tuple[StateChange, ...]:
    """It was deleted: open cases on it are closed as withdrawn, but an appeal against our own deletion stays; a reply
    on its way settles by itself."""
    ids = [message.case_id] if message.case_id else []
    if message.decision:
        judged = message.decision.content_hash
        ids += [case_id(message.id, Work.REVIEW, judged), care.by_hand_id(message.id, message.decision, Act.HIDE)]
        ids += [] if ours else [case_id(message.id, Work.APPEAL, message.decision.key)]
    closed: list[StateChange] = []
    for case in herald.store.cases(ids).values():
        if case.state is CaseState.RESOLVED:
            continue
        if case.state is not CaseState.ANSWERING:  # else the reply closes it as it ends (flows.deliver)
            closed.append(Revised(care.withdrawn(case, now), case.version))
        closed += casebook.withdrawing(case, herald)
    return tuple(closed)


def _close_overtaken(message: Message, herald: Herald, now: datetime) -> list[StateChange]:
    """An edit makes the review of the old words pointless: the new words are judged afresh."""
    before = message.decision
    if before is None or before.action is not Action.QUEUE:
        return []
    review = herald.store.case(case_id(message.id, Work.REVIEW, before.content_hash))
    if review is None or review.state is CaseState.RESOLVED:
        return []
    return [Revised(_overtaken(review, now), review.version)]


def _overtaken(case: Case, now: datetime) -> Case:
    try:
        closed = care.withdrawn(case, now)
    except Refused:
        return case
    return replace(closed, outcome="overtaken by an edit")


def _counted(
    before: Message, after: Message, changes: tuple[StateChange, ...], account: Account,
    delivery: Delivery | None = None, decision: Decision | None = None,
) -> _Judged:  # fmt: skip
    after = replace(after, counted=counts.contribution(after, account.timezone))
    counted = tuple(counts.delta(account.id, before.counted, after.counted))
    return _Judged(before, after, changes, counted, delivery, decision)


# ---------------------------------------------------------------- committing


def _commit(judged: Sequence[_Judged], herald: Herald, now: datetime) -> None:
    if not judged:
        return
    sums: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    fires: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for one in judged:
        for counted in one.counted:
            for metric, difference in counted.add.items():
                sums[counted.account, counted.day][metric] += difference
    changes: list[StateChange] = []
    tallies: defaultdict[tuple[type[Any], tuple[object, ...]], Counter[str]] = defaultdict(Counter)
    until: dict[tuple[type[Any], tuple[object, ...]], datetime | None] = {}
    for one in judged:
        changes.append(Revised(one.after, one.before.version))
        for change in one.changes:
            if isinstance(change, Tallied):  # one author twice in a slice is one row, which a transaction takes once
                tallies[change.kind, change.place].update(change.add)
                ends = [end for end in (change.until, until.get((change.kind, change.place))) if end]
                until[change.kind, change.place] = max(ends, default=None)
            elif not _opened(change, changes):
                changes.append(change)
        if one.fired:
            fires[_day_of(one.after)].update(one.fired)
    for account, day in sorted({*sums, *fires}):
        metrics, fired = sums[account, day], fires[account, day]
        add = {metric: difference for metric, difference in metrics.items() if difference}
        if add or fired:
            changes.append(Counted(account, day, add, fired))
    changes += [Tallied(*of, dict(add), until[of]) for of, add in tallies.items() if any(add.values())]
    lines = _audit(judged, now)
    commit_audited(changes, lines, CHAIN, herald)


def _opened(change: StateChange, before: Sequence[StateChange]) -> bool:
    """Whether this case is opened already: two comments of one slice may ask to close one thread."""
    if not (isinstance(change, New) and isinstance(change.thing, Case) and change.thing.work is Work.TASK):
        return False
    return any(isinstance(one, New) and isinstance(one.thing, Case) and one.thing.id == change.thing.id
               for one in before)  # fmt: skip


def _audit(judged: Sequence[_Judged], now: datetime) -> list[AuditEntry]:
    """One entry for each message acted on, with an answer drafted or waited for again; allows as one digest."""
    lines: list[AuditEntry] = []
    for one in judged:
        if not one.decision or not one.lined:
            continue
        what = str(one.decision.action)
        if not one.acted:
            what = "draft" if one.decision.offered else "lock_asked" if _asks_to_lock(one.decision) else "reopened"
        lines.append(_line(f"moderate.{what}", one.before.id, _facts_of(one.decision, one.case), now))
    allowed = sorted(f"{one.before.id}|{one.decision.content_hash}" for one in judged if one.decision and not one.acted)
    if allowed:
        digest = sha256("\n".join(allowed).encode("utf-8", "surrogatepass")).hexdigest()
        lines.append(_line("moderate.allow", f"{len(allowed)} messages", {"digest": digest, "n": len(allowed)}, now))
    return lines


def _line(what: str, subject: str, facts: dict[str, str | int | bool | None], now: datetime) -> AuditEntry:
    return AuditEntry(CHAIN, 0, now, "rules", what, subject, facts)


def _facts_of(decision: Decision, case: str) -> dict[str, str | int | bool | None]:
    return {
        "content": decision.content_hash,
        "rule": decision.rule,
        "clause": str(decision.policy) if decision.policy else None,
        "rules": decision.rules_hash,
        **_drafted(decision),
        **_asks_to_lock(decision),
        **({"case": case} if case else {}),
    }


def _asks_to_lock(decision: Decision) -> dict[str, str | int | bool | None]:
    """Which rule asks a person to close the thread, and by which clause."""
    asked = decision.lock
    if asked is None or asked.shadow:
        return {}
    return {"lock_rule": asked.rule, "lock_clause": str(asked.clause) if asked.clause else None}


def _drafted(decision: Decision) -> dict[str, str | int | bool | None]:
    """Which rule drafts an answer, by which clause; the words as a digest, like those of a reply (planning.hashed)."""
    if not decision.offered:
        return {}
    first, *others = decision.offered
    digest = sha256(first.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    rests = str(first.clause) if first.clause else None
    more = {"drafts": len(others) + 1} if others else {}
    return {"draft": digest, "draft_rule": first.rule, "draft_clause": rests, **more}
