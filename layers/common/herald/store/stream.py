"""What a record of the Messages stream tells of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def changed_messages(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Ids of the message rows that changed, each once."""
    found = []
    for record in records:
        key = record.get("dynamodb", {}).get("Keys", {})
        pk, sk = key.get("pk", {}).get("S", ""), key.get("sk", {}).get("S", "")
        if sk == "M" and pk.startswith("M#") and record.get("eventName") != "REMOVE":
            found.append(pk[2:])
    return list(dict.fromkeys(found))


def images(records: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The message rows as the stream tells them, in DynamoDB's own JSON, oldest change first."""
    found = []
    for record in records:
        image = record.get("dynamodb", {}).get("NewImage", {})
        pk, sk = image.get("pk", {}).get("S", ""), image.get("sk", {}).get("S", "")
        if sk == "M" and pk.startswith("M#") and record.get("eventName") != "REMOVE":
            found.append(image)
    return found
