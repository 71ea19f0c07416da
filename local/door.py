"""The address platforms call on this machine: `python -m local.door`.

It is the HTTP API of template.yaml: a request is turned into the event that AWS would make of it (local.gateway) and
given to the function behind its route, over the Lambda API of the embedded AWS. Nothing of a request but that event
reaches the emulator, whose own addresses (one of them empties it) nobody can name from here.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from local import gateway
from local.gateway import BODY_LIMIT, Request, Response
from local.ports import HOST, port, url
from local.stack import Stack, where

TIMEOUT = 30.0  # seconds; the longest an HTTP API waits for its integration
HEALTH = "/_door/health"


class Door:
    """An ASGI application.

    Args:
        stack: the stack that is up now, or None.
        invoke: calls a function, by name, with an event as JSON, and says what the caller gets.
    """

    def __init__(self, stack: Callable[[], Stack | None], invoke: Callable[[str, bytes], Response]) -> None:
        self._stack = stack
        self._invoke = invoke

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        status, headers, body = await self._answer(scope, receive)
        headers = [(name, value) for name, value in headers if name != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]]) -> Response:
        if scope["path"] == HEALTH:
            return _plain(200, "open") if self._stack() else _plain(503, "no API yet")
        source = (scope.get("client") or (HOST,))[0]
        request = Request(scope["method"], scope["raw_path"], scope["query_string"], scope["headers"], b"", source)
        if gateway.too_long(request):
            return gateway.message(431, "Request Header Fields Too Large")
        body = await _body(receive)
        if body is None:
            return gateway.message(413, "Request Entity Too Large")
        stack = self._stack()
        if stack is None:
            return _plain(503, "the local system is not up: make up")
        whole = Request(request.method, request.path, request.query, request.headers, body, source)
        found = gateway.event(whole, [(m, p, f) for m, p, f in stack.routes], datetime.now(UTC), str(uuid4()))
        if found is None:
            return gateway.message(404, "Not Found")
        function, event = found
        if len(event) > gateway.EVENT_LIMIT:
            return gateway.message(413, "Request Entity Too Large")
        return await asyncio.to_thread(self._invoke, stack.functions[function], event)


class Functions:
    """Calls functions over the Lambda API at `aws`, and tells of their failures what the gateway tells."""

    def __init__(self, aws: str) -> None:
        import urllib3  # noqa: PLC0415

        self._pool = urllib3.connection_from_url(aws, maxsize=64, retries=False, timeout=TIMEOUT)

    def __call__(self, function: str, event: bytes) -> Response:
        import urllib3  # noqa: PLC0415

        target = f"/2015-03-31/functions/{function}/invocations"
        try:
            answer = self._pool.urlopen("POST", target, body=event, headers={"content-type": "application/json"})
        except urllib3.exceptions.TimeoutError:
            return gateway.message(503, "Service Unavailable")
        except urllib3.exceptions.HTTPError:
            return _plain(502, "the embedded AWS does not answer: make status")
        if answer.status == 429:
            return gateway.message(503, "Service Unavailable")
        if answer.status != 200 or "x-amz-function-error" in answer.headers:
            return gateway.message(500, "Internal Server Error")
        return gateway.response(json.loads(answer.data))


class StackFile:
    """The stack that `up` wrote down, read again when the file changed; None while there is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: tuple[int, Stack | None] = (0, None)

    def __call__(self) -> Stack | None:
        try:
            changed = self._path.stat().st_mtime_ns
            if changed != self._known[0]:
                self._known = (changed, Stack.load(self._path))
        except FileNotFoundError:
            return None
        return self._known[1]


async def _body(receive: Callable[[], Awaitable[dict[str, Any]]]) -> bytes | None:
    """The whole body; None once it is longer than BODY_LIMIT, or when the caller hung up before its end."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > BODY_LIMIT:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _plain(status: int, sentence: str) -> Response:
    return status, [(b"content-type", b"text/plain; charset=utf-8")], sentence.encode()


def served(door: Door, number: int) -> Any:
    """A uvicorn server of the door on a port. Raw HTTP/1.1 and nothing else: an offered upgrade is not taken.

    By h11: its faster other parser stops at an `Upgrade` header, and a body behind it never arrives.
    """
    import uvicorn  # noqa: PLC0415

    return uvicorn.Server(uvicorn.Config(
        door, host=HOST, port=number, http="h11", ws="none", log_level="warning", access_log=False,
        lifespan="off", server_header=False, date_header=False, timeout_graceful_shutdown=3,
    ))  # fmt: skip


def main() -> int:
    served(Door(StackFile(where()), Functions(url("aws"))), port("door")).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
