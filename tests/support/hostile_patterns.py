"""Patterns that would stall a regular-expression engine, and texts made of their own letters. For Hypothesis."""

from __future__ import annotations

import re
from random import Random

from hypothesis import strategies as st

MODES = ("includes", "includes-word", "starts-with", "ends-with", "full-exact", "full-text")
ALPHABETS = ("ab", "a", "ab ", "a1 ", "ab.", "aé漢", "aа", "🙂a")
_CLASSES = (".", r"\w", r"\W", r"\s", r"\S", r"\d", "[ab]", "[a-c]", "[^c]", r"[^\w]", r"\p{L}")


def _counts(draw: st.DrawFn) -> str:
    least = draw(st.sampled_from((0, 0, 1, 2, 9, 30)))
    most = least + draw(st.sampled_from((0, 1, 5, 60, 200, 400)))
    signs = ("*", "+", "?", "*?", "+?", "??", f"{{{least},}}", f"{{{max(most, 1)}}}", f"{{{least},{most}}}")
    return draw(st.sampled_from(signs))


def _part(draw: st.DrawFn, letters: str, depth: int) -> str:
    kind = draw(st.integers(0, 9 if depth else 5))
    if kind < 3:  # words that overlap: "ab", "aba", "a"
        return re.escape(draw(st.text(letters, min_size=1, max_size=8)))
    if kind < 6:
        return draw(st.sampled_from(_CLASSES)) + (_counts(draw) if kind < 5 else "")
    if kind == 6:
        return draw(st.sampled_from((".*", ".*?", r"[^c]*", r"\w+ *")))
    return f"(?:{_either(draw, letters, depth - 1)}){_counts(draw)}"


def _either(draw: st.DrawFn, letters: str, depth: int) -> str:
    cases = draw(st.integers(1, 4))
    return "|".join("".join(_part(draw, letters, depth) for _ in range(draw(st.integers(1, 4)))) for _ in range(cases))


@st.composite
def hostile(draw: st.DrawFn) -> tuple[str, str, str]:
    """(pattern, mode, letters of which its worst texts are made). Nested counts, overlapping words, classes, gaps."""
    letters = draw(st.sampled_from(ALPHABETS))
    look = draw(st.sampled_from(("", "", "", "(?<!c)", "(?!.*cc)", "(?=.*a.{0,20}c)")))
    pattern = look + _either(draw, letters, 3) + draw(st.sampled_from(("", "c", "$", "a")))
    return pattern[:1_000], draw(st.sampled_from(MODES)), letters


@st.composite
def texts_of(draw: st.DrawFn, letters: str, size: int) -> str:
    """A text of `size` characters: by chance, one letter in long runs, or a few pieces again and again."""
    more = letters + draw(st.sampled_from(("", "c", " ", "X")))
    chance = Random(draw(st.integers(0, 1 << 32)))
    kind = draw(st.sampled_from(("chance", "runs", "pieces")))
    if kind == "chance":
        return "".join(chance.choices(more, k=size))
    if kind == "runs":
        return ((letters[0] * chance.randint(1, 300) + more[-1]) * size)[:size]
    pieces = ["".join(chance.choices(more, k=chance.randint(1, 30))) for _ in range(3)]
    return "".join(chance.choices(pieces, k=size))[:size]
