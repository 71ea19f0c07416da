"""Words without whom they are about: addresses, numbers, handles and known names become what they are, in brackets.

What nobody told us is a name cannot be known to be one: whoever publishes a text reads it first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import category, normalize

from herald.moderate import personal

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
_OURS = frozenset({"e-mail", "mail", "address", "number", "link", "handle", "name"})  # what stands in the brackets
_UNSEEN = frozenset({"Cf", "Me"})  # characters that join, part or turn others and that nobody sees; key caps
_SHORTEST = 3  # letters of a part of a name that is masked by itself


def masked(text: str, names: Iterable[str] = ()) -> str:
    """The words with what points to a person replaced.

    Args:
        names: of whom we know to be in it; each is masked whole and by its parts, whatever the case.
    """
    text = _plain(text)
    if len(text) > personal.LONGEST:
        text = text[: personal.LONGEST] + " [cut here]"
    while found := personal.find(text):  # first: a name inside an address is part of it
        for span in reversed(found):
            text = text[: span.start] + _FOUND.get(span.field, "[number]") + text[span.end :]
    for stands, pattern in _KINDS:
        text = pattern.sub(stands, text)
    for name in sorted({part for each in names for part in _parts(_plain(each))}, key=len, reverse=True):
        text = re.sub(_named(name), "[name]", text)
    return re.sub(r"\[name\](?:[ _-]\[name\])+", "[name]", text)


def _plain(text: str) -> str:
    """As it is read: digits and letters of other widths as usual ones, without what nobody sees."""
    seen = "".join(char for char in text if category(char) not in _UNSEEN and not "\ufe00" <= char <= "\ufe0f")
    return normalize("NFKC", seen)


def _caseless(name: str) -> bool:
    """Of a script without capitals, where words need not be parted."""
    return not name.isascii() and name.lower() == name.upper()


def _named(name: str) -> str:
    if _caseless(name):
        return re.escape(name)
    guarded = r"(?!\])" if name.lower() in _OURS else ""
    return rf"(?i)(?<![^\W_]){re.escape(name)}(?:['’]s)?(?![^\W_]){guarded}"


def _parts(name: str) -> list[str]:
    whole = " ".join(name.split())
    shortest = 2 if _caseless(whole) else _SHORTEST
    return [each for each in (whole, *re.split(r"[\s._-]+", whole)) if len(each) >= shortest]
