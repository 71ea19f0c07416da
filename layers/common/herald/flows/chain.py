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
            head = audit.seal(replace(line, chain=chain), head)
            sealed.append(head)
        try:
            herald.store.commit([*changes, *sealed])
        except Stale as stale:
            if stale.failed and all(isinstance(change, AuditEntry) for change in stale.failed):
                continue
            raise
        return
    raise Stale(f"the end of the audit chain {chain} kept moving")
