"""A rule set and the next one: what the next would decide differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum

from herald.documents import sections
from herald.model.record import record
from herald.moderate.language import Rule
from herald.moderate.rules import Loading, RuleSet, Subject, Verdict, content


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


def changes(
    now: RuleSet, following: RuleSet, subjects: Iterable[tuple[str, Subject]],
    seen: Callable[[Verdict], object] | None = None,
) -> Iterator[Changed]:  # fmt: skip
    """What would change on these messages, given as (id, subject); one that stays as it is, is left out.

    Rules in shadow are taken as they would act in `following` once live, so give a set that is read as live.
    `seen` is handed each verdict of the following set.
    """
    for id, subject in subjects:
        verdict = following.judge(subject)
        if seen:
            seen(verdict)
        one, other = _outcome(now.judge(subject)), _outcome(verdict)
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


# ---------------------------------------------------------------- one text and what of it acts


class State(StrEnum):
    """How a rule of a saved text stands."""

    LIVE = "live"
    NEW = "new"  # in shadow until it is made live
    CHANGED = "changed"  # in shadow; as it was before, it acts
    PAUSED = "paused"  # its own text says `mode: shadow`
    REMOVED = "removed"  # not in the text any more; it acts until that is made live


@record
class Part:
    """A rule with its section of the text, and how it stands."""

    rule: Rule
    text: str
    state: State

    @property
    def waits(self) -> bool:
        """Something of it is to be made live."""
        return self.state in (State.NEW, State.CHANGED, State.REMOVED)


def parts(text: str, acting: str = "") -> list[Part]:
    """The rules of a version in the order of the text, then those that the text has no more."""
    written = _sections(text)
    live = _sections(acting) if acting and acting != text else written
    found = [Part(rule, part, _state(rule, live)) for rule, part in written.values()]
    found += [Part(rule, part, State.REMOVED) for name, (rule, part) in live.items() if name not in written]
    return found


def promoted(text: str, acting: str, names: Iterable[str]) -> str:
    """The acting text once these rules (none named: all that wait) are live as `text` has them, or gone with it."""
    every = parts(text, acting)
    wanted = set(names) or {part.rule.name for part in every if part.waits}
    before = _sections(acting) if acting else {}
    kept = list[str]()
    for part in every:
        name = part.rule.name
        if name in wanted and part.state is State.REMOVED:
            continue
        if part.state is State.CHANGED and name not in wanted:
            kept.append(before[name][1])
        elif part.state is not State.NEW or name in wanted:
            kept.append(part.text)
    made = "\n---\n".join(kept) + "\n" if kept else NOTHING
    left = [part for part in every if part.waits and part.rule.name not in wanted]
    return text if not left and kept else made


NOTHING = "# no rule acts\n"
"""The acting text of a version in which every rule waits: an empty one would mean that all of them act."""


def _sections(text: str) -> dict[str, tuple[Rule, str]]:
    """Rule name -> the rule and its section, of all that load."""
    loading, found = Loading(), dict[str, tuple[Rule, str]]()
    for (_, part), (_, rule) in zip(sections(text), loading.read(text), strict=False):  # as far as a set is read
        if rule is not None:
            found[rule.name] = rule, part.strip("\n")
    return found


def _state(rule: Rule, live: Mapping[str, tuple[Rule, str]]) -> State:
    there = live.get(rule.name)
    if there and content(there[0]) == content(rule):
        return State.PAUSED if rule.shadow else State.LIVE
    if there is None and rule.shadow:
        return State.PAUSED
    return State.CHANGED if there else State.NEW
