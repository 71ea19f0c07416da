"""Which platforms serve a brand's needs best: scores of 0 to 3 for each need, weighted. Pure arithmetic, no opinion."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fractions import Fraction
from hashlib import sha256

from herald.model.record import record
from herald.model.research import PlatformScore, Scored

BEST = 3


@record
class Total:
    """One platform's weighted mean.

    Attributes:
        points: Σ weight × score / (3 × Σ weight) over all needs, in percent; a need without a score counts 0.
        scored: how many of the needs somebody scored.
    """

    platform: str
    points: float
    scored: int


def totals(weights: Mapping[str, int], scores: Iterable[PlatformScore | Scored]) -> list[Total]:
    """Every platform that has a score, best first; equal ones by name. Weights of 0 leave a need out."""
    given: dict[str, dict[str, int]] = {}
    for one in scores:
        if weights.get(one.need, 0) > 0:
            given.setdefault(one.platform, {})[one.need] = one.score
    whole = sum(weight for weight in weights.values() if weight > 0)
    found = []
    for platform, mine in given.items():
        points = sum((Fraction(weights[need] * score) for need, score in mine.items()), Fraction())
        found.append(Total(platform, float(points * 100 / (BEST * whole)), len(mine)))
    return sorted(found, key=lambda total: (-total.points, total.platform))


def digest(
    needs: int, weights: Mapping[str, int], scores: Iterable[PlatformScore | Scored], sheet: str
) -> str:  # fmt: skip
    """SHA-256, in hex, of one exact comparison: what a signature is put under.

    Of the needs' version, each need with its weight, each score with its reason, and the digest of the sheet, as JSON
    with sorted rows; whatever order they come in, the same comparison has the same digest.
    """
    rows = sorted([one.platform, one.need, one.score, one.reason] for one in scores)
    told = [needs, sorted([need, weight] for need, weight in weights.items()), rows, sheet]
    return sha256(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
