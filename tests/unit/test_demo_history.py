"""The demo's month: the same for the same seed, made by the flows alone, and its numbers equal to its facts."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from http.server import ThreadingHTTPServer
from threading import Thread

import pytest

from herald.care import cases
from herald.errors import PlatformError
from herald.flows import campaigns, care, feeds, monitors
from herald.govern import audit
from herald.measure import counts
from herald.model import SPOKEN, Asset, DeliveryState, Handling, Persona, PostKind, Replied, Severity, Work
from herald.platforms.wire.feeds import fetch
from herald.research.feeds import parse
from herald.store import rows
from local import feeds as magazines
from local.demo import history, voices
from local.demo import organisation as shop
from local.demo.seed import fingerprint
from tests.support.month import NOW, a_past, live


@pytest.fixture(scope="module")
def past() -> history.Past:
    return a_past()


def test_the_same_seed_makes_the_same_month_and_another_another(past: history.Past) -> None:
    assert fingerprint(live().db.everything()) == fingerprint(past.db.everything())
    few, other = (live(seed, NOW.date() - timedelta(days=3)) for seed in (history.SEED, history.SEED + 1))
    assert fingerprint(other.db.everything()) != fingerprint(few.db.everything())


def test_the_rollups_equal_the_facts_recomputed(past: history.Past) -> None:
    messages = [rows.message(item) for item in past.db.everything()["Messages"] if item["sk"] == "M"]
    zones = {account.id: account.timezone for account in shop.ACCOUNTS}
    recomputed = counts.rollup(messages, zones)
    for account in shop.ACCOUNTS:
        kept = past.herald.store.counts(account.id, "2026-01-01", "2026-12-31")
        assert kept == recomputed.get(account.id, {}), account.name
        assert kept


def test_the_month_is_of_the_size_promised_and_holds_every_kind_of_trouble(past: history.Past) -> None:
    assert 500 <= len(past.said) <= 3000
    messages = {history.message_id(one): one.about for one in past.said}
    stored = [rows.message(item) for item in past.db.everything()["Messages"] if item["sk"] == "M"]
    actions = Counter(str(m.decision.action) for m in stored if m.decision and m.id in messages)
    assert set(actions) == {"allow", "hide"} | ({"queue"} if actions["queue"] else set())
    assert actions["hide"] > 10
    assert not any(m.pending for m in stored)


def test_every_complaint_and_question_stays_visible(past: history.Past) -> None:
    harmless = {history.message_id(o) for o in past.said if o.about in ("complaint", "question", "praise", "review")}
    stored = [rows.message(item) for item in past.db.everything()["Messages"] if item["sk"] == "M"]
    hidden = [m.text for m in stored if m.id in harmless and m.decision and m.decision.action == "hide"]
    assert hidden == []


def test_every_delivery_ended_and_every_chain_is_whole(past: history.Past) -> None:
    states = Counter(item["state"] for item in past.db.everything()["Posts"] if item["sk"] == "V")
    assert set(states) <= {DeliveryState.DONE, DeliveryState.SUPERSEDED}
    for chain in ("people", "moderation", "delivery"):
        entries = past.herald.store.audit_of(chain, limit=10_000)
        assert entries
        assert audit.verify(entries) == []


def test_the_walls_show_what_the_tables_say(past: history.Past) -> None:
    walls = history.walls(past, NOW)
    shown = {c["id"]: c for posts, _ in walls.values() for post in posts for c in post["comments"]}
    for item in past.db.everything()["Messages"]:
        if item["sk"] == "M" and item["kind"] == "comment" and item["pk"].startswith("M#facebook_page:"):
            message = rows.message(item)
            if message.deleted:
                assert message.external_id not in shown
            elif not message.outbound:
                assert shown[message.external_id]["message"] == message.text
                assert shown[message.external_id]["is_hidden"] == bool(message.hidden)


def test_what_was_published_on_the_microblogs_stands_there_once_and_what_was_said_there_was_heard(
    past: history.Past,
) -> None:
    messages = [rows.message(item) for item in past.db.everything()["Messages"] if item["sk"] == "M"]
    for platform, network in past.networks.items():
        (ours,) = network.ours
        posts = network.rows("select * from posts")
        published = [
            target.external_id
            for target in past.herald.store.calendar(shop.BRAND, NOW - timedelta(days=60), NOW)
            if target.account == f"{platform}:{ours}"
        ]
        assert sorted(published) == sorted(p["id"] for p in posts if p["author"] == ours and not p["parent"])
        theirs = [m for m in messages if m.platform == platform and m.kind in SPOKEN and not m.outbound]
        heard = {m.external_id: m.text for m in theirs}
        assert heard == {post["id"]: post["text"] for post in posts if post["author"] != ours}
        assert len(heard) > 20
        assert any(post["author"] == ours and post["parent"] for post in posts), "some were answered"


def test_the_calendars_posts_are_for_up_to_three_accounts(past: history.Past) -> None:
    sizes = Counter(len(posts) for posts in history.calendar(past.begun))
    assert set(sizes) == {1, 2, 3}
def test_the_end_shows_each_kind_of_post_a_complaint_under_way_and_an_outcome_that_waits(past: history.Past) -> None:
    herald = past.herald
    opened = herald.store.open_cases(shop.BRAND, Work.ANSWER, limit=200).items
    typed = [h for case in opened if (h := herald.store.find(Handling, case.id, shop.BRAND)) and h.typed_by]
    assert {h.kind for h in typed} == set(PostKind)
    assert {h.persona for h in typed} == set(Persona)
    at_the_end = voices.last(NOW, voices.posts(past.begun, history.BEFORE + history.DAYS))
    told = {history.message_id(one): (kind, persona) for one, kind, persona in at_the_end if kind}
    fits = {case.message_id: h for case in opened if (h := herald.store.find(Handling, case.id, shop.BRAND))}
    assert {of: (fits[of].kind, fits[of].persona) for of in told} == told, "what was said is what it is said to be"
    assert [r.amount for r in care.waiting_remedies(shop.BRAND, herald)] == [34_900]
    month = herald.store.shelf(Replied, shop.BRAND, "2026-11")
    assert len(month) > 20
    assert all(reply.playbook == 1 and reply.clause for reply in month)


def test_at_the_end_one_threat_waits_due_in_minutes_and_none_ever_waited_longer(past: history.Past) -> None:
    herald = past.herald
    grave = [case for case in herald.store.open_cases(shop.BRAND, Work.REVIEW).items
             if (message := herald.store.message(case.message_id)) and cases.due_in_minutes(case, message)]  # fmt: skip
    assert [case.due_at - NOW for case in grave] == [timedelta(minutes=11)]
    reviews = [rows.case(item) for item in past.db.everything()["Messages"]
               if item["sk"] == "C" and item["work_kind"] == Work.REVIEW]  # fmt: skip
    late = [case.id for case in reviews if case.severity >= Severity.HIGH and case.resolved_at
            and case.resolved_at > case.due_at]  # fmt: skip
    assert late == []


def test_the_shop_told_of_orders_and_of_a_lamp_that_ran_out_whose_post_is_held(past: history.Past) -> None:
    (campaign,) = campaigns.campaigns_of(shop.BRAND, past.herald)
    assert sum(one.orders for one in campaigns.conversions_of(campaign, past.herald)) >= 10
    left = {one.id: one.available for one in campaigns.products_of(shop.BRAND, past.herald)}
    assert left["LAMP-BELL"] == 0
    assert left["LAMP-ACACIA"]
    held = [target for target in past.herald.store.attention(shop.BRAND) if target.post_id == "demo-bell-lamp"]
    assert ["out of stock" in target.reason for target in held] == [True]


def test_the_magazines_were_read_one_entry_kept_and_what_they_write_of_more_and_more_rises(past: history.Past) -> None:
    herald = past.herald
    assert {one.error for one in feeds.states_of(shop.BRAND, herald).values()} == {""}
    kept = [one.asset for one in feeds.items_of(shop.BRAND, herald) if one.asset]
    assert len(kept) == 1
    assert herald.store.find(Asset, shop.BRAND, kept[0]) is not None
    found, samples = monitors.rising_in_feeds(shop.BRAND, 7, herald, NOW)
    cane = next(one for one in found if one.topic == "cane")
    assert (cane.base, cane.velocity, len(cane.samples)) == (0, cane.now / 7, 3)
    assert len({samples[one].source for one in cane.samples}) == 3
    assert all(one.now - one.base == pytest.approx(one.velocity * 7) for one in found)


def test_the_magazines_are_served_and_unchanged_ones_are_not_sent_again() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), magazines.Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    own = f"http://127.0.0.1:{server.server_port}"
    try:
        for one in magazines.MAGAZINES:
            page = fetch(own + one.path, "", "", own)
            assert page.body
            assert parse(page.body, page.address).title == one.title
            assert fetch(own + one.path, page.etag, "", own).body is None
        with pytest.raises(PlatformError, match="nothing at this address"):
            fetch(f"{own}/other.xml", "", "", own)
    finally:
        server.shutdown()
        server.server_close()
