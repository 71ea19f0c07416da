"""What is built: how large, for which processor, compiled for which Python."""

from __future__ import annotations

import importlib.metadata
import re
import struct
from pathlib import Path

import pytest

from local import build
from local.ports import ROOT

LAYER_BYTES, ENCODER_BYTES, FUNCTION_BYTES = 60_000_000, 160_000_000, 100_000
_MACHINE = {"arm64": 0xB7, "x86_64": 0x3E}  # e_machine of an ELF file


@pytest.fixture(params=[build.DEPLOYABLE, build.HERE], ids=["deployable", "here"])
def made(request: pytest.FixtureRequest, folder: Path) -> Path:
    place: Path = request.param
    assert (place / "template.yaml").is_file(), "nothing is built: make build"
    return place


def test_the_layer_and_the_functions_own_code_are_small(made: Path) -> None:
    sizes = build.sizes(made)
    assert sizes.pop(build.LAYER) <= LAYER_BYTES
    encoder = sizes.pop(build.ENCODER)
    assert encoder <= ENCODER_BYTES or made == build.HERE  # onnxruntime for x86_64 is a third larger than for arm64
    assert sizes
    assert {name: size for name, size in sizes.items() if size > FUNCTION_BYTES} == {}


def test_native_parts_are_for_the_processor_they_are_built_for(made: Path) -> None:
    wanted = _MACHINE["arm64" if made == build.DEPLOYABLE else build.processor()]
    native = list(made.rglob("*.so"))
    assert native
    for file in native:
        head = file.read_bytes()[:20]
        assert head[:4] == b"\x7fELF"
        assert struct.unpack("<H", head[18:20])[0] == wanted, file.name
        plain = file.name.startswith("lib")  # a library that an extension loads, for any Python
        assert plain or "cpython-313" in file.name or ".abi3." in file.name


def test_every_module_is_compiled_without_a_look_at_its_source(made: Path) -> None:
    for source in made.rglob("*.py"):
        compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
        flags = struct.unpack("<I", compiled.read_bytes()[4:8])[0]
        assert flags == 0b01, compiled  # PEP 552: hash-based, unchecked


def test_the_layer_carries_what_the_tests_ran_with_and_nothing_that_lambda_brings(made: Path) -> None:
    there = {
        re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower(): found.version
        for found in importlib.metadata.distributions(path=[str(made / build.LAYER / "python")])
    }
    assert {"boto3", "botocore", "urllib3"}.isdisjoint(there)
    assert there.keys() >= {"aws-lambda-powertools", "google-re2", "pyahocorasick", "pyyaml", "tzdata"}
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements-dev.lock").read_text(), re.MULTILINE))
    assert there == {name: locked[name] for name in there}
