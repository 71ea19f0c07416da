"""What a file is, by its bytes and never by its name; how large it may be.

First bytes from the formats' own documents: PDF (ISO 32000), ISO base media files (ISO 14496-12, `ftyp`), RIFF, Ogg
(RFC 3533), FLAC (RFC 9639), Matroska (RFC 9559), MPEG audio (ISO 11172-3), ID3v2.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from herald.errors import BadPayload, TooLarge
from herald.model import AssetKind

HEAD = 4096  # bytes that are enough to tell what a file is
MOST_BYTES: Mapping[AssetKind, int] = MappingProxyType(
    {
        AssetKind.IMAGE: 20_000_000,
        AssetKind.TEXT: 1_000_000,
        AssetKind.PDF: 100_000_000,
        AssetKind.AUDIO: 300_000_000,
        AssetKind.VIDEO: 1_000_000_000,
    }
)
_STARTS = (
    (b"\xff\xd8\xff", AssetKind.IMAGE, "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", AssetKind.IMAGE, "image/png"),
    (b"GIF87a", AssetKind.IMAGE, "image/gif"),
    (b"GIF89a", AssetKind.IMAGE, "image/gif"),
    (b"%PDF-", AssetKind.PDF, "application/pdf"),
    (b"ID3", AssetKind.AUDIO, "audio/mpeg"),
    (b"OggS", AssetKind.AUDIO, "audio/ogg"),
    (b"fLaC", AssetKind.AUDIO, "audio/flac"),
)
_RIFF = {
    b"WEBP": (AssetKind.IMAGE, "image/webp"),
    b"WAVE": (AssetKind.AUDIO, "audio/wav"),
}
_STILL = frozenset({b"avif", b"avis", b"heic", b"heix", b"hevc", b"mif1", b"msf1"})
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml|<!doctype|<!--|<html|<svg|<script|<[a-z]+[\s>/])", re.IGNORECASE)


def kind_of(head: bytes) -> tuple[AssetKind, str]:
    """Kind and MIME type by the first HEAD bytes (all, if there are fewer). Raises BadPayload: none of ours."""
    for start, kind, mime in _STARTS:
        if head.startswith(start):
            return kind, mime
    if head[:4] == b"RIFF" and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    if head[4:8] == b"ftyp":
        return _base_media(head[8:12])
    if head.startswith(b"\x1aE\xdf\xa3") and b"webm" in head[:64]:
        return AssetKind.VIDEO, "video/webm"
    if len(head) > 3 and head[0] == 0xFF and head[1] in (0xFA, 0xFB, 0xF2, 0xF3) and head[2] >> 4 not in (0, 15):
        return AssetKind.AUDIO, "audio/mpeg"
    if _is_text(head):
        return AssetKind.TEXT, "text/plain"
    raise BadPayload(
        "Herald keeps JPEG, PNG, GIF and WebP images, plain text, PDF, MP3, M4A, WAV, Ogg and FLAC sound, and MP4, MOV "
        "and WebM films. This file is none of them, whatever its name says. Save it as one of these."
    )


def _base_media(brand: bytes) -> tuple[AssetKind, str]:
    if brand in _STILL:
        raise BadPayload("No platform takes AVIF or HEIC images. Save it as JPEG or PNG.")
    if brand.startswith((b"M4A", b"M4B")):
        return AssetKind.AUDIO, "audio/mp4"
    return AssetKind.VIDEO, "video/quicktime" if brand == b"qt  " else "video/mp4"


def _is_text(head: bytes) -> bool:
    if not head or _MARKUP.match(head):
        if head:
            raise BadPayload("Files of markup (SVG, HTML, XML) can carry scripts. Save it as PNG, PDF or plain text.")
        return False
    for cut in range(4):  # the last character may be cut by the end of the head
        try:
            text = head[: len(head) - cut].decode("utf-8-sig")
        except UnicodeDecodeError:
            if len(head) < HEAD:
                return False
            continue
        return not any(unicodedata.category(char) == "Cc" and char not in "\t\n\r\f" for char in text)
    return False


def bounded(kind: AssetKind, size: int) -> None:
    """Raises BadPayload (empty), TooLarge."""
    if size <= 0:
        raise BadPayload("This file is empty.")
    most = MOST_BYTES[kind]
    if size > most:
        raise TooLarge(f"This {kind} has {size / 1e6:.1f} MB; {most // 10**6} MB is the limit.")
