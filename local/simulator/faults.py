"""What goes wrong next: faults are armed by a person or a test, kept in the file, and used up by API calls."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from local.simulator.content import BadInput
from local.simulator.store import Store

KINDS: dict[str, str] = {
    "drop_after_accept": "accept, then drop the line",
    "late": "accept late",
    "429": "429, too many requests",
    "rate_limit": "403 with code 4, too many calls",
    "outage": "outage",
    "bad_token": "token expired",
    "permission": "permission missing",
}
WRITES_ONLY = frozenset({"drop_after_accept", "late"})
"""Dropping or delaying the answer to a mere look-up proves nothing, so these wait for a write."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One armed fault. `calls` left, None: until switched off or `until` (Unix seconds).

    `page`: only the calls of that account of ours.
    """

    kind: str
    seconds: float
    calls: int | None = None
    until: float | None = None
    page: str | None = None

    def words(self) -> str:
        """For the page: which calls it will meet."""
        which = "write" if self.kind in WRITES_ONLY else "call"
        left = "until switched off" if self.calls is None else f"next {self.calls} {which}{'s' * (self.calls != 1)}"
        if self.until is not None:
            left = "for a while"
        late = f" ({self.seconds:g} s)" if self.kind == "late" else ""
        return f"{KINDS[self.kind]}{late}: {left}"


def arm(store: Store, kind: str, *, calls: int | None = 1, seconds: float = 0.0, page: str | None = None) -> None:
    """Arm a fault for the next `calls` calls; None: until `clear`. Faults of different kinds wait their turn.

    With `page` (an id of an account of ours) only calls with its token meet it.
    `seconds` is the delay of `late`; for the others, if above 0, the fault lasts that long instead of `calls`.
    Raises BadInput.
    """
    if kind not in KINDS:
        raise BadInput(f"kind {kind!r}: one of {', '.join(KINDS)}")
    if calls is not None and not 1 <= calls <= 100_000:
        raise BadInput("count: from 1 to 100000, or null for until switched off")
    if not 0 <= seconds <= 3600:
        raise BadInput("seconds: from 0 to 3600")
    until = None
    if kind == "late":
        seconds = seconds or 10.0
    elif seconds and kind != "drop_after_accept":
        calls, until = None, store.clock() + seconds
    with store.transaction():
        store.db.execute(
            "insert into faults (kind, calls, until, seconds, writes_only, page) values (?,?,?,?,?,?)",
            (kind, calls, until, seconds, int(kind in WRITES_ONLY), page),
        )


def clear(store: Store) -> None:
    """Calls succeed again. What was accepted late stays accepted."""
    with store.transaction():
        store.db.execute("delete from faults")


def armed(store: Store) -> list[Fault]:
    """In the order in which they will be met."""
    return [_fault(row) for row in _alive(store)]


def take(store: Store, *, write: bool, page: str | None = None) -> Fault | None:
    """The fault this call, with the token of `page`, meets, used up by one; None: it goes well."""
    with store.transaction():
        for row in _alive(store):
            if (row["writes_only"] and not write) or row["page"] not in (None, page):
                continue
            if row["calls"] is not None:
                store.db.execute("update faults set calls = calls - 1 where id=?", (row["id"],))
                store.db.execute("delete from faults where calls <= 0")
            return _fault(row)
    return None


def _alive(store: Store) -> list[sqlite3.Row]:
    return store.rows("select * from faults where until is null or until > ? order by id", store.clock())


def _fault(row: sqlite3.Row) -> Fault:
    return Fault(row["kind"], row["seconds"], row["calls"], row["until"], row["page"])
