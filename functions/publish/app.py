"""Schedule, each minute: wake what is due, what a crash left behind, and what must be looked up."""

from __future__ import annotations

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
    """The tick. Waking twice is harmless: the row decides."""
    herald = runtime.current()
    woken = deliver.release(herald, herald.clock())
    metrics.add_metric(name="deliver.woken", unit=MetricUnit.Count, value=len(woken))
    if woken:
        logger.info("woken", extra={"deliveries": [delivery.id for delivery in woken]})
