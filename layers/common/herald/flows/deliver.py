"""Deliver: one outgoing act, one attempt. Nothing twice, nothing silently not at all.

    due -> sending (lease) -> done
                           -> due again         nothing happened: tried later
                           -> unconfirmed       no answer: looked up twice, then done, due again, or a person
                           -> failed            a person gets a task

The row is the truth; the queue only wakes. Whoever finds a lease run out looks the outcome up before anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from herald.care import cases as care
from herald.deliver import retry
from herald.errors import (
    NeedsLogin,
    OutcomeUnknown,
    PlatformError,
    Refused,
    Rejected,
    Retryable,
    Stale,
    Unknown,
    Unsupported,
)
from herald.flows import casebook, needs
from herald.flows.chain import commit_audited
from herald.flows.context import Herald
from herald.flows.tokens import token_for
from herald.model import (
    Account,
    Act,
    AuditEntry,
    Case,
    CaseState,
    Change,
    Delivery,
    DeliveryState,
    Event,
    IsApproved,
    Kind,
    New,
    Note,
    NotHeld,
    Posted,
    Revised,
    Severity,
    StateChange,
    Still,
    StillOrdered,
    Target,
    TargetState,
    Work,
    case_id,
)
from herald.model.record import record
from herald.ports import Outlet, Proof
from herald.publish.variants import publication

if TYPE_CHECKING:
    from herald.model.restrictions import Restriction, ThreadLock

CHAIN = "delivery"
_RACES = 5


@record
class Delivered:
    """What this wake-up came to; for the log.

    `reason` is ours alone: what a platform said may quote whom it refused, and stands on the delivery's row.
    """

    delivery_id: str
    result: str  # done | waits | failed | unclear | unconfirmed | superseded | nothing
    act: str = ""
    reason: str = ""

    def for_log(self) -> dict[str, str]:
        told = {"delivery": self.delivery_id, "result": self.result, "act": self.act, "reason": self.reason}
        return {name: value for name, value in told.items() if value}


def release(herald: Herald, now: datetime) -> list[Delivery]:
    """The schedule: wake whatever is due, was left by a crash, or must be looked up. Returns what was woken."""
    due = herald.store.due_deliveries(now)
    for delivery in due:
        herald.wake(delivery)
    return due


def deliver(delivery_id: str, herald: Herald, now: datetime) -> Delivered:
    """One wake-up. Safe to get twice, late, or for something long done."""
    delivery = herald.store.delivery(delivery_id) or _planned(delivery_id, herald, now)
    if delivery is None or delivery.state.final or delivery.due_at > now:
        return Delivered(delivery_id, "nothing")
    account = herald.store.account(delivery.platform, delivery.account_id)
    outlet = herald.outlets.get(delivery.platform)
    if account is None or outlet is None:
        return _fail(delivery, "The account or its platform is no longer set up. Connect it again.", herald, now)
    if delivery.state is DeliveryState.DUE:
        return _attempt(delivery, account, outlet, herald, now)
    return _look_up(delivery, account, outlet, herald, now)


def _planned(delivery_id: str, herald: Herald, now: datetime) -> Delivery | None:
    """An approved variant whose time has come and that nobody has begun to send: its row has no delivery yet."""
    parts = delivery_id.split("~")
    if parts[0] != Act.PUBLISH or len(parts) < 4:
        return None
    target = herald.store.target(parts[1], "~".join(parts[2:-1]))
    post = herald.store.post(parts[1])
    if post is None or target is None or target.state is not TargetState.APPROVED or target.due_at > now:
        return None
    delivery = replace(publication(post, target, now), version=target.version)
    return delivery if delivery.id == delivery_id else None  # another content was approved meanwhile


# ---------------------------------------------------------------- one attempt


def _attempt(delivery: Delivery, account: Account, outlet: Outlet, herald: Herald, now: datetime) -> Delivered:
    sending = replace(
        delivery,
        state=DeliveryState.SENDING,
        lease_until=now + retry.LEASE,
        due_at=now + retry.LEASE,  # whoever comes then finds the lease run out
        attempt=delivery.attempt + 1,
        first_sent_at=delivery.first_sent_at or now,
        reason="",
    )
    refused = _begin(sending, delivery, account, herald, now)
    if refused:
        return refused
    sending = replace(sending, version=delivery.version + 1)
    try:
        token = token_for(account, herald)
        proof = outlet.act(_addressed(sending, outlet, herald), account, token, _files(sending, herald))
    except Retryable as later:
        return _later(sending, later, herald, now)
    except (Rejected, NeedsLogin, Unsupported) as final:
        return _fail(sending, str(final), herald, now)
    except OutcomeUnknown as silence:
        return _unconfirmed(sending, str(silence), herald, herald.clock())
    if delivery.act is Act.PUBLISH:
        seen = _seen(proof, sending, account, outlet, token)
        if seen is None:
            named = replace(sending, external_id=proof.external_id, url=proof.url)
            return _unconfirmed(named, "Accepted, but not seen on the platform yet.", herald, herald.clock(), sending)
        proof = Proof(proof.external_id, proof.url or seen.url)
    return _done(sending, proof, account, herald, herald.clock())


def _begin(sending: Delivery, delivery: Delivery, account: Account, herald: Herald, now: datetime) -> Delivered | None:
    """The one transaction into `sending`: it checks all that could forbid it. None where it stands."""
    for _ in range(_RACES):
        stand = needs.standing(delivery.needs, delivery.brand, account.id, herald, now=now, at=now)
        obstacle = _obstacle(delivery, herald) or stand.obstacle
        if obstacle:
            return _supersede(delivery, obstacle, herald, now)
        guards = [*_guards(delivery, account, herald), *map(Still, stand.read)]
        try:
            herald.store.commit([Revised(sending, delivery.version), *_releasing(sending, herald), *guards])
        except Stale as stale:
            if stale.failed and all(isinstance(change, Still) for change in stale.failed):
                continue  # stock or an offer moved meanwhile: judged anew
            return _refused(delivery, stale, herald, now)
        return None
    return Delivered(delivery.id, "nothing", str(delivery.act), "what it rests on kept changing")


def _releasing(sending: Delivery, herald: Herald) -> list[StateChange]:
    """The first attempt takes its variant from approved to releasing; both lie in one row and are one write."""
    if sending.act is not Act.PUBLISH:
        return []
    target = herald.store.target(sending.post_id, f"{sending.platform}:{sending.account_id}")
    if target is None or target.state is not TargetState.APPROVED:
        return []
    after = replace(target, state=TargetState.RELEASING, delivery_id=sending.id, reason="")
    return [Revised(after, target.version)]


def _guards(delivery: Delivery, account: Account, herald: Herald) -> list[StateChange]:
    """What must still be so at the very moment of sending.

    A hold stops what we publish. It stops neither answers, which people give one by one, nor hides.
    """
    if delivery.act is Act.PUBLISH:
        return [
            NotHeld(account.id),
            IsApproved(delivery.post_id, account.id, delivery.content_hash),
        ]
    if delivery.act in (Act.HIDE, Act.UNHIDE, Act.DELETE):
        return [StillOrdered(delivery.message_id, delivery.id)]
    if delivery.act.of_an_author or delivery.act.of_a_thread:
        return [Still(stands)] if (stands := _ordering(delivery, herald)) else []
    return []


def _ordering(delivery: Delivery, herald: Herald) -> Restriction | ThreadLock | None:
    """What stands against the author, or of the thread, this acts on."""
    from herald.model.restrictions import Restriction, ThreadLock  # noqa: PLC0415  such acts are rare

    account = f"{delivery.platform}:{delivery.account_id}"
    if delivery.act.of_a_thread:
        return herald.store.find(ThreadLock, account, delivery.target)
    return herald.store.find(Restriction, account, delivery.target)


def _refused(delivery: Delivery, stale: Stale, herald: Herald, now: datetime) -> Delivered:
    """Which guard did not hold, and what follows: a variant waits for a person, everything else is somebody else's."""
    for change in stale.failed:
        if isinstance(change, NotHeld):
            return _supersede(delivery, "A hold is in force on this account.", herald, now)
        if isinstance(change, IsApproved):
            return _supersede(delivery, "Its approval is for another content.", herald, now)
    return Delivered(delivery.id, "nothing", str(delivery.act), "someone else has it")


def _files(delivery: Delivery, herald: Herald) -> list[bytes]:
    """The images' bytes, exactly those that were approved. Raises Rejected when one is gone or another."""
    if not delivery.media:
        return []
    if herald.media is None:
        raise Rejected("There is no place for images here.")
    try:
        files = [herald.media.get(media.key) for media in delivery.media]
    except Unknown:
        raise Rejected("An image of this post is gone. Attach it again.") from None
    if any(sha256(data).hexdigest() != media.sha256 for data, media in zip(files, delivery.media, strict=True)):
        raise Rejected("An image of this post is not the one that was approved. Attach it again.")
    return files


def _addressed(delivery: Delivery, outlet: Outlet, herald: Herald) -> Delivery:
    """For a platform that fetches images itself: the same with an address of each. Raises Rejected without a place."""
    limits = outlet.capabilities.post
    if not delivery.media or limits is None or not limits.image_by_address:
        return delivery
    if herald.uploads is None:
        raise Rejected("This platform fetches images itself, and there is no place it could fetch them from.")
    place = herald.uploads
    media = tuple(replace(one, address=place.address(one.key, f"{one.sha256[:16]}.jpg", one.mime))
                  for one in delivery.media)  # fmt: skip
    return replace(delivery, media=media)


def _seen(proof: Proof, delivery: Delivery, account: Account, outlet: Outlet, token: str) -> Proof | None:
    """The verification read: success is what stands on the platform, not what an answer said."""
    try:
        found = outlet.find(replace(delivery, external_id=proof.external_id), account, token)
    except (PlatformError, Unsupported):
        return None  # looked up again later; never sent again, its id is known
    return next((one for one in found if one.external_id == proof.external_id), None)


def _obstacle(delivery: Delivery, herald: Herald) -> str:
    """Why this act must not happen any more, or nothing. Posts are guarded by the transaction alone."""
    if delivery.act.of_a_post:
        return ""
    if delivery.act.of_an_author or delivery.act.of_a_thread:
        stands = _ordering(delivery, herald)
        return "" if stands and stands.act == delivery.id else "A newer order took its place."
    message = herald.store.message(delivery.message_id)
    if message is None:
        return "The message is gone."
    if message.deleted:
        return "The author deleted the message."
    if delivery.act is not Act.REPLY and message.act != delivery.id:
        return "A newer order took its place."
    return ""


def _later(delivery: Delivery, error: Retryable, herald: Herald, now: datetime) -> Delivered:
    wait = retry.backoff(delivery.attempt, error.after)
    if wait is None:
        return _fail(delivery, f"Gave up after {delivery.attempt} attempts: {error}", herald, now)
    return _wait(delivery, str(error), wait, herald, now)


def _wait(delivery: Delivery, reason: str, wait: timedelta, herald: Herald, now: datetime) -> Delivered:
    waiting = replace(delivery, state=DeliveryState.DUE, lease_until=None, due_at=now + wait, reason=reason[:300])
    return _settle(waiting, delivery, "waits", [], herald, now)


def _unconfirmed(
    delivery: Delivery, reason: str, herald: Herald, now: datetime, before: Delivery | None = None
) -> Delivered:
    unsure = replace(
        delivery,
        state=DeliveryState.UNCONFIRMED,
        lease_until=None,
        due_at=now + retry.FIRST_LOOK,
        closed_at=now,
        looked=0,
        reason=reason[:300],
    )
    return _settle(unsure, before or delivery, "unconfirmed", [], herald, now)


# ---------------------------------------------------------------- looking up what may have happened


def _look_up(delivery: Delivery, account: Account, outlet: Outlet, herald: Herald, now: datetime) -> Delivered:
    """`find` looks twice, the second time not before a late acceptance must have shown."""
    settle = timedelta(seconds=outlet.capabilities.settle_seconds)
    closed = delivery.closed_at or delivery.lease_until or now  # our calls end before the lease does
    try:
        found = _candidates(outlet.find(delivery, account, token_for(account, herald)), delivery, herald)
    except (Retryable, OutcomeUnknown) as error:
        return _look_again(delivery, closed, f"Could not look it up: {error}", herald, now)
    except (PlatformError, Unsupported) as error:
        return _to_person(delivery, f"Could not look it up: {error}", herald, now)
    if len(found) == 1:
        return _done(delivery, found[0], account, herald, now)
    if len(found) > 1:
        return _to_person(delivery, f"{len(found)} things on the platform could be this one.", herald, now)
    if now < closed + settle:
        waiting = replace(
            delivery, state=DeliveryState.UNCONFIRMED, lease_until=None, closed_at=closed, looked=delivery.looked + 1,
            due_at=closed + settle, reason=delivery.reason or "No answer; not seen on the platform yet.",
        )  # fmt: skip
        return _settle(waiting, delivery, "unconfirmed", [], herald, now)
    if delivery.external_id:
        return _to_person(delivery, f"The platform named it {delivery.external_id} but does not show it.", herald, now)
    # looked at after settling and not there: it did not happen
    if retry.backoff(delivery.attempt, None) is None:
        return _fail(delivery, f"Gave up after {delivery.attempt} attempts without an answer.", herald, now)
    again = replace(
        delivery, state=DeliveryState.DUE, lease_until=None, closed_at=None, looked=0, due_at=now,
        reason="No answer, and not on the platform after settling: tried again.",
    )  # fmt: skip
    outcome = _settle(again, delivery, "waits", [], herald, now)
    herald.wake(again)
    return outcome


def _candidates(proofs: list[Proof], delivery: Delivery, herald: Herald) -> list[Proof]:
    """What could be ours, less what is known to be the result of another delivery."""
    if delivery.act not in (Act.REPLY, Act.PUBLISH):
        return proofs
    if delivery.external_id:
        proofs = [proof for proof in proofs if proof.external_id == delivery.external_id]
    claimed = herald.store.claimed(delivery.platform, [proof.external_id for proof in proofs])
    return [proof for proof in proofs if claimed.get(proof.external_id, delivery.id) == delivery.id]


def _look_again(delivery: Delivery, closed: datetime, reason: str, herald: Herald, now: datetime) -> Delivered:
    wait = retry.backoff(delivery.looked + 1, None)
    if wait is None:
        return _to_person(delivery, reason, herald, now)
    waiting = replace(
        delivery, state=DeliveryState.UNCONFIRMED, lease_until=None, closed_at=closed, looked=delivery.looked + 1,
        due_at=now + wait, reason=reason[:300],
    )  # fmt: skip
    return _settle(waiting, delivery, "unconfirmed", [], herald, now)


# ---------------------------------------------------------------- endings


def _done(delivery: Delivery, proof: Proof, account: Account, herald: Herald, now: datetime) -> Delivered:
    _tell_row(delivery, proof, account, herald, now)
    done = replace(
        delivery, state=DeliveryState.DONE, lease_until=None, done_at=now, external_id=proof.external_id,
        url=proof.url, reason="",
    )  # fmt: skip
    extra: list[StateChange] = []
    if delivery.act in (Act.REPLY, Act.PUBLISH):
        extra.append(Posted(delivery.platform, proof.external_id, delivery.id))
    if delivery.act in (Act.HIDE, Act.DELETE):
        extra += _exposed(delivery, herald, now)
    return _settle(done, delivery, "done", extra, herald, now)


def _exposed(delivery: Delivery, herald: Herald, now: datetime) -> list[StateChange]:
    from herald.flows import verdicts  # noqa: PLC0415  most of what is delivered hides nothing

    message = herald.store.message(delivery.message_id)
    if message is None or (delivery.act is Act.DELETE and message.hidden):
        return []  # hidden before it was deleted, it was gone since then: that is on record
    return list(verdicts.exposure(message, now))


def _tell_row(delivery: Delivery, proof: Proof, account: Account, herald: Herald, now: datetime) -> None:
    """Our own act as the event the platform will echo; the echo, if it comes, finds it told already.

    Of a publication the variant's row tells enough.
    """
    if delivery.act is Act.PUBLISH or delivery.act.of_an_author or delivery.act.of_a_thread:
        return
    if delivery.act is Act.DELETE:
        change, ours, target = Change.DELETED, False, delivery.target
    elif delivery.act is Act.TAKE_DOWN:
        change, ours, target = Change.DELETED, True, delivery.target
    elif delivery.act is Act.REPLY:
        change, ours, target = Change.OUTBOUND, True, proof.external_id
    else:
        change = Change.HIDDEN if delivery.act is Act.HIDE else Change.UNHIDDEN
        ours, target = False, delivery.target
    event = Event(
        platform=delivery.platform,
        account_id=delivery.account_id,
        external_id=target,
        author_id=delivery.account_id if ours else None,
        author_name=account.name if ours else None,
        text=delivery.text,
        kind=Kind.POST if delivery.act.of_a_post else Kind.COMMENT,
        change=change,
        parent_id=delivery.target if delivery.act is Act.REPLY else None,
        created_at=now,
        more={"own": True} if ours else {},
    )
    herald.store.apply(event, delivery.brand, now)


def _supersede(delivery: Delivery, reason: str, herald: Herald, now: datetime) -> Delivered:
    over = replace(delivery, state=DeliveryState.SUPERSEDED, lease_until=None, reason=reason)
    return _settle(over, delivery, "superseded", [], herald, now)


def _fail(delivery: Delivery, reason: str, herald: Herald, now: datetime) -> Delivered:
    failed = replace(delivery, state=DeliveryState.FAILED, lease_until=None, reason=reason[:300])
    return _settle(failed, delivery, "failed", _tasks(failed, now), herald, now)


def _to_person(delivery: Delivery, reason: str, herald: Herald, now: datetime) -> Delivered:
    """Nobody can tell by machine whether it happened: never repeated, a person looks at the wall and says."""
    told = f"It may or may not stand on the platform: look there before you act again. {reason}"[:300]
    unclear = replace(delivery, state=DeliveryState.UNCLEAR, lease_until=None, reason=told)
    return _settle(unclear, delivery, "unclear", _tasks(unclear, now), herald, now)


def _tasks(delivery: Delivery, now: datetime) -> list[StateChange]:
    """A person is told: by a task beside the message, or by the variant itself, which then stands out."""
    return [] if delivery.act.of_a_post else [New(_task(delivery, now), once=True)]


def _task(delivery: Delivery, now: datetime) -> Case:
    return Case(
        id=case_id(delivery.message_id, Work.TASK, delivery.id),
        message_id=delivery.message_id,
        account_id=delivery.account_id,
        platform=delivery.platform,
        brand=delivery.brand,
        work=Work.TASK,
        type=str(delivery.act),
        severity=Severity.MEDIUM,
        state=CaseState.OPEN,
        opened_at=now,
        due_at=now,
        note=f"{str(delivery.act).capitalize()}: {delivery.reason}",
    )


def _settle(
    after: Delivery, before: Delivery, result: str, extra: Sequence[StateChange], herald: Herald, now: datetime
) -> Delivered:
    """Write where the delivery has come to, what that means for its case, and, when it ended, the audit line."""
    lines = [_line(after, now)] if after.state.final else []
    for _ in range(_RACES):
        try:
            commit_audited(
                [Revised(after, before.version), *extra, *_consequences(after, herald, now)], lines, CHAIN, herald
            )
        except Stale as stale:
            if _only_followers_moved(stale):
                continue
            return Delivered(after.id, "nothing", str(after.act), "someone else settled it")
        return Delivered(after.id, result, str(after.act))
    raise Stale(f"the case of delivery {after.id} kept changing")


def _only_followers_moved(stale: Stale) -> bool:
    """Whether only what follows from the delivery changed meanwhile, not the delivery itself."""
    return bool(stale.failed) and all(
        isinstance(change, Revised) and isinstance(change.thing, Case | Target) for change in stale.failed
    )


def _consequences(delivery: Delivery, herald: Herald, now: datetime) -> list[StateChange]:
    if delivery.act.of_a_post:
        return _target_change(delivery, herald, now)
    return _case_change(delivery, herald, now)


_ENDS = {
    DeliveryState.DONE: TargetState.PUBLISHED,
    DeliveryState.FAILED: TargetState.FAILED,
    DeliveryState.UNCLEAR: TargetState.UNCLEAR,
    DeliveryState.SUPERSEDED: TargetState.HELD,
}


def _target_change(delivery: Delivery, herald: Herald, now: datetime) -> list[StateChange]:
    """What the end of a publication or take-down means for its variant, with a line in the post's history."""
    if not delivery.state.final:
        return []
    account = f"{delivery.platform}:{delivery.account_id}"
    target = herald.store.target(delivery.post_id, account)
    if target is None:
        return []
    what = f"{delivery.act} {delivery.state}".replace("_", " ")
    note = Note(delivery.post_id, now, "herald", what, account, delivery.url or delivery.reason)
    if delivery.act is Act.TAKE_DOWN:
        gone = delivery.state is DeliveryState.DONE
        after = replace(target, state=TargetState.REMOVED) if gone else replace(target, reason=delivery.reason)
    elif target.delivery_id not in ("", delivery.id):
        return [note]  # cancelled or moved meanwhile
    else:
        done = delivery.state is DeliveryState.DONE
        after = replace(
            target, state=_ENDS[delivery.state], reason=delivery.reason, external_id=delivery.external_id,
            url=delivery.url, published_at=now if done else None, delivery_id=delivery.id,
        )  # fmt: skip
        if done:
            return [Revised(after, target.version)]  # its own row says when and where
    return [Revised(after, target.version), note]


def _case_change(delivery: Delivery, herald: Herald, now: datetime) -> list[StateChange]:
    if delivery.act is not Act.REPLY or not delivery.state.final or not delivery.case_id:
        return []
    case = herald.store.case(delivery.case_id)
    if case is None or case.reply_id != delivery.id:
        return []
    message = herald.store.message(case.message_id)
    told: list[StateChange] = []
    try:
        if delivery.state is DeliveryState.DONE:
            after = care.answered(case, now)
            if case.answered_at is None:
                told = casebook.first_answer(case, message, now, herald)
        else:
            after = care.reopened(case, delivery.reason)
    except Refused:
        return []  # resolved meanwhile, by hand
    if message and message.deleted and after.state is not CaseState.RESOLVED:
        after = care.withdrawn(after, now)  # by its author while the reply was on its way: nobody waits any more
    return [Revised(after, case.version), *told]


def _line(delivery: Delivery, now: datetime) -> AuditEntry:
    facts: dict[str, str | int | bool | None] = {
        "delivery": delivery.id,
        "attempts": delivery.attempt,
        "external_id": delivery.external_id or None,
    }
    what = f"deliver.{delivery.act}.{delivery.state}"
    subject = delivery.message_id or delivery.post_id
    return AuditEntry(CHAIN, 0, now, delivery.ordered_by, what, subject, facts)
