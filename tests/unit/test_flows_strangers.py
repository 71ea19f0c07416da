"""Whoever works for another brand: no id they guess does anything, and no refusal tells whether there is such a
thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from herald.errors import Refused
from herald.flows import commands as c
from herald.flows.gate import perform
from herald.flows.moderate import moderate
from herald.model import Acknowledgement, Action, New, Person, Remedy, RemedyState, Role, Work, case_id
from herald.model.restrictions import Measure, Restriction
from tests.support.world import (
    ACCOUNT,
    ANA,
    BRAND,
    MIA,
    NOON,
    PAGE,
    World,
    a_comment,
    a_world,
    deleted,
)

OURS = "other-house"
SAM = Person("sam", "Sam Stone", frozenset(Role), frozenset({OURS}))
MESSAGE, GONE = f"facebook_page:{PAGE}_1", f"facebook_page:{PAGE}_2"
CASE, POST = case_id(MESSAGE, Work.ANSWER), "0123456789abcdef"
WHEN = "2026-11-24T09:30"


def two_houses() -> World:
    """A message with its case, one that its author deleted, a post, content, a block and a remedy of the first."""
    world = a_world()
    herald = replace(world.herald, link_base="https://herald.example")
    world = replace(world, herald=herald)
    world.store.save(replace(ACCOUNT, account_id="700", brand=OURS))
    world.store.save(SAM)
    world.store.commit([New(Acknowledgement(SAM.id, "MOD", 1, NOON))])
    gone = a_comment("a secret", id="2")
    for event in (a_comment("my lamp is broken"), gone, deleted(gone, at=NOON)):
        world.store.apply(event, BRAND, NOON)
    moderate([MESSAGE], herald, NOON)
    variant = c.Variant(ACCOUNT.id, WHEN, "Australia/Sydney")
    perform(c.Draft(POST, BRAND, "Lamps", "New lamps.", (variant,), 0), by=ANA.id, herald=herald, now=NOON)
    perform(c.CaptureContent(MESSAGE), by=MIA.id, herald=herald, now=NOON)
    world.store.commit([
        New(Restriction(
            ACCOUNT.id, "u1", BRAND, Measure.LIMIT, NOON, NOON, MIA.id, "kept at it", "MOD 3.1", MESSAGE, "limit 7",
        )),
        New(Remedy(CASE, 1, BRAND, 4_000, "AUD", "Refunded.", "MOD 2.1 v1", 1, MIA.id, NOON, RemedyState.WAITS)),
    ])  # fmt: skip
    return world


def refusal(world: World, command: c.Command) -> tuple[str, str]:
    before = world.db.everything()  # type: ignore[attr-defined] - of the memory alone
    with pytest.raises(Refused) as refused:
        perform(command, by=SAM.id, herald=world.herald, now=NOON)
    assert world.db.everything() == before  # type: ignore[attr-defined] - of the memory alone
    return refused.value.missing, str(refused.value)


Given = Callable[[str], c.Command]
BY_MESSAGE: dict[str, Given] = {
    "Reply": lambda of: c.Reply("fedcba9876543210", of, "Hello.", 1),
    "Hide": lambda of: c.Hide(of, "rude", "MOD 3.1", 2),
    "Unhide": lambda of: c.Unhide(of, "fine", 2),
    "Overrule": lambda of: c.Overrule(of, Action.HIDE, "rude", "MOD 3.1", 2),
    "Delete": lambda of: c.Delete(of, "rude", "MOD 3.1", 2),
    "RestrictAuthor": lambda of: c.RestrictAuthor(of, "limit", 7, "rude", "MOD 3.1", 1),
    "LockThread": lambda of: c.LockThread(of, True, "heated", "MOD 3.1", 0),
    "Escalate": lambda of: c.Escalate(of, "owner", "grave", 2),
    "CaptureContent": c.CaptureContent,
    "MakeLink": lambda of: c.MakeLink("fedcba9876543210", "appeal", of, 24),
}
BY_CASE: dict[str, Given] = {
    "Claim": lambda of: c.Claim(of, 1),
    "Resolve": lambda of: c.Resolve(of, "done", "MOD 2.1", 1),
    "DecideAppeal": lambda of: c.DecideAppeal(of, True, "wrong", "MOD 2.1", 1),
    "SetCaseType": lambda of: c.SetCaseType(of, "praise", "", 1),
    "TakeCaseStep": lambda of: c.TakeCaseStep(of, "check", 1),
    "ApproveOutcome": lambda of: c.ApproveOutcome(of, 1, True, 1),
}
BY_POST: dict[str, Given] = {
    "Submit": lambda of: c.Submit(of, 1),
    "Approve": lambda of: c.Approve(of, 1),
    "Reject": lambda of: c.Reject(of, "no", 1),
    "MovePost": lambda of: c.MovePost(of, WHEN, 1),
    "Cancel": lambda of: c.Cancel(of, "no", 1),
    "TakeDown": lambda of: c.TakeDown(of, ACCOUNT.id, "no", 1),
    "Confirm": lambda of: c.Confirm(of, ACCOUNT.id, False, 1),
    "WaiveCheck": lambda of: c.WaiveCheck(of, "alt_text", "fine", 1),
    "link to approve": lambda of: c.MakeLink("fedcba9876543210", "approve", of, 24),
}
BY_ACCOUNT: dict[str, Given] = {
    "LiftRestriction": lambda of: c.LiftRestriction(of, "u1", "enough", 1),
    "SetMode": lambda of: c.SetMode(of, "after", "calm", 0),
    "SaveProfile": lambda of: c.SaveProfile(of, "A name", "", "", "", "", 0),
    "RecordLook": lambda of: c.RecordLook(of, "A name", "", "", "", "", 0),
}
NAMED = [
    *((name, given, of) for name, given in BY_MESSAGE.items() for of in (MESSAGE, GONE)),
    *((name, given, CASE) for name, given in BY_CASE.items()),
    *((name, given, POST) for name, given in BY_POST.items()),
    *((name, given, ACCOUNT.id) for name, given in BY_ACCOUNT.items()),
]


@pytest.mark.parametrize(("name", "given", "of"), NAMED, ids=[f"{name} {of[:12]}" for name, _, of in NAMED])
def test_what_another_brand_has_is_refused_as_what_nobody_has(name: str, given: Given, of: str) -> None:
    world = two_houses()
    assert refusal(world, given(of)) == refusal(world, given(f"{of}9")), name
    assert refusal(world, given(of))[0] == "input"


CONTENT: list[Callable[[str, str], c.Command]] = [
    lambda of, brand: c.AskRight("fedcba9876543210", of, brand, "May we?", 1),
    lambda of, brand: c.RecordGrant(of, brand, True, 1, note="by phone"),
    lambda of, brand: c.WithdrawRight(of, brand, "they wrote", 1),
]


@pytest.mark.parametrize("given", CONTENT)
@pytest.mark.parametrize("brand", [BRAND, OURS, "no-house"])
def test_no_brand_that_is_named_opens_what_a_customer_shared_with_another(
    given: Callable[[str, str], c.Command], brand: str
) -> None:
    world = two_houses()
    content = perform(c.CaptureContent(MESSAGE), by=MIA.id, herald=world.herald, now=NOON).subject
    assert refusal(world, given(content, brand)) == refusal(world, given(f"{content[:-1]}x", brand))


def test_a_draft_over_another_brands_post_learns_neither_its_version_nor_its_images() -> None:
    world = two_houses()
    variant = c.Variant("facebook_page:700", WHEN, "UTC")
    told = {refusal(world, c.Draft(POST, OURS, "T", "Words.", (variant,), seen)) for seen in range(4)}
    assert told == {("account", "This post belongs to another brand.")}
