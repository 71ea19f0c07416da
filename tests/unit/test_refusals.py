"""Every refusal the house promises, in one table: made by the gate or by the sending transaction, no page between.

A row makes a scene, gives the command that a screen would never have offered, and names what is missing; a row about
what changes after approval lets the minute pass, and nothing stands on the wall.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from herald.errors import Refused
from herald.flows import commands as c
from herald.flows.deliver import deliver
from herald.flows.moderate import moderate
from herald.flows.publish import release_posts
from herald.govern import policies
from herald.model import Acknowledgement, Asset, Media, New, TargetState
from local.memory_media import MemoryMedia
from tests.support.world import ACCOUNT, ANA, BRAND, MIA, NEW, NOON, POLICY, TED, World, a_comment, a_world
from tests.unit import test_flows_campaigns as promoted
from tests.unit import test_flows_care as care
from tests.unit import test_flows_library as library
from tests.unit.test_flows_gate import MESSAGE
from tests.unit.test_flows_posts import HOUR, ZONE, approved, drafted, hours, run, state, version


@pytest.fixture
def world() -> World:
    made = a_world()
    shelf = MemoryMedia()
    made.herald = replace(made.herald, media=shelf, uploads=shelf)
    return made


def submitted(world: World, **more: Any) -> str:
    post = drafted(world, **more)
    run(world, c.Submit(post, version(world, post)), ANA.id)
    return post


# ---------------------------------------------------------------- at the gate


def unacknowledged_reply(world: World) -> None:
    _a_complaint(world)
    run(world, c.Reply("reply-0001", MESSAGE, "Hello.", care.case(world).version), NEW.id)


def unacknowledged_approval(world: World) -> None:
    text = POLICY.replace("gates: [Reply", "gates: [Approve, Reply").replace("version: 1", "version: 2")
    world.store.save(policies.parse(text))
    run(world, c.Approve((post := submitted(world)), version(world, post)), MIA.id)


def own_approval(world: World) -> None:
    run(world, c.Approve((post := submitted(world)), version(world, post)), ANA.id)


def approval_of_what_was_edited_since(world: World) -> None:
    post = submitted(world)
    seen = version(world, post)
    run(world, c.MovePost(post, "2026-11-18T14:30", seen), ANA.id)
    run(world, c.Approve(post, seen), MIA.id)


def longer_than_the_platform_takes(world: World) -> None:
    submitted(world, text="x" * 501)


def no_alt_text(world: World) -> None:
    library.asset(world, alt="")
    library.submit(world, library.drafted(world))


def no_licence(world: World) -> None:
    library.asset(world, licence="unknown")
    library.submit(world, library.drafted(world))


def no_library(world: World) -> None:
    submitted(world, media=(Media("media/1", "ab" * 32, "image/png", 1000, "A table", 10, 10),))


def no_right(world: World) -> None:
    library.asked(world)
    library.submit(world, library.drafted(world, needs=(f"right:{library.ID}",), assets=()))


def own_limit_raised(world: World) -> None:
    world.store.save(care.OLA)
    run(world, c.SaveLimits(BRAND, "AUD", (("owner", 100_000),), 0), care.OLA.id)
    run(world, c.AgreeLimits(BRAND, 1, 1), care.OLA.id)


def own_remedy_over_the_limit(world: World) -> None:
    _remedy_of_500(world)
    care.approve(world, MIA.id)


def remedy_over_the_approvers_limit(world: World) -> None:
    _remedy_of_500(world)
    care.approve(world, TED.id)


def complaint_closed_before_it_was_acknowledged(world: World) -> None:
    _a_complaint(world)
    care.resolved(world, 0)


def _a_complaint(world: World) -> None:
    world.store.save(care.OLA)
    world.store.commit([New(Acknowledgement(care.OLA.id, "MOD", 1, NOON), once=True)])
    world.store.apply(a_comment("my lamp is broken"), BRAND, NOON)
    moderate([MESSAGE], world.herald, NOON)


def _remedy_of_500(world: World) -> None:
    _a_complaint(world)
    care.limited(world, community_manager=100, customer_service_manager=200, owner=100_000)
    care.acknowledged(world)
    care.resolved(world, 500)


def offer_ended(world: World) -> None:
    promoted.campaign(world)
    promoted.offer(world, closes="2026-11-18T12:30")
    submitted(world, needs=("offer:offer-0001",))


def no_stock(world: World) -> None:
    promoted.product(world, 0)
    submitted(world, needs=("product:LAMP-1",))


def not_said_to_be_paid(world: World) -> None:
    submitted(world, paid=True)


GATE: dict[str, tuple[Callable[[World], None], str]] = {
    "not acknowledged, a reply": (unacknowledged_reply, "acknowledgement"),
    "not acknowledged, an approval": (unacknowledged_approval, "acknowledgement"),
    "self-approval": (own_approval, "second_person"),
    "edited while it was looked at": (approval_of_what_was_edited_since, "version"),
    "longer than the platform takes": (longer_than_the_platform_takes, "input"),
    "offer ended": (offer_ended, "input"),
    "no stock": (no_stock, "input"),
    "paid, and not said so": (not_said_to_be_paid, "input"),
    "no alt text": (no_alt_text, "input"),
    "no licence": (no_licence, "input"),
    "an image that is not in the library": (no_library, "input"),
    "no right granted": (no_right, "input"),
    "a raise of one's own limit": (own_limit_raised, "second_person"),
    "one's own remedy over the limit": (own_remedy_over_the_limit, "second_person"),
    "a remedy over the approver's limit": (remedy_over_the_approvers_limit, "limit"),
    "a complaint nobody acknowledged": (complaint_closed_before_it_was_acknowledged, "state"),
}


@pytest.mark.parametrize(("scene", "missing"), GATE.values(), ids=GATE)
def test_the_gate_refuses_it_and_says_what_is_missing(
    world: World, scene: Callable[[World], None], missing: str
) -> None:
    with pytest.raises(Refused) as refused:
        scene(world)
    assert refused.value.missing == missing
    assert str(refused.value).endswith((".", "?", ")"))
    hours(world, 4)
    assert world.wall.live() == []


# ---------------------------------------------------------------- in the sending transaction


@dataclass(frozen=True, slots=True)
class Late:
    """What is approved, and what happens to it afterwards."""

    approved: Callable[[World], str]
    happens: Callable[[World, str], object]
    ends: TargetState


def _edit(world: World, post: str) -> None:
    where = (c.Variant(ACCOUNT.id, HOUR, ZONE),)
    run(world, c.Draft(post, BRAND, "Chairs", "New chairs, half price.", where, version(world, post)), ANA.id)


def _hold(world: World, post: str) -> None:
    run(world, c.Hold("hold-0001", BRAND, "A fire in the warehouse"), MIA.id)


def _with_asset(world: World) -> str:
    library.asset(world)
    return library.approve(world, library.drafted(world))


def _with_right(world: World) -> str:
    library.granted(world)
    return library.approve(world, library.drafted(world, needs=(f"right:{library.ID}",), assets=()))


def _withdraw(world: World, post: str) -> None:
    run(world, c.WithdrawRight(library.ID, BRAND, "They wrote to us.", library.content(world).version), TED.id)


def _retire(world: World, post: str) -> None:
    found = world.store.find(Asset, BRAND, library.ASSET)
    assert found is not None
    run(world, c.RetireAsset(library.ASSET, BRAND, "Not ours.", found.version), MIA.id)


def _sold_out(world: World, post: str) -> None:
    promoted.product(world, 0, expected=1)


def _offer_stopped(world: World, post: str) -> None:
    promoted.offer(world, expected=1, stopped="Enough.")


def _with_offer(world: World) -> str:
    promoted.campaign(world)
    promoted.offer(world)
    return approved(world, needs=("offer:offer-0001",))


def _with_product(world: World) -> str:
    promoted.product(world)
    return approved(world, needs=("product:LAMP-1",))


LATE: dict[str, Late] = {
    "an offer that ended": Late(_with_offer, _offer_stopped, TargetState.HELD),
    "no stock": Late(_with_product, _sold_out, TargetState.HELD),
    "edited after approval": Late(approved, _edit, TargetState.DRAFT),
    "a hold": Late(approved, _hold, TargetState.HELD),
    "no licence any more": Late(_with_asset, lambda w, _: library.changed(w, licence="unknown"), TargetState.HELD),
    "an asset out of use": Late(_with_asset, _retire, TargetState.HELD),
    "a right withdrawn": Late(_with_right, _withdraw, TargetState.HELD),
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
def test_what_is_refused_after_approval_does_not_go_out(world: World, late: Late) -> None:
    post = late.approved(world)
    late.happens(world, post)
    hours(world, 2)
    assert (state(world, post), world.wall.live()) == (late.ends, [])


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
def test_nor_when_it_happens_between_the_last_look_and_the_sending(
    world: World, monkeypatch: pytest.MonkeyPatch, late: Late
) -> None:
    post = late.approved(world)
    world.clock.now = NOON + timedelta(hours=1)
    release_posts(world.herald, world.clock())
    commit, happened = world.store.commit, []

    def slipping(changes: Any) -> None:
        changes = list(changes)
        sending = any(type(change).__name__ in ("Still", "NotHeld", "IsApproved") for change in changes)
        if sending and not happened:
            happened.append(True)
            try:
                late.happens(world, post)
            except Refused:
                happened.append(False)  # too late to change it: it is on its way
        commit(changes)

    monkeypatch.setattr(world.store, "commit", slipping)
    deliver(world.woken.pop(), world.herald, world.clock())
    assert happened[0]
    if happened == [True]:
        assert world.wall.live() == []
    else:
        assert late.happens is _edit, "only words that are being sent can no longer be changed"
