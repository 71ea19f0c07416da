"""A handler from source as Lambda calls it: JSON in, JSON out, a context, and a Herald of the test's choosing."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

from herald.flows.context import Herald

ROOT = Path(__file__).parents[2]


class Context:
    """What our handlers, and Powertools, read of Lambda's context."""

    function_name = invoked_function_arn = aws_request_id = "herald-test"
    memory_limit_in_mb = 512

    def get_remaining_time_in_millis(self) -> int:
        return 20_000


@cache
def module(path: str) -> ModuleType:
    """functions/`path` under a name of its own: several are called app.py."""
    name = "function_" + path.replace("/", "_").removesuffix(".py")
    spec = importlib.util.spec_from_file_location(name, ROOT / "functions" / path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def from_source(path: str, herald: Herald) -> Callable[[dict[str, Any]], Any]:
    """The handler of functions/`path`: takes an event, returns its answer, raises what it raises."""
    app = module(path)

    def invoke(event: dict[str, Any]) -> Any:
        with mock.patch.object(app.runtime, "current", return_value=herald):
            return json.loads(json.dumps(app.handler(json.loads(json.dumps(event)), Context())))

    return invoke
