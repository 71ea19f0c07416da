"""Figures are exact, and what is missing is missing."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from herald.measure import figures as f
from herald.measure.scorecard import ALL, Facts, scorecard
from herald.model import Metric, Snapshot
from tests.support.figures import (
    DAYS,
    START,
    TOLD,
    a_post,
    account_facts,
    an_account,
    an_answer,
    facts_of,
    random_facts,
)

SOME = settings(max_examples=60, deadline=None)


# ---------------------------------------------------------------- the same numbers, recomputed by pandas


def posts_frame(facts: Facts) -> pd.DataFrame:
    columns = [str(metric) for metric in Metric]
    rows = [
        {"platform": one.account.platform} | {str(metric): value for metric, value in post.figures.items()}
        for one in facts.accounts for post in one.posts
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["platform", *columns]).astype(dict.fromkeys(columns, "float64"))


def days_frame(facts: Facts) -> pd.DataFrame:
    rows = [
        {"platform": one.account.platform, "day": day, **{str(m): v for m, v in one.days.get(day, {}).items()}}
        for one in facts.accounts for day in DAYS
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["platform", "day", "reach", "views", "followers"])


def same(ours: float | None, theirs: float) -> bool:
    return math.isnan(theirs) if ours is None else math.isclose(ours, theirs, rel_tol=1e-12)


@SOME
@given(random_facts())
def test_every_number_equals_what_pandas_makes_of_the_same_facts(facts: Facts):
    posts, days = posts_frame(facts), days_frame(facts)
    parts = [str(part) for part in f.ENGAGEMENT_PARTS]
    posts["engagements"] = posts[parts].sum(axis=1, min_count=1)
    for scope in (ALL, *facts.platforms):
        card = scorecard(facts, scope)
        of_posts = posts if scope == ALL else posts[posts.platform == scope]
        of_days = days if scope == ALL else days[days.platform == scope]
        assert same(card["reach"].value, of_days.reach.astype(float).sum(min_count=1))
        assert same(card["views"].value, of_days.views.astype(float).sum(min_count=1))
        assert same(card["engagements"].value, of_posts.engagements.sum(min_count=1))
        assert card["posts"].value == len(of_posts)
        rated = of_posts.dropna(subset=["reach", "engagements"])
        reach = rated.reach.sum()
        assert same(card["engagement_rate"].value, rated.engagements.sum() / reach if reach else math.nan)
        assert card["engagement_rate"].n == len(rated)
        for part in parts:
            assert same(card[part].value, of_posts[part].sum(min_count=1))
        newest = of_days.dropna(subset=["followers"]).sort_values("day").groupby("platform").followers.last()
        assert same(card["followers"].value, newest.astype(float).sum(min_count=1))
        answers = [answer for one in facts.of(scope) for answer in one.responses]
        waits = pd.Series([answer.open_waited for answer in answers], dtype="float64")
        assert same(card["response_time"].value, waits.median())
        assert same(card["response_time_p90"].value, waits.quantile(0.9))
        assert same(card["in_time"].value, pd.Series([a.met for a in answers], dtype="float64").mean())


@SOME
@given(random_facts())
def test_the_parts_and_the_whole_agree(facts: Facts):
    """Over platforms: sums add up, rates are ratios of the added sums."""
    whole = scorecard(facts)
    cards = [scorecard(facts, platform) for platform in facts.platforms]
    for id in ("reach", "views", "engagements", "posts", "followers", "judged", "hidden", "queued", "overruled"):
        told = [card[id].value for card in cards if card[id].value is not None]
        assert whole[id].value == (sum(told) if told else None)
    rates = [f.engagement_rate(p for one in facts.of(platform) for p in one.posts) for platform in facts.platforms]
    reach = sum(rate.below for rate in rates)
    assert whole["engagement_rate"].value == (sum(rate.above for rate in rates) / reach if reach else None)


# ---------------------------------------------------------------- missing


@SOME
@given(random_facts(of=("facebook_page", "instagram")), account_facts("mastodon", DAYS, "extra"))
def test_a_platform_without_reach_never_changes_rate_or_reach(facts: Facts, silent: f.AccountFacts):
    more = replace(facts, accounts=(*facts.accounts, silent))
    for id in ("reach", "engagement_rate"):
        assert scorecard(more)[id].value == scorecard(facts)[id].value
        assert scorecard(more)[id].n == scorecard(facts)[id].n
    assert scorecard(more)["engagement_rate"].of == scorecard(facts)["engagement_rate"].of + len(silent.posts)


def test_nothing_told_is_none_and_a_told_nought_is_nought():
    assert f.total({}, Metric.REACH, DAYS) == f.Sum(None, 0, 31)
    assert f.total({DAYS[0]: {Metric.REACH: 0}}, Metric.REACH, DAYS) == f.Sum(0, 1, 31)
    assert f.engagements([a_post(reach=5)])[0] == f.Sum(None, 0, 1)
    assert f.engagements([a_post(reactions=0)])[0] == f.Sum(0, 1, 1)
    assert f.engagement_rate([]).value is None
    assert f.response_times([]) == f.Times(None, None, 0, 0)
    assert f.followers({}, DAYS, {}) == f.Followers(None)


def test_a_rate_over_no_reach_is_undefined_though_both_were_told():
    rate = f.engagement_rate([a_post(reach=0, reactions=3)])
    assert (rate.value, rate.n, rate.missing) == (None, 1, 0)


def test_a_post_without_reach_or_without_engagement_is_in_neither_sum():
    posts = [a_post("a", reach=100, reactions=4), a_post("b", reactions=50), a_post("c", reach=9000)]
    rate = f.engagement_rate(posts)
    assert (rate.above, rate.below, rate.n, rate.missing) == (4, 100, 1, 2)


def test_a_rate_is_a_ratio_of_sums_and_no_mean_of_rates():
    posts = [a_post("a", reach=10, reactions=5), a_post("b", reach=990, reactions=5)]
    assert f.engagement_rate(posts).value == 10 / 1000  # the mean of 50 % and 0.5 % would be 25 %


def test_engagements_are_the_parts_that_came_in_and_it_is_told_which():
    total, parts = f.engagements([a_post("a", reactions=4, comments=1, views=900), a_post("b", saves=2)])
    assert total.value == 7
    assert parts == {Metric.REACTIONS, Metric.COMMENTS, Metric.SAVES}


def test_counting_named_parts_only_leaves_out_posts_that_lack_one():
    posts = [a_post("a", reach=100, reactions=4, clicks=30), a_post("b", reach=100, clicks=9)]
    rate = f.engagement_rate(posts, frozenset({Metric.REACTIONS}))
    assert (rate.above, rate.below, rate.missing) == (4, 100, 1)


@pytest.mark.parametrize("broken", [
    lambda: f.total({DAYS[0]: {Metric.REACH: -1}}, Metric.REACH, DAYS),
    lambda: f.engagements([a_post(reactions=-1)]),
    lambda: f.engagement_rate([a_post(reach=-5, reactions=1)]),
    lambda: f.response_times([an_answer(-1)]),
])  # fmt: skip
def test_a_number_below_nought_is_the_adapters_fault_and_is_said(broken):
    with pytest.raises(ValueError, match="below 0"):
        broken()


# ---------------------------------------------------------------- followers


def test_followers_change_from_the_newest_reading_before_the_period():
    days = {day: {Metric.FOLLOWERS: 100 + place} for place, day in enumerate(DAYS[:10])}
    told = f.followers(days, DAYS, {"2026-09-29": {Metric.FOLLOWERS: 90}, "2026-09-30": {}})
    assert (told.end, told.end_day, told.start, told.start_day) == (109, "2026-10-10", 90, "2026-09-29")
    assert told.change == 19


def test_without_a_reading_before_the_first_in_the_period_counts_and_one_reading_is_no_change():
    two = {"2026-10-03": {Metric.FOLLOWERS: 50}, "2026-10-20": {Metric.FOLLOWERS: 40}}
    assert f.followers(two, DAYS, {}).change == -10
    assert f.followers({"2026-10-03": {Metric.FOLLOWERS: 50}}, DAYS, {}).change is None


# ---------------------------------------------------------------- answers


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=60))
def test_median_and_ninetieth_percentile_are_those_of_numpy_and_lie_in_order(waits: list[int]):
    told = f.response_times(an_answer(waited, id=f"c{n}") for n, waited in enumerate(waits))
    assert told.median is not None
    assert told.p90 is not None
    assert told.median == pytest.approx(float(np.median(waits)), rel=1e-12)
    assert told.p90 == pytest.approx(float(np.quantile(waits, 0.9)), rel=1e-12)
    assert min(waits) <= told.median <= told.p90 <= max(waits)


def test_business_time_is_what_counts_not_the_wall_clock():
    assert f.response_times([an_answer(600)]).median == 600  # the builder's wall clock says 1800


# ---------------------------------------------------------------- comparing


def test_a_change_is_missing_where_either_side_is_and_has_no_percentage_of_nought():
    assert f.compare(5, None) == f.compare(None, 5) == f.compare(None, None) == f.Change(None, None, False)
    assert f.compare(5, 0) == f.Change(5, None, False)
    assert f.compare(110, 100) == f.Change(10, 0.1, False)


@pytest.mark.parametrize(("now", "before", "rate", "immaterial"), [
    (0.0419, 0.0422, True, True), (0.0419, 0.0435, True, False), (1009, 1000, False, True), (1011, 1000, False, False),
    (0, 0, False, True), (3, 0, False, False),
])  # fmt: skip
def test_what_hardly_moved_is_called_immaterial(now: float, before: float, rate: bool, immaterial: bool):
    assert f.compare(now, before, rate=rate).immaterial is immaterial


def test_reach_is_not_compared_when_another_account_told_it_before():
    told = {day: {Metric.REACH: 10} for day in DAYS}
    here = f.AccountFacts(an_account(), days=told, given=TOLD["facebook_page"])
    there = f.AccountFacts(an_account("instagram"), given=TOLD["instagram"])
    before = [replace(here, days={}), replace(there, days={"2026-09-30": {Metric.REACH: 999}})]
    line = scorecard(facts_of(here, there, before=before))["reach"]
    assert line.value == 310
    assert line.before == 999
    assert line.change.absolute is None
    assert "other accounts" in line.note


# ---------------------------------------------------------------- intervals


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_stays_a_share(case: tuple[int, int]):
    hits, n = case
    found = f.wilson(hits, n)
    assert found is not None
    low, high = found
    assert 0 <= low <= hits / n <= high <= 1
    assert low < high


def test_the_interval_is_that_of_the_textbook_and_no_share_has_none():
    # 81 of 263: Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 0.2553 to 0.3662
    low, high = f.wilson(81, 263) or (0, 0)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert f.wilson(1, 0) is None
    assert f.wilson(6, 5) is None


# ---------------------------------------------------------------- times and tops


def test_an_hour_of_the_week_is_that_of_the_zone_and_too_few_posts_are_marked():
    late = datetime(2026, 10, 4, 22, 30, tzinfo=UTC)  # Sunday; Monday 09:30 in Sydney, where summer time began
    posts = [a_post(f"p{n}", at=late + timedelta(minutes=n), reach=100, reactions=10) for n in range(3)]
    cells = f.best_times([*posts, a_post("lone", at=START, reach=100, reactions=90)], "Australia/Sydney")
    assert [(cell.weekday, cell.hour, cell.rate.n, cell.few) for cell in cells] == [(0, 9, 3, False), (3, 10, 1, True)]
    assert cells[0].rate.value == 0.1


def test_posts_that_lack_reach_do_not_make_an_hour_sure():
    posts = [a_post(f"p{n}", reactions=4) for n in range(9)]
    assert [(cell.rate.n, cell.rate.missing, cell.few) for cell in f.best_times(posts, "UTC")] == [(0, 9, True)]


def test_top_posts_are_ranked_by_rate_and_those_without_one_are_left_out():
    rated = [a_post("low", reach=100, reactions=1), a_post("high", reach=100, reactions=9)]
    posts = [*rated, a_post("none", reactions=99)]
    assert [post.post_id for post in f.top_posts(posts)] == ["high", "low"]
    assert [post.post_id for post in f.top_posts(posts, 1)] == ["high"]


@given(st.permutations([a_post(f"p{n}", reach=100, reactions=n % 3) for n in range(6)]))
def test_the_order_of_reading_does_not_change_the_top(posts: list[f.Published]):
    assert [post.post_id for post in f.top_posts(posts)] == ["p2", "p5", "p1", "p4", "p0"]


def test_the_newest_figure_read_in_time_counts_and_none_read_later():
    def read(value: int, hour: int, metric: Metric = Metric.REACH) -> Snapshot:
        return Snapshot("facebook_page:1", metric, value, START + timedelta(hours=hour), post="x1")

    until = START + timedelta(hours=5)
    facts = [read(30, 5), read(10, 1), read(99, 6), read(7, 9, Metric.SAVES)]
    assert f.newest(facts, until) == {"x1": {Metric.REACH: 30}}


# ---------------------------------------------------------------- periods


@pytest.mark.parametrize(("text", "first", "last"), [
    ("2026-10", "2026-10-01", "2026-10-31"), ("2026-12", "2026-12-01", "2026-12-31"),
    ("2028-02", "2028-02-01", "2028-02-29"), ("2026-W43", "2026-10-19", "2026-10-25"),
    ("2026-W53", "2026-12-28", "2027-01-03"), ("2026", "2026-01-01", "2026-12-31"),
    ("2026-10-05..2026-10-05", "2026-10-05", "2026-10-05"), (" 2026-10 ", "2026-10-01", "2026-10-31"),
])  # fmt: skip
def test_a_period_is_a_month_a_week_a_year_or_two_days(text: str, first: str, last: str):
    assert f.period(text) == (first, last)


@pytest.mark.parametrize("text", [
    "", "October", "2026-13", "2026-W54", "2027-W53", "2026-10-31..2026-10-01", "2026-02-30..2026-03-01", "2026-1",
    "٢٠٢٦-١٠", "0000", "9999-12", "2020-01-01..2026-01-01", "2026-10-01...2026-10-02", "2026-10\n2026-11",
])  # fmt: skip
def test_what_is_no_period_is_refused_with_an_example_or_a_bound(text: str):
    with pytest.raises(ValueError, match=r"write a month 2026-10|longer than 400 days"):
        f.period(text)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 399))
def test_the_period_before_is_as_long_and_ends_the_day_before(first: date, more: int):
    last = first + timedelta(days=more)
    before = f.previous(first.isoformat(), last.isoformat())
    assert len(f.days_of(*before)) == len(f.days_of(first.isoformat(), last.isoformat()))
    assert f.days_of(before[1], first.isoformat()) == [before[1], first.isoformat()]
