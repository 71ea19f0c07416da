"""From the calendar's widgets to the gate: one command, one sentence back. What a browser sends is never trusted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final, Literal
from uuid import uuid4

import streamlit as st

from dashboard import actions, actions_library, data, data_posts, present_posts
from dashboard.text import one_line
from herald.errors import BadPayload, TooLarge
from herald.flows import commands
from herald.flows.planning import Done
from herald.model import Asset

_TOLD: Final = "calendar.told"
_DAY: Final = re.compile(r"20\d\d-\d\d-\d\d")


def give(command: commands.Command) -> Done | None:
    """Hand a command to the gate (actions.give); the calendar reads anew."""
    try:
        return actions.give(command)
    finally:
        data_posts.forget()


def new_id() -> str:
    """An id for a post or a hold, made by the page so that sending twice makes one."""
    return str(uuid4())


def say(tone: Literal["red", "orange", "green"], text: str) -> None:
    """A note on the next drawing of the page."""
    _flash(tone, text)


# ---------------------------------------------------------------- the calendar's own note


def told() -> Mapping[str, Any] | None:
    """What the calendar was told last: {n, tone, text, nonce, fresh}; it shows each n once."""
    found: Mapping[str, Any] | None = st.session_state.get(_TOLD)
    return found


def tell(tone: str, text: str, nonce: str = "") -> None:
    """Say something on the calendar; `nonce` says which move it answers."""
    last = st.session_state.get(_TOLD, {"n": 0})
    st.session_state[_TOLD] = {
        "n": last["n"] + 1, "tone": tone, "text": one_line(text, 400), "nonce": nonce, "fresh": True,
    }  # fmt: skip


def heard() -> None:
    """The note was shown to one drawing of the calendar: a later visit of the page does not show it again."""
    last = st.session_state.get(_TOLD)
    if last:
        st.session_state[_TOLD] = {**last, "fresh": False}


def _flash(tone: Literal["red", "orange", "green"], text: str) -> None:
    """What a page's next note says, as after a command."""
    st.session_state[actions._FLASH] = actions.Flash(tone, text)


def tell_flash(nonce: str = "", prefix: str = "") -> None:
    """What came of the last command, said on the calendar."""
    flash = actions.take_flash()
    if flash:
        tell(flash.tone, prefix + flash.text, nonce)


# ---------------------------------------------------------------- moving


def move(asked: object, zone: str) -> str:
    """A tile was put on another day: {id: "post|account", to, expected, nonce}.

    The variant keeps its own wall-clock time. Returns the day it was asked to ("" if nothing could be read).
    """
    if not isinstance(asked, Mapping):
        return ""
    post_id, _, account = str(asked.get("id", ""))[:400].partition("|")
    to, expected, nonce = str(asked.get("to", ""))[:10], asked.get("expected"), str(asked.get("nonce", ""))[:40]
    target = data.herald().store.target(post_id, account) if post_id and account else None
    if target is None or not isinstance(expected, int) or not _DAY.fullmatch(to):
        tell("red", "This post is not there any more. Nothing was changed.", nonce)
        return ""
    try:
        local_time = present_posts.moved_time(target, zone, date.fromisoformat(to))
    except (ValueError, OverflowError):
        tell("red", "That is no day a post can be moved to. Nothing was changed.", nonce)
        return ""
    done = give(commands.MovePost(post_id, local_time, expected, account))
    post = data.herald().store.post(post_id)
    tell_flash(nonce, f"{one_line(post.title, 80)}: " if done and post else "")
    return to if done else ""


def move_to(post_id: str, account: str, local_time: str, expected: int) -> Done | None:
    """Another day and time, from the post's own page."""
    return give(commands.MovePost(post_id, local_time, expected, account))


# ---------------------------------------------------------------- holds


def hold(hold_id: str, brand: str, reason: str, accounts: Sequence[str]) -> Done | None:
    return give(commands.Hold(hold_id, brand, reason, tuple(accounts)))


def release(hold_id: str, brand: str) -> None:
    """End a hold; what came of it stands on the calendar."""
    give(commands.Release(hold_id, brand))
    tell_flash()


# ---------------------------------------------------------------- review, and what is out


def submit(post_id: str, expected: int) -> None:
    give(commands.Submit(post_id, expected))


def approve(post_id: str, expected: int) -> None:
    give(commands.Approve(post_id, expected))


def reject(post_id: str, reason: str, expected: int) -> Done | None:
    return give(commands.Reject(post_id, reason, expected))


def cancel(post_id: str, account: str, reason: str, expected: int) -> Done | None:
    return give(commands.Cancel(post_id, reason, expected, account))


def take_down(post_id: str, account: str, reason: str, expected: int) -> Done | None:
    return give(commands.TakeDown(post_id, account, reason, expected))


def confirm(post_id: str, account: str, url: str, expected: int, *, stands: bool) -> Done | None:
    return give(commands.Confirm(post_id, account, stands, expected, url))


# ---------------------------------------------------------------- writing


def keep(command: commands.Draft, content: bytes, licence: str) -> commands.Draft | None:
    """Put the draft's new image into the library; the draft that shows it from there. None when it was refused.

    Raises BadPayload where there is no place for it or it cannot be read, TooLarge.
    """
    (image, *further) = command.media
    key, asset_id = actions_library.keep(content), new_id()
    title = command.title.strip() or "Image of a post"
    saved = commands.SaveAsset(asset_id, command.brand, title, licence, 0, key, alt=image.alt)
    if actions_library.save(saved) is None:
        return None
    asset = data.herald().store.find(Asset, command.brand, asset_id)
    if asset is None:
        return None
    return replace(command, media=(replace(image, key=asset.key, asset=asset_id), *further))


def save(command: commands.Draft, image: tuple[bytes, str] | None, *, submit: bool) -> Done | None:
    """Save a draft, its new image (bytes and licence) first; with `submit`, ask for review of exactly what was saved.

    Returns:
        What saving came to, also when the submission after it was refused; None when nothing was saved.
    """
    if image is not None and command.media:
        try:
            kept = keep(command, *image)
        except (BadPayload, TooLarge) as error:
            _flash("red", str(error))
            return None
        if kept is None:
            return None
        command = kept
    done = give(command)
    if done is None or not submit:
        return done
    if give(commands.Submit(command.id, command.expected + 1)) is None:
        flash = actions.take_flash()
        if flash:
            _flash("orange", f"Saved as a draft, but not submitted. {flash.text}")
    return done
