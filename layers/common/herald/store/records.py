"""Records that the store keeps by their fields alone: found, listed and written. Where: shelves.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar

from herald.model import Still, Tallied
from herald.model.record import Record
from herald.store import codec, keys
from herald.store.db import Absent, Check, Db, Equals, Item, Put, Update

if TYPE_CHECKING:
    from herald.store.shelves import Shelf

R = TypeVar("R", bound=Record)


class RecordTables:
    """Part of the Store (ports.Store, records)."""

    db: Db

    def find(self, kind: type[R], *place: object) -> R | None:
        item = self.db.get(_key(_shelf(kind), place))
        return codec.thing(kind, item) if item else None

    def find_all(self, kind: type[R], places: Iterable[tuple[object, ...]], *, settled: bool = True) -> list[R]:
        wanted = [_key(_shelf(kind), place) for place in places]
        found = self.db.get_many(wanted, settled=settled)
        return [codec.thing(kind, found[key]) for key in wanted if key in found]

    def shelf(
        self, kind: type[R], *of: object, first: str = "", last: str = "", newest: bool = False, limit: int = 1000
    ) -> list[R]:
        lies, items, cursor = _shelf(kind), list[Item](), None
        while len(items) < limit:
            page, cursor = self.db.query(
                lies.table, _partition(lies, of), first=first or None, last=f"{last}\U0010ffff" if last else None,
                newest=newest, limit=min(500, limit - len(items)), after=cursor,
            )  # fmt: skip
            items += page
            if cursor is None:
                break
        return [codec.thing(kind, item) for item in items]

    def listed(
        self, kind: type[R], index: str, of: str, *, first: str = "", last: str = "", newest: bool = False,
        limit: int = 100,
    ) -> list[R]:  # fmt: skip
        lies = _shelf(kind)
        places, _ = self.db.query(
            lies.table, of, index=index, first=first or None, last=f"{last}\U0010ffff" if last else None,
            newest=newest, limit=limit,
        )  # fmt: skip
        wanted = [(lies.table, place["pk"], place["sk"]) for place in places]
        found = self.db.get_many(wanted)
        return [codec.thing(kind, found[key]) for key in wanted if key in found]


def new(thing: Record) -> Put:
    """The write of a record that must not be there yet."""
    first = replace(thing, version=1) if _versioned(thing) else thing  # type: ignore[call-arg] # asked just before
    return Put(_place(thing), _item(first), Absent("pk"))


def revised(thing: Record, was: int) -> Put:
    """The write of a record whose row is at version `was`."""
    return Put(_place(thing), _item(replace(thing, version=was + 1)), Equals("version", was))  # type: ignore[call-arg] # a kind that changes has one


def still(change: Still) -> Check:
    """Nothing is written; the record must be as it was read."""
    version: int = getattr(change.thing, "version")  # noqa: B009 - not every kind has one
    return Check(_place(change.thing), Equals("version", version))


def tallied(change: Tallied) -> Update:
    """Numbers added to a record's row; one that begins with them says what it lies by, so that it can be read back."""
    lies = _shelf(change.kind)
    key = _key(lies, change.place)
    named = dict(zip((*lies.of, *lies.by), map(_text, change.place), strict=True))
    ends = {"ttl": int(change.until.timestamp())} if change.until else {}
    return Update(key, set=ends, once=named, add=dict(change.add))


def _item(thing: Record) -> Item:
    lies = _shelf(type(thing))
    ends = lies.ttl(thing)
    return codec.item(thing) | dict(lies.index(thing)) | ({} if ends is None else {"ttl": ends})


def _place(thing: Record) -> keys.Key:
    lies = _shelf(type(thing))
    return _key(lies, [getattr(thing, name) for name in (*lies.of, *lies.by)])


def _key(lies: Shelf, place: Iterable[object]) -> keys.Key:
    parts = list(place)
    if len(parts) != len(lies.of) + len(lies.by):
        raise TypeError(f"{lies.kind.__name__} lies by {', '.join((*lies.of, *lies.by))}")
    return (lies.table, _partition(lies, parts[: len(lies.of)]), "#".join(map(_text, parts[len(lies.of) :])))


def _partition(lies: Shelf, of: Iterable[object]) -> str:
    return "#".join((lies.prefix, *map(_text, of)))


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return keys.stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:08d}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _versioned(thing: Record) -> bool:
    return any(field.name == "version" for field in fields(thing))


def _shelf(kind: type[Record]) -> Shelf:
    """The table knows every room's records; it is read when the first of them is touched, not by whoever has none."""
    from herald.store import shelves  # noqa: PLC0415

    try:
        return shelves._BY_KIND[kind]
    except KeyError:
        raise TypeError(f"{kind.__name__} has no shelf: add its line to store/shelves.py") from None
