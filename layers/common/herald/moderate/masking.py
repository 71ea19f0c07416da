"""Words without whom they are about: addresses, numbers, handles and known names become what they are, in brackets.

What nobody told us is a name cannot be known to be one: whoever publishes a text reads it first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from herald.moderate import personal

_FOUND = {"email": "[e-mail]", "address": "[address]"}  # of what is found by its form; all other kinds are numbers
_KINDS = (  # wider than what is found by its form: here too much is better than too little
    ("[e-mail]", re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")),
    ("[link]", re.compile(r"(?i)\b(?:https?://|www\.)\S+")),
    ("[link]", re.compile(r"(?i)\b(?:[a-z0-9-]{1,63}\.){1,4}(?:com|net|org|io|me|au|uk|de|eu|co|info|app)\b(?:/\S*)?")),
    ("[handle]", re.compile(r"(?<![\w@])@[\w][\w.-]{0,80}")),
    ("[number]", re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?\b")),
    ("[number]", re.compile(r"(?<![\w])\+?\(?\d(?:[\d\s().,/:-]{0,3}\d){4,24}(?![\w])")),
    ("[number]", re.compile(r"\b(?=[A-Za-z-]*\d[A-Za-z-]*\d)[A-Za-z]{1,6}-?\d[\dA-Za-z-]{3,30}\b")),
)  # fmt: skip
_SHORTEST = 3  # letters of a part of a name that is masked by itself


def masked(text: str, names: Iterable[str] = ()) -> str:
    """The words with what points to a person replaced.

    Args:
        names: of whom we know to be in it; each is masked whole and by its parts, whatever the case.
    """
    for span in reversed(personal.find(text)):  # first: a name inside an address is part of it
        text = text[: span.start] + _FOUND.get(span.field, "[number]") + text[span.end :]
    for stands, pattern in _KINDS:
        text = pattern.sub(stands, text)
    for name in sorted({part for each in names for part in _parts(each)}, key=len, reverse=True):
        text = re.sub(rf"(?i)(?<![\w\[]){re.escape(name)}(?:['’]s)?(?![\w\]])", "[name]", text)
    return re.sub(r"\[name\](?:[ -]\[name\])+", "[name]", text)


def _parts(name: str) -> list[str]:
    whole = " ".join(name.split())
    return [each for each in (whole, *re.split(r"[\s._-]+", whole)) if len(each) >= _SHORTEST]
