"""What a file is, by its bytes; and which words mean yes."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import BadPayload, TooLarge
from herald.library import content, licences, rights
from herald.model import AssetKind


@pytest.mark.parametrize(
    ("head", "kind", "mime"),
    [
        (b"\xff\xd8\xff\xe0", AssetKind.IMAGE, "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n....", AssetKind.IMAGE, "image/png"),
        (b"GIF89a....", AssetKind.IMAGE, "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", AssetKind.IMAGE, "image/webp"),
        (b"%PDF-1.7\n%\xe2\xe3", AssetKind.PDF, "application/pdf"),
        (b"ID3\x04\x00", AssetKind.AUDIO, "audio/mpeg"),
        (b"\xff\xfb\x90\x64", AssetKind.AUDIO, "audio/mpeg"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", AssetKind.AUDIO, "audio/wav"),
        (b"OggS\x00\x02", AssetKind.AUDIO, "audio/ogg"),
        (b"fLaC\x00\x00", AssetKind.AUDIO, "audio/flac"),
        (b"\x00\x00\x00\x20ftypM4A \x00", AssetKind.AUDIO, "audio/mp4"),
        (b"\x00\x00\x00\x20ftypisom\x00", AssetKind.VIDEO, "video/mp4"),
        (b"\x00\x00\x00\x14ftypqt  \x00", AssetKind.VIDEO, "video/quicktime"),
        (b"\x1aE\xdf\xa3\x93\x42\x82\x88matroska", None, ""),
        (b"\x1aE\xdf\xa3\x93\x42\x82\x84webm", AssetKind.VIDEO, "video/webm"),
        ("Grüße vom Tisch,\nmit Liebe".encode(), AssetKind.TEXT, "text/plain"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", None, ""),
        (b"<?xml version='1.0'?><svg/>", None, ""),
        (b"  <!DOCTYPE html><script>", None, ""),
        (b"<a href=x>", None, ""),
        (b"\x00\x00\x00\x20ftypavif", None, ""),
        (b"\x00\x00\x00\x20ftypheic", None, ""),
        (b"MZ\x90\x00\x03", None, ""),
        (b"PK\x03\x04", None, ""),
        (b"", None, ""),
    ],
)  # fmt: skip
def test_a_file_is_what_its_first_bytes_say(head: bytes, kind: AssetKind | None, mime: str) -> None:
    if kind is None:
        with pytest.raises(BadPayload):
            content.kind_of(head)
    else:
        assert content.kind_of(head) == (kind, mime)


def test_text_cut_within_a_letter_by_the_end_of_what_is_looked_at_is_text() -> None:
    assert content.kind_of(("ä" * content.HEAD).encode()[: content.HEAD - 1].ljust(content.HEAD, b"a"))[0] == "text"
    assert content.kind_of(b"a" + ("ä" * content.HEAD).encode()[: content.HEAD - 1])[0] == "text"


@given(st.binary(max_size=64))
def test_any_bytes_are_told_or_refused(head: bytes) -> None:
    with contextlib.suppress(BadPayload):
        kind, mime = content.kind_of(head)
        assert mime.partition("/")[0] in (kind, "application")


def test_each_kind_has_its_bound() -> None:
    for kind, most in content.MOST_BYTES.items():
        content.bounded(kind, most)
        with pytest.raises(TooLarge):
            content.bounded(kind, most + 1)
    with pytest.raises(BadPayload, match="empty"):
        content.bounded(AssetKind.PDF, 0)


def test_every_licence_that_names_a_text_is_one_of_creative_commons_and_only_unknown_permits_nothing() -> None:
    known = licences.LICENCES
    assert [one.id for one in known.values() if not one.usable] == ["unknown"]
    assert {one.id for one in known.values() if one.address} == {"cc0", "cc-by", "cc-by-sa", "cc-by-nc"}
    assert {one.id for one in known.values() if one.credits} == {"cc-by", "cc-by-sa", "cc-by-nc"}
    assert [one.id for one in known.values() if not one.sells] == ["cc-by-nc"]


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("Yes!", True), ("#YesBanksia go for it", True), ("Sure, of course", True), ("happy to 😊", True),
        ("No thanks", False), ("please don't", False), ("Yes, but not on Facebook", False), ("I'd rather not", False),
        ("How much is the chair?", None), ("", None), ("yesterday was nice", None), ("Nottingham", None),
    ],
)  # fmt: skip
def test_an_answer_is_read_for_a_hint_that_a_person_confirms(text: str, reads: bool | None) -> None:
    assert rights.consents(text) is reads
