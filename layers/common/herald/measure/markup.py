"""HTML and SVG in which text cannot become markup: whatever is not `Safe` is escaped where it is put in."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import urlsplit

from herald.plain import clean


class Safe(str):
    """Markup made here."""

    __slots__ = ()


def text(value: object) -> Safe:
    """A value as text between tags or inside a quoted attribute."""
    return value if isinstance(value, Safe) else Safe(escape(clean(str(value)), quote=True))


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


def tag(name: str, *children: object, **attributes: object) -> Safe:
    """`tag("th", "Reach", scope="col")`. A trailing _ in an attribute's name is dropped, other _ become -.

    Raises:
        ValueError: a name that is no name.
    """
    pairs = [(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None]
    for part in (name, *(key for key, _ in pairs)):
        if not _NAME.fullmatch(part):
            raise ValueError(f"{part!r} is no name of an element or attribute")
    opening = "".join(f' {key}="{text(value)}"' for key, value in pairs)
    return Safe(f"<{name}{opening}>{join(*children)}</{name}>")


def join(*children: object) -> Safe:
    return Safe("".join(text(child) for child in children))


def link(address: str, words: str) -> Safe:
    """A link to an https or http address; of anything else only the words."""
    try:
        parts = urlsplit(clean(address))
    except ValueError:
        return text(words)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username:
        return text(words)
    return tag("a", words, href=clean(address), rel="noopener noreferrer nofollow")
