"""What is told of a message besides its words: who tells it, and that a rule that asks in vain says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from herald.model import Action, Kind, Message
from herald.moderate import told
from herald.moderate.decide import assess, decide
from herald.moderate.language import Rule
from herald.moderate.rules import compile_rules

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
COMMENT = Message(
    platform="mastodon", account_id="7", external_id="900", kind=Kind.COMMENT, author_id="8", author_name="Kim",
    text="hello", parent_id="500", created_at=NOON, changed_at=NOON, received_at=NOON,
)  # fmt: skip


def action(rule: str, message: Message) -> Action:
    rules = compile_rules(f"name: A\n{rule}\naction: queue\n")
    return decide(message, assess(message.text), rules, policy_versions={}, now=NOON).action


def notes(rule: str) -> list[str]:
    (line,) = compile_rules(f"name: A\n{rule}\naction: queue\n").report("x")
    found = line["notes"]
    assert line["status"] == "loaded"
    assert isinstance(found, list)
    return found


def read(rule: str) -> Rule:
    return compile_rules(f"name: A\n{rule}\naction: queue\n").rules[0]


def test_how_old_the_writers_account_is_and_what_hangs_on_a_message_can_be_asked() -> None:
    new = replace(COMMENT, more={"author_since": "2026-11-17T12:00:00+00:00"})
    asked = "signals: {author.age: '< 2 days'}"
    assert action(asked, new) is Action.QUEUE
    assert action(asked, replace(new, more={"author_since": "2020-01-01T00:00:00+00:00"})) is Action.ALLOW
    assert action(asked, COMMENT) is Action.ALLOW, "not told: not guessed"
    shown = replace(COMMENT, more={"photos": ["https://x.example/a.png"], "alts": ["a red lamp"]})
    assert action("media.description: [red lamp]", shown) is Action.QUEUE
    assert action("media.url: [x.example]", shown) is Action.QUEUE
    assert action("signals: {media.count: '> 1'}", shown) is Action.ALLOW


def test_stars_and_whether_a_comment_stands_at_the_top_can_be_asked() -> None:
    review = replace(COMMENT, platform="google_business", kind=Kind.REVIEW, more={"rating": 1})
    assert action("signals: {rating: '<= 2'}", review) is Action.QUEUE
    comment = replace(COMMENT, platform="facebook_page", more={"thread_id": "500"})
    assert action("signals: {top_level: 'true'}", comment) is Action.QUEUE
    assert action("signals: {top_level: 'true'}", replace(comment, parent_id="501")) is Action.ALLOW


def test_a_picture_of_a_reviewer_hangs_on_no_review() -> None:
    faced = replace(COMMENT, platform="google_business", kind=Kind.REVIEW, more={"photo": "https://x.example/face.png"})
    assert told.of(faced) == {}


@pytest.mark.parametrize(
    ("rule", "noted"),
    [
        ("signals: {reports: '>= 3'}",
         ["line 2: nothing here tells `reports`, so the rule can never hold until something does"]),
        ("signals:\n  edited: 'true'\n  author.reputation: '< 1'",
         ["line 4: nothing here tells `author.reputation`, so the rule can never hold until something does"]),
        ("body: [x]\n~thread.title: [y]",
         ["line 3: nothing here tells `thread.title`, so the rule can never hold until something does"]),
        ("any_of:\n  - body: [x]\n  - signals: {reports: '> 3'}",
         ["line 4: nothing here tells `reports`, so what asks for it never holds until something does"]),
        ("body: [x]\nnone_of:\n  - signals: {author.trusted: 'true'}",
         ["line 4: nothing here tells `author.trusted`, so the rule can never hold until something does"]),
        ("signals: {author.age: '< 1 day'}",
         ["line 2: `author.age` is told by bluesky and mastodon alone: elsewhere what asks for it does not hold"]),
        ("platform: facebook_page\nsignals: {author.age: '< 1 day'}",
         ["line 3: nothing here tells `author.age`, so the rule can never hold until something does"]),
        ("platform: [mastodon, bluesky]\nsignals: {author.age: '< 1 day'}", []),
        ("signals: {score.threat: '> 0.5', edited: 'true', type: abuse}", []),
        ("rate: {by: post, count: '> 5', within: 1 hour}\ncontains: pii\nlanguage: en\npersona: troll", []),
        ("body+thread.title: [x]",
         ["line 2: nothing here tells `thread.title`, so what asks for it never holds until something does"]),
    ],
)  # fmt: skip
def test_a_rule_that_asks_what_nobody_tells_says_so_at_its_line_and_loads(rule: str, noted: list[str]) -> None:
    assert notes(rule) == noted


@pytest.mark.parametrize(
    ("rule", "platforms", "lacks"),
    [
        ("signals: {reports: '>= 3'}", told.PLATFORMS, "reports"),
        ("signals: {author.age: '< 1 day'}", told.PLATFORMS, ""),
        ("signals: {author.age: '< 1 day'}", ("facebook_page", "instagram"), "author.age"),
        ("any_of:\n  - signals: {reports: '> 3'}\n  - thread.title: [x]", told.PLATFORMS, "reports"),
        ("any_of:\n  - signals: {reports: '> 3'}\n  - body: [x]", told.PLATFORMS, ""),
        ("none_of:\n  - signals: {reports: '> 3'}\n    body: [x]", told.PLATFORMS, ""),
        ("platform: mastodon\nsignals: {reports: '>= 3'}", ("facebook_page",), ""),
    ],
)
def test_whether_a_rule_can_ever_hold_here_is_known(rule: str, platforms: tuple[str, ...], lacks: str) -> None:
    assert told.never(read(rule), platforms) == lacks


def test_the_documentation_shows_the_table() -> None:
    assert told.table() in (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
