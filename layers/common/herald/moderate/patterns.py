"""A moderator's regular expressions, in linear time: Python's manner of writing, translated for RE2.

`re` is never handed a pattern that a user wrote: one bad pattern would stall every message behind it. RE2 reads
\\w \\d \\s as ASCII and has no look-around and no back-references; this module rewrites what can be rewritten, holds
look-arounds against the text after a match, and refuses the rest in words. (RE2 syntax: https://github.com/google/re2/wiki/Syntax)

Linear in the text is not yet fast: RE2 may take each character with every place of the pattern alive. So a pattern has
a *load*, the places that can be alive at once, bounded when it is compiled; load times bytes bounds a scan; one whose
bound is large is made in steps (`_Steps`), for RE2 cannot be interrupted; and what patterns do on one message is
counted and, where the count alone would allow a stall, timed (`Effort`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import re2

from herald.model.record import record
from herald.moderate.normalise import is_word

LONGEST = 1_000
"""Characters of a pattern."""
LOAD = 700
"""Places of a pattern that may be alive at once. 98.5 % of the patterns in real rule files have fewer than 40, ours up
to 645; RE2 takes up to 30 ns for each and byte when its memory of earlier steps does not help."""
LOOK_LOAD = 60
"""The same for a look-around, which may read all that follows in one step."""
_STEPS = 6_000  # of RE2's program, which a class of all alphabets fills without a load; real patterns have < 5,000
_STEPS_A_PLACE = 6  # a class of all alphabets has hundreds of steps at one place; a step costs a sixth of a plain place
_MEMORY = 1 << 21  # bytes RE2 may use for one pattern; less, and large ones fall back to a slower way
_MUCH = 1 << 27  # the same, while one long text is read and no longer; a scan is out of time before it fills a tenth
EACH, WHOLE = 0.012, 0.2
"""CPU seconds that one pattern, and all patterns, may be timed for on one message."""
_AT_ONCE = 400_000  # load times bytes of a text that is read at once: 8 ms at worst, and a message of ordinary length
_STEP = 150_000  # the same, of one step through a longer one: 7 ms at worst
_KEPT = 8  # expressions with their memory
_FREE_EACH = 600_000  # load times bytes of one pattern that go untimed, of texts that are read at once
_FREE = 3_000_000  # the same, of all patterns on one message
_BEHIND = 200  # characters a look-behind sees

_WORD = r"\p{L}\p{N}_"
# Not a word character, without the complement that a class cannot hold: all other categories, less the underscore.
_NOT_WORD = r"\p{Z}\p{S}\p{M}\p{C}\p{Pd}\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Po}‿⁀⁔︳︴﹍-﹏＿"
_SPACE = r"\t-\r\x{1c}-\x{20}\x{85}\p{Z}"
_NOT_SPACE = r"\x00-\x{08}\x{0e}-\x{1b}\x{7f}-\x{84}\x{86}-\x{9f}\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}\p{Co}"
_OUTSIDE = {"w": f"[{_WORD}]", "W": f"[^{_WORD}]", "d": r"\p{Nd}", "D": r"\P{Nd}",
            "s": f"[{_SPACE}]", "S": f"[^{_SPACE}]", "Z": r"\z"}  # fmt: skip
_INSIDE = {"w": _WORD, "W": _NOT_WORD, "d": r"\p{Nd}", "D": r"\P{Nd}", "s": _SPACE, "S": _NOT_SPACE, "b": r"\x{08}"}

# A word edge as RE2 can see it, a little too wide: any character outside ASCII passes and `_stands_alone` decides.
# (The exact class in each pattern would make a rule set ten times slower to compile.)
_EDGE_BEFORE = r"(?:^|\b|[^0-9A-Za-z_])"
_EDGE_AFTER = r"(?:$|\b|[^0-9A-Za-z_])"


class BadPattern(Exception):
    """A pattern that cannot run; the sentence says why and what to write instead.

    `dear`: RE2 worked on it until it was too large, which takes far longer than any other refusal.
    """

    def __init__(self, sentence: str, *, dear: bool = False) -> None:
        super().__init__(sentence)
        self.dear = dear


@record
class Look:
    """A look-around, held against the text after the match: at the place of the empty group `group`.

    `engine`, of `source`, is anchored to that place; `behind`: it must end there; `wanted`: must it be there, or not.
    """

    group: int
    source: str
    engine: Any
    behind: bool
    wanted: bool
    load: int = 1


@record
class Pattern:
    """One compiled expression. `source` is what RE2 got; group 1 is what the moderator wrote.

    Attributes:
        looks: look-arounds, which RE2 has not. A match that fails one is dropped, and no other way to match from the
            same place is tried: such a pattern finds at most what Python would find, never more.
        load: places that may be alive at once (`load_of`), a wide class of characters counted as several; at least 1.
    """

    source: str
    engine: Any
    by_word: bool
    looks: tuple[Look, ...] = ()
    load: int = 1

    def spans(self, text: str, limit: int, effort: Effort | None = None) -> list[tuple[int, int]]:
        """Up to `limit` matches that are not empty, as [start, end), in order.

        What is found before `effort` is spent is told. Where it is spent and nothing was found, it is unknown whether
        there is a match, and `effort.stalled` holds this pattern.
        """
        effort = effort or Effort()
        if effort.spent:
            effort.stalled.add(id(self))
            return []
        found: list[tuple[int, int]] = []
        data = text.encode()
        place = _Characters(data) if len(data) > len(text) else int
        steps = _Steps(self, data, effort)
        try:
            for begin, stop, stands in self._matches(data, limit * 10, effort, steps):
                start, end = place(begin), place(stop)
                if start >= end or (self.by_word and not _stands_alone(text, start, end)):
                    continue
                if not all(steps.holds(look, at) for look, at in zip(self.looks, stands, strict=True)):
                    continue
                found.append((start, end))
                if len(found) >= limit:
                    break
        except Spent:
            if not found:
                effort.stalled.add(id(self))
        return found

    def _matches(self, data: bytes, limit: int, effort: Effort, steps: _Steps) -> Iterator[tuple[int, int, list[int]]]:
        """Up to `limit` raw matches, in bytes: what the moderator wrote, and where each look-around stands.

        Raises Spent.
        """
        at = 0
        wide = _widened(self.source)
        if wide and len(data) * wide.load > _AT_ONCE:
            wide = None
        for _ in range(limit):
            match: Any = None
            if wide:
                match = effort.spend(self, (len(data) - at) * wide.load, wide.engine.search, data, at)
                if match is None:
                    return
            if wide and match.end() - match.start() <= wide.reach:
                span = match.span()
            else:  # a count may have gone beyond its end
                wide = None
                span, match = self._next(data, at, effort, steps)
            if span is None:
                return
            start, end = span
            if match is not None:
                yield *match.span(1), [match.start(look.group) for look in self.looks]
            elif self.looks:  # where they stand is known of a short match only
                raise Spent
            else:
                yield *(_bare(data, start, end) if self.by_word else span), []
            at = end + (start == end)
            while start == end and at < len(data) and data[at] & 0xC0 == 0x80:
                at += 1
            if at > len(data):
                return

    def _next(self, data: bytes, at: int, effort: Effort, steps: _Steps) -> tuple[tuple[int, int] | None, Any]:
        """The next match: where, in bytes, and with its groups where it is short. Raises Spent."""
        bound = (len(data) - at) * self.load
        if bound > _AT_ONCE:
            return steps.find(at)
        match = effort.spend(self, bound, self.engine.search, data, at)
        return match and match.span(), match


_ANYWHERE = r"(?:\b|\B)"  # true at each place; RE2 does not take what follows for the beginning of the text


class _Steps:
    """One pattern on one long text, in steps of bounded cost, between which the effort is asked whether to go on.

    RE2 cannot be interrupted, nor go on from where it was. So it is asked about the first piece of the text, then about
    the first two, and so on. What it went through before it remembers and goes through at a nanosecond a byte; only
    the last piece is new, and its load times bytes bounds what it may cost. That is true only as long as

    - RE2 goes one way. To place a match that may begin and end anywhere it goes forward to its end and back to its
      beginning, and the way back may be dear where the way forward was cheap. So each way has an expression of its own.
    - its memory does not run full. Then it begins again, by a way that remembers nothing. So it has much, for one
      message and a few expressions at a time.
    - a piece is the whole of a text to it: an expression that ends in $ does not look at a part of one at all.
    """

    def __init__(self, pattern: Pattern, data: bytes, effort: Effort) -> None:
        self._pattern, self._data, self._effort = pattern, data, effort
        self._made: set[str] = set()
        effort.begin()

    def find(self, at: int) -> tuple[tuple[int, int] | None, Any]:
        """The next match: where, in bytes, and with its groups where it is short. Raises Spent."""
        source, load, whole = self._pattern.source, self._pattern.load, len(self._data)
        written = source.partition(":")[2]
        if written.startswith("^"):
            match = None if at else self._forward(source, load, 0)
        elif written.endswith("$)"):
            match = self._back(_ANYWHERE + source, at, whole)
        elif match := self._forward(rf"\C*?(?:{source})", load, at):
            end = match.end()
            bound = (end - at) * load
            if bound <= _AT_ONCE and (near := self._spend(bound, self._pattern.engine.search, self._data, at, end)):
                return near.span(), near
            follows = end < whole  # a byte of what follows, for an expression that ends at the edge of a word
            match = self._back(_ANYWHERE + f"(?:{source})" + r"\C" * follows + r"\z", at, end + follows)
            return self._parts(match.start(), end)
        return self._parts(*match.span()) if match else (None, None)

    def holds(self, look: Look, at: int) -> bool:
        """Is the look-around, which stands at this byte, as it must be? Raises Spent."""
        if at < 0:
            return True  # it stands in a case that did not match
        if look.behind:
            seen = self._data[max(0, at - 4 * _BEHIND) : at].decode(errors="ignore")[-_BEHIND:]
            bound = len(seen.encode()) * look.load
            there = self._effort.spend(self._pattern, bound, look.engine.search, seen)
        elif (bound := (len(self._data) - at) * look.load) <= _AT_ONCE:
            there = self._effort.spend(self._pattern, bound, look.engine.match, self._data, at)
        else:
            there = self._forward(look.source, look.load, at)
        return (there is not None) == look.wanted

    def _forward(self, source: str, load: int, at: int) -> Any:
        """What matches at this byte, of a longer and longer beginning of the rest, and then of the whole of it."""
        engine, match = self._engine(source), None
        for size in self._sizes(len(self._data) - at, load):
            match = self._spend(load * min(size, _STEP // load), engine.match, self._data[: at + size], at)
        return match

    def _back(self, source: str, at: int, end: int) -> Any:
        """What matches up to `end`, of a longer and longer end of the text from `at`, and then of the whole of it."""
        load, data, match = self._pattern.load, self._data[:end], None
        engine = self._engine(source)
        for size in self._sizes(end - at, load):
            match = self._spend(load * min(size, _STEP // load), engine.search, data, end - size)
        return match

    def _sizes(self, whole: int, load: int) -> Iterator[int]:
        yield from range(_STEP // load, whole, _STEP // load)
        yield whole

    def _parts(self, start: int, end: int) -> tuple[tuple[int, int], Any]:
        """This match; with its groups where that is cheap."""
        bound = (end - start) * self._pattern.load
        short = bound <= _AT_ONCE
        return (start, end), self._spend(bound, self._pattern.engine.match, self._data, start, end) if short else None

    def _engine(self, source: str) -> Any:
        engines = self._effort.engines
        if source not in engines:
            ours = self._pattern.source in source  # and no look-around's, of which there may be many
            make = self._effort.prepare if ours and source not in self._made else self._spend
            engine = make(0, lambda: _engine(source, groups=False, memory=_MUCH))
            self._made.add(source)
            if len(engines) >= _KEPT:
                del engines[next(iter(engines))]
            engines[source] = engine
        return engines[source]

    def _spend(self, bound: int, act: Callable[..., Any], *given: Any) -> Any:
        return self._effort.spend(self._pattern, bound, act, *given, free=0)


@record
class _Wide:
    """A pattern without its large upper counts: it finds at least as much.

    A match of up to `reach` bytes is the very one that the pattern finds: no count in it can have gone beyond its end,
    and of the ways to match that are left the first is the same.
    """

    engine: Any
    load: int
    reach: int


@lru_cache(2_000)
def _widened(source: str) -> _Wide | None:
    """[^?]{1,300} as [^?]{1,}: a count makes RE2 tell apart how far each way has come, which its memory does not hold.

    None where there is no such count. Only of a single place: what a group repeats is left as it is.
    """
    counts: list[int] = []

    def freed(token: re.Match[str]) -> str:
        if not token["most"] or int(token["most"]) < _LARGE:
            return token[0]
        counts.append(int(token["most"]))
        return f"{token['place']}{{{token['least']},}}"

    wide = _COUNTED.sub(freed, source)
    return _Wide(_engine(wide), max(1, load_of(wide)), min(counts)) if counts else None


_LARGE = 100
_COUNTED = re.compile(
    r"(?P<place>\\[pPx]\{[^}]*\}|\\.|\[\^?\]?(?:\\[pPx]\{[^}]*\}|\\.|[^\]\\])*\]|[^()|*+?{}^$])"
    r"(?:\{(?P<least>\d+),(?P<most>\d+)\})?",
    re.DOTALL,
)


class Effort:
    """What the patterns of one rule set may cost on one message. One object a message.

    Load times bytes is the bound of a scan, and is added up. While the sum is small nothing is timed, so that a
    message of ordinary length is judged alike on every machine. Beyond it, and where a text is too long to be read at
    once, the clock is asked between the steps.

    Attributes:
        clock: CPU seconds of this thread.
        engines: expressions that read this message in steps, the last few (`_Steps`): a message has several views.
        stalled: ids of patterns of which it is unknown whether they match.
        seconds: CPU seconds that were timed.
    """

    __slots__ = ("_bound", "_bounds", "_since", "_timed", "clock", "engines", "seconds", "stalled")

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self.clock = clock
        self.engines: dict[str, Any] = {}
        self.stalled: set[int] = set()
        self.seconds = 0.0
        self._bound = 0
        self._bounds: dict[int, int] = {}
        self._timed: dict[int, float] = {}
        self._since: float | None = None

    def begin(self) -> None:
        """Another pattern or text: what was done since the last step was not for it."""
        self._since = None

    def spend(self, pattern: Pattern, bound: int, act: Callable[..., Any], *given: Any, free: int = _FREE_EACH) -> Any:
        """Do it, or raise Spent where the pattern or the message has had its share.

        Args:
            bound: load times bytes.
            free: up to which sum of them the pattern goes untimed.
        """
        which = id(pattern)
        self._bound += bound
        self._bounds[which] = of_this = self._bounds.get(which, 0) + bound
        if of_this <= free and self._bound <= _FREE:
            return act(*given)
        if self._timed.get(which, 0.0) >= EACH:
            raise Spent
        before = self.seconds
        try:
            return self.prepare(0, act, *given)
        finally:
            self._timed[which] = self._timed.get(which, 0.0) + self.seconds - before

    def prepare(self, bound: int, act: Callable[..., Any], *given: Any) -> Any:
        """Do what is bounded already, in the time of the message and not of one pattern: compile it anew."""
        self._bound += bound
        if self.seconds >= WHOLE:
            raise Spent
        since = self.clock() if self._since is None else self._since  # the way between two steps counts too
        try:
            return act(*given)
        finally:
            self._since = self.clock()
            self.seconds += self._since - since

    @property
    def spent(self) -> bool:
        """Nothing more is done for this message."""
        return self.seconds >= WHOLE and self._bound > _FREE


class Spent(Exception):
    """The share of a pattern or of the message is used up."""


class _Characters:
    """Place in bytes -> place in characters; near the last one asked it is quick."""

    def __init__(self, data: bytes) -> None:
        self._data, self._byte, self._char = data, 0, 0

    def __call__(self, byte: int) -> int:
        if byte >= self._byte:
            self._char += len(self._data[self._byte : byte].decode())
        else:
            self._char -= len(self._data[byte : self._byte].decode())
        self._byte = byte
        return self._char


def _bare(data: bytes, start: int, end: int) -> tuple[int, int]:
    """A match without what is no word at its ends: where a match is too long to ask which part the moderator wrote."""
    while start < end and not _is_wordly(data[start]):
        start += 1
    while end > start and not _is_wordly(data[end - 1]):
        end -= 1
    return start, end


def _is_wordly(byte: int) -> bool:
    return byte >= 0x80 or byte == 0x5F or chr(byte).isalnum()


def _stands_alone(text: str, start: int, end: int) -> bool:
    """RE2's word edge is ASCII; this is the Unicode one: "na" is no word in "naïve"."""
    before = start > 0 and is_word(text[start - 1]) and is_word(text[start])
    after = end < len(text) and is_word(text[end - 1]) and is_word(text[end])
    return not (before or after)


def compile_pattern(pattern: str, mode: str, *, case_sensitive: bool) -> Pattern:
    """Compile one user's pattern for one way of matching. Raises BadPattern.

    Args:
        mode: includes, includes-word, starts-with, ends-with, full-exact or full-text.
    """
    if len(pattern) > LONGEST:
        raise BadPattern(f"the pattern has {len(pattern)} characters; the limit is {LONGEST}: make several of it")
    looks: list[tuple[str, bool, bool]] = []
    body = translate(pattern, looks)
    before, after = {
        "includes": ("", ""),
        "includes-word": (_EDGE_BEFORE, _EDGE_AFTER),
        "starts-with": ("^", ""),
        "ends-with": ("", "$"),
        "full-exact": ("^", "$"),
        "full-text": (rf"^[^{_WORD}]*", rf"[^{_WORD}]*$"),
    }[mode]
    if mode == "includes-word":
        body = _without_edges(body)
    flags = "s" if case_sensitive else "is"
    source = f"(?{flags}:{before}({body}){after})"
    try:
        engine = _engine(source)
    except BadPattern:
        _engine(body)  # where this fails too, its reason speaks of nothing but what was written
        raise
    if not looks and engine.fullmatch(""):
        raise BadPattern("the pattern matches nothing at all, so it would match every message; "
                         "say what must be there, as `a+` and not `a*`")  # fmt: skip
    held = tuple(
        _look(number, f"(?{flags}:{f'(?:{inner})$' if behind else inner})", inner, behind, wanted)
        for number, (inner, behind, wanted) in enumerate(looks, 2)
    )
    load = max(_bounded(load_of(source), LOAD, "the pattern"), engine.programsize // _STEPS_A_PLACE)
    return Pattern(source, engine, mode == "includes-word", held, load)


def _look(group: int, source: str, inner: str, behind: bool, wanted: bool) -> Look:
    engine = _engine(source)
    load = max(_bounded(load_of(inner), LOOK_LOAD, "a look-around"), engine.programsize // _STEPS_A_PLACE)
    return Look(group, source, engine, behind, wanted, load)


def _bounded(load: int, limit: int, what: str) -> int:
    if load > limit:
        raise BadPattern(
            f"{what} may be at {load:,} of its places at once; the limit is {limit}: use smaller counts such as "
            "{0,20}, fewer of them, or several patterns"
        )
    return max(load, 1)


def _without_edges(body: str) -> str:
    """A leading or trailing \\b says what includes-word says already, but in ASCII only."""
    if "|" in body:
        return body  # it may belong to one branch
    body = body.removeprefix(r"\b")
    if body.endswith(r"\b") and not body.endswith(r"\\b"):
        body = body.removesuffix(r"\b")
    return body


_SMALLER = "use smaller counts such as {0,20}, or fewer of them"
_TOO_LARGE = "pattern too large"  # how RE2's reason begins; what follows another reason is the moderator's own words

_INSTEAD = {
    _TOO_LARGE: _SMALLER,
    "missing )": r"close each opening bracket, or write \( for one in the text",
    "missing ]": r"close each opening bracket, or write \[ for one in the text",
    "invalid repetition size": "a count goes from the smaller number to the larger, to 1000 at the most with those "
                               "around it",
    "bad repetition operator": "write one of * + ? and {} only, or a group (?:...) around the first",
    "no argument for repetition operator": r"write what is repeated before it, or \* for the sign itself",
    "invalid character class range": r"a range goes from the lower sign to the higher, and \p{...} is a script or a "
                                     r"category such as \p{Greek} or \p{L}; write \- for the sign itself",
    "invalid perl operator": "after (? there may stand : # = ! <= <! or flags such as (?i)",
    "invalid escape sequence": r"put a backslash before signs only, and before the letters b d s w",
}  # fmt: skip
"""How a reason of RE2 begins -> what to do."""
_OTHERWISE = "write it with fewer signs, or as words without `regex`"


def _engine(source: str, *, groups: bool = True, memory: int = _MEMORY) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory
    options.never_capture = not groups
    try:
        engine = re2._Regexp(source, options)  # not re2.compile: its cache would keep every pattern ever tried
    except re2.error as error:
        reason = error.args[0] if error.args else "unknown"
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        todo = next((what for begin, what in _INSTEAD.items() if reason.startswith(begin)), _OTHERWISE)
        dear = reason.startswith(_TOO_LARGE)
        raise BadPattern(f"the pattern does not compile: {reason}; {todo}", dear=dear) from None
    except UnicodeError:
        raise BadPattern("the pattern holds half a character (a lone surrogate); type it again") from None
    if engine.programsize > _STEPS:
        raise BadPattern(
            f"the pattern does not compile to a small program ({engine.programsize} steps; the limit is {_STEPS}): "
            f"{_SMALLER}",
            dear=True,
        )
    return engine


def load_of(source: str) -> int:
    """Places of an expression (RE2's notation, one that compiles) that can be alive at once, and ways between them.

    A place is alive only after a character that it takes (Glushkov's automaton), so of all places, with counts written
    out, those count that take the most frequent character; a class or a dot takes any. Each bar and each part that may
    be left out or come again adds one way, which RE2 follows as it follows a place.
    """
    groups = [_Load()]
    for token in _TOKEN.finditer(source.lower()):
        kind, top = token.lastgroup, groups[-1]
        if kind == "word":
            top.word(token[0])
        elif kind == "one":
            top.add({_first_byte(token[0][-1]): 1})
        elif kind in ("any", "escaped"):
            top.add({_ANY: 1})
        elif kind == "few":
            top.add(dict.fromkeys(token[0][1:-1], 1))
        elif kind == "open":
            groups.append(_Load())
        elif kind == "close":
            top.done()
            groups.pop()
            groups[-1].add(top.takes, top.ways)
        elif kind == "often":
            top.again(1, 1)
        elif kind == "counted":
            least, _, most = token[0][1:-1].partition(",")
            top.again(int(most or least), int(most) - int(least) if most else "," in token[0])
        else:  # an edge takes nothing, a bar is a way
            top.add({}, kind == "bar")
    takes, ways = groups[0].done()
    anything = takes.pop(_ANY, 0)
    return max(takes.values(), default=0) + anything + ways


class _Load:
    """How many places of a group take which character, and its ways; of its last part apart, for a count after it."""

    __slots__ = ("last", "last_ways", "takes", "ways")

    def __init__(self) -> None:
        self.takes: dict[str, int] = {}
        self.ways = 0
        self.last: dict[str, int] = {}
        self.last_ways = 0

    def add(self, takes: dict[str, int], ways: int = 0) -> None:
        self.done()
        self.last, self.last_ways = takes, ways

    def word(self, letters: str) -> None:
        self.done()
        takes = self.takes
        for char in letters if letters.isascii() else map(_first_byte, letters):
            takes[char] = takes.get(char, 0) + 1

    def again(self, times: int, ways: int) -> None:
        if times > 1:
            self.last = {char: places * times for char, places in self.last.items()}
            self.last_ways *= times
        self.last_ways += ways

    def done(self) -> tuple[dict[str, int], int]:
        if self.last or self.last_ways:
            for char, places in self.last.items():
                self.takes[char] = self.takes.get(char, 0) + places
            self.ways += self.last_ways
            self.last, self.last_ways = {}, 0
        return self.takes, self.ways


def _first_byte(char: str) -> str:
    """Of a character of several bytes the first tells most, and many have the same."""
    return char if char < "\x80" else chr(char.encode("utf-8", "replace")[0])


_ANY = "any"
_TOKEN = re.compile(
    r"(?P<word>[^\\\[()|*+?{.^$]{2,}(?![*+?{]))"
    r"|(?P<open>\((?:\?(?:P?<\w+>|[a-zA-Z-]*:?))?)"
    r"|(?P<close>\))"
    r"|(?P<bar>\|)"
    r"|(?P<often>[*+?])"
    r"|(?P<counted>\{\d+(?:,\d*)?\})"
    r"|(?P<few>\[[0-9A-Za-z]{1,20}\])"
    r"|(?P<any>\.|\[\^?\]?(?:\\[pPx]\{[^}]*\}|\\.|[^\]\\])*\]|\\[pPx]\{[^}]*\})"
    r"|(?P<edge>[\^$]|\\[baz])"
    r"|(?P<escaped>\\[^\W_])"
    r"|(?P<one>\\.|.)",
    re.DOTALL,
)


def translate(pattern: str, looks: list[tuple[str, bool, bool]] | None = None) -> str:  # noqa: PLR0912 - a branch a sign
    """Python's notation -> RE2's: Unicode classes, \\uXXXX, comments, plain groups. Raises BadPattern.

    Args:
        looks: takes each look-around as (what it looks for, behind, wanted), and an empty group stands in its place;
            None: look-arounds are refused.
    """
    out: list[str] = []
    open_groups: list[int] = []  # for each open group, how many look-arounds there were before it
    index = depth = 0
    class_start = -1  # index just after "[" (and "^") while inside a class
    while index < len(pattern):
        char = pattern[index]
        if char == "\\":
            piece, index = _escape(pattern, index, inside=class_start >= 0)
            out.append(piece)
        elif class_start >= 0:
            if char == "]" and index > class_start:
                class_start = -1
            out.append(r"\[" if char == "[" else r"\]" if char == "]" and class_start >= 0 else char)
            index += 1
        elif char == "[":
            negated = pattern.startswith("^", index + 1)
            class_start = index + 1 + negated
            out.append("[^" if negated else "[")
            index = class_start
        elif char == "(" and looks is not None and (look := _LOOK.match(pattern, index)):
            end = _closing(pattern, look.end())
            looks.append((translate(pattern[look.end() : end]), "<" in look[0], look[0].endswith("=")))
            out.append("()")
            index = end + 1
            _once(pattern, index)
        elif char == "(":
            piece, index = _group(pattern, index)
            out.append(piece)
            if piece:
                depth += 1
                open_groups.append(len(looks or ()))
        elif char == ")":
            depth -= 1
            if depth < 0:  # checked here because inside our own brackets it would pair with one of ours
                raise BadPattern(f"the closing bracket at character {index + 1} has no opening one; "
                                 "take it out, or write \\) for one in the text")  # fmt: skip
            out.append(char)
            index += 1
            if open_groups and open_groups.pop() < len(looks or ()):
                _once(pattern, index)
        elif char == "{" and pattern.startswith("{,", index):
            out.append("{0,")
            index += 2
        else:
            out.append(char)
            index += 1
    return "".join(out)


_LOOK = re.compile(r"\(\?<?[=!]")  # of the notation, not of a moderator's making


def _closing(pattern: str, index: int) -> int:
    """Where the group that is open at `index` is closed."""
    depth, inside = 1, False
    while index < len(pattern):
        char = pattern[index]
        if char == "\\":
            index += 1
        elif inside:
            inside = char != "]" or pattern[index - 1] == "[" or pattern.endswith("[^", 0, index)
        elif char == "[":
            inside = True
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if not depth:
                return index
        index += 1
    raise BadPattern("a look-around is not closed; add its closing bracket")


def _once(pattern: str, index: int) -> None:
    """Of a group that repeats only the last turn is known, so a look-around in it could not be held to."""
    if pattern.startswith(("*", "+", "{"), index):
        raise BadPattern(
            f"a look-around inside a part that repeats, before character {index + 1}, does not run in linear time; "
            "write what may stand there, or use a second check with ~ or none_of"
        )


def _group(pattern: str, index: int) -> tuple[str, int]:
    """What an opening bracket becomes; captures are dropped, only the whole match is used."""
    rest = pattern[index : index + 4]
    if rest.startswith("(?#"):
        end = pattern.find(")", index)
        if end < 0:
            raise BadPattern("a comment (?# is not closed; add its closing bracket, or take it out")
        return "", end + 1
    if rest.startswith(("(?=", "(?!", "(?<=", "(?<!")):
        raise BadPattern(
            f"look-around {rest if rest[2] == '<' else rest[:3]} inside another does not run in linear time; "
            "write what may stand there, or use a second check with ~ or none_of"
        )
    if rest.startswith("(?P=") or rest.startswith("(?("):
        raise BadPattern(f"a back-reference at character {index + 1} does not run in linear time; write the cases out")
    if rest.startswith("(?>"):
        raise BadPattern(f"an atomic group (?> at character {index + 1} is not known; a plain group (?: does the same")
    if rest.startswith("(?P<"):
        end = pattern.find(">", index)
        if end < 0:
            raise BadPattern("the name of a group is not closed; write (?: for a group without a name")
        return "(?:", end + 1
    if rest.startswith("(?"):
        return "(?", index + 2
    return "(?:", index + 1


def _escape(pattern: str, index: int, *, inside: bool) -> tuple[str, int]:
    if index + 1 >= len(pattern):
        raise BadPattern("the pattern ends in a single backslash; write \\\\ for one in the text")
    char = pattern[index + 1]
    after = index + 2
    for letter, digits in (("u", 4), ("U", 8)):
        if char == letter:
            code = pattern[after : after + digits]
            if len(code) < digits or any(c not in "0123456789abcdefABCDEF" for c in code):
                raise BadPattern(f"\\{letter} needs {digits} hexadecimal digits, as \\{letter}{'e9':0>{digits}}")
            return rf"\x{{{code.lstrip('0') or '0'}}}", after + digits
    special = (_INSIDE if inside else _OUTSIDE).get(char)
    if special is not None:
        return special, after
    if char.isascii() and char.isdigit() and char != "0" and not inside:
        raise BadPattern(f"a back-reference \\{char} does not run in linear time; write the cases out")
    if char in ("p", "P", "x") and pattern.startswith("{", after):
        end = pattern.find("}", after)
        if end > 0:
            return pattern[index : end + 1], end + 1
    if not char.isascii() or char in "_ ":
        return char, after
    if char in ("Q", "E"):
        raise BadPattern(f"\\{char} is not known; put a backslash before each sign instead")
    return f"\\{char}", after
