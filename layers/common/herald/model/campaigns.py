"""Campaigns: what they are for, the offers and events in them, the products they sell, the links that are counted."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from herald.model.record import Record, record


class Aim(StrEnum):
    """What a campaign is counted by; docs/metrics.md defines each."""

    CLICKS = "clicks"
    REACH = "reach"
    ENGAGEMENTS = "engagements"


class OfferKind(StrEnum):
    OFFER = "offer"
    EVENT = "event"


@record
class Campaign(Record):
    """One campaign.

    Attributes:
        slug: what its links carry as utm_campaign; never changed once a link was made.
        goal: how many of its aim it is to bring from `first` through `last`.
    """

    brand: str
    id: str
    title: str
    objective: str
    slug: str
    aim: Aim
    goal: int
    first: date
    last: date
    owner: str
    by: str
    at: datetime
    version: int = 0


@record
class Offer(Record):
    """An offer or an event of a campaign: posts that name it go out only while it is open.

    Attributes:
        opens, closes: instants, UTC. Of an event, `closes` is when nobody can come any more.
        capacity: how many may take it; 0: as many as like. `taken`: how many have.
        products: ids of products it sells; each must be in stock.
        stopped: why it was stopped before its time; empty while it was not.
    """

    brand: str
    id: str
    campaign: str
    kind: OfferKind
    title: str
    terms: str
    address: str
    opens: datetime
    closes: datetime
    capacity: int
    taken: int
    products: tuple[str, ...]
    stopped: str
    by: str
    at: datetime
    version: int = 0


@record
class Product(Record):
    """What is sold, with its stock as it was last reported.

    Attributes:
        id: the shop's own number of it (SKU).
        price: minor units (cents) of `currency` (ISO 4217).
        stock: pieces as last reported; None: nobody has reported any. `buffer`: pieces that are never promised.
        counted_at: when the stock was true, UTC, by whoever reported it; an older report never overwrites a newer one.
    """

    brand: str
    id: str
    title: str
    address: str
    price: int
    currency: str
    stock: int | None
    buffer: int
    counted_at: datetime | None
    by: str
    at: datetime
    version: int = 0

    @property
    def available(self) -> int | None:
        """Pieces that may be promised; None where nobody reported any."""
        return None if self.stock is None else max(0, self.stock - self.buffer)


@record
class ShortLink(Record):
    """An address of ours that leads to one of the shop's, and is counted. Its target never changes."""

    code: str
    brand: str
    campaign: str
    platform: str
    target: str
    by: str
    at: datetime


@record
class Clicks(Record):
    """How often a short link was followed on a day (UTC), programs that say they are ones left out. No one's data.

    The row is only ever added to: code and day are its place, and not read back.
    """

    code: str
    day: str  # "2026-11-27"
    clicks: int = 0


def campaigns_list(brand: str) -> str:
    """Every campaign of a brand, by its last day."""
    return f"CAMPAIGNS#{brand}"


def offers_list(brand: str, campaign: str) -> str:
    """The offers and events of a campaign, by when they close."""
    return f"OFFERS#{brand}#{campaign}"


def links_list(brand: str, campaign: str) -> str:
    """The short links of a campaign, by when they were made."""
    return f"LINKS#{brand}#{campaign}"
