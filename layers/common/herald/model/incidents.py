"""Incidents: what may damage the brand, how grave it is and how far it reaches, what was done and learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from enum import StrEnum

from herald.model.care import Taken
from herald.model.record import Record, record


class Scope(StrEnum):
    """How far it reaches."""

    LOCAL = "local"
    NATIONAL = "national"
    INTERNATIONAL = "international"


class Gravity(StrEnum):
    """How grave it is; danger to people is always grave (CRISIS 1.3)."""

    MINOR = "minor"
    SERIOUS = "serious"
    GRAVE = "grave"


class IncidentState(StrEnum):
    RAISED = "raised"  # nobody has said yet how grave it is
    ASSESSED = "assessed"  # its steps are under way
    CLOSED = "closed"  # with its review


@record
class Review:
    """What is written down when it is over."""

    cause: str
    done: str
    lessons: str
    follow_up: str
    agreed_by: str  # who closed it


@record
class Incident(Record):
    """One incident.

    Attributes:
        cause: what it is about, in the words of whoever raised it, or of the detector.
        day: of the account that is furthest, the day it was raised.
        figures: what the detector saw (measure/alarm.py) when it raised it, or when it had grown to twice that; empty
            where a person raised it. `hours`, of the span it looked at, is not there in those of before.
        samples: ids of messages that show it, five at the most.
        level: 0 to 4, of gravity and scope (govern/crisis.py); the checklist is that of the level.
        hold: id of the hold that was declared for it.
    """

    brand: str
    id: str
    cause: str
    at: datetime
    by: str  # a person's id, or "detector"
    day: date
    figures: Mapping[str, int] = field(default_factory=dict)
    samples: tuple[str, ...] = ()
    state: IncidentState = IncidentState.RAISED
    gravity: Gravity | None = None
    scope: Scope | None = None
    level: int = 0
    assessed_by: str = ""
    assessed_at: datetime | None = None
    taken: tuple[Taken, ...] = ()
    hold: str = ""
    review: Review | None = None
    closed_at: datetime | None = None
    version: int = 0


def incidents_list(brand: str) -> str:
    """The work list of a brand's incidents that are not closed, by when they were raised."""
    return f"W#incident#{brand}"


def incidents_of(brand: str, month: str) -> str:
    """Every incident raised in a month ("2026-11", UTC), by time."""
    return f"INCIDENTS#{brand}#{month}"
