"""What Campaigns reads, through the Store. Remembered for two seconds, as in data."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from dashboard import data
from herald.flows import campaigns
from herald.model.campaigns import Campaign, Conversions, Offer, Product, ShortLink

BACK = timedelta(days=90)


@st.cache_resource(ttl=data.LIVE, max_entries=20, show_spinner=False)
def all_of(brand: str) -> list[Campaign]:
    """Campaigns that end, or ended, no longer than BACK ago; the last to end first."""
    return campaigns.campaigns_of(brand, data.herald(), since=data.now().date() - BACK)[::-1]


def campaign(brand: str, campaign_id: str) -> Campaign | None:
    return data.herald().store.find(Campaign, brand, campaign_id)


@st.cache_resource(ttl=data.LIVE, max_entries=50, show_spinner=False)
def offers_of(brand: str, campaign_id: str) -> list[Offer]:
    return campaigns.offers_of(brand, campaign_id, data.herald())


@st.cache_resource(ttl=data.LIVE, max_entries=20, show_spinner=False)
def products_of(brand: str) -> list[Product]:
    return campaigns.products_of(brand, data.herald())


@st.cache_resource(ttl=data.LIVE, max_entries=50, show_spinner=False)
def links_of(brand: str, campaign_id: str) -> list[ShortLink]:
    return campaigns.links_of(brand, campaign_id, data.herald())


@st.cache_resource(ttl=30.0, max_entries=50, show_spinner=False)
def clicks_of(brand: str, campaign_id: str, first: date, last: date) -> dict[str, int]:
    """Code -> clicks in the campaign's own days (UTC)."""
    return campaigns.clicks_of(links_of(brand, campaign_id), first, last, data.herald())


@st.cache_resource(ttl=data.LIVE, max_entries=50, show_spinner=False)
def uptakes_of(brand: str, campaign_id: str) -> dict[str, int]:
    """Offer -> orders with its code, of those that have one."""
    return campaigns.uptakes_of(offers_of(brand, campaign_id), data.herald())


@st.cache_resource(ttl=data.LIVE, max_entries=50, show_spinner=False)
def conversions_of(brand: str, campaign_id: str) -> list[Conversions]:
    """Orders in the campaign's own days (of the shop)."""
    found = campaign(brand, campaign_id)
    return campaigns.conversions_of(found, data.herald()) if found else []


def shops_of(brand: str) -> dict[str, str]:
    """Account -> name, of the shops that tell stock and orders."""
    return {each.id: each.name for each in data.shops_of(brand)}


def open_offers(brand: str) -> dict[str, str]:
    """Need -> words, of what a post may name now or later: offers and events that are not over, and products."""
    now, found = data.now(), dict[str, str]()
    for each in all_of(brand):
        for offer in offers_of(brand, each.id):
            if offer.closes > now and not offer.stopped:
                found[f"{offer.kind}:{offer.id}"] = f"{offer.title} ({each.title})"
    for product in products_of(brand):
        found[f"product:{product.id}"] = f"{product.title} ({product.id})"
    return found


def forget() -> None:
    """After a write: the next look reads again."""
    for each in (all_of, offers_of, products_of, links_of, clicks_of, uptakes_of, conversions_of):
        each.clear()
