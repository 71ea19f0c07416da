"""What a simulated network must know of us: our accounts there, and the secrets that speak for them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

NETWORKS = ("mastodon", "bluesky")


class BadConfig(ValueError):
    """The configuration cannot be used; the sentence says what to change."""


@dataclass(frozen=True, slots=True)
class Ours:
    """One account of ours.

    Attributes:
        id: on Mastodon digits, on Bluesky the DID. handle: without the @.
        secret: the access token on Mastodon, an app password on Bluesky.
        crowd: whether it has followers and readers that nobody plays (figures out of local.simulator.crowd).
    """

    id: str
    handle: str
    name: str
    secret: str
    crowd: bool = True


@dataclass(frozen=True, slots=True)
class Config:
    """`trickle` as in local.simulator.trickle.run."""

    accounts: tuple[Ours, ...]
    trickle: Mapping[str, Any] = field(default_factory=dict)


def write(
    folder: Path, network: str, accounts: Sequence[Ours], trickle: Mapping[str, Any] | None = None
) -> Path:
    """Write `<network>.json` for the simulator to read at its start; only the owner may read it."""
    content = {"accounts": [asdict(one) for one in accounts], "trickle": dict(trickle or {})}
    parse(network, content)
    target = folder / f"{network}.json"
    folder.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".json.new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(content, indent=2), encoding="utf-8")
    fresh.replace(target)
    return target


def parse(network: str, content: Any) -> Config:
    """Read what `write` wrote. Raises BadConfig naming what is wrong."""
    file = f"{network}.json"
    entries = content.get("accounts") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise BadConfig(f"{file}: 'accounts' must list at least one {{id, handle, name, secret}}")
    accounts = []
    for entry in entries:
        given = entry if isinstance(entry, dict) else {}
        identity, handle, name, secret = (str(given.get(key) or "") for key in ("id", "handle", "name", "secret"))
        if not (identity and handle and name and secret):
            raise BadConfig(f"{file}: each account needs 'id', 'handle', 'name' and 'secret'")
        accounts.append(Ours(identity, handle, name, secret, bool(given.get("crowd", True))))
        if network == "mastodon" and not accounts[-1].id.isdigit():
            raise BadConfig(f"{file}: an id on Mastodon is digits, not {accounts[-1].id!r}")
        if network == "bluesky" and not accounts[-1].id.startswith("did:"):
            raise BadConfig(f"{file}: an id on Bluesky is a DID, not {accounts[-1].id!r}")
    trickle = content.get("trickle") or {}
    if not isinstance(trickle, dict):
        raise BadConfig(f"{file}: 'trickle' must be an object")
    return Config(tuple(accounts), trickle)


def read_or_create(folder: Path, network: str) -> Config:
    """The configuration in `folder`; without one, a made-up shop with a fresh random secret, written there."""
    file = folder / f"{network}.json"
    if not file.exists():
        ids = {"mastodon": "109990000000000001", "bluesky": "did:plc:wattleandstonewares2345a"}
        handles = {"mastodon": "wattle", "bluesky": "wattle.bsky.example"}
        ours = Ours(ids[network], handles[network], "Wattle & Stone", app_password())
        write(folder, network, [ours])
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadConfig(f"{file} is not JSON ({error}); correct it or delete it") from error
    return parse(network, content)


def app_password() -> str:
    """A fresh one in the form of Bluesky's: four groups of four; it serves as a token too."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))
