"""An evidence pack of one person, or of everybody, and a period, from the audit and the records beside it alone.

What the pack cites can be held against the audit at any later time: each line names its place in the chain and its
digest, and the heads of all chains as they stood are in it (`verify`, and `herald audit verify` for the chains).
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from herald.errors import Refused, Unknown
from herald.flows.audit import CHAINS
from herald.flows.context import Herald
from herald.govern import audit, evidence
from herald.govern.evidence import Answer, Line, Map, Shown
from herald.model import AuditEntry, Person, TargetState
from herald.model.record import record

CHAIN = "people"
_PAGE = 500
MOST = 20_000
"""Entries of the chain that a pack reads at the most: all people's, of its period."""

MOST_POSTS = 300
SLACK = timedelta(minutes=10)
"""How far entries of a chain may stand out of the order of their times: a command that lost a race is sealed later."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


@record
class Pack:
    """What was found of a person over a period, and as files: name -> bytes.

    Attributes:
        person: an id; empty: of everybody together.
        until: the first instant after the period. heads: chain -> (number, digest) of its last entry at `made_at`.
        cut: the period has more entries than are read, so what lacks may not lack.
    """

    person: str
    first: datetime
    until: datetime
    made_at: datetime
    shown: tuple[Shown, ...]
    heads: tuple[tuple[str, int, str], ...]
    lines: int
    cut: bool
    files: dict[str, bytes]

    @property
    def complete(self) -> bool:
        return not self.cut and all(one.complete for one in self.shown)


def gather(person: str, first: datetime, until: datetime, herald: Herald, now: datetime) -> Pack:
    """The pack of a person (empty: of everybody) over the entries from `first` to before `until`.

    The same facts and `now` give the same files.

    Raises Unknown for a person Herald does not know.
    """
    known = herald.store.person(person) if person else None
    if person and known is None:
        raise Unknown(f"There is no person {person[:60]!r}.")
    wanted = evidence.shipped()
    read, cut = list[AuditEntry](), False
    for entry in between(CHAIN, first, until, herald):
        if len(read) == MOST:
            cut = True
            break
        read.append(entry)
    mine = [entry for entry in read if not person or entry.actor == person]
    lines = [evidence.told(entry, wanted) for entry in mine]
    lines += _published(mine, until, herald)
    last = tuple(heads(herald))
    pack = Pack(
        person, first, until, now, tuple(evidence.judge(wanted, lines)), last, len(mine), cut, {}
    )  # fmt: skip
    files = {"evidence.json": _json(pack, wanted, known), "evidence.html": _page(pack, wanted, known).encode()}
    return Pack(person, first, until, now, pack.shown, last, len(mine), cut, files)


def between(chain: str, first: datetime, until: datetime, herald: Herald) -> Iterator[AuditEntry]:
    """Entries of a period in order. The first is found by halving: as many reads as its number has binary digits."""
    head = herald.store.audit_head(chain)
    if head is None or head.at < first - SLACK:
        return
    low, high = 0, head.seq  # every entry up to `low` is older; the first of the period has a number in (low, high]
    while high - low > 1:
        middle = (low + high) // 2
        entry = next(iter(herald.store.audit_of(chain, after=middle - 1, limit=1)), None)
        if entry is None or entry.at >= first - SLACK:
            high = middle
        else:
            low = middle
    after = low
    while page := herald.store.audit_of(chain, after=after, limit=_PAGE):
        for entry in page:
            if entry.at >= until + SLACK:
                return
            if first <= entry.at < until:
                yield entry
        after = page[-1].seq


def heads(herald: Herald) -> Iterator[tuple[str, int, str]]:
    """(chain, number, digest) of the last entry of each chain."""
    for chain in sorted(CHAINS):
        if head := herald.store.audit_head(chain):
            yield chain, head.seq, head.digest


def _published(mine: Sequence[AuditEntry], until: datetime, herald: Herald) -> list[Line]:
    """Where the posts that this person wrote in the period stand: the proof of each publication up to its end."""
    written = list(dict.fromkeys(entry.subject for entry in mine if entry.what == "Draft"))[-MOST_POSTS:]
    posts = herald.store.posts(written) if written else {}
    found = []
    for name in written:
        post = posts.get(name)
        for target in herald.store.targets_of(name) if post else ():
            out = target.published_at
            if post is None or out is None or out >= until or not target.external_id:
                continue
            facts = {
                "platform": target.account.partition(":")[0], "content": "visual" if post.media else "text",
                "state": "taken down" if target.state is TargetState.REMOVED else "stands",
            }  # fmt: skip
            link = target.url if target.url.startswith("https://") else ""
            found.append(
                Line(out, "published", name, facts, page="calendar", query=f"post={name}", link=link)
            )  # fmt: skip
    return found


# ---------------------------------------------------------------- as files


def _about(pack: Pack, wanted: Map, known: Person | None) -> dict[str, Any]:
    return {
        "unit": wanted.unit, "title": wanted.title, "person": pack.person, "name": known.name if known else "Everybody",
        "roles": sorted(known.roles) if known else [], "from": _instant(pack.first), "until": _instant(pack.until),
        "made_at": _instant(pack.made_at), "complete": pack.complete, "cut": pack.cut,
        "shown": sum(one.complete for one in pack.shown), "of": len(pack.shown),
    }  # fmt: skip


def _json(pack: Pack, wanted: Map, known: Person | None) -> bytes:
    document = {
        **_about(pack, wanted, known),
        "heads": [{"chain": chain, "seq": seq, "digest": digest} for chain, seq, digest in pack.heads],
        "verify": "herald audit verify; herald evidence --check evidence.json",
        "items": [
            {
                "number": one.item.number, "part": str(one.item.part), "says": one.item.says, "page": one.item.page,
                "complete": one.complete, "asks": [_answer_json(answer) for answer in one.answers],
            }
            for one in pack.shown
        ],
    }  # fmt: skip
    return f"{json.dumps(document, ensure_ascii=False, indent=1)}\n".encode("utf-8", "replace")


def _answer_json(answer: Answer) -> dict[str, Any]:
    ask = answer.ask
    return {
        "any": list(ask.any_of), "record": ask.record or None, "least": ask.least, "distinct": ask.distinct or None,
        "where": {name: sorted(values) for name, values in ask.where.items()},
        "found": answer.found, "records": answer.records, "lacks": answer.lacks or None,
        "lines": [
            {
                "at": _instant(line.at), "what": line.what, "subject": line.subject, "facts": dict(line.facts),
                "chain": line.chain or None, "seq": line.seq or None, "digest": line.digest or None,
                "page": f"{line.page}?{line.query}" if line.query else line.page or None, "link": line.link or None,
            }
            for line in answer.lines
        ],
    }  # fmt: skip


_STYLE = (
    ":root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;"
    "padding:0 1rem}h2{font-size:1.05rem;margin:1.6em 0 .2em}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:4px 10px 4px 0;border-bottom:1px solid #8885}"
    "small,code{color:#777;overflow-wrap:anywhere}.lacks{color:#b3541e;font-weight:600}.wide{overflow-x:auto}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def _page(pack: Pack, wanted: Map, known: Person | None) -> str:
    """The pack for people to read; everything in it is escaped, nothing comes from elsewhere."""
    about = _about(pack, wanted, known)
    name = str(about["name"])
    told = f"{about['shown']} of {about['of']} items are shown" + (
        f"; the period has more than {MOST:,} entries, of which the first were read" if pack.cut else ""
    )
    rows = [
        ("Unit", f"{wanted.unit} {wanted.title}"), ("Person", f"{name} ({pack.person})" if known else name),
        ("Roles", ", ".join(str(role).replace("_", " ") for role in about["roles"])),
        ("Period", f"{about['from']} to before {about['until']}"), ("Made", about["made_at"]), ("Result", told),
    ]  # fmt: skip
    heads = "".join(
        f"<tr><td>{_cell(chain)}<td>{seq}<td><code>{_cell(digest)}</code>" for chain, seq, digest in pack.heads
    )
    items = "".join(map(_item, pack.shown))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>Evidence of {_cell(name)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>Evidence of {_cell(name)}</h1>"
        f"<table>{''.join(f'<tr><th>{_cell(key)}<td>{_cell(value)}' for key, value in rows)}</table>{items}"
        f"<h2>How to verify</h2><p>Each line cites its place in the audit and its digest. "
        f"<code>herald evidence --check evidence.json</code> holds them against the audit, "
        f"<code>herald audit verify</code> the audit against its "
        f"locked copy. Subjects that may name a customer's message are given as hashes.</p>"
        f"<table><tr><th>Chain<th>Last entry<th>Its digest{heads}</table></body></html>\n"
    )


def _item(one: Shown) -> str:
    parts = [f"<h2>{_cell(one.item.number)} {_cell(one.item.says)}</h2>"]
    for answer in one.answers:
        told = f"Lacks {_cell(answer.lacks)}: page {_cell(one.item.page)}."
        lacks = f'<p class="lacks">{told}</p>' if answer.lacks else ""
        rows = "".join(
            f"<tr><td>{_cell(_instant(line.at))}<td>{_cell(line.what)} {_cell(line.subject)}"
            f"<td>{_cell('; '.join(f'{name} {value}' for name, value in line.facts.items()))} {_cell(line.link)}"
            f"<td><small>{_cell(f'{line.chain} {line.seq} {line.digest[:16]}' if line.chain else '')}</small>"
            for line in answer.lines
        )
        more = f"<p><small>{answer.records:,} records in all, the newest are listed.</small></p>"
        parts.append(lacks + (f'<div class="wide"><table>{rows}</table></div>' if rows else ""))
        parts.append(more if answer.records > len(answer.lines) else "")
    return "".join(parts)


def _cell(text: object) -> str:
    return html.escape(str(text))


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


# ---------------------------------------------------------------- held against the audit


@record
class Checked:
    """How many cited entries stand in the audit as cited, and what is wrong: a sentence each."""

    cited: int
    problems: tuple[str, ...]


def check(file: bytes, herald: Herald) -> Checked:
    """Hold every entry and head that a pack (evidence.json) cites against the audit as it stands.

    Raises Refused (input) where it is no pack.
    """
    cited = _cited(file)
    problems = []
    for (chain, seq), digest in sorted(cited.items()):
        entry = next(iter(herald.store.audit_of(chain, after=seq - 1, limit=1)), None)
        if entry is None or entry.seq != seq:
            problems.append(f"{chain} {seq}: is gone from the audit")
        elif entry.digest != digest or audit.digest(entry) != digest:
            problems.append(f"{chain} {seq}: is not what the pack cites")
    return Checked(len(cited), tuple(problems))


def _cited(file: bytes) -> dict[tuple[str, int], str]:
    try:
        pack = json.loads(file)
        lines = [line for item in pack["items"] for ask in item["asks"] for line in ask["lines"] if line["chain"]]
        found = {(str(one["chain"]), int(one["seq"])): str(one["digest"]) for one in (*pack["heads"], *lines)}
    except (ValueError, KeyError, TypeError):
        raise Refused("input", "This is no evidence pack: give the evidence.json that Herald wrote.") from None
    if len(found) > MOST or not all(
        chain in CHAINS and seq > 0 and _DIGEST.fullmatch(digest) for (chain, seq), digest in found.items()
    ):
        raise Refused("input", "This pack cites what no audit of Herald can hold.")
    return found
