"""The outbox: signed POSTs with batches of changes, tried again until they are taken or too old.

Meta documents (developers.facebook.com/docs/graph-api/webhooks/getting-started, read 2026-11): up to 1000 changes
in one POST, an immediate retry after a failure, then fewer and fewer for 36 hours. Here the pause between two tries
never exceeds 30 seconds, so that a system that was just started catches up while someone looks on.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import random
import sqlite3
from collections.abc import Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

import urllib3

from local.facebook.config import INSTAGRAM, Config
from local.facebook.wall import Wall

BATCH = 1000
GIVE_UP_AFTER = 36 * 3600.0
TIMEOUT = 10.0
KEPT = 200


def encode(payload: Any) -> bytes:
    r"""JSON as Meta sends and signs it: non-ASCII as `\u00e4` with lower-case digits, slashes as `\/`."""
    return json.dumps(payload, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def sign(secret: str, body: bytes, algorithm: str = "sha256") -> str:
    """`sha256=` and the hex HMAC of exactly these bytes under the app secret."""
    return f"{algorithm}={hmac.new(secret.encode(), body, algorithm).hexdigest()}"


def pause(attempts: int) -> float:
    """Seconds to wait after that many failures: at once, then 1, 2, 4 ... 30."""
    return 0.1 if attempts <= 1 else min(30.0, 2.0 ** (attempts - 2))


def body_of(rows: Sequence[sqlite3.Row], product: str = "page") -> bytes:
    """One POST for these changes of one product.

    An entry holds changes of one page and one second: `entry.time` is theirs.
    """
    entries = [
        {
            "id": page,
            "time": at,
            "changes": [{"field": row["field"], "value": json.loads(row["value"])} for row in together],
        }
        for (page, at), together in groupby(rows, key=lambda row: (row["page"], row["at"]))
    ]
    return encode({"object": product, "entry": entries})


class Sender:
    """Carries the outbox to the callbacks. One of it runs; a row is done only when a callback answered 2xx."""

    def __init__(self, wall: Wall, config: Config, *, rng: random.Random, give_up_after: float = GIVE_UP_AFTER) -> None:
        self._wall = wall
        self._config = config
        self._rng = rng
        self._give_up_after = give_up_after
        self._http = urllib3.PoolManager(retries=False, timeout=TIMEOUT)
        self._new = asyncio.Event()

    def wake(self) -> None:
        """Something is in the outbox."""
        self._new.set()

    async def run(self) -> None:
        """Send for ever. What an earlier run left waiting is tried at once."""
        with self._wall.transaction():
            self._wall.db.execute("update outbox set next_at=0 where done is null and attempts > 0")
        while True:
            self._new.clear()
            if not await self.send_due():
                try:
                    await asyncio.wait_for(self._new.wait(), timeout=self._until_next())
                except TimeoutError:
                    continue

    async def send_due(self) -> int:
        """One POST a callback and age, for what is due; returns how many were made."""
        made = 0
        for number, callback in enumerate(self._config.callbacks):
            due = self._wall.rows(
                "select * from outbox where done is null and callback=? and next_at<=? order by attempts, id limit ?",
                number, self._wall.clock(), BATCH,
            )  # fmt: skip
            for _, same_age in groupby(due, key=lambda row: row["attempts"]):
                rows = list(same_age)
                if self._wall.setting("out_of_order", False):
                    self._rng.shuffle(rows)
                for product, address in (("page", callback), ("instagram", self._config.instagram[number])):
                    several = [row for row in rows if self._product(row) == product]
                    if several:
                        await self._send(address, several, product)
                        made += 1
        return made

    def _product(self, row: sqlite3.Row) -> str:
        page = self._wall.pages.get(row["page"])
        return "instagram" if page and page.network == INSTAGRAM else "page"

    async def _send(self, callback: str, rows: list[sqlite3.Row], product: str) -> None:
        body = body_of(rows, product)
        status, error = await asyncio.to_thread(self._post, callback, body)
        taken = status is not None and 200 <= status < 300
        wall, now = self._wall, self._wall.clock()
        with wall.transaction():
            wall.db.execute(
                "insert into sent (at, callback, changes, bytes, status, error) values (?,?,?,?,?,?)",
                (now, callback, len(rows), len(body), status, error),
            )
            wall.db.execute("delete from sent where id <= (select max(id) from sent) - ?", (KEPT,))
            for row in rows:
                self._record(row, taken, status, error, now)

    def _record(self, row: sqlite3.Row, taken: bool, status: int | None, error: str | None, now: float) -> None:
        if taken:
            copies = row["copies"] - 1
            done, next_at, attempts = ("delivered" if copies <= 0 else None), now + 0.2, 0
        else:
            copies, attempts = row["copies"], row["attempts"] + 1
            next_at = now + pause(attempts)
            done = "given up" if now - row["since"] > self._give_up_after else None
        self._wall.db.execute(
            "update outbox set copies=?, attempts=?, next_at=?, done=?, done_at=?, status=?, error=? where id=?",
            (copies, attempts, next_at, done, now if done else None, status, error, row["id"]),
        )

    def _post(self, callback: str, body: bytes) -> tuple[int | None, str | None]:
        headers = {
            "content-type": "application/json",
            "user-agent": "facebookexternalua",
            "x-hub-signature": sign(self._config.app_secret, body, "sha1"),
            "x-hub-signature-256": sign(self._config.app_secret, body),
        }
        try:
            response = self._http.request("POST", callback, body=body, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            return None, _short(error)
        return response.status, None if 200 <= response.status < 300 else response.data[:200].decode(errors="replace")

    def _until_next(self) -> float:
        row = self._wall.rows("select min(next_at) n from outbox where done is null")[0]
        return 5.0 if row["n"] is None else min(5.0, max(0.02, row["n"] - self._wall.clock()))

    async def handshake(self) -> list[dict[str, Any]]:
        """GET each callback with the verify token and a challenge; ok if the very challenge comes back as the body."""
        results = []
        pictures = self._config.instagram if any(p.network == INSTAGRAM for p in self._config.pages) else ()
        for callback in (*self._config.callbacks, *pictures):
            challenge = str(self._rng.randrange(10**8, 10**10))
            query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": self._config.verify_token}
            status, answer = await asyncio.to_thread(self._get, f"{callback}?{urlencode(query)}")
            ok = status is not None and 200 <= status < 300 and answer.strip() == challenge
            said = "the challenge came back" if ok else f"expected the challenge, got {answer[:80]!r}"
            results.append({"callback": callback, "status": status, "ok": ok, "said": said, "at": self._wall.clock()})
        self._wall.set("handshake", results)
        return results

    def _get(self, address: str) -> tuple[int | None, str]:
        try:
            response = self._http.request("GET", address, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            return None, _short(error)
        return response.status, response.data[:500].decode(errors="replace")


def redeliver(wall: Wall, count: int) -> int:
    """Send the newest `count` finished events (delivered or given up) once more; returns how many."""
    now = wall.clock()
    with wall.transaction():
        return wall.db.execute(
            "update outbox set done=null, copies=1, attempts=0, since=?, next_at=? where id in"
            " (select id from outbox where done is not null order by id desc limit ?)",
            (now, now, count),
        ).rowcount


def counts(wall: Wall) -> dict[str, Any]:
    """The outbox in numbers: waiting, delivered, given up; tries and next try of what waits; the last POST."""
    tally = {
        row["s"]: row["n"] for row in wall.rows("select coalesce(done,'waiting') s, count(*) n from outbox group by 1")
    }
    waiting = wall.rows("select max(attempts) tries, min(next_at) next_at from outbox where done is null")[0]
    last = wall.rows("select at, callback, changes, bytes, status, error from sent order by id desc limit 1")
    return {
        "waiting": tally.get("waiting", 0),
        "delivered": tally.get("delivered", 0),
        "given_up": tally.get("given up", 0),
        "tries": waiting["tries"] or 0,
        "next_at": waiting["next_at"],
        "last": dict(last[0]) if last else None,
    }


def _short(error: Exception) -> str:
    """What went wrong, for a person; connection errors repeat themselves at length."""
    reason = getattr(error, "reason", None) or error
    text = str(reason)
    if "refused" in text:
        return "nobody listens there (connection refused)"
    return text.rpartition(": ")[2][:200]
