"""Recommendations: recorded with what they rest on, acted on by their owner, and closed only by a measured effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from herald.errors import Refused, Unknown
from herald.flows import commands as c
from herald.flows.context import Herald
from herald.flows.planning import REASON_LIMIT, Done, Plan, Planner, authorise, hashed, proper_id, same_version, words
from herald.flows.report import gather
from herald.measure.advice import Finding, advise
from herald.measure.effect import USUAL, decimal, verdict
from herald.measure.figures import period
from herald.measure.scorecard import Facts, against, scorecard
from herald.model import New, Person, Revised
from herald.model.recommendations import (
    Effect,
    Recommendation,
    RecommendationState,
    Towards,
    recommendations_list,
    recommendations_of,
)

WINDOWS = (7, 14, 28)
"""Days before and after that may be compared: whole weeks, since weekdays differ."""
MEASURES = tuple(USUAL)
MOST = 100


def unmeasured(brand: str, herald: Herald) -> list[Recommendation]:
    """Those whose effect is not known yet, by due day."""
    return list(herald.store.listed(Recommendation, "work", recommendations_list(brand), limit=MOST))


def of_month(brand: str, month: str, herald: Herald) -> list[Recommendation]:
    """Those that belong to the report of a month ("2026-11"), newest first."""
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
    due = _day(command.due)
    today, *_ = _todays(command.brand, herald, now)
    if not today <= due <= today + timedelta(days=400):
        raise Refused("input", "It is due today or later, within 400 days.")
    month = _month(command.month, now)
    seen, evidence, n = _rests_on(command, month, herald, now)
    made = Recommendation(
        command.brand,
        command.id,
        seen,
        words(command.do, "Say what to do.", REASON_LIMIT),
        evidence,
        n,
        command.measure,
        owner.id,
        due,
        person.id,
        now,
        month=month,
        finding=command.finding,
        towards=_towards(command),
    )
    facts: dict[str, str | int | bool | None] = {
        "measure": made.measure, "n": made.n, "month": month, "finding": made.finding or None, "owner": owner.id,
        "due": due.isoformat(), "do": hashed(made.do),
    }  # fmt: skip
    return Plan((New(made),), Done(f"Recorded; {owner.name} does it.", made.id), facts)


def _rests_on(command: c.RecordRecommendation, month: str, herald: Herald, now: datetime) -> tuple[str, str, int]:
    """What was found, in words, the numbers it rests on, and of how many things they are."""
    if not command.finding:
        if command.n < 1:
            raise Refused("input", "Say how many posts, answers or messages it rests on: at least one.")
        seen = words(command.seen, "Say what was found.", REASON_LIMIT)
        return seen, words(command.evidence, "Say what it rests on.", REASON_LIMIT), command.n
    first, last = (date.fromisoformat(day) for day in period(month))
    for each in suggested(command.brand, first, last, herald, now):
        if each.id == command.finding:
            return each.seen, each.evidence, each.n
    raise Refused("input", f"The figures of {month} do not show that. Take what they show, or write your own.")


def _month(text: str, now: datetime) -> str:
    """The month whose report it belongs to. Raises Refused where it has not begun."""
    today = now.astimezone(UTC).date()
    if not text:
        return f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"
    try:
        if len(text) != 7:
            raise ValueError
        first, _ = period(text)
    except ValueError:
        raise Refused("input", f"{text[:20]!r} is no month; write it like 2026-11.") from None
    if date.fromisoformat(first) > today + timedelta(days=1):
        raise Refused("input", f"{text} has not begun: there is nothing to find in it.")
    return text


def _towards(command: c.RecordRecommendation) -> Towards:
    try:
        return Towards(command.towards) if command.towards else USUAL[command.measure]
    except ValueError:
        raise Refused("input", "Say whether the number ought to go up or down.") from None


def _act(command: c.ActOnRecommendation, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    found = _found(command.brand, command.id, herald)
    same_version(found.version, command.expected)
    if found.state is not RecommendationState.OPEN:
        raise Refused("state", "This was acted on already.")
    day = _day(command.day)
    if not found.at.date() - timedelta(days=1) <= day <= _todays(found.brand, herald, now)[-1]:
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
    if _todays(found.brand, herald, now)[0] <= found.acted_on + timedelta(days=command.days):
        raise Refused("state", f"The {command.days} days after it are not over yet. Choose fewer, or wait.")
    effect = effect_of(found, command.days, person.id, herald, now)
    after = replace(found, state=RecommendationState.MEASURED, effect=effect)
    told = verdict(after, effect)
    facts: dict[str, str | int | bool | None] = {
        "measure": found.measure, "days": effect.days, "before": effect.before or None, "after": effect.after or None,
        "verdict": told,
    }  # fmt: skip
    return Plan((Revised(after, found.version),), Done(f"Measured: {told}.", found.id), facts)


def effect_of(found: Recommendation, days: int, by: str, herald: Herald, now: datetime) -> Effect:
    """The measure over `days` days before the day it was acted on, and over as many after; that day is in neither."""
    if found.acted_on is None:
        raise ValueError("nothing was done yet")
    then = _facts(found, found.acted_on - timedelta(days=days), found.acted_on - timedelta(days=1), herald, now)
    since = _facts(found, found.acted_on + timedelta(days=1), found.acted_on + timedelta(days=days), herald, now)
    before, after = (scorecard(facts).get(found.measure) if facts else None for facts in (then, since))
    lacking = [name for name, line in (("before", before), ("after", after)) if line is None or line.value is None]
    why = f"There is no such number for the days {' and '.join(lacking)}." if lacking else ""
    if not why and then and since and (unlike := against(since, then)[found.measure].unlike):
        why = f"Not compared: {unlike}."
    was, became = (decimal(line.value) if line else "" for line in (before, after))
    return Effect(days, was, became, before.n if before else 0, after.n if after else 0, why, by, now)


def _facts(found: Recommendation, first: date, last: date, herald: Herald, now: datetime) -> Facts | None:
    try:
        return gather(herald, found.brand, first.isoformat(), last.isoformat(), now)
    except (Unknown, ValueError):
        return None


def _todays(brand: str, herald: Herald, now: datetime) -> list[date]:
    """The day by the clock of each account of a brand; that of UTC where it has none."""
    zones = {one.timezone for one in herald.store.accounts() if one.brand == brand} or {"UTC"}
    return sorted(now.astimezone(ZoneInfo(zone)).date() for zone in zones)


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
