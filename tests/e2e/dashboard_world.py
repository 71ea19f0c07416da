"""A dashboard over the in-memory store, with a made-up shop and hostile visitors in it.

    python -m tests.e2e.dashboard_world --port 8499

Lines on standard input change the world while it runs, so that a test can see a page notice it: one JSON object a
line, {"do": "insult" | "complaint" | "deliver" | "fail" | "claim" | "case" | "replies", ...}, answered by one line.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

from herald.flows import casebook
from herald.flows.context import Herald
from herald.model import (
    Account,
    Act,
    Acted,
    Action,
    AnswerBook,
    Case,
    CaseState,
    Change,
    Clause,
    ClauseRef,
    Counted,
    Credentials,
    Decision,
    Delivery,
    DeliveryState,
    Event,
    Kind,
    Message,
    New,
    Person,
    Policy,
    Revised,
    Role,
    Severity,
    Span,
    StateChange,
    Targets,
    Work,
    case_id,
)
from herald.ports import Capabilities, FeedPage, Proof
from herald.store import keys
from herald.store.tables import TableStore
from local.memory import MemoryDb

BRAND = "kelp-and-clay"
ZONE = "Australia/Sydney"
BEACON = "beacon.example"
ANSWERS = """- id: late
  title: Order is late
  for: [complaint]
  text: "Hi {name}, we look for your parcel today."
  link: https://kelp-and-clay.example/orders
  clause: COMPLAINTS 2.1
"""

MOD = Policy(
    "MOD", "Moderation guideline", 2, date(2026, 7, 1),
    (
        Clause("MOD-1.1", "1.1", "What stays", "Criticism of us, of our goods and of our prices stays, however blunt."),
        Clause("MOD-3.1", "3.1", "Insults and abuse",
               "We hide words that attack a person instead of what was said or done. We do not answer them."),
        Clause("MOD-3.4", "3.4", "Links to strangers' offers",
               "We hide offers that have nothing to do with our shops, and every link that leads to one."),
        Clause("MOD-5.2", "5.2", "Unsure", "Where a rule is unsure, a person decides within one business hour."),
    ),
    gates=("Hide", "Unhide", "Overrule"),
)  # fmt: skip
COMPLAINTS = Policy(
    "COMPLAINTS", "Complaints handling", 1, date(2026, 7, 1),
    (
        Clause("COMPLAINTS-2.1", "2.1", "First answer", "A complaint gets a first answer within two business hours."),
        Clause("COMPLAINTS-4.2", "4.2", "Making good", "Offer a refund, a repair or a new one; the customer chooses."),
    ),
    gates=("Reply", "Resolve"),
)  # fmt: skip

PEOPLE = (
    Person("priya", "Priya Nair", frozenset({Role.COMMUNITY_MANAGER}), frozenset({BRAND})),
    Person("tomas", "Tomas Wirth", frozenset({Role.CUSTOMER_SERVICE_MANAGER}), frozenset({BRAND})),
    Person("aroha", "Aroha Tane", frozenset({Role.COMPLIANCE}), frozenset({BRAND})),
    Person("lena", "Lena Fisk", frozenset({Role.MARKETER}), frozenset({BRAND})),
    Person("gus", "Gus Ferro", frozenset({Role.OWNER}), frozenset({BRAND})),
    Person("evil", f"![x](http://{BEACON}/name.png) <img src=http://{BEACON}/n2.png>", frozenset({Role.ENGINEER}),
           frozenset({BRAND})),
)  # fmt: skip

HOSTILE = (
    f"<img src=http://{BEACON}/a.png onerror=\"fetch('http://{BEACON}/b')\"> ![pic](http://{BEACON}/c.png) "
    f"[click me](http://{BEACON}/d) http://{BEACON}/e <script>fetch('http://{BEACON}/f')</script> "
    ":material/home: :red[x]"
)
TURNED = "invoice \u202egnp.exe\u202c and \u2066isolated\u2069 \u200fwords\u0007 with a bell"
LONG = "My parcel is late and nobody answers. " * 270


class _Outlet:
    """A platform that can do everything and is never called: nothing here delivers."""

    name = "facebook_page"
    capabilities = Capabilities(
        frozenset({Act.REPLY, Act.HIDE, Act.UNHIDE, Act.DELETE, Act.LOCK, Act.UNLOCK}), 8_000, 60
    )

    def act(self, delivery: Delivery, account: Account, token: str, files: Sequence[bytes] = ()) -> Proof:
        raise NotImplementedError

    def find(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        raise NotImplementedError


class _Archive:
    def keep(self, connection: str, body: bytes, reason: str, at: datetime) -> str:
        raise NotImplementedError


class _Pictures:
    """Whoever is asked for a picture gives one: red, with a white bar."""

    own = ""

    def fetch(self, address: str, etag: str, modified: str) -> FeedPage:
        from PIL import Image, ImageDraw

        picture, out = Image.new("RGB", (400, 240), "#c0392b"), BytesIO()
        ImageDraw.Draw(picture).rectangle((60, 100, 340, 140), fill="white")
        picture.save(out, "PNG")
        return FeedPage(out.getvalue(), address)


class World:
    """The store and what can happen in it."""

    def __init__(self, *, now: datetime | None = None) -> None:
        self.fixed = now
        self.memory = MemoryDb()
        self.store = TableStore(self.memory)
        self.herald = Herald(
            store=self.store, sources={}, outlets={"facebook_page": _Outlet(), "instagram": _Outlet()},
            archive=_Archive(), wake=lambda delivery: None, secrets=lambda ref: Credentials(("k" * 40,)),
            clock=self.now, link_base="https://herald.example", feeds=_Pictures(),
        )  # fmt: skip
        self.accounts = [
            Account("facebook_page", "1001", "Kelp & Clay", BRAND, ZONE, "Mon-Sun 00:00-24:00"),
            Account("instagram", "2002", "kelpandclay", BRAND, ZONE, "Mon-Sun 00:00-24:00"),
        ]
        targets = Targets({"default": 240, "complaint": 120, "decide": 60})
        for thing in (*self.accounts, *PEOPLE, MOD, COMPLAINTS, targets):
            self.store.save(thing)
        self._number = 0

    def now(self) -> datetime:
        return self.fixed or datetime.now(UTC)

    # ------------------------------------------------------------ what people say

    def say(
        self, author: str, text: str, *, minutes_ago: float = 0, platform: str = "facebook_page",
        kind: Kind = Kind.COMMENT, photo: str = "",
    ) -> Message:  # fmt: skip
        """A message arrives; nothing has judged it yet."""
        self._number += 1
        account = next(account for account in self.accounts if account.platform == platform)
        at = self.now() - timedelta(minutes=minutes_ago)
        event = Event(
            platform, account.account_id, f"9{self._number:04d}", f"u{self._number}", text, kind, Change.CREATED, "77",
            at, author_name=author, more={"thread_id": "77"} | ({"photo": photo} if photo else {}),
        )  # fmt: skip
        self.store.apply(event, BRAND, at)
        found = self.store.message(event.message_id)
        if found is None:
            raise LookupError(event.message_id)
        return found

    def judge(
        self, message: Message, action: Action, *, rule: str | None = None, clause: ClauseRef | None = None,
        rationale: str = "", found: tuple[str, ...] = (), labels: tuple[str, ...] = (),
        severity: Severity = Severity.LOW, hidden: bool | None = None, by: str = "rules",
    ) -> Message:  # fmt: skip
        """A decision is committed on it, as the flow commits one."""
        at = min(self.now(), message.created_at + timedelta(seconds=2))
        spans = tuple(
            Span(at_, at_ + len(each), "body", each) for each in found if (at_ := message.text.find(each)) >= 0
        )
        decision = Decision(
            message.content_hash, action, severity, at, by, "r1", rule, clause, rationale, labels, spans,
            trace=tuple({"rule": rule or "", "field": "body", "found": each} for each in found),
        )  # fmt: skip
        account = next(each for each in self.accounts if each.platform == message.platform)
        from herald.measure import counts

        after = replace(message, decision=decision, pending="", hidden=hidden)
        after = replace(after, counted=counts.contribution(after, account.timezone))
        changes: list[StateChange] = [Revised(after, message.version)]
        changes += [Counted(c.account, c.day, c.add) for c in counts.delta(account.id, message.counted, after.counted)]
        if action is not Action.ALLOW:
            changes.append(Acted(message.id, BRAND, message.text, decision))
        self.store.commit(changes)
        held = self.store.message(message.id)
        if held is None:
            raise LookupError(message.id)
        return held

    def open(
        self, message: Message, work: Work, kind: str, *, due_in: float, owner: str = "", note: str = "",
        severity: Severity = Severity.MEDIUM,
    ) -> Case:  # fmt: skip
        """A case for it, due in so many minutes (negative: overdue)."""
        judged = "" if work is Work.ANSWER else message.content_hash
        case = Case(
            case_id(message.id, work, judged), message.id, message.account_id, message.platform, BRAND, work, kind,
            severity, CaseState.CLAIMED if owner else CaseState.OPEN, message.created_at,
            self.now() + timedelta(minutes=due_in), owner=owner, note=note,
        )  # fmt: skip
        account = next(each for each in self.accounts if each.platform == message.platform)
        self.store.commit([New(case), *casebook.opening(case, message, account, self.herald)])
        held = self.store.case(case.id)
        if held is None:
            raise LookupError(case.id)
        return held

    def complaint(self, author: str, text: str, *, due_in: float, ago: float = 60, owner: str = "") -> Case:
        """A complaint that waits for an answer."""
        message = self.say(author, text, minutes_ago=ago)
        held = self.judge(
            message, Action.ALLOW, rule="complaint: order or delivery", clause=ClauseRef("COMPLAINTS", "2.1", 1),
            rationale="The customer says that something we sold or sent is not right.", labels=("complaint",),
            found=tuple(word for word in ("late", "broken", "refund", "cracked") if word in text)[:2],
        )  # fmt: skip
        return self.open(held, Work.ANSWER, "complaint", due_in=due_in, owner=owner)

    def insult(
        self, author: str, text: str, found: str, *, ago: float = 5, hidden: bool | None = True, photo: str = ""
    ) -> Message:
        """An insult that was hidden."""
        return self.judge(
            self.say(author, text, minutes_ago=ago, photo=photo), Action.HIDE, rule="insult: to a person",
            clause=ClauseRef("MOD", "3.1", 2), rationale="The words attack a person, not what was said or done.",
            found=(found,), severity=Severity.MEDIUM, hidden=hidden,
        )  # fmt: skip

    def held_back(self, text: str) -> None:
        """The gravest that waits for a decision, hidden meanwhile and overdue."""
        said = self.judge(
            self.say("A late threat", text, minutes_ago=300), Action.QUEUE, rule="threat: unsure",
            clause=ClauseRef("MOD", "5.2", 2), rationale="A person decides.", severity=Severity.CRITICAL, hidden=True,
        )  # fmt: skip
        self.open(said, Work.REVIEW, "decide", due_in=-130, severity=Severity.CRITICAL)

    def furnish(self) -> None:
        """A morning at the shop."""
        self.store.commit([New(AnswerBook(BRAND, 1, ANSWERS, "priya", self.now()))])
        self.complaint("Mara Quill", "My teapot came cracked, box and all. A refund, please.", due_in=-14, ago=134)
        self.complaint("J. Whitfield", "Order 4471 is late again. Third time you promise Tuesday.", due_in=6, ago=114)
        self.complaint("Odile Brandt", "The glaze on two bowls is broken.", due_in=22, ago=98, owner="tomas")
        asked = self.judge(
            self.say("northside_kitchen", "Is the ash-grey platter back in Perth before Christmas?", minutes_ago=40,
                     platform="instagram"),
            Action.ALLOW, rule="question: stock", labels=("question",), rationale="Asks whether we have something.",
        )  # fmt: skip
        self.open(asked, Work.ANSWER, "question", due_in=71)
        self.complaint(f"<b>Eve</b> ![i](http://{BEACON}/who.png)", HOSTILE, due_in=95, ago=25)
        self.complaint("عبد \u202eevil\u202c", TURNED, due_in=130, ago=20, owner="priya")
        self.complaint("Long Letter", LONG, due_in=155, ago=15)
        praised = self.judge(
            self.say("Sunny Bakes", "Loved the throwing class in Brisbane. When is the next one?", minutes_ago=12),
            Action.ALLOW, rule="question: events", labels=("question", "praise"), rationale="Asks about a date.",
        )  # fmt: skip
        self.open(praised, Work.ANSWER, "question", due_in=200, owner="priya")
        for number, (author, text, found) in enumerate((
            ("Rex T.", "You are all idiots, and your staff is worse.", "idiots"),
            ("crypt0.gains", "Double your money at www.gold-now.example/x today!!", "Double your money"),
            ("Anon", "The girl at the Sydney counter is a stupid cow", "stupid cow"),
        )):  # fmt: skip
            self.insult(author, text, found, ago=8 + 30 * number, hidden=None if number == 2 else True)
        unsure = self.judge(
            self.say("Bea Holt", "Somebody should teach that driver a lesson.", minutes_ago=18), Action.QUEUE,
            rule="threat: unsure", clause=ClauseRef("MOD", "5.2", 2), found=("teach that driver a lesson",),
            rationale="May be a threat, may be a figure of speech: a person decides.", severity=Severity.HIGH,
        )  # fmt: skip
        self.open(unsure, Work.REVIEW, "decide", due_in=42)
        maybe = self.judge(
            self.say("Piet", HOSTILE, minutes_ago=9, platform="instagram"), Action.QUEUE, rule="link: unknown host",
            clause=ClauseRef("MOD", "3.4", 2), found=("click me",), rationale="A link to a host we do not know.",
        )  # fmt: skip
        self.open(maybe, Work.REVIEW, "decide", due_in=51)
        for _ in range(6):
            self.judge(self.say("A visitor", "Lovely.", minutes_ago=30), Action.ALLOW, labels=("praise",))

    # ------------------------------------------------------------ what happens later

    def delivered(self, case_id_: str, *, failed: bool = False) -> None:
        """The reply of a case stands on the platform, or failed for good."""
        case = self.store.case(case_id_)
        delivery = self.store.delivery(case.reply_id) if case else None
        if case is None or delivery is None:
            raise LookupError(case_id_)
        from herald.care import cases

        if failed:
            done = replace(delivery, state=DeliveryState.FAILED, reason="The platform says: this comment is closed.")
            after = cases.reopened(case, "The reply failed: this comment is closed.")
        else:
            done = replace(delivery, state=DeliveryState.DONE, done_at=self.now(), url="http://127.0.0.1:8410/wall#c1")
            after = cases.answered(case, self.now())
        self.store.commit([Revised(done, delivery.version), Revised(after, case.version)])

    def appealed(self, text: str, said: str) -> None:
        """The author of the hidden message with this text appeals, as by the link's page."""
        from herald.care import cases

        months = (f"{self.now():%Y-%m}",)
        for message in (m for month in months for m in self.store.acted(BRAND, month, limit=200).items):
            if isinstance(message, Message) and message.text == text and message.decision:
                account = next(each for each in self.accounts if each.platform == message.platform)
                case = cases.appeal(message, message.decision, account, self.store.targets(), text=said, now=self.now())
                self.store.commit([New(case)])
                return
        raise LookupError(text)

    def claimed(self, case_id_: str, owner: str) -> None:
        case = self.store.case(case_id_)
        if case is None:
            raise LookupError(case_id_)
        self.store.commit([Revised(replace(case, owner=owner, state=CaseState.CLAIMED), case.version)])

    def newest_case(self, author: str) -> str:
        """Id of the case of this author's newest message."""
        found = [
            (case.due_at, case.id)
            for case in self.store.open_cases(BRAND, Work.ANSWER, limit=200).items
            if isinstance(case, Case)
            and (message := self.store.message(case.message_id)) is not None
            and message.author_name == author
        ]
        return max(found)[1]

    def replies(self, case_id_: str) -> int:
        """How many replies were ever ordered for a case."""
        items = self.memory.everything()[keys.POSTS]
        return sum(1 for item in items if item.get("case_id") == case_id_ and item.get("act") == "reply")

    def obey(self, told: Mapping[str, str]) -> object:
        """One line of standard input; what there is to say about it."""
        match told["do"]:
            case "case":
                return self.newest_case(told["author"])
            case "replies":
                return self.replies(told["case"])
            case "insult":
                self.insult("A late troll", told["text"], told["found"], ago=0, photo=told.get("photo", ""))
            case "taken":
                return sum(line.what == "TakeStudy" for line in self.store.audit_of("people"))
            case "held":
                self.held_back(told["text"])
            case "appeal":
                self.appealed(told["text"], told["said"])
            case "complaint":
                self.complaint(told.get("author", "A late guest"), told["text"], due_in=25, ago=1)
            case "deliver":
                self.delivered(told["case"])
            case "fail":
                self.delivered(told["case"], failed=True)
            case "claim":
                self.claimed(told["case"], told["owner"])
            case other:
                raise LookupError(other)
        return ""


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
    parser.add_argument("--absent", action="store_true", help="no tables: point at an address where nothing listens")
    given = parser.parse_args()
    from dashboard import data
    from local import chooser

    if not given.absent:
        world = World()
        world.furnish()
        data.set_herald(world.herald)
        threading.Thread(target=_listen, args=(world,), daemon=True).start()
    chooser.serve("127.0.0.1", given.port, key=b"k" * 32)


if __name__ == "__main__":
    main()
