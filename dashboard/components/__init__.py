"""Two Components v2 of our own. Both build their page with createElement and textContent, never with markup.

`work_list` is a table that turns into cards where it is narrow; `sheet` shows one message, its decision and its
thread for reading. Everything they are given may be hostile text: it stays text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard.components.head import pressed

_HERE: Final = Path(__file__).parent


def _source(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


_SHARED = _source("shared.css")
_WORK_LIST = st.components.v2.component(
    "herald_work_list",
    html='<div class="list"></div>\n',
    css=_SHARED + _source("work_list.css"),
    js=_source("work_list.js"),
)
_SHEET = st.components.v2.component(
    "herald_sheet",
    html='<div class="sheet"></div>\n',
    css=_SHARED + _source("sheet.css"),
    js=_source("sheet.js"),
)


def work_list(
    columns: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    *,
    key: str,
    name: str,
    selected: str = "",
    empty: tuple[str, str] = ("Nothing here", ""),
    scrolls: bool = False,
) -> str | None:
    """Show rows; the id of the row picked in this very run, "" for "back to all", None when nothing was picked.

    Args:
        columns: {"id", "label", "width" (px, 0 takes the rest), "from" (px of the list's own width below which the
            table leaves the column out), "card": top | aside | name | text | foot}.
        rows: {"id", "cells": {column id: cell}}; a cell is a string or one of {"pill": [text, tone]},
            {"bar": 0..100}, {"dot": colour, "text"}, {"strong"}, {"muted"}, {"due": text, "tone"}.
        name: what the list is, for screen readers; our own words.
        selected: id of the row that is open.
        empty: heading and sentence when there are no rows.
        scrolls: True when it stands beside an open row: it then scrolls by itself, and on a phone makes way for it.
    """
    picked = _WORK_LIST(
        key=key,
        data={
            "columns": list(columns), "rows": list(rows), "name": name, "selected": selected,
            "empty": list(empty), "scrolls": scrolls,
        },
        on_picked_change=lambda: None,
    ).picked  # fmt: skip
    return pressed(picked)


def sheet(blocks: Sequence[Mapping[str, Any]], *, key: str) -> bool:
    """Show blocks for reading (sheet.js says what each holds); True in the run in which its cross was pressed."""
    return bool(_SHEET(
        key=key, data={"blocks": list(blocks)}, on_closed_change=lambda: None, on_looked_change=partial(_look, key),
    ).closed)  # fmt: skip


def looked(key: str) -> bool:
    """Whether this person asked, in this session, to see the pictures of the sheet of this key."""
    return bool(st.session_state.get(f"looked-{key}"))


def _look(key: str) -> None:
    st.session_state[f"looked-{key}"] = True
