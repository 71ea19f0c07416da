"""Ingest: a platform calls us -> verified -> one conditional write a message -> 2xx. The write is the queue."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from herald.errors import BadPayload, BadSignature
from herald.flows.context import Herald
from herald.model import Connection, Event
from herald.ports import Source

BODY_LIMIT = 5 * 1024 * 1024
"""Bytes of a webhook body. WhatsApp documents 3 MB; API Gateway lets at most 10 MB through."""
_WRITERS = 16


@dataclass(frozen=True, slots=True)
class Receipt:
    """What to answer and what to log. `outcome` is a word to count by; counts are of events in this call."""

    status: int
    body: str
    outcome: str
    stored: int = 0
    repeated: int = 0
    unclaimed: int = 0


def handshake(connection_id: str, query: Mapping[str, str], herald: Herald) -> Receipt:
    """Answer a platform's subscription handshake."""
    connection = herald.store.connection(connection_id)
    if connection is None:
        return _unknown(connection_id)
    known = herald.secrets(connection.secret_ref)
    try:
        body = herald.sources[connection.platform].challenge(query, known.verify_token, known.secrets)
    except BadSignature as refused:
        return Receipt(403, f"{refused}", "handshake_refused")
    return Receipt(200, body, "handshake")


def receive(connection_id: str, body: bytes, headers: Mapping[str, str], herald: Herald, now: datetime) -> Receipt:
    """Take in one webhook call.

    Args:
        body: the raw bytes as signed.
        headers: names in lower case.
    Returns:
        200 once everything is stored (or kept for replay); 401 unsigned; 404 unknown connection; 413 too large.
        Errors of the tables are raised: the platform then delivers again, and every write here is safe to repeat.
    """
    if len(body) > BODY_LIMIT:
        return Receipt(413, f"Body over {BODY_LIMIT} bytes. Send fewer changes at once.", "too_large")
    connection = herald.store.connection(connection_id)
    if connection is None:
        return _unknown(connection_id)
    source = herald.sources[connection.platform]
    try:
        source.verify(body, headers, herald.secrets(connection.secret_ref).secrets, now)
    except BadSignature as refused:
        return Receipt(401, f"{refused}", "bad_signature")
    try:
        events = source.parse(body)
    except BadPayload as unreadable:
        herald.archive.keep(connection_id, body, str(unreadable), now)
        return Receipt(200, "kept for replay: not readable", "unreadable")
    return _store(events, connection, source, herald, now)


def _store(events: list[Event], connection: Connection, source: Source, herald: Herald, now: datetime) -> Receipt:
    brands = {account.id: account.brand for account in herald.store.accounts()}
    owned = set(connection.accounts)

    def put(event: Event) -> str:
        if event.account_id not in owned:
            herald.store.keep_unclaimed(event, connection.id, now)
            return "unclaimed"
        brand = brands.get(f"{source.name}:{event.account_id}", "")
        return "stored" if herald.store.apply(event, brand, now) else "repeated"

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
    )


def _identity(event: Event) -> str:
    words = sha256(event.text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{event.message_id}|{event.change}|{event.created_at.isoformat()}|{words}"


def _unknown(connection_id: str) -> Receipt:
    return Receipt(404, "No such connection. Check the webhook address against the one Herald shows.", "unknown")
