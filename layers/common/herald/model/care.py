"""What care keeps beside a case: what kind of post and of person it is, the steps taken, the remedy, each reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from herald.model.govern import Role
from herald.model.record import Record, record

TOLD = "!"  # sorts before every instant: what its role was told of


def stages_list(brand: str) -> str:
    """The work list of a brand's complaints, each by the deadline of the stage it stands at."""
    return f"W#stage#{brand}"


def remedies_list(brand: str) -> str:
    """The work list of a brand's remedies that wait for a person with a higher limit."""
    return f"W#remedy#{brand}"


class PostKind(StrEnum):
    """What was posted, as a playbook tells posts apart."""

    REVIEW = "review"
    USER_CONTENT = "user_content"
    QUESTION = "question"
    COMPLAINT = "complaint"
    TROLL = "troll"


class Persona(StrEnum):
    """How the person comes across in this post; a judgement of words, never of a human being."""

    TROLL = "troll"
    ANGRY = "angry"
    MISGUIDED = "misguided"
    UNHAPPY = "unhappy"
    COMPLIMENTARY = "complimentary"
    ADVOCATE = "advocate"


@record
class Playbook(Record):
    """One saved version of a brand's playbook (care/playbooks.py reads the text). Never changed, only followed."""

    brand: str
    number: int
    text: str
    by: str
    at: datetime


@record
class AnswerBook(Record):
    """One saved version of a brand's saved answers (care/answers.py reads the text)."""

    brand: str
    number: int
    text: str
    by: str
    at: datetime


@record
class RemedyLimits(Record):
    """What each role may give away by itself to one customer in a month, one saved version.

    Attributes:
        currency: ISO 4217, e.g. AUD.
        amounts: role -> minor units (cents). A role without an entry may give nothing.
        waits: it raises the limit of whoever saved it and is not in force until somebody else agrees. Only the newest
            version may wait.
    """

    brand: str
    number: int
    currency: str
    amounts: Mapping[str, int]
    by: str
    at: datetime
    waits: bool = False
    agreed_by: str = ""
    agreed_at: datetime | None = None
    version: int = 0


@record
class Taken:
    """A step of the playbook somebody took."""

    step: str
    by: str
    at: datetime


@record
class Stage:
    """One step of the complaint procedure of this case.

    Attributes:
        due_at: by when, in the account's business hours, UTC.
        to: the role that hears of it when it is overdue; `told_at` is when it did, once.
        must: whether the case cannot be closed without it.
    """

    id: str
    due_at: datetime
    to: Role
    must: bool = False
    done_at: datetime | None = None
    done_by: str = ""
    told_at: datetime | None = None


@record
class Handling(Record):
    """How a case is handled. A complaint has one from its opening, the others from the first act of a person.

    Attributes:
        typed_by: who said kind and persona; empty: suggested from the rules' labels.
        playbook: number of the playbook the case is handled by; 0 is the one that is shipped.
        stages: the complaint procedure, in order; empty for what is no complaint.
        ended: nothing is left to do.
    """

    case_id: str
    brand: str
    kind: PostKind
    persona: Persona | None = None
    typed_by: str = ""
    playbook: int = 0
    taken: tuple[Taken, ...] = ()
    stages: tuple[Stage, ...] = ()
    ended: bool = False
    version: int = 0

    @property
    def current(self) -> Stage | None:
        """The stage the complaint stands at; None when all are done, or the case is ended."""
        return None if self.ended else next((stage for stage in self.stages if stage.done_at is None), None)


class RemedyState(StrEnum):
    GIVEN = "given"  # within the limit of whoever gave it, or approved
    WAITS = "waits"  # over the limit: for a person with a higher one
    REFUSED = "refused"
    LAPSED = "lapsed"  # the case ended in another way


@record
class Remedy(Record):
    """An outcome that costs money.

    Attributes:
        n: the version of the case it was proposed at.
        amount: minor units of `currency`.
        clause: policy, number and version it rests on.
        limits: number of the limits it was held against.
        customer: whom it is for (care.limits.customer), as it was known when it was proposed.
    """

    case_id: str
    n: int
    brand: str
    amount: int
    currency: str
    outcome: str
    clause: str
    limits: int
    by: str
    at: datetime
    state: RemedyState
    decided_by: str = ""
    decided_at: datetime | None = None
    reason: str = ""
    version: int = 0
    customer: str = ""


@record
class GivenTo(Record):
    """What one customer was given in one month, over all cases and by all people; gone some months later.

    Attributes:
        customer: care.limits.customer: a hash, no id of theirs.
        month: of when it was given, by the brand's own clock ("2026-11").
        amount: minor units of `currency`.
    """

    brand: str
    customer: str
    month: str
    currency: str
    amount: int
    at: datetime
    version: int = 0


@record
class Replied(Record):
    """One reply as it was given: what it answered, by which playbook and clause, and how long it took.

    Attributes:
        month: of `at`, in UTC ("2026-11").
        playbook: number of the playbook followed; 0 is the one that is shipped.
        clause: what it rests on, with version; empty when no clause in force does.
        steps: steps of the playbook taken before it, in order.
        linked: whether it leads to information (a link that answers or playbook hold).
        waited: seconds from the customer's words to the reply; open_waited: of them in business hours, None where
            the account's hours cannot be read.
    """

    brand: str
    month: str
    at: datetime
    delivery_id: str
    case_id: str
    message_id: str
    by: str
    kind: PostKind
    persona: Persona | None
    playbook: int
    clause: str
    steps: tuple[str, ...]
    linked: bool
    waited: int
    open_waited: int | None = None
    advice: tuple[str, ...] = field(default=())
