"""What a role may give away by itself to one customer in a month. Amounts are minor units (cents) of one currency."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256

from herald.errors import Refused
from herald.model import Case, Message, Person, RemedyLimits, Role

MOST = 100_000_000  # minor units; a larger remedy is a mistake in typing
_CURRENCY = re.compile(r"[A-Z]{3}")


def proper(currency: str, amounts: Mapping[str, int]) -> None:
    """Raises Refused (input)."""
    if not _CURRENCY.fullmatch(currency):
        raise Refused("input", "Name the currency by its three letters, for example AUD.")
    for role, amount in amounts.items():
        if role not in set(Role):
            raise Refused("input", f'There is no role "{role[:40]}".')
        if isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount <= MOST:
            raise Refused("input", f"The limit of {role.replace('_', ' ')} must lie between 0 and {MOST // 100}.")


def limit_of(person: Person, limits: RemedyLimits | None) -> int:
    """The highest limit among a person's roles; 0 where none are set: nobody may give what nobody allowed."""
    return max((limits.amounts.get(role, 0) for role in person.roles), default=0) if limits else 0


def raises(person: Person, held: RemedyLimits | None, wanted: RemedyLimits) -> bool:
    """Whether these limits let their own author give more, or anything in another currency."""
    other = held is None or held.currency != wanted.currency
    return limit_of(person, wanted) > (0 if other else limit_of(person, held))


def customer(case: Case, message: Message | None) -> str:
    """Whom a case gives something to: whoever wrote its message, on that platform, as a hash; where nobody knows who
    wrote it, nobody but this case."""
    named = f"{message.platform}:{message.author_id}" if message and message.author_id else f"case:{case.id}"
    return sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def words(amount: int, currency: str) -> str:
    """1234500, AUD -> "AUD 12,345.00"."""
    return f"{currency} {amount // 100:,}.{amount % 100:02d}"
