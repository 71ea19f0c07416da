"""The demo's past: a month of customers and of our people's work, run through the real flows under a simulated clock.

Nothing here writes a row. What customers said arrives as signed webhook bodies at `receive`, is judged by `moderate`,
hides and replies leave by `deliver`, and people act through the gate. The world it runs in is in memory, so that it
takes seconds; `seed` copies the tables it leaves, as a restore would. Same seed and start, same tables.
"""

from __future__ import annotations

import hashlib
import heapq
import hmac
import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from herald.care import playbooks
from herald.errors import Refused
from herald.flows import casebook
from herald.flows.commands import (
    AcknowledgePolicy,
    AgreeLimits,
    Approve,
    Claim,
    Draft,
    KeepItem,
    Overrule,
    Reply,
    Resolve,
    SaveAnswers,
    SaveLimits,
    SavePlaybook,
    SetCaseType,
    Submit,
    TakeCaseStep,
    Variant,
)
from herald.flows.context import Herald
from herald.flows.deliver import deliver
from herald.flows.feeds import items_of, read_feeds
from herald.flows.gate import perform
from herald.flows.measure import measure
from herald.flows.moderate import moderate
from herald.flows.poll import poll
from herald.flows.publish import release_posts
from herald.flows.receive import receive
from herald.flows.shortages import hold_short
from herald.model import (
    Account,
    Act,
    Action,
    Case,
    CaseState,
    Connection,
    Credentials,
    Delivery,
    Metric,
    Snapshot,
    Work,
    case_id,
)
from herald.platforms import outlets, sources
from herald.ports import Capabilities, FeedPage, Proof
from herald.store.tables import TableStore
from local import feeds as magazines
from local import shop as till
from local.demo import govern, library, microblogs, plan, voices
from local.demo import organisation as shop
from local.facebook import numbers
from local.memory import MemoryDb
from local.memory_media import MemoryMedia
from local.microblogs.network import Network
from local.ports import url
from local.simulator import crowd

DAYS = 28
AHEAD = 15  # days of the calendar that are planned already
BEFORE = 28  # days before the month in which the shop published and was measured, but not yet listened to
RULES = Path(__file__).with_name("rules.yaml")
SEED = 7
MORNING = 3  # reports of the shop's first morning; while there is stock, a post that sells it is approved
_AT_ONCE = frozenset({"threat", "distress", "safety"})
_TO_HIDE = frozenset({"insult", "threat", "hate", "sexual", "scam", "spam", "personal"})

_LATE = {
    "complaint": "Sorry for the wait, and for the trouble. We have sent you a message with what we can do about it.",
    "question": "Sorry this took so long. The answer is on our help page, https://help.banksia-and-oak.example, "
    "and we are happy to look into anything it leaves open.",
    "review": "Thank you for taking the time to tell us. We read every review and have passed yours on to the shop.",
}


@dataclass
class Rehearsal:
    """The demo's Facebook while the past is made: does at once what it is asked, as the adapter's data say it can."""

    capabilities: Capabilities
    clock: Clock
    name: str = "facebook_page"
    replies: list[tuple[str, Delivery, datetime]] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    posts: dict[str, voices.Posted] = field(default_factory=dict)  # our post -> the id that it gets there
    published: dict[str, Delivery] = field(default_factory=dict)
    reactions: Counter[str] = field(default_factory=Counter)
    comments: Counter[str] = field(default_factory=Counter)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(700_001))

    def act(self, delivery: Delivery, account: Account, token: str, files: Sequence[bytes] = ()) -> Proof:
        if delivery.act is Act.PUBLISH:
            there = self.posts[delivery.post_id].id
            self.published[there] = delivery
            return Proof(there, f"{account.api_base}/p/{account.account_id}/posts/{there}")
        if delivery.act is Act.HIDE:
            self.hidden.add(delivery.target)
        elif delivery.act is Act.UNHIDE:
            self.hidden.discard(delivery.target)
        else:
            post = delivery.target.split("_", 1)[0]
            reply = f"{post}_{next(self.numbers)}"
            self.replies.append((reply, delivery, self.clock()))
            return Proof(reply)
        return Proof(delivery.target)

    def profile(self, account: Account, token: str, now: datetime) -> list[Snapshot]:
        """Followers now, and the two days that the platform has closed; the figures the simulator will give too."""
        page, at = account.account_id, now.timestamp()
        here = now.astimezone(ZoneInfo(account.timezone)).date().isoformat()
        told = [Snapshot(account.id, Metric.FOLLOWERS, crowd.followers(page, at), now, day=here)]
        stood = [(post, d.ordered_at.timestamp()) for post, d in self.published.items() if d.account_id == page]
        for back in (2, 1):
            day = now.astimezone(crowd.ZONE).date() - timedelta(days=back)
            figures = numbers.day(page, day, stood)
            told.append(Snapshot(account.id, Metric.REACH, figures.reach, now, day=day.isoformat()))
            told.append(Snapshot(account.id, Metric.VIEWS, figures.views, now, day=day.isoformat()))
        return told

    def insights(self, account: Account, token: str, posts: Sequence[str], now: datetime) -> list[Snapshot]:
        """Of each post: what the simulator makes up, and what is counted on the wall."""
        told = []
        for post in posts:
            figures = numbers.post(
                account.account_id, post, self.published[post].ordered_at.timestamp(), now.timestamp()
            )
            if figures is None:
                continue
            counted = {
                Metric.REACH: figures.reach, Metric.VIEWS: figures.views, Metric.CLICKS: figures.clicks,
                Metric.REACTIONS: self.reactions[post], Metric.COMMENTS: self.comments[post],
            }  # fmt: skip
            told += [Snapshot(account.id, metric, value, now, post=post) for metric, value in counted.items()]
        return told

    def find(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        """What stands here; nothing is ever unanswered, so only a publication is looked up, to see that it is there."""
        return [Proof(known) for known, published in self.published.items() if published.id == delivery.id]


@dataclass(frozen=True, slots=True)
class _Magazines:
    """The feeds of this machine, as local.feeds would serve them at the time of the clock."""

    clock: Callable[[], datetime]
    own: str = field(default_factory=lambda: url("feeds"))

    def fetch(self, address: str, etag: str, modified: str) -> FeedPage:
        return FeedPage(magazines.body(address.removeprefix(self.own), self.clock()), address)


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class Past:
    """What the month left: the tables, and what stands on the walls."""

    db: MemoryDb
    herald: Herald
    said: tuple[voices.Said, ...]
    wall: Rehearsal
    networks: Mapping[str, Network]
    begun: date
    refused: tuple[str, ...]  # what people tried and the gate did not allow, in words
    files: MemoryMedia


def _when(one: voices.Said) -> datetime:
    return one.at


def furnish(store: TableStore, bases: Mapping[str, str], acknowledged_at: datetime) -> None:
    """The organisation's settings: connections, accounts, promises, policies, rules, people; repeatable."""
    pages = tuple(a.account_id for a in shop.ACCOUNTS if a.platform == "facebook_page")
    store.save(Connection(shop.FACEBOOK, "facebook_page", "herald/facebook", pages))
    store.save(Connection(shop.WEB, "webhook", "herald/web-form", (shop.WEB_SHOP,)))
    store.save(Connection(shop.SHOP, "shopify", "herald/shopify", (shop.SHOP_ACCOUNT,)))
    store.save(shop.STORE)
    store.save(Connection("instagram", "instagram", "herald/instagram", (shop.INSTAGRAM,)))
    for account_id, platform in shop.MICROBLOGS.items():
        store.save(Connection(platform, platform, f"herald/{platform}", (account_id,)))
    for account in shop.accounts(bases):
        store.save(account)
    store.save(shop.TARGETS)
    for policy in shop.policies():
        store.save(policy)
    store.save_rules(RULES.read_text(encoding="utf-8"))
    for person in shop.PEOPLE:
        store.save(person)


def make(
    credentials: Mapping[str, Credentials], bases: Mapping[str, str], start: date, until: datetime, seed: int = SEED
) -> Past:
    """Live the month from `start` to `until`.

    Args:
        credentials: secret reference -> credentials; the bodies are signed with the first secret.
        bases: platform -> address of its simulator.
    """
    first = start - timedelta(days=BEFORE)
    ours = voices.posts(first, BEFORE + DAYS + AHEAD)
    at_the_end = voices.last(until, ours)
    added = sorted([*library.said(until, ours), *(one for one, _, _ in at_the_end)], key=_when)
    heard = heapq.merge(voices.month(seed, start, DAYS + 1), added, key=_when)
    said = tuple(one for one in heard if one.at < until)
    opening = datetime.combine(first, datetime.min.time(), until.tzinfo) - timedelta(days=1)
    clock = Clock(opening)
    db = MemoryDb()
    store = TableStore(db, settings_ttl=3600)
    wall = Rehearsal(outlets()["facebook_page"].capabilities, clock)
    wall.posts = {post_name(post.id): post for post in ours if post.account_id not in shop.MICROBLOGS}
    towns = microblogs.towns(credentials, bases, clock)
    files = MemoryMedia()
    woken: list[str] = []
    herald = Herald(
        store=store, sources=sources(), outlets={**outlets(), **towns.adapters, "facebook_page": wall},
        archive=_NoArchive(), pollers=towns.pollers,
        wake=lambda delivery: woken.append(delivery.id), secrets=lambda ref: credentials[ref], clock=clock,
        meters={**towns.adapters, "facebook_page": wall}, media=files, uploads=files, feeds=_Magazines(clock),
    )  # fmt: skip
    furnish(store, bases, opening)
    month = _Month(herald, wall, towns, clock, woken, credentials)
    month.acknowledge()
    month.settle()
    month.live(said, first, until)
    month.show_care(at_the_end)
    month.plan(until)
    return Past(db, herald, said, wall, towns.networks, first, tuple(month.refused), files)


@dataclass
class _Month:
    herald: Herald
    wall: Rehearsal
    towns: microblogs.Towns
    clock: Clock
    woken: list[str]
    credentials: Mapping[str, Credentials]
    said: dict[str, voices.Said] = field(default_factory=dict)  # message -> what it is
    refused: list[str] = field(default_factory=list)

    def acknowledge(self) -> None:
        for person in shop.PEOPLE:
            if person.id not in shop.NOT_YET_ACKNOWLEDGED:
                for policy in self.herald.store.policies(self.clock.now.date()):
                    self._act(AcknowledgePolicy(policy.id, policy.version), person.id)

    def settle(self) -> None:
        """Playbook, saved answers and limits, as the people who answer for them saved them."""
        self._act(SavePlaybook(shop.BRAND, playbooks.shipped(), 0), "eleni")
        self._act(SaveAnswers(shop.BRAND, shop.answers(), 0), "hana")
        self._act(SaveLimits(shop.BRAND, "AUD", shop.LIMITS, 0), "eleni")
        self._act(AgreeLimits(shop.BRAND, 1, 1), "amara")  # they raise eleni's own

    def plan(self, until: datetime) -> None:
        for command in (*plan.days(until.date()), *plan.campaign(until.date())):
            self._act(command, "jack")
        self._shop_tells(until)
        for told, by in (*plan.incidents(), *plan.research(until.date())):
            self._act(told, by)
        read_feeds(self.herald, self.clock.now)
        newest = items_of(shop.BRAND, self.herald, limit=1)
        for one in newest:
            self._act(KeepItem(shop.BRAND, one.id), "jack")
        for told, by in plan.chosen(self.herald, until.date()):
            self._act(told, by)

    def _shop_tells(self, until: datetime) -> None:
        """What the web shop told of the campaign's lamps; what fell or filled up holds its posts."""
        secret = self.credentials["herald/shopify"].secrets[0]
        for number, (_, told) in enumerate(sorted(till.past(until), key=lambda one: one[0])):
            if number == MORNING:
                for command, by in plan.sells_out(until):
                    self._act(command, by)
            body, headers = till.signed(told, secret)
            receipt = receive(shop.SHOP, body, headers, self.herald, self.clock.now)
            if receipt.outcome != "received":
                raise RuntimeError(f"the demo's own shop was refused: {receipt}")
        hold_short(self.herald, self.clock.now)

    def show_care(self, at_the_end: Sequence[tuple[voices.Said, str, str]]) -> None:
        """Of what is open at the end: each kind of post and of person once, a complaint under way, an outcome that
        waits for a higher limit."""
        opened = [case for case in self._waiting() if case.owner in ("", "priya", "hana")]
        complaints = [case for case in opened if case.type == "complaint"]
        paid = next((case for case in complaints if case.owner != "hana"), None)
        asked = next((case for case in complaints if case is not paid), None)
        for case, persona in ((asked, "angry"), (paid, "unhappy")):
            if case:
                self._typed(case, "complaint", persona)
                self._taken(case, "acknowledge", "understand", by=case.owner or "priya")
        if paid:
            self._taken(paid, "investigate", "offer")
            version = (self.herald.store.case(paid.id) or paid).version
            outcome = "Refund of the damaged table."
            self._act(Resolve(paid.id, outcome, "COMPLAINTS 2.2", version, 34_900, "AUD"), "priya")
        for one, kind, persona in at_the_end:
            case = self.herald.store.case(case_id(message_id(one), Work.ANSWER))
            if case and kind:
                self._typed(case, kind, persona)

    def _waiting(self) -> list[Case]:
        listed = self.herald.store.open_cases(shop.BRAND, Work.ANSWER, limit=200).items
        return [case for case in listed if isinstance(case, Case)]

    def _typed(self, case: Case, kind: str, persona: str) -> None:
        self._act(SetCaseType(case.id, kind, persona, self._handled(case)), "priya")

    def _taken(self, case: Case, *steps: str, by: str = "priya") -> None:
        for step in steps:
            self._act(TakeCaseStep(case.id, step, self._handled(case)), by)

    def _handled(self, case: Case) -> int:
        return casebook.handling_of(case, self.herald.store.message(case.message_id), self.herald).version

    def live(self, said: tuple[voices.Said, ...], begun: date, until: datetime) -> None:
        """Everything in the order of its time: words, edits, deletions, answers, and the moderators' evening round."""
        agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        order = itertools.count()

        def plan(at: datetime, act: Callable[[], None]) -> None:
            agenda.append((at, next(order), act))

        for one in said:
            plan(one.at, partial(self._tell, one, "say"))
            if one.edits_to is not None and one.edits_after:
                plan(one.at + one.edits_after, partial(self._tell, one, "edit"))
            if one.deletes_after:
                plan(one.at + one.deletes_after, partial(self._tell, one, "delete"))
            if one.answer:
                plan(one.at + one.answer.after, partial(self._answer, one))
            if one.about in _AT_ONCE:
                plan(one.at + timedelta(minutes=5 + len(one.text) % 8), partial(self._look_at_once, one))
        for posts in calendar(begun):
            if posts[0].at <= self.clock.now + timedelta(hours=1):
                continue  # from before Herald came to the shop
            for at, act in self._life_of(posts, until):
                plan(max(at, self.clock.now), act)
        for at, step, by in library.steps(until, voices.posts(begun, BEFORE + DAYS + AHEAD)):
            plan(at, partial(self._give, step, by))
        plan(until - library.SHOWN_AGO, self._publish)
        for day in range(BEFORE + DAYS + 2):
            morning = datetime.combine(begun, datetime.min.time(), until.tzinfo) + timedelta(days=day)
            plan(morning + timedelta(hours=6, minutes=30), self._round)
            plan(morning + timedelta(hours=13), self._measure)
        for at, act in govern.agenda(self.herald, self._act, lambda: self.clock.now, said, until):
            plan(at, act)
        heapq.heapify(agenda)
        while agenda and agenda[0][0] < until:
            self.clock.now, _, act = heapq.heappop(agenda)
            act()
            self._send()
        self._measure()

    # ------------------------------------------------------------ our own posts

    def _life_of(
        self, posts: Sequence[voices.Posted], until: datetime
    ) -> Iterator[tuple[datetime, Callable[[], None]]]:
        """Drafted by the marketer, approved by the community manager, out on time; the nearest are furthest along."""
        post = posts[0]
        ahead = post.at - until
        yield post.at - timedelta(days=9), partial(self._draft, posts)
        if ahead < timedelta(days=8):
            yield post.at - timedelta(days=8, hours=2), partial(self._command, post, Submit)
        if ahead < timedelta(days=5):
            yield post.at - timedelta(days=7, hours=1), partial(self._command, post, Approve)
        yield post.at, self._publish

    def _draft(self, posts: Sequence[voices.Posted]) -> None:
        """One post, with a variant for each account that it is for."""
        variants = []
        for post in posts:
            account = _account(post.account_id)
            local = post.at.astimezone(ZoneInfo(account.timezone)).strftime("%Y-%m-%dT%H:%M")
            variants.append(Variant(account.id, local, account.timezone))
        title = post.text.split("?")[0].split(".")[0].split(":")[0][:60]
        self._act(Draft(post_name(post.id), shop.BRAND, title, post.text, tuple(variants), 0), "jack")

    def _command(self, post: voices.Posted, command: type[Submit] | type[Approve]) -> None:
        found = self.herald.store.post(post_name(post.id))
        if found:
            self._act(command(found.id, found.version), "jack" if command is Submit else "priya")

    def _publish(self) -> None:
        release_posts(self.herald, self.clock.now)

    def _measure(self) -> None:
        measure(self.herald, self.clock.now)

    # ------------------------------------------------------------ what people say and do

    def _tell(self, one: voices.Said, what: str) -> None:
        if one.account_id in shop.MICROBLOGS:
            self._overhear(one)
            return
        connection, body, headers = signed(one, what, self.clock.now, self.credentials)
        receipt = receive(connection, body, headers, self.herald, self.clock.now)
        if receipt.status != 200:
            raise RuntimeError(f"the demo's own webhook was refused: {receipt}")
        if what != "edit" and one.kind in ("comment", "reaction"):
            counted = self.wall.reactions if one.kind == "reaction" else self.wall.comments
            counted[one.post_id] += 1 if what == "say" else -1
        self.said[message_id(one)] = one
        moderate([message_id(one)], self.herald, self.clock.now)

    def _overhear(self, one: voices.Said) -> None:
        """Where nothing is pushed, it is said there, and polled."""
        post = ""
        if one.post_id:
            target = self.herald.store.target(post_name(one.post_id), f"{one.platform}:{one.account_id}")
            if target is None or not target.external_id:
                return  # its post was never published
            post = target.external_id
        self.towns.say(one, post)
        failed = [told for told in poll(self.herald, self.clock.now) if told.result == "failed"]
        if failed:
            raise RuntimeError(f"the demo's own networks could not be polled: {failed}")
        self.said[self._message(one)] = one
        moderate(self.towns.heard, self.herald, self.clock.now)
        self.towns.heard.clear()

    def _message(self, one: voices.Said) -> str:
        """Herald's id of what was said; empty for what was never said."""
        if one.account_id not in shop.MICROBLOGS:
            return message_id(one)
        told = self.towns.told.get(one.id)
        return f"{one.platform}:{told}" if told else ""

    def _send(self) -> None:
        while self.woken:
            deliver(self.woken.pop(0), self.herald, self.clock.now)

    def _answer(self, one: voices.Said) -> None:
        case = self.herald.store.case(case_id(self._message(one), Work.ANSWER))
        answer = one.answer
        if case is None or answer is None:
            return
        self._act(Claim(case.id, case.version), answer.by)
        case = self.herald.store.case(case.id) or case
        if one.platform != "webhook":
            number = hashlib.sha256(one.id.encode()).hexdigest()[:16]
            self._act(
                Reply(number, case.message_id, answer.text, case.version, outcome=answer.outcome, clause=answer.clause),
                answer.by,
            )
        else:
            outcome = f"By e-mail: {answer.outcome or 'answered.'}"
            self._acknowledged(case, answer.by)
            self._act(Resolve(case.id, outcome, answer.clause or "SOCIAL 2.1", case.version), answer.by)

    def _round(self) -> None:
        """Each evening someone decides what the rules left open, and does by hand what the platform cannot."""
        for work in Work:
            for case in self.herald.store.open_cases(shop.BRAND, work, limit=200).items:
                if isinstance(case, Case) and self.clock.now - case.opened_at > timedelta(minutes=40):
                    self._decide(case)

    def _look_at_once(self, one: voices.Said) -> None:
        """What is due in minutes waits for no evening round."""
        for case in self.herald.store.open_cases(shop.BRAND, Work.REVIEW, limit=200).items:
            if isinstance(case, Case) and case.message_id == self._message(one):
                self._decide(case)

    def _decide(self, case: Case) -> None:
        message = self.herald.store.message(case.message_id)
        if message is None:
            return
        if case.work is Work.ANSWER:
            if case.state is CaseState.ANSWERED and self.clock.now - case.opened_at > timedelta(days=1):
                self._act(Resolve(case.id, "Nothing further was asked.", "SOCIAL 2.1", case.version), case.owner)
            elif case.state is CaseState.OPEN and case.due_at < self.clock.now - timedelta(hours=3):
                self._leftover(case)
            return
        if case.work is Work.TASK:
            by_hand = "Removed from the form's inbox by hand."
            if case.platform != "webhook":
                by_hand = "Reported to the network, and its author muted, by hand."
            self._act(Resolve(case.id, by_hand, "MOD 6.1", case.version), "priya")
            return
        one = self.said.get(message.id)
        hide = one is not None and one.about in _TO_HIDE
        action, clause = (Action.HIDE, "MOD 3.1") if hide else (Action.ALLOW, "MOD 2.1")
        if message.decision and message.decision.policy:
            clause = f"{message.decision.policy.policy} {message.decision.policy.clause}"
        reason = "Read in context: it breaks the clause." if hide else "Read in context: it may stay."
        self._act(Overrule(message.id, action, reason, clause, message.version), "priya")

    def _acknowledged(self, case: Case, by: str) -> None:
        """A complaint answered by e-mail is acknowledged there."""
        if case.type == "complaint":
            self._taken(case, "acknowledge", by=by)

    def _leftover(self, case: Case) -> None:
        """What nobody got to in time is answered late, but answered."""
        if case.owner not in ("", "hana"):
            return
        outcome, clause = "Answered late, with an apology for the wait.", "COMPLAINTS 4.1"
        if case.platform == "webhook":
            self._acknowledged(case, "hana")
            self._act(Resolve(case.id, f"By e-mail: {outcome}", clause, case.version), "hana")
            return
        number = hashlib.sha256(f"late {case.id}".encode()).hexdigest()[:16]
        text = _LATE[case.type] if case.type in _LATE else _LATE["question"]
        self._act(Reply(number, case.message_id, text, case.version, outcome=outcome, clause=clause), "hana")

    def _give(self, step: library.Step, by: str) -> None:
        self._act(step(self.herald), by)

    def _act(self, command: Any, by: str) -> None:
        try:
            perform(command, by=by, herald=self.herald, now=self.clock.now)
        except Refused as refused:
            self.refused.append(f"{type(command).__name__}: {refused}")


class _NoArchive:
    def keep(self, connection: str, body: bytes, reason: str, at: datetime) -> str:
        raise RuntimeError(f"the demo's own body was unreadable: {reason}")


def _account(account_id: str) -> Account:
    return next(account for account in shop.ACCOUNTS if account.account_id == account_id)


def post_name(post_id: str) -> str:
    """Our id of a post of the demo; what stands on a microblog is the main page's post."""
    account, _, day = post_id.rpartition("_")
    return f"demo-{shop.MAIN if account in shop.MICROBLOGS else account}-{day}"


def calendar(begun: date) -> list[list[voices.Posted]]:
    """The shop's posts from `begun` on, oldest first; each with all the accounts that it is for, pages first."""
    found: dict[str, list[voices.Posted]] = {}
    for post in sorted(
        voices.posts(begun, BEFORE + DAYS + AHEAD), key=lambda post: (post.at, post.account_id in shop.MICROBLOGS)
    ):
        found.setdefault(post_name(post.id), []).append(post)
    return list(found.values())


# ---------------------------------------------------------------- the bodies platforms would have sent


def message_id(one: voices.Said) -> str:
    """Herald's id of what was said where ids are known beforehand."""
    if one.platform == "webhook":
        return f"webhook:{one.account_id}:{one.id}"
    external = f"{one.post_id}:{one.author_id}" if one.kind == "reaction" else one.id
    return f"{one.platform}:{external}"


def signed(
    one: voices.Said, what: str, at: datetime, credentials: Mapping[str, Credentials]
) -> tuple[str, bytes, dict[str, str]]:
    """Connection, raw body and headers of the webhook that tells of this."""
    if one.platform == "facebook_page":
        body = json.dumps(_page_body(one, what, at)).encode()
        secret = credentials["herald/facebook"].secrets[0].encode()
        return (
            shop.FACEBOOK,
            body,
            {"x-hub-signature-256": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()},
        )
    body = json.dumps(_form_body(one, what, at)).encode()
    stamp = str(int(at.timestamp()))
    secret = credentials["herald/web-form"].secrets[0].encode()
    digest = hmac.new(secret, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return shop.WEB, body, {"x-herald-signature": f"t={stamp},v1={digest}"}


def _page_body(one: voices.Said, what: str, at: datetime) -> dict[str, Any]:
    seconds = int(at.timestamp())
    text = one.edits_to if what == "edit" else one.text
    value: dict[str, Any] = {"created_time": seconds, "from": {"id": one.author_id, "name": one.author_name}}
    field_name = "feed"
    if one.kind == "review":
        field_name = "ratings"
        verb = {"say": "add", "edit": "edit", "delete": "remove"}[what]
        value = {
            "item": "rating", "verb": verb, "open_graph_story_id": one.id, "reviewer_id": one.author_id,
            "reviewer_name": one.author_name, "review_text": text, "created_time": seconds,
            "recommendation_type": "POSITIVE" if one.recommends else "NEGATIVE",
        }  # fmt: skip
    elif one.kind == "reaction":
        verb = {"say": "add", "edit": "edit", "delete": "remove"}[what]
        value |= {"item": "reaction", "verb": verb, "post_id": one.post_id, "reaction_type": text}
    else:
        verb = {"say": "add", "edit": "edited", "delete": "remove"}[what]
        value |= {"verb": verb, "post_id": one.post_id}
        if what != "delete":
            value["message"] = text
        if one.kind == "post":
            value |= {"item": "post", "post_id": one.id}
        else:
            value |= {"item": "comment", "comment_id": one.id, "parent_id": one.post_id}
    entry = {"id": one.account_id, "time": seconds, "changes": [{"field": field_name, "value": value}]}
    return {"object": "page", "entry": [entry]}


def _form_body(one: voices.Said, what: str, at: datetime) -> dict[str, Any]:
    change = {"say": "created", "edit": "edited", "delete": "deleted"}[what]
    event = {
        "id": one.id, "kind": one.kind, "change": change, "author_id": one.author_id, "author_name": one.author_name,
        "parent_id": one.post_id, "created_at": at.isoformat(),
        "text": "" if what == "delete" else (one.edits_to if what == "edit" else one.text),
    }  # fmt: skip
    return {"account_id": one.account_id, "events": [event]}


# ---------------------------------------------------------------- the walls as the month left them


def walls(past: Past, until: datetime) -> dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Page -> (posts with comments and reactions, ratings): for the simulator's own past, which tells no webhook."""
    gone = {one.id for one in past.said if one.deletes_after and one.at + one.deletes_after < until}
    comments: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    reactions: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    posts: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    ratings: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in past.said:
        if one.platform != "facebook_page" or one.id in gone:
            continue
        by = {"id": one.author_id, "name": one.author_name}
        edited = bool(one.edits_to and one.edits_after and one.at + one.edits_after < until)
        entry: dict[str, Any] = {
            "id": one.id, "message": one.edits_to if edited else one.text, "created_time": one.at.isoformat(),
            "from": by, "is_hidden": one.id in past.wall.hidden, "edited": edited,
        }  # fmt: skip
        if one.kind == "comment":
            comments[one.post_id].append(entry)
        elif one.kind == "post":
            posts[one.account_id].append(entry)
        elif one.kind == "reaction":
            reactions[one.post_id].append({"from": by, "type": one.text})
        else:
            rating = {"id": one.id, "from": by, "text": one.text, "positive": one.recommends}
            ratings[one.account_id].append(rating | {"created_time": one.at.isoformat()})
    names = {account.account_id: account.name for account in shop.ACCOUNTS}
    for reply, delivery, at in past.wall.replies:
        one = next(one for one in past.said if one.id == delivery.target)
        under = one.post_id if one.kind == "comment" else one.id
        comments[under].append(
            {"id": reply, "message": delivery.text, "created_time": at.isoformat(), "parent": delivery.target,
             "from": {"id": one.account_id, "name": names[one.account_id]}}
        )  # fmt: skip
    for post in voices.posts(past.begun, BEFORE + DAYS + 1):
        if post.at < until and post.account_id not in shop.MICROBLOGS:
            ours = {"id": post.account_id, "name": names[post.account_id]}
            posts[post.account_id].append(
                {"id": post.id, "message": post.text, "created_time": post.at.isoformat(), "from": ours}
            )
    for entries in posts.values():
        for entry in entries:
            entry["comments"] = sorted(comments.get(entry["id"], []), key=lambda c: (c["created_time"], c["id"]))
            entry["reactions"] = reactions.get(entry["id"], [])
        entries.sort(key=lambda entry: (entry["created_time"], entry["id"]))
    pages = [account.account_id for account in shop.ACCOUNTS if account.platform == "facebook_page"]
    return {page: (posts[page], ratings[page]) for page in pages}
