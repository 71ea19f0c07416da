"""A rule set and the next one: what the next would decide differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from herald.model.record import record
from herald.moderate.rules import RuleSet, Subject, Verdict


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


def summary(found: Iterable[Changed]) -> dict[str, int]:
    """How many messages go which way: "allow -> hide" -> count, the most first."""
    return dict(Counter(f"{each.before} -> {each.after}" for each in found).most_common())


def _outcome(verdict: Verdict) -> tuple[str, str | None, tuple[str, ...]]:
    deciding = verdict.deciding
    matches = sorted((*((deciding,) if deciding else ()), *verdict.labelling), key=lambda match: match.rule.order)
    labels = tuple(dict.fromkeys(label for match in matches for label in match.rule.labels))
    return str(verdict.action), deciding.rule.name if deciding else None, labels
