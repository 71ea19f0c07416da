"""Closing a thread to new comments: a rule asks, a person does it or does not, and no rule undoes a person's word."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import data, present_moderation, who
from dashboard.who import SignIn
from herald.care import cases
from herald.errors import Refused, Rejected
from herald.flows.commands import LockThread, Resolve
from herald.flows.deliver import deliver
from herald.flows.gate import perform
from herald.flows.moderate import moderate
from herald.flows.restrictions import lock_of
from herald.flows.why import why
from herald.model import Act, Case, CaseState, DeliveryState, Message, Revised, Work
from herald.moderate.automod import compile_any, to_herald
from herald.moderate.rules import compile_rules
from herald.store import rows
from tests.support.world import ANA, BRAND, MIA, RULES, TED, World, a_comment, a_world

ASKING = """---
name: Pile-on
body (includes-word): ["pitchforks"]
policy: MOD 3.1
lock: true
---
name: Tried out
mode: shadow
body (includes-word): ["torches"]
policy: MOD 3.1
lock: true
"""
THREAD = "900100_post"


@pytest.fixture
def world() -> World:
    made = a_world()
    made.store.save_rules(RULES + ASKING)
    return made


def judged(world: World, *texts: str, thread: str = THREAD) -> list[Message]:
    """These comments, judged together."""
    ids = []
    for number, text in enumerate(texts):
        event = a_comment(text, id=f"{thread[-4:]}{number}{abs(hash(text)) % 1000}", more={"thread_id": thread})
        world.store.apply(event, BRAND, world.clock())
        ids.append(event.message_id)
    moderate(ids, world.herald, world.clock())
    found = world.store.messages(ids)
    return [found[id] for id in ids]


def tasks(world: World) -> list[Case]:
    return [case for case in world.store.open_cases(BRAND, Work.TASK).items if isinstance(case, Case)]


def lock(world: World, message: Message, closed: bool = True, by: str = MIA.id, expected: int = 0) -> str:
    command = LockThread(message.id, closed, "it gets out of hand", "MOD 3.1", expected)
    done = perform(command, by=by, herald=world.herald, now=world.clock())
    return done.delivery_id


# ---------------------------------------------------------------- what a rule does


def test_a_rule_asks_and_closes_nothing(world):
    (message,) = judged(world, "fetch the pitchforks")
    (task,) = tasks(world)
    assert (task.type, task.message_id) == ("lock", message.id)
    assert task.note.startswith("Rule “Pile-on” (MOD 3.1 v1) asks to close this thread to new comments. Close it here")
    assert world.woken == []
    assert world.wall.acts == []
    assert message.decision
    assert message.decision.lock
    assert "rule Pile-on, MOD 3.1 v1 asks to close the thread" in why(world.herald, message.id)
    (line,) = [line for line in world.store.audit_of("moderation") if line.subject == message.id]
    assert (line.what, line.facts["lock_rule"]) == ("moderate.lock_asked", "Pile-on")
    item = rows.decision_item(message.decision, trace=True)
    assert rows.decision(item).lock == message.decision.lock


def test_in_shadow_it_is_recorded_and_asked_of_nobody(world):
    (message,) = judged(world, "fetch the torches")
    assert message.decision
    assert message.decision.lock
    assert message.decision.lock.shadow
    assert tasks(world) == []


def test_however_many_comments_ask_people_are_asked_once_a_thread(world):
    judged(world, "pitchforks", "more pitchforks", "pitchforks now")
    judged(world, "pitchforks again")
    judged(world, "pitchforks elsewhere", thread="900100_else")
    assert len(tasks(world)) == 2


def test_a_person_who_leaves_it_open_is_not_asked_again(world):
    judged(world, "pitchforks")
    (task,) = tasks(world)
    perform(Resolve(task.id, "stays open", "MOD 2.1", task.version), by=MIA.id, herald=world.herald, now=world.clock())
    judged(world, "pitchforks again")
    assert tasks(world) == []


def test_where_the_platform_cannot_the_task_says_what_to_do_by_hand(world):
    world.wall.capabilities = replace(world.wall.capabilities, acts=frozenset({Act.HIDE, Act.REPLY}))
    (message,) = judged(world, "pitchforks")
    (task,) = tasks(world)
    assert "close the post to new comments there by hand" in task.note
    with pytest.raises(Refused, match="lets no program do it"):
        lock(world, message)


def test_without_a_thread_there_is_nothing_to_close(world):
    event = a_comment("pitchforks", id="7")
    world.store.apply(event, BRAND, world.clock())
    moderate([event.message_id], world.herald, world.clock())
    assert tasks(world) == []
    message = world.store.message(event.message_id)
    assert message
    with pytest.raises(Refused, match="which post this stands under"):
        lock(world, message)


def test_lock_is_true_or_not_there_and_automods_set_locked_becomes_it():
    (problem,) = compile_rules("---\nname: R\nbody: [a]\nlock: maybe\n").problems
    assert "line 4: lock `maybe` is not one of true" in problem.sentence
    text = "body: [a]\naction: remove\nset_locked: true\n"
    for rules in (compile_any(text), compile_rules(to_herald(text))):
        assert rules.rules[0].proposes == {"lock": "true"}
    assert "undoes nothing" in compile_any("body: [a]\nset_locked: false\n").sections[0].notes[0]
    report = compile_any("body: [a]\naction: report\nset_locked: true\n")
    assert [(str(rule.action), dict(rule.proposes)) for rule in report.rules] == [
        ("queue", {}), ("None", {"lock": "true"}),
    ]  # fmt: skip


# ---------------------------------------------------------------- what a person does


def test_a_person_closes_it_by_the_platform_and_opens_it_again(world):
    (message,) = judged(world, "pitchforks")
    assert deliver(lock(world, message), world.herald, world.clock()).result == "done"
    assert world.wall.locked == {THREAD}
    kept = lock_of(message, world.herald)
    assert kept
    assert (kept.closed, kept.by, kept.rule, kept.clause) == (True, MIA.id, "Pile-on", "MOD 3.1 v1")
    assert tasks(world) == [], "what was asked is done"
    line = next(line for line in world.store.audit_of("people") if line.what == "LockThread")
    assert (line.facts["closed"], line.facts["asked_by"]) == (True, "Pile-on")
    assert deliver(lock(world, message, closed=False, expected=1), world.herald, world.clock()).result == "done"
    assert world.wall.locked == set()
    judged(world, "pitchforks again")
    assert (tasks(world), world.wall.locked) == ([], set()), "a person's word is never undone by a rule"


def test_a_newer_word_takes_the_place_of_one_that_has_not_left(world):
    (message,) = judged(world, "pitchforks")
    first = lock(world, message)
    second = lock(world, message, closed=False, expected=1)
    deliver(first, world.herald, world.clock())
    deliver(second, world.herald, world.clock())
    assert world.wall.acts == [("unlock", THREAD)]
    delivery = world.store.delivery(first)
    assert delivery
    assert delivery.state is DeliveryState.SUPERSEDED


def test_what_the_platform_refused_can_be_ordered_again(world):
    (message,) = judged(world, "pitchforks")
    world.wall.script = [Rejected("not today")]
    deliver(lock(world, message), world.herald, world.clock())
    assert world.wall.locked == set()
    deliver(lock(world, message, expected=1), world.herald, world.clock())
    assert world.wall.locked == {THREAD}
    with pytest.raises(Refused, match="closed already"):
        lock(world, message, expected=2)


@pytest.mark.parametrize("by", [TED.id, ANA.id])
def test_who_does_not_answer_for_the_channel_closes_nothing(world, by):
    (message,) = judged(world, "pitchforks")
    with pytest.raises(Refused) as refused:
        lock(world, message, by=by)
    assert refused.value.missing == "role"


def test_two_people_never_close_by_the_same_page(world):
    (message,) = judged(world, "pitchforks")
    lock(world, message)
    with pytest.raises(Refused):
        lock(world, message, closed=False, expected=0)


def test_while_a_colleague_holds_the_task_nobody_else_closes_it(world):
    (message,) = judged(world, "pitchforks")
    (task,) = tasks(world)
    held = replace(task, owner=TED.id, state=CaseState.CLAIMED)
    world.store.commit([Revised(held, task.version)])
    with pytest.raises(Refused) as refused:
        lock(world, message)
    assert refused.value.missing == "owner"
    assert cases.lock_id(message) == task.id


# ---------------------------------------------------------------- the page


def test_the_page_tells_who_asks_and_offers_to_close_and_to_open(world):
    (message,) = judged(world, "pitchforks")
    data.set_herald(world.herald)
    who.install(SignIn(lambda: MIA.id))

    def page() -> None:
        from dashboard.app_pages import moderation

        moderation.render()

    try:
        at = AppTest.from_function(page, default_timeout=120)
        at.query_params["message"] = message.id
        at.query_params["brand"] = BRAND
        at.run()
        assert not at.exception
        assert "Close the thread" in [button.label for button in at.button]
        at.button(key=f"lock-{message.id}").click().run()
        assert not at.exception
        assert [button.label for button in at.button if button.label == "Close it"]
        lock(world, message)
        again = at.run()
        assert "Open the thread again" in [button.label for button in again.button]
    finally:
        data.set_herald(None)
        who.install(None)
    kept = lock_of(message, world.herald)
    assert kept
    assert kept.closed
    shown = present_moderation.lock_blocks(
        message.decision.lock if message.decision else None, kept, world.store.delivery(kept.act), None,
        name=str, now=world.clock(),
    )  # fmt: skip
    assert "rule “Pile-on” (MOD 3.1 v1): a person decides" in str(shown)
