"""Breaches of policy: recorded by anybody, taken on by somebody on their path, closed with an outcome, or climbing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from herald.care.hours import business_elapsed, parse_hours
from herald.errors import HeraldError, Refused, Stale
from herald.flows.chain import commit_audited
from herald.flows.commands import (
    AcknowledgeBreach,
    CloseBreach,
    Command,
    PathStep,
    RecordBreach,
    SaveEscalation,
)
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
    proper_id,
    same_version,
    words,
)
from herald.govern import escalation
from herald.govern.escalation import Watch
from herald.model import (
    AuditEntry,
    Breach,
    BreachKind,
    BreachState,
    Climb,
    EscalationPath,
    EscalationStep,
    New,
    Person,
    Revised,
    Role,
)
from herald.model.breaches import breaches_list
from herald.model.notices import about as told_of
from herald.model.record import record, stamp

CHAIN = "moderation"  # the chain of the function that climbs
HOURS, ZONE = "Mon-Fri 09:00-17:00", "UTC"
NAME_LIMIT = 120
MOST = 50


# ---------------------------------------------------------------- the path


def path_of(herald: Herald, brand: str, kind: BreachKind) -> EscalationPath:
    """The newest version of a path, and what is shipped where none was saved."""
    newest = herald.store.shelf(EscalationPath, brand, kind, newest=True, limit=1)
    return newest[0] if newest else _shipped(herald, brand, kind)


def path_at(herald: Herald, brand: str, kind: BreachKind, number: int) -> EscalationPath:
    """That version of a path, as a breach climbs it."""
    kept = herald.store.find(EscalationPath, brand, kind, number) if number else None
    return kept or _shipped(herald, brand, kind)


def _shipped(herald: Herald, brand: str, kind: BreachKind) -> EscalationPath:
    ours = next((a for a in sorted(herald.store.accounts(), key=lambda a: a.id) if a.brand == brand), None)
    begin = datetime.min.replace(tzinfo=UTC)
    return escalation.shipped(brand, kind, ours.hours if ours else HOURS, ours.timezone if ours else ZONE, begin)


def watch(
    path: EscalationPath, since: datetime, at: datetime, people: list[Person], herald: Herald, *, step: int = 0,
    but: str = "",
) -> Watch:  # fmt: skip
    """Who is on (govern.escalation.watch), by the hours of the path; on a holiday nobody is at work."""
    hours, closed = parse_hours(path.hours), _holidays(path, herald)

    def at_work(when: datetime) -> bool:
        return business_elapsed(when, when + timedelta(seconds=1), hours, path.zone, closed) > timedelta(0)

    return escalation.watch(
        path, since, at, people=people, at_work=at_work, day=lambda when: _day(path, when), step=step, but=but
    )


def _holidays(path: EscalationPath, herald: Herald) -> frozenset[date]:
    """The days on which every account of the brand in the path's zone is closed; a path around the clock has none."""
    accounts = [one for one in herald.store.accounts() if one.brand == path.brand and one.timezone == path.zone]
    if not accounts or path.hours.strip() == "24/7":
        return frozenset()
    return frozenset.intersection(*(one.holidays for one in accounts))


def _day(path: EscalationPath, at: datetime) -> date:
    return at.astimezone(ZoneInfo(path.zone)).date()


def _save_path(command: SaveEscalation, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    kind = _kind(command.kind)
    newest = path_of(herald, command.brand, kind)
    try:
        parse_hours(command.hours)
        business_elapsed(now, now, parse_hours(command.hours), command.zone)
    except ValueError as wrong:
        raise Refused("input", f"{str(wrong)[:1].upper()}{str(wrong)[1:]}.") from None
    steps = tuple(_step(one) for one in command.steps)
    faults = escalation.faults(steps, command.brand, herald.store.people())
    if faults:
        raise Refused("input", " ".join(faults))
    if newest.number and (steps, command.hours, command.zone) == (newest.steps, newest.hours, newest.zone):
        return Plan((), Done("This path was saved already.", _path_name(newest)))
    same_version(newest.number, command.expected)
    path = EscalationPath(
        command.brand, kind, newest.number + 1, steps, command.hours, command.zone, person.id, now
    )  # fmt: skip
    sentence = f"Saved. New breaches by {_whose(kind)} climb it; those under way keep theirs."
    return Plan((New(path),), Done(sentence, _path_name(path)), {"number": path.number, "steps": len(steps)})


def _path_name(path: EscalationPath) -> str:
    return f"{path.brand} {path.kind} v{path.number}"


def _step(one: PathStep) -> EscalationStep:
    try:
        until = date.fromisoformat(one.delegate_until) if one.delegate_until else None
        role, after = Role(one.role), Role(one.after_hours) if one.after_hours else None
    except ValueError as wrong:
        raise Refused("input", f"A step of the path cannot be read: {wrong}.") from None
    return EscalationStep(role, one.minutes, one.delegate, until, after)


# ---------------------------------------------------------------- a breach


def _record(command: RecordBreach, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    breach_id, kind = proper_id(command.id, "breach"), _kind(command.kind)
    if herald.store.find(Breach, breach_id, command.brand):
        return Plan((), Done("This breach was recorded already.", breach_id))
    clause = clause_named(command.clause, herald)
    author = _author(command.ref, command.brand, herald)
    about = _about(kind, command.about.strip() or author, command.brand, herald)
    said = words(command.words, "Say what happened: whoever acts on it must know.", 2 * REASON_LIMIT)
    path, people = path_of(herald, command.brand, kind), herald.store.people()
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)  # as the row keeps it
    begins = watch(path, now, now, people, herald, but=about if kind is BreachKind.STAFF else "")
    breach = Breach(
        brand=command.brand, id=breach_id, kind=kind, about=about, ref=command.ref, clause=clause, words=said,
        by=person.id, at=now, path=path.number, step=begins.step, since=begins.since, climbs_at=begins.climbs_at,
    )  # fmt: skip
    facts: dict[str, str | int | bool | None] = {
        "kind": kind, "clause": str(clause), "ref": command.ref or None, "path": path.number, "step": begins.step,
        "about": hashed(about), "words": hashed(said),
    }  # fmt: skip
    told = _notice(breach, begins, "Breach recorded", now, by=person.id)
    return Plan((New(breach), told), Done(f"Recorded. {_asks(begins, people)}", breach_id), facts)


def _acknowledge(command: AcknowledgeBreach, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    breach = _found(command.brand, command.breach_id, herald)
    if breach.state is BreachState.ACKNOWLEDGED and breach.acknowledged_by == person.id:
        return Plan((), Done("You took this on already.", breach.id))
    same_version(breach.version, command.expected)
    if breach.state is not BreachState.OPEN:
        raise Refused("state", f"This breach is {breach.state}.")
    _on_path(breach, person, herald, now)
    taken = replace(
        breach, state=BreachState.ACKNOWLEDGED, acknowledged_by=person.id, acknowledged_at=now, climbs_at=None
    )
    facts: dict[str, str | int | bool | None] = {"clause": str(breach.clause), "step": breach.step}
    return Plan((Revised(taken, breach.version),), Done("It is yours now and climbs no further.", breach.id), facts)


def _close(command: CloseBreach, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    breach = _found(command.brand, command.breach_id, herald)
    same_version(breach.version, command.expected)
    if breach.state is not BreachState.ACKNOWLEDGED:
        told = "Somebody must take it on first." if breach.state is BreachState.OPEN else "This breach is closed."
        raise Refused("state", told)
    _on_path(breach, person, herald, now)
    outcome = words(command.outcome, "Say what came of it: a breach without outcome teaches nobody.", REASON_LIMIT)
    closed = replace(breach, state=BreachState.CLOSED, outcome=outcome, closed_by=person.id, closed_at=now)
    facts: dict[str, str | int | bool | None] = {
        "clause": str(breach.clause), "step": breach.step, "outcome": hashed(outcome)
    }  # fmt: skip
    return Plan((Revised(closed, breach.version),), Done("Closed.", breach.id), facts)


def _kind(text: str) -> BreachKind:
    try:
        return BreachKind(text)
    except ValueError:
        raise Refused("input", "Say whose breach it is: staff or customer.") from None


def _whose(kind: BreachKind) -> str:
    return "staff" if kind is BreachKind.STAFF else "customers"


def _author(ref: str, brand: str, herald: Herald) -> str:
    """Who wrote the message named, empty for a post or none. Raises Refused where it is not there."""
    kind, _, name = ref.partition(":")
    if not ref:
        return ""
    if kind == "message":
        message = herald.store.message(name)
        if message and message.brand == brand:
            return message.author_id or ""
    elif kind == "post":
        post = herald.store.post(name)
        if post and post.brand == brand:
            return post.author
    raise Refused("input", "There is no such message or post of this brand.")


def _about(kind: BreachKind, who: str, brand: str, herald: Herald) -> str:
    if not who:
        raise Refused("input", "Say whom it is about.")
    if len(who) > NAME_LIMIT:
        raise Refused("input", f"A name has {NAME_LIMIT} characters at most.")
    if kind is BreachKind.CUSTOMER:
        return words(who, "Say whom it is about.", NAME_LIMIT)
    found = herald.store.person(who)
    if found is None or brand not in found.brands:
        raise Refused("input", "Choose who of the staff it is about.")
    return found.id


def _found(brand: str, breach_id: str, herald: Herald) -> Breach:
    breach = herald.store.find(Breach, breach_id, brand)
    if breach is None:
        raise Refused("input", "There is no such breach.")
    return breach


def _on_path(breach: Breach, person: Person, herald: Herald, now: datetime) -> None:
    if breach.kind is BreachKind.STAFF and person.id == breach.about:
        raise Refused("second_person", "This is about you: someone else must deal with it.")
    path = path_at(herald, breach.brand, breach.kind, breach.path)
    if not escalation.may_take(path, person, _day(path, now)):
        raise Refused("role", f"This is dealt with by {escalation.roles_of(path)}. {person.name} is not among them.")


def standing(breach: Breach, herald: Herald, now: datetime) -> Watch:
    """Who is asked about it at `now`, and when it climbs, whether or not the schedule came by."""
    path = path_at(herald, breach.brand, breach.kind, breach.path)
    but = breach.about if breach.kind is BreachKind.STAFF else ""
    return watch(path, breach.since, now, herald.store.people(), herald, step=breach.step, but=but)


def may_see(breach: Breach, person: Person, herald: Herald, now: datetime) -> bool:
    """What a customer did is everybody's who works for the brand; a colleague's breach is its path's, and of whoever
    recorded it; nobody's who it is about."""
    if breach.brand not in person.brands or (breach.kind is BreachKind.STAFF and breach.about == person.id):
        return False
    if breach.kind is BreachKind.CUSTOMER or breach.by == person.id:
        return True
    path = path_at(herald, breach.brand, breach.kind, breach.path)
    return escalation.may_take(path, person, _day(path, now))


def may_take(breach: Breach, person: Person, herald: Herald, now: datetime) -> bool:
    """Whether the gate would let this person take it on; for showing buttons, never as the gate."""
    path = path_at(herald, breach.brand, breach.kind, breach.path)
    about_them = breach.kind is BreachKind.STAFF and breach.about == person.id
    return not about_them and escalation.may_take(path, person, _day(path, now))


def _asks(begins: Watch, people: list[Person]) -> str:
    names = {person.id: person.name for person in people}
    asked = " or ".join(names[one] for one in begins.on.people) or "Nobody of its path is there, so the page"
    if begins.climbs_at is None:
        return f"{asked} is asked to take it on."
    minutes = round((begins.climbs_at - begins.since).total_seconds() / 60)
    return f"{asked} is asked to take it on; after {minutes} minutes it climbs."


# ---------------------------------------------------------------- climbing


@record
class Climbed:
    """One breach at one tick; for the log: ids only."""

    breach_id: str
    result: str  # climbed | overtaken | failed
    step: int = 0
    error: str = ""


def climb(herald: Herald, now: datetime) -> list[Climbed]:
    """The tick: what nobody acknowledged in time goes to the next step where somebody is on. Safe to repeat.

    A step that a late tick finds already used up begins now: who is asked has the whole of its time.
    """
    found: list[Climbed] = []
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    people: list[Person] = []
    for brand in sorted({account.brand for account in herald.store.accounts()}):
        due = herald.store.listed(Breach, "work", breaches_list(brand), last=stamp(now), limit=MOST)
        people = people or (herald.store.people() if due else [])
        found += [_climb(one, people, herald, now) for one in due if one.climbs_at and one.climbs_at <= now]
    return found


def _climb(breach: Breach, people: list[Person], herald: Herald, now: datetime) -> Climbed:
    try:
        path = path_at(herald, breach.brand, breach.kind, breach.path)
        but = breach.about if breach.kind is BreachKind.STAFF else ""
        after = watch(path, now, now, people, herald, step=breach.step + 1, but=but)
        climbs = (*breach.climbs, Climb(now, after.step))
        moved = replace(breach, step=after.step, since=now, climbs_at=after.climbs_at, climbs=climbs)
        facts: dict[str, str | int | bool | None] = {
            "clause": str(breach.clause), "from": breach.step, "to": after.step, "path": path.number
        }  # fmt: skip
        line = AuditEntry(CHAIN, 0, now, "herald", "breach.climbed", breach.id, facts)
        told = _notice(moved, after, f"Breach climbed to step {after.step + 1}", now)
        commit_audited([Revised(moved, breach.version), told], [line], CHAIN, herald)
    except Stale:
        return Climbed(breach.id, "overtaken")
    except (HeraldError, ValueError) as error:
        return Climbed(breach.id, "failed", breach.step, type(error).__name__)
    return Climbed(breach.id, "climbed", after.step)


def _notice(breach: Breach, on: Watch, what: str, now: datetime, *, by: str = "") -> New:
    """Tells who is asked at this step: whose breach it is never is (`watch`)."""
    title = f"{what}: {breach.clause}, to be taken on"
    return notice(
        breach.brand, told_of("breach", breach.id), breach.step + 1, title, now, "breaches", {"breach": breach.id},
        people=on.on.people, but=by,
    )  # fmt: skip


PLANS: Mapping[type[Command], Planner] = MappingProxyType(
    {
        SaveEscalation: _save_path,
        RecordBreach: _record,
        AcknowledgeBreach: _acknowledge,
        CloseBreach: _close,
    }
)
