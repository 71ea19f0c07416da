"""Rules: what messages are judged by, how each does, what a change would do, and the versions there were."""

from __future__ import annotations

import difflib
from datetime import timedelta
from uuid import uuid4

import streamlit as st

from dashboard import actions, data, data_rules, parts, present_rules, theme, who
from dashboard.components import sheet
from dashboard.components.lines import lines
from dashboard.components.table import table
from dashboard.failures import guarded
from dashboard.text import safe_text
from herald.flows import commands
from herald.flows import rules as flow
from herald.govern import authority
from herald.model import Person, Role, Rules
from herald.moderate.versions import Part

SEES = frozenset({Role.COMMUNITY_MANAGER, Role.CUSTOMER_SERVICE_MANAGER, Role.OWNER, Role.COMPLIANCE})
VIEWS = {"rules": "Rules", "edit": "Edit", "try": "Try a text", "history": "History"}
LATELY = timedelta(days=7)
SETS = {"now": "As it acts now", "live": "Once all that waits is live", "text": "The text under Edit"}
KINDS = ("comment", "review", "post", "mention", "dm")
TITLED = ("review", "post", "mention")
_TEXT = "rules.text"
_BASE = "rules.base"
_START = "rules.start"
_BOX = "rules.box"
_MORE = "rules.more"
_WRITTEN = "rules.written"


@guarded
def render() -> None:
    """The page."""
    person = who.current_person()
    if person is None:
        return
    version = data_rules.current()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width="stretch", gap="xxsmall"):
            st.title("Rules", anchor=False)
            st.caption(f"What messages are judged by · {_version_words(version)}")
        brand = parts.brand_of(person, "brand")
    if brand is None:
        return
    writes = authority.may(person, "SaveRules")
    views = {name: words for name, words in VIEWS.items() if name != "edit" or writes}
    view = st.segmented_control(
        "View", list(views), format_func=views.__getitem__, default="rules", required=True, key="view",
        bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    parts.flash()
    if view == "edit":
        _edit(version)
    elif view == "try":
        _try(brand, version)
    elif view == "history":
        _history(person, version)
    else:
        _rules(person, brand, version)


def _version_words(version: Rules) -> str:
    return f"version {version.number}" if version.number else "the set that Herald ships; none was saved yet"


# ---------------------------------------------------------------- the list


def _rules(person: Person, brand: str, version: Rules) -> None:
    every = data_rules.listed(version.text, version.acting)
    days, done = data_rules.firings(brand), data_rules.acted(brand)
    _alarms(brand)
    waiting = [part for part in every if part.waits]
    known = {part.rule.name: part for part in every}
    chosen = known.get(st.query_params.get("rule", ""))
    if chosen:
        if st.button("Back to all", key="back", icon=":material/arrow_back:", type="tertiary"):
            st.query_params.pop("rule", None)
            st.rerun()
        with st.container(border=True):
            _rule(person, brand, version, chosen)
        return
    if waiting:
        with st.container(border=True):
            sheet(present_rules.waiting_blocks(waiting), key=f"waiting-{version.number}")
            _going_live(person, brand, version, ())
    first, platforms = [*waiting, *(p for p in every if not p.waits)], _platforms(brand)
    rows = [present_rules.row(part, days, done, platforms) for part in first]
    picked = table(
        present_rules.COLUMNS, rows, key="rules", name="Rules", picks="Open", stacks=460, empty="There is no rule yet."
    )  # fmt: skip
    st.caption(
        "Fired: how often the rule decided or labelled a message, and again after an edit, by the day it was written; "
        "in shadow, how often it held. "
        f"Allowed by a person: of the newest {flow.MOST_ACTED} messages that rules hid or queued, this month and last. "
        "A dash: not known."
    )
    if picked:
        st.query_params["rule"] = picked
        st.rerun()


def _platforms(brand: str) -> set[str]:
    return {account.platform for account in data.accounts_of(brand)}


def _alarms(brand: str) -> None:
    since = data.now() - LATELY
    found = [(each, data_rules.told(each)) for each in data_rules.alarms(brand) if each.at >= since][:5]
    blocks = present_rules.alarm_blocks(found, name=data.name_of, now=data.now())
    if blocks:
        with st.container(border=True):
            sheet(blocks, key="alarms")


def _rule(person: Person, brand: str, version: Rules, part: Part) -> None:
    days, done = data_rules.firings(brand), data_rules.acted(brand)
    sheet(present_rules.rule_blocks(part, days, done, _platforms(brand)), key=f"rule-{part.rule.name}-{version.number}")
    if part.waits:
        _going_live(person, brand, version, (part.rule.name,))
    st.code(safe_text(part.text, 20_000), language="yaml", wrap_lines=True)


def _going_live(person: Person, brand: str, version: Rules, names: tuple[str, ...]) -> None:
    """What it would change, and the button that does it: pressed by nobody who has not seen what."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        days = st.segmented_control(
            "What would have changed in the last", [7, 30], format_func=lambda n: f"{n} days", key="days"
        )
        if authority.may(person, "PromoteRules"):
            label, unseen = "Make live" if names else "Make all live", days is None
            why = "First look at what would have changed." if unseen else None
            if st.button(
                label, type="primary", key="promote", icon=":material/check:", disabled=unseen, help=why
            ):  # fmt: skip
                done = actions.give(commands.PromoteRules(names, version.number))
                if done:
                    st.query_params.pop("rule", None)
                st.rerun()
    if days is None:
        if not authority.may(person, "PromoteRules"):
            st.caption("The owner or compliance makes rules live.")
        return
    found = data_rules.preview(brand, version.number, names, days)
    sheet([{"t": "note", "text": present_rules.preview_words(found)}], key="preview")
    rows = present_rules.example_rows(found)
    leads = "moderation" in st.session_state.get("herald.pages", {})
    picked = rows and table(
        present_rules.EXAMPLES, rows, key="examples", name="Examples", picks="Open" if leads else "", stacks=460
    )
    if picked and leads:
        page = st.session_state["herald.pages"]["moderation"]
        st.switch_page(page, query_params={"message": picked, "brand": brand})


# ---------------------------------------------------------------- writing


def _edit(version: Rules) -> None:
    """The text as this session has it; the box in the browser is the truth while it is shown."""
    untouched = st.session_state.get(_TEXT) == st.session_state.get(_START)
    if st.session_state.get(_BASE) is None or (untouched and st.session_state[_BASE] != version.number):
        st.session_state[_BASE] = version.number
        st.session_state[_TEXT] = st.session_state[_START] = version.text
        st.session_state[_BOX] = str(uuid4())
    base, before = int(st.session_state[_BASE]), str(st.session_state[_TEXT])
    left, right = st.columns([0.66, 0.34], gap="medium")
    with right:
        _form()
    with left:
        marks = {fault.line: "red" if fault.fatal else "orange" for fault in reversed(_found(before))}
        text = lines(
            "The rules, as YAML", before, key=f"text-{st.session_state[_BOX]}", rows=26, most=flow.MOST_BYTES,
            marks=marks, more=st.session_state.get(_MORE, ("", "")),
        )  # fmt: skip
        st.session_state[_TEXT] = text
        if text != before:
            st.rerun()  # so that its lines are marked as they stand now
        st.caption("It is checked while you write. What is new or changed is asked in shadow; what acts now goes on.")
        if base != version.number:
            note = f"Version {version.number} was saved since you began with {base}. Take over what you need from it."
            sheet([{"t": "note", "tone": "orange", "text": note}], key="overtaken")
        fatal, unchanged = _faults(text), text == version.text
        with st.container(horizontal=True, gap="small"):
            if st.button("Save this version", type="primary", key="save", disabled=fatal or unchanged):
                if actions.give(commands.SaveRules(text, base)):
                    _anew()
                st.rerun()
            st.button("Begin anew from the version in force", key="anew", on_click=_anew, disabled=unchanged)
        if not fatal and not unchanged:
            _differences(version, text)


def _anew() -> None:
    st.session_state.pop(_BASE, None)


def _found(text: str) -> list[flow.Fault]:
    return data_rules.faults(text, data_rules.in_force())


def _faults(text: str) -> bool:
    """Shows what is wrong by line; whether that keeps it from being saved."""
    found = _found(text)
    if not found:
        return False
    fatal = [fault for fault in found if fault.fatal]
    words = f"{len(fatal)} to put right before it can be saved" if fatal else "It can be saved; look at this first"
    st.caption(words)
    rows = present_rules.fault_rows(found[:30], text)
    table(present_rules.FAULTS, rows, key="faults", name="What is wrong", stacks=360)
    return bool(fatal)


def _differences(version: Rules, text: str) -> None:
    st.caption(f"What differs from {_version_words(version)}")
    _diff(version.text, text, "in force", "yours")


def _diff(now: str, then: str, now_is: str, then_is: str) -> bool:
    """What becomes of the text: what goes is red, what comes is green. False where nothing does."""
    differs = list(difflib.unified_diff(now.splitlines(), then.splitlines(), now_is, then_is, lineterm="", n=1))
    if differs:
        st.code(safe_text("\n".join(differs[:400]), 20_000), language="diff", wrap_lines=True)
    return bool(differs)


def _form() -> None:
    """The common cases: it writes YAML into the text; what is saved is the text alone."""
    written = int(st.session_state.get(_WRITTEN, 0))
    with st.form(f"rule-{written}", border=True):  # empty again once it was written, and not when something lacks
        st.markdown("**Write a rule by form**")
        name = st.text_input("Name", max_chars=100)
        where = st.selectbox("Look in", list(present_rules.WHERE), format_func=present_rules.WHERE.__getitem__)
        words = st.text_area("For any of these, one on each line", height=90)
        how = st.selectbox("Found", list(present_rules.HOW), format_func=present_rules.HOW.__getitem__)
        action = st.selectbox("Then", list(present_rules.DOES), format_func=present_rules.DOES.__getitem__)
        label = st.text_input("Label", max_chars=40, placeholder="none")
        shown = parts.clauses(data.policies())
        clause = st.selectbox(
            "Clause", list(shown), index=None, format_func=lambda each: shown.get(each, ""), placeholder="Choose one",
        )  # fmt: skip
        rationale = st.text_input("Why, in words people read", max_chars=400, placeholder="Names a rival: {{match}}.")
        sent = st.form_submit_button("Write it into the text")
    if sent:
        given = (words or "").splitlines()
        lacks = present_rules.lacking(name or "", given, action, clause or "", rationale or "")
        if lacks:
            sheet([{"t": "note", "tone": "red", "text": lacks}], key="lacks")
            return
        rule = present_rules.as_yaml(
            name or "", where, how, given, action, clause or "", rationale or "", label or ""
        )  # fmt: skip
        st.session_state[_MORE] = (str(uuid4()), rule)
        st.session_state[_WRITTEN] = written + 1
        st.toast("It stands at the end of the text.")


# ---------------------------------------------------------------- the bench


def _try(brand: str, version: Rules) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        text = st.text_area("A text", height=120, key="bench.text", max_chars=10_000)
        with st.container(horizontal=True, gap="small"):
            kind = st.selectbox("Kind", KINDS, key="bench.kind", format_func=str.title)
            platforms = sorted({account.platform for account in data.accounts().values()})
            platform = st.selectbox(
                "Platform", platforms, key="bench.platform", format_func=theme.platform_name
            )  # fmt: skip
        title = st.text_input("Title", key="bench.title", max_chars=300) if kind in TITLED else ""
        author = st.text_input("Author's name", key="bench.author", max_chars=200)
        at = st.datetime_input(
            "Written at (UTC)", None, key="bench.at", help="Left empty, it is written now. Rules with hours ask for it."
        )  # fmt: skip
        edited = str(st.session_state.get(_TEXT, ""))
        sets = [name for name in SETS if name != "text" or edited]
        which = st.selectbox("Rules", sets, format_func=SETS.__getitem__, key="bench.set")
    if not (text or "").strip():
        with right:
            parts.empty("Type a text.", "Herald decides it as a message, and shows why, check by check.")
        return
    rules = data_rules.rule_set(version, which or "now", edited)
    line = {
        "id": "try", "text": text, "kind": kind, "platform": platform, "brand": brand, "author_name": author or "",
        "title": title or "", "at": at and at.isoformat(),
    }  # fmt: skip
    tried = data_rules.tried(rules, line)
    with right, st.container(border=True):
        decided = present_rules.tried_blocks(tried.decision, tried.shadow, tried.holding)
        sheet([*decided, *present_rules.understood_blocks(tried.understood)], key="tried")
    names = sorted(tried.looks, key=lambda each: each not in tried.holding)
    if not names:
        return
    leads = str(tried.decision.get("rule") or "")
    first = names.index(leads) if leads in names else 0
    name = st.selectbox(
        "Why, check by check, of the rule", names, index=first, key=f"bench.rule-{leads}",
        format_func=lambda each: f"{each} · holds" if each in tried.holding else each,
    )  # fmt: skip
    rows = present_rules.check_rows(tried.looks.get(name or "", ()))
    table(present_rules.CHECKS, rows, key="checks", name="Checks", stacks=460)
    st.caption("A rule holds when all its checks do. Another that is asked before it may decide first.")


# ---------------------------------------------------------------- history


def _history(person: Person, version: Rules) -> None:
    found = data_rules.history()
    if not found:
        parts.empty("No version was saved yet.", "The rules that Herald ships act. Saving them under Edit makes one.")
        return
    if len(found) < flow.HISTORY:
        found = [*found, flow.shipped()]
    rows = [present_rules.history_row(each, version.number, name=data.name_of, now=data.now()) for each in found]
    picked = table(present_rules.HISTORY, rows, key="history", name="Versions", picks="Show", stacks=380)
    known = {str(each.number): each for each in found if each.number != version.number}
    chosen = parts.chosen("version", picked, known)
    if chosen is None:
        return
    with st.container(border=True):
        title = f"Version {chosen.number}" if chosen.number else "The set that Herald ships"
        sheet([{"t": "title", "text": title}], key=f"version-{chosen.number}")
        label = f"Roll back to version {chosen.number}" if chosen.number else "Roll back to it"
        may = authority.may(person, "RollbackRules")
        if may and st.button(label, key="rollback", icon=":material/undo:", type="primary"):
            if actions.give(commands.RollbackRules(chosen.number, version.number)):
                st.query_params.pop("version", None)
            st.rerun()
        words = present_rules.back_words(flow.compiled(version), flow.compiled(chosen))
        sheet([{"t": "note", "text": words}], key=f"back-{chosen.number}")
        st.caption("Its text comes back, and what of it was live, as a new version. None is lost.")
        now_is, then_is = f"version {version.number}, in force", f"version {chosen.number}"
        if not _diff(version.text, chosen.text, now_is, then_is):
            st.caption("Its text is the one in force; only what of it is live differs.")
