"""Monitors: saved streams of keywords with their alerts; and what rises in what is said to us."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import streamlit as st

from dashboard import actions, data, parts, present, present_notices, theme, who
from dashboard.app_pages import feeds
from dashboard.components import sheet
from dashboard.components.table import table
from dashboard.failures import guarded
from dashboard.text import one_line, safe_text
from herald.flows import commands
from herald.flows import monitors as flow
from herald.govern import authority
from herald.model import Message, Person, Role
from herald.model.monitors import Monitor
from herald.model.trends import FeedItem
from herald.research import trends as rules
from herald.research.trends import Rising

SEES = frozenset({Role.COMMUNITY_MANAGER, Role.CUSTOMER_SERVICE_MANAGER, Role.MARKETER, Role.OWNER, Role.COMPLIANCE})
BACK = timedelta(days=2)
VIEWS = {"rising": "What rises", "feeds": "Feeds"}
COLUMNS = (
    {"id": "title", "label": "Monitor", "width": 0, "wraps": True},
    {"id": "now", "label": "Last two days", "n": True, "width": 120},
    {"id": "alert", "label": "Alert", "width": 150, "from": 520},
    {"id": "state", "label": "State", "width": 120},
)
RISING = (
    {"id": "topic", "label": "Topic", "width": 180},
    {"id": "now", "label": "Now", "n": True, "width": 70},
    {"id": "base", "label": "Before", "n": True, "width": 80},
    {"id": "velocity", "label": "More a day", "n": True, "width": 110},
    {"id": "said", "label": "As said", "width": 0, "wraps": True, "from": 560},
)


@guarded
def render() -> None:
    """The page of monitors."""
    person = who.current_person()
    if person is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width="stretch", gap="xxsmall"):
            st.title("Monitors", anchor=False)
            st.caption("Words we listen for in all that is said to us; an alert is looked for each five minutes")
        brand = parts.brand_of(person, "brand")
        may = brand is not None and authority.may(person, "SaveMonitor")
        asked = may and st.button("New monitor", icon=":material/add:", type="primary")
    if brand is None:
        return
    if asked:
        _dialog(brand, None)
    parts.flash()
    messages = _said(brand)
    monitors = flow.monitors_of(brand, data.herald())
    rows = [_row(each, len(flow.stream(each, messages))) for each in monitors]
    empty = "No monitor yet. Name words, products or rivals to listen for."
    pressed = table(COLUMNS, rows, key="monitors", name="Monitors", picks="Show", empty=empty, stacks=420)
    known = {each.id: each for each in monitors}
    if chosen := parts.chosen("monitor", pressed, known):
        _stream(person, chosen, messages)
    _alerts(brand, known)


@st.cache_resource(ttl=30.0, max_entries=10, show_spinner=False)
def _said(brand: str) -> list[Message]:
    now = data.now()
    return flow.said(brand, now - BACK, now, data.herald())


def _row(monitor: Monitor, found: int) -> dict[str, Any]:
    words = ", ".join(monitor.words) + (f"; not {', '.join(monitor.without)}" if monitor.without else "")
    return {
        "id": monitor.id,
        "cells": {
            "title": {"strong": one_line(monitor.title, 120), "sub": one_line(words, 200)},
            "now": f"{found:,}",
            "alert": f"from {monitor.alert:,} an hour" if monitor.alert else "none",
            "state": {"pill": ["Listening", "green"] if monitor.active else ["Ended", ""]},
        },
    }


def _stream(person: Person, monitor: Monitor, messages: list[Message]) -> None:
    found = flow.stream(monitor, messages)[:50]
    with st.container(border=True):
        rows = [{"when": present.clock(one.created_at, "UTC", data.now()), "text": _words(one)} for one in found]
        told = rows or [{"when": "", "text": "Nothing in the last two days."}]
        sheet(
            [{"t": "title", "text": one_line(monitor.title, 120)}, {"t": "events", "rows": told}],
            key=f"stream-{monitor.id}",
        )
        if authority.may(person, "SaveMonitor") and st.button("Change", key="change"):
            _dialog(monitor.brand, monitor)


def _words(one: Message) -> str:
    author = one_line(one.author_name or "somebody", 60)
    return f"{theme.platform_name(one.platform)}, {author}: {safe_text(one.text, 300)}"


def _alerts(brand: str, known: dict[str, Monitor]) -> None:
    alerts = flow.alerts_of(brand, data.herald())[:10]
    if not alerts:
        return
    told = flow.notices_of(alerts, data.herald())
    rows = [
        {
            "when": present.clock(one.at, "UTC", data.now()),
            "text": f"{one_line(known[one.monitor].title if one.monitor in known else one.monitor, 120)}: "
            f"{one.found:,} in the hour before"
            + (f". {present_notices.words(notice, data.name_of)}" if (notice := told.get(flow.told_of(one))) else ""),
        }
        for one in alerts
    ]
    sheet([{"t": "title", "text": "Alerts"}, {"t": "events", "rows": rows}], key="alerts")


@st.dialog("Monitor", width="medium")
def _dialog(brand: str, monitor: Monitor | None) -> None:
    _change(brand, monitor)


@guarded
def _change(brand: str, monitor: Monitor | None) -> None:
    with st.form("monitor", border=False):
        title = st.text_input("Title", monitor.title if monitor else "", max_chars=120)
        listened = st.text_area(
            "Any of these words, one on each line", "\n".join(monitor.words) if monitor else "", height=110
        )
        without = st.text_area("But none of these", "\n".join(monitor.without) if monitor else "", height=70)
        platforms = st.multiselect(
            "Only on",
            parts.platforms_of(brand),
            list(monitor.platforms) if monitor else [],
            format_func=theme.platform_name,
            placeholder="All platforms",
        )
        alert = st.number_input(
            "Alert from so many in an hour on (0: none)", 0, 100_000, monitor.alert if monitor else 0
        )
        active = st.checkbox("Listening", monitor.active) if monitor else True
        sent = st.form_submit_button("Save", type="primary", shortcut="Ctrl+Enter")
    if sent:
        name = monitor.id if monitor else st.session_state.setdefault("monitor.id", str(uuid4()))
        command = commands.SaveMonitor(
            name,
            brand,
            title or "",
            tuple((listened or "").splitlines()),
            tuple((without or "").splitlines()),
            tuple(platforms),
            int(alert),
            monitor.version if monitor else 0,
            active,
        )
        if actions.give(command):
            st.session_state.pop("monitor.id", None)
            st.rerun()
        parts.flash()


# ---------------------------------------------------------------- what rises


@guarded
def render_trends() -> None:
    """The page of trends."""
    person = who.current_person()
    if person is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width="stretch", gap="xxsmall"):
            st.title("Trends", anchor=False)
            st.caption("What is said more often than before, to us and in the feeds we read · times in UTC")
        brand = parts.brand_of(person, "brand")
        may = brand is not None and authority.may(person, "SaveFeed")
        asked = may and st.button("Add a feed", icon=":material/add:", type="primary")
    if brand is None:
        return
    if asked:
        feeds.add(brand)
    view = st.segmented_control(
        "View", list(VIEWS), format_func=VIEWS.__getitem__, default="rising", required=True, key="view",
        bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    parts.flash()
    if view == "feeds":
        feeds.show(person, brand)
        return
    days = st.segmented_control(
        "Days", [3, 7], default=7, required=True, key="trend-days", format_func="{} days".format,
        label_visibility="collapsed",
    )  # fmt: skip
    _rises_here(brand, int(days or 7))


def _rises_here(brand: str, days: int) -> None:
    to_us, messages = _rising(brand, days)
    in_feeds, entries = _rising_in_feeds(brand, days)
    texts = {one.id: one.text for one in messages.values()}
    titles = {one.id: f"{one.title} ({one.source})" for one in entries.values()}
    st.subheader("Said to us", anchor=False)
    _rising_table(to_us, texts, "messages")
    st.subheader("In feeds", anchor=False)
    _rising_table(in_feeds, titles, "entries")
    st.caption(
        f"Now: in how many messages or entries of the last {days} days. Before: of as many days before those. "
        f"A topic rises with at least {rules.LEAST}, by {rules.VOICES} different people or authors, "
        f"{rules.SURE:.0f} standard deviations above before, and {rules.GROWTH} times the share of all that was said. "
        f"An account whose messages are known for less than {2 * days} days is left out, and of one account and day "
        f"the newest {flow.A_DAY} messages are read. Entries without a date are not counted."
    )


def _rising_table(found: list[Rising], samples: dict[str, str], what: str) -> None:
    empty = f"Nothing rises: no word was in {rules.LEAST} {what} and clearly more often than before."
    rows = [_rises(one, samples) for one in found]
    table(RISING, rows, key=f"rising-{what}", name=f"What rises in {what}", empty=empty, stacks=480)


@st.cache_resource(ttl=300.0, max_entries=10, show_spinner="Reading what was said")
def _rising(brand: str, days: int) -> tuple[list[Rising], dict[str, Message]]:
    return flow.rising(brand, days, data.herald(), data.now())


@st.cache_resource(ttl=60.0, max_entries=10, show_spinner="Reading what was published")
def _rising_in_feeds(brand: str, days: int) -> tuple[list[Rising], dict[str, FeedItem]]:
    return flow.rising_in_feeds(brand, days, data.herald(), data.now())


def _rises(one: Rising, samples: dict[str, str]) -> dict[str, Any]:
    said = " · ".join(f"“{safe_text(samples[each], 120)}”" for each in one.samples if each in samples)
    new = "new" if one.base == 0 else f"{one.now / one.base:.1f} times as often"
    return {
        "id": "",
        "cells": {
            "topic": {"strong": one_line(one.topic, 60), "sub": f"{new}, {one.voices:,} voices"},
            "now": f"{one.now:,}",
            "base": f"{one.base:,}",
            "velocity": f"{one.velocity:+.1f}",
            "said": said,
        },
    }
