"""Recommendations: what should change, what it rests on, who does it, and what it brought."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import actions, data, data_measures, parts, present, who
from dashboard.app_pages import overview, report
from dashboard.app_pages.breaches import _month_words, _months
from dashboard.components import sheet, work_list
from dashboard.failures import guarded
from dashboard.text import SHORT, one_line, safe_text
from herald.flows import commands
from herald.flows import recommendations as flow
from herald.govern import authority
from herald.measure.advice import Finding
from herald.measure.effect import USUAL, month_of
from herald.measure.figures import DEFINITIONS, period
from herald.measure.report import effect_words
from herald.model import Person
from herald.model.govern import main_zone
from herald.model.recommendations import Recommendation, RecommendationState, Towards

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
    if lead := st.session_state.pop("recommendations.lead", ""):  # the next run shows this list
        st.session_state["view"] = lead
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


def _today(brand: str) -> date:
    """By the clock most of its accounts live by, as on Report."""
    return data.now().astimezone(ZoneInfo(main_zone(data.accounts_of(brand)))).date()


def _list(brand: str, view: str, chosen: str) -> None:
    if view == "month":
        months = _months(_today(brand))
        month = st.selectbox("Report of", months, format_func=_month_words, key="month", width=200) or months[0]
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
    late = each.state is RecommendationState.OPEN and each.due < _today(each.brand)
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
        {"k": "Expected", "v": f"{NAMES[found.measure]} goes {found.towards}"},
        {"k": "Report", "v": _month_words(month_of(found))},
        {"k": "Who", "v": f"{one_line(name(found.owner), 60)}, by {found.due.day} {found.due:%B %Y}"},
        {"k": "Recorded", "v": f"{present.clock(found.at, 'UTC', now)} by {one_line(name(found.by), 60)}"},
    ]
    if found.acted_on:
        day = f"{found.acted_on.day} {found.acted_on:%B %Y}"
        rows.append({"k": "Done", "v": f"{day}: {safe_text(found.acted, 600)}"})
    if found.effect:
        rows.append({"k": "Effect", "v": f"{NAMES[found.measure]}: {effect_words(found)}"})
    return [{"t": "title", "text": one_line(found.do, 300)}, {"t": "facts", "rows": rows}]


# ---------------------------------------------------------------- what the figures suggest


def _suggested(brand: str, *, may: bool) -> None:
    months = _months(_today(brand))
    month = st.selectbox("Report of", months, index=1, format_func=_month_words, key="of", width=200) or months[1]
    found = _advice(brand, month)
    if not found:
        words = f"The figures of {_month_words(month)} suggest nothing."
        parts.empty(words, "Choose another month, or recommend what you found yourself by the button above.")
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
                _record_dialog(brand, each, month)


@st.cache_resource(ttl=60.0, max_entries=10, show_spinner=False)
def _advice(brand: str, month: str) -> list[Finding]:
    first, last = map(date.fromisoformat, period(month))
    return flow.suggested(brand, first, last, data.herald(), data.now())


# ---------------------------------------------------------------- dialogs


def _give(command: commands.Command) -> bool:
    """Hand it to the gate; reports tell recommendations, so they are read anew."""
    done = actions.give(command)
    for remembered in (data_measures.facts, data_measures.written, report.drawn):
        remembered.clear()
    return done is not None


@st.dialog("Recommend", width="medium")
def _record_dialog(brand: str, finding: Finding | None, month: str = "") -> None:
    _record(brand, finding, month)


@guarded
def _record(brand: str, finding: Finding | None, month: str) -> None:
    """What the figures show is shown as it is and read again by the gate; what a person found, they write."""
    people = {one.id: one_line(one.name, 60) for one in data.people().values() if brand in one.brands and one.active}
    measures, months = list(flow.MEASURES), _months(_today(brand))
    if finding:
        rows = [{"k": "Found", "v": finding.seen}, {"k": "Rests on", "v": f"{finding.evidence} (n = {finding.n:,})"}]
        sheet([{"t": "facts", "rows": rows}], key=f"finding-{finding.id}")
    index = measures.index(finding.check) if finding and finding.check in measures else None
    measure = st.selectbox(
        "Judged by", measures, index=index, format_func=NAMES.__getitem__, placeholder="Choose the number", key="judge"
    )
    usual = list(Towards).index(USUAL[measure]) if measure else 0
    with st.form("recommend", border=False):
        towards = st.segmented_control(
            "It ought to go", list(Towards), format_func=str.capitalize, default=list(Towards)[usual],
            key=f"towards-{measure}",
        )  # fmt: skip
        do = st.text_area("What to do", finding.do if finding else "", max_chars=500, height=80)
        seen, evidence, n = "", "", 0
        if finding is None:
            seen = st.text_area("What was found", max_chars=500, height=80)
            evidence = st.text_area("What it rests on, with its numbers and days", max_chars=500, height=80)
            counted = st.number_input("Of how many posts, answers or messages", 1, 10**7, None, placeholder="How many")
            n = int(counted or 0)
            month = st.selectbox("For the report of", months, index=1, format_func=_month_words) or months[1]
        owner = st.selectbox(
            "Who does it", list(people), index=None, format_func=people.__getitem__, placeholder="Choose"
        )
        due = st.date_input("By", _today(brand) + timedelta(days=14))
        sent = st.form_submit_button("Record", type="primary", shortcut="Ctrl+Enter")
    if sent:
        name = st.session_state.setdefault("recommendation.id", str(uuid4()))
        day = due.isoformat() if isinstance(due, date) else ""
        command = commands.RecordRecommendation(
            name, brand, seen or "", do or "", evidence or "", n, measure or "", owner or "", day, month,
            finding.id if finding else "", str(towards or ""),
        )  # fmt: skip
        if _give(command):
            st.session_state.pop("recommendation.id", None)
            st.query_params["recommendation"] = name
            st.session_state["recommendations.lead"] = "open"
            st.rerun()
        parts.flash()


@st.dialog("It is done", width="small")
def _act_dialog(found: Recommendation) -> None:
    _act(found)


@guarded
def _act(found: Recommendation) -> None:
    with st.form("act", border=False):
        acted = st.text_area("What was done", max_chars=500, height=90)
        day = st.date_input("On", _today(found.brand))
        sent = st.form_submit_button("Save", type="primary", shortcut="Ctrl+Enter")
    if sent:
        on = day.isoformat() if isinstance(day, date) else ""
        if _give(commands.ActOnRecommendation(found.id, found.brand, acted or "", on, found.version)):
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
        if _give(commands.MeasureEffect(found.id, found.brand, int(days or 7), found.version)):
            st.rerun()
        parts.flash()
