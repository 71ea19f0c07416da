"""Rule sets: compiled once, matched in linear time.

`compile_rules` never raises: a section that is wrong is reported with its line and its neighbours load. One walk
through a text (Aho-Corasick) finds all words of all rules, and which patterns can match at all; those run in RE2 when
they are asked for.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime, tzinfo
from functools import lru_cache, reduce
from hashlib import sha256
from itertools import count, islice
from operator import or_
from pathlib import Path
from typing import Any, NamedTuple

from herald.documents import sections
from herald.model import Action, Kind, Span
from herald.model.record import record
from herald.moderate.language import (
    AUTHOR,
    BODY,
    CONTEXT,
    DOMAIN,
    FIELDS,
    MAX_TERMS,
    TITLE,
    UNQUOTED,
    URL,
    Check,
    Group,
    HoursCheck,
    LengthCheck,
    Problem,
    Reader,
    Rule,
    RuleTest,
    Section,
    SignalCheck,
    TextCheck,
)
from herald.moderate.literals import Sieve, bits
from herald.moderate.normalise import SCANNED, View, fold, is_word, views
from herald.moderate.patterns import Effort, Pattern

_SHORTER = "join rules that do the same by putting their words into one list, or take some out"

LANGUAGE = "2"
"""Part of every rule set's hash: grows when the same YAML would be matched differently."""

MAX_BYTES = 1_000_000
MAX_RULES = 500
_MOST_SECTIONS = 4 * MAX_RULES  # sections that are read, whether they load or not

EVIDENCE = 10  # spans kept of one check
_MANY = 1_000  # words of one view that wait until a rule asks for them
_FOUND = 200  # characters of a span's quotation
_LINKS = 50


# ---------------------------------------------------------------- what is judged, and what was seen


@record
class Subject:
    """What rules may look at.

    Attributes:
        title: of a message that has one. A post, review or mention without one is read whole in its place.
        signals: what is known besides the words, name -> value; a name that is not there is unknown.
        at: when it was written; None: unknown.
    """

    body: str
    author_name: str = ""
    kind: Kind = Kind.COMMENT
    platform: str = ""
    brand: str = ""
    title: str = ""
    signals: Mapping[str, object] = field(default_factory=dict)
    at: datetime | None = None


@record
class Match:
    """A rule that held: the evidence, and each check with what was wanted and what was observed."""

    rule: Rule
    evidence: tuple[Span, ...]
    checks: tuple[Mapping[str, object], ...]


_NONE = frozenset[str]()
_Lacking = tuple[str, list[str]]
"""A rule and the signals that it misses."""


@record
class Verdict:
    """Which rule decides, which label, and which rule an exemption set aside.

    Attributes:
        cut: the text was longer than what is scanned.
        unknown: (rule, signal) of rules that only missing signals kept from holding, and the first of these.
        uncounted: all rates that these miss, and rules in shadow: only now do they need counting.
        shadow: rules in shadow that hold; nothing is done by them.
        stalled: rules, not in shadow, of which it is unknown whether they hold: their patterns had used up what one
            message may cost.
        certain: what is decided would be decided with them too.
    """

    deciding: Match | None
    labelling: tuple[Match, ...]
    exempted: Match | None
    cut: bool
    unknown: tuple[tuple[str, str], ...] = ()
    uncounted: frozenset[str] = _NONE
    shadow: tuple[Match, ...] = ()
    stalled: tuple[Rule, ...] = ()
    certain: bool = True

    @property
    def action(self) -> Action:
        """What is to be done; a person decides where it is not certain."""
        if not self.certain:
            return Action.QUEUE
        return (self.deciding.rule.action if self.deciding else None) or Action.ALLOW


@record
class Look:
    """One check of one rule on one message: what was wanted and seen. `held` None: what it needs is unknown."""

    check: str
    wanted: str
    observed: object
    held: bool | None


class _Stretch(NamedTuple):
    """A piece of text to scan: which field, and where it begins in that field's original."""

    bit: int
    text: str
    offset: int
    field: str  # where it stands, for the reader: links are quoted in the body


_Term = tuple[int, int, str, str, tuple[int, ...]]
"""One manner of looking for a word: fields, the rules that may hold by it, mode, as written where the case counts (else
empty), and the checks that look for it so: many rules may name the same word."""
_Word = tuple[int, bool, bool, bool, tuple[_Term, ...]]
"""A word: its length, whether it begins and whether it ends with a part of a word, whether it is only looked for as a
word by itself, and all manners of looking for it."""
_Standing = tuple[int, int, bool, _Term]
"""A word in a view: start, end, whether it stands there by itself, and how it is looked for."""


class RuleSet:
    """Compiled rules. Immutable after it is built; safe to keep for the life of a process.

    Attributes:
        rules: what loaded, in the order of the file.
        sections: every section and what became of it.
        hash: 16 hex digits over the compiled content; comments and layout do not change it.
        asked: names of the signals that any rule looks for.
    """

    def __init__(self, rules: Sequence[Rule], sections: Sequence[Section]) -> None:
        self.rules: tuple[Rule, ...] = tuple(rules)
        self.sections: tuple[Section, ...] = tuple(sections)
        self.hash: str = _hash(self.rules)
        every = [check for rule in self.rules for check in _each(rule.checks)]
        checks = [check for check in every if isinstance(check, TextCheck)]
        self._fields = reduce(or_, [check.fields for check in checks], 0)
        asked = {check.signal for check in every if isinstance(check, SignalCheck)}
        self.asked = frozenset(asked | {name for name, bit in CONTEXT.items() if self._fields & bit})
        self._plan = _Plan(self.rules)
        self._texts, self._links = (_Finder(checks, fields, self._plan.woken) for fields in (~_OF_LINKS, _OF_LINKS))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What did not load or not wholly, by line."""
        return tuple(
            Problem(section.line, section.name, "; ".join(section.notes))
            for section in self.sections
            if section.status != "loaded"
        )

    def judge(self, subject: Subject, effort: Effort | None = None) -> Verdict:
        """Deciding rules by rank until the first that holds; label-only rules all.

        Pure, as long as patterns stay below what is counted without a clock (`Effort`).
        """
        seen, plan = self._scan(subject, effort), self._plan
        asked = plan.possible(subject, seen)
        cut = len(subject.body) > SCANNED
        if not asked:
            return Verdict(None, (), None, cut)
        deciding = exempted = None
        unknown: list[_Lacking] = []
        stalled: list[Rule] = []
        outranking = 0  # of the stalled, those that would come before the one that decides
        for rule in plan.of(asked & plan.deciding):
            if match := _holds(rule, subject, seen, unknown, stalled):
                if deciding is None:
                    deciding, outranking = match, len(stalled)
                    if rule.action is not Action.ALLOW:
                        break
                elif rule.action is not Action.ALLOW:
                    exempted = match
                    break
        if deciding is None:
            outranking = len(stalled)
        del stalled[outranking:]
        labels, shadow = plan.of(asked & plan.labelling), plan.of(asked & plan.shadow)
        labelling = [match for rule in labels if (match := _holds(rule, subject, seen, unknown, stalled))]
        aside: list[_Lacking] = []
        shadowed = [match for rule in shadow if (match := _holds(rule, subject, seen, aside, []))]
        settled = deciding.rule.action if deciding else None
        if settled in (Action.HIDE, Action.QUEUE):
            certain = all(rule.action is settled for rule in stalled[:outranking])
        else:  # allowing is for those of whom all is known
            certain = not stalled
        lacks = (*unknown, *aside)
        return Verdict(
            deciding, tuple(labelling), exempted, cut, tuple((name, missing[0]) for name, missing in unknown),
            frozenset(one for _, missing in lacks for one in missing if one.startswith("rate.")) if lacks else _NONE,
            tuple(shadowed), tuple(stalled), certain,
        )  # fmt: skip

    def holds(self, rule: Rule, subject: Subject) -> Match | None:
        """One rule by itself, whatever its neighbours say."""
        return _holds(rule, subject, self._scan(subject), [], [])

    def look(self, rule: Rule, subject: Subject) -> tuple[Look, ...]:
        """Every check of one rule by itself, also behind one that does not hold: why it does, or does not."""
        seen = self._scan(subject)
        filters = (
            ("kind", sorted(map(str, rule.kinds)), str(subject.kind)),
            ("platform", sorted(rule.platforms), subject.platform),
            ("brand", sorted(rule.brands), subject.brand.casefold()),
        )
        found = [Look(name, f"one of: {', '.join(any_)}", is_, is_ in any_) for name, any_, is_ in filters if any_]
        for check in rule.checks:
            told: list[Mapping[str, object]] = []
            missing: list[str] = []
            held = _check(check, subject, seen, [], told, missing)
            observed = told[0]["observed"] if told else ", ".join(missing) or None
            if isinstance(check, TextCheck):
                observed = [span.found for span in (seen.get(check.number) or [])[:3]] or observed
            found.append(Look(check.key, check.wanted, observed, held))
        return tuple(found)

    def report(self, file: str) -> list[dict[str, object]]:
        """The lines of `herald rules check`: {file, line, name, status, notes, patterns}; runs the tests inside rules.

        status: loaded; partial (a pattern or term was left out); refused (understood, but it cannot or must not
        run); error (not understood, or one of its own tests fails).
        """
        by_line = {rule.line: rule for rule in self.rules}
        lines: list[dict[str, object]] = []
        for section in self.sections:
            notes = list(section.notes)
            status = section.status
            rule = by_line.get(section.line) if status in ("loaded", "partial") else None
            failed = [note for test in rule.tests if (note := self._fails(rule, test))] if rule else []
            if failed:
                status = "error"
                notes += failed
            left_out = [{"line": line, "pattern": pattern, "why": why} for line, pattern, why in section.left_out]
            lines.append({
                "file": file, "line": section.line, "name": section.name, "status": status, "notes": notes,
                "patterns": {"run": section.runs, "left_out": left_out},
            })  # fmt: skip
        return lines

    def _fails(self, rule: Rule, test: RuleTest) -> str | None:
        hours = next((check for check in _each(rule.checks) if isinstance(check, HoursCheck)), None)
        subject = Subject(
            test.body,
            test.author,
            min(rule.kinds, default=Kind.COMMENT),
            min(rule.platforms, default=""),
            min(rule.brands, default=""),
            test.title,
            test.signals,
            test.at and test.at.replace(tzinfo=_clock(hours)),
        )
        if self.holds(rule, subject):
            outcome = {str(rule.action or Action.ALLOW), *rule.labels}
            got = str(rule.action) if rule.action else ", ".join(rule.labels) or str(Action.ALLOW)
        else:
            outcome = {"none", str(Action.ALLOW)}
            got = "none"
        if test.expect in outcome:
            return None
        told = f"line {test.line}: the test expects {test.expect}, the rule by itself says {got}"
        timed = ", or say when it was written: `at: 2026-10-03 23:30`" if hours and not test.at else ""
        return f"{told}; change what the rule checks, or write `expect: {got.partition(',')[0]}`{timed}"

    # ------------------------------------------------ scanning

    def _scan(self, subject: Subject, effort: Effort | None = None) -> _Seen:
        """What words tell at once, and which patterns are to be tried when a rule asks for them."""
        seen = _Seen(effort)
        for stretch in _stretches(subject, self._fields):
            finder = self._links if stretch.bit & _OF_LINKS else self._texts
            finder.scan(stretch, seen)
        return seen


_OF_LINKS = DOMAIN | URL


class _Finder:
    """All words and patterns that are looked for in some of the fields, in one walk through a text.

    Args:
        woken: number of a check -> rules that may hold by it, as bits.
    """

    def __init__(self, checks: Sequence[TextCheck], fields: int, woken: Mapping[int, int]) -> None:
        there = [check for check in checks if check.fields & fields]
        self._patterns = [
            (check, pattern, woken.get(check.number, 0)) for check in there for pattern in check.patterns
        ]
        self._among = {  # of each field, its patterns as bits
            bit: sum(1 << place for place, (check, _, _) in enumerate(self._patterns) if check.fields & bit)
            for bit in FIELDS.values()
        }
        self._sieve = Sieve([pattern.source for _, pattern, _ in self._patterns], _words(there, woken))

    def scan(self, stretch: _Stretch, seen: _Seen) -> None:
        """Words are looked for in each view; patterns in the text as written, and in each view that differs."""
        text, readings, search = stretch.text, views(stretch.text), self._sieve.search
        among, ascii_ = self._among[stretch.bit], text.isascii()
        written = View(text if ascii_ else _LONE.sub("\ufffd", text))
        same = readings[0].plainly  # ASCII: only case differs, and patterns ignore it
        if among and not same:
            which, _ = search(written.text.casefold(), among, foreign=not ascii_)
            self._wake(which, written, stretch, seen, as_written=True)
        for view in readings:
            text = view.text
            foreign = not text.isascii()
            which, words = search(text, among, foreign=foreign)
            if words:
                _keep(words, view, stretch, seen)
            if among and foreign and (folded := text.casefold()) != text:
                which, _ = search(folded, among, foreign=True)
            if which:
                as_written = same and view is readings[0]
                self._wake(which, written if as_written else view, stretch, seen, as_written=as_written)

    def _wake(self, which: Sequence[int], view: View, stretch: _Stretch, seen: _Seen, *, as_written: bool) -> None:
        """These patterns are to be tried; those that are case-sensitive only in what was written."""
        for place in which:
            check, pattern, woken = self._patterns[place]
            if as_written or not check.cased:
                seen.untried.setdefault(check.number, []).append((pattern, view, stretch))
                seen.woken |= woken


class _Plan:
    """The rules in the order in which they are asked, as bits of a number, the first the lowest: those that decide by
    rank, then those that label, then those in shadow. It tells which are asked at all: of most texts, none or two."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        live = [rule for rule in rules if not rule.shadow]
        deciding = sorted((rule for rule in live if rule.action is not None), key=_rank)
        labelling = [rule for rule in live if rule.action is None]
        self._rules = (*deciding, *labelling, *(rule for rule in rules if rule.shadow))
        self.deciding = (1 << len(deciding)) - 1
        self.labelling = (1 << len(live)) - 1 ^ self.deciding
        self.shadow = (1 << len(rules)) - 1 ^ self.deciding ^ self.labelling
        self.woken: dict[int, int] = {}  # number of a check -> rules that may hold by it
        self._always = 0  # rules that may hold by no word at all
        self._kinds = dict.fromkeys(Kind, 0)
        self._denials: dict[int, list[Callable[[Subject], bool]]] = {}
        self._denied = 0  # rules that have denials
        floors: dict[str, tuple[float, int]] = {}
        for place, rule in enumerate(self._rules):
            needed = _needed(rule.checks)
            for number in needed:
                self.woken[number] = self.woken.get(number, 0) | 1 << place
            self._always |= 0 if needed else 1 << place
            for kind in rule.kinds or Kind:
                self._kinds[kind] |= 1 << place
            for check in rule.checks:
                if isinstance(check, SignalCheck) and check.op in (">", ">=") and not check.negate:
                    bound, above = floors.get(check.signal, (check.bound, 0))
                    floors[check.signal] = min(bound, check.bound), above | 1 << place
            if denials := [denial for check in rule.checks if (denial := _denial(check))]:
                self._denials[place] = denials
                self._denied |= 1 << place
        self._floors = [(signal, bound, ~above) for signal, (bound, above) in floors.items()]  # below, only others hold

    def possible(self, subject: Subject, seen: _Seen) -> int:
        """The rules that what is known at once leaves over."""
        asked = (self._always | seen.woken) & self._kinds[subject.kind]
        signals = subject.signals
        for signal, bound, others in self._floors:
            value = signals.get(signal)
            if type(value) is float and value < bound:
                asked &= others
        for place in bits(asked & self._denied):
            for denial in self._denials[place]:
                if denial(subject):
                    asked ^= 1 << place
                    break
        return asked

    def of(self, asked: int) -> Iterator[Rule]:
        return map(self._rules.__getitem__, bits(asked))


_Hits = dict[tuple[int, int, str], str]
"""Where a check hit, (start, end, field) in the original, each once -> what stands there."""
_NO_HITS: _Hits = {}


class _Seen:
    """Where the checks of one rule set hit one message. A pattern runs when its check is asked for: most are not.

    Attributes:
        woken: rules that may hold by what was found, as bits.
        words: what words stand in which view of which stretch; worked into hits when the first check is asked for.
        untried: number of a check -> patterns that are to run.
    """

    __slots__ = ("_effort", "_hits", "_spans", "untried", "woken", "words")

    def __init__(self, effort: Effort | None) -> None:
        self._effort = effort
        self._spans: dict[int, list[Span]] = {}
        self._hits: dict[int, _Hits] = {}
        self.woken = 0
        self.words: list[tuple[list[_Standing], View, _Stretch]] = []
        self.untried: dict[int, list[tuple[Pattern, View, _Stretch]]] = {}

    def get(self, number: int) -> list[Span] | None:
        """Where it hit, in the original text, empty where it did not; None: the effort did not reach."""
        if self.words:
            self.record()
        if number in self.untried and not self._tried(number):
            return None
        spans = self._spans.get(number)
        if spans is None:
            spans = [Span(*where, found) for where, found in self._hits.get(number, _NO_HITS).items()]
            self._spans[number] = spans
        return spans

    def record(self) -> None:
        """Work words into hits."""
        for words, view, stretch in self.words:
            _record_words(words, view, stretch, self._hits)
        self.words = []

    def _tried(self, number: int) -> bool:
        """Run what was not yet: is it known whether the check hits?"""
        effort = self._effort = self._effort or Effort()
        untried = self.untried[number]
        for pattern, view, stretch in untried:
            for start, end in pattern.spans(view.text, EVIDENCE, effort):
                _record(self._hits, number, stretch, *view.origin(start, end))
        if number not in self._hits and any(id(pattern) in effort.stalled for pattern, _, _ in untried):
            return False
        del self.untried[number]
        return True


_EFFORT = "effort"  # what is missing, beside the names of signals, where patterns had used up their share

_LONE = re.compile("[\ud800-\udfff]")


def _keep(words: Sequence[tuple[int, _Word]], view: View, stretch: _Stretch, seen: _Seen) -> None:
    """Keep what stands in a view as it is looked for in this field, and the rules that may hold by it."""
    text, bit = view.text, stretch.bit
    size, woken = len(text), 0
    wordly: Callable[[str], bool] = str.isalnum if text.isascii() else is_word  # the same of ASCII, and quicker
    kept: list[_Standing] = []
    for last, (length, head, tail, by_word, terms) in words:
        end = last + 1
        start = end - length
        alone = True
        if (head and start and wordly(text[start - 1])) or (tail and end < size and wordly(text[end])):
            if by_word:  # most words that stand in a text are a part of another
                continue
            alone = False
        for term in terms:
            if term[0] & bit:
                woken |= term[1]
                kept.append((start, end, alone, term))
    if kept:
        seen.words.append((kept, view, stretch))
        seen.woken |= woken
        if len(kept) > _MANY:  # a flood is not kept: of each check a few places are
            seen.record()


def _record_words(words: Sequence[_Standing], view: View, stretch: _Stretch, hits: dict[int, _Hits]) -> None:
    """Where each check hits that looks for one of these words as it stands."""
    full: set[int] = set()  # ids of terms whose checks all have what is kept of one
    for start, end, alone, term in words:
        _, _, mode, exact, checks = term
        if full and id(term) in full:
            continue
        if not (alone if mode == "includes-word" else _placed(mode, view.text, start, end)):
            continue
        begin, stop = view.origin(start, end)
        if exact and stretch.text[begin:stop] != exact:
            continue
        room = False
        for check in checks:
            if _record(hits, check, stretch, begin, stop):
                room = True
        if not room:
            full.add(id(term))


def _record(hits: dict[int, _Hits], check: int, stretch: _Stretch, start: int, end: int) -> bool:
    """Keep where a check hits. Is there room for more of it?"""
    kept = hits.get(check)
    if kept is None:
        kept = hits[check] = {}
    if len(kept) < EVIDENCE:
        if stretch.bit == URL:
            start, end = 0, len(stretch.text)  # a link is quoted whole: a dot of it tells a reader nothing
        where = stretch.offset + start, stretch.offset + end, stretch.field
        if where not in kept:  # several views find the same
            kept[where] = stretch.text[start:end][:_FOUND]
    return len(kept) < EVIDENCE


def _placed(mode: str, text: str, start: int, end: int) -> bool:
    if mode == "includes":
        return True
    if mode == "starts-with":
        return start == 0
    if mode == "ends-with":
        return end == len(text)
    if mode == "full-exact":
        return start == 0 and end == len(text)
    if mode == "full-text":
        return not any(map(is_word, text[:start])) and not any(map(is_word, text[end:]))
    return end == len(text) and (start == 0 or text[start - 1] == ".")  # domain


LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>\"'()]{3,500}"
    r"|(?<![\w@.])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|net|org|info|biz|io|co|me|ly|gg|xyz|top|shop|store|online|site|link"
    r"|app|club|live|vip|win|ru|cn|tk|uk|au|nz|us|ca|de|fr|example)\b(?:/[^\s<>\"'()]{0,500})?",
    re.IGNORECASE,
)
_LINKED = re.compile(r"\.(?:[^\W_]|(?<=[wW]\.))")  # stands in every link without "://", and is much quicker to look for
_HOST = re.compile(r"(?:https?://)?(?:[^/@\s]*@)?(?:www\.)?([^/:?#\s]+)", re.IGNORECASE)


def _stretches(subject: Subject, fields: int) -> Iterator[_Stretch]:
    body = subject.body[:SCANNED]
    if fields & BODY:
        yield _Stretch(BODY, body, 0, "body")
    if fields & AUTHOR and subject.author_name:
        yield _Stretch(AUTHOR, subject.author_name[:SCANNED], 0, "author.name")
    if fields & _RARE:
        yield from _rare_stretches(subject, body, fields)
    if fields & (DOMAIN | URL) and "." in body and ("://" in body or _LINKED.search(body)):
        for link in islice(LINK.finditer(body), _LINKS):
            address = link.group().rstrip(".,;:!?")
            if fields & URL:
                yield _Stretch(URL, address, link.start(), "body")
            host = _HOST.match(address)
            if fields & DOMAIN and host:
                yield _Stretch(DOMAIN, host.group(1).rstrip("."), link.start() + host.start(1), "body")


_TOLD = sum(CONTEXT.values())
_RARE = TITLE | UNQUOTED | _TOLD
_QUOTED = re.compile(r"^>.*$", re.MULTILINE)
_TITLED = frozenset({Kind.POST, Kind.REVIEW, Kind.MENTION})


def _rare_stretches(subject: Subject, body: str, fields: int) -> Iterator[_Stretch]:
    if fields & TITLE:
        if subject.title:
            yield _Stretch(TITLE, subject.title[:SCANNED], 0, "title")
        elif subject.kind in _TITLED:
            yield _Stretch(TITLE, body, 0, "body")
    if fields & UNQUOTED:
        yield _Stretch(UNQUOTED, _QUOTED.sub(lambda line: " " * len(line.group()), body), 0, "body")
    for name, bit in CONTEXT.items():
        text = subject.signals.get(name) if fields & bit else None
        if isinstance(text, str):
            yield _Stretch(bit, text[:SCANNED], 0, name)


def _there(fields: int, subject: Subject) -> bool:
    """Is one of these fields known of the message? A text may be empty and known; links are known from the text."""
    if fields & ~_RARE or fields & UNQUOTED:
        return True
    if fields & TITLE and (subject.title or subject.kind in _TITLED):
        return True
    return any(isinstance(subject.signals.get(name), str) for name, bit in CONTEXT.items() if fields & bit)


# ---------------------------------------------------------------- evaluating


def _holds(
    rule: Rule, subject: Subject, seen: _Seen, unknown: list[_Lacking], stalled: list[Rule]
) -> Match | None:
    """The match, or None; when only what is unknown stands in the way, it is added to `unknown`.

    When it is unknown for want of effort, the rule is added to `stalled` instead.
    """
    if rule.kinds and subject.kind not in rule.kinds:
        return None
    if (rule.platforms and subject.platform not in rule.platforms) or (
        rule.brands and subject.brand.casefold() not in rule.brands
    ):
        return None
    evidence: list[Span] = []
    checks: list[Mapping[str, object]] = []
    missing: list[str] = []
    for check in rule.checks:
        if _check(check, subject, seen, evidence, checks, missing) is False:
            return None
    if _EFFORT in missing:
        stalled.append(rule)
        return None
    if missing:
        unknown.append((rule.name, missing))
        return None
    return Match(rule, distinct(evidence)[:EVIDENCE], tuple(checks))


def distinct(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Each once, in order."""
    if len(spans) < 2:
        return tuple(spans)
    return tuple({(span.start, span.end, span.field, span.found): span for span in spans}.values())


def _check(
    check: Check,
    subject: Subject,
    seen: _Seen,
    evidence: list[Span],
    checks: list[Mapping[str, object]],
    missing: list[str],
) -> bool | None:
    """Does it hold? None: unknown, and what is missing is added to `missing`.

    What it found is added to `evidence`, what it saw to `checks`.
    """
    if isinstance(check, TextCheck):
        spans = seen.get(check.number)
        if spans is None:
            missing.append(_EFFORT)
            return None
        if not spans and check.fields & _RARE and not _there(check.fields, subject):
            missing.append(check.key)
            return None
        if bool(spans) == check.negate:
            return False
        evidence.extend(spans)
        observed: object = [span.found for span in spans[:3]] if spans else None
    elif isinstance(check, LengthCheck):
        length = _length(subject.body)
        if not (length > check.bound if check.longer else length < check.bound):
            return False
        observed = length
    elif isinstance(check, Group):
        held, observed = _group(check, subject, seen, evidence, missing)
        if not held:
            return held
    else:
        held, observed = _condition(check, subject)
        if held is None:
            missing.append(check.signal if isinstance(check, SignalCheck) else "hours")
            return None
        if held == check.negate:
            return False
    checks.append({"check": check.key, "wanted": check.wanted, "observed": observed})
    return True


def _group(
    check: Group, subject: Subject, seen: _Seen, evidence: list[Span], missing: list[str]
) -> tuple[bool | None, int]:
    """any_of, none_of: a member that holds settles it; else one that is unknown leaves it unknown."""
    holding = 0
    absent: list[str] = []
    for member in check.members:
        found: list[Span] = []
        lacking: list[str] = []
        each = [_check(part, subject, seen, found, [], lacking) for part in member]
        if all(each):
            holding += 1
            evidence.extend(found if check.key == "any_of" else ())
        elif False not in each:
            absent += lacking
    if holding or not absent:
        return (holding > 0) == (check.key == "any_of"), holding
    missing += absent
    return None, holding


def _denial(check: Check) -> Callable[[Subject], bool] | None:
    """Of a message: is it known at once that this check does not hold? The same as `_check`, made ready once."""
    if isinstance(check, LengthCheck) and check.longer:
        longest = check.bound
        return lambda subject: len(subject.body) <= longest
    if not isinstance(check, SignalCheck):
        return None
    signal, negate, bound = check.signal, check.negate, check.bound
    if check.op == "in":
        return lambda subject: _condition(check, subject)[0] is negate
    holds = _conditions()[3][check.op]

    def denied(subject: Subject) -> bool:
        value = subject.signals.get(signal)
        return isinstance(value, int | float) and value == value and holds(float(value), bound) is negate  # noqa: PLR0124 - NaN

    return denied


def _condition(check: SignalCheck | HoursCheck, subject: Subject) -> tuple[bool | None, object]:
    among, compare, known, _ = _conditions()
    if isinstance(check, HoursCheck):
        if subject.at is None:
            return None, None
        local = subject.at.astimezone(_clock(check))
        minute = local.hour * 60 + local.minute
        past = check.start <= minute, minute < check.end
        return all(past) if check.start < check.end else any(past), local.strftime("%H:%M")
    value = known(subject.signals, check.signal)
    if value is None:
        return None, None
    if check.op == "in":
        return among(value, check.words), list(value) if isinstance(value, tuple | set | frozenset) else value
    if not isinstance(value, int | float):
        return None, None
    return compare(check.op, float(value), check.bound), value


@lru_cache(1)
def _conditions() -> tuple[Any, Any, Any, Mapping[str, Callable[[float, float], bool]]]:
    from herald.moderate.conditions import (  # noqa: PLC0415 - only rules with conditions need it
        OPERATORS,
        among,
        compare,
        known,
    )

    return among, compare, known, OPERATORS


def _length(text: str) -> int:
    start, end = 0, len(text)
    while start < end and not is_word(text[start]):
        start += 1
    while end > start and not is_word(text[end - 1]):
        end -= 1
    return end - start


def _rank(rule: Rule) -> tuple[int, int, int]:
    return -rule.priority, (Action.HIDE, Action.QUEUE, Action.ALLOW).index(rule.action or Action.ALLOW), rule.order


def _each(checks: Sequence[Check]) -> Iterator[Check]:
    """Every check, those within groups too, without the groups."""
    for check in checks:
        if isinstance(check, Group):
            for member in check.members:
                yield from _each(member)
        else:
            yield check


def _clock(hours: HoursCheck | None) -> tzinfo:
    """The clock it reads, or that of UTC."""
    if hours is None:
        return UTC
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - only rules that ask for hours need zones

    return ZoneInfo(hours.zone)


def _needed(checks: Sequence[Check]) -> set[int]:
    """Check numbers of which one must hit before the rule can hold; empty: it may hold without any."""
    for check in checks:
        if isinstance(check, TextCheck) and not check.negate and check.fields & ~_TOLD:
            return {check.number}
    for check in checks:
        if isinstance(check, Group) and check.key == "any_of":
            each = [_needed(member) for member in check.members]
            if all(each):
                return set().union(*each)
    return set()


# ---------------------------------------------------------------- compiling


def _words(checks: Sequence[TextCheck], woken: Mapping[int, int]) -> dict[str, _Word]:
    """The words of these checks, folded, and what is known of each."""
    uses: dict[str, dict[tuple[int, str, str], list[int]]] = {}
    for check in checks:
        for term in check.terms:
            manner = check.fields, check.mode, term if check.cased else ""
            uses.setdefault(fold(term), {}).setdefault(manner, []).append(check.number)
    found: dict[str, _Word] = {}
    for word, manners in uses.items():
        terms = []
        for (fields, mode, exact), numbers in manners.items():
            rules = reduce(or_, [woken.get(number, 0) for number in numbers])
            terms.append((fields, rules, mode, exact, tuple(dict.fromkeys(numbers))))
        by_word = all(mode == "includes-word" for _, mode, _ in manners)
        found[word] = len(word), is_word(word[0]), is_word(word[-1]), by_word, tuple(terms)
    return found


def _hash(rules: Sequence[Rule]) -> str:
    return sha256(json.dumps([LANGUAGE, [_plain_rule(rule) for rule in rules]]).encode()).hexdigest()[:16]


def content(rule: Rule) -> str:
    """What the rule says, without layout, comments and tests: two that say the same act the same."""
    return json.dumps(_plain_rule(rule))


def _plain_rule(rule: Rule) -> list[object]:
    proposes: list[object] = [sorted(rule.proposes.items())] if rule.proposes else []
    proposes += ["shadow"] if rule.shadow else []
    return [
        rule.name, str(rule.action), rule.priority, int(rule.severity), str(rule.policy), rule.rationale, rule.labels,
        None if rule.escalate is None else [rule.escalate.to, rule.escalate.within_minutes, rule.escalate.severity],
        sorted(rule.kinds), sorted(rule.platforms), sorted(rule.brands), [_plain_check(c) for c in rule.checks],
        *proposes,
    ]  # fmt: skip


def _plain_check(check: Check) -> list[object]:
    if isinstance(check, TextCheck):
        sources = [pattern.source if not pattern.looks else
                   [pattern.source, *([look.engine.pattern, look.behind, look.wanted] for look in pattern.looks)]
                   for pattern in check.patterns]  # fmt: skip
        return [check.fields, check.mode, check.negate, check.cased, check.terms, sources]
    if isinstance(check, LengthCheck):
        return [check.bound, check.longer]
    if isinstance(check, SignalCheck):
        return [check.signal, check.op, check.negate, check.bound, check.words]
    if isinstance(check, HoursCheck):
        return [check.start, check.end, check.zone, check.negate]
    return [check.key, [[_plain_check(part) for part in member] for member in check.members]]


def compile_rules(text: str) -> RuleSet:
    """YAML text -> RuleSet. Never raises for what is wrong inside: each section loads or says why not, with its line.

    Bounds: MAX_BYTES in all, MAX_RULES rules, MAX_TERMS terms, MAX_TERM characters a term or pattern.
    """
    if refused := too_long(text):
        return refused
    loading = Loading()
    outcomes = [section for section, _ in loading.read(text)]
    return RuleSet(loading.rules, outcomes)


@lru_cache(maxsize=4)
def in_force(text: str, acting: str = "") -> RuleSet:
    """A saved version of the rules as messages are judged by it: what acts, and the rest of `text` in shadow.

    Args:
        text: as people write it.
        acting: the text of the rules that act; empty: all of `text`.
    """
    if not acting or acting == text:
        return compile_rules(text)
    live = Loading()
    outcomes = [section for section, _ in live.read(acting)]
    said = {content(rule) for rule in live.rules}
    waiting = Loading(live.numbers)
    outcomes += [section for section, rule in waiting.read(text) if rule is None or content(rule) not in said]
    new = [rule for rule in waiting.rules if content(rule) not in said]
    shadow = [replace(rule, shadow=True, order=place) for place, rule in enumerate(new, len(live.rules))]
    return RuleSet([*live.rules, *shadow], outcomes)


def too_long(text: str) -> RuleSet | None:
    """The empty set that says so; None for a text within MAX_BYTES."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size <= MAX_BYTES:
        return None
    why = f"line 1: {size} bytes of rules; the limit is {MAX_BYTES}: {_SHORTER}"
    return RuleSet([], [Section(1, None, "refused", (why,))])


class Loading:
    """A rule set while its sections load one by one, within the bounds of the whole."""

    def __init__(self, numbers: Iterator[int] | None = None) -> None:
        self.rules: list[Rule] = []
        self.names: dict[str, int] = {}
        self.numbers, self._terms = numbers or count(), 0

    def read(self, text: str) -> Iterator[tuple[Section, Rule | None]]:
        """Every section of a text as it loads, and its rule where it does."""
        for number, (line, part) in enumerate(sections(text)):
            if number == _MOST_SECTIONS:
                why = f"line {line}: more than {number} sections: from here on nothing is read; {_SHORTER}"
                yield Section(line, None, "refused", (why,)), None
                return
            reader = self.reader(line)
            rule = reader.rule(part, len(self.rules), self.names)
            yield self.add(reader, rule), rule if rule and self.names.get(rule.name) == rule.line else None

    def reader(self, line: int) -> Reader:
        """Of the section that begins at this line."""
        return Reader(line, self.numbers, MAX_TERMS - self._terms)

    def add(self, reader: Reader, rule: Rule | None) -> Section:
        """Take in what it read, or say why not."""
        if rule is not None and len(self.rules) >= MAX_RULES:
            reader.refuse(reader.line, f"more than {MAX_RULES} rules in one set; {_SHORTER}")
            rule = None
        if rule is not None:
            self.names[rule.name] = rule.line
            self._terms += reader.terms
            self.rules.append(rule)
        return reader.outcome(loaded=rule is not None)


@lru_cache(maxsize=1)
def default_rules() -> str:
    """The text of the rule set that is shipped (default_rules.yaml)."""
    return Path(__file__).with_name("default_rules.yaml").read_text(encoding="utf-8")


# ---------------------------------------------------------------- counting


def fired(verdict: Verdict) -> list[str]:
    """What is counted of a verdict: each rule that held, what acts apart from what is in shadow."""
    live = [verdict.deciding] if verdict.deciding else []
    return [counted_as(m.rule.name, shadow=m.rule.shadow) for m in (*live, *verdict.labelling, *verdict.shadow)]


@lru_cache(maxsize=2 * MAX_RULES)
def counted_as(name: str, *, shadow: bool = False) -> str:
    """The metric of a rule, 7 characters: names are long, and with 10 rules a day's row stays below a KB."""
    digest = sha256(name.encode("utf-8", "surrogatepass")).digest()
    return ("s:" if shadow else "r:") + urlsafe_b64encode(digest)[:5].decode()
