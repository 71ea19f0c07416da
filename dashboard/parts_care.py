"""How the open case is handled: kind and person, steps to tick, the complaint's way, an outcome; settings."""

from __future__ import annotations

import streamlit as st

from dashboard import (
    actions,
    actions_care,
    data,
    data_care,
    data_moderation,
    parts,
    present_care,
    present_moderation,
    present_notices,
)
from dashboard.components import sheet
from dashboard.failures import guarded
from dashboard.text import one_line
from herald.care import limits
from herald.flows import commands
from herald.govern import authority
from herald.model import Case, CaseState, Handling, Message, Person, Persona, PostKind, Remedy, RemedyState, Role
from herald.model.notices import about

GIVING = (Role.COMMUNITY_MANAGER, Role.CUSTOMER_SERVICE_MANAGER, Role.OWNER, Role.COMPLIANCE)


def handling(person: Person, case: Case, message: Message, handled: data_care.Handled) -> None:
    """Everything below the answer box."""
    now, account = data.now(), parts.account_of(message)
    held = handled.handling
    _remedy(person, case, message, handled.remedy)
    with st.container(gap="small"):
        sheet([{"t": "label", "text": "How to handle it"}], key=f"handle-{case.id}")
        _type(person, case, message, held)
        _steps(person, case, message, handled)
    blocks = [present_care.play_facts(handled.play, held.playbook)]
    blocks += present_care.stages_block(held, handled.procedure, account, name=data.name_of, now=now)
    if held.stages:
        blocks.append(present_care.clocks(case, held, now))
        blocks += present_notices.blocks(data.notices(case.brand, about("case", case.id)), name=data.name_of, now=now)
    sheet(blocks, key=f"play-{case.id}")
    stage = present_care.may_take_stage(case, held, person.id)
    if stage is not None and authority.may(person, "TakeCaseStep"):
        st.button(
            f"Mark “{stage.id}” as done", key=f"stage-{case.id}-{stage.id}", icon=":material/check:",
            on_click=actions_care.take_stage, args=(held, stage.id),
        )  # fmt: skip


def _open(case: Case, message: Message, held: Handling) -> bool:
    return case.state is not CaseState.RESOLVED and not held.ended and not message.deleted


def _type(person: Person, case: Case, message: Message, held: Handling) -> None:
    """What kind of post and of person it is: two boxes for who may say, else two words."""
    locked = not (authority.may(person, "SetCaseType") and _open(case, message, held))
    kind_key, persona_key = f"kind-{case.id}-{held.version}", f"persona-{case.id}-{held.version}"
    people: list[Persona | None] = [None, *Persona]
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.selectbox(
            "Kind of post", list(PostKind), index=list(PostKind).index(held.kind), key=kind_key, disabled=locked,
            format_func=present_care.KINDS.__getitem__, on_change=actions_care.set_type,
            args=(held, kind_key, persona_key),
        )  # fmt: skip
        st.selectbox(
            "Kind of person", people, index=people.index(held.persona), key=persona_key, disabled=locked,
            format_func=lambda each: present_care.PEOPLE[each] if each else "Not said", on_change=actions_care.set_type,
            args=(held, kind_key, persona_key),
        )  # fmt: skip
    said = f"Said by {one_line(data.name_of(held.typed_by), 60)}." if held.typed_by else "Suggested by the rules."
    usual = present_moderation.usually(data_moderation.before(message))
    st.caption(f"{said} Usually {usual}." if usual else said)


def _steps(person: Person, case: Case, message: Message, handled: data_care.Handled) -> None:
    held = handled.handling
    may = authority.may(person, "TakeCaseStep") and _open(case, message, held)
    for step in handled.play.steps:
        takers = [taken.by for taken in held.taken if taken.step == step.id]
        mine = person.id in takers
        free = not takers or mine or bool(step.supervisor)  # what a colleague did is done; to agree is each one's own
        allowed = may and free and (not step.supervisor or bool(person.roles & step.supervisor))
        text = one_line(step.text, 300)
        others = [one_line(data.name_of(by), 60) for by in takers if by != person.id]
        key = f"step-{case.id}-{step.id}-{held.version}"
        st.checkbox(
            _plain(text + (f" ({', '.join(others)})" if others else "")), value=bool(takers) if not allowed else mine,
            key=key, disabled=not allowed, on_change=actions_care.take_step, args=(held, step.id, key),
        )  # fmt: skip


def _plain(text: str) -> str:
    """Words of a document people edit, in a label that would read Markdown."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#+-.!|~$:" else c for c in text)


def _remedy(person: Person, case: Case, message: Message, remedy: Remedy | None) -> None:
    blocks = present_care.remedy_blocks(remedy, name=data.name_of)
    if remedy is None or not blocks:
        return
    sheet(blocks, key=f"remedy-{remedy.case_id}")
    if remedy.state is not RemedyState.WAITS or not authority.may(person, "ApproveOutcome"):
        return
    room = data_care.room(person, case, message)
    if remedy.by == person.id:
        st.caption("You proposed this: a person with a higher limit decides it.")
    elif room is None or room.left < remedy.amount:
        had = f", with {limits.words(room.given, room.currency)} given this month" if room and room.given else ""
        st.caption(f"It is over your own limit too{had}.")
    else:
        with st.container(horizontal=True, gap="small"):
            key = f"approve-{remedy.case_id}"
            st.button("Approve", type="primary", key=key, on_click=actions_care.approve, args=(remedy,))
            if st.button("Do not approve", key=f"refuse-{remedy.case_id}"):
                refuse_dialog(remedy)


@st.dialog("Do not approve", width="small")
def refuse_dialog(remedy: Remedy) -> None:
    """Send an outcome back."""
    _refuse(remedy)


@guarded
def _refuse(remedy: Remedy) -> None:
    with st.form("refuse", border=False):
        reason = st.text_area("Reason", max_chars=500, height=90, placeholder="Who proposed it reads this")
        sent = st.form_submit_button("Do not approve", type="primary", shortcut="Ctrl+Enter")
    if sent:
        _finish(commands.ApproveOutcome(remedy.case_id, remedy.n, False, remedy.version, reason or ""))


# ---------------------------------------------------------------- settings


def settings_button(person: Person, brand: str) -> None:
    """Playbook, saved answers and limits, for who may save one of them."""
    saves = any(authority.may(person, each) for each in ("SavePlaybook", "SaveAnswers", "SaveLimits"))
    if saves and st.button("Playbook and answers", icon=":material/menu_book:", key="care-settings"):
        settings_dialog(person, brand)


@st.dialog("Playbook, answers and limits", width="large")
def settings_dialog(person: Person, brand: str) -> None:
    """Read them, and save a new version of what one may."""
    _settings(person, brand)


@guarded
def _settings(person: Person, brand: str) -> None:
    texts = data_care.texts(brand)
    book, saved, money = st.tabs(["Playbook", "Saved answers", "Limits"])
    with book, st.form("playbook", border=False):
        text = st.text_area("Playbook (YAML)", texts.playbook, height=420, max_chars=60_000)
        st.caption(f"Version {texts.playbook_number}. Open cases keep the version they began with.")
        may = authority.may(person, "SavePlaybook")
        if st.form_submit_button("Save playbook", type="primary", disabled=not may):
            _finish(commands.SavePlaybook(brand, text, texts.playbook_number))
    with saved, st.form("answers", border=False):
        text = st.text_area("Saved answers (YAML)", texts.answers, height=420, max_chars=60_000)
        st.caption(f"Version {texts.answers_number}. Each has a link that helps and the clause it rests on.")
        may = authority.may(person, "SaveAnswers")
        if st.form_submit_button("Save answers", type="primary", disabled=not may):
            _finish(commands.SaveAnswers(brand, text, texts.answers_number))
    with money:
        _limits(person, brand)


def _limits(person: Person, brand: str) -> None:
    _waiting_limits(person, brand)
    found = data_care.limits_of(brand)
    held, may = (found[0] if found else None), authority.may(person, "SaveLimits")
    with st.form("limits", border=False):
        st.caption(
            "What a role may give one customer in a month, over all cases, by itself. Above it, a person with a higher "
            "limit decides. Whoever raises their own needs somebody else to agree."
        )
        currency = st.text_input("Currency", held.currency if held else "AUD", max_chars=3, width=120, disabled=not may)
        amounts = []
        for role in GIVING:
            there = held.amounts.get(role, 0) if held else 0
            given = st.number_input(
                role.replace("_", " ").capitalize(), 0.0, limits.MOST / 100, there / 100, 1.0, format="%.2f",
                disabled=not may,
            )  # fmt: skip
            amounts.append((str(role), round(given * 100)))
        st.caption(f"Version {held.number}." if held else "None are set: nobody may give anything.")
        if st.form_submit_button("Save limits", type="primary", disabled=not may):
            _finish(commands.SaveLimits(brand, currency, tuple(amounts), held.number if held else 0))


def _waiting_limits(person: Person, brand: str) -> None:
    """Limits that raise their author's own: what they say, and a button for whoever else may put them in force."""
    waits = data_care.limits_waiting(brand)
    if waits is None:
        return
    by = _plain(one_line(data.name_of(waits.by), 60))
    told = f"Version {waits.number}, saved by {by}, raises their own limit and waits for somebody else to agree."
    amounts = ", ".join(
        f"{role.replace('_', ' ')} {limits.words(amount, waits.currency)}"
        for role, amount in sorted(waits.amounts.items(), key=lambda entry: entry[1]) if amount
    )  # fmt: skip
    st.warning("Limits wait for somebody else to agree.")
    st.text(f"{told} It says: {amounts or 'nobody may give anything'}.")
    if waits.by != person.id and authority.may(person, "AgreeLimits") and st.button("Agree", key="agree-limits"):
        _finish(commands.AgreeLimits(brand, waits.number, waits.version))


def _finish(command: commands.Command) -> None:
    """Close the dialog when it was carried out, else say there what is missing."""
    if actions.give(command):
        st.rerun()
    parts.flash()
