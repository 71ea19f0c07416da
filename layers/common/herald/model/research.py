"""Research: what a brand needs of a platform, what people noted and scored, what was chosen; how our profiles look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from herald.model.record import Record, record


@record
class PlatformNote(Record):
    """A cell of the platform sheet that somebody noted, with where and when it was read."""

    brand: str
    platform: str
    field: str
    text: str
    source: str
    as_of: date
    by: str
    at: datetime
    version: int = 0


@record
class Needs(Record):
    """What a brand needs of a platform, one saved version: need -> weight, 0 to 10."""

    brand: str
    number: int
    weights: Mapping[str, int]
    by: str
    at: datetime


@record
class PlatformScore(Record):
    """How well a platform serves a need, 0 to 3, and why."""

    brand: str
    platform: str
    need: str
    score: int
    reason: str
    by: str
    at: datetime
    version: int = 0


@record
class Choice(Record):
    """A decision for two platforms. Never changed, only followed by the next.

    Attributes:
        chosen: the two. reasons: platform -> why it was chosen or not, of everyone that was compared.
        needs: number of the needs it rests on; totals: platform -> hundredths of a percent, as they were.
    """

    brand: str
    number: int
    chosen: tuple[str, ...]
    reasons: Mapping[str, str]
    needs: int
    totals: Mapping[str, int]
    by: str
    at: datetime


@record
class Profile(Record):
    """How an account is to look, one saved version.

    Attributes:
        avatar, banner: ids of assets of the library; empty: not said.
    """

    account: str
    number: int
    brand: str
    name: str
    bio: str
    link: str
    avatar: str
    banner: str
    by: str
    at: datetime
