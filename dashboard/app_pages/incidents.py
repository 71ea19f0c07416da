"""Incidents: what may damage the brand, how grave it is, the steps that are taken, and what was learned of it."""

from __future__ import annotations

import streamlit as st

from dashboard import actions_incidents, data, data_incidents, parts, present_incidents, who
from dashboard.app_pages.breaches import _month_words, _months
from dashboard.components import sheet, work_list
from dashboard.failures import guarded
from herald.flows import commands
from herald.govern import authority, crisis
from herald.model import Person, Role
from herald.model.incidents import Gravity, Incident, IncidentState, Scope
from herald.model.notices import about

SEES = frozenset(Role) - {Role.ENGINEER}
VIEWS = {"open": "Open", "closed": "Closed"}


@guarded
def render() -> None:
    """The page."""
    person = who.current_person()
    if person is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width="stretch", gap="xxsmall"):
            st.title("Incidents", anchor=False)
            st.caption("What may damage the brand, found or reported · times in UTC")
        brand = parts.brand_of(person, "brand")
        may = brand is not None and authority.may(person, "RaiseIncident")
        asked = may and st.button("Raise an incident", icon=":material/campaign:", type="primary")
    if brand is None:
        return
    if asked:
        _raise_dialog(brand)
    view = st.segmented_control(
        "View", list(VIEWS), format_func=VIEWS.__getitem__, default="open", required=True, key="view",
        bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    chosen = st.query_params.get("incident", "")[:120]
    if not chosen:
        parts.flash()
        _list(brand, view or "open", "")
        return
    left, right = st.columns([0.42, 0.58], gap="medium")
    with left:
        _list(brand, view or "open", chosen)
    with right, st.container(border=True, key="detail"):
        _detail(person, brand, chosen)


def _list(brand: str, view: str, chosen: str) -> None:
    now = data.now()
    if view == "closed":
        months = _months(now.date())
        month = st.selectbox("Raised in", months, format_func=_month_words, key="month", width=200) or months[0]
        found = data_incidents.closed_of(brand, month)
        empty = (f"Nothing raised in {_month_words(month)} is closed", "What is still open is under Open.")
    else:
        found = data_incidents.open_of(brand)
        empty = ("No incident is open", "The detector looks each minute; whoever sees a sign first raises one above.")
        st.caption(present_incidents.seen_words(data_incidents.today(brand)))
    rows = [present_incidents.row(each, _level(each), now=now) for each in found]
    picked = work_list(
        present_incidents.COLUMNS, rows, key=f"incidents-{view}", name="Incidents", selected=chosen, empty=empty,
        scrolls=bool(chosen),
    )  # fmt: skip
    if picked is not None and picked != chosen:
        _open(picked)


def _level(incident: Incident) -> crisis.Level | None:
    return crisis.levels()[incident.level] if incident.gravity else None


def _open(incident_id: str) -> None:
    if incident_id:
        st.query_params["incident"] = incident_id
    else:
        st.query_params.pop("incident", None)
    st.rerun()


# ---------------------------------------------------------------- one incident


def _detail(person: Person, brand: str, incident_id: str) -> None:
    incident = data_incidents.incident(incident_id, brand)
    if incident is None:
        parts.nothing("There is no such incident. Choose one from the list.")
        return
    if st.button("Back to all", key="back", icon=":material/arrow_back:", type="tertiary"):
        _open("")
    parts.flash()
    _acting(person, incident)
    told = present_incidents.blocks(
        incident, _level(incident), data_incidents.messages(incident.samples), name=data.name_of, now=data.now(),
        told=data.notices(incident.brand, about("incident", incident.id)),
    )  # fmt: skip
    sheet(told, key=f"incident-{incident.id}-{incident.version}")


def _acting(person: Person, incident: Incident) -> None:
    if incident.state is IncidentState.CLOSED:
        return
    with st.container(horizontal=True, gap="small"):
        first = incident.state is IncidentState.RAISED
        if authority.may(person, "AssessIncident"):
            label = "Say how grave it is" if first else "Judge anew"
            if st.button(label, key="assess", type="primary" if first else "secondary"):
                _assess_dialog(incident)
        level = _level(incident)
        if level is None:
            return
        taken = {each.step for each in incident.taken}
        left = [step for step in level.steps if step.id not in taken]
        if left and authority.may(person, "TakeIncidentStep"):
            step = left[0]
            st.button(
                f"Done: {step.text[:60]}{'…' if len(step.text) > 60 else ''}", key=f"step-{step.id}", type="primary",
                icon=":material/check:", on_click=actions_incidents.take,
                args=(incident.id, incident.brand, step.id, incident.version),
            )  # fmt: skip
        elif not left and authority.may(person, "CloseIncident") and st.button("Close", key="close", type="primary"):
            _close_dialog(incident)


@st.dialog("How grave is it?", width="small")
def _assess_dialog(incident: Incident) -> None:
    _assess(incident)


@guarded
def _assess(incident: Incident) -> None:
    gravity = st.segmented_control(
        "Gravity", list(Gravity), format_func=present_incidents.GRAVITIES.__getitem__, required=True,
        default=incident.gravity or Gravity.SERIOUS, key="gravity",
    )  # fmt: skip
    scope = st.segmented_control(
        "Reach", list(Scope), format_func=present_incidents.SCOPES.__getitem__, required=True,
        default=incident.scope or Scope.LOCAL, key="scope",
    )  # fmt: skip
    if gravity and scope:
        level = crisis.levels()[crisis.level_of(Gravity(gravity), Scope(scope))]
        st.caption(f"Level {level.number}, {level.name.lower()}: {len(level.steps)} steps.")
    if st.button("Save", type="primary", key="assess-save"):
        _finish(commands.AssessIncident(incident.id, incident.brand, str(gravity), str(scope), incident.version))


@st.dialog("Close with its review", width="medium")
def _close_dialog(incident: Incident) -> None:
    _close(incident)


@guarded
def _close(incident: Incident) -> None:
    with st.form("close-incident", border=False):
        cause = st.text_area("What caused it", max_chars=1_000, height=80)
        done = st.text_area("What was done", max_chars=1_000, height=80)
        lessons = st.text_area("What was learned", max_chars=1_000, height=80)
        follow_up = st.text_area("What changes, who does it and by when", max_chars=500, height=80)
        sent = st.form_submit_button("Close", type="primary", shortcut="Ctrl+Enter")
    if sent:
        _finish(
            commands.CloseIncident(
                incident.id, incident.brand, cause or "", done or "", lessons or "", follow_up or "", incident.version
            )
        )


@st.dialog("Raise an incident", width="medium")
def _raise_dialog(brand: str) -> None:
    _raise(brand)


@guarded
def _raise(brand: str) -> None:
    with st.form("raise-incident", border=False):
        cause = st.text_area("What happens, and how do you know", max_chars=1_000, height=110)
        samples = st.text_input("Messages that show it", placeholder="Their ids, separated by spaces; may stay empty")
        sent = st.form_submit_button("Raise it", type="primary", shortcut="Ctrl+Enter")
    if sent:
        name = st.session_state.setdefault("incident.id", actions_incidents.new_id())
        if _finish(commands.RaiseIncident(name, brand, cause or "", tuple((samples or "").split())), again=False):
            st.session_state.pop("incident.id", None)
            st.query_params["incident"] = name
            st.rerun()


def _finish(command: commands.Command, *, again: bool = True) -> bool:
    """Give the command from within a dialog: close it when it was carried out, else say there what is missing."""
    done = actions_incidents.give(command)
    if done and again:
        st.rerun()
    if not done:
        parts.flash()
    return done is not None
