"""Acting on a Page over real sockets: what each answer, and each kind of silence, asks us to do next."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from herald.errors import NeedsLogin, OutcomeUnknown, PlatformError, Rejected, Retryable, Unsupported
from herald.model import Account, Act, Change, Delivery, DeliveryState, Media, Snapshot
from herald.platforms.facebook_page import FacebookPage
from herald.platforms.wire.http import MAX_ANSWER, Http
from herald.ports import Proof
from local.simulator.http import multipart

NOW = datetime(2026, 11, 2, 9, 0, 0, 400_000, tzinfo=UTC)
PAGE = "500100"
TOKEN = "page-token"

ON_MESSAGES = set(Act) - {Act.PUBLISH, Act.BLOCK, Act.UNBLOCK, Act.LOCK, Act.UNLOCK}


@dataclass
class Asked:
    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Platform:
    """A platform on a real socket that answers what a test wants; `asked` is what reached it."""

    base: str = ""
    asked: list[Asked] = field(default_factory=list)
    answer: Callable[[Asked, BaseHTTPRequestHandler], None] = lambda asked, handler: None

    def says(self, body: object, status: int = 200, **headers: str) -> None:
        def answer(_: Asked, handler: BaseHTTPRequestHandler) -> None:
            send(handler, body, status, headers)

        self.answer = answer


def send(
    handler: BaseHTTPRequestHandler, body: object, status: int = 200, headers: dict[str, str] | None = None
) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(raw)))
    handler.end_headers()
    handler.wfile.write(raw)


@pytest.fixture
def platform() -> Iterator[Platform]:
    known = Platform()

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            parts = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            typed = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
            params = dict(parse_qsl(parts.query)) | (dict(parse_qsl(sent.decode())) if typed else {})
            asked = Asked(self.command, parts.path, params, {k.lower(): v for k, v in self.headers.items()}, sent)
            known.asked.append(asked)
            with suppress(ConnectionError):  # the client had enough, which is what some tests are about
                known.answer(asked, self)

        def do_GET(self) -> None:
            self._take()

        def do_POST(self) -> None:
            self._take()

        def do_DELETE(self) -> None:
            self._take()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    known.base = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield known
    server.shutdown()
    server.server_close()


def account(platform: Platform | str) -> Account:
    base = platform if isinstance(platform, str) else platform.base
    return Account("facebook_page", PAGE, "Shop", "shop", api_base=base)


def delivery(act: Act = Act.REPLY, **other: Any) -> Delivery:
    return Delivery(**{
        "id": "d1", "act": act, "platform": "facebook_page", "account_id": PAGE, "brand": "shop",
        "message_id": "facebook_page:70_71", "target": "70_71", "text": "We send it today.",
        "state": DeliveryState.SENDING, "ordered_by": "kim", "ordered_at": NOW - timedelta(hours=1), "due_at": NOW,
        "first_sent_at": NOW, **other,
    })  # fmt: skip


def outlet(seconds: float = 2.0) -> FacebookPage:
    return FacebookPage(Http(connect_seconds=1.0, read_seconds=seconds))


def act(platform: Platform | str, what: Act = Act.REPLY, seconds: float = 2.0, **other: Any) -> Proof:
    return outlet(seconds).act(delivery(what, **other), account(platform), TOKEN)


def find(platform: Platform, what: Act = Act.REPLY, **other: Any) -> list[Proof]:
    return outlet().find(delivery(what, **other), account(platform), TOKEN)


def graph_error(code: int | None, subcode: int | None = None, **other: Any) -> dict[str, Any]:
    error = {"message": "words that may change", "type": "OAuthException", "code": code, "fbtrace_id": "Atrace"}
    return {"error": error | ({"error_subcode": subcode} if subcode else {}) | other}


# ---------------------------------------------------------------- it worked


def test_a_reply_is_posted_under_its_target_and_the_proof_is_its_own_id(platform: Platform) -> None:
    platform.says({"id": "70_99"})
    assert act(platform, text="  Grüße & 100 % 😀\n") == Proof("70_99")
    (asked,) = platform.asked
    assert (asked.method, asked.path) == ("POST", "/v25.0/70_71/comments")
    assert asked.params == {"message": "Grüße & 100 % 😀"}
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in asked.path


@pytest.mark.parametrize(("what", "flag"), [(Act.HIDE, "true"), (Act.UNHIDE, "false")])
def test_hiding_sets_the_comments_visibility(platform: Platform, what: Act, flag: str) -> None:
    platform.says({"success": True})
    assert act(platform, what) == Proof("70_71")
    (asked,) = platform.asked
    assert (asked.method, asked.path, asked.params) == ("POST", "/v25.0/70_71", {"is_hidden": flag})


def test_an_address_that_names_a_version_keeps_it(platform: Platform) -> None:
    platform.says({"success": True})
    act(f"{platform.base}/v26.0/", Act.HIDE)
    assert [asked.path for asked in platform.asked] == ["/v26.0/70_71"]


@pytest.mark.parametrize("target", ["../me", "..", "70_71/comments", "70?x=1", "", "a b", "é", "%2e%2e"])
def test_a_target_that_could_leave_its_place_in_an_address_is_not_sent(platform: Platform, target: str) -> None:
    for what in ON_MESSAGES:  # those act on a person  # which acts on nothing yet
        with pytest.raises(Rejected, match="no id"):
            act(platform, what, target=target)
    assert platform.asked == []


# ---------------------------------------------------------------- it said no, by code


@pytest.mark.parametrize(
    ("code", "subcode", "error"),
    [
        (1, None, Retryable), (2, None, Retryable), (4, None, Retryable), (17, None, Retryable), (32, None, Retryable),
        (613, None, Retryable), (80001, None, Retryable), (80009, None, Retryable), (1390008, None, Retryable),
        (100, 1363047, Retryable), (1609010, None, Retryable),
        (102, None, NeedsLogin), (104, None, NeedsLogin), (190, None, NeedsLogin), (190, 460, NeedsLogin),
        (190, 463, NeedsLogin), (3, None, Rejected), (10, None, Rejected), (200, None, Rejected), (299, None, Rejected),
        (100, None, Rejected), (100, 33, Rejected), (368, None, Rejected), (987654, None, Rejected),
        (506, None, OutcomeUnknown), (100, 1366051, OutcomeUnknown),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [400, 403, 500, 200])
def test_a_graph_error_is_classified_by_its_code_whatever_the_status(
    platform: Platform, code: int, subcode: int | None, error: type[PlatformError], status: int
) -> None:
    platform.says(graph_error(code, subcode), status)
    with pytest.raises(PlatformError) as refused:
        act(platform)
    assert type(refused.value) is error
    assert refused.value.code == (f"{code}/{subcode}" if subcode else f"{code}")
    assert "Atrace" in str(refused.value)


def test_an_unknown_code_that_calls_itself_transient_is_tried_again(platform: Platform) -> None:
    platform.says(graph_error(987654, is_transient=True), 400)
    with pytest.raises(Retryable):
        act(platform)


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({}, None),
        ({"Retry_After": "120"}, 120.0),
        ({"Retry_After": "Mon, 02 Nov 2026 10:00:00 GMT"}, None),
        ({"X_App_Usage": '{"call_count":100}', "Retry_After": "60"}, 60.0),
        ({"X_Business_Use_Case_Usage": '{"5001":[{"estimated_time_to_regain_access":7},{"type":"pages"}]}'}, 420.0),
        ({"X_App_Usage": "no json", "X_Page_Usage": '[{"estimated_time_to_regain_access":7}]'}, None),
        ({"Retry_After": "9" * 11}, 86_400.0),
    ],
)
def test_a_limit_is_waited_out_as_long_as_the_headers_say(
    platform: Platform, headers: dict[str, str], after: float | None
) -> None:
    platform.says(graph_error(4), 403, **headers)
    with pytest.raises(Retryable) as limited:
        act(platform)
    assert limited.value.after == after


# ---------------------------------------------------------------- it said something else


@pytest.mark.parametrize(
    ("status", "headers", "of_reply", "of_hide"),
    [
        (429, {"Retry_After": "30"}, Retryable, Retryable),
        (503, {"Retry_After": "30"}, Retryable, Retryable),
        (503, {}, OutcomeUnknown, Retryable),
        (500, {}, OutcomeUnknown, Retryable),
        (502, {}, OutcomeUnknown, Retryable),
        (200, {}, OutcomeUnknown, Retryable),
        (302, {"Location": "/elsewhere"}, Rejected, Rejected),
        (404, {}, Rejected, Rejected),
    ],
)
@pytest.mark.parametrize("body", [b"<html>gateway</html>", b"", b"[]", b'{"error":"x"}', b"\xff\xfe"])
def test_an_answer_that_is_no_graph_answer_goes_by_its_status(
    platform: Platform, status: int, headers: dict[str, str], of_reply: type, of_hide: type, body: bytes
) -> None:
    platform.says(body, status, **headers)
    for what, error in ((Act.REPLY, of_reply), (Act.HIDE, of_hide)):
        if body == b'{"error":"x"}' and status == 200:
            continue  # an object with a wrong shape inside: told apart below
        with pytest.raises(PlatformError) as unclear:
            act(platform, what)
        assert type(unclear.value) is error
        if "Retry_After" in headers:
            assert isinstance(unclear.value, Retryable)
            assert unclear.value.after == 30.0
    assert all(asked.path != "/elsewhere" for asked in platform.asked), "redirects are not followed"


@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": {}}, {"success": True}, {"error": "x"}, {"id": "a b"}])
def test_a_reply_without_a_readable_id_may_stand(platform: Platform, body: object) -> None:
    platform.says(body)
    with pytest.raises(OutcomeUnknown):
        act(platform)


@pytest.mark.parametrize("body", [{}, {"success": False}, {"success": "true"}, {"id": "70_71"}])
def test_a_hide_that_is_not_confirmed_may_stand(platform: Platform, body: object) -> None:
    platform.says(body)
    with pytest.raises(OutcomeUnknown):
        act(platform, Act.HIDE)


# ---------------------------------------------------------------- it said nothing


@pytest.mark.parametrize("what", [Act.REPLY, Act.HIDE])
def test_a_line_that_drops_after_the_request_leaves_the_outcome_unknown(platform: Platform, what: Act) -> None:
    platform.answer = lambda asked, handler: handler.connection.shutdown(socket.SHUT_RDWR)
    with pytest.raises(OutcomeUnknown) as silence:
        act(platform, what)
    assert len(platform.asked) == 1, "and nothing is repeated by itself"
    assert TOKEN not in str(silence.value)


def test_an_answer_cut_short_leaves_the_outcome_unknown(platform: Platform) -> None:
    def cut(_: Asked, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"id":"70_99"}')

    platform.answer = cut
    with pytest.raises(OutcomeUnknown):
        act(platform)


def test_a_platform_that_does_not_answer_in_time_leaves_the_outcome_unknown(platform: Platform) -> None:
    platform.answer = lambda asked, handler: time.sleep(0.6)
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        act(platform, seconds=0.2)
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b""])
def test_an_answer_that_drips_in_is_bounded_as_a_whole(platform: Platform, start: bytes) -> None:
    def drip(_: Asked, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(start)
        for _ in range(40):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)

    platform.answer = drip
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        act(platform, seconds=0.3)
    assert time.monotonic() - began < 1.0


def test_an_answer_beyond_the_bound_is_not_read_to_its_end(platform: Platform) -> None:
    platform.says(b" " * (MAX_ANSWER * 3))
    with pytest.raises(OutcomeUnknown, match="longer than 1000000 bytes"):
        act(platform)
    with pytest.raises(Retryable):
        find(platform)


@pytest.mark.parametrize(
    "answer", [b"garbage\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"x" * 70_000]
)
def test_an_answer_that_is_no_http_leaves_the_outcome_unknown(platform: Platform, answer: bytes) -> None:
    platform.answer = lambda asked, handler: handler.wfile.write(answer) and None
    with pytest.raises(OutcomeUnknown):
        act(platform)


# ---------------------------------------------------------------- it was never reached


def test_nobody_listening_is_retryable_for_nothing_left(platform: Platform) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(Retryable, match="reached"):
            act(f"http://127.0.0.1:{unused.getsockname()[1]}")


def test_a_failed_handshake_is_retryable_for_nothing_left(platform: Platform) -> None:
    with pytest.raises(Retryable, match="reached"):
        act(platform.base.replace("http://", "https://"))
    assert platform.asked == []


def test_a_name_that_does_not_resolve_is_retryable() -> None:
    with pytest.raises(Retryable, match="reached"):
        act("https://nowhere.invalid")


@pytest.mark.parametrize(
    "base", ["http://example.com", "ftp://127.0.0.1", "graph", "http://[", "https://", "http://127.0.0.1:x"]
)
def test_an_address_that_is_neither_https_nor_this_machine_is_refused(base: str) -> None:
    with pytest.raises(Rejected) as refused:
        act(base)
    assert refused.value.code == "address"


@pytest.mark.parametrize("token", ["", "two words", "a\r\nX-Evil: 1", "é"])
def test_a_token_that_is_none_asks_for_a_new_connection(platform: Platform, token: str) -> None:
    with pytest.raises(NeedsLogin):
        outlet().act(delivery(), account(platform), token)
    assert platform.asked == []


@pytest.mark.parametrize("text", ["", " \n", "x" * 8001])
def test_a_reply_of_a_length_the_platform_refuses_is_not_sent(platform: Platform, text: str) -> None:
    with pytest.raises(Rejected, match="1 to 8000"):
        act(platform, text=text)
    assert platform.asked == []


@pytest.mark.parametrize("target", ["m_abc", "mid.1457:41d1"])
def test_a_direct_message_is_a_persons_task(platform: Platform, target: str) -> None:
    for what in ON_MESSAGES:  # those act on a person
        with pytest.raises(Unsupported, match="a person"):
            act(platform, what, target=target)
    assert platform.asked == []


# ---------------------------------------------------------------- looking it up


@pytest.mark.parametrize(
    ("what", "hidden", "stands"),
    [(Act.HIDE, True, True), (Act.HIDE, False, False), (Act.UNHIDE, False, True), (Act.UNHIDE, True, False)],
)
def test_a_hide_is_found_by_the_comments_visibility(platform: Platform, what: Act, hidden: bool, stands: bool) -> None:
    platform.says({"is_hidden": hidden, "id": "70_71"})
    assert find(platform, what) == ([Proof("70_71")] if stands else [])
    assert (platform.asked[0].method, platform.asked[0].params) == ("GET", {"fields": "is_hidden"})


def test_a_visibility_that_is_withheld_proves_nothing(platform: Platform) -> None:
    platform.says({"id": "70_71"})
    with pytest.raises(OutcomeUnknown):
        find(platform, Act.HIDE)


def said(reply_id: str, text: str = "We send it today.", by: str | None = PAGE, seconds: float = 3) -> dict[str, Any]:
    at = (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    author = {"from": {"id": by, "name": "x"}} if by else {}
    return {"id": reply_id, "message": text, "created_time": at, **author}


def replies(
    platform: Platform, *under_target: dict[str, Any], parent: str = "", under_parent: tuple[Any, ...] = ()
) -> None:
    """The target's replies, and those of the comment above it."""

    def answer(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        if asked.params.get("fields") == "parent":
            send(handler, {"id": "70_71"} | ({"parent": {"id": parent}} if parent else {}))
        else:
            send(handler, {"data": list(under_parent if asked.path == f"/v25.0/{parent}/comments" else under_target)})

    platform.answer = answer


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (said("r1"), True),
        (said("r1", "  We  send\nit today. "), True),  # as the platform renders white space
        (said("r1", "We send it tomorrow."), False),
        (said("r1", by="8800"), False),  # a customer repeats our words
        (said("r1", seconds=-3), True),  # its clock is a little behind ours
        (said("r1", seconds=-7), False),  # the same words from before we sent
    ],
)
def test_a_reply_is_found_by_author_words_and_time(platform: Platform, reply: dict[str, Any], found: bool) -> None:
    replies(platform, said("r0", "Something else"), reply)
    assert find(platform) == ([Proof("r1")] if found else [])


def test_composed_and_decomposed_letters_are_the_same_words(platform: Platform) -> None:
    replies(platform, said("r1", "Gru\u0308\u00dfe"))
    assert find(platform, text="Gr\u00fc\u00dfe") == [Proof("r1")]


def test_two_candidates_are_both_reported(platform: Platform) -> None:
    replies(platform, said("r1"), said("r2"))
    assert [proof.external_id for proof in find(platform)] == ["r1", "r2"]


def test_an_answer_hung_under_the_comment_above_is_found_there(platform: Platform) -> None:
    replies(platform, parent="70_60", under_parent=(said("r9"),))
    assert find(platform) == [Proof("r9")]


def test_a_post_has_no_comment_above_it(platform: Platform) -> None:
    def answer(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        if asked.params.get("fields") == "parent":
            send(handler, graph_error(100), 400)
        else:
            send(handler, {"data": [said("r1")]})

    platform.answer = answer
    assert find(platform, target="500100_70") == [Proof("r1")]


def test_a_comment_that_is_gone_proves_nothing(platform: Platform) -> None:
    platform.says(graph_error(100, 33), 400)
    with pytest.raises(Rejected):
        find(platform)


def test_equal_words_whose_author_is_withheld_are_a_persons_question(platform: Platform) -> None:
    replies(platform, said("r1", by=None))
    with pytest.raises(OutcomeUnknown, match="withheld"):
        find(platform)


def test_all_pages_are_searched_by_cursor_and_an_address_in_the_answer_is_never_followed(platform: Platform) -> None:
    pages = {"": ([said("a", "x")], "c1"), "c1": ([said("b", "y")], "c2"), "c2": ([said("r1")], "")}

    def answer(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        if asked.params.get("fields") == "parent":
            return send(handler, {"id": "70_71"})
        data, after = pages[asked.params.get("after", "")]
        following = {"next": f"{platform.base}/evil?access_token=x", "cursors": {"after": after}} if after else {}
        return send(handler, {"data": data, "paging": following})

    platform.answer = answer
    assert find(platform) == [Proof("r1")]
    assert not any("evil" in asked.path for asked in platform.asked)


def test_pages_older_than_the_first_attempt_are_not_fetched(platform: Platform) -> None:
    def answer(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        if asked.params.get("fields") == "parent":
            return send(handler, {"id": "70_71"})
        old = [said("b", "y", seconds=60), said("a", "x", seconds=-60)]
        return send(handler, {"data": old, "paging": {"next": "x", "cursors": {"after": "more"}}})

    platform.answer = answer
    assert find(platform) == []
    assert len(platform.asked) == 2


def test_a_list_without_end_is_a_persons_question(platform: Platform) -> None:
    def answer(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        send(handler, {"data": [said("a", "x")], "paging": {"next": "x", "cursors": {"after": "again"}}})

    platform.answer = answer
    with pytest.raises(OutcomeUnknown, match="a person must look"):
        find(platform)
    assert len(platform.asked) <= 11


@pytest.mark.parametrize("body", [{"data": {}}, {}, {"data": [7]}, {"data": [{"message": 5}]},
                                  {"data": [], "paging": {"next": "x"}}])  # fmt: skip
def test_an_unreadable_list_proves_nothing(platform: Platform, body: dict[str, Any]) -> None:
    platform.says(body)
    with pytest.raises(OutcomeUnknown):
        find(platform)


def test_a_look_up_that_fails_changed_nothing(platform: Platform) -> None:
    platform.answer = lambda asked, handler: handler.connection.shutdown(socket.SHUT_RDWR)
    with pytest.raises(Retryable):
        find(platform)
    platform.says(b"<html>", 502)
    with pytest.raises(Retryable):
        find(platform)
    platform.says(graph_error(190), 400)
    with pytest.raises(NeedsLogin):
        find(platform)


# ---------------------------------------------------------------- posts of ours

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) + b"\r\n--looks-like-an-end--\r\n"
IMAGE = Media(key="k", sha256="s", mime="image/jpeg", size=len(JPEG), alt="Ein Krug, grün")


def publish(platform: Platform, text: str = "New mugs.", *, files: tuple[bytes, ...] = (), **other: Any) -> Proof:
    made = delivery(Act.PUBLISH, text=text, target="", message_id="", **other)
    return outlet().act(made, account(platform), TOKEN, files)


def test_words_and_a_link_go_to_the_feed(platform: Platform) -> None:
    platform.says({"id": "500100_7"})
    assert publish(platform, " Grüße\r\n& more 😀 ", link="https://shop.example/a?b=c&d").external_id == "500100_7"
    (asked,) = platform.asked
    assert (asked.method, asked.path) == ("POST", "/v25.0/500100/feed")
    assert asked.params == {"message": "Grüße\n& more 😀", "link": "https://shop.example/a?b=c&d"}


def test_an_image_goes_with_its_words_and_description_byte_for_byte(platform: Platform) -> None:
    platform.says({"id": "900", "post_id": "500100_8"})
    assert publish(platform, "Grün.", media=(IMAGE,), files=(JPEG,)).external_id == "500100_8"
    (asked,) = platform.asked
    assert (asked.method, asked.path) == ("POST", "/v25.0/500100/photos")
    fields, files = multipart(asked.body, asked.headers["content-type"].partition(";")[2])
    assert fields == {"caption": "Grün.", "alt_text_custom": "Ein Krug, grün", "published": "true"}
    assert files == {"source": JPEG}
    assert TOKEN.encode() not in asked.body


def test_with_an_image_the_link_stands_under_the_words_once(platform: Platform) -> None:
    platform.says({"id": "900", "post_id": "500100_8"})
    for text in ("Mugs.", "Mugs: https://shop.example/mugs today"):
        publish(platform, text, link="https://shop.example/mugs", media=(IMAGE,), files=(JPEG,))
    said = [multipart(asked.body, asked.headers["content-type"])[0]["caption"] for asked in platform.asked]
    assert said == ["Mugs.\n\nhttps://shop.example/mugs", "Mugs: https://shop.example/mugs today"]


def test_on_facebook_itself_the_proof_has_an_address(platform: Platform) -> None:
    platform.says({"id": "500100_7"})
    assert publish(platform).url == "", "a server of another name has other addresses; they are read when it is found"


@pytest.mark.parametrize("body", [{"id": "900"}, {"id": "900", "post_id": None}, {"id": "900", "post_id": "a b"}])
def test_a_photo_without_the_id_of_its_post_may_stand(platform: Platform, body: object) -> None:
    platform.says(body)
    with pytest.raises(OutcomeUnknown):
        publish(platform, media=(IMAGE,), files=(JPEG,))


@pytest.mark.parametrize(
    ("text", "other", "files", "code"),
    [
        ("x" * 63_207, {}, (), "length"),
        (" \n ", {}, (), "length"),
        ("x", {"link": "javascript:alert(1)"}, (), "link"),
        ("x", {"media": (IMAGE,)}, (), "media"),
        ("x", {"media": (IMAGE, IMAGE)}, (JPEG, JPEG), "media"),
        ("x", {}, (JPEG,), "media"),
        ("x", {"media": (IMAGE,)}, (b"GIF89a",), "media"),
        ("x", {"media": (IMAGE,)}, (b"\x89PNG\r\n\x1a\n",), "media"),
        ("x", {"media": (replace(IMAGE, mime="image/svg+xml"),)}, (JPEG,), "media"),
        ("x", {"media": (IMAGE,)}, (JPEG + bytes(4_000_000),), "media"),
        ("x", {"media": (replace(IMAGE, alt="a" * 1001),)}, (JPEG,), "media"),
    ],
)
def test_a_post_that_would_not_stand_as_approved_is_not_sent(
    platform: Platform, text: str, other: dict[str, Any], files: tuple[bytes, ...], code: str
) -> None:
    with pytest.raises(Rejected) as refused:
        publish(platform, text, files=files, **other)
    assert refused.value.code == code
    assert platform.asked == []


@pytest.mark.parametrize(
    ("code", "subcode", "error"),
    [
        (1, None, OutcomeUnknown), (2, None, OutcomeUnknown),
        (506, None, OutcomeUnknown), (100, 1366051, OutcomeUnknown), (368, None, Rejected), (200, None, Rejected),
        (324, None, Rejected), (4, None, Retryable), (1390008, None, Retryable), (190, 463, NeedsLogin),
    ],
)  # fmt: skip
def test_a_refused_post_is_classified_by_its_code(
    platform: Platform, code: int, subcode: int | None, error: type[PlatformError]
) -> None:
    platform.says(graph_error(code, subcode), 400)
    for media, files in (((), ()), ((IMAGE,), (JPEG,))):
        with pytest.raises(error):
            publish(platform, media=media, files=files)


def test_a_server_error_without_a_code_leaves_a_post_unknown(platform: Platform) -> None:
    platform.says(b"<html>oh</html>", 502)
    with pytest.raises(OutcomeUnknown):
        publish(platform)


def post(text: str = "New mugs.", at: str = "2026-11-02T09:00:05+0000", **other: Any) -> dict[str, Any]:
    return {
        "id": "500100_7", "message": text, "created_time": at, "from": {"id": PAGE, "name": "Shop"},
        "permalink_url": "https://www.facebook.com/500100/posts/7", **other,
    }  # fmt: skip


PHOTO: dict[str, Any] = {"attachments": {"data": [{"media_type": "photo"}]}}
LINK: dict[str, Any] = {"attachments": {"data": [{"media_type": "link"}]}}


@pytest.mark.parametrize(
    ("told", "sent", "found"),
    [
        (post(), {}, True),
        (post("  New\u00a0 mugs.\n"), {}, True),
        (post("New mugs!"), {}, False),
        (post(at="2026-11-02T08:59:56+0000"), {}, True),
        (post(at="2026-11-02T08:59:50+0000"), {}, False),
        (post(**{"from": {"id": "70", "name": "Kim"}}), {}, False),
        (post(**PHOTO), {}, False),
        (post(**PHOTO), {"media": (IMAGE,)}, True),
        (post(), {"media": (IMAGE,)}, False),
        (post(**LINK), {}, False),
        (post(**LINK), {"link": "https://shop.example"}, True),
        (post(), {"link": "https://shop.example"}, False),
        (post("See shop.example", **LINK), {"text": "See shop.example"}, True),
        (post("New mugs.\n\nhttps://shop.example", **PHOTO), {"link": "https://shop.example", "media": (IMAGE,)}, True),
        (post("", **PHOTO), {"text": "", "media": (IMAGE,)}, True),
    ],
)
def test_a_post_is_found_by_words_time_and_what_it_carries(
    platform: Platform, told: dict[str, Any], sent: dict[str, Any], found: bool
) -> None:
    platform.says({"data": [told]})
    proofs = find(platform, Act.PUBLISH, **{"text": "New mugs.", "target": "", **sent})
    assert [proof.external_id for proof in proofs] == (["500100_7"] if found else [])
    assert [asked.path for asked in platform.asked] == ["/v25.0/500100/published_posts"]


def test_a_post_that_was_named_is_looked_up_by_its_id(platform: Platform) -> None:
    """However the platform may have changed its words."""
    platform.says({"id": "500100_7", "permalink_url": "https://www.facebook.com/7"})
    made = {"text": "New mugs.", "target": "", "external_id": "500100_7"}
    assert find(platform, Act.PUBLISH, **made) == [Proof("500100_7", "https://www.facebook.com/7")]
    platform.says(graph_error(100, 33), 400)
    assert find(platform, Act.PUBLISH, **made) == []


def test_equal_posts_without_a_time_are_a_persons_question(platform: Platform) -> None:
    platform.says({"data": [post(at="")]})
    with pytest.raises(OutcomeUnknown, match="withheld"):
        find(platform, Act.PUBLISH, text="New mugs.", target="")


@pytest.mark.parametrize("body", [{"data": {}}, {"data": [post(attachments={"data": 3})]}, {"data": [post(message=3)]}])
def test_an_unreadable_list_of_posts_proves_nothing(platform: Platform, body: dict[str, Any]) -> None:
    platform.says(body)
    with pytest.raises(OutcomeUnknown, match="unreadable"):
        find(platform, Act.PUBLISH, text="New mugs.", target="")


def test_a_post_is_taken_down_by_delete(platform: Platform) -> None:
    platform.says({"success": True})
    assert act(platform, Act.TAKE_DOWN, target="500100_7") == Proof("500100_7")
    assert [(asked.method, asked.path) for asked in platform.asked] == [("DELETE", "/v25.0/500100_7")]


def gone(page_reads: bool) -> Callable[[Asked, BaseHTTPRequestHandler], None]:
    """Nothing is known of the post; the Page itself can be read, or not."""

    def answer(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        if asked.path.endswith(f"/{PAGE}") and page_reads:
            send(handler, {"id": PAGE})
        else:
            send(handler, graph_error(100, 33), 400)

    return answer


def test_what_is_gone_already_is_taken_down_and_that_is_found(platform: Platform) -> None:
    platform.answer = gone(page_reads=True)
    assert act(platform, Act.TAKE_DOWN, target="500100_7") == Proof("500100_7")
    assert find(platform, Act.TAKE_DOWN, target="500100_7") == [Proof("500100_7")]


def test_a_token_that_sees_nothing_proves_no_take_down(platform: Platform) -> None:
    """The platform says the same of what is gone and of what the token may not see."""
    platform.answer = gone(page_reads=False)
    for call in (act, find):
        with pytest.raises(Rejected):
            call(platform, Act.TAKE_DOWN, target="500100_7")


def test_a_post_that_stands_was_not_taken_down(platform: Platform) -> None:
    platform.says({"id": "500100_7"})
    assert find(platform, Act.TAKE_DOWN, target="500100_7") == []
    with pytest.raises(OutcomeUnknown):
        act(platform, Act.TAKE_DOWN, target="500100_7")


# ---------------------------------------------------------------- figures


def answers(platform: Platform, **by_edge: Any) -> None:
    """Answer by the last part of the path: an object, or (object, status). `node` answers everything else."""

    def answer(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        said = by_edge.get(asked.path.rpartition("/")[2], by_edge.get("node", {}))
        send(handler, *(said if isinstance(said, tuple) else (said,)))

    platform.answer = answer


def metric(name: str, *values: Any) -> dict[str, Any]:
    return {"name": name, "period": "day", "values": list(values)}


def told(snapshots: list[Snapshot]) -> list[tuple[str, str, str, int]]:
    assert all(one.at == NOW for one in snapshots)
    return [(one.post, one.day, str(one.metric), one.value) for one in snapshots]


def test_followers_are_of_the_day_they_were_read_on_in_the_accounts_zone(platform: Platform) -> None:
    answers(platform, node={"id": PAGE, "followers_count": 4071}, insights={"data": []})
    island = replace(account(platform), timezone="Pacific/Kiritimati")
    assert told(outlet().profile(island, TOKEN, NOW)) == [("", "2026-11-02", "followers", 4071)]
    (late,) = outlet().profile(island, TOKEN, NOW + timedelta(hours=2))
    assert late.day == "2026-11-03", "14 hours ahead it is tomorrow"


def test_a_day_of_figures_is_named_by_its_date_at_the_platform_in_summer_and_winter(platform: Platform) -> None:
    answers(platform, node={}, insights={"data": [
        metric("page_total_media_view_unique", {"value": 10, "end_time": "2026-10-31T07:00:00+0000"},
               {"value": 12, "end_time": "2026-11-02T08:00:00+0000"}),
        metric("page_media_view", {"value": 30, "end_time": "2026-11-02T08:00:00+0000"}),
        metric("page_post_engagements", {"value": 3, "end_time": "2026-11-02T08:00:00+0000"}),
    ]})  # fmt: skip
    assert told(outlet().profile(account(platform), TOKEN, NOW)) == [
        ("", "2026-10-30", "reach", 10), ("", "2026-11-01", "reach", 12), ("", "2026-11-01", "views", 30),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        {"value": 5},
        {"value": None, "end_time": "2026-11-01T07:00:00+0000"},
        {"value": -1, "end_time": "2026-11-01T07:00:00+0000"},
        {"value": True, "end_time": "2026-11-01T07:00:00+0000"},
        {"value": {"a": 1}, "end_time": "2026-11-01T07:00:00+0000"},
        {"value": 5, "end_time": "2026-11-03T08:00:00+0000"},
    ],
)
def test_what_is_no_figure_of_a_day_that_has_ended_is_missing_not_zero(platform: Platform, value: Any) -> None:
    answers(platform, node={"followers_count": "many"}, insights={"data": [metric("page_media_view", value)]})
    assert outlet().profile(account(platform), TOKEN, NOW) == []


def test_a_posts_figures_are_told_and_reactions_summed(platform: Platform) -> None:
    answers(
        platform,
        node={"id": "500100_7", "comments": {"data": [], "summary": {"total_count": 4}}, "shares": {"count": 2}},
        insights={"data": [
            metric("post_total_media_view_unique", {"value": 90}), metric("post_media_view", {"value": 120}),
            metric("post_reactions_by_type_total", {"value": {"like": 5, "love": 2}}),
            metric("post_clicks", {"value": 0}),
        ]},
    )  # fmt: skip
    assert told(outlet().insights(account(platform), TOKEN, ["500100_7"], NOW)) == [
        ("500100_7", "", "reach", 90), ("500100_7", "", "views", 120), ("500100_7", "", "reactions", 7),
        ("500100_7", "", "clicks", 0), ("500100_7", "", "comments", 4), ("500100_7", "", "shares", 2),
    ]  # fmt: skip


def test_an_empty_list_of_figures_is_missing_not_zero(platform: Platform) -> None:
    answers(platform, node={"id": "500100_7"}, insights={"data": []})
    assert outlet().insights(account(platform), TOKEN, ["500100_7"], NOW) == []


def test_a_post_that_is_gone_or_refused_does_not_stop_its_neighbours(platform: Platform) -> None:
    def answer(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        if "500100_1" in asked.path:
            send(handler, graph_error(100, 33), 400)
        elif "500100_2" in asked.path:
            send(handler, graph_error(200), 403)
        elif asked.path.endswith("/insights"):
            send(handler, {"data": [metric("post_media_view", {"value": 8})]})
        else:
            send(handler, {"id": "500100_3"})

    platform.answer = answer
    figures = outlet().insights(account(platform), TOKEN, ["500100_1", "../me", "500100_2", "500100_3"], NOW)
    assert told(figures) == [("500100_3", "", "views", 8)]
    assert outlet().insights(account(platform), TOKEN, ["500100_1"], NOW) == []
    with pytest.raises(Rejected):
        outlet().insights(account(platform), TOKEN, ["500100_1", "500100_2"], NOW)


@pytest.mark.parametrize(("code", "error"), [(4, Retryable), (190, NeedsLogin)])
def test_a_busy_platform_or_a_dead_token_ends_the_reading(
    platform: Platform, code: int, error: type[PlatformError]
) -> None:
    platform.says(graph_error(code), 400)
    with pytest.raises(error):
        outlet().insights(account(platform), TOKEN, ["500100_1", "500100_2"], NOW)
    assert len(platform.asked) == 1


@pytest.mark.parametrize("body", [{"data": 3}, {"data": [3]}, {"data": [{"name": "post_clicks", "values": 3}]}])
def test_figures_of_another_shape_are_told_as_that(platform: Platform, body: Any) -> None:
    answers(platform, insights=body)
    with pytest.raises(Rejected, match="unreadable"):
        outlet().insights(account(platform), TOKEN, ["500100_1"], NOW)


# ---------------------------------------------------------------- what webhooks lost


def commented(number: int, at: str, **other: Any) -> dict[str, Any]:
    return {
        "id": f"7_{number}", "message": f"words {number}", "created_time": f"2026-11-02T{at}+0000",
        "from": {"id": "8800", "name": "Kim"}, **other,
    }  # fmt: skip


def feed(*comments: dict[str, Any], after: str = "") -> dict[str, Any]:
    paging = {"paging": {"cursors": {"after": after}, "next": "https://elsewhere.example"}} if after else {}
    listed = {"data": list(comments), **paging}
    return {"data": [post(at="2026-11-01T09:00:00+0000", updated_time="2026-11-02T09:00:00+0000", comments=listed)]}


def test_a_poll_tells_posts_and_comments_oldest_first_as_their_webhooks_would(platform: Platform) -> None:
    platform.says(feed(
        commented(3, "09:03:00", parent={"id": "7_2"}, **{"from": {"id": PAGE, "name": "Shop"}}),
        commented(2, "09:02:00"),
    ))  # fmt: skip
    polled = outlet().poll(account(platform), TOKEN, "")
    places = [(e.external_id, e.change, e.account_id, e.parent_id, e.more.get("thread_id")) for e in polled.events]
    assert places == [
        ("500100_7", Change.OUTBOUND, PAGE, None, "500100_7"),
        ("7_2", Change.CREATED, PAGE, "500100_7", "500100_7"),
        ("7_3", Change.OUTBOUND, PAGE, "7_2", "500100_7"),
    ]
    assert len(platform.asked) == 1
    assert polled.cursor.startswith("1793610180:")


def test_what_was_told_once_is_not_told_again_but_what_came_to_light_late_is(platform: Platform) -> None:
    platform.says(feed(commented(3, "09:03:00")))
    first = outlet().poll(account(platform), TOKEN, "")
    again = outlet().poll(account(platform), TOKEN, first.cursor)
    assert (again.events, again.cursor) == ((), first.cursor)
    platform.says(feed(commented(3, "09:03:00"), commented(2, "09:02:30")))
    late = outlet().poll(account(platform), TOKEN, first.cursor)
    assert [event.external_id for event in late.events] == ["7_2"]
    assert outlet().poll(account(platform), TOKEN, late.cursor).events == ()


def test_a_poll_goes_back_to_where_the_last_one_stood_and_no_further(platform: Platform) -> None:
    def answer(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        if asked.path.endswith("/feed"):
            send(handler, feed(commented(9, "09:30:00"), commented(8, "09:20:00"), after="one"))
        else:
            older = [commented(7, "09:10:00"), commented(6, "08:00:00")]
            send(handler, {"data": older, "paging": {"cursors": {"after": "two"}, "next": "https://elsewhere.example"}})

    platform.answer = answer
    cursor = f"{int(NOW.timestamp())}:"
    polled = outlet().poll(account(platform), TOKEN, cursor)
    assert [event.external_id for event in polled.events] == ["7_7", "7_8", "7_9"]
    assert [asked.params.get("after") for asked in platform.asked] == [None, "one"]


def test_a_post_with_endless_comments_costs_a_poll_a_bounded_number_of_calls(platform: Platform) -> None:
    endless = {"paging": {"cursors": {"after": "on"}, "next": "https://elsewhere.example"}}
    answers(
        platform,
        feed=feed(commented(1, "09:30:00"), after="on"),
        comments={"data": [commented(2, "09:30:00")], **endless},
    )
    outlet().poll(account(platform), TOKEN, "1:")
    assert len(platform.asked) == 3


@pytest.mark.parametrize("cursor", ["nonsense", "-5:", "99999999999999:", "1793610180:" + "x," * 500])
def test_a_cursor_of_any_form_is_survived(platform: Platform, cursor: str) -> None:
    platform.says(feed(commented(3, "09:03:00")))
    assert "7_3" in [event.external_id for event in outlet().poll(account(platform), TOKEN, cursor).events]


def test_one_unreadable_comment_does_not_stop_a_poll(platform: Platform) -> None:
    platform.says(feed(commented(3, "09:03:00"), {"id": 7.5}, commented(2, "never")))
    assert [event.external_id for event in outlet().poll(account(platform), TOKEN, "").events] == ["500100_7", "7_3"]
