"""Moderate behind the mapping of template.yaml, as AWS runs it (tests/support/pump.py): nobody is lost to a neighbour.

Moderate reports no batch item failures: a reported record would hold up every record behind it in its shard. What
fails is parked on its own row, so only an outage that keeps even that from being written raises.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from herald.flows.context import Herald
from herald.flows.redrive import dead_letters, failed_batches, undecided
from herald.govern import audit
from herald.measure import counts
from herald.model import Message
from herald.store import keys
from herald.store.db import DynamoDb, Update
from herald.store.leftovers import AwsLeftovers
from herald.store.tables import TableStore
from local.aws import REGION
from local.bench import scratch_tables
from local.tables import create_tables
from tests.support.faults import Outage
from tests.support.handlers import from_source
from tests.support.pump import Invoke, Pump, Settings
from tests.support.world import ACCOUNT, BRAND, PAGE, World, a_comment, a_world

pytestmark = pytest.mark.integration
NOW = datetime.now(UTC).replace(microsecond=0)
TEXTS = ["lovely chairs", "you utter muppet", "my lamp is broken", "when do you open?", "this looks dodgy", "nice"]


@dataclass(frozen=True)
class Moderated:
    """Tables with a stream, a bucket, and the mapping between them and one function."""

    world: World
    names: dict[str, str]
    dynamodb: Any
    s3: Any
    bucket: str
    pump: Pump

    def say(self, *texts: str, account: str = PAGE, first: int = 1) -> list[str]:
        said = (a_comment(text, id=str(first + n), at=NOW) for n, text in enumerate(texts))
        events = [replace(event, account_id=account) for event in said]
        for event in events:
            self.world.store.apply(event, BRAND, NOW)
        return [event.message_id for event in events]

    def keep(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def kept(self) -> list[dict[str, Any]]:
        """On-failure objects, as they lie in the bucket."""
        found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix="aws/lambda/").get("Contents", [])
        return [json.loads(self.s3.get_object(Bucket=self.bucket, Key=one["Key"])["Body"].read()) for one in found]

    def without(self, table: str) -> Callable[[], None]:
        """Take a table away; the answer brings it back with what it held."""
        name = self.names[table]
        items = self.dynamodb.scan(TableName=name)["Items"]
        described = self.dynamodb.describe_table(TableName=name)["Table"]
        self.dynamodb.delete_table(TableName=name)

        def back() -> None:
            wanted = {key: described[key] for key in ("KeySchema", "AttributeDefinitions")}
            self.dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **wanted)
            for item in items:
                self.dynamodb.put_item(TableName=name, Item=item)

        return back


Function = Callable[[Herald, dict[str, str], str], Invoke]


@pytest.fixture(params=["source"])
def function(request: pytest.FixtureRequest) -> Function:
    """Makes the Moderate of these tables: (a Herald over them, logical name -> name, endpoint of AWS) -> invoke.

    The one place to connect another build of the handler: what runs outside this process takes names and endpoint.
    """
    return lambda herald, names, endpoint: from_source("moderate/app.py", herald)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with scratch_tables() as client:
        yield client


@pytest.fixture
def moderated(client: Any, function: Function, request: pytest.FixtureRequest) -> Moderated:
    return _moderated(client, request.node.name, function)


def _moderated(client: Any, test: str, function: Function) -> Moderated:
    prefix = "".join(filter(str.isalnum, test))[-40:]
    names = create_tables(client, prefix)
    endpoint = client.meta.endpoint_url
    same = {
        "endpoint_url": endpoint, "region_name": REGION, "aws_access_key_id": "test", "aws_secret_access_key": "test",
    }  # fmt: skip
    s3, bucket = boto3.client("s3", **same), f"raw-{prefix.lower()}"
    s3.create_bucket(Bucket=bucket)
    world = a_world(DynamoDb(client, names))
    herald = replace(
        world.herald, clock=lambda: datetime.now(UTC), leftovers=AwsLeftovers(bucket, "", lambda service: s3)
    )
    arn = client.describe_table(TableName=names["Messages"])["Table"]["LatestStreamArn"]
    pump = Pump(
        boto3.client("dynamodbstreams", **same), arn, Settings.from_template(), function(herald, names, endpoint)
    )
    made = Moderated(replace(world, herald=herald), names, client, s3, bucket, pump)
    pump.on_failure = made.keep
    return made


def rows(world: World, ids: Sequence[str]) -> list[Message]:
    found = world.store.messages(ids)
    return [found[one] for one in ids]


def state(world: World, ids: Sequence[str]) -> dict[str, Any]:
    """What must come out the same whatever happened on the way."""
    messages = rows(world, ids)
    chain = world.store.audit_of("moderation", limit=1000)
    assert audit.verify(chain) == []
    return {
        "decided": {m.id: (m.pending, m.decision and (m.decision.action, m.decision.rule)) for m in messages},
        "counts": world.store.counts(ACCOUNT.id, "2000-01-01", "2999-12-31"),
        "recomputed": counts.rollup(messages, {ACCOUNT.id: ACCOUNT.timezone}).get(ACCOUNT.id, {}),
        "acted": sorted(entry.subject for entry in chain if entry.what != "moderate.allow"),
        "allowed": sum(int(entry.facts["n"] or 0) for entry in chain if entry.what == "moderate.allow"),
        "cases": sorted(case.id for case in world.store.open_cases(BRAND, "answer").items),  # type: ignore[arg-type,union-attr]
    }


def test_a_poison_record_is_parked_and_its_neighbours_are_decided_in_one_invocation(moderated: Moderated) -> None:
    before = moderated.say("lovely chairs", "you utter muppet")
    (poison,) = moderated.say("hello", account="nobody", first=50)
    behind = moderated.say("my lamp is broken", first=60)
    moderated.pump.run()
    assert all(message.decision and not message.pending for message in rows(moderated.world, [*before, *behind]))
    (parked,) = rows(moderated.world, [poison])
    assert (parked.decision, parked.error, parked.attempts) == (None, "LookupError", 1)
    assert moderated.kept() == []
    assert moderated.pump.invocations <= 2  # the parking is a change too, of which the stream tells


def test_what_is_parked_is_retried_by_the_schedule_and_decided_once_its_cause_is_gone(moderated: Moderated) -> None:
    (poison,) = moderated.say("you utter muppet", account="nobody")
    moderated.pump.run()
    moderated.pump.invoke({"schedule": True})
    (parked,) = rows(moderated.world, [poison])
    assert parked.attempts == 1  # its time has not come
    moderated.world.store.save(replace(ACCOUNT, account_id="nobody"))
    long_ago = keys.stamp(NOW - timedelta(minutes=5))
    moderated.world.db.write(Update(keys.message(poison), set={"parked_until": long_ago, "work_at": long_ago}))
    moderated.pump.invoke({"schedule": True})
    (decided,) = rows(moderated.world, [poison])
    assert decided.decision is not None
    assert (decided.decision.rule, decided.pending, decided.parked_until) == ("Insult", "", None)


def test_an_outage_of_a_table_ends_in_kept_batches_and_redrive_puts_it_right(moderated: Moderated) -> None:
    ids = moderated.say(*TEXTS)
    back = moderated.without("Settings")
    moderated.pump.run()
    kept = moderated.kept()
    assert sum(told["DDBStreamBatchInfo"]["batchSize"] for told in kept) == len(ids)
    assert all(message.decision is None and message.pending for message in rows(moderated.world, ids))
    again = list(failed_batches(moderated.world.herald, NOW))
    assert [one.result for one in again] == ["left"] * len(kept)
    back()
    assert {one.result for one in failed_batches(moderated.world.herald, NOW)} == {"done"}
    whole = state(moderated.world, ids)
    assert all(pending == "" and decided for pending, decided in whole["decided"].values())
    assert whole["counts"] == whole["recomputed"]
    assert list(failed_batches(moderated.world.herald, NOW)) == []
    assert moderated.kept() == []
    assert list(undecided(moderated.world.herald, [NOW.date().isoformat()], NOW)) == []
    assert state(moderated.world, ids) == whole


class OutFrom:
    """A door to the tables that answers `calls` calls and then none, until it is mended."""

    def __init__(self, inner: DynamoDb, calls: int) -> None:
        self._inner, self._left = inner, calls
        self.mended = False

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left < 0 and not self.mended:
                raise Outage("the tables do not answer")
            return getattr(self._inner, name)(*arguments, **named)

        return call


@pytest.mark.parametrize("calls", [3, 7, 8, 9])
def test_an_outage_in_mid_batch_loses_and_doubles_nobody(client: Any, calls: int) -> None:
    """Fifty messages are two slices and ten calls: the tables go before the first commit, or after it."""
    out: list[OutFrom] = []

    def function(herald: Herald, names: dict[str, str], endpoint: str) -> Invoke:
        out.append(OutFrom(DynamoDb(client, names), calls))
        store = TableStore(out[0], sleep=lambda _: None)  # type: ignore[arg-type]
        return from_source("moderate/app.py", replace(herald, store=store))

    moderated = _moderated(client, f"midbatch{calls}", function)
    straight = _moderated(client, f"straight{calls}", lambda herald, names, at: from_source("moderate/app.py", herald))
    texts = (TEXTS * 9)[:50]
    ids = moderated.say(*texts)
    assert straight.say(*texts) == ids
    straight.pump.run()
    moderated.pump.run()
    waiting = {message.id for message in rows(moderated.world, ids) if message.pending}
    named = {
        record["dynamodb"]["Keys"]["pk"]["S"].removeprefix("M#")
        for told in moderated.kept()
        for record in json.loads(told["payload"])["Records"]
    }
    assert waiting
    assert waiting <= named  # whoever waits is in a kept batch
    out[0].mended = True
    assert {one.result for one in failed_batches(moderated.world.herald, NOW)} == {"done"}
    put_right, expected = state(moderated.world, ids), state(straight.world, ids)
    assert put_right == expected
    assert put_right["counts"] == put_right["recomputed"]


def test_dead_letters_of_several_accounts_are_all_found_once(client: Any) -> None:
    """A queue in order hides the rest of a group while one of it is looked at; burying shows the next."""
    at = {"endpoint_url": client.meta.endpoint_url, "region_name": REGION}
    sqs = boto3.client("sqs", aws_access_key_id="test", aws_secret_access_key="test", **at)
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    dead = sqs.create_queue(QueueName="herald-Dead.fifo", Attributes=fifo)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
    queue = sqs.create_queue(QueueName="herald-Live.fifo", Attributes=fifo | {"RedrivePolicy": policy})["QueueUrl"]
    sent = [f"hide~{n}" for n in range(23)]
    for n, delivery in enumerate(sent):
        sqs.send_message(QueueUrl=dead, MessageBody=json.dumps({"delivery": delivery}), MessageGroupId=f"g{n % 3}")
    leftovers = AwsLeftovers("", queue, lambda service: sqs)
    herald = replace(a_world().herald, leftovers=leftovers)
    assert sorted(one.what for one in dead_letters(herald)) == sorted(sent)
    assert list(dead_letters(herald)) == []
