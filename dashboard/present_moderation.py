"""Authors, channels and how well decisions stand -> rows and blocks. Pure: time and names are arguments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from dashboard import present, theme
from dashboard.present import Block, Name, Row
from dashboard.present_measures import waited
from dashboard.text import one_line, safe_text
from herald.measure.accounting import DEFINITIONS, Accounting, RuleStands, Share
from herald.model import Account, Delivery, DeliveryState, LockAsked
from herald.model.restrictions import Measure, Mode, Restriction, ThreadLock
from herald.moderate import persona
from herald.moderate.ladder import Proposal, Rung

MEASURES: Final = {Measure.LIMIT: ("Limited", "orange"), Measure.BLOCK: ("Blocked", "red")}
MEANS: Final = {
    Measure.LIMIT: "Limit: what they write in public waits for a person, hidden where the platform can hide.",
    Measure.BLOCK: "Block: the platform lets them speak to this account no more.",
}
MODES: Final = {
    Mode.HOLD: ("Hold back", "What waits for a person is hidden until it was seen."),
    Mode.AFTER: ("After publication", "What waits stays visible; rules hide what they are sure of."),
    Mode.REACTIVE: ("Reactive", "No rule hides: a person does, on what a rule points out."),
    Mode.WATCH: ("Proactive watch", "As after publication; Herald also asks the platform by itself."),
}
AUTHOR_COLUMNS: Final = (
    {"id": "author", "label": "Author"},
    {"id": "measure", "label": "Stands", "width": 110},
    {"id": "until", "label": "Until", "width": 150},
    {"id": "clause", "label": "Clause", "width": 110},
    {"id": "by", "label": "By", "width": 150},
    {"id": "reason", "label": "Reason", "wraps": True},
)
CHANNEL_COLUMNS: Final = (
    {"id": "channel", "label": "Channel"},
    {"id": "mode", "label": "Mode", "width": 180},
    {"id": "can", "label": "What Herald can do there", "wraps": True},
)


def author_row(kept: Restriction, account: Account | None, author: str, *, name: Name, now: datetime) -> Row:
    """One author against whom something stands."""
    zone = account.timezone if account else "UTC"
    where = theme.platform_name(kept.account.partition(":")[0])
    return {
        "id": f"{kept.account} {kept.author_id}",
        "cells": {
            "author": {"strong": one_line(author, 80), "sub": where},
            "measure": {"pill": list(MEASURES[kept.measure])},
            "until": present.clock(kept.until, zone, now),
            "clause": one_line(kept.clause, 40),
            "by": one_line(name(kept.by), 60),
            "reason": safe_text(kept.reason, 300),
        },
    }


def author_blocks(
    kept: Restriction | None, asked: Proposal, hidden: int, before: Mapping[str, int], account: Account | None, *,
    name: Name, now: datetime,
) -> list[Block]:  # fmt: skip
    """What is known of the author of the open message, and what the ladder proposes."""
    zone = account.timezone if account else "UTC"
    rows: list[Row] = [{"k": "Decided to hide", "v": f"{hidden:,} of their messages here"}]
    if before:
        rows.insert(0, {"k": "Usually", "v": usually(before) or persona.told(before)})
    if kept is not None and kept.stands(now):
        word, tone = MEASURES[kept.measure]
        until = present.clock(kept.until, zone, now)
        rows.append({"k": "Now", "pill": [word, tone], "v": f"until {until}, by {one_line(name(kept.by), 60)}"})
        rows.append({"k": "Reason", "v": safe_text(kept.reason, 300)})
    elif kept is not None:
        by = "by itself" if kept.ended_by in ("", "expiry") else f"by {one_line(name(kept.ended_by), 60)}"
        at = kept.ended_at or kept.until
        rows.append({"k": "Before", "v": f"{MEASURES[kept.measure][0]}, ended {by} {present.clock(at, zone, now)}"})
    else:
        rows.append({"k": "Before", "v": "nothing", "mute": True})
    rows.append({"k": "Ladder", "v": f"{step_words(asked)}. {one_line(asked.why, 200)}"})
    return [{"t": "label", "text": "The author"}, {"t": "facts", "rows": rows}]


def usually(before: Mapping[str, int]) -> str:
    """What an author usually is, and from how many messages, of which old ones count in part; empty where nothing
    prevails."""
    usual, many = persona.usual(before)
    return f"{usual} · from {many} messages, older ones counted in part" if usual else ""


def lock_blocks(
    asked: LockAsked | None, kept: ThreadLock | None, delivery: Delivery | None, account: Account | None, *, name: Name,
    now: datetime, able: bool = True,
) -> list[Block]:  # fmt: skip
    """Which rule asks to close the thread of the open message, and what a person said of it; nothing if neither.

    Args:
        able: the platform lets a program close threads.
    """
    rows: list[Row] = []
    if asked is not None:
        rests = f" ({one_line(str(asked.clause), 60)})" if asked.clause else ""
        where = f", and does it on {theme.platform_name(account.platform)} by hand" if account and not able else ""
        stands = "in shadow, asked of nobody" if asked.shadow else f"a person decides{where}"
        rows.append({"k": "Asked by", "v": f"rule “{one_line(asked.rule, 80)}”{rests}: {stands}", "mute": asked.shadow})
    if kept is not None:
        words, tone = ("Closed", "orange") if kept.closed else ("Open again", "green")
        when = present.clock(kept.at, account.timezone if account else "UTC", now)
        rows.append({"k": "Now", "pill": [words, tone], "v": f"by {one_line(name(kept.by), 60)}, {when}"})
        rows.append({"k": "Reason", "v": safe_text(f"{kept.reason} ({kept.clause})", 400)})
        if delivery is not None and delivery.state is not DeliveryState.DONE:
            state, _ = theme.DELIVERIES[delivery.state]
            rows.append({"k": "On the platform", "v": safe_text(f"{state}. {delivery.reason}".strip(), 300)})
    return [{"t": "label", "text": "The thread"}, {"t": "facts", "rows": rows}] if rows else []


def step_words(asked: Proposal) -> str:
    if asked.measure is None:
        return "Only the message" if asked.rung is Rung.HIDE else "Nothing"
    return f"{asked.rung.capitalize()} for {asked.days} days"


def channel_row(account: Account, mode: Mode, can: str) -> Row:
    """One account: how it is moderated, and what its platform lets Herald do."""
    return {
        "id": account.id,
        "cells": {
            "channel": {"strong": one_line(account.name, 60), "sub": theme.platform_name(account.platform)},
            "mode": {"pill": [MODES[mode][0], "blue" if mode is Mode.AFTER else "orange"]},
            "can": can,
        },
    }


ABLE: Final[Mapping[str, str]] = {
    "reply": "reply", "hide": "hide", "delete": "delete", "block": "block authors", "lock": "close threads",
}  # fmt: skip


def able(acts: frozenset[str]) -> str:
    """What Herald can do about messages there, and, as plainly, what it cannot."""
    can = [word for act, word in ABLE.items() if act in acts]
    cannot = [word for act, word in ABLE.items() if act not in acts]
    told = f"Can {', '.join(can)}." if can else "Nothing by itself: people act there by hand."
    return f"{told} Cannot {', '.join(cannot)}." if can and cannot else told


# ---------------------------------------------------------------- how well decisions stand

RULE_COLUMNS: Final = (
    {"id": "rule", "label": "Rule"},
    {"id": "hidden", "label": "Hidden", "n": True, "width": 90},
    {"id": "right", "label": "Precision", "width": 170},
    {"id": "sent", "label": "Sent to people", "n": True, "width": 130},
    {"id": "confirmed", "label": "Confirmed by people", "width": 180},
)


def rule_row(stands: RuleStands) -> Row:
    """One rule, with what each of its shares rests on."""
    return {
        "id": "",
        "cells": {
            "rule": one_line(stands.rule, 120),
            "hidden": f"{stands.hidden:,}",
            "right": share_cell(stands.right),
            "sent": f"{stands.sent:,}",
            "confirmed": share_cell(stands.confirmed),
        },
    }


def share_cell(share: Share) -> object:
    """A share with its parts; of nothing there is none."""
    if share.value is None:
        return {"muted": "n/a"}
    return {"strong": percent(share), "sub": f"{share.n:,} of {share.of:,}"}


def percent(share: Share) -> str:
    """Rounded down, so that 100 % is all of them."""
    return "n/a" if share.value is None else f"{int(1000 * share.n / share.of) / 10:g} %"


def cards(found: Accounting) -> list[tuple[str, str, str, str]]:
    """(label, value, what it rests on, what it means) of each number, in the words of docs/metrics.md."""
    words = {one.id: one for one in DEFINITIONS}

    def seconds(value: float | None) -> str:
        return "n/a" if value is None else waited(value)

    told = (
        ("caught_promptly", percent(found.caught), f"{found.caught.n:,} of {found.caught.of:,} messages"),
        ("exposure_median", seconds(found.exposure_median), f"of {found.caught.of:,} messages"),
        ("caught_by_us", percent(found.by_rules), f"{found.by_rules.n:,} of {found.by_rules.of:,} messages"),
        ("decision_time", seconds(found.decision_median), f"of {found.decided:,} decisions"),
        ("decision_time_p90", seconds(found.decision_p90), f"of {found.decided:,} decisions"),
        ("appeals_overturned", percent(found.appeals), f"{found.appeals.n:,} of {found.appeals.of:,} appeals"),
    )
    return [
        (words[id].label, value, rests, f"{words[id].meaning} {words[id].formula}.")
        for id, value, rests in told
    ]
