"""What Moderation reads of authors and channels, through the Store. Lists are remembered as in data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import streamlit as st

from dashboard import data
from herald.flows import restrictions, verdicts
from herald.measure import accounting, figures
from herald.model import Message
from herald.model.restrictions import AuthorTally, Mode, Restriction, ThreadLock
from herald.model.verdicts import Exposure, Verdict
from herald.moderate import persona
from herald.moderate.ladder import Proposal


class Author(NamedTuple):
    """What stands against an author, what the ladder proposes, how many of their messages stand hidden, and what they
    wrote before (moderate.persona.history)."""

    kept: Restriction | None
    asked: Proposal
    hidden: int
    before: Mapping[str, int]


def author(message: Message) -> Author:
    """Always read anew."""
    herald = data.herald()
    tally = _tally(message)
    kept, before = restrictions.of_author(message, herald), persona.history(tally, False, data.now(), apart=message)
    return Author(kept, restrictions.proposed(message, herald), max(0, tally.hidden) if tally else 0, before)


def before(message: Message) -> Mapping[str, int]:
    """What the author of a message wrote besides it; always read anew."""
    return persona.history(_tally(message), False, data.now(), apart=message)


def _tally(message: Message) -> AuthorTally | None:
    account = f"{message.platform}:{message.account_id}"
    return data.herald().store.find(AuthorTally, account, message.author_id) if message.author_id else None


def lock(message: Message) -> ThreadLock | None:
    """What a person last said of the message's thread; always read anew."""
    return restrictions.lock_of(message, data.herald())


@st.cache_resource(ttl=data.LIVE, max_entries=20, show_spinner=False)
def restricted(brand: str) -> list[tuple[Restriction, str]]:
    """Authors against whom something stands, with their names, the nearest end first."""
    herald = data.herald()
    found = restrictions.standing(brand, herald)
    messages = herald.store.messages(one.message_id for one in found)
    return [(one, _named(messages.get(one.message_id), one)) for one in found]


def _named(message: Message | None, kept: Restriction) -> str:
    return (message.author_name if message else "") or kept.author_id


@st.cache_resource(ttl=data.LIVE, max_entries=100, show_spinner=False)
def mode(account: str) -> tuple[Mode, int]:
    """How an account is moderated, and the number of that version."""
    return restrictions.mode_of(account, data.herald())


def acts(platform: str) -> frozenset[str]:
    outlet = data.herald().outlets.get(platform)
    return frozenset(map(str, outlet.capabilities.acts)) if outlet else frozenset()


def obstacle(to: Mode, platform: str) -> str:
    """Why a platform cannot be moderated this way; empty where it can."""
    return restrictions.obstacle(to, platform, data.herald())


@st.cache_resource(ttl=30.0, max_entries=20, show_spinner=False)
def accounted(brand: str, month: str) -> accounting.Accounting:
    """How well the decisions of a month ("2026-11", UTC) stand."""
    return verdicts.accounted(brand, *figures.period(month), data.herald())


def exported(brand: str, month: str) -> tuple[bytes, bytes]:
    """The facts of a month as CSV: decisions, and what was taken from the public."""
    decided, gone, _ = verdicts.facts(brand, *figures.period(month), data.herald())
    return verdicts.exported(decided, Verdict), verdicts.exported(gone, Exposure)


def forget() -> None:
    restricted.clear()
    accounted.clear()
    mode.clear()


data.FORGOTTEN.append(forget)
