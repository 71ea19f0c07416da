"""Profiles: how each account is to look, version by version, and what of it is off-brand."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import actions, data, data_library, parts, present, theme, who
from dashboard.app_pages import calendar
from dashboard.components import sheet
from dashboard.failures import guarded
from dashboard.text import one_line, safe_text
from herald.flows import commands
from herald.flows import research as flow
from herald.govern import authority
from herald.model import Account, AssetKind
from herald.model.research import Profile

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
    wrong = flow.off_brand(brand, herald)
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
            if authority.may(person, "SaveProfile") and st.button("Change", key=f"change-{account.id}"):
                _dialog(account, look)


def _blocks(account: Account, look: Profile | None, wrong: list[str]) -> list[dict[str, Any]]:
    name = f"{one_line(account.name, 80)} on {theme.platform_name(account.platform)}"
    found: list[dict[str, Any]] = [{"t": "title", "text": name}]
    if wrong:
        found.append({"t": "note", "tone": "orange", "text": " ".join(wrong)})
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
                    {"k": "Picture", "v": one_line(images.get(look.avatar, "none"), 120)},
                    {"k": "Banner", "v": one_line(images.get(look.banner, "none"), 120)},
                    {"k": "Version", "v": f"{look.number}, by {by}"},
                ],
            }
        )
    return found


@st.dialog("How it is to look", width="medium")
def _dialog(account: Account, look: Profile | None) -> None:
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
        sent = st.form_submit_button("Save as a new version", type="primary", shortcut="Ctrl+Enter")
    if sent:
        command = commands.SaveProfile(
            account.id, name or "", bio or "", link or "", avatar or "", banner or "", look.number if look else 0
        )
        if actions.give(command):
            st.rerun()
        parts.flash()


def _at(ids: list[str], chosen: str) -> int:
    return ids.index(chosen) if chosen in ids else 0
