"""Persona from the words and the author's history: what is repeated counts, what the words rule out stays ruled out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.model import Assessment, ByHistory
from herald.model.restrictions import AuthorTally
from herald.moderate import persona
from herald.moderate.persona import PERSONAS, with_history
from tests.support.world import NOON

PRAISE = {"": 0.02, "complimentary": 0.96, "misguided": 0.02}
NEARLY = {"": 0.02, "advocate": 0.38, "complimentary": 0.51, "misguided": 0.07, "troll": 0.02}
INSULT = {"angry": 0.01, "troll": 0.99}
TORN = {"": 0.1, "angry": 0.43, "troll": 0.45, "unhappy": 0.02}
QUESTION = {"": 0.95, "complimentary": 0.01, "troll": 0.03, "unhappy": 0.01}
COMPLAINT = {"": 0.11, "angry": 0.05, "complimentary": 0.08, "troll": 0.23, "unhappy": 0.53}
UNCLEAR = {"": 0.25, "angry": 0.05, "complimentary": 0.08, "troll": 0.27, "unhappy": 0.35}


def read(likely: dict[str, float]) -> Assessment:
    """What the words alone say, as understand() has it: the likeliest, where it is likelier than not."""
    best = max(likely, key=likely.__getitem__)
    return Assessment(labels={"persona": best if best and likely[best] >= 0.5 else None}, likely=likely)


def said(likely: dict[str, float], **messages: float) -> object:
    return with_history(read(likely), {name: round(1000 * n) for name, n in messages.items()})[0].labels["persona"]


@pytest.mark.parametrize(
    ("likely", "before", "then"),
    [
        (PRAISE, {"complimentary": 3, "advocate": 2}, "advocate"),
        (NEARLY, {"advocate": 1}, "advocate"),
        (PRAISE, {"complimentary": 9}, "complimentary"),  # praise alone, however often, speaks for nobody's brand
        (PRAISE, {"advocate": 1}, "complimentary"),
        (TORN, {"removed": 3}, "troll"),
        (TORN, {"troll": 2}, "troll"),
        (TORN, {"restricted": 1}, "troll"),
        (TORN, {"unhappy": 3}, "angry"),
        (INSULT, {"unhappy": 3, "angry": 1}, "angry"),
        (INSULT, {"unhappy": 3, "angry": 1, "troll": 1}, "angry"),
        (INSULT, {"unhappy": 1}, "troll"),
        (UNCLEAR, {"unhappy": 3}, "unhappy"),
        (QUESTION, {"troll": 9, "removed": 9, "restricted": 1}, None),
        (QUESTION, {"complimentary": 9, "advocate": 9}, None),
        (PRAISE, {"troll": 9, "removed": 9}, "complimentary"),
    ],
)  # fmt: skip
def test_the_words_and_what_was_written_before_are_weighed_together(
    likely: dict[str, float], before: dict[str, float], then: str | None
) -> None:
    assert said(likely, **before) == then


@given(st.floats(0, 500), st.floats(0, 500), st.booleans())
def test_a_complaint_is_no_trolling_whoever_makes_it(troll: float, removed: float, restricted: bool) -> None:
    assert said(COMPLAINT, troll=troll, removed=removed, restricted=float(restricted)) != "troll"


@given(
    st.lists(st.floats(0.001, 1), min_size=7, max_size=7),
    st.dictionaries(st.sampled_from((*PERSONAS, "removed", "restricted")), st.integers(0, 10**9)),
)
def test_a_history_multiplies_what_the_words_leave_open_and_never_makes_a_persona_of_nothing(
    shares: list[float], before: dict[str, int]
) -> None:
    likely = {name: share / sum(shares) for name, share in zip(("", *PERSONAS), shares, strict=True)}
    after, changed = with_history(read(likely), before)
    found = after.labels["persona"]
    assert changed is None or (changed.words, changed.said) == (read(likely).labels["persona"] or "", found or "")
    open_to = likely.get(str(found), 0) + sum(likely[c] * like.get(str(found), 0) for c, like in persona.LIKE.items())
    assert found is None or 6 * open_to >= likely[""]


def test_without_a_history_or_without_a_model_the_words_alone_count_and_nothing_is_kept() -> None:
    for assessment, before in ((read(INSULT), {}), (Assessment(labels={"persona": None}), {"troll": 9000})):
        assert with_history(assessment, before) == (assessment, None)


def test_what_is_kept_tells_the_words_from_the_history_and_gives_the_same_answer_again() -> None:
    _, kept = with_history(read(INSULT), {"unhappy": 3000, "angry": 1000})
    assert kept == ByHistory("troll", "angry", {"unhappy": 3000, "angry": 1000})
    assert with_history(read(INSULT), kept.history)[1] == kept
    assert persona.explained(kept) == (
        "angry, by the author's history (3 of 4 earlier messages unhappy, 1 angry); the words alone say troll"
    )


def test_a_message_counts_half_after_ninety_days_and_next_to_nothing_when_its_row_ends() -> None:
    tally = AuthorTally("p:a", "u", complimentary=persona.weight(NOON))
    counts = [persona.history(tally, False, NOON + timedelta(days=days)) for days in (0, 90, 180, persona.KEPT.days)]
    assert [count.get("complimentary", 0) for count in counts] == [1000, 500, 250, 0]


def test_a_clock_centuries_ahead_of_the_first_day_still_fits_what_a_row_can_hold() -> None:
    assert len(str(persona.weight(NOON.replace(year=2050)))) < 38


def test_an_author_is_usually_something_when_more_than_half_of_two_messages_or_more_agree() -> None:
    assert persona.usual({"complimentary": 5000, "unhappy": 1000}) == ("complimentary", 6)
    assert persona.usual({"complimentary": 1000}) == ("", 1)
    assert persona.usual({"complimentary": 2000, "unhappy": 2000}) == ("", 4)
