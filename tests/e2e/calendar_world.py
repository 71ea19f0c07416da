"""A dashboard over the in-memory store with posts in every state, over three platforms and two zones.

    python -m tests.e2e.calendar_world --port 8498

Posts reach their state by the gate where a person puts them there; what the deliver flow would do is written here.
Lines on standard input change the world while it runs, as in dashboard_world.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from herald.flows import commands, gate
from herald.model import (
    Account,
    Act,
    Delivery,
    DeliveryState,
    Media,
    Note,
    Person,
    Post,
    Revised,
    Role,
    Target,
    TargetState,
    post_hash,
    words_of,
)
from herald.ports import Capabilities, PostLimits
from herald.publish.schedule import due_at
from local.demo.library import shelved
from local.memory_media import MemoryMedia
from tests.e2e.dashboard_world import BEACON, BRAND, HOSTILE, ZONE, World, _Outlet

PERTH = "Australia/Perth"
MASTODON, BLUESKY, FACEBOOK = "mastodon:3003", "bluesky:did:plc:kelp", "facebook_page:1001"
PERTH_PAGE = "facebook_page:1002"
ACTS = frozenset({Act.REPLY, Act.HIDE, Act.UNHIDE, Act.PUBLISH, Act.TAKE_DOWN})
LIMITS = {
    "facebook_page": PostLimits(63_206),
    "mastodon": PostLimits(500, url_length=23, alt_length=1_500),
    "bluesky": PostLimits(300, "graphemes", text_bytes=3_000, image_bytes=2_000_000, alt_length=2_000),
}
NORA = Person("nora", "Nora Vale", frozenset({Role.MARKETER}), frozenset({BRAND}))


def an_image(colour: str = "#2A9D8F", size: tuple[int, int] = (800, 450), kind: str = "PNG") -> bytes:
    """A plain picture, made here."""
    from PIL import Image

    held = io.BytesIO()
    Image.new("RGB", size, colour).save(held, kind)
    return held.getvalue()


def _outlet(platform: str) -> _Outlet:
    outlet = _Outlet()
    outlet.name = platform
    outlet.capabilities = Capabilities(ACTS, 500, 60, post=LIMITS[platform])
    return outlet


class CalendarWorld(World):
    """The store, and posts in it."""

    def __init__(self, *, now: datetime | None = None) -> None:
        super().__init__(now=now)
        self.shelf = MemoryMedia()
        self.herald = replace(
            self.herald, media=self.shelf, outlets={platform: _outlet(platform) for platform in LIMITS}
        )
        today = self.today()
        holidays = frozenset({date(today.year, 12, 25), date(today.year, 12, 26), today + timedelta(days=3)})
        self.accounts = [
            Account("facebook_page", "1001", "Kelp & Clay", BRAND, ZONE, "Mon-Sun 00:00-24:00", holidays),
            Account("facebook_page", "1002", "Kelp & Clay Perth", BRAND, PERTH, "Mon-Sun 00:00-24:00",
                    frozenset({today + timedelta(days=5)})),
            Account("mastodon", "3003", "@kelp@pots.example", BRAND, ZONE, "Mon-Sun 00:00-24:00", holidays),
            Account("bluesky", "did:plc:kelp", "kelpandclay.example", BRAND, ZONE, "Mon-Sun 00:00-24:00", holidays),
        ]  # fmt: skip
        for account in self.accounts:
            self.store.save(account)
        self.store.save(NORA)
        self._posts = 0
        self.hostile = ""

    def today(self) -> date:
        return self.now().astimezone(ZoneInfo(ZONE)).date()

    def at(self, days: int, clock: str) -> str:
        """Wall clock so many days from today: "2026-11-24T09:30"."""
        return f"{self.today() + timedelta(days=days):%Y-%m-%d}T{clock}"

    def give(self, command: commands.Command, by: str) -> None:
        gate.perform(command, by=by, herald=self.herald, now=self.now())

    # ------------------------------------------------------------ what people do

    def draft(
        self, title: str, text: str, days: int, clock: str, *accounts: str, link: str = "", by: str = "lena",
        media: tuple[Media, ...] = (), own: Mapping[str, str] | None = None,
    ) -> str:  # fmt: skip
        """A post, written by lena; its id."""
        self._posts += 1
        zones = {account.id: account.timezone for account in self.accounts}
        post_id = f"post-{self._posts:08d}"
        variants = tuple(
            commands.Variant(account, self.at(days, clock), zones[account], (own or {}).get(account, ""))
            for account in accounts
        )
        self.give(commands.Draft(post_id, BRAND, title, text, variants, 0, link, media), by)
        return post_id

    def version(self, post_id: str) -> int:
        post = self.store.post(post_id)
        if post is None:
            raise LookupError(post_id)
        return post.version

    def submitted(self, post_id: str, by: str = "lena") -> str:
        self.give(commands.Submit(post_id, self.version(post_id)), by)
        return post_id

    def approved(self, post_id: str, by: str = "nora") -> str:
        """Submitted by lena, approved by nora."""
        self.submitted(post_id)
        self.give(commands.Approve(post_id, self.version(post_id)), by)
        return post_id

    # ------------------------------------------------------------ what the flows would do

    def became(
        self, post_id: str, account: str, state: TargetState, *, reason: str = "",
        delivery: DeliveryState | None = None, days_ago: int = 0, clock: str = "",
        url: str = "", attempt: int = 1, looked: int = 0,
    ) -> None:  # fmt: skip
        """A variant reached this state, as delivering it would have left it; with `clock`, that many days ago."""
        post, target = self._of(post_id, account)
        if clock:
            local_time = self.at(-days_ago, clock)
            target = replace(target, local_time=local_time, due_at=due_at(local_time, target.zone))
        changes: list[Revised | Note] = [Revised(post, post.version)]
        after = replace(target, state=state, reason=reason, url=url)
        if state is TargetState.PUBLISHED:
            after = replace(after, external_id=f"x{post_id[-4:]}", published_at=target.due_at + timedelta(seconds=4))
        if delivery is not None:
            content = post_hash(post, target)
            sent = Delivery(
                f"publish~{post_id}~{account}~{content}", Act.PUBLISH, target.platform, target.account_id, BRAND, "",
                "", words_of(post, target), delivery, "lena", target.due_at, target.due_at + timedelta(minutes=3),
                attempt=attempt, looked=looked, first_sent_at=target.due_at if attempt else None, reason=reason,
                post_id=post_id, content_hash=content, link=post.link, media=post.media,
                lease_until=self.now() + timedelta(seconds=40) if delivery is DeliveryState.SENDING else None,
            )  # fmt: skip
            after = replace(after, delivery_id=sent.id)
            changes.append(Revised(sent, target.version))
        changes.append(Revised(after, target.version))
        if state in (TargetState.FAILED, TargetState.UNCLEAR, TargetState.HELD):
            what = str(state) if state is TargetState.HELD else f"publish {state}"
            changes.append(Note(post_id, self.now(), "herald", what, account, reason))
        self.store.commit(changes)

    def _of(self, post_id: str, account: str) -> tuple[Post, Target]:
        post, target = self.store.post(post_id), self.store.target(post_id, account)
        if post is None or target is None:
            raise LookupError(post_id)
        return post, target

    def furnish_posts(self) -> None:
        """A month of posts in every state, some of them hostile."""
        picture = an_image()
        media = Media(self.shelf.put(picture, "image/png"), sha256(picture).hexdigest(), "image/png", len(picture),
                      "A row of sea-green bowls on a shelf.", 800, 450)  # fmt: skip
        media = shelved(self.store, BRAND, media, self.now())
        for number, (title, clock, account) in enumerate((
            ("Coat drive: what we collect", "12:00", FACEBOOK), ("Volunteer of the month", "12:00", MASTODON),
            ("What donors told us", "09:00", BLUESKY), ("Repair café on film", "17:00", PERTH_PAGE),
        )):  # fmt: skip
            post_id = self.approved(self.draft(title, f"{title}. Come and see.", 30, clock, account, media=(media,)))
            self.became(
                post_id, account, TargetState.PUBLISHED, delivery=DeliveryState.DONE, days_ago=5 - number, clock=clock,
                url=f"https://pots.example/@kelp/{number}",
            )  # fmt: skip
        out = self.approved(self.draft("Kiln opening today", "The kiln opens at noon.", 30, "08:00", MASTODON))
        self.became(out, MASTODON, TargetState.RELEASING, delivery=DeliveryState.SENDING, clock="08:00")
        self.draft("Thank-you thread", "Thank you to everyone who came.", 3, "10:00", MASTODON, BLUESKY)
        self.draft("Saturday pick-up: what to bring", "Bring a box.", 4, "18:00", FACEBOOK)
        self.submitted(self.draft(
            "Gala countdown", "Three weeks to the gala. Tickets: see the link.", 5, "19:00", FACEBOOK, MASTODON,
            link="https://kelp.example/gala", media=(media,), own={MASTODON: "Gala in three weeks! #gala"},
        ))  # fmt: skip
        self.approved(self.draft("Winter glazes", "The winter glazes are here.", 2, "09:30", MASTODON, PERTH_PAGE))
        edited = self.approved(self.draft(
            "Opening hours", "We open at nine and close at five on weekdays.", 6, "11:00", BLUESKY))  # fmt: skip
        approval = self.store.approvals(edited)[0]
        words = "We open at nine and close at five on weekdays."
        self.store.commit([Note(edited, approval.at, approval.by, "approved", BLUESKY, words)])
        self.became(edited, BLUESKY, TargetState.FAILED, delivery=DeliveryState.FAILED,
                    reason="Bluesky says: the account is suspended (AccountTakedown).", clock="11:00", days_ago=-6,
                    attempt=1)  # fmt: skip
        self.give(commands.Draft(
            edited, BRAND, "Opening hours", "We open at ten and close at four on weekdays, and at noon on Saturday.",
            (commands.Variant(BLUESKY, self.at(6, "11:00"), ZONE),), self.version(edited),
        ), "lena")  # fmt: skip
        failed = self.approved(self.draft("Clay delivery is late", "Our clay is late.", 1, "15:00", FACEBOOK))
        self.became(failed, FACEBOOK, TargetState.FAILED, delivery=DeliveryState.FAILED, attempt=3,
                    reason="The Page's token has expired (190): connect it again.")  # fmt: skip
        unclear = self.approved(self.draft("Class with Ines", "Throwing class with Ines.", 30, "16:00", MASTODON))
        self.became(unclear, MASTODON, TargetState.UNCLEAR, delivery=DeliveryState.UNCLEAR, days_ago=1, clock="16:00",
                    reason="Two posts there look like it.", attempt=1, looked=2)  # fmt: skip
        held = self.approved(self.draft("Flood relief sale", "Ten per cent for the flood fund.", 30, "13:00", BLUESKY))
        self.became(held, BLUESKY, TargetState.HELD, clock="13:00", days_ago=1,
                    reason="A hold was in force at its time, which has passed by more than 15 minutes.")  # fmt: skip
        off = self.draft("Old campaign", "Never mind.", 8, "10:00", FACEBOOK)
        self.give(commands.Cancel(off, "The offer was withdrawn.", self.version(off), FACEBOOK), "lena")
        self.hostile = self.draft(HOSTILE[:118], f"{HOSTILE} \u202eevil\u202c", 9, "12:15", MASTODON, link=f"https://{BEACON}/e")
        for number in range(7):
            self.draft(f"Advent door {number + 1}", "Open it.", 12, f"{8 + number:02d}:05", MASTODON)

    def obey(self, told: Mapping[str, str]) -> object:
        match told["do"]:
            case "retitle":
                post = self.store.post(told["post"])
                if post is None:
                    raise LookupError(told["post"])
                targets = self.store.targets_of(post.id)
                variants = tuple(commands.Variant(t.account, t.local_time, t.zone, t.text) for t in targets)
                self.give(commands.Draft(post.id, BRAND, told["title"], post.text, variants, post.version), "lena")
                return ""
            case "draft":
                return self.draft(told["title"], told.get("text", "Words."), int(told.get("days", "2")),
                                  told.get("clock", "09:00"), *told.get("accounts", MASTODON).split(","))  # fmt: skip
            case "submit":
                return self.submitted(told["post"])
            case "approve":
                return self.approved(told["post"])
            case "unclear":
                self.became(told["post"], told["account"], TargetState.UNCLEAR, delivery=DeliveryState.UNCLEAR,
                            reason="Two posts there look like it.", looked=2)  # fmt: skip
                return ""
            case "target":
                target = self.store.target(told["post"], told["account"])
                return f"{target.state} {target.local_time}" if target else "none"
            case "find":
                first, last = self.now() - timedelta(days=60), self.now() + timedelta(days=90)
                posts = self.store.posts({t.post_id for t in self.store.calendar(BRAND, first, last)})
                return next(post.id for post in posts.values() if post.title == told["title"])
            case "find-hostile":
                return self.hostile
            case "moves":
                return sum(note.what == "moved" for note in self.store.notes(told["post"]))
            case _:
                return super().obey(told)


def _listen(world: World) -> None:
    for line in sys.stdin:
        try:
            answer = f"done {world.obey(json.loads(line))}"
        except Exception as error:
            answer = f"failed: {error!r}"
        print(answer, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    from dashboard import data
    from local import chooser

    world = CalendarWorld()
    world.furnish_posts()
    data.set_herald(world.herald)
    threading.Thread(target=_listen, args=(world,), daemon=True).start()
    chooser.serve("127.0.0.1", given.port, key=b"k" * 32)


if __name__ == "__main__":
    main()
