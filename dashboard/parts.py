"""What both work pages share: their head, the dialogs in which a person decides, and the answer to a command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import actions, data, data_care, present, present_care, theme, who
from dashboard.components import looked, sheet
from dashboard.components.first_field import first_field
from dashboard.failures import guarded
from dashboard.text import SHORT, one_line
from herald.flows import commands
from herald.govern import authority
from herald.model import Account, Action, Case, Message, Person, Policy

T = TypeVar("T")

LOOK_EVERY = "3s"
OUTCOMES = (
    "Answered, nothing further",
    "Refund or replacement arranged",
    "Passed to the shop",
    "Passed to another team",
    "Done by hand on the platform",
    "No answer needed",
)


def brand_of(person: Person, key: str) -> str | None:
    """The brand this page shows: the person's only one, or the one chosen; None (and words) if they have none."""
    brands = sorted(person.brands)
    if not brands:
        empty("You do not work for any brand yet.", "Ask the owner to add you to one.")
        return None
    if len(brands) == 1:
        return brands[0]
    names = {brand: one_line(brand.replace("_", " ").replace("-", " ").title(), 40) for brand in brands}
    return st.selectbox(
        "Brand", brands, format_func=names.__getitem__, key=key, bind="query-params", label_visibility="collapsed"
    )


def chosen(name: str, pressed: object, known: Mapping[str, T]) -> T | None:
    """The one of `known` that the address names under `name`; a row that was pressed comes into the address first."""
    if isinstance(pressed, str) and pressed in known:
        st.query_params[name] = pressed
    return known.get(st.query_params.get(name, ""))


def empty(title: str, text: str) -> None:
    """Nothing to show, in our own words."""
    with st.container(border=True):
        sheet([{"t": "empty", "text": f"{title} {text}"}], key=f"empty-{title}")


def nothing(text: str) -> None:
    """An open thing that is not there, or not for this person; our own words."""
    sheet([{"t": "empty", "text": text}], key="nothing")


def as_of(brand: str, now: datetime) -> str:
    """When the list was read, by the brand's own clock."""
    zones = Counter(sorted(account.timezone for account in data.accounts_of(brand))) or Counter(["UTC"])
    main = zones.most_common(1)[0][0]  # where most of its accounts are
    where = f" {present.city(main)}" if len(zones) > 1 else ""
    return f"as of {now.astimezone(ZoneInfo(main)):%H:%M:%S}{where}"


def reasons(message: Message, case: Case | None) -> None:
    """Why it was decided so, and what happened before."""
    account, now = account_of(message), data.now()
    cited = message.decision.policy if message.decision else None
    policy = data.policy(cited.policy, cited.version) if cited else None
    act, past = data.delivery(message.act), data.history(message.id)
    blocks = present.decision_blocks(message, policy, account, name=data.name_of, now=now)
    blocks += present.history_blocks(message, past, act, case, account, name=data.name_of, now=now)
    sheet(blocks, key=f"reasons-{message.id}")


def flash() -> None:
    """What came of the last command: refusals may quote outside words, so they are shown as text."""
    told = actions.take_flash()
    if told:
        sheet([{"t": "note", "tone": told.tone, "text": one_line(told.text, 400)}], key="flash")


def clauses(policies: Sequence[Policy]) -> dict[str, str]:
    """"MOD 3.1" -> "MOD 3.1 · Insults and abuse" for every clause in force."""
    return {
        f"{policy.id} {clause.number}": one_line(f"{policy.id} {clause.number} · {clause.title}", SHORT)
        for policy in policies
        for clause in policy.clauses
    }


def clause_box(message: Message) -> str | None:
    """Choose the clause it rests on; the one of the standing decision comes first."""
    shown = clauses(data.policies())
    options = list(shown)
    stands = message.decision.policy if message.decision else None
    first = f"{stands.policy} {stands.clause}" if stands else ""
    return st.selectbox(
        "Clause it rests on", options, index=options.index(first) if first in options else None,
        format_func=lambda each: shown.get(each, ""), placeholder="Choose a clause",
    )  # fmt: skip


def finish(command: commands.Command) -> None:
    """Give the command from within a dialog: close it when it was carried out, else say there what is missing."""
    if actions.give(command):
        st.rerun()
    flash()


@st.dialog("Resolve", width="small")
def resolve_dialog(case: Case, message: Message) -> None:
    """Close the case with what came of it."""
    _resolve(case, message)


@guarded
def _resolve(case: Case, message: Message) -> None:
    first_field()
    with st.form("resolve", border=False):
        outcome = st.selectbox(
            "What came of it", OUTCOMES, index=None, accept_new_options=True, placeholder="Choose, or write your own"
        )
        clause = clause_box(message)
        amount, currency = _amount_box(case, message)
        sent = st.form_submit_button("Resolve", type="primary", shortcut="Ctrl+Enter")
    if sent:
        finish(commands.Resolve(case.id, outcome or "", clause or "", case.version, amount, currency))


def _amount_box(case: Case, message: Message) -> tuple[int, str]:
    """What the outcome costs, in minor units; nothing is asked where no limits allow anything."""
    person = who.current_person()
    room = data_care.room(person, case, message) if person else None
    if room is None:
        return 0, ""
    given = st.number_input(
        f"Compensation in {room.currency}", 0.0, 1_000_000.0, None, 1.0, format="%.2f", placeholder="None",
        help="Above your limit it waits for a person whose limit covers it.",
    )  # fmt: skip
    st.caption(present_care.room_left(room.limit, room.given, room.currency))
    cents = round((given or 0) * 100)
    return cents, room.currency if cents else ""


@st.dialog("Hide this message", width="small")
def hide_dialog(message: Message) -> None:
    """Hide on the platform, by one's own decision."""
    _hide(message)


@guarded
def _hide(message: Message) -> None:
    first_field()
    with st.form("hide", border=False):
        reason = st.text_area("Reason", max_chars=500, height=90, placeholder="Whoever asks later reads this")
        clause = clause_box(message)
        sent = st.form_submit_button("Hide", type="primary", shortcut="Ctrl+Enter")
    if sent:
        finish(commands.Hide(message.id, reason or "", clause or "", message.version))


@st.dialog("Show this message again", width="small")
def unhide_dialog(message: Message) -> None:
    """Take the hiding back."""
    _unhide(message)


@guarded
def _unhide(message: Message) -> None:
    first_field()
    with st.form("unhide", border=False):
        reason = st.text_area("Reason", max_chars=500, height=90, placeholder="Whoever asks later reads this")
        sent = st.form_submit_button("Show again", type="primary", shortcut="Ctrl+Enter")
    if sent:
        finish(commands.Unhide(message.id, reason or "", message.version))


@st.dialog("Decide yourself", width="small")
def overrule_dialog(message: Message, action: Action) -> None:
    """Put one's own decision in the place of the one that stands."""
    _overrule(message, action)


@guarded
def _overrule(message: Message, action: Action) -> None:
    label, meaning = deciding(message, action)
    st.caption(meaning)
    first_field()
    with st.form("overrule", border=False):
        reason = st.text_area("Reason", max_chars=500, height=90, placeholder="Whoever asks later reads this")
        clause = clause_box(message)
        sent = st.form_submit_button(label, type="primary", shortcut="Ctrl+Enter")
    if sent:
        finish(commands.Overrule(message.id, action, reason or "", clause or "", message.version))


def deciding(message: Message, action: Action) -> tuple[str, str]:
    """What the button says by which a person decides a message so, and what it comes to."""
    decision = message.decision
    asked = decision is not None and decision.action is Action.QUEUE
    against = decision is not None and decision.action not in (Action.QUEUE, action)
    counts = " It replaces the decision that stands, and counts as a mistake of it." if against else ""
    if action is Action.HIDE:
        return "Hide", f"It is hidden on the platform.{counts}"
    if message.hidden:
        return "Show again", f"It is shown on the platform again.{counts}"
    return "Allow", f"It stays visible.{'' if asked else counts}"


@st.dialog("Copy this link", width="small")
def link_dialog(purpose: str, subject: str, hours: int, told: str) -> None:
    """A signed link, made once for each opening of the dialog, to be copied."""
    _link(purpose, subject, hours, told)


@guarded
def _link(purpose: str, subject: str, hours: int, told: str) -> None:
    made = actions.link(purpose, subject, hours)
    if made is None:
        flash()
        return
    st.caption(told)
    st.code(made.link, language=None, wrap_lines=True)
    st.caption(one_line(made.sentence, 200))


@st.dialog("Decide the appeal", width="small")
def appeal_dialog(case: Case, message: Message, *, overturn: bool) -> None:
    """Uphold the decision, or overturn it."""
    _decide_appeal(case, message, overturn=overturn)


@guarded
def _decide_appeal(case: Case, message: Message, *, overturn: bool) -> None:
    st.caption("The message is shown again." if overturn else "The message stays hidden.")
    first_field()
    with st.form("appeal", border=False):
        reason = st.text_area("Reason", max_chars=480, height=90, placeholder="The customer reads this")
        clause = clause_box(message)
        label = "Overturn the decision" if overturn else "Uphold the decision"
        sent = st.form_submit_button(label, type="primary", shortcut="Ctrl+Enter")
    if sent:
        finish(commands.DecideAppeal(case.id, overturn, reason or "", clause or "", case.version))


def appeal_buttons(case: Case, message: Message, person: Person, *, decided_by: str) -> None:
    """Decide an appeal, unless the decision was this person's own."""
    if not authority.may(person, "DecideAppeal"):
        return
    if decided_by == person.id:
        st.caption("You made this decision: someone else decides the appeal.")
        return
    if st.button("Uphold", key=f"uphold-{case.id}", shortcut="U"):
        appeal_dialog(case, message, overturn=False)
    if st.button("Overturn", key=f"overturn-{case.id}", type="primary", shortcut="O"):
        appeal_dialog(case, message, overturn=True)


def hide_buttons(message: Message, person: Person, key: str) -> None:
    """Hide, or show again, where this person may and there is something to decide.

    Who may overrule has one way only, by a reason and a clause (decide_buttons); this is for who may not.
    """
    if message.deleted or message.outbound or message.decision is None:
        return
    hidden = bool(message.hidden) or message.decision.action is Action.HIDE
    if hidden and authority.may(person, "Unhide") and st.button("Show again", key=f"{key}-unhide"):
        unhide_dialog(message)
    if not hidden and authority.may(person, "Hide") and st.button("Hide", key=f"{key}-hide"):
        hide_dialog(message)


def decide_buttons(message: Message, person: Person, key: str, *, waits: bool) -> None:
    """Decide oneself: both ways where a decision waits for a person, else the other way than it was decided."""
    if message.deleted or message.outbound or message.decision is None or not authority.may(person, "Overrule"):
        return
    hidden = message.hidden or message.decision.action is Action.HIDE
    ways = (Action.ALLOW, Action.HIDE) if waits else ((Action.ALLOW,) if hidden else (Action.HIDE,))
    for action in ways:
        first = waits and action is Action.ALLOW
        pressed = st.button(
            deciding(message, action)[0], key=f"{key}-{action}", type="primary" if first else "secondary",
            shortcut="H" if action is Action.HIDE else "A",
        )  # fmt: skip
        if pressed:
            overrule_dialog(message, action)


def missing_acknowledgements(person: Person, command: str) -> list[Policy]:
    """Policies this person must acknowledge before they may give the command."""
    gating = [policy for policy in data.policies() if command in policy.gates]
    return [policy for policy in gating if data.acknowledgement(person.id, policy) is None]


def acknowledge_first(policies: Sequence[Policy]) -> None:
    """Say what must be read first, and lead there."""
    named = ", ".join(f"{policy.title} (version {policy.version})" for policy in policies)
    text = f"Before you act here, read and acknowledge: {named}."
    sheet([{"t": "note", "tone": "orange", "text": one_line(text, 400)}], key="acknowledge-first")
    page = st.session_state.get("herald.pages", {}).get("policies")
    if page is not None:
        st.page_link(page, label="Open Policies", icon=":material/arrow_forward:")


def media(message: Message, key: str) -> list[present.Block]:
    """Its pictures, covered until somebody asks for them at the sheet of this key."""
    small = {each: data.small_picture(each) for each in present.pictures(message)[:4]} if looked(key) else None
    return present.media_blocks(message, small)


def account_of(message: Message) -> Account | None:
    return data.accounts().get(f"{message.platform}:{message.account_id}")


def platforms_of(brand: str) -> list[str]:
    """Platforms of a brand's accounts, in the order of their names."""
    return sorted({account.platform for account in data.accounts_of(brand)}, key=theme.platform_name)
