"""A link's token: one spelling, one purpose, one end; whoever changes a bit of it holds nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import string
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import BadSignature
from herald.govern import links
from herald.govern.links import LIMIT, Link, Purpose
from tests.support.world import NOON

KEY, OLDER = "k" * 40, "o" * 32
LINK = Link(Purpose.APPROVE, "post-0001", "3.0123456789abcdef.aabbcc", "mia", NOON + timedelta(hours=1), "nonce-0001")
TOKEN = links.sign(LINK, [KEY])

a_link = st.builds(
    Link,
    purpose=st.sampled_from(Purpose),
    subject=st.text(string.ascii_letters + string.digits + ":/_-~.é", min_size=1, max_size=100),
    seen=st.from_regex(r"[A-Za-z0-9.-]{1,60}", fullmatch=True),
    person=st.from_regex(r"[A-Za-z0-9_.-]{0,30}", fullmatch=True),
    expires=st.integers(1, 10**6).map(lambda seconds: NOON + timedelta(seconds=seconds)),
    nonce=st.from_regex(r"[A-Za-z0-9-]{8,30}", fullmatch=True),
)


def read(token: str, *keys: str, later: timedelta = timedelta(0)) -> Link:
    return links.read(token, keys or (KEY,), NOON + later)


@given(a_link)
def test_what_was_signed_is_read_as_it_was(link: Link) -> None:
    try:
        token = links.sign(link, [KEY])
    except ValueError:
        assert not link.subject.isascii()  # only what takes many characters as JSON can be too long
        return
    assert len(token) <= LIMIT
    assert set(token) <= set(string.ascii_letters + string.digits + "-_.")
    assert read(token) == link


@given(st.integers(0, len(TOKEN) * 8 - 1))
def test_a_flipped_bit_is_refused(bit: int) -> None:
    raw = bytearray(TOKEN.encode())
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadSignature):
        read(raw.decode("latin-1"))


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from(string.ascii_letters + string.digits + "-_.= \n"))
def test_another_character_an_added_and_a_missing_one_are_refused(at: int, character: str) -> None:
    for other in (TOKEN[:at] + character + TOKEN[at + 1 :], TOKEN[:at] + character + TOKEN[at:], TOKEN[:at]):
        if other != TOKEN:
            with pytest.raises(BadSignature):
                read(other)


def test_base64_has_spare_bits_and_a_token_has_none() -> None:
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    last = alphabet.index(TOKEN[-1])
    twins = [TOKEN[:-1] + alphabet[last ^ spare] for spare in (1, 2, 3)]
    assert len({base64.urlsafe_b64decode(t.rpartition(".")[2] + "=") for t in (*twins, TOKEN)}) == 1
    for twin in twins:
        with pytest.raises(BadSignature):
            read(twin)


@given(st.text(max_size=600) | st.binary(max_size=300).map(lambda b: b.decode("latin-1")))
def test_whatever_else_comes_is_refused_in_the_same_words(text: str) -> None:
    with pytest.raises(BadSignature, match=r"^not a link of ours$"):
        read(text)


def test_it_is_over_at_its_end_and_says_so_to_nobody() -> None:
    assert read(TOKEN, later=timedelta(minutes=59, seconds=59)) == LINK
    for late in (timedelta(hours=1), timedelta(days=900)):
        with pytest.raises(BadSignature, match=r"^not a link of ours$"):
            read(TOKEN, later=late)


def test_keys_are_rotated_the_newest_signs_and_any_opens() -> None:
    before = links.sign(LINK, [OLDER])
    assert read(before, KEY, OLDER) == LINK
    assert links.sign(LINK, [KEY, OLDER]) == TOKEN
    with pytest.raises(BadSignature):
        read(before, KEY)


@pytest.mark.parametrize("keys", [[], [""], ["short"], KEY, [KEY, "short"]])
def test_keys_too_short_to_sign_with_open_nothing(keys: object) -> None:
    with pytest.raises(ValueError, match="32 characters"):
        links.sign(LINK, keys)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="32 characters"):
        links.read(TOKEN, keys, NOON)  # type: ignore[arg-type]


def test_a_signature_over_the_same_payload_for_another_use_is_no_link() -> None:
    payload = TOKEN.split(".")[1]
    for signed in (payload, f"1.{payload}"):
        mac = hmac.new(KEY.encode(), signed.encode(), hashlib.sha256).digest()
        with pytest.raises(BadSignature):
            read(f"1.{payload}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")


@pytest.mark.parametrize(
    "payload",
    [
        [], {}, None, ["approve"], ["delete", "p", "1", "mia", 2000000000, "nonce-0001"],
        ["approve", "", "1", "mia", 2000000000, "nonce-0001"], ["approve", "p", "1", "mia", "2000000000", "nonce-0001"],
        ["approve", "p", "1", "mia", True, "nonce-0001"], ["approve", "p", "1", "mia", 2e9, "nonce-0001"],
        ["approve", "p", "1", "mia", 10**30, "nonce-0001"], ["approve", "p", "1", "mia", 2000000000, "n"],
        ["approve", "p", "1", 5, 2000000000, "nonce-0001"], ["approve", "p", "1", "mia", 2000000000, "nonce-0001", 1],
    ],
)  # fmt: skip
def test_a_payload_of_another_shape_is_refused_though_it_is_signed(payload: object) -> None:
    text = links._base64(json.dumps(payload).encode())
    with pytest.raises(BadSignature):
        read(f"1.{text}.{links._mac(text, KEY)}")


@pytest.mark.parametrize(
    "wrong",
    [{"person": "mia@example.com"}, {"person": "Mia Marsh"}, {"nonce": "x"}, {"seen": "what it said"}, {"subject": ""},
     {"subject": "a\nb"}, {"subject": "x" * 301}],
)  # fmt: skip
def test_no_token_is_made_that_holds_a_name_an_address_or_words(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="link"):
        links.sign(replace(LINK, **wrong), [KEY])  # type: ignore[arg-type]


def test_an_id_that_makes_a_token_too_long_makes_none() -> None:
    with pytest.raises(ValueError, match=str(LIMIT)):
        links.sign(replace(LINK, subject="x" * 300, seen="s" * 80, person="p" * 64), [KEY])


def test_every_purpose_has_an_end() -> None:
    assert set(links.LONGEST_HOURS) == set(Purpose)
