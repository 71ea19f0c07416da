"""The rows of reports that left: those kept by period, and what was mailed of each."""

from __future__ import annotations

from dataclasses import replace

from herald.model import KeptReport, Mailing
from herald.store import keys, rows
from herald.store.db import Absent, Db, Equals, Put


class ReportTables:
    """Part of the Store (ports.Store, reports)."""

    db: Db

    def kept_reports(self, brand: str, limit: int = 24) -> list[KeptReport]:
        items, _ = self.db.query(keys.POSTS, f"REPORT#{brand}", newest=True, limit=limit)
        return [rows.kept_report(item) for item in items]

    def kept_report(self, brand: str, first_day: str, last_day: str) -> KeptReport | None:
        item = self.db.get(keys.kept_report(brand, first_day, last_day))
        return rows.kept_report(item) if item else None

    def mailings(self, brand: str, first_day: str, last_day: str) -> list[Mailing]:
        items, _ = self.db.query(keys.POSTS, f"MAIL#{brand}#{first_day}#{last_day}", limit=500)
        return sorted(map(rows.mailing, items), key=lambda one: one.ordered_at, reverse=True)

    def mailing(self, brand: str, first_day: str, last_day: str, mailing_id: str) -> Mailing | None:
        item = self.db.get(keys.mailing(brand, first_day, last_day, mailing_id))
        return rows.mailing(item) if item else None


def new(thing: KeptReport | Mailing) -> Put:
    """The write for what must not exist yet."""
    if isinstance(thing, KeptReport):
        return Put(keys.kept_report(thing.brand, thing.first_day, thing.last_day), rows.plain(thing), Absent("pk"))
    return Put(_key(thing), rows.plain(replace(thing, version=1)), Absent("pk"))


def revised(thing: Mailing, was: int) -> Put:
    """The write for a mailing whose row is at version `was`."""
    return Put(_key(thing), rows.plain(replace(thing, version=was + 1)), Equals("version", was))


def _key(thing: Mailing) -> keys.Key:
    return keys.mailing(thing.brand, thing.first_day, thing.last_day, thing.id)
