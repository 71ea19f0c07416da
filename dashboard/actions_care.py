"""From the Inbox's care widgets to the gate."""

from __future__ import annotations

import streamlit as st

from dashboard.actions import give
from dashboard.present_care import draft_text
from herald.care.answers import Answer
from herald.flows import commands
from herald.model import Drafted, Handling, Remedy


def offer(box: str, text: str) -> None:
    """Put a drafted answer into the text box `box` before anybody has seen it; what stands there is somebody's own."""
    if box not in st.session_state:
        st.session_state[box] = text


def start_from(choice: str, box: str, name: str, limit: int) -> None:
    """Put what was chosen in `choice` into the text box `box`: a rule's draft as it is, or a saved answer with the
    customer's first name and the link."""
    chosen = st.session_state.get(choice)
    if isinstance(chosen, Drafted):
        st.session_state[box] = draft_text(chosen, limit)
    if isinstance(chosen, Answer):
        st.session_state[box] = f"{chosen.text.replace('{name}', name)} {chosen.link}"


def set_type(handling: Handling, kind_key: str, persona_key: str) -> None:
    kind, persona = st.session_state.get(kind_key), st.session_state.get(persona_key)
    give(commands.SetCaseType(handling.case_id, str(kind or ""), str(persona or ""), handling.version))


def take_step(handling: Handling, step: str, key: str) -> None:
    """Tick, or take one's own tick back, as the box in `key` now stands."""
    give(commands.TakeCaseStep(handling.case_id, step, handling.version, bool(st.session_state.get(key))))


def take_stage(handling: Handling, stage: str) -> None:
    give(commands.TakeCaseStep(handling.case_id, stage, handling.version))


def approve(remedy: Remedy) -> None:
    give(commands.ApproveOutcome(remedy.case_id, remedy.n, True, remedy.version))
