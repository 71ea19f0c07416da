"""What a post rests on: an offer that is open, stock, a licence. Asked when it is written, approved, released and sent.

A need is a reference "kind:id". Each kind has one judge here; a kind nobody judges stands against the post. What a
judge read is checked again, unchanged, inside the very transaction that sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from herald.flows.context import Herald
from herald.library import assets, rights
from herald.model import Asset, Record, UserContent


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a need is met.

    Attributes:
        obstacle: in words, what stands against the post; empty where nothing does.
        read: records this rests on, at the versions read.
    """

    obstacle: str = ""
    read: tuple[Record, ...] = ()


class Judge(Protocol):
    def __call__(self, ref: str, brand: str, account: str, herald: Herald, *, now: datetime, at: datetime) -> Standing:
        """Is what `ref` (the id behind the kind) names met for a post of this brand that goes out at `at`?"""


# ---------------------------------------------------------------- the library: assets, customers' content


def _asset(ref: str, brand: str, account: str, herald: Herald, *, now: datetime, at: datetime) -> Standing:
    asset = herald.store.find(Asset, brand, ref)
    if asset is None:
        return Standing("It shows something that is not in the library. Choose it anew.")
    return Standing(assets.obstacle(asset, at), (asset,))


def _right(ref: str, brand: str, account: str, herald: Herald, *, now: datetime, at: datetime) -> Standing:
    content = herald.store.find(UserContent, brand, ref)
    if content is None:
        return Standing("It shows a customer's content that nobody captured. Capture it and ask for the right.")
    obstacle = rights.obstacle(content, account.partition(":")[0], at)
    if not obstacle:
        message = herald.store.message(content.message_id)
        if message is None or message.deleted:
            obstacle = "The customer deleted what it shows. Take it out of the post."
    return Standing(obstacle, (content,))


# ---------------------------------------------------------------- offers, events, products


def _offer(ref: str, brand: str, account: str, herald: Herald, *, now: datetime, at: datetime) -> Standing:
    from herald.flows import campaigns  # noqa: PLC0415  few posts name one, and every start would pay for it
    from herald.model.campaigns import Offer  # noqa: PLC0415

    offer = herald.store.find(Offer, brand, ref)
    if offer is None:
        return Standing("It names an offer that is not there. Choose it anew.")
    products, rows = campaigns.counted(campaigns.sold_by(offer, herald), herald)
    uptake = campaigns.uptake_of(offer, herald)
    read = (offer, *rows, *([uptake] if uptake else []))
    return Standing(campaigns.obstacle(offer, products, now, at, uptake.n if uptake else 0), read)


def _product(ref: str, brand: str, account: str, herald: Herald, *, now: datetime, at: datetime) -> Standing:
    from herald.flows import campaigns  # noqa: PLC0415
    from herald.model.campaigns import Product  # noqa: PLC0415

    product = herald.store.find(Product, brand, ref)
    if product is None:
        return Standing("It names a product that is not there. Choose it anew.")
    (product,), rows = campaigns.counted([product], herald)
    return Standing(campaigns.stockless(product), rows)


JUDGES: Mapping[str, Judge] = MappingProxyType(
    {"asset": _asset, "right": _right, "offer": _offer, "event": _offer, "product": _product}
)


def standing(
    needs: Iterable[str], brand: str, account: str, herald: Herald, *, now: datetime, at: datetime
) -> Standing:
    """All needs of a post together: the first obstacle, and everything read."""
    obstacle, read, needs = "", list[Record](), list(needs)
    for need in needs:
        kind, _, ref = need.partition(":")
        judge = JUDGES.get(kind)
        found = judge(ref, brand, account, herald, now=now, at=at) if judge else _nobody(kind)
        obstacle = obstacle or found.obstacle
        read += [one for one in found.read if one not in read]
    together = assets.unsellable(needs, [one for one in read if isinstance(one, Asset)])
    return Standing(obstacle or together, tuple(read))


def _nobody(kind: str) -> Standing:
    return Standing(f"It rests on a {kind[:40]}, which Herald cannot check. Edit the post.")
