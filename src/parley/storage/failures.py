"""What SQLite and the operating system complain of, in our own errors."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from parley.errors import DiskFull, StorageError, StoreBroken, StoreBusy, is_disk_full

_FULL = DiskFull, "No space is left where the data directory lives; free some and try again."
_BUSY = StoreBusy, "Another process keeps the database in the data directory locked; try again."
_BROKEN = (
    StoreBroken,
    "The database in the data directory is damaged; move parley.db, parley.db-wal and parley.db-shm "
    "out of it and start again. What is remembered is lost, a server's tasks and keys included.",
)
_READ_ONLY = (
    StorageError,
    "The data directory cannot be written; correct its permissions or choose another one (data_dir).",
)
_FAILED = StorageError, "The data directory could not be read or written; the log says why."

_BY_EXTENDED_CODE = {
    # SQLite says "full" for ENOSPC only; a quota or a file-size limit shows as a failed write.
    sqlite3.SQLITE_IOERR_WRITE: _FULL,
    sqlite3.SQLITE_IOERR_SHMSIZE: _FULL,
}
_BY_PRIMARY_CODE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_PROTOCOL: _BUSY,
    sqlite3.SQLITE_CORRUPT: _BROKEN,
    sqlite3.SQLITE_NOTADB: _BROKEN,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
}
_READ_ONLY_ERRNOS = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST}


@contextmanager
def storage_errors() -> Generator[None, None, None]:
    """Raise DiskFull, StoreBusy, StoreBroken or StorageError for what goes wrong inside."""
    try:
        yield
    except DBAPIError as error:
        raise from_sqlite(error.orig) from error
    except sqlite3.Error as error:
        raise from_sqlite(error) from error
    except PoolTimeout as error:
        raise StoreBusy(_BUSY[1], detail="connection pool") from error
    except OSError as error:
        raise from_os(error) from error


def from_sqlite(error: BaseException | None) -> StorageError:
    """Our error for one of SQLite's; the detail is SQLite's name for it."""
    code = getattr(error, "sqlite_errorcode", None)
    kind, message = _FAILED
    if isinstance(code, int):
        kind, message = _BY_EXTENDED_CODE.get(code) or _BY_PRIMARY_CODE.get(code & 0xFF, _FAILED)
    return kind(message, detail=getattr(error, "sqlite_errorname", type(error).__name__))


def from_os(error: OSError) -> StorageError:
    """Our error for one of the operating system's; the detail is its name without the path."""
    kind, message = _FAILED
    if is_disk_full(error):
        kind, message = _FULL
    elif error.errno in _READ_ONLY_ERRNOS:
        kind, message = _READ_ONLY
    return kind(message, detail=errno.errorcode.get(error.errno or 0, type(error).__name__))
