"""What an incident asks for: its level, who must know, and the steps of its checklist (crisis.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from herald.model import Role
from herald.model.incidents import Gravity, Scope
from herald.model.record import record

_FILE = Path(__file__).with_name("crisis.yaml")


@record
class Step:
    id: str
    text: str
    clause: str


@record
class Level:
    """One level: how it is called, the roles that must know of it, its checklist in order."""

    number: int
    name: str
    told: tuple[Role, ...]
    steps: tuple[Step, ...]

    def step(self, step_id: str) -> Step | None:
        return next((each for each in self.steps if each.id == step_id), None)

    @property
    def two(self) -> bool:
        """Whether ending it takes a second person (CRISIS 3.2)."""
        return self.number >= 2


def level_of(gravity: Gravity, scope: Scope) -> int:
    """0 to 4: the sum of both, each from 0."""
    return list(Gravity).index(gravity) + list(Scope).index(scope)


def first_told() -> tuple[Role, ...]:
    """The roles that hear of one that nobody has judged yet."""
    return tuple(map(Role, _read()["raised"]["told"]))


@lru_cache(maxsize=1)
def _read() -> Any:
    import yaml  # noqa: PLC0415  only where somebody asks

    return yaml.safe_load(_FILE.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def levels() -> Mapping[int, Level]:
    """Every level, by number."""
    return {
        number: Level(
            number,
            told["name"],
            tuple(map(Role, told["told"])),
            tuple(Step(name, step["text"], step["clause"]) for name, step in told["steps"].items()),
        )
        for number, told in _read()["levels"].items()
    }
