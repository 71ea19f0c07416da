"""When a rule's firings are told of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.moderate.firing import FEWEST, LESS, MORE, unusual

counts = st.lists(st.integers(0, 500), min_size=FEWEST, max_size=20)


@pytest.mark.parametrize(
    ("fired", "before", "way"),
    [
        (40, [4] * 14, MORE),
        (12, [4] * 14, None),  # by chance
        (4, [0, 0, 0, 0, 0, 0, 0, 1], None),  # few are no matter
        (9, [0, 1, 0, 0, 1, 0, 0, 1], MORE),
        (130, [100] * 14, None),  # drift
        (0, [30] * 14, LESS),
        (12, [30] * 14, None),
        (0, [5] * 14, None),  # too few to be missed
        (300, [10, 200, 15, 180, 12, 220, 9, 210], None),  # it swings anyhow
    ],
)
def test_far_more_and_far_less_are_told_and_chance_is_not(fired: int, before: list[int], way: str | None) -> None:
    found = unusual(fired, before)
    assert (found.way if found else None) == way


def test_a_day_that_still_runs_is_never_too_little() -> None:
    assert unusual(0, [30] * 14, over=False) is None
    assert unusual(90, [30] * 14, over=False)


def test_nothing_is_said_with_too_few_days_and_days_before_it_first_fired_are_none() -> None:
    assert unusual(99, [4] * (FEWEST - 1)) is None
    assert unusual(99, [4] * (FEWEST - 1) + [None] * 8) is None
    assert unusual(99, [4] * (FEWEST - 1) + [0] * 8) is None
    assert unusual(None, [4] * 14) is None


@given(counts)
def test_the_usual_is_never_unusual(before: list[int]) -> None:
    middle = sorted(before[:14])[len(before[:14]) // 2]
    assert unusual(middle, before) is None or middle > 0


@given(counts, st.integers(0, 5_000), st.integers(1, 5_000))
def test_where_so_many_are_told_more_are_told_too(before: list[int], fired: int, more: int) -> None:
    found = unusual(fired, before)
    if found and found.way == MORE:
        again = unusual(fired + more, before)
        assert again
        assert again.way == MORE
