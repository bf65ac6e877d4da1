"""The file of an upload while its bytes arrive in any order. Every function blocks and may raise OSError.

A file is opened for each operation: a thousand uploads at once would need a thousand descriptors.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

# Windows would translate line ends.
_BINARY = getattr(os, "O_BINARY", 0)


def create(path: Path) -> None:
    """Make an empty file that only we may read, and the folder where it is missing."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _BINARY, 0o600))


def write_at(path: Path, offset: int, data: bytes | bytearray | memoryview) -> None:
    """Put all of `data` at `offset`; the file must be there."""
    descriptor = os.open(path, os.O_WRONLY | _BINARY)
    try:
        rest = memoryview(data)
        while rest:
            # A write may take less than it is given, on a disk that is filling up.
            count = _write(descriptor, rest, offset)
            rest, offset = rest[count:], offset + count
    finally:
        os.close(descriptor)


def _write(descriptor: int, data: memoryview, offset: int) -> int:
    if sys.platform != "win32":
        return os.pwrite(descriptor, data, offset)
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.write(descriptor, data)


def flush(path: Path) -> None:
    """Have the bytes safe on the disk."""
    # Open for writing: Windows flushes no other.
    descriptor = os.open(path, os.O_RDWR | _BINARY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_folder(folder: Path) -> None:
    """Have the names in a folder safe on the disk, where the system can do that."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file if that is possible now: Windows keeps one that is open, the next sweep takes it."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def size_of(path: Path) -> int | None:
    """Bytes in a file, None if there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def empty(path: Path) -> None:
    """Throw the bytes away; the file is there afterwards, whether it was before or not."""
    os.close(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | _BINARY, 0o600))
