"""The pump does what AWS documents of a mapping (sources in tests/support/pump.py) and refuses to guess the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.pump import Blocked, Pump, Settings, as_event, takes

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/Messages/stream/2026-11-18T00:00:00.000"
NOON = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)


class Streams:
    """The Streams API over lists: shard -> (parent, whether closed, records)."""

    def __init__(self, shards: Mapping[str, tuple[str | None, bool, Sequence[dict[str, Any]]]]) -> None:
        self._shards = shards

    def describe_stream(self, StreamArn: str, ExclusiveStartShardId: str = "") -> dict[str, Any]:
        names = list(self._shards)
        at = names.index(ExclusiveStartShardId) + 1 if ExclusiveStartShardId else 0
        parent = self._shards[names[at]][0]
        shard = {"ShardId": names[at]} | ({"ParentShardId": parent} if parent else {})
        more = {"LastEvaluatedShardId": names[at]} if at + 1 < len(names) else {}
        return {"StreamDescription": {"Shards": [shard], **more}}

    def get_shard_iterator(
        self, StreamArn: str, ShardId: str, ShardIteratorType: str, SequenceNumber: str = ""
    ) -> dict[str, Any]:
        numbers = [record["dynamodb"]["SequenceNumber"] for record in self._shards[ShardId][2]]
        at = numbers.index(SequenceNumber) + 1 if ShardIteratorType == "AFTER_SEQUENCE_NUMBER" else 0
        return {"ShardIterator": f"{ShardId}|{at}|0"}

    def get_records(self, ShardIterator: str, Limit: int) -> dict[str, Any]:
        shard, at, pages = ShardIterator.split("|")
        _, closed, records = self._shards[shard]
        start = int(at)
        if pages == "0":  # an empty page first, as the real one gives now and then
            return {"Records": [], "NextShardIterator": f"{shard}|{at}|1"}
        end = start + 3
        over = closed and end >= len(records)
        return {"Records": records[start:end]} | ({} if over else {"NextShardIterator": f"{shard}|{end}|{pages}"})


def record(n: int, **image: Any) -> dict[str, Any]:
    new = {"pk": {"S": f"M#{n}"}, "pending": {"S": "hash"}} | image
    return {"eventID": str(n), "eventName": "INSERT", "dynamodb": {
        "ApproximateCreationDateTime": NOON, "Keys": {"pk": {"S": f"M#{n}"}}, "NewImage": new,
        "SequenceNumber": f"{n:021d}", "StreamViewType": "NEW_AND_OLD_IMAGES"}}  # fmt: skip


def one_shard(count: int) -> Streams:
    return Streams({"s1": (None, False, [record(n) for n in range(1, count + 1)])})


def numbers(event: Mapping[str, Any]) -> list[int]:
    return [int(told["dynamodb"]["SequenceNumber"]) for told in event["Records"]]


class Function:
    """A function that remembers what it got; `answer` gets the numbers of the batch."""

    def __init__(self, answer: Callable[[list[int]], Any] = lambda got: None) -> None:
        self.got: list[list[int]] = []
        self._answer = answer

    def __call__(self, event: dict[str, Any]) -> Any:
        self.got.append(numbers(event))
        return self._answer(self.got[-1])


def failing_at(*bad: int) -> Function:
    def answer(got: list[int]) -> None:
        if set(bad) & set(got):
            raise RuntimeError("no")

    return Function(answer)


def reporting(*bad: int) -> Function:
    def answer(got: list[int]) -> Any:
        return {"batchItemFailures": [{"itemIdentifier": f"{n:021d}"} for n in reversed(bad) if n in got]}

    return Function(answer)


def pumped(function: Function, settings: Settings, streams: Streams | None = None, **more: Any) -> dict[str, Any]:
    kept: dict[str, Any] = {}

    def keep(key: str, body: bytes) -> None:
        kept[key] = json.loads(body)

    Pump(streams or one_shard(8), ARN, settings, function, on_failure=keep, now=lambda: NOON, **more).run()
    return kept


# ---------------------------------------------------------------- batches and order


def test_a_batch_is_of_the_size_the_mapping_says_and_in_order() -> None:
    function = Function()
    pumped(function, Settings(batch_size=3))
    assert function.got == [[1, 2, 3], [4, 5, 6], [7, 8]]


def test_a_shard_is_read_after_its_parent_and_never_shares_a_batch() -> None:
    function = Function()
    child = ("old", False, [record(7), record(8)])
    streams = Streams({"new": child, "old": (None, True, [record(1), record(2)]), "lone": ("gone", True, [record(5)])})
    pumped(function, Settings(), streams)
    assert function.got == [[1, 2], [5], [7, 8]]


def test_what_the_filter_does_not_take_is_done_without_an_invocation() -> None:
    function, checkpoints = Function(), dict[str, str]()
    records = [record(1), record(2), record(3), record(4)]
    del records[0]["dynamodb"]["NewImage"]["pending"], records[2]["dynamodb"]["NewImage"]
    pumped(function, Settings.from_template(), Streams({"s1": (None, False, records[:3])}), checkpoints=checkpoints)
    assert function.got == [[2]]
    only_filtered = Streams({"s1": (None, False, [records[0]])})
    pumped(function, Settings.from_template(), only_filtered, checkpoints=(passed := {}))
    assert (function.got, passed) == ([[2]], {"s1": f"{1:021d}"})


def test_a_pump_goes_on_behind_its_checkpoint_and_a_killed_one_delivers_again() -> None:
    class Killed(BaseException):
        pass

    def answer(got: list[int]) -> None:
        if got == [4, 5, 6] and function.got.count(got) == 1:
            raise Killed

    function, checkpoints = Function(answer), dict[str, str]()
    with pytest.raises(Killed):
        pumped(function, Settings(batch_size=3), checkpoints=checkpoints)
    pumped(function, Settings(batch_size=3), checkpoints=checkpoints)
    assert function.got == [[1, 2, 3], [4, 5, 6], [4, 5, 6], [7, 8]]


def test_a_batch_closes_before_it_passes_what_an_invocation_may_carry() -> None:
    function = Function()
    fat = [record(n, text={"S": "x" * 2_500_000}) for n in (1, 2, 3)]
    pumped(function, Settings(), Streams({"s1": (None, False, fat)}))
    assert function.got == [[1, 2], [3]]


# ---------------------------------------------------------------- failures


def test_a_failed_batch_is_tried_again_as_often_as_said_then_kept_whole_and_the_next_goes_on() -> None:
    function = failing_at(2)
    kept = pumped(function, Settings(batch_size=4, maximum_retry_attempts=2))
    assert function.got == [[1, 2, 3, 4]] * 3 + [[5, 6, 7, 8]]
    ((key, told),) = kept.items()
    assert numbers(json.loads(told["payload"])) == [1, 2, 3, 4]
    assert told["DDBStreamBatchInfo"]["batchSize"] == 4
    assert key.startswith("aws/lambda/")


def test_splitting_finds_the_one_bad_record_and_costs_no_retry() -> None:
    function = failing_at(6)
    kept = pumped(function, Settings(batch_size=8, maximum_retry_attempts=2, bisect=True))
    assert function.got == [[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4], [5, 6, 7, 8], [5, 6], [5], [6], [6], [6], [7, 8]]
    (told,) = kept.values()
    assert numbers(json.loads(told["payload"])) == [6]


def test_without_a_limit_the_shard_stands_still() -> None:
    with pytest.raises(Blocked, match="s1"):
        pumped(failing_at(2), Settings(batch_size=4))


def test_a_record_that_fails_for_a_while_blocks_those_behind_it_and_none_is_lost() -> None:
    def answer(got: list[int]) -> None:
        if len(function.got) < 4:
            raise RuntimeError("outage")

    function = Function(answer)
    assert pumped(function, Settings(batch_size=8, maximum_retry_attempts=5)) == {}
    assert function.got == [[1, 2, 3, 4, 5, 6, 7, 8]] * 4


def test_reported_failures_start_again_at_the_lowest_number() -> None:
    function = reporting(3, 5)
    kept = pumped(function, Settings(batch_size=5, maximum_retry_attempts=1, report=True))
    assert function.got == [[1, 2, 3, 4, 5], [3, 4, 5], [6, 7, 8]]
    assert [numbers(json.loads(told["payload"])) for told in kept.values()] == [[3, 4, 5]]


def test_reports_are_not_read_unless_the_mapping_says_so() -> None:
    function = reporting(3)
    assert pumped(function, Settings(batch_size=8)) == {}
    assert len(function.got) == 1


@pytest.mark.parametrize("response", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_an_answer_without_failures_is_a_success(response: Any) -> None:
    function = Function(lambda got: response)
    assert pumped(function, Settings(batch_size=8, maximum_retry_attempts=1, report=True)) == {}
    assert len(function.got) == 1


@pytest.mark.parametrize(
    "response",
    ["text", {"batchItemFailures": [{"itemIdentifier": ""}]}, {"batchItemFailures": [{"itemIdentifier": None}]},
     {"batchItemFailures": [{"id": f"{3:021d}"}]}, {"batchItemFailures": [{"itemIdentifier": "99"}]},
     {"batchItemFailures": "3"}],
)  # fmt: skip
def test_an_answer_nobody_can_read_fails_the_whole_batch(response: Any) -> None:
    function = Function(lambda got: response)
    kept = pumped(function, Settings(batch_size=8, maximum_retry_attempts=1, report=True))
    assert function.got == [[1, 2, 3, 4, 5, 6, 7, 8]] * 2
    assert len(kept) == 1


def test_the_record_of_a_discarded_batch_is_as_documented() -> None:
    kept = pumped(failing_at(1), Settings(batch_size=1, maximum_retry_attempts=1), one_shard(1), uuid="the-mapping")
    ((key, told),) = kept.items()
    assert key.startswith("aws/lambda/the-mapping/s1/2026/11/18/2026-11-18T01.00.00-")
    request = told["requestContext"].pop("requestId")
    assert len(request) == 36
    assert told == {
        "requestContext": {
            "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:herald-Moderate",
            "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 2,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0", "timestamp": "2026-11-18T01:00:00.000Z",
        "DDBStreamBatchInfo": {
            "shardId": "s1", "startSequenceNumber": f"{1:021d}", "endSequenceNumber": f"{1:021d}",
            "approximateArrivalOfFirstRecord": "2026-11-18T01:00:00Z",
            "approximateArrivalOfLastRecord": "2026-11-18T01:00:00Z", "batchSize": 1, "streamArn": ARN,
        },
        "payload": json.dumps({"Records": [as_event(record(1), ARN)]}),
    }  # fmt: skip


@given(
    bad=st.sets(st.integers(1, 20)), size=st.integers(1, 9), retries=st.integers(0, 3), bisect=st.booleans(),
    report=st.booleans(),
)  # fmt: skip
def test_every_record_is_taken_or_kept_and_order_holds(
    bad: set[int], size: int, retries: int, bisect: bool, report: bool
) -> None:
    """Whatever the settings: taken in order, each taken or in a kept batch, with bisecting only the bad are kept."""
    taken: list[int] = []

    def answer(got: list[int]) -> Any:
        failing = sorted(bad & set(got))
        if failing and not report:
            raise RuntimeError("no")
        taken.extend(n for n in got if not failing or n < failing[0])
        return {"batchItemFailures": [{"itemIdentifier": f"{n:021d}"} for n in failing]}

    settings = Settings(size, maximum_retry_attempts=retries, bisect=bisect, report=report)
    kept = pumped(Function(answer), settings, one_shard(20))
    discarded = [n for told in kept.values() for n in numbers(json.loads(told["payload"]))]
    assert taken == sorted(set(taken))
    assert sorted(taken + discarded) == list(range(1, 21))
    if bisect and not report:
        assert set(discarded) == bad


# ---------------------------------------------------------------- settings, filters, events


def test_the_settings_are_those_of_the_template_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    settings = Settings.from_template()
    assert (settings.batch_size, settings.bisect, settings.maximum_retry_attempts >= 1) == (90, True, True)
    assert settings.filters
    other = tmp_path / "template.yaml"
    text = Path("template.yaml").read_text()
    other.write_text(text.replace("BisectBatchOnFunctionError: true", "TumblingWindowInSeconds: 30", 1))
    with pytest.raises(ValueError, match="TumblingWindowInSeconds"):
        Settings.from_template(path=other)


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ({"eventName": ["INSERT", "MODIFY"]}, True),
        ({"eventName": ["REMOVE"]}, False),
        ({"dynamodb": {"NewImage": {"pending": {"S": [{"exists": True}]}}}}, True),
        ({"dynamodb": {"OldImage": {"pending": {"S": [{"exists": True}]}}}}, False),
        ({"dynamodb": {"OldImage": {"pending": {"S": [{"exists": False}]}}}}, True),
        ({"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "M#"}]}}}, "eventName": ["REMOVE"]}, False),
        ({"eventName": [{"anything-but": ["REMOVE"]}]}, True),
    ],
)
def test_a_filter_takes_what_it_describes(pattern: dict[str, Any], fits: bool) -> None:
    event = as_event(record(1), ARN)
    assert takes([pattern], event) is fits
    assert takes([pattern, {"eventName": ["INSERT"]}], event)


def test_a_filter_rule_the_pump_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="numeric"):
        takes([{"eventName": [{"numeric": [">", 1]}]}], as_event(record(1), ARN))


def test_an_event_is_json_with_seconds_and_base64() -> None:
    event = as_event(record(1, scores={"B": b"\x00\xff"}), ARN)
    assert json.loads(json.dumps(event)) == event
    assert event["dynamodb"]["ApproximateCreationDateTime"] == int(NOON.timestamp())
    assert event["dynamodb"]["NewImage"]["scores"] == {"B": "AP8="}
    assert event["eventSourceARN"] == ARN
