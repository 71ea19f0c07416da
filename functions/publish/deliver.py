"""Queue: one outgoing act, one attempt (replies and hides alike)."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from herald import runtime
from herald.flows import deliver

logger = Logger()
metrics = Metrics(namespace="Herald")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> None:
    """Wake-ups from the queue, one at a time. An error leaves the row leased: the schedule looks it up."""
    herald = runtime.current()
    metrics.add_metric(name="deliver.woken_up", unit=MetricUnit.Count, value=len(event.get("Records", [])))
    for record in event.get("Records", []):
        outcome = deliver.deliver(json.loads(record["body"])["delivery"], herald, herald.clock())
        unwell = outcome.result in ("failed", "unclear")
        (logger.error if unwell else logger.info)("delivered", extra=outcome.for_log())
        metrics.add_metric(name=f"deliver.{outcome.result}", unit=MetricUnit.Count, value=1)
