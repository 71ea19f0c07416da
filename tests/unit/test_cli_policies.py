"""`herald policies load`: one line a document; wrong files say so with their line, and load nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from herald import cli, runtime
from tests.support.world import POLICY, World, a_world


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = a_world(found=False)
    monkeypatch.setenv("MESSAGES_TABLE", "given")
    monkeypatch.setattr(runtime, "current", lambda: made.herald)
    return made


def load(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, object]], str]:
    code = cli.main(["policies", "load", *arguments])
    told = capsys.readouterr()
    return code, [json.loads(line) for line in told.out.splitlines()], told.err


def test_the_shipped_five_load_in_one_command_and_may_load_again(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines, _ = load(capsys)
    assert (code, {line["result"] for line in lines}) == (0, {"saved"})
    assert {line["policy"] for line in lines} == {"SOCIAL", "MOD", "COMPLAINTS", "CRISIS", "CONTENT"}
    assert load(capsys)[1] == [line | {"result": "there already"} for line in lines]


def test_a_folder_of_ones_own_is_loaded_and_a_changed_version_is_refused(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "mod.md").write_text(POLICY)
    assert load(capsys, "--dir", str(tmp_path))[0] == 0
    (tmp_path / "mod.md").write_text(POLICY.replace("answered.", "answered soon."))
    code, lines, told = load(capsys, "--dir", str(tmp_path))
    assert (code, lines[0]["result"], "higher version" in told) == (1, "differs", True)


def test_one_wrong_document_is_named_with_its_line_and_none_is_loaded(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "a.md").write_text(POLICY)
    (tmp_path / "b.md").write_text(POLICY.replace("### 3.1", "### 2.2"))
    code, lines, told = load(capsys, "--dir", str(tmp_path))
    assert (code, lines) == (1, [])
    assert "line 15: b.md: clause 2.2" in told
    assert world.store.policy_dates() == {}


@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_a_folder_without_documents_is_wrong_usage(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path, folder: str
) -> None:
    (tmp_path / "empty").mkdir()
    assert load(capsys, "--dir", str(tmp_path / folder))[0] == 2
