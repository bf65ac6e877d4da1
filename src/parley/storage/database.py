"""One SQLite file, used by threads of this process and by other processes at the same time.

Writes of a process go through one thread: SQLite admits one writer at a time, and a queue is
fairer than eight threads polling for its lock. Those that wait together are committed together,
because flushing the disk takes longer than anything else. Reads have threads of their own; in WAL
mode they neither wait for a writer nor hold one up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text

from parley.errors import StoreBroken
from parley.storage.committing import MOST_TOGETHER, Write, commit
from parley.storage.failures import storage_errors
from parley.storage.tables import HEAD_REVISION

_T = TypeVar("_T")

BUSY_TIMEOUT_S = 10.0
"""Patience for another process's lock: a transaction takes tens of milliseconds, seconds on a loaded disk."""

_READERS = 2
# A burst of results makes the log grow; beyond this it is cut when it starts anew.
_WAL_LIMIT_BYTES = 64 * 1024 * 1024

_BEGIN = "parley_begin"
_READ = ("BEGIN",)
_RESULT = ("PRAGMA synchronous=FULL", "BEGIN IMMEDIATE")
_NOTE = ("PRAGMA synchronous=NORMAL", "BEGIN IMMEDIATE")


class Database:
    """Transactions by function: `read` and `write` run what they are given in a thread.

    Both raise StorageError or a child of it, and leave nothing half-written.
    """

    def __init__(self, path: Path) -> None:
        self._engine = connect(path)
        self._reader = self._engine.execution_options(**{_BEGIN: _READ})
        self._results = self._engine.execution_options(**{_BEGIN: _RESULT})
        self._notes = self._engine.execution_options(**{_BEGIN: _NOTE})
        self._reading = ThreadPoolExecutor(_READERS, thread_name_prefix="parley-read")
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="parley-write")
        self._line: deque[Write[Any]] = deque()

    @classmethod
    def open(cls, path: Path) -> Database:
        """Open the file, making or upgrading its tables where needed. Blocks; raises StorageError."""
        database = cls(path)
        try:
            with storage_errors():
                if database.revision() != HEAD_REVISION:
                    database.upgrade(path)
        except BaseException:
            database.close()
            raise
        return database

    def revision(self) -> str | None:
        """The migration the file is at, None for a new one. Raises StoreBroken for what is not ours."""
        with self._reader.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return known_revision(found)

    def upgrade(self, path: Path) -> None:
        """Bring the tables up to date; other processes that start now wait."""
        # Alembic takes a third of a second to import and is needed on a first start only.
        from parley.storage.upgrade import upgrade

        upgrade(self._results, self.revision, path)

    async def read(self, work: Callable[[Connection], _T]) -> _T:
        """Run `work` in a transaction that sees one state of the file."""
        return await self._run(self._reading, self._reader, work)

    async def write(
        self, work: Callable[[Connection], _T], *, survives_power_cut: bool = True, alone: bool = False
    ) -> _T:
        """Run `work` in a transaction; what it wrote is durable when this returns.

        Others may be in the same transaction, each seeing what those before it have written; one that
        raises takes back only its own. `work` is run again where the disk refuses them together, so
        one that does more than write is to be `alone`.

        Results are flushed to the disk (12 ms measured on a virtual disk, against a second or more
        of recognition for a unit). Without `survives_power_cut` a commit survives the death of the
        process but maybe not of the machine: enough for leases, which mean nothing after a restart.
        """
        engine = self._results if survives_power_cut else self._notes
        if alone:
            return await self._run(self._writing, engine, work)
        write = Write(work, engine)
        self._line.append(write)
        # One visit for each write: a visit that finds the line empty has nothing to do.
        self._writing.submit(self._work_off)
        return await asyncio.wrap_future(write.answer)

    def _work_off(self) -> None:
        """Commit what waits. Writes of one kind of durability stand together in the line."""
        together: list[Write[Any]] = []
        with suppress(IndexError):
            while len(together) < MOST_TOGETHER and (
                not together or self._line[0].engine is together[0].engine
            ):
                together.append(self._line.popleft())
        commit(together)

    async def _run(self, threads: Executor, engine: Engine, work: Callable[[Connection], _T]) -> _T:
        def transact() -> _T:
            with storage_errors(), engine.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(threads, transact)

    def close(self) -> None:
        """Finish what was begun and let go of the file. Blocks."""
        self._writing.shutdown()
        self._reading.shutdown()
        self._engine.dispose()


def known_revision(found: str | None) -> str:
    """The revision itself. Raises StoreBroken for one that a newer Parley or another program made."""
    if found is None or not (found.isdecimal() and len(found) == len(HEAD_REVISION)):
        raise StoreBroken(
            "The database in the data directory was not made by Parley; choose another data directory.",
            detail=f"revision {found}",
        )
    if found > HEAD_REVISION:
        raise StoreBroken(
            "The database in the data directory was made by a newer Parley; upgrade Parley or choose "
            "another data directory.",
            detail=f"revision {found}",
        )
    return found


def connect(path: Path) -> Engine:
    """An engine whose transactions begin as their execution options say."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        pool_size=_READERS + 1,
        max_overflow=0,
        pool_timeout=2 * BUSY_TIMEOUT_S,
        # Payloads are what people said; they belong in no error and no log.
        hide_parameters=True,
        # Without an isolation level, Python's sqlite3 leaves BEGIN to us.
        connect_args={"timeout": BUSY_TIMEOUT_S, "isolation_level": None},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, record: object) -> None:
    connection.execute(f"PRAGMA journal_size_limit={_WAL_LIMIT_BYTES}")
    connection.execute("PRAGMA temp_store=MEMORY")


def _begin(connection: Connection) -> None:
    for statement in connection.get_execution_options().get(_BEGIN, _READ):
        connection.exec_driver_sql(statement)
