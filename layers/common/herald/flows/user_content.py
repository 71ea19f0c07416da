"""The gate's plans for customers' content: captured, asked for, granted or refused, withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import cast

from herald.errors import Refused
from herald.flows import commands as c
from herald.flows.context import Herald
from herald.flows.library import end_of, taken_back
from herald.flows.planning import (
    REASON_LIMIT,
    Done,
    Plan,
    Planner,
    authorise,
    hashed,
    proper_id,
    same_version,
    their_message,
    theirs,
    words,
)
from herald.library import rights
from herald.model import (
    SPOKEN,
    Act,
    Delivery,
    DeliveryState,
    Kind,
    Message,
    New,
    Person,
    Revised,
    UserContent,
)

BY_HAND = "by hand"
LOOKED_FOR = 14  # days after the question in which an answer is looked for
_A_DAY = 200


def _capture(command: c.CaptureContent, person: Person, herald: Herald, now: datetime) -> Plan:
    message = _said(command.message_id, person, herald)
    authorise(command, person, message.brand, herald, now)
    content = rights.captured(message, BY_HAND, person.id, now)
    if message.outbound or message.kind not in SPOKEN:
        raise Refused("state", "This is not a customer's message.")
    if message.kind is Kind.DM:
        raise Refused("state", "What was said in private stays private. Ask there whether they want to post it.")
    if herald.store.find(UserContent, content.brand, content.id):
        return Plan((), Done("This was captured already.", content.id))
    return Plan((New(content),), Done("Captured. Ask for the right to show it.", content.id), {"message": message.id})


def _ask(command: c.AskRight, person: Person, herald: Herald, now: datetime) -> Plan:
    """The question is a public reply: whoever asks has read what gates replying."""
    content = _content(command, person, herald)
    authorise(command, person, content.brand, herald, now)
    authorise(c.Reply("", content.message_id, "", 0), person, content.brand, herald, now)
    ask_id = f"reply~{content.message_id}~{proper_id(command.id, 'question')}"
    if content.ask_id == ask_id:
        return Plan((), Done("The question was sent already.", content.id, ask_id))
    same_version(content.version, command.expected)
    message = _said(content.message_id, person, herald)
    text = words(command.text, "Write the question first.", 20_000)
    outlet = herald.outlets.get(message.platform)
    if outlet is None or Act.REPLY not in outlet.capabilities.acts:
        raise Refused("state", "Herald cannot reply on this platform. Ask there, then record the answer.")
    problem = outlet.capabilities.reply_problem(text, message.platform)
    if problem:
        raise Refused("input", f"The question {problem}")
    delivery = Delivery(
        id=ask_id, act=Act.REPLY, platform=message.platform, account_id=message.account_id, brand=message.brand,
        message_id=message.id, target=message.external_id, text=text, state=DeliveryState.DUE, ordered_by=person.id,
        ordered_at=now, due_at=now,
    )  # fmt: skip
    after = rights.asked(content, ask_id, person.id, now)
    facts: dict[str, str | int | bool | None] = {"kind": "user_content", "message": message.id, "text": hashed(text)}
    done = Done("The question is on its way.", content.id, ask_id)
    return Plan((Revised(after, content.version), New(delivery)), done, facts, delivery)


def _record(command: c.RecordGrant, person: Person, herald: Herald, now: datetime) -> Plan:
    content = _content(command, person, herald)
    authorise(command, person, content.brand, herald, now)
    same_version(content.version, command.expected)
    note = words(command.note, "", REASON_LIMIT) if command.note.strip() else ""
    if command.evidence:
        _is_theirs(content, command.evidence, herald)
    if command.granted:
        credit = words(command.credit, "", 120) if command.credit.strip() else ""
        after = rights.granted(
            content, evidence=command.evidence, note=note, platforms=command.platforms,
            ends_at=end_of(command.last_day, content.brand, herald), credit=credit, by=person.id, now=now,
        )  # fmt: skip
        sentence = "Granted: it can be used in posts."
    else:
        after = rights.refused(content, evidence=command.evidence, note=note, by=person.id, now=now)
        sentence = "Noted: we may not show it."
    facts: dict[str, str | int | bool | None] = {
        "from": content.state, "to": after.state, "evidence": command.evidence or None,
        "note": hashed(note) if note else None, "platforms": ",".join(after.platforms) or None,
        "ends": after.ends_at.isoformat() if after.ends_at else None,
    }  # fmt: skip
    return Plan((Revised(after, content.version),), Done(sentence, content.id), facts)


def _is_theirs(content: UserContent, message_id: str, herald: Herald) -> None:
    """Raises Refused (input) for evidence that the customer did not say themselves."""
    message = herald.store.message(message_id)
    if message is None or message.deleted or message.brand != content.brand:
        raise Refused("input", "The message that grants it is not there.")
    same = message.platform == content.platform and message.author_id and message.author_id == content.author_id
    if not same or message.outbound:
        raise Refused("input", "Somebody else said that: only whoever made it can permit it.")
    if message.id == content.message_id:
        raise Refused("input", "What they posted first permits nothing. Name their answer.")
    if content.asked_at is not None and message.created_at < content.asked_at:
        raise Refused("input", "They said that before they were asked. Name their answer.")


def _withdraw(command: c.WithdrawRight, person: Person, herald: Herald, now: datetime) -> Plan:
    content = _content(command, person, herald)
    authorise(command, person, content.brand, herald, now)
    same_version(content.version, command.expected)
    reason = words(command.reason, "Say how the customer withdrew it.", REASON_LIMIT)
    after = rights.withdrawn(content, reason, person.id, now)
    back = taken_back(
        f"right:{content.id}", content.brand, "The customer withdrew the right.", person, herald, now, also_out=True,
        message=(content.message_id, content.account),
    )  # fmt: skip
    facts: dict[str, str | int | bool | None] = {
        "from": content.state, "reason": hashed(reason), "held": back.held, "taken_down": back.down,
        "by_hand": back.by_hand,
    }  # fmt: skip
    done = Done(f"Withdrawn. {back.words}".strip(), content.id)
    return Plan((Revised(after, content.version), *back.changes), done, facts, back.wake)


# ---------------------------------------------------------------- what the customer answered


def answers(content: UserContent, herald: Herald, now: datetime) -> list[Message]:
    """What the customer said on that account since they were asked, newest first; within 14 days of the question."""
    if content.asked_at is None or not content.author_id:
        return []
    last = min(now, content.asked_at + timedelta(days=LOOKED_FOR))
    found: list[Message] = []
    day = content.asked_at.date()
    while day <= last.date():
        page = herald.store.feed(content.account, day.isoformat(), limit=_A_DAY)
        found += [cast(Message, one) for one in page.items]
        day += timedelta(days=1)
    theirs = [
        m for m in found
        if m.author_id == content.author_id and not m.outbound and not m.deleted and m.kind in SPOKEN
        and m.id != content.message_id and m.created_at >= content.asked_at
    ]  # fmt: skip
    return sorted(theirs, key=lambda m: m.created_at, reverse=True)


def _said(message_id: str, person: Person, herald: Herald) -> Message:
    message = their_message(message_id, person, herald)
    if message.deleted:
        raise Refused("state", "The author deleted this message.")
    return message


def _content(command: c.AskRight | c.RecordGrant | c.WithdrawRight, person: Person, herald: Herald) -> UserContent:
    found = herald.store.find(UserContent, command.brand, command.content_id)
    return theirs(found, person, "There is no such customer's content.")


PLANS: Mapping[type[c.Command], Planner] = MappingProxyType(
    {c.CaptureContent: _capture, c.AskRight: _ask, c.RecordGrant: _record, c.WithdrawRight: _withdraw}
)
"""The plans of customers' content."""
