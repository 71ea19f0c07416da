"""Recommendations: what should change, what it rests on, who does it by when, and what it brought."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from herald.model.record import Record, record


class RecommendationState(StrEnum):
    OPEN = "open"
    ACTED = "acted"  # done; its effect is not known yet
    MEASURED = "measured"


@record
class Effect:
    """A measure over as many days before and after the day it was acted on, in thousandths; None: no such number.

    Attributes:
        why: what a reader must know, for example why a number is missing.
    """

    days: int
    before_x1000: int | None
    after_x1000: int | None
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
        owner: id of the person who does it, by `due`.
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
    version: int = 0


def recommendations_list(brand: str) -> str:
    """A brand's recommendations whose effect is not measured yet, by due day."""
    return f"W#recommendation#{brand}"


def recommendations_of(brand: str, month: str) -> str:
    """Every recommendation recorded in a month ("2026-11", UTC), by time."""
    return f"RECOMMENDATIONS#{brand}#{month}"
