"""What survives: a polite stop, a kill -9, a damaged file. One system, stopped again and again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.support import embedded_aws
from tests.support.embedded_aws import Local, until

pytestmark = pytest.mark.integration

SETTINGS = "SettingsTable"
INTERVAL = 0.05  # seconds between snapshots


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    with embedded_aws.running(tmp_path_factory.mktemp("restart"), snapshot_seconds=INTERVAL) as local:
        yield local


@pytest.fixture
def local(system: Local) -> Local:
    """The system, up, whatever the test before did to it."""
    if not system.answers():
        assert system.up().returncode == 0
    return system


def put(local: Local, key: str) -> None:
    local.client("dynamodb").put_item(
        TableName=local.stack.outputs[SETTINGS], Item={"pk": {"S": key}, "sk": {"S": "x"}, "n": {"N": "1.50"}}
    )


def got(local: Local, key: str) -> dict[str, Any] | None:
    answer = local.client("dynamodb").get_item(
        TableName=local.stack.outputs[SETTINGS], Key={"pk": {"S": key}, "sk": {"S": "x"}}
    )
    item: dict[str, Any] | None = answer.get("Item")
    return item


def test_rows_objects_and_secrets_survive_a_polite_stop_and_the_next_write_is_streamed(local: Local):
    put(local, "kept")
    local.client("secretsmanager").create_secret(Name="herald/probe", SecretString="hush")
    local.client("s3").put_object(Bucket=local.stack.outputs["RawBucket"], Key="a/b", Body=b"\xff\x00")
    assert local.down().returncode == 0
    assert local.processes() == set()

    assert local.up().returncode == 0
    assert got(local, "kept") == {"pk": {"S": "kept"}, "sk": {"S": "x"}, "n": {"N": "1.5"}}
    assert local.client("secretsmanager").get_secret_value(SecretId="herald/probe")["SecretString"] == "hush"
    kept = local.client("s3").get_object(Bucket=local.stack.outputs["RawBucket"], Key="a/b")
    assert kept["Body"].read() == b"\xff\x00"
    row = {"pk": {"S": "probe"}, "sk": {"S": "x"}, "pending": {"S": "0" * 16}}
    local.client("dynamodb").put_item(TableName=local.stack.outputs["MessagesTable"], Item=row)
    until(lambda: "herald-Moderate processed" in local.log("aws"), "Moderate to be called after the restart")


def test_a_kill_loses_no_more_than_the_snapshot_interval(local: Local):
    put(local, "older")
    time.sleep(INTERVAL + 0.5)  # half a second to write it
    put(local, "newer")
    local.kill("aws")
    told = local.run("local.up", "status")
    assert told.returncode == 1
    assert next(line for line in told.stdout.splitlines() if line.startswith("aws ")).endswith(" down")

    assert local.up().returncode == 0
    assert got(local, "older") is not None
    put(local, "after")
    assert got(local, "after") is not None


def test_a_snapshot_taken_while_many_write_holds_every_transaction_whole(local: Local):
    client, tables = local.client("dynamodb"), [local.stack.outputs[t] for t in (SETTINGS, "MetricsTable")]
    for number in range(300):
        item = {"pk": {"S": f"pair {number}"}, "sk": {"S": "x"}}
        client.transact_write_items(TransactItems=[{"Put": {"TableName": t, "Item": item}} for t in tables])
    local.kill("aws")
    assert local.up().returncode == 0
    first, second = (
        {item["pk"]["S"] for item in local.client("dynamodb").scan(TableName=table)["Items"]} for table in tables
    )
    first, second = ({name for name in names if name.startswith("pair ")} for names in (first, second))
    assert first == second
    assert len(first) > 100  # many snapshots fell into the writing; the last is nearly its end


def test_a_damaged_snapshot_is_told_and_the_one_before_it_is_used(local: Local):
    snapshot = local.folder / "data" / "tables.snapshot"

    def saved(word: bytes) -> bool:
        with suppress(FileNotFoundError):  # between two of them
            return word in snapshot.read_bytes()
        return False

    put(local, "first")
    until(lambda: saved(b"first"), "the first snapshot")
    put(local, "second")
    until(lambda: saved(b"second"), "the second snapshot")
    local.kill("aws")
    snapshot.write_bytes(snapshot.read_bytes()[:-20])

    assert local.up().returncode == 0
    assert got(local, "first") is not None
    assert "half-written or damaged; set aside as tables.damaged-" in local.log("aws")
    assert list(snapshot.parent.glob("tables.damaged-*"))
