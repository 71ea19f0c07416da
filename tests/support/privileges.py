"""What the roles of template.yaml allow, evaluated as IAM does; and what a function was seen to ask of AWS.

Only what our policies use is evaluated; anything else raises, so that nobody writes a statement this cannot read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from local import stack

REGION, ACCOUNT = "eu-example-1", "111122223333"


@dataclass(frozen=True, order=True)
class Call:
    """One thing asked of AWS, as IAM sees it.

    Attributes:
        action: e.g. dynamodb:PutItem.
        resource: `arn:<logical id>` and what is below it, `/index/work`, `/media/x`; a secret has its whole ARN.
        key: the partition key (dynamodb:LeadingKeys), where the action has one.
    """

    action: str
    resource: str
    key: str = ""


@dataclass(frozen=True)
class Grant:
    """One action on one resource for one pattern of keys ("" is any): the smallest piece of a statement."""

    sid: str
    action: str
    resource: str
    key: str
    exact: bool

    def covers(self, call: Call) -> bool:
        if not (_like(self.action.lower(), call.action.lower()) and _like(self.resource, call.resource)):
            return False
        return not self.key or (call.key == self.key if self.exact else _like(self.key, call.key))


@cache
def plain() -> dict[str, Any]:
    """template.yaml as CloudFormation will read it."""
    return stack.translated()


def functions() -> dict[str, dict[str, Any]]:
    """Logical id -> properties of every function."""
    return {n: r["Properties"] for n, r in plain()["Resources"].items() if r["Type"] == "AWS::Lambda::Function"}


def role_of(function: str) -> dict[str, Any]:
    """Properties of a function's role."""
    named = functions()[function]["Role"]["Fn::GetAtt"][0]
    found: dict[str, Any] = plain()["Resources"][named]["Properties"]
    return found


def statements(function: str) -> list[dict[str, Any]]:
    """Every statement of a function's role, its values resolved."""
    return [resolve(one) for policy in role_of(function)["Policies"] for one in policy["PolicyDocument"]["Statement"]]


def grants(function: str) -> list[Grant]:
    """What the role allows, in its smallest pieces."""
    return [grant for one in statements(function) if one["Effect"] == "Allow" for grant in _pieces(one)]


def refusals(function: str) -> list[Grant]:
    """What the role forbids whatever it allows, in its smallest pieces. Raises ValueError for a condition: one that
    does not hold would forbid nothing."""
    found = [one for one in statements(function) if one["Effect"] == "Deny"]
    for one in found:
        if "Condition" in one:
            raise ValueError(f"{one['Sid']}: a role forbids without condition")
    return [grant for one in found for grant in _pieces({**one, "Effect": "Allow"})]


def allowed(function: str, call: Call) -> bool:
    """Whether the role lets the function do this, and neither it nor a policy of the resource itself forbids it."""
    held, refused = grants(function), refusals(function)
    return any(g.covers(call) for g in held) and not any(g.covers(call) for g in refused) and not denied(call)


def denied(call: Call) -> bool:
    """Whether the table's or bucket's own policy forbids it to everybody."""
    return any(
        _like(action.lower(), call.action.lower()) and _like(resource, call.resource)
        for action, resource in denials()
    )  # fmt: skip


@cache
def denials() -> frozenset[tuple[str, str]]:
    """(action, resource) that tables and buckets forbid to every principal without condition."""
    found = set()
    for name, resource in plain()["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::DynamoDB::Table" and "ResourcePolicy" in properties:
            document, own = properties["ResourcePolicy"]["PolicyDocument"], f"arn:{name}"
        elif resource["Type"] == "AWS::S3::BucketPolicy":
            document, own = properties["PolicyDocument"], ""
        else:
            continue
        for one in map(resolve, document["Statement"]):
            if one["Effect"] == "Deny" and one["Principal"] == "*" and "Condition" not in one:
                found |= {(a, own if r == "*" else r) for a in _list(one["Action"]) for r in _list(one["Resource"])}
    return frozenset(found)


def _pieces(statement: Mapping[str, Any]) -> Iterator[Grant]:
    if statement["Effect"] != "Allow":
        raise ValueError(f"{statement['Sid']}: what is read here allows")
    keys, exact = [""], False
    for operator, asked in statement.get("Condition", {}).items():
        for name, values in asked.items():
            if name == "dynamodb:LeadingKeys" and operator in ("ForAllValues:StringLike", "ForAllValues:StringEquals"):
                keys, exact = _list(values), operator.endswith("Equals")
            elif (operator, name) != ("StringEquals", "ses:FromAddress"):
                raise ValueError(f"{statement['Sid']}: cannot read the condition {operator} {name}")
    for action in _list(statement["Action"]):
        for resource in _list(statement["Resource"]):
            for key in keys:
                yield Grant(statement["Sid"], action, resource, key, exact)


def resolve(value: Any) -> Any:
    """Intrinsic functions replaced; `GetAtt X.Arn` is `arn:X`, what has no value here is its own name."""
    if isinstance(value, list):
        return [resolve(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((function, argument),) = value.items()
        if function == "Ref":
            return _named(argument)
        if function == "Fn::GetAtt":
            return _named(argument if isinstance(argument, str) else ".".join(argument))
        if function == "Fn::Sub":
            return re.sub(r"\$\{([\w:.]+)\}", lambda found: _named(found[1]), argument)
        if function.startswith("Fn::"):
            raise ValueError(f"cannot read {function}")
    return {key: resolve(item) for key, item in value.items()}


def _named(name: str) -> str:
    pseudo = {"AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::Partition": "aws", "AWS::StackName": "herald"}
    if name in pseudo:
        return pseudo[name]
    if name in plain()["Parameters"]:
        return str(plain()["Parameters"][name].get("Default", ""))
    owner, _, attribute = name.partition(".")
    return f"arn:{owner}" + ("/stream/*" if attribute == "StreamArn" else "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _like(pattern: str, text: str) -> bool:
    """IAM's wildcards: * and ?, and nothing else is special."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))


# ---------------------------------------------------------------- what the services do in a function's name


def by_services(function: str) -> set[Call]:
    """What Lambda itself needs the role for, read from how the template connects the function."""
    found = {Call("logs:CreateLogStream", f"arn:{function}Log"), Call("logs:PutLogEvents", f"arn:{function}Log")}
    for resource in plain()["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::EventInvokeConfig" and properties["FunctionName"] == {"Ref": function}:
            dead = resolve(properties["DestinationConfig"]["OnFailure"]["Destination"])
            found.add(Call("sqs:SendMessage", dead))
        if resource["Type"] == "AWS::Lambda::EventSourceMapping" and properties["FunctionName"] == {"Ref": function}:
            found |= _for_mapping(properties)
    return found


def _for_mapping(properties: Mapping[str, Any]) -> set[Call]:
    source = resolve(properties["EventSourceArn"])
    if not source.endswith("/stream/*"):
        return {Call(f"sqs:{name}", source) for name in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")}
    found = {Call(f"dynamodb:{name}", source) for name in ("DescribeStream", "GetRecords", "GetShardIterator")}
    bucket = resolve(properties["DestinationConfig"]["OnFailure"]["Destination"])
    return found | {
        Call("dynamodb:ListStreams", "*"),
        Call("s3:PutObject", f"{bucket}/aws/lambda/mapping/shard/2026/11/25/12/batch"),
        Call("s3:ListBucket", bucket),
    }


def implied(calls: Iterable[Call]) -> set[Call]:
    """What a call needs beside its own name: S3 answers 403 for what is gone unless one may list the bucket, and SES
    calls a whole message of our own making "raw"."""
    found = set()
    for call in calls:
        if call.action == "s3:GetObject":
            found.add(Call("s3:ListBucket", call.resource.split("/")[0]))
        if call.action == "ses:SendEmail":
            found.add(Call("ses:SendRawEmail", call.resource))
    return found


# ---------------------------------------------------------------- watching


@dataclass
class Watch:
    """Notes what boto3 clients are asked while somebody is named as `who`; tables are known by their logical names."""

    who: str = ""
    seen: dict[str, set[Call]] = field(default_factory=dict)

    def client(self, made: Any) -> Any:
        """The same client, watched."""
        made.meta.events.register("provide-client-params", self._note)
        return made

    def _note(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        if self.who:
            service = model.service_model.service_name
            self.seen.setdefault(self.who, set()).update(_calls(service, model.name, params))


def _calls(service: str, name: str, params: Mapping[str, Any]) -> Iterator[Call]:
    if service == "dynamodb":
        yield from _of_tables(name, params)
    elif service == "s3":
        yield Call(f"s3:{name}", f"arn:{params['Bucket']}/{params['Key']}")
    elif service == "sqs":
        yield Call(f"sqs:{name}", f"arn:{params['QueueUrl'].rpartition('/')[2].partition('.')[0]}")
    elif service == "secretsmanager":
        whole = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{params['SecretId']}-a1B2c3"
        yield Call(f"secretsmanager:{name}", whole)
    elif service == "sesv2":
        yield Call(f"ses:{name}", f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{params['FromEmailAddress']}")
    else:
        raise AssertionError(f"nobody said what {service} {name} needs")


def _of_tables(name: str, params: Mapping[str, Any]) -> Iterator[Call]:
    if name == "TransactWriteItems":
        actions = {"Put": "PutItem", "Update": "UpdateItem", "ConditionCheck": "ConditionCheckItem"}
        for item in params["TransactItems"]:
            ((kind, told),) = item.items()
            yield from _of_tables(actions[kind], told)
    elif name == "BatchGetItem":
        for table, asked in params["RequestItems"].items():
            for key in asked["Keys"]:
                yield Call(f"dynamodb:{name}", f"arn:{table}", key["pk"]["S"])
    elif name == "Query":
        below = f"/index/{params['IndexName']}" if "IndexName" in params else ""
        partition = params["ExpressionAttributeValues"][":h"]["S"]
        yield Call("dynamodb:Query", f"arn:{params['TableName']}{below}", partition)
    else:
        key = params.get("Key") or params["Item"]
        yield Call(f"dynamodb:{name}", f"arn:{params['TableName']}", key["pk"]["S"])
