"""What our people answer on Mastodon and Bluesky themselves, of which no webhook tells: asked for, and heard once.

The real adapters, flows and store, over the simulated networks in this process.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from dashboard import present
from herald.errors import NeedsLogin, PlatformError, Rejected, Retryable
from herald.flows import commands as c
from herald.flows.deliver import deliver, release
from herald.flows.gate import perform
from herald.flows.moderate import CHAIN, moderate
from herald.flows.poll import Fetched, poll
from herald.model import (
    Account,
    Case,
    CaseState,
    Change,
    Connection,
    Credentials,
    Event,
    Kind,
    Message,
    Work,
    case_id,
)
from herald.platforms.bluesky import Bluesky
from herald.platforms.mastodon import Mastodon
from herald.platforms.wire.atproto import Sessions
from herald.platforms.wire.http import Answer
from herald.ports import Polled
from local.demo.microblogs import Direct
from local.microblogs import server
from local.microblogs.config import Config, Ours
from local.microblogs.network import Network
from tests.support.handlers import from_source, module
from tests.support.world import ACCOUNT, CREDENTIALS, MIA, NOON, PAGE, Vault, World, a_world

OURS = {
    "mastodon": Ours("1001", "quince", "Quince & Thimble", "token-of-quince", crowd=False),
    "bluesky": Ours("did:plc:quinceandthimble234567ab", "quince.test", "Quince & Thimble", "quin-ceth-imbl-e234",
                    crowd=False),
}  # fmt: skip
OWN_POSTS = {"mastodon": f"/api/v1/accounts/{OURS['mastodon'].id}/statuses", "bluesky": "com.atproto.repo.listRecords"}
OTHERS = {"mastodon": "/api/v1/notifications", "bluesky": "app.bsky.notification.listNotifications"}


@dataclass(frozen=True, slots=True)
class Line(Direct):
    """The way to the network; notes who was asked what, and breaks where it is told to."""

    asked: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def _exchange(self, method: str, url: str, headers: Any, body: bytes | None) -> Answer:
        self.asked.append(url)
        if any(part in url for part in self.broken):
            return Answer(503, {}, b'{"error": "InternalServerError"}')
        return Direct._exchange(self, method, url, headers, body)

    def count(self, part: str) -> int:
        return sum(part in url for url in self.asked)


@dataclass
class Town:
    """Our account on one network, and Herald polling it."""

    name: str
    world: World
    network: Network
    api: Any
    line: Line
    adapter: Any
    versions: dict[str, int] = field(default_factory=dict)

    @property
    def ours(self) -> Ours:
        return OURS[self.name]

    @property
    def account(self) -> str:
        return f"{self.name}:{self.ours.id}"

    def asks(self, text: str = "Do you ship to Hobart?", parent: str | None = None) -> str:
        """A customer asks us; the id there."""
        nina = self.network.named("Nina Harrow")["id"]
        return str(self.api.speak(nina, f"@{self.ours.handle} {text}", parent))

    def answers(self, text: str = "We do!", to: str | None = None) -> str:
        """Somebody at our desk writes there, past Herald; the id there."""
        return str(self.api.speak(self.ours.id, text, to))

    def dated(self, post: str, at: datetime | str) -> str:
        """Whoever wrote it has another clock, or a client that writes anything; the post again."""
        if isinstance(at, datetime):
            self.network.db.execute("update posts set created=? where id=?", (int(at.timestamp() * 1000), post))
        if kept := self.network.post_row(post)["record"]:
            told = json.dumps(json.loads(kept) | {"createdAt": at if isinstance(at, str) else at.isoformat()})
            self.network.db.execute("update posts set record=? where id=?", (told, post))
        return post

    def ticks(self, minutes: float = 2, *, judged: bool = True) -> Fetched:
        """Herald polls; what came or changed is judged, in one batch, as the stream would have it."""
        (one,) = [one for one in poll(self.world.herald, self.world.clock.pass_(minutes=minutes))
                  if one.account == self.account]  # fmt: skip
        if judged:
            self.judges()
        return one

    def judges(self) -> None:
        changed = [row for row in self.rows() if self.versions.get(row.id) != row.version]
        moderate([], self.world.herald, self.world.clock(), told=changed)
        self.versions = {row.id: row.version for row in self.rows()}

    def rows(self) -> list[Message]:
        """Everything we hold of the account."""
        days = {(NOON + timedelta(days=n)).date().isoformat() for n in range(-1, 3)}
        pages = [self.world.store.feed(self.account, day, limit=500) for day in sorted(days)]
        return [one for page in pages for one in page.items if isinstance(one, Message)]

    def own(self) -> list[Message]:
        return [row for row in self.rows() if row.outbound]

    def case(self, question: str) -> Case:
        found = self.world.store.case(case_id(f"{self.name}:{question}", Work.ANSWER))
        assert found is not None
        return found

    def replies(self, question: str, text: str = "We do!") -> str:
        """Mia answers through Herald; the id there."""
        case = self.case(question)
        perform(c.Reply(f"reply-{question[-8:]}", case.message_id, text, case.version), by=MIA.id,
                herald=self.world.herald, now=self.world.clock())  # fmt: skip
        for delivery in release(self.world.herald, self.world.clock()):
            deliver(delivery.id, self.world.herald, self.world.clock())
        reply = self.world.store.delivery(self.case(question).reply_id)
        assert reply is not None
        return reply.external_id


@pytest.fixture(params=["mastodon", "bluesky"])
def town(request: pytest.FixtureRequest) -> Iterator[Town]:
    name, world = request.param, a_world()
    ours = OURS[name]
    network = server.open_network(
        name, ":memory:", Config((ours,)), base="http://127.0.0.1:1", clock=lambda: world.clock().timestamp()
    )
    api = server.APIS[name](network)
    line = Line(network=name, api=api)
    adapter = Mastodon(line) if name == "mastodon" else Bluesky(line, Sessions())
    token = ours.secret if name == "mastodon" else f"{ours.handle}:{ours.secret}"
    secrets = Vault(CREDENTIALS | {f"herald/{name}": Credentials((), "", {ours.id: token})})
    world.store.save(Connection(name, name, f"herald/{name}", (ours.id,)))
    world.store.save(replace(
        ACCOUNT, platform=name, account_id=ours.id, name=ours.name, connection=name, api_base="http://127.0.0.1:1"
    ))  # fmt: skip
    herald = replace(
        world.herald, outlets={**world.herald.outlets, name: adapter}, pollers={name: adapter},
        echoers={name: adapter}, secrets=secrets,
    )  # fmt: skip
    yield Town(name, replace(world, herald=herald), network, api, line, adapter)
    network.close()


# ---------------------------------------------------------------- heard


def test_a_case_answered_there_is_not_overdue_and_says_where_and_in_whose_name(town: Town) -> None:
    question, left = town.asks(), town.asks("And to Perth?")
    town.ticks()
    assert town.case(question).state is CaseState.OPEN
    town.world.clock.pass_(minutes=7)
    stood = town.world.clock()
    answer = town.answers(to=question)
    town.ticks()
    case = town.case(question)
    assert (case.state, case.answered_at) == (CaseState.ANSWERED, stood)
    assert case.note.startswith(f"Answered on {town.name.capitalize()} itself by Quince & Thimble, not from here. http")
    assert case.note.endswith(answer.rpartition("/")[2])
    later = town.world.clock.pass_(days=9)
    assert [present.standing(town.case(one), later) for one in (question, left)] == ["met", "overdue"]
    (echo,) = town.own()
    assert (echo.external_id, echo.parent_id, echo.author_id) == (answer, question, town.ours.id)
    assert echo.text.endswith("We do!")
    (fact,) = town.world.store.responses(town.account, NOON, later)
    assert fact.case_id == case.id


@pytest.mark.parametrize("dies", [False, True])
def test_an_answer_is_heard_once_however_often_it_is_told(
    town: Town, monkeypatch: pytest.MonkeyPatch, *, dies: bool
) -> None:
    question = town.asks()
    town.ticks()
    town.answers(to=question)
    if dies:  # each tick, before it notes where it stands
        monkeypatch.setattr(town.world.store, "move_cursor", lambda *_: False)
    stored = [town.ticks().stored for _ in range(5)]
    assert stored == [1, 0, 0, 0, 0]
    assert len(town.own()) == 1
    told = [line.subject for line in town.world.store.audit_of(CHAIN) if line.what == "care.answered_there"]
    assert told == [town.case(question).id]


def test_a_reply_that_herald_sent_is_not_heard_again_nor_shown_as_anybody_elses(town: Town) -> None:
    question = town.asks()
    town.ticks()
    town.world.clock.pass_(minutes=3)
    reply = town.replies(question)
    before = town.world.store.message(f"{town.name}:{reply}")
    answered = town.case(question)
    assert answered.state is CaseState.ANSWERED
    assert [town.ticks().stored for _ in range(4)] == [0] * 4
    assert town.world.store.message(f"{town.name}:{reply}") == before
    assert [row.external_id for row in town.own()] == [reply]
    assert town.case(question) == answered
    assert len(town.world.store.responses(town.account, NOON, town.world.clock())) == 1


def test_a_reply_polled_before_its_delivery_is_written_down_is_still_one_row_and_heralds(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = town.asks()
    town.ticks()
    town.world.clock.pass_(minutes=3)
    act = town.adapter.act

    def slow(*given: Any) -> Any:
        proof = act(*given)
        poll(town.world.herald, town.world.clock())  # another function, while the answer is on its way to us
        town.judges()
        return proof

    monkeypatch.setattr(town.adapter, "act", slow)
    reply = town.replies(question)
    town.ticks()
    assert [row.external_id for row in town.own()] == [reply]
    case = town.case(question)
    assert (case.state, case.note) == (CaseState.ANSWERED, "")
    assert len(town.world.store.responses(town.account, NOON, town.world.clock())) == 1


def test_an_answer_between_two_people_is_heard_too(town: Town) -> None:
    if town.name == "bluesky":
        pytest.skip("its direct messages are not in its notifications")
    nina = town.network.named("Nina Harrow")["id"]
    asked = town.network.say(nina, "@quince where is my order?", visibility="direct")["id"]
    town.ticks()
    town.network.say(town.ours.id, "@nina_harrow on its way", parent=asked, visibility="direct")
    town.ticks()
    assert town.case(asked).state is CaseState.ANSWERED


def test_an_answer_whose_slip_was_mended_before_it_is_read_counts_since_it_was_written(town: Town) -> None:
    if town.name == "bluesky":
        pytest.skip("nothing is edited there")
    question = town.asks()
    town.ticks()
    stood = town.world.clock()
    answer = town.answers("Wee do!", to=question)
    town.world.clock.pass_(hours=5)
    town.network.edit(answer, "@nina_harrow We do!", by=town.ours.id)
    town.ticks()
    (row,) = town.own()
    assert (row.text, row.created_at, town.case(question).answered_at) == ("@nina_harrow We do!", stood, stood)


def test_clocks_that_differ_lose_no_answer(town: Town) -> None:
    asked = town.world.clock()
    ahead, behind = town.asks(), town.asks("And to Perth?")
    town.dated(ahead, asked + timedelta(days=365))
    town.ticks()
    read = town.world.clock()
    town.dated(town.answers(to=ahead), read)
    town.dated(town.answers(to=behind), asked - timedelta(minutes=3))
    for _ in range(3):
        town.ticks()
    found = [town.case(one) for one in (ahead, behind)]
    assert [(case.state, case.answered_at) for case in found] == [
        (CaseState.ANSWERED, read), (CaseState.ANSWERED, asked)]  # fmt: skip
    told = town.world.store.responses(town.account, NOON - timedelta(days=1), town.world.clock())
    assert {one.case_id for one in told} == {case.id for case in found}
    assert min(one.waited for one in told) == 0


# ---------------------------------------------------------------- what is no answer


def test_posts_words_to_ourselves_and_answers_to_what_we_do_not_hold_are_left_where_they_are(town: Town) -> None:
    town.ticks()
    post = town.answers("New mugs.")
    town.answers("And bowls.", to=post)
    strangers = str(town.api.speak(town.network.named("Lee Lark")["id"], "I like mugs"))
    town.answers("So do we!", to=strangers)
    assert [town.ticks(6).stored for _ in range(3)] == [0, 0, 0]
    assert town.own() == []
    assert town.world.store.cursor(f"{town.account}#echoes"), "and what is passed over is not asked for again"


@pytest.mark.parametrize("told", ["by poll", "by webhook"])
def test_what_an_account_of_another_brand_answers_closes_no_case_of_ours(town: Town, told: str) -> None:
    question = town.asks()
    town.ticks()
    rival = replace(ACCOUNT, platform=town.name, account_id="2002", name="Rival", brand="rival", connection=town.name)
    town.world.store.save(rival)
    answer = Event(
        platform=town.name, account_id="2002", external_id="777", author_id="2002", text="Try ours!", kind=Kind.COMMENT,
        change=Change.OUTBOUND, parent_id=question, created_at=town.world.clock(),
    )  # fmt: skip

    @dataclass
    class Tells:
        name: str = town.name

        def poll(self, account: Account, token: str, cursor: str) -> Polled:
            return Polled((), cursor)

        def echoes(self, account: Account, token: str, cursor: str, now: object) -> Polled:
            return Polled((answer,), "777") if account.account_id == "2002" else Polled((), cursor)

    if told == "by webhook":
        town.world.store.apply(answer, rival.brand, town.world.clock())
    herald = replace(
        town.world.herald, pollers={town.name: Tells()}, echoers={town.name: Tells()},
        secrets=lambda _: Credentials((), "", {"2002": "token", town.ours.id: "token"}),
    )  # fmt: skip
    poll(herald, town.world.clock())
    moderate([answer.message_id], herald, town.world.clock())
    assert (town.world.store.message(answer.message_id) is None) is (told == "by poll"), "and it is no row of theirs"
    assert town.world.store.cursor(f"{rival.id}#echoes") == "777", "nor waited with"
    assert (town.case(question).state, town.case(question).note) == (CaseState.OPEN, "")
    assert town.world.store.responses(town.account, NOON, town.world.clock()) == []


def test_a_first_poll_reads_one_page_and_not_the_years_before_it(town: Town) -> None:
    for number in range(150):
        old = str(town.api.speak(town.network.named("Lee Lark")["id"], f"{number}"))
        town.answers(f"Thank you for {number}", to=old)
        town.world.clock.pass_(minutes=1)
    question = town.asks()
    town.answers(to=question)
    town.world.clock.pass_(days=1)
    town.ticks()
    assert town.line.count(OWN_POSTS[town.name]) == 1
    assert [row.parent_id for row in town.own()] in ([], [question])
    town.ticks()
    assert [row.parent_id for row in town.own()] == [question], "and nothing else"
    assert town.case(question).state is CaseState.ANSWERED
    town.ticks()
    assert town.line.count(OWN_POSTS[town.name]) == 3, "a call a poll"


# ---------------------------------------------------------------- order and failures


def test_an_answer_may_come_before_its_question_is_judged(town: Town) -> None:
    question = town.asks()
    town.answers(to=question)
    assert [town.ticks(60, judged=False).stored for _ in range(8)] == [2, *[0] * 7]
    town.judges()
    assert town.case(question).state is CaseState.ANSWERED


def test_an_answer_waits_for_a_question_of_which_the_platform_tells_late(town: Town) -> None:
    @dataclass
    class Silent:
        name: str = town.name

        def poll(self, account: Account, token: str, cursor: str) -> Polled:
            return Polled((), cursor)

    pollers = town.world.herald.pollers
    town.ticks()
    question = town.asks()
    town.answers(to=question)
    town.world = replace(town.world, herald=replace(town.world.herald, pollers={town.name: Silent()}))
    assert [town.ticks().stored for _ in range(3)] == [0, 0, 0]
    town.world = replace(town.world, herald=replace(town.world.herald, pollers=pollers))
    for _ in range(2):
        town.ticks()
    assert town.case(question).state is CaseState.ANSWERED


def test_an_answer_to_what_may_still_come_holds_back_no_other(town: Town) -> None:
    question = town.asks()
    town.ticks()
    elsewhere = str(town.api.speak(town.network.named("Lee Lark")["id"], "Fine weather in Perth"))
    town.answers(to=elsewhere)
    town.answers(to=question)
    town.ticks()
    assert [row.parent_id for row in town.own()] == [question]
    assert town.case(question).state is CaseState.ANSWERED


@pytest.mark.parametrize("dated", [timedelta(days=365), timedelta(minutes=9), timedelta(days=-365), "soon"])
def test_an_answer_to_what_never_comes_is_passed_over_in_eleven_minutes_whatever_time_it_tells(
    town: Town, dated: timedelta | str
) -> None:
    elsewhere = str(town.api.speak(town.network.named("Lee Lark")["id"], "Fine weather in Perth"))
    ours = town.answers("So it is", to=elsewhere)
    town.dated(ours, dated if isinstance(dated, str) else town.world.clock() + dated)
    for minutes in (0.1, 1, 5, 4, 1):
        town.ticks(minutes)
    assert town.world.store.cursor(f"{town.account}#echoes") == ours.rpartition("/")[2]
    assert town.own() == []


@pytest.mark.parametrize("dated", [timedelta(days=365), timedelta(seconds=30), "soon"])
def test_an_answer_dated_ahead_stands_since_it_was_read(town: Town, dated: timedelta | str) -> None:
    if town.name == "mastodon":
        pytest.skip("its server dates what we write")
    question = town.asks()
    town.ticks()
    town.dated(town.answers(to=question), dated if isinstance(dated, str) else town.world.clock() + dated)
    town.ticks(0.25)
    read = town.world.clock()
    town.ticks()
    (row,) = town.own()
    assert (row.created_at, town.case(question).answered_at) == (read, read)


@pytest.mark.parametrize("error", [Retryable("busy"), Rejected("no such page"), NeedsLogin("no right to read")])
def test_a_failing_second_call_leaves_what_the_first_one_brought(town: Town, error: PlatformError) -> None:
    good = town.world.herald.echoers

    @dataclass
    class Fails:
        name: str = town.name

        def echoes(self, *_: object) -> Polled:
            raise error

    question = town.asks()
    town.world = replace(town.world, herald=replace(town.world.herald, echoers={town.name: Fails()}))
    told = town.ticks()
    assert (told.result, told.stored, told.error) == ("fetched", 1, type(error).__name__)
    assert told.echoes_failed
    assert town.case(question).state is CaseState.OPEN
    assert town.world.store.cursor(town.account)
    town.answers(to=question)
    town.ticks()
    town.world = replace(town.world, herald=replace(town.world.herald, echoers=good))
    assert town.ticks().error == ""
    assert town.case(question).state is CaseState.ANSWERED, "what failed is asked again"


def test_a_server_that_does_not_list_our_posts_is_polled_all_the_same(town: Town) -> None:
    town.line.broken.append(OWN_POSTS[town.name])
    question = town.asks()
    assert (town.ticks().error, town.case(question).state) == ("Retryable", CaseState.OPEN)
    town.line.broken.clear()
    town.answers(to=question)
    town.ticks()
    assert town.case(question).state is CaseState.ANSWERED


def test_where_messages_cannot_be_read_our_answers_wait_for_them(town: Town) -> None:
    question = town.asks()
    town.answers(to=question)
    town.line.broken.append(OTHERS[town.name])
    assert town.ticks(60).result == "failed"
    assert town.line.count(OWN_POSTS[town.name]) == 0
    town.line.broken.clear()
    for _ in range(2):
        town.ticks()
    assert town.case(question).state is CaseState.ANSWERED


def test_all_accounts_are_asked_for_messages_before_any_is_asked_for_our_answers(town: Town) -> None:
    asked: list[str] = []

    @dataclass
    class Notes:
        name: str = town.name

        def poll(self, account: Account, token: str, cursor: str) -> Polled:
            asked.append("messages")
            return Polled((), cursor)

        def echoes(self, account: Account, token: str, cursor: str, now: object) -> Polled:
            asked.append("answers")
            return Polled((), cursor)

    herald = replace(
        town.world.herald, pollers={town.name: Notes(), "facebook_page": Notes()}, echoers={town.name: Notes()},
        secrets=lambda _: Credentials((), "", dict.fromkeys((town.ours.id, PAGE), "token")),
    )  # fmt: skip
    poll(herald, town.world.clock())
    assert asked == ["messages", "messages", "answers"]


def test_late_in_its_time_a_tick_begins_no_second_call(town: Town) -> None:
    (one,) = [one for one in poll(town.world.herald, town.world.clock() - timedelta(seconds=51))
              if one.account == town.account]  # fmt: skip
    assert (one.result, one.error, one.echoes_failed) == ("fetched", "NoTimeForEchoes", True)
    assert town.line.count(OWN_POSTS[town.name]) == 0


@pytest.mark.parametrize(("broken", "metrics"), [("", [0, 0]), ("answers", [0, 1]), ("messages", [1, 0])])
def test_answers_that_cannot_be_read_are_counted_apart_from_messages(
    town: Town, monkeypatch: pytest.MonkeyPatch, broken: str, metrics: list[int]
) -> None:
    if broken:
        town.line.broken.append((OWN_POSTS if broken == "answers" else OTHERS)[town.name])
    told: Counter[str] = Counter()
    add = module("ingest/poll.py").metrics.add_metric

    def counted(*, name: str, unit: object, value: int) -> None:
        told[name] += value
        add(name=name, unit=unit, value=value)

    monkeypatch.setattr(module("ingest/poll.py").metrics, "add_metric", counted)
    from_source("ingest/poll.py", town.world.herald)({})
    assert [told[name] for name in ("poll.failed", "poll.echoes_failed")] == metrics
    assert set(told) >= {"poll.echoes_failed", "poll.heartbeat"}, "0 is told too"


def test_time_runs_out_for_another_account_each_tick(town: Town) -> None:
    """Five accounts, and time for the answers of one."""
    heard: list[str] = []

    @dataclass
    class Slow:
        name: str = town.name

        def poll(self, account: Account, token: str, cursor: str) -> Polled:
            return Polled((), cursor)

        def echoes(self, account: Account, token: str, cursor: str, now: object) -> Polled:
            heard.append(account.account_id)
            town.world.clock.pass_(seconds=51)
            return Polled((), cursor)

    more = [f"{number}" for number in range(5)]
    for one in more:
        town.world.store.save(replace(ACCOUNT, platform="slow", account_id=one, connection=town.name))
    herald = replace(
        town.world.herald, pollers={"slow": Slow()}, echoers={"slow": Slow()},
        secrets=lambda _: Credentials((), "", dict.fromkeys(more, "token")),
    )  # fmt: skip
    began = town.world.clock()
    for tick in range(5):
        now = began + timedelta(minutes=2 * tick)
        town.world.clock.pass_(seconds=(now - town.world.clock()).total_seconds())
        told = poll(herald, now)
        assert [one.error for one in told] == ["", *["NoTimeForEchoes"] * 4]
    assert sorted(heard) == more
