"""Campaigns: an offer that is over, full or stopped, a product out of stock, hold their posts; links are counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import Refused
from herald.flows import campaigns, short
from herald.flows import commands as c
from herald.flows.deliver import deliver
from herald.flows.publish import release_posts
from herald.govern import audit
from herald.model import Person, Role, TargetState
from herald.model.campaigns import Campaign, Offer, Product
from herald.publish.tracked import a_program, code_of, with_utm
from tests.support.world import ANA, BRAND, MIA, TED, World, a_world, between_look_and_sending
from tests.unit.test_flows_posts import ZONE, approved, drafted, hours, run, state, version

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126 Safari/537.36"


@pytest.fixture
def world() -> World:
    made = a_world()
    campaign(made)
    return made


def campaign(world: World, *, expected: int = 0, by: str = ANA.id, **told: Any) -> Campaign:
    given = {
        "id": "campaign-1",
        "title": "Lamp week",
        "objective": "Sell last year's lamps.",
        "slug": "lamp-week",
        "aim": "clicks",
        "goal": 100,
        "first": "2026-11-16",
        "last": "2026-11-30",
        "owner": ANA.id,
    } | told
    run(world, c.SaveCampaign(brand=BRAND, expected=expected, **given), by)
    found = world.store.find(Campaign, BRAND, given["id"])
    assert found is not None
    return found


def offer(world: World, *, expected: int = 0, by: str = ANA.id, **told: Any) -> Offer:
    given = {
        "id": "offer-0001",
        "campaign": "campaign-1",
        "kind": "offer",
        "title": "Ten off",
        "terms": "One each.",
        "address": "https://shop.example/lamps",
        "opens": "2026-11-17T09:00",
        "closes": "2026-11-20T17:00",
        "zone": ZONE,
        "capacity": 0,
        "taken": 0,
        "products": (),
    } | told
    run(world, c.SaveOffer(brand=BRAND, expected=expected, **given), by)
    found = world.store.find(Offer, BRAND, given["id"])
    assert found is not None
    return found


def product(world: World, stock: int | None = 5, *, expected: int = 0, buffer: int = 0) -> Product:
    address = "https://shop.example/lamp"
    run(world, c.SaveProduct("LAMP-1", BRAND, "Lamp", address, 4_900, "AUD", stock, buffer, expected), ANA.id)
    found = world.store.find(Product, BRAND, "LAMP-1")
    assert found is not None
    return found


def refusal(world: World, *needs: str) -> str:
    post = drafted(world, needs=needs)
    with pytest.raises(Refused) as refused:
        run(world, c.Submit(post, version(world, post)), ANA.id)
    assert refused.value.missing == "input"
    return str(refused.value)


# ---------------------------------------------------------------- what holds a post


def test_a_post_of_an_open_offer_with_stock_goes_out(world: World) -> None:
    product(world)
    offer(world, products=("LAMP-1",))
    post = approved(world, needs=("offer:offer-0001", "product:LAMP-1"))
    hours(world)
    assert state(world, post) is TargetState.PUBLISHED


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"closes": "2026-11-18T12:59"}, "is over when this goes out"),
        ({"opens": "2026-11-18T13:30"}, "not open yet"),
        ({"capacity": 10, "taken": 10}, "is full"),
        ({"stopped": "Sold out in the shops."}, "was stopped: Sold out"),
        ({"kind": "event", "capacity": 2, "taken": 5}, "is full"),
    ],
)
def test_an_offer_that_is_not_open_refuses_its_posts(world: World, told: dict[str, Any], says: str) -> None:
    made = offer(world, **told)
    assert says in refusal(world, f"{made.kind}:offer-0001")


@pytest.mark.parametrize(
    ("stock", "buffer", "says"), [(0, 0, "out of stock"), (3, 3, "out of stock"), (None, 0, "Nobody")]
)
def test_a_product_without_stock_refuses_its_posts(world: World, stock: int | None, buffer: int, says: str) -> None:
    product(world, stock, buffer=buffer)
    assert says in refusal(world, "product:LAMP-1")
    offer(world, products=("LAMP-1",))
    post = drafted(world, id="post-0002", needs=("offer:offer-0001",))
    with pytest.raises(Refused, match=says):
        run(world, c.Submit(post, version(world, post)), ANA.id)


@pytest.mark.parametrize("need", ["offer:none", "event:none", "product:none"])
def test_what_is_not_there_refuses_its_posts(world: World, need: str) -> None:
    assert "not there" in refusal(world, need)


@pytest.mark.parametrize("what", ["stopped", "sold out"])
def test_what_ends_after_approval_holds_the_post_at_its_minute(world: World, what: str) -> None:
    product(world)
    offer(world, products=("LAMP-1",))
    post = approved(world, needs=("offer:offer-0001",))
    if what == "stopped":
        offer(world, expected=1, products=("LAMP-1",), stopped="Enough.", by=MIA.id)
    else:
        product(world, 0, expected=1)
    hours(world)
    assert (state(world, post), world.wall.live()) == (TargetState.HELD, [])


def test_the_last_piece_sold_between_the_look_and_the_sending_stops_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    product(world, 1)
    post = approved(world, needs=("product:LAMP-1",))
    world.clock.pass_(hours=1)
    release_posts(world.herald, world.clock())
    sold = between_look_and_sending(world, monkeypatch, lambda: product(world, 0, expected=1))
    deliver(world.woken.pop(), world.herald, world.clock())
    assert (bool(sold), state(world, post), world.wall.live()) == (True, TargetState.HELD, [])


# ---------------------------------------------------------------- saving


@pytest.mark.parametrize(
    "wrong",
    [
        {"slug": "Lamp Week"},
        {"aim": "fame"},
        {"goal": 0},
        {"first": "soon"},
        {"last": "2026-11-01"},
        {"owner": "nobody"},
        {"title": " "},
        {"objective": ""},
        {"id": "x"},
    ],
    ids=str,
)
def test_what_is_no_campaign_is_refused(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        campaign(world, **({"id": "campaign-2"} | wrong))
    assert refused.value.missing == "input"
    assert [each.id for each in campaigns.campaigns_of(BRAND, world.herald)] == ["campaign-1"]


def test_only_who_works_for_the_brand_is_named_for_a_campaign_and_who_left_stays_until_replaced(world: World) -> None:
    sam = Person("sam", "Sam Stone", frozenset(Role), frozenset({"other-house"}))
    lou = Person("lou", "Lou Left", frozenset({Role.MARKETER}), frozenset({BRAND}))
    for person in (sam, lou):
        world.store.save(person)
    campaign(world, expected=1, owner=lou.id)
    world.store.save(replace(lou, active=False))
    for named in (sam.id, "nobody"):
        with pytest.raises(Refused, match="Choose who answers"):
            campaign(world, expected=2, owner=named)
    with pytest.raises(Refused, match="Choose who answers"):
        campaign(world, id="campaign-2", owner=lou.id)
    assert campaign(world, title="Lamp fortnight", expected=2, owner=lou.id).owner == lou.id


@pytest.mark.parametrize(
    "wrong",
    [
        {"campaign": "none"},
        {"kind": "party"},
        {"closes": "2026-11-17T08:00"},
        {"opens": "soon"},
        {"capacity": -1},
        {"products": ("none",)},
        {"address": "javascript:alert(1)"},
        {"terms": " "},
        {"zone": "Mars/Base"},
    ],
    ids=str,
)
def test_what_is_no_offer_is_refused(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        offer(world, **wrong)
    assert refused.value.missing == "input"
    assert campaigns.offers_of(BRAND, "campaign-1", world.herald) == []


def test_who_does_not_promote_saves_no_campaign_and_an_old_look_is_refused(world: World) -> None:
    for by, missing in ((TED.id, "role"), (ANA.id, "version")):
        with pytest.raises(Refused) as refused:
            campaign(world, by=by)
        assert refused.value.missing == missing


# ---------------------------------------------------------------- links


def made(world: World, address: str = "https://shop.example/lamps?size=2", platform: str = "mastodon") -> str:
    return str(run(world, c.MakeShortLink(BRAND, "campaign-1", platform, address), TED.id).subject)


def test_a_short_link_leads_to_its_target_with_utm_and_is_counted_by_day_programs_left_out(world: World) -> None:
    code = made(world)
    target = "https://shop.example/lamps?size=2&utm_source=mastodon&utm_medium=social&utm_campaign=lamp-week"
    assert code == made(world)
    for agent in (BROWSER, BROWSER, "Mastodon/4.3 (http.rb) Bot", "", "facebookexternalhit/1.1"):
        assert short.follow(code, agent, world.herald, world.clock()) == target
    world.clock.pass_(hours=24)
    short.follow(code, BROWSER, world.herald, world.clock())
    links = campaigns.links_of(BRAND, "campaign-1", world.herald)
    day = world.clock().date()
    assert [link.code for link in links] == [code]
    assert campaigns.clicks_of(links, date(2026, 11, 1), day, world.herald) == {code: 3}
    assert campaigns.clicks_of(links, day, day, world.herald) == {code: 1}
    assert audit.verify(world.store.audit_of("people")) == []


@pytest.mark.parametrize("code", ["", "nope2345", "../../etc", "A" * 9, "x" * 400, "é" * 8])
def test_what_is_no_link_leads_nowhere_and_counts_nothing(world: World, code: str) -> None:
    assert short.follow(code, BROWSER, world.herald, world.clock()) == ""


def test_the_name_in_links_stays_once_a_link_carries_it(world: World) -> None:
    made(world)
    with pytest.raises(Refused, match="it stays"):
        campaign(world, slug="other", expected=1)


@pytest.mark.parametrize(
    "address",
    [
        "http://shop.example",
        "//shop.example",
        "https://",
        "https://u:p@shop.example/",
        "javascript:1",
        "x" * 3000,
        "https://shop.example/a\x0bb",
        "https://shop.example/é",
    ],
)
def test_a_link_leads_only_to_an_https_page(world: World, address: str) -> None:
    with pytest.raises(Refused, match="https"):
        made(world, address)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text(max_size=20), max_size=4))
def test_parameters_of_the_shop_stay_and_a_second_pass_changes_nothing(query: dict[str, str]) -> None:
    once = with_utm(f"https://shop.example/a?{urlencode(query)}#part", source="bluesky", campaign="spring")
    assert with_utm(once, source="bluesky", campaign="spring") == once
    read = dict(parse_qsl(urlsplit(once).query, keep_blank_values=True))
    assert {**query, "utm_source": "bluesky", "utm_medium": "social", "utm_campaign": "spring"} == read
    assert urlsplit(once).fragment == "part"


@given(st.text(max_size=30), st.text(max_size=60))
def test_codes_are_short_and_stay_the_same(campaign_id: str, target: str) -> None:
    code = code_of("b", campaign_id, target)
    assert len(code) == 8
    assert code == code_of("b", campaign_id, target)
    assert code_of("b", campaign_id, target, 12).startswith(code)


def test_a_browser_is_a_person_and_what_says_nothing_is_not() -> None:
    assert not a_program(BROWSER)
    assert a_program(" ")
