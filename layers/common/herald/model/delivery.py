"""One outgoing act on a platform: a reply, a hide, a block. The row is the truth, the queue only wakes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from herald.model.post import Media
from herald.model.record import record


class Act(StrEnum):
    REPLY = "reply"
    HIDE = "hide"
    UNHIDE = "unhide"
    DELETE = "delete"  # delete somebody's message
    BLOCK = "block"  # an author, on one account
    UNBLOCK = "unblock"
    LOCK = "lock"  # close a thread of ours to new comments
    UNLOCK = "unlock"
    PUBLISH = "publish"
    TAKE_DOWN = "take_down"  # delete a post of ours on the platform

    @property
    def of_a_post(self) -> bool:
        """Whether it carries a post of ours, rather than acting on somebody's message."""
        return self in (Act.PUBLISH, Act.TAKE_DOWN)

    @property
    def of_an_author(self) -> bool:
        """Whether it acts on a person rather than on one message."""
        return self in (Act.BLOCK, Act.UNBLOCK)

    @property
    def of_a_thread(self) -> bool:
        """Whether it acts on the thread that a message stands in."""
        return self in (Act.LOCK, Act.UNLOCK)


class DeliveryState(StrEnum):
    DUE = "due"
    SENDING = "sending"
    UNCONFIRMED = "unconfirmed"
    DONE = "done"
    FAILED = "failed"
    UNCLEAR = "unclear"  # it may or may not stand on the platform: only a person can tell
    SUPERSEDED = "superseded"

    @property
    def final(self) -> bool:
        return self in (
            DeliveryState.DONE,
            DeliveryState.FAILED,
            DeliveryState.UNCLEAR,
            DeliveryState.SUPERSEDED,
        )


@record
class Delivery:
    """Attributes:
    id: derived from what ordered it (the decision or the command), so that ordering twice makes one.
    target: external id of the message acted on; of a block, the author's id; of a lock, the id of the
        thread.
    due_at: when it must next be looked at: the release, the end of a back-off, of a lease, of settling.
    lease_until: while `sending`, nobody else touches it before this.
    attempt: number of calls begun; first_sent_at is when the first left.
    closed_at: when our socket of an unanswered call was closed for sure; settling counts from here.
    looked: how often an unknown outcome was looked up.
    external_id, url: proof; of a reply, its own id and address on the platform.
    reason: why it waits or failed, in words.
    post_id, content_hash, link, media, needs: of a publication, what was approved; message_id and target are empty then
        (of a take-down, target is the post's id on the platform).
    """

    id: str
    act: Act
    platform: str
    account_id: str
    brand: str
    message_id: str
    target: str
    text: str
    state: DeliveryState
    ordered_by: str
    ordered_at: datetime
    due_at: datetime
    case_id: str = ""
    lease_until: datetime | None = None
    attempt: int = 0
    first_sent_at: datetime | None = None
    looked: int = 0
    external_id: str = ""
    url: str = ""
    closed_at: datetime | None = None
    done_at: datetime | None = None
    reason: str = ""
    post_id: str = ""
    content_hash: str = ""
    link: str = ""
    media: tuple[Media, ...] = ()
    needs: tuple[str, ...] = ()
    version: int = 0
