"""Breaches of written policy, by staff or customers, and the path by which one that nobody acknowledges climbs."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from herald.model.decision import ClauseRef
from herald.model.govern import Role
from herald.model.record import Record, record


class BreachKind(StrEnum):
    """Whose breach it is; each climbs its own path."""

    STAFF = "staff"
    CUSTOMER = "customer"


class BreachState(StrEnum):
    OPEN = "open"  # nobody acknowledged it: it climbs
    ACKNOWLEDGED = "acknowledged"  # somebody deals with it
    CLOSED = "closed"  # with its outcome


@record
class EscalationStep:
    """One step of a path.

    Attributes:
        minutes: by the wall clock, until what nobody acknowledged climbs on; the last step keeps it.
        delegate: id of the person who stands in for the role, through `delegate_until` (None: until changed).
        after_hours: role that is asked outside the path's hours; None: the same.
    """

    role: Role
    minutes: int
    delegate: str = ""
    delegate_until: date | None = None
    after_hours: Role | None = None


@record
class EscalationPath(Record):
    """One saved version of the path that breaches of one kind climb. Never changed, only followed by the next.

    Attributes:
        number: 0 is the one that is shipped.
        hours, zone: when the steps' own roles are at work (care.hours), and where.
    """

    brand: str
    kind: BreachKind
    number: int
    steps: tuple[EscalationStep, ...]
    hours: str
    zone: str
    by: str
    at: datetime


@record
class Climb:
    """A step nobody acknowledged in time: when it was left, and for which."""

    at: datetime
    to: int


@record
class Breach(Record):
    """What somebody did against a clause, and what came of it.

    Attributes:
        about: staff: id of the person; customer: id of the author, or the name they go by.
        ref: "message:<id>" or "post:<id>" it shows in; may be empty.
        words: what happened, in the words of whoever recorded it.
        path: number of the path it climbs; `step` is where on it, from 0; `since` when that step began.
        climbs_at: when it climbs on unless somebody acknowledges it; None once somebody did, and at the top.
    """

    brand: str
    id: str
    kind: BreachKind
    about: str
    ref: str
    clause: ClauseRef
    words: str
    by: str
    at: datetime
    path: int
    step: int
    since: datetime
    climbs_at: datetime | None
    state: BreachState = BreachState.OPEN
    climbs: tuple[Climb, ...] = ()
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    outcome: str = ""
    closed_by: str = ""
    closed_at: datetime | None = None
    version: int = 0


def breaches_list(brand: str) -> str:
    """The work list of a brand's breaches that are not closed: those that climb by when, then the others."""
    return f"W#breach#{brand}"


def breaches_of(brand: str, month: str) -> str:
    """Every breach recorded in a month ("2026-11", UTC), by time."""
    return f"BREACHES#{brand}#{month}"
