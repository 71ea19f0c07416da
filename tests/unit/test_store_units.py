"""Counting by the hour costs no write unit: the same update of the same row, and a full day's row stays below a KB."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from herald.flows.moderate import moderate
from herald.measure import counts
from herald.model import SPOKEN, Action, Kind, Metric
from herald.store import keys
from herald.store.db import DynamoDb, Update, Write
from local.bench import Meter, scratch_tables
from tests.support.world import ACCOUNT, NOON, World, a_comment, a_world

KINDS = (*SPOKEN, Kind.REACTION, Kind.SHARE, Kind.FOLLOW, Kind.STATUS)
"""More than any one platform tells."""


def test_a_batch_writes_one_update_of_one_row_with_the_hours_in_it() -> None:
    world: World = a_world()
    written: list[Update] = []
    transact = world.db.transact

    def noting(writes: Sequence[Write]) -> None:
        written.extend(one for one in writes if isinstance(one, Update) and one.key[0] == keys.METRICS)
        transact(writes)

    world.db.transact = noting  # type: ignore[method-assign]
    ids = []
    for n in range(9):
        event = a_comment("a broken lamp", id=str(n), at=NOON - timedelta(hours=n % 3))
        world.store.apply(event, "tall-timber", NOON)
        ids.append(event.message_id)
    moderate(ids, world.herald, NOON)
    [update] = written
    assert {name for name in update.add if name[2] in "hx"} == {
        f"n:{name}{hour}" for name in "hx" for hour in ("10", "11", "12")
    }
    assert update.key[1] == f"N#{ACCOUNT.id}"


def test_the_row_of_a_day_with_every_hour_and_every_kind_stays_within_one_unit_as_the_table_counts_it() -> None:
    labels = ",".join(counts.LABELS)
    texts = [
        f"2026-11-22|{kind}|{action}|{by}|edited|{labels}|{hour:02d}"
        for hour in range(24) for kind in SPOKEN for action in Action for by in ("rules", "person")
    ]  # fmt: skip
    texts += [f"2026-11-22|{kind}|fact|||" for kind in KINDS if kind not in SPOKEN]
    names = {metric for text in texts for metric in counts.delta("p:a", "", text)[0].add} | {"deleted"}
    assert len([name for name in names if name[0] in "hx" and name[1:].isdecimal()]) == 48
    with scratch_tables() as client:
        meter = Meter()
        db = DynamoDb(client, {table: table for table in keys.TABLES}, on_capacity=meter)
        key = keys.counts("google_business:12345678901234567890", "2026-11-22")
        told = {f"t:{metric}": keys.stamp(NOON) for metric in (Metric.FOLLOWERS, Metric.REACH, Metric.VIEWS)}
        figures = {name.replace("t:", "m:"): 1_234_567 for name in told}
        db.write(Update(key, set=told | figures, add={f"n:{name}": 99 for name in names}))
        meter.clear()
        db.write(Update(key, add={"n:messages": 1, "n:h12": 1, "n:x12": 1}))
        assert meter.take()[keys.METRICS, "table"] == 1
