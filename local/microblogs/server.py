"""HTTP on the loopback: the API of one network, the control API under /_sim/, and the pages for people."""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from local.microblogs import config as configuration
from local.microblogs import pages
from local.microblogs.ask import ask
from local.microblogs.bluesky import Bluesky, BlueskyNames
from local.microblogs.client import TITLES
from local.microblogs.config import NETWORKS, Config
from local.microblogs.mastodon import Mastodon, MastodonNames
from local.microblogs.network import IMAGE_LIMIT, Names, Network
from local.microblogs.reading import CALLS
from local.simulator import faces, http, running, trickle
from local.simulator.calls import Answer
from local.simulator.content import BadInput, NoSuchObject
from local.simulator.http import optional, text
from local.simulator.running import Handler, Simulated, respond

BODY = IMAGE_LIMIT + (1 << 20)
"""Bytes of a request. A PDS hangs up without a word over its bound (seen)."""

NAMES: Mapping[str, Callable[[], Names]] = {"mastodon": MastodonNames, "bluesky": BlueskyNames}
APIS: Mapping[str, Callable[[Network], Mastodon | Bluesky]] = {"mastodon": Mastodon, "bluesky": Bluesky}


class Simulator(Simulated):
    """One network, its API, and its wall."""

    def __init__(self, name: str, config: Config, network: Network, *, rng: random.Random, folder: Path) -> None:
        self.speaking = APIS[name](network)
        super().__init__(network, self.speaking, rng=rng)
        self.name = name
        self.config = config
        self.network = network
        self._folder = folder

    def controls(self) -> Mapping[str, Handler]:
        return {
            **super().controls(),
            "comment": self._comment,
            "post": self._post,
            "edit": self._edit,
            "delete": self._delete,
            "like": partial(self._mark, "like"),
            "boost": partial(self._mark, "boost"),
            "follow": self._follow,
            "ask": self._ask,
            "reset": self._reset,
        }

    def routes(self) -> Sequence[BaseRoute]:
        shown = [
            Route("/", self._home),
            Route("/images/{image:path}", self._image),
            Route("/p/{page}", self._wall_page),
            Route("/p/{page}/live", self._live),
            Route("/p/{page}/comment", self._form, methods=["POST"]),
        ]
        if self.name == "mastodon":
            return [
                *shown,
                Route("/@{handle}", self._public),
                Route("/@{handle}/{post}", self._public),
                Route("/api/{path:path}", self._called, methods=["GET", "POST", "PUT", "DELETE"]),
            ]
        return [
            *shown,
            Route("/profile/{handle}", self._public),
            Route("/profile/{handle}/post/{post}", self._public),
            Route("/xrpc/{path:path}", self._called, methods=["GET", "POST"]),
        ]

    def background(self) -> Sequence[Any]:
        return [trickle.run(self.network, self.rng, self.config.trickle, self.speak)]

    # ------------------------------------------------------------ the API

    async def _called(self, request: Request) -> Response:
        try:
            body = await http.read(request, BODY)
            url = request.url
            call = CALLS[self.name](request.method, url.path, url.query, request.headers, body)
        except http.TooLarge:
            return http.Cut() if self.name == "bluesky" else respond(Answer(413, {"error": "Payload too large"}))
        except ValueError as error:
            return respond(Answer(400, {"error": f"Bad request: {error}"}))
        return await self.serve(call)

    # ------------------------------------------------------------ customers

    def speak(self, rng: random.Random) -> str:
        """One customer says or does one thing by themselves; returns the id of it."""
        own = [row for one in self.network.ours for row in reversed(self.network.of_author(one)) if not row["parent"]]
        said = trickle.voice(rng, [(row["id"], row["author"], row["indexed"] / 1000, row["text"]) for row in own])
        if said is None:
            name, words = rng.choice(trickle.LINES)
            return self._said(self.network.named(name), words, None, next(iter(self.network.ours)))
        author = self.network.named(said.author_name)
        if said.kind == "reaction":
            self.network.mark("like", said.post_id, author["id"], on=True)
            return str(said.post_id)
        return self._said(author, said.text, said.post_id or None, said.account_id)

    def _said(self, author: sqlite3.Row, words: str, parent: str | None, account: str) -> str:
        """An answer, or a post that mentions the account."""
        handle = self.network.one(account)["handle"]
        if parent is None and f"@{handle}" not in words.lower():
            words = f"@{handle} {words}"
        return self.speaking.speak(author["id"], words, parent)

    # ------------------------------------------------------------ controls

    async def _comment(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        author = self.network.named(text(body, "as"))
        parent = optional(body, "parent") or optional(body, "post")
        return {"comment_id": self._said(author, text(body, "text"), parent, self.account(body))}

    async def _post(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """As somebody at our desk would with the network's own app, past Herald: a post, or an answer to `parent`."""
        return {"post_id": self.speaking.speak(self.account(body), text(body, "text"), optional(body, "parent"))}

    async def _edit(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.name == "bluesky":
            raise BadInput("nobody can edit a post on Bluesky")
        author = self.network.named(text(body, "as"))
        self.network.edit(text(body, "object"), text(body, "text"), by=author["id"])
        return {"ok": True}

    async def _delete(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        by = self.network.named(text(body, "as"))["id"] if "as" in body else self.account(body)
        self.network.delete(text(body, "object"), by=by)
        return {"ok": True}

    async def _mark(self, kind: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        author = self.network.named(text(body, "as"))
        return {"on": self.network.mark(kind, text(body, "object"), author["id"])}

    async def _follow(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        author = self.network.named(text(body, "as"))
        return {"on": self.network.follow(self.account(body), author["id"])}

    async def _ask(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"said": await asyncio.to_thread(ask, self._folder)}

    async def _reset(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        self.network.reset()
        return {"ok": True}

    def account(self, body: Mapping[str, Any]) -> str:
        """Our account named by id, handle or name; without one, the first."""
        wanted = optional(body, "page")
        for one in self.config.accounts:
            if wanted in (None, one.id, one.handle, one.name):
                return one.id
        raise NoSuchObject(f"account {wanted}")

    async def state(self) -> dict[str, Any]:
        rows = self.network.rows
        return {
            "accounts": [{"id": one.id, "handle": one.handle, "name": one.name} for one in self.config.accounts],
            "posts": [
                {**dict(row), "images": [image["alt"] for image in self.network.images_of(row["id"])]}
                for row in rows("select * from posts order by indexed, rowid")
            ],
            "marks": [dict(row) for row in rows("select * from marks order by created, rowid")],
            "follows": [dict(row) for row in rows("select * from follows order by created, rowid")],
        }

    # ------------------------------------------------------------ pages

    async def _home(self, _: Request) -> Response:
        return RedirectResponse(f"/p/{quote(self.config.accounts[0].id)}", 307)

    async def _wall_page(self, request: Request) -> Response:
        return self._shown(request.path_params["page"], request.query_params)

    def _shown(self, account: str, query: Mapping[str, str], post: str | None = None) -> Response:
        asked = faces.asked(query, post)
        return HTMLResponse(pages.page(self.network, self.name, account, settings=self.settings(), **asked))

    async def _public(self, request: Request) -> Response:
        """The address that the network gives a post, or somebody's profile."""
        person = self.network.one(request.path_params["handle"])
        post = request.path_params.get("post")
        if post and self.name == "bluesky":
            post = f"at://{person['id']}/app.bsky.feed.post/{post}"
        if post:
            root = self.network.root(self.network.post_row(post))
            shown = root["author"] if root["author"] in self.network.ours else next(iter(self.network.ours))
            return self._shown(shown, request.query_params, str(root["id"]))
        return self._shown(person["id"], request.query_params)

    async def _image(self, request: Request) -> Response:
        """The bytes under the type they were recognised as; the guard forbids browsers to guess another."""
        data, mime = self.network.image(request.path_params["image"])
        return Response(data, media_type=mime, headers={"content-disposition": "inline"})

    async def _live(self, request: Request) -> Response:
        """{revision} while nothing changed since `revision`, else with the two live parts as HTML."""
        answer: dict[str, Any] = {"revision": self.revision()}
        if request.query_params.get("revision") != answer["revision"]:
            account = request.path_params["page"]
            answer["wall"] = pages.wall_part(self.network, self.name, account, **faces.asked(request.query_params))
            answer["side"] = pages.side_part(self.network, self.name)
        return JSONResponse(answer)

    async def _form(self, request: Request) -> Response:
        """The box of a browser that runs no script."""
        fields = await http.form(request)
        body = {"as": fields.get("author", ""), "text": fields.get("text", ""), "post": fields.get("post", "")}
        try:
            await self._comment({**body, "page": request.path_params["page"]})
        except BadInput as error:
            return PlainTextResponse(str(error), 400)
        return RedirectResponse(f"/p/{quote(request.path_params['page'])}", 303)


# ---------------------------------------------------------------- starting


def open_network(
    name: str, file: Path | str, config: Config, *, base: str, clock: Callable[[], float] = time.time
) -> Network:
    """The network of that name over a file."""
    return Network(file, NAMES[name](), config.accounts, base=base, clock=clock)


def build(
    name: str, folder: Path, *, base: str, seed: int | None = None, clock: Callable[[], float] = time.time
) -> Simulator:
    """The simulator over `folder`/<name>.json and <name>.db. Raises BadConfig."""
    config = configuration.read_or_create(folder, name)
    rng = random.Random(seed if seed is not None else secrets.randbits(64))
    network = open_network(name, folder / f"{name}.db", config, base=base, clock=clock)
    return Simulator(name, config, network, rng=rng, folder=folder)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one network until told to stop. 0: stopped; 2: could not start, with one line that says why."""
    parser = argparse.ArgumentParser(prog="python -m local.microblogs", add_help=False)
    parser.add_argument("network", choices=NETWORKS)
    given, rest = parser.parse_known_args(arguments)
    name = given.network
    module = f"local.microblogs {name}"
    return running.main(
        name, f"{TITLES[name]} simulator", lambda folder, base: build(name, folder, base=base), rest, module
    )
