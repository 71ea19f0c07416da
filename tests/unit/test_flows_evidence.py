"""Evidence: each item of the unit is shown by what the audit and the records hold, and what lacks is said to lack."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from herald import cli, runtime
from herald.errors import Refused, Unknown
from herald.flows import commands as c
from herald.flows import evidence as packs
from herald.govern import authority, evidence
from herald.govern.evidence import Ask, BadMap, Line, Part
from herald.model import AuditEntry, TargetState
from tests.support.world import ANA, BRAND, MIA, NOON, TED, World, a_comment, a_world
from tests.unit.test_flows_posts import approved, hours, run

DAY = datetime(2026, 11, 18, tzinfo=UTC)
WEEK = (DAY, DAY + timedelta(days=7))


@pytest.fixture
def world() -> World:
    return a_world()


def pack(world: World, person: str = "mia", days: tuple[datetime, datetime] = WEEK) -> packs.Pack:
    return packs.gather(person, *days, world.herald, world.clock())


def item(found: packs.Pack, number: str) -> evidence.Shown:
    return next(one for one in found.shown if one.item.number == number)


def replied(world: World, id: str, text: str = "Where is my order?") -> None:
    event = a_comment(text, id=id, author_name="Lee Lark", author_id="did:plc:leelark")
    world.store.apply(event, BRAND, world.clock())
    command = c.Reply(f"reply-{id}-0001", event.message_id, "It leaves today.", 0)
    run(world, command, MIA.id)


# ---------------------------------------------------------------- the map


def test_every_command_the_map_names_exists_or_is_said_to_be_awaited() -> None:
    wanted = evidence.shipped()
    there = set(authority.MATRIX)
    assert wanted.commands() - there <= wanted.awaited
    assert set(wanted.ours) <= there | wanted.awaited


def test_every_page_the_map_names_is_one() -> None:
    from dashboard import main

    wanted = evidence.shipped()
    named = {one.page for one in wanted.items} | {place.partition("?")[0] for place in wanted.ours.values()}
    assert named <= set(main.PAGES)


def test_the_unit_has_all_its_criteria_all_performance_evidence_and_every_point_of_knowledge() -> None:
    wanted = evidence.shipped()
    numbers = {part: [one.number for one in wanted.items if one.part is part] for part in Part}
    assert numbers[Part.CRITERION] == [
        f"{element}.{n}" for element, count in ((1, 7), (2, 5), (3, 3), (4, 4)) for n in range(1, count + 1)
    ]  # fmt: skip
    assert numbers[Part.PERFORMANCE] == [f"PE{n}" for n in range(1, 7)]
    points = {2: 4, 3: 3, 4: 6, 5: 5, 6: 6, 7: 3, 8: 5, 9: 3, 10: 2, 11: 3, 12: 7}
    knowledge = [f"KE{n}.{m}" for n, count in points.items() for m in range(1, count + 1)]
    assert numbers[Part.KNOWLEDGE] == ["KE1", *knowledge]


@pytest.mark.parametrize(("was", "now", "words"), [
    ('number: "1.1"', 'number: "9"', "no number of the unit"), ('number: "1.2"', 'number: "1.1"', "1.1 stands twice"),
    ("any: AcknowledgePolicy}]}", "any: AcknowledgePolicy, record: x}]}", "one of them"),
    ("shown_by: [{any: AcknowledgePolicy}]", "shown_by: []", "asks for nothing"), ("least: 2", "least: no", "1 to 99"),
    ("page: platforms", "page: ../platforms", "cannot stand here"), ("unit:", "unite:", "is no field of the map"),
    ("Hold: calendar", "Hold: //evil", "cannot stand here"),
])  # fmt: skip
def test_a_map_that_is_wrong_says_where(was: str, now: str, words: str) -> None:
    text = Path(evidence.__file__).with_name("evidence.yaml").read_text()
    with pytest.raises(BadMap, match=words) as bad:
        evidence.parse(text.replace(was, now, 1))
    assert bad.value.line >= 1


# ---------------------------------------------------------------- judging


def line(what: str, minute: int = 0, **facts: str) -> Line:
    return Line(NOON + timedelta(minutes=minute), what, f"thing-{minute}", facts, "people", minute + 1, "d")


def judged(*lines: Line, **ask: Any) -> evidence.Answer:
    wanted = evidence.shipped()
    one = replace(wanted.items[0], asks=(Ask(**ask),))
    (shown,) = evidence.judge(replace(wanted, items=(one,)), lines)
    return shown.answers[0]


def test_two_answers_of_one_kind_are_not_two_kinds() -> None:
    same = [line("Reply", n, kind="question") for n in range(2)]
    answer = judged(*same, any_of=("Reply",), distinct="kind", least=2)
    assert (answer.shown, answer.found, answer.records, answer.lacks) == (False, 1, 2, "1 more kind of “reply”")
    assert judged(*same, line("Reply", 2, kind="review"), any_of=("Reply",), distinct="kind", least=2).shown


def test_only_what_has_the_fact_counts_and_what_lacks_names_it() -> None:
    answer = judged(line("AssessIncident"), any_of=("AssessIncident",), where={"scope": frozenset({"local"})})
    assert answer.lacks == "1 more “assess incident” with scope local"


def test_the_newest_are_listed_and_all_are_counted() -> None:
    many = [line("Hide", n) for n in range(50)]
    answer = judged(*many, any_of=("Hide",))
    assert (answer.records, len(answer.lines), answer.lines[0].seq) == (50, evidence.MOST_SHOWN, 50)


def test_subjects_and_facts_leave_only_where_the_map_says_so() -> None:
    wanted = evidence.shipped()
    secret = "bluesky:at://did:plc:leelark/app.bsky.feed.post/1"
    facts: dict[str, str | int | bool | None] = {"clause": "MOD 3.1 v1", "about": "Lee Lark", "ref": secret}
    told = evidence.told(AuditEntry("people", 7, NOON, "mia", "Hide", secret, facts, "", "d" * 64), wanted)
    assert (told.facts, told.query) == ({"clause": "MOD 3.1 v1"}, "")
    assert told.subject.startswith("sha256:")
    assert "leelark" not in repr(told)
    ours = evidence.told(AuditEntry("people", 8, NOON, "ana", "Draft", "post-0001", {}, "", "d" * 64), wanted)
    assert (ours.subject, ours.page, ours.query) == ("post-0001", "calendar", "post=post-0001")
    unknown = evidence.told(AuditEntry("people", 9, NOON, "ana", "SaveAnything", secret, {}, "", "d" * 64), wanted)
    assert "leelark" not in repr(unknown)


# ---------------------------------------------------------------- a pack


def test_a_pack_holds_what_its_person_did_in_its_period_and_says_what_lacks_and_where(world: World) -> None:
    approved(world)
    assert [answer.lines[0].what for answer in item(pack(world, "ana"), "1.6").answers] == ["Draft"]
    assert not item(pack(world, "mia"), "1.6").complete
    later = (DAY + timedelta(days=1), DAY + timedelta(days=2))
    lacking = item(pack(world, "ana", later), "1.6")
    assert (lacking.answers[0].lacks, lacking.item.page) == ("1 more “draft”", "calendar")
    everybody = item(pack(world, ""), "3.3")
    assert everybody.answers[0].records == 2  # submitted by one, approved by another
    with pytest.raises(Unknown):
        pack(world, "nobody")


def test_a_post_is_shown_as_published_by_where_it_stands_not_by_having_been_written(world: World) -> None:
    name = approved(world)
    assert not item(pack(world, "ana"), "3.3").complete
    hours(world, 2)
    (target,) = world.store.targets_of(name)
    assert target.state is TargetState.PUBLISHED
    (proof,) = item(pack(world, "ana"), "3.3").answers[1].lines
    assert (proof.facts["content"], proof.facts["platform"], proof.link) == ("text", "facebook_page", target.url)
    assert item(pack(world, "ana"), "PE2").answers[0].lacks == "1 more platform of “published” with content text"


def test_nothing_that_a_customer_is_or_said_is_in_the_files(world: World) -> None:
    replied(world, "77", "I am Lee and I live at 5 Elm Road")
    found = pack(world)
    assert item(found, "2.2").complete
    for data in found.files.values():
        text = data.decode()
        assert not re.search(r"Lee|leelark|Elm Road|It leaves today|_77", text)


def test_the_same_facts_give_the_same_bytes(world: World) -> None:
    approved(world)
    assert pack(world, "ana").files == pack(world, "ana").files


def test_a_hostile_name_stays_text_in_the_page(world: World) -> None:
    world.store.save(replace(MIA, name="<script>alert(1)</script>"))
    page = pack(world).files["evidence.html"].decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page


def test_the_first_entry_of_a_period_is_found_by_halving_not_by_reading_all(world: World) -> None:
    for number in range(60):
        run(world, c.Hold(f"hold-{number:04d}", BRAND, "A drill"), MIA.id)
        run(world, c.Release(f"hold-{number:04d}", BRAND), MIA.id)
        world.clock.pass_(hours=1)
    reads: list[int] = []
    audit_of = world.store.audit_of
    world.store.audit_of = lambda *a, **k: (reads.append(1), audit_of(*a, **k))[1]  # type: ignore[method-assign]
    until = world.clock()
    assert pack(world, "mia", (until - timedelta(hours=2), until)).lines == 4
    assert len(reads) <= 10


def test_a_period_with_more_than_is_read_is_never_called_complete(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "MOST", 1)
    approved(world)
    assert pack(world, "").cut
    assert not pack(world, "").complete


# ---------------------------------------------------------------- held against the audit


def test_a_pack_holds_against_the_audit_it_was_made_from_also_after_it_grew(world: World) -> None:
    approved(world)
    made = pack(world, "").files["evidence.json"]
    run(world, c.Hold("hold-0001", BRAND, "A drill"), MIA.id)
    checked = packs.check(made, world.herald)
    assert (checked.problems, checked.cited > 1) == ((), True)
    heads = {one["chain"]: one["digest"] for one in json.loads(made)["heads"]}
    assert heads["people"] == world.store.audit_of("people")[-2].digest


def test_an_entry_changed_or_gone_since_is_found(world: World) -> None:
    approved(world)
    made = pack(world, "").files["evidence.json"]
    rows = world.db.tables["Audit"]  # type: ignore[attr-defined]
    first = min(key for key in rows if key[0] == "CHAIN#people")
    rows[first] = rows[first] | {"actor": "ted"}
    assert packs.check(made, world.herald).problems == ("people 1: is not what the pack cites",)
    assert "people 1: is gone from the audit" in packs.check(made, a_world().herald).problems


@pytest.mark.parametrize("wrong", [
    b"{", b"[]", b'{"items": 3}', b'{"items": [], "heads": [{"chain": "x", "seq": 1, "digest": "y"}]}',
])  # fmt: skip
def test_what_is_no_pack_is_refused(world: World, wrong: bytes) -> None:
    with pytest.raises(Refused, match="pack"):
        packs.check(wrong, world.herald)


def test_the_command_line_writes_the_pack_checks_it_and_fails_while_something_lacks(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    approved(world)
    monkeypatch.setenv("MESSAGES_TABLE", "given")
    monkeypatch.setattr(runtime, "current", lambda: world.herald)
    asked = ["evidence", "--person", TED.id, "--from", "2026-11-18", "--to", "2026-11-24", "--out", str(tmp_path)]
    assert cli.main([*asked[:2], ANA.id, *asked[3:]]) == 1
    told = capsys.readouterr()
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert {one["number"]: one["complete"] for one in lines if "number" in one}["1.6"]
    assert "items not shown yet" in told.err
    assert json.loads((tmp_path / "evidence.json").read_text())["unit"] == "SIRXMKT002"
    assert cli.main(["evidence", "--check", str(tmp_path / "evidence.json")]) == 0
    for wrong in (["--from", "soon", "--to", "2026-11-18"], ["--from", "2026-11-18"], []):
        assert cli.main(["evidence", *wrong]) == 2
