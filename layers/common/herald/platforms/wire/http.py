"""One HTTP exchange, and what its failure says about the other side.

A fresh connection for every exchange: a kept-alive one that the platform closed meanwhile cannot be told from an act
that went through, and an act costs far more to look up than a handshake costs to repeat. Connecting, sending and
reading are separate steps, because they fail differently: before the first byte left, nothing can have happened.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Event, Timer
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from herald.errors import OutcomeUnknown, PlatformError, Rejected, Retryable

MAX_ANSWER = 1_000_000
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_FAILURES = (HTTPError, http.client.HTTPException, OSError)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (names in lower case) and body of at most MAX_ANSWER bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Http:
    """Attributes:
    connect_seconds: to resolve, connect and shake hands.
    read_seconds: for the whole answer once the request left.
    plain_hosts: hosts besides this machine that may be spoken to without TLS.
    public_only: for addresses that people gave us: http or https at the usual port, and only where the name leads to
        public addresses of the Internet, checked on the very address that is connected to.
    """

    connect_seconds: float = 5.0
    read_seconds: float = 20.0
    plain_hosts: frozenset[str] = frozenset()
    public_only: bool = False

    def get(self, url: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """Read. Raises Retryable for every failure of the line: a read changes nothing."""
        try:
            return self._exchange("GET", f"{url}?{urlencode(query)}" if query else url, headers, None)
        except OutcomeUnknown as error:
            raise Retryable(str(error), error.code) from error

    def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """Act. Raises Retryable (nothing left this machine) or OutcomeUnknown (it may have happened)."""
        typed = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", url, urlencode(form).encode("ascii"), typed)

    def send(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Act with any method and any body, whose Content-Type is in `headers`. Raises as `post` does."""
        return self._exchange(method, url, headers, body)

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        connection, path = self._open(url)
        host = connection.host
        try:
            self._connect(connection)
            with _time_limit(connection, self.read_seconds) as ended:
                try:
                    answer = self._speak(connection, method, path, headers, body)
                    if ended():  # a body without a stated length just looks finished
                        raise TimeoutError
                    return answer
                except _FAILURES as error:
                    code = "long" if isinstance(error, _TooLong) else "line"
                    said = f"the answer took over {self.read_seconds:g} s" if ended() else _said(error)
                    raise OutcomeUnknown(f"No answer from {host}, the request had left ({said}).", code) from error
        finally:
            connection.close()

    def _open(self, url: str) -> tuple[HTTPConnection, str]:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise Rejected("the account's API address is no URL: correct it", "address") from error
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if self.public_only:
            return self._open_public(parts.scheme, host, port), path
        if parts.scheme == "https" and host:
            return HTTPSConnection(host, port or 443, timeout=self.connect_seconds, ssl_context=_tls()), path
        if parts.scheme == "http" and (host in _LOOPBACK or host in self.plain_hosts):
            return HTTPConnection(host, port or 80, timeout=self.connect_seconds), path
        raise Rejected(
            f"the API address must be https, or http on this machine, not {parts.scheme}://{host}", "address"
        )

    def _open_public(self, scheme: str, host: str, port: int | None) -> HTTPConnection:
        usual = {"https": 443, "http": 80}.get(scheme)
        if usual is None or not host or port not in (None, usual):
            raise Rejected("Only http:// and https:// addresses at the usual port are read.", "address")
        if scheme == "https":
            return _PublicHTTPS(host, usual, timeout=self.connect_seconds, ssl_context=_tls())
        return _PublicHTTP(host, usual, timeout=self.connect_seconds)

    def _connect(self, connection: HTTPConnection) -> None:
        try:
            connection.connect()
        except (*_FAILURES, ValueError) as error:
            raise Retryable(f"{connection.host} was not reached ({_said(error)}).", "line") from error

    def _speak(
        self, connection: HTTPConnection, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        asked = {"Accept": "application/json", "Accept-Encoding": "identity", "Connection": "close", **headers}
        try:
            connection.request(method, path, body=body, headers=asked, preload_content=False, decode_content=False)
        except ValueError as error:  # a header that HTTP cannot carry; it is found before the first byte is sent
            raise Rejected(f"{connection.host}: the request cannot be written as HTTP", "request") from error
        response = connection.getresponse()
        return Answer(response.status, _lower(response.headers), _read(response))


# ---------------------------------------------------------------- addresses that people gave us


class _PublicHTTP(HTTPConnection):
    """Connects to public addresses only. The name is looked up once, and what was checked is what is connected to: a
    name that changes its mind meanwhile (DNS rebinding) gains nothing."""

    def _new_conn(self) -> socket.socket:
        return _public_line(self.host, self.port, self.timeout)


class _PublicHTTPS(HTTPSConnection):
    """The same; TLS still asks for the name's own certificate."""

    def _new_conn(self) -> socket.socket:
        return _public_line(self.host, self.port, self.timeout)


def _public_line(host: str, port: int, timeout: object) -> socket.socket:
    """A connected socket. Raises Rejected (some address of the name is not public), Retryable, OSError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Retryable(f"{host}: this name leads nowhere now.", "line") from None
    if not found or not all(is_public(str(place[4][0])) for place in found):
        raise Rejected(f"{host} is no public address of the Internet, so Herald does not read it.", "address")
    failed: OSError = OSError("not reached")
    for family, kind, protocol, _, place in found[:_MOST_ADDRESSES]:
        line = socket.socket(family, kind, protocol)
        line.settimeout(float(timeout) if isinstance(timeout, int | float) else 5.0)
        try:
            line.connect(place)
        except OSError as error:
            line.close()
            failed = error
            continue
        return line
    raise failed


_MOST_ADDRESSES = 2
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")


def is_public(address: str) -> bool:
    """Whether an IP address may be anybody's on the Internet: not private, shared, local, reserved or multicast; an
    IPv4 address inside an IPv6 one (mapped, 6to4, Teredo, NAT64) is judged by itself.

    What is what: IANA's special-purpose registries, as the standard library has them, and site-local addresses
    (RFC 3879) and NAT64's local-use prefix (RFC 8215), which not every version of it counts as private.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local or ip in _NAT64_LOCAL:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


@contextmanager
def _time_limit(connection: HTTPConnection, seconds: float) -> Iterator[Callable[[], bool]]:
    """Cut the line after so many seconds in all: a socket's own time-out starts anew with every byte that drips in."""
    line, over = connection.sock, Event()

    def cut() -> None:
        over.set()
        with suppress(OSError):  # it may have ended by itself
            socket.socket.shutdown(line, socket.SHUT_RDWR)  # below TLS, whose own farewell could block

    line.settimeout(seconds)
    timer = Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield over.is_set
    finally:
        timer.cancel()


class _TooLong(OSError):
    """More came than we read."""


def _read(response: urllib3.BaseHTTPResponse) -> bytes:
    """The body. Raises _TooLong when it is longer than MAX_ANSWER."""
    body = bytearray()
    while chunk := response.read(65_536, decode_content=False):
        body += chunk
        if len(body) > MAX_ANSWER:
            raise _TooLong(f"the answer is longer than {MAX_ANSWER} bytes")
    return bytes(body)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _said(error: BaseException) -> str:
    """Class and words of an error; of urllib3's, only the class, for its words carry the whole address."""
    return type(error).__name__ if isinstance(error, HTTPError) else f"{type(error).__name__}: {str(error)[:120]}"


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds (at most a day), None where absent or a date."""
    value = headers.get("retry-after", "").strip()
    return float(min(int(value), 86_400)) if value.isascii() and value.isdigit() and len(value) < 12 else None


def by_status(answer: Answer, sentence: str, *, repeatable: bool) -> PlatformError:
    """The error for an answer whose body says nothing we know.

    Args:
        repeatable: doing it twice is the same as doing it once, so an unclear failure may simply be repeated.
    """
    code = f"http {answer.status}"
    if answer.status == 429:
        return Retryable(sentence, code, retry_after(answer.headers))
    if answer.status >= 500:
        if repeatable or (answer.status == 503 and "retry-after" in answer.headers):
            return Retryable(sentence, code, retry_after(answer.headers))
        return OutcomeUnknown(sentence, code)
    if answer.status < 300:
        return Retryable(sentence, code) if repeatable else OutcomeUnknown(sentence, code)
    return Rejected(sentence, code)
