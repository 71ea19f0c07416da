"""A shop tells stock and orders: posts are held within a minute, orders count once, and nobody who bought is kept."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from hmac import digest
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from herald.errors import Refused
from herald.flows import campaigns, shop, shortages
from herald.flows import commands as c
from herald.flows.deliver import deliver
from herald.flows.publish import release_posts
from herald.flows.receive import Receipt, receive
from herald.model import Connection, Credentials, TargetState
from herald.model.campaigns import Conversions, Offer, Order, Stock, Uptake
from herald.platforms import source
from herald.publish.shop import minor, money, reported
from local.memory import MemoryDb
from tests.support.world import (
    ACCOUNT,
    ANA,
    BRAND,
    CREDENTIALS,
    MIA,
    NOON,
    Vault,
    World,
    a_world,
    between_look_and_sending,
)
from tests.unit.test_flows_campaigns import campaign, offer
from tests.unit.test_flows_posts import approved, drafted, hours, run, state, version

SHOP, SECRET = "tall-timber.example", "a shop secret"
OURS = f"shopify:{SHOP}"
LANDING = "/chair?colour=oak&utm_source=mastodon&utm_medium=social&utm_campaign=lamp-week"
PAYLOADS = Path(__file__).resolve().parents[3] / "shared" / "payloads" / "shopify"


@pytest.fixture
def world() -> World:
    return furnished()


def furnished() -> World:
    made = a_world()
    made.herald = replace(made.herald, secrets=Vault({**CREDENTIALS, "herald/shop": Credentials((SECRET,))}))
    made.store.save(Connection("shop", "shopify", "herald/shop", (SHOP,)))
    made.store.save(replace(ACCOUNT, platform="shopify", account_id=SHOP, connection="shop"))
    campaign(made)
    watched(made)
    offer(made, code="ten", capacity=3, products=("LAMP-1",))
    return made


def watched(world: World, **changed: Any) -> None:
    base = c.SaveProduct(
        "LAMP-1", BRAND, "Lamp", "https://shop.example/lamp", 4_900, "AUD", None, 2, 0, shop=OURS, item="808"
    )
    run(world, replace(base, **changed), ANA.id)


def tell(world: World, told: Any, *, secret: str = SECRET) -> Receipt:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    signed = b64encode(digest(secret.encode(), body, "sha256")).decode()
    return receive("shop", body, {"X-Shopify-Hmac-SHA256": signed}, world.herald, world.clock())


def level(available: int | None, *, second: int = 0, location: int = 5) -> dict[str, Any]:
    """An inventory_levels/update body."""
    at = NOON + timedelta(seconds=second)
    return {"inventory_item_id": 808, "location_id": location, "available": available, "updated_at": at.isoformat(),
            "admin_graphql_api_id": f"gid://shopify/InventoryLevel/{location}?inventory_item_id=808"}  # fmt: skip


def order(number: int, landing: str | None = None, **more: Any) -> dict[str, Any]:
    """An orders/create body, with the people that are in one."""
    return {
        "id": number, "email": "kim@somewhere.example", "created_at": "2026-11-18T11:30:00+11:00", "test": False,
        "updated_at": "2026-11-18T11:30:00+11:00", "cancelled_at": None, "financial_status": "pending",
        "total_price": "199.00", "currency": "AUD", "landing_site": landing, "discount_codes": [],
        "customer": {"first_name": "Kim", "last_name": "Quill"}, "billing_address": {"phone": "0400 000 000"},
        "line_items": [{"id": 1, "title": "Lamp", "quantity": 1, "price": "199.00"}],
    } | more  # fmt: skip


def cancelled(told: dict[str, Any]) -> dict[str, Any]:
    later = "2026-11-18T11:45:00+11:00"
    return told | {"cancelled_at": later, "updated_at": later, "cancel_reason": "customer"}


def stock(world: World) -> int | None:
    held = world.store.find(Stock, OURS, "808", BRAND)
    return held.available if held else None


def taken(world: World) -> int:
    held = world.store.find(Uptake, BRAND, "offer-0001")
    assert held is not None
    return held.n


def conversions(world: World) -> list[tuple[str, str, str, int, int]]:
    found = world.store.shelf(Conversions, BRAND, "campaign-1")
    return [(one.day, one.source, one.currency, one.orders, one.value) for one in found]


def tick(world: World) -> None:
    """Each minute, as functions/publish does it."""
    release_posts(world.herald, world.clock())
    shortages.hold_short(world.herald, world.clock())


def reason(world: World, post: str) -> str:
    target = world.store.target(post, ACCOUNT.id)
    assert target is not None
    return target.reason


# ---------------------------------------------------------------- from the event to the hold


def test_a_signed_report_of_too_little_holds_every_post_that_rests_on_it_within_a_minute(world: World) -> None:
    tell(world, level(9))
    tick(world)
    sells = approved(world, needs=("product:LAMP-1",))
    offers = approved(world, id="post-0002", needs=("offer:offer-0001",))
    other = approved(world, id="post-0003")
    world.clock.pass_(seconds=17)
    told_at = world.clock()
    assert tell(world, level(2, second=17)).stored == 1
    seconds = 0
    while state(world, sells) is not TargetState.HELD:
        world.clock.pass_(seconds=1)
        if world.clock().second == 0:
            tick(world)
        seconds = int((world.clock() - told_at).total_seconds())
        assert seconds <= 60
    assert [state(world, post) for post in (sells, offers, other)] == ["held", "held", "approved"]
    assert "out of stock" in reason(world, sells)
    assert 0 < seconds <= 60


def test_an_offer_taken_up_by_orders_holds_its_posts_within_a_minute(world: World) -> None:
    tell(world, level(9))
    post = approved(world, needs=("offer:offer-0001",))
    for number in (1, 2):
        tell(world, order(number, discount_codes=[{"code": "TEN"}]))
    world.clock.pass_(seconds=60)
    tick(world)
    assert state(world, post) is TargetState.APPROVED
    for number in (3, 3, 2):
        tell(world, order(number, discount_codes=[{"code": "ten"}]))
    world.clock.pass_(seconds=60)
    tick(world)
    assert (taken(world), state(world, post)) == (3, TargetState.HELD)
    assert "is full" in reason(world, post)


def test_more_stock_releases_nothing_and_a_person_brings_the_post_back(world: World) -> None:
    tell(world, level(9))
    post = approved(world, needs=("product:LAMP-1",))
    tell(world, level(0, second=5))
    tick(world)
    tell(world, level(50, second=10))
    hours(world)
    assert (state(world, post), world.wall.live()) == (TargetState.HELD, [])
    run(world, c.MovePost(post, "2026-11-18T15:30", version(world, post)), ANA.id)
    run(world, c.Approve(post, version(world, post)), MIA.id)
    hours(world, 4)
    assert state(world, post) is TargetState.PUBLISHED


def test_what_the_minute_has_not_seen_yet_is_refused_by_the_sending_transaction(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(world, level(9))
    post = approved(world, needs=("product:LAMP-1",))
    world.clock.pass_(hours=1)
    release_posts(world.herald, world.clock())
    sold = between_look_and_sending(world, monkeypatch, lambda: tell(world, level(1, second=3_600)))
    deliver(world.woken.pop(), world.herald, world.clock())
    assert (bool(sold), state(world, post), world.wall.live()) == (True, TargetState.HELD, [])


def test_a_report_during_the_look_stays_on_the_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(world, level(9))
    post = approved(world, needs=("product:LAMP-1",))
    tell(world, level(8, second=1))
    planned = world.store.planned

    def selling(*args: Any, **named: Any) -> Any:
        found = planned(*args, **named)
        return found if stock(world) != 8 else (found, tell(world, level(1, second=2)))[0]

    monkeypatch.setattr(world.store, "planned", selling)
    monkeypatch.setattr(shortages, "_judged", lambda *_: None)
    shortages.hold_short(world.herald, world.clock())
    monkeypatch.undo()
    shortages.hold_short(world.herald, world.clock())
    assert state(world, post) is TargetState.HELD


def test_a_quiet_minute_asks_two_lists_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(world, level(9))
    approved(world, needs=("product:LAMP-1",))
    shortages.hold_short(world.herald, world.clock())
    asked: list[str] = []
    query = world.db.query

    def asking(*args: Any, **named: Any) -> Any:
        asked.append(str(args[1]))
        return query(*args, **named)

    monkeypatch.setattr(world.db, "query", asking)
    assert shortages.hold_short(world.herald, world.clock()) == []
    assert asked == ["stock-fell", "uptake-rose"]


def test_stock_nobody_reported_is_unknown_and_never_enough(world: World) -> None:
    post = drafted(world, needs=("product:LAMP-1",))
    with pytest.raises(Refused, match="Nobody reported the stock of “Lamp”"):
        run(world, c.Submit(post, version(world, post)), ANA.id)


# ---------------------------------------------------------------- stock


def test_stock_is_the_sum_of_what_each_location_reports_and_has_an_age(world: World) -> None:
    assert tell(world, level(4)).stored == 1
    tell(world, level(3, location=6, second=9))
    tell(world, level(None, location=7))
    (product,) = campaigns.products_of(BRAND, world.herald)
    assert (product.stock, product.available, product.counted_at) == (7, 5, NOON + timedelta(seconds=9))


def test_an_older_or_repeated_report_changes_nothing(world: World) -> None:
    tell(world, level(4, second=60))
    assert (tell(world, level(9)).repeated, tell(world, level(4, second=60)).repeated) == (1, 1)
    assert stock(world) == 4


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-2, 9)), min_size=1, max_size=6), st.randoms())
def test_in_whatever_order_and_how_often_reports_come_the_same_is_left(
    reports: list[tuple[int, int]], chance: Any
) -> None:
    newest = max(second for second, _ in reports)
    expected = min(available for second, available in reports if second == newest)
    told = [*reports, *reports]
    chance.shuffle(told)
    held = Stock("shopify:s", "1", BRAND)
    for second, available in told:
        held = reported(held, "5", available, NOON + timedelta(seconds=second)) or held
    assert held.available == expected


def test_two_locations_at_the_same_moment_are_both_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(world, level(4))
    commit, moved = world.store.commit, []

    def racing(changes: Any) -> None:
        if not moved:
            moved.append(True)
            tell(world, level(3, second=1, location=6))
        commit(changes)

    monkeypatch.setattr(world.store, "commit", racing)
    tell(world, level(1, second=2))
    assert stock(world) == 4


def test_a_report_from_far_ahead_of_our_clock_is_not_believed(world: World) -> None:
    assert tell(world, level(99, second=3 * 86_400)).repeated == 1
    assert stock(world) is None


# ---------------------------------------------------------------- at the door


def test_what_another_signed_is_refused_and_nothing_is_kept(world: World) -> None:
    assert tell(world, level(4), secret="another").status == 401
    assert stock(world) is None


@pytest.mark.parametrize("wrong", [{"available": "6"}, {"available": 1.5}, {"available": True}, {"updated_at": None},
                                   {"inventory_item_id": None}, {"available": 10**12}, {"inventory_item_id": "a#b"},
                                   {"location_id": "../x"}])  # fmt: skip
def test_a_report_that_cannot_be_read_is_kept_for_replay(world: World, wrong: dict[str, Any]) -> None:
    assert tell(world, level(4) | wrong).outcome == "unreadable"
    assert stock(world) is None


def test_of_an_order_that_cannot_be_read_only_what_replay_needs_is_kept(world: World) -> None:
    tell(world, order(1, LANDING + "&email=kim%40somewhere.example", total_price="a lot"))
    (kept,) = world.kept.bodies.values()
    told = json.loads(kept)
    assert [word for word in ("Kim", "Quill", "somewhere", "0400") if word in kept.decode()] == []
    assert told["landing_site"] == "/?utm_campaign=lamp-week&utm_source=mastodon"
    told["total_price"] = "199.00"
    assert source("shopify").parse(json.dumps(told).encode()) == source("shopify").parse(
        json.dumps(order(1, LANDING)).encode()
    )


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff", b'{"order": {"id": 1, "line_items": [], "total_price": "x"}}'])
def test_a_body_of_anything_else_is_unreadable_and_its_bytes_are_not_kept(world: World, body: bytes) -> None:
    assert tell(world, body).outcome == "unreadable"
    assert body not in world.kept.bodies.values()


def test_what_a_shop_without_an_account_tells_waits_for_one_and_is_no_message(world: World) -> None:
    world.store.save(Connection("shop", "shopify", "herald/shop", ("another.example",)))
    assert tell(world, order(1, LANDING)).unclaimed == 1
    assert world.store.message("shopify:1") is None


def test_a_topic_nobody_asked_for_is_passed_over(world: World) -> None:
    assert tell(world, {"id": 5, "title": "Lamp", "vendor": "Tall Timber"}).outcome == "nothing_in_it"


def test_the_shapes_of_the_shops_own_samples_are_read() -> None:
    files = sorted(PAYLOADS.glob("rest-*.json"))
    if not files:
        pytest.skip("../shared/payloads/shopify is not there")
    kinds = {file.name: [str(event.kind) for event in source("shopify").parse(file.read_bytes())] for file in files}
    assert kinds["rest-inventory_level.json"] == ["inventory"]
    assert kinds["rest-order.json"] == ["order"]
    assert kinds["rest-order-goshopify.json"] == []  # a test order
    assert kinds["rest-product.json"] == []


# ---------------------------------------------------------------- orders


def test_an_order_counts_for_its_campaign_once_with_value_currency_and_source(world: World) -> None:
    assert [tell(world, order(1, LANDING)).stored for _ in range(3)] == [1, 0, 0]
    tell(world, order(1, LANDING, financial_status="paid", updated_at="2026-11-18T12:00:00+11:00"))
    tell(world, order(2, LANDING, total_price="10.5"))
    assert conversions(world) == [("2026-11-18", "mastodon", "AUD", 2, 20_950)]


@pytest.mark.parametrize(
    ("landing", "codes", "by"),
    [
        (LANDING, (), "mastodon"),
        ("/?utm_campaign=lamp-week", (), shop.NO_SOURCE),
        (None, ({"code": "ten", "amount": "10.00", "type": "fixed_amount"},), shop.NO_SOURCE),
        ("/?utm_campaign=unheard-of&utm_source=x", ({"code": "TEN"},), "x"),
    ],
    ids=["its link", "its campaign alone", "its discount code", "a code where the campaign is none of ours"],
)
def test_what_an_order_came_of_is_told_by(world: World, landing: str, codes: Any, by: str) -> None:
    tell(world, order(1, landing, discount_codes=list(codes)))
    assert conversions(world) == [("2026-11-18", by, "AUD", 1, 19_900)]


@pytest.mark.parametrize("told", [
    order(1), order(1, "/?utm_campaign=unheard-of"), order(1, "/?utm_campaign=lamp%23week"),
    order(1, LANDING, test=True), order(1, "https://[bad"), order(1, "/?utm_campaign=" + "x" * 9_000),
    order(1, None, discount_codes=[{"code": "OTHER"}]), order(1, LANDING, created_at="2026-10-18T11:30:00Z"),
])  # fmt: skip
def test_an_order_that_came_of_nothing_of_ours_is_not_kept(world: World, told: dict[str, Any]) -> None:
    assert tell(world, told).stored == 0
    assert conversions(world) == []
    assert world.store.find(Order, OURS, "1", BRAND) is None


def test_a_cancelled_order_is_taken_back_everywhere_once(world: World) -> None:
    told = order(1, LANDING, discount_codes=[{"code": "TEN"}])
    tell(world, told)
    tell(world, order(2, LANDING))
    assert (taken(world), conversions(world)[0][3:]) == (1, (2, 39_800))
    assert [tell(world, each).stored for each in (cancelled(told), cancelled(told), told)] == [1, 0, 0]
    assert (taken(world), conversions(world)[0][3:]) == (0, (1, 19_900))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=14))
def test_figures_equal_the_orders_told_and_not_cancelled_in_whatever_order(events: list[tuple[int, bool]]) -> None:
    world = furnished()
    for number, gone in events:
        told = order(number, LANDING, total_price=f"{number}.10", discount_codes=[{"code": "TEN"}])
        tell(world, cancelled(told) if gone else told)
    stand = {number for number, _ in events} - {number for number, gone in events if gone}
    first = campaign_of(world)
    found = campaigns.conversions_of(first, world.herald)
    assert sum(one.orders for one in found) == len(stand) == taken(world)
    assert sum(one.value for one in found) == sum(number * 100 + 10 for number in stand)


def campaign_of(world: World) -> Any:
    return campaigns.campaigns_of(BRAND, world.herald)[0]


def test_a_figure_is_of_the_campaigns_own_days_in_the_shops_zone(world: World) -> None:
    tell(world, order(1, LANDING, created_at="2026-11-15T13:30:00Z"))  # the 16th in Sydney, the first day
    tell(world, order(2, LANDING, created_at="2026-11-15T12:30:00Z"))
    assert [one.day for one in campaigns.conversions_of(campaign_of(world), world.herald)] == ["2026-11-16"]


def test_no_row_holds_anything_of_the_customer(world: World) -> None:
    assert isinstance(world.db, MemoryDb)
    tell(world, order(4711, LANDING + "&email=kim%40somewhere.example", discount_codes=[{"code": "TEN"}]))
    rows = json.dumps(world.db.everything(), default=str)
    assert world.store.find(Order, OURS, "4711", BRAND)
    assert [word for word in ("Kim", "Quill", "somewhere", "0400", "colour=oak") if word in rows] == []


@pytest.mark.parametrize(
    ("amount", "currency", "value", "words"),
    [("199.00", "AUD", 19_900, "AUD 199.00"), ("199", "JPY", 199, "JPY 199"), ("1.234", "KWD", 1_234, "KWD 1.234"),
     ("1234567.8", "EUR", 123_456_780, "EUR 1,234,567.80")],
)  # fmt: skip
def test_money_is_counted_in_the_smallest_unit_of_its_currency(
    amount: str, currency: str, value: int, words: str
) -> None:
    assert (minor(amount, currency), money(value, currency)) == (value, words)


# ---------------------------------------------------------------- what people save


@pytest.mark.parametrize(
    "wrong", [{"item": ""}, {"shop": ""}, {"shop": "shopify:other.example"}, {"shop": ACCOUNT.id}, {"item": "x"}]
)
def test_a_product_is_watched_by_a_connected_shop_or_by_none(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        watched(world, id="LAMP-2", **wrong)
    assert refused.value.missing == "input"


def test_a_code_belongs_to_one_offer_and_stays(world: World) -> None:
    with pytest.raises(Refused, match="belongs to another offer"):
        offer(world, id="offer-0002", code="TEN")
    for code in ("OTHER", ""):
        with pytest.raises(Refused, match="it stays"):
            offer(world, expected=1, code=code)
    assert offer(world, expected=1, code="ten", capacity=9).code == "TEN"
    assert isinstance(world.store.find(Offer, BRAND, "offer-0001"), Offer)
    with pytest.raises(Refused, match="letters, digits"):
        offer(world, id="offer-0002", code="10 %")
