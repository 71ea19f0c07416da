"""The queue of decisions: what is most at stake first, two never decide the same, nothing is stuck with anybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashboard import data, who
from dashboard.who import SignIn
from herald.care import cases
from herald.errors import Refused
from herald.flows.commands import AcknowledgePolicy, Claim, Overrule
from herald.flows.gate import perform
from herald.flows.moderate import moderate
from herald.model import Action, Case, CaseState, Escalation, Kind, Message, Person, Role, Severity, Work, case_id
from tests.support.world import BRAND, MIA, NOON, PAGE, World, a_comment, a_world

OLA = Person("ola", "Ola Oak", frozenset({Role.COMMUNITY_MANAGER, Role.OWNER}), frozenset({BRAND}))


def waiting(text: str = "a dodgy chair", id: str = "1") -> tuple[World, str, str]:
    world = a_world()
    world.store.save(OLA)
    perform(AcknowledgePolicy("MOD", 1), by=OLA.id, herald=world.herald, now=NOON)
    world.store.apply(a_comment(text, id=id), BRAND, NOON)
    message_id = f"facebook_page:{PAGE}_{id}"
    moderate([message_id], world.herald, NOON)
    message = world.store.message(message_id)
    assert message
    assert message.decision
    return world, message_id, case_id(message_id, Work.REVIEW, message.decision.content_hash)


def the(world: World, wanted: str) -> Case:
    found = world.store.case(wanted)
    assert found
    return found


def test_while_one_decides_nobody_else_can_and_after_a_quarter_of_an_hour_anybody_can():
    world, message_id, case = waiting()
    now = world.clock()
    perform(Claim(case, 1), by=MIA.id, herald=world.herald, now=now)
    message = world.store.message(message_id)
    assert message
    decide = Overrule(message_id, Action.ALLOW, "an opinion", "MOD 2.1", message.version)
    for command in (Claim(case, 2), decide):
        with pytest.raises(Refused, match="Mia Marsh is deciding this") as refused:
            perform(command, by=OLA.id, herald=world.herald, now=now + timedelta(minutes=14))
        assert refused.value.missing == "owner"
    later = now + timedelta(minutes=15)
    perform(Claim(case, 2), by=OLA.id, herald=world.herald, now=later)
    assert cases.holder(the(world, case), later) == OLA.id
    with pytest.raises(Refused, match="Ola Oak is deciding this"):
        perform(decide, by=MIA.id, herald=world.herald, now=later)
    perform(decide, by=OLA.id, herald=world.herald, now=later)
    assert (the(world, case).state, the(world, case).resolved_by) == (CaseState.RESOLVED, OLA.id)


def test_claiming_again_while_it_is_ones_own_changes_nothing_and_after_it_ran_out_renews():
    world, _, case = waiting()
    perform(Claim(case, 1), by=MIA.id, herald=world.herald, now=NOON)
    held = the(world, case)
    perform(Claim(case, 2), by=MIA.id, herald=world.herald, now=NOON + timedelta(minutes=5))
    assert the(world, case) == held
    perform(Claim(case, 2), by=MIA.id, herald=world.herald, now=NOON + timedelta(minutes=20))
    assert the(world, case).claimed_until == NOON + timedelta(minutes=35)


def a_case(id: str, **changed: object) -> tuple[Case, Message]:
    world, message_id, wanted = waiting(id=id)
    message = world.store.message(message_id)
    assert message
    hidden, kind = changed.pop("hidden", False), changed.pop("kind", Kind.COMMENT)
    case = replace(the(world, wanted), due_at=NOON + timedelta(hours=2), **changed)  # type: ignore[arg-type]
    return case, replace(message, hidden=bool(hidden), kind=kind)  # type: ignore[arg-type]


def test_what_is_grave_comes_first_then_what_the_public_sees_then_the_nearer_deadline():
    grave = a_case("1", severity=Severity.HIGH)
    hidden = a_case("2", severity=Severity.LOW, hidden=True)
    public = a_case("3", severity=Severity.LOW)
    sooner = a_case("4", severity=Severity.LOW)
    sooner = (replace(sooner[0], due_at=NOON + timedelta(hours=1)), sooner[1])
    private = a_case("5", severity=Severity.LOW, kind=Kind.DM)
    turn = cases.in_turn([private, hidden, public, sooner, grave], NOON)
    assert [case.message_id[-1] for case, _ in turn][:3] == ["1", "4", "3"]
    assert {case.message_id[-1] for case, _ in turn[3:]} == {"2", "5"}


def test_what_is_due_in_minutes_comes_before_everything_however_late_that_is():
    threat, message = a_case("1", severity=Severity.HIGH)
    assert message.decision
    told = replace(message.decision, escalate=Escalation("community manager", 15, Severity.HIGH))
    old = a_case("2", severity=Severity.MEDIUM)
    old = (replace(old[0], due_at=NOON - timedelta(days=4)), old[1])
    assert cases.in_turn([old, (threat, message)], NOON)[0] == old
    assert cases.in_turn([old, (threat, replace(message, decision=told))], NOON)[0][0] == threat
    distress = a_case("3", severity=Severity.CRITICAL)
    assert cases.in_turn([old, distress], NOON)[0] == distress


@given(st.sampled_from(list(Severity)), st.booleans(), st.integers(0, 400))
def test_waiting_longer_never_makes_a_case_less_urgent_and_nothing_slight_waits_for_ever(severity, exposed, hours):
    case = replace(_PLAIN, severity=severity)
    now = case.due_at + timedelta(hours=hours)
    assert cases.urgency(case, exposed=exposed, now=now) <= cases.urgency(case, exposed=exposed, now=now
                                                                         + timedelta(hours=1))  # fmt: skip
    slight = replace(_PLAIN, severity=Severity.LOW)
    days_late = cases.urgency(slight, exposed=True, now=case.due_at + timedelta(days=3))
    assert days_late > cases.urgency(replace(_PLAIN, severity=Severity.HIGH), exposed=True, now=case.due_at
                                     - timedelta(minutes=1))  # fmt: skip


@pytest.fixture
def page():
    """The queue as Mia sees it: give it a message, get the page."""

    def opened(world: World, message_id: str) -> AppTest:
        data.set_herald(world.herald)
        who.install(SignIn(lambda: MIA.id))

        def script() -> None:
            from dashboard.app_pages import moderation

            moderation.render()

        at = AppTest.from_function(script, default_timeout=120)
        at.query_params["message"] = message_id
        at.query_params["brand"] = BRAND
        return at.run()

    yield opened
    data.set_herald(None)
    who.install(None)


def test_after_a_decision_the_next_item_opens_by_itself_and_is_ones_own(page) -> None:
    world, first, _ = waiting(id="1")
    for id, text in (("2", "this is dodgy too"), ("3", "so dodgy")):
        world.store.apply(a_comment(text, id=id), BRAND, NOON)
        moderate([f"facebook_page:{PAGE}_{id}"], world.herald, NOON)
    at = page(world, first)
    assert not at.exception
    decide = Overrule(first, Action.ALLOW, "A manner of speaking.", "MOD 3.1", message_of(world, first).version)
    perform(decide, by=MIA.id, herald=world.herald, now=NOON)
    data.forget()
    at.run()
    follows = opened_now(at)
    assert follows != first
    case = the(world, case_id(follows, Work.REVIEW, message_of(world, follows).content_hash))
    assert (case.state, case.owner) == (CaseState.CLAIMED, MIA.id)


def test_what_a_colleague_decided_meanwhile_stays_open_to_be_read(page) -> None:
    world, first, _ = waiting(id="1")
    at = page(world, first)
    decide = Overrule(first, Action.ALLOW, "A manner of speaking.", "MOD 3.1", message_of(world, first).version)
    perform(decide, by=OLA.id, herald=world.herald, now=NOON)
    data.forget()
    at.run()
    assert opened_now(at) == first


def test_the_numbers_of_today_tell_what_still_waits_apart_from_what_people_decided(page) -> None:
    world, first, _ = waiting(id="1")
    for id, text in (("2", "this is dodgy too"), ("3", "so dodgy"), ("4", "you utter muppet")):
        world.store.apply(a_comment(text, id=id), BRAND, NOON)
        moderate([f"facebook_page:{PAGE}_{id}"], world.herald, NOON)
    decide = Overrule(first, Action.ALLOW, "A manner of speaking.", "MOD 3.1", message_of(world, first).version)
    perform(decide, by=MIA.id, herald=world.herald, now=NOON)
    data.forget()
    told = {each.label: each.value for each in page(world, "").metric}
    assert told == {
        "Judged today": "4", "Hidden": "1", "Not decided yet": "2", "Decided by people": "1", "Waiting now": "2",
    }  # fmt: skip


def opened_now(at: AppTest) -> str:
    told = at.query_params.get("message", "")
    return told if isinstance(told, str) else told[0]


def message_of(world: World, message_id: str) -> Message:
    message = world.store.message(message_id)
    assert message
    return message


_PLAIN = a_case("1")[0]


def test_the_next_is_ones_own_claim_else_the_most_urgent_that_nobody_holds():
    pairs = [a_case("1", severity=Severity.HIGH), a_case("2", severity=Severity.MEDIUM), a_case("3")]
    until = NOON + timedelta(minutes=10)
    taken = replace(pairs[0][0], owner=MIA.id, state=CaseState.CLAIMED, claimed_until=until)
    pairs[0] = (taken, pairs[0][1])
    assert cases.next_for(pairs, OLA.id, NOON) == pairs[1][0]
    assert cases.next_for(pairs, MIA.id, NOON) == taken
    assert cases.next_for(pairs, OLA.id, until) == taken  # nobody's again
    assert cases.next_for([], OLA.id, NOON) is None
