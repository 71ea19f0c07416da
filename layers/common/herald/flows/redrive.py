"""The last line: what an outage, a crash or an older version of ours left behind is put right, safe to run twice.

The row is always the truth. A leftover only says where to look: rows are judged as they stand now, a delivery is woken
only if its row still wants it, a body is read by the present code and merged like any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from herald.errors import HeraldError
from herald.flows.context import Herald
from herald.flows.moderate import Outcome, moderate
from herald.flows.receive import replay
from herald.model import Message
from herald.ports import Leftovers

_PARKED_AT_MOST = timedelta(hours=2)  # parking waits an hour at most


@dataclass(frozen=True, slots=True)
class Redriven:
    """What became of one leftover.

    Attributes:
        what: its key in the bucket, the id of its delivery, or of its letter.
        result: done (put away), left (where it was: `error` says why), woken, settled.
        facts: counts, or words to count by; never text or names.
    """

    what: str
    result: str
    error: str = ""
    facts: tuple[tuple[str, int], ...] = ()


def undecided(herald: Herald, days: Sequence[str], now: datetime) -> Iterator[Outcome]:
    """Judge whatever waits: what is parked, at once, and what is marked among the messages of these UTC days."""
    seen: set[str] = set()
    while ids := [m.id for m in herald.store.parked(now + _PARKED_AT_MOST) if m.id not in seen]:
        seen.update(ids)
        yield from moderate(ids, herald, now, even_parked=True)
    for account in herald.store.accounts():
        for day in days:
            cursor: str | None = None
            while True:
                page = herald.store.feed(account.id, day, limit=100, cursor=cursor)
                waiting = [m.id for m in page.items if isinstance(m, Message) and m.pending and m.id not in seen]
                yield from moderate(waiting, herald, now)
                cursor = page.cursor
                if cursor is None:
                    break


def failed_batches(herald: Herald, now: datetime) -> Iterator[Redriven]:
    """Judge the rows that discarded batches of the stream tell of. A batch that cannot be read or judged is left."""
    left = _leftovers(herald)
    for key in left.batches():
        try:
            batch = left.batch(key)
            outcomes = moderate(batch.message_ids, herald, now)
        except Exception as error:  # one of them must not keep the others
            yield Redriven(key, "left", _reason(error))
            continue
        facts = {"records": batch.records, "messages": len(batch.message_ids)}
        facts |= Counter(outcome.result for outcome in outcomes)
        left.put_away(key, facts, now)
        yield Redriven(key, "done", facts=tuple(facts.items()))


def dead_letters(herald: Herald) -> Iterator[Redriven]:
    """Wake the deliveries whose wake-ups were received too often; those that are final, or gone, need none."""
    left = _leftovers(herald)
    for letter in left.dead_letters():
        if not letter.delivery:
            yield Redriven(letter.id, "left", "it names no delivery")
            continue
        delivery = herald.store.delivery(letter.delivery)
        settled = delivery is None or delivery.state.final
        if delivery is not None and not settled:
            herald.wake(delivery)  # before the letter goes: a crash between the two wakes twice, which is harmless
        left.bury(letter)
        yield Redriven(letter.delivery, "settled" if settled else "woken")


def unreadable(herald: Herald, now: datetime, connection: str = "") -> Iterator[Redriven]:
    """Take in again the bodies that could not be read; one that still cannot, or not wholly, is left."""
    left = _leftovers(herald)
    for key in left.bodies(connection):
        try:
            receipt = replay(left.body(key), herald)
        except Exception as error:  # one of them must not keep the others
            yield Redriven(key, "left", _reason(error))
            continue
        counted = {"stored": receipt.stored, "repeated": receipt.repeated, "unclaimed": receipt.unclaimed}
        facts = {name: number for name, number in counted.items() if number}
        if receipt.unreadable:
            partly = f"{receipt.unreadable} of its changes cannot be read; the others are stored"
            yield Redriven(key, "left", partly, tuple(facts.items()))
            continue
        left.put_away(key, facts, now)
        yield Redriven(key, "done", facts=tuple(facts.items()))


def _leftovers(herald: Herald) -> Leftovers:
    if herald.leftovers is None:
        raise HeraldError("This process was not told where leftovers are kept.")
    return herald.leftovers


def _reason(error: Exception) -> str:
    """Our own errors say it in words; of others the kind is told, since their words may quote a person's."""
    return str(error) if isinstance(error, HeraldError) else type(error).__name__
