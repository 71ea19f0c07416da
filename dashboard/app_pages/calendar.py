"""Calendar: what goes out when, by day. Move it, hold everything, open a post or write one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import actions_posts, compose, data, data_posts, parts, present, present_posts, theme, who
from dashboard.app_pages import days as days_page
from dashboard.app_pages import post as post_page
from dashboard.components import calendar as components
from dashboard.components import sheet
from dashboard.failures import guarded
from dashboard.text import one_line, safe_text
from herald.govern import authority
from herald.model import Account, Hold, Person, Role
from herald.model.govern import main_zone

SEES = frozenset({Role.MARKETER, Role.COMMUNITY_MANAGER, Role.CUSTOMER_SERVICE_MANAGER, Role.OWNER, Role.COMPLIANCE})
"""Whose work the calendar is. What each may do there is the gate's to say."""
VIEWS = ("post", "compose", "day", "days")
_KEY = "calendar-month"


@guarded
def render() -> None:
    """The page: the month, one post (?post=), or the composer (?compose=new or a post's id)."""
    person = who.current_person()
    if person is None:
        return
    if st.query_params.get("compose"):
        compose.render(person, st.query_params["compose"], close=_back, opened=_open)
        return
    if st.query_params.get("post"):
        post_page.render(person, st.query_params["post"], close=_back, edit=_edit)
        return
    if st.query_params.get("days"):
        chosen = data_posts.brand_in_view(person, st.session_state.get("brand"))
        days_page.render(person, chosen, st.query_params["days"][:80], close=_back)
        return
    brand, month = _head(person)
    if brand is None:
        return
    platforms, groups = _filters(brand)
    _month(person, brand, month, platforms, groups)


def _go(**params: str) -> None:
    """Another view of this page. The month stays in the address; filters and brand are their widgets' own."""
    for name in VIEWS:
        if name not in params:
            st.query_params.pop(name, None)
    for name, value in params.items():
        st.query_params[name] = value


def _back() -> None:
    _go()


def _days() -> None:
    _go(days="days")


def _open(post_id: str) -> None:
    _go(post=post_id)


def _edit(post_id: str) -> None:
    _go(compose=post_id)


# ---------------------------------------------------------------- head and filters


def _head(person: Person) -> tuple[str | None, date]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        with st.container(width="stretch"):
            st.title("Calendar", anchor=False)
        brand = parts.brand_of(person, "brand")
        if brand is None:
            return None, date.min
        with st.container(horizontal=True, gap="small", width="content", vertical_alignment="center"):
            if authority.may(person, "Hold") and st.button("Hold…", icon=":material/front_hand:", key="hold"):
                _hold_dialog(brand)
            st.button("Days and files", icon=":material/event_note:", key="days", on_click=_days)
            if authority.may(person, "Draft"):
                st.button("New post", type="primary", icon=":material/edit_square:", key="new-post", on_click=_edit,
                          args=("new",))  # fmt: skip
    zone = main_zone(data.accounts_of(brand))
    today = data.now().astimezone(ZoneInfo(zone)).date()
    month = present_posts.month_of(st.query_params.get("month", ""), today)
    st.caption(f"{_rule(brand, zone)} {_how(person)}")
    return brand, month


def _rule(brand: str, zone: str) -> str:
    others = {account.timezone for account in data.accounts_of(brand)} - {zone}
    told = f"Days and times are those of {present.city(zone)}."
    return told + (" A dotted time has another clock where its account is." if others else "")


def _how(person: Person) -> str:
    if not authority.may(person, "MovePost"):
        return "You may read here; moving posts is for others."
    return (
        "Drag a post, or press Alt+arrow on it, to move it to another day. "
        "Moving an approved post sends it back to review."
    )


def _filters(brand: str) -> tuple[list[str], list[str]]:
    platforms = sorted({a.platform for a in data_posts.publishing(brand)}, key=theme.platform_name)
    names = {group: words for group, (words, _) in present_posts.GROUPS.items()}
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="calendar-bar"):
        chosen: list[str] = []
        if len(platforms) > 1:
            chosen = st.pills(
                "Platform", platforms, selection_mode="multi", format_func=theme.platform_name, key="platform",
                bind="query-params", persist_state="session", label_visibility="collapsed", wrap=True,
            )  # fmt: skip
        groups = st.pills(
            "State", list(names), selection_mode="multi", format_func=names.__getitem__, key="state",
            bind="query-params", persist_state="session", label_visibility="collapsed", wrap=True,
        )  # fmt: skip
    return list(chosen or []), list(groups or [])


# ---------------------------------------------------------------- the month


@st.fragment(run_every=parts.LOOK_EVERY)
@guarded
def _month(person: Person, brand: str, month: date, platforms: Sequence[str], groups: Sequence[str]) -> None:
    leave = st.session_state.pop("calendar.leave", None)
    if leave is not None:
        _go(**leave)
        st.rerun()
    accounts = data.accounts_of(brand)
    zone, now = main_zone(accounts), data.now()
    look = present_posts.Looking(zone, now, authority.may(person, "MovePost"), data.accounts())
    _holds(person, brand, accounts, look)
    days = present_posts.visible_days(month)
    planned = data_posts.between(brand, *present_posts.bounds(days, zone))
    states = {state for group in groups if group in present_posts.GROUPS for state in present_posts.GROUPS[group][1]}
    shown = [
        target
        for target in planned.targets
        if (not platforms or target.platform in platforms) and (not states or target.state in states)
    ]
    waiting = data_posts.attention(brand)
    told = actions_posts.told()
    components.calendar(
        {
            **present_posts.month_data(
                month, shown, planned.posts, look, present_posts.holidays_of(days, accounts),
                data_posts.days(brand, days[0], days[-1]),
            ),
            "needs": [present_posts.need(target, waiting.posts[target.post_id], look) for target in waiting.targets],
            "compose": authority.may(person, "Draft"),
            "told": told,
        },
        key=_KEY, on_moved=_moved, on_opened=_opened, on_composed=_composed, on_turned=_turned,
    )  # fmt: skip
    actions_posts.heard()
    number = len(planned.targets)
    _summary(number, number - len(shown), f"as of {now.astimezone(ZoneInfo(zone)):%H:%M:%S}")


def _summary(number: int, hidden: int, as_of: str) -> None:
    count = "1 variant" if number == 1 else f"{number} variants"
    left_out = f" · {hidden} not shown by the filters" if hidden else ""
    st.caption(f"{count} on these days{left_out} · {as_of}")


def _from_browser(event: str) -> object:
    """What the component sent with its event; unchecked."""
    return getattr(st.session_state.get(_KEY), event, None)


def _moved() -> None:
    person = who.current_person()
    asked = _from_browser("moved")
    if person is None or asked is None:
        return
    brand = data_posts.brand_in_view(person, st.session_state.get("brand"))
    zone = main_zone(data.accounts_of(brand))
    to = actions_posts.move(asked, zone)
    if not to:
        return
    today = data.now().astimezone(ZoneInfo(zone)).date()
    month = present_posts.month_of(st.query_params.get("month", ""), today)
    if date.fromisoformat(to) not in present_posts.visible_days(month):
        st.session_state["calendar.leave"] = {"month": to[:7]}  # follow it there


def _opened() -> None:
    asked = _from_browser("opened")
    if isinstance(asked, dict) and asked.get("mark"):
        st.session_state["calendar.leave"] = {"days": str(asked["mark"])[:80]}
    elif isinstance(asked, dict):
        st.session_state["calendar.leave"] = {"post": str(asked.get("post", ""))[:80]}


def _composed() -> None:
    asked = _from_browser("composed")
    if isinstance(asked, dict):
        st.session_state["calendar.leave"] = {"compose": "new", "day": str(asked.get("date", ""))[:10]}


def _turned() -> None:
    asked = _from_browser("turned")
    if isinstance(asked, dict):
        month = str(asked.get("month", ""))[:7]
        st.session_state["calendar.leave"] = {"month": month}


# ---------------------------------------------------------------- holds


def _holds(person: Person, brand: str, accounts: Sequence[Account], look: present_posts.Looking) -> None:
    for hold in data_posts.holds(brand):
        _hold(person, brand, hold, accounts, look)


def _hold(person: Person, brand: str, hold: Hold, accounts: Sequence[Account], look: present_posts.Looking) -> None:
    words = present_posts.hold_words(hold, look.accounts, accounts, look.zone, look.now)
    by = one_line(data.name_of(hold.by), 60)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"hold-{hold.id}"):
        with st.container(width="stretch"):
            text = f"{words}, by {by}: {safe_text(hold.reason, 300)}"
            sheet([{"t": "note", "tone": "red", "text": text}], key=f"hold-words-{hold.id}")
        if authority.may(person, "Release"):
            st.button("Release", key=f"release-{hold.id}", icon=":material/play_arrow:",
                      on_click=actions_posts.release, args=(hold.id, brand))  # fmt: skip


@st.dialog("Hold: let nothing go out", width="small")
def _hold_dialog(brand: str) -> None:
    """Stop everything, or some accounts."""
    _declare(brand)


@guarded
def _declare(brand: str) -> None:
    accounts = {account.id: account for account in data.accounts_of(brand)}
    hold_id = st.session_state.setdefault("hold.id", actions_posts.new_id())
    scope = st.radio("What stops", ["all", "some"], key="hold.scope",
                     format_func={"all": "All accounts", "some": "Some accounts"}.__getitem__)  # fmt: skip
    chosen: list[str] = []
    if scope == "some":
        chosen = st.multiselect(
            "Accounts", list(accounts), key="hold.accounts", placeholder="Choose accounts",
            format_func=lambda each: present_posts.account_words(each, accounts),
        )  # fmt: skip
    reason = st.text_area("Reason", max_chars=500, height=90, key="hold.reason",
                          placeholder="Those who wait will ask: say why")  # fmt: skip
    st.caption("It holds from the moment you press it. What is due meanwhile waits, and says so.")
    if st.button("Hold now", type="primary", key="hold.now", disabled=scope == "some" and not chosen):
        if actions_posts.hold(hold_id, brand, reason or "", chosen):
            for key in ("hold.id", "hold.reason", "hold.scope", "hold.accounts"):
                st.session_state.pop(key, None)
            actions_posts.tell_flash()
            st.rerun()
        parts.flash()
