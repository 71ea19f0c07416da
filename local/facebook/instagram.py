"""Instagram's part of the Graph API over the same wall: an account is a page whose network is `instagram`.

Its posts are images with a caption, made in two steps: a container, then publishing it. The container fetches the image
from this machine only, and is ready at once. Its webhooks tell new comments and nothing else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from local.facebook import numbers
from local.facebook.config import INSTAGRAM, Page
from local.facebook.graph import Graph, GraphError, _chosen, _flag, _inside, _metric, _metrics, _time
from local.facebook.wall import Person, username
from local.simulator import crowd
from local.simulator.calls import Call
from local.simulator.content import NoSuchObject

CAPTION_LIMIT, HASHTAGS, POSTS_A_DAY = 2_200, 30, 50
METRICS = ("reach", "views", "likes", "comments", "shares", "saved")
_DAY = 86_400


class App(Graph):
    """The API of one app that speaks for Pages and for Instagram accounts: the token says for which."""

    def acts(self, call: Call) -> bool:
        """A container that nobody publishes is seen by nobody."""
        return call.write and not call.path.rstrip("/").endswith("/media")

    def _do(self, call: Call) -> Mapping[str, Any]:
        page = self.page_of(call.token)
        if page is None or page.network != INSTAGRAM:
            return super()._do(call)
        object_id, _, edge = call.path.strip("/").partition("/")
        object_id = page.id if object_id == "me" else object_id
        handler = self._ours(page, call).get((call.method, edge)) if object_id == page.id else None
        if object_id != page.id:
            handler = self._theirs(page, object_id, call.params).get((call.method, edge))
        if handler is None:
            raise GraphError(400, 100, f"Unsupported {call.method.lower()} request.", kind="IGApiException")
        return handler()

    def _ours(self, page: Page, call: Call) -> Mapping[tuple[str, str], Callable[[], Mapping[str, Any]]]:
        params = call.params
        return {
            ("GET", ""): lambda: self._account(page, params),
            ("GET", "media"): lambda: self._posted(page, params),
            ("POST", "media"): lambda: self._container(page, call),
            ("GET", "content_publishing_limit"): lambda: self._quota(page),
            ("POST", "media_publish"): lambda: self._media_publish(page, params),
            ("GET", "insights"): lambda: self._account_insights(page, params),
        }

    def _theirs(
        self, page: Page, object_id: str, params: Mapping[str, str]
    ) -> Mapping[tuple[str, str], Callable[[], Mapping[str, Any]]]:
        return {
            ("GET", ""): lambda: self._node(page, object_id, params),
            ("POST", ""): lambda: self._set_hidden(page, object_id, params),
            ("DELETE", ""): lambda: self._delete(page, object_id, params),
            ("GET", "comments"): lambda: self._under(page, object_id, params),
            ("GET", "replies"): lambda: self._under(page, object_id, params),
            ("POST", "replies"): lambda: self._answer(page, object_id, params),
            ("GET", "insights"): lambda: self._media_insights(page, object_id, params),
        }

    # ------------------------------------------------------------ the account

    def _account(self, page: Page, params: Mapping[str, str]) -> Mapping[str, Any]:
        have: dict[str, Callable[[], Any]] = {
            "id": lambda: page.id,
            "name": lambda: page.name,
            "username": lambda: username(page.name),
            "followers_count": lambda: crowd.followers(page.id, self._wall.clock()),
        }
        return _chosen(have, params, ("id",), "IGUser")

    def _posted(self, page: Page, params: Mapping[str, str]) -> Mapping[str, Any]:
        rows = self._wall.rows(
            "select *, rowid n from posts where page=? and author_id=page order by created, rowid", page.id
        )
        return self._list(rows, params, newest_first=True, node=self._media, path=f"{page.id}/media")

    def _quota(self, page: Page) -> Mapping[str, Any]:
        config = {"quota_total": POSTS_A_DAY, "quota_duration": _DAY}
        return {"data": [{"quota_usage": self._used(page), "config": config}]}

    def _used(self, page: Page) -> int:
        since = self._wall.clock() - _DAY
        query = "select count(*) n from posts where page=? and author_id=page and created>?"
        return int(self._wall.rows(query, page.id, since)[0]["n"])

    def _container(self, page: Page, call: Call) -> Mapping[str, Any]:
        data = call.files.get("source")
        caption = call.params.get("caption", "")
        if data is None:
            raise GraphError(400, 100, "(#100) The parameter image_url is required", kind="IGApiException")
        if not data.startswith(b"\xff\xd8\xff"):
            raise GraphError(400, 36001, "The image format is not supported: JPEG only", subcode=2207083)
        if len(caption) > CAPTION_LIMIT or caption.count("#") > HASHTAGS:
            raise GraphError(400, 36004, "The caption is too long", subcode=2207010)
        return {"id": self._wall.photo(page.id, data, alt=call.params.get("alt_text", ""), caption=caption)}

    def _media_publish(self, page: Page, params: Mapping[str, str]) -> Mapping[str, Any]:
        container = self._wall.photo_row(params.get("creation_id", ""))
        if container["page"] != page.id or container["post"] is not None:
            raise NoSuchObject(container["id"])
        if self._state(container) == "EXPIRED":
            raise GraphError(400, 24, "The media has expired", kind="OAuthException", subcode=2207020)
        if self._used(page) >= POSTS_A_DAY:
            raise GraphError(400, 9, "Application request limit reached", subcode=2207042)
        return {"id": self._wall.post(page.id, container["caption"], photos=[container["id"]])}

    def _state(self, container: sqlite3.Row) -> str:
        if container["post"] is not None:
            return "PUBLISHED"
        return "EXPIRED" if container["created"] < self._wall.clock() - _DAY else "FINISHED"

    # ------------------------------------------------------------ posts and comments

    def _node(self, page: Page, object_id: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        try:
            row, is_comment = self._own(page, object_id)
        except NoSuchObject:
            container = self._wall.photo_row(object_id)
            if container["page"] != page.id:
                raise
            have: dict[str, Callable[[], Any]] = {
                "id": lambda: container["id"],
                "status_code": lambda: self._state(container),
                "status": lambda: self._state(container).title(),
            }
            return _chosen(have, params, ("id",), "IGContainer")
        return self._said(row, params) if is_comment else self._media(row, params)

    def _media(self, row: sqlite3.Row, params: Mapping[str, str]) -> Mapping[str, Any]:
        have: dict[str, Callable[[], Any]] = {
            "id": lambda: row["id"],
            "caption": lambda: row["message"] or None,
            "timestamp": lambda: _time(row["created"]),
            "media_type": lambda: "IMAGE",
            "permalink": lambda: self._permalink(row),
            "username": lambda: username(row["author_name"]),
            "comments": lambda: self._listed("post=? and parent is null", row["id"], _inside(params, "comments")),
        }
        return _chosen(have, params, ("id",), "IGMedia")

    def _said(self, row: sqlite3.Row, params: Mapping[str, str]) -> Mapping[str, Any]:
        own = row["author_id"] == row["page"]
        have: dict[str, Callable[[], Any]] = {
            "id": lambda: row["id"],
            "text": lambda: row["message"],
            "timestamp": lambda: _time(row["created"]),
            "from": lambda: {"id": row["author_id"], "username": username(row["author_name"])},
            "user": lambda: {"id": row["author_id"]} if own else None,
            "username": lambda: username(row["author_name"]),
            "hidden": lambda: bool(row["hidden"]),
            "parent_id": lambda: row["parent"],
            "media": lambda: {"id": row["post"]},
            "replies": lambda: self._listed("parent=?", row["id"], _inside(params, "replies")),
        }
        return _chosen(have, params, ("timestamp", "text", "id"), "IGComment")

    def _under(self, page: Page, object_id: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        _, is_comment = self._own(page, object_id)
        return self._listed("parent=?" if is_comment else "post=? and parent is null", object_id, params)

    def _listed(self, where: str, object_id: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        query = f"select *, rowid n from comments where {where} order by created, rowid"  # noqa: S608 - names of our own # nosec B608
        rows = self._wall.rows(query, object_id)
        return self._list(rows, params, newest_first=True, node=self._said, path=f"{object_id}/comments")

    def _set_hidden(self, page: Page, object_id: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        row, is_comment = self._own(page, object_id)
        if not is_comment or "hide" not in params:
            raise GraphError(400, 100, "(#100) Missing parameter: hide")
        if row["author_id"] == page.id:
            raise GraphError(403, 200, "(#200) An account cannot hide its own words")
        self._wall.hide(object_id, _flag("hide", params["hide"]))
        return {"success": True}

    def _answer(self, page: Page, object_id: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        """Hung under the first comment of the thread, as Instagram does."""
        row, is_comment = self._own(page, object_id)
        if not is_comment:
            raise NoSuchObject(object_id)
        by = Person(page.id, page.name)
        return {"id": self._wall.comment(page.id, params.get("message", ""), by, parent=row["parent"] or row["id"])}

    # ------------------------------------------------------------ figures

    def _account_insights(self, page: Page, params: Mapping[str, str]) -> Mapping[str, Any]:
        """Reach of the last days that have ended, each under the moment it ended at."""
        _metrics(params, ("reach",))
        now = self._wall.clock()
        posts = self._wall.rows("select id, created from posts where page=? and author_id=page", page.id)
        published = [(row["id"], row["created"]) for row in posts]
        days = [crowd.day_of(now) - timedelta(days=n) for n in (4, 3, 2, 1)]
        told: list[Mapping[str, Any]] = [
            {"value": numbers.day(page.id, day, published).reach, "end_time": _time(crowd.start_of(day + timedelta(1)))}
            for day in days
        ]
        return {"data": [_metric(page.id, "reach", "day", told)]}

    def _media_insights(self, page: Page, object_id: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        """So far. An empty list, not zeros, for a post that has no figures yet."""
        row, is_comment = self._own(page, object_id)
        if is_comment:
            raise GraphError(400, 100, "(#100) Comments have no insights")
        wanted = _metrics(params, METRICS)
        figures = numbers.post(page.id, object_id, row["created"], self._wall.clock())
        if figures is None:
            return {"data": []}

        def count(table: str, column: str) -> int:
            query = f"select count(*) n from {table} where {column}=?"  # noqa: S608 - names of our own # nosec B608
            return int(self._wall.rows(query, object_id)[0]["n"])

        values = {
            "reach": figures.reach,
            "views": figures.views,
            "likes": count("reactions", "object"),
            "comments": count("comments", "post"),
            "shares": count("shares", "post"),
            "saved": int(figures.clicks * crowd.chance(page.id, object_id, "saved")),
        }
        return {"data": [_metric(object_id, name, "lifetime", [{"value": values[name]}]) for name in wanted]}
