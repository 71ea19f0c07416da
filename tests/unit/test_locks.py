"""What we build on is pinned and can be listed; what an auditor's tools ask and do not get is said with its reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from local.ports import ROOT

LOCKS = sorted(ROOT.glob("requirements*.lock"))
NPM = sorted((ROOT / "tests").rglob("package-lock.json"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_requirement_is_pinned_by_hash_and_no_lock_names_an_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)\b", text, re.MULTILINE)
    parts = re.findall(r"^([A-Za-z0-9][\w.-]*)(\S*)((?:.|\n(?=\s))*)", text, re.MULTILINE)
    assert len(parts) >= 10
    for name, version, rest in parts:
        assert version.startswith("=="), name
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", rest), name


def test_there_is_a_lock_to_look_at() -> None:
    assert {path.name for path in LOCKS} >= {"requirements-dev.lock", "requirements-audit.lock"}


@pytest.mark.parametrize("lock", NPM, ids=lambda path: path.parent.name)
def test_no_npm_lock_names_an_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert '"integrity"' in text
    assert '"resolved"' not in text


def test_what_is_not_checked_has_its_reason_beside_it() -> None:
    lines = (ROOT / ".checkov.yaml").read_text(encoding="utf-8").splitlines()
    skipped = [line for line in lines if re.match(r"\s+- CKV", line)]
    assert len(skipped) == len(yaml.safe_load("\n".join(lines))["skip-check"])
    for line in skipped:
        assert len(line.partition("#")[2].split()) >= 5, line
    for template in (ROOT / "template.yaml", ROOT / "dashboard" / "template.yaml"):
        if template.is_file():
            for skip in re.findall(r"checkov:skip=(.*)", template.read_text(encoding="utf-8")):
                assert len(skip.partition(":")[2].split()) >= 5, skip


def test_every_nosec_names_its_check_and_a_reason() -> None:
    found = [
        (path.name, skip)
        for folder in ("layers", "functions", "dashboard", "local")
        for path in (ROOT / folder).rglob("*.py")
        for skip in re.findall(r"(#.*)# nosec(.*)", path.read_text(encoding="utf-8"))
    ]
    assert found
    for name, skip in found:
        assert re.fullmatch(r"# noqa: S\d{3} - .{3,}", skip[0].strip()), (name, skip)
        assert re.fullmatch(r" B\d{3}", skip[1]), (name, skip)
