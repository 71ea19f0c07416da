"""How often somebody wrote lately: what the `rate` of a rule is compared with.

Read only where a rule asks and all else of it holds: a page of the account's newest messages a day, once a batch. What
was counted is kept on the message (`more.signals`), so that its decision can be made again and a change of rules be
tried on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from herald.flows.context import Herald
from herald.model import SPOKEN, Action, Message, thread_of
from herald.moderate.conditions import MOST_MINUTES

MOST = 200
"""Messages of an account and day that are counted among, the newest; a flood beyond them counts as so many."""
_DAYS = MOST_MINUTES // 1_440 + 1  # that the longest rate touches

Lately = Callable[[str, str], tuple[Message, ...]]


def lately(herald: Herald) -> Lately:
    """The newest messages of (account, day of receipt), each page read once."""
    read: dict[tuple[str, str], tuple[Message, ...]] = {}

    def page(account: str, day: str) -> tuple[Message, ...]:
        if (account, day) not in read:
            found = herald.store.feed(account, day, limit=MOST).items
            read[account, day] = tuple(one for one in found if isinstance(one, Message))
        return read[account, day]

    return page


def with_rates(message: Message, wanted: Iterable[str], recent: Lately) -> Message:
    """The message with the rates that rules ask for, `rate.author.10m` -> how many, itself among them; of
    `rate.author.10m.mod 3`, the others are those on which something was done by that clause or one below it.

    By author, post, account, or the same words on the account. Where the platform does not tell the author or the post,
    that rate stays unknown.
    """
    found = {name: many for name in wanted if (many := _rate(message, name, recent)) is not None}
    if not found:
        return message
    told = message.more.get("signals")
    return replace(message, more={**message.more, "signals": {**(told if isinstance(told, Mapping) else {}), **found}})


def _rate(message: Message, name: str, recent: Lately) -> int | None:
    _, by, rest = name.split(".", 2)
    minutes, _, of = rest.partition("m")
    of = of.removeprefix(".")
    same = _ALIKE[by](message)
    if not same:
        return None
    since = message.created_at - timedelta(minutes=float(minutes))
    alike = {
        one.id for one in _within(message, since, recent)
        if since < one.created_at <= message.created_at and _ALIKE[by](one) == same
        and one.kind in SPOKEN and not one.outbound and (not of or _bore(one, of))
    }  # fmt: skip
    return len(alike | {message.id})


def _bore(message: Message, clause: str) -> bool:
    """Was something done about it by this clause, or one below it?"""
    decision = message.decision
    if decision is None or decision.action is Action.ALLOW or decision.policy is None:
        return False
    return f"{decision.policy.policy} {decision.policy.clause}.".lower().startswith(f"{clause}.")


def _within(message: Message, since: datetime, recent: Lately) -> Iterable[Message]:
    account, last = f"{message.platform}:{message.account_id}", message.received_at or message.created_at
    for back in range(min(_DAYS, (last.date() - since.date()).days + 1)):
        yield from recent(account, f"{last - timedelta(days=back):%Y-%m-%d}")


_ALIKE: Mapping[str, Callable[[Message], str]] = {
    "author": lambda message: message.author_id or "",
    "post": thread_of,
    "account": lambda message: message.account_id,
    "text": lambda message: " ".join(message.text.casefold().split()),
}
