"""Poll: messages we must fetch, what webhooks lost, and what our people answer where no webhook tells of it.

A cursor an account, and one for our own answers there, each moved only after everything is stored.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from herald.errors import HeraldError, PlatformError, Rejected
from herald.flows.context import Herald
from herald.flows.tokens import token_for
from herald.model import Account, Change, Event, Kind, Message
from herald.model.record import record

_HINTS_PAGE = 50
_HINTS_PAGES = 4
_HINTS_FROM = timedelta(hours=1)
"""How far back hints are looked for; whatever is younger is asked again at every tick until its words are read."""
_HINTS_GIVE_UP = timedelta(minutes=30)
_ECHOES_BEGIN = timedelta(seconds=50)
"""After a tick's begin nobody is asked any more for our own answers: messages come first, and the function ends."""
_QUESTION_COMES = timedelta(minutes=10)
"""How long an answer of ours waits for what it answers to be here."""
_CLOCKS_DIFFER = timedelta(minutes=1)
_TICK = timedelta(minutes=2)  # as template.yaml has it


@record
class Fetched:
    """What one account gave; for the log. Fetched with an error: all but what we answered there ourselves."""

    account: str
    result: str  # fetched | failed
    stored: int = 0
    repeated: int = 0
    error: str = ""

    @property
    def echoes_failed(self) -> bool:
        """Whether messages were read and our own answers were not: they could not be, or there was no time for it."""
        return self.result == "fetched" and bool(self.error)


def poll(herald: Herald, now: datetime) -> list[Fetched]:
    """Ask every account that has a poller, then, of those that answered, what we ourselves answered there.

    One that fails does not stop the others; it is asked again next time. Each tick begins at another account, so that
    time never runs out for the same ones.
    """
    asked = _in_turn([account for account in herald.store.accounts() if account.platform in herald.pollers], now)
    fetched = [_account(account, herald, now) for account in asked]
    return [_and_echoes(account, one, herald, now) for account, one in zip(asked, fetched, strict=True)]


def _in_turn(accounts: list[Account], now: datetime) -> list[Account]:
    first = int(now.timestamp() // _TICK.total_seconds()) % len(accounts) if accounts else 0
    return accounts[first:] + accounts[:first]


def _account(account: Account, herald: Herald, now: datetime) -> Fetched:
    cursor = herald.store.cursor(account.id)
    try:
        completed = _complete(account, herald, now)
        polled = herald.pollers[account.platform].poll(account, token_for(account, herald), cursor)
    except HeraldError as error:
        return Fetched(account.id, "failed", error=type(error).__name__)
    stored = completed
    for event in polled.events:
        ours = event if event.account_id else replace(event, account_id=account.account_id)
        stored += herald.store.apply(ours, account.brand, now)
    if polled.cursor != cursor:
        herald.store.move_cursor(account.id, cursor, polled.cursor)
    return Fetched(account.id, "fetched", stored, len(polled.events) + completed - stored)


# ---------------------------------------------------------------- what we answered there ourselves


def _and_echoes(account: Account, fetched: Fetched, herald: Herald, now: datetime) -> Fetched:
    if fetched.result == "failed" or account.platform not in herald.echoers:
        return fetched
    if herald.clock() - now > _ECHOES_BEGIN:
        return replace(fetched, error="NoTimeForEchoes")
    try:
        return replace(fetched, stored=fetched.stored + _echoes(account, herald, now))
    except HeraldError as error:
        return replace(fetched, error=type(error).__name__)


def _echoes(account: Account, herald: Herald, now: datetime) -> int:
    """Store our own answers to what we hold, as webhooks of other platforms tell of them. Returns how many.

    One that is here already is left as it is: mostly it is a reply of Herald's, told by the delivery that sent it. One
    to a message that is not here and may still come holds the cursor back; one to what never comes, or what was said to
    another account of ours, is passed over: Herald holds nothing it would belong to.
    """
    place = f"{account.id}#echoes"
    cursor = herald.store.cursor(place)
    told = herald.echoers[account.platform].echoes(account, token_for(account, herald), cursor, now)
    named = [(event, f"{account.platform}:{event.parent_id}") for event in told.events]
    held = herald.store.messages({one for event, asked in named for one in (event.message_id, asked)}) if named else {}
    news = [(event, held.get(asked)) for event, asked in named if event.message_id not in held]
    ready = [event for event, question in news if question and question.account_id == account.account_id]
    stored = sum(herald.store.apply(_no_later(event, now), account.brand, now) for event in ready)
    if told.cursor != cursor and not any(not question and _may_come(event, now) for event, question in news):
        herald.store.move_cursor(place, cursor, told.cursor)
    return stored


def _may_come(echo: Event, now: datetime) -> bool:
    """Whether what it answers may still be told of. Who wrote it may have a clock of years ahead: that holds back
    nothing."""
    return -_CLOCKS_DIFFER < now - echo.created_at < _QUESTION_COMES


def _no_later(echo: Event, now: datetime) -> Event:
    return replace(echo, created_at=min(echo.created_at, now))


# ---------------------------------------------------------------- things that webhooks only named


def _complete(account: Account, herald: Herald, now: datetime) -> int:
    """Read what hints of the last hour name and we do not hold yet. Returns how many were stored."""
    if account.platform not in herald.completers:
        return 0
    hints = {str(hint.more["names"]): hint for hint in _hints(account, herald, now)}
    held = herald.store.messages([f"{account.platform}:{name}" for name in hints]) if hints else {}
    missing = [hint for name, hint in hints.items() if f"{account.platform}:{name}" not in held]
    events = [_completed(hint, account, herald, now) for hint in missing]
    return sum(herald.store.apply(event, account.brand, now) for event in events if event)


def _completed(hint: Message, account: Account, herald: Herald, now: datetime) -> Event | None:
    """The thing itself; without words where they can never be read, or not for half an hour; None: asked again."""
    try:
        return herald.completers[account.platform].complete(hint, account, token_for(account, herald))
    except PlatformError as error:
        if not isinstance(error, Rejected) and now - hint.received_at < _HINTS_GIVE_UP:
            return None
        return Event(
            platform=account.platform, account_id=account.account_id, external_id=str(hint.more["names"]),
            author_id=None, text="", kind=Kind.MENTION, change=Change.CREATED, parent_id=hint.parent_id,
            created_at=hint.created_at, more={"unread": str(error)[:300]},
        )  # fmt: skip


def _hints(account: Account, herald: Herald, now: datetime) -> list[Message]:
    """Hints received in the last hour, as far as they lie among the newest messages of the account."""
    since = now - _HINTS_FROM
    found: list[Message] = []
    for day in sorted({since.date().isoformat(), now.date().isoformat()}, reverse=True):
        cursor: str | None = None
        for _ in range(_HINTS_PAGES):
            page = herald.store.feed(account.id, day, limit=_HINTS_PAGE, cursor=cursor)
            told = [one for one in page.items if isinstance(one, Message) and one.received_at >= since]
            found += [one for one in told if one.kind is Kind.STATUS and one.more.get("names")]
            cursor = page.cursor
            if cursor is None or len(told) < len(page.items):
                break
    return found
