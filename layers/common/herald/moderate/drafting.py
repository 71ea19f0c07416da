"""Answers that rules draft: a rule's `reply` or `private_reply` with what is known of the message put in its places.

A draft is words for a person to change and send. Nothing here, and nothing that reads a draft, sends it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from herald.model import ClauseRef, Drafted, Kind, Message
from herald.moderate.decide import clause_of, clause_words
from herald.moderate.normalise import printable
from herald.moderate.rules import LINK, Match

MOST = 3
"""Drafts kept of one decision."""
FILLED = 3_000
"""Characters of one draft once its places are filled; a rule's own words have at most language.REPLY_LIMIT."""

_PLACE = re.compile(r"\{\{\s*([a-z]+)\s*\}\}")
_BOUNDS = {"author": 60, "match": 80, "title": 80, "body": 200}
_MENTION = re.compile(r"@(?=\w)")
_SAYS = {Kind.DM: "message"}  # every other kind is called as it is


def drafts(
    message: Message, live: Iterable[Match], shadow: Iterable[Match], policy_versions: Mapping[str, int]
) -> tuple[Drafted, ...]:
    """What the rules that hold draft, in their order, those in shadow last; at most MOST, each at most FILLED long."""
    found = [
        Drafted(match.rule.name, text, clause, private=name == "private_reply", shadow=match.rule.shadow)
        for match in (*live, *shadow)
        for clause in (clause_of(match.rule.policy, policy_versions),)
        for name in ("reply", "private_reply")
        if (text := _filled(match.rule.proposes.get(name, ""), message, match, clause))
    ]
    return tuple(found[:MOST])


def _filled(template: str, message: Message, match: Match, clause: ClauseRef | None) -> str:
    """One pass: what is put in is never read for places again, whoever wrote it. An unknown place stays as written."""
    if not template:
        return ""
    values = _values(message, match, clause)
    text = _PLACE.sub(lambda place: values.get(place[1], place[0]), template).strip()
    return text if len(text) <= FILLED else text[: FILLED - 1] + "…"


def _values(message: Message, match: Match, clause: ClauseRef | None) -> dict[str, str]:
    """Place -> what stands there; a word where it is unknown.

    What others wrote is one line, bounded, without control or bidi characters, and without what would act once we say
    it: a link would lead our readers where a stranger wants them, an @ would call whom a stranger names.
    """
    kind = _SAYS.get(message.kind, str(message.kind))
    outside = {
        "author": message.author_name or "there",
        "match": next((span.found for span in match.evidence), ""),
        "title": str(message.more.get("title") or "") or f"your {kind}",
        "body": message.text,
    }
    own = {
        "kind": kind, "permalink": _address(message.more.get("permalink")), "rule": match.rule.name,
        "clause": clause_words(clause) if clause else "our policy",
    }  # fmt: skip
    return {name: _quoted(value, _BOUNDS[name]) for name, value in outside.items()} | own


def _quoted(text: str, limit: int) -> str:
    return printable(_MENTION.sub("", LINK.sub("(link)", text[: 8 * limit])), limit)


def _address(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return text if re.fullmatch(r"https?://[^\s<>\"']{1,290}", text) else "this message"
