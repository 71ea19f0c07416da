"""A dialog that is opened by a key is filled in by keys."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

_FIRST_FIELD: Final = st.components.v2.component(
    "herald_first_field",
    html="<span></span>\n",
    js=(Path(__file__).parent / "first_field.js").read_text(encoding="utf-8"),
)


def first_field() -> None:
    """Inside a dialog: its first box of text has the focus, and no letter is a shortcut of the page while it stands."""
    _FIRST_FIELD(key="first-field", height=1)
