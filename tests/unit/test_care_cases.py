"""Which message opens which case, by when, and what may happen to a case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from herald.care import cases
from herald.errors import Refused
from herald.model import (
    Account,
    Act,
    Action,
    Case,
    CaseState,
    ClauseRef,
    Decision,
    Escalation,
    Kind,
    Message,
    Severity,
    Targets,
    Work,
)

ALL = frozenset(Act)
SHOP = Account(
    "facebook_page", "1", "Example Shop", "example", timezone="Australia/Sydney", hours="Mon-Fri 09:00-17:00"
)
TARGETS = Targets({"complaint": 120, "question": 240, "review": 480, "default": 60})
MONDAY_10 = datetime(2026, 11, 22, 23, tzinfo=UTC)  # Monday 23 November, 10:00 in Sydney
GROUND = ClauseRef("COMPLAINTS", "4.1", 1)


def a_message(**more: object) -> Message:
    row = Message(
        platform="facebook_page", account_id="1", external_id="1_2", kind=Kind.COMMENT, author_id="9",
        author_name="Ada Example", text="Where is my order?", parent_id="1_1", created_at=MONDAY_10,
        changed_at=MONDAY_10, received_at=MONDAY_10,
    )  # fmt: skip
    return replace(row, **more)  # type: ignore[arg-type]


def a_decision(*labels: str, action: Action = Action.ALLOW, **more: object) -> Decision:
    judged = Decision("0" * 16, action, Severity.LOW, MONDAY_10, "rules", "r1", labels=labels)
    return replace(judged, **more)  # type: ignore[arg-type]


def opened(message: Message, decision: Decision, can: frozenset[Act] = ALL, now: datetime = MONDAY_10) -> list[Case]:
    return cases.cases_for(message, decision, SHOP, TARGETS, can=can, now=now)


def a_case(**more: object) -> Case:
    [case] = opened(a_message(), a_decision("complaint"))
    return replace(case, **more)  # type: ignore[arg-type]


# ---------------------------------------------------------------- opening


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("complaint",), "complaint"),
        (("question",), "question"),
        (("review",), "review"),
        (("question", "complaint"), "complaint"),
        (("review", "praise", "question"), "question"),
        (("praise",), None),
        (("praise", "question"), "question"),
        ((), None),
        (("insult",), None),
    ],
)
def test_a_message_that_waits_for_an_answer_opens_a_case_of_its_weightiest_label(labels, expected):
    found = opened(a_message(), a_decision(*labels))
    assert [case.type for case in found] == ([expected] if expected else [])
    assert all(case.work is Work.ANSWER and case.state is CaseState.OPEN for case in found)


def test_the_answer_is_due_in_business_hours_from_when_the_customer_wrote():
    friday = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)  # 16:30 in Sydney
    message = a_message(created_at=friday, changed_at=friday)
    [case] = opened(message, a_decision("complaint"), now=friday + timedelta(seconds=4))
    assert case.due_at == datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # Monday 10:30
    assert case.due_at.utcoffset() == timedelta(0)


def test_an_edited_message_is_due_from_its_edit_and_one_from_the_future_from_now():
    edited = a_message(edited=True, changed_at=MONDAY_10 + timedelta(hours=1))
    assert opened(edited, a_decision("complaint"), now=MONDAY_10 + timedelta(hours=1))[0].due_at == (
        MONDAY_10 + timedelta(hours=3)
    )
    ahead = a_message(created_at=MONDAY_10 + timedelta(days=300))
    assert opened(ahead, a_decision("complaint"))[0].due_at == MONDAY_10 + timedelta(hours=2)


def test_a_message_found_late_is_overdue_and_says_so():
    [case] = opened(a_message(), a_decision("complaint"), now=MONDAY_10 + timedelta(days=3))
    assert case.due_at == MONDAY_10 + timedelta(hours=2)
    assert case.opened_at == MONDAY_10 + timedelta(days=3)


def test_an_unsure_rule_asks_a_person_to_decide_each_content_once():
    unsure = a_decision("question", action=Action.QUEUE)
    answer, review = opened(a_message(), unsure)
    assert (answer.work, review.work, review.type) == (Work.ANSWER, Work.REVIEW, "decide")
    assert review.due_at == MONDAY_10 + timedelta(minutes=60)
    other_words = opened(a_message(text="And where is it now?"), unsure)
    assert other_words[0].id == answer.id
    assert other_words[1].id != review.id


def test_what_is_hidden_to_protect_its_author_still_gets_an_answer():
    protective = a_decision("personal_data", "question", action=Action.HIDE)
    assert [case.type for case in opened(a_message(), protective)] == ["question"]


def test_what_is_hidden_gets_an_answer_only_if_it_is_a_complaint():
    hidden = {"action": Action.HIDE}
    assert opened(a_message(), a_decision("question", **hidden)) == []
    assert opened(a_message(), a_decision("review", "insult", **hidden)) == []
    assert [c.type for c in opened(a_message(), a_decision("insult", "complaint", **hidden))] == ["complaint"]


def test_where_the_platform_cannot_hide_a_person_is_told_what_to_do():
    [task] = opened(a_message(platform="webhook"), a_decision(action=Action.HIDE), can=frozenset({Act.REPLY}))
    assert (task.work, task.type) == (Work.TASK, "hide")
    assert "by hand" in task.note
    assert "Webhook" in task.note


def test_hiding_and_showing_by_hand_are_two_tasks_on_the_same_words():
    arguments = (a_message(), a_decision(), SHOP, TARGETS)
    by_rule = [Act.HIDE, Act.UNHIDE, Act.REPLY]  # deleting and blocking are people's own acts, done or refused at once
    ids = {cases.by_hand(*arguments, act=act, now=MONDAY_10).id for act in by_rule}
    assert len(ids) == len(by_rule)


@pytest.mark.parametrize("more", [{"deleted": True}, {"outbound": True}, {"kind": Kind.REACTION}])
def test_what_nobody_said_or_is_gone_opens_nothing(more):
    assert opened(a_message(**more), a_decision("complaint", action=Action.QUEUE), can=frozenset()) == []


def test_the_same_message_judged_again_derives_the_same_ids():
    for action in Action:
        first = opened(a_message(), a_decision("complaint", action=action), can=frozenset())
        again = opened(
            a_message(), a_decision("complaint", action=action), can=frozenset(), now=MONDAY_10 + timedelta(days=1)
        )
        assert [c.id for c in first] == [c.id for c in again]


@pytest.mark.parametrize(
    ("severity", "minutes", "due_minutes"),
    [
        (Severity.CRITICAL, 15, 15),
        (Severity.HIGH, 30, 30),
        (Severity.HIGH, 500, 120),  # the target is sooner: it stays
        (Severity.MEDIUM, 15, 120),  # not severe enough to shorten
    ],
)
def test_an_escalation_of_high_severity_shortens_the_deadline_by_the_wall_clock(severity, minutes, due_minutes):
    decision = a_decision("complaint", severity=severity, escalate=Escalation("compliance", minutes, Severity.NONE))
    assert opened(a_message(), decision)[0].due_at == MONDAY_10 + timedelta(minutes=due_minutes)


def test_an_escalation_does_not_wait_for_the_shop_to_open():
    saturday = datetime(2026, 11, 21, 2, tzinfo=UTC)
    decision = a_decision("complaint", severity=Severity.CRITICAL, escalate=Escalation("owner", 30, Severity.CRITICAL))
    [case] = opened(a_message(created_at=saturday), decision, now=saturday)
    assert case.due_at == saturday + timedelta(minutes=30)


def test_what_is_grave_and_waits_for_a_decision_keeps_no_office_hours_though_no_rule_names_minutes():
    saturday = datetime(2026, 11, 21, 2, tzinfo=UTC)
    grave = a_decision(severity=Severity.HIGH, action=Action.QUEUE)
    [case] = opened(a_message(created_at=saturday), grave, now=saturday)
    assert case.due_at == saturday + timedelta(minutes=TARGETS.of("decide"))
    slight = replace(grave, severity=Severity.MEDIUM)
    [case] = opened(a_message(created_at=saturday), slight, now=saturday)
    assert case.due_at > saturday + timedelta(days=1)  # Monday


# ---------------------------------------------------------------- what may happen to a case


def refused(missing: str, *words: str):
    return pytest.raises(Refused, check=lambda e: e.missing == missing and all(word in str(e) for word in words))


def test_a_claimed_case_belongs_to_one_person():
    claimed = cases.claim(a_case(), "priya", MONDAY_10)
    assert (claimed.state, claimed.owner) == (CaseState.CLAIMED, "priya")
    assert cases.claim(claimed, "priya", MONDAY_10) == claimed
    for attempt in (
        lambda: cases.claim(claimed, "hana", MONDAY_10),
        lambda: cases.answering(claimed, "hana", "r1"),
        lambda: cases.resolve(claimed, "hana", "done", GROUND, MONDAY_10),
    ):
        with refused("owner", "priya is answering this"):
            attempt()


def test_an_answer_goes_from_open_to_resolved():
    case = cases.answering(a_case(), "priya", "r1")
    assert (case.state, case.owner, case.reply_id) == (CaseState.ANSWERING, "priya", "r1")
    case = cases.answered(case, MONDAY_10 + timedelta(minutes=3))
    assert (case.state, case.answered_at) == (CaseState.ANSWERED, MONDAY_10 + timedelta(minutes=3))
    case = cases.resolve(case, "priya", " refunded ", GROUND, MONDAY_10 + timedelta(hours=1))
    assert (case.state, case.outcome, case.clause, case.resolved_by) == (
        CaseState.RESOLVED, "refunded", GROUND, "priya",
    )  # fmt: skip
    assert case.resolved_at == MONDAY_10 + timedelta(hours=1)


def test_a_reply_sent_with_an_outcome_resolves_when_it_stands():
    case = cases.answering(a_case(), "priya", "r1", outcome="refunded", clause=GROUND)
    case = cases.answered(case, MONDAY_10)
    assert (case.state, case.outcome, case.resolved_by, case.answered_at) == (
        CaseState.RESOLVED, "refunded", "priya", MONDAY_10,
    )  # fmt: skip


def test_the_same_reply_ordered_or_confirmed_again_changes_nothing_and_a_second_one_waits():
    case = cases.answering(a_case(), "priya", "r1")
    assert cases.answering(case, "priya", "r1") == case
    with refused("state", "already on its way"):
        cases.answering(case, "priya", "r2")
    case = cases.answered(case, MONDAY_10)
    assert cases.answered(case, MONDAY_10 + timedelta(hours=1)) == case


def test_a_reply_that_failed_gives_the_case_back_to_its_owner():
    case = cases.answering(a_case(), "priya", "r1", outcome="refunded", clause=GROUND)
    back = cases.reopened(case, "The post no longer exists.")
    assert (back.state, back.owner, back.reply_id, back.outcome, back.clause) == (
        CaseState.CLAIMED, "priya", "", "", None,
    )  # fmt: skip
    assert back.note == "The post no longer exists."
    with refused("state"):
        cases.reopened(back, "again")


def test_a_second_answer_keeps_the_time_of_the_first_and_failing_leaves_the_first_standing():
    first = cases.answered(cases.answering(a_case(), "priya", "r1"), MONDAY_10)
    second = cases.answering(first, "priya", "r2")
    assert cases.reopened(second, "gone").state is CaseState.ANSWERED
    assert cases.answered(second, MONDAY_10 + timedelta(hours=2)).answered_at == MONDAY_10


@pytest.mark.parametrize(
    ("outcome", "clause", "word"),
    [("", GROUND, "outcome"), ("  \n", GROUND, "outcome"), ("done", None, "clause"), ("x" * 501, GROUND, "501")],
)
def test_a_case_is_not_closed_without_an_outcome_and_a_clause(outcome, clause, word):
    with refused("input", word):
        cases.resolve(a_case(), "priya", outcome, clause, MONDAY_10)


def test_a_reply_with_half_a_conclusion_is_refused_before_it_leaves():
    with refused("input", "clause"):
        cases.answering(a_case(), "priya", "r1", outcome="refunded")
    with refused("input", "outcome"):
        cases.answering(a_case(), "priya", "r1", clause=GROUND)


def test_only_a_message_that_waits_for_an_answer_is_answered():
    with refused("state", "review"):
        cases.answering(a_case(work=Work.REVIEW), "priya", "r1")


def test_a_case_is_not_resolved_while_a_reply_is_on_its_way():
    with refused("state", "on its way"):
        cases.resolve(cases.answering(a_case(), "priya", "r1"), "priya", "done", GROUND, MONDAY_10)


def test_a_deleted_message_closes_its_case_whoever_owns_it():
    gone = cases.withdrawn(cases.claim(a_case(), "priya", MONDAY_10), MONDAY_10)
    assert (gone.state, gone.outcome, gone.resolved_by) == (CaseState.RESOLVED, "withdrawn", "author")


def test_what_a_person_resolved_does_not_come_back_when_its_message_is_shown_again():
    done = cases.resolve(a_case(), "priya", "told by telephone", GROUND, MONDAY_10)
    assert cases.asked_anew(done, a_case()) == done


STEPS = {
    "claim": lambda case, by: cases.claim(case, by, MONDAY_10),
    "answering": lambda case, by: cases.answering(case, by, f"reply-{by}"),
    "answered": lambda case, _: cases.answered(case, MONDAY_10),
    "reopened": lambda case, _: cases.reopened(case, "it failed"),
    "resolve": lambda case, by: cases.resolve(case, by, "done", GROUND, MONDAY_10),
    "withdrawn": lambda case, _: cases.withdrawn(case, MONDAY_10),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_resolved_case_refuses_everything(step):
    done = cases.resolve(a_case(), "priya", "refunded", GROUND, MONDAY_10)
    with refused("state", "resolved by priya", "refunded"):
        STEPS[step](done, "priya")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.sampled_from(["priya", "hana"])), max_size=10))
def test_on_any_path_the_owner_never_changes_and_a_closed_case_has_its_outcome_and_clause(path):
    case = a_case()
    for step, by in path:
        before = case
        try:
            case = STEPS[step](case, by)
        except Refused:
            continue
        assert before.owner in ("", case.owner)
        assert before.state is not CaseState.RESOLVED
        if case.state is CaseState.RESOLVED:
            assert case.outcome
            assert case.clause or case.outcome == "withdrawn"
        if case.state in (CaseState.CLAIMED, CaseState.ANSWERING, CaseState.ANSWERED):
            assert case.owner
        assert (case.id, case.due_at, case.opened_at) == (before.id, before.due_at, before.opened_at)
