"""The audit as it is kept a second time: objects of JSON lines, a line a row, under names that say what is in them.

An object holds what one batch of the stream, or one repair, brought of one chain. Its name ends in a digest of its
bytes, so the same batch told twice is one object, and another content cannot take a name that is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from herald.model import AuditEntry, Placed
from herald.store import keys, rows
from herald.store.db import Item, plain

ROOT = "chains/"


def prefix(chain: str) -> str:
    """What the names of all objects of a chain begin with."""
    return f"{ROOT}{quote(chain, safe='')}/"


def from_image(image: Mapping[str, Any]) -> Item:
    """The row in a record of the Audit table's stream, as it is: what nobody can read is copied all the same."""
    return plain(image)


def from_entry(entry: AuditEntry) -> Item:
    """The row of an entry, equal to what the stream tells of it."""
    _, pk, sk = keys.audit(entry.chain, entry.seq)
    return rows.audit_item(entry) | {"pk": pk, "sk": sk}


def objects(items: Iterable[Item]) -> dict[str, bytes]:
    """Name -> bytes; one object a chain, its rows in order."""
    chains: dict[str, dict[str, str]] = {}
    for item in items:
        line = json.dumps(item, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
        chains.setdefault(str(item["pk"]).removeprefix("CHAIN#"), {})[str(item["sk"])] = line
    made = {}
    for chain, lines in sorted(chains.items()):
        body = "".join(f"{lines[place]}\n" for place in sorted(lines)).encode()
        first, last = _seq(min(lines)), _seq(max(lines))
        made[f"{prefix(chain)}{first:012d}-{last:012d}-{sha256(body).hexdigest()[:16]}.jsonl"] = body
    return made


def read(body: bytes) -> Iterator[Placed]:
    """Every row of an object; one that cannot be read is told as such and hides no other."""
    for line in body.splitlines():
        try:
            yield placed(json.loads(line))
        except ValueError:
            yield Placed(0, None)


def placed(item: Any) -> Placed:
    """A row at its place, which its key alone says."""
    if not isinstance(item, dict):
        return Placed(0, None)
    seq = _seq(str(item.get("sk", "")))
    try:
        entry = rows.audit(item)
        whole = isinstance(entry.facts, Mapping) and isinstance(entry.seq, int)
        told = all(isinstance(text, str) for text in (entry.chain, entry.actor, entry.what, entry.subject,
                                                       entry.previous, entry.digest))  # fmt: skip
    except (KeyError, TypeError, ValueError):
        return Placed(seq, None)
    return Placed(seq, entry if whole and told else None)


def _seq(place: str) -> int:
    return int(place) if len(place) == 12 and place.isascii() and place.isdigit() else 0
