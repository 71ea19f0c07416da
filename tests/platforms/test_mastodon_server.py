"""The Mastodon adapter against servers that speak its API, over a line that can fail: mastodon_mock, our simulator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from herald.errors import NeedsLogin, OutcomeUnknown, Rejected, Retryable
from herald.model import Account, Change, Kind, Metric
from herald.platforms.mastodon import Mastodon
from herald.platforms.wire.http import Http
from local.microblogs.config import Ours
from tests.platforms.conftest import Orders
from tests.servers import running
from tests.servers.line import Line, line_to

BRAND, FAN = "token-quince", "token-kim"
STATUSES = "POST /api/v1/statuses"


@dataclass
class Server:
    """The server, the line to it, our account there, and what other clients do."""

    url: str
    line: Line
    account: Account
    fan_id: str
    orders: Orders
    faulty: bool  # whether it takes fault rules

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, token: str = FAN) -> Any:
        return running.call(method, f"{self.url}{path}", body, token)

    def fault(self, path: str, effect: dict[str, Any], method: str = "POST", count: int = 1) -> None:
        if not self.faulty:
            pytest.skip("the simulator's own faults are tested with it")
        rule = {"match": {"methods": [method], "path": path}, "effect": effect, "count": count}
        self.call("POST", "/api/v1/_mock/faults", rule)

    def wall(self) -> list[dict[str, Any]]:
        """Our own statuses, newest first, as the public sees them."""
        found: list[dict[str, Any]] = self.call("GET", f"/api/v1/accounts/{self.account.account_id}/statuses?limit=40")
        return found


OURS = (Ours("1001", "quince", "Quince & Thimble", BRAND), Ours("1002", "kim", "Kim Example", FAN))


@pytest.fixture(scope="module", params=["mastodon_mock", "simulator"])
def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, bool]]:
    """Its address, and whether it is mastodon_mock."""
    work = tmp_path_factory.mktemp("mastodon")
    mock = request.param == "mastodon_mock"
    with running.mastodon(work) if mock else running.simulator("mastodon", work, OURS) as url:
        yield url, mock


@pytest.fixture
def server(started: tuple[str, bool]) -> Iterator[Server]:
    url, mock = started
    brand, fan = (
        running.call("GET", f"{url}/api/v1/accounts/verify_credentials", token=token)["id"]
        for token in (BRAND, FAN)
    )
    with line_to(url) as line:
        account = Account("mastodon", brand, "Quince & Thimble", "quince", "Australia/Sydney", api_base=line.base)
        yield Server(url, line, account, fan, Orders("mastodon", brand), mock)


@pytest.fixture
def mastodon() -> Mastodon:
    return Mastodon(Http(read_seconds=5))


def test_a_post_with_link_and_described_image_stands_as_ordered(server: Server, mastodon: Mastodon, png: bytes) -> None:
    order = server.orders.publish(
        "Spring linen is in.\n\nCome & see <3", link="https://shop.example/linen?a=1&b=2", image=png,
        alt="Folded linen, terracotta “Kimberley”",
    )  # fmt: skip
    proof = mastodon.act(order, server.account, BRAND, [png])
    status = server.call("GET", f"/api/v1/statuses/{proof.external_id}")
    assert status["account"]["id"] == server.account.account_id
    assert status["visibility"] == "public"
    assert "https://shop.example/linen?a=1&amp;b=2" in status["content"]
    (image,) = status["media_attachments"]
    assert image["description"] == "Folded linen, terracotta “Kimberley”"
    assert proof.url == status["url"]
    assert mastodon.find(order, server.account, BRAND) == [proof]


def test_a_lost_answer_is_found_and_a_repeat_makes_no_second_post(server: Server, mastodon: Mastodon) -> None:
    order = server.orders.publish("One kettle, once.", link="https://shop.example/kettle")
    before = len(server.wall())
    server.line.lose_answer(STATUSES)
    with pytest.raises(OutcomeUnknown):
        mastodon.act(order, server.account, BRAND)
    (proof,) = mastodon.find(order, server.account, BRAND)
    assert mastodon.act(order, server.account, BRAND) == proof, "within an hour the server keeps the key"
    assert len(server.wall()) == before + 1


def test_a_lost_request_is_not_found(server: Server, mastodon: Mastodon) -> None:
    order = server.orders.publish("This one got lost.")
    server.line.lose_request(STATUSES)
    with pytest.raises(OutcomeUnknown):
        mastodon.act(order, server.account, BRAND)
    assert mastodon.find(order, server.account, BRAND) == []


def test_a_late_acceptance_is_not_there_at_first_and_then_found(server: Server, mastodon: Mastodon) -> None:
    order = server.orders.publish("This one came late.")
    server.line.carry_late(STATUSES, 0.5)
    with pytest.raises(OutcomeUnknown):
        mastodon.act(order, server.account, BRAND)
    assert mastodon.find(order, server.account, BRAND) == []
    server.line.settled()
    assert len(mastodon.find(order, server.account, BRAND)) == 1


def test_two_posts_of_the_same_words_are_both_shown_to_a_person(server: Server, mastodon: Mastodon) -> None:
    first, second = (server.orders.publish("Open until six.") for _ in range(2))
    proofs = {mastodon.act(order, server.account, BRAND) for order in (first, second)}
    assert len(proofs) == 2
    assert set(mastodon.find(first, server.account, BRAND)) == proofs


def test_a_lost_upload_is_tried_again_and_nothing_was_posted(server: Server, mastodon: Mastodon, png: bytes) -> None:
    order = server.orders.publish("With a picture.", image=png, alt="A cup")
    server.line.lose_answer("POST /api/v2/media")
    with pytest.raises(Retryable):
        mastodon.act(order, server.account, BRAND, [png])
    assert mastodon.find(order, server.account, BRAND) == []
    assert mastodon.act(order, server.account, BRAND, [png]).external_id


def test_an_answer_names_whom_it_answers_and_a_private_question_stays_private(
    server: Server, mastodon: Mastodon
) -> None:
    for visibility in ("public", "direct"):
        asked = server.call(
            "POST", "/api/v1/statuses", {"status": f"@quince where is my {visibility} order?", "visibility": visibility}
        )
        order = server.orders.reply(asked["id"], "On its way & sorry!")
        proof = mastodon.act(order, server.account, BRAND)
        answer = server.call("GET", f"/api/v1/statuses/{proof.external_id}", token=BRAND)
        assert answer["in_reply_to_id"] == asked["id"]
        assert answer["visibility"] == visibility
        assert [mention["id"] for mention in answer["mentions"]] == [server.fan_id]
        assert mastodon.find(order, server.account, BRAND) == [proof]


def test_what_is_taken_down_is_gone_and_taking_it_down_again_is_no_error(server: Server, mastodon: Mastodon) -> None:
    proof = mastodon.act(server.orders.publish("Soon gone."), server.account, BRAND)
    order = server.orders.take_down(proof.external_id)
    assert mastodon.find(order, server.account, BRAND) == []
    server.line.lose_answer("DELETE /api/v1/statuses")
    with pytest.raises(OutcomeUnknown):
        mastodon.act(order, server.account, BRAND)
    assert [found.external_id for found in mastodon.find(order, server.account, BRAND)] == [proof.external_id]
    assert mastodon.act(order, server.account, BRAND).external_id == proof.external_id


def test_the_post_of_somebody_else_is_not_taken_down(server: Server, mastodon: Mastodon) -> None:
    theirs = server.call("POST", "/api/v1/statuses", {"status": "Mine."})
    with pytest.raises(Rejected):
        mastodon.act(server.orders.take_down(theirs["id"]), server.account, BRAND)
    assert server.call("GET", f"/api/v1/statuses/{theirs['id']}")["id"] == theirs["id"]


def test_polling_tells_each_thing_once_in_order_however_many_there_are(server: Server, mastodon: Mastodon) -> None:
    post = mastodon.act(server.orders.publish("Ask us anything."), server.account, BRAND).external_id
    begun = mastodon.poll(server.account, BRAND, "").cursor
    server.call("POST", f"/api/v1/statuses/{post}/favourite")
    server.call("POST", f"/api/v1/statuses/{post}/reblog")
    server.call("POST", f"/api/v1/accounts/{server.account.account_id}/follow")
    reply = server.call("POST", "/api/v1/statuses", {"status": "@quince is it oven-proof?", "in_reply_to_id": post})
    for number in range(70):
        server.call("POST", "/api/v1/statuses", {"status": f"@quince question {number} & <b>"})
    server.call("POST", "/api/v1/statuses", {"status": "@quince just between us", "visibility": "direct"})

    polled = mastodon.poll(server.account, BRAND, begun)
    kinds = [event.kind for event in polled.events]
    assert kinds == [Kind.REACTION, Kind.SHARE, Kind.FOLLOW, Kind.COMMENT, *[Kind.MENTION] * 70, Kind.DM]
    assert {event.account_id for event in polled.events} == {server.account.account_id}
    assert {event.author_id for event in polled.events} == {server.fan_id}
    comment = polled.events[3]
    assert (comment.external_id, comment.parent_id) == (reply["id"], post)
    assert [event.text for event in polled.events[4:74]] == [f"@quince question {n} & <b>" for n in range(70)]
    assert polled.events[0].parent_id == post
    again = mastodon.poll(server.account, BRAND, polled.cursor)
    assert (again.events, again.cursor) == ((), polled.cursor)


def test_what_our_people_answer_there_is_told_as_ours_and_once(server: Server, mastodon: Mastodon) -> None:
    def says(text: str, token: str, **more: Any) -> str:
        return str(server.call("POST", "/api/v1/statuses", {"status": text, **more}, token)["id"])

    asked = says("@quince is it oven-proof?", FAN)
    says("@kim before anybody listened", BRAND, in_reply_to_id=asked)
    now = datetime.now(UTC)
    begun = mastodon.echoes(server.account, BRAND, "", now)
    assert begun.events[-1].text == "@kim before anybody listened", "the newest page first, the newest last"
    post = says("A post.", BRAND)
    says("And more of it.", BRAND, in_reply_to_id=post)
    server.call("POST", f"/api/v1/statuses/{asked}/reblog", token=BRAND)
    answers = [says(f"@kim {number} & <b>", BRAND, in_reply_to_id=asked) for number in range(45)]
    private = says("@quince between us", FAN, visibility="direct")
    secret = says("@kim yes", BRAND, in_reply_to_id=private, visibility="direct")
    proof = mastodon.act(server.orders.reply(asked, "From Herald."), server.account, BRAND)

    told, cursor = [], begun.cursor
    for _ in range(2):
        polled = mastodon.echoes(server.account, BRAND, cursor, now)
        told, cursor = [*told, *polled.events], polled.cursor
    assert [event.external_id for event in told] == [*answers, secret, proof.external_id]
    assert {event.parent_id for event in told} == {asked, private}
    assert [event.kind for event in told] == [*[Kind.COMMENT] * 45, Kind.DM, Kind.COMMENT]
    assert {(event.change, event.author_id) for event in told} == {(Change.OUTBOUND, server.account.account_id)}
    assert told[3].text == "@kim 3 & <b>"
    again = mastodon.echoes(server.account, BRAND, cursor, now)
    assert (again.events, again.cursor) == ((), cursor)


def test_numbers_are_those_the_server_counts(server: Server, mastodon: Mastodon) -> None:
    post = mastodon.act(server.orders.publish("Count me."), server.account, BRAND).external_id
    for act in ("favourite", "reblog"):
        server.call("POST", f"/api/v1/statuses/{post}/{act}")
    server.call("POST", "/api/v1/statuses", {"status": "@quince counted", "in_reply_to_id": post})
    server.call("POST", f"/api/v1/accounts/{server.account.account_id}/follow")
    now = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
    told = {snapshot.metric: snapshot.value for snapshot in mastodon.insights(server.account, BRAND, [post], now)}
    assert told == {Metric.REACTIONS: 1, Metric.COMMENTS: 1, Metric.SHARES: 1}
    (followers,) = mastodon.profile(server.account, BRAND, now)
    assert (followers.metric, followers.value, followers.day) == (Metric.FOLLOWERS, 1, "2026-11-22")


@pytest.mark.parametrize(("effect", "error", "after"), [
    ({"type": "ratelimit"}, Retryable, 300.0),
    ({"type": "status", "status": 429, "headers": {"Retry-After": "7"}}, Retryable, 7.0),
    ({"type": "status", "status": 503, "headers": {"Retry-After": "9"}}, Retryable, 9.0),
    ({"type": "status", "status": 422}, Rejected, None),
    ({"type": "status", "status": 403}, Rejected, None),
    ({"type": "status", "status": 401}, NeedsLogin, None),
    ({"type": "status", "status": 500}, OutcomeUnknown, None),
    ({"type": "malformed"}, OutcomeUnknown, None),
    ({"type": "latency", "delay_ms": 2_500}, OutcomeUnknown, None),
])  # fmt: skip
def test_each_refusal_says_what_to_do_next(
    server: Server, effect: dict[str, Any], error: type[Exception], after: float | None
) -> None:
    mastodon = Mastodon(Http(read_seconds=1.5))
    order = server.orders.publish(f"Refused by {effect}.")
    mastodon.act(server.orders.publish(f"Before {effect}."), server.account, BRAND)
    server.fault("/api/v1/statuses", effect)
    with pytest.raises(error) as caught:
        mastodon.act(order, server.account, BRAND)
    assert getattr(caught.value, "after", None) == after


def test_a_busy_server_is_asked_later_when_polling_and_measuring(server: Server, mastodon: Mastodon) -> None:
    server.fault("/api/v1/notifications", {"type": "ratelimit"}, method="GET")
    with pytest.raises(Retryable) as caught:
        mastodon.poll(server.account, BRAND, "")
    assert caught.value.after == 300.0
    server.fault(f"/api/v1/accounts/{server.account.account_id}", {"type": "status", "status": 500}, method="GET")
    with pytest.raises(Retryable):
        mastodon.profile(server.account, BRAND, datetime.now(UTC))


def test_a_text_over_the_servers_bound_is_refused_in_words_before_it_is_sent(
    server: Server, mastodon: Mastodon
) -> None:
    link = "https://shop.example/" + "x" * 200
    assert mastodon.act(server.orders.publish("a" * 250, link=link), server.account, BRAND).external_id
    asked = server.line.count(STATUSES)
    with pytest.raises(Rejected, match="500 characters"):
        mastodon.act(server.orders.publish("a" * 501), server.account, BRAND)
    assert server.line.count(STATUSES) == asked


@pytest.mark.parametrize("token", ["no-such-token", FAN])
def test_a_dead_token_or_that_of_another_account_needs_a_login(server: Server, mastodon: Mastodon, token: str) -> None:
    with pytest.raises(NeedsLogin):
        mastodon.act(server.orders.publish("Not by us."), server.account, token)
    assert server.line.count(STATUSES) == 0


def test_our_own_words_are_told_as_ours(server: Server, mastodon: Mastodon) -> None:
    begun = mastodon.poll(server.account, BRAND, "").cursor
    server.call("POST", "/api/v1/statuses", {"status": "@kim a word from us"}, token=BRAND)
    ours = replace(server.account, account_id=server.fan_id)
    (event,) = [e for e in mastodon.poll(ours, FAN, "").events if e.text == "@kim a word from us"]
    assert event.change is Change.CREATED, "for them it is a mention"
    assert mastodon.poll(server.account, BRAND, begun).events == ()
