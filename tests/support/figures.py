"""Facts of made-up accounts, and random ones, for tests of figures and reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from herald.measure.figures import AccountFacts, Published, days_of, previous
from herald.measure.scorecard import Facts
from herald.model import Account, Metric, Response

FIRST, LAST = "2026-10-01", "2026-10-31"
DAYS = days_of(FIRST, LAST)
DAYS_BEFORE = days_of(*previous(FIRST, LAST))
START = datetime(2026, 10, 1, tzinfo=UTC)
TOLD: Mapping[str, frozenset[Metric]] = {
    "facebook_page": frozenset(Metric) - {Metric.SAVES},
    "mastodon": frozenset({Metric.FOLLOWERS, Metric.REACTIONS, Metric.COMMENTS, Metric.SHARES}),
    "instagram": frozenset(Metric) - {Metric.CLICKS},
}


def an_account(platform: str = "facebook_page", id: str = "1", zone: str = "UTC") -> Account:
    return Account(platform, id, f"Tall Timber on {platform}", "tall-timber", timezone=zone)


def a_post(
    id: str = "p1", account: str = "facebook_page:1", *, at: datetime = START, title: str = "", url: str = "",
    **figures: int,
) -> Published:  # fmt: skip
    """`a_post(reach=100, reactions=4)`."""
    told = {Metric(name): value for name, value in figures.items()}
    return Published(account, id, f"x-{id}", title or f"Post {id}", at, url, told)


def an_answer(waited: int, *, met: bool = True, type: str = "question", id: str = "c1") -> Response:
    return Response("facebook_page:1", id, type, START, waited * 3, waited, met)


def facts_of(*accounts: AccountFacts, before: Sequence[AccountFacts] = ()) -> Facts:
    """A month that is over; without `before`, nothing is known of the month before."""
    empty = tuple(AccountFacts(one.account, given=one.given) for one in accounts)
    return Facts(
        "tall-timber", FIRST, LAST, LAST, over=True, zone="UTC", as_of=datetime(2026, 11, 1, tzinfo=UTC),
        accounts=accounts, before=tuple(before) or empty,
    )  # fmt: skip


def a_month(
    platform: str = "facebook_page", *, rate: float = 0.05, posts: int | tuple[Published, ...] = 6, reach: int = 1000,
    month: int = 10, **more: object,
) -> AccountFacts:  # fmt: skip
    """One account with even numbers: every post reaches `reach` people, `rate` of whom react; or these posts."""
    account = an_account(platform)
    days = DAYS if month == 10 else DAYS_BEFORE
    first = datetime.fromisoformat(f"{days[0]}T09:00:00+00:00")
    made: dict[str, object] = {
        "days": {day: {Metric.REACH: 400, Metric.VIEWS: 900, Metric.FOLLOWERS: 5000} for day in days},
        "posts": posts if isinstance(posts, tuple) else tuple(
            a_post(
                f"{platform}-{month}-{n}", account.id, at=first + timedelta(days=n), reach=reach,
                reactions=round(reach * rate), comments=0, shares=0,
            )
            for n in range(posts)
        ),
        "responses": tuple(an_answer(60 * n, id=f"c{n}") for n in range(1, 9)),
        "counts": {days[0]: {"messages": 10, "action.allow": 8, "action.hide": 2, "by.rules": 9, "by.person": 1}},
        "given": TOLD.get(platform, frozenset()),
        "counted_from": "2026-01-05",
    }  # fmt: skip
    return AccountFacts(account, **(made | more))  # type: ignore[arg-type]


def some_facts() -> Facts:
    return facts_of(
        a_month(), a_month("mastodon", days={}, reach=0),
        before=(a_month(month=9), a_month("mastodon", days={}, month=9)),
    )  # fmt: skip


# ---------------------------------------------------------------- random ones

numbers = st.integers(0, 5_000)


def figures_of(metrics: frozenset[Metric] | set[Metric]) -> st.SearchStrategy[dict[Metric, int]]:
    """Any of these metrics, each told or not."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(sorted(metrics), numbers))


_POST_METRICS = set(Metric) - {Metric.FOLLOWERS}


@st.composite
def account_facts(draw: st.DrawFn, platform: str, days: Sequence[str], prefix: str) -> AccountFacts:
    """Anything a platform may have told: days and posts with holes, answers, counts."""
    account = an_account(platform)
    told = TOLD[platform]
    by_day = draw(
        st.dictionaries(st.sampled_from(days), figures_of(told & {Metric.REACH, Metric.VIEWS, Metric.FOLLOWERS}))
    )
    start = datetime.fromisoformat(f"{days[0]}T00:00:00+00:00")
    minutes = st.integers(0, 60 * 24 * len(days) - 1)
    posts = draw(st.lists(st.tuples(minutes, figures_of(_POST_METRICS & told)), max_size=8))
    waits = draw(st.lists(st.tuples(st.integers(0, 90_000), st.booleans()), max_size=12))
    judged = draw(st.dictionaries(st.sampled_from(days), st.tuples(numbers, numbers, numbers, numbers)))
    return AccountFacts(
        account=account,
        days={day: by_day[day] for day in sorted(by_day)},
        posts=tuple(
            Published(account.id, f"{prefix}{n}", f"x{prefix}{n}", f"Post {n}", start + timedelta(minutes=m), "", f)
            for n, (m, f) in enumerate(sorted(posts, key=lambda row: row[0]))
        ),
        responses=tuple(
            Response(account.id, f"c{n}", "question", start, waited * 2, waited, met)
            for n, (waited, met) in enumerate(waits)
        ),
        counts={
            day: {"action.allow": a, "action.queue": q, "action.hide": h, "by.person": p}
            for day, (a, q, h, p) in judged.items()
        },
        given=told,
    )


@st.composite
def random_facts(draw: st.DrawFn, of: Sequence[str] = tuple(sorted(TOLD))) -> Facts:
    """Facts of some of these platforms."""
    platforms = draw(st.lists(st.sampled_from(of), min_size=1, max_size=len(of), unique=True))
    now = [draw(account_facts(platform, DAYS, "n")) for platform in platforms]
    before = [draw(account_facts(platform, DAYS_BEFORE, "b")) for platform in platforms]
    for n, both in enumerate(zip(now, before, strict=True)):
        first = min((day for one in both for day in one.counts), default="")
        begun = draw(st.sampled_from([first, "2026-01-05"]))
        now[n], before[n] = (replace(one, counted_from=begun) for one in both)
    return facts_of(*now, before=before)
