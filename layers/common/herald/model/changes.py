"""What a subject asks to be written: things and the state it expects them in. The store commits all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime

from herald.model.case import Case
from herald.model.decision import Decision
from herald.model.delivery import Delivery
from herald.model.govern import Acknowledgement, AuditEntry, Policy
from herald.model.measures import Response
from herald.model.message import Message
from herald.model.post import Approval, Hold, Note, Post, Target, Used
from herald.model.record import Record, record
from herald.model.reports import KeptReport, Mailing

Thing = Message | Case | Delivery | Acknowledgement | Post | Target | Approval | Hold | Used | KeptReport | Mailing


@record
class New:
    """Must not exist yet. With `once`, finding it there already is the ordinary answer, not an error."""

    thing: (
        Case | Delivery | Acknowledgement | Post | Target | Approval | Hold | Used | KeptReport | Mailing | Policy
        | Record
    )  # fmt: skip
    once: bool = False


@record
class Revised:
    """Replaces the row whose version is `was`; the store writes version `was + 1`."""

    thing: Message | Case | Delivery | Post | Target | Hold | Mailing | Record
    was: int


@record
class Counted:
    """Adds to one rollup row (account, day): metric -> difference. Zero differences are dropped.

    Attributes:
        fired: how often rules held (moderate.rules.fired), in the same row: counting them is no write of its own.
    """

    account: str
    day: str
    add: Mapping[str, int]
    fired: Mapping[str, int] = field(default_factory=dict)


@record
class Acted:
    """The full record of a decision other than allow, with the words it judged, kept while the action stands."""

    message_id: str
    brand: str
    text: str
    decision: Decision


@record
class Posted:
    """This id on the platform is the result of this delivery and of no other. Must not be claimed yet."""

    platform: str
    external_id: str
    delivery_id: str


@record
class NotHeld:
    """Only if no hold is in force on this account's gate row."""

    account: str


@record
class Gated:
    """Puts a hold on an account's gate row, or takes it off; finding it so already is no error."""

    account: str
    hold_id: str
    on: bool


@record
class IsApproved:
    """Only if this very content of this post is approved for this account."""

    post_id: str
    account: str
    content_hash: str


@record
class StillOrdered:
    """Only if this delivery is still the newest act ordered on the message."""

    message_id: str
    delivery_id: str


@record
class Still:
    """Only if this record is at the version it was read at. Writes nothing."""

    thing: Record


@record
class InForce:
    """A policy's versions gain one, in force from a day on; `was` is the newest version until now, 0 for none."""

    policy_id: str
    version: int
    effective_from: date
    was: int


@record
class Tallied:
    """Adds to numbers of a record's row, by its place (store/shelves.py). Not idempotent by itself: commit it together
    with a New that can happen once, or with the row that says what it has added.

    Attributes:
        until: when the row ends, if nothing is added before.
    """

    kind: type[Record]
    place: tuple[object, ...]
    add: Mapping[str, int]
    until: datetime | None = None


Change = (
    New
    | Revised
    | Acted
    | Posted
    | Counted
    | Gated
    | NotHeld
    | IsApproved
    | StillOrdered
    | Still
    | InForce
    | Tallied
    | Note
    | Response
    | AuditEntry
)
