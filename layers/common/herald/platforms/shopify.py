"""Shopify: stock and orders of a shop, pushed to us. Nothing can be published or answered there.

    POST /webhooks/{connection}
    X-Shopify-Hmac-SHA256: base64 of HMAC-SHA256(client secret, raw body)

Topics: inventory_levels/update, orders/create, orders/paid, orders/cancelled. Topic, shop and the webhook's own id
stand in headers that nobody signs, so none is believed: what a body is, its own fields say; a connection has one shop
(one app, one secret); and what was told before is known by what it says. Of an order only facts are read: when, how
much, and by which campaign or code it came; no name, address, e-mail or product.
Source: shopify.dev/docs/api/webhooks; shapes as in Shopify/shopify_python_api:test/fixtures, read 2026-11.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from herald.errors import BadPayload, BadSignature
from herald.model import Change, Event, Kind
from herald.platforms.wire import TellsOnly
from herald.platforms.wire.signatures import SCHEMES, check
from herald.platforms.wire.strict import items, need_id, obj, optional_text, optional_time, read_json
from herald.ports import Capabilities
from herald.publish.shop import AMOUNT

NAME = "shopify"
CAPABILITIES = Capabilities(
    acts=frozenset(),
    reply_limit=None,
    settle_seconds=0,
    sources=MappingProxyType({"acts": "it only tells stock and orders here, 2026-11-25"}),
)
_CURRENCY = re.compile(r"[A-Z]{3}")
_NAMED = re.compile(r"[A-Za-z0-9_-]{1,60}")
_NUMBER = re.compile(r"[0-9]{1,20}")
_CODES = 5  # discount codes of an order that are looked at
_LANDING = 4_000
_MOST = 1_000_000_000
_READ = (
    "id", "created_at", "cancelled_at", "total_price", "currency", "test", "inventory_item_id", "location_id",
    "available", "updated_at",
)  # fmt: skip
"""The fields that are read as they stand; of landing_site and discount_codes a part is."""


class Shopify(TellsOnly):
    """Source of facts. An event's account is empty: it is the one shop of the connection."""

    name = NAME
    capabilities = CAPABILITIES

    def verify(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
        """Check X-Shopify-Hmac-SHA256. Raises BadSignature."""
        check(SCHEMES[NAME], body, headers, secrets, now)

    def challenge(self, query: Mapping[str, str], verify_token: str, secrets: Sequence[str]) -> str:
        """There is no handshake. Raises BadSignature, always."""
        raise BadSignature("Shopify has no handshake: it just sends signed POSTs")

    def parse(self, body: bytes) -> list[Event]:
        """One event of a level or an order; none of a test order or another topic.

        Also takes what the REST endpoints return, one level or order in a wrapper of that name. Raises BadPayload,
        whose `keep` is the body without anything about a person.
        """
        try:
            top = obj(read_json(body), "body")
        except BadPayload as error:
            raise _unreadable(error, b"") from error
        for wrapper in ("inventory_level", "order"):
            if isinstance(top.get(wrapper), dict):
                top = top[wrapper]
        try:
            obj(top, "body")
            if "inventory_item_id" in top and "location_id" in top:
                return [_level(top)]
            if "line_items" in top and "total_price" in top:
                return _order(top)
        except BadPayload as error:
            raise _unreadable(error, _kept(top)) from error
        return []  # a topic we do not ask for


def _level(top: Mapping[str, Any]) -> Event:
    item, location = _number(top, "inventory_item_id"), _number(top, "location_id")
    available = top.get("available")
    whole = isinstance(available, int) and not isinstance(available, bool) and abs(available) < _MOST
    if available is not None and not whole:
        raise BadPayload("available: a whole number or null expected")
    more = {"item": item, "location": location, "available": available}
    return _fact(Kind.INVENTORY, Change.EDITED, f"{item}:{location}", _time(top, "updated_at"), more)


def _order(top: Mapping[str, Any]) -> list[Event]:
    order, placed = _number(top, "id"), _time(top, "created_at")
    cancelled = optional_time(top.get("cancelled_at"), "cancelled_at")
    if top.get("test") is True:
        return []
    price = optional_text(top.get("total_price"), "total_price")
    currency = optional_text(top.get("currency"), "currency")
    if not AMOUNT.fullmatch(price) or not _CURRENCY.fullmatch(currency):
        raise BadPayload("total_price, currency: an amount like 199.00 and three letters expected")
    codes = []
    for path, code in items(top.get("discount_codes") or [], "discount_codes"):
        named = optional_text(obj(code, path).get("code"), f"{path}.code").strip().upper()
        if _NAMED.fullmatch(named):
            codes.append(named)
    came = _came_by(optional_text(top.get("landing_site"), "landing_site"))
    more = {"value": price, "currency": currency, "codes": codes[:_CODES], **came}
    change = Change.CREATED if cancelled is None else Change.DELETED
    return [_fact(Kind.ORDER, change, order, placed, more)]


def _came_by(landing: str) -> dict[str, str]:
    """Campaign and place that the first page of the visit was opened with; of the rest nothing is read."""
    try:
        query = dict(parse_qsl(urlsplit(landing[:_LANDING]).query, max_num_fields=100))
    except ValueError:
        return {}
    told = {"campaign": query.get("utm_campaign", ""), "source": query.get("utm_source", "")}
    return {name: value for name, value in told.items() if _NAMED.fullmatch(value)}


def _number(top: Mapping[str, Any], name: str) -> str:
    found = need_id(top.get(name), name)
    if not _NUMBER.fullmatch(found):
        raise BadPayload(f"{name}: a whole number expected")
    return found


def _time(top: Mapping[str, Any], name: str) -> datetime:
    at = optional_time(top.get(name), name)
    if at is None:
        raise BadPayload(f"{name}: a time expected, found none")
    return at


def _fact(kind: Kind, change: Change, external_id: str, at: datetime, more: Mapping[str, Any]) -> Event:
    return Event(
        platform=NAME, account_id="", external_id=external_id, author_id=None, text="", kind=kind, change=change,
        parent_id=None, created_at=at, more=more,
    )  # fmt: skip


# ---------------------------------------------------------------- what may be kept of what cannot be read


def _unreadable(error: BadPayload, keep: bytes) -> BadPayload:
    told = BadPayload(f"{NAME}: {error}")
    told.keep = keep
    return told


def _kept(top: Mapping[str, Any]) -> bytes:
    """The body less everything that `parse` does not read: so it can be replayed, and tells of no person."""
    kept = {name: _short(top[name]) for name in _READ if name in top}
    if "line_items" in top:
        kept["line_items"] = []
        landing, codes = top.get("landing_site"), top.get("discount_codes")
        came = _came_by(landing) if isinstance(landing, str) else {}
        kept["landing_site"] = "/?" + urlencode({f"utm_{name}": value for name, value in came.items()})
        listed = codes if isinstance(codes, list) else []
        named = [one.get("code") for one in listed[:_CODES] if isinstance(one, dict)]
        kept["discount_codes"] = [{"code": code} for code in named if isinstance(code, str) and _NAMED.fullmatch(code)]
    return json.dumps(kept, sort_keys=True).encode()


def _short(value: object) -> object:
    """A number, a truth or a short text as it is; of anything else only what it was."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return value[:60] if isinstance(value, str) else f"a {type(value).__name__}"
