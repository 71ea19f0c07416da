"""Against real servers: minutes the first time, so only where asked for (`make test-platforms`, or this folder)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from herald.model import Act, Delivery, DeliveryState, Media

_HERE = Path(__file__).resolve().parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder out of a bare `pytest`."""
    asked = (Path(argument.split("::")[0]).resolve() for argument in config.args)
    return None if any(path == _HERE or _HERE in path.parents for path in asked) else True


@pytest.fixture(scope="session")
def png() -> bytes:
    """A picture of 8 by 4 points."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\xc0\x60\x30" * 8 for _ in range(4))
    head = struct.pack(">IIBBBBB", 8, 4, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Orders:
    """Deliveries as the flow would hand them over, each with an id of its own."""

    def __init__(self, platform: str, account_id: str) -> None:
        self._platform = platform
        self._account_id = account_id
        self._count = 0

    def publish(self, text: str, *, link: str = "", image: bytes = b"", alt: str = "") -> Delivery:
        media = (Media("k", sha256(image).hexdigest(), "image/png", len(image), alt, 8, 4),) if image else ()
        return self._order(Act.PUBLISH, text=text, link=link, media=media)

    def reply(self, target: str, text: str) -> Delivery:
        return self._order(Act.REPLY, target=target, text=text)

    def take_down(self, target: str) -> Delivery:
        return self._order(Act.TAKE_DOWN, target=target)

    def _order(self, act: Act, *, target: str = "", text: str = "", **more: object) -> Delivery:
        self._count += 1
        now = datetime.now(UTC)
        delivery = Delivery(
            id=f"{act}~{self._count}~{now.timestamp()}", act=act, platform=self._platform, account_id=self._account_id,
            brand="quince", message_id="", target=target, text=text, state=DeliveryState.SENDING, ordered_by="mia",
            ordered_at=now, due_at=now, attempt=1, first_sent_at=now, content_hash=sha256(text.encode()).hexdigest(),
        )  # fmt: skip
        return replace(delivery, **more)  # type: ignore[arg-type]
