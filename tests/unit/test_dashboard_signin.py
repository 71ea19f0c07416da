"""What a sign-in proves, how long, and what the issuer still says of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from dashboard import data, oidc, serve, who
from herald.errors import Refused
from herald.flows import commands, gate
from herald.model import Person, Role
from tests.e2e.dashboard_world import BRAND, PEOPLE, World
from tests.support import issuer as issuers

NOW = 1_795_000_000.0
ENVIRONMENT = {
    "OIDC_ISSUER": "https://login.example.org", "OIDC_CLIENT_ID": "herald", "OIDC_CLIENT_SECRET": "s",
    "COOKIE_SECRET": "c" * 32, "DASHBOARD_URL": "https://herald.example.org/",
}  # fmt: skip
SETTINGS = oidc.Settings.from_environment(ENVIRONMENT)
MAPPED = replace(SETTINGS, groups=oidc.read_groups("care=customer_service_manager; heads=owner,community_manager"))
PRIYA = Person("priya", "Priya", frozenset({Role.COMMUNITY_MANAGER}), frozenset({BRAND}), "priya@kelp.example")
GOOD = {
    "is_logged_in": True, "iss": SETTINGS.issuer, "aud": "herald", "sub": "s-1", "iat": int(NOW) - 60,
    "email": "priya@kelp.example", "email_verified": True, "nonce": "n",
}  # fmt: skip


def proved(claims=None, people=(PRIYA,), settings=SETTINGS, now=NOW, **more):
    return oidc.identify(GOOD | (claims or {}), people, settings, now, **more)


# ---------------------------------------------------------------- who


def test_a_verified_address_of_one_active_person_is_that_person():
    assert proved() == who.Proof("priya", None)
    assert proved({"email": "Priya@Kelp.Example"}).person_id == "priya"


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"is_logged_in": False}, oidc.SIGN_IN),
        ({"is_logged_in": "yes"}, oidc.SIGN_IN),
        ({"iss": "https://login.example.org/"}, oidc.ELSEWHERE),
        ({"aud": "other"}, oidc.ELSEWHERE),
        ({"aud": "other", "azp": "herald"}, oidc.ELSEWHERE),
        ({"aud": ["herald", "other"]}, oidc.ELSEWHERE),
        ({"aud": ["herald"], "azp": "other"}, oidc.ELSEWHERE),
        ({"aud": None}, oidc.ELSEWHERE),
        ({"iat": None}, oidc.TOO_OLD),
        ({"iat": True}, oidc.TOO_OLD),
        ({"iat": "1795000000"}, oidc.TOO_OLD),
        ({"iat": float("nan")}, oidc.TOO_OLD),
        ({"iat": int(NOW) + 121}, oidc.TOO_OLD),
        ({"iat": int(NOW) - 8 * 3600 - 1}, oidc.TOO_OLD),
        ({"email_verified": False}, oidc.UNVERIFIED),
        ({"email_verified": "true"}, oidc.UNVERIFIED),
        ({"email_verified": 1}, oidc.UNVERIFIED),
        ({"email": "other@kelp.example"}, oidc.UNKNOWN),
        ({"email": ""}, oidc.UNKNOWN),
        ({"email": ["priya@kelp.example"]}, oidc.UNKNOWN),
    ],
)
def test_anything_else_is_nobody_and_says_what_to_do(claims, why):
    assert proved(claims) == who.Proof(why=why)


def test_a_listed_audience_with_us_as_the_party_is_ours():
    assert proved({"aud": ["herald", "other"], "azp": "herald"}).person_id == "priya"


def test_letters_that_only_look_alike_when_lowered_are_other_letters():
    kate = replace(PRIYA, id="kate", email="kate@kelp.example")
    assert "\u212aate@kelp.example".lower() == kate.email  # the Kelvin sign
    assert proved({"email": "\u212aate@kelp.example"}, [kate]).person_id == ""


def test_the_issuers_own_id_counts_alone_where_the_row_has_it():
    known = replace(PRIYA, subject="s-1")
    assert proved({"email_verified": False, "email": "x@y.example"}, [known]).person_id == "priya"
    assert proved({"sub": "s-2"}, [known]).person_id == ""
    assert proved({}, [known, replace(PRIYA, id="another", email="other@kelp.example")]).person_id == "priya"


def test_two_active_people_of_one_address_let_nobody_in_and_one_who_left_is_no_hindrance():
    twin = replace(PRIYA, id="twin")
    assert proved({}, [PRIYA, twin]).why == oidc.TWICE
    assert proved({}, [PRIYA, replace(twin, active=False)]).person_id == "priya"
    assert proved({}, [replace(PRIYA, active=False)]).why == oidc.UNKNOWN


def test_a_person_without_an_address_is_not_meant_by_an_empty_one():
    assert proved({"email": ""}, [replace(PRIYA, email="")]).person_id == ""


# ---------------------------------------------------------------- what


def test_groups_give_the_roles_that_are_mapped_and_no_group_gives_none():
    assert proved({"cognito:groups": ["heads", "x"]}, settings=MAPPED).roles == {Role.OWNER, Role.COMMUNITY_MANAGER}
    assert proved({"cognito:groups": "heads"}, settings=MAPPED).person_id == "priya"
    for groups in (None, [], ["care"], {"heads": 1}, [["heads"]], 7):
        assert proved({"cognito:groups": groups}, settings=MAPPED).why == oidc.NO_ROLE


def test_what_the_issuer_says_of_groups_today_goes_before_what_it_said_at_sign_in():
    claims = {"cognito:groups": ["heads"]}
    assert proved(claims, settings=MAPPED, groups=["care"]).why == oidc.NO_ROLE
    assert proved(claims, settings=MAPPED, groups=None).person_id == "priya"


@given(st.frozensets(st.sampled_from(Role)), st.frozensets(st.sampled_from(Role)))
def test_no_sign_in_adds_a_role_to_a_row(row, vouched):
    world = World()
    world.store.save(replace(PRIYA, roles=row))
    data.set_herald(world.herald)
    who.install(who.SignIn(lambda: who.Proof("priya", vouched)))
    try:
        assert who.current_person().roles == row & vouched
    finally:
        who.install(None)
        data.set_herald(None)


def test_the_gate_takes_no_role_from_a_group_that_the_row_does_not_have():
    world = World()
    case = world.complaint("Mara", "It is broken", due_in=10)
    claim = commands.Claim(case.id, case.version)

    def give(by, within):
        return gate.perform(claim, by=by, within=within, herald=world.herald, now=world.now())

    with pytest.raises(Refused):
        give("lena", frozenset(Role))  # a marketer whose groups vouch for everything
    with pytest.raises(Refused):
        give("tomas", frozenset({Role.MARKETER}))
    with pytest.raises(Refused):
        give("tomas", frozenset())
    assert give("tomas", frozenset({Role.CUSTOMER_SERVICE_MANAGER})).subject
    assert PEOPLE[1].id == "tomas"


# ---------------------------------------------------------------- whether it still does


class Line:
    """A network that answers what the test says, and counts."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __call__(self, url, headers):
        self.asked.append((url, headers.get("authorization")))
        if url.endswith("/.well-known/openid-configuration"):
            told = b'{"issuer": "https://login.example.org", "userinfo_endpoint": "https://login.example.org/me"}'
            return 200, told
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Hand:
    now = 0.0

    def __call__(self):
        return self.now


FINE = (200, b'{"sub": "s-1", "cognito:groups": ["heads"]}')


def test_the_issuer_is_asked_once_a_minute_for_each_token():
    line, clock = Line(FINE), Hand()
    issuer = oidc.Issuer(SETTINGS, line, clock)
    for _ in range(20):
        assert issuer.groups("t", "s-1") == ["heads"]
    assert [url for url, _ in line.asked] == [
        "https://login.example.org/.well-known/openid-configuration", "https://login.example.org/me",
    ]  # fmt: skip
    clock.now = 61
    issuer.groups("t", "s-1")
    issuer.groups("another", "s-1")
    assert [token for _, token in line.asked[2:]] == ["Bearer t", "Bearer another"]


@pytest.mark.parametrize("answer", [(401, b""), (403, b"{}"), (400, b"{}"), (200, b'{"sub": "s-2"}'), (200, b"{}")])
def test_a_token_the_issuer_does_not_stand_by_is_out(answer):
    issuer = oidc.Issuer(SETTINGS, Line(answer), Hand())
    with pytest.raises(oidc.Withdrawn):
        issuer.groups("t", "s-1")
    with pytest.raises(oidc.Withdrawn):
        issuer.groups("t", "s-1")  # remembered, too


@pytest.mark.parametrize(
    "answer", [(500, b""), (302, b""), (200, b"<html>"), (200, b"[]"), OSError("down"), ValueError("too long")]
)
def test_an_issuer_that_cannot_be_asked_counts_as_before_for_five_minutes_and_then_as_nothing(answer):
    clock = Hand()
    issuer = oidc.Issuer(SETTINGS, Line(FINE, answer), clock)
    assert issuer.groups("t", "s-1") == ["heads"]
    clock.now = 299
    assert issuer.groups("t", "s-1") == ["heads"]
    clock.now = 301
    with pytest.raises(oidc.Unasked):
        issuer.groups("t", "s-1")
    with pytest.raises(oidc.Unasked):
        oidc.Issuer(SETTINGS, Line(answer), clock).groups("t", "s-1")  # never asked: no grace


def test_a_token_that_was_withdrawn_stays_so_while_the_issuer_is_down():
    clock = Hand()
    issuer = oidc.Issuer(SETTINGS, Line((401, b""), OSError("down")), clock)
    for clock.now in (0, 100, 290):
        with pytest.raises(oidc.Withdrawn):
            issuer.groups("t", "s-1")


def test_a_real_issuer_over_http_stands_by_its_token_until_it_does_not():
    with issuers.running() as running:
        running.subjects["token"] = "s-1"
        running.userinfo = {"groups": ["care"]}
        settings = replace(SETTINGS, issuer=running.url, groups_claim="groups")
        clock = Hand()
        issuer = oidc.Issuer(settings, oidc.fetch(), clock)
        assert issuer.groups("token", "s-1") == ["care"]
        running.userinfo = {"groups": []}
        clock.now = 61
        assert issuer.groups("token", "s-1") == []
        running.withdraw_all()
        clock.now = 122
        with pytest.raises(oidc.Withdrawn):
            issuer.groups("token", "s-1")
        assert running.asked.count("/userinfo") == 3
        elsewhere = replace(settings, issuer=f"http://localhost:{running.url.rpartition(':')[2]}")
        with pytest.raises(oidc.Unasked):  # its metadata names another issuer
            oidc.Issuer(elsewhere, oidc.fetch(), clock).groups("token", "s-1")


def test_whoever_signed_out_is_out_and_the_next_sign_in_is_another():
    ended = oidc.Ended()
    ended.add(GOOD, NOW + 100, NOW)
    assert GOOD in ended
    assert GOOD | {"nonce": "the next"} not in ended
    ended.add({"sub": "other"}, NOW + 500, NOW + 101)
    assert GOOD not in ended  # the sign-in is over by its age: nothing is kept for ever


# ---------------------------------------------------------------- settings


def test_nothing_set_is_no_sign_in_and_half_of_it_does_not_start():
    assert oidc.Settings.from_environment({}) is None
    assert oidc.Settings.from_environment({"SESSION_HOURS": "8", "OIDC_GROUPS": "x"}) is None
    for name in oidc._NEEDED:
        with pytest.raises(oidc.Incomplete, match=name):
            oidc.Settings.from_environment(ENVIRONMENT | {name: " "})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_ISSUER", "http://login.example.org"),
        ("DASHBOARD_URL", "http://herald.example.org"),
        ("DASHBOARD_URL", "herald.example.org"),
        ("OIDC_ISSUER", "ftp://x"),
        ("COOKIE_SECRET", "short"),
        ("OIDC_CHECK", "yes"),
        ("SESSION_HOURS", "25"),
        ("SESSION_HOURS", "0"),
        ("SESSION_HOURS", "nan"),
        ("SESSION_HOURS", "inf"),
        ("SESSION_HOURS", "eight"),
        ("OIDC_GROUPS", "heads"),
        ("OIDC_GROUPS", "heads="),
        ("OIDC_GROUPS", "=owner"),
        ("OIDC_GROUPS", "heads=boss"),
    ],
)
def test_a_setting_that_says_nothing_sure_does_not_start(name, value):
    with pytest.raises(oidc.Incomplete, match=name):
        oidc.Settings.from_environment(ENVIRONMENT | {name: value})


def test_secrets_are_not_in_what_a_log_would_show_of_the_settings():
    shown = repr(replace(SETTINGS, client_secret="very-secret", cookie_secret="also-secret"))
    assert "very-secret" not in shown
    assert "also-secret" not in shown


def test_group_names_may_hold_an_equals_sign_as_those_of_directories_do():
    assert oidc.read_groups("cn=heads,dc=kelp=owner; a=marketer; a=engineer") == {
        "cn=heads,dc=kelp": {Role.OWNER}, "a": {Role.MARKETER, Role.ENGINEER},
    }  # fmt: skip


def test_without_an_issuer_the_server_installs_no_sign_in_whatever_else_is_set():
    who.install(who.SignIn(lambda: "gus"))
    serve.build({"HERALD_LOCAL_DIR": ".local", "CHOOSER": "1", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})
    assert who.sign_in() is None
    assert who.current_person() is None


# ---------------------------------------------------------------- cookies


def test_every_cookie_is_marked_secure_once():
    def page(_):
        response = Response("x")
        response.set_cookie("a", "1")
        response.set_cookie("b", "2", secure=True)
        return response

    sent = []

    async def ask():
        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "root_path": ""}
        await oidc.SecureCookies(Starlette(routes=[Route("/", page)]))(scope, receive, send)

    asyncio.run(ask())
    cookies = [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]
    assert len(cookies) == 2
    assert all(cookie.count("ecure") == 1 for cookie in cookies)
