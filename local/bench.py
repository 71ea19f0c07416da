"""`herald bench NAME`: measurements side by side in one run, ratios last.

writes: DynamoDB write units by part, as the tables themselves report them (ConsumedCapacity of the embedded AWS).
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from herald import runtime
from herald.flows.context import Herald
from herald.flows.moderate import moderate
from herald.model import Change, Credentials, Event, Kind
from herald.store import keys
from herald.store.db import DynamoDb
from herald.store.tables import TableStore
from local import aws
from local.demo import history
from local.demo import organisation as shop
from local.ports import HOST, ROOT, override
from local.tables import create_tables

BAR = 4.2  # write units of an ordinary allowed message, in all


def writes() -> int:
    """Print units an ordinary allowed message costs, by part; 1 if over the bar."""
    with scratch_tables() as client:
        meter = Meter()
        store = TableStore(DynamoDb(client, {table: table for table in keys.TABLES}, on_capacity=meter))
        history.furnish(store, "http://127.0.0.1", datetime.now(UTC))
        settings = runtime.Settings(tables={table: table for table in keys.TABLES})
        herald = replace(runtime.build(settings, db=store.db), store=store, secrets=lambda ref: Credentials(()))
        head = "".join(f"{part:>{width}}" for part, width in _COLUMNS)
        print(f"{'ordinary allowed comment':<34}{head}{'in all':>9}")
        in_all = {}
        for size, name in _SIZES:
            parts = _one_size(size, meter, store, herald)
            in_all[size] = sum(parts.values())
            row = "".join(f"{parts[part]:>{width}.2f}" for part, width in _COLUMNS)
            print(f"{name:<34}{row}{in_all[size]:>9.2f}")
    ratio = in_all[25] / BAR
    print("write units as DynamoDB counts them: one a started KB, doubled in a transaction")
    print(f"ratio to the bar of {BAR}: alone {in_all[1] / BAR:.2f}, in slices of 25 {ratio:.2f}")
    return 1 if ratio > 1 else 0


@contextmanager
def scratch_tables() -> Iterator[Any]:
    """A DynamoDB client on an embedded AWS of its own, with empty tables under their logical names."""
    with tempfile.TemporaryDirectory(prefix="herald-bench-") as folder, socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
        free.close()
        environ = os.environ | {"HERALD_LOCAL_DIR": folder, override("aws"): str(port)}
        process = subprocess.Popen(
            [sys.executable, "-m", "local.aws"],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            client = boto3.client("dynamodb", **_client_arguments(port))
            _wait(client)
            create_tables(client)
            yield client
        finally:
            process.terminate()
            process.wait(30)


def _client_arguments(port: int) -> dict[str, Any]:
    return {
        "endpoint_url": f"http://{HOST}:{port}",
        "region_name": aws.REGION,
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
    }


def _wait(client: Any) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            client.list_tables()
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


_SIZES = ((1, "quite alone"), (5, "5 at once"), (10, "10 at once"), (25, "25 at once"), (100, "100 at once"))
_COLUMNS = (("message", 9), ("feed", 7), ("decision", 10), ("counts", 8), ("audit", 7))


def _one_size(size: int, meter: Meter, store: TableStore, herald: Herald) -> dict[str, float]:
    now = datetime.now(UTC)
    events = [_comment(f"{size}_{n}", now) for n in range(size)]
    meter.clear()
    for event in events:
        store.apply(event, "bench", now)
    taken = meter.take()
    parts = {"message": taken[keys.MESSAGES, "table"], "feed": taken[keys.MESSAGES, "feed"]}
    meter.clear()
    outcomes = moderate([event.message_id for event in events], herald, now + timedelta(seconds=1))
    if {outcome.action for outcome in outcomes} != {"allow"}:
        raise RuntimeError("the bench's comments must be allowed")
    taken = meter.take()
    parts["decision"] = taken[keys.MESSAGES, "table"] + taken[keys.MESSAGES, "feed"]
    parts["counts"], parts["audit"] = taken[keys.METRICS, "table"], taken[keys.AUDIT, "table"]
    return {part: units / size for part, units in parts.items()}


def _comment(number: str, at: datetime) -> Event:
    text = "Bought two of these for the veranda last week, they look lovely in the evening light. Thank you all!"
    return Event(
        platform="facebook_page", account_id=shop.MAIN, external_id=f"100020003000400_{number}",
        author_id="2000300040005000", author_name="Bench Visitor", text=text, kind=Kind.COMMENT, change=Change.CREATED,
        parent_id="100200300400500_200030004000", created_at=at, more={"thread_id": "100200300400500_200030004000"},
    )  # fmt: skip


class Meter:
    """Adds up write units by table and by index as the answers tell them."""

    def __init__(self) -> None:
        self._units: defaultdict[tuple[str, str], float] = defaultdict(float)

    def __call__(self, operation: str, used: list[dict[str, Any]]) -> None:
        if operation not in ("put_item", "update_item", "transact_write_items"):
            return
        for table in used:
            name = table["TableName"]
            whole = float(table.get("WriteCapacityUnits", table["CapacityUnits"]))
            indexes = {
                index: float(units.get("WriteCapacityUnits", units["CapacityUnits"]))
                for index, units in (table.get("GlobalSecondaryIndexes") or {}).items()
            }
            for index, units in indexes.items():
                self._units[name, index] += units
            self._units[name, "table"] += whole - sum(indexes.values())

    def clear(self) -> None:
        self._units.clear()

    def take(self) -> dict[tuple[str, str], float]:
        return defaultdict(float, self._units)


BENCHES: dict[str, Callable[[], int]] = {"writes": writes}
