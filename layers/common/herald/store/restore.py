"""Bringing back rows from a table restored beside the living one: what is gone comes back, nothing is overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it. `differ` names rows that stand in both and say different things: a person decides on those."""

    brought: int
    the_same: int
    differ: tuple[tuple[str, str], ...]  # pk, sk


def restore(client: Any, source: str, target: str) -> Restored:
    """Read the whole of `source` and put each row into `target` that is not there. May be stopped and run again.

    The one place that scans a table: an operator's, once, over a table that nobody else uses.

    Args:
        client: a boto3 client of DynamoDB. source, target: real names of tables.
    """
    brought = the_same = 0
    differ = []
    for item in _rows(client, source):
        found = _put(client, target, item)
        if found is None:
            brought += 1
        elif found == item:
            the_same += 1
        else:
            differ.append((item["pk"]["S"], item["sk"]["S"]))
    return Restored(brought, the_same, tuple(differ))


def _rows(client: Any, table: str) -> Iterator[dict[str, Any]]:
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def _put(client: Any, table: str, item: dict[str, Any]) -> dict[str, Any] | None:
    """None: it was not there and is now. Else what stands there."""
    try:
        client.put_item(
            TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )  # fmt: skip
    except client.exceptions.ConditionalCheckFailedException as refused:
        there: dict[str, Any] = refused.response.get("Item", {})
        return there
    return None
