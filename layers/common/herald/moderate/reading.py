"""A text as the models see it: words, pieces of words, pairs of words, and cues.

A cue is a class of words (lexicon.txt) that stands in the text, two classes near each other in one sentence, either of
them negated, quoted, or beside words of report and condemnation: what a bag of words cannot tell. Training and judging
read by this one module, so that they cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from importlib.resources import files
from typing import NamedTuple
from zlib import crc32

GRAMS = 1 << 18
"""Rows of the table of words, pieces and pairs."""
CUES = 9216
"""Rows of the table of cues."""

_MOST_WORDS = 2_000
_MOST_MET, _MOST_LETTERS = 20_000, 500_000  # words that are remembered: some 10 MB
_NEAR = 6  # words between the two classes of a pair
_NEGATED = 3  # words before a class in which a negation reaches it
_BUSY = 160  # class words of one text that are paired; the rest of a flood adds nothing
_SITE = (
    r"(?:\.[a-z0-9-]{1,63}){0,4}\.(?:(?:com|net|org|info|biz|co|uk|de|fr|nl|ru|cn|br|pl|eu|ca|au|ly|gl|tk|cc|tv|io|gg|xyz"
    r"|example)(?![\w-])(?:/\S*)?|(?:app|be|club|in|it|link|live|me|online|shop|site|store|to|top|us)/\S+)"
)
"""What makes a word the address of a site. Endings that are words too (".it", ".shop") need a path: a blank is often
missing after a full stop. Bounded, so that a chain of dots costs little at each of its words."""
TOKEN = re.compile(
    rf"https?://\S+|www\.\S+|@\w+|[^\W_]+(?:['&*@$][^\W_]+)*(?:(?:-[a-z0-9]{{1,63}}){{0,4}}{_SITE})?"
    r"|[!?]+|\.\.+|[.;\n]|[\"“”«»]|<3|[:;=]-?[()dp/|]|[\u2600-\u27bf\U0001f000-\U0001faff]|%|[$€£]"
)
LINK = re.compile(rf"(?:https?://(?:www\.)?|www\.)(?P<host>[^\s/?#:]*)\S*|(?<![@\w-])[\w-]*[^\W_]{_SITE}")
"""A link in a folded text. `host` is there where it begins with `http` or `www`; else it ends at the first stroke."""
_ENDS = frozenset(".;\n")
_MONEY = frozenset("$€£")
_QUOTES = frozenset('"“”«»')

_PAIR, _PAIR_NOT, _HAS, _HAS_NOT, _QUOTED, _BESIDE, _STYLE = 0, 4096, 8192, 8256, 8320, 8384, 8900


_Phrases = list[tuple[tuple[str, ...], int]]
"""What stands after the first word of a phrase, and the class of the phrase."""


_NONE: Mapping[str, _Phrases] = {}


class Word:
    """What is known of one word; one object a word, compared as such.

    Attributes:
        before, after: of these the row of a pair is worked out, of its first word and its second.
        classes: what it belongs to.
        part: how it bears on what stands beside it; 0 for a word that says nothing here: most words, which cost a
            reader next to nothing.
        cue: what its mere shape adds to the cues, -1 for none.
        phrases: the classes of the phrases it begins, by their second word.
        weight: what the linear models make of it and its pieces (heads.py).
    """

    __slots__ = ("after", "before", "classes", "cue", "part", "phrases", "row", "weight")

    def __init__(self, row: int, classes: tuple[int, ...], phrases: Mapping[str, _Phrases], part: int) -> None:
        self.row, self.classes, self.phrases, self.part, self.cue = row, classes, phrases, part, -1
        self.before, self.after = row * _FIRST & _PAIR_BITS, row * _SECOND & _PAIR_BITS
        self.weight = 0

    def again(self) -> Word:
        """Another word of which the same is known."""
        other = Word(self.row, self.classes, self.phrases, self.part)
        other.cue, other.weight = self.cue, self.weight
        return other


_SAYS, _END, _QUOTE, _NAME, _LINK, _MONEY_SIGN = 1, 2, 3, 4, 5, 6


_Mark = tuple[int, int, tuple[int, ...], bool]
"""A word that has classes: its place, its sentence, its classes, negated."""


class Read(NamedTuple):
    """One text read; cues are each there once."""

    words: list[str]
    known: list[Word]
    cues: set[int]
    classes: frozenset[str]
    marks: list[_Mark]


class _Met(dict[str, Word]):
    """What was learnt of each word that was met."""

    def __init__(self, learn: Callable[[str], Word]) -> None:
        super().__init__()
        self._learn, self._letters = learn, 0

    def __missing__(self, token: str) -> Word:
        self._letters += len(token)
        found = self[token] = self._learn(token)
        return found

    def all(self, tokens: list[str]) -> list[Word]:
        """What is known of each; what was learnt before is forgotten when it has become too much."""
        if len(self) > _MOST_MET or self._letters > _MOST_LETTERS:
            self.clear()
            self._letters = 0
        return list(map(self.__getitem__, tokens))


class Lexicon:
    """Classes of words, and what was learnt of each word that was met, up to a bound.

    Args:
        more: words by the CRC-32 of their folded form -> class.
        known: such sums of words that are not to be corrected.
        weigh: is handed each word that is met for the first time, and its row, and tells its weight.
    """

    def __init__(
        self,
        more: Mapping[int, str] | None = None,
        known: Collection[int] = (),
        weigh: Callable[[str, int], int] = lambda token, row: 0,
    ) -> None:
        self.names: list[str] = []
        self._words: dict[str, set[int]] = {}
        self._phrases: dict[str, dict[str, _Phrases]] = {}
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
        self._weigh = weigh
        self._met = _Met(self._learn)

    def _number(self, name: str) -> int:
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def _add(self, term: str, number: int) -> None:
        first, *rest = term.split("_")
        if rest:
            self._phrases.setdefault(first, {}).setdefault(rest[0], []).append((tuple(rest), number))
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

    def _learn(self, token: str) -> Word:
        shape = _shape(token)
        if shape != token:  # a name, a link, a number: one as good as another, and there is no end of them
            return self._met[shape].again()
        code = crc32(token.encode("utf-8", "replace"))
        row, classes, phrases = code & (GRAMS - 1), self._classes(token, code), self._phrases.get(token, _NONE)
        word = Word(row, classes, phrases, _part(token, said=bool(classes or phrases)))
        word.cue, word.weight = _cue(token, word.part), self._weigh(token, row)
        return word

    def _classes(self, token: str, code: int) -> tuple[int, ...]:
        found = self._words.get(token)
        if found:
            return tuple(sorted(found))
        if not token[0].isalpha():
            return ()
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
        known = self._met.all(tokens)
        cues: set[int] = set()
        seen: set[int] = set()
        marks: list[_Mark] = []
        sentence, quoted, quotes, last_no, no = 0, False, False, -99, self._no
        names = links = 0
        for at, word in enumerate(known):
            part = word.part
            if not part:
                continue
            if part != _SAYS:
                cues.add(word.cue)
                if part == _END:
                    sentence += 1
                    last_no = -99
                elif part == _QUOTE:
                    quoted = not quoted
                elif part == _NAME:
                    names += 1
                elif part == _LINK:
                    links += 1
                continue
            classes = _with_phrases(word.classes, word.phrases, tokens, at) if word.phrases else word.classes
            if not classes:
                continue
            if no in classes:
                last_no = at
            negated = 0 < at - last_no <= _NEGATED
            marks.append((at, sentence, classes, negated))
            seen.update(classes)
            base = _HAS_NOT if negated else _HAS
            for number in classes:
                cues.add(base + number)
            quotes = quotes or quoted
            for number in classes if quoted else ():
                cues.add(_QUOTED + number)
        _pairs(marks[:_BUSY], no, cues)
        beside = [k for k, number in self._beside if number in seen] + [len(_BESIDE_NAMES)] * quotes
        for k in beside:
            cues.update([_BESIDE + number * 8 + k for number in seen])
        _of_shape(tokens, names, links, cues)
        return Read(tokens, known, cues, frozenset(map(self.names.__getitem__, seen)), marks)

    def met(self, token: str) -> bool:
        """Is it a word of English as far as the models know: in the lists, also misspelt, or met while they learnt?"""
        return bool(self._met[token].classes) or crc32(token.encode("utf-8", "replace")) in self._known

    def classes(self, text: str) -> frozenset[str]:
        """The classes alone that `read` would find."""
        tokens = TOKEN.findall(text)[:_MOST_WORDS]
        found: set[int] = set()
        for at, word in enumerate(self._met.all(tokens)):
            if word.part == _SAYS:
                found.update(_with_phrases(word.classes, word.phrases, tokens, at))
        return frozenset(map(self.names.__getitem__, found))

    def as_written(self, text: str, ordinary: Collection[str] = ()) -> frozenset[str]:
        """The classes of the words that stand in the lists letter by letter, for a text that is not English.

        English endings, misspellings and words inside words are other words there: Bestellung holds no "best".

        Args:
            ordinary: words that are somebody's everyday words and an insult in English only.
        """
        tokens = TOKEN.findall(text)[:_MOST_WORDS]
        found: set[int] = set()
        for at, token in enumerate(tokens):
            if token in ordinary:
                continue
            number = self._more.get(crc32(token.encode("utf-8", "replace"))) if token[0].isalpha() else None
            classes = (*self._words.get(token, ()), *(() if number is None else (number,)))
            found.update(_with_phrases(classes, self._phrases.get(token, _NONE), tokens, at))
        return frozenset(map(self.names.__getitem__, found))


def _with_phrases(
    classes: tuple[int, ...], phrases: Mapping[str, _Phrases], tokens: list[str], at: int
) -> tuple[int, ...]:
    """The classes of a word, and of the phrases that it begins here."""
    if at + 1 < len(tokens):
        for rest, number in phrases.get(tokens[at + 1], ()):
            if len(rest) == 1 or tuple(tokens[at + 1 : at + 1 + len(rest)]) == rest:
                classes = (*classes, number)
    return classes


def _pairs(marks: list[_Mark], no: int, cues: set[int]) -> None:
    """Two classes near each other in one sentence; from a negation on, as negated."""
    for index, (at, sentence, classes, negated) in enumerate(marks, 1):
        furthest, between = at + _NEAR, negated
        for other_at, other_sentence, others, other_negated in marks[index : index + _NEAR]:
            if other_at > furthest or other_sentence != sentence:
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
_FIRST, _SECOND = 0x9E3779B1, 0x85EBCA6B
_PAIR_BITS = (GRAMS << 7) - 1  # of the sum of both, bits from the eighth on are the row of a pair; no higher one counts


def piece_rows(token: str) -> list[int]:
    """Rows of the pieces of a word, in no order."""
    return [crc32(piece, _PIECE) & (GRAMS - 1) for piece in _pieces(token)]


def _pieces(token: str) -> Collection[bytes]:
    """The pieces of three and four letters, each once; bytes are cut where each letter is one.

    Those of five say nothing that the word and these do not, and are a third of the work of a new word.
    """
    if len(token) < 3:
        return ()
    framed = f"<{token[:40]}>"
    after = len(framed) + 1
    if framed.isascii():
        cut = framed.encode()
        return {cut[at : at + n] for n in (3, 4) for at in range(after - n)}
    pieces = {framed[at : at + n] for n in (3, 4) for at in range(after - n)}
    return [piece.encode("utf-8", "replace") for piece in pieces]


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
    if _links(token):
        return _LINK
    return _MONEY_SIGN if token in _MONEY else 0


def _links(token: str) -> bool:
    """The address of a site: of tokens that begin with a letter or a digit, these and mail alone hold a full stop."""
    return token.startswith(("http", "www.")) or ("." in token and "@" not in token and token[0].isalnum())


def _shape(token: str) -> str:
    """What a name, a link, a mail address or a number is read as; every other word as itself."""
    if token[0] == "@" and len(token) > 1:
        return "@someone"
    if _links(token):
        return "http://"
    if "." in token and "@" in token:
        return "a@b.c"
    return f"#{len(token)}" if token.isdigit() else token


def _cue(token: str, part: int) -> int:
    """The cue that is a word's mere shape: a mark, a quote, a sign for money."""
    if part == _END:
        sign = "!?".find(token[0])
        return -1 if sign < 0 else _STYLE + 10 + 2 * sign + (len(token) > 1)
    return _STYLE + 14 if part == _QUOTE else _STYLE + 25 if part == _MONEY_SIGN else -1


def _of_shape(tokens: list[str], names: int, links: int, cues: set[int]) -> None:
    """Cues of a text's length and end, of its names and its links; _cue tells the rest."""
    cues.discard(-1)
    cues.add(_STYLE + min(9, len(tokens).bit_length()))
    if tokens and tokens[-1][0] == "?":
        cues.add(_STYLE + 20)
    if names:
        cues.add(_STYLE + (21 if names == 1 else 22))
    if links:
        cues.add(_STYLE + (23 if links == 1 else 24))
    if len(tokens) < 5:
        cues.add(_STYLE + 27)


def rows(read: Read) -> Iterable[int]:
    """Rows of the table of grams, with repeats: each word and pair counts double, pieces of a word once."""
    for token, word in dict(zip(read.words, read.known, strict=True)).items():
        yield word.row
        yield word.row
        yield from (crc32(piece, _PIECE) & (GRAMS - 1) for piece in sorted(_pieces(_shape(token))))
    for pair in pair_rows(read.known):
        yield pair
        yield pair


def pair_rows(words: list[Word]) -> list[int]:
    """The row of each two words that follow each other; before the first stands nothing."""
    before, found = 0, []
    for word in words:
        found.append((before + word.after >> 7) & (GRAMS - 1))
        before = word.before
    return found
