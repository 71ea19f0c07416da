"""Facebook Pages: webhooks `feed`, `mention`, `ratings`, `messaging`, `standby`; hide, unhide and reply to comments.

Graph API v25.0, read 2026-11-21: developers.facebook.com/docs/graph-api/webhooks/getting-started,
/docs/graph-api/webhooks/reference/page, /docs/graph-api/reference/comment; payload shapes from
restfb/restfb:src/test/resources/json/webhooks (MIT).
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from herald.errors import BadPayload, BadSignature, NeedsLogin, OutcomeUnknown, Rejected
from herald.model import Account, Act, Change, Delivery, Event, Kind
from herald.platforms.wire import messaging, require
from herald.platforms.wire.events import bounded, unknown
from herald.platforms.wire.signatures import SCHEMES, check
from herald.platforms.wire.strict import (
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
from herald.ports import Capabilities, Proof

if TYPE_CHECKING:  # HTTP is paid for by the first act, not by every cold start
    from herald.platforms.wire.http import Http

NAME = "facebook_page"
API_VERSION = "v25.0"
API = "https://graph.facebook.com"

CAPABILITIES = Capabilities(
    acts=frozenset({Act.REPLY, Act.HIDE, Act.UNHIDE}),
    reply_limit=8_000,
    settle_seconds=60,
    sources=MappingProxyType({
        "acts": "developers.facebook.com/docs/graph-api/reference/comment (is_hidden; edge /comments), 2026-11-21;"
        " permission pages_manage_engagement, not tried on a live Page",
        "reply_limit": "second-hand: marketplace.gohighlevel.com/docs/ghl/social-planner/comments, 2026-11-22;"
        " Meta publishes no figure",
        "settle_seconds": "our assumption, 2026-11-22: Meta publishes no figure",
    }),
)  # fmt: skip

_VERBS = {
    "add": Change.CREATED,
    "edit": Change.EDITED,  # reactions and ratings
    "edited": Change.EDITED,  # comments and posts
    "update": Change.EDITED,
    "remove": Change.DELETED,
    "delete": Change.DELETED,
    "hide": Change.HIDDEN,
    "unhide": Change.UNHIDDEN,
}
_ITEMS = {
    "comment": Kind.COMMENT,
    "reaction": Kind.REACTION,
    "like": Kind.REACTION,
    "share": Kind.SHARE,
    "rating": Kind.REVIEW,
    **dict.fromkeys(("post", "status", "photo", "video", "album", "link", "note"), Kind.POST),
}
_POST_ONLY = frozenset(
    {"story", "status_type", "updated_time", "shares", "is_published", "promotable_id", "full_picture"}
)
"""Fields that list endpoints return for a post and never for a comment."""

_REVIEW_ONLY = frozenset({"recommendation_type", "review_text", "has_review", "has_rating"})
_TARGET = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:$\-]*")
_PAGE_SIZE = 100
_MAX_PAGES = 10
_CLOCK_SKEW = timedelta(seconds=5)


class FacebookPage:
    """Source and Outlet of Facebook Pages."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(self, http: Http | None = None) -> None:
        self._http = http

    # ---------------------------------------------------------------- Source

    def verify(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
        """Check X-Hub-Signature-256: hex HMAC-SHA256 of the raw body under an app secret. Raises BadSignature.

        There is no time stamp in it, so a replay is authentic: applying an event twice must change nothing.
        """
        check(SCHEMES[NAME], body, headers, secrets, now)

    def challenge(self, query: Mapping[str, str], verify_token: str, secrets: Sequence[str]) -> str:
        """The text of hub.challenge, to be sent back as text/plain. Raises BadSignature."""
        if query.get("hub.mode") != "subscribe":
            raise BadSignature("hub.mode=subscribe is missing: this is no handshake")
        given = query.get("hub.verify_token", "").encode("utf-8", "surrogatepass")
        ours = verify_token.encode("utf-8", "surrogatepass")
        if not ours or not hmac.compare_digest(given, ours):
            raise BadSignature("hub.verify_token is not the one of this connection")
        answer = query.get("hub.challenge", "")
        # Documented as a number; anything that could be markup is not echoed.
        if not re.fullmatch(r"[A-Za-z0-9_.\-]{1,256}", answer):
            raise BadSignature("hub.challenge is missing or not plain text")
        return answer

    def parse(self, body: bytes) -> list[Event]:
        """Events of a webhook body, or of the body of a list endpoint, in the order given.

        One unreadable change in a batch becomes an event of kind unknown with its raw form; its neighbours are read.
        A list endpoint does not say whose list it is: there `account_id` is "" unless the ids carry it, and the
        caller, who asked, fills it in. Raises BadPayload when the body is no envelope of this platform, or its error.
        """
        try:
            return _body(obj(read_json(body), "body"))
        except BadPayload as error:
            raise BadPayload(f"{NAME}: {error}") from error
        except RecursionError as error:
            raise BadPayload(f"{NAME}: nested too deeply") from error

    # ---------------------------------------------------------------- Outlet

    def act(self, delivery: Delivery, account: Account, token: str, files: Sequence[bytes] = ()) -> Proof:
        """Hide, unhide or reply, once. Raises the PlatformError that says what to do next, or Unsupported."""
        self._require(delivery)
        if delivery.act is Act.REPLY:
            return self._reply(delivery, account, token)
        hidden = "true" if delivery.act is Act.HIDE else "false"
        answer = self._post(account, token, delivery.target, {"is_hidden": hidden}, repeatable=True)
        if answer.get("success") is not True:
            raise OutcomeUnknown("the platform answered without saying that it was done", "shape")
        return Proof(delivery.target)

    def find(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        """Evidence that the act stands: the comment's visibility, or our own replies with the same words."""
        self._require(delivery)
        if delivery.act is Act.REPLY:
            return self._find_replies(delivery, account, token)
        answer = self._get(account, token, delivery.target, {"fields": "is_hidden"})
        if not isinstance(answer.get("is_hidden"), bool):
            raise OutcomeUnknown("the platform does not say whether the comment is hidden", "shape")
        return [Proof(delivery.target)] if answer["is_hidden"] is (delivery.act is Act.HIDE) else []

    def _require(self, delivery: Delivery) -> None:
        """Comments and posts only: a direct message (its id starts with m) is answered in the Page's inbox.

        An id that could leave its place in an address is none of Facebook's.
        """
        if not _TARGET.fullmatch(delivery.target):
            raise Rejected("what is acted on has no id that Facebook gives", "target")
        direct = delivery.target.startswith(("m_", "mid."))
        require(NAME, Capabilities(frozenset(), None, 0) if direct else CAPABILITIES, delivery.act)

    def _reply(self, delivery: Delivery, account: Account, token: str) -> Proof:
        text = whole(delivery.text).strip()
        limit = CAPABILITIES.reply_limit or 0
        if not text or len(text) > limit:
            raise Rejected(f"a reply has 1 to {limit} characters, this one {len(text)}", "length")
        answer = self._post(account, token, f"{delivery.target}/comments", {"message": text}, repeatable=False)
        try:
            reply_id = need_id(answer.get("id"), "id")
        except BadPayload as error:
            raise OutcomeUnknown(f"the reply was taken, but the answer is unreadable: {error}", "shape") from error
        return Proof(reply_id, optional_url(answer.get("permalink_url")))

    def _find_replies(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        since = (delivery.first_sent_at or delivery.ordered_at).astimezone(UTC) - _CLOCK_SKEW
        # An answer to an answer may be hung under the first comment of the thread, so both places are searched.
        places = [delivery.target, *self._parent(delivery.target, account, token)]
        found = [
            proof for place in places for proof in self._replies_under(place, delivery.text, account, token, since)
        ]
        return list({proof.external_id: proof for proof in found}.values())

    def _parent(self, target: str, account: Account, token: str) -> list[str]:
        try:
            parent = self._get(account, token, target, {"fields": "parent"}).get("parent")
        except Rejected as refused:
            if refused.code == "100":  # a post has no such field; 100/33 would be: no such object
                return []
            raise
        try:
            above = optional_id(obj(parent, "parent").get("id"), "parent.id") if parent is not None else None
        except BadPayload as error:
            raise OutcomeUnknown(f"the thread is unreadable: {error}", "shape") from error
        return [above] if above else []

    def _replies_under(self, place: str, text: str, account: Account, token: str, since: datetime) -> list[Proof]:
        query = {
            "fields": "id,message,from,created_time,permalink_url",
            "order": "reverse_chronological",
            "limit": str(_PAGE_SIZE),
        }
        found: list[Proof] = []
        for _ in range(_MAX_PAGES):
            answer = self._get(account, token, f"{place}/comments", query)
            try:
                found += _equal_replies(answer, text, account.account_id, since)
                after = "" if _all_older(answer, since) else _next_cursor(answer)
            except BadPayload as error:
                raise OutcomeUnknown(f"the list of replies is unreadable: {error}", "shape") from error
            if not after:
                return found
            query["after"] = after
        raise OutcomeUnknown(f"more than {_MAX_PAGES * _PAGE_SIZE} replies: a person must look", "shape")

    def _post(
        self, account: Account, token: str, path: str, form: Mapping[str, str], *, repeatable: bool
    ) -> dict[str, Any]:
        from herald.platforms.wire import graph  # noqa: PLC0415

        answer = self._client().post(_url(account, path), form, _authorization(token))
        return graph.read(answer, repeatable=repeatable)

    def _get(self, account: Account, token: str, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        from herald.platforms.wire import graph  # noqa: PLC0415

        return graph.read(self._client().get(_url(account, path), query, _authorization(token)), repeatable=True)

    def _client(self) -> Http:
        if self._http is None:
            from herald.platforms.wire.http import Http  # noqa: PLC0415

            self._http = Http()
        return self._http


def _url(account: Account, path: str) -> str:
    """`{api_base}/{version}/{path}`; an api_base that ends in a version keeps its own."""
    base = (account.api_base or API).rstrip("/")
    versioned = base if re.search(r"/v[0-9]+\.[0-9]+$", base) else f"{base}/{API_VERSION}"
    return f"{versioned}/{quote(path)}"


def _authorization(token: str) -> dict[str, str]:
    """The token as a header, so that no log of addresses ever holds it.

    Graph's pages show it as the parameter access_token; that the header works is second-hand (restfb issue 1107,
    huandu/facebook pull request 205, read 2026-11-22).
    """
    if not re.fullmatch(r"[!-~]+", token):
        raise NeedsLogin("the stored token is empty or no token: connect the account again", "token")
    return {"Authorization": f"Bearer {token}"}


def _equal_replies(answer: Mapping[str, Any], text: str, page_id: str, since: datetime) -> list[Proof]:
    """Comments of ours with these words since then. Raises OutcomeUnknown when one of them hides its author."""
    found = []
    for path, value in items(answer.get("data"), "data"):
        one = obj(value, path)
        if _rendered(optional_text(one.get("message"), f"{path}.message")) != _rendered(text):
            continue
        at = optional_time(one.get("created_time"), f"{path}.created_time")
        if at is not None and at < since.replace(microsecond=0):  # the platform's times have whole seconds
            continue
        author, _ = _author(one, path)
        if author is None or at is None:
            raise OutcomeUnknown("the same words stand there, but whose and since when is withheld", "shape")
        if author == page_id:
            found.append(Proof(need_id(one.get("id"), f"{path}.id"), optional_url(one.get("permalink_url"))))
    return found


def _all_older(answer: Mapping[str, Any], since: datetime) -> bool:
    """Whether a page, newest first as asked for, ends before `since`: what follows is older still."""
    times = [optional_time(obj(value, path).get("created_time"), path) for path, value in items(answer["data"], "data")]
    known = [at for at in times if at is not None]
    return len(known) == len(times) > 0 and known == sorted(known, reverse=True) and known[-1] < since


def _rendered(text: str) -> str:
    """What is left of a text to compare once the platform has normalised it: NFC, single white space, trimmed."""
    return " ".join(unicodedata.normalize("NFC", whole(text)).split())


def _next_cursor(answer: Mapping[str, Any]) -> str:
    """The cursor of the next page, "" at the end. `paging.next` is an address with a token in it: never followed."""
    paging = answer.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return ""
    return optional_text(obj(paging.get("cursors"), "paging.cursors").get("after"), "paging.cursors.after")


# -------------------------------------------------------------------- bodies


@dataclass(frozen=True, slots=True)
class _Entry:
    """Whose batch this is, and when it was sent."""

    account_id: str
    at: datetime | None


def _body(body: dict[str, Any]) -> list[Event]:
    if body.get("error") is not None:
        from herald.platforms.wire.graph import describe  # noqa: PLC0415

        raise BadPayload(f"the platform answered an error: {describe(obj(body['error'], 'error'))}")
    if "data" in body:
        return [event for path, item in items(body["data"], "data") for event in _listed(item, path)]
    if body.get("object") != "page":
        raise BadPayload("object: 'page' expected: this body belongs to another product, or to none")
    return [event for path, entry in items(body.get("entry"), "entry") for event in _entry(entry, path)]


def _entry(value: object, path: str) -> list[Event]:
    try:
        entry = obj(value, path)
        account_id = need_id(entry.get("id"), f"{path}.id")
    except BadPayload as error:
        return [unknown(NAME, "", value, None, why=str(error))]
    try:
        at = optional_time(entry.get("time"), f"{path}.time")
    except BadPayload:  # the changes may carry their own times
        at = None
    context = _Entry(account_id, at)
    events: list[Event] = []
    told = set(entry) - {"id", "time", "uid"}
    for key in ("changes", "messaging", "standby"):
        if entry.get(key) is not None:
            events += _several(context, entry[key], f"{path}.{key}", key)
        told.discard(key)
    # `changed_fields` comes instead of `changes` when the app is subscribed without values.
    if not events and told:
        events.append(unknown(NAME, account_id, entry, at, why=f"{path}: neither changes nor messaging"))
    return events


def _several(context: _Entry, value: object, path: str, key: str) -> list[Event]:
    try:
        members = list(items(value, path))
    except BadPayload as error:
        return [unknown(NAME, context.account_id, value, context.at, why=str(error))]
    events = []
    for at, member in members:
        try:
            if key == "changes":
                events.append(_change(context, member, at))
            else:
                events.append(
                    messaging.read(NAME, context.account_id, context.at, member, at, standby=key == "standby")
                )
        except BadPayload as error:
            events.append(unknown(NAME, context.account_id, member, context.at, why=str(error)))
    return events


def _change(context: _Entry, change: object, path: str) -> Event:
    value = obj(change, path).get("value")
    field = optional_text(obj(change, path).get("field"), f"{path}.field")
    if field in ("feed", "mention", "ratings"):
        return _feed(context, field, change, obj(value, f"{path}.value"), f"{path}.value")
    if isinstance(value, dict) and "sender" in value:  # the dashboard's test of a messaging field comes as a change
        return messaging.read(NAME, context.account_id, context.at, value, f"{path}.value", standby=field == "standby")
    return unknown(NAME, context.account_id, change, context.at)


def _feed(context: _Entry, field: str, change: object, value: dict[str, Any], path: str) -> Event:
    item, verb = (optional_text(value.get(key), f"{path}.{key}") for key in ("item", "verb"))
    kind = _ITEMS.get(item)
    what = _VERBS.get(verb, Change.UNKNOWN)
    at = _moment(context, what, value, path)
    if kind is None:
        return unknown(NAME, context.account_id, change, at, change=what)
    author_id, author_name = _author(value, path)
    own = author_id == context.account_id
    external_id, parent_id, thread_id = _place(kind, context.account_id, author_id, value, path)
    text, more = bounded(
        _text(kind, what, item, value, path),
        {
            "thread_id": thread_id,
            "item": item if kind is Kind.POST else None,
            "own": True if own and what is not Change.CREATED else None,
            "verb": whole(verb)[:40] if what is Change.UNKNOWN else None,
            "raw": raw(change)[0] if what is Change.UNKNOWN else None,
            **_facts(kind, item, value, path),
        },
    )
    return Event(
        platform=NAME,
        account_id=context.account_id,
        external_id=external_id,
        author_id=author_id,
        text=text,
        kind=Kind.MENTION if field == "mention" and kind is not Kind.REACTION else kind,
        change=Change.OUTBOUND if own and what is Change.CREATED else what,
        parent_id=parent_id,
        created_at=at,
        author_name=author_name,
        more=more,
    )


def _moment(context: _Entry, what: Change, value: dict[str, Any], path: str) -> datetime:
    """When this very change happened. `created_time` of an edit or a hide may be that of the comment itself, and
    `entry.time` is when the platform told us; the later one is the nearer. Raises BadPayload when there is neither."""
    created = optional_time(value.get("created_time"), f"{path}.created_time")
    if what is Change.CREATED and created is not None:
        return created
    known = [at for at in (created, context.at) if at is not None]
    if not known:
        raise BadPayload(f"{path}.created_time: neither the change nor its entry names a time")
    return max(known)


def _author(value: Mapping[str, Any], path: str) -> tuple[str | None, str | None]:
    """Id and name: `from` since v2.11, `sender_*` before, `reviewer_*` of ratings; None where withheld."""
    for key in ("from", "reviewer"):
        if value.get(key) is not None:
            person = obj(value[key], f"{path}.{key}")
            return _named(person.get("id"), person.get("name"), f"{path}.{key}.id")
    for key in ("sender", "reviewer"):
        if value.get(f"{key}_id") is not None:
            return _named(value[f"{key}_id"], value.get(f"{key}_name"), f"{path}.{key}_id")
    return None, None


def _named(person_id: object, name: object, path: str) -> tuple[str | None, str | None]:
    return optional_id(person_id, path), (whole(name)[:200] or None if isinstance(name, str) else None)


def _place(
    kind: Kind, account_id: str, author_id: str | None, value: dict[str, Any], path: str
) -> tuple[str, str | None, str | None]:
    """(external_id, parent_id, thread_id)."""

    def some(*keys: str) -> str | None:
        return next((found for key in keys if (found := optional_id(value.get(key), f"{path}.{key}"))), None)

    if kind is Kind.COMMENT:
        thread = some("post_id", "open_graph_story_id")
        return need_id(value.get("comment_id"), f"{path}.comment_id"), some("parent_id") or thread, thread
    if kind is Kind.REVIEW:
        story = need_id(value.get("open_graph_story_id"), f"{path}.open_graph_story_id")
        return story, account_id, story
    if kind is Kind.REACTION:
        target = some("comment_id", "post_id", "open_graph_story_id", "parent_id")
        if target is None:
            raise BadPayload(f"{path}.post_id: a reaction names neither comment nor post")
        # Without an author two reactions to one thing differ only in their raw form.
        return f"{target}:{author_id or raw(value)[1]}", target, some("post_id")
    post = some("post_id", "video_id", "photo_id", "share_id")
    if post is None:
        raise BadPayload(f"{path}.post_id: an id expected, found none")
    return post, some("parent_id"), post


def _text(kind: Kind, what: Change, item: str, value: dict[str, Any], path: str) -> str:
    """Plain text as sent: Facebook escapes no HTML, so nothing is decoded. A deletion carries no words."""
    if kind is Kind.REACTION:
        return optional_text(value.get("reaction_type"), f"{path}.reaction_type")[:40] or item
    if what is Change.DELETED:
        return ""
    key = "review_text" if kind is Kind.REVIEW else "message"
    return optional_text(value.get(key), f"{path}.{key}")


def _facts(kind: Kind, item: str, value: dict[str, Any], path: str) -> dict[str, Any]:
    """What this platform adds."""
    if kind is Kind.REACTION:
        return {"reaction": optional_text(value.get("reaction_type"), f"{path}.reaction_type")[:40] or item}
    if kind is Kind.REVIEW:
        rating = value.get("rating")
        known = isinstance(rating, int) and not isinstance(rating, bool) and 0 <= rating <= 5
        words = optional_text(value.get("recommendation_type"), f"{path}.recommendation_type")
        return {"rating": rating if known else None, "recommendation": words[:40]}
    link = optional_url(value.get("link"))
    photos = value.get("photos")
    post = value["post"] if isinstance(value.get("post"), dict) else {}
    return {
        "photo": optional_url(value.get("photo")) or (link if item == "photo" else ""),
        "photos": [url for one in photos[:20] if (url := optional_url(one))] if isinstance(photos, list) else None,
        "video": optional_url(value.get("video")) or (link if item == "video" else ""),
        "link": link if item not in ("photo", "video") else "",
        "permalink": optional_url(value.get("permalink_url")) or optional_url(post.get("permalink_url")),
    }


# -------------------------------------------------------------------- lists


def _listed(value: object, path: str, parent: str = "") -> list[Event]:
    """One member of a list endpoint's `data`, and the comments nested in it."""
    try:
        item = obj(value, path)
        event = _member(item, path, parent)
        nested = obj(item.get("comments") or {"data": []}, f"{path}.comments").get("data")
        below = list(items(nested, f"{path}.comments.data"))
    except BadPayload as error:
        return [unknown(NAME, "", value, None, why=str(error))]
    return [event, *(found for at, member in below for found in _listed(member, at, event.external_id))]


def _member(item: dict[str, Any], path: str, parent: str) -> Event:
    at = optional_time(item.get("created_time"), f"{path}.created_time")
    if at is None:
        raise BadPayload(f"{path}.created_time: a time expected, found none")
    author_id, author_name = _author(item, path)
    kind, external_id, account_id, parent_id, text_key = _member_place(item, path, parent)
    text, more = bounded(
        optional_text(item.get(text_key), f"{path}.{text_key}"),
        {
            "hidden": True if item.get("is_hidden") is True else None,
            "thread_id": external_id if kind is Kind.POST else None,
            "permalink": optional_url(item.get("permalink_url")),
            **(_facts(kind, "", item, path) if kind is Kind.REVIEW else {}),
        },
    )
    return Event(
        platform=NAME,
        account_id=account_id,
        external_id=external_id,
        author_id=author_id,
        text=text,
        kind=kind,
        change=Change.OUTBOUND if account_id and author_id == account_id else Change.CREATED,
        parent_id=parent_id,
        created_at=at,
        author_name=author_name,
        more=more,
    )


def _member_place(item: dict[str, Any], path: str, parent: str) -> tuple[Kind, str, str, str | None, str]:
    """(kind, external_id, account_id, parent_id, key of the text) of a member, told apart by the fields it has."""
    if _REVIEW_ONLY & set(item):
        story = item.get("open_graph_story")
        told = obj(story, f"{path}.open_graph_story").get("id") if story is not None else item.get("id")
        return Kind.REVIEW, need_id(told, f"{path}.open_graph_story.id"), "", None, "review_text"
    own_id = need_id(item.get("id"), f"{path}.id")
    before, joined, _ = own_id.partition("_")
    if "to" in item:
        return Kind.DM, own_id, "", None, "message"
    if _POST_ONLY & set(item) and not parent:
        return Kind.POST, own_id, before if joined else "", None, "message"
    above: dict[str, Any] = next((item[key] for key in ("parent", "object") if isinstance(item.get(key), dict)), {})
    told = optional_id(above.get("id"), f"{path}.parent.id")
    return Kind.COMMENT, own_id, "", told or parent or (before if joined else None), "message"
