"""Policies: the written rules by version, what enforces each clause, who acknowledged them, and the next version."""

from __future__ import annotations

from datetime import date

import streamlit as st

from dashboard import actions_govern, data, data_govern, parts, present, present_govern, who
from dashboard.components import sheet, work_list
from dashboard.components.table import table
from dashboard.data_govern import Versions
from dashboard.failures import guarded
from dashboard.text import one_line
from herald.flows import commands
from herald.govern import authority, policies
from herald.model import Person, Policy

VIEWS = {"clauses": "Clauses", "changes": "Changes", "people": "Acknowledged", "edit": "New version"}
NEW = "new"


@guarded
def render() -> None:
    """The page."""
    person = who.current_person()
    if person is None:
        return
    writes = authority.may(person, "SavePolicy")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width="stretch", gap="xxsmall"):
            st.title("Policies", anchor=False)
            st.caption("The written rules that decisions cite, by version")
        if writes and st.button("New policy", icon=":material/add:"):
            st.query_params["policy"] = NEW
    registry = data_govern.registry()
    asked = st.query_params.get("policy", "")
    if asked == NEW and writes:
        _new()
        return
    if not registry:
        parts.empty("There are no policies yet.", "The five that Herald ships are loaded by: herald policies load")
        return
    shown = {name: _shown(versions) for name, versions in registry.items()}
    listed = sorted((policy for policy in shown.values() if policy), key=lambda policy: policy.title)
    chosen = shown.get(asked) or listed[0]
    rows = [{"id": policy.id, "cells": _row(person, policy, registry[policy.id])} for policy in listed]
    left, right = st.columns([0.34, 0.66], gap="medium")
    with left:
        picked = work_list(
            present_govern.POLICY_COLUMNS, rows, key="policy-list", name="Policies", selected=chosen.id
        )  # fmt: skip
    if picked and picked != chosen.id:
        st.query_params["policy"] = picked
        st.query_params.pop("version", None)
        st.rerun()
    with right, st.container(border=True):
        _policy(person, registry[chosen.id], writes=writes)


def _shown(versions: Versions) -> Policy | None:
    """The version in force, else the first to come."""
    return data_govern.policy(versions.id, versions.now or min(versions.dates))


def _row(person: Person, policy: Policy, versions: Versions) -> present.Row:
    coming = min((version for version in versions.dates if version > policy.version), default=0)
    given = bool(policy.gates) and data.acknowledgement(person.id, policy) is not None
    to_come = (coming, versions.dates[coming]) if coming else None
    return present_govern.policy_row(policy, given, to_come, in_force=policy.version == versions.now)


def _policy(person: Person, versions: Versions, *, writes: bool) -> None:
    policy = _version(versions)
    if policy is None:
        parts.nothing("There is no such version of this policy. Choose one from the list.")
        return
    facts = [{"k": "Version", "v": present_govern.version_words(policy.version, versions.dates, versions.now)[8:]}]
    facts += present_govern.gate_facts(policy)
    given = data.acknowledgement(person.id, policy)
    if given:
        facts.append({"k": "Acknowledged", "v": f"by you, {present.clock(given.at, 'UTC', data.now())} UTC"})
    head: list[present.Block] = [{"t": "title", "text": one_line(policy.title, 120)}, {"t": "facts", "rows": facts}]
    sheet(head, key=f"head-{policy.id}-{policy.version}")
    parts.flash()
    current = policy.version >= versions.now
    if policy.gates and given is None and current:
        st.button(
            "I have read it and will act by it", type="primary", key=f"ack-{policy.id}-{policy.version}",
            on_click=actions_govern.acknowledge, args=(policy.id, policy.version), icon=":material/check:",
        )  # fmt: skip
    views = {name: words for name, words in VIEWS.items() if name != "edit" or writes}
    view = st.segmented_control(
        "View", list(views), format_func=views.__getitem__, default="clauses", required=True,
        key=f"view-{policy.id}", label_visibility="collapsed",
    )  # fmt: skip
    if view == "changes":
        _changes(policy, versions)
    elif view == "people":
        _people(policy, versions)
    elif view == "edit":
        _edit(versions)
    else:
        brand = min(person.brands, default="")
        held = data_govern.enforcement(policy.id, policy.version, brand)
        sheet(present_govern.clause_blocks(policy, held), key=f"clauses-{policy.id}-{policy.version}")


def _version(versions: Versions) -> Policy | None:
    """The version asked for; where there is more than one, a box to choose it."""
    known = sorted(versions.dates, reverse=True)
    asked = st.query_params.get("version", "")
    first = next((each for each in known if str(each) == asked), versions.now or known[-1])
    if len(known) == 1:
        return data_govern.policy(versions.id, first)
    chosen = st.selectbox(
        "Version", known, index=known.index(first), key=f"version-{versions.id}", label_visibility="collapsed",
        format_func=lambda version: present_govern.version_words(version, versions.dates, versions.now),
    )  # fmt: skip
    return data_govern.policy(versions.id, chosen or first)


# ---------------------------------------------------------------- views


def _changes(policy: Policy, versions: Versions) -> None:
    earlier = [version for version in versions.dates if version < policy.version]
    before = data_govern.policy(policy.id, max(earlier)) if earlier else None
    if before is None:
        parts.nothing("This is the first version here: there is nothing to compare it with.")
        return
    changes = policies.diff(before, policy)
    if not changes:
        parts.nothing(f"No clause differs from version {before.version}.")
        return
    st.caption(f"Clause by clause against version {before.version}")
    sheet(present_govern.change_blocks(changes), key=f"changes-{policy.id}-{policy.version}")


def _people(policy: Policy, versions: Versions) -> None:
    if not policy.gates:
        st.caption("Nothing waits for this policy to be acknowledged: it is for reading.")
    shown = tuple(version for version in sorted(versions.dates) if version >= versions.now)[:3]
    active = [person for person in data.people().values() if person.active]
    given = data_govern.acknowledged(policy.id, shown)
    columns, rows = present_govern.acknowledged_table(active, shown, given, data.now())
    table(columns, rows, key=f"people-{policy.id}", name="Who has acknowledged it", stacks=420)
    for version in shown:
        done = sum((person.id, version) in given for person in active)
        st.caption(f"Version {version}: {done} of {len(active)} people")


def _edit(versions: Versions) -> None:
    newest = data_govern.policy(versions.id, versions.newest)
    if newest is None:
        return
    today = data.now().date()
    _editor(policies.draft_after(newest, max(today, newest.effective_from)), newest)


def _new() -> None:
    with st.container(border=True):
        sheet([{"t": "title", "text": "New policy"}], key="head-new")
        parts.flash()
        _editor(present_govern.TEMPLATE.format(day=data.now().date().isoformat()), None)


def _editor(begin: str, newest: Policy | None) -> None:
    """The Markdown, what is wrong with it by line, and what it would change."""
    name, expected = (newest.id, newest.version) if newest else (NEW, 0)
    text = st.text_area(
        "Markdown", value=begin, height=420, key=f"text-{name}-{expected}", label_visibility="collapsed",
        max_chars=policies.DOCUMENT_LIMIT,
    )  # fmt: skip
    st.caption("Numbered headings become clauses. Press Ctrl+Enter to check; saving makes a version for ever.")
    draft = _checked(text or "", newest)
    if st.button("Save this version", type="primary", key=f"save-{name}-{expected}", disabled=draft is None):
        done = actions_govern.give(commands.SavePolicy(text or "", expected))
        if done and draft:
            st.query_params["policy"] = draft.id
            st.query_params["version"] = str(draft.version)
        st.rerun()


def _checked(text: str, newest: Policy | None) -> Policy | None:
    try:
        draft = policies.parse(text)
    except policies.BadPolicy as bad:
        lines = text.splitlines()
        there = one_line(lines[bad.line - 1], 120) if 0 < bad.line <= len(lines) else ""
        words = f"Line {bad.line}: {one_line(bad.sentence, 300)}." + (f" It reads: {there}" if there else "")
        sheet([{"t": "note", "tone": "red", "text": words}], key="bad-line")
        return None
    if newest is None:
        return draft
    if draft.id != newest.id:
        words = f"The id is {draft.id}; this policy is {newest.id}. A new policy is begun by New policy."
        sheet([{"t": "note", "tone": "red", "text": words}], key="bad-id")
        return None
    changes = policies.diff(newest, draft)
    if changes:
        st.caption(f"What it changes in version {newest.version}, from {_from(draft.effective_from)}")
        sheet(present_govern.change_blocks(changes), key="draft-changes")
    else:
        st.caption(f"No clause differs from version {newest.version} yet.")
    return draft


def _from(day: date) -> str:
    return present_govern.day_words(day)
