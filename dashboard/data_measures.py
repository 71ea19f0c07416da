"""What Overview and Report read, through flows.report: facts of a brand and a period, remembered until they change.

One look every ten seconds, shared by all visitors of a brand, asks each account for what is newer than what was seen.
Its answer is part of every key here, so that a page draws new figures as soon as there are some, and none costs
anything while there are none. The brand is part of every key; who may see it is decided by the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import data
from herald.flows import report as flow
from herald.measure import report as paper
from herald.measure.scorecard import Facts
from herald.model import KeptReport, Mailing, Person
from herald.model.govern import main_zone
from herald.ports import Store

LOOK_EVERY = 10.0  # seconds between two looks for newer facts
KEPT = 900.0  # seconds facts are remembered when nothing newer was seen
SETTLING = timedelta(minutes=1)  # a reading of all posts of an account is written within this
FARTHEST = timedelta(days=32)  # how far back the first look goes


@dataclass(frozen=True, slots=True)
class Version:
    """What the newest facts of a brand are; equal as long as none is newer.

    Attributes:
        read_at: when a platform was read last; None if none was within 32 days.
        answered_at: when the newest first answer stood. today: by the clock of `zone`.
        settled: the newest reading is over a minute old, so all that belongs to it is written; another version before.
    """

    zone: str
    today: str
    read_at: datetime | None
    answered_at: datetime | None
    settled: bool = True


class _Seen:
    """The newest instant seen of each account; a look asks only for what came after it."""

    def __init__(self) -> None:
        self.read: dict[str, datetime | None] = {}
        self.answered: dict[str, datetime | None] = {}

    def look(self, store: Store, account: str, now: datetime) -> None:
        self.read[account] = self._newest(
            self.read, account, now, lambda since: [one.at for one in store.snapshots(account, since, now)]
        )
        self.answered[account] = self._newest(
            self.answered, account, now, lambda since: [one.answered_at for one in store.responses(account, since, now)]
        )

    @staticmethod
    def _newest(seen: dict[str, datetime | None], account: str, now: datetime, ask: Any) -> datetime | None:
        if account in seen:
            known = seen[account]
            since = known if known is not None else now - timedelta(hours=1)
            return max([*ask(since), *([known] if known else [])], default=None)
        window = timedelta(hours=1)
        while window <= FARTHEST * 2:  # the first look: backwards until there is something
            found = ask(now - window)
            if found:
                return cast(datetime, max(found))
            window *= 4
        return None


@st.cache_resource(max_entries=50, show_spinner=False)
def _seen(brand: str) -> _Seen:
    return _Seen()


@st.cache_resource(ttl=LOOK_EVERY - 1, max_entries=50, show_spinner=False)
def version(brand: str) -> Version:
    """The newest facts of a brand: one short query an account for readings, one for answers, whoever watches."""
    accounts, now, seen = data.accounts_of(brand), data.now(), _seen(brand)
    for account in accounts:
        seen.look(data.herald().store, account.id, now)
    ids = [account.id for account in accounts]
    zone = main_zone(accounts)
    read_at = max((at for one in ids if (at := seen.read.get(one))), default=None)
    return Version(
        zone, now.astimezone(ZoneInfo(zone)).date().isoformat(), read_at,
        max((at for one in ids if (at := seen.answered.get(one))), default=None),
        settled=read_at is None or now - read_at > SETTLING,
    )  # fmt: skip


def span_of(days: int, today: str) -> tuple[str, str]:
    """First and last day of so many days that end today."""
    return (date.fromisoformat(today) - timedelta(days=days - 1)).isoformat(), today


@st.cache_resource(ttl=KEPT, max_entries=64, show_spinner=False)
def facts(brand: str, first_day: str, last_day: str, seen: Version) -> Facts | None:
    """All that is known of a brand over a period and the one before it; None where the brand has no account.

    Raises:
        ValueError: the period has not begun, or its last day is before its first.
    """
    herald = data.herald()
    if not any(account.brand == brand for account in herald.store.accounts()):
        return None
    return flow.gather(herald, brand, first_day, last_day, herald.clock())


@st.cache_resource(ttl=KEPT, max_entries=16, show_spinner=False)
def written(brand: str, first_day: str, last_day: str, seen: Version) -> paper.Report | None:
    """The report of a period as files and as a mail; None where the brand has no account. Raises ValueError."""
    found = facts(brand, first_day, last_day, seen)
    return paper.report(found) if found is not None else None


def can_mail() -> bool:
    """Whether a mail can be sent at all."""
    return data.herald().mail is not None


def addressed(brand: str) -> list[Person]:
    """Active people of a brand who have an address, by name."""
    found = [one for one in data.people().values() if one.active and one.email and brand in one.brands]
    return sorted(found, key=lambda one: one.name)


@st.cache_resource(ttl=data.LIVE, max_entries=64, show_spinner=False)
def kept(brand: str) -> list[KeptReport]:
    """Reports kept of a brand, the newest period first."""
    return data.herald().store.kept_reports(brand)


@st.cache_resource(ttl=KEPT, max_entries=8, show_spinner=False)
def kept_files(report: KeptReport) -> Mapping[str, bytes]:
    """The files of a kept report, byte by byte as they were kept. Raises Unknown: they are gone."""
    from herald.flows.mailing import kept_files as read  # noqa: PLC0415  only who opens one pays for it

    return read(report, data.herald()).files


def mailings(brand: str, first_day: str, last_day: str) -> list[Mailing]:
    """What was mailed of the report of a period, the newest first; never from memory."""
    return data.herald().store.mailings(brand, first_day, last_day)


def target_minutes() -> list[int]:
    """The different promises to a first answer, in minutes of business time, shortest first."""
    return sorted(set(data.herald().store.targets().minutes.values()))
