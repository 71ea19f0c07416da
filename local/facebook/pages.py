"""What people see: the wall as the public or the page's staff sees it, and the controls beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local.facebook import webhooks
from local.facebook.wall import REACTIONS, TEXT_LIMIT, Wall
from local.simulator import faces, faults
from local.simulator.content import NoSuchObject
from local.simulator.faces import COMMENTS_SHOWN, POSTS_SHOWN
from local.simulator.trickle import PEOPLE

_templates = faces.templates(Path(__file__).parent / "templates", icon="facebook", what="Facebook Page")


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
        back=f"/p/{page_id}{'?view=staff' if staff else ''}",
        unplaced="The newest post",
        said="It stands on the wall; the webhook is on its way.",
        limit=TEXT_LIMIT,
        people=PEOPLE,
        settings=settings(wall),
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
        **faces.trouble(wall, lambda fault: fault_words(wall, fault)),
        outbox=webhooks.counts(wall),
        handshake=wall.setting("handshake", []),
        calls=faces.calls(wall, _call),
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


def settings(wall: Wall) -> dict[str, Any]:
    """Name -> value, as set or by default."""
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


def _call(row: sqlite3.Row, params: Mapping[str, str]) -> str:
    """A call in words where it is one of ours."""
    edge = str(row["path"]).strip("/").partition("/")[2]
    if "is_hidden" in params and row["method"] == "POST":
        return "hide a comment" if params["is_hidden"].lower() in ("true", "1") else "show a comment again"
    return {
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
