"""template.yaml on the embedded AWS: `python -m local.stack`, or `--check` to read the template only.

The template is the only list: aws-sam-translator makes plain CloudFormation of it, and each resource is created by
its type, what it refers to first. What is already there is kept (tables, bucket) or brought up to date (functions).
The HTTP API is the door's (local.door): here its routes are only written down.
Promises that mean nothing on one machine are skipped: roles, permissions, encryption, lifecycle, throttling, alarms;
`--check` says each type that is, and why (_SKIPPED).
"""

from __future__ import annotations

import ast
import io
import json
import logging
import os
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from local.aws import REGION, client_environment, isolate
from local.ports import HOST, ROOT, local_dir, port, url

TEMPLATE = ROOT / "template.yaml"
NAME = "herald"
ACCOUNT = "000000000000"  # the emulator's
SOURCE = "s3://source/"  # stands before CodeUri: the translator wants an address of S3

PSEUDO = {
    "AWS::StackName": NAME,
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}

Json = dict[str, Any]


class BadTemplate(Exception):
    """template.yaml cannot be read, or asks for something the local system does not know; says what and where."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the translated template, its properties unresolved."""

    type: str
    properties: Json


@dataclass(frozen=True, slots=True)
class Template:
    resources: Mapping[str, Resource]
    outputs: Mapping[str, Any]
    parameters: Mapping[str, str] = field(default_factory=dict)  # name -> default
    conditions: Mapping[str, bool] = field(default_factory=dict)  # as the defaults make them


@dataclass(frozen=True, slots=True)
class Stack:
    """What was made.

    Attributes:
        outputs: the template's outputs; ApiUrl is where platforms call on this machine.
        environment: what a process needs to work on this stack, the functions' own variables and the way to AWS.
        functions: logical id -> name.
        routes: of the HTTP API, for the door: method, path, logical id of the function.
    """

    outputs: Mapping[str, str]
    environment: Mapping[str, str]
    functions: Mapping[str, str]
    routes: Sequence[Sequence[str]] = ()

    def save(self, path: Path) -> None:
        """Leave it for the door and for other processes (`load`)."""
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({name: getattr(self, name) for name in self.__slots__}, indent=2)
        temporary = path.with_suffix(".tmp")
        temporary.write_text(text + "\n")
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path | None = None) -> Stack:
        """The stack that `up` made last, maybe an older `up`. Raises FileNotFoundError when there never was one."""
        held = json.loads((path or where()).read_text())
        return cls(**{name: held[name] for name in cls.__slots__ if name in held})


def where() -> Path:
    """The file that tells other processes what was made."""
    return local_dir() / "stack.json"


# ---------------------------------------------------------------------------------------------- reading the template


def translated(path: Path = TEMPLATE) -> Json:
    """The template as the plain CloudFormation that SAM makes of it. Raises BadTemplate."""
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)  # the translator asks for one
    from samtranslator.public.exceptions import InvalidDocumentException  # noqa: PLC0415 (1 s of import)
    from samtranslator.translator.transform import transform  # noqa: PLC0415
    from samtranslator.yaml_helper import yaml_parse  # noqa: PLC0415
    from yaml import YAMLError  # noqa: PLC0415

    logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it misses somebody to publish its own metrics to
    try:
        source = yaml_parse(path.read_text())
        for resource in source["Resources"].values():
            for key in ("CodeUri", "ContentUri"):
                if key in resource.get("Properties", {}):
                    resource["Properties"][key] = SOURCE + resource["Properties"][key]
        plain: Json = transform(source, {}, _NoManagedPolicies())
    except InvalidDocumentException as error:
        raise BadTemplate("; ".join(cause.message for cause in error.causes)) from error
    except (YAMLError, OSError, KeyError, AttributeError, TypeError) as error:
        raise BadTemplate(f"{path.name}: {error}") from error
    return plain


def read(path: Path = TEMPLATE) -> Template:
    """The template with every parameter at its default and every condition decided. Raises BadTemplate."""
    plain = translated(path)
    parameters = {name: str(body.get("Default", "")) for name, body in plain.get("Parameters", {}).items()}
    conditions = {name: _holds(body, parameters) for name, body in plain.get("Conditions", {}).items()}
    resources = {
        name: Resource(body["Type"], _chosen(body.get("Properties", {}), conditions))
        for name, body in plain["Resources"].items()
        if conditions.get(body.get("Condition", ""), True)
    }
    outputs = {name: body["Value"] for name, body in plain.get("Outputs", {}).items()}
    return Template(resources, outputs, parameters, conditions)


_NO_VALUE = {"Ref": "AWS::NoValue"}


def _holds(condition: Any, parameters: Mapping[str, str]) -> bool:
    """A condition with every parameter at its default. Raises BadTemplate for a function not known here."""
    function, argument = next(iter(condition.items()))
    if function == "Fn::Not":
        return not _holds(argument[0], parameters)
    if function == "Fn::Equals":
        left, right = (parameters[one["Ref"]] if isinstance(one, dict) else str(one) for one in argument)
        return left == right
    raise BadTemplate(f"{function} in a condition is not known to the local system; add it to local/stack.py")


def _chosen(value: Any, conditions: Mapping[str, bool]) -> Any:
    """The value with each Fn::If replaced by its branch; what is AWS::NoValue is left out."""
    if isinstance(value, dict):
        if "Fn::If" in value:
            condition, yes, no = value["Fn::If"]
            return _chosen(yes if conditions[condition] else no, conditions)
        return {key: made for key, item in value.items() if (made := _chosen(item, conditions)) != _NO_VALUE}
    if isinstance(value, list):
        return [made for item in value if (made := _chosen(item, conditions)) != _NO_VALUE]
    return value


def problems(template: Template, root: Path = ROOT) -> list[str]:
    """What would keep this template from running here: unknown types, handlers that are not in the source."""
    found = []
    for name, resource in template.resources.items():
        if resource.type not in _MAKERS and resource.type not in _SKIPPED:
            found.append(f"{name}: the local system does not know {resource.type}; add it to local/stack.py")
        if resource.type == "AWS::Lambda::Function":
            module, _, handler = resource.properties["Handler"].rpartition(".")
            file = root / resource.properties["Code"]["S3Key"] / f"{module.replace('.', '/')}.py"
            if not file.is_file():
                found.append(f"{name}: no {file.relative_to(root)}")
            elif handler not in _defined(file):
                found.append(f"{name}: {file.relative_to(root)} defines no {handler}")
    return found


def skipped(template: Template) -> list[str]:
    """What of the template is not made here, a line a type with its number and reason."""
    kinds = Counter(resource.type for resource in template.resources.values() if resource.type in _SKIPPED)
    return [f"not made here: {number} {kind} ({_SKIPPED[kind]})" for kind, number in sorted(kinds.items())]


class _NoManagedPolicies:
    """The translator would ask IAM for the list; our template names no managed policy."""

    def load(self) -> dict[str, str]:
        return {}


def _defined(file: Path) -> set[str]:
    """Names a module defines, imports or assigns at its top level."""
    names: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


# ------------------------------------------------------------------------------------------------ making it stand up


def provision(template: Template) -> Stack:
    """Bring the embedded AWS in line with the template and say what stands where. May be repeated at any time.

    Raises BadTemplate; botocore's errors where AWS does not answer.
    """
    if found := problems(template):
        raise BadTemplate("; ".join(found))
    making = _Making(template)
    for name in template.resources:
        making.attributes(name)
    outputs = {name: str(making.resolve(value)) for name, value in template.outputs.items()}
    there = outputs["ApiUrl"]  # the address it would have on AWS; here it is the door's
    outputs = {name: value.replace(there, url("door"), 1) for name, value in outputs.items()}
    here = _mail_variables() | _feed_variables() | {"LINK_BASE": outputs["LinkBase"]}
    environment = making.variables | here | client_environment()
    return Stack(outputs, environment, making.functions, making.routes)


def warm(stack: Stack, template: Template) -> list[str]:
    """Call functions once with an empty event of their own kind, all at once, so that the first comment is quick.

    Left out is what has its own day: a start is no first of the month, and a report would be mailed each time.
    Returns a line for each that failed: a handler that cannot be imported shows here and not at the first comment.
    """
    aws = _Clients()
    calls = dict(_empty_events(template))

    def call(name: str) -> str | None:
        answer = aws("lambda").invoke(FunctionName=stack.functions[name], Payload=json.dumps(calls[name]))
        if "FunctionError" not in answer:
            return None
        try:
            reason = json.load(answer["Payload"]).get("errorMessage", "")
        except ValueError:
            reason = "no reason given"
        return f"{name}: {reason}"

    with ThreadPoolExecutor(max_workers=len(calls) or 1) as pool:
        return [line for line in pool.map(call, sorted(calls)) if line]


def _empty_events(template: Template) -> Iterator[tuple[str, Json]]:
    """For each function an event in the shape of its source that asks for nothing, or what the next minutes ask."""
    for resource in template.resources.values():
        if resource.type == "AWS::Lambda::EventSourceMapping":
            yield resource.properties["FunctionName"]["Ref"], {"Records": []}
        if resource.type == "AWS::Scheduler::Schedule":
            if not resource.properties["ScheduleExpression"].startswith("rate("):
                continue
            target = resource.properties["Target"]
            yield target["Arn"]["Fn::GetAtt"][0], json.loads(target.get("Input", "{}"))
        if resource.type == "AWS::ApiGatewayV2::Api":
            for method, route, function in _routes(resource):
                if method == "GET":
                    yield function, _request(method, route)


def _request(method: str, route: str) -> Json:
    """An HTTP API event, payload format 2.0, without headers, query or body; each parameter's value is its name."""
    path = re.sub(r"\{(\w+)\}", r"\1", route)
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "warm"}
    return {
        "version": "2.0", "routeKey": f"{method} {route}", "rawPath": path, "rawQueryString": "", "headers": {},
        "pathParameters": {name: name for name in re.findall(r"\{(\w+)\}", route)}, "isBase64Encoded": False,
        "requestContext": {"http": http, "requestId": "warm", "stage": "$default", "timeEpoch": 0},
    }  # fmt: skip


def _routes(api: Resource) -> Iterator[tuple[str, str, str]]:
    """(method, path, logical id of the function) of every route in the API's OpenAPI body."""
    for path, methods in api.properties["Body"]["paths"].items():
        for method, operation in methods.items():
            uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
            function = re.search(r"functions/\$\{(\w+?)(?:Aliaslive|\.Arn)\}", uri)
            if function is None:
                raise BadTemplate(f"{method} {path}: no function behind {uri}")
            yield method.upper(), path, function[1]


class _Clients:
    """boto3 clients for the embedded AWS, made on first use from a session of our own."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    @cached_property
    def _session(self) -> Any:
        import boto3  # noqa: PLC0415

        return boto3.session.Session(region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")  # noqa: S106

    def __call__(self, service: str) -> Any:
        if service not in self._made:
            from botocore.config import Config  # noqa: PLC0415

            config = Config(read_timeout=120, retries={"max_attempts": 2})
            self._made[service] = self._session.client(service, endpoint_url=url("aws"), config=config)
        return self._made[service]


@dataclass
class _Making:
    """One run over the template: resources already made, and what they are called by Ref and GetAtt."""

    template: Template
    aws: _Clients = field(default_factory=_Clients)
    made: dict[str, Mapping[str, str]] = field(default_factory=dict)
    underway: list[str] = field(default_factory=list)
    functions: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    routes: list[tuple[str, str, str]] = field(default_factory=list)

    def attributes(self, name: str) -> Mapping[str, str]:
        """Ref and GetAtt values of a resource; makes it, and what it refers to, if that has not been done."""
        if name in self.made:
            return self.made[name]
        if name in self.template.parameters:
            return {"Ref": self.template.parameters[name]}
        if name not in self.template.resources:
            raise BadTemplate(f"nothing is called {name}")
        if name in self.underway:
            raise BadTemplate(f"a circle of references: {' -> '.join([*self.underway, name])}")
        resource = self.template.resources[name]
        self.underway.append(name)
        try:
            maker = _MAKERS.get(resource.type, _skip)
            self.made[name] = maker(self, name, resource)
        finally:
            self.underway.pop()
        return self.made[name]

    def resolve(self, value: Any) -> Any:
        """The value with every intrinsic function replaced by what it stands for."""
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            function, argument = next(iter(value.items()))
            if function == "Ref":
                return self._ref(argument)
            if function == "Fn::GetAtt":
                return self._attribute(*(argument.split(".", 1) if isinstance(argument, str) else argument))
            if function == "Fn::Sub":
                return re.sub(r"\$\{([\w:.]+)\}", lambda m: self._named(m[1]), self._only_text(argument))
            if function == "Fn::Join":
                return argument[0].join(self.resolve(argument[1]))
            if function.startswith("Fn::"):
                raise BadTemplate(f"{function} is not known to the local system; add it to local/stack.py")
        return {key: self.resolve(item) for key, item in value.items()}

    def _ref(self, name: str) -> str:
        return PSEUDO[name] if name in PSEUDO else self.attributes(name)["Ref"]

    def _attribute(self, owner: str, attribute: str) -> str:
        try:
            return self.attributes(owner)[attribute]
        except KeyError:
            raise BadTemplate(f"{owner} has no {attribute} here") from None

    def _named(self, name: str) -> str:
        owner, _, attribute = name.partition(".")
        return self._attribute(owner, attribute) if attribute else self._ref(name)

    @staticmethod
    def _only_text(argument: Any) -> str:
        if not isinstance(argument, str):
            raise BadTemplate("Fn::Sub with a map is not known to the local system; add it to local/stack.py")
        return argument


# -------------------------------------------------------------------------------------------- one function for a type


def _table(making: _Making, name: str, resource: Resource) -> Mapping[str, str]:
    """Created if absent; never changed but for a missing index: its rows are the reason it exists."""
    client, called = making.aws("dynamodb"), f"{NAME}-{name}"
    wanted = making.resolve(resource.properties)
    try:
        table = client.describe_table(TableName=called)["Table"]
    except client.exceptions.ResourceNotFoundException:
        keys = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
        stream = {"StreamEnabled": True, **wanted["StreamSpecification"]} if "StreamSpecification" in wanted else None
        table = client.create_table(
            TableName=called,
            **{key: wanted[key] for key in keys if key in wanted},
            **({"StreamSpecification": stream} if stream else {}),
        )["TableDescription"]
        if "TimeToLiveSpecification" in wanted:
            client.update_time_to_live(TableName=called, TimeToLiveSpecification=wanted["TimeToLiveSpecification"])
    _add_missing_indexes(client, called, wanted, table)
    if table["KeySchema"] != wanted["KeySchema"] or ("StreamSpecification" in wanted) != ("LatestStreamArn" in table):
        raise BadTemplate(f"{name}: the saved table differs from the template; `make fresh` starts with new tables")
    return {"Ref": called, "Arn": table["TableArn"], "StreamArn": table.get("LatestStreamArn", "")}


def _add_missing_indexes(client: Any, called: str, wanted: Json, table: Json) -> None:
    there = {index["IndexName"] for index in table.get("GlobalSecondaryIndexes") or []}
    for index in wanted.get("GlobalSecondaryIndexes", []):
        if index["IndexName"] not in there:
            client.update_table(
                TableName=called,
                AttributeDefinitions=wanted["AttributeDefinitions"],
                GlobalSecondaryIndexUpdates=[{"Create": index}],
            )


def _queue(making: _Making, name: str, resource: Resource) -> Mapping[str, str]:
    wanted = making.resolve(resource.properties)
    called = f"{NAME}-{name}" + (".fifo" if wanted.get("FifoQueue") else "")
    attributes = {key: value if isinstance(value, str) else json.dumps(value) for key, value in wanted.items()}
    address = making.aws("sqs").create_queue(QueueName=called, Attributes=attributes)["QueueUrl"]
    return {"Ref": address, "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{called}", "QueueName": called}


def _bucket(making: _Making, name: str, resource: Resource) -> Mapping[str, str]:
    client, called = making.aws("s3"), f"{NAME}-{name}".lower()
    wanted = making.resolve(resource.properties)
    if called not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
        client.create_bucket(Bucket=called, ObjectLockEnabledForBucket=bool(wanted.get("ObjectLockEnabled")))
    return {"Ref": called, "Arn": f"arn:aws:s3:::{called}"}


def _function(making: _Making, name: str, resource: Resource) -> Mapping[str, str]:
    """Code from the source tree as it is now; `herald` itself is imported from layers/common, not copied."""
    client, called = making.aws("lambda"), f"{NAME}-{name}"
    wanted = making.resolve({k: v for k, v in resource.properties.items() if k not in ("Layers", "Tags", "Code")})
    variables = wanted.get("Environment", {}).get("Variables", {})
    making.variables.update(variables)
    settings = {
        "FunctionName": called,
        "Handler": wanted["Handler"],
        "Runtime": wanted["Runtime"],
        "Role": wanted["Role"],
        "Timeout": wanted["Timeout"],
        "MemorySize": wanted["MemorySize"],
        "Environment": {"Variables": variables | _machine_variables()},
    }
    code = _zipped(ROOT / resource.properties["Code"]["S3Key"])
    try:
        client.get_function(FunctionName=called)
        client.update_function_configuration(**settings)
        client.update_function_code(FunctionName=called, ZipFile=code)  # ends its workers: fresh code, fresh herald
    except client.exceptions.ResourceNotFoundException:
        client.create_function(Code={"ZipFile": code}, **settings)
    making.functions[name] = called
    return {"Ref": called, "Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{called}"}


def _machine_variables() -> dict[str, str]:
    """What a function needs here besides the template's variables."""
    own = {k: v for k, v in os.environ.items() if k.startswith("HERALD_")}
    aws = {"AWS_ENDPOINT_URL": url("aws"), "PYTHONPATH": str(ROOT / "layers" / "common"), "TZ": "UTC"}
    return own | _mail_variables() | _feed_variables() | aws


def _mail_variables() -> dict[str, str]:
    """Mail goes to the mailbox on this machine and nowhere else; its links lead to the pages here."""
    return {
        "MAIL_FROM": "herald@banksia-and-oak.example", "MAIL_SERVER": f"smtp://{HOST}:{port('smtp')}",
        "PAGES_URL": url("dashboard"),
    }  # fmt: skip


def _feed_variables() -> dict[str, str]:
    """The magazines on this machine may be read, though no other address of it; on AWS nothing private may be."""
    return {"OWN_FEEDS": url("feeds")}


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, file.relative_to(folder))
    return buffer.getvalue()


def _mapping(making: _Making, name: str, resource: Resource) -> Mapping[str, str]:
    """Kept if it is there and the same; else made anew, from the start of the stream."""
    client = making.aws("lambda")
    wanted = making.resolve(resource.properties)
    where_and_who = {key: wanted[key] for key in ("EventSourceArn", "FunctionName")}
    compared = wanted.keys() - {"FunctionName", "StartingPosition"}
    for mapping in client.list_event_source_mappings(**where_and_who)["EventSourceMappings"]:
        if all(mapping.get(key) == wanted[key] for key in compared):
            return {"Ref": mapping["UUID"], "Id": mapping["UUID"]}
        client.delete_event_source_mapping(UUID=mapping["UUID"])
    made = client.create_event_source_mapping(**wanted)["UUID"]
    return {"Ref": made, "Id": made}


def _schedule(making: _Making, name: str, resource: Resource) -> Mapping[str, str]:
    client, called = making.aws("scheduler"), f"{NAME}-{name}"
    wanted = making.resolve(resource.properties) | {"Name": called}
    try:
        client.create_schedule(**wanted)
    except client.exceptions.ConflictException:
        client.update_schedule(**wanted)
    return {"Ref": called, "Arn": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{called}"}


def _api(making: _Making, name: str, resource: Resource) -> Mapping[str, str]:
    """Its functions and the routes to them; callers reach it at the door."""
    for method, path, function in _routes(resource):
        making.attributes(function)
        making.routes.append((method, path, function))
    return {"Ref": name, "ApiEndpoint": url("door")}


def _skip(making: _Making, name: str, resource: Resource) -> Mapping[str, str]:
    """Nothing to make on one machine; others may still refer to it by name."""
    return {"Ref": name, "Arn": f"arn:aws:iam::{ACCOUNT}:role/{NAME}-{name}"}


_MAKERS: Mapping[str, Callable[[_Making, str, Resource], Mapping[str, str]]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::SQS::Queue": _queue,
    "AWS::S3::Bucket": _bucket,
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::EventSourceMapping": _mapping,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::ApiGatewayV2::Api": _api,
}

_SKIPPED: Mapping[str, str] = {
    "AWS::ApiGatewayV2::Stage": "made with its API; nobody floods a laptop, and the door keeps its own log",
    "AWS::CloudWatch::Alarm": "nobody is woken here",
    "AWS::IAM::ManagedPolicy": "the emulator asks nobody for rights; tests/unit/test_privileges.py holds them",
    "AWS::IAM::Role": "the emulator asks nobody for rights; tests/unit/test_privileges.py holds them",
    "AWS::Lambda::Alias": "there is one version, the source tree's",
    "AWS::Lambda::EventInvokeConfig": "a tick that fails is in the log; the next one comes",
    "AWS::Lambda::LayerVersion": "herald is imported from the source tree",
    "AWS::Lambda::Permission": "the emulator asks nobody for rights",
    "AWS::Lambda::Version": "there is one version, the source tree's",
    "AWS::Logs::LogGroup": "logs are files, in .local/logs",
    "AWS::S3::BucketPolicy": "the emulator asks nobody for rights",
    "AWS::SNS::Subscription": "nobody is woken here",
    "AWS::SNS::Topic": "nobody is woken here",
    "AWS::SQS::QueuePolicy": "the emulator asks nobody for rights",
}
"""Types that are known and not made on one machine, and why; a type in neither list is a fault of the template."""


def main(arguments: list[str]) -> int:
    """`--check`: read the template and say what is wrong. Without: provision a running embedded AWS."""
    isolate()
    try:
        if arguments == ["--check"]:
            template = read()
            found = problems(template)
            for line in found:
                print(f"template.yaml: {line}", file=sys.stderr)
            for line in skipped(template):
                print(f"template.yaml: {line}")
            print(f"template.yaml: {'not ' if found else ''}fit to run here")
            return 1 if found else 0
        if arguments:
            print("usage: python -m local.stack [--check]", file=sys.stderr)
            return 2
        stack = provision(read())
        stack.save(where())
        print(json.dumps(dict(stack.outputs), indent=2))
    except BadTemplate as error:
        print(f"template.yaml: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
