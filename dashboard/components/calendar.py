"""The calendar, the cards of a post, and a text box that is checked while one types: Components v2
of our own, made with createElement and textContent only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import streamlit as st

_HERE: Final = Path(__file__).parent


def _source(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


_SHARED: Final = _source("shared.css")
_CALENDAR = st.components.v2.component(
    "herald_calendar",
    html='<div class="calendar"></div>\n',
    css=_SHARED + _source("calendar.css"),
    js=_source("calendar.js"),
)
_POST = st.components.v2.component(
    "herald_post",
    html='<div class="post"></div>\n',
    css=_SHARED + _source("post.css"),
    js=_source("post.js"),
)
_WORDS = st.components.v2.component(
    "herald_words",
    html='<label class="words"><span></span><textarea></textarea></label>\n',
    css=_SHARED + _source("words.css"),
    js=_source("words.js"),
)


def calendar(
    data: Mapping[str, Any], *, key: str, on_moved: Callable[[], None], on_opened: Callable[[], None],
    on_composed: Callable[[], None], on_turned: Callable[[], None],
) -> None:  # fmt: skip
    """Show a month (present_posts.month_data with needs, told, compose). The callbacks run when something was done to
    it; what it was stands in st.session_state[key]: moved {id, to, expected, nonce}, opened {post}, composed {date},
    turned {month}. It comes from a browser: nothing in it is trusted.
    """
    _CALENDAR(
        key=key, data=dict(data), on_moved_change=on_moved, on_opened_change=on_opened,
        on_composed_change=on_composed, on_turned_change=on_turned,
    )  # fmt: skip


def post_cards(blocks: Sequence[Mapping[str, Any]], *, key: str) -> None:
    """Show blocks for reading (post.js says what each holds)."""
    _POST(key=key, data={"blocks": list(blocks)})


def words(label: str, start: str, *, key: str, rows: int, most: int, placeholder: str = "") -> str:
    """A text box; what stands in it, at the latest 0.4 s after the last key or when it is left.

    Args:
        start: what a new box holds; one that is there keeps its own text.
        most: code units it takes.
    """
    found = _WORDS(
        key=key, data={"label": label, "start": start, "rows": rows, "most": most, "placeholder": placeholder},
        on_text_change=lambda: None,
    ).text  # fmt: skip
    return start if found is None else str(found)
