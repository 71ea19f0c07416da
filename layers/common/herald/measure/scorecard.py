"""The numbers of a period, per platform and in all, and what is missing: one computation for pages and report.

Figures of posts are taken as they stood at the end of their period, for this period and for the one before, so that
neither had more time to grow. A difference is given only where both periods can be compared: COMPARED has the rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from herald.measure import figures as f
from herald.model import Metric
from herald.model.govern import platform_name
from herald.model.recommendations import Recommendation

ALL = "all"
"""The scope of every account together; the others are platform names."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When two periods are compared: the ids of the numbers it holds for, and the rule in words."""

    numbers: tuple[str, ...]
    words: str


ENOUGH = 9
"""Of ten: so much of what there could be must be told on both sides of a comparison of sums."""

LATE = 3
"""Days: so long after a day a platform may take to tell it."""

_PARTS = tuple(map(str, f.ENGAGEMENT_PARTS))
_COUNTED = ("judged", "hidden", "queued", "overruled")

COMPARED: tuple[Rule, ...] = (
    Rule(
        ("reach", "views"),
        f"The same accounts told it in both periods, each of them on at least {ENOUGH} of 10 days of each. Days at the "
        f"end of the period that an account has not told yet, {LATE} at most, are left out on both sides.",
    ),
    Rule(
        ("posts",),
        "The period before is known from its beginning, give or take a tenth of its days: something was read, "
        "published, answered or judged then. Where no platform tells anything by day, something is known of it at all.",
    ),
    Rule(
        ("answers", *_COUNTED),
        "Messages of each account were counted from the beginning of the period before, give or take a tenth of its "
        "days. An account's messages are counted from the day of its first one; none is known of an earlier day.",
    ),
    Rule(
        ("engagements", *_PARTS),
        f"As of posts; and the accounts that tell it at all told it of at least {ENOUGH} of 10 of their posts in each "
        "period, the same parts of engagement in both.",
    ),
    Rule(
        ("engagement_rate", "response_time", "response_time_p90", "in_time"),
        f"It rests on at least {f.FEW_POSTS} posts or answers in each period, and on the same parts of engagement.",
    ),
    Rule(
        ("followers",),
        "The same accounts were read in both periods, each at readings as many days apart as the periods are, give or "
        "take a tenth.",
    ),
    Rule(("followers_change",), "Never: it is a difference already."),
)
"""Numbers by the rule that says when they are compared; where it does not hold, the change is missing."""


def name_of(scope: str) -> str:
    """How people call a platform."""
    return "All platforms" if scope == ALL else platform_name(scope)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a report of one brand over one period rests on.

    Attributes:
        first_day, last_day: as asked for. until_day: the last of these days that has begun; the figures end there.
        over: whether the period is over in every account's zone.
        zone: the zone most accounts live in; days are always those of the account's own zone.
        as_of: no figure of a post was read later than this.
        accounts: of this period; before: the same accounts over the equal number of days just before.
        recommendations: of its months and of some before, newest month first (measure.effect).
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
    recommendations: tuple[Recommendation, ...] = ()

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
        before: the same for the period before; where days at the end are not told yet, over the days that are compared.
        change: None inside where the two cannot be compared. unlike: why not, if both are there (see COMPARED).
        note: what a reader must know of this number, `unlike` included; often empty.
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
    unlike: str = ""


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
    return _card(scope, now, before)


def against(facts: Facts, earlier: Facts) -> dict[str, Line]:
    """Every number of all accounts, compared by the same rules with as many other, earlier days."""
    now, before = _Side(facts.accounts, facts.days), _Side(earlier.accounts, earlier.days)
    return _card(ALL, now, before)


def _card(scope: str, now: _Side, before: _Side) -> dict[str, Line]:
    earlier = {one.account.id: one.days for one in before.accounts}
    known, listened = _known(now, before), _listened(now, before)
    lines = [
        _by_day(scope, "reach", Metric.REACH, now, before),
        _by_day(scope, "views", Metric.VIEWS, now, before),
        _posts(scope, now, before, known),
        _engagements(scope, now, before, known),
        _rate(scope, now, before),
        *(_part(scope, part, now, before, known) for part in f.ENGAGEMENT_PARTS),
        *_followers(scope, now, before, earlier),
        *_answers(scope, now, before, listened),
        *_moderation(scope, now, before, listened),
    ]
    return {line.id: line for line in lines}


class _Side:
    """One period of one scope."""

    def __init__(self, accounts: Sequence[f.AccountFacts], days: Sequence[str]) -> None:
        self.accounts = accounts
        self.days = days
        self.posts = [post for one in accounts for post in one.posts]
        self.responses = [answer for one in accounts for answer in one.responses]

    @property
    def listened(self) -> list[f.AccountFacts]:
        """Accounts of which a message was counted on a day of the period or before it."""
        return [one for one in self.accounts if "" < one.counted_from <= self.days[-1]]

    def first_known(self) -> str:
        """The first day of which anything is known; empty without any."""
        known = {day for one in self.accounts for day, told in one.days.items() if told}
        known |= {day for one in self.accounts for day, counted in one.counts.items() if any(counted.values())}
        known |= {_local(post.published_at, one) for one in self.accounts for post in one.posts}
        known |= {_local(answer.answered_at, one) for one in self.accounts for answer in one.responses}
        return min(known.intersection(self.days), default="")


def _local(at: datetime, one: f.AccountFacts) -> str:
    return at.astimezone(ZoneInfo(one.account.timezone)).date().isoformat()


def _slack(days: Sequence[str]) -> int:
    """A tenth of the days, at least one."""
    return max(1, len(days) * (10 - ENOUGH) // 10)


def _enough(n: int, of: int) -> bool:
    return 10 * n >= ENOUGH * of


def _known(now: _Side, before: _Side) -> tuple[bool, str]:
    """Whether anything is known of the period before, and if it is, why what we count ourselves is not compared."""
    first = before.first_known()
    if not first:
        return False, ""
    measured = any(one.days.get(day) for one in now.accounts for day in now.days)
    late = measured and before.days.index(first) > _slack(before.days)
    return True, f"the period before is known only from {first}" if late else ""


def _line(
    scope: str, id: str, value: float | None, n: int, of: int, counted: str, before: float | None, note: str = "",
    *, rate: bool = False, unlike: str = "",
) -> Line:  # fmt: skip
    if value is None or before is None:
        unlike = ""
    change = f.compare(value, None if unlike else before, rate=rate)
    note = _joined((note, f"not compared: {unlike}" if unlike else ""))
    return Line(scope, id, value, n, of, counted, before, change, note, unlike)


def _listened(now: _Side, before: _Side) -> str:
    """Whose messages are counted only since the period before began, and why what came of them is not compared."""
    begun = before.days[min(_slack(before.days), len(before.days) - 1)]
    late = {one.account.id: one.counted_from for one in now.listened if one.counted_from > begun}
    if not late:
        return ""
    first, last = min(late.values()), max(late.values())
    whose = f" of {_names(late, now)}" if len(late) < len(now.listened) or len(late) == 1 else ""
    return f"messages{whose} are counted only from {first}{' and later' if first != last else ''}"


def _posts(scope: str, now: _Side, before: _Side, known: tuple[bool, str]) -> Line:
    """A number of our own rows: none is 0, unless nothing at all is known of the period."""
    there, unlike = known
    n = len(now.posts)
    return _line(scope, "posts", n, n, n, "posts", len(before.posts) if there else None, unlike=unlike)


def _by_day(scope: str, id: str, metric: Metric, now: _Side, before: _Side) -> Line:
    """A sum over days and accounts."""
    earlier = {one.account.id: one.days for one in before.accounts}
    sums, sums_before, short = [], [], []
    told: set[str] = set()
    told_before: set[str] = set()
    late = 0
    for one in now.accounts:
        here = f.total(one.days, metric, now.days)
        days = _told_yet(one.days, metric, now.days)
        there = f.total(earlier.get(one.account.id, {}), metric, before.days[:days])
        if here.value is not None:
            told.add(one.account.id)
            late = max(late, len(now.days) - days)
        if there.value is not None:
            told_before.add(one.account.id)
            sums_before.append(there)
        if here.value is not None or metric in one.given:
            sums.append(here)
        if not (_enough(here.n, days) and _enough(there.n, days)):
            short.append(one.account.id)
    here, there = f.together(sums), f.together(sums_before)
    alike = told == told_before
    few = told.intersection(short)
    notes = [
        "" if sums else "not told by any platform here",
        f"days missing: {here.of - here.n} of {here.of}" if not here.whole else "",
        f"days missing before: {there.of - there.n} of {there.of}" if told and alike and not there.whole else "",
        f"before: without its last {_days(late)}, not told yet here" if late and told_before else "",
    ]
    unlike = f"too few days told to compare, {_of(few, now)}" if few else ""
    unlike = unlike if alike else "other accounts told it before"
    return _line(scope, id, here.value, here.n, here.of, "days", there.value, _joined(notes), unlike=unlike)


def _days(number: int) -> str:
    return f"{number} days" if number > 1 else "day"


def _of(accounts: Iterable[str], side: _Side) -> str:
    return f"by {_names(accounts, side)}"


def _names(accounts: Iterable[str], side: _Side) -> str:
    """Accounts by name, and platform where the name is that of several; after three, how many more."""
    wanted = set(accounts)
    shared = Counter(one.account.name for one in side.accounts)
    names = sorted(
        (one.account.name or one.account.id)
        + (f" ({name_of(one.account.platform)})" if one.account.name and shared[one.account.name] > 1 else "")
        for one in side.accounts if one.account.id in wanted
    )  # fmt: skip
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _told_yet(told: Mapping[str, f.Figures], metric: Metric, days: Sequence[str]) -> int:
    """How many of the days, from the first, an account can have told: without the last ones that are not told yet.

    One that told none of them is silent, not late.
    """
    if not any(metric in told.get(day, {}) for day in days):
        return len(days)
    late = 0
    while late < min(LATE, len(days)) and metric not in told.get(days[-1 - late], {}):
        late += 1
    return len(days) - late


def _engagements(scope: str, now: _Side, before: _Side, known: tuple[bool, str]) -> Line:
    here, parts = f.engagements(now.posts)
    there, parts_before = f.engagements(before.posts)
    note = [
        _posts_note(here, now, "engagements"),
        f"counts {words_of(parts)}" if parts else "",
        f"the period before counts {words_of(parts_before)}" if parts_before and parts_before != parts else "",
    ]
    unlike = "other parts of engagement" if parts != parts_before else _unlike_posts(now, before, f.ENGAGEMENT_PARTS)
    return _line(
        scope, "engagements", here.value, here.n, here.of, "posts", there.value, _joined(note),
        unlike=known[1] or unlike,
    )  # fmt: skip


def _unlike_posts(now: _Side, before: _Side, metrics: Iterable[Metric]) -> str:
    """Why sums over posts of any of these are not compared: an account that tells them left out too many posts."""
    wanted = frozenset(metrics)
    telling = {post.account for side in (now, before) for post in side.posts if wanted.intersection(post.figures)}
    for side in (now, before):
        posts = [post for post in side.posts if post.account in telling]
        few = {
            account for account in telling
            if not _enough(
                sum(post.account == account and bool(wanted.intersection(post.figures)) for post in posts),
                sum(post.account == account for post in posts),
            )
        }  # fmt: skip
        if few:
            return f"told of too few posts{' before' if side is before else ''} to compare, {_of(few, now)}"
    return ""


def _rate(scope: str, now: _Side, before: _Side) -> Line:
    here, there = f.engagement_rate(now.posts), f.engagement_rate(before.posts)
    of = here.n + here.missing
    note = [
        "no posts" if not of else "",
        f"posts without reach or engagements, left out: {here.missing} of {of}" if here.missing else "",
        "undefined: the reach is 0" if here.n and here.value is None else "",
        f"counts {words_of(here.parts)}" if here.parts else "",
    ]
    unlike = "other parts of engagement" if here.parts != there.parts else _few(here.n, there.n, "posts")
    return _line(
        scope, "engagement_rate", here.value, here.n, of, "posts", there.value, _joined(note), rate=True,
        unlike=unlike,
    )  # fmt: skip


def _few(now: int, before: int, what: str) -> str:
    """Why rates and times are not compared: they rest on too few things."""
    if min(now, before) >= f.FEW_POSTS:
        return ""
    return f"fewer than {f.FEW_POSTS} {what}{' before' if now >= f.FEW_POSTS else ''}"


def _part(scope: str, part: Metric, now: _Side, before: _Side, known: tuple[bool, str]) -> Line:
    here, there = f.post_total(now.posts, part), f.post_total(before.posts, part)
    return _line(
        scope, str(part), here.value, here.n, here.of, "posts", there.value, _posts_note(here, now, part),
        unlike=known[1] or _unlike_posts(now, before, (part,)),
    )  # fmt: skip


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
        unlike=_unlike_readings({each: here[each].end_day for each in ends},
                                {each: there[each].end_day for each in ends_before}, now),
    )  # fmt: skip
    spans = sorted({f"{one.start_day} to {one.end_day}" for one in here.values() if one.change is not None})
    note = "needs two readings" if not changes else f"from {', '.join(spans)}"
    gained = _line(
        scope, "followers_change", sum(changes) if changes else None, len(changes), telling, "accounts", None, note
    )
    return count, gained


def _unlike_readings(now: Mapping[str, str], before: Mapping[str, str], side: _Side) -> str:
    """Why followers are not compared. Account -> the day of its newest reading."""
    if now.keys() != before.keys():
        return "other accounts were read before"
    apart = {each: (date.fromisoformat(now[each]) - date.fromisoformat(before[each])).days for each in now}
    far = {each for each, span in apart.items() if abs(span - len(side.days)) > _slack(side.days)}
    return f"the readings do not lie a period apart, {_of(far, side)}" if far else ""


def _answers(scope: str, now: _Side, before: _Side, listened: str) -> Iterable[Line]:
    here, there = f.response_times(now.responses), f.response_times(before.responses)
    none = "" if here.n else "nothing was answered"
    few = _few(here.n, there.n, "answers")
    yield _line(
        scope, "answers", here.n if here.n or now.listened else None, here.n, here.n, "answers",
        there.n if there.n or before.listened else None, _uncounted(now, before, listened), unlike=listened,
    )  # fmt: skip
    yield _line(scope, "response_time", here.median, here.n, here.n, "answers", there.median, none, unlike=few)
    yield _line(scope, "response_time_p90", here.p90, here.n, here.n, "answers", there.p90, none, unlike=few)
    interval = f.wilson(here.met, here.n) if here.n < f.SMALL else None
    note = f"95 % interval {interval[0]:.0%} to {interval[1]:.0%}".replace("%", " %") if interval else none
    yield _line(
        scope, "in_time", here.in_time, here.n, here.n, "answers", there.in_time, note, rate=True, unlike=few
    )  # fmt: skip


def _moderation(scope: str, now: _Side, before: _Side, listened: str) -> Iterable[Line]:
    """Counts of the accounts whose messages were counted by then; where there is none, they are missing."""
    here = [f.moderation(one.counts, now.days) for one in now.listened]
    there = [f.moderation(one.counts, before.days) for one in before.listened]
    judged = sum(one["judged"] for one in here)
    for id in _COUNTED:
        yield _line(
            scope, id, sum(one[id] for one in here) if here else None, judged, judged, "messages",
            sum(one[id] for one in there) if there else None, _uncounted(now, before, listened), unlike=listened,
        )  # fmt: skip


def _uncounted(now: _Side, before: _Side, listened: str) -> str:
    """What a reader must know of a count of messages where no comparison says it."""
    if not now.listened:
        return "no message was counted yet"
    return "" if before.listened else listened


# ---------------------------------------------------------------- what is missing


def gaps(facts: Facts) -> list[Gap]:
    """What a reader may look for and does not find, why, and what to do; by platform, the general ones last."""
    found: list[Gap] = []
    for platform in facts.platforms:
        found += _not_told(facts, platform)
        for one in facts.of(platform):
            found += _unread(facts, one)
        found += _unheard(facts, platform)
    if not facts.over:
        found.append(Gap(ALL, f"days after {facts.until_day}", "The period is not over; the figures are those so far."))
    if not any(one.posts or one.days or one.responses for one in facts.before):
        first, last = f.previous(facts.first_day, facts.until_day)
        found.append(Gap(ALL, "comparison", f"Nothing is known of the period before, {first} to {last}."))
    found += _not_compared(facts)
    found.append(Gap(ALL, "posts made outside of Herald", "Only posts that Herald published are counted as posts."))
    found.append(
        Gap(
            ALL, "cost, orders of the period and what follows from them (conversion, order value, return)",
            "Cost is not recorded, and orders are counted by campaign. Not known is not 0, so nothing is computed from "
            "them.", "See Campaigns for the orders that each brought.",
        )
    )  # fmt: skip
    return found


def _not_compared(facts: Facts) -> list[Gap]:
    """Numbers that both periods have and that are not compared, for all platforms; one reason is said once."""
    reasons: dict[str, list[str]] = {}
    for line in scorecard(facts).values():
        if line.unlike:
            reasons.setdefault(line.unlike, []).append(f.BY_ID[line.id].label)
    return [
        Gap(ALL, f"change of {'; '.join(labels)}", f"Not compared: {reason}.") for reason, labels in reasons.items()
    ]


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


def _unheard(facts: Facts, platform: str) -> list[Gap]:
    """Days before the first message of an account: whether nobody wrote or nobody listened is not known."""
    accounts = facts.of(platform)
    if not any(one.counted_from for one in accounts):
        return [Gap(platform, "messages", "None was counted up to the end of the period.")]
    why = "Messages of an account are counted from the day of its first one."
    return [
        Gap(platform, f"messages of {one.account.name or one.account.id} before {one.counted_from}", why)
        for one in accounts if one.counted_from > facts.first_day
    ]  # fmt: skip


def _unread_days(facts: Facts, one: f.AccountFacts, spans: str, metrics: Sequence[Metric]) -> Gap:
    """Days without a figure; the last days of a period that runs may just not have been told yet."""
    what = f"{words_of(metrics)} of {one.account.name or one.account.id} on {spans}"
    lacking = [day for day in facts.days if metrics[0] not in one.days.get(day, {})]
    recent = (date.fromisoformat(facts.until_day) - timedelta(days=LATE)).isoformat()
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
