"""A decision as a case study without anybody in it; and made again, the same."""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import sha256
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.care.cases import appeal
from herald.errors import Refused, Unknown
from herald.flows.commands import Overrule, Resolve, RestrictAuthor, SetMode, TakeStudy
from herald.flows.gate import perform
from herald.flows.moderate import moderate
from herald.flows.replay import replay, told
from herald.flows.study import study
from herald.flows.why import why
from herald.model import Action, Case, New, Person, Role, Work
from herald.moderate.masking import masked
from tests.support.world import (
    ACCOUNT,
    BRAND,
    MIA,
    NOON,
    PAGE,
    RULES,
    TED,
    World,
    a_comment,
    a_world,
    deleted,
    edited,
)

MESSAGE = f"facebook_page:{PAGE}_1"
OLA = Person("ola", "Ola Oak", frozenset({Role.OWNER}), frozenset({BRAND}))
WORDS = (
    "you utter muppet, Mia Marsh! Write to lee.lark@mail.example or +61 2 9876 5432, @lee_lark, https://lark.example/a"
    " order TT-20931, card 4111 1111 1111 1111. Lee's right."
)


@pytest.fixture
def world() -> World:
    made = a_world()
    made.store.save(OLA)
    made.store.apply(a_comment(WORDS), BRAND, NOON)
    moderate([MESSAGE], made.herald, NOON)
    return made


def run(world: World, command: Any, by: str = MIA.id) -> None:
    world.clock.pass_(minutes=3)
    perform(command, by=by, herald=world.herald, now=world.clock())


def overrule(world: World, reason: str = "Lee Lark meant it as a joke") -> None:
    message = world.store.message(MESSAGE)
    assert message
    run(world, Overrule(MESSAGE, Action.ALLOW, reason, "MOD 2.1", message.version))


# ---------------------------------------------------------------- the case study


def test_it_tells_facts_options_action_rationale_and_outcome(world: World) -> None:
    run(world, RestrictAuthor(MESSAGE, "limit", 7, "again", "MOD 3.1", 0))
    overrule(world)
    text = study(MESSAGE, world.herald)
    for heading in ("# Case study: Insult", "## Facts", "## What it rests on", "## Options",
                    "## Action and rationale", "## Outcome"):  # fmt: skip
        assert heading in text
    assert "MOD 3.1 v1: Insults. Insults aimed at people are hidden." in text
    assert "After 0 seconds: The rules hid it, by the rule “Insult”." in text
    assert "After 6 minutes: A community manager let it stand. [name] meant it as a joke" in text
    assert "Its author was put under limit for 7 days (the ladder had proposed: hide)" in text
    assert "| Delete it |" in text


def test_nobody_is_in_it(world: World) -> None:
    run(world, RestrictAuthor(MESSAGE, "block", 30, "Lee again", "MOD 3.1", 0))
    overrule(world)
    text = study(MESSAGE, world.herald)
    for them in ("Lee", "Lark", "lee", "Mia", "Marsh", "u1", "9876", "4111", "20931", "lark.example", PAGE, BRAND):
        assert them not in text, them
    assert "you utter muppet, [name]! Write to [e-mail] or [number], [handle], [link]" in text


def test_of_what_its_author_took_back_no_word_is_left(world: World) -> None:
    later = world.clock.pass_(minutes=1)
    world.store.apply(deleted(a_comment("", id="1"), at=later), BRAND, later)
    moderate([MESSAGE], world.herald, later)
    text = study(MESSAGE, world.herald)
    assert "muppet" not in text
    assert "gone: its author, or the platform, deleted it" in text


def test_what_waits_for_a_person_is_visible(world: World) -> None:
    world.store.apply(a_comment("a dodgy chair", id="2"), BRAND, NOON)
    moderate([f"facebook_page:{PAGE}_2"], world.herald, NOON)
    assert "- It is visible until a person decides." in study(f"facebook_page:{PAGE}_2", world.herald)


def test_what_its_platform_cannot_hide_is_to_be_hidden_by_hand_until_somebody_says_it_was(world: World) -> None:
    sent = replace(a_comment("you utter muppet", id="2"), platform="webhook", account_id="form")
    world.store.apply(sent, BRAND, NOON)
    moderate([sent.message_id], world.herald, NOON)
    assert "- It is to be hidden by hand: its platform lets no program do it." in study(sent.message_id, world.herald)
    (task,) = world.store.open_cases(BRAND, Work.TASK).items
    assert isinstance(task, Case)
    run(world, Resolve(task.id, "Taken off the form for Mia Marsh.", "MOD 2.1", task.version))
    text = study(sent.message_id, world.herald)
    assert "- It is reported as hidden by hand after 3 minutes: Taken off the form for [name]." in text
    assert "to be hidden" not in text


def test_an_appeal_whose_message_was_taken_back_was_decided_by_nobody(world: World) -> None:
    message = world.store.message(MESSAGE)
    assert message
    assert message.decision
    case = appeal(message, message.decision, ACCOUNT, world.store.targets(), text="Why?", now=NOON)
    world.store.commit([New(case)])
    world.store.apply(deleted(a_comment("", id="1"), at=world.clock.pass_(minutes=1)), BRAND, NOON)
    moderate([MESSAGE], world.herald, world.clock())
    text = study(MESSAGE, world.herald)
    assert "Nobody decided it: they took the message back." in text
    assert "Another person" not in text


def lines(world: World) -> list[tuple[str, str, str, dict[str, Any]]]:
    return [(one.what, one.actor, one.subject, dict(one.facts)) for one in world.store.audit_of("people")]


def test_who_took_out_which_study_and_its_hash_are_in_the_audit_and_no_word_of_it(world: World) -> None:
    done = perform(TakeStudy(MESSAGE), by=MIA.id, herald=world.herald, now=NOON)
    (file,) = done.files.values()
    assert file.decode() == study(MESSAGE, world.herald)
    assert lines(world) == [("TakeStudy", MIA.id, MESSAGE, {"case-study.md": sha256(file).hexdigest()})]
    with pytest.raises(Refused) as refused:
        perform(TakeStudy(MESSAGE), by=TED.id, herald=world.herald, now=NOON)
    assert refused.value.missing == "role"
    assert len(lines(world)) == 1


def test_a_page_records_a_study_as_it_is_downloaded_and_not_as_it_is_shown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dashboard import actions, data

    monkeypatch.setattr(data, "herald", lambda: world.herald)
    assert actions.taken(TakeStudy(MESSAGE), MIA).startswith(b"# Case study")
    assert [(what, actor) for what, actor, _, _ in lines(world)] == [("TakeStudy", MIA.id)]


def test_what_the_command_line_hands_out_of_a_message_is_in_the_audit_by_its_hash(
    world: World, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    from herald import cli, runtime

    monkeypatch.setattr(runtime, "current", lambda: world.herald)
    monkeypatch.setenv("MESSAGES_TABLE", "there is one")
    handed = []
    why_, study_ = ["why", MESSAGE], ["study", MESSAGE]
    for command in (why_, study_, [*study_, "--as", MIA.id], [*why_, "--replay"]):
        assert cli.main(command) == 0
        handed.append(sha256(capfdbinary.readouterr().out).hexdigest())
    assert lines(world) == [
        ("why", "operator", MESSAGE, {"sha256": handed[0]}), ("study", "operator", MESSAGE, {"sha256": handed[1]}),
        ("TakeStudy", MIA.id, MESSAGE, {"case-study.md": handed[2]}),
        ("why", "operator", MESSAGE, {"sha256": handed[3]}),
    ]  # fmt: skip
    assert cli.main(["study", MESSAGE, "--as", TED.id]) == 1
    assert cli.main(["why", "facebook_page:0"]) != 0
    assert len(lines(world)) == 4


def test_of_nothing_there_is_no_study(world: World) -> None:
    with pytest.raises(Unknown, match="no message"):
        study("facebook_page:0", world.herald)
    world.store.apply(a_comment("hello", id="2"), BRAND, NOON)
    with pytest.raises(Unknown, match="Nothing was decided"):
        study(f"facebook_page:{PAGE}_2", world.herald)


@given(st.text(max_size=200), st.lists(st.text(alphabet="abcXYZ é", min_size=3, max_size=12), max_size=3))
def test_masking_reads_any_text_and_leaves_no_known_name(text: str, names: list[str]) -> None:
    whole = [" ".join(name.split()) for name in names if len(" ".join(name.split())) >= 3]
    made = masked(f"{text} {' '.join(whole)}", names)
    for name in whole:
        assert f" {name.lower()} " not in f" {made.lower()} " or name.lower() in "[name] [e-mail] [link]"
    assert masked(made, names) == masked(masked(made, names), names)


@pytest.mark.parametrize("words", ["Bad chair, 3 of 5", "It cost 49 dollars in 2026", "I wait for 12 days", "A4"])
def test_plain_words_and_small_numbers_stay(words: str) -> None:
    assert masked(words) == words


# ---------------------------------------------------------------- made again


def test_the_same_words_and_rules_make_the_same_decision_under_later_rules_and_policies_too(world: World) -> None:
    world.store.save_rules(RULES.replace("utter muppet", "something else"))
    (one,) = replay(MESSAGE, world.herald)
    assert (one.result, one.differs, one.well) == ("same", (), True)
    assert "the same decision today" in told(one)


def test_an_edit_and_a_person_are_told_apart(world: World) -> None:
    overrule(world)
    later = world.clock.pass_(minutes=1)
    world.store.apply(edited(a_comment("", id="1"), "clown shoes", at=later), BRAND, later)
    moderate([MESSAGE], world.herald, later)
    assert [one.result for one in replay(MESSAGE, world.herald)] == ["same", "person", "same"]


def test_what_waits_by_a_standing_order_is_said_to(world: World) -> None:
    run(world, RestrictAuthor(MESSAGE, "limit", 7, "again", "MOD 3.1", 0))
    run(world, SetMode(ACCOUNT.id, "reactive", "a forum", 0), OLA.id)
    for n, text in ((2, "lovely"), (3, "clown shoes")):
        world.store.apply(a_comment(text, id=str(n), author_id="u1" if n == 2 else "u9"), BRAND, world.clock())
        made = f"facebook_page:{PAGE}_{n}"
        moderate([made], world.herald, world.clock())
        assert [one.result for one in replay(made, world.herald)] == ["standing_order"]


def test_a_record_that_was_tampered_with_differs(world: World) -> None:
    message = world.store.message(MESSAGE)
    assert message
    assert message.decision
    forged = replace(message.decision, rule="Unsure", rationale="Other words.")
    world.store.history = lambda _: [(forged, WORDS)]  # type: ignore[method-assign]
    world.store.message = lambda _: replace(message, decision=forged)  # type: ignore[method-assign]
    (one,) = replay(MESSAGE, world.herald)
    assert (one.result, one.well, set(one.differs)) == ("differs", False, {"rule", "rationale"})


def test_without_words_or_rules_it_says_that_it_cannot(world: World) -> None:
    message = world.store.message(MESSAGE)
    assert message
    assert message.decision
    other = replace(message.decision, rules_hash="0" * 16)
    history = world.store.history
    world.store.history = lambda _: [(other, WORDS)]  # type: ignore[method-assign]
    world.store.message = lambda _: replace(message, decision=other)  # type: ignore[method-assign]
    assert [one.result for one in replay(MESSAGE, world.herald)] == ["no_rules"]
    world.store.history = history  # type: ignore[method-assign]
    del world.store.message
    world.store.forget(MESSAGE)
    assert replay(MESSAGE, world.herald)[0].result == "no_words"


def test_scores_and_model_stand_in_the_record_and_are_made_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from herald.flows import moderate as flow
    from herald.flows import replay as again
    from herald.model import Assessment

    def scored(toxic: float, version: str = "m1") -> Any:
        return lambda text: Assessment(scores={"toxic": toxic, "hate": None, "sentiment": -0.5}, model_version=version)

    monkeypatch.setattr(flow, "assess", scored(0.9123))
    monkeypatch.setattr(again, "assess", scored(0.9123))
    world.store.apply(a_comment("clown shoes", id="7"), BRAND, world.clock())
    made = f"facebook_page:{PAGE}_7"
    moderate([made], world.herald, world.clock())
    ((kept, _),) = world.store.history(made)
    assert (kept.scores, kept.model_version) == ({"toxic": 912, "sentiment": -500}, "m1")
    assert [one.result for one in replay(made, world.herald)] == ["same"]
    assert "toxic 0.91, sentiment -0.50 (model m1)" in why(world.herald, made)
    monkeypatch.setattr(again, "assess", scored(0.2))
    assert [(one.result, one.differs) for one in replay(made, world.herald)] == [("differs", ("scores",))]
    monkeypatch.setattr(again, "assess", scored(0.9123, "m2"))
    assert [one.result for one in replay(made, world.herald)] == ["other_model"]


# ---------------------------------------------------------------- written so that a machine does not see it


@pytest.mark.parametrize(
    "written",
    [
        "4111\u200b1111\u200b1111\u200b1111", "4111\u00ad1111\u00ad1111\u00ad1111",
        "４１１１ １１１１ １１１１ １１１１",
        "⁴¹¹¹¹¹¹¹¹¹¹¹¹¹¹¹", "④①①①①①①①①①①①①①①①", "4111_1111_1111_1111", "4111*1111*1111*1111",
        "4111     1111     1111 1111",
        "de89 3704 0044 0532 0130 00", "DE89\u200b3704 0044 0532 0130 00", "DE89_3704_0044_0532_0130_00",
        "0412_345_678", "04\u200b12 34\u200b5 678", "0412~345~678", "(0412)(345)(678)",
        "".join(f"{digit}\ufe0f\u20e3" for digit in "0412345678"),
        "kim@\u200bexample.com", "kim＠example．com", "kim{at}example{dot}com", "kim @ example . com",
        "kim&#64;example.com", "kim%40example.com", "hxxps://shop.test/u/kim", "shop[.]test/kim", "kim.blog/contact",
        "＠kimkim", "@\u200bkimkim", "u/kimkim",
        "K\u200bim Do\u200be", "Ｋｉｍ Ｄｏｅ", "kim_doe", "*Kim* _Doe_", "山田太郎さん",
    ],
)  # fmt: skip
def test_no_odd_writing_brings_a_number_an_address_or_a_name_into_what_is_published(written: str) -> None:
    said = masked(f"Write to {written} today", ["Kim Doe", "山田太郎"])
    assert not re.search(r"\d|kim|doe|ｋ|@|山田|example|test/", said, re.IGNORECASE), said
    assert said.startswith("Write to ")
    assert said.endswith(" today")


@pytest.mark.parametrize(
    "written",
    [
        "Аnn", "Ann Ѕmіth", "аnn ѕmіth", "A.n.n", "A n n", "a-n-n S.m.i.t.h", "4nn", "Ánn", "Annnnn", "Smіth’s",
        "Ηannah", "Hаnnаh", "H_a_n_n_a_h", "Анна", "Aннa", "а.н.н.а", "Ελένη", "Eλέvη",
    ],
)  # fmt: skip
def test_a_name_that_people_read_as_one_is_masked(written: str) -> None:
    names = ["Ann Smith", "Hannah Marsh", "Анна Иванова", "Ελένη Παππά"]
    assert masked(f"Ask for {written} today", names) == "Ask for [name] today"


@pytest.mark.parametrize(
    ("written", "stands"),
    [
        ("12 Вaker Strееt", "[address]"), ("kіm@lаmps.cоm", "[e-mail]"), ("lаmps.cоm/deals", "[link]"),
        ("four one one one, two three", "[number]"), ("zero seven double nine oh one", "[number]"),
        ("Zero-Four-One-Two-Three-Four", "[number]"), ("zеrо fоur оnе twо thrее", "[number]"),
        ("0 four 1 two 345 six", "[number]"), ("oh four twelve, three forty five, six seven eight", "[number]"),
        ("four\none\ttwo three five", "[number]"),
    ],
)  # fmt: skip
def test_addresses_and_numbers_in_look_alike_letters_or_in_words_are_masked(written: str, stands: str) -> None:
    assert masked(f"Write to {written} today") == f"Write to {stands} today"


@pytest.mark.parametrize(
    "words",
    ["One or two of the three chairs", "Oh, one day", "I want an annual plan", "В этом стуле четыре ножки", "Καλημέρα"],
)
def test_ordinary_words_stay_as_they_were_written(words: str) -> None:
    assert masked(words, ["Ann Smith", "Анна Иванова"]) == words


@pytest.mark.parametrize("piece", ["one ", "a.n.n ", "аnn", "k k ", "[name] ", "a n ", "0 ", "one two x "])
def test_masking_ends_soon_whatever_is_repeated(piece: str) -> None:
    began = process_time()
    masked(piece * (19_999 // len(piece)), ["Ann Smith", "Kim K", "Анна"])
    assert process_time() - began < 5


@pytest.mark.parametrize("piece", ["1", "1,", "(1", "4111 ", "a@", "@", "a.", "A1-", "Ab-", "[at]", "http://", "a at "])
def test_masking_looks_at_no_character_in_two_ways(piece: str) -> None:
    """A comment of a hundred digits and a letter kept it busy for ever, and the server of the dashboard with it."""
    said = masked(piece * (19_999 // len(piece)) + "z", ["Kim Doe"])  # ends
    assert not re.search(r"\d{2}", said)


def test_what_is_too_long_to_be_looked_at_is_cut_and_not_published_unseen() -> None:
    said = masked("word " * 5_000 + "kim@example.com", [])
    assert said.endswith("[cut here]")
    assert "kim" not in said


def test_of_hundreds_of_numbers_none_is_left_because_they_are_many() -> None:
    assert not re.search(r"\d|@", masked("Call 0412 345 678 or kim@example.com. " * 400, []))
