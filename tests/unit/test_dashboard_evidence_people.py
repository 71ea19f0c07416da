"""Whose evidence a person may read: lines of the audit quote what was done for a brand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard import data
from dashboard.app_pages import evidence
from dashboard.components.head import pressed
from herald.model import Role
from tests.support.world import ANA, BRAND, MIA

OWNER = replace(MIA, id="odd", name="Odd Oak", roles=frozenset({Role.OWNER}))
AWAY = replace(ANA, id="away", name="Ava Away", brands=frozenset({"small-shop"}))
BOTH = replace(ANA, id="both", name="Bo Both", brands=frozenset({BRAND, "small-shop"}))


@pytest.mark.parametrize(
    ("reader", "others", "shown"),
    [
        (OWNER, [OWNER, MIA], ["", "mia", "odd"]),
        (OWNER, [OWNER, MIA, AWAY, BOTH], ["mia", "odd"]),  # neither another brand's people nor everybody's at once
        (replace(OWNER, brands=BOTH.brands), [OWNER, MIA, AWAY, BOTH], ["", "away", "both", "mia", "odd"]),
        (MIA, [OWNER, MIA], ["mia"]),
    ],
)
def test_nobody_reads_what_was_done_for_a_brand_they_do_not_work_for(
    monkeypatch: pytest.MonkeyPatch, reader, others, shown
) -> None:
    known = {one.id: one for one in others} | {reader.id: reader}
    monkeypatch.setattr(data, "people", lambda: known)
    assert sorted(evidence._people(reader)) == shown


@pytest.mark.parametrize("told", [None, 3, -1, float("nan"), True, ["a"], {"id": "a"}])
def test_what_a_browser_says_was_pressed_is_the_id_of_a_row_or_nothing(told) -> None:
    assert pressed(told) is None
    assert pressed("a") == "a"
