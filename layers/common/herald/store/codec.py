"""Any record to a row and back, by its fields' types. Absent attributes stand for None, empty and False."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from herald.store import rows
from herald.store.db import Item

_T = TypeVar("_T")
_Read = Callable[[Any], Any]


def item(thing: Any) -> Item:
    """A dataclass as a row holds it. Raises TypeError for what a row cannot hold (a float)."""
    return rows.flat(thing)


def thing(kind: type[_T], row: Mapping[str, Any]) -> _T:
    """The dataclass a row holds; what the row lacks is the field's default, else empty of its type."""
    plan = _plan(kind)  # type: ignore[arg-type] # a class is hashable
    return kind(**{name: read(row[name]) if name in row else empty() for name, (read, empty) in plan.items()})


@lru_cache(maxsize=256)
def _plan(kind: type[Any]) -> dict[str, tuple[_Read, Callable[[], Any]]]:
    hints = get_type_hints(kind)
    return {one.name: (_reader(hints[one.name]), _empty(one, hints[one.name])) for one in fields(kind)}


def _empty(field: Field[Any], hint: Any) -> Callable[[], Any]:
    """What an absent attribute stands for: empty, since what is empty is not written; else the field's default."""
    nothing = _nothing(hint)
    if nothing is not None:
        return nothing
    if field.default is not MISSING:
        return lambda: field.default
    if field.default_factory is not MISSING:
        return field.default_factory

    def missing() -> Any:
        raise TypeError(f"a row without {field.name}")

    return missing


def _nothing(hint: Any) -> Callable[[], Any] | None:
    """What rows leave out of this type; None for a type that is always written."""
    origin = get_origin(hint) or hint
    if _optional(hint) is not None:
        return lambda: None
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return dict
    return origin if origin in (bool, str, tuple, frozenset) else None


def _optional(hint: Any) -> Any:
    """X of X | None; None for another type."""
    if get_origin(hint) in (Union, types.UnionType):
        inner = [one for one in get_args(hint) if one is not type(None)]
        if len(inner) == 1 and len(get_args(hint)) == 2:
            return inner[0]
        raise TypeError(f"a row cannot tell {hint} apart")
    return None


def _reader(hint: Any) -> _Read:
    inner = _optional(hint)
    if inner is not None:
        return _reader(inner)
    origin, args = get_origin(hint), get_args(hint)
    if origin in (tuple, frozenset):  # what is empty inside a list stands there as null
        if origin is tuple and not (len(args) == 2 and args[1] is Ellipsis):
            raise TypeError(f"{hint}: only tuples of one type and any length")
        each, empty = _reader(args[0]), _nothing(args[0]) or dict
        return lambda value: origin(empty() if one is None else each(one) for one in value)
    if origin is not None and issubclass(origin, Mapping):
        each = _reader(args[1]) if args[1] is not Any else _same
        return lambda value: {name: each(inner) for name, inner in value.items()}
    if hint is datetime:
        return rows.time
    if hint is date:
        return date.fromisoformat
    if isinstance(hint, type) and (is_dataclass(hint) or issubclass(hint, Enum)):
        return (lambda value: thing(hint, value)) if is_dataclass(hint) else hint
    if hint in (str, int, bool):
        return hint  # type: ignore[no-any-return]
    if hint in (object, Any) or get_origin(hint) is not None:
        return _same
    raise TypeError(f"a row cannot hold {hint}")


def _same(value: Any) -> Any:
    return value
