"""The one gate for every write by a person: a frozen dataclass goes in, state and audit are written together."""

from __future__ import annotations

from dataclasses import dataclass

from herald.model import Action, Media


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
class DecideAppeal:
    """Uphold the decision a customer appeals against, or overturn it: then the message is shown again.

    Never by who decided. The customer reads `reason`.
    """

    case_id: str
    overturn: bool
    reason: str
    clause: str
    expected: int  # version of the case the person saw


@dataclass(frozen=True, slots=True)
class MakeLink:
    """Make a signed link (govern.links) for `hours`. `id` is made by the client and becomes the link's nonce.

    To approve and to acknowledge, for oneself only: whoever holds such a link acts as the person in it.
    """

    id: str
    purpose: str  # approve, acknowledge, appeal, share
    subject: str  # post; policy; message; "<brand>~<first day>~<last day>" of a report
    hours: int


@dataclass(frozen=True, slots=True)
class AcknowledgePolicy:
    policy_id: str
    version: int


# ---------------------------------------------------------------- posts


@dataclass(frozen=True, slots=True)
class Variant:
    """One account a post goes to: own words (empty: the master's) and a wall-clock time in a zone."""

    account: str  # "platform:id"
    local_time: str  # "2026-11-24T09:30"
    zone: str  # IANA
    text: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """Write a post, or rewrite it: `id` is made by the client, expected is 0 for a new one.

    Rewriting sends every variant that is not out yet back to draft; variants left out are cancelled.
    """

    id: str
    brand: str
    title: str
    text: str
    variants: tuple[Variant, ...]
    expected: int
    link: str = ""
    media: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True)
class Submit:
    """Ask for review of every variant in draft. Refused, naming field and rule, where a platform would refuse it."""

    post_id: str
    expected: int


@dataclass(frozen=True, slots=True)
class Approve:
    """Answer for the variants in review, exactly as they are at version `expected`. Never by author or submitter."""

    post_id: str
    expected: int


@dataclass(frozen=True, slots=True)
class Reject:
    post_id: str
    reason: str
    expected: int


@dataclass(frozen=True, slots=True)
class MovePost:
    """Another time for one variant, or for all that are not out yet (account empty: same wall-clock time for all).

    What was approved goes back to review.
    """

    post_id: str
    local_time: str
    expected: int
    account: str = ""
    zone: str = ""  # empty: as it is


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing leaves these accounts (none named: all of the brand) until it is released. `id` is made by the client."""

    id: str
    brand: str
    reason: str
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """End a hold. What is past its time by then waits for a person."""

    hold_id: str
    brand: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Do not publish one variant, or all that are not out yet."""

    post_id: str
    reason: str
    expected: int
    account: str = ""


@dataclass(frozen=True, slots=True)
class TakeDown:
    """Delete a published variant on its platform."""

    post_id: str
    account: str
    reason: str
    expected: int


@dataclass(frozen=True, slots=True)
class Confirm:
    """A person looked: an unclear variant does stand on the platform (url says where), or does not."""

    post_id: str
    account: str
    stands: bool
    expected: int
    url: str = ""


Command = (
    Reply | Hide | Unhide | Claim | Resolve | Overrule | DecideAppeal | MakeLink | AcknowledgePolicy
    | Draft | Submit | Approve | Reject | MovePost | Hold | Release | Cancel | TakeDown | Confirm
)  # fmt: skip
