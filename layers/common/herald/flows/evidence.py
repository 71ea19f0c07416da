"""An evidence pack of a person and a period, read from the chain of people's commands alone."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from datetime import datetime

from herald.errors import Unknown
from herald.flows.context import Herald
from herald.govern import evidence
from herald.govern.evidence import Shown
from herald.model import AuditEntry
from herald.model.record import record

CHAIN = "people"
_PAGE = 500
MOST = 50_000
"""Lines a pack reads at the most: some years of a small team."""


@record
class Pack:
    """What was found, and as files: name -> bytes. `cut` where the period has more than MOST lines."""

    shown: tuple[Shown, ...]
    lines: int
    cut: bool
    files: dict[str, bytes]

    @property
    def complete(self) -> bool:
        return not self.cut and not any(each.lacks for each in self.shown)


def gather(person: str, first: datetime, until: datetime, herald: Herald, now: datetime) -> Pack:
    """The pack of a person (empty: of everybody) over the lines from `first` to before `until`.

    Raises Unknown for a person Herald does not know.
    """
    if person and herald.store.person(person) is None:
        raise Unknown(f"there is no person {person!r}")
    read, cut = list[AuditEntry](), False
    for line in _between(first, until, herald):
        if len(read) == MOST:
            cut = True
            break
        read.append(line)
    mine = [line for line in read if not person or line.actor == person]
    shown = tuple(evidence.pack(mine))
    head = herald.store.audit_head(CHAIN)
    about = {
        "unit": "SIRXMKT002",
        "person": person or "everybody",
        "from": first.isoformat(),
        "until": until.isoformat(),
        "made_at": now.isoformat(),
        "chain": CHAIN,
        "chain_ends_at": str(head.seq if head else 0),
        "chain_ends_with": head.digest if head else "",
        "verify": "herald audit verify",
    }
    files = {
        "evidence.json": json.dumps(evidence.told(shown, about), indent=2, ensure_ascii=False).encode(),
        "evidence.html": _page(shown, about).encode(),
    }
    return Pack(shown, len(mine), cut, files)


def _between(first: datetime, until: datetime, herald: Herald) -> Iterator[AuditEntry]:
    """Lines of a period in order. Lines are written in order of time, so the first is found by halving."""
    head = herald.store.audit_head(CHAIN)
    if head is None or head.at < first:
        return
    low, high = 0, head.seq  # the first line of the period has a number in (low, high]
    while high - low > 1:
        middle = (low + high) // 2
        line = next(iter(herald.store.audit_of(CHAIN, after=middle - 1, limit=1)), None)
        if line is None or line.at >= first:
            high = middle
        else:
            low = middle
    after = low
    while page := herald.store.audit_of(CHAIN, after=after, limit=_PAGE):
        for line in page:
            if line.at >= until:
                return
            if line.at >= first:
                yield line
        after = page[-1].seq


def _page(shown: tuple[Shown, ...], about: dict[str, str]) -> str:
    """The pack for people to read; everything in it is escaped."""

    def cell(text: object) -> str:
        return html.escape(str(text))

    facts = "".join(f"<tr><th>{cell(name.replace('_', ' '))}<td>{cell(value)}" for name, value in about.items())
    rows = []
    for each in shown:
        lines = "".join(
            f"<li>{cell(line.at.strftime('%Y-%m-%d %H:%M'))} {cell(line.actor)}: {cell(line.what)} "
            f"{cell(line.subject)} <small>line {line.seq}, {cell(line.digest[:12])}</small>"
            for line in each.lines[:20]
        )
        more = f"<p>and {len(each.lines) - 20} more, in evidence.json</p>" if len(each.lines) > 20 else ""
        state = f"<strong>lacks {cell(each.lacks)}</strong>" if each.lacks else f"shown {len(each.lines)} times"
        rows.append(f"<h2>{cell(each.item.number)} {cell(each.item.words)}</h2><p>{state}</p><ul>{lines}</ul>{more}")
    style = "body{font:15px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}small{color:#666}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Evidence pack</title>'
        f"<style>{style}</style></head><body><h1>Evidence pack</h1><table>{facts}</table>"
        f"{''.join(rows)}</body></html>\n"
    )
