"""The rules as data people work on: saved as versions, in shadow until they are made live, rolled back, watched.

A version is never changed; the newest is in force (model.Rules). Moderate reads it as every other setting, remembered
for some seconds; where none was ever saved, the shipped set acts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType
from zoneinfo import ZoneInfo

from herald.errors import HeraldError, Refused
from herald.flows import commands as c
from herald.flows.chain import commit_audited
from herald.flows.context import Herald
from herald.flows.notices import notice
from herald.flows.planning import Done, Plan, Planner, authorise, hashed, same_version
from herald.model import SPOKEN, Action, AuditEntry, Message, New, Person, Policy, Role, Rules, RulesByHash
from herald.model.notices import about
from herald.model.record import record
from herald.model.rules import RuleAlarm
from herald.moderate import firing, versions
from herald.moderate.decide import assess, subject_of
from herald.moderate.language import Rule
from herald.moderate.rules import RuleSet, Verdict, compile_rules, content, counted_as, default_rules, in_force
from herald.moderate.versions import Part, State

CHAIN = "moderation"  # the chain of the function that looks
MOST_BYTES = 150_000
"""Of one text. A version holds two, and a row of DynamoDB 400 KB."""
HISTORY = 30
ERRORS = 5  # told in one refusal
NAMED = 20  # rules named in one version's line of the history


# ---------------------------------------------------------------- reading


def current(herald: Herald) -> Rules:
    """What is in force; number 0: the set that is shipped, for none was ever saved."""
    return herald.store.rules() or shipped()


def shipped() -> Rules:
    return Rules(0, default_rules(), what="shipped")


def compiled(version: Rules) -> RuleSet:
    return in_force(version.text, version.acting)


def history(herald: Herald, limit: int = HISTORY) -> list[Rules]:
    """The newest first."""
    return herald.store.shelf(Rules, newest=True, limit=limit)


def numbered(number: int, herald: Herald) -> Rules | None:
    return herald.store.find(Rules, number) if number else shipped()


def by_hash(digest: str, herald: Herald) -> Rules | None:
    """The rules an old decision was made by; None where they are not here any more."""
    place = herald.store.find(RulesByHash, digest, digest)
    if place:
        return numbered(place.number, herald)
    others = [*history(herald), shipped()]  # set up, not saved by a person
    return next((version for version in others if compiled(version).hash == digest), None)


@record
class Fault:
    """What is wrong with a text, or was left out of it, at its line; `fatal`: it cannot be saved."""

    line: int
    rule: str
    sentence: str
    fatal: bool


def faults(text: str) -> list[Fault]:
    """Everything that does not load, every inline test that fails, and every note; by line, what is fatal first."""
    if "\x00" in text:
        return [Fault(1, "", "The text holds control characters; type it again.", True)]
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MOST_BYTES:
        return [Fault(1, "", f"{size:,} bytes of rules; {MOST_BYTES:,} is the limit.", True)]
    rules = compile_rules(text)
    found = [
        fault for line in rules.report("rules") for fault in _faults_of(line)
    ]  # fmt: skip
    if not rules.rules and not found:
        found.append(Fault(1, "", "There is no rule in it.", True))
    return sorted(found, key=lambda fault: (not fault.fatal, fault.line))


def uncited(text: str, policies: Iterable[Policy]) -> list[Fault]:
    """Rules that cite a clause which no policy in force has; they can be saved, and cite nothing anybody can read."""
    known = {policy.id: policy for policy in policies}
    return [
        Fault(rule.line, rule.name, f"policy {cited} is no clause in force; choose one that is", False)
        for rule in compile_rules(text).rules
        if (cited := rule.policy) and not cited.version
        and (cited.id not in known or known[cited.id].clause(cited.clause) is None)
    ]  # fmt: skip


_AT = re.compile(r"line (\d+): (.*)", re.DOTALL)


def _faults_of(line: Mapping[str, object]) -> Iterator[Fault]:
    fatal, name = line["status"] not in ("loaded", "partial"), str(line["name"] or "")
    notes = line["notes"] if isinstance(line["notes"], list) else []
    for note in notes:
        said = _AT.match(str(note))
        at = int(said[1]) if said else int(str(line["line"]))
        yield Fault(at, name, said[2] if said else str(note), fatal)


# ---------------------------------------------------------------- what people do


def _save(command: c.SaveRules, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, None, herald, now)
    text = command.text.replace("\r\n", "\n").replace("\r", "\n")
    wrong = [fault for fault in faults(text) if fault.fatal]
    if wrong:
        told = [f"Line {one.line}{f', {one.rule}' if one.rule else ''}: {one.sentence}" for one in wrong[:ERRORS]]
        more = f" And {len(wrong) - ERRORS} more." if len(wrong) > ERRORS else ""
        raise Refused("input", " ".join(told) + more)
    newest = current(herald)
    if text == newest.text:
        return Plan((), Done("This text is saved already.", f"rules v{newest.number}"))
    same_version(newest.number, command.expected)
    version = _next(newest, text, newest.acting or newest.text, "saved", person, now)
    waiting = [part for part in versions.parts(version.text, version.acting) if part.waits]
    sentence = f"Version {version.number} of the rules is saved. {_waits(waiting)}"
    return _plan(version, sentence, {"waiting": len(waiting)})


def _waits(waiting: list[Part]) -> str:
    if not waiting:
        return "No rule acts differently by it."
    counted = Counter(part.state for part in waiting)
    said = {State.NEW: "new", State.CHANGED: "changed", State.REMOVED: "to be removed"}
    ways = ", ".join(f"{counted[state]} {words}" for state, words in said.items() if counted[state])
    return f"Nothing acts differently yet: {ways}, in shadow until made live."


def _promote(command: c.PromoteRules, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, None, herald, now)
    newest = current(herald)
    same_version(newest.number, command.expected)
    waiting = {part.rule.name: part for part in versions.parts(newest.text, newest.acting) if part.waits}
    wanted = tuple(dict.fromkeys(command.names)) or tuple(waiting)
    if not wanted or set(wanted) - set(waiting):
        raise Refused("input", "Choose rules that wait to be made live." if waiting else "No rule waits to be live.")
    _clauses_there([waiting[name] for name in wanted], herald)
    _by_another(person, [waiting[name] for name in wanted], herald, now)
    acting = versions.promoted(newest.text, newest.acting or newest.text, wanted)
    version = _next(newest, newest.text, acting, "made live", person, now, names=wanted[:NAMED])
    one = len(wanted) == 1
    sentence = f"{f'“{wanted[0]}” is' if one else f'{len(wanted)} rules are'} live as version {version.number} has "
    return _plan(version, f"{sentence}{'it' if one else 'them'}.", {"rules": len(wanted)})


def _clauses_there(parts: Iterable[Part], herald: Herald) -> None:
    """What hides by itself rests on a clause that anybody can read, and what is cited is in force. Raises Refused."""
    known = {policy.id: policy for policy in herald.store.policies(herald.clock().date())}
    for part in parts:
        rule, cited = part.rule, part.rule.policy
        if part.state is State.REMOVED:
            continue
        if cited is None:
            if rule.action is Action.HIDE:
                raise Refused("input", f"“{rule.name}” hides and cites no clause. Give it one, as policy: MOD 3.1")
            continue
        policy = known.get(cited.id)
        if policy is None:
            raise Refused(
                "input", f"“{rule.name}” cites {cited}; no policy {cited.id} is in force. Cite one that is, or save it."
            )
        if not cited.version and policy.clause(cited.clause) is None:
            words = f"“{rule.name}” cites {cited}; {policy.id} in force has no such clause. Cite one it has."
            raise Refused("input", words)


def _by_another(person: Person, parts: Iterable[Part], herald: Herald, now: datetime) -> None:
    """Where a policy in force asks for it, who wrote a rule does not make it live. Raises Refused."""
    asking = next((policy for policy in herald.store.policies(now.date()) if "rules" in policy.limits), None)
    mine = [name for name, writer in _writers(parts, herald).items() if writer == person.id] if asking else []
    if asking and mine:
        clause = f"{asking.id} {asking.limits['rules']}"
        raise Refused("second_person", f"You wrote “{mine[0]}”. Another person must make it live ({clause}).")


def _writers(parts: Iterable[Part], herald: Herald) -> dict[str, str]:
    """Rule -> who brought what of it waits into the text, or took it out."""
    found: dict[str, str] = {}
    wanted = {part.rule.name: None if part.state is State.REMOVED else content(part.rule) for part in parts}
    for version in history(herald):
        said = {rule.name: content(rule) for rule in compile_rules(version.text).rules}
        wanted = {name: waits for name, waits in wanted.items() if said.get(name) == waits}
        if not wanted:
            break
        if version.what != "made live":  # which leaves the text as it is
            found |= dict.fromkeys(wanted, version.by)
    return found


def _rollback(command: c.RollbackRules, person: Person, herald: Herald, now: datetime) -> Plan:
    authorise(command, person, None, herald, now)
    newest = current(herald)
    same_version(newest.number, command.expected)
    earlier = numbered(command.number, herald)
    if earlier is None or earlier.number >= newest.number:
        raise Refused("input", "Choose an earlier version from the history.")
    acting = earlier.acting or earlier.text
    if (earlier.text, acting) == (newest.text, newest.acting or newest.text):
        return Plan((), Done(f"The rules are those of version {earlier.number} already.", f"rules v{newest.number}"))
    version = _next(newest, earlier.text, acting, "rolled back", person, now, back_to=earlier.number)
    whose = f"those of version {earlier.number}" if earlier.number else "those that Herald ships"
    sentence = f"The rules are {whose} again, as version {version.number}."
    return _plan(version, sentence, {"back": earlier.number})


def _next(
    newest: Rules, text: str, acting: str, what: str, person: Person, now: datetime, *, names: tuple[str, ...] = (),
    back_to: int = 0,
) -> Rules:  # fmt: skip
    if len(acting.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise Refused("input", f"More than {MOST_BYTES:,} bytes of rules would act. Shorten them first.")
    kept = "" if acting == text else acting
    digest = in_force(text, kept).hash
    return Rules(newest.number + 1, text, kept, digest, what, person.id, now, names, back_to)


def _plan(version: Rules, sentence: str, facts: dict[str, str | int | bool | None]) -> Plan:
    place = RulesByHash(version.hash, version.number)
    facts |= {"version": version.number, "text": hashed(version.text), "rules": version.hash}
    return Plan((New(version), New(place, once=True)), Done(sentence, f"rules v{version.number}"), facts)


# ---------------------------------------------------------------- before they are live: what would change

LOOKED_AT = 2_000
"""Stored messages that are judged by both sets at the most, the newest of the days."""
EXAMPLES = 5  # of each way
WAYS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        (Action.ALLOW, Action.HIDE): "newly hidden",
        (Action.QUEUE, Action.HIDE): "hidden instead of queued",
        (Action.ALLOW, Action.QUEUE): "newly queued",
        (Action.HIDE, Action.QUEUE): "queued instead of hidden",
        (Action.HIDE, Action.ALLOW): "no longer hidden",
        (Action.QUEUE, Action.ALLOW): "no longer queued",
    }
)
LABELS_ONLY = "other labels"


@record
class Example:
    message: Message
    rule_before: str | None
    rule_after: str | None


@record
class Preview:
    """What another set would have decided on what was received.

    Attributes:
        read: messages that were judged by both. cut: there were more; these are the newest.
        counts: way (WAYS, LABELS_ONLY) -> messages; examples: the newest of each way.
        unknown: (rule, signal) -> messages on which only that signal, not known of them, leaves open whether a rule
            holds that does not act yet: a rate is counted from when a rule asks for it.
    """

    days: int
    read: int
    cut: bool
    counts: Mapping[str, int]
    examples: Mapping[str, tuple[Example, ...]]
    unknown: Mapping[tuple[str, str], int] = field(default_factory=dict)


def preview(before: RuleSet, after: RuleSet, brand: str, days: int, herald: Herald, now: datetime) -> Preview:
    """Both sets over what the brand received in these days, as its words stand now."""
    read, cut = _received(brand, days, herald, now)
    known = {one.id: one for one in read}
    subjects = ((one.id, subject_of(one, assess(one.text))) for one in read)
    counted, examples, unknown = Counter[str](), dict[str, list[Example]](), Counter[tuple[str, str]]()
    acting = {content(rule) for rule in before.rules if not rule.shadow}
    new = {rule.name for rule in after.rules if content(rule) not in acting}

    def seen(verdict: Verdict) -> None:
        unknown.update(one for one in verdict.unknown if one[0] in new)

    for change in versions.changes(before, after, subjects, seen):
        way = WAYS.get((change.before, change.after), LABELS_ONLY)
        counted[way] += 1
        of_way = examples.setdefault(way, [])
        if len(of_way) < EXAMPLES:
            of_way.append(Example(known[change.id], change.rule_before, change.rule_after))
    in_order = {way: counted[way] for way in (*WAYS.values(), LABELS_ONLY) if counted[way]}
    shown = {way: tuple(found) for way, found in examples.items()}
    return Preview(days, len(read), cut, in_order, shown, dict(unknown.most_common()))


def once_live(version: Rules, names: Iterable[str] = ()) -> RuleSet:
    """The set as it would act once these rules (none named: all that wait) are live."""
    return compile_rules(versions.promoted(version.text, version.acting or version.text, names))


def _received(brand: str, days: int, herald: Herald, now: datetime) -> tuple[list[Message], bool]:
    """What rules judge of what the brand's accounts received, newest day first; and whether there was more."""
    accounts = [account.id for account in herald.store.accounts() if account.brand == brand]
    since = now - timedelta(days=days)  # messages lie by day: the first of these days counts in part
    found: list[Message] = []
    for back in range(days + 1):
        day = f"{now - timedelta(days=back):%Y-%m-%d}"
        for account in accounts:
            cursor: str | None = None
            while True:
                page = herald.store.feed(account, day, limit=200, cursor=cursor)
                found += [one for one in page.items if isinstance(one, Message) and _judged(one, since)]
                if len(found) >= LOOKED_AT:
                    return found[:LOOKED_AT], True
                cursor = page.cursor
                if cursor is None:
                    break
    return found, False


def _judged(message: Message, since: datetime) -> bool:
    words = not message.deleted and not message.outbound and message.kind in SPOKEN and bool(message.text)
    return words and message.created_at >= since


# ---------------------------------------------------------------- how they do


@record
class Acted:
    """What became of what a rule did: messages it hid or queued, and how many of these a person allowed."""

    messages: int
    allowed: int


MOST_ACTED = 300
DAYS = 7


def firings(brand: str, herald: Herald, now: datetime, days: int = DAYS) -> list[Mapping[str, int] | None]:
    """Metric (moderate.rules.counted_as) -> how often it held in the brand, by day, today first.

    Days are of each account's own clock, as in every count. None: on that day nothing was counted.
    """
    found: list[Counter[str] | None] = [None] * days
    for account in herald.store.accounts():
        if account.brand != brand:
            continue
        today = now.astimezone(ZoneInfo(account.timezone)).date()
        first = today - timedelta(days=days - 1)
        for day, rules in herald.store.fired(account.id, first.isoformat(), today.isoformat()).items():
            back = (today - date.fromisoformat(day)).days
            of_day = found[back] = found[back] or Counter()
            of_day.update(rules)
    return list(found)


def total(days: Iterable[Mapping[str, int] | None], rule: str, *, shadow: bool) -> int | None:
    """How often a rule held over days; None where no firing of any rule was counted."""
    there = [day for day in days if day]
    return sum(day.get(counted_as(rule, shadow=shadow), 0) for day in there) if there else None


def acted(brand: str, herald: Herald, now: datetime) -> dict[str, Acted]:
    """Rule -> what became of the newest MOST_ACTED messages on which something was done, of this month and the last.

    A person's word on other words than the rule judged says nothing of the rule.
    """
    messages, allowed = Counter[str](), Counter[str]()
    for message in _acted(brand, herald, now):
        decision = message.decision
        if decision is None:
            continue
        if decision.decided_by == "rules":
            messages[decision.rule or ""] += decision.action is not Action.ALLOW
            continue
        made = [
            one for one, _ in herald.store.history(message.id)
            if one.decided_by == "rules" and one.rule and one.content_hash == decision.content_hash
        ]  # fmt: skip
        if made:
            messages[made[-1].rule or ""] += 1
            allowed[made[-1].rule or ""] += decision.action is Action.ALLOW
    return {rule: Acted(count, allowed[rule]) for rule, count in messages.items() if rule and count}


def _acted(brand: str, herald: Herald, now: datetime) -> list[Message]:
    months = (f"{now:%Y-%m}", f"{now.replace(day=1) - timedelta(days=1):%Y-%m}")
    found: dict[str, Message] = {}
    for month in months:
        cursor: str | None = None
        while len(found) < MOST_ACTED:
            page = herald.store.acted(brand, month, limit=100, cursor=cursor)
            found |= {one.id: one for one in page.items if isinstance(one, Message)}
            cursor = page.cursor
            if cursor is None:
                break
    return list(found.values())[:MOST_ACTED]


# ---------------------------------------------------------------- the alarm

MINUTE = 10
"""Of each hour: then it is looked at."""


@record
class Told:
    """One rule of one brand at one tick; for the log."""

    brand: str
    rule: str
    result: str  # told | failed
    way: str = ""
    error: str = ""


def watch(herald: Herald, now: datetime) -> list[Told]:
    """The tick: live rules that fire far more or far less than before (moderate/firing.py); once a rule and day."""
    if now.minute != MINUTE:
        return []
    live = [rule for rule in compiled(current(herald)).rules if not rule.shadow]
    told: list[Told] = []
    for brand in sorted({account.brand for account in herald.store.accounts()}):
        days = firings(brand, herald, now, firing.DAYS + 2)
        acting = _acting(brand, herald, now, len(days))
        for rule in live:
            found = _unusual(rule, days, acting)
            if found and (one := _tell(brand, rule, *found, herald, now)):
                told.append(one)
    return told


def _acting(brand: str, herald: Herald, now: datetime, days: int) -> list[frozenset[str] | None]:
    """Rules that acted all day, by day, today first; None: those that act now. A rule in pause is not a quiet one."""
    today, zone = _today(brand, herald, now), ZoneInfo(_zone(brand, herald))
    ends = [datetime.combine(today - timedelta(days=back), time(), zone) for back in range(-1, days)]
    saved = history(herald)
    if not any(one.at and one.at > ends[-1] for one in saved):
        return [None] * days
    versions = [*saved, *([] if len(saved) == HISTORY else [shipped()])]
    found: list[frozenset[str] | None] = []
    for end, start in pairwise(ends):
        begun = [one for one in versions if one.at is None or one.at < end]
        before = next((place for place, one in enumerate(begun) if one.at is None or one.at <= start), len(begun) - 1)
        names = [_names(one.text, one.acting) for one in begun[: before + 1]]
        found.append(frozenset.intersection(*names) if names else None)
    return found


@lru_cache(maxsize=HISTORY + 1)
def _names(text: str, acting: str) -> frozenset[str]:
    """Of the rules that act in a version."""
    return frozenset(rule.name for rule in in_force(text, acting).rules if not rule.shadow)


def _unusual(
    rule: Rule, days: list[Mapping[str, int] | None], acting: list[frozenset[str] | None]
) -> tuple[firing.Unusual, int] | None:
    """And how many days ago: today may be far more already, yesterday is over."""
    metric = counted_as(rule.name)
    counts = [
        None if day is None or (back and names is not None and rule.name not in names) else day.get(metric, 0)
        for back, (day, names) in enumerate(zip(days, acting, strict=True))
    ]
    today = firing.unusual(counts[0], counts[1:], over=False)
    if today:
        return today, 0
    yesterday = firing.unusual(counts[1], counts[2:])
    return (yesterday, 1) if yesterday else None


def _tell(brand: str, rule: Rule, found: firing.Unusual, back: int, herald: Herald, now: datetime) -> Told | None:
    day = _today(brand, herald, now) - timedelta(days=back)
    if herald.store.find(RuleAlarm, brand, day, rule.name):
        return None
    alarm = RuleAlarm(
        brand, day, rule.name, found.way, found.fired, int(found.usual), now, half=not found.usual.is_integer()
    )  # fmt: skip
    usual = usual_words(alarm)
    facts: dict[str, str | int | bool | None] = {"fired": found.fired, "usual": usual, "way": found.way}
    line = AuditEntry(CHAIN, 0, now, "herald", "rule.alarm", counted_as(rule.name), facts)
    when = "yesterday" if back else "today so far"
    title = f"A rule fires far {found.way} than it used to: {found.fired} times {when}, {usual} on a usual day"
    told = notice(
        brand, told_of(alarm), 1, title, now, "rules", {"rule": rule.name},
        roles=(Role.COMMUNITY_MANAGER, Role.COMPLIANCE),
    )  # fmt: skip
    try:
        commit_audited([New(alarm, once=True), told], [line], CHAIN, herald)
    except HeraldError as error:
        return Told(brand, rule.name, "failed", found.way, type(error).__name__)
    return Told(brand, rule.name, "told", found.way)


def _today(brand: str, herald: Herald, now: datetime) -> date:
    """By the clock of the brand's first account, so that a day keeps its name while it becomes yesterday."""
    return now.astimezone(ZoneInfo(_zone(brand, herald))).date()


def _zone(brand: str, herald: Herald) -> str:
    return next(account.timezone for account in herald.store.accounts() if account.brand == brand)


def usual_words(alarm: RuleAlarm) -> str:
    """How often it fires on a usual day: "4", or "2.5" where that lies between two."""
    return f"{alarm.usual:,}{'.5' if alarm.half else ''}"


def told_of(alarm: RuleAlarm) -> str:
    """What its notice is about (flows/notices.py)."""
    return about("rule", counted_as(alarm.rule)[2:], alarm.day.isoformat())


def alarms(brand: str, herald: Herald) -> list[RuleAlarm]:
    """The newest first."""
    return herald.store.shelf(RuleAlarm, brand, newest=True, limit=20)


PLANS: Mapping[type[c.Command], Planner] = MappingProxyType(
    {c.SaveRules: _save, c.PromoteRules: _promote, c.RollbackRules: _rollback}
)
"""The plans of the commands on rules."""
