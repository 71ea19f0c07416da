"""What the core asks of the outside. Flows reach stores and platforms only through these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from herald.model import (
    Account,
    Acknowledgement,
    Act,
    AuditEntry,
    Case,
    Connection,
    Credentials,
    Decision,
    Delivery,
    Event,
    Message,
    Person,
    Policy,
    StateChange,
    Targets,
    Work,
)

# ---------------------------------------------------------------- platforms


class Source(Protocol):
    """A platform that sends us messages."""

    name: str

    def verify(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
        """Check the signature over the raw bytes; header names are lower-case. Raises BadSignature."""

    def challenge(self, query: Mapping[str, str], verify_token: str, secrets: Sequence[str]) -> str:
        """The response body to a handshake. Raises BadSignature when the token is not ours."""

    def parse(self, body: bytes) -> list[Event]:
        """Events in delivery order; what is no message yields nothing. Raises BadPayload."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can do, as data; composer, sheet and docs are made from it.

    Attributes:
        acts: acts the API offers on a message of theirs.
        reply_limit: characters of a reply, None where there is no reply.
        settle_seconds: how long after our socket closed a late acceptance may still appear.
        sources: where each fact was read, with date.
    """

    acts: frozenset[Act]
    reply_limit: int | None
    settle_seconds: int
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proof:
    """Positive evidence that an act stands on the platform: the id and address it has there."""

    external_id: str
    url: str = ""


class Outlet(Protocol):
    """A platform we can act on. Every method raises the PlatformError that says what to do next."""

    name: str
    capabilities: Capabilities

    def act(self, delivery: Delivery, account: Account, token: str) -> Proof:
        """Do it once. OutcomeUnknown when the line dropped after the request left."""

    def find(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        """Evidence that the act already stands: none, one, or several (a person must tell)."""


# ---------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows and where to go on; cursor None at the end."""

    items: tuple[Message | Case, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The rule set in force: YAML text and the number it was saved under."""

    text: str
    version: int


class Store(Protocol):
    """All state. Methods say what they guarantee; "already there" is an ordinary answer."""

    # messages
    def apply(self, event: Event, brand: str, received_at: datetime) -> bool:
        """Merge one event into its row; False: the row already held something newer or the same.

        Order-independent: content and visibility each keep their own newest (time, rank, hash); a tombstone wins
        over everything older or equal and clears the text. A change of content marks the row pending.
        """

    def keep_unclaimed(self, event: Event, connection: str, received_at: datetime) -> None:
        """An authentic event for an account the connection does not own; kept 30 days, idempotent."""

    def message(self, message_id: str) -> Message | None: ...

    def messages(self, message_ids: Iterable[str]) -> dict[str, Message]: ...

    def feed(self, account: str, day: str, *, limit: int = 50, cursor: str | None = None) -> Page:
        """Messages of an account ("platform:id") by UTC day received first, newest first."""

    def acted(self, brand: str, month: str, *, limit: int = 50, cursor: str | None = None) -> Page:
        """Messages of a brand on which something other than allow was decided, newest decision first."""

    def parked(self, before: datetime, limit: int = 100) -> list[Message]:
        """Messages whose judging failed and whose next try is due."""

    def park(self, message: Message, error: str, until: datetime) -> None:
        """Record the failure on the message's own row; attempts grow by one."""

    # cases
    def case(self, case_id: str) -> Case | None: ...

    def cases(self, ids: Iterable[str]) -> dict[str, Case]: ...

    def open_cases(self, brand: str, work: Work, *, limit: int = 50, cursor: str | None = None) -> Page:
        """Cases not resolved, by deadline, nearest first."""

    # deliveries
    def delivery(self, delivery_id: str) -> Delivery | None: ...

    def due_deliveries(self, before: datetime, limit: int = 100) -> list[Delivery]:
        """Deliveries not final whose due_at has come: to release, to retry, to look up, or left by a crash."""

    def claimed(self, platform: str, external_ids: Iterable[str]) -> dict[str, str]:
        """Which of these ids are already known to be the result of a delivery: external id -> delivery id."""

    # settings
    def connection(self, connection_id: str) -> Connection | None: ...

    def account(self, platform: str, account_id: str) -> Account | None: ...

    def accounts(self) -> list[Account]: ...

    def rules(self) -> Rules | None: ...

    def targets(self) -> Targets: ...

    def policy(self, policy_id: str, version: int | None = None) -> Policy | None:
        """That version, or the newest in force."""

    def policies(self) -> list[Policy]:
        """The newest version of each."""

    def person(self, person_id: str) -> Person | None: ...

    def people(self) -> list[Person]: ...

    def acknowledgement(self, person_id: str, policy_id: str, version: int) -> Acknowledgement | None: ...

    # numbers and audit
    def history(self, message_id: str) -> list[tuple[Decision, str]]:
        """Every decision other than allow on a message with the words it judged, oldest first."""

    def counts(self, account: str, first_day: str, last_day: str) -> dict[str, dict[str, int]]:
        """day -> metric -> count for the days that have any."""

    def audit_head(self, chain: str) -> AuditEntry | None:
        """The newest entry of a chain."""

    def audit_of(self, chain: str, *, after: int = 0, limit: int = 100) -> list[AuditEntry]: ...

    # writing
    def commit(self, changes: Sequence[StateChange]) -> None:
        """All or nothing. Raises Stale (something expected is not so; nothing written) or Conflict (retry)."""


class Archive(Protocol):
    """Raw bodies that were authentic but unreadable, kept for replay."""

    def keep(self, connection: str, body: bytes, reason: str, at: datetime) -> str:
        """Store once per content; returns its key."""


class Wake(Protocol):
    """Wake-ups for deliveries; lost ones cost at most a minute, the schedule finds the row."""

    def __call__(self, delivery: Delivery) -> None: ...


class Secrets(Protocol):
    def __call__(self, ref: str) -> Credentials:
        """The credentials kept under this name now. Raises NeedsLogin when there are none."""
