"""One process at a time changes a model or an engine environment."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from parley.errors import DiskFull, ParleyError, StorageError, StoreBusy, is_disk_full

_LOOK_AGAIN_S = 0.3


@contextmanager
def hold(path: Path, busy: ParleyError) -> Generator[None]:
    """Keep others out for as long as the context lasts; raises `busy` where somebody else is at it.

    SQLite's own file lock: portable, and gone with its process however that ends.
    """
    connection = _taken(path)
    if connection is None:
        raise busy
    try:
        yield
    finally:
        connection.close()


@asynccontextmanager
async def hold_patiently(
    path: Path, busy: str, patience_s: float, say: Callable[[str], None]
) -> AsyncGenerator[None]:
    """The same, after waiting for another process so long at most; it is said that there is one."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience_s
    connection = await asyncio.to_thread(_taken, path)
    if connection is None:
        say(f"{busy} Waiting for it.")
    while connection is None:
        if loop.time() > deadline:
            raise StoreBusy(busy)
        await asyncio.sleep(_LOOK_AGAIN_S)
        connection = await asyncio.to_thread(_taken, path)
    try:
        yield
    finally:
        connection.close()


def _taken(path: Path) -> sqlite3.Connection | None:
    connection: sqlite3.Connection | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=0.0, isolation_level=None, check_same_thread=False)
        connection.execute("BEGIN EXCLUSIVE")
    except (sqlite3.Error, OSError) as error:
        if connection is not None:
            connection.close()
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            return None
        if isinstance(error, OSError) and is_disk_full(error):
            raise DiskFull("No space is left for a lock; make room and run it again.") from error
        raise StorageError(
            "A folder cannot be written; check the rights of the data directory, and of models.dir and "
            "engines.dir where they are set.",
            detail=str(error),
        ) from error
    return connection
