"""The calendar's rows: posts, variants, approvals, notes, holds. Reads and the writes that `commit` asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from herald.model import Approval, Delivery, Gated, Hold, IsApproved, Note, Post, Target, Used
from herald.store import keys, rows
from herald.store.db import Absent, Check, Db, Equals, Item, Put, Update


class PostTables:
    """Part of the Store (ports.Store, posts)."""

    db: Db

    def post(self, post_id: str) -> Post | None:
        item = self.db.get(keys.post(post_id))
        return rows.post(item) if item else None

    def posts(self, post_ids: Iterable[str]) -> dict[str, Post]:
        found = self.db.get_many([keys.post(post_id) for post_id in post_ids])
        return {post.id: post for post in map(rows.post, found.values())}

    def targets_of(self, post_id: str) -> list[Target]:
        items, _ = self.db.query(keys.POSTS, f"P#{post_id}", first="T#", last="T#\U0010ffff", limit=200)
        return [rows.target(item) for item in items]

    def target(self, post_id: str, account: str) -> Target | None:
        item = self.db.get(keys.target(post_id, account))
        return rows.target(item) if item else None

    def approvals(self, post_id: str) -> list[Approval]:
        items, _ = self.db.query(keys.POSTS, f"A#{post_id}", limit=500)
        return [rows.approval(item) for item in items]

    def used(self, post_id: str, nonce: str) -> Used | None:
        item = self.db.get(keys.used(post_id, nonce))
        return rows.used(item) if item else None

    def notes(self, post_id: str) -> list[Note]:
        """What people and failures left, and of each variant that went out its own word for it."""
        items, _ = self.db.query(keys.POSTS, f"P#{post_id}", first="N#", last="N#\U0010ffff", limit=500)
        told = [rows.note(item) for item in items]
        told += [
            Note(post_id, target.published_at, "herald", "published", target.account, target.url)
            for target in self.targets_of(post_id)
            if target.published_at
        ]
        return sorted(told, key=lambda note: note.at)

    def publication(self, delivery_id: str) -> Delivery | None:
        """A publication by its id: it lies in its variant's row."""
        post_id, account = whose(delivery_id)
        item = self.db.get(keys.target(post_id, account))
        post = self.post(post_id)
        if item is None or post is None or item.get("delivery_id") != delivery_id:
            return None
        return rows.under_way(item, post)

    def publications(self, items: Iterable[Item]) -> list[Delivery]:
        """Those that lie in these variants' rows."""
        rows_of = list(items)
        posts = self.posts({item["post_id"] for item in rows_of})
        found = [rows.under_way(item, posts[item["post_id"]]) for item in rows_of if item["post_id"] in posts]
        return [one for one in found if one is not None]

    def calendar(self, brand: str, first: datetime, last: datetime) -> list[Target]:
        start, end = keys.stamp(first), keys.stamp(last)
        found: list[keys.Key] = []
        for month in _months(first, last):
            cursor: str | None = None
            while True:
                places, cursor = self.db.query(
                    keys.POSTS, keys.calendar(brand, month), index="calendar", first=start, last=f"{end}\U0010ffff",
                    limit=500, after=cursor,
                )  # fmt: skip
                found += [(keys.POSTS, place["pk"], place["sk"]) for place in places]
                if cursor is None:
                    break
        return self._targets(found)

    def planned(self, before: datetime, limit: int = 100) -> list[Target]:
        places, _ = self.db.query(keys.POSTS, keys.PLANNED, index="work", last=keys.stamp(before), limit=limit)
        return self._targets([(keys.POSTS, place["pk"], place["sk"]) for place in places])

    def attention(self, brand: str, limit: int = 100) -> list[Target]:
        places, _ = self.db.query(keys.POSTS, keys.attention(brand), index="work", limit=limit)
        return self._targets([(keys.POSTS, place["pk"], place["sk"]) for place in places])

    def holds(self, brand: str) -> list[Hold]:
        places, _ = self.db.query(keys.POSTS, keys.in_force(brand), index="work", newest=True, limit=100)
        wanted = [(keys.POSTS, place["pk"], place["sk"]) for place in places]
        found = self.db.get_many(wanted)
        return [rows.hold(found[key]) for key in wanted if key in found]

    def hold(self, brand: str, hold_id: str) -> Hold | None:
        item = self.db.get(keys.hold(brand, hold_id))
        return rows.hold(item) if item else None

    def _targets(self, wanted: list[keys.Key]) -> list[Target]:
        found = self.db.get_many(wanted)
        return [rows.target(found[key]) for key in wanted if key in found]


def new(thing: Post | Target | Approval | Hold | Used) -> Put:
    """The write for a thing that must not exist yet."""
    if isinstance(thing, Post):
        return Put(keys.post(thing.id), rows.plain(replace(thing, version=1)), Absent("pk"))
    if isinstance(thing, Target):
        key = keys.target(thing.post_id, thing.account)
        return Put(key, rows.target_item(replace(thing, version=1)), Absent("pk"))
    if isinstance(thing, Hold):
        return Put(keys.hold(thing.brand, thing.id), rows.hold_item(replace(thing, version=1)), Absent("pk"))
    if isinstance(thing, Used):
        return Put(keys.used(thing.post_id, thing.nonce), rows.plain(thing), Absent("pk"))
    return Put(keys.approval(thing.post_id, thing.account, thing.content_hash), rows.plain(thing), Absent("pk"))


def revised(thing: Post | Target | Hold, was: int) -> Put:
    """The write for a thing whose row is at version `was`."""
    unchanged = Equals("version", was)
    if isinstance(thing, Post):
        return Put(keys.post(thing.id), rows.plain(replace(thing, version=was + 1)), unchanged)
    if isinstance(thing, Target):
        key = keys.target(thing.post_id, thing.account)
        return Put(key, rows.target_item(replace(thing, version=was + 1)), unchanged)
    return Put(keys.hold(thing.brand, thing.id), rows.hold_item(replace(thing, version=was + 1)), unchanged)


def whose(delivery_id: str) -> tuple[str, str]:
    """Post and account of a publication's id, `publish~<post>~<account>~<content hash>`."""
    _, post_id, rest = delivery_id.split("~", 2)
    return post_id, rest.rsplit("~", 1)[0]


def under_way(delivery: Delivery, was: int, target: Target | None) -> Put | Update:
    """The write of a publication, together with its variant where that changes too: one row, one version."""
    standing = rows.under_way_item(delivery)
    unchanged = Equals("version", was)
    if target is None:
        key = keys.target(*whose(delivery.id))
        return Update(key, set=standing, add={"version": 1}, when=unchanged)
    item = rows.target_item(replace(target, version=was + 1))
    keep = {name: value for name, value in standing.items() if value is not None}
    return Put(keys.target(target.post_id, target.account), item | keep, unchanged)


def gated(change: Gated) -> Update:
    """A hold on or off an account's gate row; `held` counts the holds in force, NotHeld asks for none."""
    mark = f"hold:{change.hold_id}"
    if change.on:
        return Update(keys.gate(change.account), set={mark: True}, add={"held": 1}, when=Absent(mark))
    return Update(keys.gate(change.account), remove=(mark,), add={"held": -1}, when=Equals(mark, True))


def approved(change: IsApproved) -> Check:
    key = keys.approval(change.post_id, change.account, change.content_hash)
    return Check(key, Equals("content_hash", change.content_hash))


def note(thing: Note) -> Put:
    return Put(keys.note(thing.post_id, thing.at, thing.what, thing.account), rows.plain(thing))


def _months(first: datetime, last: datetime) -> list[str]:
    """UTC months from first to last, as YYYY-MM."""
    start, end = first.astimezone(UTC), last.astimezone(UTC)
    months = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    return [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in months]
