"""Putting right: what an outage or an older version left behind is decided, woken or read again, twice as once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws

from herald import cli, runtime
from herald.flows.moderate import moderate
from herald.flows.receive import receive
from herald.flows.redrive import dead_letters, failed_batches, undecided, unreadable
from herald.model import Act, Action, Connection, DeliveryState, Revised
from herald.store.leftovers import AwsLeftovers
from tests.support.world import ACCOUNT, BRAND, NOON, PAGE, World, a_comment, a_world
from tests.unit.test_cli_commands import Ran, one_line
from tests.unit.test_ingest_hostile import body_of, said, signed

BUCKET = "raw"
DAY = "2026-11-18"


@cache
def _client(name: str) -> Any:
    return boto3.client(name, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield _client


@pytest.fixture
def world(aws: Callable[[str], Any]) -> World:
    """A world whose raw bucket and queues are those of AWS."""
    aws("s3").create_bucket(Bucket=BUCKET)
    made = a_world()
    address = _queue(aws("sqs"))
    herald = replace(made.herald, archive=runtime.RawBucket(BUCKET, aws), leftovers=AwsLeftovers(BUCKET, address, aws))
    return replace(made, herald=herald)


def _queue(sqs: Any) -> str:
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    dead = sqs.create_queue(QueueName="dead.fifo", Attributes=fifo)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
    address = sqs.create_queue(QueueName="deliveries.fifo", Attributes=fifo | {"RedrivePolicy": policy})["QueueUrl"]
    return str(address)


def on_failure(*ids: str, **changed: Any) -> bytes:
    """An on-failure object as Lambda writes it (tests/support/pump.py has the whole shape)."""
    records = [{"eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": f"M#{i}"}, "sk": {"S": "M"}}}} for i in ids]
    told = {"version": "1.0", "DDBStreamBatchInfo": {"batchSize": len(ids)}}
    return json.dumps(told | {"payload": json.dumps({"Records": records})} | changed).encode()


def put(aws: Callable[[str], Any], key: str, body: bytes) -> None:
    aws("s3").put_object(Bucket=BUCKET, Key=key, Body=body)


def objects(aws: Callable[[str], Any]) -> dict[str, bytes]:
    found = aws("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {one["Key"]: aws("s3").get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read() for one in found}


# ---------------------------------------------------------------- undecided


def test_what_waits_is_judged_by_day_and_what_is_parked_at_once() -> None:
    world = a_world()
    orphan = replace(a_comment("you utter muppet", id="2"), account_id="nobody")
    world.store.apply(orphan, BRAND, NOON)
    (parked,) = moderate([orphan.message_id], world.herald, NOON)
    assert parked.result == "parked"
    world.store.apply(a_comment("my lamp is broken", id="1"), BRAND, NOON)
    world.store.save(replace(ACCOUNT, account_id="nobody"))
    found = {outcome.message_id: outcome.result for outcome in undecided(world.herald, [DAY], NOON)}
    assert found == {orphan.message_id: "decided", f"facebook_page:{PAGE}_1": "decided"}
    assert list(undecided(world.herald, [DAY], NOON)) == []


def test_what_cannot_be_judged_stays_parked_and_is_looked_at_once_a_run() -> None:
    world = a_world()
    orphans = [replace(a_comment("hello", id=str(n)), account_id="nobody") for n in range(130)]
    for orphan in orphans:
        world.store.apply(orphan, BRAND, NOON)
    moderate([orphan.message_id for orphan in orphans], world.herald, NOON)
    outcomes = list(undecided(world.herald, [DAY], NOON))
    assert len(outcomes) == len({outcome.message_id for outcome in outcomes}) == 130
    assert {(outcome.result, outcome.attempts) for outcome in outcomes} == {("parked", 2)}


# ---------------------------------------------------------------- failed batches


def test_a_discarded_batch_is_judged_and_its_words_go(world: World, aws: Callable[[str], Any]) -> None:
    for n, text in enumerate(["my lamp is broken", "you utter muppet"], start=1):
        world.store.apply(a_comment(text, id=str(n)), BRAND, NOON)
    ids = [f"facebook_page:{PAGE}_{n}" for n in (1, 2)]
    key = "aws/lambda/m/s1/2026/11/18/2026-11-18T01.00.00-x"
    put(aws, key, on_failure(*ids, "facebook_page:gone"))
    (told,) = failed_batches(world.herald, NOON)
    assert (told.what, told.result, dict(told.facts)) == (key, "done", {"records": 3, "messages": 3, "decided": 2})
    assert [m.decision and m.decision.action for m in world.store.messages(ids).values()] == [Action.ALLOW, Action.HIDE]
    ((note, text),) = objects(aws).items()
    assert (note, b"muppet" in text, b"facebook_page" in text) == (f"done/{key}", False, False)
    assert list(failed_batches(world.herald, NOON)) == []


def test_a_batch_whose_note_was_written_and_which_was_not_deleted_is_done_again(
    world: World, aws: Callable[[str], Any]
) -> None:
    world.store.apply(a_comment("lovely"), BRAND, NOON)
    key = "aws/lambda/m/s1/x"
    body = on_failure(f"facebook_page:{PAGE}_1")
    put(aws, key, body)
    assert [one.result for one in failed_batches(world.herald, NOON)] == ["done"]
    before = json.dumps(world.db.everything(), default=str)  # type: ignore[attr-defined]
    put(aws, key, body)
    assert [dict(one.facts) for one in failed_batches(world.herald, NOON)] == [{"records": 1, "messages": 1}]
    assert json.dumps(world.db.everything(), default=str) == before  # type: ignore[attr-defined]
    assert set(objects(aws)) == {f"done/{key}"}


MALFORMED = [
    b"", b"\xff", b"null", b"[]", b"{}", b"[" * 100_000, on_failure(payload=None), on_failure(payload="no json"),
    on_failure(payload="[]"), on_failure(payload='{"Records": 5}'), on_failure(payload='{"Records": [7]}'),
    on_failure(payload='{"Records": [{"dynamodb": {"Keys": {"pk": 5}}}]}'),
    json.dumps({"DDBStreamBatchInfo": {}}).encode(), on_failure().replace(b"DDBStreamBatchInfo", b"KinesisBatchInfo"),
]  # fmt: skip


def test_malformed_objects_are_told_and_left_and_keep_nobody(world: World, aws: Callable[[str], Any]) -> None:
    world.store.apply(a_comment("lovely"), BRAND, NOON)
    bodies = {f"aws/lambda/{n:02}": body for n, body in enumerate(MALFORMED)}
    for key, body in bodies.items():
        put(aws, key, body)
    put(aws, "aws/lambda/z", on_failure(f"facebook_page:{PAGE}_1"))
    *left, done = failed_batches(world.herald, NOON)
    assert [(one.what, one.result, bool(one.error)) for one in left] == [(key, "left", True) for key in bodies]
    assert dict(done.facts) == {"records": 1, "messages": 1, "decided": 1}
    assert {key: body for key, body in objects(aws).items() if key in bodies} == bodies


def test_a_batch_that_cannot_be_judged_yet_is_left(world: World, aws: Callable[[str], Any]) -> None:
    put(aws, "aws/lambda/a", on_failure(f"facebook_page:{PAGE}_1"))

    def gone(*_: object) -> None:
        raise ConnectionError("the words of an outage")

    world.store.messages = gone  # type: ignore[method-assign,assignment]
    (left,) = failed_batches(world.herald, NOON)
    assert (left.result, left.error) == ("left", "ConnectionError")
    assert set(objects(aws)) == {"aws/lambda/a"}


# ---------------------------------------------------------------- dead letters


def test_dead_letters_wake_what_is_not_final_and_the_rest_is_buried(world: World, aws: Callable[[str], Any]) -> None:
    for n in (1, 2):
        world.store.apply(a_comment("you utter muppet", id=str(n)), BRAND, NOON)
    moderate([f"facebook_page:{PAGE}_{n}" for n in (1, 2)], world.herald, NOON)
    due, over = (f"{Act.HIDE}~{m.id}~{m.content_hash}" for m in world.store.messages(
        [f"facebook_page:{PAGE}_{n}" for n in (1, 2)]).values())  # fmt: skip
    ended = world.store.delivery(over)
    assert ended is not None
    world.store.commit([Revised(replace(ended, state=DeliveryState.DONE), ended.version)])
    world.woken.clear()
    letters = [*(json.dumps({"delivery": one}) for one in (due, over, "hide~gone")), "?"]
    dead = aws("sqs").get_queue_url(QueueName="dead.fifo")["QueueUrl"]
    for letter in letters:
        aws("sqs").send_message(QueueUrl=dead, MessageBody=letter, MessageGroupId="g")
    found = list(dead_letters(world.herald))
    assert [one.result for one in found] == ["woken", "settled", "settled", "left"]
    assert world.woken == [due]
    attributes = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counted = aws("sqs").get_queue_attributes(QueueUrl=dead, AttributeNames=attributes)["Attributes"]
    assert sum(map(int, counted.values())) == 1


# ---------------------------------------------------------------- unreadable bodies


def test_what_could_not_be_read_is_read_by_the_present_code(world: World, aws: Callable[[str], Any]) -> None:
    body = body_of(said())
    source = world.herald.sources["facebook_page"]

    class Older:
        name, verify, challenge = source.name, source.verify, source.challenge

        def parse(self, body: bytes) -> list[Any]:
            from herald.errors import BadPayload

            raise BadPayload("not yet")

    before = replace(world.herald, sources={"facebook_page": Older()})
    assert receive("fb", body, signed(body), before, NOON).outcome == "unreadable"
    world.clock.pass_(days=2)
    (left,) = unreadable(before, world.clock())
    assert (left.result, left.error) == ("left", "not yet")
    (told,) = unreadable(world.herald, world.clock(), "fb")
    assert (told.result, dict(told.facts)) == ("done", {"stored": 1})
    message = world.store.message(f"facebook_page:{PAGE}_1")
    assert message is not None
    assert (message.text, message.received_at) == ("Where is my rug?", NOON)
    assert b"rug" not in b"".join(objects(aws).values())
    put(aws, told.what, body)  # as if the crash had come between note and deletion
    assert [dict(one.facts) for one in unreadable(world.herald, world.clock())] == [{"repeated": 1}]


def test_a_body_of_too_many_events_is_taken_in_by_replay(world: World) -> None:
    from herald.flows.receive import EVENT_LIMIT

    body = body_of(*(said(n) for n in range(EVENT_LIMIT + 1)))
    receive("fb", body, signed(body), world.herald, NOON)
    (told,) = unreadable(world.herald, NOON)
    assert dict(told.facts) == {"stored": EVENT_LIMIT + 1}


def test_a_body_that_is_still_partly_unreadable_stays(world: World, aws: Callable[[str], Any]) -> None:
    body = body_of(said(text=["x" * 40_000]), said(2))
    receive("fb", body, signed(body), world.herald, NOON)
    (told,) = unreadable(world.herald, NOON + timedelta(hours=1))
    assert (told.result, told.error) == ("left", "1 of its changes cannot be read; the others are stored")
    assert list(objects(aws).values()) == [body]


def test_other_bytes_under_a_kept_name_are_never_taken_for_signed_ones(world: World, aws: Callable[[str], Any]) -> None:
    body = body_of(said(text=["x" * 40_000]))
    receive("fb", body, signed(body), world.herald, NOON)
    (key,) = objects(aws)
    put(aws, key, body_of(said(9, text="forged")))
    (left,) = unreadable(world.herald, NOON)
    assert (left.result, world.store.message(f"facebook_page:{PAGE}_9")) == ("left", None)


def test_a_body_of_a_connection_that_is_gone_or_another_ones_is_not_touched(
    world: World, aws: Callable[[str], Any]
) -> None:
    world.store.save(Connection("fb2", "facebook_page", "herald/fb", (PAGE,)))
    for connection in ("fb", "fb2"):
        receive(connection, b"{", signed(b"{"), world.herald, NOON)
    assert [one.what.split("/")[1] for one in unreadable(world.herald, NOON, "fb")] == ["fb"]
    (key, *_) = objects(aws)
    put(aws, key.replace("/fb/", "/gone/"), b"{")
    told = {one.what.split("/")[1]: one.error for one in unreadable(world.herald, NOON)}
    assert "connect it again" in told["gone"]


# ---------------------------------------------------------------- the commands


@pytest.fixture
def herald(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(runtime, "current", lambda: world.herald)
        monkeypatch.setenv("MESSAGES_TABLE", "named")
        code = cli.main(arguments)
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run


def test_each_command_says_a_line_a_thing_and_exits_by_what_is_left(
    herald: Callable[..., Ran], world: World, aws: Callable[[str], Any]
) -> None:
    assert herald("redrive", "--undecided") == Ran(0, "", "")
    put(aws, "aws/lambda/a", on_failure("facebook_page:x"))
    ran = herald("redrive", "--failed-batches")
    assert (ran.code, ran.lines, ran.err) == (
        0, [{"what": "aws/lambda/a", "result": "done", "records": 1, "messages": 1}], "",
    )  # fmt: skip
    put(aws, "aws/lambda/b", b"?")
    ran = herald("redrive", "--failed-batches")
    assert (ran.code, ran.lines[0]["result"]) == (1, "left")
    assert one_line(ran.err)
    assert "batches left where they are: 1" in ran.err
    receive("fb", b"{", signed(b"{"), world.herald, NOON)
    ran = herald("replay", "--unreadable", "--connection", "fb")
    assert (ran.code, [line["result"] for line in ran.lines]) == (1, ["left"])
    assert herald("redrive", "--dead-letters") == Ran(0, "", "")


def test_a_message_that_stays_parked_is_a_failed_check(herald: Callable[..., Ran], world: World) -> None:
    orphan = replace(a_comment("hello", id="2"), account_id="nobody")
    world.store.apply(orphan, BRAND, NOON)
    moderate([orphan.message_id], world.herald, NOON)
    ran = herald("redrive", "--undecided")
    assert (ran.code, ran.lines[0]["result"], ran.lines[0]["error"]) == (1, "parked", "LookupError")
    assert "parked and tried again" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [("redrive",), ("redrive", "--undecided", "--dead-letters"), ("redrive", "--dead-letters", "--since", "2026-11-18"),
     ("redrive", "--undecided", "--since", "yesterday"), ("redrive", "--undecided", "--since", "2001-01-01"),
     ("redrive", "--undecided", "--since", "2999-01-01"), ("replay",),
     ("replay", "--unreadable", "--connection", "no")],
)  # fmt: skip
def test_wrong_usage_is_one_line_and_exit_2(herald: Callable[..., Ran], arguments: tuple[str, ...]) -> None:
    ran = herald(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert one_line(ran.err)


def test_a_process_that_was_not_told_where_says_so(herald: Callable[..., Ran], world: World) -> None:
    world.herald.leftovers._bucket = world.herald.leftovers._queue_url = ""  # type: ignore[union-attr]
    for arguments in (("redrive", "--failed-batches"), ("redrive", "--dead-letters"), ("replay", "--unreadable")):
        ran = herald(*arguments)
        assert (ran.code, ran.out, "is not set" in ran.err) == (1, "", True)


def test_the_runtime_reads_leftovers_of_the_bucket_and_queue_it_was_told() -> None:
    asked: list[str] = []
    settings = runtime.Settings({}, raw_bucket=BUCKET, deliveries_url="https://queue.example/deliveries")
    built = runtime.build(settings, db=a_world().db, client=lambda name: asked.append(name) or ModuleType(name))
    assert isinstance(built.leftovers, AwsLeftovers)
