"""docs/metrics.md and the code mean the same things."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from herald.measure import counts
from herald.measure.figures import DEFINITIONS, Definition
from herald.measure.scorecard import Facts, scorecard
from herald.model import SPOKEN, Action, Kind
from tests.support.figures import some_facts

DOC = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
SHOWN, COUNTS = DOC.split("\n## Numbers shown\n")[1].split("\n## Counts of messages\n")


def sections(part: str) -> dict[str, str]:
    return {
        name: " ".join(body.split())
        for name, body in re.findall(r"^### `([^`]+)`\n(.*?)(?=^##|\Z)", part, re.MULTILINE | re.DOTALL)
    }


# ---------------------------------------------------------------- numbers shown


def test_every_number_shown_has_its_section_in_the_same_order_and_no_section_lacks_its_number():
    assert list(sections(SHOWN)) == [one.id for one in DEFINITIONS]


@pytest.mark.parametrize("one", DEFINITIONS, ids=lambda one: one.id)
def test_the_page_words_each_number_as_the_code_does(one: Definition):
    assert sections(SHOWN)[one.id] == (
        f"- **Label**: {one.label} - **Unit**: {one.unit} - **Meaning**: {one.meaning} - **Formula**: {one.formula} "
        f"- **Source**: {one.source} - **Adds up over**: {one.adds}"
    )


@pytest.mark.parametrize("one", DEFINITIONS, ids=lambda one: one.id)
def test_every_number_has_a_label_a_unit_one_sentence_of_meaning_a_formula_and_a_source(one: Definition):
    assert all((one.label, one.unit, one.formula, one.source, one.adds))
    assert len(one.meaning.split()) >= 6
    assert one.meaning.endswith(".")


def test_every_number_of_a_scorecard_is_defined_and_labels_are_not_used_twice():
    facts: Facts = some_facts()
    assert set(scorecard(facts)) <= {one.id for one in DEFINITIONS}
    assert len({one.label for one in DEFINITIONS}) == len(DEFINITIONS)


def test_a_formula_that_names_a_count_names_one_that_is_counted():
    for one in DEFINITIONS:
        named = set(re.findall(r"`((?:action|by)\.[a-z]+)`", one.formula))
        assert named <= every_metric_the_code_can_count(), one.id


# ---------------------------------------------------------------- counts


def every_metric_the_code_can_count() -> set[str]:
    labels = ",".join(counts.LABELS)
    texts = [f"2026-11-22|{kind}|fact|||" for kind in Kind if kind not in SPOKEN]
    texts += [f"2026-11-22|{kind}|deleted|||" for kind in SPOKEN]
    texts += [
        f"2026-11-22|{kind}|{action}|{by}|edited|{labels}|{hour:02d}"
        for kind in SPOKEN for action in Action for by in ("rules", "person") for hour in range(24)
    ]  # fmt: skip
    return {metric for text in texts for metric in counts.delta("p:a", "", text)[0].add}


def pattern(metric: str) -> str:
    """`kind.comment` -> `kind.<kind>`"""
    family = {"kind": "kind.<kind>", "action": "action.<action>", "by": "by.<who>", "label": "label.<label>"}
    return re.sub(r"^([hx])\d\d$", r"\1<hour>", family.get(metric.partition(".")[0], metric))


def test_every_metric_the_code_counts_has_its_section_and_no_section_lacks_its_metric():
    named = list(sections(COUNTS))
    assert sorted(named) == sorted(counts.METRICS)
    assert set(named) == {pattern(metric) for metric in every_metric_the_code_can_count()}


def test_every_name_in_the_document_is_one_the_code_counts_and_the_other_way_round():
    named = set(re.findall(r"`((?:kind|action|by|label)\.[a-z_]+)`", COUNTS))
    counted = every_metric_the_code_can_count()
    assert named <= counted
    unjudged = {f"kind.{kind}" for kind in Kind if kind not in SPOKEN}  # the document names the first of these only
    assert {metric for metric in counted - unjudged if "." in metric} <= named


def test_unit_period_and_source_are_stated_and_each_section_defines_its_metric():
    for word in ("**Unit**", "**Period**", "**Source**"):
        assert word in COUNTS
    for name, definition in sections(COUNTS).items():
        assert len(definition.split()) >= 8, name
