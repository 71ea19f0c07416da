"""What a post rests on is asked when it is submitted, approved, released, and again in the sending transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from herald.errors import Refused
from herald.flows import commands as c
from herald.flows import needs
from herald.flows.context import Herald
from herald.flows.deliver import deliver
from herald.flows.needs import Standing
from herald.flows.publish import release_posts
from herald.model import New, Record, Revised, Still, TargetState
from herald.model.record import record
from herald.store import keys, shelves
from tests.support.world import ACCOUNT, ANA, MIA, World, a_world
from tests.unit.test_flows_posts import HOUR, ZONE, approved, drafted, hours, run, state, version


@record
class Crate(Record):
    brand: str
    id: str
    left: int
    version: int = 0


Between = Callable[[World], None]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    shelf = shelves.Shelf(Crate, keys.POSTS, "TESTCRATE", ("brand",), ("id",))
    monkeypatch.setattr(shelves, "_BY_KIND", {**shelves._BY_KIND, Crate: shelf})

    def judge(ref: str, brand: str, account: str, herald: Herald, *, now: datetime, at: datetime) -> Standing:
        crate = herald.store.find(Crate, brand, ref)
        if crate is None:
            return Standing("There is no such crate.")
        return Standing("" if crate.left else "The crate is empty.", (crate,))

    monkeypatch.setattr(needs, "JUDGES", {"crate": judge})
    made = a_world()
    made.store.commit([New(Crate(ACCOUNT.brand, "c1", 5))])
    return made


def left(world: World, number: int) -> None:
    crate = world.store.find(Crate, ACCOUNT.brand, "c1")
    assert crate is not None
    world.store.commit([Revised(replace(crate, left=number), crate.version)])


def test_a_post_whose_need_is_met_goes_out(world: World) -> None:
    post = approved(world, needs=("crate:c1",))
    hours(world)
    assert state(world, post) is TargetState.PUBLISHED


@pytest.mark.parametrize("need", ["crate:none", "moon:full"], ids=["what is not there", "what nobody can check"])
def test_a_post_resting_on_nothing_is_refused_at_the_gate(world: World, need: str) -> None:
    post = drafted(world, needs=(need,))
    with pytest.raises(Refused) as refused:
        run(world, c.Submit(post, version(world, post)), ANA.id)
    assert refused.value.missing == "input"


def test_what_runs_out_before_approval_is_not_approved(world: World) -> None:
    post = drafted(world, needs=("crate:c1",))
    run(world, c.Submit(post, version(world, post)), ANA.id)
    left(world, 0)
    with pytest.raises(Refused, match="The crate is empty"):
        run(world, c.Approve(post, version(world, post)), MIA.id)


def test_what_runs_out_before_its_minute_is_held_with_the_reason(world: World) -> None:
    post = approved(world, needs=("crate:c1",))
    left(world, 0)
    hours(world)
    target = world.store.target(post, ACCOUNT.id)
    assert target is not None
    assert (target.state, target.reason, world.wall.live()) == (TargetState.HELD, "The crate is empty.", [])


def test_what_runs_out_between_waking_and_sending_is_held(world: World) -> None:
    post = approved(world, needs=("crate:c1",))
    world.clock.pass_(hours=1)
    release_posts(world.herald, world.clock())
    left(world, 0)
    assert deliver(world.woken.pop(), world.herald, world.clock()).result == "superseded"
    assert (state(world, post), world.wall.live()) == (TargetState.HELD, [])


@pytest.mark.parametrize(("number", "stands"), [(4, True), (0, False)], ids=["still enough", "none left"])
def test_what_moves_inside_the_sending_transaction_is_judged_anew(
    world: World, monkeypatch: pytest.MonkeyPatch, number: int, stands: bool
) -> None:
    post = approved(world, needs=("crate:c1",))
    world.clock.pass_(hours=1)
    release_posts(world.herald, world.clock())
    commit, moved = world.store.commit, []

    def moving(changes: Any) -> None:
        if any(isinstance(change, Still) for change in changes) and not moved:
            moved.append(True)
            left(world, number)
        commit(changes)

    monkeypatch.setattr(world.store, "commit", moving)
    deliver(world.woken.pop(), world.herald, world.clock())
    assert moved
    assert bool(world.wall.live()) is stands
    assert state(world, post) is (TargetState.PUBLISHED if stands else TargetState.HELD)


def test_another_need_after_approval_voids_it(world: World) -> None:
    post = approved(world, needs=("crate:c1",))
    same = (c.Variant(ACCOUNT.id, HOUR, ZONE),)
    run(world, c.Draft(post, ACCOUNT.brand, "Chairs", "New chairs are in.", same, version(world, post)), ANA.id)
    assert state(world, post) is TargetState.DRAFT
