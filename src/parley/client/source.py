"""The recording that is sent: a file by path, one that is open, or one that comes through a pipe."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import tempfile
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from parley.client.apart import apart
from parley.errors import DiskFull, FileNotFound, FileTooLarge, InputError, StorageError, is_disk_full

Readable = str | os.PathLike[str] | BinaryIO
"""What may be transcribed: a path, or anything that gives bytes."""

MOST_SPOOLED_BYTES = 5000 * 1024 * 1024
"""Of a pipe; what the protocol's servers accept unless told otherwise."""

_SLICE_BYTES = 16 * 1024 * 1024
_SPOOL_IN_MEMORY_BYTES = 4 * 1024 * 1024


class Source:
    """Bytes that can be read anywhere, by one thread at a time; `sha256` is hex once they were hashed."""

    def __init__(self, file: BinaryIO, name: str, size_bytes: int) -> None:
        self._file = file
        self._lock = threading.Lock()
        self.name = name
        self.size_bytes = size_bytes
        self.sha256 = ""

    def read(self, offset: int, count: int) -> bytes:
        """So many bytes from there; blocks. Raises InputError when the file has become shorter."""
        with self._lock:
            self._file.seek(offset)
            data = self._file.read(count)
        if len(data) < count:
            raise InputError(f"'{self.name}' became shorter while it was being read.")
        return data

    async def hashing(self) -> AsyncIterator[int]:
        """Compute `sha256`, memory and pauses bounded; gives how many bytes are done, now and then."""
        digest = hashlib.sha256()
        for offset in range(0, self.size_bytes, _SLICE_BYTES):
            count = min(_SLICE_BYTES, self.size_bytes - offset)
            await asyncio.to_thread(self._digest, digest.update, offset, count)
            yield offset + count
        self.sha256 = digest.hexdigest()

    def _digest(self, update: Callable[[bytes], None], offset: int, count: int) -> None:
        step = 1024 * 1024
        for place in range(offset, offset + count, step):
            update(self.read(place, min(step, offset + count - place)))


@asynccontextmanager
async def open_source(readable: Readable, name: str | None = None) -> AsyncGenerator[Source]:
    """Open what is to be sent; raises FileNotFound, FileTooLarge, InputError.

    A file that the caller has open stays open. What cannot be rewound is copied to a temporary file first.
    """
    with contextlib.ExitStack() as stack:
        if isinstance(readable, (str, os.PathLike)):
            path = Path(readable)
            file: BinaryIO = stack.enter_context(await asyncio.to_thread(_open, path))
            name = name or path.name
        else:
            file = readable
            name = name or Path(str(getattr(readable, "name", ""))).name or "recording"
        if not file.seekable():
            pipe = file
            file = stack.enter_context(await apart(lambda: _spool(pipe)))
        size = await asyncio.to_thread(file.seek, 0, os.SEEK_END)
        if not size:
            raise InputError(f"'{name}' is empty.")
        yield Source(file, name, size)


def _open(path: Path) -> BinaryIO:
    try:
        if path.is_dir():
            raise FileNotFound(f"'{path.name}' is a folder; name the files in it.")
        return path.open("rb")
    except FileNotFoundError:
        raise FileNotFound(f"There is no file '{path.name}'.") from None
    except OSError as error:
        raise FileNotFound(f"The file '{path.name}' cannot be read.", detail=str(error)) from error


def _spool(stream: BinaryIO) -> BinaryIO:
    copy = tempfile.SpooledTemporaryFile(_SPOOL_IN_MEMORY_BYTES)  # noqa: SIM115 - the caller closes it
    try:
        while data := stream.read(1024 * 1024):
            copy.write(data)
            if copy.tell() > MOST_SPOOLED_BYTES:
                raise FileTooLarge("More than 5000 MiB came through the pipe; name a file instead.")
    except OSError as error:
        copy.close()
        if is_disk_full(error):
            raise DiskFull(
                "No space is left for what comes through the pipe; name a file instead."
            ) from error
        raise StorageError("What comes through the pipe cannot be stored.", detail=str(error)) from error
    except BaseException:
        copy.close()
        raise
    return copy  # pyright: ignore[reportReturnType] - it has all that is needed of BinaryIO
