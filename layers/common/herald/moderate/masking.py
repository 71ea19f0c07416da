"""Words without whom they are about: addresses, numbers, handles and known names become what they are, in brackets.

Read as people read it: letters of other scripts that look like Latin ones, s.p.e.l.t names and digits as words
(English) too. What nobody told us is a name cannot be known to be one, nor a nickname, a name written in another
script, glued to other words or behind asterisks (A**), or digits as words of other languages: whoever publishes a text
reads it first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from unicodedata import category, normalize

from herald.moderate import personal
from herald.moderate.normalise import SCANNED, latin, views

_FOUND = {"email": "[e-mail]", "address": "[address]"}  # of what is found by its form; all other kinds are numbers
_AT = r"(?:@| @ |%40|&#0?64;| ?[\[({<] ?at ?[\])}>] ?)"
_DOT = r"(?:\.| \. | ?[\[({<] ?(?:dot|\.) ?[\])}>] ?)"
_KINDS = (  # wider than what is found by its form: here too much is better than too little
    # None can read the same characters in two ways: with two, a comment of a hundred digits took hours.
    ("[e-mail]", re.compile(rf"(?i)[\w.+-]{{1,64}}{_AT}[\w-]{{1,63}}(?:{_DOT}[\w-]{{1,63}}){{1,5}}")),
    ("[link]", re.compile(r"(?i)\b(?:[a-z]{1,12}://|www\.)\S+")),
    ("[link]", re.compile(r"(?i)\b(?:[a-z0-9-]{1,63}\.){1,4}(?:com|net|org|io|me|au|uk|de|eu|co|info|app)\b(?:/\S*)?")),
    ("[link]", re.compile(r"(?i)\b(?:[a-z0-9-]{1,63}(?:\.|\[\.\])){1,4}[a-z]{2,24}/\S*")),
    ("[handle]", re.compile(r"@\w[\w.-]{0,80}|(?<![\w/])u/[\w-]{2,40}")),
    ("[number]", re.compile(r"\b[A-Z]{2}\d{2}(?:[ _.-]?[A-Z0-9]{4}){2,7}(?:[ _.-]?[A-Z0-9]{1,4})?\b")),
    ("[number]", re.compile(r"(?<![^\W_])\+?\(?\d(?:[\s().,/:*~•·|_-]{0,5}\d){4,}\)?")),
    ("[number]", re.compile(r"\b(?=[A-Za-z-]{0,40}\d[A-Za-z-]{0,40}\d)[A-Za-z]{1,6}-?\d[\dA-Za-z-]{3,30}\b")),
)
_DIGIT = (
    r"(?:zero|oh|nought|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|double|triple|o|[0-9]{1,4}"
    r"|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty)"
)
_IN_WORDS = re.compile(rf"(?i)(?<![^\W_]){_DIGIT}(?:[\s.,/_-]{{1,3}}{_DIGIT}){{4,}}(?![^\W_])")
_OURS = re.compile(r"\[(?:e-mail|address|number|link|handle|name|cut here)\]")
_UNSEEN = frozenset({"Cf", "Me"})  # characters that join, part or turn others and that nobody sees; key caps
_OVERLAP = 200  # code points of a text that are read twice, so that no name is cut in two
_TIMES = 5  # a bound; a pass that finds nothing is the last
_SHORTEST = 3  # letters of a part of a name that is masked by itself


def masked(text: str, names: Iterable[str] = ()) -> str:
    """The words with what points to a person replaced.

    Args:
        names: of whom we know to be in it; each is masked whole and by its parts, whatever the case.
    """
    text = _plain(text)
    if len(text) > personal.LONGEST:
        text = text[: personal.LONGEST] + " [cut here]"
    while found := personal.find(latin(text)):  # first: a name inside an address is part of it
        text = _replaced(text, ((span.start, span.end, _FOUND.get(span.field, "[number]")) for span in found))
    for stands, pattern in (*_KINDS, ("[number]", _IN_WORDS)):
        text = _replaced(text, ((*match.span(), stands) for match in pattern.finditer(latin(text))))
    patterns = _named({part for each in names for part in _parts(_plain(each))})
    for _ in range(_TIMES):  # what is left beside one that was taken out may now stand alone
        spans = [(start, end, "[name]") for start, end in _apart(_places(text, patterns))]
        text = _replaced(text, spans)
        if not spans:
            break
    return re.sub(r"\[name\](?:[ _-]\[name\])+", "[name]", text)


def _replaced(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """`spans`: (start, end, what stands there), in order, none in another."""
    pieces, at = list[str](), 0
    for start, end, stands in spans:
        pieces += (text[at:start], stands)
        at = end
    return "".join((*pieces, text[at:]))


def _places(text: str, patterns: list[re.Pattern[str]]) -> Iterator[tuple[int, int]]:
    """Where names stand, by every way of reading the text, but for what stands in our own brackets."""
    ours = [found.span() for found in _OURS.finditer(text)]
    for begin in range(0, len(text), SCANNED - _OVERLAP):
        part = text[begin : begin + SCANNED]
        for view in dict.fromkeys((*views(part), *views(latin(part)))):
            for pattern in patterns:
                for found in pattern.finditer(view.text):
                    start, end = view.origin(*found.span())
                    while end < len(part) and part[end] == part[end - 1] and part[end].isalpha():
                        end += 1  # annnn, read as ann
                    if not any(begin + start < until and since < begin + end for since, until in ours):
                        yield begin + start, begin + end


def _apart(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same places in order, those that overlap as one."""
    apart: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if apart and start < apart[-1][1]:
            apart[-1] = apart[-1][0], max(end, apart[-1][1])
        else:
            apart.append((start, end))
    return apart


def _plain(text: str) -> str:
    """As it is read: digits and letters of other widths as usual ones, without what nobody sees."""
    seen = "".join(char for char in text if category(char) not in _UNSEEN and not "\ufe00" <= char <= "\ufe0f")
    return normalize("NFKC", seen)


def _caseless(name: str) -> bool:
    """Of a script without capitals, where words need not be parted."""
    return not name.isascii() and name.lower() == name.upper()


def _named(names: set[str]) -> list[re.Pattern[str]]:
    """Expressions for the names as texts are read: folded, and with look-alikes as Latin."""
    read = {view.text for name in names for form in (name, latin(name)) for view in views(form)}
    kept = sorted((each for each in read if len(each) >= _shortest(each)), key=len, reverse=True)
    without = [re.escape(each) for each in kept if _caseless(each)]
    words = [re.escape(each) for each in kept if not _caseless(each)]
    found = ["|".join(without)] if without else []
    if words:
        found.append(rf"(?<![^\W_])(?:{'|'.join(words)})(?:'s)?(?![^\W_])")
    return [re.compile(each) for each in found]


def _shortest(name: str) -> int:
    return 2 if _caseless(name) else _SHORTEST


def _parts(name: str) -> list[str]:
    whole = " ".join(name.split())
    return [each for each in (whole, *re.split(r"[\s._-]+", whole)) if len(each) >= _shortest(whole)]
