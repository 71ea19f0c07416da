"""Overview: what came of our posts and how fast we answer, against the period before. Live, filters in the address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import streamlit as st

from dashboard import charts, data, data_measures, parts, theme, who
from dashboard import present_measures as show
from dashboard.components.figure import figure
from dashboard.components.head import Head, pressed
from dashboard.components.table import card, table
from dashboard.failures import guarded
from dashboard.present import SLA, author, city, left, standing, type_pill, words
from dashboard.text import one_line
from herald.measure.figures import Cell
from herald.measure.scorecard import Facts
from herald.model import Case, Message, Person, Role, Work

SEES: Final = frozenset(
    {Role.MARKETER, Role.OWNER, Role.COMMUNITY_MANAGER, Role.CUSTOMER_SERVICE_MANAGER, Role.COMPLIANCE}
)
"""Who sees the figures."""

PERIODS: Final = {"7": "7 days", "28": "28 days", "90": "90 days"}
USUAL: Final = "28"
REACH, ENGAGEMENTS, RATE = "reach", "engagements", "rate"
NEXT: Final = 5


@dataclass(frozen=True, slots=True)
class View:
    """All that is drawn of one brand, period and choice of platforms; made once for all visitors."""

    facts: Facts
    cards: tuple[show.Card, ...]
    reach: show.Series
    engagements: show.Series
    rate: show.Series
    bars: tuple[show.Bar, ...]
    hours: tuple[Cell, ...]
    posts: tuple[show.Row, ...]
    reach_alt: str
    drawn: Mapping[str, charts.Drawn | None]  # by name; None where there is nothing to draw


@st.cache_resource(ttl=data_measures.KEPT, max_entries=128, show_spinner=False)
def view(brand: str, days: int, platforms: tuple[str, ...], seen: data_measures.Version) -> View | None:
    """None where the brand has no account."""
    found = data_measures.facts(brand, *data_measures.span_of(days, seen.today), seen)
    if found is None:
        return None
    facts = show.chosen(found, platforms or found.platforms)
    reach, acts, rate = show.reach_series(facts), show.engagement_series(facts), show.rate_series(facts)
    cards, bars, hours = show.cards(facts, data_measures.target_minutes()), show.bars(facts), show.cells(facts)
    drawn = {
        "numbers": charts.numbers(cards),
        REACH: charts.lines(reach, facts.days, "count") if reach else None,
        ENGAGEMENTS: charts.lines(acts, show.span_labels(facts), "count") if acts else None,
        RATE: charts.lines(rate, show.span_labels(facts), "rate") if rate else None,
        "bars": charts.rates(bars) if any(bar.value is not None for bar in bars) else None,
        "hours": charts.hours(hours) if hours else None,
    }
    return View(
        facts, tuple(cards), reach, acts, rate, tuple(bars), tuple(hours), tuple(show.post_rows(facts)),
        show.reach_alt(facts, reach), drawn,
    )  # fmt: skip


@guarded
def render() -> None:
    """The page."""
    person = who.current_person()
    if person is None:
        return
    title, tools = st.columns([0.62, 0.38], vertical_alignment="bottom", gap="small")
    with title, st.container(gap="xxsmall"):
        st.title("Overview", anchor=False)
        caption = st.empty()
    with tools, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="bottom", gap="small"):
        brand = parts.brand_of(person, "brand")
        if brand is None:
            return
        period = st.segmented_control(
            "Period", list(PERIODS), format_func=PERIODS.__getitem__, default=USUAL, required=True, key="period",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
        export = st.container(width="content")
    days = int(period or USUAL)
    seen = data_measures.version(brand)
    platforms = _platforms(brand)
    found = view(brand, days, platforms, seen)
    if found is None:
        parts.empty("There is no account yet.", "Connect one, and its figures appear here.")
        return
    caption.caption(show.caption(found.facts, seen.read_at, data.now()))
    with export:
        _export(found)
    _watch(brand, seen)
    figure(found.drawn["numbers"], key="numbers", said="Numbers of the period")
    one, two = st.columns([0.66, 0.34], gap="small")
    with one, st.container(border=True, height="stretch"):
        _over_time(found)
    with two, st.container(border=True, height="stretch"):
        _rates(found)
    three, four = st.columns(2, gap="small")
    with three, st.container(border=True, height="stretch"):
        _best_time(found)
    with four, st.container(border=True, height="stretch"):
        _top_posts(found)
    if "inbox" in st.session_state.get("herald.pages", {}):
        _next_to_answer(person, brand)


def _platforms(brand: str) -> tuple[str, ...]:
    """The platforms shown: those chosen, or all when there is nothing to choose."""
    every = parts.platforms_of(brand)
    if len(every) < 2:
        return tuple(every)
    picked = st.pills(
        "Platforms", every, selection_mode="multi", default=every, format_func=theme.platform_name, key="platforms",
        bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    return tuple(each for each in every if each in (picked or every))


@st.fragment(run_every=data_measures.LOOK_EVERY)
@guarded
def _watch(brand: str, seen: data_measures.Version) -> None:
    """Look for newer facts; only when there are some is the page drawn again."""
    if data_measures.version(brand) != seen:
        st.rerun()


# ---------------------------------------------------------------- charts


def _measured() -> None:
    """The measure that was chosen beside the heading stands in the address."""
    st.query_params["measure"] = pressed(st.session_state["over-time"]["option"]) or REACH


def _over_time(found: View) -> None:
    facts = found.facts
    asked = st.query_params.get("measure")
    which = asked if asked in (ENGAGEMENTS, RATE) else REACH
    if which != REACH:
        series, labels = (found.rate if which == RATE else found.engagements), show.span_labels(facts)
        said = show.rate_alt(series) if which == RATE else show.engagement_alt(series)
        lacking = "no reach of posts, so no rate by reach" if which == RATE else "no engagements of posts"
        notes = [
            "By week of publication, weeks counted back from the last day." if len(facts.days) > show.DAILY
            else "By day of publication.",
            show.untold(facts, series, lacking),
        ]  # fmt: skip
    else:
        series, labels, said = found.reach, facts.days, found.reach_alt
        notes = [show.late_words(facts, series), show.untold(facts, series, "no reach by day")]
    drawn = found.drawn[which]
    head = Head(
        "Over time, by platform", chosen=which, more="Table" if drawn else "",
        options=((REACH, "Daily reach"), (ENGAGEMENTS, "Engagements"), (RATE, "Engagement rate")),
    )  # fmt: skip
    if figure(
        drawn, head, key="over-time", said=said, on_option=_measured,
        note=" ".join(note for note in notes if note) or "A gap is a day that was not told.",
        empty="No figure of this kind was told in this period.",
    ):  # fmt: skip
        content = show.series_sheet(series, labels, "day" if which == REACH else "published")
        number_table(head.title, f"{which}-by-day", content, said, ratios=which == RATE)


def _rates(found: View) -> None:
    said, drawn = show.bars_alt(found.bars), found.drawn["bars"]
    lacking = [bar.platform for bar in found.bars if bar.value is None]
    note = f" · n/a: {show.names_of(lacking)}, no reach told or no posts" if lacking else ""
    head = Head("Engagement rate by reach", more="Table" if found.bars else "")
    if figure(
        drawn, head, key="bars", said=said, empty="No post of this period has both reach and engagements.",
        note=f"Bar: this period · tick: the {len(found.facts.days)} days before{note}" if drawn else "",
    ):  # fmt: skip
        number_table(head.title, "engagement-rate", show.bars_sheet(found.bars), said, ratios=True)


def _best_time(found: View) -> None:
    said, drawn = show.best_words(found.hours), found.drawn["hours"]
    head = Head("Best time to post", more="Table" if drawn else "")
    if figure(
        drawn, head, key="hours", said=show.best_alt(found.hours), empty="Nothing was published in this period.",
        note=f"{said} · {city(found.facts.zone)} time" if drawn else "",
    ):  # fmt: skip
        number_table(head.title, "best-time", show.cells_sheet(found.hours, found.facts.zone), said, ratios=True)


def number_table(title: str, name: str, content: show.Sheet, said: str, *, ratios: bool = False) -> None:
    """The numbers of a chart in a dialog, to read and to keep."""

    @st.dialog(title, width="large")
    @guarded
    def shown() -> None:
        st.caption(show.plain(said))
        columns, rows = show.table_of(content[0], show.readable(content, ratios=ratios))
        table(columns, rows, key=f"rows-{name}", name=title, tall=460, stacks=480)
        st.download_button(
            "CSV", show.csv_of(content), f"{name}.csv", "text/csv", icon=":material/download:", on_click="ignore"
        )

    shown()


# ---------------------------------------------------------------- posts


def _top_posts(found: View) -> None:
    leads = "calendar" in st.session_state.get("herald.pages", {})
    n = sum(len(one.posts) for one in found.facts.accounts)
    asked = card(
        Head("Top posts", more="All posts" if n else ""), show.POST_COLUMNS, found.posts, key="top-posts",
        name="Top posts by engagement rate", picks="Open the post" if leads else "",
        empty="No post of this period has both reach and engagements.",
        note=f"By engagement rate by reach, of {n} posts of this period; figures so far" if n else "",
    )  # fmt: skip
    if asked.more:
        _posts(found.facts)
    if asked.row and leads:
        page = st.session_state["herald.pages"]["calendar"]
        st.switch_page(page, query_params={"post": asked.row.partition("|")[0]})


@st.dialog("Posts of this period", width="large")
@guarded
def _posts(facts: Facts) -> None:
    table(
        show.POST_COLUMNS, show.post_rows(facts, 100, open_=False), key="all-posts", tall=460,
        name="Posts by engagement rate",
    )  # fmt: skip
    st.caption("Posts without reach or engagements have no rate; they are in the file.")
    st.download_button(
        "CSV", show.csv_of(show.posts_sheet(facts)), "posts.csv", "text/csv", icon=":material/download:",
        on_click="ignore",
    )  # fmt: skip


# ---------------------------------------------------------------- export


def _export(found: View) -> None:
    """What is shown, as files; made when they are asked for."""
    facts = found.facts
    name = f"overview-{facts.first_day}-{facts.until_day}"
    labels = show.span_labels(facts)
    files: dict[str, tuple[str, Callable[[], bytes]]] = {
        "Numbers": ("numbers", lambda: show.csv_of(show.numbers_sheet(facts))),
        "Daily reach": ("reach", lambda: show.csv_of(show.series_sheet(found.reach, facts.days, "day"))),
        "Engagement rate": ("rate", lambda: show.csv_of(show.series_sheet(found.rate, labels, "published"))),
        "Best time": ("best-time", lambda: show.csv_of(show.cells_sheet(found.hours, facts.zone))),
        "Posts": ("posts", lambda: show.csv_of(show.posts_sheet(facts))),
    }
    with st.popover("Export", icon=":material/ios_share:", on_change="rerun", key="export") as menu:
        if not menu.open:
            return
        st.caption("CSV of what is shown")
        for label, (what, make) in files.items():
            st.download_button(
                label, make, f"{name}-{what}.csv", "text/csv", key=f"export-{what}", type="tertiary",
                icon=":material/download:", on_click="ignore",
            )  # fmt: skip


# ---------------------------------------------------------------- next to answer

NEXT_COLUMNS = (
    {"id": "from", "label": "From", "width": 130, "from": 520},
    {"id": "from", "label": "From", "width": 0, "until": 520},
    {"id": "sla", "label": "SLA", "width": 106},
    {"id": "due", "label": "Reply due", "width": 102},
    {"id": "platform", "label": "Platform", "width": 116, "from": 620},
    {"id": "message", "label": "Message", "width": 0, "from": 520},
    {"id": "type", "label": "Kind", "width": 116, "from": 760},
    {"id": "owner", "label": "Owner", "width": 116, "from": 860},
)


@st.fragment(run_every=data_measures.LOOK_EVERY)
@guarded
def _next_to_answer(person: Person, brand: str) -> None:
    """The nearest deadlines, by a look of their own."""
    found, now = data.open_cases(brand, Work.ANSWER), data.now()
    waiting = [
        (case, message)
        for case in found.cases
        if case.answered_at is None and (message := found.messages.get(case.message_id)) is not None
    ]
    stands = [standing(case, now) for case, _ in waiting]
    plus = "+" if found.more else ""
    counted = (
        (f"{stands.count('overdue')}{plus} overdue", "red"),
        (f"{stands.count('soon')}{plus} due within 30 min", "orange"),
        (f"{stands.count('on_track')}{plus} on track", "green"),
    )
    inbox = st.session_state["herald.pages"]["inbox"]
    with st.container(border=True):
        asked = card(
            Head(
                "Next to answer", [each for each in counted if not each[0].startswith(("0 ", "0+ "))],
                more="Open Inbox", href=inbox.url_path,
            ),
            NEXT_COLUMNS, [_next_row(person, case, message) for case, message in waiting[:NEXT]], key="next",
            name="Nearest deadlines", picks="Open in the Inbox", empty="Nobody waits for an answer.",
        )  # fmt: skip
    if asked.more or asked.row:
        st.switch_page(inbox, query_params={"case": asked.row} if asked.row else None)


def _next_row(person: Person, case: Case, message: Message) -> show.Row:
    now = data.now()
    stands = standing(case, now)
    owner: object = {"muted": "Unassigned"}
    if case.owner:
        owner = {"strong": "You"} if case.owner == person.id else one_line(data.name_of(case.owner), 60)
    return {
        "id": case.id,
        "cells": {
            "from": {"strong": author(message)},
            "sla": {"pill": SLA[stands]},
            "due": {"due": left(case.due_at, now), "tone": SLA[stands][1]},
            "platform": show.platform_cell(case.platform),
            "message": words(message),
            "type": {"pill": type_pill(case.type)},
            "owner": owner,
        },
    }
