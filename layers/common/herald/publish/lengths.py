"""How platforms count a text."""

from __future__ import annotations

import re
import unicodedata

URL = re.compile(r"https?://[^\s<>\"]+")
_HASHTAG = re.compile(r"(?<![\w#&/])[#\uff03](?=\w*[^\W\d_])\w+")
_ZWJ = "\u200d"


def length(text: str, unit: str, url_length: int | None = None) -> int:
    """Length in `unit`: characters (code points) or graphemes; each link counts url_length where that is given.

    Raises ValueError for a unit nobody counts in.
    """
    if unit not in ("characters", "graphemes"):
        raise ValueError(f"nobody counts in {unit}")
    links = URL.findall(text) if url_length is not None else []
    rest = URL.sub("", text) if links else text
    counted = graphemes(rest) if unit == "graphemes" else len(rest)
    return counted + len(links) * (url_length or 0)


def hashtags(text: str) -> int:
    """How many hashtags it holds: # and word characters of which one is a letter, not within a word or an address."""
    return len(_HASHTAG.findall(URL.sub(" ", text)))


def graphemes(text: str) -> int:
    """User-perceived characters, close to UAX #29: marks, joiners, skin tones, flags and CRLF do not count twice."""
    count = 0
    previous = ""
    flags = 0  # regional indicators in a row: two make one flag
    for char in text:
        joined = previous == _ZWJ or _extends(char) or (previous == "\r" and char == "\n")
        regional = "\U0001f1e6" <= char <= "\U0001f1ff"
        if regional:
            flags += 1
            joined = joined or flags % 2 == 0
        else:
            flags = 0
        if not joined or count == 0:
            count += 1
        previous = char
    return count


def _extends(char: str) -> bool:
    return (
        char == _ZWJ
        or unicodedata.category(char) in ("Mn", "Me", "Mc")
        or "\U0001f3fb" <= char <= "\U0001f3ff"  # skin tones
        or "\ufe00" <= char <= "\ufe0f"
        or "\U000e0020" <= char <= "\U000e007f"  # tags of sub-regional flags
    )
