"""Escalation paths: who is on at a time, and when what nobody acknowledges climbs on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.govern import escalation
from herald.govern.escalation import OnDuty, watch
from herald.model import BreachKind, EscalationPath, EscalationStep, Person, Role

HOUSE = "house"
AT = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)
CM, COMPLIANCE, OWNER = Role.COMMUNITY_MANAGER, Role.COMPLIANCE, Role.OWNER


def somebody(name: str, *roles: Role, active: bool = True, brand: str = HOUSE) -> Person:
    return Person(name, name.title(), frozenset(roles), frozenset({brand}), active=active)


PEOPLE = [somebody("cam", CM), somebody("cleo", CM), somebody("com", COMPLIANCE), somebody("ola", OWNER)]
STEPS = (
    EscalationStep(CM, 30, after_hours=OWNER),
    EscalationStep(COMPLIANCE, 60, delegate="ola", delegate_until=date(2026, 11, 20)),
    EscalationStep(OWNER, 10),
)


def path(*steps: EscalationStep) -> EscalationPath:
    return EscalationPath(HOUSE, BreachKind.CUSTOMER, 1, steps or STEPS, "Mon-Fri 09:00-17:00", "UTC", "ola", AT)


def look(minutes, *, people=PEOPLE, open_=True, but="", of=None) -> escalation.Watch:
    at = AT + timedelta(minutes=minutes)
    return watch(of or path(), AT, at, people=people, at_work=lambda _: open_, day=lambda when: when.date(), but=but)


@pytest.mark.parametrize(
    ("minutes", "step", "climbs_after", "people"),
    [
        (0, 0, 30, ("cam", "cleo")),
        (29.99, 0, 30, ("cam", "cleo")),
        (30, 1, 90, ("ola",)),
        (89.99, 1, 90, ("ola",)),
        (90, 2, None, ("ola",)),
        (9_000, 2, None, ("ola",)),
    ],
)
def test_a_step_nobody_acknowledges_climbs_at_its_minute(minutes, step, climbs_after, people):
    found = look(minutes)
    assert (found.step, found.on.people) == (step, people)
    assert found.climbs_at == (AT + timedelta(minutes=climbs_after) if climbs_after else None)


def test_outside_the_hours_the_role_for_after_hours_is_asked():
    assert look(0, open_=False).on == OnDuty(OWNER, ("ola",), "after hours")
    assert look(30, open_=False).on.why == "delegate"  # this step names no role for after hours: it stays as it is


def test_a_delegate_stands_in_through_the_day_named_and_no_longer():
    def on(day: date) -> OnDuty:
        return escalation.on_duty(STEPS[1], AT, day, PEOPLE, HOUSE, at_work=True)

    assert on(date(2026, 11, 20)) == OnDuty(COMPLIANCE, ("ola",), "delegate")
    assert on(date(2026, 11, 21)) == OnDuty(COMPLIANCE, ("com",), "role")


def test_a_delegate_who_has_left_is_not_asked():
    gone = [*PEOPLE[:3], somebody("ola", OWNER, active=False)]
    assert look(30, people=gone).on == OnDuty(COMPLIANCE, ("com",), "role")


def test_a_step_where_nobody_is_on_is_passed_over_at_once():
    people = [somebody("cam", CM, active=False), somebody("far", CM, brand="other"), PEOPLE[2]]
    found = look(0, people=people)
    assert (found.step, found.since, found.on.people) == (1, AT, ("com",))


def test_nobody_is_asked_about_their_own_breach():
    assert look(0, but="cam").on.people == ("cleo",)
    alone = [PEOPLE[0], PEOPLE[2]]
    assert look(0, people=alone, but="cam").step == 1


def test_with_nobody_at_all_it_waits_at_the_top():
    found = look(0, people=[])
    assert (found.step, found.climbs_at, found.on.people) == (2, None, ())


_MINUTES = st.lists(st.integers(1, 300), min_size=1, max_size=6)


@given(_MINUTES, st.lists(st.integers(0, 2_000), min_size=1, max_size=12))
def test_looking_often_or_once_finds_the_same(lengths: list[int], looks: list[int]):
    """The projection from the beginning and one carried on from look to look agree: a tick may come at any time."""
    of = path(*(EscalationStep(CM, minutes) for minutes in lengths))
    step, since = 0, AT
    for minutes in sorted(looks):
        at = AT + timedelta(minutes=minutes)
        carried = watch(of, since, at, people=PEOPLE, at_work=lambda _: True, day=lambda when: when.date(), step=step)
        assert carried == look(minutes, of=of)
        step, since = carried.step, carried.since


@given(_MINUTES, st.integers(0, 3_000))
def test_it_never_climbs_before_its_time_and_never_past_the_top(lengths: list[int], minutes: int):
    found = look(minutes, of=path(*(EscalationStep(CM, n) for n in lengths)))
    assert found.step == sum(sum(lengths[: n + 1]) <= minutes for n in range(len(lengths) - 1))
    assert (found.climbs_at is None) == (found.step == len(lengths) - 1)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((), "1 to 6 steps"),
        ((EscalationStep(CM, 5),) * 7, "1 to 6 steps"),
        ((EscalationStep(CM, 0),), "Step 1 lasts"),
        ((EscalationStep(CM, 10_081),), "Step 1 lasts"),
        ((EscalationStep(CM, 5), EscalationStep(OWNER, 5, delegate="nobody")), "delegate of step 2"),
        ((EscalationStep(Role.ENGINEER, 5),), "Nobody has the role engineer"),
        ((EscalationStep(CM, 5, after_hours=Role.MARKETER),), "Nobody has the role marketer"),
    ],
)
def test_a_path_that_cannot_work_is_told_in_words(steps: tuple[EscalationStep, ...], words: str):
    assert any(words in fault for fault in escalation.faults(steps, HOUSE, PEOPLE))


def test_a_path_that_works_has_no_faults():
    assert escalation.faults(STEPS, HOUSE, PEOPLE) == []
    for kind in BreachKind:
        assert escalation.faults(escalation.shipped(HOUSE, kind, "24/7", "UTC", AT).steps, HOUSE, PEOPLE) == []
