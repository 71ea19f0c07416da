"""A report says what is known, what is missing and what follows; the same facts give the same bytes."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard import present_measures as show
from herald.measure import figures as f
from herald.measure.advice import PROMISE, Finding, NoFinding, advise
from herald.measure.markup import link, tag
from herald.measure.report import period_name, report, shown, shown_change
from herald.measure.scorecard import ALL, Facts, gaps, scorecard
from herald.model import Metric
from herald.plain import clean, sheet
from tests.support.figures import (
    DAYS,
    START,
    TOLD,
    a_month,
    a_post,
    an_account,
    an_answer,
    facts_of,
    random_facts,
    some_facts,
)

HOSTILE = "<img src=x onerror=alert(1)>\"'&</title><script>\u202eevil"


# ---------------------------------------------------------------- bytes


@settings(max_examples=25, deadline=None)
@given(random_facts())
def test_the_same_facts_give_the_same_bytes_and_a_file_for_each_platform(facts: Facts):
    made = report(facts)
    assert made == report(facts)
    csvs = {"all.csv", "days.csv", "posts.csv", "answers.csv", *(f"{platform}.csv" for platform in facts.platforms)}
    assert set(made.files) == {"report.html", "report.json", *csvs}


def test_what_was_put_into_dicts_in_another_order_gives_the_same_bytes():
    facts = some_facts()
    accounts = tuple(
        replace(
            one,
            days={day: dict(reversed(one.days[day].items())) for day in reversed(one.days)},
            counts=dict(reversed(one.counts.items())),
        )
        for one in facts.accounts
    )
    assert report(replace(facts, accounts=accounts)) == report(facts)


# ---------------------------------------------------------------- the page


class Page(HTMLParser):
    """What a reader program would find: elements in order, tables with their headings, text, addresses."""

    VOID = frozenset({"meta"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.seen if name == tag]

    @property
    def text(self) -> str:
        return " ".join(self.words)


def page_of(facts: Facts) -> Page:
    return Page(report(facts).files["report.html"].decode())


@settings(max_examples=15, deadline=None)
@given(random_facts())
def test_the_page_is_well_formed_names_its_language_and_loads_nothing(facts: Facts):
    page = page_of(facts)
    assert page.open == []
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == 1
    assert not {name for name, _ in page.seen} & {"script", "img", "link", "iframe", "object", "form", "base"}
    for name, attributes in page.seen:
        assert not any(key in ("src", "srcset", "style") or key.startswith("on") for key in attributes), name
    assert "url(" not in report(facts).files["report.html"].decode()


def test_every_table_has_a_caption_and_headings_and_every_chart_an_alternative_and_a_table():
    page = page_of(some_facts())
    assert len(page.all("caption")) == len(page.all("table")) > 5
    assert all(heading.get("scope") in ("col", "row") for heading in page.all("th"))
    charts = page.all("svg")
    assert len(charts) == 2
    assert all(chart["role"] == "img" and len(chart["aria-label"] or "") > 20 for chart in charts)
    assert len(page.all("details")) == len(charts)


def test_no_text_from_outside_becomes_markup():
    account = replace(an_account(), name=HOSTILE)
    month = a_month(posts=0)
    posts = tuple(
        a_post(f"p{n}", title=HOSTILE, url='javascript:alert(1)//"', reach=10, reactions=1) for n in range(3)
    )  # fmt: skip
    answers = tuple(an_answer(n, met=False, type=HOSTILE, id=f"c{n}") for n in range(40))
    facts = facts_of(replace(month, account=account, posts=posts, responses=answers))
    made = report(facts)
    page = Page(made.files["report.html"].decode())
    assert not page.all("img")
    assert not page.all("script")
    assert not page.all("a")
    assert "<img src=x onerror=alert(1)>" in page.text
    assert "\u202e" not in made.files["report.html"].decode()
    assert not Page(made.html).all("img")


def test_only_web_addresses_become_links():
    assert 'href="https://a.example/p?x=1&amp;y=2"' in link("https://a.example/p?x=1&y=2", "Post")
    for address in (
        "javascript:x",
        "data:text/html,x",
        "//a.example",
        "https://",
        "http://u:p@a.example/",
        "https://[",
    ):
        assert link(address, "<b>") == "&lt;b&gt;"


@given(st.text())
def test_text_and_attributes_come_out_of_the_markup_as_they_went_in(words: str):
    page = Page(tag("p", words, title=words))
    assert page.all("p") == [{"title": clean(words)}]
    assert "".join(page.words) == clean(words)


def test_a_name_of_an_element_cannot_carry_markup():
    with pytest.raises(ValueError, match="no name"):
        tag("p onclick=x")


@pytest.mark.parametrize("facts", [some_facts(), facts_of(a_month(posts=0, days={}, responses=(), counts={}))])
def test_the_report_states_period_zone_and_every_definition(facts: Facts):
    text = " ".join(page_of(facts).text.split())
    assert "October 2026" in text
    assert "2026-10-01 00:00" in text
    assert "2026-11-01 00:00 UTC" in text
    for one in f.DEFINITIONS:
        assert one.label in text
        assert one.formula in text


# ---------------------------------------------------------------- files


def rows_of(data: bytes) -> list[dict[str, str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_no_cell_of_text_can_be_run_by_a_spreadsheet_and_nothing_else_is_changed(cells: list[str]):
    data = sheet([("id", *cells)]).decode("utf-8-sig")
    assert data.endswith("\r\n")
    (row,) = list(csv.reader(io.StringIO(data, newline="")))
    for cell, given_ in zip(row[1:], cells, strict=True):
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\0"))
        assert cell in (clean(given_), f"'{clean(given_)}")


@pytest.mark.parametrize("text", [
    "=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "  =1", "＝1+1", "\n@x", "\x1b@x", "\u200b=1", "\ufeff+1", "\u2060 @x",
])  # fmt: skip
def test_a_cell_that_looks_like_a_formula_is_text(text: str):
    assert sheet([("id", text)]).decode("utf-8-sig").split(",")[1].startswith("'")


def test_true_numbers_stay_numbers_below_nought_too_and_missing_is_empty():
    assert sheet([("a", -5, 0, 0.25, None, "x")]) == b"\xef\xbb\xbfa,-5,0,0.25,,x\r\n"


def reach_by_day(days: pd.DataFrame, period: str) -> float:
    """The sum of a period; of the one before, without as many days as are not told yet at the end of this one."""
    left = []
    for _, rows in days.groupby("account"):
        now = rows[rows.period == "this"].sort_values("day").reach.astype(float)
        late = min(int(now.isna()[::-1].cumprod().sum()), 3) if now.notna().any() and period == "before" else 0
        told = rows[rows.period == period].sort_values("day").reach.astype(float)
        left.append(told.iloc[: len(told) - late])
    return float(pd.concat(left).sum(min_count=1))


@settings(max_examples=25, deadline=None)
@given(random_facts())
def test_the_numbers_can_be_recomputed_by_pandas_from_the_files(facts: Facts):
    files = report(facts).files
    told = pd.read_csv(io.BytesIO(files["all.csv"])).set_index("id")
    posts = pd.read_csv(io.BytesIO(files["posts.csv"]))
    days = pd.read_csv(io.BytesIO(files["days.csv"]))
    answers = pd.read_csv(io.BytesIO(files["answers.csv"]))
    for period, column in (("this", "value"), ("before", "before")):
        mine = posts[posts.period == period]
        known = scorecard(facts)["posts"].before is not None or period == "this"  # tests/unit/test_measure_comparison
        rated = mine.dropna(subset=["reach", "engagements"])
        reach = rated.reach.sum()
        expected = {
            "posts": len(mine) if known else float("nan"),
            "engagement_rate": rated.engagements.sum() / reach if reach else float("nan"),
            "reach": reach_by_day(days, period),
            "judged": days[days.period == period].judged.sum(min_count=1),
            "response_time": answers[answers.period == period].open_waited.median(),
        }
        for id, value in expected.items():
            assert told.loc[id, column] == pytest.approx(value, nan_ok=True), (period, id)


@settings(max_examples=15, deadline=None)
@given(random_facts())
def test_page_files_and_json_tell_the_same_numbers(facts: Facts):
    made = report(facts)
    document = json.loads(made.files["report.json"])
    for scope in (ALL, *facts.platforms):
        rows = {row["id"]: row for row in rows_of(made.files[f"{scope}.csv"])}
        for id, line in scorecard(facts, scope).items():
            assert document["numbers"][scope][id]["value"] == line.value
            assert rows[id]["value"] == ("" if line.value is None else str(line.value))
            assert shown(id, line.value) in made.files["report.html"].decode()


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(("id", "value", "words"), [
    ("engagement_rate", 0.0419, "4.19 %"), ("reach", 1234567, "1,234,567"), ("reach", None, "missing"),
    ("reach", 0, "0"), ("response_time", 59.6, "60 s"), ("response_time", 1440, "24 min"),
    ("response_time", 7199, "2 h 00 min"), ("followers_change", -12, "−12"),
])  # fmt: skip
def test_a_number_is_shown_in_its_unit(id: str, value: float | None, words: str):
    assert shown(id, value) == words


@pytest.mark.parametrize(("id", "change", "words"), [
    ("engagement_rate", f.compare(0.045, 0.0419, rate=True), "+0.31 points"),
    ("reach", f.compare(1126, 1000), "+12.6 % (+126)"), ("reach", f.compare(900, 1000), "−10.0 % (−100)"),
    ("reach", f.compare(5, 0), "+5"), ("reach", f.compare(5, None), "not comparable"),
    ("response_time", f.compare(1440, 1800), "−20.0 % (−6 min)"), ("posts", f.compare(3, 3), "none"),
    ("shares", f.compare(104, 95), "+9.5 % (+9)"), ("in_time", f.compare(0.8, 0.9, rate=True), "−10.00 points"),
])  # fmt: skip
def test_a_change_is_shown_with_its_sign(id: str, change: f.Change, words: str):
    assert shown_change(id, change) == words


def test_a_whole_month_is_called_by_its_name():
    assert period_name("2026-10-01", "2026-10-31") == "October 2026"
    assert period_name("2026-10-01", "2026-10-30") == "1 October 2026 to 30 October 2026"
    assert period_name("2026-10-05", "2026-10-05") == "5 October 2026"


# ---------------------------------------------------------------- what is missing


def told_of(facts: Facts) -> str:
    return "\n".join(f"{gap.scope}: {gap.what}: {gap.why}" for gap in gaps(facts))


def test_what_a_platform_does_not_tell_is_named_and_not_called_unread():
    told = told_of(facts_of(a_month(), a_month("mastodon", days={}, posts=())))
    assert "mastodon: reach, views, saves and clicks: Mastodon does not tell them" in told
    assert "daily reach of Tall Timber on mastodon" not in told
    assert "facebook_page: saves: Facebook does not tell" in told


def test_days_that_were_not_read_are_listed_as_spans():
    days = {day: {Metric.REACH: 5, Metric.VIEWS: 5} for day in DAYS if day not in ("2026-10-04", "2026-10-05")}
    told = told_of(facts_of(a_month(days=days)))
    assert "reach and views of Tall Timber on facebook_page on 2026-10-04 to 2026-10-05: No figure was read." in told
    assert "followers of Tall Timber" in told


def test_the_last_days_of_a_period_that_runs_are_not_told_yet_and_older_ones_were_not_read():
    days = {day: {Metric.REACH: 5, Metric.VIEWS: 5} for day in DAYS[:8]}
    running = replace(facts_of(a_month(days=days)), until_day="2026-10-10", over=False)
    assert "on 2026-10-09 to 2026-10-10: Not told yet" in told_of(running)
    assert "on 2026-10-09 to 2026-10-20: No figure was read" in told_of(replace(running, until_day="2026-10-20"))


def test_a_platform_that_never_told_a_day_it_could_tell_is_named_with_all_days():
    told = told_of(facts_of(a_month(days={})))
    assert "reach and views of Tall Timber on facebook_page on 2026-10-01 to 2026-10-31: No figure was read" in told


def test_posts_without_figures_are_counted():
    posts = (a_post("a", reach=5, reactions=1), a_post("b"))
    told = told_of(facts_of(a_month(posts=posts)))
    assert "reach and reactions of 1 of 2 posts of Tall Timber" in told
    assert "comments, shares and clicks of 2 of 2 posts of Tall Timber" in told


def test_a_platform_without_any_figure_says_so_once():
    form = f.AccountFacts(an_account("webhook", "form"), counted_from="2026-01-05")
    told = [gap for gap in gaps(facts_of(a_month(), form)) if gap.scope == "webhook"]
    assert [gap.what for gap in told] == ["every figure of the platform"]


def test_the_same_accounts_over_whole_periods_are_compared_without_a_note():
    line = scorecard(facts_of(a_month(), before=[a_month(month=9)]))["reach"]
    assert (line.value, line.before, line.note, line.change.absolute) == (12400, 12400, "", 0)


def test_cost_is_said_to_be_unknown_and_no_number_is_made_of_it():
    told = told_of(some_facts())
    assert "Not known is not 0" in told
    assert not {"cost", "roi", "roas"} & {one.id for one in f.DEFINITIONS}


def test_a_period_that_still_runs_is_compared_with_as_many_days_as_have_begun():
    facts = replace(some_facts(), until_day="2026-10-10", over=False)
    assert (len(facts.days), facts.days_before[0], facts.days_before[-1]) == (10, "2026-09-21", "2026-09-30")
    assert "not over" in told_of(facts)
    assert "Not over yet" in page_of(facts).text


# ---------------------------------------------------------------- advice


def found(facts: Facts, id: str) -> Finding | NoFinding:
    return next(one for one in advise(facts) if one.id == id)


def test_a_platform_clearly_ahead_is_recommended_with_its_evidence():
    facts = facts_of(a_month(rate=0.02), a_month("instagram", rate=0.06))
    one = found(facts, "best_platform")
    assert isinstance(one, Finding)
    assert one.seen == "Instagram has the best engagement rate by reach."
    assert one.n == 12
    assert "6.00 % (360 of 6,000, 6 posts, 95 % interval 5.43 % to 6.63 %)" in one.evidence
    assert "fewer for Facebook" in one.do


def test_platforms_are_compared_by_the_parts_that_all_of_them_tell():
    posts = a_month(rate=0.02).posts
    clicked = tuple(replace(post, figures=post.figures | {Metric.CLICKS: 500}) for post in posts)
    facts = facts_of(a_month(posts=clicked), a_month("instagram", rate=0.06))
    one = found(facts, "best_platform")
    assert scorecard(facts, "facebook_page")["engagement_rate"].value == pytest.approx(0.52)
    assert isinstance(one, Finding)
    assert one.seen.startswith("Instagram")


@pytest.mark.parametrize("accounts", [
    (a_month(rate=0.02, posts=4), a_month("instagram", rate=0.06)),  # too few posts
    (a_month(rate=0.050), a_month("instagram", rate=0.052)),  # too close
    (a_month(rate=0.02), a_month("mastodon", rate=0.06, reach=0)),  # no reach
])  # fmt: skip
def test_without_enough_evidence_no_platform_is_recommended_and_it_is_said_why(accounts: tuple[f.AccountFacts, ...]):
    one = found(facts_of(*accounts), "best_platform")
    assert isinstance(one, NoFinding)
    assert one.why.endswith(".")


def test_one_lucky_post_makes_no_advice():
    lucky = a_post("lucky", "instagram:1", reach=1000, reactions=600, comments=0, shares=0)
    posts = (*a_month("instagram", rate=0.02, posts=5).posts, lucky)
    one = found(facts_of(a_month(rate=0.03), a_month("instagram", posts=posts)), "best_platform")
    assert isinstance(one, NoFinding)
    assert "single post" in one.why


def test_a_kind_of_message_that_is_answered_late_is_found():
    answers = [an_answer(60, id=f"q{n}") for n in range(20)]
    answers += [an_answer(9000, met=n < 4, type="complaint", id=f"k{n}") for n in range(12)]
    one = found(facts_of(a_month(responses=tuple(answers))), "slow_answers")
    assert isinstance(one, Finding)
    assert "type complaint" in one.seen
    assert one.evidence.startswith("4 of 12 first answers of type complaint were in time")
    assert "20 of 20 of all others" in one.evidence


def test_answers_are_called_late_only_where_chance_does_not_explain_it():
    few = tuple(an_answer(60, met=n < 7, id=f"c{n}") for n in range(8))  # 7 of 8: below nine of ten, but too few
    assert isinstance(found(facts_of(a_month(responses=few)), "slow_answers"), NoFinding)
    many = tuple(an_answer(60, met=n < 60, id=f"c{n}") for n in range(100))
    assert isinstance(found(facts_of(a_month(responses=many)), "slow_answers"), Finding)
    assert PROMISE > 0.6


def test_a_rate_that_moved_is_found_over_what_both_periods_have():
    one = found(facts_of(a_month(rate=0.02), before=[a_month(rate=0.06, month=9)]), "rate_moved")
    assert isinstance(one, Finding)
    assert "fell" in one.seen
    assert isinstance(found(facts_of(a_month(), before=[a_month(month=9)]), "rate_moved"), NoFinding)
    other = [a_month(posts=0), replace(a_month("instagram", month=9))]
    unlike = facts_of(a_month(rate=0.02), a_month("instagram", posts=0), before=[a_month(posts=0, month=9), other[1]])
    assert isinstance(found(unlike, "rate_moved"), NoFinding)


def test_a_rate_that_rose_only_because_the_mix_of_platforms_changed_is_not_called_better():
    few, many = a_month("instagram", rate=0.10, posts=2, month=9), a_month("instagram", rate=0.09, posts=12)
    facts = facts_of(a_month(rate=0.01, posts=5), many, before=[a_month(rate=0.012, posts=12, month=9), few])
    card = scorecard(facts)["engagement_rate"]
    assert card.change.absolute is not None
    assert card.change.absolute > 0.02
    one = found(facts, "rate_moved")
    assert isinstance(one, NoFinding)
    assert "not on every platform" in one.why


def test_where_nothing_can_be_recommended_the_report_says_so_and_why():
    empty = facts_of(a_month(posts=0, days={}, responses=(), counts={}))
    assert all(isinstance(one, NoFinding) for one in advise(empty))
    text = page_of(empty).text
    assert "Nothing can be recommended from this period" in text
    assert "It takes" in text or "it takes" in text
    assert "Nothing can be recommended" in report(empty).text


@settings(max_examples=25, deadline=None)
@given(random_facts())
def test_every_finding_carries_evidence_a_sample_an_owner_and_a_number_to_watch(facts: Facts):
    for one in advise(facts):
        if isinstance(one, Finding):
            assert one.n > 0
            assert re.search(r"\d", one.evidence)
            assert one.check in f.BY_ID
        else:
            assert one.why


def test_a_silent_platform_is_known_by_what_it_tells():
    assert Metric.REACH not in TOLD["mastodon"]
    later = a_post("late", at=START + timedelta(days=2), reactions=3)
    card = scorecard(facts_of(a_month("mastodon", days={}, posts=(later,))))
    assert card["reach"].value is None
    assert card["engagement_rate"].value is None
    assert card["engagements"].value == 3


# ---------------------------------------------------------------- several accounts of a platform


def two_pages() -> Facts:
    """The second page was connected on the 11th: until then only the first told its days."""
    late = {day: {Metric.REACH: 1000} for day in DAYS[10:]}
    second = replace(a_month(days=late, posts=()), account=an_account(id="2"))
    return facts_of(a_month(), second, a_month("instagram"))


def test_the_platform_that_reached_most_is_told_with_the_reach_of_all_its_days():
    facts = two_pages()
    whole = scorecard(facts, "facebook_page")["reach"].value
    assert whole == 31 * 400 + 21 * 1000
    page = report(facts).files["report.html"].decode()
    assert f"Facebook reached most: {whole:,} over the period." in page
    assert "33.4K over the period." in show.reach_alt(facts, show.reach_series(facts))


def test_an_account_of_which_no_day_was_read_counts_among_the_days_that_are_missing():
    unread = replace(a_month(days={}), account=an_account(id="2"))
    line = scorecard(facts_of(a_month(), unread))["reach"]
    assert (line.n, line.of, line.note) == (31, 62, "days missing: 31 of 62")
    line = scorecard(facts_of(unread))["reach"]
    assert (line.value, line.n, line.of, line.note) == (None, 0, 31, "days missing: 31 of 31")
    assert scorecard(facts_of(a_month("mastodon", days={})))["reach"].note == "not told by any platform here"


def test_the_sum_before_says_that_it_leaves_out_days_not_told_yet():
    now = a_month(days={day: {Metric.REACH: 400} for day in DAYS[:-2]})
    facts = replace(facts_of(now, before=[a_month(month=9)]), over=False)
    line = scorecard(facts)["reach"]
    assert (line.value, line.before) == (29 * 400, 29 * 400)
    assert line.note == "days missing: 2 of 31; before: without its last 2 days, not told yet here"
