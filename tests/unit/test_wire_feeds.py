"""Reading addresses that people gave: never one inside a network, whatever it is called, and only what has changed."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import PlatformError, Rejected, Retryable
from herald.platforms.wire import feeds, http
from herald.platforms.wire.http import MAX_ANSWER, Answer, Http, is_public

# IANA IPv4 and IPv6 special-purpose address registries, and multicast; read 2026-11
INSIDE_4 = [
    IPv4Network(one)
    for one in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/29",
        "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
        "240.0.0.0/4",
    )
]  # fmt: skip
INSIDE_6 = [
    IPv6Network(one)
    for one in (
        "::/127",
        "64:ff9b:1::/48",
        "100::/64",
        "2001:db8::/32",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
]
OUTSIDE = ("1.1.1.1", "8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001::1")


def within(networks: list[IPv4Network] | list[IPv6Network]) -> st.SearchStrategy[int]:
    return st.sampled_from(networks).flatmap(
        lambda one: st.integers(int(one.network_address), int(one.broadcast_address))
    )


@given(within(INSIDE_4))
def test_no_address_inside_a_network_is_public_in_whatever_it_is_wrapped(number: int) -> None:
    plain = IPv4Address(number)
    for shown in (
        str(plain),
        f"::ffff:{plain}",  # mapped
        str(IPv6Address((0x2002 << 112) | (number << 80) | 1)),  # 6to4
        str(IPv6Address((0x64FF9B << 96) | number)),  # NAT64
        str(IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF))),  # Teredo
        str(IPv6Address(number)),  # "compatible", long given up
    ):
        assert not is_public(shown), shown


@given(within(INSIDE_6))
def test_no_inner_ipv6_address_is_public(number: int) -> None:
    assert not is_public(str(IPv6Address(number)))
    assert not is_public(f"{IPv6Address(number)}%eth0")


@given(st.text(max_size=40))
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert isinstance(is_public(text), bool)
    assert not is_public(f"{text}!")


def test_addresses_of_the_internet_are_public() -> None:
    assert all(map(is_public, OUTSIDE))
    assert is_public("::ffff:8.8.8.8")
    assert is_public("64:ff9b::808:808")


# ---------------------------------------------------------------- the guard at the connection


@dataclass
class Names:
    """getaddrinfo and sockets of a test: what each look-up tells, and where was connected to."""

    told: list[list[str]]
    asked: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)

    def getaddrinfo(self, host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        self.asked.append(host)
        found = self.told.pop(0) if len(self.told) > 1 else self.told[0]
        kinds = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(kinds[":" in one], socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    def socket(self, *_: object) -> Line:
        return Line(self)


@dataclass
class Line:
    names: Names

    def settimeout(self, _: float) -> None: ...

    def close(self) -> None: ...

    def connect(self, place: tuple[str, int]) -> None:
        self.names.connected.append(place[0])
        raise OSError("nobody is there in this test")


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Names]:
    def made(*told: list[str]) -> Names:
        found = Names(list(told))
        monkeypatch.setattr(http.socket, "getaddrinfo", found.getaddrinfo)
        monkeypatch.setattr(http.socket, "socket", found.socket)
        return found

    return made


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_leads_inside_is_not_connected_to(names: Callable[..., Names], scheme: str) -> None:
    for told in (["127.0.0.1"], ["169.254.169.254"], ["fd00:ec2::254"], ["::ffff:10.0.0.1"], ["8.8.8.8", "10.0.0.1"]):
        known = names(told)
        with pytest.raises(Rejected, match="no public address"):
            feeds.fetch(f"{scheme}://news.example/feed", "", "")
        assert known.connected == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_is_looked_up_once_and_what_was_checked_is_connected_to(
    names: Callable[..., Names], scheme: str
) -> None:
    known = names(["8.8.8.8"], ["127.0.0.1"])
    with pytest.raises(Retryable, match="not reached"):
        feeds.fetch(f"{scheme}://rebinds.example/feed", "", "")
    assert (known.asked, known.connected) == (["rebinds.example"], ["8.8.8.8"])


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0"])
def test_other_spellings_of_this_machine_are_found_out_by_looking_them_up(host: str) -> None:
    with pytest.raises(PlatformError, match=r"no public address|leads nowhere"):
        feeds.fetch(f"http://{host}/feed", "", "")


@pytest.mark.parametrize(
    "address", ["http://a.example:8080/", "https://a.example:22/", "ftp://a.example/", "file:///x"]
)
def test_only_http_and_https_at_their_usual_ports_are_read(names: Callable[..., Names], address: str) -> None:
    known = names(["8.8.8.8"])
    with pytest.raises(Rejected, match="usual port"):
        feeds.fetch(address, "", "")
    assert known.asked == []


# ---------------------------------------------------------------- redirects, what changed, how much


@dataclass(frozen=True)
class Script(Http):
    """Answers by address; the addresses asked for, in order."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def get(self, url: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        self.asked.append((url, headers))
        return self.answers[url]


def leads(to: str, status: int = 302) -> Answer:
    return Answer(status, {"location": to}, b"")


def test_a_redirect_is_followed_and_what_the_feed_is_read_from_is_told() -> None:
    news = Answer(200, {"etag": '"7"', "last-modified": "x"}, b"<rss/>")
    known = Script(answers={"http://a.example/f": leads("https://b.example/f", 301),
                            "https://b.example/f": news})  # fmt: skip
    page = feeds.fetch("http://a.example/f", '"6"', "w", public=known)
    assert (page.body, page.address, page.etag, page.modified) == (b"<rss/>", "https://b.example/f", '"7"', "x")
    assert [one["If-None-Match"] for _, one in known.asked] == ['"6"', '"6"']


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "javascript:alert(1)", "http://a.example/f", "https://[x/", "data:,"]
)
def test_a_redirect_to_what_is_not_safe_is_not_followed(to: str) -> None:
    known = Script(answers={"https://a.example/f": leads(to)})
    with pytest.raises(Rejected, match="redirects to"):
        feeds.fetch("https://a.example/f", "", "", public=known)
    assert len(known.asked) == 1


def test_redirects_come_to_an_end() -> None:
    known = Script(answers={"https://a.example/f": leads("/f")})
    with pytest.raises(Rejected, match="more than 3 times"):
        feeds.fetch("https://a.example/f", "", "", public=known)
    assert len(known.asked) == feeds.MOST_HOPS + 1


def test_all_hops_together_take_no_longer_than_one_feed_may() -> None:
    known = Script(answers={"https://a.example/f": leads("/f")})
    ticks = iter((0.0, 1.0, 30.0))
    with pytest.raises(Retryable, match="took over 20 s"):
        feeds.fetch("https://a.example/f", "", "", public=known, clock=lambda: next(ticks))
    assert len(known.asked) == 1


@pytest.mark.parametrize(
    ("status", "says"), [(404, "nothing at this address"), (500, "answered 500"), (403, "not let")]
)
def test_a_refusal_is_told_in_plain_words(status: int, says: str) -> None:
    known = Script(answers={"https://a.example/f": Answer(status, {}, b"")})
    with pytest.raises(PlatformError, match=says):
        feeds.fetch("https://a.example/f", "", "", public=known)


def test_a_header_that_could_break_a_request_is_forgotten() -> None:
    known = Script(answers={"https://a.example/f": Answer(200, {"etag": "a\r\nX: y", "last-modified": "é"}, b"")})
    page = feeds.fetch("https://a.example/f", "", "", public=known)
    assert (page.etag, page.modified) == ("", "")


# ---------------------------------------------------------------- over a real line, for the demo's own origin


@contextmanager
def a_server(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_this_machine_is_read_only_where_it_is_said_and_only_this_origin() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(304 if handler.headers.get("If-None-Match") == '"1"' else 200)
        handler.send_header("ETag", '"1"')
        handler.end_headers()

    with a_server(answer) as own, a_server(answer) as other:
        with pytest.raises(Rejected, match="usual port"):
            feeds.fetch(f"{own}/f", "", "")
        page = feeds.fetch(f"{own}/f", "", "", own)
        assert (page.body, page.etag) == (b"", '"1"')
        assert feeds.fetch(f"{own}/f", page.etag, "", own).body is None
        with pytest.raises(Rejected, match="usual port"):
            feeds.fetch(f"{other}/f", "", "", own)


def test_our_own_origin_cannot_send_us_elsewhere_inside() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "http://169.254.169.254/latest/meta-data/")
        handler.end_headers()

    with a_server(answer) as own, pytest.raises(Rejected, match="no public address"):
        feeds.fetch(f"{own}/f", "", "", own)


def test_a_feed_beyond_the_bound_is_told_of_in_plain_words() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"x" * (MAX_ANSWER + 100_000))

    with a_server(answer) as own, pytest.raises(Rejected, match="longer than 1 MB"):
        feeds.fetch(f"{own}/f", "", "", own)
