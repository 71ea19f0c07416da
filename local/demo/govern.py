"""The shop's own policies in motion: a version to come, a path of its own, and breaches at each state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from herald.flows import breaches
from herald.flows.commands import (
    AcknowledgeBreach,
    AcknowledgePolicy,
    CloseBreach,
    PathStep,
    RecordBreach,
    SaveEscalation,
    SavePolicy,
)
from herald.flows.context import Herald
from herald.govern import policies
from herald.model import Breach
from local.demo import organisation as shop
from local.demo import voices

Act = Callable[[Any, str], None]
"""(command, who gives it)."""

PATH = (
    PathStep("community_manager", 30, after_hours="customer_service_manager"),
    PathStep("compliance", 120),
    PathStep("owner", 240),
)
_OLD = "Do not delete in silence what people have already answered."
_NEW = "Leave a note where something was deleted that people have already answered."


def agenda(
    herald: Herald, act: Act, now: Callable[[], datetime], said: Sequence[voices.Said], until: datetime
) -> Iterator[tuple[datetime, Callable[[], None]]]:
    """What compliance, the desk and the schedule do in the last days of the month, each with its time."""

    def ago(**span: float) -> datetime:
        return until - timedelta(**span)

    path = SaveEscalation(shop.BRAND, "customer", PATH, shop.OFFICE_HOURS, "Australia/Sydney", 0)
    yield ago(days=20), partial(act, path, "amara")

    staff = "Praised our linen in a group and did not say that he works here."
    yield ago(days=9), partial(act, _breach("demo-breach-1", "staff", "jack", "SOCIAL 3.3", staff), "priya")
    yield ago(days=8, hours=22), partial(_take, herald, act, "demo-breach-1", "amara")
    outcome = "Talked it through; the post now says where he works."
    yield ago(days=7), partial(_close, herald, act, "demo-breach-1", "amara", outcome)

    rude = next((one for one in reversed(said) if one.about == "insult" and one.at < ago(days=4)), None)
    ref = f"message:{rude.platform}:{rude.id}" if rude else ""
    again = "The third insult at the same colleague this month, after two were hidden."
    yield ago(days=3), partial(act, _breach("demo-breach-2", "customer", "", "MOD 3.1", again, ref), "hana")
    yield ago(days=2, hours=23, minutes=40), partial(_take, herald, act, "demo-breach-2", "priya")

    chain = "Answers every post of ours with the same link to another shop."
    third = _breach("demo-breach-3", "customer", "linen-deals-4u", "MOD 4.1", chain)
    yield ago(minutes=75), partial(act, third, "jack")
    yield ago(minutes=44), partial(_tick, herald, now)

    yield ago(days=2), partial(_next_version, herald, act, until)
    for hours, person in ((40, "eleni"), (30, "hana")):
        yield ago(hours=hours), partial(act, AcknowledgePolicy("SOCIAL", 2), person)


def _breach(name: str, kind: str, about: str, clause: str, words: str, ref: str = "") -> RecordBreach:
    return RecordBreach(name, shop.BRAND, kind, about, clause, words, ref)


def _take(herald: Herald, act: Act, name: str, by: str) -> None:
    found = herald.store.find(Breach, name, shop.BRAND)
    if found:
        act(AcknowledgeBreach(shop.BRAND, name, found.version), by)


def _close(herald: Herald, act: Act, name: str, by: str, outcome: str) -> None:
    found = herald.store.find(Breach, name, shop.BRAND)
    if found:
        act(CloseBreach(shop.BRAND, name, outcome, found.version), by)


def _next_version(herald: Herald, act: Act, until: datetime) -> None:
    """Compliance writes the next version of the social media policy; it takes effect after the month's end."""
    newest = herald.store.policy("SOCIAL")
    if newest:
        text = policies.draft_after(newest, (until + timedelta(days=9)).date()).replace(_OLD, _NEW)
        act(SavePolicy(text, newest.version), "amara")


def _tick(herald: Herald, now: Callable[[], datetime]) -> None:
    breaches.climb(herald, now())
