"""Facebook Pages: webhooks `feed`, `mention`, `ratings`, `messaging`, `standby`; posts, their figures, and comments.

Graph API v25.0, read 2026-11-21: developers.facebook.com/docs/graph-api/webhooks/getting-started,
/docs/graph-api/webhooks/reference/page, /docs/graph-api/reference/comment; payload shapes from
restfb/restfb:src/test/resources/json/webhooks (MIT). Read 2026-11-22: /docs/graph-api/reference/page/feed,
/page/photos, /photo, /insights. Nothing here was tried on a live Page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from herald.errors import BadPayload, OutcomeUnknown, Rejected, Retryable
from herald.model import Account, Act, Change, Delivery, Event, Kind, Metric, Snapshot
from herald.platforms.wire import messaging, meta, require
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
from herald.ports import Capabilities, Polled, PostLimits, Proof

if TYPE_CHECKING:  # HTTP is paid for by the first act, not by every cold start
    from herald.platforms.wire.http import Http

NAME = "facebook_page"

_POST = PostLimits(text=63_206)

CAPABILITIES = Capabilities(
    acts=frozenset({
        Act.REPLY, Act.HIDE, Act.UNHIDE, Act.DELETE, Act.BLOCK, Act.UNBLOCK, Act.PUBLISH, Act.TAKE_DOWN,
    }),
    reply_limit=8_000,
    settle_seconds=60,
    post=_POST,
    metrics=frozenset({
        Metric.FOLLOWERS, Metric.REACH, Metric.VIEWS, Metric.REACTIONS, Metric.COMMENTS, Metric.SHARES, Metric.CLICKS,
    }),
    sources=MappingProxyType({
        "acts": "developers.facebook.com/docs/graph-api/reference/comment (is_hidden; edge /comments), 2026-11-21;"
        " /page/feed, /page/photos (publish), /post (delete), 2026-11-22;"
        " /comment (delete), /page/blocked (people kept off a Page), 2026-11-26;"
        " permissions pages_manage_engagement, pages_manage_posts, not tried on a live Page",
        "reply_limit": "second-hand: marketplace.gohighlevel.com/docs/ghl/social-planner/comments, 2026-11-22;"
        " Meta publishes no figure",
        "settle_seconds": "our assumption, 2026-11-22: Meta publishes no figure",
        "post text": "second-hand: gitroomhq/postiz-app facebook.provider.ts, 2026-11-21",
        "post image": "developers.facebook.com/docs/graph-api/reference/photo (source, caption, alt_text_custom),"
        " 2026-11-22; one image, JPEG or PNG, 4 MB and 1000 characters of alt text are our bounds: second-hand, Meta"
        " takes up to 10 MB",
        "metrics": "developers.facebook.com/docs/graph-api/reference/insights and, for the names since 2025,"
        " gitroomhq/postiz-app facebook.provider.ts, 2026-11-21; Pages with fewer than 100 likes get none,"
        " figures come up to 48 h late",
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
_PAGE_SIZE = 100
_MAX_PAGES = 10
_CLOCK_SKEW = timedelta(seconds=5)
_IMAGES = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
_DAILY = {"page_total_media_view_unique": Metric.REACH, "page_media_view": Metric.VIEWS}
_LIFETIME = {
    "post_total_media_view_unique": Metric.REACH,
    "post_media_view": Metric.VIEWS,
    "post_reactions_by_type_total": Metric.REACTIONS,
    "post_clicks": Metric.CLICKS,
}
_REREAD = timedelta(days=4)
"""How far back an account's days are read again: figures come up to 48 h late and are corrected."""

_COMMENT_FIELDS = "id,message,from,created_time,parent{id},is_hidden,permalink_url"
_COMMENTS_QUERY = {"filter": "stream", "order": "reverse_chronological"}
_POLLED_FIELDS = (
    "id,message,from,created_time,updated_time,permalink_url,"
    f"comments.filter(stream).order(reverse_chronological).limit(50){{{_COMMENT_FIELDS}}}"
)
_POLLED_POSTS = 10
_POLLED_PAGES = 2
_ADDRESS = re.compile(r"(?i)https?://|www\.|\b[a-z0-9-]+\.[a-z]{2,}\b")


class FacebookPage:
    """Source, Outlet, Poller and Meter of Facebook Pages."""

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
        return meta.challenge(query, verify_token)

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
        """Publish, take down, hide, unhide, delete, block or reply, once. Raises the PlatformError that says what to do
        next, or Unsupported."""
        self._require(delivery)
        if delivery.act.of_an_author:
            return self._keep_off(delivery, account, token)
        if delivery.act is Act.PUBLISH:
            return self._publish(delivery, account, token, files)
        if delivery.act in (Act.TAKE_DOWN, Act.DELETE):
            return self._take_down(delivery, account, token)
        if delivery.act is Act.REPLY:
            return self._reply(delivery, account, token)
        hidden = "true" if delivery.act is Act.HIDE else "false"
        answer = self._post(account, token, delivery.target, {"is_hidden": hidden}, repeatable=True)
        if answer.get("success") is not True:
            raise OutcomeUnknown("the platform answered without saying that it was done", "shape")
        return Proof(delivery.target)

    def find(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        """Evidence that the act stands: our own posts or replies with the same words, the comment's visibility, or
        that the post is gone."""
        self._require(delivery)
        if delivery.act is Act.PUBLISH:
            return self._find_posts(delivery, account, token)
        if delivery.act.of_an_author:
            is_so = self._is_blocked(delivery.target, account, token) is (delivery.act is Act.BLOCK)
            return [Proof(delivery.target)] if is_so else []
        if delivery.act in (Act.TAKE_DOWN, Act.DELETE):
            return [] if self._stands(delivery.target, account, token) else [Proof(delivery.target)]
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
        if delivery.act is Act.PUBLISH:
            return
        if delivery.act.of_an_author:
            if not re.fullmatch(r"[0-9]{1,32}", delivery.target):
                raise Rejected("who is to be kept off the Page has no id that Facebook gives", "target")
            return
        if not meta.TARGET.fullmatch(delivery.target):
            raise Rejected("what is acted on has no id that Facebook gives", "target")
        direct = delivery.target.startswith(("m_", "mid."))
        require(NAME, Capabilities(frozenset(), None, 0) if direct else CAPABILITIES, delivery.act)

    def _publish(self, delivery: Delivery, account: Account, token: str, files: Sequence[bytes]) -> Proof:
        """Text and link go to /feed, an image to /photos. Facebook keeps no key against repetition."""
        words = _message(delivery)
        _check_post(delivery, words, files)
        try:
            answer = self._send_post(delivery, words, account, token, files)
        except Retryable as failed:
            if failed.code in meta.THEIR_TROUBLE:
                raise OutcomeUnknown(f"{failed}; it may stand there all the same", failed.code) from failed
            raise
        try:  # of a photo, `id` is the photo's own
            post_id = need_id(answer.get("post_id" if delivery.media else "id"), "id of the post")
        except BadPayload as error:
            raise OutcomeUnknown(f"the post was taken, but the answer is unreadable: {error}", "shape") from error
        return Proof(post_id, "" if account.api_base else f"https://www.facebook.com/{post_id}")

    def _send_post(
        self, delivery: Delivery, words: str, account: Account, token: str, files: Sequence[bytes]
    ) -> dict[str, Any]:
        if not delivery.media:
            form = {"message": words} | ({"link": delivery.link} if delivery.link else {})
            return self._post(account, token, f"{account.account_id}/feed", form, repeatable=False)
        image = delivery.media[0]
        alt = whole(image.alt).strip()
        form = {"caption": words, "published": "true"} | ({"alt_text_custom": alt} if alt else {})
        return self._upload(account, token, f"{account.account_id}/photos", form, (image.mime, files[0]))

    def _take_down(self, delivery: Delivery, account: Account, token: str) -> Proof:
        try:
            answer = self._delete(account, token, delivery.target)
        except Rejected as refused:
            if refused.code == meta.GONE and not self._stands(delivery.target, account, token):
                return Proof(delivery.target)
            raise
        if answer.get("success") is not True:
            raise OutcomeUnknown("the platform answered without saying that it was deleted", "shape")
        return Proof(delivery.target)

    def _keep_off(self, delivery: Delivery, account: Account, token: str) -> Proof:
        """Put a person on the Page's list of the blocked, or take them off. What counts is what the list says then."""
        path, blocks = f"{account.account_id}/blocked", delivery.act is Act.BLOCK
        if blocks:
            self._post(account, token, path, {"user": delivery.target}, repeatable=True)
        else:
            self._delete(account, token, path, f"?user={delivery.target}")
        if self._is_blocked(delivery.target, account, token) is not blocks:
            raise OutcomeUnknown("the platform took it, but its list of the blocked does not say so", "shape")
        return Proof(delivery.target)

    def _is_blocked(self, author: str, account: Account, token: str) -> bool:
        answer = self._get(account, token, f"{account.account_id}/blocked", {"user": author})
        try:
            listed = [optional_text(obj(one, path).get("id"), path) for path, one in items(answer.get("data"), "data")]
        except BadPayload as error:
            raise OutcomeUnknown(f"the list of the blocked is unreadable: {error}", "shape") from error
        return author in listed

    def _stands(self, post_id: str, account: Account, token: str) -> bool:
        """Whether the post is there. A post that is gone and one the token may not see give the same error, so the
        token must at least read the Page itself."""
        try:
            self._get(account, token, post_id, {"fields": "id"})
        except Rejected as refused:
            if refused.code != meta.GONE:
                raise
            self._get(account, token, account.account_id, {"fields": "id"})
            return False
        return True

    def _find_posts(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        """Our posts since the first attempt with the same words and the same kind of attachment.

        /published_posts, not /feed: that one is documented as ranked and bounded to some 600 posts a year.
        """
        since = (delivery.first_sent_at or delivery.ordered_at).astimezone(UTC) - _CLOCK_SKEW
        if delivery.external_id:  # the platform has named it: only that one counts
            return self._named(delivery.external_id, account, token)
        query = {
            "fields": "id,message,from,created_time,permalink_url,attachments{media_type}",
            "since": str(int(since.timestamp())),
            "limit": str(_PAGE_SIZE),
        }
        found: list[Proof] = []
        for _ in range(_MAX_PAGES):
            answer = self._get(account, token, f"{account.account_id}/published_posts", query)
            try:
                found += _equal_posts(answer, delivery, account.account_id, since)
                after = "" if meta.all_older(answer, since) else meta.next_cursor(answer)
            except BadPayload as error:
                raise OutcomeUnknown(f"the list of posts is unreadable: {error}", "shape") from error
            if not after:
                return list({proof.external_id: proof for proof in found}.values())
            query["after"] = after
        raise OutcomeUnknown(f"more than {_MAX_PAGES * _PAGE_SIZE} posts since then: a person must look", "shape")

    def _named(self, post_id: str, account: Account, token: str) -> list[Proof]:
        if not meta.TARGET.fullmatch(post_id):
            raise Rejected("the post has no id that Facebook gives", "target")
        try:
            answer = self._get(account, token, post_id, {"fields": "id,permalink_url"})
        except Rejected as refused:
            if refused.code == meta.GONE:
                return []
            raise
        return [Proof(post_id, optional_url(answer.get("permalink_url")))]

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
                after = "" if meta.all_older(answer, since) else meta.next_cursor(answer)
            except BadPayload as error:
                raise OutcomeUnknown(f"the list of replies is unreadable: {error}", "shape") from error
            if not after:
                return found
            query["after"] = after
        raise OutcomeUnknown(f"more than {_MAX_PAGES * _PAGE_SIZE} replies: a person must look", "shape")

    # ---------------------------------------------------------------- Poller

    def poll(self, account: Account, token: str, cursor: str) -> Polled:
        """Comments that webhooks may have lost: those under the Page's newest posts, visitors' posts included, and
        these posts themselves.

        One call, and at most 2 more for each of 10 posts that had over 50 new comments. The cursor is the time of the
        newest thing seen and the ids seen within the overlap before it, `<Unix seconds>:<id>,<id>`. An edit shows as
        new words at the old time: Graph tells no time of an edit. Raises PlatformError.
        """
        newest, known = meta.read_cursor(cursor)
        since = newest - meta.OVERLAP
        query = {"fields": _POLLED_FIELDS, "limit": str(_POLLED_POSTS)}
        answer = self._get(account, token, f"{account.account_id}/feed", query)
        found: list[Event] = []
        try:
            for path, value in items(answer.get("data"), "data"):
                post = obj(value, path)
                found += _of_page(_listed(post, path), account.account_id, post.get("id"))
                if cursor:
                    found += self._older_comments(post, path, account, token, since)
        except BadPayload as error:
            raise Rejected(f"the list of posts is unreadable: {error}", "shape") from error
        fresh = {
            event.external_id: event
            for event in found
            if event.kind is not Kind.UNKNOWN and event.created_at >= since and event.external_id not in known
        }
        if not fresh:
            return Polled((), cursor)
        told = sorted(  # a post before what was said under it in the same second
            fresh.values(), key=lambda event: (event.created_at, event.kind is not Kind.POST, event.external_id)
        )
        last = max(newest, told[-1].created_at)
        near = [event.external_id for event in found if last - meta.OVERLAP <= event.created_at <= last]
        return Polled(tuple(told), meta.write_cursor(last, near))

    def _older_comments(
        self, post: Mapping[str, Any], path: str, account: Account, token: str, since: datetime
    ) -> list[Event]:
        """What did not fit into the answer, back to `since`. Raises BadPayload."""
        post_id = need_id(post.get("id"), f"{path}.id")
        answer = meta.inner(post, "comments")
        query = {**_COMMENTS_QUERY, "fields": _COMMENT_FIELDS, "limit": str(_PAGE_SIZE)}
        found: list[Event] = []
        for _ in range(_POLLED_PAGES):
            after = meta.next_cursor(answer) if answer and not meta.all_older(answer, since) else ""
            if not after or not meta.TARGET.fullmatch(post_id):
                break
            answer = self._get(account, token, f"{post_id}/comments", {**query, "after": after})
            for at, comment in items(answer.get("data"), "data"):
                found += _of_page(_listed(comment, at, post_id), account.account_id, post_id)
        return found

    # ---------------------------------------------------------------- Meter

    def profile(self, account: Account, token: str, now: datetime) -> list[Snapshot]:
        """Followers now; reach and views of the last days that Facebook has closed. What it withholds is left out.

        Its days end at midnight Pacific time; a figure is given under that day's date. Raises PlatformError.
        """
        told = []
        page = self._get(account, token, account.account_id, {"fields": "followers_count"})
        followers = meta.count(page, "followers_count")
        if followers is not None:
            today = now.astimezone(ZoneInfo(account.timezone)).date().isoformat()
            told.append(Snapshot(account.id, Metric.FOLLOWERS, followers, now, day=today))
        query = {
            "metric": ",".join(_DAILY),
            "period": "day",
            "since": str(int((now - _REREAD).timestamp())),
            "until": str(int(now.timestamp())),
        }
        for name, value in self._figures(account, token, account.account_id, query):
            end, figure = optional_time(value.get("end_time"), "end_time"), meta.count(value, "value")
            if name in _DAILY and end is not None and end <= now and figure is not None:
                day = (end - timedelta(hours=12)).date().isoformat()  # noon of that day, there and in UTC
                told.append(Snapshot(account.id, _DAILY[name], figure, now, day=day))
        return told

    def insights(self, account: Account, token: str, posts: Sequence[str], now: datetime) -> list[Snapshot]:
        """Reach, views, reactions, comments, shares and clicks so far. Missing stays missing; a post that is gone, or
        whose figures Facebook refuses, has none and does not stop its neighbours. Raises PlatformError."""
        told: list[Snapshot] = []
        refusals: list[Rejected] = []
        for post in posts:
            try:
                figures = self._insights(account, token, post)
            except Rejected as refused:
                if refused.code != meta.GONE:
                    refusals.append(refused)
                continue
            told += [Snapshot(account.id, metric, value, now, post=post) for metric, value in figures.items()]
        if refusals and not told:  # all of them: something is wrong with the connection
            raise refusals[0]
        return told

    def _insights(self, account: Account, token: str, post: str) -> dict[Metric, int]:
        if not meta.TARGET.fullmatch(post):
            raise Rejected("the post has no id that Facebook gives", "target")
        found: dict[Metric, int] = {}
        query = {"metric": ",".join(_LIFETIME), "period": "lifetime"}
        for name, value in self._figures(account, token, post, query):
            if name in _LIFETIME:
                kinds = value.get("value")
                figure = sum(_counts(kinds)) if isinstance(kinds, dict) else meta.count(value, "value")
                if figure is not None:
                    found[_LIFETIME[name]] = figure
        answer = self._get(account, token, post, {"fields": "comments.filter(stream).limit(0).summary(true),shares"})
        for metric, told in (
            (Metric.COMMENTS, meta.count(meta.inner(meta.inner(answer, "comments"), "summary"), "total_count")),
            (Metric.SHARES, meta.count(meta.inner(answer, "shares"), "count")),  # absent rather than 0
        ):
            if told is not None:
                found[metric] = told
        return found

    def _figures(
        self, account: Account, token: str, node: str, query: Mapping[str, str]
    ) -> list[tuple[str, dict[str, Any]]]:
        """(name of the metric, one of its values), in the order told. Raises Rejected when it is no such list."""
        answer = self._get(account, token, f"{node}/insights", query)
        try:
            return [
                (optional_text(obj(one, path).get("name"), f"{path}.name"), obj(value, at))
                for path, one in items(answer.get("data"), "data")
                for at, value in items(obj(one, path).get("values", []), f"{path}.values")
            ]
        except BadPayload as error:
            raise Rejected(f"the figures are unreadable: {error}", "shape") from error

    # ---------------------------------------------------------------- HTTP

    def _upload(
        self, account: Account, token: str, path: str, form: Mapping[str, str], image: tuple[str, bytes]
    ) -> dict[str, Any]:
        from urllib3.filepost import encode_multipart_formdata  # noqa: PLC0415

        from herald.platforms.wire import graph  # noqa: PLC0415

        mime, data = image
        name = f"image.{mime.removeprefix('image/')}"
        body, content_type = encode_multipart_formdata({**form, "source": (name, data, mime)})
        headers = {**meta.authorization(token), "Content-Type": content_type}
        return graph.read(self._client().send("POST", meta.url(account, path), body, headers), repeatable=False)

    def _delete(self, account: Account, token: str, path: str, query: str = "") -> dict[str, Any]:
        from herald.platforms.wire import graph  # noqa: PLC0415

        answer = self._client().send("DELETE", meta.url(account, path) + query, None, meta.authorization(token))
        return graph.read(answer, repeatable=True)

    def _post(
        self, account: Account, token: str, path: str, form: Mapping[str, str], *, repeatable: bool
    ) -> dict[str, Any]:
        from herald.platforms.wire import graph  # noqa: PLC0415

        answer = self._client().post(meta.url(account, path), form, meta.authorization(token))
        return graph.read(answer, repeatable=repeatable)

    def _get(self, account: Account, token: str, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        from herald.platforms.wire import graph  # noqa: PLC0415

        answer = self._client().get(meta.url(account, path), query, meta.authorization(token))
        return graph.read(answer, repeatable=True)

    def _client(self) -> Http:
        if self._http is None:
            from herald.platforms.wire.http import Http  # noqa: PLC0415

            self._http = Http()
        return self._http


def _equal_replies(answer: Mapping[str, Any], text: str, page_id: str, since: datetime) -> list[Proof]:
    """Comments of ours with these words since then. Raises OutcomeUnknown when one of them hides its author."""
    found = []
    for path, value in items(answer.get("data"), "data"):
        one = obj(value, path)
        if meta.rendered(optional_text(one.get("message"), f"{path}.message")) != meta.rendered(text):
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


# -------------------------------------------------------------------- posts of ours


def _message(delivery: Delivery) -> str:
    """The words as sent: trimmed, line ends as Facebook keeps them. /photos takes no link, so with an image the link
    goes under the words."""
    words = whole(delivery.text).replace("\r\n", "\n").strip()
    if delivery.media and delivery.link and delivery.link not in words:
        words = f"{words}\n\n{delivery.link}".strip()
    return words


def _check_post(delivery: Delivery, words: str, files: Sequence[bytes]) -> None:
    """Raises Rejected for what would be refused, or published otherwise than approved."""
    if len(words) > _POST.text:
        raise Rejected(f"a post has at most {_POST.text} characters, this one {len(words)}", "length")
    if not (words or delivery.link or delivery.media):
        raise Rejected("a post needs words, a link or an image", "length")
    if delivery.link and not optional_url(delivery.link):
        raise Rejected("the link of the post is no http(s) address", "link")
    if len(delivery.media) > _POST.images or len(files) != len(delivery.media):
        raise Rejected(f"a post carries at most {_POST.images} image, and its bytes must be there", "media")
    for image, data in zip(delivery.media, files, strict=True):
        if len(data) > _POST.image_bytes:
            raise Rejected(f"an image has at most {_POST.image_bytes} bytes, this one {len(data)}", "media")
        if image.mime not in _IMAGES or not data.startswith(_IMAGES[image.mime]):
            raise Rejected("an image must be a JPEG or a PNG, and be what it says it is", "media")
        if len(image.alt) > _POST.alt_length:
            raise Rejected(f"a description of an image has at most {_POST.alt_length} characters", "media")


def _equal_posts(answer: Mapping[str, Any], delivery: Delivery, page_id: str, since: datetime) -> list[Proof]:
    """Posts of the Page with these words and this kind of attachment since then."""
    words = meta.rendered(_message(delivery))
    found = []
    for path, value in items(answer.get("data"), "data"):
        one = obj(value, path)
        if meta.rendered(optional_text(one.get("message"), f"{path}.message")) != words:
            continue
        if _author(one, path)[0] not in (None, page_id) or not _carries_same(one, path, delivery):
            continue
        at = optional_time(one.get("created_time"), f"{path}.created_time")
        if at is None:
            raise OutcomeUnknown("the same words stand there, but since when is withheld", "shape")
        if at >= since.replace(microsecond=0):
            found.append(Proof(need_id(one.get("id"), f"{path}.id"), optional_url(one.get("permalink_url"))))
    return found


def _carries_same(post: Mapping[str, Any], path: str, delivery: Delivery) -> bool:
    """An image where we sent one; a link where we sent one. An address within the words may show as a link too."""
    attached = post.get("attachments")
    listed = obj(attached, f"{path}.attachments").get("data") if attached is not None else []
    kinds = {optional_text(obj(one, at).get("media_type"), at) for at, one in items(listed, f"{path}.attachments.data")}
    image, other = bool(kinds & {"photo", "album"}), bool(kinds - {"photo", "album"})
    if delivery.media or image:
        return image and bool(delivery.media)
    return other if delivery.link else not other or _ADDRESS.search(delivery.text) is not None


# -------------------------------------------------------------------- figures


def _counts(kinds: Mapping[str, Any]) -> list[int]:
    return [found for key in kinds if (found := meta.count(kinds, key)) is not None]


# -------------------------------------------------------------------- polling


def _of_page(events: Sequence[Event], page_id: str, post_id: object) -> list[Event]:
    """Members of a list with what only the asker knows: whose page it is, and under which post they stand."""
    return [
        replace(
            event,
            account_id=page_id,
            change=Change.OUTBOUND if event.author_id == page_id else event.change,
            more={**event.more, "thread_id": post_id} if event.kind is Kind.COMMENT else event.more,
        )
        for event in events
    ]


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
