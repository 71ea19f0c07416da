"""An answer that a rule drafts: a suggestion in the answer box, on record, and never sent by anything but a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import actions_care, data, present_care, who
from dashboard.who import SignIn
from herald.flows.commands import Overrule, Reply
from herald.flows.gate import perform
from herald.flows.moderate import moderate
from herald.flows.planning import hashed
from herald.flows.why import why
from herald.model import Act, Action, Decision, Drafted, Kind, Message, Work
from herald.moderate.automod import compile_any, to_herald
from herald.moderate.decide import assess, decide, decide_line
from herald.moderate.drafting import FILLED, MOST
from herald.moderate.language import REPLY_LIMIT
from herald.moderate.rules import compile_rules
from herald.store import rows
from tests.support.world import BRAND, MIA, NOON, RULES, World, a_comment, a_world, deleted, edited

DRAFTING = """---
name: Opening hours
body (includes-word): ["when do you open"]
policy: MOD 2.1
reply: "Hi {{author}}, you asked: “{{match}}”. We open at nine."
---
name: Shouting
body (includes-word): ["clown shoes"]
action: hide
priority: 9
policy: MOD 3.1
private_reply: "Hi {{author}}, your {{kind}} was hidden: {{clause}}."
---
name: Tried out
mode: shadow
body (includes-word): ["when do you open"]
reply: "In shadow for {{author}}."
"""


@pytest.fixture
def world() -> World:
    made = a_world()
    made.store.save_rules(RULES + DRAFTING)
    return made


def judged(world: World, text: str, id: str = "1", **changed: object) -> Message:
    event = a_comment(text, id=id, **changed)
    world.store.apply(event, BRAND, world.clock())
    moderate([event.message_id], world.herald, world.clock())
    message = world.store.message(event.message_id)
    assert message
    assert message.decision
    return message


def draft_of(template: str, text: str = "a", **changed: object) -> Drafted:
    rules = compile_rules(f"---\nname: R\nbody (includes): [a]\nreply: {template!r}\n")
    assert not rules.problems
    world = a_world()
    message = replace(judged(world, text), text=text, **changed)  # type: ignore[arg-type]
    (draft,) = decide(message, assess(text), rules, policy_versions={}, now=NOON).drafts
    return draft


# ---------------------------------------------------------------- the draft itself


def test_the_rule_that_fires_drafts_with_its_places_filled_and_its_clause():
    rules = compile_rules(DRAFTING)
    message = judged(a_world(), "when do you open?")
    found = decide(message, assess(message.text), rules, policy_versions={"MOD": 1}, now=NOON)
    assert [(draft.rule, draft.text, str(draft.clause), draft.shadow) for draft in found.drafts] == [
        ("Opening hours", "Hi Lee Lark, you asked: “when do you open”. We open at nine.", "MOD 2.1 v1", False),
        ("Tried out", "In shadow for Lee Lark.", "None", True),
    ]
    assert [draft.rule for draft in found.offered] == ["Opening hours"]


def test_what_others_wrote_is_data_no_place_no_link_no_call_and_bounded():
    hostile = "{{clause}} @everybody see https://evil.example/a \u202egnp\u0007 " + "x" * 500
    draft = draft_of("{{author}}|{{body}}", text=f"a {hostile}", author_name=hostile)
    author, body = draft.text.split("|", 1)
    assert author.startswith("{{clause}} everybody see (link) gnp")
    assert (len(author), len(body)) == (60, 200)
    assert "evil" not in draft.text
    assert "@" not in draft.text
    assert "\u202e" not in draft.text


def test_what_is_not_known_has_a_word_in_its_place():
    draft = draft_of("Hi {{author}}: {{title}}, {{permalink}}", author_name=None, more={"permalink": "javascript:x"})
    assert draft.text == "Hi there: your comment, this message"
    told = draft_of("See {{permalink}}", more={"permalink": "https://forum.example/1"})
    assert told.text == "See https://forum.example/1"


def test_a_draft_and_their_number_are_bounded():
    places = "{{body}}" * (REPLY_LIMIT // 8)
    assert len(draft_of(places, text="a" * 300).text) == FILLED
    many = "".join(f"---\nname: R{n}\nbody: [a]\nreply: yes\n" for n in range(MOST + 2))
    message = judged(a_world(), "a")
    assert len(decide(message, assess("a"), compile_rules(many), policy_versions={}, now=NOON).drafts) == MOST


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("Hi {{autor}}", "unknown placeholder {{autor}}"),
        ("x" * (REPLY_LIMIT + 1), f"the limit is {REPLY_LIMIT}"),
        ("See {{url}}", "unknown placeholder {{url}}"),
    ],
)
def test_a_draft_that_cannot_be_filled_is_told_with_its_line(reply, said):
    (problem,) = compile_rules(f"---\nname: R\nbody: [a]\nreply: {reply!r}\n").problems
    assert "line 4" in problem.sentence
    assert said in problem.sentence


def test_automods_comment_and_message_become_drafts_and_their_sending_none():
    text = (
        "body: [a]\naction: remove\ncomment: 'Hi /u/{{author}}, your {{kind}} in {{subreddit}}: {{match-2}}'\n"
        "message: 'About {{permalink}}'\n"
    )
    for rules in (compile_any(text), compile_rules(to_herald(text))):
        (rule,) = rules.rules
        assert rule.proposes == {
            "reply": "Hi {{author}}, your {{kind}} in this page: {{match}}", "private_reply": "About {{permalink}}",
        }  # fmt: skip
    long = compile_any(f"body: [a]\ncomment: '{'x' * 9000}'\n")
    assert len(long.rules[0].proposes["reply"]) == REPLY_LIMIT
    assert "is cut to 2,000" in long.sections[0].notes[0]


def test_on_the_command_line_a_decision_tells_what_was_drafted():
    line = decide_line({"id": 1, "text": "when do you open"}, compile_rules(DRAFTING), now=NOON)
    assert [(draft["rule"], draft["shadow"]) for draft in line["drafts"]] == [  # type: ignore[attr-defined]
        ("Opening hours", False), ("Tried out", True),
    ]  # fmt: skip


# ---------------------------------------------------------------- case, record, audit


def test_the_draft_opens_a_case_is_on_the_row_and_in_the_audit_and_nothing_is_sent(world):
    message = judged(world, "when do you open")
    case = world.store.case(message.case_id)
    assert case
    assert (case.work, case.type) == (Work.ANSWER, "reply")
    assert message.decision
    assert message.decision.offered[0].text.startswith("Hi Lee Lark")
    lines = [line for line in world.store.audit_of("moderation") if line.subject == message.id]
    (line,) = lines
    assert line.what == "moderate.draft"
    assert line.facts["draft"] == hashed(message.decision.offered[0].text)
    assert (line.facts["draft_rule"], line.facts["draft_clause"]) == ("Opening hours", "MOD 2.1 v1")
    assert world.woken == []
    assert "sent by nobody but a person" in why(world.herald, message.id)


def test_in_shadow_a_draft_is_only_recorded():
    world = a_world()
    world.store.save_rules(RULES + "---\nname: S\nmode: shadow\nbody: [hello]\nreply: Hi {{author}}\n")
    message = judged(world, "hello")
    assert message.decision
    assert [draft.text for draft in message.decision.drafts] == ["Hi Lee Lark"]
    assert message.decision.offered == ()
    assert message.case_id == ""
    assert present_care.draft_blocks(message, 8000) == []
    assert {line.what for line in world.store.audit_of("moderation")} == {"moderate.allow"}


def test_what_is_hidden_is_answered_by_the_rule_that_hides_alone(world):
    shouted = judged(world, "clown shoes! when do you open?")
    assert shouted.decision
    assert (shouted.decision.action, shouted.decision.offered[0].rule) == (Action.HIDE, "Shouting")
    assert shouted.decision.offered[0].text == "Hi Lee Lark, your comment was hidden: MOD 3.1 v1."
    assert world.store.case(shouted.case_id)
    insulted = judged(world, "utter muppet, when do you open?", id="2")
    assert insulted.decision
    assert insulted.decision.action is Action.HIDE
    assert insulted.case_id == "", "the rule that hides drafts nothing, so an insult is not answered for its question"


def test_a_row_of_the_store_holds_drafts_and_none_cost_nothing(world):
    decision = judged(world, "when do you open?").decision
    assert decision
    item = rows.decision_item(decision, trace=True)
    assert rows.decision(item) == decision
    assert "drafts" not in rows.decision_item(replace(decision, drafts=()), trace=True)


def test_the_words_and_the_name_go_with_the_message(world):
    for text, id in (("when do you open?", "1"), ("clown shoes", "2")):
        event = a_comment(text, id=id)
        judged(world, text, id=id)
        world.store.apply(deleted(event, at=world.clock.pass_(minutes=1)), BRAND, world.clock())
        moderate([event.message_id], world.herald, world.clock())
        message = world.store.message(event.message_id)
        assert message
        assert message.decision
        assert message.decision.drafts == ()
        assert all(decision.drafts == () for decision, _ in world.store.history(event.message_id))


def test_an_edit_is_drafted_afresh(world):
    event = a_comment("when do you open?")
    judged(world, event.text)
    world.store.apply(edited(event, "never mind", at=world.clock.pass_(minutes=1)), BRAND, world.clock())
    moderate([event.message_id], world.herald, world.clock())
    message = world.store.message(event.message_id)
    assert message
    assert message.decision
    assert message.decision.drafts == ()


def test_a_person_who_decides_keeps_the_draft_for_who_answers(world):
    message = judged(world, "when do you open, dodgy people?")
    assert message.decision
    assert message.decision.action is Action.QUEUE
    overrule = Overrule(message.id, Action.ALLOW, "a question", "MOD 2.1", message.version)
    perform(overrule, by=MIA.id, herald=world.herald, now=NOON)
    after = world.store.message(message.id)
    assert after
    assert after.decision
    assert (after.decision.decided_by, after.decision.drafts) == (MIA.id, message.decision.offered)


@pytest.mark.parametrize("changed", [True, False])
def test_the_audit_of_a_reply_says_whether_the_draft_was_changed(world, changed):
    message = judged(world, "when do you open?")
    case = world.store.case(message.case_id)
    assert message.decision
    assert case
    text = message.decision.offered[0].text + (" Ask for Mia." if changed else "")
    perform(Reply("r" * 8, message.id, text, case.version), by=MIA.id, herald=world.herald, now=NOON)
    facts = next(line.facts for line in world.store.audit_of("people") if line.what == "Reply")
    assert (facts["draft_rule"], facts["draft_changed"]) == ("Opening hours", changed)


# ---------------------------------------------------------------- the page


def _decision(*drafts: Drafted) -> Decision:
    message = judged(a_world(), "hello")
    assert message.decision
    return replace(message.decision, drafts=drafts)


def test_a_private_draft_never_stands_in_the_box_of_a_public_answer():
    decision = _decision(Drafted("R", "for you alone", private=True), Drafted("Q", "for all"))
    public = replace(judged(a_world(), "hello"), decision=decision)
    assert [draft.text for draft in present_care.sendable(public)] == ["for all"]
    assert "for you alone" in str(present_care.draft_blocks(public, 8000))
    direct = replace(public, kind=Kind.DM)
    assert [draft.text for draft in present_care.sendable(direct)] == ["for you alone", "for all"]


def test_a_draft_longer_than_the_platform_takes_is_cut_and_where_it_takes_none_it_is_shown_in_full():
    assert present_care.draft_text(Drafted("R", "x" * 400), 300) == "x" * 299 + "…"
    message = replace(judged(a_world(), "hello"), decision=_decision(Drafted("R", "by hand, please")))
    assert "by hand, please" in str(present_care.draft_blocks(message, None))


def test_what_a_person_has_begun_is_never_overwritten(monkeypatch):
    state = {"box": "my own words", "empty": ""}
    monkeypatch.setattr(actions_care.st, "session_state", state)
    for box in (*state, "untouched"):
        actions_care.offer(box, "a draft")
    assert state == {"box": "my own words", "empty": "", "untouched": "a draft"}


@pytest.fixture
def shown(world) -> Iterator[World]:
    data.set_herald(world.herald)
    yield world
    data.set_herald(None)
    who.install(None)


def _inbox(person: str, case: str) -> AppTest:
    who.install(SignIn(lambda: person))

    def page() -> None:
        from dashboard.app_pages import inbox

        inbox.render()

    at = AppTest.from_function(page, default_timeout=120)
    at.query_params["case"] = case
    at.query_params["brand"] = BRAND
    return at.run()


def test_the_draft_stands_in_the_answer_box_and_a_person_changes_and_sends_it(shown):
    message = judged(shown, "when do you open?")
    at = _inbox(MIA.id, message.case_id)
    assert not at.exception
    box = at.text_area(key=f"reply-{message.case_id}")
    assert box.value == "Hi Lee Lark, you asked: “when do you open”. We open at nine."
    assert at.selectbox(key=f"saved-{message.case_id}").options[0] == "Drafted by rule “Opening hours” (MOD 2.1 v1)"
    assert not shown.wall.replies
    box.set_value("At nine, Lee.")
    at.button(key=f"FormSubmitter:form-{message.case_id}-Send answer").click().run()
    case = shown.store.case(message.case_id)
    assert case
    reply = shown.store.delivery(case.reply_id)
    assert reply
    assert (reply.act, reply.text, reply.ordered_by) == (Act.REPLY, "At nine, Lee.", MIA.id)


def test_what_is_being_typed_stays_when_the_page_looks_again(shown):
    message = judged(shown, "when do you open?")
    at = _inbox(MIA.id, message.case_id)
    assert at.text_area(key=f"reply-{message.case_id}").proto.set_value, "the browser is told once what stands there"
    at.run()
    assert not at.text_area(key=f"reply-{message.case_id}").proto.set_value, "and then never again"
