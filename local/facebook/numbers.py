"""What the simulated platform counts: made-up figures, each a pure function of ids and times.

Nothing is kept and nothing is random: the same page, post and moment give the same figures in every process, so a
past that was written for a demo and the API that is asked later tell the same. Reactions, comments and shares are not
made up: they are counted on the wall.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from local.simulator import crowd

_VISIT_WEEKDAY = (1.0, 1.02, 1.1, 1.06, 0.96, 0.88, 1.05)


@dataclass(frozen=True, slots=True)
class PostFigures:
    """Of one post so far: people, times shown, clicks."""

    reach: int
    views: int
    clicks: int


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Of one page on one day: people, times shown, people who began to follow."""

    reach: int
    views: int
    follows: int


def post(page: str, post: str, created: float, at: float) -> PostFigures | None:
    """Figures of a post at a moment (Unix seconds); None before there are any. They never fall."""
    if at < created + crowd.FIRST_AFTER:
        return None
    share = 0.08 + 0.26 * crowd.chance(page, post, "size") ** 1.6
    people = crowd.followers(page, created) * share * crowd.moment(created)
    grown = crowd.grown(at - created, 3600 * (9 + 9 * crowd.chance(page, post, "pace")))
    reach = people * grown
    return PostFigures(
        reach=int(reach),
        views=int(reach * (1.15 + 0.45 * crowd.chance(page, post, "views"))),
        clicks=int(reach * (0.006 + 0.034 * crowd.chance(page, post, "clicks"))),
    )


def day(page: str, day: date, posts: Iterable[tuple[str, float]] = ()) -> DayFigures:
    """Figures of a page on a day of ZONE.

    Args:
        posts: (id, Unix seconds of publication) of all posts of the page that still stand.
    """
    start, end = crowd.start_of(day), crowd.start_of(day + timedelta(days=1))
    share = (0.05 + 0.05 * crowd.chance(page, day, "visits")) * _VISIT_WEEKDAY[day.weekday()]
    visitors = crowd.followers(page, start) * share
    reach, views = visitors, visitors * (1.3 + 0.4 * crowd.chance(page, day, "views"))
    for post_id, created in posts:
        if start - crowd.GROWS_FOR <= created < end:
            before = post(page, post_id, created, start) or PostFigures(0, 0, 0)
            after = post(page, post_id, created, end) or PostFigures(0, 0, 0)
            reach += 0.7 * (after.reach - before.reach)  # the others had been reached that day already
            views += after.views - before.views
    return DayFigures(int(reach), int(max(views, reach)), crowd.follows(page, day)[0])
