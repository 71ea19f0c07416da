"""A dashboard over eight weeks of a made-up shop's figures, seeded: the same day gives the same weeks.

    python -m tests.e2e.overview_world --port 8498

Facebook (two pages), Instagram and LinkedIn tell reach; Mastodon tells none. One day of LinkedIn was never told, the
last days are not told yet, one title is hostile. Lines on standard input change the world while it runs, as in
dashboard_world: {"do": "measure" | "answer" | "complaint" | "month" | "mails", ...}.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from herald.errors import Rejected, Unknown
from herald.model import (
    Account,
    Act,
    Delivery,
    Metric,
    New,
    Person,
    Post,
    Response,
    Role,
    Snapshot,
    Target,
    TargetState,
    Work,
)
from herald.ports import Capabilities, Proof
from tests.e2e.dashboard_world import BEACON, BRAND, ZONE, World
from tests.support.world import recommended

WEEKS = 8
HOURS = "Mon-Sun 00:00-24:00"
FACEBOOK, PERTH, INSTAGRAM, LINKEDIN, MASTODON = ACCOUNTS = (
    Account("facebook_page", "1001", "Kelp & Clay", BRAND, ZONE, HOURS),
    Account("facebook_page", "1002", "Kelp & Clay Perth", BRAND, "Australia/Perth", HOURS),
    Account("instagram", "2002", "kelpandclay", BRAND, ZONE, HOURS),
    Account("linkedin", "3003", "Kelp and Clay Pty Ltd", BRAND, ZONE, HOURS),
    Account("mastodon", "4004", "@kelp@clay.example", BRAND, ZONE, HOURS),
)
_TALK = frozenset({Metric.FOLLOWERS, Metric.REACTIONS, Metric.COMMENTS, Metric.SHARES})
_SEEN = _TALK | {Metric.REACH, Metric.VIEWS, Metric.CLICKS}
TELLS = {
    "facebook_page": _SEEN, "instagram": _SEEN | {Metric.SAVES}, "linkedin": _SEEN, "mastodon": _TALK,
}  # fmt: skip
HOSTILE = f"![x](http://{BEACON}/t.png) <img src=http://{BEACON}/u.png> =HYPERLINK(\"http://{BEACON}\")"
UNTOLD = 17  # days ago: LinkedIn told nothing for that day

_TITLES = (
    "Ash glaze: sixty seconds at the wheel", "Meet Rosa, who packs every parcel", "What 1,200 of you told us",
    "Saturday: seconds at half price", "From clay pit to cup, the long film", "Why our handles sit low",
    "Perth shop: new opening hours", "Three soups for one bowl", "A crack is not always a fault",
    "Spring colours, in order of drying", "How we fire with sunlight", "Your shelves: the five we love",
    "Behind the kiln door", "Gift wrap without plastic", "Throwing class: last places",
)  # fmt: skip
_SIZE = {"1001": 5200, "1002": 1500, "2002": 9100, "3003": 2900, "4004": 0}  # people a day
_CROWD = {"1001": 18_400, "1002": 3_150, "2002": 26_900, "3003": 6_240, "4004": 1_180}  # followers at the start
_RATE = {"facebook_page": 0.031, "instagram": 0.047, "linkedin": 0.039, "mastodon": 0.05}
_OFTEN = {"1001": 1.3, "1002": 0.5, "2002": 1.5, "3003": 0.9, "4004": 0.7}  # posts a day
_TIMES = ((1, 19), (2, 19), (0, 19), (3, 12), (4, 17), (5, 9), (1, 12), (3, 19), (6, 18), (2, 8), (0, 12), (4, 12))


@dataclass
class Shelf:
    """A place for files that remembers."""

    held: dict[str, bytes] = field(default_factory=dict)

    def put(self, data: bytes, mime: str) -> str:
        key = f"media/{sha256(data).hexdigest()}"
        self.held[key] = data
        return key

    def get(self, key: str) -> bytes:
        if key not in self.held:
            raise Unknown(f"There is no {key}.")
        return self.held[key]


@dataclass
class Mailbox:
    """A mailer that keeps what it is given, and refuses one address."""

    sent: list[tuple[tuple[str, ...], str, tuple[str, ...]]] = field(default_factory=list)

    def __call__(self, to: Sequence[str], subject: str, text: str, html: str, files: Mapping[str, bytes]) -> None:
        if any("refused" in one for one in to):
            raise Rejected("The mail server does not know this address.", "address")
        self.sent.append((tuple(to), subject, tuple(sorted(files))))


class _Outlet:
    """Nothing here is sent."""

    def __init__(self, name: str) -> None:
        self.name = name
        acts = frozenset({Act.REPLY, Act.HIDE, Act.UNHIDE})
        self.capabilities = Capabilities(acts, 8_000, 60, metrics=TELLS[name])

    def act(self, delivery: Delivery, account: Account, token: str, files: Sequence[bytes] = ()) -> Proof:
        raise NotImplementedError

    def find(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        raise NotImplementedError


class OverviewWorld(World):
    """Five accounts, their posts, figures and answers; `empty` has the accounts only."""

    def __init__(self, *, now: datetime | None = None, empty: bool = False, mail: bool = True) -> None:
        super().__init__(now=now)
        self.accounts = list(ACCOUNTS)
        self.mailbox = Mailbox()
        for account in ACCOUNTS:
            self.store.save(account)
        self.store.save(
            Person("nomail", "Noor Said", frozenset({Role.MARKETER}), frozenset({BRAND}))
        )  # fmt: skip
        for person in self.store.people():
            if person.id in ("gus", "lena"):
                self.store.save(replace(person, email=f"{person.id}@kelp.example"))
        self.herald = replace(
            self.herald, outlets={name: _Outlet(name) for name in TELLS}, mail=self.mailbox if mail else None,
            media=Shelf(),
        )  # fmt: skip
        self.kept: list[Snapshot] = []
        self._answers = 0
        if not empty:
            self._weeks()
            last = self.now().astimezone(ZoneInfo(ZONE)).date().replace(day=1) - timedelta(days=1)
            recommended(self.store, f"{last:%Y-%m}", brand=BRAND, owner="lena")  # so that its report may leave

    # ------------------------------------------------------------ eight weeks

    def _weeks(self) -> None:
        chance = random.Random(20_261_121)
        today = self.now().astimezone(ZoneInfo(ZONE)).date()
        days = [today - timedelta(days=ago) for ago in range(7 * WEEKS, -1, -1)]
        for account in ACCOUNTS:
            self._account_days(account, days, chance)
            self._posts(account, days, chance)
        self._responses(days, chance)

    def keep(self, snapshots: Sequence[Snapshot]) -> None:
        self.store.keep(snapshots)
        self.kept += snapshots

    def _account_days(self, account: Account, days: Sequence[date], chance: random.Random) -> None:
        """Followers each day; reach and views of each closed day, read on the day after."""
        crowd, clock = _CROWD[account.account_id], ZoneInfo(account.timezone)
        facts: list[Snapshot] = []
        for number, day in enumerate(days):
            crowd += int(chance.gauss(_CROWD[account.account_id] * 0.0009, 6))
            read = min(datetime.combine(day, time(23, 30), clock).astimezone(UTC), self.now())
            facts.append(Snapshot(account.id, Metric.FOLLOWERS, crowd, read, day=day.isoformat()))
            untold = account is LINKEDIN and len(days) - 1 - number == UNTOLD
            closed = datetime.combine(day + timedelta(days=1), time(9, 0), clock).astimezone(UTC)
            if not _SIZE[account.account_id] or untold or closed > self.now():
                continue
            week = 1 + 0.22 * math.sin(2 * math.pi * (day.weekday() - 1) / 7)
            reach = int(_SIZE[account.account_id] * week * (1 + number / 330) * chance.lognormvariate(0, 0.13))
            if chance.random() < 0.03:
                reach = int(reach * 1.55)
            views = int(reach * chance.uniform(1.32, 1.58))
            for metric, value in ((Metric.REACH, reach), (Metric.VIEWS, views)):
                facts.append(Snapshot(account.id, metric, value, closed, day=day.isoformat()))
        self.keep(facts)

    def _posts(self, account: Account, days: Sequence[date], chance: random.Random) -> None:
        clock = ZoneInfo(account.timezone)
        for day in days:
            for _ in range(2 if chance.random() < _OFTEN[account.account_id] - 0.5 else 1):
                if chance.random() > _OFTEN[account.account_id]:
                    continue
                good = [hour for weekday, hour in _TIMES if weekday == day.weekday()]
                hour = chance.choice(good) if chance.random() < 0.72 else chance.randint(7, 21)
                at = datetime.combine(day, time(hour, chance.choice((0, 15, 30))), clock).astimezone(UTC)
                if at <= self.now():
                    self._post(account, at, chance, strong=hour in good and hour >= 17)

    def _post(self, account: Account, at: datetime, chance: random.Random, *, strong: bool) -> None:
        self._number += 1
        number = self._number
        title = HOSTILE if number == 40 else f"{_TITLES[number % len(_TITLES)]}"
        post = Post(f"p{number:05d}", BRAND, "lena", title, f"{title}. Come and see.", at - timedelta(days=2))
        zone = ZoneInfo(account.timezone)
        target = Target(
            post.id, account.id, BRAND, f"{at.astimezone(zone):%Y-%m-%dT%H:%M}", account.timezone, at,
            TargetState.PUBLISHED, external_id=f"x{number}", url=f"https://{account.platform}.example/x{number}",
            published_at=at + timedelta(seconds=20),
        )  # fmt: skip
        self.store.commit([New(post), New(target)])
        reach = int((_SIZE[account.account_id] or 600) * chance.lognormvariate(-0.25, 0.45))
        rate = _RATE[account.platform] * chance.lognormvariate(0, 0.22) * (1.2 if strong else 0.92)
        acts = reach * rate * (1.9 if number == 40 else 1)
        split = {Metric.REACTIONS: 0.66, Metric.COMMENTS: 0.1, Metric.SHARES: 0.09, Metric.CLICKS: 0.12}
        split |= {Metric.SAVES: 0.05}
        final = {metric: acts * part for metric, part in split.items()} | {Metric.REACH: reach}
        final[Metric.VIEWS] = reach * 1.4
        facts: list[Snapshot] = []
        for hours in (1, 24, 48, 72, 7 * 24, 14 * 24, 21 * 24, 28 * 24):
            read, grown = at + timedelta(hours=hours), 1 - math.exp(-hours / 26)
            if read <= self.now():
                facts += [
                    Snapshot(account.id, metric, int(value * grown), read, post=target.external_id)
                    for metric, value in final.items()
                    if metric in TELLS[account.platform]
                ]
        self.keep(facts)

    def _responses(self, days: Sequence[date], chance: random.Random) -> None:
        for number, day in enumerate(days):
            for _ in range(chance.randint(2, 7)):
                at = datetime.combine(day, time(chance.randint(8, 18), chance.randint(0, 59)), ZoneInfo(ZONE))
                if at <= self.now():
                    waited = int(chance.lognormvariate(8.1 - number * 0.012, 0.9))
                    self.answered(waited, at=at.astimezone(UTC), account=chance.choice(ACCOUNTS[:3]))

    # ------------------------------------------------------------ what happens later

    def answered(self, waited: int, *, at: datetime | None = None, account: Account = FACEBOOK) -> None:
        """A first answer that stood after so many seconds of business time."""
        self._answers += 1
        kind, target = ("complaint", 7200) if self._answers % 3 else ("question", 14_400)
        case = f"answer~{self._answers}"
        found = Response(account.id, case, kind, at or self.now(), int(waited * 1.7), waited, waited <= target)
        self.store.commit([found])

    def measured(self, reach: int) -> None:
        """The platform tells today's figures of the first page anew, and its newest post's."""
        now = self.now()
        day = now.astimezone(ZoneInfo(ZONE)).date().isoformat()
        self.keep(
            [
                Snapshot(FACEBOOK.id, Metric.REACH, reach, now, day=day),
                Snapshot(FACEBOOK.id, Metric.FOLLOWERS, 19_999, now, day=day),
            ]
        )  # fmt: skip

    def waiting(self) -> None:
        """Seven people who wait for an answer."""
        said = (
            ("Mara Quill", "My teapot came cracked, box and all. A refund, please.", -14, ""),
            ("J. Whitfield", "Order 4471 is late again. Third time you promise Tuesday.", 6, ""),
            ("Odile Brandt", "The glaze on two bowls is broken.", 22, "tomas"),
            (f"<b>Eve</b> ![i](http://{BEACON}/who.png)", HOSTILE, 95, ""),
            ("Sunny Bakes", "When is the next throwing class in Brisbane?", 71, "priya"),
            ("Long Wait", "Where do I send the form?", 300, ""),
            ("Last One", "Is the ash-grey platter back before Christmas?", 400, ""),
        )
        for author, text, due_in, owner in said:
            message = self.say(author, text, minutes_ago=max(5, 120 - due_in))
            self.open(message, Work.ANSWER, "complaint" if due_in < 50 else "question", due_in=due_in, owner=owner)

    def obey(self, told: Mapping[str, str]) -> object:
        match told["do"]:
            case "measure":
                self.measured(int(told["reach"]))
            case "answer":
                for _ in range(int(told["times"])):
                    self.answered(int(told["waited"]))
            case "month":
                from herald.flows.mailing import monthly

                return json.dumps([one.result for one in monthly(self.herald, self.now())])
            case "mails":
                return json.dumps(self.mailbox.sent)
            case _:
                return super().obey(told)
        return ""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--empty", action="store_true", help="accounts, but nothing told and nothing published")
    parser.add_argument("--no-mail", action="store_true")
    parser.add_argument("--now", default="", help="an instant that never moves, e.g. 2026-11-21T03:05:00+00:00")
    given = parser.parse_args()
    from dashboard import data
    from local import chooser
    from tests.e2e.dashboard_world import _listen

    now: Any = datetime.fromisoformat(given.now) if given.now else None
    world = OverviewWorld(now=now, empty=given.empty, mail=not given.no_mail)
    if not given.empty:
        world.waiting()
    data.set_herald(world.herald)
    threading.Thread(target=_listen, args=(world,), daemon=True).start()
    chooser.serve("127.0.0.1", given.port, key=b"k" * 32)


if __name__ == "__main__":
    main()
