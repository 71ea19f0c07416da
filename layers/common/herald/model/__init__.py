"""The nouns that cross rooms: frozen dataclasses, no behaviour beyond their own arithmetic."""

from importlib import import_module
from typing import TYPE_CHECKING

from herald.model.case import Case, CaseState, Work, case_id
from herald.model.changes import (
    Acted,
    Counted,
    Gated,
    InForce,
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
from herald.model.decision import (
    WORDS_GONE,
    Action,
    Assessment,
    ByHistory,
    ClauseRef,
    Decision,
    Drafted,
    Escalation,
    LockAsked,
    Rules,
    RulesByHash,
    Severity,
    Span,
)
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
from herald.model.message import SPOKEN, Change, Event, Kind, Message, content_hash, thread_of
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
from herald.model.record import Record
from herald.model.reports import KeptFile, KeptReport, Mailing, MailingState

if TYPE_CHECKING:
    from herald.model.breaches import Breach, BreachKind, BreachState, Climb, EscalationPath, EscalationStep
    from herald.model.calendar import CheckPolicy, DayKind, DayMark, Waiver
    from herald.model.care import (
        AnswerBook,
        Handling,
        Persona,
        Playbook,
        PostKind,
        Remedy,
        RemedyLimits,
        RemedyState,
        Replied,
        Stage,
        Taken,
    )
    from herald.model.library import Asset, AssetKind, Rests, RightState, UserContent

_ROOMS = {
    **dict.fromkeys(
        (
            "Breach", "BreachKind", "BreachState", "Climb", "EscalationPath", "EscalationStep",
        ), "breaches",
    ),
    **dict.fromkeys(
        (
            "CheckPolicy", "DayKind", "DayMark", "Waiver",
        ), "calendar",
    ),
    **dict.fromkeys(
        (
            "AnswerBook", "Handling", "Persona", "Playbook", "PostKind", "Remedy", "RemedyLimits", "RemedyState",
            "Replied", "Stage", "Taken",
        ), "care",
    ),
    **dict.fromkeys(
        (
            "Asset", "AssetKind", "Rests", "RightState", "UserContent",
        ), "library",
    ),
}  # fmt: skip
"""Names of a room's records -> its module: read when one is asked for, since most functions touch none."""


def __getattr__(name: str) -> object:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"herald.model.{_ROOMS[name]}"), name)
    globals()[name] = found
    return found

__all__ = [
    "SPOKEN", "TYPE_CHECKING", "WORDS_GONE", "Account", "Acknowledgement", "Act", "Acted", "Action", "AnswerBook",
    "Approval", "Assessment", "Asset", "AssetKind", "AuditEntry", "Breach", "BreachKind", "BreachState", "ByHistory",
    "Case", "CaseState", "Change", "CheckPolicy", "Clause", "ClauseRef", "Climb", "Connection", "Counted",
    "Credentials", "DayKind", "DayMark", "Decision", "Delivery", "DeliveryState", "Drafted", "Escalation",
    "EscalationPath", "EscalationStep", "Event", "Gated", "Handling", "Hold", "InForce", "IsApproved", "KeptFile",
    "KeptReport", "Kind", "LockAsked", "Mailing", "MailingState", "Media", "Message", "Metric", "New", "NotHeld",
    "Note", "Person", "Persona", "Placed", "Playbook", "Policy", "Post", "PostKind", "Posted", "Record", "Remedy",
    "RemedyLimits", "RemedyState", "Replied", "Response", "Rests", "Revised", "RightState", "Role", "Rules",
    "RulesByHash", "Severity", "Snapshot", "Span", "Stage", "StateChange", "Still", "StillOrdered", "Taken",
    "Tallied", "Target", "TargetState", "Targets", "Used", "UserContent", "Waiver", "Work", "case_id", "content_hash",
    "import_module", "needs_of", "post_hash", "thread_of", "words_of",
]  # fmt: skip
