"""`herald`, the command line: for engineers, tests and pipes.

JSON lines in and out. An error is one line on stderr. Exit 0: done; 1: a check failed or something could not be read;
2: wrong usage. Every command imports what it needs when it runs, so `herald --help` costs nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from herald.errors import BadPayload, BadSignature, HeraldError, Refused, Unknown

if TYPE_CHECKING:
    from herald.flows.context import Herald
    from herald.flows.redrive import Redriven
    from herald.model import Event

MAX_BODY = 16_000_000
MAX_LINE = 1_000_000
_MAX_DAYS = 400
_OK, _FAILED, _USAGE, _INTERRUPTED, _PIPE_CLOSED = 0, 1, 2, 130, 141


class Usage(Exception):
    """The command was given wrongly; the message says how to give it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # whatever the locale, JSON is UTF-8; a lone surrogate becomes its escape
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        args = _parser().parse_args(argv)
        code: int = args.run(args)
        sys.stdout.flush()
    except SystemExit as stop:  # argparse: help (0) or usage (2), told already
        return stop.code if isinstance(stop.code, int) else _USAGE
    except BrokenPipeError:  # the reader had enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still buffered goes nowhere, silently
        return _PIPE_CLOSED
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Usage as wrong:
        return _complain(str(wrong), _USAGE)
    except HeraldError as error:
        return _complain(str(error), _FAILED)
    except OSError as error:
        return _complain(f"{error.filename or 'input'}: {error.strerror or error}", _FAILED)
    return code


# -------------------------------------------------------------------- usage


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line instead of argparse's whole usage."""
        self.exit(_complain(f"{message} (see `{self.prog} --help`)", _USAGE))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="herald",
        description="Messages from social networks: read them, check them, judge them, answer them.",
        epilog="`herald COMMAND --help` explains one. JSON lines in and out; exit 1: a check failed, 2: wrong usage.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _local_commands(commands)
    _platform_commands(commands)
    _judging_commands(commands)
    _report_command(commands)
    _audit_commands(commands)
    _policy_commands(commands)
    _evidence_command(commands)
    _link_command(commands)
    _rescue_commands(commands)
    return parser


def _command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], summary: str, example: str = ""
) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"example: {example}" if example else None,
        allow_abbrev=False,
    )
    made.set_defaults(run=run)
    return made


def _local_commands(commands: Any) -> None:
    for name, summary in (
        ("up", "start the local system, or what of it does not run yet"),
        ("down", "stop the local system; its data stays"),
        ("status", "say what of the local system runs, and where"),
    ):
        _command(commands, name, _local, summary).set_defaults(name=name)
    say = _command(
        commands, "say", _say, "write as a customer to the local system, signed, over HTTP",
        'herald say facebook_page "Where is my order?" --as "Kim Example"',
    )  # fmt: skip
    say.add_argument("platform", metavar="PLATFORM")
    say.add_argument("text", metavar="TEXT")
    say.add_argument("--as", dest="as_name", metavar="NAME", default="", help="the customer's name")
    why = _command(
        commands, "why", _why, "tell in words why a message was decided as it was", "herald why facebook_page:70_71"
    )
    why.add_argument("message", metavar="MESSAGE", help="its id, platform:external_id")
    why.add_argument("--replay", action="store_true", help="make each decision again; exit 1 if one differs")
    study = _command(
        commands, "study", _study, "a decision as a case study, Markdown without personal data",
        "herald study facebook_page:70_71 > study.md",
    )  # fmt: skip
    study.add_argument("message", metavar="MESSAGE", help="its id, platform:external_id")
    study.add_argument("--as", dest="by", metavar="PERSON", help="who takes it out; else the record says operator")
    bench = _command(commands, "bench", _bench, "measure, side by side, ratios last", "herald bench writes")
    bench.add_argument("bench", metavar="NAME")


def _platform_commands(commands: Any) -> None:
    parse = _command(
        commands, "parse", _parse, "read raw bodies of a platform, one line an event", "herald parse meta body.json"
    )
    parse.add_argument("platform", metavar="PLATFORM")
    parse.add_argument("files", metavar="FILE", nargs="+", help="a webhook or list body; - is standard input")

    verify = _command(
        commands, "verify", _verify, "check the signature of a raw body; exit 1 if it is not authentic",
        "herald verify meta --secret S --header 'X-Hub-Signature-256: sha256=..' body.json",
    )  # fmt: skip
    verify.add_argument("platform", metavar="PLATFORM")
    verify.add_argument("--secret", action="append", required=True, help="repeat it while a secret is being rotated")
    verify.add_argument("--header", action="append", default=[], metavar="K:V", type=_header, help="may be repeated")
    verify.add_argument("--at", metavar="UNIX", type=_unix, help="the time of checking; without it, now")
    verify.add_argument("file", metavar="FILE", help="the raw body; - is standard input")

    challenge = _command(
        commands, "challenge", _challenge, "print the answer to a platform's handshake; exit 1 if it is refused",
        "herald challenge meta --secret T --query 'hub.mode=subscribe&hub.verify_token=T&hub.challenge=1'",
    )  # fmt: skip
    challenge.add_argument("platform", metavar="PLATFORM")
    challenge.add_argument("--secret", required=True, help="the verify token of the connection")
    challenge.add_argument("--query", required=True, metavar="Q", help="the query string as it was received")


def _judging_commands(commands: Any) -> None:
    _command(
        commands, "assess", _assess, "read texts as JSON lines {id, text}, tell what is known of each",
        "herald assess < texts.jsonl",
    )  # fmt: skip
    decide = _command(
        commands, "decide", _decide, "read texts as JSON lines {id, text}, decide each by the rules",
        "herald decide --rules rules.yaml < texts.jsonl",
    )  # fmt: skip
    decide.add_argument("--rules", metavar="FILE", help="without it, the rules that Herald ships")

    rules = _command(commands, "rules", _rules_check, "work with rule files")
    rules_commands = rules.add_subparsers(title="commands", metavar="COMMAND", required=True)
    check = _command(
        rules_commands, "check", _rules_check, "one line a rule: loaded, partial, refused or error",
        "herald rules check rules.yaml",
    )  # fmt: skip
    check.add_argument("files", metavar="FILE", nargs="+", help="Herald's rules, or Reddit's AutoModerator")
    imported = _command(
        rules_commands, "import", _rules_import, "print a file of Reddit's AutoModerator in Herald's language",
        "herald rules import automod.yaml > rules.yaml",
    )  # fmt: skip
    imported.add_argument("file", metavar="FILE")
    imported.add_argument("--live", action="store_true", help="the rules act at once; without it they are in shadow")
    differing = _command(
        rules_commands, "diff", _rules_diff, "decide texts by two rule files, a line a text: changed or not, and how",
        "herald rules diff rules.yaml next.yaml < texts.jsonl",
    )  # fmt: skip
    differing.add_argument("now", metavar="NOW")
    differing.add_argument("following", metavar="NEXT")

    sla = _command(
        commands, "sla", _sla, "the deadline that a target of business time gives",
        "herald sla --hours 'Mon-Fri 09:00-17:00' --tz Europe/London --target 30m 2026-10-02T16:45",
    )  # fmt: skip
    sla.add_argument("--hours", required=True, metavar="HOURS")
    sla.add_argument("--tz", required=True, metavar="ZONE", help="of the hours, and of TIME if it names none")
    sla.add_argument("--target", required=True, type=_target, metavar="TARGET", help="business time: 30m, 4h, 1h30m")
    sla.add_argument("--holiday", action="append", default=[], type=_day, metavar="YYYY-MM-DD", help="a closed date")
    sla.add_argument("time", metavar="TIME", type=_time, help="ISO 8601, for example 2026-10-02T16:45")


def _report_command(commands: Any) -> None:
    made = _command(
        commands, "report", _report, "report a period of a brand as files, by mail, or both",
        "herald report --period 2026-10 --out report",
    )  # fmt: skip
    made.add_argument(
        "--period", required=True, type=_period, metavar="PERIOD",
        help="a month 2026-10, an ISO week 2026-W43, a year, or days 2026-10-01..2026-10-31",
    )  # fmt: skip
    made.add_argument("--brand", metavar="BRAND", default="", help="may be left out where there is only one")
    made.add_argument("--out", metavar="DIR", help="a folder, made if need be; files of the same name are replaced")
    made.add_argument(
        "--mail", metavar="ADDRESS", action="append", default=[], type=_mail_address, help="may be repeated"
    )  # fmt: skip


def _audit_commands(commands: Any) -> None:
    parser = _command(commands, "audit", _audit_verify, "the chains of what was done, and their locked copy")
    audit = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _command(
        audit, "verify", _audit_verify, "hold every entry against its chain and its locked copy; exit 1 if one differs",
        "herald audit verify",
    )  # fmt: skip
    _command(audit, "copy", _audit_copy, "bring the locked copy what it lacks, after an outage of the stream")

    restored = _command(
        commands, "restore", _restore, "bring back rows that are gone, from a table restored beside the living one",
        "herald restore Messages --from herald-messages-yesterday",
    )  # fmt: skip
    restored.add_argument("table", metavar="TABLE", help="Messages, Posts, Settings, Metrics or Audit")
    restored.add_argument("--from", dest="source", metavar="NAME", required=True, help="name of the restored table")


def _evidence_command(commands: Any) -> None:
    made = _command(
        commands, "evidence", _evidence, "what shows that each part of the unit was done, by the lines of the audit",
        "herald evidence --person priya --from 2026-11-01 --to 2026-11-30 --out pack",
    )  # fmt: skip
    made.add_argument("--person", metavar="PERSON", default="", help="id of a person; without it, everybody")
    made.add_argument("--from", dest="first", metavar="DAY", help="first day, UTC")
    made.add_argument("--to", dest="last", metavar="DAY", help="last day, UTC")
    made.add_argument("--thread", metavar="MESSAGE", help="instead: a thread where people go at somebody, by a message")
    made.add_argument("--as", dest="by", metavar="PERSON", help="with --thread: id of who takes it out, for the record")
    made.add_argument("--out", metavar="DIR", help="folder that gets the files")
    made.add_argument("--check", metavar="FILE", help="an evidence.json: hold what it cites against the audit instead")


def _policy_commands(commands: Any) -> None:
    parser = _command(commands, "policies", _policies_load, "the written policies")
    policies = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    load = _command(
        policies, "load", _policies_load, "save policies, one line each; may be run twice, what is newer here stays",
        "herald policies load --dir our-policies",
    )  # fmt: skip
    load.add_argument("--dir", metavar="DIR", help="Markdown files (*.md); without it, the five that Herald ships")


def _link_command(commands: Any) -> None:
    made = _command(
        commands, "link", _link, "make a signed link by which one person may do one thing, or a customer appeal",
        "herald link approve POST --as PERSON --hours 48",
    )  # fmt: skip
    made.add_argument("purpose", metavar="PURPOSE", choices=("approve", "acknowledge", "appeal", "share"),
                      help="approve, acknowledge, appeal or share")  # fmt: skip
    made.add_argument("subject", metavar="SUBJECT", help="a post, a policy, a message, or to share: a period 2026-10")
    made.add_argument("--as", dest="person", metavar="PERSON", required=True, help="id of who makes it and may use it")
    made.add_argument("--hours", type=int, default=48, metavar="HOURS", help="how long it works (48)")
    made.add_argument("--brand", metavar="BRAND", default="", help="to share; may be left out where there is only one")


def _rescue_commands(commands: Any) -> None:
    redrive = _command(
        commands, "redrive", _redrive, "put right what an outage left behind; may be run twice; one line a thing",
        "herald redrive --failed-batches",
    )  # fmt: skip
    what = redrive.add_mutually_exclusive_group(required=True)
    what.add_argument("--undecided", action="store_true", help="judge messages that wait, parked ones at once")
    what.add_argument("--failed-batches", action="store_true", help="judge what discarded batches of the stream name")
    what.add_argument("--dead-letters", action="store_true", help="wake deliveries whose wake-ups were given up")
    redrive.add_argument(
        "--since", type=_day, metavar="YYYY-MM-DD",
        help="with --undecided: messages received since this UTC day; without it, since the day before yesterday",
    )  # fmt: skip

    replay = _command(
        commands, "replay", _replay, "read again, by the present code, bodies that could not be read when they came",
        "herald replay --unreadable --connection facebook",
    )  # fmt: skip
    replay.add_argument("--unreadable", action="store_true", required=True, help="bodies kept in the raw bucket")
    replay.add_argument("--connection", metavar="C", default="", help="only those of this connection")


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is no header: write 'Name: value'")
    return name.strip().lower(), value.strip()


def _unix(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(text), tz=UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time in Unix seconds") from error


def _target(text: str) -> timedelta:
    found = re.fullmatch(r"(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?", text)
    if not text or found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no target: write 30m, 4h or 1h30m of business time; no days")
    hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(hours=hours, minutes=minutes)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date: write YYYY-MM-DD") from error


def _period(text: str) -> tuple[str, str]:
    from herald.measure.figures import period  # noqa: PLC0415 - as this file begins

    try:
        return period(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _mail_address(text: str) -> str:
    from herald.govern.people import address  # noqa: PLC0415 - as this file begins

    try:
        return address(text)
    except HeraldError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no ISO 8601 time: write 2026-10-02T16:45") from error


# -------------------------------------------------------------------- the local system


def _up_module() -> Any:
    """`local.up`, from this checkout. Raises Usage where there is none."""
    root = Path(__file__).resolve().parents[3]
    if (root / "local" / "up.py").is_file() and str(root) not in sys.path:
        sys.path.append(str(root))  # an installed `herald` does not look where it is called
    try:
        module = import_module("local.up")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "local":
            raise Usage(f"the local system needs {error.name}: run `make setup` in the checkout of Herald") from error
        raise Usage("the local system is part of a checkout of Herald: go there and run `make up`") from error
    try:
        import_module("local.ports").check()
    except ValueError as error:
        raise Usage(str(error)) from error
    return module


def _local(args: argparse.Namespace) -> int:
    code: int = getattr(_up_module(), args.name)(args)
    return code


def _say(args: argparse.Namespace) -> int:
    code: int = _up_module().say(args.platform, args.text, args.as_name)
    return code


def _why(args: argparse.Namespace) -> int:
    from herald.flows.why import on_record, why  # noqa: PLC0415 - as this file begins

    def tell(herald: Herald) -> int | None:
        said, well = f"{why(herald, args.message)}\n", True
        if args.replay:
            from herald.flows.replay import replay, told  # noqa: PLC0415 - as this file begins

            made = replay(args.message, herald)
            said += "\n" + "".join(f"{told(one)}\n" for one in made)
            well = all(one.well for one in made)
        _hand_out(on_record("why", args.message, said, herald, herald.clock()))
        return None if well else _complain("a decision comes out otherwise when it is made again", _FAILED)

    return _over_the_tables("why", tell)


def _study(args: argparse.Namespace) -> int:
    """As the person named through the gate, like evidence of a thread; else as whoever has the tables."""
    from herald.flows.commands import TakeStudy  # noqa: PLC0415 - as this file begins
    from herald.flows.gate import perform  # noqa: PLC0415 - as this file begins
    from herald.flows.study import FILE, study  # noqa: PLC0415 - as this file begins
    from herald.flows.why import on_record  # noqa: PLC0415 - as this file begins

    def tell(herald: Herald) -> None:
        now = herald.clock()
        if args.by:
            _hand_out(perform(TakeStudy(args.message), by=args.by, herald=herald, now=now).files[FILE])
        else:
            _hand_out(on_record("study", args.message, study(args.message, herald), herald, now))

    return _over_the_tables("study", tell)


def _hand_out(file: bytes) -> None:
    """As it is, to the byte: the audit holds the hash of what whoever asked can keep as a file."""
    sys.stdout.flush()
    sys.stdout.buffer.write(file)


def _over_the_tables(name: str, work: Callable[[Herald], int | None]) -> int:
    """Do something with the Herald that the environment, else `make up`, describes; its code, or 0."""
    try:
        runtime = import_module("herald.runtime")
    except ModuleNotFoundError as error:
        raise Usage(f"`{name}` needs {error.name}: run `make setup` in the checkout of Herald") from error
    _know_the_local_system()
    try:
        code = work(runtime.current())
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "botocore":
            raise
        return _complain(f"the tables do not answer ({type(error).__name__}): run `make up`", _FAILED)
    return code or _OK


def _know_the_local_system() -> None:
    """Where no tables are named, those of `make up` are meant; without either, runtime says what to do."""
    if os.environ.get("MESSAGES_TABLE"):
        return
    local = _up_module()
    try:
        local.use()
    except local.NotUp as error:
        raise Usage(str(error)) from error


def _evidence(args: argparse.Namespace) -> int:
    from herald.flows import evidence  # noqa: PLC0415 - as this file begins

    if args.check:
        return _evidence_check(args.check)
    if args.thread:
        return _evidence_thread(args.thread, args.by, args.out)
    if not args.first or not args.last:
        raise Usage("say over which days: --from 2026-11-01 --to 2026-11-30; or --thread MESSAGE; or --check FILE")
    try:
        first, last = date.fromisoformat(args.first), date.fromisoformat(args.last)
    except ValueError as wrong:
        raise Usage(f"write days like 2026-11-30 ({wrong})") from None
    if last < first:
        raise Usage("the last day is before the first")
    begin = datetime.combine(first, time(), UTC)
    until = datetime.combine(last + timedelta(days=1), time(), UTC)

    def work(herald: Herald) -> int:
        pack = evidence.gather(args.person, begin, until, herald, herald.clock())
        for each in pack.shown:
            lacks = "; ".join(answer.lacks for answer in each.answers if answer.lacks)
            records = sum(answer.records for answer in each.answers)
            _emit({"number": each.item.number, "records": records, "complete": each.complete, "lacks": lacks or None})
        if args.out:
            _emit({"files": [_written(Path(args.out) / name, data) for name, data in pack.files.items()]})
        if pack.complete:
            return _OK
        lacking = sum(not each.complete for each in pack.shown)
        return _complain(f"items not shown yet: {lacking} of {len(pack.shown)}; the lines say what lacks", _FAILED)

    return _over_the_tables("evidence", work)


def _evidence_thread(message: str, by: str | None, out: str | None) -> int:
    """Through the gate as the person named, so that it is checked and on record like theirs."""
    from herald.flows.commands import GatherEvidence  # noqa: PLC0415 - as this file begins
    from herald.flows.gate import perform  # noqa: PLC0415 - as this file begins

    if not by:
        raise Usage("say who takes it out: --as PERSON; it is on record")
    if not out:
        raise Usage("say where the files go: --out DIR; they hold names and words")

    def work(herald: Herald) -> None:
        done = perform(GatherEvidence(message), by=by, herald=herald, now=herald.clock())
        _emit({"files": [_written(Path(out) / name, data) for name, data in done.files.items()]})

    return _over_the_tables("evidence", work)


def _evidence_check(file: str) -> int:
    from herald.flows import evidence  # noqa: PLC0415 - as this file begins

    pack = _body(file)

    def work(herald: Herald) -> int:
        checked = evidence.check(pack, herald)
        _emit({"file": file, "cited": checked.cited, "problems": checked.problems})
        first = next(iter(checked.problems), "")
        return _complain(f"the pack does not hold: {first}", _FAILED) if first else _OK

    return _over_the_tables("evidence", work)


def _policies_load(args: argparse.Namespace) -> int:
    from herald.flows import policies  # noqa: PLC0415 - as this file begins

    folder = Path(args.dir) if args.dir else policies.SAMPLES
    if not folder.is_dir():
        raise Usage(f"{folder} is no folder")
    found = policies.documents(folder)
    if not found:
        raise Usage(f"{folder} holds no file *.md")

    def work(herald: Herald) -> int:
        loaded = policies.load(found, herald, herald.clock())
        for one in loaded:
            _emit({"file": one.file, "policy": one.policy, "version": one.version, "result": one.result})
        if all(one.well for one in loaded):
            return _OK
        return _complain("a version that exists says something else: give the file a higher version", _FAILED)

    return _over_the_tables("policies load", work)


def _bench(args: argparse.Namespace) -> int:
    _up_module()
    benches = import_module("local.bench").BENCHES
    if args.bench not in benches:
        raise Usage(f"no bench {args.bench!r}; there are {', '.join(sorted(benches))}")
    code: int = benches[args.bench]()
    return code


# -------------------------------------------------------------------- platforms


def _parse(args: argparse.Namespace) -> int:
    from herald import platforms  # noqa: PLC0415 - as this file begins

    try:
        source = platforms.source(args.platform)
    except Unknown as unknown:
        raise Usage(str(unknown)) from unknown
    code = _OK
    for name in args.files:
        try:
            events = source.parse(_body(name))
        except (BadPayload, OSError) as error:
            code = _FAILED
            _emit({"file": name, "error": _words(error)})
            continue
        for seq, event in enumerate(events):
            _emit({"file": name, "seq": seq, **_line(event)})
    return code


def _line(event: Event) -> dict[str, Any]:
    """An event as a line: the shared names first, then what its platform adds."""
    shared = {
        "platform": event.platform,
        "account_id": event.account_id,
        "external_id": event.external_id,
        "author_id": event.author_id,
        "text": event.text,
        "kind": event.kind,
        "change": event.change,
        "parent_id": event.parent_id,
        "created_at": event.created_at.isoformat(),
        "received_at": event.received_at.isoformat() if event.received_at else None,
        "author_name": event.author_name,
    }
    return shared | {name: value for name, value in event.more.items() if name not in shared}


def _verify(args: argparse.Namespace) -> int:
    from herald import platforms  # noqa: PLC0415 - as this file begins

    headers: dict[str, str] = {}
    for name, value in args.header:  # as HTTP servers join what was sent twice
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    body = _body(args.file)
    try:
        platforms.verify(args.platform, body, headers, args.secret, args.at or datetime.now(UTC))
    except Unknown as unknown:
        raise Usage(str(unknown)) from unknown
    except BadSignature as refused:
        return _complain(f"{args.file}: not authentic: {refused}", _FAILED)
    _emit({"file": args.file, "platform": args.platform, "authentic": True})
    return _OK


def _challenge(args: argparse.Namespace) -> int:
    from urllib.parse import parse_qsl  # noqa: PLC0415 - as this file begins

    from herald import platforms  # noqa: PLC0415 - as this file begins

    try:
        source = platforms.source(args.platform)
        pairs = parse_qsl(args.query.removeprefix("?"), keep_blank_values=True, max_num_fields=100)
    except (Unknown, ValueError) as wrong:
        raise Usage(str(wrong)) from wrong
    query = dict(pairs)
    if len(query) != len(pairs):
        raise BadSignature("refused: a parameter stands in the query twice")
    print(source.challenge(query, args.secret, [args.secret]))
    return _OK


# -------------------------------------------------------------------- judging


def _assess(args: argparse.Namespace) -> int:
    from herald.moderate.decide import assess_line  # noqa: PLC0415 - as this file begins

    return _each_line(assess_line)


def _decide(args: argparse.Namespace) -> int:
    from herald.moderate.automod import compile_any  # noqa: PLC0415 - as this file begins
    from herald.moderate.decide import decide_line  # noqa: PLC0415 - as this file begins
    from herald.moderate.rules import compile_rules  # noqa: PLC0415 - as this file begins

    name = args.rules or "default_rules.yaml"
    rules = compile_any(_rules_text(args.rules)) if args.rules else compile_rules(_default_rules())
    for problem in rules.problems:
        where = f"line {problem.line}: "
        _complain(f"{name} {where}{problem.sentence.removeprefix(where)}", _FAILED)
    return _each_line(lambda line: decide_line(line, rules, now=datetime.now(UTC)))


def _rules_check(args: argparse.Namespace) -> int:
    from herald.moderate.automod import compile_any  # noqa: PLC0415 - as this file begins

    code = _OK
    for name in args.files:
        try:
            rules = compile_any(_rules_text(name))
            report = rules.report(name)
        except (BadPayload, OSError) as error:
            code = _FAILED
            _emit({"file": name, "error": _words(error)})
            continue
        for line in report:
            _emit(line)
            code = _FAILED if line["status"] in ("error", "refused") else code
        loaded = sum(line["status"] in ("loaded", "partial") for line in report)
        runs = sum(section.runs for section in rules.sections)
        not_run = sum(len(section.left_out) for section in rules.sections)
        said = f"{name}: {loaded} of {len(report)} sections load; {runs} of {runs + not_run} patterns run"
        print(said, file=sys.stderr)
    return code


def _rules_import(args: argparse.Namespace) -> int:
    from herald.moderate.automod import compile_automod, to_herald  # noqa: PLC0415 - as this file begins

    text = _rules_text(args.file)
    print(to_herald(text, shadow=not args.live), end="")
    problems = compile_automod(text).problems
    for problem in problems:
        _complain(f"{args.file} {problem.sentence}", _FAILED)
    return _FAILED if problems else _OK


def _rules_diff(args: argparse.Namespace) -> int:
    from dataclasses import asdict  # noqa: PLC0415 - as this file begins

    from herald.moderate.automod import compile_any  # noqa: PLC0415 - as this file begins
    from herald.moderate.decide import subject_line  # noqa: PLC0415 - as this file begins
    from herald.moderate.versions import Changed, changes, summary  # noqa: PLC0415 - as this file begins

    now, following = (compile_any(_rules_text(name)) for name in (args.now, args.following))
    for name, rules in ((args.now, now), (args.following, following)):
        for problem in rules.problems:
            _complain(f"{name} {problem.sentence}", _FAILED)
    found: list[Changed] = []

    def line(obj: object) -> dict[str, object]:
        given = subject_line(obj, datetime.now(UTC))
        if isinstance(given, dict):
            return given
        new = list(changes(now, following, [given]))
        found.extend(new)
        return {"id": given[0], "changed": bool(new), **(asdict(new[0]) if new else {})}

    code = _each_line(line)
    for way, count in summary(found).items():
        print(f"{way}: {count}", file=sys.stderr)
    return code


def _rules_text(name: str) -> str:
    try:
        return _body(name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadPayload(f"{name}: not UTF-8 at byte {error.start}: save it as UTF-8") from error


def _default_rules() -> str:
    from importlib.resources import files  # noqa: PLC0415 - as this file begins

    return (files("herald.moderate") / "default_rules.yaml").read_text(encoding="utf-8")


def _sla(args: argparse.Namespace) -> int:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - as this file begins

    from herald.care.hours import deadline, parse_hours  # noqa: PLC0415 - as this file begins

    try:
        zone = ZoneInfo(args.tz)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Usage(f"{args.tz!r} is no time zone: write one like Australia/Sydney") from error
    start = args.time if args.time.tzinfo else args.time.replace(tzinfo=zone)
    try:
        end = deadline(start, args.target, parse_hours(args.hours), args.tz, frozenset(args.holiday))
    except (ValueError, OverflowError) as error:
        raise Usage(str(error)) from error
    print(end.isoformat())
    return _OK


# -------------------------------------------------------------------- the report


def _report(args: argparse.Namespace) -> int:
    if not args.out and not args.mail:
        raise Usage("say where the report goes: --out DIR, --mail name@example.com, or both")
    return _over_the_tables("report", lambda herald: _report_of(herald, args))


def _report_of(herald: Herald, args: argparse.Namespace) -> None:
    from herald.flows.report import gather, send  # noqa: PLC0415 - as this file begins
    from herald.measure.effect import lacking  # noqa: PLC0415 - as this file begins
    from herald.measure.report import report  # noqa: PLC0415 - as this file begins

    first_day, last_day = args.period
    try:
        facts = gather(herald, args.brand or _only_brand(herald), first_day, last_day, herald.clock())
    except ValueError as error:
        raise Usage(str(error)) from error
    if args.mail and herald.mail and (lacks := lacking(facts)):  # without a mailer, send() says so
        raise Refused("state", lacks)
    made = report(facts)
    line: dict[str, Any] = {
        "brand": facts.brand, "first_day": facts.first_day, "last_day": facts.last_day, "over": facts.over,
        "files": [_written(Path(args.out) / name, data) for name, data in made.files.items()] if args.out else [],
    }  # fmt: skip
    if args.mail:
        send(herald, made, args.mail)
        line["mailed"] = args.mail
    _emit(line)


def _link(args: argparse.Namespace) -> int:
    return _over_the_tables("link", lambda herald: _link_of(herald, args))


def _link_of(herald: Herald, args: argparse.Namespace) -> None:
    """Through the gate as the person named, so that it is checked and on record like theirs."""
    from uuid import uuid4  # noqa: PLC0415 - as this file begins

    from herald.flows.commands import MakeLink  # noqa: PLC0415 - as this file begins
    from herald.flows.gate import perform  # noqa: PLC0415 - as this file begins

    subject = args.subject
    if args.purpose == "share":
        try:
            subject = "~".join((args.brand or _only_brand(herald), *_period(args.subject)))
        except argparse.ArgumentTypeError as error:
            raise Usage(str(error)) from error
    command = MakeLink(str(uuid4()), args.purpose, subject, args.hours)
    done = perform(command, by=args.person, herald=herald, now=herald.clock())
    _emit({"purpose": args.purpose, "subject": done.subject, "person": args.person, "link": done.link,
           "told": done.sentence})  # fmt: skip


def _only_brand(herald: Herald) -> str:
    brands = sorted({account.brand for account in herald.store.accounts()})
    if len(brands) != 1:
        raise Usage(f"say which brand, with --brand: {', '.join(brands) or 'there is none yet'}")
    return brands[0]


def _written(path: Path, data: bytes) -> dict[str, Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return {"path": str(path), "bytes": len(data), "sha256": sha256(data).hexdigest()}


# -------------------------------------------------------------------- the audit


def _audit_verify(args: argparse.Namespace) -> int:
    from herald.flows import audit  # noqa: PLC0415 - as this file begins

    wrong: list[str] = []

    def work(herald: Herald) -> None:
        for one in audit.verify(herald, import_module("herald.runtime").audit_copies(), herald.clock()):
            wrong.extend(one.problems)
            _emit({
                "chain": one.chain, "entries": one.entries, "copied": one.copied, "waiting": one.waiting,
                "head": one.head.digest if one.head else None, "problems": one.problems,
            })  # fmt: skip

    code = _over_the_tables("audit verify", work)
    if wrong:
        return _complain(f"the audit does not hold, problems: {len(wrong)}; the first: {wrong[0]}", _FAILED)
    return code


def _audit_copy(args: argparse.Namespace) -> int:
    from herald.flows import audit  # noqa: PLC0415 - as this file begins

    return _over_the_tables(
        "audit copy", lambda herald: _emit(audit.copy(herald, import_module("herald.runtime").audit_copies()))
    )


def _restore(args: argparse.Namespace) -> int:
    from herald.store.keys import TABLES  # noqa: PLC0415 - as this file begins
    from herald.store.restore import restore  # noqa: PLC0415 - as this file begins

    if args.table not in TABLES:
        raise Usage(f"there is no table {args.table!r}; there are {', '.join(TABLES)}")
    left: list[tuple[str, str]] = []

    def work(_: Herald) -> None:
        runtime = import_module("herald.runtime")
        living = runtime.Settings.from_environment(os.environ).tables[args.table]
        done = restore(runtime._client("dynamodb"), args.source, living)
        left.extend(done.differ)
        for pk, sk in done.differ:
            _emit({"differs": [pk, sk]})
        _emit({"table": living, "brought": done.brought, "the_same": done.the_same, "differ": len(done.differ)})

    code = _over_the_tables("restore", work)
    return _complain(f"rows that stand in both and differ, left as they are: {len(left)}", _FAILED) if left else code


# -------------------------------------------------------------------- putting right


def _redrive(args: argparse.Namespace) -> int:
    if args.since and not args.undecided:
        raise Usage("--since goes with --undecided")
    if args.undecided:
        days = _days_since(args.since)
        return _over_the_tables("redrive", lambda herald: _undecided(herald, days))
    what, kind = ("failed_batches", "batches") if args.failed_batches else ("dead_letters", "letters")
    return _over_the_tables("redrive", lambda herald: _redriven(herald, what, kind))


def _replay(args: argparse.Namespace) -> int:
    return _over_the_tables("replay", lambda herald: _replayed(herald, args.connection))


def _days_since(first: date | None) -> list[str]:
    """UTC days up to today, newest first: what waits now matters more than what waits since long."""
    today = datetime.now(UTC).date()
    count = (today - (first or today - timedelta(days=2))).days + 1
    if not 0 < count <= _MAX_DAYS:
        raise Usage(f"--since must be a day of the last {_MAX_DAYS}, today included")
    return [(today - timedelta(days=back)).isoformat() for back in range(count)]


def _undecided(herald: Herald, days: Sequence[str]) -> int:
    from herald.flows.redrive import undecided  # noqa: PLC0415 - as this file begins

    parked = 0
    for outcome in undecided(herald, days, herald.clock()):
        parked += outcome.result == "parked"
        _emit(outcome.for_log())
    told = f"messages that could not be judged: {parked}; they are parked and tried again, the lines say why"
    return _complain(told, _FAILED) if parked else _OK


def _redriven(herald: Herald, what: str, kind: str) -> int:
    from herald.flows import redrive  # noqa: PLC0415 - as this file begins

    found = redrive.failed_batches(herald, herald.clock()) if what == "failed_batches" else redrive.dead_letters(herald)
    return _tell_each(found, kind)


def _replayed(herald: Herald, connection: str) -> int:
    from herald.flows.redrive import unreadable  # noqa: PLC0415 - as this file begins

    if connection and herald.store.connection(connection) is None:
        raise Usage(f"no connection {connection!r}")
    return _tell_each(unreadable(herald, herald.clock(), connection), "bodies")


def _tell_each(found: Iterator[Redriven], kind: str) -> int:
    left = 0
    for one in found:
        left += one.result == "left"
        error = {"error": one.error} if one.error else {}
        _emit({"what": one.what, "result": one.result, **dict(one.facts), **error})
    return _complain(f"{kind} left where they are: {left}; the lines say why", _FAILED) if left else _OK


# -------------------------------------------------------------------- in and out


def _body(name: str) -> bytes:
    """A file, or standard input for -. Raises BadPayload when it is too long, OSError when it cannot be read."""
    if name == "-":
        found = sys.stdin.buffer.read(MAX_BODY + 1)
    else:
        with Path(name).open("rb") as file:
            found = file.read(MAX_BODY + 1)
    if len(found) > MAX_BODY:
        raise BadPayload(f"{name}: longer than {MAX_BODY} bytes")
    return found


def _each_line(work: Callable[[object], dict[str, object]]) -> int:
    """Answer each JSON line of standard input by one line; what cannot be read is answered by {id, error}."""
    from herald.platforms.wire.strict import obj, read_json  # noqa: PLC0415 - as this file begins

    failed = 0
    for number, line in _lines(sys.stdin.buffer):
        try:
            if line is None:
                raise BadPayload(f"longer than {MAX_LINE} bytes")
            answer = work(obj(read_json(line), "the line"))
        except BadPayload as error:
            answer = {"id": None, "line": number, "error": str(error)}
        failed += "error" in answer
        _emit(answer)
    return _complain(f"lines that could not be read: {failed}; their answers say why", _FAILED) if failed else _OK


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Number and bytes of every line that is not blank; None for one over MAX_LINE, which is never held whole."""
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE and not line.endswith(b"\n"):
            while rest := stream.readline(MAX_LINE):
                if rest.endswith(b"\n"):
                    break
            yield number, None
        elif line.strip():
            yield number, line


def _emit(line: Any) -> None:
    print(json.dumps(line, ensure_ascii=False))


def _words(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def _complain(sentence: str, code: int) -> int:
    said = "".join(char if char.isprintable() else "\ufffd" for char in " ".join(sentence.split()))
    print(f"herald: {said}", file=sys.stderr)  # it may quote a stranger's file: no word of it moves the cursor
    return code


if __name__ == "__main__":
    sys.exit(main())
