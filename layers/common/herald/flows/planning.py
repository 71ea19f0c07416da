"""What every plan asks and gives: the person, the brand, the version they saw, proper words."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from herald.errors import Refused, Unknown
from herald.flows.context import Herald
from herald.govern import authority, policies
from herald.model import ClauseRef, Delivery, Message, Person, StateChange

if TYPE_CHECKING:
    from herald.flows.commands import Command

REASON_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Done:
    """What the command came to, in words for the page, and the ids of what it touched.

    Attributes:
        well: False where the command stands written, but what followed it did not come off.
        files: what was made for whoever gave the command, name -> bytes; nothing of it is kept.
    """

    sentence: str
    subject: str
    delivery_id: str = ""
    link: str = ""  # the address that was made
    well: bool = True
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes to commit together with one audit line; facts are hashes and ids, never words or names.

    Attributes:
        wake: the delivery that has work now.
        then: what happens outside once the changes stand, and what it came to; called once, after the commit.
    """

    changes: tuple[StateChange, ...]
    done: Done
    facts: dict[str, str | int | bool | None] = field(default_factory=dict)
    wake: Delivery | None = None
    told: bool = False  # worth its audit line although no row changes
    then: Callable[[], Done] | None = None


Planner = Callable[[Any, Person, Herald, datetime], Plan]
"""(command, person, herald, now) -> what to write; raises Refused. The command is of the type it is listed under."""


def authorise(command: Command, person: Person, brand: str | None, herald: Herald, now: datetime) -> None:
    """Role, brand, acknowledgement. Raises Refused."""
    authority.check(
        person,
        type(command).__name__,
        brand=brand,
        acknowledged=lambda policy, version: herald.store.acknowledgement(person.id, policy, version) is not None,
        policies=herald.store.policies(now.date()),
    )


class OfABrand(Protocol):
    """What belongs to a brand."""

    @property
    def brand(self) -> str: ...


T = TypeVar("T", bound=OfABrand)


def theirs(found: T | None, person: Person, missing: str) -> T:
    """What an id names, for whoever works for its brand. Raises Refused (input) with `missing`.

    Another brand's thing is refused as one that is not there: ids of platforms can be guessed, and no answer may tell
    whether others have such a thing, or what became of it.
    """
    if found is None or found.brand not in person.brands:
        raise Refused("input", missing)
    return found


def their_message(message_id: str, person: Person, herald: Herald) -> Message:
    """A message of a brand this person works for. Raises Refused (input)."""
    return theirs(herald.store.message(message_id), person, "There is no such message. It may have been erased.")


def may_own(person: Person | None, brand: str) -> bool:
    """Whether they can be named as who answers for something of a brand: they work for it, and so can see it."""
    return person is not None and person.active and brand in person.brands


def same_version(now_there: int, expected: int) -> None:
    """Raises Refused (version) when the person did not see what is there now."""
    if now_there != expected:
        raise Refused("version", "This changed since you opened it. Look at it again before you decide.")


def clause_named(text: str, herald: Herald) -> ClauseRef:
    """The clause a person named, of the version in force today. Raises Refused (input)."""
    try:
        return policies.clause_ref(text, herald.store.policies(herald.clock().date()))
    except Unknown as unknown:
        raise Refused("input", f"Name the clause it rests on, for example MOD 3.1. {unknown}") from None


def words(text: str, missing: str, limit: int) -> str:
    """Trimmed, in NFC, without control characters. Raises Refused (input); `missing` is said when there are none."""
    said = unicodedata.normalize("NFC", text).strip()
    if not said:
        raise Refused("input", missing)
    if len(said) > limit:
        raise Refused("input", f"{len(said)} characters are too many; {limit} is the limit.")
    if any(unicodedata.category(c) == "Cs" or (unicodedata.category(c) == "Cc" and c not in "\n\t\r") for c in said):
        raise Refused("input", "The text holds control characters. Type it again or paste it as plain text.")
    return said


def proper_id(text: str, what: str) -> str:
    """An id that a page made: 8 to 64 letters, digits and dashes. Raises Refused (input)."""
    if not (8 <= len(text) <= 64 and text.isascii() and text.replace("-", "").isalnum()):
        raise Refused("input", f"The {what} has no proper id; reload the page and send it again.")
    return text


def hashed(text: str) -> str:
    """What the audit keeps of words."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
