"""Law: what the law and the platforms ask, where that was read, what keeps it, and when to read it again."""

from __future__ import annotations

import streamlit as st

from dashboard import data, present_govern, who
from dashboard.components import sheet
from dashboard.components.table import table
from dashboard.failures import guarded
from herald.govern import law
from herald.model import Role

SEES = frozenset(Role)
KEPT = {
    "all": "All",
    "checks": "Kept by a check",
    "manual": "Manual",
    "review": "To read again",
    "compare": "To compare with the text",
}


@guarded
def render() -> None:
    """The page."""
    if who.current_person() is None:
        return
    with st.container(gap="xxsmall"):
        st.title("Law", anchor=False)
        st.caption("Law and platforms' terms, each with its source and what keeps it. A register, not legal advice.")
    register, today = law.register(), data.now().date()
    places = list(dict.fromkeys(entry.where for entry in register))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        where = st.selectbox(
            "Where", ["", *places], format_func=lambda one: present_govern.place_words(one) if one else "Everywhere",
            key="where", bind="query-params", width=190,
        )  # fmt: skip
        topics = list(dict.fromkeys(entry.topic for entry in register))
        topic = st.selectbox(
            "Topic", ["", *topics], format_func=lambda one: present_govern.TOPICS[one] if one else "All topics",
            key="topic", bind="query-params", width=170,
        )  # fmt: skip
        kept = st.selectbox(
            "Kept", list(KEPT), format_func=KEPT.__getitem__, key="kept", bind="query-params", width=170
        )  # fmt: skip
    found = law.chosen(
        register, where=where or "", topic=topic or "", manual={"checks": False, "manual": True}.get(kept or ""),
        stale=today if kept == "review" else None,
    )  # fmt: skip
    if kept == "compare":
        found = [entry for entry in found if entry.basis == "account"]
    stale = sum(entry.stale(today) for entry in register)
    told = f"{len(found)} of {len(register)} entries · {stale} to read again"
    st.caption(told)
    picked = table(
        present_govern.LAW_COLUMNS, [present_govern.law_row(entry, today) for entry in found], key="law",
        name="Law and terms", picks="Open", empty="Nothing matches. Widen the filter above.", stacks=520,
    )  # fmt: skip
    entry = next((entry for entry in register if entry.id == picked), None)
    if entry is not None:
        _open(entry)


@st.dialog("Law", width="medium")
def _open(entry: law.Entry) -> None:
    _entry(entry)


@guarded
def _entry(entry: law.Entry) -> None:
    sheet(present_govern.law_blocks(entry, data.now().date()), key=f"law-{entry.id}")
