"""One server per data directory."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from parley.errors import ServerInUse
from parley.storage.failures import from_os, from_sqlite

LOCK = "server.lock"


@asynccontextmanager
async def server_lock(data_dir: Path) -> AsyncGenerator[None]:
    """Keep other servers out for as long as the context lasts; raises ServerInUse, StorageError.

    SQLite's own file lock: portable, and gone with its process however that ends.
    """
    connection = await asyncio.to_thread(_take, data_dir / LOCK)
    try:
        yield
    finally:
        connection.close()


def _take(path: Path) -> sqlite3.Connection:
    connection: sqlite3.Connection | None = None
    try:
        path.touch(mode=0o600)
        connection = sqlite3.connect(path, timeout=0.0, isolation_level=None, check_same_thread=False)
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            raise ServerInUse(
                "Another Parley server uses this data directory; stop it, or choose another with --data-dir."
            ) from error
        raise from_sqlite(error) from error
    except OSError as error:
        raise from_os(error) from error
    return connection
