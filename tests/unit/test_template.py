"""template.yaml keeps its promises: what every table, bucket, function, queue, schedule and alarm must have."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest

from local import stack
from local.ports import ROOT
from tests.support import privileges

PLAIN = privileges.plain()
RESOURCES: dict[str, Any] = PLAIN["Resources"]
SOURCE = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "functions").rglob("*.py")))
EMITTED = set(re.findall(r'add_metric\(name=f?"([^"]+)"', SOURCE))
PRIVATE = ("query", "path", "identity", "sourceIp", "header", "userAgent", "body")


def of(kind: str) -> dict[str, dict[str, Any]]:
    return {name: one.get("Properties", {}) for name, one in RESOURCES.items() if one["Type"] == kind}


def decided(value: Any, **holds: bool) -> Any:
    return stack._chosen(value, {"HasDashboard": False} | holds)


TABLES, BUCKETS = of("AWS::DynamoDB::Table"), of("AWS::S3::Bucket")
FUNCTIONS, ALARMS, QUEUES = of("AWS::Lambda::Function"), of("AWS::CloudWatch::Alarm"), of("AWS::SQS::Queue")
SCHEDULES = of("AWS::Scheduler::Schedule")
SCHEDULED = {one["Target"]["Arn"]["Fn::GetAtt"][0] for one in SCHEDULES.values()}


# ---------------------------------------------------------------- tables and buckets


def test_the_functions_asked_for_are_there_by_name() -> None:
    assert set(FUNCTIONS) >= {"Ingest", "Poll", "Moderate", "Publish", "Deliver", "Measure", "Report", "AuditCopy"}


@pytest.mark.parametrize("name", TABLES)
def test_tables_survive_mistakes(name: str) -> None:
    table = TABLES[name]
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] is True
    assert (RESOURCES[name]["DeletionPolicy"], RESOURCES[name]["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert ("TimeToLiveSpecification" in table) is (name == "Messages"), "only people's words end by themselves"
    assert ("StreamSpecification" in table) is (name in ("Messages", "Audit"))


def test_tables_and_buckets_are_encrypted_with_and_without_a_key_of_ones_own() -> None:
    for table in TABLES.values():
        assert "SSESpecification" not in decided(table, OwnKey=False)  # DynamoDB's own key, always
        own = decided(table, OwnKey=True)["SSESpecification"]
        assert own == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Ref": "KeyArn"}}
    for bucket in BUCKETS.values():
        (plain,) = decided(bucket, OwnKey=False)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert plain == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        (own,) = decided(bucket, OwnKey=True)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Ref": "KeyArn"}}
        assert own == {"ServerSideEncryptionByDefault": key, "BucketKeyEnabled": True}
    assert all(queue["SqsManagedSseEnabled"] is True for queue in QUEUES.values())


def test_a_browser_sends_files_to_the_bucket_of_images_only_from_the_dashboard_and_they_do_not_stay() -> None:
    open_ = {name: decided(bucket, HasDashboard=True, OwnKey=False) for name, bucket in BUCKETS.items()}
    assert [name for name, bucket in open_.items() if "CorsConfiguration" in bucket] == ["MediaBucket"]
    assert "CorsConfiguration" not in decided(BUCKETS["MediaBucket"], OwnKey=False)
    (rule,) = open_["MediaBucket"]["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == [{"Ref": "DashboardOrigin"}]
    assert rule["AllowedMethods"] == ["POST"]
    ends = {one.get("Prefix"): one for one in BUCKETS["MediaBucket"]["LifecycleConfiguration"]["Rules"]}
    assert ends["incoming/"]["ExpirationInDays"] == 1
    assert "ExpirationInDays" not in ends[None]


@pytest.mark.parametrize("name", BUCKETS)
def test_no_bucket_is_public_or_read_over_an_open_line(name: str) -> None:
    assert set(BUCKETS[name]["PublicAccessBlockConfiguration"].values()) == {True}
    assert BUCKETS[name]["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert RESOURCES[name]["DeletionPolicy"] == "Retain"
    policies = [one for one in of("AWS::S3::BucketPolicy").values() if one["Bucket"] == {"Ref": name}]
    (tls,) = (s for one in policies for s in one["PolicyDocument"]["Statement"] if s["Sid"] == "OnlyEncryptedLines")
    assert (tls["Effect"], tls["Principal"], tls["Action"]) == ("Deny", "*", "s3:*")
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert privileges.resolve(tls["Resource"]) == [f"arn:{name}", f"arn:{name}/*"]


# ---------------------------------------------------------------- the door


def test_the_door_is_throttled_and_its_log_says_nothing_private() -> None:
    (stage,) = of("AWS::ApiGatewayV2::Stage").values()
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == {"Ref": "RequestsPerSecond"}
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] > 0
    told = json.loads(stage["AccessLogSettings"]["Format"])  # one JSON object a line
    assert {"status", "route", "ms", "id"} <= set(told)
    for variable in told.values():
        assert not any(word.lower() in variable.lower().replace("responselength", "") for word in PRIVATE), variable
    assert stage["AccessLogSettings"]["DestinationArn"]["Fn::GetAtt"] == ["ApiLog", "Arn"]


def test_every_route_has_a_throttle_of_its_own_and_clicks_on_links_take_nothing_from_webhooks() -> None:
    (stage,) = of("AWS::ApiGatewayV2::Stage").values()
    (api,) = (one for one in stack.read().resources.values() if one.type == "AWS::ApiGatewayV2::Api")
    throttled = stage["RouteSettings"]
    assert set(throttled) == {f"{method} {path}" for method, path, _ in stack._routes(api)}
    for route, told in throttled.items():
        rate, burst = told["ThrottlingRateLimit"], told["ThrottlingBurstLimit"]
        webhook = route == "POST /webhooks/{connection}"
        assert (rate == {"Ref": "RequestsPerSecond"}) is webhook, route
        assert 0 < burst <= 500
        if not webhook and isinstance(rate, dict):
            assert rate == {"Ref": "LinksPerSecond"}, route
    assert PLAIN["Parameters"]["LinksPerSecond"]["Default"] <= PLAIN["Parameters"]["RequestsPerSecond"]["Default"]


def test_no_secret_is_in_an_environment_or_a_parameter() -> None:
    for name, told in FUNCTIONS.items():
        for variable in told["Environment"]["Variables"]:
            assert not re.search(r"SECRET|TOKEN|PASSWORD|KEY", variable), (name, variable)
    for name in PLAIN["Parameters"]:
        assert not re.search(r"(?i)token|password|secret(?!sPrefix)", name), name


def test_outputs_say_the_addresses_that_a_person_enters_somewhere() -> None:
    address = PLAIN["Outputs"]["WebhookUrl"]["Value"]["Fn::Sub"]
    paths = next(iter(of("AWS::ApiGatewayV2::Api").values()))["Body"]["paths"]
    assert address.startswith(PLAIN["Outputs"]["ApiUrl"]["Value"]["Fn::Sub"] + "/")
    assert address.rpartition("/")[0].endswith("/webhooks")
    assert "/webhooks/{connection}" in paths


# ---------------------------------------------------------------- functions


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_runs_on_arm_with_a_log_of_its_own_that_ends(name: str) -> None:
    told = FUNCTIONS[name]
    assert (told["Architectures"], told["Runtime"]) == ([{"Ref": "Architecture"}], "python3.13")
    log = RESOURCES[told["LoggingConfig"]["LogGroup"]["Ref"]]
    assert log["Properties"]["RetentionInDays"] == {"Ref": "LogDays"}
    assert told["LoggingConfig"]["LogFormat"] == "JSON"
    assert told["LoggingConfig"]["ApplicationLogLevel"] == "INFO", "metrics are log lines of that level"


def test_every_log_group_ends() -> None:
    assert all(one["RetentionInDays"] == {"Ref": "LogDays"} for one in of("AWS::Logs::LogGroup").values())


@pytest.mark.parametrize("name", sorted(SCHEDULED))
def test_a_tick_that_dies_is_kept_and_not_repeated_over_the_next(name: str) -> None:
    (invoked,) = (o for o in of("AWS::Lambda::EventInvokeConfig").values() if o["FunctionName"] == {"Ref": name})
    assert privileges.resolve(invoked["DestinationConfig"]["OnFailure"]["Destination"]) == "arn:TicksDead"
    own = [one for one in SCHEDULES.values() if one["Target"]["Arn"]["Fn::GetAtt"][0] == name]
    for schedule in own:
        assert privileges.resolve(schedule["Target"]["DeadLetterConfig"]["Arn"]) == "arn:TicksDead"
        often = schedule["ScheduleExpression"].startswith("rate(")
        assert (invoked["MaximumRetryAttempts"] == 0) is often
        assert (schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0) is often


def test_a_stream_gives_up_in_time_splits_and_keeps_what_failed() -> None:
    streams = [one for one in of("AWS::Lambda::EventSourceMapping").values()
               if "StreamArn" in str(one["EventSourceArn"])]  # fmt: skip
    assert len(streams) == 2
    for one in streams:
        assert one["MaximumRetryAttempts"] >= 1
        assert one["BisectBatchOnFunctionError"] is True
        assert privileges.resolve(one["DestinationConfig"]["OnFailure"]["Destination"]) == "arn:RawBucket"
        assert one["StartingPosition"] == "TRIM_HORIZON"


def test_every_queue_has_somewhere_for_what_it_cannot_do() -> None:
    dead = {
        privileges.resolve(q["RedrivePolicy"]["deadLetterTargetArn"]) for q in QUEUES.values() if "RedrivePolicy" in q
    }
    ends = {name for name, queue in QUEUES.items() if "RedrivePolicy" not in queue}
    assert {f"arn:{name}" for name in ends} == dead | {"arn:TicksDead"}
    for name in ends:
        assert QUEUES[name]["MessageRetentionPeriod"] == 14 * 86400, "a week-end must not lose it"
    assert QUEUES["Deliveries"]["VisibilityTimeout"] >= 6 * FUNCTIONS["Deliver"]["Timeout"]


# ---------------------------------------------------------------- alarms


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_wakes_somebody_and_watches_something_that_is_there(name: str) -> None:
    alarm = ALARMS[name]
    assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "Alarms"}]
    if alarm.get("Namespace") == "Herald":
        metric = alarm["MetricName"]
        shapes = {re.sub(r"\{[^}]*\}", "", one) for one in EMITTED}
        assert metric in EMITTED or f"{metric.partition('.')[0]}." in shapes, "no function emits it"
        assert alarm["Dimensions"] == [{"Name": "service", "Value": {"Ref": "AWS::StackName"}}]
    for dimension in alarm.get("Dimensions", []):
        named = dimension["Value"].get("Ref") or dimension["Value"]["Fn::GetAtt"][0]
        assert named == "AWS::StackName" or named in RESOURCES


def test_metrics_carry_the_name_of_their_deployment() -> None:
    for told in FUNCTIONS.values():
        assert told["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}


@pytest.mark.parametrize("function", sorted(SCHEDULED - {"Report"}))
def test_a_schedule_that_falls_silent_is_an_alarm(function: str) -> None:
    metric = f"{function.lower()}.heartbeat"
    (alarm,) = (one for one in ALARMS.values() if one.get("MetricName") == metric)
    assert (alarm["TreatMissingData"], alarm["ComparisonOperator"]) == ("breaching", "LessThanThreshold")
    (schedule,) = (o for o in SCHEDULES.values() if o["Target"]["Arn"]["Fn::GetAtt"][0] == function)
    minutes = int(re.findall(r"\d+", schedule["ScheduleExpression"])[0])
    silent = alarm["Period"] * alarm["EvaluationPeriods"] / 60
    assert silent >= 2 * minutes, "one tick lost is no alarm"
    assert silent <= max(10, 5 * minutes)
    # at the end of the tick: a tick that dies before has no heart
    handler = next(p for p in (ROOT / "functions").rglob("*.py") if f'"{metric}"' in p.read_text())
    assert handler.read_text().count(f'"{metric}"') == 1


def test_what_ought_to_wake_an_engineer_does() -> None:
    watched = {one.get("MetricName", "") for one in ALARMS.values()}
    watched |= {m["MetricStat"]["Metric"]["MetricName"] for one in ALARMS.values() for m in one.get("Metrics", [])
                if "MetricStat" in m}  # fmt: skip
    assert watched >= {
        "IteratorAge", "moderate.stuck", "moderate.encoder_closed", "deliver.unconfirmed", "deliver.unclear",
        "publish.late", "5xx", "4xx", "ApproximateNumberOfMessagesVisible", "poll.failed", "measure.failed",
        "poll.echoes_failed", "audit.tampered", "webhook.unreadable",
    }  # fmt: skip
    dead = {a["Dimensions"][0]["Value"]["Fn::GetAtt"][0] for a in ALARMS.values() if a.get("Namespace") == "AWS/SQS"}
    assert dead == {name for name, queue in QUEUES.items() if "RedrivePolicy" not in queue}


# ---------------------------------------------------------------- parameters and what is deployed


def test_every_parameter_is_explained_and_its_default_is_allowed() -> None:
    for name, told in PLAIN["Parameters"].items():
        assert len(told["Description"].split()) > 4, name
        assert _fits(told, str(told["Default"])), name


@pytest.mark.parametrize("environment", ["default", "prod"])
def test_samconfig_sets_parameters_that_exist_to_values_they_allow(environment: str) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())[environment]
    set_ = dict(one.split("=", 1) for one in config["deploy"]["parameters"]["parameter_overrides"])
    for name, value in set_.items():
        assert _fits(PLAIN["Parameters"][name], value), (name, value)
    assert config["validate"]["parameters"]["lint"] is True
    assert config["deploy"]["parameters"]["capabilities"] == "CAPABILITY_IAM"


def test_the_real_deployment_is_stricter_than_the_trial() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    prod = dict(o.split("=", 1) for o in config["prod"]["deploy"]["parameters"]["parameter_overrides"])
    assert prod["AuditLockMode"] == "COMPLIANCE"
    assert int(prod["AuditLockDays"]) >= 365
    assert config["prod"]["deploy"]["parameters"]["confirm_changeset"] is True
    names = [config[one]["global"]["parameters"]["stack_name"] for one in ("default", "prod")]
    assert len(set(names)) == 2


def test_every_type_the_local_system_does_not_make_is_known_and_said() -> None:
    template = stack.read()
    assert stack.problems(template) == []
    told = stack.skipped(template)
    kinds = {one.type for one in template.resources.values()} & set(stack._SKIPPED)
    assert len(told) == len(kinds)
    assert any("AWS::IAM::Role" in line and "asks nobody for rights" in line for line in told)


def _fits(parameter: dict[str, Any], value: str) -> bool:
    if "AllowedValues" in parameter and value not in map(str, parameter["AllowedValues"]):
        return False
    if "AllowedPattern" in parameter and not re.search(parameter["AllowedPattern"], value):
        return False
    if parameter["Type"] == "Number":
        return parameter.get("MinValue", 0) <= int(value) <= parameter.get("MaxValue", 10**9)
    return True
