"""A retailer's month in a real browser: four people, each with their role, through the unit's elements to the evidence.

The demo's month was lived already (answers, posts, rights, complaints, hides); what is done here is what its last day
still lacks. It ends with a pack in which every part is shown.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from local.chooser import COOKIE, Seal
from tests.e2e.conftest import Server, start_dashboard, stop_dashboard

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("month")]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = start_dashboard(world="tests.e2e.library_world")
    yield running
    stop_dashboard(running)


class Desk:
    """One page of a browser, at which one person after the other sits down."""

    def __init__(self, page: Any, server: Server) -> None:
        self.page, self.server = page, server

    def visits(self, who: str, path: str) -> None:
        cookie = Seal(b"k" * 32).sign(who, int(time.time()))
        self.page.context.add_cookies([{"name": COOKIE, "value": cookie, "url": self.server.url}])
        self.page.goto(f"{self.server.url}/{path}")
        expect(self.page.locator("h1").first).to_be_visible()

    def presses(self, name: str, within: Any = None) -> None:
        """A form's button names its shortcut, too."""
        (within or self.page).get_by_role("button", name=re.compile(f"^{re.escape(name)}")).first.click()

    def card(self, title: str) -> Any:
        """The one under this heading."""
        heading = self.page.get_by_text(title, exact=True)
        return self.page.get_by_test_id("stVerticalBlock").filter(has=heading).last

    @property
    def dialog(self) -> Any:
        return self.page.get_by_role("dialog")

    def writes(self, **words: str) -> None:
        for label, text in words.items():
            self.dialog.get_by_label(label.replace("_", " "), exact=True).first.fill(text)

    def chooses(self, label: str, option: str) -> None:
        self.dialog.get_by_role("combobox", name=label).first.click()
        self.page.get_by_role("option", name=re.compile(re.escape(option))).first.click()

    def is_told(self, words: str) -> None:
        expect(self.page.get_by_text(words).first).to_be_visible()


def test_four_people_walk_the_month_and_its_evidence_is_complete(page: Any, server: Server) -> None:
    desk = Desk(page, server)
    prepares(desk)
    engages(desk)
    promotes(desk)
    reviews(desk)
    desk.visits("eleni", "evidence")
    desk.is_told("Complete: every part is shown.")
    with page.expect_download() as loaded:
        desk.presses("evidence.json")
    assert loaded.value.suggested_filename.startswith("evidence-everybody-")


def prepares(desk: Desk) -> None:
    """Element 1, as the marketer: platforms compared, words listened for, days kept."""
    desk.visits("jack", "platforms")
    desk.presses("Note something")
    desk.writes(What_was_found="Half an hour a day of one person.", Where_it_was_read="https://shop.example/notes")
    desk.presses("Save", desk.dialog)
    desk.is_told("Noted.")
    desk.visits("jack", "platforms?view=Needs+and+choice")
    desk.is_told("Chosen: Facebook page and Bluesky")
    desk.visits("jack", "calendar?days=days")
    desk.presses("New day")
    desk.writes(What="Shop's birthday")
    desk.presses("Save", desk.dialog)
    expect(desk.page.get_by_text("Shop's birthday").first).to_be_visible()
    desk.visits("priya", "monitors")
    desk.presses("New monitor")
    desk.dialog.get_by_label("Title", exact=True).fill("Tables")
    desk.dialog.get_by_label(re.compile("^Any of these words")).fill("table")
    desk.presses("Save", desk.dialog)
    expect(desk.page.get_by_text("Tables").first).to_be_visible()


def engages(desk: Desk) -> None:
    """Element 2, as the community manager: an incident's first step is taken, a customer's insult stays hidden."""
    desk.visits("priya", "incidents?incident=demo-incident-1")
    desk.page.get_by_role("button", name=re.compile("^.*Done: ")).first.click()
    desk.is_told("Taken.")
    desk.visits("hana", "inbox")
    expect(desk.page.get_by_role("heading", name="Inbox")).to_be_visible()


def promotes(desk: Desk) -> None:
    """Element 3, as the marketer: a campaign with an offer, and a link that is counted."""
    desk.visits("jack", "campaigns")
    desk.presses("New campaign")
    desk.writes(Title="Table days", What_it_is_for="Show the oak tables.", Name_in_links="table-days")
    desk.chooses("Answers for it", "Jack")
    desk.presses("Save", desk.dialog)
    expect(desk.page.get_by_text("utm_campaign=table-days")).to_be_visible()
    desk.presses("New offer or event")
    desk.writes(Title="Free oiling", Terms="One table a household.", Page="https://shop.example/oiling")
    desk.presses("Save", desk.dialog)
    expect(desk.page.get_by_text("Offer: Free oiling").first).to_be_visible()
    desk.page.get_by_label("Where it leads").fill("https://shop.example/tables")
    desk.presses("Make a short link")
    expect(desk.page.get_by_text(re.compile("/s/[a-z2-7]{8}")).first).to_be_visible()


def reviews(desk: Desk) -> None:
    """Element 4: a look is kept, a recommendation is made, a breach recorded, the month's report goes to its owner."""
    desk.visits("jack", "profiles")
    desk.presses("Change", desk.card("Banksia & Oak Perth on Facebook"))
    expect(desk.dialog.get_by_text("Banksia & Oak Perth on Facebook")).to_be_visible()
    desk.writes(Description="Furniture for slow homes.")
    desk.presses("Save as a new version", desk.dialog)
    desk.is_told("Saved as version")
    desk.presses("How it looks there", desk.card("Banksia & Oak Perth on Facebook"))
    desk.dialog.get_by_text("It has no picture").click()
    desk.presses("Keep", desk.dialog)
    desk.is_told("Kept. ")
    desk.is_told("It has no description.")
    desk.visits("hana", "recommendations?view=What+the+figures+suggest")
    desk.presses("Recommend")
    desk.chooses("Judged by", "Answered in time")
    desk.writes(What_to_do="Answer before noon.", What_was_found="Answers wait.")
    desk.writes(**{"What it rests on, with its numbers and days": "9 of 40 of October were late."})
    desk.writes(**{"Of how many posts, answers or messages": "40"})
    desk.chooses("Who does it", "Hana")
    desk.presses("Record", desk.dialog)
    expect(desk.page.get_by_text("Answer before noon.").first).to_be_visible()
    desk.visits("eleni", "report")
    desk.presses("Mail to …")
    desk.presses("Send", desk.dialog)
    desk.is_told("The report was mailed to 1 person.")
