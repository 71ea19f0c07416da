"""Ingest under attack: whatever an authentic or a forged caller sends, it is refused, stored or kept, never a crash."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.util
import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from herald.flows import receive as flow
from herald.flows.receive import EVENT_LIMIT, Receipt, receive
from herald.model import Connection
from herald.store.tables import TableStore
from local.memory import MemoryDb
from tests.support.world import NOON, PAGE, SECRET, Wall, World, a_world

SENT = int(NOON.timestamp())
YEAR_2099 = 4_070_000_000


def said(n: int = 1, text: str | None = "Where is my rug?", verb: str = "add", at: Any = SENT, **more: Any) -> Any:
    value = {
        "item": "comment", "verb": verb, "comment_id": f"{PAGE}_{n}", "post_id": f"{PAGE}_p", "created_time": at,
        "from": {"id": "u1", "name": "Quinn Quill"}, "message": text,
    } | more  # fmt: skip
    return {"field": "feed", "value": value}


def body_of(*changes: Any, page: str = PAGE, time: int = SENT) -> bytes:
    return json.dumps({"object": "page", "entry": [{"id": page, "time": time, "changes": list(changes)}]}).encode()


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def take(world: World, body: bytes) -> Receipt:
    return receive("fb", body, signed(body), world.herald, world.clock())


def held(world: World, n: int = 1) -> Any:
    return world.store.message(f"facebook_page:{PAGE}_{n}")


# ---------------------------------------------------------------- times that cannot be true


def test_a_comment_stamped_far_ahead_is_deleted_by_its_author_all_the_same() -> None:
    world = a_world()
    take(world, body_of(said(at=YEAR_2099)))
    assert held(world).created_at == NOON
    take(world, body_of(said(verb="remove", text=None, at=None), time=SENT + 60))
    assert (held(world).deleted, held(world).text) == (True, "")


def test_a_comment_stamped_far_ahead_and_told_again_stays_deleted() -> None:
    world, first = a_world(), body_of(said(at=YEAR_2099))
    take(world, first)
    take(world, body_of(said(verb="remove", text=None, at=None), time=SENT + 60))
    world.clock.pass_(hours=1)
    assert take(world, first).repeated == 1
    assert held(world).deleted


def test_a_comment_stamped_far_ahead_and_told_again_is_one_message() -> None:
    world, first = a_world(), body_of(said(at=YEAR_2099))
    take(world, first)
    before = held(world)
    world.clock.pass_(minutes=5)
    assert (take(world, first).stored, held(world)) == (0, before)


def test_an_edit_after_a_comment_stamped_far_ahead_is_what_stands() -> None:
    world = a_world()
    take(world, body_of(said(at=YEAR_2099)))
    take(world, body_of(said(text="Found it.", verb="edited"), time=SENT + 60))
    assert held(world).text == "Found it."


@pytest.mark.parametrize("verb", ["edited", "remove", "hide"])
def test_a_later_change_stamped_far_ahead_takes_effect_and_is_not_the_last_word(verb: str) -> None:
    world = a_world()
    take(world, body_of(said()))
    world.clock.pass_(minutes=5)
    take(world, body_of(said(text="Never mind.", verb=verb, at=YEAR_2099)))
    told = held(world)
    assert {"edited": told.text == "Never mind.", "remove": told.deleted, "hide": told.hidden is True}[verb]
    assert told.stamp < "2030"
    assert told.seen_stamp < "2030"


def test_clocks_may_differ_by_hours() -> None:
    world = a_world()
    take(world, body_of(said(at=SENT + 3 * 3600)))
    assert held(world).created_at == NOON + timedelta(hours=3)


# ---------------------------------------------------------------- two things are never taken for one


def test_two_unheard_of_verbs_of_one_second_are_two_events_in_a_batch() -> None:
    receipt = take(a_world(), body_of(said(verb="pin"), said(verb="unpin")))
    assert (receipt.stored + receipt.repeated, receipt.status) == (2, 200)
    assert len({flow._identity(e) for e in a_world().herald.sources["facebook_page"].parse(
        body_of(said(verb="pin"), said(verb="unpin")))}) == 2  # fmt: skip


def test_the_same_words_told_to_our_page_and_to_a_foreign_one_are_stored_for_ours() -> None:
    world = a_world()
    ours, foreign = json.loads(body_of(said())), json.loads(body_of(said(), page="666000"))
    body = json.dumps({"object": "page", "entry": [*ours["entry"], *foreign["entry"]]}).encode()
    receipt = take(world, body)
    assert (receipt.stored, receipt.unclaimed) == (1, 1)
    assert held(world).text == "Where is my rug?"


# ---------------------------------------------------------------- nothing is lost, nothing blocks


def test_an_unreadable_change_longer_than_a_row_keeps_is_kept_whole() -> None:
    world = a_world()
    body = body_of(said(text=["x" * 40_000]), said(2))
    receipt = take(world, body)
    assert (receipt.status, receipt.unreadable, held(world, 2).text) == (200, 1, "Where is my rug?")
    assert list(world.kept.bodies.values()) == [body]


def test_a_body_of_more_events_than_can_be_written_in_time_is_kept_and_does_not_come_for_ever() -> None:
    world = a_world()
    body = body_of(*range(EVENT_LIMIT + 1))
    receipt = take(world, body)
    assert (receipt.status, receipt.outcome, receipt.stored) == (200, "unreadable", 0)
    assert list(world.kept.bodies.values()) == [body]


HOSTILE: list[Any] = [
    said(comment_id="a\x00b"), said(comment_id="a\x1fb"), said(comment_id="\ud800"), said(comment_id="x" * 10_000),
    said(comment_id=int("9" * 4_000)), said(comment_id={}), said(at=10**300), said(at=-1), said(at=1e308),
    said(text="\ud83d" * 20_000), said(verb="\udfff" * 100), said(photos=["https://" + "\U0001f600" * 2_000] * 50),
    said(**{"from": {"id": "u" * 257, "name": 5}}), said(**{"from": []}), {"field": "feed", "value": [[[[]]]]},
    {"field": "\ud800", "value": {"\ud800": "\ud800"}}, {"field": "feed"}, 7, None, "x", [],
]  # fmt: skip


@pytest.mark.parametrize("change", HOSTILE, ids=range(len(HOSTILE)))
def test_the_neighbour_of_a_hostile_change_is_stored(change: Any) -> None:
    world = a_world()
    body = json.dumps({"object": "page", "entry": [
        {"id": PAGE, "time": SENT, "changes": [change, said(77)]}]}).encode()  # fmt: skip
    assert (take(world, body).status, held(world, 77).text) == (200, "Where is my rug?")
    for item in world.db.everything()["Messages"]:  # type: ignore[attr-defined]
        assert len(item["pk"].encode()) <= 2_048
        assert len(item["sk"].encode()) <= 1_024
        assert len(item.get("feed_at", "").encode()) <= 1_024
        assert len(json.dumps(item, ensure_ascii=False, default=str).encode("utf-8")) < 380_000


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe{}", b"null", b"NaN", b"[" * 200_000,
     b'{"object":"page","entry":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
     b'{"object":"page","entry":[{"id":' + b"9" * 5_000 + b"}]}", b'{"object":"page","object":"page"}'],
    ids=range(8),
)  # fmt: skip
def test_an_authentic_body_nobody_can_read_is_kept_or_stored_raw(body: bytes) -> None:
    world = a_world()
    receipt = take(world, body)
    assert receipt.status == 200
    assert world.kept.bodies or receipt.unclaimed or receipt.stored


# ---------------------------------------------------------------- who may say it


def test_every_secret_of_the_list_signs_and_another_connections_does_not() -> None:
    world, body = a_world(), body_of(said())
    answers = [receive("fb", body, signed(body, secret), world.herald, NOON).status
               for secret in ("the one before", SECRET, "a form secret", "")]  # fmt: skip
    assert answers == [200, 200, 401, 401]


def test_nothing_unsigned_leaves_a_trace() -> None:
    world, body = a_world(), body_of(said())
    before = json.dumps(world.db.everything(), default=str)  # type: ignore[attr-defined]
    good = signed(body)["x-hub-signature-256"]
    for headers in (
        {}, {"x-hub-signature-256": ""}, {"x-hub-signature-256": good.upper()}, {"x-hub-signature-256": good[7:]},
        {"x-hub-signature-256": f"{good}, {good}"}, {"x-hub-signature": good},
        {"X-Hub-Signature-256": good, "x-hub-signature-256": good}, {"x-hub-signature-256": "sha256=\u0665"},
    ):  # fmt: skip
        assert receive("fb", body, headers, world.herald, NOON).status == 401
    assert json.dumps(world.db.everything(), default=str) == before  # type: ignore[attr-defined]
    assert not world.kept.bodies


def test_a_connection_speaks_only_for_its_own_accounts() -> None:
    world = a_world()
    world.store.save(Connection("fb2", "facebook_page", "herald/fb", ("900200",)))
    body = body_of(said())
    receipt = receive("fb2", body, signed(body), world.herald, NOON)
    assert (receipt.status, receipt.unclaimed, held(world)) == (200, 1, None)


# ---------------------------------------------------------------- which connections there are


STRANGE = {
    "unsigned": {},
    "meta": {"X-Hub-Signature-256": "sha256=" + "0" * 64},
    "ours": {"X-Herald-Signature": f"t={SENT},v1={'0' * 64}"},
    "twice": {"X-Hub-Signature-256": "sha256=0", "x-hub-signature-256": "sha256=0"},
}


@pytest.mark.parametrize("sent", STRANGE)
def test_a_name_that_is_no_connections_is_answered_like_a_bad_signature_on_every_platform(
    handler: Any, sent: str
) -> None:
    answers = []
    for connection in ("fb", "form", "mastodon", "no-such", "", "\ud800", "x" * 300):
        world, answer = handler(
            pathParameters={"connection": connection}, body=body_of(said()).decode(), headers=STRANGE[sent]
        )
        answers.append(answer)
    assert [answer for answer in answers if answer != answers[0]] == []
    assert answers[0]["statusCode"] == 401
    assert not world.kept.bodies


@pytest.mark.parametrize(
    "query", ["", "hub.mode=subscribe&hub.verify_token=no&hub.challenge=7",
              "hub.mode=subscribe&hub.verify_token=what+no+platform+shows&hub.challenge=7"],
)  # fmt: skip
def test_a_handshake_with_a_name_that_is_no_connections_is_refused_in_the_same_words(handler: Any, query: str) -> None:
    answers = [
        handler("GET", pathParameters={"connection": connection}, rawQueryString=query)[1]
        for connection in ("fb", "form", "mastodon", "no-such")
    ]
    assert [answer for answer in answers if answer != answers[0]] == []
    assert answers[0]["statusCode"] == 403


def test_what_strangers_are_not_told_stands_in_our_log(handler: Any, log: io.StringIO) -> None:
    for connection in ("fb", "no-such"):
        handler(pathParameters={"connection": connection}, body="{}", headers={})
        handler("GET", pathParameters={"connection": connection})
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["outcome"] for line in lines] == ["bad_signature", "handshake_refused", "unknown", "unknown"]
    assert lines[0]["reason"] == "header x-hub-signature-256 is missing"


def test_what_nobody_signed_costs_the_same_reads_and_the_same_hashing_whether_or_not_there_is_such_a_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, digests = a_world(), list[int]()
    real = hmac.digest
    monkeypatch.setattr(
        "herald.platforms.wire.signatures.hmac.digest",
        lambda key, signed, name: digests.append(len(signed)) or real(key, signed, name),
    )
    world.store.save(Connection("one", "facebook_page", "herald/further", ("1",)))  # a single secret
    world.store.save(Connection("shop", "webhook", "herald/form", ("2",)))
    for connection, sent in (("one", "meta"), ("no-such", "meta"), ("shop", "ours"), ("no-such", "ours")):
        assert receive(connection, b"x" * 1_000, STRANGE[sent], world.herald, NOON).status == 401
    assert digests[0] == digests[1] == 1_000
    assert digests[2] == digests[3]
    assert len(digests) == 4


def test_a_name_of_nobodys_is_remembered_as_long_as_ours_and_endless_names_take_no_more_room() -> None:
    gets = list[str]()

    class Counting(MemoryDb):
        def get(self, key: Any) -> Any:
            gets.append(key[1])
            return super().get(key)

    time = [0.0]
    store = TableStore(Counting(), settings_ttl=10, monotonic=lambda: time[0])
    store.save(Connection("fb", "facebook_page", "herald/fb", (PAGE,)))
    for _ in range(3):
        assert (store.connection("fb") is None, store.connection("no-such")) == (False, None)
    assert gets.count("CONN#fb") == gets.count("CONN#no-such") == 1
    for n in range(1_000):
        store.connection(f"no-{n}")
    assert len(store._remembered) < 100
    time[0] += 11
    store.connection("no-such")
    store.save(Connection("no-such", "facebook_page", "herald/fb", ("5",)))
    assert store.connection("no-such") is not None


# ---------------------------------------------------------------- the handler


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[World, dict[str, Any]]]:
    world = a_world(walls=[Wall(name="mastodon")])  # one that has no webhooks
    module = _app()
    monkeypatch.setattr(module.runtime, "current", lambda: world.herald)

    class Context:
        function_name = invoked_function_arn = aws_request_id = "f"
        memory_limit_in_mb = 128

    def call(method: str = "POST", **event: Any) -> tuple[World, dict[str, Any]]:
        asked = {"pathParameters": {"connection": "fb"}, "requestContext": {"http": {"method": method}}} | event
        return world, module.handler(asked, Context())

    call.module = module  # type: ignore[attr-defined]
    return call


def _app() -> ModuleType:
    place = Path(__file__).parents[2] / "functions" / "ingest" / "app.py"
    spec = importlib.util.spec_from_file_location("ingest_app", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_handshake_with_a_flood_of_fields_is_refused_not_crashed(handler: Any) -> None:
    _, answer = handler("GET", rawQueryString="&".join(f"a{n}=1" for n in range(200)))
    assert answer["statusCode"] == 403


def test_a_header_sent_in_two_cases_is_refused(handler: Any) -> None:
    body = body_of(said())
    name, value = next(iter(signed(body).items()))
    _, answer = handler(body=body.decode(), headers={name: value, name.upper(): "sha256=0"})
    assert answer["statusCode"] == 401


@pytest.mark.parametrize(
    ("body", "wrapped", "status"),
    [
        (base64.b64encode(body_of(said())).decode(), True, 200),
        (base64.b64encode(body_of(said())).decode(), False, 401),
        (body_of(said()).decode(), True, 401),
        ("\u00e9\ud800", True, 401),
        (None, False, 401),
        (body_of(said()).decode(), False, 200),
    ],
)
def test_what_the_gateway_says_of_base64_is_believed_only_if_the_signature_fits(
    handler: Any, body: str | None, wrapped: bool, status: int
) -> None:
    _, answer = handler(body=body, isBase64Encoded=wrapped, headers=signed(body_of(said())))
    assert answer["statusCode"] == status


@pytest.fixture
def log(handler: Any) -> Iterator[io.StringIO]:
    """What the function writes to its log, as it writes it."""
    logger, written = handler.module.logger, io.StringIO()
    extra = logging.StreamHandler(written)
    extra.setFormatter(logger.registered_formatter)
    logger.addHandler(extra)
    yield written
    logger.handlers.remove(extra)


def test_no_log_line_of_ingest_carries_words_names_or_secrets(
    handler: Any, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    body = body_of(said(), said(2, text=["Where is my rug?"]))
    handler(body=body.decode(), headers=signed(body))
    handler(body=body.decode(), headers={"x-hub-signature-256": "sha256=feed"})
    handler(body="Where is my rug?", headers=signed(b"Where is my rug?"))
    assert [json.loads(line)["outcome"] for line in log.getvalue().splitlines()] == [
        "received", "bad_signature", "unreadable",
    ]  # fmt: skip
    told = log.getvalue() + "".join(capsys.readouterr())
    for secret in ("rug", "Quinn", SECRET, "the one before", "sha256="):
        assert secret not in told


def test_an_unreadable_change_is_told(handler: Any, log: io.StringIO) -> None:
    body = body_of(said(text=["x"]), said(2))
    handler(body=body.decode(), headers=signed(body))
    (line,) = map(json.loads, log.getvalue().splitlines())
    assert (line["level"], line["outcome"], line["unreadable_changes"]) == ("WARNING", "received", 1)
