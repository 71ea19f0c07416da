"""The register of law and platforms' terms: read strictly, each entry dated and sourced, each named check there."""

from __future__ import annotations

from datetime import date, timedelta
from importlib import import_module

import pytest

from herald.flows.policies import documents
from herald.govern import law
from herald.govern.authority import MATRIX
from herald.govern.policies import parse
from herald.moderate.rules import compile_rules, default_rules
from herald.platforms import outlets

REGISTER = law.register()
PLATFORMS = {"facebook_page", "instagram", "google_business", "mastodon", "bluesky"}

ONE = """- id: au-example
  where: AU
  topic: spam
  title: An Act
  provision: s 1
  asks: Ask first.
  source: https://law.example/act
  read: 2026-11-20
  review: 2027-05-20
  basis: source
  check: gate Reply
  clauses: [MOD 4.1]
"""


# ---------------------------------------------------------------- what is shipped


@pytest.mark.parametrize("entry", REGISTER, ids=lambda entry: entry.id)
def test_each_named_check_exists(entry: law.Entry) -> None:
    kind, name = entry.check
    if kind == "rule":
        assert name in {rule.name for rule in compile_rules(default_rules()).rules}
    elif kind == "gate":
        assert name in MATRIX
    elif kind == "code":
        module, _, function = name.partition(":")
        assert callable(getattr(import_module(module), function))
    else:
        assert len(name) > 15  # who does what


@pytest.mark.parametrize("entry", REGISTER, ids=lambda entry: entry.id)
def test_each_clause_named_is_in_the_shipped_policies(entry: law.Entry) -> None:
    shipped = {policy.id: policy for policy in (parse(text) for _, text in documents())}
    for clause in entry.clauses:
        policy, _, number = clause.partition(" ")
        assert shipped[policy].clause(number), clause


def test_four_lands_and_five_platforms_stand_in_it_australia_first() -> None:
    assert {one.where for one in REGISTER} == {*law.LAND, *PLATFORMS}
    assert REGISTER[0].where == "AU"
    assert len(law.chosen(REGISTER, where="AU")) > 10
    assert {name for name, there in outlets().items() if there.capabilities.acts} <= PLATFORMS


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_each_platforms_terms_cover_privacy_spam_copyright_and_promotions(platform: str) -> None:
    assert {one.topic for one in law.chosen(REGISTER, where=platform)} >= {"privacy", "spam", "copyright", "promotions"}


@pytest.mark.parametrize("land", law.LAND)
def test_each_land_covers_privacy_spam_and_copyright(land: str) -> None:
    assert {one.topic for one in law.chosen(REGISTER, where=land)} >= {"privacy", "spam", "copyright"}


# ---------------------------------------------------------------- reading and choosing


def test_an_entry_reads_as_it_was_written() -> None:
    (entry,) = law.parse(ONE)
    assert (entry.check, entry.manual, entry.platform) == (("gate", "Reply"), False, False)
    assert entry.clauses == ("MOD 4.1",)


def test_an_entry_is_stale_from_its_day_of_review_on() -> None:
    (entry,) = law.parse(ONE)
    assert [entry.stale(entry.review + timedelta(days=n)) for n in (-1, 0, 1)] == [False, True, True]


def test_entries_are_chosen_by_place_topic_check_and_age() -> None:
    other = ONE.replace("au-example", "us-example").replace("AU", "US").replace("gate Reply", "manual x")
    whole = law.parse(ONE + other)
    assert [one.id for one in law.chosen(whole, where="US")] == ["us-example"]
    assert [one.id for one in law.chosen(whole, manual=False)] == ["au-example"]
    assert law.chosen(whole, topic="privacy") == []
    assert len(law.chosen(whole, stale=date(2027, 5, 20))) == 2
    assert law.chosen(whole) == list(whole)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "list of entries"),
        ("a: b", 1, "list of entries"),
        ("- a", 1, "a mapping"),
        ("- id: [", 2, "not YAML"),
        (ONE.replace("topic: spam", "topic: ham"), 3, "none of privacy"),
        (ONE.replace("  topic: spam\n", ""), 1, "has no topic"),
        (ONE.replace("topic: spam", "colour: red"), 3, "no field"),
        (ONE + "  where: US\n", 13, "stands twice"),
        (ONE + ONE, 13, "au-example stands twice"),
        (ONE.replace("id: au-example", "id: AU!"), 1, "small letters"),
        (ONE.replace("https://", "http://"), 7, "https://"),
        (ONE.replace("https://law.example/act", "https://law"), 7, "https://"),
        (ONE.replace("2026-11-20", "yesterday"), 8, "no date"),
        (ONE.replace("2027-05-20", "2026-11-20"), 9, "after the reading"),
        (ONE.replace("2027-05-20", "2028-05-20"), 9, "within a year"),
        (ONE.replace("gate Reply", "hope"), 11, "names no check"),
        (ONE.replace("gate Reply", "manual"), 11, "names no check"),
        (ONE.replace("gate Reply", "code os:system"), 11, "function of this package"),
        (ONE.replace("[MOD 4.1]", "[mod]"), 12, "a clause"),
        (ONE.replace("basis: source", "basis: rumour"), 10, "source, account"),
        (ONE.replace("Ask first.", "x" * 601), 6, "601 characters"),
        (ONE.replace("Ask first.", "&a x"), 6, "anchors"),
        (ONE.replace("Ask first.", "!!python/name:os.system"), 6, "tags"),
        ("x" * 200_001, 1, "200001"),
    ],
)  # fmt: skip
def test_a_wrong_register_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(law.BadLaw) as bad:
        law.parse(text)
    assert (bad.value.line, words in bad.value.sentence) == (line, True), bad.value
