"""From the library's widgets to the gate: files are looked at, kept, and named to one command."""

from __future__ import annotations

from uuid import uuid4

from dashboard import actions, data, data_library, images
from herald.errors import BadPayload, HeraldError, TooLarge
from herald.flows import commands, library
from herald.flows.planning import Done
from herald.library.content import HEAD, MOST_BYTES, kind_of
from herald.model import AssetKind, RightState, UserContent

LARGE = max(MOST_BYTES.values())


def give(command: commands.Command) -> Done | None:
    """Hand a command to the gate (actions.give); the library reads anew."""
    try:
        return actions.give(command)
    finally:
        data_library.forget()


def new_id() -> str:
    """An id made by the page, so that sending twice makes one."""
    return str(uuid4())


def keep(content: bytes) -> str:
    """Keep a file that came through the page; its key. Raises BadPayload, TooLarge, in words for the page.

    An image is decoded here too, so that one that no viewer can show is refused before it is kept.
    """
    kind, _ = kind_of(content[:HEAD])
    if kind is AssetKind.IMAGE:
        images.inspect(content, most=MOST_BYTES[kind])
    return library.kept(content, data.herald())


def fetch(upload_id: str) -> str:
    """The key of what this browser sent by itself, looked at. Raises BadPayload, TooLarge, Unknown."""
    return library.arrived(upload_id, data.herald(), LARGE)


def refused(error: HeraldError) -> str:
    """What a page says of a file that was not kept."""
    told = isinstance(error, BadPayload | TooLarge)
    return str(error) if told else "The file did not arrive. Send it again."


def save(command: commands.SaveAsset) -> Done | None:
    return give(command)


def retire(asset_id: str, brand: str, reason: str, expected: int, *, take_down: bool) -> Done | None:
    return give(commands.RetireAsset(asset_id, brand, reason, expected, take_down))


def capture(message_id: str) -> None:
    give(commands.CaptureContent(message_id))


def ask(content: UserContent, ask_id: str, text: str) -> Done | None:
    return give(commands.AskRight(ask_id, content.id, content.brand, text, content.version))


def record(
    content: UserContent, *, granted: bool, evidence: str, note: str, platforms: tuple[str, ...], last_day: str,
    credit: str,
) -> Done | None:  # fmt: skip
    return give(
        commands.RecordGrant(
            content.id, content.brand, granted, content.version, evidence, note, platforms, last_day, credit
        )
    )


def withdraw(content: UserContent, reason: str) -> Done | None:
    return give(commands.WithdrawRight(content.id, content.brand, reason, content.version))


OPEN = (RightState.CAPTURED, RightState.ASKED)
