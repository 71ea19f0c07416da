"""The simulated Page running: the Graph API over HTTP, the control API under /_sim/, and the pages for people."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import urllib3
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from local.facebook import config as configuration
from local.facebook import pages, trickle, webhooks
from local.facebook.config import Config
from local.facebook.graph import VERSION, GraphError
from local.facebook.instagram import App
from local.facebook.wall import IMAGE_LIMIT, Person, Wall, person
from local.simulator import faces, faults, http, running
from local.simulator import trickle as trickling
from local.simulator.calls import Call
from local.simulator.content import BadInput, NoSuchObject
from local.simulator.http import LOOPBACK, flag, number, optional, text
from local.simulator.running import Handler, Simulated, respond

logger = logging.getLogger("local.facebook")

PHOTO_BODY = IMAGE_LIMIT + (1 << 20)


class Simulator(Simulated):
    """The wall, the API over it, and the sender of webhooks."""

    def __init__(self, config: Config, wall: Wall, *, base: str, rng: random.Random) -> None:
        super().__init__(wall, App(wall, base), rng=rng)
        self.config = config
        self.wall = wall
        self.sender = webhooks.Sender(wall, config, rng=rng)
        wall.base = base
        wall.changed = self.sender.wake

    def controls(self) -> Mapping[str, Handler]:
        return {
            **super().controls(),
            "comment": self._comment,
            "visitor-post": self._visitor_post,
            "post": self._post,
            "edit": self._edit,
            "delete": self._delete,
            "hide": self._hide,
            "react": self._react,
            "share": self._share,
            "recommend": self._recommend,
            "history": self._history,
            "redeliver": self._redeliver,
            "handshake": self._handshake,
            "reset": self._reset,
        }

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/", self._home_page),
            Route("/p/{page}", self._wall_page),
            Route("/p/{page}/posts/{post}", self._wall_page),
            Route("/p/{page}/photos/{photo}", self._image),
            Route("/p/{page}/live", self._live),
            Route("/p/{page}/comment", self._form, methods=["POST"]),
            Route("/{version}/{path:path}", self._graph, methods=["GET", "POST", "DELETE"]),
        ]

    def background(self) -> Sequence[Any]:
        speak = partial(trickle.speak, self.wall)
        return [self._keep_sending(), trickling.run(self.wall, self.rng, self.config.trickle, speak)]

    async def _keep_sending(self) -> None:
        while True:
            try:
                await self.sender.run()
            except Exception:
                logger.exception("sending webhooks failed; going on in a second")
                await asyncio.sleep(1)

    async def _graph(self, request: Request) -> Response:
        if not VERSION.fullmatch(request.path_params["version"]):
            return respond(GraphError(404, 2500, "Unknown path components").answer())
        try:
            call = await _call(request)
        except http.TooLarge:
            return respond(GraphError(400, 1, "Please reduce the amount of data you're asking for").answer())
        except ValueError as error:
            return respond(GraphError(400, 100, f"(#100) {error}").answer())
        response = await self.serve(call)
        response.headers.setdefault("facebook-api-version", "v25.0")
        return response

    # ------------------------------------------------------------ control API

    async def _comment(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        given_post, parent = optional(body, "post"), optional(body, "parent")
        author = _who(body)
        return {
            "comment_id": self.wall.comment(
                self.account(body), text(body, "text"), author, post=given_post, parent=parent
            )
        }

    async def _visitor_post(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"post_id": self.wall.post(self.account(body), text(body, "text"), _who(body))}

    async def _post(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"post_id": self.wall.post(self.account(body), text(body, "text"))}

    async def _edit(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self.wall.edit(_object(body), text(body, "text"), by=_who(body).id if "as" in body else None)
        return {"ok": True}

    async def _delete(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self.wall.delete(_object(body), by=_who(body).id if "as" in body else None)
        return {"ok": True}

    async def _hide(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """As the page's staff would on the platform itself, past Herald."""
        return {"changed": self.wall.hide(_object(body), flag(body, "hidden", default=True))}

    async def _react(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        object_id, author, kind = _object(body), _who(body), optional(body, "type")
        if flag(body, "toggle", default=False) and kind and self.wall.rows(
            "select 1 from reactions where object=? and author_id=? and type=?", object_id, author.id, kind
        ):  # fmt: skip
            kind = None
        return {"verb": self.wall.react(object_id, author, kind)}

    async def _share(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"shared": self.wall.share(_object(body), _who(body))}

    async def _recommend(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        if flag(body, "withdraw", default=False):
            self.wall.withdraw(self.account(body), _who(body))
            return {"ok": True}
        positive = flag(body, "positive", default=True)
        return {"id": self.wall.recommend(self.account(body), _who(body), text(body, "text"), positive)}

    async def _history(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            written = self.wall.history(self.account(body), body.get("posts") or [], body.get("ratings") or [])
        except (KeyError, TypeError) as error:
            raise BadInput(f"history: an entry lacks or mistypes {error}") from error
        return {"written": written}

    def fault_words(self, fault: faults.Fault) -> str:
        return pages.fault_words(self.wall, fault)

    def check_settings(self, body: Mapping[str, Any]) -> None:
        for name, value in body.items():
            if name == "copies":
                if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10:
                    raise BadInput("copies: from 1 to 10")
            elif name not in ("out_of_order", "trickle") or not isinstance(value, bool):
                raise BadInput(f"{name}: settings are copies (1 to 10), out_of_order and trickle (true or false)")

    def settings(self) -> dict[str, Any]:
        return pages.settings(self.wall)

    async def _redeliver(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        count = int(number(body, "count") or 10)
        return {"redelivered": webhooks.redeliver(self.wall, max(1, min(count, 100_000)))}

    async def _handshake(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        results = await self.sender.handshake()
        return {"ok": all(result["ok"] for result in results), "results": results}

    async def _reset(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        self.wall.reset()
        return {"ok": True}

    def account(self, body: Mapping[str, Any]) -> str:
        """The page named by id or name; without one, the first, of the network if one is named."""
        wanted, network = optional(body, "page"), optional(body, "network")
        if wanted is None:
            for page in self.config.pages:
                if network in (None, page.network):
                    return page.id
            raise NoSuchObject(f"account on {network}")
        for page in self.config.pages:
            if wanted in (page.id, page.name):
                return page.id
        raise NoSuchObject(f"page {wanted}")

    async def state(self) -> dict[str, Any]:
        wall = self.wall
        tables = ("posts", "photos", "shares", "comments", "ratings", "reactions")
        return {
            "connection": self.config.connection,
            "callbacks": list(self.config.callbacks),
            "pages": [{"id": page.id, "name": page.name} for page in self.config.pages],
            **{
                name: [dict(row) for row in wall.rows(f"select * from {name} order by created, rowid")]  # noqa: S608 - names of our own # nosec B608
                for name in tables
            },
            "outbox": webhooks.counts(wall),
            "handshake": wall.setting("handshake", []),
        }

    # ------------------------------------------------------------ pages

    async def _home_page(self, _: Request) -> Response:
        return HTMLResponse(pages.home(self.wall))

    async def _wall_page(self, request: Request) -> Response:
        return HTMLResponse(pages.page(self.wall, request.path_params["page"], **_view(request)))

    async def _image(self, request: Request) -> Response:
        """The bytes under the type they were recognised as; the guard forbids browsers to guess another."""
        photo = self.wall.photo_row(request.path_params["photo"])
        if photo["page"] != request.path_params["page"]:
            raise NoSuchObject(photo["id"])
        data, mime = self.wall.image(photo["id"])
        return Response(data, media_type=mime, headers={"content-disposition": "inline"})

    async def _live(self, request: Request) -> Response:
        """{revision} while nothing changed since `revision`, else with the two live parts as HTML."""
        answer: dict[str, Any] = {"revision": self.revision()}
        if request.query_params.get("revision") != answer["revision"]:
            answer["wall"] = pages.wall_part(self.wall, request.path_params["page"], **_view(request))
            answer["side"] = pages.side_part(self.wall)
        return JSONResponse(answer)

    async def _form(self, request: Request) -> Response:
        """The comment box of a browser that runs no script."""
        page = request.path_params["page"]
        fields = await http.form(request)
        try:
            author = person(fields.get("author", ""))
            self.wall.comment(page, fields.get("text", ""), author, post=fields.get("post") or None)
        except BadInput as error:
            return PlainTextResponse(str(error), 400)
        return RedirectResponse(f"/p/{quote(page)}", 303)


async def _call(request: Request) -> Call:
    """The token may be a header or a parameter."""
    path = request.path_params["path"].strip("/")
    body = await http.read(request, PHOTO_BODY if path.endswith("/photos") else http.FORM_BODY)
    params, files = http.parameters(request.url.query, request.headers.get("content-type", ""), body)
    token = params.pop("access_token", "")
    token = http.bearer(request.headers) or token
    if path.endswith("/photos") and request.method == "POST" and "url" in params and "source" not in files:
        files["source"] = await asyncio.to_thread(_fetched, params["url"])
    if path.endswith("/media") and request.method == "POST" and "image_url" in params:
        files["source"] = await asyncio.to_thread(_fetched, params["image_url"])
    return Call(request.method, path, params, token, files)


def _fetched(address: str) -> bytes:
    """The image at an address on this machine; the simulator calls no other. Raises ValueError."""
    if urlsplit(address).scheme != "http" or http.hostname(urlsplit(address).netloc) not in LOOPBACK:
        raise ValueError("url: this simulator fetches images from this machine only (http://127.0.0.1...)")
    try:
        answer = urllib3.PoolManager(retries=False, timeout=5.0).request(
            "GET", address, redirect=False, preload_content=False
        )
        data = answer.read(IMAGE_LIMIT + 1) if answer.status == 200 else b""
        answer.release_conn()
    except urllib3.exceptions.HTTPError:
        data = b""
    if not data:
        raise ValueError("url: there is no image")
    return bytes(data)


def _object(body: Mapping[str, Any]) -> str:
    return next((text(body, name) for name in ("comment_id", "post_id", "object") if name in body), "") or text(
        body, "comment_id"
    )


def _who(body: Mapping[str, Any]) -> Person:
    """`as`: a name, or {id, name} for a person with a given id."""
    given = body.get("as")
    if isinstance(given, dict):
        return Person(text(given, "id"), text(given, "name"))
    return person(text(body, "as"))


def _view(request: Request) -> dict[str, Any]:
    query = request.query_params
    return {"staff": query.get("view") == "staff", **faces.asked(query, request.path_params.get("post"))}


# ---------------------------------------------------------------- starting


def build(folder: Path, *, base: str, seed: int | None = None, clock: Callable[[], float] = time.time) -> Simulator:
    """The simulator over `folder`/facebook.json and facebook.db. Raises BadConfig."""
    config = configuration.read_or_create(folder)
    rng = random.Random(seed if seed is not None else secrets.randbits(64))
    wall = Wall(
        folder / "facebook.db",
        config.pages,
        callbacks=len(config.callbacks),
        clock=clock,
        hold=lambda: rng.uniform(0.0, 3.0),
    )
    return Simulator(config, wall, base=base, rng=rng)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop. 0: stopped; 2: could not start, with one line that says why."""
    return running.main(
        "facebook", "Facebook simulator", lambda folder, base: build(folder, base=base), arguments, "local.facebook"
    )
