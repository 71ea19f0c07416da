"""What the checks of drafts find, and what they leave alone: plain shop talk raises nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from herald.model import Media, Post, Target
from herald.publish import spelling, writing

POLICY = writing.default_policy("tall-timber")
NOW = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)


def found(text: str, *, alt: str | None = None, paid: bool = False, **policy: object) -> list[writing.Finding]:
    media = (Media("media/1", "a" * 64, "image/png", 1, alt),) if alt is not None else ()
    post = Post("post-0001", "tall-timber", "ana", "T", text, NOW, media=media, paid=paid)
    target = Target(post.id, "facebook_page:1", post.brand, "2026-11-19T09:00", "UTC", NOW)
    return writing.check_post(post, target, replace(POLICY, **policy))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "rule", "says"),
    [
        ("Our new color range", "spelling", "colour"),
        ("We recieve them on Monday", "spelling", "receive"),
        ("You should of seen it", "style", "have"),
        ("The the table", "style", "twice"),
        ("Save $50 on every lamp", "price", "from when until when"),
        ("Was $90, now $60", "price", "proof"),
        ("From $40 + GST", "price", "one total price"),
        ("A free cushion for you", "claim", "costs"),
        ("The cheapest sofas", "claim", "proof"),
        ("An eco-friendly rug", "claim", "certified"),
        ("This balm cures eczema", "health_claim", "illness"),
        ("Softer than Brand X sheets", "comparison", "like with"),
        ("Write to jo.bloggs@mail.example", "personal_data", "private"),
        ("Ring Jo on 0412 345 678", "personal_data", "private"),
        ("Her card is 4111 1111 1111 1111", "personal_data", "payment card"),
    ],
)
def test_a_finding_names_its_words_its_rule_its_law_and_what_to_do(text: str, rule: str, says: str) -> None:
    (finding,) = [each for each in found(text) if each.rule == rule][:1]
    assert says in finding.words
    assert finding.basis == writing.RULES[rule].basis
    assert finding.found in text
    assert finding.stops is writing.RULES[rule].stops


@pytest.mark.parametrize(
    "text",
    [
        "New tables are in. Come and see them on Saturday.",
        "Sale until 30 November: 20% off all lamps.",
        "Feel free to ask, our gluten-free cafe is open.",
        "Write to hello@talltimber.example or ring 1300 123 456.",
        "Wattle, rattan and boucle: the new colours from Tasmania.",
    ],
)
def test_plain_shop_talk_raises_nothing(text: str) -> None:
    assert found(text) == []


def test_paid_work_says_so_at_its_beginning_or_is_stopped() -> None:
    assert [each.rule for each in found("Our table in her home", paid=True)] == ["disclosure"]
    assert found("#ad Our table in her home", paid=True) == []
    assert found("Our table in her home") == []


@pytest.mark.parametrize(
    ("alt", "wrong"), [("", True), ("IMG_0412.jpg", True), ("picture", True), ("A blue rug", False)]
)
def test_an_image_is_described_by_what_it_shows(alt: str, wrong: bool) -> None:
    assert bool([each for each in found("A rug", alt=alt) if each.rule == "alt_text"]) is wrong


def test_the_brands_lists_are_looked_up_whole_and_in_any_case() -> None:
    told = found("Never say CHEAP AS CHIPS", banned=("cheap as chips", "chip"))
    assert [(each.rule, each.found) for each in told if each.rule == "banned"] == [("banned", "CHEAP AS CHIPS")]
    assert [each.found for each in found("Ring 0412 345 678", own_contacts=("0412 345 678",))] == []
    assert found("Our Tallimber table", brand_words=("tallimber",)) == []


def test_the_brands_clause_stands_before_the_law() -> None:
    (finding,) = [each for each in found("Save $5", clauses={"price": "CONTENT 3.1"}) if each.rule == "price"]
    assert finding.basis.startswith("CONTENT 3.1; Australian Consumer Law")


def test_what_a_reply_may_not_hold_is_personal_data_only() -> None:
    told = writing.check_reply("A free lamp! Your number 0412 345 678 is noted.", POLICY)
    assert {each.rule: each.stops for each in told} == {"claim": False, "personal_data": True}


@pytest.mark.parametrize(
    ("word", "right"), [("organize", "organise"), ("gray", "grey"), ("center", "centre"), ("jewelry", "jewellery")]
)
def test_american_spelling_is_told_with_the_australian_one(word: str, right: str) -> None:
    assert spelling.judge(word) == (right, True)


@pytest.mark.parametrize("word", ["colour", "organise", "program", "doona", "footy", "kookaburra"])
def test_what_is_right_in_australia_stays(word: str) -> None:
    assert spelling.judge(word) == ("", False)


@pytest.mark.parametrize(
    "text", ["a" * 70_000, "a@" * 20_000, "a." * 20_000, "#" * 20_000, "1 " * 20_000, "http://" * 5_000]
)
def test_no_text_however_hostile_holds_the_composer_up(text: str) -> None:
    """Ends at all: each of these once took minutes."""
    assert all(len(each.found) <= 80 for each in found(text))
