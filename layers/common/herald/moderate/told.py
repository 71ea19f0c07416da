"""What is told of a message besides its words, and by whom: one table, by which rules are read and docs/rules.md shows.

What Herald knows of every message it works out itself. What a platform tells is worked out here of what its adapter
keeps (`Message.more`). What nobody tells stays unknown, and a rule that cannot do without it never holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from herald.model import Message, thread_of
from herald.model.record import record
from herald.moderate.language import CONTEXT, Check, Group, Rule, SignalCheck, TextCheck


@record
class Told:
    """Attributes: what: in words. by: the platforms that tell it; empty: known of every message."""

    what: str
    by: tuple[str, ...] = ()


PLATFORMS = ("bluesky", "facebook_page", "google_business", "instagram", "mastodon", "webhook")
"""Where messages come from."""
TOLD: Mapping[str, Told] = {
    "score.*": Told("each score, as under `scores`"),
    "type": Told("`abuse`, `complaint`, `other`, `praise`, `question`, `review`, `spam` or `user_content`"),
    "persona": Told("as under `persona`"),
    "language": Told("as under `language`"),
    "contains": Told("as under `contains`"),
    "rate.*": Told("as under `rate`; of no author or post where the platform names none"),
    "edited": Told("whether its words were changed"),
    "author.ours": Told("never true: our own words are not judged"),
    "author.age": Told("time since the account was made, when it wrote", ("bluesky", "mastodon")),
    "rating": Told("stars of a review, 1 to 5", ("facebook_page", "google_business")),
    "top_level": Told(
        "whether a comment stands under the post itself, not under a comment", ("bluesky", "facebook_page", "instagram")
    ),
    "media.count": Told(
        "pictures, videos and files that hang on it; not told where none does",
        ("bluesky", "facebook_page", "instagram", "mastodon"),
    ),
    "media.url": Told(
        "their addresses, and that of a link card, a line each",
        ("bluesky", "facebook_page", "instagram", "mastodon"),
    ),
    "media.description": Told("what their author says they show, a line each", ("bluesky", "mastodon")),
}  # fmt: skip
"""Signal -> who tells it. Of a family (`score.*`) every member is told."""
_FAMILIES = tuple(name.removesuffix("*") for name in TOLD if name.endswith("*"))
OF_PLATFORMS = frozenset(name for name, told in TOLD.items() if told.by)
"""What `of` works out."""


def of(message: Message) -> dict[str, object]:
    """What its platform tells of a message, by the names of the table; what is not told is not there."""
    more, found = message.more, dict[str, object]()
    if (age := _age(more.get("author_since"), message.created_at)) is not None:
        found["author.age"] = age
    if isinstance(more.get("rating"), int):
        found["rating"] = more["rating"]
    thread = thread_of(message)
    if thread and message.parent_id and message.platform in TOLD["top_level"].by:
        found["top_level"] = message.parent_id == thread
    if message.platform in TOLD["media.url"].by:
        found |= _media(more)
    return found


def _age(since: object, at: datetime) -> float | None:
    """In minutes, as every time is counted in a rule."""
    return max(0.0, (at - datetime.fromisoformat(since)).total_seconds() / 60) if isinstance(since, str) else None


def _media(more: Mapping[str, object]) -> dict[str, object]:
    attached, alts = _list(more.get("attachments")), _list(more.get("alts"))
    pictures = _list(more.get("photos")) or ([more["photo"]] if more.get("photo") else [])
    videos = [more["video"]] if more.get("video") else []
    urls = [*pictures, *videos, more.get("link"), *(one.get("url") for one in attached if isinstance(one, dict))]
    lines = {
        "media.url": "\n".join(url for url in urls if isinstance(url, str) and url),
        "media.description": "\n".join(alt for alt in alts if isinstance(alt, str) and alt),
    }
    count = max(len(pictures), len(alts)) + len(videos) + len(attached)
    return {name: text for name, text in lines.items() if text} | ({"media.count": count} if count else {})


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


# ---------------------------------------------------------------- what rules ask for


def tells(platform: str, signal: str) -> bool:
    """Whether this signal is told of messages of this platform."""
    told = TOLD.get(signal)
    return signal.startswith(_FAMILIES) if told is None else not told.by or platform in told.by


def never(rule: Rule, platforms: Iterable[str] = PLATFORMS) -> str:
    """The signal for want of which a rule can hold on none of these platforms; empty: it may, or is for others."""
    lacks = [_lacking(rule.checks, each) for each in platforms if not rule.platforms or each in rule.platforms]
    return lacks[0] or "" if lacks and all(lacks) else ""


def notes(rule: Rule, lines: Mapping[str, int]) -> Iterator[tuple[int, str]]:
    """Line and sentence of each signal that the rule asks for in vain, or on some platforms only.

    Args:
        lines: signal -> where the rule asks for it.
    """
    where = tuple(sorted(rule.platforms)) or PLATFORMS
    whole = never(rule, where)
    for signal, line in lines.items():
        telling = [platform for platform in where if tells(platform, signal)]
        if len(telling) == len(where):
            continue
        if telling:
            names = " and ".join(filter(None, (", ".join(telling[:-1]), telling[-1])))
            yield line, f"`{signal}` is told by {names} alone: elsewhere what asks for it does not hold"
            continue
        part = "the rule can never hold" if whole else "what asks for it never holds"
        yield line, f"nothing here tells `{signal}`, so {part} until something does"


def _lacking(checks: Iterable[Check], platform: str) -> str | None:
    """The first signal for want of which these can never all hold there."""
    return next((signal for check in checks if (signal := _lack(check, platform))), None)


def _lack(check: Check, platform: str) -> str | None:
    if isinstance(check, SignalCheck):
        return None if tells(platform, check.signal) else check.signal
    if isinstance(check, TextCheck):
        asked = asked_of(check)
        return asked[0] if asked and not any(tells(platform, name) for name in asked) else None
    if not isinstance(check, Group):
        return None
    if check.key == "any_of":
        lacks = [_lacking(member, platform) for member in check.members]
        return lacks[0] if all(lacks) else None
    each = ([_lack(part, platform) for part in member] for member in check.members)
    return next((lacks[0] for lacks in each if all(lacks)), None)  # never known not to hold


def asked_of(check: TextCheck) -> list[str]:
    """The signals that a check reads as text, where it reads nothing else."""
    named = [name for name, bit in CONTEXT.items() if check.fields & bit]
    return named if not check.fields & ~sum(CONTEXT.values()) else []


def table() -> str:
    """Who tells what, as a Markdown table, for the documentation."""
    lines = ["| signal | what it is | told by |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {told.what} | {', '.join(f'`{each}`' for each in told.by) or 'Herald, of every message'} |"
        for name, told in TOLD.items()
    ]
    return "\n".join(lines) + "\n"
