"""The pages behind signed links in a real browser, on a phone: read, pressed, nothing from elsewhere, nothing run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from herald.model import Action, Media, TargetState, Work
from local.demo.library import shelved
from tests.support.linked import MESSAGE, Linked, linked, served
from tests.support.world import ACCOUNT, BRAND, NEW, NOON

pytestmark = pytest.mark.e2e

LONG = (
    "The Kurrajong side table is back. It is made of oak that fell in last winter's storms, in our own workshop.\n\n"
    'Come and see it <b>today</b>: <script>document.title = "run"</script> it stands in the window.\n'
    "Donaudampfschifffahrtsgesellschaftskapitänskajütenschlüsselanhängerverkaufsausstellung"
)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Linked, str]]:
    made = linked(monkeypatch)
    with served(made) as base:
        yield made, base


def an_image(here: Linked) -> Media:
    from PIL import Image, ImageDraw

    picture, out = Image.new("RGB", (900, 600), "#d9c7a3"), BytesIO()
    ImageDraw.Draw(picture).rectangle((250, 260, 650, 300), fill="#6b4a2b")
    picture.save(out, "JPEG")
    key = here.shelf.put(out.getvalue(), "image/jpeg")
    size = len(out.getvalue())
    shown = Media(key, key.removeprefix("media/"), "image/jpeg", size, "A low oak table, seen from the side", 900, 600)
    return shelved(here.world.store, BRAND, shown, NOON)


def seen(page: Any, name: str) -> None:
    """Keep a picture of the whole page where HERALD_SHOTS says, to be looked at."""
    folder = os.environ.get("HERALD_SHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"link-{name}.png"), full_page=True)


def fits(page: Any) -> None:
    """Nothing is wider than the screen, and whatever can be pressed is big enough for a thumb."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    for box in page.locator("button:visible, summary:visible").all():
        assert box.bounding_box()["height"] >= 44


def test_an_approver_reads_on_a_phone_and_presses_once(phone: Any, here: tuple[Linked, str]) -> None:
    made, base = here
    post = made.submitted(LONG, title="A table & its story", media=(an_image(made),), link="https://shop.example/table")
    troubles: list[str] = []
    asked: list[str] = []
    phone.on("console", lambda line: troubles.append(line.text))
    phone.on("pageerror", lambda error: troubles.append(str(error)))
    phone.on("request", lambda request: asked.append(request.url))
    phone.goto(f"{base}/l/{made.link('approve', post)}")
    assert phone.title() == "To approve: A table & its story · Herald"
    assert phone.locator("img").evaluate("image => image.complete && image.naturalWidth") == 900
    assert phone.get_by_text("<b>today</b>").is_visible()
    assert phone.locator("h1").evaluate("e => getComputedStyle(e).fontSize") != "32px"  # the style sheet is in force
    fits(phone)
    seen(phone, "approve-light")
    phone.emulate_media(color_scheme="dark")
    seen(phone, "approve-dark")
    phone.get_by_text("Send back", exact=True).first.click()
    fits(phone)
    seen(phone, "approve-send-back")
    phone.get_by_role("button", name="Approve").click()
    phone.get_by_text("You approved this").wait_for()
    seen(phone, "approved-dark")
    phone.reload()
    assert phone.get_by_text("You approved this").is_visible()
    target = made.world.store.target(post, ACCOUNT.id)
    assert target is not None
    assert target.state is TargetState.APPROVED
    assert all(url.startswith(base) for url in asked)
    assert troubles == []


def test_a_customer_appeals_on_a_phone(phone: Any, here: tuple[Linked, str]) -> None:
    made, base = here
    phone.goto(f"{base}/l/{made.link('appeal', made.hidden('You utter muppet, you'))}")
    fits(phone)
    seen(phone, "appeal-light")
    phone.get_by_role("button", name="Send the appeal").click()
    assert made.world.store.open_cases(BRAND, Work.APPEAL).items == ()  # the browser itself asks for words first
    phone.get_by_label("Why was this wrong?").fill("Muppet is what my grandmother calls me.\nShe means it kindly.")
    phone.get_by_role("button", name="Send the appeal").click()
    phone.get_by_text("We received your appeal").wait_for()
    seen(phone, "appealed-light")
    (case,) = made.world.store.open_cases(BRAND, Work.APPEAL).items
    assert case.message_id == MESSAGE
    message = made.world.store.message(MESSAGE)
    assert message is not None
    assert message.decision is not None
    assert message.decision.action is Action.HIDE


def test_a_policy_is_read_and_acknowledged_on_a_phone(phone: Any, here: tuple[Linked, str]) -> None:
    made, base = here
    phone.goto(f"{base}/l/{made.link('acknowledge', 'MOD', NEW.id)}")
    fits(phone)
    seen(phone, "policy-light")
    phone.get_by_role("button", name="I have read it").click()
    phone.get_by_text("You acknowledged version 1").wait_for()
    assert made.world.store.acknowledgement(NEW.id, "MOD", 1) is not None


def test_a_report_is_read_with_its_style_and_a_dead_link_says_what_to_do(phone: Any, here: tuple[Linked, str]) -> None:
    made, base = here
    troubles: list[str] = []
    phone.on("console", lambda line: troubles.append(line.text))
    phone.goto(f"{base}/l/{made.link('share', f'{BRAND}~2026-10-01~2026-10-31')}")
    assert phone.locator("body").evaluate("e => getComputedStyle(e).maxWidth") != "none"
    seen(phone, "report-light")
    assert troubles == []
    phone.goto(f"{base}/l/not-a-link")
    assert phone.get_by_text("ask whoever sent it for a new one").is_visible()
    fits(phone)
    seen(phone, "refused-light")
