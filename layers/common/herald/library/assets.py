"""What stands against showing an asset, what it asks of the words beside it, and what a person should mend."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from herald.library.licences import LICENCES
from herald.model import Asset, AssetKind

SELLING = frozenset({"offer", "product"})
"""Kinds of needs that make a post one that sells."""
SOON = timedelta(days=14)
_NOUNS = {AssetKind.IMAGE: "Image", AssetKind.VIDEO: "Video", AssetKind.AUDIO: "Sound", AssetKind.TEXT: "Text"}


def obstacle(asset: Asset, at: datetime) -> str:
    """Why it may not be shown at this instant, in words with what to do; empty where it may."""
    name = f"“{asset.title}”"
    if asset.retired_at is not None:
        return f"{name} was taken out of use: {asset.reason}"
    licence = LICENCES.get(asset.licence)
    if licence is None or not licence.usable:
        return f"Nobody knows the licence of {name}. Find out and set it in the library."
    if asset.ends_at is not None and asset.ends_at <= at:
        return f"The licence of {name} ends before this goes out. Renew it in the library or choose another."
    if licence.proof and not (asset.proof.strip() or asset.right):
        return f"Nobody wrote down who permitted {name}. Add it in the library."
    if licence.credits and not asset.credit.strip():
        return f"{licence.name} asks to name the author of {name}. Add the credit in the library."
    return ""


def unsellable(needs: Iterable[str], assets: Iterable[Asset]) -> str:
    """Why these cannot stand together in one post: it sells, and a licence forbids that. Empty where they can."""
    if not any(need.partition(":")[0] in SELLING for need in needs):
        return ""
    for asset in assets:
        licence = LICENCES.get(asset.licence)
        if licence and not licence.sells:
            return f"{licence.name} forbids to sell with “{asset.title}”. Choose another, or leave out the offer."
    return ""


def credit_line(asset: Asset) -> str:
    """What a post that shows it must say; empty where nothing is asked.

    Creative Commons asks for title, author and licence "in any reasonable manner" (BY 4.0, section 3(a)); the source
    stands in the library.
    """
    licence, author = LICENCES.get(asset.licence), asset.credit.strip()
    if licence is None or not author or licence.id == "own":
        return ""
    noun = _NOUNS.get(asset.kind, "Source")
    if licence.credits:
        return f"{noun}: {asset.title} by {author}, {licence.name} {licence.address.removeprefix('https://')}"
    return f"{noun}: {author}"


def credited(text: str, lines: Iterable[str]) -> str:
    """The text with each credit line it does not hold yet below it."""
    lacking = [line for line in dict.fromkeys(lines) if line and line not in text]
    return "\n\n".join([*([text] if text.strip() else []), "\n".join(lacking)]) if lacking else text


def to_mend(asset: Asset, now: datetime) -> str:
    """What a person should do about it, the most pressing thing first; empty where nothing."""
    if asset.retired_at is not None:
        return ""
    if asset.ends_at is not None and asset.ends_at <= now:
        return "Licence ended"
    if found := obstacle(asset, now):
        return "Licence unknown" if asset.licence == "unknown" else found
    if asset.ends_at is not None and asset.ends_at <= now + SOON:
        return "Licence ends soon"
    return "No description" if asset.kind is AssetKind.IMAGE and not asset.alt.strip() else ""
