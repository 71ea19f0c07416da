"""State and its audit in one transaction: entries are sealed onto the end of their chain as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from herald.errors import Stale
from herald.flows.context import Herald
from herald.govern import audit
from herald.model import AuditEntry, StateChange

_RACES = 8


def commit_audited(changes: Sequence[StateChange], lines: Sequence[AuditEntry], chain: str, herald: Herald) -> None:
    """Commit all or nothing. Losing only the race for the chain's end is tried again; any other Stale is raised."""
    for _ in range(_RACES):
        head = herald.store.audit_head(chain) if lines else None
        sealed: list[AuditEntry] = []
        for line in lines:
            head = audit.seal(_as_stored(line, chain), head)
            sealed.append(head)
        try:
            herald.store.commit([*changes, *sealed])
        except Stale as stale:
            if stale.failed and all(isinstance(change, AuditEntry) for change in stale.failed):
                continue
            raise
        return
    raise Stale(f"the end of the audit chain {chain} kept moving")


def _as_stored(line: AuditEntry, chain: str) -> AuditEntry:
    """The digest is over what the table will give back: milliseconds, and no facts that say nothing."""
    at = line.at.replace(microsecond=line.at.microsecond // 1000 * 1000)
    return replace(line, chain=chain, at=at, facts={k: v for k, v in line.facts.items() if v is not None})
