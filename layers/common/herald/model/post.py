"""What we say: a post with one master and a variant for each account it goes to, its approvals, and holds."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from herald.model.record import record


class TargetState(StrEnum):
    """Where one variant stands. While `releasing`, its delivery says more (due, sending, unconfirmed)."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    RELEASING = "releasing"
    PUBLISHED = "published"
    FAILED = "failed"
    UNCLEAR = "unclear"
    HELD = "held"
    CANCELLED = "cancelled"
    REMOVED = "removed"  # was published, then taken down by us

    @property
    def editable(self) -> bool:
        """Whether its words and time may still change (which sends it back to draft)."""
        return self in (
            TargetState.DRAFT,
            TargetState.IN_REVIEW,
            TargetState.APPROVED,
            TargetState.HELD,
            TargetState.FAILED,
            TargetState.CANCELLED,
        )


@record
class Media:
    """One image. `key` is where its bytes are kept; `sha256` is over the bytes; `size` is in bytes.

    `asset` is its id in the library, whose licence and rights the post then rests on; empty: it came from elsewhere.
    `address` is where a platform can fetch it for some minutes; only what is handed to an outlet has one, no row does.
    """

    key: str
    sha256: str
    mime: str
    size: int
    alt: str
    width: int = 0
    height: int = 0
    asset: str = ""
    address: str = ""


@record
class Post:
    """The master. `author` is a person's id; version grows with every command on the post or its targets.

    `needs` names what must be so when it goes out, as "kind:id" (flows/needs.py). `paid`: someone gives or gets money
    or goods for it, so that it must say so.
    """

    id: str
    brand: str
    author: str
    title: str
    text: str
    created_at: datetime
    link: str = ""
    media: tuple[Media, ...] = ()
    needs: tuple[str, ...] = ()
    paid: bool = False
    version: int = 0


@record
class Target:
    """One variant for one account.

    Attributes:
        account: "platform:id".
        text: own words; empty: the master's.
        local_time: wall clock "2026-11-24T09:30" in `zone` (IANA); due_at is the instant that was resolved from them.
        submitted_by: who asked for review; neither they nor the author approve.
        reason: why it was rejected, held, failed, cancelled; in words.
        external_id, url: proof of publication.
    """

    post_id: str
    account: str
    brand: str
    local_time: str
    zone: str
    due_at: datetime
    state: TargetState = TargetState.DRAFT
    text: str = ""
    submitted_by: str = ""
    reason: str = ""
    delivery_id: str = ""
    external_id: str = ""
    url: str = ""
    published_at: datetime | None = None
    version: int = 0

    @property
    def platform(self) -> str:
        return self.account.split(":", 1)[0]

    @property
    def account_id(self) -> str:
        return self.account.split(":", 1)[1]


@record
class Approval:
    """Someone answers for exactly this content on this account at this time. An edit makes another hash: voided."""

    post_id: str
    account: str
    content_hash: str
    by: str
    at: datetime


@record
class Hold:
    """Nothing of ours leaves these accounts while it is in force."""

    id: str
    brand: str
    accounts: tuple[str, ...]
    reason: str
    by: str
    at: datetime
    released_by: str = ""
    released_at: datetime | None = None
    version: int = 0


@record
class Note:
    """One line of a post's history: who did what when, in words."""

    post_id: str
    at: datetime
    by: str
    what: str
    account: str = ""
    text: str = ""


@record
class Used:
    """A link did what it was made for, once: `what` (approved, rejected) by whom, when. `nonce` is the link's."""

    post_id: str
    nonce: str
    what: str
    by: str
    at: datetime


def words_of(post: Post, target: Target) -> str:
    """The text as it will be published."""
    return target.text or post.text


def needs_of(post: Post) -> tuple[str, ...]:
    """All a post rests on: what it names, and the library's assets it shows."""
    return tuple(sorted({*post.needs, *(f"asset:{one.asset}" for one in post.media if one.asset)}))


def post_hash(post: Post, target: Target) -> str:
    """What an approval is for: account, words, link, images with their alt texts, the instant, and what it rests on.

    32 hex digits.
    """
    content = [
        target.account, words_of(post, target), post.link, [[m.sha256, m.alt] for m in post.media],
        target.due_at.isoformat(), *needs_of(post), *(["paid"] if post.paid else []),
    ]  # fmt: skip
    return sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()[:32]
