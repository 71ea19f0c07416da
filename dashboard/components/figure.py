"""A row of numbers, or one chart with its heading and note: SVG drawn by some fifty lines a kind, not by a library.

It fits itself to the width it is given and to light or dark; what stands under the pointer is told in words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import streamlit as st

from dashboard.components.head import NO_HEAD, Head, source

_FIGURE: Final = st.components.v2.component(
    "herald_figure", html='<div class="holder"></div>\n', css=source("figure.css"), js=source("figure.js")
)


def figure(
    drawn: Mapping[str, Any] | None, head: Head = NO_HEAD, *, key: str, said: str, note: str = "", empty: str = "",
    on_option: Callable[[], None] | None = None,
) -> bool:  # fmt: skip
    """Show what dashboard.charts made; True in the run in which the button of its head was pressed.

    Args:
        drawn: from charts.numbers, lines, rates or hours; None: `empty` stands in its place.
        said: the finding in words, for those who do not see it.
        on_option: called before the run in which an option of the head was chosen: st.session_state[key]["option"].
    """
    told = {"head": head.told(), "said": said, "note": note, "empty": "" if drawn is not None else empty}
    asked = _FIGURE(
        key=key, data={**(drawn or {"kind": ""}), **told}, on_more_change=lambda: None,
        on_option_change=on_option or (lambda: None),
    ).more  # fmt: skip
    return bool(asked)
