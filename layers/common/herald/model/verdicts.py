"""What was decided, and for how long harm was seen: facts for measuring, without a word, a name or an id of anybody."""

from __future__ import annotations

from datetime import datetime

from herald.model.decision import Action
from herald.model.record import Record, record


@record
class Verdict(Record):
    """One decision: by a rule (other than to allow), by a person, or on an appeal. Written with the decision itself.

    Attributes:
        month: of `at`, in UTC ("2026-11"). key: of the decision (Decision.key), or of the one appealed against.
        message: 16 hex digits of a hash of the message's id, to join facts by.
        by: "rules" or "person". rule: the rule that decided; empty for a person's.
        replaces, replaced_rule, replaced_action: the decision on the same words that this one took the place of.
        waited: seconds from when a person was asked (a review, an appeal) to the decision; None where nobody was.
        appeal: "upheld" or "overturned"; empty where it is no appeal's.
    """

    brand: str
    month: str
    at: datetime
    key: str
    message: str
    account: str
    action: Action
    by: str
    rule: str = ""
    severity: int = 0
    replaces: str = ""
    replaced_rule: str = ""
    replaced_action: str = ""
    waited: int | None = None
    appeal: str = ""


@record
class Exposure(Record):
    """A harmful message was taken from the public: when that stood on the platform, and how long it had been seen.

    Attributes:
        message: as Verdict's. by: "rules" or "person". seconds: from when it was written.
    """

    brand: str
    month: str
    at: datetime
    message: str
    account: str
    action: Action
    by: str
    rule: str
    seconds: int
