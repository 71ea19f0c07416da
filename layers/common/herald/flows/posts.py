"""The gate's plans for posts: draft, review, approval, time, hold. The post's row is the lock of all its variants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from herald.errors import Refused
from herald.flows import checks, needs
from herald.flows import commands as c
from herald.flows.context import Herald
from herald.flows.planning import (
    REASON_LIMIT,
    Done,
    Plan,
    Planner,
    authorise,
    hashed,
    proper_id,
    same_version,
    theirs,
    words,
)
from herald.flows.shown import Shown, lines, rests, shown
from herald.library.assets import credited
from herald.model import (
    Act,
    Approval,
    Delivery,
    DeliveryState,
    Gated,
    Hold,
    Media,
    New,
    Note,
    Person,
    Post,
    Revised,
    StateChange,
    Target,
    TargetState,
    needs_of,
    post_hash,
    words_of,
)
from herald.publish import variants
from herald.publish.checks import Problem, check

MOST_VARIANTS = 20  # a command writes post, variants, notes and approvals in one transaction of at most 100
MOST_HELD = 90
MOST_NEEDS = 10
_Out = tuple[list[StateChange], list[Note]]


# ---------------------------------------------------------------- writing


def _draft(command: c.Draft, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    post_id = proper_id(command.id, "post")
    before = herald.store.post(post_id)
    targets = herald.store.targets_of(post_id) if before else []
    ours = {account.id for account in herald.store.accounts() if account.brand == command.brand}
    return written(command, before, targets, ours, shown(command, herald, before), person, now)


def written(
    command: c.Draft, before: Post | None, targets: Iterable[Target], ours: Set[str], from_library: Shown,
    person: Person, now: datetime,
) -> Plan:  # fmt: skip
    """What a draft writes over the post and variants that are there; `ours`: the brand's accounts. Raises Refused."""
    post_id = proper_id(command.id, "post")
    if before and before.brand != command.brand:
        raise Refused("account", "This post belongs to another brand.")
    same_version(before.version if before else 0, command.expected)
    _variants_make_sense(command, ours)
    post = Post(
        id=post_id, brand=command.brand, author=before.author if before else person.id,
        title=words(command.title, "Give the post a title: the calendar shows it.", 120),
        text=credited(_text(command.text), from_library.lines), created_at=before.created_at if before else now,
        link=command.link.strip()[:2001],
        needs=_needs((*command.needs, *from_library.needs)),
        media=_described(from_library.media), paid=command.paid,
    )  # fmt: skip
    changes: list[StateChange] = [Revised(post, before.version) if before else New(post), *rests(post, now)]
    there = {target.account: target for target in targets}
    if any(target.state is TargetState.RELEASING for target in there.values()):
        raise Refused("state", "A variant of this post is on its way right now. Wait a moment, then change the others.")
    for variant in command.variants:
        own = credited(variant.text, from_library.lines) if variant.text.strip() else ""
        changes += _drafted(post, before, replace(variant, text=own), there.get(variant.account))
    for account in there.keys() - {variant.account for variant in command.variants}:
        old = there[account]
        if old.state.editable and old.state is not TargetState.CANCELLED:
            changes.append(Revised(variants.cancelled(old, "Left out of the post."), old.version))
    changes.append(Note(post_id, now, person.id, "rewritten" if before else "drafted", text=post.title))
    return Plan(tuple(changes), Done("Saved as a draft.", post_id), {"text": hashed(post.text)})


def _drafted(post: Post, before: Post | None, variant: c.Variant, old: Target | None) -> list[StateChange]:
    text = _text(variant.text)
    if old is None:
        return [New(variants.fresh(post, variant.account, text, variant.local_time, variant.zone))]
    same = (old.text, old.local_time, old.zone) == (text, variant.local_time, variant.zone)
    if same and before and post_hash(post, old) == post_hash(before, old) and old.state is not TargetState.CANCELLED:
        return []  # the title changed, not what goes out: what was approved stays approved
    if same and not old.state.editable:
        return []  # it is out as it was approved; the master may change for the others
    return [Revised(variants.rewritten(old, text, variant.local_time, variant.zone), old.version)]


def _variants_make_sense(command: c.Draft, ours: Set[str]) -> None:
    wanted = [variant.account for variant in command.variants]
    if not wanted or len(wanted) > MOST_VARIANTS or len(set(wanted)) != len(wanted):
        raise Refused("input", f"Choose 1 to {MOST_VARIANTS} different accounts.")
    strange = [account for account in wanted if account not in ours]
    if strange:
        raise Refused("account", f"{strange[0][:80]} is not an account of this brand.")


def _text(text: str) -> str:
    return words(text, "", 70_000) if text.strip() else ""


def _needs(named: Sequence[str]) -> tuple[str, ...]:
    if len(named) > MOST_NEEDS or any(len(one) > 200 or ":" not in one for one in named):
        raise Refused("input", f"A post can rest on {MOST_NEEDS} offers, products and the like; reload the page.")
    return tuple(sorted(set(named)))


def _described(media: Sequence[Media]) -> tuple[Media, ...]:
    if len(media) > 10:
        raise Refused("input", "More than ten images are too many for any platform.")
    return tuple(replace(one, alt=_text(one.alt)) for one in media)


# ---------------------------------------------------------------- what happens to a written post


def _on_post(
    command: c.Submit | c.Approve | c.Reject | c.MovePost | c.Cancel | c.TakeDown | c.Confirm,
    person: Person, herald: Herald, now: datetime,
) -> Plan:  # fmt: skip
    post = theirs(herald.store.post(command.post_id), person, "There is no such post.")
    authorise(command, person, post.brand, herald, now)
    same_version(post.version, command.expected)
    targets = herald.store.targets_of(post.id)
    if isinstance(command, c.Submit):
        return _submit(post, targets, person, herald, now)
    if isinstance(command, c.Approve):
        return _approve(post, targets, person, herald, now)
    if isinstance(command, c.Reject):
        reason = words(command.reason, "Say what must change.", REASON_LIMIT)
        after = variants.rejected(targets, reason)
        return _plan(post, targets, after, "rejected", "Sent back to draft.", person, now, reason)
    if isinstance(command, c.MovePost):
        return _move(command, post, targets, person, now)
    if isinstance(command, c.Cancel):
        return _cancel(command, post, targets, person, herald, now)
    if isinstance(command, c.TakeDown):
        return _take_down(command, post, targets, person, herald, now)
    return _confirm(command, post, targets, person, now)


def _submit(post: Post, targets: list[Target], person: Person, herald: Herald, now: datetime) -> Plan:
    after = variants.submitted(targets, person)
    _fit(post, after, herald, now)
    return _plan(post, targets, after, "submitted", "Sent for approval.", person, now)


def _approve(post: Post, targets: list[Target], person: Person, herald: Herald, now: datetime) -> Plan:
    after = variants.approved(post, targets, person, now)
    _not_by_who_submitted(post, person, herald)
    _fit(post, after, herald, now)
    planned = _plan(post, targets, after, "approved", "Approved.", person, now)
    # the words as they were approved, so that a later edit can be shown against them
    notes = [Note(post.id, now, person.id, "approved", t.account, words_of(post, t)) for t in after]
    kept = [change for change in planned.changes if not isinstance(change, Note)]
    given = [New(Approval(post.id, t.account, post_hash(post, t), person.id, now), once=True) for t in after]
    facts: dict[str, str | int | bool | None] = {t.account[:100]: post_hash(post, t) for t in after}
    return replace(planned, changes=(*kept, *notes, *given), facts=facts)


def _not_by_who_submitted(post: Post, person: Person, herald: Herald) -> None:
    """Raises Refused (second_person) for whoever last submitted it.

    A variant names whoever moved it as its submitter, and an author stays the author although another rewrote it all:
    so whoever rewrote and submitted would be free to approve once a third had moved it. Its history remembers.
    """
    by = next((note.by for note in reversed(herald.store.notes(post.id)) if note.what == "submitted"), "")
    if by == person.id:
        raise Refused("second_person", "You submitted this. Someone else must approve it.")


def _fit(post: Post, targets: Iterable[Target], herald: Herald, now: datetime) -> None:
    """Raises Refused (input) naming account, field and rule of the first things that stand against it."""
    chosen = list(targets)
    problems = [problem for target in chosen for problem in problems_of(post, target, herald)]
    problems += [problem for target in chosen for problem in unmet(post, target, herald, now)]
    problems += checks.stopping(post, chosen, herald)
    if problems:
        told = "; ".join(f"{p.account}, {p.field}: {p.words}" for p in problems[:4])
        raise Refused("input", told if len(problems) <= 4 else f"{told} And {len(problems) - 4} more.")


def problems_of(post: Post, target: Target, herald: Herald) -> list[Problem]:
    """What the platform of this variant would refuse."""
    outlet = herald.outlets.get(target.platform)
    able = outlet is not None and Act.PUBLISH in outlet.capabilities.acts
    return check(post, target, outlet.capabilities.post if outlet and able else None)


def unmet(post: Post, target: Target, herald: Herald, now: datetime) -> list[Problem]:
    """What the post rests on and what would not be so at this variant's time, as far as is known now."""
    stand = needs.standing(needs_of(post), post.brand, target.account, herald, now=now, at=max(now, target.due_at))
    if stand.obstacle:
        return [Problem(target.account, "needs", "needs", stand.obstacle)]
    lacking = [line for line in lines(stand.read) if line not in words_of(post, target)]
    return [Problem(target.account, "text", "credit", f"Add the credit: {line}") for line in lacking]


def _move(command: c.MovePost, post: Post, targets: list[Target], person: Person, now: datetime) -> Plan:
    chosen = _chosen(targets, command.account)
    after = [variants.moved(t, command.local_time, command.zone or t.zone, person) for t in chosen]
    back = any(new.state is TargetState.IN_REVIEW for new in after)
    sentence = "Moved. It waits for approval again." if back else "Moved."
    return _plan(post, targets, after, "moved", sentence, person, now, command.local_time)


def _cancel(
    command: c.Cancel, post: Post, targets: list[Target], person: Person, herald: Herald, now: datetime
) -> Plan:
    reason = words(command.reason, "Say why it is cancelled.", REASON_LIMIT)
    extra: list[StateChange] = []
    after = []
    for target in _chosen(targets, command.account, also=TargetState.RELEASING):
        if target.state is TargetState.RELEASING:
            delivery = herald.store.delivery(target.delivery_id)
            if delivery is None or delivery.state is not DeliveryState.DUE:
                raise Refused("state", f"The variant for {target.account} is on its way. Take it down when it is out.")
            stopped = replace(delivery, state=DeliveryState.SUPERSEDED, lease_until=None, reason="Cancelled.")
            extra.append(Revised(stopped, delivery.version))
            after.append(replace(target, state=TargetState.CANCELLED, reason=reason))
        else:
            after.append(variants.cancelled(target, reason))
    planned = _plan(post, targets, after, "cancelled", "Cancelled.", person, now, reason)
    return replace(planned, changes=(*planned.changes, *extra))


def _take_down(
    command: c.TakeDown, post: Post, targets: list[Target], person: Person, herald: Herald, now: datetime
) -> Plan:
    reason = words(command.reason, "Say why it is taken down.", REASON_LIMIT)
    (target,) = _chosen(targets, command.account)
    outlet = herald.outlets.get(target.platform)
    if target.state is not TargetState.PUBLISHED or not target.external_id:
        raise Refused("state", "Only what is published can be taken down.")
    if outlet is None or Act.TAKE_DOWN not in outlet.capabilities.acts:
        raise Refused("state", f"Herald cannot delete on {target.platform}. Delete it there.")
    delivery = removal(post, target, person, now)
    planned = _plan(post, targets, [], "take down", "It is being taken down.", person, now, reason)
    return replace(planned, changes=(*planned.changes, New(delivery)), wake=delivery)


def removal(post: Post, target: Target, person: Person, now: datetime) -> Delivery:
    """The delivery that deletes a published variant on its platform."""
    return Delivery(
        id=f"take_down~{post.id}~{target.account}~{post.version}", act=Act.TAKE_DOWN, platform=target.platform,
        account_id=target.account_id, brand=post.brand, message_id="", target=target.external_id, text="",
        state=DeliveryState.DUE, ordered_by=person.id, ordered_at=now, due_at=now, post_id=post.id,
    )  # fmt: skip


def _confirm(command: c.Confirm, post: Post, targets: list[Target], person: Person, now: datetime) -> Plan:
    (target,) = _chosen(targets, command.account)
    if target.state is not TargetState.UNCLEAR:
        raise Refused("state", "There is nothing unclear about this variant.")
    if command.stands:
        url = words(command.url, "Give the address where it stands.", 2000)
        known = replace(target, state=TargetState.PUBLISHED, url=url, published_at=target.due_at, reason="")
        return _plan(post, targets, [known], "seen", "Noted: it is published.", person, now, url)
    gone = replace(target, state=TargetState.FAILED, reason="A person looked: it is not on the platform.")
    return _plan(post, targets, [gone], "not there", "Noted: it was not published. Move it to try again.", person, now)


def _chosen(targets: list[Target], account: str, also: TargetState | None = None) -> list[Target]:
    """The one named, or all that a person may still change, and those in `also`. Raises Refused (input, state)."""
    if account:
        found = [target for target in targets if target.account == account]
        if not found:
            raise Refused("input", "This post has no such account.")
        return found
    open_ = [t for t in targets if t.state is also or (t.state.editable and t.state is not TargetState.CANCELLED)]
    if not open_:
        raise Refused("state", "Nothing of this post is still to come.")
    return open_


def _plan(
    post: Post, before: list[Target], after: list[Target], what: str, sentence: str, person: Person, now: datetime,
    text: str = "",
) -> Plan:  # fmt: skip
    versions = {target.account: target.version for target in before}
    changes: list[StateChange] = [Revised(post, post.version)]
    changes += [Revised(target, versions[target.account]) for target in after]
    one = after[0].account if len(after) == 1 else ""
    changes.append(Note(post.id, now, person.id, what, one, text))
    return Plan(tuple(changes), Done(sentence, post.id), {"reason": hashed(text)} if text else {})


# ---------------------------------------------------------------- holds


def _hold(command: c.Hold, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    hold_id = proper_id(command.id, "hold")
    reason = words(command.reason, "Say why everything stops: those who wait will ask.", REASON_LIMIT)
    ours = sorted(account.id for account in herald.store.accounts() if account.brand == command.brand)
    accounts = sorted(set(command.accounts)) or ours
    if not set(accounts) <= set(ours) or not accounts:
        raise Refused("account", "A hold can only name accounts of this brand.")
    if len(accounts) > MOST_HELD:
        raise Refused("input", f"One hold can name {MOST_HELD} accounts; declare two.")
    if herald.store.hold(command.brand, hold_id):
        return Plan((), Done("This hold is in force already.", hold_id))
    hold = Hold(hold_id, command.brand, tuple(accounts), reason, person.id, now)
    gates: list[StateChange] = [Gated(account, hold_id, on=True) for account in accounts]
    return Plan((New(hold), *gates), Done("Held: nothing leaves these accounts.", hold_id), {"n": len(accounts)})


def _release(command: c.Release, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    hold = herald.store.hold(command.brand, command.hold_id)
    if hold is None:
        raise Refused("input", "There is no such hold.")
    if hold.released_at:
        return Plan((), Done("This hold was released already.", hold.id))
    gates: list[StateChange] = [Gated(account, hold.id, on=False) for account in hold.accounts]
    over = replace(hold, released_by=person.id, released_at=now)
    sentence = "Released. What is past its time waits for a person."
    return Plan((Revised(over, hold.version), *gates), Done(sentence, hold.id), {"n": len(gates)})


PLANS: Mapping[type[c.Command], Planner] = MappingProxyType(
    {
        c.Draft: _draft,
        c.Hold: _hold,
        c.Release: _release,
        **dict.fromkeys((c.Submit, c.Approve, c.Reject, c.MovePost, c.Cancel, c.TakeDown, c.Confirm), _on_post),
    }
)
"""The plan of any command on posts and holds."""
