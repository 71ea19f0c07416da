"""A real browser and a real dashboard server. In CI a missing browser fails; elsewhere the tests say that they skip."""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """Chromium as the system has it; HERALD_CHROMIUM names another. Playwright's event loop runs as long as this lives,
    and no other can in its thread, so it ends with its file."""
    found = os.environ.get("HERALD_CHROMIUM") or next((path for path in CHROMIUM if Path(path).exists()), "")
    if not found:
        told = "no Chromium found (looked for " + ", ".join(CHROMIUM) + "; set HERALD_CHROMIUM to another)"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=25_000)  # a first page on a busy machine takes its time
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser) -> Iterator[object]:
    """A fresh visitor's page, 1440 x 900, in a language and zone that never change."""
    size = {"width": 1440, "height": 900}
    context = browser.new_context(viewport=size, locale="en-AU", timezone_id="Australia/Sydney")
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def phone(browser) -> Iterator[object]:
    """The same on a screen of 375 x 812."""
    context = browser.new_context(viewport={"width": 375, "height": 812}, locale="en-AU", has_touch=True)
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@dataclass
class Server:
    """A running dashboard over the in-memory world."""

    url: str
    process: subprocess.Popen[str]
    answers: queue.Queue[str] = field(default_factory=queue.Queue)

    def tell(self, do: str, **what: str) -> str:
        """Let something happen in its world; what it answered. Raises AssertionError if it failed."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **what}) + "\n")
        self.process.stdin.flush()
        answer = self.answers.get(timeout=20)
        assert answer.startswith("done"), answer
        return answer.removeprefix("done").strip()


def start_dashboard(
    *options: str, env: dict[str, str] | None = None, world: str = "tests.e2e.dashboard_world"
) -> Server:
    """Start the world's dashboard on a free port and wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    paths = os.pathsep.join((str(ROOT / "layers" / "common"), str(ROOT)))
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_TABLE")}
    process = subprocess.Popen(
        [sys.executable, "-m", world, "--port", str(port), *options],
        cwd=ROOT, env=kept | {"PYTHONPATH": paths} | (env or {}), text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    server = Server(f"http://127.0.0.1:{port}", process)
    seen: list[str] = []

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            seen.append(line)
            if line.startswith(("done", "failed")):
                server.answers.put(line.strip())

    threading.Thread(target=read, daemon=True).start()
    until = time.monotonic() + 180  # a world that lives a month first, on a busy machine
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{server.url}/api/health", timeout=2):  # noqa: S310 - our own
                return server
        except OSError:
            time.sleep(0.2)
    process.kill()
    raise AssertionError("the dashboard did not start:\n" + "".join(seen[-40:]))


def stop_dashboard(server: Server) -> None:
    server.process.terminate()
    try:
        server.process.wait(10)
    except subprocess.TimeoutExpired:
        server.process.kill()


@pytest.fixture(scope="session")
def dashboard_server() -> Iterator[Server]:
    """One dashboard for all tests of a session; its world only ever grows."""
    server = start_dashboard()
    yield server
    stop_dashboard(server)
