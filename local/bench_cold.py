"""`herald bench cold`: what a cold start costs before the first record, each built function beside the floor.

The floor is what any function pays that speaks to DynamoDB and logs: a boto3 client, Powertools' Logger and Metrics.
CPU time, not the clock: it says the same on a busy machine. Interpreters take turns, so that a slow minute hits all.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from local import build, built
from local.aws import REGION
from local.stack import PSEUDO

RUNS = 7
BARS: Mapping[str, float] = {"Moderate": 1.35}  # rules, text and their native parts
BAR = 1.25
EXEMPT = frozenset({"Report"})  # once a month
_CPU = "import time; print(time.process_time())"
_FLOOR = """
import boto3
from botocore.config import Config
from aws_lambda_powertools import Logger, Metrics
logger, metrics = Logger(), Metrics(namespace="Herald")
boto3.client("dynamodb", config=Config(connect_timeout=2))
"""
_READY = """
import {module}
from herald import runtime
runtime.current()
"""
_EMPTY = "def handler(event, context):\n    return None\n"


def cold() -> int:
    """Print CPU ms and ratios, then the emulator's first calls; 1 if a function is over its bar."""
    build.build(build.HERE, build.processor())
    functions = built.declared()
    bare = statistics.median(_cpu("", []) for _ in range(RUNS))
    floors: list[float] = []
    taken: dict[str, list[float]] = {name: [] for name in functions}
    ratios: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(RUNS):
        for name, function in functions.items():
            floors.append(_cpu(_FLOOR, [_layer()]) - bare)  # anew each time: side by side, the machine is the same
            module = function.handler.rpartition(".")[0]
            taken[name].append(_cpu(_READY.format(module=module), [str(function.folder), _layer()]) - bare)
            ratios[name].append(taken[name][-1] / floors[-1])
    floor = statistics.median(floors)
    first = _first_calls(functions)
    print(f"built for {build.processor()}, Python {build.RUNTIME}; medians of {RUNS}")
    print(f"CPU ms: interpreter alone {bare:.0f}; boto3 client, Logger and Metrics {floor:.0f} over it (floor)")
    head = ("import and wiring", 19), ("ratio to floor", 16), ("bar", 7), ("first call", 12), ("ratio to empty", 16)
    print(f"{'':<10}" + "".join(f"{title:>{width}}" for title, width in head))
    over = []
    for name in functions:
        bar, ratio = BARS.get(name, BAR), statistics.median(ratios[name])
        shown = "none" if name in EXEMPT else f"{bar:.2f}"
        call = f"{first[name]:>9.0f} ms{first[name] / first['empty']:>16.1f}"
        print(f"{name:<10}{statistics.median(taken[name]):>16.0f} ms{ratio:>16.2f}{shown:>7}{call}")
        over += [name] if name not in EXEMPT and ratio > bar else []
    print(f"first call: start and init under Lambda's emulator, wall time; an empty handler {first['empty']:.0f} ms")
    print(f"over the bar: {', '.join(over)}" if over else "every function is within its bar")
    return 1 if over else 0


def _layer() -> str:
    return str(build.HERE / build.LAYER / "python")


def _cpu(code: str, python_path: list[str]) -> float:
    """CPU ms of a fresh interpreter that runs this, its own start included. Nothing of this machine is inherited."""
    told = subprocess.run(
        [str(build.runtime_python()), "-c", code + "\n" + _CPU],
        env=_environment() | {"PYTHONPATH": os.pathsep.join(python_path), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tempfile.gettempdir(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(told.stdout) * 1000


def _environment() -> dict[str, str]:
    tables = ("MESSAGES", "POSTS", "SETTINGS", "METRICS", "AUDIT")
    named = {f"{table}_TABLE": f"{PSEUDO['AWS::StackName']}-{table.title()}" for table in tables}
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
    return named | keys | {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "PATH": "/usr/bin:/bin"}


def _first_calls(functions: Mapping[str, built.Declared]) -> dict[str, float]:
    """Median ms from starting the runtime to its being ready to take a call, by function; `empty` beside them."""
    with tempfile.TemporaryDirectory(prefix="herald-cold-") as place:
        (Path(place) / "empty.py").write_text(_EMPTY)
        empty = built.Declared("empty", Path(place), "empty.handler", 20, 512, ())
        found: dict[str, list[float]] = {}
        for run in range(RUNS):
            for function in (empty, *functions.values()):
                log = Path(place) / f"{function.name}{run}.log"
                searched = place if function is empty else built.searched(function)
                with built.under_emulator(function, {}, searched, log) as one:
                    with suppress(built.FunctionError):  # without tables a function says so, and does nothing
                        one({})
                    found.setdefault(function.name, []).append(one.init())
        return {name: statistics.median(of) for name, of in found.items()}
