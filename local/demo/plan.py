"""What the shop's marketer keeps beside the posts: days, a campaign with its offers, products, links."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from herald.flows import research as flow
from herald.flows.commands import (
    Approve,
    AssessIncident,
    ChoosePlatforms,
    CloseIncident,
    Command,
    CountersignChoice,
    Draft,
    MakeShortLink,
    RaiseIncident,
    RecordRecommendation,
    SaveCampaign,
    SaveDay,
    SaveFeed,
    SaveMonitor,
    SaveNeeds,
    SaveOffer,
    SaveProduct,
    SaveProfile,
    ScorePlatform,
    Submit,
    TakeIncidentStep,
    Variant,
)
from herald.flows.context import Herald
from local.demo import organisation as shop
from local.feeds import MAGAZINES
from local.ports import url
from local.shop import ACACIA, BELL, CODE, SLUG


def days(today: date) -> list[SaveDay]:
    """Days of each kind, some past, most to come; the milestone's work should have begun."""

    def day(number: int, kind: str, title: str, first: int, last: int = 0, **more: object) -> SaveDay:
        one, two = today + timedelta(days=first), today + timedelta(days=max(first, last))
        moment = (one.isoformat(), two.isoformat(), 0)
        return SaveDay(f"demo-day-{number}", shop.BRAND, kind, title, *moment, **more)  # type: ignore[arg-type]

    return [
        day(1, "promotion", "Lamp week", -6, -2, owner="jack", note="Ten lamps, one price each."),
        day(2, "event", "Late opening in Brisbane", 4, local_time="17:00", zone="Australia/Brisbane", owner="jack"),
        day(3, "promotion", "Outdoor table offer", 6, 12, owner="jack", lead_days=5),
        day(4, "milestone", "Christmas range photographed", 9, owner="jack", lead_days=14, note="Twelve sets."),
        day(5, "key_date", "Last orders before Christmas", 13, owner="hana"),
    ]


def campaign(today: date) -> list[Command]:
    """A campaign that runs, with an offer that is open, an event to come; its shop tells what is left and sold."""
    first, last, soon = (today + timedelta(days=n) for n in (-6, 12, 4))
    page = "https://shop.banksia-and-oak.example/lamps"
    zone, store = "Australia/Sydney", shop.STORE.id
    said = "Sell what is left of last year's lamps before the summer range comes."
    about = ("demo-lamps", shop.BRAND, "Lamp weeks", said, SLUG, "orders", 40)
    sale = ("demo-offer-1", shop.BRAND, "demo-lamps", "offer", "Ten off any lamp", "One a customer.")
    talk = ("demo-offer-2", shop.BRAND, "demo-lamps", "event", "Light and shade: an evening", "Free; book a seat.")
    return [
        SaveProduct("LAMP-ACACIA", shop.BRAND, "Acacia floor lamp", page, 18_900, "AUD", None, 2, 0, store, ACACIA),
        SaveProduct("LAMP-BELL", shop.BRAND, "Bell table lamp", page, 7_900, "AUD", None, 0, 0, store, BELL),
        SaveCampaign(*about, first.isoformat(), last.isoformat(), "jack", 0),
        SaveOffer(*sale, page, f"{first}T09:00", f"{last}T17:00", zone, 60, 4, ("LAMP-ACACIA",), 0, code=CODE),
        SaveOffer(*talk, page, f"{first}T09:00", f"{soon}T19:00", zone, 40, 31, (), 0),
        MakeShortLink(shop.BRAND, "demo-lamps", "facebook_page", page),
        MakeShortLink(shop.BRAND, "demo-lamps", "mastodon", page),
    ]


def sells_out(until: datetime) -> list[tuple[Command, str]]:
    """A post that sells a lamp, approved while there were some; the shop then tells that there are none."""
    zone, post = "Australia/Sydney", "demo-bell-lamp"
    local = (until.astimezone(ZoneInfo(zone)) + timedelta(days=2)).strftime("%Y-%m-%dT12:15")
    words = "A warm light for the last shelf in the hall: the Bell table lamp, in stock again."
    variants = (Variant(f"facebook_page:{shop.MAIN}", local, zone),)
    needs = ("product:LAMP-BELL",)
    return [
        (Draft(post, shop.BRAND, "Bell table lamp", words, variants, 0, needs=needs), "jack"),
        (Submit(post, 1), "jack"),
        (Approve(post, 2), "priya"),
    ]


def incidents() -> list[tuple[Command, str]]:
    """One that somebody raised and judged, its steps still to take; one judged twice and over; and who did so."""
    words = "Several people write that the Bell lamp gets hot enough to smell. No one is hurt so far."
    raised, over = ("demo-incident-1", shop.BRAND), ("demo-incident-2", shop.BRAND)
    abroad = "A mill that wove our linen is in the news abroad; people ask whether our curtains are its cloth."
    review = (
        "A report named the mill; two of last year's curtains were its cloth.", "One answer was pinned, and linked to.",
        "We did not know by heart which cloth is whose.", "Jack lists the mill of each cloth by the end of the month.",
    )  # fmt: skip
    return [
        (RaiseIncident(*over, abroad), "hana"),
        (AssessIncident(*over, "minor", "international", 1), "priya"),
        (AssessIncident(*over, "minor", "national", 2), "priya"),
        *((TakeIncidentStep(*over, step, at), "priya") for at, step in enumerate(("facts", "plan", "answer"), 3)),
        (CloseIncident(*over, *review, 6), "eleni"),
        (RaiseIncident(*raised, words), "hana"),
        (AssessIncident(*raised, "serious", "local", 1), "priya"),
    ]


def research(today: date) -> list[tuple[Command, str]]:
    """Platforms compared and two chosen, how accounts look, what is listened for, and what should change."""
    needs = (("Our customers are there", 8), ("Answers in public", 6), ("Little work", 4))
    scores = {
        "facebook_page": (3, 3, 1), "mastodon": (1, 3, 2), "bluesky": (2, 3, 2), "tiktok": (2, 0, 0),
    }  # fmt: skip
    why = "Judged by the shop's own month there, and by what the sheet says."
    told: list[tuple[Command, str]] = [(SaveNeeds(shop.BRAND, needs, 0), "jack")]
    for platform, given in scores.items():
        for (need, _), score in zip(needs, given, strict=True):
            told.append((ScorePlatform(shop.BRAND, platform, need, score, why, 0), "jack"))
    words = ("lamp", "lamps", "light")
    told.append((SaveMonitor("demo-monitor-1", shop.BRAND, "Lamps", words, (), (), 10, 0), "priya"))
    told += [(SaveFeed(shop.BRAND, url("feeds") + one.path, one.title), "jack") for one in MAGAZINES]
    bio = "Furniture and light for slow homes. Sydney, Brisbane, Perth."
    for account in shop.ACCOUNTS[:3]:
        command = SaveProfile(account.id, "Banksia & Oak", bio, "https://shop.banksia-and-oak.example/", "", "", 0)
        told.append((command, "jack"))
    late = "Answers to questions of the evening wait until noon."
    do = "Let one person answer from eight to nine each morning."
    due = (today + timedelta(days=14)).isoformat()
    rests = ("Of 40 answers of the month, 9 were late; 7 of these were asked after six.", 40, "posts", "hana", due)
    told.append((RecordRecommendation("demo-recommend-1", shop.BRAND, late, do, *rests), "hana"))
    return told


def chosen(herald: Herald, today: date) -> list[tuple[Command, str]]:
    """Two of the compared platforms, signed by the owner on what stands, countersigned by compliance."""
    seen = flow.comparison(shop.BRAND, herald, today)
    if seen is None:
        raise LookupError("the needs come first")
    reasons = {
        "facebook_page": "Most who write to us write there.", "bluesky": "People who ask before they buy.",
        "mastodon": "Good talk, few of our customers.", "tiktok": "Nobody here films, and comments cannot be answered.",
    }  # fmt: skip
    two = ("facebook_page", "bluesky")
    signed = ChoosePlatforms(shop.BRAND, two, tuple(reasons.items()), 0, seen.digest)
    return [(signed, "eleni"), (CountersignChoice(shop.BRAND, 1, seen.digest, 1), "amara")]
