"""Conditions on what is known besides the words: scores, persona, personal data, language, rate, hours, any signal.

They read the message's signals, a mapping of name -> value (decide.signals tells which there are). A signal that is
not there is unknown: the condition does not hold, reversed or not, and the decision says what was missing.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from herald.documents import Node
from herald.moderate.language import HoursCheck, SignalCheck, hint

Complain = Callable[[int, str], None]

_COMPARED = re.compile(r"(<=|>=|==|=|<|>)?\s*([+-]?\d{1,12}(?:\.\d{1,6})?)\s*([a-z]*)")
_SIGNAL = re.compile(r"[a-z][a-z0-9_./-]{0,59}")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-3]):([0-5]\d)\s+([A-Za-z0-9_+/-]{1,60})")
_CLAUSE = re.compile(r"[A-Z][A-Z0-9_]{0,31} [0-9]{1,4}(?:\.[0-9]{1,4}){0,3}")
_MINUTES = {"minute": 1, "hour": 60, "day": 1_440, "week": 10_080, "month": 43_200, "year": 525_600}
MOST_MINUTES = 7 * 1_440
"""How far back a rate is counted: what is longer would be told too small (flows/rates.py)."""
_SCORES_ALSO = {
    "toxicity": "toxic", "identity_attack": "hate", "insult": "harassment", "harassment/threatening": "threat",
    "hate/threatening": "threat", "self-harm": "self_harm", "violence/graphic": "violence",
    "sexually_explicit": "sexual",
}  # fmt: skip
_RATES = ("author", "post", "account", "text")


def conditions(name: str, key: str, value: Node, complain: Complain) -> Iterator[SignalCheck | HoursCheck]:
    """The checks that one key asks for; what is wrong goes to `complain` with its line.

    Args:
        name: the key without `~` and `#2`; one of language.CONDITIONS.
        key: as written, for the trace.
    """
    negate = key.startswith("~")
    match name:
        case "scores" | "label":
            yield from _scores(key, value, negate, complain)
        case "persona" | "language" | "contains":
            words = _words(value, name, complain, _closed(name))
            if words:
                yield SignalCheck(key, name, "in", negate, words=words)
        case "signals":
            yield from _signals(key, value, negate, complain)
        case "rate":
            yield from _rate(key, value, negate, complain)
        case "hours":
            hours = _hours(key, value, negate, complain)
            if hours:
                yield hours


def _scores(key: str, value: Node, negate: bool, complain: Complain) -> Iterator[SignalCheck]:
    from herald.moderate.decide import SCORES  # noqa: PLC0415 - that module imports this language

    for name, node in _pairs(value, key, "{toxic: '> 0.8'}", complain):
        score = _SCORES_ALSO.get(name, name)
        if score not in SCORES:
            complain(node.line, f"there is no score `{name[:40]}`; there are {', '.join(SCORES)}{hint(name, SCORES)}")
            continue
        bound = _bound(node, complain)
        if bound:
            yield SignalCheck(f"{key}.{score}", f"score.{score}", bound[0], negate, bound[1])


def _signals(key: str, value: Node, negate: bool, complain: Complain) -> Iterator[SignalCheck]:
    for name, node in _pairs(value, key, "{reports: '>= 3'}", complain):
        if not _SIGNAL.fullmatch(name):
            complain(node.line, f"a signal's name is letters, digits, `.`, `_`, `/` and `-`, not `{name[:40]}`")
        elif isinstance(node.value, str) and _COMPARED.fullmatch(node.value.strip().lower()):
            bound = _bound(node, complain)
            if bound:
                yield SignalCheck(f"{key}.{name}", name, bound[0], negate, bound[1])
        else:
            words = _words(node, name, complain)
            if words:
                yield SignalCheck(f"{key}.{name}", name, "in", negate, words=words)


def _rate(key: str, value: Node, negate: bool, complain: Complain) -> Iterator[SignalCheck]:
    given = dict(_pairs(value, key, "{by: author, count: '> 5', within: 10 minutes}", complain))
    for name in sorted(given.keys() - {"by", "count", "within", "of"}):
        complain(given[name].line, f"rate has no `{name[:40]}`; it has by, count, within, of")
    if not given.keys() >= {"by", "count", "within"}:
        complain(value.line, "rate needs `by`, `count` and `within`: {by: author, count: '> 5', within: 10 minutes}")
        return
    by = given["by"].text.strip().lower()
    if by not in _RATES:
        complain(given["by"].line, f"rate is counted by {', '.join(_RATES)}, not by `{by[:40]}`")
    of = given["of"].text.strip() if "of" in given else ""
    if "of" in given and not _CLAUSE.fullmatch(of):
        complain(given["of"].line, f"of must be a clause or a section such as `MOD 3`, not `{of[:40]}`")
    bound = _bound(given["count"], complain)
    within = _COMPARED.fullmatch(given["within"].text.strip().lower())
    minutes = minutes_of(within[2], within[3] or "minute") if within and not within[1] else None
    if not minutes or minutes < 1:
        complain(given["within"].line, "within must be a time such as `10 minutes` or `2 hours`")
    elif minutes > MOST_MINUTES:
        complain(given["within"].line, "a rate is counted over `7 days` at most; write a shorter time")
    elif by in _RATES and bound:
        yield SignalCheck(key, f"rate.{by}.{minutes:g}m{of and f'.{of.lower()}'}", bound[0], negate, bound[1])


def _hours(key: str, value: Node, negate: bool, complain: Complain) -> HoursCheck | None:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - only rules that ask for hours need zones

    parts = _HOURS.fullmatch(value.text.strip())
    try:
        if parts and ZoneInfo(parts[5]):
            start, end = int(parts[1]) * 60 + int(parts[2]), int(parts[3]) * 60 + int(parts[4])
            if start == end:
                complain(value.line, "hours must begin and end at different times; leave them out for the whole day")
                return None
            return HoursCheck(key, start, end, parts[5], negate)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError; a zone named like a folder, OSError
        complain(value.line, f"`{parts[5] if parts else ''}` is no time zone; write one like Europe/London")
        return None
    complain(value.line, "hours must be written as '22:00-07:00 Europe/London'")
    return None


def _pairs(value: Node, what: str, example: str, complain: Complain) -> Iterator[tuple[str, Node]]:
    if not value.mapping or not value.pairs():
        complain(value.line, f"{what} must be a mapping: {example}")
    seen: set[str] = set()
    for key, inner in value.pairs():
        name = key.text.strip().lower()
        if name in seen:
            complain(key.line, f"`{name[:40]}` is written twice under {what}; keep one")
        seen.add(name)
        yield name, inner


def _closed(name: str) -> Sequence[str]:
    """All there is of a persona, of personal data, of a language: a rule that names another would never hold."""
    from herald.moderate import persona, personal, tongue  # noqa: PLC0415 - few rules ask

    match name:
        case "persona":
            return persona.PERSONAS
        case "contains":
            return ("pii", *(f"pii.{kind}" for kind in personal.KINDS))
    return tongue.CODES


def _words(value: Node, what: str, complain: Complain, closed: Sequence[str] = ()) -> tuple[str, ...]:
    words = []
    for item in [value] if value.mapping else value.items():
        word = item.text.strip().casefold()
        if not word:
            complain(item.line, f"{what} must be a word or a list of words")
        elif closed and word not in closed:
            there = f"there are {', '.join(closed)}{hint(word, closed)}"
            complain(item.line, f"{what} knows no `{word[:40]}`; {there}")
        else:
            words.append(word[:100])
    if not value.mapping and not isinstance(value.value, str) and not value.items():
        complain(value.line, f"{what} is empty; give it a word, or leave it out")
    return tuple(dict.fromkeys(words))


def _bound(node: Node, complain: Complain) -> tuple[str, float] | None:
    parts = _COMPARED.fullmatch(node.text.strip().lower())
    number = minutes_of(parts[2], parts[3]) if parts else None
    if parts is None or number is None:
        complain(node.line, f"`{node.text[:40]}` is no comparison; write one like '> 0.8', '<= 3' or '< 30 days'")
        return None
    return {None: "=", "==": "="}.get(parts[1], parts[1]), number


def minutes_of(number: str, unit: str) -> float | None:
    """A number with a unit of time, in minutes (a month is 30 days, a year 365); without one, the number itself."""
    if not unit:
        return float(number)
    minutes = _MINUTES.get(unit.removesuffix("s"))
    return None if minutes is None else float(number) * minutes


OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge, "=": operator.eq,
}  # fmt: skip


def compare(op: str, value: float, bound: float) -> bool:
    """value op bound, for the operators of a rule."""
    return bool(OPERATORS[op](value, bound))


def among(value: object, words: Sequence[str]) -> bool:
    """Is the value, or one of its values, one of the words or below one of them (`pii` is above `pii.phone`)?"""
    many = value if isinstance(value, list | tuple | set | frozenset) else (value,)
    for each in many:
        text = ("true" if each else "false") if isinstance(each, bool) else str(each).casefold()
        if any(text == word or text.startswith(word + ".") for word in words):
            return True
    return False


def known(signals: Mapping[str, object], name: str) -> object | None:
    """The signal's value; None when nobody gave it, or gave no number where one is no number."""
    value = signals.get(name)
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 - NaN
