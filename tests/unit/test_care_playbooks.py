"""The playbook: five kinds of post by six kinds of person, read strictly, each error with its line."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.care import answers, limits, playbooks
from herald.care.playbooks import BadPlaybook, parse, shipped, suggested
from herald.model import Action, Decision, Persona, PostKind, Severity


def test_every_kind_and_every_person_have_a_play_with_steps() -> None:
    book = parse(shipped())
    for kind in PostKind:
        for persona in (None, *Persona):
            play = book.play(kind, persona)
            assert len(play.steps) >= 3
            assert play.clause or persona is not None
    assert len({book.play(kind, persona) for kind in PostKind for persona in Persona}) == 30


def test_a_troll_is_answered_only_with_a_supervisor_whatever_they_post() -> None:
    book = parse(shipped())
    for kind in PostKind:
        assert any(step.supervisor for step in book.play(kind, Persona.TROLL).steps)
        assert not any(step.supervisor for step in book.play(kind, Persona.UNHAPPY).steps)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("  review:\n", "  raven:\n", 5, "no kind of post"),
        ("link_needed: yes", "link_needed: true", None, "yes or no"),
        ("within: 16h", "within: 2 days", None, "90m or 16h"),
        ("within: 24h", "within: 16h", None, "must be due after investigate"),
        ("overdue: owner", "overdue: queen", None, "no role"),
        ("complaint + troll", "complaint troll", None, "is no pair"),
        ("offers: [thank]", "offers: [gold]", None, "no offer"),
        ("      hear: Say", "      understand: Say", None, "stands twice"),
        ("people:\n", "persons:\n", None, '"persons" is no field of the playbook'),
        ("    steps:\n      read-all: ", "    steps:\n      Read all: ", None, "no name of a step"),
        ("      read-all: Read", "      read-all: &x Read", None, "anchors"),
    ],
)
def test_an_error_names_its_line(old: str, new: str, line: int | None, said: str) -> None:
    text = shipped()
    assert old in text
    with pytest.raises(BadPlaybook, match=said) as bad:
        parse(text.replace(old, new, 1))
    assert 1 <= bad.value.line <= text.count("\n")
    if line:
        assert bad.value.line == line


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fail_otherwise(text: str) -> None:
    with suppress(BadPlaybook):
        parse(text)
    with suppress(answers.BadAnswers):
        answers.parse(text)


def decision(action: Action, *labels: str) -> Decision:
    return Decision("h", action, Severity.LOW, datetime(2026, 1, 1, tzinfo=UTC), "rules", "r", labels=labels)


@pytest.mark.parametrize(
    ("case_type", "made", "kind", "persona"),
    [
        ("complaint", decision(Action.ALLOW, "complaint"), "complaint", "unhappy"),
        ("complaint", decision(Action.HIDE, "complaint"), "complaint", "angry"),
        ("complaint", decision(Action.HIDE, "complaint", "personal_data"), "complaint", "unhappy"),
        ("question", decision(Action.ALLOW, "question"), "question", None),
        ("question", decision(Action.ALLOW, "question", "misguided"), "question", "misguided"),
        ("review", decision(Action.ALLOW, "review", "praise"), "review", "complimentary"),
        ("", decision(Action.ALLOW, "praise"), "user_content", "complimentary"),
        ("", decision(Action.HIDE), "troll", "troll"),
        ("", None, "user_content", None),
    ],
)
def test_labels_suggest_and_never_guess(case_type: str, made: Decision | None, kind: str, persona: str | None) -> None:
    assert suggested(case_type, made) == (kind, persona)


@pytest.mark.parametrize(
    ("text", "count"),
    [("Please calm down.", 1), ("CALM DOWN, REALLY", 2), ("We are sorry. Here is what we do.", 0), ("Sorry!!", 1)],
)
def test_what_makes_an_angry_person_angrier_is_said_beforehand(text: str, count: int) -> None:
    play = parse(shipped()).play(PostKind.COMPLAINT, Persona.ANGRY)
    assert len(answers.advice(text, play, ())) == count


@pytest.mark.parametrize(
    "address",
    [
        "http://a.example",
        "javascript:alert(1)",
        "https://",
        "https://a b.example",
        "https://u@a.example",
        "https://[",
        "",
    ],
)
def test_only_a_web_address_leads_to_information(address: str) -> None:
    assert not playbooks.web_address(address)


def test_amounts_read_as_money() -> None:
    assert limits.words(1_234_505, "AUD") == "AUD 12,345.05"
