"""The sign-in of the laptop: choose which demo person you are. No password, so it serves this machine only.

    python -m local.chooser            the dashboard on 127.0.0.1:8420, behind the chooser

Whoever can reach it can be anyone. It therefore refuses to start on any address that is not loopback, answers only
requests that name this machine in their Host header, and changes who you are only for a form of its own page.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import html
import ipaddress
import logging
import os
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from local import ports

COOKIE = "herald_person"
LASTS = 12 * 3600  # seconds a choice is remembered
_FORM_LIMIT = 4_096  # bytes
_OURS = ("/choose", "/api/", "/_stcore/", "/static/", "/app/static/", "/media/", "/component/")
_log = logging.getLogger("herald.chooser")


class NotLoopback(SystemExit):
    """The address is not loopback: anyone on the network could be anyone."""


def loopback(host: str) -> str:
    """The address, if only this machine can reach it. Raises NotLoopback with what to do."""
    try:
        if ipaddress.ip_address("127.0.0.1" if host == "localhost" else host).is_loopback:
            return "127.0.0.1" if host == "localhost" else host
    except ValueError:
        pass
    raise NotLoopback(
        f"The chooser does not start on {host}: it asks for no password, so it serves 127.0.0.1 only. "
        "On a network, run dashboard/streamlit_app.py with a real sign-in."
    )


# ---------------------------------------------------------------- the choice, in a signed cookie


@dataclass(frozen=True, slots=True)
class Seal:
    """Signs and checks a choice. Cookies of another key, or older than LASTS, are nobody's."""

    key: bytes

    def sign(self, person_id: str, at: int) -> str:
        told = f"{at}.{quote(person_id, safe='')}"
        return f"{told}.{self._mac(told)}"

    def read(self, cookie: str, now: int) -> str:
        """The person id; empty if the cookie is not ours or too old."""
        told, _, mac = cookie[:500].rpartition(".")
        at, _, quoted = told.partition(".")
        if not hmac.compare_digest(mac.encode(), self._mac(told).encode()) or not at.isdecimal():
            return ""
        return parse_qs(f"p={quoted}").get("p", [""])[0] if 0 <= now - int(at) <= LASTS else ""

    def _mac(self, told: str) -> str:
        return hmac.new(self.key, told.encode(), hashlib.sha256).hexdigest()


def kept_key(folder: Path) -> bytes:
    """The signing key of this machine, made at first use, so that a restart does not forget who you are."""
    place = folder / "chooser.key"
    try:
        found = place.read_bytes()
        if len(found) == 32:
            return found
    except OSError:
        pass
    key = secrets.token_bytes(32)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(key)
    except OSError as error:
        _log.warning("the choice is forgotten at the next start: %s", error)
    return key


# ---------------------------------------------------------------- the door


class OnlyHere:
    """Refuses requests that do not name this machine, and leads those without a choice to the chooser."""

    def __init__(self, app: ASGIApp, seal: Seal) -> None:
        self.app = app
        self.seal = seal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if not names_this_machine(headers.get("host", "")):
            await self._refuse(scope, receive, send)
            return
        if scope["type"] == "http" and self._lost(scope, headers):
            where = quote(_inside(scope["path"] + _query(scope)), safe="/")
            await RedirectResponse(f"/choose?next={where}", 303)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _lost(self, scope: Scope, headers: Mapping[str, str]) -> bool:
        """A page asked for by somebody who has chosen nobody."""
        if scope["method"] != "GET" or scope["path"].startswith(_OURS) or "text/html" not in headers.get("accept", ""):
            return False
        cookies = Request(scope).cookies
        return not self.seal.read(cookies.get(COOKIE, ""), int(time.time()))

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        text = "This server answers to 127.0.0.1 and localhost only.\n"
        await PlainTextResponse(text, 421)(scope, receive, send)


def names_this_machine(host: str) -> bool:
    """Whether a Host header (or the host of an Origin) is loopback by name: no rebinding of a foreign name."""
    try:
        name = (urlsplit(f"//{host}").hostname or "") if host else ""
        if name == "localhost":
            return True
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _query(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    return f"?{query}" if query else ""


def _inside(path: str) -> str:
    """A path of this server to go on to; "/" for anything that could lead elsewhere."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and len(path) <= 500
    return path if plain and "\\" not in path else "/"


# ---------------------------------------------------------------- the page


def routes(seal: Seal) -> list[Route]:
    """GET /choose shows the people, POST /choose takes one."""
    from dashboard import data, theme  # noqa: PLC0415  Streamlit is loaded only when a server is started
    from dashboard.failures import not_started  # noqa: PLC0415
    from dashboard.present import initials  # noqa: PLC0415
    from dashboard.text import one_line  # noqa: PLC0415

    def people() -> list[tuple[str, str, str, str]]:
        found = sorted((p for p in data.herald().store.people() if p.active), key=lambda p: p.name)
        roles = {p.id: ", ".join(theme.ROLES[role] for role in sorted(p.roles)) or "No role" for p in found}
        return [(p.id, one_line(p.name, 60), initials(p.name), roles[p.id]) for p in found]

    def show(request: Request) -> Response:
        following = _inside(request.query_params.get("next", "/"))
        try:
            return HTMLResponse(page(people(), following))
        except Exception as error:
            if not not_started(error):
                _log.exception("the people could not be read")
            return HTMLResponse(page(None, following), 503)

    async def take(request: Request) -> Response:
        host = request.headers.get("host", "")
        same = request.headers.get("origin", "") in (f"http://{host}", f"https://{host}")
        if not same or request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return PlainTextResponse("Choose on the page itself: open /choose.\n", 403)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _FORM_LIMIT:
                return PlainTextResponse("Too long.\n", 413)
        form = parse_qs(body.decode("utf-8", "replace"))
        wanted = form.get("person", [""])[0][:100]
        try:
            person = data.herald().store.person(wanted) if wanted else None
        except Exception as error:
            if not not_started(error):
                _log.exception("the person could not be read")
            return HTMLResponse(page(None, "/"), 503)
        if person is None or not person.active:
            return PlainTextResponse("There is no such person. Open /choose again.\n", 404)
        response = RedirectResponse(_inside(form.get("next", ["/"])[0]), 303)
        response.set_cookie(
            COOKIE, seal.sign(person.id, int(time.time())), max_age=LASTS, httponly=True, samesite="strict", path="/"
        )
        return response

    return [Route("/choose", show, methods=["GET"]), Route("/choose", take, methods=["POST"])]


def page(people: Sequence[tuple[str, str, str, str]] | None, following: str) -> str:
    """The chooser as HTML; names are escaped. None: there is nobody to read from."""
    if people is None:
        inside = (
            "<h1>Herald is not running here</h1><p class=sub>There are no people to choose from. "
            "Start everything from the project folder with:</p><pre>make up</pre>"
        )
    elif not people:
        inside = "<h1>Nobody is here yet</h1><p class=sub>Fill the demo organisation with:</p><pre>make fresh</pre>"
    else:
        cards = "".join(
            f'<button name="person" value="{html.escape(id_)}"><span class=face aria-hidden=true>{html.escape(short)}'
            f"</span><span><b>{html.escape(name)}</b><small>{html.escape(roles)}</small></span></button>"
            for id_, name, short, roles in people
        )
        inside = (
            "<h1>Who are you today?</h1><p class=sub>People of the demo organisation. What you see, and what you may "
            f'do, depends on the role.</p><form method=post action="/choose">'
            f'<input type=hidden name=next value="{html.escape(following)}"><div class=people>{cards}</div></form>'
        )
    return _PAGE.replace("{inside}", inside)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Herald: who are you?</title><link rel="icon" href="data:,">
<style>
@font-face { font-family: Inter; src: url(/app/static/inter-latin.woff2) format("woff2"); font-weight: 100 900; }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; grid-template-columns: minmax(260px, 30%) 1fr; color: #1b2430;
  font: 15px/1.5 Inter, system-ui, sans-serif; background: #fff; }
aside { background: #10272b; color: #e6eceb; padding: 40px 36px; display: flex; flex-direction: column; gap: 14px; }
aside b { font-size: 20px; font-weight: 680; display: flex; align-items: center; gap: 12px; color: #fff; }
aside p { margin: 0; color: #a9b9b9; max-width: 30ch; }
aside p:last-child { margin-top: auto; font-size: 13px; }
main { padding: 56px clamp(20px, 6vw, 88px); max-width: 900px; }
h1 { font-size: 24px; font-weight: 650; margin: 0 0 4px; letter-spacing: -0.01em; }
.sub { color: #667079; margin: 0 0 26px; }
.people { display: grid; grid-template-columns: repeat(auto-fill, minmax(260px, 1fr)); gap: 12px; }
button { font: inherit; color: inherit; display: flex; gap: 14px; align-items: center; text-align: left;
  cursor: pointer; padding: 14px 16px; background: #fff; border: 1px solid #e3e7e5; border-radius: 10px; min-width: 0; }
button:hover { border-color: #0f6b66; background: #f7faf9; }
button:focus-visible { outline: 2px solid #0f6b66; outline-offset: 2px; }
button b, button small { display: block; overflow-wrap: anywhere; }
button b { font-weight: 600; }
small { color: #667079; font-size: 13px; }
.face { flex: none; width: 38px; height: 38px; border-radius: 50%; background: #e2f1ef; color: #0c5a55; display: grid;
  place-items: center; font-weight: 600; font-size: 13px; }
pre { display: inline-block; background: #f4f7f6; border-radius: 8px; padding: 10px 16px; margin: 0; }
@media (max-width: 640px) { body { grid-template-columns: 1fr; grid-template-rows: auto 1fr; }
  aside { padding: 20px; } aside p { display: none; } main { padding: 28px 20px; } }
</style></head><body>
<aside><b><svg width="28" height="28" viewBox="0 0 28 28" aria-hidden="true"><rect width="28" height="28" rx="8"
 fill="#7bd3c8"/><path d="M8 6.5v15.5" stroke="#10272b" stroke-width="2.4" stroke-linecap="round"/><path
 d="M10.6 7.4h11.2l-3 4.1 3 4.1H10.6z" fill="#10272b"/></svg>Herald</b>
<p>Listen, moderate by written policy, answer in time.</p>
<p>This sign-in asks for no password. It works on this machine only.</p></aside>
<main>{inside}</main></body></html>
"""


# ---------------------------------------------------------------- starting


def serve(host: str, port: int, *, key: bytes) -> None:
    """Run the dashboard with the chooser as its sign-in, until stopped. Raises NotLoopback before anything runs."""
    host = loopback(host)
    import streamlit as st  # noqa: PLC0415

    from dashboard import streamlit_app, who  # noqa: PLC0415

    seal = Seal(key)

    def chosen() -> str:
        return seal.read(st.context.cookies.get(COOKIE, ""), int(time.time()))

    who.install(who.SignIn(chosen, change_path="/choose", change_label="Change person"))
    app = streamlit_app.create_app(routes=routes(seal), middleware=[Middleware(OnlyHere, seal=seal)])
    # Streamlit looks for .streamlit/config.toml beside what argv names as the launcher.
    sys.argv = [str(Path(streamlit_app.__file__)), *sys.argv[1:]]
    app.run(
        config={
            "server.address": host,
            "server.port": port,
            "server.headless": True,
            "server.allowedHosts": ["127.0.0.1", "localhost", "[::1]"],
            "browser.serverAddress": host,
        }
    )


def main(argv: Sequence[str] | None = None) -> None:
    """The command line: `python -m local.chooser [--host 127.0.0.1] [--port 8420]`."""
    parser = argparse.ArgumentParser(prog="python -m local.chooser", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--host", default=ports.HOST)
    parser.add_argument("--port", type=int, default=None)
    given = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    host = loopback(given.host)
    serve(host, given.port or ports.port("dashboard"), key=kept_key(ports.local_dir()))


if __name__ == "__main__":
    main()
