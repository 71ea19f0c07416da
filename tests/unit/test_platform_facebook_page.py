"""Facebook Pages: what their webhooks and lists say, in our vocabulary."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from herald.errors import BadPayload, BadSignature
from herald.model import Change, Event, Kind
from herald.platforms.facebook_page import FacebookPage
from herald.platforms.wire.events import MAX_TEXT
from herald.platforms.wire.strict import EPOCH, MAX_RAW

PAGE = "500100"
POST = f"{PAGE}_70"
SAID = 1793609990  # when the comment was written
SENT = 1793610000  # when the batch was sent
KIM = {"id": "8800", "name": "Kim Example"}
PAYLOADS = Path(__file__).resolve().parents[3] / "shared" / "payloads" / "facebook_page"

source = FacebookPage()


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def body(*changes: Any, field: str = "feed", **entry: Any) -> bytes:
    several = [{"field": field, "value": value} for value in changes]
    one: dict[str, Any] = {"id": PAGE, "time": SENT} | ({"changes": several} if several else {}) | entry
    return json.dumps({"object": "page", "entry": [one]}).encode()


def parse(*changes: Any, field: str = "feed", **entry: Any) -> list[Event]:
    return source.parse(body(*changes, field=field, **entry))


def comment(**other: Any) -> dict[str, Any]:
    """A customer's comment; None takes a key away."""
    value = {
        "item": "comment", "verb": "add", "comment_id": "70_71", "post_id": POST, "parent_id": POST,
        "from": KIM, "created_time": SAID, "message": "Where is my parcel?",
    } | other  # fmt: skip
    return {key: given for key, given in value.items() if given is not None}


def only(events: list[Event]) -> Event:
    (event,) = events
    return event


# ---------------------------------------------------------------- comments


def test_a_comment_becomes_an_event_with_everything_it_says() -> None:
    assert only(parse(comment())) == Event(
        platform="facebook_page", account_id=PAGE, external_id="70_71", author_id="8800", text="Where is my parcel?",
        kind=Kind.COMMENT, change=Change.CREATED, parent_id=POST, created_at=at(SAID), author_name="Kim Example",
        more={"thread_id": POST},
    )  # fmt: skip


def test_an_answer_to_a_comment_belongs_to_that_comment_and_keeps_its_thread() -> None:
    event = only(parse(comment(comment_id="70_72", parent_id="70_71")))
    assert (event.parent_id, event.more["thread_id"]) == ("70_71", POST)
    assert only(parse(comment(parent_id=None))).parent_id == POST


@pytest.mark.parametrize(
    ("verb", "change"),
    [
        ("add", Change.CREATED), ("edited", Change.EDITED), ("edit", Change.EDITED), ("update", Change.EDITED),
        ("remove", Change.DELETED), ("delete", Change.DELETED), ("hide", Change.HIDDEN), ("unhide", Change.UNHIDDEN),
    ],
)  # fmt: skip
def test_each_verb_has_one_meaning(verb: str, change: Change) -> None:
    assert only(parse(comment(verb=verb))).change is change


@pytest.mark.parametrize("verb", ["block", "mute", "follow", "sparkle", "", "ADD"])
def test_an_unknown_verb_stays_unknown_with_its_raw_form(verb: str) -> None:
    event = only(parse(comment(verb=verb)))
    assert (event.kind, event.change, event.external_id) == (Kind.COMMENT, Change.UNKNOWN, "70_71")
    assert json.loads(event.more["raw"])["value"]["verb"] == verb


def test_a_deletion_carries_no_words_and_needs_none() -> None:
    event = only(parse(comment(verb="remove", message=None, created_time=None)))
    assert (event.change, event.text, event.created_at) == (Change.DELETED, "", at(SENT))
    assert only(parse(comment(verb="remove", message="left over"))).text == ""


@pytest.mark.parametrize("verb", ["edited", "remove", "hide", "unhide", "sparkle"])
@pytest.mark.parametrize(("created", "sent", "expected"), [(SAID, SENT, SENT), (SENT + 9, SENT, SENT + 9)])
def test_a_later_change_happened_at_the_later_of_its_two_times(
    verb: str, created: int, sent: int, expected: int
) -> None:
    assert only(parse(comment(verb=verb, created_time=created), time=sent)).created_at == at(expected)


def test_a_new_comment_happened_when_it_was_written_else_when_it_was_sent() -> None:
    assert only(parse(comment(), time=SENT + 3600)).created_at == at(SAID)
    assert only(parse(comment(created_time=None))).created_at == at(SENT)


def test_the_older_shape_with_sender_id_and_numbers_for_ids_reads_the_same() -> None:
    old = comment(**{"from": None}, sender_id=8800, sender_name="Kim Example", comment_id="70_71")
    assert only(parse(old, id=int(PAGE))) == only(parse(comment()))


def test_a_withheld_author_is_null() -> None:
    for value in (comment(**{"from": None}), comment(**{"from": {}}), comment(**{"from": {"name": "Kim Example"}})):
        assert only(parse(value)).author_id is None


def test_what_the_page_itself_writes_is_outbound() -> None:
    own = {"from": {"id": PAGE, "name": "Our shop"}}
    assert only(parse(comment(**own))).change is Change.OUTBOUND
    for verb, change in (("edited", Change.EDITED), ("remove", Change.DELETED), ("hide", Change.HIDDEN)):
        event = only(parse(comment(verb=verb, **own)))
        assert (event.change, event.more["own"]) == (change, True)
    assert "own" not in only(parse(comment(verb="edited"))).more


def test_a_photo_travels_along_and_an_address_that_is_none_does_not() -> None:
    assert only(parse(comment(photo="https://img.example/1.jpg"))).more["photo"] == "https://img.example/1.jpg"
    for address in ("javascript:alert(1)", "data:text/html,x", 7, "https://x.example/" + "a" * 3000):
        assert "photo" not in only(parse(comment(photo=address))).more


def test_text_is_kept_as_written_and_never_unescaped() -> None:
    words = "2 &lt; 3 &amp;amp; <b>bold</b>\n\u200bline \u202etwo 👩🏽‍🚒"
    assert only(parse(comment(message=words))).text == words


def test_a_lone_surrogate_is_replaced_wherever_it_stands() -> None:
    raw = body(comment(message="a\ud800b", **{"from": {"id": "8800", "name": "K\udfff"}}), comment(verb="\ud800"))
    first, second = source.parse(raw)
    assert (first.text, first.author_name) == ("a\ufffdb", "K\ufffd")
    second.more["raw"].encode()
    assert only(parse(comment(message="\ud83d\ude00"))).text == "😀"


def test_a_very_long_text_is_cut_and_says_so() -> None:
    event = only(parse(comment(message="é" * (MAX_TEXT + 1))))
    assert (len(event.text), event.more["cut"]) == (MAX_TEXT, True)
    assert "cut" not in only(parse(comment(message="é" * MAX_TEXT))).more


# ---------------------------------------------------------------- everything else on the wall


@pytest.mark.parametrize("item", ["post", "status", "photo", "video", "album", "link", "note"])
def test_a_visitors_post_is_a_post_of_its_own(item: str) -> None:
    value = {"item": item, "verb": "add", "post_id": POST, "from": KIM, "message": "Lovely shop", "created_time": SAID}
    event = only(parse(value))
    assert (event.kind, event.change, event.external_id, event.parent_id) == (Kind.POST, Change.CREATED, POST, None)
    assert (event.text, event.more["thread_id"], event.more["item"]) == ("Lovely shop", POST, item)
    for verb, change in (("edited", Change.EDITED), ("edit", Change.EDITED), ("hide", Change.HIDDEN)):
        assert only(parse(value | {"verb": verb})).change is change


def test_a_share_a_photo_and_a_video_say_what_they_show() -> None:
    link = {"link": "https://example.org/a", "from": KIM, "created_time": SAID, "verb": "add"}
    share = only(parse(link | {"item": "share", "post_id": POST, "share_id": 9}))
    assert (share.kind, share.external_id, share.more["link"]) == (Kind.SHARE, POST, "https://example.org/a")
    photo = only(parse(link | {"item": "photo", "photo_id": 12}))
    assert (photo.kind, photo.external_id, photo.more["photo"]) == (Kind.POST, "12", "https://example.org/a")
    video = only(parse(link | {"item": "video", "video_id": 13}))
    assert (video.external_id, video.more["video"]) == ("13", "https://example.org/a")


@pytest.mark.parametrize(
    ("verb", "change"), [("add", Change.CREATED), ("edit", Change.EDITED), ("remove", Change.DELETED)]
)
def test_a_reaction_is_named_by_what_it_is_on_and_by_whom(verb: str, change: Change) -> None:
    value = {"item": "reaction", "verb": verb, "reaction_type": "love", "post_id": POST, "from": KIM}
    on_post = only(parse(value | {"parent_id": "70_99"}))
    assert (on_post.kind, on_post.change, on_post.external_id) == (Kind.REACTION, change, f"{POST}:8800")
    assert (on_post.parent_id, on_post.text, on_post.more["reaction"]) == (POST, "love", "love")
    on_comment = only(parse(value | {"comment_id": "70_71"}))
    assert (on_comment.external_id, on_comment.parent_id) == ("70_71:8800", "70_71")


def test_a_like_is_a_reaction_and_two_unnamed_people_are_not_one() -> None:
    value = {"item": "like", "verb": "add", "post_id": POST, "from": KIM, "created_time": SAID}
    assert only(parse(value)).text == "like"
    unnamed = [{k: v for k, v in value.items() if k != "from"} | {"created_time": SAID + n} for n in (0, 1)]
    first, second = parse(*unnamed)
    assert first.external_id != second.external_id
    assert first.external_id.startswith(f"{POST}:")


def test_a_mention_names_no_author_and_is_known_by_what_mentions_us() -> None:
    in_post = only(parse({"item": "post", "verb": "add", "post_id": "900_1", "message": "Hi", "created_time": SAID},
                         field="mention"))  # fmt: skip
    assert (in_post.kind, in_post.external_id, in_post.author_id) == (Kind.MENTION, "900_1", None)
    in_comment = only(parse({"item": "comment", "verb": "add", "comment_id": "1_2", "post_id": "900_1",
                             "message": "Hi", "created_time": SAID}, field="mention"))  # fmt: skip
    assert (in_comment.kind, in_comment.external_id, in_comment.parent_id) == (Kind.MENTION, "1_2", "900_1")


def test_a_recommendation_is_a_review_of_the_page() -> None:
    value = {
        "item": "rating", "verb": "add", "open_graph_story_id": 904, "created_time": SAID, "comment_id": None,
        "reviewer_id": 8800, "reviewer_name": "Kim Example",
        "rating": 3, "review_text": "Solid", "recommendation_type": "POSITIVE",
    }  # fmt: skip
    event = only(parse(value, field="ratings"))
    assert (event.kind, event.external_id, event.parent_id, event.text) == (Kind.REVIEW, "904", PAGE, "Solid")
    assert (event.author_id, event.author_name) == ("8800", "Kim Example")
    assert (event.more["rating"], event.more["recommendation"]) == (3, "POSITIVE")
    gone = only(parse({"item": "rating", "verb": "remove", "open_graph_story_id": 904}, field="ratings"))
    assert (gone.change, gone.author_id, gone.created_at) == (Change.DELETED, None, at(SENT))
    remark = {"item": "comment", "verb": "add", "comment_id": "904_1", "open_graph_story_id": 904, "message": "Thanks"}
    said = only(parse(remark, field="ratings"))
    assert (said.kind, said.parent_id) == (Kind.COMMENT, "904")


@pytest.mark.parametrize("rating", [-1, 6, True, 3.5, "5", None])
def test_a_rating_that_is_no_number_of_stars_is_left_out(rating: object) -> None:
    value = {"item": "rating", "verb": "add", "open_graph_story_id": 904, "rating": rating, "created_time": SAID}
    assert "rating" not in only(parse(value, field="ratings")).more


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("feed", {"item": "hologram", "verb": "add", "post_id": POST, "created_time": SAID}),
        ("feed", {"verb": "add", "created_time": SAID}),
        ("leadgen", {"form_id": 1, "created_time": SAID}),
        ("leadgen", "just text"),
        ("leadgen", None),
    ],
)
def test_what_we_have_no_word_for_is_unknown_with_its_raw_form(field: str, value: object) -> None:
    event = only(parse(value, field=field))
    assert (event.kind, event.account_id, event.text) == (Kind.UNKNOWN, PAGE, "")
    assert json.loads(event.more["raw"]) == {"field": field, "value": value}
    assert only(parse(value, field=field, time=SENT + 5)).external_id == event.external_id, "a redelivery is the same"


def test_a_raw_form_is_bounded() -> None:
    event = only(parse({"blob": "x" * 50_000}, field="leadgen"))
    assert (len(event.more["raw"]), event.more["raw_cut"]) == (MAX_RAW, True)


# ---------------------------------------------------------------- direct messages


def message(**other: Any) -> dict[str, Any]:
    return {"sender": {"id": "9900"}, "recipient": {"id": PAGE}, "timestamp": SAID * 1000 + 250} | other


def test_a_direct_message_belongs_to_our_side_of_the_conversation() -> None:
    event = only(parse(messaging=[message(message={"mid": "m_1", "text": "Hi", "reply_to": {"mid": "m_0"}})],
                       time=SENT * 1000))  # fmt: skip
    assert (event.kind, event.change, event.external_id) == (Kind.DM, Change.CREATED, "m_1")
    assert (event.author_id, event.parent_id, event.text) == ("9900", PAGE, "Hi")
    assert event.created_at == at(SAID + 0.25)
    assert event.more == {"thread_id": "9900", "reply_to": "m_0"}


def test_an_echo_is_outbound_and_its_thread_is_the_other_person() -> None:
    said = {"mid": "m_2", "text": "Yes", "is_echo": True}
    echo = message(sender={"id": PAGE}, recipient={"id": "9900"}, message=said)
    event = only(parse(messaging=[echo]))
    assert (event.change, event.more["thread_id"], event.parent_id) == (Change.OUTBOUND, "9900", PAGE)


def test_edits_deletions_reactions_and_buttons_of_a_conversation() -> None:
    edited, deleted, loved, unloved, pressed = parse(messaging=[
        message(message_edit={"mid": "m_1", "text": "Hello", "num_edit": "2"}),
        message(message={"mid": "m_1", "is_deleted": True, "text": "x"}),
        message(reaction={"mid": "m_1", "action": "react", "emoji": "❤", "reaction": "love"}),
        message(reaction={"mid": "m_1", "action": "unreact"}),
        message(postback={"title": "Opening hours", "payload": "HOURS"}),
    ])  # fmt: skip
    assert (edited.change, edited.text, edited.external_id) == (Change.EDITED, "Hello", "m_1")
    assert (deleted.change, deleted.text) == (Change.DELETED, "")
    assert (loved.kind, loved.external_id, loved.parent_id, loved.text) == (Kind.REACTION, "m_1:9900", "m_1", "❤")
    assert (unloved.change, unloved.external_id) == (Change.DELETED, "m_1:9900")
    assert (pressed.kind, pressed.text) == (Kind.DM, "Opening hours")


def test_attachments_are_named_and_receipts_are_no_messages() -> None:
    pictured, read, delivered, other = parse(messaging=[
        message(message={"mid": "m_3", "attachments": [
            {"type": "image", "payload": {"url": "https://img.example/2.png"}}, {"type": "fallback", "payload": "x"}]}),
        message(read={"watermark": SENT * 1000}),
        message(delivery={"watermark": SENT * 1000, "mids": ["m_3"]}),
        message(policy_enforcement={"action": "block"}),
    ])  # fmt: skip
    assert pictured.text == ""
    assert pictured.more["attachments"] == [{"type": "image", "url": "https://img.example/2.png"}, {"type": "fallback"}]
    assert {read.kind, delivered.kind} == {Kind.STATUS}
    assert read.external_id != delivered.external_id
    assert (other.kind, json.loads(other.more["raw"])["policy_enforcement"]) == (Kind.UNKNOWN, {"action": "block"})


def test_one_entry_may_hold_changes_messages_and_another_apps_messages() -> None:
    first, second, third = parse(
        comment(), messaging=[message(message={"mid": "m_1"})], standby=[message(message={"mid": "m_2"})]
    )
    assert [event.kind for event in (first, second, third)] == [Kind.COMMENT, Kind.DM, Kind.DM]
    assert "standby" not in second.more
    assert third.more["standby"] is True


def test_the_dashboards_test_button_is_read() -> None:
    tested = {"sender": {"id": "12334"}, "recipient": {"id": "23245"}, "timestamp": "1527459824",
              "message": {"mid": "test_message_id", "text": "test_message"}}  # fmt: skip
    event = only(parse(tested, field="messages", id="0", time=1527459824))
    assert (event.account_id, event.kind, event.created_at) == ("0", Kind.DM, at(1527459824))
    assert only(parse(comment(created_time="1527459824"), id="0", time="1527459824")).created_at == at(1527459824)


# ---------------------------------------------------------------- batches and bad input


def test_a_thousand_changes_come_out_in_their_order() -> None:
    events = parse(*(comment(comment_id=f"70_{n}") for n in range(1000)))
    assert [event.external_id for event in events] == [f"70_{n}" for n in range(1000)]


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        (comment(comment_id=None), "changes[1].value.comment_id"),
        (comment(comment_id={"a": 1}), "changes[1].value.comment_id"),
        (comment(comment_id="with space"), "changes[1].value.comment_id"),
        (comment(comment_id="x" * 300), "changes[1].value.comment_id"),
        (comment(comment_id=True), "changes[1].value.comment_id"),
        (comment(comment_id=1.5), "changes[1].value.comment_id"),
        (comment(comment_id=-4), "changes[1].value.comment_id"),
        (comment(message=["a"]), "changes[1].value.message"),
        (comment(**{"from": "Kim"}), "changes[1].value.from"),
        (comment(**{"from": {"id": []}}), "changes[1].value.from.id"),
        (comment(created_time="yesterday"), "changes[1].value.created_time"),
        (comment(created_time="2026-10-01T10:00:00"), "changes[1].value.created_time"),
        (comment(created_time=-5), "changes[1].value.created_time"),
        (comment(created_time=1e300), "changes[1].value.created_time"),
        (comment(created_time=10**40), "changes[1].value.created_time"),
        (comment(created_time=True), "changes[1].value.created_time"),
        (comment(verb=7), "changes[1].value.verb"),
        ("text", "changes[1].value"),
        ([], "changes[1].value"),
    ],
)
def test_one_unreadable_change_is_kept_and_its_neighbours_are_read(wrong: Any, path: str) -> None:
    before, unreadable, after = parse(comment(comment_id="70_1"), wrong, comment(comment_id="70_2"))
    assert [before.external_id, after.external_id] == ["70_1", "70_2"]
    assert (unreadable.kind, unreadable.change, unreadable.account_id) == (Kind.UNKNOWN, Change.UNKNOWN, PAGE)
    assert unreadable.more["unreadable"].startswith(f"entry[0].{path}:")
    assert json.loads(unreadable.more["raw"]) == {"field": "feed", "value": wrong}


def test_a_key_that_occurs_twice_spoils_only_its_own_change() -> None:
    raw = body(comment(comment_id="70_1"), comment(comment_id="70_2")).decode()
    twice = raw.replace('"comment_id": "70_1"', '"comment_id": "70_1", "comment_id": "70_9"', 1).encode()
    first, second = source.parse(twice)
    assert first.kind is Kind.UNKNOWN
    assert "'comment_id' occurs twice" in first.more["unreadable"]
    assert second.external_id == "70_2"


@pytest.mark.parametrize(
    ("entry", "account"),
    [(7, ""), (None, ""), ({"time": SENT, "changes": []}, ""), ({"id": PAGE, "changes": 3}, PAGE),
     ({"id": PAGE, "time": SENT, "changed_fields": ["feed"]}, PAGE), ({"id": PAGE, "messaging": {}}, PAGE)],
)  # fmt: skip
def test_an_entry_that_is_none_is_kept_and_the_next_entry_is_read(entry: Any, account: str) -> None:
    good = json.loads(body(comment()))["entry"][0]
    kept, read = source.parse(json.dumps({"object": "page", "entry": [entry, good]}).encode())
    assert (kept.kind, kept.account_id, read.external_id) == (Kind.UNKNOWN, account, "70_71")


def test_a_change_without_any_time_is_kept_with_the_oldest_one() -> None:
    event = only(parse(comment(created_time=None), time=None))
    assert (event.kind, event.created_at) == (Kind.UNKNOWN, EPOCH)
    assert only(parse(comment(), time="nonsense")).created_at == at(SAID)


@pytest.mark.parametrize("raw", [b'{"object":"page","entry":[]}', b'{"data":[]}', b'{"data":[],"paging":{}}'])
def test_nothing_yields_nothing(raw: bytes) -> None:
    assert source.parse(raw) == []
    assert parse() == []


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "not JSON"), (b"{", "line 1 column 2"), (b"\xff{}", "not UTF-8: byte 0"), (b"7", "body: an object"),
        (b"{}", "object"), (b'{"object":"instagram","entry":[]}', "object"), (b'{"object":"page"}', "entry"),
        (b'{"object":"page","entry":{}}', "entry: a list"), (b'{"data":{}}', "data: a list"),
        (b'{"object":"page","entry":[NaN]}', "NaN"), (b'{"object":"page","entry":[1e999]}', "double"),
        (b'{"object":"page","object":"page","entry":[]}', "'object' occurs twice"),
        (b'{"object":"page","entry":[' + b"9" * 5000 + b"]}", "not JSON"),
        (b'{"object":"page","entry":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"error":{"message":"Expired","type":"OAuthException","code":190,"error_subcode":463}}', "190/463"),
        (b'{"error":"no"}', "error: an object"),
    ],
)  # fmt: skip
def test_what_is_no_envelope_is_refused_in_words(raw: bytes, words: str) -> None:
    with pytest.raises(BadPayload) as refused:
        source.parse(raw)
    assert str(refused.value).startswith("facebook_page: ")
    assert words in str(refused.value)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert source.parse(b"\xef\xbb\xbf" + body(comment())) == parse(comment())


# ---------------------------------------------------------------- lists


def listed(*members: Any) -> list[Event]:
    return source.parse(json.dumps({"data": members, "paging": {"cursors": {"after": "x"}}}).encode())


def test_a_list_of_comments_reads_like_their_webhooks() -> None:
    event = only(listed({
        "id": "70_71", "message": "Where is my parcel?", "from": KIM, "created_time": "2026-11-02T09:00:00+0000",
        "parent": {"id": "70_60"}, "is_hidden": True, "permalink_url": "https://www.facebook.com/c/1",
    }))  # fmt: skip
    assert (event.kind, event.change, event.external_id, event.parent_id) == (
        Kind.COMMENT, Change.CREATED, "70_71", "70_60",
    )  # fmt: skip
    assert (event.account_id, event.author_id) == ("", "8800")
    assert event.created_at == datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    assert event.more == {"hidden": True, "permalink": "https://www.facebook.com/c/1"}


def test_a_list_of_posts_carries_its_page_in_the_ids_and_the_comments_below() -> None:
    post, first, second = listed({
        "id": POST, "message": "New in", "from": {"id": PAGE, "name": "Shop"},
        "created_time": "2026-11-02T09:00:00+0000",
        "updated_time": "2026-11-02T09:00:00+0000",
        "comments": {"data": [
            {"id": "70_1", "message": "Nice", "from": KIM, "created_time": "2026-11-02T09:01:00+0000"},
            {"id": "70_2", "message": "Price?", "created_time": "2026-11-02T09:02:00+0000"}]},
    })  # fmt: skip
    assert (post.kind, post.account_id, post.change) == (Kind.POST, PAGE, Change.OUTBOUND)
    assert [(event.kind, event.parent_id) for event in (first, second)] == [(Kind.COMMENT, POST)] * 2
    assert second.author_id is None


def test_lists_of_recommendations_and_of_direct_messages_are_told_apart() -> None:
    review, dm = listed(
        {"created_time": "2026-11-02T09:00:00+0000", "reviewer": KIM, "recommendation_type": "negative",
         "review_text": "Slow", "open_graph_story": {"id": "904"}},
        {"id": "m_7", "created_time": "2026-11-02T09:00:00+0000", "from": KIM, "to": {"data": []}, "message": "Hello"},
    )  # fmt: skip
    assert (review.kind, review.external_id, review.author_id) == (Kind.REVIEW, "904", "8800")
    assert (review.text, review.more["recommendation"]) == ("Slow", "negative")
    assert (dm.kind, dm.external_id, dm.text) == (Kind.DM, "m_7", "Hello")


def test_an_unreadable_member_of_a_list_is_kept_and_its_neighbours_are_read() -> None:
    kept, read = listed({"id": "70_1"}, {"id": "70_2", "message": "a", "created_time": "2026-11-02T09:01:00+0000"})
    assert (kept.kind, read.external_id) == (Kind.UNKNOWN, "70_2")
    assert kept.more["unreadable"].startswith("data[0].created_time:")


# ---------------------------------------------------------------- handshake


def handshake(**other: str) -> dict[str, str]:
    return {"hub.mode": "subscribe", "hub.verify_token": "ours", "hub.challenge": "1158201444"} | {
        f"hub.{key}": value for key, value in other.items()
    }


def test_the_challenge_is_echoed_as_text() -> None:
    assert source.challenge(handshake(), "ours", []) == "1158201444"


@pytest.mark.parametrize(
    "query",
    [handshake(mode="unsubscribe"), handshake(verify_token="theirs"), handshake(verify_token="ours "), {},
     handshake(challenge=""), handshake(challenge="<script>"), handshake(challenge="1\r\nx: y"),
     handshake(verify_token="\ud800é"), handshake(challenge="1" * 300)],
)  # fmt: skip
def test_any_other_handshake_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        source.challenge(query, "ours", [])


def test_a_connection_without_token_accepts_no_handshake() -> None:
    with pytest.raises(BadSignature):
        source.challenge(handshake(verify_token=""), "", [])


# ---------------------------------------------------------------- whatever comes


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["page", "feed", "comment", "add", PAGE, POST, "reaction", "ratings", "rating", "mention"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["object", "entry", "id", "time", "changes", "field", "value", "item", "verb", "comment_id", "post_id",
             "from", "message", "created_time", "messaging", "sender", "mid", "data", "error", "code", "reaction",
             "timestamp", "standby", "comments", "parent", "to", "photos", "attachments", "open_graph_story_id"]
        ),
        inner, max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip


def check_events(raw: bytes) -> None:
    try:
        events = source.parse(raw)
    except BadPayload:
        return
    for event in events:
        assert event.external_id
        assert event.created_at.tzinfo is UTC
        assert len(event.text) <= MAX_TEXT
        json.dumps([event.text, event.author_id, event.author_name, event.parent_id, event.more], ensure_ascii=False,
                   allow_nan=False).encode()  # fmt: skip


@given(st.binary(max_size=200))
def test_any_bytes_are_events_or_bad_payload(raw: bytes) -> None:
    check_events(raw)


@given(_json)
@settings(max_examples=300)
def test_any_json_is_events_or_bad_payload(value: Any) -> None:
    check_events(json.dumps(value).encode())


@given(_json, st.sampled_from(["feed", "mention", "ratings", "messages", "leadgen"]))
@settings(max_examples=300)
def test_any_change_in_a_batch_is_one_event_and_never_disturbs_the_next(value: Any, field: str) -> None:
    value = json.loads(json.dumps(value).replace("NaN", "0").replace("-Infinity", "0").replace("Infinity", "0"))
    changes = [{"field": field, "value": value}, {"field": "feed", "value": comment()}]
    raw = json.dumps({"object": "page", "entry": [{"id": PAGE, "time": SENT, "changes": changes}]}).encode()
    check_events(raw)
    events = source.parse(raw)
    assert len(events) == 2
    assert events[1] == only(parse(comment()))


def test_every_shared_payload_is_read_without_anything_unknown() -> None:
    files = sorted(PAYLOADS.glob("*.json"))
    if not files:
        pytest.skip("../shared/payloads/facebook_page is not there")
    for file in files:
        raw = file.read_bytes()
        (change,) = json.loads(raw)["entry"][0]["changes"]
        value = change["value"]
        event = only(source.parse(raw))
        assert event.kind is not Kind.UNKNOWN, file.name
        assert event.change is not Change.UNKNOWN, file.name
        words = (value.get(key) for key in ("message", "review_text", "reaction_type"))
        assert event.text == next(filter(None, words), ""), file.name
        assert event.more.get("raw") is None, file.name
