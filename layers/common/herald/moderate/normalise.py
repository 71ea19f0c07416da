"""Undo disguises in a text and remember where every character came from.

A rule is matched against several *views* of one text, and a match maps back to code points of the original:

    plain   compatibility forms folded (NFKC), case folded, invisible characters and accents dropped, white space
            collapsed, look-alike letters of other scripts read as Latin inside words that mix scripts
    bare    the plain view with s p a c e d letters joined, digits and signs between letters read as letters
            (1d10t), and every look-alike read as Latin; there are two where "1" may be i or l
    tight   the bare view with long repeats shortened (idioooot), three ways
    loose   the bare view without signs put around a word (*idiot*, "idiot") or between words (you...idiot)

Views after `plain` exist only where they differ, so that ordinary text costs one pass. Terms of rules go through
`fold`, which is the plain view of the term. Both sides are folded alike, so that what a view loses (accents) is
lost on both.

Unicode facts: UAX #15 (normalisation forms), UTS #39 (confusables; the table here is our own and small).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from unicodedata import category, normalize

SCANNED = 10_000
"""Code points of a text that are looked at; the rest is not read, and the decision's trace says so."""

_LONGEST_FOLD = 6  # characters one may become; two Arabic ligatures become 8 and 18, and would make a text a bomb
_MEMO_MAX = 20_000  # entries of the per-character memo; a flood of rare characters must not grow it for ever


_Places = tuple[tuple[int, ...], tuple[int, ...]]


class View:
    """A text as matched. Character i came from original code points [starts[i], ends[i]); None: one to one.

    Where characters came from is worked out when somebody asks: of most views nobody does.
    """

    __slots__ = ("_places", "text")

    def __init__(self, text: str, places: Callable[[], _Places | None] | _Places | None = None) -> None:
        self.text = text
        self._places = places

    @property
    def starts(self) -> tuple[int, ...] | None:
        places = self.places()
        return places and places[0]

    @property
    def ends(self) -> tuple[int, ...] | None:
        places = self.places()
        return places and places[1]

    @property
    def plainly(self) -> bool:
        """Is it known without any work that characters stand one to one?"""
        return self._places is None

    def places(self) -> _Places | None:
        """`starts` and `ends`; None: one to one."""
        if callable(self._places):
            self._places = self._places()
        return self._places

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where [start, end) of this view, not empty, lies in the original text."""
        places = self.places()
        return (places[0][start], places[1][end - 1]) if places else (start, end)


@lru_cache(8)  # rules and models ask for the same text, one after the other
def views(text: str) -> tuple[View, ...]:
    """All views of a text, `plain` first, each text once. Only the first SCANNED code points are read."""
    text = text[:SCANNED]
    first = plain(text)
    if not _suspicious(first.text, text):
        return (first,)
    found = [first]
    for bare in _bare(first):
        for view in (bare, *_tight(bare), *_loose(bare)):
            if all(view.text != other.text for other in found):
                found.append(view)
            if len(found) == _VIEWS:
                return tuple(found)
    return tuple(found)


def fold(text: str) -> str:
    """The plain view of a term or a name, without offsets. Folding twice changes nothing."""
    return plain(text).text


def plain(text: str) -> View:
    """The plain view (see the module). ASCII without odd white space takes a short cut."""
    if text.isascii() and text.isprintable() and "`" not in text and "  " not in text and text == text.strip(" "):
        return View(text.lower())
    folded = text.translate(_FOLDED)
    if "  " in folded or folded[:1] == " " or folded[-1:] == " ":
        folded = " ".join(filter(None, folded.split(" ")))
    return View(_unmix(folded), lambda: _origins(text))


def latin(text: str) -> str:
    """Look-alike letters of other scripts as the Latin ones they look like, capitals as capitals, one for one."""
    return text if text.isascii() else text.translate(_LATIN_TABLE)


def _origins(text: str) -> _Places:
    """Where each character of the plain view came from."""
    folded = text.translate(_FOLDED)
    longer = {char: part for char in set(text) if len(part := _FOLDED[ord(char)]) != 1}
    starts = [at for at, char in enumerate(text) for _ in longer.get(char, ".")] if longer else [*range(len(text))]
    if "  " in folded or folded[:1] == " " or folded[-1:] == " ":  # of a run of blanks the first stays, inside the text
        blank = [char == " " for char in folded]
        starts = [at for at, here, before in zip(starts, blank, (True, *blank), strict=False) if not (here and before)]
        if starts and blank[-1]:
            starts.pop()
    return tuple(starts), tuple([index + 1 for index in starts])


def is_word(char: str) -> bool:
    """Part of a word: a letter, a digit, or a mark that the fold keeps (Indic vowels). An underscore is not."""
    return char.isalnum() or (char > "\x7f" and category(char)[0] == "M")


def printable(text: str, limit: int) -> str:
    """A piece of someone's text that can stand inside our own sentence: one line, no control or bidi characters."""
    kept = text[: limit * 4]
    if not (kept.isascii() and kept.isprintable()):
        kept = "".join(" " if c.isspace() else c for c in kept if c.isspace() or category(c)[0] != "C")
    kept = " ".join(kept.split())
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


# ---------------------------------------------------------------- one character

_DROPPED_RANGES = (
    (0x00, 0x08), (0x0E, 0x1B), (0x7F, 0x84), (0x86, 0x9F),  # controls that are no white space
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
    # combining marks of Latin, Greek, Cyrillic, Hebrew and Arabic; other scripts need theirs to tell words apart
    (0x300, 0x36F), (0x483, 0x489), (0x591, 0x5BD), (0x5BF, 0x5BF), (0x5C1, 0x5C2), (0x5C4, 0x5C5), (0x5C7, 0x5C7),
    (0x610, 0x61A), (0x640, 0x640), (0x64B, 0x65F), (0x670, 0x670), (0x6D6, 0x6DC), (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F),
)  # fmt: skip
_DROPPED = frozenset(chr(point) for first, last in _DROPPED_RANGES for point in range(first, last + 1))


def _pairs(table: str) -> dict[str, str]:
    """ "ab cd" -> {a: b, c: d}"""
    return {pair[0]: pair[1:] for pair in table.split()}


# Read as Latin or ASCII always: letters of the Latin script that do not decompose, quotes, dashes, badge letters.
_ALWAYS = _pairs(
    "ıi łl øo đd ħh ŧt ƀb ɑa ɐa ɓb ɔo ɗd əe ɛe ɠg ɡg ɢg ɣy ɦh ɩi ɪi ɨi ɫl ɭl ɯw ɱm ɴn ɵo ɹr ɾr ʀr ʃs ʈt ʉu ʋv ʌv "
    "ʍm ʏy ʙb ʜh ʟl ᴀa ᴄc ᴅd ᴇe ᴊj ᴋk ᴍm ᴏo ᴘp ᴛt ᴜu ᴠv ᴡw ᴢz ꜰf ꜱs ƙk ƥp ƭt ƴy ƶz ɲn "
    "‘' ’' ‛' ʼ' ʹ' ′' ´' `' ＇' “\" ”\" „\" ″\" «\" »\" ‐- ‑- ‒- –- —- ―- −- ⁄/ ∕/ ∗* ٭* ․."
) | {chr(base + n): chr(97 + n) for base in (0x1F150, 0x1F170) for n in range(26)}

# Read as Latin in a word that also has Latin letters (plain view), and everywhere in the bare view.
_ALIKE = _pairs(
    "аa вb сc ԁd еe ғf һh іi јj кk ӏl мm нh оo рp ԛq гr ѕs тt уy ѵv ԝw хx үy ьb пn ұy ҝk ӀI "
    "αa βb εe ηn ιi κk νv οo ρp σo ςs τt υu χx ωw γy μu ϲc ϳj "
    "օo ոn սu հh ցg զq ɡg"
)
_ALIKE_SET = frozenset(_ALIKE)
_ALIKE_TABLE = str.maketrans(_ALIKE)
_ALIKE_CAPITALS = _pairs(
    "АA ВB СC ЕE НH ІI ЈJ КK МM ОO РP ЅS ТT УY ХX ҮY ԚQ ԜW ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ϹC ՕO ՍU"
)
_LATIN_TABLE = str.maketrans(_ALIKE | _ALIKE_CAPITALS)
_FLAGS = {chr(0x1F1E6 + n): chr(97 + n) for n in range(26)}  # regional indicators spell flags; letters only in bare


def _fold_once(char: str) -> str:
    if char in _DROPPED:
        return ""
    if char.isspace():
        return " "
    if "\ud800" <= char <= "\udfff":
        return "\ufffd"  # half a surrogate pair: no text engine takes it
    if char in _ALWAYS:
        return _ALWAYS[char]
    parts = (c for c in normalize("NFKD", char) if c not in _DROPPED)
    return normalize("NFC", "".join(parts).casefold())


def _fold_char(char: str) -> str:
    """Fold until nothing changes: what folding makes of a character must itself be folded."""
    folded = _fold_once(char)
    for _ in range(6):
        again = "".join(map(_fold_once, folded))
        if again == folded:
            break
        folded = again
    return folded if len(folded) <= _LONGEST_FOLD else char


class _Folded(dict[int, str]):
    """Code point -> what it is folded to: a table for `str.translate`, up to a bound."""

    def __missing__(self, point: int) -> str:
        folded = _fold_char(chr(point))
        if len(self) < _MEMO_MAX:
            self[point] = folded
        return folded


_FOLDED = _Folded({point: _fold_char(chr(point)) for point in range(128)})


# ---------------------------------------------------------------- whole text

_WORD = re.compile(r"[^\W_]+")
_LATIN = re.compile(r"[a-z]")


def _unmix(text: str) -> str:
    """Look-alikes become Latin in words that mix scripts; a word that is all Cyrillic or Greek stays itself."""
    if text.isascii() or _ALIKE_SET.isdisjoint(text):
        return text

    def read(word: re.Match[str]) -> str:
        found = word.group()
        return found.translate(_ALIKE_TABLE) if _LATIN.search(found) else found

    return _WORD.sub(read, text)


_SPACED = re.compile(r"(?<![^\W_])[^\W\d_](?:([ ._*~|/\-])[^\W_](?:\1[^\W_])+)(?![^\W_])")
_REPEAT = re.compile(r"([^\W\d_])\1{2,}")
# What makes a text worth more views. Each expression begins with a sign that ordinary texts have few of, and looks
# back from there: so it goes through them several times as fast.
_SIGN_NEAR = re.compile(
    r"[0-9@$!|+€](?:(?<=[^\W\d_].)[^\W\d_]|(?<=[0-9$|+€])(?<![^\W_@].)[0-9$|+€]?[^\W\d_]{2}|(?<=[^\W\d_]{2}[0-9@$€])"
    r"|[0-9@$!|+€][^\W\d_])"
)
_SPELT = re.compile(r"([ ._*~|/\-])[^\W_]\1(?<=[^\W\d_]...)(?<![^\W_][^\W\d_]...)[^\W_](?![^\W_])")
_REPEAT_ASCII = re.compile(r"([a-z])\1\1")  # the same for text that is ASCII, and lowered
# Signs that dress a word (not the apostrophe inside one), and what stands between two words without being any. Each
# begins at one place of a run only, so that ten thousand quotes or dots cost one pass.
_DRESSED = re.compile(r"[\"*_~'](?:(?<=^.)|(?<= .))[\"*_~']*[^\W_]")
_DOTTED = re.compile(r"\.\.(?<=[^\W_]..)\.* ?[^\W_]")
_PICTURED = re.compile(r"[\u2190-\u2bff\U0001f000-\U0001faff][ ,.]*[^\W_]")
_DRESS = re.compile(r"[\"*_~']+")
_BETWEEN = re.compile(r"(?<=[^\W_])[ ,.\u2190-\u2bff\U0001f000-\U0001faff]+(?=[^\W_])")
_PAUSE = re.compile(r"\.\.|[\u2190-\u2bff\U0001f000-\U0001faff]")
_LEET = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g",
         "@": "a", "$": "s", "!": "i", "|": "i", "+": "t", "€": "e"}  # fmt: skip
_EITHER = frozenset("1|!")  # i or l
_LEET_I, _LEET_L = str.maketrans(_LEET), str.maketrans(_LEET | dict.fromkeys(_EITHER, "l"))
_LEET_CHARS = frozenset(_LEET)
_LEET_SIGN = re.compile(r"[0-9@$!|+€]")
_LEET_WORD = re.compile(r"(?<![@$|+€])[@$|+€]*[^\W_]+(?:[@$!|+€]+[^\W_]+)*[@$€]?")  # begins at one place of a run only
_JOIN_LEADS = (0, 1, 2, 3)
_VIEWS = 16  # bound on the readings of one text


def _suspicious(plain_text: str, text: str) -> bool:
    if _SIGN_NEAR.search(plain_text) or _SPELT.search(plain_text) or _DRESSED.search(plain_text):
        return True
    if ".." in plain_text and _DOTTED.search(plain_text):
        return True
    if _repeats(plain_text) or (not plain_text.isascii() and _PICTURED.search(plain_text)):
        return True
    return not text.isascii() and not (_ALIKE_SET.isdisjoint(plain_text) and _FLAGS.keys().isdisjoint(plain_text))


def _repeats(folded: str) -> bool:
    return (_REPEAT_ASCII if folded.isascii() else _REPEAT).search(folded) is not None


def _bare(view: View) -> Iterator[View]:
    latin = view
    if not view.text.isascii():
        latin = _with_text(view, "".join(_FLAGS.get(c, c) for c in view.text.translate(_ALIKE_TABLE)))
    for joined in _joined(latin):
        for text in _unleeted(joined.text):
            yield _with_text(joined, text)


def _with_text(view: View, text: str) -> View:
    """The same places under another text of the same length."""
    return View(text, view.places)


def _unleeted(text: str) -> tuple[str, ...]:
    """The text with digits and signs read as letters; twice, where one may be i or l."""
    as_i: list[str] = []
    as_l: list[str] = []
    kept = at = 0
    while sign := _LEET_SIGN.search(text, at):  # only words with such a sign are looked at
        start, end = text.rfind(" ", at, sign.start()) + 1 or at, text.find(" ", sign.end())
        at = end if end > 0 else len(text)
        word = text[start:at]
        if _means_itself(word):
            continue
        before = text[kept:start]
        as_i += (before, _LEET_WORD.sub(_unleet, word))
        as_l += (before, as_i[-1] if _EITHER.isdisjoint(word) else _LEET_WORD.sub(_unleet_l, word))
        kept = at
    if not kept:
        return (text,)
    rest = text[kept:]
    read, other = "".join((*as_i, rest)), "".join((*as_l, rest))
    return (read,) if read == other else (read, other)


def _means_itself(word: str) -> bool:
    """No letter in it, or no sign but at its end, where it is a sign."""
    core = word.rstrip("!?.,")
    return (core.isascii() and core.upper() == core) or _LEET_CHARS.isdisjoint(core)


def _unleet(word: re.Match[str], table: Mapping[int, str] = _LEET_I) -> str:
    """Digits and signs read as letters, in words with letters on both sides of one or at least half letters."""
    found = word.group()
    if _LEET_CHARS.isdisjoint(found):
        return found
    letters = [index for index, char in enumerate(found) if char.isalpha()]
    if not letters:
        return found
    if len(letters) * 2 < len(found) and _LEET_CHARS.isdisjoint(found[letters[0] : letters[-1]]):
        return found  # a model number (A55), an amount, a date
    return found.translate(table)


def _unleet_l(word: re.Match[str]) -> str:
    return _unleet(word, _LEET_L)


def _joined(view: View) -> Iterator[View]:
    """i d i o t, i.d.i.o.t -> idiot. Three or more single characters with the same sign between each.

    "u r a i d i o t" may begin with words of one letter, and end with them: each reading is its own view.
    """
    text = view.text
    if not _SPELT.search(text):  # which begins at a sign, and is so much the quicker
        yield view
        return
    runs = [(run.start(), run.end(), run.group(1) == " ") for run in _SPACED.finditer(text)]
    leads = _JOIN_LEADS if any(spaces and text[start] in "aiur" for start, _, spaces in runs) else (0,)
    tails = (0, 1) if any(spaces and text[end - 1] in "ur" for _, end, spaces in runs) else (0,)
    for lead in leads:
        for tail in tails:
            cuts: list[tuple[int, int]] = []
            for start, end, spaces in runs:
                begin = start + 2 * lead if spaces else start
                cuts.extend((at, at + 1) for at in range(begin + 1, end - 2 * tail if spaces else end, 2))
            yield _without(view, cuts)


def _tight(view: View) -> Iterator[View]:
    """Repeats of three or more cut to one, to two, and to two inside a word but one at its end."""
    text = view.text
    runs = [match.span() for match in _REPEAT.finditer(text)] if _repeats(text) else []
    if not runs:
        return
    for inside, last in ((1, 1), (2, 2), (2, 1)):
        yield _without(
            view,
            [(start + (last if end == len(text) or not text[end].isalpha() else inside), end) for start, end in runs],
        )


def _loose(view: View) -> Iterator[View]:
    """Without dress around words, and one blank for signs and pictures that stand between two of them."""
    dress = [run.span() for run in _DRESS.finditer(view.text) if _on_one_side(view.text, *run.span())]
    bare = _without(view, dress) if dress else view
    text = bare.text
    rests = ".." in text or (not text.isascii() and _PAUSE.search(text))
    runs = _BETWEEN.finditer(text) if rests else ()
    pauses = [run.span() for run in runs if _PAUSE.search(run.group())]
    if pauses:
        words = map(slice, (0, *[end for _, end in pauses]), (*[start for start, _ in pauses], len(text)))
        spaced = _without(bare, [(start + 1, end) for start, end in pauses])
        yield _with_text(spaced, " ".join(map(text.__getitem__, words)))
    elif dress:
        yield bare


def _on_one_side(text: str, start: int, end: int) -> bool:
    """Does a word touch it on one side, and on one only?"""
    return (start > 0 and text[start - 1].isalnum()) != text[end : end + 1].isalnum()


def _without(view: View, cuts: Sequence[tuple[int, int]]) -> View:
    """All but these stretches, which are in order."""
    begins = (0, *[end for _, end in cuts])
    ends = (*[start for start, _ in cuts], len(view.text))

    def places() -> _Places:
        kept = [index for begin, end in zip(begins, ends, strict=True) for index in range(begin, end)]
        whole = view.places()
        if whole is None:
            return tuple(kept), tuple([index + 1 for index in kept])
        return tuple(map(whole[0].__getitem__, kept)), tuple(map(whole[1].__getitem__, kept))

    return View("".join(map(view.text.__getitem__, map(slice, begins, ends))), places)
