"""events/: every sample through its built handler, and the environment that `sam local` is given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from herald.model import Action
from local import built
from local.events import FOLDER, function_of, samples
from local.ports import PORTS, ROOT
from tests.built.conftest import System

MESSAGE = "facebook_page:100200300400500_700000000000001"
IN_ORDER = ["Ingest-get", "Ingest-post", "Moderate-stream", "Deliver"]  # each stands on the one before


def event(name: str) -> dict:  # type: ignore[type-arg]
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def test_every_function_has_a_sample_and_every_sample_a_function(folder: Path) -> None:
    assert {function_of(sample) for sample in samples()} == set(built.declared(folder))


def test_samples_of_ticks_are_what_the_schedules_send() -> None:
    resources = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
    for name, resource in resources.items():
        events = resource["Properties"].get("Events", {}) if resource["Type"] == "AWS::Serverless::Function" else {}
        for one in (one for one in events.values() if one["Type"] == "ScheduleV2"):
            wanted = json.loads(one["Properties"]["Input"])
            assert wanted in [json.loads(file.read_text()) for file in samples(name)], name


def test_the_samples_of_a_comment_go_from_the_door_to_the_act(system: System) -> None:
    shaken = system.functions["Ingest"](event("Ingest-get"))
    assert (shaken["statusCode"], shaken["body"]) == (200, "1158201444")
    taken = system.functions["Ingest"](event("Ingest-post"))
    assert (taken["statusCode"], taken["body"]) == (200, "ok")
    system.functions["Moderate"](event("Moderate-stream"))
    row = system.herald.store.message(MESSAGE)
    assert row is not None
    assert row.decision is not None
    assert row.decision.action is Action.HIDE
    wake = json.loads(event("Deliver")["Records"][0]["body"])["delivery"]
    assert wake == row.act
    system.functions["Deliver"](event("Deliver"))
    told = [line for line in system.functions["Deliver"].lines() if line.get("delivery") == wake]
    assert told, "Deliver took its sample for something else"
    assert told[-1]["result"] == "failed"  # this comment stands on no wall
    assert system.deliver_what_is_queued() == 1  # its own wake-up comes late, and finds it settled


@pytest.mark.parametrize("sample", [s for s in samples() if s.stem not in IN_ORDER], ids=lambda sample: sample.stem)
def test_a_sample_runs_through_its_built_handler(system: System, sample: Path) -> None:
    function = system.functions[function_of(sample)]
    before = len(function.calls())
    function(json.loads(sample.read_text(encoding="utf-8")))  # raises what the handler raises
    assert len(function.calls()) == before + 1


def test_env_json_points_every_function_at_the_tables_of_make_up(system: System, folder: Path) -> None:
    given = json.loads((FOLDER / "env.json").read_text())["Parameters"]
    own_ports = {f":{system.local.ports[name]}": f":{number}" for name, number in PORTS.items()}
    for name, value in given.items():
        expected = system.local.stack.environment[name]
        for ours, usual in own_ports.items():
            expected = expected.replace(ours, usual)
        assert value == expected, name
    for function in built.declared(folder).values():
        assert given.keys() <= set(function.variables), "sam local passes on only what the template names"
        places = {name for name in function.variables if name.endswith(("_TABLE", "_URL", "_BUCKET"))}
        assert places <= given.keys()
