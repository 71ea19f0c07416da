"""Reading JSON from outside: strictly, and with the path of what is wrong in every error."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NoReturn

from herald.errors import BadPayload

MAX_ID = 256
MAX_NAME = 200
MAX_URL = 2048
MAX_RAW = 16_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for "the platform named no time": older than everything, so it never wins over what did."""

_ID = re.compile(r"[!-~]+")
_DIGITS = re.compile(r"[0-9]{1,16}")
_MILLISECONDS = 100_000_000_000  # seconds reach this in the year 5138, milliseconds passed it in 1973
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


class _Twice(dict[str, Any]):
    """An object that had a key twice. Readers disagree on which one counts, so it is no object at all."""

    key = ""


def read_json(body: bytes) -> Any:
    """Parse UTF-8 JSON (a byte-order mark is allowed). Raises BadPayload.

    NaN, Infinity and numbers beyond a double are no JSON. An object with a key twice becomes unreadable as an
    object, so that its neighbours in a batch survive it.
    """
    try:
        return json.loads(
            body.decode("utf-8-sig"), object_pairs_hook=_pairs, parse_constant=_no_constant, parse_float=_finite
        )
    except UnicodeDecodeError as error:
        raise BadPayload(f"not UTF-8: byte {error.start} is {body[error.start]:#04x}") from error
    except json.JSONDecodeError as error:
        raise BadPayload(f"not JSON: {error.msg} at line {error.lineno} column {error.colno}") from error
    except RecursionError as error:
        raise BadPayload("not readable: nested too deeply") from error
    except ValueError as error:  # a number too long to convert, NaN, Infinity
        raise BadPayload(f"not JSON: {str(error)[:120]}") from error


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    twice = _Twice(found)
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            twice.key = key
            break
        seen.add(key)
    return twice


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is beyond what a double holds")
    return number


def whole(text: str) -> str:
    """The text with lone surrogates, which no store accepts, replaced by U+FFFD."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def bad(path: str, wanted: str, value: object) -> BadPayload:
    """The error for a value of the wrong shape; it names the path and the type found, never the content."""
    found = "missing" if value is None else f"a {type(value).__name__}"
    return BadPayload(f"{path}: {wanted} expected, found {found}")


def obj(value: object, path: str) -> dict[str, Any]:
    """An object. Raises BadPayload."""
    if isinstance(value, _Twice):
        raise BadPayload(f"{path}: key {whole(value.key)[:80]!r} occurs twice")
    if not isinstance(value, dict):
        raise bad(path, "an object", value)
    return value


def items(value: object, path: str) -> Iterator[tuple[str, Any]]:
    """The members of a list with the path of each. Raises BadPayload."""
    if not isinstance(value, list):
        raise bad(path, "a list", value)
    return ((f"{path}[{n}]", item) for n, item in enumerate(value))


def optional_text(value: object, path: str) -> str:
    """A string; "" when absent or null. Raises BadPayload."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise bad(path, "a string", value)
    return whole(value)


def optional_id(value: object, path: str) -> str | None:
    """An id as a string, sent as a string or a whole number; None when absent, null or "". Raises BadPayload."""
    if value is None or value == "":
        return None
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else value
    if not isinstance(text, str):
        raise bad(path, "an id", value)
    if len(text) > MAX_ID or not _ID.fullmatch(text):
        raise BadPayload(f"{path}: an id of at most {MAX_ID} printable ASCII characters expected")
    return text


def need_id(value: object, path: str) -> str:
    """An id that must be there. Raises BadPayload."""
    found = optional_id(value, path)
    if found is None:
        raise BadPayload(f"{path}: an id expected, found none")
    return found


def optional_time(value: object, path: str) -> datetime | None:
    """Unix seconds or milliseconds (number or digits), or ISO 8601 with an offset, as UTC. Raises BadPayload."""
    if value is None or value == "":
        return None
    number: float | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and _DIGITS.fullmatch(value):
        number = int(value)
    try:
        if number is not None:
            at = datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS else number, tz=UTC)
        elif isinstance(value, str):
            at = datetime.fromisoformat(value)
        else:
            raise bad(path, "a time", value)
        if at.tzinfo is None:
            raise BadPayload(f"{path}: the time has no offset from UTC")
        at = at.astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BadPayload(f"{path}: a time expected (Unix seconds, or ISO 8601 with an offset)") from error
    if not EPOCH <= at < _LATEST:
        raise BadPayload(f"{path}: the time lies outside 1970 to 2099")
    return at


def optional_url(value: object) -> str:
    """An http(s) address of bounded length, else "": a link we cannot show safely is not worth a message."""
    if not isinstance(value, str) or len(value) > MAX_URL or not value.lower().startswith(("https://", "http://")):
        return ""
    return whole(value)


def raw(value: object) -> tuple[str, str]:
    """The value as canonical JSON, cut to MAX_RAW characters, and 32 hex digits that tell it from any other."""
    try:
        text = whole(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")))
    except RecursionError as error:
        raise BadPayload("not readable: nested too deeply") from error
    return text[:MAX_RAW], sha256(text.encode("utf-8")).hexdigest()[:32]
