"""Everything a flow needs from the outside, in one value; runtime builds it, tests build their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Protocol

from herald.model.record import record
from herald.ports import (
    Archive,
    Completer,
    Echoer,
    Feeds,
    Leftovers,
    Mailer,
    MediaStore,
    Meter,
    Outlet,
    Poller,
    Secrets,
    Source,
    Store,
    Uploads,
    Wake,
)

LINKS = "herald/links"


class Clock(Protocol):
    def __call__(self) -> datetime:
        """Now, in UTC, with time zone."""


@record
class Herald:
    """The collaborators. Flows take this and `now`; they never build anything themselves."""

    store: Store
    sources: Mapping[str, Source]
    outlets: Mapping[str, Outlet]
    archive: Archive
    wake: Wake
    secrets: Secrets
    clock: Clock
    media: MediaStore | None = None
    uploads: Uploads | None = None  # the same place, for what a browser sends there itself
    pollers: Mapping[str, Poller] = field(default_factory=dict)
    completers: Mapping[str, Completer] = field(default_factory=dict)
    echoers: Mapping[str, Echoer] = field(default_factory=dict)
    meters: Mapping[str, Meter] = field(default_factory=dict)
    mail: Mailer | None = None
    feeds: Feeds | None = None
    link_base: str = ""  # where /l/{token} is reached from outside; empty: no links are made
    pages: str = ""  # where the pages for people are; empty: mails name the page only
    link_secret: str = LINKS  # the name under which the keys of links are kept
    leftovers: Leftovers | None = None
