"""Mastodon and servers that speak its API: notifications by polling; statuses, answers, deletions; counts.

Client API as of 4.6, read 2026-11-21: mastodon/documentation:content/en (2026-07-02). There are no webhooks for an
account. Other servers differ (GoToSocial, Takahe, snac2, tried 2026-11-21): none of these three keeps Idempotency-Key,
some have no Link header, no /api/v2/instance, other bounds. So bounds are read from the server, and whether something
stands is found out by looking.

An account: `account_id` is its id on its server, `api_base` the server, the token an OAuth access token with the scopes
read and write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from time import monotonic, sleep
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qs, quote, urlsplit
from zoneinfo import ZoneInfo

from herald.errors import BadPayload, BadSignature, NeedsLogin, OutcomeUnknown, PlatformError, Rejected, Retryable
from herald.model import Account, Act, Change, Delivery, Event, Kind, Media, Metric, Snapshot
from herald.platforms.wire import require, richtext
from herald.platforms.wire.events import bounded, made_at, unknown
from herald.platforms.wire.strict import (
    items,
    need_id,
    obj,
    optional_id,
    optional_text,
    optional_time,
    optional_url,
    read_json,
    whole,
)
from herald.ports import Capabilities, Polled, PostLimits, Proof
from herald.publish.lengths import length

if TYPE_CHECKING:  # HTTP is paid for by the first call, not by every cold start
    from herald.platforms.wire.http import Answer, Http
    from herald.platforms.wire.pace import Budget

NAME = "mastodon"
LIMITS = PostLimits(
    text=500,
    unit="graphemes",
    url_length=23,
    images=1,
    image_types=frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"}),
    image_bytes=16_777_216,
    alt_length=1_500,
)
"""What a server has that says nothing else; the server's own bounds are read before each post."""

CAPABILITIES = Capabilities(
    acts=frozenset({Act.PUBLISH, Act.REPLY, Act.TAKE_DOWN, Act.BLOCK, Act.UNBLOCK}),
    reply_limit=LIMITS.text,
    settle_seconds=60,
    post=LIMITS,
    metrics=frozenset({Metric.FOLLOWERS, Metric.REACTIONS, Metric.COMMENTS, Metric.SHARES}),
    sources=MappingProxyType({
        "acts": "mastodon/documentation:content/en/methods/statuses.md, 2026-11-21; answers of others cannot be"
        " hidden or deleted; methods/accounts.md (block, unblock, relationships; scopes write:blocks, read:follows),"
        " 2026-11-26",
        "reply_limit": "mastodon/documentation:content/en/entities/Instance.md, 2026-11-21: 500 by default, each server"
        " has its own; the address of whom we answer counts",
        "unit": "mastodon/mastodon:app/validators/status_length_validator.rb, 2026-11-22: grapheme clusters, 23 a link",
        "settle_seconds": "our assumption, 2026-11-22: no server publishes a figure",
        "image": "mastodon/documentation:content/en/entities/Instance.md, 2026-11-21, each server has its own",
        "metrics": "mastodon/documentation:content/en/entities/Status.md, 2026-11-21: no reach, no views",
    }),
)  # fmt: skip

_TYPES = {
    "mention": Kind.MENTION,  # or comment, or dm: the status says
    "status": Kind.POST,
    "quote": Kind.MENTION,  # words of a person about a status of ours
    "update": Kind.POST,
    "favourite": Kind.REACTION,
    "reblog": Kind.SHARE,
    "follow": Kind.FOLLOW,
    "follow_request": Kind.FOLLOW,
    "poll": Kind.SYSTEM,
    "quoted_update": Kind.SYSTEM,  # what it carries is our own quote
    "added_to_collection": Kind.SYSTEM,
    "collection_update": Kind.SYSTEM,
    "admin.sign_up": Kind.SYSTEM,
    "admin.report": Kind.SYSTEM,
    "severed_relationships": Kind.SYSTEM,
    "moderation_warning": Kind.SYSTEM,
}
"""`type` of a notification; servers add their own: others become unknown."""

_SPOKEN = frozenset({"mention", "status", "quote", "update"})
_NO_MESSAGE = frozenset({
    "acct", "client_id", "configuration", "count", "following", "preview_url", "scheduled_at", "spoiler_text", "stats",
    "votes_count",
})  # fmt: skip
"""Fields that tell bodies without a message: a profile, an app, a server, a count, a relation, an image, a status that
is only scheduled, a source, a poll."""

_PATH_ID = re.compile(r"[A-Za-z0-9_\-]{1,64}")
_LINK = re.compile(r'<([^<>]*)>\s*;\s*rel="?prev"?')
_PAGE = 30  # notifications carry two whole profiles each: more would not fit into one answer of ours
_OWN_PAGE = 20
_ECHOES_PAGE = 40
_MAX_PAGES = 10
_CLOCK_SKEW = timedelta(seconds=30)
_BOUNDS_SECONDS = 3_600.0
_ACT_SECONDS = 26.0  # all calls of one act together, below the lease of a delivery
_LAST_CALL = 10.0  # of these, kept for the call that counts
_POLL_SECONDS = 0.5


class Mastodon:
    """Source, Poller, Echoer, Outlet and Meter of Mastodon."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(self, http: Http | None = None, *, act_seconds: float = _ACT_SECONDS) -> None:
        self._http = http
        self._act_seconds = act_seconds
        self._bounds: dict[str, tuple[float, PostLimits]] = {}
        self._checked: set[str] = set()

    # ---------------------------------------------------------------- Source

    def verify(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
        """Raises BadSignature, always: an account has no webhooks, so nothing that arrives is from its server."""
        _no_webhooks()

    def challenge(self, query: Mapping[str, str], verify_token: str, secrets: Sequence[str]) -> str:
        """Raises BadSignature, always."""
        _no_webhooks()

    def parse(self, body: bytes) -> list[Event]:
        """Events of the body of a list endpoint (notifications, also grouped; statuses; a thread), in the order given.

        One unreadable member becomes an event of kind unknown with its raw form; its neighbours are read. A list does
        not say whose it is: `account_id` is "" unless the member shows it. Bodies that carry no message (an image, a
        profile, a server's own page, a status that is only scheduled) yield nothing. Raises BadPayload when the body is
        none of Mastodon's, or its error.
        """
        try:
            return _body(read_json(body))
        except BadPayload as error:
            raise BadPayload(f"{NAME}: {error}") from error
        except RecursionError as error:
            raise BadPayload(f"{NAME}: nested too deeply") from error

    # ---------------------------------------------------------------- Poller

    def poll(self, account: Account, token: str, cursor: str) -> Polled:
        """Notifications since the cursor (the id of the newest one seen), oldest first. Raises PlatformError.

        `min_id` walks forward page by page; `since_id` would skip whatever is more than one page behind. What is left
        after some pages is read by the next run.
        """
        found: list[Event] = []
        for _ in range(_MAX_PAGES):
            query = {"limit": str(_PAGE)} | ({"min_id": cursor} if cursor else {})
            answer = self._ask(account, token, "/api/v1/notifications", query)
            members, reached = _members(answer, cursor, "notifications")
            found += reversed([_notification(value, path, account.account_id) for path, value in members])
            first_run, cursor = not cursor, reached
            if not members or first_run:
                break  # a short page is not the last one: servers leave out what a person filtered
        events = tuple(event if event.account_id else replace(event, account_id=account.account_id) for event in found)
        return Polled(events, cursor)

    # ---------------------------------------------------------------- Echoer

    def echoes(self, account: Account, token: str, cursor: str, now: datetime) -> Polled:
        """What this account answered others since the cursor (the id of its newest status seen), oldest first.

        One page; `min_id` walks forward, so the next run reads what this one left. Raises PlatformError.
        """
        query = {"limit": str(_ECHOES_PAGE), "exclude_reblogs": "true"} | ({"min_id": cursor} if cursor else {})
        answer = self._ask(account, token, _statuses_of(account), query)
        members, reached = _members(answer, cursor, "statuses of ours")
        told = (_echo(value, path, account.account_id) for path, value in reversed(members))
        return Polled(tuple(event for event in told if event), reached)

    # ---------------------------------------------------------------- Outlet

    def act(self, delivery: Delivery, account: Account, token: str, files: Sequence[bytes] = ()) -> Proof:
        """Publish, answer, take down or block, once. Raises the PlatformError that says what to do next, or
        Unsupported."""
        require(NAME, CAPABILITIES, delivery.act)
        from herald.platforms.wire.pace import Budget  # noqa: PLC0415

        budget = Budget(self._act_seconds)
        self._is_account(account, token, budget)
        if delivery.act.of_an_author:
            return self._keep_off(delivery, account, token, budget)
        if delivery.act is Act.TAKE_DOWN:
            return self._take_down(delivery, account, token, budget)
        form = {"visibility": "public"}
        text = richtext.with_link(delivery.text, delivery.link)
        if delivery.act is Act.REPLY:
            asked = self._asked(delivery, account, token, budget)
            form = {"visibility": asked.visibility, "in_reply_to_id": delivery.target}
            text = asked.addressed(text)
        self._require_fit(text, delivery, files, account, budget)
        form["status"] = text
        for media, data in zip(delivery.media, files, strict=True):
            form["media_ids[]"] = self._upload(media, data, account, token, budget)
        return self._post(delivery, form, account, token, budget)

    def find(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        """Evidence that the act stands: statuses of ours since it was sent that say the same; of a take-down, none.

        The same is: the same words as the server shows them, as many images, and the same status answered.
        """
        require(NAME, CAPABILITIES, delivery.act)
        if delivery.act.of_an_author:
            is_so = self._is_blocked(delivery.target, account, token) is (delivery.act is Act.BLOCK)
            return [Proof(delivery.target)] if is_so else []
        if delivery.act is Act.TAKE_DOWN:
            return [] if self._status(account, token, _id(delivery.target)) else [Proof(delivery.target)]
        since = (delivery.first_sent_at or delivery.ordered_at) - _CLOCK_SKEW
        answer = delivery.act is Act.REPLY
        words = richtext.said(richtext.with_link(delivery.text, delivery.link), answer=answer)
        found: dict[str, Proof] = {}
        for status in self._own_since(account, token, since):
            try:
                same = (
                    richtext.shown(optional_text(status.get("content"), "content"), answer=answer) == words
                    and len(list(items(status.get("media_attachments") or [], "media"))) == len(delivery.media)
                    and (optional_id(status.get("in_reply_to_id"), "in_reply_to_id") or "") == delivery.target
                )
                if same:
                    found[need_id(status.get("id"), "id")] = _proof(status)
            except BadPayload as error:
                raise OutcomeUnknown(f"a status of ours is unreadable: {error}", "shape") from error
        return list(found.values())

    def _own_since(self, account: Account, token: str, since: datetime) -> Iterator[dict[str, Any]]:
        """Our own statuses not older than `since`, newest first. Raises OutcomeUnknown when they never end."""
        path = _statuses_of(account)
        query = {"limit": str(_OWN_PAGE), "exclude_reblogs": "true"}
        for _ in range(_MAX_PAGES):
            try:
                page = [obj(value, at) for at, value in items(self._ask(account, token, path, query).body, "statuses")]
                times = [optional_time(status.get("created_at"), "created_at") for status in page]
                last = need_id(page[-1].get("id"), "id") if page else ""
            except BadPayload as error:
                raise OutcomeUnknown(f"the list of our statuses is unreadable: {error}", "shape") from error
            yield from (status for status, at in zip(page, times, strict=True) if at is None or at >= since)
            if not page or times[-1] is None or times[-1] < since or query.get("max_id") == last:
                return
            query["max_id"] = last
        raise OutcomeUnknown(f"more than {_MAX_PAGES * _OWN_PAGE} statuses since then: a person must look", "shape")

    def _post(self, delivery: Delivery, form: Mapping[str, str], account: Account, token: str, budget: Budget) -> Proof:
        key = sha256(f"{delivery.id}|{delivery.content_hash}".encode("utf-8", "surrogatepass")).hexdigest()
        headers = {**_authorization(token), "Idempotency-Key": key}  # Mastodon keeps it for an hour, others not at all
        http = budget.spend(self._client())
        answer = _read(http.post(_url(account, "/api/v1/statuses"), form, headers), repeatable=False)
        try:
            return _proof(obj(answer.body, "status"))
        except BadPayload as error:
            raise OutcomeUnknown(f"the status was taken, but the answer is unreadable: {error}", "shape") from error

    def _upload(self, media: Media, data: bytes, account: Account, token: str, budget: Budget) -> str:
        """The id of an image with its description. Uploading twice harms nothing: what no status names vanishes."""
        body, kind = _multipart(media, data)
        headers = {**_authorization(token), "Content-Type": kind}
        try:
            http = budget.spend(self._client(), keep=_LAST_CALL)
            answer = _read(http.send("POST", _url(account, "/api/v2/media"), body, headers), repeatable=True)
            media_id = _id(need_id(obj(answer.body, "media").get("id"), "id"))
        except OutcomeUnknown as error:
            raise Retryable(str(error), error.code) from error
        except BadPayload as error:
            raise Retryable(f"the image was taken, but the answer is unreadable: {error}", "shape") from error
        while answer.status in (202, 206):  # taken, being worked on; a status that names it now would be refused
            if budget.left() < _LAST_CALL + _POLL_SECONDS + 2.0:
                raise Retryable("the server is still working on the image", "media", 30.0)
            sleep(_POLL_SECONDS)
            answer = self._ask(account, token, f"/api/v1/media/{quote(media_id)}", {}, budget)
        return media_id

    def _take_down(self, delivery: Delivery, account: Account, token: str, budget: Budget) -> Proof:
        target = _id(delivery.target)
        http = budget.spend(self._client())
        url = _url(account, f"/api/v1/statuses/{quote(target)}")
        try:
            _read(http.send("DELETE", url, None, _authorization(token)), repeatable=True)
        except Rejected as refused:
            if refused.code not in ("http 404", "http 410") or self._status(account, token, target):
                raise
        return Proof(delivery.target)

    def _keep_off(self, delivery: Delivery, account: Account, token: str, budget: Budget) -> Proof:
        """Block or unblock; the answer is how the two stand to each other now."""
        http = budget.spend(self._client())
        url = _url(account, f"/api/v1/accounts/{quote(_id(delivery.target))}/{delivery.act}")
        read = _read(http.send("POST", url, None, _authorization(token)), repeatable=True)
        if _blocking(read.body) is not (delivery.act is Act.BLOCK):
            raise OutcomeUnknown("the server answered without saying that it was done", "shape")
        return Proof(delivery.target)

    def _is_blocked(self, author: str, account: Account, token: str) -> bool:
        told = self._ask(account, token, "/api/v1/accounts/relationships", {"id[]": _id(author)}).body
        return _blocking(told[0] if isinstance(told, list) and len(told) == 1 else None)

    def _asked(self, delivery: Delivery, account: Account, token: str, budget: Budget) -> _Asked:
        """What is answered: its author must be named to hear of it, and an answer is no more public than it."""
        status = self._status(account, token, _id(delivery.target), budget)
        if status is None:
            raise Rejected("the status to answer is gone", "http 404")
        try:
            author = obj(status.get("account"), "account")
            acct = optional_text(author.get("acct"), "account.acct")
            own = optional_id(author.get("id"), "account.id") == account.account_id
            visibility = optional_text(status.get("visibility"), "visibility")
        except BadPayload as error:
            raise Rejected(f"the status to answer is unreadable: {error}", "shape") from error
        if visibility not in ("public", "unlisted", "private", "direct"):
            raise Rejected("the server does not say how public the status to answer is", "visibility")
        return _Asked("" if own else acct, visibility)

    def _status(
        self, account: Account, token: str, status_id: str, budget: Budget | None = None
    ) -> dict[str, Any] | None:
        """A status, None where there is none."""
        try:
            return obj(self._ask(account, token, f"/api/v1/statuses/{quote(status_id)}", {}, budget).body, "status")
        except BadPayload as error:
            raise OutcomeUnknown(f"the status is unreadable: {error}", "shape") from error
        except Rejected as refused:
            if refused.code in ("http 404", "http 410"):
                return None
            raise

    def _require_fit(
        self, text: str, delivery: Delivery, files: Sequence[bytes], account: Account, budget: Budget
    ) -> None:
        """Raises Rejected in words for what this server would refuse; Retryable while it does not tell its bounds."""
        limits, told = self._limits(account, budget)
        try:
            _fits(text, delivery, files, limits)
        except Rejected as refused:
            if told:
                raise
            raise Retryable(f"the server does not tell its bounds now, and by the usual ones: {refused}") from refused

    def _limits(self, account: Account, budget: Budget) -> tuple[PostLimits, bool]:
        """The server's own bounds, remembered for an hour; the usual ones where it has none, or (False) is silent."""
        until, known = self._bounds.get(account.api_base, (0.0, LIMITS))
        if until > monotonic():
            return known, True
        try:
            url = _url(account, "/api/v2/instance")
            answer = _read(budget.spend(self._client(), keep=_LAST_CALL).get(url, {}, {}), repeatable=True)
            known = _bounds(obj(answer.body, "instance"))
        except (Rejected, BadPayload):  # a server without this page
            known = LIMITS
        except PlatformError:
            return LIMITS, False
        self._bounds[account.api_base] = (monotonic() + _BOUNDS_SECONDS, known)
        return known, True

    def _is_account(self, account: Account, token: str, budget: Budget) -> None:
        """Once a token: it must be this account's, or we would speak in another's name. Raises NeedsLogin."""
        key = f"{account.api_base} {account.account_id} {sha256(token.encode('utf-8', 'replace')).hexdigest()}"
        if key in self._checked:
            return
        try:
            answer = self._ask(account, token, "/api/v1/accounts/verify_credentials", {}, budget)
            owner = need_id(obj(answer.body, "account").get("id"), "id")
        except BadPayload as error:
            raise Retryable(f"the server does not say whose token this is: {error}", "shape") from error
        except Rejected as refused:
            if refused.code != "http 403":  # the token may not have the right to ask
                raise
            owner = account.account_id
        if owner != account.account_id:
            raise NeedsLogin(
                f"the token belongs to account {owner}, not to {account.account_id}: connect the account again", "id"
            )
        self._checked.add(key)

    # ---------------------------------------------------------------- Meter

    def profile(self, account: Account, token: str, now: datetime) -> list[Snapshot]:
        """Followers now. Raises PlatformError."""
        answer = self._ask(account, token, f"/api/v1/accounts/{quote(_id(account.account_id))}", {})
        day = now.astimezone(ZoneInfo(account.timezone)).date().isoformat()
        count = _count(answer.body.get("followers_count")) if isinstance(answer.body, dict) else None
        return [] if count is None else [Snapshot(account.id, Metric.FOLLOWERS, count, now, day=day)]

    def insights(self, account: Account, token: str, posts: Sequence[str], now: datetime) -> list[Snapshot]:
        """Favourites, answers, and boosts with quotes, so far. What is gone, or not counted, has no snapshot.

        A call a post. When the server asks for a pause half-way, what was read is kept. Raises PlatformError.
        """
        found: list[Snapshot] = []
        for post in posts:
            try:
                status = self._status(account, token, _id(post))
            except Retryable:
                if found:
                    break
                raise
            found += _figures(account, post, status or {}, now)
        return found

    # ---------------------------------------------------------------- calls

    def _ask(
        self, account: Account, token: str, path: str, query: Mapping[str, str], budget: Budget | None = None
    ) -> _Read:
        http = budget.spend(self._client(), keep=_LAST_CALL) if budget else self._client()
        return _read(http.get(_url(account, path), query, _authorization(token)), repeatable=True)

    def _client(self) -> Http:
        if self._http is None:
            from herald.platforms.wire.http import Http  # noqa: PLC0415

            self._http = Http()
        return self._http


@dataclass(frozen=True, slots=True)
class _Read:
    """A successful answer."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class _Asked:
    """Of the status to answer: whom to address (empty: ourselves), and how public it is."""

    acct: str
    visibility: str

    def addressed(self, text: str) -> str:
        named = re.search(rf"(?<![\w@])@{re.escape(self.acct)}(?![\w@.\-])", text, re.IGNORECASE) if self.acct else None
        return text if named or not self.acct else f"@{self.acct} {text}"


def _no_webhooks() -> NoReturn:
    raise BadSignature(f"{NAME} sends no webhooks: its messages are polled, nothing that arrives is from it")


def _blocking(relationship: object) -> bool:
    """Whether we block them. Raises OutcomeUnknown where the server does not say."""
    blocking = relationship.get("blocking") if isinstance(relationship, dict) else None
    if not isinstance(blocking, bool):
        raise OutcomeUnknown("the server does not say whether this account is blocked", "shape")
    return blocking


def _read(answer: Answer, *, repeatable: bool) -> _Read:
    """The JSON of a successful answer. Raises the PlatformError that says what to do next, by status code.

    Args:
        repeatable: see wire.http.by_status.
    """
    from herald.platforms.wire.http import by_status  # noqa: PLC0415
    from herald.platforms.wire.pace import wait_seconds  # noqa: PLC0415

    try:
        body = read_json(answer.body)
    except BadPayload as error:
        if 200 <= answer.status < 300:
            raise by_status(answer, f"answer {answer.status} is {error}", repeatable=repeatable) from error
        body = None
    if 200 <= answer.status < 300 and body is not None:
        return _Read(answer.status, answer.headers, body)
    code = f"http {answer.status}"
    sentence = f"Mastodon error {answer.status}{_said(body)}"
    if answer.status == 401:
        raise NeedsLogin(f"{sentence}; connect the account again", code)
    if answer.status == 403:
        raise Rejected(f"{sentence}; the token lacks the scope, or the server does not let this account", code)
    if answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers):
        raise Retryable(sentence, code, wait_seconds(answer.headers))
    raise by_status(answer, sentence, repeatable=repeatable)


def _said(body: object) -> str:
    """The server's own words, in its own language: for people, never to decide by."""
    said = body.get("error") if isinstance(body, dict) else None
    return f": {' '.join(whole(said).split())[:200]}" if isinstance(said, str) else ""


def _url(account: Account, path: str) -> str:
    if not account.api_base:
        raise Rejected("the account has no API address: set it to the address of its server", "address")
    return account.api_base.rstrip("/") + path


def _statuses_of(account: Account) -> str:
    return f"/api/v1/accounts/{quote(_id(account.account_id))}/statuses"


def _authorization(token: str) -> dict[str, str]:
    if not re.fullmatch(r"[!-~]+", token):
        raise NeedsLogin("the stored token is empty or no token: connect the account again", "token")
    return {"Authorization": f"Bearer {token}"}


def _id(text: str) -> str:
    """An id that can stand in an address. Raises Rejected."""
    if not _PATH_ID.fullmatch(text):
        raise Rejected("what is acted on has no id that a Mastodon server gives", "target")
    return text


def _members(answer: _Read, cursor: str, of: str) -> tuple[list[tuple[str, Any]], str]:
    """The members of a page of a list, newest first, and the id to go on from: by the Link header, else the newest.

    A page that leads nowhere new is empty.
    """
    try:
        members = list(items(answer.body, "list"))
    except BadPayload as error:
        raise Retryable(f"the list of {of} is unreadable: {error}", "shape") from error
    ids = [one["id"] for _, one in members if isinstance(one, dict) and isinstance(one.get("id"), str)]
    link = _LINK.search(answer.headers.get("link", ""))
    told = parse_qs(urlsplit(link.group(1)).query).get("min_id", []) if link else []
    reached = next((one for one in (*told, *ids) if _PATH_ID.fullmatch(one)), cursor)
    return (members if reached != cursor else []), reached


# -------------------------------------------------------------------- what goes out


def _fits(text: str, delivery: Delivery, files: Sequence[bytes], limits: PostLimits) -> None:
    """Raises Rejected in words when the server would refuse it."""
    count = length(_counted(text), limits.unit, limits.url_length)
    if count > limits.text:
        raise Rejected(
            f"this server takes {limits.text} characters, a link counts {limits.url_length}; with link and address this"
            f" has {count}", "length",
        )  # fmt: skip
    if not text and not delivery.media:
        raise Rejected("there is nothing to say: no words and no image", "empty")
    if len(delivery.media) > limits.images:
        raise Rejected(f"Herald puts {limits.images} image on a post, this one has {len(delivery.media)}", "media")
    if len(files) != len(delivery.media):
        raise Rejected("the image of this post is not at hand: attach it again", "media")
    for media, data in zip(delivery.media, files, strict=True):
        if media.mime not in limits.image_types or len(data) > limits.image_bytes:
            kinds = ", ".join(sorted(kind.removeprefix("image/") for kind in limits.image_types))
            raise Rejected(
                f"this server takes {kinds} of at most {limits.image_bytes} bytes; this is {media.mime} of {len(data)}",
                "media",
            )
        if len(media.alt) > limits.alt_length:
            raise Rejected(f"the description has {len(media.alt)} characters, at most {limits.alt_length}", "alt")


def _counted(text: str) -> str:
    """Of @someone@server only the first part counts (same validator)."""
    return re.sub(r"(?<![\w/])(@\w+(?:[\w.\-]*\w)?)@[\w.\-]+\w", r"\1", text)


def _bounds(instance: Mapping[str, Any]) -> PostLimits:
    """Bounds out of GET /api/v2/instance; the usual one for each that it does not name."""
    told = instance.get("configuration")
    told = told if isinstance(told, dict) else {}
    statuses = told["statuses"] if isinstance(told.get("statuses"), dict) else {}
    images = told["media_attachments"] if isinstance(told.get("media_attachments"), dict) else {}
    types = images.get("supported_mime_types")
    known = {one for one in types if isinstance(one, str)} if isinstance(types, list) else set()
    return replace(
        LIMITS,
        text=_count(statuses.get("max_characters")) or LIMITS.text,
        url_length=_count(statuses.get("characters_reserved_per_url")) or LIMITS.url_length,
        image_bytes=_count(images.get("image_size_limit")) or LIMITS.image_bytes,
        image_types=(LIMITS.image_types & known) or LIMITS.image_types,
        alt_length=_count(images.get("description_limit")) or LIMITS.alt_length,
    )


def _multipart(media: Media, data: bytes) -> tuple[bytes, str]:
    """multipart/form-data of one image with its description, and the Content-Type that names the boundary."""
    described = whole(media.alt).encode("utf-8")
    boundary = sha256(data + described).hexdigest()  # a text that holds the hash of itself cannot be written
    ending = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}.get(media.mime, "bin")
    parts = [
        b'Content-Disposition: form-data; name="description"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'
        + described,
        f'Content-Disposition: form-data; name="file"; filename="image.{ending}"\r\n'
        f"Content-Type: {media.mime}\r\n\r\n".encode("ascii")
        + data,
    ]
    line = f"--{boundary}".encode("ascii")
    body = b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"
    return body, f"multipart/form-data; boundary={boundary}"


def _proof(status: Mapping[str, Any]) -> Proof:
    return Proof(need_id(status.get("id"), "id"), optional_url(status.get("url")))


# -------------------------------------------------------------------- numbers


def _figures(account: Account, post: str, status: Mapping[str, Any], now: datetime) -> list[Snapshot]:
    boosts, quotes = _count(status.get("reblogs_count")), _count(status.get("quotes_count"))
    told = {
        Metric.REACTIONS: _count(status.get("favourites_count")),
        Metric.COMMENTS: _count(status.get("replies_count")),
        Metric.SHARES: None if boosts is None else boosts + (quotes or 0),
    }
    return [Snapshot(account.id, metric, count, now, post=post) for metric, count in told.items() if count is not None]


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


# -------------------------------------------------------------------- bodies


def _body(body: object) -> list[Event]:
    if isinstance(body, list):
        return [_member(value, path) for path, value in items(body, "list")]
    one = obj(body, "body")
    if "error" in one and "id" not in one:
        raise BadPayload(f"the platform answered an error{_said(one) or ' without words'}")
    if "notification_groups" in one:
        return _groups(one)
    if "ancestors" in one or "descendants" in one:
        return [
            _member(value, path)
            for key in ("ancestors", "descendants")
            for path, value in items(one.get(key) or [], key)
        ]
    if _is_notification(one) or _is_status(one) or "last_status" in one:
        return [_member(one, "body")]
    if not one or _NO_MESSAGE & set(one):
        return []
    raise BadPayload("no notifications, statuses or thread: this body belongs to another service, or to none")


def _is_notification(one: Mapping[str, Any]) -> bool:
    return "type" in one and "created_at" in one and "content" not in one and ("account" in one or "group_key" in one)


def _is_status(one: Mapping[str, Any]) -> bool:
    return "content" in one and "visibility" in one


def _member(value: object, path: str) -> Event:
    """One member of a list: a notification, a status, or a conversation with its newest status."""
    try:
        one = obj(value, path)
        if _is_notification(one):
            return _notification(one, path)
        if one.get("last_status") is not None:
            return _status(obj(one["last_status"], f"{path}.last_status"), f"{path}.last_status", "")
        return _status(one, path, "")
    except BadPayload as error:
        return unknown(NAME, "", value, None, why=str(error))


def _notification(value: object, path: str, ours: str = "") -> Event:
    try:
        one = obj(value, path)
        kind = _TYPES.get(optional_text(one.get("type"), f"{path}.type"))
        at = optional_time(one.get("created_at"), f"{path}.created_at")
        if kind is None:
            return unknown(NAME, ours, value, at)
        if one["type"] in _SPOKEN:
            return _status(obj(one.get("status"), f"{path}.status"), f"{path}.status", ours, notified=one["type"])
        return _fact(one, kind, need_id(one.get("id"), f"{path}.id"), at, path, ours)
    except BadPayload as error:
        return unknown(NAME, ours, value, None, why=str(error))


def _fact(one: Mapping[str, Any], kind: Kind, own_id: str, at: datetime | None, path: str, ours: str) -> Event:
    """A notification without words: somebody did something to a status of ours, or to us."""
    if at is None:
        raise BadPayload(f"{path}.created_at: a time expected, found none")
    status = obj(one.get("status") or {}, f"{path}.status")
    about_us = obj(status.get("account") or {}, f"{path}.status.account")
    author_id, author_name, acct = _author(obj(one.get("account") or {}, f"{path}.account"), f"{path}.account")
    type_ = optional_text(one.get("type"), f"{path}.type")
    text, more = bounded(
        type_ if kind is Kind.REACTION else "",
        {
            "type": type_ if kind in (Kind.SYSTEM, Kind.FOLLOW) else None,
            "reaction": type_ if kind is Kind.REACTION else None,
            "permalink": optional_url(status.get("url")),
            "handle": acct,
        },
    )
    return Event(
        platform=NAME,
        account_id=ours or optional_id(about_us.get("id"), f"{path}.status.account.id") or "",
        external_id=own_id,
        author_id=author_id,
        text=text,
        kind=kind,
        change=Change.CREATED,
        parent_id=optional_id(status.get("id"), f"{path}.status.id"),
        created_at=at,
        author_name=author_name,
        more=more,
    )


def _groups(body: Mapping[str, Any]) -> list[Event]:
    """Grouped notifications (/api/v2/notifications): a line for each account that a group shows."""
    people = {
        person["id"]: person
        for key in ("accounts", "partial_accounts")
        for _, person in items(body.get(key) or [], key)
        if isinstance(person, dict) and isinstance(person.get("id"), str)
    }
    statuses = {
        status["id"]: status
        for _, status in items(body.get("statuses") or [], "statuses")
        if isinstance(status, dict) and isinstance(status.get("id"), str)
    }
    events = []
    for path, value in items(body["notification_groups"], "notification_groups"):
        try:
            events += _group(obj(value, path), path, people, statuses)
        except BadPayload as error:
            events.append(unknown(NAME, "", value, None, why=str(error)))
    return events


def _group(group: dict[str, Any], path: str, people: Mapping[str, Any], statuses: Mapping[str, Any]) -> list[Event]:
    key = need_id(group.get("group_key"), f"{path}.group_key")
    newest = need_id(group.get("most_recent_notification_id"), f"{path}.most_recent_notification_id")
    shown = [optional_id(value, at) for at, value in items(group.get("sample_account_ids") or [], f"{path}.samples")]
    status = statuses.get(optional_id(group.get("status_id"), f"{path}.status_id") or "")
    several = len(shown) > 1
    made = []
    for person in shown or [None]:
        one = {
            "id": f"{key}:{person}" if several else newest,  # members of a group have no id of their own here
            "type": group.get("type"),
            "created_at": group.get("latest_page_notification_at"),
            "account": people.get(person or "", {"id": person} if person else None),
            "status": status,
        }
        made.append(_notification(one, path))
    return made


def _status(one: dict[str, Any], path: str, ours: str, *, notified: str = "") -> Event:
    """A status as an event: what it is follows from whom it addresses; edited ones are told as edits."""
    status_id = need_id(one.get("id"), f"{path}.id")
    created = optional_time(one.get("created_at"), f"{path}.created_at")
    edited = optional_time(one.get("edited_at"), f"{path}.edited_at")
    if created is None:
        raise BadPayload(f"{path}.created_at: a time expected, found none")
    author = obj(one.get("account") or {}, f"{path}.account")
    author_id, author_name, acct = _author(author, f"{path}.account")
    account_id = ours or (_addressed(one, path) if notified == "mention" else "")
    kind = _kind(one, path, account_id, notified)
    above = optional_id(one.get("in_reply_to_id"), f"{path}.in_reply_to_id")
    own = bool(account_id) and author_id == account_id
    change = Change.EDITED if edited else Change.OUTBOUND if own else Change.CREATED
    visibility = optional_text(one.get("visibility"), f"{path}.visibility")
    text, more = bounded(
        _words(one, path),
        {
            "thread_id": above or status_id,
            "permalink": optional_url(one.get("url")),
            "handle": acct,
            "author_since": made_at(author.get("created_at")),
            "visibility": visibility if visibility != "public" else None,
            "answers": above if kind is Kind.DM else None,
            "language": optional_text(one.get("language"), f"{path}.language")[:20],
            "quote": _quoted(one),
            "own": True if own and edited else None,
            **_attached(one),
        },
    )
    return Event(
        platform=NAME,
        account_id=account_id,
        external_id=status_id,
        author_id=author_id,
        text=text,
        kind=kind,
        change=change,
        parent_id=(account_id or above)
        if kind is Kind.DM
        else above or (_quoted(one) if notified == "quote" else None),
        created_at=edited or created,
        author_name=author_name,
        more=more,
    )


def _echo(value: object, path: str, ours: str) -> Event | None:
    """A status of ours that answers somebody; None for any other, and for what cannot be read.

    Where it is private it belongs to what it answers, not to us: that is how it finds whom it answers. One edited
    before it is first read stands since it was written: nobody waits for an answer until a slip in it is mended.
    """
    try:
        one = obj(value, path)
        answered = optional_id(one.get("in_reply_to_id"), f"{path}.in_reply_to_id")
        ourselves = optional_id(one.get("in_reply_to_account_id"), f"{path}.in_reply_to_account_id") == ours
        event = _status(one, path, ours)
        written = optional_time(one.get("created_at"), f"{path}.created_at") or event.created_at
    except BadPayload:
        return None
    said = answered and not ourselves and event.author_id == ours and not one.get("reblog")
    return replace(event, change=Change.OUTBOUND, parent_id=answered, created_at=written) if said else None


def _kind(one: Mapping[str, Any], path: str, account_id: str, notified: str) -> Kind:
    """dm for what only the addressed may see; comment for an answer to us; else what the notification says."""
    if one.get("visibility") == "direct":
        return Kind.DM
    answered = optional_id(one.get("in_reply_to_account_id"), f"{path}.in_reply_to_account_id")
    if answered and answered == account_id:
        return Kind.COMMENT
    if notified in ("mention", "quote") or (account_id and account_id in _mentioned(one, path)):
        return Kind.MENTION
    answers = optional_id(one.get("in_reply_to_id"), f"{path}.in_reply_to_id") and notified != "status"
    return Kind.COMMENT if answers else Kind.POST


def _addressed(one: Mapping[str, Any], path: str) -> str:
    """Who was notified of a mention, as far as it shows: the one addressed, or of several the one answered."""
    ids = _mentioned(one, path)
    answered = optional_id(one.get("in_reply_to_account_id"), f"{path}.in_reply_to_account_id")
    if answered and answered in ids:
        return answered
    return ids[0] if len(ids) == 1 else ""


def _mentioned(one: Mapping[str, Any], path: str) -> list[str]:
    mentions = items(one.get("mentions") or [], f"{path}.mentions")
    return [found for at, value in mentions if (found := optional_id(obj(value, at).get("id"), f"{at}.id"))]


def _author(account: Mapping[str, Any], path: str) -> tuple[str | None, str | None, str]:
    """(id, name to show, address)."""
    acct = optional_text(account.get("acct"), f"{path}.acct")[:300]
    name = optional_text(account.get("display_name"), f"{path}.display_name") or acct
    return optional_id(account.get("id"), f"{path}.id"), name[:200] or None, acct


def _words(one: Mapping[str, Any], path: str) -> str:
    """The words, under the warning they stand behind: that is read first, so it is judged too."""
    warning = optional_text(one.get("spoiler_text"), f"{path}.spoiler_text").strip()
    words = richtext.plain(optional_text(one.get("content"), f"{path}.content"))
    return f"{warning}\n\n{words}".strip() if warning else words


def _quoted(one: Mapping[str, Any]) -> str | None:
    """The id of the status that this one quotes (4.5), whole or by reference."""
    quote_ = one.get("quote")
    if not isinstance(quote_, dict):
        return None
    status = quote_.get("quoted_status")
    told = status.get("id") if isinstance(status, dict) else quote_.get("quoted_status_id")
    return optional_id(told, "quote.quoted_status.id")


def _attached(one: Mapping[str, Any]) -> dict[str, Any]:
    """Addresses and descriptions of what hangs on a status, and its link card."""
    media = one.get("media_attachments")
    known = [item for item in media[:20] if isinstance(item, dict)] if isinstance(media, list) else []
    card = one.get("card")
    return {
        "photos": [url for item in known if (url := optional_url(item.get("url")))],
        "alts": [whole(text)[:1000] for item in known if isinstance(text := item.get("description"), str)],
        "link": optional_url(card.get("url")) if isinstance(card, dict) else "",
    }
