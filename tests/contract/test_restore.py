"""Bringing rows back from a restored table: nothing living is overwritten, and what differs is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from herald import runtime
from herald.cli import main
from herald.store import keys
from herald.store.restore import Restored, restore
from local.tables import create_tables


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    told = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    for name, value in (told | {f"{table.upper()}_TABLE": table for table in keys.TABLES}).items():
        monkeypatch.setenv(name, value)
    for remembered in (runtime.current, runtime._client):
        remembered.cache_clear()
    with mock_aws():
        client = boto3.client("dynamodb")
        create_tables(client)
        create_tables(client, "then-")
        yield client
    for remembered in (runtime.current, runtime._client):
        remembered.cache_clear()


def put(client: Any, table: str, key: str, says: str) -> None:
    client.put_item(TableName=table, Item={"pk": {"S": key}, "sk": {"S": "P"}, "says": {"S": says}})


def says(client: Any, table: str) -> dict[str, str]:
    return {item["pk"]["S"]: item["says"]["S"] for item in client.scan(TableName=table)["Items"]}


def test_only_what_is_gone_comes_back(client: Any) -> None:
    for key in ("gone", "same", "changed"):
        put(client, "then-Posts", key, "old")
    put(client, "Posts", "same", "old")
    put(client, "Posts", "changed", "new")
    put(client, "Posts", "later", "new")
    assert restore(client, "then-Posts", "Posts") == Restored(1, 1, (("changed", "P"),))
    assert says(client, "Posts") == {"gone": "old", "same": "old", "changed": "new", "later": "new"}
    assert restore(client, "then-Posts", "Posts") == Restored(0, 2, (("changed", "P"),))


def test_a_table_of_many_pages_comes_back_whole(client: Any) -> None:
    for n in range(40):
        put(client, "then-Posts", f"row {n}", "x" * 50_000)  # a page of Scan ends at 1 MB
    assert restore(client, "then-Posts", "Posts").brought == 40


def test_the_command_names_what_differs_and_fails_then(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    put(client, "then-Posts", "gone", "old")
    assert main(["restore", "Posts", "--from", "then-Posts"]) == 0
    told = {"table": "Posts", "brought": 1, "the_same": 0, "differ": 0}
    assert json.loads(capsys.readouterr().out) == told
    put(client, "Posts", "gone", "changed since")
    assert main(["restore", "Posts", "--from", "then-Posts"]) == 1
    first, _ = capsys.readouterr().out.splitlines()
    assert json.loads(first) == {"differs": ["gone", "P"]}
    assert main(["restore", "Pots", "--from", "then-Posts"]) == 2
    assert "Posts" in capsys.readouterr().err
