"""Files of models on the disk: what they hold, and what it means when they cannot be written."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from parley.errors import DiskFull, StorageError, is_disk_full
from parley.supply.hubs import Checksum


@contextmanager
def writing() -> Generator[None]:
    """Turn an operating system error into DiskFull or StorageError."""
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(
                "No space is left for the model. Make room and run the same command again: it goes on where "
                "this one stopped."
            ) from error
        raise StorageError(
            f"The folder of the models cannot be used ({error.strerror}).", detail=str(error)
        ) from error


def is_intact(path: Path, checksum: Checksum) -> bool:
    """Whether the bytes are those that the checksum stands for; raises OSError."""
    return digest(path, checksum.algorithm) == checksum.value


def digest(path: Path, algorithm: str) -> str:
    """The SHA-256 of a file, or with `git` the name that git has for its content."""
    with path.open("rb") as file:
        if algorithm == "git":
            named = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
            return hashlib.file_digest(file, lambda: named).hexdigest()
        return hashlib.file_digest(file, algorithm).hexdigest()
