"""The checks of drafts and replies at the gate: what stops, whose waiver lets it pass, and the brand's own setting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from herald.errors import Refused
from herald.flows import commands as c
from herald.flows.context import Herald
from herald.flows.planning import (
    REASON_LIMIT,
    Done,
    Plan,
    Planner,
    authorise,
    clause_named,
    hashed,
    same_version,
    theirs,
    words,
)
from herald.model import CheckPolicy, New, Note, Person, Post, Revised, StateChange, Target, Waiver
from herald.publish import writing
from herald.publish.checks import Problem

_LIST_LIMIT = 300
_ENTRY_LIMIT = 80


def policy_of(brand: str, herald: Herald) -> CheckPolicy:
    """The setting in force; what Herald ships where a brand has none."""
    newest = herald.store.shelf(CheckPolicy, brand, newest=True, limit=1)
    return newest[0] if newest else writing.default_policy(brand)


def sorted_out(
    findings: Iterable[writing.Finding], post: Post, target: Target, waived: frozenset[tuple[str, str]]
) -> tuple[list[Problem], list[str]]:
    """(what stops this variant, what is only worth a look, in sentences) of what was found in it."""
    mark = writing.mark_of(post, target)
    stops, advice = list[Problem](), list[str]()
    for each in findings:
        if each.rule == "alt_text" and not each.found:
            continue  # publish.checks says that of every platform
        if not each.stops:
            advice.append(each.sentence)
        elif (each.rule, mark) not in waived:
            stops.append(Problem(target.account, each.field, each.rule, each.sentence))
    return stops, advice


def stopping(post: Post, targets: Iterable[Target], herald: Herald) -> list[Problem]:
    """What the brand's setting does not let pass and nobody waived, each once, naming rule and clause or law."""
    policy = policy_of(post.brand, herald)
    found = [(target, writing.check_post(post, target, policy, only=policy.blocking)) for target in targets]
    if not any(findings for _, findings in found):
        return []
    waived = waived_of(post.id, herald)
    told = [problem for target, each in found for problem in sorted_out(each, post, target, waived)[0]]
    return list({problem.words: problem for problem in reversed(told)}.values())[::-1]


def waived_of(post_id: str, herald: Herald) -> frozenset[tuple[str, str]]:
    """(rule, mark of the content) of all that a second person let stand on this post."""
    return frozenset((each.rule, each.mark) for each in herald.store.shelf(Waiver, post_id))


def refuse_reply(text: str, brand: str, herald: Herald) -> None:
    """Raises Refused (input) for what may not stand in a reply."""
    policy = policy_of(brand, herald)
    found = [each for each in writing.check_reply(text, policy, only=writing.REPLIES_STOP) if each.stops]
    if found:
        raise Refused("input", f"{found[0].sentence}")


def _waive(command: c.WaiveCheck, person: Person, herald: Herald, now: datetime) -> Plan:
    post = theirs(herald.store.post(command.post_id), person, "There is no such post.")
    authorise(command, person, post.brand, herald, now)
    same_version(post.version, command.expected)
    reason = words(command.reason, "Say why it may stand: whoever asks later must be able to read it.", REASON_LIMIT)
    targets = [target for target in herald.store.targets_of(post.id) if target.state.editable]
    if person.id == post.author or any(person.id == target.submitted_by for target in targets):
        raise Refused("second_person", "You wrote or submitted this. Someone else must let it pass.")
    policy = policy_of(post.brand, herald)
    marks = {
        writing.mark_of(post, target): target
        for target in targets
        for finding in writing.check_post(post, target, policy, only=[command.rule])
        if finding.stops
    }
    if not marks:
        raise Refused("state", "This rule stops nothing on this post. Look at it again.")
    there = waived_of(post.id, herald)
    given = [New(Waiver(post.id, command.rule, mark, reason, person.id, now))
             for mark in sorted(marks) if (command.rule, mark) not in there]  # fmt: skip
    if not given:
        return Plan((), Done("This was let pass already.", post.id))
    title = writing.RULES[command.rule].title
    note = Note(post.id, now, person.id, "waived", text=f"{title}: {reason}")
    facts: dict[str, str | int | bool | None] = {
        "rule": command.rule, "clause": policy.clauses.get(command.rule), "reason": hashed(reason),
        "content": given[0].thing.mark if isinstance(given[0].thing, Waiver) else None,
    }  # fmt: skip
    changes: tuple[StateChange, ...] = (Revised(post, post.version), *given, note)
    return Plan(changes, Done(f"{title}: may stand on these words.", post.id), facts)


def _save(command: c.SaveChecks, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, command.brand, herald, now)
    before = policy_of(command.brand, herald)
    same_version(before.number, command.expected)
    clauses = {rule: str(clause_named(text, herald)) for rule, text in command.clauses if text.strip()}
    unknown = sorted({*command.blocking, *command.off, *clauses} - writing.RULES.keys())
    if unknown:
        raise Refused("input", f"There is no rule {unknown[0][:40]!r}; there are {', '.join(writing.RULES)}.")
    if advice := sorted({*command.blocking} & writing.ADVICE):
        raise Refused("input", f"{writing.RULES[advice[0]].title} only advises: a dictionary does not know every name.")
    after = CheckPolicy(
        command.brand, before.number + 1, frozenset(command.blocking) - frozenset(command.off), frozenset(command.off),
        brand_words=_entries(command.brand_words), banned=_entries(command.banned),
        competitors=_entries(command.competitors), own_contacts=_entries(command.own_contacts), clauses=clauses,
        by=person.id, at=now,
    )  # fmt: skip
    facts: dict[str, str | int | bool | None] = {
        "version": after.number, "blocking": ",".join(sorted(after.blocking)), "off": ",".join(sorted(after.off)),
    }  # fmt: skip
    return Plan((New(after),), Done(f"Saved as version {after.number} of the checks.", command.brand), facts)


def _entries(listed: Iterable[str]) -> tuple[str, ...]:
    """Proper entries of a list, in order, each once. Raises Refused (input)."""
    found = dict.fromkeys(" ".join(words(each, "", _ENTRY_LIMIT).split()) for each in listed if each.strip())
    if len(found) > _LIST_LIMIT:
        raise Refused("input", f"A list takes {_LIST_LIMIT} entries; this one has {len(found)}.")
    return tuple(found)


PLANS: Mapping[type[c.Command], Planner] = MappingProxyType({c.SaveChecks: _save, c.WaiveCheck: _waive})
"""The plans of the commands on checks."""
