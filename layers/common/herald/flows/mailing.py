"""Reports leave the house: kept by month, mailed to named people, once.

A mail cannot be looked up nor taken back. So the intent is committed first, with its audit and a lease; then the mail
goes out once; then what came of it is written. Whoever dies in between leaves a row whose lease runs out: that mail may
have gone, is shown as unclear, and is never repeated by itself. Only what certainly failed is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from types import MappingProxyType

from herald.errors import Conflict, HeraldError, OutcomeUnknown, Refused, Rejected, Stale, Unknown, Unsupported
from herald.flows.chain import commit_audited
from herald.flows.commands import Command, MailReport
from herald.flows.context import Herald
from herald.flows.planning import Done, Plan, Planner, authorise, hashed, proper_id
from herald.flows.report import gather, send
from herald.govern.people import MOST_ADDRESSED, address
from herald.measure.effect import lacking
from herald.measure.figures import LONGEST, days_of
from herald.measure.report import Report, lacks_mail, report
from herald.model import (
    AuditEntry,
    KeptFile,
    KeptReport,
    Mailing,
    MailingState,
    New,
    Person,
    Revised,
    Role,
    StateChange,
)

CHAIN = "reports"
LEASE = timedelta(minutes=5)
"""Longer than any mail takes: mail.TIMEOUT for each step of a conversation with a server."""

MONTHLY = "monthly"
"""Id of the mailing that the schedule makes of a month, and who ordered it."""

LACKING = "lacking"
"""Id of the mail that tells the owners why a month's report does not come yet."""

TEXT, HTML = "mail.txt", "mail.html"
_UNCLEAR = "It may or may not have been sent. Ask one of those it was for before you send it again."


def standing(mailing: Mailing, now: datetime) -> MailingState:
    """Where a mailing stands: one whose sender is gone is unclear."""
    if mailing.state is MailingState.SENDING and (mailing.lease_until is None or mailing.lease_until <= now):
        return MailingState.UNCLEAR
    return mailing.state


def digest_of(made: Report) -> str:
    """sha256, hex, over the names and bytes of a report's files in order of name."""
    whole = sha256()
    for name in sorted(made.files):
        whole.update(f"{name}\0{sha256(made.files[name]).hexdigest()}\n".encode())
    return whole.hexdigest()


# ---------------------------------------------------------------- a person mails a report


def plan(command: MailReport, person: Person, herald: Herald, now: datetime) -> Plan:
    """The intent; what follows it is the mail. Safe to give twice: one id is one mail, until it certainly failed.

    Raises:
        Refused: role, account, acknowledgement; input (id, period, people); state (no mail here, or unclear).
    """
    authorise(command, person, command.brand, herald, now)
    mailing_id = proper_id(command.id, "mail")
    _proper_period(command)
    earlier = herald.store.mailing(command.brand, command.first_day, command.last_day, mailing_id)
    if earlier and (done := _asked_again(earlier, now)):
        return Plan((), done)
    if herald.mail is None:
        raise Refused("state", "No mail is set up here, so nothing can be sent. Ask whoever runs Herald.")
    people = _addressed(command.to, command.brand, herald)
    try:
        facts = gather(herald, command.brand, command.first_day, command.last_day, now)
    except (Unknown, ValueError) as error:
        raise Refused("input", str(error)) from None
    if lacks := lacking(facts):
        raise Refused("state", lacks)
    made = report(facts)
    mailing = Mailing(
        mailing_id, command.brand, command.first_day, command.last_day, tuple(people), digest_of(made), person.id, now,
        MailingState.SENDING,
    )  # fmt: skip
    sending, change = _begun(mailing, earlier, now)
    subject = _subject(sending)
    return Plan(
        (change,), Done("The report is being mailed.", subject), _facts(sending, people),
        then=lambda: _told(_mail(sending, made, people, herald), subject),
    )  # fmt: skip


def _proper_period(command: MailReport) -> None:
    try:
        length = len(days_of(command.first_day, command.last_day))
    except ValueError as error:
        raise Refused("input", f"That is no period: {error}.") from None
    if length > LONGEST:
        raise Refused("input", f"A report covers {LONGEST} days at most. Choose a shorter period.")


def _asked_again(earlier: Mailing, now: datetime) -> Done | None:
    """What is said to somebody who asks once more; None where it failed and may be tried again."""
    state = standing(earlier, now)
    if state is MailingState.SENT:
        return Done("This report was mailed already; it was not sent again.", _subject(earlier))
    if state is MailingState.SENDING:
        return Done("This report is being mailed already.", _subject(earlier))
    if state is MailingState.UNCLEAR:
        raise Refused("state", _UNCLEAR)
    return None


def _addressed(to: Sequence[str], brand: str, herald: Herald) -> dict[str, str]:
    """Person id -> address of those named, all of whom must be on record for this brand. Raises Refused (input)."""
    wanted = list(dict.fromkeys(to))
    if not 1 <= len(wanted) <= MOST_ADDRESSED:
        raise Refused("input", f"Choose between 1 and {MOST_ADDRESSED} people.")
    on_record = {one.id: one for one in herald.store.people() if one.active and brand in one.brands}
    found: dict[str, str] = {}
    for each in wanted:
        person = on_record.get(each)
        if person is None or not person.email:
            name = person.name if person else "One of those you chose"
            raise Refused("input", f"{name} has no address on record for this brand. Nothing was sent.")
        try:
            found[each] = address(person.email)
        except Rejected:
            raise Refused("input", f"The address of {person.name} is none. Correct it; nothing was sent.") from None
    return found


def _told(mailing: Mailing, subject: str) -> Done:
    if mailing.state is MailingState.SENT:
        count = len(mailing.to)
        return Done(f"The report was mailed to {count} {'person' if count == 1 else 'people'}.", subject)
    if mailing.state is MailingState.FAILED:
        return Done(f"Nothing was sent: {mailing.reason}", subject, well=False)
    return Done(f"{_UNCLEAR} {mailing.reason}", subject, well=False)


# ---------------------------------------------------------------- one mail


def _begun(mailing: Mailing, earlier: Mailing | None, now: datetime) -> tuple[Mailing, StateChange]:
    """The intent as it will stand in its row, and the change that puts it there: nobody else's, or over a failure."""
    begun = replace(mailing, lease_until=now + LEASE)
    if earlier is None:
        return replace(begun, version=1), New(begun)
    begun = replace(begun, attempt=earlier.attempt + 1)
    return replace(begun, version=earlier.version + 1), Revised(begun, earlier.version)


def _facts(mailing: Mailing, people: Mapping[str, str]) -> dict[str, str | int | bool | None]:
    """For the audit: how many, and a hash of the addresses; no address."""
    return {
        "brand": mailing.brand, "period": f"{mailing.first_day}..{mailing.last_day}", "count": len(people),
        "to": hashed("\n".join(sorted(people.values()))), "report": mailing.digest[:16], "attempt": mailing.attempt,
    }  # fmt: skip


def _subject(mailing: Mailing) -> str:
    return f"{mailing.brand} {mailing.first_day}..{mailing.last_day} {mailing.id}"


def _mail(sending: Mailing, made: Report, people: Mapping[str, str], herald: Herald) -> Mailing:
    """Send it once and write what came of it. The row stands as SENDING and is ours."""
    state, reason = MailingState.SENT, ""
    try:
        send(herald, made, list(people.values()))
    except OutcomeUnknown as error:
        state, reason = MailingState.UNCLEAR, str(error)
    except HeraldError as error:
        state, reason = MailingState.FAILED, str(error)
    for each, at in people.items():  # a mail server quotes the address it refuses
        reason = reason.replace(at, each)
    ended = replace(sending, state=state, lease_until=None, ended_at=herald.clock(), reason=reason[:300])
    line = AuditEntry(
        CHAIN, 0, herald.clock(), "herald", f"mail.{state}", _subject(sending), _facts(sending, people)
    )  # fmt: skip
    with suppress(Stale, Conflict):  # then the row stays as it is and will be unclear; whoever asked is told the truth
        commit_audited([Revised(ended, sending.version)], [line], CHAIN, herald)
    return ended


# ---------------------------------------------------------------- the month's report


@dataclass(frozen=True, slots=True)
class Monthly:
    """What came of the month's report of one brand; for the log. again: it failed and a repeat may help."""

    brand: str
    result: str
    again: bool = False


def monthly(herald: Herald, now: datetime) -> list[Monthly]:
    """Keep last month's report of each brand and mail it to the brand's owners, once, however often this is called.

    What was kept first is what is mailed, also by a later call. A report without recommendation is neither kept nor
    mailed: its owners are told once what it lacks, and the schedule, which comes daily, looks again. One brand that
    fails does not stop the others.
    """
    last = now.replace(day=1).date() - timedelta(days=1)
    days = last.replace(day=1).isoformat(), last.isoformat()
    found = []
    for brand in sorted({account.brand for account in herald.store.accounts()}):
        try:
            found.append(_month(brand, *days, herald, now))
        except HeraldError as error:
            found.append(Monthly(brand, f"failed: {type(error).__name__}", again=True))
    return found


def _month(brand: str, first_day: str, last_day: str, herald: Herald, now: datetime) -> Monthly:
    kept = herald.store.kept_report(brand, first_day, last_day)
    made = kept_files(kept, herald) if kept else None
    if made is None:
        facts = gather(herald, brand, first_day, last_day, now)
        if not facts.over:
            return Monthly(brand, "failed: the month is not over in every zone", again=True)
        if lacks := lacking(facts):
            told = _to_owners(brand, first_day, last_day, lacks_mail(facts, lacks), herald, now, LACKING)
            return Monthly(brand, f"waits for a recommendation; {told.result.removeprefix('kept; ')}", told.again)
        made = _keep(brand, first_day, last_day, report(facts), herald, now)
    return _to_owners(brand, first_day, last_day, made, herald, now)


def _keep(brand: str, first_day: str, last_day: str, made: Report, herald: Herald, now: datetime) -> Report:
    """Files first, then the row that names them, which is written once. Returns the report that is kept."""
    if herald.media is None:
        raise Unsupported("There is no place to keep a report.")
    files = {**made.files, TEXT: made.text.encode(), HTML: made.html.encode()}
    places = tuple(
        KeptFile(name, herald.media.put(data, "application/octet-stream"), sha256(data).hexdigest(), len(data))
        for name, data in files.items()
    )
    kept = KeptReport(brand, first_day, last_day, made.title, now, digest_of(made), places)
    subject = f"{brand} {first_day}..{last_day}"
    line = AuditEntry(CHAIN, 0, now, "herald", "report.kept", subject, {"report": kept.digest})
    try:
        commit_audited([New(kept)], [line], CHAIN, herald)
    except Stale:  # somebody kept it at the same moment; theirs stands
        there = herald.store.kept_report(brand, first_day, last_day)
        return kept_files(there, herald) if there else made
    return made


def kept_files(kept: KeptReport, herald: Herald) -> Report:
    """A kept report with all its bytes. Raises Unknown where they are gone or are not what was kept."""
    if herald.media is None:
        raise Unknown("There is no place where reports are kept.")
    files: dict[str, bytes] = {}
    for one in kept.files:
        data = herald.media.get(one.key)
        if sha256(data).hexdigest() != one.sha256:
            raise Unknown(f"{one.name} of the kept report is not what was kept.")
        files[one.name] = data
    text, html = files.pop(TEXT, b"").decode(), files.pop(HTML, b"").decode()
    return Report(kept.title, files, text, html)


def _to_owners(
    brand: str, first_day: str, last_day: str, made: Report, herald: Herald, now: datetime, name: str = MONTHLY
) -> Monthly:  # fmt: skip
    owners = _owners(brand, herald)
    if not owners:
        return Monthly(brand, "kept; nobody to mail it to")
    if herald.mail is None:  # a choice of whoever runs Herald, no failure: the report lies on its page
        return Monthly(brand, "kept; no mail is set up")
    earlier = herald.store.mailing(brand, first_day, last_day, name)
    state = standing(earlier, now) if earlier else MailingState.FAILED
    if state is not MailingState.FAILED:
        return Monthly(brand, "mailed already" if state is MailingState.SENT else f"mail {state}; not repeated")
    mailing = Mailing(
        name, brand, first_day, last_day, tuple(owners), digest_of(made), MONTHLY, now, MailingState.SENDING
    )  # fmt: skip
    sending, change = _begun(mailing, earlier, now)
    line = AuditEntry(CHAIN, 0, now, "herald", "mail.begun", _subject(sending), _facts(sending, owners))
    try:
        commit_audited([change], [line], CHAIN, herald)
    except Stale:
        return Monthly(brand, "somebody else mails it")
    ended = _mail(sending, made, owners, herald)
    if ended.state is MailingState.SENT:
        return Monthly(brand, f"mailed to {len(owners)}")
    return Monthly(brand, f"mail {ended.state}", again=ended.state is MailingState.FAILED)


def _owners(brand: str, herald: Herald) -> dict[str, str]:
    """Person id -> address of the active owners of a brand whose address is one."""
    found: dict[str, str] = {}
    for person in sorted(herald.store.people(), key=lambda one: one.id):
        if person.active and Role.OWNER in person.roles and brand in person.brands and person.email:
            try:
                found[person.id] = address(person.email)
            except Rejected:
                continue  # one wrong address must not keep the report from the others
    return dict(list(found.items())[:MOST_ADDRESSED])


PLANS: Mapping[type[Command], Planner] = MappingProxyType({MailReport: plan})
