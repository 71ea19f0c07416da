"""A text as the pieces of words an encoder reads: WordPiece, greedy from the left, as BERT's uncased models do.

Texts come folded (normalise.plain), so nothing is lowered or stripped here again. A link is read as "http" and its
host, however it is written: a path of letters and digits would take twenty of the pieces that are read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import normalize

from herald.moderate.reading import LINK

_WORD = re.compile(r"\w+|[^\w\s]")
_LONGEST = 40  # letters of a word that are read; what is longer is no word
_FIRST, _LAST, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
_MEMO = 30_000


def _host(link: re.Match[str]) -> str:
    host = link["host"]
    return f" http {link.group().partition('/')[0] if host is None else host} "


class Pieces:
    """A vocabulary in order of its numbers; the piece that continues a word begins with ##."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._numbers = {piece: number for number, piece in enumerate(vocabulary)}
        self._first, self._last, self._unknown = (self._numbers[name] for name in (_FIRST, _LAST, _UNKNOWN))
        self._memo: dict[str, tuple[int, ...]] = {}

    def numbers(self, text: str, most: int) -> list[int]:
        """Numbers of a folded text's pieces, `most` at most, between the marks of beginning and end."""
        found = [self._first]
        linked = LINK.sub(_host, text) if "." in text or "http" in text else text
        for word in _WORD.findall(normalize("NFD", linked)):
            found.extend(self._memo.get(word) or self._learn(word))
            if len(found) >= most - 1:
                del found[most - 1 :]
                break
        found.append(self._last)
        return found

    def _learn(self, word: str) -> tuple[int, ...]:
        if len(self._memo) > _MEMO:
            self._memo.clear()
        known = self._memo[word] = tuple(self._split(word))
        return known

    def _split(self, word: str) -> list[int]:
        found: list[int] = []
        for part in (part[:_LONGEST] for part in word.split("_")):
            here: list[int] = []
            at = 0
            while at < len(part):
                longest = self._longest(part, at)
                if longest is None:
                    here = [self._unknown]
                    break
                number, at = longest
                here.append(number)
            found.extend(here)
        return found

    def _longest(self, part: str, at: int) -> tuple[int, int] | None:
        """The longest known piece from here: its number and where it ends."""
        for until in range(len(part), at, -1):
            number = self._numbers.get(("##" if at else "") + part[at:until])
            if number is not None:
                return number, until
        return None
