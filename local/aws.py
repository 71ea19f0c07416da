"""The embedded AWS, as one process: `python -m local.aws`.

ministack (PyPI) serves the API on 127.0.0.1 and runs the functions in this interpreter. Tables and secrets are loaded
before the first request is served and saved every HERALD_SNAPSHOT_SECONDS (30), on SIGUSR1 and on SIGTERM. Functions,
API, mappings, queues and schedules are not kept: local.stack makes them from template.yaml at every start.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from local import snapshot
from local.ports import HOST, local_dir, port, url

REGION = "us-east-1"
SERVICES = "dynamodb,dynamodbstreams,lambda,sqs,s3,scheduler,secretsmanager,sts,iam,logs,events"

Scope = dict[str, Any]
Application = Callable[[Scope, Callable[..., Awaitable[Any]], Callable[..., Awaitable[Any]]], Awaitable[None]]


def client_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What any process on this machine needs in its environment to speak to the embedded AWS, and to nothing else.

    The developer's own profile, keys, endpoints and proxies are kept out: nothing here may reach a real account.
    """
    return {
        "AWS_ENDPOINT_URL": url("aws", environ),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": f"{HOST},localhost",
        "no_proxy": f"{HOST},localhost",
    }


def isolate() -> None:
    """From here on this process, and what it starts, knows the embedded AWS only."""
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(client_environment())


def emulator_environment(data: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """ministack's settings: one port on 127.0.0.1, no other listener, no Docker even where there is one."""
    return {
        "GATEWAY_PORT": str(port("aws", environ)),
        "BIND_HOST": HOST,
        "MINISTACK_HOST": "localhost",  # the name in {api}.execute-api.localhost, no address
        "MINISTACK_REGION": REGION,
        "SERVICES": SERVICES,
        "LAMBDA_EXECUTOR": "local",
        "DOCKER_HOST": f"unix://{data}/no-docker",  # it would tidy up containers on the developer's machine
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "USE_SSL": "0",
        "AUTH": "false",
        "PERSIST_STATE": "0",  # ours, below: theirs survives only a polite stop
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(data / "s3"),
        "TMPDIR": str(data.parent / "tmp"),
        "LOG_LEVEL": environ.get("HERALD_AWS_LOG_LEVEL", "INFO"),
        "TZ": "UTC",  # as in Lambda
    }


class Keeper:
    """Saves the state of the emulator when it changed, never twice at once."""

    def __init__(self, path: Path, modules: Mapping[str, ModuleType]) -> None:
        self._path = path
        self._modules = modules
        self._changes = 0
        self._saved = 0
        self._turn = asyncio.Lock()

    def noting_changes(self, application: Application) -> Application:
        """The same application; requests that may write to what is kept are counted once they are done."""

        async def noted(scope: Scope, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
            try:
                await application(scope, receive, send)
            finally:
                if scope["type"] == "http" and _may_write(scope["headers"]):
                    self._changes += 1

        return noted

    async def save(self, *, unasked: bool = True) -> None:
        """Write everything, `unasked` only if something changed since the last time. Raises OSError."""
        async with self._turn:
            changes = self._changes
            if unasked and changes == self._saved:
                return
            at = datetime.now(UTC)
            payload = snapshot.capture(self._modules)
            await asyncio.to_thread(snapshot.write, self._path, payload, at)
            self._saved = changes

    async def save_every(self, seconds: float) -> None:
        """For ever. A failure is told and tried again: a full disk must not stop the system."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.save()
            except (OSError, TypeError, ValueError) as error:
                _say(f"could not save the tables ({error}); will try again in {seconds:g} s")


def main() -> int:
    """Serve until SIGTERM or SIGINT, then save. Returns the exit code."""
    data = local_dir() / "data"
    shutil.rmtree(data.parent / "tmp", ignore_errors=True)  # code of functions, left by a kill
    for folder in (data / "s3", data.parent / "tmp"):
        folder.mkdir(parents=True, exist_ok=True)
    os.environ.update(emulator_environment(data))
    isolate()  # functions inherit this environment
    return asyncio.run(_serve(data / "tables.snapshot", float(os.environ.get("HERALD_SNAPSHOT_SECONDS", "30"))))


async def _serve(path: Path, seconds: float) -> int:
    # ministack reads its settings while it is imported, so this is the first moment for it
    from hypercorn.asyncio import serve  # noqa: PLC0415
    from hypercorn.config import Config  # noqa: PLC0415
    from ministack import app as emulator  # noqa: PLC0415

    modules = {service: emulator._get_module(service) for service in snapshot.STORES}
    snapshot.check_emulator(modules)
    kept = snapshot.newest(path, _say)
    if kept:
        snapshot.restore(modules, kept)

    stop = asyncio.Event()
    background: set[asyncio.Task[None]] = set()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    config = Config()
    config.bind = [f"{HOST}:{port('aws')}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 2
    config.shutdown_timeout = 5
    config.loglevel = "WARNING"
    keeper = Keeper(path, modules)
    loop.add_signal_handler(signal.SIGUSR1, lambda: background.add(loop.create_task(keeper.save(unasked=False))))
    saving = asyncio.create_task(keeper.save_every(seconds))
    try:
        await serve(keeper.noting_changes(emulator.app), config, shutdown_trigger=stop.wait)  # type: ignore[arg-type]
    except OSError as error:
        _say(f"cannot listen on {HOST}:{port('aws')}: {error.strerror or error}")
        return 1
    finally:
        saving.cancel()
        with suppress(asyncio.CancelledError):
            await saving
        await keeper.save()
    return 0


def _may_write(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a request may change a table or a secret, by its X-Amz-Target; in doubt, yes."""
    target = dict(headers).get(b"x-amz-target", b"").decode("latin-1")
    service, _, action = target.partition(".")
    if not service.lower().startswith(("dynamodb_", "secretsmanager")):
        return False
    return not action.startswith(("Get", "BatchGet", "TransactGet", "Query", "Scan", "Describe", "List"))


def _say(line: str) -> None:
    print(f"herald aws: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # the emulator's worker threads would hold the process back; everything is saved by now
