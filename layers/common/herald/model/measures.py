"""Numbers as platforms tell them: immutable facts. What is derived from them lives in measure/."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from herald.model.record import record


class Metric(StrEnum):
    """What platforms count, in one vocabulary. docs/metrics.md has unit, definition and source of each."""

    FOLLOWERS = "followers"  # account, now
    REACH = "reach"  # account a day: people; post: people so far
    VIEWS = "views"
    REACTIONS = "reactions"
    COMMENTS = "comments"
    SHARES = "shares"
    CLICKS = "clicks"
    SAVES = "saves"


@record
class Snapshot:
    """One number of one account or post at one moment. A number the platform did not give has no snapshot.

    Attributes:
        account: "platform:id". post: external id of the post; empty for the account itself.
        day: of an account's figure, the day it is for, in the account's zone (followers: the day it was read); empty
            for figures of a post, which are counted so far.
        at: when it was read, UTC.
    """

    account: str
    metric: Metric
    value: int
    at: datetime
    post: str = ""
    day: str = ""


@record
class Response:
    """One first answer, as a fact for response times. No text, no names.

    Attributes:
        waited: seconds from the customer's words to the answer on the platform; open_waited: those in business hours.
        met: whether it stood there before the deadline.
    """

    account: str
    case_id: str
    type: str
    answered_at: datetime
    waited: int
    open_waited: int
    met: bool
