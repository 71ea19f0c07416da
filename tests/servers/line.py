"""A line to a server that can be made to fail: it carries requests on and, when told, loses or delays them.

Only for clients that open a connection for each exchange, as herald.platforms.wire.http does.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Line:
    """Attributes:
    base: what to speak to instead of the server.
    asked: request lines carried, in order ("POST /api/v1/statuses").
    """

    base: str
    _server: tuple[str, int]
    asked: list[str] = field(default_factory=list)
    _faults: list[tuple[re.Pattern[str], str, float]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _late: list[threading.Thread] = field(default_factory=list)

    def lose_answer(self, pattern: str) -> None:
        """The next matching request is carried out; its answer never arrives."""
        self._add(pattern, "answer", 0.0)

    def lose_request(self, pattern: str) -> None:
        """The next matching request leaves the client and never arrives."""
        self._add(pattern, "request", 0.0)

    def carry_late(self, pattern: str, seconds: float) -> None:
        """The line to the client drops at once; the request reaches the server only so much later."""
        self._add(pattern, "late", seconds)

    def settled(self) -> None:
        """Wait until everything carried late has arrived."""
        for thread in self._late:
            thread.join(30)
        self._late.clear()

    def count(self, pattern: str) -> int:
        return sum(bool(re.search(pattern, line)) for line in self.asked)

    def _add(self, pattern: str, what: str, seconds: float) -> None:
        with self._lock:
            self._faults.append((re.compile(pattern), what, seconds))

    def _fault(self, line: str) -> tuple[str, float]:
        with self._lock:
            self.asked.append(line)
            for fault in self._faults:
                if fault[0].search(line):
                    self._faults.remove(fault)
                    return fault[1], fault[2]
        return "", 0.0

    def carry(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            client.settimeout(30)
            request = _request(client)
            if not request:
                return
            what, seconds = self._fault(" ".join(request.split(b"\r\n", 1)[0].decode("latin-1").split(" ")[:2]))
            if what == "request":
                return
            if what == "late":
                thread = threading.Thread(target=self._deliver_late, args=(request, seconds), daemon=True)
                thread.start()
                self._late.append(thread)
                return
            answer = self._exchange(request)
            if what != "answer":
                client.sendall(answer)

    def _deliver_late(self, request: bytes, seconds: float) -> None:
        time.sleep(seconds)
        self._exchange(request)

    def _exchange(self, request: bytes) -> bytes:
        with socket.create_connection(self._server, timeout=30) as server:
            server.sendall(request)
            answer = bytearray()
            while chunk := server.recv(65_536):
                answer += chunk
        return bytes(answer)


def _request(client: socket.socket) -> bytes:
    """Head and body; empty when the client went away before."""
    got = bytearray()
    while b"\r\n\r\n" not in got:
        chunk = client.recv(65_536)
        if not chunk:
            return b""
        got += chunk
    head, _, body = bytes(got).partition(b"\r\n\r\n")
    size = re.search(rb"(?im)^content-length:\s*(\d+)", head)
    missing = (int(size.group(1)) if size else 0) - len(body)
    while missing > 0:
        chunk = client.recv(65_536)
        if not chunk:
            return b""
        got += chunk
        missing -= len(chunk)
    return bytes(got)


@contextmanager
def line_to(url: str) -> Iterator[Line]:
    """A line to the server at `url`, on a port of its own."""
    parts = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        line = Line(f"http://127.0.0.1:{listening.getsockname()[1]}", (parts.hostname or "", parts.port or 80))

        def accept() -> None:
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:  # closed: the end
                    return
                threading.Thread(target=line.carry, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield line
        line.settled()
        listening.shutdown(socket.SHUT_RDWR)  # close alone does not wake who waits in accept
