"""User content: what customers shared, and our right to show it: captured, asked, granted, withdrawn."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import streamlit as st

from dashboard import actions_library, data, data_library, parts, present, present_posts, theme, who
from dashboard import present_library as show
from dashboard.components import sheet, work_list
from dashboard.components.table import table
from dashboard.failures import guarded
from dashboard.text import one_line, safe_text
from herald.govern import authority
from herald.library.rights import consents
from herald.model import Message, Person, RightState, TargetState, UserContent
from herald.model.govern import main_zone

LISTS: Final = {
    "captured": ("Captured", (RightState.CAPTURED,)),
    "asked": ("Asked", (RightState.ASKED,)),
    "granted": ("Granted", (RightState.GRANTED,)),
    "ended": ("Ended", (RightState.WITHDRAWN, RightState.REFUSED)),
    "look": ("Look through", ()),
}
_EMPTY: Final = {
    "captured": ("Nothing captured", "Capture a message in the Inbox or in Moderation, or let a rule do it by its "
                 "label user_content."),
    "asked": ("Nobody was asked", "Open something captured and ask the customer under their own message."),
    "granted": ("Nothing granted yet", "What a customer permits appears here, to be used in posts."),
    "ended": ("Nothing ended", "What was refused or withdrawn stays here with its reason."),
    "look": ("Nothing new", "What customers said on this account in the last seven days appears here."),
}  # fmt: skip
_READS: Final = {True: ["reads like a yes", "green"], False: ["reads like a no", "red"], None: ["unclear", "gray"]}


@guarded
def render() -> None:
    """The page."""
    person = who.current_person()
    if person is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width="stretch", gap="xxsmall"):
            st.title("User content", anchor=False)
            st.caption("What customers shared, and whether we may show it")
        brand = parts.brand_of(person, "brand")
    if brand is None:
        return
    chosen = st.query_params.get("content", "")[:40]
    if lead := st.session_state.pop("user-content.lead", ""):
        st.session_state["list"] = lead
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        view = st.segmented_control(
            "List", list(LISTS), format_func=lambda each: LISTS[each][0], default="captured", required=True,
            key="list", bind="query-params", label_visibility="collapsed", wrap=True,
        )  # fmt: skip
    if view == "look":
        _look_through(person, brand)
        return
    if not chosen:
        parts.flash()
        _list(brand, view or "captured", "")
        return
    left, right = st.columns([0.42, 0.58], gap="medium")
    with left:
        _list(brand, view or "captured", chosen)
    with right, st.container(border=True, key="detail"):
        _detail(person, brand, chosen)


def _look_through(person: Person, brand: str) -> None:
    """What customers said lately on one account, to capture from it by hand."""
    accounts = {account.id: account for account in data.accounts_of(brand)}
    account = st.selectbox(
        "Account", list(accounts), key="account", bind="query-params", label_visibility="collapsed", width=320,
        format_func=lambda each: present_posts.account_words(each, accounts),
    )  # fmt: skip
    if account is None:
        return
    chosen, now = st.query_params.get("message", "")[:200], data.now()
    left, right = st.columns([0.42, 0.58], gap="medium") if chosen else (st.container(), None)
    with left:
        rows = [show.said_row(message, now) for message in data_library.said_lately(account)]
        picked = work_list(show.SAID_COLUMNS, rows, key="said-list", name="What customers said", selected=chosen,
                           empty=_EMPTY["look"], scrolls=bool(chosen))  # fmt: skip
    if picked is not None and picked != chosen:
        st.query_params["message"] = picked
        st.rerun()
    if right is None:
        return
    with right, st.container(border=True, key="detail"):
        message = data.message(chosen)
        if message is None or message.brand != brand:
            parts.nothing("There is no such message among those you may see. Choose one from the list.")
            return
        blocks = [present.head(message, parts.account_of(message), now), present.said(message)]
        if sheet(blocks, key=f"said-{message.id}"):
            st.query_params.pop("message", None)
            st.rerun()
        parts.flash()
        capture_button(message, person, "look")


def _lead_to(view: str) -> None:
    """The next run shows this list; its widget is there already in this one."""
    st.session_state["user-content.lead"] = view
    st.rerun()


@st.fragment(run_every=parts.LOOK_EVERY)
@guarded
def _list(brand: str, view: str, chosen: str) -> None:
    now = data.now()
    found = [one for state in LISTS[view][1] for one in data_library.contents(brand, state)]
    found.sort(key=show.since, reverse=True)
    messages = data.herald().store.messages(one.message_id for one in found)
    rows = [show.content_row(one, messages.get(one.message_id), now) for one in found]
    picked = work_list(
        show.CONTENT_COLUMNS, rows, key="content-list", name="Customers' content", selected=chosen, empty=_EMPTY[view],
        scrolls=bool(chosen),
    )  # fmt: skip
    st.caption(parts.as_of(brand, now))
    if picked is not None and picked != chosen:
        _open(picked)


def _open(content_id: str) -> None:
    if content_id:
        st.query_params["content"] = content_id
    else:
        st.query_params.pop("content", None)
    st.rerun()


# ---------------------------------------------------------------- one of them


def _detail(person: Person, brand: str, content_id: str) -> None:
    content = data_library.content(brand, content_id)
    message = data.message(content.message_id) if content else None
    if content is None or message is None:
        parts.nothing("There is no such content among what you may see. Choose one from the list.")
        return
    zone, now = main_zone(data.accounts_of(brand)), data.now()
    account = parts.account_of(message)
    words, tone = show.STATES[content.state]
    blocks = [present.head(message, account, now, [[words, tone]]), present.said(message)]
    asked = data.delivery(content.ask_id)
    if asked is not None:
        blocks.append(present.reply_block(asked, account, name=data.name_of, now=now))
    blocks += show.content_facts(content, zone, now, name=data.name_of, said=data.message)
    if sheet(blocks, key=f"content-{content.id}"):
        _open("")
    parts.flash()
    if content.state is RightState.ASKED:
        _answers(person, content, message)
    _acting(person, content, message)
    _uses(person, content, zone)
    history: list[Any] = [{"t": "label", "text": "What happened"}, show.content_events(content, zone, now,
                                                                                      name=data.name_of)]  # fmt: skip
    sheet(history, key=f"history-{content.id}")


def _answers(person: Person, content: UserContent, message: Message) -> None:
    """What the customer said since; whoever reads it confirms what it means."""
    found = data_library.answers(content)[:5]
    if not found:
        st.caption("No answer yet. What they say on this account within 14 days appears here.")
        return
    account, now = parts.account_of(message), data.now()
    zone = account.timezone if account else "UTC"
    for one in found:
        bubble = {
            "t": "bubble", "who": present.author(one), "when": present.clock(one.created_at, zone, now),
            "text": safe_text(one.text, 2_000), "chip": _READS[consents(one.text)],
        }  # fmt: skip
        sheet([bubble], key=f"answer-{one.id}")
        if authority.may(person, "RecordGrant") and st.button("This is their answer …", key=f"is-answer-{one.id}"):
            _record_dialog(content, message, one)


def _acting(person: Person, content: UserContent, message: Message) -> None:
    open_ = content.state in actions_library.OPEN and not message.deleted
    if content.state is RightState.CAPTURED and not message.deleted and authority.may(person, "AskRight"):
        lacking = parts.missing_acknowledgements(person, "Reply")
        if lacking:
            parts.acknowledge_first(lacking)
        else:
            _ask(content, message)
    with st.container(horizontal=True, gap="small"):
        if open_ and authority.may(person, "RecordGrant") and st.button("They answered elsewhere …", key="record"):
            _record_dialog(content, message, None)
        granted = content.state is RightState.GRANTED
        pages = st.session_state.get("herald.pages", {})
        writes = granted and "calendar" in pages and authority.may(person, "Draft")
        if writes and st.button("Use in a post", type="primary", icon=":material/edit_square:", key="use"):
            st.switch_page(pages["calendar"], query_params={"compose": "new", "content": content.id})
        adds = granted and "library" in pages and authority.may(person, "SaveAsset")
        if adds and st.button("Add their picture to the library", icon=":material/add_photo_alternate:", key="picture"):
            st.switch_page(pages["library"], query_params={"asset": "new", "right": content.id})
        withdraws = content.state not in (RightState.WITHDRAWN, RightState.REFUSED)
        if withdraws and authority.may(person, "WithdrawRight") and st.button("Withdraw …", key="withdraw"):
            _withdraw_dialog(content)


def _ask(content: UserContent, message: Message) -> None:
    limit = data.reply_limit(message.platform)
    if limit is None:
        st.caption("Herald cannot reply on this platform. Ask there, then record the answer.")
        return
    account = parts.account_of(message)
    ask_id: str = st.session_state.setdefault(f"ask-id-{content.id}", actions_library.new_id())
    with st.form(f"ask-{content.id}", border=False):
        text = st.text_area(
            "Question", show.question(account.name if account else "", account, message)[:limit], max_chars=limit,
            height=130, key=f"ask-text-{content.id}",
        )  # fmt: skip
        st.caption("It is sent as a public reply under their message.")
        sent = st.form_submit_button("Ask", type="primary", icon=":material/send:")
    if sent and actions_library.ask(content, ask_id, text or ""):
        _lead_to("asked")
    if sent:
        parts.flash()


@st.dialog("What they answered", width="small")
def _record_dialog(content: UserContent, message: Message, answer: Message | None) -> None:
    _record(content, message, answer)


@guarded
def _record(content: UserContent, message: Message, answer: Message | None) -> None:
    reads = consents(answer.text) if answer else True
    granted = st.radio(
        "It means", [True, False], index=1 if reads is False else 0, horizontal=True, key="grant-means",
        format_func=lambda each: "We may show it" if each else "We may not",
    )  # fmt: skip
    with st.form("grant", border=False):
        note = st.text_input("How they said it" if answer is None else "Note (if any)", max_chars=500,
                             placeholder="By telephone, in the shop …" if answer is None else "")  # fmt: skip
        platforms: list[str] = []
        credit, ends = "", None
        if granted:
            known = parts.platforms_of(content.brand)
            platforms = st.multiselect("Where we may show it", known, [p for p in known if p == content.platform],
                                       format_func=theme.platform_name)  # fmt: skip
            credit = st.text_input("Posts thank", present.author(message)[:120], max_chars=120)
            ends = st.date_input("Last day", None, format="YYYY-MM-DD", help="Empty: until they withdraw it.")
        sent = st.form_submit_button("Confirm", type="primary", shortcut="Ctrl+Enter")
    if sent:
        done = actions_library.record(
            content, granted=bool(granted), evidence=answer.id if answer else "", note=note or "",
            platforms=tuple(platforms), last_day=ends.isoformat() if isinstance(ends, date) else "",
            credit=credit or "",
        )  # fmt: skip
        if done:
            _lead_to("granted" if granted else "ended")
        parts.flash()


@st.dialog("The customer withdraws", width="small")
def _withdraw_dialog(content: UserContent) -> None:
    _withdraw(content)


@guarded
def _withdraw(content: UserContent) -> None:
    st.caption("Approved posts with it are held, published ones are taken down, and it cannot be used again.")
    with st.form("withdraw", border=False):
        reason = st.text_area("How they withdrew it", max_chars=500, height=90)
        sent = st.form_submit_button("Withdraw", type="primary", shortcut="Ctrl+Enter")
    if sent:
        if actions_library.withdraw(content, reason or ""):
            _lead_to("ended")
        parts.flash()


def _uses(person: Person, content: UserContent, zone: str) -> None:
    found = data_library.used(content.brand, f"right:{content.id}")
    if not found:
        return
    rows = show.uses([(use.post, use.targets) for use in found], zone, data.now())
    sheet([{"t": "label", "text": "Where it is used"}], key=f"used-{content.id}")
    pages = st.session_state.get("herald.pages", {})
    picked = table(show.USE_COLUMNS, rows, key=f"uses-{content.id}", name="Posts that show it",
                   picks="Open" if "calendar" in pages else "")  # fmt: skip
    if picked and "calendar" in pages:
        st.switch_page(pages["calendar"], query_params={"post": picked})
    stands = any(target.state is TargetState.PUBLISHED for use in found for target in use.targets)
    if content.state is RightState.WITHDRAWN and stands and authority.may(person, "WithdrawRight"):
        told = "It still stands somewhere. If it is not being taken down already, order it again."
        sheet([{"t": "note", "tone": "red", "text": told}], key=f"stands-{content.id}")
        if st.button("Take down what still stands", key="again"):
            actions_library.withdraw(content, content.reason)
            st.rerun()


def capture_button(message: Message, person: Person, key: str) -> None:
    """Beside an open message: capture it, or go to where it is captured already."""
    if message.deleted or message.outbound or message.kind == "dm" or not authority.may(person, "CaptureContent"):
        return
    content = data_library.content_of(message)
    pages = st.session_state.get("herald.pages", {})
    if content is None:
        st.button("Capture", key=f"{key}-capture", icon=":material/volunteer_activism:", help="To ask whether we may "
                  "show it", on_click=actions_library.capture, args=(message.id,))  # fmt: skip
    elif "user-content" in pages:
        label = one_line(f"User content: {show.STATES[content.state][0].lower()}", 40)
        if st.button(label, key=f"{key}-captured", icon=":material/volunteer_activism:"):
            st.switch_page(pages["user-content"], query_params={"content": content.id})
