"""Measure: what platforms count, read by schedule and kept as facts. Missing stays missing."""

from __future__ import annotations

from datetime import datetime, timedelta

from herald.errors import HeraldError
from herald.flows.context import Herald
from herald.flows.tokens import token_for
from herald.model import Account, Snapshot, TargetState
from herald.model.record import record

FOLLOWED = timedelta(days=28)
"""How long after publication a post's figures are still read; they hardly move later."""
_BATCH = 25


@record
class Measured:
    """What one account told; for the log."""

    account: str
    result: str  # measured | failed
    facts: int = 0
    error: str = ""


def measure(herald: Herald, now: datetime) -> list[Measured]:
    """Read every account that has a meter. One that fails does not stop the others."""
    return [_account(a, herald, now) for a in herald.store.accounts() if a.platform in herald.meters]


def _account(account: Account, herald: Herald, now: datetime) -> Measured:
    try:
        facts = _facts(account, herald, now)
    except HeraldError as error:
        return Measured(account.id, "failed", error=type(error).__name__)
    herald.store.keep(facts)
    return Measured(account.id, "measured", len(facts))


def _facts(account: Account, herald: Herald, now: datetime) -> list[Snapshot]:
    meter, token = herald.meters[account.platform], token_for(account, herald)
    facts = list(meter.profile(account, token, now))
    out = _worth_reading(account, herald, now)
    for start in range(0, len(out), _BATCH):
        facts += meter.insights(account, token, out[start : start + _BATCH], now)
    return facts


def _worth_reading(account: Account, herald: Herald, now: datetime) -> list[str]:
    """Posts whose figures are still moving, the young ones every time, the older the less often."""
    published = {
        target.external_id: target.published_at or target.due_at
        for target in herald.store.calendar(account.brand, now - FOLLOWED, now)
        if target.account == account.id and target.state is TargetState.PUBLISHED and target.external_id
    }
    known = herald.store.post_snapshots(account.id, published)
    return [
        post
        for post, at in published.items()
        if not known.get(post) or now - max(s.at for s in known[post]) >= _pause(now - at)
    ]


def _pause(age: timedelta) -> timedelta:
    """Between two readings of a post of this age: most of its reach comes in the first three days."""
    if age < timedelta(days=3):
        return timedelta(0)
    return timedelta(hours=20) if age < timedelta(days=8) else timedelta(days=6)
