"""A case: one message that a person must deal with, by when, and whose it is."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from herald.model.decision import ClauseRef, Severity
from herald.model.record import record


class Work(StrEnum):
    """What a person is asked for."""

    ANSWER = "answer"  # the customer waits for a reply (Inbox)
    REVIEW = "review"  # a rule was unsure: decide (Moderation)
    APPEAL = "appeal"  # whose message was hidden asks that another person decides again
    TASK = "task"  # the platform cannot do it by API, or an outcome is unknown: do it by hand


class CaseState(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    ANSWERING = "answering"  # a reply is on its way to the platform
    ANSWERED = "answered"  # the reply stands there; not resolved yet
    RESOLVED = "resolved"


@record
class Case:
    """Attributes:
    id: derived from the message and the work, so that a redelivery opens no second one.
    type: complaint, question, review ... from a rule's label; what must be done for a task.
    due_at: deadline for the first response (answer) or for the decision (review, task), UTC.
    answered_at: when the first reply stood on the platform.
    note: for a task, what to do, in words; for an appeal, what the customer says.
    claimed_until: of a decision (review, appeal), when its owner's claim runs out and it is anybody's again.
    """

    id: str
    message_id: str
    account_id: str
    platform: str
    brand: str
    work: Work
    type: str
    severity: Severity
    state: CaseState
    opened_at: datetime
    due_at: datetime
    owner: str = ""
    reply_id: str = ""
    answered_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: str = ""
    outcome: str = ""
    clause: ClauseRef | None = None
    note: str = ""
    claimed_until: datetime | None = None
    version: int = 0

    @property
    def pressing(self) -> bool:
        """A complaint, or of high severity: comes first where more wait than one page holds."""
        return self.type == "complaint" or self.severity >= Severity.HIGH


def case_id(message_id: str, work: Work, content_hash: str = "") -> str:
    """`answer` has one case a message; `review` and `task` one for each content judged, `appeal` one a decision."""
    return f"{work}~{message_id}" + (f"~{content_hash}" if content_hash else "")
