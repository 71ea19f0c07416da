"""Poll: messages we must fetch, and what webhooks lost. A cursor an account, moved only after everything is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from herald.errors import HeraldError
from herald.flows.context import Herald
from herald.flows.tokens import token_for
from herald.model import Account
from herald.model.record import record


@record
class Fetched:
    """What one account gave; for the log."""

    account: str
    result: str  # fetched | failed
    stored: int = 0
    repeated: int = 0
    error: str = ""


def poll(herald: Herald, now: datetime) -> list[Fetched]:
    """Ask every account that has a poller. One that fails does not stop the others; it is asked again next time."""
    return [_account(a, herald, now) for a in herald.store.accounts() if a.platform in herald.pollers]


def _account(account: Account, herald: Herald, now: datetime) -> Fetched:
    cursor = herald.store.cursor(account.id)
    try:
        polled = herald.pollers[account.platform].poll(account, token_for(account, herald), cursor)
    except HeraldError as error:
        return Fetched(account.id, "failed", error=type(error).__name__)
    stored = 0
    for event in polled.events:
        ours = event if event.account_id else replace(event, account_id=account.account_id)
        stored += herald.store.apply(ours, account.brand, now)
    if polled.cursor != cursor:
        herald.store.move_cursor(account.id, cursor, polled.cursor)
    return Fetched(account.id, "fetched", stored, len(polled.events) - stored)
