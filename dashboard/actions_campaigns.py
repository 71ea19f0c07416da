"""From the widgets of Campaigns to the gate: one command, one sentence back."""

from __future__ import annotations

from uuid import uuid4

from dashboard import actions, data_campaigns
from herald.flows import commands
from herald.flows.planning import Done


def give(command: commands.Command) -> Done | None:
    """Hand a command to the gate (actions.give); the page reads anew."""
    try:
        return actions.give(command)
    finally:
        data_campaigns.forget()


def new_id() -> str:
    """An id made by the page, so that sending twice makes one."""
    return str(uuid4())
