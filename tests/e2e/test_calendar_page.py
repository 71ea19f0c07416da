"""The calendar, the composer and a post's page in a real browser, over the real server, gate and in-memory store."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import expect

from dashboard import data
from herald.govern.links import read
from local.chooser import COOKIE, Seal
from tests.e2e.calendar_world import BLUESKY, MASTODON, an_image
from tests.e2e.conftest import start_dashboard, stop_dashboard
from tests.e2e.dashboard_world import BEACON

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("calendar")]


@pytest.fixture(scope="module")
def server():
    """One calendar for the tests of this file; each uses posts of its own."""
    running = start_dashboard(world="tests.e2e.calendar_world")
    yield running
    stop_dashboard(running)


def sign_in(page, server, who):
    """The seal that the chooser gives; how a person chooses is tested in test_dashboard_pages."""
    cookie = Seal(b"k" * 32).sign(who, int(time.time()))
    page.context.add_cookies([{"name": COOKIE, "value": cookie, "url": server.url}])


def draft(server, title, *, days=2, clock="09:00", accounts=MASTODON, text="Words."):
    """A draft of lena's, so many days from today; its id."""
    return server.tell("draft", title=title, days=str(days), clock=clock, accounts=accounts, text=text)


def planned(server, post, account=MASTODON):
    """(state, day, clock) of a variant."""
    state, _, local_time = server.tell("target", post=post, account=account).partition(" ")
    return state, local_time[:10], local_time[11:]


def open_calendar(page, server, who, day):
    """The month that shows this day."""
    sign_in(page, server, who)
    page.goto(f"{server.url}/calendar?month={day[:7]}")
    expect(page.locator(f"section.day[data-date='{day}']")).to_be_visible()


def tile(page, title):
    return page.locator(".tile", has_text=title)


def later(day, days):
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def in_same_month(day):
    """A day beside this one that every page showing it shows too."""
    return later(day, 1) if date.fromisoformat(day).weekday() < 6 else later(day, -1)


def lift(page, title):
    """Take a tile with the mouse; it hangs in the air."""
    tile(page, title).evaluate("node => node.scrollIntoView({ block: 'center' })")
    box = tile(page, title).bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + 16, steps=3)


def drop(page, day):
    box = page.locator(f"section.day[data-date='{day}']").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 12, steps=6)
    page.mouse.up()


def test_a_dragged_post_keeps_its_time_of_day(page, server):
    post = draft(server, "Dragged along", clock="10:35")
    _, day, _ = planned(server, post)
    open_calendar(page, server, "lena", day)
    to = in_same_month(day)
    lift(page, "Dragged along")
    drop(page, to)
    expect(page.locator(f"section.day[data-date='{to}'] .tile", has_text="Dragged along")).to_be_visible()
    expect(page.locator(".told")).to_contain_text("Moved.")
    assert planned(server, post) == ("draft", to, "10:35")


def test_an_approved_post_that_is_moved_says_that_it_goes_back_to_review(page, server):
    post = draft(server, "Approved already", clock="11:00")
    server.tell("approve", post=post)
    page.wait_for_timeout(data.LIVE * 1_000)  # a list may be so old, and then the move is refused, as it should be
    _, day, _ = planned(server, post)
    open_calendar(page, server, "lena", day)
    expect(page.get_by_text("Moving an approved post sends it back to review").first).to_be_visible()
    lift(page, "Approved already")
    expect(page.locator(".hint")).to_contain_text("It goes back to review")
    to = in_same_month(day)
    drop(page, to)
    expect(page.locator(".told")).to_contain_text("waits for approval again")
    assert planned(server, post) == ("in_review", to, "11:00")


FOCUSED = """() => [...document.querySelectorAll('*')].map(n => n.shadowRoot?.activeElement).find(Boolean)
    ?.getAttribute('aria-label') || ''"""


def test_alt_and_arrows_move_a_focused_post_and_say_so(page, server):
    post = draft(server, "Walked by keys", days=8, clock="08:20")
    _, day, _ = planned(server, post)
    open_calendar(page, server, "lena", day)
    tile(page, "Walked by keys").focus()
    page.keyboard.press("Alt+ArrowUp")
    spoken = page.locator("[aria-live=polite].unseen")
    expect(spoken).to_contain_text("Walked by keys, Mastodon: to")
    expect(spoken).to_contain_text("Moved.")
    assert planned(server, post) == ("draft", later(day, -7), "08:20")
    assert "Walked by keys" in page.evaluate(FOCUSED)


def test_several_keys_in_a_row_are_one_move(page, server):
    today = datetime.now(UTC).date()
    first = (today.replace(day=1) + timedelta(days=40)).replace(day=3)  # two weeks on, still on its month's page
    post = draft(server, "Three steps", days=(first - today).days)
    _, day, _ = planned(server, post)
    open_calendar(page, server, "lena", day)
    tile(page, "Three steps").focus()
    page.evaluate("""() => {
        const root = [...document.querySelectorAll('*')].map(n => n.shadowRoot).find(r => r?.querySelector('.calendar'))
        for (const key of ['ArrowDown', 'ArrowDown', 'ArrowUp'])
            root.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, altKey: true, bubbles: true })) }""")
    expect(page.locator(".told")).to_contain_text("Moved.")
    assert planned(server, post)[1] == later(day, 7)
    assert server.tell("moves", post=post) == "1"


def test_alt_and_arrows_lead_on_into_another_month(page, server):
    post = draft(server, "Out of the month", days=40)
    _, day, _ = planned(server, post)
    open_calendar(page, server, "lena", day)
    last = page.locator("section.day").last.get_attribute("data-date")
    while day <= last:
        tile(page, "Out of the month").focus()
        page.keyboard.press("Alt+ArrowDown")
        day = later(day, 7)
        there = page.locator(f"section.day[data-date='{day}'] .tile:not(.moving)", has_text="Out of the month")
        expect(there).to_be_visible()
    page.wait_for_url(f"**month={day[:7]}*")
    assert planned(server, post)[1] == day
    assert "Out of the month" in page.evaluate(FOCUSED)  # it can be moved on


def test_a_post_that_changed_while_it_was_in_the_air_snaps_back_with_the_gates_words(page, server):
    """What comes meanwhile neither takes the tile out of the hand nor lets an old view decide."""
    post = draft(server, "Held in the air", days=3)
    _, day, _ = planned(server, post)
    open_calendar(page, server, "lena", day)
    lift(page, "Held in the air")
    server.tell("retitle", post=post, title="Held in the air, renamed")
    page.wait_for_timeout(5_500)  # two looks
    assert page.locator(".tile.lifted").count() == 1
    drop(page, in_same_month(day))
    expect(page.locator(".told.red")).to_contain_text("This changed since you opened it")
    expect(page.locator(f"section.day[data-date='{day}'] .tile", has_text="renamed")).to_be_visible()
    assert planned(server, post)[1] == day


def test_what_is_out_cannot_be_moved_and_leads_to_the_platform(page, server):
    sign_in(page, server, "lena")
    page.goto(f"{server.url}/calendar")
    out = page.locator(".tile.published").first
    expect(out).to_be_visible()
    assert out.get_attribute("draggable") != "true"
    link = page.locator("a.out").first
    assert link.get_attribute("href").startswith("https://pots.example/")
    assert link.get_attribute("rel") == "noopener noreferrer"
    out.focus()
    page.keyboard.press("Alt+ArrowRight")
    expect(page.locator("[aria-live=polite].unseen")).to_contain_text("cannot be moved")


def test_compliance_reads_the_calendar_and_moves_nothing(page, server):
    sign_in(page, server, "aroha")
    page.goto(f"{server.url}/calendar")
    expect(page.locator(".tile").first).to_be_visible()
    assert page.locator(".tile[draggable=true]").count() == 0
    expect(page.get_by_role("button", name="New post")).to_have_count(0)


def test_an_engineer_has_no_calendar(page, server):
    sign_in(page, server, "evil")
    page.goto(f"{server.url}/calendar")
    expect(page.get_by_text("Page not found: its address is misspelt, or it is not for your role")).to_be_visible()
    expect(page.get_by_role("link", name="Calendar")).to_have_count(0)


def test_filters_stand_in_the_address_and_what_is_hidden_is_counted(page, server):
    sign_in(page, server, "lena")
    page.goto(f"{server.url}/calendar?platform=Bluesky")
    expect(page.locator(".tile").first).to_be_visible()
    assert set(page.locator(".tile .letter").all_inner_texts()) == {"B"}
    expect(page.get_by_text("not shown by the filters")).to_be_visible()
    page.get_by_role("button", name="Needs you").click()
    page.wait_for_url("**state=*")
    expect(page.locator(".tile.draft")).to_have_count(0)
    page.locator(".tile").first.click()
    page.wait_for_url("**post=*")
    page.get_by_role("button", name="Calendar").click()
    page.wait_for_url("**state=*")


def test_hostile_titles_and_words_stay_words(page, server):
    asked, dialogs = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    post = server.tell("find-hostile")
    _, day, _ = planned(server, post)
    open_calendar(page, server, "lena", day)
    expect(tile(page, f"<img src=http://{BEACON}/a.png")).to_be_visible()
    page.goto(f"{server.url}/calendar?post={post}")
    expect(page.locator(".master .text")).to_contain_text("<script>fetch(")
    expect(page.get_by_text("<img src=").first).to_be_visible()
    page.goto(f"{server.url}/calendar?compose={post}")
    expect(page.locator(".preview .told")).to_contain_text("<script>fetch(")
    page.wait_for_timeout(3_500)
    elsewhere = [url for url in asked if not url.startswith((server.url, "data:", "blob:", "ws://127.0.0.1"))]
    assert elsewhere == []
    assert dialogs == []
    assert page.locator(f"img[src*='{BEACON}'], a[href*='{BEACON}'], script[src*='{BEACON}']").count() == 0
    assert "\u202e" not in page.locator(".preview .told").inner_text()


def test_a_post_is_written_checked_while_written_submitted_and_approved_by_another(page, server):
    sign_in(page, server, "lena")
    page.goto(f"{server.url}/calendar")
    page.get_by_role("button", name="New post", exact=True).click()
    expect(page.get_by_role("heading", name="New post")).to_be_visible()
    page.get_by_label("Title").fill("Glaze week")
    page.get_by_label("Title").press("Tab")
    accounts = page.get_by_role("combobox", name="Accounts")
    for name in ("Bluesky", "Mastodon"):
        accounts.fill(name)
        page.get_by_role("option", name=re.compile(name)).click()
        expect(page.locator(f"[aria-label^='Preview, {name}']")).to_be_visible()
    page.keyboard.press("Escape")
    box = page.get_by_role("textbox", name="Text", exact=True)
    box.fill("g" * 301)
    bluesky = page.locator("[aria-label^='Preview, Bluesky']")
    expect(bluesky.locator(".count")).to_have_text("301 / 300 graphemes")  # while the box has the focus
    expect(bluesky.locator(".problems")).to_contain_text("the limit is 300")
    expect(page.locator("[aria-label^='Preview, Mastodon'] .fits")).to_be_visible()
    expect(page.get_by_role("button", name="Submit for approval")).to_be_disabled()
    box.fill("Glaze week begins on Monday. 👩‍👩‍👧‍👧")
    expect(bluesky.locator(".count")).to_have_text("30 / 300 graphemes")
    page.get_by_role("combobox", name="Image", exact=True).click()
    page.get_by_role("option", name="A new image").click()
    upload = page.locator("input[type=file]")
    upload.set_input_files({"name": "photo.png", "mimeType": "image/png", "buffer": b"<svg onload=alert(1)>"})
    expect(page.get_by_text("This file is no JPEG, PNG, GIF or WebP image")).to_be_visible()
    upload.set_input_files({"name": "photo.png", "mimeType": "image/png", "buffer": an_image()})
    expect(bluesky.locator("img")).to_be_visible()
    expect(bluesky.locator(".problems")).to_contain_text("Describe the image")
    expect(bluesky.locator(".problems")).to_contain_text("choose its licence")
    page.get_by_role("combobox", name="Licence").click()
    page.get_by_role("option", name="Own work").click()
    page.get_by_label("Image description").fill("A shelf of bowls")
    page.get_by_label("Image description").press("Tab")
    expect(bluesky.locator(".fits")).to_be_visible()
    page.get_by_role("button", name="Submit for approval").click()
    page.wait_for_url("**post=*")
    expect(page.get_by_text("Sent for approval.")).to_be_visible()
    expect(page.get_by_text("someone else approves it")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    post = re.search(r"post=([\w-]+)", page.url).group(1)
    assert planned(server, post, BLUESKY)[0] == "in_review"
    sign_in(page, server, "nora")
    page.goto(f"{server.url}/calendar?post={post}")
    expect(page.get_by_alt_text("A shelf of bowls").first).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved.", exact=True)).to_be_visible()
    expect(page.get_by_text("Nora Vale approved it").first).to_be_visible()
    assert planned(server, post, MASTODON)[0] == "approved"


def test_what_is_half_written_survives_the_looks_of_others_and_an_old_view_is_not_saved(page, server):
    post = draft(server, "Written by two")
    sign_in(page, server, "lena")
    page.goto(f"{server.url}/calendar?compose={post}")
    box = page.get_by_role("textbox", name="Text", exact=True)
    expect(box).to_have_value("Words.")
    server.tell("retitle", post=post, title="Written by two, renamed")
    box.fill("My half of it")
    expect(page.get_by_text("Someone changed this post since you opened it")).to_be_visible()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Look at it again before you decide")).to_be_visible()
    expect(box).to_have_value("My half of it")
    page.get_by_role("button", name="Start from what is there now").click()
    expect(page.get_by_label("Title")).to_have_value("Written by two, renamed")
    expect(page.get_by_role("textbox", name="Text", exact=True)).to_have_value("Words.")


def test_a_voided_approval_shows_what_changed_since(page, server):
    post = server.tell("find", title="Opening hours")
    sign_in(page, server, "nora")
    page.goto(f"{server.url}/calendar?post={post}")
    expect(page.get_by_text("Voided by an edit")).to_be_visible()
    expect(page.locator("del").first).to_have_text("nine")
    expect(page.locator("ins").first).to_have_text("ten")


def test_an_unclear_post_is_settled_by_a_person_who_looked(page, server):
    post = draft(server, "Did it go out")
    server.tell("approve", post=post)
    server.tell("unclear", post=post, account=MASTODON)
    sign_in(page, server, "priya")
    page.goto(f"{server.url}/calendar?post={post}")
    expect(page.get_by_text("may or may not stand on the platform")).to_be_visible()
    page.get_by_role("button", name="It stands there").click()
    page.get_by_role("dialog").get_by_role("button", name="It stands there").click()
    expect(page.get_by_role("dialog").get_by_text("Give the address")).to_be_visible()
    page.get_by_label("Its address there").fill("https://pots.example/@kelp/77")
    page.get_by_role("dialog").get_by_role("button", name="It stands there").click()
    expect(page.get_by_role("link", name=re.compile("See it on Mastodon"))).to_have_attribute(
        "href", "https://pots.example/@kelp/77"
    )
    assert planned(server, post)[0] == "published"


def test_a_hold_stands_over_the_calendar_until_it_is_released(page, server):
    sign_in(page, server, "priya")
    page.goto(f"{server.url}/calendar")
    page.get_by_role("button", name="Hold…").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("Flood in the valley")
    page.get_by_role("dialog").get_by_label("Reason").press("Tab")
    page.get_by_role("button", name="Hold now").click()
    expect(page.get_by_text("Nothing leaves all accounts")).to_be_visible()
    expect(page.get_by_text("Flood in the valley")).to_be_visible()
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_text("Flood in the valley")).to_have_count(0)
    expect(page.locator(".told")).to_contain_text("Released.")


def test_a_phone_reads_the_weeks_and_opens_a_post_without_scrolling_sideways(phone, server):
    draft(server, "For the phone", days=0, clock="23:50")
    sign_in(phone, server, "lena")
    phone.goto(f"{server.url}/calendar")
    expect(phone.locator(".weeks")).to_be_visible()
    assert phone.evaluate("document.scrollingElement.scrollWidth") <= 375
    tile(phone, "For the phone").click()
    phone.wait_for_url("**post=*")
    expect(phone.get_by_role("button", name="Move", exact=True)).to_be_visible()
    assert phone.evaluate("document.scrollingElement.scrollWidth") <= 375
    phone.get_by_role("button", name="Edit").click()
    expect(phone.get_by_role("textbox", name="Text", exact=True)).to_have_value("Words.")
    assert phone.evaluate("document.scrollingElement.scrollWidth") <= 375


def test_an_approver_copies_a_link_of_their_own_and_the_author_has_none(page, server):
    post = draft(server, "For the telephone", clock="15:00")
    server.tell("submit", post=post)
    sign_in(page, server, "lena")
    page.goto(f"{server.url}/calendar?post={post}")
    expect(page.get_by_text("someone else approves it")).to_be_visible()
    expect(page.get_by_role("button", name="Copy link")).to_have_count(0)
    sign_in(page, server, "nora")
    page.goto(f"{server.url}/calendar?post={post}")
    page.get_by_role("button", name="Copy link").click()
    link = page.get_by_role("dialog").locator("code")
    expect(link).to_contain_text(re.compile(r"^https://herald\.example/l/1\."))
    assert read(link.inner_text().rpartition("/")[2], ["k" * 40], datetime.now(UTC)).person == "nora"
