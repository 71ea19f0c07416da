"""Moderation: what waits for a decision, what was decided and why, and a person's own word on it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import actions, data, parts, parts_moderation, present, theme, who
from dashboard.app_pages.user_content import capture_button
from dashboard.components import sheet, work_list
from dashboard.failures import guarded
from dashboard.text import one_line, safe_text
from herald.care import cases
from herald.flows import commands
from herald.flows.invite import MAY_OFFER_APPEAL
from herald.flows.sealed import appealable
from herald.govern import authority
from herald.model import Act, Action, Case, CaseState, Message, Person, Work, case_id

VIEWS = {
    "review": "To review", "appeals": "Appeals", "decided": "Decided", "authors": "Authors", "channels": "Channels",
    "figures": "How well",
}  # fmt: skip
BESIDE = {"authors": parts_moderation.authors, "channels": parts_moderation.channels,
          "figures": parts_moderation.figures}  # fmt: skip
QUEUES = {"review": (Work.REVIEW, Work.TASK), "appeals": (Work.APPEAL,)}
_AT_WORK = "moderation.at_work"
"""The case that this session has open from a queue."""
_TOLD = "moderation.told"
"""What came of the item before this one."""
APPEAL_HOURS = 30 * 24
PAGE = 25
TRIES = 3
ACTIONS = ("all", "hide", "queue", "allow")


@guarded
def render() -> None:
    """The page."""
    person = who.current_person()
    if person is None:
        return
    brand = _head(person)
    if brand is None:
        return
    chosen = st.query_params.get("message", "")
    top = st.container()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        view = st.segmented_control(
            "View", list(VIEWS), format_func=VIEWS.__getitem__, default="review", required=True, key="view",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
        _next_button(person, brand, view or "review")
    if chosen and view in QUEUES:
        _move_on(person, brand, chosen, QUEUES[view])
    if told := st.session_state.pop(_TOLD, ""):
        sheet([{"t": "note", "tone": "green", "text": one_line(f"The last one: {told}", 400)}], key="the-last")
    if not chosen and view not in BESIDE:
        with top:
            _numbers(brand)
    if view in BESIDE:
        parts.flash()
        BESIDE[view](person, brand)
        return
    if not chosen:
        _list(person, brand, view or "review", "")
        return
    left, right = st.columns([0.42, 0.58], gap="medium")
    with left:
        _list(person, brand, view or "review", chosen)
    with right, st.container(border=True, key="detail"):
        _detail(person, brand, chosen, view or "review")


def _head(person: Person) -> str | None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width="stretch", gap="xxsmall"):
            st.title("Moderation", anchor=False)
            caption = st.empty()
        brand = parts.brand_of(person, "brand")
    if brand is not None:
        zones = present.zone_words(account.timezone for account in data.accounts_of(brand))
        caption.caption(f"What the rules decided, and what waits for you · {zones}")
    return brand


# ---------------------------------------------------------------- today in numbers


def today_of(brand: str, now: datetime) -> dict[str, int] | None:
    """Today's counts over a brand's accounts, each by its own day; None where nothing was counted yet today."""
    total: dict[str, int] = {}
    for account in data.accounts_of(brand):
        day = now.astimezone(ZoneInfo(account.timezone)).date().isoformat()
        for metric, count in data.counted(account.id, day).items():
            total[metric] = total.get(metric, 0) + count
    return total or None


@st.fragment(run_every=parts.LOOK_EVERY)
@guarded
def _numbers(brand: str) -> None:
    counts = today_of(brand, data.now())
    waiting = data.open_cases(brand, Work.REVIEW)
    tasks = data.open_cases(brand, Work.TASK)

    def shown(metric: str) -> int | str:
        return "n/a" if counts is None else counts.get(metric, 0)

    judged = "n/a" if counts is None else sum(n for metric, n in counts.items() if metric.startswith("action."))
    plus = "+" if waiting.more or tasks.more else ""
    cards = (
        ("Judged today", judged, "Messages written today, in the account's time zone, that were judged."),
        ("Hidden", shown("action.hide"), "How many of these stand as hidden."),
        ("Not decided yet", shown("action.queue"), "How many of these the rules left to a person, and still wait."),
        ("Decided by people", shown("by.person"), "How many of these a person decided or overruled."),
        ("Waiting now", f"{len(waiting.cases) + len(tasks.cases)}{plus}", "Open reviews and tasks of any day."),
    )
    with st.grid(5, min_column_width=140, gap="small"):
        for label, value, meaning in cards:
            st.metric(label, value, border=True, height="stretch", help=f"{meaning} n/a: nothing was counted yet.")


# ---------------------------------------------------------------- lists


def _next_button(person: Person, brand: str, view: str) -> None:
    """Take what most needs a decision now, as one's own for a quarter of an hour."""
    if view in ("decided", *BESIDE) or not authority.may(person, "Claim"):
        return
    works = QUEUES[view]
    if st.button("Take the next", icon=":material/keyboard_arrow_right:", shortcut="N", key="next", type="primary"):
        _take_next(person, brand, works)


def _move_on(person: Person, brand: str, chosen: str, works: tuple[Work, ...]) -> None:
    """After a decision the next item comes by itself; what came of the last is said beside it."""
    case = data.case(at_work) if (at_work := st.session_state.get(_AT_WORK)) else None
    if case is None or case.message_id != chosen or case.state is not CaseState.RESOLVED:
        return
    st.session_state.pop(_AT_WORK)
    if case.resolved_by != person.id or case.type == Act.LOCK:
        return  # a colleague decided it, or the thread is being closed: what came of it is read first
    told = actions.take_flash()
    words = told.text if told else "Decided."
    st.session_state[_TOLD] = words
    _take_next(person, brand, works)
    st.session_state[_TOLD] = f"{words} No other {'appeal' if Work.APPEAL in works else 'decision'} waits for you."
    _open("")


def _take_next(person: Person, brand: str, works: tuple[Work, ...]) -> None:
    for _ in range(TRIES):  # a colleague may take the same one at the same moment: then the one after it
        case = cases.next_for(_waiting(brand, works), person.id, data.now())
        if case is None:
            st.toast("Nothing waits that nobody has taken.")
            return
        held = cases.holder(case, data.now()) == person.id or not authority.may(person, "Claim")
        if held or actions.give(commands.Claim(case.id, case.version)):
            actions.take_flash()
            _open(case.message_id)
    st.toast("Others were faster. Try again.")


def _waiting(brand: str, works: tuple[Work, ...]) -> list[tuple[Case, Message]]:
    """The open cases of these kinds with their messages: the nearest fifty deadlines of each."""
    found = [data.open_cases(brand, work) for work in works]
    return [(case, one.messages[case.message_id]) for one in found for case in one.cases
            if case.message_id in one.messages]  # fmt: skip


@st.fragment(run_every=parts.LOOK_EVERY)
@guarded
def _list(person: Person, brand: str, view: str, chosen: str) -> None:
    if view == "decided":
        picked = _decided(brand, chosen)
    else:
        picked = _review(person, brand, chosen) if view == "review" else _appeals(person, brand, chosen)
    if picked is not None and picked != chosen:
        _open(picked)


def _review(person: Person, brand: str, chosen: str) -> str | None:
    reviews, tasks, now = data.open_cases(brand, Work.REVIEW), data.open_cases(brand, Work.TASK), data.now()
    rows: list[present.Row] = []
    messages: dict[str, str] = {}
    for case, message in cases.in_turn(_waiting(brand, (Work.REVIEW, Work.TASK)), now):
        if message.id in messages.values():
            continue
        messages[case.id] = message.id
        rows.append(present.review_row(case, message, me=person.id, name=data.name_of, now=now))
    selected = next((each for each, of in messages.items() if of == chosen), chosen)
    picked = work_list(
        present.REVIEW_COLUMNS, rows, key="review-list", name="Messages waiting for a decision", selected=selected,
        empty=("Nothing waits for a decision", "What a rule leaves to a person appears here by itself."),
        scrolls=bool(chosen),
    )  # fmt: skip
    if chosen:
        return messages.get(picked, "") if picked is not None else None  # on a phone nothing stands over the message
    more = " · the first 50 of each kind" if reviews.more or tasks.more else ""
    st.caption(f"Most at stake first · {parts.as_of(brand, now)}{more}")
    return messages.get(picked, "") if picked is not None else None


def _appeals(person: Person, brand: str, chosen: str) -> str | None:
    """What customers say against decisions to hide, most at stake first."""
    open_, now = data.open_cases(brand, Work.APPEAL), data.now()
    messages = {case.id: case.message_id for case in open_.cases if case.message_id in open_.messages}
    rows = [
        present.review_row(case, message, me=person.id, name=data.name_of, now=now)
        for case, message in cases.in_turn(_waiting(brand, (Work.APPEAL,)), now)
    ]
    selected = next((each for each, of in messages.items() if of == chosen), chosen)
    picked = work_list(
        present.REVIEW_COLUMNS, rows, key="appeal-list", name="Appeals", selected=selected,
        empty=("Nobody appeals", "Who gets an appeal link can say once why a message should not be hidden."),
        scrolls=bool(chosen),
    )  # fmt: skip
    if not chosen:
        st.caption(parts.as_of(brand, now) + (" · the first 50" if open_.more else ""))
    return messages.get(picked, "") if picked is not None else None


def _decided(brand: str, chosen: str) -> str | None:
    now = data.now()
    stack: list[tuple[str, str | None]] = st.session_state.setdefault("moderation.places", [])
    month, cursor = stack[-1] if stack else (f"{now:%Y-%m}", None)
    page = data.acted(brand, month, cursor, PAGE)
    tasks = data.by_hand(page.messages)
    rows = [present.decided_row(one, tasks.get(one.id), name=data.name_of, now=now) for one in page.messages]
    picked = work_list(
        present.DECIDED_COLUMNS, rows, key="decided-list", name="What was decided", selected=chosen,
        empty=(
            f"Nothing was hidden or sent to review in {_month_words(month)}",
            "Messages that are simply allowed are not listed here.",
        ),
        scrolls=bool(chosen),
    )  # fmt: skip
    if chosen:
        return picked
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Newer", key="newer", disabled=not stack, icon=":material/chevron_left:"):
            stack.pop()
            st.rerun(scope="fragment")
        if st.button("Older", key="older", icon=":material/chevron_right:", icon_position="right"):
            stack.append((month, page.cursor) if page.cursor else (_before(month), None))
            st.rerun(scope="fragment")
        st.caption(f"{_month_words(month)} (UTC) · newest first · {parts.as_of(brand, now)}", width="content")
    return picked


def _before(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02d}"


def _month_words(month: str) -> str:
    return f"{datetime.strptime(month, '%Y-%m'):%B %Y}"  # noqa: DTZ007  a month has no zone


def _open(message_id: str) -> None:
    if message_id:
        st.query_params["message"] = message_id
    else:
        st.query_params.pop("message", None)
    st.rerun()


# ---------------------------------------------------------------- the open message


def _detail(person: Person, brand: str, message_id: str, view: str) -> None:
    message = data.message(message_id)
    if message is None or message.brand != brand:
        parts.nothing("There is no such message among those you may see. Choose one from the list.")
        return
    case = _case_of(message)
    if case is not None and view in QUEUES:
        st.session_state[_AT_WORK] = case.id
    _reading(message.id, message.version, case.id if case else "", case.version if case else 0)
    parts.flash()
    _acting(person, message, case)
    appealed = case is not None and case.work is Work.APPEAL
    with st.container(horizontal=True, gap="small"):
        if message.decision and message.decision.action is Action.ALLOW:
            capture_button(message, person, "moderation")
        if appealable(message) and not appealed and person.roles & MAY_OFFER_APPEAL:
            _appeal_link(message)
        parts_moderation.study_button(person, message)
        parts_moderation.evidence_button(person, message)
        _answer_button(person, message)
    parts_moderation.thread(person, message)
    parts_moderation.author(person, message)
    parts.reasons(message, None)


def _answer_button(person: Person, message: Message) -> None:
    """To the drafted answer in the Inbox, while nobody has answered yet."""
    drafted = message.decision is not None and message.decision.offered
    case = data.case(message.case_id) if drafted and message.case_id and authority.may(person, "Reply") else None
    waits = case is not None and case.state in (CaseState.OPEN, CaseState.CLAIMED)
    if case is not None and waits and st.button("Drafted answer", icon=":material/reply:", key=f"answer-{case.id}"):
        st.switch_page(st.session_state["herald.pages"]["inbox"], query_params={"case": case.id, "brand": case.brand})


def _case_of(message: Message) -> Case | None:
    """The open review, appeal or task of this message, as far as it is among the first fifty or belongs to these
    words."""
    decision = message.decision
    appeals = data.open_cases(message.brand, Work.APPEAL)
    appealed = next((case for case in appeals.cases if case.message_id == message.id), None)
    if appealed:
        return data.case(appealed.id)
    if decision:
        review = data.case(case_id(message.id, Work.REVIEW, decision.content_hash))
        if review and review.state is not CaseState.RESOLVED:
            return review
    tasks = data.open_cases(message.brand, Work.TASK)
    return next((case for case in tasks.cases if case.message_id == message.id), None)


@st.fragment(run_every=parts.LOOK_EVERY)
@guarded
def _reading(message_id: str, version: int, case_id_: str, case_version: int) -> None:
    message = data.message(message_id)
    case = data.case(case_id_) if case_id_ else None
    if message is None:
        return
    if (message.version, case.version if case else 0) != (version, case_version):
        st.rerun()
    account, now = parts.account_of(message), data.now()
    chips = []
    if case is not None:
        words, tone = present.SLA[present.standing(case, now)]
        chips = [[theme.WORKS[case.work], "blue"], [f"{words} · {present.left(case.due_at, now)}", tone]]
    ordered = data.delivery(message.act)
    act = present.act_note(ordered)
    pictures = parts.media(message, f"reading-{message_id}")
    task = data.by_hand([message]).get(message.id)
    act += present.why_visible(message, ordered, task, account, name=data.name_of, now=now)
    blocks = [present.head(message, account, now, chips, task), present.said(message), *pictures, *act]
    if case is not None and case.note:
        appeals = case.work is Work.APPEAL
        said = f"The customer appeals: {case.note}" if appeals else case.note
        blocks.append({"t": "note", "tone": "orange", "text": safe_text(said, 2_100 if appeals else 400)})
    if sheet(blocks, key=f"reading-{message_id}"):
        _open("")


def _acting(person: Person, message: Message, case: Case | None) -> None:
    allowed = [each for each in ("Overrule", "Hide", "Unhide") if authority.may(person, each)]
    if not allowed:
        return
    lacking = {p.id: p for each in allowed for p in parts.missing_acknowledgements(person, each)}
    if lacking:
        parts.acknowledge_first(list(lacking.values()))
    with st.container(horizontal=True, gap="small"):
        appealed = case is not None and case.work is Work.APPEAL
        holder = cases.holder(case, data.now()) if case is not None else ""
        if case is not None and not holder and authority.may(person, "Claim"):
            st.button(
                "Claim", key=f"claim-{case.id}", on_click=actions.claim, args=(case.id, case.version), shortcut="T"
            )
        if holder not in ("", person.id):
            st.caption(one_line(f"{data.name_of(holder)} is on this.", 120))
            return
        if lacking:
            return
        if case is not None and appealed:
            parts.appeal_buttons(case, message, person, decided_by=_decider(case, message))
            return
        waits = case is not None and case.work is Work.REVIEW
        parts.decide_buttons(message, person, f"decide-{message.id}", waits=waits)
        if not authority.may(person, "Overrule"):
            parts.hide_buttons(message, person, f"moderation-{message.id}")
        parts_moderation.escalate_button(person, message)
        parts_moderation.delete_button(message, person)
        task = case is not None and case.work is Work.TASK and case.owner in ("", person.id)
        if case is None or not task or not authority.may(person, "Resolve"):
            return
        if st.button("Done by hand", key=f"resolve-{case.id}", type="primary"):
            parts.resolve_dialog(case, message)


def _decider(case: Case, message: Message) -> str:
    """Who made the decision that is appealed against: a person's id, or "rules"."""
    made = [decision for decision, _ in data.history(message.id)]
    key = case.id.rpartition("~")[2]
    return next((decision.decided_by for decision in made if decision.key == key), "")


def _appeal_link(message: Message) -> None:
    """A link by which whose message was hidden may say, once, why that was wrong."""
    if st.button("Copy appeal link", key=f"appeal-link-{message.id}", icon=":material/link:", type="tertiary"):
        told = "Send it to the customer. Whoever has it can appeal once against this decision."
        parts.link_dialog("appeal", message.id, APPEAL_HOURS, told)
