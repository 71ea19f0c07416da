"""What a link is sealed with, and to: the keys, and a thing exactly as it stood when the link was made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from hashlib import sha256

from herald.errors import NeedsLogin
from herald.flows.context import Herald
from herald.govern import links
from herald.model import Action, Message, Person, Post, Role, Target, TargetState, post_hash, words_of

MAY_SHARE = frozenset({Role.COMMUNITY_MANAGER, Role.MARKETER, Role.OWNER, Role.COMPLIANCE})
FACETS = ("words", "images", "link", "accounts", "times")


def appealable(message: Message) -> bool:
    """Whether a decision to hide stands on it, or one to delete: then the message is gone and the decision stands."""
    decision = message.decision
    if decision is None:
        return False
    return decision.action is Action.DELETE or (decision.action is Action.HIDE and not message.deleted)


def changed(then: str, now: str) -> list[str]:
    """Facets that differ between two `seen_of`."""
    old, new = then.rpartition(".")[2], now.rpartition(".")[2]
    return [name for i, name in enumerate(FACETS) if old[6 * i : 6 * i + 6] != new[6 * i : 6 * i + 6]]


def keys(herald: Herald) -> Sequence[str]:
    """The keys, newest first. Raises NeedsLogin saying what to store."""
    found = herald.secrets(herald.link_secret).secrets
    if any(len(key) < links.KEY_LENGTH for key in found) or not found:
        kept = herald.link_secret
        raise NeedsLogin(f"The secret {kept} needs keys of {links.KEY_LENGTH} characters or more. Store it again.")
    return found


def seen_of(post: Post, targets: Iterable[Target]) -> str:
    """A post exactly as it stands: `<version>.<16 hex of what waits>.<6 hex of each facet>`.

    Version and content bind an approval; the facets only serve to tell what changed.
    """
    live = sorted((t for t in targets if t.state is not TargetState.CANCELLED), key=lambda t: t.account)
    waiting = [post_hash(post, target) for target in live if target.state is TargetState.IN_REVIEW]
    facets = (
        [words_of(post, target) for target in live],
        [(one.sha256, one.alt) for one in post.media],
        [post.link],
        [target.account for target in live],
        [target.due_at.isoformat() for target in live],
    )
    return f"{post.version}.{_short(waiting, 16)}.{''.join(_short(facet, 6) for facet in facets)}"


def _short(content: object, digits: int) -> str:
    return sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()[:digits]


def brand_seen(brand: str) -> str:
    """A brand in a link, which says no name: whoever shared a report must still work for it when it is read."""
    return sha256(brand.encode()).hexdigest()[:16]


def may_share(person: Person, seen: str) -> bool:
    """Whether this person could share, today, a report of the brand that a link has seen."""
    return bool(person.roles & MAY_SHARE) and seen in {brand_seen(brand) for brand in person.brands}
