"""Built functions under Lambda's emulator, over an embedded AWS that runs no functions of its own.

Left out of a bare `pytest`: they need `make build`'s environments (`make test-built` sees to it).
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from herald import runtime
from herald.flows.context import Herald
from local import build, built
from local.demo import history
from local.demo import organisation as shop
from local.events import SAMPLE_SECRET, SAMPLE_VERIFY_TOKEN
from local.facebook import config
from local.ports import HOST
from tests.support import embedded_aws
from tests.support.embedded_aws import Local
from tests.support.pump import Pump, Settings

_HERE = Path(__file__).resolve().parent
PAGES = [account for account in shop.ACCOUNTS if account.platform == "facebook_page"]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder out of a bare `pytest`."""
    asked = (Path(argument.split("::")[0]).resolve() for argument in config.args)
    return None if any(path == _HERE or _HERE in path.parents for path in asked) else True


@pytest.fixture(scope="session")
def folder() -> Path:
    """Where the build for this machine lies."""
    if why := built.can_run():
        pytest.skip(why)
    assert (build.HERE / "template.yaml").is_file(), "nothing is built here: make test-built"
    return build.HERE


@dataclass
class System:
    """Built functions, the tables they work on, a simulated Facebook that calls the built Ingest."""

    local: Local
    functions: Mapping[str, built.Built]
    herald: Herald
    pump: Pump

    @property
    def facebook(self) -> str:
        return f"http://{HOST}:{self.local.ports['facebook']}"

    def deliver_what_is_queued(self) -> int:
        """Each wake-up to built Deliver, as its mapping does, until the queue is empty; returns how many."""
        queue, address = self.local.client("sqs"), self.local.stack.outputs["DeliveriesUrl"]
        carried = 0
        while messages := queue.receive_message(QueueUrl=address, MaxNumberOfMessages=1).get("Messages"):
            (message,) = messages
            self.functions["Deliver"]({"Records": [_sqs_record(message)]})
            queue.delete_message(QueueUrl=address, ReceiptHandle=message["ReceiptHandle"])
            carried += 1
        return carried


@pytest.fixture(scope="session")
def system(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    data = tmp_path_factory.mktemp("built")
    with ExitStack() as held:
        local = held.enter_context(embedded_aws.running(data / "aws", "--only", "aws", "--empty"))
        _only_tables(local)
        environment = local.stack.environment
        given = environment | {"MAIL_FROM": ""}  # SES is none of what runs here; a report is kept, and mailed to nobody
        functions = held.enter_context(built.running(built.declared(folder), given, folder=folder, logs=data))
        door = held.enter_context(_api(functions["Ingest"]))
        _connect(local, door)
        started = local.up("--only", "facebook", "--empty")
        assert started.returncode == 0, started.stderr
        _only_tables(local)  # a second `up` brings the stack in line again
        herald = _in_process(environment, f"http://{HOST}:{local.ports['facebook']}")
        yield System(local, functions, herald, _pump(local, functions["Moderate"]))


def _only_tables(local: Local) -> None:
    """Take the stream, the queue and the schedules from the functions that run from source."""
    functions, clock = local.client("lambda"), local.client("scheduler")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.delete_event_source_mapping(UUID=mapping["UUID"])
    for schedule in clock.list_schedules()["Schedules"]:
        clock.delete_schedule(Name=schedule["Name"])


def _connect(local: Local, door: str) -> None:
    """The secrets of the samples, known to Herald and to the simulated Facebook."""
    tokens = {page.account_id: f"EAAL-built-{page.account_id}" for page in PAGES}
    held = {"secrets": [SAMPLE_SECRET], "verify_token": SAMPLE_VERIFY_TOKEN, "tokens": tokens}
    for name in ("herald/facebook", "herald/instagram", "herald/shopify"):  # one app speaks for the first two
        local.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(held))
    keys = {"secrets": ["the key of links, 32 characters or more"]}
    local.client("secretsmanager").create_secret(Name="herald/links", SecretString=json.dumps(keys))
    config.write(
        local.folder,
        callback=door + "/webhooks/{connection}",
        connection=shop.FACEBOOK,
        app_secret=SAMPLE_SECRET,
        verify_token=SAMPLE_VERIFY_TOKEN,
        pages=[{"id": p.account_id, "name": p.name, "token": tokens[p.account_id]} for p in PAGES],
        trickle={"on": False},
    )


def _in_process(environment: Mapping[str, str], facebook: str) -> Herald:
    """The Herald of the people in these tests, over the same tables."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        runtime._client.cache_clear()
        herald = runtime.build(replace(runtime.Settings.from_environment(environment), settings_ttl=0))
        for service in ("sqs", "s3", "secretsmanager"):
            runtime._client(service)  # made while the environment says where
    nowhere = {account.platform: f"http://{HOST}:9" for account in (*shop.ACCOUNTS, *shop.NEW)}
    history.furnish(herald.store, nowhere | {"facebook_page": facebook}, datetime.now(UTC))  # type: ignore[arg-type]
    return herald


def _pump(local: Local, moderate: built.Built) -> Pump:
    name = local.stack.outputs["MessagesTable"]
    arn = local.client("dynamodb").describe_table(TableName=name)["Table"]["LatestStreamArn"]
    return Pump(local.client("dynamodbstreams"), arn, Settings.from_template(), moderate)


def _sqs_record(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
        "attributes": {}, "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
    }  # fmt: skip


@contextmanager
def _api(ingest: built.Built) -> Iterator[str]:
    """An HTTP API in front of one function: requests to events (payload format 2.0) and back; its address."""
    turn = threading.Lock()  # one call at a time, as one environment takes them

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["content-length"])))

        def _answer(self, body: bytes | None) -> None:
            with turn:
                answer = ingest(as_event(self.command, self.path, dict(self.headers.items()), body))
            data = answer["body"].encode()
            self.send_response(answer["statusCode"])
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def as_event(method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> dict[str, Any]:
    """A request to /webhooks/{connection} as an HTTP API hands it over; bodies always in base64."""
    path, _, query = target.partition("?")
    event: dict[str, Any] = {
        "version": "2.0", "routeKey": f"{method} /webhooks/{{connection}}", "rawPath": path, "rawQueryString": query,
        "headers": {name.lower(): value for name, value in headers.items()},
        "pathParameters": {"connection": path.rpartition("/")[2]},
        "requestContext": {"http": {"method": method, "path": path}, "requestId": "built"},
        "isBase64Encoded": body is not None,
    }  # fmt: skip
    return event | ({"body": base64.b64encode(body).decode()} if body is not None else {})
