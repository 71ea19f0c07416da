"""Breaches: what was done against a clause, who is asked to take it on, how it climbs, and what came of it."""

from __future__ import annotations

from datetime import date

import streamlit as st

from dashboard import actions_govern, data, data_govern, parts, present_govern, present_notices, theme, who
from dashboard.components import sheet, work_list
from dashboard.failures import guarded
from dashboard.text import one_line
from herald.flows import commands
from herald.govern import authority
from herald.govern.escalation import LONGEST, MOST_STEPS
from herald.model import Breach, BreachKind, BreachState, EscalationPath, EscalationStep, Person, Role
from herald.model.notices import about

SEES = frozenset(Role)
VIEWS = {"open": "Open", "closed": "Closed", "paths": "Escalation"}


@guarded
def render() -> None:
    """The page."""
    person = who.current_person()
    if person is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width="stretch", gap="xxsmall"):
            st.title("Breaches", anchor=False)
            st.caption("Breaches of policy by staff or customers, and who is asked to deal with them · times in UTC")
        brand = parts.brand_of(person, "brand")
        may = brand is not None and authority.may(person, "RecordBreach")
        asked = may and st.button("Record a breach", icon=":material/add:", type="primary")
    if asked and brand is not None:
        _record_dialog(brand)
    if brand is None:
        return
    view = st.segmented_control(
        "View", list(VIEWS), format_func=VIEWS.__getitem__, default="open", required=True, key="view",
        bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    if view == "paths":
        parts.flash()
        _paths(person, brand)
        return
    chosen = st.query_params.get("breach", "")
    if not chosen:
        parts.flash()
        _list(person, brand, view or "open", "")
        return
    left, right = st.columns([0.42, 0.58], gap="medium")
    with left:
        _list(person, brand, view or "open", chosen)
    with right, st.container(border=True, key="detail"):
        _detail(person, brand, chosen)


# ---------------------------------------------------------------- lists


def _list(person: Person, brand: str, view: str, chosen: str) -> None:
    now = data.now()
    month = f"{now:%Y-%m}"
    if view == "closed":
        months = _months(now.date())
        month = st.selectbox("Recorded in", months, format_func=_month_words, key="month", width=200) or month
    found = data_govern.closed_breaches(brand, month) if view == "closed" else data_govern.open_breaches(brand)
    seen = [one for one in found if data_govern.may_see(one, person)]
    name = data_govern.names(seen)
    rows = [present_govern.breach_row(one, name=name, now=now) for one in seen]
    empty = (
        (f"Nothing recorded in {_month_words(month)} is closed", "What is still open is under Open.")
        if view == "closed"
        else ("No breach is open", "What somebody does against a clause is recorded by the button above.")
    )
    picked = work_list(
        present_govern.BREACH_COLUMNS, rows, key=f"breaches-{view}", name="Breaches", selected=chosen, empty=empty,
        scrolls=bool(chosen),
    )  # fmt: skip
    if picked is not None and picked != chosen:
        _open(picked)


def _months(today: date) -> list[str]:
    """This month and the eleven before it."""
    months, year, month = list[str](), today.year, today.month
    for _ in range(12):
        months.append(f"{year}-{month:02d}")
        year, month = (year - 1, 12) if month == 1 else (year, month - 1)
    return months


def _month_words(month: str) -> str:
    return f"{date.fromisoformat(f'{month}-01'):%B %Y}"


def _open(breach_id: str) -> None:
    if breach_id:
        st.query_params["breach"] = breach_id
    else:
        st.query_params.pop("breach", None)
    st.rerun()


# ---------------------------------------------------------------- one breach


def _detail(person: Person, brand: str, breach_id: str) -> None:
    breach = data_govern.breach(breach_id, brand)
    if breach is None or not data_govern.may_see(breach, person):
        parts.nothing("There is no such breach among those you may see. Choose one from the list.")
        return
    if st.button("Back to all", key="back", icon=":material/arrow_back:", type="tertiary"):
        _open("")
    parts.flash()
    policy = data.policy(breach.clause.policy, breach.clause.version)
    watch = data_govern.standing(breach) if breach.state is BreachState.OPEN else None
    blocks = present_govern.breach_blocks(breach, watch, policy, name=data_govern.names([breach]), now=data.now())
    told = data.notices(brand, about("breach", breach.id))
    blocks += present_notices.blocks(told, name=data.name_of, now=data.now())
    _acting(person, breach)
    sheet(blocks, key=f"breach-{breach.id}-{breach.version}")


def _acting(person: Person, breach: Breach) -> None:
    if breach.state is BreachState.CLOSED or not data_govern.may_take(breach, person):
        return
    if breach.state is BreachState.OPEN:
        st.button(
            "Take it on", type="primary", key=f"take-{breach.id}", icon=":material/check:",
            on_click=actions_govern.take_on, args=(breach.brand, breach.id, breach.version),
        )  # fmt: skip
    elif authority.may(person, "CloseBreach") and st.button("Close", type="primary", key=f"close-{breach.id}"):
        _close_dialog(breach)


@st.dialog("Close this breach", width="small")
def _close_dialog(breach: Breach) -> None:
    _close(breach)


@guarded
def _close(breach: Breach) -> None:
    with st.form("close-breach", border=False):
        outcome = st.text_area("What came of it", max_chars=500, height=110)
        sent = st.form_submit_button("Close", type="primary", shortcut="Ctrl+Enter")
    if sent:
        _finish(commands.CloseBreach(breach.brand, breach.id, outcome or "", breach.version))


@st.dialog("Record a breach", width="medium")
def _record_dialog(brand: str) -> None:
    _record(brand)


@guarded
def _record(brand: str) -> None:
    kind = st.segmented_control(
        "By", list(BreachKind), format_func=present_govern.KINDS.__getitem__, default=BreachKind.CUSTOMER, required=True
    )  # fmt: skip
    shown = parts.clauses(data.policies())
    with st.form("record-breach", border=False):
        if kind is BreachKind.STAFF:
            staff = {one.id: one_line(one.name, 60) for one in data.people().values() if brand in one.brands}
            about = st.selectbox("Who", list(staff), index=None, format_func=staff.__getitem__, placeholder="Choose")
        else:
            about = st.text_input("Who", max_chars=120, placeholder="Their name there; may be empty with a message")
        clause = st.selectbox(
            "Against which clause", list(shown), index=None, format_func=shown.__getitem__,
            placeholder="Choose a clause",
        )  # fmt: skip
        words = st.text_area("What happened", max_chars=1000, height=110)
        ref = st.text_input("Message or post it shows in", placeholder="message:facebook_page:… or post:…")
        sent = st.form_submit_button("Record", type="primary", shortcut="Ctrl+Enter")
    if sent:
        name = st.session_state.setdefault("breach.id", actions_govern.new_id())
        if _finish(
            commands.RecordBreach(
                name, brand, str(kind or ""), about or "", clause or "", words or "", (ref or "").strip()
            )
        ):
            st.session_state.pop("breach.id", None)
            st.rerun()


def _finish(command: commands.Command) -> bool:
    """Give the command from within a dialog: close it when it was carried out, else say there what is missing."""
    done = actions_govern.give(command)
    if done and not isinstance(command, commands.RecordBreach):
        st.rerun()
    if not done:
        parts.flash()
    return done is not None


# ---------------------------------------------------------------- paths


def _paths(person: Person, brand: str) -> None:
    for kind, column in zip(BreachKind, st.columns(2, gap="medium"), strict=True):
        path = data_govern.path(brand, kind)
        with column, st.container(border=True):
            sheet(present_govern.path_blocks(path, data_govern.on_now(path), name=data.name_of), key=f"path-{kind}")
            if authority.may(person, "SaveEscalation") and st.button("Change", key=f"change-{kind}"):
                _path_dialog(path)


@st.dialog("Change the path", width="large")
def _path_dialog(path: EscalationPath) -> None:
    _path(path)


@guarded
def _path(path: EscalationPath) -> None:
    count = st.number_input("Steps", 1, MOST_STEPS, len(path.steps), key=f"steps-{path.kind}")
    with st.form("path", border=False):
        steps = tuple(_step(number, path) for number in range(int(count)))
        hours = st.text_input("Hours", path.hours, max_chars=200, help="For example Mon-Fri 09:00-17:00, or 24/7")
        zone = st.text_input("Time zone", path.zone, max_chars=60)
        sent = st.form_submit_button("Save this path", type="primary", shortcut="Ctrl+Enter")
    if sent and actions_govern.give(
        commands.SaveEscalation(path.brand, str(path.kind), steps, hours.strip(), zone.strip(), path.number)
    ):
        st.rerun()
    parts.flash()


def _step(number: int, path: EscalationPath) -> commands.PathStep:
    now = path.steps[number] if number < len(path.steps) else EscalationStep(Role.OWNER, 60)
    active = [one for one in data.people().values() if one.active and path.brand in one.brands]
    people = {one.id: one_line(one.name, 60) for one in active}
    roles, key = list(Role), f"{path.kind}-{number}"
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        role = st.selectbox(
            f"Step {number + 1}", roles, index=roles.index(now.role), format_func=theme.ROLES.__getitem__,
            key=f"role-{key}", width=180,
        )  # fmt: skip
        minutes = st.number_input("Minutes", 1, LONGEST, now.minutes, key=f"minutes-{key}", width=110)
        after = st.selectbox(
            "After hours", ["", *roles], index=roles.index(now.after_hours) + 1 if now.after_hours else 0,
            format_func=lambda one: theme.ROLES[one] if one else "The same", key=f"after-{key}", width=180,
        )  # fmt: skip
        known = ["", *people]
        delegate = st.selectbox(
            "Stands in", known, index=known.index(now.delegate) if now.delegate in people else 0,
            format_func=lambda one: people.get(one, "Nobody"), key=f"delegate-{key}", width=170,
        )  # fmt: skip
        until = st.date_input("Through", now.delegate_until, key=f"until-{key}", width=140)
    day = until.isoformat() if isinstance(until, date) and delegate else ""
    return commands.PathStep(str(role), int(minutes), delegate or "", day, str(after or ""))
