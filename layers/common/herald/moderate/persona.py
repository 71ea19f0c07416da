"""Persona of a writer from the words at hand and from what they wrote before: pure, so that it can be replayed.

What an author wrote before is a few numbers, n(k): messages whose words alone spoke clearly (TELLS) for persona k, and
`removed`: messages that a decision took from the public, personal data apart. A message counts 1 on the day it came and
half after each HALF_LIFE days. With p(k), what the model says of the words at hand (its softmax over the personas and
none), N = sum of n, K = 6 personas and LIKE(c, k), how much of what sounds like c may as well be k's:

    spread(k) = sum over c of p(c) LIKE(c, k)              LIKE(c, c) is what is left of 1
    words(k)  = (1 - s) p(k) + s spread(k)                 s = N / (N + 2): the more is known, the more it may be k's
    before(k) = K (e(k) + 1) / (N + K),  before(none) = 1  a share with one imagined message for each persona
    odds(k)   = words(k) before(k)                         that is: log-odds of the words + log-odds of the history

The likeliest is said if it is likelier than all others together; else what the words alone said, if they sound like the
likeliest (LIKE); else none. `before` stays below K: a history multiplies what the words leave open and never makes a
persona where they leave nothing open.

e(k) is n(k), but for what people are and no single message says:
    advocate               who spoke for the brand is an advocate in their praise too: each such message carries two
                           of praise
    unhappy, angry         complaints are one: e = n(unhappy) + n(angry), and an insult among twice as many complaints
                           is anger, no trolling
    troll                  attacks, or what was removed if that is more, and 2 while a limit or a block stands
Where the words complain, p(unhappy) + p(angry) >= 1/2, before(troll) is at most 1 and that of those two at least 1: a
complaint is one, whoever makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import exp2
from typing import TYPE_CHECKING

from herald.model import Assessment, Message
from herald.model.decision import ByHistory

if TYPE_CHECKING:
    from herald.model.restrictions import AuthorTally

HALF_LIFE = 90
"""Days after which a message counts half."""
TELLS = 0.75
"""Probability from which the words alone say enough of their writer to be counted."""
KEPT = timedelta(days=400)
"""An author's numbers end so long after the last message that was counted: below a twentieth of what they were."""
REMOVED, RESTRICTED = "removed", "restricted"
PERSONAS = ("advocate", "angry", "complimentary", "misguided", "troll", "unhappy")
LIKE: Mapping[str, Mapping[str, float]] = {
    "complimentary": {"advocate": 0.5}, "troll": {"angry": 0.35}, "angry": {"unhappy": 0.1, "troll": 0.1},
}  # fmt: skip

_SAID = 0.5
_NOBODY, _NEXT_TO_NOTHING = 0.9, 50
_COMPLAINTS = ("unhappy", "angry")
_FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC).date()
_ONE = 1000  # thousandths of a message


def weight(received_at: datetime) -> int:
    """What a message adds to its author's numbers, and what is taken off again when it goes.

    Numbers that are only added to need not be read before they are written, and come in any order: instead of the old
    ones shrinking, new ones are worth more, 2 ** (days since 2025-01-01 / HALF_LIFE) thousandths (forward decay:
    Cormode, Shkapenyuk, Srivastava and Xu, 2009). Whoever reads divides by what a message of that day would add. The
    day is the one we received it, which nobody else can choose.
    """
    days = (received_at.astimezone(UTC).date() - _FIRST_DAY).days
    return round(_ONE * exp2(days / HALF_LIFE))


def tells(assessment: Assessment) -> str:
    """The persona that the words alone show clearly; empty: none."""
    return next((name for name in PERSONAS if assessment.likely.get(name, 0.0) >= TELLS), "")


def leans(assessment: Assessment) -> bool:
    """Whether a history could change anything: the words leave it open, or say, that their writer is somebody."""
    return bool(assessment.likely) and assessment.likely.get("", 0.0) < _NOBODY


def history(
    tally: AuthorTally | None, restricted: bool, now: datetime, *, apart: Message | None = None
) -> dict[str, int]:
    """What is known of an author now: name -> thousandths of a message, what is next to nothing left out.

    Args:
        restricted: a limit or a block stands against them.
        apart: a message that is judged anew is no history of itself.
    """
    found: dict[str, int] = {}
    if tally is not None:
        today, own = weight(now), dict[str, int]()
        if apart is not None:
            own = dict.fromkeys(apart.tallied.split(), weight(apart.received_at))
        for name in (*PERSONAS, REMOVED):
            count = round(_ONE * (getattr(tally, name) - own.get(name, 0)) / today)
            found |= {name: count} if count >= _NEXT_TO_NOTHING else {}
    return found | ({RESTRICTED: _ONE} if restricted else {})


def with_history(assessment: Assessment, before: Mapping[str, int]) -> tuple[Assessment, ByHistory | None]:
    """The assessment as rules see it, and what the history changed; None: it changed nothing.

    Where no model read the words (`likely` is empty) the history has nothing to weigh and is left out.
    """
    words = assessment.labels.get("persona")
    if not before or not assessment.likely:
        return assessment, None
    said = _said(words, assessment.likely, before)
    if said == words:
        return assessment, None
    labels = dict(assessment.labels) | {"persona": said}
    return replace(assessment, labels=labels), ByHistory(words or "", said or "", dict(before))


def _said(words: str | None, likely: Mapping[str, float], before: Mapping[str, int]) -> str | None:
    n = {name: before.get(name, 0) / _ONE for name in (*PERSONAS, REMOVED, RESTRICTED)}
    counted = _counted(n)
    total = sum(n[name] for name in PERSONAS) + counted["troll"] - n["troll"]
    spread = total / (total + 2)
    complains = sum(likely.get(name, 0.0) for name in _COMPLAINTS) >= _SAID
    odds = {"": likely.get("", 0.0)}
    for name in PERSONAS:
        p = likely.get(name, 0.0)
        moved = sum(likely.get(other, 0.0) * like.get(name, 0.0) for other, like in LIKE.items())
        kept = p * (1 - sum(LIKE.get(name, {}).values()))
        share = len(PERSONAS) * (counted[name] + 1) / (total + len(PERSONAS))
        if complains:
            share = min(1.0, share) if name == "troll" else max(1.0, share) if name in _COMPLAINTS else share
        odds[name] = ((1 - spread) * p + spread * (kept + moved)) * share
    best = max(odds, key=odds.__getitem__)
    if odds[best] >= _SAID * sum(odds.values()):
        return best or None
    return words if words and (best == words or best in LIKE.get(words, {})) else None


def _counted(n: Mapping[str, float]) -> dict[str, float]:
    """e of the formula."""
    praise = min(n["complimentary"], 2 * n["advocate"])
    complaints = n["unhappy"] + n["angry"]
    return {
        "advocate": n["advocate"] + praise,
        "complimentary": n["complimentary"] - praise,
        "unhappy": complaints,
        "angry": complaints,
        "misguided": n["misguided"],
        "troll": max(n["troll"] if complaints < 2 * n["troll"] else 0.0, n[REMOVED]) + 2 * n[RESTRICTED],
    }


# ---------------------------------------------------------------- in words


def usual(before: Mapping[str, int]) -> tuple[str, int]:
    """What an author usually is, if more than half of at least two messages agree, and of how many messages."""
    heard = {name: before.get(name, 0) / _ONE for name in PERSONAS}
    total = sum(heard.values())
    best = max(heard, key=heard.__getitem__)
    return (best if total >= 1.5 and heard[best] > total / 2 else "", round(total))


def told(before: Mapping[str, int]) -> str:
    """A history in words: "3 of 5 earlier messages complimentary, 2 unhappy; 1 removed"; old ones count less."""
    heard = sorted(((name, round(before.get(name, 0) / _ONE, 1)) for name in PERSONAS), key=lambda one: -one[1])
    heard = [(name, count) for name, count in heard if count]
    total = round(sum(count for _, count in heard), 1)
    parts = []
    if heard:
        (first, count), *others = heard
        many = f"{count:g} of {total:g} earlier messages {first}"
        parts.append(", ".join([many, *(f"{count:g} {name}" for name, count in others)]))
    if removed := round(before.get(REMOVED, 0) / _ONE, 1):
        parts.append(f"{removed:g} removed")
    if before.get(RESTRICTED):
        parts.append("limited or blocked now")
    return "; ".join(parts) or "nothing"


def explained(found: ByHistory) -> str:
    """Which part came from the words and which from the history."""
    words = f"the words alone {f'say {found.words}' if found.words else 'say none'}"
    return f"{found.said or 'none'}, by the author's history ({told(found.history)}); {words}"
