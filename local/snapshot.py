"""Keeping the embedded AWS's tables on disk: one file, replaced whole, with the one before it kept beside it.

The emulator itself saves only when it is stopped politely. Here its state is written every few seconds, so that a
`kill -9` costs at most that long. A file is one line of header (format, time, SHA-256 of the rest) and one of JSON.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

FORMAT = 1

STORES: Mapping[str, tuple[str, ...]] = {
    "dynamodb": (
        "tables", "tags", "ttl_settings", "pitr_settings", "kinesis_destinations", "contributor_insights",
        "backups", "resource_policies", "exports", "imports",
    ),
    "secretsmanager": ("secrets", "resource_policies"),
}  # fmt: skip
"""What is kept, by service: exactly what the emulator's own get_state() names; the others come from the template."""


class BadSnapshot(Exception):
    """The file is half-written, damaged, or of a format this version does not know."""


def capture(modules: Mapping[str, ModuleType]) -> bytes:
    """The state of the services as JSON, consistent as of this moment.

    Must run on the emulator's event loop: every request is served there without a pause in between, so nothing
    changes while this runs. The emulator's clean-up of expired rows is another thread; its lock keeps it out.
    The emulator's own get_state() copies everything first, which held the loop four times as long (0.8 s instead of
    0.2 s at 10,000 rows).
    """
    with modules["dynamodb"]._lock:
        state = {
            service: {name: _rows(getattr(modules[service], f"_{name}")) for name in names}
            for service, names in STORES.items()
        }
        return json.dumps(state, separators=(",", ":")).encode("ascii")


def restore(modules: Mapping[str, ModuleType], state: Mapping[str, Any]) -> None:
    """Put captured state back into services that are empty."""
    from ministack.core.responses import AccountRegionScopedDict  # noqa: PLC0415 (settings come first, see aws.py)

    for service, stores in state.items():
        scoped = {}
        for name, rows in stores.items():
            scoped[name] = AccountRegionScopedDict()
            for account, region, key, value in rows:
                scoped[name].set_scoped(account, region, key, value)
        modules[service].load_persisted_state(scoped)


def check_emulator(modules: Mapping[str, ModuleType]) -> None:
    """Raises RuntimeError when the installed emulator keeps other stores than we save: a snapshot would lose them."""
    for service, names in STORES.items():
        theirs = set(modules[service].get_state())
        if theirs != set(names):
            raise RuntimeError(
                f"the emulator's {service} now keeps {sorted(theirs ^ set(names))} too; "
                "add it to STORES in local/snapshot.py"
            )


def write(path: Path, payload: bytes, at: datetime) -> None:
    """Replace the snapshot at `path` whole; what stood there becomes `.previous`. Durable when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = json.dumps({"format": FORMAT, "at": at.isoformat(), "sha256": sha256(payload).hexdigest()})
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        file.write(header.encode("ascii") + b"\n" + payload)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        path.replace(previous(path))
    temporary.replace(path)


def read(path: Path) -> dict[str, Any]:
    """The state in one file. Raises BadSnapshot with the reason, FileNotFoundError when there is none."""
    first, _, payload = path.read_bytes().partition(b"\n")
    try:
        header = json.loads(first)
        if header["format"] != FORMAT:
            raise BadSnapshot(f"format {header['format']}, this version reads {FORMAT}")
        if sha256(payload).hexdigest() != header["sha256"]:
            raise BadSnapshot("its checksum does not fit: half-written or damaged")
        state = json.loads(payload)
    except (ValueError, KeyError, TypeError) as error:
        raise BadSnapshot(f"unreadable ({error})") from error
    if not isinstance(state, dict) or not set(state) <= set(STORES):
        raise BadSnapshot("not a snapshot of ours")
    return state


def newest(path: Path, say: Callable[[str], None]) -> dict[str, Any] | None:
    """The newest readable state: the file, else the one before it; None when nothing was ever kept.

    A damaged file never stops the start: it is set aside under another name, and `say` tells where and what it costs.
    """
    damaged = False
    for candidate in (path, previous(path)):
        try:
            state = read(candidate)
        except FileNotFoundError:
            continue
        except BadSnapshot as error:
            aside = candidate.with_name(f"{candidate.stem}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
            candidate.replace(aside)
            say(f"saved state {candidate.name}: {error}; set aside as {aside.name}")
            damaged = True
            continue
        if damaged:
            say(f"going on from the state saved before it, {candidate.name}")
        return state
    if damaged:
        say("no readable state is left: starting empty")
    return None


def saved_at(path: Path) -> datetime | None:
    """The moment the snapshot at `path` shows; None when there is none, or none to be read."""
    try:
        with path.open("rb") as file:
            return datetime.fromisoformat(json.loads(file.readline())["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def previous(path: Path) -> Path:
    """Where the snapshot before the newest is kept."""
    return path.with_suffix(".previous")


def _rows(store: Any) -> list[list[Any]]:
    """A store of the emulator as rows (account, region, key, value); its lookup caches (underscored) are left out."""
    return [
        [account, region, key, {k: v for k, v in value.items() if k[:1] != "_"} if isinstance(value, dict) else value]
        for (account, region, key), value in store.all_items()
    ]
