"""Google's reviews of one place, simulated: v4 of the My Business API as far as an answer needs it, with the faults
that all simulators have. Errors have the shape and the codes of google.rpc."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from local.simulator import http
from local.simulator.calls import Answer, Call
from local.simulator.content import BadInput
from local.simulator.http import text
from local.simulator.running import Handler, Simulated
from local.simulator.store import Store

PLACE, TOKEN = "accounts/11/locations/22", "an-access-token"
SCHEMA = """
create table if not exists reviews (
    id text primary key, stars text not null, author text not null, comment text not null, created real not null,
    changed real not null, reply text, replied real);
"""


def _error(code: int, status: str, message: str) -> Answer:
    return Answer(code, {"error": {"code": code, "message": message, "status": status}})


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Api:
    """A function from a call to an answer, over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def owner(self, call: Call) -> str | None:
        return PLACE if call.token == TOKEN else None

    def acts(self, call: Call) -> bool:
        return call.write

    def refusal(self, kind: str) -> Answer | None:
        return {
            "429": _error(429, "RESOURCE_EXHAUSTED", "Quota exceeded"),
            "rate_limit": _error(429, "RESOURCE_EXHAUSTED", "Quota exceeded"),
            "outage": _error(503, "UNAVAILABLE", "The service is currently unavailable"),
            "bad_token": _error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials"),
            "permission": _error(403, "PERMISSION_DENIED", "The caller does not have permission"),
        }.get(kind)

    def answer(self, call: Call) -> Answer:
        if call.token != TOKEN:
            return _error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials")
        path = call.path.removeprefix("v4/").removeprefix(f"{PLACE}/reviews")
        review, _, edge = path.strip("/").partition("/")
        if not review and call.method == "GET":
            rows = self._store.rows("select * from reviews order by changed desc")
            return Answer(200, {"reviews": [self._node(row) for row in rows], "totalReviewCount": len(rows)})
        rows = self._store.rows("select * from reviews where id=?", review)
        if not rows or (edge, call.method) not in (("", "GET"), ("reply", "PUT"), ("reply", "DELETE")):
            return _error(404, "NOT_FOUND", "Requested entity was not found")
        if call.method == "GET":
            return Answer(200, self._node(rows[0]))
        if call.method == "DELETE":
            return self._delete(review, rows[0])
        comment = call.params.get("comment", "")
        if not comment.strip() or len(comment.encode()) > 4_096:
            return _error(400, "INVALID_ARGUMENT", "Request contains an invalid argument")
        with self._store.transaction():
            self._store.db.execute(
                "update reviews set reply=?, replied=? where id=?", (comment, self._store.clock(), review)
            )
        return Answer(200, self._node(self._store.rows("select * from reviews where id=?", review)[0])["reviewReply"])

    def _delete(self, review: str, row: Any) -> Answer:
        if row["reply"] is None:
            return _error(404, "NOT_FOUND", "Requested entity was not found")
        with self._store.transaction():
            self._store.db.execute("update reviews set reply=null, replied=null where id=?", (review,))
        return Answer(200, {})

    def _node(self, row: Any) -> dict[str, Any]:
        node = {
            "name": f"{PLACE}/reviews/{row['id']}", "reviewId": row["id"], "starRating": row["stars"],
            "reviewer": {"displayName": row["author"]}, "comment": row["comment"],
            "createTime": _stamp(row["created"]), "updateTime": _stamp(row["changed"]),
        }  # fmt: skip
        reply = {"reviewReply": {"comment": row["reply"], "updateTime": _stamp(row["replied"])}} if row["reply"] else {}
        return node | reply


class Simulator(Simulated):
    def controls(self) -> Mapping[str, Handler]:
        return {**super().controls(), "review": self._review}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/v4/{path:path}", self._called, methods=["GET", "PUT", "DELETE"])]

    async def _called(self, request: Request) -> Response:
        body = await http.read(request, 1 << 16)
        params, _ = http.parameters(request.url.query, request.headers.get("content-type", ""), body)
        return await self.serve(Call(request.method, request.path_params["path"], params, http.bearer(request.headers)))

    async def _review(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        if not text(body, "text").strip():
            raise BadInput("a review needs words here")
        now = self.store.clock()
        with self.store.transaction():
            count = self.store.rows("select count(*) n from reviews")[0]["n"]
            row = (f"rev{count + 1}", "TWO", text(body, "as"), text(body, "text"), now, now)
            self.store.db.execute(
                "insert into reviews (id, stars, author, comment, created, changed) values (?,?,?,?,?,?)", row
            )
        return {"name": f"{PLACE}/reviews/{row[0]}"}

    def account(self, body: Mapping[str, Any]) -> str:
        return PLACE

    async def state(self) -> dict[str, Any]:
        return {"reviews": [dict(row) for row in self.store.rows("select * from reviews order by created")]}


@contextmanager
def running(work: Path, clock: Callable[[], float] = time.time) -> Iterator[str]:
    """One in a thread; its address."""
    opened = http.listen("127.0.0.1", 0)
    store = Store(work / "google.db", SCHEMA, clock=clock)
    server = http.server(Simulator(store, Api(store), rng=random.Random(1)).app())
    thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]})
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{opened.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(15)
