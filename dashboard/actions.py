"""From a widget to the gate: one command, one sentence back. Widgets decide nothing; the gate checks everything."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, cast
from uuid import NAMESPACE_OID, uuid4, uuid5

import streamlit as st

from dashboard import data, who
from herald.errors import Conflict, Refused, Stale
from herald.flows import commands
from herald.model import Case, DeliveryState, Person

if TYPE_CHECKING:
    from herald.flows.planning import Done

_FLASH: Final = "herald.flash"
_NONCE: Final = "herald.nonce"
_SENT: Final = "herald.sent"
_LAST: Final = "herald.last"
SAME_PRESS: Final = timedelta(seconds=5)
"""How long the same command, by the same person in the same session, is the same press of a button."""
_log = logging.getLogger("herald.dashboard")


class Given(NamedTuple):
    """A command that was done, and what it came to."""

    command: commands.Command
    by: str
    at: datetime
    done: Done


class Flash(NamedTuple):
    """What came of the last command, until a page has shown it. `text` may hold outside words."""

    tone: Literal["green", "red", "orange"]
    text: str


def give(command: commands.Command) -> Done | None:
    """Hand a command to the gate as the person of this request; remember in words what came of it.

    Where a page looks again by itself, Streamlit sends what was done to a component twice when the two meet: with the
    look, and a moment later by itself (seen in 1.67). Of the second the gate would say that it changed meanwhile, and
    so it has; it is told what the first came to.

    Returns:
        What it came to; None when it was refused or overtaken: then nothing changed and the sentence says why.
    """
    from herald.flows import gate  # noqa: PLC0415  loaded once with the other flows, before the first visitor

    person = who.current_person()
    if person is None:
        _tell("red", "You are not signed in any more. Sign in again; nothing was changed.")
        return None
    herald = data.herald()
    now = herald.clock()
    last: Given | None = st.session_state.get(_LAST)
    if last and (last.command, last.by) == (command, person.id) and now - last.at < SAME_PRESS:
        return _told(last.done)
    try:
        done = gate.perform(command, by=person.id, within=person.roles, herald=herald, now=now)
    except Refused as refused:
        _tell("red", str(refused))
        return None
    except (Stale, Conflict):
        _tell("orange", "Someone else acted at the same moment. Nothing was changed; look again.")
        return None
    finally:
        data.forget()
    _log.info("%s by %s", type(command).__name__, person.id)
    st.session_state[_LAST] = Given(command, person.id, now, done)
    return _told(done)


def _told(done: Done) -> Done:
    st.session_state[_FLASH] = Flash("green" if done.well else "red", done.sentence)
    return done


def _tell(tone: Literal["red", "orange"], text: str) -> None:
    st.session_state[_FLASH] = Flash(tone, text)


def take_flash() -> Flash | None:
    """What came of the last command, once."""
    return cast("Flash | None", st.session_state.pop(_FLASH, None))


def taken(command: commands.Command, person: Person) -> bytes:
    """The one file that a command hands out, made and put on record as it is downloaded: outside of any run of a page,
    so for the person whom the page was drawn for; the gate looks whether they still may. Raises Refused."""
    from herald.flows import gate  # noqa: PLC0415  as above

    herald = data.herald()
    done = gate.perform(command, by=person.id, within=person.roles, herald=herald, now=herald.clock())
    (file,) = done.files.values()
    return file


# ---------------------------------------------------------------- callbacks: arguments are what the page showed


def claim(case_id: str, expected: int) -> None:
    give(commands.Claim(case_id, expected))


def reply(case: Case, box: str) -> None:
    """Send what stands in the text box `box` of this session.

    The id of a reply is made from this session's own number, the case and the words, so that a double click, or a
    click while the page still works on the first, is the same reply and is sent once. Only after it failed on the
    platform do the same words make a new one.
    """
    text = str(st.session_state.get(box, "")).strip()
    if not text:
        _tell("orange", "Write an answer first.")
        return
    nonce = st.session_state.setdefault(_NONCE, str(uuid4()))
    sent: dict[tuple[str, str], tuple[int, str]] = st.session_state.setdefault(_SENT, {})
    turn, delivery_id = sent.get((case.id, text), (0, ""))
    earlier = data.delivery(delivery_id)
    if earlier is not None and earlier.state is DeliveryState.FAILED:
        turn += 1
    name = str(uuid5(NAMESPACE_OID, "\n".join((nonce, case.id, str(turn), text))))
    done = give(commands.Reply(name, case.message_id, text, case.version))
    if done:
        sent[(case.id, text)] = (turn, done.delivery_id)
        st.session_state[box] = ""


def link(purpose: str, subject: str, hours: int) -> Done | None:
    """Make a signed link; the page shows it, so there is no note beside it. None when it was refused."""
    done = give(commands.MakeLink(str(uuid4()), purpose, subject, hours))
    if done:
        take_flash()
    return done
