"""Platforms compared with their sources, two chosen and signed; profiles off-brand; what rises; what is heard."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from herald import plain
from herald.errors import Refused
from herald.flows import commands as c
from herald.flows import library, monitors, research
from herald.model import Act, Counted, Role
from herald.model.research import PlatformScore, Scored
from herald.platforms import outlets
from herald.ports import Capabilities, PostLimits
from herald.research import choice, looks, sheet, trends
from herald.research.trends import Said
from local.memory_media import MemoryMedia
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


def compared(world: World) -> research.Comparison:
    found = research.comparison(BRAND, world.herald, NOON.date())
    assert found is not None
    return found


def choose(
    world: World, chosen: tuple[str, ...] = FOUR[:2], *, without: str = "", by: str = ANA.id, seen: str = ""
) -> None:
    reasons = tuple((platform, "" if platform == without else "Because.") for platform in FOUR)
    number = len(research.choices_of(BRAND, world.herald))
    run(world, c.ChoosePlatforms(BRAND, chosen, reasons, number, seen or compared(world).digest), by)


def countersign(world: World, by: str, **told: Any) -> None:
    made = research.choices_of(BRAND, world.herald)[0]
    given_ = {"number": made.number, "comparison": made.comparison, "expected": made.version}
    run(world, c.CountersignChoice(brand=BRAND, **(given_ | told)), by)


# ---------------------------------------------------------------- the sheet


def test_every_shipped_cell_has_title_address_day_and_basis_and_what_is_not_known_is_missing() -> None:
    platforms = sheet.shipped()
    assert len(platforms) == 10
    for one in platforms:
        for cell in one.cells.values():
            assert cell.text
            assert cell.title
            assert sheet.address(cell.source)
            assert cell.basis in ("source", "account")
            assert date(2026, 11, 1) < cell.as_of < date(2026, 12, 31)
    made = sheet.sheet([], {}, date(2026, 11, 25))
    rows = sheet.csv_rows(made, date(2026, 11, 25))
    assert len(rows) == 1 + len(sheet.names()) * len(sheet.FIELDS)
    assert ["Mastodon", "Cost", "missing", "", "", "", "", "", ""] in rows


def test_no_cell_of_the_sheet_is_a_formula_in_a_spreadsheet() -> None:
    platform, field = next(iter(sheet.names())), next(iter(sheet.FIELDS))
    made: dict[str, dict[str, sheet.Cell]] = {name: {} for name in sheet.names()}
    made[platform][field] = sheet.Cell("=1+1", "https://a.example/", date(2026, 5, 1), "priya", "@SUM(1)")
    row = next(row for row in sheet.csv_rows(made, date(2026, 5, 2)) if row[2] != "missing" and row[2] != "text")
    assert row[2] == "=1+1"
    (told,) = csv.reader(io.StringIO(plain.sheet([row]).decode("utf-8-sig"), newline=""))
    assert told[2] == "'=1+1"
    assert not any(cell[:1] in ("=", "@") for cell in told)


def test_a_cell_is_old_after_half_a_year_to_the_day() -> None:
    cell = sheet.Cell("t", "https://a.example/", date(2026, 5, 1), "shipped")
    assert not cell.stale(date(2026, 10, 28))
    assert cell.stale(date(2026, 10, 29))


def test_what_an_adapter_knows_is_never_typed_in() -> None:
    """Every real adapter: neither limits nor deeds stand in the file; both are what its own data say."""
    adapters = {name: outlet.capabilities for name, outlet in outlets().items()}
    made = sheet.sheet([], adapters, NOON.date())
    here = [one for one in sheet.shipped() if one.id in adapters]
    assert {one.id for one in here} == set(adapters) - {"webhook", "shopify"}  # sources alone: nobody posts there
    for one in here:
        can = adapters[one.id]
        assert "limits" not in one.cells
        assert {"limits", "herald"}.isdisjoint(sheet.writable(adapters, one.id))
        assert made[one.id]["herald"].text.lower() == ", ".join(a.replace("_", " ") for a in sorted(can.acts)) + "."
        if can.post:
            assert f"post of {can.post.text:,} {can.post.unit}" in made[one.id]["limits"].text
    assert made["tiktok"]["herald"].text == "Nothing: people work there by hand."


def test_limits_change_with_the_adapter_and_are_never_old() -> None:
    can = Capabilities(frozenset({Act.REPLY}), 450, 60, post=PostLimits(451, images=2))
    made = sheet.sheet([], {"mastodon": can}, NOON.date())
    assert "post of 451 characters" in made["mastodon"]["limits"].text
    assert "an answer of 450 characters" in made["mastodon"]["limits"].text
    assert not made["mastodon"]["limits"].stale(date(2030, 1, 1))


ONE = """- id: plume
  name: Plume
  cells:
    - field: cost
      text: Free.
      title: Prices
      source: https://plume.example/prices
      read: 2026-11-20
      basis: source
"""


@pytest.mark.parametrize(
    ("was", "becomes", "line", "says"),
    [
        ("https://plume.example/prices", "http://plume.example/prices", 7, "https://"),
        ("https://plume.example/prices", "https://mia:pw@plume.example/", 7, "https://"),
        ("2026-11-20", "last week", 8, "must be a day"),
        ("basis: source", "basis: rumour", 9, "neither source nor account"),
        ("field: cost", "field: herald", 4, "no field"),
        ("field: cost", "field: mood", 4, "no field"),
        ("      title: Prices\n", "", 4, "has no title"),
        ("title: Prices", "text: Again.", 6, "stands twice"),
        ("title: Prices", "mood: good", 6, "is no field of a cell"),
        ("text: Free.", "text: ' '", 5, "text of 1 to"),
        ("text: Free.", "text: *gone", 5, "aliases"),
        ("id: plume", "id: Plume Co", 1, "small letters"),
        (ONE, ONE + ONE, 10, "stands twice"),
        (ONE, "plume", 1, "list of platforms"),
    ],
)
def test_a_sheet_that_is_wrong_names_its_line(was: str, becomes: str, line: int, says: str) -> None:
    assert len(sheet.parse(ONE)) == 1
    with pytest.raises(sheet.BadSheet, match=says) as wrong:
        sheet.parse(ONE.replace(was, becomes))
    assert wrong.value.line == line


@given(st.text(max_size=300))
def test_any_text_is_a_sheet_or_is_refused_by_line(text: str) -> None:
    lines = []
    try:
        lines = [1 for _ in sheet.parse(text)]
    except sheet.BadSheet as wrong:
        lines.append(wrong.line)
    assert all(line >= 1 for line in lines)


def test_a_persons_note_stands_over_what_is_shipped(world: World) -> None:
    note(world, field="posts", text="Only videos, says our agency.")
    made = sheet.sheet(research.notes_of(BRAND, world.herald), {}, NOON.date())
    assert (made["tiktok"]["posts"].text, made["tiktok"]["posts"].by) == ("Only videos, says our agency.", ANA.id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"platform": "myspace"},
        {"field": "herald"},
        {"platform": "facebook_page", "field": "limits"},
        {"source": "a friend"},
        {"source": "javascript:alert(1)"},
        {"title": "\x00"},
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


def test_a_choice_counts_once_a_second_person_countersigned_and_never_by_who_signed(world: World) -> None:
    owner = replace(TED, id="own", name="Ola Own", roles=frozenset({Role.OWNER}))
    officer = replace(TED, id="off", name="Odo Off", roles=frozenset({Role.COMPLIANCE}))
    for person in (owner, officer):
        world.store.save(person)
    scored(world)
    choose(world, by=owner.id)
    for by, missing in ((owner.id, "second_person"), (ANA.id, "role"), (TED.id, "role")):
        with pytest.raises(Refused) as refused:
            countersign(world, by)
        assert refused.value.missing == missing
    for wrong in ({"comparison": "0" * 64}, {"expected": 7}, {"number": 2}):
        with pytest.raises(Refused):
            countersign(world, officer.id, **wrong)
    assert not research.choices_of(BRAND, world.herald)[0].countersigned_by
    countersign(world, officer.id)
    countersign(world, officer.id, expected=1)  # twice is once
    (made,) = research.choices_of(BRAND, world.herald)
    assert (made.by, made.countersigned_by, made.version) == (owner.id, officer.id, 2)
    assert research.stands(made)
    with pytest.raises(Refused) as late:
        countersign(world, MIA.id)
    assert late.value.missing == "state"


def test_a_choice_that_was_followed_is_countersigned_no_more(world: World) -> None:
    scored(world)
    choose(world)
    choose(world, FOUR[2:])
    first = research.choices_of(BRAND, world.herald)[1]
    with pytest.raises(Refused, match="later choice"):
        run(world, c.CountersignChoice(BRAND, 1, first.comparison, 1), MIA.id)


def test_nobody_signs_what_they_did_not_see(world: World) -> None:
    """A score, a note or a weight that came meanwhile makes another comparison; the day alone does not."""
    scored(world)
    changes: list[Any] = [
        lambda: run(world, c.ScorePlatform(BRAND, "tiktok", "Answers", 1, "They may.", 0), MIA.id),
        lambda: note(world),
        lambda: run(world, c.SaveNeeds(BRAND, (("Reach", 6), ("Answers", 10)), 1), MIA.id),
    ]
    for change in changes:
        seen = compared(world).digest
        later = research.comparison(BRAND, world.herald, date(2027, 1, 1))
        assert later is not None
        assert later.digest == seen
        change()
        with pytest.raises(Refused) as refused:
            choose(world, seen=seen)
        assert refused.value.missing == "version"
    choose(world)


def test_the_audit_names_the_comparison_and_no_reason(world: World) -> None:
    scored(world)
    choose(world)
    line = world.store.audit_of("people", after=0, limit=50)[-1]
    assert (line.what, line.facts["comparison"]) == ("ChoosePlatforms", compared(world).digest)
    assert "Because." not in str(line.facts)


_ROWS = st.lists(
    st.builds(Scored, st.sampled_from("xyz"), st.sampled_from("abc"), st.integers(0, 3), st.text(max_size=5)),
    max_size=9,
)
_WEIGHTS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 10), min_size=1)


@given(_WEIGHTS, _ROWS, st.randoms())
def test_the_digest_of_a_comparison_is_of_what_it_holds_and_not_of_its_order(
    weights: dict[str, int], rows: list[Scored], chance: Any
) -> None:
    made = choice.digest(1, weights, rows, "s")
    shuffled = list(weights.items())
    chance.shuffle(shuffled)
    assert choice.digest(1, dict(shuffled), sorted(rows, key=lambda _: chance.random()), "s") == made
    assert choice.digest(2, weights, rows, "s") != made
    assert choice.digest(1, weights, rows, "t") != made
    assert choice.digest(1, weights, [*rows, Scored("w", "a", 0, "")], "s") != made
    heavier = weights | {next(iter(weights)): 11}
    assert choice.digest(1, heavier, rows, "s") != made


@given(_WEIGHTS.filter(lambda w: any(w.values())), _ROWS, st.integers(1, 9))
def test_only_the_proportion_of_weights_counts_and_a_better_score_never_harms(
    weights: dict[str, int], rows: list[Scored], times: int
) -> None:
    rows = list({(one.platform, one.need): one for one in rows}.values())
    before = {one.platform: one.points for one in choice.totals(weights, rows)}
    scaled = {need: weight * times for need, weight in weights.items()}
    assert {one.platform: one.points for one in choice.totals(scaled, rows)} == pytest.approx(before)
    better = [replace(one, score=min(3, one.score + 1)) for one in rows]
    after = {one.platform: one.points for one in choice.totals(weights, better)}
    assert all(after[platform] >= points for platform, points in before.items())


# ---------------------------------------------------------------- profiles


WANTED = c.SaveProfile(ACCOUNT.id, "Tall Timber", "Chairs.", "https://shop.example/", "", "", 0, ("#C5744F",))


def looked(world: World, **told: Any) -> None:
    number = len(research.looks_of(ACCOUNT.id, world.herald))
    given_ = {
        "account": ACCOUNT.id, "name": "Tall  Timber", "bio": "Chairs. ",
        "link": "http://www.shop.example?utm_source=x",
        "avatar": "", "banner": "", "expected": number, "colours": ("#c5744f", "#000000"),
    }  # fmt: skip
    run(world, c.RecordLook(**(given_ | told)), ANA.id)


def off(world: World) -> list[str]:
    return [f"{one.part}: {one.words}" for one in research.off_brand(BRAND, world.herald, NOON).get(ACCOUNT.id, [])]


def test_an_account_is_off_brand_until_somebody_said_and_saw_how_it_looks(world: World) -> None:
    assert off(world) == ["look: Nobody said yet how it is to look."]
    run(world, WANTED, ANA.id)
    assert off(world) == ["look: Nobody looked yet how it looks there."]
    looked(world)
    assert off(world) == []  # blanks, www, http, UTM and a slash are no difference
    found = looks.audit(
        research.profile_of(ACCOUNT.id, world.herald), research.looks_of(ACCOUNT.id, world.herald)[0],
        NOON + timedelta(days=91),
    )  # fmt: skip
    assert [one.part for one in found] == ["look"]


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"name": "Tall Timbers"}, "name: It goes by another name."),
        ({"bio": ""}, "bio: It has no description."),
        ({"bio": "Tables."}, "bio: Its description differs."),
        ({"link": ""}, "link: It has no link."),
        ({"link": "https://shop.example/old"}, "link: Its link leads elsewhere."),
        ({"link": "https://evil.example/"}, "link: Its link leads elsewhere."),
        ({"link": "http://[::"}, "link: Its link leads elsewhere."),
        ({"colours": ("#000000",)}, "colours: Not all of its colours are there."),
    ],
    ids=str,
)
def test_each_difference_is_a_finding(world: World, told: dict[str, Any], found: str) -> None:
    run(world, WANTED, ANA.id)
    looked(world, **told)
    assert off(world) == [found]


def drawing(fill: str = "#c5744f", size: int = 400, quality: int = 90, turned: bool = False) -> bytes:
    image = Image.new("RGB", (size, size), "#f8f4ec")
    pen = ImageDraw.Draw(image)
    pen.ellipse((size // 8, size // 8, size // 2, size // 2), fill=fill)
    pen.rectangle((size // 2, size // 2, size, size), fill="#2f4147")
    held = io.BytesIO()
    (image.rotate(90) if turned else image).save(held, "JPEG", quality=quality)
    return held.getvalue()


def test_a_picture_compressed_and_scaled_by_the_platform_is_the_same_and_another_or_recoloured_one_is_not(
    world: World,
) -> None:
    media = MemoryMedia()
    world.herald = replace(world.herald, media=media)
    key = library.kept(drawing(), world.herald)
    run(world, c.SaveAsset("asset-00001", BRAND, "Mark", "own", 0, key, alt="A mark"), ANA.id)
    run(world, replace(WANTED, avatar="asset-00001"), ANA.id)
    told = {
        "": ["avatar: Nobody looked at its picture."],
        "none": ["avatar: It has no picture."],
        key: [],
        library.kept(drawing(size=160, quality=60), world.herald): [],
        library.kept(drawing(turned=True), world.herald): ["avatar: Its picture is another."],
        library.kept(drawing(fill="#2f4147"), world.herald): ["avatar: Its picture is another."],
    }
    for avatar, found in told.items():
        looked(world, avatar=avatar)
        assert off(world) == found
    for wrong in ("media/" + "0" * 64, "media/../x", "https://a.example/a.png"):
        with pytest.raises(Refused) as refused:
            looked(world, avatar=wrong)
        assert refused.value.missing == "input"


def test_a_look_unlike_the_brands_others_is_named(world: World) -> None:
    run(world, WANTED, ANA.id)
    more = replace(MUTE, account_id="second")
    world.store.save(more)
    for account, name in ((MUTE, "Tall Timber"), (more, "Timber Tall")):
        run(world, c.SaveProfile(account.id, name, "", "", "", "", 0), ANA.id)
    told = research.off_brand(BRAND, world.herald, NOON)
    assert [one.part for one in told[more.id]] == ["look", "name"]
    assert [one.part for one in told[MUTE.id]] == ["look"]


@pytest.mark.parametrize(
    "wrong",
    [{"link": "http://x.example"}, {"name": " "}, {"colours": ("red",)}, {"colours": ("#12345g",)}, {"avatar": "no"},
     {"account": "x:y"}, {"bio": "b" * 2001}],
    ids=str,
)  # fmt: skip
def test_what_is_no_look_is_refused(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        run(world, replace(WANTED, **wrong), ANA.id)
    assert refused.value.missing == "input"
    assert research.profiles_of(ACCOUNT.id, world.herald) == []


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_links_are_compared_without_a_failure(one: str, other: str) -> None:
    assert looks.same_place(one, one)
    assert looks.same_place(one, other) == looks.same_place(other, one)


# ---------------------------------------------------------------- what rises, what is heard


def things(topic: str, n: int, at: datetime, start: int = 0, voices: int = 9) -> list[Said]:
    every = timedelta(minutes=1)
    return [Said(f"{topic}{start + k:03d}", at + k * every, f"{topic} {k}", f"p{k % voices}") for k in range(n)]


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


def test_nothing_rises_on_an_account_whose_messages_are_known_for_less_than_both_spans(world: World) -> None:
    for number in range(8):
        event = replace(a_comment("a lamp", id=str(300 + number), at=NOON), author_id=f"p{number}")
        world.store.apply(event, BRAND, NOON)
    world.store.commit([Counted(ACCOUNT.id, "2026-11-15", {"messages": 8, "action.allow": 8})])
    now = NOON + timedelta(hours=1)
    assert monitors.rising(BRAND, 3, world.herald, now) == ([], {}), "three days before the 15th are not known"
    world.store.commit([Counted(ACCOUNT.id, "2026-11-12", {"messages": 1, "action.allow": 1})])
    ((lamp,), samples) = monitors.rising(BRAND, 3, world.herald, now)
    assert (lamp.topic, lamp.now, lamp.base, len(samples)) == ("lamp", 8, 0, 3)


@pytest.mark.parametrize(
    "wrong", [{"words": (" ",)}, {"platforms": ("x",)}, {"alert": -1}, {"title": ""}, {"id": "x"}], ids=str
)
def test_what_is_no_monitor_is_refused(world: World, wrong: dict[str, Any]) -> None:
    given_ = {"id": "monitor-1", "title": "T", "words": ("a",), "without": (), "platforms": (), "alert": 0}
    with pytest.raises(Refused) as refused:
        run(world, c.SaveMonitor(brand=BRAND, expected=0, **(given_ | wrong)), TED.id)
    assert refused.value.missing == "input"
