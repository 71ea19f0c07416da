"""What the calendar reads, through the Store: posts, their variants, holds. Remembered for two seconds, as in data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import streamlit as st

from dashboard import data
from herald.flows import calendar as flow
from herald.flows import checks
from herald.model import Account, Approval, CheckPolicy, DayMark, Delivery, Hold, Note, Person, Post, Target
from herald.ports import PostLimits


@dataclass(frozen=True, slots=True)
class Planned:
    """Variants by time, with the posts they belong to."""

    targets: tuple[Target, ...]
    posts: Mapping[str, Post]


def _with_posts(targets: list[Target]) -> Planned:
    known = data.herald().store.posts({target.post_id for target in targets})
    return Planned(tuple(target for target in targets if target.post_id in known), known)


@st.cache_resource(ttl=data.LIVE, max_entries=100, show_spinner=False)
def between(brand: str, first: datetime, last: datetime) -> Planned:
    """Every variant due from one instant to before another, whatever its state."""
    return _with_posts([one for one in data.herald().store.calendar(brand, first, last) if one.due_at < last])


@st.cache_resource(ttl=data.LIVE, max_entries=100, show_spinner=False)
def attention(brand: str) -> Planned:
    """What only a person can help: held, failed, unclear."""
    return _with_posts(data.herald().store.attention(brand))


@st.cache_resource(ttl=data.LIVE, max_entries=100, show_spinner=False)
def holds(brand: str) -> tuple[Hold, ...]:
    """Holds in force, newest first."""
    return tuple(data.herald().store.holds(brand))


@st.cache_resource(ttl=data.LIVE, max_entries=100, show_spinner=False)
def days(brand: str, first: date, last: date) -> tuple[DayMark, ...]:
    """Marks that touch these days."""
    return tuple(flow.days_between(brand, first, last, data.herald()))


@st.cache_resource(ttl=data.LIVE, max_entries=20, show_spinner=False)
def checks_of(brand: str) -> CheckPolicy:
    """What the brand's words are checked for."""
    return checks.policy_of(brand, data.herald())


def brand_in_view(person: Person, chosen: object) -> str:
    """The brand the page's own choice names, or the first of the person's."""
    return chosen if isinstance(chosen, str) and chosen in person.brands else next(iter(sorted(person.brands)), "")


def forget() -> None:
    """After a write: the next look reads again."""
    days.clear()
    checks_of.clear()
    between.clear()
    attention.clear()
    holds.clear()


# ---------------------------------------------------------------- one post, always read anew


@dataclass(frozen=True, slots=True)
class Whole:
    """One post and all there is to know about it, read at one moment."""

    post: Post
    targets: tuple[Target, ...]
    approvals: tuple[Approval, ...]
    notes: tuple[Note, ...]
    deliveries: Mapping[str, Delivery]  # by id

    @property
    def seen(self) -> tuple[object, ...]:
        """Equal as long as nothing changed that a page shows."""
        return (
            self.post.version, len(self.notes), len(self.approvals),
            tuple((t.account, t.version) for t in self.targets),
            tuple(sorted((d.id, d.version) for d in self.deliveries.values())),
        )  # fmt: skip


def whole(post_id: str) -> Whole | None:
    """None if there is no such post."""
    store = data.herald().store
    post = store.post(post_id) if post_id else None
    if post is None:
        return None
    targets = store.targets_of(post_id)
    found = {target.delivery_id: store.delivery(target.delivery_id) for target in targets if target.delivery_id}
    return Whole(
        post, tuple(targets), tuple(store.approvals(post_id)), tuple(store.notes(post_id)),
        {delivery_id: delivery for delivery_id, delivery in found.items() if delivery is not None},
    )  # fmt: skip


def limits(platform: str) -> PostLimits | None:
    """What one post may be there; None where Herald cannot publish."""
    outlet = data.herald().outlets.get(platform)
    return outlet.capabilities.post if outlet else None


def publishing(brand: str) -> list[Account]:
    """Accounts of a brand that Herald can publish to, by platform and name."""
    found = [account for account in data.accounts_of(brand) if limits(account.platform) is not None]
    return sorted(found, key=lambda account: (account.platform, account.name))


@st.cache_resource(ttl=600.0, max_entries=64, show_spinner=False)
def image(key: str) -> bytes:
    """The bytes of an image, by the key it is kept under. Raises Unknown."""
    media = data.herald().media
    return media.get(key) if media is not None else b""
