"""Incidents: found by the detector or raised by anybody, judged, worked through, closed with a review."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from herald.errors import HeraldError, Refused, Stale
from herald.flows.chain import commit_audited
from herald.flows.commands import AssessIncident, CloseIncident, Command, RaiseIncident, TakeIncidentStep
from herald.flows.context import Herald
from herald.flows.notices import notice
from herald.flows.planning import (
    REASON_LIMIT,
    Done,
    Plan,
    Planner,
    authorise,
    hashed,
    proper_id,
    same_version,
    words,
)
from herald.govern import crisis
from herald.measure import alarm
from herald.model import Account, Action, AuditEntry, Message, New, Person, Revised, StateChange
from herald.model.care import Taken
from herald.model.incidents import Gravity, Incident, IncidentState, Review, Scope, incidents_list, incidents_of
from herald.model.notices import about
from herald.model.record import record

Facts = dict[str, str | int | bool | None]
CHAIN = "moderation"  # the chain of the function that looks
DETECTOR = "detector"
SAMPLES = 5
GROWS = 2
"""An open incident has grown when this many times as much is against us as when it was raised or last grew."""
_CAUSE = "Far more against us than in the same hours of the week before."
MOST_OPEN = 20
_TEXT_LIMIT = 1_000


# ---------------------------------------------------------------- the detector


@record
class Found:
    """What one look at one brand came to; for the log: ids and counts only."""

    brand: str
    result: str  # raised | grew | open | failed
    incident: str = ""
    error: str = ""


def detect(herald: Herald, now: datetime) -> list[Found]:
    """The tick: each brand's last hours against its week (measure/alarm.py). Safe to repeat: one a brand and wave.

    While one that the detector raised is open it raises no other, nor for as long as the span that alarms reaches back
    after the last: it is the same wave. One that is open and has grown to twice what it was says so, and tells again.
    """
    accounts = herald.store.accounts()
    return [
        found
        for brand in sorted({account.brand for account in accounts})
        if (found := _detect(brand, [account for account in accounts if account.brand == brand], herald, now))
    ]


def _detect(brand: str, accounts: list[Account], herald: Herald, now: datetime) -> Found | None:
    try:
        day, seen = look(accounts, herald, now)
        if not seen.alarm:
            return None
        there = next((each for each in open_of(brand, herald) if each.by == DETECTOR), None)
        if there:
            return _grow(there, seen, herald, now)
        if _just_raised(brand, seen, herald, now):
            return None
        incident = Incident(
            brand, f"{brand}-{day:%Y-%m-%d-%H}", _CAUSE, now, DETECTOR, day.date(),
            figures(seen), tuple(message.id for message in _samples(accounts, herald, now)),
        )  # fmt: skip
        line = AuditEntry(CHAIN, 0, now, "herald", "incident.raised", incident.id, dict(incident.figures))
        commit_audited([New(incident), _notice(incident, "Incident found", now)], [line], CHAIN, herald)
    except Stale:
        return Found(brand, "open")
    except (HeraldError, ValueError) as error:
        return Found(brand, "failed", error=type(error).__name__)
    return Found(brand, "raised", incident.id)


def _grow(incident: Incident, seen: alarm.Seen, herald: Herald, now: datetime) -> Found:
    was = incident.figures.get("signals", 0)
    if seen.signals < GROWS * was or not was:
        return Found(incident.brand, "open", incident.id)
    after = replace(incident, figures=figures(seen))
    line = AuditEntry(CHAIN, 0, now, "herald", "incident.grew", incident.id, dict(after.figures))
    told = _notice(after, "Incident grown to twice what it was", now)
    commit_audited([Revised(after, incident.version), told], [line], CHAIN, herald)
    return Found(incident.brand, "grew", incident.id)


def _notice(incident: Incident, what: str, now: datetime, *, by: str = "") -> New:
    """Tells those who must judge it, or those of its level once somebody did. `by`: whoever did what is told."""
    judged = incident.gravity is not None
    level = crisis.levels()[incident.level] if judged else None
    grave = f"level {level.number}, {level.name.lower()}" if level else "not judged yet"
    return notice(
        incident.brand, about("incident", incident.id), incident.version + 1, f"{what}: {grave}", now, "incidents",
        {"incident": incident.id}, roles=level.told if level else crisis.first_told(), but=by, urgent=True,
    )  # fmt: skip


def _just_raised(brand: str, seen: alarm.Seen, herald: Herald, now: datetime) -> bool:
    """Whether the detector raised one, closed by now, within the span that alarms."""
    since = now - timedelta(hours=seen.hours)
    months = sorted({f"{since:%Y-%m}", f"{now:%Y-%m}"})
    raised = [
        each
        for month in months
        for each in herald.store.listed(Incident, "feed", incidents_of(brand, month), newest=True, limit=MOST_OPEN)
    ]
    return any(each.by == DETECTOR and each.at > since for each in raised)


def look(accounts: list[Account], herald: Herald, now: datetime) -> tuple[datetime, alarm.Seen]:
    """(the clock that is furthest, what the detector sees) of a brand's accounts, each by its own days and hours."""
    clocks = {account.id: now.astimezone(ZoneInfo(account.timezone)) for account in accounts}
    counted = {
        account: herald.store.counts(account, alarm.first_day(clock), clock.date().isoformat())
        for account, clock in clocks.items()
    }
    return max(clocks.values(), key=lambda clock: clock.replace(tzinfo=None)), alarm.look(counted, clocks)


def figures(seen: alarm.Seen) -> dict[str, int]:
    """What the detector saw, as a record keeps it: counts of messages of its hours; mean and limit in hundredths."""
    return {
        "hours": seen.hours, "messages": seen.messages, "signals": seen.signals, "mean_x100": round(seen.mean * 100),
        "deviation_x100": round(seen.deviation * 100), "limit_x100": round((seen.limit or 0) * 100),
    }  # fmt: skip


def _samples(accounts: list[Account], herald: Herald, now: datetime) -> list[Message]:
    """The newest that speak against us, of what was received today or, just after midnight, yesterday (UTC)."""
    found: list[Message] = []
    for account in accounts:
        for day in sorted({f"{at:%Y-%m-%d}" for at in (now, now - timedelta(hours=min(alarm.SPANS)))}):
            page = herald.store.feed(account.id, day, limit=50)
            found += [message for message in page.items if isinstance(message, Message) and _against(message)]
    return sorted(found, key=lambda message: message.created_at, reverse=True)[:SAMPLES]


def _against(message: Message) -> bool:
    decision = message.decision
    if decision is None or message.outbound or message.deleted:
        return False
    return decision.action in (Action.HIDE, Action.QUEUE) or "complaint" in decision.labels


def open_of(brand: str, herald: Herald) -> list[Incident]:
    """Those that are not closed, by when they were raised."""
    return list(herald.store.listed(Incident, "work", incidents_list(brand), limit=MOST_OPEN))


# ---------------------------------------------------------------- what people do


def _raise(command: RaiseIncident, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    incident_id = proper_id(command.id, "incident")
    cause = words(command.cause, "Say what happens, and how you know.", _TEXT_LIMIT)
    if herald.store.find(Incident, incident_id, command.brand):
        return Plan((), Done("This incident is raised already.", incident_id))
    samples = tuple(dict.fromkeys(each.strip() for each in command.samples if each.strip()))
    if len(samples) > SAMPLES:
        raise Refused("input", f"Name {SAMPLES} messages at the most.")
    there = herald.store.messages(samples)
    if missing := [each for each in samples if each not in there or there[each].brand != command.brand]:
        raise Refused("input", f"There is no message {missing[0][:80]} of this brand.")
    incident = Incident(command.brand, incident_id, cause, now, person.id, now.date(), samples=samples)
    sentence = "Raised. Say next how grave it is and how far it reaches."
    told = _notice(incident, "Incident raised", now, by=person.id)
    return Plan((New(incident), told), Done(sentence, incident_id), {"cause": hashed(cause)})


def _assess(command: AssessIncident, person: Person, herald: Herald, now: datetime) -> Plan:
    """May be said again: how grave it is, is looked at each hour. Steps that were taken stay taken."""
    authorise(command, person, command.brand, herald, now)
    incident = _found(command.brand, command.id, herald)
    same_version(incident.version, command.expected)
    try:
        gravity, scope = Gravity(command.gravity), Scope(command.scope)
    except ValueError:
        raise Refused("input", f"Choose {', '.join(Gravity)}, and {', '.join(Scope)}.") from None
    level = crisis.levels()[crisis.level_of(gravity, scope)]
    after = replace(
        incident, state=IncidentState.ASSESSED, gravity=gravity, scope=scope, level=level.number,
        assessed_by=person.id, assessed_at=now,
    )  # fmt: skip
    told = ", ".join(str(role).replace("_", " ") for role in level.told)
    sentence = f"{level.name}. These must know of it: {told}."
    facts: Facts = {"gravity": str(gravity), "scope": str(scope), "level": level.number}
    changes: list[StateChange] = [Revised(after, incident.version)]
    if incident.gravity is None or level.number > incident.level:  # they know already of what is no worse than it was
        changes.append(_notice(after, "Incident judged", now, by=person.id))
    return Plan(tuple(changes), Done(sentence, incident.id), facts)


def _step(command: TakeIncidentStep, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    incident = _found(command.brand, command.id, herald)
    same_version(incident.version, command.expected)
    if incident.state is not IncidentState.ASSESSED:
        raise Refused("state", "Say first how grave it is: the steps depend on it.")
    step = crisis.levels()[incident.level].step(command.step)
    if step is None:
        raise Refused("input", "There is no such step at this level.")
    if any(taken.step == step.id for taken in incident.taken):
        return Plan((), Done("This step was taken already.", incident.id))
    hold = incident.hold
    if step.id == "hold":
        in_force = [each for each in herald.store.holds(incident.brand) if each.released_at is None]
        if not in_force:
            raise Refused("state", "No hold is in force. Declare it on the calendar, then tick this step.")
        hold = in_force[0].id
    after = replace(incident, taken=(*incident.taken, Taken(step.id, person.id, now)), hold=hold)
    left = len(crisis.levels()[incident.level].steps) - len(after.taken)
    sentence = f"Taken. {left} left." if left > 0 else "Taken. All steps are; close it with its review when it is over."
    return Plan((Revised(after, incident.version),), Done(sentence, incident.id), {"step": step.id})


def _close(command: CloseIncident, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    incident = _found(command.brand, command.id, herald)
    if incident.state is IncidentState.CLOSED:
        return Plan((), Done("This incident is closed already.", incident.id))
    same_version(incident.version, command.expected)
    if incident.state is not IncidentState.ASSESSED:
        raise Refused("state", "Say first how grave it was.")
    level = crisis.levels()[incident.level]
    taken = {each.step for each in incident.taken}
    if lacking := [step for step in level.steps if step.id not in taken]:
        raise Refused("state", f"This is not done yet: {lacking[0].text} ({lacking[0].clause})")
    if level.two and person.id == incident.assessed_by:
        raise Refused("second_person", "You judged how grave it is. A second person must agree that it is over.")
    review = Review(
        words(command.cause, "Say what caused it.", _TEXT_LIMIT),
        words(command.done, "Say what was done.", _TEXT_LIMIT),
        words(command.lessons, "Say what was learned.", _TEXT_LIMIT),
        words(command.follow_up, "Say what changes, who does it and by when.", REASON_LIMIT), person.id,
    )  # fmt: skip
    after = replace(incident, state=IncidentState.CLOSED, review=review, closed_at=now)
    told = "Closed with its review." + (
        " The hold is still in force: release it on the calendar." if _held(after, herald) else ""
    )
    return Plan((Revised(after, incident.version),), Done(told, incident.id), {"review": hashed("\n".join(
        (review.cause, review.done, review.lessons, review.follow_up)))})  # fmt: skip


def _held(incident: Incident, herald: Herald) -> bool:
    hold = herald.store.hold(incident.brand, incident.hold) if incident.hold else None
    return hold is not None and hold.released_at is None


def _found(brand: str, incident_id: str, herald: Herald) -> Incident:
    incident = herald.store.find(Incident, incident_id, brand)
    if incident is None:
        raise Refused("input", "There is no such incident.")
    return incident


PLANS: Mapping[type[Command], Planner] = MappingProxyType(
    {RaiseIncident: _raise, AssessIncident: _assess, TakeIncidentStep: _step, CloseIncident: _close}
)
"""The plans of the commands on incidents."""
