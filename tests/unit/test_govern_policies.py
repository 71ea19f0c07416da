"""Policies are read strictly, cited exactly, and compared clause by clause."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from herald.errors import BadRules, Unknown
from herald.govern.policies import BadPolicy, as_of, cite, clause_of, clause_ref, diff, parse, render
from herald.model import Clause, ClauseRef, Policy

FRONT = """---
id: MOD
title: Moderation guideline
version: 2
effective_from: 2026-07-01
gates: [Hide, Unhide]
---
"""
BODY = """
# The document's title

## 3 Conduct

### 3.1 Insults and abuse

Hide what degrades a person.
Swearing at a thing stays.

In doubt, ask.

### 3.2 Threats

Hide at once.

## 4 Closing

A section with text is a clause.
"""


def a_policy(**more: object) -> Policy:
    return replace(parse(FRONT + BODY), **more)  # type: ignore[arg-type]


def test_a_document_becomes_numbered_clauses():
    policy = parse(FRONT + BODY)
    assert (policy.id, policy.title, policy.version, policy.effective_from, policy.gates) == (
        "MOD", "Moderation guideline", 2, date(2026, 7, 1), ("Hide", "Unhide"),
    )  # fmt: skip
    assert policy.clauses == (
        Clause("MOD-3.1", "3.1", "Insults and abuse",
               "Hide what degrades a person. Swearing at a thing stays.\n\nIn doubt, ask."),
        Clause("MOD-3.2", "3.2", "Threats", "Hide at once."),
        Clause("MOD-4", "4", "Closing", "A section with text is a clause."),
    )  # fmt: skip


def test_windows_line_ends_and_a_byte_order_mark_change_nothing():
    text = "\ufeff" + (FRONT + BODY).replace("\n", "\r\n")
    assert parse(text).clauses == parse(FRONT + BODY).clauses


def test_a_title_may_stand_in_quotes_or_carry_some():
    assert parse(FRONT.replace("Moderation guideline", '"Moderation: the guideline"') + BODY).title == (
        "Moderation: the guideline"
    )
    assert parse(FRONT.replace("Moderation guideline", '"House" rules') + BODY).title == '"House" rules'


def test_a_document_without_gates_gates_nothing():
    assert parse(FRONT.replace("gates: [Hide, Unhide]\n", "") + BODY).gates == ()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "front matter"),
        ("## 1 Purpose\n", 1, "front matter"),
        ("---\nid: MOD\n", 2, "does not end"),
        (FRONT.replace("id: MOD\n", "") + BODY, 6, "no id"),
        (FRONT.replace("id: MOD", "id: mod 1") + BODY, 2, "no id"),
        (FRONT.replace("version: 2", "version: 0") + BODY, 4, "no version"),
        (FRONT.replace("version: 2", "version: two") + BODY, 4, "no version"),
        (FRONT.replace("2026-07-01", "1 July") + BODY, 5, "no date"),
        (FRONT.replace("[Hide, Unhide]", "Hide") + BODY, 6, "a list"),
        (FRONT.replace("Unhide", "Unhid") + BODY, 6, '"Unhid" is no command'),
        (FRONT.replace("title:", "titel:") + BODY, 3, '"titel"'),
        (FRONT.replace("title: Moderation guideline", "id: MOD") + BODY, 3, "twice"),
        (FRONT, 7, "no clause"),
        (FRONT + "## 3 Conduct\n", 8, "no clause"),
        (FRONT + "text before\n## 3 Conduct\ntext\n", 8, "before the first heading"),
        (FRONT + "## 3 Conduct\n### Insults\ntext\n", 9, "needs a number"),
        (FRONT + "## 3 Conduct\n### 3.1\ntext\n", 9, "a title"),
        (FRONT + "## 3 Conduct\n###\ntext\n", 9, "needs a number"),
        (FRONT + "## 3 Conduct\n### 3.1 A\ntext\n### 3.1 B\ntext\n", 11, "3.1 stands twice, first on line 9"),
        (FRONT + "## 3 Conduct\n### 3.2 A\ntext\n### 3.1 B\ntext\n", 11, "ascend"),
        (FRONT + "## 3 Conduct\n### 4.1 A\ntext\n", 9, "no section 4"),
        (FRONT + "## 3 Conduct\n### 3.1 A\n" + "long " * 900, 9, "split it"),
        ("x" * 100_001, 1, "limit"),
    ],
)
def test_a_wrong_document_is_refused_with_its_line(text: str, line: int, words: str):
    with pytest.raises(BadPolicy, match=re.escape(words)) as refused:
        parse(text)
    assert refused.value.line == line
    assert isinstance(refused.value, BadRules)  # whoever reports wrong rule documents reports these as well


def test_ten_comes_after_nine():
    numbers = "".join(f"### 3.{n} Clause\ntext {n}\n" for n in range(1, 13))
    assert parse(FRONT + "## 3 Conduct\n" + numbers).clauses[-1].number == "3.12"


def test_a_rendered_document_reads_back_to_the_same_policy():
    policy = parse(FRONT + BODY)
    again = parse(render(policy))
    assert replace(again, source="") == replace(policy, source="")
    assert render(again) == render(policy)
    assert "## 3 Conduct" in render(policy)


words = st.text(st.characters(categories=["L", "Nd", "Po", "Sc"], exclude_characters="#"), min_size=1, max_size=30)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(words, st.lists(words, min_size=1, max_size=3)), min_size=1, max_size=9))
def test_any_clauses_survive_writing_and_reading(drafts: list[tuple[str, list[str]]]):
    clauses = tuple(
        Clause(f"MOD-3.{n}", f"3.{n}", title, "\n\n".join(text)) for n, (title, text) in enumerate(drafts, start=1)
    )
    policy = a_policy(clauses=clauses, source="")
    assert parse(render(policy)).clauses == clauses


# ---------------------------------------------------------------- asking


def test_the_version_in_force_is_that_of_the_day():
    first = a_policy(version=1, effective_from=date(2026, 1, 1))
    second = a_policy(version=2, effective_from=date(2026, 7, 1))
    other = a_policy(id="SOCIAL", version=9, effective_from=date(2026, 1, 1))
    kept = [second, other, first]
    assert as_of(kept, "MOD", date(2025, 12, 31)) is None
    assert as_of(kept, "MOD", date(2026, 1, 1)) == first
    assert as_of(kept, "MOD", date(2026, 6, 30)) == first
    assert as_of(kept, "MOD", date(2026, 7, 1)) == second
    assert as_of(kept, "LAW", date(2026, 7, 1)) is None


@pytest.mark.parametrize("text", ["MOD 3.1", "MOD-3.1", "mod 3.1", " MOD 3.1 v2 "])
def test_a_clause_is_named_in_the_ways_people_write_it(text: str):
    assert clause_ref(text, [a_policy(version=1), a_policy(version=2)]) == ClauseRef("MOD", "3.1", 2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("MOD 9.9", "Moderation guideline (MOD version 2) has no clause 9.9"),
        ("MOD 3", "has no clause 3"),  # a section without text is no clause
        ("LAW 1.1", "no policy LAW"),
        ("MOD 3.1 v7", "no policy MOD version 7"),
        ("the insults one", "names no clause"),
        ("", "names no clause"),
    ],
)
def test_a_clause_that_is_not_there_is_named(text: str, words: str):
    with pytest.raises(Unknown, match=re.escape(words)):
        clause_ref(text, [a_policy()])


def test_a_citation_names_document_clause_and_version_as_it_stood():
    old = a_policy(version=1, clauses=(Clause("MOD-3.1", "3.1", "Rude words", "Old text."),))
    kept = [a_policy(), old]
    assert cite(ClauseRef("MOD", "3.1", 2), kept) == "Moderation guideline, 3.1 Insults and abuse (MOD version 2)"
    assert cite(ClauseRef("MOD", "3.1", 1), kept) == "Moderation guideline, 3.1 Rude words (MOD version 1)"
    assert clause_of(ClauseRef("MOD", "3.1", 1), kept)[1].text == "Old text."
    with pytest.raises(Unknown, match=r"MOD 3\.2 v1"):
        cite(ClauseRef("MOD", "3.2", 1), kept)


def test_a_comparison_says_clause_by_clause_what_changed():
    old = a_policy()
    insults, threats, closing = old.clauses
    new = a_policy(
        clauses=(insults, replace(threats, text="Hide at once and call."), Clause("MOD-3.10", "3.10", "New", "New."))
    )
    assert [(c.number, c.kind) for c in diff(old, new)] == [("3.2", "changed"), ("3.10", "added"), ("4", "removed")]
    assert diff(old, new)[0].before == threats
    assert diff(old, new)[2].before == closing
    assert diff(old, a_policy(version=3)) == []
