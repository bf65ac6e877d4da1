"""Files of other formats in mode `offline`: put on the disk, decoded by a media worker, then heard."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import IO, Protocol

from parley.errors import DiskFull, MediaTooLarge
from parley.server.funasr.riff import WaveFormat

DECODED = WaveFormat(encoding="pcm16", channels=1, sample_rate_hz=16000)
"""What a decoder gives."""

_WRITTEN_AT_ONCE = 256 * 1024
_READ_AT_ONCE = 64 * 1024


class Decoder(Protocol):
    """Decodes a file."""

    def decoded(self, source: Path) -> AbstractAsyncContextManager[Path]:
        """Its samples as `DECODED` says, in a file that is there as long as the context; raises
        UndecodableMedia, UnsupportedMedia, MediaTooLarge, DiskFull, WorkerError.
        """
        ...


class Spool:
    """How much of clients' files may lie on the disk at a time, of all connections together."""

    def __init__(self, most_bytes: int) -> None:
        self._free_bytes = most_bytes

    def take(self, size: int) -> None:
        """Raises MediaTooLarge when there is no more room."""
        if size > self._free_bytes:
            raise MediaTooLarge("The server cannot hold so much now; send the file by upload, or later.")
        self._free_bytes -= size

    def give_back(self, size: int) -> None:
        """A file is gone."""
        self._free_bytes += size


class SpooledFile:
    """One file as it comes; `close` removes it."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._taken = 0
        self._pending = bytearray()
        self._file: IO[bytes] | None = None

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Put more of it away; raises MediaTooLarge and DiskFull."""
        self._spool.take(len(data))
        self._taken += len(data)
        self._pending += data
        if len(self._pending) >= _WRITTEN_AT_ONCE:
            await self._flush()

    async def finish(self) -> Path:
        """It is complete."""
        await self._flush()
        return Path(self._file.name if self._file else os.devnull)

    async def close(self) -> None:
        """Remove it."""
        self._spool.give_back(self._taken)
        self._taken = 0
        self._pending.clear()
        file, self._file = self._file, None
        if file is not None:
            await asyncio.to_thread(_remove, file)

    async def _flush(self) -> None:
        pending, self._pending = bytes(self._pending), bytearray()
        try:
            await asyncio.to_thread(self._put, pending)
        except OSError as error:
            raise DiskFull("The file could not be kept; make room on the disk.", detail=str(error)) from error

    def _put(self, data: bytes) -> None:
        if self._file is None:
            self._file = tempfile.NamedTemporaryFile(prefix="parley-funasr-", delete=False)  # noqa: SIM115
        self._file.write(data)
        self._file.flush()


async def pieces_of(path: Path) -> AsyncIterator[bytes]:
    """The content of a file, a little at a time."""
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while piece := await asyncio.to_thread(file.read, _READ_AT_ONCE):
            yield piece
    finally:
        await asyncio.to_thread(file.close)


def _remove(file: IO[bytes]) -> None:
    file.close()
    with suppress(OSError):
        Path(file.name).unlink()
