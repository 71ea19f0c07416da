"""What an HTTP API of AWS does between a caller and a function, as values: request to event, answer to response.

Payload format 2.0: docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html;
limits: .../http-api-quotas.html (both read 2026-11). What the pages leave open (which bodies are text, what becomes of
an escape in a path) follows what ministack, the embedded AWS, found on the real one and notes in its apigateway.py.
The emulator's own API is not used: it unpacks bodies that say they are compressed, and a signature is over raw bytes.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

Headers = list[tuple[bytes, bytes]]
Response = tuple[int, Headers, bytes]
Route = tuple[str, str, str]
"""Method, path with {parameters}, logical id of the function behind it."""

BODY_LIMIT = 10 * 1024 * 1024
"""Bytes of a body: "payload size 10 MB"."""
HEAD_LIMIT = 10_240
"""Bytes: "total combined size of request line and header values"."""
EVENT_LIMIT = 6 * 1024 * 1024
"""Bytes of the event: a synchronous invocation takes no more, so a body in base64 ends at 4.5 MB."""
_TEXT = frozenset({"application/json", "application/xml", "application/javascript"})
_OF_THE_CONNECTION = frozenset({
    b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"expect",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came; `path` is the raw target without the query."""

    method: str
    path: bytes
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    source: str = "127.0.0.1"


def too_long(request: Request) -> bool:
    """Whether the request line and the header values are longer than the gateway takes."""
    line = len(request.method) + len(request.path) + len(request.query) + len(" ? HTTP/1.1\r\n")
    return line + sum(len(value) for _, value in request.headers) > HEAD_LIMIT


def event(request: Request, routes: Sequence[Route], now: datetime, request_id: str) -> tuple[str, bytes] | None:
    """The function a request is for and the event it gets, as JSON; None where no route fits."""
    path = _decoded(request.path)
    found = _routed(request.method, path, routes)
    if found is None:
        return None
    (method, pattern, function), parameters = found
    headers, cookies = _headers(request.headers)
    told: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {pattern}",
        "rawPath": path,
        "rawQueryString": request.query.decode("latin-1"),
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": headers.get("host", ""),
            "domainPrefix": "local",
            "http": {
                "method": request.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": request.source,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": f"{method} {pattern}",
            "stage": "$default",
            "time": f"{now:%d/%b/%Y:%H:%M:%S +0000}",
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }  # fmt: skip
    told |= {"cookies": cookies} if cookies else {}
    told |= {"pathParameters": parameters} if parameters else {}
    if query := _query(request.query):
        told["queryStringParameters"] = query
    if request.body:
        text = _is_text(headers.get("content-type", ""))
        told["body"] = request.body.decode("utf-8", "replace") if text else base64.b64encode(request.body).decode()
        told["isBase64Encoded"] = not text
    return function, json.dumps(told).encode()


def response(answered: Any) -> Response:
    """What the caller gets for what a function answered; 500 for an answer the gateway could not use."""
    if not isinstance(answered, Mapping) or "statusCode" not in answered:  # "Lambda infers the response format"
        return 200, [(b"content-type", b"application/json")], json.dumps(answered).encode()
    try:
        given = answered.get("headers") or {}
        headers = [(str(name).lower().encode("latin-1"), str(value).encode("latin-1")) for name, value in given.items()]
        headers += [(b"set-cookie", str(cookie).encode("latin-1")) for cookie in answered.get("cookies") or []]
        if b"content-type" not in dict(headers):
            headers.append((b"content-type", b"text/plain;charset=UTF-8"))
        body = answered.get("body") or ""
        raw = base64.b64decode(body, validate=True) if answered.get("isBase64Encoded") else body.encode()
        return int(answered["statusCode"]), headers, raw
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return message(500, "Internal Server Error")


def message(status: int, sentence: str) -> Response:
    """The gateway's own answers: {"message": ...}."""
    return status, [(b"content-type", b"application/json")], json.dumps({"message": sentence}).encode()


# ---------------------------------------------------------------- the parts of a request


def _routed(method: str, path: str, routes: Sequence[Route]) -> tuple[Route, dict[str, str]] | None:
    """The route whose method and path fit; a {parameter} takes one segment, and extra leading slashes count as one."""
    path = "/" + path.lstrip("/")
    for route in routes:
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(route[1]))
        if route[0] == method and (found := re.fullmatch(pattern, path, re.DOTALL)):
            return route, found.groupdict()
    return None


def _decoded(path: bytes) -> str:
    """Every escape is decoded but that of the percent sign itself."""
    raw = re.sub(rb"%(?!25)([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), path)
    return raw.decode("utf-8", "replace")


def _headers(given: Sequence[tuple[bytes, bytes]]) -> tuple[dict[str, str], list[str]]:
    """Lower-case names, repeated ones joined by a comma; cookies apart. Those of the connection itself end here."""
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for raw_name, raw_value in given:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name == "cookie":
            cookies += [cookie.strip() for cookie in value.split(";") if cookie.strip()]
        elif raw_name.lower() not in _OF_THE_CONNECTION:
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers, cookies


def _query(query: bytes) -> dict[str, str]:
    """Decoded, repeated names joined by a comma."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="replace"):
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _is_text(content_type: str) -> bool:
    """Whether a body of this type is handed over as text; all others, forms among them, come in base64."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind.startswith("text/") or kind in _TEXT
