"""Judging: exactly once, exactly counted, whatever breaks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from herald.flows.moderate import moderate, retry_parked
from herald.flows.redrive import undecided
from herald.govern import audit
from herald.measure import counts
from herald.model import Action, CaseState, Change, DeliveryState, Kind, Message, Work
from herald.store.db import Db
from tests.support.world import ACCOUNT, BRAND, NOON, PAGE, TODAY, World, a_comment, a_world, deleted, edited

DAY = TODAY.isoformat()


def said(world: World, *events: object) -> list[str]:
    for event in events:
        world.store.apply(event, BRAND, world.clock())  # type: ignore[arg-type]
    return [event.message_id for event in events]  # type: ignore[attr-defined]


def judge(world: World, *events: object) -> Message:
    """Tell these events and judge; returns the row of the first."""
    ids = said(world, *events)
    moderate(ids, world.herald, world.clock())
    message = world.store.message(ids[0])
    assert message is not None
    return message


def judged_by_rules(db: Db, message_id: str) -> Message:
    """The row of an allowed message after judging."""
    world = a_world(db)
    moderate([message_id], world.herald, NOON)
    message = world.store.message(message_id)
    assert message is not None
    assert message.decision is not None
    return message


def rollup(world: World) -> dict[str, int]:
    return world.store.counts(ACCOUNT.id, DAY, DAY).get(DAY, {})


def recomputed(world: World) -> dict[str, int]:
    items = world.db.everything()["Messages"]  # type: ignore[attr-defined]
    from herald.store import rows

    messages = [rows.message(item) for item in items if item["sk"] == "M"]
    return counts.rollup(messages, {ACCOUNT.id: ACCOUNT.timezone}).get(ACCOUNT.id, {}).get(DAY, {})


def test_an_insult_is_hidden_with_rule_clause_and_span() -> None:
    world = a_world()
    message = judge(world, a_comment("you utter muppet"))
    decision = message.decision
    assert decision is not None
    assert (decision.action, decision.rule, str(decision.policy)) == (Action.HIDE, "Insult", "MOD 3.1 v1")
    (span,) = decision.evidence
    assert message.text[span.start : span.end] == "utter muppet"
    assert "utter muppet" in decision.rationale
    delivery = world.store.delivery(message.act)
    assert delivery is not None
    assert (delivery.state, delivery.target) == (DeliveryState.DUE, message.external_id)
    assert world.woken == [delivery.id]


def test_a_complaint_becomes_a_case_with_a_business_deadline() -> None:
    world = a_world()
    message = judge(world, a_comment("my lamp is broken"))
    case = world.store.case(message.case_id)
    assert case is not None
    assert (case.type, case.work, case.state) == ("complaint", Work.ANSWER, CaseState.OPEN)
    assert case.due_at == NOON + timedelta(minutes=240)  # noon to four, within opening hours
    assert world.store.open_cases(BRAND, Work.ANSWER).items == (case,)


def test_what_no_rule_matches_is_allowed_and_costs_no_case_and_no_delivery() -> None:
    world = a_world()
    message = judge(world, a_comment("lovely chairs"))
    assert message.decision is not None
    assert message.decision.action is Action.ALLOW
    assert message.case_id == message.act == ""
    assert rollup(world) == {"messages": 1, "kind.comment": 1, "action.allow": 1, "by.rules": 1, "h12": 1}


def test_where_the_platform_cannot_hide_a_person_gets_a_task() -> None:
    world = a_world()
    message = judge(world, replace(a_comment("you utter muppet"), platform="webhook", account_id="form"))
    (task,) = world.store.open_cases(BRAND, Work.TASK).items
    assert "by hand" in task.note  # type: ignore[union-attr]
    assert message.act == ""


def test_a_second_look_at_the_same_words_changes_nothing() -> None:
    world = a_world()
    judge(world, a_comment("you utter muppet"))
    before = world.db.everything()  # type: ignore[attr-defined]
    moderate([f"facebook_page:{PAGE}_1"], world.herald, world.clock.pass_(minutes=5))
    assert world.db.everything() == before  # type: ignore[attr-defined]


def test_an_edit_reopens_the_decision_and_moves_the_counts() -> None:
    world = a_world()
    first = a_comment("lovely chairs")
    judge(world, first)
    message = judge(world, edited(first, "you utter muppet", at=NOON + timedelta(minutes=2)))
    assert message.decision is not None
    assert message.decision.action is Action.HIDE
    assert rollup(world) == recomputed(world)
    assert rollup(world)["action.hide"] == 1
    assert "action.allow" not in rollup(world)


def test_what_was_hidden_and_is_edited_to_be_harmless_waits_for_a_person() -> None:
    world = a_world()
    first = a_comment("you utter muppet")
    judge(world, first)
    world.store.apply(
        replace(first, change=Change.HIDDEN, text="", created_at=NOON + timedelta(seconds=5)), BRAND, NOON
    )
    world.clock.pass_(minutes=3)
    message = judge(world, edited(first, "lovely chairs", at=NOON + timedelta(minutes=2)))
    assert message.decision is not None
    assert message.decision.action is Action.QUEUE
    (review,) = world.store.open_cases(BRAND, Work.REVIEW).items
    assert review.message_id == message.id  # type: ignore[union-attr]
    (hidden, asked) = world.store.history(message.id)
    assert (hidden[0].action, hidden[1]) == (Action.HIDE, "you utter muppet")  # the judged words are kept
    assert asked[0].action is Action.QUEUE


def test_a_deletion_withdraws_the_case_and_counts_as_deleted_only() -> None:
    world = a_world()
    first = a_comment("my lamp is broken")
    judge(world, first)
    message = judge(world, deleted(first, at=NOON + timedelta(minutes=2)))
    case = world.store.case(message.case_id)
    assert case is not None
    assert (case.state, case.outcome) == (CaseState.RESOLVED, "withdrawn")
    assert world.store.open_cases(BRAND, Work.ANSWER).items == ()
    assert rollup(world) == recomputed(world) == {"messages": 1, "kind.comment": 1, "deleted": 1}


def test_a_reaction_is_counted_and_never_judged() -> None:
    world = a_world()
    message = judge(world, a_comment("love", kind=Kind.REACTION))
    assert message.decision is None
    assert rollup(world) == {"kind.reaction": 1}


def test_a_poisonous_message_is_parked_and_its_neighbours_go_on() -> None:
    world = a_world()
    orphan = replace(a_comment("hello", id="2"), account_id="nobody")
    ids = said(world, a_comment("lovely", id="1"), orphan, a_comment("you utter muppet", id="3"))
    outcomes = {outcome.message_id: outcome for outcome in moderate(ids, world.herald, NOON)}
    assert [outcomes[i].result for i in ids] == ["decided", "parked", "decided"]
    assert outcomes[ids[1]].error == "LookupError"
    assert retry_parked(world.herald, NOON) == []  # not due yet
    assert moderate([ids[1]], world.herald, NOON) == []  # the stream tells of the parking itself: no loop
    world.store.apply(edited(orphan, "other words", at=NOON + timedelta(seconds=1)), BRAND, NOON)
    (at_once,) = moderate([ids[1]], world.herald, NOON)  # but new words are looked at
    assert at_once.attempts == 1
    world.store.save(replace(ACCOUNT, account_id="nobody"))
    (again,) = retry_parked(world.herald, NOON + timedelta(minutes=1))
    assert again.result == "decided"
    assert world.store.parked(NOON + timedelta(days=1)) == []


def test_contention_is_waited_out() -> None:
    world = a_world()
    ids = said(world, *(a_comment("lovely", id=str(n)) for n in range(40)))
    world.db.conflicts = 3  # type: ignore[attr-defined]
    assert {outcome.result for outcome in moderate(ids, world.herald, NOON)} == {"decided"}
    assert rollup(world) == recomputed(world)
    assert rollup(world)["messages"] == 40


def test_what_is_undecided_is_found_again_by_day() -> None:
    world = a_world()
    said(world, a_comment("my lamp is broken"), a_comment("you utter muppet", id="2"))
    outcomes = list(undecided(world.herald, [DAY], NOON))
    assert {outcome.action for outcome in outcomes} == {"allow", "hide"}
    assert list(undecided(world.herald, [DAY], NOON)) == []


def test_the_chain_holds_one_entry_for_each_act_and_one_digest_for_allows() -> None:
    world = a_world()
    judge(world, *(a_comment("lovely", id=str(n)) for n in range(5)), a_comment("you utter muppet", id="9"))
    entries = world.store.audit_of("moderation")
    assert [entry.what for entry in entries] == ["moderate.hide", "moderate.allow"]
    assert entries[1].facts["n"] == 5
    assert audit.verify(entries) == []
    assert "muppet" not in str(entries)


def test_what_is_longer_than_herald_keeps_is_read_by_a_person() -> None:
    world = a_world()
    message = judge(world, a_comment("lovely " * 1400, more={"cut": True}))
    assert message.decision is not None
    assert message.decision.action is Action.QUEUE


def test_two_unknown_verbs_of_one_second_are_both_kept() -> None:
    world = a_world()
    for verb in ("pin", "unpin"):
        strange = a_comment("", change=Change.UNKNOWN, more={"raw": verb})
        assert world.store.apply(strange, BRAND, NOON)


def test_our_staff_removing_a_customers_comment_there_does_not_make_it_ours() -> None:
    world = a_world()
    first = a_comment("my lamp is broken")
    judge(world, first)
    removed = replace(deleted(first, at=NOON + timedelta(minutes=1)), more={"own": True})
    message = judge(world, removed)
    assert not message.outbound
    case = world.store.case(message.case_id)
    assert case is not None
    assert case.state is CaseState.RESOLVED


def test_a_deletion_takes_every_quotation_of_the_words_with_it() -> None:
    world = a_world()
    first = a_comment("you utter muppet, call 0491 570 156")
    judge(world, first)
    world.clock.pass_(minutes=1)
    message = judge(world, deleted(first, at=world.clock()))
    assert message.decision is not None
    assert (message.decision.action, str(message.decision.policy)) == (Action.HIDE, "MOD 3.1 v1")
    tables = world.db.everything()  # type: ignore[attr-defined]
    for word in ("muppet", "0491"):
        assert word not in str({name: items for name, items in tables.items() if name != "Settings"})


def test_why_tells_the_clause_in_words_and_the_words_that_were_judged() -> None:
    from herald.flows.why import why

    world = a_world()
    first = a_comment("you utter muppet")
    judge(world, first)
    world.clock.pass_(minutes=1)
    judge(world, edited(first, "you clown shoes", at=world.clock()))
    told = why(world.herald, f"facebook_page:{PAGE}_1")
    assert "Insults aimed at people are hidden." in told
    assert "utter muppet" in told
    assert "clown shoes" in told
