"""Profiles: how each account is to look, version by version, and what of it is off-brand."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import actions, actions_library, data, data_library, parts, present, theme, who
from dashboard.app_pages import calendar
from dashboard.components import sheet
from dashboard.failures import guarded
from dashboard.text import one_line, safe_text
from herald.errors import HeraldError
from herald.flows import commands
from herald.flows import research as flow
from herald.govern import authority
from herald.model import Account, AssetKind
from herald.model.research import NO_IMAGE, Profile
from herald.research.looks import IMAGES, Finding

SEES = calendar.SEES


@guarded
def render() -> None:
    """The page."""
    person = who.current_person()
    if person is None:
        return
    st.title("Profiles", anchor=False)
    st.caption("How each account is to look, and what differs from the brand's others")
    brand = parts.brand_of(person, "brand")
    if brand is None:
        return
    parts.flash()
    herald = data.herald()
    wrong = flow.off_brand(brand, herald, data.now())
    accounts = data.accounts_of(brand)
    if not accounts:
        parts.empty("No account yet", "Accounts are connected by whoever runs Herald.")
    for account in accounts:
        with st.container(border=True):
            look = flow.profile_of(account.id, herald)
            sheet(
                _blocks(account, look, wrong.get(account.id, [])),
                key=f"profile-{account.id}-{look.number if look else 0}",
            )
            with st.container(horizontal=True, gap="small"):
                if authority.may(person, "SaveProfile") and st.button("Change", key=f"change-{account.id}"):
                    _dialog(account, look)
                if authority.may(person, "RecordLook") and st.button("How it looks there", key=f"looked-{account.id}"):
                    _seen_dialog(account)


def _named(account: Account) -> str:
    return f"{one_line(account.name, 80)} on {theme.platform_name(account.platform)}"


def _blocks(account: Account, look: Profile | None, wrong: list[Finding]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"t": "title", "text": _named(account)}]
    if wrong:
        found.append({"t": "note", "tone": "orange", "text": one_line(" ".join(one.words for one in wrong), 600)})
    if look:
        images = {one.id: one.title for one in data_library.assets(account.brand)}
        by = f"{one_line(data.name_of(look.by), 60)}, {present.clock(look.at, 'UTC', data.now())}"
        found.append(
            {
                "t": "facts",
                "rows": [
                    {"k": "Name", "v": safe_text(look.name, 120)},
                    {"k": "Description", "v": safe_text(look.bio, 2_000) or "none"},
                    {"k": "Link", "v": one_line(look.link, 300) or "none"},
                    {"k": "Colours", "v": " ".join(look.colours) or "none"},
                    {"k": "Picture", "v": one_line(images.get(look.avatar, "none"), 120)},
                    {"k": "Banner", "v": one_line(images.get(look.banner, "none"), 120)},
                    {"k": "Version", "v": f"{look.number}, by {by}"},
                ],
            }
        )
    return found


@st.dialog("How it is to look", width="medium")
def _dialog(account: Account, look: Profile | None) -> None:
    sheet([{"t": "title", "text": _named(account)}], key="whose")
    _change(account, look)


@guarded
def _change(account: Account, look: Profile | None) -> None:
    images = {
        "": "None",
        **{
            one.id: one_line(one.title, 80) for one in data_library.assets(account.brand) if one.kind is AssetKind.IMAGE
        },
    }
    ids = list(images)
    with st.form("profile", border=False):
        name = st.text_input("Name", look.name if look else account.name, max_chars=120)
        bio = st.text_area("Description", look.bio if look else "", max_chars=2_000, height=90)
        link = st.text_input("Link", look.link if look else "", placeholder="https://")
        avatar = st.selectbox(
            "Picture", ids, index=_at(ids, look.avatar if look else ""), format_func=images.__getitem__
        )
        banner = st.selectbox(
            "Banner", ids, index=_at(ids, look.banner if look else ""), format_func=images.__getitem__
        )
        colours = st.text_input("Colours", " ".join(look.colours) if look else "", placeholder="#c5744f #2f4147")
        sent = st.form_submit_button("Save as a new version", type="primary", shortcut="Ctrl+Enter")
    if sent:
        command = commands.SaveProfile(
            account.id, name or "", bio or "", link or "", avatar or "", banner or "", look.number if look else 0,
            tuple((colours or "").split()),
        )
        if actions.give(command):
            st.rerun()
        parts.flash()


@st.dialog("How it looks there today", width="medium")
def _seen_dialog(account: Account) -> None:
    sheet([{"t": "title", "text": _named(account)}], key="whose")
    _seen(account)


@guarded
def _seen(account: Account) -> None:
    """Typed by who looked; a picture is compared with the library by how it looks, not by its bytes."""
    seen = next(iter(flow.looks_of(account.id, data.herald(), 1)), None)
    with st.form("look", border=False):
        name = st.text_input("Name", seen.name if seen else account.name, max_chars=120)
        bio = st.text_area("Description", seen.bio if seen else "", max_chars=2_000, height=90)
        link = st.text_input("Link", seen.link if seen else "", max_chars=2_000)
        colours = st.text_input("Colours", " ".join(seen.colours) if seen else "", placeholder="#c5744f #2f4147")
        files: dict[str, Any] = {}
        bare: dict[str, bool] = {}
        for part, words in IMAGES.items():
            label, key = f"Its {words}, as saved from there", f"look-{part}"
            files[part] = st.file_uploader(label, ["jpg", "png", "webp"], key=key)
            bare[part] = st.checkbox(f"It has no {words}", key=f"look-no-{part}")
        sent = st.form_submit_button("Keep", type="primary", shortcut="Ctrl+Enter")
    if not sent:
        return
    try:
        keys = {
            part: NO_IMAGE if bare[part] else actions_library.keep(held.getvalue()) if (held := files[part]) else ""
            for part in IMAGES
        }
    except HeraldError as error:
        sheet([{"t": "note", "tone": "red", "text": actions_library.refused(error)}], key="look-refused")
        return
    command = commands.RecordLook(
        account.id, name or "", bio or "", link or "", keys["avatar"], keys["banner"], seen.number if seen else 0,
        tuple((colours or "").split()),
    )  # fmt: skip
    if actions.give(command):
        st.rerun()
    parts.flash()


def _at(ids: list[str], chosen: str) -> int:
    return ids.index(chosen) if chosen in ids else 0
