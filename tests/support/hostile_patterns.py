"""Patterns that would stall a regular-expression engine, and texts made of their own letters. For Hypothesis.

Each is made from one drawn number: a draw for each bracket would take Hypothesis longer than the pattern takes RE2.
"""

from __future__ import annotations

import re
from random import Random

from hypothesis import strategies as st

MODES = ("includes", "includes-word", "starts-with", "ends-with", "full-exact", "full-text")
ALPHABETS = ("ab", "a", "ab ", "a1 ", "ab.", "aé漢", "aа", "🙂a")
_CLASSES = (".", r"\w", r"\W", r"\s", r"\S", r"\d", "[ab]", "[a-c]", "[^c]", r"[^\w]", r"\p{L}")
_LOOKS = ("", "", "", "(?<!c)", "(?!.*cc)", "(?=.*a.{0,20}c)")


def _counts(chance: Random) -> str:
    least = chance.choice((0, 0, 1, 2, 9, 30))
    most = least + chance.choice((0, 1, 5, 60, 200, 400))
    return chance.choice(
        ("*", "+", "?", "*?", "+?", "??", f"{{{least},}}", f"{{{max(most, 1)}}}", f"{{{least},{most}}}")
    )


def _part(chance: Random, letters: str, depth: int) -> str:
    kind = chance.randint(0, 9 if depth else 6)
    if kind < 3:  # words that overlap: "ab", "aba", "a"
        return re.escape("".join(chance.choices(letters, k=chance.randint(1, 8))))
    if kind < 6:
        return chance.choice(_CLASSES) + (_counts(chance) if kind < 5 else "")
    if kind == 6:
        return chance.choice((".*", ".*?", r"[^c]*", r"\w+ *"))
    return f"(?:{_either(chance, letters, depth - 1)}){_counts(chance)}"


def _either(chance: Random, letters: str, depth: int) -> str:
    cases = chance.randint(1, chance.choice((1, 2, 4)))
    return "|".join("".join(_part(chance, letters, depth) for _ in range(chance.randint(1, 4))) for _ in range(cases))


def _hostile(seed: int) -> tuple[str, str, str]:
    chance = Random(seed)
    letters = chance.choice(ALPHABETS)
    pattern = chance.choice(_LOOKS) + _either(chance, letters, 3) + chance.choice(("", "c", "$", "a"))
    return pattern[:1_000], chance.choice(MODES), letters


def _text(seed: int, letters: str, size: int) -> str:
    chance = Random(seed)
    more = letters + chance.choice(("", "c", " ", "X"))
    kind = chance.choice(("chance", "runs", "pieces"))
    if kind == "chance":
        return "".join(chance.choices(more, k=size))
    if kind == "runs":
        return ((letters[0] * chance.randint(1, 300) + more[-1]) * size)[:size]
    pieces = ["".join(chance.choices(more, k=chance.randint(1, 30))) for _ in range(3)]
    return "".join(chance.choices(pieces, k=size))[:size]


_SEEDS = st.integers(0, 1 << 63)
hostile = _SEEDS.map(_hostile)
"""(pattern, mode, letters of which its worst texts are made): nested counts, overlapping words, classes, gaps."""


def texts_of(letters: str, size: int) -> st.SearchStrategy[str]:
    """Of `size` characters: by chance, one letter in long runs, or a few pieces again and again."""
    return _SEEDS.map(lambda seed: _text(seed, letters, size))
