"""What is on the pages, and what the webhooks must tell of it: one SQLite file, one transaction a change."""

from __future__ import annotations

import json
import sqlite3
import time
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from local.facebook.config import INSTAGRAM, Page
from local.simulator import content
from local.simulator.content import BadInput, NoSuchObject, NotAllowed
from local.simulator.store import Store

REACTIONS = ("like", "love", "care", "haha", "wow", "sad", "angry")
TEXT_LIMIT = 8000
"""Characters of a comment. Our bound; the platform's own was not verified."""
POST_LIMIT = 63_206
IMAGE_LIMIT = 10 * 1024 * 1024
"""Bytes of one image, the platform's own bound for photos."""

SCHEMA = """
create table if not exists posts (
    id text primary key, page text not null, author_id text not null, author_name text not null, message text not null,
    created integer not null, edited integer not null default 0, hidden integer not null default 0,
    link text not null default '');
create index if not exists posts_of_page on posts (page, created);
create table if not exists photos (
    id text primary key, page text not null, post text, image text not null, alt text not null, caption text not null,
    created integer not null);
create index if not exists photos_of_post on photos (post);
create table if not exists images (id text primary key, mime text not null, data blob not null);
create table if not exists shares (
    post text not null, author_id text not null, author_name text not null, created integer not null,
    primary key (post, author_id));
create table if not exists comments (
    id text primary key, post text not null, page text not null, parent text, author_id text not null,
    author_name text not null, message text not null, created integer not null, edited integer not null default 0,
    hidden integer not null default 0);
create index if not exists comments_of_post on comments (post, created);
create index if not exists comments_of_parent on comments (parent);
create table if not exists reactions (
    object text not null, author_id text not null, author_name text not null, page text not null, type text not null,
    created integer not null, primary key (object, author_id));
create table if not exists ratings (
    id text primary key, page text not null, author_id text not null, author_name text not null, text text not null,
    positive integer not null, created integer not null, edited integer not null default 0);
create table if not exists blocked (page text not null, author_id text not null, primary key (page, author_id));
create table if not exists outbox (
    id integer primary key autoincrement, callback integer not null, page text not null, field text not null,
    value text not null, at integer not null, since real not null, next_at real not null,
    attempts integer not null default 0, copies integer not null default 1, done text, done_at real,
    status integer, error text);
create index if not exists outbox_waiting on outbox (next_at) where done is null;
create table if not exists sent (
    id integer primary key autoincrement, at real not null, callback text not null, changes integer not null,
    bytes integer not null, status integer, error text);
"""
_ADDED = {"posts": "link text not null default ''", "faults": "page text"}
"""Columns that files of earlier versions lack."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who speaks: a numeric id and a name."""

    id: str
    name: str


def person(name: str) -> Person:
    """The made-up person of that name; the same name is always the same person."""
    clean = content.name(name)
    return Person(id="7" + str(int(sha256(clean.encode()).hexdigest(), 16))[:15], name=clean)


def username(name: str) -> str:
    """What Instagram would call somebody of that name."""
    return ".".join("".join(char if char.isalnum() else " " for char in name.lower()).split())[:30] or "somebody"


class Wall(Store):
    """Posts, comments, reactions and recommendations of some pages, and the outbox of their events.

    Every method that changes something is one transaction: what is on the wall and what the webhooks will tell
    of it stand or fall together. Times are whole Unix seconds, as the platform gives them.
    """

    def __init__(
        self,
        file: Path | str,
        pages: Sequence[Page],
        *,
        callbacks: int = 1,
        clock: Callable[[], float] = time.time,
        hold: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`hold` gives the seconds by which the next event is held back while events go out of order."""
        super().__init__(file, SCHEMA, added=_ADDED, clock=clock)
        self.pages = {page.id: page for page in pages}
        self._callbacks = callbacks
        self._hold = hold

    # ------------------------------------------------------------ what people do

    def comment(
        self, page: str, text: str, author: Person, *, post: str | None = None, parent: str | None = None
    ) -> str:
        """Say something under a post, or under a comment; returns the comment's id.

        Without `post` the newest post of the page is meant; a page without any gets one first, silently.
        """
        owner = self._page(page)
        message = _text(text)
        with self.transaction():
            if parent is not None:
                above = self.comment_row(parent)
                if above["page"] != owner.id or post not in (None, above["post"]):
                    raise NoSuchObject(parent)
                post = str(above["post"])
            elif post is None:
                post = self._newest_post(owner)
            elif self.post_row(post)["page"] != owner.id:
                raise NoSuchObject(post)
            if self.is_blocked(owner.id, author.id):
                raise NotAllowed("this Page has blocked you")
            now = self._now()
            comment_id = f"{post.partition('_')[2] or post}_{self._next_id()}"
            self.db.execute(
                "insert into comments (id, post, page, parent, author_id, author_name, message, created)"
                " values (?,?,?,?,?,?,?,?)",
                (comment_id, post, owner.id, parent, author.id, author.name, message, now),
            )
            self._tell(owner.id, "feed", self._comment_value(self.comment_row(comment_id), "add", now), now)
        return comment_id

    def block(self, page: str, author_id: str, *, on: bool) -> None:
        """Keep somebody off a page, or let them on again."""
        with self.transaction():
            self.db.execute("delete from blocked where page=? and author_id=?", (page, author_id))
            if on:
                self.db.execute("insert into blocked values (?,?)", (page, author_id))

    def is_blocked(self, page: str, author_id: str) -> bool:
        return bool(self.rows("select 1 from blocked where page=? and author_id=?", page, author_id))

    def post(
        self,
        page: str,
        text: str,
        author: Person | None = None,
        *,
        link: str = "",
        photos: Sequence[str] = (),
        tell: bool = True,
    ) -> str:
        """Publish as the page, or write a visitor's post when `author` is given; returns the post's id.

        `photos` are ids of photos that stand in no post yet. With a link or a photo there need be no text.
        """
        owner = self._page(page)
        message = _text(text, limit=POST_LIMIT, may_be_empty=bool(link or photos))
        address = content.link(link)
        by = author or Person(owner.id, owner.name)
        with self.transaction():
            now = self._now()
            post_id = f"{owner.id}_{self._next_id()}"
            self.db.execute(
                "insert into posts (id, page, author_id, author_name, message, created, link) values (?,?,?,?,?,?,?)",
                (post_id, owner.id, by.id, by.name, message, now, address),
            )
            for photo in photos:
                row = self.photo_row(photo)
                if row["page"] != owner.id or row["post"] is not None:
                    raise NoSuchObject(photo)
                self.db.execute("update photos set post=? where id=?", (post_id, photo))
            if tell:
                self._tell(owner.id, "feed", self._post_value(self.post_row(post_id), "add", now), now)
        return post_id

    def photo(self, page: str, data: bytes, *, alt: str = "", caption: str = "") -> str:
        """Keep an image as an unpublished photo of the page; returns the photo's id, for `post`."""
        owner = self._page(page)
        mime = content.image_kind(data, IMAGE_LIMIT)
        if len(alt) > TEXT_LIMIT:
            raise BadInput(f"the alternative text has {len(alt)} characters, the limit is {TEXT_LIMIT}")
        with self.transaction():
            photo_id = str(self._next_id())
            self._keep_photo(photo_id, owner, data, mime, alt, caption, None, self._now())
        return photo_id

    def share(self, post_id: str, author: Person) -> bool:
        """Share a post on one's own profile, or take that back; returns whether it is shared now.

        The page is not told: what people share on their own profiles is theirs.
        """
        self.post_row(post_id)
        with self.transaction():
            gone = self.db.execute("delete from shares where post=? and author_id=?", (post_id, author.id)).rowcount
            if not gone:
                self.db.execute("insert into shares values (?,?,?,?)", (post_id, author.id, author.name, self._now()))
        return not gone

    def edit(self, object_id: str, text: str, *, by: str | None = None) -> None:
        """Change the words of a comment or post. `by`: id of who edits; only the author may."""
        row, is_comment = self.object_row(object_id)
        if by is not None and by != row["author_id"]:
            raise NotAllowed("only its author may edit it")
        message = _text(text, limit=TEXT_LIMIT if is_comment else POST_LIMIT)
        with self.transaction():
            now = self._now()
            table = "comments" if is_comment else "posts"
            self.db.execute(f"update {table} set message=?, edited=1 where id=?", (message, object_id))  # noqa: S608 - names of our own # nosec B608
            row, _ = self.object_row(object_id)
            value = self._comment_value(row, "edited", now) if is_comment else self._post_value(row, "edited", now)
            self._tell(row["page"], "feed", value, now)

    def delete(self, object_id: str, *, by: str | None = None) -> None:
        """Remove a comment (with all answers under it) or a post (with its comments).

        `by`: id of who deletes; the author and the page may. Each thing that goes is told as `remove`, answers
        first; whether the platform tells of the answers too was not verified.
        """
        row, is_comment = self.object_row(object_id)
        if by is not None and by not in (row["author_id"], row["page"]):
            raise NotAllowed("only its author or the page may delete it")
        with self.transaction():
            now = self._now()
            doomed = self._below(object_id) if is_comment else list(self._comments_of(object_id))
            for comment in reversed(doomed):
                self._remove_comment(comment, now)
            if is_comment:
                self._remove_comment(row, now)
            else:
                self._tell(row["page"], "feed", self._post_value(row, "remove", now), now)
                self.db.execute("delete from posts where id=?", (object_id,))
                self.db.execute("delete from reactions where object=?", (object_id,))
                self.db.execute("delete from shares where post=?", (object_id,))
                self.db.execute("delete from photos where post=?", (object_id,))
                self.db.execute("delete from images where id not in (select image from photos)")

    def hide(self, object_id: str, hidden: bool) -> bool:
        """Hide or show a comment or a visitor's post. False: it was so already, nothing is told."""
        row, is_comment = self.object_row(object_id)
        if bool(row["hidden"]) == hidden:
            return False
        with self.transaction():
            now = self._now()
            table = "comments" if is_comment else "posts"
            self.db.execute(f"update {table} set hidden=? where id=?", (int(hidden), object_id))  # noqa: S608 - names of our own # nosec B608
            verb = "hide" if hidden else "unhide"
            value = self._comment_value(row, verb, now) if is_comment else self._post_value(row, verb, now)
            self._tell(row["page"], "feed", value, now)
        return True

    def react(self, object_id: str, author: Person, kind: str | None) -> str | None:
        """Set one's reaction to a post or comment; None takes it back. Returns the verb told, None if nothing was."""
        if kind is not None and kind not in REACTIONS:
            raise BadInput(f"a reaction is one of {', '.join(REACTIONS)}, or null to take it back")
        row, is_comment = self.object_row(object_id)
        with self.transaction():
            was = self.db.execute(
                "select type from reactions where object=? and author_id=?", (object_id, author.id)
            ).fetchone()
            before = was["type"] if was else None
            if before == kind:
                return None
            now = self._now()
            if kind is None:
                self.db.execute("delete from reactions where object=? and author_id=?", (object_id, author.id))
            else:
                self.db.execute(
                    "insert or replace into reactions values (?,?,?,?,?,?)",
                    (object_id, author.id, author.name, row["page"], kind, now),
                )
            verb = "remove" if kind is None else "edit" if before else "add"
            value: dict[str, Any] = {
                "from": {"id": author.id, "name": author.name},
                "parent_id": (row["parent"] or row["post"]) if is_comment else object_id,
                "post_id": row["post"] if is_comment else object_id,
                "verb": verb,
                "item": "reaction",
                "reaction_type": kind or before,
                "created_time": now,
            }
            if is_comment:
                value["comment_id"] = object_id
            self._tell(row["page"], "feed", value, now)
        return verb

    def recommend(self, page: str, author: Person, text: str, positive: bool) -> str:
        """Recommend the page, or not; a second one by the same person replaces the first. Returns its id."""
        owner = self._page(page)
        message = _text(text)
        with self.transaction():
            now = self._now()
            was = self.db.execute(
                "select id from ratings where page=? and author_id=?", (owner.id, author.id)
            ).fetchone()
            rating_id = was["id"] if was else str(self._next_id())
            self.db.execute(
                "insert into ratings (id, page, author_id, author_name, text, positive, created) values (?,?,?,?,?,?,?)"
                " on conflict (id) do update set text=excluded.text, positive=excluded.positive, edited=1",
                (rating_id, owner.id, author.id, author.name, message, int(positive), now),
            )
            value = {
                "item": "rating",
                "verb": "edit" if was else "add",
                "open_graph_story_id": rating_id,
                "reviewer_id": author.id,
                "reviewer_name": author.name,
                "recommendation_type": "POSITIVE" if positive else "NEGATIVE",
                "review_text": message,
                "comment_id": None,
                "created_time": now,
            }
            self._tell(owner.id, "ratings", value, now)
        return rating_id

    def withdraw(self, page: str, author: Person) -> None:
        """Take one's recommendation back; the event carries ids only."""
        owner = self._page(page)
        with self.transaction():
            row = self.db.execute(
                "select id from ratings where page=? and author_id=?", (owner.id, author.id)
            ).fetchone()
            if row is None:
                raise NoSuchObject(f"{author.name} has not recommended this page")
            self.db.execute("delete from ratings where id=?", (row["id"],))
            value = {
                "item": "rating",
                "verb": "remove",
                "open_graph_story_id": row["id"],
                "reviewer_id": author.id,
            }
            self._tell(owner.id, "ratings", value, self._now())

    def history(self, page: str, posts: Iterable[Mapping[str, Any]], ratings: Iterable[Mapping[str, Any]] = ()) -> int:
        """Put a past on the page, with given ids and times; tells no webhook. Repeating it changes nothing.

        A post is {id, message, created_time, from?, comments?, reactions?, is_hidden?, edited?, link?, shares?,
        photos?}; a comment the same without the last three, plus parent?; a photo {id, data, alt?}, its bytes in
        base64; a reaction {from, type}; shares a list of `from`; a rating {id, from, text, positive, created_time}.
        `from` is {id, name} or a name; times are Unix seconds or ISO 8601. Returns how many posts and comments were
        written.
        """
        owner = self._page(page)
        written = 0
        with self.transaction():
            for entry in posts:
                written += self._old_post(owner, entry)
            for entry in ratings:
                by = _author(entry, owner)
                self._taken(entry["id"])
                self.db.execute(
                    "insert or replace into ratings (id, page, author_id, author_name, text, positive, created)"
                    " values (?,?,?,?,?,?,?)",
                    (
                        str(entry["id"]), owner.id, by.id, by.name, _text(str(entry["text"])),
                        int(bool(entry["positive"])), _seconds(entry["created_time"]),
                    ),
                )  # fmt: skip
        return written

    def reset(self) -> None:
        """Empty pages, outbox, log and faults. Ids go on where they were: no old id gets a new meaning."""
        with self.transaction():
            for table in (
                "posts", "photos", "images", "comments", "reactions", "shares", "ratings", "blocked", "outbox", "sent",
                "calls", "faults", "late",
            ):  # fmt: skip
                self.db.execute(f"delete from {table}")  # noqa: S608 - names of our own # nosec B608
            self.db.execute("delete from settings where key <> 'next_id'")

    # ------------------------------------------------------------ reading

    def comment_row(self, comment_id: str) -> sqlite3.Row:
        row: sqlite3.Row | None = self.db.execute("select * from comments where id=?", (comment_id,)).fetchone()
        if row is None:
            raise NoSuchObject(comment_id)
        return row

    def post_row(self, post_id: str) -> sqlite3.Row:
        row: sqlite3.Row | None = self.db.execute("select * from posts where id=?", (post_id,)).fetchone()
        if row is None:
            raise NoSuchObject(post_id)
        return row

    def object_row(self, object_id: str) -> tuple[sqlite3.Row, bool]:
        """A comment (True) or a post (False)."""
        try:
            return self.comment_row(object_id), True
        except NoSuchObject:
            return self.post_row(object_id), False

    def photo_row(self, photo_id: str) -> sqlite3.Row:
        row: sqlite3.Row | None = self.db.execute("select * from photos where id=?", (photo_id,)).fetchone()
        if row is None:
            raise NoSuchObject(photo_id)
        return row

    def photos_of(self, post_id: str) -> list[sqlite3.Row]:
        """The photos of a post, in the order they were given."""
        return self.rows("select * from photos where post=? order by rowid", post_id)

    def image(self, photo_id: str) -> tuple[bytes, str]:
        """The bytes of a photo and their MIME type."""
        row = self.rows("select data, mime from images where id=?", self.photo_row(photo_id)["image"])[0]
        return bytes(row["data"]), str(row["mime"])

    def reactions(self, object_ids: Iterable[str]) -> dict[str, dict[str, int]]:
        """object -> type -> count, most frequent first."""
        wanted = json.dumps(list(object_ids))
        found: dict[str, dict[str, int]] = {}
        for row in self.rows(
            "select object, type, count(*) n from reactions where object in (select value from json_each(?))"
            " group by object, type order by n desc, type",
            wanted,
        ):
            found.setdefault(row["object"], {})[row["type"]] = row["n"]
        return found

    # ------------------------------------------------------------ inside

    def _page(self, page: str) -> Page:
        try:
            return self.pages[page]
        except KeyError:
            raise NoSuchObject(page) from None

    def _now(self) -> int:
        return int(self.clock())

    def _next_id(self) -> int:
        number = int(self.setting("next_id", 122_100_000_000_001))
        self._ids_from(number + 1)
        return number

    def _ids_from(self, number: int) -> None:
        self.db.execute("insert or replace into settings values ('next_id', ?)", (json.dumps(number),))

    def _taken(self, object_id: Any) -> None:
        """Remember an id given from outside, so that ours never meets it."""
        tail = str(object_id).rpartition("_")[2]
        if not tail.isdigit():
            raise BadInput(f"id {object_id!r}: ids are digits, or digits_digits")
        if int(tail) >= int(self.setting("next_id", 122_100_000_000_001)):
            self._ids_from(int(tail) + 1)

    def _newest_post(self, owner: Page) -> str:
        found = self.rows(
            "select id from posts where page=? and author_id=? order by created desc, rowid desc limit 1",
            owner.id, owner.id,
        )  # fmt: skip
        if found:
            return str(found[0]["id"])
        return self.post(owner.id, f"Good morning from {owner.name}. What may we help you with today?", tell=False)

    def _comments_of(self, post: str) -> list[sqlite3.Row]:
        return self.rows("select * from comments where post=? order by created, rowid", post)

    def _below(self, comment_id: str) -> list[sqlite3.Row]:
        """All answers under a comment, at any depth, parents first."""
        return self.rows(
            "with recursive under(id) as (select id from comments where parent=? union"
            " select c.id from comments c join under u on c.parent = u.id)"
            " select comments.* from comments join under using (id) order by created, comments.rowid",
            comment_id,
        )

    def _remove_comment(self, row: sqlite3.Row, now: int) -> None:
        self.db.execute("delete from comments where id=?", (row["id"],))
        self.db.execute("delete from reactions where object=?", (row["id"],))
        self._tell(row["page"], "feed", self._comment_value(row, "remove", now), now)

    def _comment_value(self, row: sqlite3.Row, verb: str, now: int) -> dict[str, Any]:
        """`created_time` is the time of this change; `remove` has neither it nor the words."""
        value: dict[str, Any] = {
            "from": {"id": row["author_id"], "name": row["author_name"]},
            "post_id": row["post"],
            "comment_id": row["id"],
            "parent_id": row["parent"] or row["post"],
            "item": "comment",
            "verb": verb,
        }
        if verb != "remove":
            value |= {"created_time": now, "message": row["message"]}
        return value

    def _post_value(self, row: sqlite3.Row, verb: str, now: int) -> dict[str, Any]:
        photos = self.photos_of(row["id"])
        own = row["author_id"] == row["page"]
        value: dict[str, Any] = {
            "from": {"id": row["author_id"], "name": row["author_name"]},
            "post_id": row["id"],
            "item": "photo" if photos else "status" if own else "post",
            "verb": verb,
        }
        if photos:
            value["photo_id"] = photos[0]["id"]
        if verb != "remove":
            value |= {"created_time": now, "message": row["message"], "published": 1}
            link = self.photo_address(photos[0]) if photos and self.base else row["link"]
            value |= {"link": link} if link else {}
        return value

    def photo_address(self, photo: sqlite3.Row) -> str:
        """Where anybody can see the image."""
        return f"{self.base}/p/{photo['page']}/photos/{photo['id']}"

    def _keep_photo(
        self, photo_id: str, owner: Page, data: bytes, mime: str, alt: str, caption: str, post: str | None, created: int
    ) -> None:
        image = sha256(data).hexdigest()
        self.db.execute("insert or ignore into images values (?,?,?)", (image, mime, data))
        self.db.execute(
            "insert or replace into photos (id, page, post, image, alt, caption, created) values (?,?,?,?,?,?,?)",
            (photo_id, owner.id, post, image, alt.strip(), caption, created),
        )

    def _tell(self, page: str, field: str, value: Mapping[str, Any], at: int) -> None:
        if self.pages[page].network == INSTAGRAM:
            told = _as_instagram(field, value)
            if told is None:
                return
            field, value = "comments", told
        now = self.clock()
        next_at = now + (self._hold() if self.setting("out_of_order", False) else 0.0)
        copies = int(self.setting("copies", 1))
        self.db.executemany(
            "insert into outbox (callback, page, field, value, at, since, next_at, copies) values (?,?,?,?,?,?,?,?)",
            [(n, page, field, json.dumps(value), at, now, next_at, copies) for n in range(self._callbacks)],
        )

    def _old_post(self, owner: Page, entry: Mapping[str, Any]) -> int:
        by = _author(entry, owner)
        photos = entry.get("photos") or ()
        self._taken(entry["id"])
        self.db.execute(
            "insert or replace into posts (id, page, author_id, author_name, message, created, edited, hidden, link)"
            " values (?,?,?,?,?,?,?,?,?)",
            (
                str(entry["id"]), owner.id, by.id, by.name,
                _text(str(entry["message"]), limit=POST_LIMIT, may_be_empty=bool(photos)),
                _seconds(entry["created_time"]), int(bool(entry.get("edited"))), int(bool(entry.get("is_hidden"))),
                content.link(str(entry.get("link") or "")),
            ),
        )  # fmt: skip
        for photo in photos:
            self._taken(photo["id"])
            data = b64decode(str(photo["data"]), validate=True)
            self._keep_photo(
                str(photo["id"]), owner, data, content.image_kind(data, IMAGE_LIMIT), str(photo.get("alt") or ""), "",
                str(entry["id"]), _seconds(entry["created_time"]),
            )  # fmt: skip
        for shared in entry.get("shares") or ():
            who = _author({"from": shared}, owner)
            self.db.execute(
                "insert or replace into shares values (?,?,?,?)",
                (str(entry["id"]), who.id, who.name, _seconds(entry["created_time"])),
            )
        self._old_reactions(owner, entry)
        comments = entry.get("comments") or ()
        for comment in comments:
            author = _author(comment, owner)
            parent = comment.get("parent")
            self._taken(comment["id"])
            self.db.execute(
                "insert or replace into comments"
                " (id, post, page, parent, author_id, author_name, message, created, edited, hidden)"
                " values (?,?,?,?,?,?,?,?,?,?)",
                (
                    str(comment["id"]), str(entry["id"]), owner.id,
                    None if parent in (None, entry["id"]) else str(parent),
                    author.id, author.name, _text(str(comment["message"])), _seconds(comment["created_time"]),
                    int(bool(comment.get("edited"))), int(bool(comment.get("is_hidden"))),
                ),
            )  # fmt: skip
            self._old_reactions(owner, comment)
        return 1 + len(comments)

    def _old_reactions(self, owner: Page, entry: Mapping[str, Any]) -> None:
        for reaction in entry.get("reactions") or ():
            by = _author(reaction, owner)
            kind = str(reaction["type"]).lower()
            if kind not in REACTIONS:
                raise BadInput(f"a reaction is one of {', '.join(REACTIONS)}")
            self.db.execute(
                "insert or replace into reactions values (?,?,?,?,?,?)",
                (str(entry["id"]), by.id, by.name, owner.id, kind, _seconds(entry["created_time"])),
            )


def _as_instagram(field: str, value: Mapping[str, Any]) -> dict[str, Any] | None:
    """What Instagram tells of it: a new comment, and nothing else."""
    if (field, value.get("item"), value.get("verb")) != ("feed", "comment", "add"):
        return None
    by, post, parent = value["from"], value["post_id"], value["parent_id"]
    told = {
        "id": value["comment_id"],
        "from": {"id": by["id"], "username": username(by["name"])},
        "text": value["message"],
        "media": {"id": post, "media_product_type": "FEED"},
    }
    return told if parent == post else told | {"parent_id": parent}


def _text(text: str, limit: int = TEXT_LIMIT, *, may_be_empty: bool = False) -> str:
    return content.words(text, limit, may_be_empty=may_be_empty)


def _author(entry: Mapping[str, Any], owner: Page) -> Person:
    given = entry.get("from", entry.get("as"))
    if given is None:
        return Person(owner.id, owner.name)
    if isinstance(given, Mapping):
        return Person(str(given["id"]), str(given["name"]))
    return person(str(given))


def _seconds(value: Any) -> int:
    """Unix seconds of a number or an ISO 8601 text; a text without zone is UTC."""
    if isinstance(value, int | float):
        return int(value)
    moment = datetime.fromisoformat(str(value))
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
