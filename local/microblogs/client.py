"""For programs that use a running network: the command line, tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local import ports
from local.simulator import client

TITLES = {"mastodon": "Mastodon", "bluesky": "Bluesky"}


def control(network: str, name: str, body: Mapping[str, Any] | None = None, *, base: str | None = None) -> Any:
    """POST `body` to /_sim/`name` (GET for `state` and `calls`, when there is no body) and return its JSON.

    Raises SimulatorError.
    """
    return client.control(TITLES[network], base or ports.url(network), name, body)


def say(network: str, text: str, as_name: str = "Nina Harrow", *, base: str | None = None) -> str:
    """A customer mentions our account, and Herald is asked to look.

    Returns Herald's id of the message, `mastodon:<status id>` or `bluesky:<at:// address>`.
    """
    said = control(network, "comment", {"text": text, "as": as_name}, base=base)
    control(network, "ask", {}, base=base)
    return f"{network}:{said['comment_id']}"
