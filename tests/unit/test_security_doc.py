"""docs/security.md promises nothing that no test shows; docs/operations.md knows every alarm and only real commands."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

import pytest

from herald import cli
from herald.store.keys import TABLES
from local.ports import ROOT
from tests.support import privileges

SECURITY = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
ROWS = [line for line in SECURITY.splitlines() if line.startswith("| ") and not line.startswith("| threat")]
NAMED = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", SECURITY)


@cache
def defined_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_threat_has_an_answer_and_a_test() -> None:
    assert len(ROWS) > 30
    for row in ROWS:
        _, threat, answer, shown, _ = re.split(r"(?<!\\)\|", row)
        assert threat.strip()
        assert answer.strip()
        assert re.fullmatch(r" `tests/[\w/]+\.py(::\w+)?` ", shown), row


@pytest.mark.parametrize(("path", "name"), NAMED, ids=lambda part: part.rpartition("/")[2])
def test_every_test_it_names_exists(path: str, name: str) -> None:
    assert (ROOT / path).is_file()
    assert not name or name in defined_in(path)


# ---------------------------------------------------------------- operations


def test_every_alarm_says_what_to_do_and_no_page_is_left_of_one_that_is_gone() -> None:
    resources = privileges.plain()["Resources"]
    alarms = {name for name, one in resources.items() if one["Type"] == "AWS::CloudWatch::Alarm"}
    part = OPERATIONS.split("\n## Alarms\n")[1]
    sections = dict(re.findall(r"^### (\w+)\n(.+?)(?=^### |\Z)", part, re.MULTILINE | re.DOTALL))
    assert set(sections) == alarms
    assert all(len(text.split()) > 8 for text in sections.values())
    for name in alarms:
        assert resources[name]["Properties"]["AlarmDescription"].endswith(f"docs/operations.md, {name}")


COMMANDS = sorted(
    {line.split("#")[0].strip().strip("`")
     for line in re.findall(r"herald (?:[a-z]+ )[^`\n&]*", OPERATIONS) if not line.startswith("herald && ")}
)  # fmt: skip


@pytest.mark.parametrize("line", COMMANDS)
def test_every_herald_command_of_operations_is_one(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        cli._parser().parse_args(shlex.split(line)[1:])
    except SystemExit:
        pytest.fail(f"{line}: {capsys.readouterr().err}")


def test_the_environment_of_a_deployment_is_named_as_the_commands_read_it() -> None:
    """The function `herald-env` of the page, run over what CloudFormation would list."""
    script = re.search(r"awk '(.+?)'\)", OPERATIONS, re.DOTALL)
    assert script
    outputs = "".join(f"{name}\tv-{name}\n" for name in privileges.plain()["Outputs"])
    told = subprocess.run(["awk", script[1]], input=outputs, capture_output=True, text=True, check=True).stdout
    exported = dict(line.removeprefix("export ").split("=") for line in told.splitlines())
    assert exported == {f"{table.upper()}_TABLE": f"v-{table}Table" for table in TABLES} | {
        "DELIVERIES_URL": "v-DeliveriesUrl", "RAW_BUCKET": "v-RawBucket", "MEDIA_BUCKET": "v-MediaBucket",
        "AUDIT_BUCKET": "v-AuditBucket",
    }  # fmt: skip


def test_every_output_and_parameter_that_operations_names_is_in_the_template() -> None:
    template = privileges.plain()
    known = {*template["Outputs"], *template["Parameters"], *template["Resources"]}
    named = set(re.findall(r"`([A-Z][A-Za-z]+)=?`", OPERATIONS))
    assert named - known <= {"NeedsLogin"}


def test_what_operations_says_is_written_is_where_it_says() -> None:
    assert Path(ROOT / "samconfig.toml").is_file()
    for target in re.findall(r"(?:`|^| && )make ([a-z-]+)", OPERATIONS, re.MULTILINE):
        if target != "build":  # comes with SAM CLI
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target
