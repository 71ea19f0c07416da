"""A generic source: any system that can sign JSON. The format is ours; docs/platforms.md describes it.

    POST /webhooks/{connection}
    X-Herald-Signature: t=<Unix seconds>,v1=<hex HMAC-SHA256 of "<t>." + body>

    {"account_id": "shop-1",
     "events": [{"id": "77", "kind": "comment", "change": "created", "text": "...", "author_id": "u1",
                 "author_name": "Ada", "parent_id": "70", "created_at": "2026-10-01T09:00:00Z"}]}

Ids are the sender's own; Herald's external_id is `account_id:id`. `parent_id` names what it belongs to, as sent.

`Stripe-Signature` with the same content is accepted in its place, for systems that already sign that way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from herald.errors import BadPayload, BadSignature
from herald.model import Change, Event, Kind
from herald.platforms.wire import TellsOnly
from herald.platforms.wire.events import MAX_TEXT
from herald.platforms.wire.signatures import SCHEMES, check
from herald.platforms.wire.strict import (
    items,
    need_id,
    obj,
    optional_id,
    optional_text,
    optional_time,
    read_json,
    whole,
)
from herald.ports import Capabilities

NAME = "webhook"
MAX_EVENTS = 1_000
CAPABILITIES = Capabilities(
    acts=frozenset(),
    reply_limit=None,
    settle_seconds=0,
    sources=MappingProxyType({"acts": "our own format, 2026-11-22: it only brings messages in"}),
)

_KEYS = frozenset({"id", "kind", "change", "text", "author_id", "author_name", "parent_id", "created_at"})
_Word = TypeVar("_Word", bound=StrEnum)


class Webhook(TellsOnly):
    """Source of signed JSON; as an Outlet it can do nothing, so its work becomes tasks for a person."""

    name = NAME
    capabilities = CAPABILITIES

    def verify(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
        """Check X-Herald-Signature, or Stripe-Signature where only that is sent. Raises BadSignature."""
        sent = {name.lower() for name in headers}
        stripe = "stripe-signature" in sent and "x-herald-signature" not in sent
        check(SCHEMES["stripe" if stripe else NAME], body, headers, secrets, now)

    def challenge(self, query: Mapping[str, str], verify_token: str, secrets: Sequence[str]) -> str:
        """There is no handshake. Raises BadSignature, always."""
        raise BadSignature("webhook has no handshake: just send signed POSTs")

    def parse(self, body: bytes) -> list[Event]:
        """Events in the order given. One wrong event refuses the whole body, with its path. Raises BadPayload."""
        try:
            top = obj(read_json(body), "body")
            _known(top, frozenset({"account_id", "events"}), "body")
            account_id = need_id(top.get("account_id"), "account_id")
            found = list(items(top.get("events"), "events"))
            if len(found) > MAX_EVENTS:
                raise BadPayload(f"events: {len(found)} in one body, at most {MAX_EVENTS}: send several")
            return [_event(account_id, value, path) for path, value in found]
        except BadPayload as error:
            raise BadPayload(f"{NAME}: {error}") from error


def _event(account_id: str, value: object, path: str) -> Event:
    one = obj(value, path)
    _known(one, _KEYS, path)
    change = _word(Change, one.get("change", "created"), f"{path}.change")
    text = "" if change is Change.DELETED else optional_text(one.get("text"), f"{path}.text")
    if len(text) > MAX_TEXT:
        raise BadPayload(f"{path}.text: {len(text)} characters, at most {MAX_TEXT}")
    created_at = optional_time(one.get("created_at"), f"{path}.created_at")
    if created_at is None:
        raise BadPayload(f"{path}.created_at: a time expected, found none")
    return Event(
        platform=NAME,
        account_id=account_id,
        external_id=f"{account_id}:{need_id(one.get('id'), f'{path}.id')}",  # two senders may both count from 1
        author_id=optional_id(one.get("author_id"), f"{path}.author_id"),
        text=text,
        kind=_word(Kind, one.get("kind"), f"{path}.kind"),
        change=change,
        parent_id=optional_id(one.get("parent_id"), f"{path}.parent_id"),
        created_at=created_at,
        author_name=optional_text(one.get("author_name"), f"{path}.author_name")[:200] or None,
    )


def _known(value: Mapping[str, Any], keys: frozenset[str], path: str) -> None:
    for key in value:
        if key not in keys:
            raise BadPayload(f"{path}: unknown key {whole(key)[:80]!r}; known are {', '.join(sorted(keys))}")


def _word(words: type[_Word], value: object, path: str) -> _Word:
    found = next((word for word in words if word == value), None)
    if found is None:
        raise BadPayload(f"{path}: one of {', '.join(words)} expected")
    return found
