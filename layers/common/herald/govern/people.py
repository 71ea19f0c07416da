"""Whom we may write to: mail addresses, strictly."""

from __future__ import annotations

import re

from herald.errors import Rejected

MOST_ADDRESSED = 50
"""Addresses of one mail: SES takes no more (docs.aws.amazon.com, SES "Service quotas", read 2026-11)."""

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_LOCAL})@(?P<domain>{_LABEL}(?:\.{_LABEL})+)")


def address(text: str) -> str:
    """The address if it is one: `local@domain`, ASCII, dot-atom, no name, no comment (RFC 5321, 4.1.2).

    Raises:
        Rejected: it is none; says what is wrong.
    """
    found = _ADDRESS.fullmatch(text) if len(text) <= 254 else None
    if not found or len(found["local"]) > 64:
        raise Rejected(f"{text[:80]!r} is no mail address: write it as name@example.com", "address")
    return text
