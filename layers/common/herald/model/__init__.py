"""The nouns that cross rooms: frozen dataclasses, no behaviour beyond their own arithmetic."""

from herald.model.calendar import CheckPolicy, DayKind, DayMark, Waiver
from herald.model.case import Case, CaseState, Work, case_id
from herald.model.changes import (
    Acted,
    Counted,
    Gated,
    IsApproved,
    New,
    NotHeld,
    Posted,
    Revised,
    Still,
    StillOrdered,
    Tallied,
)
from herald.model.changes import Change as StateChange
from herald.model.decision import WORDS_GONE, Action, Assessment, ClauseRef, Decision, Escalation, Severity, Span
from herald.model.delivery import Act, Delivery, DeliveryState
from herald.model.govern import (
    Account,
    Acknowledgement,
    AuditEntry,
    Clause,
    Connection,
    Credentials,
    Person,
    Placed,
    Policy,
    Role,
    Targets,
)
from herald.model.measures import Metric, Response, Snapshot
from herald.model.message import SPOKEN, Change, Event, Kind, Message, content_hash
from herald.model.post import (
    Approval,
    Hold,
    Media,
    Note,
    Post,
    Target,
    TargetState,
    Used,
    needs_of,
    post_hash,
    words_of,
)
from herald.model.records import Record
from herald.model.reports import KeptFile, KeptReport, Mailing, MailingState

__all__ = [
    "SPOKEN", "WORDS_GONE", "Account", "Acknowledgement", "Act", "Acted", "Action", "Approval", "Assessment",
    "AuditEntry", "Case", "CaseState", "Change", "CheckPolicy", "Clause", "ClauseRef", "Connection", "Counted",
    "Credentials", "DayKind", "DayMark", "Decision", "Delivery", "DeliveryState", "Escalation", "Event", "Gated",
    "Hold", "IsApproved", "KeptFile", "KeptReport", "Kind", "Mailing", "MailingState", "Media", "Message", "Metric",
    "New", "NotHeld", "Note", "Person", "Placed", "Policy", "Post", "Posted", "Record", "Response", "Revised", "Role",
    "Severity", "Snapshot", "Span", "StateChange", "Still", "StillOrdered", "Tallied", "Target", "TargetState",
    "Targets", "Used", "Waiver", "Work", "case_id", "content_hash", "needs_of", "post_hash", "words_of",
]  # fmt: skip
