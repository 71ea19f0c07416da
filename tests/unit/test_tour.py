"""The tour shows the pages that are pictured, and no picture lies about that nobody sees."""

from __future__ import annotations

import re
from pathlib import Path

from dashboard.main import PAGES
from tests.e2e.screenshots import PICTURES, TOUR


def test_every_picture_of_the_tour_is_taken_of_a_page_and_shown_once() -> None:
    shown = re.findall(r"\]\(pictures/(.+?)\)", (Path(PICTURES).parent / "tour.md").read_text(encoding="utf-8"))
    assert shown == [f"{one.name}.jpg" for one in TOUR]
    assert sorted(path.name for path in PICTURES.iterdir()) == sorted(shown)
    assert {one.path for one in TOUR} <= set(PAGES)


def test_a_picture_is_a_small_jpeg_without_notes_of_a_machine() -> None:
    for one in TOUR:
        data = (PICTURES / f"{one.name}.jpg").read_bytes()
        assert data.startswith(b"\xff\xd8")
        assert 10_000 < len(data) < 250_000
        assert b"Exif" not in data[:200]
