"""From the widgets of Policies and Breaches to the gate: one command, one sentence back."""

from __future__ import annotations

from uuid import uuid4

from dashboard import actions, data_govern
from herald.flows import commands
from herald.flows.planning import Done


def give(command: commands.Command) -> Done | None:
    """Hand a command to the gate (actions.give); the pages read anew."""
    try:
        return actions.give(command)
    finally:
        data_govern.forget()


def new_id() -> str:
    """An id for a breach, made by the page so that sending twice records once."""
    return str(uuid4())


def acknowledge(policy_id: str, version: int) -> None:
    give(commands.AcknowledgePolicy(policy_id, version))


def take_on(brand: str, breach_id: str, expected: int) -> None:
    give(commands.AcknowledgeBreach(brand, breach_id, expected))
