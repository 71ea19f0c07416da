"""A change is shown where two periods can be compared and nowhere else; one rule for pages, files and mails."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from math import nan
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from herald.measure import figures as f
from herald.measure.report import report
from herald.measure.scorecard import ALL, COMPARED, Facts, gaps, scorecard
from herald.model import Metric
from tests.support.figures import DAYS, DAYS_BEFORE, START, a_month, a_post, an_answer, facts_of, random_facts

DOC = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
PARTS = [str(part) for part in f.ENGAGEMENT_PARTS]


# ---------------------------------------------------------------- said and done


def test_the_document_has_the_rules_of_the_code_word_for_word():
    table = DOC.split("\n## Comparing two periods\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \| (.*) \|$", table, re.MULTILINE)
    assert [(tuple(re.findall(r"`(\w+)`", ids)), words) for ids, words in rows] == [
        (rule.numbers, rule.words) for rule in COMPARED
    ]


def test_every_number_of_a_scorecard_has_one_rule():
    named = [number for rule in COMPARED for number in rule.numbers]
    assert sorted(named) == sorted(scorecard(facts_of(a_month())))


# ---------------------------------------------------------------- by pandas, over the files of the report


def recomputed(files: Mapping[str, bytes], platform: str) -> dict[str, float]:  # noqa: PLR0915  one formula a number, all in one place, as the docs have them
    """Id -> change as the rules of docs/metrics.md have it, from days.csv, posts.csv and answers.csv alone."""
    days, posts, answers = (pd.read_csv(io.BytesIO(files[f"{name}.csv"])) for name in ("days", "posts", "answers"))
    if platform != ALL:
        days, posts, answers = (rows[rows.platform == platform] for rows in (days, posts, answers))
    told, counted = ["reach", "views", "followers"], ["judged", "hidden", "queued", "overruled"]
    dates = sorted(days[days.period == "before"].day.unique())
    slack = max(1, len(dates) // 10)

    def of(rows: pd.DataFrame, period: str) -> pd.DataFrame:
        return rows[rows.period == period]

    halves = {each: of(posts, each) for each in ("this", "before")}

    def told_of(rows: pd.DataFrame, columns: list[str]) -> set[str]:
        any_of = rows[columns].notna().any()
        return set(any_of[any_of].index)

    def by_day(metric: str) -> float:
        sums = {"this": 0.0, "before": 0.0}
        telling: dict[str, set[str]] = {"this": set(), "before": set()}
        fair = True
        for account, rows in days.groupby("account"):
            now = of(rows, "this").sort_values("day")[metric]
            then = of(rows, "before").sort_values("day")[metric]
            late = int(now.isna()[::-1].cumprod().sum())
            length = len(now) - (min(late, 3) if now.notna().any() else 0)
            then = then.iloc[:length]
            for period, series in (("this", now), ("before", then)):
                if series.notna().any():
                    telling[period].add(str(account))
                    sums[period] += series.sum()
            if now.notna().any() and 10 * min(now.count(), then.count()) < 9 * length:
                fair = False
        alike = fair and telling["this"] == telling["before"] != set()
        return sums["this"] - sums["before"] if alike else nan

    before = of(days, "before")
    known = set(before[before[told].notna().any(axis=1) | (before[counted].fillna(0) != 0).any(axis=1)].day)
    known |= set(of(posts, "before").published_at.str[:10]) | set(of(answers, "before").answered_at.str[:10])
    measured = bool(of(days, "this")[told].notna().any(axis=None))
    ours = bool(known) and not (measured and dates.index(min(known)) > slack)

    def own(now: float, then: float) -> float:
        return now - then if ours else nan

    listened = days[days.judged.notna()]
    begun = listened.groupby("account").day.min()
    heard = not len(begun) or begun.max() <= dates[slack]
    heard_then = len(of(listened, "before")) > 0

    def of_counts(now: float, then: float) -> float:
        return now - then if heard and heard_then else nan

    def answered() -> float:
        now, then = (len(of(answers, each)) for each in ("this", "before"))
        there = (now or len(listened)) and (then or heard_then)
        return float(now - then) if heard and there else nan

    def of_posts(columns: list[str]) -> float:
        has = posts[columns].notna().any(axis=1)
        parts = {each: told_of(half, columns) for each, half in halves.items()}
        if not ours or parts["this"] != parts["before"] or not parts["this"]:
            return nan
        share = has[posts.account.isin(posts[has].account)].groupby([posts.account, posts.period]).mean()
        if len(share) and 10 * share.min() < 9 - 1e-9:
            return nan
        sums = posts[columns].sum(axis=1)[has].groupby(posts.period).sum()
        return float(sums["this"] - sums["before"])

    def rate() -> float:
        rated = posts[posts[PARTS].notna().any(axis=1) & posts.reach.notna()]
        parts = [told_of(of(rated, each), PARTS) for each in ("this", "before")]
        if rated.period.value_counts().reindex(["this", "before"], fill_value=0).min() < 3 or parts[0] != parts[1]:
            return nan
        both = [of(rated, each) for each in ("this", "before")]
        now, then = (rows[PARTS].sum(axis=None) / rows.reach.sum() if rows.reach.sum() else nan for rows in both)
        return float(now - then)

    def of_answers(value: str) -> float:
        now, then = of(answers, "this"), of(answers, "before")
        if min(len(now), len(then)) < 3:
            return nan
        if value == "in_time":
            return float((now.in_time == "yes").mean() - (then.in_time == "yes").mean())
        share = {"response_time": 0.5, "response_time_p90": 0.9}[value]
        return float(now.open_waited.quantile(share) - then.open_waited.quantile(share))

    def followers() -> float:
        last = days.dropna(subset=["followers"]).sort_values("day").groupby(["period", "account"]).last()
        now, then = (last.loc[each] if each in last.index.get_level_values(0) else None for each in ("this", "before"))
        if now is None or then is None or set(now.index) != set(then.index):
            return nan
        apart = (pd.to_datetime(now.day) - pd.to_datetime(then.day)).dt.days
        return float(now.followers.sum() - then.followers.sum()) if (apart - len(dates)).abs().max() <= slack else nan

    counts = days.groupby("period")[counted].sum()
    return {
        "reach": by_day("reach"), "views": by_day("views"), "engagements": of_posts(PARTS),
        **{part: of_posts([part]) for part in PARTS},
        "posts": own(len(of(posts, "this")), len(of(posts, "before"))), "engagement_rate": rate(),
        "answers": answered(),
        **{each: of_answers(each) for each in ("response_time", "response_time_p90", "in_time")},
        **{each: of_counts(counts[each]["this"], counts[each]["before"]) for each in counted},
        "followers": followers(), "followers_change": nan,
    }  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(random_facts(), st.booleans())
def test_every_change_is_the_one_pandas_computes_from_the_files_and_missing_where_the_rules_say(
    facts: Facts, running: bool
):
    files = report(replace(facts, over=not running)).files
    for scope in (ALL, *facts.platforms):
        told = pd.read_csv(io.BytesIO(files[f"{scope}.csv"])).set_index("id").change.astype(float)
        expected = recomputed(files, scope)
        for number, change in told.items():
            assert change == pytest.approx(expected[str(number)], nan_ok=True), (scope, number)


@st.composite
def nearly_whole(draw: st.DrawFn) -> Facts:
    """Two platforms over two even months with a few holes, about as many as the rules forgive."""
    holes = st.sets(st.integers(0, 30), max_size=5)
    months = []
    for month in (10, 9):
        for platform in ("facebook_page", "instagram"):
            even = a_month(platform, month=month, posts=draw(st.sampled_from([2, 10, 12])))
            out = draw(holes)
            days = {day: told for n, (day, told) in enumerate(even.days.items()) if n not in out}
            silent = draw(st.sets(st.integers(0, 11), max_size=2))
            posts = tuple(replace(p, figures={}) if n in silent else p for n, p in enumerate(even.posts))
            months.append(replace(even, days=days, posts=posts))
    return facts_of(*months[:2], before=months[2:])


@settings(max_examples=20, deadline=None)
@given(nearly_whole(), st.booleans())
def test_with_about_as_many_holes_as_are_forgiven_pandas_finds_the_same_too(facts: Facts, running: bool):
    files = report(replace(facts, over=not running)).files
    for scope in (ALL, *facts.platforms):
        told = pd.read_csv(io.BytesIO(files[f"{scope}.csv"])).set_index("id").change.astype(float)
        assert told.to_dict() == pytest.approx(recomputed(files, scope), nan_ok=True)


def test_even_months_are_compared_in_every_number_by_pandas_too():
    """What the random ones seldom are: whole."""
    facts = facts_of(a_month(), a_month("instagram"), before=[a_month(month=9), a_month("instagram", month=9)])
    files = report(facts).files
    told = pd.read_csv(io.BytesIO(files["all.csv"])).set_index("id").change.astype(float)
    assert told.to_dict() == pytest.approx(recomputed(files, ALL), nan_ok=True)
    assert set(told[told.isna()].index) == {"saves", "clicks", "followers_change"}  # nobody told those


# ---------------------------------------------------------------- the rules by example


def before_with(**changed: Any) -> Facts:
    return facts_of(a_month(), before=[replace(a_month(month=9), **changed)])


def test_a_month_is_not_compared_with_four_days_and_the_report_says_why():
    few = {day: {Metric.REACH: 60, Metric.VIEWS: 70} for day in DAYS_BEFORE[:4]}
    facts = before_with(days=few)
    line = scorecard(facts)["reach"]
    assert (line.value, line.before, line.change.absolute, line.change.relative) == (12_400, 240, None, None)
    assert line.unlike == "too few days told to compare, by Tall Timber on facebook_page"
    assert f"not compared: {line.unlike}" in line.note
    told = [gap for gap in gaps(facts) if gap.what == "change of Daily reach, summed; Views"]
    assert [gap.why for gap in told] == [f"Not compared: {line.unlike}."]
    made = report(facts)
    for text in (made.text, made.html, made.files["report.html"].decode(), made.files["report.json"].decode()):
        assert line.unlike in text
    assert line.unlike in made.files["all.csv"].decode()


@pytest.mark.parametrize(("lacking", "compared"), [(3, True), (4, False)])
def test_nine_of_ten_days_are_enough_on_either_side(lacking: int, compared: bool):
    whole = a_month(month=9)
    days = dict(list(whole.days.items())[lacking:])
    assert (scorecard(before_with(days=days))["reach"].change.absolute is not None) is compared
    now = a_month()
    short = replace(now, days=dict(list(now.days.items())[lacking:]))
    assert (scorecard(facts_of(short, before=[whole]))["reach"].change.absolute is not None) is compared


@pytest.mark.parametrize("over", [False, True])  # over since midnight: its last days are told some days later
@pytest.mark.parametrize(("late", "compared", "before"), [(1, True, 30), (3, True, 28), (8, False, 28)])
def test_days_not_told_yet_are_left_out_of_both_but_no_more_than_three(
    late: int, compared: bool, before: int, over: bool
):
    month = a_month()
    now = replace(month, days=dict(list(month.days.items())[:-late]))
    facts = replace(facts_of(now, before=[a_month(month=9)]), over=over)
    line = scorecard(facts)["reach"]
    assert (line.before, line.change.absolute) == (400 * before, 0 if compared else None)


def test_one_account_with_few_days_keeps_the_sum_of_all_from_being_compared_but_not_the_others():
    few = replace(a_month("instagram", month=9), days={DAYS_BEFORE[0]: {Metric.REACH: 1}})
    facts = facts_of(a_month(), a_month("instagram"), before=[a_month(month=9), few])
    assert scorecard(facts)["reach"].change.absolute is None
    assert scorecard(facts, "instagram")["reach"].change.absolute is None
    assert scorecard(facts, "facebook_page")["reach"].change.absolute == 0


def test_where_nothing_is_known_of_the_period_before_our_own_numbers_are_missing_there_and_not_0():
    card = scorecard(facts_of(replace(a_month(), counted_from=DAYS[0])))
    for number in ("posts", "answers", "judged", "hidden", "queued", "overruled"):
        assert card[number].value is not None
        assert (card[number].before, card[number].change.absolute) == (None, None), number


def test_a_period_before_that_is_known_only_from_its_middle_is_not_compared():
    days = {day: {Metric.REACH: 5} for day in DAYS_BEFORE[15:]}
    later = START - timedelta(days=3)
    posts = tuple(a_post(f"b{n}", at=later, reach=100, reactions=4, comments=1, shares=1) for n in range(5))
    answers = tuple(replace(an_answer(60, id=f"c{n}"), answered_at=later) for n in range(5))
    card = scorecard(before_with(days=days, posts=posts, responses=answers, counts={}))
    for number in ("posts", "engagements", "reactions"):
        assert card[number].unlike == f"the period before is known only from {DAYS_BEFORE[15]}", number
    assert card["engagement_rate"].change.absolute is not None  # a ratio needs no whole period
    assert card["response_time"].change.absolute is not None


def heard_from(day: str, **more: Any) -> Facts:
    """Two even months with posts and figures; messages are counted from this day on, 40 a day."""
    counts = {
        each: {"messages": 40, "action.allow": 30, "action.hide": 10} for each in (*DAYS_BEFORE, *DAYS) if each >= day
    }
    heard: dict[str, Any] = {"counts": counts, "counted_from": day, **more}
    return facts_of(replace(a_month(), **heard), before=[replace(a_month(month=9), **heard)])


COUNTED = ("answers", "judged", "hidden", "queued", "overruled")


def test_messages_known_from_the_end_of_the_period_before_are_not_compared_though_posts_were_known_all_the_time():
    facts = heard_from(DAYS_BEFORE[-2])
    card = scorecard(facts)
    assert (card["judged"].value, card["judged"].before) == (40 * 31, 80)
    for number in COUNTED:
        assert card[number].change == f.Change(None, None, immaterial=False), number
        why = f"messages of Tall Timber on facebook_page are counted only from {DAYS_BEFORE[-2]}"
        assert card[number].unlike == why
    assert card["posts"].change.absolute == 0
    told = [gap.what for gap in gaps(facts) if gap.what.startswith("change of First answers; Messages judged")]
    assert len(told) == 1


@pytest.mark.parametrize(("begun", "compared"), [(3, True), (4, False)])
def test_messages_counted_from_within_a_tenth_of_the_period_before_are_compared(begun: int, compared: bool):
    card = scorecard(heard_from(DAYS_BEFORE[begun]))
    for number in COUNTED:
        assert (card[number].change.absolute is not None) is compared, number


def test_one_account_whose_messages_came_later_keeps_the_sum_of_all_from_being_compared_but_not_the_others():
    old, new = heard_from("2026-01-05"), replace(a_month("instagram"), counts={}, counted_from=DAYS[3])
    facts = facts_of(*old.accounts, new, before=[*old.before, replace(new, days={}, posts=(), responses=())])
    assert scorecard(facts)["judged"].unlike == f"messages of {new.account.name} are counted only from {DAYS[3]}"
    assert scorecard(facts, "facebook_page")["judged"].change.absolute == 0
    assert scorecard(facts, "instagram")["judged"].before is None
    assert [gap.what for gap in gaps(facts) if gap.what.startswith("messages")] == [
        f"messages of {new.account.name} before {DAYS[3]}"
    ]


def test_before_the_first_message_of_an_account_its_counts_are_missing_in_card_and_file_and_not_0():
    silent = replace(a_month(), counts={}, responses=(), counted_from="")
    facts = facts_of(silent, before=[replace(a_month(month=9), counts={}, responses=())])
    for number in COUNTED:
        line = scorecard(facts)[number]
        assert (line.value, line.note) == (None, "no message was counted yet"), number
    assert [gap.why for gap in gaps(facts) if gap.what == "messages"] == [
        "None was counted up to the end of the period."
    ]
    days = pd.read_csv(io.BytesIO(report(heard_from(DAYS[2])).files["days.csv"])).set_index("day").judged
    assert days[DAYS_BEFORE].isna().all()
    assert days[DAYS[:4]].isna().tolist() == [True, True, False, False]


def test_a_contact_form_that_tells_nothing_by_day_is_compared_where_its_messages_were_counted_before():
    counts = {DAYS[9]: {"messages": 3, "action.allow": 3}}
    counted: dict[str, Any] = {"counts": counts, "days": {}, "posts": (), "responses": ()}
    then = counted | {"counts": {DAYS_BEFORE[20]: {"messages": 2, "action.allow": 2}}}
    now = replace(a_month(), **counted)
    assert scorecard(facts_of(now, before=[replace(now, **then)]))["judged"].change.absolute == 1


def test_sums_over_posts_need_the_figure_of_nine_in_ten_posts_of_those_who_tell_it():
    posts = list(a_month(month=9, posts=10).posts)
    one = [replace(posts[0], figures={Metric.REACH: 1000}), *posts[1:]]
    two = [replace(post, figures={Metric.REACH: 1000}) for post in posts[:2]] + posts[2:]
    now = a_month(posts=10)
    assert scorecard(facts_of(now, before=[a_month(month=9, posts=tuple(one))]))["reactions"].change.absolute == 50
    card = scorecard(facts_of(now, before=[a_month(month=9, posts=tuple(two))]))
    assert card["reactions"].unlike == "told of too few posts before to compare, by Tall Timber on facebook_page"
    assert card["engagements"].unlike


def test_rates_and_times_need_three_things_on_each_side():
    two = a_month(month=9, posts=2, responses=(an_answer(60), an_answer(70, id="c2")))
    card = scorecard(facts_of(a_month(), before=[two]))
    assert card["engagement_rate"].unlike == "fewer than 3 posts before"
    for number in ("response_time", "response_time_p90", "in_time"):
        assert card[number].unlike == "fewer than 3 answers before"
    assert card["posts"].change.absolute == 4


def test_followers_read_a_week_before_the_end_of_the_month_are_not_those_of_its_end():
    early = {day: {Metric.REACH: 400, Metric.FOLLOWERS: 4000} for day in DAYS_BEFORE[:-7]}
    line = scorecard(before_with(days=early))["followers"]
    assert (line.value, line.before, line.change.absolute) == (5000, 4000, None)
    assert line.unlike == "the readings do not lie a period apart, by Tall Timber on facebook_page"


def test_an_account_is_named_with_its_platform_where_another_bears_its_name():
    few = {"days": {DAYS_BEFORE[0]: {Metric.REACH: 1}}}
    months = [a_month(each, month=month) for month in (10, 9) for each in ("facebook_page", "instagram")]
    same = [replace(one, account=replace(one.account, name="Tall Timber")) for one in months]
    facts = facts_of(*same[:2], before=[same[2], replace(same[3], **few)])
    assert scorecard(facts)["reach"].unlike == "too few days told to compare, by Tall Timber (Instagram)"
