"""What may happen to a variant. Pure; each refuses in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from herald.errors import Refused
from herald.model import (
    Act,
    Delivery,
    DeliveryState,
    Person,
    Post,
    Target,
    TargetState,
    needs_of,
    post_hash,
    words_of,
)
from herald.publish.schedule import due_at

LATE = timedelta(minutes=15)
"""Past this, nobody wants a post to go out by itself any more: a person decides."""


def rewritten(old: Target, text: str, local_time: str, zone: str) -> Target:
    """With new words or another time, back to draft. Raises Refused (state) for what is out, (input) for its time."""
    if not old.state.editable:
        raise Refused("state", f"The variant for {old.account} is {old.state} and cannot be changed any more.")
    return replace(
        old, text=text, local_time=local_time, zone=zone, due_at=_instant(local_time, zone), state=TargetState.DRAFT,
        submitted_by="", reason="", delivery_id="",
    )  # fmt: skip


def fresh(post: Post, account: str, text: str, local_time: str, zone: str) -> Target:
    """A new variant in draft. Raises Refused (input)."""
    return Target(post.id, account, post.brand, local_time, zone, _instant(local_time, zone), text=text)


def submitted(targets: Iterable[Target], by: Person) -> list[Target]:
    """Those in draft, now in review. Raises Refused (state) when there are none."""
    drafts = [t for t in targets if t.state is TargetState.DRAFT]
    if not drafts:
        raise Refused("state", "Nothing here is in draft.")
    return [replace(t, state=TargetState.IN_REVIEW, submitted_by=by.id, reason="") for t in drafts]


def approved(post: Post, targets: Iterable[Target], by: Person, now: datetime) -> list[Target]:
    """Those in review, now approved. Raises Refused: state, second_person, input (its time has passed)."""
    waiting = [t for t in targets if t.state is TargetState.IN_REVIEW]
    if not waiting:
        raise Refused("state", "Nothing here waits for approval.")
    for target in waiting:
        if by.id in (post.author, target.submitted_by):
            raise Refused("second_person", "You wrote or submitted this. Someone else must approve it.")
        if target.due_at <= now:
            raise Refused("input", f"The time for {target.account} has passed. Move it first.")
    return [replace(t, state=TargetState.APPROVED, reason="") for t in waiting]


def rejected(targets: Iterable[Target], reason: str) -> list[Target]:
    """Those in review or approved, back in draft with the reason. Raises Refused (state)."""
    waiting = [t for t in targets if t.state in (TargetState.IN_REVIEW, TargetState.APPROVED)]
    if not waiting:
        raise Refused("state", "Nothing here waits for approval or release.")
    return [replace(t, state=TargetState.DRAFT, reason=reason) for t in waiting]


def moved(target: Target, local_time: str, zone: str, by: Person) -> Target:
    """At another time. What was approved, held or failed goes back to review; a draft stays a draft.

    Raises Refused (state, input).
    """
    if not target.state.editable or target.state is TargetState.CANCELLED:
        raise Refused("state", f"The variant for {target.account} is {target.state} and cannot be moved.")
    back = TargetState.DRAFT if target.state is TargetState.DRAFT else TargetState.IN_REVIEW
    submitter = "" if back is TargetState.DRAFT else by.id
    return replace(
        target, local_time=local_time, zone=zone, due_at=_instant(local_time, zone), state=back,
        submitted_by=submitter, reason="", delivery_id="",
    )  # fmt: skip


def cancelled(target: Target, reason: str) -> Target:
    """Will not be published. Raises Refused (state) for what is on its way or out."""
    if not target.state.editable:
        raise Refused("state", f"The variant for {target.account} is {target.state}. Take it down instead.")
    return replace(target, state=TargetState.CANCELLED, reason=reason)


def too_late(target: Target, now: datetime) -> bool:
    return now - target.due_at > LATE


def _instant(local_time: str, zone: str) -> datetime:
    try:
        return due_at(local_time, zone)
    except ValueError as error:
        raise Refused("input", f"{error}.") from None


def publication(post: Post, target: Target, now: datetime) -> Delivery:
    """The delivery of an approved variant; one for each content that was approved."""
    content = post_hash(post, target)
    return Delivery(
        id=f"publish~{post.id}~{target.account}~{content}", act=Act.PUBLISH, platform=target.platform,
        account_id=target.account_id, brand=post.brand, message_id="", target="", text=words_of(post, target),
        state=DeliveryState.DUE, ordered_by=target.submitted_by or post.author, ordered_at=now, due_at=now,
        post_id=post.id, content_hash=content, link=post.link, media=post.media, needs=needs_of(post),
    )  # fmt: skip
