"""What Incidents reads, through the Store. Remembered for two seconds, as in data."""

from __future__ import annotations

import streamlit as st

from dashboard import data
from herald.flows import incidents
from herald.measure import alarm
from herald.model import Message
from herald.model.incidents import Incident, IncidentState, incidents_of


@st.cache_resource(ttl=data.LIVE, max_entries=20, show_spinner=False)
def open_of(brand: str) -> list[Incident]:
    return incidents.open_of(brand, data.herald())


@st.cache_resource(ttl=data.LIVE, max_entries=40, show_spinner=False)
def closed_of(brand: str, month: str) -> list[Incident]:
    """Those raised in a month ("2026-11", UTC) that are closed, newest first."""
    found = data.herald().store.listed(Incident, "feed", incidents_of(brand, month), newest=True, limit=100)
    return [each for each in found if each.state is IncidentState.CLOSED]


def incident(incident_id: str, brand: str) -> Incident | None:
    return data.herald().store.find(Incident, incident_id, brand)


@st.cache_resource(ttl=30.0, max_entries=20, show_spinner=False)
def today(brand: str) -> alarm.Seen:
    """The last hours as the detector sees them."""
    return incidents.look(list(data.accounts_of(brand)), data.herald(), data.now())[1]


def messages(ids: tuple[str, ...]) -> list[Message]:
    found = data.herald().store.messages(ids)
    return [found[each] for each in ids if each in found]


def forget() -> None:
    """After a write: the next look reads again."""
    open_of.clear()
    closed_of.clear()
