"""Partial failures as on AWS, with the Moderate that was built: under Lambda's emulator, behind the faithful pump."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from herald.flows.context import Herald
from herald.flows.redrive import failed_batches
from herald.store import keys
from herald.store.db import Update
from local import built
from local.bench import scratch_tables
from tests.integration import test_partial_failures as shown
from tests.integration.test_partial_failures import ACCOUNT, NOW, TEXTS, Moderated, rows, state
from tests.support.pump import Invoke

SETTINGS_TTL = 10.0  # seconds, where nothing else is set: runtime.Settings


@pytest.fixture
def moderated(folder: Path, tmp_path: Path) -> Iterator[Moderated]:
    """Tables with a stream, a bucket, and the mapping between them and the built function."""
    with scratch_tables() as client:
        running: list[Any] = []

        def function(herald: Herald, names: dict[str, str], endpoint: str) -> Invoke:
            environment = {f"{table.upper()}_TABLE": name for table, name in names.items()}
            environment |= {"AWS_ENDPOINT_URL": endpoint}
            running.append(built.running(["Moderate"], environment, folder=folder, logs=tmp_path))
            return running[0].__enter__()["Moderate"]  # type: ignore[no-any-return]

        made = shown._moderated(client, "built", function)
        try:
            yield made
        finally:
            running[0].__exit__(None, None, None)


def test_a_poison_record_is_parked_beside_decided_neighbours_and_retried_by_the_schedule(moderated: Moderated) -> None:
    before = moderated.say("lovely chairs", "you utter muppet")
    (poison,) = moderated.say("you utter muppet", account="nobody", first=50)
    behind = moderated.say("my lamp is broken", first=60)
    moderated.pump.run()
    assert all(message.decision and not message.pending for message in rows(moderated.world, [*before, *behind]))
    (parked,) = rows(moderated.world, [poison])
    assert (parked.decision, parked.error, parked.attempts) == (None, "LookupError", 1)
    assert moderated.kept() == []
    moderated.world.store.save(replace(ACCOUNT, account_id="nobody"))
    long_ago = keys.stamp(NOW - timedelta(minutes=5))
    moderated.world.db.write(Update(keys.message(poison), set={"parked_until": long_ago, "work_at": long_ago}))
    time.sleep(SETTINGS_TTL + 0.5)  # for so long the function remembers which accounts there are
    moderated.pump.invoke({"schedule": True})
    (decided,) = rows(moderated.world, [poison])
    assert decided.decision is not None
    assert (decided.decision.rule, decided.pending, decided.parked_until) == ("Insult", "", None)


def test_what_an_outage_left_in_kept_batches_is_redriven(moderated: Moderated) -> None:
    ids = moderated.say(*TEXTS)
    back = moderated.without("Settings")
    moderated.pump.run()
    kept = moderated.kept()
    assert sum(told["DDBStreamBatchInfo"]["batchSize"] for told in kept) == len(ids)
    assert all(message.decision is None and message.pending for message in rows(moderated.world, ids))
    back()
    assert {one.result for one in failed_batches(moderated.world.herald, NOW)} == {"done"}
    whole = state(moderated.world, ids)
    assert all(pending == "" and decided for pending, decided in whole["decided"].values())
    assert whole["counts"] == whole["recomputed"]
    moderated.pump.run()  # what the redrive wrote comes by the stream, too, and changes nothing
    assert state(moderated.world, ids) == whole
