"""Evidence: each part of the unit, by its own number, and the lines of the audit that show it was done."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import parse_qsl

import streamlit as st

from dashboard import data, parts, who
from dashboard.components import sheet
from dashboard.components.table import table
from dashboard.failures import guarded
from dashboard.text import one_line
from herald.flows import evidence
from herald.govern.evidence import Line, Part, Shown, spoken
from herald.model import Person, Role

SEES = frozenset({Role.OWNER, Role.COMPLIANCE, Role.COMMUNITY_MANAGER, Role.CUSTOMER_SERVICE_MANAGER, Role.MARKETER})
COLUMNS = (
    {"id": "number", "label": "Number", "width": 90},
    {"id": "words", "label": "What is done", "width": 0, "wraps": True},
    {"id": "state", "label": "Shown", "width": 120},
    {"id": "last", "label": "Last", "width": 170, "from": 620},
)
LINES = (
    {"id": "what", "label": "What", "width": 0, "wraps": True},
    {"id": "at", "label": "When (UTC)", "width": 150},
    {"id": "place", "label": "In the audit", "width": 190, "from": 560},
)
VIEWS = {
    "all": "All", "lacking": "Lacking", Part.CRITERION.value: "Criteria", Part.PERFORMANCE.value: "Performance",
    Part.KNOWLEDGE.value: "Knowledge",
}  # fmt: skip
_ALL = {Role.OWNER, Role.COMPLIANCE}
"""Who may see others' too, of people who work for none but their own brands; others see their own."""


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
    lacking = sum(not each.complete for each in pack.shown)
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
    view = st.segmented_control(
        "Show", list(VIEWS), format_func=VIEWS.__getitem__, default="all", required=True, key="evidence-view",
        bind="query-params", label_visibility="collapsed", wrap=True,
    )  # fmt: skip
    chosen = [
        each for each in pack.shown
        if (view == "lacking" and not each.complete) or view in ("all", str(each.item.part))
    ]  # fmt: skip
    picked = table(
        COLUMNS, [_row(each) for each in chosen], key="evidence-items", name="Parts of the unit", stacks=460,
        picks="Show the records", empty="Nothing lacks." if view == "lacking" else "",
    )  # fmt: skip
    one = next((each for each in pack.shown if each.item.number == picked), None)
    if one is not None:
        _open(one)


@st.dialog("Records", width="large")
def _open(one: Shown) -> None:
    _records(one)


@guarded
def _records(one: Shown) -> None:
    """What shows one item, ask by ask, and the page where what lacks can be done."""
    sheet([{"t": "title", "text": f"{one.item.number} {one.item.says}"}], key=f"item-{one.item.number}")
    pages = st.session_state.get("herald.pages", {})
    for number, answer in enumerate(one.answers):
        if answer.lacks:
            sheet([{"t": "note", "tone": "amber", "text": f"Lacks {answer.lacks}."}], key=f"lacks-{number}")
        rows = [_line(line) | {"id": str(at) if line.page in pages else ""} for at, line in enumerate(answer.lines)]
        if rows:
            picked = table(LINES, rows, key=f"lines-{number}", name="Records", picks="Open", stacks=460, tall=360)
            known = {row["id"]: line for row, line in zip(rows, answer.lines, strict=True) if row["id"]}
            line = known.get(picked or "")
            if line is not None:
                st.switch_page(pages[line.page], query_params=dict(parse_qsl(line.query)))
    if one.item.page in pages:
        st.page_link(pages[one.item.page], label="Go to where this is done", icon=":material/arrow_forward:")


def _people(person: Person) -> dict[str, str]:
    if not person.roles & _ALL:
        return {person.id: one_line(person.name, 60)}
    every = data.people().values()
    ours = sorted((one for one in every if one.brands <= person.brands), key=lambda one: one.name)
    everybody = {"": "Everybody"} if len(ours) == len(every) else {}
    return {**everybody, **{one.id: one_line(one.name, 60) for one in ours}}


@st.cache_resource(ttl=30.0, max_entries=20, show_spinner=False)
def _pack(about: str, first: date, last: date) -> evidence.Pack:
    begin, until = datetime.combine(first, time(), UTC), datetime.combine(last + timedelta(days=1), time(), UTC)
    return evidence.gather(about, begin, until, data.herald(), data.now())


def _row(each: Shown) -> dict[str, object]:
    lacks = "; ".join(answer.lacks for answer in each.answers if answer.lacks)
    count = sum(answer.records for answer in each.answers)
    shown = "1 record" if count == 1 else f"{count:,} records"
    last = each.newest
    return {
        "id": each.item.number,
        "cells": {
            "number": each.item.number,
            "words": {"strong": each.item.says, "sub": f"Lacks {lacks}" if lacks else ""},
            "state": {"pill": ["Lacking", "red"] if lacks else [shown, "green"]},
            "last": {"muted": f"{last:%d %b %H:%M} UTC"} if last else "",
        },
    }


def _line(line: Line) -> dict[str, object]:
    facts = ", ".join(f"{name} {value}" for name, value in line.facts.items())
    place = f"{line.chain} {line.seq} \u00b7 {line.digest[:8]}" if line.chain else "record"
    return {
        "cells": {
            "what": {"strong": one_line(f"{spoken(line.what).capitalize()} · {line.subject}"), "sub": one_line(facts)},
            "at": f"{line.at:%d %b %Y %H:%M}", "place": {"muted": place},
        }
    }  # fmt: skip
