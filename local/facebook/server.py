"""HTTP on the loopback: the Graph API, the control API under /_sim/, and the pages for people."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import json
import logging
import random
import re
import secrets
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import urllib3
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from local import ports
from local.facebook import config as configuration
from local.facebook import faults, pages, trickle, webhooks
from local.facebook.config import LOOPBACK, BadConfig, Config
from local.facebook.graph import REFUSALS, VERSION, Answer, Call, Graph, GraphError
from local.facebook.wall import IMAGE_LIMIT, BadInput, NoSuchObject, NotAllowed, Person, Wall, person

logger = logging.getLogger("local.facebook")

GRAPH_BODY = 1 << 20
PHOTO_BODY = IMAGE_LIMIT + (1 << 20)
CONTROL_BODY = 64 << 20
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class TooLarge(ValueError):
    """The body is over its bound."""


class NotLoopback(ValueError):
    """The simulator was asked to listen where others could reach it."""


# ---------------------------------------------------------------- cutting a line

_lines: dict[tuple[str, int], asyncio.Transport] = {}


class Line(H11Protocol):
    """uvicorn's HTTP/1.1 protocol that remembers its socket by the caller's address, so that it can be cut."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self._peer = (str(peer[0]), int(peer[1])) if peer else ("", 0)
        _lines[self._peer] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        _lines.pop(self._peer, None)
        super().connection_lost(exc)


class Cut(Response):
    """No response at all: the caller's socket is closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client") or ("", 0)
        line = _lines.get((str(client[0]), int(client[1])))
        if line is None:
            raise RuntimeError("no socket to cut: the simulator must be served by local.facebook.server.serve")
        line.abort()
        while await receive() != {"type": "http.disconnect"}:  # uvicorn answers 500 unless it has seen the end
            pass


# ---------------------------------------------------------------- the guard


class Guard:
    """Refuses foreign Host and Origin (a web page elsewhere must not reach in); adds the security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        if _hostname(host) not in LOOPBACK:
            await PlainTextResponse("This simulator answers only as 127.0.0.1 or localhost.", 400)(scope, receive, send)
            return
        if origin is not None and urlsplit(origin).netloc != host:
            await PlainTextResponse("Requests from other sites are refused.", 403)(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", []),
                    (b"content-security-policy", POLICY.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"same-origin"),
                    (b"cache-control", b"no-store"),
                ]
            await send(message)

        await self._app(scope, receive, send_guarded)


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


# ---------------------------------------------------------------- the simulator


class Simulator:
    """One running simulator: the wall, the API over it, the sender, and what waits to be accepted late."""

    def __init__(self, config: Config, wall: Wall, *, base: str, rng: random.Random) -> None:
        self.config = config
        self.wall = wall
        self.graph = Graph(wall, base)
        self.sender = webhooks.Sender(wall, config, rng=rng)
        self.rng = rng
        wall.base = base
        wall.changed = self.sender.wake
        self._born = secrets.token_hex(4)  # a page that was open before a restart must notice it
        self._tasks: set[asyncio.Task[Any]] = set()

    def app(self) -> ASGIApp:
        """The ASGI application; its lifespan runs the sender."""
        control = [
            Route(f"/{name}", _control(handler), methods=["POST"])
            for name, handler in {
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
                "faults": self._faults,
                "settings": self._set,
                "redeliver": self._redeliver,
                "handshake": self._handshake,
                "reset": self._reset,
            }.items()
        ]
        routes = [
            Route("/", self._home_page),
            Route("/p/{page}", self._wall_page),
            Route("/p/{page}/posts/{post}", self._wall_page),
            Route("/p/{page}/photos/{photo}", self._image),
            Route("/p/{page}/live", self._live),
            Route("/p/{page}/comment", self._form, methods=["POST"]),
            Mount("/static", StaticFiles(directory=pages.HERE / "static")),
            Route("/_sim/state", self._state),
            Route("/_sim/calls", self._calls),
            Mount("/_sim", routes=control),
            Route("/{version}/{path:path}", self._graph, methods=["GET", "POST", "DELETE"]),
        ]
        app = Starlette(routes=routes, lifespan=self._lifespan, exception_handlers={NoSuchObject: _not_found})
        return Guard(app)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self._start(self._keep_sending())
        self._start(trickle.run(self.wall, self.rng, self.config.trickle))
        for row in self.wall.rows("select id, due_at from late"):
            self._start(self._accept_at(row["id"], row["due_at"]))
        yield
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.wall.close()

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep_sending(self) -> None:
        while True:
            try:
                await self.sender.run()
            except Exception:
                logger.exception("sending webhooks failed; going on in a second")
                await asyncio.sleep(1)

    # ------------------------------------------------------------ Graph API

    async def _graph(self, request: Request) -> Response:
        if not VERSION.fullmatch(request.path_params["version"]):
            return _graph_response(GraphError(404, 2500, "Unknown path components").answer())
        try:
            call = await _call(request)
        except TooLarge:
            return _graph_response(GraphError(400, 1, "Please reduce the amount of data you're asking for").answer())
        except ValueError as error:
            return _graph_response(GraphError(400, 100, f"(#100) {error}").answer())
        owner = self.graph.page_of(call.token)
        shown = {name: value[:500] for name, value in call.params.items()}
        shown |= {name: f"({len(data)} bytes)" for name, data in call.files.items()}
        line = self.wall.log_call(call.method, call.path, shown, owner.id if owner else None)
        fault = faults.take(self.wall, write=call.write, page=owner.id if owner else None)
        kind = fault.kind if fault else None
        if fault and fault.kind in REFUSALS:
            answer = REFUSALS[fault.kind]
        elif fault and fault.kind == "late":
            answer = await self._accept_late(call, fault.seconds)
        else:
            answer = self.graph.answer(call)
        dropped = kind == "drop_after_accept"
        self.wall.answer_call(line, None if dropped else answer.status, kind)
        return Cut() if dropped else _graph_response(answer)

    async def _accept_late(self, call: Call, seconds: float) -> Answer:
        """Write the call down, wait, do it: it happens even if the caller leaves or the simulator is restarted."""
        due_at = self.wall.clock() + seconds
        with self.wall.transaction():
            row = self.wall.db.execute("insert into late (due_at, call) values (?,?)", (due_at, call.dump())).lastrowid
        waiting: asyncio.Task[Answer] = asyncio.create_task(self._accept_at(int(row or 0), due_at))
        self._tasks.add(waiting)
        waiting.add_done_callback(self._tasks.discard)
        return await asyncio.shield(waiting)

    async def _accept_at(self, row_id: int, due_at: float) -> Answer:
        await asyncio.sleep(max(0.0, due_at - self.wall.clock()))
        with self.wall.transaction():  # the act and the end of its waiting stand or fall together
            rows = self.wall.rows("select call from late where id=?", row_id)
            if not rows:  # a reset came between
                return GraphError(500, 2, "An unexpected error has occurred.").answer()
            self.wall.db.execute("delete from late where id=?", (row_id,))
            return self.graph.answer(Call.load(rows[0]["call"]))

    # ------------------------------------------------------------ control API

    async def _comment(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        given_post, parent = _optional(body, "post"), _optional(body, "parent")
        author = _who(body)
        return {
            "comment_id": self.wall.comment(
                self._page(body), _str(body, "text"), author, post=given_post, parent=parent
            )
        }

    async def _visitor_post(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"post_id": self.wall.post(self._page(body), _str(body, "text"), _who(body))}

    async def _post(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"post_id": self.wall.post(self._page(body), _str(body, "text"))}

    async def _edit(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self.wall.edit(_object(body), _str(body, "text"), by=_who(body).id if "as" in body else None)
        return {"ok": True}

    async def _delete(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self.wall.delete(_object(body), by=_who(body).id if "as" in body else None)
        return {"ok": True}

    async def _hide(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """As the page's staff would on the platform itself, past Herald."""
        return {"changed": self.wall.hide(_object(body), _bool(body, "hidden", default=True))}

    async def _react(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        object_id, author, kind = _object(body), _who(body), _optional(body, "type")
        if _bool(body, "toggle", default=False) and kind and self.wall.rows(
            "select 1 from reactions where object=? and author_id=? and type=?", object_id, author.id, kind
        ):  # fmt: skip
            kind = None
        return {"verb": self.wall.react(object_id, author, kind)}

    async def _share(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"shared": self.wall.share(_object(body), _who(body))}

    async def _recommend(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        if _bool(body, "withdraw", default=False):
            self.wall.withdraw(self._page(body), _who(body))
            return {"ok": True}
        positive = _bool(body, "positive", default=True)
        return {"id": self.wall.recommend(self._page(body), _who(body), _str(body, "text"), positive)}

    async def _history(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return {"written": self.wall.history(self._page(body), body.get("posts") or [], body.get("ratings") or [])}
        except (KeyError, TypeError) as error:
            raise BadInput(f"history: an entry lacks or mistypes {error}") from error

    async def _faults(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        kind = _str(body, "kind")
        if kind == "none":
            faults.clear(self.wall)
        else:
            count = body.get("count", 1)
            if count is not None and (not isinstance(count, int) or isinstance(count, bool)):
                raise BadInput("count: a whole number, or null for until switched off")
            page = self._page(body) if "page" in body else None
            faults.arm(self.wall, kind, calls=count, seconds=_number(body, "seconds"), page=page)
        return {"armed": [pages.fault_words(self.wall, fault) for fault in faults.armed(self.wall)]}

    async def _set(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        for name, value in body.items():
            if name == "copies":
                if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10:
                    raise BadInput("copies: from 1 to 10")
            elif name not in ("out_of_order", "trickle") or not isinstance(value, bool):
                raise BadInput(f"{name}: settings are copies (1 to 10), out_of_order and trickle (true or false)")
        for name, value in body.items():
            self.wall.set(name, value)
        return {name: self.wall.setting(name, None) for name in ("copies", "out_of_order", "trickle")}

    async def _redeliver(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        count = int(_number(body, "count") or 10)
        return {"redelivered": webhooks.redeliver(self.wall, max(1, min(count, 100_000)))}

    async def _handshake(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        results = await self.sender.handshake()
        return {"ok": all(result["ok"] for result in results), "results": results}

    async def _reset(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        self.wall.reset()
        return {"ok": True}

    def _page(self, body: Mapping[str, Any]) -> str:
        """The page named by id or name; without one, the first."""
        wanted = _optional(body, "page")
        if wanted is None:
            return self.config.pages[0].id
        for page in self.config.pages:
            if wanted in (page.id, page.name):
                return page.id
        raise NoSuchObject(f"page {wanted}")

    async def _state(self, _: Request) -> Response:
        wall = self.wall
        return JSONResponse(
            {
                "connection": self.config.connection,
                "callbacks": list(self.config.callbacks),
                "pages": [{"id": page.id, "name": page.name} for page in self.config.pages],
                "revision": wall.version(),
                "posts": [dict(row) for row in wall.rows("select * from posts order by created, rowid")],
                "photos": [dict(row) for row in wall.rows("select * from photos order by created, rowid")],
                "shares": [dict(row) for row in wall.rows("select * from shares order by created, rowid")],
                "comments": [dict(row) for row in wall.rows("select * from comments order by created, rowid")],
                "ratings": [dict(row) for row in wall.rows("select * from ratings order by created, rowid")],
                "reactions": [dict(row) for row in wall.rows("select * from reactions order by created, rowid")],
                "faults": [
                    {
                        "kind": f.kind,
                        "count": f.calls,
                        "until": f.until,
                        "seconds": f.seconds,
                        "page": f.page,
                        "words": pages.fault_words(wall, f),
                    }
                    for f in faults.armed(wall)
                ],
                "late": wall.rows("select count(*) n from late")[0]["n"],
                "outbox": webhooks.counts(wall),
                "handshake": wall.setting("handshake", []),
                "settings": {
                    "copies": wall.setting("copies", 1),
                    "out_of_order": wall.setting("out_of_order", False),
                    "trickle": wall.setting("trickle", False),
                },
            }
        )

    async def _calls(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        rows = self.wall.rows(
            "select id, at, method, path, params, page, status, fault from calls where id > ? order by id",
            int(after) if after.isdigit() else 0,
        )
        return JSONResponse({"calls": [dict(row) | {"params": json.loads(row["params"])} for row in rows]})

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
        answer: dict[str, Any] = {"revision": f"{self._born}.{self.wall.version()}"}
        if request.query_params.get("revision") != answer["revision"]:
            answer["wall"] = pages.wall_part(self.wall, request.path_params["page"], **_view(request))
            answer["side"] = pages.side_part(self.wall)
        return JSONResponse(answer)

    async def _form(self, request: Request) -> Response:
        """The comment box of a browser that runs no script."""
        page = request.path_params["page"]
        fields = dict(parse_qsl((await _read(request, GRAPH_BODY)).decode("utf-8", "replace")))
        try:
            author = person(fields.get("author", ""))
            self.wall.comment(page, fields.get("text", ""), author, post=fields.get("post") or None)
        except BadInput as error:
            return PlainTextResponse(str(error), 400)
        return RedirectResponse(f"/p/{quote(page)}", 303)


# ---------------------------------------------------------------- reading requests


async def _read(request: Request, bound: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > bound:
            raise TooLarge(f"the body is larger than {bound} bytes")
    return bytes(body)


async def _call(request: Request) -> Call:
    """Query and body (form, multipart or JSON) are one set of parameters; the token may be a header or one of them."""
    path = request.path_params["path"].strip("/")
    body = await _read(request, PHOTO_BODY if path.endswith("/photos") else GRAPH_BODY)
    params = dict(request.query_params)
    files: dict[str, bytes] = {}
    kind, _, options = request.headers.get("content-type", "").partition(";")
    if body and kind == "application/json":
        content = json.loads(body)
        if not isinstance(content, dict):
            raise ValueError("The body must be a JSON object")
        params |= {k: v if isinstance(v, str) else json.dumps(v) for k, v in content.items()}
    elif body and kind == "multipart/form-data":
        fields, files = _multipart(body, options)
        params |= fields
    elif body:
        params |= dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True))
    token = params.pop("access_token", "")
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        token = credentials.strip()
    if path.endswith("/photos") and request.method == "POST" and "url" in params and "source" not in files:
        files["source"] = await asyncio.to_thread(_fetched, params["url"])
    return Call(request.method, path, params, token, files)


def _multipart(body: bytes, options: str) -> tuple[dict[str, str], dict[str, bytes]]:
    """(fields, files) of a multipart/form-data body, RFC 7578. Raises ValueError."""
    found = re.search(r'boundary="?([^";,]{1,70})"?', options)
    if found is None:
        raise ValueError("The multipart body names no boundary")
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    parts = (b"\r\n" + body).split(b"\r\n--" + found[1].encode("ascii"))
    if len(parts) < 3 or not parts[-1].startswith(b"--"):
        raise ValueError("The multipart body is cut short")
    for part in parts[1:-1]:
        head, blank, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(r'(?i)content-disposition:[^\r\n]*?\bname="([^"\r\n]*)"', head.decode("utf-8"))
        if not blank or name is None:
            raise ValueError("A part of the multipart body names no field")
        if re.search(rb'(?i)\bfilename="', head):
            files[name[1]] = content
        else:
            fields[name[1]] = content.decode("utf-8")
    return fields, files


def _fetched(address: str) -> bytes:
    """The image at an address on this machine; the simulator calls no other. Raises ValueError."""
    if urlsplit(address).scheme != "http" or _hostname(urlsplit(address).netloc) not in LOOPBACK:
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


def _control(
    handler: Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]],
) -> Callable[[Request], Awaitable[Response]]:
    """A JSON object in, a JSON object out; what is wrong with it comes back as {"error": sentence}."""

    async def endpoint(request: Request) -> Response:
        try:
            body = json.loads(await _read(request, CONTROL_BODY) or b"{}")
            if not isinstance(body, dict):
                raise BadInput("the body must be a JSON object")
            return JSONResponse(await handler(body))
        except NoSuchObject as error:
            return JSONResponse({"error": f"there is no {error.args[0]}"}, 404)
        except NotAllowed as error:
            return JSONResponse({"error": str(error)}, 403)
        except TooLarge as error:
            return JSONResponse({"error": str(error)}, 413)
        except ValueError as error:  # BadInput and broken JSON
            return JSONResponse({"error": str(error)}, 400)

    return endpoint


def _str(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise BadInput(f"{name}: a text is needed")
    return value


def _optional(body: Mapping[str, Any], name: str) -> str | None:
    return _str(body, name) if body.get(name) not in (None, "") else None


def _object(body: Mapping[str, Any]) -> str:
    return next((_str(body, name) for name in ("comment_id", "post_id", "object") if name in body), "") or _str(
        body, "comment_id"
    )


def _bool(body: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise BadInput(f"{name}: true or false")
    return value


def _number(body: Mapping[str, Any], name: str) -> float:
    value = body.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput(f"{name}: a number")
    return float(value)


def _who(body: Mapping[str, Any]) -> Person:
    """`as`: a name, or {id, name} for a person with a given id."""
    given = body.get("as")
    if isinstance(given, dict):
        return Person(_str(given, "id"), _str(given, "name"))
    return person(_str(body, "as"))


def _view(request: Request) -> dict[str, Any]:
    query = request.query_params
    posts = query.get("posts", "")
    return {
        "staff": query.get("view") == "staff",
        "post": request.path_params.get("post") or query.get("post") or None,
        "posts": min(int(posts), 500) if posts.isdigit() and int(posts) else pages.POSTS_SHOWN,
    }


def _graph_response(answer: Answer) -> Response:
    return JSONResponse(answer.body, answer.status, headers={"facebook-api-version": "v25.0", **answer.headers})


async def _not_found(_: Request, error: Exception) -> Response:
    return PlainTextResponse(f"There is nothing here: {error}", 404)


# ---------------------------------------------------------------- starting


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on the loopback. Raises NotLoopback before it opens anything, OSError if the port is taken."""
    if host not in LOOPBACK:
        try:
            loopback = ipaddress.ip_address(host).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            raise NotLoopback(f"refused to listen on {host}: the simulator has no sign-in; use {ports.HOST}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
        opened.listen(128)
    except OSError:
        opened.close()
        raise
    return opened


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


def server(simulator: Simulator) -> uvicorn.Server:
    """A uvicorn server for it; run it with `sockets=[listen(...)]`."""
    return uvicorn.Server(
        uvicorn.Config(
            simulator.app(),
            http=Line,
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
    )


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop. 0: stopped; 2: could not start, with one line that says why."""
    parser = argparse.ArgumentParser(prog="python -m local.facebook", description=__doc__)
    parser.add_argument("--host", default=ports.HOST)
    parser.add_argument("--port", type=int)
    parser.add_argument("--dir", type=Path, help="where facebook.json and facebook.db lie")
    given = parser.parse_args(arguments)
    try:
        port = given.port or ports.port("facebook")
        opened = listen(given.host, port)
    except OSError as error:
        print(f"port {port} is not free ({error.strerror}): set HERALD_PORT_FACEBOOK to another", file=sys.stderr)
        return 2
    except ValueError as error:  # NotLoopback, or an override that is no port
        print(error, file=sys.stderr)
        return 2
    try:
        simulator = build(given.dir or ports.local_dir(), base=f"http://{given.host}:{port}")
    except BadConfig as error:
        opened.close()
        print(error, file=sys.stderr)
        return 2
    print(f"Facebook simulator: http://{given.host}:{port}/", flush=True)
    server(simulator).run(sockets=[opened])
    return 0
