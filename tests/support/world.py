"""A whole Herald in memory: the real flows, store and rules over the in-memory tables, and a wall that tells the truth.

The wall fits the Outlet port and can misbehave as platforms do; tests/contract holds it to the same suite as the real
adapter against the simulator.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from herald.errors import NeedsLogin, OutcomeUnknown, PlatformError
from herald.flows.context import Herald
from herald.govern import policies
from herald.model import (
    Account,
    Acknowledgement,
    Act,
    Change,
    Connection,
    Credentials,
    Delivery,
    Event,
    Kind,
    Metric,
    New,
    Person,
    Role,
    StateChange,
    Still,
)
from herald.ports import Capabilities, PostLimits, Proof
from herald.store.db import Db
from herald.store.tables import TableStore
from local.memory import MemoryDb

if TYPE_CHECKING:
    import pytest

NOON = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)  # a Wednesday, noon in Sydney
PAGE = "900100"
BRAND = "tall-timber"
ACCOUNT = Account(
    platform="facebook_page", account_id=PAGE, name="Tall Timber", brand=BRAND, timezone="Australia/Sydney",
    hours="Mon-Fri 09:00-17:00", connection="fb",
)  # fmt: skip
MUTE = Account(
    platform="webhook", account_id="form", name="Tall Timber form", brand=BRAND, timezone="Australia/Sydney",
    hours="Mon-Fri 09:00-17:00", connection="form",
)  # fmt: skip
MIA = Person("mia", "Mia Marsh", frozenset({Role.COMMUNITY_MANAGER}), frozenset({BRAND}))
TED = Person("ted", "Ted Thorn", frozenset({Role.CUSTOMER_SERVICE_MANAGER}), frozenset({BRAND}))
ANA = Person("ana", "Ana Ash", frozenset({Role.MARKETER}), frozenset({BRAND}))
NEW = Person("new", "Nia New", frozenset({Role.COMMUNITY_MANAGER}), frozenset({BRAND}))

POLICY = """---
id: MOD
title: Moderation guideline
version: 1
effective_from: 2026-01-01
gates: [Reply, Hide, Unhide, Overrule, Resolve]
---
## 1 Scope
### 1.1 Everything public
It covers what stands under our posts.
## 2 What stays
### 2.1 Criticism
Criticism stays visible and is answered.
## 3 What goes
### 3.1 Insults
Insults aimed at people are hidden.
"""

RULES = """---
name: Insult
body (includes-word): ["utter muppet", "clown shoes"]
action: hide
severity: medium
policy: {id: MOD, clause: "3.1"}
rationale: "An insult: {{match}}."
---
name: Unsure
body (includes-word): ["dodgy"]
action: queue
policy: {id: MOD, clause: "2.1"}
rationale: "May be an accusation: {{match}}."
---
name: Complaint
body (includes-word): ["broken", "refund"]
label: complaint
policy: {id: MOD, clause: "2.1"}
---
name: Question
body (regex): ['\\?']
label: question
policy: {id: MOD, clause: "2.1"}
---
name: Shared with us
body (includes): ["#talltimber"]
label: user_content
policy: {id: MOD, clause: "2.1"}
"""


@dataclass
class Clock:
    """Time as a value; moves only when told."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


@dataclass
class Wall:
    """What the public sees. `acts` counts every act that took effect; `script` holds what the next calls do:
    an error to raise before anything happens, or ("drop", n) / ("late", n) after it did or will."""

    name: str = "facebook_page"
    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(
            frozenset(Act), 8000, 60, post=PostLimits(500), metrics=frozenset({Metric.REACH, Metric.REACTIONS})
        )
    )
    replies: list[tuple[str, str, str]] = field(default_factory=list)  # id, parent, text
    posts: list[tuple[str, str, str]] = field(default_factory=list)  # id, text, link
    pictures: dict[str, list[str]] = field(default_factory=dict)  # id of a post -> alt texts of its images
    gone: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)
    locked: set[str] = field(default_factory=set)
    acts: list[tuple[str, str]] = field(default_factory=list)
    late: list[Delivery] = field(default_factory=list)
    script: list[PlatformError | str] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def act(self, delivery: Delivery, account: Account, token: str, files: Sequence[bytes] = ()) -> Proof:
        step = self.script.pop(0) if self.script else "ok"
        if isinstance(step, PlatformError):
            raise step
        if step == "late":
            self.late.append(delivery)
            raise OutcomeUnknown("the line dropped")
        proof = self.happen(delivery)
        if step == "drop":
            raise OutcomeUnknown("the line dropped")
        return proof

    def happen(self, delivery: Delivery) -> Proof:
        self.acts.append((str(delivery.act), delivery.target))
        if delivery.act is Act.HIDE:
            self.hidden.add(delivery.target)
        elif delivery.act is Act.UNHIDE:
            self.hidden.discard(delivery.target)
        elif delivery.act is Act.BLOCK:
            self.blocked.add(delivery.target)
        elif delivery.act is Act.UNBLOCK:
            self.blocked.discard(delivery.target)
        elif delivery.act is Act.LOCK:
            self.locked.add(delivery.target)
        elif delivery.act is Act.UNLOCK:
            self.locked.discard(delivery.target)
        elif delivery.act in (Act.TAKE_DOWN, Act.DELETE):
            self.gone.add(delivery.target)
        elif delivery.act is Act.PUBLISH:
            post = f"{self.name}-p{next(self.numbers)}"
            self.posts.append((post, delivery.text, delivery.link))
            self.pictures[post] = [image.alt for image in delivery.media]
            return Proof(post, f"https://wall.example/{post}")
        else:
            reply = f"r{next(self.numbers)}"
            self.replies.append((reply, delivery.target, delivery.text))
            return Proof(reply, f"https://wall.example/{reply}")
        return Proof(delivery.target)

    def find(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        if delivery.act is Act.REPLY:
            return [Proof(r, f"https://wall.example/{r}") for r, to, text in self.replies
                    if (to, text) == (delivery.target, delivery.text)]  # fmt: skip
        if delivery.act is Act.PUBLISH:
            return [Proof(p, f"https://wall.example/{p}") for p, text, link in self.posts
                    if (text, link) == (delivery.text, delivery.link) and p not in self.gone
                    and bool(self.pictures[p]) == bool(delivery.media)]  # fmt: skip
        if delivery.act in (Act.TAKE_DOWN, Act.DELETE):
            return [Proof(delivery.target)] if delivery.target in self.gone else []
        if delivery.act in (Act.BLOCK, Act.UNBLOCK):
            is_so = (delivery.target in self.blocked) is (delivery.act is Act.BLOCK)
            return [Proof(delivery.target)] if is_so else []
        if delivery.act in (Act.LOCK, Act.UNLOCK):
            is_so = (delivery.target in self.locked) is (delivery.act is Act.LOCK)
            return [Proof(delivery.target)] if is_so else []
        there = delivery.target in self.hidden
        return [Proof(delivery.target)] if there is (delivery.act is Act.HIDE) else []

    def live(self) -> list[str]:
        """Texts of the posts that stand there now."""
        return [text for post, text, _ in self.posts if post not in self.gone]

    def arrive_late(self) -> None:
        for delivery in self.late:
            self.happen(delivery)
        self.late.clear()


@dataclass
class Mute:
    """A platform on which nothing can be done by API."""

    name: str = "webhook"
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(frozenset(), None, 0))

    def act(self, delivery: Delivery, account: Account, token: str, files: Sequence[bytes] = ()) -> Proof:
        raise AssertionError("never called")

    def find(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        raise AssertionError("never called")


@dataclass
class Kept:
    """An archive that remembers."""

    bodies: dict[str, bytes] = field(default_factory=dict)

    def keep(self, connection: str, body: bytes, reason: str, at: datetime) -> str:
        self.bodies[f"{connection}/{len(self.bodies)}"] = body
        return connection


@dataclass
class Vault:
    known: Mapping[str, Credentials]

    def __call__(self, ref: str) -> Credentials:
        if ref not in self.known:
            raise NeedsLogin(f"no secret {ref}")
        return self.known[ref]


@dataclass
class World:
    """Everything a test needs to hold."""

    herald: Herald
    store: TableStore
    wall: Wall
    clock: Clock
    kept: Kept
    woken: list[str]
    db: Db


SECRET = "an app secret"
CREDENTIALS = {
    "herald/fb": Credentials((SECRET, "the one before"), "a verify token", {PAGE: "page-token"}),
    "herald/form": Credentials(("a form secret",)),
    "herald/further": Credentials(("s",), "", {"page": "a token"}),
    "herald/links": Credentials(("the newer key of links, 32 or more", "the key before it, also 32 or more")),
}


def a_world(
    db: Db | None = None, *, wall: Wall | None = None, clock: Clock | None = None, found: bool = True,
    walls: Sequence[Wall] = (),
) -> World:  # fmt: skip
    """A Herald over `db` (in memory unless given). With `found`, the settings are written first.

    `walls` are further platforms, each with the account "page" of our brand.
    """
    from herald.platforms import sources

    db = db or MemoryDb()
    clock = clock or Clock()
    wall = wall or Wall()
    store = TableStore(db, sleep=lambda _: None)
    kept, woken = Kept(), []
    outlets = {"facebook_page": wall, "webhook": Mute(), **{further.name: further for further in walls}}
    herald = Herald(
        store=store, sources=sources(), outlets=outlets, archive=kept,
        wake=lambda delivery: woken.append(delivery.id), secrets=Vault(CREDENTIALS), clock=clock,
    )  # fmt: skip
    if found:
        furnish(store)
        for further in walls:
            store.save(Connection(further.name, further.name, "herald/further", ("page",)))
            store.save(replace(ACCOUNT, platform=further.name, account_id="page", connection=further.name))
    return World(herald, store, wall, clock, kept, woken, db)


def furnish(store: TableStore, *, rules: str = RULES, people: Sequence[Person] = (MIA, TED, ANA, NEW)) -> None:
    """Connections, accounts, people, policy, rules; everybody but `new` has acknowledged the policy."""
    store.save(Connection("fb", "facebook_page", "herald/fb", (PAGE,)))
    store.save(Connection("form", "webhook", "herald/form", ("form",)))
    store.save(ACCOUNT)
    store.save(MUTE)
    policy = policies.parse(POLICY)
    store.save(policy)
    store.save_rules(rules)
    for person in people:
        store.save(person)
        if person.id != NEW.id:
            store.commit([New(Acknowledgement(person.id, policy.id, policy.version, NOON), once=True)])


def recommended(store: TableStore, month: str = "2026-10", *, brand: str = BRAND, owner: str = TED.id) -> None:
    """One recommendation of a month: without it the month's report does not leave."""
    from herald.model.recommendations import Recommendation

    store.commit([New(Recommendation(
        brand, f"advice-{month}", "Late answers came in the morning.", "Answer before noon.", "9 of 12 late answers.",
        12, "in_time", owner, date(2026, 12, 20), owner, NOON, month=month,
    ))])  # fmt: skip


def a_comment(text: str, *, id: str = "1", at: datetime = NOON, **changed: object) -> Event:
    """A comment under our post, as an adapter would tell it."""
    event = Event(
        platform="facebook_page", account_id=PAGE, external_id=f"{PAGE}_{id}", author_id="u1", author_name="Lee Lark",
        text=text, kind=Kind.COMMENT, change=Change.CREATED, parent_id=f"{PAGE}_post", created_at=at,
    )  # fmt: skip
    return replace(event, **changed)  # type: ignore[arg-type]


def edited(event: Event, text: str, *, at: datetime) -> Event:
    return replace(event, text=text, change=Change.EDITED, created_at=at)


def deleted(event: Event, *, at: datetime) -> Event:
    return replace(event, text="", change=Change.DELETED, created_at=at, author_id=None, author_name=None)


TODAY = date(2026, 11, 18)


def between_look_and_sending(
    world: World, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]
) -> list[bool]:
    """Let something happen once, after a post was looked at and before what sends it is written; [True]: it did."""
    commit, done = world.store.commit, list[bool]()

    def later(changes: Sequence[StateChange]) -> None:
        if any(isinstance(change, Still) for change in changes) and not done:
            done.append(True)
            happens()
        commit(changes)

    monkeypatch.setattr(world.store, "commit", later)
    return done
