"""Report: a month, or any days, as it is written for those who do not come here. To read, to keep, to mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import actions, charts, data, data_measures, parts, theme, who
from dashboard import present_measures as show
from dashboard.app_pages.overview import number_table
from dashboard.components import sheet
from dashboard.components.figure import figure
from dashboard.components.head import Head
from dashboard.components.table import table
from dashboard.failures import guarded
from dashboard.present import city
from dashboard.text import one_line
from herald.errors import Unknown
from herald.flows import commands
from herald.govern.authority import may
from herald.measure import advice
from herald.measure import figures as f
from herald.measure.effect import lacking
from herald.measure.report import period_name
from herald.measure.scorecard import ALL, Facts, gaps, scorecard
from herald.model import KeptReport, Person

OTHER: Final = "days"
_OPENED: Final = "herald.kept"
FILES: Final = {
    "report.html": ("The whole report", "text/html"),
    "report.json": ("Everything as JSON", "application/json"),
    "all.csv": ("Numbers, all platforms", "text/csv"),
}
FACTS: Final = {
    "days.csv": ("Facts by day", "text/csv"), "posts.csv": ("Facts by post", "text/csv"),
    "answers.csv": ("Facts by answer", "text/csv"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the page shows of a report, made once for all visitors."""

    facts: Facts
    scores: dict[str, list[show.Row]]
    advised: tuple[show.Row, ...]
    refused: tuple[show.Row, ...]
    gaps: tuple[show.Row, ...]
    bars: tuple[show.Bar, ...]
    reach: show.Series
    posts: tuple[show.Row, ...]
    reach_alt: str


@st.cache_resource(ttl=data_measures.KEPT, max_entries=32, show_spinner=False)
def drawn(brand: str, first_day: str, last_day: str, seen: data_measures.Version) -> Drawn | None:
    """None where the brand has no account. Raises ValueError: the period has not begun."""
    facts = data_measures.facts(brand, first_day, last_day, seen)
    if facts is None:
        return None
    reach = show.reach_series(facts)
    found = advice.advise(facts)
    return Drawn(
        facts,
        {scope: show.score_rows(scorecard(facts, scope).values()) for scope in (ALL, *facts.platforms)},
        tuple(show.advice_row(one) for one in found if isinstance(one, advice.Finding)),
        tuple(show.no_advice_row(one) for one in found if isinstance(one, advice.NoFinding)),
        tuple(show.gap_rows(gaps(facts))),
        tuple(show.bars(facts)),
        reach,
        tuple(show.post_rows(facts, 10)),
        show.reach_alt(facts, reach),
    )


@guarded
def render() -> None:
    """The page."""
    person = who.current_person()
    if person is None:
        return
    title, tools = st.columns([0.46, 0.54], vertical_alignment="bottom", gap="small")
    with title, st.container(gap="xxsmall"):
        st.title("Report", anchor=False)
        caption = st.empty()
    with tools, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="bottom", gap="small"):
        brand = parts.brand_of(person, "brand")
        if brand is None:
            return
        seen = data_measures.version(brand)
        period = _period(seen.today)
        files, mail = st.container(width="content"), st.container(width="content")
    if period is None:
        caption.caption("Choose the first and the last day.")
        return
    found = drawn(brand, *period, seen)
    if found is None:
        parts.empty("There is no account yet.", "Connect one, and its figures appear here.")
        return
    facts = found.facts
    caption.caption(_caption(facts))
    with files:
        _download(brand, period, seen, facts)
    with mail:
        _mail_button(person, brand, period)
    parts.flash()
    _advice(found)
    _recommended(found)
    _scores(found)
    _charts(found)
    _posts(found)
    _left(brand, period, facts.zone)
    with st.container(border=True):
        st.markdown("##### What is missing")
        st.caption("What is missing is left out. It is not counted as 0.")
        table(show.GAP_COLUMNS, found.gaps, key="gaps", name="What is missing", stacks=620)
    with st.container(border=True):
        st.markdown("##### What the numbers mean")
        table(
            show.DEFINITION_COLUMNS, show.definition_rows(f.DEFINITIONS), key="definitions", tall=520,
            name="What the numbers mean", stacks=620,
        )  # fmt: skip


def _period(today: str) -> tuple[str, str] | None:
    """First and last day asked for; None while only one is chosen. Never after today."""
    months = show.months(today)
    names = {each: period_name(*f.period(each)) + (", so far" if each == months[0] else "") for each in months}
    asked = st.selectbox(
        "Period", [*months, OTHER], index=1, format_func=lambda each: names.get(each, "Other days"), key="of",
        bind="query-params", label_visibility="collapsed", width=190,
    )  # fmt: skip
    if asked != OTHER:
        return f.period(asked or months[1])
    last = date.fromisoformat(today)
    picked = st.date_input(
        "Days", (last - timedelta(days=27), last), max_value=last, min_value=last - timedelta(days=f.LONGEST * 2),
        key="days", format="YYYY-MM-DD", label_visibility="collapsed", width=230,
    )  # fmt: skip
    if not isinstance(picked, tuple) or len(picked) != 2:
        return None
    first = max(picked[0], picked[1] - timedelta(days=f.LONGEST - 1))
    return first.isoformat(), picked[1].isoformat()


def _caption(facts: Facts) -> str:
    first, last = f.previous(facts.first_day, facts.until_day)
    read_at = facts.as_of.astimezone(ZoneInfo(facts.zone))
    so_far = "" if facts.over else f" · not over yet, figures as of {read_at:%H:%M} in {city(facts.zone)}"
    return (
        f"{show.range_words(facts.first_day, facts.until_day)} · compared with {show.range_words(first, last)} · "
        f"whole days in each account's own zone{so_far}"
    )


# ---------------------------------------------------------------- to keep, to mail


def _download(brand: str, period: tuple[str, str], seen: data_measures.Version, facts: Facts) -> None:
    with st.popover("Download", icon=":material/download:", on_change="rerun", key="download") as menu:
        if not menu.open:
            return
        made = data_measures.written(brand, *period, seen)
        if made is None:
            return
        _files(made.files, f"{facts.first_day}-{facts.last_day}", "file")


def _files(files: Mapping[str, bytes], period: str, key: str) -> None:
    """A button for each file, those people look for first."""
    ordered = [*(name for name in FILES if name in files), *(name for name in files if name not in FILES)]
    for name in sorted(ordered, key=lambda each: each in FACTS):
        label, kind = {**FILES, **FACTS}.get(
            name, (f"Numbers, {theme.platform_name(name.removesuffix('.csv'))}", "text/csv")
        )  # fmt: skip
        st.download_button(
            label, files[name], f"{period}-{name}", kind, key=f"{key}-{name}", type="tertiary",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip


def _mail_button(person: Person, brand: str, period: tuple[str, str]) -> None:
    if not data_measures.can_mail():
        st.button("Mail to …", icon=":material/mail:", disabled=True, help="No mail is set up, so nothing can be sent.")
    elif st.button("Mail to …", icon=":material/mail:", key="mail", disabled=not may(person, "MailReport")):
        _mail_dialog(person, brand, period, str(uuid4()))  # one id as long as the dialog stands: one mail


@st.dialog("Mail this report", width="small")
@guarded
def _mail_dialog(person: Person, brand: str, period: tuple[str, str], mail_id: str) -> None:
    people = data_measures.addressed(brand)
    if not people:
        sheet([{"t": "empty", "text": "Nobody of this brand has an address on record."}], key="no-address")
        return
    names = {one.id: one_line(f"{one.name} · {one.email}", 120) for one in people}
    with st.form("mail-form", border=False):
        chosen = st.multiselect(
            "To", list(names), default=[person.id] if person.id in names else [], format_func=names.__getitem__,
            placeholder="Choose people",
        )  # fmt: skip
        st.caption("A short mail with the main numbers; the report and its files go with it.")
        asked = st.form_submit_button("Send", type="primary", icon=":material/send:")
    if asked and send(brand, period, mail_id, chosen):
        st.rerun()
    parts.flash()


def send(brand: str, period: tuple[str, str], mail_id: str, chosen: Sequence[str]) -> bool:
    """Mail it to those chosen; whether it went. What came of it is what the next flash says."""
    done = actions.give(commands.MailReport(mail_id, brand, *period, tuple(chosen)))
    return done is not None and done.well


def _left(brand: str, period: tuple[str, str], zone: str) -> None:
    """What was mailed of this period, and every report that was kept, to download."""
    now, kept = data.now(), data_measures.kept(brand)
    mailed = show.mailed_rows(data_measures.mailings(brand, *period), zone, now, data.name_of)
    with st.container(border=True):
        st.markdown("##### Mailed")
        table(
            show.MAILED_COLUMNS, mailed, key="mailed", name="Mails of this report", stacks=520,
            empty="This report was not mailed yet.",
        )  # fmt: skip
        st.markdown("##### Kept reports")
        picked = table(
            show.KEPT_COLUMNS, show.kept_rows(kept, zone, now), key="kept", name="Kept reports", picks="Show the files",
            empty="None yet. A month's report is kept, just as it is mailed, once it is over and has a recommendation.",
        )  # fmt: skip
        if picked:
            st.session_state[_OPENED] = (brand, picked)
        opened = st.session_state.get(_OPENED)
        for one in kept:
            if opened == (brand, f"{one.first_day}..{one.last_day}"):
                _kept_files(one)
        st.caption(f"Kept reports never change; the page above counts what was corrected since. {city(zone)} time")


def _kept_files(kept: KeptReport) -> None:
    name = period_name(kept.first_day, kept.last_day)
    try:
        files = data_measures.kept_files(kept)
    except Unknown as error:
        sheet([{"t": "note", "tone": "red", "text": one_line(str(error), 300)}], key="kept-gone")
        return
    st.caption(f"{name} · SHA-256 {kept.digest}")
    with st.container(horizontal=True, gap="xsmall"):
        _files(files, f"{kept.first_day}-{kept.last_day}", f"kept-{kept.first_day}")


# ---------------------------------------------------------------- to read


def _advice(found: Drawn) -> None:
    with st.container(border=True):
        st.markdown("##### What to do")
        if found.advised:
            table(show.ADVICE_COLUMNS, found.advised, key="advice", name="What to do", stacks=620)
        else:
            st.caption("Nothing can be recommended from this period, for these reasons:")
        if found.refused:
            table(show.NO_ADVICE_COLUMNS, found.refused, key="no-advice", name="Looked for, and not found")


def _recommended(found: Drawn) -> None:
    """Recommendations of the period's months and some before, and, without one, what a month's report lacks."""
    with st.container(border=True):
        st.markdown("##### Recommendations")
        if lacks := lacking(found.facts):
            sheet([{"t": "note", "tone": "amber", "text": lacks}], key="lacks")
        rows = [show.recommended_row(one, data.name_of) for one in found.facts.recommendations]
        leads = "recommendations" in st.session_state.get("herald.pages", {})
        picked = table(
            show.RECOMMENDED_COLUMNS, rows, key="recommended", name="Recommendations, their state and effect",
            picks="Open" if leads else "", empty="Nothing was recommended on this period yet.", stacks=620,
        )  # fmt: skip
    if picked and leads:
        page = st.session_state["herald.pages"]["recommendations"]
        st.switch_page(page, query_params={"recommendation": picked})


def _scores(found: Drawn) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown("##### Numbers", width="content")
            scope = st.segmented_control(
                "Platform", list(found.scores), default=ALL, required=True, key="scope", bind="query-params",
                format_func=lambda each: "All" if each == ALL else theme.platform_name(each),
                label_visibility="collapsed", wrap=True,
            )  # fmt: skip
        rows = found.scores.get(scope or ALL, found.scores[ALL])
        table(show.SCORE_COLUMNS, rows, key="scores", name="Numbers of the period", stacks=520)


def _charts(found: Drawn) -> None:
    one, two = st.columns([0.66, 0.34], gap="small")
    with one, st.container(border=True, height="stretch"):
        told = [show.late_words(found.facts, found.reach), show.untold(found.facts, found.reach, "no reach by day")]
        drawn = charts.lines(found.reach, found.facts.days, "count") if found.reach else None
        head = Head("Daily reach by platform", more="Table" if drawn else "")
        if figure(
            drawn, head, key="report-reach", said=found.reach_alt, empty="No daily reach was told in this period.",
            note=" ".join(each for each in told if each) or "A gap is a day that was not told.",
        ):  # fmt: skip
            content = show.series_sheet(found.reach, found.facts.days, "day")
            number_table(head.title, "report-reach", content, found.reach_alt)
    with two, st.container(border=True, height="stretch"):
        said = show.bars_alt(found.bars)
        drawn = charts.rates(found.bars) if any(bar.value is not None for bar in found.bars) else None
        head = Head("Engagement rate by reach", more="Table" if found.bars else "")
        if figure(
            drawn, head, key="report-rates", said=said, empty="No post of this period has both reach and engagements.",
            note="Bar: this period · tick: the period before" if drawn else "",
        ):  # fmt: skip
            number_table(head.title, "report-rates", show.bars_sheet(found.bars), said, ratios=True)


def _posts(found: Drawn) -> None:
    best = show.best_alt(show.cells(found.facts)).removesuffix(".")
    leads = "calendar" in st.session_state.get("herald.pages", {})
    with st.container(border=True):
        st.markdown("##### Top posts")
        picked = table(
            show.POST_COLUMNS, found.posts, key="report-posts", name="Posts by engagement rate, best first",
            picks="Open the post" if leads else "", empty="No post of this period has both reach and engagements.",
        )  # fmt: skip
        st.caption(f"{best} · {city(found.facts.zone)} time")
    if picked and leads:
        page = st.session_state["herald.pages"]["calendar"]
        st.switch_page(page, query_params={"post": picked.partition("|")[0]})
