"""The whole loop with the functions as they are deployed: said, judged, hidden; planned, released, published."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from herald.flows import commands as c
from herald.flows.gate import perform
from herald.model import Action, DeliveryState, TargetState
from local.demo import organisation as shop
from local.facebook.client import control, say
from tests.built.conftest import System
from tests.support.embedded_aws import until

BRISBANE = next(account for account in shop.ACCOUNTS if account.account_id == shop.BRISBANE)


def test_an_insult_posted_signed_to_built_ingest_is_judged_and_hidden_by_built_functions(system: System) -> None:
    insult = say("You people are pathetic idiots", "Gus Grumble", base=system.facebook)
    praise = say("What a lovely table", "Nina Harrow", base=system.facebook)
    until(lambda: system.herald.store.message(insult), "built Ingest to store the insult")
    until(lambda: system.herald.store.message(praise), "built Ingest to store the praise")
    system.pump.run()
    judged = system.herald.store.messages([insult, praise])
    decisions = {name: judged[name].decision for name in (insult, praise)}
    assert {name: decision and decision.action for name, decision in decisions.items()} == {
        insult: Action.HIDE,
        praise: Action.ALLOW,
    }
    assert system.deliver_what_is_queued() == 1
    act = system.herald.store.delivery(judged[insult].act)
    assert act is not None
    assert act.state is DeliveryState.DONE
    hidden = {comment["id"]: comment["hidden"] for comment in control("state", base=system.facebook)["comments"]}
    assert hidden[insult.partition(":")[2]]
    assert not hidden[praise.partition(":")[2]]


def test_a_second_run_over_the_same_stream_changes_nothing(system: System) -> None:
    before = system.local.client("dynamodb").scan(TableName=system.local.stack.outputs["AuditTable"])["Count"]
    system.pump.checkpoints.clear()
    system.pump.run()
    assert system.deliver_what_is_queued() == 0
    after = system.local.client("dynamodb").scan(TableName=system.local.stack.outputs["AuditTable"])["Count"]
    assert (before, after) == (before, before)


def test_an_approved_post_is_released_and_delivered_once_by_built_functions(system: System) -> None:
    now = datetime.now(UTC)
    due = (now + timedelta(seconds=65)).replace(second=0, microsecond=0)
    local = due.astimezone(ZoneInfo(BRISBANE.timezone)).strftime("%Y-%m-%dT%H:%M")
    text = "Open until eight tonight."
    variants = (c.Variant(BRISBANE.id, local, BRISBANE.timezone),)
    for policy in system.herald.store.policies(now.date()):
        for by in ("jack", "priya"):
            perform(c.AcknowledgePolicy(policy.id, policy.version), by=by, herald=system.herald, now=now)
    for command, by in (
        (c.Draft("built-post-1", shop.BRAND, "built-post-1", text, variants, 0), "jack"),
        (c.Submit("built-post-1", 1), "jack"),
        (c.Approve("built-post-1", 2), "priya"),
    ):
        perform(command, by=by, herald=system.herald, now=now)
    system.functions["Publish"]({"schedule": True})
    assert system.deliver_what_is_queued() == 0  # not before its minute
    time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()) + 0.5)
    for _ in range(2):  # a tick too many
        system.functions["Publish"]({"schedule": True})
    assert system.deliver_what_is_queued() >= 1
    target = system.herald.store.target("built-post-1", BRISBANE.id)
    assert target is not None
    assert (target.state, bool(target.url)) == (TargetState.PUBLISHED, True)
    assert [post["message"] for post in control("state", base=system.facebook)["posts"]].count(text) == 1


def test_a_body_nobody_signed_is_refused_by_built_ingest(system: System) -> None:
    door = system.local.folder / "facebook.json"
    address = json.loads(door.read_text())["callback"].replace("{connection}", shop.FACEBOOK)
    request = urllib.request.Request(address, data=b'{"object":"page","entry":[]}')  # noqa: S310 (our own address)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=20)  # noqa: S310
    assert refused.value.code == 401


def test_built_functions_log_lines_without_words_or_names(system: System) -> None:
    for function in system.functions.values():
        text = function.log.read_text(errors="replace")
        for said in ("pathetic", "Gus Grumble", "lovely table", "Nina Harrow", "Open until eight"):
            assert said not in text, function.declared.name
        assert "Traceback" not in text, function.declared.name
