"""Evidence of a thread in which people go at somebody: for them, their employer, a lawyer or the police.

Unlike a case study it keeps names and words, but only of what something was done about. So it is given by the gate
alone: the audit tells who took out which, and the hash of each file. It cites the lines of the audit on these messages,
so that `herald evidence --check thread.json` can hold the pack against the audit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType

from herald.flows import evidence
from herald.flows.commands import Command, GatherEvidence
from herald.flows.context import Herald
from herald.flows.planning import Done, Plan, Planner, authorise, hashed, their_message
from herald.flows.why import decisions
from herald.model import SPOKEN, Action, AuditEntry, Decision, Message, Person, thread_of
from herald.plain import sheet

DAYS = 7
"""So far before and after the message that is named."""
MOST = 5_000
"""Messages of its account that are looked through; `cut` says that there were more."""
PILE_ON = "pile-on"

_HEAD = (
    "written", "author", "author_id", "words", "words_sha256", "decided", "action", "rule", "clause", "by", "labels",
    "message", "address",
)  # fmt: skip


def plan(command: GatherEvidence, person: Person, herald: Herald, now: datetime) -> Plan:
    """Nothing changes but the audit: who took out the evidence of which thread, and what its files hash to.

    Raises Refused: input (no such message of their brands), role, account, acknowledgement.
    """
    message = their_message(command.message_id, person, herald)
    authorise(command, person, message.brand, herald, now)
    files, thread = pack(message, herald, now), thread_of(message)
    facts: dict[str, str | int | bool | None] = {"thread": hashed(thread) if thread else None}
    facts |= {name: sha256(data).hexdigest() for name, data in files.items()}
    told = "It is on record that you took it out. It holds names and words: keep it safe."
    return Plan((), Done(told, message.id, files=files), facts, told=True)


def pack(about: Message, herald: Herald, now: datetime) -> dict[str, bytes]:
    """thread.csv for people and thread.json to be verified: name of the file -> bytes. Nothing is written.

    What stands under the same post, or, where the platform names none, what the same author wrote to the account,
    within DAYS of the message.
    """
    first = about.received_at - timedelta(days=DAYS)
    until = min(now, about.received_at + timedelta(days=DAYS)) + timedelta(microseconds=1)
    together, cut = _together(about, first, until, herald)
    acted = [one for one in together if one.decision and _counts(one.decision)]
    rows = [_row(one, *made) for one in acted for made in decisions(one, herald)]
    lines, more = _lines({one.id for one in acted}, first, until, herald)
    document = {
        "about": about.id, "thread": thread_of(about) or None, "account": f"{about.platform}:{about.account_id}",
        "from": _instant(first), "until": _instant(until), "made_at": _instant(now), "messages": len(together),
        "acted_on": len(acted), "authors": len({one.author_id or one.author_name for one in acted}),
        "cut": cut or more, "verify": "herald audit verify; herald evidence --check thread.json",
        "heads": [{"chain": chain, "seq": seq, "digest": digest} for chain, seq, digest in evidence.heads(herald)],
        "decisions": [dict(zip(_HEAD, row, strict=True)) for row in rows],
        "items": [{"asks": [{"lines": lines}]}],
    }  # fmt: skip
    as_json = f"{json.dumps(document, ensure_ascii=False, indent=1)}\n".encode("utf-8", "replace")
    return {"thread.csv": sheet([_HEAD, *rows]), "thread.json": as_json}


def _counts(decision: Decision) -> bool:
    return decision.action is not Action.ALLOW or PILE_ON in decision.labels


def _together(about: Message, first: datetime, until: datetime, herald: Herald) -> tuple[list[Message], bool]:
    """By the time they were written, and whether there were more than are read."""
    found: list[Message] = []
    for read, one in enumerate(_received(about, first, until, herald)):
        if read == MOST:
            return sorted(found, key=_written), True
        if one.kind in SPOKEN and not one.outbound and _alike(one, about):
            found.append(one)
    return sorted(found, key=_written), False


def _received(about: Message, first: datetime, until: datetime, herald: Herald) -> Iterator[Message]:
    for back in range((until.date() - first.date()).days + 1):
        day, cursor = f"{until - timedelta(days=back):%Y-%m-%d}", None
        while True:
            page = herald.store.feed(f"{about.platform}:{about.account_id}", day, limit=200, cursor=cursor)
            yield from (one for one in page.items if isinstance(one, Message))
            cursor = page.cursor
            if cursor is None:
                break


def _alike(one: Message, about: Message) -> bool:
    if one.brand != about.brand:  # an account may have been another's
        return False
    if thread := thread_of(about):
        return thread_of(one) == thread
    return one.id == about.id or bool(about.author_id and one.author_id == about.author_id)


def _written(message: Message) -> tuple[datetime, str]:
    return message.created_at, message.id


def _row(message: Message, decision: Decision, words: str) -> tuple[str, ...]:
    said = words or (message.text if decision.content_hash == message.content_hash else "")
    return (
        _instant(message.created_at), message.author_name or "", message.author_id or "",
        said or "(not kept: erased by its author, or changed)",
        sha256(said.encode("utf-8", "surrogatepass")).hexdigest() if said else "",
        _instant(decision.decided_at), str(decision.action), decision.rule or "",
        str(decision.policy) if decision.policy else "", decision.decided_by, ", ".join(decision.labels),
        message.id, str(message.more.get("permalink") or ""),
    )  # fmt: skip


def _lines(
    subjects: set[str], first: datetime, until: datetime, herald: Herald
) -> tuple[list[dict[str, object]], bool]:
    """What the audit says of these messages, by rules and by people."""
    found: list[AuditEntry] = []
    for chain in ("moderation", "people"):
        for read, entry in enumerate(evidence.between(chain, first, until, herald)):
            if read == evidence.MOST:
                return [_line(each) for each in found], True
            if entry.subject in subjects:
                found.append(entry)
    return [_line(each) for each in found], False


def _line(entry: AuditEntry) -> dict[str, object]:
    return {
        "at": _instant(entry.at), "actor": entry.actor, "what": entry.what, "subject": entry.subject,
        "chain": entry.chain, "seq": entry.seq, "digest": entry.digest,
    }  # fmt: skip


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


PLANS: Mapping[type[Command], Planner] = MappingProxyType({GatherEvidence: plan})
