"""What survives: a polite stop, a kill -9, a damaged file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.support import embedded_aws
from tests.support.embedded_aws import Local, until

pytestmark = pytest.mark.integration

SETTINGS = "SettingsTable"


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


def test_rows_objects_and_secrets_survive_a_polite_stop_and_the_next_write_is_streamed(tmp_path: Path):
    with embedded_aws.running(tmp_path) as local:
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


def test_a_kill_loses_no_more_than_the_snapshot_interval(tmp_path: Path):
    with embedded_aws.running(tmp_path, snapshot_seconds=1) as local:
        put(local, "older")
        time.sleep(2.5)
        put(local, "newer")
        local.kill("aws")
        assert local.run("local.up", "status").returncode == 1

        assert local.up().returncode == 0
        assert got(local, "older") is not None
        put(local, "after")
        assert got(local, "after") is not None


def test_a_snapshot_taken_while_many_write_holds_every_transaction_whole(tmp_path: Path):
    with embedded_aws.running(tmp_path, snapshot_seconds=0.05) as local:
        client, tables = local.client("dynamodb"), [local.stack.outputs[t] for t in (SETTINGS, "MetricsTable")]
        for number in range(300):
            item = {"pk": {"S": f"pair {number}"}, "sk": {"S": "x"}}
            client.transact_write_items(TransactItems=[{"Put": {"TableName": t, "Item": item}} for t in tables])
        local.kill("aws")
        assert local.up().returncode == 0
        first, second = (
            {item["pk"]["S"] for item in local.client("dynamodb").scan(TableName=table)["Items"]} for table in tables
        )
        assert first == second
        assert len(first) > 100  # many snapshots fell into the writing; the last is nearly its end


def test_a_damaged_snapshot_is_told_and_the_one_before_it_is_used(tmp_path: Path):
    with embedded_aws.running(tmp_path, snapshot_seconds=0.5) as local:
        snapshot = tmp_path / "data" / "tables.snapshot"
        put(local, "first")
        time.sleep(1.5)
        put(local, "second")
        until(lambda: b"second" in snapshot.read_bytes(), "the second snapshot")
        local.kill("aws")
        snapshot.write_bytes(snapshot.read_bytes()[:-20])

        assert local.up().returncode == 0
        assert got(local, "first") is not None
        assert "half-written or damaged; set aside as tables.damaged-" in local.log("aws")
        assert list(snapshot.parent.glob("tables.damaged-*"))
