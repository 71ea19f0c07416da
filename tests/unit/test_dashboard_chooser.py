"""The chooser of people: for this machine, for forms of its own page, and for nobody else."""

from __future__ import annotations

import asyncio
import stat
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from dashboard import data
from local import chooser
from local.chooser import COOKIE, LASTS, NotLoopback, OnlyHere, Seal, loopback, names_this_machine
from tests.e2e.dashboard_world import World

SEAL = Seal(b"s" * 32)
HOST = "127.0.0.1:8420"


@pytest.fixture
def app():
    data.set_herald(World().herald)
    yield Starlette(
        routes=[Route("/inbox", lambda request: PlainTextResponse("the page")), *chooser.routes(SEAL)],
        middleware=[Middleware(OnlyHere, seal=SEAL)],
    )
    data.set_herald(None)


def ask(app, method, path, *, headers=None, body=b""):
    """One request over ASGI: status, headers, text."""
    given = {"host": HOST, "accept": "text/html"} | (headers or {})
    route, _, query = path.partition("?")
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "path": route, "raw_path": route.encode(),
        "query_string": query.encode(), "scheme": "http", "server": ("127.0.0.1", 8420), "client": ("127.0.0.1", 5),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()], "root_path": "",
    }  # fmt: skip
    sent = []

    async def run():
        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            sent.append(message)

        await app(scope, receive, send)

    asyncio.run(run())
    start = next(message for message in sent if message["type"] == "http.response.start")
    text = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, text.decode()


def choose(app, person="priya", following="/inbox", **headers):
    body = urlencode({"person": person, "next": following}).encode()
    return ask(app, "POST", "/choose", headers={"origin": f"http://{HOST}"} | headers, body=body)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "::", "shop.example", "", "8.8.8.8"])  # noqa: S104
def test_it_refuses_to_start_where_others_could_reach_it(host):
    with pytest.raises(NotLoopback, match=r"127\.0\.0\.1 only"):
        loopback(host)
    with pytest.raises(NotLoopback):
        chooser.serve(host, 1, key=b"k")
    with pytest.raises(NotLoopback):
        chooser.main(["--host", host])


@pytest.mark.parametrize(("host", "bound"), [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("::1", "::1")])
def test_loopback_is_served(host, bound):
    assert loopback(host) == bound


@pytest.mark.parametrize("host", ["127.0.0.1:8420", "localhost:8420", "localhost", "[::1]:8420", "127.0.0.1"])
def test_a_name_of_this_machine_is_answered(host):
    assert names_this_machine(host)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil.example", "10.0.0.1"])
def test_a_foreign_name_that_points_here_is_refused(app, host):
    assert not names_this_machine(host)
    status, _, text = ask(app, "GET", "/choose", headers={"host": host})
    assert status == 421
    assert "Priya" not in text


def test_who_has_chosen_nobody_is_led_to_the_people_and_back(app):
    status, headers, _ = ask(app, "GET", "/inbox?case=a~b")
    assert (status, headers["location"]) == (303, "/choose?next=/inbox%3Fcase%3Da~b")
    status, _, text = ask(app, "GET", headers["location"])
    assert status == 200
    assert "Priya Nair" in text
    assert 'value="/inbox?case=a~b"' in text


def test_choosing_sets_a_cookie_that_scripts_and_other_sites_never_see(app):
    status, headers, _ = choose(app)
    assert (status, headers["location"]) == (303, "/inbox")
    cookie = headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    status, _, text = ask(app, "GET", "/inbox", headers={"cookie": cookie.partition(";")[0]})
    assert (status, text) == (200, "the page")


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://evil.example"}, {"origin": "null"}, {"origin": ""}, {"origin": "http://127.0.0.1:9999"},
     {"sec-fetch-site": "cross-site"}],
)  # fmt: skip
def test_a_form_of_another_site_chooses_nobody(app, headers):
    status, answered, _ = choose(app, **headers)
    assert status == 403
    assert "set-cookie" not in answered


def test_an_unknown_person_is_refused_and_a_flood_too(app):
    assert choose(app, person="nobody")[0] == 404
    assert choose(app, person="p" * 10_000)[0] == 413


@pytest.mark.parametrize(
    "following", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:1", "/a\nb"]
)
def test_after_choosing_nobody_is_sent_elsewhere(app, following):
    assert choose(app, following=following)[1]["location"] == "/"


def test_a_hostile_name_is_only_a_name(app):
    _, _, text = ask(app, "GET", "/choose")
    assert "<img" not in text
    assert "&lt;img" in text


def test_only_our_own_fresh_seal_is_believed():
    cookie = SEAL.sign("priya", 1_000)
    assert SEAL.read(cookie, 1_000) == "priya"
    assert SEAL.read(cookie, 1_000 + LASTS + 1) == ""
    assert SEAL.read(cookie, 999) == ""  # from the future
    assert Seal(b"t" * 32).read(cookie, 1_000) == ""
    assert SEAL.read(cookie.replace("priya", "gus"), 1_000) == ""
    for junk in ("", ".", "..", "1.priya", "x" * 2_000, "é.é.é"):
        assert SEAL.read(junk, 1_000) == ""
    assert SEAL.read(SEAL.sign("a.b&p=c d", 5), 5) == "a.b&p=c d"


def test_the_key_of_this_machine_is_made_once_and_is_nobody_elses_to_read(tmp_path):
    key = chooser.kept_key(tmp_path / "local")
    assert len(key) == 32
    assert chooser.kept_key(tmp_path / "local") == key
    assert stat.S_IMODE((tmp_path / "local" / "chooser.key").stat().st_mode) == 0o600


def test_the_cookie_is_the_only_thing_that_says_who(app):
    assert ask(app, "GET", "/inbox", headers={"cookie": f"{COOKIE}=priya"})[0] == 303
