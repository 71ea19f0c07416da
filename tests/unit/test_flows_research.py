"""Platforms compared with their sources, two chosen and signed; profiles off-brand; what rises; what is heard."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import Refused
from herald.flows import commands as c
from herald.flows import monitors, research
from herald.model import Act
from herald.model.research import PlatformScore
from herald.ports import Capabilities, PostLimits
from herald.research import choice, sheet, trends
from herald.research.trends import Said
from tests.support.world import ACCOUNT, ANA, BRAND, MIA, MUTE, NOON, TED, World, a_comment, a_world
from tests.unit.test_flows_posts import run

FOUR = ("mastodon", "bluesky", "instagram", "tiktok")


@pytest.fixture
def world() -> World:
    return a_world()


def note(world: World, **told: Any) -> None:
    given = {
        "platform": "tiktok",
        "field": "cost",
        "text": "Staff time.",
        "source": "https://a.example/",
        "as_of": "2026-11-01",
    }
    run(world, c.SavePlatformNote(brand=BRAND, expected=told.pop("expected", 0), **(given | told)), ANA.id)


def scored(world: World, *platforms: str) -> None:
    run(world, c.SaveNeeds(BRAND, (("Reach", 5), ("Answers", 10)), 0), ANA.id)
    for number, platform in enumerate(platforms or FOUR):
        run(world, c.ScorePlatform(BRAND, platform, "Reach", number % 4, "So it is.", 0), ANA.id)


def choose(world: World, chosen: tuple[str, ...] = FOUR[:2], *, without: str = "", by: str = ANA.id) -> None:
    reasons = tuple((platform, "" if platform == without else "Because.") for platform in FOUR)
    run(world, c.ChoosePlatforms(BRAND, chosen, reasons, len(research.choices_of(BRAND, world.herald))), by)


# ---------------------------------------------------------------- the sheet


def test_every_cell_has_its_source_and_day_and_what_is_not_known_is_missing() -> None:
    made = sheet.sheet([], {}, date(2026, 11, 22))
    assert len(made) >= 8
    for cells in made.values():
        for cell in cells.values():
            assert cell.text
            assert cell.source.startswith("https://")
            assert not cell.stale(date(2026, 11, 22))
            assert cell.stale(date(2027, 6, 1))
    rows = sheet.csv_rows(made, date(2026, 11, 22))
    assert len(rows) == 1 + len(sheet.names()) * len(sheet.fields())
    assert ["Reddit", "Cost", "missing", "", "", "", ""] in rows


def test_limits_are_the_adapters_own_so_they_cannot_drift() -> None:
    can = Capabilities(frozenset({Act.REPLY}), 450, 60, post=PostLimits(451, images=2))
    made = sheet.sheet([], {"mastodon": can}, NOON.date())
    assert "post of 451 characters" in made["mastodon"]["limits"].text
    assert "an answer of 450 characters" in made["mastodon"]["limits"].text
    assert not made["mastodon"]["limits"].stale(date(2030, 1, 1))
    assert "limits" not in made["tiktok"]


def test_a_persons_note_stands_over_what_is_shipped(world: World) -> None:
    note(world, field="posts", text="Only videos, says our agency.")
    made = sheet.sheet(research.notes_of(BRAND, world.herald), {}, NOON.date())
    assert (made["tiktok"]["posts"].text, made["tiktok"]["posts"].by) == ("Only videos, says our agency.", ANA.id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"platform": "myspace"},
        {"field": "limits"},
        {"source": "a friend"},
        {"as_of": "2026-12-24"},
        {"as_of": "soon"},
        {"text": " "},
    ],
    ids=str,
)
def test_a_note_without_source_or_day_is_refused(world: World, wrong: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        note(world, **wrong)
    assert refused.value.missing == "input"


# ---------------------------------------------------------------- the choice


def test_weighing_anew_reorders_and_leaves_a_signed_choice_as_it_was(world: World) -> None:
    scored(world)
    run(world, c.ScorePlatform(BRAND, "mastodon", "Answers", 3, "They do.", 0), ANA.id)
    choose(world)
    (made,) = research.choices_of(BRAND, world.herald)
    assert made.totals["mastodon"] == max(made.totals.values())
    run(world, c.SaveNeeds(BRAND, (("Reach", 10), ("Answers", 0)), 1), ANA.id)
    needs = research.needs_of(BRAND, world.herald)
    assert needs is not None
    assert choice.totals(needs.weights, research.scores_of(BRAND, world.herald))[0].platform == "tiktok"
    assert research.choices_of(BRAND, world.herald) == [made]
    assert (made.by, made.chosen, made.needs, set(made.reasons)) == (ANA.id, FOUR[:2], 1, set(FOUR))


def test_a_choice_names_two_of_at_least_four_with_a_reason_for_each(world: World) -> None:
    scored(world, *FOUR[:3])
    with pytest.raises(Refused, match="at least 4"):
        choose(world)
    run(world, c.ScorePlatform(BRAND, "tiktok", "Reach", 3, "So it is.", 0), ANA.id)
    for chosen, without, says in (
        (FOUR[:1], "", "Choose 2"),
        (("mastodon", "reddit"), "", "Choose 2"),
        (FOUR[:2], "tiktok", "not chosen"),
    ):
        with pytest.raises(Refused, match=says):
            choose(world, chosen, without=without)
    with pytest.raises(Refused) as refused:
        choose(world, by=MIA.id)
    assert refused.value.missing == "role"


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 10), min_size=1).filter(lambda w: any(w.values())),
    st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("abc"), st.integers(0, 3)), max_size=9),
)
def test_totals_lie_between_0_and_100_and_the_best_everywhere_has_100(
    weights: dict[str, int], given_: list[tuple[str, str, int]]
) -> None:
    scores = [PlatformScore("b", p, n, s, "", "", NOON) for (p, n), s in {(p, n): s for p, n, s in given_}.items()]
    found = choice.totals(weights, scores)
    assert all(0 <= total.points <= 100.0000001 for total in found)
    assert [total.points for total in found] == sorted((total.points for total in found), reverse=True)
    best = [PlatformScore("b", "w", need, 3, "", "", NOON) for need in weights]
    assert choice.totals(weights, [*scores, *best])[0].points == pytest.approx(100)


# ---------------------------------------------------------------- profiles


def test_a_profile_unlike_the_others_or_without_a_look_is_named(world: World) -> None:
    run(world, c.SaveProfile(ACCOUNT.id, "Tall Timber", "Chairs.", "https://shop.example", "", "", 0), ANA.id)
    wrong = research.off_brand(BRAND, world.herald)
    assert wrong == {MUTE.id: ["Nobody said yet how it is to look."]}
    run(world, c.SaveProfile(MUTE.id, "Tall Timber", "", "", "", "", 0), ANA.id)
    assert research.off_brand(BRAND, world.herald) == {
        MUTE.id: ["It has no description.", "It has no link to the shop."]
    }
    with pytest.raises(Refused, match="https"):
        run(world, c.SaveProfile(ACCOUNT.id, "T", "", "http://x", "", "", 1), ANA.id)


# ---------------------------------------------------------------- what rises, what is heard


def things(topic: str, n: int, at: datetime, start: int = 0, voices: int = 9) -> list[Said]:
    return [
        Said(f"{topic}{start + k:03d}", at + timedelta(minutes=k), f"{topic} {k}", f"p{k % voices}") for k in range(n)
    ]


def test_a_topic_that_rises_fivefold_comes_first_with_base_velocity_and_three_samples() -> None:
    until = datetime(2026, 11, 25, tzinfo=UTC)
    new, old = until - timedelta(days=2), until - timedelta(days=9)
    told = [
        *things("lamp", 4, old),
        *things("lamp", 20, new, 4),
        *things("sofa", 10, old),
        *things("sofa", 12, new, 10),
    ]
    (first,) = trends.rising(told, until, 7)
    assert (first.topic, first.now, first.base, first.velocity, len(first.samples)) == ("lamp", 20, 4, 16 / 7, 3)
    assert first.samples == ("lamp023", "lamp022", "lamp021")
    assert first.voices == 9
    assert trends.rising(things("rare", trends.LEAST - 1, new), until, 7) == []


def test_chance_one_loud_person_and_a_busy_week_make_no_trend() -> None:
    until = datetime(2026, 11, 25, tzinfo=UTC)
    new, old = until - timedelta(days=2), until - timedelta(days=9)
    rest = [*things("sofa", 20, old), *things("sofa", 20, new, 20)]
    assert trends.rising([*rest, *things("teak", trends.LEAST, new)], until, 7) != []
    assert trends.rising([*rest, *things("teak", 40, new, voices=trends.VOICES - 1)], until, 7) == []
    assert trends.rising([*rest, *things("teak", 4, old), *things("teak", 8, new, 4)], until, 7) == []  # 1.15 sd
    assert trends.rising([*things("sofa", 20, old), *things("sofa", 60, new, 20)], until, 7) == []  # all of it grew
    assert trends.rising([*rest, *things("teak", trends.LEAST - 2, new) * 3], until, 7) == []  # read three times


def test_samples_are_of_different_people_where_there_are() -> None:
    until = datetime(2026, 11, 25, tzinfo=UTC)
    loud = [Said(f"l{n}", until - timedelta(minutes=n + 1), "teak", "loud") for n in range(9)]
    others = [Said(f"o{n}", until - timedelta(hours=n + 1), "teak", f"o{n}") for n in range(2)]
    (first,) = trends.rising([*loud, *others], until, 7)
    assert first.samples == ("l0", "o0", "o1")


@given(st.lists(st.tuples(st.text(max_size=30), st.floats(-1, 15), st.sampled_from("abcdef")), max_size=40))
def test_whatever_is_said_the_numbers_are_those_of_the_things_said(told: list[tuple[str, float, str]]) -> None:
    until = datetime(2026, 11, 25, tzinfo=UTC)
    made = [Said(str(n), until - timedelta(days=days), text, by) for n, (text, days, by) in enumerate(told)]
    for one in trends.rising(made, until, 7):
        saying = [x for x in made if one.topic in trends.topics(x.text) and until - timedelta(days=7) <= x.at < until]
        assert one.now == len(saying) >= trends.LEAST > 0
        assert one.now > one.base
        assert set(one.samples) <= {x.id for x in saying}


def test_hashtags_are_topics_and_common_words_names_and_links_are_not() -> None:
    assert trends.topics("Love the #LampWeek lamps @banksia https://x.example/lamp it's 2026") == {"#lampweek", "lamps"}


@given(st.text(max_size=200))
def test_any_text_has_its_topics(text: str) -> None:
    assert all(len(topic) <= 32 for topic in trends.topics(text))


def test_a_monitor_hears_whole_words_on_its_platforms_and_tells_once_an_hour(world: World) -> None:
    save = ("monitor-1", BRAND, "Lamps", ("lamp",), ("headlamp",), ("facebook_page",), 3)
    run(world, c.SaveMonitor(*save, 0), TED.id)
    texts = ("Lamp!", "my lamp", "a LAMP", "lampshade", "the lamp and the headlamp", "a chair")
    for number, text in enumerate(texts):
        world.store.apply(a_comment(text, id=str(200 + number), at=NOON), BRAND, NOON)
    now = NOON + timedelta(minutes=5)
    assert monitors.watch(world.herald, now + timedelta(minutes=1)) == []  # only each five minutes
    (told,) = monitors.watch(world.herald, now)
    assert (told.result, told.found) == ("told", 3)
    assert monitors.watch(world.herald, now + timedelta(minutes=5)) == []
    (alert,) = monitors.alerts_of(BRAND, world.herald)
    assert (alert.found, len(alert.samples)) == (3, 3)
    run(world, c.SaveMonitor(*save, 1, active=False), TED.id)
    assert monitors.watch(world.herald, now + timedelta(hours=1)) == []


@pytest.mark.parametrize(
    "wrong", [{"words": (" ",)}, {"platforms": ("x",)}, {"alert": -1}, {"title": ""}, {"id": "x"}], ids=str
)
def test_what_is_no_monitor_is_refused(world: World, wrong: dict[str, Any]) -> None:
    given_ = {"id": "monitor-1", "title": "T", "words": ("a",), "without": (), "platforms": (), "alert": 0}
    with pytest.raises(Refused) as refused:
        run(world, c.SaveMonitor(brand=BRAND, expected=0, **(given_ | wrong)), TED.id)
    assert refused.value.missing == "input"
