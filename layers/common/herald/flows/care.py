"""Care as people do it: what kind of case it is, its steps, its remedy; and what makes an overdue complaint climb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar
from zoneinfo import ZoneInfo

from herald.care import answers, limits, playbooks, procedure
from herald.care import cases as care
from herald.care.hours import business_elapsed, parse_hours
from herald.errors import BadRules, Conflict, Refused, Stale, Unknown
from herald.flows import casebook
from herald.flows.chain import commit_audited
from herald.flows.commands import (
    AgreeLimits,
    ApproveOutcome,
    Command,
    SaveAnswers,
    SaveLimits,
    SavePlaybook,
    SetCaseType,
    TakeCaseStep,
)
from herald.flows.context import Herald
from herald.flows.notices import notice
from herald.flows.planning import REASON_LIMIT, Done, Plan, Planner, authorise, hashed, same_version, theirs, words
from herald.flows.receive import SHOPS
from herald.govern import policies
from herald.model import (
    AnswerBook,
    AuditEntry,
    Case,
    CaseState,
    ClauseRef,
    Delivery,
    Handling,
    Message,
    New,
    Person,
    Persona,
    Playbook,
    PostKind,
    Remedy,
    RemedyLimits,
    RemedyState,
    Replied,
    Revised,
    Role,
    Severity,
    StateChange,
    Work,
)
from herald.model.care import TOLD, GivenTo, Stage, remedies_list, stages_list
from herald.model.govern import main_zone
from herald.model.notices import Notice, about
from herald.model.record import stamp

SOON = timedelta(minutes=30)
EVERY = 5  # minutes
FRESH = timedelta(minutes=30)
"""What came up before is not told any more; a tick that came late still tells."""
DESK = (Role.CUSTOMER_SERVICE_MANAGER, Role.COMMUNITY_MANAGER)
CHAIN = "moderation"  # of the function on whose schedule it runs
Facts = dict[str, str | int | bool | None]
R = TypeVar("R")
E = TypeVar("E", bound=StrEnum)


# ---------------------------------------------------------------- what is in force


def answers_of(brand: str, herald: Herald) -> tuple[tuple[answers.Answer, ...], int]:
    """The saved answers in force and their number; none and 0 where none were saved."""
    saved = herald.store.shelf(AnswerBook, brand, newest=True, limit=1)
    return (answers.parse(saved[0].text), saved[0].number) if saved else ((), 0)


def limits_of(brand: str, herald: Herald) -> RemedyLimits | None:
    """The limits in force; None where there are none: then nobody may give anything."""
    return next((saved for saved in _newest_limits(brand, herald) if not saved.waits), None)


def limits_waiting(brand: str, herald: Herald) -> RemedyLimits | None:
    """Limits that raise their author's own and wait for somebody else to agree."""
    return next((saved for saved in _newest_limits(brand, herald) if saved.waits), None)


def _newest_limits(brand: str, herald: Herald) -> list[RemedyLimits]:
    """At most two: only the newest may wait, and the one before it is in force."""
    return herald.store.shelf(RemedyLimits, brand, newest=True, limit=2)


def given_to(brand: str, customer: str, currency: str, herald: Herald, now: datetime) -> GivenTo:
    """What this customer (care.limits.customer) was given this month, by anybody, in all cases; one read. Months are
    those of the brand's own clock, as in its reports."""
    ours = (one for one in herald.store.accounts() if one.brand == brand and one.platform not in SHOPS)
    month = f"{now.astimezone(ZoneInfo(main_zone(ours))):%Y-%m}"
    found = herald.store.find(GivenTo, brand, customer, month, currency)
    return found or GivenTo(brand, customer, month, currency, 0, now)


def _counted(there: GivenTo, amount: int, now: datetime) -> StateChange:
    """The change that counts what is given; refused as stale when somebody else gave meanwhile."""
    after = replace(there, amount=there.amount + amount, at=now)
    return Revised(after, there.version) if there.version else New(after)


def newest_remedy(case: Case, herald: Herald) -> Remedy | None:
    found = herald.store.shelf(Remedy, case.id, newest=True, limit=1)
    return found[0] if found else None


# ---------------------------------------------------------------- beside other flows


@dataclass(frozen=True, slots=True)
class Handled:
    """What a reply leaves beside itself, and what a good colleague would say about it."""

    changes: tuple[StateChange, ...]
    facts: Facts
    advice: tuple[str, ...]


def replying(
    message: Message, case: Case | None, delivery: Delivery, clause: ClauseRef | None, person: Person, herald: Herald,
    now: datetime,
) -> Handled:  # fmt: skip
    """The record of a reply: what it answers, by which playbook, steps and clause, and how long it took.

    Raises Refused: second_person where the play needs a supervisor's agreement; state where an outcome waits, or where
    the reply would close a complaint before a step it cannot be closed without.
    """
    if case:
        handling = casebook.handling_of(case, message, herald)
        if delivery.case_id and case.work is Work.ANSWER and clause:
            _none_waits(case, herald)
            procedure.may_close(procedure.answered(handling, person.id, now), _legs(handling, herald))
    else:
        kind, persona = playbooks.suggested("", message.decision)
        handling = Handling("", message.brand, kind, persona, playbook=casebook.book_of(message.brand, herald)[1])
    play = casebook.book_numbered(message.brand, handling.playbook, herald).play(handling.kind, handling.persona)
    lacking = playbooks.unagreed(play, handling, person.id)
    if lacking:
        roles = " or ".join(sorted(role.replace("_", " ") for role in lacking.supervisor))
        raise Refused("second_person", f"A reply here needs the agreement of a {roles} who is not you: {lacking.text}")
    known = (*play.links, *(answer.link for answer in answers_of(message.brand, herald)[0]))
    advice = tuple(answers.advice(delivery.text, play, known))
    said = min(care.said_at(message, case) if case else care.wrote_at(message), now)
    record = Replied(
        brand=message.brand, month=f"{now.astimezone(UTC):%Y-%m}", at=now, delivery_id=delivery.id,
        case_id=handling.case_id, message_id=message.id, by=person.id, kind=handling.kind, persona=handling.persona,
        playbook=handling.playbook, clause=str(clause or _in_force(play.clause, herald, now) or ""),
        steps=tuple(dict.fromkeys(taken.step for taken in handling.taken)),
        linked=answers.linked(delivery.text, known), waited=int((now - said).total_seconds()),
        open_waited=_open_waited(message, said, herald, now), advice=advice,
    )  # fmt: skip
    facts: Facts = {
        "kind": handling.kind, "persona": handling.persona, "playbook": handling.playbook,
        "rests": record.clause or None, "steps": len(record.steps), "waited": record.waited,
    }  # fmt: skip
    return Handled((New(record),), facts, advice)


def resolving(
    case: Case, after: Case, amount: int, currency: str, person: Person, facts: Facts, herald: Herald, now: datetime
) -> Plan:
    """The plan of closing a case: at once, or, over the person's limit, as a remedy that waits for a higher one.

    Raises Refused: state (a step that must be done first; an outcome waits already), limit, input.
    """
    message = herald.store.message(case.message_id)
    handling = casebook.handling_of(case, message, herald)
    _none_waits(case, herald)
    procedure.may_close(handling, _legs(handling, herald))
    given = None
    if amount or currency:
        given = given_to(case.brand, limits.customer(case, message), currency, herald, now)
    remedy = _remedy(case, after, amount, given, person, herald, now) if given else None
    if remedy is None or given is None:
        changes = (Revised(after, case.version), *_ending(handling, person.id, now))
        return Plan(changes, Done("Resolved.", case.id), facts)
    facts = facts | {"amount": amount, "currency": currency, "limits": remedy.limits, "waits": None}
    if remedy.state is RemedyState.GIVEN:
        counted = _counted(given, amount, now)
        changes = (Revised(after, case.version), New(remedy), counted, *_ending(handling, person.id, now))
        return Plan(changes, Done("Resolved.", case.id), facts)
    # the case is written as it is, at its version: nobody answers with another outcome beside the one that waits
    held = replace(case, owner=case.owner or person.id, state=_held_state(case))
    named = _and_had(amount, given.amount, currency)
    sentence = f"{named} is over your limit. It waits for a person whose limit covers it; the case stays open."
    return Plan((Revised(held, case.version), New(remedy)), Done(sentence, case.id), facts | {"waits": True})


def _legs(handling: Handling, herald: Herald) -> dict[str, str]:
    return {leg.id: leg.text for leg in casebook.book_numbered(handling.brand, handling.playbook, herald).procedure}


def _held_state(case: Case) -> CaseState:
    return CaseState.CLAIMED if case.state is CaseState.OPEN else case.state


def _and_had(amount: int, given: int, currency: str) -> str:
    """The amount, and beside it what the customer had this month already."""
    had = f", with {limits.words(given, currency)} given to this customer this month," if given else ""
    return f"{limits.words(amount, currency)}{had}"


def _remedy(
    case: Case, after: Case, amount: int, given: GivenTo, person: Person, herald: Herald, now: datetime
) -> Remedy:
    currency = given.currency
    if not 0 < amount <= limits.MOST:
        raise Refused("input", "Name an amount above zero, or none.")
    held = limits_of(case.brand, herald)
    if held is None:
        raise Refused("limit", "No limits are set for this brand, so nobody may give money. Ask the owner to set them.")
    if currency != held.currency:
        raise Refused("input", f"Amounts of this brand are in {held.currency}.")
    in_all = given.amount + amount
    within = in_all <= limits.limit_of(person, held)
    if not within and not any(
        in_all <= limits.limit_of(other, held) for other in _approvers(case.brand, person.id, herald)
    ):
        named = _and_had(amount, given.amount, currency)
        raise Refused("limit", f"{named} is over everybody's limit. Ask the owner to raise it.")
    return Remedy(
        case.id, case.version, case.brand, amount, currency, after.outcome, str(after.clause), held.number, person.id,
        now, RemedyState.GIVEN if within else RemedyState.WAITS, customer=given.customer,
    )  # fmt: skip


def _approvers(brand: str, but: str, herald: Herald) -> list[Person]:
    return [p for p in herald.store.people() if p.active and brand in p.brands and p.id != but]


def _ending(handling: Handling, by: str, now: datetime) -> list[StateChange]:
    if not handling.version:
        return []
    return [Revised(procedure.closed(handling, by=by, at=now), handling.version)]


def _none_waits(case: Case, herald: Herald) -> None:
    remedy = newest_remedy(case, herald)
    if remedy and remedy.state is RemedyState.WAITS:
        named = limits.words(remedy.amount, remedy.currency)
        raise Refused("state", f"An outcome of {named} waits for approval. Wait for it, or have it refused first.")


def _open_waited(message: Message, said: datetime, herald: Herald, now: datetime) -> int | None:
    account = herald.store.account(message.platform, message.account_id)
    if account is None:
        return None
    try:
        waited = business_elapsed(said, now, parse_hours(account.hours), account.timezone, account.holidays)
    except ValueError:
        return None
    return int(waited.total_seconds())


def _in_force(clause: str, herald: Herald, now: datetime) -> ClauseRef | None:
    try:
        return policies.clause_ref(clause, herald.store.policies(now.date())) if clause else None
    except Unknown:
        return None


# ---------------------------------------------------------------- the schedule


def climb(herald: Herald, now: datetime) -> list[Handling]:
    """Tell the named role of every complaint whose step is overdue: marked once, with one audit line, however often
    this runs. A complaint that moved meanwhile is left to the next tick."""
    moved: list[Handling] = []
    for brand in sorted({account.brand for account in herald.store.accounts()}):
        due = _due(brand, herald, now)
        cases = herald.store.cases(handling.case_id for handling in due)
        for handling in due:
            case = cases.get(handling.case_id)
            seen = procedure.caught_up(handling, case) if case else replace(handling, ended=True)
            after = procedure.told(seen, now)
            if after == handling:
                continue
            stage = procedure.overdue(after, now)
            lines = [_climbed(after, stage.id, stage.to, now)] if stage and after != seen else []
            told = [_notice(after, stage, now)] if stage and lines else []
            try:
                commit_audited([Revised(after, handling.version), *told], lines, CHAIN, herald)
            except (Stale, Conflict):
                continue
            moved += [after] if lines else []
    return moved


def warn(herald: Herald, now: datetime) -> int:
    """Tell of every complaint whose step is due within SOON, once. Returns how many; looks each EVERY minutes."""
    if now.minute % EVERY:
        return 0
    changes: list[StateChange] = []
    for brand in sorted({account.brand for account in herald.store.accounts()}):
        soon = herald.store.listed(Handling, "work", stages_list(brand), first=stamp(now), last=stamp(now + SOON))
        cases = herald.store.cases(handling.case_id for handling in soon)
        there = [(h, cases[h.case_id]) for h in soon if h.case_id in cases]
        due = {
            _place(seen, seen.current, soon=True): _notice(seen, seen.current, now, soon=True, owner=case.owner)
            for handling, case in there
            if (seen := procedure.caught_up(handling, case)).current and now <= seen.current.due_at <= now + SOON
        }
        told = herald.store.find_all(Notice, list(due))
        known = {(one.brand, one.about, one.n) for one in told}
        changes += [change for place, change in due.items() if place not in known]
    for change in changes:
        commit_audited([change], [], CHAIN, herald)
    return len(changes)


def press(herald: Herald, now: datetime) -> int:
    """Tell whoever a rule names of what waits for a decision and is due in minutes (care.due_in_minutes).

    One mail for each quarter of an hour in which such a thing came up, however much it was: the queue shows the rest.
    Safe to run again. Returns how many mails are asked for.
    """
    told = 0
    for brand in sorted({account.brand for account in herald.store.accounts()}):
        fresh = [case for case in _grave(brand, herald) if now - case.opened_at <= FRESH]
        messages = herald.store.messages(case.message_id for case in fresh)
        grave = [(case, one) for case in fresh if (one := messages.get(case.message_id)) and
                 care.due_in_minutes(case, one)]  # fmt: skip
        newest_first = sorted(grave, key=lambda pair: pair[0].opened_at, reverse=True)
        due = {_quarter(pair[0]): pair for pair in newest_first}  # the first of each quarter stays
        known = {one.about for one in herald.store.find_all(Notice, [(brand, what, 1) for what in due])}
        for what, (case, message) in due.items():
            if what not in known:
                commit_audited([_pressing(what, case, message, herald, now)], [], CHAIN, herald)
                told += 1
    return told


def _grave(brand: str, herald: Herald) -> list[Case]:
    """What waits for a decision and is of high severity: the first of the queue, of which 500 are read at most."""
    found: list[Case] = []
    cursor: str | None = None
    for _ in range(10):
        page = herald.store.open_cases(brand, Work.REVIEW, limit=50, cursor=cursor)
        cases = [case for case in page.items if isinstance(case, Case)]
        found += [case for case in cases if case.severity >= Severity.HIGH]
        cursor = page.cursor
        if cursor is None or not all(case.pressing for case in cases):
            break
    return found


def _quarter(case: Case) -> str:
    """What the notice is about: one for each quarter of an hour of a brand."""
    at = case.opened_at.astimezone(UTC)
    return about("pressing", f"{at.replace(minute=at.minute - at.minute % 15):%Y-%m-%dT%H:%M}")


def _pressing(what: str, case: Case, message: Message, herald: Herald, now: datetime) -> New:
    climb = message.decision.escalate if message.decision else None
    asked = climb.to.casefold() if climb else ""
    people = [person.id for person in herald.store.people() if person.active and person.name.casefold() == asked]
    roles = [role for role in Role if role.replace("_", " ") in asked] or [Role.COMMUNITY_MANAGER]
    title = f"Decide by {case.due_at:%H:%M} UTC: may be dangerous"
    query = {"message": message.id}
    return notice(case.brand, what, 1, title, now, "moderation", query, people=people, roles=roles, urgent=True)


def _place(handling: Handling, stage: Stage, *, soon: bool) -> tuple[str, str, int]:
    """Brand, subject and number of the notice of this step: one before its time, one after it."""
    number = 2 * [each.id for each in handling.stages].index(stage.id) + (1 if soon else 2)
    return handling.brand, about("case", handling.case_id), number


def _notice(handling: Handling, stage: Stage, now: datetime, *, soon: bool = False, owner: str = "") -> New:
    """Before its time whoever has the case is told, else the desk; after it the role that the procedure names."""
    what = f"Complaint due by {stage.due_at:%H:%M} UTC" if soon else "Complaint overdue"
    return notice(
        *_place(handling, stage, soon=soon), f"{what}: {stage.id}", now, "inbox",
        {"case": handling.case_id}, people=(owner,) if soon and owner else (), roles=DESK if soon else (stage.to,),
    )  # fmt: skip


def _climbed(handling: Handling, stage: str, to: str, now: datetime) -> AuditEntry:
    return AuditEntry(CHAIN, 0, now, "schedule", "care.overdue", handling.case_id, {"step": stage, "to": to})


def overdue(brand: str, herald: Herald, now: datetime) -> list[tuple[Handling, Case]]:
    """Complaints whose step is overdue at `now`, longest first; exact, whether or not the schedule came by."""
    listed = _due(brand, herald, now)
    cases = herald.store.cases(handling.case_id for handling in listed)
    seen = [(procedure.caught_up(h, cases[h.case_id]), cases[h.case_id]) for h in listed if h.case_id in cases]
    late = [(stage.due_at, pair) for pair in seen if (stage := procedure.overdue(pair[0], now))]
    return [pair for _, pair in sorted(late, key=lambda each: each[0])]


def _due(brand: str, herald: Herald, now: datetime) -> list[Handling]:
    """What stands at a step whose time is over, as far as its own row tells: first that of which its role was told. An
    answer that stood since has not moved the row yet: its next step has a deadline of its own."""
    work = stages_list(brand)
    return [
        *herald.store.listed(Handling, "work", work, first=TOLD, last=f"{TOLD}~", limit=200),
        *herald.store.listed(Handling, "work", work, first="0", last=stamp(now), limit=200),
    ]


def waiting_remedies(brand: str, herald: Herald) -> list[Remedy]:
    """Outcomes over somebody's limit, oldest first."""
    return herald.store.listed(Remedy, "work", remedies_list(brand), limit=100)


# ---------------------------------------------------------------- one plan a command


def _case_and_handling(
    command: SetCaseType | TakeCaseStep, person: Person, herald: Herald, now: datetime
) -> tuple[Case, Message, Handling]:
    case = theirs(herald.store.case(command.case_id), person, "There is no such case.")
    authorise(command, person, case.brand, herald, now)
    if case.work is not Work.ANSWER:
        raise Refused("state", f"This is a {case.work}, not a message that waits for an answer.")
    message = herald.store.message(case.message_id)
    if message is None or message.deleted:
        raise Refused("state", "The author deleted this message.")
    handling = casebook.handling_of(case, message, herald)
    same_version(handling.version, command.expected)
    if handling.ended:
        raise Refused("state", "This case is resolved.")
    return case, message, handling


def _write(handling: Handling) -> StateChange:
    return Revised(handling, handling.version) if handling.version else New(handling)


_MAY_CALL_IT_NO_COMPLAINT = frozenset({Role.CUSTOMER_SERVICE_MANAGER, Role.OWNER})


def _set_type(command: SetCaseType, person: Person, herald: Herald, now: datetime) -> Plan:
    case, message, handling = _case_and_handling(command, person, herald, now)
    kind = _named(PostKind, command.kind, "kind of post")
    persona = _named(Persona, command.persona, "kind of person") if command.persona else None
    if (kind, persona) == (handling.kind, handling.persona) and handling.typed_by:
        return Plan((), Done("It is so already.", case.id))
    after = replace(handling, kind=kind, persona=persona, typed_by=person.id)
    if kind is PostKind.COMPLAINT and not after.stages:
        account = herald.store.account(case.platform, case.account_id)
        if account is None:
            raise Refused("account", "This account is gone; a complaint on it has no hours to count in.")
        book = casebook.book_numbered(case.brand, handling.playbook, herald)
        stages = procedure.stages_of(case, book.procedure, said=care.said_at(message, case), account=account)
        after = procedure.caught_up(replace(after, stages=stages), case)
    elif kind is not PostKind.COMPLAINT:
        if any(stage.done_by for stage in after.stages[1:]):
            raise Refused("state", "This complaint is being investigated: close it by its procedure.")
        if after.stages and not person.roles & _MAY_CALL_IT_NO_COMPLAINT:
            told = "Herald or a colleague took this for a complaint. Only a customer service manager or the owner"
            raise Refused("role", f"{told} takes it out of the procedure; ask them.")
        after = replace(after, stages=())
    facts: Facts = {"from": handling.kind, "kind": kind, "persona": persona}
    return Plan((_write(after),), Done("Noted. The steps below fit it.", case.id), facts)


def _named(names: type[E], text: str, what: str) -> E:
    try:
        return names(text)
    except ValueError:
        known = ", ".join(name.replace("_", " ") for name in names)
        raise Refused("input", f"There is no such {what}. Choose one of {known}.") from None


def _take_step(command: TakeCaseStep, person: Person, herald: Herald, now: datetime) -> Plan:
    case, _, handling = _case_and_handling(command, person, herald, now)
    facts: Facts = {"step": command.step, "done": command.done, "playbook": handling.playbook}
    if any(stage.id == command.step for stage in handling.stages):
        if not command.done:
            raise Refused("state", "A step of the procedure that was done stays done.")
        if case.owner and case.owner != person.id:
            raise Refused("owner", f"{case.owner} is answering this. Ask them before you act; nothing was changed.")
        after = procedure.stage_taken(handling, command.step, person.id, now)
    else:
        play = casebook.book_numbered(case.brand, handling.playbook, herald).play(handling.kind, handling.persona)
        step = play.step(command.step)
        if step is None:
            raise Refused("input", "The playbook of this case has no such step. Look at it again.")
        if step.supervisor and not person.roles & step.supervisor:
            roles = " or ".join(sorted(role.replace("_", " ") for role in step.supervisor))
            raise Refused("role", f"This step is for a {roles}.")
        after = procedure.step_taken(handling, step.id, person.id, now, done=command.done)
    if after == handling:
        return Plan((), Done("It is so already.", case.id))
    return Plan((_write(after),), Done("Done." if command.done else "Taken back.", case.id), facts)


def _approve(command: ApproveOutcome, person: Person, herald: Herald, now: datetime) -> Plan:
    remedy = theirs(herald.store.find(Remedy, command.case_id, command.n), person, "There is no such outcome.")
    case = theirs(herald.store.case(command.case_id), person, "There is no such outcome.")
    authorise(command, person, remedy.brand, herald, now)
    if remedy.state is not RemedyState.WAITS:
        raise Refused("state", f"This was decided already: {remedy.state}.")
    if remedy.by == person.id:
        raise Refused("second_person", "You proposed this. A person with a higher limit decides it.")
    same_version(remedy.version, command.expected)
    held = limits_of(remedy.brand, herald)
    if command.approve and held and held.currency != remedy.currency:
        told = f"The limits are in {held.currency} now, this is in {remedy.currency}."
        raise Refused("limit", f"{told} Refuse it and have it proposed anew.")
    message = herald.store.message(case.message_id)
    customer = remedy.customer or limits.customer(case, message)
    given = given_to(remedy.brand, customer, remedy.currency, herald, now)
    own = limits.limit_of(person, held)
    if remedy.amount > own or (command.approve and given.amount + remedy.amount > own):
        named = _and_had(remedy.amount, given.amount, remedy.currency)
        raise Refused("limit", f"{named} is over your own limit too.")
    reason = (
        words(command.reason, "Say why not: who proposed it reads this.", REASON_LIMIT) if not command.approve else ""
    )
    state = RemedyState.GIVEN if command.approve else RemedyState.REFUSED
    if case.state is CaseState.RESOLVED:
        state = RemedyState.LAPSED
    decided = replace(
        remedy, state=state, decided_by=person.id, decided_at=now, reason=reason, limits=held.number if held else 0
    )
    facts: Facts = {
        "approve": command.approve, "amount": remedy.amount, "currency": remedy.currency, "limits": decided.limits,
        "reason": hashed(reason) if reason else None, "state": state,
    }  # fmt: skip
    changes: list[StateChange] = [Revised(decided, remedy.version)]
    if state is RemedyState.LAPSED:
        return Plan(tuple(changes), Done("The case was closed meanwhile; nothing is given.", case.id), facts)
    if state is RemedyState.REFUSED:
        return Plan(tuple(changes), Done("Refused. The case stays open.", case.id), facts)
    handling = casebook.handling_of(case, message, herald)
    clause = _clause_as_written(remedy.clause)
    after = care.resolve(case, remedy.by, remedy.outcome, clause, now)
    changes += [Revised(after, case.version), _counted(given, remedy.amount, now)]
    changes += _ending(handling, remedy.by, now)
    return Plan(tuple(changes), Done("Approved; the case is resolved.", case.id), facts)


def _clause_as_written(text: str) -> ClauseRef:
    policy, clause, version = text.rsplit(" ", 2)
    return ClauseRef(policy, clause, int(version.removeprefix("v")))


# ---------------------------------------------------------------- settings


def _save_playbook(command: SavePlaybook, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    book = _read(playbooks.parse, command.text)
    _clauses_exist(book.clauses, herald, now)
    current = herald.store.shelf(Playbook, command.brand, newest=True, limit=1)
    number = _next(current[0].number if current else 0, command.expected)
    saved = Playbook(command.brand, number, command.text, person.id, now)
    return _saved(saved, f"Playbook {number} is in force; open cases keep the one they began with.", command.text)


def _save_answers(command: SaveAnswers, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    read = _read(answers.parse, command.text)
    _clauses_exist(tuple((answer.line, answer.clause) for answer in read), herald, now)
    number = _next(answers_of(command.brand, herald)[1], command.expected)
    saved = AnswerBook(command.brand, number, command.text, person.id, now)
    return _saved(saved, f"{len(read)} answers are saved as version {number}.", command.text)


def _save_limits(command: SaveLimits, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    amounts = dict(command.amounts)
    if len(amounts) != len(command.amounts):
        raise Refused("input", "A role stands there twice.")
    limits.proper(command.currency, amounts)
    held, waiting = limits_of(command.brand, herald), limits_waiting(command.brand, herald)
    number = _next(held.number if held else 0, command.expected)
    saved = RemedyLimits(command.brand, number, command.currency, amounts, person.id, now)
    saved = replace(saved, waits=limits.raises(person, held, saved))
    told = ", ".join(f"{role}={amount}" for role, amount in sorted(amounts.items()))
    sentence = f"The limits are in force as version {number}."
    if saved.waits:
        sentence = "This raises your own limit, so another owner or compliance must agree. Until then nothing changes."
    plan = _saved(saved, sentence, f"{command.currency} {told}")
    facts = plan.facts | {"waits": saved.waits or None}
    return replace(plan, changes=(Revised(saved, waiting.version),) if waiting else plan.changes, facts=facts)


def _agree_limits(command: AgreeLimits, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    waiting = limits_waiting(command.brand, herald)
    if waiting is None or waiting.number != command.number:
        raise Refused("state", "No limits wait for somebody to agree.")
    if waiting.by == person.id:
        raise Refused("second_person", "These raise your own limit. Another owner or compliance must agree.")
    same_version(waiting.version, command.expected)
    agreed = replace(waiting, waits=False, agreed_by=person.id, agreed_at=now)
    done = Done(f"The limits are in force as version {agreed.number}.", f"RemedyLimits {agreed.brand}")
    facts: Facts = {"number": agreed.number, "by": agreed.by}
    return Plan((Revised(agreed, waiting.version),), done, facts)


def _next(there: int, expected: int) -> int:
    same_version(there, expected)
    return there + 1


def _saved(saved: Playbook | AnswerBook | RemedyLimits, sentence: str, text: str) -> Plan:
    facts: Facts = {"number": saved.number, "text": hashed(text)}
    return Plan((New(saved),), Done(sentence, f"{type(saved).__name__} {saved.brand}"), facts)


def _read(parse: Callable[[str], R], text: str) -> R:
    try:
        return parse(text)
    except BadRules as bad:
        raise Refused("input", f"Line {bad.line}: {bad.sentence}. Nothing was saved.") from None


def _clauses_exist(clauses: tuple[tuple[int, str], ...], herald: Herald, now: datetime) -> None:
    held = herald.store.policies(now.date())
    for line, clause in clauses:
        try:
            policies.clause_ref(clause, held)
        except Unknown as unknown:
            raise Refused("input", f"Line {line}: {unknown}. Nothing was saved.") from None


PLANS: Mapping[type[Command], Planner] = MappingProxyType(
    {
        SetCaseType: _set_type,
        TakeCaseStep: _take_step,
        ApproveOutcome: _approve,
        SavePlaybook: _save_playbook,
        SaveAnswers: _save_answers,
        SaveLimits: _save_limits,
        AgreeLimits: _agree_limits,
    }
)
