"""Reports that were kept, and what was mailed of them. No addresses: people are named by id."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from herald.model.record import record


@record
class KeptFile:
    """One file of a kept report. key: where its bytes lie; sha256: of them, hex."""

    name: str
    key: str
    sha256: str
    size: int


@record
class KeptReport:
    """The report of a period as it was made first; written once and never changed.

    Attributes:
        digest: sha256 over all files (flows.mailing), short enough to compare by eye from its first figures.
        files: the mail's own text and HTML among them, as mail.txt and mail.html.
    """

    brand: str
    first_day: str
    last_day: str
    title: str
    made_at: datetime
    digest: str
    files: tuple[KeptFile, ...]


class MailingState(StrEnum):
    SENDING = "sending"
    SENT = "sent"  # the mail server took it
    FAILED = "failed"  # nothing was sent
    UNCLEAR = "unclear"  # it may have been sent: never repeated, a person looks


@record
class Mailing:
    """One mail of one report to some people; the intent is written before anything is sent.

    Attributes:
        id: made by whoever asks. to: ids of people. digest: of the report that was mailed.
        lease_until: while SENDING; once it has passed, nobody knows what came of it.
        reason: why it failed or is unclear, without addresses.
    """

    id: str
    brand: str
    first_day: str
    last_day: str
    to: tuple[str, ...]
    digest: str
    ordered_by: str
    ordered_at: datetime
    state: MailingState
    lease_until: datetime | None = None
    ended_at: datetime | None = None
    attempt: int = 1
    reason: str = ""
    version: int = 0
