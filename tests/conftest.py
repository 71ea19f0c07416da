"""How files are shared out among the processes of `make test`."""

from __future__ import annotations

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
