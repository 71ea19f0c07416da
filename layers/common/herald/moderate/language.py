"""The rule language: one YAML section becomes one Rule, or says what is wrong with it and on which line.

    name: Insult
    body (includes-word): [you idiot, you moron]
    ~author.name: [our own desk]
    action: hide
    policy: MOD 3.1
    rationale: "Insults a person: “{{match}}”."

In the manner of AutoModerator: `field (modifier, modifier): [...]`, `~` in front reverses, `a+b` looks in both fields,
`#2` tells two checks of one field apart. docs/rules.md describes it for moderators; a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime

from herald.documents import BadDocument, Node, read
from herald.model import Action, Escalation, Kind, Severity
from herald.model.decision import BY_RULE
from herald.model.record import record
from herald.moderate.normalise import fold
from herald.moderate.patterns import BadPattern, Pattern, compile_pattern

MAX_TERMS = 10_000
MAX_TERM = 1_000
MAX_KEYS = 1_000
"""Of one rule, or of one member of any_of."""
HINTS = 5
"""Wrong words of one rule for which a near one is looked for: it takes half a millisecond each."""
_STEPS_A_TERM = 100
"""A pattern counts as one term more for each so many steps of its program: compiling, memory and searching follow
these. All of a set together then load in about a second; the set that is shipped has 80,000 steps."""
_TERMS_A_FAILURE = 200  # a pattern too large for RE2 takes most time of all, and leaves no program to be counted

BODY, AUTHOR, DOMAIN, URL, TITLE, UNQUOTED = 1, 2, 4, 8, 16, 32
CONTEXT: Mapping[str, int] = {
    name: 64 << place
    for place, name in enumerate(
        ("id", "tag", "author.tag", "thread.title", "thread.body", "thread.url", "thread.domain", "thread.tag",
         "thread.author", "media.title", "media.author", "media.url", "media.description")
    )
}  # fmt: skip
"""Texts around a message that a platform may tell; they are read from its signals, and may be missing."""
FIELDS: Mapping[str, int] = {
    "body": BODY, "author.name": AUTHOR, "domain": DOMAIN, "url": URL, "title": TITLE, "unquoted": UNQUOTED, **CONTEXT,
}  # fmt: skip
CONDITIONS = ("scores", "persona", "contains", "language", "rate", "hours", "signals")
MODES = ("includes", "includes-word", "starts-with", "ends-with", "full-exact", "full-text")
MODIFIERS = (*MODES, "regex", "case-sensitive")
KEYS = (
    "name", "mode", "action", "priority", "severity", "policy", "rationale", "label", "escalate",
    "reply", "private_reply", "notify", "lock", "kind", "platform", "channel", "brand", "body", "title", "unquoted",
    "author", "author.name", "domain", "url", "body_longer_than", "body_shorter_than", "any_of", "none_of",
    *CONDITIONS, *CONTEXT, "test",
)  # fmt: skip
PLACEHOLDERS = ("match", "rule", "clause")
REPLY_PLACEHOLDERS = ("author", "match", "title", "body", "kind", "permalink", "rule", "clause")
REPLY_LIMIT = 2_000
"""Characters of an answer that a rule drafts."""


# ---------------------------------------------------------------- what a rule is


@record
class PolicyRef:
    """The clause a rule rests on; version None: the one in force when it is applied."""

    id: str
    clause: str
    version: int | None = None

    def __str__(self) -> str:
        return f"{self.id} {self.clause}" + (f" v{self.version}" if self.version else "")


@record
class TextCheck:
    """Does one of these terms or patterns stand in one of these fields?

    Attributes:
        number: unique in its rule set; hits are recorded under it.
        key: as written, for the trace.
        mode: one of MODES, or "domain" (the host or a parent of it).
    """

    number: int
    key: str
    fields: int
    mode: str
    negate: bool
    cased: bool
    terms: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    wanted: str


@record
class LengthCheck:
    """Length of the text in code points, without what is no word at either end."""

    key: str
    bound: int
    longer: bool

    @property
    def wanted(self) -> str:
        return f"{'>' if self.longer else '<'} {self.bound}"


@record
class Group:
    """any_of: one member holds; none_of: no member holds. A member is an AND of checks."""

    key: str
    members: tuple[tuple[Check, ...], ...]

    @property
    def wanted(self) -> str:
        return f"{'one' if self.key == 'any_of' else 'none'} of {len(self.members)}"


@record
class SignalCheck:
    """A condition on something known of the message besides its words.

    Attributes:
        op: <, <=, =, >=, > against `bound`; "in": the value, or one of its values, is among `words`.
    """

    key: str
    signal: str
    op: str
    negate: bool = False
    bound: float = 0.0
    words: tuple[str, ...] = ()

    @property
    def wanted(self) -> str:
        said = "one of: " + ", ".join(self.words[:5]) if self.op == "in" else f"{self.op} {self.bound:g}"
        return f"not ({said})" if self.negate else said


@record
class HoursCheck:
    """Was it written between these minutes of the day, on the clocks of the zone? Past midnight when end < start."""

    key: str
    start: int
    end: int
    zone: str
    negate: bool = False

    @property
    def wanted(self) -> str:
        clock = "-".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in (self.start, self.end))
        return f"{'not ' if self.negate else ''}{clock} {self.zone}"


Check = TextCheck | LengthCheck | SignalCheck | HoursCheck | Group


@record
class RuleTest:
    """A text under a rule and what this rule by itself must make of it.

    Attributes:
        at: when it was written, by the clock of the rule's first `hours`, of UTC where it has none; None: unknown.
    """

    line: int
    body: str
    expect: str
    author: str = ""
    title: str = ""
    signals: Mapping[str, object] = field(default_factory=dict)
    at: datetime | None = None


@record
class Rule:
    """One loaded section. Empty `kinds`, `platforms`, `brands` mean any; action None: it only labels.

    Attributes:
        proposes: what a person is offered when it holds: reply, private_reply, notify -> the words; lock -> true.
        shadow: it is asked and recorded, and nothing is done by it.
    """

    name: str
    line: int
    order: int
    checks: tuple[Check, ...]
    action: Action | None = None
    priority: int = 0
    severity: Severity = Severity.NONE
    policy: PolicyRef | None = None
    rationale: str = ""
    labels: tuple[str, ...] = ()
    escalate: Escalation | None = None
    kinds: frozenset[Kind] = frozenset()
    platforms: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    tests: tuple[RuleTest, ...] = ()
    proposes: Mapping[str, str] = field(default_factory=dict)
    shadow: bool = False

    @property
    def drafts(self) -> bool:
        """Whether it drafts an answer."""
        return "reply" in self.proposes or "private_reply" in self.proposes


@record
class Section:
    """What became of one section: status loaded, partial (a term or pattern left out), refused or error.

    Attributes:
        runs: patterns (regular expressions) of it that run.
        left_out: those that do not: (line, pattern, why).
    """

    line: int
    name: str | None
    status: str
    notes: tuple[str, ...] = ()
    runs: int = 0
    left_out: tuple[tuple[int, str, str], ...] = ()


@record
class Problem:
    """Something that did not load, at its line (1-based)."""

    line: int
    name: str | None
    sentence: str


# ---------------------------------------------------------------- reading one section

_KEY = re.compile(r"(~?)([^\s(#]+)(#[^\s(]*)?\s*(?:\(([^)]*)\))?\s*")
_SHORT_POLICY = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,39})\s+(\S{1,20})(?:\s+v(\d{1,6}))?")
_NAME_LINE = re.compile(r"^name:[ \t]*(\S.{0,120})$", re.MULTILINE)  # of a section that is no YAML
_WRITTEN = re.compile(r"[12]\d{3}-\d{2}-\d{2}[ T]\d{2}:\d{2}")
_WITHIN = re.compile(r"(\d{1,5})\s*(m|min|mins|minute|minutes|h|hour|hours|d|day|days)")
_LISTED = "; take it out, or write one of those that docs/rules.md lists"
_LABEL = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_PARTS = frozenset({"name", "mode", "action", "priority", "severity", "policy", "rationale", "label", "escalate",
                    "test", "kind", "platform", "channel", "brand", "reply", "private_reply", "notify",
                    "lock"})  # fmt: skip
_MINUTES = {"m": 1, "h": 60, "d": 1440}
_HINTS = {
    "type": "kind", "text": "body", "labels": "label", "reason": "rationale", "tests": "test",
    "action_reason": "rationale", "report_reason": "rationale", "comment": "reply", "id": "name",
    "channels": "platform", "message": "private_reply", "modmail": "notify", "link": "url", "user": "author",
    "brands": "brand",
    "remove": "hide", "spam": "hide", "delete": "hide", "filter": "queue", "report": "queue", "review": "queue",
    "approve": "allow", "publish": "allow", "submission": "post", "direct": "dm", "name": "author.name",
}  # fmt: skip


class Reader:
    """Reads one section; collects what is wrong instead of stopping at the first."""

    def __init__(self, line: int, numbers: Iterator[int], terms_left: int) -> None:
        self.line = line
        self.name: str | None = None
        self.terms = 0
        self._numbers = numbers
        self._terms_left = terms_left
        self._errors: list[str] = []
        self._refusals: list[str] = []
        self._left_out: list[str] = []
        self._runs = 0
        self._not_run: list[tuple[int, str, str]] = []
        self._notes: list[str] = []
        self._asks: dict[str, int] = {}  # signal -> line

    def refuse(self, line: int, sentence: str) -> None:
        """Understood, but it cannot or must not run."""
        self._refusals.append(f"line {line}: {sentence}")

    def outcome(self, *, loaded: bool) -> Section:
        status = "error" if self._errors else "partial" if self._left_out else "loaded"
        if not loaded and not self._errors:
            status = "refused"
        notes = (*self._errors, *self._refusals, *self._left_out, *self._notes)
        return Section(self.line, self.name, status, notes, self._runs, tuple(self._not_run))

    def rule(self, part: str, order: int, names: Mapping[str, int]) -> Rule | None:
        """The rule in this section, or None with the reasons noted."""
        try:
            node = read(part, self.line)
        except BadDocument as bad:
            named = _NAME_LINE.search(part)
            self.name = named[1].strip().strip("\"'")[:100] or None if named else None
            self._error(bad.line, bad.sentence)
            return None
        return self.rule_of(node, order, names)

    def rule_of(self, node: Node | None, order: int, names: Mapping[str, int]) -> Rule | None:
        """The rule in a section that is read already."""
        if node is None or not node.mapping:
            self._error(self.line, "this section is no rule: it must be lines of `key: value`")
            return None
        self.line = node.pairs()[0][0].line if node.pairs() else self.line
        entries = self._entries(node)
        self._read_name(entries, names)
        rule = self._build(entries, order)
        if self._errors or self._refusals:
            return None
        return rule

    # ------------------------------------------------ helpers

    def _error(self, line: int, sentence: str) -> None:
        self._errors.append(f"line {line}: {sentence}")

    def _hint(self, given: str, allowed: Sequence[str]) -> str:
        return hint(given, allowed) if len(self._errors) < HINTS else ""

    def _note(self, line: int, sentence: str) -> None:
        self._notes.append(f"line {line}: {sentence}")

    def _entries(self, node: Node) -> dict[str, tuple[Node, Node]]:
        """Key as written, in lower case -> (key, value); the last of two equal keys wins, with a note."""
        entries: dict[str, tuple[Node, Node]] = {}
        for number, (key, value) in enumerate(node.pairs()):
            if number == MAX_KEYS:
                self._error(key.line, f"more than {MAX_KEYS:,} keys in one rule: from here on nothing is read; "
                                      "make several rules of it")  # fmt: skip
                break
            name = key.text.strip().lower() if isinstance(key.value, str) else ""
            if not name:
                self._error(key.line, "a key must be text, such as `body`")
                continue
            if name in entries:
                self._note(key.line, f"`{name}` is written twice; this one counts, the one on line "
                                     f"{entries[name][0].line} does not (add #2 to keep both)")  # fmt: skip
            entries[name] = (key, value)
        return entries

    def _text(self, value: Node, what: str, limit: int = 1_000) -> str:
        if not isinstance(value.value, str):
            self._error(value.line, f"{what} must be text, not a {value.kind}")
            return ""
        text = value.text.strip()
        if len(text) > limit:
            self._error(value.line, f"{what} has {len(text)} characters; the limit is {limit}: shorten it")
        return text[:limit]

    def _one_of(self, value: Node, what: str, allowed: Sequence[str]) -> str | None:
        text = self._text(value, what).lower()
        if text in allowed:
            return text
        if isinstance(value.value, str):
            near = self._hint(text, allowed)
            self._error(value.line, f"{what} `{text[:40]}` is not one of {', '.join(allowed)}{near}")
        return None

    def _number(self, value: Node, what: str, low: int, high: int) -> int | None:
        text = self._text(value, what)
        if re.fullmatch(r"[+-]?\d{1,9}", text) and low <= int(text) <= high:
            return int(text)
        if isinstance(value.value, str):
            self._error(value.line, f"{what} must be a whole number from {low} to {high}, not `{text[:40]}`")
        return None

    def _words(self, value: Node, what: str) -> list[Node]:
        """A text, or a list of texts."""
        if value.mapping:
            self._error(value.line, f"{what} must be text or a list of texts, not a mapping")
            return []
        good = []
        for item in value.items():
            if isinstance(item.value, str):
                good.append(item)
            else:
                self._error(item.line, f"{what} must hold texts, not a {item.kind}")
        return good

    # ------------------------------------------------ the parts of a rule

    def _read_name(self, entries: dict[str, tuple[Node, Node]], names: Mapping[str, int]) -> None:
        if "name" not in entries:
            self._error(self.line, "a rule needs a `name`; decisions cite it")
            return
        name = self._text(entries["name"][1], "name", 100)
        self.name = name or None
        if not name:
            self._error(entries["name"][0].line, "`name` is empty; write one, decisions cite it")
        elif name in names:
            self._error(entries["name"][0].line, f"the name `{name}` is taken by the rule on line {names[name]}; "
                        "choose another")

    def _build(self, entries: dict[str, tuple[Node, Node]], order: int) -> Rule:
        rule = Rule(self.name or "", self.line, order, ())
        checks: list[Check] = []
        for name, (key, value) in entries.items():
            if name in _PARTS and not (name == "label" and value.mapping):
                rule = self._part(rule, name, value)
            elif name.startswith("label#") and not value.mapping:  # beside a `label` that is a condition
                rule = self._part(rule, "label", value)
            else:
                checks.extend(self._checks(name, key, value, depth=0, negated=False))
        severity = self._severity(entries["severity"][1]) if "severity" in entries else None
        rule = replace(rule, checks=tuple(checks))
        if severity is None:
            severity = {Action.HIDE: Severity.MEDIUM, Action.QUEUE: Severity.LOW}.get(
                rule.action or Action.ALLOW, Severity.NONE
            )
        if rule.escalate is not None and rule.escalate.severity is Severity.NONE:
            rule = replace(rule, escalate=replace(rule.escalate, severity=severity))
        if not self._errors:
            self._complete(rule)
        return replace(rule, severity=severity)

    def _part(self, rule: Rule, name: str, value: Node) -> Rule:
        """The rule with one of its parts, other than a check, read."""
        match name:
            case "action":
                chosen = self._one_of(value, "action", [str(a) for a in BY_RULE])
                return replace(rule, action=Action(chosen) if chosen else None)
            case "mode":
                return replace(rule, shadow=self._one_of(value, "mode", ("live", "shadow")) == "shadow")
            case "priority":
                return replace(rule, priority=self._number(value, "priority", -1_000_000, 1_000_000) or 0)
            case "policy":
                return replace(rule, policy=self._policy(value))
            case "rationale":
                return replace(rule, rationale=self._rationale(value))
            case "label":
                return replace(rule, labels=tuple(dict.fromkeys((*rule.labels, *self._labels(value)))))
            case "escalate":
                return replace(rule, escalate=self._escalation(value))
            case "test":
                return replace(rule, tests=self._tests(value))
            case "kind" | "platform" | "channel" | "brand":
                return self._filter(rule, "platform" if name == "channel" else name, value)
            case "reply" | "private_reply":
                words = self._text(value, name, REPLY_LIMIT)
                self._places(words, name, value.line, REPLY_PLACEHOLDERS)
                return replace(rule, proposes={**rule.proposes, name: words}) if words else rule
            case "lock":
                wanted = self._one_of(value, "lock", ("true",))
                return replace(rule, proposes={**rule.proposes, "lock": wanted}) if wanted else rule
            case "notify":
                words = self._text(value, name, 10_000)
                return replace(rule, proposes={**rule.proposes, name: words}) if words else rule
        return rule  # name and severity are read by themselves

    def _complete(self, rule: Rule) -> None:
        filtered = rule.kinds or rule.platforms or rule.brands
        if not rule.checks and not filtered and not self._refusals:
            self.refuse(self.line, "the rule checks nothing, so it would hold for every message; add a check such as "
                                   "`body (includes-word): [...]`")  # fmt: skip
        if self._asks:
            from herald.moderate import told  # noqa: PLC0415 - it builds on this module

            for line, sentence in told.notes(rule, self._asks):
                self._note(line, sentence)
        if rule.action is None and not rule.labels and not rule.proposes:
            self.refuse(self.line, "the rule does nothing; add an `action`, a `label` or a `reply`")

    def _severity(self, value: Node) -> Severity | None:
        chosen = self._one_of(value, "severity", [s.name.lower() for s in Severity])
        return Severity[chosen.upper()] if chosen else None

    def _policy(self, value: Node) -> PolicyRef | None:
        if isinstance(value.value, str):
            short = _SHORT_POLICY.fullmatch(value.text.strip())
            if short:
                return PolicyRef(short[1], short[2], int(short[3]) if short[3] else None)
            self._error(value.line, "policy must be written as `MOD 3.2`, or as {id: MOD, clause: 3.2, version: 1}")
            return None
        if not value.mapping:
            self._error(value.line, "policy must be one text, such as `MOD 3.2`, not a list")
            return None
        entries = self._sub(value, "policy", ("id", "clause", "version"))
        version = self._number(entries["version"], "policy version", 1, 999_999) if "version" in entries else None
        if "id" not in entries or "clause" not in entries:
            self._error(value.line, "policy needs `id` and `clause`")
            return None
        return PolicyRef(
            self._text(entries["id"], "policy id", 40), self._text(entries["clause"], "policy clause", 20), version
        )

    def _sub(self, value: Node, what: str, allowed: Sequence[str]) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for name, (key, inner) in self._entries(value).items():
            if name in allowed:
                found[name] = inner
            else:
                near = self._hint(name, allowed)
                self._error(key.line, f"{what} has no `{name[:40]}`; it has {', '.join(allowed)}{near}")
        return found

    def _rationale(self, value: Node) -> str:
        text = self._text(value, "rationale", 500)
        from herald.moderate.decide import SCORES  # noqa: PLC0415 - that module imports this language

        self._places(text, "rationale", value.line, (*PLACEHOLDERS, *(f"score-{name}" for name in SCORES)))
        return text

    def _places(self, text: str, what: str, line: int, allowed: Sequence[str]) -> None:
        for placeholder in _PLACEHOLDER.findall(text):
            if placeholder not in allowed:
                self._error(line, f"{what} has an unknown placeholder {{{{{placeholder[:40]}}}}}; there are "
                                  f"{', '.join(allowed)}{self._hint(placeholder, allowed)}")  # fmt: skip

    def _labels(self, value: Node) -> tuple[str, ...]:
        labels = [(item.line, item.text.strip().lower()) for item in self._words(value, "label")]
        for line, label in labels:
            if not _LABEL.fullmatch(label):
                self._error(line, f"the label `{label[:40]}` must be letters, digits, - and _, and begin with a letter")
        return tuple(dict.fromkeys(label for _, label in labels))

    def _escalation(self, value: Node) -> Escalation | None:
        if not value.mapping:
            self._error(value.line, "escalate must be a mapping: {to: who, within: 30 minutes, severity: high}")
            return None
        entries = self._sub(value, "escalate", ("to", "within", "severity"))
        if "to" not in entries or "within" not in entries:
            self._error(value.line, "escalate needs `to` and `within`")
            return None
        within = _WITHIN.fullmatch(self._text(entries["within"], "within").lower())
        if not within:
            self._error(entries["within"].line, "within must be a time such as `30 minutes`, `2 hours` or `1 day`")
            return None
        severity = self._severity(entries["severity"]) if "severity" in entries else None
        minutes = int(within[1]) * _MINUTES[within[2][0]]
        return Escalation(self._text(entries["to"], "to", 100), minutes, severity or Severity.NONE)

    def _filter(self, rule: Rule, name: str, value: Node) -> Rule:
        words = [(item.line, item.text.strip().lower()) for item in self._words(value, name)]
        if not words:
            self._error(value.line, f"{name} is empty; leave it out for any")
        if any(word == "any" for _, word in words):
            return rule
        if name == "platform":
            return replace(rule, platforms=rule.platforms | {word for _, word in words})
        if name == "brand":
            return replace(rule, brands=frozenset(word.casefold() for _, word in words))
        kinds = set()
        allowed = ("comment", "review", "post", "mention", "dm", "any")
        for line, word in words:
            if word in allowed:
                kinds.add(Kind(word))
            else:
                self._error(line, f"kind `{word[:40]}` is not one of {', '.join(allowed)}{self._hint(word, allowed)}")
        return replace(rule, kinds=frozenset(kinds))

    def _tests(self, value: Node) -> tuple[RuleTest, ...]:
        tests = []
        if value.mapping or isinstance(value.value, str):
            self._error(value.line, "test must be a list: [{body: a text, expect: hide}]")
            return ()
        for item in value.items():
            if not item.mapping:
                self._error(item.line, "a test must be a mapping: {body: a text, expect: hide}")
                continue
            entries = self._sub(item, "test", ("body", "expect", "author", "title", "signals", "at"))
            if "body" not in entries or "expect" not in entries:
                self._error(item.line, "a test needs `body` and `expect`")
                continue
            body = entries["body"].text
            author = self._text(entries["author"], "author", 200) if "author" in entries else ""
            expect = self._text(entries["expect"], "expect", 40).lower()
            title = self._text(entries["title"], "title") if "title" in entries else ""
            signals = self._given(entries["signals"]) if "signals" in entries else {}
            at = self._written(entries["at"]) if "at" in entries else None
            tests.append(RuleTest(item.line, body, expect, author, title, signals, at))
        return tuple(tests)

    def _written(self, value: Node) -> datetime | None:
        """When the text of a test was written, without a zone: which clock it is of, the whole rule tells."""
        said = self._text(value, "at")
        try:
            if _WRITTEN.fullmatch(said):
                return datetime.fromisoformat(said)
        except ValueError:
            pass  # no such day, or no such minute
        if isinstance(value.value, str):
            self._error(value.line, f"at must be a time such as `2026-10-03 23:30`, not `{said[:40]}`")
        return None

    def _given(self, value: Node) -> dict[str, object]:
        """Signals of a test: numbers, yes or no, texts, lists of texts."""
        if not value.mapping:
            self._error(value.line, "signals of a test must be a mapping: {score.threat: 0.9}")
        return {key.text.strip().lower(): _plain_value(inner) for key, inner in value.pairs()}

    # ------------------------------------------------ checks

    def _checks(self, name: str, key: Node, value: Node, *, depth: int, negated: bool) -> Iterator[Check]:
        """The check or checks that one key asks for. `negated`: inside none_of, where a missing term widens."""
        if name in ("body_longer_than", "body_shorter_than"):
            bound = self._number(value, name, 0, 100_000)
            if bound is not None:
                yield LengthCheck(name, bound, name == "body_longer_than")
        elif name in ("any_of", "none_of"):
            group = self._group(name, value, depth, negated)
            if group:
                yield group
        elif name in ("author", "~author"):
            yield from self._author(name, value, negated)
        elif (bare := name.removeprefix("~").partition("#")[0].strip()) in (*CONDITIONS, "label"):
            from herald.moderate.conditions import conditions  # noqa: PLC0415 - it builds on this module

            lines = {inner.text.strip().lower(): inner.line for inner, _ in value.pairs()} if bare == "signals" else {}
            for condition in conditions(bare, name, value, self._error):
                if isinstance(condition, SignalCheck) and condition.signal in lines:
                    self._asks.setdefault(condition.signal, lines[condition.signal])
                yield condition
        else:
            check = self._text_check(name, key, value, negated)
            if check:
                yield check

    def _author(self, name: str, value: Node, negated: bool) -> Iterator[Check]:
        if not value.mapping:
            self._error(value.line, f"{name} must be a mapping: {{name: [...]}}")
            return
        flip = name.startswith("~")
        for inner, (key, terms) in self._entries(value).items():
            parts = _KEY.fullmatch(inner)
            if not parts or parts[2] != "name":
                self._error(key.line, f"author has no `{inner[:40]}`; it has name")
                continue
            tilde = "~" if bool(parts[1]) != flip else ""
            check = self._text_check(tilde + "author." + inner.removeprefix("~"), key, terms, negated)
            if check:
                yield check

    def _group(self, name: str, value: Node, depth: int, negated: bool) -> Group | None:
        if depth >= 3:
            self._error(value.line, f"{name} is nested more than three deep; "
                        "put the inner checks beside the outer ones, or into a rule of their own")
            return None
        if value.mapping or isinstance(value.value, str):
            self._error(value.line, f"{name} must be a list of checks, each begun with a dash")
            return None
        members = []
        for item in value.items():
            if not item.mapping:
                self._error(item.line, f"each entry of {name} must be a check such as `body (includes): [...]`")
                continue
            inside = negated != (name == "none_of")
            member: list[Check] = []
            for inner, (key, inner_value) in self._entries(item).items():
                member.extend(self._checks(inner, key, inner_value, depth=depth + 1, negated=inside))
            if member:
                members.append(tuple(member))
        if not members and not self._errors:
            self.refuse(value.line, f"{name} has nothing to check; give it checks, or leave it out")
        return Group(name, tuple(members)) if members else None

    def _text_check(self, name: str, key: Node, value: Node, negated: bool) -> TextCheck | None:
        parts = _KEY.fullmatch(name)
        fields = self._fields(parts[2], key) if parts else self._unknown_key(name, key)
        if not parts or not fields:
            return None
        modifiers = [m for m in re.split(r"[,\s]+", parts[4] or "") if m]
        for modifier in modifiers:
            if modifier not in MODIFIERS:
                self._error(key.line, f"`{modifier[:40]}` is no modifier; there are {', '.join(MODIFIERS)}"
                                      f"{self._hint(modifier, MODIFIERS)}")  # fmt: skip
        modes = [m for m in modifiers if m in MODES]
        if len(modes) > 1:
            self._error(key.line, f"`{modes[0]}` and `{modes[1]}` exclude each other; write one")
        is_regex = "regex" in modifiers
        mode = modes[0] if modes else _default_mode(fields, is_regex)
        cased = "case-sensitive" in modifiers
        negate = bool(parts[1])
        words = self._words(value, parts[2])
        narrow = negate == negated  # leaving one out makes the rule hold less often, never more
        terms, patterns = self._terms(words, mode, is_regex, cased, narrow)
        if not terms and not patterns:
            if not self._errors and not self._refusals:
                self.refuse(key.line, f"`{name}` has nothing to look for; give it words, or leave it out")
            return None
        wanted = _wanted([word.text for word in words], negate)
        for context, bit in CONTEXT.items():
            if fields & bit:
                self._asks.setdefault(context, key.line)
        return TextCheck(next(self._numbers), name, fields, mode, negate, cased, terms, patterns, wanted)

    def _unknown_key(self, name: str, key: Node) -> int:
        self._error(key.line, f"`{name[:60]}` is no key of a rule{self._hint(name, KEYS) or _LISTED}")
        return 0

    def _fields(self, joined: str, key: Node) -> int:
        bits = 0
        for part in joined.split("+"):
            if part not in FIELDS:
                known = FIELDS if "+" in joined else KEYS
                self._error(key.line, f"`{part[:60]}` is no key of a rule{self._hint(part, tuple(known)) or _LISTED}")
                return 0
            bits |= FIELDS[part]
        return bits

    def _terms(
        self, words: list[Node], mode: str, is_regex: bool, cased: bool, narrow: bool
    ) -> tuple[tuple[str, ...], tuple[Pattern, ...]]:
        terms: list[str] = []
        patterns: list[Pattern] = []
        for word in words:
            self.terms += 1
            if self.terms > self._terms_left:
                self.refuse(
                    word.line, f"more than {MAX_TERMS} terms in one set, where a pattern counts as one for each "
                    f"{_STEPS_A_TERM} steps of its program: take terms out, or repeat \\w fewer times",
                )  # fmt: skip
                break
            try:
                if is_regex:
                    pattern = compile_pattern(word.text, mode, case_sensitive=cased)
                    if pattern.looks and not narrow:
                        raise BadPattern("look-around finds less here than it says, so it cannot stand where finding "
                                         "less makes the rule hold more; write it without")  # fmt: skip
                    self.terms += _steps(pattern) // _STEPS_A_TERM
                    patterns.append(pattern)
                    self._runs += 1
                else:
                    terms.append(_term(word.text))
            except BadPattern as bad:
                self.terms += _TERMS_A_FAILURE if bad.dear else 0
                shown = word.text if len(word.text) <= 60 else word.text[:59] + "…"
                sentence = f"`{shown}`: {bad}"
                if is_regex:
                    self._not_run.append((word.line, shown, str(bad)))
                if narrow:
                    self._left_out.append(f"line {word.line}: left out {sentence}")
                else:
                    self.refuse(word.line, f"{sentence}. It stands in a negated check, so the rule cannot do without")
        if words and not terms and not patterns and self._left_out:
            self.refuse(words[0].line, "nothing is left of this check; mend or replace what was left out")
        return tuple(dict.fromkeys(terms)), tuple(patterns)


def _steps(pattern: Pattern) -> int:
    return sum(engine.programsize for engine in (pattern.engine, *(look.engine for look in pattern.looks)))


def _term(text: str) -> str:
    text = text.strip()
    if len(text) > MAX_TERM:
        raise BadPattern(f"the term has {len(text)} characters; the limit is {MAX_TERM}: shorten it")
    if not fold(text):
        raise BadPattern("the term is empty once invisible characters are taken out; take it out too")
    return text


def _default_mode(fields: int, is_regex: bool) -> str:
    if fields == DOMAIN and not is_regex:
        return "domain"
    if fields in (URL, DOMAIN, URL | DOMAIN):
        return "includes"
    return "includes-word"


def _wanted(words: list[str], negate: bool) -> str:
    shown = ", ".join(word if len(word) <= 40 else word[:39] + "…" for word in words[:3])
    more = f" and {len(words) - 3} more" if len(words) > 3 else ""
    return f"{'none' if negate else 'one'} of: {shown}{more}"


def _plain_value(node: Node) -> object:
    if not isinstance(node.value, str):
        return tuple(item.text for item in node.items())
    word = node.value.strip()
    if word.lower() in ("true", "false"):
        return word.lower() == "true"
    return float(word) if re.fullmatch(r"[+-]?\d{1,12}(?:\.\d{1,9})?", word) else word


def hint(given: str, allowed: Sequence[str]) -> str:
    """ "; did you mean …?" when something near is allowed."""
    bare = re.sub(r"[~(#\s].*", "", given.lstrip("~"))
    hint = _HINTS.get(bare, bare)
    if hint not in allowed:
        from difflib import get_close_matches  # noqa: PLC0415 - only when someone mistyped

        near = get_close_matches(bare, [*allowed, *(word for word in _HINTS if _HINTS[word] in allowed)], 1, 0.7)
        hint = _HINTS.get(near[0], near[0]) if near else ""
        hint = near[0] if near and near[0] in allowed else hint
    return f"; did you mean `{hint}`?" if hint else ""
