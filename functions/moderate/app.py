"""Stream of the Messages table -> one decision a message; schedule: parked records, overdue complaints."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from herald import runtime
from herald.flows import care, moderate

logger = Logger()
metrics = Metrics(namespace="Herald")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> None:
    """A batch of the stream, or the schedule's tick. Raises only when a failure cannot even be parked."""
    herald = runtime.current()
    now = herald.clock()
    if "Records" in event:
        outcomes = moderate.moderate(_changed(event), herald, now)
        metrics.add_metric(name="moderate.records", unit=MetricUnit.Count, value=len(event["Records"]))
    else:
        outcomes = moderate.retry_parked(herald, now)
        climbed = care.climb(herald, now)
        metrics.add_metric(name="care.overdue", unit=MetricUnit.Count, value=len(climbed))
        metrics.add_metric(name="moderate.retried", unit=MetricUnit.Count, value=len(outcomes))
        metrics.add_metric(name="moderate.heartbeat", unit=MetricUnit.Count, value=1)  # its absence is an alarm
    for outcome in outcomes:
        stuck = outcome.result == "parked" and outcome.attempts >= moderate.TELL_AFTER
        (logger.error if stuck else logger.info)("moderated", extra=outcome.for_log())
        metrics.add_metric(name=f"moderate.{outcome.result}", unit=MetricUnit.Count, value=1)
        if stuck:
            metrics.add_metric(name="moderate.stuck", unit=MetricUnit.Count, value=1)


def _changed(event: dict[str, Any]) -> list[str]:
    """Ids of the message rows that changed; the rows themselves are read fresh, so a replay judges what stands now."""
    found = []
    for record in event["Records"]:
        key = record.get("dynamodb", {}).get("Keys", {})
        pk, sk = key.get("pk", {}).get("S", ""), key.get("sk", {}).get("S", "")
        if sk == "M" and pk.startswith("M#") and record.get("eventName") != "REMOVE":
            found.append(pk[2:])
    return list(dict.fromkeys(found))
