"""A gallery of what the library holds, and a way to send a large file straight to its place. Components v2 of our own,
made with createElement and textContent only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard.components.head import pressed

_HERE: Final = Path(__file__).parent


def _source(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


_SHARED: Final = _source("shared.css")
_GALLERY = st.components.v2.component(
    "herald_gallery",
    html='<div class="list gallery"></div>\n',
    css=_SHARED + _source("gallery.css"),
    js=_source("gallery.js"),
)
_UPLOAD = st.components.v2.component(
    "herald_upload",
    html='<div class="list upload"></div>\n',
    css=_SHARED + _source("gallery.css"),
    js=_source("upload.js"),
)


def gallery(
    cards: Sequence[Mapping[str, Any]], *, key: str, name: str, selected: str = "", empty: tuple[str, str] = ("", "")
) -> str | None:
    """Show cards; the id of the card picked in this very run, None when none was.

    Args:
        cards: {"id", "title", "sub", "src" (a data: JPEG of our own drawing, or ""), "alt", "mark" (letters in the
            place of a picture), "pill": [text, tone] or None}.
        name: what it is, for screen readers; our own words.
        empty: heading and sentence when there are no cards.
    """
    data = {"cards": list(cards), "name": name, "selected": selected, "empty": list(empty)}
    return pressed(_GALLERY(key=key, data=data, on_picked_change=lambda: None).picked)


def upload(address: str, fields: Mapping[str, str], *, most: int, key: str) -> str | None:
    """Let a browser send one file to `address` by itself; its name in the run in which it had arrived, else None.

    What it says is a browser's word: the server looks at what came.
    """
    data = {"address": address, "fields": dict(fields), "most": most}
    return pressed(_UPLOAD(key=key, data=data, on_sent_change=lambda: None).sent)
