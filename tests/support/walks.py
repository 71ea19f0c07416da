"""Every function of the template at its real work, the rare paths too, so that what it asks of AWS is seen.

Real flows, rules, queue, buckets, secrets and mailer; only platforms are played, by the wall of world.py. Tables are
the embedded AWS's, since moto copies whole tables at each transaction; moto plays the other services.
"""

from __future__ import annotations

import base64
import hmac
import importlib.util
import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from types import ModuleType
from typing import Any, ClassVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import boto3
from boto3.dynamodb.types import TypeSerializer
from moto import mock_aws

from herald import runtime
from herald.errors import NeedsLogin, OutcomeUnknown, Retryable, Stale
from herald.flows import commands as c
from herald.flows import library, rules
from herald.flows.audit import CHAINS
from herald.flows.context import Herald
from herald.flows.gate import perform
from herald.library.rights import content_id
from herald.model import (
    Account,
    Change,
    Connection,
    Counted,
    Event,
    Handling,
    Kind,
    Media,
    Message,
    Metric,
    Person,
    Role,
    Snapshot,
)
from herald.model.care import stages_list
from herald.moderate.rules import counted_as
from herald.ports import FeedPage, Polled
from herald.store import copies, keys
from herald.store.tables import TableStore
from local.bench import scratch_tables
from local.demo.library import shelved
from local.ports import ROOT
from tests.support import privileges
from tests.support.pictures import png
from tests.support.privileges import Watch
from tests.support.world import (
    ACCOUNT,
    ANA,
    BRAND,
    MIA,
    NEW,
    NOON,
    PAGE,
    Clock,
    Wall,
    a_comment,
    deleted,
    edited,
    furnish,
    recommended,
)
from tests.unit.test_exactly_once import comment, webhook

OWNER = Person("ola", "Ola Oak", frozenset({Role.OWNER}), frozenset({BRAND}), email="ola@tall-timber.example")
SENDER = "herald@tall-timber.example"


class Watched:
    """The store, noting which of its methods were called while somebody is named."""

    def __init__(self, inner: TableStore, watch: Watch) -> None:
        self._inner, self._watch = inner, watch
        self.called: dict[str, set[str]] = {}
        self.refuse: list[Exception] = []  # what the next commits raise

    def __getattr__(self, name: str) -> Any:
        if self._watch.who:
            self.called.setdefault(self._watch.who, set()).add(name)
        return getattr(self._inner, name)

    def commit(self, changes: Any) -> None:
        if self._watch.who:
            self.called.setdefault(self._watch.who, set()).add("commit")
        if self.refuse:
            raise self.refuse.pop(0)
        self._inner.commit(changes)


class Context:
    function_name, memory_limit_in_mb, aws_request_id = "herald", 512, "r"
    invoked_function_arn = f"arn:aws:lambda:{privileges.REGION}:{privileges.ACCOUNT}:function:herald"


class Asked:
    """A platform that is asked: tells what it was given, once, and figures of everything."""

    name = "facebook_page"

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.answered: list[Event] = []

    def poll(self, account: Account, token: str, cursor: str) -> Polled:
        told, self.events = tuple(self.events), []
        return Polled(told, f"{int(cursor or 0) + 1}")

    def echoes(self, account: Account, token: str, cursor: str, now: datetime) -> Polled:
        told, self.answered = tuple(self.answered), []
        return Polled(told, f"{int(cursor or 0) + 1}")

    def complete(self, hint: Message, account: Account, token: str) -> Event:
        return a_comment("@us look", id=str(hint.more["names"]).partition("_")[2], kind=Kind.MENTION)

    def profile(self, account: Account, token: str, now: datetime) -> list[Snapshot]:
        day = now.date().isoformat()
        return [Snapshot(account.id, Metric.REACH, 5, now, day=day), Snapshot(account.id, Metric.FOLLOWERS, 9, now)]

    def insights(self, account: Account, token: str, posts: Sequence[str], now: datetime) -> list[Snapshot]:
        return [Snapshot(account.id, Metric.REACTIONS, 3, now, post=post) for post in posts]


class Told:
    """A server of feeds with one entry."""

    own = ""

    def fetch(self, address: str, etag: str, modified: str) -> FeedPage:
        body = "<rss><channel><item><title>Cane is back</title><guid>1</guid></item></channel></rss>"
        return FeedPage(body.encode(), address, '"1"')


@dataclass
class Walk:
    """A Herald at work. `call` runs a function's handler as Lambda would, watched; everything else is stage setting."""

    herald: Herald
    store: Watched
    wall: Wall
    asked: Asked
    clock: Clock
    watch: Watch
    log: io.StringIO = field(default_factory=io.StringIO)
    modules: ClassVar[dict[str, ModuleType]] = {}

    def call(self, function: str, event: dict[str, Any]) -> Any:
        module, name = _handler(function)
        module.logger.registered_handler.setStream(self.log)
        self.watch.who = function
        try:
            return getattr(module, name)(event, Context())
        finally:
            self.watch.who = ""

    def perform(self, command: Any, by: str) -> Any:
        return perform(command, by=by, herald=self.herald, now=self.clock())

    def version(self, post: str) -> int:
        found = self.herald.store.post(post)
        assert found is not None
        return found.version

    def queue(self) -> list[str]:
        """Takes every wake-up from the queue; bodies."""
        sqs, address, bodies = boto3.client("sqs"), _queue_url(), []
        while found := sqs.receive_message(QueueUrl=address, MaxNumberOfMessages=10).get("Messages", []):
            for message in found:
                sqs.delete_message(QueueUrl=address, ReceiptHandle=message["ReceiptHandle"])
                bodies.append(message["Body"])
        return bodies

    def deliver(self) -> None:
        """Everything that was woken is delivered, until nothing is."""
        for _ in range(9):
            woken = self.queue()
            if not woken:
                return
            for body in woken:
                self.call("Deliver", {"Records": [{"body": body}]})

    def tick(self, function: str) -> None:
        self.call(function, {"schedule": True})

    def changed(self, *message_ids: str) -> None:
        """Moderate is told of these rows by the stream."""
        serialize, records = TypeSerializer().serialize, []
        for one in message_ids:
            row = self.store.db.get(keys.message(one)) or {}
            image = {name: serialize(value) for name, value in row.items()}
            records.append({"eventName": "MODIFY", "dynamodb": {"NewImage": image}})
        self.call("Moderate", {"Records": records})


def _queue_url() -> str:
    return str(boto3.client("sqs").get_queue_url(QueueName="Deliveries.fifo")["QueueUrl"])


def _handler(function: str) -> tuple[ModuleType, str]:
    told = privileges.functions()[function]
    folder, (module, _, name) = told["Code"]["S3Key"], told["Handler"].rpartition(".")
    if function not in Walk.modules:
        spec = importlib.util.spec_from_file_location(f"walked_{function}", ROOT / folder / f"{module}.py")
        assert spec
        assert spec.loader
        Walk.modules[function] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(Walk.modules[function])
    return Walk.modules[function], name


@contextmanager
def walking(setenv: Callable[[str, str], None], setattr_: Callable[..., None]) -> Iterator[Walk]:
    """A furnished Herald over embedded tables and moto; `runtime` gives it to every handler."""
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "POWERTOOLS_METRICS_NAMESPACE": "Herald",
    }.items():  # fmt: skip
        setenv(name, value)
    watch = Watch()
    with scratch_tables() as tables, mock_aws():
        made: dict[str, Any] = {"dynamodb": watch.client(tables)}

        def client(service: str) -> Any:
            if service not in made:
                made[service] = watch.client(boto3.client(service))
            return made[service]

        for bucket in ("RawBucket", "MediaBucket", "AuditBucket"):
            client("s3").create_bucket(Bucket=bucket)
        queue = client("sqs").create_queue(QueueName="Deliveries.fifo", Attributes={"FifoQueue": "true"})
        client("sesv2").create_email_identity(EmailIdentity=SENDER)
        for ref, held in {
            "herald/fb": {"secrets": ["an app secret"], "verify_token": "a verify token", "tokens": {PAGE: "a token"}},
            "herald/form": {"secrets": ["a form secret"]},
            "herald/shop": {"secrets": ["a shop secret"]},
            "herald/links": {"secrets": ["the key of links, 32 characters or more"]},
        }.items():
            client("secretsmanager").create_secret(Name=ref, SecretString=json.dumps(held))
        clock, wall, asked = Clock(), Wall(), Asked()
        settings = runtime.Settings(
            {table: table for table in keys.TABLES}, queue["QueueUrl"], "RawBucket", "MediaBucket", "AuditBucket",
            mail_from=SENDER, settings_ttl=0,
        )  # fmt: skip
        built = runtime.build(settings, clock=clock, client=client)
        assert isinstance(built.store, TableStore)
        built.store._sleep = lambda _: None
        furnish(built.store)
        built.store.save(OWNER)
        built.store.save(Connection("shop", "shopify", "herald/shop", ("shop.example",)))
        built.store.save(replace(ACCOUNT, platform="shopify", account_id="shop.example", connection="shop"))
        store = Watched(built.store, watch)
        herald = replace(
            built, store=store, outlets={wall.name: wall}, pollers={asked.name: asked},
            completers={asked.name: asked}, echoers={asked.name: asked}, feeds=Told(), meters={asked.name: asked},
            secrets=runtime.SecretsManager(client, ttl=0), link_base="https://herald.example",
        )  # fmt: skip
        setattr_(runtime, "current", lambda: herald)
        setattr_(runtime, "audit_copies", lambda: runtime.AuditBucket("AuditBucket", client))
        yield Walk(herald, store, wall, asked, clock, watch)


def everything(walk: Walk) -> None:
    """Every function through every kind of work it has."""
    messages(walk)
    polls(walk)
    judges(walk)
    answers(walk)
    posts(walk)
    links(walk)
    figures(walk)
    restricts(walk)
    copied(walk)


def messages(walk: Walk) -> None:
    """Ingest: a handshake; new, edited out of order, hidden, unheard of, unclaimed, unreadable, from the future."""

    def post(body: bytes, headers: dict[str, str]) -> Any:
        event = {"requestContext": {"http": {"method": "POST"}}, "pathParameters": {"connection": "fb"},
                 "body": body.decode(), "headers": headers}  # fmt: skip
        return walk.call("Ingest", event)

    query = "hub.mode=subscribe&hub.verify_token=a+verify+token&hub.challenge=77"
    shaken = walk.call("Ingest", {"requestContext": {"http": {"method": "GET"}}, "rawQueryString": query,
                                  "pathParameters": {"connection": "fb"}})  # fmt: skip
    assert (shaken["statusCode"], shaken["body"]) == (200, "77")
    for change in (
        comment(1, "you utter muppet"),
        comment(3, "better now", verb="edited", second=90),
        comment(3, "my lamp is broken"),  # late: only its beginning is news
        comment(4, "a hidden one", verb="hide"),
        comment(5, "some verb", verb="sparkle"),
        comment(6, "tomorrow never comes", created_time=4_070_000_000),
    ):
        assert post(*webhook([change]))["statusCode"] == 200
    foreign = json.loads(webhook([comment(7, "not ours")])[0])
    foreign["entry"][0]["id"] = "404404"
    for body in (json.dumps(foreign).encode(), b"[not json"):
        import hashlib
        import hmac

        mac = hmac.new(b"an app secret", body, hashlib.sha256).hexdigest()
        assert post(body, {"x-hub-signature-256": f"sha256={mac}"})["statusCode"] == 200


def polls(walk: Walk) -> None:
    """Poll: twice, so that cursors are made and moved; the same kinds of events as ingest; a mention's words; what we
    answered there ourselves; a feed."""
    walk.perform(c.SaveFeed(BRAND, "https://news.example/feed", "News"), ANA.id)
    hidden = a_comment("seen hidden", id="21", change=Change.HIDDEN)
    late = [edited(a_comment("x", id="22"), "new", at=NOON + timedelta(minutes=1)), a_comment("old", id="22")]
    walk.asked.events = [hidden, *late, a_comment("odd", id="23", kind=Kind.UNKNOWN)]
    _told(walk, a_comment("", id="24", kind=Kind.STATUS, more={"names": f"{PAGE}_25"}))
    walk.tick("Poll")
    walk.changed(f"facebook_page:{PAGE}_22")
    walk.asked.answered = [a_comment("Ours", id="26", change=Change.OUTBOUND, parent_id=f"{PAGE}_22")]
    walk.tick("Poll")
    assert walk.herald.store.message(f"facebook_page:{PAGE}_26"), "heard, as what it answers is here"


def judges(walk: Walk) -> None:
    """Moderate: hide, case, review, allow, an edit, a deletion, a lost race, a record that fails and is tried again,
    a complaint that is overdue."""
    said = [a_comment("you utter muppet", id="31"), a_comment("a refund?", id="32"), a_comment("dodgy", id="33"),
            a_comment("lovely", id="34")]  # fmt: skip
    walk.changed(_told(walk, a_comment("My chair #talltimber", id="37")))
    ids = [_told(walk, event) for event in said]
    walk.changed(*ids)
    walk.clock.pass_(minutes=1)
    now = walk.clock()
    for event in (edited(said[2], "fine", at=now), deleted(said[0], at=now), deleted(said[1], at=now)):
        _told(walk, event)
    walk.changed(*ids)
    again = [_told(walk, edited(event, f"clown shoes {n}", at=now + timedelta(seconds=1)))
             for n, event in enumerate(said[2:])]  # fmt: skip
    walk.store.refuse += [Stale("told to"), Stale("told to again")]  # read afresh, then each by itself
    walk.changed(*again)
    nobody = replace(a_comment("whose is this?", id="35"), account_id="gone")
    overdue = a_comment("a broken lamp", id="36", at=NOON - timedelta(days=10))
    walk.changed(_told(walk, nobody), _told(walk, overdue))
    walk.perform(c.SaveEscalation(BRAND, "customer", (c.PathStep("community_manager", 5), c.PathStep("owner", 9)),
                                  "24/7", "UTC", 0), OWNER.id)  # fmt: skip
    walk.perform(c.RecordBreach("breach-0001", BRAND, "customer", "Person 1", "MOD 3.1", "Again."), MIA.id)
    walk.clock.pass_(minutes=5)
    walk.tick("Moderate")
    walk.perform(c.SaveMonitor("monitor-1", BRAND, "Chairs", ("chair",), (), (), 1, 0), ANA.id)
    _told(walk, a_comment("A chair, please", id="38", at=walk.clock()))
    _against_us(walk)
    walk.changed(_told(walk, a_comment("another broken lamp", id="40", at=walk.clock())))
    walk.changed(_told(walk, a_comment("Is it oak?", id="48", at=walk.clock())))
    there = a_comment("It is.", id="49", at=walk.clock(), change=Change.OUTBOUND, parent_id=f"{PAGE}_48")
    walk.changed(_told(walk, there))  # on the platform itself
    soon = walk.herald.store.listed(Handling, "work", stages_list(BRAND), first="0")[0].stages[0].due_at
    walk.clock.now = soon.replace(minute=soon.minute // 5 * 5) - timedelta(minutes=10)
    for _ in range(2):
        walk.tick("Moderate")  # it is told of before its time, once
    walk.clock.now = walk.clock.now.replace(minute=0) + timedelta(hours=1)
    _told(walk, a_comment("Another chair", id="39", at=walk.clock() - timedelta(minutes=9)))
    for _ in range(2):
        walk.tick("Moderate")  # a day that is against us as no other; the second look finds the incident open
    _fires_unlike_before(walk)


def restricts(walk: Walk) -> None:
    """An author is blocked, the block ends by itself; another's message is deleted; a channel holds back."""
    said = _told(walk, a_comment("clown shoes", id="51", author_id="u51"))
    walk.changed(said)
    walk.perform(c.RestrictAuthor(said, "block", 1, "again", "MOD 3.1", 0), MIA.id)
    walk.deliver()
    under = _told(walk, a_comment("clown shoes", id="53", author_id="u53", more={"thread_id": "p53"}))
    walk.changed(under)
    for n, closed in enumerate((True, False)):
        walk.perform(c.LockThread(under, closed, "out of hand", "MOD 3.1", n), MIA.id)
        walk.deliver()
    walk.perform(c.SetMode(ACCOUNT.id, "hold", "a sensitive week", 0), OWNER.id)
    walk.changed(_told(walk, a_comment("lovely", id="52", author_id="u51")))
    message = walk.herald.store.message(said)
    assert message is not None
    walk.perform(c.Delete(said, "a threat", "MOD 3.1", message.version), MIA.id)
    walk.deliver()
    walk.clock.pass_(days=1)
    walk.tick("Moderate")
    walk.deliver()


def _against_us(walk: Walk) -> None:
    account, here = ACCOUNT.id, walk.clock().astimezone(ZoneInfo(ACCOUNT.timezone))
    for back in range(1, 4):
        day = (here - timedelta(days=back)).date().isoformat()
        walk.store.commit([Counted(account, day, {f"h{here:%H}": 20, f"x{here:%H}": 2})])
    walk.store.commit([Counted(account, here.date().isoformat(), {f"h{here:%H}": 40, f"x{here:%H}": 40})])


def _fires_unlike_before(walk: Walk) -> None:
    """A rule fires far more than it used to: it is told once, however often it is looked at."""
    walk.clock.now = walk.clock.now.replace(minute=rules.MINUTE)
    here = walk.clock().astimezone(ZoneInfo(ACCOUNT.timezone)).date()
    for back in range(1, 10):
        day = (here - timedelta(days=back)).isoformat()
        walk.store.commit([Counted(ACCOUNT.id, day, {"messages": 9}, {counted_as("Insult"): 3})])
    walk.store.commit([Counted(ACCOUNT.id, here.isoformat(), {"messages": 90}, {counted_as("Insult"): 60})])
    for _ in range(2):
        walk.tick("Moderate")


def _told(walk: Walk, event: Event) -> str:
    walk.herald.store.apply(event, BRAND, walk.clock())
    return event.message_id


def answers(walk: Walk) -> None:
    """Deliver: a hide, a reply that settles its case, one whose line drops, one that is refused for good."""
    walk.deliver()
    texts = {"41": "Sorry!", "42": "We look.", "43": "Never sent.", "44": "Later.", "45": "Lost."}
    for n in texts:
        walk.changed(_told(walk, a_comment("where is my refund?", id=n)))
    walk.wall.script[:] = ["ok", "drop", NeedsLogin("ended"), Retryable("busy", after=1), OutcomeUnknown("lost")]
    for n, text in texts.items():
        message = f"facebook_page:{PAGE}_{n}"
        walk.perform(c.Reply(f"reply-{n}-0001", message, text, 1), MIA.id)
        walk.deliver()
    for _ in range(12):
        walk.clock.pass_(minutes=1)
        walk.tick("Publish")
        walk.deliver()
    message = walk.herald.store.message(f"facebook_page:{PAGE}_45")
    assert message is not None
    walk.perform(c.Hide(message.id, "rude", "MOD 3.1", message.version), MIA.id)
    walk.deliver()


def posts(walk: Walk) -> None:
    """Publish and Deliver: a post with an image, one whose image is gone, one that drops the line, one on hold."""
    assert walk.herald.media is not None
    key = walk.herald.media.put(b"an image", "image/png")
    image = Media(key, key.removeprefix("media/"), "image/png", 8, "A table", 1, 1)
    _approved(walk, "post-0001", (image,))
    walk.clock.pass_(minutes=61)
    walk.tick("Publish")
    walk.deliver()
    assert len(walk.wall.posts) == 1
    gone = Media("media/" + "0" * 64, "0" * 64, "image/png", 8, "A chair", 1, 1)
    _approved(walk, "post-0002", (gone,))
    walk.clock.pass_(minutes=61)
    walk.tick("Publish")
    walk.deliver()
    _promote(walk)
    _approved(walk, "post-0003", sells=True)
    walk.clock.pass_(minutes=61)
    walk.wall.script[:] = [Retryable("busy", after=1), "drop"]
    for _ in range(8):
        walk.tick("Publish")
        walk.deliver()
        walk.clock.pass_(minutes=1)
    _approved(walk, "post-0008", (_photo(walk),))  # it rests on an asset, and on the right of who made it
    walk.clock.pass_(minutes=61)
    walk.tick("Publish")
    walk.deliver()
    _approved(walk, "post-0004")
    walk.perform(c.Hold("hold-0001", BRAND, "A quiet day."), MIA.id)
    walk.clock.pass_(minutes=61)
    walk.tick("Publish")
    walk.deliver()


def links(walk: Walk) -> None:
    """Link: a post approved, one sent back, a policy, an appeal, a report; each looked at, used, and used again."""
    for number, action in (("5", "approve"), ("6", "reject")):
        image = Media(_image(walk), _image(walk).removeprefix("media/"), "image/png", 8, "A table", 1, 1)
        photo = Media("", "", "", 0, "", asset="asset-0001")  # of a customer: posts() put it in the library
        _submitted(walk, f"post-000{number}", (photo if number == "5" else image,))
        token = _link(walk, "approve", f"post-000{number}", MIA.id)
        _ask(walk, token, query="image=0")
        for _ in range(2):
            _ask(walk, token, action=action, reason="The price is wrong.")
    _submitted(walk, "post-0010", text="Ring Jo on 0412 345 678.", waived="personal_data")
    _ask(walk, _link(walk, "approve", "post-0010", MIA.id), action="approve")
    _submitted(walk, "post-0011", sells=True)
    _ask(walk, _link(walk, "approve", "post-0011", MIA.id), action="approve")
    _follow(walk)
    gone = "0" * 64
    _submitted(walk, "post-0007", (Media(f"media/{gone}", gone, "image/png", 8, "A chair", 1, 1),))
    token = _link(walk, "approve", "post-0007", MIA.id)
    _ask(walk, token, query="image=0")
    walk.perform(c.Reject("post-0007", "Another picture.", walk.version("post-0007")), MIA.id)
    _ask(walk, token, action="approve")  # it is not any more what the link was for
    _ask(walk, _link(walk, "acknowledge", "MOD", NEW.id), action="acknowledge")
    message = _told(walk, a_comment("you utter muppet", id="51"))
    walk.changed(message)
    token = _link(walk, "appeal", message, MIA.id)
    for text in ("It is my dog's name.", "Again."):
        _ask(walk, token, action="appeal", text=text)
    recommended(walk.herald.store)  # type: ignore[arg-type] # watched, as everything here
    _ask(walk, _link(walk, "share", f"{BRAND}~2026-10-01~2026-10-31", ANA.id))


def _image(walk: Walk) -> str:
    assert walk.herald.media is not None
    return walk.herald.media.put(b"an image", "image/png")


def _photo(walk: Walk) -> Media:
    """A customer's photo, captured, granted, in the library."""
    message = _told(walk, a_comment("My chair in the sun", id="61"))
    walk.perform(c.CaptureContent(message), MIA.id)
    scope = ("facebook_page",)
    walk.perform(c.RecordGrant(content_id(message), BRAND, True, 1, "", "By telephone.", scope), MIA.id)
    key = library.kept(png(), walk.herald)
    of = content_id(message)
    walk.perform(c.SaveAsset("asset-0001", BRAND, "A chair", "permission", 0, key, alt="A chair", right=of), ANA.id)
    return Media("", "", "", 0, "", asset="asset-0001")


def _link(walk: Walk, purpose: str, subject: str, by: str) -> str:
    walk.clock.pass_(seconds=1)
    name = f"link-{purpose}-{sha256(subject.encode()).hexdigest()[:8]}"
    done = walk.perform(c.MakeLink(name, purpose, subject, 24), by)
    return str(done.link).rpartition("/")[2]


def _ask(walk: Walk, token: str, query: str = "", **form: str) -> None:
    """Look at the page of a link; with a form, press its button too."""
    event = {"pathParameters": {"token": token}, "rawQueryString": query, "headers": {}}
    walk.call("Link", event | {"requestContext": {"http": {"method": "GET"}}})
    if form:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        pressed = {"requestContext": {"http": {"method": "POST"}}, "headers": kind, "body": urlencode(form)}
        walk.call("Link", event | pressed)


def _promote(walk: Walk) -> None:
    """A campaign with an offer that is open, and a product of it, whose stock and orders the shop tells."""
    about = ("campaign-1", BRAND, "Lamps", "Sell lamps.", "lamps", "clicks", 10, "2026-11-01", "2026-11-30", ANA.id, 0)
    walk.perform(c.SaveCampaign(*about), ANA.id)
    watched = {"shop": "shopify:shop.example", "item": "8"}
    lamp = c.SaveProduct("LAMP-1", BRAND, "Lamp", "https://a.example/", 4900, "AUD", None, 0, 0, **watched)
    walk.perform(lamp, ANA.id)
    window = ("2026-01-01T09:00", "2027-11-30T17:00", "UTC")
    sale = ("offer-0001", BRAND, "campaign-1", "offer", "Ten off", "One each.", "https://a.example/", *window)
    walk.perform(c.SaveOffer(*sale, 0, 0, ("LAMP-1",), 0, code="TEN"), ANA.id)
    _shop_tells(walk)


def _shop_tells(walk: Walk) -> None:
    """Ingest: stock that is there and falls, an order with the offer's code, the same cancelled, one unreadable."""
    now = walk.clock().isoformat()
    stock = {"inventory_item_id": 8, "location_id": 1, "updated_at": now}
    order = {"id": 1, "created_at": now, "total_price": "49.00", "currency": "AUD", "line_items": [],
             "discount_codes": [{"code": "ten"}],
             "landing_site": "/?utm_campaign=lamps&utm_source=mastodon"}  # fmt: skip
    gone = order | {"cancelled_at": now}
    for told in (stock | {"available": 9}, stock | {"available": 8}, order, gone, order | {"total_price": "?"}):
        body = json.dumps(told)
        signed = base64.b64encode(hmac.digest(b"a shop secret", body.encode(), "sha256")).decode()
        event = {"requestContext": {"http": {"method": "POST"}}, "pathParameters": {"connection": "shop"},
                 "body": body, "headers": {"x-shopify-hmac-sha256": signed}}  # fmt: skip
        assert walk.call("Ingest", event)["statusCode"] == 200


def _follow(walk: Walk) -> None:
    """A short link, followed and not found."""
    made = walk.perform(c.MakeShortLink(BRAND, "campaign-1", "mastodon", "https://a.example/"), ANA.id)
    for code in (made.subject, "aaaaaaaa"):
        http = {"method": "GET", "userAgent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"}
        walk.call("Link", {"pathParameters": {"code": code}, "requestContext": {"http": http}, "headers": {}})


def _submitted(
    walk: Walk, post: str, media: tuple[Media, ...] = (), *, text: str = "", waived: str = "", sells: bool = False
) -> None:  # fmt: skip
    local = (walk.clock() + timedelta(hours=12)).strftime("%Y-%m-%dT%H:%M")  # Sydney in summer is UTC+11: in an hour
    variants = (c.Variant(ACCOUNT.id, local, "Australia/Sydney"),)
    needs = ("offer:offer-0001", "product:LAMP-1") if sells else ()
    words = text or f"New chairs, {post}."
    shelf = [one if one.asset else shelved(walk.herald.store, BRAND, one, walk.clock()) for one in media]
    walk.perform(c.Draft(post, BRAND, "Chairs", words, variants, 0, media=tuple(shelf), needs=needs), ANA.id)
    if waived:
        walk.perform(c.WaiveCheck(post, waived, "It is the shop's.", walk.version(post)), MIA.id)
    walk.perform(c.Submit(post, walk.version(post)), ANA.id)
    walk.clock.pass_(milliseconds=5)


def _approved(walk: Walk, post: str, media: tuple[Media, ...] = (), *, sells: bool = False) -> None:
    _submitted(walk, post, media, sells=sells)
    walk.perform(c.Approve(post, walk.version(post)), MIA.id)


def figures(walk: Walk) -> None:
    """Measure twice, then the report on the first of the next month, with figures that came after its end."""
    walk.tick("Measure")
    # read on 1 December in Sydney, while the account lived where it was still the 30th: that day's row tells too much
    walk.herald.store.save(replace(ACCOUNT, timezone="Pacific/Pago_Pago"))
    walk.clock.now = datetime(2026, 12, 1, 8, tzinfo=NOON.tzinfo)
    walk.tick("Measure")
    walk.herald.store.save(ACCOUNT)
    walk.clock.now = datetime(2026, 12, 1, 20, tzinfo=NOON.tzinfo)
    walk.tick("Measure")
    walk.tick("Report")  # no recommendation yet: the owner is told
    recommended(walk.herald.store, "2026-11")  # type: ignore[arg-type] # as above
    walk.tick("Report")
    walk.tick("Report")  # what was kept is read again, and mailed to nobody twice


def copied(walk: Walk) -> None:
    """AuditCopy: what the chains hold by now, as the stream tells it."""
    entries = [entry for chain in CHAINS for entry in walk.herald.store.audit_of(chain)]
    assert {entry.chain for entry in entries} == set(CHAINS)
    records = []
    for entry in entries:
        image = {name: TypeSerializer().serialize(value) for name, value in copies.from_entry(entry).items()}
        records.append({"eventName": "INSERT", "dynamodb": {"NewImage": image, "Keys": {}}})
    walk.call("AuditCopy", {"Records": records})
