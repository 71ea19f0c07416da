"""What rises: words and hashtags said more often in the last days than before, with base and samples. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from herald.model.record import record

LEAST = 5
"""Times in the newer window below which nothing rises: from one to two is chance."""
FACTOR = 2.0
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
    """One thing said: by which message or item, when, and its words."""

    id: str
    at: datetime
    text: str


@record
class Rising:
    """One topic that rises.

    Attributes:
        now, base: in how many things it was said in the newer window, and in the one as long before it.
        velocity: how many more a day, (now - base) / days of a window.
        growth: (now + 1) / (base + 1): what it multiplied by, one added so that a base of 0 has a growth.
        samples: ids of the newest things that say it.
    """

    topic: str
    now: int
    base: int
    velocity: float
    growth: float
    samples: tuple[str, ...]


def topics(text: str) -> set[str]:
    """Words and hashtags of a text, folded, common words left out; each once."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    plain = re.sub(r"https?://\S+|\S+@\S+|@\w[\w.]*", " ", folded)
    return {word for word in _WORD.findall(plain) if word.lstrip("#") not in _COMMON and not word.isdigit()}


def rising(said: Iterable[Said], until: datetime, days: int, limit: int = 20) -> list[Rising]:
    """Topics said at least LEAST times in the `days` before `until`, FACTOR times as often as in the days before those.

    The steepest first; of equal ones the more frequent, then by name.
    """
    width = timedelta(days=days)
    newer: dict[str, list[Said]] = {}
    older: dict[str, int] = {}
    for one in said:
        if not until - 2 * width <= one.at < until:
            continue
        for topic in topics(one.text):
            if one.at >= until - width:
                newer.setdefault(topic, []).append(one)
            else:
                older[topic] = older.get(topic, 0) + 1
    found = [
        _rising(topic, there, older.get(topic, 0), days)
        for topic, there in newer.items()
        if len(there) >= LEAST and len(there) + 1 >= FACTOR * (older.get(topic, 0) + 1)
    ]
    return sorted(found, key=lambda one: (-one.growth, -one.now, one.topic))[:limit]


def _rising(topic: str, there: Sequence[Said], base: int, days: int) -> Rising:
    newest = sorted(there, key=lambda one: (one.at, one.id), reverse=True)[:SAMPLES]
    now = len(there)
    return Rising(topic, now, base, (now - base) / days, (now + 1) / (base + 1), tuple(one.id for one in newest))


def matches(text: str, words: Iterable[str], without: Iterable[str]) -> bool:
    """Whether any of the words stands in the text, whole and in any case, and none of the others."""
    folded = unicodedata.normalize("NFKC", text).casefold()

    def there(word: str) -> bool:
        wanted = re.escape(unicodedata.normalize("NFKC", word).casefold().strip())
        return bool(wanted) and bool(re.search(rf"(?<!\w){wanted}(?!\w)", folded))

    return any(map(there, words)) and not any(map(there, without))
