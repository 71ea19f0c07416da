"""The audit chain: every entry carries the digest of the one before, so that what was written cannot be changed,
dropped or reordered without showing. The end of a chain can only be guarded from outside: keep its head elsewhere and
hand it to `verify`, or every entry elsewhere and hand them to `compare`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256

from herald.model import AuditEntry, Placed

FACT_LIMIT = 200  # characters of one fact: ids, hashes and clauses are short, texts and names do not belong here


def seal(entry: AuditEntry, previous: AuditEntry | None) -> AuditEntry:
    """The entry with its place in the chain, the digest before it and its own.

    Args:
        previous: the newest entry of the same chain, None when the chain begins.
    Raises:
        ValueError: another chain's entry before it, a time without zone, or a fact that is no short JSON scalar.
    """
    if previous is not None and previous.chain != entry.chain:
        raise ValueError(f"chain {entry.chain} cannot go on from an entry of {previous.chain}")
    if entry.at.tzinfo is None:
        raise ValueError("the time of an audit entry needs a time zone")
    for name, value in entry.facts.items():
        if value is not None and not isinstance(value, str | int | bool):
            raise ValueError(f"fact {name} is a {type(value).__name__}: only text, whole numbers, true, false, null")
        if isinstance(value, str) and len(value) > FACT_LIMIT:
            raise ValueError(f"fact {name} has {len(value)} characters, the limit is {FACT_LIMIT}: keep its hash")
    placed = replace(
        entry, seq=previous.seq + 1 if previous else 1, previous=previous.digest if previous else "", digest=""
    )
    return replace(placed, digest=digest(placed))


def digest(entry: AuditEntry) -> str:
    """sha256 hex over the digest before and the canonical JSON of all that the entry says."""
    return sha256(f"{entry.previous}\n{canonical(entry)}".encode()).hexdigest()


def canonical(entry: AuditEntry) -> str:
    """One text for one content: sorted names, no blanks, ASCII, time in UTC with microseconds."""
    content = {
        "chain": entry.chain,
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "what": entry.what,
        "subject": entry.subject,
        "facts": dict(entry.facts),
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def verify(
    entries: Iterable[AuditEntry], *, after: AuditEntry | None = None, head: AuditEntry | None = None
) -> list[str]:
    """What is wrong with a chain, a sentence each; an empty list means that it holds.

    Finds a changed entry, a dropped one, two in the wrong order, entries of another chain. A chain cut off at its end
    is found only against `head`.

    Args:
        entries: of one chain, in order, from its beginning or from behind `after`.
        after: the entry already verified before these, to go on page by page.
        head: the newest entry as kept elsewhere (its place and digest are compared).
    """
    problems = []
    last = after
    for entry in entries:
        problems += [f"{entry.chain} {entry.seq}: {fault}" for fault in _faults(entry, last)]
        last = entry
    if head is not None and (last is None or (last.seq, last.digest) != (head.seq, head.digest)):
        found = f"{last.seq} {last.digest[:12]}" if last else "nothing"
        problems.append(f"{head.chain}: the chain ends at {found}, its head was {head.seq} {head.digest[:12]}")
    return problems


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of comparing one chain with its copy.

    Attributes:
        entries: rows of the table. copied: entries that have a copy. waiting: too young to have one yet.
        head: the last entry of the table that could be read.
        problems: a sentence each, naming chain and entry; none when all is well.
    """

    chain: str
    entries: int
    copied: int
    waiting: int
    head: AuditEntry | None
    problems: tuple[str, ...]


def compare(chain: str, table: Iterable[Placed], copies: Iterable[Placed], *, settled: datetime) -> Compared:
    """Verify a chain and hold every entry of it against its copy.

    Finds what `verify` finds, and a whole chain sealed anew, an end cut off, an entry that never was copied.

    Args:
        table: the chain as it stands, in the order of its keys, from its beginning.
        copies: every copy of every entry, in any order.
        settled: entries written before this moment must have a copy.
    """
    copied, problems = _digests(chain, copies)
    last: AuditEntry | None = None
    seen: set[int] = set()
    waiting = 0
    for place in table:
        seen.add(place.seq)
        told, entry = f"{chain} {place.seq}", place.entry
        if entry is None:
            problems.append(f"{told}: is no entry that Herald wrote")
            continue
        if entry.seq != place.seq:
            problems.append(f"{told}: entry {entry.seq} stands here")
        problems += [f"{told}: {fault}" for fault in _faults(entry, last)]
        last = entry
        if place.seq in copied:
            if copied[place.seq] != entry.digest:
                problems.append(f"{told}: differs from its locked copy")
        elif entry.at < settled:
            problems.append(f"{told}: has no locked copy")
        else:
            waiting += 1
    gone = sorted(copied.keys() - seen)
    problems += [f"{chain} {seq}: is gone from the table; its locked copy holds it" for seq in gone]
    return Compared(chain, len(seen), len(copied), waiting, last, tuple(problems))


def _digests(chain: str, copies: Iterable[Placed]) -> tuple[dict[int, str], list[str]]:
    """Place -> digest as copied, and what is wrong with the copies themselves."""
    found: dict[int, str] = {}
    problems = []
    for place in copies:
        told, entry = f"{chain} {place.seq}", place.entry
        if entry is None:
            problems.append(f"{told}: its locked copy is no entry that Herald wrote")
            continue
        if (entry.chain, entry.seq) != (chain, place.seq) or entry.digest != digest(entry):
            problems.append(f"{told}: its locked copy is damaged")
        if found.setdefault(place.seq, entry.digest) != entry.digest:
            problems.append(f"{told}: two locked copies of it differ")
    return found, problems


def _faults(entry: AuditEntry, last: AuditEntry | None) -> list[str]:
    faults = []
    if last is not None and entry.chain != last.chain:
        faults.append(f"belongs to another chain than {last.chain} {last.seq}")
    expected = last.seq + 1 if last else 1
    if entry.seq != expected:
        faults.append(f"entry {expected} is missing or out of order here")
    if entry.previous != (last.digest if last else ""):
        faults.append("does not follow from the entry before it")
    if entry.digest != digest(entry):
        faults.append("was changed after it was written")
    return faults
