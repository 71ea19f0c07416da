"""Stream of the Audit table -> the same entries in a bucket in which nothing can be changed."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from herald import runtime
from herald.store import copies

logger = Logger()
metrics = Metrics(namespace="Herald")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> None:
    """A batch of the stream. What was added is copied; that something was changed or deleted wakes somebody."""
    records = event.get("Records", [])
    added = [copies.from_image(one["dynamodb"]["NewImage"]) for one in records if one.get("eventName") == "INSERT"]
    if added:
        runtime.audit_copies().keep_rows(added)
    for one in records:
        if one.get("eventName") != "INSERT":
            place = one.get("dynamodb", {}).get("Keys", {})
            entry = {"chain": place.get("pk", {}).get("S", ""), "entry": place.get("sk", {}).get("S", "")}
            logger.error("audit tampered", extra=entry | {"event": one.get("eventName", "")})
    metrics.add_metric(name="audit.copied", unit=MetricUnit.Count, value=len(added))
    metrics.add_metric(name="audit.tampered", unit=MetricUnit.Count, value=len(records) - len(added))
