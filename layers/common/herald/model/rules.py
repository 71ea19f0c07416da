"""What is told of a rule that suddenly fires far more or far less than it used to."""

from __future__ import annotations

from datetime import date, datetime

from herald.model.record import Record, record


@record
class RuleAlarm(Record):
    """One rule on one day, by the clock of the brand's first account; told once.

    Attributes:
        rule: its name. way: "more" or "less".
        fired: how often it fired on `day`, until `at` where the day was not over.
        usual, half: the median of the days before on which the rule acted all day, in whole ones and perhaps a half.
    """

    brand: str
    day: date
    rule: str
    way: str
    fired: int
    usual: int
    at: datetime
    half: bool = False
