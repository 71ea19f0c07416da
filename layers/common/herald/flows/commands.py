"""The one gate for every write by a person: a frozen dataclass goes in, state and audit are written together."""

from __future__ import annotations

from dataclasses import dataclass

from herald.model import Action, Media


@dataclass(frozen=True, slots=True)
class Command:
    """Base of all; each has a row in govern.authority.MATRIX and a plan in flows.gate.PLANS."""


# ---------------------------------------------------------------- messages and cases


@dataclass(frozen=True, slots=True)
class Reply(Command):
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
class Hide(Command):
    message_id: str
    reason: str
    clause: str
    expected: int  # version of the message the person saw


@dataclass(frozen=True, slots=True)
class Unhide(Command):
    message_id: str
    reason: str
    expected: int


@dataclass(frozen=True, slots=True)
class Claim(Command):
    case_id: str
    expected: int


@dataclass(frozen=True, slots=True)
class Resolve(Command):
    case_id: str
    outcome: str
    clause: str
    expected: int


@dataclass(frozen=True, slots=True)
class Overrule(Command):
    """Replace a decision by one's own: allow (unhides what was hidden) or hide."""

    message_id: str
    action: Action
    reason: str
    clause: str
    expected: int


@dataclass(frozen=True, slots=True)
class DecideAppeal(Command):
    """Uphold the decision a customer appeals against, or overturn it: then the message is shown again.

    Never by who decided. The customer reads `reason`.
    """

    case_id: str
    overturn: bool
    reason: str
    clause: str
    expected: int  # version of the case the person saw


@dataclass(frozen=True, slots=True)
class MakeLink(Command):
    """Make a signed link (govern.links) for `hours`. `id` is made by the client and becomes the link's nonce.

    To approve and to acknowledge, for oneself only: whoever holds such a link acts as the person in it.
    """

    id: str
    purpose: str  # approve, acknowledge, appeal, share
    subject: str  # post; policy; message; "<brand>~<first day>~<last day>" of a report
    hours: int


@dataclass(frozen=True, slots=True)
class AcknowledgePolicy(Command):
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
class Draft(Command):
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
    needs: tuple[str, ...] = ()  # what must be so when it goes out: "offer:<id>", "product:<id>" ... (flows/needs.py)
    paid: bool = False  # money or goods change hands for it: its words must say so


@dataclass(frozen=True, slots=True)
class Submit(Command):
    """Ask for review of every variant in draft. Refused, naming field and rule, where a platform would refuse it."""

    post_id: str
    expected: int


@dataclass(frozen=True, slots=True)
class Approve(Command):
    """Answer for the variants in review, exactly as they are at version `expected`. Never by author or submitter."""

    post_id: str
    expected: int


@dataclass(frozen=True, slots=True)
class Reject(Command):
    post_id: str
    reason: str
    expected: int


@dataclass(frozen=True, slots=True)
class MovePost(Command):
    """Another time for one variant, or for all that are not out yet (account empty: same wall-clock time for all).

    What was approved goes back to review.
    """

    post_id: str
    local_time: str
    expected: int
    account: str = ""
    zone: str = ""  # empty: as it is


@dataclass(frozen=True, slots=True)
class Hold(Command):
    """Nothing leaves these accounts (none named: all of the brand) until it is released. `id` is made by the client."""

    id: str
    brand: str
    reason: str
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Release(Command):
    """End a hold. What is past its time by then waits for a person."""

    hold_id: str
    brand: str


@dataclass(frozen=True, slots=True)
class Cancel(Command):
    """Do not publish one variant, or all that are not out yet."""

    post_id: str
    reason: str
    expected: int
    account: str = ""


@dataclass(frozen=True, slots=True)
class TakeDown(Command):
    """Delete a published variant on its platform."""

    post_id: str
    account: str
    reason: str
    expected: int


@dataclass(frozen=True, slots=True)
class Confirm(Command):
    """A person looked: an unclear variant does stand on the platform (url says where), or does not."""

    post_id: str
    account: str
    stands: bool
    expected: int
    url: str = ""


# ---------------------------------------------------------------- reports


@dataclass(frozen=True, slots=True)
class MailReport(Command):
    """Mail the report of a period, with its files, to people of the brand.

    `id` is made by the client, so that sending twice mails once; the same id again after it certainly failed tries
    anew. `to`: ids of people, whose addresses are those on record.
    """

    id: str
    brand: str
    first_day: str  # "2026-10-01"
    last_day: str
    to: tuple[str, ...]


# ---------------------------------------------------------------- govern: policies, law, escalation, breaches


# ---------------------------------------------------------------- research: platforms, selection, trends, profiles


# ---------------------------------------------------------------- library: assets, sources, user content


# ---------------------------------------------------------------- publish: calendar days, campaigns, offers, products


@dataclass(frozen=True, slots=True)
class SaveDay(Command):
    """Put an event, a promotion, a milestone, a holiday or a key date on the calendar, or change it.

    `id` is made by the client, expected is 0 for a new one. With `local_time` and `zone` it is a moment of its first day.
    """

    id: str
    brand: str
    kind: str  # model.DayKind
    title: str
    first_day: str  # "2026-11-27"
    last_day: str  # the same day, or a later one
    expected: int
    local_time: str = ""  # "09:30"
    zone: str = ""
    owner: str = ""  # id of a person
    lead_days: int = 0
    note: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class RemoveDay(Command):
    brand: str
    id: str
    expected: int


@dataclass(frozen=True, slots=True)
class ImportCalendar(Command):
    """Some posts and days of a file, all or none: each as its own Draft or SaveDay would write it, one audit line."""

    brand: str
    posts: tuple[Draft, ...]
    days: tuple[SaveDay, ...] = ()


@dataclass(frozen=True, slots=True)
class SaveChecks(Command):
    """A new version of what drafts and replies of a brand are checked for. `expected`: the number now in force, or 0."""

    brand: str
    expected: int
    blocking: tuple[str, ...]
    off: tuple[str, ...] = ()
    brand_words: tuple[str, ...] = ()
    banned: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    own_contacts: tuple[str, ...] = ()
    clauses: tuple[tuple[str, str], ...] = ()  # (rule, "POLICY-ID number")


@dataclass(frozen=True, slots=True)
class WaiveCheck(Command):
    """Let what one blocking rule found stand on the words as they are. Never by the post's author or submitter."""

    post_id: str
    rule: str
    reason: str
    expected: int  # version of the post the person saw


# ---------------------------------------------------------------- care: playbooks, complaints


# ---------------------------------------------------------------- listen: monitors, incidents


# ---------------------------------------------------------------- measure: recommendations
