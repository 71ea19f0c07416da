"""What a draft shows from the library: the asset's own bytes, what it rests on by that, and whom it must name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from herald.errors import Refused
from herald.flows.commands import Draft
from herald.flows.context import Herald
from herald.library import assets, rights
from herald.model import Asset, AssetKind, Media, New, Post, Record, Rests, StateChange, UserContent, needs_of
from herald.model.record import record


@record
class Shown:
    """Attributes:
    media: as the library has them, whatever the page said of their bytes.
    needs: further needs: the right of a customer whose content an asset shows.
    lines: credit lines that must stand below the words.
    """

    media: tuple[Media, ...]
    needs: tuple[str, ...]
    lines: tuple[str, ...]


def shown(command: Draft, herald: Herald, before: Post | None = None) -> Shown:
    """Raises Refused (input) for what the library does not have, or what is no image.

    An image without an asset has no licence anybody could judge: only what the post had before stays as it is.
    """
    ours = before is not None and before.brand == command.brand  # another brand's post tells nothing of its images
    had = {(one.key, one.sha256) for one in before.media} if before and ours else set[tuple[str, str]]()
    if any(not one.asset and (one.key, one.sha256) not in had for one in command.media):
        raise Refused("input", "An image comes from the library, where its licence is known. Add it there first.")
    wanted = [(command.brand, one.asset) for one in command.media if one.asset]
    found = {one.id: one for one in herald.store.find_all(Asset, wanted)} if wanted else {}
    media = tuple(_as_kept(one, found) for one in command.media)
    needs = tuple(f"right:{found[one.asset].right}" for one in media if one.asset and found[one.asset].right)
    refs = sorted(need.partition(":")[2] for need in {*command.needs, *needs} if need.startswith("right:"))
    contents = herald.store.find_all(UserContent, [(command.brand, ref) for ref in refs]) if refs else []
    return Shown(media, needs, lines((*(found[one.asset] for one in media if one.asset), *contents)))


def _as_kept(media: Media, found: dict[str, Asset]) -> Media:
    if not media.asset:
        return media
    asset = found.get(media.asset)
    if asset is None or asset.kind is not AssetKind.IMAGE:
        raise Refused("input", "The library has no such image. Choose it anew.")
    return replace(
        media, key=asset.key, sha256=asset.sha256, mime=asset.mime, size=asset.size, width=asset.width,
        height=asset.height, alt=media.alt if media.alt.strip() else asset.alt,
    )  # fmt: skip


def lines(read: Iterable[Record]) -> tuple[str, ...]:
    """The credit lines that these ask for."""
    told = [
        assets.credit_line(one) if isinstance(one, Asset) else rights.credit_line(one)
        for one in read
        if isinstance(one, Asset | UserContent)
    ]
    return tuple(dict.fromkeys(line for line in told if line))


def rests(post: Post, now: datetime) -> list[StateChange]:
    """For everything a post rests on, that it does: from there the post is found without looking through all."""
    return [New(Rests(post.brand, need, post.id, now), once=True) for need in needs_of(post)]
