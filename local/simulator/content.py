"""What anybody may send to a platform: words, links, images, within bounds."""

from __future__ import annotations

from urllib.parse import urlsplit


class NoSuchObject(LookupError):
    """Nothing with this id is there."""


class NotAllowed(PermissionError):
    """It is there, but not theirs to change."""


class BadInput(ValueError):
    """What was asked makes no sense; the sentence says why."""


class BadImage(BadInput):
    """These bytes are no image that the platform takes."""


def words(text: str, limit: int, *, may_be_empty: bool = False) -> str:
    """The text with plain line ends. Raises BadInput when it is too long, or empty and must not be."""
    clean = text.replace("\r\n", "\n")
    if not clean.strip():
        if may_be_empty:
            return ""
        raise BadInput("there must be some text")
    if len(clean) > limit:
        raise BadInput(f"the text has {len(clean)} characters, the limit is {limit}")
    return clean


def name(text: str) -> str:
    """A person's name without surplus spaces. Raises BadInput."""
    clean = " ".join(text.split())
    if not clean or len(clean) > 80:
        raise BadInput("a person needs a name of 1 to 80 characters")
    return clean


def link(address: str) -> str:
    """A web address, or nothing. Raises BadInput."""
    if not address:
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or len(address) > 2000 or not address.isprintable():
        raise BadInput("the link must be an http or https address")
    return address


def image_kind(data: bytes, limit: int) -> str:
    """The MIME type by the first bytes, never by what the sender calls them. Raises BadImage."""
    if len(data) > limit:
        raise BadImage(f"the image has {len(data)} bytes, the limit is {limit}")
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    raise BadImage("these bytes are neither PNG, JPEG, GIF nor WebP")
