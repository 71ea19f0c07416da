"""For programs that use the running simulator: the command line, the demo's seed, tests. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local import ports
from local.facebook import config
from local.facebook.wall import Wall
from local.simulator import client


def control(name: str, body: Mapping[str, Any] | None = None, *, base: str | None = None) -> Any:
    """POST `body` to /_sim/`name` (GET for `state` and `calls`, when there is no body) and return its JSON.

    Raises SimulatorError.
    """
    return client.control("Facebook", base or ports.url("facebook"), name, body)


def say(
    text: str,
    as_name: str = "Nina Harrow",
    page: str | None = None,
    *,
    network: str = config.FACEBOOK,
    base: str | None = None,
) -> str:
    """A customer comments under the newest post of a page (id or name; the first page of the network if None).

    Returns Herald's id of the message, `<network>:<comment id>`. The webhook follows by itself, signed.
    """
    body = {"text": text, "as": as_name, "network": network} | ({"page": page} if page else {})
    return f"{network}:{control('comment', body, base=base)['comment_id']}"


def history(
    page: str,
    posts: Sequence[Mapping[str, Any]],
    ratings: Sequence[Mapping[str, Any]] = (),
    *,
    base: str | None = None,
    folder: Path | None = None,
) -> int:
    """Put a past on a page without webhooks; the shapes are at `Wall.history`. Returns posts and comments written.

    With `folder` it is written straight into the simulator's file there (facebook.json must be there too), so the
    simulator need not run; if it does, open pages show it at once. Raises SimulatorError, BadConfig, BadInput.
    """
    if folder is not None:
        wall = Wall(folder / "facebook.db", config.read_or_create(folder).pages)
        try:
            return wall.history(page, posts, ratings)
        finally:
            wall.close()
    body = {"page": page, "posts": list(posts), "ratings": list(ratings)}
    return int(control("history", body, base=base)["written"])
