"""Signed links: who may do one thing once, without signing in, until when. Pure; the form is docs/decisions/0007.

    1.<payload>.<mac>      payload: base64url of a JSON list; mac: base64url of HMAC-SHA256 over "1.<payload>"

A token names ids and hashes, never words, names or addresses: it stands in mailboxes, histories and logs. Texts are
compared as they were written, so there is one spelling of a token: base64's unused bits are no second one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from herald.errors import BadSignature

LIMIT = 512
"""Characters of a token, at most."""

KEY_LENGTH = 32
"""Characters of a key, at least: as many bytes as the digest has (RFC 2104, 3)."""

_CONTEXT = b"herald link\0"  # a key that signs elsewhere too would not sign this
_FORM = re.compile(r"1\.([A-Za-z0-9_-]{8,464})\.([A-Za-z0-9_-]{43})")
_NONCE = re.compile(r"[A-Za-z0-9-]{8,64}")
_PERSON = re.compile(r"[A-Za-z0-9_.-]{0,64}")
_SEEN = re.compile(r"[A-Za-z0-9.-]{1,80}")


class Purpose(StrEnum):
    """The one thing a link is for."""

    APPROVE = "approve"
    ACKNOWLEDGE = "acknowledge"
    APPEAL = "appeal"
    SHARE = "share"


LONGEST_HOURS = {Purpose.APPROVE: 14 * 24, Purpose.ACKNOWLEDGE: 30 * 24, Purpose.APPEAL: 180 * 24, Purpose.SHARE: 2160}
"""Hours a link may last. An appeal half a year, as the Digital Services Act asks of platforms (Regulation (EU)
2022/2065, Article 20(1)); a shared report ninety days. A retired key is kept that long."""


@dataclass(frozen=True, slots=True)
class Link:
    """Attributes:
    subject: id of the post, policy or message; for a shared report the SHA-256 of its bytes.
    seen: version or hash of the subject as it stood when the link was made.
    person: id of whom it lets act; empty where it is nobody of ours (an appeal).
    expires: whole seconds, UTC; at this instant it is over.
    nonce: one a link, so that two links for the same are two.
    """

    purpose: Purpose
    subject: str
    seen: str
    person: str
    expires: datetime
    nonce: str


def sign(link: Link, keys: Sequence[str]) -> str:
    """The token, signed by the first key.

    Raises:
        ValueError: no proper key, or a field that no token may hold; an address as a person's id is one.
    """
    fields = _checked([str(link.purpose), link.subject, link.seen, link.person, int(link.expires.timestamp()),
                       link.nonce])  # fmt: skip
    if fields is None:
        raise ValueError(f"no link can be made for {link.purpose} {link.subject[:80]!r}: an id is not of its form")
    payload = _base64(json.dumps(fields, separators=(",", ":"), ensure_ascii=True).encode())
    token = f"1.{payload}.{_mac(payload, _proper(keys)[0])}"
    if len(token) > LIMIT:
        raise ValueError(f"the link would have {len(token)} characters, more than {LIMIT}")
    return token


def read(token: str, keys: Sequence[str], now: datetime) -> Link:
    """The link, if one of the keys signed it and it is not over.

    Raises:
        BadSignature: anything else, all in the same words: who tries learns nothing from them.
        ValueError: no proper key.
    """
    proper = _proper(keys)
    form = _FORM.fullmatch(token) if len(token) <= LIMIT else None
    if form is None:
        raise BadSignature("not a link of ours")
    given = form[2].encode()
    if not any([hmac.compare_digest(given, _mac(form[1], key).encode()) for key in proper]):  # noqa: C419 - every key
        raise BadSignature("not a link of ours")
    try:
        fields = _checked(json.loads(base64.urlsafe_b64decode(form[1] + "=" * (-len(form[1]) % 4))))
    except ValueError:
        fields = None
    if fields is None or now.timestamp() >= fields[4]:
        raise BadSignature("not a link of ours")
    purpose, subject, seen, person, expires, nonce = fields
    return Link(Purpose(purpose), subject, seen, person, datetime.fromtimestamp(expires, tz=UTC), nonce)


def _checked(given: object) -> tuple[str, str, str, str, int, str] | None:
    """The six fields if each is of its form."""
    if not isinstance(given, list) or len(given) != 6:
        return None
    purpose, subject, seen, person, expires, nonce = given
    if not all(isinstance(text, str) for text in (purpose, subject, seen, person, nonce)) or type(expires) is not int:
        return None
    forms = (_SEEN.fullmatch(seen), _PERSON.fullmatch(person), _NONCE.fullmatch(nonce))
    proper = all(form is not None for form in forms) and 1 <= len(subject) <= 300 and subject.isprintable()
    if not proper or purpose not in set(Purpose) or not 0 < expires < 1 << 34:
        return None
    return purpose, subject, seen, person, expires, nonce


def _proper(keys: Sequence[str]) -> Sequence[str]:
    if isinstance(keys, str) or not keys or any(len(key) < KEY_LENGTH for key in keys):
        raise ValueError(f"links need keys of {KEY_LENGTH} characters or more")
    return keys


def _mac(payload: str, key: str) -> str:
    return _base64(hmac.new(key.encode(), _CONTEXT + b"1." + payload.encode(), hashlib.sha256).digest())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
