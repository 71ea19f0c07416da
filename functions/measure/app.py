"""Schedule: what platforms count, read and kept as facts."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from herald import runtime
from herald.flows.measure import measure

logger = Logger()
metrics = Metrics(namespace="Herald")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> None:
    """The tick. What an account does not tell is missing, and its failure does not stop the others."""
    herald = runtime.current()
    for one in measure(herald, herald.clock()):
        failed = one.result == "failed"
        facts = {"account": one.account, "outcome": one.result, "facts": one.facts, "error": one.error}
        (logger.warning if failed else logger.info)("measured", extra=facts)
        metrics.add_metric(name="measure.facts", unit=MetricUnit.Count, value=one.facts)
        metrics.add_metric(name="measure.failed", unit=MetricUnit.Count, value=int(failed))
    metrics.add_metric(name="measure.heartbeat", unit=MetricUnit.Count, value=1)  # its absence is an alarm
