"""A pile-on is seen by the shipped rules, asked about once, and given as evidence to whoever was harassed."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import data, who
from dashboard.who import SignIn
from herald import cli, runtime
from herald.errors import Refused
from herald.flows import evidence
from herald.flows.commands import GatherEvidence, Overrule
from herald.flows.gate import perform
from herald.flows.harassment import pack
from herald.flows.moderate import moderate
from herald.flows.planning import hashed
from herald.model import Action, AuditEntry, Case, Message, Severity, Work
from herald.moderate.rules import default_rules
from tests.support.world import BRAND, MIA, TED, World, a_comment, a_world

ABUSE = (
    "Priya is a pathetic useless idiot", "you are an idiot Priya", "what a stupid moron you are, quit your job",
    "shut up Priya you worthless idiot", "you pathetic moron", "you stupid idiot", "Priya you are a moron",
)  # fmt: skip


@pytest.fixture
def world() -> World:
    made = a_world()
    made.store.save_rules(default_rules())
    return made


def says(world: World, n: int, text: str, thread: str = "900100_post") -> Message:
    world.clock.pass_(minutes=1)
    event = a_comment(
        text, id=f"{thread[-4:]}{n}", at=world.clock(), author_id=f"u{n}", author_name=f"Troll {n}",
        more={"thread_id": thread, "permalink": f"https://wall.example/{n}"},
    )  # fmt: skip
    world.store.apply(event, BRAND, world.clock())
    moderate([event.message_id], world.herald, world.clock())
    found = world.store.message(event.message_id)
    assert found
    return found


def piled_on(world: World) -> list[Message]:
    return [says(world, n, text) for n, text in enumerate(ABUSE)]


def labels(message: Message) -> tuple[str, ...]:
    assert message.decision
    return message.decision.labels


def test_five_who_abuse_one_thread_within_the_hour_are_a_pile_on_and_a_person_is_asked_once(world: World) -> None:
    made = piled_on(world)
    seen = ["pile-on" in labels(message) for message in made]
    assert seen == [False] * 4 + [True] * 3
    last = made[-1].decision
    assert last
    assert last.action in (Action.HIDE, Action.QUEUE), "what hides goes on hiding"
    assert last.rule != "Pile-on"
    assert last.escalate
    assert (last.escalate.within_minutes, last.escalate.severity) == (30, Severity.HIGH)
    tasks = [one for one in world.store.open_cases(BRAND, Work.TASK).items if isinstance(one, Case)]
    (asked,) = [one for one in tasks if one.type == "lock"]
    assert "Pile-on" in asked.note


def test_a_busy_thread_of_customers_is_none_and_one_insult_in_it_neither(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = type(world.store).feed
    monkeypatch.setattr(type(world.store), "feed", lambda *_args, **_more: pytest.fail("it was read"))
    for n in range(12):
        assert "pile-on" not in labels(says(world, n, "My table never arrived, where is my refund?"))
    monkeypatch.setattr(type(world.store), "feed", read)
    assert "pile-on" not in labels(says(world, 20, ABUSE[0]))


def test_the_pack_tells_who_wrote_what_when_and_what_was_decided_and_holds_against_the_audit(world: World) -> None:
    made = piled_on(world)
    says(world, 90, "lovely lamp")
    says(world, 91, ABUSE[1], thread="900100_else")
    shown = made[0]
    perform(
        Overrule(shown.id, Action.ALLOW, "They know each other.", "MOD 3.1", shown.version), by=MIA.id,
        herald=world.herald, now=world.clock(),
    )  # fmt: skip
    files = pack(made[3], world.herald, world.clock())
    rows = list(csv.DictReader(io.StringIO(files["thread.csv"].decode("utf-8-sig"))))
    assert [row["words"] for row in rows] == list(ABUSE[1:])
    assert [row["author"] for row in rows] == [f"Troll {n}" for n in range(1, 7)]
    assert rows[0]["address"] == "https://wall.example/1"
    assert all(row["clause"].startswith("MOD 3.1") and len(row["words_sha256"]) == 64 for row in rows)
    told = json.loads(files["thread.json"])
    assert (told["messages"], told["acted_on"], told["authors"], told["cut"]) == (8, 6, 6, False)
    checked = evidence.check(files["thread.json"], world.herald)
    assert checked.problems == ()
    assert checked.cited >= 6
    forged = files["thread.json"].replace(told["heads"][0]["digest"].encode(), b"0" * 64)
    assert evidence.check(forged, world.herald).problems


def test_of_no_message_there_is_no_pack(world: World) -> None:
    with pytest.raises(Refused, match="There is no such message"):
        perform(GatherEvidence("facebook_page:1_2"), by=MIA.id, herald=world.herald, now=world.clock())
    assert taken(world) == []


def taken(world: World) -> list[AuditEntry]:
    return [entry for entry in world.store.audit_of("people") if entry.what == "GatherEvidence"]


def test_who_took_out_which_evidence_when_and_its_hashes_are_in_the_audit_and_no_name_or_word(world: World) -> None:
    message = piled_on(world)[3]
    done = perform(GatherEvidence(message.id), by=MIA.id, herald=world.herald, now=world.clock())
    assert sorted(done.files) == ["thread.csv", "thread.json"]
    assert evidence.check(done.files["thread.json"], world.herald).problems == ()
    (line,) = taken(world)
    assert (line.actor, line.subject, line.at) == (MIA.id, message.id, world.clock())
    assert line.facts == {
        "thread": hashed("900100_post"), **{name: sha256(data).hexdigest() for name, data in done.files.items()}
    }
    assert "Troll" not in repr(done)
    perform(GatherEvidence(message.id), by=MIA.id, herald=world.herald, now=world.clock())
    assert len(taken(world)) == 2, "each that is taken out is a line"


def test_whoever_may_not_or_works_for_another_brand_gets_no_file_and_leaves_no_line(world: World) -> None:
    message = piled_on(world)[0]
    outside = replace(MIA, id="out", brands=frozenset({"other-house"}))
    world.store.save(outside)
    for by, missing in ((TED.id, "role"), (outside.id, "input")):
        with pytest.raises(Refused) as refused:
            perform(GatherEvidence(message.id), by=by, herald=world.herald, now=world.clock())
        assert refused.value.missing == missing
    assert taken(world) == []


def test_what_the_account_received_while_it_was_another_brands_is_not_in_it(world: World) -> None:
    made = piled_on(world)
    event = a_comment("you idiot", id="theirs", at=world.clock(), author_id="u9", more={"thread_id": "900100_post"})
    world.store.apply(event, "other-house", world.clock())
    moderate([event.message_id], world.herald, world.clock())
    assert event.message_id.encode() not in pack(made[0], world.herald, world.clock())["thread.csv"]


def test_the_command_line_writes_the_pack_where_it_is_told_and_checks_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = piled_on(world)
    monkeypatch.setenv("MESSAGES_TABLE", "given")
    monkeypatch.setattr(runtime, "current", lambda: world.herald)
    assert cli.main(["evidence", "--thread", made[0].id, "--as", MIA.id, "--out", str(tmp_path)]) == 0
    assert [line.actor for line in taken(world)] == [MIA.id]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["thread.csv", "thread.json"]
    assert cli.main(["evidence", "--check", str(tmp_path / "thread.json")]) == 0
    assert cli.main(["evidence", "--thread", made[0].id, "--as", MIA.id]) == 2, "it prints no names"
    assert "--out" in capsys.readouterr().err
    assert cli.main(["evidence", "--thread", made[0].id, "--out", str(tmp_path)]) == 2, "somebody takes it out"
    assert "--as" in capsys.readouterr().err
    assert cli.main(["evidence", "--thread", made[0].id, "--as", TED.id, "--out", str(tmp_path / "no")]) == 1
    assert not (tmp_path / "no").exists()


def test_the_page_of_a_message_offers_it_to_who_may_and_to_nobody_else_and_puts_on_record_who_took_it(
    world: World,
) -> None:
    message = piled_on(world)[0]
    data.set_herald(world.herald)

    def page() -> None:
        from dashboard.app_pages import moderation

        moderation.render()

    def drawn(person: str) -> AppTest:
        who.install(SignIn(lambda: person))
        at = AppTest.from_function(page, default_timeout=120)
        at.query_params["message"], at.query_params["brand"] = message.id, BRAND
        at.run()
        assert not at.exception
        return at

    try:
        assert "Evidence of the thread" not in [one.label for one in drawn(TED.id).button]
        at = drawn(MIA.id)
        assert taken(world) == [], "to look at the page takes nothing out"
        (button,) = [one for one in at.button if one.label == "Evidence of the thread"]
        button.click().run()
        assert not at.exception
        assert {"thread.csv", "thread.json"} <= {one.label for one in at.get("download_button")}
        told = " ".join(one.value for one in at.caption)
        assert "thread.csv is to be read" in told
        assert "thread.json is to be verified" in told, "who gets both knows which is for whom"
        assert [(line.actor, line.subject) for line in taken(world)] == [(MIA.id, message.id)]
    finally:
        data.set_herald(None)
        who.install(None)
