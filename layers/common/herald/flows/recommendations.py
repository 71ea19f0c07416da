"""Recommendations: recorded with what they rest on, acted on by their owner, and closed only by a measured effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import MappingProxyType

from herald.errors import Refused, Unknown
from herald.flows import commands as c
from herald.flows.context import Herald
from herald.flows.planning import REASON_LIMIT, Done, Plan, Planner, authorise, hashed, proper_id, same_version, words
from herald.flows.report import gather
from herald.measure.advice import Finding, advise
from herald.measure.figures import DEFINITIONS
from herald.measure.scorecard import Line, scorecard
from herald.model import New, Person, Revised
from herald.model.recommendations import (
    Effect,
    Recommendation,
    RecommendationState,
    recommendations_list,
    recommendations_of,
)

WINDOWS = (7, 14, 28)
"""Days before and after that may be compared: whole weeks, since weekdays differ."""
MEASURES = tuple(each.id for each in DEFINITIONS if each.id != "post_reach")
MOST = 100


def unmeasured(brand: str, herald: Herald) -> list[Recommendation]:
    """Those whose effect is not known yet, by due day."""
    return list(herald.store.listed(Recommendation, "work", recommendations_list(brand), limit=MOST))


def of_month(brand: str, month: str, herald: Herald) -> list[Recommendation]:
    """Those recorded in a month ("2026-11", UTC), newest first."""
    return list(herald.store.listed(Recommendation, "feed", recommendations_of(brand, month), newest=True, limit=MOST))


def suggested(brand: str, first: date, last: date, herald: Herald, now: datetime) -> list[Finding]:
    """What the facts of a period suggest (measure/advice.py); none where nothing is known of it."""
    try:
        facts = gather(herald, brand, first.isoformat(), last.isoformat(), now)
    except (Unknown, ValueError):
        return []
    return [each for each in advise(facts) if isinstance(each, Finding)]


def _record(command: c.RecordRecommendation, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    there = herald.store.find(Recommendation, command.brand, proper_id(command.id, "recommendation"))
    if there:
        return Plan((), Done("This recommendation is recorded already.", there.id))
    if command.measure not in MEASURES:
        raise Refused("input", "Choose the number that will say whether it helped.")
    owner = herald.store.person(command.owner)
    if owner is None or command.brand not in owner.brands or not owner.active:
        raise Refused("input", "Choose who does it.")
    if command.n < 1:
        raise Refused("input", "Say how many posts, answers or messages it rests on: at least one.")
    due = _day(command.due)
    if not now.date() <= due <= now.date() + timedelta(days=400):
        raise Refused("input", "It is due today or later, within 400 days.")
    made = Recommendation(
        command.brand,
        command.id,
        words(command.seen, "Say what was found.", REASON_LIMIT),
        words(command.do, "Say what to do.", REASON_LIMIT),
        words(command.evidence, "Say what it rests on.", REASON_LIMIT),
        command.n,
        command.measure,
        owner.id,
        due,
        person.id,
        now,
    )
    return Plan((New(made),), Done(f"Recorded; {owner.name} does it.", made.id), {"measure": made.measure, "n": made.n})


def _act(command: c.ActOnRecommendation, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    found = _found(command.brand, command.id, herald)
    same_version(found.version, command.expected)
    if found.state is not RecommendationState.OPEN:
        raise Refused("state", "This was acted on already.")
    day = _day(command.day)
    if not found.at.date() - timedelta(days=1) <= day <= now.date():
        raise Refused("input", "Name the day it was done: not before it was recorded, and not to come.")
    acted = words(command.acted, "Say what was done.", REASON_LIMIT)
    after = replace(found, state=RecommendationState.ACTED, acted=acted, acted_by=person.id, acted_on=day)
    sentence = f"Noted. Its effect can be measured from {day + timedelta(days=min(WINDOWS) + 1):%-d %b} on."
    return Plan((Revised(after, found.version),), Done(sentence, found.id), {"acted": hashed(acted)})


def _measure(command: c.MeasureEffect, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    found = _found(command.brand, command.id, herald)
    same_version(found.version, command.expected)
    if found.acted_on is None:
        raise Refused("state", "It was not acted on yet: there is no effect to measure.")
    if command.days not in WINDOWS:
        raise Refused("input", f"Compare {', '.join(map(str, WINDOWS))} days.")
    if now.date() <= found.acted_on + timedelta(days=command.days):
        raise Refused("state", f"The {command.days} days after it are not over yet. Choose fewer, or wait.")
    effect = effect_of(found, command.days, person.id, herald, now)
    after = replace(found, state=RecommendationState.MEASURED, effect=effect)
    facts: dict[str, str | int | bool | None] = {
        "days": effect.days,
        "before_x1000": effect.before_x1000,
        "after_x1000": effect.after_x1000,
    }
    return Plan((Revised(after, found.version),), Done("Measured.", found.id), facts)


def effect_of(found: Recommendation, days: int, by: str, herald: Herald, now: datetime) -> Effect:
    """The measure over `days` days before the day it was acted on, and over as many after; that day is in neither."""
    if found.acted_on is None:
        raise ValueError("nothing was done yet")
    before = _line(found, found.acted_on - timedelta(days=days), found.acted_on - timedelta(days=1), herald, now)
    after = _line(found, found.acted_on + timedelta(days=1), found.acted_on + timedelta(days=days), herald, now)
    lacking = [name for name, line in (("before", before), ("after", after)) if line is None or line.value is None]
    why = f"There is no such number for the days {' and '.join(lacking)}." if lacking else ""
    return Effect(days, _x1000(before), _x1000(after), before.n if before else 0, after.n if after else 0, why, by, now)


def _line(found: Recommendation, first: date, last: date, herald: Herald, now: datetime) -> Line | None:
    try:
        facts = gather(herald, found.brand, first.isoformat(), last.isoformat(), now)
    except (Unknown, ValueError):
        return None
    return scorecard(facts).get(found.measure)


def _x1000(line: Line | None) -> int | None:
    return None if line is None or line.value is None else round(line.value * 1000)


def _found(brand: str, recommendation_id: str, herald: Herald) -> Recommendation:
    found = herald.store.find(Recommendation, brand, recommendation_id)
    if found is None:
        raise Refused("input", "There is no such recommendation.")
    return found


def _day(text: str) -> date:
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("input", f"{text[:40]!r} is no day; write it like 2026-11-27.") from None


PLANS: Mapping[type[c.Command], Planner] = MappingProxyType(
    {c.RecordRecommendation: _record, c.ActOnRecommendation: _act, c.MeasureEffect: _measure}
)
"""The plans of the commands on recommendations."""
