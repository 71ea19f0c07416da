"""What the shop's marketer keeps beside the posts: days, a campaign with its offers, products, links."""

from __future__ import annotations

from datetime import date, timedelta

from herald.flows.commands import (
    AssessIncident,
    Command,
    MakeShortLink,
    RaiseIncident,
    SaveCampaign,
    SaveDay,
    SaveOffer,
    SaveProduct,
)
from local.demo import organisation as shop


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
