"""Starting and stopping: twice, over what is left of a bad end, where a port is taken, where a folder is not ours."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.ports import HOST, ROOT
from tests.support import embedded_aws
from tests.support.embedded_aws import Local

pytestmark = pytest.mark.integration
WARM = ("--only", "aws,door", "--empty")


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    with embedded_aws.running(tmp_path_factory.mktemp("up"), *WARM) as local:
        yield local


@pytest.fixture
def local(system: Local) -> Local:
    """A system that is up with its functions called, whatever the test before did to it."""
    if not system.answers():
        assert system.up(*WARM).returncode == 0
    return system


def _cpu_of_children() -> float:
    """CPU seconds of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_second_up_says_what_runs_starts_what_died_and_doubles_nothing(local: Local):
    pid = local.pid("aws")
    local.kill("door")
    used = _cpu_of_children()
    again = local.up(*WARM)
    assert again.returncode == 0, again.stderr
    assert _cpu_of_children() - used < 8  # CPU, since the wall clock tells how busy the machine is
    assert next(line for line in again.stdout.splitlines() if "embedded AWS" in line).endswith("(was running)")
    assert local.pid("aws") == pid
    functions = local.client("lambda")
    assert len(functions.list_functions()["Functions"]) == len(local.stack.functions)
    sources = [m["EventSourceArn"] for m in functions.list_event_source_mappings()["EventSourceMappings"]]
    assert len(sources) == len(set(sources))


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


def test_a_folder_named_from_where_one_stands_is_one_folder_for_every_part(tmp_path: Path):
    local = embedded_aws.prepared(tmp_path / "kept here")
    environ = {**local.environ, "HERALD_LOCAL_DIR": "kept here", "PYTHONPATH": str(ROOT)}

    def there(command: str, *options: str) -> subprocess.CompletedProcess[str]:
        asked = [sys.executable, "-m", "local.up", command, *options]
        return subprocess.run(asked, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    try:
        started = there("up", *embedded_aws.BARE)
        assert started.returncode == 0, started.stderr
        assert not (ROOT / "kept here").exists()
        with urllib.request.urlopen(f"{local.door}/_door/health", timeout=5) as answer:  # noqa: S310 - our own
            assert answer.status == 200  # it has found the stack file
    finally:
        there("down")
    assert (tmp_path / "kept here" / "data" / "tables.snapshot").exists()


def test_a_reader_that_has_enough_of_the_status_ends_it_quietly(tmp_path: Path):
    local = embedded_aws.prepared(tmp_path)
    asked = [sys.executable, "-m", "local.up", "status"]
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        asked, cwd=ROOT, env=dict(local.environ), stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, "")


def test_what_a_bad_end_left_behind_is_cleared_away(local: Local):
    worker = next(pid for pid in local.processes() if pid not in (local.pid("aws"), local.pid("door")))
    os.kill(worker, signal.SIGSTOP)  # it cannot notice that its parent is gone
    local.kill("aws")
    local.kill("door")
    assert worker in local.processes()
    assert local.up().returncode == 0
    assert worker not in local.processes()


def test_a_stale_pid_file_of_another_process_is_not_believed(local: Local):
    assert local.down().returncode == 0
    (local.folder / "run" / "aws.json").write_text(f'{{"pid": {os.getpid()}, "began": "1"}}')
    assert local.run("local.up", "status").returncode == 1
    assert local.down().stdout.strip() == "nothing was running"
    assert local.up().returncode == 0


def test_down_leaves_nothing_running_and_fresh_starts_with_empty_tables(local: Local):
    table, key = local.stack.outputs["SettingsTable"], {"pk": {"S": "gone"}, "sk": {"S": "x"}}
    local.client("dynamodb").put_item(TableName=table, Item=key)
    assert local.run("local.up", "fresh", *embedded_aws.BARE).returncode == 0
    assert "Item" not in local.client("dynamodb").get_item(TableName=table, Key=key)
    assert local.down().returncode == 0
    assert local.processes() == set()


def test_a_folder_with_other_things_in_it_is_not_touched(tmp_path: Path):
    (tmp_path / "holiday.jpg").write_text("dear")
    local = embedded_aws.prepared(tmp_path)
    refused = local.run("local.up", "fresh", "--empty")
    assert refused.returncode == 1
    assert "holds other things" in refused.stderr
    assert (tmp_path / "holiday.jpg").read_text() == "dear"
