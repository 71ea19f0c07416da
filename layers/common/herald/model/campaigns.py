"""Campaigns: what they are for, the offers and events in them, the products they sell, the links that are counted.

And what a shop tells of them: stock by location, and orders, of which nothing about a person is kept.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from herald.model.record import Record, record


class Aim(StrEnum):
    """What a campaign is counted by; docs/metrics.md defines each."""

    CLICKS = "clicks"
    REACH = "reach"
    ENGAGEMENTS = "engagements"
    ORDERS = "orders"


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
        capacity: how many may take it; 0: as many as like. `taken`: how many have, as people counted; orders with its
            code come on top (Uptake).
        products: ids of products it sells; each must be in stock.
        stopped: why it was stopped before its time; empty while it was not.
        code: the shop's discount code for it, in capitals; empty: none. Never changed, since orders are counted by it.
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
    code: str = ""
    version: int = 0


@record
class Product(Record):
    """What is sold, with its stock as it was last reported.

    Attributes:
        id: the shop's own number of it (SKU).
        price: minor units (cents) of `currency` (ISO 4217).
        stock: pieces as last reported; None: nobody has reported any. `buffer`: pieces that are never promised.
        counted_at: when the stock was true, UTC, by whoever reported it.
        shop, item: the account that reports its stock ("shopify:...") and the shop's number of the inventory item;
            empty: people count it. Where a shop does, `stock` and `counted_at` stand in Stock and not in this row.
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
    shop: str = ""
    item: str = ""
    version: int = 0

    @property
    def available(self) -> int | None:
        """Pieces that may be promised; None where nobody reported any."""
        return None if self.stock is None else max(0, self.stock - self.buffer)


@record
class Level:
    """What one location of a shop last reported; `available` None where it does not track the item."""

    location: str
    available: int | None
    at: datetime


@record
class Stock(Record):
    """What a shop reports of one item, by location.

    Attributes:
        fell_at: set while posts were not yet looked through for what rests on it, after a report of less.
    """

    shop: str
    item: str
    brand: str
    levels: tuple[Level, ...] = ()
    fell_at: datetime | None = None
    version: int = 0

    @property
    def available(self) -> int | None:
        """Pieces at all locations together; None where no location tracks it. Negative: sold more than there was."""
        known = [level.available for level in self.levels if level.available is not None]
        return sum(known) if known else None

    @property
    def newest(self) -> datetime | None:
        """When the shop last told of it."""
        return max((level.at for level in self.levels), default=None)


@record
class OfferCode(Record):
    """Which offer a discount code belongs to."""

    brand: str
    code: str
    offer: str
    campaign: str


@record
class Uptake(Record):
    """How many orders, less those cancelled, came with an offer's code. It is there from when the offer has one.

    Attributes:
        rose_at: set while posts were not yet looked through for what rests on it, after one more.
    """

    brand: str
    offer: str
    n: int = 0
    rose_at: datetime | None = None
    version: int = 0


@record
class Order(Record):
    """An order that a campaign or an offer of ours brought. Of who ordered, and what, nothing is kept.

    Attributes:
        value: total as ordered, in minor units of `currency` (ISO 4217).
        day: on which it was placed, in the shop's zone: "2026-11-27".
        campaign: where it counts as a conversion; empty: nowhere (its offer was taken outside the campaign's days).
        source: the utm_source it came by; "-" where none is known.
        offer: the offer whose code it carried; empty: none.
        cancelled: it counts nowhere any more.
    """

    shop: str
    id: str
    brand: str
    day: str
    currency: str
    value: int
    campaign: str
    source: str
    offer: str
    cancelled: bool = False
    version: int = 0


@record
class Conversions(Record):
    """Orders of a campaign on a day of the shop, by where they came from and currency; cancelled ones are out of it.

    The row is only ever added to. `value` is in minor units of the currency.
    """

    brand: str
    campaign: str
    day: str
    source: str
    currency: str
    orders: int = 0
    value: int = 0


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


FELL = "stock-fell"
"""The list of stock that fell since posts were last looked through; of every brand, by when."""
ROSE = "uptake-rose"
"""The same of offers that were taken."""


def campaigns_list(brand: str) -> str:
    """Every campaign of a brand, by its last day."""
    return f"CAMPAIGNS#{brand}"


def offers_list(brand: str, campaign: str) -> str:
    """The offers and events of a campaign, by when they close."""
    return f"OFFERS#{brand}#{campaign}"


def links_list(brand: str, campaign: str) -> str:
    """The short links of a campaign, by when they were made."""
    return f"LINKS#{brand}#{campaign}"
