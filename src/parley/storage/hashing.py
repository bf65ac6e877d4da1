"""The digest by which a recording is known."""

from __future__ import annotations

import asyncio
import hashlib
import io
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from parley.errors import FileNotFound

HashProgress = Callable[[int], None]
"""Called on the event loop with the bytes done so far."""

# A call per 16 MiB is some fifty a second on a fast disk.
_REPORT_EVERY_BYTES = 16 * 1024 * 1024


class _Stopped(Exception):
    """The task that waits for the digest was cancelled."""


async def hash_file(path: Path, progress: HashProgress | None = None) -> str:
    """SHA-256 of a file as hex, read in a thread that ends when the caller is cancelled.

    Raises FileNotFound for what is missing, unreadable or not a file.
    """
    loop = asyncio.get_running_loop()
    stop = threading.Event()

    def report(done: int) -> None:
        if progress is not None:
            loop.call_soon_threadsafe(progress, done)

    try:
        return await asyncio.to_thread(_digest, path, stop, report)
    except OSError as error:
        raise FileNotFound(f"The file '{path.name}' is missing or cannot be read.") from error
    finally:
        stop.set()


def _digest(path: Path, stop: threading.Event, report: HashProgress) -> str:
    # Opening a named pipe would wait for a writer, for ever and in a thread nobody can stop.
    if not stat.S_ISREG(path.stat().st_mode):
        raise FileNotFound(f"'{path.name}' is not a file; a pipe is read as -, a folder file by file.")
    with path.open("rb", buffering=0) as file:
        try:
            return hashlib.file_digest(_Watched(file, stop, report), "sha256").hexdigest()
        except _Stopped:
            return ""


class _Watched(io.RawIOBase):
    """A file that counts what is read from it, and stops being read when told to."""

    def __init__(self, file: io.FileIO, stop: threading.Event, report: HashProgress) -> None:
        self._file = file
        self._stop = stop
        self._report = report
        self._done = 0

    def readable(self) -> bool:
        """It is only read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read the next block."""
        if self._stop.is_set():
            raise _Stopped
        count = self._file.readinto(buffer)
        before, self._done = self._done, self._done + count
        if count == 0 or before // _REPORT_EVERY_BYTES != self._done // _REPORT_EVERY_BYTES:
            self._report(self._done)
        return count
