"""What goes into the dashboard's image, and what its task may do: no more, no less."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from streamlit.testing.v1 import AppTest

from dashboard import data, main, who
from herald.care import playbooks
from herald.flows import care, gate, library, research, rules
from herald.flows import commands as c
from herald.flows.feeds import items_of, read_feeds
from herald.govern import authority, policies
from herald.library.rights import content_id
from herald.model import (
    Account,
    Action,
    Case,
    DeliveryState,
    Handling,
    Media,
    Message,
    New,
    TargetState,
    UserContent,
    Work,
)
from herald.model.campaigns import Level, Stock
from herald.model.restrictions import Restriction
from herald.ports import FeedPage
from herald.store import db
from herald.store.tables import TableStore
from local.memory_media import MemoryMedia
from tests.e2e.calendar_world import BLUESKY, FACEBOOK, MASTODON, CalendarWorld
from tests.e2e.dashboard_world import BRAND, ZONE, World
from tests.e2e.overview_world import OverviewWorld
from tests.servers.running import free_port
from tests.support.pictures import png
from tests.support.world import recommended

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "dashboard" / "Dockerfile").read_text("utf-8")
NOW = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)


# ---------------------------------------------------------------- the image


def instructions() -> list[str]:
    lines = re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    return [line.strip() for line in lines.splitlines() if line.strip()]


def copies() -> list[tuple[list[str], str]]:
    """(sources, destination) of every COPY from the project; those from another stage are left out."""
    split = [line.split()[1:] for line in instructions() if line.startswith("COPY ") and "--from=" not in line]
    return [(words[:-1], words[-1]) for words in split]


def build(into: Path) -> list[str]:
    """Do what the last stage's COPY lines do; the files, relative to the image's root."""
    ignored = [line for line in (ROOT / "dashboard/Dockerfile.dockerignore").read_text().splitlines() if "__py" in line]
    assert ignored, "compiled files of this machine must stay out"
    for sources, destination in copies():
        target = into / destination.lstrip("/")
        for source in sources:
            found = sorted(ROOT.glob(source))
            assert found, f"COPY {source}: there is no such file"
            for one in found:
                if one.is_dir():
                    shutil.copytree(one, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    place = target / one.name if destination.endswith("/") else target
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(one, place)
    return sorted(str(path.relative_to(into)) for path in into.rglob("*") if path.is_file())


def test_the_image_holds_the_pages_and_the_shared_package_and_nothing_of_the_laptop(tmp_path):
    files = build(tmp_path)
    kinds = ("app/dashboard/*", "app/layers/common/herald/*", "build/*requirements.*")
    assert [name for name in files if not any(fnmatch.fnmatch(name, kind) for kind in kinds)] == []
    for needed in ("app/dashboard/serve.py", "app/dashboard/oidc.py", "app/dashboard/.streamlit/config.toml",
                   "app/dashboard/static/inter-latin.woff2", "app/layers/common/herald/flows/gate.py"):  # fmt: skip
        assert needed in files
    assert not [name for name in files if re.search(r"chooser|/local/|/tests/|secrets\.toml|\.env|__pycache__", name)]
    of_ours = {str(path.relative_to(ROOT)) for path in (ROOT / "dashboard").rglob("*.py")}
    assert {f"app/{name}" for name in of_ours} <= set(files), "a new folder of pages needs a COPY line"


def test_no_page_and_no_part_of_the_server_knows_the_chooser():
    for path in [*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "layers/common/herald").rglob("*.py")]:
        if path.name == "cli.py":
            continue  # the command line offers the laptop's own commands where `local` is there
        assert not re.search(r"^\s*(from|import) local\b|import_module\(.local", path.read_text(), re.MULTILINE), path


def test_the_image_runs_as_nobody_in_particular_from_a_pinned_base_with_hashed_packages():
    lines = instructions()
    assert re.fullmatch(r"USER (\d{4,}):(\d{4,})", next(line for line in lines if line.startswith("USER")))
    bases = [line.split()[1] for line in lines if line.startswith("FROM")]
    assert set(bases) == {"python:3.13-slim-trixie"}
    assert len(bases) == 2  # what installs is not what runs
    installed = next(line for line in lines if "pip install" in line)
    assert "--require-hashes" in installed
    assert "--only-binary :all:" in installed
    assert any("/_stcore/health" in line for line in lines if line.startswith("HEALTHCHECK"))
    starts = [line for line in lines if line.startswith(("ENTRYPOINT", "CMD"))]
    assert starts == ['CMD ["python", "-m", "dashboard.serve"]']


def test_the_lock_has_a_hash_for_every_package_and_no_address_and_names_what_the_code_imports():
    lock = (ROOT / "dashboard" / "requirements.lock").read_text("utf-8")
    packages = re.findall(r"^([a-z0-9-]+)==.*?((?:\n\s+--hash=sha256:[0-9a-f]{64}.*)*)$", lock, re.MULTILINE)
    assert len(packages) > 40
    assert [name for name, hashes in packages if not hashes] == []
    assert "://" not in lock
    names = {name for name, _ in packages}
    assert {"streamlit", "authlib", "httpx", "boto3", "pandas", "altair", "pyarrow", "pillow", "google-re2"} <= names
    assert not names & {"pytest", "ministack", "moto", "playwright"}
    pinned = re.compile(r"^([a-z0-9-]+)==([^\s;]+)", re.MULTILINE)
    shipped, tested = dict(pinned.findall(lock)), dict(pinned.findall((ROOT / "requirements-dev.lock").read_text()))
    assert {name: version for name, version in shipped.items() if tested.get(name, version) != version} == {}


def test_the_copied_files_alone_start_from_a_tree_they_cannot_write_and_let_nobody_in(tmp_path):
    build(tmp_path)
    app, home = tmp_path / "app", tmp_path / "home"
    home.mkdir()
    tree = [app, *app.rglob("*")]
    before = {path: path.stat().st_mtime_ns for path in tree}
    for path in tree:
        path.chmod(0o555 if path.is_dir() else 0o444)
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if name in ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH")}
    start = (
        "import runpy, sys; sys.path[:0] = sys.argv.pop(1).split(':'); "
        "runpy.run_module('dashboard.serve', None, '__main__')"
    )
    process = subprocess.Popen(
        [*powerless(), sys.executable, "-I", "-B", "-c", start, f"{app}:{app / 'layers/common'}"], cwd=app,
        env=kept | {"HOME": str(home), "PORT": str(port), "ADDRESS": "127.0.0.1"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert fetched(process, f"http://127.0.0.1:{port}/_stcore/health") == b"ok"
        assert b"<script" in fetched(process, f"http://127.0.0.1:{port}/")
        assert fetched(process, f"http://127.0.0.1:{port}/app/static/inter-latin.woff2").startswith(b"wOF2")
        assert b"Who are you today" not in fetched(process, f"http://127.0.0.1:{port}/choose")
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=20)
        for path in tree:
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert "nobody is let in" in output
    assert "Traceback" not in output
    assert [path for path in app.rglob("*") if before.get(path) != path.stat().st_mtime_ns] == []


def powerless() -> list[str]:
    """For root, who may write anywhere: a way to start without that power. Others have none."""
    if os.geteuid() != 0:
        return []
    found = shutil.which("setpriv")
    return [found, "--bounding-set=-all", "--inh-caps=-all"] if found else []


def fetched(process: subprocess.Popen[str], url: str) -> bytes:
    """The body, as soon as the server answers."""
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  our own
                return answer.read()
        except urllib.error.HTTPError as error:
            return error.read()
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{url} does not answer")


# ---------------------------------------------------------------- the role of the task


class Loader(yaml.SafeLoader):
    """CloudFormation's short forms as {"!Sub": ...}."""


Loader.add_multi_constructor(
    "!",
    lambda loader, tag, node: {
        f"!{tag}": loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode)
        else loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode)
        else loader.construct_mapping(node, deep=True)
    },
)  # fmt: skip
TEMPLATE = yaml.load((ROOT / "dashboard" / "template.yaml").read_text("utf-8"), Loader)  # noqa: S506  a safe loader


@dataclass(frozen=True, order=True)
class Call:
    """One thing asked of a table: action, table, "index" or "", partition key."""

    action: str
    table: str
    index: str
    key: str


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one table or its indexes, for partition keys of one pattern."""

    action: str
    table: str
    index: str
    keys: str = "*"

    def covers(self, call: Call) -> bool:
        same = (self.action, self.table, self.index) == (call.action, call.table, call.index)
        return same and fnmatch.fnmatchcase(call.key, self.keys)


def statements() -> list[dict[str, Any]]:
    (policy,) = TEMPLATE["Resources"]["TaskRole"]["Properties"]["Policies"]
    found = [one.get("!If", [None, one])[1] for one in policy["PolicyDocument"]["Statement"]]
    assert all(one["Effect"] == "Allow" for one in found)
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def grants() -> set[Grant]:
    found = set()
    for one in statements():
        for action in listed(one["Action"]):
            if not action.startswith("dynamodb:"):
                continue
            for resource in listed(one["Resource"]):
                _, _, named = resource["!Sub"].partition(":table/")
                table, _, index = re.fullmatch(r"\$\{(\w+)Table\}(/(index)/\*)?", named).groups()
                ((operator, asked),) = one.get("Condition", {"": {"": "*"}}).items()
                assert operator in ("", "ForAllValues:StringLike")
                ((_, keys),) = asked.items()
                found |= {Grant(action.partition(":")[2], table, index or "", key) for key in listed(keys)}
    return found


class Watched:
    """The door to the tables, noting what DynamoDB would be asked."""

    def __init__(self, inner: db.Db) -> None:
        self.inner = inner
        self.calls: set[Call] = set()

    def _saw(self, action: str, key: Sequence[str], index: str = "") -> None:
        self.calls.add(Call(action, key[0], "index" if index else "", key[1]))

    def get(self, key):
        self._saw("GetItem", key)
        return self.inner.get(key)

    def get_many(self, keys: Iterable[Any], *, settled: bool = True):
        keys = list(keys)
        for key in keys:
            self._saw("BatchGetItem", key)
        return self.inner.get_many(keys, settled=settled)

    def query(self, table, pk, *, index=None, **how):
        self._saw("Query", (table, pk), index or "")
        return self.inner.query(table, pk, index=index, **how)

    def write(self, write):
        self._wrote(write)
        self.inner.write(write)

    def transact(self, writes):
        for write in writes:
            self._wrote(write)
        self.inner.transact(writes)

    def _wrote(self, write) -> None:
        named = {db.Put: "PutItem", db.Update: "UpdateItem", db.Check: "ConditionCheckItem"}[type(write)]
        self._saw(named, write.key)


def watch(world) -> Watched:
    watched = Watched(world.memory)
    world.store.db = watched
    data.set_herald(world.herald)
    return watched


def draw(path: str, person: str = "priya", **query: str) -> None:
    """One page, as this person."""
    who.install(who.SignIn(lambda: person))

    def script(path):
        from dashboard import main

        main.PAGES[path][3]()

    at = AppTest.from_function(script, default_timeout=60, kwargs={"path": path})
    for name, value in query.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception


@pytest.fixture(scope="module")
def asked():
    """Everything the pages and the gate ask of the tables: every page, drawn full, and every command, given."""
    try:
        return _all_that_is_asked()
    finally:
        data.set_herald(None)
        who.install(None)


class OneEntry:
    """A server of one feed with one entry."""

    own = ""

    def fetch(self, address: str, etag: str, modified: str) -> FeedPage:
        entry = "<item><title>Bowls</title><guid>1</guid><link>https://news.example/1</link></item>"
        return FeedPage(f"<rss><channel>{entry}</channel></rss>".encode(), address)


class Walk:
    """Pages drawn and commands given, and what that asked of the tables."""

    def __init__(self) -> None:
        self.calls: set[Call] = set()
        self.given: set[str] = set()

    def give(self, world: World, command: c.Command, by: str) -> None:
        self.given.add(type(command).__name__)
        gate.perform(command, by=by, herald=world.herald, now=world.now())

    def measures(self) -> None:
        world = OverviewWorld(now=NOW)
        watched = watch(world)
        month = ("2026-11-01", "2026-11-30")
        recommended(world.store, "2026-11", brand=BRAND, owner="lena")
        self.give(world, c.MailReport("mail-00000001", BRAND, *month, ("gus",)), "gus")
        for path in main.PAGES:
            draw(path, "gus" if path in ("overview", "report") else "priya")
        self.calls |= watched.calls

    def answers_and_decides(self) -> None:
        world = World(now=NOW)
        world.furnish()
        watched = watch(world)
        for person in ("priya", "tomas", "aroha"):
            for policy, version in (("MOD", 2), ("COMPLAINTS", 1)):
                self.give(world, c.AcknowledgePolicy(policy, version), person)
        case = world.store.case(world.newest_case("Mara Quill"))
        draw("inbox", "tomas", case=case.id)
        self.give(world, c.Claim(case.id, case.version), "tomas")
        said, clause = "We are sorry.", "COMPLAINTS 4.2"
        reply = c.Reply("reply-00000001", case.message_id, said, case.version + 1, "Refund", clause)
        self.give(world, reply, "tomas")
        draw("inbox", "tomas", case=case.id)
        other = world.store.case(world.newest_case("J. Whitfield"))
        self.settles(world, other)
        insult = world.insult("Rude", "What an idiot", "idiot")
        draw("moderation", "priya", message=insult.id)
        self.give(world, c.Unhide(insult.id, "It was a joke", insult.version), "priya")
        kind = world.judge(world.say("Kind", "Fools, all of you"), Action.ALLOW)
        self.give(world, c.Hide(kind.id, "It is an insult", "MOD 3.1", kind.version), "priya")
        insult = world.insult("Ruder", "What an idiot again", "idiot")
        self.give(world, c.Overrule(insult.id, Action.ALLOW, "It is quoted", "MOD 1.1", insult.version), "aroha")
        world.insult("Signed", "Doorknob, yours truly", "Doorknob")
        self.give(world, c.MakeLink("link-00000001", "acknowledge", "MOD", 48), "priya")
        world.appealed("Doorknob, yours truly", "It is my name.")
        (appeal,) = world.store.open_cases(BRAND, Work.APPEAL).items
        draw("moderation", "aroha", view="Appeals", message=appeal.message_id)
        self.give(world, c.DecideAppeal(appeal.id, True, "It is a name", "MOD 1.1", appeal.version), "aroha")
        self.restricts(world, insult)
        self.calls |= watched.calls

    def restricts(self, world: World, insult: Message) -> None:
        """Authors limited, blocked and let go; a message deleted; a channel in another mode."""
        self.give(world, c.Escalate(insult.id, "compliance", "Unsure", world.store.message(insult.id).version), "priya")
        restrict = c.RestrictAuthor(insult.id, "block", 30, "Again and again", "MOD 3.1", 0)
        self.give(world, restrict, "priya")
        draw("moderation", "aroha", message=insult.id)
        draw("moderation", "aroha", view="Authors")
        kept = world.store.shelf(Restriction, f"{insult.platform}:{insult.account_id}")[0]
        self.give(world, c.LiftRestriction(kept.account, kept.author_id, "Sorry", kept.version), "aroha")
        self.give(world, c.LockThread(insult.id, True, "Out of hand", "MOD 3.1", 0), "priya")
        self.give(world, c.LockThread(insult.id, False, "Calm again", "MOD 3.1", 1), "aroha")
        draw("moderation", "aroha", message=insult.id)
        held = world.judge(world.say("Held", "You again"), Action.QUEUE, hidden=True)
        self.give(world, c.Overrule(held.id, Action.HIDE, "An insult", "MOD 3.1", held.version), "aroha")
        account = world.store.accounts()[0]
        self.give(world, c.SetMode(account.id, "reactive", "A quiet week", 0), "gus")
        draw("moderation", "gus", view="Channels")
        draw("moderation", "aroha", view="How well")
        self.give(world, c.GatherEvidence(insult.id), "aroha")
        self.give(world, c.TakeStudy(insult.id), "aroha")
        message = world.store.message(insult.id)
        self.give(world, c.Delete(message.id, "A threat", "MOD 3.1", message.version), "priya")

    def settles(self, world: World, case: Case) -> None:
        """A complaint by its procedure, to a refund above the limit of who proposes it; and the settings of care."""
        limits = (("community_manager", 100), ("customer_service_manager", 100_000))
        self.give(world, c.SaveLimits(BRAND, "AUD", (*limits, ("owner", 500_000)), 0), "gus")
        self.give(world, c.AgreeLimits(BRAND, 1, 1), "aroha")
        self.give(world, c.SavePlaybook(BRAND, re.sub(r"\n +clause: .*", "", playbooks.shipped()), 0), "gus")
        answer = (
            "- {id: thanks, title: Thanks, for: [praise], text: Thank you!, link: https://a.example/, clause: MOD 1.1}"
        )
        self.give(world, c.SaveAnswers(BRAND, answer, 1), "tomas")

        def seen() -> int:
            handling = world.store.find(Handling, case.id, BRAND)
            return handling.version if handling else 0

        self.give(world, c.SetCaseType(case.id, "complaint", "unhappy", seen()), "priya")
        for step in ("acknowledge", "understand", "investigate", "offer"):
            self.give(world, c.TakeCaseStep(case.id, step, seen()), "priya")
        self.give(world, c.Resolve(case.id, "Refunded", "COMPLAINTS 2.1", case.version, 5_000, "AUD"), "priya")
        draw("inbox", "tomas", case=case.id)
        (remedy,) = care.waiting_remedies(BRAND, world.herald)
        self.give(world, c.ApproveOutcome(case.id, remedy.n, True, remedy.version), "tomas")

    def governs(self) -> None:
        world = World(now=NOW)
        world.furnish()
        watched = watch(world)
        steps = (c.PathStep("compliance", 30), c.PathStep("owner", 60))
        self.give(world, c.SaveEscalation(BRAND, "staff", steps, "24/7", "UTC", 0), "gus")
        self.give(world, c.RecordBreach("breach-0001", BRAND, "staff", "lena", "MOD 3.1", "An insult."), "priya")
        for view in ("Open", "Closed", "Escalation"):
            draw("breaches", "aroha", view=view)
        draw("breaches", "aroha", breach="breach-0001")
        self.give(world, c.AcknowledgeBreach(BRAND, "breach-0001", 1), "aroha")
        self.give(world, c.CloseBreach(BRAND, "breach-0001", "Talked to", 2), "aroha")
        raised = ("incident-0001", BRAND)
        self.give(world, c.RaiseIncident(*raised, "A smell of gas, says a customer."), "priya")
        self.give(world, c.AssessIncident(*raised, "minor", "local", 1), "priya")
        draw("incidents", "aroha", incident="incident-0001")
        for number, step in enumerate(("facts", "answer"), 2):
            self.give(world, c.TakeIncidentStep(*raised, step, number), "priya")
        self.give(world, c.CloseIncident(*raised, "A candle.", "Asked.", "Ask first.", "priya, today", 4), "aroha")
        draw("incidents", "aroha", view="Closed")
        newest = world.store.policy("MOD")
        text = policies.draft_after(newest, world.now().date())
        self.give(world, c.SavePolicy(text, newest.version), "aroha")
        draw("policies", "aroha", policy="MOD", version="3")
        self.calls |= watched.calls

    def plans(self) -> None:
        world = CalendarWorld(now=NOW)
        world.furnish_posts()
        post = world.draft("To look at", "Words.", 3, "09:30", MASTODON)
        out = world.approved(world.draft("Out", "It is out.", 30, "12:00", FACEBOOK))
        world.became(out, FACEBOOK, TargetState.PUBLISHED, delivery=DeliveryState.DONE, days_ago=1, clock="12:00")
        unclear = world.approved(world.draft("Unclear", "Is it out?", 30, "13:00", BLUESKY))
        world.became(unclear, BLUESKY, TargetState.UNCLEAR, delivery=DeliveryState.UNCLEAR, days_ago=1, clock="13:00",
                     looked=2)  # fmt: skip
        later = c.Variant(MASTODON, world.at(5, "09:00"), ZONE)
        world.store.save(Account("shopify", "shop.example", "Shop", BRAND, timezone=ZONE))
        world.store.commit([New(Stock("shopify:shop.example", "8", BRAND, (Level("1", 5, world.now()),)))])
        watched = watch(world)
        for query in ({}, {"post": post}, {"post": out}, {"compose": "new"}):
            draw("calendar", "lena", **query)
        self.keeps_days(world, post)
        for make, by in (
            (lambda v: c.MovePost(post, world.at(4, "10:00"), v), "lena"),
            (lambda v: c.Submit(post, v), "lena"),
            (lambda v: c.Reject(post, "Not yet", v), "nora"),
            (lambda v: c.Submit(post, v), "lena"),
            (lambda v: c.Approve(post, v), "nora"),
            (lambda v: c.Hold("hold-00000001", BRAND, "A flood"), "priya"),
            (lambda v: c.Release("hold-00000001", BRAND), "priya"),
            (lambda v: c.Draft(post, BRAND, "Anew", "New.", (later,), v), "lena"),
            (lambda v: c.Cancel(post, "Withdrawn", v, MASTODON), "lena"),
        ):  # fmt: skip
            self.give(world, make(world.version(post)), by)
        self.give(world, c.TakeDown(out, FACEBOOK, "A mistake", world.version(out)), "nora")
        self.give(world, c.Confirm(unclear, BLUESKY, False, world.version(unclear)), "lena")
        self.calls |= watched.calls


    def keeps_days(self, world: CalendarWorld, post: str) -> None:
        """Days beside posts, a file, and the checks of what is written."""
        self.give(world, c.SaveDay("day-00001", BRAND, "event", "Open day", "2026-11-20", "2026-11-21", 0), "lena")
        also = c.SaveDay("day-00002", BRAND, "milestone", "Moved in", "2026-11-24", "2026-11-24", 0, owner="lena")
        new = c.Draft("post-from-file", BRAND, "Of a file", "It says so.",
                      (c.Variant(MASTODON, world.at(6, "09:00"), ZONE),), 0)  # fmt: skip
        self.give(world, c.ImportCalendar(BRAND, (new,), (also,)), "lena")
        days = ("2026-11-01", "2026-11-30")
        lamps = ("campaign-1", BRAND, "Lamps", "Sell lamps.", "lamps", "clicks", 10, *days, "lena", 0)
        self.give(world, c.SaveCampaign(*lamps), "lena")
        told = {"shop": "shopify:shop.example", "item": "8"}
        lamp = c.SaveProduct("LAMP-1", BRAND, "Lamp", "https://a.example/", 4900, "AUD", None, 0, 0, **told)
        self.give(world, lamp, "lena")
        window = ("2026-11-01T09:00", "2026-11-30T17:00", ZONE)
        sale = ("offer-0001", BRAND, "campaign-1", "offer", "Ten off", "One each.", "https://a.example/", *window)
        self.give(world, c.SaveOffer(*sale, 0, 0, ("LAMP-1",), 0, code="TEN"), "lena")
        self.give(world, c.MakeShortLink(BRAND, "campaign-1", "mastodon", "https://a.example/"), "lena")
        self.researches(world)
        for query in ({}, {"campaign": "campaign-1"}, {"view": "Products"}):
            draw("campaigns", "lena", **query)
        for query in ({}, {"days": "days"}, {"days": "files"}, {"days": "checks"}):
            draw("calendar", "lena", **query)
        self.give(world, c.RemoveDay(BRAND, "day-00001", 1), "lena")
        self.give(world, c.SaveChecks(BRAND, 0, ("banned",), banned=("bargain",)), "gus")
        variants = (c.Variant(MASTODON, world.at(3, "09:30"), ZONE),)
        told = c.Draft(post, BRAND, "To look at", "A bargain.", variants, world.version(post))
        self.give(world, told, "lena")
        draw("calendar", "nora", post=post)
        self.give(world, c.WaiveCheck(post, "banned", "It is a quotation.", world.version(post)), "priya")

    def researches(self, world: CalendarWorld) -> None:
        """Platforms compared and two chosen, a profile, a monitor, a recommendation to its measured effect."""
        note = c.SavePlatformNote(BRAND, "reddit", "cost", "Nothing.", "https://a.example/", "2026-11-01", 0)
        self.give(world, note, "lena")
        self.give(world, c.SaveNeeds(BRAND, (("Reach", 5),), 0), "lena")
        four = ("mastodon", "bluesky", "reddit", "tiktok")
        for platform in four:
            self.give(world, c.ScorePlatform(BRAND, platform, "Reach", 2, "So it is.", 0), "lena")
        reasons = tuple((each, "Because.") for each in four)
        seen = research.comparison(BRAND, world.herald, world.now().date())
        assert seen is not None
        self.give(world, c.ChoosePlatforms(BRAND, four[:2], reasons, 0, seen.digest), "lena")
        self.give(world, c.CountersignChoice(BRAND, 1, seen.digest, 1), "gus")
        self.give(world, c.SaveProfile(MASTODON, "Kelp", "Bowls.", "https://a.example/", "", "", 0), "lena")
        self.give(world, c.RecordLook(MASTODON, "Kelp", "", "", "none", "", 0), "lena")
        self.give(world, c.SaveMonitor("monitor-1", BRAND, "Bowls", ("bowl",), (), (), 3, 0), "lena")
        told = ("Answer sooner.", "Answers are late.", "Ten of twenty.", 20, "posts", "lena", "2026-12-01")
        self.give(world, c.RecordRecommendation("recommend-1", BRAND, told[1], told[0], *told[2:]), "lena")
        self.give(world, c.SaveFeed(BRAND, "https://news.example/feed", "News"), "lena")
        schedule = replace(world.herald, feeds=OneEntry(), store=TableStore(world.memory))  # it is not the task's
        read_feeds(schedule, world.now())
        (entry,) = items_of(BRAND, schedule)
        draw("trends", "lena", view="Feeds", feed=entry.feed_id)
        self.give(world, c.KeepItem(BRAND, entry.id), "lena")
        self.give(world, c.RetireFeed(BRAND, entry.feed_id, 1), "lena")
        draw("trends", "lena", view="Feeds", feed=entry.feed_id)
        self.rules(world)
        for path in ("profiles", "trends", "evidence"):
            draw(path, "lena")
        for path, query in (
            ("platforms", {"view": "What is known"}), ("platforms", {"view": "Needs and choice"}),
            ("monitors", {"monitor": "monitor-1"}), ("recommendations", {"recommendation": "recommend-1"}),
            ("recommendations", {"view": "By month"}), ("recommendations", {"view": "What the figures suggest"}),
        ):  # fmt: skip
            draw(path, "lena", **query)
        today = world.now().date().isoformat()
        self.give(world, c.ActOnRecommendation("recommend-1", BRAND, "Two more people.", today, 1), "lena")
        later = world.now() + timedelta(days=9)
        self.given.add("MeasureEffect")
        gate.perform(c.MeasureEffect("recommend-1", BRAND, 7, 2), by="lena", herald=world.herald, now=later)

    def rules(self, world: CalendarWorld) -> None:
        """A version saved, made live and rolled back."""
        number = rules.current(world.herald).number
        text = rules.current(world.herald).text + "---\nname: Rival\nbody: [rival]\nlabel: rival\n"
        self.give(world, c.SaveRules(text, number), "priya")
        for query in ({}, {"rule": "Rival"}, {"view": "Edit"}, {"view": "Try a text"}, {"view": "History"}):
            draw("rules", "priya", **query)
        self.give(world, c.PromoteRules((), number + 1), "gus")
        self.give(world, c.RollbackRules(number + 1, number + 2), "priya")
        draw("rules", "priya", view="History", version=str(number + 1))

    def shows(self) -> None:
        """The library and customers' content, from capture to withdrawal, with a post that is out."""
        world = CalendarWorld(now=NOW)
        shelf = MemoryMedia()
        world.herald = replace(world.herald, media=shelf, uploads=shelf)
        watched = watch(world)
        said = world.say("Lee Lark", "My bowl in the morning", minutes_ago=60)
        of = content_id(said.id)

        def seen() -> int:
            return world.store.find(UserContent, BRAND, of).version

        self.give(world, c.AcknowledgePolicy("COMPLAINTS", 1), "priya")
        self.give(world, c.CaptureContent(said.id), "priya")
        draw("user-content", "priya", content=of)
        self.give(world, c.AskRight("ask-00000001", of, BRAND, "May we show it?", seen()), "priya")
        draw("user-content", "priya", content=of)
        scope = (FACEBOOK.partition(":")[0],)
        self.give(world, c.RecordGrant(of, BRAND, True, seen(), "", "In the shop.", scope, "", "Lee Lark"), "priya")
        key = library.kept(png(), world.herald)
        photo = c.SaveAsset("asset-00001", BRAND, "A bowl", "permission", 0, key, alt="A bowl", right=of)
        self.give(world, photo, "lena")
        self.give(world, c.SaveAsset("asset-00002", BRAND, "A guide", "own", 0, address="https://a.example/x",
                                     files=("asset-00001",)), "lena")  # fmt: skip
        where = (c.Variant(FACEBOOK, world.at(2, "09:00"), ZONE),)
        media = (Media("", "", "", 0, "", asset="asset-00001"),)
        self.give(world, c.Draft("post-00001", BRAND, "Bowl", "A bowl.", where, 0, media=media), "lena")
        self.give(world, c.Submit("post-00001", world.version("post-00001")), "lena")
        self.give(world, c.Approve("post-00001", world.version("post-00001")), "priya")
        for query in ({}, {"asset": "asset-00001"}, {"asset": "asset-00002"}, {"asset": "new"}):
            draw("library", "lena", **query)
        for query in ({}, {"content": of}, {"list": "Granted"}, {"list": "Look through"}):
            draw("user-content", "priya", **query)
        draw("calendar", "lena", compose="new", content=of)
        world.became("post-00001", FACEBOOK, TargetState.PUBLISHED, delivery=DeliveryState.DONE, days_ago=1,
                     clock="09:00")  # fmt: skip
        self.give(world, c.WithdrawRight(of, BRAND, "They asked us.", seen()), "priya")
        self.give(world, c.RetireAsset("asset-00001", BRAND, "Withdrawn.", 1), "lena")
        self.calls |= watched.calls


def _all_that_is_asked() -> set[Call]:
    walk = Walk()
    walk.measures()
    walk.answers_and_decides()
    walk.plans()
    walk.governs()
    walk.shows()
    assert walk.given == set(authority.MATRIX), "every command is given here; a new one is added to this walk"
    return walk.calls


def test_the_task_may_do_everything_that_its_pages_and_the_gate_ask(asked):
    allowed = grants()
    assert sorted(call for call in asked if not any(grant.covers(call) for grant in allowed)) == []


def test_the_task_may_do_nothing_that_nobody_asks(asked):
    assert sorted(grant for grant in grants() if not any(grant.covers(call) for call in asked)) == []


def test_the_task_never_changes_or_deletes_an_audit_entry_and_writes_no_person_and_no_secret():
    actions = {action for one in statements() for action in listed(one["Action"])}
    assert not [action for action in actions if "*" in action or "Delete" in action]
    (secret,) = [one for one in statements() if "secretsmanager:GetSecretValue" in listed(one["Action"])]
    assert secret["Resource"]["!Sub"].endswith(":secret:${SecretsPrefix}/links-*")
    assert {action for action in actions if action.startswith("secrets")} == {"secretsmanager:GetSecretValue"}
    of_audit = {grant.action for grant in grants() if grant.table == "Audit"}
    assert of_audit <= {"Query", "GetItem", "PutItem"}
    added_to = {grant.keys for grant in grants() if grant.table == "Audit" and grant.action == "PutItem"}
    assert added_to == {"CHAIN#people", "CHAIN#reports"}, "other chains are the functions' own"
    written = [grant for grant in grants() if grant.table == "Settings" and grant.action in ("PutItem", "UpdateItem")]
    kinds = ("ACK", "POLICY", "PATH", "PLAYBOOK", "ANSWERS", "LIMITS", "CHECKS", "SHEET", "NEEDS",
             "SCORE", "CHOICE", "PROFILE", "LOOK", "MONITOR", "FEED", "MODE")  # fmt: skip
    versions = {Grant("PutItem", "Settings", "", f"{kind}#*") for kind in kinds}
    rules = {Grant("PutItem", "Settings", "", keys) for keys in ("RULES", "RULESET#*")}
    assert set(written) == versions | rules | {Grant("UpdateItem", "Settings", "", "POLICIES")}


def test_the_service_is_small_read_only_sticky_and_rolls_back():
    resources = TEMPLATE["Resources"]
    task = resources["Task"]["Properties"]
    (container,) = task["ContainerDefinitions"]
    assert TEMPLATE["Parameters"]["Cpu"]["Default"] == "512"
    assert TEMPLATE["Parameters"]["Memory"]["Default"] == "1024"
    assert TEMPLATE["Parameters"]["Tasks"]["Default"] == 1
    assert container["ReadonlyRootFilesystem"] is True
    assert container["User"] in DOCKERFILE
    assert {one["Name"] for one in container["Secrets"]} == {"OIDC_CLIENT_SECRET", "COOKIE_SECRET"}
    settings = {one["Name"] for one in container["Environment"]} | {one["Name"] for one in container["Secrets"]}
    from dashboard import oidc

    assert set(oidc._NAMES) <= settings
    service = resources["Service"]["Properties"]
    assert service["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    target = resources["Target"]["Properties"]
    assert target["HealthCheckPath"] == "/_stcore/health"
    assert {"Key": "stickiness.enabled", "Value": "true"} in target["TargetGroupAttributes"]
    idle = resources["LoadBalancer"]["Properties"]["LoadBalancerAttributes"][0]
    assert int(idle["Value"]) >= 600


def test_the_default_groups_are_those_that_the_pool_makes_and_cover_every_role():
    from dashboard import oidc
    from herald.model import Role

    mapped = oidc.read_groups(TEMPLATE["Parameters"]["Groups"]["Default"])
    made = {
        one["Properties"]["GroupName"] for one in TEMPLATE["Resources"].values()
        if one["Type"] == "AWS::Cognito::UserPoolGroup"
    }  # fmt: skip
    assert set(mapped) == made
    assert frozenset().union(*mapped.values()) == set(Role)
