"""Making events that every store accepts: bounded text, and a place for what we cannot read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from herald.errors import BadPayload
from herald.model import Change, Event, Kind
from herald.platforms.wire import strict

MAX_TEXT = 10_000
"""Characters kept of a text; longer ones are cut and say so in more["cut"]."""


def bounded(text: str, more: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The text cut to MAX_TEXT, and `more` without its empty values, plus `cut` where that happened."""
    kept = {key: value for key, value in more.items() if value not in (None, "", [])}
    return (text, kept) if len(text) <= MAX_TEXT else (text[:MAX_TEXT], {**kept, "cut": True})


def made_at(value: object) -> str:
    """When an account was made, as ISO 8601; empty where it is not told, or is no time, for the message counts more."""
    try:
        at = strict.optional_time(value, "made at")
    except BadPayload:
        return ""
    return at.isoformat() if at else ""


def unknown(
    platform: str,
    account_id: str,
    value: object,
    at: datetime | None,
    *,
    change: Change = Change.UNKNOWN,
    why: str = "",
) -> Event:
    """An event for what we have no word for, or cannot read (`why`): kept whole, so that nothing is lost.

    Its id is a hash of the raw value, so a redelivery is the same event, and no real message's row is touched.
    `created_at` is the epoch where no time is known.
    """
    text, digest = strict.raw(value)
    more = {"raw": text, "raw_cut": len(text) == strict.MAX_RAW or None, "unreadable": why[:300]}
    return Event(
        platform=platform,
        account_id=account_id,
        external_id=digest,
        author_id=None,
        text="",
        kind=Kind.UNKNOWN,
        change=change,
        parent_id=None,
        created_at=at or strict.EPOCH,
        more=bounded("", more)[1],
    )
