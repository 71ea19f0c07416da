"""The proportionate ladder: first the message, then the author for a while, then the door. It proposes, people choose.

    hide                  one message; what any author gets first
    limit, 7 then 30 days what they write in public waits for a person
    block, 90 days        after two limits
What is hidden as critical (a threat) goes one rung higher at once. Nothing is without an end. Of a message that is not
hidden the severity says how soon somebody must look, not that its author did wrong: who writes that they want to die is
not limited for it.
"""

from __future__ import annotations

from enum import StrEnum

from herald.model import Severity
from herald.model.record import record
from herald.model.restrictions import Measure

OFTEN = 3
"""So many of an author's messages stand hidden before their author, and not only the next message, is the matter."""

DAYS = (1, 7, 30, 90, 365)
"""What a measure may last."""


class Rung(StrEnum):
    NOTHING = "nothing"
    HIDE = "hide"
    LIMIT = "limit"
    BLOCK = "block"


@record
class Proposal:
    """The rung that fits what is known of an author, for how many days (0 for a message), and why in words."""

    rung: Rung
    days: int
    why: str

    @property
    def measure(self) -> Measure | None:
        return None if self.rung in (Rung.NOTHING, Rung.HIDE) else Measure(self.rung)


def proposal(*, hidden: int, measures: int, severity: Severity, wrong: bool = True) -> Proposal:
    """The next fitting rung.

    Args:
        hidden: how many of the author's messages stand hidden or deleted on this account now.
        measures: how often they were limited or blocked here before.
        severity: of the message at hand.
        wrong: that message was decided to break a clause: it is hidden or deleted.
    """
    if not wrong:
        severity = Severity.NONE
    known = f"{_many(hidden, 'message')} hidden, {_many(measures, 'measure')} before"
    if measures >= 2:
        return Proposal(Rung.BLOCK, 90, f"Limits did not help: {known}.")
    if measures == 1:
        return _raised(Proposal(Rung.LIMIT, 30, f"Limited once already: {known}."), severity)
    if hidden >= OFTEN:
        return _raised(Proposal(Rung.LIMIT, 7, f"It is no single message any more: {known}."), severity)
    if not wrong:
        return Proposal(Rung.NOTHING, 0, f"Nobody decided that the message is wrong: {known}.")
    if severity >= Severity.CRITICAL:
        return Proposal(Rung.LIMIT, 7, f"The message alone is critical: {known}.")
    return Proposal(Rung.HIDE, 0, f"Hiding the message is enough so far: {known}.")


def _raised(usual: Proposal, severity: Severity) -> Proposal:
    if severity < Severity.CRITICAL:
        return usual
    why = f"This message is critical, so one rung higher. {usual.why}"
    return Proposal(Rung.BLOCK, 90, why)


def _many(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
