"""A decision as a case study: facts, options, action, rationale, outcome, without anybody's name, number or address.

To teach by and to publish. Times are told from when the message was written, people by their role. What a customer
wrote leaves the house with it, masked by a machine: so the audit tells who took out which, and the hash of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from types import MappingProxyType

from herald.care.cases import by_hand_id
from herald.errors import Refused, Unknown
from herald.flows import restrictions
from herald.flows.commands import Command, TakeStudy
from herald.flows.context import Herald
from herald.flows.planning import Done, Plan, Planner, authorise, their_message
from herald.flows.why import decisions
from herald.govern import law, policies
from herald.model import Act, Action, Case, CaseState, ClauseRef, Decision, Message, Person, Work, case_id
from herald.moderate import masking

_DID = {
    Action.ALLOW: "let it stand",
    Action.QUEUE: "left it to a person",
    Action.HIDE: "hid it",
    Action.DELETE: "deleted it",
}
_OPTIONS = (
    ("Let it stand", None, "It stays visible; it can be answered."),
    ("Hide it", Act.HIDE, "Only its author and their friends may still see it. It can be shown again."),
    ("Delete it", Act.DELETE, "Nobody sees it any more. It cannot be taken back."),
    ("Answer it", Act.REPLY, "In public, by the playbook."),
    ("Limit its author", None, "What they write in public waits for a person, for some days."),
    ("Close its thread", Act.LOCK, "Nobody can add to it. It can be opened again."),
    ("Block its author", Act.BLOCK, "They cannot speak to this account any more, for some days."),
)

FILE = "case-study.md"


def plan(command: TakeStudy, person: Person, herald: Herald, now: datetime) -> Plan:
    """Nothing changes but the audit: who took out the study of which message, and what its file hashes to.

    Raises Refused: input (no such message of their brands), role, account, acknowledgement, state (nothing decided).
    """
    message = their_message(command.message_id, person, herald)
    authorise(command, person, message.brand, herald, now)
    try:
        file = study(message.id, herald).encode("utf-8", "replace")
    except Unknown as unknown:
        raise Refused("state", str(unknown)) from None
    told = "It is on record that you took it out. Read it once before it is published."
    done = Done(told, message.id, files={FILE: file})
    return Plan((), done, {FILE: sha256(file).hexdigest()}, told=True)


def study(message_id: str, herald: Herald) -> str:
    """The case study of a message's decisions, as Markdown. Raises Unknown: no such message, or nothing was decided."""
    message = herald.store.message(message_id)
    if message is None:
        raise Unknown(f"There is no message {message_id}. Ids look like facebook_page:100_200.")
    made = decisions(message, herald)
    if not made:
        raise Unknown(f"Nothing was decided on {message_id} yet: there is nothing to learn from it.")
    people = herald.store.people()
    names = [*(person.name for person in people), message.author_name or "", message.author_id or ""]
    roles = {person.id: sorted(role.replace("_", " ") for role in person.roles) for person in people}
    parts = [
        _facts(message, made, names), _ground(made, herald), _options(message, herald),
        _decided(message, made, names, roles), _outcome(message, made, names, herald),
        "Names, handles, addresses, numbers and ids were taken out by machine. Read it once before it is published.",
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(message: Message, made: list[tuple[Decision, str]], names: list[str]) -> str:
    first = made[0][0]
    words = next((text for _, text in made if text), message.text)
    said = masked(words, names) if words else "(no words: an image, or erased by its author)"
    quoted = "\n".join(f"> {line}" if line else ">" for line in said.splitlines())
    title = first.rule or "a decision by a person"
    lines = [
        f"# Case study: {masked(title, names)}", "## Facts",
        f"A {message.kind} on {message.platform.replace('_', ' ').title()}, {message.created_at:%B %Y}. It said:",
        quoted,
        f"Severity: {first.severity.name.lower()}." + (f" Labels: {', '.join(first.labels)}." if first.labels else ""),
    ]  # fmt: skip
    found = list(dict.fromkeys(span.found for span in first.evidence if span.found))
    if found:
        lines.append("What the rule rested on: " + ", ".join(f"“{masked(each, names)}”" for each in found) + ".")
    if message.edited:
        lines.append("Its author edited it later.")
    return "\n\n".join(lines)


def _ground(made: list[tuple[Decision, str]], herald: Herald) -> str:
    """The clauses cited, as they read, and the law that bears on them."""
    lines = ["## What it rests on"]
    cited = list(dict.fromkeys(decision.policy for decision, _ in made if decision.policy))
    for ref in cited:
        lines.append(f"- {ref}: {_clause(ref, herald)}")
        numbered = f"{ref.policy} {ref.clause}"
        for entry in law.register():
            if numbered in entry.clauses:
                lines.append(f"- {entry.title}, {entry.provision} ({entry.where}): {entry.asks}")
    return "\n".join(lines) if cited else "## What it rests on\n\nNo clause was named."


def _clause(ref: ClauseRef, herald: Herald) -> str:
    policy = herald.store.policy(ref.policy, ref.version)
    if policy is None:
        return "(its text is not on record)"
    try:
        clause = policies.clause_of(ref, [policy])[1]
    except Unknown:
        return "(its text is not on record)"
    return f"{clause.title}. {' '.join(clause.text.split())}"


def _options(message: Message, herald: Herald) -> str:
    outlet = herald.outlets.get(message.platform)
    acts = outlet.capabilities.acts if outlet else frozenset()
    lines = ["## Options", "| option | what it means | there |", "|---|---|---|"]
    lines += [
        f"| {option} | {means} | {'possible' if act is None or act in acts else 'not by this platform'} |"
        for option, act, means in _OPTIONS
    ]
    asked = restrictions.proposed(message, herald)
    lines.append(f"\nAs things stand now, the ladder proposes: {asked.rung}. {asked.why}")
    return "\n".join(lines)


def _decided(
    message: Message, made: Iterable[tuple[Decision, str]], names: list[str], roles: dict[str, list[str]]
) -> str:
    lines = ["## Action and rationale"]
    for decision, _ in made:
        who = "The rules" if decision.decided_by == "rules" else f"A {' and '.join(roles.get(decision.decided_by, []))}"
        by = f", by the rule “{masked(decision.rule, names)}”" if decision.rule else ""
        after = span_words(max(timedelta(), decision.decided_at - message.created_at))
        who = who if who != "A " else "A colleague"
        why = masked(decision.rationale, names)
        lines.append(f"- After {after}: {who} {_DID[decision.action]}{by}. {why}".rstrip())
    return "\n".join(lines)


def _outcome(message: Message, made: list[tuple[Decision, str]], names: list[str], herald: Herald) -> str:
    lines = ["## Outcome", f"- It is {_stands(message, names, herald)}."]
    cases = herald.store.cases(case_id(message.id, Work.APPEAL, decision.key) for decision, _ in made)
    lines += [_appeal(case, message, names) for case in cases.values()]
    answer = herald.store.case(case_id(message.id, Work.ANSWER))
    if answer:
        after = answer.answered_at and span_words(answer.answered_at - message.created_at)
        closed = f"- It was closed without an answer: {masked(answer.outcome, names)}."
        waits = closed if answer.state is CaseState.RESOLVED else "- It has not been answered yet."
        lines.append(f"- It was answered after {after}." if after else waits)
    kept = restrictions.of_author(message, herald)
    if kept:
        days = (kept.until - kept.at).days
        proposed, _, _ = kept.proposed.partition(" ")
        over = f"; it ended {'by itself' if kept.ended_by == 'expiry' else 'earlier, by a person'}"
        said = f"- Its author was put under {kept.measure} for {days} days (the ladder had proposed: {proposed})"
        lines.append(f"{said}{over if kept.ended_by else ''}. {masked(kept.reason, names)}")
    return "\n".join(lines)


def masked(text: str, names: Iterable[str]) -> str:
    """Masked, and without the sign that begins HTML in Markdown: the file is made to be published."""
    return masking.masked(text, names).replace("<", "&lt;")


def span_words(length: timedelta) -> str:
    """A length of time in one unit, as people say it."""
    seconds = int(length.total_seconds())
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"


def _stands(message: Message, names: list[str], herald: Herald) -> str:
    decision = message.decision
    if message.deleted:
        ours = decision is not None and decision.action is Action.DELETE
        return "gone: we deleted it" if ours else "gone: its author, or the platform, deleted it"
    if message.hidden:
        return "hidden"
    action = decision.action if decision else Action.ALLOW
    task = herald.store.case(by_hand_id(message.id, decision, Act.HIDE)) if decision and action is Action.HIDE else None
    if task:
        if task.state is not CaseState.RESOLVED or task.resolved_at is None:
            return "to be hidden by hand: its platform lets no program do it"
        after = span_words(max(timedelta(), task.resolved_at - message.created_at))
        return f"reported as hidden by hand after {after}: {masked(task.outcome, names).rstrip('.')}"
    if action is Action.QUEUE:
        return "visible until a person decides"
    if action is Action.ALLOW or message.hidden is False:
        return "visible"
    return "to be deleted" if action is Action.DELETE else "to be hidden"


def _appeal(case: Case, message: Message, names: list[str]) -> str:
    said = masked(case.note, names) if case.note else "(their words were erased)"
    if not case.outcome:
        return f"- The customer appealed: “{said}” Nobody has decided it yet."
    if case.resolved_by == "author":
        return f"- The customer appealed: “{said}” Nobody decided it: they took the message back."
    return f"- The customer appealed: “{said}” Another person decided: {masked(case.outcome, names)}"


PLANS: Mapping[type[Command], Planner] = MappingProxyType({TakeStudy: plan})
