"""What people say to us: an Event is one change a platform told us of, a Message is what we hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from herald.model.decision import Decision
from herald.model.record import record


class Kind(StrEnum):
    """What a thing is, in one vocabulary for all platforms."""

    COMMENT = "comment"
    MENTION = "mention"
    DM = "dm"
    REVIEW = "review"
    POST = "post"
    REACTION = "reaction"
    SHARE = "share"
    FOLLOW = "follow"
    FEED_ENTRY = "feed_entry"
    ORDER = "order"
    PRODUCT = "product"
    INVENTORY = "inventory"
    PUBLISH_RESULT = "publish_result"
    STATUS = "status"
    ACCOUNT = "account"
    SYSTEM = "system"
    UNKNOWN = "unknown"


class Change(StrEnum):
    """What happened to it. `outbound` is the echo of our own act."""

    CREATED = "created"
    EDITED = "edited"
    DELETED = "deleted"
    HIDDEN = "hidden"
    UNHIDDEN = "unhidden"
    OUTBOUND = "outbound"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


SPOKEN = frozenset({Kind.COMMENT, Kind.MENTION, Kind.DM, Kind.REVIEW, Kind.POST})
"""Kinds that carry words from a person to us: these are judged. The others are facts, kept and counted."""


@record
class Event:
    """One change of one thing, as the platform told it, normalised.

    Attributes:
        external_id: the platform's own id as a string, made unique where it is not.
        author_id: the stable id; None where withheld or deleted.
        text: plain text; empty for what has none.
        parent_id: what it answers or belongs to.
        created_at: the time of this very change, UTC.
        received_at: when we got it, UTC; None until ingest stamps it.
        more: what this platform adds (thread_id, rating, reaction, permalink, raw ...), JSON values only.
    """

    platform: str
    account_id: str
    external_id: str
    author_id: str | None
    text: str
    kind: Kind
    change: Change
    parent_id: str | None
    created_at: datetime
    received_at: datetime | None = None
    author_name: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def message_id(self) -> str:
        """Herald's id of the thing: `platform:external_id`."""
        return f"{self.platform}:{self.external_id}"


@record
class Message:
    """What we hold of one thing said to us: the newest content and visibility, whatever the order of arrival.

    Attributes:
        stamp: order of the content we hold: `time|rank|hash`; greater wins. Empty: no content seen yet.
        seen_stamp: the same for visibility.
        hidden: what the platform last said of visibility; None if it never said.
        deleted: a tombstone; text is empty.
        outbound: our own words, echoed; never judged.
        pending: content hash awaiting judgement; empty when nothing waits.
        counted: the contribution to the rollups that is in them now (measure.counts); empty when none.
        tallied: what of it stands in its author's numbers now (model.restrictions.AuthorTally), names by a space.
        act: id of the newest delivery ordered on this message (hide, unhide); older orders are superseded.
        attempts: how often judging failed; parked_until is when it is tried again.
        version: grows by one at every write.
    """

    platform: str
    account_id: str
    external_id: str
    kind: Kind
    author_id: str | None
    author_name: str | None
    text: str
    parent_id: str | None
    created_at: datetime
    changed_at: datetime
    received_at: datetime
    brand: str = ""
    stamp: str = ""
    seen_stamp: str = ""
    edited: bool = False
    deleted: bool = False
    hidden: bool | None = None
    outbound: bool = False
    pending: str = ""
    counted: str = ""
    tallied: str = ""
    decision: Decision | None = None
    case_id: str = ""
    act: str = ""
    attempts: int = 0
    parked_until: datetime | None = None
    error: str = ""
    version: int = 0
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.platform}:{self.external_id}"

    @property
    def content_hash(self) -> str:
        """What a decision is keyed by: an edit that changes the words changes it."""
        return content_hash(self.text, deleted=self.deleted)


def thread_of(message: Message) -> str:
    """The post that a comment stands under, as its platform names it; empty where that is not told."""
    told = message.more.get("thread_id") if message.kind is Kind.COMMENT else None
    return told if isinstance(told, str) else ""


def content_hash(text: str, *, deleted: bool = False) -> str:
    """16 hex digits over the words (or the fact of deletion); enough to tell two contents of one message apart."""
    return "deleted" if deleted else sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
