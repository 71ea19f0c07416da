"""Recommendations: what should change, what it rests on, who does it, and what it brought."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import streamlit as st

from dashboard import actions, data, parts, present, who
from dashboard.app_pages import overview
from dashboard.app_pages.breaches import _month_words, _months
from dashboard.components import sheet, work_list
from dashboard.failures import guarded
from dashboard.text import SHORT, one_line, safe_text
from herald.flows import commands
from herald.flows import recommendations as flow
from herald.govern import authority
from herald.measure.advice import Finding
from herald.measure.figures import DEFINITIONS
from herald.model import Person
from herald.model.recommendations import Recommendation, RecommendationState

SEES = overview.SEES
VIEWS = {"open": "To do", "month": "By month", "seen": "What the figures suggest"}
STATES = {
    RecommendationState.OPEN: ["To do", "orange"],
    RecommendationState.ACTED: ["Done, not measured", ""],
    RecommendationState.MEASURED: ["Measured", "green"],
}
NAMES = {each.id: each.label for each in DEFINITIONS}
COLUMNS = (
    {"id": "state", "label": "State", "width": 150, "card": "top"},
    {"id": "due", "label": "Due", "width": 110, "card": "top"},
    {"id": "do", "label": "What to do", "width": 0, "card": "name"},
    {"id": "owner", "label": "Who", "width": 150, "card": "foot"},
)


@guarded
def render() -> None:
    """The page."""
    person = who.current_person()
    if person is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width="stretch", gap="xxsmall"):
            st.title("Recommendations", anchor=False)
            st.caption("Each names what it rests on, who does it, and the number that will say whether it helped")
        brand = parts.brand_of(person, "brand")
        may = brand is not None and authority.may(person, "RecordRecommendation")
        asked = may and st.button("Recommend", icon=":material/add:", type="primary")
    if brand is None:
        return
    if asked:
        _record_dialog(brand, None)
    view = st.segmented_control(
        "View",
        list(VIEWS),
        format_func=VIEWS.__getitem__,
        default="open",
        required=True,
        key="view",
        bind="query-params",
        label_visibility="collapsed",
    )
    if view == "seen":
        parts.flash()
        _suggested(brand, may=may)
        return
    chosen = st.query_params.get("recommendation", "")[:80]
    if not chosen:
        parts.flash()
        _list(brand, view or "open", "")
        return
    left, right = st.columns([0.42, 0.58], gap="medium")
    with left:
        _list(brand, view or "open", chosen)
    with right, st.container(border=True, key="detail"):
        _detail(person, brand, chosen)


def _list(brand: str, view: str, chosen: str) -> None:
    if view == "month":
        months = _months(data.now().date())
        month = st.selectbox("Recorded in", months, format_func=_month_words, key="month", width=200) or months[0]
        found = flow.of_month(brand, month, data.herald())
        empty = (f"Nothing was recommended in {_month_words(month)}", "The figures may suggest something: look there.")
    else:
        found = flow.unmeasured(brand, data.herald())
        empty = ("Nothing is to do", "A report needs at least one recommendation: the figures may suggest it.")
    rows = [_row(each) for each in found]
    picked = work_list(
        COLUMNS,
        rows,
        key=f"recommendations-{view}",
        name="Recommendations",
        selected=chosen,
        empty=empty,
        scrolls=bool(chosen),
    )
    if picked is not None and picked != chosen:
        st.query_params["recommendation"] = picked
        st.rerun()


def _row(each: Recommendation) -> dict[str, Any]:
    late = each.state is RecommendationState.OPEN and each.due < data.now().date()
    return {
        "id": each.id,
        "cells": {
            "state": {"pill": STATES[each.state]},
            "due": {"due": f"{each.due.day} {each.due:%b %Y}", "tone": "red" if late else ""},
            "do": {"strong": one_line(each.do, SHORT)},
            "owner": one_line(data.name_of(each.owner), 60),
        },
    }


# ---------------------------------------------------------------- one


def _detail(person: Person, brand: str, recommendation_id: str) -> None:
    found = data.herald().store.find(Recommendation, brand, recommendation_id)
    if found is None:
        parts.nothing("There is no such recommendation. Choose one from the list.")
        return
    if st.button("Back to all", key="back", icon=":material/arrow_back:", type="tertiary"):
        st.query_params.pop("recommendation", None)
        st.rerun()
    parts.flash()
    if authority.may(person, "ActOnRecommendation"):
        if found.state is RecommendationState.OPEN and st.button("It is done", key="act", type="primary"):
            _act_dialog(found)
        if found.state is not RecommendationState.OPEN and st.button("Measure its effect", key="measure"):
            _measure_dialog(found)
    sheet(_blocks(found), key=f"recommendation-{found.id}-{found.version}")


def _blocks(found: Recommendation) -> list[dict[str, Any]]:
    name, now = data.name_of, data.now()
    rows = [
        {"k": "Found", "v": safe_text(found.seen, 600)},
        {"k": "Rests on", "v": f"{safe_text(found.evidence, 600)} (n = {found.n:,})"},
        {"k": "Judged by", "v": NAMES[found.measure]},
        {"k": "Who", "v": f"{one_line(name(found.owner), 60)}, by {found.due.day} {found.due:%B %Y}"},
        {"k": "Recorded", "v": f"{present.clock(found.at, 'UTC', now)} by {one_line(name(found.by), 60)}"},
    ]
    if found.acted_on:
        day = f"{found.acted_on.day} {found.acted_on:%B %Y}"
        rows.append({"k": "Done", "v": f"{day}: {safe_text(found.acted, 600)}"})
    if found.effect:
        effect = found.effect
        told = f"{_number(effect.before_x1000)} in the {effect.days} days before, {_number(effect.after_x1000)} after"
        rows.append({"k": "Effect", "v": f"{NAMES[found.measure]}: {told}. {effect.why}".strip()})
    return [{"t": "title", "text": one_line(found.do, 300)}, {"t": "facts", "rows": rows}]


def _number(x1000: int | None) -> str:
    return "no number" if x1000 is None else f"{x1000 / 1000:,.3f}".rstrip("0").rstrip(".")


# ---------------------------------------------------------------- what the figures suggest


def _suggested(brand: str, *, may: bool) -> None:
    today = data.now().date()
    first, last = today - timedelta(days=28), today - timedelta(days=1)
    found = _advice(brand, first, last)
    if not found:
        parts.empty("The figures suggest nothing", "With more posts, answers and days there is more to compare.")
        return
    for each in found:
        with st.container(border=True):
            rows = [
                {"k": "Found", "v": each.seen},
                {"k": "Rests on", "v": each.evidence},
                {"k": "n", "v": f"{each.n:,}"},
            ]
            sheet([{"t": "title", "text": each.do}, {"t": "facts", "rows": rows}], key=f"seen-{each.id}")
            if may and st.button("Recommend it", key=f"take-{each.id}"):
                _record_dialog(brand, each)


@st.cache_resource(ttl=60.0, max_entries=10, show_spinner=False)
def _advice(brand: str, first: date, last: date) -> list[Finding]:
    return flow.suggested(brand, first, last, data.herald(), data.now())


# ---------------------------------------------------------------- dialogs


@st.dialog("Recommend", width="medium")
def _record_dialog(brand: str, finding: Finding | None) -> None:
    _record(brand, finding)


@guarded
def _record(brand: str, finding: Finding | None) -> None:
    people = {one.id: one_line(one.name, 60) for one in data.people().values() if brand in one.brands and one.active}
    measures = list(flow.MEASURES)
    with st.form("recommend", border=False):
        do = st.text_area("What to do", finding.do if finding else "", max_chars=500, height=80)
        seen = st.text_area("What was found", finding.seen if finding else "", max_chars=500, height=80)
        evidence = st.text_area("What it rests on", finding.evidence if finding else "", max_chars=500, height=80)
        n = st.number_input("Of how many posts, answers or messages", 1, 10**7, finding.n if finding else 1)
        index = measures.index(finding.check) if finding and finding.check in measures else 0
        measure = st.selectbox("Judged by", measures, index=index, format_func=NAMES.__getitem__)
        owner = st.selectbox(
            "Who does it", list(people), index=None, format_func=people.__getitem__, placeholder="Choose"
        )
        due = st.date_input("By", data.now().date() + timedelta(days=14))
        sent = st.form_submit_button("Record", type="primary", shortcut="Ctrl+Enter")
    if sent:
        name = st.session_state.setdefault("recommendation.id", str(uuid4()))
        day = due.isoformat() if isinstance(due, date) else ""
        command = commands.RecordRecommendation(
            name, brand, seen or "", do or "", evidence or "", int(n), measure or "", owner or "", day
        )
        if actions.give(command):
            st.session_state.pop("recommendation.id", None)
            st.query_params["recommendation"] = name
            st.query_params.pop("view", None)
            st.rerun()
        parts.flash()


@st.dialog("It is done", width="small")
def _act_dialog(found: Recommendation) -> None:
    _act(found)


@guarded
def _act(found: Recommendation) -> None:
    with st.form("act", border=False):
        acted = st.text_area("What was done", max_chars=500, height=90)
        day = st.date_input("On", data.now().date())
        sent = st.form_submit_button("Save", type="primary", shortcut="Ctrl+Enter")
    if sent:
        on = day.isoformat() if isinstance(day, date) else ""
        if actions.give(commands.ActOnRecommendation(found.id, found.brand, acted or "", on, found.version)):
            st.rerun()
        parts.flash()


@st.dialog("Measure its effect", width="small")
def _measure_dialog(found: Recommendation) -> None:
    _measure(found)


@guarded
def _measure(found: Recommendation) -> None:
    days = st.selectbox("Days before and after", list(flow.WINDOWS))
    st.caption("The day it was done is in neither. Other things may have changed, too: it is a comparison, no proof.")
    if st.button("Measure", type="primary", key="measure-go"):
        if actions.give(commands.MeasureEffect(found.id, found.brand, int(days or 7), found.version)):
            st.rerun()
        parts.flash()
