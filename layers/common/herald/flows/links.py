"""What happens behind a signed link: looking changes nothing, pressing a button is a command through the gate.

Mail scanners and previews open links, so a GET never writes. A POST acts as the person in the link and meets every
check a page would meet; a second POST finds what the first one did and says the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from herald.care import cases as care
from herald.errors import BadSignature, Conflict, NeedsLogin, Refused, Stale, Unknown
from herald.flows import link_pages as pages
from herald.flows.chain import commit_audited
from herald.flows.context import Herald
from herald.flows.link_pages import Note, PostView
from herald.flows.planning import authorise, hashed, words
from herald.flows.sealed import appealable, changed, keys, may_share, seen_of
from herald.govern import links, policies
from herald.govern.links import Link, Purpose
from herald.model import (
    Action,
    AuditEntry,
    Clause,
    ClauseRef,
    Message,
    New,
    Person,
    Post,
    Target,
    TargetState,
    Used,
    Work,
    case_id,
)

CHAIN = "people"  # the gate's: what a customer does by a link stands beside what people do
APPEAL_LIMIT = 2_000  # characters
REPORT_LIMIT = 5_000_000  # bytes; a function may answer with 6 MB in all
IMAGE_LIMIT = 4_400_000  # bytes; as base64 they are a third more
IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_REPORT = re.compile(
    rb'<!doctype html>\n<html lang="en"><head>.{0,600}?<title>Report of .{0,400}?<style>(?P<style>.*?)</style>',
    re.DOTALL,
)
"""How a report of ours begins: nothing else that is kept is shown by a link."""

_STATUS = {"input": 422, "version": 409, "state": 409}
STATES = {
    TargetState.DRAFT: "Draft", TargetState.IN_REVIEW: "Waits for approval", TargetState.APPROVED: "Approved",
    TargetState.RELEASING: "On its way", TargetState.PUBLISHED: "Published", TargetState.FAILED: "Failed",
    TargetState.UNCLEAR: "Unclear: a person looks", TargetState.HELD: "Held", TargetState.CANCELLED: "Cancelled",
    TargetState.REMOVED: "Taken down",
}  # fmt: skip

Form = Mapping[str, str]
_Step = Callable[[Link], "Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back.

    Attributes:
        outcome: for the log, with the purpose; no token, no words.
        again: look at the same link with a GET; then there is no body.
        policy: the content security policy.
    """

    status: int
    body: bytes
    outcome: str
    purpose: str = ""
    content_type: str = "text/html; charset=utf-8"
    policy: str = pages.POLICY
    again: bool = False


REFUSED = Answer(403, pages.refused(), "refused")
_DONE = Answer(303, b"", "done", again=True)


def look(token: str, herald: Herald, now: datetime, *, image: str = "") -> Answer:
    """The page of a link, or one image of the post it is about. Writes nothing, whoever asks however often."""
    return _answer(token, herald, now, lambda link: _look(link, herald, now, image))


def act(token: str, form: Form, herald: Herald, now: datetime) -> Answer:
    """A button was pressed. Done once; afterwards the same link says the same."""
    return _answer(token, herald, now, lambda link: _act(link, form, herald, now))


def _answer(token: str, herald: Herald, now: datetime, work: _Step) -> Answer:
    try:
        link = links.read(token, keys(herald), now)
    except BadSignature:
        return REFUSED
    except NeedsLogin:
        told = "Links are not set up here. Whoever runs Herald stores keys under herald/links."
        return Answer(503, pages.broken("Not set up", told), "no_keys")
    try:
        return replace(work(link), purpose=link.purpose)
    except _Dead:
        return replace(REFUSED, purpose=link.purpose)
    except Conflict:
        told = "Many people are at work right now. Nothing was changed; press again."
        return Answer(503, pages.broken("Try again", told), "conflict", link.purpose)


class _Dead(Exception):
    """An authentic link that leads nowhere any more: its person left, what it is about is gone."""


def _look(link: Link, herald: Herald, now: datetime, image: str) -> Answer:
    if link.purpose is Purpose.APPROVE:
        return _image(link, image, herald, now) if image else _post(link, herald, now)
    if image:
        raise _Dead
    if link.purpose is Purpose.ACKNOWLEDGE:
        return _policy(link, herald, now)
    if link.purpose is Purpose.APPEAL:
        return _appeal(link, herald)
    return _report(link, herald)


def _act(link: Link, form: Form, herald: Herald, now: datetime) -> Answer:
    action = form.get("action", "")
    if link.purpose is Purpose.APPROVE and action in ("approve", "reject"):
        return _decide(link, action, form.get("reason", ""), herald, now)
    if link.purpose is Purpose.ACKNOWLEDGE and action == "acknowledge":
        return _acknowledge(link, herald, now)
    if link.purpose is Purpose.APPEAL and action == "appeal":
        return _send_appeal(link, form.get("text", ""), herald, now)
    told = "This link has no such button. Open it again and use the buttons on its page."
    return Answer(400, pages.broken("Not understood", told), "bad_form")


def _person(link: Link, herald: Herald) -> Person:
    person = herald.store.person(link.person)
    if person is None or not person.active:
        raise _Dead
    return person


# ---------------------------------------------------------------- a post to approve


def _seen(link: Link, herald: Herald, now: datetime) -> tuple[PostView, list[Target], str]:
    """The post, all its variants, and what still keeps this person from approving. Raises _Dead."""
    from herald.flows import commands as c  # noqa: PLC0415  only whoever presses a button needs it

    person, post = _person(link, herald), herald.store.post(link.subject)
    if post is None:
        raise _Dead
    lacking = ""
    try:
        authorise(c.Approve(post.id, post.version), person, post.brand, herald, now)
    except Refused as refused:
        if refused.missing in ("role", "account"):
            raise _Dead from None
        lacking = str(refused)
    targets = herald.store.targets_of(post.id)
    accounts = {account.id: account for account in herald.store.accounts()}
    live = [target for target in targets if target.state is not TargetState.CANCELLED]
    return PostView(post, live, accounts, _name(post.author, herald), person, link.expires), targets, lacking


def _post(link: Link, herald: Herald, now: datetime, told: Note | None = None, status: int = 200) -> Answer:
    view, targets, lacking = _seen(link, herald, now)
    used = herald.store.used(view.post.id, link.nonce)
    if used and used.by == link.person:  # nonces are their makers' own: another's link may bear the same
        return Answer(200, pages.decided(view, used, STATES), used.what)
    there = seen_of(view.post, targets)
    if there != link.seen:
        stale = pages.stale(view, changed(link.seen, there), _past(view.post, herald))
        return Answer(409 if status != 200 else 200, stale, "stale")
    waiting = replace(view, targets=[t for t in targets if t.state is TargetState.IN_REVIEW])
    if lacking and told is None:
        told = Note(f"{lacking} Sign in to Herald and open Policies.", "bad")
    return Answer(status, pages.approve(waiting, told, buttons=not lacking), "refused_by_gate" if told else "shown")


def _decide(link: Link, action: str, reason: str, herald: Herald, now: datetime) -> Answer:
    from herald.flows import commands as c  # noqa: PLC0415  only whoever presses a button needs it
    from herald.flows.gate import perform  # noqa: PLC0415

    person = _person(link, herald)
    post = herald.store.post(link.subject)
    if post is None:
        raise _Dead
    if herald.store.used(post.id, link.nonce):
        return _DONE
    if seen_of(post, herald.store.targets_of(post.id)) != link.seen:
        return _post(link, herald, now, status=409)
    version = int(link.seen.partition(".")[0])
    command = c.Approve(post.id, version) if action == "approve" else c.Reject(post.id, reason, version)
    used = Used(post.id, link.nonce, "approved" if action == "approve" else "rejected", person.id, now)
    try:
        perform(command, by=person.id, herald=herald, now=now, link=used)
    except Refused as refused:
        if herald.store.used(post.id, link.nonce):
            return _DONE  # the other of two presses at once
        return _post(link, herald, now, Note(str(refused), "bad"), _STATUS.get(refused.missing, 403))
    return replace(_DONE, outcome=used.what)


def _image(link: Link, number: str, herald: Herald, now: datetime) -> Answer:
    view, _, _ = _seen(link, herald, now)
    if not (len(number) <= 2 and number.isascii() and number.isdigit()) or int(number) >= len(view.post.media):
        raise _Dead
    media = view.post.media[int(number)]
    if herald.media is None or media.mime not in IMAGES or media.size > IMAGE_LIMIT:
        raise _Dead
    try:
        data = herald.media.get(media.key)
    except Unknown:
        raise _Dead from None
    if len(data) > IMAGE_LIMIT or sha256(data).hexdigest() != media.sha256:
        raise _Dead  # not what an approval would be for
    return Answer(200, data, "image", content_type=media.mime, policy="default-src 'none'; sandbox")


def _past(post: Post, herald: Herald) -> list[str]:
    """The newest of its history, in words."""
    told = []
    for note in herald.store.notes(post.id)[-3:]:
        zone = next((t.zone for t in herald.store.targets_of(post.id)), "UTC")
        told.append(f"{note.what.capitalize()} by {_name(note.by, herald)}, {pages.when(note.at, zone)}")
    return told


def _name(person_id: str, herald: Herald) -> str:
    found = herald.store.person(person_id)
    return found.name if found else person_id.capitalize()


# ---------------------------------------------------------------- a policy to acknowledge


def _policy(link: Link, herald: Herald, now: datetime, told: Note | None = None, status: int = 200) -> Answer:
    person = _person(link, herald)
    version = int(link.seen)
    shown, in_force = herald.store.policy(link.subject, version), herald.store.policy_as_of(link.subject, now.date())
    if shown is None:
        raise _Dead
    given = herald.store.acknowledgement(person.id, shown.id, version)
    current = in_force is None or in_force.version <= version  # one to come may be read before it is in force
    if in_force and not current and not given:
        what = ", ".join(f"{one.number} {one.kind}" for one in policies.diff(shown, in_force))
        told = Note(f"Version {in_force.version} has replaced this one ({what}). Ask for a link to it.", "bad")
    body = pages.policy(shown, person, given, told, link.expires, buttons=current)
    return Answer(status, body, "acknowledged" if given else "shown" if current else "stale")


def _acknowledge(link: Link, herald: Herald, now: datetime) -> Answer:
    from herald.flows import commands as c  # noqa: PLC0415  only whoever presses a button needs it
    from herald.flows.gate import perform  # noqa: PLC0415

    person = _person(link, herald)
    in_force = herald.store.policy_as_of(link.subject, now.date())
    if in_force and in_force.version > int(link.seen):
        return _policy(link, herald, now, status=409)
    try:
        perform(c.AcknowledgePolicy(link.subject, int(link.seen)), by=person.id, herald=herald, now=now)
    except Refused as refused:
        return _policy(link, herald, now, Note(str(refused), "bad"), _STATUS.get(refused.missing, 403))
    return replace(_DONE, outcome="acknowledged")


# ---------------------------------------------------------------- an appeal


def _appeal(link: Link, herald: Herald, told: Note | None = None, status: int = 200) -> Answer:
    message = herald.store.message(link.subject)
    account = herald.store.account(message.platform, message.account_id) if message else None
    if message is None or account is None:
        raise _Dead
    case = herald.store.case(case_id(message.id, Work.APPEAL, link.seen))
    if case is not None:
        return Answer(200, pages.appealed(case, account, _clause(case.clause, herald), gone=_gone(message)), "appealed")
    if not _stands(message, link):
        return Answer(status if status == 200 else 409, pages.nothing_to_appeal(), "stale")
    clause = _clause(message.decision.policy if message.decision else None, herald)
    body = pages.appeal(message, account, clause, told, link.expires, APPEAL_LIMIT)
    return Answer(status, body, "shown")


def _gone(message: Message) -> bool:
    """Deleted by us: then nothing is shown again."""
    return message.decision is not None and message.decision.action is Action.DELETE


def _stands(message: Message, link: Link) -> bool:
    decision = message.decision
    return appealable(message) and decision is not None and decision.key == link.seen


def _send_appeal(link: Link, text: str, herald: Herald, now: datetime) -> Answer:
    """At most one appeal for a decision, however often it is sent and by whom."""
    message = herald.store.message(link.subject)
    account = herald.store.account(message.platform, message.account_id) if message else None
    if message is None or account is None:
        raise _Dead
    known = case_id(message.id, Work.APPEAL, link.seen)
    if herald.store.case(known):
        return _DONE
    if message.decision is None or not _stands(message, link):
        return _appeal(link, herald, status=409)
    try:
        said = words(text, "Say why it was wrong; without that nobody can decide again.", APPEAL_LIMIT)
    except Refused as refused:
        return _appeal(link, herald, Note(str(refused), "bad"), 422)
    case = care.appeal(message, message.decision, account, herald.store.targets(), text=said, now=now)
    facts: dict[str, str | int | bool | None] = {"decision": link.seen, "text": hashed(said), "link": link.nonce}
    line = AuditEntry(CHAIN, 0, now, "customer", "Appeal", message.id, facts)
    try:
        commit_audited([New(case)], [line], CHAIN, herald)
    except Stale:
        if not herald.store.case(known):
            raise
    return replace(_DONE, outcome="appealed")


def _clause(ref: ClauseRef | None, herald: Herald) -> Clause | None:
    cited = herald.store.policy(ref.policy, ref.version) if ref else None
    return cited.clause(ref.clause) if cited and ref else None


# ---------------------------------------------------------------- a report to read


def _report(link: Link, herald: Herald) -> Answer:
    """The kept bytes themselves, if they are a report of ours; its style is allowed by its hash."""
    if not may_share(_person(link, herald), link.seen) or herald.media is None:  # it ends with the sharer's access
        raise _Dead
    try:
        data = herald.media.get(f"media/{link.subject}")
    except Unknown:
        raise _Dead from None
    found = _REPORT.match(data)
    if found is None or len(data) > REPORT_LIMIT or sha256(data).hexdigest() != link.subject:
        raise _Dead
    return Answer(200, data, "shown", policy=pages.policy_for(found["style"]))
