"""From the widgets of Incidents to the gate: one command, one sentence back."""

from __future__ import annotations

from uuid import uuid4

from dashboard import actions, data_incidents
from herald.flows import commands
from herald.flows.planning import Done


def give(command: commands.Command) -> Done | None:
    """Hand a command to the gate (actions.give); the page reads anew."""
    try:
        return actions.give(command)
    finally:
        data_incidents.forget()


def take(incident_id: str, brand: str, step: str, expected: int) -> None:
    give(commands.TakeIncidentStep(incident_id, brand, step, expected))


def new_id() -> str:
    """An id for an incident, made by the page so that sending twice raises one."""
    return str(uuid4())
