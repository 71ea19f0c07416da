"""Outside words made safe: what is shown can neither be followed nor turn the page around."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.text import one_line, open_address, safe_text, segments
from herald.model import Span

BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
ANY = st.text(st.characters(exclude_categories=()), max_size=300)
SPANS = st.lists(st.builds(Span, st.integers(-5, 320), st.integers(-5, 320), st.just("body"), st.text(max_size=9)))


@given(ANY, st.integers(1, 400))
def test_safe_text_holds_no_control_and_keeps_its_length(text, limit):
    shown = safe_text(text, limit)
    assert len(shown) <= limit
    assert not set(shown) & BIDI
    assert all(unicodedata.category(char) not in ("Cc", "Cs") or char in "\n\t" for char in shown)
    shown.encode("utf-8")  # no lone surrogate can stop a page


@given(ANY)
def test_safe_text_again_changes_nothing(text):
    assert safe_text(safe_text(text, 1000), 1000) == safe_text(text, 1000)


@given(ANY)
def test_one_line_is_one_line(text):
    assert "\n" not in one_line(text)


def test_what_is_cut_says_so():
    assert safe_text("a" * 300, 10) == "aaaaaaaaa…"
    assert safe_text("short", 10) == "short"


def test_a_flood_of_controls_does_not_hide_that_words_were_cut():
    assert safe_text("ab" + "\u202e" * 5_000 + "tail", 10).endswith("…")


@given(ANY, SPANS)
def test_segments_never_raise_and_lose_no_visible_word(text, spans):
    pieces = segments(text, spans)
    whole = "".join(piece["text"] for piece in segments(text))
    joined = "".join(piece["text"] for piece in pieces)
    assert unicodedata.normalize("NFC", joined) == unicodedata.normalize("NFC", whole)
    assert not set(joined) & BIDI


def test_evidence_is_marked_where_it_stands():
    text = "You are all idiots, really"
    pieces = segments(text, [Span(12, 18, "body", "idiots")])
    assert pieces == [
        {"text": "You are all "}, {"text": "idiots", "mark": "idiots"}, {"text": ", really"},
    ]  # fmt: skip


def test_overlapping_evidence_is_shown_once():
    pieces = segments("abcdef", [Span(1, 4), Span(2, 6)])
    assert [piece["text"] for piece in pieces] == ["a", "bcd", "ef"]


def test_evidence_of_another_field_marks_nothing_in_the_words():
    assert segments("abc", [Span(0, 2, "author_name", "ab")]) == [{"text": "abc"}]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see http://evil.example/a.b?c=d.e now", "see hxxp://evil[.]example/a.b?c=d.e now"),
        ("HTTPS://Evil.Example", "HxxPS://Evil[.]Example"),
        ("www.gold.example wins", "www[.]gold[.]example wins"),
        ("short.example/x1", "short[.]example/x1"),
        ("That is it.Really. 3.50 a piece, e.g. this", "That is it.Really. 3.50 a piece, e.g. this"),
    ],
)
def test_no_address_stays_live(text, shown):
    assert segments(text)[0]["text"] == shown


def test_an_address_cut_by_evidence_is_defanged_on_both_sides():
    text = "go to http://evil.example/x"
    pieces = segments(text, [Span(13, 17, "body", "evil")])
    assert "".join(piece["text"] for piece in pieces) == "go to hxxp://evil[.]example/x"


@pytest.mark.parametrize("url", ["https://www.facebook.com/1/posts/2?c=3", "http://127.0.0.1:8410/wall#c1"])
def test_an_ordinary_address_may_be_opened(url):
    assert open_address(url) == url


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://good.example@evil.example/", "http://",
     "https://a.example/ b", "https://a.example/\u202e", "ftp://a.example", "", "http://[", "https://a.example/\n"],
)  # fmt: skip
def test_no_other_address_may(url):
    assert open_address(url) == ""
