"""A door to the tables that breaks at call n, before or after the call took effect, as processes and networks do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from herald.store.db import Db, Item, Put, Update, Write
from herald.store.keys import Key


class Crash(BaseException):
    """The process died here: nothing in the flow may catch it."""


class Outage(Exception):
    """The call failed; the flow may catch it and go on."""


@dataclass
class BreakingDb:
    """Passes everything on, but call number `at` (1-based) raises `error`, after its effect if `after`."""

    inner: Db
    at: int
    after: bool
    error: type[BaseException] = Crash
    calls: int = 0

    def _step(self) -> bool:
        self.calls += 1
        if self.calls != self.at:
            return False
        if not self.after:
            raise self.error(f"before call {self.at}")
        return True

    def _end(self, broken: bool) -> None:
        if broken:
            raise self.error(f"after call {self.at}")

    def get(self, key: Key) -> Item | None:
        broken = self._step()
        found = self.inner.get(key)
        self._end(broken)
        return found

    def get_many(self, keys: Iterable[Key], *, settled: bool = True) -> dict[Key, Item]:
        broken = self._step()
        found = self.inner.get_many(keys, settled=settled)
        self._end(broken)
        return found

    def query(self, *args: object, **kwargs: object) -> tuple[list[Item], str | None]:
        broken = self._step()
        found = self.inner.query(*args, **kwargs)  # type: ignore[arg-type]
        self._end(broken)
        return found

    def write(self, write: Put | Update) -> None:
        broken = self._step()
        self.inner.write(write)
        self._end(broken)

    def transact(self, writes: Sequence[Write]) -> None:
        broken = self._step()
        self.inner.transact(writes)
        self._end(broken)


class BreakingClient:
    """A boto3 client whose call number `at` (1-based, of any operation) raises Crash, before or after its effect."""

    def __init__(self, inner: object, at: int, *, after: bool) -> None:
        self._inner = inner
        self._at = at
        self._after = after
        self.calls = 0

    def __getattr__(self, name: str) -> object:
        operation = getattr(self._inner, name)
        if name in ("exceptions", "meta") or not callable(operation):
            return operation

        def call(**arguments: object) -> object:
            self.calls += 1
            broken = self.calls == self._at
            if broken and not self._after:
                raise Crash(f"before {name}, call {self._at}")
            answer = operation(**arguments)
            if broken:
                raise Crash(f"after {name}, call {self._at}")
            return answer

        return call
