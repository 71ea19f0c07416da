"""Schedule, daily: the report of the month before, kept and mailed to its owners once it has a recommendation."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from herald import runtime
from herald.errors import Retryable
from herald.flows.mailing import monthly

logger = Logger()
metrics = Metrics(namespace="Herald")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> None:
    """The tick. Safe to repeat, and repeated by AWS where it fails: what was kept and mailed is left as it is."""
    herald = runtime.current()
    found = monthly(herald, herald.clock())
    for one in found:
        (logger.error if one.again else logger.info)("report", extra={"brand": one.brand, "outcome": one.result})
        metrics.add_metric(name="report.failed", unit=MetricUnit.Count, value=int(one.again))
    if any(one.again for one in found):
        raise Retryable("a report was not kept or not mailed; the next attempt does what is left")
