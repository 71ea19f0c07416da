"""Takes the pictures of docs/tour.md anew, of the demo's month in a real browser.

    make screenshots

A page changed: take them again, look at them, commit them.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final, NamedTuple

from local.chooser import COOKIE, Seal
from tests.e2e.conftest import CHROMIUM, FLAGS, start_dashboard, stop_dashboard

PICTURES: Final = Path(__file__).resolve().parents[2] / "docs/pictures"
KEY = b"k" * 32  # the one of the test worlds


class Picture(NamedTuple):
    """One page, as one person of the demo sees it."""

    name: str
    person: str
    path: str
    dark: bool = False


TOUR: Final = (
    Picture("overview", "eleni", "overview"),
    Picture("inbox", "hana", "inbox"),
    Picture("moderation", "priya", "moderation"),
    Picture("incidents", "priya", "incidents"),
    Picture("platforms", "jack", "platforms"),
    Picture("trends", "jack", "trends"),
    Picture("calendar", "jack", "calendar"),
    Picture("campaigns", "jack", "campaigns"),
    Picture("library", "jack", "library", dark=True),
    Picture("report", "eleni", "report"),
    Picture("evidence", "eleni", "evidence"),
)


def main() -> None:
    from playwright.sync_api import sync_playwright

    found = os.environ.get("HERALD_CHROMIUM") or next(path for path in CHROMIUM if Path(path).exists())
    PICTURES.mkdir(exist_ok=True)
    server = start_dashboard(world="tests.e2e.library_world")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
            for one in TOUR:
                context = browser.new_context(
                    viewport={"width": 1440, "height": 900}, color_scheme="dark" if one.dark else "light",
                    locale="en-AU", timezone_id="Australia/Sydney",
                )  # fmt: skip
                seal = Seal(KEY).sign(one.person, int(time.time()))
                context.add_cookies([{"name": COOKIE, "value": seal, "url": server.url}])
                page = context.new_page()
                page.goto(f"{server.url}/{one.path}")
                page.locator("h1").first.wait_for(timeout=60_000)
                page.get_by_test_id("stStatusWidget").wait_for(state="detached", timeout=60_000)
                page.wait_for_timeout(2_500)  # charts and pictures come after the words
                page.screenshot(path=PICTURES / f"{one.name}.jpg", type="jpeg", quality=72)
                print(f"docs/pictures/{one.name}.jpg")
                context.close()
            browser.close()
    finally:
        stop_dashboard(server)


if __name__ == "__main__":
    main()
