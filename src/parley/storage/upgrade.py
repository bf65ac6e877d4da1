"""Makes or upgrades the tables. Imported only when there is something to do.

A new revision is a numbered file in `migrations/versions/` and a new `HEAD_REVISION`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from parley.storage.tables import HEAD_REVISION

MIGRATIONS = Path(__file__).parent / "migrations"

LOCK_TIMEOUT_S = 60.0
"""Patience for another process's upgrade: a second for a new file, longer for large tables."""

_one_at_a_time = threading.Lock()  # Alembic keeps the migration in progress in module globals.


def upgrade(engine: Engine, revision: Callable[[], str | None], path: Path) -> None:
    """Bring the file to HEAD_REVISION in one transaction, or leave it as it is."""
    with _one_at_a_time, _alone(path.with_name("upgrade.lock")):
        found = revision()
        if found == HEAD_REVISION:
            return
        if found is None:
            _lay_out(path)
        with engine.begin() as connection:
            configuration = Config()
            # "%" would be an interpolation to Alembic's configuration parser.
            configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")


@contextmanager
def _alone(lock: Path) -> Generator[None, None, None]:
    """Keep other processes out by SQLite's own file lock: portable, and gone with its process."""
    with closing(sqlite3.connect(lock, timeout=LOCK_TIMEOUT_S, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


def _lay_out(path: Path) -> None:
    """Choose what must be chosen before the first table is made.

    Incremental vacuum gives the space of forgotten rows back to the disk. A file system that
    cannot do WAL (a network share) keeps the rollback journal: slower, equally safe.
    """
    with closing(sqlite3.connect(path, timeout=LOCK_TIMEOUT_S, isolation_level=None)) as connection:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute("PRAGMA journal_mode=WAL")
