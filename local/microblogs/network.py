"""Who is on a network and what they say: one SQLite file, one transaction a change. The same for both platforms.

Times are whole Unix milliseconds. Likes, boosts, answers and followers are counted as they stand; an account with a
crowd has, besides, those that nobody plays: a pure function of ids and times, so the past and the present agree.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from local.microblogs.config import Ours
from local.simulator import content, crowd
from local.simulator.content import BadInput, NoSuchObject, NotAllowed
from local.simulator.store import Store

IMAGE_LIMIT = 16 * 1024 * 1024
MENTION = re.compile(r"(?<![\w@/.])@([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)")

SCHEMA = """
create table if not exists people (
    id text primary key, handle text not null unique, name text not null, secret text not null default '',
    ours integer not null default 0, crowd integer not null default 0, created integer not null);
create index if not exists people_by_name on people (name);
create table if not exists posts (
    id text primary key, author text not null, text text not null, created integer not null, indexed integer not null,
    edited integer, parent text, visibility text not null default 'public', record text not null default '');
create index if not exists posts_of_author on posts (author, indexed);
create index if not exists posts_of_parent on posts (parent);
create table if not exists mentions (post text not null, who text not null, primary key (post, who));
create table if not exists images (
    id text primary key, owner text not null, post text, mime text not null, data blob not null,
    alt text not null default '', created integer not null);
create index if not exists images_of_post on images (post);
create table if not exists marks (
    kind text not null, post text not null, who text not null, created integer not null,
    primary key (kind, post, who));
create index if not exists marks_of_post on marks (post);
create table if not exists follows (
    whom text not null, who text not null, created integer not null, primary key (whom, who));
create table if not exists blocks (
    whom text not null, who text not null, record text not null default '', primary key (whom, who));
create table if not exists gates (post text primary key, record text not null);
create table if not exists notices (
    id integer primary key autoincrement, whom text not null, kind text not null, who text not null, post text,
    at integer not null);
create index if not exists notices_of on notices (whom, id);
create table if not exists keys (
    owner text not null, key text not null, post text not null, at integer not null, primary key (owner, key));
create table if not exists sessions (
    token text primary key, did text not null, kind text not null, until integer not null);
create table if not exists logins (who text not null, at integer not null);
"""


class Names(Protocol):
    """What a platform calls people and posts, and whom an answer reaches."""

    text_limit: int
    replies_notify: bool  # whether an answer reaches whom it answers without naming them

    def person(self, name: str) -> tuple[str, str]:
        """(id, handle) of the made-up person of that name; the same name is always the same person."""
        ...

    def post(self, author: str, at: int, number: int) -> str:
        """The id of a post; `number` differs for posts of one millisecond."""
        ...


class Network(Store):
    """People, posts, and what follows from them."""

    def __init__(
        self,
        file: Path | str,
        names: Names,
        ours: Sequence[Ours],
        *,
        base: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(file, SCHEMA, clock=clock)
        self.base = base
        self.names = names
        self.ours = {one.id: one for one in ours}
        with self.transaction():
            for one in ours:
                self.db.execute(
                    "insert into people (id, handle, name, secret, ours, crowd, created) values (?,?,?,?,1,?,?)"
                    " on conflict (id) do update set handle=excluded.handle, name=excluded.name,"
                    " secret=excluded.secret, ours=1, crowd=excluded.crowd",
                    (one.id, one.handle, one.name, one.secret, int(one.crowd), self.now()),
                )

    def now(self) -> int:
        return int(self.clock() * 1000)

    # ------------------------------------------------------------ people

    def one(self, person: str) -> sqlite3.Row:
        """Somebody by id or handle. Raises NoSuchObject."""
        rows = self.rows("select * from people where id=? or handle=?", person, person.lower())
        if not rows:
            raise NoSuchObject(person)
        return rows[0]

    def named(self, name: str) -> sqlite3.Row:
        """The made-up person of that name, who joins when first met. Raises BadInput."""
        clean = content.name(name)
        identity, handle = self.names.person(clean)
        if not self.rows("select 1 from people where id=?", identity):
            self.join(identity, handle, clean)
        return self.one(identity)

    def join(self, identity: str, handle: str, name: str, secret: str | None = None) -> None:
        """A new member. Raises BadInput when the handle is taken."""
        if self.rows("select 1 from people where handle=?", handle):
            raise BadInput(f"the handle {handle} is taken")
        with self.transaction():
            self.db.execute(
                "insert into people (id, handle, name, secret, created) values (?,?,?,?,?)",
                (identity, handle, name, secret or "", self.now()),
            )

    # ------------------------------------------------------------ what they do

    def say(
        self,
        author: str,
        text: str,
        *,
        post: str = "",
        parent: str | None = None,
        visibility: str = "public",
        images: Sequence[str] = (),
        record: str = "",
        created: int | None = None,
        wordless: bool = False,
    ) -> sqlite3.Row:
        """A post, or an answer to `parent`; whom it names or answers is notified. Returns its row.

        Args:
            post: its id, where the platform lets its author choose. images: ids of images of the author.
            record: what the platform keeps of it beyond words. created: by the author's clock.
            wordless: there need be no words.
        """
        words = content.words(text, self.names.text_limit, may_be_empty=bool(images) or wordless)
        with self.transaction():
            above = self.post_row(parent) if parent else None
            if above and self.is_blocked(author, above["author"]):
                raise NotAllowed("whom you answer has blocked you")
            if above and self.is_closed(self.root(above), author):
                raise NotAllowed("this thread is closed to new comments")
            now = self.now()
            identity = post or self.names.post(author, now, self.next_number())
            self.db.execute(
                "insert into posts (id, author, text, created, indexed, parent, visibility, record)"
                " values (?,?,?,?,?,?,?,?)",
                (identity, author, words, now if created is None else created, now, parent, visibility, record),
            )
            for image in images:
                taken = "update images set post=? where id=? and owner=? and post is null"
                if not self.db.execute(taken, (identity, image, author)).rowcount:
                    raise NoSuchObject(image)
            named = [person for person in self._named_in(words) if person != author]
            self.db.executemany("insert into mentions values (?,?)", [(identity, person) for person in named])
            told: dict[str, str] = dict.fromkeys(named, "mention")
            if above and self.names.replies_notify:
                told |= dict.fromkeys({above["author"], self.root(above)["author"]}, "reply")
            for person, kind in told.items():
                self._notify(person, kind, author, identity)
        return self.post_row(identity)

    def edit(self, post: str, text: str, record: str = "", *, by: str) -> None:
        """New words, by the author. Raises NoSuchObject, NotAllowed, BadInput."""
        row = self.post_row(post)
        if row["author"] != by:
            raise NotAllowed("only its author may edit it")
        words = content.words(text, self.names.text_limit)
        with self.transaction():
            self.db.execute(
                "update posts set text=?, record=?, edited=? where id=?",
                (words, record or row["record"], self.now(), post),
            )

    def delete(self, post: str, *, by: str) -> None:
        """Take a post down, by its author; answers stay. Raises NoSuchObject, NotAllowed."""
        if self.post_row(post)["author"] != by:
            raise NotAllowed("only its author may delete it")
        with self.transaction():
            self.db.execute("delete from posts where id=?", (post,))
            for table in ("images", "marks", "mentions", "notices", "keys", "gates"):
                self.db.execute(f"delete from {table} where post=?", (post,))  # noqa: S608 - names of our own # nosec B608

    def mark(self, kind: str, post: str, who: str, *, on: bool | None = None) -> bool:
        """Like or boost a post (None: the other way round than now); returns whether it is so now."""
        author = self.post_row(post)["author"]
        known = (kind, post, who)
        there = bool(self.rows("select 1 from marks where kind=? and post=? and who=?", *known))
        wanted = not there if on is None else on
        if wanted == there:
            return there
        with self.transaction():
            if wanted:
                self.db.execute("insert into marks values (?,?,?,?)", (*known, self.now()))
                self._notify(author, kind, who, post)
            else:
                self.db.execute("delete from marks where kind=? and post=? and who=?", known)
                self.db.execute("delete from notices where kind=? and post=? and who=?", known)
        return wanted

    def follow(self, whom: str, who: str, *, on: bool | None = None) -> bool:
        """Follow somebody (None: the other way round than now); returns whether it is so now."""
        there = bool(self.rows("select 1 from follows where whom=? and who=?", whom, who))
        wanted = not there if on is None else on
        if wanted == there:
            return there
        with self.transaction():
            if wanted:
                self.db.execute("insert into follows values (?,?,?)", (whom, who, self.now()))
                self._notify(whom, "follow", who, None)
            else:
                self.db.execute("delete from follows where whom=? and who=?", (whom, who))
        return wanted

    def block(self, whom: str, who: str, *, on: bool, record: str = "") -> None:
        """`who` blocks `whom`, or does so no more."""
        with self.transaction():
            self.db.execute("delete from blocks where whom=? and who=?", (whom, who))
            if on:
                self.db.execute("insert into blocks values (?,?,?)", (whom, who, record))

    def block_at(self, uri: str) -> dict[str, Any] | None:
        """The record of a block by its address, where the platform keeps blocks as records."""
        kept = [json.loads(row["record"]) for row in self.rows("select record from blocks where record != ''")]
        return next((one for one in kept if one["uri"] == uri), None)

    def gate(self, post: str, record: str) -> None:
        """Who may answer a thread, as its author keeps it; an empty record: no gate."""
        with self.transaction():
            self.db.execute("delete from gates where post=?", (post,))
            if record:
                self.db.execute("insert into gates values (?,?)", (post, record))

    def gate_of(self, post: str) -> dict[str, Any] | None:
        found = self.rows("select record from gates where post=?", post)
        return json.loads(found[0]["record"]) if found else None

    def is_closed(self, root: sqlite3.Row, author: str) -> bool:
        """Whether the gate lets nobody but the thread's own author answer."""
        gate = self.gate_of(root["id"])
        return gate is not None and gate.get("allow") == [] and root["author"] != author

    def is_blocked(self, whom: str, by: str) -> bool:
        return bool(self.rows("select 1 from blocks where whom=? and who=?", whom, by))

    def keep_image(self, identity: str, owner: str, data: bytes, alt: str = "") -> str:
        """Keep an image that stands in no post yet; returns its MIME type. Raises BadImage."""
        mime = content.image_kind(data, IMAGE_LIMIT)
        with self.transaction():
            self.db.execute(
                "insert or ignore into images (id, owner, mime, data, alt, created) values (?,?,?,?,?,?)",
                (identity, owner, mime, data, alt, self.now()),
            )
        return mime

    def reset(self) -> None:
        """Empty the network but for our accounts. Ids go on where they were."""
        with self.transaction():
            for table in ("posts", "mentions", "images", "marks", "follows", "blocks", "gates", "notices", "keys",
                          "calls", "faults", "late"):  # fmt: skip
                self.db.execute(f"delete from {table}")  # noqa: S608 - names of our own # nosec B608
            self.db.execute("delete from people where ours=0")

    # ------------------------------------------------------------ reading

    def post_row(self, post: str) -> sqlite3.Row:
        rows = self.rows("select *, rowid n from posts where id=?", post)
        if not rows:
            raise NoSuchObject(post)
        return rows[0]

    def root(self, post: sqlite3.Row) -> sqlite3.Row:
        """The beginning of a post's thread, as far as it still stands."""
        seen = {post["id"]}
        while post["parent"] and post["parent"] not in seen:
            above = self.rows("select *, rowid n from posts where id=?", post["parent"])
            if not above:
                break
            post = above[0]
            seen.add(post["id"])
        return post

    def of_author(self, author: str) -> list[sqlite3.Row]:
        """Somebody's own posts, newest first."""
        return self.rows("select *, rowid n from posts where author=? order by indexed desc, n desc", author)

    def images_of(self, post: str) -> list[sqlite3.Row]:
        return self.rows(
            "select id, owner, mime, alt, length(data) size from images where post=? order by rowid", post
        )

    def image(self, identity: str) -> tuple[bytes, str]:
        """The bytes of an image and their MIME type. Raises NoSuchObject."""
        rows = self.rows("select data, mime from images where id=?", identity)
        if not rows:
            raise NoSuchObject(identity)
        return bytes(rows[0]["data"]), str(rows[0]["mime"])

    def mentioned(self, post: str) -> list[sqlite3.Row]:
        return self.rows("select p.* from mentions m join people p on p.id = m.who where m.post=? order by p.id", post)

    def figures(self, post: sqlite3.Row) -> Mapping[str, int]:
        """{like, boost, reply}: how many now."""
        found = {"like": 0, "boost": 0}
        for row in self.rows("select kind, count(*) n from marks where post=? group by kind", post["id"]):
            found[row["kind"]] = row["n"]
        replies = self.rows("select count(*) n from posts where parent=?", post["id"])[0]["n"]
        if self.one(post["author"])["crowd"] and not post["parent"]:
            for kind, count in spread(post["author"], post["id"], post["indexed"] / 1000, self.clock()).items():
                found[kind] += count
        return {**found, "reply": replies}

    def followers(self, person: str) -> int:
        counted = int(self.rows("select count(*) n from follows where whom=?", person)[0]["n"])
        return counted + (crowd.followers(person, self.clock()) // 4 if self.one(person)["crowd"] else 0)

    def notices(self, whom: str) -> list[sqlite3.Row]:
        """What somebody was notified of, newest first."""
        return self.rows("select * from notices where whom=? order by at desc, id desc", whom)

    def next_number(self) -> int:
        """A number that was never given before."""
        number = int(self.setting("next", 1))
        self.db.execute("insert or replace into settings values ('next', ?)", (str(number + 1),))
        return number

    # ------------------------------------------------------------ inside

    def _named_in(self, text: str) -> list[str]:
        """Ids of whom a text addresses, each once."""
        handles = dict.fromkeys(match.group(1).lower() for match in MENTION.finditer(text))
        found = (self.rows("select id from people where handle=?", handle) for handle in handles)
        return [str(rows[0]["id"]) for rows in found if rows]

    def _notify(self, whom: str, kind: str, who: str, post: str | None) -> None:
        if whom != who:
            self.db.execute(
                "insert into notices (whom, kind, who, post, at) values (?,?,?,?,?)",
                (whom, kind, who, post, self.now()),
            )


def spread(account: str, post: str, created: float, at: float) -> Mapping[str, int]:
    """{like, boost} of those that nobody plays, at a moment (Unix seconds). They never fall."""
    if at < created + crowd.FIRST_AFTER:
        return {}
    readers = crowd.followers(account, created) / 4 * crowd.moment(created)
    grown = crowd.grown(at - created, 3600 * (4 + 6 * crowd.chance(account, post, "pace")))
    liked = readers * (0.006 + 0.03 * crowd.chance(account, post, "size") ** 2) * grown
    return {"like": int(liked), "boost": int(liked * (0.12 + 0.25 * crowd.chance(account, post, "boosts")))}


def instant(ms: int) -> str:
    """A moment as both platforms write it."""
    return datetime.fromtimestamp(ms / 1000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"
