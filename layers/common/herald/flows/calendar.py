"""The gate's plans for days of the calendar, and for what a file brings: posts and days together, all or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType

from herald.errors import Refused
from herald.flows import commands as c
from herald.flows import posts
from herald.flows.context import Herald
from herald.flows.planning import Done, Plan, Planner, authorise, hashed, may_own, proper_id, same_version, words
from herald.flows.shown import shown
from herald.model import DayKind, DayMark, New, Person, Revised, StateChange, Target
from herald.publish.schedule import due_at

LONGEST = 400  # days a mark may span
MOST_LEAD = 366
MOST_WRITES = 90  # of one ImportCalendar; the audit and its chain come on top, 100 is the most of a transaction


def days_between(brand: str, first: date, last: date, herald: Herald) -> list[DayMark]:
    """The marks of a brand that touch these days, by last day."""
    found = herald.store.listed(
        DayMark, "calendar", f"DAYS#{brand}", first=first.isoformat(),
        last=date.fromordinal(min(last.toordinal() + LONGEST, date.max.toordinal())).isoformat(), limit=2_000,
    )  # fmt: skip
    return [mark for mark in found if mark.first_day <= last]


def _save_day(command: c.SaveDay, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    before = herald.store.find(DayMark, command.brand, proper_id(command.id, "day"))
    owner = herald.store.person(command.owner) if command.owner else None
    known = {command.owner} if may_own(owner, command.brand) else set[str]()
    return day_written(command, before, known, person, now)


def day_written(
    command: c.SaveDay, before: DayMark | None, known: set[str], person: Person, now: datetime
) -> Plan:
    """What a mark writes over the one that is there; `known`: who may own it. Raises Refused (input, version)."""
    mark_id = proper_id(command.id, "day")
    same_version(before.version if before else 0, command.expected)
    if command.kind not in list(DayKind):
        raise Refused("input", f"Choose what it is: {', '.join(DayKind)}.")
    first, last = _day(command.first_day), _day(command.last_day or command.first_day)
    if not 0 <= (last - first).days <= LONGEST:
        raise Refused("input", f"The last day comes after the first, by {LONGEST} days at the most.")
    if bool(command.local_time) is not bool(command.zone):
        raise Refused("input", "A time needs its zone, and a zone its time; or leave both out for whole days.")
    if command.local_time:
        try:
            due_at(f"{first}T{command.local_time}", command.zone)
        except ValueError as error:
            raise Refused("input", f"{error}.") from None
    if not 0 <= command.lead_days <= MOST_LEAD:
        raise Refused("input", f"Days of lead time: 0 to {MOST_LEAD}.")
    stays = before is not None and command.owner == before.owner  # also one who left meanwhile
    if command.owner and command.owner not in known and not stays:
        raise Refused("input", f"Herald does not know the owner {command.owner[:40]!r}. Give the id of a person.")
    mark = DayMark(
        command.brand, mark_id, DayKind(command.kind), words(command.title, "Give it a title.", 120), first, last,
        command.local_time, command.zone, command.owner, command.lead_days,
        words(command.note, "", 2_000) if command.note.strip() else "", command.done, by=person.id, at=now,
    )  # fmt: skip
    change: StateChange = Revised(mark, before.version) if before else New(mark)
    facts: dict[str, str | int | bool | None] = {"kind": str(mark.kind), "day": first.isoformat(), "done": mark.done}
    return Plan((change,), Done("Saved on the calendar.", mark.id), facts)


def _remove_day(command: c.RemoveDay, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    mark = herald.store.find(DayMark, command.brand, proper_id(command.id, "day"))
    if mark is None:
        raise Refused("input", "There is no such day on this calendar.")
    same_version(mark.version, command.expected)
    if mark.removed:
        return Plan((), Done("It was removed already.", mark.id))
    gone = replace(mark, removed=True, by=person.id, at=now)
    return Plan((Revised(gone, mark.version),), Done("Removed from the calendar.", mark.id), {"kind": str(mark.kind)})


def _import(command: c.ImportCalendar, person: Person, herald: Herald, now: datetime) -> Plan:
    """Who may import may not do more by it: each part is held to what its own command is held to."""
    authorise(command, person, command.brand, herald, now)
    parts: tuple[c.Draft | c.SaveDay, ...] = (*command.posts, *command.days)
    for part in (*command.posts[:1], *command.days[:1]):
        authorise(part, person, command.brand, herald, now)
    if any(part.brand != command.brand for part in parts):
        raise Refused("account", "A file brings posts and days of one brand.")
    store = herald.store
    there = store.posts(post.id for post in command.posts)
    targets: dict[str, list[Target]] = {post_id: store.targets_of(post_id) for post_id in there}
    ours = {account.id for account in store.accounts() if account.brand == command.brand}
    marks = {mark.id: mark for mark in store.find_all(DayMark, [(command.brand, day.id) for day in command.days])}
    people = store.people() if any(day.owner for day in command.days) else []
    known = {each.id for each in people if may_own(each, command.brand)}
    plans = []
    for post in command.posts:
        before = there.get(post.id)
        image = shown(post, herald, before)
        plans.append(posts.written(post, before, targets.get(post.id, []), ours, image, person, now))
    plans += [day_written(day, marks.get(day.id), known, person, now) for day in command.days]
    changes = tuple(change for plan in plans for change in plan.changes)
    if len(changes) > MOST_WRITES:
        raise Refused("input", f"These make {len(changes)} writes; {MOST_WRITES} go at once. Send fewer at a time.")
    written = [plan.done.subject for plan in plans]
    facts: dict[str, str | int | bool | None] = {
        "posts": len(command.posts), "days": len(command.days), "ids": hashed("\n".join(written)),
        **{f"of {plan.done.subject}": str(plan.facts.get("text") or plan.facts.get("kind")) for plan in plans},
    }  # fmt: skip
    return Plan(changes, Done(f"{len(written)} written.", command.brand), facts)


def _day(text: str) -> date:
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("input", f"{text[:40]!r} is no day; write it like 2026-11-27.") from None


PLANS: Mapping[type[c.Command], Planner] = MappingProxyType(
    {c.SaveDay: _save_day, c.RemoveDay: _remove_day, c.ImportCalendar: _import}
)
"""The plans of the commands on days, and of an import."""
