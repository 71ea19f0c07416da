"""The demo's Mastodon and Bluesky while the past is made: the simulators themselves, asked without a wire.

The adapters are the real ones. Only their HTTP is replaced, by a call of the simulated API in this process under the
simulated clock, so what the past left on these networks is what the running simulators go on with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from herald.model import Account, Credentials
from herald.platforms.bluesky import Bluesky
from herald.platforms.mastodon import Mastodon
from herald.platforms.wire.atproto import Sessions
from herald.platforms.wire.http import Answer, Http
from herald.ports import Polled, Poller
from local.demo import organisation as shop
from local.demo import voices
from local.microblogs import server
from local.microblogs.config import Config, Ours
from local.microblogs.network import Network
from local.microblogs.reading import CALLS


@dataclass(frozen=True, slots=True)
class Direct(Http):
    """No wire: what would leave over HTTP is answered by a simulated API in this process."""

    network: str = ""
    api: Any = None

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        parts = urlsplit(url)
        named = {name.lower(): value for name, value in headers.items()}
        answer = self.api.answer(CALLS[self.network](method, parts.path, parts.query, named, body or b""))
        said = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, said)


@dataclass
class Listening:
    """A poller that notes which messages it told of."""

    name: str
    poller: Poller
    heard: list[str]

    def poll(self, account: Account, token: str, cursor: str) -> Polled:
        polled = self.poller.poll(account, token, cursor)
        self.heard += [event.message_id for event in polled.events]
        return polled


@dataclass
class Towns:
    """Both networks, and the adapters that speak to them.

    Attributes:
        networks, adapters: by platform.
        heard: ids of the messages that were polled and not yet judged.
        told: what was said (voices.Said.id) -> the id that the network gave it.
    """

    networks: Mapping[str, Network]
    adapters: Mapping[str, Any]
    heard: list[str] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)

    @property
    def pollers(self) -> dict[str, Poller]:
        return {name: Listening(name, adapter, self.heard) for name, adapter in self.adapters.items()}

    def say(self, one: voices.Said, post: str) -> None:
        """A customer answers `post` (an id there), mentions the shop, or likes the post."""
        network = self.networks[one.platform]
        author = network.named(one.author_name)["id"]
        if one.kind == "reaction":
            network.mark("like", post, author, on=True)
            return
        api = server.APIS[one.platform](network)
        handle = shop.HANDLES[one.account_id]
        mention = one.kind == "mention"
        self.told[one.id] = api.speak(author, f"@{handle} {one.text}" if mention else one.text, post or None)


def ours(credentials: Mapping[str, Credentials]) -> dict[str, Ours]:
    """Platform -> our account there, with the secret that speaks for it."""
    found = {}
    for account, platform in shop.MICROBLOGS.items():
        token = credentials[f"herald/{platform}"].tokens[account]
        found[platform] = Ours(account, shop.HANDLES[account], shop.NAME, token.rpartition(":")[2])
    return found


def towns(credentials: Mapping[str, Credentials], bases: Mapping[str, str], clock: Callable[[], datetime]) -> Towns:
    """Both networks in memory, with nobody but us on them yet."""
    networks, adapters = {}, {}
    for platform, account in ours(credentials).items():
        network = server.open_network(
            platform, ":memory:", Config((account,)), base=bases[platform], clock=lambda: clock().timestamp()
        )
        http = Direct(network=platform, api=server.APIS[platform](network))
        networks[platform] = network
        adapters[platform] = Mastodon(http) if platform == "mastodon" else Bluesky(http, Sessions())
    return Towns(networks, adapters)
