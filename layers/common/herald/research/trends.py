"""What rises: words and hashtags said more often in the last days than before, with base and samples. Pure.

A topic rises when at least LEAST things say it, by at least VOICES different people, SURE standard deviations above
the days before, and when its share of all that was said grew GROWTH times: a busy week alone makes no trends.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import sqrt

from herald.model.record import record

LEAST = 5
"""Times in the newer window below which nothing rises: from one to two is chance."""
VOICES = 3
"""Different people who must say it: one who says it ten times is no trend."""
SURE = 2.0
GROWTH = 1.5
SAMPLES = 3
_WORD = re.compile(r"#?[^\W_][\w'’-]{2,30}", re.UNICODE)
_COMMON = frozenset(
    """
    the and for you your are was with this that have has had not but our out all can any they them their there here
    what when where which who will would could should from just about into than then too very been being were more
    most some such only own same its it's don't did does doing how why after before again once also get got one two
    new now please thanks thank hello love like really good great nice see still because over under off each every
    other these those yes let's i'm i've i'd it'll we're you're my mine me him her his she we us he may might much
    many must
    """.split()  # noqa: SIM905 - a list of words to read
)


@record
class Said:
    """One thing said: by which message or item, when, its words, and by whom, as a stable id."""

    id: str
    at: datetime
    text: str
    voice: str


@record
class Rising:
    """One topic that rises.

    Attributes:
        now, base: in how many things it was said in the newer window, and in the one as long before it.
        velocity: how many more a day, (now - base) / days of a window.
        voices: different people who say it in the newer window.
        score: (now - base) / sqrt(now + base), by which topics are ranked.
        growth: (now + 1) / (base + 1): what it multiplied by, one added so that a base of 0 has a growth.
        samples: ids of the newest things that say it, of different people where there are.
    """

    topic: str
    now: int
    base: int
    velocity: float
    growth: float
    voices: int
    score: float
    samples: tuple[str, ...]


def topics(text: str) -> set[str]:
    """Words and hashtags of a text, folded, common words left out; each once."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    plain = re.sub(r"https?://\S+|\S+@\S+|@\w[\w.]*", " ", folded)
    return {word for word in _WORD.findall(plain) if word.lstrip("#") not in _COMMON and not word.isdigit()}


def rising(said: Iterable[Said], until: datetime, days: int, limit: int = 20) -> list[Rising]:
    """Topics that rise in the `days` before `until`, the surest first; of equal ones the more frequent, then by name.

    Args:
        said: from 2 * `days` before `until` on; what lies outside is left out, and the same id counts once.
    The score is the difference of two Poisson counts in standard deviations, by the normal approximation (Przyborowski
    and Wilenski, Biometrika 31, 1940). A topic has been said, so it is never divided by 0.
    """
    width = timedelta(days=days)
    unique = {one.id: one for one in said if until - 2 * width <= one.at < until}
    newer = [one for one in unique.values() if one.at >= until - width]
    now, before = _by_topic(newer), _by_topic(one for one in unique.values() if one.at < until - width)
    found = [_rising(topic, there, len(before.get(topic, ())), days) for topic, there in now.items()]
    sure = [one for one in found if _rises(one, len(newer), len(unique) - len(newer))]
    return sorted(sure, key=lambda one: (-one.score, -one.now, one.topic))[:limit]


def _by_topic(said: Iterable[Said]) -> dict[str, list[Said]]:
    found: dict[str, list[Said]] = {}
    for one in said:
        for topic in topics(one.text):
            found.setdefault(topic, []).append(one)
    return found


def _rises(one: Rising, all_now: int, all_before: int) -> bool:
    if one.now < LEAST or one.voices < VOICES or one.score < SURE:
        return False
    return one.base == 0 or one.now * all_before >= GROWTH * one.base * all_now


def _rising(topic: str, there: Sequence[Said], base: int, days: int) -> Rising:
    now = len(there)
    return Rising(
        topic, now, base, (now - base) / days, (now + 1) / (base + 1), len({one.voice for one in there}),
        (now - base) / sqrt(now + base), _samples(there),
    )  # fmt: skip


def _samples(there: Iterable[Said]) -> tuple[str, ...]:
    newest = sorted(there, key=lambda one: (one.at, one.id), reverse=True)
    first = {one.voice: one for one in reversed(newest)}  # the newest of each voice
    mixed = sorted(newest, key=lambda one: first[one.voice] is not one)
    return tuple(one.id for one in mixed[:SAMPLES])


def matches(text: str, words: Iterable[str], without: Iterable[str]) -> bool:
    """Whether any of the words stands in the text, whole and in any case, and none of the others."""
    folded = unicodedata.normalize("NFKC", text).casefold()

    def there(word: str) -> bool:
        wanted = re.escape(unicodedata.normalize("NFKC", word).casefold().strip())
        return bool(wanted) and bool(re.search(rf"(?<!\w){wanted}(?!\w)", folded))

    return any(map(there, words)) and not any(map(there, without))
