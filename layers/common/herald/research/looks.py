"""Is a profile as it is to look? What was wanted of it against what somebody saw there. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from herald.model.record import record
from herald.model.research import NO_IMAGE, Profile, SeenLook

LOOK_AGAIN = timedelta(days=90)
ALIKE, TINT = 10, 8
"""Bits of 64, and steps of 255 of each colour's mean, in which two likenesses (library.likeness) of one picture may
differ: platforms compress and scale what is given to them. Ten bits are what the hash's author gives; 60 drawings as
JPEG of 48 to 400 px and quality 40 to 85 differed from themselves by at most 7 bits and 4 steps."""

IMAGES: Mapping[str, str] = {"avatar": "picture", "banner": "banner"}


@record
class Finding:
    """One thing that is off-brand.

    Attributes:
        part: name, bio, link, avatar, banner, colours; or look, where nobody said or saw how it looks.
        words: what is the matter, in a sentence. wanted, seen: the two values, where there are two to show.
    """

    part: str
    words: str
    wanted: str = ""
    seen: str = ""


def audit(wanted: Profile | None, seen: SeenLook | None, now: datetime) -> list[Finding]:
    """What is off-brand of one account; empty: it looks as it is to look."""
    if wanted is None:
        return [Finding("look", "Nobody said yet how it is to look.")]
    if seen is None:
        return [Finding("look", "Nobody looked yet how it looks there.")]
    found = _words(wanted, seen)
    for part in IMAGES:
        found += _image(part, wanted, seen)
    lacking = [colour for colour in wanted.colours if colour not in seen.colours]
    if lacking:
        found.append(Finding("colours", "Not all of its colours are there.", " ".join(lacking), " ".join(seen.colours)))
    if now - seen.at > LOOK_AGAIN:
        found.append(Finding("look", f"It was last looked at on {seen.at:%d %b %Y}: look again."))
    return found


def unlike_others(mine: Profile | None, others: Sequence[Profile]) -> list[Finding]:
    """Where what is wanted of this account differs from what most of the brand's accounts want."""
    if mine is None:
        return []
    every, found = [mine, *others], list[Finding]()
    for part, words in (("name", "name"), *IMAGES.items()):
        usual = _usual([getattr(each, part) for each in every])
        if usual and getattr(mine, part) != usual:
            found.append(Finding(part, f"Its {words} is to be another than the brand's other accounts have."))
    return found


def alike(one: str, other: str) -> bool:
    """Whether two likenesses are of one picture. What has none is like nothing."""
    if not one or not other:
        return False
    (bits, tint), (bits_, tint_) = one.split("-"), other.split("-")
    pairs = zip(bytes.fromhex(tint), bytes.fromhex(tint_), strict=True)
    near = all(abs(mine - theirs) <= TINT for mine, theirs in pairs)
    return near and (int(bits, 16) ^ int(bits_, 16)).bit_count() <= ALIKE


def _words(wanted: Profile, seen: SeenLook) -> list[Finding]:
    found = []
    if _plain(wanted.name) != _plain(seen.name):
        found.append(Finding("name", "It goes by another name.", wanted.name, seen.name))
    if _plain(wanted.bio) != _plain(seen.bio):
        told = "Its description differs." if _plain(seen.bio) else "It has no description."
        found.append(Finding("bio", told, wanted.bio, seen.bio))
    if wanted.link and not seen.link.strip():
        found.append(Finding("link", "It has no link.", wanted.link))
    elif not same_place(wanted.link, seen.link):
        found.append(Finding("link", "Its link leads elsewhere.", wanted.link, seen.link))
    return found


def _image(part: str, wanted: Profile, seen: SeenLook) -> list[Finding]:
    """The same bytes are the same picture; so are two that look alike. What nobody looked at is said to be so."""
    asset, there = getattr(wanted, part), getattr(seen, part)
    words = IMAGES[part]
    if not asset:
        return []
    if there == NO_IMAGE:
        return [Finding(part, f"It has no {words}.")]
    if not there:
        return [Finding(part, f"Nobody looked at its {words}.")]
    if there == getattr(wanted, f"{part}_hash"):
        return []
    if alike(getattr(wanted, f"{part}_likeness"), getattr(seen, f"{part}_likeness")):
        return []
    return [Finding(part, f"Its {words} is another.")]


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def same_place(one: str, other: str) -> bool:
    """Whether two links lead to one host and path: http or https, www, a slash at the end, UTM make no other place."""
    return _place(one) == _place(other)


def _place(link: str) -> tuple[str, str]:
    text = link.strip()
    try:
        parts = urlsplit(text if "//" in text else f"//{text}")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return text, ""
    return host, parts.path.rstrip("/")


def _usual(values: Sequence[str]) -> str:
    """What more than half of them are; empty where nothing is."""
    return next((value for value in set(values) if value and values.count(value) * 2 > len(values)), "")
