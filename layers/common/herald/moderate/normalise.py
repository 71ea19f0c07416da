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
from collections.abc import Iterable
from functools import lru_cache
from unicodedata import category, normalize

from herald.model.record import record

SCANNED = 10_000
"""Code points of a text that are looked at; the rest is not read, and the decision's trace says so."""

_LONGEST_FOLD = 6  # characters one may become; two Arabic ligatures become 8 and 18, and would make a text a bomb
_MEMO_MAX = 20_000  # entries of the per-character memo; a flood of rare characters must not grow it for ever


@record
class View:
    """A text as matched. Character i came from original code points [starts[i], ends[i]); None: one to one."""

    text: str
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where [start, end) of this view, not empty, lies in the original text."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


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
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    space = True  # leading white space is dropped
    for stretch in _STRETCHES.finditer(text):
        first, last = stretch.span()
        if stretch[1]:
            out.append(stretch[1].lower())
            starts.extend(range(first, last))
            ends.extend(range(first + 1, last + 1))
            space = False
            continue
        for index, char in enumerate(stretch[0], first):
            for folded in _MEMO.get(char) or _remember(char):
                if folded == " ":
                    if space:
                        continue
                    space = True
                else:
                    space = False
                out.append(folded)
                starts.append(index)
                ends.append(index + 1)
    if out and out[-1] == " ":
        del out[-1], starts[-1], ends[-1]
    return View(_unmix("".join(out)), tuple(starts), tuple(ends))


_STRETCHES = re.compile(r"([!-_a-~]+(?: [!-_a-~]+)*)|[^!-_a-~]+")  # ASCII that only loses its case; everything else


def is_word(char: str) -> bool:
    """Part of a word: a letter, a digit, or a mark that the fold keeps (Indic vowels). An underscore is not."""
    return char.isalnum() or (char > "\x7f" and category(char)[0] == "M")


def printable(text: str, limit: int) -> str:
    """A piece of someone's text that can stand inside our own sentence: one line, no control or bidi characters."""
    kept = "".join(" " if c.isspace() else c for c in text[: limit * 4] if c.isspace() or category(c)[0] != "C")
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


_MEMO: dict[str, str] = {chr(point): _fold_char(chr(point)) for point in range(128)}


def _remember(char: str) -> str:
    folded = _fold_char(char)
    if len(_MEMO) < _MEMO_MAX:
        _MEMO[char] = folded
    return folded


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
_THREE = tuple(3 * letter for letter in "abcdefghijklmnopqrstuvwxyz")
# Signs that dress a word (not the apostrophe inside one), and what stands between two words without being any. Each
# begins at one place of a run only, so that ten thousand quotes or dots cost one pass.
_DRESSED = re.compile(r"[\"*_~'](?:(?<=^.)|(?<= .))[\"*_~']*[^\W_]")
_DOTTED = re.compile(r"\.\.(?<=[^\W_]..)\.* ?[^\W_]")
_PICTURED = re.compile(r"[\u2190-\u2bff\U0001f000-\U0001faff][ ,.]*[^\W_]")
_DRESS = re.compile(r"(?<![\w\"*~'])[\"*_~']+(?=[^\W_])|(?<=[^\W_])[\"*_~']+(?![\w\"*~'])")
_BETWEEN = re.compile(r"(?<=[^\W_])[ ,.\u2190-\u2bff\U0001f000-\U0001faff]+(?=[^\W_])")
_PAUSE = re.compile(r"\.\.|[\u2190-\u2bff\U0001f000-\U0001faff]")
_LEET = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g",
         "@": "a", "$": "s", "!": "i", "|": "i", "+": "t", "€": "e"}  # fmt: skip
_LEET_WORD = re.compile(r"(?<![@$|+€])[@$|+€]*[^\W_]+(?:[@$!|+€]+[^\W_]+)*[@$€]?")  # begins at one place of a run only
_LEET_CHARS = frozenset(_LEET)
_JOIN_LEADS = (0, 1, 2, 3)
_VIEWS = 16  # bound on the readings of one text
_EITHER = frozenset("1|!")  # i or l


def _suspicious(plain_text: str, text: str) -> bool:
    if _SIGN_NEAR.search(plain_text) or _SPELT.search(plain_text) or _DRESSED.search(plain_text):
        return True
    if ".." in plain_text and _DOTTED.search(plain_text):
        return True
    if plain_text.isascii():
        if any(map(plain_text.__contains__, _THREE)):
            return True
    elif _REPEAT.search(plain_text) or _PICTURED.search(plain_text):
        return True
    return not text.isascii() and not (_ALIKE_SET.isdisjoint(plain_text) and _FLAGS.keys().isdisjoint(plain_text))


def _bare(view: View) -> Iterable[View]:
    latin = view
    if not view.text.isascii():
        latin = _with_text(view, "".join(_FLAGS.get(c, c) for c in view.text.translate(_ALIKE_TABLE)))
    for joined in _joined(latin):
        if _LEET_CHARS.isdisjoint(joined.text):
            yield joined
            continue
        yield _with_text(joined, _LEET_WORD.sub(_unleet, joined.text))
        if not _EITHER.isdisjoint(joined.text):
            yield _with_text(joined, _LEET_WORD.sub(_unleet_l, joined.text))


def _with_text(view: View, text: str) -> View:
    """The same offsets under another text of the same length."""
    return View(text, view.starts, view.ends)


def _unleet(word: re.Match[str], one: str = "i") -> str:
    """Digits and signs read as letters, in words with letters on both sides of one or at least half letters."""
    found = word.group()
    if _LEET_CHARS.isdisjoint(found):
        return found
    letters = [index for index, char in enumerate(found) if char.isalpha()]
    if not letters:
        return found
    inner = any(found[i] in _LEET_CHARS for i in range(letters[0], letters[-1]))
    if not inner and len(letters) * 2 < len(found):
        return found  # a model number (A55), an amount, a date
    return "".join(one if c in _EITHER else _LEET.get(c, c) for c in found)


def _unleet_l(word: re.Match[str]) -> str:
    return _unleet(word, "l")


def _joined(view: View) -> Iterable[View]:
    """i d i o t, i.d.i.o.t -> idiot. Three or more single characters with the same sign between each.

    "u r a i d i o t" may begin with words of one letter, and end with them: each reading is its own view.
    """
    runs = [(run.start(), run.end(), run.group(1) == " ") for run in _SPACED.finditer(view.text)]
    if not runs:
        yield view
        return
    leads = _JOIN_LEADS if any(spaces and view.text[start] in "aiur" for start, _, spaces in runs) else (0,)
    tails = (0, 1) if any(spaces and view.text[end - 1] in "ur" for _, end, spaces in runs) else (0,)
    for lead in leads:
        for tail in tails:
            cuts: set[int] = set()
            for start, end, spaces in runs:
                begin = start + 2 * lead if spaces else start
                cuts.update(range(begin + 1, end - 2 * tail if spaces else end, 2))
            yield _keep(view, [i for i in range(len(view.text)) if i not in cuts])


def _tight(view: View) -> Iterable[View]:
    """Repeats of three or more cut to one, to two, and to two inside a word but one at its end."""
    runs = [match.span() for match in _REPEAT.finditer(view.text)]
    if not runs:
        return
    text = view.text
    for inside, last in ((1, 1), (2, 2), (2, 1)):
        kept: list[int] = []
        cursor = 0
        for start, end in runs:
            at_end = end == len(text) or not text[end].isalpha()
            kept.extend(range(cursor, start + (last if at_end else inside)))
            cursor = end
        kept.extend(range(cursor, len(text)))
        yield _keep(view, kept)


def _loose(view: View) -> Iterable[View]:
    """Without dress around words, and one blank for signs and pictures that stand between two of them."""
    dress = {index for run in _DRESS.finditer(view.text) for index in range(*run.span())}
    bare = _keep(view, [index for index in range(len(view.text)) if index not in dress]) if dress else view
    text: list[str] = []
    kept: list[int] = []
    cursor = 0
    for run in _BETWEEN.finditer(bare.text):
        if _PAUSE.search(run.group()):
            text += [bare.text[cursor : run.start()], " "]
            kept.extend(range(cursor, run.start() + 1))
            cursor = run.end()
    if cursor:
        spaced = _keep(bare, [*kept, *range(cursor, len(bare.text))])
        yield _with_text(spaced, "".join([*text, bare.text[cursor:]]))
    elif dress:
        yield bare


def _keep(view: View, kept: list[int]) -> View:
    """Only these characters; each reaches to where the next kept one begins, within its own run."""
    text = "".join(map(view.text.__getitem__, kept))
    if view.starts is None or view.ends is None:
        return View(text, tuple(kept), tuple(index + 1 for index in kept))
    return View(text, tuple(map(view.starts.__getitem__, kept)), tuple(map(view.ends.__getitem__, kept)))
