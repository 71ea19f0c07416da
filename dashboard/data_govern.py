"""What Policies, Law and Breaches read, through the Store. Lists are remembered for two seconds, as in data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import streamlit as st

from dashboard import data
from herald.flows import breaches
from herald.flows import policies as flow
from herald.flows.policies import Enforced
from herald.govern.escalation import Watch
from herald.model import Acknowledgement, Breach, BreachKind, BreachState, EscalationPath, Person, Policy
from herald.model.breaches import breaches_list, breaches_of
from herald.model.govern import in_force


@dataclass(frozen=True, slots=True)
class Versions:
    """One policy through time: version -> the day it takes effect, and the one in force today (0: none yet)."""

    id: str
    dates: Mapping[int, date]
    now: int

    @property
    def newest(self) -> int:
        return max(self.dates)


@st.cache_resource(ttl=data.LIVE, max_entries=1, show_spinner=False)
def registry() -> Mapping[str, Versions]:
    """Every policy there is, by id."""
    today = data.now().date()
    dates = data.herald().store.policy_dates()
    return {name: Versions(name, of, in_force(of, today)) for name, of in sorted(dates.items())}


def policy(policy_id: str, version: int) -> Policy | None:
    return data.herald().store.policy(policy_id, version)


@st.cache_resource(ttl=data.SETTLED, max_entries=50, show_spinner=False)
def enforcement(policy_id: str, version: int, brand: str) -> Mapping[str, list[Enforced]]:
    """Clause number -> what enforces it."""
    found = policy(policy_id, version)
    return flow.enforcement(found, data.herald(), brand) if found else {}


def acknowledged(policy_id: str, versions: tuple[int, ...]) -> Mapping[tuple[str, int], Acknowledgement]:
    """(person, version) -> acknowledgement, of everybody active."""
    people = [person.id for person in data.people().values() if person.active]
    given = data.herald().store.acknowledgements(people, policy_id, versions)
    return {(one.person_id, one.version): one for one in given}


@st.cache_resource(ttl=data.LIVE, max_entries=50, show_spinner=False)
def open_breaches(brand: str) -> tuple[Breach, ...]:
    """Those not closed: who climbs next first."""
    return tuple(data.herald().store.listed(Breach, "work", breaches_list(brand)))


@st.cache_resource(ttl=data.LIVE, max_entries=50, show_spinner=False)
def closed_breaches(brand: str, month: str) -> tuple[Breach, ...]:
    """Those recorded in a month and closed since, newest first."""
    found = data.herald().store.listed(Breach, "feed", breaches_of(brand, month), newest=True)
    return tuple(one for one in found if one.state is BreachState.CLOSED)


def breach(breach_id: str, brand: str) -> Breach | None:
    return data.herald().store.find(Breach, breach_id, brand)


def names(found: Iterable[Breach]) -> Callable[[str], str]:
    """The names of our people, and of the authors of the messages these breaches show in; the id of anybody else."""
    refs = {one.ref.removeprefix("message:"): one.about for one in found if one.ref.startswith("message:")}
    known = data.herald().store.messages(refs) if refs else {}
    authors = {refs[message.id]: message.author_name or "" for message in known.values()}
    return lambda one: authors.get(one) or data.name_of(one)


def standing(found: Breach) -> Watch:
    return breaches.standing(found, data.herald(), data.now())


def may_see(found: Breach, person: Person) -> bool:
    return breaches.may_see(found, person, data.herald(), data.now())


def may_take(found: Breach, person: Person) -> bool:
    return breaches.may_take(found, person, data.herald(), data.now())


def path(brand: str, kind: BreachKind) -> EscalationPath:
    return breaches.path_of(data.herald(), brand, kind)


def on_now(found: EscalationPath) -> Watch:
    """Who would be asked of what is recorded now."""
    now = data.now()
    return breaches.watch(found, now, now, data.herald().store.people(), data.herald())


def forget() -> None:
    """After a write: the next look reads again."""
    registry.clear()
    enforcement.clear()
    open_breaches.clear()
    closed_breaches.clear()
    data.policies.clear()
