"""The file FFmpeg reads: through us, so that it never learns a path and can resolve none."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from parley.errors import FileNotFound, StorageError, UndecodableMedia, UnsupportedMedia

_HEAD_BYTES = 4096

_MOST_READS = 2
"""How often a whole file may be read without any sound: once for its index, once for its packets."""


class Recording:
    """An open regular file; `beat` hears at every read how many bytes were read, see `Pulse`.

    Read by one thread only. It has no `name` on purpose: FFmpeg would guess the container from its ending.
    Raises FileNotFound, UnsupportedMedia for what is not a regular file, UndecodableMedia if empty.
    """

    def __init__(self, path: Path, beat: Callable[[int], None]) -> None:
        self._beat = beat
        self._read_bytes = 0
        self._fd = _open_regular(path)
        self.size_bytes = os.fstat(self._fd).st_size
        if self.size_bytes == 0:
            self.close()
            raise UndecodableMedia("The file is empty.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the descriptor back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def peek(self, offset: int = 0, size: int = _HEAD_BYTES) -> bytes:
        """Up to `size` bytes at an offset, without moving the place FFmpeg reads at."""
        if hasattr(os, "pread"):
            return os.pread(self._fd, size, offset)
        # Windows has none.
        place = self.tell()
        try:
            os.lseek(self._fd, offset, os.SEEK_SET)
            return os.read(self._fd, size)
        finally:
            os.lseek(self._fd, place, os.SEEK_SET)

    def read(self, size: int) -> bytes:
        """The next bytes, none at the end; raises StorageError when the disk fails."""
        try:
            data = os.read(self._fd, size)
        except OSError as error:
            raise StorageError(
                "The recording could not be read to its end.", detail=str(error.errno)
            ) from None
        self._read_bytes += len(data)
        # A damaged index can make FFmpeg read in circles, which must not look like progress for ever.
        self._beat(min(self._read_bytes, _MOST_READS * self.size_bytes))
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a place in bytes and answer it; -1, for FFmpeg a refusal, if there is no such place."""
        try:
            return os.lseek(self._fd, offset, whence)
        except OSError:
            return -1

    def tell(self) -> int:
        """The place in bytes."""
        return os.lseek(self._fd, 0, os.SEEK_CUR)


def _reading() -> int:
    # A pipe would block for ever without O_NONBLOCK; for regular files it changes nothing. Windows
    # has no such pipes, but changes line ends without O_BINARY.
    return os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def _open_regular(path: Path) -> int:
    try:
        fd = os.open(path, _reading())
    except OSError as error:
        raise FileNotFound("There is no readable file of that name.", detail=str(error.errno)) from None
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise UnsupportedMedia("This is a folder or a device, not a recording.")
    return fd
