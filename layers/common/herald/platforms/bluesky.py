"""Bluesky: notifications by polling; posts, replies and take-downs through the account's PDS; counts from the AppView.

AT Protocol lexicons app.bsky.* and com.atproto.*, read 2026-11-21: bluesky-social/atproto:lexicons (2026-08-20),
bluesky-social/bsky-docs:docs/advanced-guides (2026-04-21). There are no webhooks.

An account: `account_id` is its DID, `api_base` its PDS, the token "identifier:app-password" (wire.atproto.Sessions).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from herald.errors import BadPayload, BadSignature, NeedsLogin, OutcomeUnknown, Rejected, Retryable
from herald.model import Account, Act, Change, Delivery, Event, Kind, Metric, Snapshot
from herald.platforms.wire import require, richtext
from herald.platforms.wire.events import bounded, made_at, unknown
from herald.platforms.wire.strict import (
    EPOCH,
    items,
    need_id,
    obj,
    optional_id,
    optional_text,
    optional_time,
    optional_url,
    raw,
    read_json,
    whole,
)
from herald.ports import Capabilities, Polled, PostLimits, Proof
from herald.publish.lengths import length

if TYPE_CHECKING:  # HTTP is paid for by the first call, not by every cold start
    from herald.platforms.wire import atproto
    from herald.platforms.wire.http import Http
    from herald.platforms.wire.pace import Budget

NAME = "bluesky"
POST = "app.bsky.feed.post"
BLOCK = "app.bsky.graph.block"
GATE = "app.bsky.feed.threadgate"
_LIKE, _REPOST, _FOLLOW = "app.bsky.feed.like", "app.bsky.feed.repost", "app.bsky.graph.follow"

LIMITS = PostLimits(
    text=300,
    unit="graphemes",
    text_bytes=3_000,
    images=1,
    image_types=frozenset({"image/jpeg", "image/png", "image/webp"}),
    image_bytes=2_000_000,
    alt_length=2_000,
)
CAPABILITIES = Capabilities(
    acts=frozenset({Act.PUBLISH, Act.REPLY, Act.TAKE_DOWN, Act.BLOCK, Act.UNBLOCK, Act.LOCK, Act.UNLOCK}),
    reply_limit=LIMITS.text,
    settle_seconds=0,
    post=LIMITS,
    metrics=frozenset({Metric.FOLLOWERS, Metric.REACTIONS, Metric.COMMENTS, Metric.SHARES}),
    sources=MappingProxyType({
        "acts": "bluesky-social/atproto:lexicons/com/atproto/repo, 2026-11-21, tried on a PDS 0.5; hiding an answer"
        " (threadgate) is not built; app/bsky/feed/threadgate.json, 2026-11-26: a gate beside a post of ours; that an"
        " empty `allow` lets nobody else answer is from memory, tried on no AppView; app/bsky/graph/block.json,"
        " 2026-11-26: a block is a public record",
        "reply_limit": "bluesky-social/atproto:lexicons/app/bsky/feed/post.json, 2026-11-21: 300 graphemes and 3,000"
        " bytes",
        "settle_seconds": "our record keys come from the delivery, so a repeat lands on the same record, 2026-11-22",
        "image": "bluesky-social/atproto:lexicons/app/bsky/embed/images.json, 2026-11-21: 2,000,000 bytes",
        "alt": "the lexicon has no bound; 2,000 is what the official app takes (second-hand), 2026-11-22",
        "metrics": "bluesky-social/atproto:lexicons/app/bsky/feed/defs.json, 2026-11-21: no reach, no views",
    }),
)  # fmt: skip

_REASONS = {
    "mention": Kind.MENTION,
    "reply": Kind.COMMENT,
    "quote": Kind.MENTION,  # words of a person about a post of ours
    "subscribed-post": Kind.POST,
    "like": Kind.REACTION,
    "like-via-repost": Kind.REACTION,
    "repost": Kind.SHARE,
    "repost-via-repost": Kind.SHARE,
    "follow": Kind.FOLLOW,
    "starterpack-joined": Kind.SYSTEM,
    "contact-match": Kind.SYSTEM,
    "verified": Kind.ACCOUNT,
    "unverified": Kind.ACCOUNT,
}
"""`reason` of a notification is an open list: others become unknown."""

_ABOUT_US = frozenset({Kind.COMMENT, Kind.REACTION, Kind.SHARE, Kind.FOLLOW})  # their subject is ours
_SPOKEN = frozenset({Kind.MENTION, Kind.COMMENT, Kind.POST})
_PAGE = 50
_ECHOES_PAGE = 100
_MAX_PAGES = 10
_CLOCKS_DIFFER = timedelta(minutes=5)
_UNDATED = timedelta(days=1)
_PER_CALL = 25  # app.bsky.feed.getPosts
_ACT_SECONDS = 26.0  # all calls of one act together, below the lease of a delivery
_LAST_CALL = 10.0  # of these, kept for the call that counts
_T = TypeVar("_T")


class Bluesky:
    """Source, Poller, Echoer, Outlet and Meter of Bluesky."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(
        self, http: Http | None = None, sessions: atproto.Sessions | None = None, *, act_seconds: float = _ACT_SECONDS
    ) -> None:
        self._http = http
        self._sessions = sessions
        self._act_seconds = act_seconds

    # ---------------------------------------------------------------- Source

    def verify(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
        """Raises BadSignature, always: Bluesky sends no webhooks, so nothing that arrives is from it."""
        _no_webhooks()

    def challenge(self, query: Mapping[str, str], verify_token: str, secrets: Sequence[str]) -> str:
        """Raises BadSignature, always."""
        _no_webhooks()

    def parse(self, body: bytes) -> list[Event]:
        """Events of the body of a list endpoint (notifications, feed, thread, posts, records), in the order given.

        One unreadable member becomes an event of kind unknown with its raw form; its neighbours are read. A list does
        not say whose it is: `account_id` is "" unless the member names us as the one liked, answered or followed.
        Answers that carry no message (a blob, a created record, counts) yield nothing. Raises BadPayload when the body
        is none of Bluesky's, or its error.
        """
        try:
            return _body(obj(read_json(body), "body"))
        except BadPayload as error:
            raise BadPayload(f"{NAME}: {error}") from error
        except RecursionError as error:
            raise BadPayload(f"{NAME}: nested too deeply") from error

    # ---------------------------------------------------------------- Poller

    def poll(self, account: Account, token: str, cursor: str) -> Polled:
        """Notifications since the cursor, oldest first. Raises PlatformError.

        The list is newest first and may grow faster than one run reads it; what a run leaves unread stays in the
        cursor as a gap and is read by the next runs, so nothing is skipped. Its order is by the author's own clock
        where that is earlier than the server's, so new entries are told by `indexedAt` on a whole page, not by place.
        """
        at = _Cursor.read(cursor)
        budget = _MAX_PAGES
        seen = at.seen
        found: list[Event] = []
        gaps: list[_Gap] = []
        for gap in [_Gap("", at.seen), *at.gaps]:
            page: str | None = gap.page
            while page is not None and budget:
                budget -= 1
                members, page = self._page(account, token, page, gap.until)
                found += [_notification(value, path, account.account_id) for _, value, path in members]
                for entry, _, _ in members:
                    seen = seen.and_also(entry) if entry else seen
                if not cursor:  # the very first run reads one page
                    page = None
            if page is not None:
                gaps.append(_Gap(page, gap.until))
        told = (event if event.account_id else replace(event, account_id=account.account_id) for event in found)
        events = tuple(reversed(list(told)))
        after = _Cursor(seen, tuple(gaps))
        return Polled(events, cursor if cursor and after == at else after.write())

    def _page(
        self, account: Account, token: str, page: str, until: _Mark
    ) -> tuple[list[tuple[_Entry | None, object, str]], str | None]:
        """New members with their marks, and where to go on: None once the page reaches what was seen."""
        query = {"limit": str(_PAGE)} | ({"cursor": page} if page else {})
        answer = self._read(account, token, "app.bsky.notification.listNotifications", query)
        try:
            members = [(_entry(value, path), value, path) for path, value in items(answer.get("notifications"), "list")]
            following = optional_text(answer.get("cursor"), "cursor")
        except BadPayload as error:
            raise Retryable(f"the list of notifications is unreadable: {error}", "shape") from error
        placed = [entry for entry, _, _ in members if entry]
        reached = not placed or until.covers(placed[-1]) or not following or following == page
        fresh = [member for member in members if not (member[0] and until.covers(member[0]))]
        return fresh, None if reached else following

    # ---------------------------------------------------------------- Echoer

    def echoes(self, account: Account, token: str, cursor: str, now: datetime) -> Polled:
        """What this account answered others since the cursor (a record key), oldest first. Raises PlatformError.

        One page of its repository, which knows of a post at once and, read from the cursor on, answers with nothing but
        what is new. Keys tell the time by the clock of whoever wrote, and clocks differ: so the cursor stays some
        minutes behind now, and what was written since is told again.
        """
        query = {"repo": account.account_id, "collection": POST, "limit": str(_ECHOES_PAGE)}
        query |= {"cursor": cursor, "reverse": "true"} if cursor else {}
        answer = self._read(account, token, "com.atproto.repo.listRecords", query)
        try:
            records = list(items(answer.get("records"), "records"))
            keys = [need_id(obj(one, path).get("uri"), f"{path}.uri").rpartition("/")[2] for path, one in records]
        except BadPayload as error:
            raise Retryable(f"the list of our posts is unreadable: {error}", "shape") from error
        told = [_echo(value, path, account, now) for path, value in (records if cursor else reversed(records))]
        return Polled(tuple(event for event in told if event), _reached(keys, cursor, now))

    # ---------------------------------------------------------------- Outlet

    def act(self, delivery: Delivery, account: Account, token: str, files: Sequence[bytes] = ()) -> Proof:
        """Publish, answer, take down, block, once. Raises the PlatformError that says what to do next, or Unsupported.

        A post is written under a key made from the delivery, and only if nothing is there: a repeat changes nothing.
        """
        require(NAME, CAPABILITIES, delivery.act)
        from herald.platforms.wire.pace import Budget  # noqa: PLC0415

        budget = Budget(self._act_seconds)
        if delivery.act is Act.BLOCK:
            block = {"$type": BLOCK, "subject": _did(delivery), "createdAt": _instant(delivery.ordered_at)}
            return self._put(delivery, block, account, token, budget, _block(delivery, account))
        if delivery.act in (Act.TAKE_DOWN, Act.UNBLOCK):
            return self._take_down(delivery, account, token, budget)
        if delivery.act.of_a_thread:
            return self._gate(delivery, account, token, budget)
        text = _sendable(delivery, files)
        record: dict[str, Any] = {
            "$type": POST,
            "text": text,
            "createdAt": _instant(delivery.first_sent_at or delivery.ordered_at),
            **_facets(text),
        }
        if delivery.act is Act.REPLY:
            record["reply"] = self._thread(delivery, account, token, budget)
        if delivery.media:
            record["embed"] = self._images(delivery, account, token, files, budget)
        return self._put(delivery, record, account, token, budget)

    def find(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        """Evidence that the act stands: our record under the delivery's own key; of a take-down, that it is gone."""
        require(NAME, CAPABILITIES, delivery.act)
        if delivery.act is Act.BLOCK:
            block = _block(delivery, account)
            there = self._record(account, token, block)
            return [Proof(delivery.target)] if there and there.get("subject") == delivery.target else []
        if delivery.act in (Act.TAKE_DOWN, Act.UNBLOCK):
            target = _block(delivery, account) if delivery.act is Act.UNBLOCK else _ours(delivery, account)
            return [] if self._record(account, token, target) else [Proof(delivery.target)]
        if delivery.act.of_a_thread:
            closed = _closes(self._record(account, token, _gate_of(delivery, account)))
            return [Proof(delivery.target)] if closed is (delivery.act is Act.LOCK) else []
        place = _place(delivery, account)
        there = self._record(account, token, place)
        if there is None:
            return []
        if richtext.said(optional_text(there.get("text"), "text")) != richtext.said(_text(delivery)):
            raise OutcomeUnknown("something else stands under the key of this delivery: a person must look", "key")
        return [_proof(place)]

    def _put(
        self, delivery: Delivery, record: Mapping[str, Any], account: Account, token: str, budget: Budget,
        block: atproto.Uri | None = None,
    ) -> Proof:  # fmt: skip
        from herald.platforms.wire import atproto  # noqa: PLC0415

        place = block or _place(delivery, account)
        # swapRecord null: only if there is no such record. createRecord would answer 500 to the second try (seen).
        body = {
            "repo": place.did, "collection": place.collection, "rkey": place.rkey, "record": record, "swapRecord": None,
        }  # fmt: skip

        def put(session: atproto.Session) -> dict[str, Any]:
            http = budget.spend(self._client())
            return atproto.procedure(http, account.api_base, "com.atproto.repo.putRecord", body, session.access)

        try:
            answer = self._with_session(account, token, put)
        except Rejected as refused:
            if refused.code == "InvalidSwap" and (found := self.find(delivery, account, token)):
                return found[0]
            raise
        if answer.get("uri") != str(place):
            raise OutcomeUnknown("the post was taken, but the answer names another record", "shape")
        return Proof(delivery.target) if block else _proof(place)

    def _take_down(self, delivery: Delivery, account: Account, token: str, budget: Budget) -> Proof:
        from herald.platforms.wire import atproto  # noqa: PLC0415

        target = _block(delivery, account) if delivery.act is Act.UNBLOCK else _ours(delivery, account)
        body = {"repo": target.did, "collection": target.collection, "rkey": target.rkey}

        def delete(session: atproto.Session) -> dict[str, Any]:
            http = budget.spend(self._client())
            return atproto.procedure(http, account.api_base, "com.atproto.repo.deleteRecord", body, session.access)

        self._with_session(account, token, delete)  # of a record that is gone already, the answer is the same (seen)
        return Proof(delivery.target)

    def _gate(self, delivery: Delivery, account: Account, token: str, budget: Budget) -> Proof:
        """Close a thread that we began to everybody's answers, or open it to everybody's.

        The gate is one record beside the post. Answers that somebody hid by it stay hidden; who else was let in by it
        is forgotten by closing, so that opening lets everybody in.
        """
        from herald.platforms.wire import atproto  # noqa: PLC0415

        gate = _gate_of(delivery, account)
        found = self._get_record(account, token, gate, budget)
        there = found.get("value") if found else None
        there = there if isinstance(there, dict) else None
        if _closes(there) is (delivery.act is Act.LOCK):
            return Proof(delivery.target)
        place = {"repo": gate.did, "collection": gate.collection, "rkey": gate.rkey}
        hidden = there.get("hiddenReplies") if there else None
        record: dict[str, Any] = {"$type": GATE, "post": delivery.target, "createdAt": _instant(delivery.ordered_at)}
        record |= {"allow": []} if delivery.act is Act.LOCK else {}
        record |= {"hiddenReplies": hidden} if hidden else {}
        method = "com.atproto.repo.putRecord"
        body: dict[str, Any] = {**place, "record": record}
        if delivery.act is Act.UNLOCK and not hidden:
            method, body = "com.atproto.repo.deleteRecord", dict(place)
        body["swapRecord"] = found.get("cid") if found else None  # as we read it, or not at all

        def write(session: atproto.Session) -> dict[str, Any]:
            http = budget.spend(self._client())
            return atproto.procedure(http, account.api_base, method, body, session.access)

        try:
            self._with_session(account, token, write)
        except Rejected as refused:
            if refused.code == "InvalidSwap":
                raise Retryable("who may answer was changed at the same moment", "InvalidSwap") from refused
            raise
        return Proof(delivery.target)

    def _thread(self, delivery: Delivery, account: Account, token: str, budget: Budget) -> dict[str, Any]:
        """What an answer hangs under: the message itself, and the beginning of its thread."""
        from herald.platforms.wire import atproto  # noqa: PLC0415

        target = atproto.uri(delivery.target)
        if target is None or target.collection != POST:
            raise Rejected("what is answered is no post on Bluesky", "target")
        found = self._get_record(account, token, target, budget)
        if found is None:
            raise Rejected("the post to answer is gone", "RecordNotFound")
        try:
            parent = {"uri": str(target), "cid": need_id(found.get("cid"), "cid")}
            above = obj(found.get("value"), "value").get("reply")
            root = obj(obj(above, "reply").get("root"), "reply.root") if above is not None else parent
            begun = {"uri": need_id(root.get("uri"), "root.uri"), "cid": need_id(root.get("cid"), "root.cid")}
        except BadPayload as error:
            raise Rejected(f"the post to answer is unreadable: {error}", "shape") from error
        return {"root": begun, "parent": parent}

    def _images(
        self, delivery: Delivery, account: Account, token: str, files: Sequence[bytes], budget: Budget
    ) -> dict[str, Any]:
        from herald.platforms.wire import atproto  # noqa: PLC0415

        made = []
        for media, data in zip(delivery.media, files, strict=True):

            def put(session: atproto.Session, data: bytes = data, mime: str = media.mime) -> dict[str, Any]:
                http = budget.spend(self._client(), keep=_LAST_CALL)
                return atproto.upload(http, account.api_base, data, mime, session.access)

            image: dict[str, Any] = {"alt": whole(media.alt), "image": self._with_session(account, token, put)}
            if media.width > 0 and media.height > 0:
                image["aspectRatio"] = {"width": media.width, "height": media.height}
            made.append(image)
        return {"$type": "app.bsky.embed.images", "images": made}

    # ---------------------------------------------------------------- Meter

    def profile(self, account: Account, token: str, now: datetime) -> list[Snapshot]:
        """Followers now. Nothing where the AppView does not answer. Raises PlatformError."""
        try:
            answer = self._read(account, token, "app.bsky.actor.getProfile", {"actor": account.account_id})
        except (Retryable, Rejected) as error:
            return _missing(error)
        day = now.astimezone(ZoneInfo(account.timezone)).date().isoformat()
        count = _count(answer.get("followersCount"))
        return [] if count is None else [Snapshot(account.id, Metric.FOLLOWERS, count, now, day=day)]

    def insights(self, account: Account, token: str, posts: Sequence[str], now: datetime) -> list[Snapshot]:
        """Likes, answers, and reposts with quotes, so far. A post or number the AppView leaves out has no snapshot.

        Raises PlatformError.
        """
        found: list[Snapshot] = []
        for start in range(0, len(posts), _PER_CALL):
            asked = urlencode([("uris", post) for post in posts[start : start + _PER_CALL]])
            try:
                answer = self._read(account, token, "app.bsky.feed.getPosts", asked)
            except (Retryable, Rejected) as error:
                return [*found, *_missing(error)]
            try:
                for path, value in items(answer.get("posts"), "posts"):
                    found += _figures(account, obj(value, path), path, now)
            except BadPayload as error:
                raise Retryable(f"the posts are unreadable: {error}", "shape") from error
        return found

    # ---------------------------------------------------------------- calls

    def _read(
        self, account: Account, token: str, method: str, query: Mapping[str, str] | str, http: Http | None = None
    ) -> dict[str, Any]:
        from herald.platforms.wire import atproto  # noqa: PLC0415

        client = http or self._client()
        return self._with_session(
            account, token, lambda session: atproto.query(client, account.api_base, method, query, session.access)
        )

    def _record(self, account: Account, token: str, place: atproto.Uri) -> dict[str, Any] | None:
        """The content of a record, None where there is none."""
        found = self._get_record(account, token, place, None)
        if found is None:
            return None
        try:
            return obj(found.get("value"), "value")
        except BadPayload as error:
            raise OutcomeUnknown(f"the record is unreadable: {error}", "shape") from error

    def _get_record(
        self, account: Account, token: str, place: atproto.Uri, budget: Budget | None
    ) -> dict[str, Any] | None:
        query = {"repo": place.did, "collection": place.collection, "rkey": place.rkey}
        http = budget.spend(self._client(), keep=_LAST_CALL) if budget else None
        try:
            return self._read(account, token, "com.atproto.repo.getRecord", query, http)
        except Rejected as refused:
            if refused.code == "RecordNotFound":  # status 400 (seen)
                return None
            raise

    def _with_session(self, account: Account, token: str, call: Callable[[atproto.Session], _T]) -> _T:
        if self._sessions is None:
            self._sessions = _shared_sessions()
        return self._sessions.run(
            self._client(), account.api_base, token, lambda session: call(_is_account(session, account))
        )

    def _client(self) -> Http:
        if self._http is None:
            from herald.platforms.wire.http import Http  # noqa: PLC0415

            self._http = Http()
        return self._http


_SHARED: list[atproto.Sessions] = []


def _shared_sessions() -> atproto.Sessions:
    """One store of sessions a process, whichever of the four roles asks first: logins are scarce."""
    if not _SHARED:
        from herald.platforms.wire.atproto import Sessions  # noqa: PLC0415

        _SHARED.append(Sessions())
    return _SHARED[0]


def _is_account(session: atproto.Session, account: Account) -> atproto.Session:
    if session.did != account.account_id:
        raise NeedsLogin(
            f"the app password belongs to {session.did}, not to {account.account_id}: connect the account again", "did"
        )
    return session


def _no_webhooks() -> NoReturn:
    raise BadSignature(f"{NAME} sends no webhooks: its messages are polled, nothing that arrives is from it")


# -------------------------------------------------------------------- what goes out


def _text(delivery: Delivery) -> str:
    return richtext.with_link(delivery.text, delivery.link)


def _sendable(delivery: Delivery, files: Sequence[bytes]) -> str:
    """The text to send. Raises Rejected in words when the platform would refuse it."""
    text = _text(delivery)
    count, size = length(text, LIMITS.unit, LIMITS.url_length), len(text.encode("utf-8"))
    if count > LIMITS.text or size > (LIMITS.text_bytes or size):
        raise Rejected(
            f"Bluesky takes {LIMITS.text} graphemes and {LIMITS.text_bytes} bytes; with the link this has {count} and"
            f" {size}", "length",
        )  # fmt: skip
    if not text and not delivery.media:
        raise Rejected("there is nothing to say: no words and no image", "empty")
    if len(delivery.media) > LIMITS.images:
        raise Rejected(f"Herald puts {LIMITS.images} image on a post, this one has {len(delivery.media)}", "media")
    if len(files) != len(delivery.media):
        raise Rejected("the image of this post is not at hand: attach it again", "media")
    for media, data in zip(delivery.media, files, strict=True):
        if not media.mime.startswith("image/") or len(data) > LIMITS.image_bytes:
            raise Rejected(
                f"Bluesky takes images of at most {LIMITS.image_bytes} bytes; this is {media.mime} of {len(data)}",
                "media",
            )
    return text


def _facets(text: str) -> dict[str, Any]:
    """Links and tags with their place in UTF-8 bytes; without them they would be mere words."""
    found = richtext.links(text)
    marked = [(mark, {"$type": "app.bsky.richtext.facet#link", "uri": mark.value}) for mark in found]
    marked += [
        (mark, {"$type": "app.bsky.richtext.facet#tag", "tag": mark.value})
        for mark in richtext.without_overlap(found, richtext.tags(text))
    ]
    facets = []
    for mark, feature in sorted(marked, key=lambda pair: pair[0].start):
        start, end = richtext.byte_range(text, mark)
        facets.append({"index": {"byteStart": start, "byteEnd": end}, "features": [feature]})
    return {"facets": facets} if facets else {}


def _place(delivery: Delivery, account: Account) -> atproto.Uri:
    from herald.platforms.wire.atproto import Uri, tid  # noqa: PLC0415

    return Uri(account.account_id, POST, tid(delivery.ordered_at, delivery.id))


def _did(delivery: Delivery) -> str:
    if not re.fullmatch(r"did:[a-z]+:[A-Za-z0-9._:%-]{1,200}", delivery.target):
        raise Rejected("who is to be blocked has no id of Bluesky's", "target")
    return delivery.target


def _block(delivery: Delivery, account: Account) -> atproto.Uri:
    """Where we keep our block of this person: one key a person, so that a repeat and an end find it."""
    from herald.platforms.wire.atproto import Uri, tid  # noqa: PLC0415

    did = _did(delivery)
    second = int.from_bytes(sha256(did.encode()).digest()[-4:], "big") % 1_000_000_000  # of 2001, to tell more apart
    return Uri(account.account_id, BLOCK, tid(datetime.fromtimestamp(1_000_000_000 + second, UTC), did))


def _gate_of(delivery: Delivery, account: Account) -> atproto.Uri:
    """Where the gate of a thread is kept: beside the post that begins it, which must be ours, under the same key."""
    from herald.platforms.wire.atproto import Uri  # noqa: PLC0415

    post = _ours(delivery, account, "what is to be closed is no thread of this account's")
    return Uri(post.did, GATE, post.rkey)


def _closes(gate: Mapping[str, Any] | None) -> bool:
    """Whether nobody else may answer: `allow` is there and empty; without it everybody may."""
    return gate is not None and gate.get("allow") == []


def _ours(
    delivery: Delivery, account: Account, otherwise: str = "what is to be taken down is no post of this account"
) -> atproto.Uri:
    """The post to act on. Raises Rejected, with `otherwise`, when it is not this account's."""
    from herald.platforms.wire.atproto import uri  # noqa: PLC0415

    target = uri(delivery.target)
    if target is None or target.collection != POST or target.did != account.account_id:
        raise Rejected(otherwise, "target")
    return target


def _proof(place: atproto.Uri) -> Proof:
    return Proof(str(place), _page_of(str(place)))


def _page_of(uri: str) -> str:
    """Where people see a post: https://bsky.app/profile/<did>/post/<rkey>; "" for another kind of record."""
    parts = uri.removeprefix("at://").split("/")
    known = len(parts) == 3 and parts[1] == POST and parts[0].startswith("did:")
    return f"https://bsky.app/profile/{parts[0]}/post/{parts[2]}" if known else ""


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


# -------------------------------------------------------------------- numbers


def _missing(error: Retryable | Rejected) -> list[Snapshot]:
    """Nothing where there is no AppView to ask; any other refusal is told."""
    if error.code in ("UpstreamFailure", "UpstreamTimeout", "MethodNotImplemented", "XRPCNotSupported", "http 502"):
        return []
    if isinstance(error, Rejected) and error.code in ("http 404", "http 501"):
        return []
    raise error


def _figures(account: Account, post: Mapping[str, Any], path: str, now: datetime) -> list[Snapshot]:
    uri = need_id(post.get("uri"), f"{path}.uri")
    reposts, quotes = _count(post.get("repostCount")), _count(post.get("quoteCount"))
    shares = None if reposts is None else reposts + (quotes or 0)
    told = {
        Metric.REACTIONS: _count(post.get("likeCount")),
        Metric.COMMENTS: _count(post.get("replyCount")),
        Metric.SHARES: shares,
    }
    return [Snapshot(account.id, metric, count, now, post=uri) for metric, count in told.items() if count is not None]


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


# -------------------------------------------------------------------- cursor


@dataclass(frozen=True, slots=True)
class _Entry:
    """The place of one notification: when it was indexed, and which it is."""

    at: datetime
    uri: str


@dataclass(frozen=True, slots=True)
class _Mark:
    """How far we have read: the newest time, and what of that very time we have seen."""

    at: datetime
    uris: frozenset[str]

    def covers(self, entry: _Entry) -> bool:
        return entry.at < self.at or (entry.at == self.at and entry.uri in self.uris)

    def and_also(self, entry: _Entry) -> _Mark:
        if entry.at > self.at:
            return _Mark(entry.at, frozenset({entry.uri}))
        return _Mark(self.at, self.uris | {entry.uri}) if entry.at == self.at else self

    def held(self) -> dict[str, Any]:
        return {"at": self.at.isoformat(), "uris": sorted(self.uris)}

    @staticmethod
    def read(held: Mapping[str, Any]) -> _Mark:
        return _Mark(datetime.fromisoformat(held["at"]).astimezone(UTC), frozenset(held["uris"]))


_NOTHING = _Mark(EPOCH, frozenset())


@dataclass(frozen=True, slots=True)
class _Gap:
    """A stretch not read yet: from the page on, back to `until`."""

    page: str
    until: _Mark


@dataclass(frozen=True, slots=True)
class _Cursor:
    """The newest mark seen, and stretches before it that are still to be read."""

    seen: _Mark
    gaps: tuple[_Gap, ...] = ()

    @staticmethod
    def read(text: str) -> _Cursor:
        """Raises Retryable for what is no cursor of ours: to begin anew would skip what lies between."""
        if not text:
            return _Cursor(_NOTHING)
        try:
            held = json.loads(text)
            gaps = tuple(_Gap(gap["page"], _Mark.read(gap)) for gap in held.get("gaps", []))
            return _Cursor(_Mark.read(held), gaps)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Retryable("the place where polling stands is unreadable: reset the account's cursor") from error

    def write(self) -> str:
        gaps = [{"page": gap.page, **gap.until.held()} for gap in self.gaps]
        return json.dumps({**self.seen.held(), **({"gaps": gaps} if gaps else {})})


def _entry(value: object, path: str) -> _Entry | None:
    """None for one without a place: it is told with every page it is on, and stored once."""
    try:
        one = obj(value, path)
        at = optional_time(one.get("indexedAt"), f"{path}.indexedAt")
        return _Entry(at, optional_text(one.get("uri"), f"{path}.uri")) if at else None
    except BadPayload:
        return None


def _reached(keys: Sequence[str], cursor: str, now: datetime) -> str:
    """The key to read on from: the greatest seen, but never nearer to now than clocks differ, unless a whole page is
    nearer. So a key of the far future stops nobody."""
    from herald.platforms.wire.atproto import first_key  # noqa: PLC0415  HTTP: not at a cold start

    nearest = first_key(now if len(keys) >= _ECHOES_PAGE else now - _CLOCKS_DIFFER)
    return max(cursor, min(max(keys, default=""), nearest))


# -------------------------------------------------------------------- bodies


def _body(body: dict[str, Any]) -> list[Event]:
    if isinstance(body.get("error"), str):
        words = " ".join(f"{body['error']} {optional_text(body.get('message'), 'message')}".split())[:200]
        raise BadPayload(f"the platform answered an error: {whole(words)}")
    lists: Mapping[str, Callable[[object, str], Event]] = {
        "notifications": _notification, "feed": _view, "posts": _view, "records": _stored,
    }  # fmt: skip
    for key, reader in lists.items():
        if key in body:
            return [reader(value, path) for path, value in items(body[key], key)]
    if "thread" in body:
        return list(_thread_of(body["thread"], "thread", 0))
    if "reason" in body:
        return [_notification(body, "body")]
    if "post" in body or ("record" in body and "uri" in body):
        return [_view(body, "body")]
    if "value" in body and "uri" in body:
        return [_stored(body, "body")]
    if optional_text(body.get("$type"), "$type") == POST:
        return [_bare(body)]
    # what a write, an upload or a count answers: no message
    if {"cid", "blob", "count", "ref", "accessJwt", "handle"} & set(body):
        return []
    raise BadPayload("no list of notifications, posts or records: this body belongs to another service, or to none")


def _notification(value: object, path: str, ours: str = "") -> Event:
    try:
        one = obj(value, path)
        reason = optional_text(one.get("reason"), f"{path}.reason")
        kind = _REASONS.get(reason)
        indexed = optional_time(one.get("indexedAt"), f"{path}.indexedAt")
        if kind is None:
            return unknown(NAME, ours, value, indexed)
        record = obj(one.get("record"), f"{path}.record")
        subject = optional_id(one.get("reasonSubject"), f"{path}.reasonSubject")
        about = _subject(record, path) if kind is Kind.FOLLOW else subject
        account_id = ours or (_owner(about) if kind in _ABOUT_US or reason == "quote" else "")
        return _event(one, record, kind, account_id, indexed, path, subject=subject, reason=reason)
    except BadPayload as error:
        return unknown(NAME, ours, value, None, why=str(error))


def _view(value: object, path: str) -> Event:
    """A post as a feed or a list of posts shows it."""
    try:
        one = obj(value, path)
        post = obj(one["post"], f"{path}.post") if "post" in one else one
        record = obj(post.get("record"), f"{path}.record")
        indexed = optional_time(post.get("indexedAt"), f"{path}.indexedAt")
        return _event(post, record, _kind_of(record), "", indexed, path)
    except BadPayload as error:
        return unknown(NAME, "", value, None, why=str(error))


def _stored(value: object, path: str) -> Event:
    """A record as its repository gives it."""
    try:
        one = obj(value, path)
        record = obj(one.get("value"), f"{path}.value")
        return _event(one, record, _kind_of(record), "", None, path)
    except BadPayload as error:
        return unknown(NAME, "", value, None, why=str(error))


def _echo(value: object, path: str, account: Account, now: datetime) -> Event | None:
    """A record of ours that answers somebody; None for any other, and for what cannot be read.

    Its time is not capped at now: at each reading that would be another, and what is ever new is waited for for ever.
    What tells no time, or one of years ahead, is dated a day ahead.
    """
    try:
        one = obj(value, path)
        record = obj(one.get("value"), f"{path}.value")
        event = _event(one, record, _kind_of(record), account.account_id, now + _UNDATED, path)
    except BadPayload:
        return None
    answers = event.kind is Kind.COMMENT and event.parent_id and _owner(event.parent_id) != account.account_id
    return replace(event, author_name=account.name) if answers and event.change is Change.OUTBOUND else None


def _bare(record: dict[str, Any]) -> Event:
    """A post without its address: who wrote it and where is not said, so its id is a hash of what it is."""
    try:
        return _event({"uri": raw(record)[1]}, record, _kind_of(record), "", None, "body")
    except BadPayload as error:
        return unknown(NAME, "", record, None, why=str(error))


def _thread_of(value: object, path: str, depth: int) -> Iterator[Event]:
    """A thread from its beginning down; posts that are gone or withheld say nothing."""
    one = obj(value, path)
    if depth > 100:
        raise BadPayload(f"{path}: nested too deeply")
    if one.get("parent") is not None:
        yield from (_thread_of(one["parent"], f"{path}.parent", depth + 1))
    if "post" in one:
        yield _view(one, path)
    if one.get("replies") is not None:
        for below, reply in items(one["replies"], f"{path}.replies"):
            yield from _thread_of(reply, below, depth + 1)


def _event(
    one: Mapping[str, Any],
    record: dict[str, Any],
    kind: Kind,
    account_id: str,
    indexed: datetime | None,
    path: str,
    *,
    subject: str | None = None,
    reason: str = "",
) -> Event:
    uri = need_id(one.get("uri"), f"{path}.uri")
    author = obj(one.get("author") or {}, f"{path}.author")
    author_id = optional_id(author.get("did"), f"{path}.author.did") or _owner(uri) or None
    parent, root = _reply(record, path)
    spoken = kind in _SPOKEN
    text, more = bounded(
        optional_text(record.get("text"), f"{path}.text") if spoken else _word(kind),
        {
            "thread_id": root or (uri if spoken else None),
            "permalink": _page_of(uri),
            "handle": optional_text(author.get("handle"), f"{path}.author.handle")[:253],
            "author_since": made_at(author.get("createdAt")) if spoken else None,
            "cid": optional_id(one.get("cid"), f"{path}.cid"),
            "reaction": "like" if kind is Kind.REACTION else None,
            "reason": reason if reason not in ("", "like", "repost", "reply", "mention", "follow") else None,
            **(_attached(record) if spoken else {}),
        },
    )
    own = bool(account_id) and author_id == account_id
    return Event(
        platform=NAME,
        account_id=account_id,
        external_id=uri,
        author_id=author_id,
        text=text,
        kind=kind,
        change=Change.OUTBOUND if own else Change.CREATED,
        parent_id=parent or (_subject(record, path) or subject if kind is not Kind.FOLLOW else None),
        created_at=_moment(record, indexed, path),
        author_name=(
            optional_text(author.get("displayName"), f"{path}.author.displayName")
            or optional_text(author.get("handle"), f"{path}.author.handle")
        )[:200]
        or None,
        more=more,
    )


def _word(kind: Kind) -> str:
    return "like" if kind is Kind.REACTION else ""


def _kind_of(record: Mapping[str, Any]) -> Kind:
    kinds = {_LIKE: Kind.REACTION, _REPOST: Kind.SHARE, _FOLLOW: Kind.FOLLOW}
    known = kinds.get(str(record.get("$type")))
    return known or (Kind.COMMENT if record.get("reply") is not None else Kind.POST)


def _moment(record: Mapping[str, Any], indexed: datetime | None, path: str) -> datetime:
    """When it was written, by its author's clock; never later than the server saw it, as the network sorts it too."""
    told = record.get("createdAt")
    try:
        written = optional_time(f"{told}Z" if _naive(told) else told, f"{path}.createdAt")
    except BadPayload:  # any client may write anything here
        written = None
    known = [at for at in (written, indexed) if at is not None]
    if not known:
        raise BadPayload(f"{path}.createdAt: neither the record nor the server names a time")
    return min(known)


def _naive(value: object) -> bool:
    """A time without an offset is not allowed but written by old clients, who meant UTC."""
    try:
        return isinstance(value, str) and not value.isdigit() and datetime.fromisoformat(value).tzinfo is None
    except ValueError:
        return False


def _reply(record: Mapping[str, Any], path: str) -> tuple[str | None, str | None]:
    """(parent, root) of an answer."""
    above = record.get("reply")
    if above is None:
        return None, None
    both = obj(above, f"{path}.reply")
    parent, root = (
        optional_id(obj(both.get(key), f"{path}.reply.{key}").get("uri"), f"{path}.reply.{key}.uri")
        for key in ("parent", "root")
    )
    return parent, root


def _subject(record: Mapping[str, Any], path: str) -> str | None:
    """What a like, a repost, a quote or a follow is about."""
    subject = record.get("subject")
    if isinstance(subject, str):
        return optional_id(subject, f"{path}.subject")
    if isinstance(subject, dict):
        return optional_id(subject.get("uri"), f"{path}.subject.uri")
    return _quoted(record)


def _quoted(record: Mapping[str, Any]) -> str | None:
    embed = record.get("embed")
    for _ in range(2):  # app.bsky.embed.record, or inside app.bsky.embed.recordWithMedia
        embed = embed.get("record") if isinstance(embed, dict) else None
        uri = embed.get("uri") if isinstance(embed, dict) else None
        if isinstance(uri, str):
            return optional_id(uri, "embed.record.uri")
    return None


def _owner(uri: str | None) -> str:
    """The DID in an at:// address or standing alone; "" for anything else."""
    owner = (uri or "").removeprefix("at://").split("/")[0]
    return owner if owner.startswith("did:") else ""


def _attached(record: Mapping[str, Any]) -> dict[str, Any]:
    """What hangs on a post: a link card, a video, alt texts of images, what it quotes."""
    embed = record.get("embed")
    embed = embed if isinstance(embed, dict) else {}
    media = embed["media"] if isinstance(embed.get("media"), dict) else embed
    images = media.get("images")
    card = media.get("external")
    langs = record.get("langs")
    return {
        "link": optional_url(card.get("uri")) if isinstance(card, dict) else "",
        "video": True if isinstance(media.get("video"), dict) else None,
        "alts": [
            whole(one["alt"])[:1000] for one in images[:20] if isinstance(one, dict) and isinstance(one.get("alt"), str)
        ]
        if isinstance(images, list)
        else None,
        "quote": _quoted(record),
        "languages": [whole(lang)[:20] for lang in langs[:3] if isinstance(lang, str)]
        if isinstance(langs, list)
        else None,
    }
