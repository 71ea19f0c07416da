"""Overview and Report in a real browser: live, in the address, on a phone, in the dark, with hostile titles in it."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from local.chooser import COOKIE, Seal
from tests.e2e.conftest import start_dashboard, stop_dashboard
from tests.e2e.dashboard_world import BEACON

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("overview")]

CHARTS = "svg[role=img]"


@pytest.fixture(scope="module")
def server():
    """One world of figures for the tests of this file; it only ever grows."""
    running = start_dashboard(world="tests.e2e.overview_world")
    yield running
    stop_dashboard(running)


def sign_in(page, server, who="gus"):
    cookie = Seal(b"k" * 32).sign(who, int(time.time()))
    page.context.add_cookies([{"name": COOKIE, "value": cookie, "url": server.url}])


def open_overview(page, server, query="", who="gus"):
    sign_in(page, server, who)
    page.goto(f"{server.url}/overview{query}")
    expect(page.locator(CHARTS)).to_have_count(3)


def card(page, label):
    return page.get_by_role("listitem").filter(has_text=label).locator(".value")


def saved(download):
    return Path(download.path()).read_bytes()


def test_the_bare_address_leads_to_numbers_charts_and_who_waits(page, server):
    fetched = []
    page.on("request", lambda request: fetched.append(request.url))
    sign_in(page, server)
    page.goto(server.url)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.get_by_role("listitem").locator(".value")).to_have_count(5)
    expect(page.locator(".spark")).to_have_count(5)
    expect(page.locator(CHARTS)).to_have_count(3)
    for finding in ("reached most", "has the highest engagement rate by reach", "Best time to post: "):
        expect(page.locator(f"{CHARTS}[aria-label*='{finding}']")).to_be_visible()
    expect(page.get_by_role("table", name="Nearest deadlines").get_by_role("row")).to_have_count(6)
    assert not [url for url in fetched if BEACON in url]
    assert not [url for url in fetched if "vega" in url.lower() or "DataFrame" in url]  # a megabyte


def test_what_is_chosen_stands_in_the_address_and_comes_back_from_it(page, server):
    open_overview(page, server)
    page.get_by_role("radio", name="7 days").or_(page.get_by_role("button", name="7 days")).first.click()
    expect(page).to_have_url(re.compile("period=7"))
    page.get_by_role("radio", name="Engagement rate").click()
    expect(page).to_have_url(re.compile("measure=rate"))
    page.reload()
    expect(page.get_by_text("compared with the 7 days before")).to_be_visible()
    expect(page.get_by_text("By day of publication.")).to_be_visible()


def test_a_platform_without_reach_alone_is_words_not_zeros(page, server):
    sign_in(page, server)
    page.goto(f"{server.url}/overview?platforms=Mastodon")
    expect(card(page, "Daily reach, summed")).to_have_text("n/a")
    expect(page.get_by_text("No figure of this kind was told in this period.")).to_be_visible()


def test_new_figures_appear_by_themselves(page, server):
    open_overview(page, server)
    before = card(page, "Daily reach, summed").inner_text()
    page.evaluate("() => { window.herald = 'same page' }")
    server.tell("measure", reach="400000")
    expect(card(page, "Daily reach, summed")).not_to_have_text(before, timeout=25_000)
    assert page.evaluate("() => window.herald") == "same page"


def test_a_day_under_the_pointer_is_told_and_a_day_that_was_not_told_is_missing(page, server):
    open_overview(page, server)
    chart = page.locator(f"{CHARTS}[aria-label*='reached most']")
    box = chart.bounding_box()
    tip = page.get_by_role("tooltip").filter(has_text="Instagram")
    page.mouse.move(box["x"] + 60, box["y"] + 100)
    expect(tip).to_be_visible()
    expect(tip.locator(".line")).to_have_count(3)
    first = tip.inner_text()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 100)
    expect(tip).not_to_have_text(first)
    expect(tip.locator("b")).to_have_text(["missing"] * 3)  # the last day is not closed yet
    page.mouse.move(2, 2)
    expect(tip).to_be_hidden()


def test_what_a_number_means_is_told_to_the_keyboard_too(page, server):
    open_overview(page, server)
    page.get_by_role("button", name="Engagement rate by reach: what it means").focus()
    tip = page.get_by_role("tooltip").filter(has_text="Formula:")
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def test_the_numbers_of_a_chart_can_be_read_and_kept(page, server):
    open_overview(page, server)
    page.get_by_role("button", name="Table").first.click()
    table = page.get_by_role("table", name="Over time, by platform")
    expect(table).to_be_visible()
    expect(table.get_by_role("columnheader")).to_have_text(["Day", "Facebook", "Instagram", "LinkedIn"])
    with page.expect_download() as held:
        page.get_by_role("dialog").get_by_role("button", name="CSV").click()
    rows = list(csv.reader(io.StringIO(saved(held.value).decode("utf-8-sig"), newline="")))
    assert rows[0] == ["day", "Facebook", "Instagram", "LinkedIn"]
    assert len(rows) == 29
    assert "" in [cell for row in rows for cell in row]  # missing, not 0


def test_the_export_holds_a_hostile_title_as_text(page, server):
    open_overview(page, server, "?period=90+days")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as held:
        page.get_by_role("button", name="Posts", exact=True).click()
    rows = list(csv.DictReader(io.StringIO(saved(held.value).decode("utf-8-sig"), newline="")))
    assert len(rows) > 150
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "@")]


def test_a_waiting_customer_and_a_top_post_lead_to_their_pages(page, server):
    open_overview(page, server)
    page.get_by_role("button", name="Open in the Inbox: Mara Quill").click()
    expect(page).to_have_url(re.compile("/inbox.*case="))
    page.go_back()
    page.get_by_role("table", name="Top posts by engagement rate").get_by_role("button").first.click()
    expect(page).to_have_url(re.compile(r"/calendar.*post=p\d+"))


@pytest.mark.parametrize("path", ["/overview", "/report"])
def test_nothing_is_cut_off_on_a_phone(phone, server, path):
    sign_in(phone, server)
    phone.goto(f"{server.url}{path}")
    expect(phone.locator(CHARTS).first).to_be_visible()
    phone.wait_for_timeout(1_500)
    wide = phone.evaluate(
        """() => [...document.querySelectorAll('[data-testid=stMain] [data-testid]')]
            .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && e.getBoundingClientRect().width > 0)
            .map(e => e.dataset.testid)"""
    )
    assert wide == []
    boxes = "all => all.map(e => e.getBoundingClientRect()).map(e => [e.left, e.right])"
    drawn = phone.locator(CHARTS).evaluate_all(boxes)
    assert len(drawn) >= 2
    assert all(left >= 0 and right <= 375 for left, right in drawn)


def test_on_a_dark_screen_page_tables_and_charts_are_dark(browser, server):
    context = browser.new_context(color_scheme="dark", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    open_overview(page, server)
    shade = "e => { const c = getComputedStyle(e); return [c.color, c.backgroundColor] }"
    background = page.locator("[data-testid=stApp]").evaluate(shade)[1]
    assert sum(map(int, re.findall(r"\d+", background)[:3])) < 120
    pill = page.locator(".pill.red").first.evaluate(shade)
    assert sum(map(int, re.findall(r"\d+", pill[1])[:3])) < 300 < sum(map(int, re.findall(r"\d+", pill[0])[:3]))
    context.close()


CONTRAST = """node => {  // of its words to all that lies under them, 1 to 21 (WCAG 2.2)
  const canvas = new OffscreenCanvas(1, 1).getContext("2d")
  const over = colour => { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1) }
  const light = () => {
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(
      part => part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const grounds = []
  let opacity = 1
  for (let each = node; each; each = each.parentElement ?? each.getRootNode().host) {
    grounds.push(getComputedStyle(each).backgroundColor)
    opacity *= getComputedStyle(each).opacity
  }
  grounds.reverse().forEach(over)
  const below = light()
  canvas.globalAlpha = opacity
  over(getComputedStyle(node).color)
  const both = [below, light()].sort((a, b) => a - b)
  return (both[1] + 0.05) / (both[0] + 0.05)
}"""


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_chosen_tabs_code_and_captions_can_be_read_on_a_light_and_on_a_dark_screen(browser, server, mode, width):
    context = browser.new_context(color_scheme=mode, viewport={"width": width, "height": 900})
    page = context.new_page()
    open_overview(page, server)
    for chosen in ("button[data-variant][data-selected]", ".options [aria-checked=true]"):
        tab = page.locator(chosen).first
        expect(tab).to_be_visible()
        assert tab.evaluate(CONTRAST) >= 4.5
        tab.hover()
        page.wait_for_timeout(400)  # its ground changes slowly
        assert tab.evaluate(CONTRAST) >= 4.5, "under the pointer too"
    page.goto(f"{server.url}/rules?rule=Insult")
    expect(page.locator(".stCode .token.atrule").first).to_be_visible()
    read = page.locator(".stCode .token, [data-testid=stMain] [data-testid=stCaptionContainer] p")
    dim = read.evaluate_all(f"all => all.filter(each => ({CONTRAST})(each) < 4.5).map(each => each.textContent)")
    assert dim == [], "a rule as code, and what is said in small"
    page.goto(f"{server.url}/report")
    page.get_by_role("button", name="Mail to").click()
    asked = "node => { node.style.color = 'light-dark(red, lime)'; return getComputedStyle(node).color }"
    found = page.get_by_role("dialog").evaluate(asked)
    assert found == {"light": "rgb(255, 0, 0)", "dark": "rgb(0, 255, 0)"}[mode], "it is light or dark as the page is"
    context.close()


def test_a_report_is_read_kept_and_mailed_to_those_named(page, server):
    sign_in(page, server)
    page.goto(f"{server.url}/report")
    expect(page.get_by_role("table", name="Numbers of the period")).to_be_visible()
    for part in ("What to do", "What is missing", "What the numbers mean"):
        expect(page.get_by_role("heading", name=part)).to_be_visible()
    page.get_by_test_id("stPopoverButton").click()
    with page.expect_download() as held:
        page.get_by_role("button", name="The whole report").click()
    assert saved(held.value).startswith(b"<!doctype html>")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Mail to").click()
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(page.get_by_text("The report was mailed to 1 person.")).to_be_visible()
    assert [to for to, _, _ in json.loads(server.tell("mails"))] == [["gus@kelp.example"]]
