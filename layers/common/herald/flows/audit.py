"""The audit, verified from end to end: every chain in the table against the copy that nobody can change."""

from __future__ import annotations

from datetime import datetime, timedelta

from herald.flows import deliver, gate, mailing, moderate
from herald.flows.context import Herald
from herald.govern import audit
from herald.ports import AuditCopies

CHAINS = (gate.CHAIN, moderate.CHAIN, deliver.CHAIN, mailing.CHAIN)
LAG = timedelta(minutes=15)
"""How long an entry may be without its copy: the stream waits a minute, and S3 may be away for some."""


def verify(herald: Herald, copies: AuditCopies, now: datetime) -> list[audit.Compared]:
    """Every chain there is, also one of which only the copy is left."""
    chains = sorted({*CHAINS, *copies.chains()})
    settled = now - LAG
    return [audit.compare(one, herald.store.audit_places(one), copies.of(one), settled=settled) for one in chains]


def copy(herald: Herald, copies: AuditCopies) -> dict[str, int]:
    """Bring the copy what it lacks; chain -> entries brought. After an outage, or for what is older than the copy.

    Only entries of a chain that holds: what was tampered with is for a person to look at first.
    """
    brought = {}
    for chain in CHAINS:
        there = {place.seq for place in copies.of(chain)}
        entries = [place.entry for place in herald.store.audit_places(chain)]
        whole = [entry for entry in entries if entry is not None]
        missing = [entry for entry in whole if entry.seq not in there]
        if missing and len(whole) == len(entries) and not audit.verify(whole):
            copies.keep(missing)
            brought[chain] = len(missing)
    return brought
