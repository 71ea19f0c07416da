"""Monitors: streams of keywords over what reaches us, and the alert when an hour brings as many as it was to tell of.

What rises (research/trends.py) is read from the same messages. Both read the feeds of accounts, by day and bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from herald.errors import HeraldError, Refused
from herald.flows import commands as c
from herald.flows.chain import commit_audited
from herald.flows.context import Herald
from herald.flows.notices import notice
from herald.flows.planning import Done, Plan, Planner, authorise, proper_id, same_version, words
from herald.model import Account, AuditEntry, Message, New, Person, Revised, Role
from herald.model.monitors import Alert, Monitor
from herald.model.notices import Notice, about
from herald.model.record import record
from herald.model.trends import FeedItem
from herald.research import trends
from herald.research.trends import Rising, Said

CHAIN = "moderation"  # the chain of the function that looks
EVERY = 5  # minutes
MOST_WORDS = 30
MOST_MONITORS = 50
MOST_ENTRIES = 1_000  # entries of feeds that are read for one look at the trends, the newest of them
A_DAY = 300  # messages of an account and day that are read at the most, the newest of it


def monitors_of(brand: str, herald: Herald) -> list[Monitor]:
    return list(herald.store.shelf(Monitor, brand, limit=MOST_MONITORS))


def alerts_of(brand: str, herald: Herald) -> list[Alert]:
    """The newest first."""
    return list(herald.store.shelf(Alert, brand, newest=True, limit=50))


def said(brand: str, first: datetime, until: datetime, herald: Herald) -> list[Message]:
    """What others said to a brand's accounts and was received on these days (UTC), newest first; bounded by A_DAY."""
    return _said(_accounts(brand, herald), first, until, herald)


def _accounts(brand: str, herald: Herald) -> list[Account]:
    return [account for account in herald.store.accounts() if account.brand == brand]


def _said(accounts: Iterable[Account], first: datetime, until: datetime, herald: Herald) -> list[Message]:
    found: list[Message] = []
    for back in range((until.date() - first.date()).days + 1):
        day = (until - timedelta(days=back)).strftime("%Y-%m-%d")
        for account in accounts:
            found += _day(account.id, day, herald)
    mine = [
        one for one in found if first <= one.created_at < until and not one.outbound and not one.deleted and one.text
    ]
    return sorted(mine, key=lambda one: (one.created_at, one.id), reverse=True)


def _known(account: Account, at: datetime, herald: Herald) -> bool:
    """Whether a message of it was counted by then."""
    return "" < herald.store.counted_from(account.id) <= f"{at.astimezone(ZoneInfo(account.timezone)):%Y-%m-%d}"


def _day(account: str, day: str, herald: Herald) -> Iterable[Message]:
    found, cursor = list[Message](), None
    while len(found) < A_DAY:
        page = herald.store.feed(account, day, limit=100, cursor=cursor)
        found += [one for one in page.items if isinstance(one, Message)]
        cursor = page.cursor
        if cursor is None:
            break
    return found


def stream(monitor: Monitor, messages: Iterable[Message]) -> list[Message]:
    """Those that it listens for."""
    return [
        one
        for one in messages
        if (not monitor.platforms or one.platform in monitor.platforms)
        and trends.matches(one.text, monitor.words, monitor.without)
    ]


def rising(brand: str, days: int, herald: Herald, now: datetime) -> tuple[list[Rising], dict[str, Message]]:
    """What rises in what others said to us in the `days` before now, and the messages that show it, by id.

    An account that was not listened to in all of the days before says nothing of what rises: there, all is new.
    """
    first = now - timedelta(days=2 * days)
    known = [account for account in _accounts(brand, herald) if _known(account, first, herald)]
    messages = _said(known, first, now, herald)
    heard = (Said(one.id, one.created_at, one.text, f"{one.platform}:{one.author_id or one.id}") for one in messages)
    found = trends.rising(heard, now, days)
    wanted = {sample for one in found for sample in one.samples}
    return found, {one.id: one for one in messages if one.id in wanted}


def rising_in_feeds(brand: str, days: int, herald: Herald, now: datetime) -> tuple[list[Rising], dict[str, FeedItem]]:
    """The same of what the brand's feeds published, by feed and author. Without a date of its own an entry may be of
    any time, so it is not counted."""
    from herald.flows.feeds import items_of  # noqa: PLC0415  the schedule, which looks for alerts, needs none of it

    entries = items_of(brand, herald, first=now - timedelta(days=2 * days), limit=MOST_ENTRIES)
    dated = [one for one in entries if one.dated]
    heard = (Said(one.id, one.published, f"{one.title}\n{one.summary}", f"{one.feed_id}:{one.author}") for one in dated)
    found = trends.rising(heard, now, days)
    wanted = {sample for one in found for sample in one.samples}
    return found, {one.id: one for one in dated if one.id in wanted}


# ---------------------------------------------------------------- the alert


@record
class Told:
    """One monitor at one tick; for the log."""

    monitor: str
    result: str  # told | failed
    found: int = 0
    error: str = ""


def watch(herald: Herald, now: datetime) -> list[Told]:
    """The tick: monitors that found as many in the last hour as they tell of. Once for each hour of the clock.

    Looks only each EVERY minutes, and only for brands that have a monitor with an alert.
    """
    if now.minute % EVERY:
        return []
    told: list[Told] = []
    for brand in sorted({account.brand for account in herald.store.accounts()}):
        wanted = [one for one in monitors_of(brand, herald) if one.active and one.alert]
        messages = said(brand, now - timedelta(hours=1), now, herald) if wanted else []
        told += [found for one in wanted if (found := _tell(one, stream(one, messages), herald, now))]
    return told


def _tell(monitor: Monitor, found: list[Message], herald: Herald, now: datetime) -> Told | None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    if len(found) < monitor.alert or herald.store.find(Alert, monitor.brand, hour, monitor.id):
        return None
    samples = tuple(one.id for one in found[: trends.SAMPLES])
    alert = Alert(monitor.brand, hour, monitor.id, len(found), samples)
    line = AuditEntry(
        CHAIN, 0, now, "herald", "monitor.alert", monitor.id, {"found": len(found), "alert": monitor.alert}
    )
    told = notice(
        monitor.brand, told_of(alert), 1, f"Monitor alert: {alert.found} messages in the last hour", now, "monitors",
        {"monitor": monitor.id}, people=(monitor.by,), roles=(Role.COMMUNITY_MANAGER,),
    )  # fmt: skip
    try:
        commit_audited([New(alert, once=True), told], [line], CHAIN, herald)
    except HeraldError as error:
        return Told(monitor.id, "failed", len(found), type(error).__name__)
    return Told(monitor.id, "told", len(found))


def told_of(alert: Alert) -> str:
    """What its notice is about (flows/notices.py)."""
    return about("alert", alert.monitor, f"{alert.at:%Y-%m-%dT%H}")


def notices_of(alerts: Iterable[Alert], herald: Herald) -> dict[str, Notice]:
    """What was told of these, by what it is about (`told_of`)."""
    found = herald.store.find_all(Notice, [(one.brand, told_of(one), 1) for one in alerts])
    return {one.about: one for one in found}


# ---------------------------------------------------------------- what people do


def _save(command: c.SaveMonitor, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    before = herald.store.find(Monitor, command.brand, proper_id(command.id, "monitor"))
    same_version(before.version if before else 0, command.expected)
    if before is None and len(monitors_of(command.brand, herald)) >= MOST_MONITORS:
        raise Refused("input", f"A brand has {MOST_MONITORS} monitors at the most. Change one you have.")
    listened, without = _words(command.words), _words(command.without)
    if not listened:
        raise Refused("input", "Name at least one word.")
    known = {account.platform for account in herald.store.accounts() if account.brand == command.brand}
    if set(command.platforms) - known:
        raise Refused("input", "Choose platforms of the brand, or none for all.")
    if not 0 <= command.alert <= 100_000:
        raise Refused("input", "Alert from so many in an hour on: a number from 1; 0 is no alert.")
    monitor = Monitor(
        command.brand,
        command.id,
        words(command.title, "Give it a title.", 120),
        listened,
        without,
        tuple(sorted(set(command.platforms))),
        command.alert,
        command.active,
        person.id,
        now,
    )
    change = Revised(monitor, before.version) if before else New(monitor)
    sentence = "Saved." if monitor.active else "Ended; what it told stays."
    return Plan((change,), Done(sentence, monitor.id), {"words": len(listened), "alert": monitor.alert})


def _words(given: Iterable[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(" ".join(words(each, "", 80).split()) for each in given if each.strip()))
    if len(found) > MOST_WORDS:
        raise Refused("input", f"Name {MOST_WORDS} words at the most.")
    return found


PLANS: Mapping[type[c.Command], Planner] = MappingProxyType({c.SaveMonitor: _save})
"""The plan of the command on monitors."""
