"""Release: each minute, approved variants whose time has come are woken; what must not go waits for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from herald.errors import Stale
from herald.flows import needs
from herald.flows.context import Herald
from herald.model import Note, Revised, Target, TargetState, needs_of
from herald.model.record import record
from herald.publish.variants import publication, too_late


@record
class Released:
    """What became of one variant; for the log. `late_seconds` after its time. Why it is held stands on its row: a
    person wrote it of a hold, an offer, a right."""

    post_id: str
    account: str
    result: str  # released | held | nothing
    late_seconds: int
    reason: str = ""

    def for_log(self) -> dict[str, str | int]:
        told: dict[str, str | int] = {
            "post": self.post_id, "account": self.account, "result": self.result, "late": self.late_seconds,
            "reason": self.reason,
        }  # fmt: skip
        return {name: value for name, value in told.items() if value}


def release_posts(herald: Herald, now: datetime) -> list[Released]:
    """Everything due by `now`. Safe to run twice and by two at once: the variant's row decides.

    A hold in force, or a time long past, puts a variant on hold for a person: nothing goes out by itself when a hold
    ends. The hold is read again inside the very transaction that sends (flows.deliver).
    """
    return [_release(target, herald, now) for target in herald.store.planned(now)]


def _release(target: Target, herald: Herald, now: datetime) -> Released:
    late = int((now - target.due_at).total_seconds())
    reason = _obstacle(target, herald, now)
    if reason:
        return put_on_hold(target, reason, late, herald, now)
    post = herald.store.post(target.post_id)
    if post is None:
        return put_on_hold(target, "Its post is gone.", late, herald, now)
    stand = needs.standing(needs_of(post), post.brand, target.account, herald, now=now, at=now)
    if stand.obstacle:
        return put_on_hold(target, stand.obstacle, late, herald, now)
    herald.wake(publication(post, target, now))  # the row moves in the very transaction that sends it
    return Released(target.post_id, target.account, "released", late)


def _obstacle(target: Target, herald: Herald, now: datetime) -> str:
    for hold in herald.store.holds(target.brand):
        if target.account in hold.accounts:
            return f"A hold is in force: {hold.reason}"
    if too_late(target, now):
        return f"Its time passed {int((now - target.due_at).total_seconds() // 60)} minutes ago. Move it or cancel it."
    return ""


def put_on_hold(target: Target, reason: str, late: int, herald: Herald, now: datetime) -> Released:
    """It waits for a person. `late`: seconds after its time, negative before."""
    held = replace(target, state=TargetState.HELD, reason=reason[:300])
    note = Note(target.post_id, now, "herald", "held", target.account, reason[:300])
    try:
        herald.store.commit([Revised(held, target.version), note])
    except Stale:
        return Released(target.post_id, target.account, "nothing", late, "changed meanwhile")
    return Released(target.post_id, target.account, "held", late)
