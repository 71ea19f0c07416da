"""Evidence: each part of the unit, by its own number, and the lines of the audit that show it was done."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import streamlit as st

from dashboard import data, parts, who
from dashboard.components import sheet
from dashboard.components.table import table
from dashboard.failures import guarded
from dashboard.text import one_line
from herald.flows import evidence
from herald.govern.evidence import Shown
from herald.model import Person, Role

SEES = frozenset({Role.OWNER, Role.COMPLIANCE, Role.COMMUNITY_MANAGER, Role.CUSTOMER_SERVICE_MANAGER, Role.MARKETER})
COLUMNS = (
    {"id": "number", "label": "Number", "width": 110},
    {"id": "words", "label": "What is done", "width": 0, "wraps": True},
    {"id": "state", "label": "Shown", "width": 110},
    {"id": "last", "label": "Last", "width": 170, "from": 620},
)
_ALL = {Role.OWNER, Role.COMPLIANCE}
"""Who may see everybody's; others see their own."""


@guarded
def render() -> None:
    """The page."""
    person = who.current_person()
    if person is None:
        return
    st.title("Evidence", anchor=False)
    st.caption("What shows that each part of the unit SIRXMKT002 was done: lines of the audit, which can be verified")
    today = data.now().date()
    people = _people(person)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        about = st.selectbox("Of", list(people), format_func=people.__getitem__, key="evidence-of", width=220)
        first = st.date_input("From", today - timedelta(days=30), key="evidence-first", width=160)
        last = st.date_input("Through", today, key="evidence-last", width=160)
    if about is None or not (isinstance(first, date) and isinstance(last, date)) or last < first:
        parts.nothing("Choose whose evidence, and days in their order.")
        return
    pack = _pack(about, first, last)
    lacking = sum(bool(each.lacks) for each in pack.shown)
    told = (
        "Complete: every part is shown."
        if pack.complete
        else f"{lacking} of {len(pack.shown)} parts are not shown yet."
    )
    if pack.cut:
        told = f"This period has more than {evidence.MOST:,} lines. Choose a shorter one."
    sheet([{"t": "note", "tone": "" if pack.complete else "orange", "text": told}], key="evidence-told")
    with st.container(horizontal=True, gap="small"):
        name = f"evidence-{about or 'everybody'}-{first}-{last}"
        for file, kind in (("evidence.html", "text/html"), ("evidence.json", "application/json")):
            st.download_button(
                file,
                pack.files[file],
                f"{name}{file[8:]}",
                kind,
                icon=":material/download:",
                on_click="ignore",
                key=file,
            )
    table(COLUMNS, [_row(each) for each in pack.shown], key="evidence-items", name="Parts of the unit", stacks=460)


def _people(person: Person) -> dict[str, str]:
    if not person.roles & _ALL:
        return {person.id: one_line(person.name, 60)}
    ours = sorted((one for one in data.people().values() if one.brands & person.brands), key=lambda one: one.name)
    return {"": "Everybody", **{one.id: one_line(one.name, 60) for one in ours}}


@st.cache_resource(ttl=30.0, max_entries=20, show_spinner=False)
def _pack(about: str, first: date, last: date) -> evidence.Pack:
    begin, until = datetime.combine(first, time(), UTC), datetime.combine(last + timedelta(days=1), time(), UTC)
    return evidence.gather(about, begin, until, data.herald(), data.now())


def _row(each: Shown) -> dict[str, object]:
    sub = f"Lacks {each.lacks}" if each.lacks else ", ".join(each.item.commands)
    last = each.lines[-1] if each.lines else None
    times = "Once" if len(each.lines) == 1 else f"{len(each.lines)} times"
    return {
        "id": "",
        "cells": {
            "number": each.item.number,
            "words": {"strong": each.item.words, "sub": sub},
            "state": {"pill": ["Lacking", "red"] if each.lacks else [times, "green"]},
            "last": f"{last.at:%d %b %H:%M} UTC, {one_line(data.name_of(last.actor), 40)}" if last else "",
        },
    }
