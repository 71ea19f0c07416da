"""Records: any kind with a shelf is written, read back, listed and guarded, whatever its fields hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import Stale
from herald.model import New, Record, Revised, Still, Tallied
from herald.model.record import record
from herald.store import codec, keys, shelves
from herald.store.tables import TableStore
from local.memory import MemoryDb


class Mood(StrEnum):
    SUNNY = "sunny"
    DULL = "dull"


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    size: int = 3
    tags: tuple[str, ...] = ()


@record
class Parcel(Record):
    brand: str
    id: str
    at: datetime
    day: date | None = None
    mood: Mood = Mood.SUNNY
    open: bool = True
    weight: int = 7
    parts: tuple[Part, ...] = ()
    marks: frozenset[str] = frozenset()
    words: tuple[str, ...] = ("default",)
    limits: Mapping[str, int] = field(default_factory=dict)
    version: int = 0


AT = datetime(2026, 11, 18, 1, 2, 3, 4000, tzinfo=UTC)


def on_list(parcel: Parcel) -> dict[str, str]:
    return {"work": f"parcels#{parcel.brand}", "work_at": keys.stamp(parcel.at)} if parcel.open else {}


@pytest.fixture(autouse=True)
def a_shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = shelves.Shelf(Parcel, keys.POSTS, "TESTPARCEL", ("brand",), ("id",), on_list)
    monkeypatch.setattr(shelves, "_BY_KIND", {Parcel: shelf})


@pytest.fixture
def store() -> TableStore:
    return TableStore(MemoryDb())


texts = st.text(max_size=8)
parcels = st.builds(
    Parcel,
    brand=texts, id=texts,
    at=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)).map(  # noqa: DTZ001
        lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
    ),
    day=st.none() | st.dates(), mood=st.sampled_from(Mood), open=st.booleans(), weight=st.integers(-5, 5),
    parts=st.lists(st.builds(Part, texts, st.integers(0, 9), st.lists(texts, max_size=2).map(tuple)), max_size=3).map(
        tuple
    ),
    marks=st.frozensets(texts, max_size=3), words=st.lists(texts, max_size=2).map(tuple),
    limits=st.dictionaries(texts, st.integers(0, 5), max_size=2), version=st.integers(1, 9),
)  # fmt: skip


@given(parcels)
def test_what_a_row_holds_is_read_back_the_same(parcel: Parcel) -> None:
    row = {name: value for name, value in codec.item(parcel).items() if value is not None}
    assert codec.thing(Parcel, row) == parcel


def test_a_new_record_is_there_once_and_begins_at_version_one(store: TableStore) -> None:
    parcel = Parcel("oak", "p1", AT)
    store.commit([New(parcel)])
    found = store.find(Parcel, "oak", "p1")
    assert found is not None
    assert found.version == 1
    with pytest.raises(Stale):
        store.commit([New(parcel)])
    store.commit([New(parcel, once=True)])


def test_a_change_needs_the_version_that_was_read(store: TableStore) -> None:
    store.commit([New(Parcel("oak", "p1", AT))])
    store.commit([Revised(Parcel("oak", "p1", AT, weight=9), 1)])
    with pytest.raises(Stale):
        store.commit([Revised(Parcel("oak", "p1", AT, weight=8), 1)])
    found = store.find(Parcel, "oak", "p1")
    assert found is not None
    assert (found.weight, found.version) == (9, 2)


def test_a_transaction_fails_when_what_it_rests_on_moved(store: TableStore) -> None:
    store.commit([New(Parcel("oak", "p1", AT))])
    read = store.find(Parcel, "oak", "p1")
    assert read is not None
    store.commit([New(Parcel("oak", "p2", AT)), Still(read)])
    store.commit([Tallied(Parcel, ("oak", "p1"), {"weight": 2, "version": 1})])
    with pytest.raises(Stale) as stale:
        store.commit([New(Parcel("oak", "p3", AT)), Still(read)])
    assert stale.value.failed == (Still(read),)
    assert store.find(Parcel, "oak", "p3") is None


def test_a_shelf_lists_one_partition_in_order_and_an_index_only_what_is_on_the_list(store: TableStore) -> None:
    for n in (3, 1, 2):
        store.commit([New(Parcel("oak", f"p{n}", AT, open=n != 2))])
    store.commit([New(Parcel("elm", "p9", AT))])
    assert [one.id for one in store.shelf(Parcel, "oak")] == ["p1", "p2", "p3"]
    assert [one.id for one in store.shelf(Parcel, "oak", newest=True, limit=1)] == ["p3"]
    assert [one.id for one in store.shelf(Parcel, "oak", first="p2")] == ["p2", "p3"]
    assert [one.id for one in store.listed(Parcel, "work", "parcels#oak")] == ["p1", "p3"]
    assert [one.id for one in store.find_all(Parcel, [("oak", "p3"), ("oak", "p0"), ("elm", "p9")])] == ["p3", "p9"]


def test_every_shelf_has_a_prefix_of_its_own_and_fields_that_a_row_can_hold() -> None:
    by_hand = {"M", "U", "C", "F", "A", "W", "V", "G", "X", "P", "H", "K", "S", "L", "R", "N", "CURSOR", "CONN"}
    by_hand |= {"ACCOUNT", "PERSON", "TARGETS", "POLICY", "POLICIES", "ACK", "CHAIN", "REPORT", "MAIL", "E"}
    prefixes = [shelf.prefix for shelf in shelves.SHELVES]
    assert len(set(prefixes)) == len(prefixes)
    assert not by_hand & set(prefixes)
    for shelf in shelves.SHELVES:
        assert codec._plan(shelf.kind)


def test_every_shelf_has_its_line_among_the_access_patterns() -> None:
    doc = (Path(__file__).parents[2] / "docs" / "access-patterns.md").read_text()
    begins = {shelf.prefix: f"| `{shelf.prefix}{'#' if shelf.of else '` /'}" for shelf in shelves.SHELVES}
    missing = [prefix for prefix, line in begins.items() if line not in doc]
    assert not missing
