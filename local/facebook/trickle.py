"""Customers who speak by themselves, every 20 to 60 seconds, while the switch is on. Off unless switched on.

What they say goes the way of every comment: onto the wall, into the outbox, signed, over HTTP.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import Any

from local.facebook.wall import Wall, person

LEAST, MOST = 20.0, 60.0

LINES: Sequence[tuple[str, str]] = (
    ("Nina Harrow", "Do you have the linen cushion in the dark green as well?"),
    ("Tom Okafor", "My order has been on its way for nine days now. Where is it?"),
    ("Priya Raman", "The new shelves look lovely in our hallway, thank you!"),
    ("Marek Dvorsky", "Is the Perth shop open this Sunday?"),
    ("Ella Whitcombe", "The lamp came with a cracked base. I would like a replacement please."),
    ("Sam Tran", "What are the measurements of the oak stool?"),
)


def voices() -> Sequence[tuple[str, str]]:
    """(name, words) to choose from: the demo organisation's customers where there are any, else a few of our own."""
    return LINES


async def run(wall: Wall, rng: random.Random, options: Mapping[str, Any]) -> None:
    """Speak while the setting `trickle` is on; looks at it each second. `options` as in Config.trickle."""
    if options.get("on") and wall.setting("trickle", None) is None:
        wall.set("trickle", True)
    if "seed" in options:
        rng = random.Random(options["seed"])
    least, most = float(options.get("least", LEAST)), float(options.get("most", MOST))
    lines, due = voices(), wall.clock() + rng.uniform(least, most)
    while True:
        await asyncio.sleep(min(1.0, least))
        if wall.clock() < due:
            continue
        if wall.setting("trickle", False):
            name, words = rng.choice(lines)
            wall.comment(rng.choice(list(wall.pages)), words, person(name))
        due = wall.clock() + rng.uniform(least, most)
