"""`herald bench cost`: dollars for a million webhooks, a thousand posts, a month; from what is measured in this run.

Built functions run under Lambda's emulator over an embedded AWS; a meter on the wire counts units and requests, the
kernel the CPU, the logs are weighed. local/prices.yaml turns these into dollars. Nothing is free here: what AWS gives
away each month is left out.

A call's duration is its CPU, stretched to the share of a core its memory buys, and WAIT for each request to a service,
or for those that go together. The clock of this machine would say something else whenever the machine is busy.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import boto3
from samtranslator.yaml_helper import yaml_parse

from herald import runtime
from herald.flows import commands
from herald.flows.context import Herald
from herald.flows.deliver import deliver
from herald.flows.gate import perform
from herald.flows.publish import release_posts
from herald.model import Account, Acknowledgement, Credentials, Media, New
from herald.platforms import outlets
from herald.ports import Outlet
from herald.store import keys
from herald.store.db import DynamoDb
from herald.store.tables import TableStore
from local import bench, build, built
from local.demo import history, library
from local.demo import organisation as shop
from local.events import FOLDER, SAMPLE_SECRET, SAMPLE_VERIFY_TOKEN, signed
from local.facebook.webhooks import encode
from local.ports import ROOT
from local.wire_meter import WireMeter, metered

BARS: Mapping[str, float] = {"single": 4.00, "in tens": 2.80}
_LOGGED = {  # what the API's access log tells of an ordinary webhook
    "requestId": "JKJaXmPLvHcESHA=", "routeKey": "POST /webhooks/{connection}",
    "status": "200", "responseLatency": "25", "error.messageString": "-",
}  # fmt: skip
MONTH_HOURS = 730
# organisation -> messages, posts a month
SIZES: Mapping[str, tuple[int, int]] = {
    "a shop": (3_000, 60),
    "a chain": (100_000, 600),
    "a national brand": (3_000_000, 3_000),
}
WAIT = 0.005
"""Seconds for a request to a table: AWS promises single-digit milliseconds, nothing here can measure it."""
MB_OF_A_CORE = 1769  # docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
_KEPT_MONTHS = 12  # rows a table holds when it has run for a year

Use = Counter[str]  # what is billed -> how much


def cost() -> int:
    """Print dollars by part; 1 if a million webhooks cost more than the bar."""
    build.build(build.HERE, build.processor())
    prices = _prices()
    batch = _batch_size()
    with _measuring() as scene:
        alone = scene.webhooks(30, 1, judged=1)
        parts = {
            "single": scene.webhooks(2 * batch, 1, judged=batch),
            "in tens": scene.webhooks(2 * batch, 10, judged=batch),
        }
        row_bytes = scene.row_bytes()
        ticks = scene.ticks()
        metrics = scene.metric_names()
    post = _post()
    over = _print_million(parts | {"quite alone": alone}, prices)
    print(f"\na thousand posts, drafted, approved, published with an image: ${1000 * _sum(_usd(post, prices)):.2f}")
    print(f"  units each: {post['write_unit']:.0f} written, {post['read_unit']:.0f} read")
    _print_months(parts["single"], alone, post, ticks, row_bytes, metrics, prices)
    table = yaml_parse((ROOT / "local" / "prices.yaml").read_text())["prices"]
    print(f"\nprices: local/prices.yaml, read {', '.join(sorted({str(p['read']) for p in table.values()}))}")
    return 1 if over else 0


# --------------------------------------------------------------------------------------------------------- measuring


@dataclass
class _Scene:
    """Built functions over an embedded AWS: some behind the meter, the same ones beside it for their time."""

    functions: Mapping[str, built.Built]
    timed: Mapping[str, built.Built]
    meter: WireMeter
    client: Any
    said: int = 0
    judged: int = 0
    _marks: dict[str, tuple[int, int, float]] = field(default_factory=dict)

    def webhooks(self, messages: int, each: int, *, judged: int) -> Use:
        """Use for one message: `each` in a webhook, `judged` in a batch of the stream."""
        for functions in (self.functions, self.timed):
            self._bring(functions, 1, 1, 1)  # whatever a cold start and cold settings cost is another matter
        self._mark()
        sent = self._bring(self.functions, messages, each, judged)
        taken = self.meter.take()
        self._bring(self.timed, messages, each, judged)
        use = taken + self._used(("Ingest", "Moderate"), taken)
        use["http_api_request"] = sent
        use["log_gb"] += sent * _access_log_bytes() / 1e9  # type: ignore[assignment]
        return _each(use, messages)

    def _bring(self, functions: Mapping[str, built.Built], messages: int, each: int, judged: int) -> int:
        """Send so many messages and judge them; how many webhooks that took."""
        sent = [self._webhook(each) for _ in range(messages // each)]
        ids = [name for _, names in sent for name in names]
        for event, _ in sent:
            answer = functions["Ingest"](event)
            if (answer["statusCode"], answer["body"]) != (200, "ok"):
                raise RuntimeError(f"built Ingest refused the bench's webhook: {answer}")
        for start in range(0, len(ids), judged):
            functions["Moderate"](self._batch(ids[start : start + judged]))
        return len(sent)

    def ticks(self) -> dict[str, Use]:
        """Use of one tick of each function that has a schedule, with nothing to do."""
        found = {}
        for name in _schedules():
            for functions in (self.functions, self.timed):
                functions[name]({"schedule": True})
            self._mark()
            for functions in (self.functions, self.timed):
                for _ in range(5):
                    functions[name]({"schedule": True})
            taken = self.meter.take()
            found[name] = _each(taken + self._used((name,), taken), 5)
            found[name]["schedule_call"] = 1
        return found

    def row_bytes(self) -> float:
        """Bytes for one message as DynamoDB bills them: names, values, 100 an item, its place in an index."""
        total, pages = 0, self.client.get_paginator("scan")
        for table in (keys.MESSAGES, keys.AUDIT):
            for page in pages.paginate(TableName=table):
                for item in page["Items"]:
                    body = sum(len(name) + len(str(next(iter(value.values())))) for name, value in item.items())
                    total += body + 100 + (200 if "feed" in item else 0)
        return total / self.said

    def metric_names(self) -> int:
        """Metrics of our own that the functions told of in this run; each is billed by the month."""
        names = set()
        for function in self.functions.values():
            for line in function.lines():
                for told in line.get("_aws", {}).get("CloudWatchMetrics", []):
                    dimensions = tuple((name, line.get(name)) for of in told["Dimensions"] for name in of)
                    names |= {(metric["Name"], dimensions) for metric in told["Metrics"]}
        return len(names)

    def _webhook(self, each: int) -> tuple[dict[str, Any], list[str]]:
        event = json.loads((FOLDER / "Ingest-post.json").read_text())
        at, changes, ids = int(datetime.now(UTC).timestamp()), [], []
        for _ in range(each):
            self.said += 1
            like = bench.comment(f"{self.said:09d}", datetime.now(UTC))
            ids.append(like.message_id)
            changes.append({"field": "feed", "value": {
                "item": "comment", "verb": "add", "comment_id": like.external_id, "post_id": like.parent_id,
                "parent_id": like.parent_id, "created_time": at, "message": like.text,
                "from": {"id": like.author_id, "name": like.author_name},
            }})  # fmt: skip
        body = encode({"object": "page", "entry": [{"id": shop.MAIN, "time": at, "changes": changes}]}).decode()
        return signed(event | {"body": body}, SAMPLE_SECRET, SAMPLE_VERIFY_TOKEN, SAMPLE_SECRET), ids

    def _batch(self, ids: Sequence[str]) -> dict[str, Any]:
        """The stream's event for these rows, as they stand."""
        records = []
        for message_id in ids:
            table, pk, sk = keys.message(message_id)
            key = {"pk": {"S": pk}, "sk": {"S": sk}}
            image = self.client.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
            self.judged += 1
            change = {"Keys": key, "NewImage": image, "SequenceNumber": str(self.judged), "SizeBytes": 1024}
            records.append({"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": change})
        return {"Records": records}

    def _mark(self) -> None:
        self.meter.take()
        self._marks = {name: (len(one.calls()), one.logged(), one.cpu()) for name, one in self.timed.items()}

    def _used(self, names: Sequence[str], metered: Use) -> Use:
        """Calls, time and logs since the mark, of the functions that no meter holds up."""
        use: Use = Counter()
        for name in names:
            one, (calls, logged, cpu) = self.timed[name], self._marks[name]
            use["lambda_request"] += len(one.calls()) - calls
            use["lambda_gb_second"] += (one.cpu() - cpu) * MB_OF_A_CORE / 1024  # type: ignore[assignment]
            use["log_gb"] += (one.logged() - logged) / 1e9  # type: ignore[assignment]
        waited = metered["round"] * WAIT * self.timed[names[0]].declared.memory / 1024
        use["lambda_gb_second"] += waited  # type: ignore[assignment]
        return use


NOWHERE = {account.platform: "http://127.0.0.1:9" for account in (*shop.ACCOUNTS, *shop.NEW)}
"""No platform is asked anything here; a schedule that asks finds nobody there."""


@contextmanager
def _measuring() -> Iterator[_Scene]:
    names = {f"{table.upper()}_TABLE": table for table in keys.TABLES}
    with bench.scratch_tables() as client, metered(client.meta.endpoint_url) as (address, meter):
        arguments = bench.arguments_of(client.meta.endpoint_url)
        held = {"secrets": [SAMPLE_SECRET], "verify_token": SAMPLE_VERIFY_TOKEN, "tokens": {shop.MAIN: "bench"}}
        boto3.client("secretsmanager", **arguments).create_secret(Name="herald/facebook", SecretString=json.dumps(held))
        environment = names | {"AWS_ENDPOINT_URL": address, "SETTINGS_TTL": "10"}
        store = TableStore(DynamoDb(client, {table: table for table in keys.TABLES}))
        history.furnish(store, NOWHERE, datetime.now(UTC))
        with tempfile.TemporaryDirectory(prefix="herald-cost-") as logs:
            wanted = {"Ingest", "Moderate", *_schedules()}
            direct = environment | {"AWS_ENDPOINT_URL": client.meta.endpoint_url}
            for name in ("metered", "timed"):
                (Path(logs) / name).mkdir()
            with (
                built.running(sorted(wanted), environment, logs=Path(logs) / "metered") as functions,
                built.running(sorted(wanted), direct, logs=Path(logs) / "timed") as timed,
            ):
                yield _Scene(functions, timed, meter, client)


def _post() -> Use:
    """Use of one post on one account: by people from draft to approval, by the functions until it is out."""
    account = next(one for one in shop.ACCOUNTS if one.account_id == shop.BRISBANE)
    woken: list[str] = []
    with bench.scratch_tables() as client, metered(client.meta.endpoint_url) as (address, meter):
        through = boto3.client("dynamodb", **bench.arguments_of(address))
        store = TableStore(DynamoDb(through, {table: table for table in keys.TABLES}), settings_ttl=3600)
        now = datetime.now(UTC)
        history.furnish(store, NOWHERE, now)
        for person in shop.PEOPLE:
            for policy in shop.policies():
                store.commit([New(Acknowledgement(person.id, policy.id, policy.version, now))])
        settings = runtime.Settings(tables={table: table for table in keys.TABLES})
        herald = replace(
            runtime.build(settings, db=store.db),
            store=store,
            outlets={account.platform: cast("Outlet", bench.Accepts(outlets()[account.platform].capabilities))},
            wake=lambda delivery: woken.append(delivery.id),
            media=bench.Images(),
            secrets=lambda ref: Credentials(("bench",), "", {account.account_id: "token"}),
        )
        for name in ("warm", "measured"):  # the first one reads the settings, which are remembered then
            meter.take()
            seconds = _publish_one(name, account, herald, now, woken)
    use = meter.take()
    functions = built.declared()
    use["queue_request"] += 3  # sent, received, deleted
    use["lambda_request"] += 1
    use["lambda_gb_second"] += seconds * functions["Deliver"].memory / 1024  # type: ignore[assignment]
    use["bucket_put"] += 1
    use["bucket_get"] += 1
    return use


def _publish_one(name: str, account: Account, herald: Herald, now: datetime, woken: list[str]) -> float:
    """Seconds that delivering took."""
    due = (now + timedelta(minutes=5)).replace(second=0, microsecond=0)
    local = due.astimezone(ZoneInfo(account.timezone)).strftime("%Y-%m-%dT%H:%M")
    digest = bench.BYTES_SHA256
    image = Media(f"media/{digest}", digest, "image/jpeg", 250_000, "An oak table with two chairs", 1200, 800)
    image = library.shelved(herald.store, shop.BRAND, image, now)
    text = "New in: the Kurrajong side table, made of oak that fell in last winter's storms. What would you put on it?"
    variants = (commands.Variant(account.id, local, account.timezone),)
    draft = commands.Draft(f"bench-{name}", shop.BRAND, f"bench-{name}", text, variants, 0, media=(image,))
    for command, by in (
        (draft, "jack"),
        (commands.Submit(f"bench-{name}", 1), "jack"),
        (commands.Approve(f"bench-{name}", 2), "priya"),
    ):
        perform(command, by=by, herald=herald, now=now)
    woken.clear()
    release_posts(herald, due)
    begun = time.perf_counter()
    if [deliver(one, replace(herald, clock=lambda: due), due).result for one in woken] != ["done"]:
        raise RuntimeError("the bench's post was not published")
    return time.perf_counter() - begun


def _schedules() -> dict[str, float]:
    """Function -> ticks a month, from the template."""
    resources = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
    found: defaultdict[str, float] = defaultdict(float)
    for name, resource in resources.items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        for event in resource["Properties"].get("Events", {}).values():
            if event["Type"] == "ScheduleV2":
                expression = event["Properties"]["ScheduleExpression"]
                if expression.startswith("rate("):
                    number, unit = expression[5:-1].split()
                    found[name] += MONTH_HOURS * 60 / (int(number) * {"minute": 1, "hour": 60}[unit.rstrip("s")])
    return dict(found)


def _access_log_bytes() -> int:
    """Bytes of one line of the API's access log; 0 where the template asks for none."""
    api = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]["Api"]["Properties"]
    line = api.get("AccessLogSettings", {}).get("Format", "")
    return len(re.sub(r"\$context\.([\w.]+)", lambda found: _LOGGED.get(found[1], found[0]), line))


def _batch_size() -> int:
    """Records of a full batch of the stream, from the template."""
    events = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]["Moderate"]["Properties"]["Events"]
    return int(events["Written"]["Properties"]["BatchSize"])


# ------------------------------------------------------------------------------------------------------------ dollars


def _prices() -> dict[str, float]:
    table = yaml_parse((ROOT / "local" / "prices.yaml").read_text())["prices"]
    return {name: float(price["usd"]) / float(price["per"]) for name, price in table.items()}


def _usd(use: Use, prices: Mapping[str, float]) -> dict[str, float]:
    return {name: number * prices[name] for name, number in use.items() if number and name != "round"}


def _sum(parts: Mapping[str, float]) -> float:
    return sum(parts.values())


def _each(use: Use, number: int) -> Use:
    return Counter({name: value / number for name, value in use.items()})


_COLUMNS = {
    "API": ("http_api_request",),
    "Lambda calls": ("lambda_request",),
    "Lambda time": ("lambda_gb_second",),
    "writes": ("write_unit",),
    "reads": ("read_unit",),
    "logs": ("log_gb",),
    "other": ("queue_request", "bucket_put", "bucket_get", "secret_call"),
}


def _print_million(parts: Mapping[str, Use], prices: Mapping[str, float]) -> list[str]:
    batch = _batch_size()
    over = []
    print(f"{'a million messages, dollars':<30}" + "".join(f"{name:>14}" for name in _COLUMNS) + f"{'in all':>9}")
    for name, use in parts.items():
        usd = _usd(use, prices)
        whole = 1e6 * _sum(usd)
        row = "".join(f"{1e6 * sum(usd.get(one, 0) for one in of):>14.3f}" for of in _COLUMNS.values())
        bar = f"  ratio to the bar of {BARS[name]:.2f}: {whole / BARS[name]:.2f}" if name in BARS else "  no bar"
        print(f"{name:<30}{row}{whole:>9.2f}{bar}")
        over += [name] if name in BARS and whole > BARS[name] else []
    print(
        f"single and in tens: webhooks of one and of ten messages, judged in full batches of {batch}, as they come in a"
    )
    print("rush; quite alone: a message that nothing comes near, as in a quiet hour. Units, calls, bytes each:")
    for name, use in parts.items():
        told = f"{use['write_unit']:.2f} written, {use['read_unit']:.2f} read, {use['log_gb'] * 1e9:.0f} B logged"
        print(f"  {name:<12} {told}, {use['lambda_gb_second'] * 2000:.1f} ms at 512 MB")
    return over


def _print_months(
    full: Use, alone: Use, post: Use, ticks: Mapping[str, Use], row_bytes: float, metrics: int,
    prices: Mapping[str, float],
) -> None:  # fmt: skip
    batch, standing = _batch_size(), _standing(ticks, metrics, prices)
    print("\na month, dollars; what stands idle is in each:")
    for name, usd in standing.items():
        print(f"  {name:<44}{usd:>9.2f}")
    print(f"  {'idle in all':<44}{_sum(standing):>9.2f}")
    one, many = _sum(_usd(alone, prices)), _sum(_usd(full, prices))
    shared = (one - many) / (1 - 1 / batch)  # what messages of one batch share
    for name, (messages, posts) in SIZES.items():
        together = min(batch, 1 + messages / (MONTH_HOURS * 3600))  # the window is a second; spread evenly: dearest
        arriving = messages * (one - shared * (1 - 1 / together))
        stored = messages * _KEPT_MONTHS * row_bytes / 1e9 * (prices["table_gb_month"] + prices["recovery_gb_month"])
        published = posts * _sum(_usd(post, prices))
        whole = _sum(standing) + arriving + stored + published
        what = f"{name}: {messages:,} messages, {posts:,} posts"
        parts = f"messages {arriving:.2f}, a year's rows {stored:.2f}, posts {published:.2f}"
        print(f"  {what:<52}{whole:>9.2f}  ({parts})")


def _standing(ticks: Mapping[str, Use], metrics: int, prices: Mapping[str, float]) -> dict[str, float]:
    """What a month costs when nobody says anything."""
    resources = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
    alarms = sum(resource["Type"] == "AWS::CloudWatch::Alarm" for resource in resources.values())
    found = {
        f"ticks of {name} ({times:,.0f})": times * _sum(_usd(ticks[name], prices))
        for name, times in _schedules().items()
    }
    found[f"metrics of our own ({metrics})"] = metrics * prices["metric_month"]
    found[f"alarms ({alarms})"] = alarms * prices["alarm_month"]
    found["secrets (one a connection)"] = 2 * prices["secret_month"]
    return found | _dashboard(prices)


def _dashboard(prices: Mapping[str, float]) -> dict[str, float]:
    """The one standing part: a small task behind a balancer in two zones, each with a public address."""
    cpu, memory = _task_size()
    task = cpu / 1024 * prices["fargate_vcpu_hour"] + memory / 1024 * prices["fargate_gb_hour"]
    balancer = prices["balancer_hour"] + prices["balancer_unit_hour"]
    return {
        f"dashboard's task ({cpu / 1024:g} core, {memory / 1024:g} GB)": MONTH_HOURS * task,
        "dashboard's balancer, one unit": MONTH_HOURS * balancer,
        "dashboard's three public addresses": MONTH_HOURS * 3 * prices["address_hour"],
    }


def _task_size() -> tuple[int, int]:
    """CPU units and MiB, the defaults of dashboard/template.yaml."""
    file = ROOT / "dashboard" / "template.yaml"
    if not file.is_file():
        return 512, 1024  # the smallest task on which its pages are quick
    parameters = yaml_parse(file.read_text())["Parameters"]
    return int(parameters["Cpu"]["Default"]), int(parameters["Memory"]["Default"])
