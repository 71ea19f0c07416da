"""Library: what we may show, by which licence, until when, and where it is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import actions_library, data, data_library, parts, who
from dashboard import present_library as show
from dashboard.components import sheet
from dashboard.components.calendar import post_cards
from dashboard.components.gallery import gallery, upload
from dashboard.components.table import table
from dashboard.failures import guarded
from dashboard.text import one_line, safe_text
from herald.errors import HeraldError
from herald.flows import commands
from herald.govern import authority
from herald.library.assets import to_mend
from herald.library.licences import LICENCES
from herald.model import Asset, AssetKind, Person
from herald.model.govern import main_zone

VIEWS: Final = {"use": "In use", "mend": "To mend", "retired": "Out of use"}
SOURCES: Final = {"file": "File", "large": "Large file", "link": "Link", "words": "Words"}
PAGE: Final = 24
THROUGH_THE_PAGE: Final = 25  # MB; what is larger goes straight to its place
_ALL = "all"


@guarded
def render() -> None:
    """The page: the gallery, or one asset (?asset=), or a new one (?asset=new)."""
    person = who.current_person()
    if person is None:
        return
    asked = st.query_params.get("asset", "")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        with st.container(width="stretch", gap="xxsmall"):
            st.title("Library", anchor=False)
            st.caption("What we may show, by which licence, and where it is used")
        brand = parts.brand_of(person, "brand")
        if brand and not asked and authority.may(person, "SaveAsset"):
            st.button("Add", type="primary", icon=":material/add:", key="add-asset", on_click=_go, args=("new",))
    if brand is None:
        return
    if not asked:
        parts.flash()
        _gallery(brand)
        return
    st.button("All of the library", icon=":material/arrow_back:", key="back", on_click=_go, args=("",), type="tertiary")
    if asked == "new":
        _new(person, brand)
    else:
        _one(person, brand, asked[:80])


def _go(asset_id: str) -> None:
    if asset_id:
        st.query_params["asset"] = asset_id
    else:
        st.query_params.pop("asset", None)
        st.query_params.pop("right", None)


# ---------------------------------------------------------------- the gallery


def _gallery(brand: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        view = st.segmented_control(
            "View", list(VIEWS), format_func=VIEWS.__getitem__, default="use", required=True, key="view",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
        kinds = {_ALL: "All kinds", **{kind.value: words for kind, words in show.KINDS.items()}}
        kind = st.selectbox("Kind", list(kinds), format_func=kinds.__getitem__, key="kind", bind="query-params",
                            label_visibility="collapsed", width=150)  # fmt: skip
        wanted = st.text_input("Find", key="find", placeholder="Find by title, credit, source", max_chars=80,
                               label_visibility="collapsed", width=260)  # fmt: skip
    _cards(brand, view or "use", kind or _ALL, wanted or "")


@st.fragment(run_every=parts.LOOK_EVERY)
@guarded
def _cards(brand: str, view: str, kind: str, wanted: str) -> None:
    now = data.now()
    there = data_library.retired(brand) if view == "retired" else data_library.assets(brand)
    found = [
        one for one in there
        if kind in (_ALL, one.kind) and show.matches(one, wanted) and (view != "mend" or to_mend(one, now))
    ]  # fmt: skip
    shown = int(st.session_state.get("library.shown", PAGE))
    cards = [show.card(one, data_library.small(one.key) if one.kind is AssetKind.IMAGE else "", now)
             for one in found[:shown]]  # fmt: skip
    picked = gallery(cards, key="gallery", name="The library", empty=_empty(view, bool(there)))
    if len(found) > shown and st.button(f"Show more ({len(found) - shown} left)", key="more"):
        st.session_state["library.shown"] = shown + PAGE
        st.rerun(scope="fragment")
    waiting = sum(bool(to_mend(one, now)) for one in there)
    told = f"{len(found)} shown" if len(found) == 1 or found else ""
    first = f" · the newest {data_library.MOST}" if len(there) >= data_library.MOST else ""
    mend = f" · {waiting} to mend" if waiting and view == "use" else ""
    st.caption(f"{told}{mend}{first} · {parts.as_of(brand, now)}".lstrip(" ·"))
    if picked:
        _go(picked)
        st.rerun()


def _empty(view: str, some: bool) -> tuple[str, str]:
    if view == "mend":
        return "Nothing to mend", "Every licence is known and runs on, and every image has a description."
    if some:
        return "Nothing matches", "Widen what you look for."
    if view == "retired":
        return "Nothing was taken out of use", "What is retired stays here with its reason."
    return "The library is empty", "Add images, texts, PDFs, sounds, films and links; posts choose their images here."


# ---------------------------------------------------------------- one asset


def _one(person: Person, brand: str, asset_id: str) -> None:
    asset = data_library.asset(brand, asset_id)
    if asset is None:
        parts.nothing("There is no such thing in this library. Choose one from it.")
        return
    zone, now = main_zone(data.accounts_of(brand)), data.now()
    parts.flash()
    left, right = st.columns([0.5, 0.5], gap="medium")
    with left:
        with st.container(border=True):
            kind = show.KINDS[asset.kind] if asset.kind is AssetKind.PDF else show.KINDS[asset.kind].lower()
            sheet([{"t": "title", "text": one_line(asset.title, 200)}], key=f"title-{asset.id}")
            if asset.kind is AssetKind.IMAGE:
                image = {"src": data_library.small(asset.key, 900), "alt": safe_text(asset.alt, 1_000), "note": ""}
                post_cards([{"t": "picture", "image": image}], key=f"picture-{asset.id}")
            sheet(show.facts(asset, zone, now, name=data.name_of), key=f"facts-{asset.id}")
            _download(asset, kind)
        _belonging(brand, asset)
    with right:
        _uses(brand, asset, zone)
        if asset.retired_at is None and authority.may(person, "SaveAsset"):
            with st.container(border=True):
                st.markdown("##### What is known of it")
                _edit(brand, asset, zone)
        _retire_button(person, asset)


def _download(asset: Asset, kind: str) -> None:
    if asset.kind is AssetKind.LINK:
        link = show.origin(asset.address)
        if link:
            st.link_button("Open the link", link["href"], icon=":material/open_in_new:")
        return
    ending = {"text/plain": "txt", "image/jpeg": "jpg", "audio/mpeg": "mp3", "video/quicktime": "mov"}
    name = f"{asset.title[:80]}.{ending.get(asset.mime, asset.mime.rpartition('/')[2])}"
    address = data_library.address(asset, name)
    label = f"Download the {kind}"
    if address:
        st.link_button(label, address, icon=":material/download:")
        return
    media = data.herald().media
    if media is None or asset.size > THROUGH_THE_PAGE * 1_000_000:
        return
    try:
        held = media.get(asset.key)
    except HeraldError as error:
        sheet([{"t": "note", "tone": "red", "text": one_line(str(error), 200)}], key=f"gone-{asset.id}")
        return
    st.download_button(label, held, name, "application/octet-stream", icon=":material/download:", on_click="ignore")


def _belonging(brand: str, asset: Asset) -> None:
    files = data_library.some_assets(brand, asset.files)
    if not files:
        return
    with st.container(border=True):
        st.markdown("##### Belongs to it")
        columns = ({"id": "title", "label": "Title", "width": 0}, {"id": "kind", "label": "Kind", "width": 100})
        rows = [{"id": one.id, "cells": {"title": one_line(one.title, 90), "kind": show.KINDS[one.kind]}}
                for one in files]  # fmt: skip
        if picked := table(columns, rows, key=f"files-{asset.id}", name="Files that belong to it", picks="Open"):
            _go(picked)
            st.rerun()


def _uses(brand: str, asset: Asset, zone: str) -> None:
    found = data_library.used(brand, f"asset:{asset.id}")
    with st.container(border=True):
        st.markdown("##### Where it is used")
        rows = show.uses([(use.post, use.targets) for use in found], zone, data.now())
        leads = "calendar" in st.session_state.get("herald.pages", {})
        picked = table(
            show.USE_COLUMNS, rows, key=f"uses-{asset.id}", name="Posts that show it", picks="Open" if leads else "",
            empty="In no post yet. Whoever writes a post can choose it there.",
        )  # fmt: skip
    if picked and leads:
        st.switch_page(st.session_state["herald.pages"]["calendar"], query_params={"post": picked})


def _retire_button(person: Person, asset: Asset) -> None:
    if not authority.may(person, "RetireAsset"):
        return
    label = "Take out of use" if asset.retired_at is None else "Take down what still stands"
    if st.button(label, key="retire", icon=":material/block:"):
        _retire_dialog(asset)


@st.dialog("Take out of use", width="small")
def _retire_dialog(asset: Asset) -> None:
    _retire(asset)


@guarded
def _retire(asset: Asset) -> None:
    st.caption("No post with it goes out any more; approved ones are held.")
    with st.form("retire", border=False):
        reason = st.text_area("Reason", max_chars=500, height=90, placeholder="Whoever asks later reads this")
        down = st.checkbox("Take down published posts that show it", value=asset.retired_at is not None)
        sent = st.form_submit_button("Take out of use", type="primary", shortcut="Ctrl+Enter")
    if sent:
        if actions_library.retire(asset.id, asset.brand, reason or "", asset.version, take_down=down):
            st.rerun()
        parts.flash()


# ---------------------------------------------------------------- what is known of it


@dataclass(frozen=True, slots=True)
class _Known:
    """What stands in the widgets."""

    title: str
    licence: str
    credit: str
    alt: str
    source: str
    address: str
    proof: str
    last_day: str
    files: tuple[str, ...]


def _fields(brand: str, key: str, asset: Asset | None, zone: str, *, image: bool, link: bool) -> _Known:
    """Widgets for all that a person can say of it."""

    def start(name: str) -> str:
        return str(getattr(asset, name)) if asset else ""

    title = st.text_input("Title", start("title"), max_chars=200, key=f"{key}-title", placeholder="What it shows or is")
    address = ""
    if link:
        address = st.text_input("Address", start("address"), max_chars=2_000, key=f"{key}-address",
                                placeholder="https://")  # fmt: skip
    ids = list(LICENCES)
    licence = st.selectbox(
        "Licence", ids, index=ids.index(asset.licence) if asset and asset.licence in ids else None,
        format_func=lambda each: LICENCES[each].name, key=f"{key}-licence",
        placeholder="Whose is it, and what may we do",
    )  # fmt: skip
    if licence:
        st.caption(LICENCES[licence].means)
    proof = start("proof")
    if licence and LICENCES[licence].proof:
        proof = st.text_input("Permitted by whom, and how", proof, max_chars=500, key=f"{key}-proof",
                              placeholder="Ines Park, by e-mail of 3 November")  # fmt: skip
    must = bool(licence and LICENCES[licence].credits)
    credit = st.text_input("Credit" if must else "Credit (if any)", start("credit"), max_chars=200, key=f"{key}-credit",
                           placeholder="Whom posts must name")  # fmt: skip
    alt = start("alt")
    if image:
        alt = st.text_area("Image description", alt, height=80, max_chars=2_000, key=f"{key}-alt",
                           placeholder="What it shows, for people who cannot see it")  # fmt: skip
    with st.expander("Source, last day, what belongs to it"):
        source = st.text_input("Where it came from", start("source"), max_chars=500, key=f"{key}-source")
        if not link:
            address = st.text_input("Address it came from", start("address"), max_chars=2_000, key=f"{key}-from",
                                    placeholder="https://")  # fmt: skip
        ends: Any = st.date_input("Last day it may be shown", _day(asset, zone), key=f"{key}-ends", format="YYYY-MM-DD",
                                  help="Empty: it does not end.")  # fmt: skip
        others = {one.id: one for one in data_library.assets(brand) if asset is None or one.id != asset.id}
        held = [one for one in (asset.files if asset else ()) if one in others]
        files = st.multiselect(
            "Belongs to it", list(others), held, key=f"{key}-files", placeholder="A raw film, a font, a release form",
            format_func=lambda each: one_line(f"{others[each].title} ({show.KINDS[others[each].kind]})", 90),
        )  # fmt: skip
    last = ends.isoformat() if isinstance(ends, date) else ""
    return _Known(title or "", licence or "", credit or "", alt or "", source or "", address or "", proof or "", last,
                  tuple(files))  # fmt: skip


def _day(asset: Asset | None, zone: str) -> date | None:
    if asset is None or asset.ends_at is None:
        return None
    return (asset.ends_at - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date()


def _command(known: _Known, brand: str, asset_id: str, expected: int, key: str, right: str = "") -> commands.SaveAsset:
    return commands.SaveAsset(
        asset_id, brand, known.title, known.licence, expected, key, known.address, known.alt, known.credit,
        known.source, known.proof, known.last_day, known.files, right,
    )  # fmt: skip


@st.fragment
@guarded
def _edit(brand: str, asset: Asset, zone: str) -> None:
    key = f"edit-{asset.id}-{asset.version}"  # a saved version starts from what was saved
    link = asset.kind is AssetKind.LINK
    known = _fields(brand, key, asset, zone, image=asset.kind is AssetKind.IMAGE, link=link)
    if st.button("Save", type="primary", key=f"{key}-save"):
        if actions_library.save(_command(known, brand, asset.id, asset.version, "")):
            st.rerun()
        parts.flash()


# ---------------------------------------------------------------- a new one


def _new(person: Person, brand: str) -> None:
    if not authority.may(person, "SaveAsset"):
        parts.nothing("Your role reads the library; adding to it is for others.")
        return
    right = st.query_params.get("right", "")[:40]
    with st.container(border=True, width=760):
        st.markdown("##### Add to the library")
        _adding(brand, right)


@st.fragment
@guarded
def _adding(brand: str, right: str) -> None:
    ways = SOURCES if not right else {"file": "File"}
    asset_id: str = st.session_state.setdefault("library.new", actions_library.new_id())
    form = data_library.expected(asset_id, actions_library.LARGE)
    ways = {way: words for way, words in ways.items() if way != "large" or form is not None}
    way = st.segmented_control("What it is", list(ways), format_func=ways.__getitem__, default="file", required=True,
                               key="way", label_visibility="collapsed")  # fmt: skip
    held: bytes | None = None
    if way == "file":
        held = _file()
    elif way == "words":
        held = (st.text_area("Words", key="new-words", height=160, max_chars=100_000,
                             placeholder="A text that posts are made from") or "").encode()  # fmt: skip
    elif way == "large" and form is not None:
        sent = upload(form.address, form.fields, most=actions_library.LARGE, key=f"upload-{asset_id}")
        if sent:
            st.session_state["library.sent"] = asset_id
    if right:
        sheet([{"t": "note", "text": "It shows a customer's content: posts with it rest on the right they gave."}],
              key="for-right")  # fmt: skip
    picture = _looks_like_image(held) if way == "file" else False
    known = _fields(brand, f"new-{asset_id}", None, "UTC", image=picture, link=way == "link")
    notes = st.container()
    if st.button("Add to the library", type="primary", key="new-save"):
        _save_new(brand, asset_id, way or "file", held, known, right)
    with notes:
        parts.flash()


def _file() -> bytes | None:
    uploaded = st.file_uploader(
        "File", key="new-file", max_upload_size=THROUGH_THE_PAGE,
        type=["jpg", "jpeg", "png", "gif", "webp", "pdf", "txt", "mp3", "m4a", "wav", "ogg", "flac", "mp4", "mov",
              "webm"],
        help="Images are kept without the place and time they were taken.",
    )  # fmt: skip
    return uploaded.getvalue() if uploaded is not None else None


def _looks_like_image(held: bytes | None) -> bool:
    return bool(held) and (held or b"")[:4] in (b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", b"\x89PNG", b"GIF8", b"RIFF")


def _save_new(brand: str, asset_id: str, way: str, held: bytes | None, known: _Known, right: str) -> None:
    try:
        key = ""
        if way == "large":
            if st.session_state.get("library.sent") != asset_id:
                _say("Choose a file and wait until all of it arrived.")
                return
            key = actions_library.fetch(asset_id)
        elif way != "link":
            if not held:
                _say("Choose a file first." if way == "file" else "Write something first.")
                return
            key = actions_library.keep(held)
    except HeraldError as error:
        _say(actions_library.refused(error))
        return
    if actions_library.save(_command(known, brand, asset_id, 0, key, right)):
        _forget_new()
        st.query_params["asset"] = asset_id
        st.query_params.pop("right", None)
        st.rerun()


def _forget_new() -> None:
    mine = ("library.new", "library.sent", "new-")
    for name in [str(each) for each in st.session_state if str(each).startswith(mine)]:
        del st.session_state[name]


def _say(text: str) -> None:
    sheet([{"t": "note", "tone": "red", "text": one_line(text, 400)}], key="new-refused")


