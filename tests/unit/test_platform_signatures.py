"""How platforms sign: the table, and what is refused."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald import platforms
from herald.errors import BadSignature, Unknown
from herald.platforms.wire.signatures import SCHEMES, Encoding, check

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
T = int(NOW.timestamp())
BODY = b'{"caf\\u00e9":"https:\\/\\/x.example"}'
VECTORS = Path(__file__).resolve().parents[3] / "shared" / "signatures.json"
NOT_OURS = {
    "challenge", "crc", "websub-verify",  # handshakes, not signatures
    "oauth-query-hmac",  # signs a query, not a body
    "webhook-legacy-sha1",  # new code accepts SHA-256 only
}  # fmt: skip


def mac(signed: bytes, key: str = "s", name: str = "sha256") -> str:
    return hmac.new(key.encode(), signed, getattr(hashlib, name)).hexdigest()


def base64_mac(signed: bytes) -> str:
    return b64encode(hmac.new(b"s", signed, hashlib.sha256).digest()).decode()


SIGNED: dict[str, dict[str, str]] = {
    "facebook_page": {"X-Hub-Signature-256": f"sha256={mac(BODY)}"},
    "instagram": {"X-Hub-Signature-256": f"sha256={mac(BODY)}"},
    "webhook": {"X-Herald-Signature": f"t={T},v1={mac(b'%d.' % T + BODY)}"},
    "stripe": {"Stripe-Signature": f"t={T},v1={mac(b'%d.' % T + BODY)},v0=old"},
    "x": {"x-twitter-webhooks-signature": f"sha256={base64_mac(BODY)}"},
    "linkedin": {"X-LI-Signature": mac(b"hmacsha256=" + BODY)},
    "tiktok": {"Tiktok-Signature": f"t={T},s={mac(b'%d.' % T + BODY)}"},
    "slack": {"X-Slack-Request-Timestamp": f"{T}", "X-Slack-Signature": f"v0={mac(b'v0:%d:' % T + BODY)}"},
    "shopify": {"X-Shopify-Hmac-Sha256": base64_mac(BODY)},
    "telegram": {"X-Telegram-Bot-Api-Secret-Token": "s"},
    "youtube": {"X-Hub-Signature": f"sha1={mac(BODY, name='sha1')}"},
}  # fmt: skip


def verify(name: str, headers: dict[str, str], body: bytes = BODY, now: datetime = NOW, *secrets: str) -> None:
    check(SCHEMES[name], body, headers, secrets or ("s",), now)


@pytest.fixture(params=sorted(SCHEMES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_scheme_accepts_what_its_platform_signs(name: str) -> None:
    verify(name, SIGNED[name])


def test_the_name_of_a_header_is_found_in_any_case_but_not_twice(name: str) -> None:
    verify(name, {key.upper(): value for key, value in SIGNED[name].items()})
    twice = {key.upper(): value for key, value in SIGNED[name].items()} | {
        key.lower(): value for key, value in SIGNED[name].items()
    }
    with pytest.raises(BadSignature, match="twice"):
        verify(name, twice)


def test_two_values_of_one_header_joined_by_a_comma_are_refused(name: str) -> None:
    joined = {key: f"{value},{value}" for key, value in SIGNED[name].items()}
    with pytest.raises(BadSignature):
        verify(name, joined)


def test_a_signature_by_another_secret_is_refused(name: str) -> None:
    with pytest.raises(BadSignature):
        verify(name, SIGNED[name], BODY, NOW, "other")
    verify(name, SIGNED[name], BODY, NOW, "other", "s")


def test_an_empty_secret_authenticates_nobody(name: str) -> None:
    empty = {key: value.replace(mac(BODY), mac(BODY, "")) for key, value in SIGNED[name].items()}
    with pytest.raises(BadSignature, match="no secret"):
        check(SCHEMES[name], BODY, empty, [""], NOW)


def test_a_changed_body_is_refused_wherever_the_body_is_signed(name: str) -> None:
    if SCHEMES[name].encoding is Encoding.PLAIN:
        verify(name, SIGNED[name], BODY + b" ")  # this platform signs nothing: the header is the secret
    else:
        with pytest.raises(BadSignature):
            verify(name, SIGNED[name], BODY + b" ")


def test_a_stamp_may_be_300_seconds_old_and_no_older(name: str) -> None:
    if SCHEMES[name].stamp is None:
        verify(name, SIGNED[name], BODY, NOW + timedelta(days=400))
        return
    verify(name, SIGNED[name], BODY, NOW + timedelta(seconds=300))
    with pytest.raises(BadSignature, match="ago"):
        verify(name, SIGNED[name], BODY, NOW + timedelta(seconds=301))


def test_a_stamp_ahead_of_our_clock_is_refused_except_where_the_vendor_accepts_it(name: str) -> None:
    stamp = SCHEMES[name].stamp
    if stamp is None or stamp.ahead is None:
        verify(name, SIGNED[name], BODY, NOW - timedelta(hours=5))
        return
    verify(name, SIGNED[name], BODY, NOW - timedelta(seconds=300))
    with pytest.raises(BadSignature, match="future"):
        verify(name, SIGNED[name], BODY, NOW - timedelta(seconds=301))


@pytest.mark.parametrize("name", sorted(name for name, scheme in SCHEMES.items() if scheme.stamp))
def test_the_stamp_is_inside_the_mac(name: str) -> None:
    with pytest.raises(BadSignature):
        verify(name, {key: value.replace(str(T), str(T + 1)) for key, value in SIGNED[name].items()})


@pytest.mark.parametrize("stamp", ["", "x", "-1", "1e9", "٣", f"{T}.0", f" {T} {T}", "9" * 40, f"0x{T:x}"])
def test_a_stamp_that_is_no_plain_number_is_refused(stamp: str) -> None:
    by_stripe, by_slack = mac(f"{stamp}.".encode() + BODY), mac(f"v0:{stamp}:".encode() + BODY)
    for name, header in (
        ("stripe", {"stripe-signature": f"t={stamp},v1={by_stripe}"}),
        ("slack", {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={by_slack}"}),
    ):
        with pytest.raises(BadSignature):
            verify(name, header)


def test_several_signatures_in_a_list_may_come_from_a_rotation() -> None:
    good = mac(b"%d." % T + BODY)
    verify("stripe", {"stripe-signature": f"t={T},v1=bad,v1={good},v0={good}"})
    verify("stripe", {"stripe-signature": f"v1={good}, t={T}"})
    with pytest.raises(BadSignature, match="carries no v1"):
        verify("stripe", {"stripe-signature": f"t={T},v0={good}"})
    with pytest.raises(BadSignature, match="single time stamp"):
        verify("stripe", {"stripe-signature": f"t={T},t={T},v1={good}"})


def test_the_prefix_and_the_encoding_are_part_of_a_signature() -> None:
    for name, value in (
        ("facebook_page", mac(BODY)),  # no prefix
        ("facebook_page", f"sha256={mac(BODY).upper()}"),
        ("facebook_page", f"sha1={mac(BODY, name='sha1')}"),
        ("facebook_page", f"sha256={base64_mac(BODY)}"),
        ("x", f"sha256={mac(BODY)}"),
        ("shopify", mac(BODY)),
        ("linkedin", mac(BODY)),
        ("youtube", f"md5={mac(BODY, name='md5')}"),
        ("youtube", mac(BODY, name="sha1")),
    ):
        (header,) = SCHEMES[name].headers
        with pytest.raises(BadSignature):
            verify(name, {header: value})


def test_what_sub_hubs_and_older_integrations_may_also_send_is_accepted() -> None:
    verify("linkedin", {"x-li-signature": "hmacsha256=" + mac(b"hmacsha256=" + BODY)})
    for algorithm in ("sha256", "sha384", "sha512"):
        verify("youtube", {"x-hub-signature": f"{algorithm}={mac(BODY, name=algorithm)}"})


def test_stripe_is_an_alias_with_its_own_header_and_a_name_without_scheme_is_unknown() -> None:
    platforms.verify("meta", BODY, SIGNED["facebook_page"], ["s"], NOW)
    platforms.verify("stripe", BODY, SIGNED["stripe"], ["s"], NOW)
    with pytest.raises(BadSignature):
        platforms.verify("stripe", BODY, SIGNED["webhook"], ["s"], NOW)
    with pytest.raises(Unknown, match="discord"):
        platforms.verify("discord", BODY, {}, ["s"], NOW)


def test_the_webhook_source_takes_either_header_and_its_own_decides_when_both_are_sent() -> None:
    source = platforms.source("webhook")
    source.verify(BODY, SIGNED["webhook"], ["s"], NOW)
    source.verify(BODY, SIGNED["stripe"], ["s"], NOW)
    broken = {"x-herald-signature": "t=1,v1=x", **SIGNED["stripe"]}
    with pytest.raises(BadSignature):
        source.verify(BODY, broken, ["s"], NOW)


_headers = st.dictionaries(
    st.sampled_from(sorted({h for scheme in SCHEMES.values() for h in scheme.headers} | {"x-slack-request-timestamp"})),
    st.one_of(
        st.text(max_size=60),
        st.text(alphabet="tvs01=,.- \ud800é", max_size=60),
        st.builds("t={},v1={},s={}".format, st.integers(), st.text(max_size=9), st.text(max_size=9)),
        st.builds("sha256={}".format, st.text(max_size=70)),
    ),
)


@given(st.sampled_from(sorted(SCHEMES)), st.binary(max_size=80), _headers, st.lists(st.text(max_size=9), max_size=3))
def test_whatever_is_sent_the_answer_is_bad_signature_and_nothing_else(
    name: str, body: bytes, headers: dict[str, str], secrets: list[str]
) -> None:
    for header, value in headers.items():  # a plain shared secret could be guessed by chance
        if SCHEMES[name].encoding is Encoding.PLAIN and header in SCHEMES[name].headers and value.strip() in secrets:
            return
    with pytest.raises(BadSignature):
        check(SCHEMES[name], body, headers, secrets, NOW)


@given(st.binary(max_size=200), st.text(min_size=1, max_size=40), st.integers(0, 1599))
def test_one_flipped_bit_of_body_or_secret_is_refused(body: bytes, secret: str, bit: int) -> None:
    key = secret.encode("utf-8", "surrogatepass")
    headers = {"x-hub-signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()}
    scheme = SCHEMES["facebook_page"]
    check(scheme, body, headers, [secret], NOW)
    if body:
        flipped = bytearray(body)
        flipped[bit // 8 % len(body)] ^= 1 << bit % 8
        with pytest.raises(BadSignature):
            check(scheme, bytes(flipped), headers, [secret], NOW)
    with pytest.raises(BadSignature):
        check(scheme, body, headers, [secret + "x"], NOW)


def _vectors() -> list[Any]:
    if not VECTORS.is_file():
        return [pytest.param(None, marks=pytest.mark.skip(reason="../shared/signatures.json is not there"))]
    known = {*SCHEMES, *platforms.ALIASES}
    return [
        pytest.param(vector, id=f"{vector['platform']}-{number}")
        for number, vector in enumerate(json.loads(VECTORS.read_text(encoding="utf-8"))["vectors"])
        if vector["platform"] in known and vector["kind"] not in NOT_OURS
    ]


@pytest.mark.parametrize("vector", _vectors())
def test_a_known_answer_is_ours_too_and_a_flipped_bit_is_not(vector: dict[str, Any]) -> None:
    now = datetime.fromtimestamp(vector["now"], tz=UTC) if "now" in vector else NOW
    body = vector["body"].encode()

    def authentic(some: bytes) -> bool:
        try:
            platforms.verify(vector["platform"], some, vector["headers"], [vector["secret"]], now)
        except BadSignature:
            return False
        return True

    assert authentic(body) is vector["valid"], vector["note"]
    if vector["kind"] != "secret-token":  # plain equality covers no body
        assert not authentic(bytes([body[0] ^ 1]) + body[1:])


@pytest.mark.parametrize("valid", [True, False])
def test_the_known_handshakes_are_answered_as_documented(valid: bool) -> None:
    if not VECTORS.is_file():
        pytest.skip("../shared/signatures.json is not there")
    found = [
        vector
        for vector in json.loads(VECTORS.read_text(encoding="utf-8"))["vectors"]
        if vector["platform"] == "meta" and vector["kind"] == "challenge" and vector["valid"] is valid
    ]
    assert found
    for vector in found:
        query = dict(pair.split("=") for pair in vector["query"].split("&"))
        token = vector["secret"]
        if valid:
            answer = platforms.source("meta").challenge(query, token, [])
            assert answer == vector["expected_response"]["body"]
        else:
            with pytest.raises(BadSignature):
                platforms.source("meta").challenge(query, token, [])
