"""Who may give which command, and what a refusal names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from herald.errors import Refused
from herald.flows import commands, gate
from herald.govern import authority
from herald.model import Person, Policy, Role

HOUSE = "example"
MOD = Policy("MOD", "Moderation guideline", 2, date(2026, 7, 1), (), gates=("Hide", "Unhide", "Overrule"))
SOCIAL = Policy("SOCIAL", "Social media policy", 1, date(2026, 2, 1), (), gates=("Reply",))
EXTRA = Policy("LAW", "Notes on the law", 5, date(2026, 2, 1), (), gates=("Hide",))


def a_person(*roles: Role, **more: object) -> Person:
    return replace(Person("ada", "Ada Example", frozenset(roles), frozenset({HOUSE})), **more)  # type: ignore[arg-type]


def check(person: Person, command: str, *, brand: str | None = HOUSE, seen: frozenset[tuple[str, int]] | None = None):
    known = {("MOD", 2), ("SOCIAL", 1)} if seen is None else seen
    authority.check(
        person, command, brand=brand, acknowledged=lambda policy, version: (policy, version) in known,
        policies=[MOD, SOCIAL],
    )  # fmt: skip


def refused(missing: str, *words: str):
    return pytest.raises(Refused, check=lambda e: e.missing == missing and all(word in str(e) for word in words))


def test_every_command_has_a_row_in_the_matrix_and_a_plan_and_nothing_else_has():
    there = {one for one in vars(commands).values() if isinstance(one, type) and issubclass(one, commands.Command)}
    given = there - {commands.Command}
    assert set(authority.MATRIX) == {command.__name__ for command in given}
    assert {gate.planner(command) for command in given}
    assert set(commands.ROOMS) < given


STOPS = {"Approve", "Reject", "Hold", "Cancel", "TakeDown"}
PLANS = STOPS | {"Draft", "Submit", "MovePost", "Confirm"}
ALL = {"AcknowledgePolicy", "MakeLink"}
MAILS = {"MailReport"}
SHOWS = {"SaveAsset", "CaptureContent"}
TAKES_BACK = {"RetireAsset", "WithdrawRight"}
EXPECTED = {
    Role.COMMUNITY_MANAGER: set(authority.MATRIX),
    Role.CUSTOMER_SERVICE_MANAGER: {"Reply", "Claim", "Resolve", "Hide", "Unhide"} | ALL | PLANS | MAILS
    | {"CaptureContent", "AskRight", "RecordGrant", "WithdrawRight"},
    Role.COMPLIANCE: {"Overrule", "DecideAppeal", "Unhide", "Release"} | ALL | STOPS | MAILS | TAKES_BACK,
    Role.OWNER: {"Overrule", "DecideAppeal", "Release", "RecordGrant"} | ALL | PLANS | MAILS | SHOWS | TAKES_BACK,
    Role.MARKETER: ALL | PLANS | MAILS | SHOWS | TAKES_BACK,
    Role.ENGINEER: ALL,
}
# govern: who answers for the rules writes them; everybody tells of a breach, and whoever is on its path takes it on
EXPECTED[Role.COMMUNITY_MANAGER] -= {"SavePolicy", "SaveEscalation"}
for each in (Role.OWNER, Role.COMPLIANCE):
    EXPECTED[each] |= {"SavePolicy", "SaveEscalation", "CloseBreach"}
for each in Role:
    EXPECTED[each] |= {"RecordBreach", "AcknowledgeBreach"}
EXPECTED[Role.CUSTOMER_SERVICE_MANAGER] |= {"CloseBreach"}
# moderate: who works with the rules writes them and takes them back; who answers for them lets them act
EXPECTED[Role.COMMUNITY_MANAGER] -= {"PromoteRules"}
for each in (Role.OWNER, Role.COMPLIANCE):
    EXPECTED[each] |= {"SaveRules", "PromoteRules", "RollbackRules"}
# care: who handles cases; whoever writes the rules of handling them answers for them
EXPECTED[Role.COMMUNITY_MANAGER] -= {"SavePlaybook", "SaveLimits", "AgreeLimits"}
EXPECTED[Role.CUSTOMER_SERVICE_MANAGER] |= {"SetCaseType", "TakeCaseStep", "ApproveOutcome", "SaveAnswers"}
EXPECTED[Role.COMPLIANCE] |= {"TakeCaseStep", "ApproveOutcome", "SavePlaybook", "SaveAnswers", "AgreeLimits"}
EXPECTED[Role.OWNER] |= {"SetCaseType", "TakeCaseStep", "ApproveOutcome", "SavePlaybook", "SaveAnswers", "SaveLimits"}
EXPECTED[Role.OWNER] |= {"AgreeLimits"}

# moderate: who answers for what is taken from people, or for how a channel is kept, decides it
EXPECTED[Role.COMMUNITY_MANAGER] -= {"SetMode"}
for each in (Role.OWNER, Role.COMPLIANCE):
    EXPECTED[each] |= {"RestrictAuthor", "LiftRestriction", "LockThread", "SetMode", "GatherEvidence", "TakeStudy"}
EXPECTED[Role.OWNER] |= {"Delete"}
for each in (Role.OWNER, Role.COMPLIANCE, Role.CUSTOMER_SERVICE_MANAGER):
    EXPECTED[each] |= {"Escalate"}
# listen: everybody says that something is wrong; who leads judges it; all who plan work its steps; it ends by two
EXPECTED[Role.MARKETER] |= {"TakeIncidentStep"}
EXPECTED[Role.CUSTOMER_SERVICE_MANAGER] |= {"AssessIncident", "TakeIncidentStep"}
for each in (Role.OWNER, Role.COMPLIANCE):
    EXPECTED[each] |= {"AssessIncident", "TakeIncidentStep", "CloseIncident"}
for each in Role:
    EXPECTED[each] |= {"RaiseIncident"}
# measure: whoever does the work says what should change, and shows what it brought
for each in (Role.CUSTOMER_SERVICE_MANAGER, Role.MARKETER, Role.OWNER):
    EXPECTED[each] |= {"RecordRecommendation", "ActOnRecommendation", "MeasureEffect"}
# research: whoever promotes compares platforms; the choice is the marketer's or the owner's
EXPECTED[Role.COMMUNITY_MANAGER] -= {"ChoosePlatforms"}
for each in (Role.MARKETER, Role.OWNER):
    EXPECTED[each] |= {"SavePlatformNote", "SaveNeeds", "ScorePlatform", "ChoosePlatforms", "SaveProfile", "RecordLook"}
    EXPECTED[each] |= {"SaveMonitor", "SaveFeed", "RetireFeed", "KeepItem"}
for each in (Role.OWNER, Role.COMPLIANCE):
    EXPECTED[each] |= {"CountersignChoice"}
EXPECTED[Role.CUSTOMER_SERVICE_MANAGER] |= {"SaveMonitor"}
# publish: whoever promotes keeps campaigns; everybody who answers may give a link that is counted
for each in (Role.MARKETER, Role.OWNER):
    EXPECTED[each] |= {"SaveCampaign", "SaveOffer", "SaveProduct", "MakeShortLink"}
EXPECTED[Role.CUSTOMER_SERVICE_MANAGER] |= {"MakeShortLink"}
# publish: whoever plans keeps the calendar; who answers for the rules sets what is checked
EXPECTED[Role.COMMUNITY_MANAGER] -= {"SaveChecks"}
for each in (Role.CUSTOMER_SERVICE_MANAGER, Role.MARKETER, Role.OWNER):
    EXPECTED[each] |= {"SaveDay", "RemoveDay", "ImportCalendar"}
for each in (Role.OWNER, Role.COMPLIANCE):
    EXPECTED[each] |= {"SaveChecks", "WaiveCheck"}


@pytest.mark.parametrize("command", authority.MATRIX)
@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_what_its_work_needs_and_no_more(role: Role, command: str):
    if command in EXPECTED[role]:
        check(a_person(role), command)
        assert authority.may(a_person(role), command)
    else:
        with refused("role", f"{command} needs the role"):
            check(a_person(role), command)
        assert not authority.may(a_person(role), command)


def test_one_of_several_roles_is_enough():
    check(a_person(Role.ENGINEER, Role.COMMUNITY_MANAGER), "Hide")


def test_a_refusal_names_the_roles_that_may_and_the_one_the_person_has():
    with refused("role", "community manager or customer service manager", "Ada Example has marketer"):
        check(a_person(Role.MARKETER), "Reply")
    with refused("role", "has no role"):
        check(a_person(), "Reply")


def test_whoever_has_left_may_nothing():
    gone = a_person(*Role, active=False)
    for command in authority.MATRIX:
        with refused("role", "no longer active"):
            check(gone, command)
        assert not authority.may(gone, command)


def test_another_brand_is_refused_and_no_brand_needs_none():
    with refused("account", "other-house"):
        check(a_person(Role.COMMUNITY_MANAGER), "Reply", brand="other-house")
    with refused("account"):
        check(a_person(Role.COMMUNITY_MANAGER), "Reply", brand="")
    check(a_person(Role.MARKETER, brands=frozenset()), "AcknowledgePolicy", brand=None)


@pytest.mark.parametrize(("command", "policy"), [("Hide", MOD), ("Unhide", MOD), ("Overrule", MOD), ("Reply", SOCIAL)])
def test_a_gated_command_needs_the_acknowledgement_of_the_version_in_force(command: str, policy: Policy):
    person = a_person(Role.COMMUNITY_MANAGER)
    with refused("acknowledgement", policy.title, f"{policy.id} version {policy.version}"):
        check(person, command, seen=frozenset())
    with refused("acknowledgement"):
        check(person, command, seen=frozenset({(policy.id, policy.version - 1)}))
    check(person, command, seen=frozenset({(policy.id, policy.version)}))


def test_what_no_policy_gates_needs_no_acknowledgement():
    for command in ("Claim", "Resolve", "AcknowledgePolicy"):
        check(a_person(Role.COMMUNITY_MANAGER), command, seen=frozenset())


def test_every_policy_that_is_missing_is_named():
    with refused("acknowledgement", "MOD version 2", "LAW version 5"):
        authority.check(
            a_person(Role.COMMUNITY_MANAGER), "Hide", brand=HOUSE, acknowledged=lambda *_: False, policies=[MOD, EXTRA]
        )


def test_a_command_outside_the_matrix_is_a_fault_of_ours_not_a_permission():
    with pytest.raises(ValueError, match="role matrix"):
        check(a_person(*Role), "DropTables")
    assert not authority.may(a_person(*Role), "DropTables")


def test_the_table_shows_the_matrix():
    lines = authority.table().splitlines()
    assert len(lines) == 2 + len(authority.MATRIX)
    assert sum(line.count("yes") for line in lines) == sum(map(len, authority.MATRIX.values()))
