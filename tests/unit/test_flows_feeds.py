"""Feeds saved, read under a lease, bounded; failures told on the page; entries kept in the library with origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest

from herald.errors import PlatformError, Refused, Retryable
from herald.flows import commands as c
from herald.flows import feeds
from herald.library.licences import LICENCES
from herald.model import Asset, AssetKind
from herald.model.trends import Feed, FeedItem, FeedState
from herald.ports import FeedPage
from tests.support.world import ANA, BRAND, MIA, NOON, TED, World, a_world
from tests.unit.test_flows_posts import run

ADDRESS = "https://news.example/feed.xml"


def item(number: int, at: datetime | None = NOON, **more: str) -> str:
    told = {"title": f"Entry {number}", "link": f"https://news.example/{number}", "author": "Pat Reed"} | more
    date = f"<pubDate>{format_datetime(at)}</pubDate>" if at else ""
    return f"<item><guid>{number}</guid>{''.join(f'<{k}>{v}</{k}>' for k, v in told.items())}{date}</item>"


def rss(*items: str) -> bytes:
    return f"<rss><channel><title>News</title>{''.join(items)}</channel></rss>".encode()


@dataclass
class Server:
    """Feeds by address: a body, an error to raise, or the page itself."""

    told: dict[str, bytes | PlatformError | FeedPage] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    own: str = ""

    def fetch(self, address: str, etag: str, modified: str) -> FeedPage:
        self.asked.append((address, etag, modified))
        told = self.told[address]
        if isinstance(told, PlatformError):
            raise told
        return told if isinstance(told, FeedPage) else FeedPage(told, address)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def world(server: Server) -> World:
    made = a_world()
    made.herald = replace(made.herald, feeds=server)
    return made


def save(world: World, address: str = ADDRESS, title: str = "News", by: str = ANA.id, **more: int) -> str:
    return run(world, c.SaveFeed(BRAND, address, title, **more), by).subject


def state(world: World, feed: str) -> FeedState:
    found = world.store.find(FeedState, BRAND, feed)
    assert found is not None
    return found


# ---------------------------------------------------------------- saving and retiring


def test_a_feed_is_saved_once_renamed_retired_and_read_again(world: World, server: Server) -> None:
    server.told[ADDRESS] = rss(item(1))
    feed = save(world)
    assert save(world) == feed
    save(world, title="Daily news")
    (there,) = feeds.feeds_of(BRAND, world.herald)
    assert (there.title, there.version) == ("Daily news", 2)
    run(world, c.RetireFeed(BRAND, feed, 2), MIA.id)
    assert feeds.read_feeds(world.herald, NOON) == []
    save(world, title="Daily news", expected=3)
    assert [one.result for one in feeds.read_feeds(world.herald, NOON)] == ["read"]


@pytest.mark.parametrize(
    "address", ["", "news.example", "https://127.0.0.1/f", "https://a.example:8443/f", "ftp://a.example/"]
)
def test_what_is_no_public_address_is_refused(world: World, address: str) -> None:
    with pytest.raises(Refused, match="whole public address") as refused:
        save(world, address)
    assert refused.value.missing == "input"


def test_an_origin_of_this_machine_is_saved_only_where_it_is_said(world: World, server: Server) -> None:
    with pytest.raises(Refused):
        save(world, "http://127.0.0.1:8440/slow-homes.xml")
    server.own = "http://127.0.0.1:8440"
    save(world, "http://127.0.0.1:8440/slow-homes.xml")


def test_who_does_not_promote_saves_no_feed_and_twenty_are_the_most(world: World) -> None:
    with pytest.raises(Refused) as refused:
        save(world, by=TED.id)
    assert refused.value.missing == "role"
    for number in range(feeds.MOST_FEEDS):
        save(world, f"https://news.example/{number}")
    with pytest.raises(Refused, match="are the most"):
        save(world, "https://news.example/more")
    with pytest.raises(Refused) as refused:
        save(world, "https://news.example/0", "Other", expected=9)
    assert refused.value.missing == "version"


# ---------------------------------------------------------------- the tick


def test_new_entries_are_kept_once_with_where_they_come_from(world: World, server: Server) -> None:
    server.told[ADDRESS] = rss(item(2), item(1, NOON - timedelta(days=2)), item(0, NOON - timedelta(days=31)))
    feed = save(world)
    (asked,) = feeds.read_feeds(world.herald, NOON)
    assert (asked.result, asked.stored) == ("read", 2)
    assert feeds.read_feeds(world.herald, NOON + timedelta(minutes=2)) == []
    (asked,) = feeds.read_feeds(world.herald, NOON + feeds.EVERY)
    assert (asked.result, asked.stored) == ("unchanged", 0)
    found = feeds.items_of(BRAND, world.herald)
    assert [(one.title, one.source, one.author, one.dated) for one in found] == [
        ("Entry 2", "News", "Pat Reed", True), ("Entry 1", "News", "Pat Reed", True)
    ]  # fmt: skip
    assert [one.title for one in feeds.items_of(BRAND, world.herald, first=NOON - timedelta(days=1))] == ["Entry 2"]
    assert state(world, feed).entries == 3


def test_it_is_asked_by_what_it_gave_and_not_changed_is_well(world: World, server: Server) -> None:
    server.told[ADDRESS] = FeedPage(rss(item(1)), ADDRESS, '"7"', "Mon, 16 Nov 2026 09:00:00 GMT")
    feed = save(world)
    feeds.read_feeds(world.herald, NOON)
    server.told[ADDRESS] = FeedPage(None, ADDRESS)
    feeds.read_feeds(world.herald, NOON + feeds.EVERY)
    assert server.asked[1] == (ADDRESS, '"7"', "Mon, 16 Nov 2026 09:00:00 GMT")
    assert (state(world, feed).read_at, state(world, feed).etag) == (NOON + feeds.EVERY, '"7"')


def test_a_failure_is_told_in_words_waits_longer_each_time_and_is_forgotten_when_it_goes_well(
    world: World, server: Server
) -> None:
    feed = save(world)
    now = NOON
    for pause, told in ((30, Retryable("news.example was not reached.")), (60, Retryable("x")), (120, Retryable("x"))):
        server.told[ADDRESS] = told
        (asked,) = feeds.read_feeds(world.herald, now)
        assert (asked.result, "example" in asked.error) == ("failed", False)  # the log has no names
        assert state(world, feed).error == str(told)
        assert state(world, feed).next_at == now + timedelta(minutes=pause)
        now = state(world, feed).next_at
    server.told[ADDRESS] = b"<!DOCTYPE x [<!ENTITY a 'b'>]><rss/>"
    feeds.read_feeds(world.herald, now)
    assert "entities" in state(world, feed).error
    server.told[ADDRESS] = rss(item(1))
    feeds.read_feeds(world.herald, state(world, feed).next_at)
    assert (state(world, feed).error, state(world, feed).failures) == ("", 0)


def test_one_tick_reads_a_bounded_number_longest_due_first_and_one_that_fails_stops_no_other(
    world: World, server: Server
) -> None:
    for number in range(feeds.A_TICK + 2):
        world.clock.pass_(seconds=1)
        address = f"https://news.example/{number}"
        server.told[address] = Retryable("x") if number == 1 else rss(item(number))
        save(world, address)
    first = feeds.read_feeds(world.herald, NOON + timedelta(minutes=1))
    assert [one.result for one in first] == ["read", "failed", "read"]
    second = feeds.read_feeds(world.herald, NOON + timedelta(minutes=3))
    assert [one.result for one in second] == ["read", "read"]
    assert [address[-1] for address, _, _ in server.asked] == list("01234")


def test_a_tick_that_is_late_begins_no_feed_and_leaves_it_due(world: World, server: Server) -> None:
    for number in range(2):
        server.told[f"https://news.example/{number}"] = rss(item(number))
        save(world, f"https://news.example/{number}")

    class Slow(Server):
        def fetch(self, address: str, etag: str, modified: str) -> FeedPage:
            world.clock.pass_(seconds=20)
            return server.fetch(address, etag, modified)

    slow = replace(world.herald, feeds=Slow())
    until = world.clock() + timedelta(seconds=15)
    assert len(feeds.read_feeds(slow, world.clock(), until)) == 1
    assert feeds.read_feeds(slow, world.clock(), until) == []
    assert len(feeds.read_feeds(slow, world.clock())) == 1


def test_two_ticks_at_once_read_a_feed_once_and_one_that_died_is_followed_after_its_lease(
    world: World, server: Server
) -> None:
    feed = save(world)

    class Interrupted(Server):
        def fetch(self, address: str, etag: str, modified: str) -> FeedPage:
            during = replace(world.herald, feeds=server)
            assert feeds.read_feeds(during, NOON + timedelta(seconds=30)) == []
            raise KeyboardInterrupt  # as when the function's time is over

    with pytest.raises(KeyboardInterrupt):
        feeds.read_feeds(replace(world.herald, feeds=Interrupted()), NOON)
    server.told[ADDRESS] = rss(item(1))
    assert feeds.read_feeds(world.herald, NOON + feeds.LEASE - timedelta(seconds=1)) == []
    assert [one.result for one in feeds.read_feeds(world.herald, NOON + feeds.LEASE)] == ["read"]
    assert state(world, feed).failures == 0


def test_a_tick_whose_lease_ran_out_says_nothing_over_what_another_said(world: World, server: Server) -> None:
    feed = save(world)

    class Slow(Server):
        def fetch(self, address: str, etag: str, modified: str) -> FeedPage:
            feeds.read_feeds(replace(world.herald, feeds=server), NOON + feeds.LEASE)
            raise Retryable("too late")

    server.told[ADDRESS] = rss(item(1))
    (asked,) = feeds.read_feeds(replace(world.herald, feeds=Slow()), NOON)
    assert asked.result == "overtaken"
    assert state(world, feed).error == ""


def test_a_feed_that_invents_entries_at_every_reading_brings_so_many_a_day_and_no_more(
    world: World, server: Server
) -> None:
    save(world)
    stored = []
    for reading in range(3):
        body = rss(*(item(reading * 1000 + n) for n in range(60)))
        server.told[ADDRESS] = FeedPage(body, ADDRESS, f'"{reading}"')
        (asked,) = feeds.read_feeds(world.herald, NOON + reading * feeds.EVERY)
        stored.append(asked.stored)
    assert stored == [60, feeds.A_DAY - 60, 0]
    feeds.read_feeds(world.herald, NOON + timedelta(days=1))
    assert server.asked[-1][1] == "", "what was left out is asked for again"


def test_an_entry_without_a_date_or_of_the_future_is_of_when_it_was_read(world: World, server: Server) -> None:
    server.told[ADDRESS] = rss(item(1, None), item(2, NOON + timedelta(days=9)))
    save(world)
    feeds.read_feeds(world.herald, NOON)
    told = {one.title: one for one in feeds.items_of(BRAND, world.herald)}
    assert {one.published for one in told.values()} == {NOON}
    assert [told[f"Entry {n}"].dated for n in (1, 2)] == [False, True]


# ---------------------------------------------------------------- into the library


def kept(world: World, number: int = 1, **more: str) -> FeedItem:
    assert isinstance(world.herald.feeds, Server)
    world.herald.feeds.told[ADDRESS] = rss(item(number, **more))
    save(world)
    feeds.read_feeds(world.herald, NOON)
    (found,) = feeds.items_of(BRAND, world.herald)
    return found


def test_an_entry_is_kept_as_a_link_that_tells_feed_author_date_and_has_no_licence(world: World) -> None:
    found = kept(world)
    done = run(world, c.KeepItem(BRAND, found.id), ANA.id)
    asset = world.store.find(Asset, BRAND, done.subject)
    assert asset is not None
    assert (asset.kind, asset.title, asset.address) == (AssetKind.LINK, "Entry 1", "https://news.example/1")
    assert (asset.credit, asset.licence) == ("Pat Reed", "unknown")
    assert asset.source == (f"News, published 2026-11-18 01:00 UTC, read 2026-11-18 01:00 UTC in the feed {ADDRESS}")
    assert "unknown" in LICENCES
    again = run(world, c.KeepItem(BRAND, found.id), MIA.id)
    assert (again.subject, again.sentence) == (asset.id, "It is in the library already.")
    assert len(world.store.shelf(Asset, BRAND)) == 1


def test_the_same_link_of_two_entries_is_one_asset(world: World, server: Server) -> None:
    server.told[ADDRESS] = rss(item(1), item(2, link="https://news.example/1"))
    save(world)
    feeds.read_feeds(world.herald, NOON)
    for one in feeds.items_of(BRAND, world.herald):
        run(world, c.KeepItem(BRAND, one.id), ANA.id)
    assert len(world.store.shelf(Asset, BRAND)) == 1
    assert len({one.asset for one in feeds.items_of(BRAND, world.herald)}) == 1


def test_what_has_no_safe_address_or_is_gone_is_not_kept(world: World) -> None:
    found = kept(world, link="javascript:alert(1)")
    assert found.address == ""
    for told, name in (("no address", found.id), ("is gone", "nothing")):
        with pytest.raises(Refused, match=told):
            run(world, c.KeepItem(BRAND, name), ANA.id)
    with pytest.raises(Refused) as refused:
        run(world, c.KeepItem(BRAND, found.id), TED.id)
    assert refused.value.missing == "role"


def test_an_entry_lies_for_thirty_days_and_the_audit_has_no_words(world: World) -> None:
    found = kept(world)
    run(world, c.KeepItem(BRAND, found.id), ANA.id)
    (row,) = [one for one in world.db.everything()["Messages"] if one["pk"] == f"ITEM#{BRAND}"]  # type: ignore[attr-defined]
    assert row["ttl"] == int((NOON + feeds.KEPT).timestamp())
    for line in world.store.audit_of("people"):
        facts: Mapping[str, object] = line.facts
        assert not any("news.example" in str(value) or "Entry" in str(value) for value in facts.values())
    assert world.store.find(Feed, BRAND, found.feed_id) is not None
