"""What the shop's marketer keeps beside the posts: days, a campaign with its offers, products, links."""

from __future__ import annotations

from datetime import date, timedelta

from herald.flows.commands import (
    AssessIncident,
    ChoosePlatforms,
    Command,
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
)
from local.demo import organisation as shop
from local.feeds import MAGAZINES
from local.ports import url


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
    """A campaign that runs, with an offer that is open, an event to come, and a product that ran out."""
    first, last, soon = (today + timedelta(days=n) for n in (-6, 12, 4))
    page = "https://shop.banksia-and-oak.example/lamps"
    zone = "Australia/Sydney"
    said = "Sell what is left of last year's lamps before the summer range comes."
    about = ("demo-lamps", shop.BRAND, "Lamp weeks", said, "lamp-weeks", "clicks", 400)
    sale = ("demo-offer-1", shop.BRAND, "demo-lamps", "offer", "Ten off any lamp", "One a customer.")
    talk = ("demo-offer-2", shop.BRAND, "demo-lamps", "event", "Light and shade: an evening", "Free; book a seat.")
    return [
        SaveProduct("LAMP-ACACIA", shop.BRAND, "Acacia floor lamp", page, 18_900, "AUD", 14, 2, 0),
        SaveProduct("LAMP-BELL", shop.BRAND, "Bell table lamp", page, 7_900, "AUD", 0, 0, 0),
        SaveCampaign(*about, first.isoformat(), last.isoformat(), "jack", 0),
        SaveOffer(*sale, page, f"{first}T09:00", f"{last}T17:00", zone, 0, 0, ("LAMP-ACACIA",), 0),
        SaveOffer(*talk, page, f"{first}T09:00", f"{soon}T19:00", zone, 40, 31, (), 0),
        MakeShortLink(shop.BRAND, "demo-lamps", "facebook_page", page),
        MakeShortLink(shop.BRAND, "demo-lamps", "mastodon", page),
    ]


def incident() -> list[tuple[Command, str]]:
    """An incident somebody raised, judged, its steps still to take; and who did so."""
    words = "Several people write that the Bell lamp gets hot enough to smell. No one is hurt so far."
    raised = ("demo-incident-1", shop.BRAND)
    return [(RaiseIncident(*raised, words), "hana"), (AssessIncident(*raised, "serious", "local", 1), "priya")]


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
    reasons = {
        "facebook_page": "Most who write to us write there.", "bluesky": "People who ask before they buy.",
        "mastodon": "Good talk, few of our customers.", "tiktok": "Nobody here films, and comments cannot be answered.",
    }  # fmt: skip
    told.append((ChoosePlatforms(shop.BRAND, ("facebook_page", "bluesky"), tuple(reasons.items()), 0), "eleni"))
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
