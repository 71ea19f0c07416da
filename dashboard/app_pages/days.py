"""Days and files of the calendar: what stands beside the posts, files in and out, what is checked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import actions_posts, data, data_posts, parts, who
from dashboard.components import sheet
from dashboard.components.table import table
from dashboard.failures import guarded
from dashboard.text import one_line, safe_text
from herald.errors import BadPayload, Refused, TooLarge
from herald.flows import calendar_files, commands
from herald.govern import authority
from herald.model import DayKind, DayMark, Person
from herald.model.govern import main_zone
from herald.publish import calendar_csv, writing

VIEWS: Final = {"days": "Days", "files": "Import and export", "checks": "Checks"}
AHEAD: Final = 400  # days that the list looks ahead
COLUMNS: Final = (
    {"id": "when", "label": "When", "width": 170},
    {"id": "title", "label": "What", "width": 0, "wraps": True},
    {"id": "kind", "label": "Kind", "width": 110},
    {"id": "owner", "label": "Answers for it", "width": 140, "from": 620},
    {"id": "start", "label": "Begin by", "width": 120, "from": 520},
)
ROWS: Final = (
    {"id": "row", "label": "Row", "n": True, "width": 60},
    {"id": "what", "label": "Would be", "width": 100},
    {"id": "title", "label": "Title", "width": 0, "wraps": True},
    {"id": "where", "label": "Where", "width": 220, "from": 620},
    {"id": "when", "label": "When", "width": 220, "from": 520},
)
PROBLEMS: Final = (
    {"id": "row", "label": "Row", "n": True, "width": 60},
    {"id": "field", "label": "Column", "width": 110},
    {"id": "words", "label": "What to do", "width": 0, "wraps": True},
)
MOST_SHOWN: Final = 200


@guarded
def render(person: Person, brand: str, asked: str, *, close: Callable[[], None]) -> None:
    """The view of the calendar behind "Days and files"; `asked`: one of VIEWS, or the id of a day to open."""
    st.button("Calendar", icon=":material/arrow_back:", key="days-back", on_click=close, type="tertiary")
    st.title("Days and files", anchor=False)
    start = asked if asked in VIEWS else "days"
    view = st.segmented_control(
        "View",
        list(VIEWS),
        format_func=VIEWS.__getitem__,
        default=start,
        required=True,
        key="days-view",
        label_visibility="collapsed",
    )
    parts.flash()
    if view == "files":
        _files(person, brand)
    elif view == "checks":
        _checks(person, brand)
    else:
        _days(person, brand, asked if asked not in VIEWS else "")


def _zone(brand: str) -> str:
    return main_zone(data.accounts_of(brand))


def _today(brand: str) -> date:
    return data.now().astimezone(ZoneInfo(_zone(brand))).date()


# ---------------------------------------------------------------- days


def _days(person: Person, brand: str, opened: str) -> None:
    today = _today(brand)
    marks = data_posts.days(brand, today - timedelta(days=31), today + timedelta(days=AHEAD))
    ordered = sorted(marks, key=lambda mark: (mark.first_day, mark.title))
    may = authority.may(person, "SaveDay")
    if may and st.button("New day", icon=":material/add:", type="primary", key="new-day"):
        _day_dialog(brand, None)
    rows = [day_row(mark, today) for mark in ordered]
    picked = table(
        COLUMNS,
        rows,
        key="days-table",
        name="Days of the calendar",
        picks="Open" if may else "",
        stacks=460,
        empty="Nothing stands beside the posts yet. Add an event, a promotion or a holiday, or import them.",
    )
    st.caption("From a month ago to a year ahead. A day whose work should have begun says so.")
    chosen = {mark.id: mark for mark in ordered}
    first = opened if opened in chosen and st.session_state.get("day.opened") != opened else ""
    if may and (picked in chosen or first):
        st.session_state["day.opened"] = first or picked
        _day_dialog(brand, chosen[picked if picked in chosen else first])


def _short(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def day_row(mark: DayMark, today: date) -> dict[str, Any]:
    """One day as a row: late when its work should have begun and it is not done."""
    until = f" to {_short(mark.last_day)}" if mark.last_day != mark.first_day else ""
    at = f", {mark.local_time} {mark.zone}" if mark.local_time else ""
    begin = mark.first_day - timedelta(days=mark.lead_days)
    late = mark.lead_days > 0 and begin <= today <= mark.last_day and not mark.done
    start: Any = {"due": _short(begin), "tone": "red" if late else ""} if mark.lead_days else ""
    return {
        "id": mark.id,
        "cells": {
            "when": f"{_short(mark.first_day)}{until}{one_line(at, 60)}",
            "title": {"strong": one_line(mark.title, 120), "sub": one_line(mark.note, 160)},
            "kind": {"pill": ["Reached" if mark.done else KINDS[mark.kind], "green" if mark.done else ""]},
            "owner": one_line(data.name_of(mark.owner), 60) if mark.owner else "",
            "start": start,
        },
    }


KINDS: Final = {
    DayKind.EVENT: "Event",
    DayKind.PROMOTION: "Promotion",
    DayKind.MILESTONE: "Milestone",
    DayKind.HOLIDAY: "Holiday",
    DayKind.KEY_DATE: "Key date",
}


@st.dialog("A day of the calendar", width="medium")
def _day_dialog(brand: str, mark: DayMark | None) -> None:
    _day(brand, mark)


@guarded
def _day(brand: str, mark: DayMark | None) -> None:
    today, key = _today(brand), mark.id if mark else "new"
    people = {"": "Nobody", **{one.id: one_line(one.name, 60) for one in data.people().values() if brand in one.brands}}
    kinds = list(DayKind)
    with st.form(f"day-{key}", border=False):
        title = st.text_input("What", mark.title if mark else "", max_chars=120)
        kind = st.selectbox("Kind", kinds, index=kinds.index(mark.kind) if mark else 0, format_func=KINDS.__getitem__)
        one, two, three = st.columns(3)
        first = one.date_input("First day", mark.first_day if mark else today)
        last = two.date_input("Last day", mark.last_day if mark else today)
        clock = three.time_input("Time, if it has one", _clock(mark), step=900)
        owner = st.selectbox(
            "Answers for it",
            list(people),
            index=list(people).index(mark.owner) if mark and mark.owner in people else 0,
            format_func=people.__getitem__,
        )
        lead = st.number_input("Days before it that work must begin", 0, 366, mark.lead_days if mark else 0)
        note = st.text_area("Note", mark.note if mark else "", max_chars=2_000, height=80)
        done = st.checkbox("Reached", mark.done) if mark and mark.kind is DayKind.MILESTONE else False
        sent = st.form_submit_button("Save", type="primary", shortcut="Ctrl+Enter")
    if sent:
        day_id = mark.id if mark else st.session_state.setdefault("day.id", actions_posts.new_id())
        at, zone = (f"{clock:%H:%M}", mark.zone if mark and mark.zone else _zone(brand)) if clock else ("", "")
        command = commands.SaveDay(
            day_id,
            brand,
            str(kind),
            title,
            f"{first:%Y-%m-%d}" if first else "",
            f"{last:%Y-%m-%d}" if last else "",
            mark.version if mark else 0,
            at,
            zone,
            owner or "",
            int(lead),
            note,
            done,
        )
        if actions_posts.give(command):
            st.session_state.pop("day.id", None)
            st.rerun()
        parts.flash()
    if mark and st.button("Remove from the calendar", key=f"remove-{mark.id}", type="tertiary"):
        if actions_posts.give(commands.RemoveDay(brand, mark.id, mark.version)):
            st.rerun()
        parts.flash()


def _clock(mark: DayMark | None) -> time | None:
    return time.fromisoformat(mark.local_time) if mark and mark.local_time else None


# ---------------------------------------------------------------- files


def _files(person: Person, brand: str) -> None:
    out, into = st.columns(2, gap="medium")
    with out, st.container(border=True):
        _export(brand)
    with into, st.container(border=True):
        if authority.may(person, "ImportCalendar"):
            _import(brand)
        else:
            st.caption("You may export here; importing is for those who plan.")


def _export(brand: str) -> None:
    today = _today(brand)
    st.subheader("Export", anchor=False)
    first = st.date_input("From", today.replace(day=1), key="export-first")
    last = st.date_input("Through", today + timedelta(days=60), key="export-last")
    if not (
        isinstance(first, date) and isinstance(last, date) and timedelta() <= last - first <= timedelta(days=AHEAD)
    ):
        st.caption(f"Choose days in their order, {AHEAD} at the most.")
        return
    if st.button("Prepare the files", key="export-make"):
        st.session_state["export.made"] = (brand, first, last)
    if st.session_state.get("export.made") != (brand, first, last):
        st.caption("Posts with every variant, and days. What was cancelled is left out.")
        return
    rows = calendar_files.entries(brand, first, last, data.herald())
    name = f"calendar-{brand}-{first}-{last}"
    st.download_button(
        "CSV",
        calendar_csv.write(rows),
        f"{name}.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="export-csv",
    )
    from herald.publish import calendar_ics  # noqa: PLC0415  its library takes a while, and few ask for a file

    st.download_button(
        "iCalendar",
        calendar_ics.write(rows, data.now()),
        f"{name}.ics",
        "text/calendar",
        icon=":material/download:",
        on_click="ignore",
        key="export-ics",
    )
    st.caption(f"{len(rows)} rows.")


def _import(brand: str) -> None:
    st.subheader("Import", anchor=False)
    turn = st.session_state.setdefault("import.turn", 0)
    uploaded = st.file_uploader("CSV or iCalendar", type=["csv", "ics"], key=f"import-file-{turn}", max_upload_size=8)
    if uploaded is None:
        st.caption(
            "Nothing is written before you have seen what it would do. Posts come in as drafts; a file never cancels "
            "anything, and the same file again changes nothing."
        )
        return
    try:
        read = _read(uploaded.name, uploaded.getvalue(), _zone(brand))
        looked = calendar_files.look(read, brand, data.herald(), data.now())
    except (BadPayload, TooLarge) as error:
        sheet([{"t": "note", "tone": "red", "text": safe_text(str(error), 400)}], key="import-bad")
        return
    counts = {what: looked.count(what) for what in (calendar_files.NEW, calendar_files.CHANGED, calendar_files.SAME)}
    told = f"{counts['new']} new, {counts['changed']} changed, {counts['same']} as they are, "
    sheet([{"t": "title", "text": f"{told}{len(looked.problems)} with a problem"}], key="import-told")
    writes = len(looked.drafts) + len(looked.days)
    if st.button(
        f"Write {writes} of it" if looked.problems else "Write it", type="primary", key="import-go", disabled=not writes
    ):
        _write(looked)
    if looked.problems:
        shown = [
            {
                "id": "",
                "cells": {"row": str(each.row), "field": one_line(each.field, 40), "words": one_line(each.words, 400)},
            }
            for each in looked.problems[:MOST_SHOWN]
        ]
        table(PROBLEMS, shown, key="import-problems", name="Rows with a problem", tall=320)
    rows = [
        {
            "id": "",
            "cells": {
                "row": str(row.number),
                "what": row.what,
                "title": one_line(row.title, 120),
                "where": one_line(row.where, 80),
                "when": one_line(row.when, 80),
            },
        }
        for row in looked.rows[:MOST_SHOWN]
    ]
    table(ROWS, rows, key="import-rows", name="What it would do", tall=320)
    if max(len(looked.rows), len(looked.problems)) > MOST_SHOWN:
        st.caption(f"The first {MOST_SHOWN} are shown.")


def _read(name: str, content: bytes, zone: str) -> calendar_csv.FileRows:
    if name.lower().endswith(".ics"):
        from herald.publish import calendar_ics  # noqa: PLC0415

        return calendar_ics.read(content, zone)
    return calendar_csv.read(content)


def _write(looked: calendar_files.Looked) -> None:
    person = who.current_person()
    if person is None:
        actions_posts.say("red", "You are not signed in any more. Sign in again; nothing was written.")
        st.rerun()
        return
    try:
        done = calendar_files.give(looked, by=person.id, within=person.roles, herald=data.herald(), now=data.now())
    except Refused as refused:
        actions_posts.say("red", str(refused))
        st.rerun()
    finally:
        data_posts.forget()
    left = f" {len(done.problems)} rows were left out." if done.problems else ""
    actions_posts.say(
        "green" if not done.problems else "orange", f"{done.posts} posts and {done.days} days written.{left}"
    )
    st.session_state["import.turn"] += 1
    st.rerun()


# ---------------------------------------------------------------- checks


def _checks(person: Person, brand: str) -> None:
    policy = data_posts.checks_of(brand)
    may = authority.may(person, "SaveChecks")
    version = (
        f"Version {policy.number}, saved by {one_line(data.name_of(policy.by), 60)}" if policy.number else "As shipped"
    )
    told = f"{version}. A rule that stops keeps a post back until it is mended, or someone else lets it pass."
    sheet([{"t": "note", "text": told}], key="checks-version")
    shown = parts.clauses(data.policies())
    with st.form(f"checks-{policy.number}", border=True):
        how, clauses = {}, {}
        for name, rule in writing.RULES.items():
            ways = ["advises", "off"] if name in writing.ADVICE else ["stops", "advises", "off"]
            now = "off" if name in policy.off else "stops" if name in policy.blocking else "advises"
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                with st.container(width="stretch"):
                    sheet([{"t": "facts", "rows": [{"k": rule.title, "v": rule.basis}]}], key=f"rule-{name}")
                how[name] = st.selectbox(
                    rule.title,
                    ways,
                    index=ways.index(now),
                    key=f"how-{name}-{policy.number}",
                    width=120,
                    label_visibility="collapsed",
                    disabled=not may,
                )
                known = ["", *shown]
                held = next((one for one in known if one == policy.clauses.get(name, "")), "")
                clauses[name] = st.selectbox(
                    f"Clause of {rule.title}",
                    known,
                    index=known.index(held),
                    key=f"clause-{name}-{policy.number}",
                    width=240,
                    format_func=lambda one: shown.get(one, "No clause of ours"),
                    label_visibility="collapsed",
                    disabled=not may,
                )
        lists = {
            name: st.text_area(
                label, "\n".join(getattr(policy, name)), height=90, disabled=not may, help="One on each line"
            )
            for name, label in (
                ("brand_words", "Words of ours, spelled right as they are"),
                ("banned", "Banned words"),
                ("competitors", "Competitors"),
                ("own_contacts", "Our own addresses and numbers"),
            )
        }
        sent = st.form_submit_button("Save as a new version", type="primary", disabled=not may)
    if sent:
        command = commands.SaveChecks(
            brand,
            policy.number,
            tuple(name for name, way in how.items() if way == "stops"),
            tuple(name for name, way in how.items() if way == "off"),
            **{name: tuple(text.splitlines()) for name, text in lists.items()},
            clauses=tuple((name, clause) for name, clause in clauses.items() if clause),
        )
        actions_posts.give(command)
        st.rerun()
