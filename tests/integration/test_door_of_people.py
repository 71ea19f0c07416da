"""The chooser under attack: odd requests get a plain refusal, never a crash, and never somebody else's name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from dashboard import data
from local import chooser
from local.chooser import COOKIE, OnlyHere, Seal
from tests.e2e.dashboard_world import World

HOST = "127.0.0.1:8420"
OWN_FORM = {"host": HOST, "origin": f"http://{HOST}"}


@pytest.fixture
def app() -> Iterator[Starlette]:
    seal = Seal(b"k" * 32)
    data.set_herald(World().herald)
    yield Starlette(routes=chooser.routes(seal), middleware=[Middleware(OnlyHere, seal=seal)])
    data.set_herald(None)


def post(app: Starlette, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/choose", "raw_path": b"/choose",
        "query_string": b"", "scheme": "http", "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    start = sent[0]
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}


@pytest.mark.parametrize("host", ["[", "[::1", "]", "127.0.0.1[", "evil.example", "127.0.0.1.evil.example", ""])
def test_a_host_that_does_not_name_this_machine_is_refused(app: Starlette, host: str) -> None:
    assert post(app, {"host": host, "origin": f"http://{host}"}, b"person=priya")[0] == 421


@pytest.mark.parametrize(
    "origin", ["http://[", "null", "", "http://evil.example", "http://127.0.0.1:8410", f"x://{HOST}"]
)
def test_a_form_of_another_page_is_refused(app: Starlette, origin: str) -> None:
    status, headers = post(app, {"host": HOST, "origin": origin}, b"person=priya")
    assert (status, headers.get("set-cookie")) == (403, None)


@pytest.mark.parametrize("body", [b"", b"person=", b"person=%00", b"person=%ff%ed%a0%80", b"\xff\xfe", b"&&==&"])
def test_nobody_in_particular_is_nobody(app: Starlette, body: bytes) -> None:
    status, headers = post(app, OWN_FORM, body)
    assert (status, headers.get("set-cookie")) == (404, None)


def test_a_choice_while_nothing_runs_says_so(app: Starlette) -> None:
    class Gone:
        @property
        def store(self) -> Any:
            raise ConnectionError("nothing listens")

    data.set_herald(Gone())  # type: ignore[arg-type]
    assert post(app, OWN_FORM, b"person=priya")[0] == 503


@pytest.mark.parametrize(
    "away", ["//evil.example", "/\\evil.example", "https://evil.example", "/%09/evil.example", "\t//e"]
)
def test_a_choice_leads_nowhere_else(app: Starlette, away: str) -> None:
    status, headers = post(app, OWN_FORM, f"person=priya&next={quote(away)}".encode())
    assert status == 303
    assert COOKIE in headers["set-cookie"]
    assert headers["location"] in ("/", "/%09/evil.example")  # the second is a path of ours: nobody decodes it
