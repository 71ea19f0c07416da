"""What every number people are shown means, and how it is computed from what platforms told and what we did.

One table, `DEFINITIONS`, is read by the pages, the report and docs/metrics.md. The functions are exact: sums are whole
numbers, a rate is a ratio of sums and keeps both. What was not told is missing, never 0; a rate over 0 is undefined.
Both are None here, and whoever shows them says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import sqrt
from zoneinfo import ZoneInfo

from herald.model import Account, Metric, Response, Snapshot

Figures = Mapping[Metric, int]
"""metric -> number; a metric that was not told is absent."""

ENGAGEMENT_PARTS = (Metric.REACTIONS, Metric.COMMENTS, Metric.SHARES, Metric.SAVES, Metric.CLICKS)

FEW_POSTS = 3
"""A cell of the best-time map that rests on fewer posts is shown as too few, not as a rate."""

SMALL = 30
"""A share of fewer things than this is shown with its interval."""

Z95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


# ---------------------------------------------------------------- what is shown


@dataclass(frozen=True, slots=True)
class Definition:
    """One number as people see it.

    Attributes:
        id: stable name in files and addresses.
        label: on pages and in reports. unit: of the number as this module gives it.
        meaning: one sentence. formula: how it is computed, in words and signs.
        source: where the facts come from, and whose formula it is.
        adds: over what the number may be summed, in words; "nothing" for rates and medians.
    """

    id: str
    label: str
    unit: str
    meaning: str
    formula: str
    source: str
    adds: str


_DAYS, _POSTS = "days and accounts", "posts"
_OWN = "Herald's own rows"
_TOLD = "the platform's insights, as last told"
_TOLD_BY_DAY = f"{_TOLD}; Facebook and Instagram end their days at midnight Pacific time"

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "reach", "Daily reach, summed", "people a day",
        "How many people saw something of the account on each day, added up over the days; who came on two days counts "
        "twice, so this is not a number of different people.",
        "Σ reach of the day, over days that have one", _TOLD_BY_DAY, _DAYS,
    ),
    Definition(
        "views", "Views", "views",
        "How often something of the account was shown or played; one person may make several.",
        "Σ views of the day, over days that have them", _TOLD_BY_DAY, _DAYS,
    ),
    Definition(
        "engagements", "Engagements", "engagements",
        "What people did with the posts published in the period: reactions, comments, shares, saves and clicks, as far "
        "as the platform tells them.",
        "Σ over posts of reactions + comments + shares + saves + clicks, of the parts that were told",
        "the platform's figures of each post up to the end of the period", _POSTS,
    ),
    Definition(
        "engagement_rate", "Engagement rate by reach", "ratio",
        "Engagements for each person that a post reached; posts without a reach or without any engagement figure are "
        "left out of both sums.",
        "Σ engagements / Σ reach, over posts that have both",
        "the platform's figures of each post up to the end of the period", "nothing",
    ),
    Definition(
        "post_reach", "Reach of a post", "people",
        "How many people saw the post so far, as the platform counts them.",
        "the newest reach of the post", _TOLD, "nothing",
    ),
    Definition(
        "reactions", "Reactions", "reactions",
        "Likes and their like on the posts published in the period.",
        "Σ reactions over posts that have them", "the platform's figures of each post up to the end of the period",
        _POSTS,
    ),
    Definition(
        "comments", "Comments", "comments",
        "Comments and answers under the posts published in the period, as the platform counts them.",
        "Σ comments over posts that have them", "the platform's figures of each post up to the end of the period",
        _POSTS,
    ),
    Definition(
        "shares", "Shares", "shares",
        "How often the posts published in the period were passed on: shared, boosted, reposted or quoted.",
        "Σ shares over posts that have them", "the platform's figures of each post up to the end of the period", _POSTS,
    ),
    Definition(
        "saves", "Saves", "saves",
        "How often the posts published in the period were kept by people for later.",
        "Σ saves over posts that have them", "the platform's figures of each post up to the end of the period", _POSTS,
    ),
    Definition(
        "clicks", "Clicks", "clicks",
        "Clicks on the posts published in the period, as the platform counts them.",
        "Σ clicks over posts that have them", "the platform's figures of each post up to the end of the period", _POSTS,
    ),
    Definition(
        "followers", "Followers", "followers",
        "How many follow the account, at the newest reading in the period; who follows two accounts counts twice.",
        "the reading of the newest day in the period that has one", _TOLD, "accounts",
    ),
    Definition(
        "followers_change", "Followers gained", "followers",
        "How many more (or, below zero, fewer) follow the account at the end than at the start.",
        "newest reading in the period − newest reading before it, or the first in it where there is none before",
        "the platform's followers of each day", "accounts",
    ),
    Definition(
        "posts", "Posts published", "posts",
        "Posts that Herald published in the period, one for each account, whether or not they were taken down later.",
        "number of variants with a proof of publication in the period", _OWN, _DAYS,
    ),
    Definition(
        "answers", "First answers", "answers",
        "Messages that got their first public answer in the period. What a decision hid or deleted before it was "
        "answered waits for none: it is neither answered nor late.",
        "number of first answers that stood on the platform in the period", _OWN, _DAYS,
    ),
    Definition(
        "response_time", "First response, median", "seconds of business time",
        "Half of the first answers came at least this fast, counted in the account's business hours.",
        "median of the business time between the customer's words and the answer on the platform", _OWN, "nothing",
    ),
    Definition(
        "response_time_p90", "First response, 90th percentile", "seconds of business time",
        "Nine of ten first answers came at least this fast, counted in the account's business hours.",
        "0.9 quantile of the same times, linear between neighbours (as PERCENTILE.INC)", _OWN, "nothing",
    ),
    Definition(
        "in_time", "Answered in time", "ratio",
        "Share of the first answers that stood on the platform before their deadline. What a decision hid or deleted "
        "before it was answered is in neither number.",
        "first answers before the deadline / first answers", _OWN, "nothing",
    ),
    Definition(
        "judged", "Messages judged", "messages",
        "Messages on which a decision stands, by rules or by a person.",
        "`action.allow` + `action.queue` + `action.hide` + `action.delete`", _OWN, _DAYS,
    ),
    Definition(
        "hidden", "Hidden", "messages", "Messages of the period on which the decision to hide stands.",
        "`action.hide`", _OWN, _DAYS,
    ),
    Definition(
        "queued", "Waiting for a decision", "messages",
        "Messages of the period that the rules left to a person, who has not decided yet.",
        "`action.queue`", _OWN, _DAYS,
    ),
    Definition(
        "overruled", "Decided by a person", "messages",
        "Messages of the period where a person's decision stands in place of what the rules said: overruled, or "
        "decided from the queue.",
        "`by.person`", _OWN, _DAYS,
    ),
    Definition(
        "best_time", "Best time", "ratio",
        "Engagement rate by reach of the posts published in each hour of the week; an hour with fewer than "
        f"{FEW_POSTS} posts is marked as too few.",
        "Σ engagements / Σ reach, over posts published in that hour of that weekday, in the zone shown",
        "the platform's figures of each post", "nothing",
    ),
    Definition(
        "change", "Change", "as the number",
        "Difference to the period of equal length just before; missing where either is missing or the two cannot be "
        "compared.",
        "this period − the one before; relative: divided by the one before. Immaterial below 1 % (rates: 0.1 points)",
        _OWN, "nothing",
    ),
    Definition(
        "interval", "95 % interval", "ratio",
        f"Where the true share plausibly lies; shown where a share rests on fewer than {SMALL}, and used in advice.",
        "Wilson score interval, z = 1.96", "E. B. Wilson, 1927", "nothing",
    ),
)  # fmt: skip

BY_ID: Mapping[str, Definition] = {one.id: one for one in DEFINITIONS}


# ---------------------------------------------------------------- facts


@dataclass(frozen=True, slots=True)
class Published:
    """One post of ours on one account, with what the platform told of it so far.

    Attributes:
        external_id: its id on the platform. title: our own working title.
        figures: reach and views here are of this post, not of a day.
        removed: taken down by us since.
    """

    account: str
    post_id: str
    external_id: str
    title: str
    published_at: datetime
    url: str = ""
    figures: Figures = field(default_factory=dict)
    removed: bool = False


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """Everything known of one account over one period; the same again for the period before.

    Attributes:
        days: day -> what the platform told for it. counts: day -> what we counted (measure.counts).
        counted_from: the first day ever of which a message of it was counted; empty: none was, up to the period's end.
        given: what the platform tells at all; empty where that is not known.
    """

    account: Account
    days: Mapping[str, Figures] = field(default_factory=dict)
    posts: tuple[Published, ...] = ()
    responses: tuple[Response, ...] = ()
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    given: frozenset[Metric] = frozenset()
    counted_from: str = ""


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum that knows what it rests on. value None: nothing was told.

    Attributes:
        n: facts in the sum. of: facts there could have been; n < of means that some are missing.
    """

    value: int | None
    n: int
    of: int

    @property
    def whole(self) -> bool:
        return self.n == self.of


@dataclass(frozen=True, slots=True)
class Rate:
    """A ratio of sums. n: things in both sums. missing: things left out of both. parts: what counts as engagement."""

    above: int
    below: int
    n: int
    missing: int
    parts: frozenset[Metric] = frozenset()

    @property
    def value(self) -> float | None:
        """0.05 is 5 %; may exceed 1; None over 0: undefined, or nothing was told."""
        return self.above / self.below if self.below else None


# ---------------------------------------------------------------- days


def days_of(first_day: str, last_day: str) -> list[str]:
    """Every day from first to last, both in, as YYYY-MM-DD. Raises ValueError: no date, or last before first."""
    first, last = date.fromisoformat(first_day), date.fromisoformat(last_day)
    if last < first:
        raise ValueError(f"the last day {last_day} is before the first day {first_day}")
    return [(first + timedelta(days=step)).isoformat() for step in range((last - first).days + 1)]


def previous(first_day: str, last_day: str) -> tuple[str, str]:
    """The period of equal length that ends the day before. Raises ValueError."""
    length = len(days_of(first_day, last_day))
    first = date.fromisoformat(first_day)
    return (first - timedelta(days=length)).isoformat(), (first - timedelta(days=1)).isoformat()


LONGEST = 400  # days of a period


def period(text: str) -> tuple[str, str]:
    """First and last day of `2026-10` (a month), `2026-W43` (an ISO week), `2026` or `2026-10-01..2026-10-31`.

    Raises:
        ValueError: none of these, or longer than 400 days; says what to write.
    """
    try:
        first, last = _period(text.strip())
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"{text!r} is no period: write a month 2026-10, a week 2026-W43 or days 2026-10-01..2026-10-31"
        ) from error
    if (last - first).days >= LONGEST:
        raise ValueError(f"{text!r} is longer than {LONGEST} days: ask for a shorter period")
    return first.isoformat(), last.isoformat()


def _period(text: str) -> tuple[date, date]:
    if not text.isascii():
        raise ValueError(text)
    if week := re.fullmatch(r"(\d{4})-W(\d{2})", text):
        first = date.fromisocalendar(int(week[1]), int(week[2]), 1)
        return first, first + timedelta(days=6)
    if month := re.fullmatch(r"(\d{4})-(\d{2})", text):
        first = date(int(month[1]), int(month[2]), 1)
        after = (first + timedelta(days=31)).replace(day=1)
        return first, after - timedelta(days=1)
    if re.fullmatch(r"\d{4}", text):
        return date(int(text), 1, 1), date(int(text), 12, 31)
    days = re.fullmatch(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})", text)
    if not days:
        raise ValueError(text)
    first, last = date.fromisoformat(days[1]), date.fromisoformat(days[2])
    if last < first:
        raise ValueError(text)
    return first, last


def midnight(day: str, zone: str) -> datetime:
    """The first instant of a day in a zone, with that zone. Raises ValueError."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=ZoneInfo(zone))


# ---------------------------------------------------------------- accounts by day


def total(days: Mapping[str, Figures], metric: Metric, wanted: Sequence[str]) -> Sum:
    """Reach or views of an account over the days wanted: the sum of those that have it.

    Raises:
        ValueError: a number below 0; no platform means that.
    """
    told = [_count(days[day][metric], day) for day in wanted if metric in days.get(day, {})]
    return Sum(sum(told) if told else None, len(told), len(wanted))


def together(sums: Iterable[Sum]) -> Sum:
    """Sums of several accounts as one; None only if none has a value."""
    parts = list(sums)
    values = [part.value for part in parts if part.value is not None]
    return Sum(sum(values) if values else None, sum(part.n for part in parts), sum(part.of for part in parts))


def reach_of(accounts: Iterable[AccountFacts], wanted: Sequence[str]) -> int:
    """The reach of several accounts over all days told, also those on which another of them told nothing."""
    return together(total(one.days, Metric.REACH, wanted) for one in accounts).value or 0


@dataclass(frozen=True, slots=True)
class Followers:
    """Followers at two readings; None where there is no reading. Days in the account's zone."""

    end: int | None
    end_day: str = ""
    start: int | None = None
    start_day: str = ""

    @property
    def change(self) -> int | None:
        """None without two different readings."""
        return self.end - self.start if self.end is not None and self.start is not None else None


def followers(days: Mapping[str, Figures], wanted: Sequence[str], before: Mapping[str, Figures]) -> Followers:
    """The newest reading in the days wanted, against the newest before them, else against the first in them.

    Args:
        before: figures of days before the period.
    """
    inside = [day for day in wanted if Metric.FOLLOWERS in days.get(day, {})]
    if not inside:
        return Followers(None)
    end_day = inside[-1]
    end = _count(days[end_day][Metric.FOLLOWERS], end_day)
    earlier = sorted(day for day, told in before.items() if Metric.FOLLOWERS in told and day < wanted[0])
    if earlier:
        return Followers(end, end_day, _count(before[earlier[-1]][Metric.FOLLOWERS], earlier[-1]), earlier[-1])
    if len(inside) > 1:
        return Followers(end, end_day, _count(days[inside[0]][Metric.FOLLOWERS], inside[0]), inside[0])
    return Followers(end, end_day)


# ---------------------------------------------------------------- posts


def newest(snapshots: Iterable[Snapshot], until: datetime) -> dict[str, dict[Metric, int]]:
    """Post -> metric -> the newest figure read up to `until`; of two read at once, the last given."""
    seen: dict[tuple[str, Metric], datetime] = {}
    found: dict[str, dict[Metric, int]] = {}
    for one in snapshots:
        key = (one.post, one.metric)
        if one.at <= until and one.at >= seen.get(key, one.at):
            seen[key] = one.at
            found.setdefault(one.post, {})[one.metric] = one.value
    return found


def parts_of(figures: Figures) -> frozenset[Metric]:
    """Which parts of engagement were told."""
    return frozenset(ENGAGEMENT_PARTS).intersection(figures)


def engagement(figures: Figures, parts: frozenset[Metric] | None = None) -> int | None:
    """Engagements of one post: the sum of the parts told, or of those named. None: none was told, or not all named.

    Raises:
        ValueError: a number below 0; no platform means that.
    """
    wanted = parts_of(figures) if parts is None else parts
    if not wanted or not wanted <= figures.keys():
        return None
    return sum(_count(figures[part], part) for part in wanted)


def engagements(posts: Iterable[Published]) -> tuple[Sum, frozenset[Metric]]:
    """Engagements of all posts that have any part, and the parts that came in."""
    every = list(posts)
    told = [value for post in every if (value := engagement(post.figures)) is not None]
    parts = frozenset(part for post in every for part in parts_of(post.figures))
    return Sum(sum(told) if told else None, len(told), len(every)), parts


def post_total(posts: Iterable[Published], metric: Metric) -> Sum:
    """One figure summed over the posts that have it."""
    every = list(posts)
    told = [_count(post.figures[metric], post.post_id) for post in every if metric in post.figures]
    return Sum(sum(told) if told else None, len(told), len(every))


def engagement_rate(posts: Iterable[Published], parts: frozenset[Metric] | None = None) -> Rate:
    """Σ engagements / Σ reach over the posts that have both; the others are left out of both sums.

    Args:
        parts: count just these, and only posts that have all of them; for a fair comparison of platforms.
    Source: docs/metrics.md, engagement_rate (a ratio of sums, never a mean of rates).
    """
    above = below = n = missing = 0
    seen: set[Metric] = set()
    for post in posts:
        acts = engagement(post.figures, parts)
        if acts is None or Metric.REACH not in post.figures:
            missing += 1
            continue
        above, below, n = above + acts, below + _count(post.figures[Metric.REACH], post.post_id), n + 1
        seen |= parts_of(post.figures) if parts is None else parts
    return Rate(above, below, n, missing, frozenset(seen))


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of the week. weekday 0 is Monday. few: rests on fewer than FEW_POSTS posts."""

    weekday: int
    hour: int
    rate: Rate

    @property
    def few(self) -> bool:
        return self.rate.n < FEW_POSTS


def best_times(posts: Iterable[Published], zone: str) -> list[Cell]:
    """Engagement rate by hour of the week in `zone`; hours with no post at all are left out. Monday 0:00 first."""
    clock = ZoneInfo(zone)
    hours: dict[tuple[int, int], list[Published]] = {}
    for post in posts:
        local = post.published_at.astimezone(clock)
        hours.setdefault((local.weekday(), local.hour), []).append(post)
    return [Cell(*hour, engagement_rate(hours[hour])) for hour in sorted(hours)]


def top_posts(posts: Iterable[Published], limit: int = 5) -> list[Published]:
    """Best engagement rate first, then most engagements; posts without a rate are left out, not last."""
    rated = [(engagement_rate([post]), post) for post in posts]
    ranked = sorted(
        ((rate.value, rate.above, post) for rate, post in rated if rate.value is not None),
        key=lambda row: (-row[0], -row[1], row[2].published_at, row[2].account, row[2].post_id),
    )
    return [post for _, _, post in ranked[:limit]]


# ---------------------------------------------------------------- answers


@dataclass(frozen=True, slots=True)
class Times:
    """First answers: seconds of business time, None without any; met of n were in time."""

    median: float | None
    p90: float | None
    met: int
    n: int

    @property
    def in_time(self) -> float | None:
        return self.met / self.n if self.n else None


def response_times(responses: Iterable[Response]) -> Times:
    """Median and 90th percentile of the business time waited, and how many were in time.

    Raises:
        ValueError: a wait below 0.
    """
    every = list(responses)
    waits = sorted(_count(one.open_waited, one.case_id) for one in every)
    return Times(quantile(waits, 1, 2), quantile(waits, 9, 10), sum(one.met for one in every), len(every))


def quantile(ordered: Sequence[int], above: int, below: int) -> float | None:
    """The above/below quantile, linear between neighbours; computed in whole numbers up to the last division."""
    if not ordered:
        return None
    place, rest = divmod((len(ordered) - 1) * above, below)
    low = ordered[place]
    high = ordered[min(place + 1, len(ordered) - 1)]
    return (low * below + (high - low) * rest) / below


# ---------------------------------------------------------------- comparing, judging


@dataclass(frozen=True, slots=True)
class Change:
    """Difference to the period before. None: either is missing; relative also where the one before is 0."""

    absolute: float | None
    relative: float | None
    immaterial: bool


def compare(now: float | None, before: float | None, *, rate: bool = False) -> Change:
    """This period against the one before.

    Immaterial: a rate that moved by less than 0.1 points, anything else by less than 1 %. Not known is not immaterial.
    """
    if now is None or before is None:
        return Change(None, None, False)
    absolute = now - before
    relative = absolute / abs(before) if before else None
    small = abs(absolute) < 0.001 if rate else (absolute == 0 or (relative is not None and abs(relative) < 0.01))
    return Change(absolute, relative, small)


def wilson(hits: int, n: int, z: float = Z95) -> tuple[float, float] | None:
    """The Wilson score interval of a share; None where it is no share (n is 0, or more hits than n).

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if n <= 0 or not 0 <= hits <= n:
        return None
    share = hits / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (0.0 if hits == 0 else max(0.0, centre - half), 1.0 if hits == n else min(1.0, centre + half))


def moderation(counts: Mapping[str, Mapping[str, int]], wanted: Sequence[str]) -> dict[str, int]:
    """judged, hidden, queued, overruled over the days wanted. Of an account that is listened to, no row is 0."""

    def of(metric: str) -> int:
        return sum(counts.get(day, {}).get(metric, 0) for day in wanted)

    hidden, queued = of("action.hide"), of("action.queue")
    return {
        "judged": of("action.allow") + hidden + queued + of("action.delete"), "hidden": hidden, "queued": queued,
        "overruled": of("by.person"),
    }  # fmt: skip


def _count(value: int, where: object) -> int:
    if value < 0:
        raise ValueError(f"{where}: {value} is below 0, which no platform reports: correct the adapter")
    return value
