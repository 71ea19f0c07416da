"""Reading the facts of one brand over one period. What is made of them is in measure/, and pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from herald.errors import Unknown, Unsupported
from herald.flows.context import Herald
from herald.flows.receive import SHOPS
from herald.measure.effect import ordered, told_in
from herald.measure.figures import AccountFacts, Published, midnight, newest, previous
from herald.measure.report import Report
from herald.measure.scorecard import Facts
from herald.model import Account, Metric, Post, Response, Snapshot, Target, TargetState
from herald.model.govern import main_zone
from herald.model.recommendations import Recommendation, recommendations_of
from herald.plain import subject_line
from herald.ports import Store

LATE = timedelta(days=31)
"""How long after its planned time a post may still have been published and be found."""

_READ_AGAIN = timedelta(days=8)
"""While a post is followed, hardly more days pass between two readings (flows.measure)."""

_MOST = 50
"""Recommendations of one month that a report tells."""

_INSTANT = timedelta(milliseconds=1)  # what rows tell instants to


def gather(herald: Herald, brand: str, first_day: str, last_day: str, now: datetime) -> Facts:
    """What is known of a brand's accounts from first to last day, both in, each account in its own zone.

    Figures of posts are those read before the end of the period (before `now` while it runs), so a period that is over
    reports the same for ever, unless a platform corrects a day.

    Raises:
        Unknown: no account of this brand.
        ValueError: the period has not begun, or its last day is before its first.
    """
    ours = [one for one in herald.store.accounts() if one.brand == brand and one.platform not in SHOPS]
    accounts = sorted(ours, key=lambda one: one.id)
    if not accounts:
        known = sorted({one.brand for one in herald.store.accounts()})
        raise Unknown(f"There is no account of brand {brand!r}; there are brands {', '.join(known) or '(none)'}.")
    zone = main_zone(accounts)
    if now < midnight(first_day, zone):
        raise ValueError(f"The period from {first_day} has not begun in {zone}: choose one that has.")
    until_day = min(last_day, max(first_day, _day(now, zone)))
    ends = [_end(last_day, one.timezone) for one in accounts]
    before = previous(first_day, until_day)
    posts = _published(herald.store, brand, before[0], last_day)
    heard = {one.id: _heard(herald.store, one.id, before[0], until_day) for one in accounts}
    return Facts(
        brand=brand,
        first_day=first_day,
        last_day=last_day,
        until_day=until_day,
        over=now >= max(ends),
        zone=zone,
        as_of=_end(last_day, zone) if now >= max(ends) else now.astimezone(UTC).replace(second=0, microsecond=0),
        accounts=tuple(_account(herald, one, first_day, until_day, now, posts, heard[one.id]) for one in accounts),
        before=tuple(_account(herald, one, *before, now, posts, heard[one.id]) for one in accounts),
        recommendations=ordered(
            one
            for month in told_in(first_day, last_day)
            for one in herald.store.listed(
                Recommendation, "feed", recommendations_of(brand, month), newest=True, limit=_MOST
            )
        ),
    )


def send(herald: Herald, report: Report, to: Sequence[str]) -> None:
    """Mail a report with its files to named people.

    Raises:
        Unsupported: no mail is set up. PlatformError: the mail was refused, or cannot be sent now; says which.
    """
    if herald.mail is None:
        raise Unsupported("No mail is set up, so nothing was sent: set MAIL_FROM, and MAIL_SERVER unless it is SES.")
    herald.mail(to, subject_line(report.title), report.text, report.html, report.files)


def _day(at: datetime, zone: str) -> str:
    return at.astimezone(midnight("2000-01-01", zone).tzinfo).date().isoformat()


def _end(day: str, zone: str) -> datetime:
    """The first instant after a day, UTC."""
    return midnight((date.fromisoformat(day) + timedelta(days=1)).isoformat(), zone).astimezone(UTC)


def _published(store: Store, brand: str, first_day: str, last_day: str) -> dict[str, list[tuple[Target, Post | None]]]:
    """Account -> its variants with a proof of publication that were due around these days, with their posts."""
    start = midnight(first_day, "UTC") - timedelta(days=1) - LATE
    targets = store.calendar(brand, start, _end(last_day, "UTC") + timedelta(days=1))
    out = [one for one in targets if one.published_at is not None and one.external_id]
    posts = store.posts({one.post_id: None for one in out})
    found: dict[str, list[tuple[Target, Post | None]]] = {}
    for target in sorted(out, key=lambda one: (one.published_at, one.account, one.post_id)):
        found.setdefault(target.account, []).append((target, posts.get(target.post_id)))
    return found


@dataclass(frozen=True, slots=True)
class _Heard:
    """Counts of the messages of an account by day, and the day of its first one; empty if that is still to come."""

    counts: Mapping[str, Mapping[str, int]]
    since: str


def _heard(store: Store, account: str, first_day: str, last_day: str) -> _Heard:
    since = store.counted_from(account)
    return _Heard(store.counts(account, first_day, last_day), since if since <= last_day else "")


def _account(
    herald: Herald, account: Account, first_day: str, last_day: str, now: datetime,
    posts: Mapping[str, Sequence[tuple[Target, Post | None]]], heard: _Heard,
) -> AccountFacts:  # fmt: skip
    start, end = midnight(first_day, account.timezone).astimezone(UTC), _end(last_day, account.timezone)
    ours = [(t, post) for t, post in posts.get(account.id, ()) if t.published_at and start <= t.published_at < end]
    since = {target.external_id: target.published_at or start for target, _ in ours}
    told = _figures_at(herald.store, account, since, min(end - _INSTANT, now))
    outlet = herald.outlets.get(account.platform)
    return AccountFacts(
        account=account,
        days=herald.store.figures(account.id, first_day, last_day),
        posts=tuple(
            Published(
                account=account.id,
                post_id=target.post_id,
                external_id=target.external_id,
                title=(post.title or post.text[:80]) if post else "",
                published_at=target.published_at or start,
                url=target.url,
                figures=told.get(target.external_id, {}),
                removed=target.state is TargetState.REMOVED,
            )
            for target, post in ours
        ),
        responses=tuple(_answers(herald.store, account.id, start, end)),
        counts={day: counted for day, counted in heard.counts.items() if first_day <= day <= last_day},
        given=outlet.capabilities.metrics if outlet else frozenset(),
        counted_from=heard.since,
    )


def _answers(store: Store, account: str, start: datetime, end: datetime) -> list[Response]:
    return [one for one in store.responses(account, start, end) if start <= one.answered_at < end]


def _figures_at(
    store: Store, account: Account, posts: Mapping[str, datetime], until: datetime
) -> dict[str, dict[Metric, int]]:
    """Post -> its figures as read up to `until`: the newest ones where none is later, else those of the last days.

    Args:
        posts: external id -> since when there can be figures.
    """
    found: dict[str, dict[Metric, int]] = {}
    later: dict[str, set[Metric]] = {}
    for post, figures in store.post_snapshots(account.id, posts).items():
        if all(one.at <= until for one in figures):
            found[post] = {one.metric: one.value for one in figures}
        else:
            later[post] = {one.metric for one in figures}
    if later:
        found |= _as_they_stood(store, account, later, min(posts[post] for post in later), until)
    return found


def _as_they_stood(
    store: Store, account: Account, wanted: Mapping[str, set[Metric]], since: datetime, until: datetime
) -> dict[str, dict[Metric, int]]:
    """The newest figure of each metric up to `until`, looked for backwards in windows of days that double.

    A day of which something was read after `until` (`until` is in the middle of it) has lost what it had before: of
    such a post the facts themselves are read.
    """
    found: dict[str, dict[Metric, Snapshot]] = {post: {} for post in wanted}
    cut: set[str] = set()
    last, first = (date.fromisoformat(_day(at, account.timezone)) for at in (until, since))
    window = _READ_AGAIN
    while last >= first and any(found[post].keys() < wanted[post] for post in wanted):
        start = max(first, last - window + timedelta(days=1))
        for one in reversed(store.read_on(account.id, start.isoformat(), last.isoformat())):
            if one.post in wanted:
                if one.at > until:
                    cut.add(one.post)
                else:
                    found[one.post].setdefault(one.metric, one)
        last, window = start - timedelta(days=1), window * 2
    told = {post: {one.metric: one.value for one in each.values()} for post, each in found.items()}
    for post in sorted(cut):
        told[post] = newest(store.snapshots(account.id, since, until, post=post), until).get(post, {})
    return told
