"""Ingest: a platform calls us -> verified -> one conditional write a message -> 2xx. The write is the queue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from herald.errors import BadPayload, BadSignature, Unknown
from herald.flows.context import Herald
from herald.model import Change, Connection, Credentials, Event, Kind
from herald.model.record import record
from herald.ports import KeptBody, Source

BODY_LIMIT = 5 * 1024 * 1024
"""Bytes of a webhook body. WhatsApp documents 3 MB; API Gateway lets at most 10 MB through."""
EVENT_LIMIT = 2_500
"""Events of one body that are written while the platform waits. Platforms document at most 1,000 changes; a body of
more would run into the function's timeout at every delivery, so it is kept for replay instead."""
CLOCKS_DIFFER = timedelta(days=1)
"""A change from further ahead of our clock than this did not happen then."""
SHOPS = frozenset({"shopify"})
"""Platforms that tell stock and orders: these become numbers, and no message."""
_WRITERS = 16
REFUSED = "Refused. Check this address, and what you sign or verify with, against what Herald shows for the connection."
"""All that a stranger is told: one sentence for a wrong name, a wrong secret and an old stamp, or names could be found
by trying."""
_NOBODY = Credentials(("what nobody signs with; nothing is accepted under it",), "what no platform shows")
_LIKELY = "facebook_page"
_SIGN_AS = {"x-herald-signature": "webhook", "stripe-signature": "webhook", "x-shopify-hmac-sha256": "shopify"}
"""Header -> the platform that would take its digest; what is sent to a name of nobody's costs the same time."""


@record
class Receipt:
    """What to answer and what to log. `outcome` is a word to count by; counts are of events in this call;
    `unreadable` ones are stored or unclaimed as well, in their raw form; `reason` is for our log only."""

    status: int
    body: str
    outcome: str
    stored: int = 0
    repeated: int = 0
    unclaimed: int = 0
    unreadable: int = 0
    reason: str = ""


def handshake(connection_id: str, query: Mapping[str, str], herald: Herald) -> Receipt:
    """Answer a platform's subscription handshake; 403, with the same words, whether the token or the name is wrong."""
    connection = herald.store.connection(connection_id)
    known = herald.secrets(connection.secret_ref) if connection else _NOBODY
    platform = connection.platform if connection else _LIKELY
    try:
        body = herald.sources[platform].challenge(query, known.verify_token, known.secrets)
    except BadSignature as refused:
        return Receipt(403, REFUSED, "handshake_refused" if connection else "unknown", reason=f"{refused}")
    return Receipt(200, body, "handshake") if connection else Receipt(403, REFUSED, "unknown")


def receive(connection_id: str, body: bytes, headers: Mapping[str, str], herald: Herald, now: datetime) -> Receipt:
    """Take in one webhook call.

    Args:
        body: the raw bytes as signed.
        headers: names in any case; a name sent twice is refused.
    Returns:
        200 once everything is stored (or kept for replay); 401 unsigned, or sent to a name that is no connection's:
        which of both, and which platform it is, only our log says; 413 too large.
        Errors of the tables are raised: the platform then delivers again, and every write here is safe to repeat.
    """
    if len(body) > BODY_LIMIT:
        return Receipt(413, f"Body over {BODY_LIMIT} bytes. Send fewer changes at once.", "too_large")
    connection = herald.store.connection(connection_id)
    if connection is None:
        return _strange(body, headers, herald, now)
    source = herald.sources[connection.platform]
    try:
        source.verify(body, headers, herald.secrets(connection.secret_ref).secrets, now)
    except BadSignature as refused:
        return Receipt(401, REFUSED, "bad_signature", reason=f"{refused}")
    try:
        events = source.parse(body)
    except BadPayload as unreadable:
        kept = body if unreadable.keep is None else unreadable.keep
        herald.archive.keep(connection_id, kept, str(unreadable), now)
        return Receipt(200, "kept for replay: not readable", "unreadable")
    if len(events) > EVENT_LIMIT:
        herald.archive.keep(connection_id, body, f"{len(events)} events in one body", now)
        return Receipt(200, "kept for replay: too many events at once", "unreadable")
    if any(event.more.get("raw_cut") for event in events):  # a row holds only the beginning of what nobody could read
        herald.archive.keep(connection_id, body, "an unreadable change is longer than a row keeps", now)
    return _store(events, connection, source, herald, now)


def replay(kept: KeptBody, herald: Herald) -> Receipt:
    """Take in again, as of the time it came, a body that could not be read then. Its signature was checked then.

    Raises BadPayload while it cannot be read; Unknown when its connection is gone. May be repeated: what is stored
    already counts as repeated. There is no bound on events here, since nobody waits for an answer.
    """
    connection = herald.store.connection(kept.connection)
    if connection is None:
        raise Unknown(f"There is no connection {kept.connection}: connect it again, then replay.")
    source = herald.sources[connection.platform]
    return _store(source.parse(kept.body), connection, source, herald, kept.received_at)


def _store(events: list[Event], connection: Connection, source: Source, herald: Herald, now: datetime) -> Receipt:
    accounts = {account.id: account for account in herald.store.accounts()}
    owned = set(connection.accounts)

    def put(event: Event) -> str:
        if source.name in SHOPS and len(owned) == 1:  # a shop is named by its connection alone
            event = replace(event, account_id=connection.accounts[0])
        account = accounts.get(f"{source.name}:{event.account_id}")
        if event.account_id not in owned or (account is None and source.name in SHOPS):  # it must never be a message
            herald.store.keep_unclaimed(event, connection.id, now)
            return "unclaimed"
        if source.name in SHOPS and account:
            from herald.flows import shop  # noqa: PLC0415  only a shop's connection pays for it at a start

            return "stored" if shop.take_in(event, account, herald, now) else "repeated"
        brand = account.brand if account else ""
        dated = _dated(event, herald, now)
        return "stored" if dated and herald.store.apply(dated, brand, now) else "repeated"

    told = list({_identity(event): event for event in events}.values())  # a batch may tell the same thing twice
    if len(told) == 1:
        outcomes = [put(told[0])]
    else:
        with ThreadPoolExecutor(max_workers=_WRITERS) as writers:
            outcomes = list(writers.map(put, told))  # raises the first error, after all have ended
    return Receipt(
        200,
        "ok",
        "received" if outcomes else "nothing_in_it",
        stored=outcomes.count("stored"),
        repeated=outcomes.count("repeated") + len(events) - len(told),
        unclaimed=outcomes.count("unclaimed"),
        unreadable=sum(1 for event in told if event.more.get("unreadable")),
    )


def _dated(event: Event, herald: Herald, now: datetime) -> Event | None:
    """The event at a time that can be true; None for a repetition of what we hold.

    Left as it is, a time far ahead would win over every later edit and even over the author's deletion. When it truly
    happened nobody knows but that it was no later than now. A redelivery would find another now, so here, and only
    here, what we hold decides: a deletion stays one, and the same words change nothing.
    """
    if event.created_at <= now + CLOCKS_DIFFER or event.kind is Kind.UNKNOWN or event.change is Change.UNKNOWN:
        return event
    held = herald.store.message(event.message_id)
    if held is not None and event.change not in (Change.DELETED, Change.REVOKED):
        shown = event.change in (Change.HIDDEN, Change.UNHIDDEN)
        repeated = held.hidden is (event.change is Change.HIDDEN) if shown else held.text == event.text
        if held.deleted or repeated:
            return None
    return replace(event, created_at=now)


def _identity(event: Event) -> tuple[object, ...]:
    """All that tells one event from another: two verbs we have no word for differ in their raw form alone."""
    more = json.dumps(event.more, sort_keys=True, default=str)
    return (event.account_id, event.message_id, event.kind, event.change, event.created_at, event.text,
            event.author_id, event.parent_id, more)  # fmt: skip


def _strange(body: bytes, headers: Mapping[str, str], herald: Herald, now: datetime) -> Receipt:
    """No such connection: the same answer as to a bad signature, after as much work on the same bytes."""
    sent = {name.lower() for name in headers}
    platform = next((platform for header, platform in _SIGN_AS.items() if header in sent), _LIKELY)
    with suppress(BadSignature):
        herald.sources[platform].verify(body, headers, _NOBODY.secrets, now)
    return Receipt(401, REFUSED, "unknown")
