"""Records mean what frozen dataclasses mean; only their making is cheaper."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.model.record import deferring, later, record


@record
class Ours:
    name: str
    count: int = 0
    note: str = field(default="", compare=False)
    secret: str = field(default="", repr=False)


@record
class Lone:
    name: str


@record
class Bare:
    pass


@dataclass(frozen=True, slots=True)
class Theirs:
    name: str
    count: int = 0
    note: str = field(default="", compare=False)
    secret: str = field(default="", repr=False)


_VALUES = st.tuples(st.text(max_size=2), st.integers(0, 2), st.text(max_size=1), st.text(max_size=1))


@given(_VALUES, _VALUES)
def test_records_are_equal_hashed_and_shown_as_dataclasses_are(one: tuple, other: tuple) -> None:  # type: ignore[type-arg]
    assert (Ours(*one) == Ours(*other)) == (Theirs(*one) == Theirs(*other))
    assert hash(Ours(*one)) == hash(Theirs(*one))
    assert repr(Ours(*one)) == repr(Theirs(*one)).replace("Theirs", "Ours")


def test_a_record_is_changed_by_nobody_and_replaced_by_anybody() -> None:
    ours = Ours("a")
    with pytest.raises(FrozenInstanceError):
        ours.name = "b"  # type: ignore[misc]
    with pytest.raises((AttributeError, TypeError)):
        ours.other = "b"  # type: ignore[attr-defined]
    assert replace(ours, count=2) == Ours("a", 2)


def test_records_of_two_kinds_are_never_equal() -> None:
    assert Lone("a") != Theirs("a")
    assert Lone("a") == Lone("a") != Lone("b")
    assert Bare() == Bare()
    assert len({Lone("a"), Lone("a"), Bare()}) == 2


@record
class Grown(Ours):
    tags: tuple[str, ...] = ()
    seen: dict[str, int] = field(default_factory=dict)
    late: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError("count")


def test_a_record_is_made_as_a_dataclass_is_and_wrong_ways_are_refused() -> None:
    made = Grown("a", 1, tags=("x",), late=True)
    assert (made.name, made.count, made.note, made.tags, made.seen, made.late) == ("a", 1, "", ("x",), {}, True)
    assert made.seen is not Grown("a").seen
    for wrong in (partial(Grown), partial(Grown, "a", nothing=1), partial(Grown, "a", 1, "", "", (), {}, True)):
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(ValueError, match="count"):
        Grown("a", -1)
    assert Ours("a", 1) == Ours("a", 1) != made


def test_a_record_is_copied_and_pickled_whole() -> None:
    made = Grown("a", 1, tags=("x",))
    assert copy.deepcopy(made) == made == pickle.loads(pickle.dumps(made))  # noqa: S301 - our own bytes
    with pytest.raises(FrozenInstanceError):
        del made.name


@deferring("parts")
@record
class Slow:
    name: str
    parts: tuple[str, ...] = ()


def test_a_field_that_is_worked_out_later_is_worked_out_once_and_by_whoever_reads_it_first() -> None:
    asked: list[str] = []

    def work() -> tuple[str, ...]:
        asked.append("once")
        return ("x",)

    def made() -> Slow:
        return Slow("a", later(work))

    one = made()
    assert (one.name, asked) == ("a", [])
    assert one.parts == one.parts == ("x",)
    assert asked == ["once"]
    whole = Slow("a", ("x",))
    assert made() == whole == replace(made(), name="a")
    assert hash(made()) == hash(whole)
    assert repr(made()) == repr(whole) == "Slow(name='a', parts=('x',))"
    assert copy.deepcopy(made()) == whole == pickle.loads(pickle.dumps(made()))  # noqa: S301 - our own bytes
    assert Slow("a").parts == ()
    with pytest.raises(FrozenInstanceError):
        one.parts = ()  # type: ignore[misc] - what mypy refuses is refused at run time, too
