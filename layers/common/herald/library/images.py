"""Images as bytes: how large they are, and the same pixels without a word about when, where and by whom.

Nothing is decoded and nothing compressed anew: segments that only describe are left out, so the picture stays exactly
as it was. JPEG: ISO 10918-1 annex B, Exif 2.32; PNG: W3C PNG 3; GIF: GIF89a; WebP: RFC 9649.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from herald.errors import BadPayload, TooLarge

MOST_PIXELS = 40_000_000

_CUT = "This image cannot be read; it may be cut short. Save it again and retry."
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_PNG_KEPT = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"hIST",
     b"pHYs", b"acTL", b"fcTL", b"fdAT", b"cICP", b"mDCV", b"cLLI"}
)  # fmt: skip
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"ICCP"})
_GIF_KEPT = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def without_places(data: bytes, mime: str) -> bytes:
    """The image without metadata: no location, no camera, no time, no author. How to turn it is kept (JPEG).

    Doing it twice changes nothing. Raises BadPayload when it is not what `mime` says or is cut short.
    """
    try:
        return _CLEAN[mime](data)
    except (IndexError, KeyError, ValueError):
        raise BadPayload(_CUT) from None


def dimensions(data: bytes, mime: str) -> tuple[int, int]:
    """Width and height in pixels. Raises BadPayload; TooLarge over 40 million pixels, before anything decodes it."""
    try:
        width, height = _SIZES[mime](data)
    except (IndexError, KeyError, ValueError, StopIteration):
        raise BadPayload(_CUT) from None
    if width <= 0 or height <= 0:
        raise BadPayload(_CUT)
    if width * height > MOST_PIXELS:
        raise TooLarge(
            f"This image has {width} × {height} pixels. Make it smaller than {MOST_PIXELS // 10**6} million."
        )
    return width, height


def _number(data: bytes, at: int, size: int, order: str = "big") -> int:
    piece = data[at : at + size]
    if len(piece) < size:
        raise ValueError("cut short")
    return int.from_bytes(piece, "big" if order == "big" else "little")


# ---------------------------------------------------------------- JPEG


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, whole segment with its marker; a scan with its compressed data). Ends with EOI. Raises ValueError."""
    if data[:2] != b"\xff\xd8":
        raise ValueError("no JPEG")
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError("no marker")
        while data[at] == 0xFF:  # fill bytes may stand before a marker
            at += 1
        marker = data[at]
        if marker == 0xD9:
            yield marker, b"\xff\xd9"
            return
        end = at + 1 + _number(data, at + 1, 2)
        if end < at + 3 or end > len(data):
            raise ValueError("cut short")
        if marker == 0xDA:
            after = _MARKER.search(data, end)
            if after is None:
                raise ValueError("cut short")
            end = after.start()
        yield marker, data[at - 1 : end]
        at = end


def _clean_jpeg(data: bytes) -> bytes:
    kept: list[bytes] = []
    turn = 1
    for marker, segment in _segments(data):
        content = segment[4:]
        if marker == 0xE1 and content.startswith(b"Exif\x00"):
            turn = _orientation(content[6:]) if turn == 1 else turn
        described = marker == 0xFE or 0xE0 <= marker <= 0xEF
        wanted = (
            (marker == 0xE0 and content.startswith(b"JFIF\x00"))
            or (marker == 0xE2 and content.startswith(b"ICC_PROFILE\x00"))
            or (marker == 0xEE and content.startswith(b"Adobe"))
        )
        if not described or wanted:
            kept.append(segment)
    if 2 <= turn <= 8:
        kept.insert(1 if kept and kept[0][1] == 0xE0 else 0, _turned(turn))
    return b"\xff\xd8" + b"".join(kept)


def _turned(turn: int) -> bytes:
    """An Exif segment that says how to turn the picture, and nothing else."""
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + turn.to_bytes(2, "big") + b"\x00\x00"
    tiff = b"MM\x00*\x00\x00\x00\x08" + b"\x00\x01" + entry + b"\x00\x00\x00\x00"
    content = b"Exif\x00\x00" + tiff
    return b"\xff\xe1" + (len(content) + 2).to_bytes(2, "big") + content


def _orientation(tiff: bytes) -> int:
    """Tag 0x0112 of the first directory; 1 (as it is) where it cannot be read."""
    order = {b"II": "little", b"MM": "big"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        start = _number(tiff, 4, 4, order)
        for entry in range(min(_number(tiff, start, 2, order), 512)):
            at = start + 2 + 12 * entry
            if _number(tiff, at, 2, order) == 0x0112:
                return _number(tiff, at + 8, 2, order)
    except ValueError:
        return 1
    return 1


def _size_jpeg(data: bytes) -> tuple[int, int]:
    frames = (s for m, s in _segments(data) if 0xC0 <= m <= 0xCF and m not in (0xC4, 0xC8, 0xCC))
    frame = next(frames)
    return _number(frame, 7, 2), _number(frame, 5, 2)


# ---------------------------------------------------------------- PNG


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(type, whole chunk) up to IEND. Raises ValueError."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("no PNG")
    at = 8
    while True:
        end = at + 12 + _number(data, at, 4)
        if end > len(data):
            raise ValueError("cut short")
        name = data[at + 4 : at + 8]
        yield name, data[at:end]
        if name == b"IEND":
            return
        at = end


def _clean_png(data: bytes) -> bytes:
    return data[:8] + b"".join(chunk for name, chunk in _chunks(data) if name in _PNG_KEPT)


def _size_png(data: bytes) -> tuple[int, int]:
    name, chunk = next(_chunks(data))
    if name != b"IHDR":
        raise ValueError("no header")
    return _number(chunk, 8, 4), _number(chunk, 12, 4)


# ---------------------------------------------------------------- WebP


def _riff(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(type, content) of each chunk. Raises ValueError."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise ValueError("no WebP")
    last = 8 + _number(data, 4, 4, "little")
    if last > len(data):
        raise ValueError("cut short")
    at = 12
    while at + 8 <= last:
        size = _number(data, at + 4, 4, "little")
        if at + 8 + size > last:
            raise ValueError("cut short")
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _clean_webp(data: bytes) -> bytes:
    parts = []
    for name, content in _riff(data):
        if name not in _WEBP_KEPT:
            continue
        # the extended header also says that Exif (bit 3) and XMP (bit 2) follow
        kept = bytes([content[0] & ~0x0C]) + content[1:] if name == b"VP8X" else content
        parts.append(name + len(kept).to_bytes(4, "little") + kept + b"\x00" * (len(kept) % 2))
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _size_webp(data: bytes) -> tuple[int, int]:
    name, content = next(_riff(data))
    if name == b"VP8X":
        return _number(content, 4, 3, "little") + 1, _number(content, 7, 3, "little") + 1
    if name == b"VP8L" and content[0] == 0x2F:
        bits = _number(content, 1, 4, "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if name == b"VP8 " and content[3:6] == b"\x9d\x01\x2a":
        return _number(content, 6, 2, "little") & 0x3FFF, _number(content, 8, 2, "little") & 0x3FFF
    raise ValueError("no frame")


# ---------------------------------------------------------------- GIF


def _table(flags: int) -> int:
    """Bytes of the colour table these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks_end(data: bytes, at: int) -> int:
    while data[at]:
        at += data[at] + 1
    return at + 1


def _clean_gif(data: bytes) -> bytes:
    if data[:6] not in (b"GIF87a", b"GIF89a"):
        raise ValueError("no GIF")
    at = 13 + _table(data[10])
    kept = [data[:at]]
    while data[at] != 0x3B:
        if data[at] == 0x2C:
            end = _blocks_end(data, at + 11 + _table(data[at + 9]))
        elif data[at] == 0x21:
            end = _blocks_end(data, at + 2)
            if data[at + 1] == 0xFE or (data[at + 1] == 0xFF and data[at + 3 : at + 14] not in _GIF_KEPT):
                at = end
                continue
        else:
            raise ValueError("no block")
        kept.append(data[at:end])
        at = end
    return b"".join(kept) + b"\x3b"


def _size_gif(data: bytes) -> tuple[int, int]:
    if data[:6] not in (b"GIF87a", b"GIF89a"):
        raise ValueError("no GIF")
    return _number(data, 6, 2, "little"), _number(data, 8, 2, "little")


_CLEAN: Mapping[str, Callable[[bytes], bytes]] = MappingProxyType(
    {"image/jpeg": _clean_jpeg, "image/png": _clean_png, "image/webp": _clean_webp, "image/gif": _clean_gif}
)
_SIZES: Mapping[str, Callable[[bytes], tuple[int, int]]] = MappingProxyType(
    {"image/jpeg": _size_jpeg, "image/png": _size_png, "image/webp": _size_webp, "image/gif": _size_gif}
)
