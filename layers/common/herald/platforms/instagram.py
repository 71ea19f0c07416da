"""Instagram professional accounts: webhooks `comments`, `live_comments`, `mentions`, `messages`; image posts, figures.

Graph API v25.0, read 2026-11-21: developers.facebook.com/docs/instagram-platform (webhooks, content-publishing,
insights), /docs/instagram-api/guides/comment-moderation; payload shapes from
restfb/restfb:src/test/resources/json/instagram (MIT). Nothing here was tried on a live account.

An account: `account_id` is the professional account's id, the token that of its Page (Facebook login; `api_base` empty)
or its own (Instagram login; `api_base` https://graph.instagram.com).

A comment that mentions us stands under somebody else's post. Its webhook carries ids only, so it is kept as a hint, and
the schedule reads the words (`complete`). Its external id is `mention:<media>` or `mention:<media>:<comment>`, because
an answer to it takes both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import sleep
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from herald.errors import BadPayload, OutcomeUnknown, Rejected, Retryable
from herald.model import Account, Act, Change, Delivery, Event, Kind, Message, Metric, Snapshot
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
    read_json,
    whole,
)
from herald.ports import Capabilities, Polled, PostLimits, Proof
from herald.publish.lengths import hashtags

if TYPE_CHECKING:  # HTTP is paid for by the first act, not by every cold start
    from herald.platforms.wire.http import Http
    from herald.platforms.wire.pace import Budget

NAME = "instagram"

_POST = PostLimits(
    text=2_200,
    image_types=frozenset({"image/jpeg"}),
    image_bytes=8_000_000,
    alt_length=1_000,
    image_required=True,
    image_ratio=(0.8, 1.91),
    image_by_address=True,
    hashtags=30,
)

CAPABILITIES = Capabilities(
    acts=frozenset({Act.REPLY, Act.HIDE, Act.UNHIDE, Act.DELETE, Act.PUBLISH, Act.TAKE_DOWN}),
    reply_limit=2_200,
    settle_seconds=60,
    post=_POST,
    metrics=frozenset({
        Metric.FOLLOWERS, Metric.REACH, Metric.VIEWS, Metric.REACTIONS, Metric.COMMENTS, Metric.SHARES, Metric.SAVES,
    }),
    sources=MappingProxyType({
        "acts": "developers.facebook.com/docs/instagram-api/guides/comment-moderation, 2026-11-25 (replies, hide,"
        " delete; no blocking of people); /docs/instagram-platform/content-publishing, 2026-11-21; deleting a post:"
        " second-hand, with instagram_manage_contents and Facebook login only;"
        " answering a mention: /ig-user/mentions, from memory;"
        " not tried on a live account",
        "reply_limit": "our assumption, 2026-11-25: that of a caption; Meta publishes no figure",
        "settle_seconds": "our assumption, 2026-11-25: Meta publishes no figure",
        "post text": "/docs/instagram-platform/content-publishing, 2026-11-21: 2,200 characters, 30 hashtags, 20 names"
        " with @; no text without an image",
        "post image": "/docs/instagram-platform/content-publishing, 2026-11-21: JPEG only, fetched by Meta from a"
        " public address, alt_text; 8 MB and a shape of 4:5 to 1.91:1 second-hand:"
        " ayrshare.com/docs/media-guidelines/instagram, 2026-11-25; 1,000 characters of alt text are our bound",
        "posts a day": "/ig-user/content_publishing_limit, 2026-11-21: Meta's pages say 50 and 100 in 24 hours, so it"
        " is asked before each post",
        "metrics": "developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights, 2026-11-21:"
        " figures come up to 48 h late, an empty list is no 0",
    }),
)  # fmt: skip

_MENTIONS_MOST = 20
_AT = re.compile(r"(?<![\w@./])@[A-Za-z0-9_](?:[A-Za-z0-9_.]*[A-Za-z0-9_])?")
_MENTION = re.compile(r"mention:([0-9A-Za-z_]+)(?::([0-9A-Za-z_]+))?")
_DAILY_CAP = "2207042"
_NOT_READY = "2207027"
_EXPIRED = "2207020"
_LATER = frozenset({"2207001", "2207003"})
"""A failure of theirs; too slow a download of the image."""
_CAP_PAUSE = 3_600.0
_FIGURES = {
    "reach": Metric.REACH,
    "views": Metric.VIEWS,
    "likes": Metric.REACTIONS,
    "comments": Metric.COMMENTS,
    "shares": Metric.SHARES,
    "saved": Metric.SAVES,
}
_REREAD = timedelta(days=4)
_CLOCK_SKEW = timedelta(seconds=5)
_PAGE_SIZE = 50
_MAX_PAGES = 10
_COMMENT_FIELDS = "id,text,timestamp,from,user,username,parent_id,hidden"
_POLLED_FIELDS = (
    f"id,timestamp,permalink,comments.limit({_PAGE_SIZE}){{{_COMMENT_FIELDS},replies.limit({_PAGE_SIZE})"
    f"{{{_COMMENT_FIELDS}}}}}"
)
_POLLED_POSTS = 10
_ACT_SECONDS = 26.0  # all calls of one act together, below the lease of a delivery
_LAST_CALL = 10.0  # of these, kept for the call that publishes
_STATUS_SECONDS = 1.0


class Instagram:
    """Source, Outlet, Poller, Completer and Meter of Instagram."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(
        self, http: Http | None = None, *, act_seconds: float = _ACT_SECONDS, status_seconds: float = _STATUS_SECONDS
    ) -> None:
        self._http = http
        self._act_seconds = act_seconds
        self._status_seconds = status_seconds

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
        """Events of a webhook body, in the order given.

        One unreadable change in a batch becomes an event of kind unknown with its raw form; its neighbours are read.
        Raises BadPayload when the body is no envelope of this platform.
        """
        try:
            return _body(obj(read_json(body), "body"))
        except BadPayload as error:
            raise BadPayload(f"{NAME}: {error}") from error
        except RecursionError as error:
            raise BadPayload(f"{NAME}: nested too deeply") from error

    # ---------------------------------------------------------------- Completer

    def complete(self, hint: Message, account: Account, token: str) -> Event:
        """The mention that a hint names, with its words. Raises PlatformError; Rejected when they cannot be read."""
        match = _MENTION.fullmatch(str(hint.more.get("names", "")))
        if match is None:
            raise Rejected("the hint names no mention", "shape")
        media, comment = match.groups()
        if comment:
            field, wanted = "mentioned_comment", f"comment_id({comment}){{id,text,timestamp,username,media{{id}}}}"
        else:
            field, wanted = "mentioned_media", f"media_id({media}){{id,caption,timestamp,username,permalink}}"
        answer = self._get(account, token, account.account_id, {"fields": f"{field}.{wanted}"})
        try:
            return _mentioned(obj(answer.get(field), field), field, match[0], media, account, hint)
        except BadPayload as error:
            raise Rejected(f"the mention is unreadable: {error}", "shape") from error

    # ---------------------------------------------------------------- Outlet

    def act(self, delivery: Delivery, account: Account, token: str, files: Sequence[bytes] = ()) -> Proof:
        """Publish, take down, hide, unhide, delete or reply, once. Raises the PlatformError that says what to do next,
        or Unsupported."""
        self._require(delivery)
        if delivery.act is Act.PUBLISH:
            return self._publish(delivery, account, token, files)
        if delivery.act in (Act.TAKE_DOWN, Act.DELETE):
            return self._take_down(delivery, account, token)
        if delivery.act is Act.REPLY:
            return self._reply(delivery, account, token)
        hide = "true" if delivery.act is Act.HIDE else "false"
        answer = self._post(account, token, delivery.target, {"hide": hide}, repeatable=True)
        if answer.get("success") is not True:
            raise OutcomeUnknown("the platform answered without saying that it was done", "shape")
        return Proof(delivery.target)

    def find(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        """Evidence that the act stands: our own posts or replies with the same words, the comment's visibility, or
        that the post is gone."""
        self._require(delivery)
        if delivery.act is Act.PUBLISH:
            return self._find_posts(delivery, account, token)
        if delivery.act in (Act.TAKE_DOWN, Act.DELETE):
            return [] if self._stands(delivery.target, account, token) else [Proof(delivery.target)]
        if delivery.act is Act.REPLY:
            return self._find_replies(delivery, account, token)
        answer = self._get(account, token, delivery.target, {"fields": "hidden"})
        if not isinstance(answer.get("hidden"), bool):
            raise OutcomeUnknown("the platform does not say whether the comment is hidden", "shape")
        return [Proof(delivery.target)] if answer["hidden"] is (delivery.act is Act.HIDE) else []

    def _require(self, delivery: Delivery) -> None:
        """What stands under others' posts can be answered, not hidden. A direct message is answered in the app.

        An id that could leave its place in an address is none of Instagram's.
        """
        require(NAME, CAPABILITIES, delivery.act)
        if delivery.act is Act.PUBLISH:
            return
        if not meta.TARGET.fullmatch(delivery.target):
            raise Rejected("what is acted on has no id that Instagram gives", "target")
        nothing = Capabilities(frozenset(), None, 0)
        if _MENTION.fullmatch(delivery.target):
            require(NAME, CAPABILITIES if delivery.act is Act.REPLY else nothing, delivery.act)
        elif not re.fullmatch(r"[0-9_]+", delivery.target):
            require(NAME, nothing, delivery.act)

    def _publish(self, delivery: Delivery, account: Account, token: str, files: Sequence[bytes]) -> Proof:
        """A container, its status, and only then the one call that publishes. Instagram keeps no key against
        repetition; a container that nobody publishes vanishes after a day."""
        from herald.platforms.wire.pace import Budget  # noqa: PLC0415

        words = _caption(delivery)
        _check_post(delivery, words, files)
        budget = Budget(self._act_seconds)
        self._below_limit(account, token, budget)
        container = self._container(delivery, words, account, token, budget)
        self._ready(container, account, token, budget)
        path = f"{account.account_id}/media_publish"
        try:
            answer = self._post(account, token, path, {"creation_id": container}, repeatable=False, budget=budget)
        except (Retryable, Rejected) as failed:
            raise _publishing(failed) from failed
        try:
            return Proof(need_id(answer.get("id"), "id"))
        except BadPayload as error:
            raise OutcomeUnknown(f"the post was taken, but the answer is unreadable: {error}", "shape") from error

    def _below_limit(self, account: Account, token: str, budget: Budget) -> None:
        """Raises Retryable while today's posts are used up. An account whose limit is not told may try."""
        query = {"fields": "quota_usage,config"}
        try:
            answer = self._get(account, token, f"{account.account_id}/content_publishing_limit", query, budget)
            (_, first), *_ = items(answer.get("data"), "data")
            limit = obj(first, "data[0]")
        except (Rejected, BadPayload, ValueError):
            return
        used, total = meta.count(limit, "quota_usage"), meta.count(meta.inner(limit, "config"), "quota_total")
        if used is not None and total and used >= total:
            raise Retryable(f"{used} of {total} posts of these 24 hours are used", _DAILY_CAP, _CAP_PAUSE)

    def _container(self, delivery: Delivery, words: str, account: Account, token: str, budget: Budget) -> str:
        """The id of an unpublished container. Making one twice harms nothing, so no failure of it is unclear."""
        image = delivery.media[0]
        alt = whole(image.alt).strip()
        form = {"image_url": image.address, "caption": words} | ({"alt_text": alt} if alt else {})
        try:
            answer = self._post(
                account, token, f"{account.account_id}/media", form, repeatable=True, budget=budget, keep=_LAST_CALL
            )
            container = need_id(answer.get("id"), "id")
        except OutcomeUnknown as error:
            raise Retryable(str(error), error.code) from error
        except BadPayload as error:
            raise Retryable(f"the container was made, but the answer is unreadable: {error}", "shape") from error
        except Rejected as refused:
            told = set(refused.code.split("/"))
            if told & {_DAILY_CAP, *_LATER}:
                pause = _CAP_PAUSE if _DAILY_CAP in told else 60.0
                raise Retryable(str(refused), refused.code, pause) from refused
            raise
        if not meta.TARGET.fullmatch(container):
            raise Rejected("the container has no id that Instagram gives", "shape")
        return container

    def _ready(self, container: str, account: Account, token: str, budget: Budget) -> None:
        """Wait until the image was fetched and can be published. Raises Retryable or Rejected."""
        while True:
            answer = self._get(account, token, container, {"fields": "status_code,status"}, budget, keep=_LAST_CALL)
            state = answer.get("status_code")
            if state == "FINISHED":
                return
            if state in ("ERROR", "EXPIRED"):
                said = " ".join(whole(str(answer.get("status") or state)).split())[:200]
                error = Retryable if state == "EXPIRED" or any(code in said for code in _LATER) else Rejected
                raise error(f"Instagram could not take the image: {said}", "container")
            if state != "IN_PROGRESS":
                raise Retryable("Instagram does not say whether the image is ready", "shape")
            if budget.left() < _LAST_CALL + self._status_seconds + 2.0:
                raise Retryable("Instagram is still working on the image", "container", 30.0)
            sleep(self._status_seconds)

    def _take_down(self, delivery: Delivery, account: Account, token: str) -> Proof:
        from herald.platforms.wire import graph  # noqa: PLC0415

        url, headers = meta.url(account, delivery.target), meta.authorization(token)
        try:
            answer = graph.read(self._client().send("DELETE", url, None, headers), repeatable=True)
        except Rejected as refused:
            if refused.code == meta.GONE and not self._stands(delivery.target, account, token):
                return Proof(delivery.target)
            raise
        if answer.get("success") is not True:
            raise OutcomeUnknown("the platform answered without saying that it was deleted", "shape")
        return Proof(delivery.target)

    def _stands(self, media: str, account: Account, token: str) -> bool:
        """Whether it is there. What is gone and what the token may not see give the same error, so the token must at
        least read the account itself."""
        try:
            self._get(account, token, media, {"fields": "id"})
        except Rejected as refused:
            if refused.code != meta.GONE:
                raise
            self._get(account, token, account.account_id, {"fields": "id"})
            return False
        return True

    def _find_posts(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        """Our images since the first attempt with the same caption."""
        if delivery.external_id:  # the platform has named it: only that one counts
            return self._named(delivery.external_id, account, token)
        since, words = _since(delivery), meta.rendered(_caption(delivery))
        query = {"fields": "id,caption,timestamp,media_type,permalink", "limit": str(_PAGE_SIZE)}
        found: list[Proof] = []
        for _ in range(_MAX_PAGES):
            answer = self._get(account, token, f"{account.account_id}/media", query)
            try:
                found += _equal_posts(answer, words, since)
                after = "" if meta.all_older(answer, since, "timestamp") else meta.next_cursor(answer)
            except BadPayload as error:
                raise OutcomeUnknown(f"the list of posts is unreadable: {error}", "shape") from error
            if not after:
                return list({proof.external_id: proof for proof in found}.values())
            query["after"] = after
        raise OutcomeUnknown(f"more than {_MAX_PAGES * _PAGE_SIZE} posts since then: a person must look", "shape")

    def _named(self, media: str, account: Account, token: str) -> list[Proof]:
        if not meta.TARGET.fullmatch(media):
            raise Rejected("the post has no id that Instagram gives", "target")
        try:
            answer = self._get(account, token, media, {"fields": "id,permalink"})
        except Rejected as refused:
            if refused.code == meta.GONE:
                return []
            raise
        return [Proof(media, optional_url(answer.get("permalink")))]

    def _reply(self, delivery: Delivery, account: Account, token: str) -> Proof:
        text = whole(delivery.text).strip()
        limit = CAPABILITIES.reply_limit or 0
        if not text or len(text) > limit:
            raise Rejected(f"a reply has 1 to {limit} characters, this one {len(text)}", "length")
        path, form = f"{delivery.target}/replies", {"message": text}
        mention = _MENTION.fullmatch(delivery.target)
        if mention:
            path, form["media_id"] = f"{account.account_id}/mentions", mention[1]
            form |= {"comment_id": mention[2]} if mention[2] else {}
        answer = self._post(account, token, path, form, repeatable=False)
        try:
            return Proof(need_id(answer.get("id"), "id"))
        except BadPayload as error:
            raise OutcomeUnknown(f"the reply was taken, but the answer is unreadable: {error}", "shape") from error

    def _find_replies(self, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        if _MENTION.fullmatch(delivery.target):
            raise Rejected("Instagram does not show us what stands under others' posts", "mention")
        above = self._get(account, token, delivery.target, {"fields": "parent_id"}).get("parent_id")
        try:  # an answer to an answer is hung under the first comment of the thread
            parent = optional_id(above, "parent_id")
        except BadPayload as error:
            raise OutcomeUnknown(f"the thread is unreadable: {error}", "shape") from error
        places = [delivery.target, *([parent] if parent and meta.TARGET.fullmatch(parent) else [])]
        found = {
            proof.external_id: proof for one in places for proof in self._replies_under(one, delivery, account, token)
        }
        return list(found.values())

    def _replies_under(self, place: str, delivery: Delivery, account: Account, token: str) -> list[Proof]:
        query = {"fields": _COMMENT_FIELDS, "limit": str(_PAGE_SIZE)}
        since, words = _since(delivery), meta.rendered(delivery.text)
        found: list[Proof] = []
        for _ in range(_MAX_PAGES):  # in no order that Meta states, so to the end
            answer = self._get(account, token, f"{place}/replies", query)
            try:
                equal = _equal_replies(answer, words, since)
                after = meta.next_cursor(answer)
            except BadPayload as error:
                raise OutcomeUnknown(f"the list of replies is unreadable: {error}", "shape") from error
            found += [Proof(reply) for reply, by in equal if self._ours(by, account, token)]
            if not after:
                return found
            query["after"] = after
        raise OutcomeUnknown(f"more than {_MAX_PAGES * _PAGE_SIZE} replies: a person must look", "shape")

    def _ours(self, by: _By, account: Account, token: str) -> bool:
        """Whether the author is us. `from` may carry an id that only our app knows, so a name has the last word.

        Raises OutcomeUnknown when the author is withheld: taken for another's, our reply would be sent again.
        """
        if account.account_id in by.ids:
            return True
        if not by.username:
            raise OutcomeUnknown("the same words stand there, but whose is withheld", "shape")
        own = self._get(account, token, account.account_id, {"fields": "username"}).get("username")
        if not isinstance(own, str) or not own:
            raise OutcomeUnknown("the same words stand there, but our own name is withheld", "shape")
        return own.casefold() == by.username.casefold()

    # ---------------------------------------------------------------- Poller

    def poll(self, account: Account, token: str, cursor: str) -> Polled:
        """Comments that webhooks may have lost: those under our newest ten posts, answers included, in one call.

        The cursor is the time of the newest comment seen and the ids seen within the overlap before it. Raises
        PlatformError.
        """
        newest, known = meta.read_cursor(cursor)
        since = newest - meta.OVERLAP
        query = {"fields": _POLLED_FIELDS, "limit": str(_POLLED_POSTS)}
        answer = self._get(account, token, f"{account.account_id}/media", query)
        try:
            found = [
                event
                for path, value in items(answer.get("data"), "data")
                for event in _under(obj(value, path), path, account)
            ]
        except BadPayload as error:
            raise Rejected(f"the list of posts is unreadable: {error}", "shape") from error
        fresh = {
            event.external_id: event
            for event in found
            if event.kind is not Kind.UNKNOWN and event.created_at >= since and event.external_id not in known
        }
        if not fresh:
            return Polled((), cursor)
        told = sorted(fresh.values(), key=lambda event: (event.created_at, event.external_id))
        last = max(newest, told[-1].created_at)
        near = [event.external_id for event in found if last - meta.OVERLAP <= event.created_at <= last]
        return Polled(tuple(told), meta.write_cursor(last, near))

    # ---------------------------------------------------------------- Meter

    def profile(self, account: Account, token: str, now: datetime) -> list[Snapshot]:
        """Followers now; reach of the last days that Instagram has closed. What it withholds is left out.

        Its days end at midnight Pacific time; a figure is given under that day's date. Raises PlatformError.
        """
        told = []
        followers = meta.count(
            self._get(account, token, account.account_id, {"fields": "followers_count"}), "followers_count"
        )
        if followers is not None:
            today = now.astimezone(ZoneInfo(account.timezone)).date().isoformat()
            told.append(Snapshot(account.id, Metric.FOLLOWERS, followers, now, day=today))
        query = {
            "metric": "reach",
            "period": "day",
            "since": str(int((now - _REREAD).timestamp())),
            "until": str(int(now.timestamp())),
        }
        for name, value in self._figures(account, token, account.account_id, query):
            try:
                end = optional_time(value.get("end_time"), "end_time")
            except BadPayload as error:
                raise Rejected(f"the figures are unreadable: {error}", "shape") from error
            figure = meta.count(value, "value")
            if name == "reach" and end is not None and end <= now and figure is not None:
                day = (end - timedelta(hours=12)).date().isoformat()  # noon of that day, there and in UTC
                told.append(Snapshot(account.id, Metric.REACH, figure, now, day=day))
        return told

    def insights(self, account: Account, token: str, posts: Sequence[str], now: datetime) -> list[Snapshot]:
        """Reach, views, likes, comments, shares and saves so far. Missing stays missing; a post that is gone, or whose
        figures Instagram refuses, has none and does not stop its neighbours. Raises PlatformError."""
        told: list[Snapshot] = []
        refusals: list[Rejected] = []
        for post in posts:
            try:
                if not meta.TARGET.fullmatch(post):
                    raise Rejected("the post has no id that Instagram gives", "target")
                figures = self._figures(account, token, post, {"metric": ",".join(_FIGURES)})
            except Rejected as refused:
                if refused.code != meta.GONE:
                    refusals.append(refused)
                continue
            counted = {_FIGURES[name]: meta.count(value, "value") for name, value in figures if name in _FIGURES}
            told += [
                Snapshot(account.id, m, value, now, post=post) for m, value in counted.items() if value is not None
            ]
        if refusals and not told:  # all of them: something is wrong with the connection
            raise refusals[0]
        return told

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

    def _post(
        self, account: Account, token: str, path: str, form: Mapping[str, str], *, repeatable: bool,
        budget: Budget | None = None, keep: float = 0.0,
    ) -> dict[str, Any]:  # fmt: skip
        from herald.platforms.wire import graph  # noqa: PLC0415

        http = budget.spend(self._client(), keep=keep) if budget else self._client()
        return graph.read(http.post(meta.url(account, path), form, meta.authorization(token)), repeatable=repeatable)

    def _get(
        self, account: Account, token: str, path: str, query: Mapping[str, str], budget: Budget | None = None,
        keep: float = _LAST_CALL,
    ) -> dict[str, Any]:  # fmt: skip
        from herald.platforms.wire import graph  # noqa: PLC0415

        http = budget.spend(self._client(), keep=keep) if budget else self._client()
        return graph.read(http.get(meta.url(account, path), query, meta.authorization(token)), repeatable=True)

    def _client(self) -> Http:
        if self._http is None:
            from herald.platforms.wire.http import Http  # noqa: PLC0415

            self._http = Http()
        return self._http


# -------------------------------------------------------------------- posts and replies of ours


@dataclass(frozen=True, slots=True)
class _By:
    """Who wrote: every id given, and the name."""

    ids: frozenset[str]
    username: str


def _since(delivery: Delivery) -> datetime:
    """From when on it can stand there; the platform's times have whole seconds."""
    return ((delivery.first_sent_at or delivery.ordered_at).astimezone(UTC) - _CLOCK_SKEW).replace(microsecond=0)


def _caption(delivery: Delivery) -> str:
    """The words as sent. A caption has no field for a link, so it goes under them."""
    words = whole(delivery.text).replace("\r\n", "\n").strip()
    if delivery.link and delivery.link not in words:
        words = f"{words}\n\n{delivery.link}".strip()
    return words


def _check_post(delivery: Delivery, words: str, files: Sequence[bytes]) -> None:
    """Raises Rejected for what would be refused, or published otherwise than approved."""
    if len(words) > _POST.text:
        raise Rejected(f"a caption has at most {_POST.text} characters, this one {len(words)}", "length")
    if hashtags(words) > (_POST.hashtags or 0):
        raise Rejected(f"a caption has at most {_POST.hashtags} hashtags, this one {hashtags(words)}", "hashtags")
    if len(_AT.findall(words)) > _MENTIONS_MOST:
        raise Rejected(f"a caption names at most {_MENTIONS_MOST} accounts", "mentions")
    if delivery.link and not optional_url(delivery.link):
        raise Rejected("the link of the post is no http(s) address", "link")
    if len(delivery.media) != 1 or len(files) != 1:
        raise Rejected("a post on Instagram needs one image, and its bytes must be there", "media")
    image, data = delivery.media[0], files[0]
    if len(data) > _POST.image_bytes:
        raise Rejected(f"an image has at most {_POST.image_bytes} bytes, this one {len(data)}", "media")
    if image.mime not in _POST.image_types or not data.startswith(b"\xff\xd8\xff"):
        raise Rejected("an image must be a JPEG, and be what it says it is", "media")
    least, most = _POST.image_ratio or (0.0, 0.0)
    if image.width and image.height and not least <= image.width / image.height <= most:
        raise Rejected(f"an image must be {least:g} to {most:g} times as wide as high: crop it", "media")
    if len(image.alt) > _POST.alt_length:
        raise Rejected(f"a description of an image has at most {_POST.alt_length} characters", "media")
    if not optional_url(image.address):
        raise Rejected("Instagram fetches the image itself, and there is no address it could fetch it from", "media")


def _publishing(error: Retryable | Rejected) -> Retryable | Rejected | OutcomeUnknown:
    """What a refusal means by the subcodes of publishing (second-hand: gitroomhq/postiz-app
    instagram.provider.ts, 2026-11-21). A failure of theirs may have come after the post was taken."""
    codes = set(error.code.split("/"))
    if _DAILY_CAP in codes:
        return Retryable(f"{error}; the posts of these 24 hours are used up", error.code, _CAP_PAUSE)
    if codes & {_NOT_READY, _EXPIRED}:
        return Retryable(str(error), error.code, 30.0)
    if codes & (_LATER | meta.THEIR_TROUBLE):
        return OutcomeUnknown(f"{error}; it may stand there all the same", error.code)
    return error


def _equal_posts(answer: Mapping[str, Any], words: str, since: datetime) -> list[Proof]:
    found = []
    for path, value in items(answer.get("data"), "data"):
        one = obj(value, path)
        if meta.rendered(optional_text(one.get("caption"), f"{path}.caption")) != words:
            continue
        if one.get("media_type") not in (None, "IMAGE"):
            continue
        at = optional_time(one.get("timestamp"), f"{path}.timestamp")
        if at is None:
            raise OutcomeUnknown("the same words stand there, but since when is withheld", "shape")
        if at >= since:
            found.append(Proof(need_id(one.get("id"), f"{path}.id"), optional_url(one.get("permalink"))))
    return found


def _equal_replies(answer: Mapping[str, Any], words: str, since: datetime) -> list[tuple[str, _By]]:
    """(id, author) of replies with these words since then. Raises OutcomeUnknown when one hides its time."""
    found = []
    for path, value in items(answer.get("data"), "data"):
        one = obj(value, path)
        if meta.rendered(optional_text(one.get("text"), f"{path}.text")) != words:
            continue
        at = optional_time(one.get("timestamp"), f"{path}.timestamp")
        if at is None:
            raise OutcomeUnknown("the same words stand there, but since when is withheld", "shape")
        if at >= since:
            found.append((need_id(one.get("id"), f"{path}.id"), _by(one, path)))
    return found


def _by(value: Mapping[str, Any], path: str) -> _By:
    """`user` is there only for what the account itself wrote; `from` has id and username where they may be seen."""
    parts = {key: obj(value[key], f"{path}.{key}") for key in ("user", "from") if value.get(key) is not None}
    ids = {found for key, part in parts.items() if (found := optional_id(part.get("id"), f"{path}.{key}.id"))}
    name = value.get("username") or parts.get("from", {}).get("username")
    return _By(frozenset(ids), whole(name)[:200] if isinstance(name, str) else "")


# -------------------------------------------------------------------- bodies


@dataclass(frozen=True, slots=True)
class _Entry:
    """Whose batch this is, and when it was sent."""

    account_id: str
    at: datetime | None


def _body(body: dict[str, Any]) -> list[Event]:
    if body.get("object") != "instagram":
        raise BadPayload("object: 'instagram' expected: this body belongs to another product, or to none")
    return [event for path, entry in items(body.get("entry"), "entry") for event in _entry(entry, path)]


def _entry(value: object, path: str) -> list[Event]:
    try:
        entry = obj(value, path)
        account_id = need_id(entry.get("id"), f"{path}.id")
    except BadPayload as error:
        return [unknown(NAME, "", value, None, why=str(error))]
    try:
        at = optional_time(entry.get("time"), f"{path}.time")
    except BadPayload:  # messages carry their own times
        at = None
    context = _Entry(account_id, at)
    events: list[Event] = []
    for key in ("changes", "messaging", "standby"):
        if entry.get(key) is not None:
            events += _several(context, entry[key], f"{path}.{key}", key)
    if not events and set(entry) - {"id", "time", "uid", "changes", "messaging", "standby"}:
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
                standby = key == "standby"
                events.append(messaging.read(NAME, context.account_id, context.at, member, at, standby=standby))
        except BadPayload as error:
            events.append(unknown(NAME, context.account_id, member, context.at, why=str(error)))
    return events


def _change(context: _Entry, change: object, path: str) -> Event:
    value = obj(change, path).get("value")
    field = optional_text(obj(change, path).get("field"), f"{path}.field")
    if field in ("comments", "live_comments", "mentions"):
        if context.at is None:
            raise BadPayload(f"{path}: the entry names no time")
        told = obj(value, f"{path}.value")
        if field == "mentions":
            return _hint(context.account_id, context.at, told, f"{path}.value")
        return _comment(context.account_id, context.at, field, told, f"{path}.value")
    if isinstance(value, dict) and "sender" in value:  # the dashboard's test of a messaging field comes as a change
        return messaging.read(NAME, context.account_id, context.at, value, f"{path}.value", standby=field == "standby")
    return unknown(NAME, context.account_id, change, context.at)


def _comment(account_id: str, at: datetime, field: str, value: dict[str, Any], path: str) -> Event:
    """There is one event a comment: Instagram tells of no edit, no deletion and no hiding."""
    media = obj(value["media"], f"{path}.media") if value.get("media") is not None else {}
    by = obj(value["from"], f"{path}.from") if value.get("from") is not None else {}
    author_id, name = optional_id(by.get("id"), f"{path}.from.id"), by.get("username")
    thread = optional_id(media.get("id"), f"{path}.media.id")
    text, more = bounded(
        optional_text(value.get("text"), f"{path}.text"),
        {
            "thread_id": thread,
            "item": "live" if field == "live_comments" else None,
            "product": optional_text(media.get("media_product_type"), f"{path}.media.media_product_type")[:40],
            "ad_id": optional_id(media.get("ad_id"), f"{path}.media.ad_id"),
        },
    )
    return Event(
        platform=NAME,
        account_id=account_id,
        external_id=need_id(value.get("id"), f"{path}.id"),
        author_id=author_id,
        text=text,
        kind=Kind.COMMENT,
        change=Change.OUTBOUND if author_id == account_id else Change.CREATED,
        parent_id=optional_id(value.get("parent_id"), f"{path}.parent_id") or thread,
        created_at=at,
        author_name=whole(name)[:200] or None if isinstance(name, str) else None,
        more=more,
    )


def _hint(account_id: str, at: datetime, value: dict[str, Any], path: str) -> Event:
    """Somebody mentioned us, says Instagram, and where; not with which words."""
    media = need_id(value.get("media_id"), f"{path}.media_id")
    comment = optional_id(value.get("comment_id"), f"{path}.comment_id")
    named = f"mention:{media}" + (f":{comment}" if comment else "")
    if not _MENTION.fullmatch(named):
        raise BadPayload(f"{path}: no ids that Instagram gives")
    return Event(
        platform=NAME,
        account_id=account_id,
        external_id=f"told:{named}",
        author_id=None,
        text="",
        kind=Kind.STATUS,
        change=Change.CREATED,
        parent_id=media,
        created_at=at,
        more={"names": named, "status": "mention"},
    )


def _mentioned(value: dict[str, Any], path: str, named: str, media: str, account: Account, hint: Message) -> Event:
    name = value.get("username")
    text, more = bounded(
        optional_text(value.get("caption" if path == "mentioned_media" else "text"), f"{path}.text"),
        {"thread_id": media, "permalink": optional_url(value.get("permalink"))},
    )
    return Event(
        platform=NAME,
        account_id=account.account_id,
        external_id=named,
        author_id=None,  # a name is all that is told, and names change
        text=text,
        kind=Kind.MENTION,
        change=Change.CREATED,
        parent_id=media,
        created_at=optional_time(value.get("timestamp"), f"{path}.timestamp") or hint.created_at,
        author_name=whole(name)[:200] or None if isinstance(name, str) else None,
        more=more,
    )


# -------------------------------------------------------------------- lists


def _under(post: Mapping[str, Any], path: str, account: Account) -> list[Event]:
    """The comments under one post of ours, with the answers to them. Raises BadPayload when it is no post."""
    media = need_id(post.get("id"), f"{path}.id")
    return _members(post, "comments", path, media, media, account)


def _members(holder: Mapping[str, Any], key: str, path: str, parent: str, thread: str, account: Account) -> list[Event]:
    listed = obj(holder.get(key) or {"data": []}, f"{path}.{key}").get("data")
    found: list[Event] = []
    for at, value in items(listed, f"{path}.{key}.data"):
        try:
            one = obj(value, at)
            event = _member(one, at, parent, thread, account)
            found += [event, *_members(one, "replies", at, event.external_id, thread, account)]
        except BadPayload as error:
            found.append(unknown(NAME, account.account_id, value, None, why=str(error)))
    return found


def _member(value: dict[str, Any], path: str, parent: str, thread: str, account: Account) -> Event:
    at = optional_time(value.get("timestamp"), f"{path}.timestamp")
    if at is None:
        raise BadPayload(f"{path}.timestamp: a time expected, found none")
    by = _by(value, path)
    own = account.account_id in by.ids
    shown = optional_id(meta.inner(value, "from").get("id"), f"{path}.from.id")
    text, more = bounded(
        optional_text(value.get("text"), f"{path}.text"),
        {"hidden": True if value.get("hidden") is True else None, "thread_id": thread},
    )
    return Event(
        platform=NAME,
        account_id=account.account_id,
        external_id=need_id(value.get("id"), f"{path}.id"),
        author_id=account.account_id if own else shown,
        text=text,
        kind=Kind.COMMENT,
        change=Change.OUTBOUND if own else Change.CREATED,
        parent_id=optional_id(value.get("parent_id"), f"{path}.parent_id") or parent,
        created_at=at,
        author_name=by.username or None,
        more=more,
    )
