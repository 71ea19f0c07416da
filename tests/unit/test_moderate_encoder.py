"""The encoder beside the linear models: asked where they are in doubt, never needed, and the same each time."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from herald.moderate.decide import assess
from herald.moderate.encoder import WINDOW, Encoder, _opened, encoder
from herald.moderate.heads import heads
from herald.moderate.pieces import Pieces
from herald.moderate.understand import ready

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "lamp", "##s", "la", "##m", "my", "!", "p", "##p")
PIECES = Pieces(WORDS)


@pytest.fixture(scope="module")
def opened() -> Encoder:
    found = encoder()
    assert found is not None, "the layer's weights are in the repository, and onnxruntime is in the lock"
    return found


def test_a_word_is_cut_into_the_longest_pieces_that_are_known() -> None:
    assert PIECES.numbers("my lamps!", 20) == [2, 8, 4, 5, 9, 3]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("see https://www.lamps.example/a?b=c now", "see http lamps . example now"),
        ("www.lamps.example", "http lamps . example"), ("lamps.example/spring", "http lamps . example"),
        ("go to l-amps.co.uk.", "go to http l - amps . co . uk ."),
        ("it was bad.it is my lamp", "it was bad.it is my lamp"), ("me@lamps.example", "me@lamps.example"),
        ("lamp.me/spring", "http lamp . me"),
        ("a.b.c.d.e.f.g", "a.b.c.d.e.f.g"), ("http://", "http"),
    ],
)  # fmt: skip
def test_a_link_is_read_as_its_host_however_it_is_written(written: str, read: str) -> None:
    letters = Pieces((*WORDS, *"abcdefghijklmnopqrstuvwxyz.@-", *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz")))
    assert letters.numbers(written, 200) == letters.numbers(read, 200)


def test_a_word_that_no_pieces_make_is_unknown_as_a_whole() -> None:
    assert PIECES.numbers("my zebra", 20) == [2, 8, 1, 3]


@given(st.text(alphabet="lamps my!_z", max_size=80), st.integers(3, 30))
@settings(max_examples=200, deadline=None)
def test_a_text_is_read_up_to_a_number_of_pieces_between_its_two_marks(text: str, most: int) -> None:
    found = PIECES.numbers(text, most)
    assert found[0] == 2
    assert found[-1] == 3
    assert len(found) <= most
    assert {2, 3}.isdisjoint(found[1:-1])


def test_both_models_tell_of_the_same_scores(opened: Encoder) -> None:
    assert tuple(opened.about["heads"]) == heads().names
    assert opened.about["thresholds"].keys() == heads().thresholds.keys()
    assert opened.about["kinds"].keys() == {"type", "persona"}


def test_where_words_can_mean_harm_both_speak_and_elsewhere_the_linear_models_alone() -> None:
    version = heads().version
    assert assess("what time do you open on Sunday?").model_version == version
    assert (assess("those people are animals, they should all be shot").model_version or "").startswith(f"{version}+")


def test_without_the_encoder_the_linear_models_speak_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as without:
        without.setattr("herald.moderate.understand.encoder", lambda: None)
        found = assess("those people are animals, they should all be shot")
    assert found.model_version == heads().version
    assert found.scores.keys() == assess("hello").scores.keys()


def test_an_encoder_that_cannot_be_opened_stops_no_message_and_the_minute_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_self: Encoder, _folder: object) -> None:
        raise OSError("no such graph")

    with monkeypatch.context() as closed:
        closed.setattr(Encoder, "__init__", broken)
        _opened.cache_clear()
        assert assess("those people are animals, they should all be shot").model_version == heads().version
        assert ready() == "OSError: no such graph"
    _opened.cache_clear()
    assert ready() == ""


def test_a_long_text_is_read_in_windows_and_its_worst_one_counts(opened: Encoder) -> None:
    calm = "the lamp came on tuesday and it looks good on the shelf next to the window. " * 4
    assert len(opened.logits(calm)) > 1
    assert len(opened.logits("hello")) == 1
    assert len(opened.logits("word " * 5 * WINDOW)) == 5
    whole = assess(calm + "I hate you, you disgusting idiot, I hope you die.")
    assert (whole.scores["toxic"] or 0) > 0.5 > (assess(calm).scores["toxic"] or 0)


def test_the_same_text_gives_the_same_line_each_time() -> None:
    texts = ["I hate mondays", "you are an idiot", "DM me on telegram to get your money back", "wow 😡", "ｉｄｉｏｔ"]
    lines = [json.dumps([dict(assess(text).scores) for text in texts]) for _ in range(3)]
    assert len(set(lines)) == 1
