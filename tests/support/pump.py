"""An event source mapping of a DynamoDB stream as AWS documents it, over the Streams API.

The embedded AWS has a mapping of its own, which drops reported failures and ignores retry limits and bisecting; no
test of those counts there. This one reads its settings from template.yaml and refuses a setting that it does not know
rather than ignore it. Read in docs.aws.amazon.com/lambda/latest/dg, November 2026:

- with-ddb: a batch comes from one shard, in order; a shard is read after its parent; the next batch waits for this one.
- services-ddb-batchfailurereporting: reported failures, the lowest sequence number, what counts as a complete failure.
- services-dynamodb-errors: retries, splitting (which costs no retry), the record of a discarded batch and its S3 key.
- invocation-eventfiltering: filters are alternatives; what no filter takes is done without an invocation.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from samtranslator.yaml_helper import yaml_parse

Json = dict[str, Any]
Invoke = Callable[[Json], Any]
"""The function: takes the event, returns its response as JSON has it, or raises."""

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
PAYLOAD_LIMIT = 6 * 1024 * 1024  # bytes of a synchronous invocation; a batch is closed before it passes this
_KNOWN = frozenset({
    "Stream", "StartingPosition", "BatchSize", "MaximumBatchingWindowInSeconds", "MaximumRetryAttempts",
    "BisectBatchOnFunctionError", "FilterCriteria", "DestinationConfig", "FunctionResponseTypes", "Enabled",
})  # fmt: skip


class Blocked(AssertionError):
    """The shard would stand still until its records expire: the function fails and nothing limits the retries."""


@dataclass(frozen=True)
class Settings:
    """What the mapping was told. Attributes are named as in the template.

    `maximum_retry_attempts` -1 is without limit; `report` is FunctionResponseTypes: [ReportBatchItemFailures].
    """

    batch_size: int = 100
    maximum_retry_attempts: int = -1
    bisect: bool = False
    report: bool = False
    filters: tuple[Json, ...] = ()

    @classmethod
    def from_template(cls, function: str = "Moderate", event: str = "Written", path: Path = TEMPLATE) -> Settings:
        """Of one DynamoDB event of a function. Raises ValueError for a property the pump does not follow."""
        source = yaml_parse(path.read_text())["Resources"][function]["Properties"]["Events"][event]
        given = source["Properties"]
        if unknown := set(given) - _KNOWN:
            raise ValueError(f"{function}.{event}: the pump does not know {', '.join(sorted(unknown))}")
        if source["Type"] != "DynamoDB" or given["StartingPosition"] != "TRIM_HORIZON":
            raise ValueError(f"{function}.{event}: the pump reads a DynamoDB stream from its beginning")
        patterns = [entry["Pattern"] for entry in given.get("FilterCriteria", {}).get("Filters", [])]
        return cls(
            batch_size=given.get("BatchSize", 100),
            maximum_retry_attempts=given.get("MaximumRetryAttempts", -1),
            bisect=given.get("BisectBatchOnFunctionError", False),
            report="ReportBatchItemFailures" in given.get("FunctionResponseTypes", []),
            filters=tuple(json.loads(pattern) for pattern in patterns),
        )


@dataclass
class Pump:
    """One mapping at work.

    Attributes:
        streams: a boto3 client of dynamodbstreams, or what stands for it.
        on_failure: put a discarded batch: (key, body). None: it is dropped, as without a destination.
        checkpoints: shard -> newest sequence number that is done with; give it to the next Pump to go on there.
        patience: invocations of one batch after which a mapping without a limit raises Blocked.
    """

    streams: Any
    stream_arn: str
    settings: Settings
    invoke: Invoke
    on_failure: Callable[[str, bytes], None] | None = None
    checkpoints: dict[str, str] = field(default_factory=dict)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:herald-Moderate"
    uuid: str = field(default_factory=lambda: str(uuid4()))
    patience: int = 50
    invocations: int = 0

    def run(self) -> None:
        """Hand over everything that is on the stream now, and what is written meanwhile, shard by shard."""
        waiting = {shard["ShardId"]: shard for shard in self._shards()}
        while ready := [s for s in waiting.values() if s.get("ParentShardId") not in waiting]:
            for shard in ready:
                self._shard(shard["ShardId"])
                del waiting[shard["ShardId"]]

    # ------------------------------------------------------------ reading

    def _shards(self) -> Iterator[Json]:
        asked: Json = {"StreamArn": self.stream_arn}
        while True:
            told = self.streams.describe_stream(**asked)["StreamDescription"]
            yield from told["Shards"]
            if "LastEvaluatedShardId" not in told:
                return
            asked["ExclusiveStartShardId"] = told["LastEvaluatedShardId"]

    def _shard(self, shard: str) -> None:
        batch: list[Json] = []
        for record in self._records(shard):
            event = as_event(record, self.stream_arn)
            if not takes(self.settings.filters, event):
                if not batch:
                    self._done(shard, event)
                continue
            if batch and _bytes([*batch, event]) > PAYLOAD_LIMIT:
                self._hand_over(shard, batch)
                batch = []
            batch.append(event)
            if len(batch) == self.settings.batch_size:
                self._hand_over(shard, batch)
                batch = []
        if batch:
            self._hand_over(shard, batch)

    def _records(self, shard: str) -> Iterator[Json]:
        where: Json = {"ShardIteratorType": "TRIM_HORIZON"}
        if shard in self.checkpoints:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": self.checkpoints[shard]}
        iterator = self.streams.get_shard_iterator(StreamArn=self.stream_arn, ShardId=shard, **where)["ShardIterator"]
        quiet = 0
        while iterator and quiet < 2:  # an empty answer is not yet the end
            told = self.streams.get_records(ShardIterator=iterator, Limit=1000)
            quiet = 0 if told["Records"] else quiet + 1
            yield from told["Records"]
            iterator = told.get("NextShardIterator")  # none: the shard is closed and read to its end

    def _done(self, shard: str, event: Json) -> None:
        self.checkpoints[shard] = _number(event)

    # ------------------------------------------------------------ one batch

    def _hand_over(self, shard: str, batch: Sequence[Json]) -> None:
        """Until each record was taken or discarded; then the checkpoint moves. What kills the pump leaves it."""
        self._until_settled(shard, list(batch), 0)
        self._done(shard, batch[-1])

    def _until_settled(self, shard: str, batch: list[Json], failed: int) -> None:
        """`failed` counts tries that cost one of the retries; parts of a split batch inherit it."""
        tries = 0
        while True:
            tries += 1
            self.invocations += 1
            function_error, response = False, None
            try:
                response = self.invoke(json.loads(json.dumps({"Records": batch})))
            except Exception:
                function_error = True
            rest = batch if function_error else self._failed_from(batch, response)
            if not rest:
                return
            if len(rest) < len(batch):  # those before the lowest failed one are done
                batch, failed = rest, failed + 1
            elif self.settings.bisect and len(batch) > 1:
                middle = (len(batch) + 1) // 2
                self._until_settled(shard, batch[:middle], failed)
                self._until_settled(shard, batch[middle:], failed)
                return
            else:
                failed += 1
            if 0 <= self.settings.maximum_retry_attempts < failed:
                self._discard(shard, batch, failed, function_error)
                return
            if self.settings.maximum_retry_attempts < 0 and tries >= self.patience:
                raise Blocked(f"{shard} stands still at {_number(batch[0])} after {tries} tries")

    def _failed_from(self, batch: list[Json], response: Any) -> list[Json]:
        """What is to be tried again: from the lowest reported failure on, everything, or nothing."""
        if not self.settings.report or response is None:
            return []
        if not isinstance(response, Mapping):
            return batch
        reported = response.get("batchItemFailures")
        if not reported:  # absent, null or empty: a complete success
            return []
        if not isinstance(reported, list):
            return batch
        named = [entry.get("itemIdentifier") if isinstance(entry, Mapping) else None for entry in reported]
        numbers = [_number(event) for event in batch]
        if not all(name in numbers for name in named):  # empty, null, a wrong key, or none of this batch
            return batch
        return batch[min(numbers.index(name) for name in named) :]

    def _discard(self, shard: str, batch: Sequence[Json], tries: int, function_error: bool) -> None:
        """Give up on a batch; a destination in S3 gets what the others get, and the whole event as text."""
        if self.on_failure is None:
            return
        at = self.now().astimezone(UTC)
        told = {
            "requestContext": {
                "requestId": str(uuid4()), "functionArn": self.function_arn, "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": tries,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"}
            | ({"functionError": "Unhandled"} if function_error else {}),
            "version": "1.0",
            "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
            "DDBStreamBatchInfo": {
                "shardId": shard,
                "startSequenceNumber": _number(batch[0]),
                "endSequenceNumber": _number(batch[-1]),
                "approximateArrivalOfFirstRecord": _arrived(batch[0]),
                "approximateArrivalOfLastRecord": _arrived(batch[-1]),
                "batchSize": len(batch),
                "streamArn": self.stream_arn,
            },
            "payload": json.dumps({"Records": list(batch)}),
        }  # fmt: skip
        key = f"aws/lambda/{self.uuid}/{shard}/{at:%Y/%m/%d}/{at:%Y-%m-%dT%H.%M.%S}-{uuid4()}"
        self.on_failure(key, json.dumps(told).encode())


# ---------------------------------------------------------------- records and filters


def as_event(record: Json, stream_arn: str) -> Json:
    """A record of the Streams API as a function gets it: seconds for times, base64 for bytes, the stream's ARN."""
    change = {name: value for name, value in record["dynamodb"].items() if name != "ApproximateCreationDateTime"}
    made = record["dynamodb"].get("ApproximateCreationDateTime")
    if made is not None:
        change["ApproximateCreationDateTime"] = int(made.timestamp()) if isinstance(made, datetime) else int(made)
    told = {"eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "us-east-1", **record}
    whole: Json = _plain(told | {"dynamodb": change, "eventSourceARN": stream_arn})
    return whole


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def takes(filters: Sequence[Json], event: Json) -> bool:
    """Whether one of the patterns takes the event; without patterns, all are taken."""
    return not filters or any(_matches(pattern, event) for pattern in filters)


def _matches(pattern: Json, found: Any) -> bool:
    """Every name of the pattern must fit; a list holds alternatives for one value."""
    for name, wanted in pattern.items():
        inner = found.get(name, _NOTHING) if isinstance(found, Mapping) else _NOTHING
        if isinstance(wanted, Mapping):
            if not _matches(dict(wanted), inner):
                return False
        elif not any(_fits(rule, inner) for rule in wanted):
            return False
    return True


_NOTHING = object()


def _fits(rule: Any, value: Any) -> bool:
    if not isinstance(rule, Mapping):
        return bool(value == rule)
    ((how, wanted),) = rule.items()
    if how == "exists":
        return (value is not _NOTHING) is wanted
    if how == "prefix":
        return isinstance(value, str) and value.startswith(wanted)
    if how == "anything-but":
        return value is not _NOTHING and value not in (wanted if isinstance(wanted, list) else [wanted])
    raise ValueError(f"the pump does not know the filter rule {how!r}")


def _number(event: Json) -> str:
    number: str = event["dynamodb"]["SequenceNumber"]
    assert re.fullmatch(r"\d+", number), number
    return number


def _arrived(event: Json) -> str:
    return f"{datetime.fromtimestamp(event['dynamodb'].get('ApproximateCreationDateTime', 0), UTC):%Y-%m-%dT%H:%M:%SZ}"


def _bytes(batch: Sequence[Json]) -> int:
    return len(json.dumps({"Records": batch}).encode())
