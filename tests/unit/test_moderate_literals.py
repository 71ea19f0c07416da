"""Which patterns run at all: none is left out that matches, and a plain message runs next to none."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from herald.moderate import patterns, personal
from herald.moderate.literals import FOREIGN, Sieve, clauses
from herald.moderate.normalise import views
from herald.moderate.patterns import BadPattern, Effort, Pattern, compile_pattern
from herald.moderate.rules import Subject, compile_rules, default_rules
from tests.support.hostile_patterns import hostile, texts_of

ALWAYS = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
PLAIN = "@LampsAndMore The parcel came on Tuesday, the lamp is lovely and your driver was very kind. Order 471."


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("cheap", [{"cheap"}]),
        ("(?i:Cheap|FREE)", [{"cheap", "free"}]),
        ("(?:click|tap) [a-z]+ now", [{" now"}, {"click ", "tap "}]),
        ("colou?r", [{"colour", "color"}]),
        (r"f[*#]{1,3}ck", [{"f*", "f#"}, {"ck"}]),
        (r"what[^?]{1,300}\?", [{"what"}, {"?"}]),
        ("a.*b|", []),
        (r"\d+|x{0,3}", []),
        (r"\x41bc", [{"bc"}]),  # the code of a letter is not read: it cuts the piece, it does not become "41bc"
        (r"\pLbc", [{"bc"}]),
        (r"ab\b cd$", [{"ab cd"}]),
        ("Straße", [{"strasse"}]),
        (r"[^\x00-\x{24F}][^?]{0,200}[?;]", [{FOREIGN}, {"?", ";"}]),
        (r"(?:[^\x{0}-\x7F]|no)p", [{FOREIGN, "no"}]),
        (r"[^\x00-\x7E]a", [{"a"}]),  # DEL is ASCII too
    ],
)
def test_an_expression_tells_the_pieces_of_which_one_must_stand_in_the_text(source: str, told: list[set[str]]) -> None:
    assert [set(clause) for clause in clauses(source)] == told


@ALWAYS
@given(st.data())
def test_no_pattern_is_left_out_that_matches(data: st.DataObject) -> None:
    written, mode, letters = data.draw(hostile)
    text = data.draw(texts_of(letters, 60))
    try:
        one = compile_pattern(written, mode, case_sensitive=False)
    except BadPattern:
        return
    if one.engine.search(text.encode()):
        assert Sieve(["never", one.source]).candidates(text) == [1]


@pytest.mark.parametrize("text", ["KILL", "\u212aill", "ſhop", "SHOP", "STRASSE", "strasse"])
def test_letters_that_are_alike_without_case_are_alike_for_the_pieces(text: str) -> None:
    sources = ["(?i:kill)", "(?i:shop)", "(?i:strasse)"]
    sieve = Sieve(sources)
    matching = [which for which, source in enumerate(sources) if patterns._engine(source).search(text.encode())]
    assert matching
    assert set(matching) <= set(sieve.candidates(text))


@pytest.mark.parametrize("source", [r"(?i:[^\x00-\x7f]!)", r"(?i:[^\x00-\x{FF}k]!)"])
def test_what_looks_for_a_letter_outside_ascii_is_left_out_of_a_text_without_one(source: str) -> None:
    sieve, engine = Sieve([source]), patterns._engine(source)
    for text in ("K!", "k!", "\u212a!", "ſ!", "é!", "中!", "🙂!"):
        assert sieve.candidates(text) == ([] if text.isascii() else [0])
        assert sieve.candidates(text) or not engine.search(text.encode())


def test_a_text_of_more_pieces_than_are_followed_rules_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("herald.moderate.literals._HITS", 3)
    assert Sieve(["ab", "never"]).candidates("ab ab ab") == [0]
    assert Sieve(["ab", "never"]).candidates("ab ab ab ab") == [0, 1]


@ALWAYS
@given(st.data())
def test_a_large_count_run_without_its_end_finds_the_same(data: st.DataObject) -> None:
    written, mode, letters = data.draw(hostile)
    text = data.draw(texts_of(letters, data.draw(st.sampled_from((40, 150, 700)))))
    try:
        one = compile_pattern(written, mode, case_sensitive=False)
    except BadPattern:
        return
    found = one.spans(text, 10, Effort(lambda: 0.0))
    with pytest.MonkeyPatch.context() as exact:
        exact.setattr(patterns, "_widened", lambda source: None)
        assert found == one.spans(text, 10, Effort(lambda: 0.0))


def test_a_plain_message_runs_hardly_a_pattern_in_one_view(monkeypatch: pytest.MonkeyPatch) -> None:
    rules, ran = compile_rules(default_rules()), Counter[str]()
    spans = Pattern.spans

    def counted(self: Pattern, *given: Any) -> list[tuple[int, int]]:
        ran[self.source] += 1
        return spans(self, *given)

    monkeypatch.setattr(Pattern, "spans", counted)
    rules.judge(Subject(PLAIN))
    assert len(views(PLAIN)) == 1
    assert ran.total() <= 2


def test_a_name_and_a_number_alone_start_no_search_for_personal_data(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def noted(name: str) -> Any:
        return lambda text: iter(asked.append(name) or ())  # type: ignore[func-returns-value]

    monkeypatch.setattr(personal, "_emails", noted("email"))
    monkeypatch.setattr(personal, "_addresses", noted("address"))
    finders = tuple((least, kind, words, noted(kind)) for least, kind, words, _ in personal._FINDERS)
    monkeypatch.setattr(personal, "_FINDERS", finders)
    assert personal.find(PLAIN) == ()
    assert asked == []
    personal.find("write to jo@lamps.example or come to 4 Mill Lane, my passport is 123456789")
    assert {"email", "address", "national_id", "phone"} <= set(asked)


def test_words_are_found_on_the_same_way_as_pieces_also_where_one_is_the_other() -> None:
    sieve = Sieve(["(?i:never)", "(?i:lamp)"], {"never": "a word", "ever": "another"})
    assert sieve.search("never ever", foreign=False) == ([0], [(4, "a word"), (4, "another"), (9, "another")])
