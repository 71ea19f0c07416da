"""The nouns that cross rooms: frozen dataclasses, no behaviour beyond their own arithmetic."""

from herald.model.case import Case, CaseState, Work, case_id
from herald.model.changes import Acted, Counted, New, NotHeld, Posted, Revised, StillOrdered
from herald.model.changes import Change as StateChange
from herald.model.decision import Action, Assessment, ClauseRef, Decision, Escalation, Severity, Span
from herald.model.delivery import Act, Delivery, DeliveryState
from herald.model.govern import (
    Account,
    Acknowledgement,
    AuditEntry,
    Clause,
    Connection,
    Credentials,
    Person,
    Policy,
    Role,
    Targets,
)
from herald.model.message import SPOKEN, Change, Event, Kind, Message, content_hash

__all__ = [
    "SPOKEN", "Account", "Acknowledgement", "Act", "Acted", "Action", "Assessment", "AuditEntry", "Case", "CaseState",
    "Change", "Clause", "ClauseRef", "Connection", "Counted", "Credentials", "Decision", "Delivery", "DeliveryState",
    "Escalation", "Event", "Kind", "Message", "New", "NotHeld", "Person", "Policy", "Posted", "Revised", "Role",
    "Severity", "Span", "StateChange", "StillOrdered", "Targets", "Work", "case_id", "content_hash",
]  # fmt: skip
