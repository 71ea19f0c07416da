"""Images by hand: whole ones, and ones whose header promises too much."""

from __future__ import annotations

import struct
import zlib


def png(width: int = 1, height: int = 1, *, rows: int | None = None) -> bytes:
    """A grey PNG; with `rows`, its data holds so many, whatever its header says."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress((b"\0" + b"\x80" * min(width, 9_999)) * (height if rows is None else rows))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(name: bytes, content: bytes) -> bytes:
    body = name + content
    return len(content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
