"""The page Rules: what it shows of rules, faults, changes and versions, to whom, and what pressing does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashboard import data, data_rules, present_rules, who
from dashboard.who import SignIn
from herald.flows import rules as flow
from herald.flows.commands import SaveRules
from herald.flows.gate import perform
from herald.flows.rules import Acted, Example, Preview
from herald.model import Action
from herald.model.rules import RuleAlarm
from herald.moderate.rules import Subject, compile_rules, counted_as
from herald.moderate.versions import State, parts
from tests.e2e.dashboard_world import BRAND, World

NEW = '---\nname: Rival\nbody: [rival oak]\naction: hide\npolicy: MOD 3.1\nrationale: "A rival: {{match}}."\n'


@pytest.fixture
def world():
    made = World()
    made.furnish()
    data.set_herald(made.herald)
    yield made
    data.set_herald(None)
    who.install(None)


def _cells(row: dict[str, Any]) -> dict[str, Any]:
    return row["cells"]  # type: ignore[no-any-return]


# ---------------------------------------------------------------- what is shown, pure


def test_a_rule_tells_how_often_it_fired_and_how_much_was_allowed_and_a_dash_where_nothing_is_known():
    (part,) = parts(NEW)
    days = [{counted_as("Rival"): 3}, None, {counted_as("Rival"): 4, counted_as("Other"): 9}]
    shown = _cells(present_rules.row(part, days, {"Rival": Acted(7, 2)}))
    assert (shown["fired"], shown["allowed"], shown["clause"]) == ("7", "2 of 7", "MOD 3.1")
    assert shown["state"] == {"pill": ["Live", "green"]}
    unknown = _cells(present_rules.row(part, [None, None], {}))
    assert (unknown["fired"], unknown["allowed"]) == ("–", "–")


def test_a_rule_in_shadow_tells_how_often_it_would_have():
    acting = "---\nname: A\nbody: [a]\nlabel: a\n"
    (part,) = (part for part in parts(acting + NEW, acting) if part.waits)
    assert part.state is State.NEW
    shown = _cells(present_rules.row(part, [{counted_as("Rival", shadow=True): 5, counted_as("Rival"): 1}], {}))
    assert (shown["fired"], shown["state"]["pill"][0]) == ("5", "Shadow")


def test_a_rule_that_asks_what_nobody_tells_is_not_shown_as_live():
    (part,) = parts(NEW.replace("body: [rival oak]", "signals: {reports: '>= 3'}"))
    shown = _cells(present_rules.row(part, [None], {}))
    assert shown["state"] == {"pill": ["Cannot hold", "orange"]}
    assert shown["name"]["sub"] == "Nothing here tells reports, so it can never hold until something does."
    assert "can never hold" in str(present_rules.rule_blocks(part, [None], {}))
    (fault,) = flow.faults(NEW.replace("body: [rival oak]", "signals: {reports: '>= 3'}"))
    assert (fault.line, fault.fatal) == (3, False)
    (aged,) = parts(NEW.replace("body: [rival oak]", "signals: {author.age: '< 1 day'}"))
    assert _cells(present_rules.row(aged, [None], {}))["state"]["pill"][0] == "Live"
    assert _cells(present_rules.row(aged, [None], {}, {"facebook_page"}))["state"]["pill"][0] == "Cannot hold"


def test_a_fault_stands_with_its_line_and_what_the_line_reads():
    text = NEW + "---\nname: X\nbody: [a]\naktion: hide\n"
    (row,) = present_rules.fault_rows(flow.faults(text), text)
    shown = _cells(row)
    assert (shown["line"], shown["rule"], shown["what"]["sub"]) == ("10", "X", "aktion: hide")


def test_what_would_change_is_told_with_its_base_and_nothing_received_is_not_nothing_changed():
    assert "not known" in present_rules.preview_words(Preview(7, 0, False, {}, {}))
    assert present_rules.preview_words(Preview(7, 40, False, {}, {})) == (
        "Nothing would have been decided differently on 40 messages of the last 7 days."
    )
    words = present_rules.preview_words(Preview(30, 2000, True, {"newly hidden": 3, "no longer queued": 1}, {}))
    assert words == (
        "Of 2,000 messages of the last 30 days, the newest there are: 3 newly hidden, 1 no longer queued."
    )


def test_where_not_all_that_would_change_is_shown_it_says_so():
    message = World().say("Ann", "late")
    shown = tuple(Example(message, None, "Late") for _ in range(5))
    words = present_rules.preview_words(Preview(7, 40, False, {"newly queued": 9}, {"newly queued": shown}))
    assert words.endswith(": 9 newly queued. Shown are the newest 5.")
    some = {"newly hidden": shown[:1], "newly queued": shown}
    words = present_rules.preview_words(Preview(7, 40, False, {"newly hidden": 1, "newly queued": 9}, some))
    assert words.endswith("1 newly hidden, 9 newly queued. Shown are the newest 5 of each.")
    words = present_rules.preview_words(Preview(7, 40, False, {"newly queued": 5}, {"newly queued": shown}))
    assert words.endswith(": 5 newly queued.")


def test_one_rule_that_waits_is_one_and_two_are_two():
    acting = "---\nname: A\nbody: [a]\nlabel: a\n"
    new = [part for part in parts(acting + NEW, acting) if part.waits]
    assert "'It is asked and counted; what acted before goes on.'" in str(present_rules.waiting_blocks(new))
    assert "'They are asked and counted" in str(present_rules.waiting_blocks(new * 2))


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=30)


def test_what_a_rate_would_have_changed_is_not_told_as_nothing():
    words = present_rules.preview_words(Preview(7, 40, False, {}, {}, {("Pile-on", "rate.post.60m"): 38}))
    assert words == (
        "Nothing would have been decided differently on 40 messages of the last 7 days. On 38 of them it is not known "
        "whether “Pile-on” would hold: its rate was not counted, for rates are counted from when a rule asks for them."
    )


@given(_TEXT, st.lists(_TEXT, min_size=1, max_size=4), _TEXT)
def test_whatever_is_typed_into_the_form_is_one_rule_that_says_just_that(name: str, words: list[str], why: str):
    text = present_rules.as_yaml(name, "body", "includes", words, "queue", "MOD 3.1", why, "")
    rules = compile_rules(text)
    assert len(rules.sections) == 1
    for rule in rules.rules:
        assert (rule.name, rule.action, str(rule.policy)) == (name.strip(), Action.QUEUE, "MOD 3.1")


def test_the_form_writes_a_rule_that_finds_its_words():
    text = present_rules.as_yaml("Rival", "body", "includes-word", ["rival oak", "", "it's: [odd]"], "hide", "", "",
                                 "x")  # fmt: skip
    rules = compile_rules(text)
    assert not rules.problems
    for said in ("go to Rival Oak", "it's: [odd]"):
        deciding = rules.judge(Subject(said)).deciding
        assert deciding
        assert deciding.rule.labels == ("x",)


def test_the_bench_tells_check_by_check_also_behind_the_one_that_fails(world):
    checks = "kind: review\nbody: [oak]\n~author.name: [us]\nsignals: {reports: '> 3'}\n"
    rules = compile_rules(f"---\nname: A\n{checks}action: hide\n")
    tried = data_rules.tried(rules, {"id": "x", "text": "an oak", "kind": "comment", "author_name": "us"})
    assert [(look.check, look.held) for look in tried.looks["A"]] == [
        ("kind", False), ("body", True), ("~author.name", False), ("signals.reports", None),
    ]  # fmt: skip
    shown = [_cells(row) for row in present_rules.check_rows(tried.looks["A"])]
    assert [cell["held"]["pill"][0] for cell in shown] == ["Does not", "Holds", "Does not", "Unknown"]
    assert (shown[1]["seen"], shown[2]["seen"]) == ("“oak”", "“us”")


def test_the_bench_names_the_rules_that_hold_beside_the_one_that_decides(world):
    text = "".join(f"---\nname: {name}\nbody: [{word}]\naction: hide\n" for name, word in (("A", "oak"), ("B", "oak")))
    text += "---\nname: C\nbody: [ash]\nlabel: c\n"
    tried = data_rules.tried(compile_rules(text), {"id": "x", "text": "an oak"})
    assert tried.holding == ("A", "B")
    (facts,) = present_rules.tried_blocks(tried.decision, tried.shadow, tried.holding)
    assert {"k": "Also hold", "v": "B"} in facts["rows"]


def test_the_bench_tells_the_language_and_the_scores_above_their_threshold(world):
    rules = compile_rules("---\nname: A\nbody: [oak]\naction: hide\n")

    def told(text: str) -> dict[str, str]:
        blocks = present_rules.understood_blocks(data_rules.tried(rules, {"id": "x", "text": text}).understood)
        return {row["k"]: row["v"] for row in blocks[1]["rows"]}

    complaint = told("My table arrived broken, where is my refund? Call 0491 570 156")
    assert complaint["Language"] == "English"
    assert complaint["Above threshold"].startswith(("complaint 0.", "question 0."))
    assert "phone" in complaint["Personal data"]
    assert told("Good morning to all of you, we open at nine")["Above threshold"] == "none of the scores"
    tried = data_rules.tried(rules, {"id": "x", "text": "Good morning"}).understood
    (_, facts) = present_rules.understood_blocks({**tried, "scores": {**tried["scores"], "sentiment": -0.0012}})
    assert {"k": "Sentiment", "v": "+0.00, of -1 to +1"} in facts["rows"]  # and no minus nothing
    assert told("这个灯真漂亮") == {"Language": "Chinese: no model knows it"}
    assert present_rules.understood_blocks(data_rules.tried(rules, {"id": "x"}).understood) == []


def test_before_rolling_back_it_is_said_which_rules_would_stop_and_which_would_act_again():
    one, two, shadow = (f"---\nname: {name}\nbody: [oak]\naction: hide\n{more}" for name, more in (
        ("One", ""), ("Two", ""), ("Three", "mode: shadow\n")))  # fmt: skip
    now, then = compile_rules(one + shadow), compile_rules(two + shadow)
    assert present_rules.back_words(now, then) == "Would no longer act: One. Would act again: Two."
    assert present_rules.back_words(now, now) == "The same rules would act."


def test_a_clause_that_no_policy_in_force_has_is_told_at_its_rule_and_keeps_nothing_from_being_saved(world):
    text = "".join(
        f"---\nname: {name}\nbody: [oak]\naction: hide\npolicy: {cited}\n"
        for name, cited in (("A", "MOD 3.1"), ("B", "MOD 99.9"), ("C", "NONE 1.1"))
    )
    found = flow.uncited(text, world.store.policies(datetime.now(UTC).date()))
    assert [(fault.line, fault.rule, fault.fatal) for fault in found] == [(7, "B", False), (12, "C", False)]
    assert "MOD 99.9" in found[0].sentence


def test_what_a_form_lets_act_on_people_rests_on_a_clause_and_says_why():
    assert present_rules.lacking(" ", ["oak"], "", "", "").startswith("A rule needs a name")
    assert present_rules.lacking("Rival", ["  "], "", "", "").startswith("A rule needs a name")
    assert present_rules.lacking("Rival", ["oak"], "hide", "", "A rival.").startswith("What acts on a message rests on")
    assert present_rules.lacking("Rival", ["oak"], "queue", "MOD 4.1", " ").startswith("What acts on a message rests")
    assert present_rules.lacking("Rival", ["oak"], "hide", "MOD 4.1", "A rival.") == ""
    assert present_rules.lacking("Oak", ["oak"], "", "", "") == "", "a label alone acts on nobody"


# ---------------------------------------------------------------- the page


def _page(person_id: str, **query: str) -> AppTest:
    who.install(SignIn(lambda: person_id))

    def page() -> None:
        from dashboard.app_pages import rules

        rules.render()

    at = AppTest.from_function(page, default_timeout=120)
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def _saved(world: World) -> int:
    before = flow.current(world.herald)
    text = before.text.rstrip() + "\n" + NEW
    perform(SaveRules(text, before.number), by="priya", herald=world.herald, now=datetime.now(UTC))
    return before.number + 1


def test_who_writes_rules_does_not_make_them_live_and_who_may_does_it_having_seen_what_it_changes(world):
    number = _saved(world)
    at = _page("priya")
    assert not at.exception
    assert "Make all live" not in [button.label for button in at.button]
    at = _page("gus")
    assert at.button(key="promote").disabled, "what it would change was not looked at"
    at.session_state["days"] = 7
    at.run()
    at.button(key="promote").click().run()
    assert not at.exception
    kept = world.store.rules()
    assert kept
    assert (kept.number, kept.what, kept.names) == (number + 1, "made live", ("Rival",))


def test_an_earlier_version_comes_back_by_one_button(world):
    number = _saved(world)
    at = _page("priya", view="History", version=str(number - 1))
    at.button(key="rollback").click().run()
    assert not at.exception
    kept = world.store.rules()
    assert kept
    assert (kept.number, kept.back_to) == (number + 1, number - 1)


def test_what_rolling_back_takes_out_is_shown_as_taken_out(world):
    number = _saved(world)
    at = _page("priya", view="History", version=str(number - 1))
    (shown,) = [code.value.splitlines() for code in at.code]
    assert "-name: Rival" in shown
    assert not [line for line in shown[2:] if line.startswith("+")], "going back adds nothing"
    assert shown[:2] == [f"--- version {number}, in force", f"+++ version {number - 1}"]


def test_the_page_says_what_is_wrong_before_it_can_be_saved(world):
    at = _page("priya", view="Edit")
    assert not at.exception
    assert at.button(key="save").disabled, "nothing was changed yet"


def test_a_text_is_tried_with_title_and_time_of_the_brand_that_is_looked_at(world, monkeypatch):
    checks = f"hours: '22:00-07:00 UTC'\ntitle: [offer]\nbrand: {BRAND}\n"
    rules, tried = compile_rules(f"---\nname: Night\n{checks}action: queue\n"), data_rules.tried
    monkeypatch.setattr(data_rules, "rule_set", lambda *_: rules)
    seen: list[data_rules.Tried] = []
    monkeypatch.setattr(data_rules, "tried", lambda *given: seen.append(tried(*given)) or seen[-1])
    at = _page("priya", view="Try a text")
    at.text_area(key="bench.text").input("Come and see")
    at.run()
    assert "bench.title" not in [box.key for box in at.text_input], "a comment has no title"
    at.selectbox(key="bench.kind").select("post").run()
    at.text_input(key="bench.title").input("An offer")
    for at_night, hour in ((True, 23), (False, 12)):
        at.datetime_input(key="bench.at").set_value(datetime(2026, 10, 3, hour, 30, tzinfo=UTC)).run()
        assert not at.exception
        assert seen[-1].holding == (("Night",) if at_night else ())
        assert seen[-1].decision["action"] == ("queue" if at_night else "allow")


def test_an_alarm_leads_to_its_rule_whatever_it_is_called():
    now = datetime(2026, 11, 3, 9, tzinfo=UTC)
    alarm = RuleAlarm("kelp", now.date(), "50 % & more", "more", 40, 2, now)
    _, told = present_rules.alarm_blocks([(alarm, ())], name=str, now=now)
    assert told["rows"][0]["link"] == {"href": "/rules?rule=50%20%25%20%26%20more", "text": "See the rule"}
