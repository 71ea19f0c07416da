"""The one gate for every write by a person: a frozen dataclass goes in, state and audit are written together."""

from __future__ import annotations

from dataclasses import dataclass

from herald.model import Action


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer a message publicly. `id` is made by the client, so that sending twice answers once.

    With `outcome` the case is resolved as soon as the reply stands on the platform.
    """

    id: str
    message_id: str
    text: str
    expected: int  # version of the case the person saw; 0 if the message has none
    outcome: str = ""
    clause: str = ""  # "POLICY-ID number", e.g. "COMPLAINTS 4.2"


@dataclass(frozen=True, slots=True)
class Hide:
    message_id: str
    reason: str
    clause: str
    expected: int  # version of the message the person saw


@dataclass(frozen=True, slots=True)
class Unhide:
    message_id: str
    reason: str
    expected: int


@dataclass(frozen=True, slots=True)
class Claim:
    case_id: str
    expected: int


@dataclass(frozen=True, slots=True)
class Resolve:
    case_id: str
    outcome: str
    clause: str
    expected: int


@dataclass(frozen=True, slots=True)
class Overrule:
    """Replace a decision by one's own: allow (unhides what was hidden) or hide."""

    message_id: str
    action: Action
    reason: str
    clause: str
    expected: int


@dataclass(frozen=True, slots=True)
class AcknowledgePolicy:
    policy_id: str
    version: int


Command = Reply | Hide | Unhide | Claim | Resolve | Overrule | AcknowledgePolicy
