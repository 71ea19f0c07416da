"""What the facts of a period suggest doing. Each suggestion carries its evidence; without enough of it, there is none.

A rate is compared by its Wilson interval, which knows only how many people a rate rests on. Posts differ more than
that, so a rate of posts must also rest on several posts and stand when the best of them is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from herald.measure import figures as f
from herald.measure.scorecard import ALL, Facts, name_of, scorecard, words_of
from herald.model import Metric, Response, Role

MIN_POSTS = 5
"""A rate of fewer posts than this advises nothing."""

MIN_ANSWERS = 5

PROMISE = 0.9
"""Share of first answers in time below which answering is too slow: nine of ten."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something seen, and what to do about it.

    Attributes:
        seen: the finding. do: the recommendation. evidence: the numbers it rests on, in words.
        n: how many posts, answers or messages those are.
        owner: whose work it is.
        check: id of the definition whose number says next time whether it helped.
    """

    id: str
    seen: str
    do: str
    evidence: str
    n: int
    owner: Role
    check: str


@dataclass(frozen=True, slots=True)
class NoFinding:
    """What was looked for, and why nothing can be said."""

    id: str
    why: str


def advise(facts: Facts) -> list[Finding | NoFinding]:
    """One entry for each thing looked for, in a fixed order."""
    return [_best_platform(facts), _moved(facts), _slow_answers(facts), _waiting(facts)]


# ---------------------------------------------------------------- posts


def _best_platform(facts: Facts) -> Finding | NoFinding:
    """The platform whose rate is above all others', counting only the parts of engagement that all of them tell."""
    id = "best_platform"
    rated = {platform: _rated(facts.of(platform)) for platform in facts.platforms}
    enough = {platform: posts for platform, posts in rated.items() if len(posts) >= MIN_POSTS}
    if len(enough) < 2:
        counts = ", ".join(f"{name_of(platform)} {len(posts)}" for platform, posts in rated.items()) or "none"
        return NoFinding(
            id,
            f"Platforms cannot be compared: it takes two with {MIN_POSTS} posts that have reach and engagements; "
            f"there are {counts}.",
        )
    parts = frozenset.intersection(*(f.parts_of(post.figures) for posts in enough.values() for post in posts))
    if not parts:
        return NoFinding(id, "Platforms cannot be compared: no part of engagement is told by all of them.")
    rates = {platform: f.engagement_rate(posts, parts) for platform, posts in enough.items()}
    bounds = {platform: interval for platform, rate in rates.items() if (interval := _interval(rate))}
    if len(bounds) < len(rates):
        return NoFinding(id, "Platforms cannot be compared: a rate above 100 % or without reach is no share.")
    best = max(sorted(bounds), key=lambda platform: bounds[platform][0])
    others = sorted((platform for platform in bounds if platform != best), key=lambda platform: bounds[platform][0])
    without = f.engagement_rate(_without_best(enough[best], parts), parts)
    if bounds[best][0] <= max(bounds[other][1] for other in others):
        return NoFinding(id, f"No platform has clearly the best engagement rate: {_told(rates, bounds)}.")
    if (without.value or 0.0) <= max(rates[other].value or 0.0 for other in others):
        return NoFinding(id, f"{name_of(best)} has the best engagement rate only by a single post: no ground to act.")
    return Finding(
        id,
        f"{name_of(best)} has the best engagement rate by reach.",
        f"Plan more of the next period's posts for {name_of(best)} and fewer for {name_of(others[0])}; see whether the "
        "rate holds.",
        f"{_told(rates, bounds)}; counting {words_of(parts)} only, which all of them tell; without its best post, "
        f"{name_of(best)} still has {_percent(without.value)}",
        sum(rate.n for rate in rates.values()),
        Role.MARKETER,
        "engagement_rate",
    )


def _moved(facts: Facts) -> Finding | NoFinding:
    """The engagement rate in all against the period before, over platforms and parts that both have."""
    id = "rate_moved"
    now = {platform: _rated(facts.of(platform)) for platform in facts.platforms}
    before = {platform: _rated(facts.before_of(platform)) for platform in facts.platforms}
    both = [platform for platform in facts.platforms if now[platform] and before[platform]]
    posts, posts_before = [p for one in both for p in now[one]], [p for one in both for p in before[one]]
    if min(len(posts), len(posts_before)) < MIN_POSTS:
        return NoFinding(
            id,
            f"The engagement rate cannot be compared with the period before: it takes {MIN_POSTS} posts in each; "
            f"there are {len(posts)} and {len(posts_before)}.",
        )
    parts = frozenset.intersection(*(f.parts_of(post.figures) for post in posts + posts_before))
    rate, rate_before = f.engagement_rate(posts, parts), f.engagement_rate(posts_before, parts)
    here, there = _interval(rate), _interval(rate_before)
    if not parts or here is None or there is None:
        return NoFinding(id, "The engagement rate cannot be compared with the period before: the parts told differ.")
    fell = here[1] < there[0]
    if not fell and here[0] <= there[1]:
        return NoFinding(id, f"The engagement rate did not clearly move: {_moved_words(rate, rate_before)}.")
    if not all(_same_way(now[one], before[one], parts, fell) for one in both):
        return NoFinding(id, "The engagement rate moved in all, but not on every platform: look at each by itself.")
    high, low = (posts_before, rate) if fell else (posts, rate_before)
    without = f.engagement_rate(_without_best(high, parts), parts)
    if (without.value or 0.0) <= (low.value or 0.0):
        return NoFinding(id, "The engagement rate moved only by a single post: no ground to act.")
    return Finding(
        id,
        f"The engagement rate by reach {'fell' if fell else 'rose'}.",
        "Compare the top posts of both periods and plan more of what worked before."
        if fell
        else "See what the top posts of this period have in common and plan more of it.",
        f"{_moved_words(rate, rate_before)}; {rate.n} posts against {rate_before.n}; counting {words_of(parts)}",
        rate.n + rate_before.n,
        Role.MARKETER,
        "engagement_rate",
    )


def _same_way(
    now: Sequence[f.Published], before: Sequence[f.Published], parts: frozenset[Metric], fell: bool
) -> bool:  # fmt: skip
    """Whether one platform's rate did not go against the whole, which a change of the mix of platforms can do."""
    here, there = f.engagement_rate(now, parts).value or 0.0, f.engagement_rate(before, parts).value or 0.0
    return here <= there if fell else here >= there


def _rated(accounts: Sequence[f.AccountFacts]) -> list[f.Published]:
    posts = [post for one in accounts for post in one.posts]
    return [post for post in posts if Metric.REACH in post.figures and f.parts_of(post.figures)]


def _without_best(posts: Sequence[f.Published], parts: frozenset[Metric]) -> list[f.Published]:
    """All but the post with the most engagements."""
    best = max(range(len(posts)), key=lambda place: f.engagement(posts[place].figures, parts) or 0)
    return [post for place, post in enumerate(posts) if place != best]


def _interval(rate: f.Rate) -> tuple[float, float] | None:
    return f.wilson(rate.above, rate.below)


def _told(rates: dict[str, f.Rate], bounds: dict[str, tuple[float, float]]) -> str:
    return ", ".join(
        f"{name_of(platform)} {_percent(rate.value)} ({rate.above:,} of {rate.below:,}, {rate.n} posts, "
        f"95 % interval {_percent(bounds[platform][0])} to {_percent(bounds[platform][1])})"
        for platform, rate in rates.items()
    )


def _moved_words(rate: f.Rate, before: f.Rate) -> str:
    return (
        f"{_percent(before.value)} ({before.above:,} of {before.below:,}) before, "
        f"{_percent(rate.value)} ({rate.above:,} of {rate.below:,}) now"
    )


def _percent(value: float | None, digits: int = 2) -> str:
    return "undefined" if value is None else f"{100 * value:.{digits}f} %"


# ---------------------------------------------------------------- people


def _slow_answers(facts: Facts) -> Finding | NoFinding:
    """The kind of message answered late more often than the others; else all of them, if clearly below the promise."""
    id = "slow_answers"
    answers = [one for account in facts.accounts for one in account.responses]
    if len(answers) < MIN_ANSWERS:
        return NoFinding(id, f"Answering cannot be judged: it takes {MIN_ANSWERS} answers, there are {len(answers)}.")
    slow = _slowest_type(answers)
    late = [one for one in answers if not slow or one.type == slow]
    times = f.response_times(late)
    bounds = f.wilson(times.met, times.n)
    if bounds is None or (not slow and bounds[1] >= PROMISE):
        return NoFinding(id, f"Answering is not clearly too slow: {times.met} of {times.n} first answers were in time.")
    which = f"first answers of type {slow}" if slow else "first answers"
    return Finding(
        id,
        f"Too many {which} came late.",
        "Look at when the late ones came in, and give those hours more people, or promise what can be kept.",
        f"{times.met} of {times.n} {which} were in time (95 % interval {_percent(bounds[0], 0)} to "
        f"{_percent(bounds[1], 0)}){_rest_words(answers, slow)}",
        times.n,
        Role.CUSTOMER_SERVICE_MANAGER,
        "in_time",
    )


def _slowest_type(answers: Sequence[Response]) -> str:
    """The type clearly less often in time than all others together; empty if there is none."""
    found: list[tuple[float, str]] = []
    for kind in sorted({one.type for one in answers}):
        own, rest = [one for one in answers if one.type == kind], [one for one in answers if one.type != kind]
        if min(len(own), len(rest)) < MIN_ANSWERS:
            continue
        mine, theirs = f.wilson(sum(o.met for o in own), len(own)), f.wilson(sum(o.met for o in rest), len(rest))
        if mine and theirs and mine[1] < theirs[0]:
            found.append((mine[1], kind))
    return min(found)[1] if found else ""


def _rest_words(answers: Sequence[Response], slow: str) -> str:
    rest = f.response_times(one for one in answers if one.type != slow)
    return f", {rest.met} of {rest.n} of all others" if slow else ""


def _waiting(facts: Facts) -> Finding | NoFinding:
    """Messages of the period that still wait for a decision: counted, not estimated."""
    queued = scorecard(facts, ALL)["queued"]
    number = int(queued.value or 0)
    if not number:
        return NoFinding("waiting", "No message of the period waits for a decision.")
    return Finding(
        "waiting",
        f"Messages of the period that still wait for a decision: {number:,}.",
        "Decide them on the Moderation page, the oldest first.",
        f"{number:,} of {queued.n:,} judged messages are queued",
        number,
        Role.COMMUNITY_MANAGER,
        "queued",
    )
