"""A rule set and the next one: what stands against saving it, and what it would decide differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from herald.model import Action
from herald.model.record import record
from herald.moderate.rules import RuleSet, Subject, Verdict

FACTOR = 4.0
"""A rule is told of when a day has so many times the hits of its usual day, or so many times fewer."""
LEAST = 10
"""Hits below which no day is unusual; the smaller of two counts is never taken as less than one."""


@record
class Changed:
    """One message that the next set decides differently: action and rule before and after, labels gained and lost."""

    id: str
    before: str
    after: str
    rule_before: str | None
    rule_after: str | None
    gained: tuple[str, ...]
    lost: tuple[str, ...]


def against(rules: RuleSet) -> tuple[str, ...]:
    """What stands against saving this set, by line: sections in error or refused, tests that fail. Empty: none."""
    return tuple(
        f"{line['name'] or 'a section'}: {note}"
        for line in rules.report("")
        if line["status"] in ("error", "refused")
        for note in _sentences(line["notes"])
    )


def changes(now: RuleSet, following: RuleSet, subjects: Iterable[tuple[str, Subject]]) -> Iterator[Changed]:
    """What would change on these messages, given as (id, subject); one that stays as it is, is left out.

    Rules in shadow are taken as they would act in `following` once live, so give a set that is read as live.
    """
    for id, subject in subjects:
        one, other = _outcome(now.judge(subject)), _outcome(following.judge(subject))
        if one[::2] != other[::2]:
            yield Changed(
                id, one[0], other[0], one[1], other[1],
                tuple(label for label in other[2] if label not in one[2]),
                tuple(label for label in one[2] if label not in other[2]),
            )  # fmt: skip


def unusual(days: Mapping[str, Sequence[int]], today: Mapping[str, int]) -> dict[str, tuple[int, float]]:
    """Rules that fire far more or far less than before: name -> (hits today, hits of a usual day).

    Args:
        days: rule -> hits a day before, all days counted, also those with none.
        today: rule -> hits of the day that is judged, a whole day.
    The usual day is the median, so that one wave does not hide the next; fewer than seven days are too few to tell.
    """
    found = {}
    for rule in sorted({*days, *today}):
        before, hits = sorted(days.get(rule, ())), today.get(rule, 0)
        if len(before) < 7:
            continue
        usual = (before[(len(before) - 1) // 2] + before[len(before) // 2]) / 2
        if max(hits, usual) >= LEAST and max(hits, usual) >= FACTOR * max(1.0, min(hits, usual)):
            found[rule] = hits, usual
    return found


def summary(found: Iterable[Changed]) -> dict[str, int]:
    """How many messages go which way: "allow -> hide" -> count, the most first."""
    return dict(Counter(f"{each.before} -> {each.after}" for each in found).most_common())


def _outcome(verdict: Verdict) -> tuple[str, str | None, tuple[str, ...]]:
    deciding = verdict.deciding
    matches = sorted((*((deciding,) if deciding else ()), *verdict.labelling), key=lambda match: match.rule.order)
    labels = tuple(dict.fromkeys(label for match in matches for label in match.rule.labels))
    action = deciding.rule.action if deciding else None
    return str(action or Action.ALLOW), deciding.rule.name if deciding else None, labels


def _sentences(notes: object) -> Sequence[str]:
    return [str(note) for note in notes] if isinstance(notes, list) else []
