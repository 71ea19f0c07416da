"""What the Inbox reads of care: how a case is handled, its playbook, saved answers, limits, what is overdue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import streamlit as st

from dashboard import data
from herald.care import limits
from herald.care.answers import Answer
from herald.care.playbooks import Leg, Play, shipped
from herald.flows import care, casebook
from herald.model import AnswerBook, Case, Handling, Message, Person, Playbook, Remedy, RemedyLimits


class Handled(NamedTuple):
    """How one case is handled, what its playbook says, and the newest outcome that costs money."""

    handling: Handling
    play: Play
    procedure: tuple[Leg, ...]
    remedy: Remedy | None


def handled(case: Case, message: Message) -> Handled:
    """Always read anew."""
    herald = data.herald()
    handling = casebook.handling_of(case, message, herald)
    book = casebook.book_numbered(case.brand, handling.playbook, herald)
    play = book.play(handling.kind, handling.persona)
    return Handled(handling, play, book.procedure, care.newest_remedy(case, herald))


def answers_for(brand: str, *types: str) -> list[Answer]:
    """Saved answers that fit one of these case types."""
    return [answer for answer in _answers(brand) if set(types) & set(answer.types)]


@st.cache_resource(ttl=data.SETTLED, max_entries=50, show_spinner=False)
def _answers(brand: str) -> tuple[Answer, ...]:
    return care.answers_of(brand, data.herald())[0]


@st.cache_resource(ttl=data.SETTLED, max_entries=50, show_spinner=False)
def limits_of(brand: str) -> list[RemedyLimits]:
    """The limits in force: one, or none."""
    found = care.limits_of(brand, data.herald())
    return [found] if found else []


def limits_waiting(brand: str) -> RemedyLimits | None:
    """Limits that wait for a second person; always read anew."""
    return care.limits_waiting(brand, data.herald())


class Room(NamedTuple):
    """What one person may still give one customer this month, in minor units; `given`: by anybody, in all cases."""

    limit: int
    given: int
    currency: str

    @property
    def left(self) -> int:
        return max(0, self.limit - self.given)


def room(person: Person, case: Case, message: Message) -> Room | None:
    """Always read anew; None where no limits are in force."""
    held = limits_of(case.brand)
    if not held:
        return None
    given = care.given_to(
        case.brand, limits.customer(case, message), held[0].currency, data.herald(), data.now()
    )  # fmt: skip
    return Room(limits.limit_of(person, held[0]), given.amount, held[0].currency)


class Texts(NamedTuple):
    """The documents in force, to be edited, each with its number."""

    playbook: str
    playbook_number: int
    answers: str
    answers_number: int


def texts(brand: str) -> Texts:
    store = data.herald().store
    book = store.shelf(Playbook, brand, newest=True, limit=1)
    saved = store.shelf(AnswerBook, brand, newest=True, limit=1)
    return Texts(
        book[0].text if book else shipped(), book[0].number if book else 0,
        saved[0].text if saved else "", saved[0].number if saved else 0,
    )  # fmt: skip


class Listed(NamedTuple):
    """Cases of a further list with their messages."""

    cases: tuple[Case, ...]
    messages: Mapping[str, Message]


@st.cache_resource(ttl=data.LIVE, max_entries=50, show_spinner=False)
def overdue(brand: str) -> Listed:
    """Complaints whose step is overdue now, longest first."""
    herald = data.herald()
    return _with_messages([case for _, case in care.overdue(brand, herald, data.now())])


@st.cache_resource(ttl=data.LIVE, max_entries=50, show_spinner=False)
def for_approval(brand: str) -> Listed:
    """Cases whose outcome is over somebody's limit."""
    store = data.herald().store
    waiting = care.waiting_remedies(brand, data.herald())
    cases = store.cases(remedy.case_id for remedy in waiting)
    return _with_messages([cases[remedy.case_id] for remedy in waiting if remedy.case_id in cases])


def _with_messages(cases: list[Case]) -> Listed:
    return Listed(tuple(cases), data.herald().store.messages(case.message_id for case in cases))


data.FORGOTTEN += [_answers.clear, limits_of.clear, overdue.clear, for_approval.clear]
