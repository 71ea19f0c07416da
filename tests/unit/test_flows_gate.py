"""The gate: every refusal names what is missing and leaves every table as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from herald.care import cases
from herald.errors import Refused, Rejected
from herald.flows import care
from herald.flows.commands import (
    AcknowledgePolicy,
    Claim,
    DecideAppeal,
    Delete,
    Hide,
    Overrule,
    Reply,
    Resolve,
    SetCaseType,
    Unhide,
)
from herald.flows.deliver import deliver, release
from herald.flows.gate import perform
from herald.flows.moderate import moderate
from herald.flows.study import study
from herald.govern import audit
from herald.measure import counts
from herald.model import Act, Action, Case, CaseState, Change, DeliveryState, Handling, New, Work, case_id
from tests.support.world import ACCOUNT, ANA, BRAND, MIA, NEW, NOON, PAGE, RULES, TED, World, a_comment, a_world, edited

MESSAGE = f"facebook_page:{PAGE}_1"
CASE = case_id(MESSAGE, Work.ANSWER)


def a_complaint(text: str = "my lamp is broken") -> World:
    world = a_world()
    world.store.apply(a_comment(text), BRAND, NOON)
    moderate([MESSAGE], world.herald, NOON)
    return world


def version(world: World) -> int:
    message = world.store.message(MESSAGE)
    assert message is not None
    return message.version


def run(world: World, command: Any, by: str = MIA.id) -> Any:
    return perform(command, by=by, herald=world.herald, now=world.clock())


def queue_runs(world: World) -> None:
    for delivery in release(world.herald, world.clock()):
        deliver(delivery.id, world.herald, world.clock())


REPLY = Reply("0123456789abcdef", MESSAGE, "Sorry!", 1)

REFUSALS: list[tuple[str, Any, str, str]] = [
    ("nobody we know", REPLY, "ghost", "role"),
    ("a role that may not", REPLY, ANA.id, "role"),
    ("nothing acknowledged", REPLY, NEW.id, "acknowledgement"),
    ("an old version of the case", replace(REPLY, expected=7), MIA.id, "version"),
    ("an empty reply", replace(REPLY, text="  \n "), MIA.id, "input"),
    ("a reply too long for the platform", replace(REPLY, text="x" * 8001), MIA.id, "input"),
    ("control characters", replace(REPLY, text="a\x00b"), MIA.id, "input"),
    ("a reply without a proper id", replace(REPLY, id="x"), MIA.id, "input"),
    ("an outcome without a clause", replace(REPLY, outcome="replaced"), MIA.id, "input"),
    ("a message that is not there", replace(REPLY, message_id="facebook_page:0"), MIA.id, "input"),
    ("a hide without a reason", Hide(MESSAGE, " ", "MOD 3.1", 2), MIA.id, "input"),
    ("a hide by no clause", Hide(MESSAGE, "rude", "", 2), MIA.id, "input"),
    ("a hide by a clause that is not there", Hide(MESSAGE, "rude", "MOD 9.9", 2), MIA.id, "input"),
    ("a hide of an old version", Hide(MESSAGE, "rude", "MOD 3.1", 1), MIA.id, "version"),
    ("showing what is visible", Unhide(MESSAGE, "fine", 2), MIA.id, "state"),
    ("overruling by who may not", Overrule(MESSAGE, Action.HIDE, "rude", "MOD 3.1", 2), TED.id, "role"),
    ("overruling into the queue", Overrule(MESSAGE, Action.QUEUE, "hm", "MOD 3.1", 2), MIA.id, "input"),
    ("a claim on nothing", Claim("answer~nothing", 1), MIA.id, "input"),
    ("resolving without an outcome", Resolve(CASE, "", "MOD 2.1", 1), MIA.id, "input"),
    ("resolving without a clause", Resolve(CASE, "sent a new one", "", 1), MIA.id, "input"),
    ("acknowledging what does not exist", AcknowledgePolicy("MOD", 9), MIA.id, "input"),
]


@pytest.mark.parametrize(("what", "command", "by", "missing"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_a_refusal_says_what_is_missing_and_touches_nothing(what: str, command: Any, by: str, missing: str) -> None:
    world = a_complaint()
    before = world.db.everything()  # type: ignore[attr-defined]
    with pytest.raises(Refused) as refused:
        run(world, command, by)
    assert refused.value.missing == missing, f"{what}: {refused.value}"
    assert world.db.everything() == before  # type: ignore[attr-defined]
    assert world.woken == []


def test_two_people_never_answer_the_same() -> None:
    world = a_complaint()
    run(world, Claim(CASE, 1), MIA.id)
    for command in (Claim(CASE, 2), replace(REPLY, expected=2), Resolve(CASE, "done", "MOD 2.1", 2)):
        with pytest.raises(Refused) as refused:
            run(world, command, TED.id)
        assert refused.value.missing == "owner"
        assert MIA.id in str(refused.value) or MIA.name in str(refused.value)
    assert run(world, Claim(CASE, 2), MIA.id).sentence == "This is yours already."


def test_a_reply_goes_out_once_however_often_it_is_sent() -> None:
    world = a_complaint()
    first = run(world, REPLY)
    assert run(world, REPLY).delivery_id == first.delivery_id
    queue_runs(world)
    run(world, REPLY)
    queue_runs(world)
    assert [text for _, _, text in world.wall.replies] == ["Sorry!"]
    case = world.store.case(CASE)
    assert case is not None
    assert (case.state, case.owner) == (CaseState.ANSWERED, MIA.id)


def test_what_a_platform_said_of_a_refused_reply_stands_on_its_row_and_in_no_log() -> None:
    world = a_complaint()
    world.wall.script = [Rejected("The comment of Lee Lark, “my lamp is broken”, is closed.")]
    reply = run(world, REPLY)
    told = deliver(reply.delivery_id, world.herald, world.clock()).for_log()
    assert (told["result"], "Lark" in str(told), "lamp" in str(told)) == ("failed", False, False)
    row = world.store.delivery(reply.delivery_id)
    assert row is not None
    assert "Lee Lark" in row.reason


def test_a_reply_with_an_outcome_resolves_the_case_when_it_stands() -> None:
    world = a_complaint()
    run(world, replace(REPLY, outcome="A new lamp was sent.", clause="MOD 2.1"))
    case = world.store.case(CASE)
    assert case is not None
    assert case.state is CaseState.ANSWERING
    queue_runs(world)
    case = world.store.case(CASE)
    assert case is not None
    assert (case.state, case.outcome, str(case.clause)) == (CaseState.RESOLVED, "A new lamp was sent.", "MOD 2.1 v1")
    assert world.store.open_cases(BRAND, Work.ANSWER).items == ()


def test_overruling_a_hide_shows_the_message_again_and_no_rule_hides_it_after() -> None:
    world = a_complaint("you utter muppet")
    queue_runs(world)
    assert world.wall.hidden
    run(world, Overrule(MESSAGE, Action.ALLOW, "A joke between friends.", "MOD 2.1", version(world)))
    world.clock.pass_(seconds=5)
    queue_runs(world)
    assert not world.wall.hidden
    moderate([MESSAGE], world.herald, world.clock())
    message = world.store.message(MESSAGE)
    assert message is not None
    assert message.decision is not None
    assert (message.decision.action, message.decision.decided_by, message.hidden) == (Action.ALLOW, MIA.id, False)
    day = world.store.counts(ACCOUNT.id, "2026-11-18", "2026-11-18")["2026-11-18"]
    assert day["by.person"] == 1
    assert counts.rollup([message], {ACCOUNT.id: ACCOUNT.timezone})[ACCOUNT.id]["2026-11-18"] == day


def test_a_question_that_a_rule_hid_waits_for_an_answer_once_a_person_shows_it_again() -> None:
    world = a_complaint("you utter muppet, do you ship?")
    queue_runs(world)
    assert world.store.case(CASE) is None
    world.clock.pass_(hours=1)
    run(world, Overrule(MESSAGE, Action.ALLOW, "A joke between friends.", "MOD 2.1", version(world)))
    queue_runs(world)
    case, message = world.store.case(CASE), world.store.message(MESSAGE)
    assert case is not None
    assert message is not None
    assert (case.state, case.type, case.due_at) == (CaseState.OPEN, "question", NOON + timedelta(hours=4))
    assert (message.case_id, case.opened_at) == (CASE, NOON + timedelta(hours=1))
    world.clock.pass_(seconds=1)
    run(world, Hide(MESSAGE, "rude", "MOD 3.1", version(world)))
    world.clock.pass_(seconds=1)
    run(world, Unhide(MESSAGE, "not rude after all", version(world)))
    again = world.store.case(CASE)
    assert again is not None
    assert replace(again, version=case.version) == case  # the customer waits since they asked


HIDDEN = Hide(MESSAGE, "spam", "MOD 3.1", 0)
GONE = Delete(MESSAGE, "spam", "MOD 3.1", 0)


def the_case(world: World) -> Case:
    found = world.store.case(CASE)
    assert found is not None
    return found


@pytest.mark.parametrize(("command", "outcome"), [(HIDDEN, "hidden by decision"), (GONE, "deleted by decision")])
def test_a_question_that_a_person_hides_or_deletes_waits_for_no_answer(command: Any, outcome: str) -> None:
    world = a_complaint("do you ship?")
    run(world, Claim(CASE, 1), TED.id)
    done = run(world, replace(command, expected=version(world)))
    assert done.sentence.endswith("Nobody waits for an answer to it any more.")
    closed = the_case(world)
    assert (closed.state, closed.outcome, closed.resolved_by) == (CaseState.RESOLVED, outcome, MIA.id)
    assert (str(closed.clause), closed.owner, closed.answered_at) == ("MOD 3.1 v1", TED.id, None)
    assert world.store.open_cases(BRAND, Work.ANSWER).items == ()
    assert world.store.responses(ACCOUNT.id, NOON, world.clock.pass_(days=9)) == []  # neither answered nor late
    assert world.store.audit_of("people")[-1].facts["case"] == "closed"
    assert outcome in study(MESSAGE, world.herald)


def test_it_waits_again_as_it_did_when_that_decision_is_taken_back() -> None:
    world = a_complaint("do you ship?")
    run(world, SetCaseType(CASE, "question", "unhappy", 0))
    run(world, Claim(CASE, 1), TED.id)
    before = the_case(world)
    run(world, replace(HIDDEN, expected=version(world)))
    world.clock.pass_(hours=1)
    run(world, Overrule(MESSAGE, Action.ALLOW, "A customer after all.", "MOD 2.1", version(world)))
    assert replace(the_case(world), version=before.version) == before
    handling = world.store.find(Handling, CASE, BRAND)
    assert handling is not None
    assert (handling.ended, handling.typed_by) == (False, MIA.id)


def edited_into(world: World, text: str) -> None:
    at = world.clock.pass_(minutes=5)
    world.store.apply(edited(a_comment(text), text, at=at), BRAND, at)
    moderate([MESSAGE], world.herald, at)


def shown_again(world: World) -> Case:
    world.clock.pass_(minutes=5)
    done = run(world, Overrule(MESSAGE, Action.ALLOW, "A customer after all.", "MOD 2.1", version(world)))
    assert done.sentence.endswith("It waits for an answer again.")
    assert world.store.audit_of("people")[-1].facts["case"] == "reopened"
    return the_case(world)


@pytest.mark.parametrize("hidden_first", [False, True])
def test_it_waits_again_when_the_decision_is_taken_back_whatever_its_words_became(*, hidden_first: bool) -> None:
    world = a_complaint("do you ship?")
    run(world, Claim(CASE, 1), TED.id)
    before = the_case(world)
    steps = [lambda: run(world, replace(HIDDEN, expected=version(world))), lambda: edited_into(world, "do you ship")]
    for step in steps if hidden_first else reversed(steps):
        step()
    message = world.store.message(MESSAGE)
    assert message is not None
    assert message.decision is not None
    assert (message.decision.labels, message.decision.offered) == ((), ())
    assert message.decision.action is (Action.QUEUE if hidden_first else Action.HIDE)
    assert the_case(world).state is CaseState.RESOLVED
    assert replace(shown_again(world), version=before.version) == before


def test_what_only_a_drafted_answer_opened_waits_again_when_its_deletion_is_taken_back() -> None:
    world = a_world()
    opening = '---\nname: Hours\nbody (includes): ["opening hours"]\npolicy: MOD 2.1\nreply: "At nine."\n'
    world.store.save_rules(RULES + opening)
    world.store.apply(a_comment("your opening hours"), BRAND, NOON)
    moderate([MESSAGE], world.herald, NOON)
    assert the_case(world).type == "reply"
    run(world, replace(GONE, expected=version(world)))
    assert the_case(world).state is CaseState.RESOLVED
    assert shown_again(world).state is CaseState.OPEN


def test_an_appeal_that_restores_what_was_hidden_lets_it_wait_again() -> None:
    world = a_complaint("do you ship?")
    edited_into(world, "do you ship")
    run(world, replace(HIDDEN, expected=version(world)))
    world.store.save(replace(TED, roles=MIA.roles))
    message = world.store.message(MESSAGE)
    assert message is not None
    assert message.decision is not None
    appealed = cases.appeal(message, message.decision, ACCOUNT, world.store.targets(), text="Why?", now=world.clock())
    world.store.commit([New(appealed)])
    run(world, DecideAppeal(appealed.id, True, "You are right.", "MOD 2.1", 1), TED.id)
    assert the_case(world).state is CaseState.OPEN


def test_what_a_person_hid_and_the_platform_shows_waits_again_once_a_rule_lets_its_new_words_stand() -> None:
    world = a_complaint("do you ship?")
    run(world, replace(GONE, expected=version(world)))  # the order is never carried out
    edited_into(world, "do you ship")
    assert the_case(world).state is CaseState.OPEN
    (line,) = [line for line in world.store.audit_of("moderation") if line.what == "moderate.reopened"]
    assert (line.subject, line.facts["case"]) == (MESSAGE, "reopened")


@pytest.mark.parametrize("edit_first", [False, True])
def test_who_was_answered_there_while_it_was_hidden_waits_no_more_when_it_is_shown(*, edit_first: bool) -> None:
    world = a_complaint("do you ship?")
    if edit_first:  # into words that ask for nothing: the case is opened again by another way
        edited_into(world, "do you ship")
    run(world, replace(HIDDEN, expected=version(world)))
    at = world.clock.pass_(minutes=5)
    ours = a_comment("Yes", id="2", at=at, author_id=PAGE, change=Change.OUTBOUND, parent_id=f"{PAGE}_1")
    world.store.apply(ours, BRAND, at)
    for _ in range(2):
        moderate([ours.message_id], world.herald, at)
        assert (the_case(world).state, the_case(world).outcome) == (CaseState.RESOLVED, "hidden by decision")
    world.clock.pass_(minutes=5)
    done = run(world, Overrule(MESSAGE, Action.ALLOW, "A customer after all.", "MOD 2.1", version(world)))
    assert done.sentence.endswith("It was answered meanwhile.")
    assert (the_case(world).state, the_case(world).answered_at) == (CaseState.ANSWERED, at)
    assert [one.answered_at for one in world.store.responses(ACCOUNT.id, NOON, world.clock())] == [at]


def test_nobody_closes_a_case_in_the_words_of_a_decision() -> None:
    world = a_complaint("do you ship?")
    for outcome in ("hidden by decision", " deleted by decision "):
        with pytest.raises(Refused, match="in other words"):
            run(world, Resolve(CASE, outcome, "MOD 2.1", 1), TED.id)
        with pytest.raises(Refused, match="in other words"):
            run(world, replace(REPLY, outcome=outcome, clause="MOD 2.1"))
    assert the_case(world).state is CaseState.OPEN


@pytest.mark.parametrize("typed", [False, True])
def test_a_complaint_that_is_hidden_is_still_answered(*, typed: bool) -> None:
    world = a_complaint("do you ship?" if typed else "my lamp is broken")
    if typed:
        run(world, SetCaseType(CASE, "complaint", "angry", 0))
    done = run(world, replace(HIDDEN, expected=version(world)))
    assert "It still waits for an answer in the Inbox" in done.sentence
    assert the_case(world).state is CaseState.OPEN


def test_a_complaint_that_is_deleted_climbs_no_more() -> None:
    world = a_complaint()
    run(world, replace(GONE, expected=version(world)))
    assert the_case(world).outcome == "deleted by decision"
    assert care.climb(world.herald, world.clock.pass_(days=30)) == []


def test_a_question_edited_into_what_a_rule_hides_waits_for_no_answer_until_it_is_edited_again() -> None:
    world = a_complaint("do you ship?")
    for text, state, outcome in (
        ("you utter muppet", CaseState.RESOLVED, "hidden by decision"),
        ("do you ship after all?", CaseState.OPEN, ""),  # hidden until a person decides, and somebody waits again
    ):
        at = world.clock.pass_(minutes=5)
        world.store.apply(edited(a_comment(text), text, at=at), BRAND, at)
        moderate([MESSAGE], world.herald, at)
        assert (the_case(world).state, the_case(world).outcome) == (state, outcome)
        if state is CaseState.RESOLVED:
            line = world.store.audit_of("moderation")[-1]
            assert (line.what, line.facts["case"]) == ("moderate.hide", "closed")


@pytest.mark.parametrize(("fails", "state"), [(True, CaseState.CLAIMED), (False, CaseState.ANSWERED)])
def test_what_is_hidden_while_a_reply_is_on_its_way_is_settled_by_the_reply(*, fails: bool, state: CaseState) -> None:
    world = a_complaint("do you ship?")
    run(world, REPLY)
    run(world, replace(HIDDEN, expected=version(world)))
    assert the_case(world).state is CaseState.ANSWERING
    world.wall.script = [Rejected("no"), Rejected("no")] if fails else []  # the order to hide is among them
    queue_runs(world)
    assert the_case(world).state is state  # whose reply failed has it back, with the reason


def test_a_hide_overtaken_by_the_order_to_show_never_happens() -> None:
    world = a_complaint()
    run(world, Hide(MESSAGE, "rude", "MOD 3.1", version(world)))
    hide = world.woken[-1]
    world.clock.pass_(seconds=1)
    run(world, Unhide(MESSAGE, "not rude after all", version(world)))
    deliver(hide, world.herald, world.clock())
    superseded = world.store.delivery(hide)
    assert superseded is not None
    assert superseded.state is DeliveryState.SUPERSEDED
    queue_runs(world)
    assert (str(Act.HIDE), f"{PAGE}_1") not in world.wall.acts


def test_deciding_a_message_closes_its_review() -> None:
    world = a_complaint("this looks dodgy")
    assert len(world.store.open_cases(BRAND, Work.REVIEW).items) == 1
    run(world, Overrule(MESSAGE, Action.ALLOW, "An opinion.", "MOD 2.1", version(world)))
    assert world.store.open_cases(BRAND, Work.REVIEW).items == ()


def test_a_persons_decision_stands_until_the_words_change() -> None:
    world = a_complaint("you utter muppet")
    run(world, Overrule(MESSAGE, Action.ALLOW, "A quotation.", "MOD 2.1", version(world)))
    world.clock.pass_(minutes=1)
    world.store.apply(edited(a_comment("x"), "you utter muppet, again", at=world.clock()), BRAND, world.clock())
    moderate([MESSAGE], world.herald, world.clock())
    message = world.store.message(MESSAGE)
    assert message is not None
    assert message.decision is not None
    assert message.decision.decided_by == "rules"
    assert message.decision.action is Action.HIDE


def test_an_edit_between_looking_and_hiding_is_noticed() -> None:
    world = a_complaint()
    seen = version(world)
    world.store.apply(edited(a_comment("x"), "never mind, all good", at=NOON + timedelta(seconds=9)), BRAND, NOON)
    with pytest.raises(Refused) as refused:
        run(world, Hide(MESSAGE, "rude", "MOD 3.1", seen))
    assert refused.value.missing == "version"


def test_acknowledging_opens_the_gate() -> None:
    world = a_complaint()
    with pytest.raises(Refused, match="MOD version 1"):
        run(world, REPLY, NEW.id)
    run(world, AcknowledgePolicy("MOD", 1), NEW.id)
    assert run(world, REPLY, NEW.id).delivery_id


def test_a_policy_not_yet_in_force_gates_nothing() -> None:
    world = a_complaint()
    policy = world.store.policy("MOD")
    assert policy is not None
    world.store.save(replace(policy, id="NEXT", effective_from=(NOON + timedelta(days=9)).date(), gates=("Reply",)))
    assert run(world, REPLY).delivery_id


def test_every_command_leaves_one_line_on_the_chain_without_words_or_names() -> None:
    world = a_complaint("you utter muppet, my lamp is broken")
    run(world, Claim(CASE, 1))
    run(world, replace(REPLY, expected=2))
    queue_runs(world)
    run(world, Unhide(MESSAGE, "It is a complaint too.", version(world)))
    run(world, Resolve(CASE, "A new lamp.", "MOD 2.1", world.store.case(CASE).version))  # type: ignore[union-attr]
    chain = world.store.audit_of("people")
    assert [entry.what for entry in chain] == ["Claim", "Reply", "Unhide", "Resolve"]
    assert audit.verify(chain) == []
    for word in ("lamp", "Sorry", "complaint too", MIA.name):
        assert word not in str(chain)


@pytest.mark.parametrize("race", range(3))
def test_a_lost_race_is_planned_again_from_fresh_rows(race: int) -> None:
    world = a_complaint()
    real: Callable[..., Any] = world.store.commit
    left = [race]

    def contended(changes: Any) -> None:
        if left[0]:
            left[0] -= 1
            other = a_world(world.db, found=False)
            hidden = replace(
                a_comment("x"), change=Change.HIDDEN, text="", created_at=other.clock.pass_(seconds=left[0])
            )
            other.store.apply(hidden, BRAND, NOON)
        real(changes)

    world.store.commit = contended  # type: ignore[method-assign]
    if race == 0:
        run(world, Hide(MESSAGE, "rude", "MOD 3.1", version(world)))
    else:
        with pytest.raises(Refused, match="changed since"):
            run(world, Hide(MESSAGE, "rude", "MOD 3.1", version(world)))
