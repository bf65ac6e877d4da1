"""Who uses an environment: one installation at a time, and workers that must not lose their files."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from pathlib import Path

from parley.errors import InstallFailed
from parley.supply.holding import hold

IN_USE = "in-use"
"""The file in an environment that its workers hold a shared lock on (`workers.lifeline`)."""


def sole_installer(folder: Path, name: str) -> AbstractContextManager[None]:
    """Keeps other installations of an environment out; raises InstallFailed when there is one, StorageError.

    The lock lies beside the environment, because one that is deleted while held keeps nobody out.
    """
    busy = f"Another command installs or removes the environment '{name}'; wait until it has ended."
    return hold(folder / f"{name}.lock", InstallFailed(busy))


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
