"""The numbers of a period, per platform and in all, and what is missing: one computation for pages and report.

Figures of posts are taken as they stood at the end of their period, for this period and for the one before, so that
neither had more time to grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from herald.measure import figures as f
from herald.model import Metric

ALL = "all"
"""The scope of every account together; the others are platform names."""

NAMES: Mapping[str, str] = {
    "facebook_page": "Facebook", "linkedin": "LinkedIn", "tiktok": "TikTok", "whatsapp": "WhatsApp", "x": "X",
    "youtube": "YouTube", "google_business": "Google", "rss": "RSS",
}  # fmt: skip


def name_of(scope: str) -> str:
    """How people call a platform."""
    return NAMES.get(scope, "All platforms" if scope == ALL else scope.replace("_", " ").capitalize())


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a report of one brand over one period rests on.

    Attributes:
        first_day, last_day: as asked for. until_day: the last of these days that has begun; the figures end there.
        over: whether the period is over in every account's zone.
        zone: the zone most accounts live in; days are always those of the account's own zone.
        as_of: no figure of a post was read later than this.
        accounts: of this period; before: the same accounts over the equal number of days just before.
    """

    brand: str
    first_day: str
    last_day: str
    until_day: str
    over: bool
    zone: str
    as_of: datetime
    accounts: tuple[f.AccountFacts, ...]
    before: tuple[f.AccountFacts, ...]

    @property
    def days(self) -> list[str]:
        return f.days_of(self.first_day, self.until_day)

    @property
    def days_before(self) -> list[str]:
        return f.days_of(*f.previous(self.first_day, self.until_day))

    @property
    def platforms(self) -> list[str]:
        return sorted({one.account.platform for one in self.accounts})

    def of(self, scope: str) -> list[f.AccountFacts]:
        return [one for one in self.accounts if scope in (ALL, one.account.platform)]

    def before_of(self, scope: str) -> list[f.AccountFacts]:
        return [one for one in self.before if scope in (ALL, one.account.platform)]


@dataclass(frozen=True, slots=True)
class Line:
    """One number of one scope.

    Attributes:
        id: of its definition. value: None where missing or undefined; `note` then says which.
        n, of, counted: it rests on n of `of` things of this kind (days, posts, answers, accounts).
        before: the same for the period before. change: None inside where the two cannot be compared.
        note: what a reader must know of this number; often empty.
    """

    scope: str
    id: str
    value: float | None
    n: int
    of: int
    counted: str
    before: float | None
    change: f.Change
    note: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something missing: of what, why, and what to do about it (empty: nothing can be done)."""

    scope: str
    what: str
    why: str
    remedy: str = ""


def scorecard(facts: Facts, scope: str = ALL) -> dict[str, Line]:
    """Every number of a scope by the id of its definition, in the order of the report. Scope: a platform or ALL."""
    now, before = _Side(facts.of(scope), facts.days), _Side(facts.before_of(scope), facts.days_before)
    earlier = {one.account.id: one.days for one in facts.before_of(scope)}
    lines = [
        _by_day(scope, "reach", Metric.REACH, now, before),
        _by_day(scope, "views", Metric.VIEWS, now, before),
        _line(scope, "posts", len(now.posts), len(now.posts), len(now.posts), "posts", len(before.posts)),
        _engagements(scope, now, before),
        _rate(scope, now, before),
        *(_part(scope, part, now, before) for part in f.ENGAGEMENT_PARTS),
        *_followers(scope, now, before, earlier),
        *_answers(scope, now, before),
        *_moderation(scope, now, before),
    ]
    return {line.id: line for line in lines}


class _Side:
    """One period of one scope."""

    def __init__(self, accounts: Sequence[f.AccountFacts], days: Sequence[str]) -> None:
        self.accounts = accounts
        self.days = days
        self.posts = [post for one in accounts for post in one.posts]
        self.responses = [answer for one in accounts for answer in one.responses]


def _line(
    scope: str, id: str, value: float | None, n: int, of: int, counted: str, before: float | None, note: str = "",
    *, rate: bool = False, alike: bool = True,
) -> Line:  # fmt: skip
    change = f.compare(value, before if alike else None, rate=rate)
    return Line(scope, id, value, n, of, counted, before, change, note)


def _by_day(scope: str, id: str, metric: Metric, now: _Side, before: _Side) -> Line:
    """A sum over days and accounts. Compared only if the same accounts told it in both periods."""
    sums = {one.account.id: f.total(one.days, metric, now.days) for one in now.accounts}
    told = {account: total for account, total in sums.items() if total.value is not None}
    earlier = {one.account.id: f.total(one.days, metric, before.days) for one in before.accounts}
    told_before = {account: total for account, total in earlier.items() if total.value is not None}
    here, there = f.together(told.values()), f.together(told_before.values())
    alike = told.keys() == told_before.keys()
    notes = [
        "not told by any platform here" if not told else "",
        f"days missing: {here.of - here.n} of {here.of}" if told and not here.whole else "",
        "not compared: other accounts told it before" if told and told_before and not alike else "",
        f"days missing before: {there.of - there.n} of {there.of}" if told and alike and not there.whole else "",
    ]
    return _line(scope, id, here.value, here.n, here.of, "days", there.value, _joined(notes), alike=alike)


def _engagements(scope: str, now: _Side, before: _Side) -> Line:
    here, parts = f.engagements(now.posts)
    there, parts_before = f.engagements(before.posts)
    note = [
        _posts_note(here, now, "engagements"),
        f"counts {words_of(parts)}" if parts else "",
        f"the period before counts {words_of(parts_before)}" if parts_before and parts_before != parts else "",
    ]
    return _line(
        scope, "engagements", here.value, here.n, here.of, "posts", there.value, _joined(note),
        alike=parts == parts_before,
    )  # fmt: skip


def _rate(scope: str, now: _Side, before: _Side) -> Line:
    here, there = f.engagement_rate(now.posts), f.engagement_rate(before.posts)
    of = here.n + here.missing
    note = [
        "no posts" if not of else "",
        f"posts without reach or engagements, left out: {here.missing} of {of}" if here.missing else "",
        "undefined: the reach is 0" if here.n and here.value is None else "",
        f"counts {words_of(here.parts)}" if here.parts else "",
    ]
    return _line(
        scope, "engagement_rate", here.value, here.n, of, "posts", there.value, _joined(note), rate=True,
        alike=here.parts == there.parts,
    )  # fmt: skip


def _part(scope: str, part: Metric, now: _Side, before: _Side) -> Line:
    here, there = f.post_total(now.posts, part), f.post_total(before.posts, part)
    return _line(scope, str(part), here.value, here.n, here.of, "posts", there.value, _posts_note(here, now, part))


def _posts_note(total: f.Sum, side: _Side, what: str) -> str:
    if not side.posts:
        return "no posts"
    if total.value is None:
        return "not told for any post"
    return "" if total.whole else f"posts without {what}: {total.of - total.n} of {total.of}"


def _followers(
    scope: str, now: _Side, before: _Side, earlier: Mapping[str, Mapping[str, f.Figures]]
) -> tuple[Line, Line]:
    """Sums over accounts; the change over those that have two readings."""
    here = {one.account.id: f.followers(one.days, now.days, earlier.get(one.account.id, {})) for one in now.accounts}
    there = {one.account.id: f.followers(one.days, before.days, {}) for one in before.accounts}
    ends = {account: one.end for account, one in here.items() if one.end is not None}
    ends_before = {account: one.end for account, one in there.items() if one.end is not None}
    changes = [one.change for one in here.values() if one.change is not None]
    telling = sum(one.account.id in ends or Metric.FOLLOWERS in one.given for one in now.accounts)
    count = _line(
        scope, "followers", sum(ends.values()) if ends else None, len(ends), telling, "accounts",
        sum(ends_before.values()) if ends_before else None, "" if ends else "no reading in the period",
        alike=ends.keys() == ends_before.keys(),
    )  # fmt: skip
    spans = sorted({f"{one.start_day} to {one.end_day}" for one in here.values() if one.change is not None})
    note = "needs two readings" if not changes else f"from {', '.join(spans)}"
    gained = _line(
        scope, "followers_change", sum(changes) if changes else None, len(changes), telling, "accounts", None, note
    )
    return count, gained


def _answers(scope: str, now: _Side, before: _Side) -> Iterable[Line]:
    here, there = f.response_times(now.responses), f.response_times(before.responses)
    none = "" if here.n else "nothing was answered"
    yield _line(scope, "answers", here.n, here.n, here.n, "answers", there.n)
    yield _line(scope, "response_time", here.median, here.n, here.n, "answers", there.median, none)
    yield _line(scope, "response_time_p90", here.p90, here.n, here.n, "answers", there.p90, none)
    interval = f.wilson(here.met, here.n) if here.n < f.SMALL else None
    note = f"95 % interval {interval[0]:.0%} to {interval[1]:.0%}".replace("%", " %") if interval else none
    yield _line(scope, "in_time", here.in_time, here.n, here.n, "answers", there.in_time, note, rate=True)


def _moderation(scope: str, now: _Side, before: _Side) -> Iterable[Line]:
    here = [f.moderation(one.counts, now.days) for one in now.accounts]
    there = [f.moderation(one.counts, before.days) for one in before.accounts]
    judged = sum(one["judged"] for one in here)
    for id in ("judged", "hidden", "queued", "overruled"):
        yield _line(
            scope, id, sum(one[id] for one in here), judged, judged, "messages", sum(one[id] for one in there)
        )  # fmt: skip


# ---------------------------------------------------------------- what is missing


def gaps(facts: Facts) -> list[Gap]:
    """What a reader may look for and does not find, why, and what to do; by platform, the general ones last."""
    found: list[Gap] = []
    for platform in facts.platforms:
        found += _not_told(facts, platform)
        for one in facts.of(platform):
            found += _unread(facts, one)
    if not facts.over:
        found.append(Gap(ALL, f"days after {facts.until_day}", "The period is not over; the figures are those so far."))
    if not any(one.posts or one.days or one.responses for one in facts.before):
        first, last = f.previous(facts.first_day, facts.until_day)
        found.append(Gap(ALL, "comparison", f"Nothing is known of the period before, {first} to {last}."))
    found.append(Gap(ALL, "posts made outside of Herald", "Only posts that Herald published are counted as posts."))
    found.append(
        Gap(
            ALL, "cost, orders and what follows from them (conversion, order value, return)",
            "Nobody has entered cost or orders. Not known is not 0, so nothing is computed from them.",
        )
    )  # fmt: skip
    return found


_SHOWN = (Metric.FOLLOWERS, Metric.REACH, Metric.VIEWS, *f.ENGAGEMENT_PARTS)


def _not_told(facts: Facts, platform: str) -> list[Gap]:
    """What the platform does not tell at all, as far as its adapter declares and as nothing came."""
    accounts = facts.of(platform)
    known = {metric for one in accounts for metric in one.given}
    known |= {metric for one in accounts for day in one.days.values() for metric in day}
    known |= {metric for one in accounts for post in one.posts for metric in post.figures}
    absent = [metric for metric in _SHOWN if metric not in known]
    if len(absent) == len(_SHOWN):
        return [Gap(platform, "every figure of the platform", f"Herald reads no figures from {name_of(platform)}.")]
    if not absent:
        return []
    return [Gap(platform, words_of(absent), f"{name_of(platform)} does not tell them to Herald.")]


_RETRY = "See that the account is still connected; a later reading fills in what the platform still tells."
_YET = timedelta(days=3)
"""How long after a day a platform may take to tell it."""


def _unread(facts: Facts, one: f.AccountFacts) -> list[Gap]:
    """What the platform tells, but was not read for some day or post; numbers with the same gap share a line."""
    platform, who = one.account.platform, one.account.name or one.account.id
    by_days: dict[str, list[Metric]] = {}
    for metric in (Metric.REACH, Metric.VIEWS):
        lacking = [day for day in facts.days if metric not in one.days.get(day, {})]
        if lacking and (metric in one.given or len(lacking) < len(facts.days)):
            by_days.setdefault(_spans(lacking), []).append(metric)
    found = [_unread_days(facts, one, spans, metrics) for spans, metrics in by_days.items()]
    if Metric.FOLLOWERS in one.given and not any(Metric.FOLLOWERS in one.days.get(day, {}) for day in facts.days):
        found.append(Gap(platform, f"followers of {who}", "They were not read in the period.", _RETRY))
    by_posts: dict[int, list[Metric]] = {}
    for metric in (Metric.REACH, *f.ENGAGEMENT_PARTS):
        without = sum(metric not in post.figures for post in one.posts)
        if without and (metric in one.given or without < len(one.posts)):
            by_posts.setdefault(without, []).append(metric)
    why = "The platform gave no figure up to the end of the period."
    return found + [
        Gap(platform, f"{words_of(metrics)} of {without} of {len(one.posts)} posts of {who}", why)
        for without, metrics in by_posts.items()
    ]


def _unread_days(facts: Facts, one: f.AccountFacts, spans: str, metrics: Sequence[Metric]) -> Gap:
    """Days without a figure; the last days of a period that runs may just not have been told yet."""
    what = f"{words_of(metrics)} of {one.account.name or one.account.id} on {spans}"
    lacking = [day for day in facts.days if metrics[0] not in one.days.get(day, {})]
    recent = (date.fromisoformat(facts.until_day) - _YET).isoformat()
    if not facts.over and lacking[0] > recent:
        return Gap(one.account.platform, what, "Not told yet: platforms tell a day some days later.")
    return Gap(one.account.platform, what, "No figure was read.", _RETRY)


def _spans(days: Sequence[str]) -> str:
    """Days in order as ranges; after five ranges, how many more days."""
    spans: list[list[str]] = []
    for day in days:
        if spans and date.fromisoformat(spans[-1][1]) + timedelta(days=1) == date.fromisoformat(day):
            spans[-1][1] = day
        else:
            spans.append([day, day])
    told = [first if first == last else f"{first} to {last}" for first, last in spans[:5]]
    rest = sum(len(f.days_of(first, last)) for first, last in spans[5:])
    return ", ".join(told) + (f" and {rest} more days" if rest else "")


def words_of(metrics: Iterable[Metric]) -> str:
    """`reactions, comments and shares`, always in the same order."""
    every = set(metrics)
    names = [str(metric) for metric in _SHOWN if metric in every]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _joined(notes: Iterable[str]) -> str:
    return "; ".join(note for note in notes if note)
