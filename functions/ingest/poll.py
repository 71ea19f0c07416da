"""Schedule: messages we must fetch, from platforms without webhooks, and what webhooks lost; feeds that are due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from herald import runtime
from herald.flows.context import Herald
from herald.flows.poll import poll

FEEDS_BEGIN = timedelta(seconds=80)
"""After a tick's begin no feed is begun any more: each takes 20 s at the most, and the function ends after 110."""
logger = Logger()
metrics = Metrics(namespace="Herald")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> None:
    """The tick. An account that fails is asked again at the next one, from the same cursor; then come feeds."""
    herald = runtime.current()
    began = herald.clock()
    for one in poll(herald, began):
        failed = one.result == "failed"
        facts = {"account": one.account, "outcome": one.result, "stored": one.stored, "error": one.error}
        (logger.warning if one.error else logger.info)("polled", extra=facts)
        metrics.add_metric(name="poll.stored", unit=MetricUnit.Count, value=one.stored)
        metrics.add_metric(name="poll.failed", unit=MetricUnit.Count, value=int(failed))
        metrics.add_metric(name="poll.echoes_failed", unit=MetricUnit.Count, value=int(one.echoes_failed))
    _read_feeds(herald, began + FEEDS_BEGIN)
    metrics.add_metric(name="poll.heartbeat", unit=MetricUnit.Count, value=1)  # its absence is an alarm


def _read_feeds(herald: Herald, until: datetime) -> None:
    from herald.flows.feeds import read_feeds  # noqa: PLC0415 - accounts are asked before a feed's code is read

    for one in read_feeds(herald, herald.clock(), until):
        facts = {"feed": one.feed, "outcome": one.result, "stored": one.stored, "error": one.error}
        (logger.warning if one.result == "failed" else logger.info)("feed", extra=facts)
        metrics.add_metric(name=f"feed.{one.result}", unit=MetricUnit.Count, value=1)
