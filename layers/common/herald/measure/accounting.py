"""How well decisions stand: which rules are right, how soon harm is gone, how long people take, what appeals overturn.

Every number is a ratio of counts, or a quantile, of facts (model.verdicts) and of nothing else. Missing is None.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from herald.measure.figures import Definition, quantile
from herald.model import Action
from herald.model.verdicts import Exposure, Verdict

UPHELD, OVERTURNED = "upheld", "overturned"
PROMPT = 60
"""Seconds within which harm that is gone counts as caught before most could see it."""

_FACTS = "Herald's own facts of decisions"

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "rule_precision", "Precision of a rule", "ratio",
        "Share of the messages that a rule hid in the period which no person has shown again since; what nobody looked "
        "at counts as right.",
        "(hidden by the rule - of these overruled or overturned) / hidden by the rule", _FACTS, "rules",
    ),
    Definition(
        "rule_confirmed", "Confirmed by people", "ratio",
        "Share of the messages that a rule sent to people which they then hid or deleted.",
        "sent by the rule and then hidden or deleted by a person / sent by the rule and decided by a person", _FACTS,
        "rules",
    ),
    Definition(
        "caught_promptly", "Harm gone within 60 seconds", "ratio",
        "Share of the messages taken from the public that were gone on the platform within 60 seconds of being "
        "written; what was hidden, shown and hidden again counts each time.",
        "messages hidden or deleted with at most 60 s from writing / messages hidden or deleted", _FACTS, "days",
    ),
    Definition(
        "exposure_median", "Median exposure", "seconds",
        "Half of the messages taken from the public were seen for at most this long; what was hidden, shown and hidden "
        "again counts each time.",
        "median of the time from writing to standing hidden or deleted on the platform", _FACTS, "nothing",
    ),
    Definition(
        "caught_by_us", "Found by rules", "ratio",
        "Share of the messages taken from the public that a rule hid or sent to people before any person pointed at "
        "them; what was hidden, shown and hidden again counts each time.",
        "messages hidden or deleted that a rule hid or sent to people / messages hidden or deleted", _FACTS,
        "days",
    ),
    Definition(
        "decision_time", "Time to decision, median", "seconds",
        "Half of the decisions that people were asked for came at least this fast, by the wall clock.",
        "median of the time from the opening of the review to the decision", _FACTS, "nothing",
    ),
    Definition(
        "decision_time_p90", "Time to decision, 90th percentile", "seconds",
        "Nine of ten decisions that people were asked for came at least this fast, by the wall clock.",
        "0.9 quantile of the same times, linear between neighbours (as PERCENTILE.INC)", _FACTS, "nothing",
    ),
    Definition(
        "appeals_overturned", "Appeals overturned", "ratio",
        "Share of the appeals decided in the period that overturned the decision they were against.",
        "appeals overturned / appeals decided", _FACTS, "days",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Share:
    """`n` of `of`; no value where there is nothing to take a share of."""

    n: int
    of: int

    @property
    def value(self) -> float | None:
        return self.n / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class RuleStands:
    """One rule: how many it hid and how many of these still stand; how many it sent, and what people made of them."""

    rule: str
    hidden: int
    right: Share
    sent: int
    confirmed: Share


@dataclass(frozen=True, slots=True)
class Accounting:
    """The numbers of a period. `more`: there are more facts than were read, so these are of the first of them."""

    rules: tuple[RuleStands, ...]
    caught: Share
    by_rules: Share
    exposure_median: float | None
    decided: int
    decision_median: float | None
    decision_p90: float | None
    appeals: Share
    more: bool


def accounting(
    verdicts: Iterable[Verdict], exposures: Iterable[Exposure], *, later: Iterable[Verdict] = (), more: bool = False
) -> Accounting:
    """From facts to numbers.

    A message that is hidden, shown and hidden again is gone twice: each is a fact.

    Args:
        later: facts since the period: what became of its decisions. Nothing else is counted of them.
    """
    every, seen = list(verdicts), list(exposures)
    waits = sorted(one.waited for one in every if one.waited is not None and not one.appeal and one.by == "person")
    appeals = [one for one in every if one.appeal]
    pointed = _pointed(every)
    return Accounting(
        rules=_rules(every, list(later)),
        caught=Share(sum(one.seconds <= PROMPT for one in seen), len(seen)),
        by_rules=Share(sum(one.by == "rules" or one.message in pointed for one in seen), len(seen)),
        exposure_median=quantile(sorted(one.seconds for one in seen), 1, 2),
        decided=len(waits),
        decision_median=quantile(waits, 1, 2),
        decision_p90=quantile(waits, 9, 10),
        appeals=Share(sum(one.appeal == OVERTURNED for one in appeals), len(appeals)),
        more=more,
    )


def _pointed(every: Sequence[Verdict]) -> set[str]:
    """Messages at which a rule pointed before any person did. What a person's decision took the place of says so of
    a rule that spoke before the period."""
    pointed: dict[str, bool] = {}
    for one in sorted(every, key=lambda one: one.at):
        rule, did = (one.rule, one.action) if one.by == "rules" else (one.replaced_rule, one.replaced_action)
        by_rule = bool(rule) and did != Action.ALLOW
        if by_rule or one.by == "person":
            pointed.setdefault(one.message, by_rule)
    return {message for message, by_rule in pointed.items() if by_rule}


def _rules(every: Sequence[Verdict], later: Sequence[Verdict]) -> tuple[RuleStands, ...]:
    """The rules that decided anything, those with most wrong first."""
    answers: dict[tuple[str, str], list[Verdict]] = {}  # two messages of one text are two decisions
    for one in (*every, *later):
        if one.by == "person" and one.replaces:
            answers.setdefault((one.message, one.replaces), []).append(one)

    def since(one: Verdict) -> list[Verdict]:
        """What people decided on the same words, each decision in place of the one before."""
        found: dict[str, Verdict] = {}
        keys = [one.key]
        for key in keys:
            for answer in answers.get((one.message, key), ()):
                if answer.key not in found:
                    found[answer.key] = answer
                    keys.append(answer.key)
        return list(found.values())

    def shown(one: Verdict) -> bool:
        return any(answer.action is Action.ALLOW for answer in since(one))

    found = []
    for rule in sorted({one.rule for one in every if one.by == "rules" and one.rule}):
        made = [one for one in every if one.by == "rules" and one.rule == rule]
        hid = [one for one in made if one.action is Action.HIDE]
        sent = [one for one in made if one.action is Action.QUEUE]
        asked = [group for one in sent if (group := since(one))]
        confirmed = sum(any(a.action in (Action.HIDE, Action.DELETE) for a in group) for group in asked)
        right = Share(len(hid) - sum(map(shown, hid)), len(hid))
        found.append(RuleStands(rule, len(hid), right, len(sent), Share(confirmed, len(asked))))
    return tuple(sorted(found, key=lambda one: (-(one.right.of - one.right.n), -one.hidden - one.sent, one.rule)))
