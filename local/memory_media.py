"""The place of files in memory, for tests and for composing the demo's history; fits MediaStore and Uploads."""

from __future__ import annotations

from hashlib import sha256

from herald.errors import TooLarge, Unknown
from herald.ports import Stored, UploadForm


class MemoryMedia:
    """`sent` is what browsers sent and nobody looked at yet: upload id -> bytes. `held` is what nobody decided on."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[bytes, str]] = {}
        self.held: dict[str, tuple[bytes, str]] = {}
        self.sent: dict[str, bytes] = {}

    def put(self, data: bytes, mime: str) -> str:
        key = f"media/{sha256(data).hexdigest()}"
        self.kept[key] = (data, mime)
        return key

    def hold(self, data: bytes, mime: str) -> str:
        key = f"incoming/held-{sha256(data).hexdigest()}"
        self.held[key] = (data, mime)
        return key

    def keep(self, key: str) -> str:
        if key in self.kept:
            return key
        if key not in self.held:
            raise Unknown(f"There is no file {key}.")
        return self.put(*self.held[key])

    def get(self, key: str) -> bytes:
        found = self.kept.get(key) or self.held.get(key)
        if found is None:
            raise Unknown(f"There is no file {key}.")
        return found[0]

    def look(self, key: str) -> Stored:
        data = self.get(key)
        return Stored(len(data), data[:4096])

    def expect(self, upload_id: str, most: int) -> UploadForm:
        return UploadForm("", {"key": f"incoming/{upload_id}"})

    def arrived(self, upload_id: str, most: int) -> str:
        data = self.sent.get(upload_id)
        if data is None:
            raise Unknown("Nothing came. Send the file again.")
        if len(data) > most:
            raise TooLarge(f"This file has {len(data)} bytes; {most} is the limit.")
        return self.hold(data, "application/octet-stream")

    def address(self, key: str, name: str, mime: str) -> str:
        return ""
