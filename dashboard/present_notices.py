"""Who was told of a thing by mail, and when, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from dashboard.present import clock
from dashboard.text import one_line
from herald.model.notices import Notice, NoticeState

Name = Callable[[str], str]
_TONES = {NoticeState.SENT: "green", NoticeState.UNCLEAR: "orange", NoticeState.FAILED: "red"}


def blocks(told: Iterable[Notice], *, name: Name, now: datetime) -> list[dict[str, Any]]:
    """A section of its own; none where nothing was to be told."""
    rows = [
        {
            "when": clock(one.ended_at or one.at, "UTC", now), "tone": _TONES.get(one.state, ""),
            "text": f"{one_line(one.title, 200)}. {words(one, name)}",
        }
        for one in told
    ]  # fmt: skip
    return [{"t": "label", "text": "Who was told by mail"}, {"t": "events", "rows": rows}] if rows else []


def words(one: Notice, name: Name) -> str:
    """What came of it, in one sentence."""
    had = ", ".join(one_line(name(each), 60) for each in one.had or one.to)
    told = f"Told: {had}. " if one.had else ""
    reason = one_line(one.reason, 200).rstrip(".")
    if one.state is NoticeState.SENT:
        return f"Told: {had}.{_not_reached(one, name)}" + (
            f" Nobody else: {reason[:1].lower()}{reason[1:]}." if reason else ""
        )
    if one.state is NoticeState.UNCLEAR:
        people = ", ".join(one_line(name(each), 60) for each in one.to if each not in one.had)
        may = f"It may or may not have reached {people or 'them'}: ask them. It is not sent again."
        return f"{told}{may}{_not_reached(one, name)}"
    if one.state is NoticeState.FAILED:
        return f"Nobody was told: {reason}. Tell them yourself."
    if one.state is NoticeState.ON_PAGE:
        return f"Told on this page only: {reason[:1].lower()}{reason[1:]}."
    return f"{told}It is being tried again: {reason}." if reason else "It is being mailed."


def _not_reached(one: Notice, name: Name) -> str:
    """Whose address the mail server refused, and why: somebody must correct it."""
    told = [
        f"{one_line(name(each), 60)} ({one_line(why, 120).removeprefix(f'{each}: ').rstrip('.')})"
        for each, why in one.refused.items()
    ]
    return f" Not reached: {', '.join(told)}. Tell them yourself, and have the address corrected." if told else ""
