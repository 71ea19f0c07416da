"""A table for reading: real rows and headings, so that a screen reader, a phone and a dark page can all show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import streamlit as st

_HERE: Final = Path(__file__).parent

_TABLE = st.components.v2.component(
    "herald_table",
    html='<div class="holder"></div>\n',
    css=(_HERE / "table.css").read_text(encoding="utf-8"),
    js=(_HERE / "table.js").read_text(encoding="utf-8"),
)


def table(
    columns: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], *, key: str, name: str,
    picks: str = "", empty: str = "", tall: int = 0, stacks: int = 0,
) -> str | None:  # fmt: skip
    """Show rows; the id of the row picked in this very run, None when none was.

    Args:
        columns: {"id", "label", "n" (numbers: to the right), "width" (px, 0 takes the rest), "from" (px of the table's
            own width below which the column is left out), "until" (px from which it is), "wraps"}. The first column
            names the row.
        rows: {"id", "cells": {column id: cell}}; a cell is a string or one of {"dot": [light, dark], "text"},
            {"pill": [text, tone]}, {"bar": 0..100, "text"}, {"due": text, "tone"}, {"strong", "sub"}, {"muted"}.
            A row with an empty id cannot be picked.
        name: what the table is, for screen readers; our own words.
        picks: what picking a row does, e.g. "Open"; empty: rows cannot be picked.
        empty: a sentence in the place of rows.
        tall: height in px at which it scrolls by itself; 0 never.
        stacks: px of its own width below which each row becomes a card that shows every column; 0 never.
    """
    data = {
        "columns": list(columns), "rows": list(rows), "name": name, "picks": picks, "empty": empty, "tall": tall,
        "stacks": stacks,
    }  # fmt: skip
    return cast("str | None", _TABLE(key=key, data=data, on_picked_change=lambda: None).picked)
