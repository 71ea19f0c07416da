"""Policies: the clauses in force, to be read; acknowledging some is what lets a person act."""

from __future__ import annotations

import streamlit as st

from dashboard import actions, data, parts, present, who
from dashboard.components import sheet, work_list
from dashboard.failures import guarded
from dashboard.text import LONG, SHORT, one_line, safe_text
from herald.model import Person, Policy

DEEDS = {
    "Reply": "answer customers",
    "Hide": "hide messages",
    "Unhide": "show hidden messages again",
    "Claim": "claim cases",
    "Resolve": "resolve cases",
    "Overrule": "overrule decisions",
}
COLUMNS = (
    {"id": "title", "label": "Policy", "width": 0, "card": "name"},
    {"id": "facts", "label": "", "width": 0, "card": "foot"},
    {"id": "state", "label": "", "width": 130, "card": "top"},
)


@guarded
def render() -> None:
    """The page."""
    person = who.current_person()
    if person is None:
        return
    with st.container(gap="xxsmall"):
        st.title("Policies", anchor=False)
        st.caption("The written rules that decisions cite, in the version now in force")
    policies = data.policies()
    if not policies:
        parts.empty("There are no policies yet.", "Without one, nothing can be hidden, answered or resolved.")
        return
    asked = st.query_params.get("policy", "")
    chosen = next((policy for policy in policies if policy.id == asked), policies[0])
    rows = [{"id": policy.id, "cells": _cells(person, policy)} for policy in policies]
    left, right = st.columns([0.34, 0.66], gap="medium")
    with left:
        picked = work_list(COLUMNS, rows, key="policy-list", name="Policies", selected=chosen.id)
    if picked and picked != chosen.id:
        st.query_params["policy"] = picked
        st.rerun()
    with right, st.container(border=True):
        _policy(person, chosen)


def _cells(person: Person, policy: Policy) -> present.Row:
    state = ["For reading", "gray"]
    if policy.gates:
        given = data.acknowledgement(person.id, policy) is not None
        state = ["Acknowledged", "green"] if given else ["To acknowledge", "orange"]
    clauses = f"{len(policy.clauses)} clauses" if len(policy.clauses) != 1 else "1 clause"
    return {
        "title": {"strong": one_line(policy.title, 80)},
        "facts": {"muted": f"{one_line(policy.id, 20)} · version {policy.version} · {clauses}"},
        "state": {"pill": state},
    }


def _policy(person: Person, policy: Policy) -> None:
    given = data.acknowledgement(person.id, policy)
    gates = [DEEDS.get(gate, gate) for gate in policy.gates]
    facts = [{"k": "Version", "v": f"{policy.version}, in force from {policy.effective_from:%d %b %Y}"}]
    if gates:
        facts.append({"k": "Read it before you", "v": ", ".join(gates)})
    if given:
        at = present.clock(given.at, "UTC", data.now())
        facts.append({"k": "Acknowledged", "v": f"by you, {at} UTC"})
    clauses = [
        {
            "t": "policy",
            "number": one_line(clause.number, 12),
            "title": one_line(clause.title, SHORT),
            "text": safe_text(clause.text, LONG * 2),
        }
        for clause in policy.clauses
    ]
    head: list[present.Block] = [{"t": "title", "text": one_line(policy.title, 120)}, {"t": "facts", "rows": facts}]
    sheet(head, key=f"head-{policy.id}")
    parts.flash()
    sheet(clauses, key=f"clauses-{policy.id}")
    if policy.gates and given is None:
        st.button(
            "I have read it and will act by it", type="primary", key=f"ack-{policy.id}-{policy.version}",
            on_click=actions.acknowledge, args=(policy.id, policy.version), icon=":material/check:",
        )  # fmt: skip
