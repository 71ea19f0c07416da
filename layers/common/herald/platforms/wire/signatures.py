"""How platforms sign what they send: one table, one check.

Nothing here knows a platform's payload. A scheme is data: where the signature stands, how it is written, which bytes
it covers and how old its stamp may be. `check` fails closed: what is missing, doubled or garbled is refused.

Discord (Ed25519) is not here: verifying it takes a library that requirements.txt does not carry.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from herald.errors import BadSignature

_STAMP = re.compile(r"[0-9]{1,12}")


class Encoding(StrEnum):
    HEX = "hex"  # lower case
    BASE64 = "base64"  # standard alphabet, padded
    PLAIN = "plain"  # no MAC: the header is the secret itself


@dataclass(frozen=True, slots=True)
class Stamp:
    """A signed time, Unix seconds.

    Attributes:
        header: the header it stands in; empty: it is the field `t` of the signature header.
        old, ahead: seconds it may lie behind or before our clock; `ahead` None: any.
    """

    header: str = ""
    old: int = 300
    ahead: int | None = 300


@dataclass(frozen=True, slots=True)
class Scheme:
    """One row of the table.

    Attributes:
        headers: lower-case names the signature may stand under; exactly one of them must be sent.
        prefixes: what stands before the digest -> hash of the HMAC it announces.
        covers: bytes signed before the body; `%t` stands for the stamp as it was sent.
        field: name of the signature in a `t=..,v1=..` list (it may occur several times); empty: the whole header.
        source: where this was read.
    """

    headers: tuple[str, ...]
    prefixes: Mapping[str, str]
    encoding: Encoding
    source: str
    covers: bytes = b""
    stamp: Stamp | None = None
    field: str = ""


_SHA256 = MappingProxyType({"": "sha256"})
_WEBSUB = MappingProxyType({f"{name}=": name for name in ("sha1", "sha256", "sha384", "sha512")})

SCHEMES: Mapping[str, Scheme] = MappingProxyType({
    # The older X-Hub-Signature (SHA-1) may still be sent beside it and is ignored.
    "facebook_page": Scheme(
        ("x-hub-signature-256",), MappingProxyType({"sha256=": "sha256"}), Encoding.HEX,
        source="developers.facebook.com/docs/graph-api/webhooks/getting-started, read 2026-11-21",
    ),
    "instagram": Scheme(
        ("x-hub-signature-256",), MappingProxyType({"sha256=": "sha256"}), Encoding.HEX,
        source="developers.facebook.com/docs/graph-api/webhooks/getting-started, read 2026-11-21",
    ),
    # Ours, so both sides of the clock are bounded.
    "webhook": Scheme(
        ("x-herald-signature",), _SHA256, Encoding.HEX, covers=b"%t.", stamp=Stamp(), field="v1",
        source="docs/platforms.md",
    ),
    # One-sided: a stamp ahead of our clock passes, as in the vendor's library. Fields other than v1 are ignored.
    "stripe": Scheme(
        ("stripe-signature",), _SHA256, Encoding.HEX, covers=b"%t.", stamp=Stamp(ahead=None), field="v1",
        source="stripe/stripe-python:stripe/_webhook.py, read 2026-11-21",
    ),
    "x": Scheme(
        ("x-twitter-webhooks-signature",), MappingProxyType({"sha256=": "sha256"}), Encoding.BASE64,
        source="docs.x.com/x-api/webhooks/quickstart, read 2026-11-21",
    ),
    # The words are part of what is signed; older integrations also send them before the digest.
    "linkedin": Scheme(
        ("x-li-signature",), MappingProxyType({"": "sha256", "hmacsha256=": "sha256"}), Encoding.HEX,
        covers=b"hmacsha256=",
        source="learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation, read 2026-11-21",
    ),
    # The platform leaves the tolerance to us.
    "tiktok": Scheme(
        ("tiktok-signature",), _SHA256, Encoding.HEX, covers=b"%t.", stamp=Stamp(), field="s",
        source="developers.tiktok.com/doc/webhooks-verification, read 2026-11-21",
    ),
    "slack": Scheme(
        ("x-slack-signature",), MappingProxyType({"v0=": "sha256"}), Encoding.HEX,
        covers=b"v0:%t:", stamp=Stamp(header="x-slack-request-timestamp"),
        source="slackapi/python-slack-sdk:slack_sdk/signature/__init__.py, read 2026-11-21",
    ),
    "shopify": Scheme(
        ("x-shopify-hmac-sha256",), _SHA256, Encoding.BASE64,
        source="hookdeck/webhook-skills:skills/shopify-webhooks, read 2026-11-21",
    ),
    "telegram": Scheme(
        ("x-telegram-bot-api-secret-token",), _SHA256, Encoding.PLAIN,
        source="core.telegram.org/bots/api#setwebhook, read 2026-11-21",
    ),
    "youtube": Scheme(
        ("x-hub-signature",), _WEBSUB, Encoding.HEX,
        source="W3C WebSub section 8; Google's hub sends sha1, read 2026-11-21",
    ),
})  # fmt: skip
"""Platform name -> its scheme."""


def check(scheme: Scheme, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> None:
    """Return if one of `secrets` signed these very bytes, else raise BadSignature.

    Every secret is tried against every signature, each in constant time. The stamp's age is judged last, so that
    only an authentic sender is told that it is too old.

    Args:
        headers: names in any case; a name given twice (in two cases) is refused.
        secrets: newest first; empty ones are ignored, for anyone can sign with an empty key.
        now: with time zone.
    """
    keys = [secret.encode("utf-8", "surrogatepass") for secret in secrets if secret]
    if not keys:
        raise BadSignature("no secret is configured, so nothing can be authentic: add one to the connection")
    folded = _folded(headers)
    given, stamp = _signatures(scheme, folded)
    signed = scheme.covers.replace(b"%t", stamp.encode("ascii")) + body
    authentic = False
    for signature in given:
        for valid in _valid(scheme, signed, signature, keys):
            authentic |= hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), valid)
    if not authentic:
        raise BadSignature(f"{_found(scheme, folded)[0]} does not match these bytes under any of our secrets")
    if scheme.stamp is not None:
        _check_age(scheme.stamp, int(stamp), now)


def _folded(headers: Mapping[str, str]) -> dict[str, str]:
    folded: dict[str, str] = {}
    for name, value in headers.items():
        if name.lower() in folded:
            raise BadSignature(f"header {name.lower()[:80]!r} was sent twice")
        folded[name.lower()] = value
    return folded


def _found(scheme: Scheme, headers: Mapping[str, str]) -> tuple[str, str]:
    found = [(name, headers[name]) for name in scheme.headers if headers.get(name)]
    if not found:
        raise BadSignature(f"header {' or '.join(scheme.headers)} is missing")
    if len(found) > 1:
        raise BadSignature(f"both {' and '.join(name for name, _ in found)} were sent: which one counts is unclear")
    return found[0]


def _signatures(scheme: Scheme, headers: Mapping[str, str]) -> tuple[list[str], str]:
    """The signatures offered, and the stamp as sent ("" where the scheme has none)."""
    name, value = _found(scheme, headers)
    stamps = [headers.get(scheme.stamp.header, "")] if scheme.stamp and scheme.stamp.header else []
    given = [value.strip()]
    if scheme.field:
        pairs = [part.strip().partition("=") for part in value.split(",")]
        given = [content for key, _, content in pairs if key == scheme.field]
        stamps = [content for key, _, content in pairs if key == "t"]
        if not given:
            raise BadSignature(f"{name} carries no {scheme.field}= signature")
    if scheme.stamp is None:
        return given, ""
    if len(stamps) != 1 or not _STAMP.fullmatch(stamps[0].strip()):
        raise BadSignature(f"{name} carries no single time stamp in Unix seconds")
    return given, stamps[0].strip()


def _valid(scheme: Scheme, signed: bytes, given: str, keys: Sequence[bytes]) -> list[bytes]:
    """What the header would have to say, for each key and each prefix that `given` starts with."""
    if scheme.encoding is Encoding.PLAIN:
        return list(keys)
    valid = []
    for prefix, name in scheme.prefixes.items():
        if not given.startswith(prefix):
            continue
        for key in keys:
            digest = hmac.digest(key, signed, name)
            text = b64encode(digest) if scheme.encoding is Encoding.BASE64 else digest.hex().encode("ascii")
            valid.append(prefix.encode("ascii") + text)
    return valid


def _check_age(stamp: Stamp, sent: int, now: datetime) -> None:
    age = now.timestamp() - sent
    if age > stamp.old:
        raise BadSignature(f"signed {age:.0f} s ago, accepted are {stamp.old} s: replayed, or a clock is wrong")
    if stamp.ahead is not None and -age > stamp.ahead:
        raise BadSignature(f"signed {-age:.0f} s in the future, accepted are {stamp.ahead} s: a clock is wrong")
