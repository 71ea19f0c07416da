"""Facts of a period -> what Overview and Report show. Pure: every number comes from herald.measure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from dashboard import theme
from dashboard.present import city, span_words
from dashboard.text import SHORT, one_line
from herald.flows.mailing import MONTHLY, standing
from herald.measure import figures as f
from herald.measure.advice import Finding, NoFinding
from herald.measure.effect import month_of
from herald.measure.report import effect_words, period_name, shown, shown_change, state_words
from herald.measure.scorecard import ALL, Facts, Gap, Line, scorecard
from herald.model import KeptReport, Mailing, MailingState, Metric
from herald.model.recommendations import Recommendation
from herald.plain import sheet

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LONG_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TOP = 5
DAILY = 7  # a period of so many days shows rates by day, a longer one by week
Colour = Literal["normal", "inverse", "off"]
Series = dict[str, list[float | None]]
Row = dict[str, Any]

# ---------------------------------------------------------------- words


def plain(text: str) -> str:
    """Our own words for where Streamlit reads Markdown: every sign that means something there is escaped."""
    return re.sub(r"([\\`*_\[\]<>#$~|])", r"\\\1", text)


def day_words(day: str, *, year: bool = False) -> str:
    """`25 Oct`, with the year if asked."""
    at = date.fromisoformat(day)
    return f"{at.day} {at:%b}{f' {at.year}' if year else ''}"


def range_words(first_day: str, last_day: str) -> str:
    """`25 Oct – 21 Nov 2026`; both years where they differ."""
    return f"{day_words(first_day, year=first_day[:4] != last_day[:4])} – {day_words(last_day, year=True)}"


def caption(facts: Facts, read_at: datetime | None, now: datetime) -> str:
    """Range, comparison, zone, and how fresh it is."""
    clock = ZoneInfo(facts.zone)
    if read_at is None:
        fresh = "no figures read yet"
    else:
        there, today = read_at.astimezone(clock), now.astimezone(clock)
        day = "" if there.date() == today.date() else f"{there.day} {there:%b} "
        fresh = f"data as of {day}{there:%H:%M}"
    length = len(facts.days)
    before = f"compared with the {length} days before" if length > 1 else "compared with the day before"
    return f"{range_words(facts.first_day, facts.until_day)} · {before} · times in {city(facts.zone)} · {fresh}"


def compact(number: float) -> str:
    """1.8M, 26.9K, 940: at most three digits that matter."""
    for size, letter in ((1_000_000, "M"), (1_000, "K")):
        if abs(number) >= size * 0.9995:
            short = number / size
            return f"{short:.0f}{letter}" if abs(short) >= 100 else f"{short:.1f}".removesuffix(".0") + letter
    return f"{number:,.0f}"


def percent(ratio: float | None, digits: int = 1) -> str:
    """`4.2%`; `n/a` for None."""
    return "n/a" if ratio is None else f"{100 * ratio:.{digits}f}%"


def names_of(platforms: Iterable[str]) -> str:
    """`Facebook, Instagram and Mastodon`."""
    names = [theme.platform_name(each) for each in platforms]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


# ---------------------------------------------------------------- which facts


def chosen(facts: Facts, platforms: Sequence[str]) -> Facts:
    """The facts of these platforms only."""
    wanted = set(platforms)
    return replace(
        facts,
        accounts=tuple(one for one in facts.accounts if one.account.platform in wanted),
        before=tuple(one for one in facts.before if one.account.platform in wanted),
    )


# ---------------------------------------------------------------- the row of numbers


@dataclass(frozen=True, slots=True)
class Card:
    """One number of the row. `delta` None: nothing to compare with."""

    label: str
    value: str
    delta: str | None
    colour: Colour
    arrow: Literal["auto", "off"]
    beside: str
    help: str
    spark: tuple[float, ...]


def cards(facts: Facts, promises: Sequence[int]) -> list[Card]:
    """Reach, views, engagement rate, followers, first answer.

    Args:
        promises: minutes of business time to a first answer, as they differ by kind.
    """
    card = scorecard(facts)
    change = card["followers_change"]
    rate, reply = card["engagement_rate"], card["response_time"]
    followers = _card(card["followers"], compact, _relative, _by_day(facts, Metric.FOLLOWERS))
    if change.value == 0:
        followers = replace(followers, colour="off", arrow="off")
    return [
        _card(card["reach"], compact, _relative, _by_day(facts, Metric.REACH)),
        _card(card["views"], compact, _relative, _by_day(facts, Metric.VIEWS)),
        _card(rate, lambda value: percent(value, 2), _points, _rates(facts), beside=f"{rate.n} posts"),
        replace(followers, delta=None if change.value is None else f"{change.value:+,.0f}"),
        _card(reply, waited, _minutes, _medians(facts), beside=promise_words(promises), good="less"),
    ]


def _card(
    line: Line, value: Callable[[float], str], delta: Callable[[f.Change], str | None],
    spark: Sequence[float | None], *, beside: str = "", good: str = "more",
) -> Card:  # fmt: skip
    told = tuple(float(each) for each in spark if each is not None)
    still = line.change.immaterial
    return Card(
        f.BY_ID[line.id].label,
        "n/a" if line.value is None else value(line.value),
        None if line.value is None else delta(line.change),
        "off" if still else "inverse" if good == "less" else "normal",
        "off" if still else "auto",
        beside if line.value is not None else "",
        help_of(line),
        told if len(told) > 1 else (),
    )


def help_of(line: Line) -> str:
    """What the number means and how it is computed; first, why it is missing if it is."""
    definition = f.BY_ID[line.id]
    note = f"{line.note[:1].upper()}{line.note[1:]}." if line.note else ""
    first, last = (f"Not available. {note}", "") if line.value is None else ("", note)
    parts = (
        first, definition.meaning, f"Formula: {definition.formula}.", f"Source: {definition.source}.", last,
    )  # fmt: skip
    return "\n\n".join(part for part in parts if part)


def _relative(change: f.Change) -> str | None:
    return None if change.relative is None else f"{100 * change.relative:+.1f}%"


def _points(change: f.Change) -> str | None:
    return None if change.absolute is None else f"{100 * change.absolute:+.2f} pts"


def _minutes(change: f.Change) -> str | None:
    """ASCII minus: a screen reader says it, and the sign is read again for its colour."""
    if change.absolute is None:
        return None
    return f"{'-' if change.absolute < 0 else '+'}{waited(abs(change.absolute))}"


def waited(seconds: float) -> str:
    """How long something took: to the minute, below one to the second, of a day and more in hours."""
    rounded = round(seconds / 60) * 60 if seconds >= 60 else round(seconds)
    return span_words(timedelta(seconds=rounded)) if rounded < 86_400 else f"{rounded / 3600:,.0f} h"


def promise_words(minutes: Sequence[int]) -> str:
    """`target 4 h`, `targets 1 h to 8 h`."""
    spans = [span_words(timedelta(minutes=each)) for each in sorted(set(minutes))]
    if not spans:
        return ""
    return f"target {spans[0]}" if len(spans) == 1 else f"targets {spans[0]} to {spans[-1]}"


# ---------------------------------------------------------------- over time


def told_by_day(facts: Facts, accounts: Sequence[f.AccountFacts], metric: Metric) -> list[float | None]:
    """One sum a day over the accounts that tell the metric at all; None where one of them did not tell that day."""
    telling = [one for one in accounts if f.total(one.days, metric, facts.days).value is not None]
    sums = [f.together(f.total(one.days, metric, [day]) for one in telling) for day in facts.days]
    return [each.value if each.whole else None for each in sums]


def _by_day(facts: Facts, metric: Metric) -> list[float | None]:
    return told_by_day(facts, facts.accounts, metric)


def reach_series(facts: Facts) -> Series:
    """Platform -> reach of each day; platforms that tell none are left out."""
    rows = {each: told_by_day(facts, facts.of(each), Metric.REACH) for each in facts.platforms}
    return {each: row for each, row in rows.items() if any(value is not None for value in row)}


def spans_of(facts: Facts) -> list[list[str]]:
    """The days of the period in stretches: single days of a short one, else weeks that end with the last day."""
    days = facts.days
    step = 1 if len(days) <= DAILY else 7
    first = len(days) % step
    cut = [days[:first]] if first else []
    return cut + [days[at : at + step] for at in range(first, len(days), step)]


def rate_series(facts: Facts) -> Series:
    """Platform -> engagement rate of the posts published in each stretch of spans_of."""
    return _told({each: _rates_of(facts.of(each), spans_of(facts)) for each in facts.platforms})


def engagement_series(facts: Facts) -> Series:
    """Platform -> engagements so far of the posts published in each stretch of spans_of."""
    return _told({
        each: [f.engagements(posts)[0].value for posts in _published(facts.of(each), spans_of(facts))]
        for each in facts.platforms
    })  # fmt: skip


def _told(rows: Mapping[str, list[float | None]]) -> Series:
    return {each: row for each, row in rows.items() if any(value is not None for value in row)}


def _rates_of(accounts: Sequence[f.AccountFacts], spans: Sequence[Sequence[str]]) -> list[float | None]:
    return [f.engagement_rate(posts).value for posts in _published(accounts, spans)]


def _published(accounts: Sequence[f.AccountFacts], spans: Sequence[Sequence[str]]) -> list[list[f.Published]]:
    """The posts of each stretch, by the day on which they were published in their account's zone."""
    days: dict[str, list[f.Published]] = {}
    for one in accounts:
        clock = ZoneInfo(one.account.timezone)
        for post in one.posts:
            days.setdefault(post.published_at.astimezone(clock).date().isoformat(), []).append(post)
    return [[post for day in span for post in days.get(day, ())] for span in spans]


def _rates(facts: Facts) -> list[float | None]:
    spans = spans_of(facts) if len(facts.days) > 31 else [[day] for day in facts.days]
    return _rates_of(facts.accounts, spans)


def _medians(facts: Facts) -> list[float | None]:
    days: dict[str, list[Any]] = {day: [] for day in facts.days}
    for one in facts.accounts:
        clock = ZoneInfo(one.account.timezone)
        for answer in one.responses:
            days.setdefault(answer.answered_at.astimezone(clock).date().isoformat(), []).append(answer)
    return [f.response_times(days[day]).median for day in facts.days]


def measured(facts: Facts) -> list[str]:
    """Platforms that tell figures or that we publish on; a contact form does neither, so it lacks nothing."""
    return [each for each in facts.platforms if any(one.given or one.days or one.posts for one in facts.of(each))]


def untold(facts: Facts, told: Iterable[str], what: str) -> str:
    """`Not told: Mastodon has no reach by day.`; empty if every platform tells."""
    absent = [each for each in measured(facts) if each not in set(told)]
    return f"Missing: {names_of(absent)} ({what})." if absent else ""


def late_words(facts: Facts, series: Series) -> str:
    """Which of the last days nobody told yet."""
    late = 0
    for place in range(len(facts.days) - 1, -1, -1):
        if any(row[place] is not None for row in series.values()):
            break
        late += 1
    if not late or late == len(facts.days):
        return ""
    return f"Told up to {day_words(facts.days[-1 - late])}."


def reach_alt(facts: Facts, series: Series) -> str:
    """The finding in words."""
    if not series:
        return "No platform told a daily reach in this period."
    sums = {each: f.reach_of(facts.of(each), facts.days) for each in series}
    most = max(sorted(sums), key=lambda each: sums[each])
    line = scorecard(facts)["reach"]
    moved = ""
    if line.change.relative is not None:
        verb = "rose" if line.change.relative > 0 else "fell"
        moved = f"Daily reach, summed, {verb} by {abs(100 * line.change.relative):.1f}% to {compact(line.value or 0)}; "
        if line.change.immaterial:
            moved = f"Daily reach, summed, hardly moved, at {compact(line.value or 0)}; "
    return f"{moved}{theme.platform_name(most)} reached most, {compact(sums[most])} over the period."


def rate_alt(series: Series) -> str:
    last = {each: [v for v in row if v is not None][-1] for each, row in series.items()}
    if not last:
        return "No engagement rate can be computed in this period."
    best = max(sorted(last), key=lambda each: last[each])
    return f"Engagement rate by reach over time; {theme.platform_name(best)} ends highest, at {percent(last[best])}."


def engagement_alt(series: Series) -> str:
    sums = {each: sum(v for v in row if v is not None) for each, row in series.items()}
    if not sums:
        return "No engagements were told in this period."
    most = max(sorted(sums), key=lambda each: sums[each])
    return f"Engagements so far of the posts of each stretch; {theme.platform_name(most)} has most, {sums[most]:,.0f}."


# ---------------------------------------------------------------- rates by platform


@dataclass(frozen=True, slots=True)
class Bar:
    platform: str
    value: float | None
    before: float | None
    n: int
    of: int
    note: str


def bars(facts: Facts) -> list[Bar]:
    """Engagement rate of each platform, best first; those without one last."""
    lines = {each: scorecard(facts, each)["engagement_rate"] for each in measured(facts)}
    found = [Bar(each, line.value, line.before, line.n, line.of, line.note) for each, line in lines.items()]
    return sorted(found, key=lambda bar: (bar.value is None, -(bar.value or 0), bar.platform))


def bars_alt(rows: Sequence[Bar]) -> str:
    rated = [bar for bar in rows if bar.value is not None]
    if not rated:
        return "No engagement rate by reach can be computed in this period."
    best, rest = rated[0], rated[-1]
    text = f"{theme.platform_name(best.platform)} has the highest engagement rate by reach, {percent(best.value)}"
    if len(rated) > 1:
        text += f"; {theme.platform_name(rest.platform)} the lowest, {percent(rest.value)}"
    lacking = [bar.platform for bar in rows if bar.value is None]
    return f"{text}. Missing: {names_of(lacking)}." if lacking else f"{text}."


# ---------------------------------------------------------------- best time


def cells(facts: Facts) -> list[f.Cell]:
    """Hours of the week in the brand's zone in which something was published."""
    return f.best_times((post for one in facts.accounts for post in one.posts), facts.zone)


def best(found: Sequence[f.Cell], limit: int = 3) -> list[f.Cell]:
    """The best hours that rest on enough posts."""
    enough = [cell for cell in found if not cell.few and cell.rate.value is not None]
    return sorted(enough, key=lambda cell: (-(cell.rate.value or 0.0), cell.weekday, cell.hour))[:limit]


def best_words(found: Sequence[f.Cell]) -> str:
    """What the stars stand for, and what the dots mean."""
    stars = best(found)
    if not stars:
        return f"No hour of the week has {f.FEW_POSTS} posts with a rate yet. Dots: hours with fewer."
    named = " · ".join(
        f"{WEEKDAYS[cell.weekday]} {cell.hour:02d}:00 ({percent(cell.rate.value)}, n = {cell.rate.n})" for cell in stars
    )
    return f"★ best: {named} · dots: fewer than {f.FEW_POSTS} posts"


def best_alt(found: Sequence[f.Cell]) -> str:
    """The same, to be heard."""
    named = ", ".join(
        f"{LONG_WEEKDAYS[cell.weekday]} {cell.hour:02d}:00 with {percent(cell.rate.value)} over {cell.rate.n} posts"
        for cell in best(found)
    )
    return f"Best time to post: {named}." if named else f"No hour of the week has {f.FEW_POSTS} posts with a rate yet."


# ---------------------------------------------------------------- posts


def _title(title: str, fallback: str) -> str:
    return one_line(title, SHORT) or one_line(fallback, 80)


POST_COLUMNS = (
    {"id": "post", "label": "Post", "width": 0},
    {"id": "platform", "label": "Platform", "width": 106, "from": 420},
    {"id": "reach", "label": "Reach", "width": 70, "n": True},
    {"id": "rate", "label": "Eng. rate", "width": 132, "from": 480},
    {"id": "percent", "label": "Eng. rate", "width": 84, "n": True, "until": 480},
)


def platform_cell(platform: str) -> Row:
    both = [theme.platform_colour(platform), theme.platform_colour(platform, dark=True)]
    return {"dot": both, "text": theme.platform_name(platform)}


def post_rows(facts: Facts, limit: int = TOP, *, open_: bool = True) -> list[Row]:
    """The posts with the best engagement rate, best first."""
    zones = {one.account.id: one.account.timezone for one in facts.accounts}
    rows: list[Row] = []
    top = f.top_posts((post for one in facts.accounts for post in one.posts), limit)
    most = max((f.engagement_rate([post]).value or 0.0 for post in top), default=0.0) or 1.0
    for post in top:
        rate = f.engagement_rate([post])
        at = post.published_at.astimezone(ZoneInfo(zones[post.account]))
        rows.append(
            {
                "id": f"{post.post_id}|{post.account}" if open_ else "",
                "cells": {
                    "post": {
                        "strong": _title(post.title, post.external_id),
                        "sub": f"{WEEKDAYS[at.weekday()]} {at.day} {at:%b %H:%M}"
                        + (" · taken down" if post.removed else ""),
                    },
                    "platform": platform_cell(post.account.partition(":")[0]),
                    "reach": compact(rate.below),
                    "rate": {"bar": round(100 * (rate.value or 0) / most), "text": percent(rate.value)},
                    "percent": percent(rate.value),
                },
            }
        )
    return rows


# ---------------------------------------------------------------- tables and files


def table_of(head: Sequence[str], rows: Sequence[Sequence[object]]) -> tuple[list[Row], list[Row]]:
    """Columns and rows for components.table: the first names the row, the others are numbers or short words."""
    labels = [name[:1].upper() + name[1:] for name in head]
    columns = [{"id": str(place), "label": label, "n": place > 0} for place, label in enumerate(labels)]
    body = [
        {"id": "", "cells": {str(place): "" if value is None else str(value) for place, value in enumerate(row)}}
        for row in rows
    ]
    return columns, body


Sheet = tuple[tuple[str, ...], list[tuple[Any, ...]]]
"""Headings and rows; None is missing."""


def series_sheet(series: Series, labels: Sequence[str], first: str) -> Sheet:
    """Days (or stretches) down, platforms across."""
    head = (first, *(theme.platform_name(each) for each in series))
    return head, [(label, *(row[at] for row in series.values())) for at, label in enumerate(labels)]


def span_labels(facts: Facts) -> list[str]:
    return [span[0] if len(span) == 1 else f"{span[0]} to {span[-1]}" for span in spans_of(facts)]


def bars_sheet(rows: Sequence[Bar]) -> Sheet:
    head = ("platform", "engagement rate by reach", "period before", "posts in it", "posts", "note")
    return head, [
        (theme.platform_name(bar.platform), bar.value, bar.before, bar.n, bar.of, bar.note) for bar in rows
    ]


def cells_sheet(found: Sequence[f.Cell], zone: str) -> Sheet:
    head = ("weekday", "hour", "zone", "posts in it", "engagement rate by reach", "enough posts")
    return head, [
        (
            LONG_WEEKDAYS[cell.weekday], f"{cell.hour:02d}:00", zone, cell.rate.n, cell.rate.value,
            "no" if cell.few else "yes",
        )
        for cell in found
    ]  # fmt: skip


def posts_sheet(facts: Facts) -> Sheet:
    """Every post of the period, best rate first, those without one last."""
    posts = [post for one in facts.accounts for post in one.posts]
    told = (Metric.REACH, Metric.VIEWS, *f.ENGAGEMENT_PARTS)
    head = (
        "title", "platform", "account", "published_at", "url", *map(str, told), "engagements", "engagement rate",
    )  # fmt: skip
    rated = f.top_posts(posts, len(posts))
    names = {post.external_id + post.account for post in rated}
    ordered = [*rated, *(post for post in posts if post.external_id + post.account not in names)]
    return head, [
        (
            post.title, theme.platform_name(post.account.partition(":")[0]), post.account,
            post.published_at.isoformat(), post.url, *(post.figures.get(metric) for metric in told),
            f.engagement(post.figures), f.engagement_rate([post]).value,
        )
        for post in ordered
    ]  # fmt: skip


def numbers_sheet(facts: Facts) -> Sheet:
    """The row of numbers, for all and for each platform."""
    head = ("platforms", "number", "value", "unit", "period before", "change", "rests on", "of", "counted", "note")
    shown_ids = ("reach", "views", "engagement_rate", "followers", "followers_change", "response_time", "in_time")
    rows: list[tuple[Any, ...]] = []
    for scope in (ALL, *facts.platforms):
        card = scorecard(facts, scope)
        name = "All shown" if scope == ALL else theme.platform_name(scope)
        for line in (card[each] for each in shown_ids):
            of = f.BY_ID[line.id]
            rows.append(
                (
                    name, of.label, line.value, of.unit, line.before, line.change.absolute, line.n, line.of,
                    line.counted, line.note,
                )
            )  # fmt: skip
    return head, rows


def csv_of(content: Sheet) -> bytes:
    """As CSV; no cell of it is one that a spreadsheet would run."""
    head, rows = content
    return sheet([head, *rows])


def readable(content: Sheet, *, ratios: bool = False) -> list[list[str]]:
    """The rows as people read them; missing is said."""

    def words(value: object) -> str:
        if value is None:
            return "missing"
        if isinstance(value, float) and ratios:
            return percent(value, 2)
        return f"{value:,.0f}" if isinstance(value, (int, float)) else one_line(value, SHORT)

    return [[words(value) for value in row] for row in content[1]]


# ---------------------------------------------------------------- the report

SCORE_COLUMNS = (
    {"id": "name", "label": "Number", "width": 0, "wraps": True},
    {"id": "value", "label": "This period", "width": 112, "n": True},
    {"id": "before", "label": "Before", "width": 112, "n": True, "from": 560},
    {"id": "change", "label": "Change", "width": 168, "n": True},
    {"id": "rests", "label": "Rests on", "width": 136, "n": True, "from": 760},
    {"id": "note", "label": "Note", "width": 260, "wraps": True, "from": 980},
)


def score_rows(lines: Iterable[Line]) -> list[Row]:
    """One line of the score table a number; an immaterial change is muted."""
    rows: list[Row] = []
    for line in lines:
        change = shown_change(line.id, line.change)
        quiet = line.change.immaterial or line.change.absolute is None
        rests = f"{line.n:,} {line.counted}" if line.n == line.of else f"{line.n:,} of {line.of:,} {line.counted}"
        rows.append(
            {
                "id": "",
                "cells": {
                    "name": {"strong": f.BY_ID[line.id].label},
                    "value": {"muted": "missing"} if line.value is None else shown(line.id, line.value),
                    "before": {"muted": shown(line.id, line.before)},
                    "change": {"muted": change} if quiet else change,
                    "rests": {"muted": rests},
                    "note": {"muted": one_line(line.note, 300)},
                },
            }
        )
    return rows


GAP_COLUMNS = (
    {"id": "what", "label": "Missing", "width": 0, "wraps": True},
    {"id": "platform", "label": "Platform", "width": 130, "wraps": True},
    {"id": "why", "label": "Why, and what to do", "width": 360, "wraps": True, "from": 620},
)


def gap_rows(found: Sequence[Gap]) -> list[Row]:
    rows: list[Row] = []
    for gap in found:
        why = one_line(f"{gap.why} {gap.remedy}", 500)
        rows.append(
            {
                "id": "",
                "cells": {
                    "what": one_line(gap.what, 300)[:1].upper() + one_line(gap.what, 300)[1:],
                    "platform": {"muted": "All"} if gap.scope == ALL else platform_cell(gap.scope),
                    "why": {"muted": why},
                },
            }
        )
    return rows


DEFINITION_COLUMNS = (
    {"id": "name", "label": "Number", "width": 190, "wraps": True},
    {"id": "meaning", "label": "What it means", "width": 0, "wraps": True},
    {"id": "formula", "label": "Formula and source", "width": 380, "wraps": True, "from": 760},
)


def definition_rows(definitions: Iterable[f.Definition]) -> list[Row]:
    return [
        {
            "id": "",
            "cells": {
                "name": {"strong": each.label, "sub": each.unit},
                "meaning": each.meaning,
                "formula": {"muted": f"{each.formula}. Source: {each.source}."},
            },
        }
        for each in definitions
    ]


KEPT_COLUMNS = (
    {"id": "report", "label": "Report", "width": 0, "wraps": True},
    {"id": "made", "label": "Kept", "width": 150},
    {"id": "files", "label": "Files", "width": 60, "n": True, "from": 480},
    {"id": "hash", "label": "SHA-256", "width": 130, "from": 620},
)


def kept_rows(found: Iterable[KeptReport], zone: str, now: datetime) -> list[Row]:
    """Kept reports; their id is their period."""
    return [
        {
            "id": f"{one.first_day}..{one.last_day}",
            "cells": {
                "report": {"strong": period_name(one.first_day, one.last_day)},
                "made": {"muted": moment(one.made_at, zone, now)},
                "files": {"muted": str(sum(not each.name.startswith("mail.") for each in one.files))},
                "hash": {"muted": one.digest[:12]},
            },
        }
        for one in found
    ]


MAILED_COLUMNS = (
    {"id": "when", "label": "Mailed", "width": 150},
    {"id": "to", "label": "To", "width": 0, "wraps": True},
    {"id": "by", "label": "By", "width": 180, "from": 480},
    {"id": "state", "label": "What came of it", "width": 160},
)
_MAILED: Mapping[MailingState, tuple[str, str]] = {
    MailingState.SENT: ("sent", "green"), MailingState.SENDING: ("being sent", "gray"),
    MailingState.FAILED: ("not sent", "red"), MailingState.UNCLEAR: ("may have been sent", "amber"),
}  # fmt: skip


def mailed_rows(found: Iterable[Mailing], zone: str, now: datetime, name: Callable[[str], str]) -> list[Row]:
    """When a report was mailed, to how many and whom, and what came of it.

    Args:
        name: of a person by id.
    """
    rows: list[Row] = []
    for one in found:
        state = standing(one, now)
        count = len(one.to)
        by = "Herald, by schedule" if one.ordered_by == MONTHLY else one_line(name(one.ordered_by), 80)
        people = f"{count} {'person' if count == 1 else 'people'}"
        named = one_line(", ".join(name(each) for each in one.to[:5]), 160) + (" …" if count > 5 else "")
        cells: Row = {
            "when": moment(one.ended_at or one.ordered_at, zone, now),
            "to": {"strong": people, "sub": f"{named}. {one_line(one.reason, 200)}" if one.reason else named},
            "by": {"muted": by},
            "state": {"pill": list(_MAILED[state])},
        }
        rows.append({"id": "", "cells": cells})
    return rows


def moment(at: datetime, zone: str, now: datetime) -> str:
    """`1 Nov 2026, 07:00`, by the clock of a zone."""
    local = at.astimezone(ZoneInfo(zone))
    year = f" {local.year}" if local.year != now.astimezone(ZoneInfo(zone)).year else ""
    return f"{local.day} {local:%b}{year}, {local:%H:%M}"


def months(today: str, count: int = 13) -> list[str]:
    """This month and those before it, newest first, as YYYY-MM."""
    at = date.fromisoformat(today)
    number = at.year * 12 + at.month - 1
    return [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in range(number, number - count, -1)]


ADVICE_COLUMNS = (
    {"id": "seen", "label": "Seen", "width": 0, "wraps": True},
    {"id": "do", "label": "Do", "width": 300, "wraps": True},
    {"id": "evidence", "label": "Evidence", "width": 340, "wraps": True, "from": 820},
)
NO_ADVICE_COLUMNS = ({"id": "why", "label": "Looked for, and not found", "width": 0, "wraps": True},)


def advice_row(one: Finding) -> Row:
    """What was seen, what to do, on what evidence."""
    role = theme.ROLES[one.owner]
    return {
        "id": "",
        "cells": {
            "seen": {"strong": one_line(one.seen, 300), "sub": f"For: {role}"},
            "do": one_line(one.do, 500),
            "evidence": {"muted": one_line(f"n = {one.n:,}. {one.evidence}.", 900)},
        },
    }


def no_advice_row(one: NoFinding) -> Row:
    return {"id": "", "cells": {"why": {"muted": one_line(one.why, 600)}}}


RECOMMENDED_COLUMNS = (
    {"id": "do", "label": "Recommendation", "width": 0, "wraps": True},
    {"id": "state", "label": "State", "width": 190, "wraps": True},
    {"id": "effect", "label": "Effect", "width": 340, "wraps": True, "from": 820},
)


def recommended_row(one: Recommendation, name: Callable[[str], str]) -> Row:
    """What was recommended and to whom, how far it has come, what came of it."""
    who = one_line(name(one.owner), 60)
    effect = f"{f.BY_ID[one.measure].label}: {effect_words(one)}" if one.effect else "not measured"
    return {
        "id": one.id,
        "cells": {
            "do": {"strong": one_line(one.do, 500), "sub": f"{who} \u00b7 {period_name(*f.period(month_of(one)))}"},
            "state": one_line(state_words(one), 60),
            "effect": {"muted": one_line(effect, 600)},
        },
    }
