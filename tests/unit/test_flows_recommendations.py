"""Recommendations end only with a measured effect; an evidence pack is rebuilt from the audit, and says what lacks."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from herald import cli, runtime
from herald.errors import Refused, Unknown
from herald.flows import commands as c
from herald.flows import evidence as packs
from herald.flows import recommendations as flow
from herald.govern import audit, evidence
from herald.model.recommendations import Recommendation, RecommendationState
from tests.support.world import ANA, BRAND, MIA, NOON, TED, World, a_world
from tests.unit.test_flows_posts import approved, hours, run

ID = "recommend-1"


@pytest.fixture
def world() -> World:
    return a_world()


def recorded(world: World, **told: Any) -> Recommendation:
    given = {
        "seen": "Answers are late.",
        "do": "Answer before noon.",
        "evidence": "11 of 20 answers were late.",
        "n": 20,
        "measure": "posts",
        "owner": TED.id,
        "due": "2026-12-01",
    } | told
    run(world, c.RecordRecommendation(ID, BRAND, **given), MIA.id)
    return found(world)


def found(world: World) -> Recommendation:
    there = world.store.find(Recommendation, BRAND, ID)
    assert there is not None
    return there


def test_it_is_done_only_once_its_effect_is_measured_over_equal_days(world: World) -> None:
    approved(world)
    hours(world, 2)  # one post before
    recorded(world)
    with pytest.raises(Refused, match="not acted on"):
        run(world, c.MeasureEffect(ID, BRAND, 7, found(world).version), TED.id)
    world.clock.pass_(days=1)
    run(world, c.ActOnRecommendation(ID, BRAND, "A rota.", f"{world.clock():%Y-%m-%d}", found(world).version), TED.id)
    assert [each.id for each in flow.unmeasured(BRAND, world.herald)] == [ID]
    world.clock.pass_(days=7)
    with pytest.raises(Refused, match="not over yet"):
        run(world, c.MeasureEffect(ID, BRAND, 7, found(world).version), TED.id)
    world.clock.pass_(days=1)
    run(world, c.MeasureEffect(ID, BRAND, 7, found(world).version), TED.id)
    effect = found(world).effect
    assert effect is not None
    assert (effect.before, effect.after, effect.days) == ("1.0", "0.0", 7)
    assert found(world).state is RecommendationState.MEASURED
    assert flow.unmeasured(BRAND, world.herald) == []
    assert [each.id for each in flow.of_month(BRAND, "2026-10", world.herald)] == [ID]


def test_a_number_that_is_missing_is_told_as_missing_never_as_0(world: World) -> None:
    recorded(world, measure="reach")
    run(world, c.ActOnRecommendation(ID, BRAND, "Done.", "2026-11-18", 1), TED.id)
    world.clock.pass_(days=9)
    run(world, c.MeasureEffect(ID, BRAND, 7, 2), TED.id)
    effect = found(world).effect
    assert effect is not None
    assert (effect.before, effect.after) == ("", "")
    assert "before and after" in effect.why


@pytest.mark.parametrize(
    "wrong",
    [
        {"measure": "fame"},
        {"owner": "nobody"},
        {"n": 0},
        {"due": "2026-01-01"},
        {"due": "soon"},
        {"do": " "},
        {"evidence": ""},
    ],
    ids=str,
)
def test_what_rests_on_nothing_is_refused(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        recorded(world, **wrong)
    assert refused.value.missing == "input"
    assert flow.unmeasured(BRAND, world.herald) == []


# ---------------------------------------------------------------- evidence


def test_every_command_the_pack_names_exists_or_is_said_to_be_awaited() -> None:
    named = {name for item in evidence.items() for name in item.commands}
    there = {each.__name__ for each in vars(c).values() if isinstance(each, type) and issubclass(each, c.Command)}
    assert named - there == evidence.awaited()
    pages = {item.page for item in evidence.items()}
    from dashboard import main

    assert pages - set(main.PAGES) == set()


def test_the_unit_has_all_its_criteria() -> None:
    numbers = [item.number for item in evidence.items()]
    criteria = {f"1.{n}" for n in range(1, 8)} | {f"2.{n}" for n in range(1, 6)} | {f"3.{n}" for n in range(1, 4)}
    criteria |= {f"4.{n}" for n in range(1, 5)}
    assert criteria <= set(numbers)
    assert len(numbers) == len(set(numbers))


def test_a_pack_holds_the_lines_of_its_person_and_period_and_says_what_lacks(world: World) -> None:
    recorded(world)
    world.clock.pass_(days=2)
    approved(world, at="2026-11-21T13:00")
    day = datetime.combine(NOON.date(), datetime.min.time(), UTC)
    pack = packs.gather(ANA.id, day + timedelta(days=2), day + timedelta(days=3), world.herald, world.clock())
    by_number = {each.item.number: each for each in pack.shown}
    assert [line.what for line in by_number["1.6"].lines] == ["Draft"]
    assert {line.actor for each in pack.shown for line in each.lines} == {ANA.id}
    assert by_number["4.2"].lacks == "1 more, on the page recommendations"
    assert not pack.complete
    everybody = packs.gather("", day, day + timedelta(days=3), world.herald, world.clock())
    assert [line.what for line in {e.item.number: e for e in everybody.shown}["4.2"].lines] == ["RecordRecommendation"]
    told = json.loads(everybody.files["evidence.json"])
    head = world.store.audit_head("people")
    assert head is not None
    assert (told["chain_ends_with"], told["chain_ends_at"]) == (head.digest, str(head.seq))
    assert audit.verify(world.store.audit_of("people")) == []
    with pytest.raises(Unknown):
        packs.gather("nobody", day, day, world.herald, NOON)


def test_the_first_line_of_a_period_is_found_by_halving_not_by_reading_all(world: World) -> None:
    for number in range(40):
        run(world, c.Hold(f"hold-{number:04d}", BRAND, "A drill"), MIA.id)
        run(world, c.Release(f"hold-{number:04d}", BRAND), MIA.id)
        world.clock.pass_(hours=1)
    reads = []
    audit_of = world.store.audit_of
    world.store.audit_of = lambda *a, **k: (reads.append(1), audit_of(*a, **k))[1]  # type: ignore[method-assign]
    until = world.clock()
    pack = packs.gather("", until - timedelta(hours=2), until, world.herald, until)
    assert pack.lines == 4
    assert len(reads) <= 12


def test_the_command_line_writes_the_pack_and_fails_while_something_lacks(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    recorded(world, evidence="<script>alert(1)</script>")
    monkeypatch.setenv("MESSAGES_TABLE", "given")
    monkeypatch.setattr(runtime, "current", lambda: world.herald)
    told = ["evidence", "--from", "2026-11-18", "--to", "2026-11-18", "--out", str(tmp_path)]
    assert cli.main(told) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["number"]: line["shown"] for line in lines}["4.2"] == 1
    page = (tmp_path / "evidence.html").read_text()
    assert "<script>" not in page
    assert json.loads((tmp_path / "evidence.json").read_text())["unit"] == "SIRXMKT002"
    assert cli.main(["evidence", "--from", "soon", "--to", "2026-11-18"]) == 2
    assert date(2026, 11, 18) == NOON.date()
