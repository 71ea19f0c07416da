"""The next version of a rule set: what it would change."""

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
from herald.moderate.versions import Changed, changes, summary

NOW = "name: a\nbody: [lamp]\naction: queue\nlabel: lamp\n"
NEXT = "name: b\nbody: [lamp, chair]\naction: hide\n"
TEXTS = [(str(number), Subject(text)) for number, text in enumerate(["a lamp", "a chair", "a table"])]


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
