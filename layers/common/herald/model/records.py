"""Records: what people and flows keep beside messages, cases and posts. Where each kind lies: store/shelves.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """Base of the kinds that the store keeps by their fields alone.

    A kind is a frozen dataclass of texts, integers, booleans, dates, instants, enumerations, and tuples, frozensets,
    mappings and dataclasses of these. One that changes has a field `version: int = 0`, written by the store.
    """
