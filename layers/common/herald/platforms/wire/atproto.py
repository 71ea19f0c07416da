"""AT Protocol: calls (XRPC), sessions, record keys. What its errors ask us to do is decided by name, never by sentence.

Read 2026-11-21: bluesky-social/atproto:lexicons/com/atproto, atproto.com/specs/{xrpc,tid,at-uri-scheme}; behaviour
marked "seen" was tried on a PDS 0.5 (@atproto/dev-env 0.6.7), 2026-11-21.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from threading import Lock
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import quote

from herald.errors import BadPayload, NeedsLogin, OutcomeUnknown, PlatformError, Rejected, Retryable
from herald.platforms.wire.http import Answer, Http, by_status
from herald.platforms.wire.pace import wait_seconds
from herald.platforms.wire.strict import need_id, optional_text, read_json, whole

_LOGIN = frozenset({
    "AuthenticationRequired", "AuthMissing", "InvalidToken", "ExpiredToken", "AuthFactorTokenRequired",
    "AccountTakedown", "AccountDeactivated", "AccountSuspended", "AccountNotFound",
})  # fmt: skip
_THEIRS = frozenset({
    "InternalServerError", "UpstreamFailure", "UpstreamTimeout", "NotEnoughResources", "MethodNotImplemented",
})  # fmt: skip
_AGAIN = frozenset({"BlobNotFound"})  # what was uploaded has vanished meanwhile: the next attempt uploads it anew
_Result = TypeVar("_Result")
_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
_URI = re.compile(r"at://(did:[a-z0-9]+:[A-Za-z0-9._:%\-]+)/([a-zA-Z][A-Za-z0-9.\-]*)/([A-Za-z0-9._:~\-]{1,512})")
_REMEMBER_REFUSAL = 3_600.0
"""Seconds. A day has 300 logins for an account (bsky-docs rate-limits, 2026-04-21): a wrong password, asked with every
minute, would use them up. A new password is tried at once."""


@dataclass(frozen=True, slots=True)
class Uri:
    """at://<did>/<collection>/<rkey>"""

    did: str
    collection: str
    rkey: str

    def __str__(self) -> str:
        return f"at://{self.did}/{self.collection}/{self.rkey}"


def uri(text: str) -> Uri | None:
    """The parts of the address of a record; None if it is none, or names its owner by handle."""
    match = _URI.fullmatch(text)
    return Uri(*match.groups()) if match else None


def tid(at: datetime, salt: str) -> str:
    """A record key of type TID: 13 characters that sort by time, the same for the same arguments.

    A TID is 53 bits of microseconds and 10 bits of clock id. Second and finer parts come apart here: the second is
    that of `at`, the 30 bits below are hashed from `salt`, so that two posts ordered in one instant differ.
    Source: atproto.com/specs/tid, 2026-11-21.
    """
    bits = int.from_bytes(sha256(salt.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    micros = int(at.timestamp()) * 1_000_000 + bits % 1_000_000
    return _written((micros << 10) | (bits >> 32 & 1023))


def first_key(at: datetime) -> str:
    """The least TID of the second of `at`."""
    return _written((int(at.timestamp()) * 1_000_000) << 10)


def _written(number: int) -> str:
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(60, -1, -5))


# -------------------------------------------------------------------- calls


def read(answer: Answer, *, repeatable: bool) -> dict[str, Any]:
    """The object of a successful answer. Raises the PlatformError that says what to do next; `code` is its name."""
    try:
        body = read_json(answer.body) if answer.body else {}
    except BadPayload as error:
        raise _unreadable(answer, f"answer {answer.status} is {error}", repeatable=repeatable) from error
    if 200 <= answer.status < 300 and isinstance(body, dict):
        return body
    if isinstance(body, dict) and isinstance(body.get("error"), str):
        raise classify(answer, body, repeatable=repeatable)
    raise _unreadable(answer, f"answer {answer.status} has no shape that XRPC documents", repeatable=repeatable)


def classify(answer: Answer, body: Mapping[str, Any], *, repeatable: bool) -> PlatformError:
    """What an XRPC error asks for. A name we do not know follows the HTTP status."""
    name = whole(body["error"])[:80]
    said = body.get("message")
    words = f": {' '.join(whole(said).split())[:200]}" if isinstance(said, str) else ""
    sentence = f"Bluesky error {answer.status} {name}{words}"
    if answer.status == 429 or name == "RateLimitExceeded":
        return Retryable(sentence, name, wait_seconds(answer.headers))
    if name in _AGAIN:
        return Retryable(sentence, name)
    if name in _LOGIN or answer.status == 401:
        return NeedsLogin(f"{sentence}; connect the account again with an app password", name)
    if name in _THEIRS or answer.status >= 500:
        if repeatable:
            return Retryable(sentence, name, wait_seconds(answer.headers))
        return OutcomeUnknown(sentence, name)
    return Rejected(sentence, name)


def _unreadable(answer: Answer, sentence: str, *, repeatable: bool) -> PlatformError:
    if answer.status == 401:
        return NeedsLogin(f"{sentence}; connect the account again with an app password", "http 401")
    if answer.status == 429:
        return Retryable(sentence, "http 429", wait_seconds(answer.headers))
    return by_status(answer, sentence, repeatable=repeatable)


def query(http: Http, base: str, method: str, parameters: Mapping[str, str] | str, bearer: str) -> dict[str, Any]:
    """A read. Raises PlatformError; nothing is changed by it.

    Args:
        parameters: names and values; or a query string, where a name is given several times.
    """
    url = _url(base, method)
    if isinstance(parameters, str):
        return read(http.get(f"{url}?{parameters}", {}, _bearer(bearer)), repeatable=True)
    return read(http.get(url, parameters, _bearer(bearer)), repeatable=True)


def procedure(
    http: Http, base: str, method: str, body: Mapping[str, Any] | None, bearer: str, *, repeatable: bool = False
) -> dict[str, Any]:
    """A write with a JSON body. Raises PlatformError; OutcomeUnknown where it may have happened."""
    headers = _bearer(bearer) if bearer else {}
    sent = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        sent = json.dumps(body, ensure_ascii=False).encode("utf-8")
    return read(http.send("POST", _url(base, method), sent, headers), repeatable=repeatable)


def upload(http: Http, base: str, data: bytes, mime: str, bearer: str) -> dict[str, Any]:
    """The blob reference of an image; raw bytes, not multipart. One that no record names vanishes by itself.

    Raises Retryable instead of OutcomeUnknown: uploading twice leaves nothing behind. A PDS closes the line on a body
    over its own bound (seen), so size is to be checked before.
    """
    headers = {**_bearer(bearer), "Content-Type": mime}
    try:
        answer = read(http.send("POST", _url(base, "com.atproto.repo.uploadBlob"), data, headers), repeatable=True)
    except OutcomeUnknown as error:
        raise Retryable(str(error), error.code) from error
    blob = answer.get("blob")
    if not isinstance(blob, dict):
        raise Retryable("the image was taken, but the answer names no blob", "shape")
    return blob


def _url(base: str, method: str) -> str:
    if not base:
        raise Rejected("the account has no API address: set it to the address of its PDS", "address")
    return f"{base.rstrip('/')}/xrpc/{quote(method)}"


def _bearer(token: str) -> dict[str, str]:
    if not re.fullmatch(r"[!-~]+", token):
        raise NeedsLogin("the session has no token: connect the account again", "token")
    return {"Authorization": f"Bearer {token}"}


# -------------------------------------------------------------------- sessions


@dataclass(frozen=True, slots=True)
class Session:
    """Who we are logged in as (did), and the tokens: `access` for hours, `refresh` for weeks."""

    did: str
    access: str
    refresh: str


class Sessions:
    """One login a process and account, kept fresh. 30 logins in 5 minutes and 300 a day are all an account has.

    A session is made from "identifier:app-password", as the secret store keeps it: the identifier is a handle, an
    e-mail address or a DID; the password is what follows the last colon (app passwords have none).
    """

    def __init__(self) -> None:
        self._known: dict[str, Session] = {}
        self._refused: dict[str, tuple[float, NeedsLogin]] = {}
        self._lock = Lock()

    def run(self, http: Http, base: str, token: str, call: Callable[[Session], _Result]) -> _Result:
        """The result of `call` with a session; when it has expired, it is renewed and called once more.

        An expired token is refused before anything is done, so the second call repeats nothing.
        """
        session = self._session(http, base, token, spent=None)
        try:
            return call(session)
        except NeedsLogin as error:
            if error.code not in ("ExpiredToken", "InvalidToken"):
                raise
        return call(self._session(http, base, token, spent=session))

    def _session(self, http: Http, base: str, token: str, *, spent: Session | None) -> Session:
        """The session in use, or a new one in place of `spent`."""
        key = sha256(f"{base}|{token}".encode("utf-8", "surrogatepass")).hexdigest()
        with self._lock:
            known = self._known.get(key)
            if known is not None and known is not spent:
                return known
            made = (_renewed(http, base, spent) if spent else None) or self._login(http, base, token, key)
            self._known[key] = made
            return made

    def _login(self, http: Http, base: str, token: str, key: str) -> Session:
        until, refusal = self._refused.get(key, (0.0, None))
        if refusal is not None and until > monotonic():
            raise NeedsLogin(str(refusal), refusal.code)
        identifier, colon, password = token.rpartition(":")
        if not (identifier and colon and password):
            raise NeedsLogin("the stored token must be written identifier:app-password; connect the account again")
        wanted = {"identifier": identifier, "password": password}
        try:
            answer = procedure(http, base, "com.atproto.server.createSession", wanted, "", repeatable=True)
        except OutcomeUnknown as error:  # a login that got lost is only a login less
            raise Retryable(str(error), error.code) from error
        except NeedsLogin as error:
            self._refused[key] = (monotonic() + _REMEMBER_REFUSAL, error)
            raise
        return _session(answer)


def _renewed(http: Http, base: str, spent: Session) -> Session | None:
    """A new pair of tokens for an expired one; None where the longer-lived one is dead too."""
    try:
        answer = procedure(http, base, "com.atproto.server.refreshSession", None, spent.refresh, repeatable=True)
        return _session(answer)
    except OutcomeUnknown as error:
        raise Retryable(str(error), error.code) from error
    except (NeedsLogin, Rejected):
        return None


def _session(answer: Mapping[str, Any]) -> Session:
    try:
        return Session(
            did=need_id(answer.get("did"), "did"),
            access=optional_text(answer.get("accessJwt"), "accessJwt"),
            refresh=optional_text(answer.get("refreshJwt"), "refreshJwt"),
        )
    except BadPayload as error:
        raise Retryable(f"the answer to the login is unreadable: {error}", "shape") from error
