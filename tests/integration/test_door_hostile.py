"""The door passes on what an API could be asked, byte for byte, to one server, and nothing else."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import uvicorn

from local.door import Door
from local.ports import HOST

pytestmark = pytest.mark.integration


reached: list[tuple[str, str, bytes]] = []
"""Method, target and body of what reached the other side."""


class _Behind(BaseHTTPRequestHandler):
    """Stands where the embedded AWS stands."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        reached.append((self.command, self.path, body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture
def behind() -> Iterator[ThreadingHTTPServer]:
    reached.clear()
    server = ThreadingHTTPServer((HOST, 0), _Behind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture
def door(behind: ThreadingHTTPServer, tmp_path: Path) -> Iterator[int]:
    stack = tmp_path / "stack.json"
    stack.write_text(json.dumps({"outputs": {}, "environment": {}, "api_id": "abc", "functions": {}}))
    config = uvicorn.Config(
        Door(stack, f"http://{HOST}:{behind.server_port}"), host=HOST, port=0, lifespan="off", log_level="critical"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(5)


def ask(port: int, target: str, method: str = "GET", body: bytes = b"") -> int:
    """The status of one request whose target is sent exactly as written; 0 if the door hung up."""
    head = f"{method} {target} HTTP/1.1\r\nhost: door\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection((HOST, port), timeout=10) as line:
        line.sendall(head.encode("latin-1") + body)
        answer = line.makefile("rb").readline().split()
    return int(answer[1]) if answer else 0


@pytest.mark.parametrize(
    "target",
    ["/_ministack/reset", "//_ministack/reset", "/%5Fministack/reset", "/_aws/sqs", "/webhooks/../_ministack/reset",
     "/webhooks/%2e%2e/_ministack/reset", "/webhooks/..%2f_ministack/reset", "/webhooks/..%5c_ministack",
     "/./_localstack/health", "@127.0.0.1:{other}/", ".{other}", "*", "http://127.0.0.1:{other}/webhooks/x", "?x"],
)  # fmt: skip
def test_what_is_no_path_of_the_api_reaches_nobody(door: int, behind: ThreadingHTTPServer, target: str) -> None:
    with socket.create_server((HOST, 0)) as other:
        other.settimeout(0.2)
        assert ask(door, target.replace("{other}", str(other.getsockname()[1])), "POST") in (0, 400, 404)
        with pytest.raises(TimeoutError):
            other.accept()
    assert reached == []


@pytest.mark.parametrize(
    "target",
    ["/webhooks/fb", "/webhooks/fb?a=%2F..%2F&b=//_x", "/webhooks/a%2Fb", "/webhooks/a%20b;c=%E2%82%AC", "/l/a.b_c"],
)
def test_a_path_of_the_api_arrives_as_it_was_written(door: int, target: str) -> None:
    assert ask(door, target, "POST", b"\x00\xff raw") == 200
    assert reached == [("POST", target, b"\x00\xff raw")]


def test_a_body_that_ends_before_its_length_is_not_passed_on(door: int) -> None:
    with socket.create_connection((HOST, door), timeout=10) as line:
        line.sendall(b"POST /webhooks/fb HTTP/1.1\r\nhost: door\r\ncontent-length: 100\r\n\r\nhalf of it")
        line.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            line.recv(100)
    assert reached == []


def test_a_length_and_chunks_at_once_are_one_request_or_none(door: int) -> None:
    hidden = b"POST /webhooks/hidden HTTP/1.1\r\nhost: door\r\ncontent-length: 0\r\n\r\n"
    head = (
        b"POST /webhooks/fb HTTP/1.1\r\nhost: door\r\nconnection: close\r\n"
        b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(hidden), hidden)
    with socket.create_connection((HOST, door), timeout=10) as line:
        line.sendall(head + chunk)
        with suppress(OSError):
            while line.recv(1000):
                pass
    assert reached in ([], [("POST", "/webhooks/fb", hidden)])
