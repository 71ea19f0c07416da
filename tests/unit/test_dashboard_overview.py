"""Overview and Report: their numbers are those of the raw facts, what is missing is said, nothing is read in vain."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashboard import charts, data, data_measures, present_campaigns, streamlit_app, theme, who
from dashboard import present_measures as show
from dashboard.app_pages import overview, report
from dashboard.who import SignIn
from herald.flows.mailing import MONTHLY, monthly
from herald.flows.report import gather
from herald.measure import figures as f
from herald.model import Account, Mailing, MailingState, Metric, Response, Snapshot
from herald.model.campaigns import Aim, Campaign
from herald.model.govern import main_zone
from tests.e2e.dashboard_world import BRAND, ZONE
from tests.e2e.overview_world import ACCOUNTS, FACEBOOK, HOSTILE, LINKEDIN, MASTODON, PERTH, UNTOLD, OverviewWorld
from tests.support.figures import a_month, facts_of

NOW = datetime(2026, 11, 21, 3, 5, tzinfo=UTC)  # a Saturday, five past two in Sydney
TODAY = "2026-11-21"
FIRST = "2026-10-25"
PARTS = [str(part) for part in f.ENGAGEMENT_PARTS]
ZONES = {account.id: account.timezone for account in ACCOUNTS}
PLATFORM = {account.id: account.platform for account in ACCOUNTS}


@pytest.fixture(scope="module")
def world():
    return OverviewWorld(now=NOW)


@pytest.fixture(scope="module")
def facts(world):
    return gather(world.herald, BRAND, FIRST, TODAY, NOW)


@pytest.fixture
def served(world):
    data.set_herald(world.herald)
    yield world
    data.set_herald(None)
    who.install(None)


@pytest.fixture(scope="module")
def raw(world):
    """Every fact ever kept, as a table: the export that figures are checked against."""
    return pd.DataFrame(
        [(one.account, one.post, one.day, str(one.metric), one.value, one.at) for one in world.kept],
        columns=["account", "post", "day", "metric", "value", "at"],
    )


@pytest.fixture(scope="module")
def published(world):
    """account, post, instant and local day of all that was published."""
    targets = world.store.calendar(BRAND, NOW - timedelta(days=80), NOW)
    rows = [
        (t.account, t.external_id, t.published_at, f"{t.published_at.astimezone(ZoneInfo(ZONES[t.account])):%Y-%m-%d}")
        for t in targets
    ]
    return pd.DataFrame(rows, columns=["account", "post", "at", "day"])


def by_day(raw, metric, first, last):
    """account x day of the newest figure told for each day."""
    rows = raw[(raw.post == "") & (raw.metric == metric) & raw.day.between(first, last)]
    return rows.sort_values("at").groupby(["account", "day"]).value.last()


def of_posts(raw, published, first, last, *, end_of_day=False):
    """post -> newest figures of the posts published in these days, as read up to the end of the last one."""
    ours = published[published.day.between(first, last)]
    rows = raw[raw.post.isin(ours.post)]
    if end_of_day:
        after = date.fromisoformat(last) + timedelta(days=1)
        ends = {a: datetime.combine(after, datetime.min.time(), ZoneInfo(zone)) for a, zone in ZONES.items()}
        rows = rows[[at <= ends[a] for a, at in zip(rows.account, rows["at"], strict=True)]]
    newest = rows.sort_values("at").groupby(["account", "post", "metric"]).value.last().unstack()
    return newest.reset_index()


def rate(figures):
    """Σ engagements / Σ reach over posts that have both."""
    both = figures.dropna(subset=["reach"])
    return both[[part for part in PARTS if part in both]].sum().sum() / both["reach"].sum()


# ---------------------------------------------------------------- the same as the raw facts


@pytest.mark.parametrize("metric", ["reach", "views"])
def test_daily_sums_and_their_change_are_those_of_the_raw_facts(world, facts, raw, metric):
    now = by_day(raw, metric, FIRST, TODAY)
    told = now.groupby("account").apply(lambda rows: rows.index.get_level_values("day").max())
    before = by_day(raw, metric, "2026-09-27", "2026-10-24").reset_index()
    last = {account: (date.fromisoformat(day) - timedelta(days=28)).isoformat() for account, day in told.items()}
    before = before[[day <= last[account] for account, day in zip(before.account, before.day, strict=True)]]
    card = {each.label: each for each in show.cards(facts, [60])}[f.BY_ID[metric].label]
    assert card.value == show.compact(now.sum())
    assert card.delta == f"{100 * (now.sum() / before.value.sum() - 1):+.1f}%"
    line = show.scorecard(facts)[metric]
    assert (line.value, line.before) == (now.sum(), before.value.sum())


def test_the_engagement_rate_is_the_ratio_of_the_raw_sums_in_both_periods(facts, raw, published):
    now = of_posts(raw, published, FIRST, TODAY)
    before = of_posts(raw, published, "2026-09-27", "2026-10-24", end_of_day=True)
    line = show.scorecard(facts)["engagement_rate"]
    assert line.value == pytest.approx(rate(now), rel=1e-12)
    assert line.before == pytest.approx(rate(before), rel=1e-12)
    card = show.cards(facts, [60])[2]
    assert card.value == f"{100 * rate(now):.2f}%"
    assert card.delta == f"{100 * (rate(now) - rate(before)):+.2f} pts"
    assert card.beside == f"{len(now.dropna(subset=['reach']))} posts"


def test_each_bar_is_the_rate_of_its_platform_alone(facts, raw, published):
    now = of_posts(raw, published, FIRST, TODAY)
    for bar in show.bars(facts):
        own = now[now.account.map(PLATFORM) == bar.platform]
        if bar.platform == "mastodon":
            assert bar.value is None
        else:
            assert bar.value == pytest.approx(rate(own), rel=1e-12)
    drawn = charts.rates(show.bars(facts))["rows"]
    assert [row["value"] for row in drawn] == [bar.value for bar in show.bars(facts)]
    assert [row["name"] for row in drawn if row["said"] == "n/a"] == ["Mastodon"]


def test_the_lines_are_the_raw_daily_reach_and_break_where_it_was_not_told(facts, raw):
    told = by_day(raw, "reach", FIRST, TODAY).reset_index()
    sums = told.groupby([told.account.map(PLATFORM), "day"]).value.agg(["sum", "count"])
    lines = charts.lines(show.reach_series(facts), facts.days, "count")["lines"]
    drawn = [
        {"name": line["name"], "day": day, "value": value}
        for line in lines
        for day, value in zip(facts.days, line["values"], strict=True)
    ]
    assert [line["said"] for line in lines] == [
        ["missing" if value is None else f"{value:,.0f}" for value in line["values"]] for line in lines
    ]
    accounts = Counter(PLATFORM[account.id] for account in ACCOUNTS)
    for row in drawn:
        platform = next(key for key, (name, _) in theme.PLATFORMS.items() if name == row["name"])
        known = sums["sum"].get((platform, row["day"]))
        whole = sums["count"].get((platform, row["day"])) == accounts[platform]
        assert row["value"] == (known if whole else None)
    gap = (date.fromisoformat(TODAY) - timedelta(days=UNTOLD)).isoformat()
    assert [r["value"] for r in drawn if r["name"] == "LinkedIn" and r["day"] == gap] == [None]
    assert not [row for row in drawn if row["name"] == "Mastodon"]


def test_engagements_over_time_are_the_raw_sums_of_the_posts_of_each_stretch_also_without_reach(facts, raw, published):
    figures = of_posts(raw, published, FIRST, TODAY).merge(published, on=["account", "post"])
    assert [day for span in show.spans_of(facts) for day in span] == list(facts.days)
    series = show.engagement_series(facts)
    assert "mastodon" in series  # it tells no reach, so it has no line anywhere else
    for platform, row in series.items():
        own = figures[figures.account.map(PLATFORM) == platform].dropna(subset=PARTS, how="all")
        for span, value in zip(show.spans_of(facts), row, strict=True):
            of_span = own[own.day.isin(span)]
            assert value == (of_span[PARTS].sum().sum() if len(of_span) else None)


def test_the_best_hours_are_those_of_the_raw_facts_in_the_brands_zone(facts, raw, published):
    figures = of_posts(raw, published, FIRST, TODAY).merge(published, on=["account", "post"])
    local = [at.astimezone(ZoneInfo(ZONE)) for at in figures["at"]]
    figures["cell"] = [(at.weekday(), at.hour) for at in local]
    for cell in show.cells(facts):
        own = figures[figures.cell == (cell.weekday, cell.hour)].dropna(subset=["reach"])
        assert cell.rate.n == len(own)
        if len(own):
            assert cell.rate.value == pytest.approx(rate(own), rel=1e-12)


def test_top_posts_followers_and_the_median_are_those_of_the_raw_facts(world, facts, raw, published):
    figures = of_posts(raw, published, FIRST, TODAY).dropna(subset=["reach"])
    figures["rate"] = figures[PARTS].sum(axis=1) / figures["reach"]
    best = figures.sort_values("rate", ascending=False).head(5)
    assert [row["cells"]["percent"] for row in show.post_rows(facts)] == [show.percent(each) for each in best.rate]
    crowd = by_day(raw, "followers", FIRST, TODAY).groupby("account").last().sum()
    assert show.cards(facts, [60])[3].value == show.compact(crowd)
    waits = [
        one.open_waited
        for account in ACCOUNTS
        for one in world.store.responses(account.id, f.midnight(FIRST, account.timezone), NOW)
    ]
    assert show.scorecard(facts)["response_time"].value == pd.Series(waits).median()


# ---------------------------------------------------------------- comparing


def test_days_that_are_not_told_yet_are_left_out_of_the_period_before_too(facts):
    own = replace(
        facts,
        accounts=tuple(one for one in facts.accounts if one.account == FACEBOOK),
        before=tuple(one for one in facts.before if one.account == FACEBOOK),
    )
    (one,), line = own.before, show.scorecard(own)["reach"]
    assert Metric.REACH in one.days["2026-10-24"]  # its counterpart, 21 November, is not told yet
    whole = f.total(one.days, Metric.REACH, own.days_before).value
    assert line.before == whole - one.days["2026-10-24"][Metric.REACH]


def test_periods_with_different_numbers_of_days_are_not_compared(facts):
    short = replace(
        facts, before=tuple(replace(one, days=dict(list(one.days.items())[:9])) for one in facts.before)
    )  # fmt: skip
    reach, views, *_ = show.cards(short, [60])
    assert (reach.delta, views.delta) == (None, None)
    assert "not compared: too few days told to compare" in reach.help.lower()
    assert "rose" not in show.reach_alt(short, show.reach_series(short))
    assert show.cards(facts, [60])[0].delta


def test_a_faster_answer_is_good_and_its_minus_is_one_that_is_read(facts):
    reply = show.cards(facts, [60, 240])[4]
    assert reply.colour == "inverse"
    assert reply.delta.startswith(("-", "+"))
    assert reply.delta.isascii()
    assert reply.beside == "targets 1 h to 4 h"


def test_a_change_that_does_not_matter_is_grey(facts):
    line = replace(show.scorecard(facts)["engagement_rate"], change=f.compare(0.0420, 0.0424, rate=True))
    card = show._card(line, show.percent, show._points, [])
    assert (card.colour, card.arrow, card.delta) == ("off", "off", "-0.04 pts")


# ---------------------------------------------------------------- missing is said


def test_where_nothing_is_told_the_card_says_so_and_why(facts):
    alone = show.chosen(facts, ["mastodon"])
    reach, views, engagement, followers, reply = show.cards(alone, [60])
    assert (reach.value, views.value, engagement.value, reply.value) == ("n/a",) * 4
    assert reach.delta is None
    assert reach.help.startswith("Not available. Not told by any platform here.")
    assert reply.help.startswith("Not available. Nothing was answered.")
    assert followers.value.endswith("K")
    assert show.reach_series(alone) == {}
    assert show.reach_alt(alone, {}) == "No platform told a daily reach in this period."


def test_who_tells_nothing_and_what_is_not_told_yet_is_named(facts):
    series = show.reach_series(facts)
    assert show.untold(facts, series, "no reach by day") == "Missing: Mastodon (no reach by day)."
    assert show.late_words(facts, series) == "Told up to 20 Nov."
    assert "Missing: Mastodon." in show.bars_alt(show.bars(facts))


def test_a_contact_form_lacks_nothing(facts):
    form = f.AccountFacts(Account("webhook", "form", "Contact form", BRAND, ZONE))
    both = replace(facts, accounts=(*facts.accounts, form), before=(*facts.before, form))
    assert "webhook" not in [bar.platform for bar in show.bars(both)]
    assert show.untold(both, show.reach_series(both), "no reach by day") == "Missing: Mastodon (no reach by day)."


def test_hours_with_few_posts_are_dots_and_the_best_three_are_named(facts):
    found = show.cells(facts)
    drawn = charts.hours(found)["cells"]
    assert [(each["weekday"], each["hour"]) for each in drawn] == [(cell.weekday, cell.hour) for cell in found]
    assert [each["shade"] is None for each in drawn] == [cell.rate.n < f.FEW_POSTS for cell in found]
    pairs = [(cell.rate.value, each["shade"]) for each, cell in zip(drawn, found, strict=True) if not cell.few]
    shades = [shade for _, shade in sorted(pairs)]
    assert shades == sorted(shades)
    assert (shades[0], shades[-1]) == (0, 100)
    stars = [cell for each, cell in zip(drawn, found, strict=True) if each["star"]]
    assert len(stars) == 3
    rest = [cell.rate.value for each, cell in zip(drawn, found, strict=True) if not each["star"] and not cell.few]
    assert min(cell.rate.value for cell in stars) >= max(rest)
    for cell in stars:
        told = f"{cell.hour:02d}:00 ({show.percent(cell.rate.value)}, n = {cell.rate.n})"
        assert f"{show.WEEKDAYS[cell.weekday]} {told}" in show.best_words(found)


# ---------------------------------------------------------------- charts


def test_a_platform_keeps_its_colour_whatever_else_is_shown(facts):
    def colours(chosen):
        drawn = charts.lines(show.reach_series(show.chosen(facts, chosen)), facts.days, "count")["lines"]
        return {line["name"]: line["colours"] for line in drawn}

    every = colours(["facebook_page", "instagram", "linkedin"])
    assert colours(["linkedin"]).items() <= every.items()
    light, dark = zip(*every.values(), strict=True)
    assert not set(light) & set(dark)


def test_a_line_chart_starts_at_zero_and_has_four_steps(facts):
    drawn = charts.lines(show.reach_series(facts), facts.days, "count")
    most = max(value for row in show.reach_series(facts).values() for value in row if value is not None)
    assert drawn["top"] >= most
    assert [value for value, _ in drawn["steps"]] == [drawn["top"] * step / 4 for step in range(5)]
    assert drawn["steps"][0][1] == "0"
    assert len({word for _, word in drawn["steps"]}) == 5
    assert [day for day, _ in drawn["ticks"]] == [0, 7, 14, 21]


@pytest.mark.parametrize("rates", [[0.031, 0.047], [0.004, None, 0.0012], [0.0, 0.0]])
def test_the_steps_of_an_axis_of_rates_are_told_apart(rates):
    labels = [f"2026-11-{day:02d}" for day in range(1, len(rates) + 1)]
    drawn = charts.lines({"mastodon": rates}, labels, "rate")
    assert len({word for _, word in drawn["steps"]}) == 5


def test_a_stretch_is_told_by_its_first_and_its_last_day():
    drawn = charts.lines({"linkedin": [0.1, 0.2]}, ["2026-10-25 to 2026-10-31", "2026-11-01"], "rate")
    assert drawn["labels"] == ["25 Oct – 31 Oct 2026", "1 Nov 2026"]
    assert [word for _, word in drawn["ticks"]] == ["25 Oct", "1 Nov"]


def test_what_is_drawn_is_json_and_holds_no_text_of_others(facts):
    view = [charts.numbers(show.cards(facts, [60])), charts.rates(show.bars(facts)), charts.hours(show.cells(facts))]
    view += [charts.lines(show.reach_series(facts), facts.days, "count")]
    assert "beacon" not in json.dumps(view, allow_nan=False).lower()


@pytest.mark.parametrize(
    ("delta", "colour", "arrow", "expected"),
    [
        ("+7.7%", "normal", "auto", ("good", "up")), ("-0.13 pts", "normal", "auto", ("bad", "down")),
        ("-28 min", "inverse", "auto", ("good", "down")), ("+5 min", "inverse", "auto", ("bad", "up")),
        ("-0.04 pts", "off", "off", ("still", "")), (None, "normal", "auto", ("still", "")),
    ],
)  # fmt: skip
def test_a_change_has_the_colour_of_what_it_means_and_the_arrow_of_where_it_went(facts, delta, colour, arrow, expected):
    card = replace(show.cards(facts, [60])[0], delta=delta, colour=colour, arrow=arrow)
    drawn = charts.numbers([card])["numbers"][0]
    assert (drawn["tone"], drawn["arrow"]) == expected


@given(st.lists(st.floats(0, 100), min_size=1, max_size=12), st.floats(100, 400))
def test_names_at_line_ends_never_cover_each_other_nor_leave_the_chart(values, high):
    names = [str(at) for at in range(len(values))]
    placed = charts.apart(list(zip(values, names, strict=True)), 100.0, high)
    gap = charts.LABEL_GAP * 100 / high
    heights = [at for _, at in placed]
    assert sorted(name for name, _ in placed) == sorted(names)
    assert all(above - below >= gap - 1e-6 for above, below in pairwise(heights))
    assert min(heights) >= 0
    if (len(values) - 1) * gap <= 100:
        assert max(heights) <= 100 + 1e-6


@given(st.floats(0, 1e12))
def test_an_axis_ends_above_its_greatest_number_and_not_far_above(value):
    top = charts.nice(value)
    assert top >= value
    assert value < 1e-9 or top <= value * 1.36 + 1e-9


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0"), (940, "940"), (999.6, "1K"), (1000, "1K"), (26_944, "26.9K"), (591_000, "591K"), (1_840_000, "1.8M")],
)
def test_a_large_number_is_short(number, words):
    assert show.compact(number) == words


@given(st.text(max_size=40))
def test_our_words_are_never_markdown(text):
    escaped = show.plain(text)
    bare = escaped.replace("\\\\", "")
    for at, sign in enumerate(bare):
        if sign in "`*_[]<>#$~|":
            assert bare[at - 1] == "\\"


# ---------------------------------------------------------------- files


def rows_in(file: bytes) -> list[list[str]]:
    assert file.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))


def test_no_cell_of_a_file_is_one_that_a_spreadsheet_would_run(world):
    evil = gather(world.herald, BRAND, "2026-09-20", TODAY, NOW)
    one = evil.accounts[0]
    post = replace(one.posts[0], title="=HYPERLINK(\"http://x.example\")", url="@SUM(1)")
    evil = replace(evil, accounts=(replace(one, posts=(post, *one.posts[1:])), *evil.accounts[1:]))
    cells = [cell for row in rows_in(show.csv_of(show.posts_sheet(evil))) for cell in row]
    assert '\'=HYPERLINK("http://x.example")' in cells
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "@")]


def test_the_file_of_numbers_holds_what_the_cards_show(facts):
    head, *rows = rows_in(show.csv_of(show.numbers_sheet(facts)))
    cells = {(row[0], row[1]): dict(zip(head, row, strict=True)) for row in rows}
    reach = cells["All shown", "Daily reach, summed"]
    assert show.compact(float(reach["value"])) == show.cards(facts, [60])[0].value
    assert cells["Mastodon", "Daily reach, summed"]["value"] == ""


def test_a_hostile_title_stays_text(world):
    facts = gather(world.herald, BRAND, "2026-09-20", TODAY, NOW)
    titles = [row["cells"]["post"]["strong"] for row in show.post_rows(facts, 400)]
    assert HOSTILE in titles


# ---------------------------------------------------------------- reading


def test_unchanged_facts_are_not_read_again(served, monkeypatch):
    """A second visitor, another choice of platforms, a look: none of them asks for a figure twice."""
    asked = Counter()
    query = served.memory.query

    def counting(*args, **kwargs):
        asked["query"] += 1
        return query(*args, **kwargs)

    monkeypatch.setattr(served.memory, "query", counting)
    seen = data_measures.version(BRAND)
    assert overview.view(BRAND, 28, (), seen)
    first = asked["query"]
    overview.view(BRAND, 28, ("instagram",), seen)
    overview.view(BRAND, 28, (), data_measures.version(BRAND))
    assert asked["query"] == first
    data_measures.version.clear()
    assert data_measures.version(BRAND) == seen
    assert asked["query"] - first <= 2 * len(ACCOUNTS)


def test_newer_facts_are_seen_and_the_past_is_not_asked_for_again(monkeypatch):
    world = OverviewWorld(now=NOW)
    data.set_herald(world.herald)
    try:
        seen = data_measures.version(BRAND)
        before = overview.view(BRAND, 28, (), seen)
        world.fixed = NOW + timedelta(minutes=30)
        world.measured(4_321)
        asked = Counter()
        query = world.memory.query
        monkeypatch.setattr(
            world.memory, "query", lambda *args, **kwargs: (asked.update(n=1), query(*args, **kwargs))[1]
        )
        data_measures.version.clear()
        newer = data_measures.version(BRAND)
        assert newer != seen
        assert newer.read_at == world.fixed
        after = overview.view(BRAND, 28, (), newer)
        grown = show.scorecard(after.facts)["reach"].value - show.scorecard(before.facts)["reach"].value
        assert grown == 4_321
        assert asked["n"] < 60  # figures, counts, answers, calendar; no history of a post, which takes hundreds
    finally:
        data.set_herald(None)


def test_a_new_answer_is_newer():
    world = OverviewWorld(now=NOW, empty=True)
    data.set_herald(world.herald)
    try:
        assert data_measures.version(BRAND).answered_at is None
        world.store.commit([Response(PERTH.id, "answer~1", "question", NOW, 60, 60, met=True)])
        data_measures.version.clear()
        assert data_measures.version(BRAND).answered_at == NOW
    finally:
        data.set_herald(None)


def test_a_reading_that_is_being_written_is_looked_at_once_more():
    world = OverviewWorld(now=NOW, empty=True)
    world.keep([Snapshot(FACEBOOK.id, Metric.FOLLOWERS, 5, NOW, day=TODAY)])
    data.set_herald(world.herald)
    try:
        fresh = data_measures.version(BRAND)
        world.fixed = NOW + timedelta(minutes=2)
        data_measures.version.clear()
        assert not fresh.settled
        assert data_measures.version(BRAND) == replace(fresh, settled=True)
    finally:
        data.set_herald(None)


def test_the_day_is_that_of_the_zone_most_accounts_live_in():
    assert main_zone(ACCOUNTS) == ZONE
    assert main_zone([PERTH, LINKEDIN]) == "Australia/Perth"  # as many: the first by name
    assert main_zone([]) == "UTC"


# ---------------------------------------------------------------- the pages

MAIN = Path(streamlit_app.__file__).parent / "main.py"


def visit(person: str = "lena", **query: str) -> AppTest:
    """A person's first page: Overview."""
    who.install(SignIn(lambda: person))
    at = AppTest.from_file(str(MAIN), default_timeout=60)
    for key, value in query.items():
        at.query_params[key] = value
    return at.run()


def sent(at: AppTest) -> dict[str, dict]:
    """What our own parts of the page were given, by their keys."""

    def parts(block):
        for element in block.children.values():
            if element.type == "bidi_component":
                yield element.proto
            elif hasattr(element, "children"):
                yield from parts(element)

    return {proto.id.split("-", 2)[2]: json.loads(proto.json) for proto in parts(at._tree)}  # $$ID-hash-key


@pytest.mark.parametrize("person", ["lena", "gus", "priya", "tomas", "aroha"])
def test_overview_is_the_first_page_of_those_who_may_see_figures(served, person):
    at = visit(person)
    assert not at.exception
    assert at.title[0].value == "Overview"
    first = sent(at)["numbers"]["numbers"][0]
    assert first["label"] == "Daily reach, summed"
    assert first["value"] == overview.view(BRAND, 28, (), data_measures.version(BRAND)).cards[0].value
    assert "25 Oct – 21 Nov 2026 · compared with the 28 days before · times in Sydney" in at.caption[0].value


def test_the_address_chooses_the_period_and_nonsense_is_the_usual_one(served):
    assert "15 Nov – 21 Nov 2026" in visit(period="7 days").caption[0].value
    assert "25 Oct – 21 Nov 2026" in visit(period="1000 days").caption[0].value


def test_only_who_answers_sees_who_waits(served):
    assert "Next to answer" in [each["head"]["title"] for each in sent(visit("gus")).values() if "head" in each]
    assert "Next to answer" not in [each["head"]["title"] for each in sent(visit("lena")).values() if "head" in each]


def test_without_any_figures_the_page_is_made_of_words():
    world = OverviewWorld(now=NOW, empty=True)
    data.set_herald(world.herald)
    try:
        at = visit("lena")
        assert not at.exception
        assert [each["value"] for each in sent(at)["numbers"]["numbers"]] == ["n/a"] * 5
        assert all(sent(at)[key]["empty"] for key in ("over-time", "bars", "hours", "top-posts"))
        assert "no figures read yet" in at.caption[0].value
        drawn = report.drawn(BRAND, "2026-10-01", "2026-10-31", data_measures.version(BRAND))
        assert drawn.posts == ()
        assert drawn.reach == {}
    finally:
        data.set_herald(None)
        who.install(None)


def test_the_report_page_shows_the_numbers_of_the_report(served):
    seen = data_measures.version(BRAND)
    drawn = report.drawn(BRAND, "2026-10-01", "2026-10-31", seen)
    files = data_measures.written(BRAND, "2026-10-01", "2026-10-31", seen).files
    lines = {row[2]: row for row in rows_in(files["all.csv"])[1:]}
    for row in drawn.scores["all"]:
        cells = row["cells"]
        name = cells["name"]["strong"]
        value = lines[name][3]
        ident = lines[name][1]
        expected = {"muted": "missing"} if value == "" else show.shown(ident, float(value))
        assert cells["value"] == expected
    assert len(drawn.gaps) >= 3
    assert set(drawn.scores) == {"all", *{account.platform for account in ACCOUNTS}}
    assert MASTODON.platform in drawn.scores


# ---------------------------------------------------------------- mail

OCTOBER = ("2026-10-01", "2026-10-31")


@pytest.fixture
def told(served, monkeypatch):
    """What the page says after a mail was asked for."""
    kept: dict[str, object] = {}
    monkeypatch.setattr(report.st, "session_state", kept)
    who.install(SignIn(lambda: "gus"))
    served.mailbox.sent.clear()
    return lambda: kept.get("herald.flash", ("", ""))


def test_a_report_goes_to_those_named_and_to_nobody_else_and_once(served, told):
    assert report.send(BRAND, OCTOBER, "page-mail-1", ["lena"])
    assert [to for to, _, _ in served.mailbox.sent] == [("lena@kelp.example",)]
    assert "report.html" in served.mailbox.sent[0][2]
    assert told() == ("green", "The report was mailed to 1 person.")
    assert report.send(BRAND, OCTOBER, "page-mail-1", ["lena"])
    assert len(served.mailbox.sent) == 1


def test_who_has_no_address_or_is_not_on_record_gets_nothing(served, told):
    assert not report.send(BRAND, OCTOBER, "page-mail-2", ["nomail"])
    assert not report.send(BRAND, OCTOBER, "page-mail-2", ["stranger@evil.example"])
    assert not report.send(BRAND, OCTOBER, "page-mail-2", [])
    assert served.mailbox.sent == []
    assert told() == ("red", "Choose between 1 and 50 people.")


def test_who_may_not_see_the_figures_cannot_mail_them(served, told):
    who.install(SignIn(lambda: "evil"))
    assert not report.send(BRAND, OCTOBER, "page-mail-3", ["lena"])
    assert served.mailbox.sent == []


def test_a_refused_mail_is_told_in_words_and_stands_in_the_list(served, told):
    person = served.store.person("lena")
    served.store.save(replace(person, email="refused@kelp.example"))
    data.set_herald(served.herald)
    try:
        assert not report.send(BRAND, OCTOBER, "page-mail-4", ["lena"])
        assert told() == ("red", "Nothing was sent: The mail server does not know this address.")
    finally:
        served.store.save(person)
    found = data_measures.mailings(BRAND, *OCTOBER)
    rows = show.mailed_rows(found, ZONE, NOW, data.name_of)
    row = next(row["cells"] for row, one in zip(rows, found, strict=True) if one.id == "page-mail-4")
    assert row["state"] == {"pill": ["not sent", "red"]}
    assert row["to"] == {"strong": "1 person", "sub": "Lena Fisk. The mail server does not know this address."}
    assert row["by"] == {"muted": "Gus Ferro"}


def test_a_mail_whose_sender_is_gone_is_shown_as_one_that_may_have_been_sent():
    left = Mailing(
        "m", BRAND, *OCTOBER, ("lena", "gus"), "d", MONTHLY, NOW, MailingState.SENDING, NOW + timedelta(minutes=5)
    )
    during, after = (
        show.mailed_rows([left], ZONE, NOW + timedelta(minutes=minutes), str.title)[0]["cells"] for minutes in (1, 5)
    )
    assert during["state"] == {"pill": ["being sent", "gray"]}
    assert after["state"] == {"pill": ["may have been sent", "amber"]}
    assert after["by"] == {"muted": "Herald, by schedule"}


def test_without_a_mailer_the_page_says_that_none_is_set_up(served, told):
    data.set_herald(replace(served.herald, mail=None))
    assert not data_measures.can_mail()
    assert not report.send(BRAND, OCTOBER, "page-mail-5", ["lena"])
    assert "No mail is set up" in told()[1]


def test_a_kept_report_is_listed_with_its_hash_and_its_files_are_those_that_were_kept(served):
    assert [one.result for one in monthly(served.herald, NOW)] == ["mailed to 1"]
    (kept,) = data_measures.kept(BRAND)
    (row,) = show.kept_rows([kept], ZONE, NOW)
    assert row["id"] == "2026-10-01..2026-10-31"
    assert row["cells"]["report"] == {"strong": "October 2026"}
    assert row["cells"]["made"] == {"muted": "21 Nov, 14:05"}
    assert row["cells"]["hash"] == {"muted": kept.digest[:12]}
    made = data_measures.written(BRAND, *OCTOBER, data_measures.version(BRAND))
    assert data_measures.kept_files(kept) == made.files


def test_months_go_back_from_this_one():
    assert show.months("2026-01-15", 3) == ["2026-01", "2025-12", "2025-11"]


def test_followers_that_stayed_the_same_are_shown_without_an_arrow():
    days = {day: {Metric.FOLLOWERS: 5000} for day in ("2026-10-02", "2026-10-20")}
    card = show.cards(facts_of(a_month(days=days)), [60])[3]
    assert (card.label, card.delta, card.colour, card.arrow) == ("Followers", "+0", "off", "off")


def test_a_campaign_without_a_link_has_no_clicks_instead_of_0():
    campaign = Campaign(
        BRAND, "lamps", "Lamps", "Sell lamps.", "lamps", Aim.REACH, 1000, date(2026, 11, 1), date(2026, 11, 30), "ana",
        "ana", NOW,
    )  # fmt: skip
    told = [
        present_campaigns.blocks(campaign, clicks, [], date(2026, 11, 20), name=str, shop=False)[1]["rows"]
        for clicks in ({}, {"abc": 0})
    ]
    words = [next(row["v"] for row in rows if row["k"] == "So far") for rows in told]
    assert words == [f"{start}; reach by post stand on Overview" for start in ("No link was made yet", "0 clicks")]


def test_the_report_of_a_period_that_runs_says_as_of_when_its_figures_are(facts):
    running = replace(facts, over=False, as_of=datetime(2026, 11, 21, 3, 5, tzinfo=UTC))
    assert report._caption(running).endswith("not over yet, figures as of 14:05 in Sydney")
    assert "as of" not in report._caption(replace(running, over=True))
