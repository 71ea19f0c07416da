"""The door under attack: what it hands to a function is one event over one address, whatever a request is made of."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from local.door import Door, Functions, StackFile, served
from local.ports import HOST

pytestmark = pytest.mark.integration


ROUTES = [["GET", "/webhooks/{connection}", "Ingest"], ["POST", "/webhooks/{connection}", "Ingest"]]
reached: list[tuple[str, dict[str, Any]]] = []
"""Target and event of what reached the other side."""
answers: list[tuple[int, dict[str, str], bytes]] = []
"""What the other side answers next; when it is empty: 204."""


class _Behind(BaseHTTPRequestHandler):
    """Stands where the embedded AWS stands."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        reached.append((self.path, json.loads(body)))
        status, headers, answer = answers.pop(0) if answers else (200, {}, b'{"statusCode": 204}')
        self.send_response(status)
        for name, value in ({"content-length": str(len(answer))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture
def behind() -> Iterator[ThreadingHTTPServer]:
    reached.clear()
    answers.clear()
    server = ThreadingHTTPServer((HOST, 0), _Behind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture
def door(behind: ThreadingHTTPServer, tmp_path: Path) -> Iterator[int]:
    stack = tmp_path / "stack.json"
    stack.write_text(
        json.dumps({"outputs": {}, "environment": {}, "functions": {"Ingest": "the-function"}, "routes": ROUTES})
    )
    server = served(Door(StackFile(stack), Functions(f"http://{HOST}:{behind.server_port}")), 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(5)


def ask(port: int, target: str, method: str = "GET", body: bytes = b"", headers: str = "") -> tuple[int, bytes]:
    """Status and body of one request whose target and headers are sent exactly as written; 0 if the door hung up."""
    head = (
        f"{method} {target} HTTP/1.1\r\nhost: door\r\nconnection: close\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
    )
    with socket.create_connection((HOST, port), timeout=10) as line:
        line.sendall(head.encode("latin-1") + body)
        answer = line.makefile("rb").read()
    head_end = answer.find(b"\r\n\r\n")
    return (int(answer.split()[1]), answer[head_end + 4 :]) if answer else (0, b"")


@pytest.mark.parametrize(
    "target",
    ["/_ministack/reset", "//_ministack/reset", "/%5Fministack/reset", "/_aws/sqs", "/webhooks/../_ministack/reset",
     "/webhooks/%2e%2e/_ministack/reset", "/webhooks/..%2f_ministack/reset", "/2015-03-31/functions/x/invocations",
     "/./_localstack/health", "@127.0.0.1:{other}/", ".{other}", "*", "http://127.0.0.1:{other}/elsewhere", "?x",
     "/webhooks/a%2Fb", "/webhooks/", "/webhooks", "/"],
)  # fmt: skip
def test_what_is_no_route_reaches_nobody(door: int, target: str) -> None:
    with socket.create_server((HOST, 0)) as other:
        other.settimeout(0.2)
        asked = target.replace("{other}", str(other.getsockname()[1]))
        status, body = ask(door, asked, "POST")
        assert (status, body) in [
            (0, b""),
            (400, b"Invalid HTTP request received."),
            (404, b'{"message": "Not Found"}'),
        ]
        with pytest.raises(TimeoutError):
            other.accept()
    assert reached == []


def test_a_method_without_a_route_is_not_found(door: int) -> None:
    for method in ("PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"):
        assert ask(door, "/webhooks/fb", method)[0] == 404, method
    assert reached == []


@pytest.mark.parametrize(
    ("target", "connection", "query"),
    [
        ("/webhooks/fb", "fb", ""),
        ("/webhooks/fb?a=%2F..%2F&b=//_x", "fb", "a=%2F..%2F&b=//_x"),
        ("/webhooks/a%20b;c=%E2%82%AC", "a b;c=\u20ac", ""),
        ("//webhooks/..%5c_ministack", "..\\_ministack", ""),
        ("/webhooks/..", "..", ""),
    ],
)
def test_a_request_arrives_as_one_event_at_its_function(door: int, target: str, connection: str, query: str) -> None:
    assert ask(door, target, "POST", b"\x00\xff raw")[0] == 204
    ((address, event),) = reached
    assert address == "/2015-03-31/functions/the-function/invocations"
    assert (event["pathParameters"], event["rawQueryString"]) == ({"connection": connection}, query)
    assert base64.b64decode(event["body"]) == b"\x00\xff raw"


def test_headers_meant_for_the_emulator_are_but_words_in_the_event(door: int) -> None:
    hostile = (
        "x-amz-target: DynamoDB_20120810.DeleteTable\r\nx-amz-invocation-type: Event\r\nContent-Encoding: gzip\r\n"
        "X-Amz-Decoded-Content-Length: 3\r\nauthorization: AWS4-HMAC-SHA256 Credential=1/2/3/s3/x\r\n"
    )
    assert ask(door, "/webhooks/fb", "POST", b"not gzip", hostile)[0] == 204
    ((_, event),) = reached
    assert base64.b64decode(event["body"]) == b"not gzip"
    assert event["headers"]["x-amz-target"] == "DynamoDB_20120810.DeleteTable"


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        ((200, {}, b'{"statusCode": 200, "body": "ok"}'), 200, b"ok"),
        ((200, {"x-amz-function-error": "Unhandled"}, b'{"errorMessage": "a secret"}'), 500,
         b'{"message": "Internal Server Error"}'),
        ((429, {}, b"{}"), 503, b'{"message": "Service Unavailable"}'),
        ((404, {}, b'{"Message": "no function"}'), 500, b'{"message": "Internal Server Error"}'),
    ],
)  # fmt: skip
def test_what_a_function_answers_or_fails_to_is_told_as_the_gateway_tells_it(
    door: int, answer: tuple[int, dict[str, str], bytes], status: int, body: bytes
) -> None:
    answers.append(answer)
    assert ask(door, "/webhooks/fb") == (status, body)


def test_more_than_the_gateway_takes_is_refused_before_anybody_sees_it(door: int) -> None:
    assert ask(door, "/webhooks/fb", "POST", b"", f"x-long: {'x' * 10_240}\r\n")[0] == 431
    assert ask(door, "/webhooks/" + "x" * 10_240)[0] == 431
    assert ask(door, "/webhooks/fb", "POST", b"x" * (5 * 1024 * 1024))[0] == 413  # 7 MB once it is in base64
    assert reached == []
    assert ask(door, "/webhooks/fb", "POST", b"x" * (4 * 1024 * 1024))[0] == 204


def test_an_upgrade_that_is_offered_is_not_taken_and_the_body_arrives(door: int) -> None:
    offered = "Upgrade: websocket\r\nConnection: upgrade\r\n"
    assert ask(door, "/webhooks/fb", "POST", b"the body", offered)[0] == 204
    ((_, event),) = reached
    assert base64.b64decode(event["body"]) == b"the body"


def test_a_body_that_comes_in_drops_is_one_body(door: int) -> None:
    with socket.create_connection((HOST, door), timeout=10) as line:
        line.sendall(b"POST /webhooks/fb HTTP/1.1\r\nhost: door\r\nconnection: close\r\ncontent-length: 20\r\n\r\n")
        for drop in range(20):
            line.sendall(b"%d" % (drop % 10))
            sleep(0.01)
        assert b"204" in line.makefile("rb").readline()
    ((_, event),) = reached
    assert base64.b64decode(event["body"]) == b"0123456789" * 2


def test_a_slow_caller_holds_up_nobody_else(door: int) -> None:
    with socket.create_connection((HOST, door), timeout=10) as slow:
        slow.sendall(b"POST /webhooks/fb HTTP/1.1\r\nhost: door\r\ncontent-length: 20\r\n\r\n0")
        assert ask(door, "/webhooks/fb")[0] == 204


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
    assert [event["pathParameters"]["connection"] for _, event in reached] in ([], ["fb"])
