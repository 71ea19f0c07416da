"""A text as the models see it: words, pieces of words, pairs of words, and cues.

A cue is a class of words (lexicon.txt) that stands in the text, two classes near each other in one sentence, either of
them negated, quoted, or beside words of report and condemnation: what a bag of words cannot tell. Training and judging
read by this one module, so that they cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from importlib.resources import files
from zlib import crc32

from herald.model.record import record

GRAMS = 1 << 18
"""Rows of the table of words, pieces and pairs."""
CUES = 9216
"""Rows of the table of cues."""

_MOST_WORDS = 2_000
_MEMO_MAX = 20_000
_NEAR = 6  # words between the two classes of a pair
_NEGATED = 3  # words before a class in which a negation reaches it
_BUSY = 160  # class words of one text that are paired; the rest of a flood adds nothing
TOKEN = re.compile(
    r"https?://\S+|www\.\S+|@\w+|[^\W_]+(?:['&*@$][^\W_]+)*|[!?]+|\.\.+|[.;\n]|[\"“”«»]|<3|[:;=]-?[()dp/|]"
    r"|[\u2600-\u27bf\U0001f000-\U0001faff]|%|[$€£]"
)
_ENDS = frozenset(".;\n")
_MONEY = frozenset("$€£")
_QUOTES = frozenset('"“”«»')

_PAIR, _PAIR_NOT, _HAS, _HAS_NOT, _QUOTED, _BESIDE, _STYLE = 0, 4096, 8192, 8256, 8320, 8384, 8900


@record
class Word:
    """One word: its row, rows of its pieces, the classes it belongs to, and how it bears on what stands beside it.

    `part` is 0 for a word that says nothing here: most words, which cost a reader next to nothing.
    """

    row: int
    pieces: tuple[int, ...]
    classes: tuple[int, ...]
    part: int


_SAYS, _END, _QUOTE, _NAME, _LINK, _MONEY_SIGN, _LONG_NUMBER = 1, 2, 3, 4, 5, 6, 7


@record
class Read:
    """One text read. `marks`: (place among words, classes) of words that have any; cues are each there once."""

    words: tuple[str, ...]
    rows: tuple[int, ...]
    cues: frozenset[int]
    classes: frozenset[str]
    marks: tuple[tuple[int, tuple[int, ...]], ...]


class _Memo(dict[str, Word]):
    """What was learnt of a word once, up to a bound."""

    def __init__(self, learn: Callable[[str], Word]) -> None:
        super().__init__()
        self._learn = learn

    def __missing__(self, token: str) -> Word:
        if len(self) >= _MEMO_MAX:
            self.clear()
        found = self[token] = self._learn(token)
        return found


class Lexicon:
    """Classes of words. `more` adds words by the CRC-32 of their folded form; `known` are words not to be corrected."""

    def __init__(self, more: Mapping[int, str] | None = None, known: Collection[int] = ()) -> None:
        self.names: list[str] = []
        self._words: dict[str, set[int]] = {}
        self._phrases: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        for line in files("herald.moderate").joinpath("lexicon.txt").read_text(encoding="utf-8").splitlines():
            name, colon, terms = line.partition(":")
            if not colon or line.startswith("#"):
                continue
            number = self._number(name)
            for term in terms.split():
                self._add(term, number)
        self._more = {key: self.names.index(name) for key, name in (more or {}).items() if name in self.names}
        self._known = frozenset(known)
        self._begin = frozenset(word[:3] for word in self._words)
        self._near = self._misspelt()
        self._no = self._number("not")
        self._beside = [(k, self.names.index(name)) for k, name in enumerate(_BESIDE_NAMES) if name in self.names]
        self._memo = _Memo(self._learn)

    def _number(self, name: str) -> int:
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def _add(self, term: str, number: int) -> None:
        first, *rest = term.split("_")
        if rest:
            self._phrases.setdefault(first, []).append((tuple(rest), number))
        else:
            self._words.setdefault(term, set()).add(number)

    def _misspelt(self) -> dict[str, int]:
        """A letter swapped or left out inside a word that matters -> its class."""
        found: dict[str, int] = {}
        matter = [self.names.index(name) for name in ("group", "slur", "strong", "insult", "hate", "kill", "dehuman")]
        for word, classes in self._words.items():
            if len(word) < 5 or not word.isascii():
                continue
            number = next((n for n in matter if n in classes), None)
            if number is None:
                continue
            for at in range(1, len(word) - 1):
                found.setdefault(word[:at] + word[at + 1] + word[at] + word[at + 2 :], number)
                found.setdefault(word[:at] + word[at + 1 :], number)
        return {word: number for word, number in found.items() if word not in self._words}

    def word(self, token: str) -> Word:
        """What is known of one token, remembered."""
        return self._memo[token]

    def _learn(self, token: str) -> Word:
        token = _shape(token)
        classes = self._classes(token)
        return Word(
            crc32(token.encode("utf-8", "replace")) & (GRAMS - 1),
            _piece_rows(f"<{token[:40]}>") if len(token) > 2 else (),
            classes,
            _part(token, said=bool(classes) or token in self._phrases),
        )

    def _classes(self, token: str) -> tuple[int, ...]:
        found = self._words.get(token)
        if found:
            return tuple(sorted(found))
        if not token[0].isalpha():
            return ()
        code = crc32(token.encode("utf-8", "replace"))
        if code in self._more:
            return (self._more[code],)
        for ending, instead in _ENDINGS if token.endswith(_ENDS_IN) else ():
            if token.endswith(ending) and len(token) - len(ending) > 2:
                found = self._words.get(token[: -len(ending)] + instead)
                if found:
                    return tuple(sorted(found))
        if code in self._known:
            return ()
        near = self._near.get(token)
        if near is not None:
            return (near,)
        return tuple(sorted(self._inside(token))) if len(token) > 8 else ()

    def _inside(self, token: str) -> Iterator[int]:
        """Words that were written as one: longest first from the left."""
        at = 0
        found: set[int] = set()
        while at < len(token) - 2 and at < 60:
            for length in () if token[at : at + 3] not in self._begin else range(min(16, len(token) - at), 2, -1):
                classes = self._words.get(token[at : at + length])
                if classes:
                    if length > 3:
                        found |= classes
                    at += length - 1
                    break
            at += 1
        return iter(found)

    def read(self, text: str) -> Read:
        """Tokens and cues of a folded text (`normalise.plain`)."""
        return self.read_words(TOKEN.findall(text)[:_MOST_WORDS])

    def read_words(self, tokens: list[str]) -> Read:
        """The same of words that were cut already."""
        known = list(map(self._memo.__getitem__, tokens))
        cues: set[int] = set()
        marks: list[tuple[int, int, tuple[int, ...], bool, bool]] = []  # position, sentence, classes, negated, quoted
        sentence, quoted, last_no = 0, False, -99
        style = _Style()
        no, phrases = self._no, self._phrases
        for at in [at for at, word in enumerate(known) if word.part]:
            word = known[at]
            if word.part != _SAYS:
                if word.part == _END:
                    sentence += 1
                    last_no = -99
                quoted ^= word.part == _QUOTE
                style.see(word.part, tokens[at])
                continue
            classes = word.classes if tokens[at] not in phrases else self._with_phrases(word, tokens, at)
            if not classes:
                continue
            if no in classes:
                last_no = at
            negated = 0 < at - last_no <= _NEGATED
            marks.append((at, sentence, classes, negated, quoted))
            for number in classes:
                cues.add((_HAS_NOT if negated else _HAS) + number)
                if quoted:
                    cues.add(_QUOTED + number)
        if len(marks) > 1:
            self._pairs(marks[:_BUSY], no, cues)
        seen = {number for mark in marks for number in mark[2]}
        beside = [k for k, number in self._beside if number in seen]
        if any(mark[4] for mark in marks):
            beside.append(len(_BESIDE_NAMES))
        if beside:
            cues.update(_BESIDE + number * 8 + k for number in seen for k in beside)
        cues.update(style.cues(tokens))
        names = self.names
        return Read(
            tuple(tokens), tuple([word.row for word in known]), frozenset(cues),
            frozenset([names[number] for number in seen]), tuple([(mark[0], mark[2]) for mark in marks]),
        )  # fmt: skip

    def classes(self, text: str) -> frozenset[str]:
        """The classes alone that `read` would find."""
        tokens = TOKEN.findall(text)[:_MOST_WORDS]
        known = [(at, word) for at, word in enumerate(map(self._memo.__getitem__, tokens)) if word.part == _SAYS]
        names = self.names
        return frozenset(names[number] for at, word in known for number in self._with_phrases(word, tokens, at))

    def _with_phrases(self, word: Word, tokens: list[str], at: int) -> tuple[int, ...]:
        classes = word.classes
        for rest, number in self._phrases.get(tokens[at], ()):
            if tuple(tokens[at + 1 : at + 1 + len(rest)]) == rest:
                classes = (*classes, number)
        return classes

    def _pairs(self, marks: list[tuple[int, int, tuple[int, ...], bool, bool]], no: int, cues: set[int]) -> None:
        for index, (at, sentence, classes, negated, _) in enumerate(marks):
            between = negated
            for other_at, other_sentence, others, other_negated, _ in marks[index + 1 :]:
                if other_sentence != sentence or other_at - at > _NEAR:
                    break
                base = _PAIR_NOT if between or other_negated else _PAIR
                for a in classes:
                    for b in others:
                        cues.add(base + a * 64 + b)
                if no in others:
                    between = True


_BESIDE_NAMES = ("report", "condemn", "as_self", "joke", "question", "you", "object")
_ENDINGS = (
    ("s", ""),
    ("es", ""),
    ("ed", ""),
    ("ed", "e"),
    ("ing", ""),
    ("ing", "e"),
    ("er", ""),
    ("ers", ""),
    ("in", "ing"),
    ("z", "s"),
    ("ies", "y"),
    ("'s", ""),
    ("ly", ""),
    ("d", ""),
)


_ENDS_IN = tuple(ending for ending, _ in _ENDINGS)
_PIECE = crc32(b"~")  # what the sum of a piece goes on from


def _piece_rows(framed: str) -> tuple[int, ...]:
    """Rows of the pieces of three to five letters; bytes are cut where each letter is one."""
    places = [(at, at + n) for n in (3, 4, 5) for at in range(len(framed) - n + 1)]
    if framed.isascii():
        cut = framed.encode()
        pieces = sorted({cut[first:last] for first, last in places})
    else:
        pieces = [piece.encode("utf-8", "replace") for piece in sorted({framed[first:last] for first, last in places})]
    return tuple([crc32(piece, _PIECE) & (GRAMS - 1) for piece in pieces])


def _part(token: str, *, said: bool) -> int:
    """How a word bears on its neighbours; see Word."""
    first = token[0]
    if token in _ENDS or first in "!?.":
        return _END
    if token in _QUOTES:
        return _QUOTE
    if said:
        return _SAYS
    if first == "@" and len(token) > 1:
        return _NAME
    if token.startswith(("http", "www.")):
        return _LINK
    if token in _MONEY:
        return _MONEY_SIGN
    return _LONG_NUMBER if token.isdigit() and len(token) > 4 else 0


def _shape(token: str) -> str:
    """What a name, a link or a number is read as; every other word as itself."""
    if token[0] == "@" and len(token) > 1:
        return "@someone"
    if token.startswith(("http", "www.")):
        return "http://"
    return f"#{len(token)}" if token.isdigit() else token


class _Style:
    """Shape of a text: its length, marks, links, names."""

    def __init__(self) -> None:
        self.marks: set[int] = set()
        self.names = self.links = 0

    def see(self, part: int, token: str) -> None:
        if part == _END:
            if token[0] == "!":
                self.marks.add(10 if len(token) == 1 else 11)
            elif token[0] == "?":
                self.marks.add(12 if len(token) == 1 else 13)
        elif part == _QUOTE:
            self.marks.add(14)
        elif part == _NAME:
            self.names += 1
        elif part == _LINK:
            self.links += 1
        else:
            self.marks.add(25 if part == _MONEY_SIGN else 26)

    def cues(self, tokens: list[str]) -> list[int]:
        found = [_STYLE + min(9, len(tokens).bit_length()), *[_STYLE + mark for mark in self.marks]]
        if tokens and tokens[-1][0] == "?":
            found.append(_STYLE + 20)
        if self.names:
            found.append(_STYLE + (21 if self.names == 1 else 22))
        if self.links:
            found.append(_STYLE + (23 if self.links == 1 else 24))
        if len(tokens) < 5:
            found.append(_STYLE + 27)
        return found


def rows(read: Read, lexicon: Lexicon) -> Iterable[int]:
    """Rows of the table of grams, with repeats: each word and pair counts double, pieces of a word once."""
    for token in dict.fromkeys(read.words):
        word = lexicon.word(token)
        yield word.row
        yield word.row
        yield from word.pieces
    for pair in pair_rows(read.rows):
        yield pair
        yield pair


def pair_rows(rows_of: tuple[int, ...]) -> list[int]:
    """The row of each two words that follow each other; before the first stands 0."""
    return [
        (before * 0x9E3779B1 + row * 0x85EBCA6B >> 7) & (GRAMS - 1)
        for before, row in zip((0, *rows_of), rows_of, strict=False)
    ]
