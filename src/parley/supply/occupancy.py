"""Who uses an environment: one installation at a time, and workers that must not lose their files."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from parley.errors import InstallFailed

IN_USE = "in-use"
"""The file in an environment that its workers hold a shared lock on (`workers.lifeline`)."""


@contextmanager
def sole_installer(folder: Path, name: str) -> Generator[None]:
    """Keep other installations of this environment out; raises InstallFailed when there is one.

    SQLite's own file lock: portable, and gone with its process however that ends. It lies beside
    the environment, because a lock that is deleted while held keeps nobody out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(folder / f"{name}.lock", timeout=0.0, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        raise InstallFailed(
            f"Another command installs or removes the environment '{name}'; wait until it has ended.",
            detail=str(error),
        ) from error
    try:
        yield
    finally:
        connection.close()


def is_in_use(environment: Path) -> bool:
    """Whether a worker runs from there. On Windows a file in use cannot be deleted anyway."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        with (environment / IN_USE).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
