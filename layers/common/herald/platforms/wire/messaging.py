"""Items of `messaging[]` and `standby[]`: direct messages as Meta's Pages and Messenger deliver them.

Read 2026-11-21: developers.facebook.com/docs/messenger-platform/reference/webhook-events. Times are milliseconds in
real events and short strings of seconds in the ones that the app dashboard's "Test" button sends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from herald.errors import BadPayload
from herald.model import Change, Event, Kind
from herald.platforms.wire.events import bounded, unknown
from herald.platforms.wire.strict import items, need_id, obj, optional_id, optional_text, optional_time, optional_url

_REACTED = {"react": Change.CREATED, "unreact": Change.DELETED}


def read(
    platform: str, account_id: str, entry_at: datetime | None, value: object, path: str, *, standby: bool = False
) -> Event:
    """One event of one item; what is no message, reaction or receipt is unknown, with its raw form kept.

    `parent_id` is our own id in the conversation, more["thread_id"] the other side's. Raises BadPayload.
    """
    item = obj(value, path)
    at = optional_time(item.get("timestamp"), f"{path}.timestamp") or entry_at
    if at is None:
        raise BadPayload(f"{path}.timestamp: neither the item nor its entry names a time")
    sender, recipient = (_party(item, side, path) for side in ("sender", "recipient"))
    said = _Said(platform, account_id, at, sender, recipient, standby)
    for key, reader in _READERS.items():
        if item.get(key) is not None:
            return reader(said, obj(item[key], f"{path}.{key}"), f"{path}.{key}")
    return unknown(platform, account_id, item, at)


def _party(item: dict[str, Any], side: str, path: str) -> str | None:
    if item.get(side) is None:
        return None
    return optional_id(obj(item[side], f"{path}.{side}").get("id"), f"{path}.{side}.id")


@dataclass(frozen=True, slots=True)
class _Said:
    """What all items of a conversation share."""

    platform: str
    account_id: str
    at: datetime
    sender: str | None
    recipient: str | None
    standby: bool

    def event(self, kind: Kind, change: Change, external_id: str, text: str, *, parent: str = "", **more: Any) -> Event:
        other = self.recipient if change is Change.OUTBOUND else self.sender
        text, kept = bounded(text, {"thread_id": other, "standby": self.standby or None, **more})
        return Event(
            platform=self.platform,
            account_id=self.account_id,
            external_id=external_id,
            author_id=self.sender,
            text=text,
            kind=kind,
            change=change,
            parent_id=parent or self.account_id,
            created_at=self.at,
            more=kept,
        )


def _message(said: _Said, value: dict[str, Any], path: str) -> Event:
    mid = need_id(value.get("mid"), f"{path}.mid")
    deleted = value.get("is_deleted") is True
    change = Change.DELETED if deleted else Change.OUTBOUND if value.get("is_echo") is True else Change.CREATED
    text = "" if deleted else optional_text(value.get("text"), f"{path}.text")
    answers = value.get("reply_to")
    return said.event(
        Kind.DM, change, mid, text,
        attachments=_attachments(value.get("attachments"), f"{path}.attachments"),
        reply_to=optional_id(answers.get("mid"), f"{path}.reply_to.mid") if isinstance(answers, dict) else None,
    )  # fmt: skip


def _attachments(value: object, path: str) -> list[dict[str, str]]:
    """Type and address of the first twenty."""
    if value is None:
        return []
    kept = []
    for at, item in list(items(value, path))[:20]:
        one = obj(item, at)
        payload = one.get("payload")
        url = optional_url(payload.get("url") if isinstance(payload, dict) else one.get("url"))
        kept.append({"type": optional_text(one.get("type"), f"{at}.type")[:40]} | ({"url": url} if url else {}))
    return kept


def _edit(said: _Said, value: dict[str, Any], path: str) -> Event:
    mid = need_id(value.get("mid"), f"{path}.mid")
    edits = optional_id(value.get("num_edit"), f"{path}.num_edit")  # a string of digits
    return said.event(Kind.DM, Change.EDITED, mid, optional_text(value.get("text"), f"{path}.text"), num_edit=edits)


def _reaction(said: _Said, value: dict[str, Any], path: str) -> Event:
    mid = need_id(value.get("mid"), f"{path}.mid")
    name = optional_text(value.get("reaction"), f"{path}.reaction")[:40]
    emoji = optional_text(value.get("emoji"), f"{path}.emoji")[:40]
    change = _REACTED.get(optional_text(value.get("action"), f"{path}.action"), Change.UNKNOWN)
    author = need_id(said.sender, f"{path}: sender.id")
    return said.event(Kind.REACTION, change, f"{mid}:{author}", emoji or name, parent=mid, reaction=name)


def _postback(said: _Said, value: dict[str, Any], path: str) -> Event:
    """A button pressed: its title is what the person said."""
    mid = optional_id(value.get("mid"), f"{path}.mid")
    stamp = int(said.at.timestamp() * 1000)
    title = optional_text(value.get("title"), f"{path}.title")
    return said.event(Kind.DM, Change.CREATED, mid or f"postback:{said.sender}:{stamp}", title, postback=True)


def _receipt(name: str) -> Callable[[_Said, dict[str, Any], str], Event]:
    def read_receipt(said: _Said, value: dict[str, Any], path: str) -> Event:
        mark = need_id(value.get("watermark") or value.get("mid"), f"{path}.watermark")  # Instagram names the message
        return said.event(Kind.STATUS, Change.CREATED, f"{name}:{said.sender}:{mark}", "", status=name)

    return read_receipt


_READERS: Mapping[str, Callable[[_Said, dict[str, Any], str], Event]] = {
    "message": _message,
    "message_edit": _edit,
    "reaction": _reaction,
    "postback": _postback,
    "delivery": _receipt("delivery"),
    "read": _receipt("read"),
}
