"""What we may show: an asset of the library, what a customer made and let us use, and which posts rest on them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from herald.model.record import Record, record


class AssetKind(StrEnum):
    IMAGE = "image"
    TEXT = "text"
    PDF = "pdf"
    AUDIO = "audio"
    VIDEO = "video"
    LINK = "link"


@record
class Asset(Record):
    """One thing of a brand's library. Its bytes never change: another file is another asset.

    Attributes:
        key, sha256, mime, size: where its bytes are kept and what they are, by content; all empty for a link.
        width, height: of an image, in pixels; 0 where unknown.
        licence: id of a licence (library.licences).
        credit: whom to name. source: where it came from, in words. address: the web address of origin, or the link.
        proof: who permitted it and how, where the licence is a person's permission.
        ends_at: the instant from which it may not be shown any more; None: no end.
        files: ids of assets that belong to it (the font of a poster, the raw file of a film).
        right: id of the customer's content it shows, whose right it then rests on.
        retired_at, retired_by, reason: taken out of use, by whom and why.
    """

    brand: str
    id: str
    kind: AssetKind
    title: str
    licence: str
    at: datetime
    by: str
    key: str = ""
    sha256: str = ""
    mime: str = ""
    size: int = 0
    width: int = 0
    height: int = 0
    alt: str = ""
    credit: str = ""
    source: str = ""
    address: str = ""
    proof: str = ""
    ends_at: datetime | None = None
    files: tuple[str, ...] = ()
    right: str = ""
    retired_at: datetime | None = None
    retired_by: str = ""
    reason: str = ""
    version: int = 0


class RightState(StrEnum):
    """How far the right to show a customer's content has come."""

    CAPTURED = "captured"
    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@record
class UserContent(Record):
    """What a customer said or showed, and our right to show it again. The words stay in the message, erasable.

    Attributes:
        id: derived from the message (library.rights.content_id): captured twice is captured once.
        account: where it was said, "platform:id". author_id: who said it, by the platform's stable id.
        how: "by hand", or the rule that found it.
        ask_id: the delivery that carries our question.
        evidence: id of the message that grants it, or empty; note: evidence in words.
        platforms: where it may be shown; ends_at: the instant from which it may not be any more; None: no end.
        credit: whom the post must name.
        reason: why it was refused or withdrawn.
    """

    brand: str
    id: str
    message_id: str
    account: str
    author_id: str
    how: str
    captured_at: datetime
    captured_by: str
    state: RightState = RightState.CAPTURED
    asked_at: datetime | None = None
    asked_by: str = ""
    ask_id: str = ""
    answered_at: datetime | None = None
    answered_by: str = ""
    evidence: str = ""
    note: str = ""
    platforms: tuple[str, ...] = ()
    ends_at: datetime | None = None
    credit: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""
    reason: str = ""
    version: int = 0

    @property
    def platform(self) -> str:
        return self.account.split(":", 1)[0]


@record
class Rests(Record):
    """A post was drafted that rests on this need ("kind:id"). It may rest on it no longer: the post says."""

    brand: str
    need: str
    post_id: str
    at: datetime
