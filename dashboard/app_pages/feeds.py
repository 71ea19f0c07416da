"""Feeds: what we read outside, how reading goes, and the entries, each to be kept in the library."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from dashboard import actions, data, parts, present, who
from dashboard.components import sheet
from dashboard.components.table import table
from dashboard.failures import guarded
from dashboard.text import one_line, safe_text
from herald.flows import commands
from herald.flows import feeds as flow
from herald.govern import authority
from herald.model import Person
from herald.model.trends import Feed, FeedItem, FeedState

SHOWN = 50
FEEDS = (
    {"id": "title", "label": "Feed", "width": 0, "wraps": True},
    {"id": "entries", "label": "Entries", "n": True, "width": 80},
    {"id": "read", "label": "Last read", "width": 150},
    {"id": "state", "label": "State", "width": 110},
)
ENTRIES = (
    {"id": "title", "label": "Entry", "width": 0, "wraps": True},
    {"id": "source", "label": "Feed", "width": 160, "wraps": True},
    {"id": "when", "label": "Published", "width": 130},
    {"id": "kept", "label": "Library", "width": 100},
)


def show(person: Person, brand: str) -> None:
    """The list of feeds, the one chosen, and the newest entries."""
    herald, now = data.herald(), data.now()
    saved, states = flow.feeds_of(brand, herald), flow.states_of(brand, herald)
    listed = sorted(saved, key=lambda one: (one.retired_at is not None, one.title.casefold(), one.id))
    rows = [_feed(one, states.get(one.id), now) for one in listed]
    empty = "No feed yet. Add the feed of a magazine, an association or a rival, and what it publishes is here."
    pressed = table(FEEDS, rows, key="feeds", name="Feeds", picks="Show", empty=empty, stacks=420)
    if chosen := parts.chosen("feed", pressed, {one.id: one for one in saved}):
        _one(person, chosen, states.get(chosen.id), now)
    _entries(person, brand, now)


def _feed(feed: Feed, state: FeedState | None, now: datetime) -> dict[str, Any]:
    host = urlsplit(feed.address).hostname or ""
    return {
        "id": feed.id,
        "cells": {
            "title": {"strong": one_line(feed.title, 120), "sub": one_line(host, 120)},
            "entries": f"{state.entries:,}" if state and state.read_at else {"muted": "not known"},
            "read": present.clock(state.read_at, "UTC", now) if state and state.read_at else {"muted": "not yet"},
            "state": {"pill": _state(feed, state)},
        },
    }


def _state(feed: Feed, state: FeedState | None) -> list[str]:
    if feed.retired_at:
        return ["Retired", ""]
    if state and state.error:
        return ["Failing", "red"]
    return ["Read", "green"] if state and state.read_at else ["Waiting", ""]


def _one(person: Person, feed: Feed, state: FeedState | None, now: datetime) -> None:
    with st.container(border=True):
        told = [{"t": "title", "text": one_line(feed.title, 120)}]
        lines = [{"when": "Address", "text": safe_text(feed.address, 300)},
                 {"when": "Added", "text": f"{present.clock(feed.at, 'UTC', now)}, {_name(feed.by)}"}]  # fmt: skip
        if feed.retired_at:
            lines.append({"when": "Retired", "text": f"{present.clock(feed.retired_at, 'UTC', now)}, "
                                                     f"{_name(feed.retired_by)}"})  # fmt: skip
        elif state and state.error:
            again = present.clock(state.next_at, "UTC", now)
            lines.append({"when": "Problem", "text": f"{safe_text(state.error, 200)} Tried again {again}."})
        sheet([*told, {"t": "events", "rows": lines}], key=f"feed-{feed.id}")
        if not authority.may(person, "RetireFeed"):
            return
        if feed.retired_at is None:
            if st.button("Retire", key="retire", help="It is read no more; what it gave stays for 30 days."):
                actions.give(commands.RetireFeed(feed.brand, feed.id, feed.version))
                st.rerun()
        elif st.button("Read it again", key="again"):
            actions.give(commands.SaveFeed(feed.brand, feed.address, feed.title, feed.version))
            st.rerun()


def _name(person_id: str) -> str:
    return one_line(data.name_of(person_id), 60)


def _entries(person: Person, brand: str, now: datetime) -> None:
    found = flow.items_of(brand, data.herald(), limit=SHOWN)
    may = authority.may(person, "KeepItem")
    rows = [_entry(one, now, may=may) for one in found]
    st.subheader("Newest entries", anchor=False)
    empty = "Nothing was read yet. Feeds are read every half hour."
    picked = table(
        ENTRIES, rows, key="entries", name="Newest entries", picks="Keep in the library" if may else "", empty=empty,
        stacks=520,
    )  # fmt: skip
    if picked and picked in {one.id for one in found}:
        actions.give(commands.KeepItem(brand, picked))
        st.rerun()
    if found and may:
        st.caption("Pick an entry to keep its link in the library, with feed, author and date, licence unknown.")


def _entry(item: FeedItem, now: datetime, *, may: bool) -> dict[str, Any]:
    says = " · ".join(part for part in (one_line(item.author, 60), safe_text(item.summary, 160)) if part)
    if item.asset:
        kept: dict[str, Any] = {"pill": ["Kept", "green"]}
    else:
        kept = {"muted": "no address"} if not item.address else {"muted": "Keep" if may else "no"}
    when = present.clock(item.published, "UTC", now)
    return {
        "id": "" if item.asset or not item.address else item.id,
        "cells": {
            "title": {"strong": safe_text(item.title, 200), "sub": says},
            "source": one_line(item.source, 80),
            "when": when if item.dated else {"muted": f"no date, read {when}"},
            "kept": kept,
        },
    }


@st.dialog("Add a feed", width="medium")
def add(brand: str) -> None:
    """Name a feed to read."""
    _add(brand)


@guarded
def _add(brand: str) -> None:
    if who.current_person() is None:
        return
    with st.form("feed", border=False):
        title = st.text_input("Name", max_chars=120, placeholder="A magazine")
        address = st.text_input(
            "Address of its feed (RSS or Atom)", max_chars=2_000, placeholder="https://",
            help="The feed itself, not the page that shows it. It is read every half hour.",
        )  # fmt: skip
        sent = st.form_submit_button("Add", type="primary", shortcut="Ctrl+Enter")
    if sent:
        if actions.give(commands.SaveFeed(brand, address or "", title or "")):
            st.rerun()
        parts.flash()
