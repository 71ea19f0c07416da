"""HTTP on the loopback: lines that can be cut, a guard against foreign pages, bodies within bounds, JSON controls."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from local import ports
from local.simulator.content import BadInput, NoSuchObject, NotAllowed

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
FORM_BODY = 1 << 20
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
            raise RuntimeError("no socket to cut: the simulator must be served by local.simulator.http.server")
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
        if hostname(host) not in LOOPBACK:
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


def hostname(host: str) -> str:
    """The name in `host:port`, or nothing."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


# ---------------------------------------------------------------- reading requests


async def read(request: Request, bound: int) -> bytes:
    """The body. Raises TooLarge."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > bound:
            raise TooLarge(f"the body is larger than {bound} bytes")
    return bytes(body)


def parameters(query: str, kind: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """(parameters, files): query and body (form, multipart or JSON, as its Content-Type says) are one set.

    A name that ends in [] is a list: its values are kept as one JSON text. Raises ValueError.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    files: dict[str, bytes] = {}
    kind, _, options = kind.partition(";")
    if body and kind == "application/json":
        content = json.loads(body)
        if not isinstance(content, dict):
            raise ValueError("The body must be a JSON object")
        pairs += [(k, v if isinstance(v, str) else json.dumps(v)) for k, v in content.items()]
    elif body and kind == "multipart/form-data":
        fields, files = multipart(body, options)
        pairs += fields.items()
    elif body:
        pairs += parse_qsl(body.decode("utf-8"), keep_blank_values=True)
    lists: dict[str, list[str]] = {}
    for name, value in pairs:
        if name.endswith("[]"):
            lists.setdefault(name, []).append(value)
    return dict(pairs) | {name: json.dumps(values) for name, values in lists.items()}, files


async def form(request: Request) -> dict[str, str]:
    """The fields of a form that a browser sent. Raises TooLarge."""
    return dict(parse_qsl((await read(request, FORM_BODY)).decode("utf-8", "replace")))


def bearer(headers: Mapping[str, str]) -> str:
    """The token of the Authorization header, or nothing."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else ""


def multipart(body: bytes, options: str) -> tuple[dict[str, str], dict[str, bytes]]:
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


# ---------------------------------------------------------------- JSON controls


def control(
    handler: Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]],
) -> Callable[[Request], Awaitable[Response]]:
    """A JSON object in, a JSON object out; what is wrong with it comes back as {"error": sentence}."""

    async def endpoint(request: Request) -> Response:
        try:
            body = json.loads(await read(request, CONTROL_BODY) or b"{}")
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


def text(body: Mapping[str, Any], name: str) -> str:
    """A text that must be there. Raises BadInput."""
    value = body.get(name)
    if not isinstance(value, str):
        raise BadInput(f"{name}: a text is needed")
    return value


def optional(body: Mapping[str, Any], name: str) -> str | None:
    """A text, None where it is absent or empty. Raises BadInput."""
    return text(body, name) if body.get(name) not in (None, "") else None


def flag(body: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """true or false. Raises BadInput."""
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise BadInput(f"{name}: true or false")
    return value


def number(body: Mapping[str, Any], name: str) -> float:
    """A number, 0 where it is absent. Raises BadInput."""
    value = body.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput(f"{name}: a number")
    return float(value)


# ---------------------------------------------------------------- listening


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


def server(app: ASGIApp) -> uvicorn.Server:
    """A uvicorn server whose lines can be cut; run it with `sockets=[listen(...)]`."""
    return uvicorn.Server(
        uvicorn.Config(
            app, http=Line, ws="none", log_level="warning", access_log=False, server_header=False,
            timeout_graceful_shutdown=2,
        )
    )  # fmt: skip
