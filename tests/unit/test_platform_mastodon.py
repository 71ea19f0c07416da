"""Mastodon: what its bodies say, what leaves, what each answer and each silence asks us to do next."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message as Mail
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from herald.errors import BadPayload, BadSignature, NeedsLogin, OutcomeUnknown, Rejected, Retryable
from herald.model import Account, Act, Change, Delivery, DeliveryState, Event, Kind, Media, Metric
from herald.platforms.mastodon import Mastodon
from herald.platforms.wire import pace, richtext
from herald.platforms.wire.http import Http
from tests.servers.scripted import Asked, Drops, Impatient, Reply, Says, Scripted, scripted

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
US, KIM = "7", "8"
STATUSES = "/api/v1/statuses"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "payloads" / "mastodon"


def a_person(id: str = KIM, acct: str = "kim@far.example", name: str = "Kim Example") -> dict[str, Any]:
    return {"id": id, "acct": acct, "username": acct.partition("@")[0], "display_name": name, "note": "<p>Hi</p>"}


def a_status(content: str = "<p>Hello</p>", **changed: Any) -> dict[str, Any]:
    return {
        "id": "900", "created_at": "2026-11-02T08:59:00.000Z", "edited_at": None, "content": content,
        "spoiler_text": "", "visibility": "public", "language": "en", "url": "https://far.example/@kim/900",
        "in_reply_to_id": None, "in_reply_to_account_id": None, "account": a_person(), "media_attachments": [],
        "mentions": [{"id": US, "acct": "quince"}], "quote": None, "card": None,
    } | changed  # fmt: skip


def a_notification(type: str, id: str = "31", **changed: Any) -> dict[str, Any]:
    return {"id": id, "type": type, "created_at": "2026-11-02T08:59:01.500Z", "account": a_person()} | changed


def our_status() -> dict[str, Any]:
    return a_status(id="500", account=a_person(US, "quince", "Quince & Thimble"), mentions=[])


def parsed(body: object) -> list[Event]:
    return Mastodon().parse(json.dumps(body).encode())


# -------------------------------------------------------------------- reading


@pytest.mark.parametrize(("made", "since"), [
    ("2026-11-01T00:00:00.000Z", "2026-11-01T00:00:00+00:00"), ("last week", None), (None, None),
])  # fmt: skip
def test_since_when_the_writer_has_an_account_is_kept_where_it_is_told_as_a_time(made: object, since: object) -> None:
    (told,) = parsed([a_notification("mention", status=a_status(account=a_person() | {"created_at": made}))])
    assert told.more.get("author_since") == since
    assert told.text == "Hello"


@pytest.mark.parametrize(("notification", "kind", "external_id", "parent", "account"), [
    (a_notification("mention", status=a_status()), Kind.MENTION, "900", None, US),
    (a_notification("mention", status=a_status(in_reply_to_id="500", in_reply_to_account_id=US)),
     Kind.COMMENT, "900", "500", US),
    (a_notification("mention", status=a_status(in_reply_to_id="44", in_reply_to_account_id="99")),
     Kind.MENTION, "900", "44", US),
    (a_notification("mention", status=a_status(visibility="direct")), Kind.DM, "900", US, US),
    (a_notification("status", status=a_status(in_reply_to_id="44", mentions=[])), Kind.POST, "900", "44", ""),
    (a_notification("quote", status=a_status(mentions=[], quote={"state": "accepted", "quoted_status": our_status()})),
     Kind.MENTION, "900", "500", ""),
    (a_notification("favourite", status=our_status()), Kind.REACTION, "31", "500", US),
    (a_notification("reblog", status=our_status()), Kind.SHARE, "31", "500", US),
    (a_notification("follow"), Kind.FOLLOW, "31", None, ""),
    (a_notification("follow_request"), Kind.FOLLOW, "31", None, ""),
    (a_notification("poll", status=our_status()), Kind.SYSTEM, "31", "500", US),
    (a_notification("admin.report"), Kind.SYSTEM, "31", None, ""),
])  # fmt: skip
def test_each_notification_has_its_place_in_the_vocabulary(
    notification: dict[str, Any], kind: Kind, external_id: str, parent: str | None, account: str
) -> None:
    (event,) = parsed([notification])
    assert (event.kind, event.external_id, event.parent_id, event.account_id) == (kind, external_id, parent, account)
    assert (event.author_id, event.author_name, event.change) == (KIM, "Kim Example", Change.CREATED)


def test_what_is_said_is_timed_when_it_was_written_and_what_is_done_when_it_was_done() -> None:
    said, done = parsed([a_notification("mention", status=a_status()), a_notification("favourite", status=a_status())])
    assert said.created_at == datetime(2026, 11, 2, 8, 59, tzinfo=UTC)
    assert done.created_at == datetime(2026, 11, 2, 8, 59, 1, 500_000, tzinfo=UTC)
    assert (said.text, done.text) == ("Hello", "favourite")


def test_a_type_nobody_knows_is_kept_whole_and_harms_no_neighbour() -> None:
    odd, broken, fine = parsed([
        a_notification("hologram"), {"id": "1", "type": "mention", "created_at": "soon", "account": {}},
        a_notification("mention", status=a_status()),
    ])  # fmt: skip
    assert (odd.kind, broken.kind, fine.kind) == (Kind.UNKNOWN, Kind.UNKNOWN, Kind.MENTION)
    assert "hologram" in odd.more["raw"]
    assert broken.more["unreadable"]


def test_an_edit_is_told_as_an_edit_of_the_same_thing_at_its_own_time() -> None:
    status = a_status("<p>Better words</p>", edited_at="2026-11-02T09:30:00.000Z")
    for body in ([a_notification("update", status=status)], [a_notification("mention", status=status)], status):
        (event,) = parsed(body)
        assert (event.external_id, event.change, event.text) == ("900", Change.EDITED, "Better words")
        assert event.created_at == datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def test_a_warning_is_judged_with_the_words_behind_it() -> None:
    (event,) = parsed([a_status("<p>as I said</p>", spoiler_text="You are thieves")])
    assert event.text == "You are thieves\n\nas I said"


@pytest.mark.parametrize(("content", "text"), [
    ("<p>Fish &amp; chips &lt;3</p>", "Fish & chips <3"),
    ("<p>one<br>two<br />three</p><p>four</p>", "one\ntwo\nthree\n\nfour"),
    ('<p><span class="h-card"><a href="https://a.example/@quince" class="u-url mention">@<span>quince</span></a></span>'
     " hi</p>", "@quince hi"),
    ('<a href="https://shop.example/very/long"><span class="invisible">https://</span><span class="ellipsis">'
     'shop.example/very</span><span class="invisible">/long</span></a>', "https://shop.example/very/long"),
    ("<script>alert(1)</script>safe<style>p{}</style>", "safe"),
    ("unclosed <b>tag &amp", "unclosed tag &"),
    ("<p>   spread \n  out </p>", "spread out"),
    ("<![if foo]>odd", "odd"),
    ("", ""),
])  # fmt: skip
def test_html_becomes_plain_words(content: str, text: str) -> None:
    (event,) = parsed([a_status(content)])
    assert event.text == text


def test_a_group_is_a_line_for_each_person_it_shows() -> None:
    events = parsed({
        "accounts": [a_person()], "partial_accounts": [{"id": "9", "acct": "lee"}],
        "statuses": [our_status(), a_status()],
        "notification_groups": [
            {"group_key": "favourite-500-1", "notifications_count": 2, "type": "favourite", "status_id": "500",
             "most_recent_notification_id": 32, "sample_account_ids": [KIM, "9"],
             "latest_page_notification_at": "2026-11-02T08:59:00Z"},
            {"group_key": "ungrouped-31", "notifications_count": 1, "type": "mention", "status_id": "900",
             "most_recent_notification_id": 31, "sample_account_ids": [KIM],
             "latest_page_notification_at": "2026-11-02T08:58:00Z"},
        ],
    })  # fmt: skip
    assert [(event.kind, event.author_id) for event in events] == [
        (Kind.REACTION, KIM), (Kind.REACTION, "9"), (Kind.MENTION, KIM)]  # fmt: skip
    assert len({event.external_id for event in events}) == 3
    assert events[2].external_id == "900", "a mention is the status, grouped or not"


def test_threads_and_conversations_are_read_too() -> None:
    thread = parsed({"ancestors": [our_status()], "descendants": [a_status(in_reply_to_id="500")]})
    assert [(event.kind, event.parent_id) for event in thread] == [(Kind.POST, None), (Kind.COMMENT, "500")]
    (talk,) = parsed([{"id": "3", "unread": True, "accounts": [a_person()],
                       "last_status": a_status(visibility="direct")}])  # fmt: skip
    assert talk.kind is Kind.DM


@pytest.mark.parametrize("body", [
    [], {}, {"id": "1", "type": "image", "preview_url": None, "url": None}, a_person(),
    {"id": "1", "scheduled_at": "2027-01-01T00:00:00Z", "params": {"text": "later"}},
    {"domain": "social.example", "configuration": {}}, {"count": 3},
])  # fmt: skip
def test_what_carries_no_message_yields_nothing(body: object) -> None:
    assert parsed(body) == []


@pytest.mark.parametrize("body", [{"error": "Datensatz nicht gefunden"}, {"object": "page", "entry": []}, 7, "x", None])
def test_an_error_and_another_platforms_body_are_refused_by_name(body: object) -> None:
    with pytest.raises(BadPayload, match=r"^mastodon: "):
        parsed(body)


def test_nothing_that_arrives_by_itself_is_authentic() -> None:
    with pytest.raises(BadSignature, match="no webhooks"):
        Mastodon().verify(b"[]", {"x-hub-signature-256": "sha256=00"}, ["secret"], NOW)
    with pytest.raises(BadSignature, match="no webhooks"):
        Mastodon().challenge({"hub.challenge": "1"}, "token", ["secret"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted({*a_status(), *a_notification("mention"), "status", "error", "type", "last_status", "ancestors",
                 "notification_groups", "accounts", "statuses", "group_key", "sample_account_ids"})  # fmt: skip
NEARLY = st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from([a_status(), a_person(), [a_status()], "31"]))


@given(body=JSON | NEARLY | st.lists(NEARLY, max_size=3))
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
        Mastodon().parse(b"{[" + body)


@given(st.text(alphabet=st.sampled_from("<>/!-[]&;#xpbrasciptle=\"' \nüß😀"), max_size=120))
@example("<![CDATA[")
@example("<!x[")
@example("&#99999999999;")
def test_any_html_becomes_words_without_tags_of_ours_failing(source: str) -> None:
    richtext.plain(source).encode()


@pytest.mark.parametrize(
    "file", sorted(SHARED.glob("*.json")) or [None], ids=lambda path: path.stem if path else "none"
)
def test_real_bodies_are_read(file: Path | None) -> None:
    if file is None:
        pytest.skip("../shared/payloads is not here")
    if file.stem.startswith("error"):
        with pytest.raises(BadPayload):
            Mastodon().parse(file.read_bytes())
        return
    events = Mastodon().parse(file.read_bytes())
    assert all(event.kind is not Kind.UNKNOWN for event in events)
    assert bool(events) == file.stem.startswith(("notifications", "status"))


# -------------------------------------------------------------------- the same words


def rendered(text: str) -> str:
    """A text as Mastodon shows it: paragraphs, line breaks, shortened links, people without their server."""

    def link(match: re.Match[str]) -> str:
        url = html.unescape(match.group())
        shown, rest = url.removeprefix("https://")[:30], url.removeprefix("https://")[30:]
        spans = f'<span class="invisible">https://</span><span class="ellipsis">{html.escape(shown)}</span>'
        return (
            f'<a href="{html.escape(url)}" rel="nofollow">{spans}<span class="invisible">{html.escape(rest)}</span></a>'
        )

    def person(match: re.Match[str]) -> str:
        return (
            f'<a href="https://far.example/@{match.group(1)}" class="u-url mention">@<span>{match.group(1)}</span></a>'
        )

    escaped = html.escape(text.strip(), quote=True)
    linked = re.sub(r"@(\w+)@far\.example", person, re.sub(r"https://\S+", link, escaped))
    paragraphs = (part.replace("\n", "<br />") for part in re.split(r"\n{2,}", linked))
    return "".join(f"<p>{part}</p>" for part in paragraphs)


PIECES = st.sampled_from([
    "Linen", "is & was", "<3", "\n", "\n\n", "  ", "@kim@far.example", "https://shop.example/a?b=1&c=ä#d", "é", "🎉",
    "https://shop.example/" + "long/" * 12 + "end", "#tag", '"quoted"', "don't", "1 < 2 > 0",
])  # fmt: skip


@given(st.lists(PIECES, min_size=1, max_size=8).map(" ".join))
def test_a_text_equals_itself_as_the_server_shows_it(text: str) -> None:
    assert richtext.shown(rendered(text)) == richtext.said(text)


@pytest.mark.parametrize(("ours", "shown"), [
    ("See https://shop.example", '<p>See <a href="https://shop.example/">shop.example</a></p>'),
    ("See www.shop.example/x", '<p>See <a href="http://www.shop.example/x">www.shop.example/x</a></p>'),
    ("Straße *now*", "<p>Straße <em>now</em></p>"),
    ("(https://shop.example/a)", '<p>(<a href="https://shop.example/a">https://shop.exam…</a>)</p>'),
])  # fmt: skip
def test_other_servers_ways_of_showing_it_are_the_same_words(ours: str, shown: str) -> None:
    assert richtext.said(ours) == richtext.shown(shown)


@pytest.mark.parametrize(("ours", "theirs"), [
    ("Open until 6", "Open until 7"), ("See https://a.example/1", "See https://a.example/2"), ("Yes", "Yes!"),
])  # fmt: skip
def test_other_words_are_other_words(ours: str, theirs: str) -> None:
    assert richtext.said(ours) != richtext.shown(rendered(theirs))


def test_an_answer_is_the_same_with_and_without_whom_it_addresses() -> None:
    shown = rendered("@kim@far.example @lee@far.example On its way")
    assert richtext.said("On its way", answer=True) == richtext.shown(shown, answer=True)
    assert richtext.said("On its way") != richtext.shown(shown)


# -------------------------------------------------------------------- acting


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as platform:
        platform.on("GET", "/api/v1/accounts/verify_credentials", Says(a_person(US, "quince")))
        platform.on("GET", "/api/v2/instance", Says({"error": "no such page"}, 404))
        yield platform


def an_account(server: Scripted) -> Account:
    return Account("mastodon", US, "Quince & Thimble", "quince", "Australia/Sydney", api_base=server.base)


def an_order(act: Act = Act.PUBLISH, text: str = "Linen is in.", **changed: Any) -> Delivery:
    order = Delivery(
        id="d1", act=act, platform="mastodon", account_id=US, brand="quince", message_id="", target="", text=text,
        state=DeliveryState.SENDING, ordered_by="mia", ordered_at=NOW, due_at=NOW, attempt=1, first_sent_at=NOW,
        content_hash="c1",
    )  # fmt: skip
    return replace(order, **changed)


def a_picture(data: bytes = b"\x89PNG picture", alt: str = "Folded linen") -> dict[str, Any]:
    return {"media": (Media("k", "0" * 64, "image/png", len(data), alt, 8, 4),)}


def mastodon(**changed: Any) -> Mastodon:
    """Patient: a busy machine takes its time."""
    return Mastodon(Http(connect_seconds=20, read_seconds=20), **changed)


def posted(id: str = "501", **changed: Any) -> Says:
    return Says(a_status(id=id, url=f"https://social.example/@quince/{id}") | changed)


def test_a_post_goes_out_publicly_with_its_link_and_a_key_of_its_own(server: Scripted) -> None:
    server.on("POST", STATUSES, posted())
    outlet, account = mastodon(), an_account(server)
    orders = (an_order(link="https://shop.example/l"), an_order(link="https://shop.example/l"), an_order(id="d2"))
    for order in orders:
        proof = outlet.act(order, account, "token")
    assert (proof.external_id, proof.url) == ("501", "https://social.example/@quince/501")
    first, again, other = server.of("POST", STATUSES)
    assert first.form == {"visibility": "public", "status": "Linen is in.\n\nhttps://shop.example/l"}
    assert first.headers["authorization"] == "Bearer token"
    assert first.headers["idempotency-key"] == again.headers["idempotency-key"] != other.headers["idempotency-key"]
    assert server.count("GET", "/api/v1/accounts/verify_credentials") == 1, "a token is asked for its owner once"


def parts_of(asked: Asked) -> dict[str, Mail]:
    mail = message_from_bytes(b"Content-Type: " + asked.headers["content-type"].encode() + b"\r\n\r\n" + asked.body)
    parts = mail.get_payload()
    assert isinstance(parts, list)
    return {str(part.get_param("name", header="content-disposition")): part for part in parts}  # type: ignore[union-attr]


def test_an_image_is_uploaded_with_its_description_and_named_by_the_post_once_it_is_ready(server: Scripted) -> None:
    server.on("POST", "/api/v2/media", Says({"id": "77", "url": None}, 202))
    server.on("GET", "/api/v1/media/77", Says({"id": "77", "url": None}, 206), Says({"id": "77"}))
    server.on("POST", STATUSES, posted())
    data = b"\x89PNG\r\n--\x00 picture"
    order = an_order(**a_picture(data, "Ein Krug „Kimberley“"))
    mastodon().act(order, an_account(server), "token", [data])
    parts = parts_of(server.of("POST", "/api/v2/media")[0])
    assert parts["description"].get_payload(decode=True) == "Ein Krug „Kimberley“".encode()
    assert parts["file"].get_payload(decode=True) == data
    assert parts["file"].get_content_type() == "image/png"
    assert server.of("POST", STATUSES)[0].form["media_ids[]"] == "77"
    assert server.count("GET", "/api/v1/media/77") == 2


def test_an_image_that_is_never_ready_is_waited_for_only_so_long(server: Scripted) -> None:
    server.on("POST", "/api/v2/media", Says({"id": "77"}, 202))
    server.on("GET", "/api/v1/media/77", Says({"id": "77"}, 206))
    with pytest.raises(Retryable, match="still working"):
        mastodon(act_seconds=12.5).act(an_order(**a_picture()), an_account(server), "token", [b"\x89PNG picture"])
    assert server.count("POST", STATUSES) == 0


@pytest.mark.parametrize(("reply", "error"), [
    (Says({"error": "Datei fehlerhaft"}, 422), Rejected), (Says({"error": "busy"}, 500), Retryable),
    (Drops(), Retryable), (Says(b"<html>", 200), Retryable), (Says({"no": "id"}), Retryable),
])  # fmt: skip
def test_an_upload_that_fails_has_published_nothing(server: Scripted, reply: Reply, error: type[Exception]) -> None:
    server.on("POST", "/api/v2/media", reply)
    with pytest.raises(error):
        mastodon().act(an_order(**a_picture()), an_account(server), "token", [b"\x89PNG picture"])
    assert server.count("POST", STATUSES) == 0


IN_TEN_MINUTES = "Mon, 02 Nov 2026 09:10:00 GMT"
AT_NINE = {"Date": "Mon, 02 Nov 2026 09:00:00 GMT"}


@pytest.mark.parametrize(("reply", "error", "after"), [
    (Says({"error": "x"}, 401), NeedsLogin, None),
    (Says(b"", 401), NeedsLogin, None),
    (Says({"error": "x"}, 403), Rejected, None),
    (Says({"error": "x"}, 404), Rejected, None),
    (Says({"error": "Validierung fehlgeschlagen"}, 422), Rejected, None),
    (Says({"error": "x"}, 429, {"Retry-After": "12"}), Retryable, 12.0),
    (Says({"error": "x"}, 429, {"Retry-After": IN_TEN_MINUTES, "X-Date": "x"}), Retryable, "about"),
    (Says({"error": "x"}, 429), Retryable, None),
    (Says({"error": "x"}, 503, {"Retry-After": "30"}), Retryable, 30.0),
    (Says({"error": "x"}, 500), OutcomeUnknown, None),
    (Says(b"Bad gateway", 502), OutcomeUnknown, None),
    (Says({"error": "x"}, 503), OutcomeUnknown, None),
    (Says(b"<html>welcome</html>"), OutcomeUnknown, None),
    (Says({"odd": 1}), OutcomeUnknown, None),
    (Says(b"", 302, {"Location": "https://elsewhere.example"}), Rejected, None),
    (Drops(), OutcomeUnknown, None),
])  # fmt: skip
def test_each_answer_to_a_post_says_what_to_do_next(
    server: Scripted, reply: Reply, error: type[Exception], after: float | str | None
) -> None:
    server.on("POST", STATUSES, reply)
    with pytest.raises(error) as caught:
        mastodon().act(an_order(), an_account(server), "token")
    told = getattr(caught.value, "after", None)
    assert told is not None if after == "about" else told == after


def test_a_post_whose_answer_does_not_come_in_time_may_be_out(server: Scripted) -> None:
    server.on("POST", STATUSES, Says({"id": "1"}, after=1.5))
    with pytest.raises(OutcomeUnknown, match="took over 1 s"):
        Mastodon(Impatient(late=STATUSES)).act(an_order(), an_account(server), "token")


@pytest.mark.parametrize(("headers", "seconds"), [
    ({"retry-after": "12"}, 12.0),
    ({"retry-after": IN_TEN_MINUTES}, 600.0),
    ({"retry-after": f"5, {IN_TEN_MINUTES}"}, 5.0),
    ({"x-ratelimit-reset": "2026-11-02T09:05:00.000000Z"}, 300.0),
    ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 60)}, 60.0),
    ({"ratelimit-reset": str(int(NOW.timestamp()) + 90)}, 90.0),
    ({"x-ratelimit-reset": "2026-11-02T08:00:00Z"}, 0.0),
    ({"retry-after": "9999999999"}, 86_400.0),
    ({"retry-after": "soon"}, None),
    ({"retry-after": "-5"}, None),
    ({}, None),
])  # fmt: skip
def test_a_pause_is_read_in_every_form_servers_write_it(headers: dict[str, str], seconds: float | None) -> None:
    assert pace.wait_seconds({"date": AT_NINE["Date"], **headers}) == seconds


@given(st.dictionaries(st.sampled_from(["retry-after", "x-ratelimit-reset", "ratelimit-reset", "date"]), st.text()))
def test_no_header_can_break_the_reading_of_pauses(headers: dict[str, str]) -> None:
    found = pace.wait_seconds(headers, NOW)
    assert found is None or 0 <= found <= 86_400


def test_the_servers_own_bounds_hold(server: Scripted) -> None:
    told = {"configuration": {"statuses": {"max_characters": 60, "characters_reserved_per_url": 10},
                              "media_attachments": {"supported_mime_types": ["image/jpeg"]}}}  # fmt: skip
    server.on("GET", "/api/v2/instance", Says(told))
    server.on("POST", STATUSES, posted())
    outlet, account = mastodon(), an_account(server)
    link = "https://shop.example/" + "x" * 90
    outlet.act(an_order(text="a" * 48, link=link), account, "token")
    for order, files in ((an_order(text="a" * 49, link=link), []), (an_order(**a_picture()), [b"\x89PNG picture"])):
        with pytest.raises(Rejected, match="this server takes"):
            outlet.act(order, account, "token", files)
    assert server.count("POST", STATUSES) == 1
    assert server.count("GET", "/api/v2/instance") == 1


def test_a_long_text_waits_while_the_server_does_not_tell_its_bounds(server: Scripted) -> None:
    server.on("GET", "/api/v2/instance", Drops(), Says({"configuration": {"statuses": {"max_characters": 5_000}}}))
    server.on("POST", STATUSES, posted())
    outlet, account = mastodon(), an_account(server)
    with pytest.raises(Retryable, match="does not tell its bounds"):
        outlet.act(an_order(text="a" * 900), account, "token")
    assert outlet.act(an_order(text="a" * 900), account, "token").external_id == "501"


@pytest.mark.parametrize(("changed", "files", "words"), [
    ({"text": "a" * 501}, [], "500 characters"), ({"text": " "}, [], "nothing to say"),
    (a_picture(), [], "attach it again"), (a_picture(alt="a" * 1_501), [b"\x89PNG picture"], "description"),
])  # fmt: skip
def test_what_the_server_would_refuse_is_not_sent(
    server: Scripted, changed: dict[str, Any], files: list[bytes], words: str
) -> None:
    with pytest.raises(Rejected, match=words):
        mastodon().act(an_order(**changed), an_account(server), "token", files)
    assert server.count("POST", ".*") == 0


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private", "direct"])
def test_an_answer_is_no_more_public_than_the_question_and_names_who_asked(server: Scripted, visibility: str) -> None:
    server.on("GET", f"{STATUSES}/900", Says(a_status(visibility=visibility)))
    server.on("POST", STATUSES, posted())
    outlet, account = mastodon(), an_account(server)
    outlet.act(an_order(Act.REPLY, "On its way", target="900"), account, "token")
    outlet.act(an_order(Act.REPLY, "@Kim@far.example, on its way", target="900"), account, "token")
    first, second = (asked.form for asked in server.of("POST", STATUSES))
    assert first == {"visibility": visibility, "in_reply_to_id": "900", "status": "@kim@far.example On its way"}
    assert second["status"] == "@Kim@far.example, on its way", "named once is enough"


@pytest.mark.parametrize("reply", [Says({"error": "x"}, 404), Says(a_status(visibility="circle")), Says({"a": 1})])
def test_an_answer_to_what_is_gone_or_unclear_is_not_sent(server: Scripted, reply: Reply) -> None:
    server.on("GET", f"{STATUSES}/900", reply)
    with pytest.raises(Rejected):
        mastodon().act(an_order(Act.REPLY, "Yes", target="900"), an_account(server), "token")
    assert server.count("POST", STATUSES) == 0


@pytest.mark.parametrize("target", ["", "..", "1/../../x", "a b", "ä", "1?x"])
def test_an_id_that_is_none_leaves_no_place_for_mischief(server: Scripted, target: str) -> None:
    for act in (Act.REPLY, Act.TAKE_DOWN):
        with pytest.raises(Rejected):
            mastodon().act(an_order(act, "Yes", target=target), an_account(server), "token")


@pytest.mark.parametrize(("delete", "look", "gone"), [
    (Says(a_status()), Says({"error": "x"}, 404), True), (Says({"error": "x"}, 404), Says({"error": "x"}, 404), True),
    (Says({"error": "x"}, 404), Says(a_status()), False), (Says({"error": "x"}, 403), Says(a_status()), False),
])  # fmt: skip
def test_a_take_down_stands_when_the_post_is_gone(server: Scripted, delete: Reply, look: Reply, gone: bool) -> None:
    server.on("DELETE", f"{STATUSES}/501", delete)
    server.on("GET", f"{STATUSES}/501", look)
    order = an_order(Act.TAKE_DOWN, "", target="501")
    if gone:
        assert mastodon().act(order, an_account(server), "token").external_id == "501"
    else:
        with pytest.raises(Rejected):
            mastodon().act(order, an_account(server), "token")
    assert bool(mastodon().find(order, an_account(server), "token")) is gone


def test_the_token_of_another_account_publishes_nothing(server: Scripted) -> None:
    server.on("GET", "/api/v1/accounts/verify_credentials", Says(a_person("99", "another")))
    with pytest.raises(NeedsLogin, match="belongs to account 99"):
        mastodon().act(an_order(), an_account(server), "token")
    assert server.count("POST", ".*") == 0


# -------------------------------------------------------------------- looking


OWN = f"/api/v1/accounts/{US}/statuses"


def ours(text: str, id: str = "501", at: datetime = NOW, **changed: Any) -> dict[str, Any]:
    return a_status(rendered(text), id=id, created_at=at.isoformat(), account=a_person(US, "quince"), **changed)


@pytest.mark.parametrize(("statuses", "found"), [
    ([ours("Linen is in.")], ["501"]),
    ([ours("Linen is out.")], []),
    ([ours("Linen is in.", at=NOW - timedelta(minutes=1))], []),
    ([ours("Linen is in.", media_attachments=[{"id": "1"}])], []),
    ([ours("Linen is in.", in_reply_to_id="44")], []),
    ([ours("Linen is in.", "502"), ours("Linen is in.")], ["502", "501"]),
])  # fmt: skip
def test_what_stands_is_found_by_words_time_images_and_place(
    server: Scripted, statuses: list[dict[str, Any]], found: list[str]
) -> None:
    server.on("GET", OWN, lambda asked: Says([] if "max_id" in asked.query else statuses))
    proofs = mastodon().find(an_order(), an_account(server), "token")
    assert [proof.external_id for proof in proofs] == found


def test_the_search_goes_back_page_by_page_to_when_it_was_sent_and_no_further(server: Scripted) -> None:
    pages = {"": [ours(f"Other {n}", str(600 - n)) for n in range(20)],
             "581": [ours("Linen is in.", "580"), ours("Old", "579", NOW - timedelta(hours=1))],
             "579": [ours("Linen is in.", "3")]}  # fmt: skip
    server.on("GET", OWN, lambda asked: Says(pages[asked.query.get("max_id", "")]))
    assert [proof.external_id for proof in mastodon().find(an_order(), an_account(server), "token")] == ["580"]
    assert server.count("GET", OWN) == 2


@pytest.mark.parametrize(("reply", "error"), [
    (lambda asked: Says([ours("Other", str(int(asked.query.get("max_id", "900")) - 1))]), OutcomeUnknown),
    (Says({"not": "a list"}), OutcomeUnknown), (Says([7]), OutcomeUnknown), (Drops(), Retryable),
    (Says({"error": "x"}, 500), Retryable), (Says({"error": "x"}, 401), NeedsLogin),
])  # fmt: skip
def test_a_search_that_cannot_be_finished_says_so_instead_of_not_found(
    server: Scripted, reply: Reply, error: type[Exception]
) -> None:
    server.on("GET", OWN, reply)
    with pytest.raises(error):
        mastodon().find(an_order(), an_account(server), "token")


# -------------------------------------------------------------------- polling, numbers


class Timeline:
    """A server's notifications, with `min_id` as documented; with or without a Link header."""

    def __init__(self, count: int, *, link: bool) -> None:
        self.ids = list(range(1, count + 1))
        self._link = link

    def __call__(self, asked: Asked) -> Says:
        limit = int(asked.query["limit"])
        after = int(asked.query.get("min_id", 0))
        page = [n for n in self.ids if n > after][:limit] if "min_id" in asked.query else self.ids[-limit:]
        body = [self.member(n) for n in reversed(page)]
        around = [("next", f"max_id={page[0]}"), ("prev", f"min_id={page[-1]}")] if page else []
        links = ", ".join(f'<https://x.example/n?{query}>; rel="{way}"' for way, query in around)
        return Says(body, headers={"Link": links} if self._link and links else {})

    def member(self, n: int) -> dict[str, Any]:
        return a_notification("mention", str(n), status=a_status(id=f"9{n}"))


@pytest.mark.parametrize("link", [True, False])
def test_polling_walks_forward_without_gaps_over_several_runs(server: Scripted, link: bool) -> None:
    timeline = Timeline(40, link=link)
    server.on("GET", "/api/v1/notifications", timeline)
    poller, account = mastodon(), an_account(server)
    polled = poller.poll(account, "token", "")
    assert [event.external_id for event in polled.events] == [f"9{n}" for n in range(11, 41)], "the newest page first"
    timeline.ids += range(41, 441)
    told: list[str] = []
    for _ in range(3):
        polled = poller.poll(account, "token", polled.cursor)
        told += [event.external_id for event in polled.events]
    assert told == [f"9{n}" for n in range(41, 441)]
    assert polled.cursor == "440"


def test_a_server_that_ignores_where_we_stand_does_not_hold_us_for_ever(server: Scripted) -> None:
    body = [a_notification("mention", "5", status=a_status())]
    server.on("GET", "/api/v1/notifications", Says(body))
    polled = mastodon().poll(an_account(server), "token", "5")
    assert (polled.events, polled.cursor, server.count("GET", "/api/v1/notifications")) == ((), "5", 1)


def test_when_polling_we_know_who_we_are(server: Scripted) -> None:
    both = [{"id": US, "acct": "quince"}, {"id": "99", "acct": "lee"}]
    to_lee = a_status(in_reply_to_id="44", in_reply_to_account_id="99", mentions=both)
    to_us = a_status(in_reply_to_id="500", in_reply_to_account_id=US, mentions=both)
    server.on("GET", "/api/v1/notifications", Says([
        a_notification("follow", "3"),
        a_notification("mention", "2", status=to_lee),
        a_notification("mention", "1", status=to_us),
    ]))  # fmt: skip
    events = mastodon().poll(an_account(server), "token", "").events
    assert [event.kind for event in events] == [Kind.COMMENT, Kind.MENTION, Kind.FOLLOW]
    assert {event.account_id for event in events} == {US}


# -------------------------------------------------------------------- what we answered there ourselves


def we_said(id: str, to: str | None = "900", **changed: Any) -> dict[str, Any]:
    us = a_person(US, "quince", "Quince & Thimble")
    return a_status(f"<p>{id}</p>", id=id, account=us, mentions=[], in_reply_to_id=to,
                    in_reply_to_account_id=KIM if to else None) | changed  # fmt: skip


def test_of_our_own_statuses_only_the_answers_to_others_are_told_and_as_ours(server: Scripted) -> None:
    server.on("GET", OWN, Says([
        we_said("9", edited_at="2026-11-02T09:30:00.000Z"), we_said("8", visibility="direct"), we_said("7"),
        we_said("6", None), we_said("5", in_reply_to_account_id=US), we_said("4", account=a_person()),
        we_said("3", reblog=a_status()), we_said("2", created_at="soon"), 7,
    ]))  # fmt: skip
    told = mastodon().echoes(an_account(server), "token", "", NOW)
    assert [event.external_id for event in told.events] == ["7", "8", "9"]
    written = datetime.fromisoformat(we_said("9")["created_at"])
    assert {(event.change, event.created_at, event.account_id, event.author_id, event.parent_id)
            for event in told.events} == {(Change.OUTBOUND, written, US, US, "900")}  # fmt: skip
    assert told.events[2].more["own"] is True
    assert (told.cursor, server.count("GET", OWN)) == ("9", 1)
    (asked,) = server.of("GET", OWN)
    assert asked.query == {"limit": "40", "exclude_reblogs": "true"}


class OwnStatuses(Timeline):
    """The same of our own statuses."""

    def member(self, n: int) -> dict[str, Any]:
        return we_said(str(n), None if n % 3 else "900")


@pytest.mark.parametrize("link", [True, False])
def test_our_answers_are_walked_through_a_page_a_run_from_the_newest_page_on(server: Scripted, link: bool) -> None:
    statuses = OwnStatuses(5_000, link=link)
    server.on("GET", OWN, statuses)
    poller, account = mastodon(), an_account(server)
    told = poller.echoes(account, "token", "", NOW)
    assert [event.external_id for event in told.events] == [f"{n}" for n in range(4_962, 5_001, 3)], "and no older ones"
    statuses.ids += range(5_001, 5_101)
    later: list[str] = []
    for run in range(4):
        told = poller.echoes(account, "token", told.cursor, NOW)
        later += [event.external_id for event in told.events]
        assert server.count("GET", OWN) == run + 2
    assert later == [f"{n}" for n in range(5_001, 5_101) if n % 3 == 0]
    assert told.cursor == "5100"


@pytest.mark.parametrize(("reply", "error"), [
    (Says({"not": "a list"}), Retryable), (Drops(), Retryable), (Says({"error": "x"}, 500), Retryable),
    (Says({"error": "x"}, 404), Rejected), (Says({"error": "x"}, 401), NeedsLogin),
])  # fmt: skip
def test_our_answers_that_cannot_be_read_are_no_empty_list(
    server: Scripted, reply: Reply, error: type[Exception]
) -> None:
    server.on("GET", OWN, reply)
    with pytest.raises(error):
        mastodon().echoes(an_account(server), "token", "5", NOW)


def test_a_number_the_server_does_not_give_is_missing_and_never_nought(server: Scripted) -> None:
    server.on(
        "GET", f"{STATUSES}/1", Says(a_status(favourites_count=3, replies_count=0, reblogs_count=2, quotes_count=1))
    )
    server.on("GET", f"{STATUSES}/2", Says(a_status(favourites_count=None, replies_count=-1, quotes_count=4)))
    server.on("GET", f"{STATUSES}/3", Says({"error": "x"}, 404))
    server.on("GET", f"/api/v1/accounts/{US}", Says({"id": US}))
    meter, account = mastodon(), an_account(server)
    told = [(one.post, one.metric, one.value) for one in meter.insights(account, "token", ["1", "2", "3"], NOW)]
    assert told == [("1", Metric.REACTIONS, 3), ("1", Metric.COMMENTS, 0), ("1", Metric.SHARES, 3)]
    assert meter.profile(account, "token", NOW) == []


def test_what_was_read_before_a_pause_is_kept(server: Scripted) -> None:
    server.on("GET", f"{STATUSES}/1", Says(a_status(favourites_count=3)))
    server.on("GET", f"{STATUSES}/2", Says({"error": "x"}, 429))
    meter, account = mastodon(), an_account(server)
    assert [one.value for one in meter.insights(account, "token", ["1", "2"], NOW)] == [3]
    with pytest.raises(Retryable):
        meter.insights(account, "token", ["2", "1"], NOW)
