"""Schedule, on the first of the month: the month's report of each brand, kept and mailed to its owners."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from herald import runtime
from herald.errors import HeraldError
from herald.flows.context import Herald
from herald.flows.report import gather, send
from herald.measure.report import report
from herald.model import Role

logger = Logger()
metrics = Metrics(namespace="Herald")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> None:
    """The tick. The report is a pure function of the facts: made twice, it is the same."""
    herald = runtime.current()
    now = herald.clock()
    last = now.replace(day=1).date() - timedelta(days=1)
    for brand in sorted({account.brand for account in herald.store.accounts()}):
        outcome = _one(brand, last.replace(day=1).isoformat(), last.isoformat(), herald)
        failed = outcome.startswith("failed")
        (logger.error if failed else logger.info)("report", extra={"brand": brand, "outcome": outcome})
        metrics.add_metric(name="report.failed", unit=MetricUnit.Count, value=int(failed))


def _one(brand: str, first_day: str, last_day: str, herald: Herald) -> str:
    made = report(gather(herald, brand, first_day, last_day, herald.clock()))
    if herald.media is not None:
        for data in made.files.values():
            herald.media.put(data, "application/octet-stream")
    owners = [p.email for p in herald.store.people() if Role.OWNER in p.roles and brand in p.brands and p.email]
    if not owners:
        return "kept; nobody to mail it to"
    try:
        send(herald, made, owners)
    except HeraldError as error:
        return f"failed to mail: {type(error).__name__}"
    return f"mailed to {len(owners)}"
