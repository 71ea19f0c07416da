"""What was decided about a message, by which rule and clause, and the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from hashlib import sha256

from herald.model.record import Record, deferring, record

WORDS_GONE = "The author deleted the words this was about."
"""What stands in place of a rule's rationale, which quoted them."""


class Action(StrEnum):
    """What is to be done with a message. Order of weight: allow < queue < hide < delete."""

    ALLOW = "allow"
    QUEUE = "queue"
    HIDE = "hide"
    DELETE = "delete"  # by people only: it cannot be taken back


BY_RULE = (Action.ALLOW, Action.QUEUE, Action.HIDE)
"""What a rule may ask for."""


class Severity(IntEnum):
    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


@record
class ClauseRef:
    """A clause of a policy as it stood: policy id, clause number, version of the policy."""

    policy: str
    clause: str
    version: int

    def __str__(self) -> str:
        return f"{self.policy} {self.clause} v{self.version}"

    @classmethod
    def read(cls, told: str) -> ClauseRef:
        """What `str` made of one."""
        policy, clause, version = told.rsplit(" ", 2)
        return cls(policy, clause, int(version.removeprefix("v")))


@record
class Span:
    """Evidence: code points [start, end) of the original text of `field`, and what matched there."""

    start: int
    end: int
    field: str = "body"
    found: str = ""


@deferring("labels", "spans", "likely")
@record
class Assessment:
    """What is known of a text before any rule. None means: nothing computes it yet, never 0.

    Attributes:
        scores: name -> 0..1 (sentiment -1..1), None where no model computes it.
        pii: spans of personal data, None where nothing looks for it.
        likely: persona ("" is none) -> probability by the words alone, together 1; empty where no model spoke.
    """

    language: str | None = None
    scores: Mapping[str, float | None] = field(default_factory=dict)
    flags: tuple[str, ...] | None = None
    labels: Mapping[str, str | None] = field(default_factory=dict)
    pii: tuple[Span, ...] | None = None
    spans: tuple[Span, ...] = ()
    model_version: str | None = None
    likely: Mapping[str, float] = field(default_factory=dict)


@record
class ByHistory:
    """A persona that is another than the words alone say, by what its author wrote before (moderate/persona.py).

    Attributes:
        words: by the words alone; empty: none.
        said: with the history; empty: none.
        history: what was known of the author then, name -> thousandths of a message.
    """

    words: str
    said: str
    history: Mapping[str, int]


@record
class Escalation:
    """Who must hear of it, within how many minutes."""

    to: str
    within_minutes: int
    severity: Severity


@record
class Drafted:
    """An answer that a rule drafts: a person changes and sends it, a machine never does.

    Attributes:
        text: placeholders filled; what stands in it of others' words is data, bounded, on one line.
        private: it is meant for the author alone, not for the public.
        shadow: of a rule in shadow: recorded and offered to nobody.
    """

    rule: str
    text: str
    clause: ClauseRef | None = None
    private: bool = False
    shadow: bool = False


@record
class LockAsked:
    """A rule asks that the thread be closed to new comments: a person does it, or does not."""

    rule: str
    clause: ClauseRef | None = None
    shadow: bool = False


@deferring("scores")
@record
class Decision:
    """One judgement of one content.

    Attributes:
        rule: name of the deciding rule; None when no rule matched (allow) or a person decided.
        policy: the clause it rests on.
        labels: what matched rules say the message is (complaint, question, praise ...), in rule order.
        evidence: spans in the original text.
        rules_hash: the compiled rule set; with the text it replays the decision.
        decided_by: "rules" or a person's id.
        scores: name -> thousandths, of the model that model_version names; kept and recomputed as the trace is.
        trace: rule -> what was observed, kept when something was done, else recomputed by replay.
        persona: kept only when the author's history made it another than the words alone; replay needs it.
        drafts: answers that rules which hold draft for a person, the deciding rule's first.
        lock: the first rule that holds and asks that the thread be closed.
    """

    content_hash: str
    action: Action
    severity: Severity
    decided_at: datetime
    decided_by: str
    rules_hash: str
    rule: str | None = None
    policy: ClauseRef | None = None
    rationale: str = ""
    labels: tuple[str, ...] = ()
    evidence: tuple[Span, ...] = ()
    escalate: Escalation | None = None
    model_version: str | None = None
    scores: Mapping[str, int] = field(default_factory=dict)
    trace: tuple[Mapping[str, object], ...] = ()
    persona: ByHistory | None = None
    drafts: tuple[Drafted, ...] = ()
    lock: LockAsked | None = None

    @property
    def offered(self) -> tuple[Drafted, ...]:
        """The drafts that a person is offered: those of rules that act."""
        return tuple(draft for draft in self.drafts if not draft.shadow)

    @property
    def key(self) -> str:
        """Tells this decision from every other on the message: 16 hex digits over words, action, who and when."""
        at = self.decided_at.astimezone(UTC).isoformat(timespec="milliseconds")
        return sha256(f"{self.content_hash}|{self.action}|{self.decided_by}|{at}".encode()).hexdigest()[:16]


@record
class Rules(Record):
    """One version of the rules. It is written once and never changed; the newest is in force.

    Attributes:
        text: as people write it, YAML.
        acting: the text of the rules that act; empty: `text` itself. A rule of `text` that is not in it word for word
            is asked in shadow: recorded, not acted on.
        hash: of the compiled set; decisions name it (RulesByHash).
        what: how it came: "set up", "saved", "made live", "rolled back".
        names: rules that were made live; the first of them, where there are many.
        back_to: the version whose rules these are again; 0: none.
    """

    number: int
    text: str
    acting: str = ""
    hash: str = ""
    what: str = "set up"
    by: str = ""
    at: datetime | None = None
    names: tuple[str, ...] = ()
    back_to: int = 0


@record
class RulesByHash(Record):
    """The first version of the rules that compiled to this hash: what an old decision was made by."""

    hash: str
    number: int
