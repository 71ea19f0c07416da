"""A text box for documents that are read by line: numbers beside it, marks where something is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import streamlit as st

_HERE: Final = Path(__file__).parent
_LINES: Final = st.components.v2.component(
    "herald_lines",
    html='<div class="lines"><div class="gutter" aria-hidden="true"></div><textarea spellcheck="false"></textarea>'
    "</div>\n",
    css=(_HERE / "lines.css").read_text(encoding="utf-8"),
    js=(_HERE / "lines.js").read_text(encoding="utf-8"),
)


def lines(
    label: str,
    start: str,
    *,
    key: str,
    rows: int,
    most: int,
    marks: Mapping[int, str],
    more: tuple[str, str] = ("", ""),
) -> str:
    """The box; what stands in it, at the latest 0.7 s after the last key, or when it is left or Ctrl+Enter is pressed.

    Args:
        start: what a new box holds; one that is there keeps its own text.
        most: code units it takes.
        marks: line -> red or orange.
        more: (id, text) that is added at the end, once an id.
    """
    told = {
        "label": label, "start": start, "rows": rows, "most": most, "marks": sorted(map(list, marks.items())),
        "more": {"id": more[0], "text": more[1]},
    }  # fmt: skip
    found = _LINES(key=key, data=told, on_text_change=lambda: None).text
    return start if found is None else str(found)
