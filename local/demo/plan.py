"""What the shop's marketer keeps beside the posts: days of the calendar, around the end of the demo's month."""

from __future__ import annotations

from datetime import date, timedelta

from herald.flows.commands import SaveDay
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
