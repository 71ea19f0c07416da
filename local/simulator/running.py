"""One running simulator: its API with the faults it meets, what waits to be accepted late, the controls, the pages."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import random
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from local import ports
from local.simulator import faults, http
from local.simulator.calls import Answer, Call
from local.simulator.content import BadInput, NoSuchObject
from local.simulator.store import Store

logger = logging.getLogger("local.simulator")

STATIC = Path(__file__).parent / "static"
Handler = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


class Api(Protocol):
    """What a platform's API is to its simulator."""

    def answer(self, call: Call) -> Answer:
        """Do what was asked, or say in the API's words why not. Raises nothing for bad input."""
        ...

    def refusal(self, kind: str) -> Answer | None:
        """What a call gets that meets this fault without anything being done; None for a fault that does it."""
        ...

    def acts(self, call: Call) -> bool:
        """Whether the call changes what people see: only then dropping or delaying its answer proves something."""
        ...

    def owner(self, call: Call) -> str | None:
        """Id of the account of ours that the call's token speaks for."""
        ...


class Simulated:
    """What every simulator does with a call, and the part of its controls that all have.

    A platform adds `controls`, `routes`, and what its pages call a fault.
    """

    def __init__(self, store: Store, api: Api, *, rng: random.Random) -> None:
        self.store = store
        self.api = api
        self.rng = rng
        self._born = secrets.token_hex(4)  # a page that was open before a restart must notice it
        self._tasks: set[asyncio.Task[Any]] = set()

    def controls(self) -> Mapping[str, Handler]:
        """Name -> what POST /_sim/<name> does."""
        return {"faults": self._faults, "settings": self._set}

    def routes(self) -> Sequence[BaseRoute]:
        """The API, the pages, and what can be read under /_sim/."""
        raise NotImplementedError

    def background(self) -> Sequence[Any]:
        """Coroutines that run as long as the simulator."""
        return ()

    def app(self) -> ASGIApp:
        """The ASGI application; its lifespan runs what goes on in the background."""
        control = [
            Route(f"/{name}", http.control(handler), methods=["POST"]) for name, handler in self.controls().items()
        ]
        routes = [
            Mount("/static", StaticFiles(directory=STATIC)),
            Route("/_sim/calls", self._calls),
            Route("/_sim/state", self._state),
            Mount("/_sim", routes=control),
            *self.routes(),
        ]
        return http.Guard(Starlette(routes=routes, lifespan=self._lifespan, exception_handlers={NoSuchObject: _gone}))

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        for work in self.background():
            self._start(work)
        for row in self.store.rows("select id, due_at from late"):
            self._start(self._accept_at(row["id"], row["due_at"]))
        yield
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.store.close()

    def _start(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # ------------------------------------------------------------ the API

    async def serve(self, call: Call) -> Response:
        """Log the call, let it meet the fault that waits for it, answer or cut the line."""
        owner = self.api.owner(call)
        shown = {n: "(a secret)" if "password" in v else v[:500] for n, v in call.params.items()}
        shown |= {name: f"({len(data)} bytes)" for name, data in call.files.items()}
        line = self.store.log_call(call.method, call.path, shown, owner)
        fault = faults.take(self.store, write=self.api.acts(call), page=owner)
        kind = fault.kind if fault else None
        refused = self.api.refusal(fault.kind) if fault else None
        if refused is not None:
            answer = refused
        elif fault and fault.kind == "late":
            answer = await self._accept_late(call, fault.seconds)
        else:
            answer = self.api.answer(call)
        dropped = kind == "drop_after_accept"
        self.store.answer_call(line, None if dropped else answer.status, kind)
        return http.Cut() if dropped else respond(answer)

    async def _accept_late(self, call: Call, seconds: float) -> Answer:
        """Write the call down, wait, do it: it happens even if the caller leaves or the simulator is restarted."""
        due_at = self.store.clock() + seconds
        with self.store.transaction():
            row = self.store.db.execute("insert into late (due_at, call) values (?,?)", (due_at, call.dump())).lastrowid
        waiting: asyncio.Task[Answer] = self._start(self._accept_at(int(row or 0), due_at))
        return await asyncio.shield(waiting)

    async def _accept_at(self, row_id: int, due_at: float) -> Answer:
        await asyncio.sleep(max(0.0, due_at - self.store.clock()))
        with self.store.transaction():  # the act and the end of its waiting stand or fall together
            rows = self.store.rows("select call from late where id=?", row_id)
            if not rows:  # a reset came between
                return self.api.refusal("outage") or Answer(500, {})
            self.store.db.execute("delete from late where id=?", (row_id,))
            return self.api.answer(Call.load(rows[0]["call"]))

    # ------------------------------------------------------------ controls

    def account(self, body: Mapping[str, Any]) -> str:
        """Id of the account of ours that a control names as `page`. Raises NoSuchObject."""
        raise NotImplementedError

    def fault_words(self, fault: faults.Fault) -> str:
        """Which calls it will meet."""
        return fault.words()

    async def state(self) -> dict[str, Any]:
        """What stands there, for tests."""
        raise NotImplementedError

    def revision(self) -> str:
        """Differs after every change and every restart."""
        return f"{self._born}.{self.store.version()}"

    async def _faults(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        kind = http.text(body, "kind")
        if kind == "none":
            faults.clear(self.store)
        else:
            count = body.get("count", 1)
            if count is not None and (not isinstance(count, int) or isinstance(count, bool)):
                raise BadInput("count: a whole number, or null for until switched off")
            page = self.account(body) if "page" in body else None
            faults.arm(self.store, kind, calls=count, seconds=http.number(body, "seconds"), page=page)
        return {"armed": [self.fault_words(fault) for fault in faults.armed(self.store)]}

    async def _set(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self.check_settings(body)
        for name, value in body.items():
            self.store.set(name, value)
        return self.settings()

    def check_settings(self, body: Mapping[str, Any]) -> None:
        """Raises BadInput for a setting there is not."""
        for name, value in body.items():
            if name != "trickle" or not isinstance(value, bool):
                raise BadInput(f"{name}: the setting is trickle (true or false)")

    def settings(self) -> dict[str, Any]:
        """Name -> value, as set or by default."""
        return {"trickle": self.store.setting("trickle", False)}

    async def _state(self, _: Request) -> Response:
        armed = [
            {"kind": f.kind, "count": f.calls, "until": f.until, "seconds": f.seconds, "page": f.page,
             "words": self.fault_words(f)}
            for f in faults.armed(self.store)
        ]  # fmt: skip
        late = self.store.rows("select count(*) n from late")[0]["n"]
        common = {"revision": self.store.version(), "faults": armed, "late": late, "settings": self.settings()}
        return JSONResponse(common | await self.state())

    async def _calls(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        return JSONResponse({"calls": self.store.calls(int(after) if after.isdigit() else 0)})


def respond(answer: Answer) -> Response:
    """The HTTP response for an answer."""
    if isinstance(answer.body, bytes):
        return Response(answer.body, answer.status, headers=dict(answer.headers))
    return JSONResponse(answer.body, answer.status, headers=dict(answer.headers))


async def _gone(_: Request, error: Exception) -> Response:
    return PlainTextResponse(f"There is nothing here: {error}", 404)


def main(
    name: str, what: str, build: Callable[[Path, str], Simulated], arguments: Sequence[str] | None, module: str
) -> int:
    """Run until told to stop. 0: stopped; 2: could not start, with one line that says why.

    Args:
        name: of the port. what: said to people. build: from the folder and the base address; may raise ValueError.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=what)
    parser.add_argument("--host", default=ports.HOST)
    parser.add_argument("--port", type=int)
    parser.add_argument("--dir", type=Path, help="where its configuration and its data lie")
    given = parser.parse_args(arguments)
    try:
        port = given.port or ports.port(name)
        opened = http.listen(given.host, port)
    except OSError as error:
        print(f"port {port} is not free ({error.strerror}): set {ports.override(name)} to another", file=sys.stderr)
        return 2
    except ValueError as error:  # NotLoopback, or an override that is no port
        print(error, file=sys.stderr)
        return 2
    base = f"http://{given.host}:{port}"
    try:
        simulator = build(given.dir or ports.local_dir(), base)
    except ValueError as error:  # BadConfig
        opened.close()
        print(error, file=sys.stderr)
        return 2
    print(f"{what}: {base}/", flush=True)
    http.server(simulator.app()).run(sockets=[opened])
    return 0
