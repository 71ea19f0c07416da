"""Facts about decisions, written with them; and the accounting of a period, which is made of nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from herald.flows.context import Herald
from herald.measure import accounting
from herald.model import Action, Case, Decision, Message, New
from herald.model.verdicts import Exposure, Verdict
from herald.plain import Cell, sheet

MOST = 20_000
"""Facts of a month that are read; with more, the accounting says so."""


def verdict(
    message: Message, before: Decision | None, decision: Decision, *, asked: Case | None = None
) -> list[New]:
    """The fact of a decision, beside it. None for what a rule allows: the counts have those.

    Args:
        before: the decision that stood until now, on whatever words.
        asked: the case by which a person was asked, if one was.
    """
    by_rules = decision.decided_by == "rules"
    if by_rules and decision.action is Action.ALLOW:
        return []
    same = before if before is not None and before.content_hash == decision.content_hash else None
    at = decision.decided_at
    fact = Verdict(
        brand=message.brand, month=f"{at.astimezone(UTC):%Y-%m}", at=at, key=decision.key, message=veiled(message.id),
        account=f"{message.platform}:{message.account_id}", action=decision.action,
        by="rules" if by_rules else "person", rule=decision.rule or "", severity=int(decision.severity),
        replaces=same.key if same else "", replaced_rule=(same.rule or "") if same else "",
        replaced_action=str(same.action) if same else "", waited=_waited(asked, at),
    )  # fmt: skip
    return [New(fact, once=True)]


def appealed(message: Message, against: Decision, outcome: str, case: Case, at: datetime) -> New:
    """The fact of an appeal's end."""
    return New(Verdict(
        brand=message.brand, month=f"{at.astimezone(UTC):%Y-%m}", at=at, key=f"{against.key}-appeal",
        message=veiled(message.id), account=f"{message.platform}:{message.account_id}",
        action=against.action if outcome == accounting.UPHELD else Action.ALLOW, by="person",
        severity=int(against.severity), replaces=against.key, replaced_rule=against.rule or "",
        replaced_action=str(against.action), waited=_waited(case, at), appeal=outcome,
    ), once=True)  # fmt: skip


def exposure(message: Message, at: datetime) -> list[New]:
    """The fact that a message was taken from the public at this moment, by the decision that stands; what is merely
    held back until a person decides is no harm yet."""
    decision = message.decision
    if decision is None or decision.action not in (Action.HIDE, Action.DELETE):
        return []
    by = "rules" if decision.decided_by == "rules" else "person"
    fact = Exposure(
        brand=message.brand, month=f"{at.astimezone(UTC):%Y-%m}", at=at, message=veiled(message.id),
        account=f"{message.platform}:{message.account_id}", action=decision.action, by=by, rule=decision.rule or "",
        seconds=max(0, int((at - message.created_at).total_seconds())),
    )  # fmt: skip
    return [New(fact, once=True)]


def held_back(message: Message, decision: Decision, now: datetime) -> list[New]:
    """The same where it was hidden before it was decided: gone since then."""
    told = message.seen_stamp.partition("|")[0]
    try:
        since = datetime.fromisoformat(told.replace("Z", "+00:00"))
    except ValueError:
        since = now
    return exposure(replace(message, decision=decision), min(since, now))


def veiled(message_id: str) -> str:
    """What facts know a message by."""
    return sha256(message_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _waited(asked: Case | None, at: datetime) -> int | None:
    return max(0, int((at - asked.opened_at).total_seconds())) if asked else None


# ---------------------------------------------------------------- the accounting of a period


def facts(brand: str, first_day: str, last_day: str, herald: Herald) -> tuple[list[Verdict], list[Exposure], bool]:
    """The facts of some days (UTC, both in), by time, and whether there are more than are read."""
    verdicts: list[Verdict] = []
    exposures: list[Exposure] = []
    for month in _months(first_day, last_day):
        first = max(first_day, f"{month}-01")
        verdicts += herald.store.shelf(Verdict, brand, month, first=first, last=last_day, limit=MOST)
        exposures += herald.store.shelf(Exposure, brand, month, first=first, last=last_day, limit=MOST)
    return verdicts, exposures, max(len(verdicts), len(exposures)) >= MOST


def accounted(brand: str, first_day: str, last_day: str, herald: Herald) -> accounting.Accounting:
    """What of a brand's decisions held, how fast they came, and how long harm was seen."""
    verdicts, exposures, more = facts(brand, first_day, last_day, herald)
    later = _later(brand, last_day, herald)
    return accounting.accounting(verdicts, exposures, later=later, more=more or len(later) >= MOST)


def _later(brand: str, last_day: str, herald: Herald) -> list[Verdict]:
    """The facts of decisions since those days: what was hidden on the last of a month is shown again in the next."""
    first, today = date.fromisoformat(last_day) + timedelta(days=1), herald.clock().astimezone(UTC).date()
    if first > today:
        return []
    return [
        one for month in _months(first.isoformat(), today.isoformat())
        for one in herald.store.shelf(Verdict, brand, month, first=max(first.isoformat(), f"{month}-01"), limit=MOST)
    ]  # fmt: skip


def exported(things: Sequence[Verdict] | Sequence[Exposure], kind: type[Verdict] | type[Exposure]) -> bytes:
    """Facts as CSV, a line each, to compute the same numbers from; an empty cell is what is not known."""
    names = [field.name for field in fields(kind)]
    return sheet([names, *([_told(getattr(thing, name)) for name in names] for thing in things)])


def _told(value: Cell | datetime) -> Cell:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _months(first_day: str, last_day: str) -> list[str]:
    first, last = date.fromisoformat(first_day), date.fromisoformat(last_day)
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{month // 12}-{month % 12 + 1:02d}" for month in months]
