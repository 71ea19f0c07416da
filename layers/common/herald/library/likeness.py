"""How a picture looks, in few bits that survive being scaled and compressed anew; not what its bytes are."""

from __future__ import annotations

import io

from herald.library.images import MOST_PIXELS

_WIDE, _HIGH = 9, 8
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")  # of all that Pillow opens; some others start programs


def likeness(data: bytes) -> str:
    """The difference hash of an image and its mean colour, as "16 hex digits-rrggbb"; empty where it cannot be drawn.

    Scaled to 9 x 8 in grey, each bit says whether a point is darker than its neighbour to the right (dHash, N. Krawetz,
    "Kind of Like That", hackerfactor.com). It knows no colour and nothing of a plain one, hence the mean beside it.
    Only of the kinds and up to the size that the library takes (library.images): what is in its place may be anything
    that somebody uploaded.
    """
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415  only where somebody looks at a profile

    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                return ""
            plain = image.convert("RGB")
            grey = plain.convert("L").resize((_WIDE, _HIGH), Image.Resampling.LANCZOS)
            mean = plain.resize((1, 1), Image.Resampling.BOX).tobytes()
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return ""
    points = grey.tobytes()
    bits = 0
    for row in range(_HIGH):
        for column in range(_WIDE - 1):
            at = row * _WIDE + column
            bits = bits << 1 | (points[at] < points[at + 1])
    return f"{bits:016x}-{mean.hex()}"
