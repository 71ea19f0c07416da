"""The charts of Overview and Report, and the row of numbers: what components.figure draws, as plain values. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10
from typing import Any, Final, Literal

from dashboard import theme
from dashboard.present_measures import (
    LONG_WEEKDAYS,
    Bar,
    Card,
    Series,
    best,
    compact,
    day_words,
    percent,
)
from herald.measure.figures import FEW_POSTS, Cell

LINE_HIGH: Final = 264  # px of a line chart
LABEL_GAP: Final = 15.0  # px between two names at the ends of lines
Kind = Literal["count", "rate"]
Drawn = dict[str, Any]


# ---------------------------------------------------------------- numbers


def numbers(cards: Sequence[Card]) -> Drawn:
    """Each with its change from the period before; a change for the better is green, one that hardly is one grey."""
    return {"kind": "numbers", "numbers": [_number(card) for card in cards]}


def _number(card: Card) -> Drawn:
    fell = (card.delta or "").startswith("-")
    good = fell == (card.colour == "inverse")
    return {
        "label": card.label, "value": card.value, "delta": card.delta or "", "beside": card.beside,
        "help": card.help.split("\n\n"), "spark": list(card.spark),
        "tone": "still" if card.colour == "off" or not card.delta else "good" if good else "bad",
        "arrow": "" if card.arrow == "off" or not card.delta else "down" if fell else "up",
    }  # fmt: skip


# ---------------------------------------------------------------- lines


def lines(series: Series, labels: Sequence[str], kind: Kind) -> Drawn:
    """One line a platform, named at its end; a place that was not told breaks it. From 0, four steps.

    Args:
        series: platform -> a number or None for each label. labels: days, or stretches by their first day.
    """
    top = nice(max((value for row in series.values() for value in row if value is not None), default=0.0))
    names = {each: theme.platform_name(each) for each in series}
    ends = dict(apart(_ends(series, list(names.values())), top, LINE_HIGH - 36))

    def said(value: float | None) -> str:
        return "missing" if value is None else percent(value, 2) if kind == "rate" else f"{value:,.0f}"

    digits = 2 if top < 0.02 else 1
    return {
        "kind": "lines", "high": LINE_HIGH, "top": top,
        "steps": [
            (top * step / 4, percent(top * step / 4, digits) if kind == "rate" else _short(top * step / 4))
            for step in range(5)
        ],
        "labels": [_when(label) for label in labels],
        "ticks": [(at, day_words(labels[at][:10])) for at in _ticks(len(labels))],
        "lines": [
            {
                "name": names[each], "colours": colours(each), "values": list(row), "end": ends.get(names[each]),
                "said": [said(value) for value in row],
            }
            for each, row in series.items()
        ],
    }  # fmt: skip


def colours(platform: str) -> list[str]:
    """For a light page and for a dark one."""
    return [theme.platform_colour(platform), theme.platform_colour(platform, dark=True)]


def _when(label: str) -> str:
    """A day, or the first and the last of a stretch."""
    first, _, last = label.partition(" to ")
    return f"{day_words(first)} – {day_words(last, year=True)}" if last else day_words(first, year=True)


def _short(value: float) -> str:
    """A step of an axis: 0, 0.25, 940, 4K."""
    return compact(value) if value >= 4 or not value else f"{value:g}"


def _ends(series: Series, names: Sequence[str]) -> list[tuple[float, str]]:
    """Where each line ends."""
    found = []
    for row, name in zip(series.values(), names, strict=True):
        known = [value for value in row if value is not None]
        if known:
            found.append((known[-1], name))
    return found


def apart(ends: Sequence[tuple[float, str]], top: float, high: float) -> list[tuple[str, float]]:
    """Names at line ends, moved so that none covers another and none leaves the chart; highest first.

    Args:
        top: the number at the upper edge. high: px between 0 and the upper edge.
    """
    gap = LABEL_GAP * top / high
    placed: list[tuple[str, float]] = []
    roof = top
    for at, name in sorted(ends, key=lambda end: (-end[0], end[1])):
        placed.append((name, min(at, roof)))
        roof = placed[-1][1] - gap
    floor_at = 0.0
    for place in range(len(placed) - 1, -1, -1):
        name, at = placed[place]
        placed[place] = (name, max(at, floor_at))
        floor_at = placed[place][1] + gap
    return placed


def nice(value: float) -> float:
    """The round number at the top of an axis that starts at 0 and has four steps."""
    if value < 1e-9:
        return 1.0
    base = 10.0 ** floor(log10(value))
    return next(base * step for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 5, 6, 8, 10, 12) if base * step >= value * 1.02)


def _ticks(count: int) -> range:
    """Places of about five labels, evenly spaced from the first."""
    step = max(1, round(count / 4)) if count > 7 else 1
    if count > 20:
        step = 7 * max(1, round(count / 28))
    return range(0, count, step)


# ---------------------------------------------------------------- bars


def rates(rows: Sequence[Bar]) -> Drawn:
    """One bar a platform, its value printed, a tick for the period before; a missing one is a word."""
    top = max((value for bar in rows for value in (bar.value, bar.before) if value is not None), default=0.0)
    return {"kind": "bars", "top": top or 1.0, "rows": [_bar(bar) for bar in rows]}


def _bar(bar: Bar) -> Drawn:
    posts = f"{bar.n} of {bar.of}" if bar.n < bar.of else str(bar.n)
    return {
        "name": theme.platform_name(bar.platform), "colours": colours(bar.platform), "value": bar.value,
        "before": bar.before, "said": percent(bar.value),
        "told": [
            ("This period", percent(bar.value, 2)), ("Period before", percent(bar.before, 2)),
            ("Posts with a rate", posts),
        ],
    }  # fmt: skip


# ---------------------------------------------------------------- best time


def hours(found: Sequence[Cell]) -> Drawn:
    """Weekday by hour: stronger is a better rate, a dot too few posts, nothing none, a star one of the best."""
    stars = {(cell.weekday, cell.hour) for cell in best(found)}
    values = [cell.rate.value for cell in found if not cell.few and cell.rate.value is not None]
    low, high = (min(values), max(values)) if values else (0.0, 0.0)
    cells = [
        {
            "weekday": cell.weekday, "hour": cell.hour, "when": f"{LONG_WEEKDAYS[cell.weekday]} {cell.hour:02d}:00",
            "shade": None if cell.few or cell.rate.value is None
            else round(100 * (cell.rate.value - low) / (high - low)) if high > low else 100,
            "star": (cell.weekday, cell.hour) in stars,
            "told": [
                ("Engagement rate", f"too few (under {FEW_POSTS})" if cell.few else percent(cell.rate.value, 2)),
                ("Posts with a rate", str(cell.rate.n)),
            ],
        }
        for cell in found
    ]  # fmt: skip
    scale = ["Engagement rate by reach", percent(low), percent(high)] if high > low else None
    return {"kind": "hours", "scale": scale, "cells": cells}
