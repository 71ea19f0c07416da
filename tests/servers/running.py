"""Starting and stopping the real servers, and the simulators held against them, on free ports of 127.0.0.1."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.microblogs import config
from local.microblogs import server as microblogs
from local.microblogs.config import Ours
from local.simulator import http
from tests.servers import cache

HERE = Path(__file__).resolve().parent
_START_SECONDS = 120


@contextmanager
def mastodon(work: Path) -> Iterator[str]:
    """The Mastodon stand-in with two accounts; its address. `work` is where it may write."""
    place = cache.mastodon()
    port = free_port()
    command = [
        str(cache.python(place)), "-m", "mastodon_mock", "serve", "--host", "127.0.0.1", "--port", str(port),
        "--in-memory", "--config", str(HERE / "mastodon" / "config.toml"), "--log-level", "warning",
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with _running(command, work, {}, f"{url}/api/v1/instance"):
        yield url


@contextmanager
def pds(work: Path) -> Iterator[str]:
    """A Bluesky PDS without an AppView; its address. Rate limits are on."""
    place = cache.atproto()
    for name in ("pds.mjs", "loopback.cjs"):  # a script finds its packages beside itself
        shutil.copy(HERE / "atproto" / name, place)
    port = free_port()
    settings = {"PDS_PORT": str(port), "PLC_PORT": str(free_port()), "LOG_ENABLED": "false", "TMPDIR": str(work)}
    command = [str(cache.node(place)), "--require", str(place / "loopback.cjs"), str(place / "pds.mjs")]
    url = f"http://127.0.0.1:{port}"
    with _running(command, work, settings, f"{url}/xrpc/_health"):
        yield url


@contextmanager
def simulator(network: str, work: Path, accounts: Sequence[Ours]) -> Iterator[str]:
    """The network that `make up` simulates, in a thread; its address. Nobody reads there that the tests do not play."""
    config.write(work, network, [replace(one, crowd=False) for one in accounts])
    opened = http.listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{opened.getsockname()[1]}"
    server = http.server(microblogs.build(network, work, base=url, seed=1).app())
    thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]})
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join(15)


def call(
    method: str, url: str, body: Mapping[str, Any] | None = None, token: str = "", headers: Mapping[str, str] = {}
) -> Any:
    """One JSON call as another client of the server would make it. Raises urllib.error.HTTPError."""
    sent = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {}), **headers}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=sent, method=method)  # noqa: S310 - a server of ours
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.loads(answer.read() or b"null")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def _running(command: Sequence[str], work: Path, settings: Mapping[str, str], ready: str) -> Iterator[None]:
    log = work / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=work, env={**os.environ, **settings}, stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            _wait(process, ready, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def _wait(process: subprocess.Popen[bytes], ready: str, log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(ready, timeout=2) as answer:  # noqa: S310 - a server of ours
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise RuntimeError(f"the server did not start (exit {process.poll()}):\n{said}")
