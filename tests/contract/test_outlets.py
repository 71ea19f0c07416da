"""One suite for what acts on a wall: the real adapter against the simulator over HTTP, and the tests' twin."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from herald.errors import OutcomeUnknown, Retryable
from herald.model import Account, Act, Delivery, DeliveryState
from herald.platforms.facebook_page import FacebookPage
from herald.platforms.wire.http import Http
from herald.ports import Outlet
from local.facebook import client, config, server
from tests.support.world import Wall

PAGE, TOKEN = "5001", "page-token"
ACCOUNT = Account(platform="facebook_page", account_id=PAGE, name="Quince & Thimble", brand="quince", connection="fb")


@dataclass
class Place:
    """An outlet, a message of a customer to act on, and the ways the platform can misbehave next."""

    outlet: Outlet
    account: Account
    target: str
    drop: Callable[[], None]
    busy: Callable[[], None]
    hidden: Callable[[], bool]
    replies: Callable[[], list[str]]

    def delivery(self, act: Act, text: str = "") -> Delivery:
        now = datetime.now(UTC)
        return Delivery(
            id=f"{act}-1", act=act, platform="facebook_page", account_id=PAGE, brand="quince",
            message_id=f"facebook_page:{self.target}", target=self.target, text=text, state=DeliveryState.SENDING,
            ordered_by="mia", ordered_at=now, due_at=now, attempt=1, first_sent_at=now - timedelta(seconds=1),
        )  # fmt: skip


def _twin() -> Place:
    wall = Wall()
    return Place(
        wall, ACCOUNT, "5001_1",
        drop=lambda: wall.script.append("drop"),
        busy=lambda: wall.script.append(Retryable("busy", "4", after=60)),
        hidden=lambda: "5001_1" in wall.hidden,
        replies=lambda: [text for _, _, text in wall.replies],
    )  # fmt: skip


@pytest.fixture(params=["simulator", "twin"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "twin":
        yield _twin()
        return
    config.write(
        tmp_path, callback="http://127.0.0.1:9/webhooks/fb", connection="fb", app_secret="s" * 8, verify_token="v",
        pages=[{"id": PAGE, "name": ACCOUNT.name, "token": TOKEN}],
    )  # fmt: skip
    opened = server.listen("127.0.0.1", 0)
    base = f"http://127.0.0.1:{opened.getsockname()[1]}"
    running = server.server(server.build(tmp_path, base=base, seed=1))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [opened]})
    thread.start()
    while not running.started:
        time.sleep(0.02)
    target = client.say("my lamp is broken", "Lee Lark", base=base).removeprefix("facebook_page:")

    def comment() -> Any:
        return next(c for c in client.control("state", base=base)["comments"] if c["id"] == target)

    yield Place(
        FacebookPage(Http(connect_seconds=2, read_seconds=3)), replace(ACCOUNT, api_base=base), target,
        drop=lambda: client.control("faults", {"kind": "drop_after_accept", "count": 1}, base=base),
        busy=lambda: client.control("faults", {"kind": "429", "count": 1}, base=base),
        hidden=lambda: bool(comment()["hidden"]),
        replies=lambda: [c["message"] for c in client.control("state", base=base)["comments"] if c["parent"] == target],
    )  # fmt: skip
    running.should_exit = True
    thread.join(15)


def test_what_was_done_is_found_and_what_was_not_is_not(place: Place) -> None:
    for act, text in ((Act.HIDE, ""), (Act.REPLY, "Sorry! A new one is on its way.")):
        delivery = place.delivery(act, text)
        assert place.outlet.find(delivery, place.account, TOKEN) == []
        proof = place.outlet.act(delivery, place.account, TOKEN)
        assert proof.external_id
        assert [one.external_id for one in place.outlet.find(delivery, place.account, TOKEN)] == [proof.external_id]
    assert place.hidden()
    assert place.replies() == ["Sorry! A new one is on its way."]


def test_showing_again_undoes_hiding(place: Place) -> None:
    place.outlet.act(place.delivery(Act.HIDE), place.account, TOKEN)
    assert place.outlet.find(place.delivery(Act.UNHIDE), place.account, TOKEN) == []
    place.outlet.act(place.delivery(Act.UNHIDE), place.account, TOKEN)
    assert not place.hidden()
    assert len(place.outlet.find(place.delivery(Act.UNHIDE), place.account, TOKEN)) == 1


def test_a_dropped_line_is_an_unknown_outcome_that_can_be_looked_up(place: Place) -> None:
    place.drop()
    delivery = place.delivery(Act.REPLY, "Sorry!")
    with pytest.raises(OutcomeUnknown):
        place.outlet.act(delivery, place.account, TOKEN)
    assert len(place.outlet.find(delivery, place.account, TOKEN)) == 1
    assert place.replies() == ["Sorry!"]


def test_a_busy_platform_asks_to_come_again_and_did_nothing(place: Place) -> None:
    place.busy()
    delivery = place.delivery(Act.REPLY, "Sorry!")
    with pytest.raises(Retryable):
        place.outlet.act(delivery, place.account, TOKEN)
    assert place.outlet.find(delivery, place.account, TOKEN) == []
    place.outlet.act(delivery, place.account, TOKEN)
    assert place.replies() == ["Sorry!"]


def test_equal_words_twice_are_two_candidates(place: Place) -> None:
    delivery = place.delivery(Act.REPLY, "Sorry!")
    place.outlet.act(delivery, place.account, TOKEN)
    place.outlet.act(delivery, place.account, TOKEN)
    assert len(place.outlet.find(delivery, place.account, TOKEN)) == 2
