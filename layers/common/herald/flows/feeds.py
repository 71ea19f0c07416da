"""Feeds of others: saved by people, read on the schedule, their entries kept in the library with where they come from.

A feed is read under a lease on its state, so that two ticks never read it at once and a tick that died is followed by
another. How much one feed may bring is bounded: by reading, by day, and by the days an entry stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from urllib.parse import urlsplit

from herald.errors import BadPayload, HeraldError, PlatformError, Refused, Stale
from herald.flows import commands as c
from herald.flows.context import Herald
from herald.flows.planning import Done, Plan, Planner, authorise, hashed, same_version, words
from herald.model import New, Person, Revised
from herald.model.record import record
from herald.model.trends import Feed, FeedItem, FeedState, items_list
from herald.ports import Feeds
from herald.research import feeds

MOST_FEEDS = 20  # of a brand, that are read
MOST_SAVED = 200  # with those that were retired
EVERY = timedelta(minutes=30)
LEASE = timedelta(minutes=5)  # longer than a tick can last
PATIENCE = timedelta(hours=24)  # the longest pause after failures
A_TICK = 3  # feeds read in one tick; each takes 20 s at the most (platforms/wire/feeds.py)
A_DAY = 100  # new entries of one feed that are kept on one UTC day
KEPT = timedelta(days=30)
"""How long an entry stays (store/shelves.py)."""


def feeds_of(brand: str, herald: Herald) -> list[Feed]:
    return herald.store.shelf(Feed, brand, limit=MOST_SAVED)


def states_of(brand: str, herald: Herald) -> dict[str, FeedState]:
    """How reading goes, by feed."""
    return {one.id: one for one in herald.store.shelf(FeedState, brand, limit=MOST_SAVED)}


def items_of(brand: str, herald: Herald, *, first: datetime | None = None, limit: int = 50) -> list[FeedItem]:
    """Entries of a brand's feeds, the newest first; those published since `first`."""
    since = f"{first:%Y-%m-%dT%H:%M}" if first else ""
    return herald.store.listed(FeedItem, "feed", items_list(brand), first=since, newest=True, limit=limit)


# ---------------------------------------------------------------- what people do


def _save(command: c.SaveFeed, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    address = feeds.feed_address(command.address, herald.feeds.own if herald.feeds else "")
    if not address:
        raise Refused("input", "Give the whole public address of a feed, beginning with https:// or http://.")
    title = words(command.title, "Give the feed a name.", 120)
    name = feeds.feed_id(address)
    there = {one.id: one for one in feeds_of(command.brand, herald)}
    before = there.get(name)
    if before and before.retired_at is None and before.title == title:
        return Plan((), Done("This feed was saved already.", name))
    same_version(before.version if before else 0, command.expected or (before.version if before else 0))
    if sum(one.retired_at is None for one in there.values() if one.id != name) >= MOST_FEEDS:
        raise Refused("state", f"{MOST_FEEDS} feeds are the most. Retire one first.")
    if before is None and len(there) >= MOST_SAVED:
        raise Refused("state", f"{MOST_SAVED} feeds were saved, the most there can be. Read one of them again.")
    feed = Feed(command.brand, name, address, title, person.id, now)
    change = Revised(feed, before.version) if before else New(feed)
    done = Done("Saved. Its entries are here within a few minutes.", name)
    return Plan((change,), done, {"address": hashed(address), "host": hashed(urlsplit(address).hostname or "")})


def _retire(command: c.RetireFeed, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    feed = herald.store.find(Feed, command.brand, command.feed_id)
    if feed is None:
        raise Refused("input", "There is no such feed.")
    if feed.retired_at is not None:
        return Plan((), Done("This feed was retired already.", feed.id))
    same_version(feed.version, command.expected)
    out = replace(feed, retired_at=now, retired_by=person.id)
    done = Done(f"Retired. What it gave stays for {KEPT.days} days.", feed.id)
    return Plan((Revised(out, feed.version),), done)


def _keep(command: c.KeepItem, person: Person, herald: Herald, now: datetime) -> Plan:
    """A link in the library that tells which feed it was in, who wrote it and when. Nobody gave us a licence."""
    from herald.flows import library  # noqa: PLC0415  the schedule, which reads feeds, needs none of it
    from herald.model import Asset  # noqa: PLC0415  nor of its records

    authorise(command, person, command.brand, herald, now)
    item = herald.store.find(FeedItem, command.brand, command.item_id)
    if item is None:
        gone = f"This entry is gone: entries are kept for {KEPT.days} days. Add its link in the library."
        raise Refused("input", gone)
    if item.asset:
        return Plan((), Done("It is in the library already.", item.asset))
    if not item.address:
        raise Refused("state", "This entry gave no address, so there is nothing to link to.")
    name = f"link-{feeds.feed_id(item.address)}"
    kept = Revised(replace(item, asset=name), item.version)
    facts: dict[str, str | int | bool | None] = {"item": item.id, "feed": item.feed_id}
    if herald.store.find(Asset, command.brand, name):
        return Plan((kept,), Done("It is in the library already.", name), facts)
    feed = herald.store.find(Feed, command.brand, item.feed_id)
    save = c.SaveAsset(
        name, command.brand, item.title[:200], "unknown", 0, address=item.address, credit=item.author[:200],
        source=_origin(item, feed.address if feed else ""),
    )  # fmt: skip
    plan = library.PLANS[c.SaveAsset](save, person, herald, now)
    return replace(
        plan, changes=(*plan.changes, kept), done=Done("It is in the library.", name), facts=plan.facts | facts
    )


def _origin(item: FeedItem, address: str) -> str:
    when = f"published {item.published:%Y-%m-%d %H:%M} UTC, " if item.dated else ""
    return f"{item.source}, {when}read {item.read:%Y-%m-%d %H:%M} UTC in the feed {address[:250]}"


PLANS: Mapping[type[c.Command], Planner] = MappingProxyType(
    {c.SaveFeed: _save, c.RetireFeed: _retire, c.KeepItem: _keep}
)
"""The plans of the commands on feeds."""


# ---------------------------------------------------------------- the tick


@record
class Asked:
    """What one feed gave at one tick; for the log: ids and outcomes only, the words of a failure are for the page."""

    feed: str
    result: str  # read | unchanged | failed | overtaken
    stored: int = 0
    error: str = ""


def read_feeds(herald: Herald, now: datetime, until: datetime | None = None) -> list[Asked]:
    """The tick: the A_TICK feeds that are longest due. One that fails does not stop the others; safe to repeat.

    From `until` on, by the clock, none is begun: it stays due.
    """
    if herald.feeds is None:
        return []
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    due: list[tuple[Feed, FeedState | None]] = []
    for brand in sorted({account.brand for account in herald.store.accounts()}):
        saved = [one for one in feeds_of(brand, herald) if one.retired_at is None]
        states = states_of(brand, herald) if saved else {}
        due += [(one, states.get(one.id)) for one in saved if one.id not in states or states[one.id].next_at <= now]
    due.sort(key=lambda pair: (pair[1].next_at if pair[1] else pair[0].at, pair[0].brand, pair[0].id))
    asked: list[Asked] = []
    for feed, state in due[:A_TICK]:
        if until and herald.clock() >= until:
            break
        asked.append(_read(feed, state, herald.feeds, herald, now))
    return asked


def _read(feed: Feed, state: FeedState | None, reader: Feeds, herald: Herald, now: datetime) -> Asked:
    """Lease, fetch, store, and only then say that it was read: what dies in between is read again."""
    before = state or FeedState(feed.brand, feed.id, now)
    leased = replace(before, next_at=now + LEASE)
    try:
        herald.store.commit([Revised(leased, state.version) if state else New(leased)])
        after, stored = _fetched(feed, before, reader, herald, now)
        herald.store.commit([Revised(after, (state.version if state else 0) + 1)])
    except Stale:
        return Asked(feed.id, "overtaken")  # another tick reads it; entries are kept once anyway
    except HeraldError as error:
        return Asked(feed.id, "failed", error=type(error).__name__)  # its lease ends, and it is read again
    if after.error:
        return Asked(feed.id, "failed", error="told on the page")
    return Asked(feed.id, "read" if stored else "unchanged", stored)


def _fetched(feed: Feed, before: FeedState, reader: Feeds, herald: Herald, now: datetime) -> tuple[FeedState, int]:
    try:
        page = reader.fetch(feed.address, before.etag, before.modified)
        well = replace(before, next_at=now + EVERY, read_at=now, failures=0, error="")
        if page.body is None:
            return well, 0
        parsed = feeds.parse(page.body, page.address)
    except (PlatformError, BadPayload) as error:
        pause = min(PATIENCE, EVERY * 2 ** min(before.failures, 10))
        return replace(before, next_at=now + pause, failures=before.failures + 1, error=str(error)[:200]), 0
    day = f"{now:%Y-%m-%d}"
    room = A_DAY - (before.kept if before.day == day else 0)
    stored = _store(feed, parsed, herald, now, room)
    after = replace(well, etag="", modified="", entries=len(parsed.entries), day=day, kept=A_DAY - room + stored)
    if stored < room:  # else some may have been left out, and "not changed" tomorrow would lose them
        after = replace(after, etag=page.etag, modified=page.modified)
    return after, stored


def _store(feed: Feed, parsed: feeds.Parsed, herald: Herald, now: datetime, room: int) -> int:
    """Entries that are not there yet; returns how many. What is older than an entry stays is left out."""
    made = [
        FeedItem(
            feed.brand, feeds.item_id(feed.id, one), feed.id, feed.title, one.title, one.address, one.summary,
            one.author, min(one.published or now, now), now, dated=one.published is not None,
        )
        for one in parsed.entries
    ]  # fmt: skip
    fresh = [one for one in made if one.published > now - KEPT]
    there = {one.id for one in herald.store.find_all(FeedItem, [(one.brand, one.id) for one in fresh])}
    news = [one for one in fresh if one.id not in there][: max(0, room)]
    for start in range(0, len(news), 50):
        herald.store.commit([New(one, once=True) for one in news[start : start + 50]])
    return len(news)
