"""A world with links: an address for them, a place for images and reports, a mailbox, and the function behind /l/."""

from __future__ import annotations

import importlib.util
import re
import threading
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

from herald.errors import Unknown
from herald.flows import commands as c
from herald.flows.gate import perform
from herald.flows.moderate import moderate
from tests.support.world import ACCOUNT, ANA, BRAND, MIA, NOON, PAGE, Clock, World, a_comment, a_world, recommended

BASE = "https://herald.example"
MESSAGE = f"facebook_page:{PAGE}_1"
FORM = "application/x-www-form-urlencoded"
ROOT = Path(__file__).parents[2]


@dataclass
class Shelf:
    """A MediaStore in memory."""

    held: dict[str, bytes] = field(default_factory=dict)

    def put(self, data: bytes, mime: str) -> str:
        from hashlib import sha256

        key = f"media/{sha256(data).hexdigest()}"
        self.held[key] = data
        return key

    def get(self, key: str) -> bytes:
        if key not in self.held:
            raise Unknown(key)
        return self.held[key]


@dataclass
class Postbox:
    """A mailer that keeps what it sends, or fails as told."""

    sent: list[tuple[Sequence[str], str, str, str]] = field(default_factory=list)
    fails: Exception | None = None
    tries: int = 0

    def __call__(self, to: Sequence[str], subject: str, text: str, html: str, files: Mapping[str, bytes]) -> None:
        self.tries += 1
        if self.fails:
            raise self.fails
        self.sent.append((to, subject, text, html))


@dataclass
class Linked:
    """The world, and a browser's way into its function."""

    world: World
    shelf: Shelf
    post: Postbox
    app: ModuleType
    clock: Clock

    def give(self, command: Any, by: str) -> Any:
        return perform(command, by=by, herald=self.world.herald, now=self.clock())

    def link(self, purpose: str, subject: str, by: str = MIA.id, *, hours: int = 24, id: str = "link-0000001") -> str:
        """The token of a link made through the gate."""
        done = self.give(c.MakeLink(id, purpose, subject, hours), by)
        assert done.link.startswith(f"{BASE}/l/")
        return str(done.link).removeprefix(f"{BASE}/l/")

    def ask(self, token: str, method: str = "GET", body: str | None = None, **event: Any) -> dict[str, Any]:
        """The function's answer to one HTTP API event."""
        asked: dict[str, Any] = {
            "pathParameters": {"token": token}, "requestContext": {"http": {"method": method}}, "rawQueryString": "",
            "headers": {"content-type": FORM} if body is not None else {}, "body": body, "isBase64Encoded": False,
        }  # fmt: skip

        class Context:
            function_name = invoked_function_arn = aws_request_id = "f"
            memory_limit_in_mb = 128

        answer: dict[str, Any] = self.app.handler(asked | event, Context())
        return answer

    def press(self, token: str, action: str, **fields: str) -> dict[str, Any]:
        return self.ask(token, "POST", urlencode({"action": action, **fields}))

    def everything(self) -> str:
        import json

        return json.dumps(self.world.db.everything(), default=str, sort_keys=True)  # type: ignore[attr-defined]

    def version(self, post: str) -> int:
        found = self.world.store.post(post)
        assert found is not None
        return found.version

    def submitted(self, text: str = "New chairs are in.", *, id: str = "post-0001", **more: Any) -> str:
        variants = (c.Variant(ACCOUNT.id, "2026-11-18T13:00", ACCOUNT.timezone),)
        more = {"title": "Chairs", "variants": variants} | more
        self.give(c.Draft(id, BRAND, text=text, expected=0, **more), ANA.id)
        self.clock.pass_(milliseconds=5)
        self.give(c.Submit(id, 1), ANA.id)
        self.clock.pass_(milliseconds=5)
        return id

    def hidden(self, text: str = "You utter muppet") -> str:
        """A comment the rules hid."""
        self.world.store.apply(a_comment(text), BRAND, NOON)
        moderate([MESSAGE], self.world.herald, NOON)
        return MESSAGE


def linked(monkeypatch: Any, **more: Any) -> Linked:
    """A fresh world; its function is loaded from where the template has it."""
    world, shelf, post = a_world(**more), Shelf(), Postbox()
    for person in world.store.people():
        world.store.save(replace(person, email=f"{person.id}@tall-timber.example"))
    recommended(world.store)
    world.herald = replace(world.herald, media=shelf, mail=post, link_base=BASE)
    place = ROOT / "functions" / "link" / "app.py"
    spec = importlib.util.spec_from_file_location("link_app", place)
    assert spec is not None
    assert spec.loader is not None
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    monkeypatch.setattr(app.runtime, "current", lambda: world.herald)
    return Linked(world, shelf, post, app, world.clock)


def words_of_page(answer: Mapping[str, Any]) -> str:
    """What a reader sees of a page, without markup and style."""
    plain = re.sub(r"<style>.*?</style>|<title>.*?</title>", " ", answer["body"], flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", plain)).split())


@contextmanager
def served(here: Linked) -> Iterator[str]:
    """The function over HTTP on a free port, as the HTTP API hands requests to it; the address."""

    class Behind(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            if not path.startswith("/l/"):
                self.send_error(404)
                return
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode("latin-1")
            answer = here.ask(
                path.removeprefix("/l/"), self.command, body or None, rawQueryString=query,
                headers={name.lower(): value for name, value in self.headers.items()},
            )  # fmt: skip
            data = b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
            self.send_response(answer["statusCode"])
            for name, value in answer["headers"].items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Behind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
