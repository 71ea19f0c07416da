"""Campaigns, their offers and events, products and links: what people save, and whether a post may go out by them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType

from herald.errors import Refused
from herald.flows import commands as c
from herald.flows.context import Herald
from herald.flows.planning import (
    REASON_LIMIT,
    Done,
    Plan,
    Planner,
    authorise,
    may_own,
    proper_id,
    same_version,
    words,
)
from herald.flows.receive import SHOPS
from herald.model import New, Person, Record, Revised, StateChange
from herald.model.campaigns import (
    Aim,
    Campaign,
    Clicks,
    Conversions,
    Offer,
    OfferCode,
    OfferKind,
    Product,
    ShortLink,
    Stock,
    Uptake,
    campaigns_list,
    links_list,
    offers_list,
)
from herald.publish.schedule import due_at
from herald.publish.tracked import SLUG, code_of, with_utm

MOST_PRODUCTS = 20
MOST = 100
_SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_ITEM = re.compile(r"[0-9]{1,20}")
_CODE = re.compile(r"[A-Z0-9_-]{2,60}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_CODES = (8, 10, 12, 16)


# ---------------------------------------------------------------- reading


def campaigns_of(brand: str, herald: Herald, *, since: date | None = None) -> list[Campaign]:
    """Campaigns by their last day; `since`: only those that end then or later."""
    first = since.isoformat() if since else ""
    return list(herald.store.listed(Campaign, "calendar", campaigns_list(brand), first=first, limit=MOST))


def offers_of(brand: str, campaign: str, herald: Herald) -> list[Offer]:
    return list(herald.store.listed(Offer, "calendar", offers_list(brand, campaign), limit=MOST))


def products_of(brand: str, herald: Herald) -> list[Product]:
    """Products by number, with the stock that people, or their shop, last told."""
    return counted(herald.store.shelf(Product, brand, limit=MOST), herald)[0]


def counted(products: list[Product], herald: Herald) -> tuple[list[Product], tuple[Record, ...]]:
    """The products with what their shop last told of each; and the rows this rests on."""
    watched = [(each.shop, each.item, each.brand) for each in products if each.item]
    stocks = herald.store.find_all(Stock, dict.fromkeys(watched)) if watched else []
    told = {(stock.shop, stock.item): stock for stock in stocks}
    return [_with_stock(each, told.get((each.shop, each.item))) for each in products], (*products, *stocks)


def _with_stock(product: Product, stock: Stock | None) -> Product:
    if not product.item:
        return product
    return replace(product, stock=stock.available if stock else None, counted_at=stock.newest if stock else None)


def uptake_of(offer: Offer, herald: Herald) -> Uptake | None:
    """How many orders came with its code; None where it has none."""
    return herald.store.find(Uptake, offer.brand, offer.id) if offer.code else None


def uptakes_of(offers: list[Offer], herald: Herald) -> dict[str, int]:
    """Offer -> orders with its code, of those that have one."""
    coded = [(each.brand, each.id) for each in offers if each.code]
    return {each.offer: each.n for each in herald.store.find_all(Uptake, coded)} if coded else {}


def conversions_of(campaign: Campaign, herald: Herald) -> list[Conversions]:
    """Its orders on its own days (of the shop), cancelled ones out, by day, source and currency."""
    found = herald.store.shelf(
        Conversions, campaign.brand, campaign.id, first=campaign.first.isoformat(), last=campaign.last.isoformat()
    )
    return [each for each in found if each.orders]


def links_of(brand: str, campaign: str, herald: Herald) -> list[ShortLink]:
    return list(herald.store.listed(ShortLink, "calendar", links_list(brand, campaign), limit=MOST))


def clicks_of(links: list[ShortLink], first: date, last: date, herald: Herald) -> dict[str, int]:
    """Code -> clicks on these days (UTC), both included."""
    found = {}
    for link in links:
        days = herald.store.shelf(Clicks, link.code, first=first.isoformat(), last=last.isoformat())
        found[link.code] = sum(each.clicks for each in days)
    return found


# ---------------------------------------------------------------- writing


def _campaign(command: c.SaveCampaign, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    before = herald.store.find(Campaign, command.brand, proper_id(command.id, "campaign"))
    same_version(before.version if before else 0, command.expected)
    first, last = _day(command.first), _day(command.last)
    if not 0 <= (last - first).days <= 400:
        raise Refused("input", "The last day comes after the first, by 400 days at the most.")
    if not SLUG.fullmatch(command.slug):
        raise Refused("input", "The name in links has 2 to 40 small letters, digits and hyphens: spring-lamps.")
    if before and before.slug != command.slug and links_of(command.brand, before.id, herald):
        raise Refused("state", "Links carry the old name already, and what they brought is counted by it: it stays.")
    if command.aim not in list(Aim) or not 1 <= command.goal <= 10**9:
        raise Refused("input", f"Say what it is to bring ({', '.join(Aim)}), and how many, from 1.")
    stays = before is not None and command.owner == before.owner  # also one who left meanwhile
    if not stays and not may_own(herald.store.person(command.owner), command.brand):
        raise Refused("input", "Choose who answers for it.")
    campaign = Campaign(
        command.brand, command.id, words(command.title, "Give it a title.", 120),
        words(command.objective, "Say what it is for.", REASON_LIMIT), command.slug, Aim(command.aim), command.goal,
        first, last, command.owner, person.id, now,
    )  # fmt: skip
    change = Revised(campaign, before.version) if before else New(campaign)
    return Plan((change,), Done("Saved.", campaign.id), {"aim": str(campaign.aim), "goal": campaign.goal})


def _offer(command: c.SaveOffer, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    before = herald.store.find(Offer, command.brand, proper_id(command.id, "offer"))
    same_version(before.version if before else 0, command.expected)
    if herald.store.find(Campaign, command.brand, command.campaign) is None:
        raise Refused("input", "An offer belongs to a campaign. Save the campaign first.")
    if command.kind not in list(OfferKind):
        raise Refused("input", f"Choose what it is: {', '.join(OfferKind)}.")
    opens, closes = _instant(command.opens, command.zone), _instant(command.closes, command.zone)
    if closes <= opens:
        raise Refused("input", "It must close after it opens.")
    if not (0 <= command.capacity <= 10**7 and 0 <= command.taken <= 10**7):
        raise Refused("input", "Capacity and taken are numbers from 0; a capacity of 0 is no limit.")
    products = tuple(dict.fromkeys(command.products))
    known = {product.id for product in herald.store.find_all(Product, [(command.brand, each) for each in products])}
    if len(products) > MOST_PRODUCTS or set(products) - known:
        raise Refused("input", f"Name products that are here, {MOST_PRODUCTS} at the most.")
    address = command.address.strip()
    if address:
        _address(address)
    code = command.code.strip().upper()
    if code and not _CODE.fullmatch(code):
        raise Refused("input", "A discount code has letters, digits and hyphens, 2 to 60: LAMPS10.")
    if before and before.code and (code, command.campaign) != (before.code, before.campaign):
        raise Refused("state", f"Orders are counted by the code {before.code}: it stays, in its campaign.")
    owner = herald.store.find(OfferCode, command.brand, code) if code else None
    if owner and owner.offer != command.id:
        raise Refused("input", f"The code {code} belongs to another offer. Make another one in the shop.")
    offer = Offer(
        command.brand, command.id, command.campaign, OfferKind(command.kind),
        words(command.title, "Give it a title.", 120), words(command.terms, "Write its terms: people will ask.", 2_000),
        address, opens, closes, command.capacity, command.taken, products,
        words(command.stopped, "", REASON_LIMIT) if command.stopped.strip() else "", person.id, now, code,
    )  # fmt: skip
    changes: list[StateChange] = [Revised(offer, before.version) if before else New(offer)]
    if code and owner is None:
        changes += [New(OfferCode(offer.brand, code, offer.id, offer.campaign)), New(Uptake(offer.brand, offer.id))]
    uptake = uptake_of(offer, herald)
    told = obstacle(offer, [], now, now, uptake.n if uptake else 0)
    sentence = f"Saved. Posts that name it are held: {told}" if told else "Saved."
    return Plan(tuple(changes), Done(sentence, offer.id), {"kind": str(offer.kind), "stopped": bool(offer.stopped)})


def _product(command: c.SaveProduct, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    if not _SKU.fullmatch(command.id):
        raise Refused("input", "The product's number has letters, digits, dots and hyphens, 60 at the most.")
    before = herald.store.find(Product, command.brand, command.id)
    same_version(before.version if before else 0, command.expected)
    if not 0 <= command.price <= 10**9 or not _CURRENCY.fullmatch(command.currency):
        raise Refused("input", "Give the price in minor units and its currency in three capitals: 4900 AUD.")
    if command.stock is not None and not 0 <= command.stock <= 10**7:
        raise Refused("input", "Stock is a number from 0, or nothing where nobody knows.")
    if not 0 <= command.buffer <= 10**6:
        raise Refused("input", "The buffer is a number from 0.")
    shop, item = command.shop.strip(), command.item.strip()
    _watched(shop, item, command.brand, herald)
    stock = None if item else command.stock
    at = now if stock is not None else None
    if before and before.stock == stock:
        at = before.counted_at
    product = Product(
        command.brand, command.id, words(command.title, "Give it a title.", 120), _address(command.address.strip()),
        command.price, command.currency, stock, command.buffer, at, person.id, now, shop, item,
    )  # fmt: skip
    change = Revised(product, before.version) if before else New(product)
    facts = {"stock": product.stock, "price": product.price, "item": item or None}
    return Plan((change,), Done("Saved.", product.id), facts)


def _watched(shop: str, item: str, brand: str, herald: Herald) -> None:
    """Raises Refused for what no shop of the brand could report."""
    if not shop and not item:
        return
    if not shop or not _ITEM.fullmatch(item):
        raise Refused("input", "Give both the shop and its number of the inventory item, in digits; or neither.")
    platform, _, account_id = shop.partition(":")
    account = herald.store.account(platform, account_id)
    if platform not in SHOPS or account is None or account.brand != brand:
        raise Refused("input", "Choose a shop that is connected for this brand.")


def _link(command: c.MakeShortLink, person: Person, herald: Herald, now: datetime) -> Plan:
    """The same target for the same place is the same link, however often it is asked for."""
    authorise(command, person, command.brand, herald, now)
    campaign = herald.store.find(Campaign, command.brand, command.campaign)
    if campaign is None:
        raise Refused("input", "There is no such campaign.")
    if not re.fullmatch(r"[a-z_]{2,30}", command.platform):
        raise Refused("input", "Choose where the link will stand.")
    try:
        target = with_utm(command.address, source=command.platform, campaign=campaign.slug)
    except ValueError:
        raise Refused("input", "Give an address that begins with https://.") from None
    for length in _CODES:
        code = code_of(command.brand, command.campaign, target, length)
        there = herald.store.find(ShortLink, code, code)
        if there is None:
            link = ShortLink(code, command.brand, campaign.id, command.platform, target, person.id, now)
            return Plan((New(link),), Done("Made.", code, link=address_of(code, herald)), {"campaign": campaign.id})
        if there.target == target:
            return Plan((), Done("This link was made already.", code, link=address_of(code, herald)))
    raise Refused("state", "No free code was found. Change the address a little, and ask again.")


def address_of(code: str, herald: Herald) -> str:
    """What people see and follow; the code alone where Herald does not know its own address."""
    return f"{herald.link_base.rstrip('/')}/s/{code}" if herald.link_base else f"/s/{code}"


def _day(text: str) -> date:
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("input", f"{text[:40]!r} is no day; write it like 2026-11-27.") from None


def _instant(local: str, zone: str) -> datetime:
    try:
        return due_at(local, zone).astimezone(UTC)
    except ValueError as error:
        raise Refused("input", f"{error}.") from None


def _address(text: str) -> str:
    try:
        with_utm(text, source="x", campaign="x")
    except ValueError:
        raise Refused("input", "Give an address that begins with https://.") from None
    return text


# ---------------------------------------------------------------- what a post rests on


def obstacle(offer: Offer, products: list[Product], now: datetime, at: datetime, orders: int = 0) -> str:
    """Why a post that names it may not go out at `at`; empty where it may.

    `now` is when the products were read; `orders`: how many came with its code, beside those that people counted.
    """
    name = f"“{offer.title}”"
    if offer.stopped:
        return f"{name} was stopped: {offer.stopped}"
    if at >= offer.closes:
        return f"{name} is over when this goes out. Take it out of the post, or give it more time."
    if at < offer.opens:
        return f"{name} is not open yet when this goes out. Move the post, or open it earlier."
    if offer.capacity and offer.taken + orders >= offer.capacity:
        return f"{name} is full. Take it out of the post, or give it more room."
    lacking = next((each for each in products if stockless(each)), None)
    return stockless(lacking) if lacking else ""


def stockless(product: Product) -> str:
    """Why a post that sells it may not go out; empty where it may."""
    if product.available is None:
        return f"Nobody reported the stock of “{product.title}”. Have it reported, or take it out of the post."
    if product.available <= 0:
        return f"“{product.title}” is out of stock. Take it out of the post, or wait for more."
    return ""


def sold_by(offer: Offer, herald: Herald) -> list[Product]:
    """The products of an offer that are here."""
    return herald.store.find_all(Product, [(offer.brand, each) for each in offer.products]) if offer.products else []


PLANS: Mapping[type[c.Command], Planner] = MappingProxyType(
    {c.SaveCampaign: _campaign, c.SaveOffer: _offer, c.SaveProduct: _product, c.MakeShortLink: _link}
)
"""The plans of the commands on campaigns."""
