"""Who is asking. The dashboard knows nobody by itself: whoever starts it installs how a person is known.

Asked again at every run of the script and of every fragment: the proof may have grown too old, the person's row may say
that they left. What a page got earlier counts for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import streamlit as st

from herald.model import Person, Role

AWAY: Final = "You are not signed in, or your access was taken away."
SIGN_IN: Final = "Sign in to go on."
_SEEN: Final = "herald.who"


@dataclass(frozen=True, slots=True)
class Proof:
    """Whom the running request has proved to be.

    Attributes:
        person_id: empty for nobody.
        roles: the only roles that count in this session, e.g. those of the visitor's groups; None: all they have.
            They only take away: a role counts if the person's own row has it too.
        why: for nobody, what to do about it; our own words.
    """

    person_id: str = ""
    roles: frozenset[Role] | None = None
    why: str = AWAY


@dataclass(frozen=True, slots=True)
class SignIn:
    """How this server knows its visitor.

    Attributes:
        prove: the proof of the running request, or just the person's id, empty for nobody.
            It must have been proved (a signed cookie, an OIDC session), never taken from what a page sends.
        change_path: where to become somebody else, e.g. "/choose"; empty if there is no such place.
        change_label: what that link says; our own words.
        enter: starts a sign-in from a button; None where the path above is the way in.
    """

    prove: Callable[[], Proof | str]
    change_path: str = ""
    change_label: str = "Sign out"
    enter: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person of this run, with the roles that count in it; or nobody, and why."""

    person: Person | None
    why: str = ""


_installed: SignIn | None = None


def install(sign_in: SignIn | None) -> None:
    """Set how visitors of this process are known; None takes it away again."""
    global _installed  # noqa: PLW0603  one server, one way to sign in
    _installed = sign_in


def sign_in() -> SignIn | None:
    """What was installed; None on a server that nobody can sign in to."""
    return _installed


def visitor() -> Visitor:
    """Who this request is: proved, on record and active, with no role beyond those proved. Otherwise nobody."""
    from dashboard import data  # noqa: PLC0415  data imports nothing of who

    if _installed is None:
        return Visitor(None, AWAY)
    proof = _installed.prove()
    if isinstance(proof, str):
        proof = Proof(proof)
    person = data.person(proof.person_id) if proof.person_id else None
    if person is None or not person.active:
        return Visitor(None, AWAY if proof.person_id else proof.why)
    return Visitor(person if proof.roles is None else replace(person, roles=person.roles & proof.roles))


def current_person() -> Person | None:
    """The person of this request; None for nobody."""
    return visitor().person


def remember(person: Person | None) -> None:
    """What the page is drawn for; a fragment of it asks `changed` before it draws again."""
    st.session_state[_SEEN] = person


def changed() -> bool:
    """Whether the page on the screen was drawn for somebody else, or for somebody who might then do more or less."""
    return _SEEN in st.session_state and st.session_state[_SEEN] != current_person()
