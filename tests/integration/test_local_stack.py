"""template.yaml on the embedded AWS: what stands, that it works together, and that it is not open to the network."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import stack as stacks
from local.ports import HOST
from tests.support import embedded_aws
from tests.support.embedded_aws import Local, until

pytestmark = pytest.mark.integration
ANSWERING = {"Ingest", "Link"}  # called at a start with a request; an event that is none would be an error of ours


@pytest.fixture(scope="module")
def template() -> stacks.Template:
    return stacks.read()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    with embedded_aws.running(tmp_path_factory.mktemp("local"), "--empty") as system:
        yield system


def test_every_table_of_the_template_stands_with_its_indexes_and_stream(local: Local, template: stacks.Template):
    client = local.client("dynamodb")
    wanted = {n: r.properties for n, r in template.resources.items() if r.type == "AWS::DynamoDB::Table"}
    assert sorted(wanted) == ["Audit", "Messages", "Metrics", "Posts", "Settings"]
    for name, properties in wanted.items():
        table = client.describe_table(TableName=local.stack.outputs[f"{name}Table"])["Table"]
        assert table["KeySchema"] == properties["KeySchema"]
        indexes = {i["IndexName"]: i["KeySchema"] for i in table.get("GlobalSecondaryIndexes", [])}
        assert indexes == {i["IndexName"]: i["KeySchema"] for i in properties.get("GlobalSecondaryIndexes", [])}
        stream = table.get("StreamSpecification", {}).get("StreamViewType")
        assert stream == properties.get("StreamSpecification", {}).get("StreamViewType")
    live = client.describe_time_to_live(TableName=local.stack.outputs["MessagesTable"])["TimeToLiveDescription"]
    assert (live["TimeToLiveStatus"], live["AttributeName"]) == ("ENABLED", "ttl")


def test_the_addresses_told_are_of_the_door_and_the_audit_has_a_bucket_with_a_lock(local: Local):
    assert local.stack.outputs["ApiUrl"] == local.door
    assert local.stack.outputs["WebhookUrl"] == f"{local.door}/webhooks/CONNECTION"
    lock = local.client("s3").get_object_lock_configuration(Bucket=local.stack.outputs["AuditBucket"])
    assert lock["ObjectLockConfiguration"]["ObjectLockEnabled"] == "Enabled"


def test_every_mapping_and_schedule_of_the_template_stands_as_written_there(local: Local, template: stacks.Template):
    kinds = [r.type for r in template.resources.values()]
    mappings = local.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    schedules = local.client("scheduler").list_schedules()["Schedules"]
    assert len(mappings) == kinds.count("AWS::Lambda::EventSourceMapping") > 0
    assert len(schedules) == kinds.count("AWS::Scheduler::Schedule") > 0
    stream = next(m for m in mappings if "/stream/" in m["EventSourceArn"])
    written = template.resources["ModerateWritten"].properties
    assert stream["StartingPosition"] == "TRIM_HORIZON"
    for key in ("BatchSize", "MaximumRetryAttempts", "BisectBatchOnFunctionError", "FilterCriteria"):
        assert stream[key] == written[key], key


def test_every_function_of_the_template_can_be_called(local: Local, template: stacks.Template):
    functions = {n for n, r in template.resources.items() if r.type == "AWS::Lambda::Function"}
    assert set(local.stack.functions) == functions
    for name in functions - ANSWERING:
        answer = local.client("lambda").invoke(FunctionName=local.stack.functions[name], Payload=b'{"Records": []}')
        assert "FunctionError" not in answer, (name, answer["Payload"].read())


def test_a_start_calls_what_runs_every_few_minutes_and_nothing_that_has_its_own_day(template: stacks.Template):
    called = dict(stacks._empty_events(template))
    dated = {
        resource.properties["Target"]["Arn"]["Fn::GetAtt"][0]
        for resource in template.resources.values()
        if resource.type == "AWS::Scheduler::Schedule" and resource.properties["ScheduleExpression"].startswith("cron(")
    }
    assert dated  # the month's report, which is mailed
    assert dated.isdisjoint(called)
    assert {"Ingest", "Moderate", "Publish", "Deliver"} <= called.keys()


def test_a_row_that_waits_for_judgement_reaches_moderate_and_others_do_not(local: Local):
    table, client = local.stack.outputs["MessagesTable"], local.client("dynamodb")

    def moderated() -> list[str]:
        return [line for line in local.log("aws").splitlines() if "herald-Moderate processed" in line]

    before = len(moderated())
    client.put_item(TableName=table, Item={"pk": {"S": "probe"}, "sk": {"S": "quiet"}})
    client.put_item(TableName=table, Item={"pk": {"S": "probe"}, "sk": {"S": "waits"}, "pending": {"S": "0" * 16}})
    until(lambda: len(moderated()) > before, "Moderate to be called")
    assert "1 DynamoDB stream records" in moderated()[-1]


def test_the_door_hands_path_query_and_raw_bytes_to_the_api(local: Local):
    with pytest.raises(urllib.error.HTTPError) as refused:
        _open(f"{local.door}/webhooks/nobody?hub.mode=subscribe", data=b"\xff\x00 not text")
    assert refused.value.code in (401, 404)
    with pytest.raises(urllib.error.HTTPError) as unknown:
        _open(f"{local.door}/elsewhere")
    assert unknown.value.code == 404
    assert json.loads(unknown.value.read()) == {"message": "Not Found"}


def test_the_door_refuses_more_than_aws_would_take(local: Local):
    with pytest.raises(urllib.error.HTTPError) as refused:
        _open(f"{local.door}/webhooks/nobody", data=b"x" * (10 * 1024 * 1024 + 1))
    assert refused.value.code == 413


def test_every_listening_socket_of_the_local_system_is_on_loopback(local: Local):
    for name in local.stack.functions.keys() - ANSWERING:  # what no start calls has no worker yet
        local.client("lambda").invoke(FunctionName=local.stack.functions[name], Payload=b'{"Records": []}')
    parts = {local.pid(file.stem) for file in (local.folder / "run").glob("*.json")}
    processes = local.processes()
    assert parts < processes
    assert len(processes) >= len(parts) + len(local.stack.functions)  # a process a part, a worker a function
    found = _listening(processes)
    assert {number for _, number in found} >= set(local.ports.values())
    assert {address for address, _ in found} == {HOST}


def _open(address: str, data: bytes | None = None) -> bytes:
    headers = {"content-type": "application/octet-stream"}
    request = urllib.request.Request(address, data=data, headers=headers)  # noqa: S310 (our own address)
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        body: bytes = answer.read()
        return body


def _listening(processes: set[int]) -> set[tuple[str, int]]:
    """(address, port) of every TCP socket these processes listen on and every UDP socket they are bound to."""
    inodes = set()
    for pid in processes:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                inodes.add(str(link.readlink()))
            except OSError:
                continue
    found = set()
    for table, state in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == state and f"socket:[{fields[9]}]" in inodes:
                address, _, number = fields[1].rpartition(":")
                found.add((_dotted(address), int(number, 16)))
    return found


def _dotted(address: str) -> str:
    """/proc/net writes an IPv4 address as one little-endian hexadecimal word; anything longer stays as it is."""
    return ".".join(str(b) for b in reversed(bytes.fromhex(address))) if len(address) == 8 else address
