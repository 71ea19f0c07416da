"""The address platforms call on this machine: `python -m local.door`.

AWS gives an HTTP API a host name of its own; the embedded one tells its APIs apart by the Host header, which no
webhook setting lets one choose. The door takes any request on one port and hands it to the stack's API unchanged:
method, path, query, headers and raw bytes, since signatures are over raw bytes. Only Host and the headers of the
connection itself differ. What is no path of the API does not pass: the emulator's own addresses (one of them empties
it), and a target that is no path at all, which could name another server.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from local.ports import HOST, port, url
from local.stack import Stack, where

BODY_LIMIT = 10 * 1024 * 1024  # bytes; API Gateway's own (docs.aws.amazon.com, "Quotas for HTTP APIs")
TIMEOUT = 30.0  # seconds; the longest an HTTP API waits for its integration
HEALTH = "/_door/health"
_OF_THE_CONNECTION = frozenset({
    b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
    b"host", b"content-length", b"expect",
})  # fmt: skip

Headers = list[tuple[bytes, bytes]]
Answer = tuple[int, Headers, bytes]


class Door:
    """An ASGI application that passes requests on to the API named in the stack file."""

    def __init__(self, stack_file: Path, aws: str) -> None:
        import urllib3  # noqa: PLC0415

        self._file = stack_file
        # one server and nothing else, whatever a request names; targets go out as they came, dots and all
        self._pool = urllib3.connection_from_url(aws, maxsize=64, retries=False, timeout=TIMEOUT)
        self._known: tuple[int, str] = (0, "")

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        status, headers, body = await self._answer(scope, receive)
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]]) -> Answer:
        if scope["path"] == HEALTH:
            return _plain(200, "open") if self._api() else _plain(503, "no API yet")
        if not _of_the_api(scope["raw_path"]):
            return _plain(404, "no path of the API: platforms call /webhooks/{connection}")
        body = await _body(receive)
        if body is None:
            return _plain(413, f"more than {BODY_LIMIT} bytes, or the line dropped")
        api = self._api()
        if not api:
            return _plain(503, "the local system is not up: make up")
        return await asyncio.to_thread(self._pass_on, api, scope, body)

    def _pass_on(self, api: str, scope: dict[str, Any], body: bytes) -> Answer:
        import urllib3  # noqa: PLC0415

        target = scope["raw_path"].decode("ascii")
        if scope["query_string"]:
            target += "?" + scope["query_string"].decode("ascii")
        headers = urllib3.HTTPHeaderDict()
        for name, value in _passing(scope["headers"]):
            headers.add(name.decode("latin-1"), value.decode("latin-1"))
        headers["host"] = f"{api}.execute-api.localhost"
        try:
            answer = self._pool.urlopen(
                scope["method"], target, body=body, headers=headers, redirect=False, decode_content=False
            )
        except urllib3.exceptions.TimeoutError:
            return _plain(504, f"no answer within {TIMEOUT:g} s")
        except urllib3.exceptions.HTTPError:
            return _plain(502, "the embedded AWS does not answer: make status")
        answered = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        return answer.status, list(_passing(answered)), answer.data

    def _api(self) -> str:
        """Id of the API in the stack file; read again when the file changed, empty while there is none."""
        try:
            changed = self._file.stat().st_mtime_ns
            if changed != self._known[0]:
                self._known = (changed, Stack.load(self._file).api_id)
        except FileNotFoundError:
            return ""
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


def _of_the_api(target: bytes) -> bool:
    """Whether a request target is a path that an API could have: not one of the emulator's own, and no way up."""
    segments = [unquote_to_bytes(segment) for segment in target.split(b"/")]
    named = next((segment for segment in segments if segment), b"")  # some servers take // for /
    if not target.startswith(b"/") or named.startswith(b"_"):
        return False
    return not any(part in (b".", b"..") for segment in segments for part in segment.replace(b"\\", b"/").split(b"/"))


def _passing(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    return ((name, value) for name, value in headers if name.lower() not in _OF_THE_CONNECTION)


def _plain(status: int, sentence: str) -> Answer:
    return status, [(b"content-type", b"text/plain; charset=utf-8")], sentence.encode()


def main() -> int:
    import uvicorn  # noqa: PLC0415

    door = Door(where(), url("aws"))
    uvicorn.run(
        door, host=HOST, port=port("door"), log_level="warning", access_log=False,
        lifespan="off", server_header=False, date_header=False, timeout_graceful_shutdown=3,
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
