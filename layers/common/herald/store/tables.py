"""The Store over five tables. Each write names its condition; "already there" is an ordinary answer."""

from __future__ import annotations

import json
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar

from herald.errors import Conflict, Stale
from herald.model import (
    WORDS_GONE,
    Account,
    Acknowledgement,
    Act,
    Acted,
    AuditEntry,
    Case,
    Change,
    Connection,
    Counted,
    Decision,
    Delivery,
    Event,
    Gated,
    InForce,
    IsApproved,
    KeptReport,
    Kind,
    Mailing,
    Message,
    New,
    Note,
    NotHeld,
    Person,
    Placed,
    Policy,
    Posted,
    Record,
    Response,
    Revised,
    Rules,
    StateChange,
    Still,
    StillOrdered,
    Tallied,
    Target,
    Targets,
    Work,
    content_hash,
)
from herald.model.govern import in_force
from herald.ports import Page
from herald.store import copies, keys, measures, posts, records, reports, rows
from herald.store.db import Absent, Below, Check, Db, Either, Equals, Item, Put, Update, Write, WriteRefused, plain
from herald.store.measures import MeasureTables
from herald.store.posts import PostTables
from herald.store.records import RecordTables
from herald.store.reports import ReportTables

if TYPE_CHECKING:
    from herald.model.restrictions import Mode, Restriction

_RANK = {Change.CREATED: 1, Change.OUTBOUND: 1, Change.EDITED: 2, Change.DELETED: 9, Change.REVOKED: 9}
_CONFLICT_TRIES = 6
_STANDING = 1_000  # restrictions of a brand that are read at once
_MOST_STRANGE = 64  # names of connections that are not there, remembered at once
_T = TypeVar("_T")


class TableStore(PostTables, MeasureTables, ReportTables, RecordTables):
    """Args:
    db: the door.
    settings_ttl: seconds for which rules, accounts, policies ... may be remembered; 0 reads them every time.
    """

    def __init__(
        self, db: Db, *, settings_ttl: float = 0, monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self.db = db
        self._ttl = settings_ttl
        self._monotonic = monotonic
        self._sleep = sleep
        self._remembered: dict[tuple[str, ...], tuple[float, Any]] = {}
        self._strange: deque[tuple[str, ...]] = deque()

    # ------------------------------------------------------------ messages

    def apply(self, event: Event, brand: str, received_at: datetime) -> bool:
        """See ports.Store. One write on the ordinary path; a second only for changes that come out of order."""
        if event.kind is Kind.UNKNOWN or event.change is Change.UNKNOWN:
            return self._keep(keys.raw_event(event.message_id, _digest(event)), event, received_at, days=90)
        if event.change in (Change.HIDDEN, Change.UNHIDDEN):
            return self._apply_visibility(event, brand, received_at)
        return self._apply_content(event, brand, received_at, _RANK[event.change])

    def _apply_content(self, event: Event, brand: str, received_at: datetime, rank: int) -> bool:
        deleted = rank == 9
        text = "" if deleted else event.text
        at = keys.stamp(event.created_at)
        # rank 0 is content glimpsed in a change of visibility: anything said on purpose replaces it
        order = f"{at if rank else '0'}|{rank}|{content_hash(text, deleted=deleted)}"
        # our own words, also when our staff edits them there; that we removed somebody's does not make them ours
        outbound = event.change is Change.OUTBOUND or (event.change is Change.EDITED and bool(event.more.get("own")))
        judged = not outbound
        once = self._first_seen(event, brand, received_at)
        if rank:
            once["created_at"] = at
        set_: dict[str, Any] = {
            "stamp": order,
            "changed_at": at,
            "text": text or None,
            "deleted": True if deleted else None,
            "pending": content_hash(text, deleted=deleted) if judged else None,
        }
        if event.change is Change.EDITED:
            set_["edited"] = True
        if outbound:
            set_["outbound"] = True
        if deleted:
            once |= {"author_id": event.author_id, "author_name": event.author_name}
        else:
            set_ |= {
                "author_id": event.author_id,
                "author_name": event.author_name,
                "more": rows.json_value(event.more) or None,
            }
            set_["kind"] = str(event.kind)
        update = Update(
            keys.message(event.message_id),
            set={name: value for name, value in set_.items() if value is not None},
            remove=(
                *(n for n, value in set_.items() if value is None and n not in ("author_id", "author_name")),
                *("parked_until", "work", "work_at", "attempts", "error"),  # new words are judged at once
            ),
            once=once,
            add={"version": 1},
            when=Either(Absent("stamp"), Below("stamp", order)),
        )
        try:
            self.db.write(_without_overlap(update))
        except WriteRefused as refused:
            return self._remember_beginning(event, refused.found or {})
        return True

    def _remember_beginning(self, event: Event, found: Item) -> bool:
        """An older change came late: its words are outdated, but it knows earlier than we do when and by whom.

        The row is marked pending, because the day it counts for may move.
        """
        at = keys.stamp(event.created_at)
        better: dict[str, Any] = {}
        if found.get("created_at", "~") > at:
            better["created_at"] = at
        if event.change is Change.EDITED and not found.get("edited"):
            better["edited"] = True
        for name in ("author_id", "author_name", "parent_id"):
            if getattr(event, name) and name not in found:
                better[name] = getattr(event, name)
        if not better:
            return False
        if "pending" not in found and not found.get("outbound"):
            better["pending"] = f"recount {at}"
        try:
            self.db.write(
                Update(keys.message(event.message_id), set=better, add={"version": 1},
                       when=Equals("version", found["version"]))
            )  # fmt: skip
        except WriteRefused as refused:
            return self._remember_beginning(event, refused.found or {})
        return True

    def _apply_visibility(self, event: Event, brand: str, received_at: datetime) -> bool:
        hidden = event.change is Change.HIDDEN
        order = f"{keys.stamp(event.created_at)}|{'h' if hidden else 'u'}"
        if event.text:
            # a hide may reach us before the comment itself: keep its words, at the lowest rank
            first = self.db.get(keys.message(event.message_id))
            if first is None or "stamp" not in first:
                self._apply_content(replace(event, change=Change.CREATED), brand, received_at, 0)
        once = self._first_seen(event, brand, received_at)
        update = Update(
            keys.message(event.message_id), set={"seen_stamp": order, "hidden": hidden}, once=once, add={"version": 1},
            when=Either(Absent("seen_stamp"), Below("seen_stamp", order)),
        )  # fmt: skip
        try:
            self.db.write(update)
        except WriteRefused:
            return False
        return True

    def _first_seen(self, event: Event, brand: str, received_at: datetime) -> Item:
        account = f"{event.platform}:{event.account_id}"
        received = keys.stamp(received_at)
        return {
            "account_id": event.account_id,
            "brand": brand,
            "kind": str(event.kind),
            "parent_id": event.parent_id,
            "received_at": received,
            "feed": keys.feed(account, received[:10]),
            "feed_at": f"{received}#{event.message_id}",
        }

    def keep_unclaimed(self, event: Event, connection: str, received_at: datetime) -> None:
        self._keep(keys.unclaimed(connection, event.message_id, _digest(event)), event, received_at, days=30)

    def _keep(self, key: keys.Key, event: Event, received_at: datetime, *, days: int) -> bool:
        item = {
            "account_id": event.account_id, "kind": str(event.kind), "change": str(event.change),
            "author_id": event.author_id, "author_name": event.author_name, "text": event.text,
            "parent_id": event.parent_id, "created_at": keys.stamp(event.created_at),
            "received_at": keys.stamp(received_at), "more": rows.json_value(event.more) or None,
            "ttl": int((received_at + timedelta(days=days)).timestamp()),
        }  # fmt: skip
        try:
            self.db.write(Put(key, item, Absent("pk")))
        except WriteRefused:
            return False
        return True

    def message(self, message_id: str) -> Message | None:
        item = self.db.get(keys.message(message_id))
        return rows.message(item) if item else None

    def messages(self, message_ids: Iterable[str]) -> dict[str, Message]:
        found = self.db.get_many([keys.message(message_id) for message_id in message_ids])
        return {message.id: message for message in map(rows.message, found.values())}

    def told(self, image: Mapping[str, Any]) -> Message:
        """The message in an image of the table's stream."""
        return rows.message(plain(image))

    def feed(self, account: str, day: str, *, limit: int = 50, cursor: str | None = None) -> Page:
        places, more = self.db.query(
            keys.MESSAGES, keys.feed(account, day), index="feed", newest=True, limit=limit, after=cursor
        )
        return self._page([place["pk"][2:] for place in places], more)

    def acted(self, brand: str, month: str, *, limit: int = 50, cursor: str | None = None) -> Page:
        places, more = self.db.query(
            keys.MESSAGES, keys.acted(brand, month), index="feed", newest=True, limit=limit, after=cursor
        )
        return self._page(list(dict.fromkeys(place["pk"][2:] for place in places)), more)

    def _page(self, message_ids: list[str], cursor: str | None) -> Page:
        found = self.messages(message_ids)
        return Page(tuple(found[message_id] for message_id in message_ids if message_id in found), cursor)

    def history(self, message_id: str) -> list[tuple[Decision, str]]:
        return [(rows.decision(item), item.get("text", "")) for item in self._decided(message_id)]

    def forget(self, message_id: str) -> None:
        for item in self._decided(message_id):
            if "text" in item:
                told = {"rationale": WORDS_GONE} if item.get("decided_by") == "rules" else {}
                key = (keys.MESSAGES, item["pk"], item["sk"])
                self.db.write(Update(key, set=told, remove=("text", "evidence", "trace", "persona", "drafts")))

    def _decided(self, message_id: str) -> list[dict[str, Any]]:
        """Every decision's row: who decided first must be known, and what is forgotten is forgotten whole."""
        found: list[dict[str, Any]] = []
        more: str | None = None
        while True:
            items, more = self.db.query(
                keys.MESSAGES, f"M#{message_id}", first="D#", last="D#\U0010ffff", limit=200, after=more
            )
            found += items
            if more is None:
                return found

    def parked(self, before: datetime, limit: int = 100) -> list[Message]:
        places, _ = self.db.query(
            keys.MESSAGES, keys.PARKED, index="work", last=keys.stamp(before), limit=limit
        )  # fmt: skip
        return list(self.messages([place["pk"][2:] for place in places]).values())

    def park(self, message: Message, error: str, until: datetime) -> None:
        at = keys.stamp(until)
        self.db.write(
            Update(keys.message(message.id), add={"attempts": 1, "version": 1},
                   set={"parked_until": at, "error": error[:200], "work": keys.PARKED, "work_at": at},
                   when=Equals("version", message.version))
        )  # fmt: skip

    # ------------------------------------------------------------ cases, deliveries

    def case(self, case_id: str) -> Case | None:
        item = self.db.get(keys.case(case_id))
        return rows.case(item) if item else None

    def cases(self, ids: Iterable[str]) -> dict[str, Case]:
        found = self.db.get_many([keys.case(case_id) for case_id in ids])
        return {case.id: case for case in map(rows.case, found.values())}

    def open_cases(self, brand: str, work: Work, *, limit: int = 50, cursor: str | None = None) -> Page:
        places, more = self.db.query(
            keys.MESSAGES, keys.open_work(work, brand), index="work", limit=limit, after=cursor
        )
        ids = [place["pk"][2:] for place in places]
        found = self.cases(ids)
        return Page(tuple(found[case_id] for case_id in ids if case_id in found), more)

    def delivery(self, delivery_id: str) -> Delivery | None:
        if delivery_id.startswith(f"{Act.PUBLISH}~"):
            return self.publication(delivery_id)
        item = self.db.get(keys.delivery(delivery_id))
        return rows.delivery(item) if item else None

    def due_deliveries(self, before: datetime, limit: int = 100) -> list[Delivery]:
        places, _ = self.db.query(keys.POSTS, keys.DUE, index="work", last=keys.stamp(before), limit=limit)
        wanted = [(keys.POSTS, place["pk"], place["sk"]) for place in places]
        found = self.db.get_many(wanted)
        there = [found[key] for key in wanted if key in found]
        due = [rows.delivery(item) for item in there if not item["sk"].startswith("T#")]
        due += self.publications(item for item in there if item["sk"].startswith("T#"))
        return [one for one in due if not one.state.final and one.due_at <= before]

    def claimed(self, platform: str, external_ids: Iterable[str]) -> dict[str, str]:
        found = self.db.get_many([keys.posted(platform, external_id) for external_id in external_ids])
        return {item["external_id"]: item["delivery_id"] for item in found.values()}

    # ------------------------------------------------------------ settings

    def connection(self, connection_id: str) -> Connection | None:
        name = ("connection", connection_id)
        found = self._remember(name, lambda: _one(rows.connection, self.db.get(keys.connection(connection_id))))
        # nobody's is remembered as long as ours, or its time would tell them apart; strangers may ask for endless names
        if found is None and self._ttl and name not in self._strange:
            if len(self._strange) == _MOST_STRANGE:
                self._remembered.pop(self._strange.popleft(), None)
            self._strange.append(name)
        return found

    def account(self, platform: str, account_id: str) -> Account | None:
        wanted = f"{platform}:{account_id}"
        return next((account for account in self.accounts() if account.id == wanted), None)

    def accounts(self) -> list[Account]:
        return self._remember(
            ("accounts",), lambda: [rows.account(item) for item in self._whole(keys.SETTINGS, "ACCOUNT")]
        )

    def rules(self) -> Rules | None:
        def read() -> Rules | None:
            items, _ = self.db.query(keys.SETTINGS, "RULES", newest=True, limit=1)
            return rows.rules(items[0]) if items else None

        return self._remember(("rules",), read)

    def targets(self) -> Targets:
        def read() -> Targets:
            item = self.db.get(keys.targets())
            return Targets(item["minutes"]) if item else Targets()

        return self._remember(("targets",), read)

    def restrictions(self, brand: str) -> list[Restriction]:
        def read() -> list[Restriction]:
            from herald.model.restrictions import Restriction, restrictions_list  # noqa: PLC0415  not part of a start

            return self.listed(Restriction, "work", restrictions_list(brand), limit=_STANDING)

        return self._remember(("restrictions", brand), read)

    def mode(self, account: str) -> Mode | None:
        def read() -> Mode | None:
            from herald.model.restrictions import ChannelMode  # noqa: PLC0415  not part of a start

            newest = self.shelf(ChannelMode, account, newest=True, limit=1)
            return newest[0].mode if newest else None

        return self._remember(("mode", account), read)

    def policy(self, policy_id: str, version: int | None = None) -> Policy | None:
        def read() -> Policy | None:
            number = version
            if number is None:
                newest = self.db.get(keys.newest_policy(policy_id))
                if not newest:
                    return None
                number = newest["version"]
            return _one(rows.policy, self.db.get(keys.policy(policy_id, number)))

        return self._remember(("policy", policy_id, str(version)), read)

    def policy_dates(self) -> dict[str, dict[int, date]]:
        def read() -> dict[str, dict[int, date]]:
            return {item["sk"]: rows.policy_dates(item) for item in self._whole(keys.SETTINGS, "POLICIES")}

        return self._remember(("policy dates",), read)

    def policies(self, day: date) -> list[Policy]:
        def read() -> list[Policy]:
            wanted = {name: in_force(dates, day) for name, dates in self.policy_dates().items()}
            found = self.db.get_many([keys.policy(name, version) for name, version in wanted.items() if version])
            return sorted((rows.policy(item) for item in found.values()), key=lambda policy: policy.id)

        return self._remember(("policies", day.isoformat()), read)

    def policy_as_of(self, policy_id: str, day: date) -> Policy | None:
        version = in_force(self.policy_dates().get(policy_id, {}), day)
        return self.policy(policy_id, version) if version else None

    def person(self, person_id: str) -> Person | None:
        return _one(rows.person, self.db.get(keys.person(person_id)))

    def people(self) -> list[Person]:
        return [rows.person(item) for item in self._whole(keys.SETTINGS, "PERSON")]

    def acknowledgement(self, person_id: str, policy_id: str, version: int) -> Acknowledgement | None:
        return _one(rows.acknowledgement, self.db.get(keys.acknowledgement(person_id, policy_id, version)))

    def acknowledgements(
        self, people: Iterable[str], policy_id: str, versions: Iterable[int]
    ) -> list[Acknowledgement]:
        of = list(versions)
        wanted = [keys.acknowledgement(person, policy_id, version) for person in people for version in of]
        return [rows.acknowledgement(item) for item in self.db.get_many(wanted).values()]

    def save(self, thing: Connection | Account | Person | Policy | Targets) -> None:
        """Write a setting as it is (set-up and imports; people's edits go through the gate)."""
        self._remembered.clear()
        if isinstance(thing, Connection):
            self.db.write(Put(keys.connection(thing.id), rows.connection_item(thing)))
        elif isinstance(thing, Account):
            self.db.write(Put(keys.account(thing.id), rows.account_item(thing)))
        elif isinstance(thing, Person):
            self.db.write(Put(keys.person(thing.id), rows.person_item(thing)))
        elif isinstance(thing, Targets):
            self.db.write(Put(keys.targets(), {"minutes": dict(thing.minutes)}))
        else:
            self._save_policy(thing)

    def _save_policy(self, policy: Policy) -> None:
        """A version is written once and never changed; the pointer only moves forward."""
        try:
            self.db.write(Put(keys.policy(policy.id, policy.version), rows.policy_item(policy), Absent("pk")))
        except WriteRefused as there:
            if rows.policy(there.found or {}) != policy:
                raise Stale(f"{policy.id} version {policy.version} exists and says something else") from None
        pointer, date_ = keys.newest_policy(policy.id), rows.policy_date(policy.version, policy.effective_from)
        newer = Either(Absent("version"), Below("version", policy.version))
        try:
            self.db.write(Update(pointer, set=date_ | {"version": policy.version}, when=newer))
        except WriteRefused:
            self.db.write(Update(pointer, set=date_))

    def save_rules(self, text: str) -> Rules:
        """Write a rule set as the next version, all of it live; the same text again stays the version it is.

        For set-up; people's edits go through the gate (flows/rules.py).
        """
        self._remembered.clear()
        newest = self.rules()
        self._remembered.clear()
        if newest and newest.text == text and not newest.acting:
            return newest
        rules = Rules((newest.number if newest else 0) + 1, text)
        self.db.write(records.new(rules))
        return rules

    def _whole(self, table: str, pk: str) -> list[Item]:
        items: list[Item] = []
        cursor: str | None = None
        while True:
            page, cursor = self.db.query(table, pk, limit=500, after=cursor)
            items += page
            if cursor is None:
                return items

    def _remember(self, name: tuple[str, ...], read: Callable[[], _T]) -> _T:
        if not self._ttl:
            return read()
        until, value = self._remembered.get(name, (0.0, None))
        if until <= self._monotonic():
            value = read()
            self._remembered[name] = (self._monotonic() + self._ttl, value)
        known: _T = value
        return known

    # ------------------------------------------------------------ numbers and audit

    def counts(self, account: str, first_day: str, last_day: str) -> dict[str, dict[str, int]]:
        days = {
            item["sk"][4:]: {name[2:]: value for name, value in item.items() if name.startswith("n:") and value}
            for item in self._counted(account, first_day, last_day)
        }
        return {day: metrics for day, metrics in days.items() if metrics}

    def counted_from(self, account: str) -> str:
        cursor: str | None = None
        while True:
            page, cursor = self.db.query(keys.METRICS, f"N#{account}", first="DAY#", limit=100, after=cursor)
            for item in page:
                if item.get("n:messages"):
                    return str(item["sk"][4:])
            if cursor is None:
                return ""

    def fired(self, account: str, first_day: str, last_day: str) -> dict[str, dict[str, int]]:
        return {
            item["sk"][4:]: {name: value for name, value in item.items() if name[:2] in ("r:", "s:")}
            for item in self._counted(account, first_day, last_day)
        }

    def _counted(self, account: str, first_day: str, last_day: str) -> list[Item]:
        items: list[Item] = []
        cursor: str | None = None
        while True:
            page, cursor = self.db.query(
                keys.METRICS, f"N#{account}", first=f"DAY#{first_day}", last=f"DAY#{last_day}", limit=400, after=cursor
            )
            items += page
            if cursor is None:
                return items

    def audit_head(self, chain: str) -> AuditEntry | None:
        items, _ = self.db.query(keys.AUDIT, f"CHAIN#{chain}", newest=True, limit=1)
        return rows.audit(items[0]) if items else None

    def audit_of(self, chain: str, *, after: int = 0, limit: int = 100) -> list[AuditEntry]:
        items, _ = self.db.query(keys.AUDIT, f"CHAIN#{chain}", first=f"{after + 1:012d}", limit=limit)
        return [rows.audit(item) for item in items]

    def audit_places(self, chain: str) -> Iterator[Placed]:
        cursor: str | None = None
        while True:
            page, cursor = self.db.query(keys.AUDIT, f"CHAIN#{chain}", limit=500, after=cursor)
            yield from map(copies.placed, page)
            if cursor is None:
                return

    # ------------------------------------------------------------ writing

    def commit(self, changes: Sequence[StateChange]) -> None:
        """See ports.Store. Contention is waited out here, a lost expectation is the caller's to understand."""
        wanted = list(changes)
        if any(isinstance(change, InForce) or (isinstance(change, New) and isinstance(change.thing, Rules))
               for change in wanted):  # fmt: skip
            self._remembered.clear()
        tries = 0
        while wanted:
            wanted, writes = self._writes(wanted)
            try:
                if len(writes) == 1 and not isinstance(writes[0], Check):
                    self.db.write(writes[0])
                else:
                    self.db.transact(writes)
                return
            except WriteRefused as refused:
                failed = [wanted[index] for index in refused.which]
                if not all(isinstance(c, Gated) or (isinstance(c, New) and c.once) for c in failed):
                    raise Stale(failed=tuple(failed)) from None
                wanted = [change for change in wanted if change not in failed]
            except Conflict:
                tries += 1
                if tries >= _CONFLICT_TRIES:
                    raise
                self._sleep(0.02 * 2**tries * random.uniform(0.5, 1.0))  # noqa: S311 - jitter # nosec B311

    def _writes(self, changes: Sequence[StateChange]) -> tuple[list[StateChange], list[Write]]:
        """One write a change; a publication and its variant lie in one row and become one."""
        moving = {
            change.thing.id: change
            for change in changes
            if isinstance(change, Revised) and isinstance(change.thing, Delivery) and change.thing.act is Act.PUBLISH
        }
        variants = {
            (change.thing.post_id, change.thing.account): change.thing
            for change in changes
            if isinstance(change, Revised) and isinstance(change.thing, Target)
        }
        written: list[StateChange] = []
        writes: list[Write] = []
        together = {posts.whose(delivery_id) for delivery_id in moving}
        for change in changes:
            thing = change.thing if isinstance(change, Revised) else None
            if isinstance(thing, Target) and (thing.post_id, thing.account) in together:
                continue
            if isinstance(change, Revised) and isinstance(change.thing, Delivery) and change.thing.id in moving:
                variant = variants.get(posts.whose(change.thing.id))
                writes.append(posts.under_way(change.thing, change.was, variant))
            else:
                writes.append(self._write(change))
            written.append(change)
        return written, writes

    def _write(self, change: StateChange) -> Write:
        if isinstance(change, New):
            return self._new(change)
        if isinstance(change, Revised):
            return self._revised(change)
        if isinstance(change, Counted):
            add = {f"n:{metric}": difference for metric, difference in change.add.items() if difference}
            add |= change.fired
            return Update(keys.counts(change.account, change.day), add=add)
        if isinstance(change, Acted):
            at = change.decision.decided_at
            item = rows.decision_item(change.decision, trace=True) | {
                "text": change.text or None,
                "feed": keys.acted(change.brand, keys.stamp(at)[:7]),
                "feed_at": f"{keys.stamp(at)}#{change.message_id}",
            }
            made = change.decision
            return Put(keys.decision(change.message_id, at, made.content_hash, made.decided_by), item, Absent("pk"))
        if isinstance(change, Posted):
            item = {"external_id": change.external_id, "delivery_id": change.delivery_id}
            return Put(keys.posted(change.platform, change.external_id), item, Absent("pk"))
        if isinstance(change, NotHeld):
            return Check(keys.gate(change.account), Either(Absent("held"), Equals("held", 0)))
        if isinstance(change, Gated):
            return posts.gated(change)
        if isinstance(change, IsApproved):
            return posts.approved(change)
        if isinstance(change, InForce):
            when = Equals("version", change.was) if change.was else Absent("version")
            dated = rows.policy_date(change.version, change.effective_from) | {"version": change.version}
            return Update(keys.newest_policy(change.policy_id), set=dated, when=when)
        if isinstance(change, Note):
            return posts.note(change)
        if isinstance(change, Response):
            return measures.response(change)
        if isinstance(change, Still | Tallied | StillOrdered):
            return _beside(change)
        return Put(keys.audit(change.chain, change.seq), rows.audit_item(change), Absent("pk"))

    def _new(self, change: New) -> Put:
        thing = change.thing
        if isinstance(thing, Record):
            return records.new(thing)
        if isinstance(thing, Case):
            return Put(keys.case(thing.id), rows.case_item(replace(thing, version=1)), Absent("pk"))
        if isinstance(thing, Delivery):
            return Put(keys.delivery(thing.id), rows.delivery_item(replace(thing, version=1)), Absent("pk"))
        if isinstance(thing, Acknowledgement):
            key = keys.acknowledgement(thing.person_id, thing.policy_id, thing.version)
            return Put(key, rows.acknowledgement_item(thing), Absent("pk"))
        if isinstance(thing, KeptReport | Mailing):
            return reports.new(thing)
        if isinstance(thing, Policy):
            return Put(keys.policy(thing.id, thing.version), rows.policy_item(thing), Absent("pk"))
        return posts.new(thing)

    def _revised(self, change: Revised) -> Put:
        thing, unchanged = change.thing, Equals("version", change.was)
        if isinstance(thing, Record):
            return records.revised(thing, change.was)
        if isinstance(thing, Case):
            return Put(keys.case(thing.id), rows.case_item(replace(thing, version=change.was + 1)), unchanged)
        if isinstance(thing, Delivery):
            return Put(keys.delivery(thing.id), rows.delivery_item(replace(thing, version=change.was + 1)), unchanged)
        if isinstance(thing, Mailing):
            return reports.revised(thing, change.was)
        if not isinstance(thing, Message):
            return posts.revised(thing, change.was)
        item = rows.message_item(replace(thing, version=change.was + 1))
        received = keys.stamp(thing.received_at)
        item["feed"] = keys.feed(f"{thing.platform}:{thing.account_id}", received[:10])
        item["feed_at"] = f"{received}#{thing.id}"
        if thing.parked_until:
            item["work"], item["work_at"] = keys.PARKED, keys.stamp(thing.parked_until)
        return Put(keys.message(thing.id), item, unchanged)


def _beside(change: Still | Tallied | StillOrdered) -> Check | Update:
    """What is asked of rows that the change itself does not write whole."""
    if isinstance(change, StillOrdered):
        return Check(keys.message(change.message_id), Equals("act", change.delivery_id))
    return records.still(change) if isinstance(change, Still) else records.tallied(change)


def _one(read: Callable[[Item], _T], item: Item | None) -> _T | None:
    return read(item) if item else None


def _without_overlap(update: Update) -> Update:
    """`set` wins over `once`: an expression may name an attribute once."""
    taken = set(update.set) | set(update.remove)
    return replace(update, once={name: value for name, value in update.once.items() if name not in taken})


def _digest(event: Event) -> str:
    more = json.dumps(rows.json_value(event.more), sort_keys=True, default=str)
    told = f"{event.kind}|{event.change}|{event.created_at.astimezone(UTC).isoformat()}|{event.text}|{more}"
    return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]
