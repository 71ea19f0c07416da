"""Two thousand comments on one post in ten minutes: nothing is lost, each is judged once, complaints come first."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from herald.model import CaseState, New, Severity, Work
from herald.store import keys
from herald.store.db import DynamoDb, Put, Update
from local.bench import Meter, scratch_tables
from local.bench_storm import BEGINS, COMPLAINTS, PARTITION, POST, Metered, Weathered, first_page, inbox, storm, weather
from local.demo import organisation as shop

COMMENTS = 2_000
SAID = storm(COMMENTS)
AFTER = BEGINS + timedelta(minutes=10)


@pytest.fixture(scope="module")
def left() -> Weathered:
    return weather(SAID)


def test_everything_that_was_said_is_kept_though_some_of_it_is_told_twice(left: Weathered) -> None:
    assert left.stored == COMMENTS
    assert left.repeated > 0
    held = left.herald.store.messages(one.message_id for one in SAID)
    assert {id: message.text for id, message in held.items()} == {one.message_id: one.text for one in SAID}
    assert not [message for message in held.values() if message.pending]


def test_each_is_judged_once_though_the_stream_tells_some_again(left: Weathered) -> None:
    assert left.outcomes["decided"] == COMMENTS
    assert left.outcomes["parked"] == 0
    days = {f"2026-11-{day}" for day in (17, 18, 19)}
    counted = [left.herald.store.counts(f"facebook_page:{shop.MAIN}", day, day).get(day, {}) for day in days]
    assert sum(each.get("messages", 0) for each in counted) == COMMENTS
    acted = [item for item in left.db.everything()[keys.MESSAGES] if item["sk"].startswith("D#")]
    assert max(Counter(item["pk"] for item in acted).values()) == 1


def test_the_audit_names_each_message_acted_on_and_counts_the_others(left: Weathered) -> None:
    lines = [item for item in left.db.everything()[keys.AUDIT] if item["pk"] == "CHAIN#moderation"]
    allowed = sum(int(item["facts"]["n"]) for item in lines if item.get("what") == "moderate.allow")
    others = [item["subject"] for item in lines if str(item.get("what", "")).startswith(("moderate.h", "moderate.q"))]
    assert allowed + len(others) == COMMENTS
    assert len(set(others)) == len(others)


def test_complaints_stand_first_in_the_inbox_whatever_came_before_them(left: Weathered) -> None:
    complaints = {one.message_id for one in SAID if one.text in COMPLAINTS}
    assert 10 < len(complaints) < 50
    shown = first_page(left.herald)
    assert {case.message_id for case in shown[: len(complaints)]} == complaints
    due = [case.due_at for case in shown[: len(complaints)]]
    assert due == sorted(due)
    assert {case.type for case in shown[len(complaints) :]} == {"question"}


def test_the_inbox_asks_the_same_of_the_tables_whether_a_hundred_wait_or_thousands(left: Weathered) -> None:
    few = weather(storm(400))
    _, _, reads = inbox(left.herald, AFTER, draws=1)
    _, _, of_few = inbox(few.herald, AFTER, draws=1)
    for each in ("query", "items queried", "batch get", "items got"):  # a setting is got now and then, of either
        assert reads[each] == of_few[each]
    assert reads["items queried"] == 50
    assert reads["query"] + reads["batch get"] + reads["get"] <= 5


def test_a_comment_of_a_storm_costs_what_is_written_and_no_partition_becomes_hot(left: Weathered) -> None:
    share = left.units / COMMENTS
    assert share < 12  # most are allowed (4 in a full batch); a question opens a case, what is rude is hidden
    by_second = left.db.hottest(1)[0][1] / (COMMENTS / 600)
    assert by_second * 50_000 / 600 < PARTITION, left.db.hottest()


def test_what_is_not_pressing_keeps_its_place_by_deadline(left: Weathered) -> None:
    store = left.herald.store
    first = first_page(left.herald)[0]
    late = replace(
        first, id="answer~facebook_page:late", message_id="facebook_page:late", type="question",
        severity=Severity.LOW, due_at=first.due_at - timedelta(days=30),
    )  # fmt: skip
    high = replace(late, id="answer~facebook_page:high", message_id="facebook_page:high", severity=Severity.HIGH)
    done = replace(
        first, id="answer~facebook_page:done", message_id="facebook_page:done", state=CaseState.ANSWERED,
        answered_at=BEGINS,
    )  # fmt: skip
    store.commit([New(late), New(high), New(done)])
    page = store.open_cases(shop.BRAND, Work.ANSWER, limit=100)
    ids = [case.id for case in page.items]
    assert ids[0] == high.id
    assert page.items[ids.index(late.id) - 1].type == "complaint"  # type: ignore[union-attr]
    assert done.id not in ids


def test_the_tables_in_memory_count_the_units_that_the_embedded_aws_reports() -> None:
    key, beside = keys.message("p:1"), keys.message("p:2")
    item = {"feed": "F#p", "feed_at": "1", "text": "x" * 1_500}
    steps = [
        lambda db: db.write(Put(key, item)),
        lambda db: db.write(Update(key, set={"text": "short"})),
        lambda db: db.write(Update(key, set={"work": "W#p", "work_at": "1"})),
        lambda db: db.transact([Update(key, set={"version": 2}), Put(beside, {"text": "y"})]),
    ]
    memory, meter, counted, reported = Metered(), Meter(), [], []
    with scratch_tables() as client:
        db = DynamoDb(client, {table: table for table in keys.TABLES}, on_capacity=meter)
        for step in steps:
            memory.units.clear()
            meter.clear()
            step(memory)
            step(db)
            counted.append(memory.units.total())
            reported.append(sum(meter.take().values()))
    assert counted == reported


def test_the_comments_are_all_of_one_post() -> None:
    assert len({one.message_id for one in SAID}) == COMMENTS
    assert all(POST in one.message_id for one in SAID)
