"""The Bluesky adapter against a real PDS (no AppView there) and our simulator, over a line that can fail."""

from __future__ import annotations

import hashlib
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from herald.errors import NeedsLogin, OutcomeUnknown, Rejected, Retryable
from herald.model import Account, Change, Event
from herald.platforms.bluesky import Bluesky
from herald.platforms.wire.atproto import Sessions, uri
from herald.platforms.wire.http import Http
from herald.ports import Polled
from local.microblogs.config import Ours
from tests.platforms.conftest import Orders
from tests.servers import running
from tests.servers.line import Line, line_to

PUT = r"POST /xrpc/com\.atproto\.repo\.putRecord"
LOGIN = r"POST /xrpc/com\.atproto\.server\.createSession"
POST = "app.bsky.feed.post"


@dataclass
class Person:
    """An account on the PDS."""

    did: str
    access: str
    app_password: str


@dataclass
class Server:
    """The PDS, the line to it, our account there, and what other clients do."""

    url: str
    line: Line
    account: Account
    token: str
    brand: Person
    fan: Person
    orders: Orders

    def record(self, address: str) -> dict[str, Any]:
        place = uri(address)
        assert place
        query = f"repo={place.did}&collection={place.collection}&rkey={place.rkey}"
        value: dict[str, Any] = _xrpc("GET", self.url, f"com.atproto.repo.getRecord?{query}")["value"]
        return value

    def wall(self) -> list[dict[str, Any]]:
        """Our own posts, newest first, as the repository lists them."""
        query = f"repo={self.brand.did}&collection={POST}&limit=100"
        found: list[dict[str, Any]] = _xrpc("GET", self.url, f"com.atproto.repo.listRecords?{query}")["records"]
        return found

    def write(self, by: Person, collection: str, record: dict[str, Any]) -> dict[str, Any]:
        body = {"repo": by.did, "collection": collection, "record": {"$type": collection, **record}}
        made: dict[str, Any] = _xrpc("POST", self.url, "com.atproto.repo.createRecord", body, by.access)
        return made


def _xrpc(method: str, url: str, name: str, body: dict[str, Any] | None = None, token: str = "") -> Any:
    return running.call(method, f"{url}/xrpc/{name}", body, token)


def _join(url: str, name: str) -> Person:
    made = _xrpc("POST", url, "com.atproto.server.createAccount", {
        "handle": f"{name}.test", "email": f"{name}@example.com", "password": f"the password of {name}"})  # fmt: skip
    app = _xrpc("POST", url, "com.atproto.server.createAppPassword", {"name": "herald"}, made["accessJwt"])
    return Person(made["did"], made["accessJwt"], app["password"])


SHOP = Ours("did:plc:anothershopwares23456abc", "shop.test", "Another Shop", "its-app-pass-word")


@pytest.fixture(scope="module", params=["pds", "simulator"])
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Person, Person]]:
    work = tmp_path_factory.mktemp("pds")
    with running.pds(work) if request.param == "pds" else running.simulator("bluesky", work, [SHOP]) as url:
        yield url, _join(url, "quince"), _join(url, "kim")


@pytest.fixture(scope="module")
def sessions() -> Sessions:
    """One process logs in once; so do these tests."""
    return Sessions()


@pytest.fixture
def server(started: tuple[str, Person, Person]) -> Iterator[Server]:
    url, brand, fan = started
    with line_to(url) as line:
        account = Account("bluesky", brand.did, "Quince & Thimble", "quince", api_base=line.base)
        token = f"quince.test:{brand.app_password}"
        yield Server(url, line, account, token, brand, fan, Orders("bluesky", brand.did))


@pytest.fixture
def bluesky(sessions: Sessions) -> Bluesky:
    return Bluesky(Http(read_seconds=5), sessions)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_a_post_with_link_and_described_image_stands_as_ordered(server: Server, bluesky: Bluesky, png: bytes) -> None:
    order = server.orders.publish(
        "Frühling 👩‍👩‍👧 is in: #linen, see https://shop.example/a_(b).", link="https://shop.example/linen?a=1&b=2",
        image=png, alt="Folded linen, terracotta “Kimberley”",
    )  # fmt: skip
    proof = bluesky.act(order, server.account, server.token, [png])
    record = server.record(proof.external_id)
    raw = record["text"].encode()
    marked = {
        raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(): facet["features"][0]
        for facet in record["facets"]
    }
    link, tag = "app.bsky.richtext.facet#link", "app.bsky.richtext.facet#tag"
    assert marked == {
        "#linen": {"$type": tag, "tag": "linen"},
        "https://shop.example/a_(b)": {"$type": link, "uri": "https://shop.example/a_(b)"},
        "https://shop.example/linen?a=1&b=2": {"$type": link, "uri": "https://shop.example/linen?a=1&b=2"},
    }
    (image,) = record["embed"]["images"]
    assert image["alt"] == "Folded linen, terracotta “Kimberley”"
    assert image["aspectRatio"] == {"width": 8, "height": 4}
    blob = f"did={server.brand.did}&cid={image['image']['ref']['$link']}"
    with urllib.request.urlopen(f"{server.url}/xrpc/com.atproto.sync.getBlob?{blob}", timeout=10) as answer:  # noqa: S310
        assert hashlib.sha256(answer.read()).digest() == hashlib.sha256(png).digest()
    assert bluesky.find(order, server.account, server.token) == [proof]


def test_a_lost_answer_is_found_and_a_repeat_makes_no_second_post(server: Server, bluesky: Bluesky) -> None:
    order = server.orders.publish("One kettle, once.")
    before = len(server.wall())
    server.line.lose_answer(PUT)
    with pytest.raises(OutcomeUnknown):
        bluesky.act(order, server.account, server.token)
    (proof,) = bluesky.find(order, server.account, server.token)
    assert bluesky.act(order, server.account, server.token) == proof
    later = replace(order, first_sent_at=datetime(2030, 1, 1, tzinfo=UTC))
    assert bluesky.act(later, server.account, server.token) == proof, "the repeat says the same at another time"
    assert len(server.wall()) == before + 1


def test_a_lost_request_is_not_found(server: Server, bluesky: Bluesky) -> None:
    order = server.orders.publish("This one got lost.")
    server.line.lose_request(PUT)
    with pytest.raises(OutcomeUnknown):
        bluesky.act(order, server.account, server.token)
    assert bluesky.find(order, server.account, server.token) == []


def test_a_late_acceptance_after_the_second_attempt_leaves_one_post(server: Server, bluesky: Bluesky) -> None:
    order = server.orders.publish("This one came late.")
    before = len(server.wall())
    server.line.carry_late(PUT, 1.0)
    with pytest.raises(OutcomeUnknown):
        bluesky.act(order, server.account, server.token)
    assert bluesky.find(order, server.account, server.token) == []
    proof = bluesky.act(order, server.account, server.token)
    server.line.settled()
    assert bluesky.find(order, server.account, server.token) == [proof]
    assert len(server.wall()) == before + 1


def test_two_posts_of_the_same_words_ordered_in_one_instant_both_stand(server: Server, bluesky: Bluesky) -> None:
    first = server.orders.publish("Open until six.")
    second = replace(server.orders.publish("Open until six."), ordered_at=first.ordered_at)
    proofs = [bluesky.act(order, server.account, server.token) for order in (first, second)]
    assert proofs[0] != proofs[1]
    for order, proof in zip((first, second), proofs, strict=True):
        assert bluesky.find(order, server.account, server.token) == [proof]


def test_what_somebody_put_under_our_key_is_never_overwritten(server: Server, bluesky: Bluesky) -> None:
    order = server.orders.publish("Ours.")
    proof = bluesky.act(order, server.account, server.token)
    place = uri(proof.external_id)
    assert place
    other = {"$type": POST, "text": "Changed by hand.", "createdAt": _now()}
    body = {"repo": place.did, "collection": POST, "rkey": place.rkey, "record": other}
    _xrpc("POST", server.url, "com.atproto.repo.putRecord", body, server.brand.access)
    with pytest.raises(OutcomeUnknown, match="a person must look"):
        bluesky.act(order, server.account, server.token)
    assert server.record(proof.external_id)["text"] == "Changed by hand."


def test_a_lost_upload_is_tried_again_and_nothing_was_posted(server: Server, bluesky: Bluesky, png: bytes) -> None:
    order = server.orders.publish("With a picture.", image=png, alt="A cup")
    server.line.lose_answer(r"uploadBlob")
    with pytest.raises(Retryable):
        bluesky.act(order, server.account, server.token, [png])
    assert bluesky.find(order, server.account, server.token) == []
    assert bluesky.act(order, server.account, server.token, [png]).external_id


def test_an_answer_hangs_under_what_it_answers_and_under_the_beginning_of_the_thread(
    server: Server, bluesky: Bluesky
) -> None:
    root = bluesky.act(server.orders.publish("Ask us anything."), server.account, server.token)
    begun = {"uri": root.external_id, "cid": self_cid(server, root.external_id)}
    asked = server.write(server.fan, POST, {
        "text": "Oven-proof?", "createdAt": _now(), "reply": {"root": begun, "parent": begun}})  # fmt: skip
    order = server.orders.reply(asked["uri"], "Up to 220 degrees.")
    proof = bluesky.act(order, server.account, server.token)
    assert server.record(proof.external_id)["reply"] == {
        "root": begun, "parent": {"uri": asked["uri"], "cid": asked["cid"]}}  # fmt: skip
    assert bluesky.find(order, server.account, server.token) == [proof]


def self_cid(server: Server, address: str) -> str:
    place = uri(address)
    assert place
    query = f"repo={place.did}&collection={place.collection}&rkey={place.rkey}"
    return str(_xrpc("GET", server.url, f"com.atproto.repo.getRecord?{query}")["cid"])


def test_an_answer_to_what_is_gone_is_refused(server: Server, bluesky: Bluesky) -> None:
    gone = f"at://{server.fan.did}/{POST}/3kaaaaaaaaa2a"
    with pytest.raises(Rejected, match="gone"):
        bluesky.act(server.orders.reply(gone, "Hello?"), server.account, server.token)


def test_what_is_taken_down_is_gone_and_taking_it_down_again_is_no_error(server: Server, bluesky: Bluesky) -> None:
    proof = bluesky.act(server.orders.publish("Soon gone."), server.account, server.token)
    order = server.orders.take_down(proof.external_id)
    assert bluesky.find(order, server.account, server.token) == []
    server.line.lose_answer(r"deleteRecord")
    with pytest.raises(OutcomeUnknown):
        bluesky.act(order, server.account, server.token)
    assert [found.external_id for found in bluesky.find(order, server.account, server.token)] == [proof.external_id]
    assert bluesky.act(order, server.account, server.token).external_id == proof.external_id


def test_the_post_of_somebody_else_is_not_taken_down(server: Server, bluesky: Bluesky) -> None:
    theirs = server.write(server.fan, POST, {"text": "Mine.", "createdAt": _now()})
    with pytest.raises(Rejected, match="no post of this account"):
        bluesky.act(server.orders.take_down(theirs["uri"]), server.account, server.token)
    assert server.record(theirs["uri"])["text"] == "Mine."


@pytest.mark.parametrize("sign", ["a", "é", "👨‍👩‍👧", "🇦🇺", "👍🏽", "각"])
def test_three_hundred_of_what_a_reader_sees_as_one_sign_are_taken_within_the_bound_of_bytes(
    server: Server, bluesky: Bluesky, sign: str
) -> None:
    fitting = min(300, 3_000 // len(sign.encode()))
    assert bluesky.act(server.orders.publish(sign * fitting), server.account, server.token).external_id
    before = server.line.count(PUT)
    with pytest.raises(Rejected, match="300 graphemes and 3000 bytes"):
        bluesky.act(server.orders.publish(sign * (fitting + 1)), server.account, server.token)
    assert server.line.count(PUT) == before, "refused before it is sent"


def test_a_picture_over_the_bound_is_refused_before_it_is_sent(server: Server, bluesky: Bluesky, png: bytes) -> None:
    big = png + b"\0" * 2_000_000
    with pytest.raises(Rejected, match="2000000 bytes"):
        bluesky.act(server.orders.publish("Big.", image=big, alt="A cup"), server.account, server.token, [big])
    assert server.line.asked == []


def test_a_process_logs_in_once_and_an_old_session_is_renewed(server: Server) -> None:
    sessions = Sessions()
    bluesky = Bluesky(Http(read_seconds=5), sessions)
    for number in range(3):
        bluesky.act(server.orders.publish(f"Session {number}."), server.account, server.token)
    assert server.line.count(LOGIN) == 1
    (key,) = sessions._known
    sessions._known[key] = replace(sessions._known[key], access="an.invalid.token")
    bluesky.act(server.orders.publish("Session 4."), server.account, server.token)
    assert (server.line.count(LOGIN), server.line.count("refreshSession")) == (1, 1)


def test_a_wrong_password_or_that_of_another_account_needs_a_login(server: Server) -> None:
    bluesky = Bluesky(Http(read_seconds=5), Sessions())
    order = server.orders.publish("Not by us.")
    for _ in range(3):
        with pytest.raises(NeedsLogin):
            bluesky.act(order, server.account, "quince.test:aaaa-bbbb-cccc-dddd")
    assert server.line.count(LOGIN) == 1, "a wrong password is not asked with again and again"
    with pytest.raises(NeedsLogin, match=server.fan.did):
        bluesky.act(order, server.account, f"kim.test:{server.fan.app_password}")
    assert server.line.count(PUT) == 0


def test_too_many_logins_are_asked_again_when_the_server_says(server: Server) -> None:
    other = _join(server.url, "busy")
    token = f"busy.test:{other.app_password}"
    account = replace(server.account, account_id=other.did)
    for _ in range(30):
        Bluesky(Http(), Sessions()).find(server.orders.publish("?"), account, token)
    with pytest.raises(Retryable) as caught:
        Bluesky(Http(), Sessions()).find(server.orders.publish("?"), account, token)
    assert caught.value.code == "RateLimitExceeded"
    assert caught.value.after is not None
    assert 0 < caught.value.after <= 300


def test_what_our_people_answer_there_is_told_as_ours_under_the_address_it_has(
    server: Server, bluesky: Bluesky
) -> None:
    def says(by: Person, text: str, to: dict[str, Any] | None = None) -> dict[str, Any]:
        ref = {name: to[name] for name in ("uri", "cid")} if to else {}
        above = {"reply": {"root": ref, "parent": ref}} if to else {}
        return server.write(by, POST, {"text": text, "createdAt": _now(), **above})

    def echoes(cursor: str, *, later: timedelta = timedelta(0)) -> Polled:
        return bluesky.echoes(server.account, server.token, cursor, datetime.now(UTC) + later)

    asked = says(server.fan, "Oven-proof?")
    before = says(server.brand, "Before anybody listened", asked)["uri"]
    begun = echoes("")
    assert before in [event.external_id for event in begun.events], "the newest page first"
    says(server.brand, "More of it", says(server.brand, "A post"))
    answers = [says(server.brand, f"{number} & <b>", asked)["uri"] for number in range(105)]
    proof = bluesky.act(server.orders.reply(asked["uri"], "From Herald."), server.account, server.token)

    told, cursor = list[Event](), begun.cursor
    while (polled := echoes(cursor, later=timedelta(hours=1))).cursor != cursor:
        told, cursor = [*told, *polled.events], polled.cursor
    assert polled.events == (), "and once clocks cannot differ any more, nothing is told again"
    ours = [event for event in told if event.parent_id == asked["uri"]]  # other tests answer here too
    assert sorted(event.external_id for event in ours) == sorted([before, *answers, proof.external_id])
    assert {(event.change, event.account_id, event.author_id) for event in told} == {
        (Change.OUTBOUND, server.brand.did, server.brand.did)}  # fmt: skip
    assert [event.text for event in ours if event.external_id in answers] == [f"{n} & <b>" for n in range(105)]


def test_without_an_app_view_numbers_are_missing_and_polling_waits(
    server: Server, bluesky: Bluesky, request: pytest.FixtureRequest
) -> None:
    if "simulator" in request.node.name:
        pytest.skip("the simulator has an AppView")
    proof = bluesky.act(server.orders.publish("Count me."), server.account, server.token)
    now = datetime.now(UTC)
    assert bluesky.profile(server.account, server.token, now) == []
    assert bluesky.insights(server.account, server.token, [proof.external_id], now) == []
    with pytest.raises(Retryable):
        bluesky.poll(server.account, server.token, "")
