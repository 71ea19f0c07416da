"""Policies are saved as new versions, never changed; what enforces a clause is gathered from where it lives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from herald.care import limits
from herald.errors import Refused, Stale
from herald.flows import care
from herald.flows.chain import commit_audited
from herald.flows.commands import Command, SavePolicy
from herald.flows.context import Herald
from herald.flows.planning import Done, Plan, Planner, authorise, hashed, same_version
from herald.govern import law, policies
from herald.model import AuditEntry, BreachKind, InForce, New, Person, Policy, StateChange
from herald.model.record import record
from herald.moderate.language import Rule
from herald.moderate.rules import default_rules, in_force

CHAIN = "people"
AHEAD = timedelta(days=730)
"""A version may be saved this long before it takes effect. None takes effect before the one it follows, so a year
mistyped would close the policy to every change."""
NOTICE = timedelta(days=7)
"""A gate falls away no sooner after it was saved: whoever saves a version does so alone, and others must be able to
save one after it that gates again."""
SAMPLES = Path(policies.__file__).with_name("samples")
"""The set of policies that Herald ships."""


# ---------------------------------------------------------------- saving


def _save(command: SavePolicy, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, None, herald, now)
    try:
        policy = policies.parse(command.text)
    except policies.BadPolicy as bad:
        raise Refused("input", f"{str(bad)[:1].upper()}{str(bad)[1:]}.") from None
    newest = herald.store.policy(policy.id)
    done = Done(_saved(policy, newest, now), f"{policy.id} v{policy.version}")
    if newest == policy:
        return Plan((), Done(f"{policy.id} version {policy.version} was saved already.", done.subject))
    same_version(newest.version if newest else 0, command.expected)
    if policy.effective_from > now.date() + AHEAD:
        told = f"It cannot take effect as late as {policy.effective_from}: no version after it could before."
        raise Refused("input", f"{told} Write a day within {AHEAD.days} days.")
    if newest:
        _after(newest, policy, now)
    _still_cited(policy, herald)
    return Plan(_changes(policy, newest), done, _facts(policy) | _ungated(policy, newest))


def _saved(policy: Policy, newest: Policy | None, now: datetime) -> str:
    since = "is in force" if policy.effective_from <= now.date() else f"will be in force from {policy.effective_from}"
    asks = " Until they acknowledge it, people cannot do what it gates." if policy.gates else ""
    gone = _gone(policy, newest)
    free = f" It gates {', '.join(gone)} no longer." if gone else ""
    return f"{policy.title} version {policy.version} is saved; it {since}.{asks}{free}"


def _gone(policy: Policy, newest: Policy | None) -> list[str]:
    """What the version before gated and this one does not: commands, and that rules go live by another person."""
    return sorted(_held(newest) - _held(policy)) if newest else []


def _held(policy: Policy) -> set[str]:
    return {*policy.gates, *(["one's own rules going live"] if "rules" in policy.limits else [])}


def _ungated(policy: Policy, newest: Policy | None) -> dict[str, str | int | bool | None]:
    """For the audit: a gate that falls away is the one change of a policy that lets people do more at once."""
    gone = _gone(policy, newest)
    return {"ungates": ",".join(gone)[:200]} if gone else {}


def _after(newest: Policy, policy: Policy, now: datetime) -> None:
    """A new version follows the newest, and changes nothing that is past. Raises Refused."""
    if policy.version != newest.version + 1:
        told = f"{policy.id} has version {newest.version}. "
        told += f"The next one needs the next higher number: {newest.version + 1}."
        raise Refused("input", told)
    earliest = max(newest.effective_from, now.date() - timedelta(days=1))  # today, wherever on earth one writes
    if policy.effective_from < earliest:
        told = f"It cannot take effect on {policy.effective_from}: version {newest.version} does on "
        told += f"{newest.effective_from}, and what was in force on past days stays as it was. Write {earliest} or "
        told += "later."
        raise Refused("input", told)
    gone, soonest = _gone(policy, newest), now.date() + NOTICE
    if gone and policy.effective_from < soonest:
        told = f"It gates {', '.join(gone)} no longer. A version that gates less takes effect {NOTICE.days} days after "
        told += f"it is saved at the earliest, so that others can object. Write {soonest} or later, or keep the gates."
        raise Refused("notice", told)


def _still_cited(policy: Policy, herald: Herald) -> None:
    """Decisions could not name a clause that rules cite and the version has no more. Raises Refused.

    Only rules that were saved: the shipped ones cite a guideline as Herald ships it, which nobody needs to keep.
    """
    if herald.store.rules() is None:
        return
    numbers = {clause.number for clause in policy.clauses}
    lost = sorted({
        f"{rule.policy.clause} (rule {rule.name})"
        for rule in _rules(herald)
        if rule.policy and rule.policy.id == policy.id and rule.policy.clause not in numbers
    })  # fmt: skip
    if lost:
        raise Refused("input", f"Rules cite clauses this version has not: {', '.join(lost[:5])}. Keep their numbers.")


def _changes(policy: Policy, newest: Policy | None) -> tuple[StateChange, ...]:
    was = newest.version if newest else 0
    return (New(policy), InForce(policy.id, policy.version, policy.effective_from, was))


def _facts(policy: Policy) -> dict[str, str | int | bool | None]:
    return {"version": policy.version, "from": policy.effective_from.isoformat(), "text": hashed(policy.source)}


# ---------------------------------------------------------------- loading a set


@record
class Loaded:
    """What became of one document. `well` is False where it stands against what is kept."""

    file: str
    policy: str
    version: int
    result: str  # saved | there already | newer kept | differs
    well: bool = True


def load(documents: Iterable[tuple[str, str]], herald: Herald, now: datetime, *, by: str = "import") -> list[Loaded]:
    """Save a set of documents (name, Markdown), as whoever sets Herald up does; may be run twice.

    All are read before any is saved. What is newer here is left as it is.

    Raises:
        BadPolicy: with its line; nothing was saved.
    """
    read = [(name, _read(name, text)) for name, text in documents]
    return [_load(name, policy, herald, now, by) for name, policy in read]


def _read(name: str, text: str) -> Policy:
    try:
        return policies.parse(text)
    except policies.BadPolicy as bad:
        raise policies.BadPolicy(bad.line, f"{name}: {bad.sentence}") from None


def _load(name: str, policy: Policy, herald: Herald, now: datetime, by: str) -> Loaded:
    newest = herald.store.policy(policy.id)
    if newest and newest.version >= policy.version:
        kept = herald.store.policy(policy.id, policy.version)
        if kept == policy:
            return Loaded(name, policy.id, policy.version, "there already")
        if newest.version > policy.version:
            return Loaded(name, policy.id, newest.version, "newer kept")
        return Loaded(name, policy.id, policy.version, "differs", well=False)
    line = AuditEntry(CHAIN, 0, now, by, "LoadPolicy", f"{policy.id} v{policy.version}", _facts(policy))
    try:
        commit_audited(_changes(policy, newest), [line], CHAIN, herald)
    except Stale:
        return Loaded(name, policy.id, policy.version, "differs", well=False)
    return Loaded(name, policy.id, policy.version, "saved")


def documents(folder: Path = SAMPLES) -> list[tuple[str, str]]:
    """(file name, Markdown) of a folder, by name."""
    return [(file.name, file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.md"))]


# ---------------------------------------------------------------- what enforces a clause


@record
class Enforced:
    """One thing that holds people to a clause: kind is rule, gate, limit or law; words say how."""

    kind: str
    words: str


def enforcement(policy: Policy, herald: Herald, brand: str) -> Mapping[str, list[Enforced]]:
    """Clause number -> what enforces it now; clauses that nothing enforces are absent: people alone keep them."""
    found: dict[str, list[Enforced]] = {}
    for rule in _rules(herald):
        if rule.policy and rule.policy.id == policy.id and not rule.shadow:
            does = str(rule.action) if rule.action else "labels"
            found.setdefault(rule.policy.clause, []).append(Enforced("rule", f"{rule.name} ({does})"))
    for command, number in policy.asked_by.items():
        found.setdefault(number, []).append(Enforced("gate", f"{command} needs this policy acknowledged"))
    for name, number in policy.limits.items():
        found.setdefault(number, []).append(Enforced("limit", _limit(name, herald, brand)))
    for entry in law.register():
        for clause in entry.clauses:
            of, _, number = clause.partition(" ")
            if of == policy.id:
                found.setdefault(number, []).append(Enforced("law", f"{entry.title}, {entry.provision}"))
    return found


def _rules(herald: Herald) -> tuple[Rule, ...]:
    """What judges messages now, what is in shadow among it."""
    kept = herald.store.rules()
    return (in_force(kept.text, kept.acting) if kept else in_force(default_rules())).rules


def _limit(name: str, herald: Herald, brand: str) -> str:
    read = _LIMITS.get(name)
    return f"{policies.LIMITS[name]}: {read(herald, brand)}" if read else policies.LIMITS[name]


def _response(herald: Herald, brand: str) -> str:
    minutes = herald.store.targets().minutes
    named = [f"{kind} {_span(n)}" for kind, n in minutes.items() if kind != "default"]
    return ", ".join([*named, f"others {_span(minutes['default'])}"]) + " of business time"


def _remedy(herald: Herald, brand: str) -> str:
    held = care.limits_of(brand, herald)
    if held is None:
        return "nobody may, until limits are saved"
    given = sorted(held.amounts.items(), key=lambda entry: (entry[1], entry[0]))
    return ", ".join(f"{role.replace('_', ' ')} {limits.words(amount, held.currency)}" for role, amount in given)


def _appeal(herald: Herald, brand: str) -> str:
    return f"{_span(herald.store.targets().of('appeal'))} of business time"


def _escalation(herald: Herald, brand: str) -> str:
    from herald.flows.breaches import path_of  # noqa: PLC0415 - they gate, we tell

    told = []
    for kind in BreachKind:
        steps = path_of(herald, brand, kind).steps
        named = ", ".join(f"{step.role.replace('_', ' ')} {_span(step.minutes)}" for step in steps)
        told.append(f"{kind}: {named}")
    return "; ".join(told)


def _span(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest or not hours else [])])


_LIMITS: Mapping[str, Callable[[Herald, str], str]] = MappingProxyType(
    {"response": _response, "appeal": _appeal, "escalation": _escalation, "remedy": _remedy}
)
"""How each limit reads now; one that is not here is told by its name alone."""

PLANS: Mapping[type[Command], Planner] = MappingProxyType({SavePolicy: _save})
