"""`herald bench calendar`: what a file of 1,000 rows with errors costs: read, looked at, written, exported, read again.

In the gate and the in-memory tables: Herald's own work, without a network. CPU time, not the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from herald.flows import calendar_files
from herald.flows.commands import AcknowledgePolicy
from herald.flows.context import Herald
from herald.flows.gate import perform
from herald.model import Credentials
from herald.platforms import outlets, sources
from herald.publish import calendar_csv, calendar_ics
from herald.publish.calendar_csv import Entry
from herald.store.tables import TableStore
from local.demo import history
from local.demo import organisation as shop
from local.memory import MemoryDb

ROWS, WRONG = 1_000, 50
BAR = 5.0  # CPU seconds of an import
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
T = TypeVar("T")


def rows(count: int = ROWS, wrong: int = WRONG) -> list[Entry]:
    """Posts and days in turn; of the last `wrong`, each has a day or an account that is none."""
    made = []
    for number in range(count):
        at = NOW + timedelta(days=1 + number % 300, minutes=number)
        bad = number >= count - wrong
        if number % 4 == 3:
            day = "2026-13-01" if bad else f"{at:%Y-%m-%d}"
            made.append(Entry("event", f"bench-{number:05d}", f"Open day {number}", first_day=day, last_day=day))
            continue
        account = "mastodon:nobody" if bad else f"facebook_page:{shop.MAIN}"
        words = f"Chair number {number} is in the window."
        local, name = f"{at:%Y-%m-%dT%H:%M}", f"bench-{number:05d}"
        made.append(Entry("post", name, f"Chair {number}", words, "", account, local, "Australia/Sydney"))
    return made


def a_herald() -> Herald:
    """The demo's shop before its first day, its policies acknowledged by the marketer."""
    store = TableStore(MemoryDb(), settings_ttl=3600)
    history.furnish(store, dict.fromkeys(("facebook_page", "mastodon", "bluesky"), "http://127.0.0.1:1"), NOW)
    herald = Herald(
        store=store, sources=sources(), outlets=outlets(), archive=history._NoArchive(),
        wake=lambda _: None, secrets=lambda _: Credentials(()), clock=lambda: NOW,
    )  # fmt: skip
    for policy in store.policies(NOW.date()):
        perform(AcknowledgePolicy(policy.id, policy.version), by="jack", herald=herald, now=NOW)
    return herald


def calendar() -> int:
    """Print CPU seconds by step; 1 where an import takes more than the bar."""
    herald, file = a_herald(), calendar_csv.write(rows())
    read, reading = _timed(lambda: calendar_csv.read(file))
    looked, looking = _timed(lambda: calendar_files.look(read, shop.BRAND, herald, NOW))
    done, writing = _timed(lambda: calendar_files.give(looked, by="jack", herald=herald, now=NOW))
    first, last = date(2026, 11, 1), date(2027, 12, 31)
    back, exporting = _timed(lambda: calendar_ics.write(calendar_files.entries(shop.BRAND, first, last, herald), NOW))
    again, reading_again = _timed(lambda: calendar_ics.read(back, "Australia/Sydney"))
    whole = reading + looking + writing
    print(f"{ROWS:,} rows: {done.posts:,} posts and {done.days:,} days written, {len(done.problems)} rows refused")
    told = {"read CSV": reading, "look": looking, "write": writing, "export iCalendar": exporting}
    for name, seconds in (told | {f"read iCalendar ({len(again.rows):,})": reading_again}).items():
        print(f"  {name:<24} {seconds:6.2f} s CPU")
    print(f"import {whole:.2f} s CPU, bar {BAR:.0f} s, ratio {whole / BAR:.2f}")
    return int(whole > BAR)


def _timed(act: Callable[[], T]) -> tuple[T, float]:
    before = time.process_time()
    made = act()
    return made, time.process_time() - before
