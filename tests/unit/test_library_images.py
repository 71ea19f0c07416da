"""Images without places: the same pixels, nothing about where, when and by whom; hostile bytes get one plain error."""

from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from herald.errors import BadPayload, TooLarge
from herald.library import images
from tests.support.pictures import png

PLACE = b"-33.8688"  # a latitude, as text, to look for among the bytes


def a_picture(size: tuple[int, int] = (31, 17)) -> Image.Image:
    picture = Image.new("RGB", size)
    picture.putdata([(x * 8 % 256, y * 14 % 256, (x + y) % 256) for y in range(size[1]) for x in range(size[0])])
    return picture


def located(turn: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = turn
    exif[0x010E] = PLACE.decode()  # the description
    exif.get_ifd(0x8825).update({1: "S", 2: (33.0, 52.0, 7.7), 3: "E", 4: (151.0, 12.0, 33.5)})
    return exif


def saved(kind: str, turn: int = 1, **more: object) -> bytes:
    held = io.BytesIO()
    exif = {"exif": located(turn)} if kind != "GIF" else {"comment": PLACE}
    picture = a_picture()
    (picture.convert("P") if kind == "GIF" else picture).save(held, kind, **exif, **more)  # type: ignore[arg-type]
    return held.getvalue()


def pixels(data: bytes) -> bytes:
    return Image.open(io.BytesIO(data)).convert("RGB").tobytes()


def described_png() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Location", PLACE.decode())
    info.add_itxt("XML:com.adobe.xmp", f"<x>{PLACE.decode()}</x>")
    return saved("PNG", pnginfo=info)


SAMPLES = {
    "image/jpeg": saved("JPEG", quality=90, comment=PLACE),
    "image/png": described_png(),
    "image/webp": saved("WEBP", lossless=True, xmp=b"<x>" + PLACE + b"</x>"),
    "image/gif": saved("GIF"),
}


@pytest.mark.parametrize("mime", SAMPLES)
def test_what_describes_an_image_is_left_out_and_no_pixel_changes(mime: str) -> None:
    before = SAMPLES[mime]
    assert PLACE in before
    after = images.without_places(before, mime)
    assert PLACE not in after
    assert not Image.open(io.BytesIO(after)).getexif().get_ifd(0x8825)
    assert pixels(after) == pixels(before)
    assert images.without_places(after, mime) == after
    assert images.dimensions(after, mime) == images.dimensions(before, mime) == (31, 17)


def test_a_progressive_jpeg_and_a_lossy_webp_are_read_too() -> None:
    for mime, data in (("image/jpeg", saved("JPEG", progressive=True)), ("image/webp", saved("WEBP", quality=50))):
        assert pixels(images.without_places(data, mime)) == pixels(data)
        assert images.dimensions(data, mime) == (31, 17)


@pytest.mark.parametrize("turn", [1, 3, 6, 8])
def test_how_a_photo_must_be_turned_is_kept(turn: int) -> None:
    after = images.without_places(saved("JPEG", turn), "image/jpeg")
    exif = Image.open(io.BytesIO(after)).getexif()
    assert exif.get(0x0112, 1) == turn
    assert set(exif) <= {0x0112}


def test_what_hides_behind_the_end_of_a_jpeg_goes_too() -> None:
    second = SAMPLES["image/jpeg"]  # as phones append a depth map or a film, with its own place
    assert PLACE not in images.without_places(saved("JPEG").replace(PLACE, b"x" * len(PLACE)) + second, "image/jpeg")


def test_an_image_of_a_billion_pixels_is_refused_by_its_header() -> None:
    with pytest.raises(TooLarge, match="40 million"):
        images.dimensions(png(50_000, 50_000, rows=1), "image/png")
    with pytest.raises(BadPayload):
        images.dimensions(png(0, 10), "image/png")


@pytest.mark.parametrize("mime", SAMPLES)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_an_image_cut_short_is_told_so(mime: str, part: float) -> None:
    data = SAMPLES[mime]
    with pytest.raises(BadPayload, match="cut short"):
        images.without_places(data[: int(len(data) * part)], mime)


@given(mime=st.sampled_from(sorted(SAMPLES)), at=st.integers(0, 4000), junk=st.binary(max_size=12))
def test_damaged_bytes_never_break_anything(mime: str, at: int, junk: bytes) -> None:
    data = SAMPLES[mime]
    at %= len(data)
    damaged = data[:at] + junk + data[at + len(junk) :]
    for read in (images.without_places, images.dimensions):
        with contextlib.suppress(BadPayload, TooLarge):
            read(damaged, mime)
