"""What is counted, and how. Each row carries its standing contribution; rollups are sums of those, never guesses.

A contribution is `day|kind|standing|by|edited|labels|hour`, like `2026-11-22|comment|hide|rules|edited|complaint|14`:

- day, hour: of `created_at`, in the account's time zone; a row counted before hours were has none, and counts in none
- standing: the action that stands (allow, queue, hide, delete), `deleted` for a tombstone, `fact` for what nobody
  judges
- by: `rules` or `person`; edited: `edited` or nothing; labels: the counted ones, sorted, comma between

What we deleted keeps its contribution. Once its author deleted it, a message contributes its day, its kind and its
deletion only: nothing stands on it any more, and so the sum does not depend on whether it was judged before the
deletion reached us.
docs/metrics.md defines every metric; a test holds the two together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from zoneinfo import ZoneInfo

from herald.model import SPOKEN, Action, Counted, Kind, Message

LABELS = ("complaint", "praise", "question", "review")
"""Labels that are counted. A rule may give others; they are not."""

METRICS = (
    "messages", "kind.<kind>", "action.<action>", "by.<who>", "edited", "deleted", "label.<label>",
    "h<hour>", "x<hour>",
)  # fmt: skip
"""The metrics as docs/metrics.md names them. Those of hours are short: with all of them a day's row stays below a KB,
and so below another write unit."""

_FACT, _DELETED = "fact", "deleted"
_HOURS = frozenset(f"{hour:02d}" for hour in range(24))
_STANDINGS = frozenset({*map(str, Action), _FACT, _DELETED})


def contribution(message: Message, day_zone: str) -> str:
    """The row's standing contribution; empty when it has none: our own words, not judged yet, a fact taken back.

    Args:
        day_zone: IANA time zone of the account.
    """
    if message.outbound:
        return ""
    local = message.created_at.astimezone(ZoneInfo(day_zone))
    day = local.date().isoformat()
    if message.kind not in SPOKEN:
        return "" if message.deleted or not message.stamp else f"{day}|{message.kind}|{_FACT}|||"
    ours = message.decision is not None and message.decision.action is Action.DELETE
    if message.deleted and not ours:
        return f"{day}|{message.kind}|{_DELETED}|||"
    if message.decision is None:
        return ""
    by = "rules" if message.decision.decided_by == "rules" else "person"
    edited = "edited" if message.edited else ""
    labels = ",".join(label for label in LABELS if label in message.decision.labels)
    return f"{day}|{message.kind}|{message.decision.action}|{by}|{edited}|{labels}|{local.hour:02d}"


def delta(account: str, old: str, new: str) -> list[Counted]:
    """What to add to the rollups when a row's contribution goes from `old` to `new`; one entry a day, no zeros.

    Args:
        account: "platform:id".
    Raises:
        ValueError: a contribution that this module did not make.
    """
    if old == new:
        return []
    days: dict[str, Counter[str]] = {}
    for text, sign in ((old, -1), (new, 1)):
        day, metrics = _parts(text)
        for metric in metrics:
            days.setdefault(day, Counter())[metric] += sign
    changes = {day: {metric: n for metric, n in sorted(of.items()) if n} for day, of in sorted(days.items())}
    return [Counted(account, day, add) for day, add in changes.items() if add]


def rollup(messages: Iterable[Message], zones: Mapping[str, str]) -> dict[str, dict[str, dict[str, int]]]:
    """The rollups recomputed from the rows themselves: account -> day -> metric -> count, without zeros.

    Args:
        zones: account "platform:id" -> IANA time zone.
    Raises:
        KeyError: a message of an account that is not in `zones`.
    """
    found: dict[str, dict[str, dict[str, int]]] = {}
    for message in messages:
        account = f"{message.platform}:{message.account_id}"
        day, metrics = _parts(contribution(message, zones[account]))
        for metric in metrics:
            of_day = found.setdefault(account, {}).setdefault(day, {})
            of_day[metric] = of_day.get(metric, 0) + 1
    return found


def _parts(text: str) -> tuple[str, list[str]]:
    """The day of a contribution and the metrics it adds one to."""
    if not text:
        return "", []
    try:
        day, kind, standing, by, edited, labels, *rest = text.split("|")
        hour = _hour(rest)
        date.fromisoformat(day)
        Kind(kind)
        if standing not in _STANDINGS:
            raise ValueError(standing)
    except ValueError as error:
        raise ValueError(f"{text!r} is no contribution; rebuild the rollups of this account") from error
    if standing == _FACT:
        return day, [f"kind.{kind}"]
    if standing == _DELETED:
        return day, ["messages", f"kind.{kind}", "deleted"]
    named = [label for label in labels.split(",") if label]
    against = standing != Action.ALLOW or "complaint" in named
    return day, [
        "messages", f"kind.{kind}", f"action.{standing}", f"by.{by}", *([edited] if edited else []),
        *(f"label.{label}" for label in named), *([f"h{hour}"] if hour else []),
        *([f"x{hour}"] if hour and against else []),
    ]  # fmt: skip


def _hour(rest: list[str]) -> str:
    """The hour, "00" to "23"; empty for a row from before hours were counted. Raises ValueError."""
    if not rest:
        return ""
    (hour,) = rest
    if hour not in _HOURS:
        raise ValueError(hour)
    return hour
