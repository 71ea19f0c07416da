"""The facts of a period are read as they stood at its end; the command line makes files of them, and mail."""

from __future__ import annotations

import io
import itertools
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from herald import cli, runtime
from herald.errors import Unknown, Unsupported
from herald.flows.report import gather, send
from herald.measure.figures import engagement_rate, followers
from herald.measure.report import report
from herald.measure.scorecard import Facts, scorecard
from herald.model import Act, Counted, Metric, New, Post, Response, Snapshot, Target, TargetState
from herald.ports import Capabilities
from tests.support.world import ACCOUNT, BRAND, MUTE, Clock, Wall, World, a_world

LATER = datetime(2026, 11, 18, 1, tzinfo=UTC)
TELLS = Capabilities(frozenset({Act.PUBLISH}), 8000, 60, metrics=frozenset(Metric) - {Metric.SAVES})
START, END = datetime(2026, 9, 30, 14, tzinfo=UTC), datetime(2026, 10, 31, 13, tzinfo=UTC)  # October in Sydney


def october(world: World, now: datetime = LATER) -> Facts:
    return gather(world.herald, BRAND, "2026-10-01", "2026-10-31", now)


def page(facts: Facts) -> Any:
    return next(one for one in facts.accounts if one.account.id == ACCOUNT.id)


def a_telling_world() -> World:
    return a_world(wall=Wall(capabilities=TELLS), clock=Clock(LATER))


def published(world: World, id: str, at: datetime, *, state: TargetState = TargetState.PUBLISHED) -> str:
    """A post that stands on the page since `at`; returns its id there."""
    local = at.strftime("%Y-%m-%dT%H:%M")
    target = Target(
        id, ACCOUNT.id, BRAND, local, "UTC", at, state, external_id=f"x-{id}", url=f"https://page.example/{id}",
        published_at=at,
    )  # fmt: skip
    world.store.commit([New(Post(id, BRAND, "ana", f"Title {id}", "Words", at)), New(target)])
    return target.external_id


def read(post: str, metric: Metric, value: int, at: datetime) -> Snapshot:
    return Snapshot(ACCOUNT.id, metric, value, at, post=post)


def of_day(day: str, metric: Metric, value: int, at: datetime = LATER) -> Snapshot:
    return Snapshot(ACCOUNT.id, metric, value, at, day=day)


# ---------------------------------------------------------------- reading


def test_a_period_is_whole_days_of_the_accounts_own_zone():
    world = a_telling_world()
    for id, at in [
        ("before", START - timedelta(seconds=1)), ("first", START), ("last", END - timedelta(seconds=1)),
        ("after", END),
    ]:  # fmt: skip
        published(world, id, at)
        world.store.commit([Response(ACCOUNT.id, f"case-{id}", "question", at, 60, 60, True)])
    facts = october(world)
    assert [post.post_id for post in page(facts).posts] == ["first", "last"]
    assert [answer.case_id for answer in page(facts).responses] == ["case-first", "case-last"]
    earlier = next(one for one in facts.before if one.account.id == ACCOUNT.id)
    assert [post.post_id for post in earlier.posts] == ["before"]
    assert (facts.zone, facts.as_of, facts.over) == ("Australia/Sydney", END, True)


def test_a_posts_figures_are_those_read_last_before_the_end_however_often_it_was_read():
    world = a_telling_world()
    post = published(world, "p", START + timedelta(days=2))
    for hours in range(0, 24 * 45, 7):
        at = START + timedelta(days=2, hours=hours)
        world.store.keep([read(post, Metric.REACH, 1000 + hours, at), read(post, Metric.REACTIONS, hours, at)])
    world.store.keep([read(post, Metric.SHARES, 9, END + timedelta(days=3))])  # told only later
    last = max(hours for hours in range(0, 24 * 45, 7) if START + timedelta(days=2, hours=hours) <= END)
    assert page(october(world)).posts[0].figures == {Metric.REACH: 1000 + last, Metric.REACTIONS: last}


def test_a_figure_read_once_long_before_the_end_is_found():
    world = a_telling_world()
    post = published(world, "p", START)
    world.store.keep([read(post, Metric.REACH, 77, START + timedelta(minutes=1))])
    world.store.keep([read(post, Metric.REACTIONS, 5, END + timedelta(days=1))])
    assert page(october(world)).posts[0].figures == {Metric.REACH: 77}


def a_busy_brand(posts: int) -> tuple[World, list[dict[str, Any]]]:
    """Three accounts that published all of October, whose posts were read on until today; and the facts as told."""
    walls = [Wall("mastodon", TELLS), Wall("bluesky", TELLS)]
    world = a_world(wall=Wall(capabilities=TELLS), clock=Clock(LATER), walls=walls)
    accounts = (ACCOUNT.id, "mastodon:page", "bluesky:page")
    told: list[dict[str, Any]] = []
    for n in range(posts):
        account, at = accounts[n % 3], START + timedelta(hours=6 * n)
        target = Target(
            f"p{n}", account, BRAND, at.strftime("%Y-%m-%dT%H:%M"), "UTC", at, TargetState.PUBLISHED,
            external_id=f"x{n}", published_at=at,
        )  # fmt: skip
        world.store.commit([New(Post(f"p{n}", BRAND, "ana", "", "Words", at)), New(target)])
        for hours in (1, 12, 30, 54, 80, 170, 320, 470, 620):
            read_at = at + timedelta(hours=hours)
            if read_at <= LATER:
                for metric in (Metric.REACH, Metric.SHARES):
                    world.store.keep([Snapshot(account, metric, 10 * n + hours, read_at, post=f"x{n}")])
                    told.append({"post": f"x{n}", "at": read_at, "metric": str(metric), "value": 10 * n + hours})
    return world, told


def counting(world: World, patch: pytest.MonkeyPatch) -> list[str]:
    """The partitions that are asked for from here on, one entry a query."""
    asked: list[str] = []
    query = world.db.query

    def counted(table: str, pk: str, **more: Any) -> Any:
        asked.append(pk)
        return query(table, pk, **more)

    patch.setattr(world.db, "query", counted)
    return asked


def test_however_many_posts_were_read_since_a_report_takes_a_few_queries_an_account(monkeypatch: pytest.MonkeyPatch):
    counted: dict[int, int] = {}
    for posts in (30, 120):
        world, told = a_busy_brand(posts)
        with monkeypatch.context() as patch:
            asked = counting(world, patch)
            facts = october(world)
        counted[posts] = len(asked)
        raw = pd.DataFrame(told).sort_values("at", kind="stable")
        newest = raw[raw["at"] < END].groupby(["post", "metric"]).value.last().unstack()
        figures = {post.external_id: post.figures for one in facts.accounts for post in one.posts}
        assert len(figures) == posts
        for post, row in newest.iterrows():
            assert figures[str(post)] == {Metric(name): value for name, value in row.dropna().items()}, post
    assert counted[120] <= 60
    assert counted[120] <= counted[30] + 6


def test_a_figure_read_at_the_very_end_of_a_period_is_of_the_next():
    world = a_telling_world()
    post = published(world, "p", START)
    world.store.keep([read(post, Metric.REACH, 1, END - timedelta(milliseconds=1)), read(post, Metric.REACH, 2, END)])
    assert page(october(world)).posts[0].figures == {Metric.REACH: 1}


def test_readings_that_come_in_any_order_leave_the_same_figures_of_the_day():
    readings = [
        read("x-p", metric, value, START + timedelta(hours=hours))
        for metric, value, hours in [
            (Metric.REACH, 5, 1), (Metric.SHARES, 1, 1), (Metric.REACH, 9, 5), (Metric.REACTIONS, 3, 2),
        ]
    ]  # fmt: skip
    seen = set()
    for order in itertools.permutations(readings):
        world = a_telling_world()
        for one in order:
            world.store.keep([one])
        world.store.keep(readings)
        left = world.store.read_on(ACCOUNT.id, "2026-10-01", "2026-10-01")
        seen.add(tuple(sorted((one.metric, one.value) for one in left)))
    assert seen == {((Metric.REACH, 9), (Metric.REACTIONS, 3), (Metric.SHARES, 1))}


def test_what_is_read_after_the_period_does_not_change_its_report():
    world = a_telling_world()
    post = published(world, "p", START)
    world.store.keep([read(post, Metric.REACH, 77, START + timedelta(days=1)), of_day("2026-10-05", Metric.REACH, 9)])
    first = report(october(world))
    world.store.keep([read(post, Metric.REACH, 99, LATER), of_day("2026-11-05", Metric.REACH, 500)])
    published(world, "november", END + timedelta(days=1))
    assert report(october(world, LATER + timedelta(days=2))) == first
    world.store.keep([of_day("2026-10-05", Metric.REACH, 8, LATER + timedelta(days=1))])  # the platform corrects a day
    assert report(october(world)) != first


def test_posts_never_published_are_no_posts_and_those_taken_down_are():
    world = a_telling_world()
    published(world, "gone", START, state=TargetState.REMOVED)
    target = Target("draft", ACCOUNT.id, BRAND, "2026-10-03T10:00", "UTC", START + timedelta(days=2))
    world.store.commit([New(Post("draft", BRAND, "ana", "Draft", "Words", START)), New(target)])
    (post,) = page(october(world)).posts
    assert (post.post_id, post.removed, post.title, post.url) == (
        "gone",
        True,
        "Title gone",
        "https://page.example/gone",
    )


def test_a_post_due_before_the_period_and_published_in_it_counts():
    world = a_telling_world()
    post = Post("late", BRAND, "ana", "Late", "Words", START)
    target = Target(
        "late", ACCOUNT.id, BRAND, "2026-09-20T10:00", "UTC", START - timedelta(days=10), TargetState.PUBLISHED,
        external_id="x-late", published_at=START + timedelta(hours=1),
    )  # fmt: skip
    world.store.commit([New(post), New(target)])
    assert [one.post_id for one in page(october(world)).posts] == ["late"]


def test_what_the_platform_tells_comes_from_its_adapter_and_followers_from_before_the_period():
    world = a_telling_world()
    world.store.keep([of_day("2026-09-30", Metric.FOLLOWERS, 90), of_day("2026-10-31", Metric.FOLLOWERS, 100)])
    facts = october(world)
    assert page(facts).given == TELLS.metrics
    assert next(one for one in facts.accounts if one.account.id == MUTE.id).given == frozenset()
    assert scorecard(facts)["followers_change"].value == 10
    assert followers(page(facts).days, facts.days, {}).change is None


def test_counts_are_those_of_the_days_of_the_period():
    world = a_telling_world()
    world.store.commit([Counted(ACCOUNT.id, "2026-10-07", {"messages": 3, "action.allow": 2, "action.hide": 1})])
    world.store.commit([Counted(ACCOUNT.id, "2026-11-07", {"messages": 9, "action.allow": 9})])
    card = scorecard(october(world))
    assert (card["judged"].value, card["hidden"].value) == (3, 1)


def test_messages_have_a_beginning_which_is_that_of_no_figure_and_no_post():
    world = a_telling_world()
    world.store.keep([of_day("2026-09-02", Metric.REACH, 5, LATER)])
    published(world, "p", START - timedelta(days=20))
    assert page(october(world)).counted_from == ""
    world.store.commit([Counted(ACCOUNT.id, "2026-11-02", {"messages": 9, "action.allow": 9})])
    assert page(october(world)).counted_from == "", "what began later is not told of a period that is over"
    world.store.commit([Counted(ACCOUNT.id, "2026-10-07", {"messages": 3, "action.allow": 3})])
    facts = october(world)
    assert {one.counted_from for one in (page(facts), *facts.before) if one.account.id == ACCOUNT.id} == {"2026-10-07"}
    world.store.commit([Counted(ACCOUNT.id, "2026-10-07", {"messages": -3, "action.allow": -3})])
    assert page(october(world)).counted_from == ""


def test_while_a_period_runs_only_days_that_have_begun_are_counted_and_compared():
    world = a_telling_world()
    now = datetime(2026, 10, 10, 3, 0, 42, tzinfo=UTC)
    facts = october(world, now)
    assert (facts.until_day, facts.over, facts.as_of) == ("2026-10-10", False, now.replace(second=0))
    assert (facts.days_before[0], facts.days_before[-1]) == ("2026-09-21", "2026-09-30")
    post = published(world, "p", START)
    world.store.keep([read(post, Metric.REACH, 1, START), read(post, Metric.REACH, 2, now + timedelta(hours=1))])
    assert page(october(world, now)).posts[0].figures == {Metric.REACH: 1}


def test_a_period_that_has_not_begun_and_a_brand_nobody_has_are_refused_with_a_reason():
    world = a_telling_world()
    with pytest.raises(ValueError, match="has not begun"):
        gather(world.herald, BRAND, "2026-12-01", "2026-12-31", LATER)
    with pytest.raises(Unknown, match=f"there are brands {BRAND}"):
        gather(world.herald, "other", "2026-10-01", "2026-10-31", LATER)


def test_the_rate_of_the_report_is_that_of_the_raw_facts_by_pandas():
    world = a_telling_world()
    facts_told: list[dict[str, Any]] = []
    for n in range(12):
        post = published(world, f"p{n}", START + timedelta(days=2 * n))
        for day in range(3):
            at = START + timedelta(days=2 * n + day, hours=1)
            told = {Metric.REACH: 100 * n + 50 * day, Metric.REACTIONS: n + day, Metric.COMMENTS: day}
            told = {metric: value for metric, value in told.items() if (n + day) % 5 or metric is Metric.REACTIONS}
            world.store.keep([read(post, metric, value, at) for metric, value in told.items()])
            facts_told += [{"post": post, "at": at, "metric": str(m), "value": v} for m, v in told.items()]
    raw = pd.DataFrame(facts_told).sort_values("at")
    newest = raw[raw["at"] <= END].groupby(["post", "metric"]).value.last().unstack()
    newest["engagements"] = newest[["reactions", "comments"]].sum(axis=1, min_count=1)
    rated = newest.dropna(subset=["reach", "engagements"])
    rate = engagement_rate(page(october(world)).posts)
    assert (rate.above, rate.below, rate.n) == (rated.engagements.sum(), rated.reach.sum(), len(rated))
    assert rate.value == pytest.approx(rated.engagements.sum() / rated.reach.sum())


# ---------------------------------------------------------------- mail


@dataclass
class Sent:
    """A Mailer that keeps what it was given."""

    mails: list[tuple[Sequence[str], str, str, str, Mapping[str, bytes]]] = field(default_factory=list)

    def __call__(self, to: Sequence[str], subject: str, text: str, html: str, files: Mapping[str, bytes]) -> None:
        self.mails.append((to, subject, text, html, files))


def test_a_report_is_mailed_with_its_files_and_without_a_mailer_nothing_is_claimed():
    world, sent = a_telling_world(), Sent()
    made = report(october(world))
    with pytest.raises(Unsupported, match="nothing was sent"):
        send(world.herald, made, ["ana@example.com"])
    send(replace(world.herald, mail=sent), made, ["ana@example.com"])
    ((to, subject, text, html, files),) = sent.mails
    assert (to, subject) == (["ana@example.com"], "Report of tall-timber, October 2026")
    assert files == made.files
    assert "What is missing" in text
    assert "What is missing" in html


# ---------------------------------------------------------------- the command


@dataclass
class Ran:
    code: int
    out: str
    err: str


class Run:
    """`herald report` in this process, over a world in memory."""

    def __init__(self, world: World, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.world, self._capsys = world, capsys
        self.herald = world.herald
        patch.setenv("MESSAGES_TABLE", "given")
        patch.setattr(runtime, "current", lambda: self.herald)
        patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"")))

    def __call__(self, *arguments: str) -> Ran:
        code = cli.main(("report", *arguments))
        return Ran(code, *self._capsys.readouterr())


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    world = a_telling_world()
    post = published(world, "p", START)
    world.store.keep([read(post, Metric.REACH, 100, START), read(post, Metric.REACTIONS, 4, START)])
    return Run(world, monkeypatch, capsys)


def test_the_command_writes_files_and_tells_their_hashes(run: Run, tmp_path: Path):
    ran = run("--period", "2026-10", "--out", str(tmp_path / "new" / "report"))
    assert (ran.code, ran.err) == (0, "")
    line = json.loads(ran.out)
    assert (line["brand"], line["over"]) == (BRAND, True)
    assert (line["first_day"], line["last_day"]) == ("2026-10-01", "2026-10-31")
    names = {Path(file["path"]).name for file in line["files"]}
    assert {"report.html", "report.json", "all.csv", "facebook_page.csv", "webhook.csv"} <= names
    for file in line["files"]:
        data = Path(file["path"]).read_bytes()
        assert (len(data), sha256(data).hexdigest()) == (file["bytes"], file["sha256"])
    told = json.loads((tmp_path / "new" / "report" / "report.json").read_text())
    assert told["numbers"]["facebook_page"]["engagement_rate"]["value"] == 0.04


def test_the_same_facts_give_the_same_bytes_at_another_time(run: Run, tmp_path: Path):
    first = run("--period", "2026-10", "--out", str(tmp_path))
    shutil.rmtree(tmp_path)
    run.world.clock.pass_(days=3, seconds=7)
    assert run("--period", "2026-10-01..2026-10-31", "--out", str(tmp_path)).out == first.out


def test_the_command_mails_to_each_address(run: Run):
    sent = Sent()
    run.herald = replace(run.herald, mail=sent)
    ran = run("--period", "2026-W43", "--mail", "ana@example.com", "--mail", "ted@example.com")
    assert ran.code == 0
    assert json.loads(ran.out)["mailed"] == ["ana@example.com", "ted@example.com"]
    assert sent.mails[0][0] == ["ana@example.com", "ted@example.com"]


@pytest.mark.parametrize(("arguments", "code", "words"), [
    (("--period", "October", "--out", "x"), 2, "write a month 2026-10"),
    (("--period", "2026-10"), 2, "say where the report goes"),
    (("--period", "2026-10", "--mail", "ana"), 2, "no mail address"),
    (("--period", "2027-10", "--out", "x"), 2, "has not begun"),
    (("--period", "2026-10", "--brand", "other", "--out", "x"), 1, "There is no account of brand"),
    (("--period", "2026-10", "--mail", "ana@example.com"), 1, "No mail is set up"),
    (("--out", "x"), 2, "--period"),
])  # fmt: skip
def test_a_wrong_call_is_one_line_that_says_what_to_do(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, words: str
):
    monkeypatch.chdir(tmp_path)
    ran = run(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err
    assert ran.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_with_several_brands_one_must_be_named(run: Run, tmp_path: Path):
    run.world.store.save(replace(ACCOUNT, account_id="77", brand="second"))
    run.herald = replace(run.herald, store=type(run.world.store)(run.world.db))
    ran = run("--period", "2026-10", "--out", str(tmp_path))
    assert (ran.code, "second, tall-timber" in ran.err) == (2, True)
    assert run("--period", "2026-10", "--brand", BRAND, "--out", str(tmp_path)).code == 0
