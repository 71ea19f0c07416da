"""What the pages read, through the Store. Lists are remembered for two seconds and shared by all visitors.

What is remembered is immutable, so it is kept as it is (no copies). Who may see a brand is decided by the caller,
before it asks; the brand is part of every key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import cast

import streamlit as st

from dashboard import images
from herald.care import cases
from herald.errors import PlatformError
from herald.flows import notices as flow_notices
from herald.flows.context import Herald
from herald.flows.receive import SHOPS
from herald.model import (
    Account,
    Acknowledgement,
    Act,
    Action,
    Case,
    Decision,
    Delivery,
    Message,
    Person,
    Policy,
    Work,
)
from herald.model.notices import Notice

LIVE = 2.0  # seconds a list may be old; the pages look every three
SETTLED = 30.0  # seconds for what people seldom change: accounts, names
PAGE = 50  # rows of one query
STRANGERS = 12_000_000  # pixels of a stranger's picture: a WebP of a KB takes sixteen bytes for each

FORGOTTEN: list[Callable[[], None]] = []
"""What rooms remember for themselves, forgotten with the rest."""

_given: Herald | None = None
_lock = Lock()


def set_herald(herald: Herald | None) -> None:
    """Use this Herald instead of the one built from the environment; None goes back. Forgets what was remembered."""
    global _given  # noqa: PLW0603  one server, one Herald
    _given = herald
    st.cache_resource.clear()


def herald() -> Herald:
    """The one Herald of this server. Raises what building it raises."""
    if _given is not None:
        return _given
    with _lock:
        return _built()


@st.cache_data(ttl=600.0, max_entries=100, show_spinner="Fetching the picture …")
def small_picture(address: str) -> str:
    """A small copy of a stranger's picture as a data: address, drawn anew; empty where there is none to be had.

    This server fetches it, from public addresses only, a MB at most; the person's browser talks to no stranger.
    """
    reads = herald().feeds
    if reads is None:
        return ""
    try:
        body = reads.fetch(address, "", "").body
    except PlatformError:
        return ""
    return images.thumbnail(body, 480, pixels=STRANGERS) if body else ""


@st.cache_resource(show_spinner=False, max_entries=1)
def _built() -> Herald:
    from herald import runtime  # noqa: PLC0415  reads the environment, so not before a page needs it

    return runtime.current()


def now() -> datetime:
    return herald().clock()


# ---------------------------------------------------------------- lists


@dataclass(frozen=True, slots=True)
class Worked:
    """Open cases with their messages, nearest deadline first; `more` if there are further ones.

    With `more`, the pressing ones (complaints, high severity) are those that are here, and come first: a storm of
    others does not push them off the page. Who was answered and still waits for nothing comes last.
    """

    cases: tuple[Case, ...]
    messages: Mapping[str, Message]
    more: bool


@st.cache_resource(ttl=LIVE, max_entries=200, show_spinner=False)
def open_cases(brand: str, work: Work, pages: int = 1) -> Worked:
    """The first `pages` x 50 open cases of a brand."""
    store, cases, cursor = herald().store, [], None
    for _ in range(max(1, pages)):
        page = store.open_cases(brand, work, limit=PAGE, cursor=cursor)
        cases += [cast(Case, item) for item in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    more = cursor is not None
    cases.sort(key=lambda case: urgency(case, more=more))
    return Worked(tuple(cases), store.messages(case.message_id for case in cases), more)


def urgency(case: Case, *, more: bool) -> tuple[bool, bool, datetime, str]:
    """Where a case stands in a list, `more` if the list does not hold all."""
    answered = case.answered_at is not None and case.work is Work.ANSWER
    return answered, more and not case.pressing, case.due_at, case.id


@dataclass(frozen=True, slots=True)
class Acted:
    """Messages on which something other than allow was decided, newest first; `cursor` leads on in that month."""

    messages: tuple[Message, ...]
    cursor: str | None


@st.cache_resource(ttl=LIVE, max_entries=200, show_spinner=False)
def acted(brand: str, month: str, cursor: str | None = None, limit: int = 25) -> Acted:
    """One page of a month ("2026-11")."""
    page = herald().store.acted(brand, month, limit=limit, cursor=cursor)
    return Acted(tuple(cast(Message, item) for item in page.items), page.cursor)


def by_hand(messages: Iterable[Message]) -> dict[str, Case]:
    """Message -> the task to hide it by hand, where its platform lets no program do that; one read."""
    asked = {
        cases.by_hand_id(message.id, message.decision, Act.HIDE): message.id
        for message in messages
        if message.decision and message.decision.action is Action.HIDE and not message.hidden and not message.deleted
    }
    return {asked[task]: case for task, case in herald().store.cases(asked).items()} if asked else {}


@st.cache_resource(ttl=LIVE, max_entries=200, show_spinner=False)
def counted(account: str, day: str) -> Mapping[str, int]:
    """Metric -> count of one account ("platform:id") on one day of its own; empty when nothing was counted."""
    return herald().store.counts(account, day, day).get(day, {})


def forget() -> None:
    """After a write: the next look reads again."""
    open_cases.clear()
    acted.clear()
    counted.clear()
    for clear in FORGOTTEN:
        clear()


# ---------------------------------------------------------------- single things, always read anew


def message(message_id: str) -> Message | None:
    return herald().store.message(message_id)


def case(case_id: str) -> Case | None:
    return herald().store.case(case_id)


def delivery(delivery_id: str) -> Delivery | None:
    return herald().store.delivery(delivery_id) if delivery_id else None


def history(message_id: str) -> list[tuple[Decision, str]]:
    """Every decision other than allow on a message, with the words it judged."""
    return herald().store.history(message_id)


def acknowledgement(person_id: str, policy: Policy) -> Acknowledgement | None:
    return herald().store.acknowledgement(person_id, policy.id, policy.version)


# ---------------------------------------------------------------- settings


@st.cache_resource(ttl=SETTLED, max_entries=1, show_spinner=False)
def accounts() -> Mapping[str, Account]:
    """Account id ("platform:id") -> account."""
    return {account.id: account for account in herald().store.accounts()}


@st.cache_resource(ttl=SETTLED, max_entries=1, show_spinner=False)
def policies() -> tuple[Policy, ...]:
    """The version of each policy that is in force today, by title."""
    return tuple(sorted(herald().store.policies(now().date()), key=lambda policy: policy.title))


@st.cache_resource(ttl=SETTLED, max_entries=500, show_spinner=False)
def policy(policy_id: str, version: int) -> Policy | None:
    """That version of a policy, as a decision cited it."""
    return herald().store.policy(policy_id, version)


@st.cache_resource(ttl=SETTLED, max_entries=1, show_spinner=False)
def people() -> Mapping[str, Person]:
    return {person.id: person for person in herald().store.people()}


@st.cache_resource(ttl=1.0, max_entries=500, show_spinner=False)
def person(person_id: str) -> Person | None:
    """Read once for all parts of a run: a role taken away, or a person made inactive, is seen within a second."""
    return herald().store.person(person_id)


def notices(brand: str, about: str) -> list[Notice]:
    """Who was told of a thing by mail. Always read anew."""
    return flow_notices.of(brand, about, herald())


def name_of(person_id: str) -> str:
    """The name of one of us, the id if there is no such person; empty for nobody."""
    if not person_id:
        return ""
    found = people().get(person_id)
    return found.name if found else person_id


def accounts_of(brand: str) -> list[Account]:
    """The accounts on which people speak: shops, which tell numbers alone, are none (shops_of)."""
    return [each for each in accounts().values() if each.brand == brand and each.platform not in SHOPS]


def shops_of(brand: str) -> list[Account]:
    """The shops that tell a brand's stock and orders."""
    return [each for each in accounts().values() if each.brand == brand and each.platform in SHOPS]


def reply_limit(platform: str) -> int | None:
    """Characters of a reply there; None where nobody can reply by Herald."""
    outlet = herald().outlets.get(platform)
    return outlet.capabilities.reply_limit if outlet else None


def can_act(platform: str, act: str) -> bool:
    outlet = herald().outlets.get(platform)
    return outlet is not None and act in outlet.capabilities.acts
