"""What the library's pages read, through the Store. Lists are remembered for two seconds, as in data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import streamlit as st

from dashboard import data, data_posts, images
from herald.errors import HeraldError
from herald.flows import library, user_content
from herald.model import SPOKEN, Asset, Kind, Message, Post, RightState, Target, UserContent
from herald.ports import UploadForm
from herald.store import keys

MOST = 300
LATELY = 7  # days
SMALL = 320  # px of a card's picture


@st.cache_resource(ttl=data.LIVE, max_entries=50, show_spinner=False)
def assets(brand: str) -> tuple[Asset, ...]:
    """What is in use, newest first; at most 300."""
    return tuple(data.herald().store.listed(Asset, "work", keys.assets(brand), newest=True, limit=MOST))


@st.cache_resource(ttl=data.LIVE, max_entries=50, show_spinner=False)
def retired(brand: str) -> tuple[Asset, ...]:
    """What was taken out of use, the latest first."""
    found = data.herald().store.shelf(Asset, brand)
    gone = [(one.retired_at, one) for one in found if one.retired_at is not None]
    return tuple(one for _, one in sorted(gone, key=lambda pair: pair[0], reverse=True))


@st.cache_resource(ttl=data.LIVE, max_entries=50, show_spinner=False)
def contents(brand: str, state: RightState) -> tuple[UserContent, ...]:
    """Customers' content whose right has come so far, the latest first."""
    found = data.herald().store.listed(UserContent, "work", keys.user_content(brand, state), newest=True, limit=MOST)
    return tuple(found)


@st.cache_resource(ttl=10.0, max_entries=100, show_spinner=False)
def said_lately(account: str) -> tuple[Message, ...]:
    """What customers said in public on one account in the last seven UTC days, newest first; at most 50 a day."""
    store, now = data.herald().store, data.now()
    found: list[Message] = []
    for back in range(LATELY):
        page = store.feed(account, (now - timedelta(days=back)).date().isoformat(), limit=data.PAGE)
        found += [cast(Message, one) for one in page.items]
    public = SPOKEN - {Kind.DM}
    shown = (m for m in found if m.kind in public and not m.outbound and not m.deleted and not m.hidden)
    return tuple(shown)


def forget() -> None:
    """After a write: the next look reads again."""
    assets.clear()
    retired.clear()
    contents.clear()


def asset(brand: str, asset_id: str) -> Asset | None:
    return data.herald().store.find(Asset, brand, asset_id)


def some_assets(brand: str, ids: tuple[str, ...]) -> list[Asset]:
    return data.herald().store.find_all(Asset, [(brand, one) for one in ids]) if ids else []


def content(brand: str, content_id: str) -> UserContent | None:
    return data.herald().store.find(UserContent, brand, content_id)


def content_of(message: Message) -> UserContent | None:
    """What was captured of this message, if anything was."""
    from herald.library.rights import content_id  # noqa: PLC0415  one name of one page

    return content(message.brand, content_id(message.id))


def answers(of: UserContent) -> list[Message]:
    """What the customer said since they were asked, newest first."""
    return user_content.answers(of, data.herald(), data.now())


@dataclass(frozen=True, slots=True)
class Use:
    """A post that rests on something, and its variants."""

    post: Post
    targets: tuple[Target, ...]


def used(brand: str, need: str) -> list[Use]:
    """Where it is used, newest first."""
    herald = data.herald()
    found = library.posts_resting_on(need, brand, herald)
    return [Use(post, tuple(herald.store.targets_of(post.id))) for post in found]


@st.cache_resource(max_entries=600, show_spinner=False)
def small(key: str, side: int = SMALL) -> str:
    """A small copy of a kept image, drawn anew; empty where it cannot be shown. The bytes under a key never change."""
    try:
        return images.thumbnail(data_posts.image(key), side)
    except HeraldError:
        return ""


def expected(upload_id: str, most: int) -> UploadForm | None:
    """Permission for this browser to send one large file; None where there is no place for it."""
    uploads = data.herald().uploads
    form = uploads.expect(upload_id, most) if uploads is not None else None
    return form if form is not None and form.address else None


def address(of: Asset, name: str) -> str:
    """Where a browser can save it; empty where it must come through the page."""
    uploads = data.herald().uploads
    return uploads.address(of.key, name, of.mime) if uploads is not None else ""
