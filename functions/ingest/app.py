"""GET and POST /webhooks/{connection}: messages that are pushed to us."""

from __future__ import annotations

from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """HTTP API event (payload format 2.0) in, status and body out."""
    return {"statusCode": 503, "body": "ingest is not built yet"}
