"""The command line: lines in, lines out, one line for an error, and the exit code that says which."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from herald import cli
from herald.cli import MAX_LINE, main

LAYER = Path(cli.__file__).resolve().parents[1]
BODY = json.dumps({"object": "page", "entry": [{"id": "500100", "time": 1793610000, "changes": [{
    "field": "feed", "value": {
        "item": "comment", "verb": "add", "comment_id": "70_71", "post_id": "500100_70", "parent_id": "500100_70",
        "from": {"id": "8800", "name": "Kim Example"}, "created_time": 1793609990, "message": "Grüße 😀 \ud800"}}]}]},
).encode()  # fmt: skip


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


class Run:
    """Runs `herald` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Ran:
        self._monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(stdin)))
        code = main(arguments)
        out, err = self._capsys.readouterr()
        return Ran(code, out, err)


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """A command may point its process at the local system; this process runs other tests after these."""
    kept = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(kept)


@pytest.fixture
def herald(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(capsys, monkeypatch)


@pytest.fixture
def body(tmp_path: Path) -> str:
    file = tmp_path / "body.json"
    file.write_bytes(BODY)
    return str(file)


def one_line(text: str) -> bool:
    return text.startswith("herald: ") and text.count("\n") == 1 and text.endswith("\n")


# ---------------------------------------------------------------- usage


@pytest.mark.parametrize(
    "arguments",
    [
        (), ("fly",), ("parse",), ("parse", "meta"), ("parse", "friendster", "x"), ("verify", "meta", "x"),
        ("verify", "friendster", "--secret", "s", "-"), ("verify", "meta", "--secret", "s", "--header", "nocolon", "x"),
        ("verify", "meta", "--secret", "s", "--at", "noon", "x"), ("challenge", "meta", "--secret", "s"),
        ("challenge", "friendster", "--secret", "s", "--query", "a=b"), ("rules",), ("rules", "check"), ("sla",),
        ("say", "facebook_page"), ("why",), ("parse", "--fil", "meta", "x"),
    ],
)  # fmt: skip
def test_wrong_usage_ends_with_2_and_one_line(herald: Run, arguments: tuple[str, ...]) -> None:
    ran = herald(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert one_line(ran.err)


def test_an_unknown_platform_is_told_which_there_are(herald: Run, body: str) -> None:
    told = herald("parse", "friendster", body).err
    assert all(name in told for name in ("facebook_page", "meta", "webhook"))


@pytest.mark.parametrize(
    "arguments",
    [
        (), ("up",), ("down",), ("status",), ("say",), ("why",), ("parse",), ("verify",), ("challenge",), ("assess",),
        ("decide",), ("rules",), ("rules", "check"), ("sla",),
    ],
)  # fmt: skip
def test_every_command_explains_itself(herald: Run, arguments: tuple[str, ...]) -> None:
    ran = herald(*arguments, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("usage: herald")


def test_the_command_line_loads_neither_aws_nor_http_nor_pages() -> None:
    asked = (
        "import sys\nfrom herald.cli import main\nmain(['parse', 'meta', '-'])\n"
        "sys.exit(' '.join({'boto3', 'botocore', 'urllib3', 'streamlit'} & set(sys.modules)) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", asked], input=BODY, capture_output=True, cwd=LAYER, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert json.loads(ran.stdout)["external_id"] == "70_71"


# ---------------------------------------------------------------- parse


def test_parse_prints_a_line_an_event(herald: Run, body: str) -> None:
    ran = herald("parse", "meta", body)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == [{
        "file": body, "seq": 0, "platform": "facebook_page", "account_id": "500100", "external_id": "70_71",
        "author_id": "8800", "text": "Grüße 😀 \ufffd", "kind": "comment", "change": "created",
        "parent_id": "500100_70", "created_at": "2026-11-02T08:59:50+00:00", "received_at": None,
        "author_name": "Kim Example", "thread_id": "500100_70",
    }]  # fmt: skip


def test_a_file_that_cannot_be_read_does_not_stop_the_others(herald: Run, body: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_bytes(b'{"error":{"code":190,"message":"Expired"}}')
    ran = herald("parse", "facebook_page", str(tmp_path / "none"), str(broken), str(tmp_path), body)
    assert ran.code == 1
    missing, wrong, folder, read = ran.lines
    assert missing == {"file": str(tmp_path / "none"), "error": "No such file or directory"}
    assert "Graph error 190" in wrong["error"]
    assert folder["error"] == "Is a directory"
    assert (read["file"], read["seq"]) == (body, 0)


def test_standard_input_is_a_file_named_dash_and_a_body_is_bounded(
    herald: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert herald("parse", "meta", "-", stdin=BODY).lines[0]["file"] == "-"
    monkeypatch.setattr(cli, "MAX_BODY", len(BODY) - 1)
    ran = herald("parse", "meta", "-", stdin=BODY)
    assert (ran.code, ran.lines) == (1, [{"file": "-", "error": f"-: longer than {len(BODY) - 1} bytes"}])


# ---------------------------------------------------------------- verify and challenge


def signed(secret: str) -> str:
    return "X-Hub-Signature-256: sha256=" + hmac.new(secret.encode(), BODY, hashlib.sha256).hexdigest()


def test_verify_ends_with_0_for_what_is_authentic_and_1_for_what_is_not(herald: Run, body: str) -> None:
    ran = herald("verify", "meta", "--secret", "old", "--secret", "new", "--header", signed("new"), body)
    assert (ran.code, ran.lines) == (0, [{"file": body, "platform": "meta", "authentic": True}])
    for arguments in (("--secret", "other", "--header", signed("new")), ("--secret", "new"),
                      ("--secret", "new", "--header", signed("new"), "--header", signed("new"))):  # fmt: skip
        ran = herald("verify", "meta", *arguments, body)
        assert (ran.code, ran.out) == (1, "")
        assert one_line(ran.err)
        assert "not authentic" in ran.err


def test_verify_judges_a_stamp_by_the_time_it_is_given(herald: Run, body: str) -> None:
    mac = hmac.new(b"s", b"1000." + BODY, hashlib.sha256).hexdigest()
    for platform, header in (("stripe", "Stripe-Signature"), ("webhook", "X-Herald-Signature")):
        asked = ("verify", platform, "--secret", "s", "--header", f"{header}: t=1000,v1={mac}", body)
        assert herald(*asked, "--at", "1300").code == 0
        assert herald(*asked, "--at", "1301").code == 1
        assert herald(*asked).code == 1, "without --at it is now"


def test_verify_tells_a_missing_file_in_one_line(herald: Run, tmp_path: Path) -> None:
    ran = herald("verify", "meta", "--secret", "s", str(tmp_path / "none"))
    assert ran.code == 1
    assert one_line(ran.err)
    assert "No such file" in ran.err


@pytest.mark.parametrize(
    ("query", "code", "out"),
    [
        ("hub.mode=subscribe&hub.verify_token=T%20T&hub.challenge=1158201444", 0, "1158201444\n"),
        ("?hub.mode=subscribe&hub.verify_token=T+T&hub.challenge=7", 0, "7\n"),
        ("hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=7", 1, ""),
        ("hub.mode=subscribe&hub.verify_token=wrong&hub.verify_token=T+T&hub.challenge=7", 1, ""),
        ("", 1, ""),
        ("&".join(["a=b"] * 200), 2, ""),
    ],
)
def test_challenge_prints_the_response_or_is_refused(herald: Run, query: str, code: int, out: str) -> None:
    ran = herald("challenge", "meta", "--secret", "T T", "--query", query)
    assert (ran.code, ran.out) == (code, out)
    assert code == 0 or one_line(ran.err)


# ---------------------------------------------------------------- assess, decide, rules


RULES = """---
name: Insult
body (includes-word): [zonkwit]
action: hide
severity: high
policy: MOD 3.1
rationale: "Insults a person."
"""


def test_assess_answers_a_line_by_a_line(herald: Run) -> None:
    ran = herald("assess", stdin=b'{"id": 7, "text": "hello"}\n')
    assert ran.code == 0
    (line,) = ran.lines
    assert line["id"] == 7
    assert {"language", "scores", "flags", "labels", "pii", "spans"} <= set(line)


def test_decide_answers_every_line_and_bad_ones_by_their_error(herald: Run, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES, encoding="utf-8")
    lines = [
        b'{"id": "a", "text": "you zonkwit"}', b"", b"not json", b"[1]", b'{"id": "b"}', b"\xff",
        b'{"id":"c","id":"d","text":"x"}', b'{"id": "e", "text": "fine"}',
    ]  # fmt: skip
    ran = herald("decide", "--rules", str(rules), stdin=b"\n".join(lines))
    assert ran.code == 1
    assert [line.get("action", "error") for line in ran.lines] == ["hide", *["error"] * 5, "allow"]
    assert [line["line"] for line in ran.lines[1:3]] == [3, 4]
    assert "error" in ran.lines[3]
    assert ran.lines[0]["rule"] == "Insult"
    assert "could not be read: 5" in ran.err


def test_a_line_beyond_the_bound_is_answered_and_the_next_is_read(herald: Run) -> None:
    long = b'{"id": 1, "text": "' + b"x" * (2 * MAX_LINE) + b'"}\n'
    ran = herald("assess", stdin=long + b'{"id": 2, "text": "ok"}')
    assert ran.code == 1
    first, second = ran.lines
    assert (first["line"], first["error"]) == (1, f"longer than {MAX_LINE} bytes")
    assert second["id"] == 2


def test_without_rules_the_shipped_set_decides(herald: Run) -> None:
    ran = herald("decide", stdin=b'{"id": 1, "text": "Thank you, lovely shop."}\n')
    assert ran.code == 0
    assert ran.err == "", "the shipped rules have no problems"
    assert ran.lines[0]["id"] == 1


def test_rules_check_reports_each_rule_and_fails_for_an_error(herald: Run, tmp_path: Path) -> None:
    good, bad, binary = (tmp_path / name for name in ("good.yaml", "bad.yaml", "binary.yaml"))
    good.write_text(RULES, encoding="utf-8")
    bad.write_text(RULES + "---\nbody: [x]\naction: hide\n", encoding="utf-8")
    binary.write_bytes(b"\xff\xfe")
    ran = herald("rules", "check", str(good))
    assert (ran.code, [line["status"] for line in ran.lines]) == (0, ["loaded"])
    ran = herald("rules", "check", str(bad), str(good))
    assert (ran.code, [line["status"] for line in ran.lines]) == (1, ["loaded", "error", "loaded"])
    assert (ran.lines[1]["file"], ran.lines[2]["file"]) == (str(bad), str(good))
    ran = herald("rules", "check", str(binary), str(tmp_path / "none"), str(good))
    assert (ran.code, len(ran.lines)) == (1, 3)
    assert "not UTF-8" in ran.lines[0]["error"]


def test_a_rule_that_did_not_load_is_told_and_the_others_decide(herald: Run, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES + "---\nbody: [x]\naction: hide\n", encoding="utf-8")
    ran = herald("decide", "--rules", str(rules), stdin=b'{"id": 1, "text": "zonkwit"}')
    assert (ran.code, ran.lines[0]["action"]) == (0, "hide")
    assert ran.err.startswith(f"herald: {rules} line ")
    assert ran.err.count("line ") == 1  # the place is said once


# ---------------------------------------------------------------- sla

LONDON = ("--hours", "Mon-Fri 09:00-17:00, Sat 10:00-14:00", "--tz", "Europe/London")


@pytest.mark.parametrize(
    ("arguments", "deadline"),
    [
        ((*LONDON, "--target", "30m", "2026-10-02T16:45"), "2026-10-03T10:15:00+01:00"),
        ((*LONDON, "--target", "1h30m", "2026-10-02T15:45:00Z"), "2026-10-03T11:15:00+01:00"),
        ((*LONDON, "--target", "4h", "--holiday", "2026-10-03", "2026-10-02T16:45"), "2026-10-05T12:45:00+01:00"),
        ((*LONDON, "--target", "1h", "2026-10-24T13:30"), "2026-10-26T09:30:00+00:00"),
    ],
)
def test_sla_prints_the_deadline(herald: Run, arguments: tuple[str, ...], deadline: str) -> None:
    ran = herald("sla", *arguments)
    assert (ran.code, ran.out, ran.err) == (0, deadline + "\n", "")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"--target": "2d"}, "no days"), ({"--target": ""}, "30m"), ({"--target": "-30m"}, "30m"),
        ({"--target": "30"}, "30m"), ({"--tz": "Mars/Base"}, "no time zone"), ({"--tz": "../etc"}, "no time zone"),
        ({"--hours": "whenever"}, "whenever"), ({"--hours": "Mon closed"}, "never add up"),
        ({"--holiday": "tomorrow"}, "YYYY-MM-DD"), ({"TIME": "noon"}, "ISO 8601"),
    ],
)  # fmt: skip
def test_sla_says_what_is_wrong(herald: Run, changed: dict[str, str], words: str) -> None:
    given = {"--hours": LONDON[1], "--tz": LONDON[3], "--target": "30m", "TIME": "2026-10-02T16:45"} | changed
    time = given.pop("TIME")
    ran = herald("sla", *(f"{name}={value}" for name, value in given.items()), time)
    assert (ran.code, ran.out) == (2, "")
    assert one_line(ran.err)
    assert words in ran.err


# ---------------------------------------------------------------- the local system


@pytest.fixture
def local_up(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """A local system that only notes what it is told."""
    told: list[tuple[object, ...]] = []

    def note(name: str, code: int) -> Any:
        def called(*arguments: object) -> int:
            told.append((name, *(a for a in arguments if isinstance(a, str))))
            return code

        return called

    module = ModuleType("local.up")
    for name, code in (("up", 0), ("down", 0), ("status", 1), ("say", 0)):
        setattr(module, name, note(name, code))
    monkeypatch.setitem(sys.modules, "local.up", module)
    return told


def test_the_local_commands_are_handed_on_with_their_exit_code(herald: Run, local_up: list[tuple[object, ...]]) -> None:
    assert [herald(name).code for name in ("up", "down", "status")] == [0, 0, 1]
    assert herald("say", "facebook_page", "Hello", "--as", "Kim").code == 0
    assert local_up == [("up",), ("down",), ("status",), ("say", "facebook_page", "Hello", "Kim")]


@pytest.mark.parametrize(
    "arguments",
    [("up",), ("down",), ("status",), ("say", "facebook_page", "Hello"), ("why", "facebook_page:70_71")],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.parametrize(
    ("ports", "words"),
    [
        ({"HERALD_PORT_DOOR": "eighty"}, "HERALD_PORT_DOOR=eighty: not a port number"),
        ({"HERALD_PORT_AWS": "7001", "HERALD_PORT_FACEBOOK": "7001"}, "set HERALD_PORT_FACEBOOK to another"),
    ],
    ids=["no number", "twice"],
)
def test_a_port_that_cannot_be_used_is_wrong_usage_for_every_local_command(
    herald: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], ports: dict[str, str], words: str
) -> None:
    monkeypatch.delenv("MESSAGES_TABLE", raising=False)
    for name, value in ports.items():
        monkeypatch.setenv(name, value)
    ran = herald(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert one_line(ran.err)
    assert words in ran.err


def test_without_a_checkout_the_local_system_says_where_to_go(herald: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "local.up", None)  # as if there were none
    ran = herald("up")
    assert ran.code == 2
    assert "make up" in ran.err


def test_why_without_tables_says_what_to_start(herald: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for table in ("MESSAGES", "POSTS", "SETTINGS", "METRICS", "AUDIT"):
        monkeypatch.delenv(f"{table}_TABLE", raising=False)
    ran = herald("why", "facebook_page:70_71")
    assert ran.code in (1, 2)
    assert one_line(ran.err)
    assert "make" in ran.err


# ---------------------------------------------------------------- pipes


def piped(arguments: Sequence[str], reader: str, stdin: bytes) -> tuple[bytes, bytes, int]:
    """`herald arguments | reader`; what the reader printed, herald's stderr and exit code."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "herald.cli", *arguments],
        cwd=LAYER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    head = subprocess.Popen([sys.executable, "-c", reader], stdin=writer.stdout, stdout=subprocess.PIPE)
    assert writer.stdin
    assert writer.stdout
    assert writer.stderr
    writer.stdout.close()
    try:
        writer.stdin.write(stdin)
        writer.stdin.close()
    except BrokenPipeError:
        pass
    err = writer.stderr.read()
    out, _ = head.communicate(timeout=30)
    return out, err, writer.wait(timeout=30)


def test_a_reader_that_has_enough_ends_it_quietly() -> None:
    many = b'{"id": 1, "text": "hello"}\n' * 5000
    out, err, code = piped(["assess"], "import sys; print(sys.stdin.readline()[:9])", many)
    assert (out.strip(), err, code) == (b'{"id": 1,', b"", 141)


def test_output_is_utf8_whatever_the_locale() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "herald.cli", "parse", "meta", "-"],
        input=BODY, capture_output=True, cwd=LAYER, check=True,
        env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert "Grüße 😀" in ran.stdout.decode("utf-8")
