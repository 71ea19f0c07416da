"""How a case is handled: typed, by its playbook, a complaint by its procedure, a remedy within somebody's limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard import present, present_care
from herald.care import playbooks
from herald.errors import Refused, Rejected, Stale
from herald.flows import care, casebook
from herald.flows import commands as c
from herald.flows.gate import perform
from herald.flows.moderate import moderate, retry_parked
from herald.flows.redrive import undecided
from herald.model import (
    Acknowledgement,
    AuditEntry,
    Case,
    CaseState,
    Change,
    Event,
    Handling,
    Kind,
    New,
    Person,
    Posted,
    PostKind,
    Remedy,
    RemedyState,
    Replied,
    Role,
    Targets,
    Work,
    case_id,
)
from tests.support.world import ACCOUNT, BRAND, MIA, NOON, PAGE, TED, World, a_comment, a_world, deleted, edited
from tests.unit.test_flows_gate import CASE, MESSAGE, a_complaint, queue_runs

OLA = Person("ola", "Ola Oak", frozenset({Role.OWNER}), frozenset({BRAND}))
CAM = Person("cam", "Cam Cole", frozenset({Role.COMPLIANCE}), frozenset({BRAND}))
STEPS = ["acknowledge", "investigate", "offer", "outcome"]


@pytest.fixture
def world() -> World:
    made = a_complaint()
    made.store.save(OLA)
    made.store.save(CAM)
    made.store.commit([New(Acknowledgement(OLA.id, "MOD", 1, NOON), once=True)])
    return made


def run(world: World, command: Any, by: str = MIA.id) -> Any:
    return perform(command, by=by, herald=world.herald, now=world.clock())


def case(world: World) -> Case:
    found = world.store.case(CASE)
    assert found is not None
    return found


def handling(world: World) -> Handling:
    message = world.store.message(MESSAGE)
    assert message is not None
    return casebook.handling_of(case(world), message, world.herald)


def tick(world: World, step: str, by: str = MIA.id, *, done: bool = True) -> Any:
    return run(world, c.TakeCaseStep(CASE, step, handling(world).version, done), by)


def typed(world: World, kind: str, persona: str, by: str = MIA.id) -> Any:
    return run(world, c.SetCaseType(CASE, kind, persona, handling(world).version), by)


def limited(world: World, **amounts: int) -> None:
    held = care.limits_of(BRAND, world.herald)
    run(world, c.SaveLimits(BRAND, "AUD", tuple(amounts.items()), held.number if held else 0), OLA.id)
    agreed(world)


def agreed(world: World, by: str = "") -> Any:
    """Where limits raise their author's own, somebody else agrees."""
    waits = care.limits_waiting(BRAND, world.herald)
    world.store.save(CAM)
    return run(world, c.AgreeLimits(BRAND, waits.number, waits.version), by or CAM.id) if waits else None


def resolved(world: World, amount: int = 0, currency: str = "AUD", by: str = MIA.id) -> Any:
    currency = currency if amount else ""
    return run(world, c.Resolve(CASE, "A new lamp.", "MOD 2.1", case(world).version, amount, currency), by)


def climbs(world: World) -> list[AuditEntry]:
    return [line for line in world.store.audit_of(care.CHAIN) if line.what == "care.overdue"]


def replies(world: World) -> list[Replied]:
    return world.store.shelf(Replied, BRAND, "2026-11")


# ---------------------------------------------------------------- kind and person


def test_a_complaint_is_an_unhappy_persons_until_somebody_says_otherwise(world: World) -> None:
    assert (handling(world).kind, handling(world).persona, handling(world).typed_by) == ("complaint", "unhappy", "")
    typed(world, "complaint", "angry")
    assert (handling(world).persona, handling(world).typed_by) == ("angry", MIA.id)


@pytest.mark.parametrize(("kind", "persona"), [("gossip", "angry"), ("complaint", "king")])
def test_there_are_five_kinds_and_six_persons_and_no_other(world: World, kind: str, persona: str) -> None:
    with pytest.raises(Refused) as refused:
        typed(world, kind, persona)
    assert refused.value.missing == "input"


def test_two_who_type_at_once_do_not_overwrite_each_other(world: World) -> None:
    seen = handling(world).version
    run(world, c.SetCaseType(CASE, "complaint", "angry", seen))
    with pytest.raises(Refused) as refused:
        run(world, c.SetCaseType(CASE, "review", "", seen), TED.id)
    assert refused.value.missing == "version"


def test_a_question_that_is_a_complaint_gets_the_clocks_of_one() -> None:
    world = a_complaint("when do you open?")
    assert handling(world).kind is PostKind.QUESTION
    assert handling(world).stages == ()
    typed(world, "complaint", "unhappy")
    assert [stage.id for stage in handling(world).stages] == STEPS


# ---------------------------------------------------------------- steps and replies


def test_a_reply_keeps_type_playbook_clause_steps_and_time(world: World) -> None:
    tick(world, "hear")
    world.clock.pass_(minutes=12)
    run(world, c.Reply("0123456789abcdef", MESSAGE, "Sorry!", case(world).version))
    (kept,) = replies(world)
    assert (kept.kind, kept.persona, kept.playbook, kept.steps) == ("complaint", "unhappy", 0, ("hear",))
    assert (kept.waited, kept.open_waited, kept.by) == (720, 720, MIA.id)
    facts = world.store.audit_of("people")[-1].facts
    assert (facts["kind"], facts["persona"], facts["waited"]) == ("complaint", "unhappy", 720)


def test_an_edit_while_it_waits_does_not_begin_the_waiting_anew(world: World) -> None:
    world.clock.pass_(minutes=90)
    again = edited(a_comment("my lamp is broken"), "my lamp is broken!", at=world.clock())
    world.store.apply(again, BRAND, world.clock())
    moderate([MESSAGE], world.herald, world.clock.pass_(seconds=5))
    message = world.store.message(MESSAGE)
    assert message is not None
    row = present.inbox_row(case(world), message, ACCOUNT, me=MIA.id, name=str, now=world.clock())
    run(world, c.Reply("0123456789abcdef", MESSAGE, "Sorry!", 1))
    queue_runs(world)
    waited = int(timedelta(minutes=90, seconds=5).total_seconds())
    (fact,) = world.store.responses(ACCOUNT.id, NOON, world.clock())
    assert (fact.waited, fact.open_waited, fact.met) == (waited, waited, True)
    assert [(one.waited, one.open_waited) for one in replies(world)] == [(waited, waited)]
    assert row["cells"]["used"] == {"bar": 37}  # 90 of the 240 minutes


def test_the_same_reply_twice_is_recorded_once(world: World) -> None:
    reply = c.Reply("0123456789abcdef", MESSAGE, "Sorry!", 1)
    run(world, reply)
    run(world, reply)
    assert len(replies(world)) == 1


def test_a_tick_can_be_taken_back_by_its_owner_only(world: World) -> None:
    tick(world, "hear")
    tick(world, "hear", TED.id, done=False)
    assert [taken.by for taken in handling(world).taken] == [MIA.id]
    tick(world, "hear", done=False)
    assert handling(world).taken == ()


def test_a_step_of_another_playbook_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="no such step"):
        tick(world, "agreed")


def test_a_reply_to_a_troll_needs_another_persons_agreement(world: World) -> None:
    typed(world, "troll", "troll", TED.id)
    reply = c.Reply("0123456789abcdef", MESSAGE, "We see it differently.", case(world).version)
    with pytest.raises(Refused) as refused:
        run(world, reply)
    assert refused.value.missing == "second_person"
    tick(world, "agreed")  # one's own agreement is none
    with pytest.raises(Refused):
        run(world, reply)
    with pytest.raises(Refused) as refused:
        tick(world, "agreed", TED.id)  # no role for it
    assert refused.value.missing == "role"
    tick(world, "agreed", OLA.id)
    assert run(world, reply).delivery_id


def test_only_who_is_answerable_for_complaints_takes_one_out_of_the_procedure(world: World) -> None:
    with pytest.raises(Refused, match="Only a customer service manager") as refused:
        typed(world, "question", "unhappy")
    assert refused.value.missing == "role"
    assert typed(world, "complaint", "angry")
    assert typed(world, "question", "unhappy", TED.id)


@pytest.mark.parametrize(
    ("text", "advised"),
    [
        ("From nine to five.", True),
        ("From nine to five: https://elsewhere.example/hours", True),
        ("Here: https://shop.example/hours", False),
        ("Here: https://shop.example/hours/sydney.", False),
        ("Here: https://shop.example/hoursandmore", True),
    ],
)
def test_an_answer_without_the_link_that_helps_gets_advice_and_is_sent(text: str, *, advised: bool) -> None:
    world = a_complaint("when do you open?")
    saved = (
        "- {id: hours, title: Hours, for: [question], text: Here, link: https://shop.example/hours, clause: MOD 2.1}"
    )
    run(world, c.SaveAnswers(BRAND, saved, 0))
    done = run(world, c.Reply("0123456789abcdef", MESSAGE, text, 1))
    assert ("no page that helps" in done.sentence) is advised
    assert (replies(world)[0].linked, bool(world.woken)) == (not advised, True)


# ---------------------------------------------------------------- the procedure


def test_a_complaints_clocks_run_in_business_time_from_the_customers_words(world: World) -> None:
    # noon on a Wednesday in Sydney, open 9 to 17: five hours are left of this day
    due = [stage.due_at.astimezone(UTC) for stage in handling(world).stages]
    assert due[0] == case(world).due_at == datetime(2026, 11, 18, 5, tzinfo=UTC)
    assert due[1:] == [
        datetime(2026, 11, 20, 1, tzinfo=UTC),  # 16 h: Friday noon
        datetime(2026, 11, 23, 1, tzinfo=UTC),  # 24 h: Monday noon
        datetime(2026, 11, 25, 1, tzinfo=UTC),  # 40 h: Wednesday noon
    ]


def test_the_answer_that_stands_is_the_acknowledgement(world: World) -> None:
    run(world, c.Reply("0123456789abcdef", MESSAGE, "Sorry!", 1))
    queue_runs(world)
    current = handling(world).current
    assert current is not None
    assert current.id == "investigate"


def test_who_was_acknowledged_without_an_answer_still_has_no_first_answer_and_the_sheet_says_so(world: World) -> None:
    acknowledged(world)
    world.clock.now = case(world).due_at + timedelta(minutes=5)
    (first, *_) = present_care.clocks(case(world), handling(world), world.clock())["rows"]
    assert (first["k"], first["pill"][0]) == ("First answer", "Overdue")
    assert present.standing(case(world), world.clock()) == "overdue"


def test_steps_go_in_order_and_the_last_is_the_outcome(world: World) -> None:
    with pytest.raises(Refused, match="First comes"):
        tick(world, "offer")
    for step in STEPS[:3]:
        tick(world, step)
    with pytest.raises(Refused, match="resolve the case"):
        tick(world, "outcome")
    resolved(world)
    kept = handling(world)
    assert (kept.ended, [stage.done_at is not None for stage in kept.stages]) == (True, [True] * 4)


@pytest.mark.parametrize(("outcome", "clause"), [("", "MOD 2.1"), ("A new lamp.", "")])
def test_no_case_is_closed_without_outcome_and_clause(world: World, outcome: str, clause: str) -> None:
    tick(world, "acknowledge")
    with pytest.raises(Refused) as refused:
        run(world, c.Resolve(CASE, outcome, clause, case(world).version))
    assert refused.value.missing == "input"


def test_a_complaint_nobody_acknowledged_is_not_closed(world: World) -> None:
    with pytest.raises(Refused, match="Acknowledge the complaint"):
        resolved(world)


def test_no_reply_closes_a_complaint_before_the_steps_it_cannot_be_closed_without() -> None:
    """Answering with an outcome is closing: it asks what Resolve asks, but that the answer itself acknowledges."""
    world = a_world()
    world.store.save(OLA)
    strict = own_book().replace("    within: 16h", "    within: 16h\n    must: yes")
    run(world, c.SavePlaybook(BRAND, strict, 0), OLA.id)
    world.store.apply(a_comment("my lamp is broken"), BRAND, NOON)
    moderate([MESSAGE], world.herald, NOON)
    closing = c.Reply("0123456789abcdef", MESSAGE, "Sorry!", case(world).version, "A new lamp.", "MOD 2.1")
    with pytest.raises(Refused, match="cannot be closed before") as refused:
        run(world, closing)
    assert refused.value.missing == "state"
    assert case(world).state is CaseState.OPEN
    tick(world, "acknowledge")
    tick(world, "investigate")
    run(world, replace(closing, expected=case(world).version))
    assert case(world).outcome == "A new lamp."


def test_an_overdue_step_climbs_to_its_role_once_and_the_list_is_exact(world: World) -> None:
    due = case(world).due_at
    world.clock.now = due
    assert care.overdue(BRAND, world.herald, world.clock()) == []
    assert care.climb(world.herald, world.clock()) == []
    world.clock.pass_(seconds=1)
    assert [h.case_id for h, _ in care.overdue(BRAND, world.herald, world.clock())] == [CASE]  # before any tick
    assert len(care.climb(world.herald, world.clock())) == 1
    assert care.climb(world.herald, world.clock.pass_(minutes=1)) == []
    (line,) = climbs(world)
    assert (line.what, line.subject, line.facts) == (
        "care.overdue", CASE, {"step": "acknowledge", "to": "customer_service_manager"},
    )  # fmt: skip
    ((kept, _),) = care.overdue(BRAND, world.herald, world.clock())
    assert kept.stages[0].told_at == due + timedelta(seconds=1)


def test_what_was_answered_in_time_climbs_nowhere_and_the_next_step_has_its_own_clock(world: World) -> None:
    run(world, c.Reply("0123456789abcdef", MESSAGE, "Sorry!", 1))
    queue_runs(world)
    world.clock.now = case(world).due_at + timedelta(minutes=1)
    assert care.climb(world.herald, world.clock()) == []
    assert care.overdue(BRAND, world.herald, world.clock()) == []
    world.clock.now = handling(world).stages[1].due_at + timedelta(minutes=1)
    (climbed,) = care.climb(world.herald, world.clock())
    assert climbed.current is not None
    assert climbed.current.id == "investigate"


def test_a_complaint_answered_too_late_climbs_again_when_its_next_step_is_overdue(world: World) -> None:
    world.clock.now = case(world).due_at + timedelta(seconds=1)
    assert len(care.climb(world.herald, world.clock())) == 1
    run(world, c.Reply("0123456789abcdef", MESSAGE, "Sorry!", 1))
    queue_runs(world)
    assert care.climb(world.herald, world.clock.pass_(minutes=1)) == []
    after = handling(world).stages[1].due_at
    world.clock.now = (after - timedelta(minutes=20)).replace(minute=40)
    assert care.warn(world.herald, world.clock()) == 1
    world.clock.now = after + timedelta(minutes=1)
    (climbed,) = care.climb(world.herald, world.clock())
    assert climbed.current is not None
    assert climbed.current.id == "investigate"
    assert [line.facts["step"] for line in climbs(world)] == ["acknowledge", "investigate"]


def test_what_is_resolved_or_withdrawn_is_never_overdue(world: World) -> None:
    run(world, c.Reply("0123456789abcdef", MESSAGE, "Sorry!", 1, "A new lamp.", "MOD 2.1"))
    queue_runs(world)
    world.clock.pass_(days=30)
    assert care.overdue(BRAND, world.herald, world.clock()) == []
    assert care.climb(world.herald, world.clock()) == []
    assert climbs(world) == []


def test_with_the_words_goes_what_was_thought_of_their_author(world: World) -> None:
    typed(world, "complaint", "angry")
    world.store.apply(deleted(a_comment("my lamp is broken"), at=NOON + timedelta(minutes=5)), BRAND, NOON)
    moderate([MESSAGE], world.herald, world.clock.pass_(minutes=6))
    kept = world.store.find(Handling, CASE, BRAND)
    assert kept is not None
    assert (kept.persona, kept.ended) == (None, True)


@pytest.mark.parametrize("stands", [True, False])
def test_words_taken_back_while_the_reply_is_on_its_way_leave_nobody_waiting(world: World, *, stands: bool) -> None:
    run(world, c.Reply("0123456789abcdef", MESSAGE, "Sorry!", 1))
    typed(world, "complaint", "angry")
    if stands:
        world.wall.script = ["drop"]  # the line dropped: looked up later
        queue_runs(world)
    world.store.apply(deleted(a_comment("my lamp is broken"), at=NOON + timedelta(minutes=1)), BRAND, NOON)
    moderate([MESSAGE], world.herald, world.clock.pass_(minutes=1))
    world.clock.pass_(minutes=2)
    queue_runs(world)
    closed = case(world)
    assert (closed.state, closed.outcome, closed.answered_at is not None) == (CaseState.RESOLVED, "withdrawn", stands)
    assert len(world.store.responses(ACCOUNT.id, NOON, world.clock())) == stands
    kept = world.store.find(Handling, CASE, BRAND)
    assert kept is not None
    assert (kept.persona, kept.ended) == (None, True)
    assert world.store.open_cases(BRAND, Work.ANSWER).items == ()


def edited_into(world: World, text: str) -> None:
    at = world.clock.pass_(minutes=5)
    world.store.apply(edited(a_comment(text), text, at=at), BRAND, at)
    moderate([MESSAGE], world.herald, at)


def test_a_question_edited_into_a_complaint_is_one_from_then_on_by_the_nearer_deadline() -> None:
    world = a_complaint("Do you ship?")
    world.store.save(Targets({"question": 240, "complaint": 60, "default": 240}))
    run(world, c.Claim(CASE, 1))
    edited_into(world, "my lamp is broken")
    now_one, held = case(world), handling(world)
    assert (now_one.type, now_one.state, now_one.owner, now_one.opened_at) == (
        "complaint", CaseState.CLAIMED, MIA.id, NOON,
    )  # fmt: skip
    assert now_one.due_at == held.stages[0].due_at == NOON + timedelta(minutes=65)
    edited_into(world, "Do you ship?")
    assert case(world) == now_one  # what was promised is not taken back by an edit


@pytest.mark.parametrize("outcome", ["", "Told."])
def test_an_answered_question_edited_into_a_complaint_waits_again(outcome: str) -> None:
    world = a_complaint("Do you ship?")
    typed(world, "question", "unhappy")
    run(world, c.Reply("0123456789abcdef", MESSAGE, "Yes!", 1, outcome, "MOD 2.1" if outcome else ""))
    queue_runs(world)
    before = case(world)
    edited_into(world, "Do you ship at last?")
    assert case(world) == before  # other words of the same kind were answered
    edited_into(world, "my lamp is broken")
    again = case(world)
    assert (again.state, again.type, again.owner, again.answered_at) == (CaseState.OPEN, "complaint", "", None)
    assert again.opened_at == world.clock()
    assert (handling(world).ended, [stage.id for stage in handling(world).stages]) == (False, STEPS)
    assert [one.id for one in world.store.open_cases(BRAND, Work.ANSWER).items] == [CASE]


def answered_on_the_wall(world: World, *, at: datetime, id: str = "77", mended: bool = False) -> Case:
    """Somebody of ours answers there, without Herald; the stream may tell of it only once they mended a slip."""
    ours = a_comment("We are so sorry!", id=id, at=at, author_id=PAGE, change=Change.OUTBOUND, parent_id=f"{PAGE}_1")
    world.store.apply(ours, BRAND, world.clock())
    if mended:
        world.store.apply(edited(replace(ours, more={"own": True}), "Sorry!", at=world.clock()), BRAND, world.clock())
    moderate([], world.herald, world.clock(), told=[m for m in [world.store.message(ours.message_id)] if m])
    return case(world)


@pytest.mark.parametrize("mended", [False, True])
def test_an_answer_on_the_platform_itself_answers(world: World, *, mended: bool) -> None:
    run(world, c.Claim(CASE, 1))
    world.clock.pass_(minutes=30)
    stood = NOON + timedelta(minutes=20)
    after = answered_on_the_wall(world, at=stood, mended=mended)
    assert (after.state, after.answered_at, after.owner) == (CaseState.ANSWERED, stood, MIA.id)
    assert handling(world).stages[0].done_at == stood
    (fact,) = world.store.responses(ACCOUNT.id, NOON, world.clock())
    assert (fact.waited, fact.open_waited, fact.met) == (1200, 1200, True)
    assert answered_on_the_wall(world, at=stood + timedelta(minutes=1), id="78") == after  # the first one counts
    assert len(world.store.responses(ACCOUNT.id, NOON, world.clock())) == 1
    assert [line.subject for line in world.store.audit_of(care.CHAIN) if line.what == "care.answered_there"] == [CASE]


def test_an_answer_that_comes_in_one_batch_with_its_question_ends_its_waiting() -> None:
    world = a_world()
    world.store.apply(a_comment("my lamp is broken"), BRAND, NOON)
    ours = a_comment("Sorry!", id="77", at=NOON, author_id=PAGE, change=Change.OUTBOUND, parent_id=f"{PAGE}_1")
    world.store.apply(ours, BRAND, NOON)
    moderate([MESSAGE, ours.message_id], world.herald, NOON)
    assert case(world).state is CaseState.ANSWERED


def ours_said(world: World, text: str = "Sorry!", **changed: Any) -> str:
    """Words, or what else, of ours under the customer's message, as the stream tells of them; the id."""
    event = a_comment(text, id="77", at=world.clock(), author_id=PAGE, change=Change.OUTBOUND, parent_id=f"{PAGE}_1")
    event = replace(event, **changed)
    world.store.apply(event, BRAND, world.clock())
    told_by_the_stream(world, event.message_id)
    return event.message_id


def told_by_the_stream(world: World, message_id: str) -> None:
    moderate([], world.herald, world.clock(), told=[m for m in [world.store.message(message_id)] if m])


def unread_until_later(world: World, monkeypatch: pytest.MonkeyPatch, told: Event) -> None:
    """The message comes, and judging it fails: it is parked."""
    with monkeypatch.context() as broken:
        broken.setattr("herald.flows.moderate.decide", lambda *_, **__: 1 / 0)
        world.store.apply(told, BRAND, world.clock())
        moderate([told.message_id], world.herald, world.clock())


def test_an_answer_to_a_question_that_could_not_be_judged_yet_counts_once_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = a_world()
    unread_until_later(world, monkeypatch, a_comment("my lamp is broken"))
    answered = world.clock.pass_(seconds=20)
    ours = ours_said(world)
    told_by_the_stream(world, ours)  # of the write that parked it
    assert world.store.case(CASE) is None
    retry_parked(world.herald, world.clock.pass_(hours=20))
    assert (case(world).state, case(world).answered_at) == (CaseState.ANSWERED, answered)
    told_by_the_stream(world, ours)
    assert retry_parked(world.herald, world.clock.pass_(hours=20)) == []
    assert world.store.parked(world.clock()) == []
    assert care.climb(world.herald, world.clock()) == []
    assert len(world.store.responses(ACCOUNT.id, NOON, world.clock())) == 1


def test_an_answer_that_comes_before_its_question_counts_once_that_is_there() -> None:
    world = a_world()
    world.clock.pass_(seconds=20)
    ours_said(world)
    world.store.apply(a_comment("my lamp is broken"), BRAND, world.clock())
    moderate([MESSAGE], world.herald, world.clock())
    assert case(world).state is CaseState.OPEN
    retry_parked(world.herald, world.clock.pass_(minutes=1))
    assert case(world).state is CaseState.ANSWERED


def test_an_answer_to_words_that_an_edit_just_made_a_complaint_counts_once_the_edit_is_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = a_complaint("Do you ship?")
    edit = edited(a_comment("Do you ship?"), "my lamp is broken", at=world.clock.pass_(minutes=5))
    unread_until_later(world, monkeypatch, edit)
    world.clock.pass_(minutes=1)
    ours_said(world)
    retry_parked(world.herald, world.clock.pass_(hours=1))
    assert (case(world).type, case(world).state) == ("complaint", CaseState.ANSWERED)


def parked(world: World, message_id: str) -> datetime | None:
    message = world.store.message(message_id)
    assert message is not None
    return message.parked_until


def test_an_answer_to_words_that_never_come_is_not_waited_with_for_ever() -> None:
    world = a_world()
    ours = ours_said(world)
    began, tries = world.clock(), 0
    while (due := parked(world, ours)) is not None:
        tries += 1
        assert due - world.clock() <= timedelta(hours=1)
        world.clock.pass_(seconds=(due - world.clock()).total_seconds())
        retry_parked(world.herald, world.clock())
        told_by_the_stream(world, ours)
    assert timedelta(days=1) <= world.clock() - began < timedelta(hours=25)
    assert tries < 40
    message = world.store.message(ours)
    assert message is not None
    assert (message.attempts, message.error) == (0, "")


def test_an_answer_to_a_question_that_is_told_hours_late_counts() -> None:
    world = a_world()
    world.clock.pass_(seconds=20)
    ours = ours_said(world)
    for _ in range(5 * 60):
        retry_parked(world.herald, world.clock.pass_(minutes=1))
        told_by_the_stream(world, ours)
    world.store.apply(a_comment("my lamp is broken"), BRAND, world.clock())
    moderate([MESSAGE], world.herald, world.clock())
    assert case(world).state is CaseState.OPEN
    retry_parked(world.herald, world.clock.pass_(hours=1))
    assert (case(world).state, case(world).answered_at) == (CaseState.ANSWERED, NOON + timedelta(seconds=20))
    assert parked(world, ours) is None


def test_who_redrives_often_does_not_use_up_the_patience_with_a_late_question() -> None:
    world = a_world()
    world.clock.pass_(seconds=20)
    ours_said(world)
    for _ in range(9):
        list(undecided(world.herald, [], world.clock()))
    world.store.apply(a_comment("my lamp is broken"), BRAND, world.clock())
    moderate([MESSAGE], world.herald, world.clock())
    retry_parked(world.herald, world.clock.pass_(minutes=1))
    assert case(world).state is CaseState.ANSWERED


def test_what_we_say_under_a_post_itself_answers_nobody_and_waits_for_nothing() -> None:
    world = a_world()
    post = f"{PAGE}_post"
    assert parked(world, ours_said(world, parent_id=post, more={"thread_id": post})) is None


def test_where_we_are_asked_in_posts_an_answer_under_a_post_waits_for_it() -> None:
    world = a_world()
    world.herald = replace(world.herald, echoers={"mastodon": None})
    told = {"platform": "mastodon", "parent_id": "70", "more": {"thread_id": "70"}}
    assert parked(world, ours_said(world, **told)) == world.clock() + timedelta(minutes=1)


@pytest.mark.parametrize("fails", [True, False])
def test_who_answers_there_while_a_reply_from_here_is_on_its_way_is_heard_if_that_fails(*, fails: bool) -> None:
    world = a_complaint("Do you ship?")
    run(world, c.Reply("0123456789abcdef", MESSAGE, "Yes!", 1))
    answered = world.clock.pass_(seconds=5)
    ours = ours_said(world)
    assert case(world).state is CaseState.ANSWERING
    world.wall.script = [Rejected("no")] if fails else []
    world.clock.pass_(seconds=5)
    queue_runs(world)
    assert case(world).state is (CaseState.CLAIMED if fails else CaseState.ANSWERED)
    retry_parked(world.herald, world.clock.pass_(minutes=1))
    stood = answered if fails else answered + timedelta(seconds=5)
    assert (case(world).state, case(world).answered_at) == (CaseState.ANSWERED, stood)
    assert parked(world, ours) is None
    assert len(world.store.responses(ACCOUNT.id, NOON, world.clock())) == 1


def test_that_we_like_what_a_customer_said_answers_nothing(world: World) -> None:
    world.clock.pass_(minutes=1)
    ours_said(world, "LIKE", kind=Kind.REACTION)
    assert case(world).state is CaseState.OPEN


def test_an_answer_whose_case_moves_under_every_try_is_told_of(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def moved(*_: object) -> None:
        raise Stale("moved")

    monkeypatch.setattr("herald.flows.moderate.commit_audited", moved)
    ours = a_comment("Sorry!", id="77", at=NOON, author_id=PAGE, change=Change.OUTBOUND, parent_id=f"{PAGE}_1")
    world.store.apply(ours, BRAND, NOON)
    (told,) = moderate([ours.message_id], world.herald, NOON)
    assert (told.message_id, told.result) == (ours.message_id, "unheard")
    assert case(world).state is CaseState.OPEN


def test_what_was_said_before_an_edit_answers_nothing_of_it(world: World) -> None:
    edit = edited(a_comment("my lamp is broken"), "my lamp is broken and smells", at=NOON + timedelta(minutes=5))
    world.clock.pass_(minutes=6)
    world.store.apply(edit, BRAND, world.clock())
    moderate([MESSAGE], world.herald, world.clock())
    assert answered_on_the_wall(world, at=edit.created_at - timedelta(seconds=1)).state is CaseState.OPEN
    assert answered_on_the_wall(world, at=edit.created_at, id="78").answered_at == edit.created_at


def test_an_edit_dated_ahead_is_answered_by_what_was_said_since_it_was_judged(world: World) -> None:
    edit = edited(a_comment("my lamp is broken"), "my lamp is broken and smells", at=NOON + timedelta(days=365))
    before, judged = world.clock(), world.clock.pass_(minutes=6)
    world.store.apply(edit, BRAND, judged)
    moderate([MESSAGE], world.herald, judged)
    world.clock.pass_(minutes=6)
    assert answered_on_the_wall(world, at=before).state is CaseState.OPEN
    assert answered_on_the_wall(world, at=judged, id="78").answered_at == judged


def test_an_answer_by_a_slow_clock_counts_since_the_customers_words(world: World) -> None:
    after = answered_on_the_wall(world, at=NOON - timedelta(minutes=3))
    assert (after.state, after.answered_at) == (CaseState.ANSWERED, NOON)
    (fact,) = world.store.responses(ACCOUNT.id, NOON, world.clock() + timedelta(minutes=1))
    assert (fact.waited, fact.met) == (0, True)


def test_what_herald_itself_sent_answers_nothing_more(world: World) -> None:
    world.store.commit([Posted("facebook_page", f"{PAGE}_79", "reply~of~ours")])  # as for a right that was asked for
    assert answered_on_the_wall(world, at=NOON + timedelta(seconds=9), id="79").state is CaseState.OPEN
    run(world, c.Reply("0123456789abcdef", MESSAGE, "Sorry!", 1))
    assert answered_on_the_wall(world, at=world.clock(), id="r1").state is CaseState.ANSWERING  # its echo came first
    queue_runs(world)
    assert case(world).state is CaseState.ANSWERED
    assert len(world.store.responses(ACCOUNT.id, NOON, world.clock())) == 1


# ---------------------------------------------------------------- remedies and limits


def acknowledged(world: World) -> None:
    tick(world, "acknowledge")


def remedy(world: World) -> Remedy:
    found = care.newest_remedy(case(world), world.herald)
    assert found is not None
    return found


def approve(world: World, by: str, *, yes: bool = True, reason: str = "") -> Any:
    return run(world, c.ApproveOutcome(CASE, remedy(world).n, yes, remedy(world).version, reason), by)


def test_within_the_limit_a_remedy_is_given_at_once(world: World) -> None:
    limited(world, community_manager=20_000)
    acknowledged(world)
    resolved(world, 20_000)
    assert (case(world).state, remedy(world).state, remedy(world).limits) == (CaseState.RESOLVED, RemedyState.GIVEN, 1)


def test_over_the_limit_it_waits_for_a_higher_one(world: World) -> None:
    limited(world, community_manager=20_000, customer_service_manager=50_000)
    acknowledged(world)
    done = resolved(world, 20_001)
    assert "AUD 200.01 is over your limit" in done.sentence
    assert case(world).state is CaseState.CLAIMED
    assert [waits.amount for waits in care.waiting_remedies(BRAND, world.herald)] == [20_001]
    approve(world, TED.id)
    assert (case(world).state, case(world).resolved_by, remedy(world).decided_by) == (
        CaseState.RESOLVED, MIA.id, TED.id,
    )  # fmt: skip
    assert care.waiting_remedies(BRAND, world.herald) == []


def test_nobody_approves_their_own_or_what_is_over_their_own_limit(world: World) -> None:
    limited(world, community_manager=100, customer_service_manager=200, owner=100_000)
    acknowledged(world)
    resolved(world, 500)
    for by, missing in ((MIA.id, "second_person"), (TED.id, "limit")):
        with pytest.raises(Refused) as refused:
            approve(world, by)
        assert refused.value.missing == missing
    limited(world, community_manager=1_000, customer_service_manager=200, owner=100_000)
    with pytest.raises(Refused) as refused:  # also after the limit rose
        approve(world, MIA.id)
    assert refused.value.missing == "second_person"


def test_a_remedy_is_not_approved_by_limits_in_another_currency(world: World) -> None:
    limited(world, community_manager=100, owner=1_000)
    acknowledged(world)
    resolved(world, 500)
    run(world, c.SaveLimits(BRAND, "IDR", (("owner", 90_000_000), ("customer_service_manager", 9_000_000)), 1), OLA.id)
    agreed(world)
    with pytest.raises(Refused, match="in IDR now") as refused:
        approve(world, TED.id)
    assert refused.value.missing == "limit"
    approve(world, TED.id, yes=False, reason="To be proposed anew.")
    assert remedy(world).state is RemedyState.REFUSED


def test_while_one_outcome_waits_there_is_no_other(world: World) -> None:
    limited(world, community_manager=100, owner=100_000)
    acknowledged(world)
    resolved(world, 500)
    with pytest.raises(Refused, match="waits for approval"):
        resolved(world)
    with pytest.raises(Refused, match="waits for approval"):
        run(world, c.Reply("0123456789abcdef", MESSAGE, "Done!", case(world).version, "Refunded.", "MOD 2.1"))
    with pytest.raises(Refused, match="Say why not"):
        approve(world, OLA.id, yes=False)
    approve(world, OLA.id, yes=False, reason="A new lamp is enough.")
    assert (case(world).state, remedy(world).state) == (CaseState.CLAIMED, RemedyState.REFUSED)
    resolved(world)
    assert case(world).state is CaseState.RESOLVED


@pytest.mark.parametrize(
    ("amount", "currency", "missing"), [(500, "EUR", "input"), (-5, "AUD", "input"), (10**9, "AUD", "input")]
)
def test_an_amount_that_is_none_is_refused(world: World, amount: int, currency: str, missing: str) -> None:
    limited(world, community_manager=1000)
    acknowledged(world)
    with pytest.raises(Refused) as refused:
        resolved(world, amount, currency)
    assert refused.value.missing == missing


def test_without_limits_nobody_gives_money(world: World) -> None:
    acknowledged(world)
    with pytest.raises(Refused) as refused:
        resolved(world, 1)
    assert refused.value.missing == "limit"


def test_limits_are_versions_and_only_the_owner_saves_them(world: World) -> None:
    limited(world, community_manager=100)
    limited(world, community_manager=200)
    held = care.limits_of(BRAND, world.herald)
    assert held is not None
    assert (held.number, held.amounts, held.by) == (2, {"community_manager": 200}, OLA.id)
    for command, by, missing in (
        (c.SaveLimits(BRAND, "AUD", (("community_manager", 10**6),), 2), MIA.id, "role"),
        (c.SaveLimits(BRAND, "AUD", (("community_manager", 1),), 1), OLA.id, "version"),
        (c.SaveLimits(BRAND, "aud", (), 2), OLA.id, "input"),
        (c.SaveLimits(BRAND, "AUD", (("king", 1),), 2), OLA.id, "input"),
        (c.SaveLimits(BRAND, "AUD", (("owner", -1),), 2), OLA.id, "input"),
    ):
        with pytest.raises(Refused) as refused:
            run(world, command, by)
        assert refused.value.missing == missing


# ---------------------------------------------------------------- saved playbooks and answers


def own_book(clause: str = "MOD 2.1") -> str:
    text = playbooks.shipped()
    for named in ("SOCIAL 2.1", "SOCIAL 2.3", "MOD 2.2", "COMPLAINTS 1.2", "MOD 6.1"):
        text = text.replace(named, clause)
    return text


def test_a_saved_playbook_holds_for_cases_from_then_on(world: World) -> None:
    run(world, c.SavePlaybook(BRAND, own_book(), 0), OLA.id)
    assert casebook.book_of(BRAND, world.herald)[1] == 1
    assert handling(world).playbook == 0  # the complaint began with the shipped one
    world.store.apply(replace(a_comment("refund me", id="2")), BRAND, NOON)
    moderate([f"{MESSAGE[:-1]}2"], world.herald, NOON)
    newer = world.store.find(Handling, f"{CASE[:-1]}2", BRAND)
    assert newer is not None
    assert newer.playbook == 1


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (c.SavePlaybook(BRAND, own_book("MOD 9.9"), 0), "Line 6: "),
        (c.SavePlaybook(BRAND, "kinds: []", 0), "Line 1: "),
        (c.SaveAnswers(BRAND, "- {id: a, title: b, for: [c], text: d, link: http://x.example, clause: MOD 2.1}", 0),
         "Line 1: link must be"),
        (c.SaveAnswers(BRAND, "\n- {id: a, title: b, for: c, text: d, link: https://x.example, clause: NO 1}", 0),
         "Line 2: "),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_line(world: World, command: Any, told: str) -> None:
    with pytest.raises(Refused) as refused:
        run(world, command, OLA.id)
    assert (refused.value.missing, str(refused.value)[: len(told)]) == ("input", told)


def test_a_marketer_saves_neither() -> None:
    world = a_world()
    for command in (c.SavePlaybook(BRAND, own_book(), 0), c.SaveAnswers(BRAND, "[]", 0)):
        with pytest.raises(Refused) as refused:
            run(world, command, "ana")
        assert refused.value.missing == "role"


# ---------------------------------------------------------------- one's own limit


def test_an_owner_does_not_raise_their_own_limit_alone(world: World) -> None:
    limited(world, community_manager=100)
    done = run(world, c.SaveLimits(BRAND, "AUD", (("community_manager", 100), ("owner", 50_000)), 1), OLA.id)
    assert "another owner or compliance must agree" in done.sentence
    held, waits = care.limits_of(BRAND, world.herald), care.limits_waiting(BRAND, world.herald)
    assert held is not None
    assert waits is not None
    assert (held.number, waits.number, waits.by) == (1, 2, OLA.id)
    for by, missing in ((OLA.id, "second_person"), (MIA.id, "role"), (TED.id, "role")):
        with pytest.raises(Refused) as refused:
            agreed(world, by)
        assert refused.value.missing == missing
    agreed(world)
    held = care.limits_of(BRAND, world.herald)
    assert held is not None
    assert (held.number, held.amounts["owner"], held.agreed_by) == (2, 50_000, CAM.id)
    assert care.limits_waiting(BRAND, world.herald) is None
    line = world.store.audit_of("people")[-1]
    assert (line.what, line.actor, line.facts["by"]) == ("AgreeLimits", CAM.id, OLA.id)


@pytest.mark.parametrize(
    ("currency", "amounts", "waits"),
    [
        ("AUD", {"owner": 1_000}, False), ("AUD", {"owner": 999}, False), ("AUD", {"owner": 1_001}, True),
        ("AUD", {"owner": 1_000, "customer_service_manager": 9_000}, False), ("NZD", {"owner": 1}, True),
        ("NZD", {"community_manager": 1}, False),
    ],
)  # fmt: skip
def test_only_limits_that_raise_ones_own_or_are_in_another_currency_wait(
    world: World, currency: str, amounts: dict[str, int], waits: bool
) -> None:
    limited(world, owner=1_000)
    run(world, c.SaveLimits(BRAND, currency, tuple(amounts.items()), 1), OLA.id)
    assert (care.limits_waiting(BRAND, world.herald) is not None) is waits


def test_of_two_roles_the_higher_limit_is_ones_own(world: World) -> None:
    world.store.save(replace(OLA, roles=frozenset({Role.OWNER, Role.CUSTOMER_SERVICE_MANAGER})))
    limited(world, owner=1_000)
    run(world, c.SaveLimits(BRAND, "AUD", (("customer_service_manager", 2_000),), 1), OLA.id)
    assert care.limits_waiting(BRAND, world.herald) is not None


def test_limits_that_wait_give_nothing_and_are_replaced_by_the_next_and_never_agreed_unseen(world: World) -> None:
    run(world, c.SaveLimits(BRAND, "AUD", (("owner", 50_000), ("community_manager", 10_000)), 0), OLA.id)
    acknowledged(world)
    with pytest.raises(Refused, match="No limits are set"):
        resolved(world, 100)
    seen = care.limits_waiting(BRAND, world.herald)
    assert seen is not None
    run(world, c.SaveLimits(BRAND, "AUD", (("owner", 99_000_000),), 0), OLA.id)
    with pytest.raises(Refused) as refused:
        run(world, c.AgreeLimits(BRAND, 1, seen.version), CAM.id)
    assert refused.value.missing == "version"
    run(world, c.SaveLimits(BRAND, "AUD", (("community_manager", 10_000),), 0), OLA.id)
    assert care.limits_waiting(BRAND, world.herald) is None
    held = care.limits_of(BRAND, world.herald)
    assert held is not None
    assert (held.number, held.amounts) == (1, {"community_manager": 10_000})
    with pytest.raises(Refused, match="No limits wait"):
        run(world, c.AgreeLimits(BRAND, 1, held.version), CAM.id)


# ---------------------------------------------------------------- one customer, one month


def another(world: World, n: int, author: str = "u1", platform: str = "facebook_page") -> str:
    """A further case, on a question of this customer's: a remedy needs no step of the procedure before it."""
    event = a_comment("when do you open?", id=f"q{n}", author_id=author, platform=platform)
    world.store.apply(event, BRAND, world.clock())
    moderate([event.message_id], world.herald, world.clock())
    return case_id(event.message_id, Work.ANSWER)


def gives(world: World, of: str, amount: int, by: str = MIA.id) -> Any:
    there = world.store.case(of)
    assert there is not None
    return run(world, c.Resolve(of, "A new lamp.", "MOD 2.1", there.version, amount, "AUD"), by)


def outcome(world: World, of: str) -> Remedy:
    (found,) = world.store.shelf(Remedy, of, newest=True, limit=1)
    return found


def test_what_one_customer_gets_in_a_month_counts_over_all_cases_and_all_who_give(world: World) -> None:
    limited(world, community_manager=10_000, customer_service_manager=10_000, owner=100_000)
    one, two, three, other = (another(world, n, "u9" if n == 3 else "u1") for n in range(4))
    gives(world, one, 6_000)
    gives(world, two, 4_000, TED.id)
    done = gives(world, three, 1)
    assert "AUD 0.01, with AUD 100.00 given to this customer this month, is over your limit" in done.sentence
    assert outcome(world, three).state is RemedyState.WAITS
    gives(world, other, 10_000)  # another customer
    assert [outcome(world, of).state for of in (one, two, other)] == [RemedyState.GIVEN] * 3


def test_a_new_month_begins_anew_and_what_was_approved_counts_in_the_month_it_was_given(world: World) -> None:
    limited(world, community_manager=10_000, owner=100_000)
    one, two, three = (another(world, n) for n in range(3))
    gives(world, one, 12_000)
    world.clock.now = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
    waits = outcome(world, one)
    run(world, c.ApproveOutcome(one, waits.n, True, waits.version), OLA.id)
    gives(world, two, 5_000)
    assert outcome(world, two).state is RemedyState.WAITS
    world.clock.now = datetime(2027, 1, 1, 0, 0, tzinfo=UTC)
    gives(world, three, 10_000)
    assert outcome(world, three).state is RemedyState.GIVEN


def test_a_month_of_gifts_begins_at_midnight_by_the_brands_own_clock(world: World) -> None:
    world.store.save(replace(ACCOUNT, platform="shopify", account_id="a", timezone="UTC"))  # shops count in no report
    world.store.save(replace(ACCOUNT, platform="shopify", account_id="b", timezone="UTC"))
    world.store.save(replace(ACCOUNT, platform="shopify", account_id="c", timezone="UTC"))
    limited(world, community_manager=10_000, owner=100_000)
    one, two, three = (another(world, n) for n in range(3))
    for of, at, state in (
        (one, datetime(2026, 11, 30, 12, 59, tzinfo=UTC), RemedyState.GIVEN),  # a minute to December in Sydney
        (two, datetime(2026, 11, 30, 13, 0, tzinfo=UTC), RemedyState.GIVEN),
        (three, datetime(2026, 12, 1, 0, 0, tzinfo=UTC), RemedyState.WAITS),
    ):
        world.clock.now = at
        gives(world, of, 10_000)
        assert outcome(world, of).state is state


def test_who_approves_is_held_to_the_month_of_the_customer_too(world: World) -> None:
    limited(world, community_manager=100, customer_service_manager=10_000, owner=100_000)
    one, two = another(world, 1), another(world, 2)
    for of in (one, two):
        gives(world, of, 6_000)
    waits = outcome(world, one)
    run(world, c.ApproveOutcome(one, waits.n, True, waits.version), TED.id)
    waits = outcome(world, two)
    with pytest.raises(Refused, match=r"with AUD 60\.00 given .* over your own limit") as refused:
        run(world, c.ApproveOutcome(two, waits.n, True, waits.version), TED.id)
    assert refused.value.missing == "limit"
    run(world, c.ApproveOutcome(two, waits.n, True, waits.version), OLA.id)
    assert outcome(world, two).state is RemedyState.GIVEN


def test_two_who_give_to_one_customer_at_once_do_not_give_more_than_the_limit(world: World) -> None:
    limited(world, community_manager=10_000, customer_service_manager=10_000, owner=100_000)
    one, two = another(world, 1), another(world, 2)
    commit, done = world.store.commit, list[int]()

    def between(changes: Any) -> None:
        if not done:
            done.append(1)
            gives(world, two, 6_000, TED.id)
        commit(changes)

    world.store.commit = between  # type: ignore[method-assign]
    gives(world, one, 6_000)
    states = {outcome(world, of).state for of in (one, two)}
    assert (done, states) == ([1], {RemedyState.GIVEN, RemedyState.WAITS})


def test_a_customers_month_is_one_read_and_its_row_tells_nobody_who_they_are(world: World) -> None:
    limited(world, community_manager=100_000)
    for n in range(5):
        gives(world, another(world, n), 100)
    got = list[Any]()
    get, query = world.db.get, world.db.query
    world.db.get = lambda key: got.append(key) or get(key)  # type: ignore[method-assign]
    world.db.query = lambda *a, **m: got.append(a) or query(*a, **m)  # type: ignore[method-assign]
    gives(world, another(world, 9), 100)
    assert len([one for one in got if str(one[1]).startswith("GIVENTO#")]) == 1
    (row,) = [item for item in world.db.everything()["Messages"] if item["pk"].startswith("GIVENTO#")]  # type: ignore[attr-defined]
    assert (row["amount"], row["month"]) == (600, "2026-11")
    assert "u1" not in row["pk"]
    assert row["ttl"] > world.clock().timestamp() + 31 * 86_400


def test_the_dialog_says_what_may_still_be_given() -> None:
    assert present_care.room_left(20_000, 0, "AUD") == (
        "You may give this customer AUD 200.00 more this month (your limit is AUD 200.00)."
    )
    assert "AUD 50.00 more this month (your limit is AUD 200.00; AUD 150.00 was given" in present_care.room_left(
        20_000, 15_000, "AUD"
    )
    assert "AUD 0.00 more" in present_care.room_left(20_000, 35_000, "AUD")
    assert present_care.room_left(0, 0, "AUD").startswith("You may give nothing by yourself")
