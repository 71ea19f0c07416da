"""What the rooms show of the demo's month equals what pandas makes of the tables' raw rows, exported as JSON lines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dashboard import data, data_campaigns, data_govern, data_incidents, data_library
from herald.flows import campaigns, care, monitors, recommendations, short
from herald.flows.report import gather
from herald.measure import figures
from herald.measure.effect import told_in
from herald.measure.scorecard import scorecard
from herald.model import Handling, Replied, RightState, Work
from local.demo import history
from local.demo import organisation as shop
from tests.support.month import NOW, a_past

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36"
MONTHS = ("2026-10", "2026-11")
ZONES = {account.id: account.timezone for account in shop.ACCOUNTS}


@pytest.fixture(scope="module")
def past() -> history.Past:
    """The demo's month, whose links were followed by people, on three days, and by one program."""
    made = a_past()
    codes = [link.code for link in campaigns.links_of(shop.BRAND, "demo-lamps", made.herald)]
    for back, clicks in ((0, (3, 1)), (2, (5, 0)), (30, (2, 2))):  # thirty days ago: before the campaign
        for code, count in zip(codes, clicks, strict=True):
            for _ in range(count):
                assert short.follow(code, BROWSER, made.herald, NOW - timedelta(days=back))
    short.follow(codes[0], "Slackbot-LinkExpanding 1.0", made.herald, NOW)
    return made


@pytest.fixture(scope="module")
def raw(past: history.Past, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """Prefix of the partition key -> its rows, read from a file as anybody could who exports the tables."""
    file = tmp_path_factory.mktemp("export") / "rows.jsonl"
    rows = [item for items in past.db.everything().values() for item in items]
    file.write_text("".join(json.dumps(row, default=str) + "\n" for row in rows), encoding="utf-8")
    return _read(file)


def _read(file: Path) -> dict[str, pd.DataFrame]:
    every = pd.DataFrame([json.loads(line) for line in file.read_text("utf-8").splitlines()])
    prefix = every.pk.str.split("#").str[0]
    return {str(name): rows.dropna(axis=1, how="all") for name, rows in every.groupby(prefix)}


@pytest.fixture
def pages(past: history.Past) -> Iterator[None]:
    """The pages' own readers, on this month."""
    data.set_herald(past.herald)
    for module in (data_campaigns, data_govern, data_incidents, data_library):
        module.forget()
    yield
    data.set_herald(None)


@pytest.mark.usefixtures("pages")
def test_the_clicks_of_a_campaign_are_those_of_its_days_and_never_a_programs(raw: dict[str, pd.DataFrame]) -> None:
    campaign = data_campaigns.campaign(shop.BRAND, "demo-lamps")
    assert campaign is not None
    clicks = raw["CLICKS"].assign(code=lambda rows: rows.pk.str.removeprefix("CLICKS#"))
    links = raw["LINK"][raw["LINK"].campaign == campaign.id]
    within = clicks[clicks.sk.between(campaign.first.isoformat(), campaign.last.isoformat())]
    wanted = within.groupby("code").clicks.sum().reindex(links.code, fill_value=0).astype(int).to_dict()
    assert data_campaigns.clicks_of(shop.BRAND, campaign.id, campaign.first, campaign.last) == wanted
    assert sorted(wanted.values()) == [1, 8]


@pytest.mark.usefixtures("pages")
@pytest.mark.parametrize(
    ("kind", "are_open", "were_closed"),
    [("BREACH", data_govern.open_breaches, data_govern.closed_breaches),
     ("INCIDENT", data_incidents.open_of, data_incidents.closed_of)],
    ids=["breaches", "incidents"],
)  # fmt: skip
def test_breaches_and_incidents_are_open_or_closed_as_their_rows_say(
    raw: dict[str, pd.DataFrame], kind: str, are_open: Callable[[str], Any], were_closed: Callable[[str, str], Any]
) -> None:
    rows = raw[kind]
    closed = rows[rows.state == "closed"]
    assert {one.id for one in are_open(shop.BRAND)} == set(rows[rows.state != "closed"].id)
    for month in MONTHS:
        assert {one.id for one in were_closed(shop.BRAND, month)} == set(closed[closed["at"].str[:7] == month].id)
    assert len(closed) > 0


@pytest.mark.usefixtures("pages")
def test_the_closed_incidents_keep_how_far_they_reached(raw: dict[str, pd.DataFrame]) -> None:
    incidents = raw["INCIDENT"]
    assert set(incidents[incidents.state == "closed"].scope) == {"national"}


def test_complaints_are_closed_late_and_waiting_as_their_rows_say(
    past: history.Past, raw: dict[str, pd.DataFrame]
) -> None:
    """A complaint is a case whose handling says so; it is closed when its case is resolved."""
    store = past.herald.store
    both = raw["HANDLING"].merge(raw["C"], left_on="case_id", right_on="id", suffixes=("", "_case"))
    complaints = both[both.kind == "complaint"]
    closed = set(complaints[complaints.state == "resolved"].case_id)
    cases = store.cases(complaints.case_id)
    kept = [store.find(Handling, case_id, shop.BRAND) for case_id in complaints.case_id]
    shown = {one.case_id for one in kept if one and cases[one.case_id].resolved_at is not None}
    assert shown == closed
    assert len(closed) > 100
    listed = {case.id for case in store.open_cases(shop.BRAND, Work.ANSWER, limit=200).items}
    answers = raw["C"][raw["C"].work_kind == "answer"]
    assert listed == set(answers[answers.state != "resolved"].id)
    standing = complaints[complaints.state != "resolved"]
    due = {row.case_id: _due(row.stages, answered=isinstance(row.answered_at, str)) for row in standing.itertuples()}
    overdue = {handling.case_id for handling, _ in care.overdue(shop.BRAND, past.herald, NOW)}
    assert overdue == {case_id for case_id, at in due.items() if at and pd.Timestamp(at) < NOW}
    waiting = raw["REMEDY"][raw["REMEDY"].state == "waits"]
    assert {(one.case_id, one.amount) for one in care.waiting_remedies(shop.BRAND, past.herald)} == set(
        zip(waiting.case_id, waiting.amount.astype(int), strict=True)
    )


def test_answers_by_playbook_and_kind_are_those_of_the_rows(past: history.Past, raw: dict[str, pd.DataFrame]) -> None:
    replied = raw["REPLIED"]
    for month in MONTHS:
        kept = past.herald.store.shelf(Replied, shop.BRAND, month)
        mine = replied[replied.month == month]
        wanted = mine.groupby(["playbook", "kind"]).size().to_dict()
        assert Counter((one.playbook, str(one.kind)) for one in kept) == wanted
        assert sum(one.waited or 0 for one in kept) == int(mine.waited.sum())
    assert len(replied) > 300


@pytest.mark.usefixtures("pages")
def test_what_is_in_the_library_and_where_it_is_used_is_what_the_rows_say(raw: dict[str, pd.DataFrame]) -> None:
    assets = raw["ASSET"]
    gone = assets.retired_at.notna() if "retired_at" in assets else pd.Series(data=False, index=assets.index)
    assert {one.id for one in data_library.assets(shop.BRAND)} == set(assets[~gone].id)
    assert {one.id for one in data_library.retired(shop.BRAND)} == set(assets[gone].id)
    uses = raw["RESTS"].groupby("need").post_id.agg(set).to_dict()
    for need in [f"asset:{name}" for name in assets.id] + [f"right:{name}" for name in raw["UGC"].id]:
        assert {use.post.id for use in data_library.used(shop.BRAND, need)} == uses.get(need, set())
    assert sum(map(len, uses.values())) >= 3


@pytest.mark.usefixtures("pages")
def test_customers_content_stands_where_its_right_has_come(raw: dict[str, pd.DataFrame]) -> None:
    states = raw["UGC"].groupby("state").size().to_dict()
    shown = {str(state): len(data_library.contents(shop.BRAND, state)) for state in RightState}
    assert {state: count for state, count in shown.items() if count} == states
    assert states.get("granted", 0) > 0


def test_a_monitor_finds_what_a_regular_expression_finds_in_the_rows(
    past: history.Past, raw: dict[str, pd.DataFrame]
) -> None:
    (monitor,) = monitors.monitors_of(shop.BRAND, past.herald)
    first = NOW - timedelta(days=7)
    found = monitors.stream(monitor, monitors.said(shop.BRAND, first, NOW, past.herald))
    messages = raw["M"][raw["M"].sk == "M"]
    when = pd.to_datetime(messages.created_at, format="ISO8601", utc=True)
    ours, gone = (messages[name].eq(True) for name in ("outbound", "deleted"))
    words = "|".join(monitor.words)
    spoken = messages.text.fillna("").str.contains(rf"(?<!\w)(?:{words})(?!\w)", case=False)
    mine = messages[(messages.brand == shop.BRAND) & spoken & ~ours & ~gone & (when >= first) & (when < NOW)]
    assert {one.id for one in found} == set(mine.pk.str.removeprefix("M#"))
    assert len(mine) > 5


def test_recommendations_of_the_page_and_the_report_are_those_of_their_months(
    past: history.Past, raw: dict[str, pd.DataFrame]
) -> None:
    rows = raw["RECOMMENDATION"]
    assert {one.id for one in recommendations.unmeasured(shop.BRAND, past.herald)} == set(
        rows[rows.state != "measured"].id
    )
    for month in MONTHS:
        found = {one.id for one in recommendations.of_month(shop.BRAND, month, past.herald)}
        assert found == set(rows[rows.month == month].id)
    days = figures.period("2026-11")
    told = {one.id for one in gather(past.herald, shop.BRAND, *days, NOW).recommendations}
    assert told == set(rows[rows.month.isin(told_in(*days))].id)
    assert told


def test_the_answers_in_time_of_the_report_are_those_of_the_rows(
    past: history.Past, raw: dict[str, pd.DataFrame]
) -> None:
    """By the day of the account's own zone on which the answer stood there."""
    first, last = "2026-11-01", "2026-11-19"
    line = scorecard(gather(past.herald, shop.BRAND, first, last, NOW))["in_time"]
    answers = raw["R"].assign(account=lambda rows: rows.pk.str.removeprefix("R#"))
    at = pd.to_datetime(answers.answered_at, format="ISO8601", utc=True)
    day = [f"{when.tz_convert(ZONES[account]):%Y-%m-%d}" for when, account in zip(at, answers.account, strict=True)]
    mine = answers[pd.Series(day, index=answers.index).between(first, last)]
    met = int(mine.met.eq(True).sum())
    assert (line.n, line.value) == (len(mine), met / len(mine))
    assert len(mine) > 200


def _due(stages: list[dict[str, str]], *, answered: bool) -> str:
    """When the first step that is not done is due; an answer that stands is the first step."""
    left = [each for place, each in enumerate(stages) if "done_at" not in each and not (answered and place == 0)]
    return left[0]["due_at"] if left else ""
