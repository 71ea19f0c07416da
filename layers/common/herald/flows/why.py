"""`herald why MESSAGE`: a decision in words, with the clause it rests on."""

from __future__ import annotations

from herald.errors import Unknown
from herald.flows.context import Herald
from herald.govern import policies
from herald.model import Decision
from herald.moderate.decide import explain


def why(herald: Herald, message_id: str) -> str:
    """Every decision on the message, newest last, in words. Raises Unknown."""
    message = herald.store.message(message_id)
    if message is None:
        raise Unknown(f"There is no message {message_id}. Ids look like facebook_page:100_200.")
    history = herald.store.history(message_id)
    told = [explain(message, decision, _clause(decision, herald), judged) for decision, judged in history]
    standing = message.decision
    if standing and not any(decision.decided_at == standing.decided_at for decision, _ in history):
        told.append(explain(message, standing, _clause(standing, herald)))
    if not told:
        return f"{message_id}: nothing is decided yet" + (f" (last error: {message.error})." if message.error else ".")
    return "\n\n".join(told)


def _clause(decision: Decision, herald: Herald) -> str | None:
    ref = decision.policy
    if ref is None:
        return None
    policy = herald.store.policy(ref.policy, ref.version)
    if policy is None:
        return None
    return f"{policies.cite(ref, [policy])}. {policies.clause_of(ref, [policy])[1].text}"
