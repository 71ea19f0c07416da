"""Escalation paths: who is on at a time, and when what nobody acknowledges climbs on. Pure; time is an argument."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

from herald.model import BreachKind, EscalationPath, EscalationStep, Person, Role
from herald.model.record import record

MOST_STEPS = 6
LONGEST = 7 * 24 * 60
"""Minutes of one step, at most: a week."""

AtWork = Callable[[datetime], bool]
"""Whether an instant lies within the path's hours."""


@record
class OnDuty:
    """Who is asked: people by id, the role they are asked for, and whether as role, delegate or after hours."""

    role: Role
    people: tuple[str, ...]
    why: str  # role | delegate | after hours


@record
class Watch:
    """Where something stands that nobody acknowledged.

    Attributes:
        step: from 0; `since` is when it began.
        climbs_at: when it climbs on; None at the top.
    """

    step: int
    since: datetime
    climbs_at: datetime | None
    on: OnDuty


def shipped(brand: str, kind: BreachKind, hours: str, zone: str, at: datetime) -> EscalationPath:
    """The path of a brand that saved none: nobody judges their own desk's staff, and the owner hears of it last."""
    steps = {
        BreachKind.STAFF: (EscalationStep(Role.COMPLIANCE, 120), EscalationStep(Role.OWNER, 240)),
        BreachKind.CUSTOMER: (
            EscalationStep(Role.COMMUNITY_MANAGER, 30),
            EscalationStep(Role.COMPLIANCE, 120),
            EscalationStep(Role.OWNER, 240),
        ),
    }[kind]
    return EscalationPath(brand, kind, 0, steps, hours, zone, "herald", at)


def faults(steps: Iterable[EscalationStep], brand: str, people: Iterable[Person]) -> list[str]:
    """What is wrong with the steps of a path, in words; empty when nothing is."""
    climbed, known = list(steps), {one.id: one for one in people if one.active and brand in one.brands}
    found = [] if 1 <= len(climbed) <= MOST_STEPS else [f"A path has 1 to {MOST_STEPS} steps."]
    for number, step in enumerate(climbed, start=1):
        if not 1 <= step.minutes <= LONGEST:
            found.append(f"Step {number} lasts 1 to {LONGEST} minutes.")
        if step.delegate and step.delegate not in known:
            found.append(f"The delegate of step {number} is no active person of this brand.")
        for role in {step.role, step.after_hours or step.role}:
            if not any(role in one.roles for one in known.values()):
                found.append(f"Nobody has the role {_words(role)}, which step {number} asks.")
    return found


def on_duty(
    step: EscalationStep, at: datetime, day: date, people: Iterable[Person], brand: str, *, at_work: bool, but: str = ""
) -> OnDuty:
    """Who is asked at this step.

    Within the hours the delegate, while there is one, else everybody who has the role; outside them who has the role
    for after hours. A delegate who is no longer there is not asked: then the role is.

    Args:
        day: the date of `at` on the path's own calendar.
        but: id of a person who is never asked: nobody acknowledges their own breach.
    """
    there = sorted((p for p in people if p.active and brand in p.brands and p.id != but), key=lambda p: p.id)
    if not at_work and step.after_hours:
        return OnDuty(step.after_hours, _having(step.after_hours, there), "after hours")
    standing_in = step.delegate if step.delegate_until is None or day <= step.delegate_until else ""
    if any(person.id == standing_in for person in there):
        return OnDuty(step.role, (standing_in,), "delegate")
    return OnDuty(step.role, _having(step.role, there), "role")


def watch(
    path: EscalationPath, since: datetime, at: datetime, *, people: Iterable[Person], at_work: AtWork, day: Callable[
        [datetime], date], step: int = 0, but: str = "",
) -> Watch:  # fmt: skip
    """Where something stands at `at` that came to `step` at `since`, if nobody acknowledges it.

    A step where nobody is on is passed over at once. The last step keeps it, whoever is on.
    """
    known = list(people)

    def on(number: int, when: datetime) -> OnDuty:
        return on_duty(path.steps[number], when, day(when), known, path.brand, at_work=at_work(when), but=but)

    top = len(path.steps) - 1
    number = min(step, top)
    while number < top:
        ends = since + timedelta(minutes=path.steps[number].minutes)
        if not on(number, since).people:
            number += 1
        elif at >= ends:
            number, since = number + 1, ends
        else:
            return Watch(number, since, ends, on(number, at))
    return Watch(number, since, None, on(number, at))


def may_take(path: EscalationPath, person: Person, day: date) -> bool:
    """Whether this person stands somewhere on the path, and so may acknowledge and close what climbs it."""
    for step in path.steps:
        stands_in = person.id == step.delegate and (step.delegate_until is None or day <= step.delegate_until)
        if stands_in or step.role in person.roles or step.after_hours in person.roles:
            return True
    return False


def roles_of(path: EscalationPath) -> str:
    """The path in words: "compliance, then owner"."""
    return ", then ".join(_words(step.role) for step in path.steps)


def _having(role: Role, people: Iterable[Person]) -> tuple[str, ...]:
    return tuple(person.id for person in people if role in person.roles)


def _words(role: Role) -> str:
    return role.value.replace("_", " ")
