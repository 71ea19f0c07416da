"""RSS 2.0, RSS 1.0 and Atom, read strictly: bytes -> entries as plain words.

RSS 2.0 (https://www.rssboard.org/rss-specification), RSS 1.0 (https://web.resource.org/rss/1.0/spec), Atom (RFC 4287),
read 2026-11. Whatever a feed says is hostile: a document type or an entity is refused, markup is taken off, addresses
are whole web addresses or none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

from herald.errors import BadPayload
from herald.model.record import record

MOST_ENTRIES = 100
MOST_MARKUP = 8_000  # characters of a summary that are read
TITLE, SUMMARY, NAME, ADDRESS = 300, 600, 120, 2_000  # characters kept
_ATOM, _RSS1, _RDF = (
    "{http://www.w3.org/2005/Atom}", "{http://purl.org/rss/1.0/}", "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}",
)  # fmt: skip
Element = Any  # of xml.etree, as defusedxml makes it
_DC, _CONTENT = "{http://purl.org/dc/elements/1.1/}", "{http://purl.org/rss/1.0/modules/content/}"


@record
class Entry:
    """One entry; `published` None where the feed does not say, or says nonsense. `address` may be empty."""

    guid: str
    title: str
    address: str
    summary: str
    author: str
    published: datetime | None


@record
class Parsed:
    title: str
    entries: tuple[Entry, ...]


def feed_id(address: str) -> str:
    return sha256(address.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def item_id(feed: str, entry: Entry) -> str:
    """The same for the same entry of the same feed, whenever it is read."""
    return sha256(f"{feed}\n{entry.guid}".encode("utf-8", "surrogatepass")).hexdigest()[:24]


def proper_address(text: str) -> str:
    """A whole address of a web page, or empty."""
    address = text.strip()
    try:
        parts = urlsplit(address)
        whole = parts.scheme in ("http", "https") and "." in (parts.hostname or "") and "@" not in parts.netloc
    except ValueError:
        whole = False
    return address if whole and len(address) <= ADDRESS and address.isprintable() and " " not in address else ""


def feed_address(text: str, own: str = "") -> str:
    """The address of a feed that may be saved, without its fragment, or empty: http or https, a public name, the usual
    port. What the name leads to is checked again at every connection (platforms/wire/http.py).

    Args:
        own: an origin of this machine that may be read all the same; empty: none.
    """
    address = proper_address(text).partition("#")[0]
    if not address:
        return ""
    if own and within(address, own):
        return address
    host = (urlsplit(address).hostname or "").rstrip(".")
    try:
        port = urlsplit(address).port
    except ValueError:
        return ""
    usual = port in (None, {"http": 80, "https": 443}[urlsplit(address).scheme])
    last = host.rpartition(".")[2].lower()
    numeric = last.isdigit() or last.startswith("0x") or ":" in host
    return address if usual and not numeric and last not in _INSIDE else ""


def within(address: str, origin: str) -> bool:
    """Whether the address is of exactly this origin, e.g. "http://127.0.0.1:8440"."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" == origin.rstrip("/")


_INSIDE = frozenset({"local", "localhost", "internal", "home", "lan", "corp", "arpa", "localdomain"})


def parse(body: bytes, base: str) -> Parsed:
    """The newest MOST_ENTRIES entries in the feed's own order.

    Args:
        base: where the body was read; relative addresses are joined to it.
    Raises:
        BadPayload: no feed, not well-formed, or a document type or entities in it.
    """
    from defusedxml import DefusedXmlException  # noqa: PLC0415 - only who reads feeds pays for it
    from defusedxml.ElementTree import ParseError, fromstring  # noqa: PLC0415 - as above

    try:
        root = fromstring(body, forbid_dtd=True)
    except DefusedXmlException:
        raise BadPayload("The feed declares a document type or entities; Herald reads none that does.") from None
    except (ParseError, ValueError, LookupError) as wrong:
        raise BadPayload(f"This is no well-formed feed ({str(wrong)[:80]}).") from None
    if root.tag == f"{_ATOM}feed":
        found = [_atom(one, base) for one in _first(root, f"{_ATOM}entry")]
        return Parsed(_words(_text(root, f"{_ATOM}title"), TITLE), _sound(found))
    if root.tag == "rss" and (channel := root.find("channel")) is not None:
        found = [_rss(one, base) for one in _first(channel, "item")]
        return Parsed(_words(_text(channel, "title"), TITLE), _sound(found))
    if root.tag == f"{_RDF}RDF":
        found = [_rss(one, base, _RSS1) for one in _first(root, f"{_RSS1}item")]
        title = _text(root.find(f"{_RSS1}channel"), f"{_RSS1}title")
        return Parsed(_words(title, TITLE), _sound(found))
    raise BadPayload("This is neither RSS nor Atom. Give the address of the feed itself, not of the page.")


def _first(parent: Element, tag: str) -> Iterator[Element]:
    for count, one in enumerate(parent.iterfind(tag)):
        if count >= MOST_ENTRIES:
            return
        yield one


def _sound(found: list[Entry]) -> tuple[Entry, ...]:
    """Without what says nothing, each guid once."""
    return tuple({one.guid: one for one in reversed(found) if one.title}.values())[::-1]


def _rss(item: Element, base: str, ns: str = "") -> Entry:
    link = proper_address(urljoin(base, _text(item, f"{ns}link").strip())) if _text(item, f"{ns}link").strip() else ""
    guid = _text(item, "guid").strip() or item.get(f"{_RDF}about", "").strip()
    summary = _words(_text(item, f"{ns}description") or _text(item, f"{_CONTENT}encoded"), SUMMARY)
    title = _words(_text(item, f"{ns}title"), TITLE) or summary[:100]
    when = _mail_date(_text(item, "pubDate")) or _iso_date(_text(item, f"{_DC}date"))
    author = _words(_text(item, f"{_DC}creator") or _text(item, "author"), NAME)
    return Entry(guid or link or f"{title}\n{summary}", title, link, summary, author, when)


def _atom(entry: Element, base: str) -> Entry:
    links = [one for one in entry.iterfind(f"{_ATOM}link") if one.get("href")]
    main = next((one for one in links if one.get("rel", "alternate") == "alternate"), None)
    link = proper_address(urljoin(base, (main.get("href") or "").strip())) if main is not None else ""
    summary = _words(_text(entry, f"{_ATOM}summary") or _text(entry, f"{_ATOM}content"), SUMMARY)
    title = _words(_text(entry, f"{_ATOM}title"), TITLE) or summary[:100]
    when = _iso_date(_text(entry, f"{_ATOM}published")) or _iso_date(_text(entry, f"{_ATOM}updated"))
    author = _words(_text(entry.find(f"{_ATOM}author"), f"{_ATOM}name"), NAME)
    return Entry(_text(entry, f"{_ATOM}id").strip() or link or title, title, link, summary, author, when)


def _text(parent: Element | None, tag: str) -> str:
    """All the words in the first child of this name; what else is in it is markup."""
    child = parent.find(tag) if parent is not None else None
    return "".join(child.itertext())[:MOST_MARKUP] if child is not None else ""


def _mail_date(text: str) -> datetime | None:
    """RFC 5322, as RSS has it."""
    try:
        return _utc(parsedate_to_datetime(text.strip()))
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def _iso_date(text: str) -> datetime | None:
    """RFC 3339, as Atom has it."""
    try:
        return _utc(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return None


def _utc(when: datetime) -> datetime | None:
    sure = when if when.tzinfo else when.replace(tzinfo=UTC)
    if not 1990 < sure.year < 9000:
        return None
    return sure.astimezone(UTC).replace(microsecond=0)


# ---------------------------------------------------------------- words without markup


_SILENT = re.compile(r"(script|style)\b", re.IGNORECASE)
_NO_CHARACTER = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")


def _seen(markup: str) -> str:
    """What a reader would see: without tags, comments, scripts and styles, entities read. Linear, which the standard
    library's HTMLParser is not: it takes seconds for what never closes."""
    seen, at = list[str](), 0
    while (begins := markup.find("<", at)) >= 0:
        seen.append(markup[at:begins])
        after = markup[begins + 1 : begins + 2]
        if not (after.isascii() and after.isalpha()) and after not in ("/", "!", "?"):
            seen.append("<")  # as in "5 < 6"
            at = begins + 1
            continue
        silent = _SILENT.match(markup, begins + 1)
        closes = "-->" if markup.startswith("<!--", begins) else ">"
        ends = markup.find(closes, begins)
        if ends >= 0 and silent:
            closing = re.compile(f"</{silent[1]}", re.IGNORECASE).search(markup, ends)
            ends = markup.find(">", closing.end()) if closing else -1
        if ends < 0:
            return unescape(_NO_CHARACTER.sub(" ", "".join(seen)))
        seen.append(" ")
        at = ends + len(closes)
    return unescape(_NO_CHARACTER.sub(" ", "".join([*seen, markup[at:]])))


def _words(markup: str, limit: int) -> str:
    """Plain words on one line, in NFC, without controls; at most `limit` characters."""
    text = unicodedata.normalize("NFC", _seen(markup))
    text = "".join(char if unicodedata.category(char) not in ("Cc", "Cs", "Cf", "Co", "Cn") else " " for char in text)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
