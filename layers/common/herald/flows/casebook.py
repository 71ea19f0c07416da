"""How a case is handled: its playbook and procedure, what stands beside it as it opens and as its words go, hiding.

Apart from flows/care.py because Moderate opens cases and gives no command: reading every command would cost it a start.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from herald.care import cases as care
from herald.care.hours import business_elapsed, parse_hours
from herald.flows.context import Herald
from herald.model import (
    SPOKEN,
    Account,
    Act,
    Action,
    Case,
    Decision,
    Delivery,
    DeliveryState,
    Handling,
    Message,
    New,
    Playbook,
    PostKind,
    Response,
    Revised,
    StateChange,
    Tallied,
    Work,
)

if TYPE_CHECKING:
    from herald.care import playbooks


def book_of(brand: str, herald: Herald) -> tuple[playbooks.Book, int]:
    """The playbook in force and its number: the newest saved, else the shipped one, which is number 0."""
    from herald.care import playbooks  # noqa: PLC0415  only complaints need it

    saved = herald.store.shelf(Playbook, brand, newest=True, limit=1)
    return (playbooks.parse(saved[0].text), saved[0].number) if saved else (playbooks.parse(playbooks.shipped()), 0)


def book_numbered(brand: str, number: int, herald: Herald) -> playbooks.Book:
    """The playbook a case is handled by."""
    from herald.care import playbooks  # noqa: PLC0415  only complaints need it

    saved = herald.store.find(Playbook, brand, number) if number else None
    return playbooks.parse(saved.text if saved else playbooks.shipped())


def handling_of(case: Case, message: Message | None, herald: Herald) -> Handling:
    """How a case is handled, with what the case itself tells; version 0 while nothing of it is kept."""
    from herald.care import procedure  # noqa: PLC0415  only complaints need it

    kept = herald.store.find(Handling, case.id, case.brand)
    if kept is None:
        account = herald.store.account(case.platform, case.account_id) if message else None
        kept = _fresh(case, message, account, herald)
    return procedure.caught_up(kept, case)


def _fresh(case: Case, message: Message | None, account: Account | None, herald: Herald) -> Handling:
    from herald.care import playbooks, procedure  # noqa: PLC0415  only complaints need it

    kind, persona = playbooks.suggested(case.type, message.decision if message else None)
    book, number = book_of(case.brand, herald)
    plain = Handling(case.id, case.brand, kind, persona, playbook=number)
    if message is None or account is None or case.work is not Work.ANSWER or kind is not PostKind.COMPLAINT:
        return plain
    said = care.said_at(message, case)
    return replace(plain, stages=procedure.stages_of(case, book.procedure, said=said, account=account))


def opening(case: Case, message: Message, account: Account, herald: Herald) -> list[StateChange]:
    """What stands beside a new case: a complaint gets its procedure at once, since its clocks run by themselves."""
    if case.work is not Work.ANSWER or case.type != PostKind.COMPLAINT:
        return []
    return [New(_fresh(case, message, account, herald), once=True)]


def asked_anew(case: Case, message: Message, account: Account, herald: Herald) -> list[StateChange]:
    """What changes of a case that was there as an edit asks for `case`: with it, its procedure if it is a complaint
    only now. What a person said of the words that still wait for an answer stays so."""
    there = herald.store.case(case.id)
    if there is None:
        return [New(case, once=True), *opening(case, message, account, herald)]
    after = care.asked_anew(there, case)
    if after == there:
        return []
    began = opening(after, message, account, herald) if there.type != after.type else []
    kept = herald.store.find(Handling, case.id, case.brand) if began or care.decided_away(there) else None
    if kept is not None:
        said = not began or (kept.typed_by and after.opened_at == there.opened_at)
        held = replace(kept, ended=False) if said else _fresh(after, message, account, herald)
        began = [] if held == kept else [Revised(held, kept.version)]
    return [Revised(after, there.version), *began]


def away(case: Case, decision: Decision, herald: Herald, now: datetime) -> list[StateChange]:
    """What changes as `decision` hides or deletes the message of an open case: spam that asks is no question, so it
    waits for no answer any more. A complaint still does while it is merely hidden, whoever called it one."""
    after = care.away(case, decision, now)
    if after == case:
        return []
    kept = herald.store.find(Handling, case.id, case.brand)
    if decision.action is Action.HIDE:
        kind = str(kept.kind) if kept and kept.typed_by else case.type
        if care.answered_anyway(kind, decision):
            return []
    return [Revised(after, case.version), *([Revised(replace(kept, ended=True), kept.version)] if kept else [])]


def waits_again(case: Case, herald: Herald) -> list[StateChange]:
    """What changes as the decision that closed the case (`away`) is taken back, whatever its words say now: the
    customer waits since they asked. Nothing where no decision closed it."""
    after = care.waits_again(case)
    if after == case:
        return []
    kept = herald.store.find(Handling, case.id, case.brand)
    return [Revised(after, case.version), *([Revised(replace(kept, ended=False), kept.version)] if kept else [])]


def may_answer(echo: Message) -> bool:
    """Whether these are words of ours under somebody's; that we like what they said is no answer."""
    return echo.outbound and echo.kind in SPOKEN and not echo.deleted and bool(echo.parent_id)


def asked_of_us(echo: Message, herald: Herald) -> Message | None:
    """The message that these words of ours stand under, where it is one that we hold."""
    return herald.store.message(f"{echo.platform}:{echo.parent_id}")


def answered_there(
    echo: Message, message: Message, herald: Herald, now: datetime
) -> tuple[Case, list[StateChange]] | None:
    """The case of `message` that these words of ours answer, which somebody wrote on the platform itself, with what
    changes; None where nobody waits, or they are Herald's own reply, or older than what the customer says now, or of
    another account than the customer asked: where ids hold network-wide, that may be one of another brand."""
    if (echo.platform, echo.account_id) != (message.platform, message.account_id):
        return None
    case = herald.store.case(message.case_id) if message.case_id else None
    if case is None or care.answered_there(case, now) == case:
        return None
    at = _answers_since(echo, message, now)
    if at is None or message.deleted or herald.store.claimed(echo.platform, [echo.external_id]):
        return None
    told = first_answer(case, message, at, herald) if case.answered_at is None else []
    where = echo.more.get("permalink")
    after = care.answered_there(case, at, echo.author_name or "", where if isinstance(where, str) else "")
    return case, [Revised(after, case.version), *told]


def _answers_since(echo: Message, message: Message, now: datetime) -> datetime | None:
    """Since when `echo` answers the words that we hold; None where those were edited since.

    No answer is older than what it stands under: where it says so, clocks differ, for on Mastodon each server dates its
    own and on Bluesky each client. Only of an edit may it be true, and an edit dated ahead was here when it was judged.
    """
    told = min(echo.created_at, now)
    if not message.edited:
        return min(max(told, min(message.created_at, message.received_at)), now)
    judged = message.decision if message.decision and message.decision.content_hash == message.content_hash else None
    edited = min(care.wrote_at(message), judged.decided_at if judged else now)
    return None if told < edited else told


def first_answer(case: Case, message: Message | None, at: datetime, herald: Herald) -> list[StateChange]:
    """The fact that an answer stands since `at`, for response times."""
    account = herald.store.account(case.platform, case.account_id)
    if message is None or account is None:
        return []
    said = min(care.said_at(message, case), at)
    open_waited = business_elapsed(said, at, parse_hours(account.hours), account.timezone, account.holidays)
    return [
        Response(
            account=account.id, case_id=case.id, type=case.type, answered_at=at,
            waited=int((at - said).total_seconds()), open_waited=int(open_waited.total_seconds()),
            met=at <= case.due_at,
        )
    ]  # fmt: skip


def withdrawing(case: Case, herald: Herald) -> list[StateChange]:
    """The author took the words back: what we thought of the person goes with them, and nothing climbs any more."""
    kept = herald.store.find(Handling, case.id, case.brand)
    return [Revised(replace(kept, persona=None, ended=True), kept.version)] if kept else []


_STANDING = (Action.HIDE, Action.DELETE)


def tally_of(persona: str, decision: Decision) -> str:
    """What a message adds to its author's numbers (Message.tallied): who its words show, and that it was removed.

    What was hidden to protect its author speaks against nobody.
    """
    removed = decision.action in _STANDING and care.PROTECTIVE not in decision.labels
    return " ".join(name for name in (persona, _REMOVED if removed else "") if name)


def decided_anew(message: Message, decision: Decision) -> Message:
    """The row with another decision on the same words."""
    persona = message.tallied.removesuffix(_REMOVED).strip()
    return replace(message, decision=decision, tallied=tally_of(persona, decision))


def tallied(before: Message, after: Message) -> list[StateChange]:
    """What changes in its author's numbers as a message goes from one state to the next, in the same transaction."""
    if not before.author_id:
        return []
    add = {"hidden": _stands(after) - _stands(before)}
    gone, come = set(before.tallied.split()), set(after.tallied.split())
    if gone != come:
        from herald.moderate.persona import weight  # noqa: PLC0415  few messages say anything of their author

        one = weight(before.received_at)
        add |= dict.fromkeys(gone - come, -one) | dict.fromkeys(come - gone, one)
    add = {name: number for name, number in add.items() if number}
    if not add:
        return []
    from herald.model.restrictions import AuthorTally  # noqa: PLC0415  likewise
    from herald.moderate.persona import KEPT  # noqa: PLC0415  likewise

    place = (f"{before.platform}:{before.account_id}", before.author_id)
    grown = after.decision if come or add.get("hidden", 0) > 0 else None
    return [Tallied(AuthorTally, place, add, grown.decided_at + KEPT if grown else None)]


def _stands(message: Message) -> bool:
    return message.decision is not None and message.decision.action in _STANDING


_REMOVED = "removed"


def hide_delivery(
    message: Message, brand: str, act: Act, *, ordered_by: str, now: datetime, order: str = ""
) -> Delivery:
    """The delivery that hides or shows a message; one for each content judged, or each order by a person."""
    return Delivery(
        id=f"{act}~{message.id}~{order or message.content_hash}",
        act=act,
        platform=message.platform,
        account_id=message.account_id,
        brand=brand,
        message_id=message.id,
        target=message.external_id,
        text="",
        state=DeliveryState.DUE,
        ordered_by=ordered_by,
        ordered_at=now,
        due_at=now,
    )
