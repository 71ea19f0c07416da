"""`herald why MESSAGE`: a decision in words, with the clause it rests on; and what is handed out is on record."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from herald.errors import Unknown
from herald.flows.chain import commit_audited
from herald.flows.context import Herald
from herald.flows.rules import by_hash
from herald.govern import policies
from herald.model import AuditEntry, Decision, Message
from herald.moderate.decide import explain

CHAIN = "people"  # the gate's: what is handed out at a command line stands beside what people take out
OPERATOR = "operator"
"""Whoever has the tables at a command line: no person of Herald's, so no sign-in tells who."""


def on_record(what: str, message_id: str, told: str, herald: Herald, now: datetime) -> bytes:
    """The bytes that an operator is given of a message: the audit tells since then that they were, by their hash."""
    handed = told.encode("utf-8", "replace")
    line = AuditEntry(CHAIN, 0, now, OPERATOR, what, message_id, {"sha256": sha256(handed).hexdigest()})
    commit_audited([], [line], CHAIN, herald)
    return handed


def why(herald: Herald, message_id: str) -> str:
    """Every decision on the message, newest last, in words. Raises Unknown."""
    message = herald.store.message(message_id)
    if message is None:
        raise Unknown(f"There is no message {message_id}. Ids look like facebook_page:100_200.")
    told = [_told(message, decision, herald, judged) for decision, judged in decisions(message, herald)]
    if not told:
        return f"{message_id}: nothing is decided yet" + (f" (last error: {message.error})." if message.error else ".")
    return "\n\n".join(told)


def decisions(message: Message, herald: Herald) -> list[tuple[Decision, str]]:
    """Every decision on record with the words it was about, oldest first; the one that stands is among them."""
    made = herald.store.history(message.id)
    standing = message.decision
    if standing and all(decision.key != standing.key for decision, _ in made):
        made = [*made, (standing, message.text)]
    return made


def _told(message: Message, decision: Decision, herald: Herald, judged: str = "") -> str:
    words = explain(message, decision, _clause(decision, herald), judged)
    made_by = by_hash(decision.rules_hash, herald) if decision.decided_by == "rules" else None
    if made_by is None:
        return words
    since = f", {made_by.what} on {made_by.at:%Y-%m-%d}" if made_by.at else f", {made_by.what}"
    return f"{words}\nRules:     {f'version {made_by.number}' if made_by.number else 'the set'}{since}"


def _clause(decision: Decision, herald: Herald) -> str | None:
    ref = decision.policy
    if ref is None:
        return None
    policy = herald.store.policy(ref.policy, ref.version)
    if policy is None:
        return None
    return f"{policies.cite(ref, [policy])}. {policies.clause_of(ref, [policy])[1].text}"
