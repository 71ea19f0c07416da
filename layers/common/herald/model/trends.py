"""What we read outside to see what comes up: saved feeds, how reading them goes, and the entries they gave."""

from __future__ import annotations

from datetime import datetime

from herald.model.record import Record, record


@record
class Feed(Record):
    """An RSS or Atom feed that is read for a brand.

    Attributes:
        id: derived from the address (research.feeds.feed_id): saved twice is saved once.
        title: what we call it.
        retired_at, retired_by: read no more, since when and by whom; None: it is read.
    """

    brand: str
    id: str
    address: str
    title: str
    by: str
    at: datetime
    retired_at: datetime | None = None
    retired_by: str = ""
    version: int = 0


@record
class FeedState(Record):
    """How reading a feed goes; written by the schedule alone.

    Attributes:
        id: the feed's.
        next_at: not read before. While it is being read: the end of the lease, after which anybody may read it.
        etag, modified: what the server gave with the newest body (RFC 9110, 8.8), sent back next time.
        read_at: when it last answered well; None: never yet.
        failures: in a row. error: what the last one said; empty while it goes well.
        entries: how many the newest body held.
        day, kept: the last UTC day on which entries were new, and how many of that day were kept.
    """

    brand: str
    id: str
    next_at: datetime
    etag: str = ""
    modified: str = ""
    read_at: datetime | None = None
    failures: int = 0
    error: str = ""
    entries: int = 0
    day: str = ""
    kept: int = 0
    version: int = 0


@record
class FeedItem(Record):
    """One entry of a feed, as we first read it, with where it came from.

    Attributes:
        id: derived from the feed and the entry's own id (research.feeds.item_id), so that it is kept once.
        feed_id, source: id and title of the feed. (`feed` is the name of a row's place on its list.)
        address: of the entry; may be empty.
        published: what the feed says, never later than `read`; `read` where it says nothing.
        dated: whether the feed did say.
        asset: id of the library's asset made of it; empty: none.
    """

    brand: str
    id: str
    feed_id: str
    source: str
    title: str
    address: str
    summary: str
    author: str
    published: datetime
    read: datetime
    dated: bool = False
    asset: str = ""
    version: int = 0


def items_list(brand: str) -> str:
    """The entries read for a brand, by when they were published."""
    return f"NEWS#{brand}"
