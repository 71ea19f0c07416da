"""One post: its words, each variant and where it stands, who answers for it, and its whole history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import streamlit as st

from dashboard import actions_posts, data, data_posts, images, parts, present, present_posts
from dashboard.components.calendar import post_cards
from dashboard.data_posts import Whole
from dashboard.failures import guarded
from dashboard.text import one_line, safe_text
from herald.errors import HeraldError
from herald.flows import checks, commands
from herald.govern import authority
from herald.model import Person, Post, Target, TargetState, words_of
from herald.model.govern import main_zone
from herald.publish import writing
from herald.publish.checks import check

REASON_HINT = "Whoever asks later reads this"


def render(person: Person, post_id: str, *, close: Callable[[], None], edit: Callable[[str], None]) -> None:
    """The post's own page.

    Args:
        close: callback that leads back to the calendar.
        edit: callback that opens the composer on this post.
    """
    whole = data_posts.whole(post_id[:80])
    st.button("Calendar", icon=":material/arrow_back:", key="post-back", on_click=close, type="tertiary")
    if whole is None or whole.post.brand not in person.brands:
        parts.nothing("There is no such post among those you may see. Choose one from the calendar.")
        return
    zone = main_zone(data.accounts_of(whole.post.brand))
    _head(person, whole, zone, edit)
    parts.flash()
    left, right = st.columns([0.62, 0.38], gap="medium")
    with left:
        _master(whole.post)
        for target in whole.targets:
            _variant(person, whole, target)
    with right:
        _written(person, whole)
        _review(person, whole)
        with st.container(border=True):
            _history(whole, zone)
    _watch(whole.post.id, whole.seen)


@st.fragment(run_every=parts.LOOK_EVERY)
@guarded
def _watch(post_id: str, seen: tuple[object, ...]) -> None:
    """When anything about it changed, the page looks again."""
    whole = data_posts.whole(post_id)
    if whole is None or whole.seen != seen:
        st.rerun()


def _head(person: Person, whole: Whole, zone: str, edit: Callable[[str], None]) -> None:
    post, now = whole.post, data.now()
    editable = [target for target in whole.targets if target.state.editable]
    title, tools = st.columns([0.62, 0.38], vertical_alignment="center", gap="small")  # on a phone one under the other
    with title:
        by = one_line(data.name_of(post.author), 60)
        sub = f"Written by {by}, {present.clock(post.created_at, zone, now)} · version {post.version}"
        shown = one_line(post.title, 120) or "(no title)"
        post_cards([{"t": "head", "title": shown, "sub": sub}], key=f"post-head-{post.id}")
    with tools, st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        if editable and authority.may(person, "Draft"):
            st.button("Edit", key="post-edit", icon=":material/edit:", on_click=edit, args=(post.id,))
        if _in(whole, TargetState.DRAFT) and authority.may(person, "Submit"):
            st.button("Submit for approval", key="post-submit", type="primary", on_click=actions_posts.submit,
                      args=(post.id, post.version))  # fmt: skip
        several = sum(present_posts.movable(target) for target in whole.targets) > 1 and authority.may(person, "Cancel")
        if several and st.button("Cancel all", key="post-cancel-all"):
            _cancel_dialog(post, "")


def _in(whole: Whole, *states: TargetState) -> list[Target]:
    return [target for target in whole.targets if target.state in states]


def _master(post: Post) -> None:
    block: dict[str, Any] = {
        "t": "master", "text": safe_text(post.text, 20_000), "link": one_line(post.link, 2_000), "facts": [],
    }  # fmt: skip
    if post.media:
        media = post.media[0]
        size = f"{media.width} × {media.height} · " if media.width else ""
        block["image"] = {
            "src": _small(media.key), "alt": safe_text(media.alt, 1_000),
            "note": f"{size}{media.size / 1000:,.0f} kB · {media.mime.removeprefix('image/').upper()}",
        }  # fmt: skip
    with st.container(border=True):
        post_cards([block], key=f"post-master-{post.id}")


@st.cache_resource(ttl=600.0, max_entries=64, show_spinner=False)
def _small(key: str) -> str:
    """A small copy of a kept image; empty where it is not there."""
    try:
        return images.thumbnail(data_posts.image(key))
    except HeraldError:
        return ""


# ---------------------------------------------------------------- what is checked


def _written(person: Person, whole: Whole) -> None:
    """What the brand's rules stop on these words; someone other than the writer may let it stand."""
    post = whole.post
    editable = [target for target in whole.targets if target.state.editable]
    stops = checks.stopping(post, editable, data.herald()) if editable else []
    if not stops:
        return
    with st.container(border=True):
        told = "\n".join(f"· {each.words}" for each in stops)
        post_cards([{"t": "note", "tone": "orange", "text": safe_text(f"Stops it:\n{told}", 2_000)}], key="post-stops")
        if authority.may(person, "WaiveCheck") and person.id != post.author and st.button("Let it stand…", key="waive"):
            _waive_dialog(post, tuple(dict.fromkeys(each.rule for each in stops)))


@st.dialog("Let it stand", width="small")
def _waive_dialog(post: Post, rules: tuple[str, ...]) -> None:
    """One rule, on exactly these words."""
    _waive(post, rules)


@guarded
def _waive(post: Post, rules: tuple[str, ...]) -> None:
    rule = st.selectbox("Rule", list(rules), format_func=lambda each: writing.RULES[each].title)
    reason = _reason("waive", "Let it stand on these words")
    if reason is not None:
        _done(actions_posts.give(commands.WaiveCheck(post.id, rule, reason, post.version)))


# ---------------------------------------------------------------- variants


def _variant(person: Person, whole: Whole, target: Target) -> None:
    post, accounts = whole.post, data.accounts()
    problems = []
    if target.state.editable and target.state is not TargetState.CANCELLED:
        found = check(post, target, data_posts.limits(target.platform))
        problems = [(present_posts.FIELDS.get(each.field, each.field), each.words) for each in found]
    card = present_posts.variant(
        post, target, whole.deliveries.get(target.delivery_id), whole.approvals, whole.notes,
        accounts, problems, name=data.name_of, now=data.now(),
    )  # fmt: skip
    with st.container(border=True, key=f"variant-{target.account}"):
        post_cards([{"t": "variant", **card}], key=f"variant-card-{target.account}")
        with st.container(horizontal=True, gap="small"):
            _buttons(person, post, target)


def _buttons(person: Person, post: Post, target: Target) -> None:
    """What this person may do to this variant now."""
    at = target.account
    if present_posts.movable(target) and authority.may(person, "MovePost") and st.button("Move", key=f"move-{at}"):
        _move_dialog(post, target)
    stops = present_posts.movable(target) or target.state is TargetState.RELEASING
    if stops and authority.may(person, "Cancel") and st.button("Cancel", key=f"cancel-{at}"):
        _cancel_dialog(post, at)
    down = target.state is TargetState.PUBLISHED and authority.may(person, "TakeDown")
    if down and st.button("Take down", key=f"down-{at}"):
        _take_down_dialog(post, target)
    if target.state is TargetState.UNCLEAR and authority.may(person, "Confirm"):
        if st.button("It stands there", key=f"stands-{at}", type="primary"):
            _stands_dialog(post, target)
        if st.button("It is not there", key=f"gone-{at}"):
            _gone_dialog(post, target)


def _done(done: object) -> None:
    """After a command from within a dialog: close it when it was carried out, else say there what is missing."""
    if done:
        st.rerun()
    parts.flash()


@st.dialog("Move", width="small")
def _move_dialog(post: Post, target: Target) -> None:
    """Another day or time for one variant."""
    _move(post, target)


@guarded
def _move(post: Post, target: Target) -> None:
    wall = datetime.strptime(target.local_time[:16], "%Y-%m-%dT%H:%M")  # noqa: DTZ007  wall clock
    with st.form("move", border=False):
        day = st.date_input("Day", wall.date())
        time = st.time_input(f"Time in {present.city(target.zone)}", wall.time(), step=300)
        if target.state is not TargetState.DRAFT:
            st.caption("It goes back to review and needs a new approval.")
        sent = st.form_submit_button("Move", type="primary", shortcut="Ctrl+Enter")
    if sent:
        local_time = f"{day:%Y-%m-%d}T{time:%H:%M}" if day and time else ""
        _done(actions_posts.move_to(post.id, target.account, local_time, post.version))


@st.dialog("Cancel", width="small")
def _cancel_dialog(post: Post, account: str) -> None:
    """Do not publish one variant, or all that are still to come."""
    _cancel(post, account)


@guarded
def _cancel(post: Post, account: str) -> None:
    reason = _reason("cancel", "Cancel it" if account else "Cancel all that are still to come")
    if reason is not None:
        _done(actions_posts.cancel(post.id, account, reason, post.version))


@st.dialog("Take down", width="small")
def _take_down_dialog(post: Post, target: Target) -> None:
    """Delete it on its platform."""
    _take_down(post, target)


@guarded
def _take_down(post: Post, target: Target) -> None:
    st.caption("It is deleted on the platform, with the answers below it. This cannot be undone.")
    reason = _reason("down", "Take it down")
    if reason is not None:
        _done(actions_posts.take_down(post.id, target.account, reason, post.version))


@st.dialog("It stands on the platform", width="small")
def _stands_dialog(post: Post, target: Target) -> None:
    """A person found it there."""
    _stands(post, target)


@guarded
def _stands(post: Post, target: Target) -> None:
    with st.form("stands", border=False):
        url = st.text_input("Its address there", max_chars=2_000, placeholder="https://")
        sent = st.form_submit_button("It stands there", type="primary", shortcut="Ctrl+Enter")
    if sent:
        _done(actions_posts.confirm(post.id, target.account, url or "", post.version, stands=True))


@st.dialog("It is not on the platform", width="small")
def _gone_dialog(post: Post, target: Target) -> None:
    """A person looked and did not find it."""
    _gone(post, target)


@guarded
def _gone(post: Post, target: Target) -> None:
    st.caption("Look at the account's own posts first. If it stands there after all, moving it would publish it twice.")
    with st.form("gone", border=False):
        sent = st.form_submit_button("I looked: it is not there", type="primary")
    if sent:
        _done(actions_posts.confirm(post.id, target.account, "", post.version, stands=False))


def _reason(key: str, button: str) -> str | None:
    """Ask for a reason; it once the button was pressed."""
    with st.form(key, border=False):
        reason = st.text_area("Reason", max_chars=500, height=90, placeholder=REASON_HINT)
        sent = st.form_submit_button(button, type="primary", shortcut="Ctrl+Enter")
    return (reason or "") if sent else None


# ---------------------------------------------------------------- review and history


def _review(person: Person, whole: Whole) -> None:
    post, waiting = whole.post, _in(whole, TargetState.IN_REVIEW)
    rejectable = _in(whole, TargetState.IN_REVIEW, TargetState.APPROVED)
    may_approve, may_reject = authority.may(person, "Approve"), authority.may(person, "Reject")
    if not waiting and not (rejectable and may_reject):
        return
    with st.container(border=True):
        own = [t for t in waiting if person.id in (post.author, t.submitted_by)]
        names = "; ".join(present_posts.account_words(t.account, data.accounts()) for t in waiting)
        text = f"Waits for approval: {names}." if waiting else "Approved, and still to come."
        blocks = [{"t": "note", "tone": "violet" if waiting else "green", "text": text}]
        if own and may_approve:
            blocks.append({"t": "note", "text": "You wrote or submitted this: someone else approves it."})
        post_cards(blocks, key="post-review")
        lacking = parts.missing_acknowledgements(person, "Approve") if may_approve and waiting else []
        if lacking:
            parts.acknowledge_first(lacking)
        with st.container(horizontal=True, gap="small"):
            if waiting and may_approve and not own and not lacking:
                st.button("Approve", key="post-approve", type="primary", icon=":material/check:",
                          on_click=actions_posts.approve, args=(post.id, post.version))  # fmt: skip
            if rejectable and may_reject and st.button("Send back", key="post-reject"):
                _reject_dialog(post)
            if waiting and may_approve and not own and not lacking:
                _own_link(post)
        if waiting and may_approve and not own:
            words = {words_of(post, t) for t in waiting}
            st.caption("You answer for these words, link, image and times; any edit voids it."
                       + (" The variants differ: read each." if len(words) > 1 else ""))  # fmt: skip


def _own_link(post: Post) -> None:
    """For the approver's own telephone: it acts as them, so nobody is shown another's."""
    if st.button("Copy link", key="post-link", icon=":material/link:", type="tertiary", help="To approve elsewhere"):
        told = "Yours alone, to read and decide on another device. Whoever has it approves in your name."
        parts.link_dialog("approve", post.id, 48, told)


@st.dialog("Send back", width="small")
def _reject_dialog(post: Post) -> None:
    """Back to draft, with what must change."""
    _reject(post)


@guarded
def _reject(post: Post) -> None:
    reason = _reason("reject", "Send back to draft")
    if reason is not None:
        _done(actions_posts.reject(post.id, reason, post.version))


def _history(whole: Whole, zone: str) -> None:
    accounts, now = data.accounts(), data.now()
    rows = [
        present_posts.note_row(note, accounts, name=data.name_of, zone=zone, now=now)
        for note in sorted(whole.notes, key=lambda note: note.at)
    ]
    label = {"t": "label", "text": f"History ({present.city(zone)} time)"}
    empty = {"t": "note", "text": "Nothing is on record yet."}
    post_cards([label, {"t": "events", "rows": rows} if rows else empty], key="post-history")
