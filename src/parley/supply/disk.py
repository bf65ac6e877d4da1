"""What folders take on the disk, their deletion, and a disk that is full."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from parley.errors import DiskFull, StorageError, is_disk_full

MIB = 1024 * 1024
_TRIES = 20
_AGAIN_S = 0.1


@contextmanager
def full_disk_told() -> Generator[None]:
    """Turn an operating system error into DiskFull or StorageError."""
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull("No space is left for the environment; make room and run it again.") from error
        raise StorageError(
            f"The folder of the engine environments cannot be used ({error.strerror}).", detail=str(error)
        ) from error


def disk_bytes(folder: Path) -> int:
    """What the files of a folder take on the disk; it may change meanwhile."""
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                found = os.lstat(Path(root) / name)
                total += getattr(found, "st_blocks", 0) * 512 or found.st_size
    return total


def sweep(folder: Path) -> None:
    """Delete a folder, also one into which a process that is just ending still writes.

    What cannot be deleted stays; the next one tries again.
    """
    for _ in range(_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(_AGAIN_S)


def free_mib(folder: Path) -> int:
    """Space left where a folder is or will be."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(existing).free // MIB


def size(mib: float) -> str:
    """For a person."""
    return f"{mib / 1024:.1f} GiB" if mib >= 1024 else f"{mib:.0f} MiB"
