"""Where each kind of record lies, one line a kind. Read docs/access-patterns.md first; change it first.

A record lies in the partition `PREFIX#<of>` under the sort key `<by>`, each made of the named fields. An index entry
is sparse: only what is on a work list has one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from herald.model import (
    AnswerBook,
    Asset,
    Breach,
    BreachState,
    CheckPolicy,
    DayMark,
    EscalationPath,
    Handling,
    Playbook,
    Remedy,
    RemedyLimits,
    RemedyState,
    Replied,
    Rests,
    Rules,
    RulesByHash,
    UserContent,
    Waiver,
)
from herald.model.breaches import breaches_list, breaches_of
from herald.model.campaigns import (
    FELL,
    ROSE,
    Campaign,
    Clicks,
    Conversions,
    Offer,
    OfferCode,
    Order,
    Product,
    ShortLink,
    Stock,
    Uptake,
    campaigns_list,
    links_list,
    offers_list,
)
from herald.model.care import TOLD, GivenTo, remedies_list, stages_list
from herald.model.incidents import Incident, IncidentState, incidents_list, incidents_of
from herald.model.monitors import Alert, Monitor
from herald.model.notices import MailHour, Notice, notices_list
from herald.model.recommendations import (
    Recommendation,
    RecommendationState,
    recommendations_list,
    recommendations_of,
)
from herald.model.record import Record
from herald.model.research import Choice, Needs, PlatformNote, PlatformScore, Profile, SeenLook
from herald.model.restrictions import AuthorTally, ChannelMode, Restriction, ThreadLock, restrictions_list
from herald.model.rules import RuleAlarm
from herald.model.trends import Feed, FeedItem, FeedState, items_list
from herald.model.verdicts import Exposure, Verdict
from herald.store import keys

R = TypeVar("R", bound=Record)


def _none(_: Any) -> Mapping[str, str]:
    return {}


def _breach_lists(thing: Breach) -> Mapping[str, str]:
    """Among those recorded in its month, always; on the work list until it is closed, by when it climbs."""
    recorded = {"feed": breaches_of(thing.brand, keys.stamp(thing.at)[:7]), "feed_at": keys.stamp(thing.at)}
    if thing.state is BreachState.CLOSED:
        return recorded
    when = keys.stamp(thing.climbs_at) if thing.climbs_at else f"~{keys.stamp(thing.at)}"
    return recorded | {"work": breaches_list(thing.brand), "work_at": when}


def _incident_lists(thing: Incident) -> Mapping[str, str]:
    """Among those raised in its month, always; on the work list until it is closed."""
    at = keys.stamp(thing.at)
    raised = {"feed": incidents_of(thing.brand, at[:7]), "feed_at": at}
    if thing.state is IncidentState.CLOSED:
        return raised
    return raised | {"work": incidents_list(thing.brand), "work_at": at}


def _until_told(thing: Notice) -> Mapping[str, str]:
    """By when it is to be looked at, until it has ended."""
    return {"work": notices_list(thing.brand), "work_at": keys.stamp(thing.due_at)} if thing.due_at else {}


def _by_last_day(thing: Campaign) -> Mapping[str, str]:
    return {"cal": campaigns_list(thing.brand), "cal_at": f"{thing.last}#{thing.id}"}


def _by_closing(thing: Offer) -> Mapping[str, str]:
    return {"cal": offers_list(thing.brand, thing.campaign), "cal_at": f"{keys.stamp(thing.closes)}#{thing.id}"}


def _of_campaign(thing: ShortLink) -> Mapping[str, str]:
    return {"cal": links_list(thing.brand, thing.campaign), "cal_at": f"{keys.stamp(thing.at)}#{thing.code}"}


def _until_looked(thing: Stock) -> Mapping[str, str]:
    return {"work": FELL, "work_at": keys.stamp(thing.fell_at)} if thing.fell_at else {}


def _until_looked_too(thing: Uptake) -> Mapping[str, str]:
    return {"work": ROSE, "work_at": keys.stamp(thing.rose_at)} if thing.rose_at else {}


def _until_measured(thing: Recommendation) -> Mapping[str, str]:
    """Among those of the month whose report it belongs to, always; on the work list until its effect is measured."""
    at = keys.stamp(thing.at)
    recorded = {"feed": recommendations_of(thing.brand, thing.month or at[:7]), "feed_at": at}
    if thing.state is RecommendationState.MEASURED:
        return recorded
    return recorded | {"work": recommendations_list(thing.brand), "work_at": f"{thing.due}#{thing.id}"}


def _at_stage(thing: Handling) -> Mapping[str, str]:
    """By the deadline of its stage; what its role was told of stands before everything that is not overdue yet."""
    stage = thing.current
    if stage is None:
        return {}
    told = TOLD if stage.told_at else ""
    return {"work": stages_list(thing.brand), "work_at": told + keys.stamp(stage.due_at)}


def _for_approval(thing: Remedy) -> Mapping[str, str]:
    waits = thing.state is RemedyState.WAITS
    return {"work": remedies_list(thing.brand), "work_at": keys.stamp(thing.at)} if waits else {}


def _some_months_on(thing: GivenTo) -> int:
    return int(thing.at.timestamp()) + 100 * 86_400


def _until_over(thing: Restriction) -> Mapping[str, str]:
    """By when it ends, until it has ended."""
    if thing.ended_by:
        return {}
    return {"work": restrictions_list(thing.brand), "work_at": keys.stamp(thing.until)}


def _two_days_on(thing: MailHour) -> int:
    return int(thing.at.timestamp()) + 2 * 86_400


@dataclass(frozen=True, slots=True)
class Shelf:
    """Attributes:
    prefix: short, unique among shelves and among the prefixes of store/keys.py.
    of, by: names of the fields that make partition and sort key.
    index: thing -> attributes of the indexes it stands in now, e.g. {"work": ..., "work_at": ...}.
    ttl: thing -> the Unix second after which the row may vanish; None: it stays.
    """

    kind: type[Record]
    table: str
    prefix: str
    of: tuple[str, ...]
    by: tuple[str, ...]
    index: Callable[[Any], Mapping[str, str]] = _none
    ttl: Callable[[Any], int | None] = lambda _: None


def _on_the_calendar(mark: DayMark) -> Mapping[str, str]:
    return {} if mark.removed else {"cal": keys.days(mark.brand), "cal_at": f"{mark.last_day}#{mark.id}"}


def _in_use(asset: Asset) -> Mapping[str, str]:
    """Assets that were not retired, by when they came."""
    if asset.retired_at is not None:
        return {}
    return {"work": keys.assets(asset.brand), "work_at": f"{keys.stamp(asset.at)}#{asset.id}"}


def _by_right(content: UserContent) -> Mapping[str, str]:
    """Each customer's content stands on one list, by how far its right has come."""
    at = content.ended_at or content.answered_at or content.asked_at or content.captured_at
    return {"work": keys.user_content(content.brand, content.state), "work_at": f"{keys.stamp(at)}#{content.id}"}


def _published(item: FeedItem) -> Mapping[str, str]:
    return {"feed": items_list(item.brand), "feed_at": f"{keys.stamp(item.published)}#{item.id}"}


_ITEM_DAYS = 30


def _item_ends(item: FeedItem) -> int:
    return int(item.published.timestamp()) + _ITEM_DAYS * 86_400


SHELVES: tuple[Shelf, ...] = (
    # ---- govern: policies, law, escalation, breaches
    Shelf(EscalationPath, keys.SETTINGS, "PATH", ("brand", "kind"), ("number",)),
    Shelf(Incident, keys.MESSAGES, "INCIDENT", ("id",), ("brand",), _incident_lists),
    Shelf(Notice, keys.MESSAGES, "NOTICE", ("brand", "about"), ("n",), _until_told),
    Shelf(MailHour, keys.MESSAGES, "MAILHOUR", ("brand",), ("at",), ttl=_two_days_on),
    Shelf(Breach, keys.MESSAGES, "BREACH", ("id",), ("brand",), _breach_lists),
    # ---- moderate: rules
    Shelf(Rules, keys.SETTINGS, "RULES", (), ("number",)),
    Shelf(RulesByHash, keys.SETTINGS, "RULESET", ("hash",), ("hash",)),
    Shelf(RuleAlarm, keys.MESSAGES, "RULEALARM", ("brand",), ("day", "rule")),
    # ---- research: platform sheet, selection, trends, profiles
    Shelf(PlatformNote, keys.SETTINGS, "SHEET", ("brand",), ("platform", "field")),
    Shelf(Needs, keys.SETTINGS, "NEEDS", ("brand",), ("number",)),
    Shelf(PlatformScore, keys.SETTINGS, "SCORE", ("brand",), ("platform", "need")),
    Shelf(Choice, keys.SETTINGS, "CHOICE", ("brand",), ("number",)),
    Shelf(Profile, keys.SETTINGS, "PROFILE", ("account",), ("number",)),
    Shelf(SeenLook, keys.SETTINGS, "LOOK", ("account",), ("number",)),
    Shelf(Monitor, keys.SETTINGS, "MONITOR", ("brand",), ("id",)),
    Shelf(Alert, keys.MESSAGES, "ALERT", ("brand",), ("at", "monitor")),
    Shelf(Feed, keys.SETTINGS, "FEED", ("brand",), ("id",)),
    Shelf(FeedState, keys.MESSAGES, "FEEDSTATE", ("brand",), ("id",)),
    Shelf(FeedItem, keys.MESSAGES, "ITEM", ("brand",), ("id",), _published, _item_ends),
    # ---- library: assets, user content
    Shelf(Asset, keys.POSTS, "ASSET", ("brand",), ("id",), _in_use),
    Shelf(UserContent, keys.POSTS, "UGC", ("brand",), ("id",), _by_right),
    Shelf(Rests, keys.POSTS, "RESTS", ("brand", "need"), ("post_id",)),
    # ---- publish: calendar days, campaigns, offers, products
    Shelf(Campaign, keys.POSTS, "CAMPAIGN", ("brand",), ("id",), _by_last_day),
    Shelf(Offer, keys.POSTS, "OFFER", ("brand",), ("id",), _by_closing),
    Shelf(Product, keys.POSTS, "PRODUCT", ("brand",), ("id",)),
    Shelf(Stock, keys.POSTS, "STOCK", ("shop", "item"), ("brand",), _until_looked),
    Shelf(OfferCode, keys.POSTS, "OFFERCODE", ("brand",), ("code",)),
    Shelf(Uptake, keys.POSTS, "UPTAKE", ("brand",), ("offer",), _until_looked_too),
    Shelf(ShortLink, keys.POSTS, "LINK", ("code",), ("code",), _of_campaign),
    Shelf(Clicks, keys.METRICS, "CLICKS", ("code",), ("day",)),
    Shelf(DayMark, keys.POSTS, "DAY", ("brand",), ("id",), _on_the_calendar),
    Shelf(CheckPolicy, keys.SETTINGS, "CHECKS", ("brand",), ("number",)),
    Shelf(Waiver, keys.POSTS, "WAIVER", ("post_id",), ("rule", "mark")),
    # ---- care: playbooks, complaints
    Shelf(Playbook, keys.SETTINGS, "PLAYBOOK", ("brand",), ("number",)),
    Shelf(AnswerBook, keys.SETTINGS, "ANSWERS", ("brand",), ("number",)),
    Shelf(RemedyLimits, keys.SETTINGS, "LIMITS", ("brand",), ("number",)),
    Shelf(Handling, keys.MESSAGES, "HANDLING", ("case_id",), ("brand",), _at_stage),
    Shelf(Remedy, keys.MESSAGES, "REMEDY", ("case_id",), ("n",), _for_approval),
    Shelf(GivenTo, keys.MESSAGES, "GIVENTO", ("brand", "customer"), ("month", "currency"), ttl=_some_months_on),
    Shelf(Replied, keys.MESSAGES, "REPLIED", ("brand", "month"), ("at", "delivery_id")),
    # ---- moderate: authors, channels
    Shelf(Restriction, keys.MESSAGES, "RESTRICTION", ("account",), ("author_id",), _until_over),
    Shelf(ThreadLock, keys.MESSAGES, "THREAD", ("account",), ("thread_id",)),
    Shelf(AuthorTally, keys.MESSAGES, "AUTHOR", ("account",), ("author_id",)),
    Shelf(Verdict, keys.METRICS, "VERDICT", ("brand", "month"), ("at", "message", "key")),
    Shelf(Exposure, keys.METRICS, "EXPOSURE", ("brand", "month"), ("at", "message")),
    Shelf(ChannelMode, keys.SETTINGS, "MODE", ("account",), ("number",)),
    # ---- listen: monitors, incidents
    # ---- measure: recommendations, orders
    Shelf(Order, keys.METRICS, "ORDER", ("shop", "id"), ("brand",)),
    Shelf(Conversions, keys.METRICS, "CONVERSIONS", ("brand", "campaign"), ("day", "source", "currency")),
    Shelf(Recommendation, keys.MESSAGES, "RECOMMENDATION", ("brand",), ("id",), _until_measured),
)

_BY_KIND: Mapping[type[Record], Shelf] = MappingProxyType({shelf.kind: shelf for shelf in SHELVES})
