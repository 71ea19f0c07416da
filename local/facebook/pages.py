"""What people see: the wall as the public or the page's staff sees it, and the controls beside it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from local.facebook import faults, webhooks
from local.facebook.wall import REACTIONS, NoSuchObject, Wall

HERE = Path(__file__).parent
POSTS_SHOWN = 8
COMMENTS_SHOWN = 25
PEOPLE = ("Nina Harrow", "Tom Okafor", "Dilan Aksoy", "Marek Dvorsky", "Ella Whitcombe", "Sam Tran")

_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def badge(name: str) -> Mapping[str, Any]:
    """Letters and a colour number (0 to 5) for the round badge of a person or page."""
    words = [word for word in name.split() if word[0].isalnum()]
    letters = "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)) or "?"
    return {"letters": letters.upper(), "colour": crc32(name.encode()) % 6}


def when(seconds: float) -> Mapping[str, str]:
    """A moment for <time>: machine form, and words for whoever runs no script."""
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return {"iso": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "words": moment.strftime("%-d %b %Y, %H:%M UTC")}


_templates.filters |= {"badge": badge, "when": when}


def home(wall: Wall) -> str:
    """The list of pages."""
    numbers = {
        row["page"]: (row["posts"], row["comments"])
        for row in wall.rows(
            "select page, count(*) posts, (select count(*) from comments c where c.page = p.page) comments"
            " from posts p group by page"
        )
    }
    pages = [{"page": page, "numbers": numbers.get(page.id, (0, 0))} for page in wall.pages.values()]
    return _templates.get_template("home.html").render(pages=pages)


def page(wall: Wall, page_id: str, *, staff: bool, post: str | None = None, posts: int = POSTS_SHOWN) -> str:
    """One page's wall, or one post of it. Raises NoSuchObject."""
    shown = _page(wall, page_id)
    return _templates.get_template("page.html").render(
        page=shown,
        staff=staff,
        post=post,
        posts=posts,
        people=PEOPLE,
        settings=_settings(wall),
        wall=wall_part(wall, page_id, staff=staff, post=post, posts=posts),
        side=side_part(wall),
    )


def wall_part(wall: Wall, page_id: str, *, staff: bool, post: str | None = None, posts: int = POSTS_SHOWN) -> str:
    """The part of the page that changes when someone speaks. Raises NoSuchObject."""
    shown = _page(wall, page_id)
    hidden = "" if staff else " and hidden = 0"
    if post is None:
        found = wall.rows(
            f"select * from posts where page=?{hidden} order by created desc, rowid desc limit ?",  # noqa: S608 - names of our own # nosec B608
            page_id, posts + 1,
        )  # fmt: skip
    else:
        found = wall.rows(f"select * from posts where page=? and id=?{hidden}", page_id, post)  # noqa: S608 - names of our own # nosec B608
        if not found:
            raise NoSuchObject(post)
    ratings = wall.rows("select * from ratings where page=? order by created desc, rowid desc limit 10", page_id)
    return _templates.get_template("wall.html").render(
        page=shown,
        staff=staff,
        entries=[_entry(wall, row, staff=staff, everything=post is not None) for row in found[:posts]],
        older=posts + POSTS_SHOWN if len(found) > posts else None,
        ratings=ratings if post is None else [],
        reactions=REACTIONS,
    )


def side_part(wall: Wall) -> str:
    """The part of the controls that changes: armed faults, the outbox, the newest calls."""
    return _templates.get_template("side.html").render(
        armed=[fault_words(wall, fault) for fault in faults.armed(wall)],
        late=wall.rows("select count(*) n from late")[0]["n"],
        outbox=webhooks.counts(wall),
        handshake=wall.setting("handshake", []),
        calls=[_call(row) for row in wall.rows("select * from calls order by id desc limit 8")],
    )


def fault_words(wall: Wall, fault: faults.Fault) -> str:
    """Which calls it will meet, and of which page if not of all."""
    page = wall.pages.get(fault.page or "")
    return f"{fault.words()}, {page.name}" if page else fault.words()


def _page(wall: Wall, page_id: str) -> Any:
    try:
        return wall.pages[page_id]
    except KeyError:
        raise NoSuchObject(page_id) from None


def _settings(wall: Wall) -> Mapping[str, Any]:
    return {
        "copies": wall.setting("copies", 1),
        "out_of_order": wall.setting("out_of_order", False),
        "trickle": wall.setting("trickle", False),
    }


def _entry(wall: Wall, post: sqlite3.Row, *, staff: bool, everything: bool) -> Mapping[str, Any]:
    """A post with its comments as a tree. The public sees neither hidden comments nor what was said under them."""
    rows = wall.rows("select * from comments where post=? order by created, rowid", post["id"])
    below: dict[str | None, list[sqlite3.Row]] = {}
    for row in rows:
        if staff or not row["hidden"]:
            below.setdefault(row["parent"], []).append(row)
    first = below.get(None, [])
    shown = first if everything else first[-COMMENTS_SHOWN:]
    tree: list[Mapping[str, Any]] = [_branch(row, below) for row in shown]
    ids = [post["id"], *(row["id"] for row in rows)]
    return {
        "post": post,
        "comments": tree,
        "count": sum(1 + _size(row["id"], below) for row in first),
        "left_out": len(first) - len(shown),
        "reactions": wall.reactions(ids),
        "photos": wall.photos_of(post["id"]),
        "site": urlsplit(post["link"]).hostname or "",
        "shares": wall.rows("select count(*) n from shares where post=?", post["id"])[0]["n"],
    }


def _branch(row: sqlite3.Row, below: Mapping[str | None, list[sqlite3.Row]]) -> Mapping[str, Any]:
    return {"row": row, "answers": [_branch(answer, below) for answer in below.get(row["id"], [])]}


def _size(comment_id: str, below: Mapping[str | None, list[sqlite3.Row]]) -> int:
    return sum(1 + _size(row["id"], below) for row in below.get(comment_id, []))


def _call(row: sqlite3.Row) -> Mapping[str, Any]:
    """A call for the page, in words where it is one of ours."""
    params = json.loads(row["params"])
    object_id, _, edge = str(row["path"]).strip("/").partition("/")
    if "is_hidden" in params and row["method"] == "POST":
        what = "hide a comment" if params["is_hidden"].lower() in ("true", "1") else "show a comment again"
    else:
        what = {
            ("POST", "comments"): "answer",
            ("POST", "feed"): "publish a post",
            ("POST", "photos"): "publish a photo",
            ("GET", "feed"): "read the posts",
            ("GET", "published_posts"): "read the posts",
            ("GET", "insights"): "read figures",
            ("DELETE", ""): "delete",
            ("GET", "comments"): "read the comments",
            ("GET", ""): "look at one thing",
        }.get((row["method"], edge), edge or "call")
    return {
        "what": what,
        "line": f"{row['method']} {row['path']}",
        "object": object_id,
        "status": row["status"],
        "fault": faults.KINDS.get(row["fault"] or "", row["fault"]),
        "at": row["at"],
    }
