"""Saved answers: starting texts that lead to information; and what is said of a reply before and after it is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from herald.care.playbooks import Play, web_address
from herald.documents import Node, document, fields
from herald.errors import BadRules
from herald.model.record import record

DOCUMENT_LIMIT = 60_000  # characters
_FIELDS = ("id", "title", "for", "text", "link", "clause")
_LINK = re.compile(r"https://[^\s<>\"']+")


class BadAnswers(BadRules):
    """The saved answers are wrong at `line`."""


@record
class Answer:
    """`types` are the case types it fits; `{name}` in the text is the customer's first name; `line` where it stands."""

    id: str
    title: str
    types: tuple[str, ...]
    text: str
    link: str
    clause: str
    line: int = 0


@lru_cache(maxsize=32)
def parse(text: str) -> tuple[Answer, ...]:
    """The answers a document holds: a list of id, title, for, text, link, clause. Raises BadAnswers with the line."""
    root = document(text, DOCUMENT_LIMIT, "the text of the answers", BadAnswers)
    if root is None:
        return ()
    if root.mapping or isinstance(root.value, str):
        raise BadAnswers(root.line, "write a list: each answer begins with - id:")
    found: dict[str, Answer] = {}
    for node in root.items():
        answer = _answer(node)
        if answer.id in found:
            raise BadAnswers(node.line, f"{answer.id} stands here twice")
        found[answer.id] = answer
    return tuple(found.values())


def _answer(node: Node) -> Answer:
    parts = fields(node, "an answer", _FIELDS, (), BadAnswers)
    for name in ("id", "title", "text", "clause"):
        if not parts[name].text.strip() or len(parts[name].text) > 2000:
            raise BadAnswers(parts[name].line, f"{name} needs a text of at most 2000 characters")
    if not web_address(parts["link"].text):
        raise BadAnswers(parts["link"].line, "link must be an address: write for example https://shop.example/returns")
    types = tuple(one.text.strip() for one in parts["for"].items() if one.text.strip())
    if not types:
        raise BadAnswers(parts["for"].line, "for names the case types it fits: write for example [question]")
    said = {name: parts[name].text.strip() for name in ("id", "title", "text", "link", "clause")}
    return Answer(**said, types=types, line=node.line)


def linked(text: str, known: Iterable[str]) -> bool:
    """Whether a text leads to information: it holds an address that answers or playbook hold, or one below it."""
    held = tuple(link.rstrip("/") for link in known)
    return any(
        found == link or found.startswith((f"{link}/", f"{link}?", f"{link}#"))
        for found in (match.rstrip(".,;:!?)]}/") for match in _LINK.findall(text))
        for link in held
    )


def advice(text: str, play: Play, known: Iterable[str]) -> list[str]:
    """What a good colleague would say about this reply; advice, never a refusal."""
    said = []
    if play.link_needed and not linked(text, known):
        said.append("It leads to no page that helps: add the link of a saved answer.")
    lower = text.lower()
    harsh = next((word for word in play.avoid if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", lower)), "")
    if harsh:
        said.append(f"“{harsh}” tends to make it worse.")
    loud = [word for word in re.findall(r"[^\W\d_]{4,}", text) if word.isupper()]
    if play.avoid and (len(loud) > 1 or "!!" in text):
        said.append("It reads as shouting.")
    return said
