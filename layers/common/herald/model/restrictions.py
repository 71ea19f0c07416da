"""What stands against an author who keeps at it, until when and why; and how a channel is moderated."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from herald.model.record import Record, record


class Measure(StrEnum):
    """What may be done about an author, beyond one message."""

    LIMIT = "limit"  # what they write in public waits for a person, hidden where the platform can hide
    BLOCK = "block"  # the platform lets them speak to this account no more


class Mode(StrEnum):
    """When a channel's messages are judged, against when the public sees them."""

    HOLD = "hold"  # what waits for a person is hidden meanwhile: as close to "before" as platforms allow
    AFTER = "after"  # what waits stays visible; rules hide what they are sure of
    REACTIVE = "reactive"  # no rule hides: a person does, on a report or on what a rule points out
    WATCH = "watch"  # as after, and Herald asks the platform itself, instead of only being told


@record
class Restriction(Record):
    """What stands, or stood last, against one author on one account. Never without an end.

    Attributes:
        account: "platform:id".
        by, at, reason, clause: who decided it, when, why, and the clause it rests on.
        message_id: the message that was the occasion.
        proposed: what the ladder proposed at that moment (moderate.ladder); a person chose `measure`.
        times: how many measures there were so far, with this one.
        act: the newest delivery ordered for it (block, unblock); older orders are superseded.
        ended_by: empty while it is in force; "expiry", or a person's id.
    """

    account: str
    author_id: str
    brand: str
    measure: Measure
    at: datetime
    until: datetime
    by: str
    reason: str
    clause: str
    message_id: str
    proposed: str
    times: int = 1
    act: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""
    ended_why: str = ""
    version: int = 0

    def stands(self, now: datetime) -> bool:
        return not self.ended_by and self.until > now


@record
class AuthorTally(Record):
    """What is known of an author on an account, in numbers: no word, no id of a message. It ends by itself (`ttl`).

    Attributes:
        hidden: how many of their messages stand hidden or deleted by a decision.
        advocate and the others: messages whose words spoke clearly for that persona; `removed`: taken from the public.
            In moderate.persona.weight, so that what is old counts less.
    """

    account: str
    author_id: str
    hidden: int = 0
    advocate: int = 0
    angry: int = 0
    complimentary: int = 0
    misguided: int = 0
    troll: int = 0
    unhappy: int = 0
    removed: int = 0


@record
class ThreadLock(Record):
    """Whether a thread of ours is closed to new comments, by the last word of a person.

    Attributes:
        account: "platform:id". thread_id: the post, as the platform names it.
        by, at, reason, clause: who closed or opened it, when, why, and the clause it rests on.
        message_id: the message that was the occasion; rule: what asked for it, empty where no rule did.
        times: how many such words there were so far, with this one.
        act: the newest delivery ordered for it (lock, unlock); older orders are superseded.
    """

    account: str
    thread_id: str
    brand: str
    closed: bool
    at: datetime
    by: str
    reason: str
    clause: str
    message_id: str
    rule: str = ""
    times: int = 1
    act: str = ""
    version: int = 0


@record
class ChannelMode(Record):
    """One saved version of how an account is moderated."""

    account: str
    number: int
    mode: Mode
    reason: str
    by: str
    at: datetime


def restrictions_list(brand: str) -> str:
    """The work list of a brand's restrictions in force, by when they end."""
    return f"W#restriction#{brand}"
