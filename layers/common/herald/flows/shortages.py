"""What fell or filled up holds its posts: each minute, all approved ones are looked through where a shop told of less.

That minute is the whole wait: a report writes its row onto a sparse list, and the next tick finds it there. At its own
minute each post is judged again, and in the very transaction that sends it (flows.publish, flows.deliver).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from herald.errors import Stale
from herald.flows import needs
from herald.flows.context import Herald
from herald.flows.publish import Released, put_on_hold
from herald.model import Post, Revised, Target
from herald.model.campaigns import FELL, ROSE, Stock, Uptake

PROMOTES = frozenset({"offer", "event", "product"})
MOST_POSTS = 1_000
"""Approved variants that are looked through at once, the nearest first; one further away is judged at its minute."""
_FAR = timedelta(days=3_650)


def hold_short(herald: Herald, now: datetime) -> list[Released]:
    """Hold each approved variant whose offer is taken up or whose product ran out. Safe to run twice.

    Nothing is released by itself when there is more again: a person moves the post, and it is approved anew.
    """
    told: list[Stock | Uptake] = [
        *herald.store.listed(Stock, "work", FELL),
        *herald.store.listed(Uptake, "work", ROSE),
    ]
    if not told:
        return []
    planned = herald.store.planned(now + _FAR, limit=MOST_POSTS)
    posts = herald.store.posts({target.post_id for target in planned})
    held = [one for target in planned if (one := _judged(target, posts.get(target.post_id), herald, now))]
    for row in told:
        _looked_through(row, herald)
    return held


def _judged(target: Target, post: Post | None, herald: Herald, now: datetime) -> Released | None:
    promotes = [need for need in (post.needs if post else ()) if need.partition(":")[0] in PROMOTES]
    if post is None or not promotes:
        return None
    at = max(now, target.due_at)
    stand = needs.standing(promotes, post.brand, target.account, herald, now=now, at=at)
    late = int((now - target.due_at).total_seconds())
    return put_on_hold(target, stand.obstacle, late, herald, now) if stand.obstacle else None


def _looked_through(one: Stock | Uptake, herald: Herald) -> None:
    done = replace(one, fell_at=None) if isinstance(one, Stock) else replace(one, rose_at=None)
    try:
        herald.store.commit([Revised(done, one.version)])
    except Stale:
        return  # told of again meanwhile: it stays on the list
