"""Platforms: what is known of each, with source and day; the brand's needs; scores side by side; the signed choice."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from dashboard import actions, data, parts, present, who
from dashboard.app_pages import calendar
from dashboard.components import sheet as show_sheet
from dashboard.components.table import table
from dashboard.failures import guarded
from dashboard.text import one_line, safe_text
from herald import plain
from herald.flows import commands
from herald.flows import research as flow
from herald.govern import authority
from herald.model import Person
from herald.model.research import Choice
from herald.research import choice, sheet

SEES = calendar.SEES
VIEWS = {"sheet": "What is known", "choice": "Needs and choice"}


@guarded
def render() -> None:
    """The page."""
    person = who.current_person()
    if person is None:
        return
    st.title("Platforms", anchor=False)
    st.caption("Each cell has its source and the day it was read; what is older than half a year says so")
    brand = parts.brand_of(person, "brand")
    if brand is None:
        return
    view = st.segmented_control(
        "View",
        list(VIEWS),
        format_func=VIEWS.__getitem__,
        default="sheet",
        required=True,
        key="view",
        bind="query-params",
        label_visibility="collapsed",
    )
    parts.flash()
    if view == "choice":
        _choice(person, brand)
    else:
        _sheet(person, brand)


def _made(brand: str) -> dict[str, dict[str, sheet.Cell]]:
    return flow.sheet_of(brand, data.herald(), data.now().date())


# ---------------------------------------------------------------- the sheet


def _sheet(person: Person, brand: str) -> None:
    today, made = data.now().date(), _made(brand)
    names = sheet.names()
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        chosen = st.multiselect("Side by side", list(names), list(names)[:3], format_func=names.__getitem__, key="side")
        st.download_button(
            "CSV",
            plain.sheet(sheet.csv_rows(made, today)),
            "platforms.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
        )
        may = authority.may(person, "SavePlatformNote")
        if may and st.button("Note something", key="note", icon=":material/edit_note:"):
            _note_dialog(brand)
    if not chosen:
        parts.nothing("Choose platforms to compare.")
        return
    columns = (
        {"id": "field", "label": "", "width": 130, "wraps": True},
        *({"id": each, "label": names[each], "width": 0, "wraps": True} for each in chosen),
    )
    rows = [
        {
            "id": "",
            "cells": {"field": {"strong": label}, **{each: _cell(made[each].get(field), today) for each in chosen}},
        }
        for field, label in sheet.FIELDS.items()
    ]
    table(columns, rows, key="sheet", name="What is known of each platform", stacks=620)


def _cell(cell: sheet.Cell | None, today: date) -> Any:
    if cell is None:
        return {"muted": "Not known. Note it with its source."}
    if cell.by == sheet.BY_HERALD:
        return {"strong": safe_text(cell.text, 600), "sub": cell.title}
    by = "" if cell.by == "shipped" else f", {one_line(data.name_of(cell.by), 40)}"
    told = f" ({cell.title})" if cell.title else ""
    old = " To compare with its source." if cell.basis == "account" else ""
    old += " Read it again: it is old." if cell.stale(today) else ""
    read = f"{cell.as_of.day} {cell.as_of:%b %Y}"
    return {"strong": safe_text(cell.text, 600), "sub": one_line(f"{cell.source}{told}, read {read}{by}.{old}", 400)}


@st.dialog("Note something", width="medium")
def _note_dialog(brand: str) -> None:
    _note(brand)


@guarded
def _note(brand: str) -> None:
    names = sheet.names()
    platform = st.selectbox("Platform", list(names), format_func=names.__getitem__, key="note-platform")
    fields = sheet.writable(data.herald().outlets, platform or "")
    field = st.selectbox("About", list(fields), format_func=fields.__getitem__, key="note-field")
    there = {(each.platform, each.field): each for each in flow.notes_of(brand, data.herald())}.get((platform, field))
    with st.form("note-form", border=False):
        text = st.text_area("What was found", there.text if there else "", max_chars=500, height=90)
        source = st.text_input("Where it was read", there.source if there else "", placeholder="https://")
        title = st.text_input("Title of that page", there.title if there else "", max_chars=200)
        as_of = st.date_input("On", data.now().date())
        sent = st.form_submit_button("Save", type="primary", shortcut="Ctrl+Enter")
    if sent:
        day = as_of.isoformat() if isinstance(as_of, date) else ""
        command = commands.SavePlatformNote(
            brand, platform or "", field or "", text or "", source or "", day, there.version if there else 0,
            title or "",
        )
        if actions.give(command):
            st.rerun()
        parts.flash()


# ---------------------------------------------------------------- needs, scores, choice


def _choice(person: Person, brand: str) -> None:
    herald = data.herald()
    seen, scores = flow.comparison(brand, herald, data.now().date()), flow.scores_of(brand, herald)
    needs = seen.needs if seen else None
    with st.container(horizontal=True, gap="small"):
        if authority.may(person, "SaveNeeds") and st.button("What we need", key="needs", icon=":material/tune:"):
            _needs_dialog(brand)
        if needs and authority.may(person, "ScorePlatform") and st.button("Score", key="score", icon=":material/star:"):
            _score_dialog(brand)
        compared = seen.totals if seen else ()
        ready = len(compared) >= flow.LEAST and authority.may(person, "ChoosePlatforms")
        if ready and st.button("Choose two", key="choose", type="primary"):
            st.session_state.pop("choose.seen", None)
            _choose_dialog(brand)
    if needs is None:
        parts.empty("Nobody said yet what the brand needs", "Name the needs and weigh them from 0 to 10.")
        return
    names = sheet.names()
    given = {(one.platform, one.need): one for one in scores}
    columns = (
        {"id": "platform", "label": "Platform", "width": 150},
        *(
            {"id": need, "label": f"{one_line(need, 40)} ({weight})", "n": True, "width": 0}
            for need, weight in needs.weights.items()
        ),
        {"id": "points", "label": "Of 100", "n": True, "width": 80},
    )
    rows = [
        {
            "id": "",
            "cells": {
                "platform": {"strong": names[total.platform]},
                **{need: _points(given.get((total.platform, need))) for need in needs.weights},
                "points": f"{total.points:.1f}",
            },
        }
        for total in compared
    ]
    empty = f"Nothing is scored yet. A choice compares at least {flow.LEAST} platforms."
    table(columns, rows, key="scores", name="Scores side by side", empty=empty, stacks=560)
    st.caption("Of 100: the weighted mean of the scores, 3 being the best; a need without a score counts 0.")
    for place, made in enumerate(flow.choices_of(brand, herald, 3)):
        with st.container(border=True):
            same = seen is not None and seen.digest == made.comparison
            show_sheet(_told(made, same=same), key=f"choice-{made.number}-{made.version}")
            waits = place == 0 and not made.countersigned_by and made.by != person.id
            if waits and authority.may(person, "CountersignChoice"):
                told = commands.CountersignChoice(brand, made.number, made.comparison, made.version)
                st.button(
                    "Countersign", type="primary", key=f"countersign-{made.number}", on_click=_countersign, args=(told,)
                )


def _points(score: Any) -> str:
    return "" if score is None else str(score.score)


def _countersign(command: commands.CountersignChoice) -> None:
    actions.give(command)


def _told(made: Choice, *, same: bool) -> list[dict[str, Any]]:
    names = sheet.names()
    who_ = one_line(data.name_of(made.by), 60)
    at = present.clock(made.at, "UTC", data.now())
    rows = [{"k": "Signed", "v": f"{who_}, {at}; needs version {made.needs}"}]
    second = "Nobody yet: it does not count"
    if made.countersigned_at:
        when = present.clock(made.countersigned_at, "UTC", data.now())
        second = f"{one_line(data.name_of(made.countersigned_by), 60)}, {when}"
    rows.append({"k": "Countersigned", "v": second})
    kept = "as it was signed" if flow.stands(made) else "not the one that was signed"
    rows.append({"k": "Comparison", "v": f"{made.comparison[:16]}, {kept}{'' if same else '; it has changed since'}"})
    for platform, points in sorted(made.totals.items(), key=lambda pair: -pair[1]):
        mark = "chosen" if platform in made.chosen else "not chosen"
        why = safe_text(made.reasons.get(platform, ""), 500)
        rows.append({"k": names.get(platform, platform), "v": f"{points / 100:.1f}, {mark}: {why}"})
    title = " and ".join(names.get(each, each) for each in made.chosen)
    return [{"t": "title", "text": f"Chosen: {title}"}, {"t": "facts", "rows": rows}]


@st.dialog("What we need", width="medium")
def _needs_dialog(brand: str) -> None:
    _needs(brand)


@guarded
def _needs(brand: str) -> None:
    held = flow.needs_of(brand, data.herald())
    start = (
        "\n".join(f"{need}: {weight}" for need, weight in held.weights.items())
        if held
        else "Our customers are there: 8"
    )
    with st.form("needs-form", border=False):
        text = st.text_area("One need on each line, with its weight from 0 to 10", start, height=180)
        sent = st.form_submit_button("Save as a new version", type="primary", shortcut="Ctrl+Enter")
    if sent:
        weights = []
        for line in (text or "").splitlines():
            need, _, weight = line.rpartition(":")
            if line.strip():
                weights.append((need or line, int(weight) if weight.strip().isdigit() else -1))
        if actions.give(commands.SaveNeeds(brand, tuple(weights), held.number if held else 0)):
            st.rerun()
        parts.flash()


@st.dialog("Score a platform", width="medium")
def _score_dialog(brand: str) -> None:
    _score(brand)


@guarded
def _score(brand: str) -> None:
    herald, names = data.herald(), sheet.names()
    held = flow.needs_of(brand, herald)
    if held is None:
        return
    platform = st.selectbox("Platform", list(names), format_func=names.__getitem__, key="score-platform")
    need = st.selectbox("Need", list(held.weights), key="score-need")
    there = {(one.platform, one.need): one for one in flow.scores_of(brand, herald)}.get((platform, need))
    with st.form("score-form", border=False):
        score = st.select_slider("Score", list(range(choice.BEST + 1)), there.score if there else 1)
        reason = st.text_area("Why", there.reason if there else "", max_chars=500, height=80)
        sent = st.form_submit_button("Save", type="primary", shortcut="Ctrl+Enter")
    if sent:
        version = there.version if there else 0
        command = commands.ScorePlatform(brand, platform or "", need or "", int(score), reason or "", version)
        if actions.give(command):
            st.rerun()
        parts.flash()


@st.dialog("Choose two", width="medium")
def _choose_dialog(brand: str) -> None:
    _choose(brand)


@guarded
def _choose(brand: str) -> None:
    herald, names = data.herald(), sheet.names()
    seen = flow.comparison(brand, herald, data.now().date())
    if seen is None:
        return
    signed = st.session_state.setdefault("choose.seen", seen.digest)  # what stood when the dialog was opened
    newest = flow.choices_of(brand, herald, 1)
    platforms = [total.platform for total in seen.totals]
    with st.form("choose-form", border=False):
        chosen = st.multiselect("The two", platforms, platforms[:2], format_func=names.__getitem__, max_selections=2)
        reasons = {each: st.text_input(f"Why, or why not: {names[each]}", max_chars=500) for each in platforms}
        sent = st.form_submit_button("Sign", type="primary", shortcut="Ctrl+Enter")
    if sent:
        number = newest[0].number if newest else 0
        if actions.give(commands.ChoosePlatforms(brand, tuple(chosen), tuple(reasons.items()), number, signed)):
            st.rerun()
        parts.flash()
