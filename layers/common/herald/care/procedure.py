"""The way of a complaint: acknowledged, investigated, an offer made, an outcome, each by its time. All pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from herald.care.hours import deadline, parse_hours
from herald.care.playbooks import Leg
from herald.errors import Refused
from herald.model import Account, Case, CaseState, Handling, Stage, Taken


def stages_of(case: Case, legs: Iterable[Leg], *, said: datetime, account: Account) -> tuple[Stage, ...]:
    """The stages of a complaint, counted in business time from `said`, the customer's words.

    The first is due when the case is: by the brand's target, or sooner where a rule says so.
    Raises ValueError: the account's hours or zone cannot be read.
    """
    hours, found = parse_hours(account.hours), list[Stage]()
    for leg in legs:
        due = case.due_at
        if leg.within:
            minutes = timedelta(minutes=leg.within)
            due = max(due, deadline(said, minutes, hours, account.timezone, account.holidays).astimezone(UTC))
        found.append(Stage(leg.id, due, leg.overdue, leg.must))
    return tuple(found)


def caught_up(handling: Handling, case: Case) -> Handling:
    """What the case itself tells: a first answer that stands is the acknowledgement; a resolved case is at its end."""
    after = handling
    if case.answered_at:
        after = answered(after, case.owner, case.answered_at)
    if case.state is CaseState.RESOLVED and not after.ended:
        after = closed(after, by=case.resolved_by, at=case.resolved_at or case.opened_at, said=bool(case.clause))
    return after


def answered(handling: Handling, by: str, at: datetime) -> Handling:
    """As it will stand once an answer by this person does: the first answer is the acknowledgement."""
    if not handling.stages or handling.stages[0].done_at is not None:
        return handling
    return replace(handling, stages=(replace(handling.stages[0], done_at=at, done_by=by), *handling.stages[1:]))


def closed(handling: Handling, *, by: str, at: datetime, said: bool = True) -> Handling:
    """The case is resolved: with an outcome (`said`) its last stage is done; what was not needed stays undone."""
    stages = handling.stages
    if said and stages and stages[-1].done_at is None:
        stages = (*stages[:-1], replace(stages[-1], done_at=at, done_by=by))
    return replace(handling, stages=stages, ended=True)


def may_close(handling: Handling, text_of: dict[str, str]) -> None:
    """Raises Refused (state) naming the step without which a complaint cannot be closed."""
    for stage in handling.stages[:-1]:
        if stage.must and stage.done_at is None:
            raise Refused(
                "state", f"A complaint cannot be closed before this is done: {text_of.get(stage.id, stage.id)}"
            )


def stage_taken(handling: Handling, stage_id: str, by: str, at: datetime) -> Handling:
    """The stage is done. Raises Refused (state): not its turn, or it is done by closing the case."""
    ids = [stage.id for stage in handling.stages]
    place = ids.index(stage_id)
    if handling.ended:
        raise Refused("state", "This case is resolved.")
    if handling.stages[place].done_at is not None:
        return handling
    if place == len(ids) - 1:
        raise Refused("state", "The last step is the outcome: resolve the case with it and its clause.")
    if handling.current is not handling.stages[place]:
        current = handling.current
        raise Refused("state", f"First comes the step “{current.id if current else ''}”: a complaint goes in order.")
    done = replace(handling.stages[place], done_at=at, done_by=by)
    return replace(handling, stages=(*handling.stages[:place], done, *handling.stages[place + 1 :]))


def step_taken(handling: Handling, step_id: str, by: str, at: datetime, *, done: bool) -> Handling:
    """The playbook's step ticked by this person, or their own tick taken back; again, nothing changes."""
    mine = next((taken for taken in handling.taken if (taken.step, taken.by) == (step_id, by)), None)
    if done == (mine is not None):
        return handling
    taken = (*handling.taken, Taken(step_id, by, at)) if done else tuple(t for t in handling.taken if t is not mine)
    return replace(handling, taken=taken)


def overdue(handling: Handling, now: datetime) -> Stage | None:
    """The stage this complaint stands at, when its time is over: due at this very instant is not over yet."""
    stage = handling.current
    return stage if stage and stage.due_at < now else None


def told(handling: Handling, now: datetime) -> Handling:
    """The role of the overdue stage was told; once."""
    stage = overdue(handling, now)
    if stage is None or stage.told_at is not None:
        return handling
    marked = replace(stage, told_at=now)
    return replace(handling, stages=tuple(marked if each is stage else each for each in handling.stages))
