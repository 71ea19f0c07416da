"""The locked copy of the audit, over a versioned bucket with Object Lock and the real table rows, as the stream tells
them: what the function copies, what `herald audit` makes of it."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from datetime import timedelta
from types import ModuleType
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeSerializer
from moto import mock_aws

from herald import runtime
from herald.cli import main
from herald.flows import audit
from herald.flows.chain import commit_audited
from herald.model import AuditEntry
from herald.store import copies, keys, rows
from herald.store.db import DynamoDb, Put
from local.ports import ROOT
from local.tables import create_tables
from tests.support.world import NOON, World, a_world

BUCKET = "locked"
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A Herald over moto, its environment told as a function's; the command line and the handler use it as they are."""
    for table in keys.TABLES:
        monkeypatch.setenv(f"{table.upper()}_TABLE", table)
    told = {"AUDIT_BUCKET": BUCKET, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test", "POWERTOOLS_METRICS_NAMESPACE": "Herald"}  # fmt: skip
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    for remembered in (runtime.current, runtime.audit_copies, runtime._client):
        remembered.cache_clear()
    with mock_aws():
        client = boto3.client("dynamodb")
        create_tables(client)
        boto3.client("s3").create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
        yield a_world(DynamoDb(client, {table: table for table in keys.TABLES}), found=False)
    for remembered in (runtime.current, runtime.audit_copies, runtime._client):
        remembered.cache_clear()


def write(world: World, *whats: str, chain: str = "people") -> list[AuditEntry]:
    """Entries at the end of a chain, a minute apart, as every flow adds them."""
    start = len(world.store.audit_of(chain, limit=1000))
    for n, what in enumerate(whats, start):
        line = AuditEntry(chain, 0, NOON + timedelta(minutes=n), "mia", what, f"fb:{n}", {"n": n, "yes": True})
        commit_audited([], [line], chain, world.herald)
    return world.store.audit_of(chain, limit=1000)


def record(entry: AuditEntry, name: str = "INSERT") -> dict[str, Any]:
    """A record of the Audit table's stream, payload shape of DynamoDB Streams."""
    image = {key: TypeSerializer().serialize(value) for key, value in copies.from_entry(entry).items()}
    return {
        "eventName": name, "eventSource": "aws:dynamodb", "eventVersion": "1.1", "awsRegion": "us-east-1",
        "dynamodb": {"Keys": {"pk": image["pk"], "sk": image["sk"]}, "NewImage": image, "SequenceNumber": "1"},
    }  # fmt: skip


@pytest.fixture
def handler() -> ModuleType:
    spec = importlib.util.spec_from_file_location("functions_audit_app", ROOT / "functions" / "audit" / "app.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Context:
    function_name, memory_limit_in_mb, aws_request_id = "AuditCopy", 512, "r"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:AuditCopy"


def copied(handler: ModuleType, *records: dict[str, Any]) -> None:
    handler.handler({"Records": list(records)}, Context())


def objects() -> list[str]:
    versions = boto3.client("s3").list_object_versions(Bucket=BUCKET).get("Versions", [])
    return sorted(one["Key"] for one in versions)


def problems(world: World) -> list[str]:
    return [p for one in audit.verify(world.herald, runtime.audit_copies(), LATER) for p in one.problems]


def test_a_row_read_back_from_its_copy_is_the_entry_and_equal_to_what_the_stream_tells(world: World) -> None:
    entries = write(world, "Hide", "Reply")
    images = [copies.from_image(record(entry)["dynamodb"]["NewImage"]) for entry in entries]
    assert images == [copies.from_entry(entry) for entry in entries]
    raw = boto3.client("dynamodb").get_item(TableName="Audit", Key=record(entries[0])["dynamodb"]["Keys"])["Item"]
    assert copies.from_image(raw) == images[0]
    ((name, body),) = copies.objects(images).items()
    assert name.startswith("chains/people/000000000001-000000000002-")
    assert [place.entry for place in copies.read(body)] == entries


def test_a_batch_told_twice_split_or_out_of_order_is_copied_once_a_row(world: World, handler: ModuleType) -> None:
    entries = write(world, "Hide", "Reply", "Claim")
    told = [record(entry) for entry in entries]
    copied(handler, *told)
    copied(handler, *told)
    copied(handler, *reversed(told))
    assert len(objects()) == 1
    copied(handler, *told[:1])
    copied(handler, *told[1:])
    assert len(objects()) == 3
    assert problems(world) == []


def test_each_chain_of_a_batch_has_an_object_of_its_own(world: World, handler: ModuleType) -> None:
    people, rules = write(world, "Hide"), write(world, "moderate.hide", chain="moderation")
    copied(handler, record(people[0]), record(rules[0]))
    assert [name.split("/")[1] for name in objects()] == ["moderation", "people"]
    assert runtime.audit_copies().chains() == ["moderation", "people"]
    assert problems(world) == []


def test_a_changed_or_deleted_row_is_told_and_never_copied(
    world: World, handler: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    (entry,) = write(world, "Hide")
    copied(handler, record(entry))
    copied(handler, record(entry, "MODIFY"), record(entry, "REMOVE"))
    assert len(objects()) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["audit.tampered"] for line in lines if "audit.tampered" in line] == [[0.0], [2.0]]


def test_a_row_nobody_can_read_is_copied_all_the_same_and_named(world: World, handler: ModuleType) -> None:
    (entry,) = write(world, "Hide")
    odd = record(entry)
    odd["dynamodb"]["NewImage"] = {"pk": {"S": "CHAIN#people"}, "sk": {"S": "000000000002"}, "x": {"L": [{"N": "1"}]}}
    copied(handler, record(entry), odd)
    assert "people 2: its locked copy is no entry that Herald wrote" in problems(world)


# ---------------------------------------------------------------- tampering, with rights nobody has


def flip(world: World, seq: int) -> None:
    _, pk, sk = keys.audit("people", seq)
    item = world.db.get((keys.AUDIT, pk, sk))
    assert item
    digest = str(item["digest"])
    item["digest"] = f"{int(digest[0], 16) ^ 1:x}{digest[1:]}"  # one bit
    world.db.write(Put((keys.AUDIT, pk, sk), item))


def drop(world: World, seq: int) -> None:
    _, pk, sk = keys.audit("people", seq)
    boto3.client("dynamodb").delete_item(TableName="Audit", Key={"pk": {"S": pk}, "sk": {"S": sk}})


def swap(world: World, seq: int, other: int) -> None:
    first, second = (world.db.get(keys.audit("people", n)) for n in (seq, other))
    assert first
    assert second
    world.db.write(Put(keys.audit("people", seq), second))
    world.db.write(Put(keys.audit("people", other), first))


def overwrite(world: World, seq: int) -> None:
    """A PutItem without a condition, as any role that may add could; sealed properly, the rest sealed anew."""
    from herald.govern.audit import seal

    entries = world.store.audit_of("people", limit=1000)
    last = entries[seq - 2] if seq > 1 else None
    for entry in entries[seq - 1 :]:
        last = seal(entry if entry.seq != seq else AuditEntry("people", 0, entry.at, "ted", "Hide", "x", {}), last)
        world.db.write(Put(keys.audit("people", last.seq), rows.audit_item(last)))


TAMPERING = {
    "a flipped bit": (lambda world: flip(world, 3), [3]),
    "a dropped entry": (lambda world: drop(world, 2), [2]),
    "two swapped": (lambda world: swap(world, 2, 4), [2, 4]),
    "a cut end": (lambda world: (drop(world, 5), drop(world, 4)), [4, 5]),
    "everything": (lambda world: [drop(world, n) for n in range(1, 6)], [1, 2, 3, 4, 5]),
    "an overwritten entry and all after it sealed anew": (lambda world: overwrite(world, 2), [2, 3, 4, 5]),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_verify_finds_it_says_where_and_fails(
    world: World, handler: ModuleType, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = write(world, "Hide", "Reply", "Claim", "Resolve", "Unhide")
    copied(handler, *map(record, entries))
    capsys.readouterr()
    assert main(["audit", "verify"]) == 0
    out = capsys.readouterr()
    people = next(line for line in map(json.loads, out.out.splitlines()) if line["chain"] == "people")
    assert (people["entries"], people["copied"], people["problems"], out.err) == (5, 5, [], "")
    assert people["head"] == entries[-1].digest

    tamper, places = TAMPERING[what]
    tamper(world)  # type: ignore[no-untyped-call]
    assert main(["audit", "verify"]) == 1
    out = capsys.readouterr()
    people = next(line for line in map(json.loads, out.out.splitlines()) if line["chain"] == "people")
    named = {int(problem.split(":")[0].split()[1]) for problem in people["problems"]}
    assert set(places) <= named
    assert min(named) == min(places)
    assert "the audit does not hold" in out.err


def test_what_was_written_over_in_the_bucket_is_still_read(world: World, handler: ModuleType) -> None:
    """Who may change the bucket's own policy can write over a name; the lock keeps the version that was there."""
    entries = write(world, "Hide", "Reply")
    copied(handler, *map(record, entries))
    (name,) = objects()
    boto3.client("s3").put_object(Bucket=BUCKET, Key=name, Body=b"{}\n")
    assert problems(world) == ["people 0: its locked copy is no entry that Herald wrote"]
    overwrite(world, 1)
    assert "people 1: differs from its locked copy" in problems(world)


def test_a_copy_that_lacks_something_is_told_and_brought_by_one_command(
    world: World, handler: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = write(world, "Hide", "Reply", "Claim")
    copied(handler, record(entries[0]))
    assert problems(world) == ["people 2: has no locked copy", "people 3: has no locked copy"]
    capsys.readouterr()
    assert main(["audit", "copy"]) == 0
    assert json.loads(capsys.readouterr().out) == {"people": 2}
    assert problems(world) == []
    assert main(["audit", "copy"]) == 0
    assert json.loads(capsys.readouterr().out) == {}


def test_a_chain_that_does_not_hold_is_not_copied_over(
    world: World, handler: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    write(world, "Hide", "Reply")
    flip(world, 2)
    capsys.readouterr()
    main(["audit", "copy"])
    assert json.loads(capsys.readouterr().out) == {}
    assert objects() == []


def test_without_a_bucket_the_command_says_what_is_missing(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUDIT_BUCKET", "")
    assert main(["audit", "verify"]) == 1
    assert "AUDIT_BUCKET" in capsys.readouterr().err
