"""A rate is counted among what was received, where a rule asks, and kept with the message that was judged by it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from herald.flows.moderate import moderate
from herald.flows.replay import replay
from herald.model import Action, Decision, Message
from herald.moderate.rules import compile_rules
from tests.support.world import BRAND, PAGE, World, a_comment, a_world

FLOOD = """name: Flood
rate: {by: author, count: '>= 3', within: 10 minutes}
action: queue
policy: MOD 4.1
---
name: Copied
any_of:
  - rate: {by: text, count: '>= 2', within: 1 hour}
label: copied
"""


@pytest.fixture
def world() -> World:
    made = a_world()
    made.store.save_rules(FLOOD)
    return made


def says(world: World, n: int, text: str = "", *, minutes: int = 0, **changed: Any) -> Message:
    world.clock.pass_(minutes=minutes, seconds=1)
    comment = a_comment(text or f"lovely chairs {n}", id=str(n), at=world.clock())
    world.store.apply(replace(comment, **changed), BRAND, world.clock())
    moderate([f"facebook_page:{PAGE}_{n}"], world.herald, world.clock())
    found = world.store.message(f"facebook_page:{PAGE}_{n}")
    assert found
    return found


def decision(message: Message) -> Decision:
    assert message.decision
    return message.decision


def test_who_writes_too_often_is_seen_and_the_decision_can_be_made_again(world: World) -> None:
    made = [says(world, n) for n in (1, 2, 3)]
    assert [decision(message).action for message in made] == [Action.ALLOW, Action.ALLOW, Action.QUEUE]
    assert decision(made[2]).rule == "Flood"
    assert made[2].more["signals"] == {"rate.author.10m": 3, "rate.text.60m": 1}
    (again,) = replay(made[2].id, world.herald)
    assert again.result == "same"
    assert decision(says(world, 4, author_id="another")).action is Action.ALLOW
    assert decision(says(world, 5, minutes=10)).action is Action.ALLOW  # what was before is too long ago


def test_the_same_words_of_many_are_seen_whatever_their_capitals(world: World) -> None:
    says(world, 1, "Shame on Banksia", author_id="one")
    assert decision(says(world, 2, "shame  on BANKSIA", author_id="two")).labels == ("copied",)


def test_a_rate_of_nobody_is_unknown_and_holds_nothing(world: World) -> None:
    assert {decision(says(world, n, author_id=None)).action for n in (1, 2, 3, 4)} == {Action.ALLOW}


def test_where_no_rule_asks_nothing_is_read_and_nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world()
    monkeypatch.setattr(type(world.store), "feed", lambda *_args, **_more: pytest.fail("it was read"))
    assert "signals" not in says(world, 1).more
    assert compile_rules(FLOOD).asked == {"rate.author.10m", "rate.text.60m"}


def test_a_rate_is_counted_only_where_all_else_of_its_rule_holds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.store.save_rules(FLOOD.partition("---")[0].replace("action: queue", "body: [clown]\naction: queue"))
    read = type(world.store).feed
    monkeypatch.setattr(type(world.store), "feed", lambda *_args, **_more: pytest.fail("it was read"))
    assert "signals" not in says(world, 1).more
    assert "signals" not in says(world, 2).more
    monkeypatch.setattr(type(world.store), "feed", read)
    clown = says(world, 3, "clown")
    assert clown.more["signals"] == {"rate.author.10m": 3}
    assert decision(clown).action is Action.QUEUE


def test_in_any_of_and_in_shadow_a_rate_is_counted_too(world: World) -> None:
    world.store.save_rules(
        "name: A\nmode: shadow\nany_of:\n  - signals: {reports: '> 3'}\n"
        "  - rate: {by: author, count: '> 0', within: 1.5 hours}\naction: queue\n"
    )
    assert says(world, 1).more["signals"] == {"rate.author.90m": 1}


def test_the_longest_rate_counts_all_of_its_days(world: World) -> None:
    world.store.save_rules("name: A\nrate: {by: author, count: '> 9', within: 7 days}\nlabel: busy\n")
    assert [
        says(world, n, minutes=minutes).more["signals"]["rate.author.10080m"]
        for n, minutes in enumerate((0, 6 * 1_440 + 1_439, 1))
    ] == [1, 2, 2]


def test_a_rate_of_a_clause_counts_those_on_which_something_was_done_by_it_or_one_below_it(world: World) -> None:
    world.store.save_rules(
        "name: Clown\nbody: [clown]\naction: queue\npolicy: MOD 3.1\n---\nname: Link\nbody: [link]\naction: queue\n"
        "policy: MOD 31\n---\nname: Nice\nbody: [lovely]\nlabel: nice\npolicy: MOD 3.1\n---\nname: Pile-on\n"
        "body: [clown]\nrate: {by: post, count: '>= 3', within: 1 hour, of: MOD 3}\nlabel: pile-on\n"
    )
    thread = {"more": {"thread_id": "500"}}
    texts = ("clown", "lovely", "link", "clown", "clown")
    made = [says(world, n, text, author_id=f"u{n}", **thread) for n, text in enumerate(texts)]
    assert [message.more.get("signals", {}).get("rate.post.60m.mod 3") for message in made] == [1, None, None, 2, 3]
    assert [decision(message).labels for message in made][3:] == [(), ("pile-on",)]
    other = says(world, 9, "clown", author_id="u9", more={"thread_id": "501"})
    assert decision(other).labels == ()
