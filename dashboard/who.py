"""Who is asking. The dashboard does not sign anybody in: whoever starts it installs how a person is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from herald.model import Person


@dataclass(frozen=True, slots=True)
class SignIn:
    """How this server knows its visitor.

    Attributes:
        person_id: the id of the person of the running request, empty for nobody.
            It must have been proved (a signed cookie, an OIDC session), never taken from what a page sends.
        change_path: where to become somebody else, e.g. "/choose"; empty if there is no such place.
        change_label: what that link says; our own words.
    """

    person_id: Callable[[], str]
    change_path: str = ""
    change_label: str = "Sign out"


_installed: SignIn | None = None


def install(sign_in: SignIn | None) -> None:
    """Set how visitors of this process are known; None takes it away again."""
    global _installed  # noqa: PLW0603  one server, one way to sign in
    _installed = sign_in


def sign_in() -> SignIn | None:
    """What was installed; None on a server that nobody can sign in to."""
    return _installed


def current_person() -> Person | None:
    """The person of this request: proved, on record and active. None otherwise."""
    from dashboard import data  # noqa: PLC0415  data imports nothing of who

    if _installed is None:
        return None
    person_id = _installed.person_id()
    person = data.person(person_id) if person_id else None
    return person if person is not None and person.active else None
