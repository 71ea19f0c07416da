"""Who may do what, by which written policy, on which accounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from herald.model.record import record


class Role(StrEnum):
    COMMUNITY_MANAGER = "community_manager"
    MARKETER = "marketer"
    CUSTOMER_SERVICE_MANAGER = "customer_service_manager"
    OWNER = "owner"
    COMPLIANCE = "compliance"
    ENGINEER = "engineer"


@record
class Person:
    """One of us.

    Attributes:
        email: where mail goes, and who they are to a sign-in that has verified it.
        subject: the id the sign-in's issuer gives them (`sub`); with one, the e-mail address proves nothing.
    """

    id: str
    name: str
    roles: frozenset[Role]
    brands: frozenset[str]
    email: str = ""
    active: bool = True
    version: int = 0
    subject: str = ""


@record
class Clause:
    """One numbered clause. `id` is stable across versions while the number stays (e.g. MOD-3.2)."""

    id: str
    number: str
    title: str
    text: str


@record
class Policy:
    """One version of one document.

    Attributes:
        gates: the commands nobody may give before acknowledging it.
        asked_by: command -> number of the clause that asks for the acknowledgement; not every gate names one.
        limits: name of a limit Herald holds people to (govern.policies.LIMITS) -> number of the clause that states it.
    """

    id: str
    title: str
    version: int
    effective_from: date
    clauses: tuple[Clause, ...]
    gates: tuple[str, ...] = ()
    source: str = ""
    asked_by: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)

    def clause(self, number: str) -> Clause | None:
        return next((c for c in self.clauses if number in (c.number, c.id)), None)


def in_force(dates: Mapping[int, date], day: date) -> int:
    """Of versions and the days they take effect, the one in force on `day`: the highest; 0 before the first."""
    return max((version for version, since in dates.items() if since <= day), default=0)


@record
class Acknowledgement:
    person_id: str
    policy_id: str
    version: int
    at: datetime


@record
class Account:
    """One profile we speak for. `timezone` and `hours` decide deadlines and days; `holidays` are closed dates."""

    platform: str
    account_id: str
    name: str
    brand: str
    timezone: str = "UTC"
    hours: str = "Mon-Fri 09:00-17:00"
    holidays: frozenset[date] = frozenset()
    connection: str = ""
    api_base: str = ""

    @property
    def id(self) -> str:
        return f"{self.platform}:{self.account_id}"


_NAMES: Mapping[str, str] = MappingProxyType({
    "facebook_page": "Facebook", "linkedin": "LinkedIn", "tiktok": "TikTok", "whatsapp": "WhatsApp", "x": "X",
    "youtube": "YouTube", "google_business": "Google", "rss": "RSS",
})  # fmt: skip


def platform_name(platform: str) -> str:
    """How people call a platform."""
    return _NAMES.get(platform, platform.replace("_", " ").capitalize())


def main_zone(accounts: Iterable[Account]) -> str:
    """A brand's own zone: the one most of its accounts live in; of equally many, the first by name. UTC without any."""
    zones = Counter(one.timezone for one in accounts)
    return min(zones, key=lambda zone: (-zones[zone], zone), default="UTC")


@record
class Connection:
    """One app registration: who may call /webhooks/{id}, and for which accounts it may speak.

    Attributes:
        secret_ref: name under which its Credentials are kept; the row itself holds no secret.
        accounts: account ids on this platform.
    """

    id: str
    platform: str
    secret_ref: str
    accounts: tuple[str, ...]


@record
class Credentials:
    """What a connection needs to prove and to check.

    Attributes:
        secrets: newest first; any may have signed, so that they can be rotated.
        verify_token: what the platform must show in its handshake.
        tokens: account id -> access token.
    """

    secrets: tuple[str, ...]
    verify_token: str = ""
    tokens: Mapping[str, str] = field(default_factory=dict)


@record
class Targets:
    """Promises: minutes of business time to the first response, by case type; `default` for the others."""

    minutes: Mapping[str, int] = field(default_factory=lambda: {"default": 240})

    def of(self, case_type: str) -> int:
        return self.minutes.get(case_type, self.minutes["default"])


@record
class AuditEntry:
    """One line of one chain. Ids, hashes, clause, actor, time: never text or names.

    Attributes:
        chain, seq: its place; seq starts at 1 and has no gaps.
        what: command or act, e.g. Hide, deliver.done, moderate.allow.
        subject: id of the thing acted on.
        facts: JSON scalars only (from, to, clause, reason_hash ...).
        previous, digest: sha256 hex of the entry before and of this one (govern.audit).
    """

    chain: str
    seq: int
    at: datetime
    actor: str
    what: str
    subject: str
    facts: Mapping[str, str | int | bool | None]
    previous: str = ""
    digest: str = ""


@record
class Placed:
    """What was found at one place of a chain, in the table or in its copy. `entry` is None where it is none of ours."""

    seq: int
    entry: AuditEntry | None
