"""How our values are made: frozen dataclasses with slots, whose making costs a cold start next to nothing.

A dataclass writes its methods as text and compiles them, each time a process starts. Most of a handler's own start went
there (`herald bench cold`). Comparing, hashing, showing and refusing a change need no text of their own: all records
share them. What makes one (`__init__`) is compiled by dataclasses too, when the first of a kind is made: a function
reads many kinds and makes few.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, make_dataclass
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, cast, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[_T]) -> type[_T]:
    """`dataclass(frozen=True, slots=True)`, with `==`, `hash` and `repr` that mean the same and are shared."""
    own = vars(cls)
    cls.__doc__ = own.get("__doc__") or cls.__name__  # without one, dataclasses write a signature: dear
    made: Any = dataclass(init=False, slots=True, eq=False, repr=False)(cls)
    for name, method in _SHARED.items():
        if name not in own:
            setattr(made, name, method)

    def first(self: Any, *values: Any, **named: Any) -> None:
        made.__init__ = constructor = _constructor(made)
        constructor(self, *values, **named)

    made.__init__ = first
    return cast("type[_T]", made)


def _constructor(made: Any) -> Callable[..., None]:
    """The `__init__` that a frozen dataclass of these fields has."""
    anew: Any = field  # a field that belongs to one class cannot be given to another
    kept: list[tuple[str, Any, Any]] = [
        (one.name, one.type, anew(default=one.default, default_factory=one.default_factory, kw_only=one.kw_only))
        for one in fields(made)
    ]
    own = {"__doc__": made.__name__} | ({"__post_init__": made.__post_init__} if hasattr(made, "__post_init__") else {})
    alike: Any = make_dataclass(made.__name__, kept, namespace=own, frozen=True, eq=False, repr=False)
    return cast("Callable[..., None]", alike.__init__)


def _equal(self: Any, other: Any) -> Any:
    if self.__class__ is not other.__class__:
        return NotImplemented
    compared = _compared(self.__class__)
    return compared(self) == compared(other)


def _hash(self: Any) -> int:
    return hash(_compared(self.__class__)(self))


def _shown(self: Any) -> str:
    told = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{self.__class__.__qualname__}({told})"


@cache
def _compared(cls: Any) -> Callable[[Any], Any]:
    """What two of a class are compared by: a value, or a tuple of them."""
    names = [one.name for one in fields(cls) if one.compare]
    return attrgetter(*names) if names else lambda _: ()


def _unchanged(self: Any, name: str, value: object = None) -> None:
    raise FrozenInstanceError(f"a {self.__class__.__qualname__} does not change: {name}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for one, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)


_SHARED: dict[str, Any] = {
    "__eq__": _equal, "__hash__": _hash, "__repr__": _shown, "__setattr__": _unchanged, "__delattr__": _unchanged,
    "__getstate__": _state, "__setstate__": _restore,
}  # fmt: skip


class _Later:
    """What a field will hold, once somebody reads it."""

    __slots__ = ("work",)

    def __init__(self, work: Callable[[], object]) -> None:
        self.work = work


def later(work: Callable[[], _T]) -> _T:
    """Stands for a value of a field that `deferring` names: worked out when the field is first read, and kept."""
    return cast("_T", _Later(work))


def deferring(*names: str) -> Callable[[type[_T]], type[_T]]:
    """A record of which these fields may be given by `later`: whoever reads them, by whatever way, sees the value."""

    def deferred(slot: Any) -> property:
        def read(self: Any) -> Any:
            value = slot.__get__(self)
            if value.__class__ is _Later:
                value = value.work()
                slot.__set__(self, value)
            return value

        return property(read, slot.__set__)

    def wrapped(cls: type[_T]) -> type[_T]:
        for name in names:
            setattr(cls, name, deferred(vars(cls)[name]))
        return cls

    return wrapped


@record
class Record:
    """Base of the kinds that the store keeps by their fields alone; where each lies: store/shelves.py.

    A kind is a record of texts, integers, booleans, dates, instants, enumerations, and tuples, frozensets, mappings and
    records of these. One that changes has a field `version: int = 0`, written by the store.
    """


def stamp(at: datetime) -> str:
    """UTC, milliseconds, fixed width: as text, instants sort as times do. So they stand in keys."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
