"""What the simulator must know to stand in for one app registration: secrets, callback, pages."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local import ports
from local.simulator.http import LOOPBACK

FACEBOOK, INSTAGRAM = "facebook_page", "instagram"


class BadConfig(ValueError):
    """The configuration cannot be used; the sentence says what to change."""


@dataclass(frozen=True, slots=True)
class Page:
    """One Page, or one Instagram account: its numeric id, its name, and the access token that speaks for it."""

    id: str
    name: str
    token: str
    network: str = FACEBOOK


@dataclass(frozen=True, slots=True)
class Config:
    """One app registration.

    Attributes:
        callbacks: where webhooks of Pages go; loopback addresses only.
        instagram: where those of Instagram accounts go, one for each of `callbacks`.
        app_secret: key of the signature. verify_token: what the handshake shows.
        trickle: {"on": bool, "seed": int, "least": seconds, "most": seconds}; all optional.
    """

    connection: str
    callbacks: tuple[str, ...]
    app_secret: str
    verify_token: str
    pages: tuple[Page, ...]
    trickle: Mapping[str, Any] = field(default_factory=dict)
    instagram: tuple[str, ...] = ()

    def page(self, page_id: str) -> Page | None:
        return next((page for page in self.pages if page.id == page_id), None)


def path(folder: Path) -> Path:
    return folder / "facebook.json"


def write(
    folder: Path | str,
    *,
    callback: str | Sequence[str],
    connection: str,
    app_secret: str,
    verify_token: str,
    pages: Sequence[Mapping[str, str] | Page],
    trickle: Mapping[str, Any] | None = None,
    instagram: str = INSTAGRAM,
) -> Path:
    """Write `facebook.json` for the simulator to read at its start; only the owner may read it.

    `{connection}` in a callback is replaced by the connection's id, for Instagram accounts by `instagram`. Raises
    BadConfig before anything is written.
    """
    content: dict[str, Any] = {
        "callback": callback if isinstance(callback, str) else list(callback),
        "connection": connection,
        "app_secret": app_secret,
        "verify_token": verify_token,
        "pages": [asdict(p) if isinstance(p, Page) else dict(p) for p in pages],
        "instagram": instagram,
        "trickle": dict(trickle or {}),
    }
    parse(content)
    target = path(Path(folder))
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".json.new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(content, indent=2), encoding="utf-8")
    fresh.replace(target)
    return target


def parse(content: Any) -> Config:
    """Read what `write` wrote. Raises BadConfig naming the field that is wrong."""
    if not isinstance(content, Mapping):
        raise BadConfig("facebook.json must hold one JSON object")
    text = {}
    for name in ("connection", "app_secret", "verify_token"):
        value = content.get(name)
        if not isinstance(value, str) or not value:
            raise BadConfig(f"facebook.json: {name!r} must be a text that is not empty")
        text[name] = value
    given = content.get("callback")
    callbacks = [given] if isinstance(given, str) else given
    if not isinstance(callbacks, list) or not all(isinstance(c, str) for c in callbacks):
        raise BadConfig("facebook.json: 'callback' must be an address or a list of addresses")
    pages = content.get("pages")
    if not isinstance(pages, list) or not pages:
        raise BadConfig("facebook.json: 'pages' must list at least one {id, name, token}")
    trickle = content.get("trickle") or {}
    if not isinstance(trickle, Mapping):
        raise BadConfig("facebook.json: 'trickle' must be an object")
    return Config(
        connection=text["connection"],
        callbacks=tuple(_callback(c.replace("{connection}", text["connection"])) for c in callbacks),
        app_secret=text["app_secret"],
        verify_token=text["verify_token"],
        pages=_pages(pages),
        trickle=trickle,
        instagram=tuple(
            _callback(c.replace("{connection}", str(content.get("instagram") or INSTAGRAM))) for c in callbacks
        ),
    )


def _callback(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or parts.hostname not in LOOPBACK:
        raise BadConfig(f"callback {address!r}: the simulator only calls this machine; use http://127.0.0.1:PORT/...")
    return address


def _pages(entries: list[Any]) -> tuple[Page, ...]:
    pages = []
    for entry in entries:
        given = entry if isinstance(entry, Mapping) else {}
        fields = [str(given.get(name) or "") for name in ("id", "name", "token")]
        if not all(fields) or not fields[0].isdigit():
            raise BadConfig("facebook.json: each page needs 'id' (digits), 'name' and 'token'")
        network = given.get("network", FACEBOOK)
        if network not in (FACEBOOK, INSTAGRAM):
            raise BadConfig(f"facebook.json: the 'network' of a page is {FACEBOOK} or {INSTAGRAM}")
        pages.append(Page(fields[0], fields[1], fields[2], network))
    for name in ("id", "token"):
        if len({getattr(page, name) for page in pages}) != len(pages):
            raise BadConfig(f"facebook.json: two pages share one {name}")
    return tuple(pages)


def read_or_create(folder: Path) -> Config:
    """The configuration in `folder`; without one, a page of a made-up shop and fresh random secrets, written there."""
    file = path(folder)
    if not file.exists():
        write(
            folder,
            callback=ports.url("door") + "/webhooks/{connection}",
            connection="facebook",
            app_secret=secrets.token_hex(16),
            verify_token=secrets.token_urlsafe(18),
            pages=[{"id": "104250000000001", "name": "Wattle & Stone", "token": "EAAL" + secrets.token_urlsafe(32)}],
        )
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadConfig(f"{file} is not JSON ({error}); correct it or delete it") from error
    return parse(content)
