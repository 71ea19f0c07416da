"""Mastodon's client API as far as a brand needs it, as a function from a call to an answer.

Written from mastodon/documentation:content/en (2026-07-02, version 4.6) and from what servers did when they were tried:
DELETE twice is 404, the status of somebody else 403, empty or too long words 422, an Idempotency-Key is kept for an
hour, X-RateLimit-Reset is an ISO time. Ids are strings that sort by length, then by value.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import urlencode

from local.microblogs.network import IMAGE_LIMIT, MENTION, Network, instant
from local.simulator.calls import Answer, Call
from local.simulator.content import BadImage, BadInput, NoSuchObject, NotAllowed

TEXT_LIMIT, LINK_LENGTH, ALT_LIMIT, IMAGES = 500, 23, 1500, 4
KEY_LIFE = 3600 * 1000
_URL = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?')\]]")
_PAUSE = 20  # seconds until a refused caller may come again


class MastodonNames:
    """Numbers for people and posts; an answer reaches only whom it names."""

    text_limit = 5000  # links count 23, so the API measures for itself
    replies_notify = False

    def person(self, name: str) -> tuple[str, str]:
        digest = int(sha256(name.encode()).hexdigest(), 16)
        handle = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or f"user_{digest % 10**6}"
        return f"1099{digest % 10**14:014d}", handle[:30]

    def post(self, author: str, at: int, number: int) -> str:
        return str((at << 16) | (number & 0xFFFF))


class ApiError(Exception):
    """An error as the API words it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    def answer(self) -> Answer:
        return Answer(self.status, {"error": str(self)})


class Mastodon:
    """The API over one network."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def owner(self, call: Call) -> str | None:
        """Whose token it is, if it is one of our accounts."""
        caller = self._caller(call)
        return str(caller["id"]) if caller and caller["ours"] else None

    def acts(self, call: Call) -> bool:
        return call.write and not call.path.endswith("/media")

    def refusal(self, kind: str) -> Answer | None:
        if kind in ("429", "rate_limit"):
            return Answer(429, {"error": "Too many requests"}, self._rates(0))
        refusals = {
            "outage": ApiError(503, "Service temporarily unavailable"),
            "bad_token": ApiError(401, "The access token was revoked"),
            "permission": ApiError(403, "This action is outside the authorized scopes"),
        }
        return refusals[kind].answer() if kind in refusals else None

    def answer(self, call: Call) -> Answer:
        try:
            return self._do(call)
        except ApiError as error:
            return error.answer()
        except NoSuchObject:
            return ApiError(404, "Record not found").answer()
        except NotAllowed:
            return ApiError(403, "This action is not allowed").answer()
        except BadImage as error:
            return ApiError(422, f"Validation failed: File content type is invalid ({error})").answer()
        except BadInput as error:
            return ApiError(422, f"Validation failed: {error}").answer()

    def speak(self, who: str, text: str, parent: str | None = None) -> str:
        """What a person's own app would send: an answer names whom it answers. Returns the id.

        Raises NoSuchObject, BadInput.
        """
        if parent:
            author = self._network.one(self._network.post_row(parent)["author"])
            named = re.search(rf"@{re.escape(author['handle'])}\b", text, re.IGNORECASE)
            text = text if named or author["id"] == who else f"@{author['handle']} {text}"
        try:
            _measured(text, images=False)
        except ApiError as error:
            raise BadInput(str(error)) from error
        return str(self._network.say(who, text, parent=parent)["id"])

    # ------------------------------------------------------------ routes

    def _do(self, call: Call) -> Answer:
        parts = call.path.strip("/").split("/")
        if parts[:2] in (["api", "v2"], ["api", "v1"]) and parts[2:] == ["instance"]:
            return self._ok(self._instance())
        caller = self._caller(call)
        if caller is None and (call.write or call.token or parts[2:3] == ["notifications"]):
            raise ApiError(401, "The access token is invalid")
        handler, target = self._route(call, parts)
        return handler(call, caller, target)

    def _route(self, call: Call, parts: list[str]) -> tuple[Callable[[Call, Any, str], Answer], str]:
        shape = (call.method, *parts[1:3], *("{id}" if n == 3 else part for n, part in enumerate(parts[3:], 3)))
        if call.method == "GET" and parts[1:] == ["v1", "accounts", "verify_credentials"]:
            return self._me, ""
        if call.method == "GET" and parts[1:] == ["v1", "accounts", "relationships"]:
            return self._relationships, ""
        handler = {
            ("GET", "v1", "accounts", "{id}"): self._account,
            ("GET", "v1", "accounts", "{id}", "statuses"): self._statuses_of,
            ("POST", "v1", "accounts", "{id}", "follow"): self._follow,
            ("POST", "v1", "accounts", "{id}", "unfollow"): self._follow,
            ("POST", "v1", "accounts", "{id}", "block"): self._block,
            ("POST", "v1", "accounts", "{id}", "unblock"): self._block,
            ("GET", "v1", "notifications"): self._notifications,
            ("POST", "v2", "media"): self._media,
            ("GET", "v1", "media", "{id}"): self._media_of,
            ("POST", "v1", "statuses"): self._publish,
            ("GET", "v1", "statuses", "{id}"): self._status_of,
            ("PUT", "v1", "statuses", "{id}"): self._edit,
            ("DELETE", "v1", "statuses", "{id}"): self._delete,
            ("GET", "v1", "statuses", "{id}", "context"): self._context,
            ("POST", "v1", "statuses", "{id}", "favourite"): self._mark,
            ("POST", "v1", "statuses", "{id}", "unfavourite"): self._mark,
            ("POST", "v1", "statuses", "{id}", "reblog"): self._mark,
            ("POST", "v1", "statuses", "{id}", "unreblog"): self._mark,
        }.get(shape)
        if parts[:1] != ["api"] or handler is None:
            raise ApiError(404, "Not found")
        return handler, parts[3] if len(parts) > 3 else ""

    def _caller(self, call: Call) -> sqlite3.Row | None:
        rows = self._network.rows("select * from people where secret=? and secret<>''", call.token)
        return rows[0] if rows else None

    # ------------------------------------------------------------ accounts

    def _me(self, call: Call, caller: sqlite3.Row | None, _: str) -> Answer:
        if caller is None:
            raise ApiError(401, "The access token is invalid")
        return self._ok(self._person(caller) | {"source": {"privacy": "public", "note": ""}})

    def _account(self, call: Call, caller: sqlite3.Row | None, target: str) -> Answer:
        return self._ok(self._person(self._by_id(target)))

    def _by_id(self, identity: str) -> sqlite3.Row:
        rows = self._network.rows("select * from people where id=?", identity)
        if not rows:
            raise NoSuchObject(identity)
        return rows[0]

    def _statuses_of(self, call: Call, caller: sqlite3.Row | None, target: str) -> Answer:
        """Newest first. Boosts are no statuses here, so exclude_reblogs changes nothing."""
        author = self._by_id(target)
        rows = [row for row in self._network.of_author(author["id"]) if self._visible(row, caller)]
        rows.sort(key=lambda row: int(row["id"]), reverse=True)
        if call.params.get("exclude_replies") in ("true", "1"):
            rows = [row for row in rows if not row["parent"]]
        page = _page(rows, call.params, most=40, usual=20)
        path = f"/api/v1/accounts/{target}/statuses"
        return self._ok([self._status(row) for row in page], self._links(path, page, call.params))

    def _follow(self, call: Call, caller: sqlite3.Row, target: str) -> Answer:
        on = self._network.follow(self._by_id(target)["id"], caller["id"], on=call.path.endswith("/follow"))
        return self._ok({"id": target, "following": on, "requested": False, "blocking": False, "muting": False})

    def _block(self, call: Call, caller: sqlite3.Row, target: str) -> Answer:
        whom = self._by_id(target)["id"]
        self._network.block(whom, caller["id"], on=call.path.endswith("/block"))
        return self._ok(self._relationship(whom, caller))

    def _relationships(self, call: Call, caller: sqlite3.Row | None, _: str) -> Answer:
        if caller is None:
            raise ApiError(401, "The access token is invalid")
        asked = json.loads(call.params.get("id[]", "[]"))
        return self._ok([self._relationship(str(one), caller) for one in asked])

    def _relationship(self, whom: str, caller: sqlite3.Row) -> dict[str, Any]:
        return {
            "id": whom, "following": False, "requested": False, "muting": False,
            "blocking": self._network.is_blocked(whom, caller["id"]),
        }  # fmt: skip

    # ------------------------------------------------------------ statuses

    def _publish(self, call: Call, caller: sqlite3.Row, _: str) -> Answer:
        network, key = self._network, call.params.get("idempotency-key", "")
        if key:
            known = network.rows(
                "select post from keys where owner=? and key=? and at>?", caller["id"], key, network.now() - KEY_LIFE
            )
            if known:
                return self._ok(self._status(network.post_row(known[0]["post"])))
        if "scheduled_at" in call.params:
            raise ApiError(422, "Validation failed: this simulator publishes at once; it keeps no schedule")
        images = json.loads(call.params.get("media_ids[]", call.params.get("media_ids", "[]")))
        text = call.params.get("status", "")
        _measured(text, images=bool(images))
        if len(images) > IMAGES:
            raise ApiError(422, f"Validation failed: Cannot attach more than {IMAGES} files")
        visibility = call.params.get("visibility", "public")
        if visibility not in ("public", "unlisted", "private", "direct"):
            raise ApiError(422, "Validation failed: Visibility is not included in the list")
        parent = call.params.get("in_reply_to_id") or None
        if parent and not self._visible(network.post_row(parent), caller):
            raise NoSuchObject(parent)
        with network.transaction():
            row = network.say(caller["id"], text, parent=parent, visibility=visibility, images=[str(i) for i in images])
            if key:
                values = (caller["id"], key, row["id"], network.now())
                network.db.execute("insert or replace into keys values (?,?,?,?)", values)
        return self._ok(self._status(row))

    def _status_of(self, call: Call, caller: sqlite3.Row | None, target: str) -> Answer:
        return self._ok(self._status(self._seen(target, caller)))

    def _seen(self, target: str, caller: sqlite3.Row | None) -> sqlite3.Row:
        row = self._network.post_row(target)
        if not self._visible(row, caller):
            raise NoSuchObject(target)
        return row

    def _visible(self, row: sqlite3.Row, caller: sqlite3.Row | None) -> bool:
        if row["visibility"] in ("public", "unlisted"):
            return True
        party = {row["author"], *(one["id"] for one in self._network.mentioned(row["id"]))}
        return caller is not None and caller["id"] in party

    def _edit(self, call: Call, caller: sqlite3.Row, target: str) -> Answer:
        text = call.params.get("status", "")
        _measured(text, images=False)
        self._network.edit(target, text, by=caller["id"])
        return self._ok(self._status(self._network.post_row(target)))

    def _delete(self, call: Call, caller: sqlite3.Row, target: str) -> Answer:
        told = self._status(self._seen(target, caller))
        self._network.delete(target, by=caller["id"])
        return self._ok(told)

    def _context(self, call: Call, caller: sqlite3.Row | None, target: str) -> Answer:
        above: list[sqlite3.Row] = []
        row = self._above(self._seen(target, caller))
        while row is not None and len(above) < 40:
            above.append(row)
            row = self._above(row)
        below = self._below(target)
        return self._ok({
            "ancestors": [self._status(one) for one in reversed(above) if self._visible(one, caller)],
            "descendants": [self._status(one) for one in below if self._visible(one, caller)],
        })  # fmt: skip

    def _above(self, row: sqlite3.Row) -> sqlite3.Row | None:
        rows = self._network.rows("select *, rowid n from posts where id=?", row["parent"] or "")
        return rows[0] if rows else None

    def _below(self, target: str) -> list[sqlite3.Row]:
        found = self._network.rows("select *, rowid n from posts where parent=? order by indexed, n", target)
        return [one for row in found for one in (row, *self._below(row["id"]))]

    def _mark(self, call: Call, caller: sqlite3.Row, target: str) -> Answer:
        act = call.path.rstrip("/").rpartition("/")[2]
        self._seen(target, caller)
        kind = "like" if act.endswith("favourite") else "boost"
        self._network.mark(kind, target, caller["id"], on=not act.startswith("un"))
        return self._ok(self._status(self._network.post_row(target)))

    # ------------------------------------------------------------ images

    def _media(self, call: Call, caller: sqlite3.Row, _: str) -> Answer:
        data = call.files.get("file")
        alt = call.params.get("description", "")
        if data is None:
            raise ApiError(422, "Validation failed: File can't be blank")
        if len(alt) > ALT_LIMIT:
            raise ApiError(422, f"Validation failed: Description is too long (maximum is {ALT_LIMIT} characters)")
        with self._network.transaction():
            identity = self._network.names.post(caller["id"], self._network.now(), self._network.next_number())
            self._network.keep_image(identity, caller["id"], data, alt)
        return self._ok(self._image({"id": identity, "alt": alt}))

    def _media_of(self, call: Call, caller: sqlite3.Row, target: str) -> Answer:
        rows = self._network.rows("select id, alt from images where id=? and owner=?", target, caller["id"])
        if not rows:
            raise NoSuchObject(target)
        return self._ok(self._image(rows[0]))

    # ------------------------------------------------------------ notifications

    def _notifications(self, call: Call, caller: sqlite3.Row, _: str) -> Answer:
        rows = sorted(self._network.notices(caller["id"]), key=lambda row: row["id"], reverse=True)
        page = _page(rows, call.params, most=80, usual=40)
        told = [self._notification(row) for row in page]
        return self._ok(told, self._links("/api/v1/notifications", page, call.params))

    def _notification(self, row: sqlite3.Row) -> Mapping[str, Any]:
        kinds = {"like": "favourite", "boost": "reblog"}
        told = {
            "id": str(row["id"]),
            "type": kinds.get(row["kind"], row["kind"]),
            "created_at": instant(row["at"]),
            "group_key": f"ungrouped-{row['id']}",
            "account": self._person(self._by_id(row["who"])),
        }
        return told | ({"status": self._status(self._network.post_row(row["post"]))} if row["post"] else {})

    # ------------------------------------------------------------ entities

    def _person(self, row: sqlite3.Row) -> dict[str, Any]:
        network, address = self._network, f"{self._network.base}/@{row['handle']}"
        own = network.rows("select count(*) n, max(indexed) last from posts where author=?", row["id"])[0]
        return {
            "id": row["id"], "username": row["handle"], "acct": row["handle"], "display_name": row["name"],
            "locked": False, "bot": False, "discoverable": True, "group": False, "created_at": instant(row["created"]),
            "note": "", "url": address, "uri": f"{network.base}/users/{row['handle']}", "avatar": "",
            "avatar_static": "", "header": "", "header_static": "", "followers_count": network.followers(row["id"]),
            "following_count": 0, "statuses_count": own["n"], "emojis": [], "fields": [],
            "last_status_at": instant(own["last"])[:10] if own["last"] else None,
        }  # fmt: skip

    def _status(self, row: sqlite3.Row) -> dict[str, Any]:
        network = self._network
        author, figures, above = self._by_id(row["author"]), network.figures(row), self._above(row)
        mentions = network.mentioned(row["id"])
        address = f"{network.base}/@{author['handle']}"
        return {
            "id": row["id"], "created_at": instant(row["created"]), "in_reply_to_id": above["id"] if above else None,
            "in_reply_to_account_id": above["author"] if above else None, "sensitive": False, "spoiler_text": "",
            "visibility": row["visibility"], "language": "en",
            "uri": f"{network.base}/users/{author['handle']}/statuses/{row['id']}", "url": f"{address}/{row['id']}",
            "replies_count": figures["reply"], "reblogs_count": figures["boost"], "favourites_count": figures["like"],
            "quotes_count": 0, "edited_at": instant(row["edited"]) if row["edited"] else None, "favourited": False,
            "reblogged": False, "muted": False, "bookmarked": False, "content": self._html(row["text"], mentions),
            "filtered": [], "reblog": None, "account": self._person(author),
            "media_attachments": [self._image(image) for image in network.images_of(row["id"])],
            "mentions": [
                {"id": one["id"], "username": one["handle"], "url": f"{network.base}/@{one['handle']}",
                 "acct": one["handle"]}
                for one in mentions
            ],
            "tags": [], "emojis": [], "quote": None, "card": None, "poll": None,
        }  # fmt: skip

    def _image(self, row: Mapping[str, Any] | sqlite3.Row) -> dict[str, Any]:
        address = f"{self._network.base}/images/{row['id']}"
        return {
            "id": row["id"], "type": "image", "url": address, "preview_url": address, "remote_url": None,
            "preview_remote_url": None, "text_url": None, "meta": {}, "description": row["alt"] or None,
            "blurhash": "UGC~-#M{0JfkNFofR%M{IURj%Mt7E0oM%MR*",
        }  # fmt: skip

    def _html(self, text: str, mentions: list[sqlite3.Row]) -> str:
        """Words as servers show them: paragraphs, short links with their scheme hidden, names as cards."""
        known = {one["handle"]: one for one in mentions}
        pieces, at = [], 0
        found = sorted([*_URL.finditer(text), *MENTION.finditer(text)], key=lambda match: match.start())
        for match in found:
            if match.start() < at:
                continue
            marked = self._marked(match.group(), known)
            if marked:
                pieces += [escape(text[at : match.start()], quote=False), marked]
                at = match.end()
        html = "".join([*pieces, escape(text[at:], quote=False)])
        paragraphs = [part.replace("\n", "<br />") for part in re.split(r"\n\n+", html.strip()) if part]
        return "".join(f"<p>{part}</p>" for part in paragraphs)

    def _marked(self, word: str, known: Mapping[str, sqlite3.Row]) -> str:
        if word.startswith("@"):
            one = known.get(word[1:].lower())
            if one is None:
                return ""
            handle = one["handle"]
            card = f'<a href="{self._network.base}/@{handle}" class="u-url mention">@<span>{handle}</span></a>'
            return f'<span class="h-card" translate="no">{card}</span>'
        scheme, _, rest = word.partition("://")
        shown, hidden = rest[:30], rest[30:]
        cut = ' class="ellipsis"' if hidden else ' class=""'
        return (
            f'<a href="{escape(word)}" target="_blank" rel="nofollow noopener" translate="no">'
            f'<span class="invisible">{escape(scheme)}://</span><span{cut}>{escape(shown)}</span>'
            f'<span class="invisible">{escape(hidden)}</span></a>'
        )

    def _instance(self) -> Mapping[str, Any]:
        types = ["image/jpeg", "image/png", "image/gif", "image/webp"]
        return {
            "domain": self._network.base.rpartition("/")[2], "title": "Simulated Mastodon", "version": "4.6.0",
            "description": "Made up, on this computer", "languages": ["en"], "rules": [],
            "configuration": {
                "statuses": {"max_characters": TEXT_LIMIT, "max_media_attachments": IMAGES,
                             "characters_reserved_per_url": LINK_LENGTH},
                "media_attachments": {"supported_mime_types": types, "image_size_limit": IMAGE_LIMIT,
                                      "description_limit": ALT_LIMIT, "image_matrix_limit": 33_177_600},
            },
        }  # fmt: skip

    # ------------------------------------------------------------ answers

    def _ok(self, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        return Answer(200, body, {**self._rates(299), **(headers or {})})

    def _rates(self, left: int) -> Mapping[str, str]:
        reset = instant(self._network.now() + _PAUSE * 1000)
        return {"x-ratelimit-limit": "300", "x-ratelimit-remaining": str(left), "x-ratelimit-reset": reset}

    def _links(self, path: str, page: list[sqlite3.Row], params: Mapping[str, str]) -> Mapping[str, str]:
        """rel=prev leads to what is newer, rel=next to what is older, as Mastodon has it."""
        if not page:
            return {}
        limit = {"limit": params["limit"]} if "limit" in params else {}
        older = urlencode(limit | {"max_id": str(page[-1]["id"])})
        newer = urlencode(limit | {"min_id": str(page[0]["id"])})
        base = f"{self._network.base}{path}"
        return {"link": f'<{base}?{older}>; rel="next", <{base}?{newer}>; rel="prev"'}


def _page(rows: list[sqlite3.Row], params: Mapping[str, str], *, most: int, usual: int) -> list[sqlite3.Row]:
    """One page of rows, newest first: below max_id, above since_id; min_id walks forward without a gap."""
    text = params.get("limit", str(usual))
    limit = min(int(text), most) if text.isdigit() and int(text) else usual
    bounds = {name: int(params[name]) for name in ("max_id", "since_id", "min_id") if params.get(name, "").isdigit()}
    rows = [
        row for row in rows
        if int(row["id"]) < bounds.get("max_id", 1 << 80)
        and int(row["id"]) > max(bounds.get("since_id", 0), bounds.get("min_id", 0))
    ]  # fmt: skip
    return rows[-limit:] if "min_id" in bounds else rows[:limit]


def _measured(text: str, *, images: bool) -> None:
    """Raises ApiError as the server's validation does; a link counts 23."""
    if not text.strip() and not images:
        raise ApiError(422, "Validation failed: Text can't be blank")
    if len(_URL.sub("x" * LINK_LENGTH, text)) > TEXT_LIMIT:
        raise ApiError(422, f"Validation failed: Text character limit of {TEXT_LIMIT} exceeded")
