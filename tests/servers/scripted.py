"""A platform on a real socket that says what a test tells it to; `asked` is what reached it."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from herald.platforms.wire.http import Answer, Http


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Says:
    """One answer. `body` is sent as it is when it is bytes, else as JSON."""

    body: object = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0.0


class Drops:
    """The line drops after the request was read."""


Reply = Says | Drops | Callable[[Asked], "Says | Drops"]


@dataclass
class Scripted:
    """Attributes:
    base: its address.
    asked: every request, in order.
    """

    base: str = ""
    asked: list[Asked] = field(default_factory=list)
    _rules: list[tuple[str, re.Pattern[str], list[Reply]]] = field(default_factory=list)

    def on(self, method: str, path: str, *replies: Reply) -> None:
        """What to answer to requests whose path matches wholly, in order; the last one again and again."""
        self._rules.insert(0, (method, re.compile(path), list(replies)))

    def count(self, method: str, path: str) -> int:
        return len(self.of(method, path))

    def of(self, method: str, path: str) -> list[Asked]:
        return [one for one in self.asked if one.method == method and re.fullmatch(path, one.path)]

    def reply(self, asked: Asked) -> Says | Drops:
        self.asked.append(asked)
        for method, pattern, replies in self._rules:
            if method == asked.method and pattern.fullmatch(asked.path):
                reply = replies.pop(0) if len(replies) > 1 else replies[0]
                return reply if isinstance(reply, Says | Drops) else reply(asked)
        return Says({"error": "NotScripted"}, 404)


@dataclass(frozen=True)
class Impatient(Http):
    """Waits a second for the answer to what it sends to `late`, and patiently for any other: on a busy machine, too,
    it is that one answer which does not come in time, and none before it."""

    late: str = ""

    def send(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        return Http(read_seconds=1 if urlsplit(url).path == self.late else 20).send(method, url, body, headers)


@contextmanager
def scripted() -> Iterator[Scripted]:
    """One that is running."""
    platform = Scripted()

    class Handler(BaseHTTPRequestHandler):
        def serve(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = platform.reply(Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body))
            if isinstance(reply, Drops):
                with suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            time.sleep(reply.after)
            raw = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            with suppress(OSError):  # who asked may have given up
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

        do_GET = do_POST = do_DELETE = do_PUT = serve  # noqa: N815 - the names http.server asks for

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    platform.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()
