"""Google Business Profile: the reviews of a place by polling, and the one answer that each may have.

My Business API v4, read 2026-11-25: developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews
(list, updateReply, deleteReply); fields and errors second-hand, 2026-11-21. Nothing here was tried on a live profile.

Google can tell a Pub/Sub topic that a review is new. The body only names it and comes in differing shapes, so the
review would be read again anyway: Herald asks every two minutes instead, and no topic is needed.

An account: `account_id` is `accounts/<id>/locations/<id>`, and so the ids of its reviews begin; the token is
`<client id>:<client secret>:<refresh token>`, or an access token, which lives for an hour.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import Lock
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote

from herald.errors import BadPayload, BadSignature, NeedsLogin, OutcomeUnknown, PlatformError, Rejected, Retryable
from herald.model import Account, Act, Change, Delivery, Event, Kind
from herald.platforms.wire import meta, require
from herald.platforms.wire.events import bounded, unknown
from herald.platforms.wire.strict import (
    items,
    need_id,
    obj,
    optional_text,
    optional_time,
    optional_url,
    read_json,
    whole,
)
from herald.ports import Capabilities, Polled, Proof

if TYPE_CHECKING:  # HTTP is paid for by the first call, not by every cold start
    from herald.platforms.wire.http import Answer, Http

NAME = "google_business"
API = "https://mybusiness.googleapis.com"
LOGIN = "https://oauth2.googleapis.com"

CAPABILITIES = Capabilities(
    acts=frozenset({Act.REPLY, Act.TAKE_DOWN}),
    reply_limit=4_096,
    reply_bytes=4_096,
    settle_seconds=60,
    sources=MappingProxyType({
        "acts": "developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews, 2026-11-25: one answer"
        " a review (updateReply, deleteReply; take_down takes ours away); a review can be neither hidden nor deleted:"
        " a person asks Google to remove it; not tried on a live profile",
        "reply_limit": "second-hand: pipedream.com/apps/google-my-business, 2026-11-25: 4,096 bytes",
        "settle_seconds": "our assumption, 2026-11-25: Google publishes no figure; a repeat lands on the same answer",
        "reviews": "/v4/accounts.locations.reviews/list, 2026-11-21: at most 50 a page, by updateTime; no id of who"
        " wrote, a deleted review is just absent",
    }),
)  # fmt: skip

_STARS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}
_REVIEW = re.compile(r"accounts/[A-Za-z0-9_\-]{1,64}/locations/[A-Za-z0-9_\-]{1,64}/reviews/[A-Za-z0-9_\-=]{1,160}")
_PLACE = re.compile(r"accounts/[A-Za-z0-9_\-]{1,64}/locations/[A-Za-z0-9_\-]{1,64}")
_PAGE_SIZE = 50
_MAX_PAGES = 10
_CLOCK_SKEW = timedelta(seconds=5)
_AGAIN = frozenset({"ABORTED", "DEADLINE_EXCEEDED", "INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "UNKNOWN"})
"""google.rpc.Code whose documents say to try again."""

_GONE = "NOT_FOUND"
_EARLY = 60.0  # seconds before its end that an access token is no longer used


class GoogleBusiness:
    """Source, Poller and Outlet of Google reviews."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(self, http: Http | None = None) -> None:
        self._http = http
        self._tokens: dict[str, tuple[float, str]] = {}
        self._lock = Lock()

    # ---------------------------------------------------------------- Source

    def verify(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
        """Raises BadSignature, always: reviews are asked for, so nothing that arrives is from Google."""
        _no_webhooks()

    def challenge(self, query: Mapping[str, str], verify_token: str, secrets: Sequence[str]) -> str:
        """Raises BadSignature, always."""
        _no_webhooks()

    def parse(self, body: bytes) -> list[Event]:
        """Events of the body of a list of reviews, in the order given: each review, and our answer where it has one.

        One unreadable review becomes an event of kind unknown with its raw form; its neighbours are read. Raises
        BadPayload when the body is no such list, or Google's error.
        """
        try:
            return [event for path, value in _listed(obj(read_json(body), "body")) for event in _review(value, path)]
        except BadPayload as error:
            raise BadPayload(f"{NAME}: {error}") from error
        except RecursionError as error:
            raise BadPayload(f"{NAME}: nested too deeply") from error

    # ---------------------------------------------------------------- Poller

    def poll(self, account: Account, token: str, cursor: str) -> Polled:
        """Reviews that are new or changed since the cursor, oldest first. Raises PlatformError.

        The cursor is the time of the newest change seen and hashes of the reviews seen within the overlap before it.
        The first run reads one page. What a run cannot reach in ten pages is read by none: a place with 500 changed
        reviews in two minutes has other trouble.
        """
        newest, known = meta.read_cursor(cursor)
        since = newest - meta.OVERLAP
        query = {"pageSize": str(_PAGE_SIZE), "orderBy": "updateTime desc"}
        found: list[Event] = []
        for _ in range(_MAX_PAGES):
            answer = self._get(account, token, f"{_place(account)}/reviews", query)
            try:
                page = [event for path, value in _listed(answer) for event in _review(value, path)]
                after = optional_text(answer.get("nextPageToken"), "nextPageToken")
            except BadPayload as error:
                raise Rejected(f"the list of reviews is unreadable: {error}", "shape") from error
            found += page
            changed = [event.created_at for event in page if event.kind is Kind.REVIEW]
            if not cursor or not after or not changed or min(changed) < since:
                break
            query["pageToken"] = after
        fresh = [
            event
            for event in found
            if event.kind is not Kind.UNKNOWN and event.created_at >= since and _mark(event) not in known
        ]
        if not fresh:
            return Polled((), cursor)
        told = sorted(fresh, key=lambda event: (event.created_at, event.kind is not Kind.REVIEW, event.external_id))
        last = max(newest, *(event.created_at for event in told))
        near = [_mark(event) for event in found if last - meta.OVERLAP <= event.created_at]
        return Polled(tuple(told), meta.write_cursor(last, near))

    # ---------------------------------------------------------------- Outlet

    def act(self, delivery: Delivery, account: Account, token: str, files: Sequence[bytes] = ()) -> Proof:
        """Answer a review, or take our answer away, once. Raises the PlatformError that says what to do next, or
        Unsupported.

        The call that answers would replace an answer that stands there. Somebody may have given it at Google itself, so
        it is replaced only where the customer has changed the review since.
        """
        require(NAME, CAPABILITIES, delivery.act)
        name = _name(delivery, account)
        if delivery.act is Act.TAKE_DOWN:
            return self._take_down(delivery, name, account, token)
        text = whole(delivery.text).strip()
        problem = CAPABILITIES.reply_problem(text, NAME)
        if problem or not text:
            raise Rejected(f"an answer {problem or 'needs words'}", "length")
        review = self._read(name, account, token)
        standing = review.reply
        if standing and standing.at >= review.changed_at:
            if delivery.attempt > 1 and standing.says(text) and standing.at >= _since(delivery):
                return standing.proof(name)  # an earlier attempt of this one came through after all
            raise Rejected(
                f"there is an answer since {standing.at:%Y-%m-%d %H:%M} UTC, and Google keeps one a review: change it"
                " there",
                "answered",
            )
        answer = self._send("PUT", account, token, f"{name}/reply", {"comment": text})
        try:
            reply = _reply(answer, "reply")
        except BadPayload as error:
            raise OutcomeUnknown(
                f"the answer was taken, but what Google says is unreadable: {error}", "shape"
            ) from error
        if reply is None:
            raise OutcomeUnknown("Google took the answer without saying what stands there", "shape")
        return reply.proof(name)

    def find(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        """Evidence that the act stands: the review's answer has these words; of a take-down, there is none."""
        require(NAME, CAPABILITIES, delivery.act)
        name = _name(delivery, account)
        try:
            reply = self._read(name, account, token).reply
        except Rejected as refused:
            if refused.code != _GONE:
                raise
            return [Proof(delivery.target)] if delivery.act is Act.TAKE_DOWN else []
        if delivery.act is Act.TAKE_DOWN:
            return [] if reply else [Proof(delivery.target)]
        same = reply is not None and reply.says(delivery.text) and reply.at >= _since(delivery)
        return [reply.proof(name)] if reply is not None and same else []

    def _take_down(self, delivery: Delivery, name: str, account: Account, token: str) -> Proof:
        try:
            self._send("DELETE", account, token, f"{name}/reply", None)
        except Rejected as refused:
            if refused.code != _GONE or self.find(delivery, account, token) == []:
                raise
        return Proof(delivery.target)

    def _read(self, name: str, account: Account, token: str) -> _Review:
        answer = self._get(account, token, name, {})
        try:
            changed_at = optional_time(answer.get("updateTime"), "updateTime")
            reply = _reply(answer.get("reviewReply"), "reviewReply")
        except BadPayload as error:
            raise OutcomeUnknown(f"the review is unreadable: {error}", "shape") from error
        if changed_at is None:
            raise OutcomeUnknown("Google does not say when the review was written", "shape")
        return _Review(changed_at, reply)

    # ---------------------------------------------------------------- HTTP

    def _get(self, account: Account, token: str, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._access(account, token)}"}
        return _answer(self._client().get(_url(account, path), query, headers))

    def _send(
        self, method: str, account: Account, token: str, path: str, body: Mapping[str, str] | None
    ) -> dict[str, Any]:
        import json  # noqa: PLC0415

        headers = {"Authorization": f"Bearer {self._access(account, token)}", "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8")
        return _answer(self._client().send(method, _url(account, path), sent, headers))

    def _access(self, account: Account, token: str) -> str:
        """An access token. Raises NeedsLogin, Retryable.

        OAuth 2.0 for web servers, "refreshing an access token", from memory: POST /token with grant_type=refresh_token;
        `invalid_grant` means that the consent is gone.
        """
        if not re.fullmatch(r"[!-~]+", token):
            raise NeedsLogin("the stored token is empty or no token: connect the account again", "token")
        parts = token.split(":")
        if len(parts) != 3:
            return token
        key = sha256(token.encode("ascii")).hexdigest()
        with self._lock:
            until, known = self._tokens.get(key, (0.0, ""))
            if until > monotonic():
                return known
            form = dict(zip(("client_id", "client_secret", "refresh_token"), parts, strict=True))
            url = f"{(account.api_base or LOGIN).rstrip('/')}/token"
            try:
                answer = self._client().post(url, {**form, "grant_type": "refresh_token"}, {})
            except OutcomeUnknown as error:  # asking twice harms nothing
                raise Retryable(str(error), error.code) from error
            access, seconds = _granted(answer)
            self._tokens[key] = (monotonic() + seconds - _EARLY, access)
            return access

    def _client(self) -> Http:
        if self._http is None:
            from herald.platforms.wire.http import Http  # noqa: PLC0415

            self._http = Http()
        return self._http


@dataclass(frozen=True, slots=True)
class _Reply:
    """The one answer to a review."""

    text: str
    at: datetime
    state: str

    def says(self, text: str) -> bool:
        return meta.rendered(self.text) == meta.rendered(text)

    def proof(self, review: str) -> Proof:
        return Proof(_reply_id(review, self.at))


@dataclass(frozen=True, slots=True)
class _Review:
    changed_at: datetime
    reply: _Reply | None


def _reply_id(review: str, at: datetime) -> str:
    """An answer has no id of its own; a later one on the same review is another answer."""
    return f"{review}/reply@{int(at.timestamp() * 1000)}"


def _since(delivery: Delivery) -> datetime:
    return (delivery.first_sent_at or delivery.ordered_at).astimezone(UTC) - _CLOCK_SKEW


def _place(account: Account) -> str:
    if not _PLACE.fullmatch(account.account_id):
        raise Rejected("the account's id must be accounts/<id>/locations/<id>: connect it again", "account")
    return account.account_id


def _name(delivery: Delivery, account: Account) -> str:
    """The review acted on: one of this place, and nothing that could leave it in an address."""
    name = delivery.target.partition("/reply@")[0]
    if not _REVIEW.fullmatch(name) or not name.startswith(f"{_place(account)}/"):
        raise Rejected("what is acted on is no review of this place", "target")
    return name


def _url(account: Account, path: str) -> str:
    return f"{(account.api_base or API).rstrip('/')}/v4/{quote(path)}"


def _no_webhooks() -> NoReturn:
    raise BadSignature(f"{NAME} sends no webhooks: its reviews are asked for, so nothing that arrives is authentic")


# -------------------------------------------------------------------- answers


def _answer(answer: Answer) -> dict[str, Any]:
    """The object of a successful answer. Raises the PlatformError that says what to do next.

    Every call here may be repeated: reads, an answer that is put, a deletion.
    """
    from herald.platforms.wire.http import by_status  # noqa: PLC0415

    try:
        body = read_json(answer.body) if answer.body.strip() else {}
    except BadPayload as error:
        raise by_status(answer, f"answer {answer.status} is {error}", repeatable=True) from error
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        raise _classified(answer, body["error"])
    if not isinstance(body, dict) or not 200 <= answer.status < 300:
        raise by_status(answer, f"answer {answer.status} has no shape that Google documents", repeatable=True)
    return body


def _classified(answer: Answer, error: Mapping[str, Any]) -> PlatformError:
    """By google.rpc.Code, never by sentence; a code we do not know follows the HTTP status."""
    from herald.platforms.wire.http import by_status  # noqa: PLC0415
    from herald.platforms.wire.pace import wait_seconds  # noqa: PLC0415

    status = error.get("status")
    code = whole(status)[:60] if isinstance(status, str) else ""
    said = error.get("message")
    words = f": {' '.join(whole(said).split())[:200]}" if isinstance(said, str) else ""
    sentence = f"Google error {answer.status} {code or 'without a code'}{words}"
    if code == "UNAUTHENTICATED" or answer.status == 401:
        return NeedsLogin(f"{sentence}; connect the account again", code)
    if code in _AGAIN or answer.status == 429:
        return Retryable(sentence, code, wait_seconds(answer.headers))
    if code == "PERMISSION_DENIED":
        return Rejected(f"{sentence}; the person who connected the place lacks the permission", code)
    if not code:
        return by_status(answer, sentence, repeatable=True)
    return Rejected(sentence, code)


def _granted(answer: Answer) -> tuple[str, float]:
    """(access token, seconds it lives)."""
    from herald.platforms.wire.http import by_status  # noqa: PLC0415

    try:
        body = obj(read_json(answer.body), "token")
    except BadPayload as error:
        raise by_status(answer, f"the answer to the login is {error}", repeatable=True) from error
    access, seconds = body.get("access_token"), body.get("expires_in")
    if answer.status == 200 and isinstance(access, str) and re.fullmatch(r"[!-~]{1,4096}", access):
        lives = seconds if isinstance(seconds, int) and not isinstance(seconds, bool) else 300
        return access, float(min(max(lives, 0), 3_600))
    if body.get("error") in ("invalid_grant", "invalid_client", "unauthorized_client"):
        raise NeedsLogin("Google no longer takes the stored consent: connect the account again", str(body["error"]))
    raise by_status(answer, f"Google refused the login with {answer.status}", repeatable=True)


# -------------------------------------------------------------------- reviews


def _listed(body: dict[str, Any]) -> list[tuple[str, Any]]:
    if body.get("error") is not None:
        said = body["error"].get("status") if isinstance(body["error"], dict) else ""
        raise BadPayload(f"Google answered an error: {whole(str(said))[:60]}")
    if "reviews" not in body:
        if set(body) - {"averageRating", "totalReviewCount", "nextPageToken"}:
            raise BadPayload("reviews: a list expected: this body belongs to another product, or to none")
        return []  # a place that nobody has reviewed
    return list(items(body["reviews"], "reviews"))


def _review(value: object, path: str) -> list[Event]:
    """A review, and the answer to it as an echo of our own words."""
    try:
        one = obj(value, path)
        name = need_id(one.get("name"), f"{path}.name")
        if not _REVIEW.fullmatch(name):
            raise BadPayload(f"{path}.name: accounts/<id>/locations/<id>/reviews/<id> expected")
        account_id = name.partition("/reviews/")[0]
        review = _said(one, path, name, account_id)
        reply = _reply(one.get("reviewReply"), f"{path}.reviewReply")
    except BadPayload as error:
        return [unknown(NAME, "", value, None, why=str(error))]
    return [review] if reply is None else [review, _echo(reply, name, account_id)]


def _said(one: dict[str, Any], path: str, name: str, account_id: str) -> Event:
    created, changed = (optional_time(one.get(key), f"{path}.{key}") for key in ("createTime", "updateTime"))
    at = changed or created
    if at is None:
        raise BadPayload(f"{path}.updateTime: a time expected, found none")
    reviewer = obj(one["reviewer"], f"{path}.reviewer") if one.get("reviewer") is not None else {}
    shown = optional_text(reviewer.get("displayName"), f"{path}.reviewer.displayName")[:200]
    text, more = bounded(
        optional_text(one.get("comment"), f"{path}.comment"),
        {
            "rating": _STARS.get(optional_text(one.get("starRating"), f"{path}.starRating")),
            "anonymous": True if reviewer.get("isAnonymous") is True else None,
            "photo": optional_url(reviewer.get("profilePhotoUrl")),
        },
    )
    return Event(
        platform=NAME,
        account_id=account_id,
        external_id=name,
        author_id=None,  # Google tells a name, never an id
        text=text,
        kind=Kind.REVIEW,
        change=Change.EDITED if created is not None and at > created else Change.CREATED,
        parent_id=account_id,
        created_at=at,
        author_name=shown or None,
        more=more,
    )


def _reply(value: object, path: str) -> _Reply | None:
    """The answer; None where there is none. Raises BadPayload."""
    if value is None:
        return None
    one = obj(value, path)
    at = optional_time(one.get("updateTime"), f"{path}.updateTime")
    text = optional_text(one.get("comment"), f"{path}.comment")
    if at is None or not text:
        raise BadPayload(f"{path}: an answer needs its words and its time")
    return _Reply(text, at, optional_text(one.get("reviewReplyState"), f"{path}.reviewReplyState")[:40])


def _echo(reply: _Reply, review: str, account_id: str) -> Event:
    text, more = bounded(reply.text, {"thread_id": review, "state": reply.state, "own": True})
    return Event(
        platform=NAME,
        account_id=account_id,
        external_id=_reply_id(review, reply.at),
        author_id=account_id,
        text=text,
        kind=Kind.COMMENT,
        change=Change.OUTBOUND,
        parent_id=review,
        created_at=reply.at,
        more=more,
    )


def _mark(event: Event) -> str:
    """Tells one change of one review from another, in few characters: ids of reviews are long."""
    return sha256(f"{event.external_id}|{event.created_at.isoformat()}".encode()).hexdigest()[:16]
