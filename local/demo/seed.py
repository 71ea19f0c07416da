"""Fills an empty local system with the demo organisation and its month; `make up` runs it once."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from boto3.dynamodb.types import TypeSerializer

from herald import runtime
from herald.flows.context import LINKS
from herald.flows.redrive import undecided
from herald.model import Credentials
from herald.store import keys
from local import ports
from local.demo import history, microblogs
from local.demo import organisation as shop
from local.facebook import config
from local.facebook.client import history as put_past
from local.microblogs.config import app_password
from local.microblogs.config import write as config_of_microblog

SECRETS_FILE = "secrets.json"
"""Made once at random and kept readable by their owner only, so that every start uses the same ones."""


def seed(stack: Any) -> str:
    """Secrets, the simulator's configuration and past, the tables of a month lived in memory; one line says so."""
    credentials = store_secrets(ports.local_dir())
    now = datetime.now(UTC)
    past = history.make(credentials, bases(), (now - timedelta(days=history.DAYS - 1)).date(), now)
    for page, (posts, ratings) in history.walls(past, now).items():
        put_past(page, posts, ratings, folder=ports.local_dir())
    for platform, network in past.networks.items():
        network.copy_to(ports.local_dir() / f"{platform}.db")
    for key, (body, mime) in past.files.kept.items():
        boto3.client("s3").put_object(Bucket=stack.environment["MEDIA_BUCKET"], Key=key, Body=body, ContentType=mime)
    names = {table: stack.environment[f"{table.upper()}_TABLE"] for table in keys.TABLES}
    written = copy_tables(past.db.everything(), names)
    return f"{shop.NAME}: {len(past.said)} messages of {history.DAYS} days, {written} rows"


def bases() -> dict[str, str]:
    """Platform -> address of its simulator."""
    meta = dict.fromkeys(("facebook_page", "instagram"), ports.url("facebook"))
    return {**meta, **{name: ports.url(name) for name in shop.MICROBLOGS.values()}}


def after_start(stack: Any) -> str | None:
    """On every start: the secrets are there again, and what was left undecided is judged."""
    store_secrets(ports.local_dir())
    now = datetime.now(UTC)
    days = [(now - timedelta(days=back)).date().isoformat() for back in range(3)]
    outcomes = list(undecided(runtime.build(runtime.Settings.from_environment(stack.environment)), days, now))
    left = sum(outcome.result == "parked" for outcome in outcomes)
    if not outcomes:
        return None
    told = f"{len(outcomes) - left} messages left undecided by the last run were judged"
    return told + (f", {left} parked" if left else "")


def store_secrets(folder: Path) -> dict[str, Credentials]:
    """Make the demo's secrets if there are none, and put them where functions and simulator read them."""
    file = folder / SECRETS_FILE
    held = json.loads(file.read_text()) if file.exists() else {}
    missing = {name: made for name, made in _made_up().items() if name not in held}
    if missing:
        held |= missing
        file.touch(mode=0o600)
        for name in ("secrets", "verify_token"):  # one app speaks for both
            held["herald/instagram"][name] = held["herald/facebook"][name]
        file.write_text(json.dumps(held))
    for name, value in held.items():
        _put_secret(name, json.dumps(value))
    facebook = held["herald/facebook"]
    config.write(
        folder,
        callback=ports.url("door") + "/webhooks/{connection}",
        connection=shop.FACEBOOK,
        app_secret=facebook["secrets"][0],
        verify_token=facebook["verify_token"],
        pages=[
            config.Page(
                account.account_id,
                account.name,
                held[f"herald/{account.connection}"]["tokens"][account.account_id],
                account.platform,
            )
            for account in (*shop.ACCOUNTS, *shop.NEW)
            if account.platform in ("facebook_page", "instagram")
        ],
        trickle={"on": True},
    )
    credentials = {n: Credentials(tuple(of["secrets"]), of["verify_token"], of["tokens"]) for n, of in held.items()}
    for platform, account in microblogs.ours(credentials).items():
        config_of_microblog(folder, platform, [account], {"on": True, "least": 60.0, "most": 180.0})
    return credentials


def _made_up() -> dict[str, dict[str, Any]]:
    """Fresh random secrets for every connection."""
    pages = [account.account_id for account in shop.ACCOUNTS if account.platform == "facebook_page"]
    tokens = {shop.MASTODON: app_password(), shop.BLUESKY: f"{shop.HANDLES[shop.BLUESKY]}:{app_password()}"}
    return {
        "herald/facebook": {
            "secrets": [secrets.token_hex(16)],
            "verify_token": secrets.token_urlsafe(18),
            "tokens": {page: "EAAL" + secrets.token_urlsafe(32) for page in pages},
        },
        "herald/instagram": {
            "secrets": [], "verify_token": "", "tokens": {shop.INSTAGRAM: "EAAL" + secrets.token_urlsafe(32)},
        },
        "herald/shopify": {"secrets": [secrets.token_hex(16)], "verify_token": "", "tokens": {}},
        "herald/web-form": {"secrets": [secrets.token_hex(32)], "verify_token": "", "tokens": {}},
        LINKS: {"secrets": [secrets.token_urlsafe(48)], "verify_token": "", "tokens": {}},
        **{
            f"herald/{platform}": {  # nothing is pushed from there; a connection has a secret all the same
                "secrets": [secrets.token_hex(16)], "verify_token": "", "tokens": {account: tokens[account]},
            }
            for account, platform in shop.MICROBLOGS.items()
        },
    }


def _put_secret(name: str, value: str) -> None:
    client = boto3.client("secretsmanager")
    try:
        client.create_secret(Name=name, SecretString=value)
    except client.exceptions.ResourceExistsException:
        client.put_secret_value(SecretId=name, SecretString=value)


def copy_tables(tables: dict[str, list[dict[str, Any]]], names: dict[str, str]) -> int:
    """Put every item of every table into DynamoDB, 25 a call, as a restore would; returns how many."""
    client = boto3.client("dynamodb")
    serialize = TypeSerializer().serialize
    requests = [
        (names[table], {"PutRequest": {"Item": {name: serialize(value) for name, value in item.items()}}})
        for table, items in tables.items()
        for item in items
    ]

    def put(start: int) -> None:
        wanted: dict[str, list[Any]] = {}
        for name, request in requests[start : start + 25]:
            wanted.setdefault(name, []).append(request)
        for pause in (0.1, 0.2, 0.4, 0.8, 1.6, 3.2):
            wanted = client.batch_write_item(RequestItems=wanted).get("UnprocessedItems") or {}
            if not wanted:
                return
            time.sleep(pause)
        raise RuntimeError("the embedded AWS would not take the demo's rows; see logs/aws.log")

    with ThreadPoolExecutor(4) as writers:
        list(writers.map(put, range(0, len(requests), 25)))
    return len(requests)


def fingerprint(tables: dict[str, list[dict[str, Any]]]) -> str:
    """Sixteen hex digits over every item: the same seed and start make the same."""
    return hashlib.sha256(json.dumps(tables, sort_keys=True, default=str).encode()).hexdigest()[:16]
