"""One suite for every Db: the in-memory twin, moto, and (in integration) the embedded AWS."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from herald.errors import Conflict
from herald.store import keys
from herald.store.db import Absent, Below, Check, Db, DynamoDb, Either, Equals, Put, Update, WriteRefused
from local.memory import MemoryDb
from local.tables import create_tables


@pytest.fixture(params=["memory", "moto"])
def db(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Db]:
    if request.param == "memory":
        yield MemoryDb()
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_tables(client)
        yield DynamoDb(client, {table: table for table in keys.TABLES})


ROW = (keys.MESSAGES, "M#x", "M")
OTHER = (keys.POSTS, "V#y", "V")


def test_what_is_put_is_read_back_with_its_keys(db: Db) -> None:
    db.write(Put(ROW, {"n": 3, "yes": True, "list": ["a", {"b": 1, "c": None}], "gone": None}))
    assert db.get(ROW) == {"pk": "M#x", "sk": "M", "n": 3, "yes": True, "list": ["a", {"b": 1, "c": None}]}
    assert db.get(OTHER) is None


@pytest.mark.parametrize("typed", ["x" * 3_000, "\u00e4" * 1_100, "\ud800"])
def test_what_no_key_can_hold_is_not_there(db: Db, typed: str) -> None:
    for asked in (db, DynamoDb(None, {table: table for table in keys.TABLES})):  # nor is any service asked for it
        assert asked.get((keys.MESSAGES, f"M#{typed}", "M")) is None
        assert asked.get((keys.MESSAGES, "M#x", typed)) is None
        assert asked.get_many([(keys.MESSAGES, f"M#{typed}", "M")]) == {}
        assert asked.query(keys.MESSAGES, f"M#{typed}") == ([], None)


def test_a_put_on_condition_of_absence_happens_once(db: Db) -> None:
    db.write(Put(ROW, {"n": 1}, Absent("pk")))
    with pytest.raises(WriteRefused) as refused:
        db.write(Put(ROW, {"n": 2}, Absent("pk")))
    assert refused.value.found is not None
    assert refused.value.found["n"] == 1
    assert db.get(ROW)["n"] == 1  # type: ignore[index]


def test_an_update_creates_sets_once_adds_and_removes(db: Db) -> None:
    db.write(Update(ROW, set={"a": "1"}, once={"born": "first"}, add={"version": 1}))
    db.write(Update(ROW, set={"b": "2"}, once={"born": "second"}, remove=("a",), add={"version": 1}))
    assert db.get(ROW) == {"pk": "M#x", "sk": "M", "b": "2", "born": "first", "version": 2}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Absent("none"), True),
        (Absent("s"), False),
        (Equals("s", "b"), True),
        (Equals("n", 5), True),
        (Equals("n", 6), False),
        (Equals("none", "b"), False),
        (Below("s", "c"), True),
        (Below("s", "b"), False),
        (Below("none", "c"), False),
        (Below("n", 6), True),
        (Either(Absent("s"), Below("s", "c")), True),
        (Either(Absent("s"), Below("s", "a")), False),
    ],
)
def test_conditions_mean_the_same_everywhere(db: Db, condition: object, holds: bool) -> None:
    db.write(Put(ROW, {"s": "b", "n": 5}))
    update = Update(ROW, set={"touched": True}, when=condition)  # type: ignore[arg-type]
    if holds:
        db.write(update)
        assert db.get(ROW)["touched"]  # type: ignore[index]
    else:
        with pytest.raises(WriteRefused):
            db.write(update)
        assert "touched" not in db.get(ROW)  # type: ignore[operator]


def test_a_transaction_is_all_or_nothing_over_tables_and_names_what_failed(db: Db) -> None:
    db.write(Put(OTHER, {"held": True}))
    writes = [Put(ROW, {"n": 1}, Absent("pk")), Check(OTHER, Absent("held"))]
    with pytest.raises(WriteRefused) as refused:
        db.transact(writes)
    assert refused.value.which == (1,)
    assert db.get(ROW) is None
    db.transact([Put(ROW, {"n": 1}, Absent("pk")), Check(OTHER, Equals("held", True))])
    assert db.get(ROW) is not None


def test_an_index_lists_keys_in_order_and_forgets_what_left_it(db: Db) -> None:
    for n in range(5):
        db.write(Put((keys.MESSAGES, f"C#{n}", "C"), {"work": "W", "work_at": f"{9 - n}", "text": "not projected"}))
    items, cursor = db.query(keys.MESSAGES, "W", index="work", limit=3)
    assert [item["pk"] for item in items] == ["C#4", "C#3", "C#2"]
    assert "text" not in items[0]
    rest, end = db.query(keys.MESSAGES, "W", index="work", limit=3, after=cursor)
    assert [item["pk"] for item in rest] == ["C#1", "C#0"]
    assert end is None
    db.write(Update((keys.MESSAGES, "C#4", "C"), remove=("work", "work_at")))
    left, _ = db.query(keys.MESSAGES, "W", index="work", newest=True)
    assert [item["pk"] for item in left] == ["C#0", "C#1", "C#2", "C#3"]


def test_a_query_takes_a_range_of_the_sort_key(db: Db) -> None:
    for n in range(1, 6):
        db.write(Put((keys.METRICS, "N#a", f"DAY#2026-11-0{n}"), {"n": n}))
    items, _ = db.query(keys.METRICS, "N#a", first="DAY#2026-11-02", last="DAY#2026-11-04")
    assert [item["n"] for item in items] == [2, 3, 4]


def test_many_rows_are_read_at_once_and_absent_ones_left_out(db: Db) -> None:
    wanted = [(keys.MESSAGES, f"M#{n}", "M") for n in range(150)]
    for key in wanted[:120]:
        db.write(Put(key, {"n": 1}))
    assert set(db.get_many(wanted)) == set(wanted[:120])


@pytest.mark.parametrize("value", [1.5, float("nan")])
def test_floats_never_enter_a_row(db: Db, value: float) -> None:
    with pytest.raises(TypeError):
        db.write(Put(ROW, {"x": value}))


def test_the_twin_can_show_contention_which_an_emulator_cannot() -> None:
    db = MemoryDb()
    db.conflicts = 1
    with pytest.raises(Conflict):
        db.transact([Put(ROW, {"n": 1})])
    assert db.get(ROW) is None


def test_what_is_written_to_a_copy_of_the_twin_is_not_in_it_and_the_other_way_round() -> None:
    db = MemoryDb()
    db.write(Put(ROW, {"n": 1, "list": [1]}))
    other = db.copy()
    other.write(Update(ROW, set={"n": 2}))
    other.write(Put((ROW[0], ROW[1], "new"), {"n": 3}))
    db.write(Update(ROW, add={"n": 10}))
    assert [item["n"] for item in db.query(ROW[0], ROW[1])[0]] == [11]
    assert sorted(item["n"] for item in other.query(ROW[0], ROW[1])[0]) == [2, 3]
