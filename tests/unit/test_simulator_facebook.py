"""The simulated Page over real sockets: signed webhooks, dropped lines, late acceptance, restarts, the loopback."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from zoneinfo import ZoneInfo

import pytest

from herald.model import Account, Metric
from herald.platforms.facebook_page import FacebookPage
from herald.platforms.wire.http import Http
from local.facebook import client, config, numbers, server
from local.ports import ROOT
from local.simulator import http as loopback
from local.simulator.client import SimulatorError

SECRET, VERIFY, TOKEN, PAGE = "app-secret-of-a-test", "verify-me", "page-token", "5001"


def until(true: Callable[[], Any], what: str, seconds: float = 10.0) -> Any:
    """Wait for it, or fail saying what did not happen."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail(f"not within {seconds:g} s: {what}")


# ---------------------------------------------------------------- who receives the webhooks


@dataclass
class Receiver:
    """A callback that keeps what it gets; answers with the statuses in `answers`, then 200, while `open` is set."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    got: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    handshakes: list[dict[str, list[str]]] = field(default_factory=list)
    echo: bool = True
    open: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhooks/fb"

    def values(self) -> list[dict[str, Any]]:
        return [c["value"] for body, _ in self.got for e in json.loads(body)["entry"] for c in e["changes"]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()
    kept.open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept.got.append((body, {k.lower(): v for k, v in self.headers.items()}))
            kept.open.wait(8)
            self._say(kept.answers.pop(0) if kept.answers else 200, b"")

        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            kept.handshakes.append(query)
            ok = kept.echo and query["hub.verify_token"] == [VERIFY]
            self._say(200 if ok else 403, query["hub.challenge"][0].encode() if ok else b"no")

        def _say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = httpd.server_port
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield kept
    kept.open.set()
    httpd.shutdown()
    thread.join()
    httpd.server_close()


# ---------------------------------------------------------------- the simulator, in a thread or a process


def configure(folder: Path, callback: str) -> None:
    config.write(
        folder, callback=callback, connection="fb", app_secret=SECRET, verify_token=VERIFY,
        pages=[{"id": PAGE, "name": "Quince & Thimble", "token": TOKEN}],
    )  # fmt: skip


@pytest.fixture
def base(tmp_path: Path, receiver: Receiver) -> Iterator[str]:
    configure(tmp_path, receiver.address)
    opened = loopback.listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{opened.getsockname()[1]}"
    running = loopback.server(server.build(tmp_path, base=address, seed=1).app())
    thread = threading.Thread(target=running.run, kwargs={"sockets": [opened]})
    thread.start()
    until(lambda: running.started, "the simulator starts")
    yield address
    running.should_exit = True
    thread.join(15)
    assert not thread.is_alive()


def graph(base: str, method: str, path: str, *, timeout: float = 10.0, **params: str) -> tuple[int, dict[str, Any]]:
    """One call of the API, as Herald makes it; no answer at all is an exception."""
    query = "?" + urlencode(params) if method == "GET" else ""
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=timeout)
    try:
        connection.request(
            method, f"/v25.0/{path}{query}", body=urlencode(params) if method != "GET" else None,
            headers={"authorization": f"Bearer {TOKEN}", "content-type": "application/x-www-form-urlencoded"},
        )  # fmt: skip
        response = connection.getresponse()
        return response.status, json.load(response)
    finally:
        connection.close()


def say(base: str, text: str, **more: str) -> str:
    return str(client.control("comment", {"as": "Nina Harrow", "text": text, **more}, base=base)["comment_id"])


def hidden(base: str, comment: str) -> bool:
    rows = client.control("state", base=base)["comments"]
    return bool(next(row["hidden"] for row in rows if row["id"] == comment))


# ---------------------------------------------------------------- webhooks


def test_the_signature_is_the_hmac_of_exactly_the_bytes_that_arrive(base: str, receiver: Receiver) -> None:
    said = client.say("Schöne Lampe 💡 https://example.com/a", "Zoë Müller", base=base)
    body, headers = until(lambda: receiver.got, "the webhook arrives")[0]
    assert headers["x-hub-signature-256"] == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert body.isascii()
    assert rb"Sch\u00f6ne" in body
    assert rb"https:\/\/example.com\/a" in body
    value = receiver.values()[0]
    assert (said, value["message"]) == (f"facebook_page:{value['comment_id']}", "Schöne Lampe 💡 https://example.com/a")
    assert value["from"]["name"] == "Zoë Müller"


def test_a_refused_webhook_comes_again_with_the_same_bytes_until_it_is_taken(base: str, receiver: Receiver) -> None:
    receiver.answers += [500, 503]
    say(base, "hello")
    until(lambda: len(receiver.got) == 3, "two retries")
    assert len({body for body, _ in receiver.got}) == 1
    until(lambda: client.control("state", base=base)["outbox"]["delivered"] == 1, "the outbox is empty")


def test_a_redelivery_repeats_what_was_delivered(base: str, receiver: Receiver) -> None:
    say(base, "once")
    until(lambda: client.control("state", base=base)["outbox"]["delivered"] == 1, "delivered")
    assert client.control("redeliver", {"count": 10}, base=base) == {"redelivered": 1}
    until(lambda: len(receiver.got) == 2, "it comes again")
    assert receiver.got[0][0] == receiver.got[1][0]


def test_each_event_comes_as_often_as_asked_and_out_of_order_though_none_is_lost(base: str, receiver: Receiver) -> None:
    client.control("settings", {"copies": 2, "out_of_order": True}, base=base)
    said = [say(base, f"number {n}") for n in range(12)]
    until(lambda: len(receiver.values()) == 24, "all copies arrive", 15)
    came = [value["comment_id"] for value in receiver.values()]
    assert sorted(came) == sorted(said * 2)
    assert list(dict.fromkeys(came)) != said


def test_what_piles_up_while_the_callback_is_busy_travels_in_one_batch(base: str, receiver: Receiver) -> None:
    receiver.open.clear()
    comment = say(base, "popular")
    for n in range(30):
        client.control("react", {"object": comment, "as": f"Person {n}", "type": "like"}, base=base)
    receiver.open.set()
    until(lambda: client.control("state", base=base)["outbox"]["waiting"] == 0, "the outbox is empty")
    assert len(receiver.got) == 2
    assert [value["from"]["name"] for value in receiver.values()[1:]] == [f"Person {n}" for n in range(30)]


@pytest.mark.parametrize("echo", [True, False])
def test_the_handshake_shows_whether_the_challenge_came_back(base: str, receiver: Receiver, echo: bool) -> None:
    receiver.echo = echo
    result = client.control("handshake", {}, base=base)
    assert result["ok"] is echo
    assert receiver.handshakes[0]["hub.mode"] == ["subscribe"]
    assert receiver.handshakes[0]["hub.challenge"][0].isdigit()


# ---------------------------------------------------------------- trouble


def test_accept_then_drop_does_the_act_and_closes_the_line_without_a_byte(base: str) -> None:
    comment = say(base, "rude")
    client.control("faults", {"kind": "drop_after_accept"}, base=base)
    body = b"is_hidden=true"
    with socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2])), timeout=5) as line:
        line.sendall(
            f"POST /v25.0/{comment} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {TOKEN}\r\n"
            f"content-type: application/x-www-form-urlencoded\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        assert line.recv(100) == b""
    assert hidden(base, comment)
    calls = client.control("calls", base=base)["calls"]
    assert [(c["method"], c["status"], c["fault"]) for c in calls] == [("POST", None, "drop_after_accept")]
    assert graph(base, "GET", comment, fields="is_hidden")[1]["is_hidden"] is True


def test_a_late_acceptance_happens_though_the_caller_has_left(base: str, receiver: Receiver) -> None:
    comment = say(base, "where is it")
    client.control("faults", {"kind": "late", "seconds": 0.8}, base=base)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        graph(base, "POST", f"{comment}/comments", message="on its way", timeout=0.2)
    assert len(client.control("state", base=base)["comments"]) == 1
    until(lambda: len(client.control("state", base=base)["comments"]) == 2, "the reply appears late")
    assert time.monotonic() - began >= 0.8
    until(lambda: [v for v in receiver.values() if v["from"]["id"] == PAGE], "the echo arrives")


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("429", 429, 4), ("rate_limit", 403, 4), ("outage", 500, 2), ("bad_token", 400, 190), ("permission", 403, 200)],
)
def test_a_refusing_fault_does_nothing_and_ends_after_its_calls(base: str, kind: str, status: int, code: int) -> None:
    comment = say(base, "rude")
    client.control("faults", {"kind": kind, "count": 2}, base=base)
    for _ in range(2):
        answer = graph(base, "POST", comment, is_hidden="true")
        assert (answer[0], answer[1]["error"]["code"]) == (status, code)
    assert not hidden(base, comment)
    assert graph(base, "POST", comment, is_hidden="true") == (200, {"success": True})


# ---------------------------------------------------------------- restarts


@dataclass
class Process:
    address: str
    process: subprocess.Popen[str]

    def end(self, how: int) -> None:
        self.process.send_signal(how)
        self.process.wait(10)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Process]]:
    begun: list[Process] = []

    def begin() -> Process:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "local.facebook", "--port", str(port), "--dir", str(tmp_path)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        begun.append(Process(f"http://127.0.0.1:{port}", process))
        assert process.stdout is not None
        assert begun[-1].address in process.stdout.readline()
        return begun[-1]

    yield begin
    for one in begun:
        one.process.kill()
        one.process.wait(10)
        if one.process.stdout:
            one.process.stdout.close()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_keeps_the_wall_and_delivers_what_was_not_delivered(
    tmp_path: Path, receiver: Receiver, start: Callable[[], Process], how: int
) -> None:
    receiver.answers += [503] * 1000
    configure(tmp_path, receiver.address)
    first = start()
    comment = say(first.address, "before the end")
    client.control("faults", {"kind": "late", "seconds": 0.9}, base=first.address)
    with pytest.raises(TimeoutError):
        graph(first.address, "POST", comment, is_hidden="true", timeout=0.2)
    first.end(how)
    receiver.answers.clear()
    receiver.got.clear()
    second = start()
    assert [row["id"] for row in client.control("state", base=second.address)["comments"]] == [comment]
    until(lambda: {v["verb"] for v in receiver.values()} == {"add", "hide"}, "the event and the late hide arrive")
    assert hidden(second.address, comment)


def test_every_listening_socket_of_the_process_is_on_the_loopback(
    tmp_path: Path, receiver: Receiver, start: Callable[[], Process]
) -> None:
    if not Path("/proc/net/tcp").exists():
        pytest.skip("needs /proc to read listening sockets")
    configure(tmp_path, receiver.address)
    running = start()
    inodes = set()
    for handle in Path(f"/proc/{running.process.pid}/fd").iterdir():
        try:
            target = str(handle.readlink())
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    listening = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            parts = line.split()
            if parts[3] == "0A" and parts[9] in inodes:
                listening.append(parts[1].rpartition(":")[0])
    assert listening == ["0100007F"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.com", ""])  # noqa: S104
def test_it_refuses_to_listen_where_others_could_reach_it(host: str) -> None:
    with pytest.raises(loopback.NotLoopback):
        loopback.listen(host, 0)


def test_asked_for_every_address_the_program_ends_with_one_line_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert server.main(["--host", "0.0.0.0", "--port", "1", "--dir", str(tmp_path)]) == 2  # noqa: S104
    said = capsys.readouterr()
    assert "refused to listen" in said.err
    assert said.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_told_with_the_variable_that_moves_it(
    base: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert server.main(["--port", base.rpartition(":")[2], "--dir", str(tmp_path / "other")]) == 2
    assert "HERALD_PORT_FACEBOOK" in capsys.readouterr().err


# ---------------------------------------------------------------- the pages


def fetch(address: str, headers: dict[str, str] | None = None, data: bytes | None = None) -> tuple[int, Any, str]:
    request = urllib.request.Request(address, headers=headers or {}, data=data)  # noqa: S310
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def test_a_hide_through_the_api_takes_the_comment_off_the_public_wall(base: str) -> None:
    comment = say(base, "a very rude comment")
    assert f'data-comment-id="{comment}"' in fetch(f"{base}/p/{PAGE}")[2]
    graph(base, "POST", comment, is_hidden="true")
    assert "a very rude comment" not in fetch(f"{base}/p/{PAGE}")[2]
    assert f'data-comment-id="{comment}" data-hidden="true"' in fetch(f"{base}/p/{PAGE}?view=staff")[2]


def test_pages_allow_no_script_but_their_own_and_answer_no_foreign_host_or_origin(base: str) -> None:
    status, headers, _ = fetch(f"{base}/p/{PAGE}")
    assert status == 200
    assert "default-src 'none'; script-src 'self';" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert fetch(f"{base}/", {"host": "rebound.example"})[0] == 400
    assert fetch(f"{base}/_sim/reset", {"origin": "http://other.example"}, b"{}")[0] == 403
    assert fetch(f"{base}/_sim/reset", {"origin": base}, b"{}")[0] == 200


def test_an_open_page_is_told_only_of_what_changed(base: str) -> None:
    live = f"{base}/p/{PAGE}/live"
    first = json.loads(fetch(live)[2])
    again = json.loads(fetch(f"{live}?revision={first['revision']}")[2])
    assert set(again) == {"revision"}
    say(base, "something new")
    changed = json.loads(fetch(f"{live}?revision={first['revision']}")[2])
    assert "something new" in changed["wall"]


def test_the_comment_box_works_without_a_script(base: str, receiver: Receiver) -> None:
    form = urlencode({"author": "Tom Okafor", "text": "typed & sent"}).encode()
    status, _, html = fetch(f"{base}/p/{PAGE}/comment", {"content-type": "application/x-www-form-urlencoded"}, form)
    assert status == 200
    assert "typed &amp; sent" in html
    until(lambda: [v for v in receiver.values() if v["message"] == "typed & sent"], "the webhook arrives")


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("comment", b"not json", 400),
        ("comment", b"[]", 400),
        ("comment", b'{"as":"Nina"}', 400),
        ("comment", b'{"as":"","text":"x"}', 400),
        ("comment", b'{"as":"Nina","text":"x","page":"404"}', 404),
        ("comment", b'{"as":"Nina","text":"x","post":"404_1"}', 404),
        ("edit", b'{"comment_id":"404_1","text":"x"}', 404),
        ("faults", b'{"kind":"late","seconds":"long"}', 400),
        ("settings", b'{"copies":99}', 400),
        ("history", b'{"posts":[{"id":"1_2"}]}', 400),
    ],
)
def test_a_wrong_control_request_gets_a_sentence_and_changes_nothing(
    base: str, name: str, body: bytes, status: int
) -> None:
    answer = fetch(f"{base}/_sim/{name}", data=body)
    assert answer[0] == status
    assert json.loads(answer[2])["error"]
    state = client.control("state", base=base)
    assert (state["posts"], state["comments"], state["faults"]) == ([], [], [])


def test_a_past_can_be_written_beside_a_running_simulator_and_shows_at_once(base: str, tmp_path: Path) -> None:
    before = json.loads(fetch(f"{base}/p/{PAGE}/live")[2])["revision"]
    past = [{"id": f"{PAGE}_77", "message": "an old post", "created_time": 1_790_000_000}]
    assert client.history(PAGE, past, folder=tmp_path) == 1
    assert "an old post" in json.loads(fetch(f"{base}/p/{PAGE}/live?revision={before}")[2])["wall"]


def test_a_simulator_that_is_not_there_is_told_in_one_sentence() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SimulatorError, match="make up"):
        client.say("hello", base=f"http://127.0.0.1:{port}")


# ---------------------------------------------------------------- posts with images over real sockets

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40 + b"\r\n--not-the-boundary\r\n"


def upload(base: str, data: bytes, *, timeout: float = 10.0, **fields: str) -> tuple[int, dict[str, Any]]:
    """A multipart POST to /photos, as browsers and libraries write it."""
    parts = [
        f'--b0undary\r\ncontent-disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in fields.items()
    ]
    head = b'--b0undary\r\nContent-Disposition: form-data; name="source"; filename="a.png"\r\nContent-Type: x\r\n\r\n'
    body = b"".join([*parts, head, data, b"\r\n--b0undary--\r\n"])
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=timeout)
    try:
        connection.request(
            "POST", f"/v25.0/{PAGE}/photos", body=body,
            headers={"authorization": f"Bearer {TOKEN}", "content-type": "multipart/form-data; boundary=b0undary"},
        )  # fmt: skip
        response = connection.getresponse()
        return response.status, json.load(response)
    finally:
        connection.close()


def fetch_bytes(base: str, path: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def test_an_uploaded_image_is_served_from_this_origin_as_what_it_is_and_nothing_else(base: str) -> None:
    status, made = upload(base, PNG, caption="Grüne Becher", alt_text_custom="Ein Becher, grün")
    assert status == 200
    status, headers, served = fetch_bytes(base, f"/p/{PAGE}/photos/{made['id']}")
    assert (status, headers["content-type"], served) == (200, "image/png", PNG)
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    html = fetch_bytes(base, f"/p/{PAGE}")[2].decode()
    assert "Grüne Becher" in html
    assert 'alt="Ein Becher, grün"' in html
    assert fetch_bytes(base, f"/p/5002/photos/{made['id']}")[0] == 404


def test_an_image_can_be_named_by_an_address_on_this_machine_only(base: str) -> None:
    _, made = upload(base, PNG)
    address = f"{base}/p/{PAGE}/photos/{made['id']}"
    status, again = graph(base, "POST", f"{PAGE}/photos", url=address, caption="The same once more")
    assert (status, set(again)) == (200, {"id", "post_id"})
    for elsewhere in ("https://shop.example/a.png", "http://169.254.169.254/a", "file:///etc/hosts", f"{base}/p/none"):
        assert graph(base, "POST", f"{PAGE}/photos", url=elsewhere)[0] == 400


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=other"])
def test_a_multipart_body_that_is_none_is_refused(base: str, kind: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=10)
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": kind}
    connection.request("POST", f"/v25.0/{PAGE}/photos", body=b"--b0undary\r\nhalf of one", headers=headers)
    assert json.load(connection.getresponse())["error"]["code"] == 100
    connection.close()


def test_an_image_that_is_too_large_is_refused_before_it_is_read_to_its_end(base: str) -> None:
    with suppress(OSError):  # the line may be closed while the rest is on its way
        status, answer = upload(base, PNG + bytes(12 << 20))
        assert (status, answer["error"]["code"]) == (400, 1)
    assert client.control("state", base=base)["posts"] == []


def test_a_photo_that_is_accepted_late_is_the_same_photo(base: str) -> None:
    client.control("faults", {"kind": "late", "count": 1, "seconds": 1, "page": PAGE}, base=base)
    with pytest.raises(OSError):
        upload(base, PNG, timeout=0.3, caption="Late", alt_text_custom="A mug")
    assert client.control("state", base=base)["posts"] == []
    (post,) = until(lambda: client.control("state", base=base)["posts"], "it is accepted")
    (photo,) = client.control("state", base=base)["photos"]
    assert (post["message"], photo["post"], photo["alt"]) == ("Late", post["id"], "A mug")
    assert fetch_bytes(base, f"/p/{PAGE}/photos/{photo['id']}")[2] == PNG


def test_a_photo_whose_answer_is_dropped_stands_once(base: str) -> None:
    client.control("faults", {"kind": "drop_after_accept", "count": 1}, base=base)
    with pytest.raises((OSError, http.client.HTTPException)):
        upload(base, PNG, caption="Dropped")
    assert [post["message"] for post in client.control("state", base=base)["posts"]] == ["Dropped"]


@pytest.mark.parametrize(
    ("kind", "status", "code"), [("429", 429, 4), ("outage", 500, 2), ("bad_token", 400, 190), ("permission", 403, 200)]
)
def test_a_refusing_fault_publishes_nothing_and_may_be_one_pages_own(
    base: str, kind: str, status: int, code: int
) -> None:
    client.control("faults", {"kind": kind, "count": 2, "page": "Quince & Thimble"}, base=base)
    for got, answer in (graph(base, "POST", f"{PAGE}/feed", message="x"), upload(base, PNG)):
        assert (got, answer["error"]["code"]) == (status, code)
    assert client.control("state", base=base)["posts"] == []
    assert graph(base, "POST", f"{PAGE}/feed", message="x")[0] == 200


def test_a_new_post_is_echoed_as_from_the_page(base: str, receiver: Receiver) -> None:
    _, made = upload(base, PNG, caption="Mugs.")
    value = until(receiver.values, "the webhook arrives")[0]
    assert (value["item"], value["verb"], value["from"]["id"], value["post_id"]) == (
        "photo",
        "add",
        PAGE,
        made["post_id"],
    )
    assert value["link"] == f"{base}/p/{PAGE}/photos/{made['id']}"


def test_what_the_adapter_reads_of_figures_and_lost_comments_is_what_stands_on_the_wall(base: str) -> None:
    ours = Account("facebook_page", PAGE, "Quince & Thimble", "quince", timezone="Australia/Sydney", api_base=base)
    now = datetime.now(UTC)
    created = now - timedelta(days=2)
    client.control("history", {"page": PAGE, "posts": [{
        "id": f"{PAGE}_41", "message": "Old mugs.", "created_time": created.isoformat(), "shares": ["Sam Tran"],
        "comments": [
            {"id": "41_1", "from": "Nina Harrow", "message": "Any left?", "created_time": created.isoformat()}
        ],
        "reactions": [{"from": "Nina Harrow", "type": "love", "created_time": 1}],
    }]}, base=base)  # fmt: skip
    outlet = FacebookPage(Http(connect_seconds=2, read_seconds=5))
    figures = {s.metric: s.value for s in outlet.insights(ours, TOKEN, [f"{PAGE}_41"], now)}
    made = numbers.post(PAGE, f"{PAGE}_41", int(created.timestamp()), now.timestamp())
    assert made is not None
    assert abs(figures.pop(Metric.REACH) - made.reach) <= 2, "it grew while it was asked for"
    assert abs(figures.pop(Metric.VIEWS) - made.views) <= 2
    assert abs(figures.pop(Metric.CLICKS) - made.clicks) <= 1
    assert figures == {Metric.REACTIONS: 1, Metric.COMMENTS: 1, Metric.SHARES: 1}
    page = outlet.profile(ours, TOKEN, now)
    assert [s.day for s in page if s.metric is Metric.FOLLOWERS] == [
        now.astimezone(ZoneInfo("Australia/Sydney")).date().isoformat()
    ]
    for snapshot in page:
        if snapshot.metric is Metric.REACH:
            of_day = numbers.day(PAGE, date.fromisoformat(snapshot.day), [(f"{PAGE}_41", int(created.timestamp()))])
            assert snapshot.value == of_day.reach
    assert len([s for s in page if s.metric is Metric.REACH]) in (4, 5)
    polled = outlet.poll(ours, TOKEN, "")
    assert [(event.external_id, event.text) for event in polled.events] == [
        (f"{PAGE}_41", "Old mugs."), ("41_1", "Any left?"),
    ]  # fmt: skip
    new = say(base, "And now?")
    assert [event.external_id for event in outlet.poll(ours, TOKEN, polled.cursor).events] == [new]
