"""Text as platforms write it: HTML to plain words, links and tags in a text, and when two texts say the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from herald.platforms.wire.strict import MAX_URL, whole

MAX_HTML = 200_000
"""Characters read of a piece of HTML; no platform gives a status that long."""

_BLOCKS = frozenset(["blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"])
_LINES = frozenset(("br", "li", "tr"))
_NEVER_SHOWN = frozenset(("script", "style", "template", "title"))
_URL = re.compile(r"https?://[^\s<>\"\u3000]+", re.IGNORECASE)
_TAG = re.compile(r"(?:(?<=\s)|^)#[^\s#]+", re.MULTILINE)
_CLOSERS = {")": "(", "]": "[", "}": "{"}
_TAIL = frozenset(".,;:!?'\"…”’*_~")
_ADDRESS = re.compile(r"(?<![\w/@])@([\w.\-]*\w)(?:@[\w.\-]*\w)?")
_EMPHASIS = str.maketrans("", "", "*_~`")


@dataclass(frozen=True, slots=True)
class Mark:
    """A link or a tag in a text; start and end count characters, end exclusive."""

    start: int
    end: int
    value: str


def with_link(text: str, link: str) -> str:
    """The text as it goes out where a link has no field of its own: at the end, unless it is in there already."""
    said = whole(text).strip()
    return f"{said}\n\n{link}".strip() if link and link not in said else said


def links(text: str) -> list[Mark]:
    """Web addresses in a text, without the punctuation that ends a sentence; brackets count if they are closed."""
    found = []
    for match in _URL.finditer(text):
        end = match.end()
        if end - match.start() > MAX_URL + 100:
            continue
        while end > match.start() and _loose(text, match.start(), end):
            end -= 1
        address = text[match.start() : end]
        if len(address) <= MAX_URL and _host(address):
            found.append(Mark(match.start(), end, address))
    return found


def tags(text: str) -> list[Mark]:
    """Hashtags; `value` is without the sign. A number alone is none."""
    found = []
    for match in _TAG.finditer(text):
        word = match.group().rstrip("".join(_TAIL) + ")]}")
        if len(word) > 1 and not word[1:].isdigit() and len(word) <= 65:
            found.append(Mark(match.start(), match.start() + len(word), word[1:]))
    return found


def _loose(text: str, start: int, end: int) -> bool:
    """Whether the last character belongs to the sentence, not to the address."""
    last = text[end - 1]
    if last in _CLOSERS:
        return text.count(last, start, end) > text.count(_CLOSERS[last], start, end)
    return last in _TAIL


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


# -------------------------------------------------------------------- HTML


def plain(html: str) -> str:
    """HTML as plain text: tags gone, entities decoded, paragraphs and line breaks kept. Never raises."""
    return _read(html, hrefs=False)


def _read(html: str, *, hrefs: bool) -> str:
    reader = _Reader(hrefs=hrefs)
    source = whole(html)[:MAX_HTML]
    try:
        reader.feed(source)
        reader.close()
    except (AssertionError, ValueError):  # the standard parser gives up on some malformed declarations
        return _tidy(unescape(re.sub(r"<[^<>]*>", " ", source)))
    return _tidy("".join(reader.pieces))


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in whole(text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    """Collects what a reader would see. With `hrefs`, a link is its address instead of the words shown for it."""

    def __init__(self, *, hrefs: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hrefs = hrefs
        self._hidden = ""
        self._in_link = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _NEVER_SHOWN:
            self._hidden = self._hidden or tag
        elif tag in _BLOCKS:
            self.pieces.append("\n\n")
        elif tag in _LINES:
            self.pieces.append("\n")
        elif tag == "a" and self._hrefs and not self._hidden:
            self._link(dict(attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _NEVER_SHOWN:  # <script/> hides nothing
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""
        elif tag in _BLOCKS:
            self.pieces.append("\n\n")
        elif tag == "a":
            self._in_link = False

    def handle_data(self, data: str) -> None:
        if not self._hidden and not self._in_link:
            self.pieces.append(re.sub(r"\s+", " ", data))

    def _link(self, attributes: dict[str, str | None]) -> None:
        address = attributes.get("href") or ""
        names = set((attributes.get("class") or "").split())
        if names & {"mention", "hashtag"} or not address.lower().startswith(("https://", "http://")):
            return
        self.pieces.append(address)
        self._in_link = True


# -------------------------------------------------------------------- comparing


def said(text: str, *, answer: bool = False) -> str:
    """What is left of a text to compare with what stands on a wall.

    Unicode composed; case, white space, emphasis signs and the server part of @someone@there gone; addresses in one
    form (servers shorten them, add a slash, encode letters).

    Args:
        answer: without the people addressed at the beginning, which an answer names though nobody wrote them.
    """
    return _comparable(unicodedata.normalize("NFC", whole(text)), answer=answer)


def shown(html: str, *, answer: bool = False) -> str:
    """The same for a text that a server shows as HTML."""
    return _comparable(unicodedata.normalize("NFC", _read(html, hrefs=True)), answer=answer)


def _comparable(text: str, *, answer: bool) -> str:
    pieces: list[str] = []
    at = 0
    for mark in links(text):
        pieces += [_words(text[at : mark.start], answer=answer and at == 0), _address(mark.value)]
        at = mark.end
    pieces.append(_words(text[at:], answer=answer and at == 0))
    return "".join("".join(pieces).split()).casefold()


def _words(text: str, *, answer: bool) -> str:
    named = _ADDRESS.sub(lambda match: f"@{match.group(1).lower()}", text)
    if answer:
        named = re.sub(r"^(?:\s*@[\w.\-]+)+", "", named)
    return named.translate(_EMPHASIS)


def _address(url: str) -> str:
    """Without the scheme: a server may show "example.com" as a link to http://example.com."""
    parts = urlsplit(url)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    tail = (parts.query and f"?{parts.query}") + (parts.fragment and f"#{parts.fragment}")
    return f" {_ascii_host(parts.hostname or '')}{port}{unquote(parts.path.rstrip('/') + tail)} "


def _ascii_host(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def byte_range(text: str, mark: Mark) -> tuple[int, int]:
    """Start and end of a mark in UTF-8 bytes."""
    before = len(text[: mark.start].encode("utf-8"))
    return before, before + len(text[mark.start : mark.end].encode("utf-8"))


def without_overlap(first: Sequence[Mark], second: Sequence[Mark]) -> list[Mark]:
    """Those of `second` that touch none of `first`."""
    return [mark for mark in second if not any(mark.start < one.end and one.start < mark.end for one in first)]
