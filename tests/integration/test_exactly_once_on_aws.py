"""The same guarantees over the embedded AWS: the boto3 client breaks at every call, before and after its effect."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from herald.flows.redrive import undecided
from herald.measure import counts
from herald.model import Message
from herald.store.db import DynamoDb
from local.bench import scratch_tables
from local.tables import create_tables
from tests.support.faults import BreakingClient, Crash
from tests.support.world import ACCOUNT, BRAND, PAGE, World, a_comment, a_world
from tests.unit.test_exactly_once import ingest_and_moderate

pytestmark = pytest.mark.integration
DAY = "2026-11-18"


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with scratch_tables() as client:
        yield client


def state(world: World) -> dict[str, Any]:
    """Rows, counts and recomputed counts, read the way the system reads them."""
    found: dict[str, Message] = {}
    cursor = None
    while True:
        page = world.store.feed(ACCOUNT.id, DAY, limit=50, cursor=cursor)
        found |= {m.id: m for m in page.items if isinstance(m, Message)}
        cursor = page.cursor
        if cursor is None:
            break
    allowed = [e for e in world.store.audit_of("moderation", limit=1000) if e.what == "moderate.allow"]
    return {
        "rows": {i: (m.text, m.deleted, m.pending, m.decision and m.decision.action) for i, m in sorted(found.items())},
        "counts": world.store.counts(ACCOUNT.id, DAY, DAY),
        "recomputed": counts.rollup(found.values(), {ACCOUNT.id: ACCOUNT.timezone}).get(ACCOUNT.id, {}),
        "cases": sorted(c.id for c in world.store.open_cases(BRAND, "answer").items),  # type: ignore[arg-type,union-attr]
        "allowed": sum(int(e.facts["n"] or 0) for e in allowed),
    }


@pytest.mark.parametrize("after", [False, True])
def test_a_client_that_breaks_at_every_call_loses_and_doubles_nothing(
    client: Any, after: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    straight = a_world(DynamoDb(client, create_tables(client, f"Straight{after}")))
    ingest_and_moderate(straight)
    expected = state(straight)
    assert len(expected["rows"]) == 9
    assert expected["counts"] == expected["recomputed"]
    for n in range(1, 200):
        names = create_tables(client, f"T{after}{n}")
        whole = a_world(DynamoDb(client, names))
        breaking = BreakingClient(client, n, after=after)
        with suppress(Crash):
            ingest_and_moderate(a_world(DynamoDb(breaking, names), found=False))
        if breaking.calls >= n:
            fresh = a_world(DynamoDb(client, names), found=False)
            fresh.clock.pass_(minutes=2)
            ingest_and_moderate(fresh)
            list(undecided(fresh.herald, [DAY], fresh.clock()))
        assert state(whole) == expected, f"broken {'after' if after else 'before'} call {n}"
        for name in names.values():
            client.delete_table(TableName=name)
        if breaking.calls < n:
            break
    with capsys.disabled():
        print(f"\n  over the embedded AWS: broken {'after' if after else 'before'} each of {n - 1} calls")
    assert n > 20


def test_a_thousand_writes_at_once_are_all_there(client: Any) -> None:
    from tests.unit.test_exactly_once import comment, webhook

    world = a_world(DynamoDb(client, create_tables(client, "Thousand")))
    from herald.flows.receive import receive

    body, headers = webhook([comment(n, f"lovely {n}") for n in range(1000)])
    receipt = receive("fb", body, headers, world.herald, world.clock())
    assert (receipt.status, receipt.stored) == (200, 1000)
    again = receive("fb", body, headers, world.herald, world.clock())
    assert (again.stored, again.repeated) == (0, 1000)
    assert world.store.message(f"facebook_page:{PAGE}_999") is not None
    assert world.store.message(a_comment("x", id="1000").message_id) is None
