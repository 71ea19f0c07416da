"""The right to show what a customer made: captured, asked, granted or refused, withdrawn. Each refuses in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from herald.errors import Refused
from herald.model import Message, RightState, UserContent

LABEL = "user_content"
"""The label by which a rule captures a message."""
ENDED = frozenset({RightState.REFUSED, RightState.WITHDRAWN})

_YES = re.compile(
    r"(?i)(?<!\w)(?:#yes\w*|yes|yep|yeah|sure|of course|go ahead|feel free|happy to|please do|you may|with pleasure)\b"
)
_NO = re.compile(r"(?i)\b(?:no|not|nope|never|rather not|don'?t|do not|please stop|won'?t)\b")


def content_id(message_id: str) -> str:
    """20 hex digits of a message's id."""
    return sha256(message_id.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def captured(message: Message, how: str, by: str, now: datetime) -> UserContent:
    """What a message shows, ours to ask for."""
    return UserContent(
        brand=message.brand, id=content_id(message.id), message_id=message.id,
        account=f"{message.platform}:{message.account_id}", author_id=message.author_id or "", how=how,
        captured_at=now, captured_by=by,
    )  # fmt: skip


def asked(content: UserContent, delivery_id: str, by: str, now: datetime) -> UserContent:
    """Raises Refused (state)."""
    if content.state is not RightState.CAPTURED:
        raise Refused("state", f"The right was {content.state} already; the customer is not asked twice.")
    return replace(content, state=RightState.ASKED, asked_at=now, asked_by=by, ask_id=delivery_id)


def granted(
    content: UserContent, *, evidence: str, note: str, platforms: Iterable[str], ends_at: datetime | None, credit: str,
    by: str, now: datetime,
) -> UserContent:  # fmt: skip
    """Raises Refused: state (withdrawn is for ever), input (no evidence, no scope, an end that has passed)."""
    scope = tuple(sorted(set(platforms)))
    if content.state is RightState.WITHDRAWN:
        raise Refused("state", "The customer withdrew this. It cannot be shown again.")
    if not evidence and not note:
        raise Refused("input", "Name the message that grants it, or say in words how it was granted.")
    if not scope:
        raise Refused("input", "Say on which platforms it may be shown.")
    if ends_at is not None and ends_at <= now:
        raise Refused("input", "The right would have ended already. Choose a later day, or none.")
    return replace(
        content, state=RightState.GRANTED, answered_at=now, answered_by=by, evidence=evidence, note=note,
        platforms=scope, ends_at=ends_at, credit=credit, reason="",
    )  # fmt: skip


def refused(content: UserContent, *, evidence: str, note: str, by: str, now: datetime) -> UserContent:
    """Raises Refused (state) for what was granted: that is withdrawn, not refused."""
    if content.state not in (RightState.CAPTURED, RightState.ASKED):
        raise Refused("state", f"The right was {content.state} already. Withdraw it instead.")
    return replace(
        content, state=RightState.REFUSED, answered_at=now, answered_by=by, evidence=evidence, note=note,
        ended_at=now, ended_by=by, reason=note,
    )  # fmt: skip


def withdrawn(content: UserContent, reason: str, by: str, now: datetime) -> UserContent:
    return replace(content, state=RightState.WITHDRAWN, ended_at=now, ended_by=by, reason=reason)


def obstacle(content: UserContent, platform: str, at: datetime) -> str:
    """Why it may not be shown there at this instant, in words; empty where it may."""
    if content.state is RightState.WITHDRAWN:
        return "The customer withdrew the right to show their content. Take it out of the post."
    if content.state is not RightState.GRANTED:
        return f"The right to show the customer's content is not granted ({content.state}). Ask first."
    if platform not in content.platforms:
        return f"The customer's right covers {', '.join(content.platforms)}, not {platform}."
    if content.ends_at is not None and content.ends_at <= at:
        return "The customer's right ends before this goes out. Ask anew or choose something else."
    return ""


def credit_line(content: UserContent) -> str:
    """What a post that shows it must say."""
    return f"With thanks to {content.credit}" if content.credit else ""


def consents(text: str) -> bool | None:
    """Whether an answer reads like a yes (True), a no (False) or neither (None). A hint only: a person confirms."""
    if _NO.search(text):
        return False
    return True if _YES.search(text) else None
