"""What a shop tells us becomes numbers: stock by location, orders that came of a campaign. No person is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from herald.errors import Conflict, Stale
from herald.flows.context import Herald
from herald.model import Account, Change, Event, Kind, New, Revised, StateChange, Tallied
from herald.model.campaigns import Campaign, Conversions, OfferCode, Order, Stock, Uptake, campaigns_list
from herald.publish.shop import day_in, minor, reported

_RACES = 8
_AHEAD = timedelta(days=1)
_CAMPAIGNS = 100  # that have not ended on the day of an order
NO_SOURCE = "-"


def take_in(event: Event, account: Account, herald: Herald, now: datetime) -> bool:
    """Write what it changes; False where it was known already, or is nothing of ours. Safe to repeat, in any order.

    Posts are held within a minute, by whoever looks through the lists that this fills (flows.shortages).
    """
    if event.created_at > now + _AHEAD:
        return False  # believed, it would win over every true report after it
    told = _level if event.kind is Kind.INVENTORY else _order
    for _ in range(_RACES):
        try:
            return told(event, account, herald, now)
        except Stale:
            continue  # another location, or another order, at the same moment: judged anew
    raise Conflict("this row kept changing; the shop tells it again")


def _level(event: Event, account: Account, herald: Herald, now: datetime) -> bool:
    item = str(event.more["item"])
    held = herald.store.find(Stock, account.id, item, account.brand)
    before = held or Stock(account.id, item, account.brand)
    after = reported(before, str(event.more["location"]), event.more["available"], event.created_at)
    if after is None:
        return False
    if after.fell_at != before.fell_at:
        after = replace(after, fell_at=now)
    herald.store.commit([Revised(after, held.version) if held else New(after)])
    return True


# ---------------------------------------------------------------- orders


def _order(event: Event, account: Account, herald: Herald, now: datetime) -> bool:
    """An order counts once, and not at all once it was cancelled, whichever of the two is told first."""
    cancelled = event.change is Change.DELETED
    held = herald.store.find(Order, account.id, event.external_id, account.brand)
    if held is None:
        order = _read(event, account, herald)
        if order is None:
            return False
        changes: list[StateChange] = [New(replace(order, cancelled=cancelled))]
        counts = 0 if cancelled else 1
    elif cancelled and not held.cancelled:
        order, counts = held, -1
        changes = [Revised(replace(held, cancelled=True), held.version)]
    else:
        return False
    if counts and order.campaign:
        place = (order.brand, order.campaign, order.day, order.source, order.currency)
        changes.append(Tallied(Conversions, place, {"orders": counts, "value": counts * order.value}))
    if counts and order.offer:
        changes += _taken(order, counts, herald, now)
    herald.store.commit(changes)
    return True


def _read(event: Event, account: Account, herald: Herald) -> Order | None:
    """The order as far as it is ours: of the campaign its visit names, else of its discount code's; None of neither."""
    day = day_in(account.timezone, event.created_at)
    offer = _offer(event, account.brand, herald)
    campaign = _campaign(event, account.brand, day, offer, herald)
    if not campaign and offer is None:
        return None
    currency = str(event.more["currency"])
    return Order(
        account.id, event.external_id, account.brand, day.isoformat(), currency,
        minor(str(event.more["value"]), currency), campaign, str(event.more.get("source", "")).lower() or NO_SOURCE,
        offer.offer if offer else "",
    )  # fmt: skip


def _campaign(event: Event, brand: str, day: date, offer: OfferCode | None, herald: Herald) -> str:
    """Of campaigns that run on that day: the one whose name in links it came with, else the one of its code."""
    slug = str(event.more.get("campaign", ""))
    if not slug and offer is None:
        return ""
    open_still = herald.store.listed(
        Campaign, "calendar", campaigns_list(brand), first=day.isoformat(), limit=_CAMPAIGNS
    )
    running = [campaign for campaign in open_still if campaign.first <= day]
    named = [campaign.id for campaign in running if campaign.slug == slug]
    of_code = [campaign.id for campaign in running if offer and campaign.id == offer.campaign]
    return next(iter((*named, *of_code)), "")


def _offer(event: Event, brand: str, herald: Herald) -> OfferCode | None:
    """The offer of the first discount code that is one of ours."""
    codes = [str(code) for code in event.more.get("codes", ())]
    return next((found for code in codes if (found := herald.store.find(OfferCode, brand, code))), None)


def _taken(order: Order, counts: int, herald: Herald, now: datetime) -> list[StateChange]:
    uptake = herald.store.find(Uptake, order.brand, order.offer)
    if uptake is None:
        return []
    after = replace(uptake, n=max(0, uptake.n + counts), rose_at=now if counts > 0 else uptake.rose_at)
    return [Revised(after, uptake.version)]
