"""A picture's likeness is drawn of what the library takes, and of nothing else."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image

from herald.library.images import MOST_PIXELS
from herald.library.likeness import likeness


def image(kind: str, width: int = 40, height: int = 20) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "#c5744f").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_the_same_picture_in_any_kind_of_the_library_has_a_likeness(kind: str) -> None:
    bits, _, mean = likeness(image(kind)).partition("-")
    assert (len(bits), len(mean)) == (16, 6)


@pytest.mark.parametrize("kind", ["EPS", "TIFF", "BMP", "PPM"])
def test_other_kinds_are_not_opened(kind: str) -> None:
    assert likeness(image(kind)) == ""


def test_a_picture_larger_than_the_library_takes_is_not_drawn() -> None:
    claims = image("PNG")
    at = claims.index(b"IHDR") + 4
    width, height = 8_000, 6_000
    assert width * height > MOST_PIXELS
    ihdr = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + claims[at + 8 : at + 13]
    forged = claims[: at - 4] + ihdr + zlib.crc32(ihdr).to_bytes(4, "big") + claims[at + 17 :]
    with Image.open(io.BytesIO(forged)) as opened:
        assert opened.size == (width, height)  # it would be believed
    assert likeness(forged) == ""
