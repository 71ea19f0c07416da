"""Campaigns in words: rows of the list, what a campaign planned and what came of it, offers, products and links."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from dashboard import theme
from dashboard.present import clock
from dashboard.text import SHORT, one_line, safe_text
from herald.flows import campaigns
from herald.model.campaigns import Aim, Campaign, Conversions, Offer, OfferKind, Product, ShortLink
from herald.publish.shop import money

Row = dict[str, Any]
Name = Callable[[str], str]
AIMS: Final = {Aim.CLICKS: "Clicks", Aim.REACH: "Reach", Aim.ENGAGEMENTS: "Engagements", Aim.ORDERS: "Orders"}
KINDS: Final = {OfferKind.OFFER: "Offer", OfferKind.EVENT: "Event"}
COLUMNS: Final = (
    {"id": "state", "label": "State", "width": 100, "card": "top"},
    {"id": "days", "label": "Days", "width": 170, "card": "top"},
    {"id": "title", "label": "Campaign", "width": 0, "card": "name"},
    {"id": "goal", "label": "Goal", "width": 150, "card": "foot"},
    {"id": "owner", "label": "Answers for it", "width": 140, "card": "foot"},
)
OFFERS: Final = (
    {"id": "title", "label": "What", "width": 0, "wraps": True},
    {"id": "state", "label": "Posts", "width": 110},
    {"id": "closes", "label": "Closes", "width": 120},
    {"id": "room", "label": "Taken", "n": True, "width": 100, "from": 520},
)
PRODUCTS: Final = (
    {"id": "title", "label": "Product", "width": 0, "wraps": True},
    {"id": "price", "label": "Price", "n": True, "width": 120},
    {"id": "stock", "label": "Available", "n": True, "width": 100},
    {"id": "age", "label": "Counted", "width": 130, "from": 520},
)
CONVERSIONS: Final = (
    {"id": "source", "label": "Came by", "width": 0, "wraps": True},
    {"id": "orders", "label": "Orders", "n": True, "width": 80},
    {"id": "value", "label": "Value", "n": True, "width": 150},
)
COUNTED: Final = (
    "An order counts that was placed on the campaign's days, in the shop's time, and whose visit began with the "
    "campaign's name in links, or that carries the code of one of its offers. Cancelled ones are taken out; what is "
    "returned later is not."
)
LINKS: Final = (
    {"id": "link", "label": "Short link", "width": 0, "wraps": True},
    {"id": "platform", "label": "For", "width": 110},
    {"id": "clicks", "label": "Clicks", "n": True, "width": 80},
)


def days(first: date, last: date) -> str:
    return f"{first.day} {first:%b} – {last.day} {last:%b %Y}"


def state(campaign: Campaign, today: date) -> list[str]:
    if today < campaign.first:
        return ["To come", ""]
    return ["Over", ""] if today > campaign.last else ["Running", "green"]


def row(campaign: Campaign, today: date, *, name: Name) -> Row:
    """One campaign of the list."""
    return {
        "id": campaign.id,
        "cells": {
            "state": {"pill": state(campaign, today)},
            "days": days(campaign.first, campaign.last),
            "title": {"strong": one_line(campaign.title, SHORT)},
            "goal": f"{campaign.goal:,} {AIMS[campaign.aim].lower()}",
            "owner": one_line(name(campaign.owner), 60),
        },
    }


def blocks(
    campaign: Campaign, clicks: Mapping[str, int], told: Sequence[Conversions], today: date, *, name: Name, shop: bool
) -> list[Row]:
    """A campaign: what it is for, what was planned and what came of it so far. `shop`: one tells of its orders."""
    rows = [
        {"k": "For", "v": safe_text(campaign.objective, 600)},
        {"k": "Days", "v": f"{days(campaign.first, campaign.last)} ({state(campaign, today)[0].lower()})"},
        {"k": "Goal", "v": f"{campaign.goal:,} {AIMS[campaign.aim].lower()}"},
    ]
    total = sum(clicks.values())
    orders = sum(each.orders for each in told)
    if campaign.aim is Aim.ORDERS:
        reached = f"{orders:,} orders worth {values(told)}, {orders / campaign.goal:.0%} of the goal"
        came = reached if told else no_orders(shop=shop)
    elif campaign.aim is Aim.CLICKS:
        came = f"{total:,} clicks, {total / campaign.goal:.0%} of the goal" if clicks else "No link was made yet"
    else:
        clicked = f"{total:,} clicks" if clicks else "No link was made yet"
        came = f"{clicked}; {AIMS[campaign.aim].lower()} by post stand on Overview"
    rows += [
        {"k": "So far", "v": came},
        {"k": "In links", "v": f"utm_campaign={campaign.slug}"},
        {"k": "Answers for it", "v": one_line(name(campaign.owner), 60)},
    ]
    if campaign.aim is not Aim.ORDERS:
        brought = f"{orders:,}, worth {values(told)}" if told else no_orders(shop=shop)
        rows.insert(4, {"k": "Orders", "v": brought})
    return [{"t": "title", "text": one_line(campaign.title, 200)}, {"t": "facts", "rows": rows}]


def no_orders(*, shop: bool) -> str:
    """Why no number of orders can be shown: none is not 0 where nobody tells."""
    return "None was told so far" if shop else "No shop is connected that could tell"


def values(told: Sequence[Conversions]) -> str:
    """The sum in each currency alone: "AUD 199.00 and NZD 20.00"."""
    sums: dict[str, int] = {}
    for each in told:
        sums[each.currency] = sums.get(each.currency, 0) + each.value
    return " and ".join(money(value, currency) for currency, value in sorted(sums.items()))


def conversion_rows(told: Sequence[Conversions]) -> list[Row]:
    """Orders by where they came from, the most first."""
    by: dict[str, list[Conversions]] = {}
    for each in told:
        by.setdefault(each.source, []).append(each)
    ranked = sorted(by.items(), key=lambda one: (-sum(each.orders for each in one[1]), one[0]))
    return [
        {
            "id": "",
            "cells": {
                "source": "Discount code, or no source" if source == "-" else theme.platform_name(source),
                "orders": f"{sum(each.orders for each in found):,}",
                "value": values(found),
            },
        }
        for source, found in ranked
    ]


def offer_row(offer: Offer, products: Sequence[Product], zone: str, now: datetime, orders: int | None = None) -> Row:
    """An offer or event: whether its posts may go out now, and why not. `orders` with its code; None: it has none."""
    mine = [each for each in products if each.id in offer.products]
    told = campaigns.obstacle(offer, mine, now, now, orders or 0)
    held = bool(told)
    if orders is not None:
        told = told or f"Code {offer.code}: {orders:,} {'order' if orders == 1 else 'orders'}"
    taken = offer.taken + (orders or 0)
    return {
        "id": offer.id,
        "cells": {
            "title": {"strong": f"{KINDS[offer.kind]}: {one_line(offer.title, 120)}", "sub": one_line(told, 200)},
            "state": {"pill": ["Held", "red"] if held else ["May go out", "green"]},
            "closes": clock(offer.closes, zone, now),
            "room": f"{taken:,} of {offer.capacity:,}" if offer.capacity else f"{taken:,}",
        },
    }


def product_row(product: Product, zone: str, now: datetime) -> Row:
    """A product with its price, what may be promised of it, and when that was counted, in `zone`."""
    told = campaigns.stockless(product)
    by = ", stock told by the shop" if product.item else ""
    left = "—" if product.available is None else f"{product.available:,}"
    return {
        "id": product.id,
        "cells": {
            "title": {"strong": one_line(product.title, 120), "sub": one_line(told or f"{product.id}{by}", 200)},
            "price": f"{product.currency} {product.price / 100:,.2f}",
            "stock": left,
            "age": clock(product.counted_at, zone, now) if product.counted_at else "never",
        },
    }


def link_row(link: ShortLink, address: str, clicks: int) -> Row:
    """A short link, where it stands, and how often it was followed in the campaign's days."""
    return {
        "id": "",
        "cells": {
            "link": {"strong": one_line(address, 200), "sub": one_line(link.target, 300)},
            "platform": theme.platform_name(link.platform),
            "clicks": f"{clicks:,}",
        },
    }
