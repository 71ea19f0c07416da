"""Customers who speak by themselves, every 20 to 60 seconds, while the switch is on. Off unless switched on.

What they say goes the way of every comment: onto the wall, into the outbox, signed, over HTTP.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.facebook.wall import REACTIONS, Person, Wall, person

logger = logging.getLogger("local.facebook")

LEAST, MOST = 20.0, 60.0

LINES = (
    ("Nina Harrow", "Do you have the linen cushion in the dark green as well?"),
    ("Tom Okafor", "My order has been on its way for nine days now. Where is it?"),
    ("Dilan Aksoy", "The new shelves look lovely in our hallway, thank you!"),
    ("Marek Dvorsky", "Is the Perth shop open this Sunday?"),
    ("Ella Whitcombe", "The lamp came with a cracked base. I would like a replacement please."),
    ("Sam Tran", "What are the measurements of the oak stool?"),
)
"""For pages that have no voices of their own."""


async def run(wall: Wall, rng: random.Random, options: Mapping[str, Any]) -> None:
    """Speak for ever, whenever the setting `trickle` is on. `options` as in Config.trickle; `on` sets it at first."""
    if options.get("on") and wall.setting("trickle", None) is None:
        wall.set("trickle", True)
    if "seed" in options:
        rng = random.Random(options["seed"])
    least, most = float(options.get("least", LEAST)), float(options.get("most", MOST))
    due = wall.clock() + rng.uniform(least, most)
    while True:
        await asyncio.sleep(min(1.0, least))
        if wall.clock() < due:
            continue
        due = wall.clock() + rng.uniform(least, most)
        if wall.setting("trickle", False):
            try:
                speak(wall, rng)
            except Exception:
                logger.exception("nobody could speak this time")


def speak(wall: Wall, rng: random.Random) -> str:
    """One customer says or does one thing; returns the id of what they said, or reacted to."""
    said = _voice(wall, rng)
    if said is None:
        name, words = rng.choice(LINES)
        return wall.comment(rng.choice(list(wall.pages)), words, person(name))
    author = Person(str(said.author_id), str(said.author_name))
    if said.kind == "reaction":
        wall.react(said.post_id, author, said.text if said.text in REACTIONS else "like")
        return str(said.post_id)
    if said.kind == "review":
        return wall.recommend(said.account_id, author, said.text, bool(said.recommends))
    if said.kind == "post":
        return wall.post(said.account_id, said.text, author)
    return wall.comment(said.account_id, said.text, author, post=said.post_id)


def _voice(wall: Wall, rng: random.Random) -> Any:
    """What one of the demo organisation's customers says under a post that stands here; None if none of it is ours.

    Imported when first needed and by name: the simulator runs without the demo.
    """
    try:
        voices = importlib.import_module("local.demo.voices")
    except ImportError:
        return None
    known = {account.account_id for account in voices.ACCOUNTS} & wall.pages.keys()
    posts = [
        voices.Posted(row["id"], row["page"], datetime.fromtimestamp(row["created"], UTC), row["message"])
        for row in wall.rows("select * from posts where author_id = page order by created, rowid")
        if row["page"] in known
    ]
    return next(voices.trickle(rng.getrandbits(32), posts)) if posts else None
