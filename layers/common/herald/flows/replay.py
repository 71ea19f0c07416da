"""`herald why MESSAGE --replay`: is the decision the one that its rules, read again today, make of the same words?"""

from __future__ import annotations

from dataclasses import replace

from herald.errors import Unknown
from herald.flows.context import Herald
from herald.flows.rules import by_hash, compiled
from herald.flows.why import decisions
from herald.model import Action, Decision, Message
from herald.model.record import record
from herald.moderate.decide import assess, decide
from herald.moderate.persona import with_history
from herald.moderate.rules import RuleSet

COMPARED = ("action", "rule", "policy", "severity", "rationale", "labels", "evidence", "escalate", "model_version")
"""What must come out the same; the scores too, where they are kept beside the decision. The trace is left out: it is
kept only where something was done. So are drafted answers: they quote names, which change."""


@record
class Replayed:
    """One decision made again.

    Attributes:
        result: same | differs | standing_order | person | no_rules | no_words | other_model
        differs: names of what came out otherwise.
    """

    decision: Decision
    result: str
    differs: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        """Nothing speaks against the record; what cannot be made again is not proven wrong by that."""
        return self.result != "differs"


def replay(message_id: str, herald: Herald) -> list[Replayed]:
    """Every decision kept on a message, made again, oldest first. Raises Unknown.

    Same words, same rules (found by their hash among all that were ever in force), same time; the versions of policies
    are those the decision cited, and what was known of the author is what was known then. A person's decision is
    nobody's to make again.
    """
    message = herald.store.message(message_id)
    if message is None:
        raise Unknown(f"There is no message {message_id}. Ids look like facebook_page:100_200.")
    found: dict[str, RuleSet | None] = {}
    return [_again(message, decision, words, found, herald) for decision, words in decisions(message, herald)]


def _again(
    message: Message, decision: Decision, words: str, found: dict[str, RuleSet | None], herald: Herald
) -> Replayed:
    if decision.decided_by != "rules":
        return Replayed(decision, "person")
    then = replace(message, text=words, deleted=False)
    if then.content_hash != decision.content_hash:
        return Replayed(decision, "no_words")  # erased, or edited since
    if decision.rules_hash not in found:
        version = by_hash(decision.rules_hash, herald)
        found[decision.rules_hash] = compiled(version) if version else None
    rules = found[decision.rules_hash]
    if rules is None:
        return Replayed(decision, "no_rules")
    assessment, again = assess(words), None
    if assessment.model_version != decision.model_version:
        return Replayed(decision, "other_model")
    if decision.persona:  # what was known of its author then was kept with the decision
        assessment, again = with_history(assessment, decision.persona.history)
    cited = {decision.policy.policy: decision.policy.version} if decision.policy else {}
    anew = decide(then, assessment, rules, policy_versions=cited, now=decision.decided_at)
    compared = (*COMPARED, *(("scores",) if decision.scores else ()))
    differs = tuple(name for name in compared if getattr(anew, name) != getattr(decision, name))
    differs += ("persona",) if again != decision.persona else ()
    if not differs:
        return Replayed(decision, "same")
    ordered = decision.action is Action.QUEUE and anew.action is not Action.QUEUE
    return Replayed(decision, "standing_order" if ordered else "differs", differs)


_WORDS = {
    "same": "the same words and rules give the same decision today",
    "standing_order": "the rules alone say otherwise; it waits for a person by a standing order about its author, its "
    "channel or an earlier hide, as its reason tells",
    "person": "decided by a person; nothing to make again",
    "no_rules": "its rules are not on record any more, so it cannot be made again",
    "no_words": "its words are not on record any more, so it cannot be made again",
    "other_model": "made with another model than the one that is here, so it cannot be made again",
}


def told(replayed: Replayed) -> str:
    """One line for a person at a terminal."""
    words = _WORDS.get(replayed.result, f"made again it differs: {', '.join(replayed.differs)}")
    return f"Replay:    {replayed.decision.action} of {replayed.decision.decided_at:%Y-%m-%d %H:%M:%S} UTC: {words}"
