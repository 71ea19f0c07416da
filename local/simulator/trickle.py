"""Customers who speak by themselves, every 20 to 60 seconds, while the switch is on. Off unless switched on.

What they say goes the way of everything that is said there.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from local.simulator.store import Store

logger = logging.getLogger("local.simulator")

LEAST, MOST = 20.0, 60.0

LINES = (
    ("Nina Harrow", "Do you have the linen cushion in the dark green as well?"),
    ("Tom Okafor", "My order has been on its way for nine days now. Where is it?"),
    ("Dilan Aksoy", "The new shelves look lovely in our hallway, thank you!"),
    ("Marek Dvorsky", "Is the Perth shop open this Sunday?"),
    ("Ella Whitcombe", "The lamp came with a cracked base. I would like a replacement please."),
    ("Sam Tran", "What are the measurements of the oak stool?"),
)
"""For accounts that have no voices of their own."""

PEOPLE = tuple(name for name, _ in LINES)


async def run(
    store: Store, rng: random.Random, options: Mapping[str, Any], speak: Callable[[random.Random], object]
) -> None:
    """Have somebody speak for ever, whenever the setting `trickle` is on.

    `options`: {"on": bool, "seed": int, "least": seconds, "most": seconds}, all optional; `on` sets it at first.
    """
    if options.get("on") and store.setting("trickle", None) is None:
        store.set("trickle", True)
    if "seed" in options:
        rng = random.Random(options["seed"])
    least, most = float(options.get("least", LEAST)), float(options.get("most", MOST))
    due = store.clock() + rng.uniform(least, most)
    while True:
        await asyncio.sleep(min(1.0, least))
        if store.clock() < due:
            continue
        due = store.clock() + rng.uniform(least, most)
        if store.setting("trickle", False):
            try:
                speak(rng)
            except Exception:
                logger.exception("nobody could speak this time")


def voice(rng: random.Random, posts: Iterable[tuple[str, str, float, str]]) -> Any:
    """What one of the demo organisation's customers says (voices.Said); None if none of these posts is ours.

    Imported when first needed and by name: a simulator runs without the demo.

    Args:
        posts: (id, account, Unix seconds, text) of the posts of accounts of ours, oldest first.
    """
    try:
        voices = importlib.import_module("local.demo.voices")
    except ImportError:
        return None
    known = {account.account_id for account in voices.ACCOUNTS}
    wall = [
        voices.Posted(post, account, datetime.fromtimestamp(created, UTC), text)
        for post, account, created, text in posts
        if account in known
    ]
    return next(voices.trickle(rng.getrandbits(32), wall)) if wall else None
