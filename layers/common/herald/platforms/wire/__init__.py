"""What platforms share: signature schemes, strict JSON, HTTP, Graph errors, and the one place that says "cannot"."""

from __future__ import annotations

from herald.errors import Unsupported
from herald.model import Act
from herald.ports import Capabilities


def require(platform: str, capabilities: Capabilities, act: Act) -> None:
    """Raise Unsupported unless the platform's API offers `act`. The only place that raises it."""
    if act not in capabilities.acts:
        raise Unsupported(f"{platform} cannot {act.value} by API: a person must do it on the platform")
