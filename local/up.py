"""The local system, started, watched and stopped: `make up`, `make down`, `make fresh`, `herald status`.

Each part is a process of its own, in its own session, with a log in .local/logs and a line in .local/run. Nothing
stays in the foreground: `up` returns when every part answers. A second `up` leaves what runs alone, starts what died
and takes the functions' code as it is now.
"""

from __future__ import annotations

import argparse
import errno
import fcntl
import importlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from local import aws, ports
from local.ports import HOST, ROOT, local_dir, override, port, url

START_SECONDS = 60.0  # until a part answers; a loaded machine imports slowly
STOP_SECONDS = 20.0  # until a part has ended by itself; the embedded AWS saves its tables in this time
LOG_BYTES = 5_000_000  # a longer log is put aside at the next start; the one put aside before goes
MARK = "This folder belongs to Herald's local system: `make fresh` empties it.\n"
OURS = "HERALD_SUPERVISED"  # in every child's environment: whose it is


class NotUp(Exception):
    """The local system cannot be started or used; one line that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process. `health` is a path that answers 2xx or 3xx once it works; `what` is said to people."""

    name: str
    argv: tuple[str, ...]
    health: str
    what: str

    @property
    def exists(self) -> bool:
        """Whether its module is in this checkout."""
        try:
            return importlib.util.find_spec(self.argv[1]) is not None
        except ModuleNotFoundError:
            return False


PARTS = (
    Part("aws", ("-m", "local.aws"), "/_ministack/ready", "embedded AWS: tables, functions, API, queue, bucket"),
    Part("door", ("-m", "local.door"), "/_door/health", "where platforms call: /webhooks/{connection}"),
    Part("facebook", ("-m", "local.facebook"), "/", "simulated Facebook Page: write a comment on the wall"),
    Part("mastodon", ("-m", "local.microblogs", "mastodon"), "/", "simulated Mastodon: mention the shop"),
    Part("bluesky", ("-m", "local.microblogs", "bluesky"), "/", "simulated Bluesky: mention the shop"),
    Part("feeds", ("-m", "local.feeds"), "/", "made-up magazines: the feeds that the demo reads"),
    Part("mailbox", ("-m", "local.mailbox"), "/", "the mail that was sent, to read"),
    Part("dashboard", ("-m", "local.chooser"), "/", "dashboard: choose a person, then Inbox and Moderation"),
)

# --------------------------------------------------------------------------------------------------------- commands


def up(args: argparse.Namespace | None = None) -> int:
    """Start what is not running, bring the stack in line, fill an empty system with the demo; exit code.

    `args.only` (names, comma between) starts just those parts, `args.empty` leaves the demo out, `args.cold` calls no
    function yet, so that each starts with its first event: all three for tests.
    """
    only = getattr(args, "only", "") or ""
    parts = [part for part in _existing() if not only or part.name in only.split(",")]
    demo, warm = (not getattr(args, name, False) for name in ("empty", "cold"))
    return _command(lambda folder: _up(folder, parts, demo=demo, warm=warm))


def down(args: argparse.Namespace | None = None) -> int:
    """Stop everything, saving the tables; exit code. Nothing running is fine."""
    return _command(_down)


def fresh(args: argparse.Namespace | None = None) -> int:
    """Stop, throw all local data away, start; exit code."""
    return _command(_down_and_empty) or up(args)


def status(args: argparse.Namespace | None = None) -> int:
    """One line a part, as it is now; 1 if any is down."""
    folder = local_dir()
    parts = _existing()
    answering = {part.name: _answers(part) for part in parts}
    for part in parts:
        process = _Process.of(folder, part.name)
        if process is None and answering[part.name]:
            state = f"NOT OURS, something else answers on {port(part.name)}"
        elif process is None:
            state = "down"
        else:
            state = f"up, pid {process.pid}" if answering[part.name] else f"NOT ANSWERING, pid {process.pid}"
        print(f"{part.name:<10} {url(part.name):<24} {state}")
    well = all(answering[part.name] and _Process.of(folder, part.name) for part in parts)
    if not well:
        print(f"not everything is up: make up; logs are in {_shown(folder / 'logs')}")
    return 0 if well else 1


_SIMULATED = {
    "facebook_page": "local.facebook", "instagram": "local.facebook", "mastodon": "local.microblogs",
    "bluesky": "local.microblogs",
}  # fmt: skip
"""Platform -> the package of its simulator."""


def say(platform: str, text: str, as_name: str = "") -> int:
    """A customer's message on the simulated platform, which signs it and sends it to the door; exit code."""
    network = {"facebook": "facebook_page"}.get(platform, platform)
    where = _SIMULATED.get(network)
    if where is None or importlib.util.find_spec(where) is None:
        there = "facebook, instagram, mastodon, bluesky"
        print(f"herald say: no simulator for {platform!r}; there are: {there}", file=sys.stderr)
        return 2
    try:
        client = importlib.import_module(f"{where}.client")
        meta = where == "local.facebook"
        speak = partial(client.say, network=network) if meta else partial(client.say, network)
        message = speak(text, as_name) if as_name else speak(text)
    except OSError as error:
        print(f"herald say: {error}", file=sys.stderr)
        return 1
    print(json.dumps({"message": message}))
    return 0


def use() -> None:
    """Point this process at the local system: the environment its functions have. Raises NotUp if there is none."""
    from local.stack import Stack  # noqa: PLC0415

    aws.isolate()
    try:
        os.environ.update(Stack.load().environment)
    except (OSError, ValueError) as error:
        raise NotUp("the local system was never up here: make up") from error


# ------------------------------------------------------------------------------------------------------ doing it


def _command(work: Callable[[Path], None]) -> int:
    """Run one command at a time on this folder; a NotUp becomes one line and exit code 1."""
    try:
        folder = _own_folder()
        with _alone(folder):
            work(folder)
    except NotUp as error:
        print(f"herald: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("herald: interrupted; what runs keeps running (make status, make down)", file=sys.stderr)
        return 130
    return 0


def _existing() -> list[Part]:
    return [part for part in PARTS if part.exists]


def _up(folder: Path, parts: Sequence[Part], *, demo: bool, warm: bool) -> None:
    begun = time.monotonic()
    aws.isolate()
    os.environ["HERALD_LOCAL_DIR"] = str(folder)  # the parts start elsewhere, where a relative name means another
    running = _already(folder, parts)
    missing = [part for part in parts if part.name not in running]
    _refuse_taken_ports(missing)
    started: list[_Process] = []
    try:
        _stand(folder, missing, started, demo=demo, warm=warm)
    except BaseException:
        for process in reversed(started):
            process.stop()
        raise
    for part in parts:
        print(f"  {url(part.name):<24} {part.what}" + ("  (was running)" if part.name in running else ""))
    print(f"up in {time.monotonic() - begun:.1f} s; data and logs in {_shown(folder)}; stop with: make down")


def _stand(folder: Path, missing: Sequence[Part], started: list[_Process], *, demo: bool, warm: bool) -> None:
    """Embedded AWS first, then its stack, the demo, the other parts, each waited for."""
    first = [part for part in missing if part.name == "aws"]
    if first and _seeding(folder).exists():
        print("the demo was not finished last time: starting with empty tables")
        _empty(folder)
    _start(folder, first, started)

    from local import stack as stacks  # noqa: PLC0415 (1 s of import, while the embedded AWS starts)

    try:
        template = stacks.read()
        _wait(folder, first)
        stack = stacks.provision(template)
        stack.save(stacks.where())
        os.environ.update(stack.environment)
        with ThreadPoolExecutor(1) as beside:
            warming = beside.submit(stacks.warm, stack, template) if warm else None
            if demo:
                _seed_if_empty(folder, stack)
            rest = [part for part in missing if part.name != "aws"]
            _start(folder, rest, started)
            for line in warming.result() if warming else ():
                print(f"  a function does not start: {line}", file=sys.stderr)
    except stacks.BadTemplate as error:
        raise NotUp(f"template.yaml: {error}") from error
    _wait(folder, rest)
    if demo:
        _hook("after_start", stack)


def _down(folder: Path) -> None:
    """The others first, the embedded AWS last: what they still write is saved."""
    stopped = 0
    for part in sorted(PARTS, key=lambda part: part.name == "aws"):
        process = _Process.of(folder, part.name)
        if process is not None:
            process.stop()
            stopped += 1
        _Process.file(folder, part.name).unlink(missing_ok=True)
    stopped += _end_orphans(folder)
    print(f"down; data is kept in {_shown(folder)}" if stopped else "nothing was running")


def _down_and_empty(folder: Path) -> None:
    _down(folder)
    _empty(folder)


def _empty(folder: Path) -> None:
    """Remove everything but logs. The folder is ours: `_own_folder` looked for the mark."""
    for entry in folder.iterdir():
        if entry.name in ("logs", "lock", "README"):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _own_folder() -> Path:
    """The folder for local data, made and marked if new. Raises NotUp when it holds what is not ours."""
    folder = local_dir()
    mark = folder / "README"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not mark.exists():
            if any(entry.name not in ("logs", "lock") for entry in folder.iterdir()) and folder != ROOT / ".local":
                raise NotUp(f"{folder} holds other things; point HERALD_LOCAL_DIR to an empty folder")
            mark.write_text(MARK)
        for name in ("logs", "run"):
            (folder / name).mkdir(exist_ok=True)
    except OSError as error:
        raise NotUp(f"cannot write to {folder}: {error.strerror}; HERALD_LOCAL_DIR chooses another") from error
    return folder


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One `up` or `down` at a time. Raises NotUp when another is at work."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise NotUp("another make up, down or fresh is at work; wait for it to end") from error
        yield


# ---------------------------------------------------------------------------------------------------- the demo's data


def _seed_if_empty(folder: Path, stack: Any) -> None:
    """Fill empty tables with the demo organisation, all of it or, after an interruption, all of it anew."""
    if importlib.util.find_spec("local.demo") is None or importlib.util.find_spec("local.demo.seed") is None:
        return
    import boto3  # noqa: PLC0415

    settings = boto3.client("dynamodb")
    if settings.scan(TableName=stack.outputs["SettingsTable"], Limit=1)["Items"]:
        return
    begun = time.monotonic()
    _seeding(folder).touch()
    _hook("seed", stack)
    _save_tables(folder)
    _seeding(folder).unlink()
    print(f"demo organisation made in {time.monotonic() - begun:.1f} s")


def _seeding(folder: Path) -> Path:
    """There while the demo is being made: if it is still there at a start, the tables hold half a demo."""
    return folder / "seeding"


def _hook(name: str, stack: Any) -> None:
    """Call local.demo.seed.<name>(stack) if there is such a function; what it returns is told."""
    try:
        module = importlib.import_module("local.demo.seed")
    except ModuleNotFoundError as error:
        if error.name not in ("local.demo", "local.demo.seed"):
            raise
        return
    function = getattr(module, name, None)
    told = function(stack) if function else None
    if isinstance(told, str):
        print(told)


def _save_tables(folder: Path) -> None:
    """Have the embedded AWS save now, and wait until it has."""
    from local import snapshot  # noqa: PLC0415

    process = _Process.of(folder, "aws")
    asked = datetime.now(UTC)
    if process is None:
        raise NotUp("the embedded AWS ended; see logs/aws.log")
    os.kill(process.pid, signal.SIGUSR1)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        saved = snapshot.saved_at(folder / "data" / "tables.snapshot")
        if saved is not None and saved >= asked:
            return
        time.sleep(0.05)
    raise NotUp("the embedded AWS did not save its tables; see logs/aws.log (a full disk?)")


# ------------------------------------------------------------------------------------------------------- processes


@dataclass(frozen=True, slots=True)
class _Process:
    """A process of ours: its id alone may have been given to another since, so the time it began is kept too."""

    folder: Path
    name: str
    pid: int
    began: str

    @staticmethod
    def file(folder: Path, name: str) -> Path:
        return folder / "run" / f"{name}.json"

    @classmethod
    def of(cls, folder: Path, name: str) -> _Process | None:
        """The running process of that part; None when there is none (a stale file is no process)."""
        try:
            noted = json.loads(cls.file(folder, name).read_text())
            process = cls(folder, name, int(noted["pid"]), str(noted["began"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return process if process.alive() else None

    @classmethod
    def start(cls, folder: Path, part: Part) -> _Process:
        file = folder / "logs" / f"{part.name}.log"
        if file.exists() and file.stat().st_size > LOG_BYTES:
            file.replace(file.with_suffix(".log.1"))
        with file.open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, *part.argv],
                cwd=ROOT,
                env=os.environ | {OURS: str(folder), "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = cls(folder, part.name, child.pid, _began(child.pid))
        cls.file(folder, part.name).write_text(json.dumps({"pid": process.pid, "began": process.began}))
        return process

    def alive(self) -> bool:
        return bool(self.began) and _began(self.pid) == self.began

    def stop(self) -> None:
        """Ask, wait, then insist, for it and whatever it started."""
        if self.alive():
            os.kill(self.pid, signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            while self.alive() and time.monotonic() < deadline:
                time.sleep(0.05)
            if self.alive():
                print(f"{self.name} did not end within {STOP_SECONDS:g} s: killed", file=sys.stderr)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)  # its own session, so its group has its number
            _reap(self.pid)
        self.file(self.folder, self.name).unlink(missing_ok=True)

    def log_end(self) -> str:
        """The last line it wrote that says something."""
        lines = (self.folder / "logs" / f"{self.name}.log").read_text(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else "it wrote nothing"


def _began(pid: int) -> str:
    """When a process began, in whatever form the system tells; empty when there is none, or only its remains."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in "ZX" else fields[19]  # proc(5): state, starttime
    told = subprocess.run(["ps", "-o", "lstart=,stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    began, _, state = told.stdout.strip().rpartition(" ")
    return "" if state.startswith("Z") else began.strip()


def _reap(pid: int) -> None:
    """If it was a child of this very process, take its exit code, so that nothing of it remains."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _end_orphans(folder: Path) -> int:
    """Kill what an earlier run left behind without its parent; only where /proc shows whose a process is."""
    ended = 0
    mine = f"{OURS}={folder}".encode()
    for entry in Path("/proc").glob("[0-9]*/environ"):
        pid = int(entry.parent.name)
        with suppress(OSError):
            if pid != os.getpid() and mine in entry.read_bytes().split(b"\0"):
                os.kill(pid, signal.SIGKILL)
                _reap(pid)
                ended += 1
    return ended


def _start(folder: Path, parts: Sequence[Part], started: list[_Process]) -> None:
    for part in parts:
        started.append(_Process.start(folder, part))


def _wait(folder: Path, parts: Sequence[Part]) -> None:
    """Until each answers. Raises NotUp when one ends or stays silent."""
    deadline = time.monotonic() + START_SECONDS
    for part in parts:
        while not _answers(part):
            process = _Process.of(folder, part.name)
            log = _shown(folder / "logs" / f"{part.name}.log")
            if process is None:
                end = _Process(folder, part.name, 0, "").log_end()
                raise NotUp(f"{part.name} ended while starting: {end} (more in {log})")
            if time.monotonic() > deadline:
                raise NotUp(f"{part.name} does not answer on {url(part.name)} after {START_SECONDS:g} s; see {log}")
            time.sleep(0.05)


def _already(folder: Path, parts: Sequence[Part]) -> set[str]:
    """Names of the parts that run and answer. What is half dead is ended and told."""
    running = set()
    left = False
    for part in parts:
        process = _Process.of(folder, part.name)
        if process is None:
            left = left or _Process.file(folder, part.name).exists()
            _Process.file(folder, part.name).unlink(missing_ok=True)
        elif _answers(part, patience=5.0):
            running.add(part.name)
        else:
            print(f"{part.name} runs but does not answer: started anew")
            process.stop()
    if left and not running and _end_orphans(folder):
        print("an earlier run had ended badly: what it left was cleared away")
    return running


def _answers(part: Part, patience: float = 0.0) -> bool:
    """Whether a part's health page answers, within `patience` seconds."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + patience
    while True:
        with suppress(OSError, ValueError), opener.open(url(part.name) + part.health, timeout=5):
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.1)


def _refuse_taken_ports(parts: Sequence[Part]) -> None:
    """Raises NotUp naming every port that is taken, by what if the system tells, and how to choose another."""
    taken = []
    for part in parts:
        number = port(part.name)
        if not _free(number):
            taken.append(f"port {number} ({part.name}) is taken{_holder(number)}; free it or set {override(part.name)}")
    if taken:
        raise NotUp("; ".join(taken))


def _free(number: int) -> bool:
    """Whether we could listen on 127.0.0.1 there. A connection that is only closing does not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, number))
        except OSError as error:
            if error.errno == errno.EACCES:
                raise NotUp(f"port {number} needs rights this user lacks; choose one above 1023") from error
            return False
    return True


def _holder(number: int) -> str:
    """` by NAME (pid N)` of what listens on a port, or nothing where the system does not tell us."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path("/proc/net", table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == number:
                    inodes.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(str(link.readlink()) in inodes for link in (process / "fd").iterdir()):
                return f" by {(process / 'comm').read_text().strip()} (pid {process.name})"
    return ""


def _shown(path: Path) -> str:
    """A path as a person would type it here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m local.up up|down|fresh|status|say`."""
    parser = argparse.ArgumentParser(prog="python -m local.up", description="Herald on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, work in (("up", up), ("down", down), ("fresh", fresh), ("status", status)):
        command = commands.add_parser(name, help=(work.__doc__ or "").split(";")[0])
        command.set_defaults(work=work)
        if work in (up, fresh):
            command.add_argument("--only", help="just these parts, comma between names")
            command.add_argument("--empty", action="store_true", help="without the demo organisation")
            command.add_argument("--cold", action="store_true", help="call no function before its first event")
    saying = commands.add_parser("say", help="a customer's message on a simulated platform")
    saying.add_argument("platform")
    saying.add_argument("text")
    saying.add_argument("--as", dest="as_name", default="")
    saying.set_defaults(work=lambda args: say(args.platform, args.text, args.as_name))
    args = parser.parse_args(arguments)
    try:
        ports.check()
    except ValueError as error:
        print(f"herald: {error}", file=sys.stderr)
        return 2
    try:
        code = int(args.work(args))
        sys.stdout.flush()
    except BrokenPipeError:  # the reader had enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    return code


if __name__ == "__main__":
    sys.exit(main())
