"""docs/metrics.md and the code count the same things."""

from __future__ import annotations

import re
from pathlib import Path

from herald.measure import counts
from herald.model import SPOKEN, Action, Kind

DOC = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


def every_metric_the_code_can_count() -> set[str]:
    labels = ",".join(counts.LABELS)
    texts = [f"2026-11-22|{kind}|fact|||" for kind in Kind if kind not in SPOKEN]
    texts += [f"2026-11-22|{kind}|deleted|||" for kind in SPOKEN]
    texts += [
        f"2026-11-22|{kind}|{action}|{by}|edited|{labels}"
        for kind in SPOKEN for action in Action for by in ("rules", "person")
    ]  # fmt: skip
    return {metric for text in texts for metric in counts.delta("p:a", "", text)[0].add}


def pattern(metric: str) -> str:
    """`kind.comment` -> `kind.<kind>`"""
    family = {"kind": "kind.<kind>", "action": "action.<action>", "by": "by.<who>", "label": "label.<label>"}
    return family.get(metric.partition(".")[0], metric)


def test_every_metric_the_code_counts_has_its_section_and_no_section_lacks_its_metric():
    sections = re.findall(r"^### `([^`]+)`$", DOC, re.MULTILINE)
    assert sorted(sections) == sorted(counts.METRICS)
    assert set(sections) == {pattern(metric) for metric in every_metric_the_code_can_count()}


def test_every_name_in_the_document_is_one_the_code_counts_and_the_other_way_round():
    named = set(re.findall(r"`((?:kind|action|by|label)\.[a-z_]+)`", DOC))
    counted = every_metric_the_code_can_count()
    assert named <= counted
    unjudged = {f"kind.{kind}" for kind in Kind if kind not in SPOKEN}  # the document names the first of these only
    assert {metric for metric in counted - unjudged if "." in metric} <= named


def test_unit_period_and_source_are_stated_and_each_section_defines_its_metric():
    for word in ("**Unit**", "**Period**", "**Source**"):
        assert word in DOC
    for section in re.split(r"^### ", DOC, flags=re.MULTILINE)[1:]:
        _, _, definition = section.partition("\n")
        assert len(definition.split()) >= 8, section
