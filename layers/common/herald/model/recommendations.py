"""Recommendations: what should change, what it rests on, who does it by when, and what it brought."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from herald.model.record import Record, record


class Towards(StrEnum):
    """How the number ought to move."""

    UP = "up"
    DOWN = "down"


class RecommendationState(StrEnum):
    OPEN = "open"
    ACTED = "acted"  # done; its effect is not known yet
    MEASURED = "measured"


@record
class Effect:
    """A measure over as many days before and after the day it was acted on, as the report of those days gives it.

    Attributes:
        before, after: decimal text in the unit of the definition, to the last digit; empty: no such number, never 0.
        why: what a reader must know, for example why a number is missing.
    """

    days: int
    before: str
    after: str
    n_before: int
    n_after: int
    why: str
    by: str
    at: datetime


@record
class Recommendation(Record):
    """One recommendation.

    Attributes:
        seen: what was found. do: what to do. evidence: the numbers it rests on, in words; n: of how many things.
        measure: id of the definition (docs/metrics.md) whose number says whether it helped.
        towards: how that number is expected to move.
        owner: id of the person who does it, by `due`.
        month: whose report it belongs to, "2026-10". finding: what the figures of that month showed (measure.advice),
            empty where a person found it.
        acted_on: the day on which it was done; the effect compares the days around it.
    """

    brand: str
    id: str
    seen: str
    do: str
    evidence: str
    n: int
    measure: str
    owner: str
    due: date
    by: str
    at: datetime
    state: RecommendationState = RecommendationState.OPEN
    acted: str = ""
    acted_by: str = ""
    acted_on: date | None = None
    effect: Effect | None = None
    month: str = ""
    finding: str = ""
    towards: Towards = Towards.UP
    version: int = 0


def recommendations_list(brand: str) -> str:
    """A brand's recommendations whose effect is not measured yet, by due day."""
    return f"W#recommendation#{brand}"


def recommendations_of(brand: str, month: str) -> str:
    """Every recommendation that belongs to the report of a month ("2026-11"), by time."""
    return f"RECOMMENDATIONS#{brand}#{month}"
