"""A Bluesky PDS with what an AppView adds, as far as a brand needs it, as a function from a call to an answer.

Written from bluesky-social/atproto:lexicons (2026-08-20) and from what a PDS 0.5 did when it was tried: a missing
record is 400 RecordNotFound, the second deleteRecord 200, createRecord on a taken key 500, putRecord an upsert that
swapRecord guards (InvalidSwap), the 31st createSession in five minutes 429 with RateLimit-* and Retry-After. Records
are public: reading one needs no session. Counts and notifications are there at once; a real AppView takes a second.
"""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
import unicodedata
from base64 import b32encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from local.microblogs.config import app_password
from local.microblogs.network import MENTION, Network, instant
from local.simulator.calls import Answer, Call
from local.simulator.content import BadImage, BadInput, NoSuchObject, NotAllowed

POST, LIKE, REPOST, FOLLOW = "app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.feed.repost", "app.bsky.graph.follow"
BLOCK, GATE = "app.bsky.graph.block", "app.bsky.feed.threadgate"
GRAPHEMES, TEXT_BYTES, IMAGE_BYTES, IMAGES = 300, 3000, 2_000_000, 4
ACCESS_LIFE, REFRESH_LIFE = 2 * 3600 * 1000, 60 * 86_400 * 1000
LOGINS, LOGIN_WINDOW = 30, 300
_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
_RKEY = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
_PAUSE = 20  # seconds until a refused caller may come again


class BlueskyNames:
    """DIDs and handles for people, at:// addresses for posts; an answer reaches whom it answers."""

    text_limit = TEXT_BYTES
    replies_notify = True

    def person(self, name: str) -> tuple[str, str]:
        digest = _base32(name.encode())
        handle = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or f"user-{digest[:6]}"
        return f"did:plc:{digest[:24]}", f"{handle[:30]}.bsky.example"

    def post(self, author: str, at: int, number: int) -> str:
        return f"at://{author}/{POST}/{_tid(at, number)}"


class XrpcError(Exception):
    """An error as XRPC words it."""

    def __init__(self, name: str, message: str, status: int = 400, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.name, self.status, self.headers = name, status, headers or {}

    def answer(self) -> Answer:
        return Answer(self.status, {"error": self.name, "message": str(self)}, self.headers)


class Bluesky:
    """The XRPC methods over one network."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def owner(self, call: Call) -> str | None:
        """Whose session it is, if it is one of our accounts."""
        rows = self._network.rows("select did from sessions where token=?", call.token)
        return str(rows[0]["did"]) if rows and rows[0]["did"] in self._network.ours else None

    def acts(self, call: Call) -> bool:
        return call.write and ".repo." in call.path and not call.path.endswith("uploadBlob")

    def refusal(self, kind: str) -> Answer | None:
        if kind in ("429", "rate_limit"):
            return self._too_many(_PAUSE).answer()
        refusals = {
            "outage": XrpcError("InternalServerError", "Internal Server Error", 500),
            "bad_token": XrpcError("AuthenticationRequired", "Invalid identifier or password", 401),
            "permission": XrpcError("Forbidden", "Bad token scope", 403),
        }
        return refusals[kind].answer() if kind in refusals else None

    def answer(self, call: Call) -> Answer:
        try:
            return self._do(call)
        except XrpcError as error:
            return error.answer()
        except NoSuchObject as error:
            return XrpcError("NotFound", f"Not found: {error}").answer()
        except (NotAllowed, BadImage, BadInput) as error:
            return XrpcError("InvalidRequest", str(error)).answer()

    def speak(self, who: str, text: str, parent: str | None = None) -> str:
        """What a person's own app would write: words, facets for whom they name, the thread. Returns the address.

        Raises NoSuchObject, BadInput.
        """
        now = instant(self._network.now())
        record: dict[str, Any] = {"$type": POST, "text": text, "createdAt": now, "langs": ["en"]}
        facets = [facet for match in MENTION.finditer(text) if (facet := self._mention(text, match))]
        if facets:
            record["facets"] = facets
        if parent:
            above = self._network.post_row(parent)
            record["reply"] = {"root": self._ref(self._network.root(above)), "parent": self._ref(above)}
        try:
            _valid(record)
        except XrpcError as error:
            raise BadInput(str(error)) from error
        return str(self._network.say(who, text, parent=parent, record=json.dumps(record))["id"])

    def _mention(self, text: str, match: re.Match[str]) -> Mapping[str, Any] | None:
        rows = self._network.rows("select id from people where handle=?", match.group(1).lower())
        if not rows:
            return None
        start = len(text[: match.start()].encode())
        end = start + len(match.group().encode())
        feature = {"$type": "app.bsky.richtext.facet#mention", "did": rows[0]["id"]}
        return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}

    # ------------------------------------------------------------ routes

    def _do(self, call: Call) -> Answer:
        method = call.path.strip("/").removeprefix("xrpc/")
        public: dict[str, Callable[[Call], Any]] = {
            "_health": lambda _: {"version": "0.5 (simulated)"},
            "com.atproto.server.createSession": self._login,
            "com.atproto.server.refreshSession": self._refresh,
            "com.atproto.server.createAccount": self._join,
            "com.atproto.repo.getRecord": self._get_record,
            "com.atproto.repo.listRecords": self._list_records,
        }
        private: dict[str, Callable[[Call, sqlite3.Row], Any]] = {
            "com.atproto.server.createAppPassword": self._app_password,
            "com.atproto.repo.putRecord": self._put,
            "com.atproto.repo.createRecord": self._create,
            "com.atproto.repo.deleteRecord": self._delete,
            "com.atproto.repo.uploadBlob": self._upload,
            "app.bsky.notification.listNotifications": self._notifications,
            "app.bsky.actor.getProfile": self._profile,
            "app.bsky.feed.getPosts": self._posts,
            "app.bsky.feed.getAuthorFeed": self._feed,
        }
        if method == "com.atproto.sync.getBlob":
            data, mime = self._network.image(call.params.get("cid", ""))
            return Answer(200, data, {"content-type": mime})
        if method in public:
            return Answer(200, public[method](call))
        if method not in private:
            raise XrpcError("MethodNotImplemented", "Method Not Implemented", 501)
        return Answer(200, private[method](call, self._caller(call)))

    # ------------------------------------------------------------ sessions

    def _caller(self, call: Call, kind: str = "access") -> sqlite3.Row:
        if not call.token:
            raise XrpcError("AuthMissing", "Authentication Required", 401)
        rows = self._network.rows("select * from sessions where token=? and kind=?", call.token, kind)
        if not rows:
            raise XrpcError("InvalidToken", "Token could not be verified")
        if rows[0]["until"] <= self._network.now():
            raise XrpcError("ExpiredToken", "Token has expired")
        return self._network.one(rows[0]["did"])

    def _login(self, call: Call) -> Mapping[str, Any]:
        body = _body(call)
        wanted = str(body.get("identifier") or "")
        network, now = self._network, self._network.now()
        with network.transaction():
            network.db.execute("delete from logins where at<=?", (now - LOGIN_WINDOW * 1000,))
            tried = network.rows("select count(*) n, min(at) first from logins where who=?", wanted)[0]
            if tried["n"] >= LOGINS:
                raise self._too_many(max(1, LOGIN_WINDOW - (now - tried["first"]) // 1000), LOGINS)
            network.db.execute("insert into logins values (?,?)", (wanted, now))
        rows = network.rows("select * from people where handle=? or id=?", wanted.lower(), wanted)
        if not rows or not rows[0]["secret"] or rows[0]["secret"] != body.get("password"):
            raise XrpcError("AuthenticationRequired", "Invalid identifier or password", 401)
        return self._session(rows[0])

    def _session(self, person: sqlite3.Row) -> Mapping[str, Any]:
        network, now = self._network, self._network.now()
        tokens = {kind: f"sim.{kind}.{secrets.token_urlsafe(24)}" for kind in ("access", "refresh")}
        with network.transaction():
            network.db.execute("delete from sessions where until<=?", (now - REFRESH_LIFE,))
            for kind, life in (("access", ACCESS_LIFE), ("refresh", REFRESH_LIFE)):
                network.db.execute(
                    "insert into sessions values (?,?,?,?)", (tokens[kind], person["id"], kind, now + life)
                )
        return {
            "did": person["id"], "handle": person["handle"], "active": True, "accessJwt": tokens["access"],
            "refreshJwt": tokens["refresh"], "email": f"{person['handle'].split('.')[0]}@mail.example",
        }  # fmt: skip

    def _refresh(self, call: Call) -> Mapping[str, Any]:
        return self._session(self._caller(call, "refresh"))

    def _join(self, call: Call) -> Mapping[str, Any]:
        body = _body(call)
        handle = str(body.get("handle") or "").lower()
        if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", handle):
            raise XrpcError("InvalidHandle", "Input/handle must be a valid handle")
        identity, _ = BlueskyNames().person(handle)
        try:
            self._network.join(identity, handle, handle.split(".")[0].title(), str(body.get("password") or ""))
        except BadInput as error:
            raise XrpcError("HandleNotAvailable", str(error)) from error
        return self._session(self._network.one(identity))

    def _app_password(self, call: Call, caller: sqlite3.Row) -> Mapping[str, Any]:
        """One a person here: a new one takes the place of the old."""
        made = app_password()
        with self._network.transaction():
            self._network.db.execute("update people set secret=? where id=?", (made, caller["id"]))
        return {"name": str(_body(call).get("name") or ""), "password": made, "createdAt": instant(self._network.now())}

    def _too_many(self, seconds: int, limit: int = 3000) -> XrpcError:
        now = self._network.now() // 1000
        return XrpcError("RateLimitExceeded", "Rate Limit Exceeded", 429, {
            "ratelimit-limit": str(limit), "ratelimit-remaining": "0", "ratelimit-reset": str(now + seconds),
            "ratelimit-policy": f"{limit};w=300", "retry-after": str(seconds),
        })  # fmt: skip

    # ------------------------------------------------------------ records

    def _get_record(self, call: Call) -> Mapping[str, Any]:
        uri = self._uri(call.params)
        rows = self._network.rows("select * from posts where id=?", uri)
        if block := self._network.block_at(uri):
            return {"uri": uri, "cid": _cid(uri.encode()), "value": block}
        if gate := self._network.gate_of(uri.replace(GATE, POST)) if f"/{GATE}/" in uri else None:
            return {"uri": uri, "cid": _cid(json.dumps(gate).encode()), "value": gate}
        if not rows:
            raise XrpcError("RecordNotFound", f"Could not locate record: {uri}")
        return {**self._ref(rows[0]), "value": _record(rows[0])}

    def _list_records(self, call: Call) -> Mapping[str, Any]:
        """By key, the greatest first; `reverse` walks the other way. A cursor is given with every record (seen)."""
        author = self._network.one(call.params.get("repo", ""))
        rows = self._network.of_author(author["id"]) if call.params.get("collection") == POST else []
        text = call.params.get("limit", "50")
        limit = max(1, min(int(text) if text.isdigit() else 50, 100))
        forward = call.params.get("reverse") == "true"
        keyed = sorted(((str(row["id"]).rpartition("/")[2], row) for row in rows), reverse=not forward)
        if after := call.params.get("cursor"):
            keyed = [one for one in keyed if (one[0] > after if forward else one[0] < after)]
        page = keyed[:limit]
        told = [{**self._ref(row), "value": _record(row)} for _, row in page]
        return {"records": told, **({"cursor": page[-1][0]} if page else {})}

    def _uri(self, given: Mapping[str, Any]) -> str:
        repo, collection, rkey = (str(given.get(name) or "") for name in ("repo", "collection", "rkey"))
        rows = self._network.rows("select id from people where id=? or handle=?", repo, repo.lower())
        if not rows:
            raise XrpcError("InvalidRequest", f"Could not find repo: {repo}")
        return f"at://{rows[0]['id']}/{collection}/{rkey}"

    def _own(self, given: Mapping[str, Any], caller: sqlite3.Row) -> str:
        uri = self._uri(given)
        if not uri.startswith(f"at://{caller['id']}/"):
            raise XrpcError("InvalidRequest", "Invalid repo")
        return uri

    def _put(self, call: Call, caller: sqlite3.Row) -> Mapping[str, Any]:
        """An upsert; `swapRecord` names the cid that must stand there now, null that none does."""
        body = _body(call)
        if body.get("collection") == BLOCK:
            return self._put_block(body, caller)
        if body.get("collection") == GATE:
            return self._put_gate(body, caller)
        uri, record = self._own(body, caller), _valid(body.get("record"))
        if body.get("collection") != POST or not _RKEY.fullmatch(str(body.get("rkey") or "")):
            raise XrpcError("InvalidRequest", "Invalid record key or collection: here are posts, under TIDs")
        there = self._network.rows("select * from posts where id=?", uri)
        if "swapRecord" in body:
            cid = self._ref(there[0])["cid"] if there else None
            if cid != body["swapRecord"]:
                raise XrpcError("InvalidSwap", f"Record was at {cid}")
        if there:
            self._network.edit(uri, record["text"], json.dumps(record), by=caller["id"])
        else:
            self._write(uri, record, caller)
        return {**self._ref(self._network.post_row(uri)), "validationStatus": "valid"}

    def _put_block(self, body: Mapping[str, Any], caller: sqlite3.Row) -> Mapping[str, Any]:
        uri, record, network = self._own(body, caller), body.get("record"), self._network
        if not isinstance(record, dict) or record.get("$type") != BLOCK or "createdAt" not in record:
            raise XrpcError("InvalidRequest", f"Invalid {BLOCK} record")
        if not _RKEY.fullmatch(str(body.get("rkey") or "")):
            raise XrpcError("InvalidRequest", "Invalid record key")
        if "swapRecord" in body and body["swapRecord"] is None and network.block_at(uri):
            raise XrpcError("InvalidSwap", "Record was there")
        network.block(str(record.get("subject")), caller["id"], on=True, record=json.dumps({**record, "uri": uri}))
        return {"uri": uri, "cid": _cid(uri.encode()), "validationStatus": "valid"}

    def _put_gate(self, body: Mapping[str, Any], caller: sqlite3.Row) -> Mapping[str, Any]:
        """Beside a post of the caller's, under its key: who may answer it (lexicons/app/bsky/feed/threadgate.json)."""
        uri, record, network = self._own(body, caller), body.get("record"), self._network
        post = uri.replace(GATE, POST)
        if not isinstance(record, dict) or record.get("$type") != GATE or record.get("post") != post:
            raise XrpcError("InvalidRequest", f"Invalid {GATE} record")
        too_many = len(record.get("allow") or ()) > 5 or len(record.get("hiddenReplies") or ()) > 300
        if "createdAt" not in record or too_many:
            raise XrpcError("InvalidRequest", f"Invalid {GATE} record")
        network.post_row(post)
        self._swapped(body, uri)
        network.gate(post, json.dumps(record))
        return {"uri": uri, "cid": _cid(json.dumps(record).encode()), "validationStatus": "valid"}

    def _swapped(self, body: Mapping[str, Any], uri: str) -> None:
        there = self._network.gate_of(uri.replace(GATE, POST))
        cid = _cid(json.dumps(there).encode()) if there else None
        if "swapRecord" in body and body["swapRecord"] != cid:
            raise XrpcError("InvalidSwap", f"Record was at {cid}")

    def _create(self, call: Call, caller: sqlite3.Row) -> Mapping[str, Any]:
        """A post, or what a person's own app writes for a like, a repost, a follow."""
        body = _body(call)
        record, collection = body.get("record"), str(body.get("collection") or "")
        network = self._network
        number = network.next_number()
        rkey = str(body.get("rkey") or _tid(network.now(), number))
        uri = self._own({**body, "rkey": rkey}, caller)
        if collection == POST:
            post = _valid(record)
            if network.rows("select 1 from posts where id=?", uri):
                raise XrpcError("InternalServerError", "Internal Server Error", 500)  # seen on a PDS 0.5
            self._write(uri, post, caller)
            return {**self._ref(network.post_row(uri)), "validationStatus": "valid"}
        subject = record.get("subject") if isinstance(record, dict) else None
        target = str(subject.get("uri") or "") if isinstance(subject, dict) else str(subject or "")
        if collection in (LIKE, REPOST):
            network.mark("like" if collection == LIKE else "boost", target, caller["id"], on=True)
        elif collection == FOLLOW:
            network.follow(network.one(target)["id"], caller["id"], on=True)
        else:
            raise XrpcError("InvalidRequest", f"This simulator keeps no {collection}")
        return {"uri": uri, "cid": _cid(uri.encode()), "validationStatus": "valid"}

    def _write(self, uri: str, record: Mapping[str, Any], caller: sqlite3.Row) -> None:
        network = self._network
        reply = record.get("reply")
        parent = reply["parent"]["uri"] if reply else None
        images = _images(record)
        blobs = [str(image["image"]["ref"]["$link"]) for image in images]
        for blob in blobs:
            if not network.rows("select 1 from images where id=?", blob):
                raise XrpcError("BlobNotFound", f"Could not find blob: {blob}")
        with network.transaction():
            network.say(
                caller["id"], record["text"], post=uri, wordless=bool(blobs), record=json.dumps(record),
                created=_ms(record["createdAt"]),
                parent=parent if parent and network.rows("select 1 from posts where id=?", parent) else None,
            )  # fmt: skip
            for blob, image in zip(blobs, images, strict=True):  # one blob may hang on many posts
                network.db.execute(
                    "insert into images select id || '#' || ?, owner, ?, mime, data, ?, created from images where id=?",
                    (uri, uri, str(image["alt"]), blob),
                )

    def _delete(self, call: Call, caller: sqlite3.Row) -> Mapping[str, Any]:
        uri = self._own(_body(call), caller)
        if self._network.rows("select 1 from posts where id=?", uri):
            self._network.delete(uri, by=caller["id"])
        if f"/{GATE}/" in uri:
            self._swapped(_body(call), uri)
            self._network.gate(uri.replace(GATE, POST), "")
        if there := self._network.block_at(uri):
            self._network.block(there["subject"], caller["id"], on=False)
        return {}  # of a record that is gone, the answer is the same (seen)

    def _upload(self, call: Call, caller: sqlite3.Row) -> Mapping[str, Any]:
        data = call.files.get("body", b"")
        cid = "bafkrei" + _base32(data)
        mime = self._network.keep_image(cid, caller["id"], data)
        return {"blob": {"$type": "blob", "ref": {"$link": cid}, "mimeType": mime, "size": len(data)}}

    # ------------------------------------------------------------ what an AppView adds

    def _notifications(self, call: Call, caller: sqlite3.Row) -> Mapping[str, Any]:
        """Newest first, by the author's clock where that is earlier than the server's."""
        text = call.params.get("limit", "50")
        limit = max(1, min(int(text) if text.isdigit() else 50, 100))
        placed = [(self._placed(row), row) for row in self._network.notices(caller["id"])]
        placed.sort(key=lambda pair: (pair[0], pair[1]["id"]), reverse=True)
        cursor = call.params.get("cursor", "")
        if cursor:
            at, _, number = cursor.partition("::")
            if not (at.isdigit() and number.isdigit()):
                raise XrpcError("InvalidRequest", "Malformed cursor")
            placed = [one for one in placed if (one[0], one[1]["id"]) < (int(at), int(number))]
        page = placed[:limit]
        told: dict[str, Any] = {"notifications": [self._notification(row) for _, row in page], "priority": False}
        if len(placed) > limit:
            told["cursor"] = f"{page[-1][0]}::{page[-1][1]['id']}"
        return told

    def _placed(self, row: sqlite3.Row) -> int:
        if row["kind"] not in ("mention", "reply"):
            return int(row["at"])
        return min(int(row["at"]), int(self._network.post_row(row["post"])["created"]))

    def _notification(self, row: sqlite3.Row) -> Mapping[str, Any]:
        network, spoken = self._network, row["kind"] in ("mention", "reply")
        author = network.one(row["who"])
        told = {"author": self._person(author), "isRead": False, "indexedAt": instant(row["at"]), "labels": []}
        if spoken:
            post = network.post_row(row["post"])
            about = {"reasonSubject": post["parent"]} if row["kind"] == "reply" and post["parent"] else {}
            return {**self._ref(post), **told, "reason": row["kind"], **about, "record": _record(post)}
        kinds = {"like": (LIKE, "like"), "boost": (REPOST, "repost"), "follow": (FOLLOW, "follow")}
        collection, reason = kinds[row["kind"]]
        uri = f"at://{row['who']}/{collection}/{_tid(row['at'], row['id'])}"
        subject = row["whom"] if row["kind"] == "follow" else self._ref(network.post_row(row["post"]))
        record = {"$type": collection, "subject": subject, "createdAt": instant(row["at"])}
        about = {} if row["kind"] == "follow" else {"reasonSubject": row["post"]}
        return {"uri": uri, "cid": _cid(uri.encode()), **told, "reason": reason, **about, "record": record}

    def _profile(self, call: Call, _: sqlite3.Row) -> Mapping[str, Any]:
        try:
            person = self._network.one(call.params.get("actor", ""))
        except NoSuchObject:
            raise XrpcError("InvalidRequest", "Profile not found") from None
        posts = self._network.rows("select count(*) n from posts where author=?", person["id"])[0]["n"]
        counts = {"followersCount": self._network.followers(person["id"]), "followsCount": 0, "postsCount": posts}
        return self._person(person) | counts

    def _posts(self, call: Call, _: sqlite3.Row) -> Mapping[str, Any]:
        """Those that stand; the others are left out."""
        wanted = json.loads(call.params.get("uris[]", "[]"))
        if not 1 <= len(wanted) <= 25:
            raise XrpcError("InvalidRequest", "Error: uris must have from 1 to 25 elements")
        found = (self._network.rows("select *, rowid n from posts where id=?", uri) for uri in wanted)
        return {"posts": [self._view(rows[0]) for rows in found if rows]}

    def _feed(self, call: Call, _: sqlite3.Row) -> Mapping[str, Any]:
        author = self._network.one(call.params.get("actor", ""))
        return {"feed": [{"post": self._view(row)} for row in self._network.of_author(author["id"])[:50]]}

    def _view(self, row: sqlite3.Row) -> Mapping[str, Any]:
        figures = self._network.figures(row)
        return {
            **self._ref(row), "author": self._person(self._network.one(row["author"])), "record": _record(row),
            "replyCount": figures["reply"], "repostCount": figures["boost"], "likeCount": figures["like"],
            "quoteCount": 0, "indexedAt": instant(row["indexed"]), "labels": [],
        }  # fmt: skip

    def _person(self, row: sqlite3.Row) -> dict[str, Any]:
        return {
            "did": row["id"], "handle": row["handle"], "displayName": row["name"], "labels": [],
            "createdAt": instant(row["created"]),
        }  # fmt: skip

    def _ref(self, row: sqlite3.Row) -> dict[str, str]:
        return {"uri": row["id"], "cid": _cid(row["record"].encode())}


def _body(call: Call) -> dict[str, Any]:
    try:
        body = json.loads(call.params.get("body", ""))
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise XrpcError("InvalidRequest", "Expected an object as the request body")
    return body


def _record(row: sqlite3.Row) -> Any:
    return json.loads(row["record"])


def _valid(record: Any) -> dict[str, Any]:
    """The record of a post. Raises XrpcError for what its lexicon forbids."""
    if not isinstance(record, dict) or record.get("$type") != POST or not isinstance(record.get("text"), str):
        raise _invalid("Record must be an object with $type and text")
    text = record["text"]
    if len(text.encode("utf-8", "surrogatepass")) > TEXT_BYTES:
        raise _invalid(f"Record/text must not be longer than {TEXT_BYTES} characters")
    if _graphemes(text) > GRAPHEMES:
        raise _invalid(f"Record/text must not be longer than {GRAPHEMES} graphemes")
    try:
        _ms(record["createdAt"])
        for facet in record.get("facets") or []:
            start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
            if not 0 <= start <= end <= len(text.encode()):
                raise _invalid("Record/facets/index must lie within the text")
        for image in _images(record):
            if not isinstance(image["alt"], str) or image["image"]["size"] > IMAGE_BYTES:
                raise _invalid(f"Record/embed/images must have alt and be at most {IMAGE_BYTES} bytes")
        if record.get("reply") is not None:
            for end_ in ("root", "parent"):
                if not {"uri", "cid"} <= record["reply"][end_].keys():
                    raise _invalid(f"Record/reply/{end_} must have uri and cid")
        if len(_images(record)) > IMAGES:
            raise _invalid(f"Record/embed/images must not have more than {IMAGES} elements")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _invalid(f"Record lacks or mistypes {error}") from error
    return record


def _invalid(message: str) -> XrpcError:
    return XrpcError("InvalidRequest", f"Invalid {POST} record: {message}")


def _images(record: Mapping[str, Any]) -> list[Any]:
    embed = record.get("embed")
    if not isinstance(embed, dict) or embed.get("$type") != "app.bsky.embed.images":
        return []
    return list(embed["images"])


def _graphemes(text: str) -> int:
    """About what a reader sees as signs: marks, joiners, tones, tags count with what they belong to; flags by two."""
    count, joined, flag = 0, False, False
    for sign in unicodedata.normalize("NFC", text):
        flags = "\U0001f1e6" <= sign <= "\U0001f1ff"
        extends = unicodedata.category(sign) in ("Mn", "Me", "Mc") or sign in "\u200c\u200d\ufe0f" or (
            "\U0001f3fb" <= sign <= "\U0001f3ff" or "\U000e0020" <= sign <= "\U000e007f"
            or "\u1160" <= sign <= "\u11ff"
        )  # fmt: skip
        if not (extends or joined or (flags and flag)):
            count += 1
        flag = flags and not flag
        joined = sign == "\u200d"
    return count


def _tid(at: int, number: int) -> str:
    """A record key of type TID: microseconds and a clock id, in 13 signs that sort by time (atproto.com/specs/tid)."""
    bits = ((at * 1000 + number % 1000) << 10) | (number // 1000 & 1023)
    return "".join(_ALPHABET[bits >> shift & 31] for shift in range(60, -1, -5))


def _base32(data: bytes) -> str:
    return b32encode(sha256(data).digest()).decode().lower().rstrip("=")


def _cid(data: bytes) -> str:
    """Looks like the CID of a record: changes with its content."""
    return "bafyrei" + _base32(data)


def _ms(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
