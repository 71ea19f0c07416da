"""Posts, variants and holds -> what the calendar and the post's page show. Pure: time, zone and names are arguments."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from dashboard import theme
from dashboard.present import city, clock
from dashboard.text import SHORT, one_line, open_address, safe_text
from herald.model import (
    Account,
    Approval,
    DayMark,
    Delivery,
    DeliveryState,
    Hold,
    Note,
    Post,
    Target,
    TargetState,
    post_hash,
    words_of,
)

Row = dict[str, Any]
Name = Callable[[str], str]

STATES: Final = {  # state -> words, tone, mark
    TargetState.DRAFT: ("Draft", "gray", "✎"),
    TargetState.IN_REVIEW: ("In review", "blue", "…"),
    TargetState.APPROVED: ("Approved", "green", "✓"),
    TargetState.RELEASING: ("Going out", "violet", "➤"),
    TargetState.PUBLISHED: ("Published", "teal", "↗"),
    TargetState.FAILED: ("Failed", "red", "!"),
    TargetState.UNCLEAR: ("Unclear", "red", "?"),
    TargetState.HELD: ("Held", "red", "‖"),
    TargetState.CANCELLED: ("Cancelled", "gray", "✕"),
    TargetState.REMOVED: ("Taken down", "gray", "✕"),
}

GROUPS: Final[dict[str, tuple[str, frozenset[TargetState]]]] = {  # what the filter offers
    "draft": ("Draft", frozenset({TargetState.DRAFT})),
    "in_review": ("In review", frozenset({TargetState.IN_REVIEW})),
    "approved": ("Approved", frozenset({TargetState.APPROVED})),
    "out": ("Out", frozenset({TargetState.RELEASING, TargetState.PUBLISHED})),
    "needs_you": ("Needs you", frozenset({TargetState.HELD, TargetState.FAILED, TargetState.UNCLEAR})),
    "off": ("Cancelled", frozenset({TargetState.CANCELLED, TargetState.REMOVED})),
}

LETTERS: Final = {"facebook_page": "f", "linkedin": "in", "tiktok": "t", "youtube": "Y", "messenger": "m"}
FIELDS: Final = {"text": "Text", "link": "Link", "media": "Image", "alt": "Image description", "time": "Time"}


def letter(platform: str) -> str:
    """One or two letters that stand for a platform beside its colour; no logos."""
    return LETTERS.get(platform, theme.platform_name(platform)[:1].upper())


# ---------------------------------------------------------------- days and zones


def month_of(text: str, today: date) -> date:
    """The first day of the month an address names ("2026-11"); of this month where it names none."""
    if re.fullmatch(r"(19[7-9]\d|20\d\d)-(0[1-9]|1[0-2])", text or ""):
        return date(int(text[:4]), int(text[5:]), 1)
    return today.replace(day=1)


def beside(month: date, step: int) -> date:
    """The first day of the month `step` months later."""
    number = month.year * 12 + month.month - 1 + step
    return date(number // 12, number % 12 + 1, 1)


def visible_days(month: date) -> list[date]:
    """Whole weeks from Monday that hold the month."""
    first = month - timedelta(days=month.weekday())
    last = beside(month, 1) - timedelta(days=1)
    weeks = (last - first).days // 7 + 1
    return [first + timedelta(days=n) for n in range(weeks * 7)]


def bounds(days: Sequence[date], zone: str) -> tuple[datetime, datetime]:
    """The instants at which the first of these days begins and the last one ends, in this zone."""
    here = ZoneInfo(zone)
    begin = datetime(days[0].year, days[0].month, days[0].day, tzinfo=here)
    after = days[-1] + timedelta(days=1)
    return begin.astimezone(UTC), datetime(after.year, after.month, after.day, tzinfo=here).astimezone(UTC)


def moved_time(target: Target, zone: str, to: date) -> str:
    """The variant's own wall clock on another day: as many days on as `to` is from the day it stands on.

    The time of day stays as it was written, also where the calendar is drawn in another zone than the account's.
    Raises ValueError when its stored time is none.
    """
    days = (to - target.due_at.astimezone(ZoneInfo(zone)).date()).days
    wall = datetime.strptime(target.local_time[:16], "%Y-%m-%dT%H:%M")  # noqa: DTZ007  wall clock: the zone is beside it
    return f"{wall + timedelta(days=days):%Y-%m-%dT%H:%M}"


def day_words(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"


def when_words(target: Target) -> str:
    """Its own wall clock, the place, and the instant: "Tue 24 Nov 2026, 09:30 in Sydney = 23 Nov 22:30 UTC"."""
    there, utc = target.due_at.astimezone(ZoneInfo(target.zone)), target.due_at.astimezone(UTC)
    other = "" if there.date() == utc.date() else f"{utc.day} {utc:%b} "
    return f"{there:%a} {there.day} {there:%b %Y}, {there:%H:%M} in {city(target.zone)} = {other}{utc:%H:%M} UTC"


def elsewhere(target: Target, zone: str) -> bool:
    """Whether its own wall clock reads otherwise than the calendar's."""
    here, there = target.due_at.astimezone(ZoneInfo(zone)), target.due_at.astimezone(ZoneInfo(target.zone))
    return here.utcoffset() != there.utcoffset()


# ---------------------------------------------------------------- the calendar


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks at the calendar, from where, when."""

    zone: str
    now: datetime
    may_move: bool
    accounts: Mapping[str, Account]


def account_words(account_id: str, accounts: Mapping[str, Account]) -> str:
    """Platform and name: Mastodon, Kelp & Clay."""
    found = accounts.get(account_id)
    name = one_line(found.name if found else account_id.partition(":")[2], 60)
    return f"{theme.platform_name(account_id.partition(':')[0])}, {name}"


def movable(target: Target) -> bool:
    """Whether the gate would move it at all; the page offers nothing else."""
    return target.state.editable and target.state is not TargetState.CANCELLED


def _why_locked(target: Target, look: Looking) -> str:
    words = STATES[target.state][0].lower()
    if movable(target):
        return "" if look.may_move else "Your role does not move posts."
    return f"It is {words} and cannot be moved."


def tile(target: Target, post: Post, look: Looking) -> Row:
    """One variant on the calendar."""
    here = target.due_at.astimezone(ZoneInfo(look.zone))
    words, tone, mark = STATES[target.state]
    title, account = one_line(post.title, 120) or "(no title)", account_words(target.account, look.accounts)
    needs = target.state in GROUPS["needs_you"][1]
    reason = one_line(target.reason, 160)
    said = f"{words}: {reason}" if reason else words
    lines = [title, account, when_words(target), said]
    address = open_address(target.url) if target.state is TargetState.PUBLISHED else ""
    return {
        "id": f"{target.post_id}|{target.account}",
        "post": target.post_id,
        "version": post.version,
        "date": here.date().isoformat(),
        "time": f"{here:%H:%M}",
        "abroad": f"{target.local_time[11:16]} {city(target.zone)}" if elsewhere(target, look.zone) else "",
        "title": title,
        "platform": theme.platform_name(target.platform),
        "letter": letter(target.platform),
        "colour": theme.platform_colour(target.platform),
        "state": str(target.state),
        "words": words,
        "tone": tone,
        "mark": mark,
        "alarm": said if needs else "",
        "href": address,
        "movable": not _why_locked(target, look),
        "locked": _why_locked(target, look),
        "back": target.state in (TargetState.APPROVED, TargetState.HELD, TargetState.FAILED),
        "tip": "\n".join(lines),
        "label": f"{title}, {account}, {when_words(target)}, {said}",
    }


def holidays_of(days: Iterable[date], accounts: Sequence[Account]) -> dict[str, str]:
    """Day -> "Holiday", with the places when it is one in some of the accounts' places only."""
    zones = sorted({account.timezone for account in accounts})
    found: dict[str, str] = {}
    for day in days:
        closed = sorted({account.timezone for account in accounts if day in account.holidays})
        if closed:
            everywhere = closed == zones
            found[day.isoformat()] = "Holiday" if everywhere else "Holiday in " + ", ".join(map(city, closed))
    return found


def mark_of(mark: DayMark) -> Row:
    """A day's mark as the month shows it."""
    kind = str(mark.kind).replace("_", " ")
    at = f"{mark.local_time} " if mark.local_time else ""
    title = one_line(mark.title, 80)
    words = f"{kind}: {at}{title}"
    return {"id": mark.id, "kind": str(mark.kind), "title": f"{at}{title}", "words": words, "done": mark.done}


def month_data(
    month: date, targets: Iterable[Target], posts: Mapping[str, Post], look: Looking, holidays: Mapping[str, str],
    marks: Sequence[DayMark] = (),
) -> Row:  # fmt: skip
    """What the month shows, apart from what was just told."""
    days, today = visible_days(month), look.now.astimezone(ZoneInfo(look.zone)).date()
    tiles = [tile(target, posts[target.post_id], look) for target in targets if target.post_id in posts]
    tiles.sort(key=lambda each: (each["date"], each["time"], each["title"], each["id"]))
    return {
        "today": today.isoformat(),
        "month": {
            "words": f"{month:%B %Y}", "before": f"{beside(month, -1):%Y-%m}", "after": f"{beside(month, 1):%Y-%m}",
            "now": "" if month == today.replace(day=1) else f"{today:%Y-%m}",
        },
        "days": [
            {
                "date": day.isoformat(), "number": day.day, "words": day_words(day), "other": day.month != month.month,
                "holiday": holidays.get(day.isoformat(), ""), "past": day < today,
                "marks": [mark_of(mark) for mark in marks if mark.first_day <= day <= mark.last_day],
            }
            for day in days
        ],
        "tiles": tiles,
    }  # fmt: skip


def need(target: Target, post: Post, look: Looking) -> Row:
    """One line of "needs you": what it is, and what a person can do about it."""
    words, tone, _ = STATES[target.state]
    what = {
        TargetState.HELD: "Move it to another time, or cancel it.",
        TargetState.FAILED: "Mend it and submit again, or cancel it.",
        TargetState.UNCLEAR: "Look on the platform, then say whether it stands there.",
    }.get(target.state, "")
    return {
        "id": f"{target.post_id}|{target.account}",
        "post": target.post_id,
        "pill": [words, tone],
        "title": one_line(post.title, 120) or "(no title)",
        "where": account_words(target.account, look.accounts),
        "when": clock(target.due_at, look.zone, look.now),
        "why": one_line(f"{target.reason} {what}" if target.reason else what, 240),
    }


def hold_words(hold: Hold, accounts: Mapping[str, Account], brand: Sequence[Account], zone: str, now: datetime) -> str:
    """What stands still, since when. The reason is shown beside it."""
    everything = {account.id for account in brand} <= set(hold.accounts)
    which = "all accounts" if everything else "; ".join(account_words(a, accounts) for a in hold.accounts[:6])
    more = "" if everything or len(hold.accounts) <= 6 else f" and {len(hold.accounts) - 6} more"
    return f"Nothing leaves {which}{more}. Since {clock(hold.at, zone, now)}"


# ---------------------------------------------------------------- one post

HISTORY: Final = {  # what a note says -> words, tone
    "drafted": ("wrote it", "gray"),
    "rewritten": ("rewrote it; what had changed needs a new approval", "orange"),
    "submitted": ("sent it for approval", "blue"),
    "approved": ("approved it", "green"),
    "rejected": ("sent it back", "orange"),
    "moved": ("moved it", "orange"),
    "cancelled": ("cancelled it", "gray"),
    "take down": ("ordered it taken down", "red"),
    "seen": ("saw it on the platform", "green"),
    "not there": ("looked: it is not on the platform", "red"),
}


HAPPENED: Final = {  # what Herald itself notes
    "published": ("Published", "green"),
    "held": ("Held", "red"),
    "publish failed": ("Failed", "red"),
    "publish unclear": ("Unclear: a person must look", "red"),
    "publish superseded": ("Called off", "gray"),
    "take down done": ("Taken down", "gray"),
    "take down failed": ("Could not be taken down", "red"),
    "take down unclear": ("May or may not be down: a person must look", "red"),
}


def note_row(note: Note, accounts: Mapping[str, Account], *, name: Name, zone: str, now: datetime) -> Row:
    """One line of a post's history."""
    if note.by == "herald":
        words, tone = HAPPENED.get(note.what, (one_line(note.what, SHORT).capitalize(), "gray"))
    else:
        words, tone = HISTORY.get(note.what, (one_line(note.what, SHORT), "gray"))
        words = f"{one_line(name(note.by), 60)} {words}"
    where = f" ({account_words(note.account, accounts)})" if note.account else ""
    beside = ("drafted", "rewritten", "approved")  # their text is the title or the words, which stand beside it
    told = "" if note.what in beside else note.text
    text = one_line(told.replace("T", " ") if note.what == "moved" else told, 300)
    return {"when": clock(note.at, zone, now), "text": f"{words}{where}{': ' + text if text else ''}", "tone": tone}


def standing(post: Post, target: Target, approvals: Sequence[Approval]) -> tuple[Approval | None, Approval | None]:
    """The approval that stands for this very content, and the newest one that an edit voided."""
    mine = sorted((a for a in approvals if a.account == target.account), key=lambda a: a.at)
    wanted = post_hash(post, target)
    stands = next((a for a in reversed(mine) if a.content_hash == wanted), None)
    voided = next((a for a in reversed(mine) if a.content_hash != wanted), None)
    if stands and voided and voided.at < stands.at:
        voided = None
    return stands, voided


def approved_words(voided: Approval, notes: Iterable[Note]) -> str | None:
    """The words a voided approval was for, where the history keeps them."""
    for note in notes:
        if note.what == "approved" and note.at == voided.at and note.account == voided.account and note.text:
            return note.text
    return None


def diff(before: str, after: str) -> list[dict[str, str]]:
    """What changed, word by word: [{"text", "kind": same | gone | new}]."""
    old, new = re.findall(r"\s+|[^\s]+", before), re.findall(r"\s+|[^\s]+", after)
    pieces: list[dict[str, str]] = []

    def add(kind: str, words: Sequence[str]) -> None:
        text = safe_text("".join(words), 20_000)
        if text:
            pieces.append({"text": text, "kind": kind})

    for op, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if op == "equal":
            add("same", old[a:b])
            continue
        add("gone", old[a:b])
        add("new", new[c:d])
    return pieces


def approval_rows(
    post: Post, target: Target, approvals: Sequence[Approval], notes: Sequence[Note], *, name: Name,
    now: datetime,
) -> list[Row]:  # fmt: skip
    """Who answers for it; what voided an earlier approval, and what differs since."""
    stands, voided = standing(post, target, approvals)
    rows: list[Row] = []
    if stands:
        by = one_line(name(stands.by), 60)
        at = clock(stands.at, target.zone, now)
        words = f"by {by}, {at}, for content {stands.content_hash[:8]}"
        if target.state in (TargetState.DRAFT, TargetState.IN_REVIEW, TargetState.CANCELLED):
            since = f"{words}; {STATES[target.state][0].lower()} since"
            rows.append({"k": "Approval", "v": since, "mute": True})
        else:
            rows.append({"k": "Approval", "pill": ["Approved", "green"], "v": words})
    if voided:
        by, at = one_line(name(voided.by), 60), clock(voided.at, target.zone, now)
        later = [n for n in notes if n.at >= voided.at and n.what in ("rewritten", "moved")
                 and n.account in ("", target.account)]  # fmt: skip
        cause = f"{one_line(name(later[0].by), 60)} {HISTORY[later[0].what][0].partition(';')[0]}" if later else ""
        rows.append({
            "k": "Earlier approval", "pill": ["Voided by an edit", "orange"],
            "v": f"given by {by}, {at}, for content {voided.content_hash[:8]}" + (f"; then {cause}" if cause else ""),
        })  # fmt: skip
        was = approved_words(voided, notes)
        if was is not None and was != words_of(post, target):
            rows.append({"k": "Changed since", "diff": diff(was, words_of(post, target))})
        elif was is not None:
            same = "The words are the same: time, link or image changed."
            rows.append({"k": "Changed since", "v": same, "mute": True})
    if not stands and not voided:
        rows.append({"k": "Approval", "v": "none yet", "mute": True})
    return rows


DELIVERY: Final = {
    DeliveryState.DUE: "waits for its turn",
    DeliveryState.SENDING: "is being sent",
    DeliveryState.UNCONFIRMED: "was sent; the platform has not confirmed it, Herald is looking there",
    DeliveryState.DONE: "stands on the platform",
    DeliveryState.FAILED: "failed",
    DeliveryState.UNCLEAR: "may or may not stand on the platform: only a person can tell",
    DeliveryState.SUPERSEDED: "was called off",
}


def delivery_rows(delivery: Delivery | None, target: Target, now: datetime) -> list[Row]:
    """How its delivery stands, without embellishment."""
    if delivery is None:
        return []
    tries = f"{delivery.attempt} attempt{'' if delivery.attempt == 1 else 's'}"
    words = f"{DELIVERY[delivery.state]} · {tries}"
    if delivery.looked:
        words += f" · looked up {delivery.looked} time{'' if delivery.looked == 1 else 's'}"
    rows: list[Row] = [{"k": "Delivery", "v": words}]
    if delivery.first_sent_at:
        rows.append({"k": "First sent", "v": clock(delivery.first_sent_at, target.zone, now)})
    if delivery.lease_until and delivery.state is DeliveryState.SENDING:
        rows.append({"k": "Leased until", "v": clock(delivery.lease_until, target.zone, now)})
    elif not delivery.state.final:
        rows.append({"k": "Next look", "v": clock(delivery.due_at, target.zone, now)})
    if delivery.reason and delivery.state is not DeliveryState.DONE:
        rows.append({"k": "Why", "v": safe_text(delivery.reason, 400)})
    return rows


def variant(
    post: Post, target: Target, delivery: Delivery | None, approvals: Sequence[Approval], notes: Sequence[Note],
    accounts: Mapping[str, Account], problems: Sequence[tuple[str, str]],
    *, name: Name, now: datetime,
) -> Row:  # fmt: skip
    """One variant as its card shows it."""
    words, tone, _ = STATES[target.state]
    rows: list[Row] = [{"k": "Goes out" if not target.published_at else "Planned for", "v": when_words(target)}]
    if target.published_at:
        rows.append({"k": "Published", "v": f"{clock(target.published_at, target.zone, now)} in {city(target.zone)}"})
    if target.external_id:
        rows.append({"k": "Its id there", "v": one_line(target.external_id, 120)})
    if target.submitted_by:
        rows.append({"k": "Submitted by", "v": one_line(name(target.submitted_by), 60)})
    rows += delivery_rows(delivery, target, now)
    rows += approval_rows(post, target, approvals, notes, name=name, now=now)
    found = accounts.get(target.account)
    return {
        "platform": theme.platform_name(target.platform),
        "letter": letter(target.platform),
        "colour": theme.platform_colour(target.platform),
        "account": one_line(found.name if found else target.account_id, 60),
        "pill": [words, tone],
        "reason": [safe_text(target.reason, 500), tone] if target.reason else None,
        "own": safe_text(target.text, 20_000),
        "rows": rows,
        "problems": [{"field": field, "words": safe_text(said, 300)} for field, said in problems],
        "href": open_address(target.url),
        "link": f"See it on {theme.platform_name(target.platform)}",
    }
