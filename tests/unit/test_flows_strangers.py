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
from herald.govern.authority import MATRIX
from herald.model import Acknowledgement, Action, Media, New, Person, Remedy, RemedyState, Role, Work, case_id
from herald.model.restrictions import Measure, Restriction
from herald.model.trends import Feed, FeedItem
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
    "GatherEvidence": c.GatherEvidence,
    "TakeStudy": c.TakeStudy,
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


def test_another_brands_message_is_no_evidence_of_a_right() -> None:
    world = two_houses()
    ours = a_comment("yes, show it", id="5")
    ours = replace(ours, account_id="700")
    world.store.apply(ours, OURS, NOON)
    content = perform(c.CaptureContent(f"facebook_page:{PAGE}_5"), by=SAM.id, herald=world.herald, now=NOON).subject
    told = {refusal(world, c.RecordGrant(content, OURS, True, 1, evidence=of)) for of in (MESSAGE, f"{MESSAGE}9")}
    assert len(told) == 1


def test_a_draft_over_another_brands_post_learns_neither_its_version_nor_its_images() -> None:
    world = two_houses()
    variant = c.Variant("facebook_page:700", WHEN, "UTC")
    told = {refusal(world, c.Draft(POST, OURS, "T", "Words.", (variant,), seen)) for seen in range(4)}
    assert told == {("account", "This post belongs to another brand.")}


# ---------------------------------------------------------------- what names a brand and an id beside it

OLA = Person("ola", "Ola Oak", frozenset(Role), frozenset({BRAND}))
IDS = {
    "asset": "asset-0001", "breach": "breach-0001", "campaign": "campaign-1", "day": "day-00001", "hold": "hold-0001",
    "incident": "incident-1", "monitor": "monitor-1", "offer": "offer-0001", "product": "LAMP-1", "item": "item-0001",
    "recommendation": "recommendation-1",
}  # fmt: skip
ADDRESS = "https://news.example/feed.xml"


def furnished() -> tuple[World, dict[str, str]]:
    """What the first house also has, one of everything that an id can name, and its ids. The second has a campaign."""
    world = two_houses()
    world = replace(world, herald=replace(world.herald, mail=lambda *_: None))
    world.store.save(replace(ACCOUNT, platform="shopify", account_id="lamps"))
    world.store.save(OLA)
    world.store.commit([New(Acknowledgement(OLA.id, "MOD", 1, NOON))])
    moment = ("", WHEN, "2026-12-24T09:30", "UTC")
    for command in (
        c.SaveAsset(IDS["asset"], BRAND, "A lamp", "own", 0, address="https://shop.example/lamp"),
        c.RecordBreach(IDS["breach"], BRAND, "customer", "Jo", "MOD 3.1", "They were rude."),
        c.SaveCampaign(
            IDS["campaign"], BRAND, "Lamps", "Sell", "lamps", "clicks", 9, "2026-11-20", "2026-12-01", OLA.id, 0
        ),
        c.SaveProduct(IDS["product"], BRAND, "Lamp", "https://shop.example/lamp", 4_900, "AUD", 3, 0, 0),
        c.SaveOffer(
            IDS["offer"], BRAND, IDS["campaign"], "offer", "Ten off", "One each.", *moment, 0, 0, (), 0, code="LAMPS"
        ),
        c.SaveDay(IDS["day"], BRAND, "event", "Open day", "2026-12-05", "2026-12-05", 0),
        c.SaveMonitor(IDS["monitor"], BRAND, "Lamps", ("lamp",), (), (), 0, 0),
        c.SaveFeed(BRAND, ADDRESS, "News"),
        c.RaiseIncident(IDS["incident"], BRAND, "Lamps burn.", (MESSAGE,)),
        c.AssessIncident(IDS["incident"], BRAND, "grave", "local", 1),
        c.RecordRecommendation(
            IDS["recommendation"], BRAND, "Late", "Answer sooner", "12 answers", 12, "in_time", OLA.id, "2026-12-20"
        ),
        c.SaveLimits(BRAND, "AUD", (("owner", 10_000),), 0),
        c.Hold(IDS["hold"], BRAND, "A storm."),
    ):
        perform(command, by=OLA.id, herald=world.herald, now=NOON)
    ours = c.SaveCampaign("campaign-0", OURS, "T", "Sell", "ours", "clicks", 9, "2026-11-20", "2026-12-01", SAM.id, 0)
    perform(ours, by=SAM.id, herald=world.herald, now=NOON)
    (feed,) = world.store.shelf(Feed, BRAND)
    world.store.commit([New(FeedItem(BRAND, IDS["item"], feed.id, "News", "T", ADDRESS, "", "", NOON, NOON))])
    content = perform(c.CaptureContent(MESSAGE), by=MIA.id, herald=world.herald, now=NOON).subject
    return world, IDS | {"feed": feed.id, "content": content, "message": MESSAGE, "post": POST, "person": OLA.id,
                         "account": ACCOUNT.id, "shop": "shopify:lamps", "number": "1"}  # fmt: skip


VARIANT = c.Variant("facebook_page:700", WHEN, "UTC")
NEW_ID = "fedcba9876543210"
ABOUT = ("Late", "Answer sooner", "12 answers", 12, "in_time")
PICTURE = Media("", "", "image/png", 1, "A lamp")
NAMES: list[tuple[str, Callable[[str, str], c.Command]]] = [
    ("asset", lambda brand, of: c.SaveAsset(of, brand, "T", "own", 0, address="https://shop.example/lamp")),
    ("asset", lambda brand, of: c.RetireAsset(of, brand, "old", 1, take_down=True)),
    ("asset", lambda brand, of: c.SaveProfile("facebook_page:700", "Name", "", "", of, "", 0)),
    ("asset", lambda brand, of: c.Draft(NEW_ID, brand, "T", "W", (VARIANT,), 0, media=(replace(PICTURE, asset=of),))),
    ("content", lambda brand, of: c.SaveAsset(NEW_ID, brand, "T", "own", 0, address="https://s.example/", right=of)),
    ("message", lambda brand, of: c.RaiseIncident(NEW_ID, brand, "Lamps burn.", (of,))),
    ("message", lambda brand, of: c.RecordBreach(NEW_ID, brand, "customer", "Jo", "MOD 3.1", "W", f"message:{of}")),
    ("post", lambda brand, of: c.RecordBreach(NEW_ID, brand, "staff", "", "MOD 3.1", "W", f"post:{of}")),
    ("person", lambda brand, of: c.RecordBreach(NEW_ID, brand, "staff", of, "MOD 3.1", "W")),
    ("person", lambda brand, of: c.SaveEscalation(
        brand, "staff", (c.PathStep("owner", 30, of, "2026-12-24"),), "Mon-Fri 09:00-17:00", "UTC", 0)),
    ("person", lambda brand, of: c.MailReport(NEW_ID, brand, "2026-10-01", "2026-10-31", (of,))),
    ("person", lambda brand, of: c.RecordRecommendation(NEW_ID, brand, *ABOUT, of, "2026-12-20")),
    ("person", lambda brand, of: c.SaveDay(NEW_ID, brand, "event", "T", "2026-12-05", "2026-12-05", 0, owner=of)),
    ("person", lambda brand, of: c.SaveCampaign(
        NEW_ID, brand, "T", "Sell", "lamps", "clicks", 9, "2026-11-20", "2026-12-01", of, 0)),
    ("breach", lambda brand, of: c.RecordBreach(of, brand, "customer", "Jo", "MOD 3.1", "W")),
    ("breach", lambda brand, of: c.AcknowledgeBreach(brand, of, 1)),
    ("breach", lambda brand, of: c.CloseBreach(brand, of, "done", 1)),
    ("campaign", lambda brand, of: c.SaveCampaign(
        of, brand, "T", "Sell", "lamps", "clicks", 9, "2026-11-20", "2026-12-01", SAM.id, 0)),
    ("campaign", lambda brand, of: c.MakeShortLink(brand, of, "bluesky", "https://shop.example/lamp")),
    ("campaign", lambda brand, of: c.SaveOffer(
        NEW_ID, brand, of, "offer", "T", "One", "", WHEN, "2026-12-24T09:30", "UTC", 0, 0, (), 0)),
    ("offer", lambda brand, of: c.SaveOffer(
        of, brand, "campaign-0", "offer", "T", "One", "", WHEN, "2026-12-24T09:30", "UTC", 0, 0, (), 0)),
    ("offer", lambda brand, of: c.Draft(NEW_ID, brand, "T", "Words.", (VARIANT,), 0, needs=(f"offer:{of}",))),
    ("product", lambda brand, of: c.SaveProduct(of, brand, "T", "https://shop.example/", 1, "AUD", None, 0, 0)),
    ("product", lambda brand, of: c.SaveOffer(
        NEW_ID, brand, "campaign-0", "offer", "T", "One", "", WHEN, "2026-12-24T09:30", "UTC", 0, 0, (of,), 0)),
    ("shop", lambda brand, of: c.SaveProduct(NEW_ID, brand, "T", "https://s.example/", 1, "AUD", None, 0, 0, of, "1")),
    ("account", lambda brand, of: c.Hold(NEW_ID, brand, "A storm.", (of,))),
    ("account", lambda brand, of: c.Draft(NEW_ID, brand, "T", "Words.", (replace(VARIANT, account=of),), 0)),
    ("day", lambda brand, of: c.SaveDay(of, brand, "event", "T", "2026-12-05", "2026-12-05", 0)),
    ("day", lambda brand, of: c.RemoveDay(brand, of, 1)),
    ("day", lambda brand, of: c.ImportCalendar(
        brand, (), (c.SaveDay(of, brand, "event", "T", "2026-12-05", "2026-12-05", 0),))),
    ("hold", lambda brand, of: c.Hold(of, brand, "A storm.")),
    ("hold", lambda brand, of: c.Release(of, brand)),
    ("incident", lambda brand, of: c.RaiseIncident(of, brand, "Lamps burn.")),
    ("incident", lambda brand, of: c.AssessIncident(of, brand, "grave", "local", 2)),
    ("incident", lambda brand, of: c.TakeIncidentStep(of, brand, "hold", 2)),
    ("incident", lambda brand, of: c.CloseIncident(of, brand, "c", "d", "l", "f", 2)),
    ("monitor", lambda brand, of: c.SaveMonitor(of, brand, "T", ("lamp",), (), (), 0, 0)),
    ("feed", lambda brand, of: c.RetireFeed(brand, of, 1)),
    ("item", c.KeepItem),
    ("recommendation", lambda brand, of: c.RecordRecommendation(of, brand, *ABOUT, SAM.id, "2026-12-20")),
    ("recommendation", lambda brand, of: c.ActOnRecommendation(of, brand, "done", "2026-11-18", 1)),
    ("recommendation", lambda brand, of: c.MeasureEffect(of, brand, 7, 1)),
    ("number", lambda brand, of: c.AgreeLimits(brand, int(of), 1)),
    ("number", lambda brand, of: c.CountersignChoice(brand, int(of), "0" * 64, 1)),
]  # fmt: skip
UNNAMED = {
    "AcknowledgePolicy", "SavePolicy", "SaveRules", "PromoteRules", "RollbackRules",  # the house's, of all brands
    "SavePlatformNote", "SaveNeeds", "ScorePlatform", "ChoosePlatforms", "SaveFeed",  # nothing but the brand is named
    "SaveChecks", "SavePlaybook", "SaveAnswers", "SaveLimits",
}  # fmt: skip


def came_of(command: c.Command, of: str) -> tuple[object, ...]:
    """What one of another house is told of it, in a world of its own; nothing that was there may differ after it."""
    world, _ = furnished()
    before = world.db.everything()  # type: ignore[attr-defined] - of the memory alone
    try:
        done = perform(command, by=SAM.id, herald=world.herald, now=NOON)
        told: tuple[object, ...] = ("done", done.sentence)
    except Refused as refused:
        told = (refused.missing, str(refused))
    after = world.db.everything()  # type: ignore[attr-defined] - of the memory alone
    lost = [row for table, rows in before.items() for row in rows if row not in after[table]]
    assert not [row for row in lost if "AUDIT" not in str(row)], lost
    return tuple(str(each).replace(of, "THIS") for each in told)


@pytest.mark.parametrize("brand", [BRAND, OURS, "no-house"])
@pytest.mark.parametrize(("what", "given"), NAMES, ids=[f"{what} {n}" for n, (what, _) in enumerate(NAMES)])
def test_an_id_of_another_brand_is_told_apart_from_an_invented_one_by_nothing(
    what: str, given: Callable[[str, str], c.Command], brand: str
) -> None:
    of = furnished()[1][what]
    invented = f"{of[:-1]}9"
    told = came_of(given(brand, of), of)
    assert told == came_of(given(brand, invented), invented)
    assert told[0] != "done" or brand == OURS


def test_every_command_is_tried_with_ids_of_another_brand_or_carries_none() -> None:
    listed = (*BY_MESSAGE.values(), *BY_CASE.values(), *BY_POST.values(), *BY_ACCOUNT.values())
    tried = {type(given("0123456789abcdef")).__name__ for given in listed}
    tried |= {type(given("c", BRAND)).__name__ for given in CONTENT} | {"Draft"}
    tried |= {type(given(BRAND, "1")).__name__ for _, given in NAMES}
    assert tried | UNNAMED == set(MATRIX)
    assert not tried & UNNAMED
