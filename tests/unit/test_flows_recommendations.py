"""Recommendations end only with a measured effect, and no month's report leaves without one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from herald.errors import Refused
from herald.flows import commands as c
from herald.flows import recommendations as flow
from herald.flows.mailing import Monthly, monthly
from herald.flows.report import gather
from herald.measure.effect import number, told_in
from herald.measure.report import report
from herald.measure.scorecard import scorecard
from herald.model import Metric, Response, Snapshot
from herald.model.recommendations import Recommendation, RecommendationState
from tests.support.world import ACCOUNT, ANA, BRAND, MIA, NOON, TED, World, a_world
from tests.unit.test_flows_mailing import OLA, Post, Shelf
from tests.unit.test_flows_posts import approved, hours, run

ID = "recommend-1"


@pytest.fixture
def world() -> World:
    return a_world()


def recorded(world: World, **told: Any) -> Recommendation:
    given = {
        "seen": "Answers are late.",
        "do": "Answer before noon.",
        "evidence": "11 of 20 answers were late.",
        "n": 20,
        "measure": "posts",
        "owner": TED.id,
        "due": "2026-12-01",
    } | told
    run(world, c.RecordRecommendation(ID, BRAND, **given), MIA.id)
    return found(world)


def found(world: World) -> Recommendation:
    there = world.store.find(Recommendation, BRAND, ID)
    assert there is not None
    return there


def test_it_is_done_only_once_its_effect_is_measured_over_equal_days(world: World) -> None:
    approved(world)
    hours(world, 2)  # one post before
    recorded(world)
    with pytest.raises(Refused, match="not acted on"):
        run(world, c.MeasureEffect(ID, BRAND, 7, found(world).version), TED.id)
    world.clock.pass_(days=1)
    run(world, c.ActOnRecommendation(ID, BRAND, "A rota.", f"{world.clock():%Y-%m-%d}", found(world).version), TED.id)
    assert [each.id for each in flow.unmeasured(BRAND, world.herald)] == [ID]
    world.clock.pass_(days=7)
    with pytest.raises(Refused, match="not over yet"):
        run(world, c.MeasureEffect(ID, BRAND, 7, found(world).version), TED.id)
    world.clock.pass_(days=1)
    run(world, c.MeasureEffect(ID, BRAND, 7, found(world).version), TED.id)
    effect = found(world).effect
    assert effect is not None
    assert (effect.before, effect.after, effect.days) == ("1.0", "0.0", 7)
    assert found(world).state is RecommendationState.MEASURED
    assert flow.unmeasured(BRAND, world.herald) == []
    assert [each.id for each in flow.of_month(BRAND, "2026-10", world.herald)] == [ID]


def test_a_number_that_is_missing_is_told_as_missing_never_as_0(world: World) -> None:
    recorded(world, measure="reach")
    run(world, c.ActOnRecommendation(ID, BRAND, "Done.", "2026-11-18", 1), TED.id)
    world.clock.pass_(days=9)
    run(world, c.MeasureEffect(ID, BRAND, 7, 2), TED.id)
    effect = found(world).effect
    assert effect is not None
    assert (effect.before, effect.after) == ("", "")
    assert "before and after" in effect.why


@pytest.mark.parametrize(
    "wrong",
    [
        {"measure": "fame"},
        {"owner": "nobody"},
        {"n": 0},
        {"due": "2026-01-01"},
        {"due": "soon"},
        {"do": " "},
        {"evidence": ""},
    ],
    ids=str,
)
def test_what_rests_on_nothing_is_refused(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        recorded(world, **wrong)
    assert refused.value.missing == "input"
    assert flow.unmeasured(BRAND, world.herald) == []


# ---------------------------------------------------------------- findings, effects and the report

OCTOBER = ("2026-10-01", "2026-10-31")


def answered(world: World, count: int, at: datetime, *, met: bool) -> None:
    for n in range(count):
        when = at + timedelta(minutes=n)
        world.store.commit([Response(ACCOUNT.id, f"c{when:%m%d%H%M}", "question", when, 600, 600, met)])


def test_a_finding_of_the_figures_brings_its_own_numbers_whatever_the_page_says(world: World) -> None:
    with pytest.raises(Refused, match="do not show that") as refused:
        recorded(world, month="2026-10", finding="slow_answers", evidence="99 of 99, I promise")
    assert refused.value.missing == "input"
    answered(world, 8, datetime(2026, 10, 12, 3, tzinfo=UTC), met=False)
    kept = recorded(world, month="2026-10", finding="slow_answers", evidence="99 of 99, I promise", n=99)
    assert (kept.n, kept.finding, kept.month) == (8, "slow_answers", "2026-10")
    assert kept.evidence.startswith("0 of 8 first answers were in time")


@pytest.mark.parametrize(("told", "says"), [
    ({"month": "October"}, "is no month"), ({"month": "2027-01"}, "has not begun"),
    ({"towards": "sideways"}, "up or down"),
    ({"month": "2026"}, "is no month"), ({"measure": "best_time"}, "number that will say"),
])  # fmt: skip
def test_month_direction_and_number_are_known_ones(world: World, told: dict[str, str], says: str) -> None:
    with pytest.raises(Refused, match=says):
        recorded(world, **told)


def test_the_effect_is_the_reports_own_number_to_the_last_digit_and_says_whether_it_went_as_expected(
    world: World,
) -> None:
    recorded(world, measure="in_time")
    answered(world, 2, datetime(2026, 11, 12, 3, tzinfo=UTC), met=False)
    answered(world, 1, datetime(2026, 11, 13, 3, tzinfo=UTC), met=True)
    run(world, c.ActOnRecommendation(ID, BRAND, "A rota.", "2026-11-18", 1), TED.id)
    answered(world, 6, datetime(2026, 11, 20, 3, tzinfo=UTC), met=True)
    answered(world, 1, datetime(2026, 11, 21, 3, tzinfo=UTC), met=False)
    world.clock.pass_(days=9)
    done = run(world, c.MeasureEffect(ID, BRAND, 7, 2), TED.id)
    assert done.sentence == "Measured: as expected."
    effect = found(world).effect
    assert effect is not None
    for told, n, days in (
        (effect.before, effect.n_before, ("2026-11-11", "2026-11-17")),
        (effect.after, effect.n_after, ("2026-11-19", "2026-11-25")),
    ):  # fmt: skip
        line = scorecard(gather(world.herald, BRAND, *days, world.clock()))["in_time"]
        assert (number(told), n) == (line.value, line.n)
    assert (number(effect.before), number(effect.after)) == (1 / 3, 6 / 7)
    page = report(gather(world.herald, BRAND, *OCTOBER, world.clock())).files["report.html"].decode()
    assert "33.33 % in the 7 days before (n = 3), 85.71 % in the 7 days after (n = 7) 2026-11-18: as expected" in page


def test_a_missing_number_is_called_so_in_the_report(world: World) -> None:
    recorded(world, measure="reach", do="<b>Bold</b> & new.")
    run(world, c.ActOnRecommendation(ID, BRAND, "Done.", "2026-11-18", 1), TED.id)
    world.clock.pass_(days=9)
    done = run(world, c.MeasureEffect(ID, BRAND, 7, 2), TED.id)
    assert done.sentence == "Measured: whether it helped cannot be told."
    made = report(gather(world.herald, BRAND, *OCTOBER, world.clock()))
    page = made.files["report.html"].decode()
    assert "missing in the 7 days before (n = 0), missing in the 7 days after" in page
    assert "&lt;b&gt;Bold&lt;/b&gt; &amp; new." in page
    assert "<b>Bold" not in page
    (told,) = json.loads(made.files["report.json"])["recommendations"]
    assert (told["effect"]["before"], told["effect"]["after"]) == (None, None)


def test_a_report_tells_those_of_its_month_and_of_three_before_by_four_bounded_questions(world: World) -> None:
    recorded(world)
    december = datetime(2026, 12, 2, tzinfo=UTC)
    for days, there in ((OCTOBER, 1), (("2026-11-01", "2026-11-30"), 1), (("2026-09-01", "2026-09-30"), 0)):
        assert len(gather(world.herald, BRAND, *days, december).recommendations) == there
    assert told_in("2027-02-01", "2027-02-28") == ["2027-02", "2027-01", "2026-12", "2026-11"]
    asked: list[str] = []
    inner = world.db.query

    def counting(table: str, pk: str, **how: Any) -> Any:
        asked.append(pk)
        return inner(table, pk, **how)

    world.db.query = counting  # type: ignore[method-assign]
    gather(world.herald, BRAND, *OCTOBER, NOON)
    assert sum(pk.startswith("RECOMMENDATIONS#") for pk in asked) == 4


def test_a_months_report_is_not_mailed_or_shared_without_a_recommendation_whatever_its_days_are_called(
    world: World,
) -> None:
    world.store.save(OLA)
    world.herald = replace(world.herald, mail=(post := Post()), media=Shelf(), link_base="https://herald.example")
    for days in (OCTOBER, ("2026-10-01", "2026-10-30")):
        with pytest.raises(Refused, match="Open Recommendations") as refused:
            run(world, c.MailReport("mail-0001", BRAND, *days, ("ola",)), ANA.id)
        assert refused.value.missing == "state"
    with pytest.raises(Refused, match="Open Recommendations"):
        run(world, c.MakeLink("link-0001", "share", "~".join((BRAND, *OCTOBER)), 24), ANA.id)
    assert (post.mails, world.store.mailings(BRAND, *OCTOBER)) == ([], [])
    run(world, c.MailReport("mail-0002", BRAND, "2026-10-05", "2026-10-11", ("ola",)), ANA.id)  # a week may go
    recorded(world)
    assert run(world, c.MailReport("mail-0001", BRAND, *OCTOBER, ("ola",)), ANA.id).well
    assert len(post.mails) == 2


def test_the_schedule_tells_owners_once_what_lacks_and_mails_as_soon_as_it_is_there(world: World) -> None:
    world.store.save(OLA)
    world.herald = replace(world.herald, mail=(post := Post()), media=Shelf())
    waits = "waits for a recommendation; "
    assert monthly(world.herald, NOON) == [Monthly(BRAND, f"{waits}mailed to 1")]
    assert monthly(world.herald, NOON + timedelta(days=1)) == [Monthly(BRAND, f"{waits}mailed already")]
    assert [files for _, files in post.mails] == [{}]
    assert world.store.kept_reports(BRAND) == []
    recorded(world)
    assert monthly(world.herald, NOON + timedelta(days=2)) == [Monthly(BRAND, "mailed to 1")]
    assert b"Answer before noon." in post.mails[1][1]["report.html"]
    assert monthly(world.herald, NOON + timedelta(days=3)) == [Monthly(BRAND, "mailed already")]


def test_three_days_told_before_and_seven_after_are_no_effect(world: World) -> None:
    recorded(world, measure="reach")
    run(world, c.ActOnRecommendation(ID, BRAND, "Done.", "2026-11-18", 1), TED.id)
    world.clock.pass_(days=9)
    days = [*(f"2026-11-{day}" for day in (15, 16, 17)), *(f"2026-11-{day}" for day in range(19, 26))]
    world.store.keep([Snapshot(ACCOUNT.id, Metric.REACH, 100, world.clock(), day=day) for day in days])
    done = run(world, c.MeasureEffect(ID, BRAND, 7, 2), TED.id)
    assert done.sentence == "Measured: whether it helped cannot be told."
    effect = found(world).effect
    assert effect is not None
    assert (effect.before, effect.n_before, effect.after, effect.n_after) == ("300.0", 3, "700.0", 7)
    assert effect.why == "Not compared: too few days told to compare, by Tall Timber."
    page = report(gather(world.herald, BRAND, *OCTOBER, world.clock())).files["report.html"].decode()
    assert "cannot be told. Not compared: too few days told" in page


@pytest.mark.parametrize(("zone", "over"), [("Pacific/Auckland", True), ("America/Los_Angeles", False)])
def test_days_are_over_by_the_clock_of_the_brands_accounts(world: World, zone: str, over: bool) -> None:
    for account in world.store.accounts():
        world.store.save(replace(account, timezone=zone))
    world.clock.now = datetime(2026, 11, 18, 9, tzinfo=UTC)
    recorded(world)
    run(world, c.ActOnRecommendation(ID, BRAND, "Done.", "2026-11-18", 1), TED.id)
    world.clock.now = datetime(2026, 11, 25, 12, tzinfo=UTC) if over else datetime(2026, 11, 26, 5, tzinfo=UTC)
    if over:
        assert run(world, c.MeasureEffect(ID, BRAND, 7, 2), TED.id).well
    else:
        with pytest.raises(Refused, match="not over yet"):
            run(world, c.MeasureEffect(ID, BRAND, 7, 2), TED.id)


def test_what_was_done_this_morning_in_auckland_was_done_today(world: World) -> None:
    for account in world.store.accounts():
        world.store.save(replace(account, timezone="Pacific/Auckland"))
    recorded(world)
    world.clock.now = datetime(2026, 11, 19, 20, tzinfo=UTC)  # the 20th there
    assert run(world, c.ActOnRecommendation(ID, BRAND, "Done.", "2026-11-20", 1), TED.id).well
