"""What somebody is told by mail: one row a telling, with whom it reached and when. No addresses: people go by id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from herald.model.govern import Role
from herald.model.record import Record, record


class NoticeState(StrEnum):
    DUE = "due"
    SENDING = "sending"  # the mail is on its way; without its sender it is unclear
    SENT = "sent"
    FAILED = "failed"  # certainly nothing was sent
    UNCLEAR = "unclear"  # it may have gone; never repeated by itself
    ON_PAGE = "on_page"  # the page alone tells: no mail is set up, nobody can be reached, or too many mails went out


@record
class Notice(Record):
    """One telling of one thing to some people, by one mail. It is made in the transaction that makes what it tells of.

    Attributes:
        about: what it is of, e.g. "incident~<id>" (`about`); `n` tells its tellings apart, rising.
        title: our own words and figures in one line; nothing that anybody wrote.
        page: path and query of the page that shows it.
        people: ids of those who are asked; where none of them can be reached, who has one of `roles`. `but`: an id that
            is left out, whoever did what is told.
        urgent: may go out when others are over the bound of an hour.
        due_at: when it is sent, tried again, or given up as unclear; None when it has ended.
        to: ids of the people the mail went to, or may have; `had`: those whose mail certainly went, at this try or an
            earlier one.
        refused: id of whoever's address the mail server will not take -> why; they are not tried again.
    """

    brand: str
    about: str
    n: int
    title: str
    page: str
    at: datetime
    due_at: datetime | None
    people: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    but: str = ""
    urgent: bool = False
    state: NoticeState = NoticeState.DUE
    to: tuple[str, ...] = ()
    attempts: int = 0
    reason: str = ""
    ended_at: datetime | None = None
    version: int = 0
    had: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


@record
class MailHour(Record):
    """How many notices of a brand were mailed in an hour (`at` is its beginning). Gone two days later."""

    brand: str
    at: datetime
    mails: int
    version: int = 0


def about(kind: str, *ids: str) -> str:
    """Name of what is told of: "breach~<id>", "alert~<monitor>~<hour>"."""
    return "~".join((kind, *ids))


def notices_list(brand: str) -> str:
    """The work list of what is still to be told, by when."""
    return f"W#notice#{brand}"
