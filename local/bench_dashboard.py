"""The Overview beside a bare Streamlit page, in the same browser, on the same machine, in the same minute.

A busy machine slows both, so times are given as ratios; CPU time of the server is counted by the system.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.chooser import COOKIE, Seal
from local.ports import HOST, ROOT

RENDER_BAR = 3.0  # first render of the Overview / of a bare page
RERUN_BAR = 100.0  # ms of server CPU for one rerun of the Overview
LOADS, RERUNS = 11, 24
_CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking")
_BARE = """
import streamlit as st
st.session_state["n"] = st.session_state.get("n", 0) + 1
st.title("Bare")
st.button("Again")
st.text(f"run {st.session_state['n']}")
"""
# Every part of the page that is drawn from figures: (what to look for, how often it is there at the least).
_DRAWN = (
    (".number .spark polyline", 5), ("svg .series polyline", 3), ("svg .bar text.said", 3), ("svg .hour", 12),
)  # fmt: skip
_TABLES = ("Top posts by engagement rate", "Nearest deadlines")


@dataclass
class Served:
    """A running server and how many of its CPU seconds have gone."""

    url: str
    process: subprocess.Popen[bytes]

    def cpu(self) -> float:
        """Seconds of CPU of the process so far."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:  # not Linux
            told = subprocess.run(
                ["ps", "-o", "cputime=", "-p", str(self.process.pid)], capture_output=True, text=True, check=True
            ).stdout.strip()
            return sum(float(part) * 60.0**place for place, part in enumerate(reversed(told.split(":"))))


def dashboard() -> int:
    """Print first render and rerun of the Overview against a bare page; 1 if over a bar, 2 without a browser."""
    found = os.environ.get("HERALD_CHROMIUM") or next((path for path in _CHROMIUM if Path(path).exists()), "")
    if not found:
        print("no Chromium found: install it, or name one in HERALD_CHROMIUM", file=sys.stderr)
        return 2
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  the other measurements need no browser

    with _bare() as bare, _overview() as ours, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=list(_FLAGS))
        page = chromium.new_context(viewport={"width": 1440, "height": 1560}).new_page()
        seal = Seal(b"k" * 32).sign("gus", int(time.time()))
        page.context.add_cookies([{"name": COOKIE, "value": seal, "url": ours.url}])
        first = _renders(page, bare, ours)
        page.goto(bare.url)
        bare_ms, bare_cpu = _reruns(page, bare, lambda at: page.get_by_role("button", name="Again").click(), _bare_done)
        page.goto(f"{ours.url}/overview")
        _drawn(page)
        page.wait_for_timeout(1_500)
        ours_ms, ours_cpu = _reruns(page, ours, lambda at: _choose(page, at), _ours_done)
        idle = _idle(page, ours)
        chromium.close()
    render = first["overview"] / first["bare"]
    print(f"{'':<34}{'bare page':>12}{'overview':>12}")
    print(f"{'first render, warm, ms (median)':<34}{first['bare']:>12.0f}{first['overview']:>12.0f}")
    print(f"{'rerun, ms in the browser (median)':<34}{bare_ms:>12.0f}{ours_ms:>12.0f}")
    print(f"{'rerun, ms of server CPU (mean)':<34}{bare_cpu:>12.1f}{ours_cpu:>12.1f}")
    print(f"{'a second of only looking, CPU ms':<34}{'':>12}{idle:>12.1f}")
    print(f"ratio to the bar of {RENDER_BAR:.0f} x a bare first render: {render:.2f} x, {render / RENDER_BAR:.2f}")
    print(f"ratio to the bar of {RERUN_BAR:.0f} CPU ms a rerun: {ours_cpu / RERUN_BAR:.2f}")
    return 1 if render > RENDER_BAR or ours_cpu > RERUN_BAR else 0


def _renders(page: Any, bare: Served, ours: Served) -> dict[str, float]:
    """Median ms from the address to all that is drawn, loads of both in turn; the first of each is not counted."""
    times: dict[str, list[float]] = {"bare": [], "overview": []}
    for _ in range(LOADS + 1):
        for name, url, wait in (
            ("bare", bare.url, lambda: page.get_by_role("button", name="Again").wait_for()),
            ("overview", f"{ours.url}/overview", lambda: _drawn(page)),
        ):
            page.goto("about:blank")
            begun = time.perf_counter()
            page.goto(url)
            wait()
            times[name].append(1000 * (time.perf_counter() - begun))
    return {name: statistics.median(taken[1:]) for name, taken in times.items()}


def _drawn(page: Any) -> None:
    """Five numbers with their lines, three charts, two tables: all of the page, above the fold and below."""
    for what, times in _DRAWN:
        page.locator(what).nth(times - 1).wait_for(state="attached")
    for name in _TABLES:
        page.get_by_role("table", name=name).get_by_role("row").nth(5).wait_for()


def _reruns(
    page: Any, served: Served, act: Callable[[int], None], done: Callable[[Any, int], None]
) -> tuple[float, float]:
    """Median ms until the page shows it, and mean ms of CPU, over RERUNS; two more come before, not counted."""
    taken: list[float] = []
    started = 0.0
    for at in range(-2, RERUNS):
        if at == 0:
            started = served.cpu()
        begun = time.perf_counter()
        act(at)
        done(page, at)
        taken.append(1000 * (time.perf_counter() - begun))
        page.wait_for_timeout(120)
    return statistics.median(taken[2:]), 1000 * (served.cpu() - started) / RERUNS


def _bare_done(page: Any, at: int) -> None:
    page.get_by_text(f"run {at + 4}", exact=True).wait_for()  # one load, two not counted


def _choose(page: Any, at: int) -> None:
    name = ("7 days", "28 days")[at % 2]
    as_radio, as_button = (page.get_by_role(role, name=name, exact=True) for role in ("radio", "button"))
    as_radio.or_(as_button).first.click()


def _ours_done(page: Any, at: int) -> None:
    page.get_by_text(f"compared with the {(7, 28)[at % 2]} days before").wait_for()


def _idle(page: Any, served: Served, seconds: int = 21) -> float:
    """ms of CPU a second that one open page costs while nothing is new."""
    begun = served.cpu()
    page.wait_for_timeout(1000 * seconds)
    return 1000 * (served.cpu() - begun) / seconds


@contextmanager
def _bare() -> Iterator[Served]:
    """Streamlit as it comes, with a page of three lines."""
    with tempfile.TemporaryDirectory(prefix="herald-bench-") as folder:
        (Path(folder) / "bare.py").write_text(_BARE, encoding="utf-8")
        port = _free()
        arguments = [
            "-m", "streamlit", "run", "bare.py", "--server.port", str(port), "--server.address", HOST,
            "--server.headless", "true", "--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none",
        ]  # fmt: skip
        with _running(arguments, Path(folder), f"http://{HOST}:{port}", "/_stcore/health") as served:
            yield served


@contextmanager
def _overview() -> Iterator[Served]:
    """Our server over eight weeks of figures in memory, so that no emulator's time is counted."""
    port = _free()
    arguments = ["-m", "tests.e2e.overview_world", "--port", str(port)]
    with _running(arguments, ROOT, f"http://{HOST}:{port}", "/api/health") as served:
        yield served


@contextmanager
def _running(arguments: list[str], folder: Path, url: str, health: str) -> Iterator[Served]:
    paths = os.pathsep.join((str(ROOT / "layers" / "common"), str(ROOT)))
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=folder, env=os.environ | {"PYTHONPATH": paths}, stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 90
        while time.monotonic() < until and process.poll() is None:
            try:
                with urllib.request.urlopen(f"{url}{health}", timeout=2):  # noqa: S310 - our own # nosec B310
                    break
            except OSError:
                time.sleep(0.2)
        else:
            raise RuntimeError(f"{' '.join(arguments[:3])} did not start")
        yield Served(url, process)
    finally:
        process.terminate()
        process.wait(30)


def _free() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
