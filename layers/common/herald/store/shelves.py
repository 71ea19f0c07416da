"""Where each kind of record lies, one line a kind. Read docs/access-patterns.md first; change it first.

A record lies in the partition `PREFIX#<of>` under the sort key `<by>`, each made of the named fields. An index entry
is sparse: only what is on a work list has one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, TypeVar

from herald.model import (
    AnswerBook,
    Asset,
    Breach,
    BreachState,
    CheckPolicy,
    DayMark,
    EscalationPath,
    Handling,
    New,
    Playbook,
    Remedy,
    RemedyLimits,
    RemedyState,
    Replied,
    Rests,
    Revised,
    Still,
    Tallied,
    UserContent,
    Waiver,
)
from herald.model.breaches import breaches_list, breaches_of
from herald.model.care import TOLD, remedies_list, stages_list
from herald.model.incidents import Incident, IncidentState, incidents_list, incidents_of
from herald.model.record import Record
from herald.store import codec, keys
from herald.store.db import Absent, Check, Db, Equals, Item, Put, Update

R = TypeVar("R", bound=Record)


def _none(_: Any) -> Mapping[str, str]:
    return {}


def _breach_lists(thing: Breach) -> Mapping[str, str]:
    """Among those recorded in its month, always; on the work list until it is closed, by when it climbs."""
    recorded = {"feed": breaches_of(thing.brand, keys.stamp(thing.at)[:7]), "feed_at": keys.stamp(thing.at)}
    if thing.state is BreachState.CLOSED:
        return recorded
    when = keys.stamp(thing.climbs_at) if thing.climbs_at else f"~{keys.stamp(thing.at)}"
    return recorded | {"work": breaches_list(thing.brand), "work_at": when}


def _incident_lists(thing: Incident) -> Mapping[str, str]:
    """Among those raised in its month, always; on the work list until it is closed."""
    at = keys.stamp(thing.at)
    raised = {"feed": incidents_of(thing.brand, at[:7]), "feed_at": at}
    if thing.state is IncidentState.CLOSED:
        return raised
    return raised | {"work": incidents_list(thing.brand), "work_at": at}


def _at_stage(thing: Handling) -> Mapping[str, str]:
    """By the deadline of its stage; what its role was told of stands before everything that is not overdue yet."""
    stage = thing.current
    if stage is None:
        return {}
    told = TOLD if stage.told_at else ""
    return {"work": stages_list(thing.brand), "work_at": told + keys.stamp(stage.due_at)}


def _for_approval(thing: Remedy) -> Mapping[str, str]:
    waits = thing.state is RemedyState.WAITS
    return {"work": remedies_list(thing.brand), "work_at": keys.stamp(thing.at)} if waits else {}


@dataclass(frozen=True, slots=True)
class Shelf:
    """Attributes:
    prefix: short, unique among shelves and among the prefixes of store/keys.py.
    of, by: names of the fields that make partition and sort key.
    index: thing -> attributes of the indexes it stands in now, e.g. {"work": ..., "work_at": ...}.
    ttl: thing -> the Unix second after which the row may vanish; None: it stays.
    """

    kind: type[Record]
    table: str
    prefix: str
    of: tuple[str, ...]
    by: tuple[str, ...]
    index: Callable[[Any], Mapping[str, str]] = _none
    ttl: Callable[[Any], int | None] = lambda _: None


def _on_the_calendar(mark: DayMark) -> Mapping[str, str]:
    return {} if mark.removed else {"cal": keys.days(mark.brand), "cal_at": f"{mark.last_day}#{mark.id}"}


def _in_use(asset: Asset) -> Mapping[str, str]:
    """Assets that were not retired, by when they came."""
    if asset.retired_at is not None:
        return {}
    return {"work": keys.assets(asset.brand), "work_at": f"{keys.stamp(asset.at)}#{asset.id}"}


def _by_right(content: UserContent) -> Mapping[str, str]:
    """Each customer's content stands on one list, by how far its right has come."""
    at = content.ended_at or content.answered_at or content.asked_at or content.captured_at
    return {"work": keys.user_content(content.brand, content.state), "work_at": f"{keys.stamp(at)}#{content.id}"}


SHELVES: tuple[Shelf, ...] = (
    # ---- govern: policies, law, escalation, breaches
    Shelf(EscalationPath, keys.SETTINGS, "PATH", ("brand", "kind"), ("number",)),
    Shelf(Incident, keys.MESSAGES, "INCIDENT", ("id",), ("brand",), _incident_lists),
    Shelf(Breach, keys.MESSAGES, "BREACH", ("id",), ("brand",), _breach_lists),
    # ---- research: platform sheet, selection, trends, profiles
    # ---- library: assets, feed items, user content
    Shelf(Asset, keys.POSTS, "ASSET", ("brand",), ("id",), _in_use),
    Shelf(UserContent, keys.POSTS, "UGC", ("brand",), ("id",), _by_right),
    Shelf(Rests, keys.POSTS, "RESTS", ("brand", "need"), ("post_id",)),
    # ---- publish: calendar days, campaigns, offers, products
    Shelf(DayMark, keys.POSTS, "DAY", ("brand",), ("id",), _on_the_calendar),
    Shelf(CheckPolicy, keys.SETTINGS, "CHECKS", ("brand",), ("number",)),
    Shelf(Waiver, keys.POSTS, "WAIVER", ("post_id",), ("rule", "mark")),
    # ---- care: playbooks, complaints
    Shelf(Playbook, keys.SETTINGS, "PLAYBOOK", ("brand",), ("number",)),
    Shelf(AnswerBook, keys.SETTINGS, "ANSWERS", ("brand",), ("number",)),
    Shelf(RemedyLimits, keys.SETTINGS, "LIMITS", ("brand",), ("number",)),
    Shelf(Handling, keys.MESSAGES, "HANDLING", ("case_id",), ("brand",), _at_stage),
    Shelf(Remedy, keys.MESSAGES, "REMEDY", ("case_id",), ("n",), _for_approval),
    Shelf(Replied, keys.MESSAGES, "REPLIED", ("brand", "month"), ("at", "delivery_id")),
    # ---- listen: monitors, incidents
    # ---- measure: recommendations, orders
)

_BY_KIND: Mapping[type[Record], Shelf] = MappingProxyType({shelf.kind: shelf for shelf in SHELVES})


class RecordTables:
    """Part of the Store (ports.Store, records)."""

    db: Db

    def find(self, kind: type[R], *place: object) -> R | None:
        item = self.db.get(_key(_shelf(kind), place))
        return codec.thing(kind, item) if item else None

    def find_all(self, kind: type[R], places: Iterable[tuple[object, ...]]) -> list[R]:
        wanted = [_key(_shelf(kind), place) for place in places]
        found = self.db.get_many(wanted)
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
    """Numbers added to a record's row."""
    return Update(_key(_shelf(change.kind), change.place), add=dict(change.add))


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
    try:
        return _BY_KIND[kind]
    except KeyError:
        raise TypeError(f"{kind.__name__} has no shelf: add its line to store/shelves.py") from None


__all__ = ["SHELVES", "New", "RecordTables", "Revised", "Shelf", "new", "revised", "still", "tallied"]
