"""YAML sections with line numbers, read the strict way: no anchors, no aliases, no tags, every scalar a string.

A scalar stays what was written (`no`, `404`, `1.10` are words to match, not values), so YAML's own guesses never
change a term. The tree is built from parser events, not by a loader: nothing is constructed that was not written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from herald.model.record import record

_DEPTH = 12
_QUOTE = "close what is open, begin lines of a kind in the same column, and put text with : # [ { or quotes in '...'"
_DASHES = re.compile(r"^---", re.MULTILINE)


@record
class Node:
    """A value and the line it stands on (1-based): text, a list of nodes, or (key, value) pairs in order."""

    line: int
    value: str | list[Node] | list[tuple[Node, Node]]
    mapping: bool = False

    @property
    def kind(self) -> str:
        """In words, for messages: text, list or mapping."""
        if isinstance(self.value, str):
            return "text"
        return "mapping" if self.mapping else "list"

    def pairs(self) -> list[tuple[Node, Node]]:
        """The pairs of a mapping; empty for anything else."""
        return self.value if self.mapping else []  # type: ignore[return-value]

    def items(self) -> list[Node]:
        """The elements of a list; a single text counts as a list of one."""
        if isinstance(self.value, str):
            return [self]
        return [] if self.mapping else self.value  # type: ignore[return-value]

    @property
    def text(self) -> str:
        return self.value if isinstance(self.value, str) else ""


class BadDocument(Exception):
    """A section that is no acceptable YAML; `line` is 1-based in the file."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line
        self.sentence = sentence


def sections(text: str) -> Iterator[tuple[int, str]]:
    """(first line, text) of each part between lines that begin with `---`; parts of comments only are left out."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    cuts = [match.start() for match in _DASHES.finditer(text)]
    line = 1
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        part = text[start:end]
        body = part[3:] if part.startswith("---") else part
        if any(row.strip() and not row.lstrip().startswith("#") for row in body.split("\n")):
            blank = len(body) - len(body.lstrip("\n"))
            yield line + blank, body[blank:]
        line += part.count("\n")


def read(section: str, first_line: int, *, python: bool = False) -> Node | None:
    """The tree of one section; None when it holds nothing. Raises BadDocument with the line.

    Args:
        python: by PyYAML's own parser, which is slower and takes a little more than libyaml's, such as `[?]`.
    """
    import yaml  # noqa: PLC0415  read where a document is: a start without one need not pay for it

    try:
        loader = yaml.SafeLoader if python else getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        events = _checked(yaml.parse(section, Loader=loader), first_line)
        return next(_nodes(events), None)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark else 0)
        raise BadDocument(line, f"this is not YAML: {error.problem or error.context}; {_QUOTE}") from None
    except yaml.YAMLError as error:
        position = getattr(error, "position", 0)
        line = first_line + section[:position].count("\n") if isinstance(position, int) else first_line
        reason = getattr(error, "reason", "it cannot be read")
        raise BadDocument(line, f"this is not YAML: {reason}; take such characters out of the line") from None
    except UnicodeError:
        words = "this is not YAML: it holds half a character (a lone surrogate); type it again"
        raise BadDocument(first_line, words) from None


def document(text: str, limit: int, what: str, bad: Callable[[int, str], Exception]) -> Node | None:
    """The tree of a document that is one section; None when it holds nothing.

    Raises what `bad` makes of a line and a sentence: over `limit` characters, or no acceptable YAML.
    """
    if len(text) > limit:
        raise bad(1, f"{what} has {len(text)} characters, the limit is {limit}: shorten it")
    try:
        return read(text, 1)
    except BadDocument as wrong:
        raise bad(wrong.line, wrong.sentence) from None


def fields(
    node: Node, what: str, needed: Sequence[str], optional: Sequence[str], bad: Callable[[int, str], Exception]
) -> dict[str, Node]:
    """The values of a mapping by key: each needed one there, no other, none twice. Raises as `document`."""
    names = (*needed, *optional)
    if not node.mapping:
        raise bad(node.line, f"{what} must be a mapping: {', '.join(names)}")
    found: dict[str, Node] = {}
    for key, value in node.pairs():
        if key.text not in names:
            raise bad(key.line, f'"{key.text[:40]}" is no field of {what}: {", ".join(names)}')
        if key.text in found:
            raise bad(key.line, f"{key.text} stands twice")
        found[key.text] = value
    for name in needed:
        if name not in found:
            raise bad(node.line, f"{what} has no {name}")
    return found


def _checked(events: Iterator[Any], first_line: int) -> Iterator[Any]:
    import yaml  # noqa: PLC0415  read where a document is: a start without one need not pay for it

    depth = 0
    documents = 0
    for event in events:
        line = first_line + event.start_mark.line
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise BadDocument(line, "a second document in one section; begin it with --- on a line of its own")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise BadDocument(line, "anchors (&) and aliases (*) are not accepted; put the text in quotes if it is one")
        if getattr(event, "tag", None) not in (None, "!"):
            raise BadDocument(line, "tags (!) are not accepted; put the text in quotes if it is one")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEPTH:
                raise BadDocument(line, f"nested more than {_DEPTH} deep; write it flatter")
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        yield event, line


def _nodes(events: Iterator[tuple[Any, int]]) -> Iterator[Node]:
    """The nodes up to the end of the surrounding collection."""
    import yaml  # noqa: PLC0415  read where a document is: a start without one need not pay for it

    for event, line in events:
        if isinstance(event, yaml.ScalarEvent):
            yield Node(line, event.value)
        elif isinstance(event, yaml.SequenceStartEvent):
            yield Node(line, list(_nodes(events)))
        elif isinstance(event, yaml.MappingStartEvent):
            flat = list(_nodes(events))
            yield Node(line, list(zip(flat[::2], flat[1::2], strict=True)), mapping=True)
        elif isinstance(event, yaml.CollectionEndEvent):
            return
