"""What survives: a polite stop, a kill -9, a damaged file, a second start, a taken port, a bad end."""

from __future__ import annotations

import os
import resource
import signal
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from local.ports import HOST
from tests.support import embedded_aws
from tests.support.embedded_aws import Local, until

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("local_restart")]

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


def _cpu_of_children() -> float:
    """CPU seconds of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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


def test_a_second_up_says_what_runs_starts_what_died_and_doubles_nothing(tmp_path: Path):
    with embedded_aws.running(tmp_path) as local:
        pid = local.pid("aws")
        local.kill("door")
        used = _cpu_of_children()
        again = local.up()
        assert again.returncode == 0, again.stderr
        assert _cpu_of_children() - used < 8  # CPU, since the wall clock tells how busy the machine is
        assert next(line for line in again.stdout.splitlines() if "embedded AWS" in line).endswith("(was running)")
        assert local.pid("aws") == pid
        functions = local.client("lambda")
        assert len(functions.list_functions()["Functions"]) == len(local.stack.functions)
        sources = [m["EventSourceArn"] for m in functions.list_event_source_mappings()["EventSourceMappings"]]
        assert len(sources) == len(set(sources))
        assert len(local.client("apigatewayv2").get_apis()["Items"]) == 1


def test_a_taken_port_is_one_line_that_names_port_holder_and_way_out(tmp_path: Path):
    local = embedded_aws.prepared(tmp_path)
    with socket.socket() as holder:
        holder.bind((HOST, local.ports["door"]))
        holder.listen()
        refused = local.up()
    assert refused.returncode == 1
    (line,) = refused.stderr.strip().splitlines()
    assert f"port {local.ports['door']} (door) is taken by " in line
    assert f"(pid {os.getpid()})" in line
    assert "HERALD_PORT_DOOR" in line
    assert local.processes() == set()


def test_a_port_that_is_no_port_is_one_line(tmp_path: Path):
    local = embedded_aws.prepared(tmp_path)
    wrong = embedded_aws.Local(tmp_path, {**local.environ, "HERALD_PORT_AWS": "eighty"}, local.ports)
    refused = wrong.up()
    assert refused.returncode != 0
    assert refused.stderr.strip() == "herald: HERALD_PORT_AWS=eighty: not a port number (1 to 65535)"


def test_what_a_bad_end_left_behind_is_cleared_away(tmp_path: Path):
    with embedded_aws.running(tmp_path) as local:
        worker = next(pid for pid in local.processes() if pid not in (local.pid("aws"), local.pid("door")))
        os.kill(worker, signal.SIGSTOP)  # it cannot notice that its parent is gone
        local.kill("aws")
        local.kill("door")
        assert worker in local.processes()
        assert local.up().returncode == 0
        assert worker not in local.processes()


def test_a_stale_pid_file_of_another_process_is_not_believed(tmp_path: Path):
    with embedded_aws.running(tmp_path) as local:
        assert local.down().returncode == 0
        (tmp_path / "run" / "aws.json").write_text(f'{{"pid": {os.getpid()}, "began": "1"}}')
        assert local.run("local.up", "status").returncode == 1
        assert local.down().stdout.strip() == "nothing was running"
        assert local.up().returncode == 0


def test_down_leaves_nothing_running_and_fresh_starts_with_empty_tables(tmp_path: Path):
    with embedded_aws.running(tmp_path) as local:
        put(local, "gone")
        assert local.run("local.up", "fresh", "--only", "aws,door", "--empty").returncode == 0
        assert got(local, "gone") is None
        assert local.down().returncode == 0
        assert local.processes() == set()


def test_a_folder_with_other_things_in_it_is_not_touched(tmp_path: Path):
    (tmp_path / "holiday.jpg").write_text("dear")
    local = embedded_aws.prepared(tmp_path)
    refused = local.run("local.up", "fresh", "--empty")
    assert refused.returncode == 1
    assert "holds other things" in refused.stderr
    assert (tmp_path / "holiday.jpg").read_text() == "dear"
