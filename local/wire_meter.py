"""What a process costs AWS, read on the wire: a proxy before the embedded AWS that counts and passes everything on.

Functions do not ask DynamoDB for its units; here each request does. The rest of request and answer is as it was.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import urllib3

from local.ports import HOST

WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"})
_READS = frozenset({"GetItem", "BatchGetItem", "Query"})
_HOP = frozenset({"connection", "transfer-encoding", "content-length", "host", "accept-encoding"})


class WireMeter:
    """Adds up by what is billed: write_unit, read_unit, queue_request, bucket_put, bucket_get, secret_call;
    and `round`, requests that somebody waited for, those that went together as one."""

    def __init__(self) -> None:
        self._counted: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._under_way = 0

    def take(self) -> Counter[str]:
        """What was counted since the last time."""
        with self._lock:
            taken, self._counted = self._counted, Counter()
        return taken

    @contextmanager
    def request(self) -> Iterator[None]:
        """One request on its way; those that go together count as one round."""
        with self._lock:
            self._counted["round"] += self._under_way == 0
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def add(self, name: str, number: float) -> None:
        with self._lock:
            self._counted[name] += number  # type: ignore[assignment]  # units come in halves


@contextmanager
def metered(address: str) -> Iterator[tuple[str, WireMeter]]:
    """(address to use instead, meter) while the block runs."""
    meter, pool = WireMeter(), urllib3.connection_from_url(address, maxsize=32, retries=False, timeout=60)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
            service, _, operation = self.headers.get("x-amz-target", "").rpartition(".")
            if service.startswith("DynamoDB_") and operation in WRITES | _READS:
                body = json.dumps(json.loads(body) | {"ReturnConsumedCapacity": "INDEXES"}).encode()
            with meter.request():
                answer = pool.request(self.command, self.path, body=body, headers=headers, preload_content=True)
            _count(meter, service, operation, self.command, answer.data)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in _HOP | {"x-amz-crc32"}:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(answer.data)))
            self.end_headers()
            self.wfile.write(answer.data)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _pass  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}", meter
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _count(meter: WireMeter, service: str, operation: str, method: str, data: bytes) -> None:
    if service.startswith("DynamoDB_") and operation in WRITES | _READS:
        answer = json.loads(data)
        if operation == "BatchGetItem":  # the emulator tells one unit for all; AWS bills each item
            for items in answer.get("Responses", {}).values():
                meter.add("read_unit", sum(1 + len(json.dumps(item)) // 4096 for item in items))
            return
        used = answer.get("ConsumedCapacity") or []
        kind = "write_unit" if operation in WRITES else "read_unit"
        for table in used if isinstance(used, list) else [used]:
            meter.add(kind, float(table["CapacityUnits"]))
    elif service.startswith("AmazonSQS"):
        meter.add("queue_request", 1)
    elif service.startswith("secretsmanager"):
        meter.add("secret_call", 1)
    elif not service:
        meter.add("bucket_put" if method in ("PUT", "POST") else "bucket_get", 1)
