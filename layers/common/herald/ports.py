"""What the core asks of the outside. Flows reach stores and platforms only through these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from herald.model import (
    Account,
    Acknowledgement,
    Act,
    Approval,
    AuditEntry,
    Case,
    Connection,
    Credentials,
    Decision,
    Delivery,
    Event,
    Hold,
    KeptReport,
    Mailing,
    Message,
    Metric,
    Note,
    Person,
    Placed,
    Policy,
    Post,
    Record,
    Response,
    Rules,
    Snapshot,
    StateChange,
    Target,
    Targets,
    Used,
    Work,
)
from herald.model.record import record

if TYPE_CHECKING:
    from herald.model.restrictions import Mode, Restriction

R = TypeVar("R", bound=Record)

# ---------------------------------------------------------------- platforms


class Source(Protocol):
    """A platform that sends us messages."""

    name: str

    def verify(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
        """Check the signature over the raw bytes; header names are lower-case. Raises BadSignature."""

    def challenge(self, query: Mapping[str, str], verify_token: str, secrets: Sequence[str]) -> str:
        """The response body to a handshake. Raises BadSignature when the token is not ours."""

    def parse(self, body: bytes) -> list[Event]:
        """Events in delivery order; what is no message yields nothing. Raises BadPayload."""


class Poller(Protocol):
    """A source that must be asked: a platform without webhooks, or what webhooks lost."""

    name: str

    def poll(self, account: Account, token: str, cursor: str) -> Polled:
        """What happened since `cursor` (empty: the newest page), oldest first. Raises PlatformError."""


class Completer(Protocol):
    """A platform whose webhooks may only name a thing: an event of kind status with more["names"], the external id it
    will have once its words are read."""

    name: str

    def complete(self, hint: Message, account: Account, token: str) -> Event:
        """What the hint names, in whole. Raises PlatformError; Rejected when it can never be read."""


class Echoer(Protocol):
    """A platform that tells, when polled, what others say to us, and nothing of what our people answer there."""

    name: str

    def echoes(self, account: Account, token: str, cursor: str, now: datetime) -> Polled:
        """What our own account answered others since `cursor` (empty: the newest page), oldest first, outbound, under
        the ids that our replies have. One page; some may be told again, with the same time, which a wrong clock may
        have put ahead of `now`. Raises PlatformError."""


@record
class Polled:
    """Events since the cursor asked with, and the cursor to ask with next (unchanged when nothing is new)."""

    events: tuple[Event, ...]
    cursor: str


class Meter(Protocol):
    """A platform that tells numbers. What it does not tell has no snapshot: missing, never 0."""

    name: str

    def profile(self, account: Account, token: str, now: datetime) -> list[Snapshot]:
        """Figures of the account: followers now; reach and views by day where the platform has them."""

    def insights(self, account: Account, token: str, posts: Sequence[str], now: datetime) -> list[Snapshot]:
        """Figures so far of these posts of ours (external ids). Raises PlatformError."""


@record
class PostLimits:
    """What one post may be; composer and server check against the same.

    Attributes:
        text: how many, counted in `unit`: characters, graphemes, or weighted (with `url_length` for each link).
        text_bytes: a second bound in UTF-8 bytes, where there is one.
        image_types: MIME types; image_bytes: of each.
        alt_required: by the platform itself.
        image_required: words alone are no post there.
        image_ratio: least and greatest width / height.
        image_by_address: the platform fetches the image itself, from Media.address.
        hashtags: how many the words may hold.
    """

    text: int
    unit: str = "characters"
    text_bytes: int | None = None
    url_length: int | None = None
    images: int = 1
    image_types: frozenset[str] = frozenset({"image/jpeg", "image/png"})
    image_bytes: int = 4_000_000
    alt_length: int = 1000
    alt_required: bool = False
    image_required: bool = False
    image_ratio: tuple[float, float] | None = None
    image_by_address: bool = False
    hashtags: int | None = None


@record
class Capabilities:
    """What a platform can do, as data; composer, sheet and docs are made from it.

    Attributes:
        acts: acts the API offers on a message of theirs.
        reply_limit: characters of a reply, None where there is no reply.
        reply_bytes: a second bound in UTF-8 bytes, where there is one.
        settle_seconds: how long after our socket closed a late acceptance may still appear.
        sources: where each fact was read, with date.
        post: limits of a post; None where nothing can be published.
        metrics: what the platform tells at all; the others are missing, not 0.
    """

    acts: frozenset[Act]
    reply_limit: int | None
    settle_seconds: int
    sources: Mapping[str, str] = field(default_factory=dict)
    post: PostLimits | None = None
    metrics: frozenset[Metric] = frozenset()
    reply_bytes: int | None = None

    def reply_problem(self, text: str, platform: str) -> str:
        """Why a reply of these words would be refused; nothing where it would not."""
        if self.reply_limit is not None and len(text) > self.reply_limit:
            return f"has {len(text)} characters; {platform} takes {self.reply_limit}."
        size = len(text.encode("utf-8", "surrogatepass"))
        if self.reply_bytes is not None and size > self.reply_bytes:
            return f"has {size} bytes; {platform} takes {self.reply_bytes}. Accents and emoji count more than one."
        return ""


@record
class Proof:
    """Positive evidence that an act stands on the platform: the id and address it has there."""

    external_id: str
    url: str = ""


class Outlet(Protocol):
    """A platform we can act on. Every method raises the PlatformError that says what to do next."""

    name: str
    capabilities: Capabilities

    def act(self, delivery: Delivery, account: Account, token: str, files: Sequence[bytes] = ()) -> Proof:
        """Do it once. OutcomeUnknown when the line dropped after the request left.

        Args:
            files: bytes of delivery.media, in order.
        """

    def find(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        """Evidence that the act already stands: none, one, or several (a person must tell)."""


# ---------------------------------------------------------------- state


@record
class Page:
    """Some rows and where to go on; cursor None at the end."""

    items: tuple[Message | Case, ...]
    cursor: str | None = None


class Store(Protocol):
    """All state. Methods say what they guarantee; "already there" is an ordinary answer."""

    # messages
    def apply(self, event: Event, brand: str, received_at: datetime) -> bool:
        """Merge one event into its row; False: the row already held something newer or the same.

        Order-independent: content and visibility each keep their own newest (time, rank, hash); a tombstone wins
        over everything older or equal and clears the text. A change of content marks the row pending.
        """

    def keep_unclaimed(self, event: Event, connection: str, received_at: datetime) -> None:
        """An authentic event for an account the connection does not own; kept 30 days, idempotent."""

    def message(self, message_id: str) -> Message | None: ...

    def messages(self, message_ids: Iterable[str]) -> dict[str, Message]: ...

    def told(self, image: Mapping[str, Any]) -> Message:
        """The message in an image of the table's stream, in DynamoDB's own JSON."""

    def feed(self, account: str, day: str, *, limit: int = 50, cursor: str | None = None) -> Page:
        """Messages of an account ("platform:id") by UTC day received first, newest first."""

    def acted(self, brand: str, month: str, *, limit: int = 50, cursor: str | None = None) -> Page:
        """Messages of a brand on which something other than allow was decided, newest decision first."""

    def parked(self, before: datetime, limit: int = 100) -> list[Message]:
        """Messages whose judging failed and whose next try is due."""

    def park(self, message: Message, error: str, until: datetime) -> None:
        """Record the failure on the message's own row; attempts grow by one."""

    def forget(self, message_id: str) -> None:
        """The author took the words back: every kept record of them loses text, quotations and trace; repeatable."""

    # cases
    def case(self, case_id: str) -> Case | None: ...

    def cases(self, ids: Iterable[str]) -> dict[str, Case]: ...

    def open_cases(self, brand: str, work: Work, *, limit: int = 50, cursor: str | None = None) -> Page:
        """Cases not resolved, by deadline, nearest first."""

    # deliveries
    def delivery(self, delivery_id: str) -> Delivery | None: ...

    def due_deliveries(self, before: datetime, limit: int = 100) -> list[Delivery]:
        """Deliveries not final whose due_at has come: to release, to retry, to look up, or left by a crash."""

    def claimed(self, platform: str, external_ids: Iterable[str]) -> dict[str, str]:
        """Which of these ids are already known to be the result of a delivery: external id -> delivery id."""

    # posts
    def post(self, post_id: str) -> Post | None: ...

    def posts(self, post_ids: Iterable[str]) -> dict[str, Post]: ...

    def targets_of(self, post_id: str) -> list[Target]:
        """Every variant of a post, by account."""

    def target(self, post_id: str, account: str) -> Target | None: ...

    def approvals(self, post_id: str) -> list[Approval]: ...

    def used(self, post_id: str, nonce: str) -> Used | None:
        """What the link with this nonce came to, if it was used."""

    def notes(self, post_id: str) -> list[Note]:
        """The post's history, oldest first."""

    def calendar(self, brand: str, first: datetime, last: datetime) -> list[Target]:
        """Targets due from `first` to `last` (instants), by time; all states."""

    def planned(self, before: datetime, limit: int = 100) -> list[Target]:
        """Approved targets whose time has come."""

    def attention(self, brand: str, limit: int = 100) -> list[Target]:
        """Targets that only a person can help: held, failed, unclear; by time."""

    def holds(self, brand: str) -> list[Hold]:
        """Holds in force, newest first."""

    def hold(self, brand: str, hold_id: str) -> Hold | None: ...

    # measures
    def keep(self, snapshots: Sequence[Snapshot]) -> None:
        """Write facts; the same fact again changes nothing."""

    def snapshots(self, account: str, first: datetime, last: datetime, *, post: str = "") -> list[Snapshot]:
        """Facts of an account, or of one of its posts, read between two instants, by time."""

    def post_snapshots(self, account: str, posts: Iterable[str]) -> dict[str, list[Snapshot]]:
        """The newest fact of each metric of each of these posts."""

    def read_on(self, account: str, first_day: str, last_day: str) -> list[Snapshot]:
        """The last fact of each metric of each post of an account on each day it was read, by day (in its zone)."""

    def figures(self, account: str, first_day: str, last_day: str) -> dict[str, dict[Metric, int]]:
        """day -> metric -> newest figure the platform gave for that day; days and metrics it never gave are absent."""

    def responses(self, account: str, first: datetime, last: datetime) -> list[Response]:
        """First answers that stood between two instants, by time."""

    def cursor(self, account: str) -> str:
        """Where polling of this account stands; empty at the beginning."""

    def move_cursor(self, account: str, was: str, now_at: str) -> bool:
        """Move it on; False if someone else moved it first."""

    # reports
    def kept_reports(self, brand: str, limit: int = 24) -> list[KeptReport]:
        """Reports kept of a brand, the newest period first."""

    def kept_report(self, brand: str, first_day: str, last_day: str) -> KeptReport | None: ...

    def mailings(self, brand: str, first_day: str, last_day: str) -> list[Mailing]:
        """Mailings of the report of a period, the newest first."""

    def mailing(self, brand: str, first_day: str, last_day: str, mailing_id: str) -> Mailing | None: ...

    # settings
    def connection(self, connection_id: str) -> Connection | None: ...

    def account(self, platform: str, account_id: str) -> Account | None: ...

    def accounts(self) -> list[Account]: ...

    def rules(self) -> Rules | None:
        """The newest version of the rules: what is in force. None: none was ever saved."""

    def targets(self) -> Targets: ...

    def restrictions(self, brand: str) -> list[Restriction]:
        """What stands against authors of a brand's accounts, remembered for a short time as settings are."""

    def mode(self, account: str) -> Mode | None:
        """How an account is moderated; None: nobody has said. Remembered likewise."""

    def policy(self, policy_id: str, version: int | None = None) -> Policy | None:
        """That version, or the newest there is, in force already or not."""

    def policies(self, day: date) -> list[Policy]:
        """The version of each that is in force on `day`, by id; one that is not in force yet is not among them."""

    def policy_as_of(self, policy_id: str, day: date) -> Policy | None:
        """The version in force on `day`."""

    def policy_dates(self) -> Mapping[str, Mapping[int, date]]:
        """Policy id -> version -> the day from which it is in force."""

    def person(self, person_id: str) -> Person | None: ...

    def people(self) -> list[Person]: ...

    def acknowledgement(self, person_id: str, policy_id: str, version: int) -> Acknowledgement | None: ...

    def acknowledgements(self, people: Iterable[str], policy_id: str, versions: Iterable[int]) -> list[Acknowledgement]:
        """Those that were given, of these people for these versions."""

    # records
    def find(self, kind: type[R], *place: object) -> R | None:
        """The record of this kind at its place: the values of the fields it lies by (store/shelves.py)."""

    def find_all(self, kind: type[R], places: Iterable[tuple[object, ...]], *, settled: bool = True) -> list[R]:
        """Those that are there, in the order asked; not `settled`: at half the price, maybe a moment old."""

    def shelf(
        self, kind: type[R], *of: object, first: str = "", last: str = "", newest: bool = False, limit: int = 1000
    ) -> list[R]:
        """The records of one partition, in order of what they lie by; `first` and `last` bound it, both in."""

    def listed(
        self, kind: type[R], index: str, of: str, *, first: str = "", last: str = "", newest: bool = False,
        limit: int = 100,
    ) -> list[R]:  # fmt: skip
        """The records that stand on one list of an index now."""

    # numbers and audit
    def history(self, message_id: str) -> list[tuple[Decision, str]]:
        """Every decision other than allow on a message with the words it judged, oldest first."""

    def counts(self, account: str, first_day: str, last_day: str) -> dict[str, dict[str, int]]:
        """day -> metric -> count for the days that have any."""

    def counted_from(self, account: str) -> str:
        """The first day of which a message of the account was counted ("2026-10-30"); empty: none was yet."""

    def fired(self, account: str, first_day: str, last_day: str) -> dict[str, dict[str, int]]:
        """day -> rule (moderate.rules.counted_as) -> how often it held; days on which anything was counted."""

    def audit_head(self, chain: str) -> AuditEntry | None:
        """The newest entry of a chain."""

    def audit_of(self, chain: str, *, after: int = 0, limit: int = 100) -> list[AuditEntry]: ...

    def audit_places(self, chain: str) -> Iterator[Placed]:
        """A whole chain as it stands, in the order of its keys, also what is no entry."""

    # writing
    def commit(self, changes: Sequence[StateChange]) -> None:
        """All or nothing. Raises Stale (something expected is not so; nothing written) or Conflict (retry)."""


class AuditCopies(Protocol):
    """The audit a second time, where nothing can be changed (docs/security.md)."""

    def keep(self, entries: Iterable[AuditEntry]) -> None:
        """Add copies. The same ones again change nothing."""

    def chains(self) -> list[str]:
        """Every chain that has a copy."""

    def of(self, chain: str) -> Iterator[Placed]:
        """Every copy of every entry, in no order; an entry may have several."""


class Archive(Protocol):
    """Raw bodies that were authentic but unreadable, kept for replay."""

    def keep(self, connection: str, body: bytes, reason: str, at: datetime) -> str:
        """Store once per content; returns its key."""


@record
class KeptBody:
    """An authentic webhook body that the code of its day could not read."""

    key: str
    connection: str
    body: bytes
    received_at: datetime


@record
class FailedBatch:
    """A batch of the Messages stream that failed for good: how many records, and whose rows they tell of."""

    key: str
    records: int
    message_ids: tuple[str, ...]


@record
class DeadLetter:
    """A wake-up that was received too often; `delivery` is empty where its body is none of ours."""

    id: str
    delivery: str
    receipt: str


class Leftovers(Protocol):
    """What the ordinary path gave up on, for `herald redrive` and `herald replay`. Keys are those of the bucket."""

    def bodies(self, connection: str = "") -> Iterator[str]:
        """Keys of unreadable bodies, of one connection or of all, by connection and day."""

    def body(self, key: str) -> KeptBody:
        """Raises BadPayload when the object is not what was kept under that key."""

    def batches(self) -> Iterator[str]:
        """Keys of on-failure objects, by shard and day."""

    def batch(self, key: str) -> FailedBatch:
        """Raises BadPayload when the object is no on-failure record of the Messages stream."""

    def put_away(self, key: str, facts: Mapping[str, str | int], at: datetime) -> None:
        """It is dealt with: leave a note of it without a word of what it held, then delete it. May be repeated."""

    def dead_letters(self) -> Iterator[DeadLetter]:
        """Each that waits now, once; those not buried are there again after a while."""

    def bury(self, letter: DeadLetter) -> None: ...


class MediaStore(Protocol):
    """Bytes of images, kept under the hash of what they hold."""

    def put(self, data: bytes, mime: str) -> str:
        """Keep them; returns the key. The same bytes have the same key."""

    def hold(self, data: bytes, mime: str) -> str:
        """Keep them for a day, as long as somebody decides; returns the key, of which `keep` makes one that stays."""

    def keep(self, key: str) -> str:
        """Keep what is held for good; returns its key. May be repeated. Raises Unknown, when its day is over."""

    def get(self, key: str) -> bytes:
        """Raises Unknown."""


@record
class Stored:
    """How many bytes are kept, and the first 4096 of them."""

    size: int
    head: bytes


@record
class UploadForm:
    """Where a browser may send one file, as multipart/form-data: these fields, then `file`."""

    address: str
    fields: Mapping[str, str]


class Uploads(Protocol):
    """The place of MediaStore, for files too large to pass through a page."""

    def look(self, key: str) -> Stored:
        """Raises Unknown."""

    def expect(self, upload_id: str, most: int) -> UploadForm:
        """Permission to send one file of 1 to `most` bytes, for some minutes."""

    def arrived(self, upload_id: str, most: int) -> str:
        """Hold what was sent under the hash of what it holds; returns its key, for MediaStore.keep. May be repeated.

        Raises Unknown (nothing came), TooLarge.
        """

    def address(self, key: str, name: str, mime: str) -> str:
        """Where a browser can save it as a file called `name`, for some minutes; never shown inside a page."""


class Mailer(Protocol):
    """Sends mail."""

    def __call__(self, to: Sequence[str], subject: str, text: str, html: str, files: Mapping[str, bytes]) -> None:
        """One mail to all of `to`, or to nobody; files: name -> bytes. Raises Retryable or Rejected; where single
        addresses were refused, with `addresses`."""


@record
class FeedPage:
    """What a feed's address gave: its body, None where it has not changed, and where it was read in the end.

    Attributes:
        etag, modified: what to ask with next time; empty where the server gives none.
    """

    body: bytes | None
    address: str
    etag: str = ""
    modified: str = ""


class Feeds(Protocol):
    """Reads addresses that people gave; never one inside a network of ours."""

    @property
    def own(self) -> str:
        """An origin of this machine that is read all the same, for the demo; empty: none."""

    def fetch(self, address: str, etag: str, modified: str) -> FeedPage:
        """The feed, or a picture, now, asked by what it gave last time. Raises PlatformError."""


class Wake(Protocol):
    """Wake-ups for deliveries; lost ones cost at most a minute, the schedule finds the row."""

    def __call__(self, delivery: Delivery) -> None: ...


class Secrets(Protocol):
    def __call__(self, ref: str) -> Credentials:
        """The credentials kept under this name now. Raises NeedsLogin when there are none."""
