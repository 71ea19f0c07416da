"""A short link is followed: where it leads, and one click more on its day, unless a program says that it is one."""

from __future__ import annotations

from datetime import datetime

from herald.errors import HeraldError
from herald.flows.context import Herald
from herald.model import Tallied
from herald.model.campaigns import Clicks, ShortLink
from herald.publish.tracked import CODE, a_program


def follow(code: str, user_agent: str, herald: Herald, now: datetime) -> str:
    """The address it leads to; empty where there is no such link. A click that cannot be counted still leads there.

    A click is a request: one that the browser repeats is two. Nothing of who asks is kept.
    """
    if not CODE.fullmatch(code):
        return ""
    link = herald.store.find(ShortLink, code, code)
    if link is None:
        return ""
    if not a_program(user_agent):
        try:
            herald.store.commit([Tallied(Clicks, (code, f"{now:%Y-%m-%d}"), {"clicks": 1})])
        except HeraldError:
            return link.target
    return link.target
