"""The door, fuzzed: from its own description (docs/openapi.yaml) and by raw bytes on a socket.

Real gateway, real handlers from source, real server; the tables are in memory. No answer is 5xx, and nothing is written
that was not signed, which is checked by a few lines of our own. HERALD_FUZZ says how many requests (`make fuzz`:
5,000); without it, 500 that are the same each time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import random
import re
import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from time import sleep
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from herald.flows.receive import BODY_LIMIT, REFUSED
from local import gateway, stack
from local.door import Door
from local.door import served as serving
from local.gateway import Response
from local.memory import MemoryDb
from local.ports import HOST, ROOT
from tests.support.handlers import from_source
from tests.support.world import CREDENTIALS, NOON, SECRET, Wall, World, a_world
from tests.unit.test_ingest_hostile import HOSTILE, body_of, said

pytestmark = pytest.mark.integration

REQUESTS = int(os.environ.get("HERALD_FUZZ", "500"))
DESCRIBED = REQUESTS // 5  # making one takes longer than answering it
FUZZ = settings(
    derandomize="HERALD_FUZZ" not in os.environ, deadline=None, database=None, print_blob=True,
    suppress_health_check=list(HealthCheck), phases=[Phase.generate],
)  # fmt: skip
TOKEN = CREDENTIALS["herald/fb"].verify_token


class CountingDb(MemoryDb):
    """Counts what is written."""

    writes = 0

    def write(self, write: Any) -> None:
        self.writes += 1
        super().write(write)

    def transact(self, writes: Any) -> None:
        self.writes += 1
        super().transact(writes)


@dataclass
class Served:
    """A door on a socket.

    Attributes:
        statuses: how often each was answered, 0 where the line was closed without an answer.
        failures: what handlers raised, and what was written though nobody signed it.
    """

    world: World
    port: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    failures: list[BaseException] = field(default_factory=list)

    @property
    def written(self) -> tuple[int, int]:
        return self.world.db.writes, len(self.world.kept.bodies)  # type: ignore[attr-defined]

    def count(self, status: int) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    made = Served(a_world(CountingDb(), walls=[Wall(name="mastodon")]))  # one that has no webhooks
    template = stack.read()
    (api,) = (one for one in template.resources.values() if one.type == "AWS::ApiGatewayV2::Api")
    routes = list(stack._routes(api))
    handlers = {}
    for name in {function for _, _, function in routes}:
        properties = template.resources[name].properties
        folder = properties["Code"]["S3Key"].removeprefix("functions/")
        assert properties["Handler"].endswith(".handler")
        handlers[name] = from_source(f"{folder}/{properties['Handler'].removesuffix('.handler')}.py", made.world.herald)

    one_at_a_time = threading.Lock()  # a caller that hung up is still being served when the next one comes

    def invoke(function: str, event: bytes) -> Response:
        told = json.loads(event)
        with one_at_a_time:
            before = made.written
            try:
                answer = handlers[function](told)
            except BaseException as error:
                made.failures.append(error)
                return gateway.message(500, "Internal Server Error")
            if made.written != before and not _is_signed(told):
                made.failures.append(AssertionError(f"kept, and nobody signed it: {told}"))
        return gateway.response(answer)

    up = stack.Stack({}, {}, {name: name for name in handlers}, routes)
    server = serving(Door(lambda: up, invoke), 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    made.port = server.servers[0].sockets[0].getsockname()[1]
    yield made
    server.should_exit = True
    thread.join(5)


# ---------------------------------------------------------------- by the description


def test_the_description_names_the_routes_of_the_template_and_their_parameters() -> None:
    described = _described()
    template = stack.read()
    (api,) = (one for one in template.resources.values() if one.type == "AWS::ApiGatewayV2::Api")
    routes = {(method, path) for method, path, _ in stack._routes(api)}
    told = {(method.upper(), path) for path, item in described["paths"].items() for method in item if method in
            ("get", "put", "post", "delete", "patch", "head", "options", "trace")}  # fmt: skip
    assert told == routes
    for path, item in described["paths"].items():
        named = {_resolved(described, one)["name"] for one in item["parameters"]}
        assert named == set(re.findall(r"\{(\w+)\}", path))


def test_the_bounds_of_the_description_are_those_of_the_code() -> None:
    described = _described()
    assert described["components"]["responses"]["Refused"]["content"]["text/plain; charset=utf-8"]["schema"] == {
        "type": "string", "const": REFUSED,
    }  # fmt: skip
    body = described["paths"]["/webhooks/{connection}"]["post"]["requestBody"]["description"]
    assert f"{BODY_LIMIT // 1024 // 1024} MiB" in body
    assert _resolved(described, {"$ref": "#/components/parameters/Connection"})["schema"]["maxLength"] == 100


def _described() -> dict[str, Any]:
    import yaml

    found: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())
    return found


def _resolved(described: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    found: Any = described if "$ref" in one else one
    for step in one.get("$ref", "#").split("/")[1:]:
        found = found[step]
    return dict(found)


def test_what_the_description_allows_and_forbids_is_answered_as_described(served: Served) -> None:
    import schemathesis
    from schemathesis import GenerationMode, checks

    warnings.simplefilter("ignore")
    schema = schemathesis.openapi.from_path(ROOT / "docs" / "openapi.yaml")
    operations = [found.ok() for found in schema.get_all_operations()]
    held = [
        checks.CHECKS.get_one(name)
        for name in ("not_a_server_error", "status_code_conformance", "content_type_conformance")
    ]
    base = f"http://{HOST}:{served.port}"
    per_kind = DESCRIBED // (2 * len(operations))
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @settings(FUZZ, max_examples=per_kind)
            @given(
                case=operation.as_strategy(generation_mode=mode),
                connection=st.sampled_from([None, "fb", "form", "mastodon", "no-such"]),
            )
            def fuzz(case: Any, connection: str | None) -> None:
                if connection and "connection" in (case.path_parameters or {}):
                    case.path_parameters["connection"] = connection
                answer = case.call(base_url=base, timeout=20)
                served.count(answer.status_code)
                assert answer.status_code < 500, served.failures[-1:]
                assert not served.failures
                case.validate_response(answer, checks=held)
                if answer.status_code in (401, 403) and "/webhooks/" in str(answer.request.path_url):
                    assert answer.text == REFUSED  # whatever the connection, and whether or not there is one

            fuzz()
    assert not served.failures


# ---------------------------------------------------------------- by raw bytes


@dataclass(frozen=True)
class Raw:
    """One request, as it will be sent.

    Attributes:
        honest: signed, framed and sent as a platform does: it must be taken.
        whole: framed so that a server can tell where it ends; only then an answer is due.
    """

    target: bytes
    head: bytes
    body: bytes
    honest: bool
    whole: bool
    pieces: int
    hang_up: bool

    @property
    def sent(self) -> bytes:
        return self.head + b"\r\n" + self.body

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))

    def __repr__(self) -> str:
        return f"{self.sent[:600]!r} ({len(self.body)} bytes, {self.pieces} pieces, hang_up={self.hang_up})"


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
NESTED = [b"[" * 60_000, b'{"a":' * 20_000 + b"1" + b"}" * 20_000, b'{"object":"page","entry":' + b"[" * 4_000]
LARGE = [b" " * 65_537, b"x" * 4_700_000, b"[" + b"1," * 2_700_000 + b"1]"]
BODIES = st.one_of(
    st.sampled_from([body_of(change, said(7)) for change in HOSTILE]),
    JSON_LIKE.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")),
    st.lists(JSON_LIKE, max_size=3).map(lambda values: body_of(*values)),
    JSON_LIKE.map(lambda value: json.dumps({"account_id": "form", "events": [value]}).encode()),
    st.binary(max_size=300),
    st.sampled_from([b"", b"null", b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"eyJhIjoxfQ==", *NESTED]),
)
TYPES = ["application/json", "Application/JSON;charset=utf-16", "text/plain", "application/octet-stream", "", "\xff",
         "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]  # fmt: skip
NAMES = st.text(st.sampled_from("abcXYZ-_0!~"), min_size=1, max_size=15)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40)


@st.composite
def requests(draw: st.DrawFn) -> Raw:
    """Mostly what nearly is a webhook: one thing wrong is what gets past a check, not everything at once."""
    connection = draw(st.sampled_from(["fb", "fb", "form"]))
    body = draw(BODIES) if draw(st.integers(0, 40)) else draw(st.sampled_from(LARGE))
    kind = draw(st.sampled_from(TYPES[:4])) if draw(st.booleans()) else draw(st.sampled_from(TYPES))
    name, value = _signature(connection, body, draw(st.sampled_from(["right", "right", "right", "before"])))
    method, target, framing = "POST", f"/webhooks/{connection}".encode(), "length"
    headers = [("Host", "door"), ("Content-Type", kind), (name, value)]
    wrong = draw(
        st.sampled_from(["nothing", "signature", "header", "target", "method", "framing", "junk", "handshake"])
    )
    if wrong == "signature":
        forged = draw(st.sampled_from(["other", "empty", "cut", "upper", "none", "garbage"]))
        headers[2:] = [] if forged == "none" else [(name, _forged(value, forged, connection, body, draw))]
    elif wrong == "header":
        headers.insert(draw(st.integers(0, 3)), (_cased(name, draw), draw(st.sampled_from([value, "", "sha256=0"]))))
    elif wrong == "target":
        target = draw(st.one_of(
            st.sampled_from([b"/webhooks/%66b", b"//webhooks/fb", b"/webhooks/fb/", b"/webhooks/fb?", b"/webhooks/",
                             b"/webhooks/%", b"/webhooks/%00", b"/webhooks/%ff%fe", b"/webhooks/CONN%23fb", b"*",
                             b"/webhooks/mastodon", b"/webhooks/no-such",
                             b"/l/%2e%2e", b"/webhooks/" + b"x" * 9_000, b"http://door/webhooks/fb", b"/_door/health"]),
            st.binary(max_size=40).map(lambda raw: b"/webhooks/" + re.sub(rb"[\x00-\x20\x7f-\xff#?]", b"", raw)),
        ))  # fmt: skip
    elif wrong == "method":
        method = draw(st.sampled_from(["PUT", "HEAD", "OPTIONS", "DELETE", "TRACE", "BREW", "post", "PRI"]))
    elif wrong == "framing":
        framing = draw(st.sampled_from(["chunked", "short", "long", "none", "double", "minus", "bad chunk", "both"]))
    elif wrong == "junk":
        headers += draw(st.lists(st.tuples(NAMES, VALUES), max_size=6))
        headers += draw(st.sampled_from([
            [("Cookie", "a=b; c")], [("Content-Encoding", "gzip")], [("X-Amz-Target", "DynamoDB_20120810.DeleteTable")],
            [("Expect", "100-continue")], [("Upgrade", "websocket"), ("Connection", "upgrade")],
            [("X-Fill", "y" * 9_900)], [("Transfer-Encoding", "identity")], [("Host", "other")], [],
        ]))  # fmt: skip
    elif wrong == "handshake":
        method, body = "GET", b""
        token = draw(st.sampled_from([TOKEN, "", "no", TOKEN + "x"]))
        asked = f"hub.mode=subscribe&hub.verify_token={token.replace(' ', '+')}&hub.challenge=77"
        flood = "&".join(f"a{n}" for n in range(90))
        query = draw(st.sampled_from([asked, asked, flood, "%", "=&=", "hub.challenge=%ff%00"]))
        target += b"?" + query.encode()
    framed, whole = _framed(framing, body)
    head = method.encode() + b" " + target + b" HTTP/1.1\r\n"
    head += b"".join(f"{n}: {v}\r\n".encode("latin-1") for n, v in headers) + framed[0]
    readable = kind.partition(";")[0].lower() not in ("application/json", "text/plain") or _utf8(body)
    small = len(body) < 4_500_000
    return Raw(
        target, head, framed[1], honest=wrong == "nothing" and readable and small, whole=whole,
        pieces=draw(st.sampled_from([1, 1, 1, 2, 5])), hang_up=draw(st.integers(0, 15)) == 0,
    )  # fmt: skip


def _signature(connection: str, body: bytes, secret: str) -> tuple[str, str]:
    """As the platform signs: our own few lines, and those of no adapter."""
    if connection == "fb":
        key = SECRET if secret == "right" else "the one before"
        return "X-Hub-Signature-256", "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    stamp = str(int(NOON.timestamp()))
    digest = hmac.new(b"a form secret", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return "X-Herald-Signature", f"t={stamp},v1={digest}"


def _forged(value: str, how: str, connection: str, body: bytes, draw: st.DrawFn) -> str:
    if how == "other":
        return _signature(connection, body + b" ", "right")[1]
    if how == "cut":
        return value[: draw(st.integers(0, len(value) - 1))]
    return {"empty": "", "upper": value.upper(), "garbage": draw(VALUES)}[how]


def _cased(name: str, draw: st.DrawFn) -> str:
    return draw(st.sampled_from([name, name.lower(), name.upper(), name.swapcase()]))


def _utf8(body: bytes) -> bool:
    with suppress(UnicodeDecodeError):
        return bool(body.decode()) or not body
    return False


def _framed(how: str, body: bytes) -> tuple[tuple[bytes, bytes], bool]:
    """(header lines, bytes after the head), and whether they make one whole request."""
    length = b"Content-Length: %d\r\n"
    chunked, chunks = b"Transfer-Encoding: chunked\r\n", b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    if not body:
        chunks = b"0\r\n\r\n"
    return {
        "length": ((length % len(body), body), True),
        "chunked": ((chunked, chunks), True),
        "short": ((length % (len(body) + 10), body), False),
        "long": ((length % (len(body) // 2), body), True),
        "none": ((b"", body), True),
        "double": ((length % len(body) + length % (len(body) + 1), body), True),
        "minus": ((b"Content-Length: -1\r\n", body), True),
        "bad chunk": ((chunked, b"zz\r\n" + body), True),
        "both": ((chunked + length % len(body), chunks), True),
    }[how]


def _is_signed(event: dict[str, Any]) -> bool:
    """Whether a secret of the connection that was called signed these very bytes, by one header."""
    body = event.get("body", "")
    raw = base64.b64decode(body) if event["isBase64Encoded"] else body.encode()
    connection = event["pathParameters"]["connection"]
    for name, value in (_signature(connection, raw, secret) for secret in ("right", "before")):
        given = event["headers"].get(name.lower(), "").strip()
        parts = [part.strip() for part in given.split(",")]  # what was sent in several headers is one list
        listed = {*value.split(",")} <= {*parts} and sum(part.startswith("t=") for part in parts) == 1
        if given == value or (connection == "form" and listed):
            return True
    return False


def _ask(port: int, raw: Raw) -> int:
    """The status of the answer, 0 where the line was closed without one."""
    with socket.create_connection((HOST, port), timeout=15) as line, suppress(ConnectionError):
        step = max(1, -(-len(raw.sent) // raw.pieces))
        with suppress(ConnectionError):  # a refusal may come before all is sent
            for start in range(0, len(raw.sent), step):
                line.sendall(raw.sent[start : start + step])
                if raw.pieces > 1:
                    sleep(0.001)
                if raw.hang_up and start:
                    return 0
            if not raw.whole:
                line.shutdown(socket.SHUT_WR)
        answer = line.makefile("rb")
        first = answer.readline()
        while first.startswith(b"HTTP/1.1 100") or first == b"\r\n":
            first = answer.readline()
        return int(first.split()[1]) if first else 0
    return 0


def test_whatever_bytes_are_sent_none_is_answered_5xx_and_only_what_is_signed_is_kept(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    @settings(FUZZ, max_examples=REQUESTS - DESCRIBED)
    @given(raw=requests())
    def fuzz(raw: Raw) -> None:
        try:
            status = _ask(served.port, raw)
        except TimeoutError:
            pytest.fail(f"no answer to {raw!r}, whole={raw.whole}, body {raw.body[:80]!r}")
        served.count(status)
        assert status < 500, (status, served.failures[-1:])
        assert not served.failures
        if raw.honest and not (raw.hang_up and raw.pieces > 1):
            assert status == 200
        if status == 0:  # nobody waited, or the refusal of a long body was overtaken by its own closing
            assert raw.hang_up or not raw.whole or len(raw.body) > 60_000

    fuzz()
    assert not served.failures
    assert served.statuses.keys() >= {200, 400, 401, 403, 404, 413}
    with capsys.disabled():
        print(f"\n  the door: {sum(served.statuses.values())} requests: {dict(sorted(served.statuses.items()))}")


def test_a_handler_that_breaks_would_be_seen(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fuzz can fail: an adapter that raises what is no error of ours is a 500, and is caught by it."""

    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(type(served.world.herald.sources["facebook_page"]), "verify", broken)
    length = random.Random(1).randint(1, 50)
    head = f"POST /webhooks/fb HTTP/1.1\r\nHost: door\r\nContent-Length: {length}\r\n".encode()
    raw = Raw(b"", head, b"x" * length, honest=False, whole=True, pieces=1, hang_up=False)
    assert _ask(served.port, raw) == 500
    assert isinstance(served.failures.pop(), RuntimeError)
