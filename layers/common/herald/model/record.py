"""How our values are made: frozen dataclasses with slots, whose making costs a cold start a third less.

A dataclass writes its methods as text and compiles them, each time a process starts. Most of a handler's own start went
there (`herald bench cold`), and comparing, hashing and showing need no text of their own: all records share them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[_T]) -> type[_T]:
    """`dataclass(frozen=True, slots=True)`, with `==`, `hash` and `repr` that mean the same and are shared."""
    own = vars(cls)
    made = dataclass(frozen=True, slots=True, eq=False, repr=False)(cls)
    for name, method in _SHARED.items():
        if name not in own:
            setattr(made, name, method)
    return made


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


_SHARED: dict[str, Any] = {"__eq__": _equal, "__hash__": _hash, "__repr__": _shown}


@record
class Record:
    """Base of the kinds that the store keeps by their fields alone; where each lies: store/shelves.py.

    A kind is a record of texts, integers, booleans, dates, instants, enumerations, and tuples, frozensets, mappings and
    records of these. One that changes has a field `version: int = 0`, written by the store.
    """
