"""What every platform in the list must do. A new one is found by itself; it only needs a row in SAMPLES."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from herald import platforms
from herald.errors import BadPayload, BadSignature, Unsupported
from herald.model import Account, Act, Delivery, DeliveryState, Event
from herald.platforms import sheet
from herald.platforms.wire.signatures import SCHEMES
from herald.ports import Outlet, Source

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SECRET = "contract-secret"
DOC = Path(__file__).resolve().parents[2] / "docs" / "platforms.md"


def _hmac(signed: bytes) -> str:
    return hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Sample:
    """A real body of one message, how that platform signs it (None: it is only ever polled), and what it says."""

    body: bytes
    sign: Callable[[bytes], dict[str, str]] | None
    account_id: str
    external_id: str
    text: str


SAMPLES = {
    "bluesky": Sample(
        json.dumps({"notifications": [{
            "uri": "at://did:plc:kim/app.bsky.feed.post/3kaaaaaaaaa2a", "cid": "bafyreia", "reason": "reply",
            "reasonSubject": "at://did:plc:shop/app.bsky.feed.post/3kbbbbbbbbb2b", "isRead": False,
            "author": {"did": "did:plc:kim", "handle": "kim.example"}, "indexedAt": "2026-11-02T08:59:01.000Z",
            "record": {"$type": "app.bsky.feed.post", "text": "Do the mugs go in the oven?",
                       "createdAt": "2026-11-02T08:59:00.000Z"}}]}).encode(),
        None,
        "did:plc:shop", "at://did:plc:kim/app.bsky.feed.post/3kaaaaaaaaa2a", "Do the mugs go in the oven?",
    ),
    "mastodon": Sample(
        json.dumps([{
            "id": "31", "type": "mention", "created_at": "2026-11-02T08:59:01.000Z",
            "account": {"id": "8", "acct": "kim"},
            "status": {"id": "900", "created_at": "2026-11-02T08:59:00.000Z", "content": "<p>@shop Open on Sunday?</p>",
                       "visibility": "public", "account": {"id": "8", "acct": "kim"},
                       "mentions": [{"id": "7", "acct": "shop"}]}}]).encode(),
        None,
        "7", "900", "@shop Open on Sunday?",
    ),
    "facebook_page": Sample(
        json.dumps({
            "object": "page",
            "entry": [{"id": "500100", "time": 1793610000, "changes": [{"field": "feed", "value": {
                "item": "comment", "verb": "add", "comment_id": "70_71", "post_id": "500100_70",
                "parent_id": "500100_70", "from": {"id": "8800", "name": "Kim Example"},
                "created_time": 1793609990, "message": "Are the linen sheets back?"}}]}],
        }).encode(),
        lambda body: {"x-hub-signature-256": f"sha256={_hmac(body)}"},
        "500100", "70_71", "Are the linen sheets back?",
    ),
    "google_business": Sample(
        json.dumps({"reviews": [{
            "name": "accounts/11/locations/22/reviews/AbFv", "reviewId": "AbFv", "starRating": "TWO",
            "reviewer": {"displayName": "Kim Example", "isAnonymous": False}, "comment": "The tap drips.",
            "createTime": "2026-11-02T08:59:00Z", "updateTime": "2026-11-02T08:59:00Z"}],
            "averageRating": 4.2, "totalReviewCount": 9}).encode(),
        None,
        "accounts/11/locations/22", "accounts/11/locations/22/reviews/AbFv", "The tap drips.",
    ),
    "instagram": Sample(
        json.dumps({
            "object": "instagram",
            "entry": [{"id": "178410", "time": 1793610000, "changes": [{"field": "comments", "value": {
                "id": "17870", "from": {"id": "8800", "username": "kim.example"}, "text": "Is it in stock?",
                "media": {"id": "17990", "media_product_type": "FEED"}}}]}],
        }).encode(),
        lambda body: {"x-hub-signature-256": f"sha256={_hmac(body)}"},
        "178410", "17870", "Is it in stock?",
    ),
    "shopify": Sample(
        json.dumps({"inventory_item_id": 808950810, "location_id": 905684977, "available": 6,
                    "updated_at": "2026-11-02T19:59:00+11:00"}).encode(),
        lambda body: {"x-shopify-hmac-sha256": b64encode(bytes.fromhex(_hmac(body))).decode()},
        "", "808950810:905684977", "",  # which shop it is, its connection says
    ),
    "webhook": Sample(
        json.dumps({"account_id": "shop-1", "events": [{
            "id": "m-1", "kind": "comment", "text": "Is the kettle in stock?", "author_id": "u-1",
            "created_at": "2026-11-02T08:59:00Z"}]}).encode(),
        lambda body: {"x-herald-signature": f"t={NOW.timestamp():.0f},v1=" + _hmac(b"%d." % NOW.timestamp() + body)},
        "shop-1", "shop-1:m-1", "Is the kettle in stock?",
    ),
}  # fmt: skip


def a_delivery(act: Act, platform: str) -> Delivery:
    return Delivery(
        id="d1", act=act, platform=platform, account_id="1", brand="b", message_id=f"{platform}:1", target="1",
        text="Yes.", state=DeliveryState.SENDING, ordered_by="kim", ordered_at=NOW, due_at=NOW,
    )  # fmt: skip


def receives_its_own_messages(source: Source, name: str) -> None:
    """The heart of the contract; also used to show that a swapped adapter breaks it."""
    sample = SAMPLES[name]
    if sample.sign:
        source.verify(sample.body, sample.sign(sample.body), [SECRET], NOW)
    (event,) = source.parse(sample.body)
    assert (event.platform, event.account_id, event.external_id) == (name, sample.account_id, sample.external_id)
    assert event.text == sample.text
    assert source.name == name


@pytest.fixture(params=sorted(platforms.sources()))
def name(request: pytest.FixtureRequest) -> str:
    assert request.param in SAMPLES, f"add a sample of {request.param} to SAMPLES"
    return request.param


@dataclass(frozen=True)
class Signed:
    """The sample of a platform that signs what it sends, with the headers that sign it."""

    name: str
    source: Source
    body: bytes
    headers: dict[str, str]


@pytest.fixture(params=sorted(name for name, sample in SAMPLES.items() if sample.sign))
def signed(request: pytest.FixtureRequest) -> Signed:
    sample = SAMPLES[request.param]
    assert sample.sign
    return Signed(request.param, platforms.source(request.param), sample.body, sample.sign(sample.body))


@pytest.fixture
def source(name: str) -> Source:
    return platforms.sources()[name]


@pytest.fixture
def outlet(name: str) -> Outlet:
    return platforms.outlets()[name]


def test_it_authenticates_and_reads_what_its_platform_sends(name: str, source: Source) -> None:
    receives_its_own_messages(source, name)


def test_two_adapters_swapped_break_the_contract() -> None:
    made = platforms.sources()
    first, second = sorted(made)[:2]
    for wrong, right in ((first, second), (second, first)):
        with pytest.raises((AssertionError, BadSignature, BadPayload)):
            receives_its_own_messages(made[wrong], right)


def test_any_of_several_secrets_may_have_signed(signed: Signed) -> None:
    signed.source.verify(signed.body, signed.headers, ["the-new-one", SECRET], NOW)


@pytest.mark.parametrize("secrets", [[], [""], ["another"], ["another", ""]])
def test_without_the_right_secret_nothing_is_authentic(signed: Signed, secrets: list[str]) -> None:
    with pytest.raises(BadSignature):
        signed.source.verify(signed.body, signed.headers, secrets, NOW)


def test_a_missing_header_is_refused(name: str, source: Source) -> None:
    with pytest.raises(BadSignature):
        source.verify(SAMPLES[name].body, {}, [SECRET], NOW)


def test_one_changed_bit_of_the_body_is_refused(signed: Signed) -> None:
    for place in range(len(signed.body)):
        changed = bytearray(signed.body)
        changed[place] ^= 1
        with pytest.raises(BadSignature):
            signed.source.verify(bytes(changed), signed.headers, [SECRET], NOW)


def test_a_signed_stamp_outside_the_tolerance_is_refused(signed: Signed) -> None:
    if SCHEMES[signed.name].stamp is None:
        signed.source.verify(signed.body, signed.headers, [SECRET], NOW + timedelta(days=1))
    else:
        with pytest.raises(BadSignature):
            signed.source.verify(signed.body, signed.headers, [SECRET], NOW + timedelta(seconds=301))


@pytest.mark.parametrize("polled", sorted(name for name, sample in SAMPLES.items() if not sample.sign))
def test_what_claims_to_come_from_a_platform_that_is_only_polled_is_refused_in_words(polled: str) -> None:
    assert polled in platforms.pollers()
    with pytest.raises(BadSignature, match=f"{polled} sends no webhooks"):
        platforms.source(polled).verify(SAMPLES[polled].body, {"x-hub-signature-256": "sha256=0"}, [SECRET], NOW)


@pytest.mark.parametrize("query", [{}, {"hub.mode": "subscribe"}, {"hub.verify_token": "", "hub.challenge": "1"}])
def test_a_handshake_that_does_not_know_our_token_is_refused(source: Source, query: dict[str, str]) -> None:
    for token in ("ours", ""):
        with pytest.raises(BadSignature):
            source.challenge(query, token, [SECRET])


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"7", b'"x"', b"{", b"\xff\xfe", b"[" * 200_000, b'{"a":NaN}'])
def test_what_is_no_body_of_the_platform_is_bad_payload(name: str, source: Source, body: bytes) -> None:
    if name == "mastodon" and body == b"[]":  # its lists have no envelope, so this is one with nothing in it
        assert source.parse(body) == []
        return
    with pytest.raises(BadPayload, match=name):
        source.parse(body)


def test_its_events_keep_to_the_shared_vocabulary(source: Source, name: str) -> None:
    for event in source.parse(SAMPLES[name].body):
        assert_well_formed(event, name)


def assert_well_formed(event: Event, name: str) -> None:
    assert event.platform == name
    assert event.external_id
    assert event.created_at.utcoffset() == timedelta(0)
    assert event.received_at is None, "ingest stamps it, not the platform"
    json.dumps(dict(event.more), allow_nan=False).encode()
    event.text.encode()


def test_an_act_it_does_not_declare_is_unsupported(outlet: Outlet, name: str) -> None:
    account = Account(name, "1", "Shop", "b", api_base="http://127.0.0.1:1")
    for act in set(Act) - outlet.capabilities.acts:
        with pytest.raises(Unsupported, match=name):
            outlet.act(a_delivery(act, name), account, "token")
        with pytest.raises(Unsupported, match=name):
            outlet.find(a_delivery(act, name), account, "token")


def test_its_capabilities_are_consistent_and_say_where_they_were_read(outlet: Outlet) -> None:
    can = outlet.capabilities
    assert (Act.REPLY in can.acts) == (can.reply_limit is not None)
    assert can.settle_seconds >= 0
    assert can.sources
    for said in can.sources.values():
        assert "20" in said, "a source carries its date"


def test_every_platform_that_sends_can_be_asked_what_it_can_do() -> None:
    assert set(platforms.sources()) == set(platforms.outlets())
    assert set(platforms.ALIASES.values()) <= set(platforms.sources())


@pytest.mark.parametrize("table", [sheet.capability_table, sheet.signature_table])
def test_the_docs_say_what_the_code_says(table: Callable[[], str]) -> None:
    missing = "run `python -m herald.platforms.sheet` and put its tables into docs/platforms.md"
    assert table() in DOC.read_text(encoding="utf-8"), missing
