"""Instagram: what its webhooks and lists say, what leaves, what each answer and each silence asks us to do next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import BadPayload, BadSignature, NeedsLogin, OutcomeUnknown, Rejected, Retryable, Unsupported
from herald.model import Account, Act, Change, Delivery, DeliveryState, Event, Kind, Media, Message, Metric
from herald.platforms.instagram import Instagram
from herald.platforms.wire.events import MAX_TEXT
from herald.platforms.wire.http import Http
from tests.servers.scripted import Drops, Reply, Says, Scripted, scripted

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SENT = int(NOW.timestamp())
US, TOKEN = "178410", "page-token"
V = "/v25.0"
JPEG = b"\xff\xd8\xff\xe0" + b"picture"
IMAGE = Media(
    "media/a", "a" * 64, "image/jpeg", len(JPEG), "A green cushion", 1080, 1080, address="https://s3.example/a"
)


def parsed(*changes: Any, field: str = "comments", **entry: Any) -> list[Event]:
    several = [{"field": field, "value": value} for value in changes]
    one = {"id": US, "time": SENT} | ({"changes": several} if several else {}) | entry
    return Instagram().parse(json.dumps({"object": "instagram", "entry": [one]}).encode())


def comment(**changed: Any) -> dict[str, Any]:
    return {
        "id": "17870", "from": {"id": "8800", "username": "kim.example"}, "text": "Is it in stock?",
        "media": {"id": "17990", "media_product_type": "FEED"},
    } | changed  # fmt: skip


# -------------------------------------------------------------------- reading


def test_a_comment_says_who_what_and_under_which_post() -> None:
    (event,) = parsed(comment())
    assert event == Event(
        platform="instagram", account_id=US, external_id="17870", author_id="8800", text="Is it in stock?",
        kind=Kind.COMMENT, change=Change.CREATED, parent_id="17990", created_at=NOW, author_name="kim.example",
        more={"thread_id": "17990", "product": "FEED"},
    )  # fmt: skip


def test_an_answer_belongs_to_its_comment_and_our_own_is_an_echo() -> None:
    (event,) = parsed(comment(parent_id="17860", **{"from": {"id": US, "username": "quince"}}))
    assert (event.parent_id, event.more["thread_id"], event.change) == ("17860", "17990", Change.OUTBOUND)
    assert event.account_id == parsed(comment())[0].account_id, "for only then it answers"


def test_the_older_shape_without_author_and_post_is_read() -> None:
    (event,) = parsed({"id": "17870", "text": "Hello"})
    assert (event.author_id, event.author_name, event.parent_id, event.text) == (None, None, None, "Hello")


def test_a_comment_on_a_live_video_and_on_an_advertisement_says_so() -> None:
    (live,) = parsed(comment(), field="live_comments")
    (ad,) = parsed(comment(media={"id": "17990", "ad_id": "55", "ad_title": "Cushions"}))
    assert (live.more["item"], ad.more["ad_id"]) == ("live", "55")


@pytest.mark.parametrize(("value", "named"), [
    ({"media_id": "17990", "comment_id": "17870"}, "mention:17990:17870"), ({"media_id": "17990"}, "mention:17990"),
])  # fmt: skip
def test_a_mention_is_a_hint_until_its_words_are_read(value: dict[str, str], named: str) -> None:
    (hint,) = parsed(value, field="mentions")
    assert (hint.kind, hint.external_id, hint.more["names"], hint.text) == (Kind.STATUS, f"told:{named}", named, "")


@pytest.mark.parametrize("value", [
    {"media_id": "1/../../me", "comment_id": "2"}, {"media_id": "1){id}", "comment_id": "2"}, {"comment_id": "2"},
])  # fmt: skip
def test_a_mention_whose_ids_could_change_what_is_asked_is_kept_unread(value: dict[str, str]) -> None:
    (event,) = parsed(value, field="mentions")
    assert event.kind is Kind.UNKNOWN
    assert event.more["unreadable"]


def test_direct_messages_and_that_they_were_read_are_told() -> None:
    parties = {"sender": {"id": "8800"}, "recipient": {"id": US}, "timestamp": SENT * 1000}
    said, seen = parsed(
        messaging=[{**parties, "message": {"mid": "m1", "text": "Hi"}}, {**parties, "read": {"mid": "m1"}}]
    )
    assert (said.kind, said.text, said.created_at) == (Kind.DM, "Hi", NOW)
    assert (seen.kind, seen.more["status"]) == (Kind.STATUS, "read")


def test_what_has_no_word_is_kept_whole_and_harms_no_neighbour() -> None:
    odd, broken, fine = (
        *parsed({"media_id": "1", "reach": 44}, field="story_insights"), *parsed({"text": "no id"}, comment()),
    )  # fmt: skip
    assert (odd.kind, broken.kind, fine.kind) == (Kind.UNKNOWN, Kind.UNKNOWN, Kind.COMMENT)
    assert "story_insights" in odd.more["raw"]


def test_a_body_of_a_page_is_refused() -> None:
    with pytest.raises(BadPayload, match="instagram"):
        Instagram().parse(b'{"object":"page","entry":[]}')


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["id", "text", "from", "media", "parent_id", "x"]), inner, max_size=5),
    max_leaves=12,
))  # fmt: skip
def test_no_change_stops_a_batch(value: Any) -> None:
    *_, last = parsed(value, comment())
    assert last.external_id == "17870"


def test_a_long_text_is_cut_and_says_so() -> None:
    (event,) = parsed(comment(text="x" * (MAX_TEXT + 1)))
    assert (len(event.text), event.more["cut"]) == (MAX_TEXT, True)


def test_the_handshake_answers_only_to_our_token() -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "ours", "hub.challenge": "77"}
    assert Instagram().challenge(query, "ours", []) == "77"
    with pytest.raises(BadSignature):
        Instagram().challenge(query | {"hub.verify_token": "theirs"}, "ours", [])


# -------------------------------------------------------------------- acting


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as platform:
        platform.on("GET", f"{V}/{US}/content_publishing_limit", quota(3))
        platform.on("POST", f"{V}/{US}/media", Says({"id": "900"}))
        platform.on("GET", f"{V}/900", Says({"id": "900", "status_code": "FINISHED"}))
        platform.on("POST", f"{V}/{US}/media_publish", Says({"id": "17990"}))
        yield platform


def quota(used: int, total: int = 50) -> Says:
    return Says({"data": [{"quota_usage": used, "config": {"quota_total": total, "quota_duration": 86400}}]})


def error(code: int, subcode: int | None = None, status: int = 400) -> Says:
    told = {"code": code, "message": "words that may change"} | ({"error_subcode": subcode} if subcode else {})
    return Says({"error": told}, status)


def account(server: Scripted) -> Account:
    return Account("instagram", US, "Quince & Thimble", "quince", api_base=server.base)


def delivery(what: Act, **changed: Any) -> Delivery:
    given_ = {
        "id": "d1", "act": what, "platform": "instagram", "account_id": US, "brand": "quince", "message_id": "",
        "target": "17870", "text": "", "state": DeliveryState.SENDING, "ordered_by": "kim", "ordered_at": NOW,
        "due_at": NOW, "attempt": 1, "first_sent_at": NOW,
    }  # fmt: skip
    return Delivery(**(given_ | changed))


def a_post(text: str = "New cushions.", **changed: Any) -> Delivery:
    return delivery(Act.PUBLISH, **({"target": "", "text": text, "media": (IMAGE,), "post_id": "p1"} | changed))


def adapter(seconds: float = 9.0) -> Instagram:
    return Instagram(Http(connect_seconds=2, read_seconds=2), act_seconds=10 + seconds, status_seconds=0.01)


def publish(server: Scripted, post: Delivery | None = None, data: bytes = JPEG) -> str:
    return adapter().act(post or a_post(), account(server), TOKEN, [data]).external_id


def test_a_post_is_a_container_that_is_waited_for_and_then_published_once(server: Scripted) -> None:
    server.on("GET", f"{V}/900", Says({"status_code": "IN_PROGRESS"}), Says({"status_code": "FINISHED"}))
    assert publish(server, a_post(link="https://shop.example/c")) == "17990"
    (made,) = server.of("POST", f"{V}/{US}/media")
    assert made.form == {
        "image_url": "https://s3.example/a", "caption": "New cushions.\n\nhttps://shop.example/c",
        "alt_text": "A green cushion",
    }  # fmt: skip
    (published,) = server.of("POST", f"{V}/{US}/media_publish")
    assert published.form == {"creation_id": "900"}
    assert server.count("GET", f"{V}/900") == 2
    assert all(asked.headers["authorization"] == f"Bearer {TOKEN}" for asked in server.asked)


def test_nothing_is_made_while_the_posts_of_the_day_are_used_up(server: Scripted) -> None:
    server.on("GET", f"{V}/{US}/content_publishing_limit", quota(50))
    with pytest.raises(Retryable) as later:
        publish(server)
    assert later.value.after == 3600
    assert server.count("POST", f"{V}/{US}/media") == 0


@pytest.mark.parametrize("limit", [error(10), Says({"data": []}), Says({"data": [{"quota_usage": "many"}]})])
def test_an_account_whose_limit_is_not_told_may_try(server: Scripted, limit: Reply) -> None:
    server.on("GET", f"{V}/{US}/content_publishing_limit", limit)
    assert publish(server) == "17990"


@pytest.mark.parametrize("failure", [Drops(), error(2), error(-1, 2207001), error(-2, 2207003), Says(b"", 502)])
def test_a_container_that_failed_is_made_again_later_for_nothing_was_published(
    server: Scripted, failure: Reply
) -> None:
    server.on("POST", f"{V}/{US}/media", failure)
    with pytest.raises((Retryable, OutcomeUnknown)) as raised:
        publish(server)
    assert isinstance(raised.value, Retryable)
    assert server.count("POST", f"{V}/{US}/media_publish") == 0


def test_an_image_that_is_still_being_worked_on_is_tried_again_later(server: Scripted) -> None:
    server.on("GET", f"{V}/900", Says({"status_code": "IN_PROGRESS"}))
    with pytest.raises(Retryable, match="still working"):
        adapter(seconds=2.2).act(a_post(), account(server), TOKEN, [JPEG])
    assert server.count("POST", f"{V}/{US}/media_publish") == 0


@pytest.mark.parametrize(("status", "expected"), [
    ({"status_code": "ERROR", "status": "Error: 2207004 the image is too large"}, Rejected),
    ({"status_code": "ERROR", "status": "Error: 2207003 took too long to download"}, Retryable),
    ({"status_code": "EXPIRED"}, Retryable), ({}, Retryable),
])  # fmt: skip
def test_an_image_that_instagram_could_not_take_says_so(
    server: Scripted, status: dict[str, str], expected: type[Exception]
) -> None:
    server.on("GET", f"{V}/900", Says(status))
    with pytest.raises(expected):
        publish(server)
    assert server.count("POST", f"{V}/{US}/media_publish") == 0


@pytest.mark.parametrize(("answer", "expected"), [
    (Drops(), OutcomeUnknown), (Says(b"", 502), OutcomeUnknown), (error(2), OutcomeUnknown), (error(1), OutcomeUnknown),
    (error(-1, 2207001), OutcomeUnknown), (Says({"ok": True}), OutcomeUnknown), (error(9007, 2207027), Retryable),
    (error(9, 2207042), Retryable), (error(4), Retryable), (error(24, 2207020), Retryable), (error(190), NeedsLogin),
    (error(100), Rejected), (error(25, 2207050), Rejected),
])  # fmt: skip
def test_what_an_answer_to_publishing_asks_us_to_do(server: Scripted, answer: Reply, expected: type[Exception]) -> None:
    server.on("POST", f"{V}/{US}/media_publish", answer)
    with pytest.raises(expected):
        publish(server)
    assert server.count("POST", f"{V}/{US}/media_publish") == 1


@pytest.mark.parametrize(("post", "data", "says"), [
    (a_post("x" * 2_201), JPEG, "2200 characters"),
    (a_post(" ".join(f"#tag{n}" for n in range(31))), JPEG, "30 hashtags"),
    (a_post(" ".join(f"@name{n}" for n in range(21))), JPEG, "20 accounts"),
    (a_post(media=()), JPEG, "needs one image"), (a_post(), b"\x89PNG", "JPEG"),
    (a_post(media=(replace(IMAGE, mime="image/png"),)), JPEG, "JPEG"),
    (a_post(media=(replace(IMAGE, width=1000, height=2000),)), JPEG, "crop it"),
    (a_post(media=(replace(IMAGE, address=""),)), JPEG, "no address"),
    (a_post(media=(replace(IMAGE, address="javascript:1"),)), JPEG, "no address"),
    (a_post(link="javascript:1"), JPEG, "no http"), (a_post(), b"\xff\xd8\xff" + b"x" * 8_000_000, "8000000 bytes"),
])  # fmt: skip
def test_what_instagram_would_refuse_never_leaves(server: Scripted, post: Delivery, data: bytes, says: str) -> None:
    with pytest.raises(Rejected, match=says):
        publish(server, post, data)
    assert server.asked == []


def test_a_lost_post_is_looked_for_by_its_caption_among_those_since_it_left(server: Scripted) -> None:
    stamp = (NOW + timedelta(seconds=3)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    old = (NOW - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    image = {"caption": "New cushions.", "media_type": "IMAGE", "timestamp": stamp}
    server.on("GET", f"{V}/{US}/media", Says({"data": [
        {"id": "3", **image, "permalink": "https://www.instagram.com/p/3/"},
        {"id": "2", **image, "media_type": "VIDEO"}, {"id": "4", **image, "caption": "Other words"},
        {"id": "1", **image, "timestamp": old},
    ]}))  # fmt: skip
    (proof,) = adapter().find(a_post(), account(server), TOKEN)
    assert (proof.external_id, proof.url) == ("3", "https://www.instagram.com/p/3/")


def test_a_post_that_instagram_named_is_looked_for_by_its_id_alone(server: Scripted) -> None:
    server.on("GET", f"{V}/17990", Says({"id": "17990", "permalink": "https://www.instagram.com/p/x/"}))
    (proof,) = adapter().find(a_post(external_id="17990"), account(server), TOKEN)
    assert proof.url == "https://www.instagram.com/p/x/"
    server.on("GET", f"{V}/17990", error(100, 33))
    assert adapter().find(a_post(external_id="17990"), account(server), TOKEN) == []


@pytest.mark.parametrize(("what", "flag"), [(Act.HIDE, "true"), (Act.UNHIDE, "false")])
def test_hiding_and_showing_set_the_comments_visibility(server: Scripted, what: Act, flag: str) -> None:
    server.on("POST", f"{V}/17870", Says({"success": True}))
    adapter().act(delivery(what), account(server), TOKEN)
    assert server.asked[-1].form == {"hide": flag}
    server.on("GET", f"{V}/17870", Says({"id": "17870", "hidden": what is Act.HIDE}))
    assert len(adapter().find(delivery(what), account(server), TOKEN)) == 1


def test_taking_down_what_is_gone_is_done_but_what_we_may_not_see_is_not(server: Scripted) -> None:
    server.on("DELETE", f"{V}/17990", error(100, 33))
    server.on("GET", f"{V}/17990", error(100, 33))
    server.on("GET", f"{V}/{US}", Says({"id": US}))
    assert adapter().act(delivery(Act.TAKE_DOWN, target="17990"), account(server), TOKEN).external_id == "17990"
    server.on("GET", f"{V}/{US}", error(190))
    with pytest.raises(NeedsLogin):
        adapter().act(delivery(Act.TAKE_DOWN, target="17990"), account(server), TOKEN)


# -------------------------------------------------------------------- answers


def reply_of(id: str, text: str = "Yes, it is.", seconds: int = 1, **who: Any) -> dict[str, Any]:
    stamp = (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    return {"id": id, "text": text, "timestamp": stamp, **who}


def test_an_answer_goes_under_the_comment(server: Scripted) -> None:
    server.on("POST", f"{V}/17870/replies", Says({"id": "17871"}))
    order = delivery(Act.REPLY, text=" Yes, it is. ")
    assert adapter().act(order, account(server), TOKEN).external_id == "17871"
    assert server.asked[-1].form == {"message": "Yes, it is."}


def test_our_answer_is_found_by_id_or_by_our_name_under_the_comment_and_the_one_above(server: Scripted) -> None:
    server.on("GET", f"{V}/17870", Says({"parent_id": "17860"}))
    server.on("GET", f"{V}/17870/replies", Says({"data": [
        reply_of("1", user={"id": US}), reply_of("2", username="kim.example"), reply_of("3", "Other words"),
        reply_of("4", seconds=-60, user={"id": US}),
    ]}))  # fmt: skip
    named = {"id": "123", "username": "Quince"}
    server.on("GET", f"{V}/17860/replies", Says({"data": [reply_of("5", **{"from": named})]}))
    server.on("GET", f"{V}/{US}", Says({"username": "quince"}))
    found = adapter().find(delivery(Act.REPLY, text="Yes, it is."), account(server), TOKEN)
    assert [proof.external_id for proof in found] == ["1", "5"]


def test_the_same_words_by_nobody_knows_whom_are_left_to_a_person(server: Scripted) -> None:
    server.on("GET", f"{V}/17870", Says({"id": "17870"}))
    server.on("GET", f"{V}/17870/replies", Says({"data": [reply_of("1")]}))
    with pytest.raises(OutcomeUnknown, match="whose is withheld"):
        adapter().find(delivery(Act.REPLY, text="Yes, it is."), account(server), TOKEN)


def test_a_mention_is_answered_by_its_two_ids_and_never_looked_up_or_hidden(server: Scripted) -> None:
    server.on("POST", f"{V}/{US}/mentions", Says({"id": "17872"}))
    order = delivery(Act.REPLY, text="Thank you!", target="mention:17990:17870")
    assert adapter().act(order, account(server), TOKEN).external_id == "17872"
    assert server.asked[-1].form == {"message": "Thank you!", "media_id": "17990", "comment_id": "17870"}
    with pytest.raises(Rejected, match="others' posts"):
        adapter().find(order, account(server), TOKEN)
    with pytest.raises(Unsupported):
        adapter().act(delivery(Act.HIDE, target="mention:17990:17870"), account(server), TOKEN)


@pytest.mark.parametrize("target", ["../me", "17870/replies", "17870?x=1", ""])
def test_an_id_that_leaves_its_place_is_refused(server: Scripted, target: str) -> None:
    for what in (Act.REPLY, Act.HIDE, Act.TAKE_DOWN):
        with pytest.raises(Rejected):
            adapter().act(delivery(what, target=target, text="x"), account(server), TOKEN)
    assert server.asked == []


# -------------------------------------------------------------------- words of a hint, lost comments, figures


def hint(named: str = "mention:17990:17870") -> Message:
    return Message(
        platform="instagram", account_id=US, external_id=f"told:{named}", kind=Kind.STATUS, author_id=None,
        author_name=None, text="", parent_id="17990", created_at=NOW, changed_at=NOW, received_at=NOW,
        more={"names": named},
    )  # fmt: skip


def test_the_words_of_a_mention_are_read_by_what_its_hint_names(server: Scripted) -> None:
    server.on("GET", f"{V}/{US}", Says({"mentioned_comment": {
        "id": "17870", "text": "@quince look", "timestamp": "2026-11-02T08:59:00+0000", "username": "kim.example",
        "media": {"id": "17990"}}, "id": US}))  # fmt: skip
    event = adapter().complete(hint(), account(server), TOKEN)
    assert (event.kind, event.external_id, event.text) == (Kind.MENTION, "mention:17990:17870", "@quince look")
    assert (event.author_id, event.author_name) == (None, "kim.example")
    assert event.created_at == NOW - timedelta(minutes=1)
    assert server.asked[-1].query["fields"].startswith("mentioned_comment.comment_id(17870){")


def test_the_words_of_a_caption_that_names_us_are_read_with_where_it_stands(server: Scripted) -> None:
    server.on("GET", f"{V}/{US}", Says({"mentioned_media": {
        "id": "17990", "caption": "At @quince today", "username": "kim.example",
        "permalink": "https://www.instagram.com/p/k/"}}))  # fmt: skip
    event = adapter().complete(hint("mention:17990"), account(server), TOKEN)
    assert (event.text, event.more["permalink"]) == ("At @quince today", "https://www.instagram.com/p/k/")
    assert event.created_at == NOW


def test_a_hint_that_would_ask_for_something_else_is_refused(server: Scripted) -> None:
    with pytest.raises(Rejected):
        adapter().complete(hint("mention:1){id}:2"), account(server), TOKEN)
    assert server.asked == []


def test_comments_that_no_webhook_told_are_fetched_with_their_answers_and_only_once(server: Scripted) -> None:
    server.on("GET", f"{V}/{US}/media", Says({"data": [{"id": "17990", "comments": {"data": [
        {**reply_of("2", "Second", 60), "from": {"id": "8800", "username": "kim"}, "replies": {"data": [
            {**reply_of("3", "Ours", 70), "user": {"id": US}, "username": "quince", "parent_id": "2"}]}},
        {**reply_of("1", "First", 0), "username": "lee", "hidden": True}, {"id": "9", "text": "no time"},
    ]}}, {"id": "17980"}]}))  # fmt: skip
    told = adapter().poll(account(server), TOKEN, "")
    assert [(e.external_id, e.change, e.author_id) for e in told.events] == [
        ("1", Change.CREATED, None), ("2", Change.CREATED, "8800"), ("3", Change.OUTBOUND, US),
    ]  # fmt: skip
    assert [e.parent_id for e in told.events] == ["17990", "17990", "2"]
    assert told.events[0].more["hidden"] is True
    again = adapter().poll(account(server), TOKEN, told.cursor)
    assert again.events == ()
    assert again.cursor == told.cursor
    assert server.count("GET", f"{V}/{US}/media") == 2


def test_figures_of_a_post_are_told_and_what_is_missing_stays_missing(server: Scripted) -> None:
    def figures(**told: int) -> Says:
        return Says(
            {"data": [{"name": name, "period": "lifetime", "values": [{"value": n}]} for name, n in told.items()]}
        )

    server.on("GET", f"{V}/1/insights", figures(reach=90, views=120, likes=8, comments=2, shares=1, saved=3, new_one=7))
    server.on("GET", f"{V}/2/insights", Says({"data": []}))
    server.on("GET", f"{V}/3/insights", error(100, 33))
    facts = adapter().insights(account(server), TOKEN, ["1", "2", "3"], NOW)
    assert {(fact.post, fact.metric): fact.value for fact in facts} == {
        ("1", Metric.REACH): 90, ("1", Metric.VIEWS): 120, ("1", Metric.REACTIONS): 8, ("1", Metric.COMMENTS): 2,
        ("1", Metric.SHARES): 1, ("1", Metric.SAVES): 3,
    }  # fmt: skip


def test_followers_are_of_today_and_reach_of_the_days_that_have_ended(server: Scripted) -> None:
    server.on("GET", f"{V}/{US}", Says({"followers_count": 500}))
    server.on("GET", f"{V}/{US}/insights", Says({"data": [{"name": "reach", "period": "day", "values": [
        {"value": 40, "end_time": "2026-11-01T07:00:00+0000"}, {"value": 9, "end_time": "2026-11-03T08:00:00+0000"},
    ]}]}))  # fmt: skip
    facts = adapter().profile(account(server), TOKEN, NOW)
    assert [(f.metric, f.value, f.day) for f in facts] == [
        (Metric.FOLLOWERS, 500, "2026-11-02"), (Metric.REACH, 40, "2026-10-31"),
    ]  # fmt: skip
