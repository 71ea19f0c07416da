"""Australian spelling over two offline dictionaries: pyspellchecker's (American, by frequency) and breame's pairs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LONGEST: Final = 24  # letters: what a dictionary would take minutes to correct is no word
_ENDS: Final = frozenset(".!?\n:•–—“\"")

# Words that are right in Australia in both spellings, or American in one sense only: no pair to correct.
_EITHER: Final = frozenset(
    """
    program programs programme draft drafts drafting drafted meter meters tire tires tired practice practices
    license licenses check checks curb story stories math inquiry inquiries inquire judgment focused airplane
    ass pajama mom percent disk disc gram grams kilogram kilograms ton tons plow jail mold vise griffin ax mum
    whiskey yogurt artifact barbecue barbeque among while amid toward afterward learned burned dreamed spelled
    leaped spoiled focusing medieval encyclopedia archeology pediatric dispatch
    """.split()  # noqa: SIM905 - a list of words to read
)
_AT_HOME: Final = frozenset(
    """
    homewares homeware webshop eftpos afterpay rsvp pdf gst abn wifi wi-fi doona doonas ugg uggs hashtag
    hashtags emoji emojis instagram facebook mastodon bluesky tiktok youtube linkedin online signup login app
    apps giftcard giftcards reels tradie tradies smoko servo arvo brekkie sunnies thongs esky eskies footy
    lamington lamingtons pavlova snags vegemite ok okay faq faqs qr url urls email emails website websites
    livestream webinar preorder preorders restock restocked restocking unboxing upcycled upcycle upcycling
    colourway colourways styling stylist moodboard tableware glassware dinnerware bakeware stoneware earthenware
    terracotta rattan jute sisal boucle ottoman banksia wattle eucalypt bottlebrush kookaburra naidoc cafe cafes anzac
    """.split()  # noqa: SIM905 - a list of words to read
)


def look(text: str, known: Iterable[str] = ()) -> Iterator[tuple[str, str, bool]]:
    """Words that look wrong, each once: (the word, how it is written, whether it is American spelling).

    Names are left alone: capitals inside a sentence, words in capitals, words with digits. A word that no dictionary
    has and that resembles none of theirs is left alone too: it is more often a name than a mistake.
    """
    own = {word.lower() for entry in known for word in _WORD.findall(entry)}
    said: set[str] = set()
    for match in _WORD.finditer(text):
        word = match[0].replace("’", "'")
        lower = word.lower()
        plain = lower.removesuffix("'s").removesuffix("s'")
        if lower in said or plain in own or lower in own or not 3 <= len(plain) <= _LONGEST or not plain.isascii():
            continue
        if not word.islower() and not (word.istitle() and _begins(text, match.start())):
            continue
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        if before.isdigit() or after.isdigit() or "_" in (before, after):
            continue
        right, american = judge(plain)
        if right:
            said.add(lower)
            yield match[0], right, american


def _begins(text: str, start: int) -> bool:
    """Whether a sentence begins here, so that the capital says nothing."""
    before = text[:start].rstrip(" \t'‘(")
    return not before or before[-1] in _ENDS


@lru_cache(maxsize=20_000)
def judge(word: str) -> tuple[str, bool]:
    """(how a lower-case word is written here, whether it is American); ("", False) where nothing is wrong with it."""
    if word in _AT_HOME or word in _EITHER:
        return "", False
    british, american = _pairs()
    if word in american:
        return american[word], True
    if word in british or _known(word):
        return "", False
    stem = re.sub(r"(?:n't|'(?:ll|re|ve|d|m|s))$", "", word)
    if stem != word and (not stem or _known(stem) or stem in british):
        return "", False
    found = _dictionary().correction(word)
    if not found or found == word or abs(len(found) - len(word)) > 1:
        return "", False
    return american.get(str(found), str(found)), False


def _known(word: str) -> bool:
    return word in _dictionary()


@lru_cache(maxsize=1)
def _dictionary() -> Any:
    from spellchecker import SpellChecker  # noqa: PLC0415  half a second, and only where somebody asks for spelling

    return SpellChecker(language="en", distance=1)


@lru_cache(maxsize=1)
def _pairs() -> tuple[frozenset[str], dict[str, str]]:
    """British spellings; American -> Australian. -ize is taken for American, as Australian style guides do."""
    from breame.spelling import AMERICAN_ENGLISH_SPELLINGS, BRITISH_ENGLISH_SPELLINGS  # noqa: PLC0415

    american = {us: gb for us, gb in AMERICAN_ENGLISH_SPELLINGS.items() if us not in _EITHER and us != gb}
    return frozenset(BRITISH_ENGLISH_SPELLINGS), american
