"""`herald bench storm`: 50,000 comments on one post in ten minutes: what is kept, judged and found again, at what cost.

Signed webhook bodies, a second's comments in each, some of them told twice; ingest, then the stream's batches, some of
them again; the Inbox at the end. In the in-memory tables, which count the units DynamoDB would: what is timed is
Herald's own work. The clock is simulated, nothing waits.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from herald.flows.context import Herald
from herald.flows.moderate import moderate
from herald.flows.receive import receive
from herald.model import Case, Credentials, Message, Targets, Work
from herald.platforms import outlets, sources
from herald.store import keys, rows
from herald.store.db import Item, Put, Update, Write
from herald.store.keys import INDEXES, Key
from herald.store.tables import TableStore
from local.demo import history
from local.demo import organisation as shop
from local.memory import MemoryDb

COMMENTS, MINUTES = 50_000, 10
PAGE_BAR = 100.0  # CPU milliseconds of drawing the Inbox
PARTITION = 1_000  # write units a second that DynamoDB gives one partition key
BATCH = 90  # records of the stream at once (template.yaml)
BEGINS = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)  # noon of a Wednesday in Sydney
SECRET = "a secret of the storm"  # noqa: S105 - of nothing but this run
POST = f"{shop.MAIN}_800800800"

NOISE = (
    "Love this", "So good", "😂😂😂", "Haha brilliant", "First!", "Beautiful light in that picture", "Wow", "Same here",
    "My sister has one of these", "Saw it on the news", "Come for the comments", "Nice work everyone",
)  # fmt: skip
QUESTIONS = ("Where is this?", "Is there a green one?", "What time do you open on Sunday?", "Who took the picture?")
COMPLAINTS = (
    "My table arrived broken and nobody answers my emails.",
    "I was charged twice for order 5512 and I want a refund.",
    "Still waiting for my delivery, three weeks late and no word from you.",
)
RUDE = ("You are all idiots", "What a bunch of morons")


@dataclass(frozen=True, slots=True)
class Said:
    """One comment of the storm."""

    number: int
    text: str
    second: int

    @property
    def message_id(self) -> str:
        return f"facebook_page:{POST}_{self.number}"


def storm(comments: int = COMMENTS, minutes: int = MINUTES, seed: int = 7) -> list[Said]:
    """In the order they are written: 70 % noise, 27 % questions, 2 % rude, 1 % complaints, evenly over the minutes."""
    chance = random.Random(seed)
    kinds = chance.choices((NOISE, QUESTIONS, RUDE, COMPLAINTS), (70, 27, 2, 1), k=comments)
    return [
        Said(number, chance.choice(texts), number * minutes * 60 // comments) for number, texts in enumerate(kinds)
    ]


class Metered(MemoryDb):
    """The in-memory tables, which count as DynamoDB bills: write units by partition and second, and reads.

    A started KB of the larger of what stood there and what stands there now is a unit, two in a transaction; a place in
    an index (keys only) costs one to come and one to go.
    (docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html)
    """

    def __init__(self) -> None:
        super().__init__()
        self.second = 0
        self.units: Counter[tuple[str, str, int]] = Counter()  # (table or index, partition key, second)
        self.reads: Counter[str] = Counter()

    def write(self, write: Put | Update) -> None:
        with self._lock:
            before = self._standing(write.key)
            super().write(write)
            self._count(write.key, before, 1)

    def transact(self, writes: Sequence[Write]) -> None:
        with self._lock:
            before = {write.key: self._standing(write.key) for write in writes}
            super().transact(writes)
            for key, item in before.items():
                self._count(key, item, 2)

    def get(self, key: Key) -> Item | None:
        self.reads["get"] += 1
        return super().get(key)

    def get_many(self, keys: Iterable[Key], *, settled: bool = True) -> dict[Key, Item]:
        wanted = list(dict.fromkeys(keys))
        self.reads["batch get"] += ceil(len(wanted) / 100)
        self.reads["items got"] += len(wanted)
        return {key: item for key in wanted if (item := super(Metered, self).get(key)) is not None}

    def query(self, *given: Any, **named: Any) -> tuple[list[Item], str | None]:
        self.reads["query"] += 1
        found = super().query(*given, **named)
        self.reads["items queried"] += len(found[0])
        return found

    def _standing(self, key: Key) -> Item:
        return self.tables[key[0]].get((key[1], key[2])) or {}

    def _count(self, key: Key, before: Item, times: int) -> None:
        after = self._standing(key)
        self.units[key[0], key[1], self.second] += times * max(_kilobytes(before), _kilobytes(after), 1)
        for index, (partition, place) in INDEXES.items():
            was = (before.get(partition), before.get(place))
            now = (after.get(partition), after.get(place))
            if was == now:
                continue
            for pk, _ in (one for one in (was, now) if None not in one):
                self.units[f"{key[0]}.{index}", str(pk), self.second] += 1

    def hottest(self, count: int = 5) -> list[tuple[str, int, float]]:
        """(partition, units in the dearest second, units a second over all seconds), the dearest first."""
        peaks: defaultdict[str, int] = defaultdict(int)
        sums: Counter[str] = Counter()
        for (table, pk, _), units in self.units.items():
            name = f"{table} {pk}"
            peaks[name] = max(peaks[name], units)
            sums[name] += units
        seconds = len({second for _, _, second in self.units}) or 1
        dearest = sorted(peaks, key=peaks.__getitem__, reverse=True)[:count]
        return [(name, peaks[name], sums[name] / seconds) for name in dearest]


def _kilobytes(item: Item) -> int:
    return ceil(len(json.dumps(item, ensure_ascii=False, default=str).encode()) / 1024) if item else 0


@dataclass
class Weathered:
    """What the storm left."""

    herald: Herald
    db: Metered
    stored: int = 0
    repeated: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)  # decided, unchanged, parked
    cpu: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))  # seconds by part

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        before = time.process_time()
        yield
        self.cpu[part] += time.process_time() - before

    @property
    def units(self) -> int:
        return self.db.units.total()


def a_herald() -> tuple[Herald, Metered]:
    """The demo's shop and its rules, before anybody has said anything.

    Everybody is promised the same time, so that deadlines alone would leave a complaint behind all that came before.
    """
    db = Metered()
    store = TableStore(db, settings_ttl=3600)
    history.furnish(store, dict.fromkeys(("facebook_page", "mastodon", "bluesky"), "http://127.0.0.1:1"), BEGINS)
    store.save(Targets(minutes={"default": 240}))
    credentials = Credentials((SECRET,), "", {shop.MAIN: "token"})
    herald = Herald(
        store=store, sources=sources(), outlets=outlets(), archive=history._NoArchive(),
        wake=lambda _: None, secrets=lambda _: credentials, clock=lambda: BEGINS,
    )  # fmt: skip
    db.units.clear()
    return herald, db


def weather(said: Sequence[Said], *, again: int = 20) -> Weathered:
    """Let it come, second by second: one signed body, then the stream's batches. Each `again`-th comes twice."""
    herald, db = a_herald()
    left = Weathered(herald, db)
    for turn, together in enumerate(_by_second(said)):
        now = BEGINS + timedelta(seconds=together[0].second)
        herald = left.herald = replace(herald, clock=lambda now=now: now)
        db.second = together[0].second
        body, headers = signed(together)
        twice = turn % again == 0
        for _ in range(1 + twice):
            with left.timed("ingest"):
                receipt = receive(shop.FACEBOOK, body, headers, herald, now)
            if receipt.status != 200:
                raise RuntimeError(f"the storm's own body was refused: {receipt}")
            left.stored += receipt.stored
            left.repeated += receipt.repeated
        told = _told(together, db)
        for start in range(0, len(told), BATCH):
            batch = told[start : start + BATCH]
            for _ in range(1 + twice):  # the stream promises at least once
                with left.timed("moderate"):
                    outcomes = moderate([], herald, now, told=batch)
                left.outcomes.update(outcome.result for outcome in outcomes)
    return left


def signed(said: Sequence[Said]) -> tuple[bytes, dict[str, str]]:
    """The body in which the platform tells of these, and its headers."""
    at = int((BEGINS + timedelta(seconds=said[0].second)).timestamp())
    changes = [
        {"field": "feed", "value": {
            "item": "comment", "verb": "add", "comment_id": f"{POST}_{one.number}", "post_id": POST, "parent_id": POST,
            "from": {"id": f"77{one.number}", "name": f"Visitor {one.number}"}, "message": one.text, "created_time": at,
        }}
        for one in said
    ]  # fmt: skip
    body = json.dumps({"object": "page", "entry": [{"id": shop.MAIN, "time": at, "changes": changes}]}).encode()
    return body, {"x-hub-signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}


def _by_second(said: Sequence[Said]) -> Iterator[list[Said]]:
    together: list[Said] = []
    for one in said:
        if together and one.second != together[0].second:
            yield together
            together = []
        together.append(one)
    if together:
        yield together


def _told(said: Iterable[Said], db: Metered) -> list[Message]:
    """The rows as the stream tells them once they are written."""
    return [rows.message(db._standing(keys.message(one.message_id))) for one in said]


def inbox(herald: Herald, now: datetime, draws: int = 5) -> tuple[float, float, Counter[str]]:
    """Draw the Inbox: CPU ms of the first drawing and of one again (median, its caches empty), and what one reads."""
    from streamlit.testing.v1 import AppTest  # noqa: PLC0415 - only the bench needs a dashboard

    from dashboard import data, who  # noqa: PLC0415

    def script() -> None:
        from dashboard import main  # noqa: PLC0415

        main.PAGES["inbox"].render()

    seen = replace(herald, clock=lambda: now)
    db: Any = herald.store.db  # type: ignore[attr-defined]
    data.set_herald(seen)
    who.install(who.SignIn(lambda: "priya"))
    try:
        page = AppTest.from_function(script, default_timeout=120)
        taken = []
        for _ in range(draws + 1):
            data.forget()
            db.reads.clear()
            before = time.process_time()
            page.run()
            taken.append(1_000 * (time.process_time() - before))
            if page.exception:
                raise RuntimeError(f"the Inbox failed: {page.exception[0].value}")
        return taken[0], sorted(taken[1:])[draws // 2], Counter(db.reads)
    finally:
        data.set_herald(None)
        who.install(None)


def first_page(herald: Herald) -> list[Case]:
    """What the Inbox takes from its index at first, in that order."""
    page = herald.store.open_cases(shop.BRAND, Work.ANSWER, limit=50)
    return [case for case in page.items if isinstance(case, Case)]


def storms() -> int:
    """Print what came of it; 1 where something was lost, judged twice or hidden by the noise, or a bar broken."""
    said = storm()
    left = weather(said)
    now = BEGINS + timedelta(minutes=MINUTES)
    complaints = sum(one.text in COMPLAINTS for one in said)
    shown = first_page(left.herald)
    first, again, reads = inbox(left.herald, now)
    print(f"{len(said):,} comments on one post in {MINUTES} minutes, {complaints:,} of them complaints")
    print(f"  stored {left.stored:,}, told again {left.repeated:,}; {dict(left.outcomes)}")
    for part, seconds in left.cpu.items():
        print(f"  {part:<10} {seconds:7.1f} s CPU, {1_000 * seconds / len(said):.2f} ms a comment")
    print(f"  {left.units / len(said):.2f} write units a comment")
    for name, peak, mean in left.db.hottest():
        print(f"  {mean:7.1f} units a second on the mean, {peak:5} at most: {name}")
    top = sum(case.type == "complaint" for case in shown)
    print(f"first page of the Inbox: {top} of {len(shown)} are complaints; {dict(reads)}")
    print(f"drawn at first in {first:.0f} CPU ms, with all that is imported, then in {again:.0f}")
    print(f"ratio to the bar of {PAGE_BAR:.0f} CPU ms a drawing: {again / PAGE_BAR:.2f}")
    lost = left.stored != len(said) or left.outcomes["decided"] != len(said) or left.outcomes["parked"]
    hot = max(peak for _, peak, _ in left.db.hottest(1)) > PARTITION
    return int(bool(lost) or top < min(50, complaints) or again > PAGE_BAR or hot)
