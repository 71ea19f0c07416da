"""A calendared post on the whole local system: approved, released by the function, once on the simulated wall."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from herald import runtime
from herald.flows import commands as c
from herald.flows.context import Herald
from herald.flows.gate import perform
from herald.model import Media, TargetState
from herald.ports import Mailer
from local.demo import organisation as shop
from local.facebook.client import control
from local.ports import HOST
from tests.support import embedded_aws
from tests.support.embedded_aws import Local, until

pytestmark = pytest.mark.integration
ACCOUNT = next(a for a in shop.ACCOUNTS if a.account_id == shop.BRISBANE)
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    with embedded_aws.running(tmp_path_factory.mktemp("posting"), "--only", "aws,door,facebook,mailbox") as local:
        yield local


@pytest.fixture
def herald(system: Local, monkeypatch: pytest.MonkeyPatch) -> Herald:
    for name, value in system.stack.environment.items():
        monkeypatch.setenv(name, value)
    settings = replace(runtime.Settings.from_environment(system.stack.environment), settings_ttl=0)
    runtime._client.cache_clear()
    return runtime.build(settings)


def approved(herald: Herald, name: str, text: str, due: datetime, media: tuple[Media, ...] = ()) -> None:
    local = due.astimezone(ZoneInfo(ACCOUNT.timezone)).strftime("%Y-%m-%dT%H:%M")
    variants = (c.Variant(ACCOUNT.id, local, ACCOUNT.timezone),)
    now = datetime.now(UTC)
    perform(c.Draft(name, shop.BRAND, name, text, variants, 0, media=media), by="jack", herald=herald, now=now)
    perform(c.Submit(name, 1), by="jack", herald=herald, now=now)
    perform(c.Approve(name, 2), by="priya", herald=herald, now=now)


def test_approved_posts_are_on_the_wall_once_also_when_the_line_drops(system: Local, herald: Herald) -> None:
    base = f"http://{HOST}:{system.ports['facebook']}"
    assert herald.media is not None
    key = herald.media.put(PNG, "image/png")
    image = Media(key, key.removeprefix("media/"), "image/png", len(PNG), "A plain tile", 1, 1)
    now = datetime.now(UTC)
    due = (now + timedelta(seconds=75)).replace(second=0, microsecond=0)
    control("faults", {"kind": "drop_after_accept", "count": 1}, base=base)
    approved(herald, "plain-post-1", "Open until eight tonight.", due)
    approved(herald, "image-post-1", "The new tiles are here.", due, (image,))
    time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()) + 1)
    publish = system.stack.functions["Publish"]

    def out() -> bool:
        system.client("lambda").invoke(FunctionName=publish, Payload=json.dumps({"schedule": True}).encode())
        targets = [herald.store.target(name, ACCOUNT.id) for name in ("plain-post-1", "image-post-1")]
        return all(target and target.state is TargetState.PUBLISHED and target.url for target in targets)

    until(out, "both posts to be published", 120)
    posts: list[dict[str, Any]] = control("state", base=base)["posts"]
    for text in ("Open until eight tonight.", "The new tiles are here."):
        assert [post["message"] for post in posts].count(text) == 1
    assert len(control("state", base=base)["photos"]) == 1


def test_the_months_report_is_the_same_twice_and_reaches_the_mailbox(system: Local, herald: Herald) -> None:
    from herald.flows.report import gather, send
    from herald.measure.report import report

    first = (datetime.now(UTC).replace(day=1) - timedelta(days=1)).replace(day=1).date()
    last = datetime.now(UTC).replace(day=1).date() - timedelta(days=1)
    made = [
        report(gather(herald, shop.BRAND, first.isoformat(), last.isoformat(), datetime.now(UTC) + later))
        for later in (timedelta(0), timedelta(minutes=5))
    ]
    assert made[0].files == made[1].files
    mail: Mailer | None = herald.mail
    assert mail is not None
    send(herald, made[0], ["eleni@banksia-and-oak.example"])
    mails = [file.read_bytes() for file in (system.folder / "mailbox").glob("*.eml")]
    assert sum(b"Subject: Report of" in mail for mail in mails) == 1
