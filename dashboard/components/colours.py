"""Colours of the theme where those of Streamlit cannot be read.

What is chosen Streamlit writes in the primary colour, which also lies under the white words of its buttons: on a dark
page no colour has a contrast of 4.5 to 1 for both. The colours of code, and so of what changes in a rule, are the same
on either page, and down to 2.2 to 1 on a light one. Captions are at 4.2 there.
"""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard import theme

_CHOSEN: Final = (
    "button[data-variant][data-selected]:not([data-disabled])",
    "[data-testid=stTab]:is([data-selected], [data-hovered], [data-focus-visible])",
    "[data-testid^=stBaseButton-tertiary]:is(:hover, :focus-visible):not(:disabled)",
)
_CAPTIONS: Final = ":is([data-testid=stMain], [role=dialog]) [data-testid=stCaptionContainer]"
WHERE: Final = {  # colour of the theme -> what has it
    "linkColor": _CHOSEN,
    "redColor": (".stCode .token.deleted", ".stCode .token.important"),
    "greenColor": (".stCode .token.inserted", ".stCode .token.string"),
    "orangeColor": (".stCode .token.atrule",),
    "blueColor": (".stCode .token.number", ".stCode .token.boolean", ".stCode .token.tag"),
    "grayColor": (".stCode .token.unchanged", ".stCode .token.punctuation", ".stCode .token.comment", _CAPTIONS),
}
"""A test holds each of these colours against what it stands on."""


def _of(colour: str, where: tuple[str, ...]) -> str:
    light, dark = (theme.PAGE[mode][colour] for mode in ("light", "dark"))
    inner = ", ".join(f"{each}, {each} *" if ".token." in each else each for each in where)
    return f"{inner} {{\n  color: light-dark({light}, {dark}) !important;\n  opacity: 1 !important;\n}}\n"


_COLOURS: Final = st.components.v2.component(
    "herald_colours",
    html="<span></span>\n",
    # Streamlit says light or dark of the page alone; dialogs and what opens stand beside it
    css=":root {\n  color-scheme: light dark;\n}\n" + "".join(_of(colour, where) for colour, where in WHERE.items()),
    isolate_styles=False,  # they are for the page around it
)


def colours() -> None:
    """Once a page; nothing of it is seen."""
    _COLOURS(key="colours", data={}, height=1)
