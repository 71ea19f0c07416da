"""The demo's web shop, as Shopify would tell of it: signed stock and orders, to the past or to the door of `make up`.

    .venv/bin/python -m local.shop stock acacia 0
    .venv/bin/python -m local.shop order --source mastodon --code LAMPS10
    .venv/bin/python -m local.shop cancel 9001

Everybody in it is made up, and Herald keeps none of them.
"""

from __future__ import annotations

import argparse
import hmac
import json
import random
import sys
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from local import ports
from local.demo import organisation as shop
from local.ports import local_dir

ACACIA, BELL = "4400101", "4400102"
ITEMS = {"acacia": ACACIA, "bell": BELL}
CODE, SLUG = "LAMPS10", "lamp-weeks"
LOCATIONS = (51, 52)
HEADER = "x-shopify-hmac-sha256"
_PRICES = ("79.00", "189.00", "268.00")

Body = dict[str, Any]


def past(until: datetime) -> Iterator[tuple[datetime, Body]]:
    """What the shop told in the days of the demo's campaign: stock that goes down, orders, one of them cancelled."""
    chance = random.Random(11)
    number, left = 9_000, 31
    for back in range(6, -1, -1):
        at = until - timedelta(days=back, hours=3)
        left -= chance.choice((1, 2, 3))
        yield at, level(ACACIA, left - 6, at)
        yield at, level(ACACIA, 6, at, location=LOCATIONS[1])
        yield at, level(BELL, max(0, 2 * back - 4), at)
        for minute in range(chance.choice((2, 3, 4))):
            number += 1
            source = chance.choice(("facebook_page", "facebook_page", "mastodon", ""))
            code = CODE if not source or chance.random() < 0.4 else ""
            placed = at + timedelta(minutes=minute)
            told = order(number, placed, chance.choice(_PRICES), source, code)
            yield placed, told
            if number % 9 == 0:
                yield placed + timedelta(hours=1), told | {"cancelled_at": (placed + timedelta(hours=1)).isoformat()}


def level(item: str, available: int, at: datetime, location: int = LOCATIONS[0]) -> Body:
    """The body of inventory_levels/update."""
    return {
        "inventory_item_id": int(item), "location_id": location, "available": available,
        "updated_at": at.isoformat(timespec="seconds"),
        "admin_graphql_api_id": f"gid://shopify/InventoryLevel/{location}?inventory_item_id={item}",
    }  # fmt: skip


def order(number: int, at: datetime, total: str, source: str, code: str) -> Body:
    """The body of orders/create, with somebody in it."""
    landing = f"/lamps?utm_source={source}&utm_medium=social&utm_campaign={SLUG}" if source else "/lamps"
    return {
        "id": number, "name": f"#{number}", "email": "someone@nowhere.example", "test": False,
        "created_at": at.isoformat(timespec="seconds"), "updated_at": at.isoformat(timespec="seconds"),
        "cancelled_at": None, "financial_status": "paid", "total_price": total, "currency": "AUD",
        "landing_site": landing, "discount_codes": [{"code": code, "amount": "10.00", "type": "percentage"}] if code
        else [], "customer": {"first_name": "Some", "last_name": "One"},
        "line_items": [{"id": number * 10, "title": "Lamp", "quantity": 1, "price": total}],
    }  # fmt: skip


def signed(told: Body, secret: str) -> tuple[bytes, dict[str, str]]:
    """The raw body and its header."""
    return signed_by_shop(json.dumps(told).encode(), secret)


def secret_of_shop() -> str:
    """The secret that the local system made for its shop. Raises OSError, KeyError, ValueError where there is none."""
    held = json.loads((local_dir() / "secrets.json").read_text(encoding="utf-8"))
    return str(held["herald/shopify"]["secrets"][0])


def signed_by_shop(body: bytes, secret: str) -> tuple[bytes, dict[str, str]]:
    """The bytes and the header that signs them."""
    return body, {HEADER: b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()}


def main(arguments: list[str]) -> int:
    """Tell the door of the running system. Exit code 1 and one line where it cannot be told."""
    parser = argparse.ArgumentParser(prog="python -m local.shop", description="play the demo's web shop")
    ways = parser.add_subparsers(dest="way", required=True)
    stock = ways.add_parser("stock", help="how many of a lamp are left, in the shop and its store together")
    stock.add_argument("lamp", choices=sorted(ITEMS))
    stock.add_argument("available", type=int)
    bought = ways.add_parser("order", help="somebody buys")
    bought.add_argument("--source", default="", help="utm_source of the link they came by")
    bought.add_argument("--code", default="", help=f"a discount code, like {CODE}")
    bought.add_argument("--total", default="189.00")
    back = ways.add_parser("cancel", help="an order is cancelled")
    back.add_argument("number", type=int)
    given = parser.parse_args(arguments)
    now = datetime.now(UTC)
    if given.way == "stock":
        item, (shelf, store) = ITEMS[given.lamp], LOCATIONS
        told = [level(item, given.available, now, shelf), level(item, 0, now, store)]
    elif given.way == "order":
        told = [order(int(now.timestamp()), now, given.total, given.source, given.code.upper())]
    else:
        gone = {"cancelled_at": now.isoformat(timespec="seconds")}
        told = [order(given.number, now, "0.00", "", "") | gone]
    try:
        for one in told:
            body, headers = signed(one, secret_of_shop())
            headers["content-type"] = "application/json"
            asked = urllib.request.Request(f"{ports.url('door')}/webhooks/{shop.SHOP}", body, headers)  # noqa: S310 - our own door
            with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - our own door # nosec B310
                print(json.dumps({"told": one.get("id", given.way), "answer": answer.status}))
    except (OSError, KeyError, ValueError) as error:
        print(f"shop: {error}: is the local system up? make up", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
