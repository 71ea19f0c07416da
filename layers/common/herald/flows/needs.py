"""What a post rests on: an offer that is open, stock, a licence. Asked when it is written, approved, released and sent.

A need is a reference "kind:id". Each kind has one judge here; a kind nobody judges stands against the post. What a
judge read is checked again, unchanged, inside the very transaction that sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from herald.flows.context import Herald
from herald.model import Record


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a need is met.

    Attributes:
        obstacle: in words, what stands against the post; empty where nothing does.
        read: records this rests on, at the versions read.
    """

    obstacle: str = ""
    read: tuple[Record, ...] = ()


class Judge(Protocol):
    def __call__(self, ref: str, brand: str, account: str, herald: Herald, *, now: datetime, at: datetime) -> Standing:
        """Is what `ref` (the id behind the kind) names met for a post of this brand that goes out at `at`?"""


JUDGES: Mapping[str, Judge] = MappingProxyType({})


def standing(
    needs: Iterable[str], brand: str, account: str, herald: Herald, *, now: datetime, at: datetime
) -> Standing:
    """All needs of a post together: the first obstacle, and everything read."""
    obstacle, read = "", list[Record]()
    for need in needs:
        kind, _, ref = need.partition(":")
        judge = JUDGES.get(kind)
        found = judge(ref, brand, account, herald, now=now, at=at) if judge else _nobody(kind)
        obstacle = obstacle or found.obstacle
        read += [one for one in found.read if one not in read]
    return Standing(obstacle, tuple(read))


def _nobody(kind: str) -> Standing:
    return Standing(f"It rests on a {kind[:40]}, which Herald cannot check. Edit the post.")
