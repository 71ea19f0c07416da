"""Things to rows and back. Absent attributes stand for None, empty and False: a row holds only what there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from herald.model import (
    Account,
    Acknowledgement,
    Act,
    Action,
    Approval,
    AuditEntry,
    ByHistory,
    Case,
    CaseState,
    Clause,
    ClauseRef,
    Connection,
    Decision,
    Delivery,
    DeliveryState,
    Drafted,
    Escalation,
    Hold,
    KeptFile,
    KeptReport,
    Kind,
    LockAsked,
    Mailing,
    MailingState,
    Media,
    Message,
    Note,
    Person,
    Policy,
    Post,
    Response,
    Role,
    Rules,
    Severity,
    Span,
    Target,
    TargetState,
    Used,
    Work,
    needs_of,
    words_of,
)
from herald.store import keys
from herald.store.db import Item

_KEYS = frozenset({"pk", "sk", "feed", "feed_at", "work", "work_at", "ttl"})


def time(text: str) -> datetime:
    return datetime.fromisoformat(text)  # keys.stamp writes UTC; strptime takes fifty times as long


def _plain(value: Any) -> Any:
    """A dataclass field as DynamoDB can hold it; None where there is nothing to hold."""
    if value is None or value == "" or value is False:
        return None
    if isinstance(value, datetime):
        return keys.stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool | int):
        return int(value) if not isinstance(value, bool) else value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        raise TypeError("no floats in rows")
    if isinstance(value, Mapping):
        return json_value(value) or None
    if isinstance(value, tuple | list | frozenset | set):
        return [_plain(v) for v in (sorted(value) if isinstance(value, frozenset | set) else value)] or None
    return flat(value)


def json_value(value: Any) -> Any:
    """JSON values as DynamoDB can hold them (floats as strings would lie, so they become decimals)."""
    if isinstance(value, float):
        from decimal import Decimal  # noqa: PLC0415 - rare

        return Decimal(str(value))
    if isinstance(value, Mapping):
        return {str(name): json_value(inner) for name, inner in value.items()}
    if isinstance(value, tuple | list):
        return [json_value(inner) for inner in value]
    return value


def flat(thing: Any) -> Item:
    """A dataclass as a row holds it, nested ones too."""
    plain = {field.name: _plain(getattr(thing, field.name)) for field in fields(thing)}
    return {name: value for name, value in plain.items() if value is not None}


# ---------------------------------------------------------------- decisions


def decision_item(decision: Decision, *, trace: bool) -> Item:
    item = flat(decision)
    if decision.evidence:  # without names: most rows are an allow with a label or two, and stay below a KB
        item["evidence"] = [
            [span.start, span.end, "" if span.field == _BODY else span.field, span.found] for span in decision.evidence
        ]
    if not trace:
        item.pop("trace", None)
        item.pop("scores", None)
    return item


_BODY = "body"


def decision(item: Mapping[str, Any]) -> Decision:
    policy, escalate = item.get("policy"), item.get("escalate")
    return Decision(
        content_hash=item["content_hash"],
        action=Action(item["action"]),
        severity=Severity(item.get("severity", 0)),
        decided_at=time(item["decided_at"]),
        decided_by=item["decided_by"],
        rules_hash=item.get("rules_hash", ""),
        rule=item.get("rule"),
        policy=clause_ref(policy) if policy else None,
        rationale=item.get("rationale", ""),
        labels=tuple(item.get("labels", ())),
        evidence=tuple(
            Span(int(start), int(end), name or _BODY, found) for start, end, name, found in item.get("evidence", ())
        ),
        escalate=Escalation(escalate["to"], escalate["within_minutes"], Severity(escalate.get("severity", 0)))
        if escalate
        else None,
        model_version=item.get("model_version"),
        scores={name: int(value) for name, value in item.get("scores", {}).items()},
        trace=tuple(item.get("trace", ())),
        persona=_by_history(item["persona"]) if item.get("persona") else None,
        drafts=tuple(_drafted(each) for each in item.get("drafts", ())),
        lock=_lock_asked(item["lock"]) if item.get("lock") else None,
    )


def _by_history(item: Mapping[str, Any]) -> ByHistory:
    before = {name: int(value) for name, value in item.get("history", {}).items()}
    return ByHistory(item.get("words", ""), item.get("said", ""), before)


def _lock_asked(item: Mapping[str, Any]) -> LockAsked:
    clause = item.get("clause")
    return LockAsked(item["rule"], clause_ref(clause) if clause else None, item.get("shadow", False))


def _drafted(item: Mapping[str, Any]) -> Drafted:
    clause = item.get("clause")
    return Drafted(
        item["rule"], item.get("text", ""), clause_ref(clause) if clause else None, item.get("private", False),
        item.get("shadow", False),
    )  # fmt: skip


def clause_ref(item: Mapping[str, Any]) -> ClauseRef:
    return ClauseRef(item.get("policy", ""), item.get("clause", ""), item.get("version", 0))


# ---------------------------------------------------------------- messages


def message_item(message: Message) -> Item:
    """The row without its index attributes; those are set once at creation and carried over by the store."""
    item = flat(message)
    item.pop("kind")
    item["kind"] = str(message.kind)
    for derived in ("platform", "external_id"):  # both stand in the key
        item.pop(derived, None)
    if message.hidden is not None:
        item["hidden"] = message.hidden
    if message.decision:
        item["decision"] = decision_item(message.decision, trace=False)
    return item


def message(item: Mapping[str, Any]) -> Message:
    platform, external_id = item["pk"][2:].split(":", 1)
    changed = item.get("changed_at") or item["received_at"]
    return Message(
        platform=platform,
        external_id=external_id,
        account_id=item.get("account_id", ""),
        kind=Kind(item.get("kind", "unknown")),
        author_id=item.get("author_id"),
        author_name=item.get("author_name"),
        text=item.get("text", ""),
        parent_id=item.get("parent_id"),
        created_at=time(item.get("created_at") or item["received_at"]),  # a hide told us of it, not its birth
        changed_at=time(changed),
        received_at=time(item["received_at"]),
        brand=item.get("brand", ""),
        stamp=item.get("stamp", ""),
        seen_stamp=item.get("seen_stamp", ""),
        edited=item.get("edited", False),
        deleted=item.get("deleted", False),
        hidden=item.get("hidden"),
        outbound=item.get("outbound", False),
        pending=item.get("pending", ""),
        counted=item.get("counted", ""),
        tallied=item.get("tallied", ""),
        decision=decision(item["decision"]) if item.get("decision") else None,
        case_id=item.get("case_id", ""),
        act=item.get("act", ""),
        attempts=item.get("attempts", 0),
        parked_until=time(item["parked_until"]) if item.get("parked_until") else None,
        error=item.get("error", ""),
        version=item.get("version", 0),
        more=item.get("more", {}),
    )


# ---------------------------------------------------------------- the others


def case(item: Mapping[str, Any]) -> Case:
    return Case(
        id=item["id"], message_id=item["message_id"], account_id=item["account_id"], platform=item["platform"],
        brand=item["brand"], work=Work(item["work_kind"]), type=item["type"],
        severity=Severity(item.get("severity", 0)), state=CaseState(item["state"]),
        opened_at=time(item["opened_at"]), due_at=time(item["due_at"]),
        owner=item.get("owner", ""), reply_id=item.get("reply_id", ""), answered_at=_time(item, "answered_at"),
        resolved_at=_time(item, "resolved_at"), resolved_by=item.get("resolved_by", ""),
        outcome=item.get("outcome", ""), clause=clause_ref(item["clause"]) if item.get("clause") else None,
        note=item.get("note", ""), claimed_until=_time(item, "claimed_until"), version=item.get("version", 0),
    )  # fmt: skip


def case_item(thing: Case) -> Item:
    item = flat(thing)
    item["work_kind"] = item.pop("work")  # `work` is the sparse index
    if thing.state is not CaseState.RESOLVED:
        item["work"] = keys.open_work(thing.work, thing.brand)
        # a page holds the first of the index: complaints stand before all else, and what was answered and is merely
        # not closed yet behind everybody who still waits
        before = "~" if thing.state is CaseState.ANSWERED else "!" if thing.pressing else ""
        item["work_at"] = f"{before}{keys.stamp(thing.due_at)}"
    return item


def delivery(item: Mapping[str, Any]) -> Delivery:
    return Delivery(
        id=item["id"], act=Act(item["act"]), platform=item["platform"], account_id=item["account_id"],
        brand=item["brand"], message_id=item.get("message_id", ""), target=item.get("target", ""),
        text=item.get("text", ""), state=DeliveryState(item["state"]), ordered_by=item["ordered_by"],
        ordered_at=time(item["ordered_at"]),
        due_at=time(item["due_at"]), case_id=item.get("case_id", ""), lease_until=_time(item, "lease_until"),
        attempt=item.get("attempt", 0), first_sent_at=_time(item, "first_sent_at"), looked=item.get("looked", 0),
        external_id=item.get("external_id", ""), url=item.get("url", ""), closed_at=_time(item, "closed_at"),
        done_at=_time(item, "done_at"), reason=item.get("reason", ""), post_id=item.get("post_id", ""),
        content_hash=item.get("content_hash", ""), link=item.get("link", ""),
        media=tuple(map(_media, item.get("media", ()))), version=item.get("version", 0),
    )  # fmt: skip


def delivery_item(thing: Delivery) -> Item:
    item = flat(thing)
    if not thing.state.final:
        item["work"], item["work_at"] = keys.DUE, keys.stamp(thing.due_at)
    return item


def _media(item: Mapping[str, Any]) -> Media:
    return Media(
        item["key"], item["sha256"], item["mime"], item["size"], item.get("alt", ""), item.get("width", 0),
        item.get("height", 0), item.get("asset", ""),
    )  # fmt: skip


def post(item: Mapping[str, Any]) -> Post:
    return Post(
        id=item["id"], brand=item["brand"], author=item["author"], title=item.get("title", ""),
        text=item.get("text", ""), created_at=time(item["created_at"]), link=item.get("link", ""),
        media=tuple(map(_media, item.get("media", ()))), needs=tuple(item.get("needs", ())),
        paid=bool(item.get("paid")), version=item.get("version", 0),
    )  # fmt: skip


def plain(thing: Post | Approval | Note | Response | Used | KeptReport | Mailing) -> Item:
    """A thing whose row is just its fields."""
    return flat(thing)


def kept_report(item: Mapping[str, Any]) -> KeptReport:
    return KeptReport(
        item["brand"], item["first_day"], item["last_day"], item["title"], time(item["made_at"]), item["digest"],
        tuple(KeptFile(each["name"], each["key"], each["sha256"], each["size"]) for each in item["files"]),
    )  # fmt: skip


def mailing(item: Mapping[str, Any]) -> Mailing:
    return Mailing(
        id=item["id"], brand=item["brand"], first_day=item["first_day"], last_day=item["last_day"],
        to=tuple(item["to"]), digest=item["digest"], ordered_by=item["ordered_by"],
        ordered_at=time(item["ordered_at"]), state=MailingState(item["state"]),
        lease_until=_time(item, "lease_until"), ended_at=_time(item, "ended_at"), attempt=item["attempt"],
        reason=item.get("reason", ""), version=item["version"],
    )  # fmt: skip


def target(item: Mapping[str, Any]) -> Target:
    return Target(
        post_id=item["post_id"], account=item["account"], brand=item["brand"], local_time=item["local_time"],
        zone=item["zone"], due_at=time(item["due_at"]), state=TargetState(item["state"]), text=item.get("text", ""),
        submitted_by=item.get("submitted_by", ""), reason=item.get("reason", ""),
        delivery_id=item.get("delivery_id", ""), external_id=item.get("external_id", ""), url=item.get("url", ""),
        published_at=_time(item, "published_at"), version=item.get("version", 0),
    )  # fmt: skip


def target_item(thing: Target) -> Item:
    item = flat(thing)
    due = keys.stamp(thing.due_at)
    item["cal"], item["cal_at"] = keys.calendar(thing.brand, due[:7]), f"{due}#{thing.post_id}#{thing.account}"
    if thing.state is TargetState.APPROVED:
        item["work"], item["work_at"] = keys.PLANNED, due
    elif thing.state in (TargetState.HELD, TargetState.FAILED, TargetState.UNCLEAR):
        item["work"], item["work_at"] = keys.attention(thing.brand), due
    return item


_UNDER_WAY = ("state", "due_at", "lease_until", "attempt", "first_sent_at", "looked", "closed_at", "done_at")


def under_way_item(delivery: Delivery) -> Item:
    """What a variant's row holds of its own publication: where it stands. What goes out is the post's to tell."""
    item = {f"d_{name}": _plain(getattr(delivery, name)) for name in _UNDER_WAY}
    item |= {"delivery_id": delivery.id, "d_by": delivery.ordered_by, "d_at": keys.stamp(delivery.ordered_at)}
    item |= {name: getattr(delivery, name) or None for name in ("external_id", "url", "reason")}
    live = not delivery.state.final
    item |= {"work": keys.DUE, "work_at": keys.stamp(delivery.due_at)} if live else {}
    return item


def under_way(item: Mapping[str, Any], post: Post) -> Delivery | None:
    """The publication a variant's row holds; None where none was begun."""
    if "d_state" not in item:
        return None
    variant = target(item)
    return Delivery(
        id=variant.delivery_id, act=Act.PUBLISH, platform=variant.platform, account_id=variant.account_id,
        brand=variant.brand, message_id="", target="", text=words_of(post, variant),
        state=DeliveryState(item["d_state"]), ordered_by=item["d_by"], ordered_at=time(item["d_at"]),
        due_at=time(item["d_due_at"]), lease_until=_time(item, "d_lease_until"), attempt=item.get("d_attempt", 0),
        first_sent_at=_time(item, "d_first_sent_at"), looked=item.get("d_looked", 0),
        external_id=variant.external_id, url=variant.url, closed_at=_time(item, "d_closed_at"),
        done_at=_time(item, "d_done_at"), reason=variant.reason, post_id=post.id,
        content_hash=variant.delivery_id.rsplit("~", 1)[-1], link=post.link, media=post.media,
        needs=needs_of(post), version=item.get("version", 0),
    )  # fmt: skip


def approval(item: Mapping[str, Any]) -> Approval:
    return Approval(item["post_id"], item["account"], item["content_hash"], item["by"], time(item["at"]))


def used(item: Mapping[str, Any]) -> Used:
    return Used(item["post_id"], item["nonce"], item["what"], item["by"], time(item["at"]))


def note(item: Mapping[str, Any]) -> Note:
    return Note(
        item["post_id"], time(item["at"]), item["by"], item["what"], item.get("account", ""), item.get("text", "")
    )


def hold(item: Mapping[str, Any]) -> Hold:
    return Hold(
        id=item["id"], brand=item["brand"], accounts=tuple(item.get("accounts", ())), reason=item.get("reason", ""),
        by=item["by"], at=time(item["at"]), released_by=item.get("released_by", ""),
        released_at=_time(item, "released_at"), version=item.get("version", 0),
    )  # fmt: skip


def hold_item(thing: Hold) -> Item:
    item = flat(thing)
    if thing.released_at is None:
        item["work"], item["work_at"] = keys.in_force(thing.brand), keys.stamp(thing.at)
    return item


def response(item: Mapping[str, Any]) -> Response:
    return Response(
        item["account"],
        item["case_id"],
        item["type"],
        time(item["answered_at"]),
        item["waited"],
        item["open_waited"],
        item.get("met", False),
    )


def _time(item: Mapping[str, Any], name: str) -> datetime | None:
    return time(item[name]) if item.get(name) else None


def rules(item: Mapping[str, Any]) -> Rules:
    """As codec.thing would: moderating starts without the table of shelves."""
    return Rules(
        number=item["number"], text=item.get("text", ""), acting=item.get("acting", ""), hash=item.get("hash", ""),
        what=item.get("what", ""), by=item.get("by", ""), at=_time(item, "at"), names=tuple(item.get("names", ())),
        back_to=item.get("back_to", 0),
    )  # fmt: skip


def policy_item(thing: Policy) -> Item:
    return flat(thing)


def policy(item: Mapping[str, Any]) -> Policy:
    return Policy(
        id=item["id"], title=item["title"], version=item["version"],
        effective_from=date.fromisoformat(item["effective_from"]),
        clauses=tuple(
            Clause(c["id"], c["number"], c.get("title", ""), c.get("text", "")) for c in item.get("clauses", ())
        ),
        gates=tuple(item.get("gates", ())), source=item.get("source", ""), asked_by=dict(item.get("asked_by", {})),
        limits=dict(item.get("limits", {})),
    )  # fmt: skip


def policy_date(version: int, effective_from: date) -> Item:
    """The attribute of the pointer row that says from when a version is in force."""
    return {f"v{version:08d}": effective_from.isoformat()}


def policy_dates(item: Mapping[str, Any]) -> dict[int, date]:
    """Version -> from when it is in force. A pointer without dates points at a version that always was."""
    dates = {int(n[1:]): date.fromisoformat(day) for n, day in item.items() if n[1:].isdigit() and n[0] == "v"}
    return dates or {item["version"]: date.min}


def person_item(thing: Person) -> Item:
    item = flat(thing)
    item["active"] = thing.active
    return item


def person(item: Mapping[str, Any]) -> Person:
    return Person(
        id=item["id"], name=item["name"], roles=frozenset(Role(r) for r in item.get("roles", ())),
        brands=frozenset(item.get("brands", ())), email=item.get("email", ""), active=item["active"],
        version=item.get("version", 0), subject=item.get("subject", ""),
    )  # fmt: skip


def account_item(thing: Account) -> Item:
    return flat(thing)


def account(item: Mapping[str, Any]) -> Account:
    return Account(
        platform=item["platform"], account_id=item["account_id"], name=item["name"], brand=item["brand"],
        timezone=item["timezone"], hours=item["hours"],
        holidays=frozenset(date.fromisoformat(day) for day in item.get("holidays", ())),
        connection=item.get("connection", ""), api_base=item.get("api_base", ""),
    )  # fmt: skip


def connection_item(thing: Connection) -> Item:
    return flat(thing)


def connection(item: Mapping[str, Any]) -> Connection:
    return Connection(item["id"], item["platform"], item["secret_ref"], tuple(item.get("accounts", ())))


def acknowledgement(item: Mapping[str, Any]) -> Acknowledgement:
    return Acknowledgement(item["person_id"], item["policy_id"], item["version"], time(item["at"]))


def acknowledgement_item(thing: Acknowledgement) -> Item:
    return flat(thing)


def audit_item(entry: AuditEntry) -> Item:
    item = flat(entry)
    item["facts"] = {name: value for name, value in entry.facts.items() if value is not None}
    return item


def audit(item: Mapping[str, Any]) -> AuditEntry:
    return AuditEntry(
        chain=item["chain"], seq=item["seq"], at=time(item["at"]), actor=item["actor"], what=item["what"],
        subject=item.get("subject", ""), facts=item.get("facts", {}), previous=item.get("previous", ""),
        digest=item["digest"],
    )  # fmt: skip
