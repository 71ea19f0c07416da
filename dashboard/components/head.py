"""The head of a card, as table.py and figure.py send it: heading, pills, a choice, a button or a link at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Head:
    """Args:
    badges: (text, tone). options: (id, label), of which one is `chosen`. more: the label of the button at the end;
        with `href` it is a link, so that it can be opened in another tab.
    """

    title: str = ""
    badges: Sequence[tuple[str, str]] = ()
    options: Sequence[tuple[str, str]] = ()
    chosen: str = ""
    more: str = ""
    href: str = ""

    def told(self) -> dict[str, Any]:
        """As the browser gets it."""
        return asdict(self)


NO_HEAD: Final = Head()


def source(name: str) -> str:
    """A part's own CSS or JavaScript, with what all of them share before it."""
    shared = (_HERE / f"head.{name.rpartition('.')[2]}").read_text(encoding="utf-8")
    return shared + (_HERE / name).read_text(encoding="utf-8")


def pressed(told: object) -> str | None:
    """What a component says was pressed: the id of a row. It comes from a browser, so what is no text is nothing."""
    return told if isinstance(told, str) else None
