"""The audit over the whole local system: commands leave entries, the stream brings them to the locked bucket, and
`herald audit verify` finds what somebody with every right did to the table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from herald import runtime
from herald.flows.commands import AcknowledgePolicy
from herald.flows.gate import perform
from herald.govern import policies
from herald.store import copies, keys
from tests.support import embedded_aws
from tests.support.embedded_aws import Local, until
from tests.support.world import MIA, POLICY

pytestmark = pytest.mark.integration
ENTRIES = 5


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    with embedded_aws.running(tmp_path_factory.mktemp("audit"), *embedded_aws.BARE) as local:
        yield local


def acknowledged(system: Local) -> None:
    """Five people acknowledge a policy: five entries of the chain of people."""
    settings = replace(runtime.Settings.from_environment(system.stack.environment), settings_ttl=0)
    herald = runtime.build(settings, client=system.client)
    herald.store.save(policies.parse(POLICY))  # type: ignore[attr-defined]
    for n in range(ENTRIES):
        person = replace(MIA, id=f"person-{n}")
        herald.store.save(person)  # type: ignore[attr-defined]
        perform(AcknowledgePolicy("MOD", 1), by=person.id, herald=herald, now=datetime.now(UTC))


def copied(system: Local) -> int:
    """Entries of the chain of people that lie in the bucket."""
    client, bucket = system.client("s3"), system.stack.environment["AUDIT_BUCKET"]
    found = client.list_objects_v2(Bucket=bucket, Prefix=copies.prefix("people")).get("Contents", [])
    return sum(len(client.get_object(Bucket=bucket, Key=one["Key"])["Body"].read().splitlines()) for one in found)


def verified(system: Local) -> tuple[int, dict[str, Any]]:
    """Exit code, and what the command says of the chain of people."""
    ran = system.run("herald.cli", "audit", "verify")
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    return ran.returncode, next(line for line in lines if line["chain"] == "people")


def places(told: dict[str, Any]) -> set[int]:
    return {int(problem.split(":")[0].split()[1]) for problem in told["problems"]}


def test_entries_are_copied_by_the_stream_and_what_is_done_to_the_table_is_found(system: Local) -> None:
    acknowledged(system)
    until(lambda: copied(system) >= ENTRIES, "the stream to bring the copies", 150)
    code, told = verified(system)
    assert (code, told["entries"], told["copied"], told["problems"]) == (0, ENTRIES, ENTRIES, [])

    client, table = system.client("dynamodb"), system.stack.outputs["AuditTable"]

    def row(seq: int) -> Any:
        _, pk, sk = keys.audit("people", seq)
        return client.get_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}})["Item"]

    def put(seq: int, item: Any) -> None:
        _, pk, sk = keys.audit("people", seq)
        client.put_item(TableName=table, Item=item | {"pk": {"S": pk}, "sk": {"S": sk}})

    def drop(seq: int) -> None:
        _, pk, sk = keys.audit("people", seq)
        client.delete_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}})

    kept = {seq: row(seq) for seq in range(1, ENTRIES + 1)}
    digest = kept[3]["digest"]["S"]

    put(3, kept[3] | {"digest": {"S": f"{int(digest[0], 16) ^ 1:x}{digest[1:]}"}})
    code, told = verified(system)
    assert (code, min(places(told))) == (1, 3)
    put(3, kept[3])

    drop(2)
    code, told = verified(system)
    assert code == 1
    assert "people 2: is gone from the table; its locked copy holds it" in told["problems"]
    put(2, kept[2])

    put(2, kept[4])
    put(4, kept[2])
    code, told = verified(system)
    assert code == 1
    assert {2, 4} <= places(told)
    put(2, kept[2])
    put(4, kept[4])

    drop(5)
    code, told = verified(system)
    assert (code, places(told)) == (1, {5})
    put(5, kept[5])
    assert verified(system)[0] == 0
    until(lambda: "audit tampered" in system.log("aws"), "the stream to tell of the changes", 100)
