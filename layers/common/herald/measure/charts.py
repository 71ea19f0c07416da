"""Charts of the report as SVG, by hand: small, the same bytes for the same numbers, readable without colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from math import ceil, floor, log10

from herald.measure.markup import Safe, join, tag

COLOURS: Mapping[str, str] = {
    "facebook_page": "#0072B2", "instagram": "#CC3F8B", "linkedin": "#2A9D8F", "tiktok": "#1F2937", "x": "#7A8594",
    "youtube": "#D55E00", "mastodon": "#6D5BD0", "bluesky": "#3A9BDC",
}  # fmt: skip
"""Told apart by the colour-blind too; every line is also named at its end."""

_OTHER = "#5B7F2B"
_WIDE, _HIGH, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 260, 56, 120, 12, 28


def lines(series: Mapping[str, Sequence[int | None]], names: Mapping[str, str], days: Sequence[str], alt: str) -> Safe:
    """One line a platform over days; a day without a number breaks the line. Numbers from 0.

    Args:
        series: platform -> one number or None for each day. alt: what the chart shows, in words.
    """
    top = _nice(max((value for row in series.values() for value in row if value is not None), default=0))
    across, down = _WIDE - _LEFT - _RIGHT, _HIGH - _TOP - _BOTTOM

    def x(place: int) -> float:
        return _LEFT + across * (place / (len(days) - 1) if len(days) > 1 else 0.5)

    def y(value: float) -> float:
        return _TOP + down * (1 - value / top)

    body: list[Safe] = []
    for step in range(5):
        value = top * step / 4
        body.append(_rule(_LEFT, y(value), _WIDE - _RIGHT))
        body.append(_words(_LEFT - 8, y(value) + 4, _short(value), anchor="end"))
    for place in range(0, len(days), max(1, ceil(len(days) / 6))):
        body.append(_words(x(place), _HIGH - 8, days[place][5:], anchor="middle"))
    ends: list[tuple[float, str]] = []
    for platform, row in series.items():
        colour = COLOURS.get(platform, _OTHER)
        for run in _runs(row):
            points = " ".join(f"{x(place):.1f},{y(value):.1f}" for place, value in run)
            body.append(tag("polyline", points=points, fill="none", stroke=colour, stroke_width="2"))
            if len(run) == 1:
                cx, cy = points.split(",")
                body.append(tag("circle", cx=cx, cy=cy, r="2.5", fill=colour))
        known = [(place, value) for place, value in enumerate(row) if value is not None]
        if known:
            ends.append((y(known[-1][1]), platform))
    body += [
        _words(_WIDE - _RIGHT + 8, at + 4, names[platform], fill=COLOURS.get(platform, _OTHER), bold=True)
        for at, platform in _apart(ends)
    ]
    return _picture(_WIDE, _HIGH, alt, body)


def bars(rows: Sequence[tuple[str, str, float | None, float | None]], alt: str) -> Safe:
    """One bar a row, its value printed, a tick for the period before.

    Args:
        rows: platform, its name, value and value before as ratios; None is said in words, not drawn.
    """
    top = max((value for _, _, *both in rows for value in both if value is not None), default=0.0) or 1.0
    left, right, step = 120, 90, 30
    high = _TOP + step * len(rows) + 4
    across = _WIDE - left - right
    body: list[Safe] = []
    for number, (platform, name, value, before) in enumerate(rows):
        at = _TOP + step * number
        body.append(_words(left - 10, at + 15, name, anchor="end"))
        width = across * (value or 0.0) / top
        if value is not None:
            shape = {"x": f"{left:.1f}", "y": f"{at + 3:.1f}", "width": f"{width:.1f}", "height": "16", "rx": "2"}
            body.append(tag("rect", **shape, fill=COLOURS.get(platform, _OTHER)))
        marked = width
        if before is not None:
            tick = left + across * before / top
            marked = max(width, tick - left)
            ends = {"x1": f"{tick:.1f}", "x2": f"{tick:.1f}", "y1": f"{at:.1f}", "y2": f"{at + 22:.1f}"}
            body.append(tag("line", **ends, stroke="currentColor", stroke_width="2"))
        said = "missing" if value is None else f"{100 * value:.2f} %"
        body.append(_words(left + marked + 8, at + 15, said))
    return _picture(_WIDE, high, alt, body)


def _picture(wide: int, high: int, alt: str, body: Sequence[Safe]) -> Safe:
    return tag(
        "svg", tag("title", alt), *body, role="img", aria_label=alt, viewBox=f"0 0 {wide} {high}", width=wide,
        height=high, xmlns="http://www.w3.org/2000/svg",
    )  # fmt: skip


def _words(
    x: float, y: float, words: str, *, anchor: str = "start", fill: str = "currentColor", bold: bool = False
) -> Safe:
    return tag(
        "text", words, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, fill=fill, font_size="12",
        font_weight="600" if bold else None,
    )  # fmt: skip


def _rule(left: float, y: float, right: float) -> Safe:
    at = f"{y:.1f}"
    return tag("line", x1=f"{left}", x2=f"{right}", y1=at, y2=at, stroke="currentColor", stroke_opacity="0.15")


def _runs(row: Sequence[int | None]) -> list[list[tuple[int, int]]]:
    """Unbroken stretches of known numbers, each with its place."""
    stretches = groupby(enumerate(row), key=lambda pair: pair[1] is not None)
    return [[(place, value) for place, value in run if value is not None] for known, run in stretches if known]


def _apart(ends: Sequence[tuple[float, str]], gap: float = 15.0) -> list[tuple[float, str]]:
    """Labels at line ends pushed down until none covers another, then up where the last left the picture."""
    placed: list[tuple[float, str]] = []
    for at, name in sorted(ends):
        placed.append((max(at, placed[-1][0] + gap) if placed else at, name))
    floor_at = float(_HIGH - _BOTTOM)
    for place in range(len(placed) - 1, -1, -1):
        at, name = placed[place]
        placed[place] = (min(at, floor_at), name)
        floor_at = placed[place][0] - gap
    return placed


def _nice(value: float) -> float:
    """The next round number for the top of an axis."""
    if value <= 0:
        return 4.0
    base = 10.0 ** floor(log10(value))
    return max(4.0, next(base * step for step in (1, 2, 2.5, 4, 5, 8, 10) if base * step >= value))


def _short(value: float) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def figure(picture: Safe, caption: str, table: Safe) -> Safe:
    """A chart, what it shows, and the same numbers as a table."""
    numbers = tag("details", tag("summary", "The same numbers as a table"), table)
    return tag("figure", join(picture), tag("figcaption", caption), numbers)
