"""Finding a Python that can build, and prices that say where they come from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from local import build
from local.ports import ROOT


def test_a_python_that_does_not_answer_is_passed_over(tmp_path: Path) -> None:
    shim = tmp_path / "python3.13"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    assert not build.answers(str(shim))
    assert not build.answers(str(tmp_path / "none"))


def test_pythons_of_pyenv_are_tried_after_the_one_on_the_path(tmp_path: Path) -> None:
    for version in ("3.13.0", "3.13.2", "3.12.1"):
        (tmp_path / "versions" / version / "bin").mkdir(parents=True)
    found = list(build.candidates({"PYENV_ROOT": str(tmp_path), "HOME": str(tmp_path)}))
    assert found[0] == "python3.13"
    ours = [Path(one).parts[-3] for one in found if one.startswith(str(tmp_path / "versions"))]
    assert ours == ["3.13.2", "3.13.0"]


def test_every_price_says_its_source_and_when_it_was_read() -> None:
    prices = yaml.safe_load((ROOT / "local" / "prices.yaml").read_text())["prices"]
    for name, price in prices.items():
        assert price["usd"] > 0 < price["per"], name
        assert price["source"].startswith("https://aws.amazon.com/"), name
        assert re.fullmatch(r"20\d\d-\d\d", str(price["read"])), name
        assert price["by"] in ("own", "other"), name


@pytest.mark.parametrize("lock", build.LAYER_LOCKS, ids=lambda lock: lock.parent.name)
def test_the_layers_lock_names_the_versions_that_the_tests_run_with(lock: Path) -> None:
    pins = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)
    layer = dict(pins.findall(lock.read_text()))
    machine = dict(pins.findall((ROOT / "requirements-dev.lock").read_text()))
    assert layer
    assert layer == {name: machine[name] for name in layer}
