"""A table for reading: real rows and headings, so that a screen reader, a phone and a dark page can all show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from dashboard.components.head import NO_HEAD, Head, pressed, source

_TABLE: Final = st.components.v2.component(
    "herald_table",
    html='<div class="holder"></div>\n',
    css=source("table.css"),
    js=source("table.js"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person did in this very run: the id of the row they picked, and whether they pressed the head's button."""

    row: str | None
    more: bool


def table(
    columns: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], *, key: str, name: str,
    picks: str = "", empty: str = "", tall: int = 0, stacks: int = 0,
) -> str | None:  # fmt: skip
    """Show rows (see card); the id of the row picked in this very run, None when none was."""
    return card(NO_HEAD, columns, rows, key=key, name=name, picks=picks, empty=empty, tall=tall, stacks=stacks).row


def card(
    head: Head, columns: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], *, key: str, name: str,
    picks: str = "", empty: str = "", tall: int = 0, stacks: int = 0, note: str = "",
) -> Asked:  # fmt: skip
    """Show rows under a heading and over a note.

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
        "stacks": stacks, "head": head.told(), "note": note,
    }  # fmt: skip
    found = _TABLE(key=key, data=data, on_picked_change=lambda: None, on_more_change=lambda: None)
    return Asked(pressed(found.picked), bool(found.more))
