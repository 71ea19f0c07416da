"""The demo's organisation on the whole local system: signed links that are opened and pressed through the door and act
once; calendared posts, approved, released by the function, once on each simulated wall; the month's report."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

import pytest

from herald import cli, runtime
from herald.flows import commands as c
from herald.flows.context import Herald
from herald.flows.gate import perform
from herald.model import MailingState, Media, TargetState
from herald.ports import Mailer
from local.demo import organisation as shop
from local.demo.library import shelved
from local.facebook.client import control
from local.microblogs import client as microblogs
from local.ports import HOST
from tests.support import embedded_aws
from tests.support.embedded_aws import Local, until

pytestmark = pytest.mark.integration
ACCOUNTS = tuple(a for a in shop.ACCOUNTS if a.account_id in (shop.MAIN, shop.MASTODON, shop.BLUESKY))
BRISBANE = next(a for a in shop.ACCOUNTS if a.account_id == shop.BRISBANE)
FORM = {"content-type": "application/x-www-form-urlencoded"}
BYTES = bytes(range(256)) * 40  # no text: they must pass the door as they are
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    parts = "aws,door,facebook,mastodon,bluesky,mailbox"
    with embedded_aws.running(tmp_path_factory.mktemp("demo"), "--only", parts, "--cold") as local:
        for network in ("facebook", "mastodon", "bluesky"):
            asked(local, network, "settings", {"trickle": False})  # nobody else writes while rows are counted
        yield local


@pytest.fixture
def herald(system: Local, monkeypatch: pytest.MonkeyPatch) -> Herald:
    for name, value in system.stack.environment.items():
        monkeypatch.setenv(name, value)
    settings = replace(runtime.Settings.from_environment(system.stack.environment), settings_ttl=0)
    runtime._client.cache_clear()
    runtime.current.cache_clear()
    return runtime.build(settings)


def approved(herald: Herald, name: str, text: str, due: datetime, media: tuple[Media, ...] = ()) -> None:
    variants = tuple(
        c.Variant(a.id, due.astimezone(ZoneInfo(a.timezone)).strftime("%Y-%m-%dT%H:%M"), a.timezone) for a in ACCOUNTS
    )
    now = datetime.now(UTC)
    perform(c.Draft(name, shop.BRAND, name, text, variants, 0, media=media), by="jack", herald=herald, now=now)
    perform(c.Submit(name, 1), by="jack", herald=herald, now=now)
    perform(c.Approve(name, 2), by="priya", herald=herald, now=now)


def asked(system: Local, network: str, name: str, body: dict[str, Any] | None = None) -> Any:
    """The control API of a simulator."""
    base = f"http://{HOST}:{system.ports[network]}"
    if network == "facebook":
        return control(name, body, base=base)
    return microblogs.control(network, name, body, base=base)


def shown(system: Local) -> dict[str, list[str]]:
    """Platform -> the words that stand there by our accounts."""
    page = asked(system, "facebook", "state")["posts"]
    found = {"facebook": [post["message"] for post in page if post["author_id"] == post["page"] == shop.MAIN]}
    for account, network in shop.MICROBLOGS.items():
        posts = asked(system, network, "state")["posts"]
        found[network] = [post["text"] for post in posts if post["author"] == account and not post["parent"]]
    return found


def arm(system: Local, network: str, kind: str, seconds: float = 0.0) -> None:
    """What the buttons on a wall do."""
    page = {"page": shop.MAIN} if network == "facebook" else {}
    asked(system, network, "faults", {"kind": kind, "count": 1, "seconds": seconds, **page})


# ---------------------------------------------------------------- links


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
    local = due.astimezone(ZoneInfo(BRISBANE.timezone)).strftime("%Y-%m-%dT%H:%M")
    variants = (c.Variant(BRISBANE.id, local, BRISBANE.timezone),)
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


@contextmanager
def nothing_scheduled(system: Local) -> Iterator[None]:
    """No schedule writes while rows are counted: each is off, and whatever one began is done."""
    client = system.client("scheduler")
    known = [client.get_schedule(Name=one["Name"]) for one in client.list_schedules()["Schedules"]]
    kept = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    wanted = [{name: one[name] for name in kept} for one in known]
    for one in wanted:
        client.update_schedule(**one, State="DISABLED")
    try:
        until(lambda: len({rows(system) for _ in range(5) if not time.sleep(0.4)}) == 1, "a quiet table")
        yield
    finally:
        for one in wanted:
            client.update_schedule(**one, State="ENABLED")


def test_an_approver_opens_the_link_from_the_mailbox_and_approves_once(system: Local, herald: Herald) -> None:
    submitted(herald, "linked-post-1")
    link = mailed(system, "priya")
    assert link.startswith(f"{system.door}/l/")
    with nothing_scheduled(system):
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
    target = herald.store.target("linked-post-1", BRISBANE.id)
    assert target is not None
    assert target.state is TargetState.APPROVED
    assert [given.by for given in herald.store.approvals("linked-post-1")] == ["priya"]
    assert b"You approved this" in ask(link)[1]
    assert press(mailed(system, "eleni"), "approve") == 409


def test_tokens_that_are_not_ours_store_nothing(system: Local, herald: Herald) -> None:
    submitted(herald, "linked-post-2")
    good = mailed(system, "priya")
    base, _, token = good.rpartition("/")
    dice = random.Random(3)
    with nothing_scheduled(system):
        before = rows(system)
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


# ---------------------------------------------------------------- posts and the report


def test_approved_posts_stand_once_on_three_walls_also_when_each_misbehaves(system: Local, herald: Herald) -> None:
    assert herald.media is not None
    key = herald.media.put(PNG, "image/png")
    image = Media(key, key.removeprefix("media/"), "image/png", len(PNG), "A plain tile", 1, 1)
    now = datetime.now(UTC)
    image = shelved(herald.store, shop.BRAND, image, now)
    due = (now + timedelta(seconds=75)).replace(second=0, microsecond=0)
    texts = {"plain-post-1": "Open until eight tonight.", "image-post-1": "The new tiles are here."}
    approved(herald, "plain-post-1", texts["plain-post-1"], due)
    approved(herald, "image-post-1", texts["image-post-1"], due, (image,))
    time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds() - 2))
    arm(system, "facebook", "drop_after_accept")
    arm(system, "mastodon", "outage")
    arm(system, "mastodon", "drop_after_accept")
    arm(system, "bluesky", "429")
    arm(system, "bluesky", "late", 24)  # the adapter waits 20
    publish = system.stack.functions["Publish"]

    def out() -> bool:
        system.client("lambda").invoke(FunctionName=publish, Payload=json.dumps({"schedule": True}).encode())
        time.sleep(2)
        targets = [herald.store.target(name, account.id) for name in texts for account in ACCOUNTS]
        return all(target and target.state is TargetState.PUBLISHED and target.url for target in targets)

    until(out, "both posts to be published on all three", 300)
    until(lambda: asked(system, "bluesky", "state")["late"] == 0, "the late acceptance to arrive", 60)
    for network, words in shown(system).items():
        assert {text: words.count(text) for text in texts.values()} == dict.fromkeys(texts.values(), 1), network
    met = {n: {call["fault"] for call in asked(system, n, "calls")["calls"]} - {None} for n in shown(system)}
    assert met == {
        "facebook": {"drop_after_accept"}, "mastodon": {"outage", "drop_after_accept"}, "bluesky": {"429", "late"},
    }  # fmt: skip


def test_the_months_report_is_the_same_twice_and_reaches_the_mailbox(system: Local, herald: Herald) -> None:
    from herald.flows.mailing import kept_files
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
    assert reports_in(system.folder / "mailbox") == 1
    for _ in range(2):  # the function keeps it and mails the owners once, however often its schedule comes
        function = system.stack.functions["Report"]
        told = system.client("lambda").invoke(FunctionName=function, Payload=b'{"schedule": true}')
        assert "FunctionError" not in told, told["Payload"].read()
    assert reports_in(system.folder / "mailbox") == 2
    (kept,) = herald.store.kept_reports(shop.BRAND)
    assert kept_files(kept, herald).files == made[0].files
    (mailed,) = herald.store.mailings(shop.BRAND, first.isoformat(), last.isoformat())
    assert (mailed.state, mailed.digest) == (MailingState.SENT, kept.digest)


def reports_in(mailbox: Path) -> int:
    """Mails with a report; approvers get mail of their own."""
    return sum(b"Subject: Report of" in file.read_bytes() for file in mailbox.glob("*.eml"))
