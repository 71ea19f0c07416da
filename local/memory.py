"""The in-memory twin of DynamoDB behind `herald.store.db.Db`: for tests and for composing the demo's history.

It is held to the same contract as DynamoDB (tests/contract/test_db.py), refuses what DynamoDB refuses (floats,
two writes to one item in a transaction, 100 writes, 400 KB) and can be told to raise a Conflict, which an
emulator that serialises never shows.
"""

from __future__ import annotations

import bisect
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from herald.errors import Conflict
from herald.store.db import (
    Absent,
    Below,
    Check,
    Condition,
    Either,
    Equals,
    Item,
    Put,
    Update,
    Write,
    WriteRefused,
    cursor_of,
    place_of,
)
from herald.store.keys import INDEXES, TABLES, Key


class MemoryDb:
    """Tables as dicts. `conflicts` makes that many of the next transactions fail as contended."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[tuple[str, str], Item]] = {table: {} for table in TABLES}
        self.conflicts = 0
        self._lock = threading.RLock()
        self._order: dict[tuple[str, str | None], dict[str, list[tuple[str, str, str]]]] = {}

    def get(self, key: Key) -> Item | None:
        with self._lock:
            item: Item | None = _copied(self.tables[key[0]].get((key[1], key[2])))
            return item

    def get_many(self, keys: Iterable[Key], *, settled: bool = True) -> dict[Key, Item]:
        return {key: item for key in dict.fromkeys(keys) if (item := self.get(key)) is not None}

    def query(
        self, table: str, pk: str, *, index: str | None = None, first: str | None = None, last: str | None = None,
        newest: bool = False, limit: int = 100, after: str | None = None,
    ) -> tuple[list[Item], str | None]:  # fmt: skip
        range_name = INDEXES[index][1] if index else "sk"
        with self._lock:
            rows = [
                row
                for row in self._order.get((table, index), {}).get(pk, [])
                if (first is None or row[0] >= first) and (last is None or row[0] <= last)
            ]
            if newest:
                rows.reverse()
            if after:
                place = place_of(after, index)
                mark = (place[range_name], place["pk"], place["sk"])
                rows = [row for row in rows if (row < mark if newest else row > mark)]
            found = [self.tables[table][(row[1], row[2])] for row in rows[:limit]]
            if index:
                kept = {"pk", "sk", *INDEXES[index]}
                found = [{name: value for name, value in item.items() if name in kept} for item in found]
            items: list[Item] = _copied(found)
        return items, cursor_of(items[-1], index) if len(rows) >= limit and items else None

    def write(self, write: Put | Update) -> None:
        with self._lock:
            found = self.tables[write.key[0]].get((write.key[1], write.key[2]))
            if write.when is not None and not holds(write.when, found):
                raise WriteRefused(_copied(found))
            self._apply(write)

    def transact(self, writes: Sequence[Write]) -> None:
        if not 1 <= len(writes) <= 100:
            raise ValueError(f"a transaction takes 1 to 100 writes, not {len(writes)}")
        if len({write.key for write in writes}) != len(writes):
            raise ValueError("a transaction cannot touch one item twice")
        with self._lock:
            if self.conflicts:
                self.conflicts -= 1
                raise Conflict("told to")
            failed = tuple(
                i
                for i, write in enumerate(writes)
                if write.when is not None
                and not holds(write.when, self.tables[write.key[0]].get((write.key[1], write.key[2])))
            )
            if failed:
                raise WriteRefused(None, failed)
            ready = [(write, self._next(write)) for write in writes if not isinstance(write, Check)]
            for write, item in ready:
                self._store(write.key, item)

    def _apply(self, write: Put | Update) -> None:
        self._store(write.key, self._next(write))

    def _next(self, write: Put | Update) -> Item:
        table, pk, sk = write.key
        if isinstance(write, Put):
            item = {name: value for name, value in write.item.items() if value is not None}
        else:
            item = dict(self.tables[table].get((pk, sk), {}))
            for name, value in write.once.items():
                if value is not None:
                    item.setdefault(name, value)
            item |= write.set
            item = {name: value for name, value in item.items() if value is not None and name not in write.remove}
            for name, amount in write.add.items():
                item[name] = item.get(name, 0) + amount
        item |= {"pk": pk, "sk": sk}
        if _size(item) > 400 * 1024:
            raise ValueError("item over 400 KB")
        copied: Item = _copied(item)
        return copied

    def _store(self, key: Key, item: Item) -> None:
        table, pk, sk = key
        old = self.tables[table].get((pk, sk))
        self.tables[table][(pk, sk)] = item
        for index, (hash_name, range_name) in [(None, ("pk", "sk")), *INDEXES.items()]:
            order = self._order.setdefault((table, index), {})
            for row, change in ((old, "out"), (item, "in")):
                if row is None or hash_name not in row or range_name not in row:
                    continue
                rows = order.setdefault(row[hash_name], [])
                entry = (row[range_name], pk, sk)
                at = bisect.bisect_left(rows, entry)
                if change == "out":
                    del rows[at]
                else:
                    rows.insert(at, entry)

    def copy(self) -> MemoryDb:
        """Tables that start with the same items; an item is never changed where it stands, so that both may hold it."""
        with self._lock:
            other = MemoryDb()
            other.tables = {table: dict(items) for table, items in self.tables.items()}
            other._order = {
                index: {value: list(rows) for value, rows in order.items()} for index, order in self._order.items()
            }
        return other

    def everything(self) -> dict[str, list[Item]]:
        """Every item of every table in key order: to compare two worlds, or to copy one."""
        return {table: [items[key] for key in sorted(items)] for table, items in self.tables.items()}


def holds(condition: Condition, item: Item | None) -> bool:
    """Whether a condition holds on what stands there (DynamoDB's rules: an absent attribute equals nothing)."""
    item = item or {}
    if isinstance(condition, Either):
        return holds(condition.left, item) or holds(condition.right, item)
    if isinstance(condition, Absent):
        return condition.attribute not in item
    if condition.attribute not in item:
        return False
    value: Any = item[condition.attribute]
    if isinstance(condition, Equals):
        return bool(value == condition.value and type(value) is type(condition.value))
    assert isinstance(condition, Below)
    return bool(value < condition.value)


def _copied(value: Any) -> Any:
    """A copy of an item, all the way down: what DynamoDB holds is made of dicts, lists and values."""
    if isinstance(value, dict):
        return {name: _copied(inner) for name, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def _size(value: Any) -> int:
    """Bytes as DynamoDB counts them, closely enough for its limits. Refuses what it refuses."""
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, bool):
        return 1
    if isinstance(value, dict):
        return 3 + sum(len(name.encode()) + _size(inner) + 1 for name, inner in value.items())
    if isinstance(value, list):
        return 3 + sum(_size(inner) + 1 for inner in value)
    if value is None:
        return 1
    if isinstance(value, float):
        raise TypeError(f"DynamoDB cannot hold the float {value!r}")
    if isinstance(value, bytes):
        return len(value)
    return len(str(value)) // 2 + 2
