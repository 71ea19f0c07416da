"""Deciding: which rule, which clause, which words; the same each time, and told so that a person understands."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from herald.model import Action, ClauseRef, Escalation, Kind, Message, Severity, Span
from herald.model.record import later
from herald.moderate.decide import MAX_TEXT, SCORES, assess, assess_line, decide, decide_line, explain
from herald.moderate.normalise import SCANNED, views
from herald.moderate.rules import compile_rules

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RULES = compile_rules(
    """
name: Insult
body (includes-word): [you idiot, idiots, you are an idiot]
action: hide
priority: 5
policy: MOD 3.1
rationale: "Insults a person: “{{match}}” ({{clause}})."
label: insult
---
name: Fire
body: [caught fire]
action: queue
priority: 9
severity: high
policy: {id: MOD, clause: 5.1, version: 1}
escalate: {to: compliance officer, within: 30 minutes}
---
name: Ours
author: {name (full-exact): [Our own desk]}
action: allow
priority: 10
policy: MOD 1.2
---
name: Complaint
body: [rubbish, worst, broken]
label: complaint
severity: low
policy: MOD 2.1
---
name: Question
body (includes): ["?"]
label: question
policy: MOD 2.2
"""
)
VERSIONS = {"MOD": 4}


def message(text: str, **more: object) -> Message:
    given = Message(
        platform="facebook_page", account_id="1", external_id="1_2", kind=Kind.COMMENT, author_id="9",
        author_name="Mia Marlowe", text=text, parent_id="1_1", created_at=NOON, changed_at=NOON, received_at=NOON,
    )  # fmt: skip
    return replace(given, **more)  # type: ignore[arg-type]


def judged(text: str, **more: object):  # type: ignore[no-untyped-def]
    return decide(message(text, **more), assess(text), RULES, policy_versions=VERSIONS, now=NOON)


def test_a_decision_names_rule_clause_version_words_and_where_they_stand() -> None:
    decision = judged("Well, YOU IDIOT!")
    assert decision.action is Action.HIDE
    assert decision.rule == "Insult"
    assert decision.policy == ClauseRef("MOD", "3.1", 4)
    assert decision.severity is Severity.MEDIUM
    assert decision.rationale == "Insults a person: “YOU IDIOT” (MOD 3.1 v4)."
    assert decision.evidence == (Span(6, 15, "body", "YOU IDIOT"),)
    assert decision.decided_by == "rules"
    assert decision.rules_hash == RULES.hash
    assert decision.content_hash == message("Well, YOU IDIOT!").content_hash


@pytest.mark.parametrize(
    "text",
    ["yоu іdіоt", "y\u200bo\u200bu i\u00addiot", "ｙｏｕ ｉｄｉｏｔ", "you 1d10t", "you i.d.i.o.t", "you i d i o t",
     "YOU iiidiooot", "𝐲𝐨𝐮 𝐢𝐝𝐢𝐨𝐭", "you ïdíøt", "you\nidiot", "you id!ot"],
)  # fmt: skip
def test_a_disguised_insult_is_hidden_and_quoted_as_it_was_written(text: str) -> None:
    decision = judged(text)
    assert decision.action is Action.HIDE
    (span, *_) = decision.evidence
    assert span.found == text[span.start : span.end]
    assert span.end == len(text)


@pytest.mark.parametrize(
    "text",
    ["greetings from Scunthorpe", "an idiotic price", "you idiotproof it", "Penistone, Essex", "class assessment"],
)
def test_words_that_only_contain_an_insult_are_left_alone(text: str) -> None:
    assert judged(text).action is Action.ALLOW


def test_a_version_that_a_rule_names_beats_the_one_in_force_and_an_unknown_policy_is_version_nought() -> None:
    assert judged("it caught fire").policy == ClauseRef("MOD", "5.1", 1)
    decision = decide(message("you idiot"), assess(""), RULES, policy_versions={}, now=NOON)
    assert decision.policy == ClauseRef("MOD", "3.1", 0)
    assert "v0" not in decision.rationale


def test_an_escalation_takes_the_severity_of_its_rule_unless_it_has_its_own() -> None:
    assert judged("it caught fire").escalate == Escalation("compliance officer", 30, Severity.HIGH)


def test_labels_come_from_the_deciding_rule_and_all_label_rules_in_the_order_of_the_file() -> None:
    assert judged("Broken again, you idiots. Refund?").labels == ("insult", "complaint", "question")


def test_a_message_that_is_only_labelled_is_allowed_under_the_first_labelling_rule() -> None:
    decision = judged("this is rubbish, worst service")
    assert (decision.action, decision.rule, decision.labels) == (Action.ALLOW, "Complaint", ("complaint",))
    assert decision.policy == ClauseRef("MOD", "2.1", 4)
    assert decision.trace == ()


def test_no_words_are_allowed_by_no_rule() -> None:
    decision = judged("")
    assert (decision.action, decision.rule, decision.policy, decision.evidence) == (Action.ALLOW, None, None, ())
    assert decision.severity is Severity.NONE


def test_when_something_is_done_the_trace_says_what_was_wanted_and_observed() -> None:
    (first, second) = judged("you idiot, it is broken").trace
    assert first["rule"] == "Insult"
    assert first["outcome"] == "decided"
    assert first["checks"] == [
        {
            "check": "body (includes-word)",
            "wanted": "one of: you idiot, idiots, you are an idiot",
            "observed": ["you idiot"],
        }
    ]
    assert second["outcome"] == "labelled"
    json.dumps([first, second])


def test_an_exemption_says_which_rule_it_set_aside() -> None:
    decision = judged("you idiot", author_name="Our own desk")
    assert (decision.action, decision.rule) == (Action.ALLOW, "Ours")
    assert [(line["rule"], line["outcome"]) for line in decision.trace] == [
        ("Ours", "decided"),
        ("Insult", "set aside by the rule above"),
    ]


def test_a_text_longer_than_what_is_read_is_judged_by_its_beginning_and_says_so() -> None:
    decision = judged("x " * SCANNED + "you idiot")
    assert decision.action is Action.ALLOW
    assert decision.trace == ({"note": f"only the first {SCANNED} of {2 * SCANNED + 9} characters were read"},)


def test_a_quotation_in_a_rationale_cannot_turn_the_line_around_or_run_on() -> None:
    rules = compile_rules("name: a\nbody (regex, includes): ['evil.*']\naction: hide\nrationale: 'saw {{match}} end'\n")
    text = "evil \u202e\u0007\n" + "x" * 500
    decision = decide(message(text), assess(text), rules, policy_versions={}, now=NOON)
    assert decision.rationale.isprintable()
    assert len(decision.rationale) < 120
    assert decision.rationale.endswith(" end")


@pytest.mark.parametrize(("asks", "times"), [("body: lamp", 0), ("persona: troll", 1), ("signals: {type: spam}", 1)])
def test_labels_are_worked_out_only_where_a_rule_looks_for_one(asks: str, times: int) -> None:
    asked: list[str] = []

    def labels() -> dict[str, str | None]:
        asked.append("labels")
        return {"type": "spam", "persona": "troll"}

    rules = compile_rules(f"name: One\n{asks}\naction: queue\nseverity: low\npolicy: MOD 1")
    assessment = replace(assess("a lamp"), labels=later(labels))
    decision = decide(message("a lamp"), assessment, rules, policy_versions={}, now=NOON)
    assert (decision.action, len(asked)) == (Action.QUEUE, times)


def test_every_score_is_computed_and_within_its_bounds() -> None:
    found = assess("I am furious!")
    assert set(found.scores) == set(SCORES)
    assert all(value is not None and -1 <= value <= 1 for value in found.scores.values())
    assert found.model_version


WORDS = st.sampled_from(
    ["you", "idiot", "1d10t", "i d i o t", "idiots", "caught fire", "worst", "?", "a", "\u200b", "é", "іdіоt", "😡",
     "ﬃ", "\ud800", "you idiot", "IDIOTS", "brоken", "\n", "iddddiot", "\u0301"]
)  # fmt: skip
TEXTS = st.one_of(
    st.lists(WORDS, max_size=12).map(" ".join), st.lists(WORDS, max_size=8).map("".join), st.text(max_size=80)
)


@given(TEXTS)
@example("\u0301you idiot\u0301")
@settings(max_examples=300, deadline=None)
def test_evidence_always_lies_in_the_original_and_reads_as_something_a_rule_looks_for(text: str) -> None:
    wanted = {"you idiot", "idiots", "you are an idiot", "caught fire", "rubbish", "worst", "broken", "?"}
    for span in judged(text).evidence:
        assert 0 <= span.start < span.end <= len(text)
        assert span.found == text[span.start : span.end]
        assert any(view.text in wanted for view in views(span.found)), span


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_the_same_arguments_give_the_same_decision_and_time_changes_nothing_else(text: str) -> None:
    first = judged(text)
    again = decide(message(text), assess(text), RULES, policy_versions=VERSIONS, now=NOON + timedelta(days=9))
    assert first == judged(text)
    assert replace(again, decided_at=NOON) == first


# ---------------------------------------------------------------- in words


def test_a_decision_is_explained_with_rule_clause_its_text_the_words_and_how_to_reverse_it() -> None:
    told = explain(message("Well, YOU IDIOT!"), judged("Well, YOU IDIOT!"), "Do not insult people.")
    for part in ("Hidden", "Insult", "MOD 3.1 v4", "Do not insult people.", "“YOU IDIOT” (body, characters 6 to 15)",
                 "2026-11-20 12:00:00 UTC", "To reverse it", RULES.hash):  # fmt: skip
        assert part in told


def test_an_explanation_says_when_the_text_has_changed_since_and_when_no_rule_held() -> None:
    told = explain(message("hello, edited"), judged("hello"), None)
    assert "changed since" in told
    assert "none held" in told


def test_an_explanation_shows_the_words_that_were_judged_and_how_the_message_stands_now() -> None:
    told = explain(message("you are kind", hidden=True), judged("you idiot"), None, "you idiot")
    assert "“you idiot”" in told
    assert "“you are kind”" not in told
    assert "hidden on the platform" in told


def test_an_explanation_never_calls_visible_what_is_hidden() -> None:
    waiting = replace(judged("it caught fire"), action=Action.QUEUE)
    assert "stays visible" in explain(message("it caught fire"), waiting, None)
    told = explain(message("it caught fire", hidden=True), waiting, None)
    assert "stays visible" not in told
    assert "stays hidden until a person decides" in told


def test_an_explanation_of_a_deleted_message_offers_no_way_back() -> None:
    told = explain(message("", deleted=True), judged("you idiot"), None)
    assert "erased" in told
    assert "To reverse it" not in told
    assert "picture" not in told


def test_a_word_that_only_labels_is_no_evidence_for_hiding() -> None:
    decision = judged("worst service, you idiot, is it broken?")
    assert decision.action is Action.HIDE
    assert decision.labels == ("insult", "complaint", "question")
    assert [span.found for span in decision.evidence] == ["you idiot"]


def test_an_explanation_of_a_persons_decision_names_the_person() -> None:
    decision = replace(judged("you idiot"), decided_by="priya", rule=None, action=Action.ALLOW)
    assert "by priya" in explain(message("you idiot"), decision, None)


def test_an_explanation_is_printable_whatever_was_written() -> None:
    text = "you idiot \u202e\x1b[2J\u0007"
    told = explain(message(text), judged(text), "clause \x1b[31m")
    assert all(line.isprintable() for line in told.split("\n"))


# ---------------------------------------------------------------- JSON lines


def test_assess_prints_every_name_and_says_which_weights_spoke() -> None:
    line = assess_line({"id": 7, "text": "hi, mail kim@example.com"})
    assert json.loads(json.dumps(line)) == line
    assert list(line) == ["id", "language", "scores", "flags", "labels", "pii", "spans", "models"]
    assert list(line["scores"]) == list(SCORES)  # type: ignore[call-overload]
    assert line["pii"] == [{"kind": "email", "start": 9, "end": 24}]


def test_decide_prints_the_decision_as_json() -> None:
    line = decide_line({"id": "a", "text": "YOU IDIOT"}, RULES, now=NOON, policy_versions=VERSIONS)
    assert json.loads(json.dumps(line)) == line
    assert (line["id"], line["action"], line["rule"], line["severity"]) == ("a", "hide", "Insult", "medium")
    assert line["policy"] == {"id": "MOD", "clause": "3.1", "version": 4}
    assert line["evidence"] == [{"start": 0, "end": 9, "field": "body", "found": "YOU IDIOT"}]
    allowed = decide_line({"id": "b", "text": "hi"}, RULES, now=NOON)
    assert (allowed["action"], allowed["rule"], allowed["policy"]) == ("allow", None, None)


@pytest.mark.parametrize(
    "line",
    [None, [], "text", 3, {}, {"id": 1}, {"id": 1, "text": None}, {"id": 1, "text": 5}, {"id": 1, "text": ["a"]},
     {"id": 1, "text": "é" * (MAX_TEXT // 2 + 1)}, {"id": {}, "text": "a"}, {"id": 1, "text": "a", "kind": "tweet"},
     {"id": 1, "text": "a", "platform": 3}, {"id": 1, "text": "a", "at": "tonight"}, {"id": 1, "text": "a", "at": 3},
     {"id": 1, "text": "a", "at": "0001-01-01"}],
)  # fmt: skip
def test_a_line_that_cannot_be_read_gives_an_error_and_no_exception(line: object) -> None:
    outcome = decide_line(line, RULES, now=NOON)
    assert set(outcome) == {"id", "error"}
    if not (isinstance(line, dict) and {"kind", "platform", "at"} & line.keys()):
        assert set(assess_line(line)) == {"id", "error"}


@pytest.mark.parametrize(
    ("at", "holds"),
    [("2026-10-03T23:30", True), ("2026-10-03T23:30+10:00", False), ("2026-10-04T09:30+10:00", True), (None, False)],
)
def test_a_line_may_say_when_it_was_written_in_utc_unless_it_names_an_offset_and_now_if_it_does_not(
    at: str | None, holds: bool
) -> None:
    night = compile_rules("name: Night\nhours: '22:00-07:00 UTC'\naction: queue\n")
    line = decide_line({"id": 1, "text": "a", "at": at}, night, now=NOON)
    assert line["action"] == ("queue" if holds else "allow")


def test_a_text_at_the_limit_is_read() -> None:
    assert "error" not in assess_line({"id": 1, "text": "é" * (MAX_TEXT // 2)})
