"""Links that are counted: UTM parameters of a campaign, the code of a short link, who is a program and not a person."""

from __future__ import annotations

import re
from base64 import b32encode
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

CODE = re.compile(r"[a-z2-7]{8,16}")
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")
_PROGRAMS = re.compile(
    r"bot\b|crawl|spider|preview|facebookexternalhit|whatsapp|telegram|slack|discord|mastodon|bluesky|cardyb|curl|wget"
    r"|python|java/|go-http|httpclient|headless|monitor|scan|lighthouse",
    re.IGNORECASE,
)


def with_utm(address: str, *, source: str, campaign: str) -> str:
    """The address with utm_source, utm_medium=social and utm_campaign, in the place of any it had.

    Raises ValueError for what is no https address without a user name.
    """
    address = address.strip()
    if not address.isascii() or any(ord(letter) <= 32 or ord(letter) == 127 for letter in address):
        raise ValueError(address)  # it stands in a header one day: letters beyond ASCII are written as %XX
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname or parts.username is not None or len(address) > 2_000:
        raise ValueError(address)
    given = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in given if not name.startswith("utm_")]
    utm = [("utm_source", source), ("utm_medium", "social"), ("utm_campaign", campaign)]
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", urlencode(kept + utm), parts.fragment))


def code_of(brand: str, campaign: str, target: str, length: int = 8) -> str:
    """The code of a target: the same each time, so that asking twice makes one link."""
    digest = sha256("\x00".join((brand, campaign, target)).encode()).digest()
    return b32encode(digest).decode().lower()[:length]


def a_program(user_agent: str) -> bool:
    """Whether this says of itself that it is no person's browser; what says nothing is one, too."""
    return not user_agent.strip() or bool(_PROGRAMS.search(user_agent))
