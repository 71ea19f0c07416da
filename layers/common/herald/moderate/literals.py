"""Which of many expressions can match a text at all, told by the letters that each must find in it.

Read off an expression (RE2's notation, one that compiles) are *clauses*: sets of pieces of which one must stand in
every text that matches. "(?:click|tap) [a-z]+ now" has {"click ", "tap "} and {" now"}. One automaton over the pieces
of all expressions (Aho-Corasick) then leaves two or three of a hundred to run. RE2's own filter (FilteredRE2) does the
same but leaves out pieces of fewer than three bytes, and with them each expression that has a short way to match.

Both sides are case folded as Unicode says, which is at least what RE2 holds to be alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from itertools import islice
from operator import itemgetter, or_
from typing import Any

import ahocorasick  # type: ignore[import-not-found]  # it ships no types

_MOST = 64  # strings of a set that are followed; beyond, pieces are cut shorter
_CLAUSES = 2  # of one expression: the first is what it is woken by; a third would leave out next to none more
_FEWEST = 2  # weight of a further clause that is worth a look
_HITS = 50_000  # pieces and words followed in one text; beyond, every expression is let through, and no word found
_PLACE = itemgetter(1)
_Strings = frozenset[str]
_NOTHING: _Strings = frozenset(("",))
FOREIGN = "\ud800"
"""Stands among pieces for any character outside ASCII; by itself no expression can hold it."""
_OUTSIDE: _Strings = frozenset((FOREIGN,))
_FROM_NUL = re.compile(r"\[\^\\x(?:00|\{0+\})-\\x(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2}))")
_TOKEN = re.compile(
    r"(?P<open>\((?:\?(?:P?<\w+>|[a-zA-Z-]*:?))?)|(?P<close>\))|(?P<bar>\|)"
    r"|(?P<often>[*+?]|\{\d+(?:,\d*)?\})"
    r"|(?P<edge>[\^$]|\\[bBAz])"
    r"|(?P<few>\[[^\]\^\\\-][^\]\\\-]{0,23}\])"
    r"|(?P<any>\.|\[\^?\]?(?:\\[pPx]\{[^}]*\}|\\.|[^\]\\])*\]|\\[pPx]\{[^}]*\}|\\x..|\\[pP].|\\[0-7]{1,3}|\\[^\W_])"
    r"|\\?(?P<one>.)",
    re.DOTALL,
)


class Sieve:
    """Many expressions, in order; never leaves one out that matches. Words may be found on the same way.

    Args:
        words: word -> what `search` is to tell where it stands.
    """

    def __init__(self, sources: Sequence[str], words: Mapping[str, object] | None = None) -> None:
        # Bits 0 to n tell expressions that are woken, those above the clauses that are there.
        self._needs: list[int] = []  # clauses of each expression; 0: none is known
        self._every = (1 << len(sources)) - 1
        always = 0  # the expressions that nothing is known of
        told: dict[str, int] = {FOREIGN: 0}
        clause_bit = 1 << len(sources)
        for which, source in enumerate(sources):
            needs = 0
            for clause in clauses(source):
                for piece in clause:
                    told[piece] = told.get(piece, 0) | clause_bit | (0 if needs else 1 << which)
                needs |= clause_bit
                clause_bit <<= 1
            self._needs.append(needs)
            always |= 0 if needs else 1 << which
        self._ascii, self._foreign = always, always | told.pop(FOREIGN)
        beside = words or {}
        strings = [piece for piece in told if piece not in beside]
        self._wordless = len(strings)  # words come last
        strings += beside
        self._told = [told.get(string, 0) for string in strings]
        self._words = [beside.get(string) for string in strings]
        self._automaton: Any = None
        if strings:
            self._automaton = ahocorasick.Automaton()
            for place, string in enumerate(strings):
                self._automaton.add_word(string, place)
            self._automaton.make_automaton()

    def candidates(self, text: str) -> list[int]:
        """Places of the expressions that may match in it, in order."""
        return self.search(text.casefold(), foreign=not text.isascii())[0]

    def search(self, folded: str, among: int = -1, *, foreign: bool) -> tuple[list[int], list[tuple[int, Any]]]:
        """The same of a text that is case folded, and where words end that stand in it, with what is told of each.

        Args:
            among: places of the expressions that are asked for, as bits.
            foreign: before it was folded, a character outside ASCII stood in it.
        """
        told, words = self._foreign if foreign else self._ascii, []
        if self._automaton:
            found = self._automaton.iter(folded)
            hits, wordless = [*islice(found, _HITS)], self._wordless
            words = [(last, self._words[place]) for last, place in hits if place >= wordless]
            if next(found, None):
                return bits(self._every & among), words
            told = reduce(or_, map(self._told.__getitem__, set(map(_PLACE, hits))), told)
        needs = self._needs
        return [which for which in bits(told & self._every & among) if not needs[which] & ~told], words


def bits(number: int) -> list[int]:
    """Places of the ones of a number that is not negative, the lowest first."""
    places = []
    while number:
        lowest = number & -number
        places.append(lowest.bit_length() - 1)
        number ^= lowest
    return places


def clauses(source: str) -> list[_Strings]:
    """Sets of folded pieces; each text that matches has one of every set. The best to look for first; [] where none."""
    groups = [_Group()]
    for token in _TOKEN.finditer(source):
        kind, group = token.lastgroup, groups[-1]
        if kind == "one":
            group.add(frozenset((token["one"].casefold(),)))
        elif kind == "few":
            group.add(frozenset(char.casefold() for char in token["few"][1:-1]))
        elif kind == "any":
            group.add(None, (_OUTSIDE,) if _is_foreign(token[0]) else ())
        elif kind == "edge":
            group.add(_NOTHING)
        elif kind == "often":
            group.often(token["often"])
        elif kind == "bar":
            group.other()
        elif kind == "open":
            groups.append(_Group())
        else:
            groups.pop()
            groups[-1].add(*group.told())
    exact, needed = groups[0].told()
    every = sorted(needed if exact is None else [exact], key=_rank)
    return [clause for place, clause in enumerate(every[:_CLAUSES]) if "" not in clause and _worth(clause, place)]


def _is_foreign(token: str) -> bool:
    """A class that leaves out all of ASCII by its first range, as [^\\x00-\\x7F] does."""
    found = _FROM_NUL.match(token)
    return found is not None and int(found[1] or found[2], 16) >= 0x7F


def _worth(clause: _Strings, place: int) -> bool:
    return place == 0 or min(map(_weight, clause)) >= _FEWEST


def _rank(clause: _Strings) -> tuple[int, int]:
    return -min(map(_weight, clause)), len(clause)


def _weight(piece: str) -> int:
    """How seldom it stands in a text: letters, and signs twice."""
    return len(piece) + (not piece.replace(" ", "").replace("'", "").isalnum() and not piece.isspace())


class _Group:
    """What is known of a group while it is read: its ways, and of the present way the parts in a row.

    `_run`: every string that the parts since the last unknown one may be. A part waits in `_last` for a count after it.
    """

    def __init__(self) -> None:
        self._ways: list[tuple[_Strings | None, list[_Strings]]] = []
        self._begin()

    def _begin(self) -> None:
        self._run, self._whole = _NOTHING, True
        self._found: list[_Strings] = []
        self._last: tuple[_Strings | None, Iterable[_Strings]] = _NOTHING, ()

    def add(self, exact: _Strings | None, needed: Iterable[_Strings] = ()) -> None:
        """The next part: all that it may be, or None and what it needs."""
        before, needs = self._last
        if before is not None and len(self._run) * len(before) <= _MOST:
            self._run = frozenset(a + b for a in self._run for b in before) if before != _NOTHING else self._run
        else:
            self._cut()
            self._found += needs
            self._run = before or _NOTHING
        self._last = exact, needed

    def _cut(self) -> None:
        """What follows does not stand close to what came before."""
        if "" not in self._run:
            self._found.append(self._run)
        self._run, self._whole = _NOTHING, False

    def often(self, sign: str) -> None:
        """A count after the last part."""
        exact, _ = self._last
        if sign in ("?", "{0,1}"):
            self._last = (None, ()) if exact is None else (exact | _NOTHING, ())
        elif sign == "*" or sign.startswith("{0"):
            self._last = None, ()
        elif sign not in ("{1}", "{1,1}"):  # once at least: itself, then anything
            self.add(None)

    def other(self) -> None:
        """The way ends, another begins."""
        self.add(_NOTHING)
        if self._whole:
            self._ways.append((self._run, []))
        else:
            self._cut()
            self._ways.append((None, self._found))
        self._begin()

    def told(self) -> tuple[_Strings | None, list[_Strings]]:
        """The whole group as one part."""
        self.other()
        if len(self._ways) == 1:
            return self._ways[0]
        exacts = [exact for exact, _ in self._ways if exact is not None]
        if len(exacts) == len(self._ways):
            return frozenset().union(*exacts), []
        best = [
            exact if exact is not None else min(needed, key=_rank, default=_NOTHING) for exact, needed in self._ways
        ]
        either = frozenset().union(*best)
        return None, [] if "" in either else [either]
