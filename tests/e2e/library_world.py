"""A dashboard over the demo's month in memory: its library, and what its customers shared.

    python -m tests.e2e.library_world --port 8499

Whoever visits is the person of the cookie that the chooser sets, as in the other worlds. A line {"do": "deliver"} on
standard input delivers what was woken.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from herald.flows import library
from herald.flows.commands import SaveAsset
from herald.flows.deliver import deliver, release
from herald.flows.gate import perform
from herald.flows.publish import release_posts
from herald.model import TargetState
from local.demo import history
from local.demo import organisation as shop
from tests.e2e.overview_world import Mailbox
from tests.support.month import BASES, CREDENTIALS


class LibraryWorld:
    """The demo as `make up` would leave it, lived until now."""

    def __init__(self) -> None:
        now = datetime.now(UTC)
        past = history.make(CREDENTIALS, BASES, (now - timedelta(days=history.DAYS - 1)).date(), now)
        self.woken: list[str] = []
        self.herald = replace(
            past.herald, clock=lambda: datetime.now(UTC), wake=lambda delivery: self.woken.append(delivery.id),
            mail=Mailbox(),
        )
        self.wall = past.wall
        film = library.kept(b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2mp41", self.herald)  # the demo draws none
        saved = SaveAsset("film-0001", shop.BRAND, "The workshop, filmed", "own", 0, film, source="Our own telephone")
        perform(saved, by="jack", herald=self.herald, now=now)

    def obey(self, told: Mapping[str, str]) -> object:
        now = self.herald.clock()
        match told["do"]:
            case "deliver":
                release_posts(self.herald, now)
                release(self.herald, now)
                while self.woken:
                    deliver(self.woken.pop(0), self.herald, now)
                return ""
            case "state":
                states: list[TargetState] = [one.state for one in self.herald.store.targets_of(told["post"])]
                return ",".join(states)
            case _:
                raise ValueError(told["do"])


def _listen(world: LibraryWorld) -> None:
    for line in sys.stdin:
        try:
            answer = f"done {world.obey(json.loads(line))}"
        except Exception as error:
            answer = f"failed: {error!r}"
        print(answer, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    from dashboard import data
    from local import chooser

    world = LibraryWorld()
    data.set_herald(world.herald)
    threading.Thread(target=_listen, args=(world,), daemon=True).start()
    chooser.serve("127.0.0.1", given.port, key=b"k" * 32)


if __name__ == "__main__":
    main()
