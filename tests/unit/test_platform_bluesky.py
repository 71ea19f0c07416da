"""Bluesky: what its bodies say, what leaves, what each answer and each silence asks us to do next."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from herald.errors import BadPayload, BadSignature, NeedsLogin, OutcomeUnknown, Rejected, Retryable
from herald.model import Account, Act, Change, Delivery, DeliveryState, Event, Kind, Media, Metric
from herald.platforms.bluesky import POST, Bluesky
from herald.platforms.wire import richtext
from herald.platforms.wire.atproto import Session, Sessions, tid, uri
from herald.platforms.wire.http import Answer, Http
from tests.servers.scripted import Asked, Drops, Impatient, Reply, Says, Scripted, scripted

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
US, KIM = "did:plc:quince", "did:plc:kim"
OUR_POST = f"at://{US}/{POST}/3kaaaaaaaaa2a"
THEIRS = f"at://{KIM}/{POST}/3kbbbbbbbbb2b"
TOKEN = "quince.example:abcd-efgh-ijkl-mnop"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "payloads" / "bluesky"


def a_record(text: str = "Is it oven-proof?", **changed: Any) -> dict[str, Any]:
    return {"$type": POST, "text": text, "createdAt": "2026-11-02T08:59:00.000Z"} | changed


def a_reply_to(parent: str = OUR_POST, root: str = OUR_POST) -> dict[str, Any]:
    return {"reply": {"root": {"uri": root, "cid": "bafyroot"}, "parent": {"uri": parent, "cid": "bafyparent"}}}


def a_notification(reason: str, record: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    return {
        "uri": THEIRS, "cid": "bafyreia", "author": {"did": KIM, "handle": "kim.example", "displayName": "Kim"},
        "reason": reason, "record": record or a_record(), "isRead": False, "indexedAt": "2026-11-02T08:59:01.500Z",
    } | changed  # fmt: skip


def about(subject: str, kind: str) -> dict[str, Any]:
    return {"$type": kind, "subject": {"uri": subject, "cid": "bafy"}, "createdAt": "2026-11-02T08:59:00.000Z"}


def parsed(body: object) -> list[Event]:
    return Bluesky().parse(json.dumps(body).encode())


# -------------------------------------------------------------------- reading


def test_since_when_the_writer_has_an_account_and_that_a_video_hangs_on_a_post_are_kept() -> None:
    author = {"did": KIM, "handle": "kim.example", "createdAt": "2026-11-01T00:00:00Z"}
    video = {"$type": "app.bsky.embed.video", "video": {"$type": "blob"}}
    (told,) = parsed({"notifications": [a_notification("mention", a_record(embed=video), author=author)]})
    assert (told.more["author_since"], told.more["video"]) == ("2026-11-01T00:00:00+00:00", True)


@pytest.mark.parametrize(("notification", "kind", "parent", "account", "text"), [
    (a_notification("reply", a_record(**a_reply_to()), reasonSubject=OUR_POST),
     Kind.COMMENT, OUR_POST, US, "Is it oven-proof?"),
    (a_notification("mention"), Kind.MENTION, None, "", "Is it oven-proof?"),
    (a_notification("mention", a_record(**a_reply_to(THEIRS))), Kind.MENTION, THEIRS, "", "Is it oven-proof?"),
    (a_notification("quote", a_record(embed={"$type": "app.bsky.embed.record", "record": {"uri": OUR_POST}}),
                    reasonSubject=OUR_POST), Kind.MENTION, OUR_POST, US, "Is it oven-proof?"),
    (a_notification("like", about(OUR_POST, "app.bsky.feed.like"), reasonSubject=OUR_POST),
     Kind.REACTION, OUR_POST, US, "like"),
    (a_notification("repost", about(OUR_POST, "app.bsky.feed.repost"), reasonSubject=OUR_POST),
     Kind.SHARE, OUR_POST, US, ""),
    (a_notification("follow", {"$type": "app.bsky.graph.follow", "subject": US, "createdAt": "2026-11-02T08:59:00Z"}),
     Kind.FOLLOW, None, US, ""),
    (a_notification("subscribed-post"), Kind.POST, None, "", "Is it oven-proof?"),
    (a_notification("verified", {"createdAt": "2026-11-02T08:59:00Z"}), Kind.ACCOUNT, None, "", ""),
])  # fmt: skip
def test_each_notification_has_its_place_in_the_vocabulary(
    notification: dict[str, Any], kind: Kind, parent: str | None, account: str, text: str
) -> None:
    (event,) = parsed({"notifications": [notification], "cursor": "x"})
    assert (event.kind, event.parent_id, event.account_id, event.text) == (kind, parent, account, text)
    assert (event.external_id, event.author_id, event.author_name) == (THEIRS, KIM, "Kim")
    assert (event.change, event.created_at) == (Change.CREATED, datetime(2026, 11, 2, 8, 59, tzinfo=UTC))


def test_a_reason_nobody_knows_is_kept_whole_and_harms_no_neighbour() -> None:
    odd, broken, fine = parsed({"notifications": [
        a_notification("hologram"), {"reason": "reply"}, a_notification("mention")]})  # fmt: skip
    assert (odd.kind, broken.kind, fine.kind) == (Kind.UNKNOWN, Kind.UNKNOWN, Kind.MENTION)
    assert "hologram" in odd.more["raw"]
    assert broken.more["unreadable"]


@pytest.mark.parametrize(("written", "at"), [
    ("2026-11-02T08:59:00.000Z", datetime(2026, 11, 2, 8, 59, tzinfo=UTC)),
    ("2026-11-02T08:59:00", datetime(2026, 11, 2, 8, 59, tzinfo=UTC)),
    ("2026-11-02T19:59:00+11:00", datetime(2026, 11, 2, 8, 59, tzinfo=UTC)),
    ("2099-01-01T00:00:00Z", datetime(2026, 11, 2, 8, 59, 1, 500_000, tzinfo=UTC)),
    ("yesterday", datetime(2026, 11, 2, 8, 59, 1, 500_000, tzinfo=UTC)),
    (None, datetime(2026, 11, 2, 8, 59, 1, 500_000, tzinfo=UTC)),
    (7, datetime(1970, 1, 1, 0, 0, 7, tzinfo=UTC)),
])  # fmt: skip
def test_the_authors_clock_is_believed_up_to_when_the_server_saw_it(written: object, at: datetime) -> None:
    (event,) = parsed({"notifications": [a_notification("mention", a_record(createdAt=written))]})
    assert event.created_at == at


def test_posts_records_feeds_and_threads_are_read_too() -> None:
    post = {"uri": THEIRS, "cid": "c", "author": {"did": KIM, "handle": "kim.example"}, "record": a_record(),
            "indexedAt": "2026-11-02T08:59:01Z"}  # fmt: skip
    answer = post | {"uri": OUR_POST, "author": {"did": US}, "record": a_record("Yes.", **a_reply_to(THEIRS, THEIRS))}
    gone = {"uri": THEIRS, "notFound": True}
    for body in ({"posts": [post]}, {"feed": [{"post": post}]}, {"post": post}, post,
                 {"records": [{"uri": THEIRS, "cid": "c", "value": a_record()}]},
                 {"uri": THEIRS, "cid": "c", "value": a_record()}):  # fmt: skip
        (event,) = parsed(body)
        assert (event.kind, event.external_id, event.author_id) == (Kind.POST, THEIRS, KIM)
    thread = parsed({"thread": {"parent": gone, "post": post, "replies": [{"post": answer, "replies": []}, gone]}})
    assert [(event.kind, event.parent_id) for event in thread] == [(Kind.POST, None), (Kind.COMMENT, THEIRS)]


def test_a_record_without_its_address_has_the_same_hash_each_time() -> None:
    first, again, other = (parsed(record)[0] for record in (a_record(), a_record(), a_record("Else")))
    assert first == again
    assert first.external_id != other.external_id
    assert first.author_id is None


@pytest.mark.parametrize("body", [
    {"notifications": []}, {"feed": []}, {"uri": THEIRS, "cid": "bafy"}, {"blob": {}}, {"count": 3},
    {"$type": "blob", "ref": {"$link": "bafy"}, "mimeType": "image/png", "size": 1},
])  # fmt: skip
def test_what_carries_no_message_yields_nothing(body: object) -> None:
    assert parsed(body) == []


@pytest.mark.parametrize("body", [
    {"error": "RecordNotFound", "message": "Could not locate record"}, {"object": "page", "entry": []}, [], 7, None,
])  # fmt: skip
def test_an_error_and_another_platforms_body_are_refused_by_name(body: object) -> None:
    with pytest.raises(BadPayload, match=r"^bluesky: "):
        parsed(body)


def test_nothing_that_arrives_by_itself_is_authentic() -> None:
    with pytest.raises(BadSignature, match="no webhooks"):
        Bluesky().verify(b"{}", {"x-hub-signature-256": "sha256=00"}, ["secret"], NOW)
    with pytest.raises(BadSignature, match="no webhooks"):
        Bluesky().challenge({"hub.challenge": "1"}, "token", ["secret"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted({*a_notification(""), *a_record(), "notifications", "feed", "posts", "records", "thread", "post",
                 "value", "reply", "embed", "subject", "replies", "parent", "error", "langs"})  # fmt: skip
NEARLY = st.dictionaries(
    st.sampled_from(FIELDS),
    JSON | st.sampled_from([a_record(), a_notification("reply"), [a_notification("like")], a_reply_to(), THEIRS]),
)


@given(body=JSON | NEARLY | st.fixed_dictionaries({"notifications": st.lists(NEARLY, max_size=3)}))
def test_whatever_is_sent_is_read_or_refused_and_never_a_crash(body: object) -> None:
    try:
        events = parsed(body)
    except BadPayload:
        return
    for event in events:
        assert event.external_id
        assert event.created_at.utcoffset() == timedelta(0)
        event.text.encode()
        json.dumps(dict(event.more), allow_nan=False)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_json_are_bad_payload(body: bytes) -> None:
    with pytest.raises(BadPayload):
        Bluesky().parse(b"{[" + body)


@pytest.mark.parametrize(
    "file", sorted(SHARED.glob("*.json")) or [None], ids=lambda path: path.stem if path else "none"
)
def test_real_bodies_are_read(file: Path | None) -> None:
    if file is None:
        pytest.skip("../shared/payloads is not here")
    events = Bluesky().parse(file.read_bytes())
    assert all(event.kind is not Kind.UNKNOWN for event in events)
    assert bool(events) == (file.stem not in ("blob", "createrecord-response"))


# -------------------------------------------------------------------- keys and marks

TIMES = st.integers(1_577_836_800_000_000, 3_786_912_000_000_000).map(  # 2020 to 2089, in microseconds
    lambda micros: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
)


@given(TIMES, st.text(max_size=20))
def test_a_key_is_a_valid_tid_and_always_the_same(at: datetime, salt: str) -> None:
    made = tid(at, salt)
    assert re.fullmatch(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}", made)
    assert made == tid(at, salt)


@given(TIMES, TIMES, st.text(max_size=5), st.text(max_size=5))
def test_keys_sort_by_second(first: datetime, second: datetime, one: str, other: str) -> None:
    if int(first.timestamp()) < int(second.timestamp()):
        assert tid(first, one) < tid(second, other)


def test_a_thousand_posts_ordered_in_one_instant_have_a_thousand_keys() -> None:
    assert len({tid(NOW, f"publish~post-{number}") for number in range(1_000)}) == 1_000


WORDS = st.lists(
    st.sampled_from(["https://shop.example/l?a=1", "http://a.example", "#linen", "é", "👩‍👩‍👧", "(", ")", ".", "\n"])
    | st.text(max_size=6), max_size=10,
).map(" ".join)  # fmt: skip


@given(WORDS)
def test_every_mark_cuts_exactly_its_address_or_tag_out_of_the_bytes(text: str) -> None:
    text = "".join(char for char in text if not "\ud800" <= char <= "\udfff")
    raw = text.encode()
    found = richtext.links(text)
    for mark in found:
        start, end = richtext.byte_range(text, mark)
        assert raw[start:end].decode() == mark.value
        assert re.match("https?://", mark.value, re.IGNORECASE)
    for mark in richtext.without_overlap(found, richtext.tags(text)):
        start, end = richtext.byte_range(text, mark)
        assert raw[start:end].decode() == f"#{mark.value}"


@pytest.mark.parametrize(("text", "addresses"), [
    ("See https://a.example/x.", ["https://a.example/x"]),
    ("(https://a.example/x)", ["https://a.example/x"]),
    ("https://a.example/x_(y)!", ["https://a.example/x_(y)"]),
    ("“https://a.example”", ["https://a.example"]),
    ("https://a.example,https://b.example", ["https://a.example,https://b.example"]),
    ("https://", []), ("ftp://a.example", []), ("https://[", []), ("a https://a.example/ä b", ["https://a.example/ä"]),
])  # fmt: skip
def test_an_address_ends_where_its_sentence_goes_on(text: str, addresses: list[str]) -> None:
    assert [mark.value for mark in richtext.links(text)] == addresses


@pytest.mark.parametrize(("text", "tags"), [
    ("#linen and #Küche!", ["linen", "Küche"]), ("#1 in town", []), ("C# a#b", []), ("#", []), ("see #sale.", ["sale"]),
])  # fmt: skip
def test_a_tag_is_a_word_with_its_sign(text: str, tags: list[str]) -> None:
    assert [mark.value for mark in richtext.tags(text)] == tags


def test_a_long_row_of_brackets_is_read_in_no_time() -> None:
    assert richtext.links("https://a.example/" + ")" * 200_000) == []


# -------------------------------------------------------------------- sessions


XRPC = "/xrpc/"
LOGIN, REFRESH = f"{XRPC}com.atproto.server.createSession", f"{XRPC}com.atproto.server.refreshSession"
PUT, GET = f"{XRPC}com.atproto.repo.putRecord", f"{XRPC}com.atproto.repo.getRecord"
DELETE, UPLOAD = f"{XRPC}com.atproto.repo.deleteRecord", f"{XRPC}com.atproto.repo.uploadBlob"
LIST = f"{XRPC}app.bsky.notification.listNotifications"


def a_session(access: str = "access-1", did: str = US) -> dict[str, Any]:
    return {"did": did, "accessJwt": access, "refreshJwt": f"refresh-of-{access}", "handle": "quince.example"}


def error(name: str, status: int = 400, **headers: str) -> Says:
    return Says({"error": name, "message": "in words"}, status, {k.replace("_", "-"): v for k, v in headers.items()})


NOT_THERE = error("RecordNotFound")


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as platform:
        platform.on("POST", LOGIN, Says(a_session()))
        platform.on("GET", GET, NOT_THERE)
        platform.on("POST", PUT, lambda asked: Says(written(asked)))
        yield platform


def written(asked: Asked) -> dict[str, str]:
    body = asked.json
    return {"uri": f"at://{body['repo']}/{body['collection']}/{body['rkey']}", "cid": "bafynew"}


def bluesky(**changed: Any) -> Bluesky:
    """Patient: a busy machine takes its time."""
    return Bluesky(Http(connect_seconds=20, read_seconds=20), Sessions(), **changed)


def an_account(server: Scripted, **changed: Any) -> Account:
    account = Account("bluesky", US, "Quince & Thimble", "quince", "Australia/Sydney", api_base=server.base)
    return replace(account, **changed)


def an_order(act: Act = Act.PUBLISH, text: str = "Linen is in.", **changed: Any) -> Delivery:
    order = Delivery(
        id="d1", act=act, platform="bluesky", account_id=US, brand="quince", message_id="", target="", text=text,
        state=DeliveryState.SENDING, ordered_by="mia", ordered_at=NOW, due_at=NOW, attempt=1, first_sent_at=NOW,
        content_hash="c1",
    )  # fmt: skip
    return replace(order, **changed)


def a_picture(size: int = 12, mime: str = "image/png") -> dict[str, Any]:
    return {"media": (Media("k", "0" * 64, mime, size, "Folded linen", 8, 4),)}


def bearer(asked: Asked) -> str:
    return asked.headers["authorization"].removeprefix("Bearer ")


def test_one_login_serves_every_call_of_a_process(server: Scripted) -> None:
    server.on("GET", LIST, Says({"notifications": []}))
    one, account = bluesky(), an_account(server)
    one.act(an_order(), account, TOKEN)
    one.find(an_order(), account, TOKEN)
    one.poll(account, TOKEN, "")
    assert server.count("POST", LOGIN) == 1
    assert server.of("POST", LOGIN)[0].json == {"identifier": "quince.example", "password": "abcd-efgh-ijkl-mnop"}


def test_the_roles_of_one_process_share_their_sessions(server: Scripted) -> None:
    account = an_account(server)
    for _ in range(2):
        Bluesky(Http(read_seconds=20)).find(an_order(), account, TOKEN)
    assert server.count("POST", LOGIN) == 1


def test_an_expired_session_is_renewed_once_and_the_call_made_again(server: Scripted) -> None:
    server.on("POST", PUT, error("ExpiredToken"), lambda asked: Says(written(asked)))
    server.on("POST", REFRESH, Says(a_session("access-2")))
    bluesky().act(an_order(), an_account(server), TOKEN)
    assert [bearer(asked) for asked in server.of("POST", PUT)] == ["access-1", "access-2"]
    assert bearer(server.of("POST", REFRESH)[0]) == "refresh-of-access-1"
    assert server.count("POST", LOGIN) == 1


def test_a_session_that_cannot_be_renewed_is_made_anew(server: Scripted) -> None:
    server.on("POST", LOGIN, Says(a_session()), Says(a_session("access-3")))
    server.on("POST", REFRESH, error("ExpiredToken"))
    server.on("POST", PUT, error("ExpiredToken"), lambda asked: Says(written(asked)))
    bluesky().act(an_order(), an_account(server), TOKEN)
    assert [bearer(asked) for asked in server.of("POST", PUT)] == ["access-1", "access-3"]


def test_a_session_that_expires_again_at_once_needs_a_login(server: Scripted) -> None:
    server.on("POST", PUT, error("ExpiredToken"))
    server.on("POST", REFRESH, Says(a_session("access-2")))
    with pytest.raises(NeedsLogin):
        bluesky().act(an_order(), an_account(server), TOKEN)
    assert server.count("POST", PUT) == 2


@pytest.mark.parametrize(("reply", "expected", "after"), [
    (error("AuthenticationRequired", 401), NeedsLogin, None), (error("AuthFactorTokenRequired", 401), NeedsLogin, None),
    (error("AccountTakedown", 400), NeedsLogin, None), (error("InternalServerError", 500), Retryable, None),
    (error("RateLimitExceeded", 429, Retry_After="290"), Retryable, 290.0), (Drops(), Retryable, None),
    (Says(b"<html>"), Retryable, None), (Says({"no": "did"}), Retryable, None),
])  # fmt: skip
def test_each_answer_to_a_login_says_what_to_do_next(
    server: Scripted, reply: Reply, expected: type[Exception], after: float | None
) -> None:
    server.on("POST", LOGIN, reply)
    with pytest.raises(expected) as caught:
        bluesky().act(an_order(), an_account(server), TOKEN)
    assert getattr(caught.value, "after", None) == after
    assert server.count("POST", PUT) == 0


def test_a_refused_password_is_not_asked_with_again_but_a_new_one_is(server: Scripted) -> None:
    server.on("POST", LOGIN, error("AuthenticationRequired", 401), Says(a_session()))
    one, account = bluesky(), an_account(server)
    for _ in range(3):
        with pytest.raises(NeedsLogin):
            one.find(an_order(), account, TOKEN)
    assert server.count("POST", LOGIN) == 1
    assert one.find(an_order(), account, "quince.example:a-new-one") == []


@pytest.mark.parametrize("token", ["", "no colon", "quince.example:", ":password"])
def test_a_token_that_is_not_identifier_and_password_says_how_it_is_written(server: Scripted, token: str) -> None:
    with pytest.raises(NeedsLogin, match="identifier:app-password"):
        bluesky().find(an_order(), an_account(server), token)


def test_an_identifier_may_be_a_did(server: Scripted) -> None:
    bluesky().find(an_order(), an_account(server), f"{US}:abcd-efgh")
    assert server.of("POST", LOGIN)[0].json == {"identifier": US, "password": "abcd-efgh"}


def test_the_password_of_another_account_publishes_nothing(server: Scripted) -> None:
    server.on("POST", LOGIN, Says(a_session(did=KIM)))
    with pytest.raises(NeedsLogin, match=f"belongs to {KIM}"):
        bluesky().act(an_order(), an_account(server), TOKEN)
    assert server.count("POST", PUT) == 0


# -------------------------------------------------------------------- acting


def test_a_post_is_written_under_a_key_of_its_own_only_where_nothing_stands(server: Scripted) -> None:
    one, account = bluesky(), an_account(server)
    order = an_order(link="https://shop.example/l")
    proofs = [one.act(each, account, TOKEN) for each in (order, replace(order, attempt=2), replace(order, id="d2"))]
    assert proofs[0] == proofs[1] != proofs[2]
    place = uri(proofs[0].external_id)
    assert place
    assert proofs[0].url == f"https://bsky.app/profile/{US}/post/{place.rkey}"
    first, again, _ = (asked.json for asked in server.of("POST", PUT))
    assert first == again, "a repeat says the very same, so it changes nothing"
    assert (first["repo"], first["collection"], first["swapRecord"]) == (US, POST, None)
    assert first["record"] == {
        "$type": POST, "text": "Linen is in.\n\nhttps://shop.example/l", "createdAt": "2026-11-02T09:00:00.000Z",
        "facets": [{"index": {"byteStart": 14, "byteEnd": 36},
                    "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://shop.example/l"}]}],
    }  # fmt: skip


def test_an_image_goes_up_as_raw_bytes_and_is_described_in_the_post(server: Scripted) -> None:
    blob = {"$type": "blob", "ref": {"$link": "bafyimage"}, "mimeType": "image/png", "size": 12}
    server.on("POST", UPLOAD, Says({"blob": blob}))
    bluesky().act(an_order(**a_picture()), an_account(server), TOKEN, [b"\x89PNG picture"])
    (up,) = server.of("POST", UPLOAD)
    assert (up.body, up.headers["content-type"]) == (b"\x89PNG picture", "image/png")
    assert server.of("POST", PUT)[0].json["record"]["embed"] == {
        "$type": "app.bsky.embed.images",
        "images": [{"alt": "Folded linen", "image": blob, "aspectRatio": {"width": 8, "height": 4}}],
    }


@pytest.mark.parametrize(("reply", "expected"), [
    (error("InvalidMimeType"), Rejected), (error("InternalServerError", 500), Retryable), (Drops(), Retryable),
    (Says({"odd": 1}), Retryable), (Says(b"", 413), Rejected),
])  # fmt: skip
def test_an_upload_that_fails_has_published_nothing(server: Scripted, reply: Reply, expected: type[Exception]) -> None:
    server.on("POST", UPLOAD, reply)
    with pytest.raises(expected):
        bluesky().act(an_order(**a_picture()), an_account(server), TOKEN, [b"\x89PNG picture"])
    assert server.count("POST", PUT) == 0


@pytest.mark.parametrize(("changed", "files", "words"), [
    ({"text": "a" * 301}, [], "300 graphemes"), ({"text": "e\u0301\u0302\u0303\u0304\u0306" * 280}, [], "3000 bytes"),
    ({"text": "😀" * 300, "link": "https://a.example"}, [], "300 graphemes"), ({"text": " "}, [], "nothing to say"),
    (a_picture(), [], "attach it again"), (a_picture(), [b"x" * 2_000_001], "2000000 bytes"),
    (a_picture(mime="video/mp4"), [b"x"], "images"),
])  # fmt: skip
def test_what_the_platform_would_refuse_is_not_sent(
    server: Scripted, changed: dict[str, Any], files: list[bytes], words: str
) -> None:
    with pytest.raises(Rejected, match=words):
        bluesky().act(an_order(**changed), an_account(server), TOKEN, files)
    assert server.asked == []


@pytest.mark.parametrize(("reply", "expected", "after"), [
    (error("RateLimitExceeded", 429, RateLimit_Reset=str(int(NOW.timestamp()) + 60)), Retryable, 0.0),
    (error("RateLimitExceeded", 429, Retry_After="60"), Retryable, 60.0),
    (error("BlobNotFound"), Retryable, None), (error("InvalidRequest"), Rejected, None),
    (error("AccountTakedown", 401), NeedsLogin, None), (error("AuthMissing", 401), NeedsLogin, None),
    (error("InternalServerError", 500), OutcomeUnknown, None), (error("UpstreamFailure", 502), OutcomeUnknown, None),
    (Says(b"bad gateway", 502), OutcomeUnknown, None), (Says(b"<html>"), OutcomeUnknown, None),
    (Says({"uri": THEIRS}), OutcomeUnknown, None), (Says([]), OutcomeUnknown, None), (Drops(), OutcomeUnknown, None),
])  # fmt: skip
def test_each_answer_to_a_post_says_what_to_do_next(
    server: Scripted, reply: Reply, expected: type[Exception], after: float | None
) -> None:
    server.on("POST", PUT, reply)
    with pytest.raises(expected) as caught:
        bluesky().act(an_order(), an_account(server), TOKEN)
    assert getattr(caught.value, "after", None) == after


def test_a_post_whose_answer_does_not_come_in_time_may_be_out(server: Scripted) -> None:
    server.on("POST", PUT, Says({}, after=1.5))
    with pytest.raises(OutcomeUnknown, match="took over 1 s"):
        Bluesky(Impatient(late=PUT), Sessions()).act(an_order(), an_account(server), TOKEN)


def test_what_stands_under_the_key_already_is_the_proof_if_it_says_the_same(server: Scripted) -> None:
    server.on("POST", PUT, error("InvalidSwap"))
    server.on("GET", GET, Says({"uri": "x", "cid": "c", "value": a_record("Linen is in.")}))
    proof = bluesky().act(an_order(), an_account(server), TOKEN)
    assert bluesky().find(an_order(), an_account(server), TOKEN) == [proof]
    for call in (bluesky().act, bluesky().find):
        with pytest.raises(OutcomeUnknown, match="a person must look"):
            call(an_order(text="Other words"), an_account(server), TOKEN)


def test_an_answer_hangs_under_the_message_and_the_beginning_of_its_thread(server: Scripted) -> None:
    server.on("GET", GET, Says({"uri": THEIRS, "cid": "bafytheirs", "value": a_record(**a_reply_to())}))
    one, account = bluesky(), an_account(server)
    one.act(an_order(Act.REPLY, "Yes.", target=THEIRS), account, TOKEN)
    assert server.of("POST", PUT)[0].json["record"]["reply"] == {
        "root": {"uri": OUR_POST, "cid": "bafyroot"}, "parent": {"uri": THEIRS, "cid": "bafytheirs"}}  # fmt: skip
    server.on("GET", GET, Says({"uri": THEIRS, "cid": "bafytheirs", "value": a_record()}))
    one.act(an_order(Act.REPLY, "Yes.", target=THEIRS, id="d2"), account, TOKEN)
    reply = server.of("POST", PUT)[1].json["record"]["reply"]
    assert reply["root"] == reply["parent"] == {"uri": THEIRS, "cid": "bafytheirs"}


@pytest.mark.parametrize("target", [
    "", "900", "at://kim.example/app.bsky.feed.post/3k", f"at://{KIM}/app.bsky.feed.like/3kbbbbbbbbb2b",
    f"at://{KIM}/{POST}/../x", f"at://{KIM}/{POST}/a b",
])  # fmt: skip
def test_what_is_no_post_is_neither_answered_nor_taken_down(server: Scripted, target: str) -> None:
    for act in (Act.REPLY, Act.TAKE_DOWN):
        with pytest.raises(Rejected):
            bluesky().act(an_order(act, "Yes", target=target), an_account(server), TOKEN)
    assert server.count("POST", f"{PUT}|{DELETE}") == 0


def test_only_our_own_post_is_taken_down_and_its_absence_is_the_proof(server: Scripted) -> None:
    server.on("POST", DELETE, Says({}))
    one, account = bluesky(), an_account(server)
    order = an_order(Act.TAKE_DOWN, "", target=OUR_POST)
    assert one.act(order, account, TOKEN).external_id == OUR_POST
    assert server.of("POST", DELETE)[0].json == {"repo": US, "collection": POST, "rkey": "3kaaaaaaaaa2a"}
    assert [proof.external_id for proof in one.find(order, account, TOKEN)] == [OUR_POST]
    server.on("GET", GET, Says({"uri": OUR_POST, "cid": "c", "value": a_record()}))
    assert one.find(order, account, TOKEN) == []
    with pytest.raises(Rejected, match="no post of this account"):
        one.act(an_order(Act.TAKE_DOWN, "", target=THEIRS), account, TOKEN)


def test_an_account_without_an_address_or_with_an_open_one_is_not_spoken_to() -> None:
    for base in ("", "http://pds.example"):
        account = Account("bluesky", US, "Quince & Thimble", "quince", api_base=base)
        with pytest.raises(Rejected):
            bluesky().find(an_order(), account, TOKEN)


# -------------------------------------------------------------------- numbers


def test_counts_come_in_batches_and_what_is_left_out_is_missing(server: Scripted) -> None:
    def posts(asked: Asked) -> Says:
        return Says({"posts": [{"uri": OUR_POST, "likeCount": 3, "replyCount": 0, "repostCount": 2, "quoteCount": 1},
                               {"uri": THEIRS, "likeCount": None, "quoteCount": 1}]})  # fmt: skip

    server.on("GET", f"{XRPC}app.bsky.feed.getPosts", posts)
    server.on("GET", f"{XRPC}app.bsky.actor.getProfile", Says({"did": US, "followersCount": 12}))
    one, account = bluesky(), an_account(server)
    told = [(each.post, each.metric, each.value) for each in one.insights(account, TOKEN, [OUR_POST, THEIRS], NOW)]
    assert told == [
        (OUR_POST, Metric.REACTIONS, 3), (OUR_POST, Metric.COMMENTS, 0), (OUR_POST, Metric.SHARES, 3)]  # fmt: skip
    one.insights(account, TOKEN, [f"{OUR_POST}{n}" for n in range(30)], NOW)
    assert server.count("GET", f"{XRPC}app.bsky.feed.getPosts") == 3
    (followers,) = one.profile(account, TOKEN, NOW.replace(hour=20))
    assert (followers.value, followers.day, followers.post) == (12, "2026-11-03", "")


@pytest.mark.parametrize(("reply", "expected"), [
    (error("UpstreamFailure", 502), None), (error("MethodNotImplemented", 501), None),
    (Says(b"bad gateway", 502), None), (error("RateLimitExceeded", 429), Retryable),
    (error("InternalServerError", 500), Retryable), (Drops(), Retryable), (error("InvalidRequest", 400), Rejected),
    (error("AccountTakedown", 400), NeedsLogin),
])  # fmt: skip
def test_without_an_app_view_numbers_are_missing_and_never_nought(
    server: Scripted, reply: Reply, expected: type[Exception] | None
) -> None:
    server.on("GET", f"{XRPC}app.bsky.*", reply)
    for read in (lambda: bluesky().profile(an_account(server), TOKEN, NOW),
                 lambda: bluesky().insights(an_account(server), TOKEN, [OUR_POST], NOW)):  # fmt: skip
        if expected is None:
            assert read() == []
        else:
            with pytest.raises(expected):
                read()


# -------------------------------------------------------------------- polling


class AppView:
    """A list of notifications as the AppView keeps it: sorted by the earlier of two clocks, paged by that."""

    def __init__(self) -> None:
        self._all: list[tuple[str, str, str]] = []  # (sort key, indexed, uri)
        self._clock = NOW

    def add(self, *, later: int = 1, backdated: int = 0) -> str:
        """One more, indexed `later` ms after the last one, with an author's clock so much behind."""
        self._clock += timedelta(milliseconds=later)
        indexed = self._clock.isoformat()
        made = f"at://{KIM}/{POST}/n{len(self._all)}"
        sort = (self._clock - timedelta(milliseconds=backdated)).isoformat(timespec="microseconds")
        self._all.append((sort, indexed, made))
        return made

    def get(self, url: str, query: dict[str, str], headers: dict[str, str]) -> Answer:
        asked = query or {name: found[0] for name, found in parse_qs(urlsplit(url).query).items()}
        before = asked.get("cursor", "9")
        place = sorted((one for one in self._all if f"{one[0]}|{one[2]}" < before), reverse=True,
                       key=lambda one: f"{one[0]}|{one[2]}")[: int(asked["limit"])]  # fmt: skip
        body: dict[str, Any] = {"notifications": [
            a_notification("mention", uri=made, indexedAt=indexed) for _, indexed, made in place]}  # fmt: skip
        if place:
            body["cursor"] = f"{place[-1][0]}|{place[-1][2]}"
        return Answer(200, {}, json.dumps(body).encode())

    def send(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        return Answer(200, {}, json.dumps(a_session()).encode())


ACCOUNT = Account("bluesky", US, "Quince & Thimble", "quince", api_base="https://pds.example")


def over(view: AppView) -> Bluesky:
    return Bluesky(view, Sessions())  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30)), max_size=40), min_size=1, max_size=6))
def test_each_notification_is_told_exactly_once_however_they_arrive(runs: list[list[tuple[int, int]]]) -> None:
    view = AppView()
    view.add()
    poller = over(view)
    cursor = poller.poll(ACCOUNT, TOKEN, "").cursor
    told: list[str] = []
    added: list[str] = []
    for arrivals in runs:
        added += [view.add(later=later, backdated=backdated) for later, backdated in arrivals]
        polled = poller.poll(ACCOUNT, TOKEN, cursor)
        told += [event.external_id for event in polled.events]
        cursor = polled.cursor
    assert sorted(told) == sorted(added)
    quiet = poller.poll(ACCOUNT, TOKEN, cursor)
    assert (quiet.events, quiet.cursor) == ((), cursor)


def test_a_rush_larger_than_a_run_leaves_a_gap_that_later_runs_close() -> None:
    view = AppView()
    view.add()
    poller = over(view)
    cursor = poller.poll(ACCOUNT, TOKEN, "").cursor
    added = [view.add() for _ in range(1_300)]
    told: list[str] = []
    for _ in range(4):
        polled = poller.poll(ACCOUNT, TOKEN, cursor)
        assert len(polled.events) <= 500
        told += [event.external_id for event in polled.events]
        cursor = polled.cursor
        added += [view.add() for _ in range(3)]
    told += [event.external_id for event in poller.poll(ACCOUNT, TOKEN, cursor).events]
    assert sorted(told) == sorted(added)
    assert len(told) == len(set(told))


def test_the_first_run_reads_the_newest_page_and_an_empty_list_is_a_beginning() -> None:
    view = AppView()
    poller = over(view)
    nothing = poller.poll(ACCOUNT, TOKEN, "")
    assert nothing.events == ()
    added = [view.add() for _ in range(120)]
    assert [event.external_id for event in poller.poll(ACCOUNT, TOKEN, "").events] == added[-50:]
    assert len(poller.poll(ACCOUNT, TOKEN, nothing.cursor).events) == 120, (
        "what came after an empty first run is all new"
    )


def test_a_place_that_cannot_be_read_stops_polling_instead_of_skipping() -> None:
    for cursor in ("nonsense", '{"at": "soon", "uris": []}', "[]", "7"):
        with pytest.raises(Retryable, match="reset"):
            over(AppView()).poll(ACCOUNT, TOKEN, cursor)


@pytest.mark.parametrize(("reply", "expected"), [
    (error("UpstreamFailure", 502), Retryable), (Drops(), Retryable), (Says({"notifications": {}}), Retryable),
    (error("RateLimitExceeded", 429), Retryable), (error("AccountDeactivated", 403), NeedsLogin),
])  # fmt: skip
def test_a_poll_that_fails_moves_nothing(server: Scripted, reply: Reply, expected: type[Exception]) -> None:
    server.on("GET", LIST, reply)
    with pytest.raises(expected):
        bluesky().poll(an_account(server), TOKEN, "")


def test_a_notification_that_cannot_be_placed_is_told_and_stops_nobody(server: Scripted) -> None:
    server.on("GET", LIST, Says({"notifications": [7, a_notification("mention", indexedAt="soon"),
                                                   a_notification("mention")]}))  # fmt: skip
    events = bluesky().poll(an_account(server), TOKEN, "").events
    assert sorted(event.kind for event in events) == [Kind.MENTION, Kind.UNKNOWN, Kind.UNKNOWN]
    assert {event.account_id for event in events} == {US}


# -------------------------------------------------------------------- what we answered there ourselves


RECORDS = f"{XRPC}com.atproto.repo.listRecords"


class Repository(AppView):
    """Our posts as a PDS lists them: by key, from a cursor on; `reverse` walks towards the newest."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.keys: list[str] = []
        self.asked: list[dict[str, str]] = []

    def write(self, *, ahead: float = 0.0, key: str = "") -> str:
        """One more answer of ours, keyed by a clock that is so many seconds ahead; its address."""
        self.keys.append(key or tid(self.now + timedelta(seconds=ahead), str(len(self.keys))))
        return f"at://{US}/{POST}/{self.keys[-1]}"

    def get(self, url: str, query: dict[str, str], headers: dict[str, str]) -> Answer:
        assert url.endswith("listRecords")
        self.asked.append(query)
        onward, after = query.get("reverse") == "true", query.get("cursor", "")
        found = [key for key in sorted(self.keys, reverse=not onward)
                 if not after or (key > after if onward else key < after)][: int(query["limit"])]  # fmt: skip
        value = a_record("Up to 220 degrees.", **a_reply_to(THEIRS))
        told = [{"uri": f"at://{US}/{POST}/{key}", "cid": "bafy", "value": value} for key in found]
        return Answer(200, {}, json.dumps({"records": told} | ({"cursor": found[-1]} if found else {})).encode())


def listened(view: Repository, cursor: str) -> tuple[list[str], str]:
    polled = over(view).echoes(ACCOUNT, TOKEN, cursor, view.now)
    return [event.external_id for event in polled.events], polled.cursor


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.floats(-240, 240), max_size=12), min_size=1, max_size=8))
def test_each_answer_of_ours_is_told_whatever_clock_its_writer_has(runs: list[list[float]]) -> None:
    view = Repository()
    view.write(ahead=-86_400)
    _, cursor = listened(view, "")
    told: list[str] = []
    added: list[str] = []
    for clocks in runs:
        added += [view.write(ahead=ahead) for ahead in clocks]
        view.now += timedelta(minutes=2)
        found, cursor = listened(view, cursor)
        told += found
    assert set(told) == set(added)
    view.now += timedelta(minutes=10)
    _, cursor = listened(view, cursor)
    assert listened(view, cursor) == ([], cursor), "and once clocks cannot differ any more, nothing is told again"


def test_the_first_run_tells_the_newest_page_of_our_answers_oldest_first() -> None:
    view = Repository()
    old = [view.write(ahead=n - 900_000) for n in range(3_000)]
    told, cursor = listened(view, "")
    assert told == old[-100:]
    assert listened(view, cursor) == ([], cursor)
    assert len(view.asked) == 2


def test_more_answers_than_a_page_are_read_by_the_next_runs_without_a_gap() -> None:
    view = Repository()
    view.write(ahead=-86_400)
    _, cursor = listened(view, "")
    added = [view.write(ahead=n / 10 - 130) for n in range(1_050)]
    told: list[str] = []
    for run in range(12):
        found, cursor = listened(view, cursor)
        told += found
        assert len(view.asked) == run + 2
    assert list(dict.fromkeys(told)) == sorted(added), "by key"


def test_a_key_of_the_far_future_makes_nobody_deaf() -> None:
    view = Repository()
    odd = view.write(key="zzzzzzzzzzzzz")
    _, cursor = listened(view, "")
    for _ in range(3):
        view.now += timedelta(minutes=2)
        new = view.write()
        told, cursor = listened(view, cursor)
        assert {new, odd} <= set(told)


def test_of_our_own_posts_only_the_answers_to_others_are_told_and_as_ours(server: Scripted) -> None:
    def stored(key: str, **changed: Any) -> dict[str, Any]:
        return {"uri": f"at://{US}/{POST}/{key}", "cid": "bafy", "value": a_record("Yes.", **changed)}

    server.on("GET", RECORDS, Says({"records": [
        stored("3kz", **a_reply_to(THEIRS), createdAt="2031-01-01T00:00:00Z"), stored("3ky", **a_reply_to(THEIRS)),
        stored("3kx"), stored("3kw", **a_reply_to(OUR_POST)), stored("3kv", reply="soon"),
        {"uri": f"at://{US}/{POST}/3ku", "value": 7}, stored("3kt", **a_reply_to(THEIRS), createdAt="soon"),
    ]}))  # fmt: skip
    told = bluesky().echoes(an_account(server), TOKEN, "", NOW)
    written, tomorrow = datetime(2026, 11, 2, 8, 59, tzinfo=UTC), NOW + timedelta(days=1)
    assert [(event.external_id.rpartition("/")[2], event.created_at) for event in told.events] == [
        ("3kt", tomorrow), ("3ky", written), ("3kz", tomorrow)], "never as if just written"  # fmt: skip
    assert {(event.change, event.account_id, event.author_id, event.author_name, event.parent_id)
            for event in told.events} == {(Change.OUTBOUND, US, US, "Quince & Thimble", THEIRS)}  # fmt: skip
    (asked,) = server.of("GET", RECORDS)
    assert asked.query == {"repo": US, "collection": POST, "limit": "100"}


@pytest.mark.parametrize(("reply", "expected"), [
    (error("UpstreamFailure", 502), Retryable), (Drops(), Retryable), (Says({"records": {}}), Retryable),
    (Says({"records": [{"value": {}}]}), Retryable), (error("RateLimitExceeded", 429), Retryable),
    (error("AccountDeactivated", 403), NeedsLogin), (error("InvalidRequest"), Rejected),
])  # fmt: skip
def test_our_answers_that_cannot_be_read_are_no_empty_list(
    server: Scripted, reply: Reply, expected: type[Exception]
) -> None:
    server.on("GET", RECORDS, reply)
    with pytest.raises(expected):
        bluesky().echoes(an_account(server), TOKEN, "3kaaaaaaaaa2a", NOW)


def test_a_session_never_shows_its_tokens_in_an_error(server: Scripted) -> None:
    server.on("POST", PUT, error("InvalidRequest"))
    with pytest.raises(Rejected) as caught:
        bluesky().act(an_order(), an_account(server), TOKEN)
    session = Session(**{"did": US, "access": "access-1", "refresh": "refresh-of-access-1"})
    for secret in (session.access, session.refresh, "abcd-efgh"):
        assert secret not in str(caught.value)
