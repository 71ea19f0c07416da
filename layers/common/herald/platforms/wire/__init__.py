"""What platforms share: signature schemes, strict JSON, HTTP, Graph errors, and the one place that says "cannot"."""

from __future__ import annotations

from collections.abc import Sequence

from herald.errors import Unsupported
from herald.model import Account, Act, Delivery
from herald.ports import Capabilities, Proof


def require(platform: str, capabilities: Capabilities, act: Act) -> None:
    """Raise Unsupported unless the platform's API offers `act`. The only place that raises it."""
    if act not in capabilities.acts:
        raise Unsupported(f"{platform} cannot {act.value} by API: a person must do it on the platform")


class TellsOnly:
    """The outlet of a source on whose other side nothing can be done."""

    name: str
    capabilities: Capabilities

    def act(self, delivery: Delivery, account: Account, token: str, files: Sequence[bytes] = ()) -> Proof:
        """Raises Unsupported, always."""
        require(self.name, self.capabilities, delivery.act)
        raise Unsupported(f"{self.name} can do nothing on the other side")

    def find(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        """Raises Unsupported, always."""
        require(self.name, self.capabilities, delivery.act)
        return []
