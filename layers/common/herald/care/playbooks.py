"""Playbooks: for each kind of post and of person the steps, the clause, where information is, who must agree.

A document has four parts: `kinds` and `people` each give their share of a play, `pairs` adds what only holds when a
kind meets a person ("complaint + troll"), `procedure` is the way of a complaint. The document is read strictly: what
is not known is an error with its line, and nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from herald.documents import Node, document, fields
from herald.errors import BadRules
from herald.model import Decision, Handling, Persona, PostKind, Role
from herald.model.record import record

DOCUMENT_LIMIT = 60_000  # characters
TEXT_LIMIT = 400  # characters of one step
_WITHIN = re.compile(r"([1-9][0-9]{0,3})(m|h)")
_ID = re.compile(r"[a-z][a-z0-9-]{0,29}")
_E = TypeVar("_E", bound=StrEnum)

OFFERS: Mapping[str, str] = {
    "private_message": "Offer to go on in private",
    "correct": "Put the fact right, with its source",
    "remedy": "Offer a remedy within your limit",
    "ask_right": "Ask for the right to share it (User content)",
    "thank": "Thank by name",
    "invite": "Invite them to the next launch or event",
    "hide": "Hide by the moderation guideline",
    "report": "Report to the platform",
}
"""What a play may offer to do, by name."""


class BadPlaybook(BadRules):
    """The playbook is wrong at `line`."""


@record
class Step:
    """Attributes: supervisor: of which roles another person must take it before a reply leaves; empty: anyone."""

    id: str
    text: str
    supervisor: frozenset[Role] = frozenset()


@record
class Play:
    """What to do with this kind of post by this kind of person (persona None: not said yet).

    Attributes:
        clause: "POLICY number" it rests on.
        links: addresses that lead to information.
        link_needed: an answer without a link gets a word of advice.
        avoid: words that make it worse, lower case.
        offers: names in OFFERS.
    """

    steps: tuple[Step, ...] = ()
    clause: str = ""
    links: tuple[str, ...] = ()
    link_needed: bool = False
    avoid: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()

    def step(self, step_id: str) -> Step | None:
        return next((step for step in self.steps if step.id == step_id), None)

    def with_(self, other: Play) -> Play:
        """Both together; the other, more special one names the clause."""
        return Play(
            steps=(*self.steps, *other.steps),
            clause=other.clause or self.clause,
            links=tuple(dict.fromkeys((*self.links, *other.links))),
            link_needed=self.link_needed or other.link_needed,
            avoid=tuple(dict.fromkeys((*self.avoid, *other.avoid))),
            offers=tuple(dict.fromkeys((*self.offers, *other.offers))),
        )


@record
class Leg:
    """One step of the complaint procedure.

    Attributes:
        within: minutes of business time from the customer's words; 0 for the first, which has the brand's target.
        overdue: the role that hears of it.
        must: the case cannot be closed without it.
    """

    id: str
    text: str
    within: int
    overdue: Role
    must: bool


@record
class Book:
    kinds: Mapping[PostKind, Play]
    people: Mapping[Persona, Play]
    pairs: Mapping[tuple[PostKind, Persona], Play]
    procedure: tuple[Leg, ...]
    clauses: tuple[tuple[int, str], ...] = ()
    """(line, clause as written), to be looked up among the policies in force."""

    def play(self, kind: PostKind, persona: Persona | None) -> Play:
        play = self.kinds[kind]
        if persona is None:
            return play
        return play.with_(self.people[persona]).with_(self.pairs.get((kind, persona), Play()))


# ---------------------------------------------------------------- what it is


def suggested(case_type: str, decision: Decision | None) -> tuple[PostKind, Persona | None]:
    """Kind and persona as the rules' labels have it; persona None where nothing speaks for one.

    A label that is a persona's name (a rule of the organisation) wins, then what the author wrote before, where it told
    more than the words (Decision.persona). What was hidden, and is neither a complaint nor
    hidden to protect its author, is a troll's.
    """
    labels = decision.labels if decision else ()
    named = next((Persona(label) for label in labels if label in set(Persona)), None)
    if named is None and decision is not None and decision.persona and decision.persona.said:
        named = Persona(decision.persona.said)
    hidden = decision is not None and decision.action == "hide"
    if hidden and case_type not in set(PostKind) and "personal_data" not in labels:
        return PostKind.TROLL, named or Persona.TROLL
    kind = PostKind(case_type) if case_type in set(PostKind) else PostKind.USER_CONTENT
    if named:
        return kind, named
    if kind is PostKind.COMPLAINT or "complaint" in labels:
        stirred = decision is not None and decision.action != "allow" and "personal_data" not in labels
        return kind, Persona.ANGRY if stirred else Persona.UNHAPPY
    return kind, Persona.COMPLIMENTARY if "praise" in labels else None


def unagreed(play: Play, handling: Handling, by: str) -> Step | None:
    """The step that a supervisor other than `by` must take before `by` may reply; None when nothing is missing."""
    for step in play.steps:
        if step.supervisor and not any(taken.step == step.id and taken.by != by for taken in handling.taken):
            return step
    return None


# ---------------------------------------------------------------- reading


@lru_cache(maxsize=1)
def shipped() -> str:
    """The playbook that holds until a brand saves its own."""
    return Path(__file__).with_name("default_playbook.yaml").read_text(encoding="utf-8")


@lru_cache(maxsize=32)
def parse(text: str) -> Book:
    """The book a document holds. Raises BadPlaybook with the line and what to write."""
    root = document(text, DOCUMENT_LIMIT, "the playbook", BadPlaybook)
    if root is None:
        raise BadPlaybook(1, "the playbook is empty: write kinds, people and procedure")
    parts = fields(root, "the playbook", ("kinds", "people", "procedure"), ("pairs",), BadPlaybook)
    clauses: list[tuple[int, str]] = []
    kinds = _plays(parts["kinds"], PostKind, "kind of post", clauses)
    people = _plays(parts["people"], Persona, "kind of person", clauses)
    pairs = _pairs(parts["pairs"], clauses) if "pairs" in parts else {}
    book = Book(kinds, people, pairs, _procedure(parts["procedure"]), tuple(clauses))
    _distinct(book, root.line)
    return book


def _plays(node: Node, names: type[_E], what: str, clauses: list[tuple[int, str]]) -> dict[_E, Play]:
    found: dict[_E, Play] = {}
    for key, value in _pairs_of(node, f"{what}s"):
        name = _one_of(key, names, what)
        if name in found:
            raise BadPlaybook(key.line, f"{name} stands here twice")
        found[name] = _play(value, clauses)
    missing = [name for name in names if name not in found]
    if missing:
        raise BadPlaybook(node.line, f"no play for the {what} {', '.join(missing)}")
    return found


def _pairs(node: Node, clauses: list[tuple[int, str]]) -> dict[tuple[PostKind, Persona], Play]:
    found = {}
    for key, value in _pairs_of(node, "pairs"):
        kind, plus, persona = (part.strip() for part in key.text.partition("+"))
        if not plus:
            raise BadPlaybook(key.line, f'"{key.text[:60]}" is no pair: write for example complaint + troll')
        pair = (_named(kind, key.line, PostKind, "kind of post"), _named(persona, key.line, Persona, "kind of person"))
        if pair in found:
            raise BadPlaybook(key.line, f"{key.text[:60]} stands here twice")
        found[pair] = _play(value, clauses)
    return found


def _play(node: Node, clauses: list[tuple[int, str]]) -> Play:
    parts = fields(node, "a play", (), ("steps", "clause", "links", "link_needed", "avoid", "offers"), BadPlaybook)
    clause = parts.get("clause")
    if clause is not None:
        clauses.append((clause.line, _text(clause, "clause")))
    links = tuple(_address(one) for one in parts["links"].items()) if "links" in parts else ()
    offers = parts["offers"].items() if "offers" in parts else []
    for one in offers:
        if one.text not in OFFERS:
            raise BadPlaybook(one.line, f'there is no offer "{one.text[:40]}": use {", ".join(OFFERS)}')
    return Play(
        steps=tuple(_step(key, value) for key, value in _pairs_of(parts["steps"], "steps")) if "steps" in parts else (),
        clause=_text(clause, "clause") if clause is not None else "",
        links=links,
        link_needed="link_needed" in parts and _yes(parts["link_needed"]),
        avoid=tuple(_text(one, "avoid").lower() for one in parts["avoid"].items()) if "avoid" in parts else (),
        offers=tuple(one.text for one in offers),
    )


def _step(key: Node, value: Node) -> Step:
    if not value.mapping:
        return Step(_id(key), _text(value, "a step"))
    parts = fields(value, "a step", (), ("text", "supervisor"), BadPlaybook)
    if "text" not in parts:
        raise BadPlaybook(value.line, f"the step {key.text[:40]} has no text")
    roles = parts["supervisor"].items() if "supervisor" in parts else []
    return Step(_id(key), _text(parts["text"], "a step"), frozenset(_one_of(role, Role, "role") for role in roles))


def _procedure(node: Node) -> tuple[Leg, ...]:
    legs: list[Leg] = []
    for key, value in _pairs_of(node, "the procedure"):
        parts = fields(value, "a step of the procedure", (), ("text", "within", "overdue", "must"), BadPlaybook)
        for name in ("text", "overdue", *(["within"] if legs else [])):
            if name not in parts:
                raise BadPlaybook(value.line, f"{key.text[:40]} needs {name}")
        if not legs and "within" in parts:
            raise BadPlaybook(parts["within"].line, "the first step has the account's own target: leave out within")
        within = _minutes(parts["within"]) if legs else 0
        if legs and within <= legs[-1].within:
            raise BadPlaybook(value.line, f"{key.text[:40]} must be due after {legs[-1].id}: all count from receipt")
        must = "must" in parts and _yes(parts["must"])
        overdue = _one_of(parts["overdue"], Role, "role")
        legs.append(Leg(_id(key), _text(parts["text"], "a step"), within, overdue, must))
    if len(legs) < 2:
        raise BadPlaybook(node.line, "a procedure has at least two steps, the acknowledgement and the outcome")
    if len(legs) > 12:
        raise BadPlaybook(node.line, "a procedure has at most 12 steps")
    return tuple(legs)


def _distinct(book: Book, line: int) -> None:
    """No two steps of one play share an id: a tick must say which was taken."""
    for kind in PostKind:
        for persona in Persona:
            ids = [step.id for step in book.play(kind, persona).steps] + [leg.id for leg in book.procedure]
            twice = next((each for each in ids if ids.count(each) > 1), None)
            if twice:
                raise BadPlaybook(line, f"the step {twice} stands twice where {kind} meets {persona}: rename one")


def _pairs_of(node: Node, what: str) -> list[tuple[Node, Node]]:
    if not node.mapping:
        raise BadPlaybook(node.line, f"{what} must be a mapping (name: value), this is a {node.kind}")
    return node.pairs()


def _one_of(node: Node, names: type[_E], what: str) -> _E:
    return _named(node.text, node.line, names, what)


def _named(text: str, line: int, names: type[_E], what: str) -> _E:
    try:
        return names(text)
    except ValueError:
        raise BadPlaybook(line, f'there is no {what} "{text[:40]}": use {", ".join(names)}') from None


def _id(node: Node) -> str:
    if not _ID.fullmatch(node.text):
        raise BadPlaybook(
            node.line, f'"{node.text[:40]}" is no name of a step: small letters, digits, dashes, up to 30'
        )
    return node.text


def _text(node: Node, what: str) -> str:
    said = node.text.strip()
    if not said:
        raise BadPlaybook(node.line, f"{what} needs a text")
    if len(said) > TEXT_LIMIT:
        raise BadPlaybook(node.line, f"{what} has {len(said)} characters, the limit is {TEXT_LIMIT}")
    return said


def _yes(node: Node) -> bool:
    if node.text not in ("yes", "no"):
        raise BadPlaybook(node.line, f'write yes or no, not "{node.text[:40]}"')
    return node.text == "yes"


def _minutes(node: Node) -> int:
    found = _WITHIN.fullmatch(node.text.strip())
    if not found:
        raise BadPlaybook(node.line, f'"{node.text[:40]}" is no business time: write for example 90m or 16h')
    return int(found[1]) * (60 if found[2] == "h" else 1)


def _address(node: Node) -> str:
    if not web_address(node.text):
        raise BadPlaybook(
            node.line, f'"{node.text[:60]}" is no address: write for example https://shop.example/returns'
        )
    return node.text


def web_address(text: str) -> bool:
    """Whether this is an https address that a customer can follow."""
    try:
        parts = urlsplit(text)
        return (
            parts.scheme == "https" and "." in (parts.hostname or "") and parts.username is None and len(text) <= 500
            and text.isprintable() and not any(c.isspace() for c in text)
        )  # fmt: skip
    except ValueError:
        return False
