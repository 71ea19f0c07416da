"""A moderator's regular expressions, in linear time: Python's manner of writing, translated for RE2.

`re` is never handed a pattern that a user wrote: one bad pattern would stall every message behind it. RE2 reads
\\w \\d \\s as ASCII and has no look-around and no back-references; this module rewrites what can be rewritten, holds
look-arounds against the text after a match, and refuses the rest in words. (RE2 syntax: https://github.com/google/re2/wiki/Syntax)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

import re2

from herald.model.record import record
from herald.moderate.normalise import is_word

LONGEST = 1_000
"""Characters of a pattern."""
_STEPS = 6_000  # of RE2's program: a scan of 10,000 characters costs their product at worst; real patterns have < 5,000
_MEMORY = 1 << 21  # bytes RE2 may use for one pattern; less, and large ones fall back to a slower way
_LOOKED = 12_000  # characters that the look-arounds of one pattern may read in one text
_BEHIND = 200  # characters a look-behind sees
_WATCH = "\x01\x02herald\x02\x01"  # put behind every text: found, unless the look over all patterns failed

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
    """A pattern that cannot run; the sentence says why and what to write instead."""


@record
class Look:
    """A look-around, held against the text after the match: at the place of the empty group `group`.

    `engine` is anchored to that place; `behind`: it must end there; `wanted`: must it be there, or must it not.
    """

    group: int
    engine: Any
    behind: bool
    wanted: bool


@record
class Pattern:
    """One compiled expression. `source` is what RE2 got; group 1 is what the moderator wrote.

    Attributes:
        looks: look-arounds, which RE2 has not. A match that fails one is dropped, and no other way to match from the
            same place is tried: such a pattern finds at most what Python would find, never more.
    """

    source: str
    engine: Any
    by_word: bool
    looks: tuple[Look, ...] = ()

    def spans(self, text: str, limit: int) -> list[tuple[int, int]]:
        """Up to `limit` matches that are not empty, as [start, end), in order."""
        found: list[tuple[int, int]] = []
        given = text.encode() if text.isascii() else text  # bytes are quicker, and offsets are the same
        budget = _LOOKED
        for match in islice(self.engine.finditer(given), limit * 10):
            start, end = match.span(1)
            if start < end and (not self.by_word or _stands_alone(text, start, end)):
                if self.looks:
                    budget -= sum(_cost(look, match.start(look.group), text) for look in self.looks)
                    if budget < 0:
                        break
                    if not all(_looks(look, match.start(look.group), text) for look in self.looks):
                        continue
                found.append((start, end))
            if len(found) >= limit:
                break
        return found


def _cost(look: Look, place: int, text: str) -> int:
    """Characters that holding it against the text reads at most."""
    return 0 if place < 0 else min(place, _BEHIND) if look.behind else len(text) - place


def _looks(look: Look, place: int, text: str) -> bool:
    if place < 0:
        return True  # it stands in a case that did not match
    if look.behind:
        there = look.engine.search(text[max(0, place - _BEHIND) : place]) is not None
    else:
        there = look.engine.match(text[place:]) is not None
    return bool(there == look.wanted)


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
        raise BadPattern(f"the pattern has {len(pattern)} characters; the limit is {LONGEST}")
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
    engine = _engine(source)
    if not looks and engine.fullmatch(""):
        raise BadPattern("the pattern matches nothing at all, so it would match every message")
    held = tuple(
        Look(number, _engine(f"(?{flags}:{f'(?:{inner})$' if behind else inner})"), behind, wanted)
        for number, (inner, behind, wanted) in enumerate(looks, 2)
    )
    return Pattern(source, engine, mode == "includes-word", held)


def _without_edges(body: str) -> str:
    """A leading or trailing \\b says what includes-word says already, but in ASCII only."""
    if "|" in body:
        return body  # it may belong to one branch
    body = body.removeprefix(r"\b")
    if body.endswith(r"\b") and not body.endswith(r"\\b"):
        body = body.removesuffix(r"\b")
    return body


class Several:
    """Many patterns: which of them could match in a text, told by the literal pieces that each must contain.

    One automaton over those pieces (RE2's FilteredRE2) leaves two or three of a hundred patterns to run. One set that
    runs all of them at once was tried and is slower: gaps such as [^.]{0,60} multiply its states.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MEMORY
        self._filter = re2.Filter()
        for pattern in patterns:
            self._filter.Add(pattern.source, options)
        self._all = list(range(len(patterns)))
        self._watch = self._filter.Add(re2.escape(_WATCH), options)
        self._filter.Compile()

    def candidates(self, text: str) -> list[int]:
        """Indices of the patterns that may match, in order. Never leaves one out that does match."""
        found = self._filter.Match((text + _WATCH).encode(), True) or []
        if self._watch not in found:
            return self._all  # the automaton ran out of memory: it cannot rule anything out
        return [which for which in found if which != self._watch]


def _engine(source: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        engine = re2._Regexp(source, options)  # not re2.compile: its cache would keep every pattern ever tried
    except re2.error as error:
        reason = error.args[0] if error.args else "unknown"
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise BadPattern(f"the pattern does not compile: {reason}") from None
    except UnicodeError:
        raise BadPattern("the pattern holds half a character (a lone surrogate)") from None
    if engine.programsize > _STEPS:
        raise BadPattern(
            f"the pattern does not compile to a small program ({engine.programsize} steps; the limit is {_STEPS}): "
            "use smaller counts such as {0,20}, or fewer of them"
        )
    return engine


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
                raise BadPattern(f"the closing bracket at character {index + 1} has no opening one")
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
    raise BadPattern("a look-around is not closed")


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
            raise BadPattern("a comment (?# is not closed")
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
            raise BadPattern("the name of a group is not closed")
        return "(?:", end + 1
    if rest.startswith("(?"):
        return "(?", index + 2
    return "(?:", index + 1


def _escape(pattern: str, index: int, *, inside: bool) -> tuple[str, int]:
    if index + 1 >= len(pattern):
        raise BadPattern("the pattern ends in a single backslash")
    char = pattern[index + 1]
    after = index + 2
    for letter, digits in (("u", 4), ("U", 8)):
        if char == letter:
            code = pattern[after : after + digits]
            if len(code) < digits or any(c not in "0123456789abcdefABCDEF" for c in code):
                raise BadPattern(f"\\{letter} needs {digits} hexadecimal digits")
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
