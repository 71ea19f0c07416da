"""Who may give which command. One table; pages show what it allows, the gate refuses what it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from herald.errors import Refused
from herald.model import Person, Policy, Role

_CM, _CSM, _MARKETER = Role.COMMUNITY_MANAGER, Role.CUSTOMER_SERVICE_MANAGER, Role.MARKETER
_OWNER, _COMPLIANCE, _ENGINEER = Role.OWNER, Role.COMPLIANCE, Role.ENGINEER

MATRIX: Mapping[str, frozenset[Role]] = MappingProxyType(
    {
        "Reply": frozenset({_CM, _CSM}),
        "Hide": frozenset({_CM, _CSM}),
        "Unhide": frozenset({_CM, _CSM, _COMPLIANCE}),
        "Claim": frozenset({_CM, _CSM}),
        "Resolve": frozenset({_CM, _CSM}),
        "Overrule": frozenset({_CM, _OWNER, _COMPLIANCE}),
        "Delete": frozenset({_CM, _OWNER}),
        "RestrictAuthor": frozenset({_CM, _OWNER, _COMPLIANCE}),
        "LiftRestriction": frozenset({_CM, _OWNER, _COMPLIANCE}),
        "LockThread": frozenset({_CM, _OWNER, _COMPLIANCE}),
        "Escalate": frozenset({_CM, _CSM, _OWNER, _COMPLIANCE}),
        "GatherEvidence": frozenset({_CM, _OWNER, _COMPLIANCE}),
        "TakeStudy": frozenset({_CM, _OWNER, _COMPLIANCE}),
        "SetMode": frozenset({_OWNER, _COMPLIANCE}),
        "DecideAppeal": frozenset({_CM, _OWNER, _COMPLIANCE}),
        "MakeLink": frozenset({_CM, _CSM, _MARKETER, _OWNER, _COMPLIANCE, _ENGINEER}),
        "Draft": frozenset({_CM, _CSM, _MARKETER, _OWNER}),
        "Submit": frozenset({_CM, _CSM, _MARKETER, _OWNER}),
        "Approve": frozenset({_CM, _CSM, _MARKETER, _OWNER, _COMPLIANCE}),
        "Reject": frozenset({_CM, _CSM, _MARKETER, _OWNER, _COMPLIANCE}),
        "MovePost": frozenset({_CM, _CSM, _MARKETER, _OWNER}),
        "Hold": frozenset({_CM, _CSM, _MARKETER, _OWNER, _COMPLIANCE}),
        "Release": frozenset({_CM, _OWNER, _COMPLIANCE}),
        "Cancel": frozenset({_CM, _CSM, _MARKETER, _OWNER, _COMPLIANCE}),
        "TakeDown": frozenset({_CM, _CSM, _MARKETER, _OWNER, _COMPLIANCE}),
        "Confirm": frozenset({_CM, _CSM, _MARKETER, _OWNER}),
        "MailReport": frozenset({_CM, _CSM, _MARKETER, _OWNER, _COMPLIANCE}),
        "AcknowledgePolicy": frozenset({_CM, _CSM, _MARKETER, _OWNER, _COMPLIANCE, _ENGINEER}),
        "SavePolicy": frozenset({_OWNER, _COMPLIANCE}),
        "SaveRules": frozenset({_CM, _OWNER, _COMPLIANCE}),
        "PromoteRules": frozenset({_OWNER, _COMPLIANCE}),
        "RollbackRules": frozenset({_CM, _OWNER, _COMPLIANCE}),
        "SaveEscalation": frozenset({_OWNER, _COMPLIANCE}),
        "RecordBreach": frozenset({_CM, _CSM, _MARKETER, _OWNER, _COMPLIANCE, _ENGINEER}),
        "AcknowledgeBreach": frozenset({_CM, _CSM, _MARKETER, _OWNER, _COMPLIANCE, _ENGINEER}),
        "CloseBreach": frozenset({_CM, _CSM, _OWNER, _COMPLIANCE}),
        "SetCaseType": frozenset({_CM, _CSM, _OWNER}),
        "TakeCaseStep": frozenset({_CM, _CSM, _OWNER, _COMPLIANCE}),
        "ApproveOutcome": frozenset({_CM, _CSM, _OWNER, _COMPLIANCE}),
        "SavePlaybook": frozenset({_OWNER, _COMPLIANCE}),
        "SaveAnswers": frozenset({_CM, _CSM, _OWNER, _COMPLIANCE}),
        "SaveLimits": frozenset({_OWNER}),
        "AgreeLimits": frozenset({_OWNER, _COMPLIANCE}),
        "SaveAsset": frozenset({_CM, _MARKETER, _OWNER}),
        "RetireAsset": frozenset({_CM, _MARKETER, _OWNER, _COMPLIANCE}),
        "CaptureContent": frozenset({_CM, _CSM, _MARKETER, _OWNER}),
        "AskRight": frozenset({_CM, _CSM}),
        "RecordGrant": frozenset({_CM, _CSM, _OWNER}),
        "WithdrawRight": frozenset({_CM, _CSM, _MARKETER, _OWNER, _COMPLIANCE}),
        "RaiseIncident": frozenset({_CM, _CSM, _MARKETER, _OWNER, _COMPLIANCE, _ENGINEER}),
        "AssessIncident": frozenset({_CM, _CSM, _OWNER, _COMPLIANCE}),
        "TakeIncidentStep": frozenset({_CM, _CSM, _MARKETER, _OWNER, _COMPLIANCE}),
        "CloseIncident": frozenset({_CM, _OWNER, _COMPLIANCE}),
        "RecordRecommendation": frozenset({_CM, _CSM, _MARKETER, _OWNER}),
        "ActOnRecommendation": frozenset({_CM, _CSM, _MARKETER, _OWNER}),
        "MeasureEffect": frozenset({_CM, _CSM, _MARKETER, _OWNER}),
        "SavePlatformNote": frozenset({_CM, _MARKETER, _OWNER}),
        "SaveNeeds": frozenset({_CM, _MARKETER, _OWNER}),
        "ScorePlatform": frozenset({_CM, _MARKETER, _OWNER}),
        "ChoosePlatforms": frozenset({_MARKETER, _OWNER}),
        "CountersignChoice": frozenset({_CM, _OWNER, _COMPLIANCE}),
        "SaveProfile": frozenset({_CM, _MARKETER, _OWNER}),
        "RecordLook": frozenset({_CM, _MARKETER, _OWNER}),
        "SaveMonitor": frozenset({_CM, _CSM, _MARKETER, _OWNER}),
        "SaveFeed": frozenset({_CM, _MARKETER, _OWNER}),
        "RetireFeed": frozenset({_CM, _MARKETER, _OWNER}),
        "KeepItem": frozenset({_CM, _MARKETER, _OWNER}),
        "SaveCampaign": frozenset({_CM, _MARKETER, _OWNER}),
        "SaveOffer": frozenset({_CM, _MARKETER, _OWNER}),
        "SaveProduct": frozenset({_CM, _MARKETER, _OWNER}),
        "MakeShortLink": frozenset({_CM, _CSM, _MARKETER, _OWNER}),
        "SaveDay": frozenset({_CM, _CSM, _MARKETER, _OWNER}),
        "RemoveDay": frozenset({_CM, _CSM, _MARKETER, _OWNER}),
        "ImportCalendar": frozenset({_CM, _CSM, _MARKETER, _OWNER}),
        "SaveChecks": frozenset({_OWNER, _COMPLIANCE}),
        "WaiveCheck": frozenset({_CM, _OWNER, _COMPLIANCE}),
    }
)
"""Command (class name in flows.commands) -> roles that may give it. Whoever overrules judges the rules themselves:
the community manager who works with them, the owner and compliance who answer for them."""

Acknowledged = Callable[[str, int], bool]
"""(policy id, version) -> has this person acknowledged it."""


def check(
    person: Person, command: str, *, brand: str | None, acknowledged: Acknowledged, policies: Iterable[Policy]
) -> None:
    """Pass, or say in words what is missing.

    Args:
        command: class name of the command.
        brand: the brand it touches; None where it touches none.
        policies: the versions now in force; those that gate the command must be acknowledged.
    Raises:
        Refused: role (not active, or no role that may), account (another brand), acknowledgement (which policy,
            version and clause).
        ValueError: a command that the matrix does not know, or one that touches a brand and names none.
    """
    if command not in MATRIX:
        raise ValueError(f"{command} is not in the role matrix; add its row to herald.govern.authority.MATRIX")
    if not person.active:
        raise Refused("role", f"{person.name} is no longer active. Ask the owner to restore access.")
    if not person.roles & MATRIX[command]:
        raise Refused("role", f"{command} needs the role {_either(MATRIX[command])}; {person.name} has {_has(person)}.")
    if brand is not None and brand not in person.brands:
        raise Refused("account", f"{person.name} does not work for the brand {brand}. Ask the owner to add it.")
    lacking = [p for p in policies if command in p.gates and not acknowledged(p.id, p.version)]
    if lacking:
        named = " and ".join(f"{p.title} ({_asked(p, command)})" for p in lacking)
        raise Refused("acknowledgement", f"{command} needs your acknowledgement of {named}. Read it first.")


def may(person: Person, command: str) -> bool:
    """Whether a role of this person allows the command; for showing and hiding widgets, never as the gate."""
    return person.active and bool(person.roles & MATRIX.get(command, frozenset()))


def table() -> str:
    """The matrix as a Markdown table, for the documentation."""
    lines = ["| command | " + " | ".join(map(_words, Role)) + " |", "|---|" + "---|" * len(Role)]
    lines += [
        f"| {command} | " + " | ".join("yes" if role in roles else "" for role in Role) + " |"
        for command, roles in MATRIX.items()
    ]
    return "\n".join(lines) + "\n"


def _asked(policy: Policy, command: str) -> str:
    """Version, and the clause that asks for it where the policy names one."""
    number = policy.asked_by.get(command, "")
    clause = policy.clause(number) if number else None
    named = f", clause {clause.number} {clause.title}" if clause else ""
    return f"{policy.id} version {policy.version}{named}"


def _words(role: Role) -> str:
    return role.value.replace("_", " ")


def _either(roles: frozenset[Role]) -> str:
    return " or ".join(_words(role) for role in Role if role in roles)


def _has(person: Person) -> str:
    return ", ".join(_words(role) for role in Role if role in person.roles) or "no role"
