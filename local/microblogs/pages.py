"""What people see: our account's posts, the answers under them, and who mentions it, as the public sees them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.microblogs.network import Network
from local.simulator import faces
from local.simulator.content import NoSuchObject
from local.simulator.faces import COMMENTS_SHOWN, POSTS_SHOWN
from local.simulator.faults import Fault
from local.simulator.trickle import PEOPLE

WORDS: Mapping[str, Mapping[str, Any]] = {
    "mastodon": {"what": "Mastodon account", "like": "Favourite", "boost": "Boost", "limit": 500, "edit": True},
    "bluesky": {"what": "Bluesky account", "like": "Like", "boost": "Repost", "limit": 300, "edit": False},
}
_templates = {
    name: faces.templates(Path(__file__).parent / "templates", icon=name, what=str(words["what"]))
    for name, words in WORDS.items()
}


def page(
    network: Network, name: str, account: str, *, settings: Mapping[str, Any], post: str | None = None,
    posts: int = POSTS_SHOWN,
) -> str:  # fmt: skip
    """One account's wall, or one thread of it. Raises NoSuchObject."""
    shown = _ours(network, account)
    return _templates[name].get_template("page.html").render(
        page=shown,
        staff=False,
        post=post,
        posts=posts,
        back=f"/p/{account}",
        unplaced="By itself: a mention of us",
        said="It stands here; Herald looks every two minutes.",
        people=PEOPLE,
        settings=settings,
        followers=network.followers(account),
        wall=wall_part(network, name, account, post=post, posts=posts),
        side=side_part(network, name),
        **WORDS[name],
    )


def wall_part(
    network: Network, name: str, account: str, *, post: str | None = None, posts: int = POSTS_SHOWN
) -> str:
    """The part of the page that changes when someone speaks. Raises NoSuchObject."""
    shown = _ours(network, account)
    public = "visibility in ('public', 'unlisted')"
    if post is None:
        ours = "(author=? or id in (select post from mentions where who=?)) order by indexed desc, n desc limit ?"
        found = network.rows(
            f"select *, rowid n from posts where parent is null and {public} and {ours}",  # noqa: S608 - words of our own # nosec B608
            account, account, posts + 1,
        )  # fmt: skip
    else:
        found = network.rows(f"select *, rowid n from posts where id=? and {public}", post)  # noqa: S608 - words of our own # nosec B608
        if not found:
            raise NoSuchObject(post)
    return _templates[name].get_template("wall.html").render(
        page=shown,
        entries=[_entry(network, row, everything=post is not None) for row in found[:posts]],
        older=posts + POSTS_SHOWN if len(found) > posts else None,
        words=WORDS[name],
    )


def side_part(network: Network, name: str) -> str:
    """The part of the controls that changes: armed faults, the newest calls."""
    return _templates[name].get_template("side.html").render(
        **faces.trouble(network, Fault.words), calls=faces.calls(network, _call)
    )


def _ours(network: Network, account: str) -> sqlite3.Row:
    if account not in network.ours:
        raise NoSuchObject(account)
    return network.one(account)


def _entry(network: Network, post: sqlite3.Row, *, everything: bool) -> Mapping[str, Any]:
    tree = _branches(network, post["id"])
    shown = tree if everything else tree[-COMMENTS_SHOWN:]
    return {
        **_shown(network, post),
        "comments": shown,
        "count": sum(map(_size, tree)),
        "left_out": len(tree) - len(shown),
    }


def _shown(network: Network, row: sqlite3.Row) -> dict[str, Any]:
    return {
        "post": row,
        "author": network.one(row["author"]),
        "figures": network.figures(row),
        "images": network.images_of(row["id"]),
    }


def _branches(network: Network, post: str) -> list[dict[str, Any]]:
    rows = network.rows(
        "select *, rowid n from posts where parent=? and visibility in ('public', 'unlisted') order by indexed, n", post
    )
    return [{**_shown(network, row), "answers": _branches(network, row["id"])} for row in rows]


def _size(branch: Mapping[str, Any]) -> int:
    return 1 + sum(map(_size, branch["answers"]))


def _call(row: sqlite3.Row, params: Mapping[str, str]) -> str:
    """A call in words where it is one of those that Herald makes."""
    path = str(row["path"]).rstrip("/")
    if row["method"] == "DELETE":
        return "take a post down"
    if path.endswith("/api/v1/statuses") and row["method"] == "POST":
        return "answer" if params.get("in_reply_to_id") else "publish a post"
    if path.endswith("repo.putRecord"):
        return "answer" if '"reply"' in params.get("body", "") else "publish a post"
    known = {
        "verify_credentials": "ask whose token it is", "instance": "read the server's bounds",
        "notifications": "read what is new", "media": "upload an image", "com.atproto.server.createSession": "log in",
        "com.atproto.server.refreshSession": "renew the session", "com.atproto.repo.getRecord": "look at one post",
        "com.atproto.repo.deleteRecord": "take a post down", "com.atproto.repo.uploadBlob": "upload an image",
        "app.bsky.notification.listNotifications": "read what is new", "app.bsky.feed.getPosts": "read figures",
        "app.bsky.actor.getProfile": "count followers",
    }  # fmt: skip
    if path.endswith("/statuses"):
        return "read our posts"
    parts = path.split("/")
    if "statuses" in parts:
        return "look at one post"
    if "accounts" in parts and parts[-1].isdigit():
        return "count followers"
    return known.get(parts[-1], parts[-1])
