"""The local gateway makes of a request the event that AWS documents, and of an answer the response."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.gateway import HEAD_LIMIT, Request, event, response, too_long
from tests.support.world import NOON

ROUTES = [("GET", "/webhooks/{connection}", "Ingest"), ("POST", "/webhooks/{connection}", "Ingest"),
          ("GET", "/l/{token}", "Link")]  # fmt: skip


def made(
    method: str = "POST", path: bytes = b"/webhooks/fb", query: bytes = b"", body: bytes = b"", **headers: str
) -> dict[str, Any]:
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    found = event(Request(method, path, query, sent, body), ROUTES, NOON, "r1")
    assert found is not None
    told: dict[str, Any] = json.loads(found[1])
    return told


def test_an_event_has_the_documented_shape() -> None:
    told = made("GET", b"/webhooks/fb", b"hub.mode=subscribe&x=1&x=2%2C3", user_agent="facebook")
    assert told == {
        "version": "2.0", "routeKey": "GET /webhooks/{connection}", "rawPath": "/webhooks/fb",
        "rawQueryString": "hub.mode=subscribe&x=1&x=2%2C3",
        "queryStringParameters": {"hub.mode": "subscribe", "x": "1,2,3"},
        "headers": {"user-agent": "facebook"}, "pathParameters": {"connection": "fb"}, "isBase64Encoded": False,
        "requestContext": {
            "accountId": "000000000000", "apiId": "local", "domainName": "", "domainPrefix": "local",
            "http": {"method": "GET", "path": "/webhooks/fb", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
                     "userAgent": "facebook"},
            "requestId": "r1", "routeKey": "GET /webhooks/{connection}", "stage": "$default",
            "time": "18/Nov/2026:01:00:00 +0000", "timeEpoch": int(NOON.timestamp() * 1000),
        },
    }  # fmt: skip


def test_repeated_headers_are_joined_under_lower_case_names_and_cookies_go_apart() -> None:
    sent = [(b"X-Sig", b"a"), (b"x-sig", b"b, c"), (b"Cookie", b"k=1; l=2"), (b"cookie", b"m=3"),
            (b"Connection", b"close"), (b"Transfer-Encoding", b"chunked"), (b"X-\xe9", b"\xff")]  # fmt: skip
    found = event(Request("POST", b"/webhooks/fb", b"", sent, b""), ROUTES, NOON, "r")
    assert found is not None
    told = json.loads(found[1])
    assert told["headers"] == {"x-sig": "a,b, c", "x-\u00e9": "\u00ff"}
    assert told["cookies"] == ["k=1", "l=2", "m=3"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [("application/json", True), ("Application/JSON; charset=utf-8", True), ("text/plain", True),
     ("application/xml", True), ("application/x-www-form-urlencoded", False), ("application/octet-stream", False),
     ("application/vnd.api+json", False), ("", False)],
)  # fmt: skip
def test_a_body_is_text_or_base64_by_its_type(kind: str, text: bool) -> None:
    told = made(body=b"{}", content_type=kind)
    assert (told["body"], told["isBase64Encoded"]) == (("{}", False) if text else ("e30=", True))


def test_no_body_no_query_and_no_cookie_have_no_field() -> None:
    assert not {"body", "queryStringParameters", "cookies"} & made("POST").keys()


@pytest.mark.parametrize(
    ("path", "connection"),
    [(b"/webhooks/a%20b", "a b"), (b"/webhooks/%e2%82%ac", "\u20ac"), (b"/webhooks/a%252Fb", "a%252Fb"),
     (b"//webhooks/fb", "fb"), (b"/webhooks/\xff", "\ufffd"), (b"/webhooks/%", "%"), (b"/webhooks/a%0Ab", "a\nb")],
)  # fmt: skip
def test_a_parameter_is_one_segment_decoded(path: bytes, connection: str) -> None:
    assert made(path=path)["pathParameters"] == {"connection": connection}


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", b"/webhooks/a/b"), ("POST", b"/webhooks/a%2Fb"), ("POST", b"/webhooks/"), ("PUT", b"/webhooks/fb"),
     ("post", b"/webhooks/fb"), ("POST", b"/l/token"), ("POST", b"/Webhooks/fb"), ("POST", b"webhooks"), ("POST", b"")],
)  # fmt: skip
def test_what_fits_no_route_has_no_event(method: str, path: bytes) -> None:
    assert event(Request(method, path, b"", [], b""), ROUTES, NOON, "r") is None


@given(
    path=st.binary(max_size=60), query=st.binary(max_size=60), name=st.binary(max_size=20),
    value=st.binary(max_size=40), body=st.binary(max_size=60),
    kind=st.sampled_from([b"application/json", b"", b"x/y"]),
)  # fmt: skip
def test_any_bytes_make_json_and_the_body_comes_back(
    path: bytes, query: bytes, name: bytes, value: bytes, body: bytes, kind: bytes
) -> None:
    request = Request("POST", b"/webhooks/" + path, query, [(name, value), (b"content-type", kind)], body)
    found = event(request, ROUTES, datetime(2026, 1, 1, tzinfo=UTC), "r")
    if found is None:
        return
    told = json.loads(found[1])
    assert told["rawQueryString"].encode("latin-1") == query
    if told["isBase64Encoded"]:
        assert base64.b64decode(told["body"]) == body
    elif body:
        assert told["body"] == body.decode("utf-8", "replace")


def test_the_head_is_measured_as_the_quota_is_written() -> None:
    fixed = len("GET /webhooks/fb? HTTP/1.1\r\n")
    for over in (0, 1):
        request = Request("GET", b"/webhooks/fb", b"", [(b"a-name", b"x" * (HEAD_LIMIT - fixed + over))], b"")
        assert too_long(request) is bool(over)


@pytest.mark.parametrize(
    ("answered", "status", "body"),
    [
        ({"statusCode": 201, "body": "made"}, 201, b"made"),
        ({"statusCode": 200, "body": "AP8=", "isBase64Encoded": True}, 200, b"\x00\xff"),
        ({"statusCode": 204}, 204, b""),
        ({"any": "thing"}, 200, b'{"any": "thing"}'),
        (None, 200, b"null"),
        ({"statusCode": "no"}, 500, b'{"message": "Internal Server Error"}'),
        ({"statusCode": 200, "body": {"a": 1}}, 500, b'{"message": "Internal Server Error"}'),
        ({"statusCode": 200, "body": "?", "isBase64Encoded": True}, 500, b'{"message": "Internal Server Error"}'),
        ({"statusCode": 200, "headers": ["x"]}, 500, b'{"message": "Internal Server Error"}'),
    ],
)
def test_an_answer_becomes_a_response_or_an_internal_error(answered: Any, status: int, body: bytes) -> None:
    assert (response(answered)[0], response(answered)[2]) == (status, body)


def test_each_cookie_of_an_answer_is_a_header_of_its_own() -> None:
    _, headers, _ = response({"statusCode": 302, "headers": {"Location": "/x"}, "cookies": ["a=1", "b=2"]})
    assert [h for h in headers if h[0] != b"content-type"] == [
        (b"location", b"/x"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"),
    ]  # fmt: skip
