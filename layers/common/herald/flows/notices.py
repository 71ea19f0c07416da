"""Telling people by mail what waits for them: exactly once, bounded, and without a word that a customer wrote.

Whatever is to be told commits its notice together with itself. The schedule mails what is due as mailing.py does: the
row says SENDING under a lease before the mail leaves, and what came of it after. A row whose sender is gone is unclear
and not sent again; only what certainly failed is tried again, TRIES times.

A mail goes to all or to nobody, so one address that the server refuses is left out and the mail is sent to the others.
Who is refused for good is named on the row; who is refused for now is tried again alone, and the others are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from herald.errors import HeraldError, OutcomeUnknown, Rejected, Retryable, Stale
from herald.flows.chain import commit_audited
from herald.flows.context import Herald
from herald.govern.people import MOST_ADDRESSED, address
from herald.model import AuditEntry, New, Person, Revised, Role, StateChange
from herald.model.notices import MailHour, Notice, NoticeState, notices_list
from herald.model.record import record, stamp
from herald.plain import subject_line
from herald.ports import Mailer

CHAIN = "moderation"  # the chain of the function that tells
LEASE = timedelta(minutes=5)
"""Longer than any mail takes, as of flows.mailing."""
TRIES = 5
STALE = timedelta(days=1)
"""What could not leave within it is not mailed any more: it would be taken for news."""
MOST_AN_HOUR = 20
"""Mails of a brand and hour; what is urgent may take as many again. What is over it stands on its page only."""
MOST_AT_ONCE = 2
"""Mails of a brand and tick: a slow mail server must not use up the function's minute."""
ROUNDS = 4
"""Refusals of single addresses within one try; a server names all of a kind at once."""
WHY = 120
SHOWN = 50


def notice(
    brand: str, about: str, n: int, title: str, now: datetime, page: str, query: Mapping[str, str], *,
    people: Iterable[str] = (), roles: Iterable[Role] = (), but: str = "", urgent: bool = False,
) -> New:  # fmt: skip
    """The change that lets it be told; to be committed with what it tells of. Once: the same again changes nothing."""
    where = f"{page}?{urlencode({'brand': brand, **query})}"
    told = Notice(brand, about, n, title, where, now, now, tuple(people), tuple(roles), but, urgent)
    return New(told, once=True)


def of(brand: str, about: str, herald: Herald) -> list[Notice]:
    """Every telling of one thing, oldest first."""
    return herald.store.shelf(Notice, brand, about, limit=SHOWN)


# ---------------------------------------------------------------- the schedule


@record
class Told:
    """What came of one notice at one tick; for the log: ids only."""

    brand: str
    about: str
    result: str  # sent | due | failed | unclear | on_page | overtaken
    error: str = ""


def tell(herald: Herald, now: datetime) -> list[Told]:
    """The tick: mail what is due. Safe to repeat. The first mail that does not go well is the last of a tick."""
    done: list[Told] = []
    for brand in sorted({account.brand for account in herald.store.accounts()}):
        due = herald.store.listed(Notice, "work", notices_list(brand), last=stamp(now), limit=MOST_AT_ONCE)
        for one in due:
            if one.due_at is None or one.due_at > now:
                continue
            done.append(_tell(one, herald, now))
            if done[-1].result in ("due", "unclear", "failed"):
                return done
    return done


def _tell(one: Notice, herald: Herald, now: datetime) -> Told:
    try:
        return Told(one.brand, one.about, str(_told(one, herald, now)))
    except Stale:
        return Told(one.brand, one.about, "overtaken")
    except (HeraldError, ValueError) as error:
        return Told(one.brand, one.about, "failed", type(error).__name__)


def _told(one: Notice, herald: Herald, now: datetime) -> NoticeState:
    if one.state is NoticeState.SENDING:
        return _end(one, NoticeState.UNCLEAR, "Whoever sent it did not come back.", herald, now)
    if now - one.at > STALE:
        return _unsent(one, "It was a day old before it could be mailed.", herald, now)
    if herald.mail is None:
        return _unsent(one, "No mail is set up.", herald, now)
    over = {*one.had, *one.refused}
    people = {each: at for each, at in reached(one, herald.store.people()).items() if each not in over}
    if not people:
        return _unsent(one, "Nobody who is asked has an address on record.", herald, now)
    begun = _begin(one, people, herald, now)
    if begun is None:
        return _unsent(one, "Too many mails went out in this hour.", herald, now)
    return _send(begun, people, herald.mail, herald)


def _unsent(one: Notice, reason: str, herald: Herald, now: datetime) -> NoticeState:
    """No mail, or none any more: the page alone tells those who have not had it."""
    return _end(one, NoticeState.SENT if one.had else NoticeState.ON_PAGE, reason, herald, now)


def _send(one: Notice, people: Mapping[str, str], mail: Mailer, herald: Herald) -> NoticeState:
    """One try: what stands as SENDING leaves at most once, to everybody whose address is taken."""
    left, refused, later, whole = dict(people), dict(one.refused), dict[str, str](), ""
    for _ in range(ROUNDS):
        try:
            mail(list(left.values()), subject_line(f"{one.title} ({one.brand})"), text(one, herald.pages), "", {})
        except OutcomeUnknown as error:
            unclear = replace(one, to=(*one.had, *left), refused=refused | later)
            return _end(unclear, NoticeState.UNCLEAR, _without(error, people), herald)
        except HeraldError as error:
            again, why = isinstance(error, Retryable), _without(error, people)
            named = [each for each, at in left.items() if at in getattr(error, "addresses", ())]
            if not named:
                whole = why
                later |= dict.fromkeys(left, why) if again else {}
                break
            (later if again else refused).update(dict.fromkeys(named, why[:WHY]))
            left = {each: at for each, at in left.items() if each not in named}
            if not left:
                break
        else:
            one = replace(one, had=(*one.had, *left))
            break
    else:
        later |= dict.fromkeys(left, "The mail server kept refusing others.")
    reason = whole or ("" if one.had else next(iter((later | refused).values()), ""))
    if later and one.attempts < TRIES:
        return _again(replace(one, refused=refused), reason or next(iter(later.values())), herald)
    ended = replace(one, refused=refused if whole and not one.had else refused | later)
    return _end(ended, NoticeState.SENT if one.had else NoticeState.FAILED, reason, herald)


def reached(one: Notice, people: Iterable[Person]) -> dict[str, str]:
    """Person id -> address of those it goes to: who is asked by name, else by role; nobody who left."""
    there = sorted((p for p in people if p.active and one.brand in p.brands and p.id != one.but), key=lambda p: p.id)
    named = _addresses(person for person in there if person.id in one.people)
    return named or _addresses(person for person in there if person.roles & set(one.roles))


def _addresses(people: Iterable[Person]) -> dict[str, str]:
    found: dict[str, str] = {}
    for person in people:
        try:
            found |= {person.id: address(person.email)} if person.email else {}
        except Rejected:
            continue  # one wrong address must not keep it from the others
    return dict(list(found.items())[:MOST_ADDRESSED])


def text(one: Notice, pages: str) -> str:
    """The mail: our own words, and where to look."""
    where = f"{pages}/{one.page}" if pages else f"Open {one.page.partition('?')[0].title()} in Herald."
    return f"{one.title}.\n\n{where}\n\nHerald tells you because it asks for you or your role. It is told once.\n"


def _begin(one: Notice, people: Mapping[str, str], herald: Herald, now: datetime) -> Notice | None:
    """The row as it stands once it is SENDING and counted in its hour; None where the hour is full."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    before = herald.store.find(MailHour, one.brand, hour)
    if before and before.mails >= MOST_AN_HOUR * (2 if one.urgent else 1):
        return None
    counted: StateChange = New(MailHour(one.brand, hour, 1))
    if before:
        counted = Revised(replace(before, mails=before.mails + 1), before.version)
    begun = replace(
        one, state=NoticeState.SENDING, due_at=now + LEASE, attempts=one.attempts + 1, to=(*one.had, *people)
    )
    commit_audited([Revised(begun, one.version), counted], [_line(begun, now)], CHAIN, herald)
    return replace(begun, version=one.version + 1)


def _again(one: Notice, reason: str, herald: Herald) -> NoticeState:
    now = herald.clock()
    later = replace(
        one, state=NoticeState.DUE, due_at=now + timedelta(minutes=2**one.attempts), to=one.had, reason=reason[:300]
    )  # fmt: skip
    commit_audited([Revised(later, one.version)], [_line(later, now)], CHAIN, herald)
    return later.state


def _end(one: Notice, state: NoticeState, reason: str, herald: Herald, now: datetime | None = None) -> NoticeState:
    now = now or herald.clock()  # a mail takes its time
    to = one.to if state is NoticeState.UNCLEAR else one.had
    ended = replace(one, state=state, due_at=None, to=to, reason=reason[:300], ended_at=now)
    commit_audited([Revised(ended, one.version)], [_line(ended, now)], CHAIN, herald)
    return state


def _line(one: Notice, now: datetime) -> AuditEntry:
    facts: dict[str, str | int | bool | None] = {"n": one.n, "count": len(one.to), "attempt": one.attempts}
    if one.refused:
        facts["refused"] = len(one.refused)
    return AuditEntry(CHAIN, 0, now, "herald", f"notice.{one.state}", one.about, facts)


def _without(error: Exception, people: Mapping[str, str]) -> str:
    reason = str(error)
    for each, at in people.items():  # a mail server quotes the address it refuses
        reason = reason.replace(at, each)
    return reason[:300]
