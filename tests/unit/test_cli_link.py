"""`herald link`: one line of JSON with a link that works, or one line that says why there is none."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import pytest

from herald import cli, runtime
from tests.support.linked import BASE, Linked, linked
from tests.support.world import BRAND, NEW


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Linked:
    made = linked(monkeypatch)
    monkeypatch.setenv("MESSAGES_TABLE", "given")
    monkeypatch.setattr(runtime, "current", lambda: made.world.herald)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace())
    return made


def test_a_link_is_made_as_the_person_named_and_works(here: Linked, capsys: pytest.CaptureFixture[str]) -> None:
    post = here.submitted()
    assert cli.main(["link", "approve", post, "--as", "mia", "--hours", "48"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["purpose"], line["subject"], line["person"]) == ("approve", post, "mia")
    assert "2026-11-20 01:00 UTC" in line["told"]
    token = line["link"].removeprefix(f"{BASE}/l/")
    assert here.press(token, "approve")["statusCode"] == 303
    assert [given.by for given in here.world.store.approvals(post)] == ["mia"]


def test_a_report_of_the_only_brand_is_shared_by_its_period(here: Linked, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["link", "share", "2026-10", "--as", "ana"]) == 0
    token = json.loads(capsys.readouterr().out)["link"].removeprefix(f"{BASE}/l/")
    assert f"Report of {BRAND}, October 2026" in here.ask(token)["body"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("approve", "post-0001", "--as", "ana"), 1, "Someone else must approve it"),
        (("approve", "post-0001", "--as", "nobody"), 1, "does not know this person"),
        (("approve", "nothing", "--as", "mia"), 1, "no such post"),
        (("acknowledge", "NONE", "--as", NEW.id), 1, "no policy"),
        (("appeal", "facebook_page:1", "--as", "mia"), 1, "no such message"),
        (("share", "October", "--as", "ana"), 2, "write a month 2026-10"),
        (("approve", "post-0001", "--as", "mia", "--hours", "9999"), 1, "lasts 1 to 336 hours"),
        (("approve", "post-0001"), 2, "--as"),
        (("delete", "post-0001", "--as", "mia"), 2, "approve"),
    ],
)
def test_a_link_that_is_not_made_says_why_in_one_line(
    here: Linked, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, words: str
) -> None:
    here.submitted()
    assert cli.main(["link", *arguments]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert words in told.err
    assert told.err.count("\n") == 1
