"""What customers of the Page say by themselves: onto the wall, into the outbox, signed, over HTTP."""

from __future__ import annotations

import random

from local.facebook.wall import REACTIONS, Person, Wall, person
from local.simulator.trickle import LINES, voice


def speak(wall: Wall, rng: random.Random) -> str:
    """One customer says or does one thing; returns the id of what they said, or reacted to."""
    rows = wall.rows("select * from posts where author_id = page order by created, rowid")
    said = voice(rng, [(row["id"], row["page"], row["created"], row["message"]) for row in rows])
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
