"""Made-up magazines of this machine, as feeds, so that the demo has something to read: `python -m local.feeds`.

One is RSS 2.0, one Atom, one RSS 1.0; all answer conditional requests. What they say is made from the day alone: for
two weeks they write of many things, and since five days more and more of cane.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local.ports import HOST, port, url

DAYS = 14


@dataclass(frozen=True, slots=True)
class Entry:
    """One article. `at` is when it came out."""

    name: str
    title: str
    words: str
    author: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Magazine:
    path: str
    title: str
    authors: tuple[str, ...]
    hour: int  # of each day, UTC, at which it comes out


MAGAZINES = (
    Magazine("/slow-homes.xml", "Slow Homes", ("Ines Calder", "Tom Okafor"), 1),
    Magazine("/light-and-shade.atom", "Light & Shade", ("Yuki Brandt",), 4),
    Magazine("/the-long-table.rdf", "The Long Table", ("Rosa Quist", "Dev Marlow"), 7),
)
_USUAL = (
    ("Five shelves that hold more than books", "Brackets, spans and what a wall can carry."),
    ("How to oil an oak table", "Two thin coats, a day apart, and a cloth that does not shed."),
    ("A lamp for every corner", "Warm light low down, and none of it in your eyes."),
    ("Linen or wool on the sofa", "What each is like after three winters."),
    ("Rugs under dining tables", "Leave room for a chair that is pushed back."),
    ("Small kitchens, long benches", "Where to put the second chopping board."),
    ("Paint that hides a north wall", "Four greens and a grey, tried for a month."),
)
_RISING = (
    ("Cane is back on the veranda", "Woven cane chairs, and how to keep them from the sun."),
    ("Mending cane seats at home", "Soak it, weave it, let it dry: an afternoon's work."),
    ("Why cane lamps throw such shadows", "A shade of open cane and a small warm bulb."),
)


def entries(magazine: Magazine, now: datetime) -> list[Entry]:
    """What it published until now, the newest first."""
    return list(_entries(magazine, now))


def _entries(magazine: Magazine, now: datetime) -> Iterator[Entry]:
    place = MAGAZINES.index(magazine)
    for back in range(DAYS):
        day = now.date() - timedelta(days=back)
        count = day.toordinal()
        told = [_USUAL[(count + 3 * place) % len(_USUAL)]]
        if back < 5:
            told.append(_RISING[(count + place) % len(_RISING)])
        for number, (title, words) in enumerate(told):
            at = datetime(day.year, day.month, day.day, magazine.hour, 20 * number, tzinfo=UTC)
            if at <= now:
                author = magazine.authors[(count + number) % len(magazine.authors)]
                yield Entry(f"{day:%Y%m%d}-{number}", title, words, author, at)


def body(path: str, now: datetime) -> bytes | None:
    """The feed at this path; None where there is none."""
    for magazine in MAGAZINES:
        if magazine.path == path:
            kinds: dict[str, Callable[[Magazine, list[Entry]], str]] = {"xml": _rss, "atom": _atom, "rdf": _rdf}
            text = kinds[path.rpartition(".")[2]](magazine, entries(magazine, now))
            return f'<?xml version="1.0" encoding="utf-8"?>\n{text}'.encode()
    return None


def _link(magazine: Magazine, entry: Entry) -> str:
    return f"https://{magazine.title.lower().replace(' & ', '-and-').replace(' ', '-')}.example/{entry.name}"


def _rss(magazine: Magazine, found: list[Entry]) -> str:
    items = "".join(
        f"<item><guid isPermaLink='false'>{one.name}</guid><title>{escape(one.title)}</title>"
        f"<link>{_link(magazine, one)}</link><dc:creator>{escape(one.author)}</dc:creator>"
        f"<pubDate>{format_datetime(one.at)}</pubDate><description>{escape(f'<p>{one.words}</p>')}</description></item>"
        for one in found
    )
    space = "xmlns:dc='http://purl.org/dc/elements/1.1/'"
    return f"<rss version='2.0' {space}><channel><title>{escape(magazine.title)}</title>{items}</channel></rss>"


def _atom(magazine: Magazine, found: list[Entry]) -> str:
    items = "".join(
        f"<entry><id>{_link(magazine, one)}</id><title>{escape(one.title)}</title>"
        f"<link href='{_link(magazine, one)}'/><author><name>{escape(one.author)}</name></author>"
        f"<published>{one.at:%Y-%m-%dT%H:%M:%SZ}</published><summary>{escape(one.words)}</summary></entry>"
        for one in found
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>{escape(magazine.title)}</title>{items}</feed>"


def _rdf(magazine: Magazine, found: list[Entry]) -> str:
    items = "".join(
        f"<item rdf:about='{_link(magazine, one)}'><title>{escape(one.title)}</title>"
        f"<link>{_link(magazine, one)}</link><dc:creator>{escape(one.author)}</dc:creator>"
        f"<dc:date>{one.at:%Y-%m-%dT%H:%M:%SZ}</dc:date><description>{escape(one.words)}</description></item>"
        for one in found
    )
    spaces = (
        "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' "
        "xmlns:dc='http://purl.org/dc/elements/1.1/'"
    )
    return f"<rdf:RDF {spaces}><channel><title>{escape(magazine.title)}</title></channel>{items}</rdf:RDF>"


def page(today: date) -> bytes:
    """What a person sees who opens the address."""
    rows = "".join(f"<li><a href='{one.path}'>{escape(one.title)}</a></li>" for one in MAGAZINES)
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Made-up magazines</title>"
        f"<h1>Made-up magazines</h1><p>Feeds that Herald's demo reads, as of {today}.</p><ul>{rows}</ul></html>"
    ).encode()


class Handler(BaseHTTPRequestHandler):
    """GET of a feed, or of the list of them."""

    def do_GET(self) -> None:
        now = datetime.now(UTC)
        found = page(now.date()) if self.path == "/" else body(self.path, now)
        tag = f'"{sha256(found or b"").hexdigest()[:16]}"'
        status = 404 if found is None else 304 if self.headers.get("If-None-Match") == tag else 200
        self.send_response(status)
        self.send_header("ETag", tag)
        self.send_header("Content-Type", "text/html" if self.path == "/" else "application/xml")
        sent = found if status == 200 and found else b""
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)


def main() -> int:
    """Serve until the process is ended."""
    print(f"made-up magazines at {url('feeds')}", flush=True)
    ThreadingHTTPServer((HOST, port("feeds")), Handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
