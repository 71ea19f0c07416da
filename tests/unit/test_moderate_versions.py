"""The next version of a rule set: what stands against it, what it would change, and what fires unusually."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.cli import main
from herald.moderate.rules import Subject, compile_rules
from herald.moderate.versions import Changed, against, changes, summary, unusual

NOW = "name: a\nbody: [lamp]\naction: queue\nlabel: lamp\n"
NEXT = "name: b\nbody: [lamp, chair]\naction: hide\n"
TEXTS = [(str(number), Subject(text)) for number, text in enumerate(["a lamp", "a chair", "a table"])]


def test_a_set_with_a_mistake_or_a_failing_test_must_not_be_saved_and_says_the_line() -> None:
    assert against(compile_rules(NOW)) == ()
    assert against(compile_rules(NOW + "test:\n  - {body: chair, expect: queue}\n")) == (
        "a: line 6: the test expects queue, the rule by itself says none",
    )
    assert "line 2" in against(compile_rules("name: a\nboddy: [x]\naction: hide\n"))[0]


def test_the_difference_names_each_message_that_would_go_another_way() -> None:
    found = list(changes(compile_rules(NOW), compile_rules(NEXT), TEXTS))
    assert found == [
        Changed("0", "queue", "hide", "a", "b", (), ("lamp",)),
        Changed("1", "allow", "hide", None, "b", (), ()),
    ]
    assert summary(found) == {"queue -> hide": 1, "allow -> hide": 1}


@given(st.lists(st.text("lampchir ", max_size=12), max_size=5))
def test_a_set_differs_in_nothing_from_itself(texts: list[str]) -> None:
    rules = compile_rules(NOW)
    assert not list(changes(rules, rules, ((text, Subject(text)) for text in texts)))


def test_a_rule_that_fires_far_more_or_far_less_than_before_is_told() -> None:
    days = {"steady": [12] * 14, "wave": [2] * 14, "silent": [40] * 14, "young": [0] * 6, "rare": [1] * 14}
    today = {"steady": 20, "wave": 30, "young": 50, "rare": 0}
    assert unusual(days, today) == {"silent": (0, 40.0), "wave": (30, 2.0)}


@given(st.lists(st.integers(0, 500), min_size=7, max_size=29).filter(lambda days: len(days) % 2))
def test_a_day_like_the_usual_one_is_never_told(days: list[int]) -> None:
    assert unusual({"a": days}, {"a": sorted(days)[len(days) // 2]}) == {}


def test_the_command_tells_a_line_a_text_and_sums_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "now.yaml").write_text(NOW)
    (tmp_path / "next.yaml").write_text(NEXT)
    lines = b'{"id": 1, "text": "a lamp"}\n{"id": 2, "text": "a table"}\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))
    assert main(["rules", "diff", str(tmp_path / "now.yaml"), str(tmp_path / "next.yaml")]) == 0
    printed = capsys.readouterr()
    assert [json.loads(line)["changed"] for line in printed.out.splitlines()] == [True, False]
    assert "queue -> hide: 1" in printed.err
