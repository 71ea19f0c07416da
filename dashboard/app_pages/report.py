"""Report: a month, or any days, as it is written for those who do not come here. To read, to keep, to mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import streamlit as st

from dashboard import charts, data_measures, parts, theme, who
from dashboard import present_measures as show
from dashboard.app_pages.overview import SEES, number_table
from dashboard.components import sheet
from dashboard.components.figure import figure
from dashboard.components.head import Head
from dashboard.components.table import table
from dashboard.failures import guarded
from dashboard.present import city
from dashboard.text import one_line
from herald.errors import PlatformError, Unsupported
from herald.measure import advice
from herald.measure import figures as f
from herald.measure.report import Report, period_name
from herald.measure.scorecard import ALL, Facts, gaps, scorecard
from herald.model import Person

OTHER: Final = "days"
_TOLD: Final = "herald.mailed"
FILES: Final = {
    "report.html": ("The whole report", "text/html"),
    "report.json": ("Everything as JSON", "application/json"),
    "all.csv": ("Numbers, all platforms", "text/csv"),
}


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
        _mail_button(person, brand, period, seen)
    _told()
    _advice(found)
    _scores(found)
    _charts(found)
    _posts(found)
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
    so_far = "" if facts.over else " · not over yet, figures so far"
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
        names = FILES | {
            f"{each}.csv": (f"Numbers, {theme.platform_name(each)}", "text/csv") for each in facts.platforms
        }
        names |= {
            "days.csv": ("Facts by day", "text/csv"), "posts.csv": ("Facts by post", "text/csv"),
            "answers.csv": ("Facts by answer", "text/csv"),
        }  # fmt: skip
        for name, (label, kind) in names.items():
            if name in made.files:
                st.download_button(
                    label, made.files[name], f"{facts.first_day}-{facts.last_day}-{name}", kind, key=f"file-{name}",
                    type="tertiary", icon=":material/download:", on_click="ignore",
                )  # fmt: skip


def _mail_button(person: Person, brand: str, period: tuple[str, str], seen: data_measures.Version) -> None:
    if not data_measures.can_mail():
        st.button("Mail to …", icon=":material/mail:", disabled=True, help="No mail is set up, so nothing can be sent.")
    elif st.button("Mail to …", icon=":material/mail:", key="mail"):
        _mail_dialog(person, brand, period, seen)


@st.dialog("Mail this report", width="small")
@guarded
def _mail_dialog(person: Person, brand: str, period: tuple[str, str], seen: data_measures.Version) -> None:
    people = data_measures.addressed(brand)
    made = data_measures.written(brand, *period, seen)
    if not people or made is None:
        sheet([{"t": "empty", "text": "Nobody of this brand has an address on record."}], key="no-address")
        return
    names = {one.id: one_line(f"{one.name} · {one.email}", 120) for one in people}
    with st.form("mail-form", border=False):
        chosen = st.multiselect(
            "To", list(names), default=[person.id] if person.id in names else [], format_func=names.__getitem__,
            placeholder="Choose people",
        )  # fmt: skip
        st.caption(f"A short mail with the main numbers; {len(made.files)} files go with it.")
        asked = st.form_submit_button("Send", type="primary", icon=":material/send:")
    if asked and _send(brand, made, chosen):
        st.rerun()
    _told()


def _send(brand: str, made: Report, chosen: list[str]) -> bool:
    """Send it to those chosen, as far as they stand on record; whether it went. What came of it is told."""
    asker = who.current_person()
    if asker is None or brand not in asker.brands or not asker.roles & SEES:
        _tell("red", "You may not send reports of this brand. Nothing was sent.")
        return False
    people = [one for one in data_measures.addressed(brand) if one.id in chosen]
    if not people:
        _tell("orange", "Choose at least one person.")
        return False
    try:
        data_measures.mail(made, people)
    except (Unsupported, PlatformError) as error:
        _tell("red", f"Nothing was sent: {error}")
        return False
    _tell("green", f"Sent to {', '.join(one.name for one in people)}.")
    return True


def _tell(tone: str, text: str) -> None:
    st.session_state[_TOLD] = (tone, text)


def _told() -> None:
    """What came of the last mail, once. A refusal may quote outside words, so it is shown as text."""
    tone, text = st.session_state.pop(_TOLD, ("", ""))
    if text:
        sheet([{"t": "note", "tone": tone, "text": one_line(text, 400)}], key="mailed")


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
