"""Words from outside, made safe to show. Nothing here makes markup; pages only ever show the result as text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import urlsplit

from herald.model import Span

SHORT = 200  # characters of a name, a title, a line in a list
LONG = 2_000  # characters of a message before it is folded
MOST = 20_000  # no page shows more of one message than this

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_KEPT = frozenset("\n\t")
_LINK = re.compile(r"(?i)\b(?:https?://|ftp://|www\.)[^\s<>\"']{1,2000}")
_SHORTENED = re.compile(r"(?i)(?<![\w./@-])(?:[a-z0-9][a-z0-9-]{0,62}\.){1,8}[a-z]{2,24}/(?=[^\s])")  # bit.ly/x


def _shown(char: str) -> str:
    """One code point as it may be shown: itself, a space for a line separator, nothing for a control."""
    if char in _KEPT:
        return char
    if char in _BIDI:
        return ""
    category = unicodedata.category(char)
    if category in ("Zl", "Zp"):
        return "\n"
    return "" if category in ("Cc", "Cs", "Cn", "Co") else char


def safe_text(text: object, limit: int = SHORT) -> str:
    """Outside words as plain text for one line or paragraph.

    NFC, without C0/C1 controls, surrogates and bidirectional controls (an override can make a page lie about what
    stands on it), at most `limit` characters; what was cut is marked by an ellipsis. The result is still
    hostile to anything that interprets it: show it only where text is text.
    """
    raw = str(text or "")
    clean = unicodedata.normalize("NFC", "".join(map(_shown, raw[: limit * 4 + 16])))
    return clean if len(clean) <= limit and len(raw) <= limit * 4 + 16 else clean[: limit - 1].rstrip() + "…"


def one_line(text: object, limit: int = SHORT) -> str:
    """`safe_text` with every run of white space made one space."""
    return safe_text(" ".join(safe_text(text, limit * 2).split()), limit)


def _defanged(text: str) -> dict[int, str]:
    """Position -> what stands there instead, so that no address in `text` can be followed or copied whole."""
    swaps: dict[int, str] = {}
    for pattern in (_LINK, _SHORTENED):
        for match in pattern.finditer(text):
            start, end = match.span()
            host_end = _host_end(text, start, end)
            if text[start : start + 4].lower() == "http":
                swaps[start + 1] = swaps[start + 2] = "x"
            for at in range(start, host_end):
                if text[at] == ".":
                    swaps[at] = "[.]"
    return swaps


def _host_end(text: str, start: int, end: int) -> int:
    """Where the host of the address at [start, end) ends."""
    after_scheme = text.find("://", start, end)
    begin = after_scheme + 3 if after_scheme >= 0 else start
    stops = [at for mark in "/?#" if (at := text.find(mark, begin, end)) >= 0]
    return min(stops, default=end)


def segments(text: str, evidence: Iterable[Span] = (), limit: int = MOST) -> list[dict[str, str]]:
    """A message cut where its evidence begins and ends, each piece safe and without a live address.

    Args:
        text: the original words; spans count its code points.
        evidence: spans of the body; others are left out, overlapping ones are joined.
        limit: how many code points of the original are shown.
    Returns:
        [{"text": "..."}, {"text": "...", "mark": "what matched"}, ...] in order.
    """
    text = text[:limit]
    swaps = _defanged(text)

    def piece(start: int, end: int) -> str:
        shown = "".join(swaps.get(at) or _shown(text[at]) for at in range(start, end))
        return unicodedata.normalize("NFC", shown)

    pieces: list[dict[str, str]] = []
    at = 0
    for span in sorted(evidence, key=lambda s: (s.start, s.end)):
        start, end = max(span.start, at), min(span.end, len(text))
        if span.field not in ("body", "text") or end <= start:
            continue
        if start > at:
            pieces.append({"text": piece(at, start)})
        pieces.append({"text": piece(start, end), "mark": safe_text(span.found or "matched", 60)})
        at = end
    if at < len(text) or not pieces:
        pieces.append({"text": piece(at, len(text))})
    return pieces


def open_address(url: str) -> str:
    """The address if it is one a browser may open (http or https with a host), else empty."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    plain = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    return url if plain and len(url) <= 2_000 and url.isprintable() and " " not in url else ""
