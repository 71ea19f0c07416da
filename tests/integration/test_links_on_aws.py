"""Signed links on the whole local system: mailed on submission, opened and pressed through the door, done once."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from hashlib import sha256
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

import pytest

from herald import cli, runtime
from herald.flows import commands as c
from herald.flows.context import Herald
from herald.flows.gate import perform
from herald.model import Media, TargetState
from local.demo import organisation as shop
from local.demo.library import shelved
from tests.support import embedded_aws
from tests.support.embedded_aws import Local

pytestmark = pytest.mark.integration
ACCOUNT = next(a for a in shop.ACCOUNTS if a.account_id == shop.BRISBANE)
FORM = {"content-type": "application/x-www-form-urlencoded"}
BYTES = bytes(range(256)) * 40  # no text: they must pass the door as they are


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    with embedded_aws.running(tmp_path_factory.mktemp("links"), "--only", "aws,door,facebook,mailbox") as local:
        yield local


@pytest.fixture
def herald(system: Local, monkeypatch: pytest.MonkeyPatch) -> Herald:
    for name, value in system.stack.environment.items():
        monkeypatch.setenv(name, value)
    settings = replace(runtime.Settings.from_environment(system.stack.environment), settings_ttl=0)
    runtime._client.cache_clear()
    runtime.current.cache_clear()
    return runtime.build(settings)


def ask(
    address: str, method: str = "GET", body: str | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes, Mapping[str, str]]:
    parts = urlsplit(address)
    line = HTTPConnection(parts.netloc, timeout=30)
    try:
        line.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, dict(headers or {}))
        answer = line.getresponse()
        return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
    finally:
        line.close()


def press(address: str, action: str, **fields: str) -> int:
    return ask(address, "POST", urlencode({"action": action, **fields}), FORM)[0]


def submitted(herald: Herald, name: str) -> None:
    assert herald.media is not None
    key = herald.media.put(BYTES, "image/png")
    image = Media(key, sha256(BYTES).hexdigest(), "image/png", len(BYTES), "A plain tile", 1, 1)
    due = datetime.now(UTC) + timedelta(days=2)
    local = due.astimezone(ZoneInfo(ACCOUNT.timezone)).strftime("%Y-%m-%dT%H:%M")
    variants = (c.Variant(ACCOUNT.id, local, ACCOUNT.timezone),)
    now = datetime.now(UTC)
    image = shelved(herald.store, shop.BRAND, image, now)
    draft = c.Draft(name, shop.BRAND, "New tiles", "The new tiles are here.", variants, 0, media=(image,))
    perform(draft, by="jack", herald=herald, now=now)
    done = perform(c.Submit(name, 1), by="jack", herald=herald, now=now)
    assert "by mail" in done.sentence


def mailed(system: Local, person: str) -> str:
    """The address in the newest mail to a person."""
    files = sorted((system.folder / "mailbox").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    for file in reversed(files):
        mail = message_from_bytes(file.read_bytes(), policy=default)
        if mail["To"] == f"{person}@banksia-and-oak.example":
            part: Any = mail.get_body(("plain",))
            return re.findall(r"http://\S+/l/\S+", part.get_content())[0]
    raise AssertionError(f"no mail to {person}")


def rows(system: Local) -> int:
    client = system.client("dynamodb")
    names = [name for key, name in system.stack.outputs.items() if key.endswith("Table")]
    return sum(client.scan(TableName=name, Select="COUNT")["Count"] for name in names)


def test_an_approver_opens_the_link_from_the_mailbox_and_approves_once(system: Local, herald: Herald) -> None:
    submitted(herald, "linked-post-1")
    link = mailed(system, "priya")
    assert link.startswith(f"{system.door}/l/")
    before = rows(system)
    for method in ("GET", "HEAD", "GET"):
        ask(link, method)
    status, page, headers = ask(link)
    assert (status, b"The new tiles are here." in page) == (200, True)
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert ask(f"{link}?image=0")[1] == BYTES
    assert rows(system) == before
    assert [press(link, "approve"), press(link, "approve")] == [303, 303]
    target = herald.store.target("linked-post-1", ACCOUNT.id)
    assert target is not None
    assert target.state is TargetState.APPROVED
    assert [given.by for given in herald.store.approvals("linked-post-1")] == ["priya"]
    assert b"You approved this" in ask(link)[1]
    assert press(mailed(system, "eleni"), "approve") == 409


def test_tokens_that_are_not_ours_store_nothing(system: Local, herald: Herald) -> None:
    submitted(herald, "linked-post-2")
    good = mailed(system, "priya")
    base, _, token = good.rpartition("/")
    before, dice = rows(system), random.Random(3)
    for n in range(60):
        at = dice.randrange(len(token))
        other = token[:at] + dice.choice([s for s in "AZaz09-_." if s != token[at]]) + token[at + 1 :]
        if n % 2:
            other = "".join(dice.choices("AZaz09-_.~", k=dice.randint(1, 900)))
        status = press(f"{base}/{other}", "approve") if n % 3 else ask(f"{base}/{other}")[0]
        assert status in (403, 404), other
    assert rows(system) == before
    assert ask(good, "POST", "x" * 70_000, FORM)[0] == 413
    assert ask(good, "POST", "{}", {"content-type": "application/json"})[0] == 415
    assert ask(good, "PUT", "action=approve", FORM)[0] in (404, 405)
    assert rows(system) == before


def test_the_command_line_makes_a_link_that_works(
    system: Local, herald: Herald, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["link", "acknowledge", "MOD", "--as", "mateus", "--hours", "2"]) == 0
    link = json.loads(capsys.readouterr().out)["link"]
    assert ask(link)[0] == 200
    assert press(link, "acknowledge") == 303
    newest = herald.store.policy("MOD")
    assert newest is not None
    assert herald.store.acknowledgement("mateus", "MOD", newest.version) is not None
    assert cli.main(["link", "share", "2026-10", "--as", "eleni"]) == 0
    status, page, _ = ask(json.loads(capsys.readouterr().out)["link"])
    assert (status, b"<title>Report of banksia-oak, October 2026</title>" in page) == (200, True)
    assert cli.main(["link", "approve", "no-such-post", "--as", "priya"]) == 1
    assert capsys.readouterr().err.strip() == "herald: There is no such post."
    assert cli.main(["link", "delete", "MOD", "--as", "priya"]) == 2
