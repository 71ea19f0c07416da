"""What Meta's products share above Graph: the webhook's handshake, addresses, the token, lists, figures, cursors."""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from herald.errors import BadSignature, NeedsLogin
from herald.platforms.wire.strict import EPOCH, items, obj, optional_text, optional_time, whole

if TYPE_CHECKING:
    from herald.model import Account

API_VERSION = "v25.0"
API = "https://graph.facebook.com"
TARGET = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:$\-]*")
"""An id that stays at its place in an address."""

GONE = "100/33"
"""No such object, or none that this token may see; which of the two is not said."""

THEIR_TROUBLE = frozenset({"1", "2"})
"""Their documents say to repeat the call. A post is looked up first: whether their failure came before or after it was
taken is not said."""

OVERLAP = timedelta(seconds=60)
"""A comment may become visible a little after a younger one, so the end of what was read is read again."""
_CURSOR_IDS = 100


def challenge(query: Mapping[str, str], verify_token: str) -> str:
    """The text of hub.challenge, to be sent back as text/plain. Raises BadSignature."""
    if query.get("hub.mode") != "subscribe":
        raise BadSignature("hub.mode=subscribe is missing: this is no handshake")
    given = query.get("hub.verify_token", "").encode("utf-8", "surrogatepass")
    ours = verify_token.encode("utf-8", "surrogatepass")
    if not ours or not hmac.compare_digest(given, ours):
        raise BadSignature("hub.verify_token is not the one of this connection")
    answer = query.get("hub.challenge", "")
    # Documented as a number; anything that could be markup is not echoed.
    if not re.fullmatch(r"[A-Za-z0-9_.\-]{1,256}", answer):
        raise BadSignature("hub.challenge is missing or not plain text")
    return answer


def url(account: Account, path: str) -> str:
    """`{api_base}/{version}/{path}`; an api_base that ends in a version keeps its own."""
    base = (account.api_base or API).rstrip("/")
    versioned = base if re.search(r"/v[0-9]+\.[0-9]+$", base) else f"{base}/{API_VERSION}"
    return f"{versioned}/{quote(path)}"


def authorization(token: str) -> dict[str, str]:
    """The token as a header, so that no log of addresses ever holds it.

    Graph's pages show it as the parameter access_token; that the header works is second-hand (restfb issue 1107,
    huandu/facebook pull request 205, read 2026-11-22).
    """
    if not re.fullmatch(r"[!-~]+", token):
        raise NeedsLogin("the stored token is empty or no token: connect the account again", "token")
    return {"Authorization": f"Bearer {token}"}


# -------------------------------------------------------------------- lists


def all_older(answer: Mapping[str, Any], since: datetime, key: str = "created_time") -> bool:
    """Whether a page, newest first as asked for, ends before `since`: what follows is older still."""
    times = [optional_time(obj(value, path).get(key), path) for path, value in items(answer["data"], "data")]
    known = [at for at in times if at is not None]
    return len(known) == len(times) > 0 and known == sorted(known, reverse=True) and known[-1] < since


def next_cursor(answer: Mapping[str, Any]) -> str:
    """The cursor of the next page, "" at the end. `paging.next` is an address with a token in it: never followed."""
    paging = answer.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return ""
    return optional_text(obj(paging.get("cursors"), "paging.cursors").get("after"), "paging.cursors.after")


def rendered(text: str) -> str:
    """What is left of a text to compare once the platform has normalised it: NFC, single white space, trimmed."""
    return " ".join(unicodedata.normalize("NFC", whole(text)).split())


# -------------------------------------------------------------------- figures


def inner(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object under `key`, an empty one where there is none."""
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def count(value: Mapping[str, Any], key: str) -> int | None:
    """A whole number from 0; None for anything else, which is no figure."""
    found = value.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 2**53 else None


# -------------------------------------------------------------------- polling


def read_cursor(cursor: str) -> tuple[datetime, frozenset[str]]:
    """(time of the newest thing seen, ids not to tell again); the epoch for an empty or foreign cursor."""
    seconds, _, ids = cursor.partition(":")
    if not re.fullmatch(r"[0-9]{1,11}", seconds):
        return EPOCH + OVERLAP, frozenset()
    return datetime.fromtimestamp(int(seconds), tz=UTC), frozenset(filter(None, ids.split(",")))


def write_cursor(newest: datetime, ids: Sequence[str]) -> str:
    """`<Unix seconds>:<id>,<id>`"""
    return f"{int(newest.timestamp())}:{','.join(sorted(set(ids))[:_CURSOR_IDS])}"
