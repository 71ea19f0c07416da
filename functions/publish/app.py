"""Schedule, each minute: release approved posts, wake what is due, left by a crash or to look up, hold what ran out."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from herald import runtime
from herald.flows import deliver, publish

logger = Logger()
metrics = Metrics(namespace="Herald")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> None:
    """The tick. Waking twice is harmless: the row decides."""
    herald = runtime.current()
    now = herald.clock()
    _tell(publish.release_posts(herald, now))
    woken = deliver.release(herald, now)
    metrics.add_metric(name="deliver.woken", unit=MetricUnit.Count, value=len(woken))
    if woken:
        logger.info("woken", extra={"deliveries": [delivery.id for delivery in woken]})
    from herald.flows import shortages  # noqa: PLC0415  a start is paid for what every tick needs

    _tell(shortages.hold_short(herald, now))
    metrics.add_metric(name="publish.heartbeat", unit=MetricUnit.Count, value=1)  # its absence is an alarm


def _tell(released: list[publish.Released]) -> None:
    for one in released:
        (logger.warning if one.result == "held" else logger.info)("released", extra=one.for_log())
        metrics.add_metric(name=f"publish.{one.result}", unit=MetricUnit.Count, value=1)
        # how late a post is when its release begins: the alarm of whoever is woken at night
        metrics.add_metric(name="publish.late", unit=MetricUnit.Seconds, value=max(0, one.late_seconds))
