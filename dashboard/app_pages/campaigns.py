"""Campaigns: what each is for, its offers and events, products with their stock, links that are counted."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import actions_campaigns, data, data_campaigns, parts, theme, who
from dashboard import present_campaigns as show
from dashboard.app_pages import calendar
from dashboard.components import sheet, work_list
from dashboard.components.table import table
from dashboard.failures import guarded
from dashboard.text import one_line
from herald.flows import campaigns, commands
from herald.govern import authority
from herald.model import Person
from herald.model.campaigns import Aim, Campaign, Offer, OfferKind, Product
from herald.model.govern import main_zone

SEES = calendar.SEES
VIEWS = {"campaigns": "Campaigns", "products": "Products"}


@guarded
def render() -> None:
    """The page."""
    person = who.current_person()
    if person is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width="stretch", gap="xxsmall"):
            st.title("Campaigns", anchor=False)
            st.caption("What is over, full or out of stock holds its posts; what a shop tells, within a minute")
        brand = parts.brand_of(person, "brand")
        may = brand is not None and authority.may(person, "SaveCampaign")
        asked = may and st.button("New campaign", icon=":material/add:", type="primary")
    if brand is None:
        return
    if asked:
        _campaign_dialog(brand, None)
    view = st.segmented_control(
        "View", list(VIEWS), format_func=VIEWS.__getitem__, default="campaigns", required=True, key="view",
        bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    if view == "products":
        parts.flash()
        _products(person, brand)
        return
    chosen = st.query_params.get("campaign", "")[:80]
    if not chosen:
        parts.flash()
        _list(brand, "")
        return
    left, right = st.columns([0.4, 0.6], gap="medium")
    with left:
        _list(brand, chosen)
    with right:
        _detail(person, brand, chosen)


def _today(brand: str) -> date:
    return data.now().astimezone(ZoneInfo(_zone(brand))).date()


def _zone(brand: str) -> str:
    return main_zone(data.accounts_of(brand))


def _list(brand: str, chosen: str) -> None:
    today = _today(brand)
    rows = [show.row(each, today, name=data.name_of) for each in data_campaigns.all_of(brand)]
    empty = ("No campaign yet", "A campaign says what its posts are for; its offers and links are counted with it.")
    picked = work_list(
        show.COLUMNS, rows, key="campaigns", name="Campaigns", selected=chosen, empty=empty, scrolls=bool(chosen)
    )
    if picked is not None and picked != chosen:
        _open(picked)


def _open(campaign_id: str) -> None:
    if campaign_id:
        st.query_params["campaign"] = campaign_id
    else:
        st.query_params.pop("campaign", None)
    st.rerun()


# ---------------------------------------------------------------- one campaign


def _detail(person: Person, brand: str, campaign_id: str) -> None:
    campaign = data_campaigns.campaign(brand, campaign_id)
    if campaign is None:
        parts.nothing("There is no such campaign. Choose one from the list.")
        return
    with st.container(horizontal=True, gap="small"):
        if st.button("Back to all", key="back", icon=":material/arrow_back:", type="tertiary"):
            _open("")
    parts.flash()
    clicks = data_campaigns.clicks_of(brand, campaign.id, campaign.first, campaign.last)
    with st.container(border=True):
        orders, shop = data_campaigns.conversions_of(brand, campaign.id), bool(data_campaigns.shops_of(brand))
        told = show.blocks(campaign, clicks, orders, _today(brand), name=data.name_of, shop=shop)
        sheet(told, key=f"campaign-{campaign.id}-{campaign.version}")
        if authority.may(person, "SaveCampaign") and st.button("Change", key="change"):
            _campaign_dialog(brand, campaign)
    with st.container(border=True):
        _offers(person, campaign)
    with st.container(border=True):
        st.subheader("Orders", anchor=False)
        table(
            show.CONVERSIONS, show.conversion_rows(orders), key="orders", name="Orders", stacks=420,
            empty=f"{show.no_orders(shop=shop)}.",
        )  # fmt: skip
        st.caption(show.COUNTED)
    with st.container(border=True):
        _links(person, campaign, clicks)


def _offers(person: Person, campaign: Campaign) -> None:
    st.subheader("Offers and events", anchor=False)
    offers = data_campaigns.offers_of(campaign.brand, campaign.id)
    products = data_campaigns.products_of(campaign.brand)
    by_code, zone = data_campaigns.uptakes_of(campaign.brand, campaign.id), _zone(campaign.brand)
    rows = [show.offer_row(each, products, zone, data.now(), by_code.get(each.id)) for each in offers]
    may = authority.may(person, "SaveOffer")
    empty = "None yet. A post that names an offer goes out only while it is open."
    picked = table(
        show.OFFERS, rows, key="offers", name="Offers and events", picks="Open" if may else "", empty=empty, stacks=420
    )
    if may and st.button("New offer or event", key="new-offer", icon=":material/add:"):
        _offer_dialog(campaign, None)
    known = {each.id: each for each in offers}
    if may and picked in known:
        _offer_dialog(campaign, known[picked])


def _links(person: Person, campaign: Campaign, clicks: dict[str, int]) -> None:
    st.subheader("Links", anchor=False)
    links = data_campaigns.links_of(campaign.brand, campaign.id)
    rows = [
        show.link_row(each, campaigns.address_of(each.code, data.herald()), clicks.get(each.code, 0)) for each in links
    ]
    empty = "None yet. A short link is counted by day, without anything of who follows it."
    table(show.LINKS, rows, key="links", name="Links", empty=empty, stacks=420)
    if not authority.may(person, "MakeShortLink"):
        return
    platforms = parts.platforms_of(campaign.brand)
    with st.form("make-link", border=False):
        address = st.text_input("Where it leads", placeholder="https://")
        platform = st.selectbox("Where it will stand", platforms, format_func=theme.platform_name)
        sent = st.form_submit_button("Make a short link")
    if sent:
        command = commands.MakeShortLink(campaign.brand, campaign.id, platform or "", address or "")
        actions_campaigns.give(command)
        st.rerun()


# ---------------------------------------------------------------- dialogs


@st.dialog("Campaign", width="medium")
def _campaign_dialog(brand: str, campaign: Campaign | None) -> None:
    _campaign(brand, campaign)


@guarded
def _campaign(brand: str, campaign: Campaign | None) -> None:
    today = _today(brand)
    people = {one.id: one_line(one.name, 60) for one in data.people().values() if brand in one.brands and one.active}
    owners, aims = list(people), list(Aim)
    with st.form("campaign", border=False):
        title = st.text_input("Title", campaign.title if campaign else "", max_chars=120)
        objective = st.text_area("What it is for", campaign.objective if campaign else "", max_chars=500, height=80)
        slug = st.text_input(
            "Name in links", campaign.slug if campaign else "", max_chars=40, placeholder="spring-lamps"
        )
        one, two = st.columns(2)
        first = one.date_input("First day", campaign.first if campaign else today)
        last = two.date_input("Last day", campaign.last if campaign else today + timedelta(days=14))
        index = aims.index(campaign.aim) if campaign else 0
        aim = one.selectbox("It is to bring", aims, index=index, format_func=show.AIMS.__getitem__)
        goal = two.number_input("How many", 1, 10**9, campaign.goal if campaign else 100)
        held = owners.index(campaign.owner) if campaign and campaign.owner in owners else None
        owner = st.selectbox("Answers for it", owners, index=held, format_func=people.__getitem__, placeholder="Choose")
        sent = st.form_submit_button("Save", type="primary", shortcut="Ctrl+Enter")
    if sent:
        name = campaign.id if campaign else st.session_state.setdefault("campaign.id", actions_campaigns.new_id())
        command = commands.SaveCampaign(
            name, brand, title or "", objective or "", (slug or "").strip(), str(aim), int(goal), _iso(first),
            _iso(last), owner or "", campaign.version if campaign else 0,
        )  # fmt: skip
        if actions_campaigns.give(command):
            st.session_state.pop("campaign.id", None)
            st.query_params["campaign"] = name
            st.rerun()
        parts.flash()


def _iso(day: object) -> str:
    return day.isoformat() if isinstance(day, date) else ""


@st.dialog("Offer or event", width="medium")
def _offer_dialog(campaign: Campaign, offer: Offer | None) -> None:
    _offer(campaign, offer)


@guarded
def _offer(campaign: Campaign, offer: Offer | None) -> None:
    zone = _zone(campaign.brand)
    kinds = list(OfferKind)
    products = {each.id: one_line(each.title, 80) for each in data_campaigns.products_of(campaign.brand)}
    opens = offer.opens.astimezone(ZoneInfo(zone)) if offer else datetime.combine(campaign.first, time(9, 0))
    closes = offer.closes.astimezone(ZoneInfo(zone)) if offer else datetime.combine(campaign.last, time(17, 0))
    with st.form("offer", border=False):
        kind = st.selectbox(
            "Kind", kinds, index=kinds.index(offer.kind) if offer else 0, format_func=show.KINDS.__getitem__
        )
        title = st.text_input("Title", offer.title if offer else "", max_chars=120)
        terms = st.text_area("Terms", offer.terms if offer else "", max_chars=2_000, height=80)
        address = st.text_input("Page", offer.address if offer else "", placeholder="https://")
        one, two = st.columns(2)
        day, ends = one.date_input("Opens", opens.date()), one.date_input("Closes", closes.date())
        clock, until = two.time_input("At", opens.time(), step=900), two.time_input("at", closes.time(), step=900)
        capacity = one.number_input("Room for (0: no limit)", 0, 10**7, offer.capacity if offer else 0)
        taken = two.number_input("Taken, beside orders with the code", 0, 10**7, offer.taken if offer else 0)
        code = st.text_input(
            "Discount code in the shop", offer.code if offer else "", max_chars=60, placeholder="None",
            disabled=bool(offer and offer.code),
        )  # fmt: skip
        held = [each for each in offer.products if each in products] if offer else []
        sold = st.multiselect("Products", list(products), held, format_func=products.__getitem__)
        stopped = st.text_input("Stopped, because", offer.stopped if offer else "", max_chars=500) if offer else ""
        st.caption(f"Times are those of {zone}.")
        sent = st.form_submit_button("Save", type="primary", shortcut="Ctrl+Enter")
    if sent:
        name = offer.id if offer else st.session_state.setdefault("offer.id", actions_campaigns.new_id())
        command = commands.SaveOffer(
            name, campaign.brand, campaign.id, str(kind), title or "", terms or "", (address or "").strip(),
            f"{_iso(day)}T{clock:%H:%M}", f"{_iso(ends)}T{until:%H:%M}", zone, int(capacity), int(taken), tuple(sold),
            offer.version if offer else 0, (stopped or "").strip(), (code or "").strip(),
        )  # fmt: skip
        if actions_campaigns.give(command):
            st.session_state.pop("offer.id", None)
            st.rerun()
        parts.flash()


# ---------------------------------------------------------------- products


def _products(person: Person, brand: str) -> None:
    may = authority.may(person, "SaveProduct")
    if may and st.button("New product", key="new-product", icon=":material/add:"):
        _product_dialog(brand, None)
    products = data_campaigns.products_of(brand)
    rows = [show.product_row(each, _zone(brand), data.now()) for each in products]
    empty = "No product yet. A post that sells one goes out only while it is in stock."
    picked = table(
        show.PRODUCTS, rows, key="products", name="Products", picks="Open" if may else "", empty=empty, stacks=420
    )
    known = {each.id: each for each in products}
    if may and picked in known:
        _product_dialog(brand, known[picked])


@st.dialog("Product", width="medium")
def _product_dialog(brand: str, product: Product | None) -> None:
    _product(brand, product)


@guarded
def _product(brand: str, product: Product | None) -> None:
    with st.form("product", border=False):
        number = st.text_input(
            "Number (SKU)", product.id if product else "", max_chars=60, disabled=product is not None
        )
        title = st.text_input("Title", product.title if product else "", max_chars=120)
        address = st.text_input("Page", product.address if product else "", placeholder="https://")
        one, two = st.columns(2)
        price = one.number_input("Price", 0.0, 1e7, product.price / 100 if product else 0.0, step=1.0, format="%.2f")
        currency = two.text_input("Currency", product.currency if product else "AUD", max_chars=3)
        shops = data_campaigns.shops_of(brand)
        told = product is not None and bool(product.item)
        stock = one.number_input(
            "In stock", 0, 10**7, None if told or product is None else product.stock, disabled=told,
            placeholder="Told by the shop" if told else "Nobody knows",
        )  # fmt: skip
        buffer = two.number_input("Never promised of these", 0, 10**6, product.buffer if product else 0)
        shop, item = (product.shop, product.item) if product else ("", "")
        if shops:
            names = ["", *shops]
            index = names.index(product.shop) if product and product.shop in shops else 0
            known = {"": "Nobody", **shops}
            shop = one.selectbox("Stock told by", names, index=index, format_func=known.__getitem__)
            item = two.text_input("Inventory item there", product.item if product else "", max_chars=20)
        sent = st.form_submit_button("Save", type="primary", shortcut="Ctrl+Enter")
    if sent:
        command = commands.SaveProduct(
            product.id if product else (number or "").strip(), brand, title or "", (address or "").strip(),
            round(price * 100), (currency or "").strip().upper(), None if stock is None else int(stock), int(buffer),
            product.version if product else 0, shop or "", (item or "").strip(),
        )  # fmt: skip
        if actions_campaigns.give(command):
            st.rerun()
        parts.flash()
