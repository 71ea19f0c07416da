"""Assets and customers' content -> cards, rows and facts. Pure: time and names are arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from dashboard import present, present_posts, theme
from dashboard.text import one_line, open_address, safe_text
from herald.library import assets as rules
from herald.library.licences import LICENCES
from herald.model import Account, Asset, AssetKind, Message, Post, RightState, Target, UserContent

Block = dict[str, Any]
Row = dict[str, Any]

KINDS: Final = {
    AssetKind.IMAGE: "Image", AssetKind.TEXT: "Text", AssetKind.PDF: "PDF", AssetKind.AUDIO: "Sound",
    AssetKind.VIDEO: "Film", AssetKind.LINK: "Link",
}  # fmt: skip
STATES: Final = {
    RightState.CAPTURED: ("Captured", "blue"),
    RightState.ASKED: ("Asked", "violet"),
    RightState.GRANTED: ("Granted", "green"),
    RightState.REFUSED: ("Refused", "gray"),
    RightState.WITHDRAWN: ("Withdrawn", "red"),
}
USE_COLUMNS: Final = (
    {"id": "post", "label": "Post", "width": 0},
    {"id": "state", "label": "Where it stands", "width": 190},
    {"id": "when", "label": "First out", "width": 120, "from": 460},
)
SAID_COLUMNS: Final = (
    {"id": "when", "label": "Said", "width": 100, "card": "aside"},
    {"id": "from", "label": "From", "width": 150, "card": "name"},
    {"id": "message", "label": "Message", "width": 0, "card": "text"},
)
CONTENT_COLUMNS: Final = (
    {"id": "state", "label": "Right", "width": 96, "card": "top"},
    {"id": "since", "label": "Since", "width": 84, "card": "aside"},
    {"id": "platform", "label": "Platform", "width": 104, "card": "foot"},
    {"id": "from", "label": "From", "width": 130, "card": "name"},
    {"id": "message", "label": "What they shared", "width": 0, "card": "text"},
    {"id": "how", "label": "Captured", "width": 150, "card": "foot"},
)


def last_day(ends_at: datetime | None, zone: str) -> str:
    """The last day of something that ends at this instant, "31 Dec 2026"; empty where it does not end."""
    if ends_at is None:
        return ""
    day = (ends_at - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
    return f"{day.day} {day:%b %Y}"


def card(asset: Asset, src: str, now: datetime) -> Row:
    """One card of the gallery."""
    mend = rules.to_mend(asset, now)
    pill: list[str] | None = [one_line(mend, 40), "red" if mend not in ("No description", "Licence ends soon") else
                              "orange"] if mend else None  # fmt: skip
    licence = LICENCES.get(asset.licence)
    return {
        "id": asset.id, "title": one_line(asset.title, 90), "sub": licence.name if licence else "?", "src": src,
        "alt": safe_text(asset.alt, 300), "mark": KINDS[asset.kind].upper(), "pill": pill,
    }  # fmt: skip


def matches(asset: Asset, wanted: str) -> bool:
    """Whether every word looked for stands in what is known of it."""
    known = " ".join((asset.title, asset.alt, asset.credit, asset.source, asset.address)).casefold()
    return all(word in known for word in wanted.casefold().split())


def facts(asset: Asset, zone: str, now: datetime, *, name: present.Name) -> list[Block]:
    """All that is known of an asset."""
    licence = LICENCES.get(asset.licence)
    standing = rules.obstacle(asset, now)
    pill = ["Can be used", "green"] if not standing else ["Cannot be used", "red"]
    rows: list[Row] = [{"k": "Licence", "v": licence.name if licence else asset.licence, "pill": pill}]
    if standing:
        rows.append({"k": "Why", "v": safe_text(standing, 300)})
    if licence:
        rows.append({"k": "It permits", "v": licence.means, "mute": True})
    for label, text in (
        ("Credit", asset.credit), ("Description", asset.alt), ("From", asset.source), ("Address", asset.address),
        ("Permitted", asset.proof),
    ):  # fmt: skip
        if text:
            rows.append({"k": label, "v": safe_text(text, 600)})
    if line := rules.credit_line(asset):
        rows.append({"k": "Posts say", "v": safe_text(line, 400)})
    if asset.ends_at:
        rows.append({"k": "Last day", "v": last_day(asset.ends_at, zone)})
    if asset.size:
        seen = f"{asset.width} × {asset.height} px · " if asset.width else ""
        rows.append({"k": "File", "v": f"{seen}{size_words(asset.size)} · {asset.mime}"})
        rows.append({"k": "SHA-256", "v": asset.sha256, "mute": True})
    rows.append({"k": "Added", "v": f"{present.clock(asset.at, zone, now)} by {one_line(name(asset.by), 60)}"})
    if asset.retired_at:
        when = f"{present.clock(asset.retired_at, zone, now)} by {one_line(name(asset.retired_by), 60)}"
        rows.append({"k": "Out of use", "v": f"{when}: {safe_text(asset.reason, 500)}"})
    return [{"t": "facts", "rows": rows}]


def size_words(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1_000_000 else f"{size / 1000:,.0f} kB"


def uses(found: Iterable[tuple[Post, Sequence[Target]]], zone: str, now: datetime) -> list[Row]:
    """The posts that rest on it, a row each."""
    rows = []
    for post, targets in found:
        states = [present_posts.STATES[target.state][0] for target in targets]
        told = ", ".join(f"{states.count(each)} × {each.lower()}" for each in dict.fromkeys(states)) or "no variant"
        out = [target.published_at for target in targets if target.published_at]
        cells = {
            "post": {"strong": one_line(post.title, 90)}, "state": one_line(told, 90),
            "when": {"muted": present.clock(min(out), zone, now) if out else ""},
        }  # fmt: skip
        rows.append({"id": post.id, "cells": cells})
    return rows


# ---------------------------------------------------------------- customers' content


def since(content: UserContent) -> datetime:
    return content.ended_at or content.answered_at or content.asked_at or content.captured_at


def content_row(content: UserContent, message: Message | None, now: datetime) -> Row:
    """One line of a list of customers' content."""
    words, tone = STATES[content.state]
    gone = message is None or message.deleted
    said = "The customer deleted it." if gone or message is None else one_line(message.text, 160)
    return {
        "id": content.id,
        "cells": {
            "state": {"pill": [words, tone]}, "since": {"muted": present.ago(since(content), now)},
            "platform": {"dot": theme.platform_colour(content.platform),
                         "text": theme.platform_name(content.platform)},
            "from": {"strong": present.author(message) if message is not None else "?"},
            "message": {"muted": said} if gone else said,
            "how": {"muted": one_line(content.how, 60)},
        },
    }  # fmt: skip


def said_row(message: Message, now: datetime) -> Row:
    """One line of what customers said."""
    return {
        "id": message.id,
        "cells": {"when": {"muted": present.ago(message.created_at, now)}, "from": {"strong": present.author(message)},
                  "message": present.words(message)},
    }  # fmt: skip


def content_facts(
    content: UserContent, zone: str, now: datetime, *, name: present.Name, said: Callable[[str], Message | None]
) -> list[Block]:
    """How the right came about and how far it reaches."""
    rows: list[Row] = []
    if content.state is RightState.GRANTED:
        over = content.ends_at is not None and content.ends_at <= now
        rows.append({"k": "May be shown", "pill": ["Ended", "red"] if over else ["Granted", "green"],
                     "v": "on " + ", ".join(map(theme.platform_name, content.platforms))})  # fmt: skip
        rows.append({"k": "Last day", "v": last_day(content.ends_at, zone) or "no end"})
        rows.append({"k": "Posts say", "v": f"With thanks to {one_line(content.credit, 120)}" if content.credit else
                     "nothing: no credit was asked"})  # fmt: skip
    if content.evidence:
        message = said(content.evidence)
        shown = safe_text(message.text, 400) if message and not message.deleted else "(deleted since)"
        rows.append({"k": "They answered", "v": shown})
    if content.note:
        rows.append({"k": "Noted", "v": safe_text(content.note, 500)})
    if content.reason and content.reason != content.note:
        rows.append({"k": "Reason", "v": safe_text(content.reason, 500)})
    return [{"t": "facts", "rows": rows}] if rows else []


def content_events(content: UserContent, zone: str, now: datetime, *, name: present.Name) -> Block:
    """What happened to the right, in order."""
    steps = [(content.captured_at, f"Captured by {_who(content.captured_by, name)} ({content.how})", "")]
    if content.asked_at:
        steps.append((content.asked_at, f"Asked by {_who(content.asked_by, name)}", "violet"))
    if content.answered_at:
        granted = bool(content.platforms)
        words = "Grant confirmed" if granted else "Refusal noted"
        steps.append((content.answered_at, f"{words} by {_who(content.answered_by, name)}", "green" if granted else ""))
    if content.state is RightState.WITHDRAWN and content.ended_at:
        steps.append((content.ended_at, f"Withdrawn, noted by {_who(content.ended_by, name)}", "red"))
    return {
        "t": "events",
        "rows": [{"when": present.clock(at, zone, now), "text": one_line(text, 200), "tone": tone}
                 for at, text, tone in steps],
    }  # fmt: skip


def _who(person_id: str, name: present.Name) -> str:
    return "a rule" if person_id == "rules" else one_line(name(person_id), 60)


def question(brand_name: str, account: Account | None, message: Message) -> str:
    """The question a person may start from."""
    first = present.author(message).split()[0] if message.author_name else "there"
    return (
        f"Hi {first}, we love this! May we show it on our own pages, with thanks to you? If so, just answer "
        f"#Yes{''.join(part for part in brand_name.title() if part.isalnum())}. You can take it back at any time by "
        "telling us."
    )


def origin(address: str) -> Mapping[str, str] | None:
    """A link for reading, where a browser may open it."""
    shown = open_address(address)
    return {"href": shown, "text": one_line(shown, 90)} if shown else None
