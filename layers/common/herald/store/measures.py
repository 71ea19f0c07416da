"""The rows of numbers: snapshots as told, the newest of each, answers, and where polling stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from herald.model import Metric, Response, Snapshot
from herald.store import keys, rows
from herald.store.db import Absent, Below, Db, Either, Equals, Item, Put, Update, WriteRefused

if TYPE_CHECKING:
    from herald.model import Account


class MeasureTables:
    """Part of the Store (ports.Store, measures). Numbers only, no personal data."""

    db: Db

    if TYPE_CHECKING:

        def accounts(self) -> list[Account]: ...

    def keep(self, snapshots: Sequence[Snapshot]) -> None:
        """The fact once; then the newest-of-day or newest-of-post it may be. Each write is safe to repeat."""
        for one in snapshots:
            item = {"value": one.value, "account": one.account, "post": one.post or None, "day": one.day or None}
            key = keys.snapshot(one.account, one.post, one.at, one.metric, one.day)
            self._quietly(Put(key, item | {"metric": str(one.metric), "at": keys.stamp(one.at)}, Absent("pk")))
            told, value = f"t:{one.metric}", f"m:{one.metric}"
            newest = keys.newest_of_post(one.account, one.post) if one.post else keys.counts(one.account, one.day)
            if one.post or one.day:
                at = keys.stamp(one.at)
                newer = Either(Absent(told), Below(told, at))
                self._quietly(Update(newest, set={told: at, value: one.value}, when=newer))
        self._keep_days([one for one in snapshots if one.post])

    def _keep_days(self, snapshots: Sequence[Snapshot]) -> None:
        """One write a reading of a post: what it had reached on that day of the account's zone."""
        zones = {account.id: account.timezone for account in self.accounts()} if snapshots else {}
        readings: dict[tuple[str, str, datetime], dict[Metric, int]] = {}
        for one in snapshots:
            readings.setdefault((one.account, one.post, one.at), {}).setdefault(one.metric, one.value)
        for (account, post, read), figures in readings.items():
            day = read.astimezone(ZoneInfo(zones.get(account, "UTC"))).date().isoformat()
            key, at = keys.read_on(account, day, post), keys.stamp(read)
            told = {f"{sign}:{metric}": value for metric, n in figures.items() for sign, value in (("t", at), ("m", n))}
            if self._quietly(Update(key, set=told | {"at": at}, when=Either(Absent("at"), Below("at", at)))):
                continue
            for metric, value in figures.items():  # something was read later or at once: each metric by itself
                newer = Either(Absent(f"t:{metric}"), Below(f"t:{metric}", at))
                self._quietly(Update(key, set={f"t:{metric}": at, f"m:{metric}": value}, when=newer))

    def snapshots(self, account: str, first: datetime, last: datetime, *, post: str = "") -> list[Snapshot]:
        start, end = keys.stamp(first), f"{keys.stamp(last)}\U0010ffff"
        return [_snapshot(item) for item in self._all(f"S#{account}#{post}", start, end)]

    def post_snapshots(self, account: str, posts: Iterable[str]) -> dict[str, list[Snapshot]]:
        found = self.db.get_many([keys.newest_of_post(account, post) for post in posts])
        return {key[2]: _newest(account, key[2], item) for key, item in found.items()}

    def read_on(self, account: str, first_day: str, last_day: str) -> list[Snapshot]:
        items = self._all(f"E#{account}", f"{first_day}#", f"{last_day}#\U0010ffff")
        return [one for item in items for one in _newest(account, item["sk"][11:], item)]

    def figures(self, account: str, first_day: str, last_day: str) -> dict[str, dict[Metric, int]]:
        items = self._all(f"N#{account}", f"DAY#{first_day}", f"DAY#{last_day}")
        days = {item["sk"][4:]: {s.metric: s.value for s in _newest(account, "", item)} for item in items}
        return {day: figures for day, figures in days.items() if figures}

    def responses(self, account: str, first: datetime, last: datetime) -> list[Response]:
        start, end = keys.stamp(first), f"{keys.stamp(last)}\U0010ffff"
        return [rows.response(item) for item in self._all(f"R#{account}", start, end)]

    def cursor(self, account: str) -> str:
        item = self.db.get(keys.cursor(account))
        return str(item["at"]) if item else ""

    def move_cursor(self, account: str, was: str, now_at: str) -> bool:
        unmoved = Equals("at", was) if was else Absent("pk")
        return self._quietly(Put(keys.cursor(account), {"at": now_at}, unmoved))

    def _quietly(self, write: Put | Update) -> bool:
        try:
            self.db.write(write)
        except WriteRefused:
            return False
        return True

    def _all(self, pk: str, first: str, last: str) -> list[Item]:
        items: list[Item] = []
        cursor: str | None = None
        while True:
            page, cursor = self.db.query(keys.METRICS, pk, first=first, last=last, limit=500, after=cursor)
            items += page
            if cursor is None:
                return items


def response(thing: Response) -> Put:
    return Put(keys.response(thing.account, thing.answered_at, thing.case_id), rows.plain(thing))


def _snapshot(item: dict[str, Any]) -> Snapshot:
    return Snapshot(
        item["account"], Metric(item["metric"]), item["value"], rows.time(item["at"]), item.get("post", ""),
        item.get("day", ""),
    )  # fmt: skip


def _newest(account: str, post: str, item: Item) -> list[Snapshot]:
    day = "" if post else item["sk"][4:]
    return [
        Snapshot(account, metric, item[f"m:{metric}"], rows.time(item[f"t:{metric}"]), post, day)
        for metric in Metric
        if f"m:{metric}" in item
    ]
