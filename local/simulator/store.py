"""An SQLite file for what stands on a simulated platform: one transaction a change, safe to reopen at any time."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

CALLS_KEPT = 2000

SCHEMA = """
create table if not exists calls (
    id integer primary key autoincrement, at real not null, method text not null, path text not null,
    params text not null, page text, status integer, fault text);
create table if not exists faults (
    id integer primary key autoincrement, kind text not null, calls integer, until real, seconds real not null,
    writes_only integer not null, page text);
create table if not exists late (id integer primary key autoincrement, due_at real not null, call text not null);
create table if not exists settings (key text primary key, value text not null);
"""


class Store:
    """Rows, settings and the log of calls.

    Attributes:
        base: address of the public pages, once they are served.
        clock: Unix seconds. changed: called after each transaction.
    """

    def __init__(
        self,
        file: Path | str,
        schema: str,
        *,
        added: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`added`: table -> definition of a column that files of earlier versions lack."""
        self.base = ""
        self.clock = clock
        self.changed: Callable[[], None] = lambda: None
        self.revision = 0
        self._depth = 0
        if str(file) != ":memory:":
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.db.execute("pragma journal_mode=wal")
        self.db.execute("pragma synchronous=normal")
        self.db.executescript(SCHEMA + schema)
        for table, column in (added or {}).items():
            have = {row["name"] for row in self.db.execute(f"pragma table_info({table})")}
            if column.split()[0] not in have:
                self.db.execute(f"alter table {table} add column {column}")

    def close(self) -> None:
        self.db.close()

    def copy_to(self, file: Path) -> None:
        """Put all that stands here into a file, in place of what it holds."""
        with closing(sqlite3.connect(file)) as other:
            self.db.backup(other)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; an inner one that fails undoes only its own part."""
        name = f"level_{self._depth}"
        self.db.execute("begin immediate" if self._depth == 0 else f"savepoint {name}")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth:
                self.db.execute(f"rollback to {name}")
                self.db.execute(f"release {name}")
            else:
                self.db.execute("rollback")
            raise
        self._depth -= 1
        self.db.execute(f"release {name}" if self._depth else "commit")
        if not self._depth:
            self.revision += 1
            self.changed()

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        return self.db.execute(query, values).fetchall()

    def version(self) -> str:
        """Differs whenever anything was written, by this connection or by another to the same file."""
        return f"{self.revision}.{self.db.execute('pragma data_version').fetchone()[0]}"

    def setting(self, key: str, default: Any) -> Any:
        row = self.db.execute("select value from settings where key=?", (key,)).fetchone()
        return default if row is None else json.loads(row["value"])

    def set(self, key: str, value: Any) -> None:
        with self.transaction():
            self.db.execute("insert or replace into settings values (?,?)", (key, json.dumps(value)))

    # ------------------------------------------------------------ the log of calls

    def log_call(self, method: str, path: str, params: Mapping[str, str], page: str | None) -> int:
        """Write down that the API was called, before anything is done about it; returns the line's id."""
        with self.transaction():
            line = self.db.execute(
                "insert into calls (at, method, path, params, page) values (?,?,?,?,?)",
                (self.clock(), method, path, json.dumps(params), page),
            ).lastrowid
            self.db.execute("delete from calls where id <= ?", ((line or 0) - CALLS_KEPT,))
        return int(line or 0)

    def calls(self, after: int = 0) -> list[dict[str, Any]]:
        """The log from a line on, oldest first."""
        rows = self.rows(
            "select id, at, method, path, params, page, status, fault from calls where id > ? order by id", after
        )
        return [dict(row) | {"params": json.loads(row["params"])} for row in rows]

    def answer_call(self, line: int, status: int | None, fault: str | None) -> None:
        """How it ended: the status the caller got (None: no answer at all) and the fault that was in play."""
        with self.transaction():
            self.db.execute("update calls set status=?, fault=? where id=?", (status, fault, line))
