"""The charts of Overview and Report: Altair, made once and kept as Vega-Lite with its numbers packed as Arrow.

Making and checking a chart costs some 50 ms of CPU, packing its numbers 5 more; handing over what was kept, less than
one. So a chart is made when its numbers are new, and never again for a visitor who only looks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any, Final, Literal

import altair as alt
import pyarrow as pa  # type: ignore[import-untyped]
import streamlit as st

from dashboard import theme
from dashboard.present_measures import LONG_WEEKDAYS, WEEKDAYS, Bar, Series, best, day_words, percent
from herald.measure.figures import FEW_POSTS, Cell

FONT: Final = "Inter, system-ui, sans-serif"
LINE_HIGH: Final = 264  # px of a line chart
LABEL_GAP: Final = 15.0  # px between two names at the ends of lines
ROW_HIGH: Final = 42  # px of a bar with its space
Kind = Literal["count", "rate"]
Spec = dict[str, Any]
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Look:
    """What depends on whether the page is light or dark."""

    ink: str
    mute: str
    grid: str
    faint: str
    paper: str
    low: str
    high: str
    dark: bool


LIGHT: Final = Look("#1b2430", "#5d6770", "#e8ecea", "#cdd4d1", "#ffffff", "#dcefec", "#0b5a55", dark=False)
DARK: Final = Look("#e6ecee", "#9aa7ad", "#263238", "#3a474c", "#0f1517", "#17383a", "#a8efe4", dark=True)


def look() -> Look:
    """Of this visitor's page."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def show(spec: Spec, said: str, *, key: str) -> None:
    """Put a kept chart on the page. `said` is its finding, for those who do not see it."""
    st.vega_lite_chart(dict(spec), theme=None, width="stretch", alt=said, key=key)


# ---------------------------------------------------------------- lines


def lines(series: Series, labels: Sequence[str], kind: Kind, paint: Look) -> Spec:
    """One line a platform, named at its end; a place that was not told breaks it. From 0, four steps.

    Args:
        series: platform -> a number or None for each label. labels: days, or stretches by their first day.
    """
    platforms = list(series)
    names = [theme.platform_name(each) for each in platforms]
    top = nice(max((value for row in series.values() for value in row if value is not None), default=0.0))
    points: Rows = []
    alone: Rows = []
    for each, name in zip(platforms, names, strict=True):
        row = series[each]
        for at, value in enumerate(row):
            points.append({"day": labels[at], "name": name, "value": value})
            around = [row[beside] for beside in (at - 1, at + 1) if 0 <= beside < len(row)]
            if value is not None and all(neighbour is None for neighbour in around):
                alone.append(points[-1])
    wide: Rows = [{"day": label} for label in labels]
    for each, name in zip(platforms, names, strict=True):
        for at, value in enumerate(series[each]):
            wide[at][name] = "missing" if value is None else percent(value, 2) if kind == "rate" else f"{value:,.0f}"
    for row_ in wide:
        row_["title"] = day_words(str(row_["day"])[:10], year=True)
    ends = [
        {"day": labels[-1], "name": name, "at": at} for name, at in apart(_ends(series, names), top, LINE_HIGH - 34)
    ]
    colour = alt.Color(
        "name:N", legend=None, scale=alt.Scale(domain=names, range=_colours(platforms, paint)),
    )  # fmt: skip
    x = alt.X(
        "day:O", title=None, scale=alt.Scale(padding=0.02),
        axis=alt.Axis(
            labelExpr="utcFormat(toDate(slice(datum.value, 0, 10)), '%-d %b')", values=_ticks(labels), labelAngle=0,
            labelFlush=True, labelOverlap="greedy", labelSeparation=10, ticks=False, domain=False, grid=False,
            labelPadding=8,
        ),
    )  # fmt: skip
    y = alt.Y(
        "value:Q", title=None, scale=alt.Scale(domain=[0, top], nice=False),
        axis=alt.Axis(
            values=[top * step / 4 for step in range(5)], format=".1%" if kind == "rate" else "~s", ticks=False,
            domain=False, labelPadding=6,
        ),
    )  # fmt: skip
    near = alt.selection_point(
        name="near", fields=["day"], nearest=True, on="pointerover", clear="pointerout", empty=False
    )
    tips = [alt.Tooltip("title:N", title="Day" if kind == "count" else "Published from")]
    tips += [alt.Tooltip(f"{name}:N", title=name) for name in names]
    dots = alt.Chart(alt.NamedData("alone")).mark_circle(size=34, opacity=1).encode(x=x, y=y, color=colour)
    chart = alt.layer(
        alt.Chart(alt.NamedData("points")).mark_line(strokeWidth=2, strokeJoin="round").encode(x=x, y=y, color=colour),
        *([dots] if alone else []),
        alt.Chart(alt.NamedData("wide")).mark_rule(color=paint.mute, strokeWidth=1).encode(
            x=x, opacity=alt.condition(near, alt.value(0.55), alt.value(0)), tooltip=tips
        ).add_params(near),
        alt.Chart(alt.NamedData("ends")).mark_text(
            align="left", dx=9, fontSize=12, fontWeight=600, font=FONT
        ).encode(x=x, y=alt.Y("at:Q"), text="name:N", color=colour),
    )  # fmt: skip
    data = {"points": points, "wide": wide, "ends": ends} | ({"alone": alone} if alone else {})
    return _kept(chart, data, paint, height=LINE_HIGH)


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


def _ticks(labels: Sequence[str]) -> list[str]:
    """About five labels, evenly spaced from the first."""
    step = max(1, round(len(labels) / 4)) if len(labels) > 7 else 1
    if len(labels) > 20:
        step = 7 * max(1, round(len(labels) / 28))
    return list(labels[::step])


def _colours(platforms: Sequence[str], paint: Look) -> list[str]:
    return [theme.platform_colour(each, dark=paint.dark) for each in platforms]


# ---------------------------------------------------------------- bars


def rates(rows: Sequence[Bar], paint: Look) -> Spec:
    """One bar a platform, its value printed, a tick for the period before; a missing one is a word."""
    names = [theme.platform_name(bar.platform) for bar in rows]
    top = max((value for bar in rows for value in (bar.value, bar.before) if value is not None), default=0.0) or 1.0
    data: Rows = [
        {
            "name": name, "value": bar.value or 0.0, "before": bar.before,
            "end": 0.0 if bar.value is None else max(bar.value, bar.before or 0.0),
            "said": "n/a" if bar.value is None else percent(bar.value), "now": percent(bar.value, 2),
            "then": percent(bar.before, 2), "posts": f"{bar.n} of {bar.of}" if bar.n < bar.of else str(bar.n),
        }
        for bar, name in zip(rows, names, strict=True)
    ]  # fmt: skip
    colour = alt.Color(
        "name:N", legend=None,
        scale=alt.Scale(domain=names, range=_colours([bar.platform for bar in rows], paint)),
    )  # fmt: skip
    y = alt.Y(
        "name:N", title=None, sort=names,
        axis=alt.Axis(
            labelColor=paint.ink, labelFontSize=12, labelFontWeight=500, ticks=False, domain=False, labelPadding=8
        ),
    )  # fmt: skip
    scale = alt.Scale(domain=[0, top * 1.24], nice=False)
    x = alt.X("value:Q", title=None, axis=None, scale=scale)
    tips = [
        alt.Tooltip("name:N", title="Platform"), alt.Tooltip("now:N", title="This period"),
        alt.Tooltip("then:N", title="Period before"), alt.Tooltip("posts:N", title="Posts"),
    ]  # fmt: skip
    base = alt.Chart(alt.NamedData("bars")).encode(y=y, tooltip=tips)
    chart = alt.layer(
        base.mark_bar(height=15, cornerRadiusEnd=4).encode(x=x, color=colour),
        base.transform_filter("datum.before !== null").mark_tick(
            height=24, thickness=2, color=paint.ink, opacity=0.75
        ).encode(x=alt.X("before:Q", axis=None, scale=scale)),
        base.mark_text(align="left", dx=8, fontSize=12, fontWeight=600, font=FONT, color=paint.ink).encode(
            x=alt.X("end:Q", axis=None, scale=scale), text="said:N"
        ),
    )  # fmt: skip
    return _kept(chart, {"bars": data}, paint, height=ROW_HIGH * max(1, len(rows)) + 8)


# ---------------------------------------------------------------- best time


def hours(found: Sequence[Cell], paint: Look) -> Spec:
    """Weekday by hour; stronger is a better rate, a dot is too few posts, nothing is none, a star is one of the best.
    """
    by_hour = {(cell.weekday, cell.hour): cell for cell in found}
    stars = {(cell.weekday, cell.hour) for cell in best(found)}
    rated: Rows = []
    few: Rows = []
    for weekday in range(7):
        for hour in range(24):
            cell = by_hour.get((weekday, hour))
            if cell is None:
                continue
            row = {
                "day": WEEKDAYS[weekday], "hour": f"{hour:02d}:00", "when": f"{LONG_WEEKDAYS[weekday]} {hour:02d}:00",
                "n": cell.rate.n, "rate": None if cell.few else cell.rate.value,
                "said": f"too few (under {FEW_POSTS})" if cell.few else percent(cell.rate.value, 2),
                "star": "★" if (weekday, hour) in stars else "",
            }  # fmt: skip
            (few if row["rate"] is None else rated).append(row)
    values = [row["rate"] for row in rated] or [0.0, 1.0]
    low, high = min(values), max(values)
    x = alt.X(
        "hour:O", title=None, scale=alt.Scale(domain=[f"{hour:02d}:00" for hour in range(24)], paddingInner=0.1),
        axis=alt.Axis(
            values=[f"{hour:02d}:00" for hour in range(0, 24, 3)], labelAngle=0, ticks=False, domain=False,
            labelOverlap="greedy", labelSeparation=10, labelPadding=6,
        ),
    )  # fmt: skip
    y = alt.Y(
        "day:O", title=None, scale=alt.Scale(domain=list(WEEKDAYS), paddingInner=0.1),
        axis=alt.Axis(
            ticks=False, domain=False, labelPadding=6, labelColor=paint.ink, grid=True, gridDash=[1, 5],
            gridColor=paint.faint,
        ),
    )  # fmt: skip
    legend = alt.Legend(
        title="Engagement rate by reach", orient="top", direction="horizontal", gradientLength=150, gradientThickness=8,
        format=".1%", values=[low, high], titleFontSize=11, titleFontWeight="normal", labelFontSize=11,
        titleColor=paint.mute, offset=10,
    ) if rated and low < high else None  # fmt: skip
    colour = alt.Color(
        "rate:Q", legend=legend,
        scale=alt.Scale(domain=[low, high if high > low else low + 1e-9], range=[paint.low, paint.high]),
    )  # fmt: skip
    tips = [
        alt.Tooltip("when:N", title="Hour"), alt.Tooltip("said:N", title="Engagement rate"),
        alt.Tooltip("n:Q", title="Posts with a rate"),
    ]  # fmt: skip
    dots = alt.Chart(alt.NamedData("few")).mark_circle(color=paint.mute, size=18, opacity=0.85)
    dots = dots.encode(x=x, y=y, tooltip=tips)
    layers = [
        alt.Chart(alt.NamedData("rated")).mark_rect(cornerRadius=3).encode(x=x, y=y, color=colour, tooltip=tips),
        alt.Chart(alt.NamedData("rated")).mark_text(fontSize=11, color=paint.paper, baseline="middle").encode(
            x=x, y=y, text="star:N", tooltip=tips
        ),
    ]  # fmt: skip
    chart = alt.layer(dots, *(layers if rated else []))
    return _kept(chart, {"few": few} | ({"rated": rated} if rated else {}), paint, height=264)


# ---------------------------------------------------------------- keeping


def _kept(
    chart: alt.LayerChart | alt.FacetChart, data: Mapping[str, Rows], paint: Look, *, height: int
) -> Spec:
    """The chart as Vega-Lite with the manner of the house, checked by Altair once, and its numbers as Arrow."""
    axis = {
        "labelFont": FONT, "labelFontSize": 11, "labelColor": paint.mute, "gridColor": paint.grid, "gridWidth": 1,
        "titleFont": FONT,
    }  # fmt: skip
    made = chart.properties(height=height, background="transparent").configure(font=FONT)
    made = made.configure_axis(**axis).configure_view(strokeWidth=0).configure_legend(
        labelFont=FONT, titleFont=FONT, labelColor=paint.mute
    )  # fmt: skip
    spec: Spec = made.to_dict()
    spec["config"]["aria"] = False  # the whole chart has a name and a table; naming each mark costs, and tells nobody
    spec["usermeta"] = {"embedOptions": {"renderer": "canvas"}}  # a tenth less to draw at first than with SVG
    spec["padding"] = {"left": 2, "top": 8, "right": 4, "bottom": 2}
    spec["autosize"] = {"type": "fit", "contains": "padding", "resize": True}
    spec["datasets"] = {name: packed(rows) for name, rows in data.items()}
    return spec


def packed(rows: Rows) -> bytes:
    """Rows as an Arrow stream, as Streamlit sends them; floats may be missing."""
    table = pa.Table.from_pylist(rows) if rows else pa.table({"name": pa.array([], pa.string())})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def rows_of(spec: Spec) -> dict[str, Rows]:
    """The numbers that a kept chart shows, by the name of the data: for checking."""
    found: dict[str, Rows] = {}
    for name, data in spec["datasets"].items():
        with pa.ipc.open_stream(data) as reader:
            found[name] = reader.read_all().to_pylist()
    return found


def weight(spec: Spec) -> int:
    """Bytes that go to the browser for it."""
    bare = {key: value for key, value in spec.items() if key != "datasets"}
    return len(json.dumps(bare)) + sum(map(len, spec["datasets"].values()))
