"""The part of the Graph API that a Page's posts, comments and figures need, as a function from a call to an answer.

Paths and parameters as in v25.0. Errors have the platform's shape and codes: 190 token, 100 parameter, 100/33 no
such object for you, 10 and 200 permission, 4 and 613 rate, 1 and 2 trouble on their side. Which HTTP status goes
with which code is not documented; a client must go by the code.
"""

from __future__ import annotations

import json
import re
import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from local.facebook import numbers
from local.facebook.config import Page
from local.facebook.wall import Person, Wall
from local.simulator import crowd
from local.simulator.calls import Answer, Call
from local.simulator.content import BadImage, BadInput, NoSuchObject

VERSION = re.compile(r"v\d{1,2}\.\d")
LIMIT = 100
"""Most rows of one page of a list; 25 unless asked."""


class GraphError(Exception):
    """An error as the API words it."""

    def __init__(
        self, status: int, code: int, message: str, *, kind: str = "OAuthException", subcode: int | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.kind, self.subcode = status, code, kind, subcode

    def answer(self, headers: Mapping[str, str] | None = None) -> Answer:
        error: dict[str, Any] = {"message": str(self), "type": self.kind, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.code in (1, 2, 4, 613):
            error["is_transient"] = True
        error["fbtrace_id"] = "A" + sha256(repr((self.code, str(self))).encode()).hexdigest()[:22]
        return Answer(self.status, {"error": error}, headers or {})


_BUSY = {"call_count": 100, "total_cputime": 25, "total_time": 25}
_BUSY_HEADERS = {"x-app-usage": json.dumps(_BUSY)}

REFUSALS: Mapping[str, Answer] = {
    "429": GraphError(429, 4, "(#4) Application request limit reached").answer(_BUSY_HEADERS),
    "rate_limit": GraphError(403, 4, "(#4) Application request limit reached").answer(_BUSY_HEADERS),
    "outage": GraphError(500, 2, "An unexpected error has occurred. Please retry your request later.").answer(),
    "bad_token": GraphError(
        400, 190, "Error validating access token: Session has expired", subcode=463
    ).answer(),
    "permission": GraphError(
        403, 200, "(#200) Requires pages_manage_engagement permission to manage the object"
    ).answer(),
}  # fmt: skip
"""What a call gets, by the fault it meets, without anything being done."""


class Graph:
    """The API over one wall. `base` is the address of the public pages, for permalinks."""

    def __init__(self, wall: Wall, base: str) -> None:
        self._wall = wall
        self._base = base

    def page_of(self, token: str) -> Page | None:
        return next((page for page in self._wall.pages.values() if token and page.token == token), None)

    def owner(self, call: Call) -> str | None:
        page = self.page_of(call.token)
        return page.id if page else None

    def acts(self, call: Call) -> bool:
        return call.write

    def refusal(self, kind: str) -> Answer | None:
        return REFUSALS.get(kind)

    def answer(self, call: Call) -> Answer:
        """Do what was asked, or say in the API's words why not. Raises nothing for bad input."""
        try:
            return Answer(200, self._do(call), {"x-app-usage": '{"call_count":1,"total_cputime":1,"total_time":1}'})
        except GraphError as error:
            return error.answer()
        except NoSuchObject as error:
            return _no_such(call.method, str(error)).answer()
        except BadImage as error:
            return GraphError(400, 324, f"(#324) Missing or invalid image file: {error}").answer()
        except BadInput as error:
            return GraphError(400, 100, f"(#100) {error}").answer()

    def _do(self, call: Call) -> Mapping[str, Any]:
        page = self.page_of(call.token)
        if page is None:
            problem = "Invalid OAuth access token - Cannot parse access token" if call.token else (
                "An access token is required to request this resource."
            )  # fmt: skip
            raise GraphError(401, 190 if call.token else 104, problem)
        object_id, _, edge = call.path.strip("/").partition("/")
        if object_id == "me":
            object_id = page.id
        if (call.method, object_id, edge) == ("POST", page.id, "photos"):
            return self._photo(page, call)
        handler = self._route(call.method, edge, is_page=object_id == page.id)
        if handler is None:
            raise GraphError(400, 100, f"Unsupported {call.method.lower()} request.", kind="GraphMethodException")
        return handler(page, object_id, call.params)

    def _route(
        self, method: str, edge: str, *, is_page: bool
    ) -> Callable[[Page, str, Mapping[str, str]], Mapping[str, Any]] | None:
        if is_page:
            return {
                ("GET", ""): self._get_page,
                ("GET", "feed"): self._feed,
                ("GET", "posts"): self._published,
                ("GET", "published_posts"): self._published,
                ("GET", "insights"): self._page_insights,
                ("GET", "ratings"): self._ratings,
                ("POST", "feed"): self._publish,
                ("GET", "blocked"): self._blocked,
                ("POST", "blocked"): lambda *asked: self._block(*asked, on=True),
                ("DELETE", "blocked"): lambda *asked: self._block(*asked, on=False),
            }.get((method, edge))
        return {
            ("GET", ""): self._get,
            ("POST", ""): self._change,
            ("DELETE", ""): self._delete,
            ("GET", "comments"): self._comments,
            ("GET", "insights"): self._post_insights,
            ("POST", "comments"): self._reply,
        }.get((method, edge))

    # ------------------------------------------------------------ pages

    def _blocked(self, page: Page, _: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        user = params.get("user", "")
        return {"data": [{"id": user, "name": "Somebody"}] if self._wall.is_blocked(page.id, user) else []}

    def _block(self, page: Page, _: str, params: Mapping[str, str], *, on: bool) -> Mapping[str, Any]:
        user = params.get("user", "")
        if not user.isdigit():
            raise GraphError(400, 100, "(#100) Param user must be the id of a person")
        self._wall.block(page.id, user, on=on)
        return {user: True} if on else {"success": True}

    def _get_page(self, page: Page, _: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        have: dict[str, Callable[[], Any]] = {
            "id": lambda: page.id,
            "name": lambda: page.name,
            "link": lambda: f"{self._base}/p/{page.id}",
            "followers_count": lambda: crowd.followers(page.id, self._wall.clock()),
        }
        return _chosen(have, params, ("name", "id"), "Page")

    def _publish(self, page: Page, _: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        _at_once(params)
        photos = _attached(params["attached_media"]) if "attached_media" in params else ()
        return {"id": self._wall.post(page.id, params.get("message", ""), link=params.get("link", ""), photos=photos)}

    def _photo(self, page: Page, call: Call) -> Mapping[str, Any]:
        """An image with its words; `message` is the older name of `caption`."""
        data = call.files.get("source")
        if data is None:
            raise GraphError(400, 324, "(#324) Requires upload file")
        words = call.params.get("caption", call.params.get("message", ""))
        published = _flag("published", call.params.get("published", "true"))
        if published:
            _at_once(call.params)
        with self._wall.transaction():
            photo = self._wall.photo(page.id, data, alt=call.params.get("alt_text_custom", ""), caption=words)
            if not published:
                return {"id": photo}
            return {"id": photo, "post_id": self._wall.post(page.id, words, photos=[photo])}

    def _feed(self, page: Page, _: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        rows = self._wall.rows("select *, rowid n from posts where page=? order by created, rowid", page.id)
        return self._posts(page, rows, params, "feed")

    def _published(self, page: Page, _: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        rows = self._wall.rows(
            "select *, rowid n from posts where page=? and author_id=page order by created, rowid", page.id
        )
        return self._posts(page, rows, params, "published_posts")

    def _posts(self, page: Page, rows: list[sqlite3.Row], params: Mapping[str, str], edge: str) -> Mapping[str, Any]:
        rows = [row for row in rows if _within(row["created"], params)]
        return self._list(rows, params, newest_first=True, node=self._post, path=f"{page.id}/{edge}")

    def _ratings(self, page: Page, _: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        rows = self._wall.rows("select *, rowid n from ratings where page=? order by created, rowid", page.id)
        return self._list(rows, params, newest_first=True, node=self._rating, path=f"{page.id}/ratings")

    # ------------------------------------------------------------ posts and comments

    def _own(self, page: Page, object_id: str) -> tuple[sqlite3.Row, bool]:
        row, is_comment = self._wall.object_row(object_id)
        if row["page"] != page.id:
            raise NoSuchObject(object_id)
        return row, is_comment

    def _get(self, page: Page, object_id: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        try:
            row, is_comment = self._own(page, object_id)
        except NoSuchObject:
            photo = self._wall.photo_row(object_id)
            if photo["page"] != page.id:
                raise
            return self._photo_node(photo, params)
        return self._comment(row, params) if is_comment else self._post(row, params)

    def _change(self, page: Page, object_id: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        row, is_comment = self._own(page, object_id)
        own = row["author_id"] == page.id
        if "is_hidden" in params:
            if own:
                raise GraphError(403, 200, "(#200) The Page cannot hide its own words")
            self._wall.hide(object_id, _flag("is_hidden", params["is_hidden"]))
        elif "message" in params:
            if not own:
                raise GraphError(403, 200, "(#200) Only the author may edit this")
            self._wall.edit(object_id, params["message"])
        else:
            what = "is_hidden or message" if is_comment else "message"
            raise GraphError(400, 100, f"(#100) Missing parameter: {what}")
        return {"success": True}

    def _delete(self, page: Page, object_id: str, _: Mapping[str, str]) -> Mapping[str, Any]:
        self._own(page, object_id)
        self._wall.delete(object_id)
        return {"success": True}

    def _reply(self, page: Page, object_id: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        row, is_comment = self._own(page, object_id)
        by = Person(page.id, page.name)
        if is_comment:
            return {"id": self._wall.comment(page.id, params.get("message", ""), by, parent=row["id"])}
        return {"id": self._wall.comment(page.id, params.get("message", ""), by, post=row["id"])}

    def _comments(self, page: Page, object_id: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        _, is_comment = self._own(page, object_id)
        return self._comments_of(object_id, params, is_comment=is_comment)

    def _comments_of(self, object_id: str, params: Mapping[str, str], *, is_comment: bool) -> Mapping[str, Any]:
        stream = _choice("filter", params, ("toplevel", "stream")) == "stream"
        where = "parent=?" if is_comment else "post=?" if stream else "post=? and parent is null"
        query = f"select *, rowid n from comments where {where} order by created, rowid"  # noqa: S608 - names of our own # nosec B608
        rows = [row for row in self._wall.rows(query, object_id) if _within(row["created"], params)]
        newest_first = _choice("order", params, ("chronological", "reverse_chronological")) != "chronological"
        return self._list(rows, params, newest_first=newest_first, node=self._comment, path=f"{object_id}/comments")

    # ------------------------------------------------------------ figures

    def _page_insights(self, page: Page, _: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        """Days that have ended, each under the moment it ended at; two of them unless asked for others."""
        wanted = _metrics(params, PAGE_METRICS)
        if params.get("period", "day") != "day":
            raise GraphError(400, 100, "(#100) This simulator tells figures of a page by day only: period=day")
        now = self._wall.clock()
        until = _moment("until", params, now)
        since = _moment("since", params, until - 2 * 86_400)
        if until - since > 93 * 86_400:
            raise GraphError(400, 100, "(#100) There cannot be more than 93 days between since and until")
        ends = []
        day = crowd.day_of(since) - timedelta(days=1)
        while (end := crowd.start_of(day + timedelta(days=1))) <= min(until, now):
            if end >= since:
                ends.append((day, end))
            day += timedelta(days=1)
        values = {name: [self._on(page.id, name, day, end) for day, end in ends] for name in wanted}
        return {"data": [_metric(page.id, name, "day", told) for name, told in values.items() if told]}

    def _on(self, page: str, metric: str, day: date, end: int) -> Mapping[str, Any]:
        if metric == "page_follows":
            value = crowd.followers(page, end)
        elif metric == "page_post_engagements":
            value = self._engagements(page, crowd.start_of(day), end)
        else:
            posts = self._wall.rows("select id, created from posts where page=? and author_id=page", page)
            figures = numbers.day(page, day, [(row["id"], row["created"]) for row in posts])
            value = {
                "page_media_view": figures.views,
                "page_total_media_view_unique": figures.reach,
                "page_daily_follows": figures.follows,
            }[metric]
        return {"value": value, "end_time": _time(end)}

    def _engagements(self, page: str, start: int, end: int) -> int:
        """What people did under the page's own posts."""
        return sum(
            int(self._wall.rows(query, page, start, end)[0]["n"])
            for query in (
                "select count(*) n from comments c join posts p on p.id = c.post where p.page=? and p.author_id=p.page"
                " and c.author_id<>p.page and c.created>=? and c.created<?",
                "select count(*) n from reactions r join posts p on p.id = r.object where p.page=?"
                " and p.author_id=p.page and r.created>=? and r.created<?",
                "select count(*) n from shares s join posts p on p.id = s.post where p.page=? and p.author_id=p.page"
                " and s.created>=? and s.created<?",
            )
        )

    def _post_insights(self, page: Page, post_id: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        """So far. An empty list, not zeros, for a post that has no figures yet and for a visitor's."""
        row, is_comment = self._own(page, post_id)
        if is_comment:
            raise GraphError(400, 100, "(#100) Comments have no insights")
        wanted = _metrics(params, POST_METRICS)
        figures = numbers.post(page.id, post_id, row["created"], self._wall.clock())
        if figures is None or row["author_id"] != page.id or params.get("period", "lifetime") != "lifetime":
            return {"data": []}
        values = {
            "post_media_view": figures.views,
            "post_total_media_view_unique": figures.reach,
            "post_reactions_by_type_total": self._wall.reactions([post_id]).get(post_id, {}),
            "post_clicks": figures.clicks,
        }
        return {"data": [_metric(post_id, name, "lifetime", [{"value": values[name]}]) for name in wanted]}

    # ------------------------------------------------------------ nodes

    def _comment(self, row: sqlite3.Row, params: Mapping[str, str]) -> Mapping[str, Any]:
        wall, own = self._wall, row["author_id"] == row["page"]
        have: dict[str, Callable[[], Any]] = {
            "id": lambda: row["id"],
            "message": lambda: row["message"],
            "from": lambda: {"id": row["author_id"], "name": row["author_name"]},
            "created_time": lambda: _time(row["created"]),
            "parent": lambda: self._parent(row["parent"]),
            "object": lambda: {"id": row["post"]},
            "is_hidden": lambda: bool(row["hidden"]),
            "can_hide": lambda: not own,
            "can_remove": lambda: True,
            "can_comment": lambda: True,
            "comment_count": lambda: wall.rows("select count(*) n from comments where parent=?", row["id"])[0]["n"],
            "like_count": lambda: sum(wall.reactions([row["id"]]).get(row["id"], {}).values()),
            "permalink_url": lambda: f"{self._base}/p/{row['page']}/posts/{row['post']}#c-{row['id']}",
        }
        return _chosen(have, params, ("created_time", "from", "message", "id"), "Comment")

    def _parent(self, comment_id: str | None) -> Mapping[str, Any] | None:
        if comment_id is None:
            return None
        above = self._wall.comment_row(comment_id)
        return {
            "created_time": _time(above["created"]),
            "from": {"id": above["author_id"], "name": above["author_name"]},
            "message": above["message"],
            "id": above["id"],
        }

    def _post(self, row: sqlite3.Row, params: Mapping[str, str]) -> Mapping[str, Any]:
        wall = self._wall
        have: dict[str, Callable[[], Any]] = {
            "id": lambda: row["id"],
            "message": lambda: row["message"],
            "from": lambda: {"id": row["author_id"], "name": row["author_name"]},
            "created_time": lambda: _time(row["created"]),
            "is_hidden": lambda: bool(row["hidden"]),
            "is_published": lambda: True,
            "permalink_url": lambda: self._permalink(row),
            "updated_time": lambda: _time(self._updated(row)),
            "full_picture": lambda: next((wall.photo_address(photo) for photo in wall.photos_of(row["id"])), None),
            "attachments": lambda: self._attachments(row),
            "comments": lambda: self._comments_of(row["id"], _inside(params, "comments"), is_comment=False),
            "reactions": lambda: _total(sum(wall.reactions([row["id"]]).get(row["id"], {}).values())),
            "shares": lambda: self._shares(row["id"]),
        }
        return _chosen(have, params, ("created_time", "message", "id"), "Post")

    def _permalink(self, row: sqlite3.Row) -> str:
        return f"{self._base}/p/{row['page']}/posts/{row['id']}"

    def _updated(self, row: sqlite3.Row) -> int:
        newest = self._wall.rows("select max(created) n from comments where post=?", row["id"])[0]["n"]
        return max(int(row["created"]), newest or 0)

    def _shares(self, post_id: str) -> Mapping[str, int] | None:
        """Left out, as the platform does, rather than 0."""
        count = self._wall.rows("select count(*) n from shares where post=?", post_id)[0]["n"]
        return {"count": count} if count else None

    def _attachments(self, row: sqlite3.Row) -> Mapping[str, Any] | None:
        """The photos, else the link, as the platform shows them; nothing for plain words."""
        photos = [self._photo_attached(photo) for photo in self._wall.photos_of(row["id"])]
        if len(photos) > 1:
            album = {"media_type": "album", "type": "album", "url": self._permalink(row), "target": {"id": row["id"]}}
            return {"data": [{**album, "subattachments": {"data": photos}}]}
        if photos:
            return {"data": photos}
        if not row["link"]:
            return None
        shown = {"media_type": "link", "type": "share", "url": row["link"], "unshimmed_url": row["link"]}
        return {"data": [{**shown, "title": row["link"], "target": {"url": row["link"]}}]}

    def _photo_attached(self, photo: sqlite3.Row) -> Mapping[str, Any]:
        address = self._wall.photo_address(photo)
        return {
            "media_type": "photo",
            "type": "photo",
            "url": address,
            "media": {"image": {"src": address}},
            "target": {"id": photo["id"], "url": address},
        }

    def _photo_node(self, row: sqlite3.Row, params: Mapping[str, str]) -> Mapping[str, Any]:
        have: dict[str, Callable[[], Any]] = {
            "id": lambda: row["id"],
            "name": lambda: row["caption"] or None,
            "alt_text_custom": lambda: row["alt"] or None,
            "created_time": lambda: _time(row["created"]),
            "page_story_id": lambda: row["post"],
            "link": lambda: self._wall.photo_address(row),
        }
        return _chosen(have, params, ("created_time", "name", "id"), "Photo")

    def _rating(self, row: sqlite3.Row, params: Mapping[str, str]) -> Mapping[str, Any]:
        have: dict[str, Callable[[], Any]] = {
            "open_graph_story": lambda: {"id": row["id"]},
            "reviewer": lambda: {"id": row["author_id"], "name": row["author_name"]},
            "created_time": lambda: _time(row["created"]),
            "recommendation_type": lambda: "positive" if row["positive"] else "negative",
            "review_text": lambda: row["text"],
        }
        return _chosen(have, params, ("created_time", "recommendation_type", "review_text"), "Recommendation")

    # ------------------------------------------------------------ lists

    def _list(
        self,
        rows: list[sqlite3.Row],
        params: Mapping[str, str],
        *,
        newest_first: bool,
        node: Callable[[sqlite3.Row, Mapping[str, str]], Mapping[str, Any]],
        path: str,
    ) -> Mapping[str, Any]:
        """One page of `rows` (oldest first), with cursors that stay valid while rows come and go."""
        total = len(rows)
        sign = -1 if newest_first else 1
        ordered = sorted(rows, key=lambda row: (sign * row["created"], sign * row["n"]))
        limit = _limit(params)
        if "after" in params:
            place = _place(params["after"])
            ordered = [row for row in ordered if _sorts(row, sign) > (sign * place[0], sign * place[1])]
            shown = ordered[:limit]
        elif "before" in params:
            place = _place(params["before"])
            ordered = [row for row in ordered if _sorts(row, sign) < (sign * place[0], sign * place[1])]
            shown = ordered[-limit:] if limit else []
        else:
            shown = ordered[:limit]
        answer: dict[str, Any] = {"data": [node(row, params) for row in shown]}
        if shown:
            answer["paging"] = {"cursors": {"before": _cursor(shown[0]), "after": _cursor(shown[-1])}}
            if "before" not in params and len(ordered) > len(shown):
                query = urlencode({**params, "after": _cursor(shown[-1])})
                answer["paging"]["next"] = f"{self._base}/v25.0/{path}?{query}"
        if params.get("summary") in ("true", "1", "total_count"):
            answer["summary"] = {"order": "chronological", "total_count": total, "can_comment": True}
        return answer


PAGE_METRICS = (
    "page_media_view",
    "page_total_media_view_unique",
    "page_post_engagements",
    "page_daily_follows",
    "page_follows",
)
POST_METRICS = ("post_media_view", "post_total_media_view_unique", "post_reactions_by_type_total", "post_clicks")


def _metrics(params: Mapping[str, str], known: tuple[str, ...]) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in params.get("metric", "").split(",") if name.strip()))
    if not names or not set(names) <= set(known):
        raise GraphError(400, 100, "(#100) The value must be a valid insights metric")
    return names


def _metric(node: str, name: str, period: str, values: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    return {"name": name, "period": period, "values": values, "id": f"{node}/insights/{name}/{period}"}


def _moment(name: str, params: Mapping[str, str], default: float) -> float:
    """Unix seconds, or a date, which begins where figures' days do."""
    text = params.get(name)
    if text is None:
        return default
    try:
        moment = float(text) if text.isdigit() else float(crowd.start_of(date.fromisoformat(text)))
    except ValueError:
        moment = 0.0
    if not 1_000_000_000 <= moment < 4_000_000_000:
        raise GraphError(400, 100, f"(#100) Param {name} must be a Unix time or a date of this century")
    return moment


def _at_once(params: Mapping[str, str]) -> None:
    if params.get("published", "true") in ("false", "0") or "scheduled_publish_time" in params:
        raise GraphError(400, 100, "(#100) This simulator publishes at once; it keeps no schedule")


def _attached(text: str) -> list[str]:
    """Ids of `[{"media_fbid": "..."}]`."""
    try:
        return [str(one["media_fbid"]) for one in json.loads(text)]
    except (ValueError, TypeError, KeyError):
        raise GraphError(400, 100, "(#100) Param attached_media must be an array of {media_fbid}") from None


def _sorts(row: sqlite3.Row, sign: int) -> tuple[int, int]:
    return sign * row["created"], sign * row["n"]


def _cursor(row: sqlite3.Row) -> str:
    return urlsafe_b64encode(f"{row['created']}.{row['n']}".encode()).decode()


def _place(cursor: str) -> tuple[int, int]:
    try:
        created, _, number = urlsafe_b64decode(cursor.encode()).decode().partition(".")
        return int(created), int(number)
    except ValueError:
        raise GraphError(400, 100, "(#100) Invalid cursor") from None


def _limit(params: Mapping[str, str]) -> int:
    text = params.get("limit", "25")
    if not text.isdigit():
        raise GraphError(400, 100, "(#100) Param limit must be an integer")
    return min(int(text), LIMIT)


def _choice(name: str, params: Mapping[str, str], allowed: tuple[str, ...]) -> str:
    value = params.get(name, allowed[0]).lower()
    if value not in allowed:
        raise GraphError(400, 100, f"(#100) Param {name} must be one of {{{', '.join(allowed)}}}")
    return value


def _flag(name: str, text: str) -> bool:
    value = {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
    if value is None:
        raise GraphError(400, 100, f"(#100) Param {name} must be a boolean")
    return value


def _within(created: int, params: Mapping[str, str]) -> bool:
    for name in ("since", "until"):
        if name in params and not params[name].isdigit():
            raise GraphError(400, 100, f"(#100) Param {name} must be a Unix time")
    return int(params.get("since", 0)) <= created and ("until" not in params or created <= int(params["until"]))


def _chosen(
    have: Mapping[str, Callable[[], Any]], params: Mapping[str, str], default: tuple[str, ...], node: str
) -> dict[str, Any]:
    """The fields asked for; what is absent (a parent of a first comment) is left out, the id is always there."""
    names = _fields(params["fields"]) if params.get("fields") else default
    chosen = {}
    for name in dict.fromkeys([*names, *(["id"] if "id" in have else [])]):
        if name not in have:
            raise GraphError(400, 100, f"(#100) Tried accessing nonexisting field ({name}) on node type ({node})")
        value = have[name]()
        if value is not None:
            chosen[name] = value
    return chosen


def _fields(text: str) -> list[str]:
    """Names at the top level of a field list: `from{id,name},comments.limit(0).summary(true)` -> from, comments."""
    return [re.split(r"[.{(]", part, maxsplit=1)[0] for part in _split(text)]


def _inside(params: Mapping[str, str], name: str) -> dict[str, str]:
    """What is asked of a field: `comments.limit(5).order(reverse_chronological){id}` -> limit, order, fields."""
    part = next(part for part in _split(params["fields"]) if re.split(r"[.{(]", part, maxsplit=1)[0] == name)
    before, _, fields = part.partition("{")
    asked = dict(re.findall(r"\.(\w+)\(([^()]*)\)", before))
    return asked | ({"fields": fields.removesuffix("}")} if fields else {})


def _split(text: str) -> list[str]:
    """The parts of a field list, at the commas outside all braces."""
    parts, depth = [""], 0
    for character in text[:2000]:
        depth += (character in "{(") - (character in "})")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def _total(count: int) -> Mapping[str, Any]:
    return {"data": [], "summary": {"total_count": count}}


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _no_such(method: str, object_id: str) -> GraphError:
    return GraphError(
        400,
        100,
        f"Unsupported {method.lower()} request. Object with ID '{object_id}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation",
        kind="GraphMethodException",
        subcode=33,
    )
