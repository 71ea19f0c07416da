"""GET and POST /webhooks/{connection}: messages that are pushed to us."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import parse_qsl

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from herald import runtime
from herald.flows.receive import Receipt, handshake, receive

logger = Logger()
metrics = Metrics(namespace="Herald")


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """HTTP API event (payload format 2.0) in, status and body out. What the tables refuse is raised: it comes again."""
    connection = str((event.get("pathParameters") or {}).get("connection", ""))[:100]
    herald = runtime.current()
    if event["requestContext"]["http"]["method"] == "GET":
        receipt = handshake(connection, _query(event), herald)
    else:
        # names as they came: one sent in two cases is refused where signatures are read
        receipt = receive(connection, _raw(event), event.get("headers") or {}, herald, now=herald.clock())
    _tell(connection, receipt)
    return {
        "statusCode": receipt.status,
        "headers": {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"},
        "body": receipt.body,
    }


def _query(event: dict[str, Any]) -> dict[str, str]:
    """The fields of the query; none where there are more than any handshake has, so that it is refused as one."""
    try:
        return dict(parse_qsl(event.get("rawQueryString", ""), keep_blank_values=True, max_num_fields=50))
    except ValueError:
        return {}


def _raw(event: dict[str, Any]) -> bytes:
    """The bytes as they were signed: the gateway may have wrapped them in base64."""
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return b""  # not what the gateway makes; no signature fits it


def _tell(connection: str, receipt: Receipt) -> None:
    """A line, and metrics, for whatever is not ordinary. That messages came, the API's own log and count tell, and
    Moderate tells which; a second and a third line for each webhook would cost more than its function."""
    facts = {"connection": connection, "outcome": receipt.outcome, "status": receipt.status}
    if receipt.reason:  # the caller is not told it
        facts["reason"] = receipt.reason[:200]
    counted = {"stored": receipt.stored, "repeated": receipt.repeated, "unclaimed": receipt.unclaimed}
    if receipt.unreadable:
        counted["unreadable_changes"] = receipt.unreadable  # beside the outcome `unreadable`, which counts bodies
    # what nobody reads unless told: what is unreadable waits for replay, unclaimed messages for an account
    quiet = receipt.outcome != "unreadable" and not (receipt.unclaimed or receipt.unreadable)
    if quiet and receipt.outcome == "received":
        logger.debug("webhook", extra=facts | counted)
        return
    metrics.add_metric(name=f"webhook.{receipt.outcome}", unit=MetricUnit.Count, value=1)
    for name, number in counted.items():
        if number:
            metrics.add_metric(name=f"webhook.{name}", unit=MetricUnit.Count, value=number)
    (logger.info if quiet else logger.warning)("webhook", extra=facts | counted)
    metrics.flush_metrics()
