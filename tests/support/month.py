"""The demo's month, lived once in a process however many tests look at it: living it takes ten seconds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

from herald.model import Credentials
from herald.store.tables import TableStore
from local.demo import history
from local.demo import organisation as shop

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
START = date(2026, 10, 24)
PAGES = {account.account_id: "token" for account in shop.ACCOUNTS}
CREDENTIALS = {
    "herald/facebook": Credentials(("s",), "v", PAGES),
    "herald/web-form": Credentials(("w",)),
    "herald/shopify": Credentials(("p",)),
    "herald/mastodon": Credentials((), "", {shop.MASTODON: "token-of-ours"}),
    "herald/bluesky": Credentials((), "", {shop.BLUESKY: f"{shop.HANDLES[shop.BLUESKY]}:abcd-efgh-ijkm-npqr"}),
}
BASES = dict.fromkeys(("facebook_page", "mastodon", "bluesky"), "http://127.0.0.1:1")


def live(seed: int = history.SEED, start: date = START) -> history.Past:
    return history.make(CREDENTIALS, BASES, start, NOW, seed)


def a_past() -> history.Past:
    """A month with tables and clock of its own, to change as one likes; its walls, networks and files are everybody's,
    and its wake-ups go nowhere."""
    lived = _lived()
    db = lived.db.copy()
    herald = replace(
        lived.herald, store=TableStore(db, settings_ttl=3600), clock=history.Clock(NOW), wake=lambda delivery: None
    )
    return replace(lived, db=db, herald=herald)


@cache
def _lived() -> history.Past:
    return live()
