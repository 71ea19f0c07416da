"""A pile-on is seen by the shipped rules, asked about once, and given as evidence to whoever was harassed."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import data, who
from dashboard.who import SignIn
from herald import cli, runtime
from herald.errors import Unknown
from herald.flows import evidence
from herald.flows.commands import Overrule
from herald.flows.gate import perform
from herald.flows.harassment import pack
from herald.flows.moderate import moderate
from herald.model import Action, Case, Message, Severity, Work
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
    files = pack(made[3].id, world.herald, world.clock())
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
    with pytest.raises(Unknown):
        pack("facebook_page:1_2", world.herald, world.clock())


def test_the_command_line_writes_the_pack_where_it_is_told_and_checks_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = piled_on(world)
    monkeypatch.setenv("MESSAGES_TABLE", "given")
    monkeypatch.setattr(runtime, "current", lambda: world.herald)
    assert cli.main(["evidence", "--thread", made[0].id, "--out", str(tmp_path)]) == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["thread.csv", "thread.json"]
    assert cli.main(["evidence", "--check", str(tmp_path / "thread.json")]) == 0
    assert cli.main(["evidence", "--thread", made[0].id]) == 2, "it prints no names"
    assert "--out" in capsys.readouterr().err


def test_the_page_of_a_message_offers_it_to_who_may_overrule_and_to_nobody_else(world: World) -> None:
    message = piled_on(world)[0]
    data.set_herald(world.herald)

    def page() -> None:
        from dashboard.app_pages import moderation

        moderation.render()

    def offered(person: str) -> list[str]:
        who.install(SignIn(lambda: person))
        at = AppTest.from_function(page, default_timeout=120)
        at.query_params["message"], at.query_params["brand"] = message.id, BRAND
        at.run()
        assert not at.exception
        return [one.label for one in at.get("download_button") if "Evidence" in one.label]

    try:
        assert offered(MIA.id) == ["Evidence of the thread"]
        assert offered(TED.id) == []
    finally:
        data.set_herald(None)
        who.install(None)
