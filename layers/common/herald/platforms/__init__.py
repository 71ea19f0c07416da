"""The one list of platforms. Each is imported when it is first asked for, so a cold start pays for what it uses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, cast

from herald.errors import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from herald.ports import Completer, Echoer, FeedPage, Feeds, Meter, Outlet, Poller, Source

ALIASES: Mapping[str, str] = {"meta": "facebook_page", "stripe": "webhook"}
"""Other names that `parse` and `verify` take."""

_BLUESKY = ("herald.platforms.bluesky", "Bluesky")
_FACEBOOK_PAGE = ("herald.platforms.facebook_page", "FacebookPage")
_GOOGLE_BUSINESS = ("herald.platforms.google_business", "GoogleBusiness")
_INSTAGRAM = ("herald.platforms.instagram", "Instagram")
_MASTODON = ("herald.platforms.mastodon", "Mastodon")
_SHOPIFY = ("herald.platforms.shopify", "Shopify")
_WEBHOOK = ("herald.platforms.webhook", "Webhook")

_SOURCES = {
    "bluesky": _BLUESKY,
    "facebook_page": _FACEBOOK_PAGE,
    "google_business": _GOOGLE_BUSINESS,
    "instagram": _INSTAGRAM,
    "mastodon": _MASTODON,
    "shopify": _SHOPIFY,
    "webhook": _WEBHOOK,
}
_OUTLETS = _SOURCES  # so far each platform is both; webhook's and shopify's outlets say that they can do nothing
_POLLERS = {
    "bluesky": _BLUESKY,
    "facebook_page": _FACEBOOK_PAGE,  # what webhooks lost
    "google_business": _GOOGLE_BUSINESS,
    "instagram": _INSTAGRAM,  # what webhooks lost
    "mastodon": _MASTODON,
}
_COMPLETERS = {"instagram": _INSTAGRAM}
_ECHOERS = {"bluesky": _BLUESKY, "mastodon": _MASTODON}
_METERS = {
    "bluesky": _BLUESKY,
    "facebook_page": _FACEBOOK_PAGE,
    "instagram": _INSTAGRAM,
    "mastodon": _MASTODON,
}


def sources() -> Mapping[str, Source]:
    """Name -> platform that sends us messages."""
    return cast("Mapping[str, Source]", _Lazy(_SOURCES))


def outlets() -> Mapping[str, Outlet]:
    """Name -> platform we can act on; `capabilities.acts` says how far."""
    return cast("Mapping[str, Outlet]", _Lazy(_OUTLETS))


def pollers() -> Mapping[str, Poller]:
    """Name -> platform that must be asked."""
    return cast("Mapping[str, Poller]", _Lazy(_POLLERS))


def completers() -> Mapping[str, Completer]:
    """Name -> platform whose webhooks name things without their words."""
    return cast("Mapping[str, Completer]", _Lazy(_COMPLETERS))


def echoers() -> Mapping[str, Echoer]:
    """Name -> platform that is asked what our own account answered there."""
    return cast("Mapping[str, Echoer]", _Lazy(_ECHOERS))


def meters() -> Mapping[str, Meter]:
    """Name -> platform that tells numbers."""
    return cast("Mapping[str, Meter]", _Lazy(_METERS))


def feeds(own: str = "") -> Feeds:
    """What reads feeds; imported when the first is read.

    Args:
        own: see ports.Feeds.
    """
    return _Feeds(own)


class _Feeds:
    def __init__(self, own: str) -> None:
        self.own = own

    def fetch(self, address: str, etag: str, modified: str) -> FeedPage:
        from herald.platforms.wire.feeds import fetch  # noqa: PLC0415  when the first feed is read

        return fetch(address, etag, modified, self.own)


class _Lazy(Mapping[str, object]):
    """Names are known at once; a platform is imported and built when it is first looked up, then kept."""

    def __init__(self, where: Mapping[str, tuple[str, str]]) -> None:
        self._where = where
        self._made: dict[str, object] = {}

    def __getitem__(self, name: str) -> object:
        if name not in self._made:
            self._made[name] = _make(*self._where[name])
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._where  # asking whether must not import

    def __iter__(self) -> Iterator[str]:
        return iter(self._where)

    def __len__(self) -> int:
        return len(self._where)


def source(name: str) -> Source:
    """One source by name or alias, without importing the others. Raises Unknown."""
    where = _SOURCES.get(ALIASES.get(name, name))
    if where is None:
        raise Unknown(f"no platform {name!r}; there are {', '.join(sorted([*_SOURCES, *ALIASES]))}")
    return cast("Source", _make(*where))


def verify(name: str, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
    """Check a signature by the scheme of `name`, also of platforms we only know how to authenticate.

    Raises BadSignature, or Unknown for a name without a scheme.
    """
    from herald.platforms.wire.signatures import SCHEMES, check  # noqa: PLC0415

    scheme = SCHEMES.get(name) or SCHEMES.get(ALIASES.get(name, name))
    if scheme is None:
        raise Unknown(f"no signature scheme for {name!r}; there are {', '.join(sorted({*SCHEMES, *ALIASES}))}")
    check(scheme, body, headers, secrets, now)


def _make(module: str, name: str) -> object:
    return getattr(import_module(module), name)()
