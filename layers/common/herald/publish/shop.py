"""What a shop tells, as numbers: stock after a report, money in the smallest unit, the day of an order. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from zoneinfo import ZoneInfo

from herald.model.campaigns import Level, Stock

MOST_LOCATIONS = 200
_DECIMALS: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF",
                   "XOF", "XPF"), 0) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)
)  # fmt: skip
"""ISO 4217 currencies whose minor unit is no hundredth (six-group.com, list one, read 2026-11)."""
AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,4})?")
"""A price as a shop writes it."""


def reported(held: Stock, location: str, available: int | None, at: datetime) -> Stock | None:
    """The stock after one report of one location; None where it tells nothing new.

    Reports come late, repeated and out of order: one that is older changes nothing, and of two of the same instant
    (shops tell whole seconds) the lower counts, so that no repetition ever raises what is there. `fell_at` is set where
    less is there than before, or nobody knows any more.
    """
    known = next((level for level in held.levels if level.location == location), None)
    if known is not None and (at < known.at or (at == known.at and not _lower(available, known.available))):
        return None
    others = [level for level in held.levels if level.location != location]
    newest = sorted((*others, Level(location, available, at)), key=lambda level: level.at)[-MOST_LOCATIONS:]
    after = replace(held, levels=tuple(newest))
    return replace(after, fell_at=at) if _lower(after.available, held.available) or after.available is None else after


def _lower(available: int | None, known: int | None) -> bool:
    return available is not None and (known is None or available < known)


def day_in(zone: str, at: datetime) -> date:
    """The day on which it is counted."""
    return at.astimezone(ZoneInfo(zone)).date()


def minor(amount: str, currency: str) -> int:
    """ "199.00", AUD -> 19900. Raises ValueError for what is no amount."""
    if not AMOUNT.fullmatch(amount):
        raise ValueError(f"{amount[:30]!r} is no amount of money")
    return int((Decimal(amount) * 10 ** _DECIMALS.get(currency, 2)).to_integral_value())


def money(value: int, currency: str) -> str:
    """19900, AUD -> "AUD 199.00"."""
    places = _DECIMALS.get(currency, 2)
    return f"{currency} {Decimal(value).scaleb(-places):,.{places}f}"
