"""Policies: the clauses in force, to be read; acknowledging some is what lets a person act."""

from __future__ import annotations

import streamlit as st

from dashboard import actions, data, parts, present, who
from dashboard.components import sheet
from dashboard.failures import guarded
from dashboard.text import LONG, SHORT, one_line, safe_text
from herald.model import Person, Policy

DEEDS = {
    "Reply": "answer customers", "Hide": "hide messages", "Unhide": "show hidden messages again", "Claim": "claim cases",
    "Resolve": "resolve cases", "Overrule": "overrule decisions",
}  # fmt: skip


@guarded
def render() -> None:
    """The page."""
    person = who.current_person()
    if person is None:
        return
    st.title("Policies", anchor=False)
    st.caption("The written rules that decisions cite, in the version now in force")
    parts.flash()
    policies = data.policies()
    if not policies:
        parts.empty("There are no policies yet.", "Without one, nothing can be hidden, answered or resolved.")
        return
    titles = {policy.id: one_line(f"{policy.title}", 80) for policy in policies}
    waiting = {policy.id for policy in policies if policy.gates and data.acknowledgement(person.id, policy) is None}
    chosen = policies[0].id
    if len(policies) > 1:
        chosen = st.selectbox(
            "Policy", list(titles), key="policy", bind="query-params", label_visibility="collapsed", width=420,
            format_func=lambda each: titles.get(each, "") + (" · to acknowledge" if each in waiting else ""),
        )  # fmt: skip
    _policy(person, next(policy for policy in policies if policy.id == chosen))


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
        {"t": "policy", "number": one_line(c.number, 12), "title": one_line(c.title, SHORT), "text": safe_text(c.text, LONG * 2)}
        for c in policy.clauses
    ]
    with st.container(border=True):
        sheet([{"t": "title", "text": one_line(policy.title, 120)}, {"t": "facts", "rows": facts}], key=f"head-{policy.id}")
        if policy.gates and given is None:
            st.button(
                "I have read it and will act by it", type="primary", key=f"ack-{policy.id}-{policy.version}",
                on_click=actions.acknowledge, args=(policy.id, policy.version), icon=":material/check:",
            )  # fmt: skip
        sheet(clauses, key=f"clauses-{policy.id}")
