"""The pages in a real browser, over the real server, flows and gate, with the in-memory store."""

from __future__ import annotations

import os
import re
import time

import pytest
from playwright.sync_api import expect

from local.chooser import COOKIE, Seal
from tests.e2e.conftest import start_dashboard, stop_dashboard
from tests.e2e.dashboard_world import BEACON, HOSTILE, LONG

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("dashboard")]

ANSWER = "Write a public answer. Ctrl+Enter sends it."
ACKNOWLEDGE = "I have read it and will act by it"


def sign_in(page, server, who):
    """Choose a person as a person does."""
    page.goto(f"{server.url}/choose")
    page.locator(f"button[value={who}]").click()
    page.wait_for_url(re.compile("/(overview|inbox|moderation|calendar|report|policies)"))


def acknowledge(page, server, *policies):
    for policy in policies:
        page.goto(f"{server.url}/policies?policy={policy}")
        button = page.get_by_role("button", name=ACKNOWLEDGE)
        expect(button.or_(page.get_by_text(re.compile("^by you, ")))).to_be_visible()
        if button.count():
            button.click()
            expect(page.get_by_text(re.compile("You acknowledged")).first).to_be_visible()


def case_of(server, author):
    """The id of the newest complaint of this author."""
    return server.tell("case", author=author)


def test_nobody_sees_a_page_before_choosing_and_the_choice_survives_a_reload(page, dashboard_server):
    page.goto(f"{dashboard_server.url}/inbox?owner=Mine")
    expect(page.get_by_role("heading", name="Who are you today?")).to_be_visible()
    page.locator("button[value=priya]").click()
    page.wait_for_url("**/inbox?owner=Mine")
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    cookie = next(each for each in page.context.cookies() if each["name"] == COOKIE)
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"


def test_a_page_that_is_not_for_the_role_is_neither_listed_nor_reachable(page, dashboard_server):
    sign_in(page, dashboard_server, "lena")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.get_by_role("link", name="Inbox")).to_have_count(0)
    page.goto(f"{dashboard_server.url}/inbox?case={case_of(dashboard_server, 'Mara Quill')}")
    expect(page.get_by_text("Page not found: its address is misspelt, or it is not for your role")).to_be_visible()
    expect(page.get_by_role("link", name="Overview")).to_be_visible()
    page.wait_for_timeout(3_500)
    expect(page.get_by_text("Mara Quill")).to_have_count(0)


def test_hostile_words_fetch_nothing_and_stay_words(page, dashboard_server):
    """The words are on the page, letter by letter, and nothing of what they ask for happens."""
    asked, dialogs = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(f"{dashboard_server.url}/choose")
    expect(page.get_by_text(f"![x](http://{BEACON}/name.png)")).to_be_visible()
    sign_in(page, dashboard_server, "evil")
    expect(page.get_by_text(f"![x](http://{BEACON}/name.png)").first).to_be_visible()
    sign_in(page, dashboard_server, "priya")
    page.get_by_text("<b>Eve</b>").first.click()
    said = page.locator(".said .words")
    expect(said).to_contain_text("<img src=hxxp://beacon[.]example/a.png onerror=")
    expect(said).to_contain_text(":material/home: :red[x]")
    page.goto(f"{dashboard_server.url}/moderation")
    page.get_by_text("Piet", exact=True).first.click()
    expect(page.locator(".said .words")).to_contain_text("<script>fetch(")
    page.goto(f"{dashboard_server.url}/moderation?view=Decided")
    expect(page.get_by_text("Piet", exact=True).first).to_be_visible()
    page.wait_for_timeout(3_500)  # one look again, too
    elsewhere = [url for url in asked if not url.startswith((dashboard_server.url, "data:", "blob:", "ws://127.0.0.1"))]
    assert elsewhere == []
    assert dialogs == []
    assert page.locator(f"img[src*='{BEACON}'], a[href*='{BEACON}'], script[src*='{BEACON}']").count() == 0
    assert HOSTILE.startswith("<img src=")  # what was shown above is what was said


def test_turned_and_endless_words_are_tamed(page, dashboard_server):
    sign_in(page, dashboard_server, "priya")
    page.goto(f"{dashboard_server.url}/inbox?case={case_of(dashboard_server, 'Long Letter')}")
    expect(page.get_by_role("button", name=re.compile(r"Show all [\d,]+ characters"))).to_be_visible()
    assert page.locator(".said").bounding_box()["height"] < 300
    page.get_by_role("button", name=re.compile("Show all")).click()
    assert page.locator(".said .words").inner_text().count("parcel is late") == LONG.count("parcel is late")
    text = page.locator("body").inner_text()
    assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u0007")


def test_the_policy_of_the_page_blocks_what_the_words_could_not(page, dashboard_server):
    """Even a picture put into the page by hand is not fetched from elsewhere."""
    response = page.goto(f"{dashboard_server.url}/choose")
    policy = response.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    blocked = page.evaluate(
        """url => new Promise(done => {
            document.addEventListener('securitypolicyviolation', event => done(event.violatedDirective));
            const picture = new Image(); picture.src = url; document.body.append(picture);
            setTimeout(() => done('fetched'), 3000) })""",
        f"http://{BEACON}/pixel.png",
    )
    assert blocked == "img-src"


def test_a_picture_is_covered_then_blurred_then_clear_by_keys_alone_and_no_stranger_is_asked(page, dashboard_server):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    dashboard_server.tell("insult", text="you soggy biscuit", found="soggy", photo=f"http://{BEACON}/photo.png")
    sign_in(page, dashboard_server, "aroha")
    page.goto(f"{dashboard_server.url}/moderation?view=Decided")
    page.get_by_text("you soggy biscuit").first.click()
    ask = page.get_by_role("button", name="Show blurred")
    expect(ask).to_be_visible()
    expect(page.locator(".media img")).to_have_count(0)
    seen(page, "picture-covered")
    ask.focus()
    page.keyboard.press("Enter")
    blurred = page.get_by_role("button", name="Picture 1, blurred")
    expect(blurred).to_be_focused(timeout=15_000)
    assert page.locator(".media img").evaluate("each => getComputedStyle(each).filter") == "blur(14px) grayscale(1)"
    seen(page, "picture-blurred")
    page.keyboard.press("Enter")
    clear = page.get_by_role("button", name="Picture 1, shown clearly")
    expect(clear).to_have_attribute("aria-pressed", "true")
    assert page.locator(".media img").evaluate("each => getComputedStyle(each).filter") == "none"
    seen(page, "picture-clear")
    page.keyboard.press("Enter")
    expect(blurred).to_be_visible()
    assert [url for url in asked if BEACON in url] == []


def test_a_new_insult_appears_by_itself(page, dashboard_server):
    sign_in(page, dashboard_server, "aroha")
    page.goto(f"{dashboard_server.url}/moderation?view=Decided")
    expect(page.get_by_text("Rex T.").first).to_be_visible()
    taken = []
    for text in ("what a gormless outfit", "gormless, all of you", "a gormless lot"):  # others want the processor too
        begun = time.monotonic()
        dashboard_server.tell("insult", text=text, found="gormless")
        expect(page.get_by_text(text)).to_be_visible(timeout=20_000)
        taken.append(time.monotonic() - begun)
        if taken[-1] < 8:  # it looks every 3 s, and lists may be 2 s old
            break
    assert min(taken) < 8


def test_an_answer_is_given_once_and_seen_to_stand(page, dashboard_server):
    """Refused before the policy is acknowledged; then a double click makes one reply; then it stands, with its link."""
    dashboard_server.tell("complaint", author="Once Only", text="My bowl is broken")
    case = case_of(dashboard_server, "Once Only")
    sign_in(page, dashboard_server, "priya")
    acknowledge(page, dashboard_server, "COMPLAINTS")
    page.goto(f"{dashboard_server.url}/inbox?case={case}")
    page.get_by_placeholder(ANSWER).fill("We send you a new one today.")
    page.get_by_role("button", name="Send answer").dblclick()
    expect(page.get_by_text("On its way").first).to_be_visible()
    page.wait_for_timeout(1_500)
    assert dashboard_server.tell("replies", case=case) == "1"
    dashboard_server.tell("deliver", case=case)
    expect(page.get_by_text("Stands on the platform")).to_be_visible(timeout=10_000)
    expect(page.get_by_role("link", name="See it on Facebook")).to_have_attribute("href", re.compile("^http://127"))


def test_what_a_person_types_survives_looking_again_and_another_persons_claim(page, dashboard_server):
    dashboard_server.tell("complaint", author="Two Hands", text="The lid is cracked")
    case = case_of(dashboard_server, "Two Hands")
    sign_in(page, dashboard_server, "priya")
    acknowledge(page, dashboard_server, "COMPLAINTS")
    page.goto(f"{dashboard_server.url}/inbox?case={case}")
    box = page.get_by_placeholder(ANSWER)
    box.click()
    box.press_sequentially("Half a sentence", delay=15)
    page.wait_for_timeout(7_000)  # two looks at least
    expect(box).to_have_value("Half a sentence")
    dashboard_server.tell("claim", case=case, owner="tomas")
    expect(page.get_by_text("Tomas Wirth is answering this.")).to_be_visible(timeout=10_000)
    expect(box).to_be_disabled()
    expect(box).to_have_value("Half a sentence")


def test_a_failed_answer_says_why_and_can_be_given_again(page, dashboard_server):
    dashboard_server.tell("complaint", author="Try Again", text="Wrong colour, I want a refund")
    case = case_of(dashboard_server, "Try Again")
    sign_in(page, dashboard_server, "priya")
    acknowledge(page, dashboard_server, "COMPLAINTS")
    page.goto(f"{dashboard_server.url}/inbox?case={case}")
    page.get_by_placeholder(ANSWER).fill("Of course. A refund is on its way.")
    page.get_by_placeholder(ANSWER).press("Control+Enter")
    expect(page.get_by_text("On its way").first).to_be_visible()
    expect(page.get_by_placeholder(ANSWER)).to_have_count(0)  # the box of the first answer, not yet taken away
    dashboard_server.tell("fail", case=case)
    expect(page.get_by_text("this comment is closed").first).to_be_visible(timeout=10_000)
    page.get_by_placeholder(ANSWER).fill("Of course. A refund is on its way.")
    page.get_by_placeholder(ANSWER).press("Control+Enter")
    for _ in range(50):  # the first answer's "On its way" may still stand there
        if dashboard_server.tell("replies", case=case) != "1":
            break
        page.wait_for_timeout(200)
    assert dashboard_server.tell("replies", case=case) == "2"
    expect(page.get_by_text("On its way").first).to_be_visible()


def test_a_person_overrules_with_reason_and_clause(page, dashboard_server):
    dashboard_server.tell("insult", text="you utter spoon, I love this shop", found="utter spoon")
    sign_in(page, dashboard_server, "aroha")
    acknowledge(page, dashboard_server, "MOD")
    page.goto(f"{dashboard_server.url}/moderation?view=Decided")
    page.get_by_text("you utter spoon").first.click()
    expect(page.locator("mark")).to_have_text("utter spoon")
    expect(page.get_by_text("MOD 3.1 · Insults and abuse")).to_be_visible()
    page.get_by_role("button", name="Show again").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("counts as a mistake")).to_be_visible()
    dialog.get_by_role("button", name="Show again").click()
    expect(dialog.get_by_text("Give a reason")).to_be_visible()
    page.get_by_role("textbox", name="Reason").fill("Said with love")
    dialog.get_by_role("button", name="Show again").click()
    expect(page.get_by_text("Your decision stands").first).to_be_visible()
    expect(page.get_by_text(re.compile("Allowed by Aroha Tane"))).to_be_visible()


def test_a_decision_is_made_by_keys_alone_and_no_letter_of_its_reason_is_a_shortcut(page, dashboard_server):
    """A, E, H, N and T are keys of the page: typed beside the box, "a threat" would make an allowing of a hiding."""
    dashboard_server.tell("insult", text="you gross teapot", found="teapot")
    sign_in(page, dashboard_server, "aroha")
    acknowledge(page, dashboard_server, "MOD")
    page.goto(f"{dashboard_server.url}/moderation?view=Decided")
    page.get_by_text("you gross teapot").first.click()
    expect(page.locator("mark")).to_have_text("teapot")
    page.keyboard.press("e")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("textbox", name="Reason")).to_be_focused()
    dialog.get_by_role("button", name="Close").focus()
    page.keyboard.type("aehnt")
    page.wait_for_timeout(1_500)
    expect(dialog.get_by_text("Hand this decision up")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.keyboard.press("a")
    expect(page.get_by_role("textbox", name="Reason")).to_be_focused()
    page.keyboard.type("a teapot that hates nobody")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Your decision stands").first).to_be_visible()
    expect(page.get_by_text("a teapot that hates nobody")).to_be_visible()


def test_a_customer_is_offered_an_appeal_and_another_person_decides_it(page, dashboard_server):
    text, said = "you absolute doorknob", "Doorknob is <b>my name</b>, and I only signed."
    dashboard_server.tell("insult", text=text, found="doorknob")
    sign_in(page, dashboard_server, "priya")
    page.goto(f"{dashboard_server.url}/moderation?view=Decided")
    page.get_by_text(text).first.click()
    page.get_by_role("button", name="Copy appeal link").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("code")).to_contain_text(re.compile(r"^https://herald\.example/l/1\.[\w-]+\.[\w-]{43}$"))
    seen(page, "appeal-link")
    page.keyboard.press("Escape")
    dashboard_server.tell("appeal", text=text, said=said)
    sign_in(page, dashboard_server, "aroha")
    acknowledge(page, dashboard_server, "MOD")
    page.goto(f"{dashboard_server.url}/moderation?view=Appeals")
    page.get_by_text(text).first.click()
    expect(page.get_by_text(f"The customer appeals: {said}")).to_be_visible()
    seen(page, "appeal")
    page.get_by_role("button", name="Overturn").click()
    page.get_by_role("textbox", name="Reason").fill("It is a name.")
    seen(page, "appeal-dialog")
    page.get_by_role("button", name="Overturn the decision").click()
    expect(page.get_by_text("Your decision stands").first).to_be_visible()
    page.goto(f"{dashboard_server.url}/moderation?view=Appeals")
    expect(page.get_by_text("Nobody appeals")).to_be_visible()


def seen(page, name):
    """Keep a picture where HERALD_SHOTS says, to be looked at."""
    if folder := os.environ.get("HERALD_SHOTS"):
        page.wait_for_timeout(600)
        page.screenshot(path=f"{folder}/dashboard-{name}.png")


def test_a_case_study_is_made_as_it_is_downloaded_and_leaves_its_line(page, dashboard_server):
    dashboard_server.tell("insult", text="you stale crumpet", found="crumpet")
    sign_in(page, dashboard_server, "priya")
    page.goto(f"{dashboard_server.url}/moderation?view=Decided")
    page.get_by_text("you stale crumpet").first.click()
    button = page.get_by_role("button", name="Case study")
    expect(button).to_be_visible()
    assert dashboard_server.tell("taken") == "0"
    with page.expect_download() as download:
        button.click()
    assert download.value.path().read_text(encoding="utf-8").startswith("# Case study")
    assert dashboard_server.tell("taken") == "1"


def test_what_is_at_stake_is_read_whole_on_a_small_screen_and_on_a_phone(page, dashboard_server):
    dashboard_server.tell("held", text="I know where that driver lives.")
    sign_in(page, dashboard_server, "priya")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(f"{dashboard_server.url}/moderation")
        pill = page.locator(".pill", has_text="Critical · not public")
        expect(pill).to_be_visible()
        seen(page, f"at-stake-{width}")
        for each in page.locator(".frame .pill, .frame .push").all():
            whole = "e => e.scrollWidth <= e.clientWidth + 1 && e.getBoundingClientRect().right <= innerWidth"
            assert each.evaluate(whole), (width, each.inner_text())
        words = page.locator(".frame .words", has_text="I know where").bounding_box()
        assert words["width"] >= 120


def test_a_phone_reads_and_answers_without_scrolling_sideways(phone, dashboard_server):
    dashboard_server.tell("complaint", author="On The Tram", text="My order is late")
    case = case_of(dashboard_server, "On The Tram")
    sign_in(phone, dashboard_server, "priya")
    acknowledge(phone, dashboard_server, "COMPLAINTS")
    phone.goto(f"{dashboard_server.url}/inbox")
    phone.get_by_text("On The Tram").first.click()
    expect(phone.locator(".said .words")).to_contain_text("My order is late")
    assert phone.evaluate("document.scrollingElement.scrollWidth") <= 375
    expect(phone.get_by_text("Mara Quill")).to_be_hidden()  # the list made way
    phone.get_by_placeholder(ANSWER).fill("It leaves today.")
    phone.get_by_role("button", name="Send answer").click()
    expect(phone.get_by_text("On its way").first).to_be_visible()
    assert dashboard_server.tell("replies", case=case) == "1"
    phone.get_by_role("button", name="← All").click()
    expect(phone.get_by_text("Mara Quill").first).to_be_visible()


def test_the_keyboard_walks_the_list_and_opens_a_case(page, dashboard_server):
    sign_in(page, dashboard_server, "tomas")
    page.goto(f"{dashboard_server.url}/inbox")
    rows = page.locator("tr.row")
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox?case=*")
    expect(page.locator(".said")).to_be_visible()


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x",
         "AWS_SECRET_ACCESS_KEY": "x", "MESSAGES_TABLE": "m", "POSTS_TABLE": "p", "SETTINGS_TABLE": "s",
         "METRICS_TABLE": "t", "AUDIT_TABLE": "a"},
    ],
    ids=["told of no tables", "nothing answers"],
)  # fmt: skip
def test_without_tables_the_page_says_what_to_start(page, environment):
    server = start_dashboard("--absent", env=environment)
    try:
        page.goto(f"{server.url}/choose")
        expect(page.get_by_text("make up")).to_be_visible()
        cookie = Seal(b"k" * 32).sign("priya", int(time.time()))
        page.context.add_cookies([{"name": COOKIE, "value": cookie, "url": server.url}])
        page.goto(server.url)
        expect(page.get_by_text("make up").first).to_be_visible(timeout=30_000)
        text = page.locator("body").inner_text()
        assert "Traceback" not in text
        assert "botocore" not in text
        assert "NotConfigured" not in text
    finally:
        stop_dashboard(server)
