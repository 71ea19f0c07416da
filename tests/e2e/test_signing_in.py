"""Signing in to the deployed dashboard's server, in a real browser, against an OpenID Connect issuer."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from dashboard import oidc, who
from tests.e2e.conftest import start_dashboard, stop_dashboard
from tests.support import issuer as issuers

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("dashboard")]

LEFT = re.compile(f"{re.escape(who.AWAY)}|{re.escape(oidc.UNKNOWN)}")
GROUPS = "shop-care=customer_service_manager; shop-managers=community_manager,owner; shop-social=marketer"


@pytest.fixture(scope="module")
def issuer():
    with issuers.running() as running:
        yield running


@pytest.fixture(scope="module")
def server(issuer):
    """The server as the image runs it. Sessions last an hour, so that a test can make one that is older."""
    running = start_dashboard(
        world="tests.e2e.signin_world",
        env={
            "OIDC_ISSUER": issuer.url, "OIDC_CLIENT_ID": issuers.CLIENT, "OIDC_CLIENT_SECRET": issuers.SECRET,
            "COOKIE_SECRET": "c" * 48, "OIDC_GROUPS": GROUPS, "OIDC_GROUPS_CLAIM": "groups", "SESSION_HOURS": "1",
        },
    )  # fmt: skip
    yield running
    stop_dashboard(running)


def visitor(name: str, *groups: str, **more):
    """The claims of one of us, as an honest issuer makes them."""
    return {
        "sub": f"sub-{name}", "email": f"{name}@kelp-and-clay.example", "email_verified": True, "groups": list(groups),
    } | more  # fmt: skip


def sign_in(page, server, issuer, claims):
    issuer.reset(**claims)
    page.goto(server.url)
    press(page)


def press(page):
    """Press the button, and be back from the issuer."""
    with page.expect_response(lambda response: "/oauth2callback?" in response.url):
        page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "oauth2callback" not in url)
    way_in, way_on = page.get_by_role("button", name="Sign in"), page.get_by_role("link", name="Policies")
    expect(way_in.or_(way_on)).to_be_visible()  # drawn: a test may go on from here


def inside(page):
    expect(page.get_by_role("link", name="Policies")).to_be_visible()


def outside(page, why):
    """Nothing but the reason and the way in is on the page."""
    expect(page.get_by_text(why)).to_be_visible()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_role("link", name="Policies")).to_have_count(0)
    expect(page.get_by_text("Mara Quill")).to_have_count(0)


def test_whoever_signs_in_sees_the_pages_of_the_roles_that_their_row_and_their_groups_both_give(page, server, issuer):
    sign_in(page, server, issuer, visitor("priya", "shop-managers", "another-app"))
    inside(page)
    expect(page.get_by_role("link", name="Inbox", exact=True)).to_be_visible()
    expect(page.get_by_text("Priya Nair").first).to_be_visible()
    # the group's "owner" adds nothing
    expect(page.get_by_text(re.compile("^Community manager$")).first).to_be_visible()
    page.reload()
    inside(page)


def test_a_marketer_does_not_reach_the_inbox_by_its_address(page, server, issuer):
    sign_in(page, server, issuer, visitor("lena", "shop-social"))
    inside(page)
    expect(page.get_by_role("link", name="Inbox")).to_have_count(0)
    page.goto(f"{server.url}/inbox")
    inside(page)
    expect(page.get_by_text("Mara Quill")).to_have_count(0)


def test_groups_without_a_role_here_let_nobody_in(page, server, issuer):
    sign_in(page, server, issuer, visitor("priya", "another-app"))
    outside(page, oidc.NO_ROLE)


def test_a_person_removed_while_signed_in_is_out_at_the_next_run_without_touching_the_page(page, server, issuer):
    sign_in(page, server, issuer, visitor("tomas", "shop-care"))
    page.goto(f"{server.url}/inbox")
    expect(page.get_by_text("Mara Quill").first).to_be_visible()
    server.tell("person", id="tomas", active="no")
    try:
        outside(page, LEFT)  # the list's own tick asks, within seconds
        page.reload()
        outside(page, oidc.UNKNOWN)
    finally:
        server.tell("person", id="tomas", active="yes")


def test_a_role_taken_away_is_gone_at_the_next_run(page, server, issuer):
    sign_in(page, server, issuer, visitor("tomas", "shop-care", "shop-social"))
    page.goto(f"{server.url}/inbox")
    expect(page.get_by_text("Mara Quill").first).to_be_visible()
    server.tell("person", id="tomas", roles="marketer")
    try:
        expect(page.get_by_role("link", name="Inbox")).to_have_count(0)
        expect(page.get_by_text("Mara Quill")).to_have_count(0)
    finally:
        server.tell("person", id="tomas", roles="customer_service_manager")


def test_a_token_that_is_too_old_is_nobodys_though_its_cookie_is_good(page, server, issuer):
    sign_in(page, server, issuer, visitor("priya", "shop-managers", iat=int(time.time()) - 3_590))
    inside(page)
    outside(page, oidc.TOO_OLD)  # ten seconds later the hour is over; the page's own tick asks
    assert any(cookie["name"] == oidc.COOKIE for cookie in page.context.cookies())


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_nobody_verified_proves_nothing(page, server, issuer, verified):
    sign_in(page, server, issuer, visitor("priya", "shop-managers", email_verified=verified))
    outside(page, oidc.UNVERIFIED)


def test_a_verified_stranger_is_a_stranger(page, server, issuer):
    sign_in(page, server, issuer, visitor("mallory", "shop-managers"))
    outside(page, oidc.UNKNOWN)


def test_an_address_handed_on_to_somebody_else_is_not_enough_where_the_row_holds_the_issuers_id(page, server, issuer):
    server.tell("person", id="priya", subject="sub-priya")
    try:
        sign_in(page, server, issuer, visitor("priya", "shop-managers", sub="sub-the-next-priya"))
        outside(page, oidc.UNKNOWN)
        sign_in(page, server, issuer, visitor("priya", "shop-managers", email="new@elsewhere.example"))
        inside(page)
    finally:
        server.tell("person", id="priya", subject="")


@pytest.mark.parametrize(
    "lie", [{"aud": "another-app"}, {"aud": "another-app", "azp": issuers.CLIENT}, {"aud": [issuers.CLIENT, "other"]},
            {"iss": "https://issuer.example"}, {"nonce": "of another sign-in"}, {"exp": 1_700_000_000}],
    ids="-".join,
)  # fmt: skip
def test_a_token_for_somebody_else_or_of_somebody_else_lets_nobody_in(page, server, issuer, lie):
    sign_in(page, server, issuer, visitor("priya", "shop-managers", **lie))
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    outside(page, re.compile(f"{re.escape(oidc.SIGN_IN)}|{re.escape(oidc.ELSEWHERE)}"))


def test_a_token_signed_by_an_unknown_key_lets_nobody_in(page, server, issuer):
    issuer.reset(**visitor("priya", "shop-managers"))
    issuer.foreign_key = True
    page.goto(server.url)
    press(page)
    outside(page, oidc.SIGN_IN)
    assert "/token" in issuer.asked


def test_a_cookie_that_was_tampered_with_is_nobodys(page, server, issuer):
    sign_in(page, server, issuer, visitor("lena", "shop-social"))
    inside(page)
    cookie = next(each for each in page.context.cookies() if each["name"] == oidc.COOKIE)
    assert cookie["httpOnly"]
    value = cookie["value"]
    for forged in (value[:-2] + ("AA" if value[-2:] != "AA" else "BB"), "B" + value[1:], value.split(".")[0]):
        page.context.add_cookies([cookie | {"value": forged}])
        page.goto(server.url)
        outside(page, oidc.SIGN_IN)


def test_signing_out_ends_every_tab_and_the_session_at_the_issuer_and_a_copied_cookie_is_worth_nothing(
    page, server, issuer
):
    sign_in(page, server, issuer, visitor("priya", "shop-managers"))
    inside(page)
    copied = page.context.cookies()
    other = page.context.new_page()
    other.goto(f"{server.url}/inbox")
    expect(other.get_by_text("Mara Quill").first).to_be_visible()
    page.get_by_role("link", name="Sign out").click()
    outside(page, oidc.SIGN_IN)
    assert issuer.left[0]["client_id"] == issuers.CLIENT
    outside(other, oidc.SIGNED_OUT)
    page.context.add_cookies(copied)
    page.goto(server.url)
    outside(page, oidc.SIGNED_OUT)


def test_another_sites_link_signs_nobody_out(page, server, issuer):
    sign_in(page, server, issuer, visitor("priya", "shop-managers"))
    inside(page)
    page.set_content(f'<a href="{server.url}/sign-out">x</a>')
    page.goto("about:blank")
    page.goto(issuer.url + "/jwks")
    page.evaluate(f"location.href = {server.url + '/sign-out'!r}")
    page.wait_for_url(re.compile(re.escape(server.url)))
    inside(page)


def test_a_dashboard_without_an_issuer_lets_nobody_in_and_says_so(page):
    bare = start_dashboard(world="tests.e2e.signin_world", env={"OIDC_ISSUER": ""})
    try:
        page.goto(bare.url)
        expect(page.get_by_text("Nobody can sign in here: no sign-in is set up.")).to_be_visible()
        page.goto(f"{bare.url}/choose")
        expect(page.get_by_role("heading", name="Who are you today?")).to_have_count(0)
        page.goto(f"{bare.url}/inbox")
        expect(page.get_by_text("Nobody can sign in here: no sign-in is set up.")).to_be_visible()
        expect(page.get_by_text("Mara Quill")).to_have_count(0)
    finally:
        stop_dashboard(bare)
