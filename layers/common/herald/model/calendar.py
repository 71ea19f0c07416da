"""What stands on the calendar beside posts, and the checks that drafts must pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from enum import StrEnum

from herald.model.record import Record, record


class DayKind(StrEnum):
    EVENT = "event"
    PROMOTION = "promotion"
    MILESTONE = "milestone"
    HOLIDAY = "holiday"
    KEY_DATE = "key_date"


@record
class DayMark(Record):
    """A day or some days on a brand's calendar; `local_time` and `zone` where it is a moment of the first of them.

    Attributes:
        owner: id of the person who answers for it; empty: nobody does.
        lead_days: days before the first one on which work on it must have begun.
        done: a milestone that was reached; then nothing of it is late.
        removed: taken off the calendar; the row stays for whoever asks later.
    """

    brand: str
    id: str
    kind: DayKind
    title: str
    first_day: date
    last_day: date
    local_time: str = ""  # "09:30"
    zone: str = ""  # IANA
    owner: str = ""
    lead_days: int = 0
    note: str = ""
    done: bool = False
    removed: bool = False
    by: str = ""
    at: datetime | None = None
    version: int = 0


@record
class CheckPolicy(Record):
    """One version of what a brand's drafts and replies are checked for (publish/writing.py names the rules).

    Attributes:
        number: 1, 2, 3 ...; the newest is in force, none is ever changed.
        blocking: rules that stop a post at submission and approval; the others advise.
        off: rules nobody asks.
        brand_words: words that are spelled right here, whatever a dictionary says.
        own_contacts: addresses and numbers that are the brand's own, so nobody's personal data.
        clauses: rule -> the clause it enforces, e.g. "SOCIAL 4.2"; the law behind it stands in publish/writing.py.
    """

    brand: str
    number: int
    blocking: frozenset[str]
    off: frozenset[str] = frozenset()
    brand_words: tuple[str, ...] = ()
    banned: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    own_contacts: tuple[str, ...] = ()
    clauses: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    at: datetime | None = None


@record
class Waiver(Record):
    """A second person lets one rule's finding stand on exactly these words; an edit makes another `mark`."""

    post_id: str
    rule: str
    mark: str
    reason: str
    by: str
    at: datetime
