"""The labelled suites of tests/data are what their README says, so that a score on them means something."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from local.ports import ROOT

DATA = ROOT / "tests" / "data"
COLUMNS = {
    "brand_messages": ["id", "text", "type", "persona", "legal", "brand_risk", "urgent", "note"],
    "scams": ["id", "text", "scam", "note"],
    "lookalikes": ["id", "text", "hateful", "kind"],
    "personal": ["id", "text", "spans"],
    "self_harm": ["id", "text", "self_harm", "form"],
}
AT_LEAST = {  # of the messages to brands, by type
    "question": 80,
    "complaint": 110,
    "review": 50,
    "praise": 45,
    "user_content": 30,
    "spam": 40,
    "abuse": 40,
    "other": 35,
}
PERSONAS = {"troll", "angry", "misguided", "unhappy", "complimentary", "advocate", ""}
LEGAL = {"none", "defamation", "ip", "litigation", "regulator", "privacy"}
KINDS = {"card", "iban", "email", "phone", "ip", "ssn", "national_id", "address"}

Row = dict[str, str]


@cache
def rows(name: str) -> list[Row]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        assert reader.fieldnames == COLUMNS[name]
        return list(reader)


def spans(row: Row) -> list[tuple[str, str]]:
    """(kind, the words it marks) of each span."""
    return [(span["kind"], row["text"][span["start"] : span["end"]]) for span in json.loads(row["spans"])]


def marked(kind: str) -> list[str]:
    return [words for row in rows("personal") for its_kind, words in spans(row) if its_kind == kind]


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B: every second digit from the right is doubled."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(sum(divmod(number, 10)) for number in doubled) % 10 == 0


def mod_97(account: str) -> int:
    """ISO 13616-1: the first four signs go last, letters count from A = 10."""
    return int("".join(str(int(sign, 36)) for sign in account[4:] + account[:4])) % 97


@pytest.mark.parametrize("name", COLUMNS)
def test_every_row_is_whole_and_every_text_is_there_once(name: str) -> None:
    suite = rows(name)
    assert all(None not in row and None not in row.values() for row in suite)  # too many or too few fields
    assert len({row["id"] for row in suite}) == len(suite)
    assert all(row["text"] == row["text"].strip() != "" for row in suite)
    assert max(len(row["text"].split()) for row in suite) <= 80


def test_no_text_is_in_two_suites_nor_twice_but_for_signs_and_capitals() -> None:
    texts = Counter(" ".join(re.findall(r"\w+", row["text"].casefold())) for name in COLUMNS for row in rows(name))
    del texts[""]  # signs only
    assert [text for text, times in texts.items() if times > 1] == []


def test_messages_to_brands_have_enough_of_every_type() -> None:
    counts = Counter(row["type"] for row in rows("brand_messages"))
    assert set(counts) == set(AT_LEAST)
    assert {kind: count for kind, count in counts.items() if count < AT_LEAST[kind]} == {}


def test_messages_to_brands_carry_only_labels_that_exist_and_each_of_them_often_enough_to_count() -> None:
    suite = rows("brand_messages")
    for column, labels, least in (
        ("persona", PERSONAS, 20),
        ("legal", LEGAL, 15),
        ("brand_risk", {"low", "medium", "high"}, 40),
        ("urgent", {"0", "1"}, 30),
    ):
        counts = Counter(row[column] for row in suite)
        assert set(counts) == labels
        assert min(counts.values()) >= least, counts


def test_legal_matters_are_matched_by_as_many_that_only_look_legal() -> None:
    suite = rows("brand_messages")
    seeming = [row for row in suite if "not legal: " in row["note"]]
    assert sum(row["legal"] != "none" for row in suite) >= 60
    assert len(seeming) >= 60
    assert {row["legal"] for row in seeming} == {"none"}


def test_what_is_urgent_is_never_of_low_risk() -> None:
    assert [row["id"] for row in rows("brand_messages") if row["urgent"] == "1" and row["brand_risk"] == "low"] == []


def test_half_of_the_scams_are_none() -> None:
    assert Counter(row["scam"] for row in rows("scams")) == {"1": 120, "0": 120}
    assert all(row["note"] for row in rows("scams"))


def test_the_lookalikes_are_hate_and_what_resembles_it_each_of_a_named_kind() -> None:
    suite = rows("lookalikes")
    assert Counter(row["hateful"] for row in suite) == {"1": 170, "0": 130}
    kinds = {label: {row["kind"].split(":")[0] for row in suite if row["hateful"] == label} for label in ("0", "1")}
    assert kinds["1"] == {"derogation", "dehumanisation", "threat"}
    assert kinds["0"].isdisjoint(kinds["1"])


def test_who_may_harm_themselves_is_matched_by_as_many_who_only_sound_so_each_of_a_named_form() -> None:
    suite = rows("self_harm")
    assert Counter(row["self_harm"] for row in suite) == {"1": 100, "0": 120}
    forms = {label: Counter(row["form"] for row in suite if row["self_harm"] == label) for label in ("0", "1")}
    assert min((forms["0"] | forms["1"]).values()) >= 5
    assert set(forms["0"]).isdisjoint(forms["1"])


def test_a_third_of_the_personal_rows_holds_only_numbers_that_are_nobodys() -> None:
    suite = rows("personal")
    assert len(suite) == 120
    assert sum(row["spans"] == "[]" for row in suite) == 40


def test_spans_lie_inside_the_text_in_order_and_mark_whole_words() -> None:
    for row in rows("personal"):
        end = 0
        for span in json.loads(row["spans"]):
            assert set(span) == {"kind", "start", "end"}
            assert end <= span["start"] < span["end"] <= len(row["text"])
            end = span["end"]
            words = row["text"][span["start"] : end]
            assert words == words.strip()
            assert not row["text"][end : end + 1].isalnum()
            assert not row["text"][: span["start"]][-1:].isalnum()
    assert {kind for row in rows("personal") for kind, _ in spans(row)} == KINDS


def test_cards_pass_luhn_and_the_other_long_numbers_do_not() -> None:
    cards = [re.sub(r"\D", "", words) for words in marked("card")]
    assert len(cards) >= 10
    assert all(13 <= len(card) <= 19 and luhn(card) for card in cards)
    others = [row["text"] for row in rows("personal") if row["spans"] == "[]"]
    long = [re.sub(r"\D", "", run) for text in others for run in re.findall(r"\d(?:[ -]?\d){12,18}", text)]
    assert long
    assert not any(luhn(number) for number in long)


def test_ibans_leave_one_when_divided_by_97() -> None:
    accounts = [words.replace(" ", "").upper() for words in marked("iban")]
    assert len(accounts) >= 10
    assert {mod_97(account) for account in accounts} == {1}


def test_addresses_of_machines_and_mail_are_those_kept_for_examples() -> None:
    assert all(ip_address(words).is_private for words in marked("ip"))  # documentation ranges count as private
    assert all(words.rstrip(")").endswith("example") for words in marked("email"))


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("phone", r"\+?[\d ()-]{10,20}"),
        ("ssn", r"(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}"),  # the forms the authority gives out
        ("national_id", r"[A-Z\d ]{8,14}"),
        ("address", r".*\d.*"),
    ],
)
def test_what_is_marked_has_the_shape_of_its_kind(kind: str, shape: str) -> None:
    found: Any = marked(kind)
    assert len(found) >= 5
    assert [words for words in found if not re.fullmatch(shape, words)] == []


def test_no_link_or_handle_leads_to_anybody() -> None:
    link = re.compile(r"(?:https?://|www\.)\S+|\b[\w-]+\.(?:com|net|org|io|co|uk|de|au)\b", re.IGNORECASE)
    handle = re.compile(r"(?<![\w.])@([a-z][\w.]*)", re.IGNORECASE)
    for name in COLUMNS:
        for row in rows(name):
            assert not [found for found in link.findall(row["text"]) if ".example" not in found], row
            assert all(found.endswith(".example") for found in handle.findall(row["text"])), row


def test_no_text_of_a_suite_and_no_six_words_of_it_stand_among_the_sentences_that_train() -> None:
    def words(text: str) -> list[str]:
        return re.findall(r"[a-z0-9']+", text.lower())

    def runs(texts: list[str]) -> set[tuple[str, ...]]:
        return {tuple(cut[i : i + 6]) for cut in map(words, texts) for i in range(len(cut) - 5)}

    def texts(folder: Path) -> list[str]:
        return [
            row["text"] for path in sorted(folder.glob("*.csv"))
            for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines(keepends=True))
        ]  # fmt: skip

    judged, trained = texts(DATA), texts(ROOT / "local" / "train" / "sentences")
    assert len(judged) > 1_000 < len(trained)
    assert {text.strip().lower() for text in judged}.isdisjoint(text.strip().lower() for text in trained)
    assert runs(judged).isdisjoint(runs(trained))
