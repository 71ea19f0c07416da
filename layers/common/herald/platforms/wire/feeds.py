"""One feed, read by HTTP with a conditional request (RFC 9110, 13.1; read 2026-11). Its address came from a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from urllib.parse import urljoin, urlsplit

from herald.errors import Rejected, Retryable
from herald.platforms.wire.http import MAX_ANSWER, Answer, Http, by_status
from herald.ports import FeedPage
from herald.research.feeds import within

MOST_HOPS = 3
SECONDS = 20.0  # for all hops of one feed
_KINDS = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.8, "
    "image/*;q=0.7"  # pictures that came with a message (dashboard/data.py)
)
_PUBLIC = Http(connect_seconds=4.0, read_seconds=8.0, public_only=True)
_OWN = Http(connect_seconds=2.0, read_seconds=4.0)


def fetch(
    address: str, etag: str, modified: str, own: str = "", *, public: Http = _PUBLIC,
    clock: Callable[[], float] = monotonic,
) -> FeedPage:  # fmt: skip
    """The feed now; every address on the way must be http or https and public, and none leads from https to http.

    Args:
        etag, modified: what the last body came with, exactly as it was given.
        own: an origin of this machine that is read all the same; empty: none.
    Raises:
        PlatformError: not reached, not public, too long, too slow, too many redirections, or no 200 and no 304.
    """
    asked = {"Accept": _KINDS, "User-Agent": "Herald (reads feeds)"}
    asked |= {"If-None-Match": etag} if etag else {}
    asked |= {"If-Modified-Since": modified} if modified else {}
    at, ends = address, clock() + SECONDS
    for _ in range(MOST_HOPS + 1):
        left = ends - clock()
        if left <= 0:
            raise Retryable(f"{_host(address)} took over {SECONDS:.0f} s.", "line")
        answer = _get(_OWN if own and within(at, own) else public, at, asked, left)
        if answer.status == 304:
            return FeedPage(None, at)
        if answer.status == 200:
            told = answer.headers
            return FeedPage(answer.body, at, _token(told.get("etag", "")), _token(told.get("last-modified", "")))
        if answer.status not in (301, 302, 303, 307, 308) or not answer.headers.get("location"):
            raise by_status(answer, _refusal(_host(at), answer.status), repeatable=True)
        at = _next(at, answer.headers["location"])
    raise Rejected(f"{_host(address)} redirects more than {MOST_HOPS} times.", "redirects")


def _get(http: Http, address: str, headers: dict[str, str], left: float) -> Answer:
    bounded = replace(http, connect_seconds=min(http.connect_seconds, left), read_seconds=min(http.read_seconds, left))
    try:
        return bounded.get(address, {}, headers)
    except Retryable as error:
        if error.code == "long":
            most = f"{MAX_ANSWER // 10**6} MB"
            raise Rejected(f"The feed is longer than {most}, the most that is read.", "long") from None
        raise


def _refusal(host: str, status: int) -> str:
    why = {401: "asks for a password", 403: "does not let us read it", 404: "has nothing at this address",
           410: "says the feed is gone for good", 429: "asks us to come less often"}.get(status, "")  # fmt: skip
    return f"{host} {why} ({status})." if why else f"{host} answered {status}."


def _next(at: str, location: str) -> str:
    try:
        then = urljoin(at, location.strip())
        scheme = urlsplit(then).scheme
    except ValueError:
        raise Rejected(f"{_host(at)} redirects to no address.", "redirects") from None
    if scheme not in ("http", "https") or (urlsplit(at).scheme, scheme) == ("https", "http"):
        raise Rejected(f"{_host(at)} redirects to an address that is not safe to read.", "redirects")
    return then


def _host(address: str) -> str:
    return urlsplit(address).hostname or "The feed"


def _token(value: str) -> str:
    """A header we may send back; what is none is forgotten."""
    return value if len(value) <= 300 and value.isascii() and value.isprintable() else ""
