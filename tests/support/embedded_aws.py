"""The local system in a folder and on ports of its own, for tests: real processes, nothing replaced.

with embedded_aws.running(tmp_path) as local:
    local.client("dynamodb").put_item(...)
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import boto3

from local.ports import HOST, PORTS, ROOT
from local.stack import Stack

BARE = ("--only", "aws,door", "--empty", "--cold")


@dataclass(frozen=True)
class Local:
    """One local system.

    Attributes:
        folder: its HERALD_LOCAL_DIR.
        environ: the environment its commands run in: ports, folder, snapshot interval.
        ports: name -> port.
    """

    folder: Path
    environ: Mapping[str, str]
    ports: Mapping[str, int]

    @property
    def stack(self) -> Stack:
        return Stack.load(self.folder / "stack.json")

    @property
    def door(self) -> str:
        """Base address for webhooks."""
        return f"http://{HOST}:{self.ports['door']}"

    def client(self, service: str) -> Any:
        """A boto3 client of this system's AWS."""
        return boto3.client(
            service,
            endpoint_url=f"http://{HOST}:{self.ports['aws']}",
            region_name=self.stack.environment["AWS_REGION"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`python -m ...` in this system's environment, at most five minutes: the demo on a busy machine."""
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=dict(self.environ),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def up(self, *options: str) -> subprocess.CompletedProcess[str]:
        """`up`, by default just the embedded AWS and the door, without the demo, no function called yet."""
        return self.run("local.up", "up", *(options or BARE))

    def down(self) -> subprocess.CompletedProcess[str]:
        return self.run("local.up", "down")

    def pid(self, part: str) -> int:
        return int(json.loads((self.folder / "run" / f"{part}.json").read_text())["pid"])

    def processes(self) -> set[int]:
        """Every process that carries this system's mark in its environment: the parts and what they started."""
        mark, found = f"HERALD_SUPERVISED={self.folder}".encode(), set()
        for entry in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if mark in entry.read_bytes().split(b"\0"):
                    found.add(int(entry.parent.name))
        return found

    def answers(self) -> bool:
        """Whether the embedded AWS and the door take connections."""
        with ExitStack() as held:
            lines = [(held.enter_context(socket.socket()), self.ports[part]) for part in ("aws", "door")]
            return all(line.connect_ex((HOST, port)) == 0 for line, port in lines)

    def kill(self, part: str) -> None:
        """kill -9, and wait until it is gone."""
        pid = self.pid(part)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not _runs(pid), "the killed process to be gone")

    def log(self, part: str) -> str:
        return (self.folder / "logs" / f"{part}.log").read_text(errors="replace")


@contextmanager
def running(folder: Path, *options: str, snapshot_seconds: float = 30.0) -> Iterator[Local]:
    """A local system that is up; stopped at the end, whatever happened to it meanwhile."""
    local = prepared(folder, snapshot_seconds=snapshot_seconds)
    try:
        started = local.up(*options)
        assert started.returncode == 0, started.stderr + started.stdout
        yield local
    finally:
        local.down()


def prepared(folder: Path, *, snapshot_seconds: float = 30.0) -> Local:
    """A local system that is not started yet, on ports that are free now."""
    ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
    own = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "HERALD_"))}
    own |= {f"HERALD_PORT_{name.upper()}": str(number) for name, number in ports.items()}
    own |= {"HERALD_LOCAL_DIR": str(folder), "HERALD_SNAPSHOT_SECONDS": str(snapshot_seconds)}
    return Local(folder, own, ports)


def until(true: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Wait for something to become true; fail with its name if it does not."""
    deadline = monotonic() + seconds
    while not true():
        assert monotonic() < deadline, f"waited {seconds:g} s for {what}"
        sleep(0.05)


def _free_ports(count: int) -> list[int]:
    """All held at once while they are chosen, so that they differ."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
