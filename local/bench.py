"""`herald bench NAME`: measurements side by side in one run, ratios last.

writes: DynamoDB write units by part, as the tables themselves report them (ConsumedCapacity of the embedded AWS).
cold: CPU of each built function's start, beside a boto3 client with Powertools' Logger and Metrics.
cost: dollars for a million webhooks, a thousand posts, a month, from what the run measures.
calendar: CPU of a file of 1,000 rows, some of them wrong, in the gate and the in-memory tables.
moderate: how right and how fast messages are read, on sets not trained on, beside other packages.
storm: 50,000 comments on one post in ten minutes: kept, judged once, complaints first in the Inbox, what it costs.
dashboard: first render of the Overview against a bare Streamlit page, and server CPU of a rerun.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, cast
from zlib import crc32
from zoneinfo import ZoneInfo

import boto3

from herald import runtime
from herald.flows.context import Herald
from herald.flows.deliver import deliver
from herald.flows.moderate import moderate
from herald.flows.publish import release_posts
from herald.model import (
    Account,
    Approval,
    Change,
    Credentials,
    Delivery,
    Event,
    Kind,
    Media,
    New,
    Post,
    Target,
    TargetState,
    post_hash,
)
from herald.ports import Capabilities, Outlet, Proof
from herald.store import keys
from herald.store.db import DynamoDb
from herald.store.tables import TableStore
from local import aws
from local.bench_calendar import calendar
from local.bench_cold import cold
from local.bench_dashboard import dashboard
from local.bench_storm import storms
from local.demo import history
from local.demo import organisation as shop
from local.memory_media import MemoryMedia
from local.ports import HOST, ROOT, override
from local.tables import create_tables

BAR = 4.2  # write units of an ordinary allowed message, in all
BYTES = b"\xff\xd8\xff"  # what stands for an image
BYTES_SHA256 = sha256(BYTES).hexdigest()
POST_BAR = 16.0  # of one published variant with one image


def writes() -> int:
    """Print units an ordinary allowed message costs, by part; 1 if over the bar."""
    with scratch_tables() as client:
        meter = Meter()
        store = TableStore(DynamoDb(client, {table: table for table in keys.TABLES}, on_capacity=meter))
        history.furnish(store, {"facebook_page": "http://127.0.0.1"}, datetime.now(UTC))
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
        out = _one_publication(meter, store, herald)
    print(
        f"{'one variant published, with an image':<34}"
        + "  ".join(f"{part} {units:.0f}" for part, units in out.items())
    )
    ratio, of_a_post = in_all[25] / BAR, sum(out.values()) / POST_BAR
    print("write units as DynamoDB counts them: one a started KB, doubled in a transaction")
    print(f"ratio to the bar of {BAR}: alone {in_all[1] / BAR:.2f}, in slices of 25 {ratio:.2f}")
    print(f"ratio to the bar of {POST_BAR:.0f} for a publication ({sum(out.values()):.0f} units): {of_a_post:.2f}")
    return 1 if max(ratio, of_a_post) > 1 else 0


def _one_publication(meter: Meter, store: TableStore, herald: Herald) -> dict[str, float]:
    """From approved to published on one account: units of the releasing tick, the sending, the ending."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    account = shop.ACCOUNTS[0]
    place = f"media/{BYTES_SHA256}"
    image = Media(place, BYTES_SHA256, "image/jpeg", 250_000, "An oak table with two chairs", 1200, 800)
    text = "New in: the Kurrajong side table, made of oak that fell in last winter's storms. What would you put on it?"
    post = Post(
        "bench-post-0001", account.brand, "jack", "New in", text, now, "https://shop.example/side-table", (image,)
    )
    local = now.astimezone(ZoneInfo(account.timezone)).strftime("%Y-%m-%dT%H:%M")
    target = Target(
        post.id, account.id, account.brand, local, account.timezone, now, TargetState.APPROVED, submitted_by="jack"
    )
    given = Approval(post.id, account.id, post_hash(post, target), "priya", now)
    store.commit([New(post), New(target), New(given)])
    woken: list[str] = []
    able = replace(
        herald, outlets={account.platform: cast("Outlet", Accepts(herald.outlets[account.platform].capabilities))},
        wake=lambda delivery: woken.append(delivery.id), media=Images(), clock=lambda: now,
        secrets=lambda ref: Credentials(("bench",), "", {account.account_id: "token"}),
    )  # fmt: skip
    meter.clear()
    release_posts(able, now)
    parts = {"release": _all(meter)}
    meter.clear()
    if deliver(woken[0], able, now).result != "done":
        raise RuntimeError("the bench's post was not published")
    parts["sending and ending"] = _all(meter)
    return parts


def _all(meter: Meter) -> float:
    return sum(meter.take().values())


@dataclass(frozen=True, slots=True)
class Accepts:
    """A platform that does what it is asked."""

    capabilities: Capabilities
    name: str = "facebook_page"

    def act(self, delivery: Delivery, account: Account, token: str, files: Sequence[bytes] = ()) -> Proof:
        number = f"{account.account_id}_{crc32(delivery.id.encode())}"
        return Proof(number, f"https://wall.example/{number}")

    def find(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        return [self.act(delivery, account, token)]


class Images(MemoryMedia):
    def get(self, key: str) -> bytes:
        return BYTES


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
            client = boto3.client("dynamodb", **arguments_of(f"http://{HOST}:{port}"))
            _wait(client)
            create_tables(client)
            yield client
        finally:
            process.terminate()
            process.wait(30)


def arguments_of(address: str) -> dict[str, Any]:
    """What a boto3 client of the embedded AWS there is made with."""
    return {
        "endpoint_url": address,
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
    events = [comment(f"{size}_{n}", now) for n in range(size)]
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


def comment(number: str, at: datetime) -> Event:
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


def _cost() -> int:
    from local.bench_cost import cost  # noqa: PLC0415 - it stands on this module

    return cost()


def _moderate() -> int:
    from local.bench_moderate import moderate  # noqa: PLC0415 - it imports what only it needs

    return moderate()


BENCHES: dict[str, Callable[[], int]] = {
    "moderate": _moderate, "writes": writes, "calendar": calendar, "cold": cold, "cost": _cost, "dashboard": dashboard,
    "storm": storms,
}  # fmt: skip
