"""Google reviews: what their list says, the one answer that leaves, what each answer asks us to do next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import NeedsLogin, OutcomeUnknown, Rejected, Retryable, Unsupported
from herald.model import Account, Act, Change, Delivery, DeliveryState, Event, Kind
from herald.platforms.google_business import GoogleBusiness
from herald.platforms.wire.http import Http
from tests.servers.scripted import Drops, Reply, Says, Scripted, scripted

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PLACE = "accounts/11/locations/22"
REVIEW = f"{PLACE}/reviews/AbFv-1"
TOKEN = "an-access-token"
AT = "/v4/"


def stamp(seconds: float = 0) -> str:
    return (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def a_review(id: str = "AbFv-1", seconds: float = -60, **changed: Any) -> dict[str, Any]:
    return {
        "name": f"{PLACE}/reviews/{id}", "reviewId": id, "starRating": "TWO", "comment": "The tap drips.",
        "reviewer": {"displayName": "Kim Example", "isAnonymous": False}, "createTime": stamp(seconds),
        "updateTime": stamp(seconds),
    } | changed  # fmt: skip


def parsed(*reviews: Any) -> list[Event]:
    return GoogleBusiness().parse(json.dumps({"reviews": list(reviews), "totalReviewCount": len(reviews)}).encode())


# -------------------------------------------------------------------- reading


def test_a_review_says_who_what_and_how_many_stars() -> None:
    (event,) = parsed(a_review())
    assert event == Event(
        platform="google_business", account_id=PLACE, external_id=REVIEW, author_id=None, text="The tap drips.",
        kind=Kind.REVIEW, change=Change.CREATED, parent_id=PLACE, created_at=NOW - timedelta(seconds=60),
        author_name="Kim Example", more={"rating": 2},
    )  # fmt: skip


def test_a_later_change_is_an_edit_of_the_same_review_at_its_own_time() -> None:
    (event,) = parsed(a_review(updateTime=stamp(30)))
    assert (event.change, event.external_id, event.created_at) == (Change.EDITED, REVIEW, NOW + timedelta(seconds=30))


@pytest.mark.parametrize(("stars", "rating"), [
    ("ONE", 1), ("FIVE", 5), ("STAR_RATING_UNSPECIFIED", None), ("SIX", None), (None, None),
])  # fmt: skip
def test_stars_without_words_are_a_review_and_unknown_stars_are_none(stars: str | None, rating: int | None) -> None:
    (event,) = parsed(a_review(starRating=stars, comment=None))
    assert (event.kind, event.text, event.more.get("rating")) == (Kind.REVIEW, "", rating)


def test_our_answer_comes_with_its_review_as_an_echo() -> None:
    review, echo = parsed(
        a_review(reviewReply={"comment": "Sorry!", "updateTime": stamp(), "reviewReplyState": "PENDING"})
    )
    assert (review.external_id, review.account_id) == (echo.parent_id, echo.account_id)
    assert (echo.change, echo.kind, echo.text, echo.parent_id) == (Change.OUTBOUND, Kind.COMMENT, "Sorry!", REVIEW)
    assert (echo.external_id, echo.author_id) == (f"{REVIEW}/reply@{int(NOW.timestamp() * 1000)}", PLACE)
    assert echo.more["state"] == "PENDING"


def test_a_review_that_cannot_be_read_harms_no_neighbour() -> None:
    odd, broken, fine = parsed({"name": "accounts/../x"}, a_review(updateTime="soon"), a_review())
    assert (odd.kind, broken.kind, fine.kind) == (Kind.UNKNOWN, Kind.UNKNOWN, Kind.REVIEW)


def test_a_place_without_reviews_has_an_empty_body() -> None:
    assert GoogleBusiness().parse(b"{}") == []


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["name", "comment", "reviewer", "updateTime", "reviewReply"]), inner, max_size=5),
    max_leaves=12,
))  # fmt: skip
def test_nothing_in_a_list_stops_it(value: Any) -> None:
    *_, last = parsed(value, a_review())
    assert last.external_id == REVIEW


# -------------------------------------------------------------------- asking


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as platform:
        platform.on("GET", f"{AT}{REVIEW}", Says(a_review()))
        platform.on("PUT", f"{AT}{REVIEW}/reply", Says({"comment": "Sorry!", "updateTime": stamp(1)}))
        yield platform


def account(server: Scripted) -> Account:
    return Account("google_business", PLACE, "Quince & Thimble", "quince", api_base=server.base)


def delivery(what: Act = Act.REPLY, **changed: Any) -> Delivery:
    given_ = {
        "id": "d1", "act": what, "platform": "google_business", "account_id": PLACE, "brand": "quince",
        "message_id": f"google_business:{REVIEW}", "target": REVIEW, "text": "Sorry!", "state": DeliveryState.SENDING,
        "ordered_by": "kim", "ordered_at": NOW, "due_at": NOW, "attempt": 1, "first_sent_at": NOW,
    }  # fmt: skip
    return Delivery(**(given_ | changed))


def adapter() -> GoogleBusiness:
    return GoogleBusiness(Http(connect_seconds=2, read_seconds=2))


def act(server: Scripted, order: Delivery | None = None, token: str = TOKEN) -> str:
    return adapter().act(order or delivery(), account(server), token).external_id


def error(code: int, status: str) -> Says:
    return Says({"error": {"code": code, "status": status, "message": "words that may change"}}, code)


def test_reviews_are_told_oldest_first_and_each_change_once(server: Scripted) -> None:
    first, second = a_review("B", 10), a_review("A", 0, reviewReply={"comment": "Thanks", "updateTime": stamp(5)})
    server.on("GET", f"{AT}{PLACE}/reviews", Says({"reviews": [first, second]}))
    told = adapter().poll(account(server), TOKEN, "")
    assert [event.external_id.rpartition("/")[2][:5] for event in told.events] == ["A", "reply", "B"]
    asked = server.asked[0]
    assert (asked.query, asked.headers["authorization"]) == (
        {"pageSize": "50", "orderBy": "updateTime desc"}, f"Bearer {TOKEN}",
    )  # fmt: skip
    assert adapter().poll(account(server), TOKEN, told.cursor).events == ()
    changed = {**second, "updateTime": stamp(20)}
    server.on("GET", f"{AT}{PLACE}/reviews", Says({"reviews": [changed, first]}))
    (edit,) = adapter().poll(account(server), TOKEN, told.cursor).events
    assert (edit.change, edit.external_id) == (Change.EDITED, f"{PLACE}/reviews/A")


def test_it_goes_back_page_by_page_to_what_was_seen_and_no_further(server: Scripted) -> None:
    pages = [Says({"reviews": [a_review(f"r{n}", 1000 - n * 100)], "nextPageToken": f"p{n}"}) for n in range(12)]
    server.on("GET", f"{AT}{PLACE}/reviews", *pages)
    told = adapter().poll(account(server), TOKEN, f"{int(NOW.timestamp()) + 730}:")
    assert len(server.asked) == 5
    assert [one.query.get("pageToken") for one in server.asked] == [None, "p0", "p1", "p2", "p3"]
    assert [event.external_id.rpartition("/")[2] for event in told.events] == ["r3", "r2", "r1", "r0"]


def test_the_first_run_reads_one_page(server: Scripted) -> None:
    server.on("GET", f"{AT}{PLACE}/reviews", Says({"reviews": [a_review()], "nextPageToken": "p"}))
    assert len(adapter().poll(account(server), TOKEN, "").events) == 1
    assert len(server.asked) == 1


def test_an_account_that_is_no_place_is_asked_for_nothing(server: Scripted) -> None:
    with pytest.raises(Rejected, match="accounts/<id>/locations/<id>"):
        adapter().poll(Account("google_business", "../me", "x", "x", api_base=server.base), TOKEN, "")
    assert server.asked == []


# -------------------------------------------------------------------- answering


def test_an_answer_is_put_once_under_its_review(server: Scripted) -> None:
    assert act(server) == f"{REVIEW}/reply@{int(NOW.timestamp() * 1000) + 1000}"
    (put,) = server.of("PUT", f"{AT}{REVIEW}/reply")
    assert put.json == {"comment": "Sorry!"}


def test_an_answer_that_somebody_gave_at_google_is_not_written_over(server: Scripted) -> None:
    for words in ("By the owner", "Sorry!"):
        reply = {"comment": words, "updateTime": stamp(-10)}
        server.on("GET", f"{AT}{REVIEW}", Says(a_review(reviewReply=reply)))
        with pytest.raises(Rejected, match="change it there"):
            act(server)
    assert server.count("PUT", ".*") == 0


def test_after_the_customer_changed_the_review_a_new_answer_takes_the_place_of_the_old(server: Scripted) -> None:
    old = {"comment": "By the owner", "updateTime": stamp(-100)}
    server.on("GET", f"{AT}{REVIEW}", Says(a_review(reviewReply=old)))
    act(server)
    assert server.count("PUT", ".*") == 1


def test_a_later_attempt_takes_its_own_answer_for_done(server: Scripted) -> None:
    reply = {"comment": "Sorry!", "updateTime": stamp(2)}
    server.on("GET", f"{AT}{REVIEW}", Says(a_review(reviewReply=reply)))
    assert act(server, delivery(attempt=2)).endswith(f"@{int(NOW.timestamp() * 1000) + 2000}")
    assert server.count("PUT", ".*") == 0


def test_an_answer_is_bounded_in_bytes_for_accents_count_twice(server: Scripted) -> None:
    for text, fits in (("é" * 2_048, True), ("é" * 2_049, False), ("x" * 4_097, False), ("  ", False)):
        if fits:
            act(server, delivery(text=text))
        else:
            with pytest.raises(Rejected):
                act(server, delivery(text=text))
    assert server.count("PUT", ".*") == 1


@pytest.mark.parametrize(("answer", "expected"), [
    (Drops(), OutcomeUnknown), (Says({}), OutcomeUnknown), (Says({"comment": 7}), OutcomeUnknown),
    (error(401, "UNAUTHENTICATED"), NeedsLogin), (error(403, "PERMISSION_DENIED"), Rejected),
    (error(400, "INVALID_ARGUMENT"), Rejected), (error(404, "NOT_FOUND"), Rejected),
    (error(429, "RESOURCE_EXHAUSTED"), Retryable), (error(503, "UNAVAILABLE"), Retryable),
    (error(500, "INTERNAL"), Retryable), (error(409, "ABORTED"), Retryable), (Says(b"<html>", 502), Retryable),
])  # fmt: skip
def test_what_an_answer_asks_us_to_do(server: Scripted, answer: Reply, expected: type[Exception]) -> None:
    server.on("PUT", f"{AT}{REVIEW}/reply", answer)
    with pytest.raises(expected):
        act(server)


def test_a_lost_answer_is_looked_up_by_its_words_since_it_left(server: Scripted) -> None:
    for reply, found in (
        (None, 0), ({"comment": "Other", "updateTime": stamp(1)}, 0),
        ({"comment": "Sorry!", "updateTime": stamp(-60)}, 0),
        ({"comment": " Sorry! ", "updateTime": stamp(1)}, 1),
    ):  # fmt: skip
        server.on("GET", f"{AT}{REVIEW}", Says(a_review(reviewReply=reply)))
        assert len(adapter().find(delivery(), account(server), TOKEN)) == found
    server.on("GET", f"{AT}{REVIEW}", error(404, "NOT_FOUND"))
    assert adapter().find(delivery(), account(server), TOKEN) == []


def test_our_answer_is_taken_away_and_that_is_found(server: Scripted) -> None:
    server.on("DELETE", f"{AT}{REVIEW}/reply", Says({}))
    order = delivery(Act.TAKE_DOWN, target=f"{REVIEW}/reply@1")
    assert act(server, order) == order.target
    assert len(adapter().find(order, account(server), TOKEN)) == 1
    server.on("DELETE", f"{AT}{REVIEW}/reply", error(404, "NOT_FOUND"))
    assert act(server, order) == order.target
    server.on("GET", f"{AT}{REVIEW}", Says(a_review(reviewReply={"comment": "Sorry!", "updateTime": stamp()})))
    assert adapter().find(order, account(server), TOKEN) == []


def test_a_review_cannot_be_hidden_by_api_so_a_person_asks_google(server: Scripted) -> None:
    with pytest.raises(Unsupported, match="a person must"):
        act(server, delivery(Act.HIDE))


@pytest.mark.parametrize(
    "target", ["accounts/11/locations/33/reviews/x", f"{PLACE}/reviews/../x", "AbFv", f"{REVIEW}?x=1"]
)
def test_only_reviews_of_this_place_are_acted_on(server: Scripted, target: str) -> None:
    with pytest.raises(Rejected, match="no review of this place"):
        act(server, delivery(target=target))
    assert server.asked == []


# -------------------------------------------------------------------- the login

CONSENT = "an-id.apps:GOCSPX-secret:1//0refresh"


def test_a_stored_consent_is_exchanged_once_for_many_calls(server: Scripted) -> None:
    server.on("POST", "/token", Says({"access_token": "ya29.fresh", "expires_in": 3599, "token_type": "Bearer"}))
    server.on("GET", f"{AT}{PLACE}/reviews", Says({}))
    ours = adapter()
    for _ in range(3):
        ours.poll(account(server), CONSENT, "")
    (asked,) = server.of("POST", "/token")
    assert asked.form == {
        "client_id": "an-id.apps", "client_secret": "GOCSPX-secret", "refresh_token": "1//0refresh",
        "grant_type": "refresh_token",
    }  # fmt: skip
    assert {one.headers["authorization"] for one in server.of("GET", ".*")} == {"Bearer ya29.fresh"}


def test_a_token_at_its_end_is_exchanged_again(server: Scripted) -> None:
    server.on("POST", "/token", Says({"access_token": "ya29.short", "expires_in": 30}))
    server.on("GET", f"{AT}{PLACE}/reviews", Says({}))
    ours = adapter()
    for _ in range(2):
        ours.poll(account(server), CONSENT, "")
    assert server.count("POST", "/token") == 2


@pytest.mark.parametrize(("answer", "expected"), [
    (Says({"error": "invalid_grant"}, 400), NeedsLogin), (Says({"error": "invalid_client"}, 401), NeedsLogin),
    (Says(b"", 503), Retryable), (Drops(), Retryable), (Says({"access_token": "a b"}), Retryable),
])  # fmt: skip
def test_what_an_answer_to_the_login_asks_us_to_do(server: Scripted, answer: Reply, expected: type[Exception]) -> None:
    server.on("POST", "/token", answer)
    with pytest.raises(expected) as raised:
        act(server, token=CONSENT)
    assert "GOCSPX" not in str(raised.value)
    assert server.count("PUT", ".*") == 0


@pytest.mark.parametrize("token", ["", "a token", "tok\nen"])
def test_what_is_no_token_is_never_sent(server: Scripted, token: str) -> None:
    with pytest.raises(NeedsLogin):
        act(server, token=token)
    assert server.asked == []
