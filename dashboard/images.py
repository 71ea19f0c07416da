"""An uploaded image: what it really is, and a small copy to look at. Type by its bytes, never by its name."""

from __future__ import annotations

import base64
import io
import warnings
from hashlib import sha256
from threading import Lock
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from herald.errors import BadPayload, TooLarge
from herald.model import Media

MOST_BYTES: Final = 5_000_000
MOST_PIXELS: Final = 40_000_000
_MOST_SCANS: Final = 20
"""Of a JPEG that large. A usual progressive one has ten; each is a pass over all pixels for a few bytes of the file."""
_ONE_AT_A_TIME: Final = Lock()
"""Forty million pixels are 160 MB while they are decoded, so two visitors' pictures are not decoded together."""
_SIGNS: Final = (
    (b"\xff\xd8\xff", "image/jpeg", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "PNG"),
    (b"GIF87a", "image/gif", "GIF"),
    (b"GIF89a", "image/gif", "GIF"),
)
TYPES: Final = ("jpg", "jpeg", "png", "gif", "webp")


def _kind(data: bytes) -> tuple[str, str]:
    """MIME type and Pillow's name for it, by the first bytes."""
    for sign, mime, name in _SIGNS:
        if data.startswith(sign):
            return mime, name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp", "WEBP"
    raise BadPayload("This file is no JPEG, PNG, GIF or WebP image, whatever its name says. Choose another one.")


def _opened(data: bytes, name: str, pixels: int = MOST_PIXELS) -> Image.Image:
    """The decoded header; the pixels are read later, and only if there are not too many."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # bounded below, in our own words
            picture = Image.open(io.BytesIO(data), formats=[name])
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        raise BadPayload("This image cannot be read; it may be cut short. Save it again and retry.") from None
    width, height = picture.size
    if width * height > pixels:
        most = pixels // 10**6
        raise TooLarge(f"This image has {width} × {height} pixels. Make it smaller than {most} million.")
    scans = data.count(b"\xff\xda") if name == "JPEG" else 1  # no such pair stands within the compressed data
    if scans * width * height > _MOST_SCANS * MOST_PIXELS or scans > _MOST_SCANS**2:
        raise TooLarge(f"This JPEG is made of {scans:,} scans, which takes too long. Save it again and retry.")
    return picture


def inspect(data: bytes, alt: str = "", *, most: int = MOST_BYTES) -> Media:
    """What was uploaded, not kept yet (`key` is empty).

    Raises:
        BadPayload: no image we know, or one that cannot be read.
        TooLarge: over `most` bytes (5 MB) or 40 million pixels.
    """
    if len(data) > most:
        raise TooLarge(f"This image has {len(data) / 1e6:.1f} MB; {most // 10**6} MB is the limit.")
    mime, name = _kind(data)
    picture = _opened(data, name)
    try:
        with _ONE_AT_A_TIME:
            picture.load()
    except (OSError, ValueError, SyntaxError, EOFError):
        raise BadPayload("This image cannot be read; it may be cut short. Save it again and retry.") from None
    return Media("", sha256(data).hexdigest(), mime, len(data), alt, *picture.size)


def thumbnail(data: bytes, side: int = 640, *, pixels: int = MOST_PIXELS) -> str:
    """A small copy as a data: address, drawn anew so that nothing of the original's bytes reaches a browser.

    Empty where the image cannot be read, or has more than so many pixels.
    """
    try:
        picture = _opened(data, _kind(data)[1], pixels)
        with _ONE_AT_A_TIME:
            picture.thumbnail((side, side))  # before it is turned: that copies all pixels
        picture = ImageOps.exif_transpose(picture)
        flat = Image.new("RGB", picture.size, "white")
        flat.paste(picture.convert("RGBA"), mask=picture.convert("RGBA").getchannel("A"))
        held = io.BytesIO()
        flat.save(held, "JPEG", quality=78)
    except (BadPayload, TooLarge, OSError, ValueError, SyntaxError, EOFError):
        return ""
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode()
