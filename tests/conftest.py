"""What every run of the tests shares: which files go together to a process, and what is looked for only once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

OF_THE_MONTH = tuple(f"tests/unit/test_{name}.py" for name in ("demo_history", "flows_incidents", "rooms_by_pandas"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file stays in one process; those that look at the demo's month are as one, so that it is lived once."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return OF_THE_MONTH[0] if nodeid.startswith(OF_THE_MONTH) else super()._split_scope(nodeid)

    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session", autouse=True)
def _one_search_for_components() -> Iterator[None]:
    """Streamlit reads the metadata of every installed package, thrice, for each page that AppTest opens; it finds the
    same each time."""
    if "streamlit.testing.v1" not in sys.modules:
        yield
        return
    from streamlit.components.v2 import manifest_scanner

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield
