"""What the calendar, the composer and a post's page say, and what they do with what a browser sends."""

from __future__ import annotations

import base64
import io
import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard import actions, actions_posts, data, data_posts, images, present_posts, who
from dashboard.who import SignIn
from herald.errors import BadPayload, TooLarge
from herald.flows import commands
from herald.model import Account, Approval, Note, Post, Target, TargetState, post_hash
from herald.model.govern import main_zone
from herald.publish.schedule import due_at
from tests.e2e.calendar_world import BLUESKY, MASTODON, PERTH_PAGE, CalendarWorld, an_image
from tests.e2e.dashboard_world import BRAND, ZONE

NOW = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)
LOOK = present_posts.Looking(ZONE, NOW, True, {})
POST = Post("post-00000001", BRAND, "lena", "A title", "Some words", NOW, version=3)
ZONES = ["Australia/Sydney", "Australia/Perth", "Europe/London", "America/New_York", "Pacific/Apia", "UTC"]


def a_target(state=TargetState.DRAFT, local_time="2026-11-24T09:30", zone=ZONE, **changed):
    target = Target(POST.id, MASTODON, BRAND, local_time, zone, due_at(local_time, zone), state)
    return replace(target, **changed)


# ---------------------------------------------------------------- days and zones


@given(st.dates(date(1990, 1, 1), date(2090, 12, 1)))
def test_a_month_is_shown_in_whole_weeks_from_monday(day):
    days = present_posts.visible_days(day.replace(day=1))
    assert len(days) % 7 == 0
    assert days[0].weekday() == 0
    assert day in days
    assert [b - a for a, b in itertools.pairwise(days)] == [timedelta(days=1)] * (len(days) - 1)


@given(
    st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.times(), st.sampled_from(ZONES), st.sampled_from(ZONES),
    st.integers(-40, 40),
)  # fmt: skip
def test_a_moved_post_keeps_its_own_wall_clock_whatever_zone_the_calendar_is_in(day, clock, zone, calendar, days):
    local_time = f"{day:%Y-%m-%d}T{clock:%H:%M}"
    try:
        target = a_target(local_time=local_time, zone=zone)
    except ValueError:
        assume(False)
    shown = target.due_at.astimezone(ZoneInfo(calendar)).date()
    moved = present_posts.moved_time(target, calendar, shown + timedelta(days=days))
    assert moved[11:] == local_time[11:]
    assert date.fromisoformat(moved[:10]) - day == timedelta(days=days)


def test_the_calendar_asks_for_every_instant_of_the_days_it_shows():
    days = present_posts.visible_days(date(2026, 10, 1))  # the clocks go forward in Sydney on 4 October
    first, last = present_posts.bounds(days, ZONE)
    assert first == datetime(2026, 9, 28, tzinfo=ZoneInfo(ZONE))
    assert last == datetime(2026, 11, 2, tzinfo=ZoneInfo(ZONE))


@pytest.mark.parametrize("text", ["", "2026-13", "2026-11-01", "../x", "99999-01", "<script>", "2026-11\n", "٢٠٢٦-١١"])
def test_an_address_that_names_no_month_shows_this_one(text):
    assert present_posts.month_of(text, date(2026, 11, 21)) == date(2026, 11, 1)


def test_the_calendar_is_drawn_in_the_zone_of_most_accounts():
    zones = ["Australia/Perth", "Australia/Sydney", "Australia/Sydney"]
    accounts = [Account("mastodon", str(n), "x", BRAND, zone) for n, zone in enumerate(zones)]
    assert main_zone(accounts) == "Australia/Sydney"
    assert main_zone(accounts[:2]) == "Australia/Perth"  # by name among equals
    assert main_zone([]) == "UTC"


def test_a_holiday_of_some_places_names_them():
    day = date(2026, 12, 25)
    sydney = Account("mastodon", "1", "x", BRAND, "Australia/Sydney", holidays=frozenset({day}))
    perth = Account("mastodon", "2", "y", BRAND, "Australia/Perth")
    assert present_posts.holidays_of([day], [sydney, perth]) == {"2026-12-25": "Holiday in Sydney"}
    assert present_posts.holidays_of([day], [sydney]) == {"2026-12-25": "Holiday"}


# ---------------------------------------------------------------- tiles


def test_a_time_of_another_zone_is_marked_and_told():
    tile = present_posts.tile(a_target(zone="Australia/Perth"), POST, LOOK)
    assert (tile["time"], tile["abroad"]) == ("12:30", "09:30 Perth")
    assert "09:30 in Perth = 01:30 UTC" in tile["label"]
    assert present_posts.tile(a_target(), POST, LOOK)["abroad"] == ""


@pytest.mark.parametrize("state", list(TargetState))
def test_every_state_has_words_a_mark_and_a_filter(state):
    tile = present_posts.tile(a_target(state, reason="Because."), POST, LOOK)
    assert tile["words"]
    assert tile["mark"]
    assert tile["words"] in tile["label"]
    assert sum(state in states for _, states in present_posts.GROUPS.values()) == 1


def test_only_what_the_gate_would_move_can_be_dragged():
    moved = {state for state in TargetState if present_posts.tile(a_target(state), POST, LOOK)["movable"]}
    assert moved == {TargetState.DRAFT, TargetState.IN_REVIEW, TargetState.APPROVED, TargetState.HELD,
                     TargetState.FAILED}  # fmt: skip
    reader = replace(LOOK, may_move=False)
    assert present_posts.tile(a_target(), POST, reader)["locked"] == "Your role does not move posts."


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//x.example", "https://a@b.example/"])
def test_an_address_that_no_browser_should_open_is_no_link(url):
    assert present_posts.tile(a_target(TargetState.PUBLISHED, url=url), POST, LOOK)["href"] == ""


def test_a_title_that_turns_its_words_is_tamed():
    tile = present_posts.tile(a_target(), replace(POST, title="a\u202eb\u0007\nc"), LOOK)
    assert tile["title"] == "ab c"


# ---------------------------------------------------------------- approvals


def test_an_edit_voids_the_approval_and_says_whose_it_was():
    before = a_target(TargetState.APPROVED)
    given_ = Approval(POST.id, MASTODON, post_hash(POST, before), "nora", NOW)
    stands, voided = present_posts.standing(POST, before, [given_])
    assert (stands, voided) == (given_, None)
    stands, voided = present_posts.standing(replace(POST, text="Other words"), before, [given_])
    assert (stands, voided) == (None, given_)


def test_a_new_approval_after_the_edit_ends_the_matter():
    before, edited = a_target(), replace(POST, text="Other words")
    old = Approval(POST.id, MASTODON, post_hash(POST, before), "nora", NOW)
    new = Approval(POST.id, MASTODON, post_hash(edited, before), "nora", NOW + timedelta(minutes=5))
    assert present_posts.standing(edited, before, [old, new]) == (new, None)


def test_what_changed_is_shown_only_where_the_approved_words_are_on_record():
    target = a_target()
    old = Approval(POST.id, MASTODON, "another", "nora", NOW)
    rows = present_posts.approval_rows(POST, target, [old], [], name=str.title, now=NOW)
    assert not any("diff" in row for row in rows)
    note = Note(POST.id, NOW, "nora", "approved", MASTODON, "Some other words")
    rows = present_posts.approval_rows(POST, target, [old], [note], name=str.title, now=NOW)
    assert next(row["diff"] for row in rows if "diff" in row) == [
        {"text": "Some ", "kind": "same"}, {"text": "other ", "kind": "gone"}, {"text": "words", "kind": "same"},
    ]  # fmt: skip


WORDS = st.text(alphabet="ab c\nd", max_size=60)


@given(WORDS, WORDS)
def test_a_difference_holds_both_texts_whole(before, after):
    pieces = present_posts.diff(before, after)
    assert "".join(p["text"] for p in pieces if p["kind"] != "new") == before
    assert "".join(p["text"] for p in pieces if p["kind"] != "gone") == after


# ---------------------------------------------------------------- images


@pytest.mark.parametrize(("kind", "mime"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif"),
                                            ("WEBP", "image/webp")])  # fmt: skip
def test_an_image_is_what_its_bytes_are(kind, mime):
    content = an_image(size=(64, 32), kind=kind)
    found = images.inspect(content, "A shelf")
    assert (found.mime, found.width, found.height, found.size, found.alt) == (mime, 64, 32, len(content), "A shelf")


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"x" * 50,
     b"RIFF0000WEBPVP8 ", b"%PDF-1.7", an_image()[:200]],
)  # fmt: skip
def test_what_is_no_whole_image_is_refused_in_words(content):
    with pytest.raises(BadPayload, match=r"\. |\.$"):
        images.inspect(content)
    assert images.thumbnail(content[:40]) == ""


def test_too_many_bytes_or_pixels_are_refused_before_they_are_decoded():
    with pytest.raises(TooLarge, match="MB"):
        images.inspect(an_image() + b"\0" * images.MOST_BYTES)
    header = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(header, "PNG")
    with pytest.raises(TooLarge, match="pixels"):
        images.inspect(header.getvalue())


def test_a_jpeg_that_is_drawn_over_and_over_is_refused_before_it_is_decoded():
    """A scan of a few bytes is a pass over all pixels: a file of one MB takes minutes."""
    held = io.BytesIO()
    Image.new("RGB", (5_000, 5_000), "red").save(held, "JPEG", progressive=True, quality=10)
    once = held.getvalue()
    assert images.inspect(once).width == 5_000
    again = once[:-2] + once[once.rindex(b"\xff\xda") : -2] * 30 + once[-2:]
    with pytest.raises(TooLarge, match="40 scans"):
        images.inspect(again)
    assert images.thumbnail(again) == ""


def test_a_strangers_picture_has_fewer_pixels_than_our_own():
    content = an_image(size=(4_000, 4_000), kind="PNG")
    assert images.thumbnail(content) != ""
    assert images.thumbnail(content, pixels=data.STRANGERS) == ""


def test_a_picture_that_is_to_be_turned_is_turned_when_it_is_small():
    held = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (1_600, 800), "red").save(held, "JPEG", exif=exif)
    small = Image.open(io.BytesIO(base64.b64decode(images.thumbnail(held.getvalue()).partition(",")[2])))
    assert small.size == (320, 640)


def test_nothing_of_the_original_file_reaches_a_browser():
    held = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", (50, 50), "red").save(held, "JPEG", exif=exif)
    assert b"taken at home" in held.getvalue()
    small = images.thumbnail(held.getvalue())
    assert small.startswith("data:image/jpeg;base64,")
    assert b"taken at home" not in base64.b64decode(small.partition(",")[2])


# ---------------------------------------------------------------- what a browser sends


@pytest.fixture
def world(monkeypatch):
    world = CalendarWorld(now=NOW)
    data.set_herald(world.herald)
    yield world
    data.set_herald(None)
    who.install(None)


@pytest.fixture
def session(monkeypatch):
    held = {}
    monkeypatch.setattr(actions.st, "session_state", held)
    who.install(SignIn(lambda: "lena"))
    return held


def test_a_dropped_tile_moves_one_variant_and_answers_by_its_nonce(world, session):
    post = world.draft("Two places", "Words", 2, "09:30", MASTODON, PERTH_PAGE)
    asked = {"id": f"{post}|{PERTH_PAGE}", "to": "2026-11-25", "expected": 1, "nonce": "n1"}
    assert actions_posts.move(asked, ZONE) == "2026-11-25"
    assert world.store.target(post, PERTH_PAGE).local_time == "2026-11-25T09:30"
    assert world.store.target(post, MASTODON).local_time == "2026-11-20T09:30"
    told = actions_posts.told()
    assert (told["nonce"], told["tone"]) == ("n1", "green")
    assert told["text"].startswith("Two places: Moved.")


def test_one_drop_whose_callback_runs_twice_is_one_move_and_says_so(world, session):
    """Streamlit does that when a look of the page meets it; an hour later the same is an old view of things."""
    post = world.draft("Twice", "Words", 2, "09:30", MASTODON)
    asked = {"id": f"{post}|{MASTODON}", "to": "2026-11-25", "expected": 1, "nonce": "n1"}
    for _ in range(2):
        assert actions_posts.move(asked, ZONE) == "2026-11-25"
        assert actions_posts.told()["text"] == "Twice: Moved."
    assert world.version(post) == 2
    world.fixed = NOW + timedelta(hours=1)
    assert actions_posts.move(asked, ZONE) == ""
    assert "changed since you opened it" in actions_posts.told()["text"]


def test_the_same_press_of_another_person_is_a_press_of_its_own(world, session):
    """Whoever took over the session's place at the desk is asked by the gate like anybody."""
    post = world.draft("Whose", "Words", 2, "09:30", MASTODON)
    asked = {"id": f"{post}|{MASTODON}", "to": "2026-11-25", "expected": 1, "nonce": "n1"}
    actions_posts.move(asked, ZONE)
    who.install(SignIn(lambda: "aroha"))
    assert actions_posts.move(asked, ZONE) == ""
    assert actions_posts.told()["tone"] == "red"


def test_a_tile_seen_before_someone_elses_edit_is_not_moved(world, session):
    post = world.draft("Old view", "Words", 2, "09:30", MASTODON)
    world.obey({"do": "retitle", "post": post, "title": "New view"})
    asked = {"id": f"{post}|{MASTODON}", "to": "2026-11-25", "expected": 1, "nonce": "n2"}
    assert actions_posts.move(asked, ZONE) == ""
    assert world.store.target(post, MASTODON).local_time == "2026-11-20T09:30"
    told = actions_posts.told()
    assert (told["nonce"], told["tone"]) == ("n2", "red")
    assert "changed since you opened it" in told["text"]


@pytest.mark.parametrize(
    "asked",
    [None, "x", [], {}, {"id": "|"}, {"id": "post-00000001|mastodon:3003", "to": "2026-02-31", "expected": 1},
     {"id": "post-00000001|mastodon:3003", "to": "2026-11-25", "expected": "1"},
     {"id": "post-00000001|mastodon:9", "to": "2026-11-25", "expected": 1},
     {"id": {"a": 1}, "to": ["x"], "expected": 1, "nonce": {}}],
)  # fmt: skip
def test_what_no_calendar_of_ours_sends_changes_nothing(world, session, asked):
    post = world.draft("Here", "Words", 2, "09:30", MASTODON)
    assert actions_posts.move(asked, ZONE) == ""
    assert world.store.target(post, MASTODON).local_time == "2026-11-20T09:30"
    assert world.version(post) == 1


def test_a_draft_whose_submission_is_refused_stays_saved_and_says_so(world, session):
    command = commands.Draft(
        "post-abcdefgh", BRAND, "Long", "g" * 301, (commands.Variant(BLUESKY, "2026-11-20T09:30", ZONE),), 0
    )
    assert actions_posts.save(command, None, submit=True)
    assert world.store.target("post-abcdefgh", BLUESKY).state is TargetState.DRAFT
    told = actions.take_flash()
    assert told.tone == "orange"
    assert told.text.startswith("Saved as a draft, but not submitted.")


def test_an_image_is_kept_before_the_post_names_it(world, session):
    content = an_image()
    media = images.inspect(content, "A shelf")
    variant = commands.Variant(MASTODON, "2026-11-20T09:30", ZONE)
    command = commands.Draft("post-abcdefgh", BRAND, "With it", "Words", (variant,), 0, "", (media,))
    assert actions_posts.save(command, (content, "own"), submit=True)
    kept = world.store.post("post-abcdefgh").media[0]
    assert world.shelf.get(kept.key) == content
    assert world.store.target("post-abcdefgh", MASTODON).state is TargetState.IN_REVIEW


# ---------------------------------------------------------------- pages


def drawn(person_id, **query):
    """The calendar's own script, run as this person."""
    who.install(SignIn(lambda: person_id))

    def script():
        from dashboard.app_pages import calendar

        calendar.render()

    at = AppTest.from_function(script, default_timeout=30)
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def labels(at):
    return {button.label for button in at.button}


@pytest.mark.parametrize(("person", "writes"), [("lena", True), ("priya", True), ("tomas", True), ("gus", True),
                                                ("aroha", False)])  # fmt: skip
def test_each_role_sees_the_calendar_and_who_reads_only_gets_no_pen(world, person, writes):
    world.furnish_posts()
    at = drawn(person)
    assert not at.exception
    assert ("New post" in labels(at)) is writes
    assert "Something went wrong" not in " ".join(str(each.value) for each in at.markdown)


def test_an_author_is_not_offered_to_approve_and_another_is(world):
    post = world.submitted(world.draft("Mine", "Words", 2, "09:30", MASTODON))
    assert "Approve" not in labels(drawn("lena", post=post))
    assert {"Approve", "Send back"} <= labels(drawn("nora", post=post))


def test_a_post_of_another_brand_or_none_is_not_told_apart(world):
    foreign = replace(POST, id="post-foreign1", brand="another-brand")
    from herald.model import New

    world.store.commit([New(replace(foreign, version=0))])
    for post in ("post-foreign1", "post-nowhere1", "<script>"):
        at = drawn("lena", post=post)
        assert not at.exception
        assert labels(at) == {"Calendar"}


def test_what_is_due_as_the_last_day_ends_is_of_the_next(world):
    first, last = present_posts.bounds([world.today() + timedelta(days=2)], ZONE)
    ours = [world.draft("Ours", "Words", day, clock, MASTODON) for day, clock in ((2, "00:00"), (2, "23:59"))]
    world.draft("Tomorrow's", "Words", 3, "00:00", MASTODON)
    assert [target.post_id for target in data_posts.between(BRAND, first, last).targets] == ours


def test_an_approved_post_gets_its_approval_and_both_see_it(world):
    post = world.submitted(world.draft("Ours", "Words", 2, "09:30", MASTODON))
    at = drawn("nora", post=post)
    at.button(key="post-approve").click().run()
    assert not at.exception
    assert world.store.target(post, MASTODON).state is TargetState.APPROVED
    assert data_posts.whole(post).approvals[0].by == "nora"


def test_a_draft_is_saved_from_the_composer(world):
    at = drawn("lena", compose="new", day="2026-11-25")
    assert at.button(key="compose-save").disabled
    at.text_input[0].set_value("Composed").run()
    next(m for m in at.multiselect if m.label == "Accounts").set_value([MASTODON, PERTH_PAGE]).run()
    at.time_input[0].set_value(time(10, 40)).run()
    at.button(key="compose-save").click().run()
    assert not at.exception
    targets = world.store.calendar(BRAND, NOW, NOW + timedelta(days=30))
    assert {(t.account, t.local_time, t.zone) for t in targets} == {
        (MASTODON, "2026-11-25T10:40", ZONE), (PERTH_PAGE, "2026-11-25T10:40", "Australia/Perth"),
    }  # fmt: skip
    assert targets[0].post_id in at.query_params["post"]


def test_a_time_that_the_clocks_skip_cannot_be_saved(world):
    at = drawn("lena", compose="new", day="2027-10-03")  # Sydney goes from 02:00 to 03:00
    next(m for m in at.multiselect if m.label == "Accounts").set_value([MASTODON]).run()
    assert not at.button(key="compose-save").disabled
    at.time_input[0].set_value(time(2, 30)).run()
    assert at.button(key="compose-save").disabled
