"""Stream of the Messages table -> one decision a message; schedule: what is parked or overdue, brand damage."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from herald import runtime
from herald.flows import moderate
from herald.flows.context import Herald
from herald.store.stream import images

logger = Logger()
metrics = Metrics(namespace="Herald")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> None:
    """A batch of the stream, or the schedule's tick. Raises only when a failure cannot even be parked."""
    herald = runtime.current()
    now = herald.clock()
    if "Records" in event:
        outcomes = moderate.moderate([], herald, now, told=map(herald.store.told, images(event["Records"])))
        metrics.add_metric(name="moderate.records", unit=MetricUnit.Count, value=len(event["Records"]))
    else:
        outcomes = moderate.retry_parked(herald, now)
        _climb(herald, now)
        _detect(herald, now)
        _watch(herald, now)
        _look_at_rules(herald, now)
        from herald.flows import care  # noqa: PLC0415  the stream, whose start people wait for, needs none of these

        climbed = care.climb(herald, now)
        care.warn(herald, now)
        care.press(herald, now)
        _expire(herald, now)
        _tell(herald, now)
        metrics.add_metric(name="care.overdue", unit=MetricUnit.Count, value=len(climbed))
        metrics.add_metric(name="moderate.retried", unit=MetricUnit.Count, value=len(outcomes))
        metrics.add_metric(name="moderate.heartbeat", unit=MetricUnit.Count, value=1)  # its absence is an alarm
    for outcome in outcomes:
        if outcome.allowed:
            continue  # most of them: the audit chain and the count below name them; a line each costs more than judging
        stuck = outcome.result == "parked" and outcome.attempts >= moderate.TELL_AFTER
        (logger.error if stuck or outcome.result == "unheard" else logger.info)("moderated", extra=outcome.for_log())
        if stuck:
            metrics.add_metric(name="moderate.stuck", unit=MetricUnit.Count, value=1)
    for result, number in Counter(outcome.result for outcome in outcomes).items():
        metrics.add_metric(name=f"moderate.{result}", unit=MetricUnit.Count, value=number)
    if not event.get("Records"):  # last, for nothing of the minute's work rests on it
        from herald.moderate.understand import ready  # noqa: PLC0415  a tick has the time that a message has not

        if ails := ready():
            logger.error("encoder", extra={"outcome": "closed", "error": ails})
            metrics.add_metric(name="moderate.encoder_closed", unit=MetricUnit.Count, value=1)


def _expire(herald: Herald, now: datetime) -> None:
    from herald.flows import restrictions  # noqa: PLC0415  as above: the minute alone ends them

    for over in restrictions.expire(herald, now):
        logger.info("restriction", extra={"brand": over.brand, "measure": str(over.measure), "outcome": "expired"})
        metrics.add_metric(name="restriction.expired", unit=MetricUnit.Count, value=1)


def _detect(herald: Herald, now: datetime) -> None:
    from herald.flows import incidents  # noqa: PLC0415

    for found in incidents.detect(herald, now):
        facts = {"brand": found.brand, "outcome": found.result, "incident": found.incident, "error": found.error}
        (logger.info if found.result == "open" else logger.error)("incident", extra=facts)
        if found.result != "open":
            metrics.add_metric(name=f"incident.{found.result}", unit=MetricUnit.Count, value=1)


def _watch(herald: Herald, now: datetime) -> None:
    from herald.flows import monitors  # noqa: PLC0415

    for told in monitors.watch(herald, now):
        facts = {"monitor": told.monitor, "outcome": told.result, "found": told.found, "error": told.error}
        (logger.error if told.result == "failed" else logger.warning)("monitor", extra=facts)
        metrics.add_metric(name=f"monitor.{told.result}", unit=MetricUnit.Count, value=1)


def _look_at_rules(herald: Herald, now: datetime) -> None:
    from herald.flows import rules  # noqa: PLC0415  as above: the minute alone watches them

    for told in rules.watch(herald, now):
        facts = {"brand": told.brand, "rule": told.rule, "outcome": told.result, "way": told.way, "error": told.error}
        (logger.error if told.result == "failed" else logger.warning)("rule", extra=facts)
        metrics.add_metric(name=f"rule.{told.result}", unit=MetricUnit.Count, value=1)


def _tell(herald: Herald, now: datetime) -> None:
    from herald.flows import notices  # noqa: PLC0415  as above: the minute alone tells

    for told in notices.tell(herald, now):
        facts = {"brand": told.brand, "about": told.about, "outcome": told.result, "error": told.error}
        (logger.error if told.result in ("failed", "unclear") else logger.info)("notice", extra=facts)
        metrics.add_metric(name=f"notice.{told.result}", unit=MetricUnit.Count, value=1)


def _climb(herald: Herald, now: datetime) -> None:
    from herald.flows import breaches  # noqa: PLC0415

    for one in breaches.climb(herald, now):
        facts = {"breach": one.breach_id, "outcome": one.result, "step": one.step, "error": one.error}
        (logger.error if one.result == "failed" else logger.info)("breach", extra=facts)
        metrics.add_metric(name=f"breach.{one.result}", unit=MetricUnit.Count, value=1)
