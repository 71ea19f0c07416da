"""The gate's plans for the library: what a thing is and may be used for, and taking it back from where it is used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from herald.errors import BadPayload, Refused, TooLarge, Unknown
from herald.flows import commands as c
from herald.flows.context import Herald
from herald.flows.planning import REASON_LIMIT, Done, Plan, Planner, authorise, hashed, proper_id, same_version, words
from herald.flows.posts import removal
from herald.library.content import HEAD, bounded, kind_of
from herald.library.images import dimensions, without_places
from herald.library.licences import LICENCES
from herald.model import (
    Act,
    Asset,
    AssetKind,
    Case,
    CaseState,
    Delivery,
    New,
    Note,
    Person,
    Post,
    Rests,
    Revised,
    Severity,
    StateChange,
    Target,
    TargetState,
    UserContent,
    Work,
    case_id,
    needs_of,
)
from herald.model.record import record
from herald.ports import Stored

MOST_FILES = 20
MOST_TAKEN = 80  # changes of one taking back; a transaction takes 100
MOST_POSTS = 200
_KEY = re.compile(r"(?:media/|incoming/held-)([0-9a-f]{64})")


# ---------------------------------------------------------------- saving


def kept(data: bytes, herald: Herald) -> str:
    """Hold a file's bytes, an image without its metadata; returns its key, for SaveAsset, which keeps them for good.

    What no command that was accepted names is gone after a day. Raises BadPayload (none of our kinds, unreadable, no
    place for files), TooLarge.
    """
    if herald.media is None:
        raise BadPayload("No place for files is set up here.")
    kind, mime = kind_of(data[:HEAD])
    bounded(kind, len(data))
    if kind is AssetKind.IMAGE:
        dimensions(data, mime)
        data = without_places(data, mime)
    return herald.media.hold(data, mime)


def arrived(upload_id: str, herald: Herald, most: int) -> str:
    """What a browser sent straight to its place, looked at; returns its key, for SaveAsset.

    Raises BadPayload, TooLarge, Unknown (nothing came).
    """
    if herald.uploads is None or herald.media is None:
        raise BadPayload("No place for large files is set up here.")
    key = herald.uploads.arrived(upload_id, most)
    found = herald.uploads.look(key)
    kind, _ = kind_of(found.head)
    bounded(kind, found.size)
    return kept(herald.media.get(key), herald) if kind is AssetKind.IMAGE else key


def _save(command: c.SaveAsset, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    asset_id = proper_id(command.id, "asset")
    before = herald.store.find(Asset, command.brand, asset_id)
    same_version(before.version if before else 0, command.expected)
    if before and before.retired_at is not None:
        raise Refused("state", "This was taken out of use. Add it anew if it may be used again.")
    if command.licence not in LICENCES:
        raise Refused("input", "Choose a licence; “Unknown” is one of them.")
    asset = _described(before or _fresh(command, person, herald, now), command, herald)
    if asset.key and before is None:
        asset = replace(asset, key=_for_good(asset.key, herald))  # the last that can fail: what is refused is not kept
    facts: dict[str, str | int | bool | None] = {
        "kind": asset.kind, "sha256": asset.sha256 or None, "licence": asset.licence,
        "from": before.licence if before else None, "ends": asset.ends_at.isoformat() if asset.ends_at else None,
    }  # fmt: skip
    done = Done("Saved." if before else "It is in the library.", asset_id)
    return Plan((Revised(asset, before.version) if before else New(asset),), done, facts)


def _fresh(command: c.SaveAsset, person: Person, herald: Herald, now: datetime) -> Asset:
    """What it is, by its bytes; a link has none."""
    if command.right and herald.store.find(UserContent, command.brand, command.right) is None:
        raise Refused("input", "There is no such customer's content.")
    bare = Asset(
        command.brand, command.id, AssetKind.LINK, "", command.licence, now, person.id, right=command.right,
    )  # fmt: skip
    if not command.key:
        if not command.address.strip():
            raise Refused("input", "Choose a file, or give the address of a link.")
        return bare
    found = _looked(command.key, herald)
    try:
        kind, mime = kind_of(found.head)
        bounded(kind, found.size)
        width, height = _picture(command.key, mime, herald) if kind is AssetKind.IMAGE else (0, 0)
    except (BadPayload, TooLarge) as bad:
        raise Refused("input", str(bad)) from None
    return replace(
        bare, kind=kind, mime=mime, key=command.key, sha256=_digest(command.key), size=found.size,
        width=width, height=height,
    )  # fmt: skip


def _digest(key: str) -> str:
    """The hash in a key of a held or kept file; empty where it is no such key."""
    named = _KEY.fullmatch(key)
    return named[1] if named else ""


def _for_good(key: str, herald: Herald) -> str:
    try:
        return herald.media.keep(key) if herald.media else key
    except Unknown:
        raise Refused("input", "The file is not there any more. Choose it again.") from None


def _looked(key: str, herald: Herald) -> Stored:
    if not _digest(key) or herald.media is None:
        raise Refused("input", "The file is not there. Choose it again.")
    try:
        if herald.uploads is not None:
            return herald.uploads.look(key)
        data = herald.media.get(key)
    except Unknown:
        raise Refused("input", "The file is not there. Choose it again.") from None
    return Stored(len(data), data[:HEAD])


def _picture(key: str, mime: str, herald: Herald) -> tuple[int, int]:
    """Its size, once it is sure that it tells nothing of where it was taken. Raises BadPayload, TooLarge, Refused."""
    if herald.media is None:
        raise Refused("input", "The file is not there. Choose it again.")
    data = herald.media.get(key)
    size = dimensions(data, mime)
    if without_places(data, mime) != data:
        raise Refused("input", "This image still says where or when it was taken. Send it through the library's page.")
    return size


def _described(asset: Asset, command: c.SaveAsset, herald: Herald) -> Asset:
    if command.key and _digest(command.key) != asset.sha256:
        raise Refused("input", "A file is never replaced: what is published must stay what it was. Add a new one.")
    files = tuple(dict.fromkeys(command.files))
    if len(files) > MOST_FILES:
        raise Refused("input", f"{MOST_FILES} files can belong to one asset.")
    there = herald.store.find_all(Asset, [(command.brand, one) for one in files]) if files else []
    if len(there) < len(files) or asset.id in files:
        raise Refused("input", "A file that belongs to it is not in the library.")
    return replace(
        asset, title=words(command.title, "Give it a title.", 200), licence=command.licence,
        address=_address(command.address, needed=asset.kind is AssetKind.LINK), alt=_few(command.alt, 2_000),
        credit=_few(command.credit, 200), source=_few(command.source, 500), proof=_few(command.proof, 500),
        ends_at=end_of(command.last_day, command.brand, herald), files=files,
    )  # fmt: skip


def _few(text: str, limit: int) -> str:
    return words(text, "", limit) if text.strip() else ""


def _address(text: str, *, needed: bool) -> str:
    address = text.strip()
    if not address and not needed:
        return ""
    try:
        parts = urlsplit(address)
        whole = parts.scheme in ("http", "https") and "." in (parts.hostname or "") and "@" not in parts.netloc
    except ValueError:
        whole = False
    if not whole or len(address) > 2_000 or not address.isprintable() or " " in address:
        raise Refused("input", "The address must be a whole one that begins with https://.")
    return address


def end_of(day: str, brand: str, herald: Herald) -> datetime | None:
    """The instant at which this day ends first among the brand's accounts; None for an empty day. Raises Refused."""
    if not day.strip():
        return None
    try:
        after = date.fromisoformat(day.strip()) + timedelta(days=1)
        zones = {account.timezone for account in herald.store.accounts() if account.brand == brand} or {"UTC"}
        return min(datetime(after.year, after.month, after.day, tzinfo=ZoneInfo(zone)) for zone in zones)
    except (ValueError, OverflowError):
        raise Refused("input", "Write the last day as in 2026-12-31.") from None


# ---------------------------------------------------------------- taking back


def _retire(command: c.RetireAsset, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    asset = herald.store.find(Asset, command.brand, command.asset_id)
    if asset is None:
        raise Refused("input", "There is no such asset.")
    if command.take_down:  # whoever takes posts down has read what gates taking down
        authorise(c.TakeDown("", "", "", 0), person, asset.brand, herald, now)
    same_version(asset.version, command.expected)
    reason = words(command.reason, "Say why it may not be used any more.", REASON_LIMIT)
    if asset.retired_at is not None and not command.take_down:
        return Plan((), Done("This was taken out of use already.", asset.id))
    out = replace(asset, retired_at=asset.retired_at or now, retired_by=asset.retired_by or person.id, reason=reason)
    back = taken_back(f"asset:{asset.id}", asset.brand, reason, person, herald, now, also_out=command.take_down)
    facts: dict[str, str | int | bool | None] = {"reason": hashed(reason), "taken_down": back.down, "held": back.held}
    done = Done(f"Taken out of use. {back.words}".strip(), asset.id)
    return Plan((Revised(out, asset.version), *back.changes), done, facts, back.wake)


@record
class TakenBack:
    """What taking something back from its posts comes to."""

    changes: tuple[StateChange, ...] = ()
    wake: Delivery | None = None
    held: int = 0
    down: int = 0
    by_hand: int = 0
    more: bool = False

    @property
    def words(self) -> str:
        told = []
        if self.held:
            told.append(f"{self.held} planned {_variants(self.held)} held.")
        if self.down:
            told.append(f"{self.down} published {_variants(self.down)} being taken down.")
        if self.by_hand:
            told.append(f"{self.by_hand} must be deleted by hand; a task says where.")
        if self.more:
            told.append("There are more: do this again.")
        return " ".join(told)


def _variants(number: int) -> str:
    return "variant is" if number == 1 else "variants are"


def posts_resting_on(need: str, brand: str, herald: Herald) -> list[Post]:
    """The posts that rest on it now, newest draft first; at most 200."""
    named = herald.store.shelf(Rests, brand, need, limit=MOST_POSTS)
    found = herald.store.posts(one.post_id for one in named)
    there = [post for post in found.values() if need in needs_of(post)]
    return sorted(there, key=lambda post: (post.created_at, post.id), reverse=True)


def taken_back(
    need: str, brand: str, reason: str, person: Person, herald: Herald, now: datetime, *, also_out: bool,
    message: tuple[str, str] = ("", ""),
) -> TakenBack:  # fmt: skip
    """Hold what is approved; with `also_out`, take down what stands, by the ordinary delivery.

    Args:
        message: (message id, account) of the customer's content, where there is one: tasks by hand stand beside it.
    """
    back = TakenBack()
    for post in posts_resting_on(need, brand, herald):
        one = _from_post(post, reason, person, herald, now, also_out=also_out, message=message)
        if len(back.changes) + len(one.changes) > MOST_TAKEN:
            return replace(back, more=True)
        back = TakenBack(
            (*back.changes, *one.changes), back.wake or one.wake, back.held + one.held, back.down + one.down,
            back.by_hand + one.by_hand,
        )  # fmt: skip
    return back


def _from_post(
    post: Post, reason: str, person: Person, herald: Herald, now: datetime, *, also_out: bool, message: tuple[str, str]
) -> TakenBack:
    held: list[StateChange] = []
    down: list[Delivery] = []
    tasks: list[StateChange] = []
    for target in herald.store.targets_of(post.id):
        if target.state is TargetState.APPROVED:
            held.append(Revised(replace(target, state=TargetState.HELD, reason=reason[:300]), target.version))
        elif target.state is TargetState.PUBLISHED and also_out:
            outlet = herald.outlets.get(target.platform)
            able = outlet is not None and Act.TAKE_DOWN in outlet.capabilities.acts and target.external_id
            if able:
                down.append(removal(post, target, person, now))
            elif message[0]:
                tasks.append(New(_by_hand(post, target, message, now), once=True))
    if not (held or down or tasks):
        return TakenBack()
    note = Note(post.id, now, person.id, "taken back", text=reason)
    changes: Sequence[StateChange] = [Revised(post, post.version), note, *held, *map(New, down), *tasks]
    return TakenBack(tuple(changes), down[0] if down else None, len(held), len(down), len(tasks))


def _by_hand(post: Post, target: Target, message: tuple[str, str], now: datetime) -> Case:
    where = target.url or target.account
    platform, _, account_id = message[1].partition(":")
    return Case(
        id=case_id(message[0], Work.TASK, f"take_down~{post.id}~{target.account}"), message_id=message[0],
        account_id=account_id, platform=platform, brand=post.brand, work=Work.TASK, type="take_down",
        severity=Severity.HIGH, state=CaseState.OPEN, opened_at=now, due_at=now,
        note=f"Delete our post by hand, its right was withdrawn: {where}. Then resolve this task."[:400],
    )  # fmt: skip


PLANS: Mapping[type[c.Command], Planner] = MappingProxyType({c.SaveAsset: _save, c.RetireAsset: _retire})
"""The plans of the library."""


def still_out(need: str, brand: str, herald: Herald) -> list[tuple[Post, Target]]:
    """Published variants that rest on it."""
    found: Iterable[Post] = posts_resting_on(need, brand, herald)
    return [
        (post, target)
        for post in found
        for target in herald.store.targets_of(post.id)
        if target.state is TargetState.PUBLISHED
    ]
