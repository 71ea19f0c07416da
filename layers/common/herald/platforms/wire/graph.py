"""Meta's Graph API: the shape of its answers and what its error codes ask us to do.

Classified by code, never by sentence. Source: developers.facebook.com/docs/graph-api/guides/error-handling, read
2026-11-21; codes marked "reported" were read in public code that quotes the vendor, not in its own pages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from herald.errors import BadPayload, NeedsLogin, OutcomeUnknown, PlatformError, Rejected, Retryable
from herald.platforms.wire.http import Answer, by_status, retry_after
from herald.platforms.wire.strict import read_json, whole

RETRY = frozenset({1, 2, 1363047, 1609010})
"""Unknown or temporary failure on their side (the long ones: service unavailable, reported)."""

RATE = frozenset({4, 17, 32, 613, *range(80001, 80010)})
"""Limits of the app, the user, the Page; wait as long as the usage headers say."""

SLOWLY = frozenset({1390008})
"""Acting too fast (reported): wait SLOW_SECONDS."""

LOGIN = frozenset({102, 104, 190})
"""The token is missing (104, reported) or dead, whatever the subcode: 458 app removed, 459 checkpoint, 460 password
changed, 463 expired, 467 invalid."""

MAYBE_DONE = frozenset({506, 1366051})
"""The same content was there already (506 by documentation, the other reported): it may be ours. Look it up."""

SLOW_SECONDS = 300.0
_USAGE = ("x-business-use-case-usage", "x-app-usage", "x-page-usage")


def read(answer: Answer, *, repeatable: bool) -> dict[str, Any]:
    """The object of a successful answer. Raises the PlatformError that says what to do next.

    Args:
        repeatable: see wire.http.by_status.
    """
    try:
        body = read_json(answer.body)
    except BadPayload as error:
        raise by_status(answer, f"answer {answer.status} is {error}", repeatable=repeatable) from error
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        raise classify(answer, body["error"], repeatable=repeatable)
    if not isinstance(body, dict) or not 200 <= answer.status < 300:
        raise by_status(answer, f"answer {answer.status} has no shape the Graph API documents", repeatable=repeatable)
    return body


def classify(answer: Answer, error: Mapping[str, Any], *, repeatable: bool) -> PlatformError:
    """What an `error` object asks for. Codes we do not know follow `is_transient`, then the HTTP status."""
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    label = f"{code}/{subcode}" if subcode else str(code)
    sentence = describe(error)
    both = {code, subcode}
    if code in LOGIN:
        return NeedsLogin(f"{sentence}; connect the account again", label)
    if both & RATE:
        return Retryable(sentence, label, _regain_seconds(answer.headers))
    if both & SLOWLY:
        return Retryable(sentence, label, SLOW_SECONDS)
    if both & MAYBE_DONE:
        return OutcomeUnknown(f"{sentence}; it may already stand there", label)
    if both & RETRY or error.get("is_transient") is True:
        return Retryable(sentence, label, retry_after(answer.headers))
    if code is None:
        return by_status(answer, sentence, repeatable=repeatable)
    if code in (3, 10) or 200 <= code <= 299:
        return Rejected(f"{sentence}; the app or the person who connected it lacks the permission", label)
    if code == 368:
        return Rejected(f"{sentence}; the platform blocked this account for abuse: a person must look", label)
    return Rejected(sentence, label)


def describe(error: Mapping[str, Any]) -> str:
    """`Graph error 190/463 (OAuthException): words [trace]`, bounded, on one line."""
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    label = "without a code" if code is None else f"{code}/{subcode}" if subcode else str(code)
    kind, words, trace = (
        _line(error.get("type"), 60),
        _line(error.get("message"), 200),
        _line(error.get("fbtrace_id"), 60),
    )
    parts = (f"Graph error {label}", kind and f" ({kind})", words and f": {words}", trace and f" [{trace}]")
    return "".join(parts)


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _line(value: object, size: int) -> str:
    return " ".join(whole(value).split())[:size] if isinstance(value, str) else ""


def _regain_seconds(headers: Mapping[str, str]) -> float | None:
    """The longest `estimated_time_to_regain_access` (minutes) of the usage headers, else Retry-After."""
    minutes = [0]
    for name in _USAGE:
        try:
            found = json.loads(headers.get(name, "null"))
        except (ValueError, RecursionError):
            continue
        if not isinstance(found, dict):
            continue
        for entry in (found, *(one for many in found.values() if isinstance(many, list) for one in many)):
            given = _number(entry.get("estimated_time_to_regain_access")) if isinstance(entry, dict) else None
            minutes.append(given or 0)
    longest = max(minutes)
    return float(min(longest, 1440) * 60) if longest > 0 else retry_after(headers)
