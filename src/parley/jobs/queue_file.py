"""The file of the queue, before it is opened by what knows its tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from parley.errors import StoreBroken
from parley.storage.failures import storage_errors

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def prepare(path: Path) -> None:
    """Make the file where it is missing. Blocks; raises StoreBroken for a damaged one, StorageError."""
    with storage_errors():
        # What people said is nobody else's business, nor is the list of what they sent.
        if not path.exists():
            path.touch(mode=0o600)
        with closing(sqlite3.connect(path)) as connection:
            found = _look(connection)
    if found != "ok":
        raise StoreBroken(
            f"The database of the queue in the data directory is damaged; move {path.name}, {path.name}-wal "
            f"and {path.name}-shm out of it and start again. No task is lost.",
            detail=found,
        )


def _look(connection: sqlite3.Connection) -> str:
    """`ok`, or what is wrong."""
    try:
        # One flush for a commit instead of three.
        connection.execute("PRAGMA journal_mode=WAL")
        return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in _DAMAGED:
            raise
        return error.sqlite_errorname
