"""Inbox: who waits for an answer, by the time left. Claim, answer, resolve."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from dashboard import actions, actions_care, data, data_care, parts, parts_care, present, present_care, theme, who
from dashboard.app_pages.user_content import capture_button
from dashboard.components import sheet, work_list
from dashboard.failures import guarded
from dashboard.text import safe_text
from herald.care.answers import Answer
from herald.govern import authority
from herald.model import Case, CaseState, Drafted, Message, Person, Work

OWNERS = {
    "all": "All",
    "mine": "Mine",
    "unassigned": "Unassigned",
    "overdue": "Late steps",
    "approval": "Approvals",
}
FURTHER = {  # lists of their own, with what an empty one says
    "overdue": ("No step is overdue", "A complaint whose step is overdue stands here until the step is done."),
    "approval": ("Nothing waits for approval", "Outcomes over somebody's limit stand here until they are decided."),
}
NOBODY_WAITS = ("Nobody waits for an answer", "New messages that need one appear here by themselves.")
ALL_KINDS = "all"
UNANSWERED = (CaseState.OPEN, CaseState.CLAIMED)
OPEN_TO_ANSWER = (CaseState.OPEN, CaseState.CLAIMED, CaseState.ANSWERED)


@guarded
def render() -> None:
    """The page."""
    person = who.current_person()
    if person is None:
        return
    brand = _head(person)
    if brand is None:
        return
    platforms, kind, owner = _filters(brand)
    chosen = st.query_params.get("case", "")
    if not chosen:
        _list(person, brand, platforms, kind, owner, "")
        return
    left, right = st.columns([0.42, 0.58], gap="medium")
    with left:
        _list(person, brand, platforms, kind, owner, chosen)
    with right, st.container(border=True, key="detail"):
        _detail(person, brand, chosen)


def _head(person: Person) -> str | None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width="stretch", gap="xxsmall"):
            st.title("Inbox", anchor=False)
            caption = st.empty()
        brand = parts.brand_of(person, "brand")
        if brand is not None:
            parts_care.settings_button(person, brand)
    if brand is not None:
        zones = present.zone_words(account.timezone for account in data.accounts_of(brand))
        caption.caption(f"Customers who wait for an answer, nearest deadline first · {zones}")
    return brand


def _filters(brand: str) -> tuple[list[str], str, str]:
    kinds = sorted({*theme.TYPES, *data.herald().store.targets().minutes} - {"default", "decide"})
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        owner = st.segmented_control(
            "Owner", list(OWNERS), format_func=OWNERS.__getitem__, default="all", required=True, key="owner",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
        kind = st.selectbox(
            "Kind", [ALL_KINDS, *kinds], key="kind", bind="query-params", label_visibility="collapsed", width=170,
            format_func=lambda each: "All kinds" if each == ALL_KINDS else each.replace("_", " ").capitalize(),
        )  # fmt: skip
        platforms = parts.platforms_of(brand)
        chosen: list[str] = []
        if len(platforms) > 1:
            chosen = st.pills(
                "Platform", platforms, selection_mode="multi", format_func=theme.platform_name, key="platform",
                bind="query-params", label_visibility="collapsed",
            )  # fmt: skip
    return list(chosen or []), kind or ALL_KINDS, owner or "all"


@st.fragment(run_every=parts.LOOK_EVERY)
@guarded
def _list(person: Person, brand: str, platforms: list[str], kind: str, owner: str, chosen: str) -> None:
    pages = int(st.session_state.get("inbox.pages", 1))
    found = _found(brand, owner, pages)
    now = data.now()
    shown = [
        (case, message)
        for case in found.cases
        if (message := found.messages.get(case.message_id)) is not None
        and (not platforms or case.platform in platforms)
        and kind in (ALL_KINDS, case.type)
        and _owned(case, person, owner)
    ]
    if owner not in FURTHER:
        shown.sort(key=lambda pair: data.urgency(pair[0], more=found.more))
    as_of = parts.as_of(brand, now)
    if found.more:
        as_of += f" · of the first {len(found.cases)}: complaints and what is urgent, then by deadline"
    _summary([case for case, _ in shown], as_of, now, more=found.more)
    rows = [
        present.inbox_row(case, message, parts.account_of(message), me=person.id, name=data.name_of, now=now)
        for case, message in shown
    ]
    empty = FURTHER.get(owner, NOBODY_WAITS)
    if found.cases:
        empty = ("Nothing matches these filters", "Other messages are waiting: widen the filters to see them.")
    if found.cases and found.more:
        empty = (f"None of the first {len(found.cases)} matches these filters", "More wait: show 50 more, or widen.")
    picked = work_list(
        present.INBOX_COLUMNS, rows, key="inbox-list", name="Cases waiting for an answer", selected=chosen, empty=empty,
        scrolls=bool(chosen),
    )  # fmt: skip
    if found.more and st.button("Show 50 more", key="inbox-more"):
        st.session_state["inbox.pages"] = pages + 1
        st.rerun()
    if picked is not None and picked != chosen:
        _open(picked)


def _found(brand: str, owner: str, pages: int) -> data.Worked:
    if owner == "overdue":
        return data.Worked(*data_care.overdue(brand), more=False)
    if owner == "approval":
        return data.Worked(*data_care.for_approval(brand), more=False)
    return data.open_cases(brand, Work.ANSWER, pages)


def _owned(case: Case, person: Person, owner: str) -> bool:
    return owner in ("all", *FURTHER) or case.owner == (person.id if owner == "mine" else "")


def _open(case_id: str) -> None:
    if case_id:
        st.query_params["case"] = case_id
    else:
        st.query_params.pop("case", None)
    st.rerun()


def _summary(cases: list[Case], as_of: str, now: datetime, *, more: bool) -> None:
    counts = dict.fromkeys(present.SLA, 0)
    for case in cases:
        counts[present.standing(case, now)] += 1
    plus = "+" if more else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if counts["overdue"]:
            st.badge(f"{counts['overdue']}{plus} overdue", color="red", icon=":material/alarm:")
        if counts["soon"]:
            st.badge(f"{counts['soon']}{plus} due within 30 min", color="orange")
        st.badge(f"{counts['on_track']}{plus} on track", color="green")
        answered = sum(counts[each] for each in present.ANSWERED)
        if answered:
            st.badge(f"{answered} answered, not resolved", color="gray")
        st.caption(as_of, width="content")


# ---------------------------------------------------------------- the open case


def _detail(person: Person, brand: str, case_id: str) -> None:
    case = data.case(case_id)
    message = data.message(case.message_id) if case else None
    if case is None or message is None or case.brand != brand:
        parts.nothing("There is no such case among those you may see. Choose one from the list.")
        return
    # Each part has a place of its own that is always there: what comes and goes above never moves the text box, and
    # a text box that moves is built anew by the browser, without what was typed into it.
    reading, notes, acting, handling, reasons = (st.container() for _ in range(5))
    handled = data_care.handled(case, message)
    with reading:
        _reading(case.id, message.id, case.version, message.version)
    with notes:
        parts.flash()
    with acting:
        _acting(person, case, message, handled)
    with handling:
        parts_care.handling(person, case, message, handled)
    with reasons:
        parts.reasons(message, case)


@st.fragment(run_every=parts.LOOK_EVERY)
@guarded
def _reading(case_id: str, message_id: str, case_version: int, message_version: int) -> None:
    """The message and how our answer stands, live; when either changed, the whole page looks again."""
    case, message = data.case(case_id), data.message(message_id)
    if case is None or message is None:
        return
    if (case.version, message.version) != (case_version, message_version):
        st.rerun()
    account, now = parts.account_of(message), data.now()
    stands = present.standing(case, now)
    words, tone = present.SLA[stands]
    due = f"Answered: {words.lower()}" if stands in present.ANSWERED else f"{words} · {present.left(case.due_at, now)}"
    blocks = [
        present.head(
            message, account, now, [present.type_pill(case.type), [due, tone]], data.by_hand([message]).get(message.id)
        ),
        present.said(message),
        *parts.media(message, f"reading-{case_id}"),
        *present.act_note(data.delivery(message.act)),
    ]
    reply = data.delivery(case.reply_id)
    if reply is not None:
        blocks.append(present.reply_block(reply, account, name=data.name_of, now=now))
    elif case.note:
        blocks.append({"t": "note", "tone": "orange", "text": safe_text(case.note, 400)})
    if sheet(blocks, key=f"reading-{case_id}"):
        _open("")


def _acting(person: Person, case: Case, message: Message, handled: data_care.Handled) -> None:
    """What this person can do about it; below the reading, so that a look again never touches what they type."""
    if not authority.may(person, "Reply"):
        return
    lacking = parts.missing_acknowledgements(person, "Reply")
    if lacking:
        parts.acknowledge_first(lacking)
        return
    lock = present.case_lock(case, person.id, name=data.name_of)
    limit = data.reply_limit(case.platform)
    with st.container():
        if lock:
            sheet([{"t": "note", "tone": "violet", "text": lock}], key=f"lock-{case.id}")
    box = f"reply-{case.id}"
    drafts = st.container()
    if case.state in UNANSWERED and not message.deleted:
        with drafts:
            _drafts(case, message, box, limit, locked=bool(lock))
    if limit is not None and case.state in OPEN_TO_ANSWER and not message.deleted:
        _starts(case, message, box, str(handled.handling.kind), limit, locked=bool(lock))
        with st.form(f"form-{case.id}", border=False):
            st.text_area(
                "Your answer", key=box, max_chars=limit, height=110, disabled=bool(lock), label_visibility="collapsed",
                placeholder="Write a public answer. Ctrl+Enter sends it.",
            )  # fmt: skip
            st.form_submit_button(
                "Send answer", type="primary", disabled=bool(lock), on_click=actions.reply, args=(case, box),
                icon=":material/send:",
            )  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        if not case.owner and case.state is not CaseState.RESOLVED:
            st.button("Claim", key=f"claim-{case.id}", on_click=actions.claim, args=(case.id, case.version))
        mine = case.state is not CaseState.RESOLVED and case.owner in ("", person.id)
        if mine and case.state is not CaseState.ANSWERING and st.button("Resolve", key=f"resolve-{case.id}"):
            parts.resolve_dialog(case, message)
        parts.hide_buttons(message, person, f"inbox-{case.id}")
        capture_button(message, person, f"inbox-{case.id}")


def _drafts(case: Case, message: Message, box: str, limit: int | None, *, locked: bool) -> None:
    """What rules drafted for this message; the first stands in the answer box of who may use it, to be changed."""
    blocks = present_care.draft_blocks(message, limit)
    if not blocks or case.answered_at is not None:
        return
    sheet(blocks, key=f"drafts-{case.id}")
    sendable = present_care.sendable(message)
    if sendable and limit is not None and not locked:
        actions_care.offer(box, present_care.draft_text(sendable[0], limit))


def _starts(case: Case, message: Message, box: str, kind: str, limit: int, *, locked: bool) -> None:
    """Drafts of rules and saved answers to start from."""
    starts = [*present_care.sendable(message), *data_care.answers_for(case.brand, case.type, kind)]
    if not starts:
        return
    choice = f"saved-{case.id}"
    first_name = present.author(message).split()[0] if message.author_name else "there"
    st.selectbox(
        "Saved answer", starts, index=None, key=choice, disabled=locked, format_func=_title,
        placeholder="Start from a saved answer", label_visibility="collapsed", on_change=actions_care.start_from,
        args=(choice, box, first_name, limit),
    )  # fmt: skip


def _title(start: Answer | Drafted) -> str:
    return start.title if isinstance(start, Answer) else f"Drafted by {present.drafted_by(start)}"
