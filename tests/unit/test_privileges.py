"""Each function's role allows exactly what the function was seen to do at all its work: no less, and no more."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.support import privileges, reach, walks
from tests.support.privileges import Call, Grant
from tests.support.walks import Walk

FUNCTIONS = sorted(privileges.functions())
BY_A_PERSON = {"Link"}
"""Functions that act as a person, through the gate: what a person may write there, they may."""
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete")


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with pytest.MonkeyPatch.context() as patch, walks.walking(patch.setenv, patch.setattr) as walk:
        walks.everything(walk)
        yield walk


def needed(function: str, walk: Walk) -> set[Call]:
    seen = walk.watch.seen.get(function, set())
    return seen | privileges.by_services(function) | privileges.implied(seen)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_what_it_does(function: str, walk: Walk) -> None:
    missing = sorted(call for call in needed(function, walk) if not privileges.allowed(function, call))
    assert missing == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_nothing_it_does_not_do(function: str, walk: Walk) -> None:
    calls = needed(function, walk)
    unused = [grant for grant in privileges.grants(function) if not any(grant.covers(call) for call in calls)]
    assert unused == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_walk_left_no_way_into_the_store_untried(function: str, walk: Walk) -> None:
    """What a run did not reach it cannot show: so every method of the store that the handler can come to was called."""
    assert reach.store_methods(function) - walk.store.called.get(function, set()) == set()


def test_what_is_reached_is_read_from_the_source() -> None:
    assert reach.store_methods("Poll") == {
        "accounts", "apply", "commit", "connection", "cursor", "feed", "find_all", "messages", "move_cursor", "shelf",
    }  # fmt: skip
    assert "audit_head" in reach.store_methods("Deliver")
    assert reach.store_methods("Publish") >= {"planned", "due_deliveries", "commit"}


def test_no_log_line_of_any_function_carries_words_names_or_secrets(walk: Walk) -> None:
    lines = [json.loads(line) for line in walk.log.getvalue().splitlines()]
    assert {line["function_name"] for line in lines} == {"herald"}
    assert len(lines) > 50
    said = ("muppet", "lamp", "refund", "Sorry!", "New chairs", "lovely")
    names = ("Lee Lark", "Person 1", "Mia Marsh", "Ola", "tall-timber.example")
    held = ("an app secret", "a verify token", "a token", "sha256=")
    for private in (*said, *names, *held):
        assert private not in walk.log.getvalue(), private


# ---------------------------------------------------------------- what nobody may


@pytest.mark.parametrize("function", [one for one in FUNCTIONS if one not in BY_A_PERSON])
def test_no_function_can_write_an_approval_a_hold_or_a_setting(function: str) -> None:
    for write in WRITES:
        for table, key in (("Posts", "A#post-0001"), ("Posts", "H#brand"), ("Posts", "G#facebook_page:1"),
                           ("Settings", "PERSON"), ("Settings", "CONN#fb"), ("Settings", "RULES")):  # fmt: skip
            assert not privileges.allowed(function, Call(f"dynamodb:{write}", f"arn:{table}", key)), (write, key)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_can_name_a_person_lift_a_hold_or_change_the_rules(function: str) -> None:
    for write in WRITES:
        for table, key in (("Posts", "H#brand"), ("Posts", "G#facebook_page:1"), ("Settings", "PERSON"),
                           ("Settings", "CONN#fb"), ("Settings", "RULES"), ("Settings", "ACCOUNT")):  # fmt: skip
            assert not privileges.allowed(function, Call(f"dynamodb:{write}", f"arn:{table}", key)), (write, key)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("action", ["DeleteItem", "UpdateItem", "BatchWriteItem", "PartiQLDelete", "PartiQLUpdate"])
def test_no_function_can_change_or_delete_an_audit_entry(function: str, action: str) -> None:
    call = Call(f"dynamodb:{action}", "arn:Audit", "CHAIN#people")
    assert not any(grant.covers(call) for grant in privileges.grants(function))
    assert not privileges.allowed(function, call)


@pytest.mark.parametrize("action", ["DeleteItem", "UpdateItem", "BatchWriteItem", "PartiQLDelete", "PartiQLUpdate",
                                    "UpdateTimeToLive", "DeleteTable"])  # fmt: skip
def test_the_audit_table_itself_forbids_it_to_everybody_the_dashboard_and_engineers_too(action: str) -> None:
    assert privileges.denied(Call(f"dynamodb:{action}", "arn:Audit"))
    assert not privileges.denied(Call(f"dynamodb:{action}", "arn:Posts"))
    assert not privileges.denied(Call("dynamodb:PutItem", "arn:Audit"))


@pytest.mark.parametrize(
    "action", ["DeleteObject", "DeleteObjectVersion", "PutObjectRetention", "BypassGovernanceRetention"]
)
def test_the_locked_copy_forbids_it_to_everybody(action: str) -> None:
    assert privileges.denied(Call(f"s3:{action}", "arn:AuditBucket/chains/people/1"))


def test_the_locked_copy_is_locked_versioned_and_takes_a_name_once() -> None:
    resources = privileges.plain()["Resources"]
    bucket = resources["AuditBucket"]["Properties"]
    assert bucket["ObjectLockEnabled"] is True
    assert set(bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]) == {"Mode", "Days"}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    once = next(s for s in resources["AuditBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
                if s["Sid"] == "OnlyWhatIsNotThereYet")  # fmt: skip
    assert (once["Effect"], once["Action"]) == ("Deny", "s3:PutObject")
    assert once["Condition"] == {"Null": {"s3:if-none-match": "true"}}


def test_a_function_adds_to_its_own_chain_only_and_the_copier_to_none() -> None:
    may = {
        (function, chain)
        for function in FUNCTIONS
        for chain in ("people", "moderation", "delivery", "another")
        if privileges.allowed(function, Call("dynamodb:PutItem", "arn:Audit", f"CHAIN#{chain}"))
    }
    assert may - {(function, "people") for function in BY_A_PERSON} == {
        ("Moderate", "moderation"),
        ("Deliver", "delivery"),
    }
    copier = {grant.action for grant in privileges.grants("AuditCopy") if "AuditBucket" in grant.resource}
    assert copier == {"s3:PutObject"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_the_pages_behind_links_read_the_keys_that_sign_them(function: str) -> None:
    """Who reads them writes an approval in anybody's name, by a link; so no other secret's reader may."""
    secret = f"arn:aws:secretsmanager:{privileges.REGION}:{privileges.ACCOUNT}:secret:herald/links-a1B2c3"
    may = privileges.allowed(function, Call("secretsmanager:GetSecretValue", secret))
    assert may is (function == "Link")


# ---------------------------------------------------------------- roles in general


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_names_actions_and_resources_and_borrows_no_policy(function: str) -> None:
    role = privileges.role_of(function)
    assert "ManagedPolicyArns" not in role
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    for grant in privileges.grants(function):
        assert "*" not in grant.action
        assert grant.resource != "*" or grant.action == "dynamodb:ListStreams", grant
        if grant.action.startswith("dynamodb:") and "/stream/" not in grant.resource and grant.resource != "*":
            assert grant.key, f"{grant.sid} may touch every row of {grant.resource}"
            assert grant.resource.count("*") == 0


def test_no_two_functions_share_a_role() -> None:
    used = Counter(told["Role"]["Fn::GetAtt"][0] for told in privileges.functions().values())
    assert set(used.values()) == {1}


def test_every_function_may_use_the_deployments_own_key() -> None:
    named = {one["Ref"] for one in privileges.plain()["Resources"]["UseKey"]["Properties"]["Roles"]}
    assert named == {told["Role"]["Fn::GetAtt"][0] for told in privileges.functions().values()}


def test_a_schedule_can_wake_its_own_function_and_leave_what_died() -> None:
    resources = privileges.plain()["Resources"]
    schedules = {n: r["Properties"] for n, r in resources.items() if r["Type"] == "AWS::Scheduler::Schedule"}
    assert len(schedules) >= 5
    for name, schedule in schedules.items():
        role = resources[schedule["Target"]["RoleArn"]["Fn::GetAtt"][0]]["Properties"]
        told = [privileges.resolve(s) for p in role["Policies"] for s in p["PolicyDocument"]["Statement"]]
        may = {(s["Action"], s["Resource"]) for s in told}
        own = privileges.resolve(schedule["Target"]["Arn"])
        assert may == {("lambda:InvokeFunction", own), ("sqs:SendMessage", "arn:TicksDead")}, name


# ---------------------------------------------------------------- the evaluation itself


@pytest.mark.parametrize(
    ("grant", "call", "covered"),
    [
        (Grant("", "dynamodb:GetItem", "arn:Posts", "P#*", False), Call("dynamodb:GetItem", "arn:Posts", "P#1"), True),
        (Grant("", "dynamodb:GetItem", "arn:Posts", "P#*", False), Call("dynamodb:GetItem", "arn:Posts", "A#1"), False),
        (Grant("", "dynamodb:GetItem", "arn:Posts", "P#*", True), Call("dynamodb:GetItem", "arn:Posts", "P#1"), False),
        (Grant("", "dynamodb:*", "arn:Posts", "", False), Call("dynamodb:PutItem", "arn:Posts", "A#1"), True),
        (Grant("", "dynamodb:Query", "arn:Posts", "", False), Call("dynamodb:Query", "arn:Posts/index/work"), False),
        (Grant("", "dynamodb:Query", "arn:P/index/*", "", False), Call("dynamodb:Query", "arn:P/index/work"), True),
        (Grant("", "S3:putobject", "arn:B/a?", "", False), Call("s3:PutObject", "arn:B/ab"), True),
        (Grant("", "s3:PutObject", "arn:B/[a]", "", False), Call("s3:PutObject", "arn:B/a"), False),
    ],
)  # fmt: skip
def test_wildcards_and_leading_keys_are_read_as_iam_reads_them(grant: Grant, call: Call, covered: bool) -> None:
    assert grant.covers(call) is covered


@pytest.mark.parametrize(
    "statement",
    [
        {"Sid": "x", "Effect": "Deny", "Action": "s3:*", "Resource": "*"},
        {"Sid": "x", "Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:x": "true"}}},
        {"Sid": "x", "Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "*",
         "Condition": {"StringLike": {"dynamodb:LeadingKeys": "P#*"}}},
    ],
)  # fmt: skip
def test_a_statement_that_cannot_be_read_is_refused_not_passed_over(statement: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="x: "):
        list(privileges._pieces(statement))


def test_a_role_that_lacks_or_exceeds_something_is_noticed(walk: Walk) -> None:
    """The two tests at the top can fail: with one statement taken away, and with one too many."""
    calls = needed("Publish", walk)
    held = privileges.grants("Publish")
    for grant in held:
        rest = [one for one in held if one is not grant]
        assert any(grant.covers(call) and not any(one.covers(call) for one in rest) for call in calls), grant
    more = Grant("TooMuch", "dynamodb:PutItem", "arn:Posts", "A#*", False)
    assert not any(more.covers(call) for call in calls)
