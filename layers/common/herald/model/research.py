"""Research: what a brand needs of a platform, what people noted and scored, what was chosen; how our profiles look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
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
    title: str = ""  # of the page it was read on


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
class Scored:
    """A score as it stood in a comparison."""

    platform: str
    need: str
    score: int
    reason: str


@record
class Choice(Record):
    """A decision for two platforms, signed by who chose. It is followed by the next, never changed but for the second
    signature, without which it does not count.

    Attributes:
        chosen: the two. reasons: platform -> why it was chosen or not, of everyone that was compared.
        needs: number of the needs it rests on; totals: platform -> hundredths of a percent, as they were.
        weights, scores, sheet: the comparison as it was signed, the sheet by its digest (research.sheet.digest).
        comparison: digest of all three (research.choice.digest), so that anybody can make it again.
    """

    brand: str
    number: int
    chosen: tuple[str, ...]
    reasons: Mapping[str, str]
    needs: int
    totals: Mapping[str, int]
    by: str
    at: datetime
    weights: Mapping[str, int] = field(default_factory=dict)
    scores: tuple[Scored, ...] = ()
    sheet: str = ""
    comparison: str = ""
    countersigned_by: str = ""
    countersigned_at: datetime | None = None
    version: int = 0


@record
class Profile(Record):
    """How an account is to look, one saved version.

    Attributes:
        avatar, banner: ids of assets of the library; empty: not said. Beside them what their bytes are (SHA-256) and
            how they look (library.likeness), both empty where nothing could be read.
        colours: "#rrggbb", in small letters.
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
    colours: tuple[str, ...] = ()
    avatar_hash: str = ""
    avatar_likeness: str = ""
    banner_hash: str = ""
    banner_likeness: str = ""


NO_IMAGE = "none"


@record
class SeenLook(Record):
    """How an account looks on its platform, as somebody saw it on a day. Never changed, only followed by the next.

    Attributes:
        avatar, banner: SHA-256 of the image that is there; NO_IMAGE: there is none; empty: nobody looked.
    """

    account: str
    number: int
    brand: str
    name: str
    bio: str
    link: str
    colours: tuple[str, ...]
    avatar: str
    avatar_likeness: str
    banner: str
    banner_likeness: str
    by: str
    at: datetime
