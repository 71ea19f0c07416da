"""Built functions under the Lambda Runtime Interface Emulator that SAM CLI brings: no Docker, no AWS.

    with built.running(["Ingest"], environment) as functions:
        answer = functions["Ingest"]({"version": "2.0", ...})

Each runs as on AWS: the built folder and the built layer, Python 3.13 with boto3 and awslambdaric and nothing else,
an empty environment but for the template's variables. One call at a time per function, as in one Lambda environment.
Not as on AWS: memory is not bounded, and the layer lies where it was built instead of in /opt.
"""

from __future__ import annotations

import json
import os
import platform
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import build
from local.aws import REGION
from local.ports import HOST

Json = dict[str, Any]
_START_SECONDS = 30.0


class FunctionError(Exception):
    """The function raised; the message is its error's type and words."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the built template says of a function."""

    name: str
    folder: Path
    handler: str
    timeout: int
    memory: int
    variables: tuple[str, ...]


@dataclass
class Built:
    """A built function, running."""

    declared: Declared
    address: str
    log: Path
    pid: int

    def __call__(self, event: Any) -> Any:
        """What the handler returns. Raises FunctionError where it raises."""
        path = "/2015-03-31/functions/function/invocations"
        request = urllib.request.Request(self.address + path, data=json.dumps(event).encode())  # noqa: S310
        with urllib.request.urlopen(request, timeout=self.declared.timeout + _START_SECONDS) as answer:  # noqa: S310 - our own emulator # nosec B310
            told = json.loads(answer.read() or b"null")
        if isinstance(told, dict) and "errorType" in told and "errorMessage" in told:
            raise FunctionError(f"{self.declared.name}: {told['errorType']}: {told['errorMessage']}")
        return told

    def lines(self) -> list[Json]:
        """What it logged as JSON so far: log lines and metrics."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            with suppress(ValueError):
                read = json.loads(line)
                found += [read] if isinstance(read, dict) else []
        return found

    def logged(self) -> int:
        """Bytes of those lines: what CloudWatch would take in, less the platform's own."""
        return sum(len(line) + 1 for line in self.log.read_bytes().splitlines() if line.startswith(b"{"))

    def init(self) -> float:
        """Wall ms from starting the runtime until it could take its first call, which has been made."""
        (found,) = re.findall(r"INIT REPORT\(durationMs: ([\d.]+)\)", self.log.read_text(errors="replace"))
        return float(found)

    def cpu(self) -> float:
        """Seconds of CPU the runtime has used since it started; the emulator around it not counted."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()  # proc(5): after the name; ppid, utime, stime
                if int(fields[1]) == self.pid:
                    ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def calls(self) -> list[float]:
        """Wall ms of each call so far, as the emulator reports them; the first without its init."""
        found = re.findall(r"INVOKE RTDONE\(.*duration: ([\d.]+)ms\)", self.log.read_text(errors="replace"))
        return [float(duration) for duration in found]


def declared(folder: Path = build.HERE) -> dict[str, Declared]:
    """Every function of the built template."""
    from samtranslator.yaml_helper import yaml_parse  # noqa: PLC0415 (1 s of import)

    template = yaml_parse((folder / "template.yaml").read_text())
    shared = template.get("Globals", {}).get("Function", {})
    found = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        own = resource["Properties"]
        variables = {
            **shared.get("Environment", {}).get("Variables", {}),
            **own.get("Environment", {}).get("Variables", {}),
        }
        found[name] = Declared(
            name,
            folder / own["CodeUri"],
            own["Handler"],
            own.get("Timeout", shared.get("Timeout", 3)),
            own.get("MemorySize", shared.get("MemorySize", 128)),
            tuple(variables),
        )
    return found


def searched(function: Declared, folder: Path = build.HERE) -> str:
    """Where Python looks, in Lambda's order: the task, then its layers."""
    layers = [build.LAYER, *([build.ENCODER] if function.name == "Moderate" else [])]
    return os.pathsep.join([str(function.folder), *(str(folder / layer / "python") for layer in layers)])


def can_run() -> str:
    """Why built functions cannot run here, in one line; empty if they can."""
    return "" if platform.system() == "Linux" else "the Runtime Interface Emulator runs on Linux only"


@contextmanager
def running(
    names: Iterable[str], environment: Mapping[str, str], *, folder: Path = build.HERE, logs: Path | None = None
) -> Iterator[dict[str, Built]]:
    """These built functions, each ready for its first call; stopped at the end.

    Args:
        environment: values for the template's variables and the way to AWS (`Stack.environment`); others are dropped.
    """
    functions = declared(folder)
    with ExitStack() as held:
        logs = logs or Path(held.enter_context(tempfile.TemporaryDirectory(prefix="herald-built-")))
        started: dict[str, Built] = {}
        for name in names:
            variables = {n: environment[n] for n in functions[name].variables if n in environment}
            own = functions[name]
            started[name] = held.enter_context(
                under_emulator(own, variables | _to_aws(environment), searched(own, folder), logs / f"{name}.log")
            )
        yield started


@contextmanager
def under_emulator(function: Declared, variables: Mapping[str, str], python_path: str, log: Path) -> Iterator[Built]:
    """One function under an emulator of its own, on two free ports; its environment holds nothing of ours."""
    invoke, runtime = _free_ports()
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",  # noqa: S108 - as in Lambda, where /tmp is the one place to write # nosec B108
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": python_path,
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAMBDA_TASK_ROOT": str(function.folder),
        "_HANDLER": function.handler,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(function.timeout),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    } | dict(variables)  # fmt: skip
    command = [
        str(build.emulator()),
        "--runtime-interface-emulator-address", f"{HOST}:{invoke}",
        "--runtime-api-address", f"{HOST}:{runtime}",
        "--log-level", "info",
        str(build.runtime_python()), "-m", "awslambdaric", function.handler,
    ]  # fmt: skip
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=function.folder, env=environment, stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        _until(lambda: _listens(invoke) or process.poll() is not None, f"the emulator of {function.name}")
        if process.poll() is not None:
            raise RuntimeError(f"the emulator of {function.name} ended: {log.read_text(errors='replace')[-500:]}")
        yield Built(function, f"http://{HOST}:{invoke}", log, process.pid)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its own session: the runtime it started goes with it
        process.wait(10)


def _to_aws(environment: Mapping[str, str]) -> dict[str, str]:
    named = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return {name: environment[name] for name in named if name in environment}


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind((HOST, 0))
        other.bind((HOST, 0))
        return one.getsockname()[1], other.getsockname()[1]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not true():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited {_START_SECONDS:g} s for {what}")
        time.sleep(0.02)
